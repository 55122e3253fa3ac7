// SPDX-License-Identifier: Apache-2.0
// The frame of a function's emission, and the small operations that everything else is built of.
#include "Emitter.h"

#include "Cleanup.h"

#include "tsc/Ts/TypeText.h"

using namespace mlir;

namespace tsc::importer {

Sugar Sugar::simple(TypedValue value) {
  Sugar sugar;
  sugar.kind = value ? Simple : None;
  sugar.value = value;
  return sugar;
}

FunctionEmitter::FunctionEmitter(Program &program, Function &function)
    : program(program), definitions(program.definitions), function(function),
      source(*function.source), types(program.definitions.types),
      builder(program.definitions.types.context) {}

std::string FunctionEmitter::text(Type type) const {
  return ts::typeText(type, ts::TypeStyle::Annotation);
}

bool FunctionEmitter::emit() {
  function.emitted = true;
  const Signature *signature = definitions.signatureOf(function);
  if (!signature)
    return false;
  SmallVector<Type> inputs;
  SmallVector<DictionaryAttr> argAttrs;
  for (const Parameter &parameter : signature->parameters) {
    inputs.push_back(parameter.type);
    NamedAttrList attrs;
    attrs.set(ts::kArgNameAttr, builder.getStringAttr(parameter.name));
    if (parameter.defaultValue)
      attrs.set(ts::kArgDefaultAttr, parameter.defaultValue);
    argAttrs.push_back(attrs.getDictionary(types.context));
  }
  python::Range range = function.def->name.range;
  builder.setInsertionPointToEnd(program.module.getBody());
  Type result = signature->result ? signature->result : types.none;
  op = ts::FuncOp::create(
      builder, loc(range), function.name, builder.getFunctionType(inputs, {result}), StringAttr(),
      builder.getArrayAttr(SmallVector<Attribute>(argAttrs.begin(), argAttrs.end())), ArrayAttr());
  if (!function.kind.empty())
    op->setAttr("ts.kind", builder.getStringAttr(function.kind));
  Block *block = builder.createBlock(&op.getBody());
  frames.push_back({block, {}, {}});
  for (auto [parameter, param] : llvm::zip_equal(signature->parameters, function.def->params)) {
    BlockArgument argument = block->addArgument(parameter.type, loc(param.range));
    nameValue(parameter.name, argument);
    frames.back().variables[parameter.name] = {Sugar::simple({argument, parameter.type}),
                                               parameter.type};
  }
  returnType = signature->result;
  if (!beginExits(function.def->body, range) || !emitBody(function.def->body) ||
      !finishFunction(range))
    return false;
  if (!signature->result) {
    function.signature->result = returnType;
    op.setFunctionType(builder.getFunctionType(inputs, {returnType}));
  }
  cleanUp(op);
  return true;
}

TypedValue FunctionEmitter::constant(Attribute value, Type type, python::Range range) {
  return {ts::ConstantOp::create(builder, loc(range), type, value), type};
}

TypedValue FunctionEmitter::literal(Attribute value, Type type, python::Range range) {
  Value &known = literals[{value, type}];
  if (!known) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getBody().front());
    known = constant(value, type, range).value;
  }
  return {known, type};
}

TypedValue FunctionEmitter::makeList(ArrayRef<TypedValue> items, Type element,
                                     python::Range range) {
  SmallVector<Value> values =
      llvm::map_to_vector(items, [](const TypedValue &item) { return item.value; });
  Type type = types.list(element);
  if (!definitions.checkSize(type, source, range))
    return {};
  return {ts::ListConstructOp::create(builder, loc(range), type, values), type};
}

TypedValue FunctionEmitter::makeTuple(ArrayRef<TypedValue> items, python::Range range, Type type) {
  SmallVector<Value> values =
      llvm::map_to_vector(items, [](const TypedValue &item) { return item.value; });
  if (!type)
    type =
        types.tuple(llvm::map_to_vector(items, [](const TypedValue &item) { return item.type; }));
  if (!definitions.checkSize(type, source, range))
    return {};
  return {ts::TupleConstructOp::create(builder, loc(range), type, values), type};
}

} // namespace tsc::importer
