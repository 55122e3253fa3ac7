// SPDX-License-Identifier: Apache-2.0
// LSTM, GRU and plain recurrent networks. For each layer and direction the products of all inputs
// are one matrix product; then, step by step, the state's product of a block of units for all gates
// is accumulated in registers on top of it, and the cell is updated there.
//
// Units are taken in panels of `unitVectors` vectors. Weights lie panel by panel, [step of the
// reduction][vector of units][gate][lane], so that a panel is one stream of memory for all its
// gates; products of the input lie [direction][panel][step, batch row][vector of units][gate]
// [lane]. States of all steps are one buffer of steps + 2 slots: slot t + 1 is the state behind
// step t, slot 0 and the last are what the forward and the backward direction begin with. Every
// second step walks its panels backwards: a thread's last weights are still in its cache then.
#include "Copy.h"
#include "Microkernel.h"

#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/RecurrentForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cstring>

using namespace mlir;

namespace tsc::lowering {

using kernel::RecurrentForm;
using mlir::Value; // not tsc::Value
using Cell = RecurrentForm::Cell;

namespace {
/// A layer's weights as they are read.
struct PackedLayer {
  Buffer input, state, bias; ///< biases of both products, but for GRU's new gate
  Buffer newBias;            ///< GRU: the bias of the new gate's state product
};

/// Where a panel's step reads and writes, in elements.
struct StepPlace {
  Value direction, panel;
  int64_t vectors = 1; ///< of units, in a block
  Value before, after; ///< of the direction's states, of batch row 0
  Value products;      ///< of batch row 0
};

class RecurrentWriter {
public:
  RecurrentWriter(RegionWriter &region, const RecurrentForm &form);
  /// results: the output, the last states and (LSTM) cell states; those not wanted have no sizes.
  void write(ArrayRef<std::optional<Buffer>> results);

private:
  // ---- Weights
  PackedLayer pack(int64_t layer);
  Buffer packMatrix(int64_t layer, int64_t which, int64_t depth);
  template <typename T> Buffer packMatrixAs(int64_t layer, int64_t which, int64_t depth);
  template <typename T> void packBiasAs(int64_t layer, PackedLayer &packed);
  // ---- The input's products
  void writeInputProduct(const PackedLayer &packed, const Buffer &rows);
  void writeProductPanel(KernelBuilder &k, const PackedLayer &packed, const Buffer &rows,
                         Value panel);
  // ---- Steps
  void writeSteps(const PackedLayer &packed);
  void writePanelStep(KernelBuilder &k, const PackedLayer &packed, Value step, Value direction,
                      Value panel);
  void writeBlock(KernelBuilder &k, const PackedLayer &packed, const StepPlace &place,
                  Value firstRow, int64_t rows, int64_t firstVector);
  void writeUnits(KernelBuilder &k, const StepPlace &place, Value row, int64_t vector,
                  ArrayRef<Value> inputs, ArrayRef<Value> sums);
  Value updated(KernelBuilder &k, ArrayRef<Value> inputs, ArrayRef<Value> sums, Value before,
                Value &cell);

  int64_t panelSize() const { return unitVectors * form.gates() * lanes; }
  /// Rows whose accumulators fit into registers, beside the vectors of one step.
  int64_t rowsFor(int64_t unitVectorsOfBlock) const {
    int64_t vectors = unitVectorsOfBlock * form.gates();
    return std::clamp<int64_t>((region.target.registers - 2 - vectors) / vectors, 1, 8);
  }
  int64_t slotSize() const { return form.batch * form.directions * form.size; }

  RegionWriter &region;
  const RecurrentForm &form;
  int64_t lanes, unitVectors, panels;
  int64_t blockVectors; ///< vectors of units in a block of several rows
  Buffer products, states, cells;
};
} // namespace

RecurrentWriter::RecurrentWriter(RegionWriter &region, const RecurrentForm &form)
    : region(region), form(form), lanes(region.target.lanes(form.dtype)) {
  int64_t vectors = llvm::divideCeil(form.size, lanes);
  unitVectors = std::clamp<int64_t>(8 / form.gates(), 1, vectors);
  panels = llvm::divideCeil(vectors, unitVectors);
  blockVectors = std::clamp<int64_t>(4 / form.gates(), 1, unitVectors);
  while (unitVectors % blockVectors != 0)
    --blockVectors;
}

// ---- Weights
template <typename T>
Buffer RecurrentWriter::packMatrixAs(int64_t layer, int64_t which, int64_t depth) {
  SmallVector<T, 0> packed(form.directions * panels * depth * panelSize(), T(0));
  T *to = packed.data();
  for (int64_t d = 0; d < form.directions; ++d) {
    SmallVector<uint8_t, 0> bytes = *kernel::denseBytes(form.parameter(layer, d, which));
    const auto *from = reinterpret_cast<const T *>(bytes.data());
    for (int64_t panel = 0; panel < panels; ++panel)
      for (int64_t i = 0; i < depth; ++i)
        for (int64_t v = 0; v < unitVectors; ++v)
          for (int64_t gate = 0; gate < form.gates(); ++gate)
            for (int64_t lane = 0; lane < lanes; ++lane, ++to)
              if (int64_t unit = (panel * unitVectors + v) * lanes + lane; unit < form.size)
                *to = from[(gate * form.size + unit) * depth + i];
  }
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(packed.data()),
                          packed.size() * sizeof(T));
  return region.constantBuffer(form.dtype, {static_cast<int64_t>(packed.size())}, bytes);
}

Buffer RecurrentWriter::packMatrix(int64_t layer, int64_t which, int64_t depth) {
  return form.dtype == DType::Float64 ? packMatrixAs<double>(layer, which, depth)
                                      : packMatrixAs<float>(layer, which, depth);
}

template <typename T> void RecurrentWriter::packBiasAs(int64_t layer, PackedLayer &packed) {
  SmallVector<T, 0> sums(form.directions * panels * panelSize(), T(0));
  SmallVector<T, 0> news(form.directions * panels * unitVectors * lanes, T(0));
  for (int64_t d = 0; d < form.directions && form.hasBiases; ++d)
    for (int64_t which = 2; which < 4; ++which) {
      SmallVector<uint8_t, 0> bytes = *kernel::denseBytes(form.parameter(layer, d, which));
      const auto *from = reinterpret_cast<const T *>(bytes.data());
      for (int64_t gate = 0; gate < form.gates(); ++gate)
        for (int64_t unit = 0; unit < form.size; ++unit) {
          int64_t vector = d * panels * unitVectors + unit / lanes, lane = unit % lanes;
          T bias = from[gate * form.size + unit];
          if (form.cell == Cell::Gru && gate == 2 && which == 3)
            news[vector * lanes + lane] = bias;
          else
            sums[(vector * form.gates() + gate) * lanes + lane] += bias;
        }
    }
  auto store = [&](const SmallVector<T, 0> &items) {
    ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(items.data()),
                            items.size() * sizeof(T));
    return region.constantBuffer(form.dtype, {static_cast<int64_t>(items.size())}, bytes);
  };
  packed.bias = store(sums);
  packed.newBias = store(news);
}

PackedLayer RecurrentWriter::pack(int64_t layer) {
  PackedLayer packed;
  packed.input = packMatrix(layer, 0, form.parameter(layer, 0, 0).getSizes()[1]);
  packed.state = packMatrix(layer, 1, form.size);
  if (form.dtype == DType::Float64)
    packBiasAs<double>(layer, packed);
  else
    packBiasAs<float>(layer, packed);
  return packed;
}

// ---- The input's products
/// All rows by one panel; the reduction in chunks whose weights stay in the L1 cache.
void RecurrentWriter::writeProductPanel(KernelBuilder &k, const PackedLayer &packed,
                                        const Buffer &rows, Value panel) {
  int64_t count = rows.sizes[0], depth = rows.sizes[1], vectors = blockVectors * form.gates();
  int64_t rowBytes = panelSize() * dtypeBytes(form.dtype), blockRows = rowsFor(blockVectors);
  int64_t chunk = std::min(depth, std::max<int64_t>(region.target.l1Bytes / 2 / rowBytes, 8));
  Type element = k.elementType(form.dtype);
  VectorType type = k.vector(element, lanes);
  Value weights = k.at(k.pointer(packed.input), element, k.mul(panel, depth * panelSize()));
  Value target = k.at(k.pointer(products), element, k.mul(panel, count * panelSize()));
  Value bias = k.at(k.pointer(packed.bias), element, k.mul(panel, panelSize()));
  auto writeBlock = [&](Value row, int64_t size, int64_t column, Value from, int64_t length,
                        bool isFirst) {
    Value place = k.add(k.mul(row, panelSize()), column);
    SmallVector<Value> sums;
    for (int64_t r = 0; r < size; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(isFirst ? k.load(type, bias, k.constant(column + v * lanes))
                               : k.load(type, target, k.add(place, r * panelSize() + v * lanes)));
    std::pair<int64_t, int64_t> reduction[] = {{length, 1}};
    MicrokernelBlock block;
    block.rows = size, block.vectors = vectors, block.type = type;
    block.a = k.at(k.pointer(rows), element, k.add(k.mul(row, depth), from));
    block.b = k.at(weights, element, k.add(k.mul(from, panelSize()), column));
    block.rowStride = depth, block.reduction = reduction;
    block.vectorStride = lanes, block.step = panelSize();
    sums = writeMicrokernel(k, block, sums);
    for (int64_t r = 0; r < size; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        k.store(sums[r * vectors + v], target, k.add(place, r * panelSize() + v * lanes));
  };
  auto writeRows = [&](Value row, int64_t size, Value from, int64_t length, bool isFirst) {
    for (int64_t column = 0; column < panelSize(); column += vectors * lanes)
      writeBlock(row, size, column, from, length, isFirst);
  };
  auto writeChunk = [&](Value from, int64_t length, bool isFirst) {
    int64_t whole = count / blockRows * blockRows;
    k.loop(0, whole, blockRows,
           [&](Value row) { writeRows(row, blockRows, from, length, isFirst); });
    if (whole < count)
      writeRows(k.constant(whole), count - whole, from, length, isFirst);
  };
  writeChunk(k.constant(0), chunk, true);
  int64_t full = depth / chunk * chunk;
  k.loop(chunk, full, chunk, [&](Value from) { writeChunk(from, chunk, false); });
  if (full < depth)
    writeChunk(k.constant(full), depth - full, false);
}

/// About 20 microseconds in pieces of so many multiply-adds on vectors.
static int64_t grainOf(double vectorOperations) {
  return static_cast<int64_t>(60000 / (vectorOperations + 1)) + 1;
}

void RecurrentWriter::writeInputProduct(const PackedLayer &packed, const Buffer &rows) {
  int64_t count = rows.sizes[0], depth = rows.sizes[1];
  double each = static_cast<double>(count * depth * (panelSize() / lanes));
  int64_t pieces = form.directions * panels;
  region.launch(
      pieces, grainOf(each),
      [&](KernelBuilder &k, Value begin, Value end) {
        k.loop(begin, end, 1, [&](Value panel) { writeProductPanel(k, packed, rows, panel); });
      },
      2 * each * static_cast<double>(lanes * pieces),
      static_cast<double>(packed.input.numel() * dtypeBytes(form.dtype)));
}

// ---- Steps
static Value sigmoid(KernelBuilder &k, Value x) {
  Value one = k.number(x.getType(), 1);
  Value power = math::ExpOp::create(k.builder, k.loc, arith::NegFOp::create(k.builder, k.loc, x));
  Value sum = arith::AddFOp::create(k.builder, k.loc, power, one);
  return arith::DivFOp::create(k.builder, k.loc, one, sum);
}

/// The new state of one vector of units. `inputs` are the input's products (of GRU's new gate
/// only), `sums` both products together, where a cell adds them.
Value RecurrentWriter::updated(KernelBuilder &k, ArrayRef<Value> inputs, ArrayRef<Value> sums,
                               Value before, Value &cell) {
  OpBuilder &b = k.builder;
  Location loc = k.loc;
  auto tanh = [&](Value x) -> Value { return math::TanhOp::create(b, loc, x); };
  auto multiply = [&](Value x, Value y) -> Value { return arith::MulFOp::create(b, loc, x, y); };
  auto fused = [&](Value x, Value y, Value z) -> Value {
    return vector::FMAOp::create(b, loc, x, y, z);
  };
  switch (form.cell) {
  case Cell::Lstm: {
    Value in = sigmoid(k, sums[0]), forget = sigmoid(k, sums[1]), fresh = tanh(sums[2]);
    cell = fused(forget, cell, multiply(in, fresh));
    return multiply(sigmoid(k, sums[3]), tanh(cell));
  }
  case Cell::Gru: {
    Value reset = sigmoid(k, sums[0]), keep = sigmoid(k, sums[1]);
    Value fresh = tanh(fused(reset, sums[2], inputs[2]));
    return fused(arith::SubFOp::create(b, loc, before, fresh), keep, fresh);
  }
  case Cell::Tanh:
    return tanh(sums[0]);
  case Cell::Relu:
    break;
  }
  Value zero = k.number(sums[0].getType(), 0);
  Value isBelow = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, sums[0], zero);
  return arith::SelectOp::create(b, loc, isBelow, zero, sums[0]);
}

/// Some rows of the batch by some of a panel's vectors of units, from `firstVector` on.
void RecurrentWriter::writeBlock(KernelBuilder &k, const PackedLayer &packed,
                                 const StepPlace &place, Value firstRow, int64_t rows,
                                 int64_t firstVector) {
  int64_t gates = form.gates(), vectors = place.vectors * gates;
  int64_t column = firstVector * gates * lanes;
  Type element = k.elementType(form.dtype);
  VectorType type = k.vector(element, lanes);
  Value panel = k.add(k.mul(place.direction, panels), place.panel);
  Value from = k.add(k.add(place.products, k.mul(firstRow, panelSize())), column);
  SmallVector<Value> inputs, sums;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      inputs.push_back(k.load(type, k.pointer(products), k.add(from, r * panelSize() + v * lanes)));
      Value bias = k.mul(k.add(k.mul(panel, unitVectors), firstVector + v / gates), lanes);
      bool isNew = form.cell == Cell::Gru && v % gates == 2;
      sums.push_back(isNew ? k.load(type, k.pointer(packed.newBias), bias) : inputs.back());
    }
  std::pair<int64_t, int64_t> reduction[] = {{form.size, 1}};
  MicrokernelBlock block;
  block.rows = rows, block.vectors = vectors, block.type = type;
  block.rowStride = form.directions * form.size, block.reduction = reduction;
  block.a = k.at(k.pointer(states), element, k.add(place.before, k.mul(firstRow, block.rowStride)));
  block.b =
      k.at(k.pointer(packed.state), element, k.add(k.mul(panel, form.size * panelSize()), column));
  block.vectorStride = lanes, block.step = panelSize();
  sums = writeMicrokernel(k, block, sums);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < place.vectors; ++v) {
      size_t first = (r * place.vectors + v) * gates;
      writeUnits(k, place, k.add(firstRow, r), firstVector + v,
                 ArrayRef(inputs).slice(first, gates), ArrayRef(sums).slice(first, gates));
    }
}

/// The cell's update for one vector of units of one row.
void RecurrentWriter::writeUnits(KernelBuilder &k, const StepPlace &place, Value row,
                                 int64_t vector, ArrayRef<Value> inputs, ArrayRef<Value> sums) {
  VectorType type = k.vector(k.elementType(form.dtype), lanes);
  Value unit = k.mul(k.add(k.mul(place.panel, unitVectors), vector), lanes);
  bool isWhole = form.size % (lanes * unitVectors) == 0;
  Value count = isWhole ? Value() : k.sub(k.constant(form.size), unit);
  Value shift = k.add(k.mul(row, form.directions * form.size), unit);
  Value cellPlace = k.add(k.mul(k.add(k.mul(place.direction, form.batch), row), form.size), unit);
  Value before, cell;
  if (form.cell == Cell::Gru)
    before = k.loadMasked(type, k.pointer(states), k.add(place.before, shift), count);
  if (form.cell == Cell::Lstm)
    cell = k.loadMasked(type, k.pointer(cells), cellPlace, count);
  Value next = updated(k, inputs, sums, before, cell);
  if (form.cell == Cell::Lstm)
    k.storeMasked(cell, k.pointer(cells), cellPlace, count);
  k.storeMasked(next, k.pointer(states), k.add(place.after, shift), count);
}

void RecurrentWriter::writePanelStep(KernelBuilder &k, const PackedLayer &packed, Value step,
                                     Value direction, Value panel) {
  // The time of the step, and the slots on either side of it.
  Value turned = k.sub(k.constant(form.steps - 1), k.mul(step, 2));
  Value time = k.add(step, k.mul(direction, turned));
  Value shift = k.mul(direction, form.size);
  StepPlace place;
  place.direction = direction, place.panel = panel;
  place.before = k.add(k.mul(k.add(time, k.mul(direction, 2)), slotSize()), shift);
  place.after = k.add(k.mul(k.add(time, 1), slotSize()), shift);
  Value row = k.mul(k.add(k.mul(direction, panels), panel), form.steps);
  place.products = k.mul(k.add(row, time), form.batch * panelSize());
  // Few rows take the whole panel at once, so that weights stream; more rows share fewer vectors.
  bool isWide = form.batch <= rowsFor(unitVectors);
  place.vectors = isWide ? unitVectors : blockVectors;
  int64_t blockRows = rowsFor(place.vectors), whole = form.batch / blockRows * blockRows;
  for (int64_t vector = 0; vector < unitVectors; vector += place.vectors) {
    k.loop(0, whole, blockRows,
           [&](Value first) { writeBlock(k, packed, place, first, blockRows, vector); });
    if (whole < form.batch)
      writeBlock(k, packed, place, k.constant(whole), form.batch - whole, vector);
  }
}

void RecurrentWriter::writeSteps(const PackedLayer &packed) {
  int64_t pieces = form.directions * panels;
  // A panel's step is bound by reading its weights when there are few rows.
  double each = static_cast<double>(form.size * (panelSize() / lanes)) *
                std::max(static_cast<double>(form.batch), 2.0);
  double operations = 2.0 * static_cast<double>(form.batch * pieces) *
                      static_cast<double>(form.size * panelSize()); // of one step
  auto bytes = static_cast<double>(packed.state.numel() * dtypeBytes(form.dtype));
  if (grainOf(each) >= pieces) {
    // Too little for threads to share a step: a direction is one piece for all steps.
    region.launch(
        form.directions, grainOf(each * static_cast<double>(form.steps * panels)),
        [&](KernelBuilder &k, Value begin, Value end) {
          k.loop(begin, end, 1, [&](Value direction) {
            k.loop(0, form.steps, 1, [&](Value step) {
              k.loop(0, panels, 1,
                     [&](Value panel) { writePanelStep(k, packed, step, direction, panel); });
            });
          });
        },
        operations * static_cast<double>(form.steps), bytes * static_cast<double>(form.steps));
    return;
  }
  region.launchSteps(
      form.steps, pieces, grainOf(each),
      [&](KernelBuilder &k, Value step, Value begin, Value end) {
        Value isOdd = k.rem(step, 2), last = k.sub(k.add(begin, end), k.constant(1));
        k.loop(begin, end, 1, [&](Value i) {
          // i, or from the other end: last - i.
          Value piece = k.add(i, k.mul(isOdd, k.sub(last, k.mul(i, 2))));
          SmallVector<Value> at = k.delinearize(piece, {form.directions, panels});
          Value direction = form.directions == 1 ? k.constant(0) : at[0];
          writePanelStep(k, packed, step, direction, at[1]);
        });
      },
      operations, bytes);
}

// ---- The whole
void RecurrentWriter::write(ArrayRef<std::optional<Buffer>> results) {
  int64_t steps = form.steps, batch = form.batch, width = form.directions * form.size;
  Buffer input = region.buffer(form.input);
  if (form.batchFirst)
    input = permuted(input, {1, 0, 2});
  if (!input.isDense()) {
    Buffer copy = region.temporary(form.dtype, input.sizes);
    emitCopy(region, input, copy);
    input = copy;
  }
  Buffer rows = input;
  rows.sizes = {steps * batch, form.features};
  rows.strides = {form.features, 1};
  for (int64_t layer = 0; layer < form.layers; ++layer) {
    PackedLayer packed = pack(layer);
    products = region.temporary(form.dtype, {form.directions * panels, steps * batch, panelSize()});
    states = region.temporary(form.dtype, {steps + 2, batch, form.directions, form.size});
    int64_t firstCell = layer * form.directions;
    for (int64_t d = 0; d < form.directions; ++d)
      emitCopy(region, selected(region.buffer(form.hidden), 0, firstCell + d),
               selected(selected(states, 2, d), 0, d == 0 ? 0 : steps + 1));
    if (form.cell == Cell::Lstm) {
      cells = region.temporary(form.dtype, {form.directions, batch, form.size});
      emitCopy(region, sliced(region.buffer(form.cellState), 0, firstCell, form.directions), cells);
    }
    writeInputProduct(packed, rows);
    writeSteps(packed);
    for (int64_t d = 0; d < form.directions && results[1]; ++d)
      emitCopy(region, selected(selected(states, 2, d), 0, d == 0 ? steps : 1),
               selected(*results[1], 0, firstCell + d));
    if (form.cell == Cell::Lstm && results[2])
      emitCopy(region, cells, sliced(*results[2], 0, firstCell, form.directions));
    rows = states;
    rows.offset += slotSize();
    rows.sizes = {steps * batch, width};
    rows.strides = {width, 1};
  }
  if (!results[0])
    return;
  rows.sizes = {steps, batch, width};
  rows.strides = {batch * width, width, 1};
  emitCopy(region, form.batchFirst ? permuted(rows, {1, 0, 2}) : rows, *results[0]);
}

void emitRecurrent(RegionWriter &region, kernel::GroupOp group) {
  auto op = *group.block().getOps<ts::AtenOp>().begin();
  std::string why;
  std::optional<RecurrentForm> form = kernel::readRecurrent(op, why);
  assert(form && "whyNotRecurrent lets nothing else through");
  SmallVector<std::optional<Buffer>> results(3);
  for (auto [yielded, result] : llvm::zip(group.yield().getValues(), group.getResults()))
    for (OpResult each : op->getResults())
      if (each == yielded)
        results[each.getResultNumber()] = region.define(result);
  RecurrentWriter(region, *form).write(results);
}

} // namespace tsc::lowering
