// SPDX-License-Identifier: Apache-2.0
// sort, argsort, msort and topk.
#include "Sorting.h"

#include "Routines.h"

#include <algorithm>

using namespace tsc::rt;

/// Loads a line into placed numbers.
template <class C>
static void loadLine(Placed<C> *items, const char *base, int64_t step, int64_t n, DType dtype) {
  LoadFunction<C> load = loader<C>(dtype);
  C run[256];
  for (int64_t i = 0; i < n; i += 256) {
    int64_t m = n - i < 256 ? n - i : 256;
    load(run, base + i * step, step, m);
    for (int64_t j = 0; j < m; ++j)
      items[i + j] = {run[j], i + j};
  }
}

/// Room for two lines of placed numbers per call of a line; lines are handed out one thread at a
/// time.
template <class C> class LineRoom {
public:
  LineRoom(Context &cx, int64_t n)
      : items(static_cast<Placed<C> *>(
            allocateBytes(cx, 2 * n * static_cast<int64_t>(sizeof(Placed<C>))))) {}
  ~LineRoom() { freeBytes(items); }
  LineRoom(const LineRoom &) = delete;
  Placed<C> *items;
};

/// Memory that every line needs is taken before the parallel loop, one block for all threads'
/// lines, so that the loop cannot fail.
template <class C, class F>
static Status eachPlacedLine(Context &cx, const Tensor &t, int64_t dim, F &&line) {
  int64_t n = t.rank ? t.sizes[dim] : 1;
  if (t.numel == 0)
    return success();
  Shape sizes = t.shape(), strides = t.stridesList();
  if (t.rank)
    sizes.erase(dim), strides.erase(dim);
  int64_t lines = t.numel / n, bytes = t.itemsize(), step = t.rank ? t.strides[dim] * bytes : bytes;
  int64_t slots = threadCount(cx) < lines ? threadCount(cx) : lines;
  LineRoom<C> room(cx, n * slots);
  TSC_TRY(room.items != nullptr);
  parallelFor(cx, 0, slots, n * (lines / slots) < 2048 ? slots : 1, [&](int64_t from, int64_t to) {
    for (int64_t slot = from; slot < to; ++slot) {
      Placed<C> *items = room.items + 2 * n * slot;
      for (int64_t i = lines * slot / slots; i < lines * (slot + 1) / slots; ++i) {
        loadLine(items, t.base() + detail::flatOffset(sizes, strides, i) * bytes, step, n, t.dtype);
        line(items, items + n, n, i);
      }
    }
  });
  return success();
}

/// Where the elements of line i of a dense tensor of these sizes start, along dim.
static int64_t lineStart(const Tensor &dense, int64_t dim, int64_t i) {
  if (dense.rank == 0)
    return 0;
  int64_t step = dense.strides[dim];
  return i / step * step * dense.sizes[dim] + i % step;
}

/// Sorts a line. Without `stable` the order of equal elements is that of the standard library's
/// sort.
template <class P, class Before>
static void sortLine(P *items, P *room, int64_t n, bool stable, Before before) {
  if (stable)
    mergeSort(items, room, n, before);
  else
    std::sort(items, items + n, before);
}
template <class C>
static Status sortLines(Context &cx, const Tensor &t, int64_t dim, SortOrder order, Tensor &out) {
  int64_t step = out.rank ? out.strides[dim] : 1;
  return eachPlacedLine<C>(
      cx, t, dim, [&](Placed<C> *items, Placed<C> *room, int64_t n, int64_t i) {
        using P = Placed<C>;
        if (order.descend)
          sortLine(items, room, n, order.stable,
                   [](const P &a, const P &b) { return descending(a.value, b.value); });
        else
          sortLine(items, room, n, order.stable,
                   [](const P &a, const P &b) { return ascending(a.value, b.value); });
        int64_t *to = out.ptr<int64_t>() + lineStart(out, dim, i);
        for (int64_t k = 0; k < n; ++k)
          to[k * step] = items[k].at;
      });
}

namespace tsc::rt {
TensorRef sortedPositions(Context &cx, const Tensor &t, int64_t dim, SortOrder order) {
  if (t.isComplex())
    return cx.fail("sort(): complex tensors have no order");
  TensorRef out = empty(cx, t.shape(), DType::Int64);
  TSC_TRY(out);
  Status done;
  bool known = dispatchCompute<kReal>(
      t.dtype, [&]<class C>() { done = sortLines<C>(cx, t, dim, order, *out); });
  if (!known)
    return unsupportedDType(cx, "sort", t.dtype);
  TSC_TRY(done);
  return out;
}
TensorRef takePositions(Context &cx, const Tensor &t, int64_t dim, const Tensor &positions) {
  TensorRef made = empty(cx, positions.shape(), t.dtype);
  TSC_TRY(made);
  if (t.rank == 0) {
    TSC_TRY(copyInto(cx, *made, t));
    return made;
  }
  int64_t bytes = t.itemsize(), step = made->rank ? made->strides[dim] : 1;
  Shape sizes = positions.shape(), strides = t.stridesList();
  sizes.erase(dim), strides.erase(dim);
  int64_t n = positions.sizes[dim];
  for (int64_t i = 0; n && i < made->numel / n; ++i) {
    const char *from = t.base() + detail::flatOffset(sizes, strides, i) * bytes;
    int64_t start = lineStart(*made, dim, i);
    for (int64_t k = 0; k < n; ++k) {
      int64_t at = start + k * step;
      std::memcpy(made->base() + at * bytes,
                  from + positions.ptr<int64_t>()[at] * t.strides[dim] * bytes,
                  static_cast<size_t>(bytes));
    }
  }
  return made;
}
} // namespace tsc::rt

// ---- sort
using Sorted = Results<TensorRef, TensorRef>;
/// Long vectors of integers are sorted upwards stably in any case, as the reference's radix sort
/// does.
static SortOrder orderOf(const Tensor &t, bool stable, bool descend) {
  return {descend, stable || (!descend && t.isIntegral(false) && t.rank == 1 && t.numel >= 32768)};
}
static Sorted sortStable(Context &cx, const Tensor &t, Optional<bool> stable, int64_t dim,
                         bool descend) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  TensorRef positions = sortedPositions(cx, t, dim, orderOf(t, stable.valueOr(false), descend));
  TSC_TRY(positions);
  TensorRef values = takePositions(cx, t, dim, *positions);
  TSC_TRY(values);
  return Sorted{values, positions};
}
static Sorted sortPlain(Context &cx, const Tensor &t, int64_t dim, bool descend) {
  return sortStable(cx, t, {}, dim, descend);
}
static Sorted writeBoth(Context &cx, Sorted made, Tensor &values, Tensor &indices) {
  TSC_TRY(made);
  TSC_TRY(writeOut(cx, values, *std::get<0>(made.values)));
  TSC_TRY(writeOut(cx, indices, *std::get<1>(made.values)));
  return Sorted{same(values), same(indices)};
}
static Sorted sortStableOut(Context &cx, const Tensor &t, Optional<bool> stable, int64_t dim,
                            bool descend, Tensor &values, Tensor &indices) {
  return writeBoth(cx, sortStable(cx, t, stable, dim, descend), values, indices);
}
static Sorted sortOut(Context &cx, const Tensor &t, int64_t dim, bool descend, Tensor &values,
                      Tensor &indices) {
  return writeBoth(cx, sortPlain(cx, t, dim, descend), values, indices);
}
static TensorRef argsortStable(Context &cx, const Tensor &t, bool stable, int64_t dim,
                               bool descend) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  return sortedPositions(cx, t, dim, orderOf(t, stable, descend));
}
static TensorRef argsort(Context &cx, const Tensor &t, int64_t dim, bool descend) {
  return argsortStable(cx, t, false, dim, descend);
}
static TensorRef sortRows(Context &cx, const Tensor &t) {
  TensorRef positions = sortedPositions(cx, t, 0, {});
  TSC_TRY(positions);
  return takePositions(cx, t, 0, *positions);
}
TSC_KERNEL(aten_sort, sortPlain)
TSC_KERNEL(aten_sort_stable, sortStable)
TSC_KERNEL(aten_sort_values, sortOut)
TSC_KERNEL(aten_sort_values_stable, sortStableOut)
TSC_KERNEL(aten_argsort, argsort)
TSC_KERNEL(aten_argsort_stable, argsortStable)
TSC_OUTPUT_COPY(aten_argsort_stable_out, argsortStable)
TSC_KERNEL(aten_msort, sortRows)
TSC_OUTPUT_COPY(aten_msort_out, sortRows)

// ---- topk
/// The best k of a line to its front, sorted. The order among equal elements is that of the
/// standard library's selection algorithms, which programs see through the indices.
template <class P, class Before>
static void bestOf(P *items, int64_t n, int64_t k, bool sorted, Before before) {
  if (k * 64 <= n) {
    std::partial_sort(items, items + k, items + n, before);
    return;
  }
  std::nth_element(items, items + k - 1, items + n, before);
  if (sorted)
    std::sort(items, items + k - 1, before);
}
namespace {
struct TopJob {
  int64_t k, dim;
  bool largest, sorted;
};
} // namespace
template <class C>
static Status topLines(Context &cx, const Tensor &t, const TopJob &job, Tensor &out) {
  int64_t step = out.rank ? out.strides[job.dim] : 1;
  return eachPlacedLine<C>(
      cx, t, job.dim, [&](Placed<C> *items, Placed<C> *, int64_t n, int64_t i) {
        using P = Placed<C>;
        if (job.largest)
          bestOf(items, n, job.k, job.sorted,
                 [](const P &a, const P &b) { return descending(a.value, b.value); });
        else
          bestOf(items, n, job.k, job.sorted,
                 [](const P &a, const P &b) { return ascending(a.value, b.value); });
        int64_t *to = out.ptr<int64_t>() + lineStart(out, job.dim, i);
        for (int64_t j = 0; j < job.k; ++j)
          to[j * step] = items[j].at;
      });
}
static Sorted topK(Context &cx, const Tensor &t, int64_t k, int64_t dim, bool largest,
                   bool sorted) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (k < 0 || k > (t.rank ? t.sizes[dim] : 1))
    return cx.fail("selected index k out of range");
  if (t.isComplex() || t.isBool())
    return cx.fail("topk does not support %s dtypes on CPU", t.isBool() ? "bool" : "complex");
  Shape sizes = t.shape();
  if (t.rank)
    sizes[dim] = k;
  TensorRef positions = empty(cx, sizes, DType::Int64);
  TSC_TRY(positions);
  Status done;
  if (positions->numel) {
    bool known = dispatchCompute<kInt | kFloat>(t.dtype, [&]<class C>() {
      done = topLines<C>(cx, t, {k, dim, largest, sorted}, *positions);
    });
    if (!known)
      return unsupportedDType(cx, "topk", t.dtype);
  }
  TSC_TRY(done);
  TensorRef values = takePositions(cx, t, dim, *positions);
  TSC_TRY(values);
  return Sorted{values, positions};
}
static Sorted topKOut(Context &cx, const Tensor &t, int64_t k, int64_t dim, bool largest,
                      bool sorted, Tensor &values, Tensor &indices) {
  return writeBoth(cx, topK(cx, t, k, dim, largest, sorted), values, indices);
}
TSC_KERNEL(aten_topk, topK)
TSC_KERNEL(aten_topk_values, topKOut)

// ---- For compiled kernels, a line at a time
/// dtype, n, inner; values and places among the data (-1: not wanted), the operand; then options.
namespace {
class LineCall {
public:
  LineCall(const RoutineCall &call, int64_t values, int64_t places, int64_t operand)
      : call(call), values(values), places(places), operand(operand) {}
  DType dtype() const { return static_cast<DType>(call[0]); }
  /// Orders items[0, n) of every line by order(items, room, n) and takes the first `k`.
  template <class C, class F> int32_t run(int64_t k, F &&order) const {
    int64_t n = call[1], inner = call[2], bytes = tsc::dtypeBytes(dtype());
    size_t room = 2 * static_cast<size_t>(n) * sizeof(Placed<C>);
    Placed<C> *items = static_cast<Placed<C> *>(std::malloc(room));
    if (!items)
      return 1;
    for (int64_t line = call.range.begin; line < call.range.end; ++line) {
      const char *from =
          call.at<const char>(operand) + (line / inner * n * inner + line % inner) * bytes;
      loadLine(items, from, inner * bytes, n, dtype());
      order(items, items + n, n);
      int64_t start = line / inner * k * inner + line % inner;
      for (int64_t i = 0; i < k; ++i) {
        int64_t to = start + i * inner;
        if (places >= 0)
          call.at<int64_t>(places)[to] = items[i].at;
        if (values >= 0)
          std::memcpy(call.at<char>(values) + to * bytes, from + items[i].at * inner * bytes,
                      static_cast<size_t>(bytes));
      }
    }
    std::free(items);
    return 0;
  }

private:
  const RoutineCall &call;
  int64_t values, places, operand;
};
} // namespace

static int32_t sortRoutine(const RoutineCall &call) {
  LineCall lines(call, call[3], call[4], call[5]);
  bool descend = call[6] != 0, stable = call[7] != 0;
  int32_t status = 1;
  dispatchCompute<kReal>(lines.dtype(), [&]<class C>() {
    using P = Placed<C>;
    status = lines.run<C>(call[1], [&](P *items, P *room, int64_t n) {
      if (descend)
        sortLine(items, room, n, stable,
                 [](const P &a, const P &b) { return descending(a.value, b.value); });
      else
        sortLine(items, room, n, stable,
                 [](const P &a, const P &b) { return ascending(a.value, b.value); });
    });
  });
  return status;
}
static int32_t topRoutine(const RoutineCall &call) {
  LineCall lines(call, 0, 1, 2);
  int64_t k = call[3];
  bool largest = call[4] != 0, sorted = call[5] != 0;
  int32_t status = 1;
  dispatchCompute<kInt | kFloat>(lines.dtype(), [&]<class C>() {
    using P = Placed<C>;
    status = lines.run<C>(k, [&](P *items, P *, int64_t n) {
      if (largest)
        bestOf(items, n, k, sorted,
               [](const P &a, const P &b) { return descending(a.value, b.value); });
      else
        bestOf(items, n, k, sorted,
               [](const P &a, const P &b) { return ascending(a.value, b.value); });
    });
  });
  return status;
}
TSC_ROUTINE_OF_ALL(sort, sortRoutine)
TSC_ROUTINE_OF_ALL(topk, topRoutine)
