// SPDX-License-Identifier: Apache-2.0
// Which register block computes a product of given sizes, and how its rows and columns are divided
// into blocks: pure arithmetic on the table Microkernels.def.
#pragma once

#include <cstdint>
#include <optional>

namespace tsc::lowering {

/// What the choice depends on of a machine.
struct BlockTarget {
  int64_t registerBytes = 32;
  int64_t registers = 16;
  int64_t maxVectors = 8; ///< of a block
};

/// `rows` are divided evenly into blocks of `blockRows` and, behind them, of one row less, so that
/// no block is a remainder. Columns are counted in vectors of 64 bytes and divided into panels of
/// `vectors`; what is left is a panel of `tailVectors`.
struct BlockPlan {
  int64_t rows = 0, columns = 0; ///< of the whole; columns in vectors
  int64_t blockRows = 0;         ///< of the larger blocks
  int64_t largeBlocks = 0, smallBlocks = 0;
  int64_t vectors = 0;
  int64_t fullPanels = 0, tailVectors = 0;
  double cycles = 0; ///< estimated, for one step of the reduction over all blocks

  int64_t blocks() const { return largeBlocks + smallBlocks; }
  int64_t panels() const { return fullPanels + (tailVectors != 0 ? 1 : 0); }
};

/// The plan of the fewest cycles; nothing when the table has no row for the target. A block of each
/// panel reduces over `reduction` steps and then stores. `rows` and `columns` are at least 1.
std::optional<BlockPlan> chooseBlocks(const BlockTarget &target, int64_t rows, int64_t columns,
                                      int64_t reduction);

} // namespace tsc::lowering
