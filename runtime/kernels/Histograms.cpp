// SPDX-License-Identifier: Apache-2.0
// histc and bincount.
#include "Operands.h"

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
