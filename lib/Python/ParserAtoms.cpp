// SPDX-License-Identifier: Apache-2.0
// Atoms, what is written after them (attributes, calls, subscripts), and what is in brackets.
#include "ParserImpl.h"

using namespace llvm;

namespace tsc::python {

/// An atom and the attributes, calls and subscripts after it.
Expr *Parser::primary() {
  uint32_t start = begin();
  if (at(TokenKind::KwAwait)) {
    Nesting nesting(*this);
    if (!nesting)
      return nullptr;
    auto *node = make<Await>(start);
    take();
    node->value = primary();
    if (!node->value)
      return nullptr;
    adopt(node, node->value);
    return done(node);
  }
  Expr *expr = atom();
  while (expr) {
    if (at(TokenKind::LeftParen)) {
      expr = call(expr);
    } else if (at(TokenKind::LeftBracket)) {
      expr = subscript(expr);
    } else if (eat(TokenKind::Dot)) {
      auto *node = make<Attribute>(start);
      node->value = expr;
      // Names that are keywords to Python occur as attributes in archives.
      if (!expectName(node->name, /*orKeyword=*/true))
        return nullptr;
      adopt(node, node->value);
      expr = done(node);
    } else {
      // Parentheses are not part of their expression, but of what is applied to it.
      return expr;
    }
    if (expr)
      expr->range.begin = start;
  }
  return nullptr;
}

Expr *Parser::atom() {
  switch (kind()) {
  case TokenKind::Name: {
    auto *node = make<Name>(begin());
    node->id = text(take().range);
    return done(node);
  }
  case TokenKind::Number:
    return number(/*isNegative=*/false, begin());
  case TokenKind::String:
    return strings();
  case TokenKind::KwTrue:
  case TokenKind::KwFalse: {
    auto *node = make<BoolLiteral>(begin());
    node->value = take().kind == TokenKind::KwTrue;
    return done(node);
  }
  case TokenKind::KwNone:
    return makeSimple<NoneLiteral>();
  case TokenKind::Ellipsis:
    return makeSimple<EllipsisLiteral>();
  case TokenKind::LeftParen:
    return parenthesized();
  case TokenKind::LeftBracket:
    return bracketed();
  case TokenKind::LeftBrace:
    return braced();
  default:
    return unexpected("an expression");
  }
}

/// `()`, a tuple, a generator expression, or an expression in parentheses.
Expr *Parser::parenthesized() {
  uint32_t start = begin();
  take();
  SmallVector<Expr *, 8> items;
  bool isTuple = at(TokenKind::RightParen);
  if (at(TokenKind::KwYield)) {
    Expr *inner = yield();
    return inner && expect(TokenKind::RightParen) ? inner : nullptr;
  }
  while (!at(TokenKind::RightParen)) {
    items.push_back(starOrNamed());
    if (!items.back())
      return nullptr;
    if (items.size() == 1 && atComprehension()) {
      Expr *node = comprehension(start, ComprehensionKind::Generator, items[0], nullptr);
      if (!node || !expect(TokenKind::RightParen))
        return nullptr;
      node->range.end = lastEnd;
      return node;
    }
    if (!eat(TokenKind::Comma))
      break;
    isTuple = true;
  }
  if (!at(TokenKind::RightParen))
    return unexpected("',' or ')'");
  take();
  if (!isTuple)
    return rejectStarred(items[0]) ? items[0] : nullptr;
  auto *node = make<Tuple>(start);
  node->items = copy(items);
  adopt(node, node->items);
  return done(node);
}

/// A list or a list comprehension.
Expr *Parser::bracketed() {
  uint32_t start = begin();
  take();
  SmallVector<Expr *, 8> items;
  while (!at(TokenKind::RightBracket)) {
    items.push_back(starOrNamed());
    if (!items.back())
      return nullptr;
    if (items.size() == 1 && atComprehension()) {
      Expr *node = comprehension(start, ComprehensionKind::List, items[0], nullptr);
      if (!node || !expect(TokenKind::RightBracket))
        return nullptr;
      node->range.end = lastEnd;
      return node;
    }
    if (!eat(TokenKind::Comma))
      break;
  }
  if (!at(TokenKind::RightBracket))
    return unexpected("',' or ']'");
  take();
  auto *node = make<List>(start);
  node->items = copy(items);
  adopt(node, node->items);
  return done(node);
}

/// A dict, a set, or a comprehension of either.
Expr *Parser::braced() {
  uint32_t start = begin();
  take();
  if (at(TokenKind::RightBrace) || at(TokenKind::DoubleStar))
    return dictItems(start, {});
  bool isItem = at(TokenKind::Star) || (at(TokenKind::Name) && kind(1) == TokenKind::Walrus);
  Expr *first = starOrNamed();
  if (!first)
    return nullptr;
  if (isItem || !at(TokenKind::Colon))
    return setItems(start, first);
  take();
  Expr *value = expression();
  if (!value)
    return nullptr;
  if (!atComprehension())
    return dictItems(start, {first, value});
  Expr *node = comprehension(start, ComprehensionKind::Dict, first, value);
  if (!node || !expect(TokenKind::RightBrace))
    return nullptr;
  node->range.end = lastEnd;
  return node;
}

Expr *Parser::setItems(uint32_t start, Expr *first) {
  if (atComprehension()) {
    Expr *node = comprehension(start, ComprehensionKind::Set, first, nullptr);
    if (!node || !expect(TokenKind::RightBrace))
      return nullptr;
    node->range.end = lastEnd;
    return node;
  }
  SmallVector<Expr *, 8> items{first};
  while (eat(TokenKind::Comma) && !at(TokenKind::RightBrace)) {
    items.push_back(starOrNamed());
    if (!items.back())
      return nullptr;
  }
  if (!at(TokenKind::RightBrace))
    return unexpected("',' or '}'");
  take();
  auto *node = make<Set>(start);
  node->items = copy(items);
  adopt(node, node->items);
  return done(node);
}

/// The items of a dict from `first` on, which is already taken if it has a value.
Expr *Parser::dictItems(uint32_t start, DictItem first) {
  auto *node = make<Dict>(start);
  SmallVector<DictItem, 8> items;
  while ((items.empty() && first.value) || !at(TokenKind::RightBrace)) {
    DictItem item;
    if (items.empty() && first.value) {
      item = first;
    } else if (eat(TokenKind::DoubleStar)) {
      item.value = binary();
    } else {
      item.key = expression();
      if (!item.key || !expect(TokenKind::Colon))
        return nullptr;
      item.value = expression();
    }
    if (!item.value)
      return nullptr;
    adopt(node, item.key);
    adopt(node, item.value);
    items.push_back(item);
    if (!eat(TokenKind::Comma))
      break;
  }
  if (!at(TokenKind::RightBrace))
    return unexpected("',' or '}'");
  take();
  node->items = copy(items);
  return done(node);
}

bool Parser::atComprehension() const {
  return at(TokenKind::KwFor) || (at(TokenKind::KwAsync) && kind(1) == TokenKind::KwFor);
}

/// The `for` and `if` clauses after a comprehension's element. The caller takes the closing
/// bracket.
Expr *Parser::comprehension(uint32_t start, ComprehensionKind form, Expr *element, Expr *value) {
  if (isa<Starred>(element))
    return fail(element->range, Diag::SyntaxStarred, "found '*' in a comprehension's element");
  auto *node = make<Comprehension>(start);
  node->form = form;
  node->element = element;
  node->value = value;
  SmallVector<ComprehensionFor, 2> generators;
  while (atComprehension()) {
    ComprehensionFor clause;
    clause.range.begin = begin();
    clause.isAsync = eat(TokenKind::KwAsync);
    take();
    clause.target = targetList();
    if (!clause.target || !expect(TokenKind::KwIn))
      return nullptr;
    clause.iterable = orTest();
    if (!clause.iterable)
      return nullptr;
    SmallVector<Expr *, 2> conditions;
    while (eat(TokenKind::KwIf)) {
      conditions.push_back(orTest());
      if (!conditions.back())
        return nullptr;
    }
    clause.conditions = copy(conditions);
    clause.range.end = lastEnd;
    adopt(node, {clause.target, clause.iterable});
    adopt(node, clause.conditions);
    generators.push_back(clause);
  }
  node->generators = copy(generators);
  adopt(node, element);
  adopt(node, value);
  return done(node);
}

Expr *Parser::call(Expr *callee) {
  auto *node = make<Call>(callee->range.begin);
  take();
  SmallVector<Expr *, 8> args;
  SmallVector<Keyword, 4> keywords;
  bool hasGenerator = false;
  while (!at(TokenKind::RightParen)) {
    if (!argument(args, keywords))
      return nullptr;
    if (atComprehension() && keywords.empty()) {
      if (args.size() > 1)
        break;
      Expr *element = args[0];
      args[0] = comprehension(element->range.begin, ComprehensionKind::Generator, element, nullptr);
      if (!args[0])
        return nullptr;
      hasGenerator = true;
    }
    if (!eat(TokenKind::Comma))
      break;
    if (hasGenerator && !at(TokenKind::RightParen))
      return fail(args[0]->range, Diag::SyntaxArgument,
                  "a generator expression among other arguments must be in parentheses");
  }
  if (!at(TokenKind::RightParen))
    return unexpected("',' or ')'");
  take();
  node->callee = callee;
  node->args = copy(args);
  node->keywords = copy(keywords);
  adopt(node, callee);
  adopt(node, node->args);
  adopt(node, node->keywords);
  return done(node);
}

/// `value`, `*value`, `name=value` or `**value`.
bool Parser::argument(SmallVectorImpl<Expr *> &args, SmallVectorImpl<Keyword> &keywords) {
  if (eat(TokenKind::DoubleStar)) {
    keywords.push_back({Identifier(), expression()});
    return keywords.back().value;
  }
  bool isKeywordArgument = kind(1) == TokenKind::Assign && at(TokenKind::Name);
  if (isKeywordArgument) {
    Keyword keyword;
    expectName(keyword.name);
    for (const Keyword &other : keywords)
      if (other.name.text == keyword.name.text)
        return fail(keyword.name.range, Diag::SyntaxArgument,
                    ("argument '" + keyword.name.text + "' occurs twice").str());
    take();
    keyword.value = expression();
    keywords.push_back(keyword);
    return keyword.value;
  }
  bool isStarred = at(TokenKind::Star);
  uint32_t start = begin();
  if (isStarred)
    take();
  Expr *value = isStarred ? expression() : namedExpression();
  if (!value)
    return false;
  if (isStarred) {
    auto *node = make<Starred>(start);
    node->value = value;
    adopt(node, value);
    value = done(node);
  } else if (!keywords.empty()) {
    return fail(value->range, Diag::SyntaxArgument,
                "positional argument follows a keyword argument");
  }
  args.push_back(value);
  return value;
}

Expr *Parser::subscript(Expr *value) {
  auto *node = make<Subscript>(value->range.begin);
  take();
  uint32_t start = begin();
  node->value = value;
  node->index = sliceOrIndex();
  if (!node->index)
    return nullptr;
  if (at(TokenKind::Comma)) {
    auto *tuple = make<Tuple>(start);
    SmallVector<Expr *, 4> items{node->index};
    while (eat(TokenKind::Comma) && !at(TokenKind::RightBracket)) {
      items.push_back(sliceOrIndex());
      if (!items.back())
        return nullptr;
    }
    tuple->items = copy(items);
    adopt(tuple, tuple->items);
    node->index = done(tuple);
    if (!node->index)
      return nullptr;
  }
  if (!at(TokenKind::RightBracket))
    return unexpected("',' or ']'");
  take();
  adopt(node, {node->value, node->index});
  return done(node);
}

Expr *Parser::sliceOrIndex() {
  uint32_t start = begin();
  Expr *lower = nullptr;
  if (!at(TokenKind::Colon)) {
    lower = starOrNamed();
    if (!lower || !at(TokenKind::Colon))
      return lower;
  }
  auto *node = make<Slice>(start);
  take();
  auto isPresent = [&] {
    return !at(TokenKind::Colon) && !at(TokenKind::Comma) && !at(TokenKind::RightBracket);
  };
  node->lower = lower;
  if (isPresent() && !(node->upper = expression()))
    return nullptr;
  if (eat(TokenKind::Colon) && isPresent() && !(node->step = expression()))
    return nullptr;
  adopt(node, {node->lower, node->upper, node->step});
  return done(node);
}

} // namespace tsc::python
