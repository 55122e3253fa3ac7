// SPDX-License-Identifier: Apache-2.0
// Constant propagation over immutable values, and what follows from it for branches and loops.
#include "Cleanup.h"
#include "FoldScalars.h"

#include "Types.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static Attribute constantOf(Value value) {
  auto op = value.getDefiningOp<ts::ConstantOp>();
  return op ? op.getValue() : Attribute();
}

// ---- Branches and loops

static void replaceResult(Operation *op, unsigned index, Value value) {
  op->getResult(index).replaceAllUsesWith(value);
}

/// A result is dropped when both sides give the same value from outside, or equal constants.
static void dropEqualResults(ts::IfOp op) {
  SmallVector<unsigned> kept;
  auto thenYield = op.thenYield(), elseYield = op.elseYield();
  for (unsigned i = 0; i < op.getNumResults(); ++i) {
    Value x = thenYield.getValues()[i], y = elseYield.getValues()[i];
    if (x == y) {
      replaceResult(op, i, x);
      continue;
    }
    Attribute constant = constantOf(x);
    if (constant && constant == constantOf(y) && x.getType() == y.getType() &&
        !isMutable(x.getType())) {
      OpBuilder builder(op);
      replaceResult(op, i, ts::ConstantOp::create(builder, x.getLoc(), x.getType(), constant));
      continue;
    }
    kept.push_back(i);
  }
  if (kept.size() != op.getNumResults())
    keepResults(op, kept);
}

/// A carried value that the body hands on unchanged is not carried.
static void dropUnchangedResults(ts::LoopOp op) {
  SmallVector<unsigned> kept;
  ts::YieldOp yield = op.bodyYield();
  for (unsigned i = 0; i < op.getNumResults(); ++i) {
    BlockArgument argument = op.getBody().getArgument(1 + i);
    if (yield.getValues()[1 + i] != argument) {
      kept.push_back(i);
      continue;
    }
    replaceResult(op, i, op.getInits()[i]);
    argument.replaceAllUsesWith(op.getInits()[i]);
  }
  if (kept.size() != op.getNumResults())
    keepResults(op, kept);
}

static void inlineBranch(ts::IfOp op, bool taken) {
  Region &region = taken ? op.getThenRegion() : op.getElseRegion();
  propagateConstants(region.front());
  auto yield = cast<ts::YieldOp>(region.front().getTerminator());
  SmallVector<Value> values(yield.getValues());
  yield.erase();
  op->getBlock()->getOperations().splice(Block::iterator(op), region.front().getOperations());
  op->replaceAllUsesWith(values);
  op.erase();
}

static bool neverRuns(ts::LoopOp op) {
  auto trips = dyn_cast_if_present<IntegerAttr>(constantOf(op.getTrips()));
  auto condition = dyn_cast_if_present<BoolAttr>(constantOf(op.getCondition()));
  return (trips && trips.getInt() <= 0) || (condition && !condition.getValue());
}

// ---- Operations

static void foldOperation(Operation *op) {
  if (op->getNumResults() == 0 || isa<ts::ConstantOp, ts::UninitializedOp>(op) ||
      op->getNumRegions() != 0)
    return;
  SmallVector<Attribute> inputs;
  for (Value operand : op->getOperands()) {
    inputs.push_back(constantOf(operand));
    if (!inputs.back() || isMutable(operand.getType()))
      return;
  }
  if (llvm::any_of(op->getResults(), [](Value result) { return isMutable(result.getType()); }))
    return;
  std::optional<SmallVector<FoldedValue>> values = foldOperator(op, inputs);
  if (!values)
    return;
  OpBuilder builder(op);
  SmallVector<StringRef> names = ts::getDebugNames(op->getLoc());
  names.resize(op->getNumResults());
  for (auto [i, value] : llvm::enumerate(*values)) {
    Location loc = ts::withDebugNames(op->getLoc(), {names[i]});
    op->getResult(i).replaceAllUsesWith(
        ts::ConstantOp::create(builder, loc, value.type, value.value).getResult());
  }
}

void propagateConstants(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto branch = dyn_cast<ts::IfOp>(op)) {
      if (auto condition = dyn_cast_if_present<BoolAttr>(constantOf(branch.getCondition()))) {
        inlineBranch(branch, condition.getValue());
        continue;
      }
      for (Region &region : op.getRegions())
        propagateConstants(region.front());
      dropEqualResults(branch);
    } else if (auto loop = dyn_cast<ts::LoopOp>(op)) {
      if (neverRuns(loop)) {
        op.replaceAllUsesWith(ValueRange(loop.getInits()));
        op.erase();
        continue;
      }
      propagateConstants(loop.getBody().front());
      dropUnchangedResults(loop);
    } else {
      foldOperation(&op);
    }
  }
}

} // namespace tsc::importer
