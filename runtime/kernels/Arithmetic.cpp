// SPDX-License-Identifier: Apache-2.0
// add, sub, rsub and mul; abs and neg; the sum of add and relu.
#include "Operands.h"

using namespace tsc::rt;

/// What add and sub allow as alpha.
static Status checkAlpha(Context &cx, DType result, const Scalar &alpha) {
  if (alpha.isBool() && result != DType::Bool)
    return cx.fail("a bool alpha needs bool results, the result type is %s",
                   findDType(result)->graphName);
  if (!isFloating(result) && !isComplex(result) && !alpha.isIntegral(true))
    return cx.fail("alpha of integral tensors must not be a floating point number");
  if (alpha.isComplex() && !isComplex(result))
    return cx.fail("alpha of non-complex tensors must not be a complex number");
  return success();
}

/// self + alpha * other; on bools that is `or`.
static TensorRef addScaled(Context &cx, Out out, const Operand &self, const Operand &other,
                           const Scalar &alpha) {
  TSC_TRY(checkAlpha(cx, commonDType(cx, self, other), alpha));
  if (alpha.isIntegral(false) && alpha.i == 1)
    return elementwise<kAll, Promote::Keep>(
        cx, "add", out,
        [](auto a, auto b) -> decltype(a) {
          if constexpr (isBoolType<decltype(a)>)
            return a || b;
          else
            return a + b;
        },
        inputs(self, other));
  auto f = [](auto a, auto b, auto alpha) -> decltype(a) {
    if constexpr (isBoolType<decltype(a)>)
      return a || (alpha && b);
    else
      return a + alpha * b;
  };
  return elementwise<kAll, Promote::Keep>(cx, "add", out, f, inputs(self, other), constants(alpha));
}
static TensorRef addTensor(Context &cx, Out out, const Tensor &self, const Tensor &other,
                           Scalar alpha) {
  return addScaled(cx, out, self, other, alpha);
}
static TensorRef addScalar(Context &cx, Out out, const Tensor &self, Scalar other, Scalar alpha) {
  return addScaled(cx, out, self, other, alpha);
}
TSC_VARIANTS_OF(aten_add, Tensor, out, addTensor)
TSC_VARIANTS_OF(aten_add, Scalar, Scalar_out, addScalar)

static TensorRef subScaled(Context &cx, Out out, const Operand &self, const Operand &other,
                           const Scalar &alpha) {
  if (dtypeOf(self) == DType::Bool || dtypeOf(other) == DType::Bool)
    return cx.fail("subtraction with a bool tensor is not supported; use `~`, bitwise_xor or "
                   "logical_not");
  TSC_TRY(checkAlpha(cx, commonDType(cx, self, other), alpha));
  if (alpha.isIntegral(false) && alpha.i == 1)
    return elementwise<kNumbers, Promote::Keep>(
        cx, "sub", out, [](auto a, auto b) { return a - b; }, inputs(self, other));
  return elementwise<kNumbers, Promote::Keep>(
      cx, "sub", out, [](auto a, auto b, auto alpha) { return a - alpha * b; }, inputs(self, other),
      constants(alpha));
}
static TensorRef subTensor(Context &cx, Out out, const Tensor &self, const Tensor &other,
                           Scalar alpha) {
  return subScaled(cx, out, self, other, alpha);
}
static TensorRef subScalar(Context &cx, Out out, const Tensor &self, Scalar other, Scalar alpha) {
  return subScaled(cx, out, self, other, alpha);
}
static TensorRef rsubTensor(Context &cx, Out out, const Tensor &self, const Tensor &other,
                            Scalar alpha) {
  return subScaled(cx, out, other, self, alpha);
}
static TensorRef rsubScalar(Context &cx, Out out, const Tensor &self, Scalar other, Scalar alpha) {
  return subScaled(cx, out, other, self, alpha);
}
TSC_VARIANTS_OF(aten_sub, Tensor, out, subTensor)
TSC_VARIANTS_OF(aten_sub, Scalar, Scalar_out, subScalar)
TSC_VARIANTS_OF(aten_subtract, Tensor, out, subTensor)
TSC_FUNCTIONAL(aten_subtract_Scalar, subScalar)
TSC_INPLACE(aten_subtract__Scalar, subScalar)
TSC_FUNCTIONAL(aten_rsub_Tensor, rsubTensor)
TSC_OUTPUT(aten_rsub_Tensor_out, rsubTensor)
TSC_FUNCTIONAL(aten_rsub_Scalar, rsubScalar)
TSC_OUTPUT(aten_rsub_Scalar_out, rsubScalar)

/// relu(self + alpha * other).
static TensorRef addRelu(Context &cx, Out out, const Tensor &self, const Tensor &other,
                         Scalar alpha) {
  TSC_TRY(checkAlpha(cx, commonDType(cx, self, other), alpha));
  auto f = [](auto a, auto b, auto alpha) {
    auto sum = a + alpha * b;
    return sum < 0 ? decltype(a)(0) : sum;
  };
  return elementwise<kInt | kFloat, Promote::Keep>(cx, "_add_relu", out, f, inputs(self, other),
                                                   constants(alpha));
}
TSC_FUNCTIONAL(aten__add_relu_Tensor, addRelu)
TSC_INPLACE(aten__add_relu__Tensor, addRelu)
TSC_OUTPUT(aten__add_relu_out, addRelu)

static TensorRef multiply(Context &cx, Out out, const Operand &self, const Operand &other) {
  auto f = [](auto a, auto b) -> decltype(a) {
    if constexpr (isBoolType<decltype(a)>)
      return a && b;
    else
      return a * b;
  };
  return elementwise<kAll, Promote::Keep>(cx, "mul", out, f, inputs(self, other));
}
TSC_VARIANTS_OF(aten_mul, Tensor, out, onTensors<multiply>)
TSC_VARIANTS_OF(aten_mul, Scalar, Scalar_out, onScalar<multiply>)
TSC_VARIANTS_OF(aten_multiply, Tensor, out, onTensors<multiply>)
TSC_FUNCTIONAL(aten_multiply_Scalar, onScalar<multiply>)
TSC_INPLACE(aten_multiply__Scalar, onScalar<multiply>)

/// Complex numbers give their magnitude, except in place, where the dtype stays.
static TensorRef absolute(Context &cx, Out out, const Tensor &self) {
  if (self.isComplex()) {
    if (out.tensor == &self)
      return cx.fail("in-place abs is not supported for complex tensors");
    return elementwise<kComplex, Promote::ToReal>(
        cx, "abs", out, [](Complex x) { return std::abs(x); }, inputs(self));
  }
  auto f = [](auto x) -> decltype(x) {
    if constexpr (isFloatType<decltype(x)>)
      return __builtin_elementwise_abs(x);
    else
      return x < 0 ? -x : x;
  };
  return elementwise<kReal & ~kBool, Promote::Keep>(cx, "abs", out, f, inputs(self));
}
TSC_VARIANTS(aten_abs, absolute)
TSC_VARIANTS(aten_absolute, absolute)
TSC_FUNCTIONAL(prim_abs, absolute)

TSC_UNARY(aten_neg, kNumbers, Promote::Keep, -x)
TSC_VARIANTS(aten_negative, aten_neg)

static TensorRef positive(Context &cx, const Tensor &self) {
  if (self.isBool())
    return unsupportedDType(cx, "positive", self.dtype);
  return same(self);
}
TSC_KERNEL(aten_positive, positive)
