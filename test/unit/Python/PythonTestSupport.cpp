// SPDX-License-Identifier: Apache-2.0
#include "PythonTestSupport.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>

using namespace tsc::python;

namespace tsc::test {

static std::string quoted(llvm::StringRef bytes) {
  std::string out = "'";
  for (unsigned char c : bytes)
    out += llvm::isPrint(c) && c != '\'' && c != '\\' ? std::string(1, c)
                                                      : "\\x" + llvm::utohexstr(c, true, 2);
  return out + "'";
}

static std::string real(double value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::hex).ptr;
  return std::string(buffer, end);
}

static std::string list(ExprList items) {
  std::string out;
  for (const Expr *item : items)
    out += " " + dump(item);
  return out;
}

static std::string keywords(llvm::ArrayRef<Keyword> items) {
  std::string out;
  for (const Keyword &item : items)
    out += " " + (item.name.text.empty() ? "**" : item.name.text.str() + "=") + dump(item.value);
  return out;
}

static std::string params(llvm::ArrayRef<Param> items) {
  static const char *kMarks[] = {"/", "", "!", "*", "**"};
  std::string out = "(";
  for (const Param &item : items) {
    out += (out.size() > 1 ? " " : "") + std::string(kMarks[static_cast<int>(item.kind)]) +
           item.name.text.str();
    if (item.annotation)
      out += ":" + dump(item.annotation);
    if (item.defaultValue)
      out += "=" + dump(item.defaultValue);
  }
  return out + ")";
}

static std::string format(const FormattedString *node) {
  std::string out = "(fstring";
  for (const FormatPart &part : node->parts) {
    if (!part.value) {
      out += " " + quoted(part.text);
      continue;
    }
    out += " {" + dump(part.value) + (part.conversion ? std::string("!") + part.conversion : "") +
           (part.hasSpec ? ":" : "") + "}";
  }
  return out + ")";
}

static std::string comprehension(const Comprehension *node) {
  static const char *kForms[] = {"listcomp", "setcomp", "dictcomp", "generator"};
  std::string out =
      std::string("(") + kForms[static_cast<int>(node->form)] + " " + dump(node->element);
  if (node->value)
    out += " " + dump(node->value);
  for (const ComprehensionFor &clause : node->generators)
    out += std::string(clause.isAsync ? " (asyncfor " : " (for ") + dump(clause.target) + " " +
           dump(clause.iterable) + list(clause.conditions) + ")";
  return out + ")";
}

static std::string literal(const Expr *expr) {
  switch (expr->kind) {
  case ExprKind::IntLiteral:
    return std::to_string(llvm::cast<IntLiteral>(expr)->value);
  case ExprKind::FloatLiteral:
    return "f" + real(llvm::cast<FloatLiteral>(expr)->value);
  case ExprKind::ImaginaryLiteral:
    return "j" + real(llvm::cast<ImaginaryLiteral>(expr)->value);
  case ExprKind::BoolLiteral:
    return llvm::cast<BoolLiteral>(expr)->value ? "True" : "False";
  case ExprKind::NoneLiteral:
    return "None";
  case ExprKind::EllipsisLiteral:
    return "...";
  case ExprKind::StringLiteral: {
    const auto *node = llvm::cast<StringLiteral>(expr);
    return (node->isBytes ? "b" : "") + quoted(node->value);
  }
  default:
    return "?";
  }
}

static std::string compare(const Compare *node) {
  std::string out = "(compare " + dump(node->operands[0]);
  for (size_t i = 0; i < node->ops.size(); ++i)
    out += " " + spelling(node->ops[i]).str() + " " + dump(node->operands[i + 1]);
  return out + ")";
}

static std::string dict(const Dict *node) {
  std::string out = "(dict";
  for (const DictItem &item : node->items)
    out += " " + (item.key ? dump(item.key) : "**") + ":" + dump(item.value);
  return out + ")";
}

std::string dump(const Expr *expr) {
  if (!expr)
    return "_";
  if (const auto *node = llvm::dyn_cast<Name>(expr))
    return node->id.str();
  if (const auto *node = llvm::dyn_cast<FormattedString>(expr))
    return format(node);
  if (const auto *node = llvm::dyn_cast<Attribute>(expr))
    return "(. " + dump(node->value) + " " + node->name.text.str() + ")";
  if (const auto *node = llvm::dyn_cast<Subscript>(expr))
    return "([] " + dump(node->value) + " " + dump(node->index) + ")";
  if (const auto *node = llvm::dyn_cast<Slice>(expr))
    return "(slice " + dump(node->lower) + " " + dump(node->upper) + " " + dump(node->step) + ")";
  if (const auto *node = llvm::dyn_cast<Call>(expr))
    return "(call " + dump(node->callee) + list(node->args) + keywords(node->keywords) + ")";
  if (const auto *node = llvm::dyn_cast<Unary>(expr))
    return "(" + spelling(node->op).str() + " " + dump(node->operand) + ")";
  if (const auto *node = llvm::dyn_cast<Binary>(expr))
    return "(" + spelling(node->op).str() + " " + dump(node->left) + " " + dump(node->right) + ")";
  if (const auto *node = llvm::dyn_cast<BoolOp>(expr))
    return std::string(node->isAnd ? "(and" : "(or") + list(node->operands) + ")";
  if (const auto *node = llvm::dyn_cast<Compare>(expr))
    return compare(node);
  if (const auto *node = llvm::dyn_cast<Conditional>(expr))
    return "(?: " + dump(node->test) + " " + dump(node->body) + " " + dump(node->orElse) + ")";
  if (const auto *node = llvm::dyn_cast<List>(expr))
    return "(list" + list(node->items) + ")";
  if (const auto *node = llvm::dyn_cast<Tuple>(expr))
    return "(tuple" + list(node->items) + ")";
  if (const auto *node = llvm::dyn_cast<Set>(expr))
    return "(set" + list(node->items) + ")";
  if (const auto *node = llvm::dyn_cast<Dict>(expr))
    return dict(node);
  if (const auto *node = llvm::dyn_cast<Comprehension>(expr))
    return comprehension(node);
  if (const auto *node = llvm::dyn_cast<Lambda>(expr))
    return "(lambda " + params(node->params) + " " + dump(node->body) + ")";
  if (const auto *node = llvm::dyn_cast<Starred>(expr))
    return "(star " + dump(node->value) + ")";
  if (const auto *node = llvm::dyn_cast<NamedExpr>(expr))
    return "(:= " + node->name.text.str() + " " + dump(node->value) + ")";
  if (const auto *node = llvm::dyn_cast<Yield>(expr))
    return std::string(node->isFrom ? "(yieldfrom " : "(yield ") + dump(node->value) + ")";
  if (const auto *node = llvm::dyn_cast<Await>(expr))
    return "(await " + dump(node->value) + ")";
  return literal(expr);
}

static std::string import(const Import *node) {
  std::string out = node->isFrom ? "(from " + node->module.text.str() : "(import";
  for (const ImportName &entry : node->names) {
    out += " " + entry.name.text.str();
    if (!entry.alias.text.empty())
      out += "=" + entry.alias.text.str();
  }
  return out + ")";
}

static std::string with(const With *node) {
  std::string out = node->isAsync ? "(asyncwith" : "(with";
  for (const WithItem &item : node->items)
    out += " " + dump(item.context) + "=" + dump(item.target);
  return out + " " + dump(node->body) + ")";
}

static std::string tryText(const Try *node) {
  std::string out = "(try " + dump(node->body);
  for (const ExceptHandler &handler : node->handlers)
    out += " (except " + dump(handler.type) + " " +
           (handler.name.text.empty() ? "_" : handler.name.text.str()) + " " + dump(handler.body) +
           ")";
  return out + " " + dump(node->orElse) + " " + dump(node->finally) + ")";
}

static std::string simple(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::Break:
    return "(break)";
  case StmtKind::Continue:
    return "(continue)";
  case StmtKind::Pass:
    return "(pass)";
  case StmtKind::Scope: {
    const auto *node = llvm::cast<Scope>(stmt);
    std::string out = node->isNonlocal ? "(nonlocal" : "(global";
    for (const Identifier &name : node->names)
      out += " " + name.text.str();
    return out + ")";
  }
  default:
    return "?";
  }
}

std::string dump(const Stmt *stmt) {
  if (const auto *node = llvm::dyn_cast<ExprStmt>(stmt))
    return dump(node->value);
  if (const auto *node = llvm::dyn_cast<Assign>(stmt))
    return "(=" + list(node->targets) + " " + dump(node->value) + ")";
  if (const auto *node = llvm::dyn_cast<AnnAssign>(stmt))
    return "(: " + dump(node->target) + " " + dump(node->annotation) + " " + dump(node->value) +
           ")";
  if (const auto *node = llvm::dyn_cast<AugAssign>(stmt))
    return "(" + spelling(node->op).str() + "= " + dump(node->target) + " " + dump(node->value) +
           ")";
  if (const auto *node = llvm::dyn_cast<If>(stmt))
    return "(if " + dump(node->test) + " " + dump(node->body) + " " + dump(node->orElse) + ")";
  if (const auto *node = llvm::dyn_cast<While>(stmt))
    return "(while " + dump(node->test) + " " + dump(node->body) + " " + dump(node->orElse) + ")";
  if (const auto *node = llvm::dyn_cast<For>(stmt))
    return std::string(node->isAsync ? "(asyncfor " : "(for ") + dump(node->target) + " " +
           dump(node->iterable) + " " + dump(node->body) + " " + dump(node->orElse) + ")";
  if (const auto *node = llvm::dyn_cast<Return>(stmt))
    return "(return " + dump(node->value) + ")";
  if (const auto *node = llvm::dyn_cast<Raise>(stmt))
    return "(raise " + dump(node->exception) + " " + dump(node->cause) + ")";
  if (const auto *node = llvm::dyn_cast<Assert>(stmt))
    return "(assert " + dump(node->test) + " " + dump(node->message) + ")";
  if (const auto *node = llvm::dyn_cast<Delete>(stmt))
    return "(del" + list(node->targets) + ")";
  if (const auto *node = llvm::dyn_cast<With>(stmt))
    return with(node);
  if (const auto *node = llvm::dyn_cast<Try>(stmt))
    return tryText(node);
  if (const auto *node = llvm::dyn_cast<Import>(stmt))
    return import(node);
  if (const auto *node = llvm::dyn_cast<FunctionDef>(stmt))
    return std::string(node->isAsync ? "(asyncdef " : "(def ") + node->name.text.str() + " (" +
           llvm::StringRef(list(node->decorators)).ltrim().str() + ") " + params(node->params) +
           " " + dump(node->returns) + " " + dump(node->body) + ")";
  if (const auto *node = llvm::dyn_cast<ClassDef>(stmt))
    return "(class " + node->name.text.str() + " (" +
           llvm::StringRef(list(node->decorators)).ltrim().str() + ") (" +
           llvm::StringRef(list(node->bases) + keywords(node->keywords)).ltrim().str() + ") " +
           dump(node->body) + ")";
  return simple(stmt);
}

std::string dump(StmtList body) {
  std::string out = "[";
  for (const Stmt *stmt : body)
    out += (out.size() > 1 ? " " : "") + dump(stmt);
  return out + "]";
}

static std::string firstError(const DiagnosticEngine &engine) {
  REQUIRE(engine.diagnostics().size() == 1);
  const Diagnostic &first = engine.diagnostics().front();
  const SourceLocation &at = first.location;
  return std::to_string(at.line) + ":" + std::to_string(at.column) + "-" +
         std::to_string(at.endColumn) + ": " + first.text;
}

std::string expression(llvm::StringRef text, Dialect dialect) {
  DiagnosticEngine engine;
  auto parsed = parseExpression("e.py", text, engine, dialect);
  INFO(text.str());
  INFO((parsed ? std::string() : firstError(engine)));
  REQUIRE(parsed);
  return dump(parsed->expr);
}

std::string module(llvm::StringRef text, Dialect dialect) {
  DiagnosticEngine engine;
  auto parsed = parseModule("m.py", text, engine, dialect);
  INFO(text.str());
  INFO((parsed ? std::string() : firstError(engine)));
  REQUIRE(parsed);
  std::string out = dump(parsed->body);
  return out.substr(1, out.size() - 2);
}

std::string moduleError(llvm::StringRef text) {
  DiagnosticEngine engine;
  auto parsed = parseModule("m.py", text, engine);
  INFO(text.str());
  REQUIRE_FALSE(parsed);
  return firstError(engine);
}

} // namespace tsc::test
