// SPDX-License-Identifier: Apache-2.0
// The order of import: constants and state (which load the classes they need), then functions until
// none is asked for any more, then the declarations of all that was loaded.
#include "tsc/Import/Import.h"

#include "Recursion.h"
#include "State.h"

#include "tsc/Python/Parser.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static bool emitQueued(Program &program) {
  for (size_t next = 0; next < program.queue.size(); ++next) {
    Function &function = *program.queue[next];
    if (function.emitted)
      continue;
    if (!program.emitted.insert(function.name).second) {
      program.definitions.engine.report(function.source->location(function.def->name.range),
                                        Diag::DefinedTwice, function.name);
      continue;
    }
    FunctionEmitter(program, function).emit();
    if (program.definitions.engine.errorLimitReached())
      break;
  }
  program.queue.clear();
  return !program.definitions.engine.hasErrors();
}

/// Loads every class, interface and enum that types in the module mention. True when there was a
/// new one.
static bool loadMentioned(Program &program) {
  size_t before = program.definitions.order.size();
  AttrTypeWalker walker;
  auto load = [&](Type type) { program.definitions.ofType(type); };
  walker.addWalk([&](ts::ClassType type) { load(type); });
  walker.addWalk([&](ts::InterfaceType type) { load(type); });
  walker.addWalk([&](ts::EnumType type) { load(type); });
  program.module.walk([&](Operation *op) {
    walker.walk(op->getAttrDictionary());
    for (Type type : op->getResultTypes())
      walker.walk(type);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Type type : block.getArgumentTypes())
          walker.walk(type);
  });
  // Attributes of loaded classes; the list grows as they are looked at.
  for (size_t i = 0; i < program.definitions.order.size(); ++i)
    for (size_t a = 0; a < program.definitions.order[i]->attributes.size(); ++a)
      walker.walk(program.definitions.order[i]->attributes[a].type);
  return program.definitions.order.size() != before;
}

/// Asks for the methods of all classes that were loaded since the last time.
static void requestMethods(Program &program, size_t &done) {
  for (; done < program.definitions.order.size(); ++done) {
    Definition &definition = *program.definitions.order[done];
    if (definition.kind == DefinitionKind::Class)
      for (auto &[name, method] : definition.methods)
        program.request(*method);
  }
}

static bool emitAll(Program &program) {
  size_t done = 0;
  do {
    requestMethods(program, done);
    if (!emitQueued(program))
      return false;
  } while (loadMentioned(program) || done < program.definitions.order.size());
  return !program.definitions.engine.hasErrors();
}

// ---- Declarations

static void declareClass(OpBuilder &builder, Definition &definition) {
  MLIRContext *context = builder.getContext();
  Location loc = definition.source->irLocation(context, definition.classDef->name.range);
  auto op = ts::ClassOp::create(builder, loc, definition.name, definition.isModule);
  OpBuilder inside(context);
  inside.createBlock(&op.getBody());
  for (const ClassAttribute &attribute : definition.attributes)
    ts::AttributeOp::create(inside, loc, attribute.name, attribute.type, attribute.kind,
                            attribute.constant);
  for (auto &[name, method] : definition.methods)
    ts::MethodOp::create(inside, loc, name, method->name);
}

static bool declareInterface(OpBuilder &builder, Program &program, Definition &definition) {
  MLIRContext *context = builder.getContext();
  Location loc = definition.source->irLocation(context, definition.classDef->name.range);
  auto op = ts::InterfaceOp::create(builder, loc, definition.name, definition.isModule);
  OpBuilder inside(context);
  inside.createBlock(&op.getBody());
  for (auto &[name, method] : definition.methods) {
    const Signature *signature = program.definitions.signatureOf(*method);
    if (!signature)
      return false;
    SmallVector<Type> inputs;
    SmallVector<Attribute> names;
    for (const Parameter &parameter : llvm::drop_begin(signature->parameters)) {
      inputs.push_back(parameter.type);
      names.push_back(builder.getStringAttr(parameter.name));
    }
    Type result = signature->result ? signature->result : program.definitions.types.none;
    ts::SignatureOp::create(inside, loc, name, builder.getFunctionType(inputs, {result}),
                            builder.getArrayAttr(names));
  }
  return true;
}

static void declareEnum(OpBuilder &builder, Definition &definition) {
  SmallVector<Attribute> names, values;
  for (auto &[name, value] : definition.enumMembers) {
    names.push_back(builder.getStringAttr(name));
    values.push_back(value);
  }
  Location loc =
      definition.source->irLocation(builder.getContext(), definition.classDef->name.range);
  ts::EnumOp::create(builder, loc, definition.name, definition.enumValueType,
                     builder.getArrayAttr(names), builder.getArrayAttr(values));
}

static bool declareAll(Program &program) {
  OpBuilder builder = OpBuilder::atBlockBegin(program.module.getBody());
  for (Definition *definition : program.definitions.order) {
    if (definition->kind == DefinitionKind::Class)
      declareClass(builder, *definition);
    else if (definition->kind == DefinitionKind::Enum)
      declareEnum(builder, *definition);
    else if (definition->kind == DefinitionKind::Interface &&
             !declareInterface(builder, program, *definition))
      return false;
  }
  return true;
}

/// What no input should reach: IR that does not verify.
static bool verifyModule(Program &program) {
  std::string message;
  ScopedDiagnosticHandler handler(program.module.getContext(), [&](mlir::Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  if (succeeded(verify(program.module)))
    return true;
  program.definitions.engine.report({}, Diag::InternalError, "imported IR: " + message);
  return false;
}

OwningOpRef<ModuleOp> importArchive(std::shared_ptr<const archive::ArchiveModel> archive,
                                    MLIRContext *context, DiagnosticEngine &engine) {
  context->getOrLoadDialect<ts::TsDialect>();
  Program program(context, engine);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  program.module = *module;
  program.version = archive->version;
  program.definitions.setArchive(*archive);
  StateImporter state(program, archive);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  if (!state.importConstants(builder))
    return {};
  FlatSymbolRefAttr root = state.importRoot(builder);
  if (!root || !emitAll(program) || !declareAll(program) || !checkRecursion(*module, engine))
    return {};
  (*module)->setAttr(ts::kRootAttr, root);
  return verifyModule(program) ? std::move(module) : OwningOpRef<ModuleOp>();
}

OwningOpRef<ModuleOp> importSource(StringRef name, StringRef text, MLIRContext *context,
                                   DiagnosticEngine &engine) {
  context->getOrLoadDialect<ts::TsDialect>();
  Program program(context, engine);
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  program.module = *module;
  auto source = std::make_unique<Source>();
  source->path = name.str();
  source->tree = python::parseModule(name.str(), text, engine, python::Dialect::Source);
  if (!source->tree)
    return {};
  const Source *added = program.definitions.addSource(std::move(source));
  for (const python::FunctionDef *def : added->tree->functions)
    if (Definition *definition = program.definitions.find(def->name.text))
      program.request(*definition->function);
  if (!emitAll(program) || !declareAll(program) || !checkRecursion(*module, engine))
    return {};
  return verifyModule(program) ? std::move(module) : OwningOpRef<ModuleOp>();
}

} // namespace tsc::importer
