// SPDX-License-Identifier: Apache-2.0
// add, sub and the other arithmetic operators.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

/// self + alpha * other; on bools that is `or`.
static TensorRef addScaled(Context &cx, Out out, const Operand &self, const Operand &other,
                           const Scalar &alpha) {
  auto f = [](auto a, auto b, auto alpha) -> decltype(a) {
    if constexpr (std::is_same_v<decltype(a), bool>)
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

/// abs() of a tensor; complex numbers give their magnitude.
static TensorRef absTensor(Context &cx, const Tensor &self) {
  auto f = [](auto x) {
    if constexpr (std::is_same_v<decltype(x), Complex>)
      return std::abs(x);
    else
      return x < 0 ? static_cast<decltype(x)>(-x) : x + decltype(x)(0);
  };
  return elementwise<kNumbers, Promote::ToReal>(cx, "abs", {}, f, inputs(self));
}
TSC_KERNEL(prim_abs, absTensor)
