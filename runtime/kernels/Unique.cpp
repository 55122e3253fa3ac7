// SPDX-License-Identifier: Apache-2.0
// Distinct elements and distinct slices: unique, unique_consecutive, unique_dim. All of them label
// slices: a slice equal to the one before it, in sorted or given order, belongs to the same group.
#include "Index.h"
#include "Sorting.h"
#include "Views.h"

using namespace tsc::rt;

using Unique = Results<TensorRef, TensorRef, TensorRef>;

namespace {
/// The slices' order and what starts a group in it.
struct Groups {
  Vector<int64_t> order;  ///< slices in the order that groups are found in
  Vector<int64_t> first;  ///< for each group, its first slice
  Vector<int64_t> counts; ///< for each group
  TensorRef inverse;      ///< the group of each slice, int64
};
} // namespace

/// Groups of n slices of `width` elements each; sorted lexicographically first when `sort`.
template <class C>
static Status findGroups(Context &cx, const C *x, int64_t n, int64_t width, bool sort, Groups &g) {
  TSC_TRY(g.order.resize(cx, 2 * n));
  for (int64_t i = 0; i < n; ++i)
    g.order[i] = i;
  auto before = [&](int64_t a, int64_t b) {
    const C *p = x + a * width, *q = x + b * width;
    for (int64_t j = 0; j < width; ++j)
      if (!(p[j] == q[j])) {
        if constexpr (std::is_same_v<C, Complex>)
          return p[j].real() != q[j].real() ? p[j].real() < q[j].real() : p[j].imag() < q[j].imag();
        else if (p[j] == p[j] || q[j] == q[j])
          return ascending<C>(p[j], q[j]);
      }
    return false;
  };
  if (sort)
    mergeSort(g.order.data(), g.order.data() + n, n, before);
  auto equal = [&](int64_t a, int64_t b) {
    for (int64_t j = 0; j < width; ++j)
      if (!(x[a * width + j] == x[b * width + j]))
        return false;
    return true;
  };
  g.inverse = empty(cx, Shape::of(n), DType::Int64);
  TSC_TRY(g.inverse);
  for (int64_t i = 0; i < n; ++i) {
    int64_t slice = g.order[i];
    if (i == 0 || !equal(g.order[i - 1], slice)) {
      TSC_TRY(g.first.push(cx, slice));
      TSC_TRY(g.counts.push(cx, 0));
    }
    ++g.counts.back();
    g.inverse->ptr<int64_t>()[slice] = g.first.size() - 1;
  }
  return success();
}
static Status groupSlices(Context &cx, const char *name, const Tensor &t, int64_t n, int64_t width,
                          bool sort, Groups &g) {
  TensorRef x = contiguousAs(cx, t, computeDType(t.dtype));
  TSC_TRY(x);
  Status done;
  bool known = dispatchCompute<kAll>(
      t.dtype, [&]<class C>() { done = findGroups<C>(cx, x->ptr<C>(), n, width, sort, g); });
  if (!known)
    return unsupportedDType(cx, name, t.dtype);
  return done;
}

static TensorRef numbersOf(Context &cx, const Vector<int64_t> &numbers) {
  TensorRef t = empty(cx, Shape::of(numbers.size()), DType::Int64);
  if (t && numbers.size())
    std::memcpy(t->data, numbers.data(), static_cast<size_t>(t->bytes()));
  return t;
}
static TensorRef noNumbers(Context &cx) { return empty(cx, Shape::of(0), DType::Int64); }

/// The results of a grouping: one slice for each group, the inverse in a shape, the counts.
static Unique collect(Context &cx, const Tensor &slices, int64_t dim, Groups &g,
                      IntList inverseShape, bool inverse, bool counts) {
  TensorRef first = numbersOf(cx, g.first);
  TSC_TRY(first);
  TensorRef values = selectIndices(cx, slices, dim, *first);
  TSC_TRY(values);
  TensorRef labels = inverse ? view(cx, *g.inverse, inverseShape) : noNumbers(cx);
  TSC_TRY(labels);
  TensorRef sizes = counts ? numbersOf(cx, g.counts) : noNumbers(cx);
  TSC_TRY(sizes);
  return Unique{values, labels, sizes};
}

static Unique uniqueFlat(Context &cx, const char *name, const Tensor &t, bool sort, bool inverse,
                         bool counts) {
  TensorRef flat = reshape(cx, t, Shape::of(t.numel));
  TSC_TRY(flat);
  Groups g;
  TSC_TRY(groupSlices(cx, name, *flat, t.numel, 1, sort, g));
  return collect(cx, *flat, 0, g, t.shape(), inverse, counts);
}
/// The forms with a dim return the inverse and the counts whether they are asked for or not.
static Unique uniqueSlices(Context &cx, const char *name, const Tensor &t, int64_t dim, bool sort) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (t.rank == 0)
    return uniqueFlat(cx, name, t, sort, true, true);
  int64_t n = t.sizes[dim], width = n ? t.numel / n : 0;
  if (t.numel == 0) {
    for (int64_t d = 0; d < t.rank; ++d)
      if (d != dim && t.sizes[d] == 0)
        return cx.fail(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be "
            "applied");
  }
  Shape order = Shape::of(dim);
  for (int64_t d = 0; d < t.rank; ++d)
    if (d != dim)
      order.push(d);
  TensorRef front = permute(cx, t, order);
  TSC_TRY(front);
  Groups g;
  TSC_TRY(groupSlices(cx, name, *front, n, width, sort, g));
  return collect(cx, t, dim, g, Shape::of(n), true, true);
}

static Results<TensorRef, TensorRef> uniqueTwo(Context &cx, const Tensor &t, bool, bool inverse) {
  Unique made = uniqueFlat(cx, "unique", t, true, inverse, false);
  TSC_TRY(made);
  return {std::get<0>(made.values), std::get<1>(made.values)};
}
static Unique uniqueThree(Context &cx, const Tensor &t, bool, bool inverse, bool counts) {
  return uniqueFlat(cx, "unique", t, true, inverse, counts);
}
static Unique uniqueDim(Context &cx, const Tensor &t, int64_t dim, bool, bool, bool) {
  return uniqueSlices(cx, "unique_dim", t, dim, true);
}
static Unique uniqueConsecutive(Context &cx, const Tensor &t, bool inverse, bool counts,
                                Optional<int64_t> dim) {
  if (dim && !(t.rank == 1 && *dim == 0))
    return uniqueSlices(cx, "unique_consecutive", t, *dim, false);
  return uniqueFlat(cx, "unique_consecutive", t, false, inverse, counts);
}
static Unique uniqueDimConsecutive(Context &cx, const Tensor &t, int64_t dim, bool, bool) {
  return uniqueSlices(cx, "unique_consecutive", t, dim, false);
}
TSC_KERNEL(aten__unique, uniqueTwo)
TSC_KERNEL(aten__unique2, uniqueThree)
TSC_KERNEL(aten_unique_dim, uniqueDim)
TSC_KERNEL(aten_unique_consecutive, uniqueConsecutive)
TSC_KERNEL(aten_unique_dim_consecutive, uniqueDimConsecutive)
