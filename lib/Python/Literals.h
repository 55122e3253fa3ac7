// SPDX-License-Identifier: Apache-2.0
// Literals: where strings and numbers end in the source text, and their values.
#pragma once

#include "tsc/Python/Parser.h"

#include "llvm/ADT/SmallVector.h"

namespace tsc::python {

/// What is wrong with a piece of text. `argument` is the message's {0}.
struct LiteralError {
  Diag code;
  Range range;
  std::string argument;
};

// ---- Strings

/// A string literal's parts: prefix, quotes, and what is between them.
struct StringShape {
  bool isRaw = false;
  bool isBytes = false;
  bool isFormatted = false;
  bool isTriple = false;
  char quote = 0;
  Range range; ///< all of it
  Range body;
};

/// Whether a string literal starts at `pos`, where no name is under way.
bool startsString(llvm::StringRef text, uint32_t pos);
/// Finds the end of the literal at `pos`, a place where one starts. False: `error` is set.
/// Replacement fields of f-strings may hold any strings, also with the same quotes; `nesting` is
/// how many f-strings are around.
bool scanString(llvm::StringRef text, uint32_t pos, unsigned nesting, StringShape &shape,
                LiteralError &error);

/// A replacement field of an f-string: `{expr=!r:spec}`.
struct FormatField {
  Range expr;          ///< without the `=`
  Range debug;         ///< of `expr=` with its white space; empty for none
  char conversion = 0; ///< or 0
  bool hasSpec = false;
  Range spec;
  uint32_t end = 0; ///< after the `}`
};
/// Scans the field whose `{` is at `pos`.
bool scanField(llvm::StringRef text, uint32_t pos, const StringShape &shape, unsigned nesting,
               FormatField &field, LiteralError &error);

/// Appends the value of text[piece], a piece of the body of a literal with this shape. In f-strings
/// doubled braces become single ones.
bool decodeString(llvm::StringRef text, Range piece, const StringShape &shape, Dialect dialect,
                  llvm::SmallVectorImpl<char> &out, LiteralError &error);

// ---- Numbers

enum class NumberKind : uint8_t { Int, Float, Imaginary };
/// Finds the end of the number that starts at `pos` with a digit, or a point and a digit.
bool scanNumber(llvm::StringRef text, uint32_t pos, uint32_t &end, LiteralError &error);

struct NumberValue {
  NumberKind kind = NumberKind::Int;
  bool overflows = false; ///< an int that does not fit `magnitude`
  uint64_t magnitude = 0; ///< of an Int
  double real = 0;        ///< of the others
};
/// The value of a text that scanNumber found.
NumberValue decodeNumber(llvm::StringRef text);

} // namespace tsc::python
