// SPDX-License-Identifier: Apache-2.0
// The formulas of elementwise operators, as rows of dialects/ts write them ("self + other *
// alpha"). Equal parts of a formula are one node, so that they are built once.
//
//   expression  either [? expression : expression]
//   either      both {|| both}                       both     comparison {&& comparison}
//   comparison  sum [(< | > | <= | >= | == | !=) sum]
//   sum         product {(+ | -) product}            product  unary {(* | /) unary}
//   unary       -unary | !unary | number | 'text' | name | name(expression, ...) | (expression)
//
// A name is an argument of the operator's schema; inf and none are constants. Values have the
// formula's compute type (a float, an integer or bool) or are conditions, which become 1 and 0
// where numbers are wanted. What is known when compiling is computed then, with Python's numbers:
// only the chosen side of ? : is built, and arithmetic with none is none.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace tsc::kernel {

struct FormulaNode {
  enum Kind : uint8_t { Int, Float, Text, Name, Call };
  Kind kind = Int;
  double number = 0;
  llvm::StringRef text; ///< of Text, Name and Call; operators are calls: "+", "neg", "?"
  llvm::SmallVector<unsigned, 3> args;

  bool operator==(const FormulaNode &other) const {
    return kind == other.kind && number == other.number && text == other.text && args == other.args;
  }
};

/// A parsed formula; its text has to outlive it. Operands of a node come before it.
class Formula {
public:
  /// Nothing when the text is no formula.
  static std::optional<Formula> parse(llvm::StringRef text);
  llvm::ArrayRef<FormulaNode> nodes() const { return all; }
  unsigned root() const { return last; }

private:
  friend class FormulaParser;
  llvm::SmallVector<FormulaNode, 16> all;
  unsigned last = 0;
};

} // namespace tsc::kernel
