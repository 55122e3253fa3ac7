// SPDX-License-Identifier: Apache-2.0
// Special functions of real numbers that the C library lacks, in double, to about 1e-13 relative to
// the result (or to its scale, near zeros). Series, recurrences, asymptotic expansions and Newton
// steps; where an integral has no shorter form, the trapezoidal rule, which converges exponentially
// for analytic integrands.
#pragma once

#include <cstdint>

namespace tsc::rt::special {

double digamma(double x);
double zeta(double s, double q);           ///< Hurwitz: sum of (q + k)^-s
double polygamma(double x, int64_t n);     ///< the n-th derivative of digamma
double logMultigamma(double x, int64_t p); ///< log of the multivariate gamma function
double lowerGamma(double a, double x);     ///< regularized, P(a, x)
double upperGamma(double a, double x);     ///< regularized, Q(a, x)
double erfInverse(double y);
double erfcScaled(double x); ///< exp(x^2) erfc(x)
double normalCdf(double x);
double logNormalCdf(double x);
double normalQuantile(double p);

/// Modified Bessel functions; `scaled` ones are times exp(-|x|) for I and exp(x) for K.
double besselI0(double x, bool scaled);
double besselI1(double x, bool scaled);
double besselK0(double x, bool scaled);
double besselK1(double x, bool scaled);

/// Orthogonal polynomials of degree n at x; 0 for a negative n.
double chebyshevT(double x, int64_t n);
double chebyshevU(double x, int64_t n);
double chebyshevV(double x, int64_t n);
double chebyshevW(double x, int64_t n);
double hermiteH(double x, int64_t n);
double hermiteHe(double x, int64_t n);
double laguerreL(double x, int64_t n);
double legendreP(double x, int64_t n);

} // namespace tsc::rt::special
