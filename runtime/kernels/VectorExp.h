// SPDX-License-Identifier: Apache-2.0
// exp, sigmoid and tanh on eight floats at once, to about one unit in the last place; and the same
// names on double, one by one, so that a kernel is written once for both.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace tsc::rt {

typedef float Float8x __attribute__((ext_vector_type(8)));
typedef int32_t Int8x __attribute__((ext_vector_type(8)));

inline __attribute__((always_inline)) Float8x fusedMultiplyAdd(Float8x a, Float8x b, Float8x c) {
#ifdef __FMA__
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}
inline __attribute__((always_inline)) Float8x vectorExp(Float8x x) {
  // exp(x) = 2^n * exp(r) with |r| <= log(2) / 2.
  Float8x bounded = x < -104.0f ? Float8x(-104.0f) : x;
  bounded = bounded > 89.0f ? Float8x(89.0f) : bounded; // NaN stays
  Float8x n = __builtin_elementwise_roundeven(bounded * 1.44269504f);
  Float8x r = fusedMultiplyAdd(n, Float8x(-0.693359375f), bounded);
  r = fusedMultiplyAdd(n, Float8x(2.12194440e-4f), r);
  Float8x p = 1.9875691500e-4f;
  p = fusedMultiplyAdd(p, r, Float8x(1.3981999507e-3f));
  p = fusedMultiplyAdd(p, r, Float8x(8.3334519073e-3f));
  p = fusedMultiplyAdd(p, r, Float8x(4.1665795894e-2f));
  p = fusedMultiplyAdd(p, r, Float8x(1.6666665459e-1f));
  p = fusedMultiplyAdd(p, r, Float8x(5.0000001201e-1f));
  p = fusedMultiplyAdd(p, r * r, r) + 1.0f;
  // 2^n in two factors, each of which is a normal number.
  Int8x k = __builtin_convertvector(x == x ? n : Float8x(0.0f), Int8x), half = k >> 1;
  Int8x first = (half + 127) << 23, second = (k - half + 127) << 23;
  Float8x a, b;
  std::memcpy(&a, &first, sizeof(a));
  std::memcpy(&b, &second, sizeof(b));
  return p * a * b;
}
inline __attribute__((always_inline)) Float8x vectorSigmoid(Float8x x) {
  return 1.0f / (1.0f + vectorExp(-x));
}
inline __attribute__((always_inline)) Float8x vectorTanh(Float8x x) {
  Float8x size = __builtin_elementwise_abs(x), square = x * x;
  Float8x p = -5.70498872745e-3f;
  p = fusedMultiplyAdd(p, square, Float8x(2.06390887954e-2f));
  p = fusedMultiplyAdd(p, square, Float8x(-5.37397155531e-2f));
  p = fusedMultiplyAdd(p, square, Float8x(1.33314422036e-1f));
  p = fusedMultiplyAdd(p, square, Float8x(-3.33332819422e-1f));
  Float8x small = fusedMultiplyAdd(p * square, x, x);
  Float8x large = 1.0f - 2.0f / (vectorExp(2.0f * size) + 1.0f);
  return size < 0.625f ? small : __builtin_elementwise_copysign(large, x);
}

/// f over n floats, eight at a time; the last ones go through a padded vector.
template <class F> inline void eachVector(float *to, const float *from, int64_t n, F &&f) {
  int64_t i = 0;
  Float8x v;
  for (; i + 8 <= n; i += 8) {
    std::memcpy(&v, from + i, sizeof(v));
    v = f(v);
    std::memcpy(to + i, &v, sizeof(v));
  }
  if (i < n) {
    v = 0.0f;
    std::memcpy(&v, from + i, static_cast<size_t>(n - i) * sizeof(float));
    v = f(v);
    std::memcpy(to + i, &v, static_cast<size_t>(n - i) * sizeof(float));
  }
}
template <class F> inline void eachVector(double *to, const double *from, int64_t n, F &&f) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = f(from[i]);
}
inline double vectorExp(double x) { return std::exp(x); }
inline double vectorTanh(double x) { return std::tanh(x); }
inline double vectorSigmoid(double x) { return 1 / (1 + std::exp(-x)); }

} // namespace tsc::rt
