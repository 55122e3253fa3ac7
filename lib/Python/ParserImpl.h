// SPDX-License-Identifier: Apache-2.0
// The recursive-descent parser behind Parser.h; one .cpp a subject.
//
// Functions return null (or false) after the first error. Recursion over the input passes a
// Nesting, and nodes are finished by `done`, so neither the parser's stack nor the tree is deeper
// than kMaxDepth.
#pragma once

#include "Lexer.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>

namespace tsc::python {

/// What a function returns after an error, whatever its type.
struct Failure {
  operator bool() const { return false; }
  template <typename T> operator T *() const { return nullptr; }
};

class Parser {
public:
  /// Parses source[range]; `depth` is how deep the parser around it is.
  Parser(Tree &tree, DiagnosticEngine &engine, Dialect dialect, Range range, bool inBrackets,
         unsigned depth = 0);

  bool parseInto(Module &module);
  /// One expression and nothing after it.
  Expr *wholeExpression();
  bool signatureComment(llvm::SmallVectorImpl<Expr *> &types, bool &isEllipsis, Expr *&returns);

private:
  /// Counts one level of recursion; false when it is one too many (reported).
  class Nesting {
  public:
    explicit Nesting(Parser &parser) : parser(parser), isGood(++parser.depth <= kMaxDepth) {
      if (!isGood)
        parser.fail(parser.token().range, Diag::SyntaxDepth, kMaxDepth);
    }
    ~Nesting() { --parser.depth; }
    explicit operator bool() const { return isGood; }

  private:
    Parser &parser;
    bool isGood;
  };

  // ---- Tokens
  const Token &token() const { return list.tokens[index]; }
  TokenKind kind(size_t ahead = 0) const {
    return list.tokens[std::min(index + ahead, list.tokens.size() - 1)].kind;
  }
  bool at(TokenKind wanted) const { return token().kind == wanted; }
  uint32_t begin() const { return token().range.begin; }
  llvm::StringRef text(Range range) const { return tree.source.text(range); }
  Token take();
  bool eat(TokenKind wanted);
  bool expect(TokenKind wanted);
  /// A name, or with `orKeyword` also a keyword.
  bool expectName(Identifier &name, bool orKeyword = false);
  std::string describeToken(const Token &token) const;

  // ---- Errors
  template <typename... Args> Failure fail(Range range, Diag code, Args &&...args) {
    if (!failed)
      engine.report(tree.source.location(range), code, std::forward<Args>(args)...);
    failed = true;
    return {};
  }
  Failure fail(const LiteralError &error) { return fail(error.range, error.code, error.argument); }
  /// Reports that the current token is not what was expected.
  Failure unexpected(llvm::StringRef expected);

  // ---- Nodes
  template <typename T> T *make(uint32_t begin) {
    T *node = new (tree.arena.Allocate<T>()) T();
    node->range.begin = begin;
    return node;
  }
  template <typename T> llvm::ArrayRef<T> copy(llvm::ArrayRef<T> items) {
    T *memory = tree.arena.Allocate<T>(items.size());
    std::uninitialized_copy(items.begin(), items.end(), memory);
    return {memory, items.size()};
  }
  template <typename T, unsigned N> llvm::ArrayRef<T> copy(const llvm::SmallVector<T, N> &items) {
    return copy(llvm::ArrayRef<T>(items));
  }
  /// Counts what hangs below a node. Null children are skipped.
  template <typename Node> void adopt(Node *node, const Expr *child) {
    if (child)
      node->depth = std::max<uint16_t>(node->depth, child->depth + 1);
  }
  template <typename Node> void adopt(Node *node, ExprList children) {
    for (const Expr *child : children)
      adopt(node, child);
  }
  template <typename Node> void adopt(Node *node, llvm::ArrayRef<Keyword> keywords) {
    for (const Keyword &keyword : keywords)
      adopt(node, keyword.value);
  }
  template <typename Node> void adopt(Node *node, llvm::ArrayRef<Param> params) {
    for (const Param &param : params) {
      adopt(node, param.annotation);
      adopt(node, param.defaultValue);
    }
  }
  void adopt(Stmt *node, StmtList children) {
    for (const Stmt *child : children)
      node->depth = std::max<uint16_t>(node->depth, child->depth + 1);
  }
  /// Ends a node after the last token taken; null when its tree is too deep.
  template <typename T> T *done(T *node) {
    node->range.end = lastEnd;
    if (node->depth <= kMaxDepth)
      return node;
    return fail(node->range, Diag::SyntaxDepth, kMaxDepth);
  }
  template <typename T> T *makeSimple() {
    T *node = make<T>(begin());
    take();
    return done(node);
  }

  // ---- Expressions (ParserExpressions.cpp)
  Expr *expression();
  Expr *namedExpression();
  Expr *starOrNamed();
  Expr *starOrBinary();
  Expr *valueList();
  Expr *targetList();
  bool rejectStarred(const Expr *expr);
  Expr *orTest();
  Expr *andTest();
  Expr *notTest();
  Expr *comparison();
  bool compareOp(CompareOp &op);
  Expr *binary(unsigned minPrecedence = 1);
  Expr *unary();
  Expr *negative();
  Expr *power();
  Expr *number(bool isNegative, uint32_t begin);
  Expr *lambda();
  Expr *yield();

  // ---- Atoms (ParserAtoms.cpp)
  Expr *primary();
  Expr *atom();
  Expr *parenthesized();
  Expr *bracketed();
  Expr *braced();
  Expr *setItems(uint32_t begin, Expr *first);
  Expr *dictItems(uint32_t begin, DictItem first);
  Expr *comprehension(uint32_t begin, ComprehensionKind form, Expr *element, Expr *value);
  bool atComprehension() const;
  Expr *call(Expr *callee);
  bool argument(llvm::SmallVectorImpl<Expr *> &args, llvm::SmallVectorImpl<Keyword> &keywords);
  Expr *subscript(Expr *value);
  Expr *sliceOrIndex();

  // ---- Strings (ParserStrings.cpp)
  Expr *strings();
  struct FormatBuilder;
  bool formatted(const StringShape &shape, FormatBuilder &out);
  bool formatField(const StringShape &shape, uint32_t &pos, FormatBuilder &out);
  bool formatText(const StringShape &shape, Range piece, FormatBuilder &out);
  void flushText(FormatBuilder &out);
  llvm::StringRef copyBytes(llvm::ArrayRef<char> bytes);

  // ---- Statements (ParserStatements.cpp)
  bool statement(llvm::SmallVectorImpl<Stmt *> &out);
  bool atKeywordAttribute() const;
  bool simpleLine(llvm::SmallVectorImpl<Stmt *> &out);
  bool block(StmtList &body, llvm::StringRef after);
  bool elseBlock(StmtList &body);
  Stmt *simple();
  bool atMatch() const;
  Stmt *expressionOrAssign();
  Stmt *assign(uint32_t begin, Expr *first);
  Stmt *annotated(uint32_t begin, Expr *target);
  Stmt *augmented(uint32_t begin, Expr *target, BinaryOp op);
  bool checkTarget(const Expr *target);
  bool checkSingleTarget(const Expr *target);
  Stmt *returnStatement();
  Stmt *raiseStatement();
  Stmt *assertStatement();
  Stmt *deleteStatement();
  Stmt *scopeStatement();
  Stmt *importStatement();
  Stmt *fromImportStatement();
  bool dottedName(Identifier &name);
  bool importNames(llvm::SmallVectorImpl<ImportName> &names, bool dotted);
  Stmt *compound();
  Stmt *asyncStatement();
  Stmt *ifStatement();
  Stmt *whileStatement();
  Stmt *forStatement(uint32_t begin, bool isAsync);
  Stmt *withStatement(uint32_t begin, bool isAsync);
  bool withItems(llvm::SmallVectorImpl<WithItem> &items);
  bool parenthesizedWith() const;
  Stmt *tryStatement();
  bool exceptHandler(ExceptHandler &handler);

  // ---- Definitions (ParserDefinitions.cpp)
  Stmt *decorated();
  Stmt *functionDef(uint32_t begin, ExprList decorators, bool isAsync);
  Stmt *classDef(ExprList decorators);
  bool params(TokenKind end, bool annotations, llvm::SmallVectorImpl<Param> &out);
  bool param(bool annotations, ParamKind paramKind, Param &out);
  bool starParam(bool annotations, ParamKind &paramKind, llvm::SmallVectorImpl<Param> &out);
  bool checkParams(llvm::ArrayRef<Param> params);
  llvm::ArrayRef<Range> typeComments(uint32_t begin, uint32_t end) const;
  bool applyTypeComments(FunctionDef *node, llvm::MutableArrayRef<Param> params, uint32_t colon);
  bool applyParamComments(llvm::MutableArrayRef<Param> params, uint32_t colon);
  bool applySignature(FunctionDef *node, llvm::MutableArrayRef<Param> params, Range comment);
  bool annotateParam(Param &param, Expr *type, Range comment);

  Tree &tree;
  DiagnosticEngine &engine;
  Dialect dialect;
  TokenList list;
  size_t index = 0;
  uint32_t lastEnd = 0; ///< of the last token taken, but Newline, Indent and Dedent
  unsigned depth;
  bool failed = false;
};

} // namespace tsc::python
