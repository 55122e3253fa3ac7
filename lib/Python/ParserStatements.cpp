// SPDX-License-Identifier: Apache-2.0
// Lines and blocks, simple statements, imports.
#include "ParserImpl.h"

using namespace llvm;

namespace tsc::python {

// ---- Lines and blocks

bool Parser::statement(SmallVectorImpl<Stmt *> &out) {
  Nesting nesting(*this);
  if (!nesting)
    return false;
  if (atKeywordAttribute())
    return simpleLine(out);
  switch (kind()) {
  case TokenKind::KwIf:
  case TokenKind::KwWhile:
  case TokenKind::KwFor:
  case TokenKind::KwWith:
  case TokenKind::KwTry:
  case TokenKind::KwAsync:
  case TokenKind::KwDef:
  case TokenKind::KwClass:
  case TokenKind::At: {
    Stmt *stmt = compound();
    out.push_back(stmt);
    return stmt;
  }
  default:
    return simpleLine(out);
  }
}

/// `async : T`: attributes of archives may be keywords, which their writer does not mind. Archives
/// have none of the statements that this hides.
bool Parser::atKeywordAttribute() const {
  return dialect == Dialect::Archive && isKeyword(kind()) && kind(1) == TokenKind::Colon &&
         kind(2) != TokenKind::Newline;
}

bool Parser::simpleLine(SmallVectorImpl<Stmt *> &out) {
  if (at(TokenKind::Indent))
    return unexpected("the indentation of the line before");
  do {
    Stmt *stmt = simple();
    if (!stmt)
      return false;
    out.push_back(stmt);
  } while (eat(TokenKind::Semicolon) && !at(TokenKind::Newline));
  return expect(TokenKind::Newline);
}

/// `:` and what it governs.
bool Parser::block(StmtList &body, StringRef after) {
  if (!expect(TokenKind::Colon))
    return false;
  SmallVector<Stmt *, 8> statements;
  if (!eat(TokenKind::Newline)) {
    if (!simpleLine(statements))
      return false;
    body = copy(statements);
    return true;
  }
  if (!eat(TokenKind::Indent))
    return unexpected(("an indented block after " + after).str());
  while (!at(TokenKind::Dedent)) {
    if (at(TokenKind::EndOfFile))
      break;
    if (!statement(statements))
      return false;
  }
  take();
  body = copy(statements);
  return true;
}

/// The `else` of a loop or a `try`, if there is one.
bool Parser::elseBlock(StmtList &body) { return !eat(TokenKind::KwElse) || block(body, "'else'"); }

// ---- Simple statements

Stmt *Parser::simple() {
  if (atKeywordAttribute()) {
    auto *name = make<Name>(begin());
    name->id = text(take().range);
    return annotated(name->range.begin, done(name));
  }
  switch (kind()) {
  case TokenKind::KwPass:
    return makeSimple<Pass>();
  case TokenKind::KwBreak:
    return makeSimple<Break>();
  case TokenKind::KwContinue:
    return makeSimple<Continue>();
  case TokenKind::KwReturn:
    return returnStatement();
  case TokenKind::KwRaise:
    return raiseStatement();
  case TokenKind::KwAssert:
    return assertStatement();
  case TokenKind::KwDel:
    return deleteStatement();
  case TokenKind::KwGlobal:
  case TokenKind::KwNonlocal:
    return scopeStatement();
  case TokenKind::KwImport:
    return importStatement();
  case TokenKind::KwFrom:
    return fromImportStatement();
  default:
    return expressionOrAssign();
  }
}

static bool augmentedOp(TokenKind kind, BinaryOp &op) {
  switch (kind) {
  case TokenKind::AddAssign:
    op = BinaryOp::Add;
    return true;
  case TokenKind::SubAssign:
    op = BinaryOp::Sub;
    return true;
  case TokenKind::MulAssign:
    op = BinaryOp::Mul;
    return true;
  case TokenKind::DivAssign:
    op = BinaryOp::Div;
    return true;
  case TokenKind::FloorDivAssign:
    op = BinaryOp::FloorDiv;
    return true;
  case TokenKind::ModAssign:
    op = BinaryOp::Mod;
    return true;
  case TokenKind::PowAssign:
    op = BinaryOp::Pow;
    return true;
  case TokenKind::MatMulAssign:
    op = BinaryOp::MatMul;
    return true;
  case TokenKind::AndAssign:
    op = BinaryOp::BitAnd;
    return true;
  case TokenKind::OrAssign:
    op = BinaryOp::BitOr;
    return true;
  case TokenKind::XorAssign:
    op = BinaryOp::BitXor;
    return true;
  case TokenKind::LeftShiftAssign:
    op = BinaryOp::LeftShift;
    return true;
  case TokenKind::RightShiftAssign:
    op = BinaryOp::RightShift;
    return true;
  default:
    return false;
  }
}

/// Whether a `match` statement starts here: no expression goes on like this.
bool Parser::atMatch() const {
  if (!at(TokenKind::Name) || text(token().range) != "match")
    return false;
  TokenKind next = kind(1);
  return next == TokenKind::Name || next == TokenKind::String || next == TokenKind::Number;
}

Stmt *Parser::expressionOrAssign() {
  if (atMatch())
    return fail(token().range, Diag::SyntaxMatch);
  uint32_t start = begin();
  Expr *first = valueList();
  if (!first)
    return nullptr;
  BinaryOp op;
  if (at(TokenKind::Colon))
    return annotated(start, first);
  if (at(TokenKind::Assign))
    return assign(start, first);
  if (augmentedOp(kind(), op))
    return augmented(start, first, op);
  auto *node = make<ExprStmt>(start);
  node->value = first;
  adopt(node, first);
  return done(node);
}

Stmt *Parser::assign(uint32_t start, Expr *first) {
  auto *node = make<Assign>(start);
  SmallVector<Expr *, 4> values{first};
  while (eat(TokenKind::Assign)) {
    if (!checkTarget(values.back()))
      return nullptr;
    values.push_back(valueList());
    if (!values.back())
      return nullptr;
  }
  node->value = values.pop_back_val();
  node->targets = copy(values);
  adopt(node, node->targets);
  adopt(node, node->value);
  if (at(TokenKind::Newline)) {
    ArrayRef<Range> comments = typeComments(lastEnd, begin());
    if (!comments.empty())
      node->typeComment = comments.front();
  }
  return done(node);
}

/// `target : annotation = value`, from the colon on.
Stmt *Parser::annotated(uint32_t start, Expr *target) {
  if (!target || !checkSingleTarget(target))
    return nullptr;
  auto *node = make<AnnAssign>(start);
  take();
  node->target = target;
  node->annotation = expression();
  if (!node->annotation)
    return nullptr;
  if (eat(TokenKind::Assign) && !(node->value = valueList()))
    return nullptr;
  adopt(node, {node->target, node->annotation, node->value});
  return done(node);
}

Stmt *Parser::augmented(uint32_t start, Expr *target, BinaryOp op) {
  if (!checkSingleTarget(target))
    return nullptr;
  auto *node = make<AugAssign>(start);
  node->op = op;
  node->opRange = take().range;
  node->target = target;
  node->value = valueList();
  if (!node->value)
    return nullptr;
  adopt(node, {node->target, node->value});
  return done(node);
}

/// Whether the expression can stand left of `=`. The tree's depth bounds the recursion.
bool Parser::checkTarget(const Expr *target) {
  ExprList items;
  switch (target->kind) {
  case ExprKind::Name:
  case ExprKind::Attribute:
  case ExprKind::Subscript:
    return true;
  case ExprKind::Starred:
    return checkTarget(cast<Starred>(target)->value);
  case ExprKind::Tuple:
    items = cast<Tuple>(target)->items;
    break;
  case ExprKind::List:
    items = cast<List>(target)->items;
    break;
  default:
    return fail(target->range, Diag::SyntaxTarget, describe(*target));
  }
  unsigned stars = 0;
  for (const Expr *item : items) {
    if (isa<Starred>(item) && ++stars > 1)
      return fail(item->range, Diag::SyntaxStarred, "found a second '*' target, expected one");
    if (!checkTarget(item))
      return false;
  }
  return true;
}

bool Parser::checkSingleTarget(const Expr *target) {
  if (isa<Name, Attribute, Subscript>(target))
    return true;
  return fail(target->range, Diag::SyntaxTargetOnce, describe(*target));
}

static bool endsStatement(TokenKind kind) {
  return kind == TokenKind::Newline || kind == TokenKind::Semicolon || kind == TokenKind::EndOfFile;
}

Stmt *Parser::returnStatement() {
  auto *node = make<Return>(begin());
  take();
  if (!endsStatement(kind()) && !(node->value = valueList()))
    return nullptr;
  adopt(node, node->value);
  return done(node);
}

Stmt *Parser::raiseStatement() {
  auto *node = make<Raise>(begin());
  take();
  if (!endsStatement(kind())) {
    node->exception = expression();
    if (!node->exception)
      return nullptr;
    if (eat(TokenKind::KwFrom) && !(node->cause = expression()))
      return nullptr;
  }
  adopt(node, {node->exception, node->cause});
  return done(node);
}

Stmt *Parser::assertStatement() {
  auto *node = make<Assert>(begin());
  take();
  node->test = expression();
  if (!node->test)
    return nullptr;
  if (eat(TokenKind::Comma) && !(node->message = expression()))
    return nullptr;
  adopt(node, {node->test, node->message});
  return done(node);
}

Stmt *Parser::deleteStatement() {
  auto *node = make<Delete>(begin());
  take();
  SmallVector<Expr *, 4> targets;
  do {
    targets.push_back(binary());
    if (!targets.back() || !checkTarget(targets.back()))
      return nullptr;
  } while (eat(TokenKind::Comma) && !endsStatement(kind()));
  node->targets = copy(targets);
  adopt(node, node->targets);
  return done(node);
}

Stmt *Parser::scopeStatement() {
  auto *node = make<Scope>(begin());
  node->isNonlocal = take().kind == TokenKind::KwNonlocal;
  SmallVector<Identifier, 4> names;
  do {
    names.emplace_back();
    if (!expectName(names.back()))
      return nullptr;
  } while (eat(TokenKind::Comma));
  node->names = copy(names);
  return done(node);
}

// ---- Imports

/// `a.b.c`; white space between its parts is not kept apart.
bool Parser::dottedName(Identifier &name) {
  uint32_t start = begin();
  Identifier part;
  do {
    if (!expectName(part))
      return false;
  } while (eat(TokenKind::Dot));
  name.range = {start, lastEnd};
  name.text = text(name.range);
  return true;
}

bool Parser::importNames(SmallVectorImpl<ImportName> &names, bool dotted) {
  do {
    if (!names.empty() && at(TokenKind::RightParen))
      return true;
    ImportName entry;
    if (dotted ? !dottedName(entry.name) : !expectName(entry.name))
      return false;
    if (eat(TokenKind::KwAs) && !expectName(entry.alias))
      return false;
    names.push_back(entry);
  } while (eat(TokenKind::Comma));
  return true;
}

Stmt *Parser::importStatement() {
  auto *node = make<Import>(begin());
  take();
  SmallVector<ImportName, 4> names;
  if (!importNames(names, /*dotted=*/true))
    return nullptr;
  node->names = copy(names);
  return done(node);
}

Stmt *Parser::fromImportStatement() {
  auto *node = make<Import>(begin());
  node->isFrom = true;
  take();
  uint32_t moduleBegin = begin();
  while (at(TokenKind::Dot) || at(TokenKind::Ellipsis))
    take();
  bool isRelative = moduleBegin != begin();
  if ((!isRelative || !at(TokenKind::KwImport)) && !dottedName(node->module))
    return nullptr;
  node->module.range = {moduleBegin, lastEnd};
  node->module.text = text(node->module.range);
  if (!expect(TokenKind::KwImport))
    return nullptr;
  SmallVector<ImportName, 4> names;
  if (at(TokenKind::Star)) {
    Range star = take().range;
    names.push_back({{text(star), star}, {}});
  } else {
    bool inParens = eat(TokenKind::LeftParen);
    if (!importNames(names, /*dotted=*/false) || (inParens && !expect(TokenKind::RightParen)))
      return nullptr;
  }
  node->names = copy(names);
  return done(node);
}

} // namespace tsc::python
