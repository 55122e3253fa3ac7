// SPDX-License-Identifier: Apache-2.0
// Trigonometric and hyperbolic functions, their inverses, and angles.
#include "Operands.h"

#include "FloatMath.h"

using namespace tsc::rt;

#define TSC_WITH_ALIAS(NAME, ALIAS, ...)                                                           \
  TSC_UNARY_FLOAT(NAME, __VA_ARGS__)                                                               \
  TSC_VARIANTS(ALIAS, NAME)

template <class F> static TensorRef turn(Context &cx, Out out, const Tensor &self) {
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(cx, "sin", out, F{}, inputs(self));
}
TSC_VARIANTS(aten_sin, turn<math::Sine>)
TSC_VARIANTS(aten_cos, turn<math::Cosine>)
TSC_VARIANTS(aten_tan, turn<math::Tangent>)
TSC_UNARY_FLOAT(aten_sinh, math::sinh(x))
TSC_UNARY_FLOAT(aten_cosh, math::cosh(x))
TSC_UNARY_FLOAT(aten_tanh, math::tanh(x))
TSC_WITH_ALIAS(aten_asin, aten_arcsin, math::asin(x))
TSC_WITH_ALIAS(aten_acos, aten_arccos, math::acos(x))
TSC_WITH_ALIAS(aten_atan, aten_arctan, math::atan(x))
TSC_WITH_ALIAS(aten_asinh, aten_arcsinh, math::asinh(x))
TSC_WITH_ALIAS(aten_acosh, aten_arccosh, math::acosh(x))
TSC_WITH_ALIAS(aten_atanh, aten_arctanh, math::atanh(x))

TSC_UNARY_REAL(aten_deg2rad, x *static_cast<decltype(x)>(M_PI / 180))
TSC_UNARY_REAL(aten_rad2deg, x *static_cast<decltype(x)>(180 / M_PI))

/// sin(pi x) / (pi x).
static TensorRef sinc(Context &cx, Out out, const Tensor &self) {
  auto f = [](auto x) {
    using T = decltype(x);
    T turned = x * static_cast<T>(M_PI);
    return x == T(0) ? T(1) : math::sin(turned) / turned;
  };
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(cx, "sinc", out, f, inputs(self));
}
TSC_VARIANTS(aten_sinc, sinc)
TSC_FUNCTIONAL(aten_special_sinc, sinc)
TSC_OUTPUT(aten_special_sinc_out, sinc)

TSC_OPERANDS(atan2Of, kFloat, Promote::IntToFloat, std::atan2(a, b))
TSC_TENSORS(aten_atan2, atan2Of)
TSC_TENSORS(aten_arctan2, atan2Of)
