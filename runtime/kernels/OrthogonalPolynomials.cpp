// SPDX-License-Identifier: Apache-2.0
// The orthogonal polynomials of degree n at x: recurrences, and for Chebyshev's inside the interval
// their trigonometric form. They are computed in the dtype, so that overflow shows where it would.
#include "Operands.h"

using namespace tsc::rt;

namespace {
enum class Kind { First, Second, Third, Fourth };

/// p[k + 1] = next(k, p[k], p[k - 1]) up to degree n, from degrees 0 and 1.
template <class T, class F> T recur(int64_t n, T zeroth, T first, F next) {
  T before = zeroth, value = first;
  for (int64_t k = 1; k < n && value == value; ++k) {
    T after = next(static_cast<T>(k), value, before);
    before = value, value = after;
  }
  return n == 0 ? zeroth : value;
}

/// The values at 1 and -1.
template <class T> T chebyshevEnd(Kind kind, bool right, int64_t n) {
  T sign = right || n % 2 == 0 ? T(1) : T(-1), degree = static_cast<T>(n);
  switch (kind) {
  case Kind::First:
    return sign;
  case Kind::Second:
    return sign * (degree + 1);
  case Kind::Third:
    return right ? T(1) : sign * (2 * degree + 1);
  case Kind::Fourth:
    return right ? 2 * degree + 1 : sign;
  }
  return T(0);
}
template <class T> T chebyshev(Kind kind, T x, int64_t n) {
  if (n < 0)
    return T(0);
  if (std::fabs(x) == T(1))
    return chebyshevEnd<T>(kind, x > 0, n);
  if (n > (kind == Kind::First ? 6 : 8) && std::fabs(x) < T(1)) {
    T angle = std::acos(x), degree = static_cast<T>(n);
    switch (kind) {
    case Kind::First:
      return std::cos(degree * angle);
    case Kind::Second:
      return std::sin((degree + 1) * angle) / std::sin(angle);
    case Kind::Third:
      return std::cos((degree + T(0.5)) * angle) / std::cos(angle / 2);
    case Kind::Fourth:
      return std::sin((degree + T(0.5)) * angle) / std::sin(angle / 2);
    }
  }
  T first = kind == Kind::First    ? x
            : kind == Kind::Second ? x + x
            : kind == Kind::Third  ? x + x - 1
                                   : x + x + 1;
  return recur(n, T(1), first, [x](T, T value, T before) { return (x + x) * value - before; });
}

/// Beyond this degree Hermite's polynomials overflow nearly everywhere; PyTorch gives NaN.
template <class T> constexpr int64_t kHermiteLimit = sizeof(T) == 4 ? 128 : 512;
template <class T> T hermite(T x, int64_t n, bool physicists) {
  if (n < 0)
    return T(0);
  if (n > kHermiteLimit<T>)
    return static_cast<T>(NAN);
  T slope = physicists ? x + x : x, weight = physicists ? T(2) : T(1);
  return recur(n, T(1), slope,
               [=](T k, T value, T before) { return slope * value - weight * k * before; });
}
template <class T> T laguerre(T x, int64_t n) {
  if (n < 0)
    return T(0);
  if (x == 0)
    return T(1);
  return recur(n, T(1), 1 - x, [x](T k, T value, T before) {
    return ((k + k + 1 - x) * value - k * before) / (k + 1);
  });
}
template <class T> T legendre(T x, int64_t n) {
  if (n < 0)
    return T(0);
  if (std::fabs(x) == T(1))
    return x > 0 || n % 2 == 0 ? T(1) : T(-1);
  return recur(n, T(1), x, [x](T k, T value, T before) {
    return ((k + k + 1) * x * value - k * before) / (k + 1);
  });
}

template <class F>
TensorRef polynomial(Context &cx, const char *name, Out out, const Operand &x, const Operand &n,
                     F f) {
  return elementwise<kFloat, Promote::IntToFloat>(
      cx, name, out,
      [f](auto at, auto degree) {
        int64_t whole = toInt64(static_cast<double>(degree));
        return f(at, whole);
      },
      inputs(x, n));
}
} // namespace

/// aten::special_NAME of tensors, with x or n a number, and the out= forms; and NAME of numbers for
/// compiled kernels. EXPR computes from `x` and `n`.
#define TSC_POLYNOMIAL(NAME, ...)                                                                  \
  template <class T> static T NAME##Of(T x, int64_t n) { return __VA_ARGS__; }                     \
  extern "C" float tsc_rt_math_##NAME##_f32(float x, float n) {                                    \
    return NAME##Of(x, toInt64(static_cast<double>(n)));                                           \
  }                                                                                                \
  extern "C" double tsc_rt_math_##NAME##_f64(double x, double n) {                                 \
    return NAME##Of(x, toInt64(n));                                                                \
  }                                                                                                \
  static TensorRef NAME(Context &cx, Out out, const Operand &self, const Operand &other) {         \
    return polynomial(cx, #NAME, out, self, other,                                                 \
                      [](auto x, int64_t n) { return NAME##Of(x, n); });                           \
  }                                                                                                \
  TSC_FUNCTIONAL(aten_special_##NAME, onTensors<NAME>)                                             \
  TSC_OUTPUT(aten_special_##NAME##_out, onTensors<NAME>)                                           \
  TSC_FUNCTIONAL(aten_special_##NAME##_x_scalar, onFirstScalar<NAME>)                              \
  TSC_OUTPUT(aten_special_##NAME##_x_scalar_out, onFirstScalar<NAME>)                              \
  TSC_FUNCTIONAL(aten_special_##NAME##_n_scalar, onScalar<NAME>)                                   \
  TSC_OUTPUT(aten_special_##NAME##_n_scalar_out, onScalar<NAME>)

TSC_POLYNOMIAL(chebyshev_polynomial_t, chebyshev(Kind::First, x, n))
TSC_POLYNOMIAL(chebyshev_polynomial_u, chebyshev(Kind::Second, x, n))
TSC_POLYNOMIAL(chebyshev_polynomial_v, chebyshev(Kind::Third, x, n))
TSC_POLYNOMIAL(chebyshev_polynomial_w, chebyshev(Kind::Fourth, x, n))
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_t, chebyshev(Kind::First, x + x - 1, n))
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_u, chebyshev(Kind::Second, x + x - 1, n))
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_v, chebyshev(Kind::Third, x + x - 1, n))
TSC_POLYNOMIAL(shifted_chebyshev_polynomial_w, chebyshev(Kind::Fourth, x + x - 1, n))
TSC_POLYNOMIAL(hermite_polynomial_h, hermite(x, n, true))
TSC_POLYNOMIAL(hermite_polynomial_he, hermite(x, n, false))
TSC_POLYNOMIAL(laguerre_polynomial_l, laguerre(x, n))
TSC_POLYNOMIAL(legendre_polynomial_p, legendre(x, n))
