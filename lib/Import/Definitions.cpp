// SPDX-License-Identifier: Apache-2.0
#include "Definitions.h"
#include "QuantizedParameters.h"

#include "tsc/Python/Parser.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

std::string qualifiedName(const python::Expr &expr) {
  SmallVector<StringRef> parts;
  const python::Expr *at = &expr;
  while (auto attribute = dyn_cast<python::Attribute>(at)) {
    parts.push_back(attribute->name.text);
    at = attribute->value;
  }
  auto name = dyn_cast<python::Name>(at);
  if (!name)
    return "";
  parts.push_back(name->id);
  return llvm::join(llvm::reverse(parts), ".");
}

const ClassAttribute *Definition::findAttribute(StringRef name) const {
  auto it = attributeIndex.find(name);
  return it == attributeIndex.end() ? nullptr : &attributes[it->second];
}

Function *Definition::findMethod(StringRef name) const {
  auto it = methods.find(name);
  return it == methods.end() ? nullptr : it->second.get();
}

const Source *Definitions::addSource(std::unique_ptr<Source> source) {
  sources.push_back(std::move(source));
  const Source *added = sources.back().get();
  files[added->qualifier] = added;
  addDefinitions(*added);
  return added;
}

const Source *Definitions::loadFile(StringRef qualifier) {
  auto [it, isNew] = files.try_emplace(qualifier.str(), nullptr);
  if (!isNew || !model)
    return it->second;
  std::string path = llvm::join(llvm::split(qualifier, '.'), "/") + ".py";
  auto code = model->codeFiles.find(path);
  if (code == model->codeFiles.end())
    return nullptr;
  auto source = std::make_unique<Source>();
  source->path = path;
  source->qualifier = qualifier.str();
  source->model = model;
  source->tree = python::parseModule(model->locationName(path), code->second.text, engine);
  if (!source->tree)
    return nullptr;
  return addSource(std::move(source));
}

void Definitions::addDefinitions(const Source &source) {
  for (const python::FunctionDef *def : source.tree->functions) {
    auto definition = std::make_unique<Definition>();
    definition->kind = DefinitionKind::Function;
    definition->name = source.qualifier.empty() ? def->name.text.str()
                                                : source.qualifier + "." + def->name.text.str();
    definition->source = &source;
    definition->state = Definition::Loaded;
    definition->function = std::make_unique<Function>();
    definition->function->name = definition->name;
    definition->function->source = &source;
    definition->function->def = def;
    definition->type = ts::FunctionType::get(
        types.context, FlatSymbolRefAttr::get(types.context, definition->name));
    std::string name = definition->name;
    definitions[name] = std::move(definition); // of two definitions the later one counts
  }
  for (const python::ClassDef *def : source.tree->classes)
    addClass(source, *def);
  for (const python::Stmt *stmt : source.tree->body)
    if (!isa<python::FunctionDef, python::ClassDef, python::Import>(stmt) && source.model)
      engine.report(source.location(stmt->range), Diag::TopLevelStatement, python::describe(*stmt));
}

Definition *Definitions::addClass(const Source &source, const python::ClassDef &def) {
  auto definition = std::make_unique<Definition>();
  definition->name =
      source.qualifier.empty() ? def.name.text.str() : source.qualifier + "." + def.name.text.str();
  definition->source = &source;
  definition->classDef = &def;
  auto symbol = FlatSymbolRefAttr::get(types.context, definition->name);
  std::string base = def.bases.empty() ? "" : qualifiedName(*def.bases.front());
  if (base == "Enum") {
    definition->kind = DefinitionKind::Enum;
    definition->type = ts::EnumType::get(types.context, symbol);
  } else if (base == "NamedTuple") {
    definition->kind = DefinitionKind::NamedTuple;
  } else if (base == "Interface" || base == "ModuleInterface") {
    definition->kind = DefinitionKind::Interface;
    definition->isModule = base == "ModuleInterface";
    definition->type = ts::InterfaceType::get(types.context, symbol);
  } else if (def.bases.empty() || base == "Module" || base == "object") {
    definition->isModule = base == "Module";
    definition->type = ts::ClassType::get(types.context, symbol);
  } else {
    engine.report(source.location(def.bases.front()->range), Diag::UnknownBase, definition->name,
                  base);
    return nullptr;
  }
  Definition *added = definition.get();
  definitions[added->name] = std::move(definition);
  return added;
}

Definition *Definitions::addOpaque(StringRef name) {
  auto definition = std::make_unique<Definition>();
  definition->name = name.str();
  definition->isOpaque = true;
  definition->state = Definition::Loaded;
  definition->type = ts::ClassType::get(types.context, FlatSymbolRefAttr::get(types.context, name));
  Definition *added = definition.get();
  definitions[added->name] = std::move(definition);
  return added;
}

Definition *Definitions::find(StringRef name) {
  auto known = definitions.find(name);
  if (known != definitions.end())
    return known->second.get();
  if (model && !name.starts_with("__torch__."))
    return nullptr;
  // PyTorch's own C++ classes have no code in archives.
  if (name.starts_with("__torch__.torch.classes."))
    return addOpaque(name);
  size_t dot = name.rfind('.');
  if (dot == StringRef::npos || !loadFile(name.take_front(dot)))
    return nullptr;
  known = definitions.find(name);
  return known == definitions.end() ? nullptr : known->second.get();
}

bool Definitions::load(Definition &definition) {
  if (definition.state == Definition::Loaded)
    return true;
  if (definition.state == Definition::Failed)
    return false;
  if (definition.state == Definition::Loading) {
    engine.report(definition.source->location(definition.classDef->name.range), Diag::RecursiveType,
                  definition.name);
    return false;
  }
  if (loading == kMaxHeldDepth) {
    engine.report(definition.source->location(definition.classDef->name.range), Diag::CodeDepth,
                  "classes", kMaxHeldDepth);
    return false;
  }
  definition.state = Definition::Loading;
  ++loading;
  bool ok = definition.kind == DefinitionKind::Enum         ? loadEnum(definition)
            : definition.kind == DefinitionKind::NamedTuple ? addNamedTupleType(definition)
                                                            : loadClass(definition);
  --loading;
  definition.state = ok ? Definition::Loaded : Definition::Failed;
  if (ok)
    order.push_back(&definition);
  return ok;
}

Definition *Definitions::ofType(Type type) {
  FlatSymbolRefAttr name;
  if (auto classType = dyn_cast<ts::ClassType>(type))
    name = classType.getName();
  else if (auto interface = dyn_cast<ts::InterfaceType>(type))
    name = interface.getName();
  else if (auto enumType = dyn_cast<ts::EnumType>(type))
    name = enumType.getName();
  if (!name)
    return nullptr;
  Definition *found = find(name.getValue());
  return found && load(*found) ? found : nullptr;
}

const std::pair<Attribute, Type> *Definitions::findConstant(StringRef name) const {
  uint64_t index;
  if (!name.consume_front("c") || name.getAsInteger(10, index) || index >= constants.size())
    return nullptr;
  return &constants[index];
}

/// The names in `["weight", "bias", ]`.
static SmallVector<StringRef> stringList(const python::Expr &expr) {
  SmallVector<StringRef> names;
  if (auto list = dyn_cast<python::List>(&expr))
    for (const python::Expr *item : list->items)
      if (auto text = dyn_cast<python::StringLiteral>(item))
        names.push_back(text->value);
  return names;
}

namespace {
/// What the special lists of a class body say.
struct ClassLists {
  llvm::StringSet<> parameters, buffers, preHooks, hooks;
};
} // namespace

static ClassLists readLists(const python::ClassDef &def) {
  ClassLists lists;
  for (const python::Stmt *stmt : def.body) {
    auto assign = dyn_cast<python::Assign>(stmt);
    if (!assign || assign->targets.size() != 1)
      continue;
    auto name = dyn_cast<python::Name>(assign->targets.front());
    if (!name)
      continue;
    llvm::StringSet<> *set = name->id == "__parameters__"          ? &lists.parameters
                             : name->id == "__buffers__"           ? &lists.buffers
                             : name->id == "__forward_pre_hooks__" ? &lists.preHooks
                             : name->id == "__forward_hooks__"     ? &lists.hooks
                                                                   : nullptr;
    if (set)
      for (StringRef item : stringList(*assign->value))
        set->insert(item);
  }
  return lists;
}

bool Definitions::loadClass(Definition &definition) {
  for (const python::Stmt *stmt : definition.classDef->body)
    if (!loadClassStatement(definition, *stmt))
      return false;
  ClassLists lists = readLists(*definition.classDef);
  for (ClassAttribute &attribute : definition.attributes)
    attribute.kind = lists.parameters.contains(attribute.name) ? "parameter"
                     : lists.buffers.contains(attribute.name)  ? "buffer"
                                                               : "";
  for (auto &[name, method] : definition.methods)
    method->kind = lists.preHooks.contains(name) ? "pre_hook"
                   : lists.hooks.contains(name)  ? "hook"
                                                 : "";
  for (auto &[name, method] : definition.methods)
    if (definition.findAttribute(name)) {
      engine.report(definition.source->location(method->def->name.range), Diag::DefinedTwice,
                    method->name);
      return false;
    }
  return loadHeld(definition);
}

bool Definitions::loadHeld(Definition &definition) {
  AttrTypeWalker walker;
  bool ok = true;
  auto load = [&](Type type) {
    Definition *held = ok ? find(cast<ts::ClassType>(type).getName().getValue()) : nullptr;
    ok = ok && (!held || this->load(*held));
  };
  walker.addWalk([&](ts::ClassType type) { load(type); });
  for (size_t i = 0; ok && i < definition.attributes.size(); ++i)
    walker.walk(definition.attributes[i].type);
  return ok;
}

/// The X of `__annotations__["X"]`, or the plain name of an annotated target; "" for other targets.
static StringRef attributeName(const python::Expr &target) {
  if (auto name = dyn_cast<python::Name>(&target))
    return name->id;
  if (auto subscript = dyn_cast<python::Subscript>(&target))
    if (auto name = dyn_cast<python::Name>(subscript->value); name && name->id == "__annotations__")
      if (auto text = dyn_cast<python::StringLiteral>(subscript->index))
        return text->value;
  return "";
}

static void addAttribute(Definition &definition, ClassAttribute attribute) {
  auto [it, isNew] =
      definition.attributeIndex.try_emplace(attribute.name, definition.attributes.size());
  if (isNew)
    definition.attributes.push_back(std::move(attribute));
  else
    definition.attributes[it->second] = std::move(attribute);
}

bool Definitions::loadClassStatement(Definition &definition, const python::Stmt &stmt) {
  const Source &source = *definition.source;
  if (auto def = dyn_cast<python::FunctionDef>(&stmt)) {
    auto method = std::make_unique<Function>();
    method->name = definition.name + "." + def->name.text.str();
    // A hook is a function of its class's name as well.
    if (source.model && find(method->name))
      method->name = definition.name + ".method." + def->name.text.str();
    method->source = &source;
    method->def = def;
    method->selfType = definition.type;
    definition.methods[def->name.text] = std::move(method);
    return true;
  }
  if (auto annotated = dyn_cast<python::AnnAssign>(&stmt)) {
    StringRef name = attributeName(*annotated->target);
    auto final = dyn_cast<python::Subscript>(annotated->annotation);
    bool isFinal =
        final && isa<python::Name>(final->value) && cast<python::Name>(final->value)->id == "Final";
    Type type =
        name.empty() ? Type() : parseType(isFinal ? *final->index : *annotated->annotation, source);
    if (!name.empty() && !type)
      return false;
    if (type == types.tensor && name == "_packed_params")
      if (StringRef packed = packedParametersClass(definition.name); !packed.empty())
        type = find(packed)->type;
    Attribute constant;
    if (type && annotated->value && !(constant = parseConstant(*annotated->value, type, source)))
      return false;
    if (type)
      return addAttribute(definition, {name.str(), type, "", constant}), true;
  }
  // `__annotations__["0"] = T`, and the lists that loadClass reads.
  if (auto assign = dyn_cast<python::Assign>(&stmt); assign && assign->targets.size() == 1) {
    const python::Expr &target = *assign->targets.front();
    if (isa<python::Name>(target) && attributeName(target).starts_with("__"))
      return true;
    if (StringRef name = attributeName(target); isa<python::Subscript>(target) && !name.empty()) {
      Type type = parseType(*assign->value, source);
      return type && (addAttribute(definition, {name.str(), type, "", {}}), true);
    }
  }
  if (isa<python::Pass, python::ExprStmt>(stmt))
    return true;
  engine.report(source.location(stmt.range), Diag::ClassStatement, python::describe(stmt),
                definition.name);
  return false;
}

bool Definitions::loadEnum(Definition &definition) {
  const Source &source = *definition.source;
  for (const python::Stmt *stmt : definition.classDef->body) {
    auto assign = dyn_cast<python::Assign>(stmt);
    auto name = assign && assign->targets.size() == 1
                    ? dyn_cast<python::Name>(assign->targets.front())
                    : nullptr;
    if (!name) {
      engine.report(source.location(stmt->range), Diag::ClassStatement, python::describe(*stmt),
                    definition.name);
      return false;
    }
    Type type = isa<python::IntLiteral>(assign->value)      ? types.integer
                : isa<python::FloatLiteral>(assign->value)  ? types.floating
                : isa<python::StringLiteral>(assign->value) ? types.str
                                                            : Type();
    if (!type || (definition.enumValueType && definition.enumValueType != type)) {
      engine.report(source.location(assign->value->range), Diag::EnumValueType, definition.name);
      return false;
    }
    definition.enumValueType = type;
    definition.enumMembers.emplace_back(name->id.str(),
                                        parseConstant(*assign->value, type, source));
  }
  if (!definition.enumValueType)
    definition.enumValueType = types.integer;
  return true;
}

bool Definitions::addNamedTupleType(Definition &definition) {
  SmallVector<Type> elements;
  SmallVector<StringAttr> fields;
  for (const python::Stmt *stmt : definition.classDef->body) {
    auto annotated = dyn_cast<python::AnnAssign>(stmt);
    StringRef name = annotated ? attributeName(*annotated->target) : StringRef();
    if (name.empty()) {
      if (isa<python::Pass, python::ExprStmt>(stmt))
        continue;
      engine.report(definition.source->location(stmt->range), Diag::ClassStatement,
                    python::describe(*stmt), definition.name);
      return false;
    }
    Type type = parseType(*annotated->annotation, *definition.source);
    if (!type)
      return false;
    elements.push_back(type);
    fields.push_back(StringAttr::get(types.context, name));
    if (annotated->value) {
      Attribute value = parseConstant(*annotated->value, type, *definition.source);
      if (!value)
        return false;
      definition.attributes.push_back({name.str(), type, "", value});
    } else {
      definition.attributes.push_back({name.str(), type, "", {}});
    }
  }
  definition.type = ts::TupleType::get(types.context, elements,
                                       StringAttr::get(types.context, definition.name), fields);
  return checkSize(definition.type, *definition.source, definition.classDef->name.range);
}

const Signature *Definitions::signatureOf(Function &function) {
  if (function.signature || function.signatureFailed)
    return function.signature ? &*function.signature : nullptr;
  function.signatureFailed = true;
  Signature signature;
  bool isFirst = true;
  for (const python::Param &param : function.def->params) {
    Parameter parameter;
    parameter.name = param.name.text.str();
    parameter.keywordOnly = param.kind == python::ParamKind::KeywordOnly;
    if (param.kind != python::ParamKind::Normal && !parameter.keywordOnly) {
      engine.report(function.source->location(param.range), Diag::ParameterKind, parameter.name,
                    function.name);
      return nullptr;
    }
    if (isFirst && function.selfType)
      parameter.type = function.selfType;
    else
      parameter.type =
          param.annotation ? parseType(*param.annotation, *function.source) : types.tensor;
    isFirst = false;
    if (!parameter.type)
      return nullptr;
    if (param.defaultValue && !(parameter.defaultValue = parseConstant(
                                    *param.defaultValue, parameter.type, *function.source)))
      return nullptr;
    signature.parameters.push_back(std::move(parameter));
  }
  if (function.selfType && signature.parameters.empty()) {
    engine.report(function.source->location(function.def->name.range), Diag::MethodWithoutSelf,
                  function.name);
    return nullptr;
  }
  if (function.def->returns &&
      !(signature.result = parseType(*function.def->returns, *function.source)))
    return nullptr;
  function.signature = std::move(signature);
  function.signatureFailed = false;
  return &*function.signature;
}

bool Definitions::checkSize(Type type, const Source &source, python::Range range) {
  if (sizes.isReasonable(type))
    return true;
  engine.report(source.location(range), Diag::TypeSize, TypeSizes::kMaxDepth, TypeSizes::kMaxNodes);
  return false;
}

bool Definitions::implements(Type type, ts::InterfaceType interface) {
  Definition *wanted = ofType(interface), *given = ofType(type);
  if (!wanted || !given)
    return false;
  return llvm::all_of(wanted->methods,
                      [&](auto &method) { return given->findMethod(method.first) != nullptr; });
}

} // namespace tsc::importer
