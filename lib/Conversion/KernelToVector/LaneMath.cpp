// SPDX-License-Identifier: Apache-2.0
// The operations behind Real and LaneMath, on scalars and vectors.
#include "LaneMath.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static Value splat(LaneMath &m, TypedAttr scalar) {
  if (!m.shape)
    return m.make<arith::ConstantOp>(scalar);
  auto type = cast<ShapedType>(m.typeOf(scalar.getType()));
  return m.make<arith::ConstantOp>(DenseElementsAttr::get(type, Attribute(scalar)));
}

Real LaneMath::number(double number) {
  return real(splat(*this, builder.getFloatAttr(element, number)));
}
Value LaneMath::integer(int64_t number) {
  return splat(*this, builder.getIntegerAttr(bits, number));
}

/// Fused where the target fuses; a library call is never made for it.
Real LaneMath::fma(Real a, Real b, Real c) {
  return real(make<LLVM::FMulAddOp>(a.value, b.value, c.value));
}
Real LaneMath::horner(Real x, ArrayRef<double> coefficients) {
  Real sum = number(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, number(coefficient));
  return sum;
}
Real LaneMath::abs(Real x) { return real(make<math::AbsFOp>(x.value)); }
Real LaneMath::sqrt(Real x) { return real(make<math::SqrtOp>(x.value)); }
Real LaneMath::roundEven(Real x) { return real(make<math::RoundEvenOp>(x.value)); }
Real LaneMath::copySign(Real size, Real sign) {
  return real(make<math::CopySignOp>(size.value, sign.value));
}
Real LaneMath::select(Value condition, Real yes, Real no) {
  return real(make<arith::SelectOp>(condition, yes.value, no.value));
}
Value LaneMath::select(Value condition, Value yes, Value no) {
  return make<arith::SelectOp>(condition, yes, no);
}
// The forms that x86's max and min have: the second operand when one is NaN.
Real LaneMath::atLeast(Real x, double least) {
  Real bound = number(least);
  return select(bound > x, bound, x);
}
Real LaneMath::atMost(Real x, double most) {
  Real bound = number(most);
  return select(bound < x, bound, x);
}
Value LaneMath::compare(arith::CmpFPredicate predicate, Real a, Real b) {
  return make<arith::CmpFOp>(predicate, a.value, b.value);
}

Value LaneMath::toBits(Real x) { return make<arith::BitcastOp>(typeOf(bits), x.value); }
Real LaneMath::fromBits(Value value) {
  return real(make<arith::BitcastOp>(typeOf(element), value));
}
Value LaneMath::add(Value a, Value b) { return make<arith::AddIOp>(a, b); }
Value LaneMath::subtract(Value a, Value b) { return make<arith::SubIOp>(a, b); }
Value LaneMath::bitAnd(Value a, Value b) { return make<arith::AndIOp>(a, b); }
Value LaneMath::bitXor(Value a, Value b) { return make<arith::XOrIOp>(a, b); }
Value LaneMath::shiftLeft(Value a, int64_t count) { return make<arith::ShLIOp>(a, integer(count)); }
Value LaneMath::shiftRight(Value a, int64_t count) {
  return make<arith::ShRSIOp>(a, integer(count));
}
Real LaneMath::toReal(Value whole) { return real(make<arith::SIToFPOp>(typeOf(element), whole)); }

Real LaneMath::widen(Real x, LaneMath &wide) {
  return wide.real(make<arith::ExtFOp>(wide.typeOf(wide.element), x.value));
}
Real LaneMath::narrow(Real x, LaneMath &single) {
  return single.real(make<arith::TruncFOp>(single.typeOf(single.element), x.value));
}
Value LaneMath::any(Value condition) {
  return shape ? make<vector::ReductionOp>(vector::CombiningKind::OR, condition) : condition;
}

} // namespace tsc::lowering
