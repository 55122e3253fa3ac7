// SPDX-License-Identifier: Apache-2.0
// An expression evaluates its arguments from left to right, innermost first. So an operation may
// print inside its user when the operations before the user, read backwards, are exactly those that
// a walk over the expression meets backwards:
//   %a = f(%x)
//   %b = g(%y)
//   %c = h(%a, %b)   ->  h(f(x), g(y))
// With h(%b, %a) only f could stay inside; g(y) must be a line before, since it would run too late
// otherwise.
#include "PrintCodeInline.h"

using namespace mlir;

namespace tsc::ts {

namespace {

/// An expression of more levels is cut; it would be split for its length anyway.
constexpr unsigned kMaxExpressionDepth = 2000;

class InlineChooser {
public:
  explicit InlineChooser(llvm::DenseSet<Operation *> &inlined) : inlined(inlined) {}
  void scanBlock(Block &block);

private:
  Operation *scanOperation(Operation *op);
  Operation *scanValue(Operation *point, Value value);

  llvm::DenseSet<Operation *> &inlined;
  unsigned depth = 0; ///< of the expression being walked
};

} // namespace

static Operation *previousNonConstant(Operation *op) {
  do
    op = op->getPrevNode();
  while (op && isa<ConstantOp>(op));
  return op;
}

static bool canInline(Operation *op) {
  if (op->getNumResults() != 1 || !op->getResult(0).hasOneUse() || op->getNumRegions() != 0)
    return false;
  OpOperand &use = *op->getResult(0).use_begin();
  Operation *user = use.getOwner();
  // A name was the author's choice, but is not worth a line for what is only returned.
  if (!getDebugName(op->getResult(0)).empty() && !isa<ReturnOp, YieldOp>(user))
    return false;
  // What a loop carries is assigned before its trip count and condition; a task may use its
  // arguments more than once.
  if ((isa<LoopOp>(user) && use.getOperandNumber() >= 2) || isa<ForkOp>(user))
    return false;
  // As a condition it would refine types a second time when read back.
  return !isa<IsInstanceOp>(op);
}

/// `point` is the operation that must come next in the walk backwards; returns the next one.
Operation *InlineChooser::scanValue(Operation *point, Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return point;
  if (isa<ConstantOp>(op)) {
    inlined.insert(op);
  } else if (op == point && depth < kMaxExpressionDepth && canInline(op)) {
    ++depth;
    point = scanOperation(op);
    --depth;
    inlined.insert(op);
  }
  return point;
}

Operation *InlineChooser::scanOperation(Operation *op) {
  if (inlined.contains(op))
    return op;
  if (isa<IfOp, LoopOp>(op))
    for (Region &region : op->getRegions())
      for (Block &block : region)
        scanBlock(block);
  Operation *point = previousNonConstant(op);
  for (Value operand : llvm::reverse(op->getOperands()))
    point = scanValue(point, operand);
  return point;
}

void InlineChooser::scanBlock(Block &block) {
  for (Operation &op : llvm::reverse(block))
    scanOperation(&op);
}

void chooseInline(Block &block, llvm::DenseSet<Operation *> &inlined) {
  InlineChooser(inlined).scanBlock(block);
}

} // namespace tsc::ts
