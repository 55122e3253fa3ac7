// SPDX-License-Identifier: Apache-2.0
#include "Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

namespace tsc::python {

namespace {

struct Punctuator {
  llvm::StringLiteral spelling;
  TokenKind kind;
};
constexpr Punctuator kPunctuators[] = {
#define TSC_TOKEN(NAME, SPELLING) {SPELLING, TokenKind::NAME},
    TSC_PYTHON_PUNCTUATORS(TSC_TOKEN)
#undef TSC_TOKEN
};

/// A column counted with tabs to multiples of 8 and with tabs as 1: indentations that compare
/// differently in the two depend on the editor.
struct Indentation {
  uint32_t wide = 0;
  uint32_t narrow = 0;
};

class Lexer {
public:
  Lexer(StringRef text, Range range, bool inBrackets)
      : text(text.take_front(range.end)), pos(range.begin), inBrackets(inBrackets) {
    list.tokens.reserve((range.end - range.begin) / 4 + 2);
  }
  TokenList run();

private:
  char peek(uint32_t ahead = 0) const { return pos + ahead < text.size() ? text[pos + ahead] : 0; }
  bool atEnd() const { return pos >= text.size(); }
  bool joinsLines() const { return inBrackets || !brackets.empty(); }
  void emit(TokenKind kind, uint32_t begin) { list.tokens.push_back({kind, {begin, pos}}); }
  bool fail(Diag code, Range range, std::string argument = "") {
    list.error = LiteralError{code, range, std::move(argument)};
    return false;
  }

  void skipLineEnd();
  void comment();
  bool continuation();
  Indentation measureIndentation();
  bool startLine();
  bool endLine();
  bool token();
  bool punctuator();
  bool bracket(TokenKind kind, uint32_t begin);
  bool strayCharacter();
  bool finish();

  StringRef text;
  uint32_t pos;
  bool inBrackets;
  std::vector<Indentation> indents{{}};
  std::vector<Token> brackets; ///< that are open
  TokenList list;
};

bool isNameStart(char c) { return isAlpha(c) || c == '_'; }
bool isNameChar(char c) { return isAlnum(c) || c == '_'; }
bool isLineEnd(char c) { return c == '\n' || c == '\r'; }

TokenKind wordKind(StringRef word) {
  if (word.size() < 2 || word.size() > 8)
    return TokenKind::Name;
  return StringSwitch<TokenKind>(word)
#define TSC_TOKEN(NAME, SPELLING) .Case(SPELLING, TokenKind::Kw##NAME)
      TSC_PYTHON_KEYWORDS(TSC_TOKEN)
#undef TSC_TOKEN
          .Default(TokenKind::Name);
}

/// Moves over "\n", "\r\n" or "\r".
void Lexer::skipLineEnd() { pos += peek() == '\r' && peek(1) == '\n' ? 2 : 1; }

/// Skips a comment up to its line end and keeps it if it is a type comment.
void Lexer::comment() {
  uint32_t begin = pos + 1;
  while (!atEnd() && !isLineEnd(peek()))
    ++pos;
  StringRef rest = text.slice(begin, pos);
  StringRef body = rest.ltrim(" \t");
  if (!body.consume_front("type:"))
    return;
  body = body.trim(" \t");
  if (body.empty() || body.starts_with("ignore"))
    return;
  uint32_t start = body.data() - text.data();
  list.typeComments.push_back({start, start + static_cast<uint32_t>(body.size())});
}

/// Moves over a backslash and the line end after it.
bool Lexer::continuation() {
  uint32_t begin = pos++;
  if (atEnd() || !isLineEnd(peek()))
    return fail(Diag::SyntaxContinuation, {begin, begin + 1});
  skipLineEnd();
  return true;
}

Indentation Lexer::measureIndentation() {
  Indentation column;
  for (;; ++pos) {
    switch (peek()) {
    case ' ':
      ++column.wide;
      ++column.narrow;
      break;
    case '\t':
      column.wide = (column.wide / 8 + 1) * 8;
      ++column.narrow;
      break;
    case '\f':
      column = {};
      break;
    default:
      return column;
    }
  }
}

/// Skips blank lines and comments, then emits what the next line's indentation means.
bool Lexer::startLine() {
  Indentation column;
  uint32_t lineBegin;
  for (;;) {
    lineBegin = pos;
    column = measureIndentation();
    if (peek() == '#')
      comment();
    if (atEnd())
      return true;
    if (!isLineEnd(peek()))
      break;
    skipLineEnd();
  }
  auto isMixed = [&](const Indentation &other) {
    return (column.wide < other.wide) != (column.narrow < other.narrow) ||
           (column.wide == other.wide) != (column.narrow == other.narrow);
  };
  if (isMixed(indents.back()))
    return fail(Diag::SyntaxTabs, {lineBegin, pos});
  if (column.wide > indents.back().wide) {
    indents.push_back(column);
    emit(TokenKind::Indent, lineBegin);
    return true;
  }
  while (column.wide < indents.back().wide) {
    indents.pop_back();
    list.tokens.push_back({TokenKind::Dedent, {pos, pos}});
  }
  if (isMixed(indents.back()))
    return fail(Diag::SyntaxTabs, {lineBegin, pos});
  if (column.wide != indents.back().wide)
    return fail(Diag::SyntaxDedent, {lineBegin, pos});
  return true;
}

bool Lexer::endLine() {
  uint32_t begin = pos;
  skipLineEnd();
  if (joinsLines())
    return true;
  list.tokens.push_back({TokenKind::Newline, {begin, begin + 1}});
  return startLine();
}

bool Lexer::bracket(TokenKind kind, uint32_t begin) {
  switch (kind) {
  case TokenKind::LeftParen:
  case TokenKind::LeftBracket:
  case TokenKind::LeftBrace:
    brackets.push_back({kind, {begin, pos}});
    return true;
  case TokenKind::RightParen:
  case TokenKind::RightBracket:
  case TokenKind::RightBrace:
    break;
  default:
    return true;
  }
  if (brackets.empty())
    return fail(Diag::SyntaxBracket, {begin, pos},
                ("found " + Twine(describe(kind)) + " that closes nothing").str());
  // In TokenKind an opening bracket is followed by its closing one.
  Token open = brackets.back();
  auto expected = static_cast<TokenKind>(static_cast<unsigned>(open.kind) + 1);
  if (kind != expected)
    return fail(Diag::SyntaxBracket, {begin, pos},
                ("found " + Twine(describe(kind)) + ", expected " + describe(expected)).str());
  brackets.pop_back();
  return true;
}

bool Lexer::punctuator() {
  StringRef rest = text.substr(pos, 3);
  for (const Punctuator &candidate : kPunctuators) {
    if (!rest.starts_with(candidate.spelling))
      continue;
    uint32_t begin = pos;
    pos += candidate.spelling.size();
    if (!bracket(candidate.kind, begin))
      return false;
    emit(candidate.kind, begin);
    return true;
  }
  return strayCharacter();
}

bool Lexer::strayCharacter() {
  unsigned char c = text[pos];
  if (isPrint(c))
    return fail(Diag::SyntaxCharacter, {pos, pos + 1},
                ("'" + Twine(static_cast<char>(c)) + "'").str());
  const auto *source = reinterpret_cast<const UTF8 *>(text.data()) + pos;
  const auto *end = reinterpret_cast<const UTF8 *>(text.data()) + text.size();
  const UTF8 *next = source;
  UTF32 code = c;
  if (convertUTF8Sequence(&next, end, &code, strictConversion) != conversionOK)
    next = source + 1;
  return fail(Diag::SyntaxCharacter, {pos, pos + static_cast<uint32_t>(next - source)},
              "U+" + utohexstr(code, false, 4));
}

/// Lexes what starts at `pos`, which is no line end.
bool Lexer::token() {
  uint32_t begin = pos;
  char c = peek();
  if (c == ' ' || c == '\t' || c == '\f') {
    ++pos;
    return true;
  }
  if (c == '#') {
    comment();
    return true;
  }
  if (c == '\\')
    return continuation();
  if (isDigit(c) || (c == '.' && isDigit(peek(1)))) {
    list.error.emplace();
    if (!scanNumber(text, pos, pos, *list.error))
      return false;
    list.error.reset();
    emit(TokenKind::Number, begin);
    return true;
  }
  if (startsString(text, pos)) {
    StringShape shape;
    list.error.emplace();
    if (!scanString(text, pos, 0, shape, *list.error))
      return false;
    list.error.reset();
    pos = shape.range.end;
    emit(TokenKind::String, begin);
    return true;
  }
  if (!isNameStart(c))
    return punctuator();
  while (isNameChar(peek()))
    ++pos;
  emit(wordKind(text.slice(begin, pos)), begin);
  return true;
}

/// Ends the last line and all open blocks.
bool Lexer::finish() {
  if (!brackets.empty()) {
    Token open = brackets.back();
    return fail(Diag::SyntaxUnclosed, open.range, describe(open.kind));
  }
  if (!inBrackets) {
    if (!list.tokens.empty() && list.tokens.back().kind != TokenKind::Newline &&
        list.tokens.back().kind != TokenKind::Dedent)
      emit(TokenKind::Newline, pos);
    for (size_t open = indents.size(); open > 1; --open)
      emit(TokenKind::Dedent, pos);
  }
  emit(TokenKind::EndOfFile, pos);
  return true;
}

TokenList Lexer::run() {
  bool good = inBrackets || startLine();
  while (good && !atEnd())
    good = isLineEnd(peek()) ? endLine() : token();
  if (!good || !finish())
    list.tokens.push_back({TokenKind::Error, list.error->range});
  return std::move(list);
}

} // namespace

TokenList lex(StringRef text, Range range, bool inBrackets) {
  return Lexer(text, range, inBrackets).run();
}

std::string describe(TokenKind kind) {
  switch (kind) {
  case TokenKind::EndOfFile:
    return "end of file";
  case TokenKind::Error:
    return "an error";
  case TokenKind::Newline:
    return "end of line";
  case TokenKind::Indent:
    return "an indented line";
  case TokenKind::Dedent:
    return "end of block";
  case TokenKind::Name:
    return "a name";
  case TokenKind::Number:
    return "a number";
  case TokenKind::String:
    return "a string";
#define TSC_TOKEN(NAME, SPELLING)                                                                  \
  case TokenKind::Kw##NAME:                                                                        \
    return "'" SPELLING "'";
    TSC_PYTHON_KEYWORDS(TSC_TOKEN)
#undef TSC_TOKEN
#define TSC_TOKEN(NAME, SPELLING)                                                                  \
  case TokenKind::NAME:                                                                            \
    return "'" SPELLING "'";
    TSC_PYTHON_PUNCTUATORS(TSC_TOKEN)
#undef TSC_TOKEN
  }
  return "";
}

} // namespace tsc::python
