// SPDX-License-Identifier: Apache-2.0
// The cost of a block per step of the reduction is the largest of: its multiply-adds, its loads,
// and the latency of an addition that each accumulator waits for. Among blocks that are equal so
// far, the one that moves fewest bytes is best: vectors of B come from the L2 cache, elements of A
// from L1.
#include "BlockPlan.h"

#include <algorithm>

namespace tsc::lowering {

namespace {
struct Microkernel {
  int64_t registerBytes, registers, vectors, rows;
};
} // namespace

static constexpr Microkernel kMicrokernels[] = {
#define MICROKERNEL(BYTES, REGISTERS, VECTORS, ROWS) {BYTES, REGISTERS, VECTORS, ROWS},
#include "Microkernels.def"
};

static constexpr int64_t kVectorBytes = 64;
static constexpr double kLatency = 4;      ///< cycles of a multiply-add
static constexpr double kStoreCycles = 4;  ///< of a finished vector, with its epilogue
static constexpr double kBlockCycles = 20; ///< addresses and the ends of loops, a block

/// Cycles of a block of rows x vectors for one step; stores are spread over the reduction.
static double blockCycles(const BlockTarget &target, int64_t rows, int64_t vectors,
                          int64_t reduction) {
  double pieces = static_cast<double>(kVectorBytes / target.registerBytes);
  double perCycle = target.registerBytes == kVectorBytes ? 1 : 2;
  double multiplyAdds = static_cast<double>(rows * vectors) * pieces / perCycle;
  double loads = static_cast<double>(rows) + static_cast<double>(vectors) * pieces;
  if (target.registerBytes != kVectorBytes)
    loads /= 2; // a cycle
  double traffic = 0.01 * static_cast<double>(rows + 5 * vectors);
  double stores = kStoreCycles * static_cast<double>(rows * vectors) + kBlockCycles;
  return std::max({multiplyAdds, loads, kLatency}) + traffic +
         stores / static_cast<double>(std::max<int64_t>(reduction, 1));
}

static BlockPlan planWith(const BlockTarget &target, const Microkernel &kernel, int64_t rows,
                          int64_t columns, int64_t reduction) {
  BlockPlan plan;
  plan.rows = rows;
  plan.columns = columns;
  int64_t blocks = (rows + kernel.rows - 1) / kernel.rows;
  plan.blockRows = (rows + blocks - 1) / blocks;
  plan.largeBlocks = rows - (plan.blockRows - 1) * blocks;
  plan.smallBlocks = blocks - plan.largeBlocks;
  plan.vectors = std::min(kernel.vectors, columns);
  plan.fullPanels = columns / plan.vectors;
  plan.tailVectors = columns % plan.vectors;
  auto panelCycles = [&](int64_t vectors) {
    double cycles = static_cast<double>(plan.largeBlocks) *
                    blockCycles(target, plan.blockRows, vectors, reduction);
    if (plan.smallBlocks != 0)
      cycles += static_cast<double>(plan.smallBlocks) *
                blockCycles(target, plan.blockRows - 1, vectors, reduction);
    return cycles;
  };
  plan.cycles = static_cast<double>(plan.fullPanels) * panelCycles(plan.vectors);
  if (plan.tailVectors != 0)
    plan.cycles += panelCycles(plan.tailVectors);
  return plan;
}

std::optional<BlockPlan> chooseBlocks(const BlockTarget &target, int64_t rows, int64_t columns,
                                      int64_t reduction) {
  std::optional<BlockPlan> best;
  for (const Microkernel &kernel : kMicrokernels) {
    if (kernel.registerBytes != target.registerBytes || kernel.registers != target.registers ||
        kernel.vectors > target.maxVectors)
      continue;
    BlockPlan plan = planWith(target, kernel, rows, columns, reduction);
    if (!best || plan.cycles < best->cycles * 0.999)
      best = plan;
  }
  return best;
}

} // namespace tsc::lowering
