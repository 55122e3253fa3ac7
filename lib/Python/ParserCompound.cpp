// SPDX-License-Identifier: Apache-2.0
// Statements that hold blocks, but definitions.
#include "ParserImpl.h"

using namespace llvm;

namespace tsc::python {

Stmt *Parser::compound() {
  switch (kind()) {
  case TokenKind::KwIf:
    return ifStatement();
  case TokenKind::KwWhile:
    return whileStatement();
  case TokenKind::KwFor:
    return forStatement(begin(), /*isAsync=*/false);
  case TokenKind::KwWith:
    return withStatement(begin(), /*isAsync=*/false);
  case TokenKind::KwTry:
    return tryStatement();
  case TokenKind::KwDef:
    return functionDef(begin(), {}, /*isAsync=*/false);
  case TokenKind::KwClass:
    return classDef({});
  case TokenKind::At:
    return decorated();
  default:
    return asyncStatement();
  }
}

Stmt *Parser::asyncStatement() {
  uint32_t start = begin();
  take();
  switch (kind()) {
  case TokenKind::KwFor:
    return forStatement(start, /*isAsync=*/true);
  case TokenKind::KwWith:
    return withStatement(start, /*isAsync=*/true);
  case TokenKind::KwDef:
    return functionDef(start, {}, /*isAsync=*/true);
  default:
    return unexpected("'def', 'for' or 'with' after 'async'");
  }
}

/// `if` or `elif`.
Stmt *Parser::ifStatement() {
  auto *node = make<If>(begin());
  node->isElif = at(TokenKind::KwElif);
  take();
  node->test = namedExpression();
  if (!node->test || !block(node->body, node->isElif ? "'elif'" : "'if'"))
    return nullptr;
  if (at(TokenKind::KwElif)) {
    Nesting nesting(*this);
    Stmt *next = nesting ? ifStatement() : nullptr;
    if (!next)
      return nullptr;
    node->orElse = copy(ArrayRef<Stmt *>(next));
  } else if (!elseBlock(node->orElse)) {
    return nullptr;
  }
  adopt(node, node->test);
  adopt(node, node->body);
  adopt(node, node->orElse);
  return done(node);
}

Stmt *Parser::whileStatement() {
  auto *node = make<While>(begin());
  take();
  node->test = namedExpression();
  if (!node->test || !block(node->body, "'while'") || !elseBlock(node->orElse))
    return nullptr;
  adopt(node, node->test);
  adopt(node, node->body);
  adopt(node, node->orElse);
  return done(node);
}

Stmt *Parser::forStatement(uint32_t start, bool isAsync) {
  auto *node = make<For>(start);
  node->isAsync = isAsync;
  take();
  node->target = targetList();
  if (!node->target || !expect(TokenKind::KwIn))
    return nullptr;
  node->iterable = valueList();
  if (!node->iterable || !block(node->body, "'for'") || !elseBlock(node->orElse))
    return nullptr;
  adopt(node, {node->target, node->iterable});
  adopt(node, node->body);
  adopt(node, node->orElse);
  return done(node);
}

/// Whether the parenthesis at the current token holds the items of a `with`, not an expression:
/// it ends before the colon, and holds `as` or a comma.
bool Parser::parenthesizedWith() const {
  unsigned open = 0;
  bool isList = false;
  for (size_t ahead = 0;; ++ahead) {
    switch (kind(ahead)) {
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
    case TokenKind::LeftBrace:
      ++open;
      break;
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
    case TokenKind::RightBrace:
      if (--open == 0)
        return isList && kind(ahead + 1) == TokenKind::Colon;
      break;
    case TokenKind::KwAs:
    case TokenKind::Comma:
      isList |= open == 1;
      break;
    case TokenKind::Newline:
    case TokenKind::EndOfFile:
    case TokenKind::Error:
      return false;
    default:
      break;
    }
  }
}

bool Parser::withItems(SmallVectorImpl<WithItem> &items) {
  do {
    if (!items.empty() && at(TokenKind::RightParen))
      return true;
    WithItem item;
    item.context = expression();
    if (!item.context)
      return false;
    if (eat(TokenKind::KwAs)) {
      item.target = starOrBinary();
      if (!item.target || !rejectStarred(item.target) || !checkTarget(item.target))
        return false;
    }
    items.push_back(item);
  } while (eat(TokenKind::Comma));
  return true;
}

Stmt *Parser::withStatement(uint32_t start, bool isAsync) {
  auto *node = make<With>(start);
  node->isAsync = isAsync;
  take();
  bool inParens = at(TokenKind::LeftParen) && parenthesizedWith();
  if (inParens)
    take();
  SmallVector<WithItem, 2> items;
  if (!withItems(items) || (inParens && !expect(TokenKind::RightParen)) ||
      !block(node->body, "'with'"))
    return nullptr;
  node->items = copy(items);
  for (const WithItem &item : items)
    adopt(node, {item.context, item.target});
  adopt(node, node->body);
  return done(node);
}

bool Parser::exceptHandler(ExceptHandler &handler) {
  handler.range.begin = begin();
  take();
  eat(TokenKind::Star);
  if (!at(TokenKind::Colon)) {
    handler.type = valueList();
    if (!handler.type || (eat(TokenKind::KwAs) && !expectName(handler.name)))
      return false;
  }
  if (!block(handler.body, "'except'"))
    return false;
  handler.range.end = lastEnd;
  return true;
}

Stmt *Parser::tryStatement() {
  auto *node = make<Try>(begin());
  take();
  if (!block(node->body, "'try'"))
    return nullptr;
  if (!at(TokenKind::KwExcept) && !at(TokenKind::KwFinally))
    return unexpected("'except' or 'finally'");
  SmallVector<ExceptHandler, 2> handlers;
  while (at(TokenKind::KwExcept)) {
    handlers.emplace_back();
    if (!exceptHandler(handlers.back()))
      return nullptr;
    adopt(node, handlers.back().type);
    adopt(node, handlers.back().body);
  }
  if (!elseBlock(node->orElse) || (eat(TokenKind::KwFinally) && !block(node->finally, "'finally'")))
    return nullptr;
  node->handlers = copy(handlers);
  adopt(node, node->body);
  adopt(node, node->orElse);
  adopt(node, node->finally);
  return done(node);
}

} // namespace tsc::python
