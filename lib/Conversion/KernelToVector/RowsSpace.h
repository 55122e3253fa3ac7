// SPDX-License-Identifier: Apache-2.0
// How a rows program walks its iteration space: dimensions in the order in which they lie in
// memory, neighbours joined, one of them in vectors. Lanes run along a row ("inner" form: the lanes
// of the accumulators are combined at the end) or across rows ("outer" form: each lane is a row).
#pragma once

#include "RowsProgram.h"

namespace tsc::lowering {

struct RowsLoop {
  int64_t size = 1;
  bool reduced = false;
  llvm::SmallVector<int64_t, 8> steps; ///< elements from one index to the next, by access
};

struct RowsSpace {
  RowsSpace(const RowsProgram &program, const VectorTarget &target);

  llvm::SmallVector<RowsLoop, 4> kept;  ///< rows, but for what lanes run along
  llvm::SmallVector<RowsLoop, 4> inner; ///< along a row, but for lanes
  RowsLoop lane;
  RowsLoop chunk; ///< parts of long rows when there are too few rows for threads; size 1: none
  int64_t lanes = 16;
  int64_t slots = 1; ///< of the outer form: vectors of rows side by side
  /// Pieces of rows (or of `lanes * slots` rows side by side) without chunks.
  int64_t pieces = 1;

  bool isInner() const { return lane.reduced; }
  bool isSplit() const { return chunk.size > 1; }
  /// Rows that a piece of the outer form has.
  int64_t width() const { return lanes * slots; }
  int64_t blocks() const { return isInner() ? 1 : llvm::divideCeil(lane.size, width()); }
  int64_t innerCount() const;
  /// Elements of a row within a chunk, as scratch memory holds it for one node.
  int64_t scratchElements() const;
  void setSlots(int64_t count);

private:
  void gather(const RowsProgram &program);
  void join(const RowsProgram &program);
  void chooseLane();
  void split();
  llvm::SmallVector<RowsLoop, 6> loops; ///< outermost first
};

} // namespace tsc::lowering
