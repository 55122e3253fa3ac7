// SPDX-License-Identifier: Apache-2.0
// Reductions and normalizations as nodes of a RowsProgram, computed as PyTorch does: variances in
// two steps, exponentials of differences to the maximum, f16 and bf16 in f32.
#include "RowsProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value
using Operation = kernel::RowsForm::Operation;

// ---- Elementwise computations

template <typename Op> static RowsNode::Compute unary() {
  return [](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    return Op::create(k.builder, k.loc, x[0]);
  };
}
template <typename Op> static RowsNode::Compute binary() {
  return [](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    return Op::create(k.builder, k.loc, x[0], x[1]);
  };
}
static RowsNode::Compute subtract() { return binary<arith::SubFOp>(); }
static RowsNode::Compute multiply() { return binary<arith::MulFOp>(); }
static RowsNode::Compute exponential() { return unary<math::ExpOp>(); }

static Value square(KernelBuilder &k, ArrayRef<Value> x) {
  return arith::MulFOp::create(k.builder, k.loc, x[0], x[0]);
}

static Value multiplyAdd(KernelBuilder &k, ArrayRef<Value> x) {
  return math::FmaOp::create(k.builder, k.loc, x[0], x[1], x[2]);
}

static Value reciprocal(KernelBuilder &k, ArrayRef<Value> x) {
  return arith::DivFOp::create(k.builder, k.loc, k.number(x[0].getType(), 1), x[0]);
}

/// An infinite maximum is no use as the shift of an exponential: inf - inf is NaN.
static Value zeroIfInfinite(KernelBuilder &k, ArrayRef<Value> x) {
  Type type = x[0].getType();
  Value size = math::AbsFOp::create(k.builder, k.loc, x[0]);
  Value isInfinite = arith::CmpFOp::create(k.builder, k.loc, arith::CmpFPredicate::OEQ, size,
                                           k.number(type, INFINITY));
  return arith::SelectOp::create(k.builder, k.loc, isInfinite, k.number(type, 0), x[0]);
}

static RowsNode::Compute power(double exponent) {
  return [exponent](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    return math::PowFOp::create(k.builder, k.loc, x[0], k.number(x[0].getType(), exponent));
  };
}

static RowsNode::Compute divideBy(double count) {
  return [count](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    return arith::DivFOp::create(k.builder, k.loc, x[0], k.number(x[0].getType(), count));
  };
}

/// 1 / sqrt(x + epsilon).
static RowsNode::Compute inverseDeviation(double epsilon) {
  return [epsilon](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    Type type = x[0].getType();
    Value sum = arith::AddFOp::create(k.builder, k.loc, x[0], k.number(type, epsilon));
    Value root = math::SqrtOp::create(k.builder, k.loc, sum);
    return arith::DivFOp::create(k.builder, k.loc, k.number(type, 1), root);
  };
}

// ---- Expansion

RowsExpansion::RowsExpansion(RowsProgram &program, ts::AtenOp op, const kernel::RowsForm &form)
    : program(program), op(op), form(form),
      resultType(cast<ts::TensorType>(op.getResult(0).getType()).getDtype()),
      computeType(wideType(resultType)) {}

SmallVector<int64_t, 2> RowsExpansion::expand() {
  switch (form.operation) {
  case Operation::Softmax:
  case Operation::LogSoftmax:
    return {program.convert(expandSoftmax(), resultType)};
  case Operation::Normalize:
    return {program.convert(expandNormalize(), resultType)};
  default:
    return expandReduction();
  }
}

SmallVector<int64_t, 2> RowsExpansion::expandReduction() {
  int64_t x = program.nodeOf(form.operand);
  switch (form.operation) {
  case Operation::Sum:
  case Operation::Mean:
    return {expandSum(x, resultType, form.operation == Operation::Mean)};
  case Operation::Prod: {
    int64_t product = program.reduce(Reduction::Prod, program.convert(x, computeType));
    return {program.convert(product, resultType)};
  }
  case Operation::Max:
  case Operation::Min: {
    SmallVector<int64_t, 2> results{expandExtreme()};
    if (op.getNumResults() == 2) {
      bool isMax = form.operation == Operation::Max;
      results.push_back(program.argument(isMax ? Reduction::ArgMax : Reduction::ArgMin, x));
    }
    return results;
  }
  case Operation::ArgMax:
    return {program.argument(Reduction::ArgMax, x)};
  case Operation::ArgMin:
    return {program.argument(Reduction::ArgMin, x)};
  case Operation::Any:
    return {program.convert(program.reduce(Reduction::Or, isNonzero(x)), resultType)};
  case Operation::All:
    return {program.convert(program.reduce(Reduction::And, isNonzero(x)), resultType)};
  case Operation::CountNonzero: {
    int64_t one = program.convert(isNonzero(x), DType::Int32);
    return {program.convert(program.reduce(Reduction::Sum, one), resultType)};
  }
  case Operation::Norm:
    return {program.convert(expandNorm(), resultType)};
  case Operation::LogSumExp:
    return {program.convert(expandLogSumExp(), resultType)};
  case Operation::SquaredError:
  case Operation::AbsoluteError: {
    int64_t a = program.convert(x, computeType);
    int64_t b = program.convert(program.nodeOf(form.second), computeType);
    int64_t error = program.map(computeType, {a, b}, subtract());
    auto size = form.operation == Operation::SquaredError ? RowsNode::Compute(square)
                                                          : unary<math::AbsFOp>();
    return {expandSum(program.map(computeType, {error}, size), resultType, form.isMean)};
  }
  default:
    return expandVariance();
  }
}

int64_t RowsExpansion::expandSum(int64_t operand, DType result, bool isMean) {
  int64_t sum = program.reduce(Reduction::Sum, program.convert(operand, wideType(result)));
  if (isMean)
    sum = divideByCount(sum, static_cast<double>(form.rowElements()));
  return program.convert(sum, result);
}

int64_t RowsExpansion::divideByCount(int64_t node, double count) {
  return program.map(program.nodes[node].dtype, {node}, divideBy(count));
}

int64_t RowsExpansion::isNonzero(int64_t node) { return program.convert(node, DType::Bool); }

int64_t RowsExpansion::expandExtreme() {
  bool isMax = form.operation == Operation::Max;
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  if (computeType == DType::Bool)
    return program.reduce(isMax ? Reduction::Or : Reduction::And, x);
  return program.convert(program.reduce(isMax ? Reduction::Max : Reduction::Min, x), resultType);
}

SmallVector<int64_t, 2> RowsExpansion::expandVariance() {
  double count = static_cast<double>(form.rowElements());
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  int64_t mean = divideByCount(program.reduce(Reduction::Sum, x), count);
  int64_t distance = program.map(computeType, {x, mean}, subtract(), /*isCheap=*/true);
  int64_t sum = program.reduce(Reduction::Sum, program.map(computeType, {distance}, square));
  int64_t variance = divideByCount(sum, std::max(0.0, count - form.number));
  if (form.operation == Operation::Std)
    variance = program.map(computeType, {variance}, unary<math::SqrtOp>());
  SmallVector<int64_t, 2> results{program.convert(variance, resultType)};
  if (op.getNumResults() == 2)
    results.push_back(program.convert(mean, resultType));
  return results;
}

int64_t RowsExpansion::expandNorm() {
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  double order = form.number;
  if (order == 0) {
    int64_t one = program.convert(isNonzero(x), computeType);
    return program.reduce(Reduction::Sum, one);
  }
  if (order == 2) {
    int64_t sum = program.reduce(Reduction::Sum, program.map(computeType, {x}, square));
    return program.map(computeType, {sum}, unary<math::SqrtOp>());
  }
  int64_t size = program.map(computeType, {x}, unary<math::AbsFOp>());
  if (std::isinf(order))
    return program.reduce(order > 0 ? Reduction::Max : Reduction::Min, size);
  if (order == 1)
    return program.reduce(Reduction::Sum, size);
  int64_t sum = program.reduce(Reduction::Sum, program.map(computeType, {size}, power(order)));
  return program.map(computeType, {sum}, power(1 / order));
}

int64_t RowsExpansion::expandLogSumExp() {
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  int64_t maximum = program.reduce(Reduction::MaxNumber, x); // NaN comes with the exponentials
  int64_t shift = program.map(computeType, {maximum}, zeroIfInfinite);
  int64_t distance = program.map(computeType, {x, shift}, subtract(), /*isCheap=*/true);
  int64_t sum = program.reduce(Reduction::Sum, program.map(computeType, {distance}, exponential()));
  int64_t logarithm = program.map(computeType, {sum}, unary<math::LogOp>());
  return program.map(computeType, {logarithm, shift}, binary<arith::AddFOp>());
}

int64_t RowsExpansion::expandSoftmax() {
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  int64_t maximum = program.reduce(Reduction::MaxNumber, x); // NaN comes with the exponentials
  int64_t distance = program.map(computeType, {x, maximum}, subtract(), /*isCheap=*/true);
  int64_t e = program.map(computeType, {distance}, exponential());
  int64_t sum = program.reduce(Reduction::Sum, e);
  if (form.operation == Operation::Softmax)
    return program.map(computeType, {e, program.map(computeType, {sum}, reciprocal)}, multiply());
  int64_t logarithm = program.map(computeType, {sum}, unary<math::LogOp>());
  return program.map(computeType, {distance, logarithm}, subtract());
}

/// Weight, bias or given statistics, which run along the operand's dimensions from
/// form.parameterDim on.
int64_t RowsExpansion::parameter(Value value) {
  auto type = cast<ts::TensorType>(value.getType());
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < type.getRank(); ++d)
    dims.push_back(form.parameterDim + d);
  return program.convert(program.input(value, dims), computeType);
}

int64_t RowsExpansion::expandNormalize() {
  double count = static_cast<double>(form.rowElements());
  int64_t x = program.convert(program.nodeOf(form.operand), computeType);
  int64_t mean = -1, centered = x, variance;
  if (form.mean) {
    mean = parameter(form.mean);
    variance = parameter(form.variance);
  } else {
    if (form.centers) {
      mean = divideByCount(program.reduce(Reduction::Sum, x), count);
      centered = program.map(computeType, {x, mean}, subtract(), /*isCheap=*/true);
    }
    int64_t squares = program.map(computeType, {centered}, square);
    variance = divideByCount(program.reduce(Reduction::Sum, squares), count);
  }
  int64_t scale = program.map(computeType, {variance}, inverseDeviation(form.number));
  if (form.mean)
    centered = program.map(computeType, {x, mean}, subtract());
  int64_t weight = form.weight ? parameter(form.weight) : -1;
  // Weights that are the same along a row are multiplied into its scale.
  if (weight >= 0 && program.nodes[weight].isRow) {
    scale = program.map(computeType, {scale, weight}, multiply());
    weight = -1;
  }
  int64_t bias = form.bias ? parameter(form.bias) : -1;
  if (weight < 0 && bias >= 0)
    return program.map(computeType, {centered, scale, bias}, multiplyAdd);
  int64_t result = program.map(computeType, {centered, scale}, multiply());
  if (weight >= 0 && bias >= 0)
    return program.map(computeType, {result, weight, bias}, multiplyAdd);
  return weight < 0 ? result : program.map(computeType, {result, weight}, multiply());
}

} // namespace tsc::lowering
