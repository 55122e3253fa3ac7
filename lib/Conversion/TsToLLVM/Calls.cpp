// SPDX-License-Identifier: Apache-2.0
// Calls of compiled functions, through interfaces, and of tasks. A direct call has machine
// arguments and one pointer for each result; a boxed entry has Values, as a kernel.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

SmallVector<Value> FunctionLowering::callCompiled(LLVM::LLVMFuncOp callee, ValueRange arguments,
                                                  TypeRange results) {
  SmallVector<Value> operands = {contextPointer};
  operands.append(arguments.begin(), arguments.end());
  SmallVector<Value> places;
  for (auto [i, type] : llvm::enumerate(results)) {
    Type machine = program.machineType(type);
    Value &place = resultSpaces[{machine, static_cast<int64_t>(i)}];
    if (!place)
      place = stackSpace(machine, 1);
    places.push_back(place);
  }
  operands.append(places.begin(), places.end());
  failIfStatus(LLVM::CallOp::create(builder, loc, callee, operands).getResult());
  SmallVector<Value> loaded;
  for (auto [place, type] : llvm::zip_equal(places, results))
    loaded.push_back(load(program.machineType(type), place));
  return loaded;
}

SmallVector<Value> FunctionLowering::callBoxed(StringAttr symbol, Value callee,
                                               ArrayRef<Pair> arguments, TypeRange results) {
  reserve(argumentSpace, static_cast<int64_t>(arguments.size()));
  reserve(resultSpace, static_cast<int64_t>(results.size()));
  for (auto [i, argument] : llvm::enumerate(arguments))
    storePair(argument, argumentSpace.base, i);
  SmallVector<Value> operands = {contextPointer, argumentSpace.base, resultSpace.base};
  LLVM::CallOp call;
  if (callee) {
    operands.insert(operands.begin(), callee);
    auto type = LLVM::LLVMFunctionType::get(program.i32,
                                            {program.pointer, program.pointer, program.pointer});
    call = LLVM::CallOp::create(builder, loc, type, operands);
  } else {
    call = LLVM::CallOp::create(builder, loc, TypeRange{program.i32}, symbol, operands);
  }
  failIfStatus(call.getResult());
  SmallVector<Pair> pairs;
  for (size_t i = 0; i < results.size(); ++i)
    pairs.push_back(loadPair(resultSpace.base, i));
  SmallVector<Value> machines;
  for (auto [pair, type] : llvm::zip_equal(pairs, results))
    machines.push_back(unboxOwned(pair, type));
  return machines;
}

void FunctionLowering::boxArguments(ValueRange arguments, SmallVectorImpl<Pair> &pairs,
                                    SmallVectorImpl<Value> &fresh) {
  for (Value argument : arguments) {
    BoxedPair boxed = box(get(argument), argument.getType());
    pairs.push_back(boxed.value);
    if (boxed.fresh)
      fresh.push_back(boxed.fresh);
  }
}

void FunctionLowering::lowerCallFunction(ts::CallFunctionOp op) {
  ts::FuncOp callee = program.lookup<ts::FuncOp>(op.getCallee().getType().getName());
  if (!callee || callee.getNumArguments() != op.getArgs().size() ||
      callee.getNumResults() != op.getNumResults()) {
    program.reportMalformed(loc, "a call does not fit its function");
    for (Value result : op.getResults())
      values[result] = zero(program.machineType(result.getType()));
    return;
  }
  SmallVector<Value> arguments =
      llvm::map_to_vector(op.getArgs(), [&](Value value) { return get(value); });
  SmallVector<Value> results =
      callCompiled(program.function(callee), arguments, callee.getResultTypes());
  for (auto [result, machine, type] :
       llvm::zip_equal(op.getResults(), results, callee.getResultTypes()))
    define(result, cast(machine, type, result.getType()));
}

void FunctionLowering::lowerCallMethod(ts::CallMethodOp op) {
  if (isa<ts::InterfaceType>(op.getObject().getType()))
    return callInterface(op);
  ts::FuncOp callee = program.methodOf(op.getObject().getType(), op.getMethod());
  if (!callee || callee.getNumArguments() != op.getArgs().size() + 1 ||
      callee.getNumResults() != op.getNumResults()) {
    program.reportMalformed(loc, ("a call does not fit the method '" + op.getMethod() + "'").str());
    for (Value result : op.getResults())
      values[result] = zero(program.machineType(result.getType()));
    return;
  }
  SmallVector<Value> arguments = {get(op.getObject())};
  for (Value argument : op.getArgs())
    arguments.push_back(get(argument));
  SmallVector<Value> results =
      callCompiled(program.function(callee), arguments, callee.getResultTypes());
  for (auto [result, machine, type] :
       llvm::zip_equal(op.getResults(), results, callee.getResultTypes()))
    define(result, cast(machine, type, result.getType()));
}

void FunctionLowering::callInterface(ts::CallMethodOp op) {
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  boxArguments(op->getOperands(), pairs, fresh);
  Value entry = callRuntime("tsc_rt_find_method",
                            {get(op.getObject()), address(program.data.text(op.getMethod()))});
  require(compare(LLVM::ICmpPredicate::ne, entry, zero(program.pointer)), "AttributeError",
          ("the object has no method '" + op.getMethod() + "'").str());
  SmallVector<Value> results = callBoxed({}, entry, pairs, op.getResultTypes());
  for (auto [result, machine] : llvm::zip_equal(op.getResults(), results))
    define(result, machine);
  for (Value object : fresh)
    drop(object);
}

/// A task becomes a function of its own, started through its boxed entry. Awaitables are started at
/// once too: what they compute is asked for by a wait either way.
void FunctionLowering::lowerTask(Operation *op, Type element) {
  Region &body = op->getRegion(0);
  auto end = dyn_cast<ts::ReturnOp>(body.front().getTerminator());
  unsigned resultCount = end ? end.getValues().size() : 0;
  SmallVector<Type> results(resultCount, element);
  if (resultCount > 1) {
    program.reportMalformed(loc, "a task with several results");
    results = llvm::to_vector(end.getValues().getTypes());
  }
  LLVM::LLVMFuncOp task = program.taskFunction(displayName, body, results);
  StringAttr entry = program.boxedEntry(task, body.getArgumentTypes(), results);
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  boxArguments(op->getOperands(), pairs, fresh);
  reserve(argumentSpace, static_cast<int64_t>(pairs.size()));
  reserve(resultSpace, 1);
  for (auto [i, pair] : llvm::enumerate(pairs))
    storePair(pair, argumentSpace.base, i);
  Type future = ts::FutureType::get(program.context, element);
  Value status = callRuntime("tsc_rt_fork", {contextPointer, address(entry), argumentSpace.base,
                                             int64(static_cast<int64_t>(pairs.size())),
                                             address(program.types.get(future)), resultSpace.base});
  failIfStatus(status);
  Value made = load(program.pointer, resultSpace.base);
  for (Value object : fresh)
    drop(object);
  define(op->getResult(0), made);
}

void FunctionLowering::lowerEnterExit(Operation *op, StringRef method) {
  Value object = op->getOperand(0), result = op->getResult(0);
  ts::FuncOp callee = program.methodOf(object.getType(), method);
  if (!callee || callee.getNumResults() != 1 || callee.getNumArguments() == 0) {
    program.reportMalformed(loc, ("a context manager without a method '" + method + "'").str());
    values[result] = zero(program.machineType(result.getType()));
    return;
  }
  SmallVector<Value> arguments = {get(object)};
  Type none = ts::NoneType::get(program.context);
  for (Type type : callee.getArgumentTypes().drop_front())
    arguments.push_back(cast(boolean(false), none, type));
  Value machine =
      callCompiled(program.function(callee), arguments, callee.getResultTypes()).front();
  define(result, cast(machine, callee.getResultTypes().front(), result.getType()));
}

// ---- Boxed entries
void FunctionLowering::writeBoxedEntry(LLVM::LLVMFuncOp callee, TypeRange arguments,
                                       TypeRange results) {
  begin();
  Value given = function.getArgument(1), wanted = function.getArgument(2);
  SmallVector<Value> machines;
  for (auto [i, type] : llvm::enumerate(arguments))
    machines.push_back(unbox(loadPair(given, i), type));
  SmallVector<Value> operands = {contextPointer}, places;
  operands.append(machines);
  for (Type type : results)
    places.push_back(stackSpace(program.machineType(type), 1));
  operands.append(places);
  Value status = LLVM::CallOp::create(builder, loc, callee, operands).getResult();
  // The callee has told where it failed; this entry is no frame of the user's.
  Block *failed = newBlock(), *done = newBlock();
  LLVM::CondBrOp::create(builder, loc, compare(LLVM::ICmpPredicate::ne, status, int32(0)), failed,
                         done);
  builder.setInsertionPointToEnd(failed);
  LLVM::ReturnOp::create(builder, loc, int32(1));
  builder.setInsertionPointToEnd(done);
  SmallVector<Pair> boxed;
  for (auto [place, type] : llvm::zip_equal(places, results)) {
    Value machine = load(program.machineType(type), place);
    SmallVector<Value> held;
    bool becomesObject = ts::allocatesWhenCast(type, ts::AnyType::get(program.context));
    if (becomesObject)
      forEachObject(machine, type, [&](Value object) { held.push_back(keep(object)); });
    BoxedPair value = box(machine, type);
    for (Value object : held)
      drop(object);
    if (value.fresh)
      giveAway(value.fresh);
    boxed.push_back(value.value);
  }
  if (results.empty())
    boxed.push_back({int64(0), int64(0)});
  for (auto [i, value] : llvm::enumerate(boxed))
    storePair(value, wanted, i);
  LLVM::ReturnOp::create(builder, loc, int32(0));
  finish();
}

} // namespace tsc::lowering
