// SPDX-License-Identifier: Apache-2.0
// Special functions as compiled kernels call them, one number at a time
// (tsc/Common/MathFunctions.def); polynomials stand in OrthogonalPolynomials.cpp.
#include "SpecialMath.h"

#include <cmath>

using namespace tsc::rt;

/// Both are computed in double, as in the generic kernels.
#define TSC_MATH_1(NAME, ...)                                                                      \
  extern "C" float tsc_rt_math_##NAME##_f32(float number) {                                        \
    double x = static_cast<double>(number);                                                        \
    return static_cast<float>(__VA_ARGS__);                                                        \
  }                                                                                                \
  extern "C" double tsc_rt_math_##NAME##_f64(double x) { return __VA_ARGS__; }
#define TSC_MATH_2(NAME, ...)                                                                      \
  extern "C" float tsc_rt_math_##NAME##_f32(float first, float second) {                           \
    double x = static_cast<double>(first), y = static_cast<double>(second);                        \
    return static_cast<float>(__VA_ARGS__);                                                        \
  }                                                                                                \
  extern "C" double tsc_rt_math_##NAME##_f64(double x, double y) { return __VA_ARGS__; }

TSC_MATH_1(digamma, math::digamma(x))
TSC_MATH_1(lgamma, std::lgamma(x))
TSC_MATH_2(polygamma, math::polygamma(static_cast<int64_t>(x), y))
TSC_MATH_2(mvlgamma, math::logMultiGamma(x, static_cast<int64_t>(y)))
TSC_MATH_2(igamma, math::lowerGamma(x, y))
TSC_MATH_2(igammac, math::upperGamma(x, y))
TSC_MATH_2(zeta, math::zeta(x, y))

TSC_MATH_1(erfinv, math::inverseErf(x))
TSC_MATH_1(erfcx, math::scaledErfc(x))
TSC_MATH_1(ndtri, math::inverseNormalCdf(x))
TSC_MATH_1(log_ndtr, math::logNormalCdf(x))

TSC_MATH_1(i0, math::besselI0(x, false))
TSC_MATH_1(i0e, math::besselI0(x, true))
TSC_MATH_1(i1, math::besselI1(x, false))
TSC_MATH_1(i1e, math::besselI1(x, true))
TSC_MATH_1(bessel_j0, math::besselJ0(x))
TSC_MATH_1(bessel_j1, math::besselJ1(x))
TSC_MATH_1(bessel_y0, math::besselY0(x))
TSC_MATH_1(bessel_y1, math::besselY1(x))
TSC_MATH_1(bessel_k0, math::besselK0(x, false))
TSC_MATH_1(bessel_k1, math::besselK1(x, false))
TSC_MATH_1(bessel_k0e, math::besselK0(x, true))
TSC_MATH_1(bessel_k1e, math::besselK1(x, true))
TSC_MATH_1(spherical_bessel_j0, math::sphericalJ0(x))
TSC_MATH_1(airy_ai, math::airyAi(x))
