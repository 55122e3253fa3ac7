// SPDX-License-Identifier: Apache-2.0
// any and all, and comparisons of whole tensors: equal, isclose, allclose.
#include "Operands.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
template <class C, bool All> struct Truth {
  bool value = All;
  void add(C x, int64_t) { value = All ? value & (x != C(0)) : value | (x != C(0)); }
  void addRun(const C *run, int64_t n, int64_t) {
    bool found = false;
    for (int64_t i = 0; i < n; ++i)
      found |= (run[i] != C(0)) != All;
    value = found ? !All : value;
  }
  void merge(const Truth &later) { value = All ? value && later.value : value || later.value; }
};
} // namespace

/// Of bools, or of uint8 for an input of uint8.
template <bool All>
static TensorRef truthOf(Context &cx, const Tensor &self, IntList dims, bool keepdim,
                         bool emptyMeansAll) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim, emptyMeansAll));
  TensorRef out = empty(cx, plan.outSizes, self.dtype == DType::UInt8 ? DType::UInt8 : DType::Bool);
  TSC_TRY(out);
  Status done;
  bool known = dispatchCompute<kAll>(self.dtype, [&]<class C>() {
    done = reduceInto<C>(cx, plan, *out, Truth<C, All>{},
                         [](const Truth<C, All> &t) { return t.value; });
  });
  if (!known)
    return unsupportedDType(cx, All ? "all" : "any", self.dtype);
  TSC_TRY(done);
  return out;
}
template <bool All> static TensorRef truthAll(Context &cx, const Tensor &self) {
  return truthOf<All>(cx, self, {}, false, true);
}
template <bool All>
static TensorRef truthDim(Context &cx, const Tensor &self, int64_t dim, bool keepdim) {
  return truthOf<All>(cx, self, {&dim, 1}, keepdim, true);
}
template <bool All>
static TensorRef truthDims(Context &cx, const Tensor &self, Optional<IntList> dims, bool keepdim) {
  return truthOf<All>(cx, self, dims ? *dims : IntList(), keepdim, !dims);
}
#define TSC_TRUTH(NAME, ALL)                                                                       \
  TSC_KERNEL(NAME, truthAll<ALL>)                                                                  \
  TSC_OUTPUT_COPY(NAME##_all_out, truthAll<ALL>)                                                   \
  TSC_KERNEL(NAME##_dim, truthDim<ALL>)                                                            \
  TSC_OUTPUT_COPY(NAME##_out, truthDim<ALL>)                                                       \
  TSC_KERNEL(NAME##_dims, truthDims<ALL>)                                                          \
  TSC_OUTPUT_COPY(NAME##_dims_out, truthDims<ALL>)
TSC_TRUTH(aten_all, true)
TSC_TRUTH(aten_any, false)

template <bool All> static TensorRef truthOfBools(Context &cx, const Tensor &self) {
  if (!self.isBool())
    return cx.fail("expected a tensor of dtype bool, got %s", findDType(self.dtype)->torchName);
  return truthAll<All>(cx, self);
}
TSC_KERNEL(aten__is_all_true, truthOfBools<true>)
TSC_KERNEL(aten__is_any_true, truthOfBools<false>)

// ---- Whole tensors
static Result<bool> allTrue(Context &cx, const Tensor &bools) {
  TensorRef all = truthAll<true>(cx, bools);
  TSC_TRY(all);
  return all->item().toBool();
}
static Result<bool> equal(Context &cx, const Tensor &self, const Tensor &other) {
  if (self.dtype != other.dtype || !(self.shape() == other.shape()))
    return false;
  TensorRef each = elementwise<kAll, Promote::ToBool>(
      cx, "equal", {}, [](auto a, auto b) { return a == b; }, inputs(self, other));
  TSC_TRY(each);
  return allTrue(cx, *each);
}
TSC_KERNEL(aten_equal, equal)

/// |a - b| <= atol + rtol * |b|, or equal.
static TensorRef isclose(Context &cx, const Tensor &self, const Tensor &other, double rtol,
                         double atol, bool equalNan) {
  if (self.dtype != other.dtype)
    return cx.fail("%s did not match %s", findDType(self.dtype)->graphName,
                   findDType(other.dtype)->graphName);
  if (rtol < 0 || atol < 0)
    return cx.fail("%s must be greater than or equal to zero, but got %g",
                   rtol < 0 ? "rtol" : "atol", rtol < 0 ? rtol : atol);
  auto f = [=](auto a, auto b) -> bool {
    using T = decltype(a);
    if (a == b || (equalNan && a != a && b != b))
      return true;
    if constexpr (isComplexType<T>) {
      double distance = std::abs(a - b);
      return distance < HUGE_VAL && distance <= atol + rtol * std::abs(b);
    } else {
      double x = static_cast<double>(a), y = static_cast<double>(b), distance = std::fabs(x - y);
      double allowed = atol + rtol * std::fabs(y);
      if constexpr (std::is_same_v<T, float>)
        allowed = static_cast<double>(static_cast<float>(allowed));
      return distance < HUGE_VAL && distance <= allowed;
    }
  };
  return elementwise<kAll, Promote::ToBool>(cx, "isclose", {}, f, inputs(self, other));
}
static Result<bool> allclose(Context &cx, const Tensor &self, const Tensor &other, double rtol,
                             double atol, bool equalNan) {
  TensorRef close = isclose(cx, self, other, rtol, atol, equalNan);
  TSC_TRY(close);
  return allTrue(cx, *close);
}
TSC_KERNEL(aten_isclose, isclose)
TSC_KERNEL(aten_allclose, allclose)
