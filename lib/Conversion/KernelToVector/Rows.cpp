// SPDX-License-Identifier: Apache-2.0
// Rows groups. A piece of work is a row, or some rows side by side in lanes; it makes all passes of
// the program over its row, which stays in the L1 cache. What a pass computes and a later one needs
// is kept in scratch memory when that costs less than computing it again. When there are few long
// rows, they are split into chunks: each pass is then a task of its own over all chunks, and begins
// with combining what the chunks of the pass before have found, in their order.
//
// Sums in floats are taken in several accumulators and in blocks, so that errors grow with the
// logarithm of the length.
#include "RowsSpace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Scratch memory that a piece may use, and that should not be exceeded by taking rows side by
/// side.
static constexpr int64_t kMostScratch = 128 << 10, kGoodScratch = 32 << 10;
/// Turns of a loop after which a float sum goes into an accumulator of the next level.
static constexpr int64_t kSumBlock = 128;
/// Results from this size on do not go through the caches.
static constexpr int64_t kStreamBytes = 8 << 20;
/// Nodes of a pass, from which on one vector at a time has enough work for all pipelines.
static constexpr size_t kManyNodes = 12;

namespace {
/// Where a vector of elements is.
struct RowsPoint {
  SmallVector<Value, 4> inner; ///< coordinates of the inner loops
  Value lane;                  ///< of the first lane, from where the piece begins
  int64_t slot = 0;            ///< row values of the outer form
  int64_t count = 0;           ///< lanes that exist
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
    SmallVector<int64_t> reductions, outputs; ///< nodes; numbers of outputs
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
  SmallVector<Value> identities(KernelBuilder &k, int64_t units);
  SmallVector<Value> merge(KernelBuilder &k, ArrayRef<Value> a, ArrayRef<Value> b);
  SmallVector<Value> blockedLoop(KernelBuilder &k, int64_t to, int64_t step, ValueRange carried,
                                 KernelBuilder::CarryingBody body);
  SmallVector<Value> overInner(KernelBuilder &k, size_t depth, RowsPoint &point,
                               SmallVector<Value> carried, int64_t valid);
  SmallVector<Value> overLanes(KernelBuilder &k, RowsPoint &point, SmallVector<Value> carried);
  void writePoint(KernelBuilder &k, const RowsPoint &point, int64_t unit,
                  SmallVector<Value> &carried);
  void finishPass(KernelBuilder &k, ArrayRef<Value> carried, int64_t units);
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
  Value row, chunk;
  SmallVector<Value> bases; ///< offsets of the piece's first element, by access
  SmallVector<Values> rowValues;
  llvm::DenseMap<int64_t, Value> scratch;
};
} // namespace

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
  rowValues.assign(slotCount(valid), {});
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

// ---- Passes

void RowsWriter::runPass(KernelBuilder &k, int64_t pass, int64_t valid) {
  currentPass = pass;
  current = &passes[pass];
  if (current->reductions.empty() && current->outputs.empty())
    return;
  int64_t units = slotCount(valid);
  if (space.isInner())
    units = current->evaluated.size() > kManyNodes ? 2 : space.slots;
  if (space.isInner())
    space.slots = units;
  RowsPoint point;
  SmallVector<Value> found = overInner(k, 0, point, identities(k, units), valid);
  finishPass(k, found, units);
}

SmallVector<Value> RowsWriter::identities(KernelBuilder &k, int64_t units) {
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
  int64_t perUnit = 0;
  for (int64_t node : current->reductions)
    perUnit += componentsOf(program.nodes[node].reduction);
  int64_t units = static_cast<int64_t>(carried.size()) / perUnit;
  return k.loop(k.constant(0), k.constant(to), kSumBlock * step, carried,
                [&](Value begin, ValueRange outer) {
                  Value end = k.min(k.add(begin, kSumBlock * step), k.constant(to));
                  SmallVector<Value> sum = k.loop(begin, end, step, identities(k, units), body);
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
  int64_t size = space.lane.size, turn = space.width(), main = size / turn * turn;
  auto body = [&](Value first, ValueRange values) {
    SmallVector<Value> next(values);
    for (int64_t unit = 0; unit < space.slots; ++unit) {
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

/// Leaves the pass's reductions as row values, or as the chunk's part of them.
void RowsWriter::finishPass(KernelBuilder &k, ArrayRef<Value> carried, int64_t units) {
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

void emitRows(RegionWriter &region, kernel::GroupOp group) { RowsWriter(region, group).write(); }

} // namespace tsc::lowering
