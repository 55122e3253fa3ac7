// SPDX-License-Identifier: Apache-2.0
// Modified Bessel functions and orthogonal polynomials; see SpecialFunctions.h.
#include "SpecialFunctions.h"

#include <cmath>

namespace tsc::rt::special {

static constexpr double kNan = __builtin_nan("");
static constexpr double kEuler = 0.5772156649015329;

/// I_order by its power series, whose terms are all positive.
static double seriesI(double x, int order) {
  double z = x * x / 4, term = order ? x / 2 : 1, sum = term;
  for (int k = 1; term > sum * 1e-18; ++k) {
    term *= z / (static_cast<double>(k) * (k + order));
    sum += term;
  }
  return sum;
}
/// exp(-x) I_order(x) by Hankel's expansion, for x above 25.
static double expansionI(double x, int order) {
  double mu = 4.0 * order * order, term = 1, sum = 1;
  for (int k = 1; k < 60; ++k) {
    double odd = 2.0 * k - 1, next = term * -(mu - odd * odd) / (8.0 * k * x);
    if (std::fabs(next) > std::fabs(term) || std::fabs(next) < 1e-18)
      break;
    term = next;
    sum += term;
  }
  return sum / std::sqrt(2 * M_PI * x);
}
static double besselI(double x, int order, bool scaled) {
  double size = std::fabs(x), sign = order && x < 0 ? -1 : 1;
  if (x != x)
    return x;
  if (size == HUGE_VAL)
    return scaled ? 0 : sign * HUGE_VAL;
  if (size > 25) {
    double value = sign * expansionI(size, order), half = std::exp(size / 2);
    return scaled ? value : value * half * half;
  }
  double value = size == 0 ? (order ? 0 : 1) : seriesI(size, order);
  return sign * (scaled ? value * std::exp(-size) : value);
}
double besselI0(double x, bool scaled) { return besselI(x, 0, scaled); }
double besselI1(double x, bool scaled) { return besselI(x, 1, scaled); }

/// The integral of exp(-x (cosh t - 1)) cosh(order t), which is exp(x) K_order(x).
static double integralK(double x, int order) {
  double bell = 0.7 / std::sqrt(x), step = bell < 0.125 ? bell : 0.125, sum = 0.5;
  for (int i = 1; i < 100; ++i) {
    double t = i * step, term = std::exp(-x * (std::cosh(t) - 1)) * std::cosh(order * t);
    sum += term;
    if (term < sum * 1e-18)
      break;
  }
  return sum * step;
}
static double besselK(double x, int order, bool scaled) {
  if (x == 0)
    return HUGE_VAL;
  if (!(x > 0))
    return kNan;
  if (x == HUGE_VAL)
    return 0;
  if (x > 2) {
    double value = integralK(x, order);
    return scaled ? value : value * std::exp(-x);
  }
  // Series with digamma of whole numbers.
  double z = x * x / 4, logHalf = std::log(x / 2), value;
  if (order == 0) {
    double term = 1, harmonic = 0;
    value = -(logHalf + kEuler) * seriesI(x, 0);
    for (int k = 1; k < 40; ++k) {
      term *= z / (static_cast<double>(k) * k);
      harmonic += 1.0 / k;
      value += term * harmonic;
    }
  } else {
    double term = 1, first = -kEuler, second = 1 - kEuler, sum = 0;
    for (int k = 0; k < 40; ++k) {
      sum += (first + second) * term;
      first += 1.0 / (k + 1);
      second += 1.0 / (k + 2);
      term *= z / ((k + 1.0) * (k + 2.0));
    }
    value = logHalf * seriesI(x, 1) + 1 / x - x / 4 * sum;
  }
  return scaled ? value * std::exp(x) : value;
}
double besselK0(double x, bool scaled) { return besselK(x, 0, scaled); }
double besselK1(double x, bool scaled) { return besselK(x, 1, scaled); }

// ---- Orthogonal polynomials
/// p(n) by p(k + 1) = next(k, p(k), p(k - 1)) from p(0) = 1 and p(1).
template <class Next> static double recur(int64_t n, double first, Next next) {
  if (n < 0)
    return 0;
  double before = 1, value = first;
  if (n == 0)
    return 1;
  for (int64_t k = 1; k < n && value == value; ++k) {
    double following = next(static_cast<double>(k), value, before);
    before = value, value = following;
  }
  return value;
}
static double chebyshev(double x, int64_t n, double first) {
  return recur(n, first, [x](double, double p, double before) { return 2 * x * p - before; });
}
/// `even` for even n, else its negative: the values at -1.
static double alternate(int64_t n, double even) { return n % 2 ? -even : even; }

double chebyshevT(double x, int64_t n) {
  if (n > 6 && std::fabs(x) == 1)
    return x > 0 ? 1 : alternate(n, 1);
  if (n > 6 && std::fabs(x) < 1)
    return std::cos(static_cast<double>(n) * std::acos(x));
  return chebyshev(x, n, x);
}
double chebyshevU(double x, int64_t n) {
  double degree = static_cast<double>(n);
  if (n > 8 && std::fabs(x) == 1)
    return x > 0 ? degree + 1 : alternate(n, degree + 1);
  double angle = std::acos(x);
  if (n > 8 && std::fabs(x) < 1 && std::sin(angle) != 0)
    return std::sin((degree + 1) * angle) / std::sin(angle);
  return chebyshev(x, n, 2 * x);
}
double chebyshevV(double x, int64_t n) {
  double degree = static_cast<double>(n);
  if (n > 8 && std::fabs(x) == 1)
    return x > 0 ? 1 : alternate(n, 2 * degree + 1);
  double angle = std::acos(x);
  if (n > 8 && std::fabs(x) < 1 && std::cos(angle / 2) != 0)
    return std::cos((degree + 0.5) * angle) / std::cos(angle / 2);
  return chebyshev(x, n, 2 * x - 1);
}
double chebyshevW(double x, int64_t n) {
  double degree = static_cast<double>(n);
  if (n > 8 && std::fabs(x) == 1)
    return x > 0 ? 2 * degree + 1 : alternate(n, 1);
  double angle = std::acos(x);
  if (n > 8 && std::fabs(x) < 1 && std::sin(angle / 2) != 0)
    return std::sin((degree + 0.5) * angle) / std::sin(angle / 2);
  return chebyshev(x, n, 2 * x + 1);
}
double hermiteH(double x, int64_t n) {
  return recur(n, 2 * x,
               [x](double k, double p, double before) { return 2 * x * p - 2 * k * before; });
}
double hermiteHe(double x, int64_t n) {
  return recur(n, x, [x](double k, double p, double before) { return x * p - k * before; });
}
double laguerreL(double x, int64_t n) {
  return recur(n, 1 - x, [x](double k, double p, double before) {
    return ((2 * k + 1 - x) * p - k * before) / (k + 1);
  });
}
double legendreP(double x, int64_t n) {
  return recur(n, x, [x](double k, double p, double before) {
    return ((2 * k + 1) * x * p - k * before) / (k + 1);
  });
}

} // namespace tsc::rt::special
