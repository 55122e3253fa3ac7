// SPDX-License-Identifier: Apache-2.0
// What the structure of a program promises, checked: a .mlir file is input like any other. Passes
// and printers rely on these counts; types are the importer's matter, since values of a subtype may
// stand where their supertype is expected.
#include "tsc/Ts/TsDialect.h"

using namespace mlir;

namespace tsc::ts {

/// The operation's block must end in a ts.yield of `count` values.
static LogicalResult verifyYield(Operation *op, Region &region, size_t count) {
  auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
  if (!yield)
    return op->emitOpError("block ends with '")
           << region.front().getTerminator()->getName() << "' where ts.yield is wanted";
  if (yield.getValues().size() != count)
    return yield.emitOpError("has ")
           << yield.getValues().size() << " values where " << count << " are wanted";
  return success();
}

LogicalResult IfOp::verify() {
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    if (region->getNumArguments() != 0)
      return emitOpError("block has arguments where none are wanted");
    if (failed(verifyYield(*this, *region, getNumResults())))
      return failure();
  }
  return success();
}

LogicalResult LoopOp::verify() {
  size_t carried = getInits().size();
  if (getNumResults() != carried)
    return emitOpError("has ") << getNumResults() << " results where " << carried
                               << " values are carried";
  if (getBody().getNumArguments() != carried + 1 ||
      !isa<IntType>(getBody().getArgument(0).getType()))
    return emitOpError("block has other arguments than the turn's number and ")
           << carried << " carried values";
  if (failed(verifyYield(*this, getBody(), carried + 1)))
    return failure();
  Type condition = bodyYield().getValues().front().getType();
  if (!isa<BoolType>(condition))
    return emitOpError("goes on by a value of type ") << condition << " where a bool is wanted";
  return success();
}

static LogicalResult verifyTask(Operation *op) {
  Region &body = op->getRegion(0);
  if (body.getNumArguments() != op->getNumOperands())
    return op->emitOpError("body has ")
           << body.getNumArguments() << " arguments where " << op->getNumOperands() << " are given";
  auto end = dyn_cast<ReturnOp>(body.front().getTerminator());
  if (!end || end.getValues().size() != 1)
    return op->emitOpError("body does not end with a ts.return of one value");
  return success();
}

LogicalResult ForkOp::verify() { return verifyTask(*this); }
LogicalResult AwaitableOp::verify() { return verifyTask(*this); }

LogicalResult ReturnOp::verify() {
  auto function = dyn_cast<FuncOp>(getOperation()->getParentOp());
  if (function && getValues().size() != function.getResultTypes().size())
    return emitOpError("has ") << getValues().size() << " values where the function has "
                               << function.getResultTypes().size() << " results";
  return success();
}

LogicalResult DictConstructOp::verify() {
  return getPairs().size() % 2 ? emitOpError("has a key without a value") : success();
}

LogicalResult AtenOp::verify() {
  const OperatorRow *row = getRow();
  if (!row) // an operator of an extension, known when the model runs
    return success();
  const Schema &schema = row->schema();
  size_t wanted = schema.arguments.size();
  if (getArgs().size() < wanted || (getArgs().size() > wanted && !schema.varargs))
    return emitOpError("'") << getName() << "' has " << getArgs().size()
                            << " arguments where its schema has " << wanted;
  if (getNumResults() != schema.returns.size() && !schema.varreturns)
    return emitOpError("'") << getName() << "' has " << getNumResults()
                            << " results where its schema has " << schema.returns.size();
  return success();
}

} // namespace tsc::ts
