// SPDX-License-Identifier: Apache-2.0
// The operators of special functions. All but erf and erfc are computed in double.
#include "Operands.h"

#include "FloatMath.h"
#include "SpecialFunctions.h"

using namespace tsc::rt;

/// A function of a double, for any float dtype.
using RealFunction = double (*)(double);
static TensorRef applyReal(Context &cx, const char *name, Out out, const Tensor &self,
                           RealFunction f) {
  auto each = [f](auto x) { return static_cast<decltype(x)>(f(static_cast<double>(x))); };
  return elementwise<kFloat, Promote::IntToFloat>(cx, name, out, each, inputs(self));
}
#define TSC_REAL_FUNCTION(FN, ...)                                                                 \
  static TensorRef FN(Context &cx, Out out, const Tensor &self) {                                  \
    return applyReal(cx, #FN, out, self, [](double x) -> double { return __VA_ARGS__; });          \
  }
/// aten::special_NAME and its out= form.
#define TSC_SPECIAL_NAMES(NAME, FN)                                                                \
  TSC_FUNCTIONAL(aten_special_##NAME, FN)                                                          \
  TSC_OUTPUT(aten_special_##NAME##_out, FN)

TSC_UNARY_REAL(aten_erf, math::erf(x))
TSC_UNARY_REAL(aten_erfc, math::erfc(x))
TSC_SPECIAL_NAMES(erf, aten_erf)
TSC_SPECIAL_NAMES(erfc, aten_erfc)
TSC_REAL_FUNCTION(erfinv, special::erfInverse(x))
TSC_REAL_FUNCTION(logGamma, std::lgamma(x))
TSC_REAL_FUNCTION(digamma, special::digamma(x))
TSC_REAL_FUNCTION(i0, special::besselI0(x, false))
TSC_VARIANTS(aten_erfinv, erfinv)
TSC_VARIANTS(aten_lgamma, logGamma)
TSC_VARIANTS(aten_digamma, digamma)
TSC_VARIANTS(aten_i0, i0)
TSC_SPECIAL_NAMES(erfinv, erfinv)
TSC_SPECIAL_NAMES(gammaln, logGamma)
TSC_SPECIAL_NAMES(digamma, digamma)
TSC_SPECIAL_NAMES(psi, digamma)
TSC_SPECIAL_NAMES(i0, i0)

#define TSC_SPECIAL_REAL(NAME, ...)                                                                \
  TSC_REAL_FUNCTION(NAME##Of, __VA_ARGS__)                                                         \
  TSC_SPECIAL_NAMES(NAME, NAME##Of)
TSC_SPECIAL_REAL(erfcx, special::erfcScaled(x))
TSC_SPECIAL_REAL(ndtr, special::normalCdf(x))
TSC_SPECIAL_REAL(log_ndtr, special::logNormalCdf(x))
TSC_SPECIAL_REAL(ndtri, special::normalQuantile(x))
TSC_SPECIAL_REAL(entr, x > 0 ? -x * std::log(x) : x == 0 ? 0 : x < 0 ? -HUGE_VAL : x)
TSC_SPECIAL_REAL(i0e, special::besselI0(x, true))
TSC_SPECIAL_REAL(i1, special::besselI1(x, false))
TSC_SPECIAL_REAL(i1e, special::besselI1(x, true))
TSC_SPECIAL_REAL(modified_bessel_i0, special::besselI0(x, false))
TSC_SPECIAL_REAL(modified_bessel_i1, special::besselI1(x, false))
TSC_SPECIAL_REAL(modified_bessel_k0, special::besselK0(x, false))
TSC_SPECIAL_REAL(modified_bessel_k1, special::besselK1(x, false))
TSC_SPECIAL_REAL(scaled_modified_bessel_k0, special::besselK0(x, true))
TSC_SPECIAL_REAL(scaled_modified_bessel_k1, special::besselK1(x, true))
TSC_SPECIAL_REAL(bessel_j0, ::j0(x))
TSC_SPECIAL_REAL(bessel_j1, ::j1(x))
TSC_SPECIAL_REAL(bessel_y0, x == 0 ? -HUGE_VAL : x < 0 ? static_cast<double>(NAN) : ::y0(x))
TSC_SPECIAL_REAL(bessel_y1, x == 0 ? -HUGE_VAL : x < 0 ? static_cast<double>(NAN) : ::y1(x))
TSC_SPECIAL_REAL(spherical_bessel_j0, std::isinf(x) ? 0 : x == 0 ? 1 : std::sin(x) / x)

// ---- Derivatives of digamma, and the multivariate gamma function
static TensorRef polygamma(Context &cx, Out out, int64_t n, const Tensor &self) {
  if (n < 0)
    return cx.fail("polygamma(n, x) does not support negative n, found %lld",
                   static_cast<long long>(n));
  auto f = [n](auto x) {
    return static_cast<decltype(x)>(special::polygamma(static_cast<double>(x), n));
  };
  return elementwise<kFloat, Promote::IntToFloat>(cx, "polygamma", out, f, inputs(self));
}
static TensorRef polygammaInPlace(Context &cx, Tensor &self, int64_t n) {
  return polygamma(cx, Out{&self}, n, self);
}
TSC_FUNCTIONAL(aten_polygamma, polygamma)
TSC_OUTPUT(aten_polygamma_out, polygamma)
TSC_KERNEL(aten_polygamma_, polygammaInPlace)
TSC_SPECIAL_NAMES(polygamma, polygamma)

static TensorRef mvlgamma(Context &cx, Out out, const Tensor &self, int64_t p) {
  if (p < 1)
    return cx.fail("mvlgamma: p has to be greater than or equal to 1, found %lld",
                   static_cast<long long>(p));
  auto f = [p](auto x) {
    return static_cast<decltype(x)>(special::logMultigamma(static_cast<double>(x), p));
  };
  return elementwise<kFloat, Promote::IntToFloat>(cx, "mvlgamma", out, f, inputs(self));
}
TSC_VARIANTS(aten_mvlgamma, mvlgamma)
TSC_SPECIAL_NAMES(multigammaln, mvlgamma)

// ---- Functions of two numbers
using PairFunction = double (*)(double, double);
template <PairFunction F>
static TensorRef applyPair(Context &cx, Out out, const Operand &self, const Operand &other) {
  auto f = [](auto a, auto b) {
    return static_cast<decltype(a)>(F(static_cast<double>(a), static_cast<double>(b)));
  };
  return elementwise<kFloat, Promote::IntToFloat>(cx, "special function", out, f,
                                                  inputs(self, other));
}
template <PairFunction F>
static TensorRef applyFloats(Context &cx, Out out, const Operand &self, const Operand &other) {
  DType common = commonDType(cx, self, other);
  if (!isFloating(common))
    return unsupportedDType(cx, "igamma", common);
  return applyPair<F>(cx, out, self, other);
}
TSC_TENSORS(aten_igamma, applyFloats<special::lowerGamma>)
TSC_TENSORS(aten_igammac, applyFloats<special::upperGamma>)
TSC_SPECIAL_NAMES(gammainc, onTensors<applyFloats<special::lowerGamma>>)
TSC_SPECIAL_NAMES(gammaincc, onTensors<applyFloats<special::upperGamma>>)

#define TSC_THREE_FORMS(OP, FIRST, SECOND, FN)                                                     \
  TSC_FUNCTIONAL(OP, onTensors<FN>)                                                                \
  TSC_OUTPUT(OP##_out, onTensors<FN>)                                                              \
  TSC_FUNCTIONAL(OP##_##FIRST, onFirstScalar<FN>)                                                  \
  TSC_OUTPUT(OP##_##FIRST##_out, onFirstScalar<FN>)                                                \
  TSC_FUNCTIONAL(OP##_##SECOND, onScalar<FN>)                                                      \
  TSC_OUTPUT(OP##_##SECOND##_out, onScalar<FN>)
TSC_THREE_FORMS(aten_special_zeta, self_scalar, other_scalar, applyPair<special::zeta>)

// ---- Orthogonal polynomials of degree n, truncated to a whole number
using Polynomial = double (*)(double, int64_t);
template <Polynomial P> static double atDegree(double x, double n) { return P(x, toInt64(n)); }
template <Polynomial P> static double shifted(double x, double n) {
  return P(2 * x - 1, toInt64(n));
}
#define TSC_POLYNOMIAL(NAME, FN)                                                                   \
  TSC_THREE_FORMS(aten_special_##NAME, x_scalar, n_scalar, applyPair<FN>)
TSC_POLYNOMIAL(chebyshev_polynomial_t, atDegree<special::chebyshevT>)
TSC_POLYNOMIAL(chebyshev_polynomial_u, atDegree<special::chebyshevU>)
TSC_POLYNOMIAL(chebyshev_polynomial_v, atDegree<special::chebyshevV>)
TSC_POLYNOMIAL(chebyshev_polynomial_w, atDegree<special::chebyshevW>)
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_t, shifted<special::chebyshevT>)
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_u, shifted<special::chebyshevU>)
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_v, shifted<special::chebyshevV>)
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_w, shifted<special::chebyshevW>)
TSC_POLYNOMIAL(hermite_polynomial_h, atDegree<special::hermiteH>)
TSC_POLYNOMIAL(hermite_polynomial_he, atDegree<special::hermiteHe>)
TSC_POLYNOMIAL(laguerre_polynomial_l, atDegree<special::laguerreL>)
TSC_POLYNOMIAL(legendre_polynomial_p, atDegree<special::legendreP>)

// ---- frexp: mantissas in [0.5, 1) and exponents
static Results<TensorRef, TensorRef> mantissaAndExponent(Context &cx, const Tensor &self) {
  if (!self.isFloating())
    return cx.fail("torch.frexp() only supports floating-point dtypes, got %s",
                   findDType(self.dtype)->graphName);
  auto part = [](bool wantExponent) {
    return [wantExponent](auto x) {
      int exponent = 0;
      auto mantissa = std::frexp(x, &exponent);
      return wantExponent ? static_cast<decltype(x)>(exponent) : mantissa;
    };
  };
  TensorRef mantissa =
      elementwise<kFloat, Promote::Keep>(cx, "frexp", {}, part(false), inputs(self));
  TSC_TRY(mantissa);
  TensorRef exponent =
      elementwise<kFloat, Promote::Keep>(cx, "frexp", {}, part(true), inputs(self));
  TSC_TRY(exponent);
  exponent = toDType(cx, *exponent, DType::Int32);
  TSC_TRY(exponent);
  return {static_cast<TensorRef &&>(mantissa), static_cast<TensorRef &&>(exponent)};
}
TSC_KERNEL(aten_frexp_Tensor, mantissaAndExponent)
