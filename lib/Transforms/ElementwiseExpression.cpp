// SPDX-License-Identifier: Apache-2.0
// A recursive descent that builds while it reads. Formulas are ours, not a user's: their depth is
// small.
#include "ElementwiseExpression.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tsc::ts {

namespace {
class FormulaBuilder {
public:
  FormulaBuilder(OpBuilder &builder, Location loc, Type type, StringRef formula,
                 const ElementwiseOperand &operand)
      : builder(builder), loc(loc), type(type), rest(formula), operand(operand) {}
  FailureOr<Value> build() {
    FailureOr<Value> value = expression();
    if (failed(value) || !rest.ltrim().empty())
      return failure();
    return value;
  }

private:
  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  FailureOr<Value> expression();
  FailureOr<Value> condition();
  FailureOr<Value> sum();
  FailureOr<Value> product();
  FailureOr<Value> unary();
  FailureOr<Value> call(StringRef name);
  Value constant(double number) {
    return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, number));
  }

  OpBuilder &builder;
  Location loc;
  Type type;
  StringRef rest;
  const ElementwiseOperand &operand;
};
} // namespace

FailureOr<Value> FormulaBuilder::expression() {
  FailureOr<Value> value = condition();
  if (failed(value) || !take("?"))
    return value;
  FailureOr<Value> yes = expression();
  if (failed(yes) || !take(":"))
    return failure();
  FailureOr<Value> no = expression();
  if (failed(no))
    return failure();
  return Value(arith::SelectOp::create(builder, loc, *value, *yes, *no));
}

FailureOr<Value> FormulaBuilder::condition() {
  FailureOr<Value> left = sum();
  if (failed(left))
    return failure();
  static constexpr std::pair<StringLiteral, arith::CmpFPredicate> kComparisons[] = {
      {"<=", arith::CmpFPredicate::OLE}, {">=", arith::CmpFPredicate::OGE},
      {"==", arith::CmpFPredicate::OEQ}, {"!=", arith::CmpFPredicate::UNE},
      {"<", arith::CmpFPredicate::OLT},  {">", arith::CmpFPredicate::OGT}};
  for (auto &[token, predicate] : kComparisons) {
    if (!take(token))
      continue;
    FailureOr<Value> right = sum();
    if (failed(right))
      return failure();
    return Value(arith::CmpFOp::create(builder, loc, predicate, *left, *right));
  }
  return left;
}

FailureOr<Value> FormulaBuilder::sum() {
  FailureOr<Value> value = product();
  while (succeeded(value)) {
    bool plus = take("+");
    if (!plus && !take("-"))
      return value;
    FailureOr<Value> right = product();
    if (failed(right))
      return failure();
    value = plus ? Value(arith::AddFOp::create(builder, loc, *value, *right))
                 : Value(arith::SubFOp::create(builder, loc, *value, *right));
  }
  return failure();
}

FailureOr<Value> FormulaBuilder::product() {
  FailureOr<Value> value = unary();
  while (succeeded(value)) {
    bool times = take("*");
    if (!times && !take("/"))
      return value;
    FailureOr<Value> right = unary();
    if (failed(right))
      return failure();
    value = times ? Value(arith::MulFOp::create(builder, loc, *value, *right))
                  : Value(arith::DivFOp::create(builder, loc, *value, *right));
  }
  return failure();
}

FailureOr<Value> FormulaBuilder::unary() {
  if (take("-")) {
    FailureOr<Value> value = unary();
    if (failed(value))
      return failure();
    return Value(arith::NegFOp::create(builder, loc, *value));
  }
  if (take("(")) {
    FailureOr<Value> value = expression();
    return succeeded(value) && take(")") ? value : FailureOr<Value>(failure());
  }
  rest = rest.ltrim();
  StringRef number = rest.take_while([](char c) { return llvm::isDigit(c) || c == '.'; });
  if (!number.empty()) {
    rest = rest.drop_front(number.size());
    double value;
    return number.getAsDouble(value) ? FailureOr<Value>(failure())
                                     : FailureOr<Value>(constant(value));
  }
  StringRef name = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
  rest = rest.drop_front(name.size());
  if (name.empty())
    return failure();
  return take("(") ? call(name) : operand(name);
}

FailureOr<Value> FormulaBuilder::call(StringRef name) {
  SmallVector<Value> args;
  do {
    FailureOr<Value> argument = expression();
    if (failed(argument))
      return failure();
    args.push_back(*argument);
  } while (take(","));
  if (!take(")"))
    return failure();
  if ((name == "max" || name == "min") && args.size() == 2) {
    if (!args[0] || !args[1])
      return args[0] ? args[0] : args[1];
    return name == "max" ? Value(arith::MaximumFOp::create(builder, loc, args[0], args[1]))
                         : Value(arith::MinimumFOp::create(builder, loc, args[0], args[1]));
  }
  if (args.size() != 1 || !args[0])
    return failure();
  Value x = args[0];
  if (name == "sigmoid") {
    Value e = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, x));
    Value one = constant(1);
    return Value(
        arith::DivFOp::create(builder, loc, one, arith::AddFOp::create(builder, loc, one, e)));
  }
  if (name == "abs")
    return Value(math::AbsFOp::create(builder, loc, x));
  if (name == "ceil")
    return Value(math::CeilOp::create(builder, loc, x));
  if (name == "erf")
    return Value(math::ErfOp::create(builder, loc, x));
  if (name == "exp")
    return Value(math::ExpOp::create(builder, loc, x));
  if (name == "expm1")
    return Value(math::ExpM1Op::create(builder, loc, x));
  if (name == "floor")
    return Value(math::FloorOp::create(builder, loc, x));
  if (name == "log")
    return Value(math::LogOp::create(builder, loc, x));
  if (name == "log1p")
    return Value(math::Log1pOp::create(builder, loc, x));
  if (name == "sqrt")
    return Value(math::SqrtOp::create(builder, loc, x));
  if (name == "tanh")
    return Value(math::TanhOp::create(builder, loc, x));
  return failure();
}

FailureOr<Value> buildElementwise(OpBuilder &builder, Location loc, Type type, StringRef formula,
                                  const ElementwiseOperand &operand) {
  return FormulaBuilder(builder, loc, type, formula, operand).build();
}

} // namespace tsc::ts
