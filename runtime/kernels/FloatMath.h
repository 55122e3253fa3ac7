// SPDX-License-Identifier: Apache-2.0
// Elementary functions for elementwise loops, overloaded for float, double and Complex. Those of
// float are free of branches and calls, so that clang vectorizes the loop around them, and right to
// two units in the last place: exp, tanh, sigmoid and erf are computed in float, the others in
// double by short series whose error is far below a float's last place. Those of double and Complex
// are the C library's.
#pragma once

#include "tsc/runtime/Scalar.h"

#include <bit>
#include <cmath>

namespace tsc::rt::math {

#define TSC_INLINE inline __attribute__((always_inline))

// ---- Polynomials
template <class T> TSC_INLINE T horner(T, T last) { return last; }
/// a + x * (b + x * (...)).
template <class T, class... Rest> TSC_INLINE T horner(T x, T first, T second, Rest... rest) {
  return __builtin_elementwise_fma(horner<T>(x, second, static_cast<T>(rest)...), x, first);
}

// ---- Cores in double, for arguments that are floats
/// exp(x) with a relative error below 1e-11; |x| is cut at 700, NaN stays.
TSC_INLINE double coreExp(double x) {
  double bounded = x < -700.0 ? -700.0 : x;
  bounded = bounded > 700.0 ? 700.0 : bounded;
  double n = __builtin_elementwise_roundeven(bounded * 1.4426950408889634);
  double r = __builtin_elementwise_fma(n, -0.6931471805599453, bounded);
  double p = horner<double>(r, 1.0, 1.0, 1 / 2.0, 1 / 6.0, 1 / 24.0, 1 / 120.0, 1 / 720.0,
                            1 / 5040.0, 1 / 40320.0, 1 / 362880.0, 1 / 3628800.0);
  int32_t k = static_cast<int32_t>(x == x ? n : 0.0);
  return p * std::bit_cast<double>(static_cast<int64_t>(k + 1023) << 52);
}

/// log(x) of a positive normal number, times nothing: exponent and the logarithm of the mantissa in
/// [sqrt(1/2), sqrt(2)).
struct LogParts {
  double exponent, mantissa;
};
TSC_INLINE LogParts coreLogParts(double x) {
  uint64_t bits = std::bit_cast<uint64_t>(x);
  uint64_t biased = (bits - 0x3fe6a09e667f3bcdull + (1023ull << 52)) >> 52;
  double m = std::bit_cast<double>(bits - (biased << 52) + (1023ull << 52));
  double e = std::bit_cast<double>(biased | 0x4330000000000000ull) - (0x1p52 + 1023);
  double s = (m - 1) / (m + 1), z = s * s;
  double series = horner<double>(z, 2.0, 2 / 3.0, 2 / 5.0, 2 / 7.0, 2 / 9.0, 2 / 11.0, 2 / 13.0,
                                 2 / 15.0, 2 / 17.0);
  return {e, s * series};
}
/// What the logarithm of a number that is no positive normal number is, else `value`.
TSC_INLINE double logEdges(double x, double value) {
  double edge = x < 0 || x != x ? static_cast<double>(NAN) : x == 0 ? -HUGE_VAL : HUGE_VAL;
  return x > 0 && x < HUGE_VAL ? value : edge;
}
TSC_INLINE double coreLog(double x) {
  LogParts p = coreLogParts(x);
  return logEdges(x, __builtin_elementwise_fma(p.exponent, 0.6931471805599453, p.mantissa));
}
TSC_INLINE double coreAtan(double x) {
  double size = __builtin_elementwise_abs(x);
  bool inverted = size > 1;
  double t = inverted ? 1 / size : size;
  bool turned = t > 0.41421356237309503;
  double u = turned ? (t - 1) / (t + 1) : t, z = u * u;
  double series = horner<double>(z, 1.0, -1 / 3.0, 1 / 5.0, -1 / 7.0, 1 / 9.0, -1 / 11.0, 1 / 13.0,
                                 -1 / 15.0, 1 / 17.0, -1 / 19.0, 1 / 21.0, -1 / 23.0);
  double angle = u * series + (turned ? M_PI_4 : 0.0);
  return __builtin_elementwise_copysign(inverted ? M_PI_2 - angle : angle, x);
}

// ---- float
TSC_INLINE float exp(float x) {
  // exp(x) = 2^n * exp(r) with |r| <= log(2) / 2; 2^n goes in by two factors that are normal.
  float bounded = x < -104.0f ? -104.0f : x;
  bounded = bounded > 89.0f ? 89.0f : bounded;
  float n = __builtin_elementwise_roundeven(bounded * 1.44269504f);
  float r = __builtin_elementwise_fma(n, -0.693359375f, bounded);
  r = __builtin_elementwise_fma(n, 2.12194440e-4f, r);
  float p = horner<float>(r, 0.5f, 0.16666667f, 0.041666467f, 0.0083332984f, 0.0013933644f,
                          0.00019899275f);
  p = __builtin_elementwise_fma(p, r * r, r) + 1.0f;
  int32_t k = static_cast<int32_t>(x == x ? n : 0.0f), half = k >> 1;
  return p * std::bit_cast<float>((half + 127) << 23) *
         std::bit_cast<float>((k - half + 127) << 23);
}
TSC_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
TSC_INLINE float tanh(float x) {
  float size = __builtin_elementwise_abs(x), z = x * x;
  float p =
      horner<float>(z, -0.33333328f, 0.13332783f, -0.053852499f, 0.021003641f, -0.0061049479f);
  float small = __builtin_elementwise_fma(p * z, x, x);
  float large = 1.0f - 2.0f / (exp(2.0f * size) + 1.0f);
  return size < 0.625f ? small : __builtin_elementwise_copysign(large, x);
}
TSC_INLINE float erf(float x) {
  float size = __builtin_elementwise_abs(x), z = x * x;
  float p = horner<float>(z, 0.12837917f, -0.37612626f, 0.11283597f, -0.026854329f, 0.0051893122f,
                          -0.00080188557f, 7.8824974e-05f);
  float small = __builtin_elementwise_fma(p, x, x);
  // erfc(t) = exp(q(t)); beyond 4 it is below half a last place of 1.
  float t = size > 4.0f ? 4.0f : size;
  float q = horner<float>(t, 0.00015885703f, -1.1294278f, -0.63355362f, -0.10800478f, 0.024894247f,
                          -0.0040553045f, 0.00039795527f, -1.4640066e-05f, -4.8970731e-07f);
  float large = __builtin_elementwise_copysign(1.0f - exp(q), x);
  return size < 1.0f ? small : size == size ? large : x;
}
TSC_INLINE float exp2(float x) {
  return static_cast<float>(coreExp(static_cast<double>(x) * M_LN2));
}
TSC_INLINE float expm1(float x) {
  double d = static_cast<double>(x);
  double small = __builtin_elementwise_fma(d * 0.5, d, d);
  return static_cast<float>(__builtin_elementwise_abs(d) < 1e-5 ? small : coreExp(d) - 1.0);
}
TSC_INLINE float log(float x) { return static_cast<float>(coreLog(static_cast<double>(x))); }
TSC_INLINE float log2(float x) {
  LogParts p = coreLogParts(static_cast<double>(x));
  double value = __builtin_elementwise_fma(p.mantissa, 1.4426950408889634, p.exponent);
  return static_cast<float>(logEdges(static_cast<double>(x), value));
}
TSC_INLINE float log10(float x) {
  return static_cast<float>(coreLog(static_cast<double>(x)) * 0.4342944819032518);
}
TSC_INLINE float log1p(float x) {
  double d = static_cast<double>(x);
  double small = __builtin_elementwise_fma(d * -0.5, d, d);
  return static_cast<float>(__builtin_elementwise_abs(d) < 1e-5 ? small : coreLog(1.0 + d));
}
TSC_INLINE float sinh(float x) {
  double d = static_cast<double>(x), e = coreExp(d);
  double small = __builtin_elementwise_fma(d * d * d, 1 / 6.0, d);
  return static_cast<float>(__builtin_elementwise_abs(d) < 1e-3 ? small : (e - 1 / e) * 0.5);
}
TSC_INLINE float cosh(float x) {
  double e = coreExp(static_cast<double>(x));
  return static_cast<float>((e + 1 / e) * 0.5);
}
TSC_INLINE float asinh(float x) {
  double d = static_cast<double>(x), size = __builtin_elementwise_abs(d);
  double small = __builtin_elementwise_fma(d * d * d, -1 / 6.0, d);
  double large = coreLog(size + __builtin_elementwise_sqrt(size * size + 1));
  return static_cast<float>(size < 1e-3 ? small : __builtin_elementwise_copysign(large, d));
}
TSC_INLINE float acosh(float x) {
  double d = static_cast<double>(x);
  return static_cast<float>(coreLog(d + __builtin_elementwise_sqrt((d - 1) * (d + 1))));
}
TSC_INLINE float atanh(float x) {
  double d = static_cast<double>(x);
  double small = __builtin_elementwise_fma(d * d * d, 1 / 3.0, d);
  double large = 0.5 * coreLog((1 + d) / (1 - d));
  return static_cast<float>(__builtin_elementwise_abs(d) < 1e-3 ? small : large);
}
TSC_INLINE float atan(float x) { return static_cast<float>(coreAtan(static_cast<double>(x))); }
TSC_INLINE float asin(float x) {
  double d = static_cast<double>(x);
  return static_cast<float>(coreAtan(d / __builtin_elementwise_sqrt((1 - d) * (1 + d))));
}
TSC_INLINE float acos(float x) {
  double d = static_cast<double>(x);
  return static_cast<float>(2 * coreAtan(__builtin_elementwise_sqrt((1 - d) / (1 + d))));
}
TSC_INLINE float sqrt(float x) { return __builtin_elementwise_sqrt(x); }
/// Sine and cosine by quarters of a turn, in double, for |x| up to kLargestAngle; beyond that pi's
/// digits run out.
inline constexpr float kLargestAngle = 0x1p40f;
struct Turn {
  double sine, cosine;
  bool odd, lower; ///< quarter 1 or 3; quarter 2 or 3
};
TSC_INLINE Turn coreTurn(double x) {
  double n = __builtin_elementwise_roundeven(x * M_2_PI);
  double r = __builtin_elementwise_fma(n, -1.5707963267948966, x);
  r = __builtin_elementwise_fma(n, -6.123233995736766e-17, r);
  double z = r * r;
  double sine =
      r * horner<double>(z, 1.0, -1 / 6.0, 1 / 120.0, -1 / 5040.0, 1 / 362880.0, -1 / 39916800.0);
  double cosine = horner<double>(z, 1.0, -1 / 2.0, 1 / 24.0, -1 / 720.0, 1 / 40320.0,
                                 -1 / 3628800.0, 1 / 479001600.0);
  double half = n * 0.5, quarter = __builtin_elementwise_floor(half);
  bool lower = quarter * 0.5 != __builtin_elementwise_floor(quarter * 0.5);
  return {sine, cosine, half != quarter, lower};
}
TSC_INLINE float boundedSin(float x) {
  Turn t = coreTurn(static_cast<double>(x));
  double value = t.odd ? t.cosine : t.sine;
  float result = static_cast<float>(t.lower ? -value : value);
  return x == 0 ? x : result;
}
TSC_INLINE float boundedCos(float x) {
  Turn t = coreTurn(static_cast<double>(x));
  double value = t.odd ? -t.sine : t.cosine;
  return static_cast<float>(t.lower ? -value : value);
}
TSC_INLINE float boundedTan(float x) {
  Turn t = coreTurn(static_cast<double>(x));
  float result = static_cast<float>(t.odd ? -t.cosine / t.sine : t.sine / t.cosine);
  return x == 0 ? x : result;
}
/// A loop over floats: `bounded` for all, then `exact` for angles that are too large for it.
template <class Bounded, class Exact>
inline void turnLoop(float *out, const float *in, int64_t n, Bounded bounded, Exact exact) {
  bool large = false;
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < n; ++i)
    large |= !(__builtin_elementwise_abs(in[i]) < kLargestAngle);
  if (!large) {
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < n; ++i)
      out[i] = bounded(in[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    out[i] = exact(in[i]);
}
/// sin, cos and tan as function objects of elementwise loops.
#define TSC_TURN(NAME, FN, BOUNDED)                                                                \
  struct NAME {                                                                                    \
    template <class T> T operator()(T x) const { return std::FN(x); }                              \
    void run(float *out, const float *in, int64_t n) const {                                       \
      turnLoop(                                                                                    \
          out, in, n, [](float x) { return BOUNDED(x); }, [](float x) { return std::FN(x); });     \
    }                                                                                              \
  };
TSC_TURN(Sine, sin, boundedSin)
TSC_TURN(Cosine, cos, boundedCos)
TSC_TURN(Tangent, tan, boundedTan)
#undef TSC_TURN
TSC_INLINE float sin(float x) { return std::sin(x); }
TSC_INLINE float erfc(float x) { return std::erfc(x); }

// ---- double and Complex
#define TSC_LIBRARY(NAME)                                                                          \
  TSC_INLINE double NAME(double x) { return std::NAME(x); }
#define TSC_LIBRARY_COMPLEX(NAME)                                                                  \
  TSC_LIBRARY(NAME)                                                                                \
  TSC_INLINE Complex NAME(Complex x) { return std::NAME(x); }
TSC_LIBRARY_COMPLEX(exp)
TSC_LIBRARY_COMPLEX(log)
TSC_LIBRARY_COMPLEX(log10)
TSC_LIBRARY_COMPLEX(sin)
TSC_LIBRARY_COMPLEX(asin)
TSC_LIBRARY_COMPLEX(acos)
TSC_LIBRARY_COMPLEX(atan)
TSC_LIBRARY_COMPLEX(sinh)
TSC_LIBRARY_COMPLEX(cosh)
TSC_LIBRARY_COMPLEX(tanh)
TSC_LIBRARY_COMPLEX(asinh)
TSC_LIBRARY_COMPLEX(acosh)
TSC_LIBRARY_COMPLEX(atanh)
TSC_LIBRARY_COMPLEX(sqrt)
TSC_LIBRARY(exp2)
TSC_LIBRARY(log2)
TSC_LIBRARY(erf)
TSC_LIBRARY(erfc)
TSC_LIBRARY(expm1)
TSC_LIBRARY(log1p)
#undef TSC_LIBRARY_COMPLEX
#undef TSC_LIBRARY
TSC_INLINE Complex exp2(Complex x) { return std::exp(x * M_LN2); }
TSC_INLINE Complex log2(Complex x) { return std::log(x) * 1.4426950408889634; }
TSC_INLINE Complex expm1(Complex x) {
  // (e^a - 1) + e^a (cos b - 1) + i e^a sin b, without cancellation.
  double half = std::sin(x.imag() * 0.5), e = std::exp(x.real());
  return {std::expm1(x.real()) - 2 * e * half * half, e * std::sin(x.imag())};
}
TSC_INLINE Complex log1p(Complex x) {
  double re = x.real(), im = x.imag();
  return {0.5 * std::log1p(re * (2 + re) + im * im), std::atan2(im, 1 + re)};
}
TSC_INLINE double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
TSC_INLINE Complex sigmoid(Complex x) { return 1.0 / (1.0 + std::exp(-x)); }

} // namespace tsc::rt::math
