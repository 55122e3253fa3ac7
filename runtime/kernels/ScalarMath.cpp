// SPDX-License-Identifier: Apache-2.0
// Mathematical functions of numbers: math.* and cmath.*. A kernel takes numbers of any kind;
// overloads share it.
#include "tsc/runtime/Kernel.h"

#include <cmath>

using namespace tsc::rt;

/// NAME.int, NAME.float, NAME.Scalar of a function on doubles.
#define TSC_REAL(NAME, EXPR)                                                                       \
  static double NAME##Real(Context &, double x) { return EXPR; }                                   \
  TSC_KERNEL(aten_##NAME##_int, NAME##Real)                                                        \
  TSC_KERNEL(aten_##NAME##_float, NAME##Real)                                                      \
  TSC_KERNEL(aten_##NAME##_Scalar, NAME##Real)
/// The same with a complex form.
#define TSC_REAL_COMPLEX(NAME, EXPR)                                                               \
  static double NAME##Real(Context &, double x) { return EXPR; }                                   \
  static Complex NAME##Complex(Context &, Complex x) { return EXPR; }                              \
  static Scalar NAME##Any(Context &cx, Scalar x) {                                                 \
    return x.isComplex() ? Scalar(NAME##Complex(cx, x.toComplex()))                                \
                         : Scalar(NAME##Real(cx, x.toDouble()));                                   \
  }                                                                                                \
  TSC_KERNEL(aten_##NAME##_int, NAME##Real)                                                        \
  TSC_KERNEL(aten_##NAME##_float, NAME##Real)                                                      \
  TSC_KERNEL(aten_##NAME##_complex, NAME##Complex)                                                 \
  TSC_KERNEL(aten_##NAME##_Scalar, NAME##Any)

TSC_REAL_COMPLEX(sin, std::sin(x))
TSC_REAL_COMPLEX(cos, std::cos(x))
TSC_REAL_COMPLEX(tan, std::tan(x))
TSC_REAL_COMPLEX(asin, std::asin(x))
TSC_REAL_COMPLEX(acos, std::acos(x))
TSC_REAL_COMPLEX(atan, std::atan(x))
TSC_REAL_COMPLEX(sinh, std::sinh(x))
TSC_REAL_COMPLEX(cosh, std::cosh(x))
TSC_REAL_COMPLEX(tanh, std::tanh(x))
TSC_REAL_COMPLEX(asinh, std::asinh(x))
TSC_REAL_COMPLEX(acosh, std::acosh(x))
TSC_REAL_COMPLEX(atanh, std::atanh(x))
TSC_REAL_COMPLEX(exp, std::exp(x))
TSC_REAL_COMPLEX(log, std::log(x))
TSC_REAL_COMPLEX(log10, std::log10(x))
TSC_REAL_COMPLEX(sqrt, std::sqrt(x))
TSC_REAL(expm1, std::expm1(x))
TSC_REAL(log1p, std::log1p(x))
TSC_REAL(erf, std::erf(x))
TSC_REAL(erfc, std::erfc(x))
TSC_REAL(gamma, std::tgamma(x))
TSC_REAL(lgamma, std::lgamma(x))
TSC_REAL(fabs, std::fabs(x))
TSC_REAL(degrees, x * 180.0 / M_PI)
TSC_REAL(radians, x *M_PI / 180.0)
TSC_REAL(round, std::nearbyint(x))

static double angle(Context &, Scalar x) {
  if (x.isComplex())
    return std::arg(x.toComplex());
  double d = x.toDouble();
  return d != d ? d : d < 0 ? M_PI : 0.0;
}
TSC_KERNEL(aten_angle_int, angle)
TSC_KERNEL(aten_angle_float, angle)
TSC_KERNEL(aten_angle_complex, angle)
TSC_KERNEL(aten_angle_Scalar, angle)

// ---- Rounding to integers
static int64_t floorToInt(Context &, Scalar x) {
  return x.isFloat() ? toInt64(std::floor(x.d)) : x.toInt();
}
static int64_t ceilToInt(Context &, Scalar x) {
  return x.isFloat() ? toInt64(std::ceil(x.d)) : x.toInt();
}
TSC_KERNEL(aten_floor_int, floorToInt)
TSC_KERNEL(aten_floor_float, floorToInt)
TSC_KERNEL(aten_floor_Scalar, floorToInt)
TSC_KERNEL(aten_ceil_int, ceilToInt)
TSC_KERNEL(aten_ceil_float, ceilToInt)
TSC_KERNEL(aten_ceil_Scalar, ceilToInt)

static Scalar negate(Context &, Scalar x) {
  return x.isComplex() ? Scalar(-x.toComplex()) : x.isFloat() ? Scalar(-x.d) : Scalar(-x.i);
}
TSC_KERNEL(aten_neg_int, negate)
TSC_KERNEL(aten_neg_float, negate)
TSC_KERNEL(aten_neg_complex, negate)
TSC_KERNEL(aten_neg_Scalar, negate)

static Scalar absolute(Context &, Scalar x) {
  if (x.isComplex())
    return std::abs(x.toComplex());
  return x.isFloat() ? Scalar(std::fabs(x.d)) : Scalar(x.i < 0 ? -x.i : x.i);
}
TSC_KERNEL(prim_abs_int, absolute)
TSC_KERNEL(prim_abs_float, absolute)
TSC_KERNEL(prim_abs_complex, absolute)
TSC_KERNEL(prim_abs_Scalar, absolute)

// ---- Two arguments
#define TSC_REAL2(NAME, LAST, EXPR)                                                                \
  static double NAME##Real(Context &, double x, double y) { return EXPR; }                         \
  TSC_KERNEL(aten_##NAME##_int, NAME##Real)                                                        \
  TSC_KERNEL(aten_##NAME##_float, NAME##Real)                                                      \
  TSC_KERNEL(aten_##NAME##_int_float, NAME##Real)                                                  \
  TSC_KERNEL(aten_##NAME##_float_int, NAME##Real)                                                  \
  TSC_KERNEL(aten_##NAME##LAST, NAME##Real)
TSC_REAL2(atan2, _Scalar_Scalar, std::atan2(x, y))
TSC_REAL2(copysign, , std::copysign(x, y))
TSC_REAL2(fmod, , std::fmod(x, y))
TSC_REAL2(mathremainder, , std::remainder(x, y))

static Complex polar(Context &, double r, double phi) {
  return Complex(r * std::cos(phi), r * std::sin(phi));
}
TSC_KERNEL(aten_polar_int, polar)
TSC_KERNEL(aten_polar_float, polar)
TSC_KERNEL(aten_polar_int_float, polar)
TSC_KERNEL(aten_polar_float_int, polar)
TSC_KERNEL(aten_polar_Scalar_Scalar, polar)

static double logBase(Context &, double x, double base) { return std::log(x) / std::log(base); }
static Complex logBaseComplex(Context &, Complex x, Complex base) {
  return std::log(x) / std::log(base);
}
TSC_KERNEL(aten_log_int_int, logBase)
TSC_KERNEL(aten_log_float_float, logBase)
TSC_KERNEL(aten_log_int_float, logBase)
TSC_KERNEL(aten_log_float_int, logBase)
TSC_KERNEL(aten_log_Scalar_Scalar, logBase)
TSC_KERNEL(aten_log_complex_complex, logBaseComplex)
TSC_KERNEL(aten_log_int_complex, logBaseComplex)
TSC_KERNEL(aten_log_complex_int, logBaseComplex)
TSC_KERNEL(aten_log_float_complex, logBaseComplex)
TSC_KERNEL(aten_log_complex_float, logBaseComplex)

static Result<double> powReal(Context &cx, double x, double y) {
  if (x == 0 && y < 0)
    return cx.raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  return std::pow(x, y);
}
static Complex powComplex(Context &, Complex x, Complex y) { return std::pow(x, y); }
static Result<Scalar> powAny(Context &cx, Scalar x, Scalar y) {
  if (x.isComplex() || y.isComplex())
    return Scalar(powComplex(cx, x.toComplex(), y.toComplex()));
  TSC_ASSIGN(double r, powReal(cx, x.toDouble(), y.toDouble()));
  return Scalar(r);
}
static Result<int64_t> powInt(Context &cx, int64_t x, int64_t y) {
  if (y < 0 && x == 0)
    return cx.raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  if (y < 0)
    return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  int64_t result = 1;
  for (; y; y >>= 1, x *= x)
    if (y & 1)
      result *= x;
  return result;
}
TSC_KERNEL(aten_pow_int, powReal)
TSC_KERNEL(aten_pow_float, powReal)
TSC_KERNEL(aten_pow_int_float, powReal)
TSC_KERNEL(aten_pow_float_int, powReal)
TSC_KERNEL(aten_pow_complex, powComplex)
TSC_KERNEL(aten_pow_float_complex, powComplex)
TSC_KERNEL(aten_pow_complex_float, powComplex)
TSC_KERNEL(aten_pow_Scalar_Scalar, powAny)
TSC_KERNEL(aten_pow_int_to_int, powInt)

static int64_t gcd(Context &, int64_t a, int64_t b) {
  a = a < 0 ? -a : a, b = b < 0 ? -b : b;
  while (b) {
    int64_t r = a == INT64_MIN && b == -1 ? 0 : a % b;
    a = b, b = r;
  }
  return a;
}
TSC_KERNEL(aten_gcd_int, gcd)

static Result<int64_t> factorial(Context &cx, int64_t n) {
  if (n < 0)
    return cx.raise("ValueError", "factorial() not defined for negative values");
  int64_t result = 1;
  for (int64_t i = 2; i <= n && i < 100; ++i)
    result *= i;
  return n >= 66 ? 0 : result;
}
TSC_KERNEL(aten_factorial_int, factorial)

static double ldexpReal(Context &, double x, int64_t i) {
  return std::ldexp(x, i > 100000 ? 100000 : i < -100000 ? -100000 : static_cast<int>(i));
}
TSC_KERNEL(aten_ldexp, ldexpReal)
static Results<double, int64_t> frexpReal(Context &, double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  return {m, static_cast<int64_t>(exponent)};
}
TSC_KERNEL(aten_frexp, frexpReal)
static Results<double, double> modfReal(Context &, double x) {
  double whole = 0;
  double part = std::modf(x, &whole);
  return {part, whole};
}
TSC_KERNEL(aten_modf, modfReal)

// ---- Classification
static bool isNan(Context &, Complex x) { return std::isnan(x.real()) || std::isnan(x.imag()); }
static bool isInf(Context &, Complex x) { return std::isinf(x.real()) || std::isinf(x.imag()); }
static bool isFinite(Context &, Complex x) {
  return std::isfinite(x.real()) && std::isfinite(x.imag());
}
TSC_KERNEL(aten_isnan_float, isNan)
TSC_KERNEL(aten_isnan_complex, isNan)
TSC_KERNEL(aten_isinf_float, isInf)
TSC_KERNEL(aten_isinf_complex, isInf)
TSC_KERNEL(aten_isfinite_float, isFinite)
TSC_KERNEL(aten_isfinite_complex, isFinite)
