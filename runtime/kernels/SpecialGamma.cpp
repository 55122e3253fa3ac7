// SPDX-License-Identifier: Apache-2.0
// Gamma and its relatives, error functions and the normal distribution; see SpecialFunctions.h.
#include "SpecialFunctions.h"

#include <cmath>

namespace tsc::rt::special {

static constexpr double kNan = __builtin_nan("");

/// B(2k) / (2k)! for k = 1...
static constexpr double kBernoulli[] = {1.0 / 12,
                                        -1.0 / 720,
                                        1.0 / 30240,
                                        -1.0 / 1209600,
                                        1.0 / 47900160,
                                        -691.0 / 1307674368000.0,
                                        1.0 / 74724249600.0,
                                        -3617.0 / 10670622842880000.0,
                                        43867.0 / 5109094217170944000.0};

double digamma(double x) {
  if (x == 0)
    return std::copysign(HUGE_VAL, -x);
  if (x < 0) {
    if (x == std::trunc(x))
      return kNan;
    double rest = x - std::trunc(x);
    return digamma(1 - x) - M_PI / std::tan(M_PI * rest);
  }
  double result = 0;
  for (; x < 10; ++x)
    result -= 1 / x;
  if (x == HUGE_VAL)
    return x;
  // log(x) - 1/(2x) - sum of B(2k) / (2k x^2k)
  double z = 1 / (x * x), power = z, factorial = 1, tail = 0;
  for (int k = 1; k <= 8; ++k, power *= z) {
    tail += kBernoulli[k - 1] * factorial * power;
    factorial *= (2 * k) * (2 * k + 1);
  }
  return result + std::log(x) - 0.5 / x - tail;
}

/// Euler and Maclaurin's formula behind the first terms.
double zeta(double s, double q) {
  if (s == 1)
    return HUGE_VAL;
  if (!(s > 1))
    return kNan;
  if (q <= 0) {
    if (q == std::floor(q))
      return HUGE_VAL;
    if (s != std::floor(s) || q < -1e7)
      return kNan;
  }
  double sum = 0, a = q;
  for (int k = 0; k < 12 || a <= 12; ++k, ++a) {
    double term = std::pow(a, -s);
    sum += term;
    if (a > 0 && term < sum * 1e-18)
      return sum;
  }
  double power = std::pow(a, -s);
  sum += power * a / (s - 1) + 0.5 * power;
  double rising = s;
  power /= a;
  for (int j = 0; j < 9; ++j) {
    double term = kBernoulli[j] * rising * power;
    sum += term;
    if (std::fabs(term) < std::fabs(sum) * 1e-18)
      break;
    rising *= (s + 2 * j + 1) * (s + 2 * j + 2);
    power /= a * a;
  }
  return sum;
}

double polygamma(double x, int64_t n) {
  if (n == 0)
    return digamma(x);
  if (n == 1 && x < 0.5) {
    // trigamma(1 - x) + trigamma(x) = (pi / sin(pi x))^2
    double s = std::sin(M_PI * x);
    return M_PI * M_PI / (s * s) - zeta(2, 1 - x);
  }
  double order = static_cast<double>(n);
  return (n % 2 ? 1 : -1) * std::exp(std::lgamma(order + 1)) * zeta(order + 1, x);
}

double logMultigamma(double x, int64_t p) {
  double count = static_cast<double>(p), sum = count * (count - 1) / 4 * std::log(M_PI);
  for (int64_t j = 0; j < p; ++j)
    sum += std::lgamma(x - static_cast<double>(j) / 2);
  return sum;
}

// ---- Incomplete gamma functions
/// x^a e^-x / gamma(a).
static double gammaScale(double a, double x) {
  return std::exp(a * std::log(x) - x - std::lgamma(a));
}
static double lowerSeries(double a, double x) {
  double term = 1 / a, sum = term;
  for (double n = a + 1; std::fabs(term) > std::fabs(sum) * 1e-17 && n < a + 1e5; ++n) {
    term *= x / n;
    sum += term;
  }
  return sum * gammaScale(a, x);
}
/// Lentz's evaluation of the continued fraction.
static double upperFraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < 100000; ++i) {
    double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (std::fabs(d) < kTiny ? kTiny : d);
    c = b + an / c;
    c = std::fabs(c) < kTiny ? kTiny : c;
    double factor = c * d;
    h *= factor;
    if (std::fabs(factor - 1) < 1e-16)
      break;
  }
  return h * gammaScale(a, x);
}
/// The results at the borders of the domain; false inside it.
static bool gammaEdges(double a, double x, double &lower) {
  if (x < 0 || a < 0 || x != x || a != a)
    return lower = kNan, true;
  if (a == 0)
    return lower = x > 0 ? 1 : kNan, true;
  if (x == 0)
    return lower = 0, true;
  if (a == HUGE_VAL)
    return lower = x == HUGE_VAL ? kNan : 0, true;
  if (x == HUGE_VAL)
    return lower = 1, true;
  return false;
}
double lowerGamma(double a, double x) {
  double edge;
  if (gammaEdges(a, x, edge))
    return edge;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}
double upperGamma(double a, double x) {
  double edge;
  if (gammaEdges(a, x, edge))
    return 1 - edge;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

// ---- Error functions and the normal distribution
double erfcScaled(double x) {
  if (x < 25)
    return x < -26.7 ? HUGE_VAL : std::exp(x * x) * std::erfc(x);
  // 1 / (x sqrt(pi)) * (1 - 1/(2x^2) + 3/(4x^4) - ...)
  double z = 0.5 / (x * x), sum = 1, term = 1;
  for (int k = 1; k < 8; ++k) {
    term *= -(2 * k - 1) * z;
    sum += term;
  }
  return x == HUGE_VAL ? 0 : sum / (x * 1.7724538509055160);
}
double normalCdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }
double logNormalCdf(double x) {
  return x < -1 ? std::log(erfcScaled(-x * M_SQRT1_2) / 2) - x * x / 2
                : std::log1p(-std::erfc(x * M_SQRT1_2) / 2);
}

/// Newton's steps, on the function itself in the middle and on its logarithm in the tail, which is
/// concave and reached from below.
double normalQuantile(double p) {
  constexpr double kRoot2Pi = 2.5066282746310002;
  if (!(p > 0 && p < 1))
    return p == 0 ? -HUGE_VAL : p == 1 ? HUGE_VAL : kNan;
  if (p > 0.5)
    return p > 0.9 ? -normalQuantile(1 - p) : -normalQuantile(0.5 - (p - 0.5));
  if (p > 0.1) {
    double x = (p - 0.5) * kRoot2Pi, wanted = p - 0.5;
    for (int i = 0; i < 8; ++i)
      x -= (0.5 * std::erf(x * M_SQRT1_2) - wanted) * kRoot2Pi * std::exp(0.5 * x * x);
    return x;
  }
  double target = std::log(p), x = -std::sqrt(-2 * target);
  for (int i = 0; i < 10; ++i) {
    double scaled = erfcScaled(-x * M_SQRT1_2);
    double value = std::log(scaled / 2) - x * x / 2, slope = 0.7978845608028654 / scaled;
    x -= (value - target) / slope;
  }
  return x;
}
double erfInverse(double y) {
  double size = std::fabs(y);
  if (size > 1 || y != y)
    return kNan;
  if (size > 0.8)
    return std::copysign(normalQuantile((1 - size) / 2) * -M_SQRT1_2, y);
  double x = y * 0.8862269254527580;
  for (int i = 0; i < 8; ++i)
    x -= (std::erf(x) - y) * 0.8862269254527580 * std::exp(x * x);
  return x;
}

} // namespace tsc::rt::special
