// SPDX-License-Identifier: Apache-2.0
// Ownership, made explicit. A value that its block owns (isOwned) is released after the last
// operation of that block which uses it, or which uses what looks into it (a field of a tuple, a
// cast value). Where such an operation takes its operands over (a terminator, the initial values of
// a loop), an owned value that nothing else needs is handed on as it is; every other operand gets a
// count of its own first.
//
// A last use inside a branch or loop counts as one by the whole of it: releases stand only in the
// block that owns.
#include "tsc/Analysis/Representation.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_INSERTREFERENCECOUNTS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
class InsertReferenceCounts : public impl::InsertReferenceCountsBase<InsertReferenceCounts> {
  using InsertReferenceCountsBase::InsertReferenceCountsBase;
  void runOnOperation() override;
  void manageBlock(Block &block);
  void manageValue(Value value, Block &block);
  void retainConsumed(Operation *op);

  llvm::DenseSet<OpOperand *> moved;
};
} // namespace

/// The last operation of `block` that uses `value` or what looks into it, null when nothing does.
/// `uses` collects the operands of that operation itself (not of operations inside it); `inside` is
/// set when something inside it uses it too.
static Operation *findLastUse(Value value, Block &block, SmallVectorImpl<OpOperand *> &uses,
                              bool &inside) {
  SmallVector<Value> worklist = {value};
  Operation *last = nullptr;
  while (!worklist.empty()) {
    Value at = worklist.pop_back_val();
    for (OpOperand &use : at.getUses()) {
      Operation *user = use.getOwner();
      Operation *here = block.findAncestorOpInBlock(*user);
      if (!last || last->isBeforeInBlock(here)) {
        last = here;
        uses.clear();
        inside = false;
      }
      if (here == last && user == here)
        uses.push_back(&use);
      else if (here == last)
        inside = true;
      if (forwardsOperands(user))
        worklist.append(user->result_begin(), user->result_end());
    }
  }
  return last;
}

void InsertReferenceCounts::manageValue(Value value, Block &block) {
  SmallVector<OpOperand *> uses;
  bool inside = false;
  Operation *last = findLastUse(value, block, uses, inside);
  if (last && !inside && uses.size() == 1 && uses.front()->get() == value &&
      uses.front()->getOperandNumber() >= firstConsumedOperand(last)) {
    moved.insert(uses.front());
    ++numMoves;
    return;
  }
  Operation *definition = value.getDefiningOp();
  Location loc = last ? last->getLoc() : value.getLoc();
  OpBuilder builder(block.getParentOp()->getContext());
  if (!last)
    definition ? builder.setInsertionPointAfter(definition)
               : builder.setInsertionPointToStart(&block);
  else if (last == block.getTerminator())
    builder.setInsertionPoint(last);
  else
    builder.setInsertionPointAfter(last);
  ReleaseOp::create(builder, loc, value);
}

/// Gives every operand that `op` takes over, and that is not handed on, its own count.
void InsertReferenceCounts::retainConsumed(Operation *op) {
  for (OpOperand &operand :
       op->getOpOperands().drop_front(std::min(firstConsumedOperand(op), op->getNumOperands()))) {
    Value value = operand.get();
    Operation *definition = value.getDefiningOp();
    bool immortal = definition && isa<ConstantOp, UninitializedOp>(definition) && !isOwned(value);
    if (!isCounted(value.getType()) || immortal || moved.contains(&operand))
      continue;
    // Before every release that stands in front of the operation.
    Operation *at = op;
    while (at->getPrevNode() && isa<ReleaseOp>(at->getPrevNode()))
      at = at->getPrevNode();
    OpBuilder builder(at);
    RetainOp::create(builder, op->getLoc(), value);
    ++numRetains;
  }
}

void InsertReferenceCounts::manageBlock(Block &block) {
  SmallVector<Value> owned;
  SmallVector<Operation *> consumers;
  for (BlockArgument argument : block.getArguments())
    if (isOwned(argument))
      owned.push_back(argument);
  for (Operation &op : block) {
    for (Value result : op.getResults())
      if (isOwned(result))
        owned.push_back(result);
    if (firstConsumedOperand(&op) < op.getNumOperands())
      consumers.push_back(&op);
  }
  for (Value value : owned)
    manageValue(value, block);
  for (Operation *op : consumers)
    retainConsumed(op);
}

void InsertReferenceCounts::runOnOperation() {
  SmallVector<Block *> blocks;
  getOperation().walk([&](Operation *op) {
    if (isa<FuncOp, IfOp, LoopOp, ForkOp, AwaitableOp>(op))
      for (Region &region : op->getRegions())
        for (Block &block : region)
          blocks.push_back(&block);
  });
  for (Block *block : blocks)
    manageBlock(*block);
}

} // namespace tsc::ts
