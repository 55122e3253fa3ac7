// SPDX-License-Identifier: Apache-2.0
// Dependence flows from operands to results, into containers that operators write to, and through
// branches and loops, until nothing changes.
#include "tsc/Analysis/DataDependentSizes.h"

using namespace mlir;

namespace tsc::ts {

/// Does an index take as many elements as a mask has true ones? An index whose dtype is not known
/// may be a mask.
static bool mayBeMask(Value index) {
  auto list = index.getDefiningOp<ListConstructOp>();
  return !list || llvm::any_of(list.getElements(), [](Value element) {
    auto tensor = dyn_cast<TensorType>(element.getType());
    return tensor && (!tensor.hasDType() || tensor.getDtype() == DType::Bool ||
                      tensor.getDtype() == DType::UInt8);
  });
}

/// Operators that count elements of their own choosing.
static bool choosesSizes(AtenOp op) {
  const OperatorRow *row = op.getRow();
  if (!row)
    return true;
  StringRef base = op.getBaseName();
  if (base == "aten::where")
    return op.getArgs().size() == 1;
  if (base == "aten::index")
    return op.getArgs().size() < 2 || mayBeMask(op.getArgs()[1]);
  if (base == "aten::repeat_interleave")
    return op.getName() != "aten::repeat_interleave.self_int";
  return llvm::is_contained(
      {"aten::nonzero", "aten::nonzero_numpy", "aten::argwhere", "aten::masked_select",
       "aten::_unique", "aten::_unique2", "aten::unique_dim", "aten::unique_consecutive",
       "aten::unique_dim_consecutive", "aten::bincount", "aten::combinations", "torchvision::nms"},
      base);
}

namespace {
class DependenceWalk {
public:
  /// One pass in program order; true when it found something new.
  bool visit(Block &block);
  llvm::DenseSet<Value> dependent;

private:
  void visit(Operation *op);
  void mark(Value value) { changed |= dependent.insert(value).second; }
  void flow(Value from, Value to) {
    if (dependent.contains(from))
      mark(to);
  }
  bool changed = false;
};
} // namespace

void DependenceWalk::visit(Operation *op) {
  for (Region &region : op->getRegions())
    for (Operation &nested : region.front())
      visit(&nested);
  if (auto branch = dyn_cast<IfOp>(op)) {
    for (auto [result, yes, no] : llvm::zip_equal(op->getResults(), branch.thenYield().getValues(),
                                                  branch.elseYield().getValues())) {
      flow(yes, result);
      flow(no, result);
    }
    return;
  }
  if (auto loop = dyn_cast<LoopOp>(op)) {
    for (auto [i, result] : llvm::enumerate(op->getResults())) {
      flow(loop.getInits()[i], loop.getBody().getArgument(static_cast<unsigned>(i) + 1));
      flow(loop.bodyYield().getValues()[i + 1],
           loop.getBody().getArgument(static_cast<unsigned>(i) + 1));
      flow(loop.getBody().getArgument(static_cast<unsigned>(i) + 1), result);
    }
    return;
  }
  auto aten = dyn_cast<AtenOp>(op);
  bool depends = llvm::any_of(op->getOperands(), [&](Value v) { return dependent.contains(v); });
  if (!depends && !(aten && choosesSizes(aten)))
    return;
  for (Value result : op->getResults())
    mark(result);
  const OperatorRow *row = aten ? aten.getRow() : nullptr;
  if (!row)
    return;
  for (auto [operand, argument] : llvm::zip(aten.getArgs(), row->schema().arguments))
    if (argument.alias.isWrite && !isa<TensorType>(operand.getType()))
      mark(operand);
}

bool DependenceWalk::visit(Block &block) {
  changed = false;
  for (Operation &op : block)
    visit(&op);
  return changed;
}

llvm::DenseSet<Value> findDataDependentSizes(FuncOp function) {
  DependenceWalk walk;
  while (walk.visit(function.getBody().front())) {
  }
  return std::move(walk.dependent);
}

} // namespace tsc::ts
