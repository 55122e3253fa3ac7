// SPDX-License-Identifier: Apache-2.0
// Elementwise groups. The result's dimensions are walked in the order in which they lie in memory,
// neighbours joined where all operands allow it, so that the usual case is one long run. A run goes
// in vectors, its end in a masked one: an element's value does not depend on where it stands.
#include "RegionWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Elements that a thread should at least have.
static constexpr int64_t kGrainElements = 16384;
/// Results from this size on do not go through the caches.
static constexpr int64_t kStreamBytes = 8 << 20;

namespace {
/// One tensor of the walk: its buffer and, for each loop, how far a step goes.
struct Walker {
  Buffer buffer;
  SmallVector<int64_t> steps;
};

class MapWriter {
public:
  MapWriter(RegionWriter &region, kernel::GroupOp group)
      : region(region), group(group), epilogue(group, nullptr) {}
  void write();

private:
  void joinLoops();
  void writeRun(KernelBuilder &k, ArrayRef<Value> outer, Value from, Value to, bool masked);
  void writeVector(KernelBuilder &k, ArrayRef<Value> outer, Value index, Value count);
  bool mayStream() const;

  RegionWriter &region;
  kernel::GroupOp group;
  Epilogue epilogue;
  SmallVector<int64_t> loops; ///< sizes, outermost first
  llvm::MapVector<Value, Walker> inputs;
  SmallVector<Walker> outputs;
  SmallVector<int64_t> order; ///< logical dimension of each loop before joining
  int64_t rank = 0, lanes = 0;
  bool streams = false;
};
} // namespace

/// The steps of a tensor whose dimensions align with the result's last ones.
static Walker walkerOf(const Buffer &buffer, ArrayRef<int64_t> order, int64_t rank) {
  Walker walker{buffer, {}};
  for (int64_t dim : order) {
    int64_t d = dim - (rank - buffer.rank());
    walker.steps.push_back(d < 0 || buffer.sizes[d] == 1 ? 0 : buffer.strides[d]);
  }
  return walker;
}

void MapWriter::joinLoops() {
  auto joins = [&](size_t outer) {
    auto fits = [&](const Walker &w) {
      return w.steps[outer] == w.steps[outer + 1] * loops[outer + 1];
    };
    return llvm::all_of(outputs, fits) &&
           llvm::all_of(inputs, [&](auto &pair) { return fits(pair.second); });
  };
  for (size_t outer = loops.size() < 2 ? 0 : loops.size() - 1; outer-- > 0;) {
    if (!joins(outer))
      continue;
    loops[outer + 1] *= loops[outer];
    loops.erase(loops.begin() + outer);
    for (Walker &walker : outputs)
      walker.steps.erase(walker.steps.begin() + outer);
    for (auto &pair : inputs)
      pair.second.steps.erase(pair.second.steps.begin() + outer);
  }
  if (loops.empty()) {
    loops.push_back(1);
    for (Walker &walker : outputs)
      walker.steps.push_back(1);
    for (auto &pair : inputs)
      pair.second.steps.push_back(0);
  }
}

bool MapWriter::mayStream() const {
  return llvm::all_of(outputs, [&](const Walker &w) {
    int64_t bytes = dtypeBytes(w.buffer.dtype);
    bool aligned = llvm::all_of(ArrayRef<int64_t>(w.steps).drop_back(),
                                [&](int64_t step) { return step * bytes % 64 == 0; });
    return w.buffer.kind == Buffer::Kind::Output && w.buffer.offset == 0 && aligned &&
           w.buffer.numel() * bytes >= kStreamBytes && lanes * bytes % 64 == 0 &&
           w.steps.back() == 1;
  });
}

void MapWriter::writeVector(KernelBuilder &k, ArrayRef<Value> outer, Value index, Value count) {
  auto offsetOf = [&](const Walker &walker) {
    Value offset = k.mul(index, walker.steps.back());
    for (auto [coordinate, step] : llvm::zip(outer, walker.steps))
      offset = k.add(offset, k.mul(coordinate, step));
    return offset;
  };
  auto load = [&](Value operand) {
    const Walker &walker = inputs.find(operand)->second;
    VectorType type = k.vector(k.elementType(walker.buffer.dtype), lanes);
    Value memory =
        k.loadStrided(type, k.pointer(walker.buffer), offsetOf(walker), walker.steps.back(), count);
    return fromMemory(k, memory, walker.buffer.dtype);
  };
  SmallVector<Value> results = epilogue.evaluate(k, {}, load, lanes);
  for (auto [walker, result] : llvm::zip(outputs, results)) {
    Value memory = toMemory(k, result), base = k.pointer(walker.buffer);
    if (streams && !count)
      k.storeStreaming(memory, base, offsetOf(walker));
    else
      k.storeStrided(memory, base, offsetOf(walker), walker.steps.back(), count);
  }
}

/// Vectors [from, to) of a run; the last one is masked when `masked` says that the run ends in one.
void MapWriter::writeRun(KernelBuilder &k, ArrayRef<Value> outer, Value from, Value to,
                         bool masked) {
  int64_t whole = loops.back() / lanes, rest = loops.back() % lanes;
  Value end = rest && masked ? k.min(to, k.constant(whole)) : to;
  if (streams && outer.empty()) {
    // Two places at a time: memory fetches ahead within a page only, and so has twice as many.
    Value half = k.div(k.sub(end, from), 2), middle = k.add(from, half);
    k.loop(from, middle, 1, [&](Value vector) {
      writeVector(k, outer, k.mul(vector, lanes), nullptr);
      writeVector(k, outer, k.mul(k.add(vector, half), lanes), nullptr);
    });
    from = k.add(middle, half);
  }
  k.loop(from, end, 1, [&](Value vector) { writeVector(k, outer, k.mul(vector, lanes), nullptr); });
  if (!rest || !masked)
    return;
  auto tail = [&] { writeVector(k, outer, k.constant(whole * lanes), k.constant(rest)); };
  Value reaches = k.less(k.constant(whole), to);
  k.ifThen(reaches, tail);
}

void MapWriter::write() {
  SmallVector<Value> results(group.yield().getValues());
  for (auto [result, inner] : llvm::zip(group.getResults(), results))
    outputs.push_back({region.define(result), {}});
  const Buffer &shape = outputs.front().buffer;
  rank = shape.rank();
  for (int64_t d = 0; d < rank; ++d)
    if (shape.sizes[d] != 1)
      order.push_back(d);
  llvm::stable_sort(order,
                    [&](int64_t a, int64_t b) { return shape.strides[a] > shape.strides[b]; });
  for (int64_t d : order)
    loops.push_back(shape.sizes[d]);
  int64_t widest = 1;
  for (Walker &output : outputs)
    output = walkerOf(output.buffer, order, rank);
  epilogue.prepare(region, order.empty() ? 0 : order.back(), rank);
  for (auto &[value, buffer] : epilogue.getOperands())
    inputs[value] = walkerOf(buffer, order, rank);
  double bytes = 0;
  auto count = [&](const Walker &walker) {
    widest = std::max<int64_t>(widest, dtypeBytes(walker.buffer.dtype));
    bytes += static_cast<double>(walker.buffer.numel() * dtypeBytes(walker.buffer.dtype));
  };
  llvm::for_each(outputs, count);
  for (auto &pair : inputs)
    count(pair.second);
  if (shape.numel() == 0)
    return;
  lanes = 2 * region.target.vectorBytes / std::max<int64_t>(widest, 2);
  joinLoops();
  int64_t run = loops.back(), rows = 1;
  for (int64_t size : ArrayRef<int64_t>(loops).drop_back())
    rows *= size;
  while (lanes > 1 && lanes / 2 >= run)
    lanes /= 2;
  streams = mayStream();
  double operations = static_cast<double>(shape.numel() * group.block().getOperations().size());
  int64_t vectors = llvm::divideCeil(run, lanes);
  if (rows == 1) {
    region.launch(
        vectors, kGrainElements / lanes,
        [&](KernelBuilder &k, Value begin, Value end) { writeRun(k, {}, begin, end, true); },
        operations, bytes);
    return;
  }
  region.launch(
      rows, std::max<int64_t>(kGrainElements / run, 1),
      [&](KernelBuilder &k, Value begin, Value end) {
        k.loop(begin, end, 1, [&](Value row) {
          SmallVector<Value> outer = k.delinearize(row, ArrayRef<int64_t>(loops).drop_back());
          writeRun(k, outer, k.constant(0), k.constant(vectors), true);
        });
      },
      operations, bytes);
}

void emitMap(RegionWriter &region, kernel::GroupOp group) { MapWriter(region, group).write(); }

} // namespace tsc::lowering
