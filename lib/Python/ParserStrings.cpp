// SPDX-License-Identifier: Apache-2.0
// Strings: adjacent literals become one, and f-strings are split into text and values.
#include "ParserImpl.h"

#include "llvm/ADT/SmallString.h"

using namespace llvm;

namespace tsc::python {

/// The parts of an f-string so far, and the text after the last value.
struct Parser::FormatBuilder {
  SmallVector<FormatPart, 8> parts;
  SmallString<128> text;
  Range textRange;
  unsigned depth = 0; ///< of the deepest value
};

StringRef Parser::copyBytes(ArrayRef<char> bytes) {
  ArrayRef<char> copied = copy(bytes);
  return {copied.data(), copied.size()};
}

Expr *Parser::strings() {
  uint32_t start = begin();
  FormatBuilder out;
  bool isFormatted = false, isBytes = false;
  for (bool isFirst = true; at(TokenKind::String); isFirst = false) {
    StringShape shape;
    LiteralError error;
    Range range = take().range;
    if (!scanString(tree.source.text(), range.begin, 0, shape, error))
      return fail(error);
    if (!isFirst && shape.isBytes != isBytes)
      return fail(range, Diag::SyntaxExpected, shape.isBytes ? "a bytes literal" : "a string",
                  isBytes ? "a bytes literal" : "a string");
    isBytes = shape.isBytes;
    isFormatted |= shape.isFormatted;
    if (shape.isFormatted ? !formatted(shape, out) : !formatText(shape, shape.body, out))
      return nullptr;
  }
  if (!isFormatted) {
    auto *node = make<StringLiteral>(start);
    node->value = copyBytes(out.text);
    node->isBytes = isBytes;
    return done(node);
  }
  flushText(out);
  auto *node = make<FormattedString>(start);
  node->parts = copy(out.parts);
  node->depth = out.depth + 1;
  return done(node);
}

bool Parser::formatText(const StringShape &shape, Range piece, FormatBuilder &out) {
  LiteralError error;
  if (!decodeString(tree.source.text(), piece, shape, dialect, out.text, error))
    return fail(error);
  if (out.textRange.empty())
    out.textRange = piece;
  out.textRange.end = piece.end;
  return true;
}

void Parser::flushText(FormatBuilder &out) {
  if (!out.text.empty()) {
    FormatPart part;
    part.text = copyBytes(out.text);
    part.range = out.textRange;
    out.parts.push_back(part);
  }
  out.text.clear();
  out.textRange = {};
}

bool Parser::formatted(const StringShape &shape, FormatBuilder &out) {
  StringRef source = tree.source.text();
  uint32_t textBegin = shape.body.begin;
  for (uint32_t pos = textBegin; pos < shape.body.end;) {
    char c = source[pos];
    char next = pos + 1 < shape.body.end ? source[pos + 1] : 0;
    if (c == '\\') {
      pos += next == '{' || next == '}' ? 1 : 2;
    } else if (c == '{' && next != '{') {
      if (!formatText(shape, {textBegin, pos}, out) || !formatField(shape, pos, out))
        return false;
      textBegin = pos;
    } else {
      pos += c == '{' || c == '}' ? 2 : 1;
    }
  }
  return formatText(shape, {textBegin, shape.body.end}, out);
}

/// Parses the field whose brace is at `pos`, and moves after it.
bool Parser::formatField(const StringShape &shape, uint32_t &pos, FormatBuilder &out) {
  StringRef source = tree.source.text();
  FormatField field;
  LiteralError error;
  if (!scanField(source, pos, shape, 0, field, error))
    return fail(error);
  Nesting nesting(*this);
  if (!nesting)
    return false;
  if (!field.debug.empty())
    out.text += source.slice(field.debug.begin, field.debug.end);
  flushText(out);
  FormatPart part;
  Parser inner(tree, engine, dialect, field.expr, /*inBrackets=*/true, depth);
  part.value = inner.wholeExpression();
  if (!part.value) {
    failed = true;
    return false;
  }
  part.conversion = field.conversion;
  part.debug = !field.debug.empty();
  part.hasSpec = field.hasSpec;
  if (part.debug && !part.hasSpec && !part.conversion)
    part.conversion = 'r';
  part.spec = field.spec;
  part.range = {pos, field.end};
  out.parts.push_back(part);
  out.depth = std::max<unsigned>(out.depth, part.value->depth);
  pos = field.end;
  return true;
}

} // namespace tsc::python
