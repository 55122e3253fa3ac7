// SPDX-License-Identifier: Apache-2.0
// The formula language: precedence, shared nodes, and what is no formula.
#include "Formula.h"

#include "tsc/Ts/Operators.h"

#include <catch2/catch.hpp>

using namespace tsc::kernel;

/// The tree in prefix form.
static std::string print(const Formula &formula, unsigned index) {
  const FormulaNode &node = formula.nodes()[index];
  if (node.kind == FormulaNode::Int)
    return std::to_string(static_cast<int64_t>(node.number));
  if (node.kind == FormulaNode::Float)
    return std::to_string(node.number);
  std::string text = node.text.str();
  if (node.kind != FormulaNode::Call)
    return node.kind == FormulaNode::Text ? "'" + text + "'" : text;
  text = "(" + text;
  for (unsigned operand : node.args)
    text += " " + print(formula, operand);
  return text + ")";
}
static std::string parse(llvm::StringRef text) {
  std::optional<Formula> formula = Formula::parse(text);
  return formula ? print(*formula, formula->root()) : "none";
}

TEST_CASE("operators bind as in Python") {
  CHECK(parse("a + b * c - d") == "(- (+ a (* b c)) d)");
  CHECK(parse("a / b / c") == "(/ (/ a b) c)");
  CHECK(parse("-a * b") == "(* (neg a) b)");
  CHECK(parse("a < b && c || !d") == "(|| (&& (< a b) c) (! d))");
  CHECK(parse("a != b ? x : y <= z ? 1 : 2.5") == "(? (!= a b) x (? (<= y z) 1 2.500000))");
  CHECK(parse("f(a, g(), 'none') == -1e-3") == "(== (f a (g) 'none') (neg 0.001000))");
}

TEST_CASE("equal parts of a formula are one node") {
  std::optional<Formula> formula = Formula::parse("exp(a) * (exp(a) + 2) + exp(a)");
  REQUIRE(formula);
  CHECK(formula->nodes().size() == 6); // a, exp, 2, +, *, +
}

TEST_CASE("what is no formula") {
  for (const char *text : {"", "a +", "(a", "a b", "f(a", "a ? b", "1.2.3", "a ? b :", "?"})
    CHECK(parse(text) == "none");
}

TEST_CASE("every row's formula can be read") {
  for (const tsc::ts::OperatorRow &row : tsc::ts::allOperators()) {
    llvm::StringRef text = row.lowering;
    if (!text.consume_front("elementwise:"))
      continue;
    INFO(row.fullName.str());
    CHECK(Formula::parse(text.split(':').second));
  }
}
