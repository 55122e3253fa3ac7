// SPDX-License-Identifier: Apache-2.0
// Functions and classes: decorators, parameters, and the type comments that stand for annotations.
#include "ParserImpl.h"

#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace tsc::python {

Stmt *Parser::decorated() {
  SmallVector<Expr *, 4> decorators;
  while (eat(TokenKind::At)) {
    decorators.push_back(namedExpression());
    if (!decorators.back() || !expect(TokenKind::Newline))
      return nullptr;
  }
  ExprList list = copy(decorators);
  uint32_t start = begin();
  if (at(TokenKind::KwClass))
    return classDef(list);
  bool isAsync = eat(TokenKind::KwAsync);
  if (at(TokenKind::KwDef))
    return functionDef(start, list, isAsync);
  return unexpected("'def' or 'class' after a decorator");
}

Stmt *Parser::functionDef(uint32_t start, ExprList decorators, bool isAsync) {
  auto *node = make<FunctionDef>(start);
  node->decorators = decorators;
  node->isAsync = isAsync;
  take();
  SmallVector<Param, 8> list;
  if (!expectName(node->name) || !expect(TokenKind::LeftParen) ||
      !params(TokenKind::RightParen, /*annotations=*/true, list))
    return nullptr;
  if (!at(TokenKind::RightParen))
    return unexpected("',' or ')'");
  take();
  if (eat(TokenKind::Arrow) && !(node->returns = expression()))
    return nullptr;
  uint32_t colon = begin();
  if (!block(node->body, "a function definition") || !applyTypeComments(node, list, colon))
    return nullptr;
  node->params = copy(list);
  adopt(node, node->decorators);
  adopt(node, node->params);
  adopt(node, node->returns);
  adopt(node, node->body);
  return done(node);
}

Stmt *Parser::classDef(ExprList decorators) {
  auto *node = make<ClassDef>(begin());
  node->decorators = decorators;
  take();
  if (!expectName(node->name))
    return nullptr;
  SmallVector<Expr *, 4> bases;
  SmallVector<Keyword, 2> keywords;
  if (eat(TokenKind::LeftParen)) {
    while (!at(TokenKind::RightParen))
      if (!argument(bases, keywords) || !eat(TokenKind::Comma))
        break;
    if (failed)
      return nullptr;
    if (!at(TokenKind::RightParen))
      return unexpected("',' or ')'");
    take();
  }
  if (!block(node->body, "a class definition"))
    return nullptr;
  node->bases = copy(bases);
  node->keywords = copy(keywords);
  adopt(node, node->decorators);
  adopt(node, node->bases);
  adopt(node, node->keywords);
  adopt(node, node->body);
  return done(node);
}

// ---- Parameters

/// The parameters up to the token `end`, which is not taken.
bool Parser::params(TokenKind end, bool annotations, SmallVectorImpl<Param> &out) {
  ParamKind next = ParamKind::Normal;
  while (!at(end)) {
    if (!out.empty() && out.back().kind == ParamKind::VarKeywords)
      return fail(token().range, Diag::SyntaxParameter, "found a parameter after '**'");
    if (at(TokenKind::Slash)) {
      bool isMisplaced =
          out.empty() || next != ParamKind::Normal || out.front().kind == ParamKind::PositionalOnly;
      if (isMisplaced)
        return unexpected("a parameter");
      take();
      for (Param &before : out)
        before.kind = ParamKind::PositionalOnly;
    } else if (at(TokenKind::Star) || at(TokenKind::DoubleStar)) {
      if (!starParam(annotations, next, out))
        return false;
    } else {
      out.emplace_back();
      if (!param(annotations, next, out.back()))
        return false;
    }
    if (!eat(TokenKind::Comma))
      break;
  }
  return checkParams(out);
}

/// `*`, `*args` or `**kwargs`. What follows a star is keyword-only.
bool Parser::starParam(bool annotations, ParamKind &next, SmallVectorImpl<Param> &out) {
  Token star = token();
  if (star.kind == TokenKind::Star && next == ParamKind::KeywordOnly)
    return fail(star.range, Diag::SyntaxParameter, "found a second '*', expected one");
  take();
  bool isBare = star.kind == TokenKind::Star && !at(TokenKind::Name);
  if (isBare && !(at(TokenKind::Comma) && kind(1) != TokenKind::RightParen))
    return unexpected("a parameter after '*'");
  if (star.kind == TokenKind::Star)
    next = ParamKind::KeywordOnly;
  if (isBare)
    return true;
  bool isPositional = star.kind == TokenKind::Star;
  out.emplace_back();
  if (!param(annotations, isPositional ? ParamKind::VarArgs : ParamKind::VarKeywords, out.back()))
    return false;
  out.back().range.begin = star.range.begin;
  return true;
}

bool Parser::param(bool annotations, ParamKind paramKind, Param &out) {
  out.kind = paramKind;
  out.range.begin = begin();
  if (!expectName(out.name))
    return false;
  if (annotations && eat(TokenKind::Colon) && !(out.annotation = expression()))
    return false;
  bool mayHaveDefault = paramKind == ParamKind::Normal || paramKind == ParamKind::KeywordOnly;
  if (mayHaveDefault && eat(TokenKind::Assign) && !(out.defaultValue = expression()))
    return false;
  out.range.end = lastEnd;
  return true;
}

bool Parser::checkParams(ArrayRef<Param> params) {
  StringSet<> names;
  bool hasDefault = false;
  for (const Param &param : params) {
    if (!names.insert(param.name.text).second)
      return fail(param.name.range, Diag::SyntaxParameter,
                  ("parameter '" + param.name.text + "' occurs twice").str());
    if (param.kind != ParamKind::Normal && param.kind != ParamKind::PositionalOnly)
      continue;
    if (hasDefault && !param.defaultValue)
      return fail(
          param.range, Diag::SyntaxParameter,
          ("parameter '" + param.name.text + "' without default follows one with default").str());
    hasDefault |= param.defaultValue != nullptr;
  }
  return true;
}

// ---- Type comments

/// The type comments that start in [begin, end).
ArrayRef<Range> Parser::typeComments(uint32_t begin, uint32_t end) const {
  auto before = [](const Range &range, uint32_t offset) { return range.begin < offset; };
  const auto &all = list.typeComments;
  auto first = std::lower_bound(all.begin(), all.end(), begin, before);
  auto last = std::lower_bound(first, all.end(), end, before);
  return ArrayRef<Range>(all).slice(first - all.begin(), last - first);
}

static bool isDocstring(const Stmt *stmt) {
  const auto *expr = dyn_cast<ExprStmt>(stmt);
  return expr && isa<StringLiteral>(expr->value);
}

/// Comments between the parameters type one each; the one before the body types the function.
bool Parser::applyTypeComments(FunctionDef *node, MutableArrayRef<Param> params, uint32_t colon) {
  if (list.typeComments.empty())
    return true;
  if (!applyParamComments(params, colon))
    return false;
  uint32_t bodyBegin = lastEnd;
  for (const Stmt *stmt : node->body) {
    bodyBegin = stmt->range.begin;
    if (!isDocstring(stmt))
      break;
    bodyBegin = lastEnd;
  }
  for (Range comment : typeComments(colon, bodyBegin))
    if (text(comment).starts_with("("))
      return applySignature(node, params, comment);
  return true;
}

bool Parser::applyParamComments(MutableArrayRef<Param> params, uint32_t colon) {
  for (size_t i = 0; i < params.size(); ++i) {
    uint32_t end = i + 1 < params.size() ? params[i + 1].range.begin : colon;
    ArrayRef<Range> comments = typeComments(params[i].range.begin, end);
    if (comments.empty() || text(comments.front()).starts_with("("))
      continue;
    Nesting nesting(*this);
    if (!nesting)
      return false;
    Parser inner(tree, engine, dialect, comments.front(), /*inBrackets=*/true, depth);
    Expr *type = inner.wholeExpression();
    failed |= !type;
    if (!type || !annotateParam(params[i], type, comments.front()))
      return false;
  }
  return true;
}

/// `(T, ...) -> T`, or without the arrow.
bool Parser::applySignature(FunctionDef *node, MutableArrayRef<Param> params, Range comment) {
  SmallVector<Expr *, 8> types;
  bool isEllipsis = false;
  Expr *returns = nullptr;
  Nesting nesting(*this);
  if (!nesting)
    return false;
  Parser inner(tree, engine, dialect, comment, /*inBrackets=*/true, depth);
  if (!inner.signatureComment(types, isEllipsis, returns)) {
    failed = true;
    return false;
  }
  if (node->returns && returns)
    return fail(comment, Diag::SyntaxTypeCommentTwice, "the return value");
  if (returns)
    node->returns = returns;
  node->typeComment = comment;
  if (isEllipsis)
    return true;
  // The comment of a method leaves `self` out.
  size_t skipped = types.size() + 1 == params.size() ? 1 : 0;
  if (types.size() + skipped != params.size())
    return fail(comment, Diag::SyntaxTypeCommentCount, types.size(), params.size());
  for (size_t i = 0; i < types.size(); ++i)
    if (!annotateParam(params[i + skipped], types[i], comment))
      return false;
  return true;
}

bool Parser::annotateParam(Param &param, Expr *type, Range comment) {
  if (param.annotation)
    return fail(comment, Diag::SyntaxTypeCommentTwice,
                ("parameter '" + param.name.text + "'").str());
  param.annotation = type;
  return true;
}

bool Parser::signatureComment(SmallVectorImpl<Expr *> &types, bool &isEllipsis, Expr *&returns) {
  if (!expect(TokenKind::LeftParen))
    return false;
  isEllipsis = at(TokenKind::Ellipsis) && kind(1) == TokenKind::RightParen;
  if (isEllipsis)
    take();
  while (!isEllipsis && !at(TokenKind::RightParen)) {
    types.push_back(expression());
    if (!types.back())
      return false;
    if (!eat(TokenKind::Comma))
      break;
  }
  if (!at(TokenKind::RightParen))
    return unexpected("',' or ')'");
  take();
  if (eat(TokenKind::Arrow) && !(returns = expression()))
    return false;
  if (!at(TokenKind::EndOfFile))
    return unexpected("end of comment");
  return true;
}

} // namespace tsc::python
