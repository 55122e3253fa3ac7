// SPDX-License-Identifier: Apache-2.0
// One step of the reduction loads the vectors of B, then broadcasts one element of A for each row
// and multiplies it into the row's accumulators: no shuffles, and no value lives longer than a
// step, so that accumulators may fill the registers. Rows are constant displacements from one
// pointer.
//
// A long reduction is summed in chunks, each from zero: the rounding error of a sum grows with its
// length, and the chunks' accumulators wait in memory at next to no cost.
#include "Microkernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Multiply-adds in the body of a loop: enough to hide its counter, few enough for small code.
static constexpr int64_t kBodySize = 64;
/// A short innermost dimension is written out when it takes no more than this.
static constexpr int64_t kStraightSize = 112;
/// Steps of a chunk.
static constexpr int64_t kLeastChunk = 256, kMostChunk = 512;

Value multiplyAdd(KernelBuilder &k, Value a, Value b, Value c) {
  return LLVM::FMulAddOp::create(k.builder, k.loc, a, b, c);
}

namespace {
class MicrokernelWriter {
public:
  MicrokernelWriter(KernelBuilder &k, const MicrokernelBlock &block) : k(k), block(block) {}

  /// Reduces over dims; `aOffset` and `stepIndex` are where they begin.
  SmallVector<Value> reduce(ArrayRef<std::pair<int64_t, int64_t>> dims, Value aOffset,
                            Value stepIndex, ValueRange accumulators) {
    if (dims.empty())
      return writeStep(aOffset, stepIndex, accumulators);
    auto [size, stride] = dims.front();
    if (dims.size() == 1)
      return reduceInnermost(size, stride, aOffset, stepIndex, accumulators);
    int64_t inner = 1;
    for (const auto &next : dims.drop_front())
      inner *= next.first;
    if (inner >= kLeastChunk && inner <= 2 * kMostChunk)
      return reduceChunks(dims, inner, aOffset, stepIndex, accumulators);
    return k.loop(k.constant(0), k.constant(size), 1, accumulators,
                  [&](Value i, ValueRange carried) {
                    return reduce(dims.drop_front(), k.add(aOffset, k.mul(i, stride)),
                                  k.add(stepIndex, k.mul(i, inner)), carried);
                  });
  }

private:
  int64_t unrollFactor(int64_t size) const {
    int64_t blockSize = block.rows * block.vectors;
    if (size * blockSize <= kStraightSize)
      return size;
    int64_t most = std::clamp<int64_t>(kBodySize / blockSize, 1, 8);
    for (int64_t factor = most; factor > 1; --factor)
      if (size % factor == 0)
        return factor;
    return most;
  }

  SmallVector<Value> reduceChunks(ArrayRef<std::pair<int64_t, int64_t>> dims, int64_t chunk,
                                  Value aOffset, Value stepIndex, ValueRange accumulators) {
    auto [size, stride] = dims.front();
    SmallVector<Value> zeros(accumulators.size(), k.number(block.type, 0));
    return k.loop(
        k.constant(0), k.constant(size), 1, accumulators, [&](Value i, ValueRange carried) {
          SmallVector<Value> sums = reduce(dims.drop_front(), k.add(aOffset, k.mul(i, stride)),
                                           k.add(stepIndex, k.mul(i, chunk)), zeros);
          for (auto [sum, before] : llvm::zip(sums, carried))
            sum = arith::AddFOp::create(k.builder, k.loc, sum, before);
          return sums;
        });
  }

  SmallVector<Value> reduceInnermost(int64_t size, int64_t stride, Value aOffset, Value stepIndex,
                                     ValueRange accumulators) {
    int64_t unroll = unrollFactor(size);
    int64_t whole = unroll == 0 ? 0 : size / unroll * unroll;
    SmallVector<Value> sums(accumulators);
    auto writeSteps = [&](Value first, int64_t count, ValueRange carried) {
      SmallVector<Value> next(carried);
      for (int64_t u = 0; u < count; ++u) {
        Value i = k.add(first, u);
        next = writeStep(k.add(aOffset, k.mul(i, stride)), k.add(stepIndex, i), next);
      }
      return next;
    };
    if (whole != 0)
      sums = k.loop(k.constant(0), k.constant(whole), unroll, sums,
                    [&](Value i, ValueRange carried) { return writeSteps(i, unroll, carried); });
    return writeSteps(k.constant(whole), size - whole, sums);
  }

  SmallVector<Value> writeStep(Value aOffset, Value stepIndex, ValueRange accumulators) {
    SmallVector<Value> next, columns;
    Value bOffset = k.mul(stepIndex, block.step);
    for (int64_t j = 0; j < block.vectors; ++j) {
      Value offset = k.add(bOffset, j * block.vectorStride);
      columns.push_back(k.loadMasked(block.type, block.b, offset,
                                     j + 1 == block.vectors ? block.lastCount : Value()));
    }
    for (int64_t r = 0; r < block.rows; ++r) {
      Value scalar =
          k.load(block.type.getElementType(), block.a, k.add(aOffset, r * block.rowStride));
      Value row = k.splat(scalar, block.type.getNumElements());
      for (int64_t j = 0; j < block.vectors; ++j)
        next.push_back(multiplyAdd(k, row, columns[j], accumulators[r * block.vectors + j]));
    }
    return next;
  }

  KernelBuilder &k;
  const MicrokernelBlock &block;
};
} // namespace

/// Makes two dimensions of a long innermost one, where a chunk divides it.
static void splitChunks(SmallVector<std::pair<int64_t, int64_t>> &dims) {
  if (dims.empty() || dims.back().first < 2 * kMostChunk)
    return;
  auto [size, stride] = dims.back();
  for (int64_t chunk = kMostChunk; chunk >= kLeastChunk; --chunk)
    if (size % chunk == 0) {
      dims.back() = {size / chunk, chunk * stride};
      dims.push_back({chunk, stride});
      return;
    }
}

SmallVector<Value> writeMicrokernel(KernelBuilder &k, const MicrokernelBlock &block,
                                    ArrayRef<Value> accumulators) {
  for (const auto &[size, stride] : block.reduction)
    if (size == 0)
      return SmallVector<Value>(accumulators);
  SmallVector<std::pair<int64_t, int64_t>> dims(block.reduction);
  splitChunks(dims);
  return MicrokernelWriter(k, block).reduce(dims, k.constant(0), k.constant(0), accumulators);
}

SmallVector<std::pair<int64_t, int64_t>>
mergeSteps(ArrayRef<std::pair<int64_t, int64_t>> sizesAndStrides) {
  SmallVector<std::pair<int64_t, int64_t>> merged;
  for (const auto &[size, stride] : sizesAndStrides) {
    if (size == 1)
      continue;
    if (!merged.empty() && merged.back().second == size * stride)
      merged.back() = {merged.back().first * size, stride};
    else
      merged.push_back({size, stride});
  }
  return merged;
}

} // namespace tsc::lowering
