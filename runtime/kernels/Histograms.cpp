// SPDX-License-Identifier: Apache-2.0
// histc, histogram and bincount.
#include "Operands.h"
#include "Pairs.h"

#include <algorithm>

using namespace tsc::rt;

/// Counts of `bins` equal parts of [min, max]; of the data's own range when min equals max.
static TensorRef histc(Context &cx, const Tensor &self, int64_t bins, Scalar min, Scalar max) {
  if (!self.isFloating())
    return unsupportedDType(cx, "histc", self.dtype);
  if (bins <= 0)
    return cx.fail("histc: bins must be > 0, found %lld", static_cast<long long>(bins));
  TensorRef numbers = contiguousAs(cx, self, DType::Float64);
  TSC_TRY(numbers);
  const double *x = numbers->ptr<double>();
  double low = min.toDouble(), high = max.toDouble();
  if (low == high && self.numel > 0) {
    low = HUGE_VAL, high = -HUGE_VAL;
    for (int64_t i = 0; i < self.numel; ++i) {
      low = x[i] < low || x[i] != x[i] ? x[i] : low;
      high = x[i] > high || x[i] != x[i] ? x[i] : high;
    }
  }
  if (low == high)
    low -= 1, high += 1;
  if (!std::isfinite(low) || !std::isfinite(high))
    return cx.fail("histc: range of [%g, %g] is not finite", low, high);
  if (low > high)
    return cx.fail("histc: max must be larger than min, found %g and %g", high, low);
  TensorRef counts = zeros(cx, Shape::of(bins), DType::Float64);
  TSC_TRY(counts);
  for (int64_t i = 0; i < self.numel; ++i) {
    if (!(x[i] >= low && x[i] <= high))
      continue;
    int64_t bin = static_cast<int64_t>((x[i] - low) / (high - low) * static_cast<double>(bins));
    counts->ptr<double>()[bin < bins ? bin : bins - 1] += 1;
  }
  return toDType(cx, *counts, self.dtype);
}
TSC_KERNEL(aten_histc, histc)
TSC_OUTPUT_COPY(aten_histc_out, histc)

static TensorRef bincount(Context &cx, const Tensor &self, OptTensor weights, int64_t minlength) {
  if (!self.isIntegral(false))
    return unsupportedDType(cx, "bincount", self.dtype);
  if (minlength < 0)
    return cx.fail("minlength should be >= 0, found %lld", static_cast<long long>(minlength));
  if (self.rank != 1)
    return cx.fail("bincount only supports 1-d non-negative integral inputs");
  if (weights && (weights->rank != 1 || weights->numel != self.numel))
    return cx.fail("weights should be 1-d and have the same length as input");
  TensorRef numbers = contiguousAs(cx, self, DType::Int64);
  TSC_TRY(numbers);
  int64_t length = minlength;
  for (int64_t i = 0; i < self.numel; ++i) {
    int64_t x = numbers->ptr<int64_t>()[i];
    if (x < 0)
      return cx.fail("bincount only supports 1-d non-negative integral inputs");
    if (x == INT64_MAX)
      return cx.outOfMemory();
    length = x + 1 > length ? x + 1 : length;
  }
  if (!weights) {
    TensorRef counts = zeros(cx, Shape::of(length), DType::Int64);
    TSC_TRY(counts);
    for (int64_t i = 0; i < self.numel; ++i)
      ++counts->ptr<int64_t>()[numbers->ptr<int64_t>()[i]];
    return counts;
  }
  TensorRef each = contiguousAs(cx, *weights, DType::Float64);
  TSC_TRY(each);
  TensorRef totals = zeros(cx, Shape::of(length), DType::Float64);
  TSC_TRY(totals);
  for (int64_t i = 0; i < self.numel; ++i)
    totals->ptr<double>()[numbers->ptr<int64_t>()[i]] += each->ptr<double>()[i];
  return toDType(cx, *totals, weights->dtype == DType::Float32 ? DType::Float32 : DType::Float64);
}
TSC_KERNEL(aten_bincount, bincount)
TSC_OUTPUT_COPY(aten_bincount_out, bincount)

// ---- histogram: counts, or weights, and the edges of the bins
namespace {
struct HistogramJob {
  const Tensor &self;
  OptTensor weights;
  bool density;
};
/// Fills `counts` (float64, zero) for rising float64 edges.
Status countBins(Context &cx, const HistogramJob &job, const Tensor &edges, Tensor &counts) {
  TensorRef numbers = contiguousAs(cx, job.self, DType::Float64), weights;
  TSC_TRY(numbers);
  if (job.weights) {
    if (!(job.weights->shape() == job.self.shape()) || job.weights->dtype != job.self.dtype)
      return cx.fail("histogram: expected weights of the input's shape and dtype");
    weights = contiguousAs(cx, *job.weights, DType::Float64);
    TSC_TRY(weights);
  }
  const double *from = edges.ptr<double>(), *to = from + edges.numel;
  double *bins = counts.ptr<double>(), total = 0;
  for (int64_t i = 0; i < job.self.numel; ++i) {
    double x = numbers->ptr<double>()[i], weight = job.weights ? weights->ptr<double>()[i] : 1;
    if (!(x >= from[0] && x <= to[-1]))
      continue;
    int64_t bin = std::upper_bound(from, to, x) - from - 1;
    bins[bin < counts.numel ? bin : counts.numel - 1] += weight;
  }
  for (int64_t i = 0; i < counts.numel; ++i)
    total += bins[i];
  for (int64_t i = 0; job.density && i < counts.numel; ++i)
    bins[i] /= total * (from[i + 1] - from[i]);
  return success();
}
Pair histogramOver(Context &cx, const HistogramJob &job, TensorRef edges) {
  TensorRef counts = zeros(cx, Shape::of(edges->numel - 1), DType::Float64);
  TSC_TRY(counts);
  TSC_TRY(countBins(cx, job, *edges, *counts));
  TensorRef first = toDType(cx, *counts, job.self.dtype);
  TSC_TRY(first);
  TensorRef second = toDType(cx, *edges, job.self.dtype);
  TSC_TRY(second);
  return makePair(static_cast<TensorRef &&>(first), static_cast<TensorRef &&>(second));
}
Status checkHistogram(Context &cx, const Tensor &self) {
  if (self.dtype == DType::Float32 || self.dtype == DType::Float64)
    return success();
  return unsupportedDType(cx, "histogram", self.dtype);
}
} // namespace
static Pair histogramEdges(Context &cx, const Tensor &self, const Tensor &bins, OptTensor weight,
                           bool density) {
  TSC_TRY(checkHistogram(cx, self));
  if (bins.rank != 1 || bins.numel < 2 || bins.dtype != self.dtype)
    return cx.fail("histogram: expected bins to be a 1-d tensor of at least two edges of the "
                   "input's dtype");
  TensorRef edges = contiguousAs(cx, bins, DType::Float64);
  TSC_TRY(edges);
  return histogramOver(cx, {self, weight, density}, static_cast<TensorRef &&>(edges));
}
static Pair histogramCount(Context &cx, const Tensor &self, int64_t bins, Optional<FloatList> range,
                           OptTensor weight, bool density) {
  TSC_TRY(checkHistogram(cx, self));
  if (bins < 1 || (range && range->size() != 2))
    return cx.fail("histogram: expected at least one bin and a range of two numbers, found %lld",
                   static_cast<long long>(bins));
  double low = range ? (*range)[0] : 0, high = range ? (*range)[1] : self.numel ? 0 : 1;
  for (int64_t i = 0; !range && i < self.numel; ++i) {
    double x = self.at(i).toDouble();
    low = i == 0 || x < low ? x : low;
    high = i == 0 || x > high ? x : high;
  }
  if (!std::isfinite(low) || !std::isfinite(high) || low > high)
    return cx.fail("histogram: range [%g, %g] is not finite or not rising", low, high);
  if (low == high)
    low -= 0.5, high += 0.5;
  TensorRef edges = empty(cx, Shape::of(bins + 1), DType::Float64);
  TSC_TRY(edges);
  double step = (high - low) / static_cast<double>(bins);
  for (int64_t i = 0; i <= bins; ++i)
    edges->ptr<double>()[i] = i == bins ? high : low + step * static_cast<double>(i);
  return histogramOver(cx, {self, weight, density}, static_cast<TensorRef &&>(edges));
}
TSC_KERNEL(aten_histogram_bins_tensor, histogramEdges)
TSC_KERNEL(aten_histogram_bins_tensor_out,
           (writePair<histogramEdges, const Tensor &, const Tensor &, OptTensor, bool>))
TSC_KERNEL(aten_histogram_bin_ct, histogramCount)
TSC_KERNEL(
    aten_histogram_bin_ct_out,
    (writePair<histogramCount, const Tensor &, int64_t, Optional<FloatList>, OptTensor, bool>))
