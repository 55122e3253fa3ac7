// SPDX-License-Identifier: Apache-2.0
// Operators: each is a call of its generic kernel with Values. An in-place or out= form without a
// kernel of its own is the functional form and a copy; an operator without any is an error, or
// raises when it is reached.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

/// "tsc_rt_aten_add_Tensor" for "aten::add.Tensor".
static std::string kernelSymbol(StringRef name) {
  std::string symbol = "tsc_rt_";
  for (size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("::")) {
      symbol += '_';
      ++i;
    } else {
      symbol += name[i] == '.' ? '_' : name[i];
    }
  }
  return symbol;
}

void FunctionLowering::callKernel(ts::AtenOp op, StringRef symbol) {
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  const ts::OperatorRow *row = op.getRow();
  if (row && row->schema().varargs) // variadic kernels find the number of their arguments in front
    pairs.push_back(
        {int64(static_cast<int64_t>(Tag::Int)), int64(static_cast<int64_t>(op.getArgs().size()))});
  boxArguments(op.getArgs(), pairs, fresh);
  SmallVector<Value> results =
      callBoxed(program.kernel(symbol).getSymNameAttr(), {}, pairs, op.getResultTypes());
  for (auto [result, machine] : llvm::zip_equal(op.getResults(), results))
    define(result, machine);
  for (Value object : fresh)
    drop(object);
}

/// Calls the functional form on the arguments without `target` being special, copies its result
/// into argument `target`, which is the operator's result.
bool FunctionLowering::callFunctionalThenCopy(ts::AtenOp op, StringRef functional, unsigned target,
                                              bool isOut) {
  std::string symbol = kernelSymbol(functional);
  if (op.getNumResults() != 1 || target >= op.getArgs().size() ||
      !isa<ts::TensorType>(op.getArgs()[target].getType()) || !program.options.hasKernel(symbol))
    return false;
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  boxArguments(isOut ? op.getArgs().drop_back() : op.getArgs(), pairs, fresh);
  Type tensor = op.getArgs()[target].getType();
  Value made = keep(callBoxed(program.kernel(symbol).getSymNameAttr(), {}, pairs, tensor).front());
  Pair destination = box(get(op.getArgs()[target]), tensor).value, source = box(made, tensor).value;
  Pair none = {int64(static_cast<int64_t>(Tag::None)), int64(0)};
  if (isOut) { // an out= argument takes the result's sizes
    StringAttr resize = program.kernel("tsc_rt_aten_resize_as_").getSymNameAttr();
    drop(keep(callBoxed(resize, {}, {destination, source, none}, tensor).front()));
  }
  Pair blocking = {int64(static_cast<int64_t>(Tag::Bool)), int64(0)};
  StringAttr copy = program.kernel("tsc_rt_aten_copy_").getSymNameAttr();
  Value result = callBoxed(copy, {}, {destination, source, blocking}, tensor).front();
  define(op.getResult(0), result);
  drop(made);
  for (Value object : fresh)
    drop(object);
  return true;
}

/// aten::foo_ and aten::foo.out by aten::foo.
bool FunctionLowering::callDerived(ts::AtenOp op) {
  auto [base, overload] = op.getName().split('.');
  if (base.ends_with("_") && !base.ends_with("__")) {
    std::string functional = base.drop_back().str();
    return callFunctionalThenCopy(
        op, overload.empty() ? functional : functional + "." + overload.str(), 0, false);
  }
  const ts::OperatorRow *row = op.getRow();
  if (!row)
    return false;
  const ts::Schema &schema = row->schema();
  if (schema.arguments.empty() || !schema.arguments.back().isOut || schema.returns.size() != 1)
    return false;
  // The functional overload with the same arguments but the last.
  for (const ts::OperatorRow *other : ts::findOverloads(base)) {
    const ts::Schema &candidate = other->schema();
    bool fits =
        candidate.arguments.size() + 1 == schema.arguments.size() && candidate.returns.size() == 1;
    for (size_t i = 0; fits && i < candidate.arguments.size(); ++i)
      fits = candidate.arguments[i].name == schema.arguments[i].name &&
             candidate.arguments[i].type.kind == schema.arguments[i].type.kind;
    if (fits && callFunctionalThenCopy(op, other->fullName, op.getArgs().size() - 1, true))
      return true;
  }
  return false;
}

void FunctionLowering::lowerAten(ts::AtenOp op) {
  if (lowerInline(op))
    return;
  std::string symbol = kernelSymbol(op.getName());
  if (program.options.hasKernel(symbol))
    return callKernel(op, symbol);
  if (callDerived(op))
    return;
  if (program.options.deferUnsupported)
    raiseText("NotImplementedError", ("operator '" + op.getName() + "' is not supported").str());
  else
    program.reportUnsupported(loc, op.getName());
  for (Value result : op.getResults())
    define(result, zero(program.machineType(result.getType())));
}

} // namespace tsc::lowering
