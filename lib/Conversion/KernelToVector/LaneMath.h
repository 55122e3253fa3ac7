// SPDX-License-Identifier: Apache-2.0
// Arithmetic on lanes, written as formulas: a Real is a float or a vector of floats, with the usual
// operators; conditions and bit patterns are plain values.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace tsc::lowering {

class LaneMath;

struct Real {
  LaneMath *lanes;
  mlir::Value value;
};

class LaneMath {
public:
  using Value = mlir::Value; // not tsc::Value
  /// Lanes of `element` (float32 or float64) in the shape of `like`.
  LaneMath(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type like, mlir::Type element)
      : builder(builder), loc(loc), shape(mlir::dyn_cast<mlir::VectorType>(like)), element(element),
        bits(builder.getIntegerType(element.getIntOrFloatBitWidth())) {}

  Real real(Value value) { return {this, value}; }
  Real number(double number);
  Value integer(int64_t number);

  Real fma(Real a, Real b, Real c);
  /// c0 + x (c1 + x (...)).
  Real horner(Real x, llvm::ArrayRef<double> coefficients);
  Real abs(Real x);
  Real sqrt(Real x);
  Real roundEven(Real x);
  Real copySign(Real size, Real sign);
  Real select(Value condition, Real yes, Real no);
  /// x, or `least` where it is smaller; NaN stays.
  Real atLeast(Real x, double least);
  Real atMost(Real x, double most);
  Value compare(mlir::arith::CmpFPredicate predicate, Real a, Real b);

  // ---- Bit patterns: integers as wide as the floats
  Value toBits(Real x);
  Real fromBits(Value value);
  Value add(Value a, Value b);
  Value subtract(Value a, Value b);
  Value bitAnd(Value a, Value b);
  Value bitXor(Value a, Value b);
  Value shiftLeft(Value a, int64_t count);
  Value shiftRight(Value a, int64_t count); ///< keeps the sign
  Real toReal(Value whole);
  Value select(Value condition, Value yes, Value no);

  /// The value in float64 lanes, and back.
  Real widen(Real x, LaneMath &wide);
  Real narrow(Real x, LaneMath &single);
  mlir::Type typeOf(mlir::Type scalar) const {
    return shape ? mlir::Type(mlir::VectorType::get(shape.getShape(), scalar)) : scalar;
  }
  /// Does the condition hold in any lane?
  Value any(Value condition);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::VectorType shape;
  mlir::Type element, bits;

  template <class Op, class... Args> Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }
};

inline Real operator+(Real a, Real b) {
  return a.lanes->real(a.lanes->make<mlir::arith::AddFOp>(a.value, b.value));
}
inline Real operator-(Real a, Real b) {
  return a.lanes->real(a.lanes->make<mlir::arith::SubFOp>(a.value, b.value));
}
inline Real operator*(Real a, Real b) {
  return a.lanes->real(a.lanes->make<mlir::arith::MulFOp>(a.value, b.value));
}
inline Real operator/(Real a, Real b) {
  return a.lanes->real(a.lanes->make<mlir::arith::DivFOp>(a.value, b.value));
}
inline Real operator-(Real a) { return a.lanes->real(a.lanes->make<mlir::arith::NegFOp>(a.value)); }
inline Real operator+(Real a, double b) { return a + a.lanes->number(b); }
inline Real operator-(Real a, double b) { return a - a.lanes->number(b); }
inline Real operator*(Real a, double b) { return a * a.lanes->number(b); }
inline Real operator-(double a, Real b) { return b.lanes->number(a) - b; }
inline Real operator/(double a, Real b) { return b.lanes->number(a) / b; }
inline mlir::Value operator<(Real a, Real b) {
  return a.lanes->compare(mlir::arith::CmpFPredicate::OLT, a, b);
}
inline mlir::Value operator>(Real a, Real b) { return b < a; }
inline mlir::Value operator==(Real a, Real b) {
  return a.lanes->compare(mlir::arith::CmpFPredicate::OEQ, a, b);
}
inline mlir::Value operator!=(Real a, Real b) {
  return a.lanes->compare(mlir::arith::CmpFPredicate::UNE, a, b);
}
inline mlir::Value operator<(Real a, double b) { return a < a.lanes->number(b); }
inline mlir::Value operator>(Real a, double b) { return a > a.lanes->number(b); }
inline mlir::Value operator==(Real a, double b) { return a == a.lanes->number(b); }

// ---- Functions of float32 in float32 (SingleMath.cpp)
Real singleExp(Real x);
Real singleExp2(Real x);
Real singleExpM1(Real x);
Real singleLog(Real x);
Real singleLog1p(Real x);
Real singleTanh(Real x);
Real singleErf(Real x);

// ---- Functions of float32 in float64 (WideMath.cpp): the result before it is rounded
Real wideLog2(Real x);
Real wideLog10(Real x);
Real widePower(Real x, Real y);
Real wideSin(Real x);
Real wideCos(Real x);
Real wideTan(Real x);
Real wideAsin(Real x);
Real wideAcos(Real x);
Real wideAtan(Real x);
Real wideAtan2(Real y, Real x);
Real wideSinh(Real x);
Real wideCosh(Real x);
Real wideAsinh(Real x);
Real wideAcosh(Real x);
Real wideAtanh(Real x);
Real wideErfc(Real x);

} // namespace tsc::lowering
