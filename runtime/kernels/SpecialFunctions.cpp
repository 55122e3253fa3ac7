// SPDX-License-Identifier: Apache-2.0
// The operators that are special functions of one or two real numbers.
#include "FloatMath.h"
#include "Operands.h"
#include "SpecialMath.h"

using namespace tsc::rt;

/// NAME and NAME.out; EXPR computes in double from `x`.
#define TSC_SPECIAL(NAME, ...)                                                                     \
  static TensorRef NAME(Context &cx, Out out, const Tensor &self) {                                \
    return elementwise<kFloat, Promote::IntToFloat>(                                               \
        cx, #NAME, out,                                                                            \
        [](auto number) {                                                                          \
          double x = static_cast<double>(number);                                                  \
          return static_cast<decltype(number)>(__VA_ARGS__);                                       \
        },                                                                                         \
        inputs(self));                                                                             \
  }                                                                                                \
  TSC_FUNCTIONAL(NAME, NAME) TSC_OUTPUT(NAME##_out, NAME)
#define TSC_ALIAS(NAME, FN) TSC_FUNCTIONAL(NAME, FN) TSC_OUTPUT(NAME##_out, FN)

TSC_SPECIAL(aten_digamma, math::digamma(x))
TSC_INPLACE(aten_digamma_, aten_digamma)
TSC_ALIAS(aten_special_digamma, aten_digamma)
TSC_ALIAS(aten_special_psi, aten_digamma)
TSC_UNARY_REAL(aten_erf, math::erf(x))
TSC_ALIAS(aten_special_erf, aten_erf)
TSC_UNARY_REAL(aten_erfc, math::erfc(x))
TSC_ALIAS(aten_special_erfc, aten_erfc)
TSC_SPECIAL(aten_lgamma, std::lgamma(x))
TSC_INPLACE(aten_lgamma_, aten_lgamma)
TSC_ALIAS(aten_special_gammaln, aten_lgamma)
TSC_SPECIAL(aten_erfinv, math::inverseErf(x))
TSC_INPLACE(aten_erfinv_, aten_erfinv)
TSC_ALIAS(aten_special_erfinv, aten_erfinv)
TSC_SPECIAL(aten_i0, math::besselI0(x, false))
TSC_INPLACE(aten_i0_, aten_i0)
TSC_ALIAS(aten_special_i0, aten_i0)

TSC_SPECIAL(aten_special_i0e, math::besselI0(x, true))
TSC_SPECIAL(aten_special_i1, math::besselI1(x, false))
TSC_SPECIAL(aten_special_i1e, math::besselI1(x, true))
TSC_SPECIAL(aten_special_modified_bessel_i0, math::besselI0(x, false))
TSC_SPECIAL(aten_special_modified_bessel_i1, math::besselI1(x, false))
TSC_SPECIAL(aten_special_modified_bessel_k0, math::besselK0(x, false))
TSC_SPECIAL(aten_special_modified_bessel_k1, math::besselK1(x, false))
TSC_SPECIAL(aten_special_scaled_modified_bessel_k0, math::besselK0(x, true))
TSC_SPECIAL(aten_special_scaled_modified_bessel_k1, math::besselK1(x, true))
TSC_SPECIAL(aten_special_bessel_j0, math::besselJ0(x))
TSC_SPECIAL(aten_special_bessel_j1, math::besselJ1(x))
TSC_SPECIAL(aten_special_bessel_y0, math::besselY0(x))
TSC_SPECIAL(aten_special_bessel_y1, math::besselY1(x))
TSC_SPECIAL(aten_special_spherical_bessel_j0, math::sphericalJ0(x))
TSC_SPECIAL(aten_special_airy_ai, math::airyAi(x))
TSC_SPECIAL(aten_special_erfcx, math::scaledErfc(x))
TSC_SPECIAL(aten_special_ndtr, math::normalCdf(x))
TSC_SPECIAL(aten_special_ndtri, math::inverseNormalCdf(x))
TSC_SPECIAL(aten_special_log_ndtr, math::logNormalCdf(x))
TSC_SPECIAL(aten_special_entr, x > 0 ? -x * std::log(x) : x == 0 ? 0.0 : x < 0 ? -HUGE_VAL : x)

// ---- With an order or dimension
static TensorRef polygammaOf(Context &cx, Out out, int64_t n, const Tensor &self) {
  if (n < 0)
    return cx.fail("polygamma(n, x) does not support negative n.");
  return elementwise<kFloat, Promote::IntToFloat>(
      cx, "polygamma", out,
      [n](auto x) { return static_cast<decltype(x)>(math::polygamma(n, static_cast<double>(x))); },
      inputs(self));
}
static TensorRef polygammaInPlace(Context &cx, Out out, const Tensor &self, int64_t n) {
  return polygammaOf(cx, out, n, self);
}
TSC_FUNCTIONAL(aten_polygamma, polygammaOf)
TSC_OUTPUT(aten_polygamma_out, polygammaOf)
TSC_INPLACE(aten_polygamma_, polygammaInPlace)
TSC_ALIAS(aten_special_polygamma, polygammaOf)

static TensorRef logMultiGamma(Context &cx, Out out, const Tensor &self, int64_t p) {
  if (p < 1)
    return cx.fail("p has to be greater than or equal to 1");
  return elementwise<kFloat, Promote::IntToFloat>(
      cx, "mvlgamma", out,
      [p](auto x) {
        return static_cast<decltype(x)>(math::logMultiGamma(static_cast<double>(x), p));
      },
      inputs(self));
}
TSC_VARIANTS(aten_mvlgamma, logMultiGamma)
TSC_ALIAS(aten_special_multigammaln, logMultiGamma)

// ---- Of two numbers
template <double (*F)(double, double), Promote P>
static TensorRef ofTwo(Context &cx, Out out, const Operand &self, const Operand &other) {
  return elementwise<kFloat, P>(
      cx, "special function", out,
      [](auto a, auto b) {
        return static_cast<decltype(a)>(F(static_cast<double>(a), static_cast<double>(b)));
      },
      inputs(self, other));
}
static constexpr auto zetaOf = ofTwo<math::zeta, Promote::IntToFloat>;
static constexpr auto lowerGammaOf = ofTwo<math::lowerGamma, Promote::Keep>;
static constexpr auto upperGammaOf = ofTwo<math::upperGamma, Promote::Keep>;
TSC_ALIAS(aten_special_zeta, onTensors<zetaOf>)
TSC_FUNCTIONAL(aten_special_zeta_self_scalar, onFirstScalar<zetaOf>)
TSC_OUTPUT(aten_special_zeta_self_scalar_out, onFirstScalar<zetaOf>)
TSC_FUNCTIONAL(aten_special_zeta_other_scalar, onScalar<zetaOf>)
TSC_OUTPUT(aten_special_zeta_other_scalar_out, onScalar<zetaOf>)
TSC_TENSORS(aten_igamma, lowerGammaOf)
TSC_TENSORS(aten_igammac, upperGammaOf)
TSC_ALIAS(aten_special_gammainc, onTensors<lowerGammaOf>)
TSC_ALIAS(aten_special_gammaincc, onTensors<upperGammaOf>)
