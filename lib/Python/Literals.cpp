// SPDX-License-Identifier: Apache-2.0
#include "Literals.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

#include <charconv>
#include <cstdlib>

using namespace llvm;

namespace tsc::python {

/// How many f-strings may stand inside each other.
static constexpr unsigned kMaxFormatNesting = 16;

static char charAt(StringRef text, uint32_t pos) { return pos < text.size() ? text[pos] : 0; }
static bool isNameChar(char c) { return isAlnum(c) || c == '_'; }

static bool fail(LiteralError &error, Diag code, Range range, std::string argument = "") {
  error = {code, range, std::move(argument)};
  return false;
}

// ---- Finding the end of strings

/// Reads the prefix and the first quote; `pos` is left on the quote.
static bool readPrefix(StringRef text, uint32_t &pos, StringShape &shape) {
  bool isUnicode = false;
  for (uint32_t letters = 0;; ++pos, ++letters) {
    char c = charAt(text, pos);
    if (c == '"' || c == '\'') {
      shape.quote = c;
      return !(isUnicode && letters > 1) && !(shape.isBytes && shape.isFormatted);
    }
    bool *flag;
    switch (toLower(c)) {
    case 'r':
      flag = &shape.isRaw;
      break;
    case 'b':
      flag = &shape.isBytes;
      break;
    case 'f':
      flag = &shape.isFormatted;
      break;
    case 'u':
      flag = &isUnicode;
      break;
    default:
      return false;
    }
    if (*flag)
      return false;
    *flag = true;
  }
}

bool startsString(StringRef text, uint32_t pos) {
  StringShape shape;
  return readPrefix(text, pos, shape);
}

/// The position after the escape whose backslash is at `pos`; a line end of two bytes is one.
static uint32_t skipEscape(StringRef text, uint32_t pos) {
  return pos + (charAt(text, pos + 1) == '\r' && charAt(text, pos + 2) == '\n' ? 3 : 2);
}

static bool closes(StringRef text, uint32_t pos, const StringShape &shape) {
  if (text[pos] != shape.quote)
    return false;
  return !shape.isTriple ||
         (charAt(text, pos + 1) == shape.quote && charAt(text, pos + 2) == shape.quote);
}

static bool isLineEnd(char c) { return c == '\n' || c == '\r'; }

bool scanString(StringRef text, uint32_t pos, unsigned nesting, StringShape &shape,
                LiteralError &error) {
  shape = {};
  uint32_t begin = pos;
  readPrefix(text, pos, shape);
  shape.isTriple = charAt(text, pos + 1) == shape.quote && charAt(text, pos + 2) == shape.quote;
  unsigned quotes = shape.isTriple ? 3 : 1;
  Range opening{begin, pos + quotes};
  pos += quotes;
  shape.body.begin = pos;
  while (pos < text.size()) {
    char c = text[pos];
    if (closes(text, pos, shape)) {
      shape.body.end = pos;
      shape.range = {begin, pos + quotes};
      return true;
    }
    if (isLineEnd(c) && !shape.isTriple)
      break;
    bool isBrace = shape.isFormatted && (c == '{' || c == '}');
    if (isBrace && charAt(text, pos + 1) == c) {
      pos += 2;
    } else if (isBrace && c == '}') {
      return fail(error, Diag::SyntaxFormat, {pos, pos + 1}, "found a single '}', expected '}}'");
    } else if (isBrace) {
      FormatField field;
      if (!scanField(text, pos, shape, nesting, field, error))
        return false;
      pos = field.end;
    } else if (c == '\\') {
      char next = charAt(text, pos + 1);
      bool guardsBrace = shape.isFormatted && (next == '{' || next == '}');
      pos = guardsBrace ? pos + 1 : skipEscape(text, pos);
    } else {
      ++pos;
    }
  }
  return fail(error, Diag::SyntaxString, opening,
              text.slice(opening.end - quotes, opening.end).str());
}

/// Finds the end of a field's expression: the `}`, `!` or `:` outside of brackets and strings.
static bool scanFieldExpression(StringRef text, uint32_t &pos, unsigned nesting,
                                LiteralError &error) {
  unsigned open = 0;
  while (pos < text.size()) {
    char c = text[pos];
    if (startsString(text, pos)) {
      StringShape inner;
      if (!scanString(text, pos, nesting + 1, inner, error))
        return false;
      pos = inner.range.end;
      continue;
    }
    if (isNameChar(c)) {
      while (isNameChar(charAt(text, pos)))
        ++pos;
      continue;
    }
    if (c == '#')
      return fail(error, Diag::SyntaxFormat, {pos, pos + 1}, "found '#' in a replacement field");
    bool endsHere = c == '}' || c == ':' || (c == '!' && charAt(text, pos + 1) != '=');
    if (open == 0 && endsHere)
      return true;
    if (c == '(' || c == '[' || c == '{')
      ++open;
    if ((c == ')' || c == ']' || c == '}') && open > 0)
      --open;
    ++pos;
  }
  return true;
}

/// Finds the `}` that ends a format spec, which may hold fields itself.
static bool scanSpec(StringRef text, uint32_t &pos, const StringShape &shape, unsigned nesting,
                     LiteralError &error) {
  while (pos < text.size() && text[pos] != '}') {
    if (closes(text, pos, shape) || (isLineEnd(text[pos]) && !shape.isTriple))
      return true;
    if (text[pos] != '{') {
      ++pos;
      continue;
    }
    FormatField field;
    if (!scanField(text, pos, shape, nesting + 1, field, error))
      return false;
    pos = field.end;
  }
  return true;
}

/// Splits the `=` of `{expr=}` off the expression.
static void splitDebug(StringRef text, FormatField &field) {
  StringRef expr = text.slice(field.expr.begin, field.expr.end);
  StringRef trimmed = expr.rtrim();
  if (trimmed.size() < 2 || trimmed.back() != '=' ||
      StringRef("=!<>").contains(trimmed[trimmed.size() - 2]))
    return;
  field.debug = field.expr;
  field.expr.end = field.expr.begin + trimmed.size() - 1;
}

bool scanField(StringRef text, uint32_t pos, const StringShape &shape, unsigned nesting,
               FormatField &field, LiteralError &error) {
  Range brace{pos, pos + 1};
  if (nesting > kMaxFormatNesting)
    return fail(error, Diag::SyntaxDepth, brace, std::to_string(kMaxFormatNesting));
  field.expr.begin = ++pos;
  if (!scanFieldExpression(text, pos, nesting, error))
    return false;
  field.expr.end = pos;
  splitDebug(text, field);
  if (text.slice(field.expr.begin, field.expr.end).trim().empty())
    return fail(error, Diag::SyntaxFormat, brace, "found an empty replacement field");
  if (charAt(text, pos) == '!') {
    field.conversion = charAt(text, pos + 1);
    if (field.conversion == 0 || !StringRef("rsa").contains(field.conversion))
      return fail(error, Diag::SyntaxFormat, {pos, pos + 1}, "expected 'r', 's' or 'a' after '!'");
    pos += 2;
  }
  if (charAt(text, pos) == ':') {
    field.hasSpec = true;
    field.spec.begin = ++pos;
    if (!scanSpec(text, pos, shape, nesting, error))
      return false;
    field.spec.end = pos;
  }
  if (charAt(text, pos) != '}')
    return fail(error, Diag::SyntaxFormat, brace, "'{' is not closed");
  field.end = pos + 1;
  return true;
}

// ---- Values of strings

static bool appendCodePoint(uint32_t code, SmallVectorImpl<char> &out) {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return false;
  char bytes[4];
  char *end = bytes;
  ConvertCodePointToUTF8(code, end);
  out.append(bytes, end);
  return true;
}

/// The byte that a one-letter escape means; -1 for others.
static int simpleEscape(char c) {
  switch (c) {
  case '\\':
  case '\'':
  case '"':
    return c;
  case 'a':
    return '\a';
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'v':
    return '\v';
  default:
    return -1;
  }
}

/// How many hexadecimal digits follow \x, \u or \U; 0 for other escapes.
static unsigned hexDigits(char c, bool isBytes) {
  if (c == 'x')
    return 2;
  if (isBytes)
    return 0;
  return c == 'u' ? 4 : c == 'U' ? 8 : 0;
}

/// Appends the value of the escape whose backslash is at `pos` and moves on.
static bool decodeEscape(StringRef text, uint32_t &pos, uint32_t end, const StringShape &shape,
                         Dialect dialect, SmallVectorImpl<char> &out, LiteralError &error) {
  uint32_t begin = pos;
  char c = text[pos + 1];
  pos += 2;
  if (int byte = simpleEscape(c); byte >= 0) {
    out.push_back(static_cast<char>(byte));
    return true;
  }
  if (isLineEnd(c)) {
    pos = skipEscape(text, begin);
    return true;
  }
  if (c >= '0' && c <= '7') {
    uint32_t value = c - '0';
    for (unsigned digits = 1; digits < 3 && pos < end && text[pos] >= '0' && text[pos] <= '7';
         ++digits)
      value = value * 8 + (text[pos++] - '0');
    if (value < 0x80 || dialect == Dialect::Archive || shape.isBytes)
      out.push_back(static_cast<char>(value));
    else
      appendCodePoint(value, out);
    return true;
  }
  if (unsigned digits = hexDigits(c, shape.isBytes)) {
    uint32_t code = 0;
    StringRef hex = text.slice(pos, std::min(end, pos + digits));
    pos += hex.size();
    bool isWhole = hex.size() == digits && llvm::all_of(hex, isHexDigit);
    if (isWhole && !hex.getAsInteger(16, code) && shape.isBytes) {
      out.push_back(static_cast<char>(code));
      return true;
    }
    if (isWhole && appendCodePoint(code, out))
      return true;
    return fail(error, Diag::SyntaxEscape, {begin, pos},
                ("invalid escape '\\" + Twine(c) + "', expected a code point of " + Twine(digits) +
                 " hexadecimal digits")
                    .str());
  }
  if (c == 'N' && !shape.isBytes)
    return fail(error, Diag::SyntaxEscape, {begin, pos},
                "escape '\\N' by character name is unsupported; use '\\u'");
  // As in Python, other escapes stand for themselves.
  out.push_back('\\');
  pos = begin + 1;
  return true;
}

bool decodeString(StringRef text, Range piece, const StringShape &shape, Dialect dialect,
                  SmallVectorImpl<char> &out, LiteralError &error) {
  for (uint32_t pos = piece.begin; pos < piece.end;) {
    char c = text[pos];
    if (c == '\\' && !shape.isRaw && pos + 1 < piece.end) {
      if (!decodeEscape(text, pos, piece.end, shape, dialect, out, error))
        return false;
      continue;
    }
    if (c == '\r') {
      out.push_back('\n');
      pos += pos + 1 < piece.end && text[pos + 1] == '\n' ? 2 : 1;
      continue;
    }
    out.push_back(c);
    ++pos;
    if (shape.isFormatted && (c == '{' || c == '}') && pos < piece.end && text[pos] == c)
      ++pos;
  }
  return true;
}

// ---- Numbers

/// Skips digits with single underscores between them; false when there is no digit, or an
/// underscore not between two.
static bool skipDigits(StringRef text, uint32_t &pos, bool (*isDigitOf)(char)) {
  for (;;) {
    if (!isDigitOf(charAt(text, pos)))
      return false;
    while (isDigitOf(charAt(text, pos)))
      ++pos;
    if (charAt(text, pos) != '_')
      return true;
    ++pos;
  }
}

static bool isDecimal(char c) { return c >= '0' && c <= '9'; }
static bool isOctal(char c) { return c >= '0' && c <= '7'; }
static bool isBinary(char c) { return c == '0' || c == '1'; }
static bool isHex(char c) { return isHexDigit(c); }

static bool scanPrefixed(StringRef text, uint32_t &pos, bool &isPrefixed) {
  isPrefixed = text[pos] == '0';
  switch (isPrefixed ? toLower(charAt(text, pos + 1)) : 0) {
  case 'x':
    pos += 2 + (charAt(text, pos + 2) == '_');
    return skipDigits(text, pos, isHex);
  case 'o':
    pos += 2 + (charAt(text, pos + 2) == '_');
    return skipDigits(text, pos, isOctal);
  case 'b':
    pos += 2 + (charAt(text, pos + 2) == '_');
    return skipDigits(text, pos, isBinary);
  default:
    isPrefixed = false;
    return true;
  }
}

static bool scanDecimal(StringRef text, uint32_t &pos) {
  uint32_t begin = pos;
  bool isInt = true;
  if (text[pos] != '.' && !skipDigits(text, pos, isDecimal))
    return false;
  if (charAt(text, pos) == '.') {
    isInt = false;
    ++pos;
    if (isDecimal(charAt(text, pos)) && !skipDigits(text, pos, isDecimal))
      return false;
  }
  if (toLower(charAt(text, pos)) == 'e') {
    isInt = false;
    char sign = charAt(text, pos + 1);
    pos += sign == '+' || sign == '-' ? 2 : 1;
    if (!skipDigits(text, pos, isDecimal))
      return false;
  }
  if (toLower(charAt(text, pos)) == 'j') {
    isInt = false;
    ++pos;
  }
  // Python refuses 0123, which C reads as octal.
  StringRef digits = text.slice(begin, pos);
  return !isInt || digits[0] != '0' || digits.find_first_not_of("0_") == StringRef::npos;
}

bool scanNumber(StringRef text, uint32_t pos, uint32_t &end, LiteralError &error) {
  uint32_t begin = pos;
  bool isPrefixed;
  bool isGood = scanPrefixed(text, pos, isPrefixed) && (isPrefixed || scanDecimal(text, pos));
  if (isGood && !isNameChar(charAt(text, pos))) {
    end = pos;
    return true;
  }
  while (isNameChar(charAt(text, pos)))
    ++pos;
  return fail(error, Diag::SyntaxNumber, {begin, pos}, text.slice(begin, pos).take_front(40).str());
}

/// Correctly rounded; too large is infinity, too small is 0.
static double decodeReal(const SmallString<32> &digits) {
  double value = 0;
  auto result = std::from_chars(digits.begin(), digits.end(), value);
  if (result.ec == std::errc())
    return value;
  SmallString<32> copy = digits;
  return std::strtod(copy.c_str(), nullptr);
}

NumberValue decodeNumber(StringRef text) {
  SmallString<32> digits;
  for (char c : text)
    if (c != '_')
      digits.push_back(c);
  NumberValue value;
  char second = digits.size() > 1 ? toLower(digits[1]) : 0;
  unsigned radix = second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 10;
  if (radix == 10 && StringRef(digits).find_first_of(".eEjJ") != StringRef::npos) {
    value.kind = NumberKind::Float;
    if (toLower(digits.back()) == 'j') {
      value.kind = NumberKind::Imaginary;
      digits.pop_back();
    }
    value.real = decodeReal(digits);
    return value;
  }
  StringRef rest = radix == 10 ? StringRef(digits) : StringRef(digits).drop_front(2);
  value.overflows = rest.getAsInteger(radix, value.magnitude);
  return value;
}

} // namespace tsc::python
