// SPDX-License-Identifier: Apache-2.0
// Conversions between dtypes in registers, as C++ casts on x86 do them: floats beyond an integer's
// range become its smallest number. bfloat16 is converted with integer operations, which are the
// same on all targets: the instructions that some have flush denormal numbers.
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

Type pointwiseType(MLIRContext *context, DType dtype) {
  switch (dtypeClass(dtype)) {
  case DTypeClass::Bool:
    return IntegerType::get(context, 1);
  case DTypeClass::Integer:
    return IntegerType::get(context, dtypeBytes(dtype) * 8);
  case DTypeClass::Float:
    return dtype == DType::Float16    ? Type(Float16Type::get(context))
           : dtype == DType::BFloat16 ? Type(BFloat16Type::get(context))
           : dtype == DType::Float32  ? Type(Float32Type::get(context))
                                      : Type(Float64Type::get(context));
  default:
    return nullptr;
  }
}

namespace {
/// Operations on values of one shape.
class Converter {
public:
  Converter(OpBuilder &builder, Location loc, Type like)
      : builder(builder), loc(loc), shape(dyn_cast<VectorType>(like)) {}
  Value convert(Value value, DType from, DType to);

private:
  Type typeOf(Type element) const {
    return shape ? Type(VectorType::get(shape.getShape(), element)) : element;
  }
  Type typeOf(DType dtype) const { return typeOf(pointwiseType(builder.getContext(), dtype)); }
  Value constant(TypedAttr scalar) {
    if (!shape)
      return arith::ConstantOp::create(builder, loc, scalar);
    auto type = cast<ShapedType>(typeOf(scalar.getType()));
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, Attribute(scalar)));
  }
  Value integer(Type element, int64_t number) {
    return constant(builder.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), number,
                                                          /*isSigned=*/true,
                                                          /*implicitTrunc=*/true)));
  }
  Value number(DType dtype, double number) {
    return constant(builder.getFloatAttr(pointwiseType(builder.getContext(), dtype), number));
  }
  template <class Op, class... Args> Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }
  Value widenBFloat(Value value);
  Value roundToBFloat(Value value);
  Value floatToFloat(Value value, DType from, DType to);
  Value floatToInteger(Value value, DType from, DType to);
  Value integerToInteger(Value value, DType from, DType to);
  Value toBool(Value value, DType from);

  OpBuilder &builder;
  Location loc;
  VectorType shape;
};
} // namespace

Value Converter::widenBFloat(Value value) {
  Type i32 = builder.getI32Type();
  Value bits = make<arith::ExtUIOp>(typeOf(i32),
                                    make<arith::BitcastOp>(typeOf(builder.getI16Type()), value));
  Value high = make<arith::ShLIOp>(bits, integer(i32, 16));
  return make<arith::BitcastOp>(typeOf(builder.getF32Type()), high);
}

/// To the nearest, ties to even: what is cut off, and the last bit that stays, round up by a carry.
Value Converter::roundToBFloat(Value value) {
  Type i32 = builder.getI32Type();
  Value bits = make<arith::BitcastOp>(typeOf(i32), value);
  Value last = make<arith::AndIOp>(make<arith::ShRUIOp>(bits, integer(i32, 16)), integer(i32, 1));
  Value bias = make<arith::AddIOp>(last, integer(i32, 0x7fff));
  Value rounded = make<arith::AddIOp>(bits, bias);
  Value isNan = make<arith::CmpFOp>(arith::CmpFPredicate::UNO, value, value);
  Value quiet = make<arith::OrIOp>(bits, integer(i32, 0x400000));
  Value high = make<arith::ShRUIOp>(make<arith::SelectOp>(isNan, quiet, rounded), integer(i32, 16));
  Value half = make<arith::TruncIOp>(typeOf(builder.getI16Type()), high);
  return make<arith::BitcastOp>(typeOf(builder.getBF16Type()), half);
}

/// Half floats go through float32.
Value Converter::floatToFloat(Value value, DType from, DType to) {
  if (from == DType::BFloat16)
    return convert(widenBFloat(value), DType::Float32, to);
  if (from == DType::Float16)
    return convert(make<arith::ExtFOp>(typeOf(DType::Float32), value), DType::Float32, to);
  if (from == DType::Float64 && to != DType::Float32)
    return convert(make<arith::TruncFOp>(typeOf(DType::Float32), value), DType::Float32, to);
  if (to == DType::BFloat16)
    return roundToBFloat(value);
  if (to == DType::Float64)
    return make<arith::ExtFOp>(typeOf(to), value);
  return make<arith::TruncFOp>(typeOf(to), value);
}

Value Converter::floatToInteger(Value value, DType from, DType to) {
  if (from == DType::Float16 || from == DType::BFloat16)
    return convert(convert(value, from, DType::Float32), DType::Float32, to);
  // Integers of up to 32 bits are cut from an int32, others from an int64.
  bool isNarrow = dtypeBytes(to) < 4 || to == DType::Int32;
  DType whole = isNarrow ? DType::Int32 : DType::Int64;
  double end = isNarrow ? 0x1p31 : 0x1p63;
  Value size = value;
  Value low = make<arith::CmpFOp>(arith::CmpFPredicate::OGE, size, number(from, -end));
  Value high = make<arith::CmpFOp>(arith::CmpFPredicate::OLT, size, number(from, end));
  Value fits = make<arith::AndIOp>(low, high);
  Value number = make<arith::FPToSIOp>(typeOf(whole), value);
  Value smallest =
      integer(pointwiseType(builder.getContext(), whole), isNarrow ? INT32_MIN : INT64_MIN);
  return integerToInteger(make<arith::SelectOp>(fits, number, smallest), whole, to);
}

Value Converter::integerToInteger(Value value, DType from, DType to) {
  if (dtypeBytes(to) < dtypeBytes(from))
    return make<arith::TruncIOp>(typeOf(to), value);
  if (dtypeBytes(to) == dtypeBytes(from))
    return value;
  return findDType(from)->isSigned ? make<arith::ExtSIOp>(typeOf(to), value)
                                   : make<arith::ExtUIOp>(typeOf(to), value);
}

Value Converter::toBool(Value value, DType from) {
  if (isFloating(from)) {
    DType wide = from == DType::Float64 ? from : DType::Float32;
    return make<arith::CmpFOp>(arith::CmpFPredicate::UNE, convert(value, from, wide),
                               number(wide, 0));
  }
  return make<arith::CmpIOp>(arith::CmpIPredicate::ne, value,
                             integer(pointwiseType(builder.getContext(), from), 0));
}

Value Converter::convert(Value value, DType from, DType to) {
  if (from == to)
    return value;
  if (to == DType::Bool)
    return toBool(value, from);
  if (isFloating(from))
    return isFloating(to) ? floatToFloat(value, from, to) : floatToInteger(value, from, to);
  if (!isFloating(to)) {
    if (from == DType::Bool)
      return make<arith::ExtUIOp>(typeOf(to), value);
    return integerToInteger(value, from, to);
  }
  if (to == DType::Float16 || to == DType::BFloat16)
    return convert(convert(value, from, DType::Float32), DType::Float32, to);
  return findDType(from)->isSigned ? make<arith::SIToFPOp>(typeOf(to), value)
                                   : make<arith::UIToFPOp>(typeOf(to), value);
}

Value convertElements(OpBuilder &builder, Location loc, Value value, DType from, DType to) {
  return Converter(builder, loc, value.getType()).convert(value, from, to);
}

} // namespace tsc::kernel
