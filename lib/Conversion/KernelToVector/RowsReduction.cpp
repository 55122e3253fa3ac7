// SPDX-License-Identifier: Apache-2.0
// What reductions do to vectors: identities, combination of two accumulators, and of the lanes of
// one. Combination is associative but for rounding, and has no order of its own: of equal elements
// the one of the lowest index wins, and NaN wins over numbers.
#include "RowsProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static Type vectorOf(KernelBuilder &k, DType dtype, int64_t lanes) {
  return k.vector(registerType(k, dtype), lanes);
}

/// The lowest (or highest) value of a dtype.
static Value extreme(KernelBuilder &k, DType dtype, int64_t lanes, bool lowest) {
  Type type = vectorOf(k, dtype, lanes);
  if (isFloating(dtype)) {
    double infinity = std::numeric_limits<double>::infinity();
    return k.number(type, lowest ? -infinity : infinity);
  }
  if (dtype == DType::Bool)
    return k.number(type, lowest ? 0 : 1);
  unsigned bits = 8 * dtypeBytes(dtype);
  APInt number = findDType(dtype)->isSigned
                     ? (lowest ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits))
                     : (lowest ? APInt::getMinValue(bits) : APInt::getMaxValue(bits));
  auto attribute = DenseElementsAttr::get(cast<ShapedType>(type), number);
  return arith::ConstantOp::create(k.builder, k.loc, attribute);
}

Accumulator identityOf(KernelBuilder &k, Reduction reduction, DType dtype, int64_t lanes) {
  Type type = vectorOf(k, dtype, lanes);
  switch (reduction) {
  case Reduction::Sum:
  case Reduction::Or:
    return {k.number(type, 0)};
  case Reduction::Prod:
    return {k.number(type, 1)};
  case Reduction::And: {
    auto all = DenseElementsAttr::get(cast<ShapedType>(type), true);
    return {arith::ConstantOp::create(k.builder, k.loc, all)};
  }
  case Reduction::Max:
  case Reduction::MaxNumber:
    return {extreme(k, dtype, lanes, /*lowest=*/true)};
  case Reduction::Min:
    return {extreme(k, dtype, lanes, /*lowest=*/false)};
  case Reduction::ArgMax:
  case Reduction::ArgMin:
    return {extreme(k, dtype, lanes, reduction == Reduction::ArgMax),
            extreme(k, DType::Int32, lanes, /*lowest=*/false)};
  }
  llvm_unreachable("a reduction");
}

static Value greater(KernelBuilder &k, DType dtype, Value a, Value b) {
  if (isFloating(dtype))
    return arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OGT, a, b);
  bool isSigned = dtype != DType::Bool && findDType(dtype)->isSigned;
  auto predicate = isSigned ? arith::CmpIPredicate::sgt : arith::CmpIPredicate::ugt;
  return arith::CmpIOp::create(k.builder, k.loc, predicate, a, b);
}

static Value isNan(KernelBuilder &k, Value a) {
  return arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::UNO, a, a);
}

/// Written as a maximum instruction takes it (the second of two when one is NaN), so that it costs
/// three of them; the zeros' signs do not matter.
static Value extremeOf(KernelBuilder &k, DType dtype, Value a, Value b, bool isMax) {
  Value keeps = isMax ? greater(k, dtype, a, b) : greater(k, dtype, b, a);
  Value result = arith::SelectOp::create(k.builder, k.loc, keeps, a, b);
  if (!isFloating(dtype))
    return result;
  return arith::SelectOp::create(k.builder, k.loc, isNan(k, a), a, result);
}

static Accumulator argumentOf(KernelBuilder &k, DType dtype, const Accumulator &a,
                              const Accumulator &b, bool isMax) {
  OpBuilder &builder = k.builder;
  Location loc = k.loc;
  auto both = [&](Value x, Value y) -> Value { return arith::AndIOp::create(builder, loc, x, y); };
  auto either = [&](Value x, Value y) -> Value { return arith::OrIOp::create(builder, loc, x, y); };
  Value before = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, b[1], a[1]);
  Value better = isMax ? greater(k, dtype, b[0], a[0]) : greater(k, dtype, a[0], b[0]);
  Value takes;
  if (isFloating(dtype)) {
    Value equal = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, a[0], b[0]);
    Value ordered = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, a[0], a[0]);
    takes =
        either(either(better, both(equal, before)), both(isNan(k, b[0]), either(ordered, before)));
  } else {
    Value equal = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a[0], b[0]);
    takes = either(better, both(equal, before));
  }
  return {arith::SelectOp::create(builder, loc, takes, b[0], a[0]),
          arith::SelectOp::create(builder, loc, takes, b[1], a[1])};
}

Accumulator combine(KernelBuilder &k, Reduction reduction, DType dtype, const Accumulator &a,
                    const Accumulator &b) {
  OpBuilder &builder = k.builder;
  Location loc = k.loc;
  bool isFloat = isFloating(dtype);
  switch (reduction) {
  case Reduction::Sum:
    return {isFloat ? Value(arith::AddFOp::create(builder, loc, a[0], b[0]))
                    : Value(arith::AddIOp::create(builder, loc, a[0], b[0]))};
  case Reduction::Prod:
    return {isFloat ? Value(arith::MulFOp::create(builder, loc, a[0], b[0]))
                    : Value(arith::MulIOp::create(builder, loc, a[0], b[0]))};
  case Reduction::Or:
    return {arith::OrIOp::create(builder, loc, a[0], b[0])};
  case Reduction::And:
    return {arith::AndIOp::create(builder, loc, a[0], b[0])};
  case Reduction::MaxNumber: // one instruction
    return {arith::SelectOp::create(builder, loc, greater(k, dtype, a[0], b[0]), a[0], b[0])};
  case Reduction::Max:
  case Reduction::Min:
    return {extremeOf(k, dtype, a[0], b[0], reduction == Reduction::Max)};
  case Reduction::ArgMax:
  case Reduction::ArgMin:
    return argumentOf(k, dtype, a, b, reduction == Reduction::ArgMax);
  }
  llvm_unreachable("a reduction");
}

Accumulator combineLanes(KernelBuilder &k, Reduction reduction, DType dtype, Accumulator a) {
  int64_t all = cast<VectorType>(a[0].getType()).getNumElements();
  for (int64_t lanes = all / 2; lanes > 0; lanes /= 2) {
    Accumulator low, high;
    for (Value component : a) {
      SmallVector<int64_t> lowLanes(lanes), highLanes(lanes);
      for (int64_t i = 0; i < lanes; ++i) {
        lowLanes[i] = i;
        highLanes[i] = lanes + i;
      }
      low.push_back(vector::ShuffleOp::create(k.builder, k.loc, component, component, lowLanes));
      high.push_back(vector::ShuffleOp::create(k.builder, k.loc, component, component, highLanes));
    }
    a = combine(k, reduction, dtype, low, high);
  }
  for (Value &component : a) {
    Value scalar = vector::ExtractOp::create(k.builder, k.loc, component, ArrayRef<int64_t>{0});
    component = k.splat(scalar, all);
  }
  return a;
}

} // namespace tsc::lowering
