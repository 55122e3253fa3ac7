// SPDX-License-Identifier: Apache-2.0
// 3x3 convolutions of stride 1 by Winograd's minimal filtering: tiles of m x m outputs take
// (m + 2)^2 multiplications a channel instead of 9 m^2. One task transforms input tiles, vectors
// over channels, to [point][tile][channel]; a second one multiplies a panel of output channels at
// every point for a group of tiles, into memory of its own that stays in the cache, and transforms
// that back.
//
// Transformed filters are (m + 2)^2 / 9 times as large as the filters, and reading them from memory
// takes longer than to make them. So the second task transforms them itself from 9 taps that lie in
// the order it goes by: for a block of input channels one row of points at a time, which stays in
// the L1 cache until it is multiplied. With several groups of tiles that would be done for each;
// then a task of its own transforms the filters.
//
// Tiles at the lower and right border may reach beyond the image and its zeros: they read the last
// row or column again, which changes no output that is stored but by rounding.
#include "BlockPlan.h"
#include "Contraction.h"
#include "Microkernel.h"
#include "Winograd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cstring>
#include <functional>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Bytes of products that a task keeps before it transforms them back, and of transformed filters.
static constexpr int64_t kProductBytes = 160 << 10, kFilterBytes = 24 << 10;
/// The latter where few tiles make the products cheap to load and store.
static constexpr int64_t kFilterBytesOfFew = 16 << 10;
/// More vectors a block would leave room for few channels.
static constexpr int64_t kMostVectors = 3;
static constexpr int64_t kTaps = 9;

namespace {
class WinogradEmitter {
public:
  WinogradEmitter(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root, Contraction given,
                  int64_t m)
      : region(region), problem(std::move(given)), m(m), n(m + 2), points(n * n),
        lanes(problem.lanes()), matrices(winogradMatrices(m, 3)),
        writer(region, group, root, problem.columnDim) {}

  void emit();

private:
  void chooseBlocksOfTiles();
  Buffer packFilters();
  void transformInputs();
  void writeInputTile(KernelBuilder &k, Value tile, Value vector, Value count);
  void multiply();
  void writePiece(KernelBuilder &k, Value piece);
  void writePanel(KernelBuilder &k, Value tileGroup, Value panel, int64_t vectors, Value count);
  /// Adds the products of the input channels [firstChannel, + channels) to the tiles of blocks
  /// [fromBlock, toBlock).
  struct Part {
    Value firstTile, fromBlock, toBlock, panel, firstChannel;
    int64_t channels, vectors;
  };
  void writePart(KernelBuilder &k, const Part &part);
  void transformFilters();
  void transformFilters(KernelBuilder &k, const Part &part, Value from, int64_t row);
  void transformRow(KernelBuilder &k, Value taps, int64_t row, Value to);
  void fetchFilters(KernelBuilder &k, const Part &part, Value from, Value point);
  void writeProducts(KernelBuilder &k, Value point, Value filters, const Part &part);
  void writeOutputTile(KernelBuilder &k, Value tile, Value localTile, Value column, int64_t j,
                       int64_t vectors, Value count);
  SmallVector<Value> combine(KernelBuilder &k, const Matrix &matrix, ArrayRef<Value> values);
  Value firstTileOf(KernelBuilder &k, Value block);

  int64_t height() const { return problem.rows[1].size; }
  int64_t width() const { return problem.rows[2].size; }
  int64_t inputs() const { return problem.reduction.back().size; }
  int64_t lastLanes() const { return problem.columns - (problem.columnVectors() - 1) * lanes; }

  RegionWriter &region;
  Contraction problem;
  int64_t m, n, points, lanes;
  WinogradMatrices matrices;
  ResultWriter writer;
  int64_t tileRows = 0, tileColumns = 0, tiles = 0;
  Buffer transformed, filters;
  BlockPlan plan;
  int64_t blocksPerGroup = 1, groups = 1, tilesPerGroup = 1;
  bool sharesFilters = false;              ///< a task of its own transforms them
  Buffer sharedFilters;                    ///< if so: [vector][point][channel][lanes]
  int64_t channelsPerBlock = 1;            ///< that are transformed and multiplied together
  int64_t pointPitch = 0, vectorPitch = 0; ///< of transformed filters
  Value products, ownFilters;              ///< memory of the task that is being written
};
} // namespace

void WinogradEmitter::emit() {
  tileRows = (height() + m - 1) / m;
  tileColumns = (width() + m - 1) / m;
  tiles = problem.rows[0].size * tileRows * tileColumns;
  chooseBlocksOfTiles();
  filters = packFilters();
  if (sharesFilters)
    transformFilters();
  transformInputs();
  multiply();
}

void WinogradEmitter::chooseBlocksOfTiles() {
  plan = *chooseBlocks({region.target.vectorBytes, region.target.registers, kMostVectors}, tiles,
                       problem.columnVectors(), inputs());
  int64_t blockBytes = points * plan.blockRows * plan.vectors * kVectorBytes;
  blocksPerGroup = std::clamp<int64_t>(kProductBytes / blockBytes, 1, plan.blocks());
  groups = (plan.blocks() + blocksPerGroup - 1) / blocksPerGroup;
  blocksPerGroup = (plan.blocks() + groups - 1) / groups;
  groups = (plan.blocks() + blocksPerGroup - 1) / blocksPerGroup;
  tilesPerGroup = blocksPerGroup * plan.blockRows;
  sharesFilters = groups > 1;
  channelsPerBlock = inputs();
  if (sharesFilters) {
    pointPitch = inputs() * lanes;
    vectorPitch = points * pointPitch;
    return;
  }
  int64_t bytes = plan.blocks() == 1 ? kFilterBytesOfFew : kFilterBytes;
  int64_t most = std::max<int64_t>(bytes / (n * plan.vectors * kVectorBytes), 1);
  channelsPerBlock = llvm::divideCeil(inputs(), llvm::divideCeil(inputs(), most));
  // The points of a row are stored together: not a multiple of a page apart.
  vectorPitch = channelsPerBlock * lanes;
  pointPitch = plan.vectors * vectorPitch + lanes;
}

/// [vector][input channel][tap][lanes], whatever the sizes of images are.
Buffer WinogradEmitter::packFilters() {
  int64_t channels = inputs(), vectors = problem.columnVectors();
  SmallVector<uint8_t, 0> bytes(vectors * channels * kTaps * kVectorBytes, 0);
  for (int64_t column = 0; column < problem.columns; ++column)
    for (int64_t i = 0; i < channels * kTaps; ++i) {
      int64_t to = (column / lanes * channels * kTaps + i) * lanes + column % lanes;
      std::memcpy(bytes.data() + to * 4,
                  problem.bBytes->data() + (column * channels * kTaps + i) * 4, 4);
    }
  return region.constantBuffer(problem.dtype, {vectors, channels, kTaps, lanes}, bytes);
}

/// The products of a matrix with values, each of them a vector.
SmallVector<Value> WinogradEmitter::combine(KernelBuilder &k, const Matrix &matrix,
                                            ArrayRef<Value> values) {
  SmallVector<Value> sums;
  for (const std::vector<double> &row : matrix) {
    Value sum;
    // Terms of factor 1 first: the sum starts with one of them.
    for (bool isUnit : {true, false})
      for (auto [factor, value] : llvm::zip(row, values)) {
        if (factor == 0 || (factor == 1) != isUnit)
          continue;
        if (!sum)
          sum = isUnit ? value
                       : Value(arith::MulFOp::create(k.builder, k.loc, value,
                                                     k.number(value.getType(), factor)));
        else if (isUnit)
          sum = arith::AddFOp::create(k.builder, k.loc, sum, value);
        else if (factor == -1)
          sum = arith::SubFOp::create(k.builder, k.loc, sum, value);
        else
          sum = multiplyAdd(k, value, k.number(value.getType(), factor), sum);
      }
    sums.push_back(sum);
  }
  return sums;
}

/// Columns of an n x n square, then its rows.
static SmallVector<Value> column(ArrayRef<Value> square, int64_t size, int64_t j) {
  SmallVector<Value> values;
  for (int64_t i = 0; i < static_cast<int64_t>(square.size()) / size; ++i)
    values.push_back(square[i * size + j]);
  return values;
}

// ---- Input tiles

void WinogradEmitter::transformInputs() {
  // Rows that are not a multiple of a page apart, for the task's stores and the product's loads.
  int64_t row = inputs() + (inputs() * 4 % 2048 == 0 ? lanes : 0);
  int64_t rows = tiles + (tiles * row * 4 % 4096 == 0 ? 1 : 0);
  transformed = region.temporary(problem.dtype, {points, rows, row});
  int64_t vectors = (inputs() + lanes - 1) / lanes, rest = inputs() % lanes;
  constexpr int64_t kGrainTiles = 200; // of a vector of channels, at about 300 cycles
  double bytes = 4.0 * static_cast<double>(inputs() * tiles * (m * m + points));
  region.launch(
      tiles, std::max<int64_t>(kGrainTiles / vectors, 1),
      [&](KernelBuilder &k, Value begin, Value end) {
        k.loop(begin, end, 1, [&](Value tile) {
          k.loop(0, inputs() / lanes, 1,
                 [&](Value vector) { writeInputTile(k, tile, vector, {}); });
          if (rest != 0)
            writeInputTile(k, tile, k.constant(vectors - 1), k.constant(rest));
        });
      },
      0, bytes);
}

void WinogradEmitter::writeInputTile(KernelBuilder &k, Value tile, Value vector, Value count) {
  VectorType type = k.vector(k.elementType(problem.dtype), lanes);
  SmallVector<Value> place = k.delinearize(tile, {problem.rows[0].size, tileRows, tileColumns});
  // Offsets of the rows and columns of the tile, which end with the zeros around the image.
  auto offsets = [&](Value index, const RowDim &dim, int64_t count) {
    SmallVector<Value> made;
    Value first = k.mul(index, m);
    int64_t last = dim.size + 1; // of the rows that windows read, from 0
    for (int64_t i = 0; i < n; ++i) {
      Value at = k.add(first, i);
      if ((count - 1) * m + i > last)
        at = k.min(at, k.constant(last));
      made.push_back(k.mul(at, dim.aStride));
    }
    return made;
  };
  Value base = k.add(k.add(k.constant(problem.aOffset), k.mul(place[0], problem.rows[0].aStride)),
                     k.mul(vector, lanes));
  SmallVector<Value> ys = offsets(place[1], problem.rows[1], tileRows);
  SmallVector<Value> xs = offsets(place[2], problem.rows[2], tileColumns);
  Value from = k.pointer(problem.a);
  SmallVector<Value> half(points);
  for (int64_t x = 0; x < n; ++x) {
    SmallVector<Value> values;
    for (int64_t y = 0; y < n; ++y)
      values.push_back(k.loadMasked(type, from, k.add(base, k.add(ys[y], xs[x])), count));
    for (auto [y, value] : llvm::enumerate(combine(k, matrices.inputs, values)))
      half[static_cast<int64_t>(y) * n + x] = value;
  }
  Value to = k.at(k.pointer(transformed), type.getElementType(),
                  k.add(k.mul(tile, transformed.strides[1]), k.mul(vector, lanes)));
  for (int64_t y = 0; y < n; ++y)
    for (auto [x, value] :
         llvm::enumerate(combine(k, matrices.inputs, ArrayRef(half).slice(y * n, n))))
      k.storeMasked(value, to,
                    k.constant((y * n + static_cast<int64_t>(x)) * transformed.strides[0]), count);
}

// ---- Products and output tiles

void WinogradEmitter::multiply() {
  double operations =
      2.0 * static_cast<double>(points * tiles) * static_cast<double>(inputs() * problem.columns);
  int64_t pieces = groups * plan.panels();
  double pieceCycles = operations / static_cast<double>(pieces * 2 * lanes);
  region.launch(
      pieces, static_cast<int64_t>(70'000 / std::max(pieceCycles, 1.0)) + 1,
      [&](KernelBuilder &k, Value begin, Value end) {
        products = k.scratch(points * tilesPerGroup * plan.vectors * kVectorBytes);
        if (!sharesFilters)
          ownFilters = k.scratch(n * pointPitch * 4);
        k.loop(begin, end, 1, [&](Value piece) { writePiece(k, piece); });
      },
      operations);
}

void WinogradEmitter::writePiece(KernelBuilder &k, Value piece) {
  SmallVector<Value> place = k.delinearize(piece, {groups, plan.panels()});
  Value count = lastLanes() == lanes ? Value() : k.constant(lastLanes());
  if (plan.tailVectors == 0 && !count)
    return writePanel(k, place[0], place[1], plan.vectors, {});
  int64_t lastVectors = plan.tailVectors != 0 ? plan.tailVectors : plan.vectors;
  if (plan.panels() == 1)
    return writePanel(k, place[0], place[1], lastVectors, count);
  k.ifThen(
      k.less(place[1], k.constant(plan.panels() - 1)),
      [&] { writePanel(k, place[0], place[1], plan.vectors, {}); },
      [&] { writePanel(k, place[0], place[1], lastVectors, count); });
}

Value WinogradEmitter::firstTileOf(KernelBuilder &k, Value block) {
  // One tile less for every small block before it.
  Value large = k.min(block, k.constant(plan.largeBlocks));
  return k.add(k.mul(block, plan.blockRows - 1), large);
}

void WinogradEmitter::writePanel(KernelBuilder &k, Value tileGroup, Value panel, int64_t vectors,
                                 Value count) {
  Value fromBlock = k.mul(tileGroup, blocksPerGroup);
  Value toBlock = k.min(k.add(fromBlock, blocksPerGroup), k.constant(plan.blocks()));
  Value firstTile = firstTileOf(k, fromBlock), endTile = firstTileOf(k, toBlock);
  if (channelsPerBlock != inputs()) {
    VectorType type = k.vector(k.elementType(problem.dtype), lanes);
    k.loop(0, points * tilesPerGroup * vectors, 1,
           [&](Value i) { k.store(k.number(type, 0), products, k.mul(i, lanes)); });
  }
  Part part{firstTile, fromBlock, toBlock, panel, k.constant(0), channelsPerBlock, vectors};
  int64_t whole = inputs() / channelsPerBlock * channelsPerBlock;
  k.loop(0, whole, channelsPerBlock, [&](Value channel) {
    part.firstChannel = channel;
    writePart(k, part);
  });
  if (whole != inputs()) {
    part.firstChannel = k.constant(whole);
    part.channels = inputs() - whole;
    writePart(k, part);
  }
  Value column = k.mul(panel, plan.vectors * lanes);
  k.loop(firstTile, endTile, 1, [&](Value tile) {
    Value local = k.sub(tile, firstTile);
    for (int64_t j = 0; j < vectors; ++j)
      writeOutputTile(k, tile, local, k.add(column, j * lanes), j, vectors,
                      j + 1 == vectors ? count : Value());
  });
}

void WinogradEmitter::writePart(KernelBuilder &k, const Part &part) {
  Type element = k.elementType(problem.dtype);
  if (sharesFilters) {
    Value from =
        k.at(k.pointer(sharedFilters), element, k.mul(part.panel, plan.vectors * vectorPitch));
    k.loop(0, points, 1, [&](Value point) {
      writeProducts(k, point, k.at(from, element, k.mul(point, pointPitch)), part);
    });
    return;
  }
  Value from = k.at(k.pointer(filters), element,
                    k.add(k.mul(part.panel, plan.vectors * filters.strides[0]),
                          k.mul(part.firstChannel, filters.strides[1])));
  k.loop(0, n, 1, [&](Value row) {
    std::function<void(int64_t)> chooseRow = [&](int64_t y) {
      if (y + 1 == n)
        return transformFilters(k, part, from, y);
      k.ifThen(
          k.less(row, k.constant(y + 1)), [&] { transformFilters(k, part, from, y); },
          [&] { chooseRow(y + 1); });
    };
    chooseRow(0);
    k.loop(0, n, 1, [&](Value x) {
      Value point = k.add(k.mul(row, n), x);
      fetchFilters(k, part, from, point);
      writeProducts(k, point, k.at(ownFilters, element, k.mul(x, pointPitch)), part);
    });
  });
}

/// Has memory fetch the filters of the next channels, a share at every point.
void WinogradEmitter::fetchFilters(KernelBuilder &k, const Part &part, Value from, Value point) {
  int64_t lines = part.channels * kTaps, share = (lines + points - 1) / points;
  Value first = k.add(k.mul(point, share), lines);
  k.loop(first, k.add(first, share), 1, [&](Value line) {
    for (int64_t j = 0; j < part.vectors; ++j)
      k.prefetch(k.at(from, k.elementType(problem.dtype),
                      k.add(k.mul(line, lanes), j * filters.strides[0])));
  });
}

/// All filters, for all tasks.
void WinogradEmitter::transformFilters() {
  int64_t vectors = problem.columnVectors();
  sharedFilters = region.temporary(problem.dtype, {vectors, points, inputs(), lanes});
  constexpr int64_t kGrain = 200; // filters of about 300 cycles
  double bytes = 4.0 * static_cast<double>(vectors * inputs() * lanes * (kTaps + points));
  auto write = [&](KernelBuilder &k, Value begin, Value end) {
    Type element = k.elementType(problem.dtype);
    k.loop(begin, end, 1, [&](Value filter) {
      Value taps = k.at(k.pointer(filters), element, k.mul(filter, filters.strides[1]));
      SmallVector<Value> place = k.delinearize(filter, {vectors, inputs()});
      Value to = k.at(k.pointer(sharedFilters), element,
                      k.add(k.mul(place[0], vectorPitch), k.mul(place[1], lanes)));
      for (int64_t row = 0; row < n; ++row)
        transformRow(k, taps, row, k.at(to, element, k.constant(row * n * pointPitch)));
    });
  };
  region.launch(vectors * inputs(), kGrain, write, 0, bytes);
}

/// A row of points of a part's filters, to [point][vector][channel][lanes].
void WinogradEmitter::transformFilters(KernelBuilder &k, const Part &part, Value from,
                                       int64_t row) {
  Type element = k.elementType(problem.dtype);
  k.loop(0, part.channels, 1, [&](Value channel) {
    for (int64_t j = 0; j < part.vectors; ++j) {
      Value taps = k.add(k.mul(channel, filters.strides[1]), j * filters.strides[0]);
      Value to = k.add(k.mul(channel, lanes), j * vectorPitch);
      transformRow(k, k.at(from, element, taps), row, k.at(ownFilters, element, to));
    }
  });
}

/// A row of points of the filters of some output channels, whose taps are vectors side by side.
void WinogradEmitter::transformRow(KernelBuilder &k, Value taps, int64_t row, Value to) {
  VectorType type = k.vector(k.elementType(problem.dtype), lanes);
  SmallVector<Value> sums;
  for (int64_t x = 0; x < 3; ++x) {
    SmallVector<Value> column;
    for (int64_t y = 0; y < 3; ++y)
      column.push_back(matrices.filter[row][y] == 0
                           ? Value()
                           : k.load(type, taps, k.constant((y * 3 + x) * lanes)));
    sums.append(combine(k, {matrices.filter[row]}, column));
  }
  for (auto [x, value] : llvm::enumerate(combine(k, matrices.filter, sums)))
    k.store(value, to, k.constant(static_cast<int64_t>(x) * pointPitch));
}

/// The products at a point with its filters: [point][tile of the group][vector].
void WinogradEmitter::writeProducts(KernelBuilder &k, Value point, Value filters,
                                    const Part &part) {
  Type element = k.elementType(problem.dtype);
  std::pair<int64_t, int64_t> reduction{part.channels, 1};
  auto writeBlock = [&](Value block, int64_t rows) {
    Value tile = firstTileOf(k, block);
    MicrokernelBlock kernel;
    kernel.rows = rows;
    kernel.vectors = part.vectors;
    kernel.type = k.vector(element, lanes);
    kernel.a = k.at(k.pointer(transformed), element,
                    k.add(part.firstChannel, k.add(k.mul(point, transformed.strides[0]),
                                                   k.mul(tile, transformed.strides[1]))));
    kernel.b = filters;
    kernel.rowStride = transformed.strides[1];
    kernel.reduction = reduction;
    kernel.vectorStride = vectorPitch;
    kernel.step = lanes;
    Value to = k.at(products, element,
                    k.mul(k.add(k.mul(point, tilesPerGroup), k.sub(tile, part.firstTile)),
                          part.vectors * lanes));
    SmallVector<Value> sums;
    for (int64_t i = 0; i < rows * part.vectors; ++i)
      sums.push_back(channelsPerBlock == inputs() ? k.number(kernel.type, 0)
                                                  : k.load(kernel.type, to, k.constant(i * lanes)));
    for (auto [i, sum] : llvm::enumerate(writeMicrokernel(k, kernel, sums)))
      k.store(sum, to, k.constant(static_cast<int64_t>(i) * lanes));
  };
  auto [fromBlock, toBlock] = std::pair(part.fromBlock, part.toBlock);
  Value large = k.constant(plan.largeBlocks);
  k.loop(fromBlock, k.min(toBlock, large), 1,
         [&](Value block) { writeBlock(block, plan.blockRows); });
  if (plan.smallBlocks != 0)
    k.loop(k.max(fromBlock, large), toBlock, 1,
           [&](Value block) { writeBlock(block, plan.blockRows - 1); });
}

void WinogradEmitter::writeOutputTile(KernelBuilder &k, Value tile, Value localTile, Value first,
                                      int64_t j, int64_t vectors, Value count) {
  VectorType type = k.vector(k.elementType(problem.dtype), lanes);
  SmallVector<Value> loaded;
  for (int64_t p = 0; p < points; ++p) {
    Value offset = k.mul(k.add(localTile, p * tilesPerGroup), vectors * lanes);
    loaded.push_back(k.load(type, products, k.add(offset, j * lanes)));
  }
  SmallVector<Value> half(m * n);
  for (int64_t x = 0; x < n; ++x)
    for (auto [y, value] : llvm::enumerate(combine(k, matrices.outputs, column(loaded, n, x))))
      half[static_cast<int64_t>(y) * n + x] = value;
  SmallVector<Value> place = k.delinearize(tile, {problem.rows[0].size, tileRows, tileColumns});
  Value bias;
  if (problem.addend)
    bias = loadAddend(k, problem, {k.constant(0), first, k.constant(0), k.constant(0)}, count);
  // Calls `write` where the output lies in the image.
  auto inside = [&](Value index, int64_t size, bool isSure, function_ref<void()> write) {
    if (isSure)
      return write();
    k.ifThen(k.less(index, k.constant(size)), write);
  };
  for (int64_t y = 0; y < m; ++y) {
    SmallVector<Value> row = combine(k, matrices.outputs, ArrayRef(half).slice(y * n, n));
    Value outY = k.add(k.mul(place[1], m), y);
    inside(outY, height(), (tileRows - 1) * m + y < height(), [&] {
      for (int64_t x = 0; x < m; ++x) {
        Value outX = k.add(k.mul(place[2], m), x);
        inside(outX, width(), (tileColumns - 1) * m + x < width(), [&] {
          Value value = row[x];
          if (bias)
            value = arith::AddFOp::create(k.builder, k.loc, value, bias);
          writer.write(k, value, {place[0], first, outY, outX}, problem.columnDim, count);
        });
      }
    });
  }
}

bool emitWinograd(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root,
                  const Contraction &problem) {
  if (problem.dtype != DType::Float32 || !problem.bBytes || !root.getArg("weight") ||
      !root.getArg("groups") || problem.rows.size() != 3 || problem.reduction.size() != 3 ||
      !problem.batch.empty())
    return false;
  ConvolutionWindow window = convolutionWindow(root);
  auto isOne = [](int64_t number) { return number == 1; };
  bool is3x3 = problem.reduction[0].size == 3 && problem.reduction[1].size == 3;
  if (!is3x3 || !llvm::all_of(window.stride, isOne) || !llvm::all_of(window.dilation, isOne))
    return false;
  int64_t m = chooseWinogradTile({problem.rows[0].size, problem.rows[1].size, problem.rows[2].size,
                                  problem.reduction[2].size, problem.columns});
  if (m == 0)
    return false;
  WinogradEmitter(region, group, root, problem, m).emit();
  return true;
}

} // namespace tsc::lowering
