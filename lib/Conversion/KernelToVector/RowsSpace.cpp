// SPDX-License-Identifier: Apache-2.0
// The order of dimensions, which of them lanes run along, and how long rows are split.
#include "RowsSpace.h"

using namespace mlir;

namespace tsc::lowering {

/// A row that is shorter than this along its innermost dimension has its lanes across rows.
static constexpr int64_t kShortestLane = 8;
/// Rows are split into chunks of at least this many elements, when there are fewer rows than
/// kEnoughPieces.
static constexpr int64_t kChunkElements = 16384, kMostChunks = 64, kEnoughPieces = 16;

RowsSpace::RowsSpace(const RowsProgram &program, const VectorTarget &target) {
  int64_t widest = 4;
  for (const RowsNode &node : program.nodes)
    if (!node.isRow)
      widest = std::max<int64_t>(widest, dtypeBytes(node.dtype));
  lanes = std::max<int64_t>(64, target.vectorBytes) / widest;
  gather(program);
  join(program);
  chooseLane();
  while (lanes > 1 && lanes / 2 >= lane.size)
    lanes /= 2;
  for (const RowsLoop &loop : kept)
    pieces *= loop.size;
  setSlots(isInner() ? 1 : std::min<int64_t>(4, llvm::divideCeil(lane.size, lanes)));
  split();
}

void RowsSpace::setSlots(int64_t count) {
  slots = count;
  if (isInner())
    return;
  pieces = blocks();
  for (const RowsLoop &loop : kept)
    pieces *= loop.size;
}

int64_t RowsSpace::innerCount() const {
  int64_t count = 1;
  for (const RowsLoop &loop : inner)
    count *= loop.size;
  return count;
}

int64_t RowsSpace::scratchElements() const {
  return innerCount() * (isInner() ? llvm::alignTo(lane.size, lanes) : width());
}

void RowsSpace::gather(const RowsProgram &program) {
  for (size_t d = 0; d < program.sizes.size(); ++d) {
    if (program.sizes[d] == 1)
      continue;
    RowsLoop loop{program.sizes[d], program.reduced[d], {}};
    for (const RowsAccess &access : program.accesses)
      loop.steps.push_back(access.strides[d]);
    loops.push_back(loop);
  }
  // Outermost is what lies furthest apart in the first tensor that runs along the dimension.
  auto distance = [&](const RowsLoop &loop) {
    for (auto [access, step] : llvm::zip(program.accesses, loop.steps))
      if (step != 0 && access.buffer.dtype != DType::Undefined)
        return std::abs(step);
    return int64_t(0);
  };
  llvm::stable_sort(loops, [&](const RowsLoop &a, const RowsLoop &b) {
    int64_t x = distance(a), y = distance(b);
    return x > y;
  });
}

void RowsSpace::join(const RowsProgram &program) {
  for (size_t i = loops.size() < 2 ? 0 : loops.size() - 1; i-- > 0;) {
    RowsLoop &outer = loops[i], &next = loops[i + 1];
    bool joins = outer.reduced == next.reduced;
    for (auto [a, b] : llvm::zip(outer.steps, next.steps))
      joins &= a == b * next.size;
    if (!joins)
      continue;
    next.size *= outer.size;
    loops.erase(loops.begin() + static_cast<ptrdiff_t>(i));
  }
  if (loops.empty())
    loops.push_back({1, true, SmallVector<int64_t, 8>(program.accesses.size(), 0)});
}

void RowsSpace::chooseLane() {
  size_t chosen = loops.size() - 1;
  if (loops[chosen].reduced && loops[chosen].size < kShortestLane)
    for (size_t i = loops.size(); i-- > 0;)
      if (!loops[i].reduced && loops[i].size >= 2 * kShortestLane) {
        chosen = i;
        break;
      }
  lane = loops[chosen];
  for (size_t i = 0; i < loops.size(); ++i)
    if (i != chosen)
      (loops[i].reduced ? inner : kept).push_back(loops[i]);
  chunk.steps.assign(lane.steps.size(), 0);
}

/// The largest divisor of `size` that is at most `most`, with what is left a multiple of `multiple`
/// if there is such.
static int64_t divisorOf(int64_t size, int64_t most, int64_t multiple) {
  for (int64_t step : {multiple, int64_t(1)})
    for (int64_t count = std::min(most, size); count > 1; --count)
      if (size % count == 0 && size / count % step == 0)
        return count;
  return 1;
}

void RowsSpace::split() {
  int64_t rowElements = innerCount() * (isInner() ? lane.size : width());
  if (pieces >= kEnoughPieces || rowElements * pieces < 4 * kChunkElements)
    return;
  int64_t most = std::min(kMostChunks, rowElements / kChunkElements);
  RowsLoop *best = isInner() ? &lane : nullptr;
  for (RowsLoop &loop : inner)
    if (!best || loop.size > best->size)
      best = &loop;
  if (!best || most < 2)
    return;
  int64_t count = divisorOf(best->size, most, best == &lane ? lanes * 4 : 1);
  if (count < 2)
    return;
  chunk.size = count;
  best->size /= count;
  for (auto [step, chunkStep] : llvm::zip(best->steps, chunk.steps))
    chunkStep = step * best->size;
}

} // namespace tsc::lowering
