// SPDX-License-Identifier: Apache-2.0
#include "tsc/Python/Ast.h"

#include <algorithm>

using namespace llvm;

namespace tsc::python {

/// Longer lines are not quoted in messages.
static constexpr size_t kMaxQuotedLine = 1000;

SourceFile::SourceFile(std::string name, StringRef text, unsigned firstLine)
    : fileName(std::move(name)), bytes(text), firstLine(firstLine), lineStarts{0} {
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n')))
      lineStarts.push_back(i + 1);
}

SourceLocation SourceFile::location(Range range) const {
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), range.begin);
  uint32_t lineStart = *std::prev(next);
  StringRef line = text().slice(lineStart, next == lineStarts.end() ? bytes.size() : *next);
  line = line.rtrim("\r\n");
  SourceLocation location;
  location.file = fileName;
  location.line = firstLine + (next - lineStarts.begin() - 1);
  location.column = range.begin - lineStart + 1;
  if (!range.empty() && range.end <= lineStart + line.size())
    location.endColumn = range.end - lineStart + 1;
  if (line.size() <= kMaxQuotedLine)
    location.lineText = line.str();
  return location;
}

StringRef spelling(UnaryOp op) {
  static constexpr llvm::StringLiteral kTexts[] = {"-", "+", "~", "not"};
  return kTexts[static_cast<size_t>(op)];
}

StringRef spelling(BinaryOp op) {
  static constexpr llvm::StringLiteral kTexts[] = {"+", "-", "*", "/", "//", "%", "**",
                                                   "@", "&", "|", "^", "<<", ">>"};
  return kTexts[static_cast<size_t>(op)];
}

StringRef spelling(CompareOp op) {
  static constexpr llvm::StringLiteral kTexts[] = {"==", "!=", "<",      "<=", ">",
                                                   ">=", "in", "not in", "is", "is not"};
  return kTexts[static_cast<size_t>(op)];
}

static StringRef describeComprehension(ComprehensionKind form) {
  switch (form) {
  case ComprehensionKind::List:
    return "a list comprehension";
  case ComprehensionKind::Set:
    return "a set comprehension";
  case ComprehensionKind::Dict:
    return "a dict comprehension";
  case ComprehensionKind::Generator:
    return "a generator expression";
  }
  return "";
}

StringRef describe(const Expr &expr) {
  switch (expr.kind) {
  case ExprKind::Name:
    return "a name";
  case ExprKind::IntLiteral:
  case ExprKind::FloatLiteral:
  case ExprKind::ImaginaryLiteral:
    return "a number";
  case ExprKind::BoolLiteral:
    return cast<BoolLiteral>(expr).value ? "'True'" : "'False'";
  case ExprKind::NoneLiteral:
    return "'None'";
  case ExprKind::EllipsisLiteral:
    return "'...'";
  case ExprKind::StringLiteral:
    return cast<StringLiteral>(expr).isBytes ? "a bytes literal" : "a string";
  case ExprKind::FormattedString:
    return "an f-string";
  case ExprKind::Attribute:
    return "an attribute";
  case ExprKind::Subscript:
    return "a subscript";
  case ExprKind::Slice:
    return "a slice";
  case ExprKind::Call:
    return "a call";
  case ExprKind::Unary:
  case ExprKind::Binary:
  case ExprKind::BoolOp:
    return "an operator's result";
  case ExprKind::Compare:
    return "a comparison";
  case ExprKind::Conditional:
    return "a conditional expression";
  case ExprKind::List:
    return "a list";
  case ExprKind::Tuple:
    return "a tuple";
  case ExprKind::Set:
    return "a set";
  case ExprKind::Dict:
    return "a dict";
  case ExprKind::Comprehension:
    return describeComprehension(cast<Comprehension>(expr).form);
  case ExprKind::Lambda:
    return "a lambda";
  case ExprKind::Starred:
    return "a starred expression";
  case ExprKind::NamedExpr:
    return "':='";
  case ExprKind::Yield:
    return "'yield'";
  case ExprKind::Await:
    return "'await'";
  }
  return "";
}

StringRef describe(const Stmt &stmt) {
  switch (stmt.kind) {
  case StmtKind::Expression:
    return "an expression";
  case StmtKind::Assign:
  case StmtKind::AnnAssign:
  case StmtKind::AugAssign:
    return "an assignment";
  case StmtKind::If:
    return "an 'if' statement";
  case StmtKind::While:
    return "a 'while' loop";
  case StmtKind::For:
    return "a 'for' loop";
  case StmtKind::Return:
    return "a 'return' statement";
  case StmtKind::Raise:
    return "a 'raise' statement";
  case StmtKind::Assert:
    return "an 'assert' statement";
  case StmtKind::Delete:
    return "a 'del' statement";
  case StmtKind::With:
    return "a 'with' statement";
  case StmtKind::Try:
    return "a 'try' statement";
  case StmtKind::Break:
    return "a 'break' statement";
  case StmtKind::Continue:
    return "a 'continue' statement";
  case StmtKind::Pass:
    return "a 'pass' statement";
  case StmtKind::Scope:
    return cast<Scope>(stmt).isNonlocal ? "a 'nonlocal' statement" : "a 'global' statement";
  case StmtKind::Import:
    return "an 'import' statement";
  case StmtKind::Function:
    return "a function definition";
  case StmtKind::Class:
    return "a class definition";
  }
  return "";
}

} // namespace tsc::python
