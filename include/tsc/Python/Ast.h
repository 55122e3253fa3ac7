// SPDX-License-Identifier: Apache-2.0
// The syntax tree of TorchScript's Python subset, for ordinary source and for an archive's
// code/*.py.
//
// Nodes are plain structs in the arena of the Module (or ParsedExpression) that holds them: they
// are never freed alone, children are never null unless a comment says so, and names are views into
// the source text. `kind` says which struct a node is; llvm::isa, cast and dyn_cast work on it.
// Every node has the byte range of its source text, without the parentheses around it (a tuple
// includes its own). No path from a root to a leaf has more than kMaxDepth nodes, so consumers may
// recurse.
//
// The tree also holds what TorchScript rejects (try, lambda, yield, ...): the parser accepts
// Python, and the importer says what of it cannot be compiled.
#pragma once

#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tsc::python {

/// The deepest tree that the parser makes; deeper input is a diagnostic.
constexpr unsigned kMaxDepth = 256;

/// Bytes [begin, end) of a SourceFile.
struct Range {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool empty() const { return begin == end; }
};

/// A text and its name in messages. Owns the text, which never moves.
class SourceFile {
public:
  SourceFile(std::string name, llvm::StringRef text, unsigned firstLine = 1);
  SourceFile(const SourceFile &) = delete;
  SourceFile &operator=(const SourceFile &) = delete;

  llvm::StringRef name() const { return fileName; }
  llvm::StringRef text() const { return bytes; }
  llvm::StringRef text(Range range) const { return text().slice(range.begin, range.end); }
  /// For diagnostics. Lines and columns count from 1, columns in bytes.
  SourceLocation location(Range range) const;

private:
  std::string fileName;
  std::string bytes;
  unsigned firstLine; ///< what line the text's first line is in the user's file
  std::vector<uint32_t> lineStarts;
};

struct Expr;
struct Stmt;
struct FunctionDef;
struct ClassDef;
struct Import;
using ExprList = llvm::ArrayRef<Expr *>;
using StmtList = llvm::ArrayRef<Stmt *>;

/// A name together with its place.
struct Identifier {
  llvm::StringRef text;
  Range range;
};

// ---- Expressions

enum class ExprKind : uint8_t {
  Name,
  IntLiteral,
  FloatLiteral,
  ImaginaryLiteral,
  BoolLiteral,
  NoneLiteral,
  EllipsisLiteral,
  StringLiteral,
  FormattedString,
  Attribute,
  Subscript,
  Slice,
  Call,
  Unary,
  Binary,
  BoolOp,
  Compare,
  Conditional,
  List,
  Tuple,
  Set,
  Dict,
  Comprehension,
  Lambda,
  Starred,
  NamedExpr,
  Yield,
  Await,
};

enum class UnaryOp : uint8_t { Neg, Pos, Invert, Not };
enum class BinaryOp : uint8_t {
  Add,
  Sub,
  Mul,
  Div,
  FloorDiv,
  Mod,
  Pow,
  MatMul,
  BitAnd,
  BitOr,
  BitXor,
  LeftShift,
  RightShift,
};
enum class CompareOp : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, In, NotIn, Is, IsNot };

/// As written: "+", "not in", "not".
llvm::StringRef spelling(UnaryOp op);
llvm::StringRef spelling(BinaryOp op);
llvm::StringRef spelling(CompareOp op);
/// For messages: "a list comprehension", "a 'try' statement".
llvm::StringRef describe(const Expr &expr);
llvm::StringRef describe(const Stmt &stmt);

struct Expr {
  ExprKind kind;
  uint16_t depth = 1; ///< of the tree below, this node included
  Range range;
  explicit Expr(ExprKind kind) : kind(kind) {}
};

/// Gives a node struct its kind and what llvm::isa needs.
template <ExprKind K> struct ExprOf : Expr {
  ExprOf() : Expr(K) {}
  static bool classof(const Expr *expr) { return expr->kind == K; }
};

struct Name : ExprOf<ExprKind::Name> {
  llvm::StringRef id;
};

/// A minus before an int or float literal is part of the literal: `-1` is IntLiteral -1 (with the
/// range of both), and `-9223372036854775808` fits.
struct IntLiteral : ExprOf<ExprKind::IntLiteral> {
  int64_t value = 0;
};
struct FloatLiteral : ExprOf<ExprKind::FloatLiteral> {
  double value = 0;
};
/// `2.j`. A complex number is `1.+2.j`: a Binary of a number and this.
struct ImaginaryLiteral : ExprOf<ExprKind::ImaginaryLiteral> {
  double value = 0;
};
struct BoolLiteral : ExprOf<ExprKind::BoolLiteral> {
  bool value = false;
};
struct NoneLiteral : ExprOf<ExprKind::NoneLiteral> {};
struct EllipsisLiteral : ExprOf<ExprKind::EllipsisLiteral> {};

/// Adjacent literals are joined. The value is bytes: escapes are replaced, \u by UTF-8.
struct StringLiteral : ExprOf<ExprKind::StringLiteral> {
  llvm::StringRef value;
  bool isBytes = false; ///< b"..."
};

/// One piece of an f-string: literal text, or a value.
struct FormatPart {
  llvm::StringRef text;
  Expr *value = nullptr; ///< null for literal text
  char conversion = 0;   ///< 'r', 's' or 'a' after `!`; 0 for none; 'r' for a plain `{x=}`
  bool debug = false;    ///< `{x=}`; the "x=" itself is a text part before
  bool hasSpec = false;  ///< `{x:...}`
  Range range;
  Range spec; ///< after the colon
};
struct FormattedString : ExprOf<ExprKind::FormattedString> {
  llvm::ArrayRef<FormatPart> parts;
};

struct Attribute : ExprOf<ExprKind::Attribute> {
  Expr *value = nullptr;
  Identifier name;
};

/// `x[i]`; the index of `x[1:2, 3]` is a Tuple that holds a Slice.
struct Subscript : ExprOf<ExprKind::Subscript> {
  Expr *value = nullptr;
  Expr *index = nullptr;
};
/// Only inside a Subscript's index.
struct Slice : ExprOf<ExprKind::Slice> {
  Expr *lower = nullptr; ///< or null
  Expr *upper = nullptr; ///< or null
  Expr *step = nullptr;  ///< or null
};

struct Keyword {
  Identifier name; ///< empty for `**value`
  Expr *value = nullptr;
};
struct Call : ExprOf<ExprKind::Call> {
  Expr *callee = nullptr;
  ExprList args; ///< positional; `*x` is a Starred
  llvm::ArrayRef<Keyword> keywords;
};

struct Unary : ExprOf<ExprKind::Unary> {
  UnaryOp op = UnaryOp::Neg;
  Expr *operand = nullptr;
};
struct Binary : ExprOf<ExprKind::Binary> {
  BinaryOp op = BinaryOp::Add;
  Range opRange;
  Expr *left = nullptr;
  Expr *right = nullptr;
};
/// `a and b and c` is one node with three operands.
struct BoolOp : ExprOf<ExprKind::BoolOp> {
  bool isAnd = false;
  ExprList operands;
};
/// `a < b <= c`: operands a, b, c and ops <, <=. Each middle operand is evaluated once.
struct Compare : ExprOf<ExprKind::Compare> {
  ExprList operands;
  llvm::ArrayRef<CompareOp> ops; ///< one fewer than operands
};
/// `body if test else orElse`
struct Conditional : ExprOf<ExprKind::Conditional> {
  Expr *test = nullptr;
  Expr *body = nullptr;
  Expr *orElse = nullptr;
};

struct List : ExprOf<ExprKind::List> {
  ExprList items;
};
struct Tuple : ExprOf<ExprKind::Tuple> {
  ExprList items;
};
struct Set : ExprOf<ExprKind::Set> {
  ExprList items;
};
struct DictItem {
  Expr *key = nullptr; ///< null for `**value`
  Expr *value = nullptr;
};
struct Dict : ExprOf<ExprKind::Dict> {
  llvm::ArrayRef<DictItem> items;
};

enum class ComprehensionKind : uint8_t { List, Set, Dict, Generator };
/// `for target in iterable if a if b`
struct ComprehensionFor {
  Expr *target = nullptr;
  Expr *iterable = nullptr;
  ExprList conditions;
  bool isAsync = false;
  Range range;
};
struct Comprehension : ExprOf<ExprKind::Comprehension> {
  ComprehensionKind form = ComprehensionKind::List;
  Expr *element = nullptr; ///< of a dict comprehension: the key
  Expr *value = nullptr;   ///< of a dict comprehension, else null
  llvm::ArrayRef<ComprehensionFor> generators;
};

enum class ParamKind : uint8_t { PositionalOnly, Normal, KeywordOnly, VarArgs, VarKeywords };
struct Param {
  Identifier name;
  ParamKind kind = ParamKind::Normal;
  Expr *annotation = nullptr;   ///< or null; from a type comment where there is one
  Expr *defaultValue = nullptr; ///< or null
  Range range;
};

struct Lambda : ExprOf<ExprKind::Lambda> {
  llvm::ArrayRef<Param> params;
  Expr *body = nullptr;
};
struct Starred : ExprOf<ExprKind::Starred> {
  Expr *value = nullptr;
};
/// `name := value`
struct NamedExpr : ExprOf<ExprKind::NamedExpr> {
  Identifier name;
  Expr *value = nullptr;
};
struct Yield : ExprOf<ExprKind::Yield> {
  Expr *value = nullptr; ///< or null
  bool isFrom = false;
};
struct Await : ExprOf<ExprKind::Await> {
  Expr *value = nullptr;
};

// ---- Statements

enum class StmtKind : uint8_t {
  Expression,
  Assign,
  AnnAssign,
  AugAssign,
  If,
  While,
  For,
  Return,
  Raise,
  Assert,
  Delete,
  With,
  Try,
  Break,
  Continue,
  Pass,
  Scope,
  Import,
  Function,
  Class,
};

struct Stmt {
  StmtKind kind;
  uint16_t depth = 1; ///< of the tree below, this node and its expressions included
  Range range;        ///< of a compound statement: from its keyword to the end of its last block
  explicit Stmt(StmtKind kind) : kind(kind) {}
};
template <StmtKind K> struct StmtOf : Stmt {
  StmtOf() : Stmt(K) {}
  static bool classof(const Stmt *stmt) { return stmt->kind == K; }
};

struct ExprStmt : StmtOf<StmtKind::Expression> {
  Expr *value = nullptr;
};
/// `a = b = value` has two targets. A target is a Name, Attribute, Subscript, or a Tuple or List of
/// targets of which one may be a Starred.
struct Assign : StmtOf<StmtKind::Assign> {
  ExprList targets;
  Expr *value = nullptr;
  Range typeComment; ///< of `# type: T` on the line; empty for none
};
struct AnnAssign : StmtOf<StmtKind::AnnAssign> {
  Expr *target = nullptr; ///< Name, Attribute or Subscript
  Expr *annotation = nullptr;
  Expr *value = nullptr; ///< or null
};
struct AugAssign : StmtOf<StmtKind::AugAssign> {
  BinaryOp op = BinaryOp::Add;
  Range opRange;          ///< of `+=`
  Expr *target = nullptr; ///< Name, Attribute or Subscript
  Expr *value = nullptr;
};
/// `elif` is an If alone in `orElse`, with isElif set.
struct If : StmtOf<StmtKind::If> {
  Expr *test = nullptr;
  StmtList body;
  StmtList orElse; ///< empty for none
  bool isElif = false;
};
struct While : StmtOf<StmtKind::While> {
  Expr *test = nullptr;
  StmtList body;
  StmtList orElse; ///< empty for none
};
struct For : StmtOf<StmtKind::For> {
  Expr *target = nullptr;
  Expr *iterable = nullptr;
  StmtList body;
  StmtList orElse; ///< empty for none
  bool isAsync = false;
};
struct Return : StmtOf<StmtKind::Return> {
  Expr *value = nullptr; ///< or null
};
struct Raise : StmtOf<StmtKind::Raise> {
  Expr *exception = nullptr; ///< or null
  Expr *cause = nullptr;     ///< or null
};
struct Assert : StmtOf<StmtKind::Assert> {
  Expr *test = nullptr;
  Expr *message = nullptr; ///< or null
};
struct Delete : StmtOf<StmtKind::Delete> {
  ExprList targets;
};
struct WithItem {
  Expr *context = nullptr;
  Expr *target = nullptr; ///< or null
};
struct With : StmtOf<StmtKind::With> {
  llvm::ArrayRef<WithItem> items;
  StmtList body;
  bool isAsync = false;
};
struct ExceptHandler {
  Expr *type = nullptr; ///< or null
  Identifier name;      ///< or empty
  StmtList body;
  Range range;
};
struct Try : StmtOf<StmtKind::Try> {
  StmtList body;
  llvm::ArrayRef<ExceptHandler> handlers;
  StmtList orElse;
  StmtList finally;
};
struct Break : StmtOf<StmtKind::Break> {};
struct Continue : StmtOf<StmtKind::Continue> {};
struct Pass : StmtOf<StmtKind::Pass> {};
/// `global a, b` or `nonlocal a, b`
struct Scope : StmtOf<StmtKind::Scope> {
  bool isNonlocal = false;
  llvm::ArrayRef<Identifier> names;
};

struct ImportName {
  Identifier name;  ///< "a.b.c", or "*"
  Identifier alias; ///< empty for none
};
/// `import a.b as c, d` (no module) or `from ..a import b as c` (module "..a").
struct Import : StmtOf<StmtKind::Import> {
  bool isFrom = false;
  Identifier module;
  llvm::ArrayRef<ImportName> names;
};

struct FunctionDef : StmtOf<StmtKind::Function> {
  Identifier name;
  ExprList decorators;
  llvm::ArrayRef<Param> params;
  Expr *returns = nullptr; ///< or null; from a type comment where there is one
  StmtList body;           ///< may start with a docstring (an ExprStmt of a StringLiteral)
  Range typeComment;       ///< of `# type: (...) -> T`, already in `params` and `returns`
  bool isAsync = false;
};
struct ClassDef : StmtOf<StmtKind::Class> {
  Identifier name;
  ExprList decorators;
  ExprList bases;
  llvm::ArrayRef<Keyword> keywords; ///< `metaclass=M`
  StmtList body;
};

// ---- Roots

/// Holds the nodes of one parse.
struct Tree {
  SourceFile source;
  llvm::BumpPtrAllocator arena;
  Tree(std::string name, llvm::StringRef text, unsigned firstLine)
      : source(std::move(name), text, firstLine) {}
};

struct Module : Tree {
  using Tree::Tree;
  StmtList body; ///< in order, all of the file
  // The same statements by kind.
  std::vector<const Import *> imports;
  std::vector<const ClassDef *> classes;
  std::vector<const FunctionDef *> functions;
};

struct ParsedExpression : Tree {
  using Tree::Tree;
  Expr *expr = nullptr;
};

} // namespace tsc::python
