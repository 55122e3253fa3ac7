// SPDX-License-Identifier: Apache-2.0
// Reductions over any dims, strides and dtype. The reduced elements of one output are visited in
// row-major order of the reduced dims, converted to a compute type in chunks. Sums cascade over
// fixed blocks, so that a result depends on the elements alone, never on how many threads there
// are: threads share out outputs, and for few large outputs fixed blocks whose partial results are
// combined in order.
//
// An accumulator is a copyable struct over compute type C:
//   struct Maximum { double best = -INFINITY; void add(double x, int64_t index); void merge(const
//   Maximum &later); }; reduceInto<double>(cx, plan, out, Maximum{}, [](const Maximum &m) { return
//   m.best; });
#pragma once

#include "tsc/runtime/Loops.h"

namespace tsc::rt {

/// What is reduced and what stays.
struct ReducePlan {
  const Tensor *input = nullptr;
  Shape outSizes;                     ///< of the result, keepdim applied
  Shape keptSizes, keptStrides;       ///< strides in bytes, outermost first
  Shape reducedSizes, reducedStrides; ///< the same
  int64_t outputs = 1, inner = 1;     ///< numbers of results and of elements in each
};
/// Plans a reduction over `dims` (negative allowed; empty with `emptyMeansAll`: all dims). Fails on
/// bad or repeated dims.
Result<ReducePlan> planReduce(Context &cx, const Tensor &input, IntList dims, bool keepdim,
                              bool emptyMeansAll = true);
Result<ReducePlan> planReduce(Context &cx, const Tensor &input, const Optional<IntList> &dims,
                              bool keepdim);

namespace detail {
/// The byte offset of a flat index over sizes and strides.
inline int64_t flatOffset(const Shape &sizes, const Shape &strides, int64_t flat) {
  int64_t offset = 0;
  for (int64_t d = sizes.size() - 1; d >= 0; --d) {
    offset += flat % sizes[d] * strides[d];
    flat /= sizes[d];
  }
  return offset;
}
inline constexpr int64_t kReduceBlock = 1 << 15;
} // namespace detail

/// Calls visit(const C *run, n, index of the first) over elements [begin, end) of output `o`, in
/// runs.
template <class C, class Visit>
void visitReduced(const ReducePlan &plan, int64_t o, int64_t begin, int64_t end, Visit &&visit) {
  const Tensor &t = *plan.input;
  const char *base = t.base() + detail::flatOffset(plan.keptSizes, plan.keptStrides, o);
  int64_t rank = plan.reducedSizes.size();
  int64_t rowSize = rank ? plan.reducedSizes[rank - 1] : 1,
          rowStride = rank ? plan.reducedStrides[rank - 1] : 0;
  bool direct = t.dtype == detail::nativeDType<C>() &&
                (rowStride == static_cast<int64_t>(sizeof(C)) || rowSize == 1);
  LoadFunction<C> load = loader<C>(t.dtype);
  alignas(64) unsigned char buffer[detail::kChunk * sizeof(C)];
  C *chunk = reinterpret_cast<C *>(buffer);
  while (begin < end) {
    const char *p = base + detail::flatOffset(plan.reducedSizes, plan.reducedStrides, begin);
    int64_t n = rowSize - begin % rowSize;
    n = n < end - begin ? n : end - begin;
    if (direct) {
      visit(reinterpret_cast<const C *>(p), n, begin);
    } else {
      n = n < detail::kChunk ? n : detail::kChunk;
      load(chunk, p, rowStride, n);
      visit(static_cast<const C *>(chunk), n, begin);
    }
    begin += n;
  }
}

namespace detail {
/// Is the innermost kept dim contiguous and none of the reduced ones?
inline bool isColumnPlan(const ReducePlan &plan) {
  int64_t kept = plan.keptSizes.size(), reduced = plan.reducedSizes.size(),
          bytes = plan.input->itemsize();
  return kept && reduced && plan.inner > 1 && plan.outputs > 0 && plan.keptSizes[kept - 1] >= 8 &&
         plan.keptStrides[kept - 1] == bytes && plan.reducedStrides[reduced - 1] != bytes;
}
inline constexpr int64_t kColumnBand = 256;
/// Adds the rows of n columns at `base` to their accumulators.
template <class C, class A>
void addRows(const ReducePlan &plan, const char *base, A *totals, int64_t n) {
  const Tensor &t = *plan.input;
  bool direct = t.dtype == nativeDType<C>(), evenly = plan.reducedSizes.size() == 1;
  int64_t step = plan.reducedStrides[0], bytes = t.itemsize(), rows = plan.inner;
  LoadFunction<C> load = loader<C>(t.dtype);
  C loaded[kColumnBand];
  for (int64_t r = 0; r < rows; ++r) {
    int64_t offset = evenly ? r * step : flatOffset(plan.reducedSizes, plan.reducedStrides, r);
    const C *x = reinterpret_cast<const C *>(base + offset);
    if (!direct) {
      load(loaded, base + offset, bytes, n);
      x = loaded;
    }
#pragma clang loop vectorize(assume_safety)
    for (int64_t k = 0; k < n; ++k)
      totals[k].add(x[k], r);
  }
}
/// Rows are added to the accumulators of a band of columns, so that memory is read as it lies.
template <class C, class A, class Store>
void reduceColumns(Context &cx, const ReducePlan &plan, const A &start, Store &&store) {
  int64_t columns = plan.keptSizes[plan.keptSizes.size() - 1];
  int64_t bands = (columns + kColumnBand - 1) / kColumnBand;
  int64_t grain = 1 + kReduceBlock / (plan.inner * kColumnBand);
  parallelFor(cx, 0, plan.outputs / columns * bands, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      int64_t first = b % bands * kColumnBand, left = columns - first;
      int64_t o = b / bands * columns + first, n = left < kColumnBand ? left : kColumnBand;
      A totals[kColumnBand];
      for (int64_t k = 0; k < n; ++k)
        totals[k] = start;
      addRows<C>(plan, plan.input->base() + flatOffset(plan.keptSizes, plan.keptStrides, o), totals,
                 n);
      for (int64_t k = 0; k < n; ++k)
        store(o + k, totals[k]);
    }
  });
}
} // namespace detail

/// Runs accumulators over all outputs: store(o, accumulator) is called once for each output, from
/// any thread. The accumulator has add(C value, int64_t index) or addRun(const C *, int64_t n,
/// int64_t first) or both, and merge(const Accumulator &later).
template <class C, class A, class Store>
Status reduceEach(Context &cx, const ReducePlan &plan, const A &start, Store &&store) {
  if constexpr (std::is_default_constructible_v<A> &&
                requires(A a, C value) { a.add(value, int64_t()); })
    if (detail::isColumnPlan(plan))
      return detail::reduceColumns<C>(cx, plan, start, store), success();
  auto part = [&](int64_t o, int64_t begin, int64_t end) {
    A a = start;
    visitReduced<C>(plan, o, begin, end, [&](const C *run, int64_t n, int64_t first) {
      if constexpr (requires { a.addRun(run, n, first); })
        a.addRun(run, n, first);
      else
        for (int64_t i = 0; i < n; ++i)
          a.add(run[i], first + i);
    });
    return a;
  };
  int64_t blocks = (plan.inner + detail::kReduceBlock - 1) / detail::kReduceBlock;
  if (blocks <= 1 || plan.outputs >= 16) {
    int64_t grain = plan.inner > 0 ? detail::kReduceBlock / plan.inner + 1 : detail::kReduceBlock;
    parallelFor(cx, 0, plan.outputs, grain, [&](int64_t from, int64_t to) {
      for (int64_t o = from; o < to; ++o) {
        A total = part(o, 0, plan.inner < detail::kReduceBlock ? plan.inner : detail::kReduceBlock);
        for (int64_t b = 1; b < blocks; ++b) {
          int64_t begin = b * detail::kReduceBlock, end = begin + detail::kReduceBlock;
          total.merge(part(o, begin, end < plan.inner ? end : plan.inner));
        }
        store(o, total);
      }
    });
    return success();
  }
  A *parts = static_cast<A *>(allocateBytes(cx, static_cast<int64_t>(sizeof(A)) * blocks));
  TSC_TRY(parts != nullptr);
  for (int64_t o = 0; o < plan.outputs; ++o) {
    parallelFor(cx, 0, blocks, 1, [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; ++b) {
        int64_t begin = b * detail::kReduceBlock, end = begin + detail::kReduceBlock;
        parts[b] = part(o, begin, end < plan.inner ? end : plan.inner);
      }
    });
    A total = parts[0];
    for (int64_t b = 1; b < blocks; ++b)
      total.merge(parts[b]);
    store(o, total);
  }
  freeBytes(parts);
  return success();
}

/// reduceEach into a dense tensor of plan.outSizes; finish(accumulator) gives the value to store
/// (any compute type).
template <class C, class A, class Finish>
Status reduceInto(Context &cx, const ReducePlan &plan, Tensor &out, const A &start,
                  Finish &&finish) {
  using R = std::decay_t<decltype(finish(start))>;
  StoreFunction<R> storeOne = storer<R>(out.dtype);
  char *data = out.base();
  int64_t bytes = out.itemsize();
  return reduceEach<C>(cx, plan, start, [&](int64_t o, const A &a) {
    R value = finish(a);
    storeOne(data + o * bytes, bytes, &value, 1);
  });
}

/// Sum of a block: four lanes of pairwise sums of runs, so that long float sums stay exact to a few
/// ulps and vectorize.
template <class C> struct SumOf {
  C total{};
  void merge(const SumOf &later) { total = static_cast<C>(total + later.total); }
  static C pairwise(const C *x, int64_t n) {
    if (n <= 128) {
      constexpr int kLanes = 16;
      C lanes[kLanes] = {};
      int64_t i = 0;
      for (; i + kLanes <= n; i += kLanes)
        for (int j = 0; j < kLanes; ++j)
          lanes[j] = static_cast<C>(lanes[j] + x[i + j]);
      for (; i < n; ++i)
        lanes[i % kLanes] = static_cast<C>(lanes[i % kLanes] + x[i]);
      for (int width = kLanes / 2; width; width /= 2)
        for (int j = 0; j < width; ++j)
          lanes[j] = static_cast<C>(lanes[j] + lanes[j + width]);
      return lanes[0];
    }
    int64_t half = (n / 2 + 15) & ~static_cast<int64_t>(15);
    return static_cast<C>(pairwise(x, half) + pairwise(x + half, n - half));
  }
  void addRun(const C *run, int64_t n, int64_t) {
    total = static_cast<C>(total + pairwise(run, n));
  }
};

/// The dtype that sum and prod return: given, or int64 for integers and bools, else the input's.
DType sumDType(const Tensor &input, const Optional<DType> &dtype);
/// sum over dims, in the precision of `result`'s compute type (float32 sums cascade in float64).
TensorRef sumTensor(Context &cx, const Tensor &input, const Optional<IntList> &dims, bool keepdim,
                    DType result);

} // namespace tsc::rt
