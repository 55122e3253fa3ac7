// SPDX-License-Identifier: Apache-2.0
// Rows groups: what each pass computes and keeps, the tasks, and values at one point.
#include "RowsWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Scratch memory that a piece may use, and that should not be exceeded by taking rows side by
/// side.
static constexpr int64_t kMostScratch = 128 << 10, kGoodScratch = 32 << 10;
// ---- Plan

bool RowsWriter::isRecomputed(const RowsNode &node) const {
  if (node.kind == RowsNode::Kind::Input) {
    int64_t step = space.lane.steps[node.access];
    return step == 0 || step == 1;
  }
  return node.kind == RowsNode::Kind::Index || node.isCheap;
}

void RowsWriter::visit(int64_t number, int64_t pass) {
  const RowsNode &node = program.nodes[number];
  if (node.isRow || passes[pass].evaluated.contains(number))
    return;
  if (!isRecomputed(node) && !space.isSplit())
    for (int64_t earlier = 0; earlier < pass; ++earlier)
      if (passes[earlier].evaluated.contains(number)) {
        keptFrom.insert({number, earlier});
        return;
      }
  passes[pass].evaluated.insert(number);
  for (int64_t operand : node.operands)
    visit(operand, pass);
}

void RowsWriter::planPasses() {
  passes.assign(program.passes, {});
  for (size_t i = 0; i < program.nodes.size(); ++i) {
    const RowsNode &node = program.nodes[i];
    if (node.kind == RowsNode::Kind::Reduce && node.stage <= program.passes)
      passes[node.stage - 1].reductions.push_back(static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const RowsNode &node = program.nodes[program.outputs[i].node];
    if (!node.isRow)
      passes[node.stage].outputs.push_back(static_cast<int64_t>(i));
  }
  planKept();
}

void RowsWriter::planKept() {
  keptFrom.clear();
  for (Pass &pass : passes)
    pass.evaluated.clear();
  for (int64_t p = 0; p < static_cast<int64_t>(passes.size()); ++p) {
    for (int64_t reduction : passes[p].reductions)
      for (int64_t operand : program.nodes[reduction].operands)
        visit(operand, p);
    for (int64_t output : passes[p].outputs)
      visit(program.outputs[output].node, p);
  }
  while (!space.isInner() && space.slots > 1 && scratchBytes() > kGoodScratch)
    space.setSlots(space.slots / 2);
  if (scratchBytes() > kMostScratch)
    keptFrom.clear();
}

int64_t RowsWriter::scratchBytes() const {
  int64_t elementBytes = 0;
  for (auto [node, pass] : keptFrom)
    elementBytes += dtypeBytes(program.nodes[node].dtype);
  return elementBytes * space.scratchElements();
}

bool RowsWriter::mayStream(const RowsAccess &access) const {
  int64_t size = dtypeBytes(access.buffer.dtype), number = &access - program.accesses.data();
  auto isAligned = [&](const RowsLoop &loop) { return loop.steps[number] * size % 64 == 0; };
  return access.buffer.kind == Buffer::Kind::Output && access.buffer.offset == 0 &&
         access.buffer.numel() * size >= kStreamBytes && space.lanes * size % 64 == 0 &&
         space.lane.steps[number] == 1 && llvm::all_of(space.kept, isAligned) &&
         llvm::all_of(space.inner, isAligned) && isAligned(space.chunk);
}

double RowsWriter::bytes() const {
  double total = 0;
  for (const RowsAccess &access : program.accesses)
    total += static_cast<double>(access.buffer.numel() * dtypeBytes(access.buffer.dtype));
  return total;
}

int64_t RowsWriter::grain() const {
  int64_t evaluated = 0;
  for (const Pass &pass : passes)
    evaluated += static_cast<int64_t>(pass.evaluated.size() + pass.outputs.size());
  int64_t vectors = llvm::divideCeil(space.scratchElements(), space.lanes);
  // A node takes two cycles a vector or so; 60000 cycles are worth a thread.
  return std::max<int64_t>(1, 60000 / std::max<int64_t>(1, 2 * evaluated * vectors));
}

void RowsWriter::write() {
  planPasses();
  if (space.pieces == 0)
    return;
  int64_t count = static_cast<int64_t>(passes.size());
  double elements = static_cast<double>(space.pieces * space.chunk.size * space.scratchElements());
  double operations = elements * static_cast<double>(program.nodes.size());
  if (!space.isSplit()) {
    auto task = [&](KernelBuilder &k, Value begin, Value end) {
      writeTask(k, begin, end, 0, count);
    };
    region.launch(space.pieces, grain(), task, operations, bytes());
    return;
  }
  for (const Pass &pass : passes)
    for (int64_t node : pass.reductions)
      for (int64_t c = 0; c < componentsOf(program.nodes[node].reduction); ++c) {
        DType dtype = c == 1 ? DType::Int32 : program.nodes[node].dtype;
        int64_t width = space.isInner() ? 1 : space.width();
        partials[{node, c}] = region.temporary(dtype, {space.pieces, space.chunk.size, width});
      }
  for (int64_t pass = 0; pass < count; ++pass) {
    auto task = [&](KernelBuilder &k, Value begin, Value end) {
      writeTask(k, begin, end, pass, pass + 1);
    };
    region.launch(space.pieces * space.chunk.size, grain(), task,
                  operations / static_cast<double>(count), bytes());
  }
  bool hasRowOutputs = llvm::any_of(
      program.outputs, [&](const RowsOutput &output) { return program.nodes[output.node].isRow; });
  if (!hasRowOutputs)
    return;
  auto finish = [&](KernelBuilder &k, Value begin, Value end) {
    writeTask(k, begin, end, count, count);
  };
  region.launch(space.pieces, space.pieces, finish);
}

// ---- Code of a task

/// Passes [first, last) over pieces [begin, end), and the results of rows after the last.
void RowsWriter::writeTask(KernelBuilder &k, Value begin, Value end, int64_t first, int64_t last) {
  scratch.clear();
  for (auto [node, pass] : keptFrom)
    scratch[node] = k.scratch(space.scratchElements() * dtypeBytes(program.nodes[node].dtype));
  bool hasChunks = space.isSplit() && first < last;
  k.loop(begin, end, 1, [&](Value piece) {
    Value ofChunk = hasChunks ? k.rem(piece, space.chunk.size) : k.constant(0);
    Value ofRow = hasChunks ? k.div(piece, space.chunk.size) : piece;
    if (space.isInner()) {
      writePiece(k, ofRow, ofChunk, space.lanes, first, last);
      return;
    }
    int64_t rest = space.lane.size % space.width();
    if (rest == 0 || space.blocks() == 1) {
      writePiece(k, ofRow, ofChunk, rest ? rest : space.width(), first, last);
      return;
    }
    Value isWhole = k.less(k.rem(ofRow, space.blocks()), k.constant(space.blocks() - 1));
    k.ifThen(
        isWhole, [&] { writePiece(k, ofRow, ofChunk, space.width(), first, last); },
        [&] { writePiece(k, ofRow, ofChunk, rest, first, last); });
  });
}

void RowsWriter::writePiece(KernelBuilder &k, Value ofRow, Value ofChunk, int64_t valid,
                            int64_t first, int64_t last) {
  row = ofRow;
  chunk = ofChunk;
  rowValues.assign(slotCount(valid), Values());
  Value block = k.rem(row, space.blocks());
  SmallVector<int64_t> keptSizes;
  for (const RowsLoop &loop : space.kept)
    keptSizes.push_back(loop.size);
  SmallVector<Value> coordinates = k.delinearize(k.div(row, space.blocks()), keptSizes);
  bases.clear();
  for (size_t access = 0; access < program.accesses.size(); ++access) {
    Value base = k.mul(chunk, space.chunk.steps[access]);
    if (!space.isInner())
      base = k.add(base, k.mul(block, space.width() * space.lane.steps[access]));
    for (auto [coordinate, loop] : llvm::zip(coordinates, space.kept))
      base = k.add(base, k.mul(coordinate, loop.steps[access]));
    bases.push_back(base);
  }
  for (int64_t pass = first; pass < last; ++pass) {
    prepareRow(k, pass, valid);
    runPass(k, pass, valid);
  }
  bool isLast = !space.isSplit() || first == last;
  if (!isLast)
    return;
  prepareRow(k, static_cast<int64_t>(passes.size()), valid);
  writeRowOutputs(k, valid);
}

void RowsWriter::writeRowOutputs(KernelBuilder &k, int64_t valid) {
  for (const RowsOutput &output : program.outputs) {
    if (!program.nodes[output.node].isRow)
      continue;
    const Buffer &buffer = program.accesses[output.access].buffer;
    Value base = k.pointer(buffer);
    for (int64_t slot = 0; slot < slotCount(valid); ++slot) {
      Value memory = toMemory(k, rowValues[slot].lookup(output.node));
      if (space.isInner()) {
        Value scalar = vector::ExtractOp::create(k.builder, k.loc, memory, ArrayRef<int64_t>{0});
        k.store(scalar, base, bases[output.access]);
        continue;
      }
      int64_t step = space.lane.steps[output.access];
      int64_t count = std::min(space.lanes, valid - slot * space.lanes);
      Value offset = k.add(bases[output.access], slot * space.lanes * step);
      k.storeStrided(memory, base, offset, step,
                     count == space.lanes ? Value() : k.constant(count));
    }
  }
}

/// Computes the row values that are there after `stage` passes, so that loops find them.
void RowsWriter::prepareRow(KernelBuilder &k, int64_t stage, int64_t valid) {
  for (int64_t slot = 0; slot < slotCount(valid); ++slot)
    for (size_t i = 0; i < program.nodes.size(); ++i)
      if (program.nodes[i].isRow && program.nodes[i].stage <= stage)
        rowValue(k, static_cast<int64_t>(i), slot, valid);
}

Value RowsWriter::rowValue(KernelBuilder &k, int64_t number, int64_t slot, int64_t valid) {
  if (Value known = rowValues[slot].lookup(number))
    return known;
  const RowsNode &node = program.nodes[number];
  Value result;
  if (node.kind == RowsNode::Kind::Reduce) {
    assert(space.isSplit() && "a reduction is there after its pass");
    Accumulator found = loadPartials(k, slot, number);
    result = found.back();
  } else if (node.kind == RowsNode::Kind::Map) {
    SmallVector<Value> operands;
    for (int64_t operand : node.operands)
      operands.push_back(rowValue(k, operand, slot, valid));
    result = node.compute(k, operands);
  } else {
    RowsPoint point;
    point.inner.assign(space.inner.size(), k.constant(0));
    point.lane = k.constant(space.isInner() ? 0 : slot * space.lanes);
    point.slot = slot;
    point.count = space.isInner() ? space.lanes : std::min(space.lanes, valid - slot * space.lanes);
    result = node.kind == RowsNode::Kind::Input ? load(k, node, point) : index(k, node, point);
  }
  rowValues[slot][number] = result;
  return result;
}

Value RowsWriter::offsetOf(KernelBuilder &k, int64_t access, const RowsPoint &point) {
  Value offset = k.add(bases[access], k.mul(point.lane, space.lane.steps[access]));
  for (auto [coordinate, loop] : llvm::zip(point.inner, space.inner))
    offset = k.add(offset, k.mul(coordinate, loop.steps[access]));
  return offset;
}

Value RowsWriter::scratchOffset(KernelBuilder &k, const RowsPoint &point) {
  Value position = k.constant(0);
  for (auto [coordinate, loop] : llvm::zip(point.inner, space.inner))
    position = k.add(k.mul(position, loop.size), coordinate);
  int64_t run = space.isInner() ? llvm::alignTo(space.lane.size, space.lanes) : space.width();
  return k.add(k.mul(position, run), point.lane);
}

Value RowsWriter::load(KernelBuilder &k, const RowsNode &node, const RowsPoint &point) {
  const Buffer &buffer = program.accesses[node.access].buffer;
  VectorType type = k.vector(k.elementType(buffer.dtype), space.lanes);
  Value count = point.count == space.lanes ? Value() : k.constant(point.count);
  Value memory = k.loadStrided(type, k.pointer(buffer), offsetOf(k, node.access, point),
                               space.lane.steps[node.access], count);
  return fromMemory(k, memory, buffer.dtype);
}

Value RowsWriter::index(KernelBuilder &k, const RowsNode &node, const RowsPoint &point) {
  Type i32 = k.builder.getI32Type();
  Value first = arith::TruncIOp::create(k.builder, k.loc, i32, offsetOf(k, node.access, point));
  SmallVector<int32_t> distances;
  for (int64_t lane = 0; lane < space.lanes; ++lane)
    distances.push_back(static_cast<int32_t>(lane * space.lane.steps[node.access]));
  Value lanes = arith::ConstantOp::create(
      k.builder, k.loc,
      DenseElementsAttr::get(k.vector(i32, space.lanes), ArrayRef<int32_t>(distances)));
  return arith::AddIOp::create(k.builder, k.loc, k.splat(first, space.lanes), lanes);
}

Value RowsWriter::value(KernelBuilder &k, int64_t number, const RowsPoint &point, Values &known) {
  const RowsNode &node = program.nodes[number];
  if (node.isRow)
    return rowValues[point.slot].lookup(number);
  if (Value found = known.lookup(number))
    return found;
  auto keeps = keptFrom.find(number);
  bool isKept = keeps != keptFrom.end();
  Value result;
  if (isKept && keeps->second < currentPass) {
    VectorType type = k.vector(k.elementType(node.dtype), space.lanes);
    result = fromMemory(k, k.load(type, scratch[number], scratchOffset(k, point)), node.dtype);
  } else if (node.kind == RowsNode::Kind::Input) {
    result = load(k, node, point);
  } else if (node.kind == RowsNode::Kind::Index) {
    result = index(k, node, point);
  } else {
    SmallVector<Value> operands;
    for (int64_t operand : node.operands)
      operands.push_back(value(k, operand, point, known));
    result = node.compute(k, operands);
  }
  if (isKept && keeps->second == currentPass)
    k.store(toMemory(k, result), scratch[number], scratchOffset(k, point));
  known[number] = result;
  return result;
}

void emitRows(RegionWriter &region, kernel::GroupOp group) { RowsWriter(region, group).write(); }

} // namespace tsc::lowering
