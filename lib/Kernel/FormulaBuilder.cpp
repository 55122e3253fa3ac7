// SPDX-License-Identifier: Apache-2.0
// Walks a formula from its root, so that sides that constants exclude are never built. Operators of
// the language are here; functions are in FormulaFunctions.cpp.
#include "FormulaBuilder.h"
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

FormulaBuilder::Result FormulaBuilder::fail(Reason reason, StringRef argument) {
  if (error.empty())
    error = because(reason, argument);
  return failure();
}

FailureOr<Value> FormulaBuilder::build(const Formula &formula) {
  nodes = formula.nodes();
  built.assign(nodes.size(), std::nullopt);
  Result term = evaluate(formula.root());
  return failed(term) ? FailureOr<Value>(failure()) : finish(*term);
}

FormulaBuilder::Result FormulaBuilder::evaluate(unsigned index) {
  if (built[index])
    return *built[index];
  const FormulaNode &node = nodes[index];
  Result term = failure();
  switch (node.kind) {
  case FormulaNode::Int:
    term = Term::ofInt(static_cast<int64_t>(node.number));
    break;
  case FormulaNode::Float:
    term = Term::ofFloat(node.number);
    break;
  case FormulaNode::Text:
    term = Term::ofText(node.text);
    break;
  case FormulaNode::Name:
    term = node.text == "inf"    ? Result(Term::ofFloat(HUGE_VAL))
           : node.text == "none" ? Result(Term())
                                 : operand(node.text);
    if (failed(term))
      return fail(Reason::NoNumber, node.text);
    break;
  case FormulaNode::Call:
    term = evaluateCall(node);
    break;
  }
  if (succeeded(term))
    built[index] = *term;
  return term;
}

FormulaBuilder::Result FormulaBuilder::evaluateCall(const FormulaNode &node) {
  bool done = false;
  Result chosen = lazy(node, done);
  if (done)
    return chosen;
  SmallVector<Term, 3> args;
  for (unsigned index : node.args) {
    Result argument = evaluate(index);
    if (failed(argument))
      return failure();
    args.push_back(*argument);
  }
  if (node.text == "?")
    return select(args[0], args[1], args[2]);
  if (node.text == "neg" || node.text == "!")
    return unary(node.text, args[0]);
  if (llvm::isAlpha(node.text.front()))
    return call(node.text, args);
  return binary(node.text, args[0], args[1]);
}

/// Calls that need not build all of their operands; `done` when the call was one that does not.
FormulaBuilder::Result FormulaBuilder::lazy(const FormulaNode &node, bool &done) {
  StringRef name = node.text;
  if (name != "?" && name != "&&" && name != "||" && name != "require" && name != "default")
    return failure();
  Result first = evaluate(node.args[0]);
  done = failed(first) || first->isConstant();
  if (!done || failed(first))
    return first;
  if (name == "default")
    return first->kind == Term::None ? evaluate(node.args[1]) : first;
  if (!first->isNumber())
    return fail(Reason::OtherKindOfNumber);
  bool isTrue = first->isTrue();
  if (name == "?")
    return evaluate(node.args[isTrue ? 1 : 2]);
  if (name == "require")
    return isTrue ? evaluate(node.args[1]) : fail(Reason::ArgumentsOutOfRange);
  if (isTrue != (name == "&&"))
    return Term::ofBool(isTrue);
  Result second = evaluate(node.args[1]);
  if (failed(second) || second->isBoolean())
    return second;
  if (second->isNumber())
    return Term::ofBool(second->isTrue());
  FailureOr<Value> value = conditionOf(*second);
  return failed(value) ? Result(failure()) : Result(condition(*value));
}

FormulaBuilder::Result FormulaBuilder::unary(StringRef name, const Term &x) {
  if (x.kind == Term::None)
    return x;
  if (name == "!") {
    if (x.isNumber())
      return Term::ofBool(!x.isTrue());
    FailureOr<Value> value = conditionOf(x);
    if (failed(value))
      return failure();
    return condition(make<arith::XOrIOp>(*value, integer(builder.getI1Type(), 1)));
  }
  if (x.isNumber())
    return x.kind == Term::Float ? Term::ofFloat(-x.number) : Term::ofInt(-x.integer);
  FailureOr<Value> value = valueOf(x);
  if (failed(value))
    return failure();
  if (isFloat())
    return computed(make<arith::NegFOp>(*value));
  if (compute == DType::Bool)
    return fail(Reason::DTypeNotCompiled);
  Value zero = integer(pointwiseType(builder.getContext(), compute), 0);
  return computed(make<arith::SubIOp>(zero, *value));
}

FormulaBuilder::Result FormulaBuilder::binary(StringRef name, const Term &a, const Term &b) {
  bool isTruth = name == "&&" || name == "||";
  if (isTruth) {
    FailureOr<Value> x = conditionOf(a), y = failed(x) ? x : conditionOf(b);
    if (failed(y))
      return failure();
    return condition(name == "&&" ? make<arith::AndIOp>(*x, *y) : make<arith::OrIOp>(*x, *y));
  }
  if (a.kind == Term::Text || b.kind == Term::Text) {
    bool same = a.kind == b.kind && a.text == b.text;
    return Term::ofBool(same == (name == "=="));
  }
  if (a.kind == Term::None || b.kind == Term::None) {
    if (name == "==" || name == "!=")
      return Term::ofBool((a.kind == b.kind) == (name == "=="));
    return Term();
  }
  if (a.isConstant() && b.isConstant())
    return constantBinary(name, a, b);
  bool isArithmetic = name == "+" || name == "-" || name == "*" || name == "/";
  return isArithmetic ? arithmetic(name, a, b) : compare(name, a, b);
}

FormulaBuilder::Result FormulaBuilder::constantBinary(StringRef name, const Term &a,
                                                      const Term &b) {
  double x = a.toDouble(), y = b.toDouble();
  bool isCompare =
      llvm::StringSwitch<bool>(name).Cases({"<", ">", "<=", ">=", "==", "!="}, true).Default(false);
  if (isCompare)
    return Term::ofBool(name == "<"    ? x < y
                        : name == ">"  ? x > y
                        : name == "<=" ? x <= y
                        : name == ">=" ? x >= y
                        : name == "==" ? x == y
                                       : x != y);
  if (name == "/")
    return y == 0 ? fail(Reason::ArgumentsOutOfRange) : Result(Term::ofFloat(x / y));
  if (a.kind == Term::Float || b.kind == Term::Float)
    return Term::ofFloat(name == "+" ? x + y : name == "-" ? x - y : x * y);
  auto i = static_cast<uint64_t>(a.integer), j = static_cast<uint64_t>(b.integer);
  return Term::ofInt(static_cast<int64_t>(name == "+" ? i + j : name == "-" ? i - j : i * j));
}

/// Is 1 / n exact, so that a division is a product?
static bool hasExactInverse(double n) {
  int exponent;
  return n != 0 && std::isfinite(n) && std::fabs(std::frexp(n, &exponent)) == 0.5 &&
         std::abs(exponent) < 100;
}

FormulaBuilder::Result FormulaBuilder::arithmetic(StringRef name, const Term &a, const Term &b) {
  if ((name == "*" || name == "/") && b.is(1))
    return toCompute(a);
  if (name == "*" && a.is(1))
    return toCompute(b);
  if (name == "/" && isFloat() && b.isNumber() && hasExactInverse(b.toDouble()))
    return arithmetic("*", a, Term::ofFloat(1 / b.toDouble()));
  FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
  if (failed(y))
    return failure();
  if (isFloat())
    return computed(name == "+"   ? make<arith::AddFOp>(*x, *y)
                    : name == "-" ? make<arith::SubFOp>(*x, *y)
                    : name == "*" ? make<arith::MulFOp>(*x, *y)
                                  : make<arith::DivFOp>(*x, *y));
  if (name == "/" || (name == "-" && compute == DType::Bool))
    return fail(Reason::DTypeNotCompiled);
  if (compute == DType::Bool)
    return computed(name == "+" ? make<arith::OrIOp>(*x, *y) : make<arith::AndIOp>(*x, *y));
  return computed(name == "+"   ? make<arith::AddIOp>(*x, *y)
                  : name == "-" ? make<arith::SubIOp>(*x, *y)
                                : make<arith::MulIOp>(*x, *y));
}

FormulaBuilder::Result FormulaBuilder::compare(StringRef name, const Term &a, const Term &b) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  struct Row {
    StringLiteral name;
    F real;
    I whole, natural;
  };
  static constexpr Row kRows[] = {{"<", F::OLT, I::slt, I::ult},  {">", F::OGT, I::sgt, I::ugt},
                                  {"<=", F::OLE, I::sle, I::ule}, {">=", F::OGE, I::sge, I::uge},
                                  {"==", F::OEQ, I::eq, I::eq},   {"!=", F::UNE, I::ne, I::ne}};
  const Row *row = llvm::find_if(kRows, [&](const Row &r) { return r.name == name; });
  if (row == std::end(kRows))
    return fail(Reason::NoForm);
  if (a.isBoolean() && b.isBoolean()) {
    FailureOr<Value> x = conditionOf(a), y = failed(x) ? x : conditionOf(b);
    return failed(y) ? Result(failure()) : condition(make<arith::CmpIOp>(row->natural, *x, *y));
  }
  FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
  if (failed(y))
    return failure();
  if (isFloat())
    return condition(make<arith::CmpFOp>(row->real, *x, *y));
  return condition(make<arith::CmpIOp>(isSigned() ? row->whole : row->natural, *x, *y));
}

FormulaBuilder::Result FormulaBuilder::select(const Term &condition, const Term &yes,
                                              const Term &no) {
  FailureOr<Value> chooses = conditionOf(condition);
  bool isCondition = yes.isBoolean() && no.isBoolean();
  FailureOr<Value> a = failed(chooses) ? chooses : isCondition ? conditionOf(yes) : valueOf(yes);
  FailureOr<Value> b = failed(a) ? a : isCondition ? conditionOf(no) : valueOf(no);
  if (failed(b))
    return failure();
  Value value = make<arith::SelectOp>(*chooses, *a, *b);
  return isCondition ? this->condition(value) : computed(value);
}

} // namespace tsc::kernel
