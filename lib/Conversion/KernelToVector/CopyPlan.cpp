// SPDX-License-Identifier: Apache-2.0
#include "CopyPlan.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Pieces of work are about this large; what is handed to a thread is some of them.
static constexpr int64_t kPieceBytes = 16 << 10, kGrainBytes = 128 << 10;

SmallVector<Axis> mergedAxes(ArrayRef<Axis> axes) {
  SmallVector<Axis> sorted, merged;
  llvm::copy_if(axes, std::back_inserter(sorted), [](const Axis &axis) { return axis.size != 1; });
  llvm::sort(sorted, [](const Axis &a, const Axis &b) {
    return a.to != b.to ? a.to > b.to : a.from > b.from;
  });
  for (const Axis &axis : sorted) {
    if (!merged.empty()) {
      Axis &outer = merged.back();
      if (outer.from == axis.from * axis.size && outer.to == axis.to * axis.size &&
          outer.index == axis.index * axis.size) {
        outer = {outer.size * axis.size, axis.from, axis.to, axis.index};
        continue;
      }
    }
    merged.push_back(axis);
  }
  if (merged.empty())
    merged.push_back({1, 1, 1});
  return merged;
}

bool isEmpty(ArrayRef<Axis> axes) {
  return llvm::any_of(axes, [](const Axis &axis) { return axis.size == 0; });
}

Offsets Offsets::advanced(KernelBuilder &k, const Axis &axis, Value i) const {
  return {k.add(from, k.mul(i, axis.from)), k.add(to, k.mul(i, axis.to)),
          k.add(index, k.mul(i, axis.index))};
}

Type wordType(KernelBuilder &k, int64_t bytes) {
  return k.builder.getIntegerType(static_cast<unsigned>(bytes * 8));
}

void eachTile(KernelBuilder &k, Value begin, Value end, int64_t size, int64_t tile,
              function_ref<void(Value, int64_t)> body) {
  int64_t full = size / tile * tile;
  if (full > 0)
    k.loop(begin, k.min(end, k.constant(full)), tile, [&](Value i) { body(i, tile); });
  if (full < size)
    k.ifThen(k.less(k.constant(full), end), [&] { body(k.constant(full), size - full); });
}

void eachOf(KernelBuilder &k, ArrayRef<Axis> axes, const Offsets &offsets,
            function_ref<void(const Offsets &)> body) {
  if (axes.empty())
    return body(offsets);
  k.loop(0, axes.front().size, 1, [&](Value i) {
    eachOf(k, axes.drop_front(), offsets.advanced(k, axes.front(), i), body);
  });
}

void launchItems(RegionWriter &region, const Item &item, ItemBody body) {
  int64_t chunk = std::max<int64_t>(kPieceBytes / std::max<int64_t>(item.bytes, 1), 1);
  auto wholeUnits = [&](int64_t n) { return llvm::divideCeil(n, item.unit) * item.unit; };
  chunk = std::min(wholeUnits(chunk), wholeUnits(item.mainSize));
  int64_t chunks = llvm::divideCeil(item.mainSize, chunk);
  int64_t pieceBytes = std::min(chunk, item.mainSize) * item.bytes;
  size_t outer = item.axes.size();
  if (chunks == 1)
    while (outer > 0 && pieceBytes * item.axes[outer - 1].size <= kPieceBytes)
      pieceBytes *= item.axes[--outer].size;
  ArrayRef<Axis> split = ArrayRef<Axis>(item.axes).take_front(outer),
                 inner = ArrayRef<Axis>(item.axes).drop_front(outer);
  SmallVector<int64_t> sizes;
  int64_t count = chunks, total = item.mainSize * item.bytes;
  for (const Axis &axis : split) {
    sizes.push_back(axis.size);
    count *= axis.size;
  }
  for (const Axis &axis : item.axes)
    total *= axis.size;
  sizes.push_back(chunks);
  int64_t grain = std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(pieceBytes, 1));
  auto writePiece = [&](KernelBuilder &k, Value piece) {
    SmallVector<Value> at = k.delinearize(piece, sizes);
    Offsets offsets{k.constant(0), k.constant(0), k.constant(0)};
    for (auto [axis, i] : llvm::zip(split, at))
      offsets = offsets.advanced(k, axis, i);
    Value begin = chunks == 1 ? k.constant(0) : k.mul(at.back(), chunk);
    Value end = k.constant(item.mainSize);
    if (chunks > 1)
      end = k.min(k.add(begin, chunk), end);
    eachOf(k, inner, offsets, [&](const Offsets &here) { body(k, here, begin, end); });
  };
  region.launch(
      count, grain,
      [&](KernelBuilder &k, Value first, Value last) {
        k.loop(first, last, 1, [&](Value piece) { writePiece(k, piece); });
      },
      0, 2.0 * static_cast<double>(total));
}

void copyRun(KernelBuilder &k, Type word, Value source, Value from, Value target, Value to,
             int64_t count) {
  for (int64_t lanes = int64_t(1) << llvm::Log2_64(count); count > 0; lanes /= 2) {
    if (lanes > count)
      continue;
    Type type = lanes == 1 ? word : Type(k.vector(word, lanes));
    k.store(k.load(type, source, from), target, to);
    from = k.add(from, lanes), to = k.add(to, lanes);
    count -= lanes;
  }
}

} // namespace tsc::lowering
