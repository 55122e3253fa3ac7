// SPDX-License-Identifier: Apache-2.0
// The entry points, and how the parser walks over tokens.
#include "ParserImpl.h"

#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

namespace tsc::python {

/// Offsets and counts of tokens stay far inside 32 bits.
static constexpr size_t kMaxSource = size_t(1) << 30;

Parser::Parser(Tree &tree, DiagnosticEngine &engine, Dialect dialect, Range range, bool inBrackets,
               unsigned depth)
    : tree(tree), engine(engine), dialect(dialect),
      list(lex(tree.source.text(), range, inBrackets)), lastEnd(range.begin), depth(depth) {}

Token Parser::take() {
  Token taken = token();
  bool isLayout = taken.kind == TokenKind::Newline || taken.kind == TokenKind::Indent ||
                  taken.kind == TokenKind::Dedent;
  if (!isLayout)
    lastEnd = taken.range.end;
  if (index + 1 < list.tokens.size())
    ++index;
  return taken;
}

bool Parser::eat(TokenKind wanted) {
  if (!at(wanted))
    return false;
  take();
  return true;
}

bool Parser::expect(TokenKind wanted) {
  if (eat(wanted))
    return true;
  return unexpected(describe(wanted));
}

bool Parser::expectName(Identifier &name, bool orKeyword) {
  if (!at(TokenKind::Name) && !(orKeyword && isKeyword(kind())))
    return unexpected("a name");
  Token taken = take();
  name = {text(taken.range), taken.range};
  return true;
}

std::string Parser::describeToken(const Token &token) const {
  if (token.kind == TokenKind::EndOfFile && token.range.end < tree.source.text().size())
    return "end of expression";
  if (token.kind != TokenKind::Name && token.kind != TokenKind::Number)
    return describe(token.kind);
  StringRef full = text(token.range);
  return ("'" + full.take_front(60) + (full.size() > 60 ? "..." : "") + "'").str();
}

Failure Parser::unexpected(StringRef expected) {
  if (at(TokenKind::Error))
    return fail(*list.error);
  return fail(token().range, Diag::SyntaxExpected, describeToken(token()), expected);
}

bool Parser::parseInto(Module &module) {
  SmallVector<Stmt *, 32> body;
  while (!at(TokenKind::EndOfFile))
    if (!statement(body))
      return false;
  module.body = copy(body);
  for (const Stmt *stmt : body) {
    if (const auto *import = dyn_cast<Import>(stmt))
      module.imports.push_back(import);
    else if (const auto *classDef = dyn_cast<ClassDef>(stmt))
      module.classes.push_back(classDef);
    else if (const auto *function = dyn_cast<FunctionDef>(stmt))
      module.functions.push_back(function);
  }
  return true;
}

Expr *Parser::wholeExpression() {
  Expr *expr = valueList();
  if (!expr)
    return nullptr;
  if (!at(TokenKind::EndOfFile))
    return unexpected("end of expression");
  return expr;
}

/// Whether the parser may look at the text at all; where it begins is left in `range`.
static bool checkText(const SourceFile &source, DiagnosticEngine &engine, Range &range) {
  StringRef text = source.text();
  SourceLocation wholeFile;
  wholeFile.file = source.name().str();
  if (text.size() >= kMaxSource) {
    engine.report(wholeFile, Diag::SyntaxTooLong, text.size(), kMaxSource);
    return false;
  }
  const auto *position = reinterpret_cast<const UTF8 *>(text.data());
  const auto *start = position;
  if (!isLegalUTF8String(&position, start + text.size())) {
    engine.report(wholeFile, Diag::CodeNotUtf8, position - start);
    return false;
  }
  range = {text.starts_with("\xef\xbb\xbf") ? 3u : 0u, static_cast<uint32_t>(text.size())};
  return true;
}

std::unique_ptr<Module> parseModule(std::string name, StringRef text, DiagnosticEngine &engine,
                                    Dialect dialect, unsigned firstLine) {
  auto module = std::make_unique<Module>(std::move(name), text, firstLine);
  Range range;
  if (!checkText(module->source, engine, range))
    return nullptr;
  Parser parser(*module, engine, dialect, range, /*inBrackets=*/false);
  if (!parser.parseInto(*module))
    return nullptr;
  return module;
}

std::unique_ptr<ParsedExpression> parseExpression(std::string name, StringRef text,
                                                  DiagnosticEngine &engine, Dialect dialect) {
  auto parsed = std::make_unique<ParsedExpression>(std::move(name), text, 1);
  Range range;
  if (!checkText(parsed->source, engine, range))
    return nullptr;
  Parser parser(*parsed, engine, dialect, range, /*inBrackets=*/true);
  parsed->expr = parser.wholeExpression();
  if (!parsed->expr)
    return nullptr;
  return parsed;
}

} // namespace tsc::python
