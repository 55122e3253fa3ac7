// SPDX-License-Identifier: Apache-2.0
// Growth of rows groups: from a reduction or normalization to its neighbours in the graph, as long
// as the operators are one rows group and can stand where the last of them stands.
#include "tsc/Kernel/GroupForms.h"
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Kernel/RowsForm.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace tsc::kernel {

/// Operators in one kernel: enough for any normalization, and few enough for registers.
static constexpr size_t kMostOperators = 48;

namespace {
class RowsGrower {
public:
  RowsGrower(ts::AtenOp root, llvm::function_ref<bool(ts::AtenOp)> isFree)
      : isFree(isFree), block(root->getBlock()) {
    take(root);
  }
  SmallVector<ts::AtenOp> grow();

private:
  void take(ts::AtenOp op);
  bool tryTake(ts::AtenOp op);
  bool isCandidate(mlir::Operation *op);
  bool readsMembers(mlir::Operation *op, mlir::Operation *first,
                    llvm::SmallPtrSet<mlir::Operation *, 16> &seen);
  bool canStandTogether();

  llvm::function_ref<bool(ts::AtenOp)> isFree;
  Block *block;
  SmallVector<ts::AtenOp> members; ///< in order
  llvm::SmallPtrSet<mlir::Operation *, 16> inside;
};
} // namespace

void RowsGrower::take(ts::AtenOp op) {
  inside.insert(op);
  members.push_back(op);
  llvm::sort(members, [](ts::AtenOp a, ts::AtenOp b) { return a->isBeforeInBlock(b); });
}

bool RowsGrower::isCandidate(mlir::Operation *op) {
  auto aten = dyn_cast_or_null<ts::AtenOp>(op);
  if (!aten || op->getBlock() != block || inside.contains(op) || !isFree(aten))
    return false;
  std::string why;
  return isPointwise(aten) || findRowsForm(aten, why);
}

/// Does an operator outside read what members make, directly or through others?
bool RowsGrower::readsMembers(mlir::Operation *op, mlir::Operation *first,
                              llvm::SmallPtrSet<mlir::Operation *, 16> &seen) {
  if (!op || op->getBlock() != block || op->isBeforeInBlock(first) || !seen.insert(op).second)
    return false;
  if (inside.contains(op))
    return true;
  bool reads = false;
  op->walk([&](mlir::Operation *inner) {
    for (Value operand : inner->getOperands())
      if (mlir::Operation *producer = operand.getDefiningOp();
          producer && producer->getBlock() == block)
        reads = reads || readsMembers(producer, first, seen);
  });
  return reads;
}

/// The kernel stands where its last operator stood: no other operator may be needed between the
/// members, and who reads its results must come later.
bool RowsGrower::canStandTogether() {
  mlir::Operation *first = members.front(), *last = members.back();
  llvm::SmallPtrSet<mlir::Operation *, 16> seen;
  for (ts::AtenOp member : members) {
    for (Value operand : member.getArgs())
      if (mlir::Operation *producer = operand.getDefiningOp();
          producer && !inside.contains(producer) && readsMembers(producer, first, seen))
        return false;
    for (mlir::Operation *user : member->getUsers()) {
      mlir::Operation *ancestor = block->findAncestorOpInBlock(*user);
      if (!ancestor || (!inside.contains(ancestor) && ancestor->isBeforeInBlock(last)))
        return false;
    }
  }
  return true;
}

bool RowsGrower::tryTake(ts::AtenOp op) {
  SmallVector<ts::AtenOp> before = members;
  take(op);
  if (isRowsGroup(members) && canStandTogether())
    return true;
  members = std::move(before);
  inside.erase(op);
  return false;
}

SmallVector<ts::AtenOp> RowsGrower::grow() {
  for (bool grown = true; grown && members.size() < kMostOperators;) {
    grown = false;
    for (ts::AtenOp member : SmallVector<ts::AtenOp>(members)) {
      for (Value operand : member.getArgs())
        if (isCandidate(operand.getDefiningOp()))
          grown |= tryTake(cast<ts::AtenOp>(operand.getDefiningOp()));
      for (mlir::Operation *user : SmallVector<mlir::Operation *>(member->getUsers()))
        if (isCandidate(user))
          grown |= tryTake(cast<ts::AtenOp>(user));
    }
  }
  return members;
}

SmallVector<ts::AtenOp> growRows(ts::AtenOp root, llvm::function_ref<bool(ts::AtenOp)> isFree) {
  return RowsGrower(root, isFree).grow();
}

} // namespace tsc::kernel
