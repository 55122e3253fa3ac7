// SPDX-License-Identifier: Apache-2.0
// The register blocks that products of typical sizes get.
#include "../../../lib/Conversion/KernelToVector/BlockPlan.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace tsc::lowering;

namespace {
constexpr BlockTarget kAvx512{64, 32}, kAvx2{32, 16}, kNeon{16, 32};
} // namespace

static BlockPlan plan(const BlockTarget &target, int64_t rows, int64_t columns,
                      int64_t reduction = 256) {
  std::optional<BlockPlan> chosen = chooseBlocks(target, rows, columns, reduction);
  REQUIRE(chosen);
  return *chosen;
}

TEST_CASE("blocks cover every row and column once") {
  for (const BlockTarget &target : {kAvx512, kAvx2, kNeon})
    for (int64_t rows : {1, 2, 3, 5, 7, 13, 14, 15, 49, 56, 128, 197, 1000})
      for (int64_t columns : {1, 2, 3, 4, 5, 7, 16, 63}) {
        BlockPlan p = plan(target, rows, columns);
        CHECK(p.largeBlocks * p.blockRows + p.smallBlocks * (p.blockRows - 1) == rows);
        CHECK(p.fullPanels * p.vectors + p.tailVectors == columns);
        CHECK(p.largeBlocks >= 1);
        CHECK(p.tailVectors < p.vectors);
      }
}

TEST_CASE("accumulators fit the registers") {
  for (const BlockTarget &target : {kAvx512, kAvx2, kNeon})
    for (int64_t rows : {1, 4, 14, 100})
      for (int64_t columns : {1, 2, 8, 64}) {
        BlockPlan p = plan(target, rows, columns);
        int64_t perVector = 64 / target.registerBytes;
        CHECK(p.blockRows * p.vectors * perVector < target.registers);
      }
}

TEST_CASE("rows divide without a remainder block") {
  BlockPlan vit = plan(kAvx512, 197, 192);
  CHECK(vit.blockRows == 14);
  CHECK(vit.largeBlocks == 2);
  CHECK(vit.smallBlocks == 13);
  BlockPlan bert = plan(kAvx512, 128, 192);
  CHECK(bert.blocks() == 10);
  BlockPlan image = plan(kAvx512, 56, 4);
  CHECK(image.blockRows == 14);
  CHECK(image.smallBlocks == 0);
}

TEST_CASE("blocks are large enough to hide the latency of a multiply-add") {
  for (int64_t rows : {7, 14, 28, 49, 112, 196}) {
    BlockPlan p = plan(kAvx512, rows, 32);
    CHECK(p.blockRows * p.vectors >= 14);
  }
  BlockPlan single = plan(kAvx512, 1, 64);
  CHECK(single.vectors >= 4);
  BlockPlan narrow = plan(kAvx512, 784, 1);
  CHECK(narrow.blockRows >= 14);
}

TEST_CASE("an unknown machine has no blocks") { CHECK_FALSE(chooseBlocks({128, 8}, 10, 10, 10)); }
