// SPDX-License-Identifier: Apache-2.0
// The formulas of elementwise operators, as rows of dialects/ts write them ("self + alpha *
// other"), and what builds arith and math operations from them.
//
//   expression  condition [? expression : expression]
//   condition   sum [(< | > | <= | >= | == | !=) sum]
//   sum         product {(+ | -) product}        product  unary {(* | /) unary}
//   unary       -unary | number | name | name(expression, ...) | (expression)
//
// Functions: abs ceil erf exp expm1 floor log log1p max min sqrt tanh, and sigmoid(x); max and min
// propagate NaN; an operand of theirs that is None (an absent bound) leaves the other.
#pragma once

#include "mlir/IR/Builders.h"

#include <functional>

namespace tsc::ts {

/// The value of a name in a formula; null when it is None.
using ElementwiseOperand = std::function<mlir::FailureOr<mlir::Value>(llvm::StringRef name)>;

/// Builds the formula in `type` (a float). Failure when an operand fails or the formula is not
/// well-formed.
mlir::FailureOr<mlir::Value> buildElementwise(mlir::OpBuilder &builder, mlir::Location loc,
                                              mlir::Type type, llvm::StringRef formula,
                                              const ElementwiseOperand &operand);

} // namespace tsc::ts
