// SPDX-License-Identifier: Apache-2.0
// A pass over a row: loops that carry accumulators, and what becomes of these at the end. Float
// sums are taken in several accumulators and in blocks, so that errors grow with the logarithm of
// the length.
#include "RowsWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Turns of a loop after which a float sum goes into an accumulator of the next level.
static constexpr int64_t kSumBlock = 128;
/// Vectors of a row at a time, and how many when a pass evaluates more than kManyNodes nodes: their
/// constants need the registers, and fewer have enough work for all pipelines.
static constexpr int64_t kUnits = 4, kUnitsOfMany = 2;
static constexpr size_t kManyNodes = 7;

void RowsWriter::runPass(KernelBuilder &k, int64_t pass, int64_t valid) {
  currentPass = pass;
  current = &passes[pass];
  if (current->reductions.empty() && current->outputs.empty())
    return;
  units = slotCount(valid);
  if (space.isInner())
    units = current->evaluated.size() > kManyNodes ? kUnitsOfMany : kUnits;
  RowsPoint point;
  SmallVector<Value> found = overInner(k, 0, point, identities(k), valid);
  finishPass(k, found);
}

SmallVector<Value> RowsWriter::identities(KernelBuilder &k) {
  SmallVector<Value> values;
  for (int64_t unit = 0; unit < units; ++unit)
    for (int64_t node : current->reductions)
      llvm::append_range(values, identityOf(k, program.nodes[node].reduction,
                                            program.nodes[node].dtype, space.lanes));
  return values;
}

/// Accumulators of the same units, together.
SmallVector<Value> RowsWriter::merge(KernelBuilder &k, ArrayRef<Value> a, ArrayRef<Value> b) {
  SmallVector<Value> merged;
  for (size_t i = 0; i < a.size();)
    for (int64_t number : current->reductions) {
      const RowsNode &node = program.nodes[number];
      int64_t count = componentsOf(node.reduction);
      Accumulator x(a.slice(i, count)), y(b.slice(i, count));
      llvm::append_range(merged, combine(k, node.reduction, node.dtype, x, y));
      i += count;
    }
  return merged;
}

/// A loop whose float sums are taken in blocks.
SmallVector<Value> RowsWriter::blockedLoop(KernelBuilder &k, int64_t to, int64_t step,
                                           ValueRange carried, KernelBuilder::CarryingBody body) {
  bool sums = llvm::any_of(current->reductions, [&](int64_t node) {
    return isFloatSum(program.nodes[node].reduction, program.nodes[node].dtype);
  });
  if (!sums || to <= 2 * kSumBlock * step)
    return k.loop(k.constant(0), k.constant(to), step, carried, body);
  return k.loop(k.constant(0), k.constant(to), kSumBlock * step, carried,
                [&](Value begin, ValueRange outer) {
                  Value end = k.min(k.add(begin, kSumBlock * step), k.constant(to));
                  SmallVector<Value> sum = k.loop(begin, end, step, identities(k), body);
                  return merge(k, SmallVector<Value>(outer), sum);
                });
}

SmallVector<Value> RowsWriter::overInner(KernelBuilder &k, size_t depth, RowsPoint &point,
                                         SmallVector<Value> carried, int64_t valid) {
  if (depth < space.inner.size()) {
    auto body = [&](Value coordinate, ValueRange values) {
      point.inner.push_back(coordinate);
      SmallVector<Value> next = overInner(k, depth + 1, point, SmallVector<Value>(values), valid);
      point.inner.pop_back();
      return next;
    };
    return blockedLoop(k, space.inner[depth].size, 1, carried, body);
  }
  if (space.isInner())
    return overLanes(k, point, std::move(carried));
  for (int64_t slot = 0; slot < slotCount(valid); ++slot) {
    point.lane = k.constant(slot * space.lanes);
    point.slot = slot;
    point.count = std::min(space.lanes, valid - slot * space.lanes);
    writePoint(k, point, slot, carried);
  }
  return carried;
}

SmallVector<Value> RowsWriter::overLanes(KernelBuilder &k, RowsPoint &point,
                                         SmallVector<Value> carried) {
  int64_t size = space.lane.size, turn = units * space.lanes, main = size / turn * turn;
  auto body = [&](Value first, ValueRange values) {
    SmallVector<Value> next(values);
    for (int64_t unit = 0; unit < units; ++unit) {
      point.lane = k.add(first, unit * space.lanes);
      point.count = space.lanes;
      writePoint(k, point, unit, next);
    }
    return next;
  };
  carried = blockedLoop(k, main, turn, carried, body);
  for (int64_t unit = 0, lane = main; lane < size; ++unit, lane += space.lanes) {
    point.lane = k.constant(lane);
    point.count = std::min(space.lanes, size - lane);
    writePoint(k, point, unit, carried);
  }
  return carried;
}

static Value maskOf(KernelBuilder &k, int64_t lanes, int64_t count) {
  SmallVector<bool> bits(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    bits[lane] = lane < count;
  auto attribute =
      DenseElementsAttr::get(k.vector(k.builder.getI1Type(), lanes), ArrayRef<bool>(bits));
  return arith::ConstantOp::create(k.builder, k.loc, attribute);
}

/// Adds the elements at a point to the accumulators of a unit, and writes the pass's results there.
void RowsWriter::writePoint(KernelBuilder &k, const RowsPoint &point, int64_t unit,
                            SmallVector<Value> &carried) {
  fetchNextRow(k, point);
  Values known;
  size_t perUnit = 0;
  for (int64_t node : current->reductions)
    perUnit += componentsOf(program.nodes[node].reduction);
  size_t at = unit * perUnit;
  for (int64_t number : current->reductions) {
    const RowsNode &node = program.nodes[number];
    int64_t count = componentsOf(node.reduction);
    Accumulator before(ArrayRef<Value>(carried).slice(at, count)), elements;
    for (int64_t operand : node.operands)
      elements.push_back(value(k, operand, point, known));
    Accumulator after = combine(k, node.reduction, node.dtype, before, elements);
    // Lanes behind the end of a row keep what they have.
    bool isPartial = space.isInner() && point.count < space.lanes;
    for (int64_t c = 0; c < count; ++c)
      carried[at + c] =
          isPartial ? arith::SelectOp::create(k.builder, k.loc, maskOf(k, space.lanes, point.count),
                                              after[c], before[c])
                    : after[c];
    at += count;
  }
  for (int64_t number : current->outputs) {
    const RowsOutput &output = program.outputs[number];
    const RowsAccess &access = program.accesses[output.access];
    Value memory = toMemory(k, value(k, output.node, point, known));
    Value base = k.pointer(access.buffer), offset = offsetOf(k, output.access, point);
    bool isWhole = point.count == space.lanes;
    if (isWhole && mayStream(access))
      k.storeStreaming(memory, base, offset);
    else
      k.storeStrided(memory, base, offset, space.lane.steps[output.access],
                     isWhole ? Value() : k.constant(point.count));
  }
}

/// Has memory fetch the next row's inputs while a later pass works on this one, out of the caches.
void RowsWriter::fetchNextRow(KernelBuilder &k, const RowsPoint &point) {
  if (currentPass == 0 || space.isSplit() || !space.isInner() || space.kept.empty())
    return;
  llvm::SmallDenseSet<int64_t> fetched;
  for (const RowsNode &node : program.nodes) {
    if (node.kind != RowsNode::Kind::Input || node.isRow || !fetched.insert(node.access).second)
      continue;
    const Buffer &buffer = program.accesses[node.access].buffer;
    int64_t size = dtypeBytes(buffer.dtype), next = space.kept.back().steps[node.access];
    if (space.lane.steps[node.access] != 1 || next == 0 || buffer.numel() * size < kStreamBytes)
      continue;
    Value offset = k.add(offsetOf(k, node.access, point), next);
    k.prefetch(k.at(k.pointer(buffer), k.elementType(buffer.dtype), offset));
  }
}

/// Leaves the pass's reductions as row values, or as the chunk's part of them.
void RowsWriter::finishPass(KernelBuilder &k, ArrayRef<Value> carried) {
  if (current->reductions.empty())
    return;
  size_t perUnit = carried.size() / units;
  SmallVector<SmallVector<Value>> byUnit;
  for (int64_t unit = 0; unit < units; ++unit)
    byUnit.push_back(SmallVector<Value>(carried.slice(unit * perUnit, perUnit)));
  if (space.isInner())
    for (; byUnit.size() > 1; byUnit.resize(byUnit.size() / 2))
      for (size_t i = 0; i < byUnit.size() / 2; ++i)
        byUnit[i] = merge(k, byUnit[i], byUnit[i + byUnit.size() / 2]);
  for (size_t slot = 0; slot < byUnit.size(); ++slot) {
    size_t at = 0;
    for (int64_t number : current->reductions) {
      const RowsNode &node = program.nodes[number];
      int64_t count = componentsOf(node.reduction);
      Accumulator found(ArrayRef<Value>(byUnit[slot]).slice(at, count));
      at += count;
      if (space.isInner())
        found = combineLanes(k, node.reduction, node.dtype, found);
      if (space.isSplit())
        storePartials(k, static_cast<int64_t>(slot), number, found);
      else
        rowValues[slot][number] = found.back();
    }
  }
}

// ---- Chunks

Value RowsWriter::partialOffset(KernelBuilder &k, Value ofChunk, int64_t slot) {
  int64_t width = space.isInner() ? 1 : space.width();
  Value position = k.add(k.mul(row, space.chunk.size), ofChunk);
  return k.add(k.mul(position, width), slot * space.lanes);
}

void RowsWriter::storePartials(KernelBuilder &k, int64_t slot, int64_t node,
                               const Accumulator &found) {
  for (size_t c = 0; c < found.size(); ++c) {
    Value memory = toMemory(k, found[c]);
    if (space.isInner())
      memory = vector::ExtractOp::create(k.builder, k.loc, memory, ArrayRef<int64_t>{0});
    k.store(memory, k.pointer(partials[{node, c}]), partialOffset(k, chunk, slot));
  }
}

/// A reduction's result from those of all chunks.
Accumulator RowsWriter::loadPartials(KernelBuilder &k, int64_t slot, int64_t number) {
  const RowsNode &node = program.nodes[number];
  Accumulator identity = identityOf(k, node.reduction, node.dtype, space.lanes);
  auto body = [&](Value ofChunk, ValueRange carried) {
    Accumulator part;
    for (size_t c = 0; c < identity.size(); ++c) {
      const Buffer &buffer = partials[{number, c}];
      VectorType type = k.vector(k.elementType(buffer.dtype), space.lanes);
      Value memory = k.loadStrided(type, k.pointer(buffer), partialOffset(k, ofChunk, slot),
                                   space.isInner() ? 0 : 1);
      part.push_back(fromMemory(k, memory, buffer.dtype));
    }
    Accumulator before(carried.begin(), carried.end());
    Accumulator sum = combine(k, node.reduction, node.dtype, before, part);
    return SmallVector<Value>(sum.begin(), sum.end());
  };
  SmallVector<Value> found =
      k.loop(k.constant(0), k.constant(space.chunk.size), 1, ValueRange(identity), body);
  return Accumulator(found.begin(), found.end());
}

} // namespace tsc::lowering
