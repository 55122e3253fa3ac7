// SPDX-License-Identifier: Apache-2.0
// Bessel functions of orders 0 and 1 and Airy's function. J by Miller's backward recurrence up to
// 25, then by Hankel's expansion; Y by Neumann's series over the same numbers; I by its power
// series or expansion; K by the trapezoidal rule on its integral over the line, which converges
// exponentially.
#include "SpecialMath.h"

#include <cmath>

namespace tsc::rt::math {
namespace {
constexpr double kNaN = static_cast<double>(NAN), kInfinity = HUGE_VAL;
constexpr double kEuler = 0.57721566490153286061;
constexpr double kLarge = 25;
constexpr int kOrders = 80;

/// J of orders 0 to `orders` at 0 < x <= kLarge.
struct BesselTable {
  double j[kOrders + 2] = {};
  int orders;
  explicit BesselTable(double x) : orders(x < 1 ? 20 : 2 * (static_cast<int>(x + 40) / 2)) {
    if (x < 1e-8) {
      j[0] = 1, j[1] = x / 2;
      orders = 2;
      return;
    }
    j[orders] = 1e-280;
    double norm = 0;
    for (int n = orders; n > 0; --n) {
      j[n - 1] = 2.0 * n / x * j[n] - j[n + 1];
      if (n % 2 == 0)
        norm += 2 * j[n];
    }
    norm += j[0];
    for (int n = 0; n <= orders; ++n)
      j[n] /= norm;
  }
};

/// Hankel's expansion: P and Q of order n at a large x.
struct Hankel {
  double p = 1, q = 0;
  Hankel(int order, double x) {
    double mu = 4.0 * order * order, term = 1;
    for (int k = 1; k < 60; ++k) {
      double odd = 2.0 * k - 1, next = term * (mu - odd * odd) / (k * 8 * x);
      if (std::fabs(next) < 1e-18 || std::fabs(next) > std::fabs(term))
        break;
      term = next;
      (k % 2 ? q : p) += (k / 2) % 2 ? -term : term;
    }
  }
};
/// sqrt(2 / (pi x)) (P cos - Q sin) of x less the phase of the order; with `second` (P sin + Q
/// cos).
double hankelValue(int order, double x, bool second) {
  Hankel h(order, x);
  double c = std::cos(x), s = std::sin(x);
  // Phases pi/4 and 3 pi/4.
  double cosine = order == 0 ? c + s : s - c, sine = order == 0 ? s - c : -(s + c);
  return (second ? h.p * sine + h.q * cosine : h.p * cosine - h.q * sine) / std::sqrt(M_PI * x);
}
} // namespace

double besselJ0(double x) {
  x = std::fabs(x);
  if (x == 0 || !(x < kInfinity))
    return x == 0 ? 1 : x == x ? 0 : x;
  return x > kLarge ? hankelValue(0, x, false) : BesselTable(x).j[0];
}
double besselJ1(double x) {
  double size = std::fabs(x);
  if (x == 0 || !(size < kInfinity))
    return x == 0 ? x : x == x ? 0 : x;
  return std::copysign(1.0, x) *
         (size > kLarge ? hankelValue(1, size, false) : BesselTable(size).j[1]);
}
double besselY0(double x) {
  if (!(x > 0))
    return x == 0 ? -kInfinity : kNaN;
  if (x > kLarge)
    return x < kInfinity ? hankelValue(0, x, true) : 0;
  BesselTable t(x);
  double sum = 0;
  for (int k = 1; 2 * k <= t.orders; ++k)
    sum += (k % 2 ? -1 : 1) * t.j[2 * k] / k;
  return 2 / M_PI * ((std::log(x / 2) + kEuler) * t.j[0] - 2 * sum);
}
double besselY1(double x) {
  if (!(x > 0))
    return x == 0 ? -kInfinity : kNaN;
  if (x > kLarge)
    return x < kInfinity ? hankelValue(1, x, true) : 0;
  // Less the derivative of Y0's series.
  BesselTable t(x);
  double sum = 0;
  for (int k = 1; 2 * k <= t.orders; ++k)
    sum += (k % 2 ? -1 : 1) * (t.j[2 * k - 1] - t.j[2 * k + 1]) / 2 / k;
  return 2 / M_PI * ((std::log(x / 2) + kEuler) * t.j[1] - t.j[0] / x + 2 * sum);
}

/// exp(-x) I of an order at x >= 0.
static double scaledI(int order, double x) {
  if (x < kLarge) {
    double quarter = x * x / 4, term = order ? x / 2 : 1, sum = term;
    for (int k = 1; k < 200 && term > sum * 1e-17; ++k) {
      term *= quarter / (static_cast<double>(k) * (k + order));
      sum += term;
    }
    return sum * std::exp(-x);
  }
  double mu = 4.0 * order * order, term = 1, sum = 1;
  for (int k = 1; k < 60; ++k) {
    double odd = 2.0 * k - 1, next = -term * (mu - odd * odd) / (k * 8 * x);
    if (std::fabs(next) < 1e-18 || std::fabs(next) > std::fabs(term))
      break;
    term = next;
    sum += term;
  }
  return sum / std::sqrt(2 * M_PI * x);
}
static double unscaledI(int order, double size) {
  double half = std::exp(size / 2); // in two steps, for results near the largest double
  return scaledI(order, size) * half * half;
}
double besselI0(double x, bool scaled) {
  double size = std::fabs(x);
  if (size == kInfinity)
    return scaled ? 0 : kInfinity;
  return scaled ? scaledI(0, size) : unscaledI(0, size);
}
double besselI1(double x, bool scaled) {
  double size = std::fabs(x);
  if (size == kInfinity)
    return scaled ? std::copysign(0.0, x) : x;
  return std::copysign(1.0, x) * (scaled ? scaledI(1, size) : unscaledI(1, size));
}

/// exp(x) K of any order at x > 0: the integral of exp(-x (cosh t - 1)) cosh(order t) over t >= 0.
static double scaledK(double order, double x) {
  double step = std::fmin(0.125, 0.6 / std::sqrt(x)), sum = 0.5;
  for (int k = 1; k < 4000; ++k) {
    double t = k * step, half = std::sinh(t / 2), decay = 2 * x * half * half;
    if (decay > 50 + order * t)
      break;
    sum += std::exp(-decay) * std::cosh(order * t);
  }
  return sum * step;
}
double besselK0(double x, bool scaled) {
  if (!(x > 0))
    return x == 0 ? kInfinity : kNaN;
  if (x == kInfinity)
    return 0;
  double value = x < 1e-17 ? -std::log(x / 2) - kEuler : scaledK(0, x);
  return scaled ? value : value * std::exp(-x);
}
double besselK1(double x, bool scaled) {
  if (!(x > 0))
    return x == 0 ? kInfinity : kNaN;
  if (x == kInfinity)
    return 0;
  double value = x < 1e-17 ? 1 / x : scaledK(1, x);
  return scaled ? value : value * std::exp(-x);
}

double sphericalJ0(double x) {
  if (std::isinf(x))
    return 0;
  return x == 0 ? 1 : std::sin(x) / x;
}

double airyAi(double x) {
  if (!std::isfinite(x))
    return x == x ? 0 : x;
  double zeta = 2.0 / 3 * std::pow(std::fabs(x), 1.5);
  if (x > 1)
    return std::sqrt(x / 3) / M_PI * scaledK(1.0 / 3, zeta) * std::exp(-zeta);
  if (x < -7.5) {
    double term = 1, p = 1, q = 0;
    for (int k = 1; k < 40; ++k) {
      double next =
          term * (6.0 * k - 5) * (6.0 * k - 3) * (6.0 * k - 1) / (216.0 * k * (2.0 * k - 1)) / zeta;
      if (next < 1e-18 || next > term)
        break;
      term = next;
      (k % 2 ? q : p) += (k / 2) % 2 ? -term : term;
    }
    double c = std::cos(zeta), s = std::sin(zeta);
    return ((s + c) * p - (c - s) * q) * M_SQRT1_2 / (std::sqrt(M_PI) * std::pow(-x, 0.25));
  }
  double cube = x * x * x, first = 1, second = x, f = 1, g = x;
  for (int k = 1; k < 100; ++k) {
    first *= cube / ((3.0 * k - 1) * (3.0 * k));
    second *= cube / ((3.0 * k) * (3.0 * k + 1));
    f += first, g += second;
    if (std::fabs(first) + std::fabs(second) < 1e-18)
      break;
  }
  return 0.35502805388781723926 * f - 0.25881940379280679840 * g;
}

} // namespace tsc::rt::math
