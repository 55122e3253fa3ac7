// SPDX-License-Identifier: Apache-2.0
// A recursive descent. Formulas are ours, not a user's: their depth is small.
#include "Formula.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tsc::kernel {

using Node = std::optional<unsigned>;

class FormulaParser {
public:
  explicit FormulaParser(StringRef text) : rest(text) {}
  std::optional<Formula> run() {
    Node root = expression();
    if (!root || !rest.ltrim().empty())
      return std::nullopt;
    formula.last = *root;
    return std::move(formula);
  }

private:
  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  unsigned add(FormulaNode node) {
    auto found = llvm::find(formula.all, node);
    if (found == formula.all.end()) {
      formula.all.push_back(std::move(node));
      return formula.all.size() - 1;
    }
    return found - formula.all.begin();
  }
  unsigned call(StringRef name, ArrayRef<unsigned> args) {
    return add({FormulaNode::Call, 0, name, SmallVector<unsigned, 3>(args)});
  }
  using Part = Node (FormulaParser::*)();
  /// part {operator part}, from left to right.
  Node chain(Part part, ArrayRef<StringLiteral> operators);
  Node expression();
  Node either() { return chain(&FormulaParser::both, {"||"}); }
  Node both() { return chain(&FormulaParser::comparison, {"&&"}); }
  Node comparison();
  Node sum() { return chain(&FormulaParser::product, {"+", "-"}); }
  Node product() { return chain(&FormulaParser::unary, {"*", "/"}); }
  Node unary();
  Node atom();
  Node number();

  Formula formula;
  StringRef rest;
};

Node FormulaParser::chain(Part part, ArrayRef<StringLiteral> operators) {
  Node value = (this->*part)();
  while (value) {
    auto found = llvm::find_if(operators, [&](StringRef token) { return take(token); });
    if (found == operators.end())
      return value;
    Node right = (this->*part)();
    if (!right)
      return std::nullopt;
    value = call(*found, {*value, *right});
  }
  return std::nullopt;
}

Node FormulaParser::expression() {
  Node value = either();
  if (!value || !take("?"))
    return value;
  Node yes = expression();
  if (!yes || !take(":"))
    return std::nullopt;
  Node no = expression();
  if (!no)
    return std::nullopt;
  return call("?", {*value, *yes, *no});
}

Node FormulaParser::comparison() {
  Node left = sum();
  if (!left)
    return std::nullopt;
  static constexpr StringLiteral kTokens[] = {"<=", ">=", "==", "!=", "<", ">"};
  for (StringRef token : kTokens) {
    if (!take(token))
      continue;
    Node right = sum();
    if (!right)
      return std::nullopt;
    return call(token, {*left, *right});
  }
  return left;
}

Node FormulaParser::unary() {
  rest = rest.ltrim();
  bool minus = take("-");
  if (!minus && (rest.starts_with("!=") || !take("!")))
    return atom();
  Node value = unary();
  if (!value)
    return std::nullopt;
  return call(minus ? "neg" : "!", {*value});
}

Node FormulaParser::number() {
  size_t length = 0;
  auto at = [&](size_t i) { return i < rest.size() ? rest[i] : '\0'; };
  while (isDigit(at(length)) || at(length) == '.')
    ++length;
  if (at(length) == 'e') {
    ++length;
    length += at(length) == '-' || at(length) == '+';
    while (isDigit(at(length)))
      ++length;
  }
  StringRef text = rest.take_front(length);
  rest = rest.drop_front(length);
  FormulaNode node;
  node.kind = text.find_first_of(".e") == StringRef::npos ? FormulaNode::Int : FormulaNode::Float;
  if (text.getAsDouble(node.number))
    return std::nullopt;
  return add(node);
}

Node FormulaParser::atom() {
  if (take("(")) {
    Node value = expression();
    return take(")") ? value : std::nullopt;
  }
  if (take("'")) {
    auto [text, after] = rest.split('\'');
    rest = after;
    return add({FormulaNode::Text, 0, text, {}});
  }
  rest = rest.ltrim();
  if (!rest.empty() && isDigit(rest.front()))
    return number();
  StringRef name = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
  rest = rest.drop_front(name.size());
  if (name.empty())
    return std::nullopt;
  if (!take("("))
    return add({FormulaNode::Name, 0, name, {}});
  SmallVector<unsigned, 3> args;
  if (take(")"))
    return call(name, args);
  do {
    Node argument = expression();
    if (!argument)
      return std::nullopt;
    args.push_back(*argument);
  } while (take(","));
  return take(")") ? Node(call(name, args)) : std::nullopt;
}

std::optional<Formula> Formula::parse(StringRef text) { return FormulaParser(text).run(); }

} // namespace tsc::kernel
