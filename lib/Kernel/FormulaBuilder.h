// SPDX-License-Identifier: Apache-2.0
// Builds a formula with arith and math operations, in scalars or vectors. The compute type is the
// one in which PyTorch computes (bool, an integer dtype, float32 or float64).
#pragma once

#include "Formula.h"
#include "tsc/Common/DType.h"
#include "tsc/Kernel/Reasons.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

/// What a part of a formula is: a constant of the program, or a value at run time.
struct Term {
  enum Kind : uint8_t { None, Text, Bool, Int, Float, Runtime };
  Kind kind = None;
  llvm::StringRef text;
  int64_t integer = 0;            ///< of Int and Bool
  double number = 0;              ///< of Float
  Value value;                    ///< of Runtime
  DType dtype = DType::Undefined; ///< of Runtime; Bool may be a condition

  static Term ofBool(bool b) { return {Bool, {}, b, 0, {}, DType::Undefined}; }
  static Term ofInt(int64_t i) { return {Int, {}, i, 0, {}, DType::Undefined}; }
  static Term ofFloat(double d) { return {Float, {}, 0, d, {}, DType::Undefined}; }
  static Term ofText(llvm::StringRef t) { return {Text, t, 0, 0, {}, DType::Undefined}; }
  static Term ofValue(Value v, DType d) { return {Runtime, {}, 0, 0, v, d}; }

  bool isNumber() const { return kind == Bool || kind == Int || kind == Float; }
  bool isConstant() const { return kind != Runtime; }
  double toDouble() const { return kind == Float ? number : static_cast<double>(integer); }
  bool isTrue() const { return kind == Float ? number != 0 : integer != 0; }
  bool isBoolean() const { return kind == Bool || (kind == Runtime && dtype == DType::Bool); }
  bool is(double n) const { return isNumber() && toDouble() == n; }
};

class FormulaBuilder {
public:
  using Operand = llvm::function_ref<mlir::FailureOr<Term>(llvm::StringRef name)>;
  FormulaBuilder(mlir::OpBuilder &builder, mlir::Location loc, DType compute, DType result,
                 int64_t lanes, Operand operand)
      : builder(builder), loc(loc), compute(compute), result(result), lanes(lanes),
        operand(operand) {}

  /// The formula's value in the element type of the result's dtype; failure with `error` set.
  mlir::FailureOr<Value> build(const Formula &formula);
  std::string error;

  /// Operands of a test are rounded to this dtype first (PyTorch compares in the common dtype).
  DType rounding = DType::Undefined;

private:
  using Result = mlir::FailureOr<Term>;
  Result fail(Reason reason, llvm::StringRef argument = "");
  mlir::LogicalResult refuse(Reason reason) { return mlir::LogicalResult(fail(reason)); }
  Result evaluate(unsigned node);
  Result evaluateCall(const FormulaNode &node);
  Result lazy(const FormulaNode &node, bool &done);
  Result unary(llvm::StringRef name, const Term &x);
  Result binary(llvm::StringRef name, const Term &a, const Term &b);
  Result constantBinary(llvm::StringRef name, const Term &a, const Term &b);
  Result arithmetic(llvm::StringRef name, const Term &a, const Term &b);
  Result compare(llvm::StringRef name, const Term &a, const Term &b);
  Result select(const Term &condition, const Term &yes, const Term &no);

  // ---- Functions (FormulaFunctions.cpp)
  Result call(llvm::StringRef name, llvm::ArrayRef<Term> args);
  Result callOne(llvm::StringRef name, const Term &x);
  Result callTwo(llvm::StringRef name, const Term &a, const Term &b);
  /// A function that the runtime has.
  Result callRuntime(llvm::StringRef name, llvm::ArrayRef<Term> args);
  Result absolute(const Term &x);
  Result classify(llvm::StringRef name, const Term &x);
  Result signBit(const Term &x);
  Result extreme(bool larger, const Term &a, const Term &b);
  Result extremeNumber(bool larger, const Term &a, const Term &b);
  Result bound(bool larger, const Term &x, const Term &limit);
  Result bitwise(llvm::StringRef name, const Term &a, const Term &b);
  Result shift(bool left, const Term &a, const Term &b);
  Result power(const Term &base, const Term &exponent);
  Result integerPower(const Term &base, int64_t exponent);
  Result floatQuotient(llvm::StringRef name, const Term &a, const Term &b);
  Result integerQuotient(llvm::StringRef name, const Term &a, const Term &divisor);
  Result nextAfter(const Term &from, const Term &to);
  Result hypotenuse(const Term &a, const Term &b);

  // ---- Types and conversions (FormulaTerms.cpp)
  bool isFloat() const { return isFloating(compute); }
  bool isSigned() const { return findDType(compute)->isSigned; }
  mlir::Type vectorOf(mlir::Type element) const;
  mlir::Type typeOf(DType dtype) const;
  Value splat(mlir::TypedAttr scalar);
  Value integer(mlir::Type element, int64_t number);
  Value spread(Value value);
  /// In the compute type; float to integer only when `cast`.
  Result toCompute(const Term &term, bool cast = false);
  mlir::FailureOr<Value> valueOf(const Term &term);
  mlir::FailureOr<Value> conditionOf(const Term &term);
  mlir::FailureOr<Value> materialize(const Term &constant);
  mlir::FailureOr<Value> finish(const Term &term);
  Term computed(Value value) const { return Term::ofValue(value, compute); }
  Term condition(Value value) const { return Term::ofValue(value, DType::Bool); }

  template <class Op, class... Args> Value make(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  DType compute, result;
  int64_t lanes;
  Operand operand;
  llvm::ArrayRef<FormulaNode> nodes;
  llvm::SmallVector<std::optional<Term>, 16> built;
  llvm::SmallVector<std::pair<Value, Term>, 8> converted; ///< operands in the compute type
};

/// float32 for the half floats, else the dtype itself.
constexpr DType computeDTypeOf(DType dtype) {
  return dtype == DType::Float16 || dtype == DType::BFloat16 ? DType::Float32 : dtype;
}

} // namespace tsc::kernel
