// SPDX-License-Identifier: Apache-2.0
// Functions of float32 computed in float32. Polynomials are minimax fits of the relative error with
// coefficients rounded one after the other. A number is rounded to an integer by adding
// 1.5 * 2^23, whose last bits then hold the integer: no conversion, which would be undefined for
// NaN, is needed.
#include "LaneMath.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static constexpr double kRounder = 12582912; // 1.5 * 2^23
static constexpr double kInf = __builtin_huge_val();
static constexpr double kLog2High = 0.693359375, kLog2Low = -2.12194440e-4;
/// (e^r - 1 - r) / r^2 for |r| <= log(2) / 2.
static constexpr double kExp[] = {0.49999994, 0.166665211, 0.0416682698, 0.00836868025,
                                  0.00138204196};

/// The same, whose error counts relative to e^r - 1.
static constexpr double kExpM1[] = {0.5,           0.166666657,   0.0416664928,
                                    0.00833354518, 0.00139323331, 0.000197625253};

/// p * 2^n for p in [0.7, 1.42] and -151 <= n <= 128, where the last bits of `rounded` are n. Below
/// 2^-125 the power goes in by two factors, so that the result may be denormal.
static Real scale(Real p, Real rounded, Value isSmall) {
  LaneMath &m = *p.lanes;
  Value power = m.shiftLeft(m.toBits(rounded), 23);
  Value raised = m.select(isSmall, m.integer(64 << 23), m.integer(0));
  Real scaled = m.fromBits(m.add(m.add(m.toBits(p), power), raised));
  return scaled * m.select(isSmall, m.number(0x1p-64), m.number(1));
}

Real singleExp(Real x) {
  LaneMath &m = *x.lanes;
  Real bounded = m.atLeast(x, -104);
  Real rounded = m.fma(bounded, m.number(1.44269504), m.number(kRounder));
  Real n = rounded - kRounder;
  Real r = m.fma(n, m.number(-kLog2High), bounded);
  r = m.fma(n, m.number(-kLog2Low), r);
  Real p = m.fma(m.horner(r, kExp), r * r, r) + 1;
  Real value = scale(p, rounded, x < -87);
  return m.select(x < 88.7228394, value, x + kInf); // NaN stays
}

Real singleExp2(Real x) {
  static constexpr double kTwo[] = {0.693147182,   0.240226477,   0.0555035956,
                                    0.00961849932, 0.00133909693, 0.00015329264};
  LaneMath &m = *x.lanes;
  Real bounded = m.atLeast(x, -151);
  Real rounded = bounded + kRounder;
  Real r = bounded - (rounded - kRounder);
  Real p = m.fma(m.horner(r, kTwo), r, m.number(1));
  Real value = scale(p, rounded, x < -125);
  return m.select(x < 128, value, x + kInf);
}

/// 2^n (e^r - 1) + (2^n - 1), in halves so that 2^128 is not needed.
Real singleExpM1(Real x) {
  LaneMath &m = *x.lanes;
  Real bounded = m.atMost(m.atLeast(x, -25), 89);
  Real rounded = m.fma(bounded, m.number(1.44269504), m.number(kRounder));
  Real n = rounded - kRounder;
  Real r = m.fma(n, m.number(-kLog2High), bounded);
  r = m.fma(n, m.number(-kLog2Low), r);
  Real p = m.fma(m.horner(r, kExpM1), r * r, r);
  Real half = m.fromBits(m.add(m.shiftLeft(m.toBits(rounded), 23), m.integer(126 << 23)));
  Real value = m.fma(half, p, half - 0.5);
  return m.select(x == 0, x, value + value);
}

namespace {
/// x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
struct Split {
  Value k;
  Real f;
};
} // namespace

static Split split(Real x) {
  LaneMath &m = *x.lanes;
  Value root = m.integer(0x3f3504f3); // the bits of sqrt(1/2)
  Value offset = m.subtract(m.toBits(x), root);
  Value mantissa = m.add(m.bitAnd(offset, m.integer(0x7fffff)), root);
  return {m.shiftRight(offset, 23), m.fromBits(mantissa) - 1};
}

/// k log(2) + log(1 + f).
static Real logOf(Real k, Real f) {
  // (log(1 + f) - f + f^2 / 2) / f^3
  static constexpr double kLog[] = {0.333333313, -0.250008196, 0.200012416, -0.166234091,
                                    0.142015815, -0.131596133, 0.127621993, -0.0763639957};
  LaneMath &m = *f.lanes;
  Real square = f * f;
  Real tail = m.fma(square * f, m.horner(f, kLog), k * kLog2Low);
  tail = m.fma(square, m.number(-0.5), tail);
  return m.fma(k, m.number(kLog2High), f + tail);
}

/// `value` for 0 < x < inf; what the logarithm is for other x.
static Real logEdges(Real x, Real value) {
  LaneMath &m = *x.lanes;
  Real below = m.select(x == 0, m.number(-kInf), m.number(__builtin_nan("")));
  return m.select(x < kInf, m.select(x > 0, value, below), x);
}

Real singleLog(Real x) {
  LaneMath &m = *x.lanes;
  Value isSmall = x < 0x1p-126;
  Split parts = split(m.select(isSmall, x * 0x1p23, x));
  Real k = m.toReal(parts.k) - m.select(isSmall, m.number(23), m.number(0));
  return logEdges(x, logOf(k, parts.f));
}

/// log of u = 1 + x, to whose mantissa what the sum lost is added.
Real singleLog1p(Real x) {
  LaneMath &m = *x.lanes;
  Real u = x + 1, lost = x - (u - 1);
  Split parts = split(u);
  Value k = m.make<arith::MinSIOp>(parts.k, m.integer(126)); // from 2^24 on nothing is lost
  Real inverse = m.fromBits(m.subtract(m.integer(127 << 23), m.shiftLeft(k, 23)));
  Real value = logOf(m.toReal(parts.k), m.fma(lost, inverse, parts.f));
  return m.select(x == 0, x, logEdges(u, value));
}

/// t / (t + 2) for t = e^2|x| - 1, which keeps its digits near 0.
Real singleTanh(Real x) {
  LaneMath &m = *x.lanes;
  Real size = m.atMost(m.abs(x), 9.02); // beyond, the result is 1
  Real rounded = m.fma(size, m.number(2 * 1.44269504), m.number(kRounder));
  Real n = rounded - kRounder;
  // r is halved, and the powers of two are in the coefficients.
  Real half = m.fma(n, m.number(-0.5 * 0.6931471805599453), size), r = half + half;
  double doubled[std::size(kExpM1)];
  for (size_t i = 0; i < std::size(kExpM1); ++i)
    doubled[i] = kExpM1[i] * static_cast<double>(1 << i);
  Real p = m.fma(m.horner(half, doubled), r * r, r);
  Real power = m.fromBits(m.add(m.shiftLeft(m.toBits(rounded), 23), m.integer(127 << 23)));
  Real t = m.fma(power, p, power - 1);
  return m.copySign(t / (t + 2), x);
}

/// Two polynomials; beyond 3.92 the result is 1.
Real singleErf(Real x) {
  static constexpr double kNear[] = {0.128379166,   -0.376126111,    0.112833641,   -0.026843518,
                                     0.00516773108, -0.000782473944, 7.23606863e-05};
  static constexpr double kFar[] = {
      0.999614298,    0.0020717748,   -0.00520077022,  0.00801248755,  -0.00831663515,
      0.0059442115,   -0.0027725054,  0.000576958293,  0.000256753294, -0.000259705965,
      6.64006075e-05, 1.47611445e-05, -9.51142283e-06, 7.99369275e-07};
  LaneMath &m = *x.lanes;
  Real size = m.abs(x);
  Real near = m.fma(m.horner(x * x, kNear), size, size);
  Real far = m.horner(size - 2.51, kFar);
  // NaN stays in the second.
  far = m.select(m.compare(arith::CmpFPredicate::ULT, size, m.number(3.92)), far, m.number(1));
  return m.copySign(m.select(size < 1.1, near, far), x);
}

} // namespace tsc::lowering
