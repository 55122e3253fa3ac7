// SPDX-License-Identifier: Apache-2.0
// Backwards over every block: an operation goes when its results are unused and it has no effect
// but to make them. Branches and loops lose results that nobody reads, which frees what their
// blocks computed for them.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_ELIMINATEDEADCODE
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct EliminateDeadCode : impl::EliminateDeadCodeBase<EliminateDeadCode> {
  using EliminateDeadCodeBase::EliminateDeadCodeBase;
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (!function.isExternal())
        sweep(function.getBody().front());
  }

private:
  void sweep(Block &block);
};
} // namespace

/// A copy of the operation's shell with only the results that `kept` names; regions move over.
/// Terminators are the caller's.
static Operation *withResults(Operation *op, const llvm::BitVector &kept, ValueRange operands) {
  OpBuilder builder(op);
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(operands);
  state.addAttributes(op->getAttrs());
  SmallVector<StringRef> names = getDebugNames(op->getLoc());
  SmallVector<StringRef> keptNames;
  for (unsigned i : kept.set_bits()) {
    state.addTypes(op->getResult(i).getType());
    keptNames.push_back(i < names.size() ? names[i] : StringRef());
  }
  state.location = withDebugNames(op->getLoc(), keptNames);
  for (unsigned i = 0; i < op->getNumRegions(); ++i)
    state.addRegion();
  Operation *made = builder.create(state);
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), made->getRegions()))
    to.takeBody(from);
  for (auto [next, i] : llvm::enumerate(kept.set_bits()))
    op->getResult(i).replaceAllUsesWith(made->getResult(next));
  op->erase();
  return made;
}

static void dropUnusedIfResults(IfOp op) {
  llvm::BitVector kept(op.getNumResults());
  for (OpResult result : op.getResults())
    if (!result.use_empty())
      kept.set(result.getResultNumber());
  if (kept.all())
    return;
  for (YieldOp yield : {op.thenYield(), op.elseYield()})
    for (int i = static_cast<int>(kept.size()) - 1; i >= 0; --i)
      if (!kept.test(i))
        yield->eraseOperand(i);
  withResults(op, kept, op->getOperands());
}

/// A carried value is unused when its result is, and its body argument feeds nothing but the same
/// place of the yield.
static void dropUnusedLoopResults(LoopOp op) {
  llvm::BitVector kept(op.getNumResults(), true);
  Block &body = op.getBody().front();
  YieldOp yield = op.bodyYield();
  for (unsigned i = 0; i < op.getNumResults(); ++i) {
    bool onlyCarried = llvm::all_of(body.getArgument(i + 1).getUses(), [&](OpOperand &use) {
      return use.getOwner() == yield.getOperation() && use.getOperandNumber() == i + 1;
    });
    if (op.getResult(i).use_empty() && onlyCarried)
      kept.reset(i);
  }
  if (kept.all())
    return;
  SmallVector<Value> operands = {op.getTrips(), op.getCondition()};
  for (unsigned i : kept.set_bits())
    operands.push_back(op.getInits()[i]);
  for (int i = static_cast<int>(kept.size()) - 1; i >= 0; --i)
    if (!kept.test(i)) {
      yield->eraseOperand(i + 1);
      body.eraseArgument(i + 1);
    }
  withResults(op, kept, operands);
}

/// A container that nobody uses is dead too, though making it is an effect.
static bool isDead(Operation *op) {
  return isOpTriviallyDead(op) || (isa<ListConstructOp, DictConstructOp>(op) && op->use_empty());
}

void EliminateDeadCode::sweep(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isDead(&op)) {
      op.erase();
      ++numErased;
      continue;
    }
    Operation *live = &op;
    if (op.getNumRegions() && op.getNumResults()) {
      Operation *before = op.getPrevNode();
      if (auto branch = dyn_cast<IfOp>(op))
        dropUnusedIfResults(branch);
      else if (auto loop = dyn_cast<LoopOp>(op))
        dropUnusedLoopResults(loop);
      live = before ? before->getNextNode() : &block.front();
    }
    for (Region &region : live->getRegions())
      for (Block &inner : region)
        sweep(inner);
  }
}

} // namespace tsc::ts
