// SPDX-License-Identifier: Apache-2.0
// How copies are cut into pieces: axes in order of their place in the target, an inner part that
// one body writes, and loops and tasks around it.
#pragma once

#include "Copy.h"

namespace tsc::lowering {

/// Strides are in elements; `index` is that of the index tensor of an indexed copy.
struct Axis {
  int64_t size, from, to, index = 0;
};

/// The axes of a copy, sorted by where they lie in the target, outermost first, and merged where
/// they are one run on all sides. There is at least one.
llvm::SmallVector<Axis> mergedAxes(llvm::ArrayRef<Axis> axes);
bool isEmpty(llvm::ArrayRef<Axis> axes);

/// Offsets of the source, the target and the index tensor.
struct Offsets {
  Value from, to, index;

  Offsets advanced(KernelBuilder &k, const Axis &axis, Value i) const;
};

/// Code that copies some inner axes at given offsets. It covers a part of its main axis: a whole
/// number of `unit` elements except at the axis's end.
struct Item {
  llvm::SmallVector<Axis> axes; ///< the others, outermost first
  int64_t mainSize = 1, unit = 1;
  int64_t bytes = 1; ///< of the item for each element of the main axis
};
using ItemBody = llvm::function_ref<void(KernelBuilder &, const Offsets &, Value begin, Value end)>;
/// Cuts the work into pieces of about 16 KiB and launches it.
void launchItems(RegionWriter &region, const Item &item, ItemBody body);

/// body(i, count) for tiles of `tile` elements over [begin, end) of an axis of `size`; the count is
/// known when compiling, and below `tile` only for the axis's last elements.
void eachTile(KernelBuilder &k, Value begin, Value end, int64_t size, int64_t tile,
              llvm::function_ref<void(Value, int64_t)> body);
/// Nested loops over axes.
void eachOf(KernelBuilder &k, llvm::ArrayRef<Axis> axes, const Offsets &offsets,
            llvm::function_ref<void(const Offsets &)> body);

/// Elements are moved as integers of their size; those of 16 bytes as two of 8.
mlir::Type wordType(KernelBuilder &k, int64_t bytes);
/// `count` elements side by side, in as few vectors as powers of two allow.
void copyRun(KernelBuilder &k, mlir::Type word, Value source, Value from, Value target, Value to,
             int64_t count);

} // namespace tsc::lowering
