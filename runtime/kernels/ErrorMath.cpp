// SPDX-License-Identifier: Apache-2.0
// Error functions: the scaled complement by a continued fraction, the inverses by Newton's steps.
#include "SpecialMath.h"

#include <cmath>

namespace tsc::rt::math {

static constexpr double kTwoOverRootPi = 1.1283791670955126;

double scaledErfc(double x) {
  if (x < -26.7)
    return x == x ? HUGE_VAL : x;
  if (x < 4)
    return x < 0 ? 2 * std::exp(x * x) - scaledErfc(-x) : std::exp(x * x) * std::erfc(x);
  double tail = x;
  for (int k = 60; k > 0; --k)
    tail = x + k * 0.5 / tail;
  return kTwoOverRootPi / 2 / tail;
}

/// y >= 0 with erfc(y) = q, for 0 < q <= 1: Newton's steps on log(erfc).
static double inverseErfc(double q) {
  if (q > 0.5) { // on erf, whose slope is not small there
    double y = (1 - q) / kTwoOverRootPi;
    for (int i = 0; i < 6; ++i)
      y += (std::erfc(y) - q) / (kTwoOverRootPi * std::exp(-y * y));
    return y;
  }
  double target = std::log(q), y = std::sqrt(std::fmax(-target - 0.5 * std::log1p(-target), 0.1));
  for (int i = 0; i < 8; ++i) {
    double scaled = scaledErfc(y);
    double step = (std::log(scaled) - y * y - target) * scaled / kTwoOverRootPi;
    y += step;
    if (std::fabs(step) < 1e-16 * y)
      break;
  }
  return y;
}

double inverseErf(double x) {
  double size = std::fabs(x);
  if (!(size <= 1))
    return static_cast<double>(NAN);
  if (size == 1)
    return std::copysign(HUGE_VAL, x);
  if (size > 0.5)
    return std::copysign(inverseErfc(1 - size), x);
  double y = x / kTwoOverRootPi;
  for (int i = 0; i < 6; ++i)
    y -= (std::erf(y) - x) / (kTwoOverRootPi * std::exp(-y * y));
  return y;
}

double normalCdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }

double logNormalCdf(double x) {
  if (x < -1)
    return std::log(0.5 * scaledErfc(-x * M_SQRT1_2)) - 0.5 * x * x;
  return std::log1p(-0.5 * std::erfc(x * M_SQRT1_2));
}

double inverseNormalCdf(double p) {
  if (!(p >= 0 && p <= 1))
    return static_cast<double>(NAN);
  if (p == 0 || p == 1)
    return p == 0 ? -HUGE_VAL : HUGE_VAL;
  return p <= 0.5 ? -M_SQRT2 * inverseErfc(2 * p) : M_SQRT2 * inverseErfc(2 * (1 - p));
}

} // namespace tsc::rt::math
