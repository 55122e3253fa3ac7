// SPDX-License-Identifier: Apache-2.0
// Sorting runs of numbers with their positions: a stable merge sort over scratch memory of the
// caller, and the order that PyTorch gives NaN (largest).
#pragma once

#include "tsc/runtime/Reduce.h"

namespace tsc::rt {

/// A number and where it stood.
template <class C> struct Placed {
  C value;
  int64_t at;
};

/// a before b in ascending order; NaN comes last.
template <class C> bool ascending(C a, C b) { return a < b || (b != b && a == a); }
/// a before b in descending order; NaN comes first.
template <class C> bool descending(C a, C b) { return a > b || (a != a && b == b); }

/// Sorts items[0, n) stably; `scratch` holds n more.
template <class P, class Less> void mergeSort(P *items, P *scratch, int64_t n, Less less) {
  constexpr int64_t kRun = 16;
  for (int64_t begin = 0; begin < n; begin += kRun) {
    int64_t end = begin + kRun < n ? begin + kRun : n;
    for (int64_t i = begin + 1; i < end; ++i) {
      P item = items[i];
      int64_t j = i;
      for (; j > begin && less(item, items[j - 1]); --j)
        items[j] = items[j - 1];
      items[j] = item;
    }
  }
  P *from = items, *to = scratch;
  for (int64_t width = kRun; width < n; width *= 2) {
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      int64_t middle = begin + width < n ? begin + width : n,
              end = begin + 2 * width < n ? begin + 2 * width : n;
      int64_t a = begin, b = middle;
      for (int64_t i = begin; i < end; ++i)
        to[i] = a < middle && (b == end || !less(from[b], from[a])) ? from[a++] : from[b++];
    }
    P *other = from;
    from = to, to = other;
  }
  if (from != items)
    std::memcpy(static_cast<void *>(items), from, static_cast<size_t>(n) * sizeof(P));
}

struct SortOrder {
  bool descend = false;
  bool stable =
      true; ///< else equal elements have the order that the standard library's sort gives them
};
/// Positions that sort a tensor along a dim (in [0, rank)), dense int64 of the tensor's shape.
TensorRef sortedPositions(Context &cx, const Tensor &t, int64_t dim, SortOrder order);
/// The elements of `t` at positions along a dim.
TensorRef takePositions(Context &cx, const Tensor &t, int64_t dim, const Tensor &positions);

} // namespace tsc::rt
