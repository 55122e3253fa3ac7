// SPDX-License-Identifier: Apache-2.0
// Binary search in sorted numbers: searchsorted, bucketize; and membership: isin.
#include "Routines.h"
#include "Sorting.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

/// The first place in sorted[0, n) that is not before x (left), or is after it (right); NaN counts
/// as largest.
template <class C>
static int64_t searchPlace(const C *sorted, const int64_t *order, int64_t n, C x, bool right) {
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    C at = sorted[order ? order[middle] : middle];
    bool before = right ? !(at > x) : !(at >= x);
    low = before ? middle + 1 : low;
    high = before ? high : middle;
  }
  return low;
}

namespace {
struct Search {
  const Tensor *sorted, *values;
  const Tensor *sorter = nullptr;
  bool right = false, narrow = false;
};
} // namespace

/// Rows of `sorted` are searched for the rows of `values`; a 1-d `sorted` serves all of them.
static TensorRef runSearch(Context &cx, const Search &s) {
  DType common = tsc::promoteTypes(s.sorted->dtype, s.values->dtype);
  if (tsc::isComplex(common))
    return cx.fail("searchsorted(): complex tensors have no order");
  TensorRef out = empty(cx, s.values->shape(), DType::Int64);
  TSC_TRY(out);
  int64_t n = s.sorted->size(-1);
  int64_t columns = s.values->rank == 0 ? 1 : s.values->size(-1);
  TensorRef order;
  if (s.sorter) {
    order = contiguousAs(cx, *s.sorter, DType::Int64);
    TSC_TRY(order);
    for (int64_t i = 0; i < order->numel; ++i)
      if (order->ptr<int64_t>()[i] < 0 || order->ptr<int64_t>()[i] >= n)
        return cx.fail("torch.searchsorted(): sorter index out of range");
  }
  TensorRef sorted = contiguousAs(cx, *s.sorted, computeDType(common)),
            values = contiguousAs(cx, *s.values, computeDType(common));
  TSC_TRY(sorted && values);
  bool shared = s.sorted->rank == 1;
  bool known = dispatchCompute<kReal>(common, [&]<class C>() {
    parallelFor(cx, 0, out->numel, 512, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t row = shared ? 0 : i / columns * n;
        out->ptr<int64_t>()[i] =
            searchPlace(sorted->ptr<C>() + row, order ? order->ptr<int64_t>() + row : nullptr, n,
                        values->ptr<C>()[i], s.right);
      }
    });
  });
  if (!known)
    return unsupportedDType(cx, "searchsorted", common);
  return s.narrow ? toDType(cx, *out, DType::Int32) : out;
}

static TensorRef searchSorted(Context &cx, const Tensor &sorted, const Tensor &values, bool narrow,
                              bool right, Optional<StringRef> side, OptTensor sorter) {
  if (side && !(*side == "left") && !(*side == "right"))
    return cx.fail("torch.searchsorted(): side can only be 'left' or 'right' but got %.*s",
                   static_cast<int>(side->size()), side->data());
  if (right && side && *side == "left")
    return cx.fail("torch.searchsorted(): side and right can't be set to opposites, got side of "
                   "left while right was True");
  if (sorted.rank == 0)
    return cx.fail("torch.searchsorted(): input value can be a scalar only when boundaries tensor "
                   "dimension is 1, but we got boundaries tensor dim(0)");
  bool fits = sorted.rank == 1 || sorted.rank == values.rank;
  for (int64_t d = 0; fits && sorted.rank > 1 && d < sorted.rank - 1; ++d)
    fits = sorted.sizes[d] == values.sizes[d];
  if (!fits)
    return cx.fail("torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                   "dimensions of boundaries tensor and input value tensor must match, but we got "
                   "boundaries tensor %s and input value tensor %s",
                   ShapeText(sorted.shape()).text, ShapeText(values.shape()).text);
  if (sorter && !(sorter->shape() == sorted.shape()))
    return cx.fail("torch.searchsorted(): boundary and sorter must have the same size, but got "
                   "boundary tensor %s and got sorter tensor %s",
                   ShapeText(sorted.shape()).text, ShapeText(sorter->shape()).text);
  return runSearch(cx,
                   {&sorted, &values, sorter.tensor, right || (side && *side == "right"), narrow});
}
static TensorRef searchSortedNumber(Context &cx, const Tensor &sorted, Scalar value, bool narrow,
                                    bool right, Optional<StringRef> side, OptTensor sorter) {
  if (sorted.rank != 1)
    return cx.fail("torch.searchsorted(): input value can be a scalar only when boundaries tensor "
                   "dimension is 1, but we got boundaries tensor dim(%lld)",
                   number(sorted.rank));
  TensorRef one = scalarTensor(cx, value, value.isFloat() ? cx.defaultDType : value.dtype());
  TSC_TRY(one);
  return searchSorted(cx, sorted, *one, narrow, right, side, sorter);
}
TSC_KERNEL(aten_searchsorted_Tensor, searchSorted)
TSC_KERNEL(aten_searchsorted_Scalar, searchSortedNumber)
TSC_OUTPUT_COPY(aten_searchsorted_Tensor_out, searchSorted)
TSC_OUTPUT_COPY(aten_searchsorted_Scalar_out, searchSortedNumber)

static TensorRef bucketize(Context &cx, const Tensor &values, const Tensor &boundaries, bool narrow,
                           bool right) {
  if (boundaries.rank != 1)
    return cx.fail("bucketize(): boundaries tensor must be 1 dimension, but got dim(%lld)",
                   number(boundaries.rank));
  return runSearch(cx, {&boundaries, &values, nullptr, right, narrow});
}
static TensorRef bucketizeNumber(Context &cx, Scalar value, const Tensor &boundaries, bool narrow,
                                 bool right) {
  TensorRef one = scalarTensor(cx, value, value.isFloat() ? cx.defaultDType : value.dtype());
  TSC_TRY(one);
  return bucketize(cx, *one, boundaries, narrow, right);
}
TSC_KERNEL(aten_bucketize_Tensor, bucketize)
TSC_KERNEL(aten_bucketize_Scalar, bucketizeNumber)
TSC_OUTPUT_COPY(aten_bucketize_Tensor_out, bucketize)
TSC_OUTPUT_COPY(aten_bucketize_Scalar_out, bucketizeNumber)

/// For compiled kernels: size of a row of sorted numbers, values of a row (0: one row serves all),
/// right, whether places are int32; sorted numbers and values. A piece is a value.
template <class C> static int32_t searchRoutine(const RoutineCall &call) {
  int64_t n = call[0], columns = call[1];
  for (int64_t i = call.range.begin; i < call.range.end; ++i) {
    const C *sorted = call.at<const C>(1) + (columns ? i / columns * n : 0);
    int64_t place = searchPlace<C>(sorted, nullptr, n, call.at<const C>(2)[i], call[2] != 0);
    if (call[3])
      call.at<int32_t>(0)[i] = static_cast<int32_t>(place);
    else
      call.at<int64_t>(0)[i] = place;
  }
  return 0;
}
TSC_ROUTINE(searchsorted, searchRoutine)
TSC_ROUTINE_OF_ALL(searchsorted_i64, searchRoutine<int64_t>)

// ---- isin
template <class C>
static Status findMembers(Context &cx, const Tensor &elements, const Tensor &tests, bool invert,
                          Tensor &out) {
  int64_t n = tests.numel;
  const C *x = elements.ptr<C>(), *all = tests.ptr<C>();
  Vector<C> sorted;
  TSC_TRY(sorted.resize(cx, 2 * n));
  std::memcpy(static_cast<void *>(sorted.data()), all, static_cast<size_t>(n) * sizeof(C));
  mergeSort(sorted.data(), sorted.data() + n, n, [](C a, C b) { return ascending(a, b); });
  parallelFor(cx, 0, elements.numel, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t at = 0;
      for (int64_t high = n; at < high;) {
        int64_t middle = at + (high - at) / 2;
        bool before = ascending(sorted[middle], x[i]);
        at = before ? middle + 1 : at;
        high = before ? high : middle;
      }
      out.ptr<bool>()[i] = (at < n && sorted[at] == x[i]) != invert;
    }
  });
  return success();
}
static TensorRef isIn(Context &cx, const Tensor &elements, const Tensor &tests, bool, bool invert) {
  DType common = tsc::promoteTypes(elements.dtype, tests.dtype);
  if (tsc::isComplex(common))
    return cx.fail("Unsupported input type encountered for isin(): %s",
                   findDType(common)->graphName);
  TensorRef a = contiguousAs(cx, elements, computeDType(common)),
            b = contiguousAs(cx, tests, computeDType(common));
  TSC_TRY(a && b);
  TensorRef out = empty(cx, elements.shape(), DType::Bool);
  TSC_TRY(out);
  Status done;
  if (!dispatchCompute<kReal>(common,
                              [&]<class C>() { done = findMembers<C>(cx, *a, *b, invert, *out); }))
    return unsupportedDType(cx, "isin", common);
  TSC_TRY(done);
  return out;
}
static TensorRef numberTensor(Context &cx, const Scalar &s) {
  return scalarTensor(cx, s, s.isFloat() ? cx.defaultDType : s.dtype());
}
static TensorRef isInNumber(Context &cx, const Tensor &elements, Scalar test, bool unique,
                            bool invert) {
  TensorRef one = numberTensor(cx, test);
  TSC_TRY(one);
  return isIn(cx, elements, *one, unique, invert);
}
static TensorRef numberIsIn(Context &cx, Scalar element, const Tensor &tests, bool unique,
                            bool invert) {
  TensorRef one = numberTensor(cx, element);
  TSC_TRY(one);
  return isIn(cx, *one, tests, unique, invert);
}
TSC_KERNEL(aten_isin_Tensor_Tensor, isIn)
TSC_KERNEL(aten_isin_Tensor_Scalar, isInNumber)
TSC_KERNEL(aten_isin_Scalar_Tensor, numberIsIn)
TSC_OUTPUT_COPY(aten_isin_Tensor_Tensor_out, isIn)
TSC_OUTPUT_COPY(aten_isin_Tensor_Scalar_out, isInNumber)
TSC_OUTPUT_COPY(aten_isin_Scalar_Tensor_out, numberIsIn)
