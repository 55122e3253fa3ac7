// SPDX-License-Identifier: Apache-2.0
// Special functions of real numbers in double, from series, continued fractions, recurrences and
// quadrature that converge to a double's last places; float arguments are computed in double too.
#pragma once

#include <cstdint>

namespace tsc::rt::math {

// ---- Gamma functions
double digamma(double x);
double trigamma(double x);
/// The n-th derivative of digamma, n >= 0.
double polygamma(int64_t n, double x);
/// Hurwitz's zeta function, the sum of (q + k)^-s.
double zeta(double s, double q);
/// The regularized incomplete gamma functions of order a.
double lowerGamma(double a, double x);
double upperGamma(double a, double x);
/// log of the multivariate gamma function of dimension p.
double logMultiGamma(double x, int64_t p);

// ---- Error functions
double inverseErf(double x);
double scaledErfc(double x); ///< exp(x^2) erfc(x)
double normalCdf(double x);
double logNormalCdf(double x);
double inverseNormalCdf(double p);

// ---- Bessel and Airy functions
double besselJ0(double x);
double besselJ1(double x);
double besselY0(double x);
double besselY1(double x);
/// exp(-|x|) I(x); without `scaled` I(x).
double besselI0(double x, bool scaled);
double besselI1(double x, bool scaled);
/// exp(x) K(x); without `scaled` K(x).
double besselK0(double x, bool scaled);
double besselK1(double x, bool scaled);
double sphericalJ0(double x);
double airyAi(double x);

} // namespace tsc::rt::math
