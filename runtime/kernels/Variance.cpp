// SPDX-License-Identifier: Apache-2.0
// Variance and standard deviation, alone and with the mean. Runs give their mean and their sum of
// squared distances from it in double, and are joined by Chan's formula, which loses nothing when
// the mean is large.
#include "tsc/runtime/Reduce.h"

#include "Pairs.h"

using namespace tsc::rt;

namespace {
struct Moments {
  double count = 0, mean = 0, squares = 0;
  void join(double n, double otherMean, double otherSquares) {
    double total = count + n, delta = otherMean - mean;
    if (n == 0)
      return;
    squares += otherSquares + delta * delta * (count * n / total);
    mean += delta * (n / total);
    count = total;
  }
  void merge(const Moments &later) { join(later.count, later.mean, later.squares); }
  void add(double x, int64_t) {
    count += 1;
    double delta = x - mean;
    mean += delta / count;
    squares += delta * (x - mean);
  }
  template <class C> void addRun(const C *run, int64_t n, int64_t) {
    constexpr int kLanes = 8;
    double lanes[kLanes] = {}, sum = 0, squared = 0;
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; ++j)
        lanes[j] += static_cast<double>(run[i + j]);
    for (; i < n; ++i)
      sum += static_cast<double>(run[i]);
    for (double &lane : lanes)
      sum += lane, lane = 0;
    double center = sum / static_cast<double>(n);
    for (i = 0; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; ++j) {
        double d = static_cast<double>(run[i + j]) - center;
        lanes[j] += d * d;
      }
    for (; i < n; ++i) {
      double d = static_cast<double>(run[i]) - center;
      squared += d * d;
    }
    for (double lane : lanes)
      squared += lane;
    join(static_cast<double>(n), center, squared);
  }
};

template <class C>
Pair realMoments(Context &cx, const ReducePlan &plan, DType dtype, double correction, bool root) {
  TensorRef spread = empty(cx, plan.outSizes, dtype), mean = empty(cx, plan.outSizes, dtype);
  TSC_TRY(spread && mean);
  StoreFunction<double> store = storer<double>(dtype);
  int64_t bytes = dtypeBytes(dtype);
  TSC_TRY(reduceEach<C>(cx, plan, Moments{}, [&](int64_t o, const Moments &m) {
    double freedom = m.count - correction;
    double variance =
        m.count == 0 ? static_cast<double>(NAN) : m.squares / (freedom > 0 ? freedom : 0.0);
    double value = root ? std::sqrt(variance) : variance;
    double center = m.count == 0 ? static_cast<double>(NAN) : m.mean;
    store(spread->base() + o * bytes, bytes, &value, 1);
    store(mean->base() + o * bytes, bytes, &center, 1);
  }));
  return makePair(static_cast<TensorRef &&>(spread), static_cast<TensorRef &&>(mean));
}

Pair momentsOf(Context &cx, const Tensor &self, const Optional<IntList> &dims, double correction,
               bool keepdim, bool root) {
  if (self.isComplex()) {
    // The variance of both parts together.
    TensorRef real = toDType(cx, self, DType::Complex128);
    TSC_TRY(real);
    Shape strides(real->stridesList());
    for (int64_t &stride : strides)
      stride *= 2;
    TensorRef re = viewAs(cx, *real, DType::Float64, self.shape(), strides);
    TensorRef im = viewAs(cx, *real, DType::Float64, self.shape(), strides, 8);
    TSC_TRY(re && im);
    Pair a = momentsOf(cx, *re, dims, correction, keepdim, false);
    TSC_TRY(a);
    Pair b = momentsOf(cx, *im, dims, correction, keepdim, false);
    TSC_TRY(b);
    TensorRef spread = elementwise<kFloat, Promote::Keep>(
        cx, "var", {}, [root](auto x, auto y) { return root ? std::sqrt(x + y) : x + y; },
        inputs(firstOf(a), firstOf(b)));
    TSC_TRY(spread);
    TensorRef mean = empty(cx, spread->shape(), DType::Complex128);
    TSC_TRY(mean);
    for (int64_t i = 0; i < mean->numel; ++i)
      mean->ptr<Complex>()[i] = {secondOf(a)->ptr<double>()[i], secondOf(b)->ptr<double>()[i]};
    spread = toDType(cx, *spread, toReal(self.dtype));
    TSC_TRY(spread);
    mean = toDType(cx, *mean, self.dtype);
    TSC_TRY(mean);
    return makePair(static_cast<TensorRef &&>(spread), static_cast<TensorRef &&>(mean));
  }
  if (!self.isFloating())
    return cx.fail("std and var only support floating point and complex dtypes");
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  return self.dtype == DType::Float64 ? realMoments<double>(cx, plan, self.dtype, correction, root)
                                      : realMoments<float>(cx, plan, self.dtype, correction, root);
}
} // namespace

template <bool Root> static Pair bothAll(Context &cx, const Tensor &self, bool unbiased) {
  return momentsOf(cx, self, {}, unbiased, false, Root);
}
template <bool Root>
static Pair bothDims(Context &cx, const Tensor &self, Optional<IntList> dims, bool unbiased,
                     bool keepdim) {
  return momentsOf(cx, self, dims, unbiased, keepdim, Root);
}
template <bool Root>
static Pair bothCorrected(Context &cx, const Tensor &self, Optional<IntList> dims,
                          Optional<Scalar> correction, bool keepdim) {
  return momentsOf(cx, self, dims, correction ? correction->toDouble() : 1, keepdim, Root);
}
/// The first of two results alone.
template <auto F, class... A> static TensorRef firstResult(Context &cx, A... arguments) {
  Pair both = F(cx, arguments...);
  TSC_TRY(both);
  return static_cast<TensorRef &&>(firstOf(both));
}
#define TSC_SPREAD(NAME, ROOT)                                                                     \
  static constexpr auto NAME##All = &firstResult<bothAll<ROOT>, const Tensor &, bool>;             \
  static constexpr auto NAME##Dims =                                                               \
      &firstResult<bothDims<ROOT>, const Tensor &, Optional<IntList>, bool, bool>;                 \
  static constexpr auto NAME##Corrected = &firstResult<bothCorrected<ROOT>, const Tensor &,        \
                                                       Optional<IntList>, Optional<Scalar>, bool>; \
  TSC_KERNEL(NAME, NAME##All)                                                                      \
  TSC_KERNEL(NAME##_dim, NAME##Dims)                                                               \
  TSC_OUTPUT_COPY(NAME##_out, NAME##Dims)                                                          \
  TSC_KERNEL(NAME##_correction, NAME##Corrected)                                                   \
  TSC_OUTPUT_COPY(NAME##_correction_out, NAME##Corrected)                                          \
  TSC_KERNEL(NAME##_mean, bothAll<ROOT>)                                                           \
  TSC_KERNEL(NAME##_mean_dim, bothDims<ROOT>)                                                      \
  TSC_KERNEL(NAME##_mean_correction, bothCorrected<ROOT>)                                          \
  TSC_KERNEL(                                                                                      \
      NAME##_mean_correction_out,                                                                  \
      (writePair<bothCorrected<ROOT>, const Tensor &, Optional<IntList>, Optional<Scalar>, bool>))
TSC_SPREAD(aten_std, true)
TSC_SPREAD(aten_var, false)
