// SPDX-License-Identifier: Apache-2.0
// Lexer: source text to tokens, with Python's rules for lines, indentation and brackets.
//
// The whole range is lexed at once. What is no token ends the list with an Error token, whose
// message the parser reports only if it gets that far; every other list ends with EndOfFile.
#pragma once

#include "Literals.h"

#include <optional>

namespace tsc::python {

#define TSC_PYTHON_KEYWORDS(X)                                                                     \
  X(False, "False")                                                                                \
  X(None, "None")                                                                                  \
  X(True, "True")                                                                                  \
  X(And, "and")                                                                                    \
  X(As, "as")                                                                                      \
  X(Assert, "assert")                                                                              \
  X(Async, "async")                                                                                \
  X(Await, "await")                                                                                \
  X(Break, "break")                                                                                \
  X(Class, "class")                                                                                \
  X(Continue, "continue")                                                                          \
  X(Def, "def")                                                                                    \
  X(Del, "del")                                                                                    \
  X(Elif, "elif")                                                                                  \
  X(Else, "else")                                                                                  \
  X(Except, "except")                                                                              \
  X(Finally, "finally")                                                                            \
  X(For, "for")                                                                                    \
  X(From, "from")                                                                                  \
  X(Global, "global")                                                                              \
  X(If, "if")                                                                                      \
  X(Import, "import")                                                                              \
  X(In, "in")                                                                                      \
  X(Is, "is")                                                                                      \
  X(Lambda, "lambda")                                                                              \
  X(Nonlocal, "nonlocal")                                                                          \
  X(Not, "not")                                                                                    \
  X(Or, "or")                                                                                      \
  X(Pass, "pass")                                                                                  \
  X(Raise, "raise")                                                                                \
  X(Return, "return")                                                                              \
  X(Try, "try")                                                                                    \
  X(While, "while")                                                                                \
  X(With, "with")                                                                                  \
  X(Yield, "yield")

/// Longer spellings come first: the lexer takes the first that matches.
#define TSC_PYTHON_PUNCTUATORS(X)                                                                  \
  X(LeftShiftAssign, "<<=")                                                                        \
  X(RightShiftAssign, ">>=")                                                                       \
  X(PowAssign, "**=")                                                                              \
  X(FloorDivAssign, "//=")                                                                         \
  X(Ellipsis, "...")                                                                               \
  X(AddAssign, "+=")                                                                               \
  X(SubAssign, "-=")                                                                               \
  X(MulAssign, "*=")                                                                               \
  X(DivAssign, "/=")                                                                               \
  X(ModAssign, "%=")                                                                               \
  X(MatMulAssign, "@=")                                                                            \
  X(AndAssign, "&=")                                                                               \
  X(OrAssign, "|=")                                                                                \
  X(XorAssign, "^=")                                                                               \
  X(Equal, "==")                                                                                   \
  X(NotEqual, "!=")                                                                                \
  X(LessEqual, "<=")                                                                               \
  X(GreaterEqual, ">=")                                                                            \
  X(LeftShift, "<<")                                                                               \
  X(RightShift, ">>")                                                                              \
  X(DoubleStar, "**")                                                                              \
  X(DoubleSlash, "//")                                                                             \
  X(Arrow, "->")                                                                                   \
  X(Walrus, ":=")                                                                                  \
  X(LeftParen, "(")                                                                                \
  X(RightParen, ")")                                                                               \
  X(LeftBracket, "[")                                                                              \
  X(RightBracket, "]")                                                                             \
  X(LeftBrace, "{")                                                                                \
  X(RightBrace, "}")                                                                               \
  X(Comma, ",")                                                                                    \
  X(Colon, ":")                                                                                    \
  X(Semicolon, ";")                                                                                \
  X(Dot, ".")                                                                                      \
  X(Assign, "=")                                                                                   \
  X(Less, "<")                                                                                     \
  X(Greater, ">")                                                                                  \
  X(Plus, "+")                                                                                     \
  X(Minus, "-")                                                                                    \
  X(Star, "*")                                                                                     \
  X(Slash, "/")                                                                                    \
  X(Percent, "%")                                                                                  \
  X(At, "@")                                                                                       \
  X(Ampersand, "&")                                                                                \
  X(Bar, "|")                                                                                      \
  X(Caret, "^")                                                                                    \
  X(Tilde, "~")

enum class TokenKind : uint8_t {
  EndOfFile,
  Error,
  Newline,
  Indent,
  Dedent,
  Name,
  Number,
  String,
#define TSC_TOKEN(NAME, SPELLING) Kw##NAME,
  TSC_PYTHON_KEYWORDS(TSC_TOKEN)
#undef TSC_TOKEN
#define TSC_TOKEN(NAME, SPELLING) NAME,
      TSC_PYTHON_PUNCTUATORS(TSC_TOKEN)
#undef TSC_TOKEN
};

constexpr bool isKeyword(TokenKind kind) {
  return kind >= TokenKind::KwFalse && kind <= TokenKind::KwYield;
}
/// For messages: "'+='", "a name", "end of line".
std::string describe(TokenKind kind);

struct Token {
  TokenKind kind;
  Range range;
};

struct TokenList {
  std::vector<Token> tokens; ///< never empty
  /// What follows "# type:" in comments, in order; "# type: ignore" is left out.
  std::vector<Range> typeComments;
  std::optional<LiteralError> error; ///< set with an Error token
};

/// Lexes text[range]. With `inBrackets` line ends and indentation mean nothing.
TokenList lex(llvm::StringRef text, Range range, bool inBrackets);

} // namespace tsc::python
