// SPDX-License-Identifier: Apache-2.0
// Matrix products and convolutions: divides a problem (Contraction.h) into register blocks
// (BlockPlan.h), each computed by a microkernel over the whole reduction and finished in registers,
// and the blocks into pieces of work. A piece is one panel of columns over a group of rows; pieces
// of one group of rows follow each other, so that the rows stay in the L2 cache while panels of B
// stream by.
#include "Contraction.h"

#include "BlockPlan.h"
#include "Microkernel.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/TransposedForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

// ---- Results

ResultWriter::ResultWriter(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root,
                           int64_t laneDim)
    : epilogue(group, root) {
  epilogue.prepare(region, laneDim, cast<ts::TensorType>(root.getResult(0).getType()).getRank());
  for (Value result : group.getResults())
    results.push_back(region.define(result));
  for (auto op : group.block().getOps<ts::AtenOp>())
    light &= op == root || llvm::is_contained({"aten::add", "aten::sub", "aten::mul", "aten::relu"},
                                              op.getBaseName());
}

void ResultWriter::write(KernelBuilder &k, Value value, ArrayRef<Value> coordinates,
                         int64_t laneDim, Value count) const {
  int64_t lanes = cast<VectorType>(value.getType()).getNumElements();
  SmallVector<Value> finished = epilogue.apply(k, value, coordinates, laneDim, lanes, count);
  for (auto [result, buffer] : llvm::zip(finished, results)) {
    Value stored = toMemory(k, result), base = k.pointer(buffer);
    Value offset = k.offsetOf(buffer, coordinates);
    int64_t stride = buffer.strides[laneDim];
    if (stride == 1 || buffer.sizes[laneDim] == 1) {
      k.storeMasked(stored, base, offset, count);
      continue;
    }
    std::optional<int64_t> present = count ? getConstantIntValue(count) : lanes;
    for (int64_t lane = 0; lane < present.value_or(lanes); ++lane) {
      Value element = vector::ExtractOp::create(k.builder, k.loc, stored, ArrayRef<int64_t>{lane});
      k.store(element, base, k.add(offset, lane * stride));
    }
  }
}

Value loadAddend(KernelBuilder &k, const Contraction &problem, ArrayRef<Value> coordinates,
                 Value count) {
  const Addend &addend = *problem.addend;
  VectorType type = k.vector(k.elementType(problem.dtype), problem.lanes());
  Value offset = k.constant(0);
  for (auto [coordinate, stride] : llvm::zip(coordinates, addend.strides))
    offset = k.add(offset, k.mul(coordinate, stride));
  int64_t laneStride = problem.columnDim < 0 ? 0 : addend.strides[problem.columnDim];
  Value value = k.loadStrided(type, k.pointer(addend.buffer), offset, laneStride, count);
  if (problem.beta == 1)
    return value;
  return arith::MulFOp::create(k.builder, k.loc, value, k.number(type, problem.beta));
}

void addStep(KernelBuilder &k, MutableArrayRef<Value> coordinates, const ResultStep &step,
             Value index) {
  if (step.dimension >= 0)
    coordinates[step.dimension] = k.add(coordinates[step.dimension], k.mul(index, step.scale));
}

namespace {

/// Where a block lies in the problem.
struct BlockPlace {
  SmallVector<Value> batch, outer; ///< coordinates
  Value aOffset, bOffset;          ///< of the block's batch point and panel, without its rows
  Value column;                    ///< of the panel's first column, in elements
  int64_t vectors = 1;
  bool isLastPanel = false;
};

class ContractionEmitter {
public:
  ContractionEmitter(RegionWriter &region, const ResultWriter &writer, Contraction given)
      : region(region), writer(writer), problem(std::move(given)),
        packed(packColumns(region, problem)) {
    spreadRows(region, problem);
  }

  void emit();

private:
  void chooseRows();
  void chooseGroups();
  void writePiece(KernelBuilder &k, Value piece);
  void writePanel(KernelBuilder &k, BlockPlace place, Value rowGroup);
  void writeInnerRows(KernelBuilder &k, const BlockPlace &place, Value from, Value to);
  void writeBlock(KernelBuilder &k, const BlockPlace &place, Value firstRow, int64_t rows);
  SmallVector<Value> startingValues(KernelBuilder &k, const BlockPlace &place, Value count,
                                    int64_t rows);
  void storeBlock(KernelBuilder &k, const BlockPlace &place, Value firstRow, Value count,
                  ArrayRef<Value> sums);
  void storeVector(KernelBuilder &k, const BlockPlace &place, Value row, int64_t j, Value count,
                   Value value);
  SmallVector<Value> coordinatesOf(KernelBuilder &k, const BlockPlace &place, Value innerRow);
  bool addsBias() const;

  BlockTarget blockTarget() const { return {region.target.vectorBytes, region.target.registers}; }
  /// The lanes of the last vector, when it is not full.
  int64_t lastLanes() const {
    return problem.columns - (problem.columnVectors() - 1) * problem.lanes();
  }

  RegionWriter &region;
  const ResultWriter &writer;
  Contraction problem;
  PackedColumns packed;
  SmallVector<std::pair<int64_t, int64_t>> reduction;
  RowDim inner;
  SmallVector<RowDim, 4> outer;
  BlockPlan plan;
  int64_t outerCount = 1;
  int64_t units = 1, unitsPerGroup = 1, groups = 1; ///< of rows: outer points, else inner blocks
};
} // namespace

/// Adjacent row dimensions of which the outer one steps over whole inner ones become one, from the
/// innermost on.
static SmallVector<RowDim, 4> mergeRows(ArrayRef<RowDim> rows) {
  SmallVector<RowDim, 4> merged;
  for (const RowDim &row : rows) {
    if (!merged.empty() && merged.back().aStride == row.size * row.aStride) {
      merged.back().size *= row.size;
      merged.back().aStride = row.aStride;
      merged.back().parts.append(row.parts.begin(), row.parts.end());
    } else {
      merged.push_back(row);
    }
  }
  return merged;
}

void ContractionEmitter::chooseRows() {
  SmallVector<RowDim, 4> rows;
  for (const RowDim &row : problem.rows)
    if (row.size != 1)
      rows.push_back(row);
  if (rows.empty())
    rows.push_back({1, 0, {}});
  auto planOf = [&](ArrayRef<RowDim> dims) {
    return *chooseBlocks(blockTarget(), dims.back().size, problem.columnVectors(),
                         problem.reductionSize());
  };
  auto count = [](ArrayRef<RowDim> dims) {
    int64_t product = 1;
    for (const RowDim &dim : dims)
      product *= dim.size;
    return product;
  };
  SmallVector<RowDim, 4> merged = mergeRows(rows);
  plan = planOf(rows);
  outerCount = count(ArrayRef(rows).drop_back());
  BlockPlan mergedPlan = planOf(merged);
  int64_t mergedOuter = count(ArrayRef(merged).drop_back());
  // Rows of a merged dimension cost a division each to find their place again.
  if (static_cast<double>(mergedOuter) * mergedPlan.cycles <
      0.98 * static_cast<double>(outerCount) * plan.cycles) {
    plan = mergedPlan;
    outerCount = mergedOuter;
    rows = merged;
  }
  inner = rows.pop_back_val();
  outer = rows;
}

void ContractionEmitter::chooseGroups() {
  units = outerCount > 1 ? outerCount : plan.blocks();
  int64_t rowsPerUnit = outerCount > 1 ? inner.size : plan.blockRows;
  int64_t rowBytes = problem.reductionSize() * dtypeBytes(problem.dtype);
  int64_t bytesPerUnit = std::max<int64_t>(rowsPerUnit * rowBytes, 1), l2 = region.target.l2Bytes;
  // Either the rows of a group stay in the cache while panels go by, or, where B is large and
  // comes from memory but A does not, a panel stays and all rows go by.
  bool fits = bytesPerUnit * units <= l2 / 4 * 3, isLargeB = problem.columns * rowBytes > 2 * l2;
  bool streamsRows = fits || (isLargeB && bytesPerUnit * units <= 8 * l2);
  unitsPerGroup = streamsRows ? units : std::clamp<int64_t>(l2 / 2 / bytesPerUnit, 1, units);
  // Enough pieces to keep threads evenly busy.
  constexpr int64_t kPieces = 16;
  int64_t columnPieces = problem.batchCount() * plan.panels();
  int64_t wanted = std::min(units, (kPieces + columnPieces - 1) / columnPieces);
  groups = std::max((units + unitsPerGroup - 1) / unitsPerGroup, wanted);
  unitsPerGroup = (units + groups - 1) / groups;
  groups = (units + unitsPerGroup - 1) / unitsPerGroup;
}

void ContractionEmitter::emit() {
  if (problem.rowCount() == 0 || problem.columns == 0 || problem.batchCount() == 0)
    return;
  SmallVector<std::pair<int64_t, int64_t>> steps;
  for (const ReductionDim &dim : problem.reduction)
    steps.push_back({dim.size, dim.aStride});
  reduction = mergeSteps(steps);
  chooseRows();
  chooseGroups();
  auto pieces = problem.batchCount() * groups * plan.panels();
  double operations = 2.0 * static_cast<double>(problem.batchCount() * problem.rowCount()) *
                      static_cast<double>(problem.reductionSize() * problem.columns);
  // 20 microseconds at one vector multiply-add a cycle.
  constexpr double kGrainCycles = 70'000;
  double pieceCycles = std::max(
      operations / static_cast<double>(pieces) / static_cast<double>(2 * problem.lanes()), 1.0);
  auto grain = static_cast<int64_t>(kGrainCycles / pieceCycles) + 1;
  region.launch(
      pieces, grain,
      [&](KernelBuilder &k, Value begin, Value end) {
        k.loop(begin, end, 1, [&](Value piece) { writePiece(k, piece); });
      },
      operations);
}

void ContractionEmitter::writePiece(KernelBuilder &k, Value piece) {
  SmallVector<int64_t> sizes;
  for (const BatchDim &dim : problem.batch)
    sizes.push_back(dim.size);
  sizes.append({groups, plan.panels()});
  SmallVector<Value> coordinates = k.delinearize(piece, sizes);
  Value panel = coordinates.pop_back_val(), rowGroup = coordinates.pop_back_val();
  BlockPlace place;
  place.batch = coordinates;
  place.aOffset = k.constant(problem.aOffset);
  place.bOffset = k.mul(panel, plan.vectors * packed.vectorStride);
  place.column = k.mul(panel, plan.vectors * problem.lanes());
  for (auto [dim, bStride, index] : llvm::zip(problem.batch, packed.batchStrides, coordinates)) {
    place.aOffset = k.add(place.aOffset, k.mul(index, dim.aStride));
    place.bOffset = k.add(place.bOffset, k.mul(index, bStride));
  }
  bool isLastDifferent = plan.tailVectors != 0 || lastLanes() != problem.lanes();
  auto writeFull = [&] {
    place.vectors = plan.vectors;
    writePanel(k, place, rowGroup);
  };
  auto writeLast = [&] {
    place.vectors = plan.tailVectors != 0 ? plan.tailVectors : plan.vectors;
    place.isLastPanel = true;
    writePanel(k, place, rowGroup);
  };
  if (!isLastDifferent)
    return writeFull();
  if (plan.panels() == 1)
    return writeLast();
  k.ifThen(k.less(panel, k.constant(plan.panels() - 1)), writeFull, writeLast);
}

void ContractionEmitter::writePanel(KernelBuilder &k, BlockPlace place, Value rowGroup) {
  Value from = k.mul(rowGroup, unitsPerGroup);
  Value to = k.min(k.add(from, unitsPerGroup), k.constant(units));
  if (outerCount == 1)
    return writeInnerRows(k, place, from, to);
  SmallVector<int64_t> sizes;
  for (const RowDim &dim : outer)
    sizes.push_back(dim.size);
  k.loop(from, to, 1, [&](Value index) {
    BlockPlace row = place;
    row.outer = k.delinearize(index, sizes);
    for (auto [dim, coordinate] : llvm::zip(outer, row.outer))
      row.aOffset = k.add(row.aOffset, k.mul(coordinate, dim.aStride));
    writeInnerRows(k, row, k.constant(0), k.constant(plan.blocks()));
  });
}

/// The blocks [from, to) of the innermost row dimension.
void ContractionEmitter::writeInnerRows(KernelBuilder &k, const BlockPlace &place, Value from,
                                        Value to) {
  Value large = k.constant(plan.largeBlocks);
  k.loop(from, k.min(to, large), 1,
         [&](Value block) { writeBlock(k, place, k.mul(block, plan.blockRows), plan.blockRows); });
  if (plan.smallBlocks == 0)
    return;
  k.loop(k.max(from, large), to, 1, [&](Value block) {
    // One row less for every small block before it.
    Value first = k.add(k.mul(block, plan.blockRows - 1), large);
    writeBlock(k, place, first, plan.blockRows - 1);
  });
}

void ContractionEmitter::writeBlock(KernelBuilder &k, const BlockPlace &place, Value firstRow,
                                    int64_t rows) {
  Type element = k.elementType(problem.dtype);
  Value count =
      place.isLastPanel && lastLanes() != problem.lanes() ? k.constant(lastLanes()) : Value();
  MicrokernelBlock block;
  block.rows = rows;
  block.vectors = place.vectors;
  block.type = k.vector(element, problem.lanes());
  block.a =
      k.at(k.pointer(problem.a), element, k.add(place.aOffset, k.mul(firstRow, inner.aStride)));
  block.b = k.at(k.pointer(packed.buffer), element, place.bOffset);
  block.rowStride = inner.aStride;
  block.reduction = reduction;
  block.vectorStride = packed.vectorStride;
  block.step = packed.step;
  block.lastCount = packed.isPadded ? Value() : count;
  SmallVector<Value> sums = writeMicrokernel(k, block, startingValues(k, place, count, rows));
  storeBlock(k, place, firstRow, count, sums);
}

/// True when what is added differs along columns only, so that accumulators can start with it.
bool ContractionEmitter::addsBias() const {
  if (!problem.addend || problem.alpha != 1)
    return false;
  for (auto [d, stride] : llvm::enumerate(problem.addend->strides))
    if (stride != 0 && static_cast<int64_t>(d) != problem.columnDim)
      return false;
  return true;
}

SmallVector<Value> ContractionEmitter::startingValues(KernelBuilder &k, const BlockPlace &place,
                                                      Value count, int64_t rows) {
  VectorType type = k.vector(k.elementType(problem.dtype), problem.lanes());
  SmallVector<Value> starts;
  for (int64_t j = 0; j < place.vectors; ++j) {
    if (!addsBias()) {
      starts.push_back(k.number(type, 0));
      continue;
    }
    BlockPlace vector = place;
    vector.column = k.add(place.column, j * problem.lanes());
    starts.push_back(loadAddend(k, problem, coordinatesOf(k, vector, k.constant(0)),
                                j + 1 == place.vectors ? count : Value()));
  }
  SmallVector<Value> all;
  for (int64_t r = 0; r < rows; ++r)
    all.append(starts);
  return all;
}

/// Coordinates of the result for one row and the place's column.
SmallVector<Value> ContractionEmitter::coordinatesOf(KernelBuilder &k, const BlockPlace &place,
                                                     Value innerRow) {
  SmallVector<Value> coordinates;
  for (int64_t start : problem.origin)
    coordinates.push_back(k.constant(start));
  auto addParts = [&](const RowDim &dim, Value index) {
    SmallVector<int64_t> sizes;
    for (const ResultStep &part : dim.parts)
      sizes.push_back(part.size);
    for (auto [part, coordinate] : llvm::zip(dim.parts, k.delinearize(index, sizes)))
      addStep(k, coordinates, part, coordinate);
  };
  for (auto [dim, index] : llvm::zip(problem.batch, place.batch))
    addStep(k, coordinates, dim.step, index);
  for (auto [dim, index] : llvm::zip(outer, place.outer))
    addParts(dim, index);
  addParts(inner, innerRow);
  addStep(k, coordinates, {problem.columnDim}, place.column);
  return coordinates;
}

void ContractionEmitter::storeBlock(KernelBuilder &k, const BlockPlace &place, Value firstRow,
                                    Value count, ArrayRef<Value> sums) {
  if (writer.isLight()) {
    for (auto [i, sum] : llvm::enumerate(sums)) {
      auto at = static_cast<int64_t>(i);
      storeVector(k, place, k.add(firstRow, at / place.vectors), at % place.vectors, count, sum);
    }
    return;
  }
  // One row at a time: less code, and no value but the accumulators outlives the reduction, which
  // would push them out of the registers.
  auto total = static_cast<int64_t>(sums.size());
  Value scratch = k.scratch(total * kVectorBytes);
  for (auto [i, sum] : llvm::enumerate(sums))
    k.store(sum, scratch, k.constant(static_cast<int64_t>(i) * problem.lanes()));
  k.loop(0, total / place.vectors, 1, [&](Value row) {
    for (int64_t j = 0; j < place.vectors; ++j) {
      Value at = k.add(k.mul(row, place.vectors * problem.lanes()), j * problem.lanes());
      Value sum = k.load(sums.front().getType(), scratch, at);
      storeVector(k, place, k.add(firstRow, row), j, count, sum);
    }
  });
}

/// Finishes vector j of a row.
void ContractionEmitter::storeVector(KernelBuilder &k, const BlockPlace &place, Value row,
                                     int64_t j, Value count, Value value) {
  BlockPlace vector = place;
  vector.column = k.add(place.column, j * problem.lanes());
  SmallVector<Value> coordinates = coordinatesOf(k, vector, row);
  Value lanes = j + 1 == place.vectors ? count : Value();
  if (problem.alpha != 1)
    value =
        arith::MulFOp::create(k.builder, k.loc, value, k.number(value.getType(), problem.alpha));
  if (problem.addend && !addsBias())
    value =
        arith::AddFOp::create(k.builder, k.loc, value, loadAddend(k, problem, coordinates, lanes));
  if (problem.columnDim >= 0)
    return writer.write(k, value, coordinates, problem.columnDim, lanes);
  // One column that the result has no dimension for.
  Value single = vector::ExtractOp::create(k.builder, k.loc, value, ArrayRef<int64_t>{0});
  writer.write(k, k.splat(single, 1), coordinates, static_cast<int64_t>(coordinates.size()) - 1,
               {});
}

void emitContraction(RegionWriter &region, kernel::GroupOp group) {
  ts::AtenOp root;
  for (Operation &op : group.block()) {
    auto aten = dyn_cast<ts::AtenOp>(op);
    if (!root && aten && !kernel::whyNotContraction(aten))
      root = aten;
  }
  bool isWide = !isDepthwise(root);
  auto emit = [&](const ResultWriter &writer, Contraction problem) {
    if (!isWide)
      return emitDepthwise(region, writer, std::move(problem));
    ContractionEmitter(region, writer, std::move(problem)).emit();
  };
  if (kernel::isTransposed(root)) {
    ResultWriter writer(region, group, root, channelDim(root));
    return visitTransposed(region, root,
                           [&](Contraction problem) { emit(writer, std::move(problem)); });
  }
  Contraction problem = isWide ? makeContraction(region, root) : makeDepthwise(region, root);
  if (isWide && emitWinograd(region, group, root, problem))
    return;
  ResultWriter writer(region, group, root, problem.columnDim);
  emit(writer, std::move(problem));
}

} // namespace tsc::lowering
