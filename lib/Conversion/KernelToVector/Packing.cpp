// SPDX-License-Identifier: Apache-2.0
// Packs B into panels of one vector of columns: [batch][panel][k][lanes], zeros behind the last
// column. A constant is packed when compiling. What is computed is packed by a task, which pays
// when at least some rows read it; otherwise B stays where it is, if its columns lie side by side.
#include "Contraction.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cstring>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Rows that make packing worth its pass over B.
static constexpr int64_t kRowsThatPack = 28;

/// The batch points that B differs at.
static SmallVector<BatchDim, 2> batchOfB(const Contraction &problem) {
  SmallVector<BatchDim, 2> batch;
  for (const BatchDim &dim : problem.batch)
    if (dim.bStride != 0)
      batch.push_back(dim);
  return batch;
}

/// Strides of the packed batch points along every batch dimension of the problem.
static void setStrides(const Contraction &problem, PackedColumns &packed) {
  packed.step = problem.lanes();
  packed.vectorStride = problem.reductionSize() * problem.lanes();
  int64_t stride = packed.vectorStride * problem.columnVectors();
  packed.batchStrides.assign(problem.batch.size(), 0);
  for (size_t d = problem.batch.size(); d-- > 0;) {
    if (problem.batch[d].bStride == 0)
      continue;
    packed.batchStrides[d] = stride;
    stride *= problem.batch[d].size;
  }
}

/// Visits the offsets of a row-major walk over dimensions in order.
static void forEachOffset(ArrayRef<std::pair<int64_t, int64_t>> sizesAndStrides, int64_t offset,
                          function_ref<void(int64_t)> visit) {
  if (sizesAndStrides.empty())
    return visit(offset);
  auto [size, stride] = sizesAndStrides.front();
  for (int64_t i = 0; i < size; ++i)
    forEachOffset(sizesAndStrides.drop_front(), offset + i * stride, visit);
}

static Buffer packConstant(RegionWriter &region, const Contraction &problem) {
  int64_t lanes = problem.lanes(), bytes = dtypeBytes(problem.dtype);
  SmallVector<std::pair<int64_t, int64_t>> walk, reduction;
  int64_t batches = 1;
  for (const BatchDim &dim : batchOfB(problem)) {
    walk.push_back({dim.size, dim.bStride});
    batches *= dim.size;
  }
  walk.push_back({problem.columnVectors(), lanes * problem.bColumnStride});
  for (const ReductionDim &dim : problem.reduction)
    reduction.push_back({dim.size, dim.bStride});
  SmallVector<int64_t> sizes{batches, problem.columnVectors(), problem.reductionSize(), lanes};
  SmallVector<uint8_t, 0> out(batches * sizes[1] * sizes[2] * lanes * bytes, 0);
  const uint8_t *from = problem.bBytes->data();
  uint8_t *to = out.data();
  int64_t panel = 0;
  forEachOffset(walk, problem.bOffset, [&](int64_t panelOffset) {
    int64_t count = std::min(lanes, problem.columns - panel++ % sizes[1] * lanes);
    forEachOffset(reduction, panelOffset, [&](int64_t offset) {
      for (int64_t lane = 0; lane < count; ++lane)
        std::memcpy(to + lane * bytes, from + (offset + lane * problem.bColumnStride) * bytes,
                    bytes);
      to += lanes * bytes;
    });
  });
  return region.constantBuffer(problem.dtype, sizes, out);
}

/// Transposes as many vectors as they have lanes, in steps that exchange ever larger blocks.
static void transpose(KernelBuilder &k, SmallVector<Value> &rows) {
  auto lanes = static_cast<int64_t>(rows.size());
  for (int64_t block = 1; block < lanes; block *= 2) {
    SmallVector<int64_t> low(lanes), high(lanes);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      bool isUpper = (lane & block) != 0;
      low[lane] = isUpper ? lanes + lane - block : lane;
      high[lane] = isUpper ? lanes + lane : lane + block;
    }
    for (int64_t i = 0; i < lanes; ++i) {
      if ((i & block) != 0)
        continue;
      Value a = rows[i], b = rows[i + block];
      rows[i] = vector::ShuffleOp::create(k.builder, k.loc, a, b, low);
      rows[i + block] = vector::ShuffleOp::create(k.builder, k.loc, a, b, high);
    }
  }
}

namespace {
/// Writes the task that packs panels.
class PanelPacker {
public:
  PanelPacker(KernelBuilder &k, const Contraction &problem, const Buffer &to)
      : k(k), problem(problem), lanes(problem.lanes()),
        type(k.vector(k.elementType(problem.dtype), lanes)), from(k.pointer(problem.bBuffer)),
        to(k.pointer(to)) {}

  void packPanel(Value piece, Value fromOffset, Value panel, int64_t columns) {
    count = columns == lanes ? Value() : k.constant(columns);
    Value toOffset = k.mul(piece, problem.reductionSize() * lanes);
    column = k.add(fromOffset, k.mul(panel, lanes * problem.bColumnStride));
    packSteps(problem.reduction, column, toOffset);
  }

private:
  void packSteps(ArrayRef<ReductionDim> dims, Value fromOffset, Value toOffset) {
    const ReductionDim &dim = dims.front();
    if (dims.size() == 1)
      return packInnermost(dim, fromOffset, toOffset);
    int64_t inner = lanes;
    for (const ReductionDim &next : dims.drop_front())
      inner *= next.size;
    k.loop(0, dim.size, 1, [&](Value i) {
      packSteps(dims.drop_front(), k.add(fromOffset, k.mul(i, dim.bStride)),
                k.add(toOffset, k.mul(i, inner)));
    });
  }

  void packInnermost(const ReductionDim &dim, Value fromOffset, Value toOffset) {
    int64_t transposed = 0;
    if (problem.bColumnStride != 1 && dim.bStride == 1) {
      transposed = dim.size / lanes * lanes;
      k.loop(0, transposed, lanes, [&](Value i) {
        packTransposed(k.add(fromOffset, i), k.add(toOffset, k.mul(i, lanes)));
      });
    }
    k.loop(transposed, dim.size, 1, [&](Value i) {
      Value offset = k.add(fromOffset, k.mul(i, dim.bStride));
      k.store(k.loadStrided(type, from, offset, problem.bColumnStride, count), to,
              k.add(toOffset, k.mul(i, lanes)));
    });
  }

  /// A square of columns whose steps lie side by side. Lanes behind the last column repeat it.
  void packTransposed(Value fromOffset, Value toOffset) {
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value source =
          count ? k.min(k.constant(lane), k.sub(count, k.constant(1))) : k.constant(lane);
      rows.push_back(k.load(type, from, k.add(fromOffset, k.mul(source, problem.bColumnStride))));
    }
    transpose(k, rows);
    for (int64_t i = 0; i < lanes; ++i)
      k.store(rows[i], to, k.add(toOffset, i * lanes));
  }

  KernelBuilder &k;
  const Contraction &problem;
  int64_t lanes;
  VectorType type;
  Value from, to, column, count;
};
} // namespace

static Buffer packAtRunTime(RegionWriter &region, const Contraction &problem) {
  int64_t lanes = problem.lanes(), panels = problem.columnVectors();
  SmallVector<BatchDim, 2> batch = batchOfB(problem);
  SmallVector<int64_t> sizes;
  int64_t pieces = panels;
  for (const BatchDim &dim : batch) {
    sizes.push_back(dim.size);
    pieces *= dim.size;
  }
  sizes.push_back(panels);
  Buffer packed =
      region.temporary(problem.dtype, {pieces / panels, panels, problem.reductionSize(), lanes});
  auto body = [&](KernelBuilder &k, Value begin, Value end) {
    PanelPacker packer(k, problem, packed);
    k.loop(begin, end, 1, [&](Value piece) {
      SmallVector<Value> coordinates = k.delinearize(piece, sizes);
      Value offset = k.constant(problem.bOffset);
      for (auto [dim, coordinate] : llvm::zip(batch, coordinates))
        offset = k.add(offset, k.mul(coordinate, dim.bStride));
      Value panel = coordinates.back();
      int64_t last = problem.columns - (panels - 1) * lanes;
      if (last == lanes)
        return packer.packPanel(piece, offset, panel, lanes);
      k.ifThen(
          k.less(panel, k.constant(panels - 1)),
          [&] { packer.packPanel(piece, offset, panel, lanes); },
          [&] { packer.packPanel(piece, offset, panel, last); });
    });
  };
  // About two elements are packed in a cycle.
  int64_t panelElements = std::max<int64_t>(problem.reductionSize() * lanes, 1);
  double bytes = 2.0 * static_cast<double>(pieces * panelElements * dtypeBytes(problem.dtype));
  region.launch(pieces, std::max<int64_t>(100'000 / panelElements, 1), body, 0, bytes);
  return packed;
}

PackedColumns packColumns(RegionWriter &region, const Contraction &problem) {
  PackedColumns packed;
  if (problem.bBytes) {
    setStrides(problem, packed);
    packed.buffer = packConstant(region, problem);
    return packed;
  }
  bool fitsInPlace = problem.bColumnStride == 1 && problem.reduction.size() == 1;
  if (fitsInPlace && problem.rowCount() < kRowsThatPack) {
    packed.buffer = problem.bBuffer;
    packed.buffer.offset += problem.bOffset;
    packed.vectorStride = problem.lanes();
    packed.step = problem.reduction[0].bStride;
    packed.isPadded = problem.columns % problem.lanes() == 0;
    for (const BatchDim &dim : problem.batch)
      packed.batchStrides.push_back(dim.bStride);
    return packed;
  }
  setStrides(problem, packed);
  packed.buffer = packAtRunTime(region, problem);
  return packed;
}

void spreadRows(RegionWriter &region, Contraction &problem) {
  constexpr int64_t kConflictBytes = 4096, kRowsThatFit = 7, kVectorsThatGain = 8;
  int64_t bytes = dtypeBytes(problem.dtype);
  const RowDim &inner = problem.rows.back();
  if (problem.reduction.size() != 1 || problem.reduction[0].aStride != 1 ||
      problem.columnVectors() < kVectorsThatGain || inner.size <= kRowsThatFit ||
      inner.aStride == 0 || inner.aStride * bytes % kConflictBytes != 0)
    return;
  Buffer from = problem.a;
  from.offset += problem.aOffset;
  from.sizes.clear(), from.strides.clear();
  SmallVector<int64_t *> strides; // that change
  auto addDim = [&](int64_t size, int64_t &stride) {
    if (stride == 0)
      return;
    from.sizes.push_back(size);
    from.strides.push_back(stride);
    strides.push_back(&stride);
  };
  for (BatchDim &dim : problem.batch)
    addDim(dim.size, dim.aStride);
  for (RowDim &dim : problem.rows)
    addDim(dim.size, dim.aStride);
  addDim(problem.reduction[0].size, problem.reduction[0].aStride);
  SmallVector<int64_t> sizes(from.sizes);
  sizes.back() += problem.lanes();
  Buffer to = region.temporary(problem.dtype, sizes);
  for (auto [stride, spread] : llvm::zip(strides, to.strides))
    *stride = spread;
  to.sizes = from.sizes;
  emitCopy(region, from, to);
  problem.a = to;
  problem.aOffset = 0;
}

} // namespace tsc::lowering
