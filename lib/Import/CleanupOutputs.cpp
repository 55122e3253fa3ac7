// SPDX-License-Identifier: Apache-2.0
#include "Cleanup.h"

#include <numeric>

using namespace mlir;
using llvm::isa;

namespace tsc::importer {

namespace {
using Place =
    std::pair<unsigned, unsigned>; ///< number of an operation in program order, and of an operand

class OutputOrder {
public:
  explicit OutputOrder(Region &graph) {
    graph.walk<WalkOrder::PreOrder>([&](Operation *op) { numbers[op] = numbers.size(); });
  }
  void run(Block &block);

private:
  Place firstUse(Value value) {
    Place first(UINT_MAX, 0);
    for (OpOperand &use : value.getUses())
      first = std::min(first, Place(numbers.lookup(use.getOwner()), use.getOperandNumber()));
    return first;
  }
  llvm::DenseMap<Operation *, unsigned> numbers;
};
} // namespace

void OutputOrder::run(Block &block) {
  // Backwards, since the order of one operation's results decides where those before it are used
  // first.
  for (Operation &at : llvm::make_early_inc_range(llvm::reverse(block))) {
    Operation *op = &at;
    if (!isa<ts::IfOp, ts::LoopOp>(op))
      continue;
    SmallVector<unsigned> order(op->getNumResults());
    std::iota(order.begin(), order.end(), 0u);
    SmallVector<Place> uses =
        llvm::map_to_vector(op->getResults(), [&](OpResult result) { return firstUse(result); });
    llvm::sort(order,
               [&](unsigned a, unsigned b) { return std::tie(uses[a], a) < std::tie(uses[b], b); });
    if (!llvm::is_sorted(order)) {
      unsigned number = numbers.lookup(op);
      numbers.erase(op);
      op = keepResults(op, order);
      numbers[op] = number;
    }
    for (Region &region : op->getRegions())
      run(region.front());
  }
}

void canonicalizeOutputs(Region &graph) { OutputOrder(graph).run(graph.front()); }

} // namespace tsc::importer
