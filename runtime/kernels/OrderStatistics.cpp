// SPDX-License-Identifier: Apache-2.0
// Order statistics: median, kthvalue and mode with their places, quantiles. Each line is gathered
// in its compute type and ordered there; NaNs are the largest.
#include "Operands.h"
#include "Routines.h"
#include "tsc/runtime/Reduce.h"

#include "Pairs.h"

#include <algorithm>

using namespace tsc::rt;

namespace {
template <class C> bool before(C a, C b) { return a < b || (b != b && a == a); }

/// Puts the place of the k-th smallest of n numbers where it belongs: Hoare's selection with the
/// median of three as the pivot. Which of several equals is found is part of what programs see.
template <class C> void selectPlace(C *x, int64_t *order, int64_t n, int64_t k) {
  auto exchange = [&](int64_t i, int64_t j) {
    std::swap(x[i], x[j]);
    std::swap(order[i], order[j]);
  };
  auto orderPair = [&](int64_t i, int64_t j) {
    if (before(x[j], x[i]))
      exchange(i, j);
  };
  int64_t left = 0, right = n - 1;
  while (right > left) {
    if (right == left + 1)
      return orderPair(left, right);
    exchange((left + right) / 2, left + 1);
    orderPair(left + 1, right);
    orderPair(left, right);
    orderPair(left + 1, left);
    C pivot = x[left];
    int64_t i = left + 1, j = right;
    while (true) {
      do
        ++i;
      while (before(x[i], pivot));
      do
        --j;
      while (before(pivot, x[j]));
      if (j < i)
        break;
      exchange(i, j);
    }
    exchange(left, j);
    if (j <= k)
      left = i;
    if (j >= k)
      right = j - 1;
  }
}

/// Values and places along a dim: pick(line, order, n) says where in both arrays they are; `order`
/// is 0..n-1 at first.
template <class Pick>
Pair pickAlong(Context &cx, const char *name, const Tensor &self, IntList dims, bool keepdim,
               bool withBools, Pick &&pick) {
  if (self.isBool() && !withBools && self.rank > 0)
    return unsupportedDType(cx, name, self.dtype);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  if (plan.inner == 0 && plan.outputs > 0)
    return cx.raise("IndexError", "%s(): expected reduction dim %lld to have non-zero size", name,
                    static_cast<long long>(dims.empty() ? 0 : dims[0]));
  TensorRef values = empty(cx, plan.outSizes, self.dtype);
  TensorRef places = empty(cx, plan.outSizes, DType::Int64);
  TSC_TRY(values && places);
  int64_t *indices = places->ptr<int64_t>(), bytes = self.itemsize();
  bool memory = true;
  bool known = dispatchCompute<kReal>(self.dtype, [&]<class C>() {
    StoreFunction<C> store = storer<C>(self.dtype);
    parallelFor(cx, 0, plan.outputs, 1 + 4096 / (plan.inner + 1), [&](int64_t begin, int64_t end) {
      size_t n = static_cast<size_t>(plan.inner);
      C *line = static_cast<C *>(std::malloc(n * sizeof(C) + 1));
      int64_t *order = static_cast<int64_t *>(std::malloc(n * sizeof(int64_t) + 1));
      if (!line || !order)
        memory = false;
      for (int64_t o = begin; o < end && line && order; ++o) {
        visitReduced<C>(plan, o, 0, plan.inner, [&](const C *run, int64_t count, int64_t first) {
          std::memcpy(line + first, run, static_cast<size_t>(count) * sizeof(C));
        });
        for (int64_t i = 0; i < plan.inner; ++i)
          order[i] = i;
        int64_t at = pick(line, order, plan.inner);
        indices[o] = order[at];
        store(values->base() + o * bytes, bytes, &line[at], 1);
      }
      std::free(line);
      std::free(order);
    });
  });
  if (!known)
    return unsupportedDType(cx, name, self.dtype);
  if (!memory)
    return cx.outOfMemory();
  return makePair(static_cast<TensorRef &&>(values), static_cast<TensorRef &&>(places));
}

/// The place of the lower one of two in the middle. A NaN is the median, unless NaNs are to be
/// ignored.
template <bool IgnoreNan, class C> int64_t pickMedian(C *line, int64_t *order, int64_t n) {
  int64_t nans = 0, firstNan = -1;
  for (int64_t i = n - 1; i >= 0; --i)
    if (line[i] != line[i])
      ++nans, firstNan = i;
  if (nans && !IgnoreNan)
    return firstNan;
  int64_t *middle = order + ((nans == n ? n : n - nans) - 1) / 2;
  std::nth_element(order, middle, order + n, [line](int64_t a, int64_t b) {
    return before(line[a], line[b]) || (!before(line[b], line[a]) && a < b);
  });
  int64_t found = *middle;
  order[found] = found;
  return found;
}
/// That of the most frequent value, the smallest of several, at the place that a sort leaves last.
template <class C> int64_t pickMode(C *line, int64_t *order, int64_t n) {
  std::sort(order, order + n, [line](int64_t a, int64_t b) { return before(line[a], line[b]); });
  int64_t best = order[0], most = 0;
  for (int64_t i = 0, from = 0; i < n; ++i) {
    if (i + 1 < n && line[order[i + 1]] == line[order[i]])
      continue;
    if (i + 1 - from > most)
      most = i + 1 - from, best = order[i];
    from = i + 1;
  }
  order[best] = best;
  return best;
}

template <bool IgnoreNan>
Pair medianOver(Context &cx, const Tensor &self, IntList dims, bool keepdim) {
  const char *name = IgnoreNan ? "nanmedian" : "median";
  return pickAlong(cx, name, self, dims, keepdim, false, [](auto *line, int64_t *order, int64_t n) {
    return pickMedian<IgnoreNan>(line, order, n);
  });
}
} // namespace

template <bool IgnoreNan>
static Pair medianDim(Context &cx, const Tensor &self, int64_t dim, bool keepdim) {
  return medianOver<IgnoreNan>(cx, self, {&dim, 1}, keepdim);
}
/// Of no elements: what a NaN becomes in the dtype.
template <bool IgnoreNan> static TensorRef medianAll(Context &cx, const Tensor &self) {
  if (self.numel == 0 && !self.isComplex()) {
    Scalar none = static_cast<double>(NAN);
    if (self.isIntegral(false))
      none = self.dtype == DType::Int32   ? static_cast<int64_t>(INT32_MIN)
             : self.dtype == DType::Int64 ? INT64_MIN
                                          : int64_t(0);
    return full(cx, {}, none, self.dtype);
  }
  Pair both = medianOver<IgnoreNan>(cx, self, {}, false);
  TSC_TRY(both);
  return static_cast<TensorRef &&>(firstOf(both));
}
#define TSC_MEDIAN(NAME, IGNORE)                                                                   \
  TSC_KERNEL(NAME, medianAll<IGNORE>)                                                              \
  TSC_OUTPUT_COPY(NAME##_out, medianAll<IGNORE>)                                                   \
  TSC_KERNEL(NAME##_dim, medianDim<IGNORE>)                                                        \
  TSC_KERNEL(NAME##_dim_values, (writePair<medianDim<IGNORE>, const Tensor &, int64_t, bool>))
TSC_MEDIAN(aten_median, false)
TSC_MEDIAN(aten_nanmedian, true)

static Pair kthvalue(Context &cx, const Tensor &self, int64_t k, int64_t dim, bool keepdim) {
  TSC_ASSIGN(int64_t wrapped, wrapDim(cx, dim, self.rank));
  int64_t n = self.rank ? self.sizes[wrapped] : 1;
  if (k < 1 || k > n)
    return cx.fail("kthvalue(): selected number k out of range for dimension %lld",
                   static_cast<long long>(dim));
  return pickAlong(cx, "kthvalue", self, {&dim, 1}, keepdim, false,
                   [k](auto *line, int64_t *order, int64_t n) {
                     selectPlace(line, order, n, k - 1);
                     return k - 1;
                   });
}
TSC_KERNEL(aten_kthvalue, kthvalue)
TSC_KERNEL(aten_kthvalue_values, (writePair<kthvalue, const Tensor &, int64_t, int64_t, bool>))

static Pair mode(Context &cx, const Tensor &self, int64_t dim, bool keepdim) {
  return pickAlong(cx, "mode", self, {&dim, 1}, keepdim, true,
                   [](auto *line, int64_t *order, int64_t n) { return pickMode(line, order, n); });
}
TSC_KERNEL(aten_mode, mode)
TSC_KERNEL(aten_mode_values, (writePair<mode, const Tensor &, int64_t, bool>))

// ---- For compiled kernels, a line at a time
namespace {
enum class Statistic : int64_t { Median, MedianOfNumbers, Smallest, Mode };

template <class C> int64_t pickOf(Statistic which, C *line, int64_t *order, int64_t n, int64_t k) {
  switch (which) {
  case Statistic::Median:
    return pickMedian<false>(line, order, n);
  case Statistic::MedianOfNumbers:
    return pickMedian<true>(line, order, n);
  case Statistic::Mode:
    return pickMode(line, order, n);
  case Statistic::Smallest:
    break;
  }
  selectPlace(line, order, n, k - 1);
  return k - 1;
}

/// dtype, n, inner, the statistic, k, and how many results there are: values and maybe places.
template <class C> int32_t statisticLines(const RoutineCall &call) {
  DType dtype = static_cast<DType>(call[0]);
  int64_t n = call[1], inner = call[2], results = call[5], bytes = tsc::dtypeBytes(dtype);
  LoadFunction<C> load = loader<C>(dtype);
  StoreFunction<C> store = storer<C>(dtype);
  C *line = static_cast<C *>(std::malloc(static_cast<size_t>(n) * sizeof(C)));
  int64_t *order = static_cast<int64_t *>(std::malloc(static_cast<size_t>(n) * sizeof(int64_t)));
  for (int64_t p = call.range.begin; p < call.range.end && line && order; ++p) {
    const char *from = call.at<const char>(results) + (p / inner * n * inner + p % inner) * bytes;
    for (int64_t i = 0; i < n; i += 256)
      load(line + i, from + i * inner * bytes, inner * bytes, n - i < 256 ? n - i : 256);
    for (int64_t i = 0; i < n; ++i)
      order[i] = i;
    int64_t at = pickOf(static_cast<Statistic>(call[3]), line, order, n, call[4]);
    store(call.at<char>(0) + p * bytes, bytes, &line[at], 1);
    if (results > 1)
      call.at<int64_t>(1)[p] = order[at];
  }
  int32_t status = line && order ? 0 : 1;
  std::free(line);
  std::free(order);
  return status;
}
int32_t statistic(const RoutineCall &call) {
  int32_t status = 1;
  dispatchCompute<kReal>(static_cast<DType>(call[0]),
                         [&]<class C>() { status = statisticLines<C>(call); });
  return status;
}
} // namespace
TSC_ROUTINE_OF_ALL(order_statistic, statistic)

// ---- Quantiles
namespace {
enum class Between { Linear, Lower, Higher, Midpoint, Nearest };

Result<Between> betweenOf(Context &cx, StringRef name) {
  if (name == "linear")
    return Between::Linear;
  if (name == "lower")
    return Between::Lower;
  if (name == "higher")
    return Between::Higher;
  if (name == "midpoint")
    return Between::Midpoint;
  if (name == "nearest")
    return Between::Nearest;
  return cx.fail("quantile() interpolation must be one of linear, lower, higher, midpoint or "
                 "nearest, but got %.*s",
                 static_cast<int>(name.size()), name.data());
}
/// The value at rank q * (n - 1) of n sorted numbers.
template <class C> C atRank(const C *sorted, int64_t n, C q, Between between) {
  C rank = q * static_cast<C>(n - 1);
  if (between == Between::Nearest)
    return sorted[static_cast<int64_t>(std::nearbyint(rank))];
  int64_t low = static_cast<int64_t>(std::floor(rank)),
          high = static_cast<int64_t>(std::ceil(rank));
  if (between == Between::Lower)
    return sorted[low];
  if (between == Between::Higher)
    return sorted[high];
  C weight = between == Between::Midpoint ? C(0.5) : rank - static_cast<C>(low);
  C a = sorted[low], b = sorted[high];
  return weight < C(0.5) ? a + weight * (b - a) : b - (b - a) * (C(1) - weight);
}

struct QuantileJob {
  const ReducePlan &plan;
  const Tensor &q;
  Tensor &out; ///< quantiles first
  Between between;
  bool ignoreNan;
};
template <class C> bool quantileLines(Context &cx, const QuantileJob &job) {
  const ReducePlan &plan = job.plan;
  bool memory = true;
  parallelFor(cx, 0, plan.outputs, 1 + 4096 / (plan.inner + 1), [&](int64_t begin, int64_t end) {
    C *line = static_cast<C *>(std::malloc(static_cast<size_t>(plan.inner) * sizeof(C) + 1));
    if (!line) {
      memory = false;
      return;
    }
    for (int64_t o = begin; o < end; ++o) {
      visitReduced<C>(plan, o, 0, plan.inner, [&](const C *run, int64_t count, int64_t first) {
        std::memcpy(line + first, run, static_cast<size_t>(count) * sizeof(C));
      });
      std::sort(line, line + plan.inner, before<C>);
      int64_t n = plan.inner;
      while (n > 0 && line[n - 1] != line[n - 1])
        --n;
      bool undefined = n == 0 || (n < plan.inner && !job.ignoreNan);
      for (int64_t i = 0; i < job.q.numel; ++i)
        job.out.ptr<C>()[i * plan.outputs + o] =
            undefined ? static_cast<C>(NAN) : atRank(line, n, job.q.ptr<C>()[i], job.between);
    }
    std::free(line);
  });
  return memory;
}

TensorRef quantileOf(Context &cx, const Tensor &self, const Tensor &q, Optional<int64_t> dim,
                     bool keepdim, StringRef interpolation, bool ignoreNan) {
  if (self.numel == 0)
    return cx.fail("quantile() input tensor must be non-empty");
  if (self.dtype != DType::Float32 && self.dtype != DType::Float64)
    return cx.fail("quantile() input tensor must be either float or double dtype");
  if (q.rank > 1 || q.dtype != self.dtype)
    return cx.fail("quantile() q must be a scalar or 1D tensor of the same dtype as the input");
  TSC_ASSIGN(Between between, betweenOf(cx, interpolation));
  TensorRef ranks = contiguous(cx, q);
  TSC_TRY(ranks);
  for (int64_t i = 0; i < ranks->numel; ++i)
    if (!(ranks->at(i).toDouble() >= 0 && ranks->at(i).toDouble() <= 1))
      return cx.fail("quantile() q values must be in the range [0, 1]");
  TSC_ASSIGN(ReducePlan plan,
             planReduce(cx, self, dim ? IntList(&dim.value, 1) : IntList(), keepdim));
  Shape sizes = plan.outSizes;
  if (q.rank == 1)
    sizes.insert(0, q.numel);
  TensorRef out = empty(cx, sizes, self.dtype);
  TSC_TRY(out);
  QuantileJob job{plan, *ranks, *out, between, ignoreNan};
  bool memory =
      self.dtype == DType::Float64 ? quantileLines<double>(cx, job) : quantileLines<float>(cx, job);
  if (!memory)
    return cx.outOfMemory();
  return out;
}
} // namespace

template <bool IgnoreNan>
static TensorRef quantileTensor(Context &cx, const Tensor &self, const Tensor &q,
                                Optional<int64_t> dim, bool keepdim, StringRef interpolation) {
  return quantileOf(cx, self, q, dim, keepdim, interpolation, IgnoreNan);
}
template <bool IgnoreNan>
static TensorRef quantileScalar(Context &cx, const Tensor &self, double q, Optional<int64_t> dim,
                                bool keepdim, StringRef interpolation) {
  TensorRef rank = scalarTensor(cx, q, self.isFloating() ? self.dtype : DType::Float32);
  TSC_TRY(rank);
  return quantileOf(cx, self, *rank, dim, keepdim, interpolation, IgnoreNan);
}
#define TSC_QUANTILE(NAME, IGNORE)                                                                 \
  TSC_KERNEL(NAME, quantileTensor<IGNORE>)                                                         \
  TSC_OUTPUT_COPY(NAME##_out, quantileTensor<IGNORE>)                                              \
  TSC_KERNEL(NAME##_scalar, quantileScalar<IGNORE>)                                                \
  TSC_OUTPUT_COPY(NAME##_scalar_out, quantileScalar<IGNORE>)
TSC_QUANTILE(aten_quantile, false)
TSC_QUANTILE(aten_nanquantile, true)
