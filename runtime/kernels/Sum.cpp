// SPDX-License-Identifier: Apache-2.0
// sum, mean and prod; nansum and nanmean, which pass over NaNs; count_nonzero and trace.
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

static TensorRef sumAll(Context &cx, const Tensor &self, Optional<DType> dtype) {
  return sumTensor(cx, self, Optional<IntList>(), false, sumDType(self, dtype));
}
static TensorRef sumDims(Context &cx, const Tensor &self, Optional<IntList> dim, bool keepdim,
                         Optional<DType> dtype) {
  return sumTensor(cx, self, dim, keepdim, sumDType(self, dtype));
}
TSC_KERNEL(aten_sum, sumAll)
TSC_OUTPUT_COPY(aten_sum_out, sumAll)
TSC_KERNEL(aten_sum_dim_IntList, sumDims)
TSC_OUTPUT_COPY(aten_sum_IntList_out, sumDims)

// ---- mean. Halves are summed and divided as floats.
static int64_t reducedCount(Context &cx, const Tensor &self, const Optional<IntList> &dim) {
  int64_t n = 1;
  if (!dim || dim->empty())
    return self.numel;
  for (int64_t d : *dim)
    n *= self.rank ? self.size(d) : 1;
  return n;
}
static TensorRef meanDims(Context &cx, const Tensor &self, Optional<IntList> dim, bool keepdim,
                          Optional<DType> dtype) {
  DType result = dtype ? *dtype : self.dtype;
  if (!isFloating(result) && !isComplex(result))
    return cx.fail("mean(): expected a floating point or complex dtype, got %s",
                   findDType(result)->graphName);
  DType work = isFloating(result) ? computeDType(result) : result;
  TensorRef total = sumTensor(cx, self, dim, keepdim, work);
  TSC_TRY(total);
  double n = static_cast<double>(reducedCount(cx, self, dim));
  TSC_TRY(elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "mean", Out{total.get()}, [](auto x, auto n) { return x / n; }, inputs(total),
      constants(n)));
  return toDType(cx, *total, result);
}
static TensorRef meanAll(Context &cx, const Tensor &self, Optional<DType> dtype) {
  return meanDims(cx, self, {}, false, dtype);
}
TSC_KERNEL(aten_mean, meanAll)
TSC_OUTPUT_COPY(aten_mean_dtype_out, meanAll)
TSC_KERNEL(aten_mean_dim, meanDims)
TSC_OUTPUT_COPY(aten_mean_out, meanDims)

// ---- Over numbers that are not NaN
namespace {
struct NumberSum {
  double total = 0;
  void add(double x, int64_t) { total += x == x ? x : 0; }
  void merge(const NumberSum &later) { total += later.total; }
};
struct NumberCount {
  int64_t count = 0;
  template <class C> void addRun(const C *run, int64_t n, int64_t) {
    for (int64_t i = 0; i < n; ++i)
      count += run[i] == run[i];
  }
  void merge(const NumberCount &later) { count += later.count; }
};
} // namespace
static TensorRef nansum(Context &cx, const Tensor &self, Optional<IntList> dim, bool keepdim,
                        Optional<DType> dtype) {
  if (self.isComplex())
    return cx.fail("nansum does not support complex inputs");
  DType result = sumDType(self, dtype);
  if (!self.isFloating() || !isFloating(result))
    return sumTensor(cx, self, dim, keepdim, result);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dim, keepdim));
  TensorRef out = empty(cx, plan.outSizes, result);
  TSC_TRY(out);
  TSC_TRY(
      reduceInto<double>(cx, plan, *out, NumberSum{}, [](const NumberSum &s) { return s.total; }));
  return out;
}
static TensorRef nanmean(Context &cx, const Tensor &self, Optional<IntList> dim, bool keepdim,
                         Optional<DType> dtype) {
  if (!self.isFloating() && !self.isComplex())
    return cx.fail("nanmean(): expected input to have floating point or complex dtype but got %s",
                   findDType(self.dtype)->graphName);
  DType result = dtype ? *dtype : self.dtype;
  TensorRef total = nansum(cx, self, dim, keepdim, result);
  TSC_TRY(total);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dim, keepdim));
  TensorRef counts = empty(cx, plan.outSizes, DType::Int64);
  TSC_TRY(counts);
  TSC_TRY(reduceInto<double>(cx, plan, *counts, NumberCount{},
                             [](const NumberCount &c) { return c.count; }));
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(
      cx, "nanmean", {}, [](auto x, auto n) { return x / n; }, inputs(total, counts));
}
TSC_KERNEL(aten_nansum, nansum)
TSC_OUTPUT_COPY(aten_nansum_out, nansum)
TSC_KERNEL(aten_nanmean, nanmean)
TSC_OUTPUT_COPY(aten_nanmean_out, nanmean)

// ---- prod
namespace {
template <class C> struct Product {
  C total = C(1);
  void add(C x, int64_t) { total = static_cast<C>(total * x); }
  void addRun(const C *run, int64_t n, int64_t) {
    constexpr int kLanes = 16;
    C lanes[kLanes];
    for (C &lane : lanes)
      lane = C(1);
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; ++j)
        lanes[j] = static_cast<C>(lanes[j] * run[i + j]);
    for (; i < n; ++i)
      add(run[i], i);
    for (C lane : lanes)
      add(lane, 0);
  }
  void merge(const Product &later) { total = static_cast<C>(total * later.total); }
};
template <class C> Status multiplyInto(Context &cx, const ReducePlan &plan, Tensor &out) {
  return reduceInto<C>(cx, plan, out, Product<C>{}, [](const Product<C> &p) { return p.total; });
}
} // namespace
static TensorRef product(Context &cx, const Tensor &self, IntList dims, bool keepdim,
                         Optional<DType> dtype) {
  DType result = sumDType(self, dtype);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  TensorRef out = empty(cx, plan.outSizes, result);
  TSC_TRY(out);
  if (isComplex(result))
    TSC_TRY(multiplyInto<Complex>(cx, plan, *out));
  else if (isFloating(result))
    TSC_TRY(multiplyInto<double>(cx, plan, *out));
  else if (result == DType::Bool)
    TSC_TRY(multiplyInto<bool>(cx, plan, *out));
  else
    TSC_TRY(multiplyInto<int64_t>(cx, plan, *out));
  return out;
}
static TensorRef prodAll(Context &cx, const Tensor &self, Optional<DType> dtype) {
  return product(cx, self, {}, false, dtype);
}
static TensorRef prodDim(Context &cx, const Tensor &self, int64_t dim, bool keepdim,
                         Optional<DType> dtype) {
  return product(cx, self, {&dim, 1}, keepdim, dtype);
}
TSC_KERNEL(aten_prod, prodAll)
TSC_OUTPUT_COPY(aten_prod_out, prodAll)
TSC_KERNEL(aten_prod_dim_int, prodDim)
TSC_OUTPUT_COPY(aten_prod_int_out, prodDim)

// ---- count_nonzero
namespace {
template <class C> struct NonzeroCount {
  int64_t count = 0;
  void addRun(const C *run, int64_t n, int64_t) {
    for (int64_t i = 0; i < n; ++i)
      count += run[i] != C(0);
  }
  void merge(const NonzeroCount &later) { count += later.count; }
};
} // namespace
static TensorRef countNonzeroDims(Context &cx, const Tensor &self, IntList dims) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, false));
  TensorRef out = empty(cx, plan.outSizes, DType::Int64);
  TSC_TRY(out);
  Status done;
  bool known = dispatchCompute<kAll>(self.dtype, [&]<class C>() {
    done = reduceInto<C>(cx, plan, *out, NonzeroCount<C>{},
                         [](const NonzeroCount<C> &c) { return c.count; });
  });
  if (!known)
    return unsupportedDType(cx, "count_nonzero", self.dtype);
  TSC_TRY(done);
  return out;
}
static TensorRef countNonzero(Context &cx, const Tensor &self, Optional<int64_t> dim) {
  return countNonzeroDims(cx, self, dim ? IntList(&dim.value, 1) : IntList());
}
TSC_KERNEL(aten_count_nonzero, countNonzero)
TSC_OUTPUT_COPY(aten_count_nonzero_out, countNonzero)
TSC_KERNEL(aten_count_nonzero_dim_IntList, countNonzeroDims)
TSC_OUTPUT_COPY(aten_count_nonzero_dim_IntList_out, countNonzeroDims)

static TensorRef trace(Context &cx, const Tensor &self) {
  if (self.rank != 2)
    return cx.fail("trace: expected a matrix, but got tensor with dim %d", self.rank);
  if (self.isBool())
    return unsupportedDType(cx, "trace", self.dtype);
  int64_t n = self.sizes[0] < self.sizes[1] ? self.sizes[0] : self.sizes[1];
  TensorRef diagonal =
      asStrided(cx, self, Shape::of(n), Shape::of(self.strides[0] + self.strides[1]));
  TSC_TRY(diagonal);
  return sumAll(cx, *diagonal, {});
}
TSC_KERNEL(aten_trace, trace)
TSC_OUTPUT_COPY(aten_trace_out, trace)
