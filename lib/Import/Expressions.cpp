// SPDX-License-Identifier: Apache-2.0
// Expressions: names, attributes, literals and subscripts.
#include "Emitter.h"

#include "NamedConstants.h"

#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static Sugar named(Sugar::Kind kind, StringRef name) {
  Sugar sugar;
  sugar.kind = kind;
  sugar.name = name.str();
  return sugar;
}

TypedValue FunctionEmitter::asValue(const Sugar &sugar, python::Range range) {
  switch (sugar.kind) {
  case Sugar::None:
    return {};
  case Sugar::Simple:
    return sugar.value;
  case Sugar::Reference:
    if (sugar.definition->kind == DefinitionKind::Function) {
      program.request(*sugar.definition->function);
      return constant(FlatSymbolRefAttr::get(types.context, sugar.definition->name),
                      sugar.definition->type, range);
    }
    break;
  default:
    break;
  }
  report(range, Diag::NotAValue, source.tree->source.text(range));
  return {};
}

TypedValue FunctionEmitter::emitExpr(const python::Expr &expr, Type hint) {
  return asValue(emitSugar(expr, hint), expr.range);
}

Sugar FunctionEmitter::emitSugar(const python::Expr &expr, Type hint) {
  auto simple = [&](Attribute value, Type type) {
    return Sugar::simple(constant(value, type, expr.range));
  };
  switch (expr.kind) {
  case python::ExprKind::Name:
    return emitName(cast<python::Name>(expr));
  case python::ExprKind::Attribute: {
    const auto &attribute = cast<python::Attribute>(expr);
    Sugar base = emitSugar(*attribute.value);
    return base ? emitAttribute(base, attribute.name.text, attribute.name.range) : Sugar();
  }
  case python::ExprKind::Call:
    return emitCall(cast<python::Call>(expr), hint);
  case python::ExprKind::Subscript:
    return Sugar::simple(emitSubscript(cast<python::Subscript>(expr), hint));
  case python::ExprKind::IntLiteral:
    return Sugar::simple(literal(builder.getI64IntegerAttr(cast<python::IntLiteral>(expr).value),
                                 types.integer, expr.range));
  case python::ExprKind::FloatLiteral:
    return Sugar::simple(literal(builder.getF64FloatAttr(cast<python::FloatLiteral>(expr).value),
                                 types.floating, expr.range));
  case python::ExprKind::ImaginaryLiteral: {
    double value = cast<python::ImaginaryLiteral>(expr).value;
    Attribute number = ts::ComplexAttr::get(types.context, builder.getF64FloatAttr(0),
                                            builder.getF64FloatAttr(value));
    return Sugar::simple(literal(number, types.complex, expr.range));
  }
  case python::ExprKind::BoolLiteral:
    return simple(builder.getBoolAttr(cast<python::BoolLiteral>(expr).value), types.boolean);
  case python::ExprKind::NoneLiteral:
    return Sugar::simple(none(expr.range));
  case python::ExprKind::StringLiteral:
    if (cast<python::StringLiteral>(expr).isBytes)
      break;
    return simple(builder.getStringAttr(cast<python::StringLiteral>(expr).value), types.str);
  case python::ExprKind::List:
    return Sugar::simple(emitList(cast<python::List>(expr), hint));
  case python::ExprKind::Tuple:
    return Sugar::simple(emitTuple(cast<python::Tuple>(expr), hint));
  case python::ExprKind::Dict:
    return Sugar::simple(emitDict(cast<python::Dict>(expr), hint));
  case python::ExprKind::Unary:
  case python::ExprKind::Binary:
  case python::ExprKind::BoolOp:
  case python::ExprKind::Compare:
  case python::ExprKind::Conditional:
    return emitOperator(expr);
  case python::ExprKind::Comprehension:
    return Sugar::simple(emitComprehension(cast<python::Comprehension>(expr), hint));
  default:
    break;
  }
  report(expr.range, Diag::UnsupportedSyntax, python::describe(expr));
  return {};
}

// ---- Names and attributes

/// The names that every program has; None for others.
static Sugar builtinName(StringRef name, const Types &types) {
  static const char *const kForms[] = {
      "annotate", "unchecked_cast", "uninitialized", "fork", "awaitable", "isinstance", "getattr",
      "hasattr",  "tuple",          "range",         "zip",  "enumerate", "list",       "dict"};
  if (llvm::is_contained(kForms, name))
    return named(Sugar::Form, name);
  struct CastRow {
    const char *name, *op;
    Type type;
  };
  const CastRow casts[] = {{"int", "aten::Int", types.integer},
                           {"float", "aten::Float", types.floating},
                           {"complex", "aten::Complex", types.complex},
                           {"bool", "aten::Bool", types.boolean},
                           {"str", "aten::str", types.str}};
  for (const CastRow &row : casts)
    if (name == row.name) {
      Sugar sugar = named(Sugar::Cast, row.op);
      sugar.type = row.type;
      return sugar;
    }
  static const char *const kBuiltins[][2] = {
      {"print", "prim::Print"},   {"len", "aten::len"},
      {"hex", "aten::hex"},       {"oct", "aten::oct"},
      {"round", "aten::round"},   {"hash", "aten::hash"},
      {"id", "prim::id"},         {"min", "prim::min"},
      {"max", "prim::max"},       {"abs", "prim::abs"},
      {"all", "aten::all"},       {"any", "aten::any"},
      {"divmod", "aten::divmod"}, {"sum", "aten::sum"},
      {"ord", "aten::ord"},       {"chr", "aten::chr"},
      {"bin", "aten::bin"},       {"pow", "aten::pow"},
      {"sorted", "aten::sorted"}, {"rangelist", "prim::rangelist"}};
  for (auto &row : kBuiltins)
    if (name == row[0])
      return named(Sugar::Builtin, row[1]);
  if (name == "torch")
    return named(Sugar::Namespace, "aten");
  if (name == "ops" || name == "__torch__")
    return named(Sugar::Namespace, name);
  return name == "CONSTANTS" ? named(Sugar::Constants, name) : Sugar();
}

/// `inf`, `nan`, `infj`, `nanj`: numbers that have no literals.
TypedValue FunctionEmitter::emitNamedNumber(const python::Name &expr) {
  StringRef name = expr.id;
  bool isImaginary = name.consume_back("j");
  if (name != "inf" && name != "nan")
    return {};
  double number = name == "inf" ? std::numeric_limits<double>::infinity()
                                : std::numeric_limits<double>::quiet_NaN();
  FloatAttr value = builder.getF64FloatAttr(number);
  if (!isImaginary)
    return constant(value, types.floating, expr.range);
  return constant(ts::ComplexAttr::get(types.context, builder.getF64FloatAttr(0), value),
                  types.complex, expr.range);
}

Sugar FunctionEmitter::emitName(const python::Name &expr) {
  StringRef name = expr.id;
  if (Sugar value = load(name, expr.range))
    return value;
  if (Sugar builtin = builtinName(name, types))
    return builtin;
  if (TypedValue number = emitNamedNumber(expr))
    return Sugar::simple(number);
  for (Frame &frame : llvm::reverse(frames))
    if (auto why = frame.errors.find(name.str()); why != frame.errors.end()) {
      report(expr.range, Diag::UndefinedHere, name, why->second);
      return {};
    }
  if (!source.model) {
    if (name == "warnings")
      return named(Sugar::Namespace, "aten");
    if (name.ends_with("Error") || name == "Exception")
      return named(Sugar::Exception, name);
    if (Definition *definition = definitions.find(
            source.qualifier.empty() ? name.str() : source.qualifier + "." + name.str())) {
      Sugar sugar = named(Sugar::Reference, name);
      sugar.definition = definition;
      return sugar;
    }
  }
  report(expr.range, Diag::UndefinedName, name);
  return {};
}

Sugar FunctionEmitter::emitAttribute(const Sugar &base, StringRef name, python::Range range) {
  switch (base.kind) {
  case Sugar::Simple:
    return emitValueAttribute(base.value, name, range);
  case Sugar::Reference:
    return emitReferenceAttribute(base, name, range);
  case Sugar::Constants: {
    const auto *entry = definitions.findConstant(name);
    if (!entry) {
      report(range, Diag::UnknownConstant, name, definitions.constants.size());
      return {};
    }
    return Sugar::simple(constant(entry->first, entry->second, range));
  }
  case Sugar::Namespace:
    if (base.name == "ops")
      return named(Sugar::Namespace, name);
    if (StringRef(base.name).starts_with("__torch__")) {
      std::string qualified = base.name + "." + name.str();
      if (Definition *definition = definitions.find(qualified)) {
        Sugar sugar = named(Sugar::Reference, qualified);
        sugar.definition = definition;
        return sugar;
      }
      return definitions.engine.hasErrors() ? Sugar() : named(Sugar::Namespace, qualified);
    }
    if (base.name == "aten" && (name == "autograd" || name == "nn" || name == "functional" ||
                                name == "_C" || name == "jit"))
      return base;
    if (base.name == "aten" && name == "ops")
      return named(Sugar::Namespace, name);
    if (base.name == "aten" && (name == "linalg" || name == "special" || name == "fft"))
      return named(Sugar::Namespace, "aten::" + name.str());
    if (StringRef(base.name).starts_with("aten::"))
      return named(Sugar::Builtin, base.name + "_" + name.str());
    if (base.name == "aten" && (name == "annotate" || name == "isinstance"))
      return named(Sugar::Form, name);
    if (base.name == "aten" && !source.model)
      if (Attribute number = namedConstant(name, builder))
        return Sugar::simple(
            constant(number, isa<FloatAttr>(number) ? types.floating : types.integer, range));
    return named(Sugar::Builtin, base.name + "::" + name.str());
  default:
    break;
  }
  report(range, Diag::NoAttribute, base.name, name);
  return {};
}

Sugar FunctionEmitter::emitReferenceAttribute(const Sugar &base, StringRef name,
                                              python::Range range) {
  Definition &definition = *base.definition;
  if (!definitions.load(definition))
    return {};
  if (definition.kind == DefinitionKind::Class && name == "__new__")
    return [&] {
      Sugar sugar = named(Sugar::Form, "__new__");
      sugar.definition = &definition;
      return sugar;
    }();
  if (definition.kind == DefinitionKind::Enum)
    for (auto &[member, value] : definition.enumMembers)
      if (member == name)
        return Sugar::simple(
            constant(ts::EnumValueAttr::get(types.context,
                                            FlatSymbolRefAttr::get(types.context, definition.name),
                                            builder.getStringAttr(name)),
                     definition.type, range));
  // A static method is a function under the class's name.
  if (Definition *inner = definitions.find(definition.name + "." + name.str())) {
    Sugar sugar = named(Sugar::Reference, inner->name);
    sugar.definition = inner;
    return sugar;
  }
  report(range, Diag::NoAttribute, definition.name, name);
  return {};
}

static const char *tensorProperty(StringRef name) {
  static const char *const kProperties[][2] = {{"dtype", "prim::dtype"},
                                               {"device", "prim::device"},
                                               {"grad", "prim::grad"},
                                               {"data", "prim::data"},
                                               {"shape", "aten::size"},
                                               {"is_cuda", "prim::is_cuda"},
                                               {"is_cpu", "prim::is_cpu"},
                                               {"is_sparse", "prim::is_sparse"},
                                               {"is_mkldnn", "prim::is_mkldnn"},
                                               {"is_quantized", "prim::is_quantized"},
                                               {"is_meta", "prim::is_meta"},
                                               {"is_leaf", "aten::is_leaf"},
                                               {"requires_grad", "prim::requires_grad"},
                                               {"layout", "prim::layout"},
                                               {"T", "aten::numpy_T"},
                                               {"H", "aten::matrix_H"},
                                               {"mT", "aten::mT"},
                                               {"mH", "aten::mH"},
                                               {"ndim", "aten::dim"},
                                               {"real", "aten::real"},
                                               {"imag", "aten::imag"},
                                               {"is_nested", "prim::is_nested"},
                                               {"itemsize", "prim::itemsize"},
                                               {"nbytes", "prim::nbytes"},
                                               {"name", "prim::name"},
                                               {"is_sparse_csr", "prim::is_sparse_csr"}};
  for (auto &row : kProperties)
    if (name == row[0])
      return row[1];
  return nullptr;
}

Sugar FunctionEmitter::emitValueAttribute(TypedValue base, StringRef name, python::Range range) {
  auto property = [&](StringRef op) {
    return Sugar::simple(callBuiltin(op, {{"", base, range}}, {}, range));
  };
  if (isTensor(base.type))
    if (const char *op = tensorProperty(name))
      return property(op);
  if (isTensor(base.type) && !source.model && (conversionMethod(name) || name == "type")) {
    Sugar sugar = named(Sugar::Method, name);
    sugar.value = base;
    return sugar;
  }
  if (base.type == types.device && (name == "type" || name == "index"))
    return property(("prim::" + name).str());
  if (auto tuple = dyn_cast<ts::TupleType>(base.type)) {
    for (auto [i, field] : llvm::enumerate(tuple.getFields()))
      if (field.getValue() == name)
        return Sugar::simple(emitTupleIndex(
            base, constant(builder.getI64IntegerAttr(i), types.integer, range), range));
  } else if (isa<ts::ClassType, ts::InterfaceType, ts::EnumType>(base.type)) {
    Definition *definition = definitions.ofType(base.type);
    if (!definition) {
      if (!definitions.engine.hasErrors())
        report(range, Diag::UnknownType, text(base.type));
      return {};
    }
    if (definition->kind == DefinitionKind::Enum && (name == "name" || name == "value")) {
      if (name == "name")
        return property("prim::EnumName");
      StringRef kind = definition->enumValueType == types.integer ? "int"
                       : definition->enumValueType == types.str   ? "str"
                                                                  : "float";
      auto op = ts::AtenOp::create(builder, loc(range), definition->enumValueType,
                                   builder.getStringAttr("prim::EnumValue." + kind.str()),
                                   ValueRange{base.value});
      return Sugar::simple({op.getResult(0), definition->enumValueType});
    }
    if (definition->findMethod(name) || definition->isOpaque) {
      Sugar sugar = named(Sugar::Method, name);
      sugar.value = base;
      return sugar;
    }
    const ClassAttribute *attribute = definition->findAttribute(name);
    if (!attribute) {
      report(range, Diag::NoAttribute, definition->name, name);
      return {};
    }
    if (attribute->constant)
      return Sugar::simple(constant(attribute->constant, attribute->type, range));
    Value value = ts::GetAttrOp::create(builder, loc(range), attribute->type, base.value, name);
    std::string debugName =
        llvm::isDigit(name.empty() ? ' ' : name.front()) ? "_" + name.str() : name.str();
    claimName(debugName, value);
    return Sugar::simple({value, attribute->type});
  }
  if (!ts::findOverloads(("aten::" + name).str()).empty() ||
      !ts::findOverloads(("prim::" + name).str()).empty()) {
    Sugar sugar = named(Sugar::Builtin,
                        (ts::findOverloads(("aten::" + name).str()).empty() ? "prim::" : "aten::") +
                            name.str());
    sugar.value = base;
    return sugar;
  }
  report(range, Diag::NoAttribute, text(base.type), name);
  return {};
}

// ---- Literals of containers

/// The list type in a hint such as Optional[List[T]]; null if there is none.
template <typename T> static T findHint(Type hint) {
  if (!hint)
    return {};
  for (Type type : alternatives(hint))
    if (auto found = dyn_cast<T>(type))
      return found;
  return {};
}

TypedValue FunctionEmitter::emitList(const python::List &expr, Type hint) {
  auto listHint = findHint<ts::ListType>(hint);
  SmallVector<TypedValue> items;
  for (const python::Expr *item : expr.items) {
    items.push_back(emitExpr(*item, listHint ? listHint.getElement() : Type()));
    if (!items.back())
      return {};
  }
  if (items.empty() && !listHint) {
    // May still become a list of any type, as an argument.
    TypedValue list = makeList({}, types.tensor, expr.range);
    emptyLists.insert(list.value);
    return list;
  }
  Type element = listHint ? listHint.getElement() : Type();
  bool fits =
      element && llvm::all_of(items, [&](TypedValue &item) { return isSub(item.type, element); });
  if (!fits) {
    SmallVector<Type> all =
        llvm::map_to_vector(items, [](const TypedValue &item) { return item.type; });
    element = unifyAll(all, types, definitions, /*toUnion=*/true);
  }
  return makeList(items, element, expr.range);
}

TypedValue FunctionEmitter::emitTuple(const python::Tuple &expr, Type hint) {
  auto tupleHint = findHint<ts::TupleType>(hint);
  SmallVector<TypedValue> items;
  for (auto [i, item] : llvm::enumerate(expr.items)) {
    bool hinted = tupleHint && tupleHint.getElements().size() == expr.items.size();
    items.push_back(emitExpr(*item, hinted ? tupleHint.getElements()[i] : Type()));
    if (!items.back())
      return {};
  }
  return makeTuple(items, expr.range);
}

TypedValue FunctionEmitter::emitDict(const python::Dict &expr, Type hint) {
  auto dictHint = findHint<ts::DictType>(hint);
  SmallVector<Value> values;
  SmallVector<Type> keyTypes, valueTypes;
  for (const python::DictItem &item : expr.items) {
    if (!item.key) {
      report(expr.range, Diag::UnsupportedSyntax, "'**' in a dict");
      return {};
    }
    TypedValue key = emitExpr(*item.key, dictHint ? dictHint.getKey() : Type());
    TypedValue value =
        key ? emitExpr(*item.value, dictHint ? dictHint.getValue() : Type()) : TypedValue();
    if (!value)
      return {};
    values.append({key.value, value.value});
    keyTypes.push_back(key.type);
    valueTypes.push_back(value.type);
  }
  Type type = dictHint;
  auto allFit = [&](ArrayRef<Type> all, Type wanted) {
    return llvm::all_of(all, [&](Type type) { return isSub(type, wanted); });
  };
  if (!dictHint || !allFit(keyTypes, dictHint.getKey()) ||
      !allFit(valueTypes, dictHint.getValue())) {
    Type key = keyTypes.empty() ? types.str : unifyAll(keyTypes, types, definitions, true);
    Type value = valueTypes.empty() ? types.tensor : unifyAll(valueTypes, types, definitions, true);
    type = types.dict(key, value);
  }
  if (!definitions.checkSize(type, source, expr.range))
    return {};
  return {ts::DictConstructOp::create(builder, loc(expr.range), type, values), type};
}

// ---- Subscripts

std::optional<SmallVector<TypedValue>> FunctionEmitter::unpackTuple(TypedValue value, size_t wanted,
                                                                    python::Range range) {
  SmallVector<TypedValue> items;
  if (auto tuple = dyn_cast<ts::TupleType>(value.type)) {
    if (tuple.getElements().size() != wanted) {
      report(range, Diag::UnpackCount, tuple.getElements().size(), wanted);
      return std::nullopt;
    }
    if (auto made = value.value.getDefiningOp<ts::TupleConstructOp>()) {
      for (auto [element, type] : llvm::zip_equal(made.getElements(), tuple.getElements()))
        items.push_back({element, element.getType()});
      return items;
    }
    auto op = ts::TupleUnpackOp::create(builder, loc(range), tuple.getElements(), value.value);
    for (Value result : op.getResults())
      items.push_back({result, result.getType()});
    return items;
  }
  if (auto list = dyn_cast<ts::ListType>(value.type)) {
    SmallVector<Type> results(wanted, list.getElement());
    auto op = ts::ListUnpackOp::create(builder, loc(range), results, value.value);
    for (Value result : op.getResults())
      items.push_back({result, result.getType()});
    return items;
  }
  report(range, Diag::CannotUnpack, text(value.type));
  return std::nullopt;
}

TypedValue FunctionEmitter::emitTupleIndex(TypedValue tuple, TypedValue index,
                                           python::Range range) {
  ArrayRef<Type> elements = cast<ts::TupleType>(tuple.type).getElements();
  Type type;
  if (auto made = index.value.getDefiningOp<ts::ConstantOp>()) {
    auto number = dyn_cast<IntegerAttr>(made.getValue());
    int64_t size = elements.size(), i = number ? number.getInt() : size;
    if (i < -size || i >= size) {
      report(range, Diag::TupleIndexRange, i, size);
      return {};
    }
    type = elements[i < 0 ? i + size : i];
  } else {
    type = elements.empty() ? Type() : elements.front();
    if (!type || !llvm::all_equal(elements)) {
      report(range, Diag::TupleIndexDynamic, text(tuple.type));
      return {};
    }
  }
  return {ts::TupleIndexOp::create(builder, loc(range), type, tuple.value, index.value), type};
}

TypedValue FunctionEmitter::emitSlice(TypedValue base, const python::Slice &slice,
                                      python::Range range, int64_t dim) {
  auto bound = [&](const python::Expr *expr, Attribute otherwise) -> TypedValue {
    if (expr)
      return emitExpr(*expr);
    return otherwise ? literal(otherwise, types.integer, range) : none(range);
  };
  if (auto tuple = dyn_cast<ts::TupleType>(base.type)) {
    int64_t size = tuple.getElements().size();
    auto constantBound = [&](const python::Expr *expr,
                             int64_t otherwise) -> std::optional<int64_t> {
      if (!expr)
        return otherwise;
      auto integer = dyn_cast<python::IntLiteral>(expr);
      if (!integer)
        return std::nullopt;
      return std::clamp(integer->value < 0 ? integer->value + size : integer->value, int64_t(0),
                        size);
    };
    std::optional<int64_t> begin = constantBound(slice.lower, 0),
                           end = constantBound(slice.upper, size);
    if (!begin || !end || slice.step) {
      report(range, Diag::TupleSliceConstant);
      return {};
    }
    end = std::max(*begin, *end);
    Type type = types.tuple(tuple.getElements().slice(*begin, *end - *begin));
    return {ts::TupleSliceOp::create(builder, loc(range), type, base.value, *begin, *end), type};
  }
  TypedValue lower = bound(slice.lower, {});
  TypedValue upper = lower ? bound(slice.upper, {}) : TypedValue();
  TypedValue step = upper ? bound(slice.step, builder.getI64IntegerAttr(1)) : TypedValue();
  if (!step)
    return {};
  SmallVector<Argument> args = {{"", base, range}};
  if (isTensor(base.type))
    args.push_back({"", literal(builder.getI64IntegerAttr(dim), types.integer, range), range});
  args.append({{"", lower, range}, {"", upper, range}, {"", step, range}});
  return callBuiltin("aten::slice", args, {}, range);
}

TypedValue FunctionEmitter::emitSubscript(const python::Subscript &expr, Type hint) {
  TypedValue base = emitExpr(*expr.value);
  if (!base)
    return {};
  python::Range range = expr.range;
  if (std::optional<python::Slice> slice = asSlice(*expr.index))
    return emitSlice(base, *slice, range);
  if (isTensor(base.type) && !isa<python::IntLiteral>(expr.index)) {
    auto parts = dyn_cast<python::Tuple>(expr.index);
    return emitTensorIndex(base, parts ? parts->items : python::ExprList(expr.index), range);
  }
  TypedValue index = emitExpr(*expr.index);
  if (!index)
    return {};
  if (isa<ts::TupleType>(base.type))
    return emitTupleIndex(base, index, range);
  if (isa<ts::ListType, ts::DictType, ts::StrType>(base.type))
    return callBuiltin("aten::__getitem__", {{"", base, range}, {"", index, range}}, {}, range);
  if (isTensor(base.type)) {
    TypedValue zero = literal(builder.getI64IntegerAttr(0), types.integer, range);
    return callBuiltin("aten::select", {{"", base, range}, {"", zero, range}, {"", index, range}},
                       {}, range);
  }
  Definition *definition = definitions.ofType(base.type);
  if (definition && definition->findMethod("__getitem__"))
    return asValue(callMethod(base, "__getitem__", {{"", index, range}}, {}, range), range);
  if (definition && definition->isModule) {
    // What the container holds is seen as the interface that the target is annotated with.
    Type type = hint && isa<ts::InterfaceType>(hint) ? hint : types.any;
    return {ts::ModuleContainerIndexOp::create(builder, loc(range), type, base.value, index.value),
            type};
  }
  if (!definitions.engine.hasErrors())
    report(range, Diag::NoSubscript, text(base.type));
  return {};
}

} // namespace tsc::importer
