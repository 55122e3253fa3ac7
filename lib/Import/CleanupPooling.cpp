// SPDX-License-Identifier: Apache-2.0
#include "Cleanup.h"

#include "Types.h"

using namespace mlir;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

namespace {
class ConstantPool {
public:
  explicit ConstantPool(Region &graph) : graph(graph) {}
  void run(Block &block);

private:
  bool canMerge(ts::ConstantOp op);

  Region &graph;
  std::optional<AliasSets> aliases;
  llvm::DenseMap<std::pair<Attribute, Type>, ts::ConstantOp> known;
};
} // namespace

/// A mutable constant that is written to, or that may leave the graph, stays one of its own; a
/// tensor of the archive is one object anyway.
bool ConstantPool::canMerge(ts::ConstantOp op) {
  if (!isMutable(op.getResult().getType()) || isa<ts::TensorAttr>(op.getValue()))
    return true;
  if (!aliases)
    aliases.emplace(graph);
  if (aliases->isWritten(op.getResult()))
    return false;
  std::optional<unsigned> set = aliases->setOf(op.getResult());
  for (Value result : graph.front().getTerminator()->getOperands())
    if (set && aliases->setOf(result) == set)
      return false;
  return true;
}

void ConstantPool::run(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (isa<ts::IfOp, ts::LoopOp>(op)) {
      for (Region &region : op.getRegions())
        run(region.front());
      continue;
    }
    auto constant = dyn_cast<ts::ConstantOp>(op);
    if (!constant)
      continue;
    auto [it, isNew] =
        known.try_emplace({constant.getValueAttr(), constant.getResult().getType()}, constant);
    if (!isNew) {
      if (!canMerge(constant) || !canMerge(it->second))
        continue;
      constant.getResult().replaceAllUsesWith(it->second.getResult());
      constant.erase();
      continue;
    }
    Operation *first = &graph.front().front();
    if (first != constant)
      constant->moveBefore(first);
  }
}

void poolConstants(Region &graph) { ConstantPool(graph).run(graph.front()); }

} // namespace tsc::importer
