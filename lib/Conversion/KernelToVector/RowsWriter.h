// SPDX-License-Identifier: Apache-2.0
// Writes the code of a rows group. A piece of work is a row, or some rows side by side in lanes; it
// makes all passes of the program over its row, which stays in the L1 cache. What a pass computes
// and a later one needs is kept in scratch memory when that costs less than computing it again.
// When there are few long rows, they are split into chunks: each pass is then a task of its own
// over all chunks, and begins with combining what the chunks of the pass before have found, in
// their order.
#pragma once

#include "RowsSpace.h"

namespace tsc::lowering {

/// From this size on inputs come from memory, and results do not go through the caches.
inline constexpr int64_t kStreamBytes = 8 << 20;

/// Where a vector of elements is.
struct RowsPoint {
  llvm::SmallVector<Value, 4> inner; ///< coordinates of the inner loops
  Value lane;                        ///< of the first lane, from where the piece begins
  int64_t slot = 0;                  ///< row values of the outer form
  int64_t count = 0;                 ///< lanes that exist
};

using Values = llvm::DenseMap<int64_t, Value>;

class RowsWriter {
public:
  RowsWriter(RegionWriter &region, kernel::GroupOp group)
      : region(region), program(region, group), space(program, region.target) {}
  void write();

private:
  // ---- Plan
  struct Pass {
    llvm::SmallVector<int64_t> reductions, outputs; ///< nodes; numbers of outputs
    llvm::DenseSet<int64_t> evaluated;
  };
  void planPasses();
  void planKept();
  void visit(int64_t node, int64_t pass);
  bool isRecomputed(const RowsNode &node) const;
  int64_t scratchBytes() const;
  bool mayStream(const RowsAccess &access) const;
  int64_t grain() const;
  double bytes() const;

  // ---- Code of a task
  void writeTask(KernelBuilder &k, Value begin, Value end, int64_t first, int64_t last);
  void writePiece(KernelBuilder &k, Value row, Value chunk, int64_t valid, int64_t first,
                  int64_t last);
  void writeRowOutputs(KernelBuilder &k, int64_t valid);
  void prepareRow(KernelBuilder &k, int64_t stage, int64_t valid);
  Value rowValue(KernelBuilder &k, int64_t node, int64_t slot, int64_t valid);
  Value value(KernelBuilder &k, int64_t node, const RowsPoint &point, Values &known);
  Value load(KernelBuilder &k, const RowsNode &node, const RowsPoint &point);
  Value index(KernelBuilder &k, const RowsNode &node, const RowsPoint &point);
  Value offsetOf(KernelBuilder &k, int64_t access, const RowsPoint &point);
  Value scratchOffset(KernelBuilder &k, const RowsPoint &point);
  int64_t slotCount(int64_t valid) const {
    return space.isInner() ? 1 : llvm::divideCeil(valid, space.lanes);
  }

  // ---- Passes
  void runPass(KernelBuilder &k, int64_t pass, int64_t valid);
  llvm::SmallVector<Value> identities(KernelBuilder &k);
  llvm::SmallVector<Value> merge(KernelBuilder &k, llvm::ArrayRef<Value> a,
                                 llvm::ArrayRef<Value> b);
  llvm::SmallVector<Value> blockedLoop(KernelBuilder &k, int64_t to, int64_t step,
                                       mlir::ValueRange carried, KernelBuilder::CarryingBody body);
  llvm::SmallVector<Value> overInner(KernelBuilder &k, size_t depth, RowsPoint &point,
                                     llvm::SmallVector<Value> carried, int64_t valid);
  llvm::SmallVector<Value> overLanes(KernelBuilder &k, RowsPoint &point,
                                     llvm::SmallVector<Value> carried);
  void writePoint(KernelBuilder &k, const RowsPoint &point, int64_t unit,
                  llvm::SmallVector<Value> &carried);
  void fetchNextRow(KernelBuilder &k, const RowsPoint &point);
  void finishPass(KernelBuilder &k, llvm::ArrayRef<Value> carried);
  // ---- Chunks
  void storePartials(KernelBuilder &k, int64_t slot, int64_t node, const Accumulator &found);
  Accumulator loadPartials(KernelBuilder &k, int64_t slot, int64_t node);
  Value partialOffset(KernelBuilder &k, Value ofChunk, int64_t slot);

  RegionWriter &region;
  RowsProgram program;
  RowsSpace space;
  std::vector<Pass> passes;
  llvm::MapVector<int64_t, int64_t> keptFrom; ///< nodes in scratch memory, and since which pass
  llvm::DenseMap<std::pair<int64_t, int64_t>, Buffer> partials; ///< by reduction and component

  // ---- The piece that is written
  const Pass *current = nullptr;
  int64_t currentPass = 0;
  int64_t units = 1; ///< vectors of accumulators that the pass carries for each reduction
  Value row, chunk;
  llvm::SmallVector<Value> bases; ///< offsets of the piece's first element, by access
  llvm::SmallVector<Values> rowValues;
  llvm::DenseMap<int64_t, Value> scratch;
};
} // namespace tsc::lowering
