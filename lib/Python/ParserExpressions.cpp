// SPDX-License-Identifier: Apache-2.0
// Expressions by precedence, the loosest first, down to `**`. ParserAtoms.cpp has what they apply
// to.
#include "ParserImpl.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tsc::python {

/// `test if test else expression`, or a lambda.
Expr *Parser::expression() {
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  if (at(TokenKind::KwLambda))
    return lambda();
  uint32_t start = begin();
  Expr *body = orTest();
  if (!body || !eat(TokenKind::KwIf))
    return body;
  auto *node = make<Conditional>(start);
  node->body = body;
  node->test = orTest();
  if (!node->test || !expect(TokenKind::KwElse))
    return nullptr;
  node->orElse = expression();
  if (!node->orElse)
    return nullptr;
  adopt(node, {node->body, node->test, node->orElse});
  return done(node);
}

/// `name := expression`, or an expression.
Expr *Parser::namedExpression() {
  if (!at(TokenKind::Name) || kind(1) != TokenKind::Walrus)
    return expression();
  auto *node = make<NamedExpr>(begin());
  if (!expectName(node->name))
    return nullptr;
  take();
  node->value = expression();
  if (!node->value)
    return nullptr;
  adopt(node, node->value);
  return done(node);
}

Expr *Parser::starOrNamed() { return at(TokenKind::Star) ? starOrBinary() : namedExpression(); }

/// What may be assigned to: stops before `in`.
Expr *Parser::starOrBinary() {
  if (!at(TokenKind::Star))
    return binary();
  auto *node = make<Starred>(begin());
  take();
  node->value = binary();
  if (!node->value)
    return nullptr;
  adopt(node, node->value);
  return done(node);
}

/// A starred expression must be among others.
bool Parser::rejectStarred(const Expr *expr) {
  if (!isa<Starred>(expr))
    return true;
  return fail(expr->range, Diag::SyntaxStarred, "found '*' outside of a list, a tuple or a call");
}

/// Whether a token can only follow an expression, so that a comma before it is the last.
static bool endsList(TokenKind kind) {
  switch (kind) {
  case TokenKind::EndOfFile:
  case TokenKind::Newline:
  case TokenKind::RightParen:
  case TokenKind::RightBracket:
  case TokenKind::RightBrace:
  case TokenKind::Assign:
  case TokenKind::Colon:
  case TokenKind::Semicolon:
  case TokenKind::KwIn:
    return true;
  default:
    return false;
  }
}

/// One expression, or a tuple without parentheses.
Expr *Parser::valueList() {
  if (at(TokenKind::KwYield))
    return yield();
  uint32_t start = begin();
  Expr *first = starOrNamed();
  if (!first || !at(TokenKind::Comma))
    return first && rejectStarred(first) ? first : nullptr;
  SmallVector<Expr *, 8> items{first};
  while (eat(TokenKind::Comma) && !endsList(kind())) {
    items.push_back(starOrNamed());
    if (!items.back())
      return nullptr;
  }
  auto *node = make<Tuple>(start);
  node->items = copy(items);
  adopt(node, node->items);
  return done(node);
}

/// The targets of `for`.
Expr *Parser::targetList() {
  uint32_t start = begin();
  Expr *first = starOrBinary();
  if (!first || !at(TokenKind::Comma))
    return first && rejectStarred(first) && checkTarget(first) ? first : nullptr;
  SmallVector<Expr *, 8> items{first};
  while (eat(TokenKind::Comma) && !endsList(kind())) {
    items.push_back(starOrBinary());
    if (!items.back())
      return nullptr;
  }
  auto *node = make<Tuple>(start);
  node->items = copy(items);
  adopt(node, node->items);
  return checkTarget(node) ? done(node) : nullptr;
}

Expr *Parser::orTest() {
  uint32_t start = begin();
  Expr *first = andTest();
  if (!first || !at(TokenKind::KwOr))
    return first;
  SmallVector<Expr *, 8> operands{first};
  while (eat(TokenKind::KwOr)) {
    operands.push_back(andTest());
    if (!operands.back())
      return nullptr;
  }
  auto *node = make<BoolOp>(start);
  node->operands = copy(operands);
  adopt(node, node->operands);
  return done(node);
}

Expr *Parser::andTest() {
  uint32_t start = begin();
  Expr *first = notTest();
  if (!first || !at(TokenKind::KwAnd))
    return first;
  SmallVector<Expr *, 8> operands{first};
  while (eat(TokenKind::KwAnd)) {
    operands.push_back(notTest());
    if (!operands.back())
      return nullptr;
  }
  auto *node = make<BoolOp>(start);
  node->isAnd = true;
  node->operands = copy(operands);
  adopt(node, node->operands);
  return done(node);
}

Expr *Parser::notTest() {
  if (!at(TokenKind::KwNot))
    return comparison();
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  auto *node = make<Unary>(begin());
  take();
  node->op = UnaryOp::Not;
  node->operand = notTest();
  if (!node->operand)
    return nullptr;
  adopt(node, node->operand);
  return done(node);
}

/// Takes a comparison operator if one is next.
bool Parser::compareOp(CompareOp &op) {
  switch (kind()) {
  case TokenKind::Equal:
    op = CompareOp::Eq;
    break;
  case TokenKind::NotEqual:
    op = CompareOp::Ne;
    break;
  case TokenKind::Less:
    op = CompareOp::Lt;
    break;
  case TokenKind::LessEqual:
    op = CompareOp::Le;
    break;
  case TokenKind::Greater:
    op = CompareOp::Gt;
    break;
  case TokenKind::GreaterEqual:
    op = CompareOp::Ge;
    break;
  case TokenKind::KwIn:
    op = CompareOp::In;
    break;
  case TokenKind::KwNot:
    if (kind(1) != TokenKind::KwIn)
      return false;
    take();
    op = CompareOp::NotIn;
    break;
  case TokenKind::KwIs:
    if (kind(1) == TokenKind::KwNot)
      take();
    op = at(TokenKind::KwNot) ? CompareOp::IsNot : CompareOp::Is;
    break;
  default:
    return false;
  }
  take();
  return true;
}

Expr *Parser::comparison() {
  uint32_t start = begin();
  Expr *first = binary();
  CompareOp op;
  if (!first || !compareOp(op))
    return first;
  SmallVector<Expr *, 4> operands{first};
  SmallVector<CompareOp, 4> ops;
  do {
    ops.push_back(op);
    operands.push_back(binary());
    if (!operands.back())
      return nullptr;
  } while (compareOp(op));
  auto *node = make<Compare>(start);
  node->operands = copy(operands);
  node->ops = copy(ops);
  adopt(node, node->operands);
  return done(node);
}

namespace {
struct BinaryRule {
  unsigned precedence; ///< 0: not an operator of these levels
  BinaryOp op;
};
} // namespace

static BinaryRule binaryRule(TokenKind kind) {
  switch (kind) {
  case TokenKind::Bar:
    return {1, BinaryOp::BitOr};
  case TokenKind::Caret:
    return {2, BinaryOp::BitXor};
  case TokenKind::Ampersand:
    return {3, BinaryOp::BitAnd};
  case TokenKind::LeftShift:
    return {4, BinaryOp::LeftShift};
  case TokenKind::RightShift:
    return {4, BinaryOp::RightShift};
  case TokenKind::Plus:
    return {5, BinaryOp::Add};
  case TokenKind::Minus:
    return {5, BinaryOp::Sub};
  case TokenKind::Star:
    return {6, BinaryOp::Mul};
  case TokenKind::Slash:
    return {6, BinaryOp::Div};
  case TokenKind::DoubleSlash:
    return {6, BinaryOp::FloorDiv};
  case TokenKind::Percent:
    return {6, BinaryOp::Mod};
  case TokenKind::At:
    return {6, BinaryOp::MatMul};
  default:
    return {0, BinaryOp::Add};
  }
}

/// Operators from `|` to `@`, all left-associative.
Expr *Parser::binary(unsigned minPrecedence) {
  uint32_t start = begin();
  Expr *left = unary();
  while (left) {
    BinaryRule rule = binaryRule(kind());
    if (rule.precedence < minPrecedence)
      return left;
    auto *node = make<Binary>(start);
    node->op = rule.op;
    node->opRange = take().range;
    node->left = left;
    node->right = binary(rule.precedence + 1);
    if (!node->right)
      return nullptr;
    adopt(node, {node->left, node->right});
    left = done(node);
  }
  return nullptr;
}

Expr *Parser::unary() {
  UnaryOp op;
  switch (kind()) {
  case TokenKind::Minus:
    op = UnaryOp::Neg;
    break;
  case TokenKind::Plus:
    op = UnaryOp::Pos;
    break;
  case TokenKind::Tilde:
    op = UnaryOp::Invert;
    break;
  default:
    return power();
  }
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  if (Expr *literal = negative())
    return literal;
  if (failed)
    return nullptr;
  auto *node = make<Unary>(begin());
  take();
  node->op = op;
  node->operand = unary();
  if (!node->operand)
    return nullptr;
  adopt(node, node->operand);
  return done(node);
}

/// A minus and an int or float that belongs to it alone; null where there is none.
Expr *Parser::negative() {
  if (!at(TokenKind::Minus) || kind(1) != TokenKind::Number)
    return nullptr;
  switch (kind(2)) {
  case TokenKind::DoubleStar: // binds closer than the minus
  case TokenKind::Dot:
  case TokenKind::LeftBracket:
  case TokenKind::LeftParen:
    return nullptr;
  default:
    break;
  }
  if (toLower(text(list.tokens[index + 1].range).back()) == 'j')
    return nullptr;
  uint32_t start = begin();
  take();
  return number(/*isNegative=*/true, start);
}

Expr *Parser::number(bool isNegative, uint32_t start) {
  Range range = take().range;
  NumberValue value = decodeNumber(text(range));
  if (value.kind == NumberKind::Float) {
    auto *node = make<FloatLiteral>(start);
    node->value = isNegative ? -value.real : value.real;
    return done(node);
  }
  if (value.kind == NumberKind::Imaginary) {
    auto *node = make<ImaginaryLiteral>(start);
    node->value = value.real;
    return done(node);
  }
  uint64_t limit = static_cast<uint64_t>(INT64_MAX) + isNegative;
  if (value.overflows || value.magnitude > limit)
    return fail({start, range.end}, Diag::SyntaxInteger);
  auto *node = make<IntLiteral>(start);
  node->value = static_cast<int64_t>(isNegative ? 0 - value.magnitude : value.magnitude);
  return done(node);
}

/// `primary ** unary`
Expr *Parser::power() {
  uint32_t start = begin();
  Expr *base = primary();
  if (!base || !at(TokenKind::DoubleStar))
    return base;
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  auto *node = make<Binary>(start);
  node->op = BinaryOp::Pow;
  node->opRange = take().range;
  node->left = base;
  node->right = unary();
  if (!node->right)
    return nullptr;
  adopt(node, {node->left, node->right});
  return done(node);
}

Expr *Parser::lambda() {
  auto *node = make<Lambda>(begin());
  take();
  SmallVector<Param, 4> list;
  if (!params(TokenKind::Colon, /*annotations=*/false, list) || !expect(TokenKind::Colon))
    return nullptr;
  node->params = copy(list);
  node->body = expression();
  if (!node->body)
    return nullptr;
  adopt(node, node->params);
  adopt(node, node->body);
  return done(node);
}

Expr *Parser::yield() {
  Nesting nesting(*this);
  if (!nesting)
    return nullptr;
  auto *node = make<Yield>(begin());
  take();
  node->isFrom = eat(TokenKind::KwFrom);
  if (node->isFrom)
    node->value = expression();
  else if (!endsList(kind()))
    node->value = valueList();
  else
    return done(node);
  if (!node->value)
    return nullptr;
  adopt(node, node->value);
  return done(node);
}

} // namespace tsc::python
