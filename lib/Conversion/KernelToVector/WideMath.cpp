// SPDX-License-Identifier: Apache-2.0
// Functions of float32 computed in float64: short series whose error is far below a float32's last
// place, so that the result is rounded once. They are for what programs seldom compute.
#include "LaneMath.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static constexpr double kInf = __builtin_huge_val();
static constexpr double kHalfPi = 1.5707963267948966;
static constexpr double kRounder = 0x1.8p52; // as in SingleMath.cpp

static Value both(LaneMath &m, Value a, Value b) { return m.make<arith::AndIOp>(a, b); }

/// e^x with a relative error below 1e-12; |x| is cut at 700. NaN gives anything.
static Real coreExp(Real x) {
  static constexpr double kSeries[] = {
      1,         1,          1 / 2.0,     1 / 6.0,      1 / 24.0,     1 / 120.0,
      1 / 720.0, 1 / 5040.0, 1 / 40320.0, 1 / 362880.0, 1 / 3628800.0};
  LaneMath &m = *x.lanes;
  Real bounded = m.atMost(m.atLeast(x, -700), 700);
  Real rounded = m.fma(bounded, m.number(1.4426950408889634), m.number(kRounder));
  Real r = m.fma(rounded - kRounder, m.number(-0.6931471805599453), bounded);
  Value power = m.shiftLeft(m.toBits(rounded), 52);
  return m.fromBits(m.add(m.toBits(m.horner(r, kSeries)), power));
}

/// log(x) for 0 < x < inf that is a normal float64.
static Real coreLog(Real x) {
  static constexpr double kSeries[] = {2,        2 / 3.0,  2 / 5.0,  2 / 7.0, 2 / 9.0,
                                       2 / 11.0, 2 / 13.0, 2 / 15.0, 2 / 17.0};
  LaneMath &m = *x.lanes;
  Value root = m.integer(0x3fe6a09e667f3bcd); // the bits of sqrt(1/2)
  Value offset = m.subtract(m.toBits(x), root);
  Value mantissa = m.add(m.bitAnd(offset, m.integer((int64_t(1) << 52) - 1)), root);
  // As a float without a conversion, which few targets have for 64 bits.
  Real k = m.fromBits(m.add(m.shiftRight(offset, 52), m.integer(0x4338000000000000))) - kRounder;
  Real f = m.fromBits(mantissa), s = (f - 1) / (f + 1);
  return m.fma(k, m.number(0.6931471805599453), s * m.horner(s * s, kSeries));
}
/// The same for all x.
static Real anyLog(Real x) {
  LaneMath &m = *x.lanes;
  Real below = m.select(x == 0, m.number(-kInf), m.number(__builtin_nan("")));
  return m.select(x < kInf, m.select(x > 0, coreLog(x), below), x);
}

Real wideLog2(Real x) { return anyLog(x) * 1.4426950408889634; }
Real wideLog10(Real x) { return anyLog(x) * 0.4342944819032518; }

/// x^y as e^(y log|x|), with the signs and special cases of the C library.
Real widePower(Real x, Real y) {
  LaneMath &m = *x.lanes;
  Real size = m.abs(x), one = m.number(1);
  Real exponent = y * anyLog(size);
  Real power = m.select(exponent == exponent, coreExp(exponent), exponent);
  power = m.select(exponent < -700, m.number(0), m.select(exponent > 700, m.number(kInf), power));
  Value isWhole = y == m.roundEven(y);
  Real half = y * 0.5;
  Value isOdd = both(m, isWhole, half != m.roundEven(half));
  power = m.select(isOdd, m.copySign(power, x), power);
  Value isNegative = both(m, x < 0, size < kInf);
  Value hasNone = both(
      m, isNegative,
      m.bitXor(isWhole,
               m.make<arith::ConstantOp>(m.shape ? TypedAttr(DenseElementsAttr::get(
                                                       cast<ShapedType>(isWhole.getType()), true))
                                                 : TypedAttr(m.builder.getBoolAttr(true)))));
  power = m.select(hasNone, m.number(__builtin_nan("")), power);
  Value isUnit = m.make<arith::OrIOp>(y == 0, x == 1);
  Value turns = both(m, x == -1, m.abs(y) == kInf);
  return m.select(m.make<arith::OrIOp>(isUnit, turns), one, power);
}

// ---- Angles
namespace {
/// An angle of r + quarter * pi / 2, |r| <= pi / 4; the last bits of `quarter` count.
struct Turn {
  Real sine, cosine; ///< of r
  Value quarter;
};
} // namespace

/// r and the quarter of |x| <= 2^40: pi / 2 in three parts, of which the first two have few bits.
static std::pair<Real, Real> reduce(Real x) {
  LaneMath &m = *x.lanes;
  Real rounded = m.fma(x, m.number(0.6366197723675814), m.number(kRounder));
  Real n = rounded - kRounder;
  Real r = m.fma(n, m.number(-0x1.921fb544p+0), x);
  r = m.fma(n, m.number(-0x1.0b4611a6p-34), r);
  r = m.fma(n, m.number(-0x1.3198a2e037073p-69), r);
  return {r, rounded};
}

/// The same for any float32: x / (pi / 2) from parts of 2 / pi of 26 bits, whose products with x
/// are exact, each without its multiples of 4.
static std::pair<Real, Real> reduceLarge(Real x) {
  static constexpr double kParts[] = {0x1.45f3068p-1,  0x1.7272208p-27, 0x1.4a7f09p-54,
                                      0x1.abe8fa8p-79, 0x1.a6ee06p-107, 0x1.b62959p-132,
                                      0x1.278872p-157, 0x1.07f944p-186};
  LaneMath &m = *x.lanes;
  Real turns = m.number(0);
  for (double part : kParts) {
    Real product = x * part;
    turns = turns + (product - m.roundEven(product * 0.25) * 4);
  }
  Real n = m.roundEven(turns);
  return {(turns - n) * kHalfPi, n + kRounder};
}

static Turn turn(Real x) {
  static constexpr double kSine[] = {1,           -1 / 6.0,     1 / 120.0,
                                     -1 / 5040.0, 1 / 362880.0, -1 / 39916800.0};
  static constexpr double kCosine[] = {1,           -1 / 2.0,       1 / 24.0,       -1 / 720.0,
                                       1 / 40320.0, -1 / 3628800.0, 1 / 479001600.0};
  LaneMath &m = *x.lanes;
  auto [near, nearQuarter] = reduce(x);
  Value isLarge = m.abs(x) > 0x1p40;
  // Hardly ever taken, so that its length does not matter.
  auto branch = scf::IfOp::create(
      m.builder, m.loc, m.any(isLarge),
      [&](OpBuilder &builder, Location loc) {
        LaneMath inner(builder, loc, x.value.getType(), m.element);
        auto [far, farQuarter] = reduceLarge(inner.real(x.value));
        Value r = inner.select(isLarge, far.value, near.value);
        Value quarter = inner.select(isLarge, farQuarter.value, nearQuarter.value);
        scf::YieldOp::create(builder, loc, ValueRange{r, quarter});
      },
      [&](OpBuilder &builder, Location loc) {
        scf::YieldOp::create(builder, loc, ValueRange{near.value, nearQuarter.value});
      });
  Real r = m.real(branch.getResult(0)), square = r * r;
  return {r * m.horner(square, kSine), m.horner(square, kCosine),
          m.toBits(m.real(branch.getResult(1)))};
}

static Value hasBit(LaneMath &m, Value bits, int64_t bit) {
  return m.make<arith::CmpIOp>(arith::CmpIPredicate::ne, m.bitAnd(bits, m.integer(bit)),
                               m.integer(0));
}
/// The sine of the angle `quarters` quarters on.
static Real sineOf(const Turn &t, int64_t quarters) {
  LaneMath &m = *t.sine.lanes;
  Value quarter = m.add(t.quarter, m.integer(quarters));
  Real value = m.select(hasBit(m, quarter, 1), t.cosine, t.sine);
  return m.select(hasBit(m, quarter, 2), -value, value);
}
Real wideSin(Real x) {
  LaneMath &m = *x.lanes;
  return m.select(x == 0, x, sineOf(turn(x), 0));
}
Real wideCos(Real x) { return sineOf(turn(x), 1); }
Real wideTan(Real x) {
  LaneMath &m = *x.lanes;
  Turn t = turn(x);
  Value isOdd = hasBit(m, t.quarter, 1);
  Real value = m.select(isOdd, -t.cosine, t.sine) / m.select(isOdd, t.sine, t.cosine);
  return m.select(x == 0, x, value);
}

/// The angle of a point in the first octant turned from the second: atan of 0 <= t.
static Real coreAtan(Real t) {
  static constexpr double kSeries[] = {1,        -1 / 3.0,  1 / 5.0,  -1 / 7.0,
                                       1 / 9.0,  -1 / 11.0, 1 / 13.0, -1 / 15.0,
                                       1 / 17.0, -1 / 19.0, 1 / 21.0, -1 / 23.0};
  LaneMath &m = *t.lanes;
  Value inverts = t > 1;
  Real below = m.select(inverts, 1 / t, t);
  Value turns = below > 0.41421356237309503;
  Real u = m.select(turns, (below - 1) / (below + 1), below);
  Real angle = u * m.horner(u * u, kSeries) + m.select(turns, m.number(kHalfPi / 2), m.number(0));
  return m.select(inverts, kHalfPi - angle, angle);
}
Real wideAtan(Real x) {
  LaneMath &m = *x.lanes;
  return m.copySign(coreAtan(m.abs(x)), x);
}
Real wideAtan2(Real y, Real x) {
  LaneMath &m = *x.lanes;
  Real height = m.abs(y), width = m.abs(x), one = m.number(1);
  // Two zeros and two infinities have quotients of their own.
  Value isEqual = height == width;
  Real quotient = m.select(isEqual, m.select(height == 0, height, one), height / width);
  quotient = m.select(x == x, m.select(y == y, quotient, y), x);
  Real angle = coreAtan(quotient);
  Value isLeft = m.make<arith::CmpIOp>(arith::CmpIPredicate::slt, m.toBits(x), m.integer(0));
  return m.copySign(m.select(isLeft, 2 * kHalfPi - angle, angle), y);
}
Real wideAsin(Real x) {
  LaneMath &m = *x.lanes;
  return wideAtan(x / m.sqrt((1 - x) * (x + 1)));
}
Real wideAcos(Real x) {
  LaneMath &m = *x.lanes;
  return coreAtan(m.sqrt((1 - x) / (x + 1))) * 2;
}

// ---- Hyperbolic functions. Near 0, where differences lose digits, by the first terms of series.
Real wideSinh(Real x) {
  LaneMath &m = *x.lanes;
  Real e = coreExp(x), near = m.fma(x * x * x, m.number(1 / 6.0), x);
  Real value = m.select(m.abs(x) < 1e-3, near, (e - 1 / e) * 0.5);
  return m.select(x == x, value, x);
}
Real wideCosh(Real x) {
  LaneMath &m = *x.lanes;
  Real e = coreExp(x);
  return m.select(x == x, (e + 1 / e) * 0.5, x);
}
Real wideAsinh(Real x) {
  LaneMath &m = *x.lanes;
  Real size = m.abs(x), near = m.fma(x * x * x, m.number(-1 / 6.0), x);
  Real far = anyLog(size + m.sqrt(size * size + 1));
  return m.copySign(m.select(size < 1e-3, near, far), x);
}
Real wideAcosh(Real x) {
  LaneMath &m = *x.lanes;
  Real value = anyLog(x + m.sqrt((x - 1) * (x + 1)));
  return m.select(x < 1, m.number(__builtin_nan("")), value);
}
Real wideAtanh(Real x) {
  LaneMath &m = *x.lanes;
  Real near = m.fma(x * x * x, m.number(1 / 3.0), x);
  Real far = anyLog((x + 1) / (1 - x)) * 0.5;
  return m.select(m.abs(x) < 1e-3, near, far);
}

/// e^(-x^2) times a polynomial in (x - 3) / (x + 3), over 1 + 2x.
Real wideErfc(Real x) {
  static constexpr double kScaled[] = {
      1.2530080582687309,      -0.13562110697873517,    -0.047562294294362664,
      0.12964520456122655,     -0.11927364141150733,    0.068307331845346708,
      -0.023771179367382721,   0.0025336277168566835,   0.0018948134939684043,
      -0.00078976419165391982, -0.00012742761642064475, 0.00012585820395082361,
      3.2822046058541507e-05};
  LaneMath &m = *x.lanes;
  Real size = m.atMost(m.abs(x), 10.4), three = m.number(3);
  Real t = (size - three) / (size + three);
  Real value = coreExp(-(size * size)) * m.horner(t, kScaled) / (size * 2 + 1);
  value = m.select(x < 0, 2 - value, value);
  return m.select(x == x, value, x);
}

} // namespace tsc::lowering
