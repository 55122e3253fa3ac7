// SPDX-License-Identifier: Apache-2.0
// Terms of formulas as values: constants, operands in the compute type, conditions, the result.
#include "FormulaBuilder.h"
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

Type FormulaBuilder::vectorOf(Type element) const {
  return lanes ? Type(VectorType::get({lanes}, element)) : element;
}
Type FormulaBuilder::typeOf(DType dtype) const {
  return vectorOf(pointwiseType(builder.getContext(), dtype));
}
Value FormulaBuilder::splat(TypedAttr scalar) {
  if (!lanes)
    return make<arith::ConstantOp>(scalar);
  auto type = cast<ShapedType>(vectorOf(scalar.getType()));
  return make<arith::ConstantOp>(DenseElementsAttr::get(type, Attribute(scalar)));
}
Value FormulaBuilder::integer(Type element, int64_t number) {
  return splat(builder.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), number,
                                                     /*isSigned=*/true,
                                                     /*implicitTrunc=*/true)));
}
Value FormulaBuilder::spread(Value value) {
  if (!lanes || isa<VectorType>(value.getType()))
    return value;
  return make<vector::BroadcastOp>(vectorOf(value.getType()), value);
}

FailureOr<Value> FormulaBuilder::materialize(const Term &constant) {
  if (!constant.isNumber())
    return refuse(Reason::OtherKindOfNumber);
  Type element = pointwiseType(builder.getContext(), compute);
  if (isFloat()) {
    APFloat number(constant.toDouble());
    bool inexact;
    if (isFloating(rounding))
      number.convert(
          cast<mlir::FloatType>(pointwiseType(builder.getContext(), rounding)).getFloatSemantics(),
          APFloat::rmNearestTiesToEven, &inexact);
    number.convert(cast<mlir::FloatType>(element).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &inexact);
    return splat(builder.getFloatAttr(element, number));
  }
  if (constant.kind != Term::Float)
    return compute == DType::Bool ? integer(element, constant.isTrue())
                                  : integer(element, constant.integer);
  double number = constant.number;
  if (compute == DType::Bool || number != std::floor(number) || std::fabs(number) >= 0x1p53)
    return refuse(Reason::OtherKindOfNumber);
  return integer(element, static_cast<int64_t>(number));
}

FormulaBuilder::Result FormulaBuilder::toCompute(const Term &term, bool cast) {
  if (term.isConstant()) {
    FailureOr<Value> value = materialize(term);
    return failed(value) ? Result(failure()) : Result(computed(*value));
  }
  if (term.dtype == compute)
    return computed(spread(term.value));
  for (auto &[from, to] : converted)
    if (from == term.value)
      return to;
  if (isFloating(term.dtype) && !isFloat() && !cast)
    return fail(Reason::OtherKindOfNumber);
  Value value = term.value;
  if (rounding != DType::Undefined && term.dtype != rounding)
    value = convertElements(builder, loc, value, term.dtype, rounding);
  bool isRounded = value != term.value;
  value = convertElements(builder, loc, value, isRounded ? rounding : term.dtype, compute);
  Term made = computed(spread(value));
  converted.push_back({term.value, made});
  return made;
}

FailureOr<Value> FormulaBuilder::valueOf(const Term &term) {
  Result converted = toCompute(term);
  return failed(converted) ? FailureOr<Value>(failure()) : FailureOr<Value>(converted->value);
}

FailureOr<Value> FormulaBuilder::conditionOf(const Term &term) {
  if (term.isNumber())
    return integer(builder.getI1Type(), term.isTrue());
  if (term.isConstant())
    return refuse(Reason::OtherKindOfNumber);
  return spread(convertElements(builder, loc, term.value, term.dtype, DType::Bool));
}

FailureOr<Value> FormulaBuilder::finish(const Term &term) {
  if (term.isBoolean() && compute != DType::Bool && result == DType::Bool)
    return conditionOf(term);
  FailureOr<Value> value = valueOf(term);
  if (failed(value))
    return failure();
  return convertElements(builder, loc, *value, compute, result);
}

} // namespace tsc::kernel
