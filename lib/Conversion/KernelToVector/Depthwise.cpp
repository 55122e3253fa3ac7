// SPDX-License-Identifier: Apache-2.0
// Depthwise convolutions: each channel has a window of its own, so that vectors hold channels and
// nothing is broadcast. A block is a vector of channels of several pixels of one output row; each
// input pixel is loaded once for all windows of the block that it lies in. The work is bound by
// loads, which is why the innermost window dimension is written out.
#include "Contraction.h"
#include "Microkernel.h"

#include <map>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

namespace {
/// A row of pixels.
struct RowPlace {
  SmallVector<Value> coordinates; ///< of the result at its first pixel and channel
  Value aOffset, bOffset;
};

class DepthwiseEmitter {
public:
  DepthwiseEmitter(RegionWriter &region, const ResultWriter &writer, Contraction given)
      : region(region), writer(writer), problem(std::move(given)),
        packed(packColumns(region, problem)), lanes(problem.lanes()) {}

  void emit();

private:
  void choosePixels();
  void writePiece(KernelBuilder &k, Value piece);
  void writeRow(KernelBuilder &k, const RowPlace &row, Value vector, Value count);
  void writeBlock(KernelBuilder &k, const RowPlace &row, Value vector, Value count, Value first,
                  int64_t pixels);
  SmallVector<Value> reduce(KernelBuilder &k, ArrayRef<ReductionDim> dims, Value aOffset, Value tap,
                            ValueRange sums);
  SmallVector<Value> reduceInnermost(KernelBuilder &k, Value aOffset, Value tap, ValueRange sums);

  RegionWriter &region;
  const ResultWriter &writer;
  Contraction problem;
  PackedColumns packed;
  int64_t lanes;
  int64_t pixels = 1, largeBlocks = 0, smallBlocks = 0; ///< of a row; small: a pixel less
  int64_t vectorGroups = 1, vectorsPerGroup = 1;
  // Of the block that is being written
  Value a, b, channels;
};
} // namespace

void DepthwiseEmitter::choosePixels() {
  int64_t held = region.target.registers * region.target.vectorBytes / kVectorBytes;
  int64_t most = std::clamp<int64_t>(held - problem.reduction.back().size - 2, 1, 14);
  int64_t width = problem.rows.back().size;
  int64_t blocks = (width + most - 1) / most;
  pixels = (width + blocks - 1) / blocks;
  largeBlocks = width - (pixels - 1) * blocks;
  smallBlocks = blocks - largeBlocks;
}

void DepthwiseEmitter::emit() {
  int64_t rowCount = problem.rowCount();
  if (rowCount == 0 || problem.columns == 0)
    return;
  choosePixels();
  // A piece is an output row; of images with few rows, some of its channels.
  constexpr int64_t kPieces = 16;
  int64_t imageRows = problem.batchCount() * (rowCount / problem.rows.back().size),
          vectors = problem.columnVectors();
  vectorGroups = std::clamp<int64_t>((kPieces + imageRows - 1) / imageRows, 1, vectors);
  vectorsPerGroup = (vectors + vectorGroups - 1) / vectorGroups;
  vectorGroups = (vectors + vectorsPerGroup - 1) / vectorsPerGroup;
  double steps = static_cast<double>(problem.batchCount() * rowCount * problem.reductionSize());
  int64_t pieces = imageRows * vectorGroups;
  double pieceCycles = 2 * steps * static_cast<double>(vectors) / static_cast<double>(pieces);
  region.launch(
      pieces, static_cast<int64_t>(70'000 / std::max(pieceCycles, 1.0)) + 1,
      [&](KernelBuilder &k, Value begin, Value end) {
        k.loop(begin, end, 1, [&](Value piece) { writePiece(k, piece); });
      },
      2 * steps * static_cast<double>(problem.columns));
}

void DepthwiseEmitter::writePiece(KernelBuilder &k, Value piece) {
  SmallVector<int64_t> sizes;
  for (const BatchDim &dim : problem.batch)
    sizes.push_back(dim.size);
  for (const RowDim &dim : ArrayRef(problem.rows).drop_back())
    sizes.push_back(dim.size);
  sizes.push_back(vectorGroups);
  SmallVector<Value> indices = k.delinearize(piece, sizes);
  Value group = indices.pop_back_val();
  RowPlace row{{}, k.constant(problem.aOffset), k.constant(0)};
  for (int64_t start : problem.origin)
    row.coordinates.push_back(k.constant(start));
  for (auto [dim, bStride, index] : llvm::zip(problem.batch, packed.batchStrides, indices)) {
    row.aOffset = k.add(row.aOffset, k.mul(index, dim.aStride));
    row.bOffset = k.add(row.bOffset, k.mul(index, bStride));
    addStep(k, row.coordinates, dim.step, index);
  }
  for (auto [dim, index] :
       llvm::zip(problem.rows, ArrayRef(indices).drop_front(problem.batch.size()))) {
    row.aOffset = k.add(row.aOffset, k.mul(index, dim.aStride));
    addStep(k, row.coordinates, dim.parts.front(), index);
  }
  int64_t whole = problem.columns / lanes, rest = problem.columns % lanes;
  Value from = k.mul(group, vectorsPerGroup);
  Value to = k.min(k.add(from, vectorsPerGroup), k.constant(problem.columnVectors()));
  k.loop(from, k.min(to, k.constant(whole)), 1,
         [&](Value vector) { writeRow(k, row, vector, {}); });
  if (rest == 0)
    return;
  k.ifThen(k.less(k.constant(whole), to),
           [&] { writeRow(k, row, k.constant(whole), k.constant(rest)); });
}

void DepthwiseEmitter::writeRow(KernelBuilder &k, const RowPlace &row, Value vector, Value count) {
  k.loop(0, largeBlocks, 1,
         [&](Value block) { writeBlock(k, row, vector, count, k.mul(block, pixels), pixels); });
  k.loop(0, smallBlocks, 1, [&](Value block) {
    Value first = k.add(k.mul(block, pixels - 1), largeBlocks * pixels);
    writeBlock(k, row, vector, count, first, pixels - 1);
  });
}

void DepthwiseEmitter::writeBlock(KernelBuilder &k, const RowPlace &row, Value vector, Value count,
                                  Value first, int64_t blockPixels) {
  Type element = k.elementType(problem.dtype);
  Value channel = k.mul(vector, lanes);
  Value offset = k.add(k.add(row.aOffset, channel), k.mul(first, problem.rows.back().aStride));
  a = k.at(k.pointer(problem.a), element, offset);
  b = k.at(k.pointer(packed.buffer), element,
           k.add(row.bOffset, k.mul(vector, packed.vectorStride)));
  channels = count;
  auto coordinatesOf = [&](Value pixel) {
    SmallVector<Value> coordinates(row.coordinates);
    addStep(k, coordinates, problem.rows.back().parts.front(), pixel);
    addStep(k, coordinates, {problem.columnDim}, channel);
    return coordinates;
  };
  Value start = problem.addend ? loadAddend(k, problem, coordinatesOf(first), count)
                               : k.number(k.vector(element, lanes), 0);
  SmallVector<Value> sums(blockPixels, start);
  sums = reduce(k, problem.reduction, k.constant(0), k.constant(0), sums);
  for (auto [pixel, sum] : llvm::enumerate(sums))
    writer.write(k, sum, coordinatesOf(k.add(first, static_cast<int64_t>(pixel))),
                 problem.columnDim, count);
}

SmallVector<Value> DepthwiseEmitter::reduce(KernelBuilder &k, ArrayRef<ReductionDim> dims,
                                            Value aOffset, Value tap, ValueRange sums) {
  if (dims.size() == 1)
    return reduceInnermost(k, aOffset, tap, sums);
  int64_t inner = 1;
  for (const ReductionDim &dim : dims.drop_front())
    inner *= dim.size;
  auto step = [&](Value i, ValueRange carried) {
    return reduce(k, dims.drop_front(), k.add(aOffset, k.mul(i, dims.front().aStride)),
                  k.add(tap, k.mul(i, inner)), carried);
  };
  constexpr int64_t kWrittenOut = 3;
  if (dims.front().size > kWrittenOut || dims.size() > 2)
    return k.loop(k.constant(0), k.constant(dims.front().size), 1, sums, step);
  SmallVector<Value> next(sums);
  for (int64_t i = 0; i < dims.front().size; ++i)
    next = step(k.constant(i), next);
  return next;
}

/// One row of the window over the block: input pixels in turn, each into the windows it lies in.
SmallVector<Value> DepthwiseEmitter::reduceInnermost(KernelBuilder &k, Value aOffset, Value tap,
                                                     ValueRange sums) {
  VectorType type = k.vector(k.elementType(problem.dtype), lanes);
  const ReductionDim &dim = problem.reduction.back();
  int64_t pixelStride = problem.rows.back().aStride;
  SmallVector<Value> next(sums), weights;
  for (int64_t i = 0; i < dim.size; ++i)
    weights.push_back(k.load(type, b, k.mul(k.add(tap, i), packed.step)));
  std::map<int64_t, SmallVector<std::pair<size_t, int64_t>>> uses; // by offset of the input pixel
  for (size_t pixel = 0; pixel < next.size(); ++pixel)
    for (int64_t i = 0; i < dim.size; ++i)
      uses[static_cast<int64_t>(pixel) * pixelStride + i * dim.aStride].push_back({pixel, i});
  for (const auto &[offset, pairs] : uses) {
    Value input = k.loadMasked(type, a, k.add(aOffset, offset), channels);
    for (auto [pixel, i] : pairs)
      next[pixel] = multiplyAdd(k, input, weights[i], next[pixel]);
  }
  return next;
}

void emitDepthwise(RegionWriter &region, const ResultWriter &writer, Contraction problem) {
  DepthwiseEmitter(region, writer, std::move(problem)).emit();
}

} // namespace tsc::lowering
