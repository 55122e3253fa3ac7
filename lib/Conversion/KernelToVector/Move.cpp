// SPDX-License-Identifier: Apache-2.0
// Operators that take elements elsewhere, as copies between views of buffers. What an index tensor
// picks has a copy of its own (IndexedCopy.cpp).
#include "CopyPlan.h"
#include "IndexedCopy.h"

#include "tsc/Kernel/MoveForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using kernel::MoveForm;
using kernel::Segment;
using mlir::Value; // not tsc::Value

// ---- Parts
/// Copies each combination of segments, one of every dimension.
static void copySegments(RegionWriter &region, const MoveForm &form, Buffer from, Buffer to,
                         size_t d = 0) {
  if (d == form.segments.size())
    return emitCopy(region, from, to);
  for (const Segment &segment : form.segments[d]) {
    auto dim = static_cast<int64_t>(d);
    copySegments(region, form, sliced(from, dim, segment.from, segment.count, segment.step),
                 sliced(to, dim, segment.to, segment.count), d + 1);
  }
}

/// Fills what lies outside of the first segments: slabs at both ends of each dimension, within the
/// segments of the dimensions before.
static void fillBorders(RegionWriter &region, const MoveForm &form, Buffer to) {
  for (auto [d, list] : llvm::enumerate(form.segments)) {
    auto dim = static_cast<int64_t>(d);
    const Segment &kept = list.front();
    int64_t end = kept.to + kept.count, size = to.sizes[dim];
    if (kept.to > 0)
      emitFill(region, sliced(to, dim, 0, kept.to), form.value);
    if (end < size)
      emitFill(region, sliced(to, dim, end, size - end), form.value);
    to = sliced(to, dim, kept.to, kept.count);
  }
}

static void emitSegments(RegionWriter &region, const MoveForm &form, const Buffer &from,
                         const Buffer &to) {
  bool isWhole = true;
  for (auto [d, list] : llvm::enumerate(form.segments)) {
    int64_t covered = 0;
    for (const Segment &segment : list)
      covered += segment.count;
    isWhole = isWhole && covered == to.sizes[d];
  }
  if (!isWhole)
    fillBorders(region, form, to);
  copySegments(region, form, from, to);
}

/// Copies the parts that their producers have not written in place.
static void emitJoin(RegionWriter &region, const MoveForm &form, ts::AtenOp op, const Buffer &to) {
  int64_t before = 0;
  for (Value tensor : kernel::joinedTensors(op)) {
    const Buffer &part = region.buffer(tensor);
    bool stacks = form.kind == MoveForm::Kind::Stack;
    int64_t size = stacks ? 1 : part.sizes[form.dim];
    Buffer place = stacks ? selected(to, form.dim, before) : sliced(to, form.dim, before, size);
    before += size;
    bool isThere = part.kind == place.kind && part.index == place.index &&
                   part.offset == place.offset && part.strides == place.strides;
    if (!isThere)
      emitCopy(region, part, place);
  }
}

// ---- Repetition and reordering
static void emitTile(RegionWriter &region, const MoveForm &form, Buffer from, Buffer to) {
  // Both as (times, own size) for every dimension, from the last on so that numbers stay valid.
  int64_t lead = to.rank() - from.rank();
  for (int64_t d = to.rank() - 1; d >= 0; --d) {
    int64_t own = d < lead ? 1 : from.sizes[d - lead];
    if (d < lead)
      from = expanded(from, 0, 1);
    from = expanded(from, std::max<int64_t>(d - lead, 0), form.numbers[d]);
    to = split(to, d, {form.numbers[d], own});
  }
  emitCopy(region, from, to);
}

static void emitRepeatElements(RegionWriter &region, const MoveForm &form, Value source,
                               const Buffer &to) {
  Buffer from = form.flattened ? region.dense(source) : region.buffer(source);
  if (form.flattened) {
    from.sizes = {from.numel()};
    from.strides = {1};
  }
  int64_t own = from.sizes[form.dim];
  emitCopy(region, expanded(from, form.dim + 1, form.count),
           split(to, form.dim, {own, form.count}));
}

static Buffer reversedAlong(const Buffer &buffer, int64_t dim) {
  int64_t size = buffer.sizes[dim];
  return sliced(buffer, dim, std::max<int64_t>(size - 1, 0), size, -1);
}

static void emitRotate(RegionWriter &region, const MoveForm &form, Buffer from, const Buffer &to) {
  int64_t a = form.numbers[0], b = form.numbers[1];
  if (form.count >= 2)
    from = reversedAlong(from, a);
  if (form.count == 1 || form.count == 2)
    from = reversedAlong(from, b);
  if (form.count % 2) {
    std::swap(from.sizes[a], from.sizes[b]);
    std::swap(from.strides[a], from.strides[b]);
  }
  emitCopy(region, from, to);
}

static void emitShuffle(RegionWriter &region, const MoveForm &form, Buffer from, Buffer to) {
  int64_t n = form.count;
  if (form.kind == MoveForm::Kind::ChannelShuffle) {
    int64_t each = from.sizes[1] / n;
    from = split(from, 1, {n, each});
    std::swap(from.sizes[1], from.sizes[2]);
    std::swap(from.strides[1], from.strides[2]);
    return emitCopy(region, from, split(to, 1, {each, n}));
  }
  // The side with more channels as [.., c, n, n, h, w], the other as [.., c, h, n, w, n].
  bool grows = form.kind == MoveForm::Kind::PixelShuffle;
  Buffer &deep = grows ? from : to, &wide = grows ? to : from;
  int64_t rank = deep.rank(), c = rank - 3;
  deep = split(deep, c, {deep.sizes[c] / (n * n), n, n});
  wide = split(wide, c + 2, {wide.sizes[c + 2] / n, n});
  wide = split(wide, c + 1, {wide.sizes[c + 1] / n, n});
  SmallVector<int64_t> order;
  for (int64_t d = 0; d <= c; ++d)
    order.push_back(d);
  order.append({c + 2, c + 4, c + 1, c + 3});
  wide = permuted(wide, order);
  emitCopy(region, from, to);
}

// ---- Triangles
/// Row i keeps columns below (or from) i + diagonal; the rest is 0.
static void emitTriangle(RegionWriter &region, const MoveForm &form, const Buffer &from,
                         const Buffer &to) {
  int64_t rank = to.rank(), rows = to.sizes[rank - 2], columns = to.sizes[rank - 1];
  int64_t bytes = dtypeBytes(to.dtype);
  if (isEmpty({{to.numel(), 1, 1}}))
    return;
  Axis row{columns, from.strides[rank - 1], to.strides[rank - 1]};
  SmallVector<int64_t> sizes(to.sizes.begin(), to.sizes.end() - 1);
  int64_t count = to.numel() / columns;
  int64_t grain = std::max<int64_t>(1, (128 << 10) / (columns * bytes));
  region.launch(
      count, grain,
      [&](KernelBuilder &k, Value begin, Value end) {
        Type word = wordType(k, bytes);
        Value zero = k.number(word, 0);
        Value source = k.pointer(from), target = k.pointer(to);
        k.loop(begin, end, 1, [&](Value piece) {
          SmallVector<Value> at = k.delinearize(piece, sizes);
          Offsets offsets{k.constant(0), k.constant(0), k.constant(0)};
          for (int64_t d = 0; d + 1 < rank; ++d)
            offsets = offsets.advanced(k, {sizes[d], from.strides[d], to.strides[d]}, at[d]);
          Value i = rows == 1 ? k.constant(0) : at[rank - 2];
          Value border = k.add(i, form.count + (form.upper ? 0 : 1));
          border = k.max(k.min(border, k.constant(columns)), k.constant(0));
          auto copy = [&](Value j) {
            Offsets here = offsets.advanced(k, row, j);
            k.store(k.load(word, source, here.from), target, here.to);
          };
          auto clear = [&](Value j) { k.store(zero, target, offsets.advanced(k, row, j).to); };
          Value first = k.constant(0), last = k.constant(columns);
          form.upper ? k.loop(first, border, 1, clear) : k.loop(first, border, 1, copy);
          form.upper ? k.loop(border, last, 1, copy) : k.loop(border, last, 1, clear);
        });
      },
      0, 2.0 * static_cast<double>(to.numel() * bytes));
}

// ---- The kind
static void emitUnindexed(RegionWriter &region, const MoveForm &form, ts::AtenOp op,
                          const Buffer &to) {
  using Kind = MoveForm::Kind;
  if (form.kind == Kind::Join || form.kind == Kind::Stack)
    return emitJoin(region, form, op, to);
  if (form.kind == Kind::Fill)
    return emitFill(region, to, form.value);
  Value source = op.getArgs().front();
  if (form.kind == Kind::RepeatElements)
    return emitRepeatElements(region, form, source, to);
  const Buffer &from = region.buffer(source);
  switch (form.kind) {
  case Kind::Segments:
    return emitSegments(region, form, from, to);
  case Kind::Tile:
    return emitTile(region, form, from, to);
  case Kind::Rotate:
    return emitRotate(region, form, from, to);
  case Kind::PixelShuffle:
  case Kind::PixelUnshuffle:
  case Kind::ChannelShuffle:
    return emitShuffle(region, form, from, to);
  case Kind::Triangle:
    return emitTriangle(region, form, from, to);
  default:
    return emitCopy(region, from, to);
  }
}

void emitMove(RegionWriter &region, kernel::GroupOp group) {
  auto op = *group.block().getOps<ts::AtenOp>().begin();
  std::string why;
  std::optional<MoveForm> form = kernel::readMove(op, why);
  assert(form && "whyNotMove lets nothing else through");
  Buffer to = region.define(group.getResult(0));
  using Kind = MoveForm::Kind;
  if (form->kind != Kind::Select && form->kind != Kind::Gather)
    return emitUnindexed(region, *form, op, to);
  const Buffer &source = region.buffer(form->source), &index = region.buffer(form->index);
  IndexedCopy copy = form->kind == Kind::Gather ? gatherCopy(source, index, form->dim, to)
                                                : selectCopy(source, index, form->dim, to);
  copy.wraps = form->wraps;
  if (emitIndexedCopy(region, copy))
    region.raiseIfFailed("IndexError", form->message);
}

} // namespace tsc::lowering
