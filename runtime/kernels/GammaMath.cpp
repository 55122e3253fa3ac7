// SPDX-License-Identifier: Apache-2.0
// Gamma functions: recurrences up to where the asymptotic series are exact, reflection below zero.
#include "SpecialMath.h"

#include <cmath>

namespace tsc::rt::math {
namespace {
constexpr double kNaN = static_cast<double>(NAN), kInfinity = HUGE_VAL;
constexpr double kEpsilon = 0x1p-53;

/// Bernoulli numbers B2, B4, ... B24.
constexpr double kBernoulli[] = {
    1.0 / 6, -1.0 / 30,     1.0 / 42,      -1.0 / 30,       5.0 / 66,       -691.0 / 2730,
    7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730};
constexpr int kBernoullis = 12;

double sineOfPi(double x) { return std::sin(M_PI * std::fmod(x, 2.0)); }
} // namespace

double digamma(double x) {
  if (x == 0)
    return std::copysign(kInfinity, -x);
  if (x < 0) {
    if (x == std::trunc(x))
      return kNaN;
    double fraction = std::fmod(x, 1.0);
    return digamma(1 - x) - M_PI / std::tan(M_PI * fraction);
  }
  double shift = 0;
  for (; x < 12; ++x)
    shift += 1 / x;
  double inverse = 1 / (x * x), power = inverse, series = 0;
  for (int k = 0; k < 8; ++k, power *= inverse)
    series += kBernoulli[k] / (2.0 * (k + 1)) * power;
  return std::log(x) - 0.5 / x - series - shift;
}

double trigamma(double x) {
  if (x < 0.5) {
    double s = sineOfPi(x);
    return M_PI * M_PI / (s * s) - trigamma(1 - x);
  }
  double shift = 0;
  for (; x < 12; ++x)
    shift += 1 / (x * x);
  double inverse = 1 / (x * x), power = inverse / x, series = 0;
  for (int k = 0; k < 8; ++k, power *= inverse)
    series += kBernoulli[k] * power;
  return 1 / x + 0.5 * inverse + series + shift;
}

double polygamma(int64_t n, double x) {
  if (n == 0)
    return digamma(x);
  if (n == 1)
    return trigamma(x);
  double order = static_cast<double>(n),
         size = std::exp(std::lgamma(order + 1)) * zeta(order + 1, x);
  return n % 2 ? size : -size;
}

double zeta(double s, double q) {
  if (s == 1)
    return kInfinity;
  if (!(s > 1))
    return kNaN;
  if (q <= 0) {
    if (q == std::floor(q))
      return kInfinity;
    if (s != std::floor(s))
      return kNaN;
  }
  // Terms up to a base above 9, then Euler and Maclaurin's formula.
  double sum = std::pow(q, -s), base = q, term = sum;
  for (int i = 1; i < 10 || base <= 9; ++i) {
    base += 1;
    term = std::pow(base, -s);
    sum += term;
    if (std::fabs(term) < kEpsilon * std::fabs(sum))
      return sum;
  }
  sum += term * base / (s - 1) - 0.5 * term;
  double factor = s, power = term / base, factorial = 2;
  for (int k = 0; k < kBernoullis; ++k) {
    double part = kBernoulli[k] / factorial * factor * power;
    sum += part;
    if (std::fabs(part) < kEpsilon * std::fabs(sum))
      break;
    double j = 2.0 * k;
    factor *= (s + j + 1) * (s + j + 2);
    factorial *= (j + 3) * (j + 4);
    power /= base * base;
  }
  return sum;
}

double logMultiGamma(double x, int64_t p) {
  double dims = static_cast<double>(p), sum = dims * (dims - 1) / 4 * std::log(M_PI);
  for (int64_t j = 0; j < p; ++j)
    sum += std::lgamma(x - static_cast<double>(j) / 2);
  return sum;
}

// ---- Incomplete gamma functions
/// log(1 + x) - x without cancellation.
static double log1pMinus(double x) {
  if (std::fabs(x) > 0.4)
    return std::log1p(x) - x;
  // log(1 + x) = 2 atanh(r) with r = x / (2 + x), of which x = 2 r / (1 - r).
  double r = x / (2 + x), square = r * r, power = r * square, series = 0;
  for (int k = 3; k < 60 && std::fabs(power) > 1e-22; k += 2, power *= square)
    series += power / k;
  return 2 * series - x * r;
}
/// x^a exp(-x) / gamma(a + 1)
static double gammaFactor(double a, double x) {
  if (a < 12)
    return std::exp(a * std::log(x) - x - std::lgamma(a + 1));
  double inverse = 1 / (a * a), power = 1 / a, stirling = 0;
  for (int k = 0; k < 8; ++k, power *= inverse)
    stirling += kBernoulli[k] / ((2.0 * k + 1) * (2.0 * k + 2)) * power;
  return std::exp(a * log1pMinus((x - a) / a) - stirling) / std::sqrt(2 * M_PI * a);
}
constexpr int kMostTerms = 200000;

static double lowerSeries(double a, double x) {
  double sum = 1, term = 1;
  for (int k = 1; k < kMostTerms && term > sum * kEpsilon; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return gammaFactor(a, x) * sum;
}
/// By the continued fraction of the upper function, from the front (Lentz).
static double upperFraction(double a, double x) {
  double b = x + 1 - a, c = 1e300, d = 1 / b, value = d;
  for (int k = 1; k < kMostTerms; ++k) {
    double step = -k * (k - a);
    b += 2;
    d = step * d + b;
    c = b + step / c;
    d = 1 / (std::fabs(d) < 1e-300 ? 1e-300 : d);
    c = std::fabs(c) < 1e-300 ? 1e-300 : c;
    double change = c * d;
    value *= change;
    if (std::fabs(change - 1) < kEpsilon * 2)
      break;
  }
  return gammaFactor(a, x) * a * value;
}
/// 1 - P for small x and a, where P is close to 1: both parts of the difference are small.
static double upperSmall(double a, double x) {
  double sum = 0, term = 1;
  for (int k = 1; k < 200 && std::fabs(term) > 1e-18; ++k) {
    term *= -x / k;
    sum += term / (a + k);
  }
  double logs = a * std::log(x) - std::lgamma(a + 1);
  return -std::expm1(logs) - std::exp(logs) * a * sum;
}

double lowerGamma(double a, double x) {
  if (!(x >= 0) || !(a >= 0))
    return kNaN;
  if (a == 0)
    return x > 0 ? 1 : kNaN;
  if (x == 0)
    return 0;
  if (std::isinf(a))
    return std::isinf(x) ? kNaN : 0;
  if (std::isinf(x))
    return 1;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}
double upperGamma(double a, double x) {
  if (!(x >= 0) || !(a >= 0))
    return kNaN;
  if (a == 0)
    return x > 0 ? 0 : kNaN;
  if (x == 0)
    return 1;
  if (std::isinf(a))
    return std::isinf(x) ? kNaN : 1;
  if (std::isinf(x))
    return 0;
  if (x >= a + 1)
    return upperFraction(a, x);
  return x < 1 && a < 1 ? upperSmall(a, x) : 1 - lowerSeries(a, x);
}

} // namespace tsc::rt::math
