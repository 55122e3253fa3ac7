// SPDX-License-Identifier: Apache-2.0
// How values of ts types are held by compiled code, and who owns the counted objects in them. What
// inserts reference counts and what writes machine code both ask here, so that they cannot
// disagree.
#pragma once

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Types.h"
#include "mlir/IR/Value.h"

namespace tsc::ts {

/// The forms of DESIGN.md 4b.
enum class Form : uint8_t {
  None, ///< carries no data: None, functions
  Bool,
  Int, ///< 64 bits: int, Device, layouts
  Float,
  Complex,  ///< two doubles
  Pointer,  ///< to a counted object; null is None where the type is an Optional
  Optional, ///< a flag and a value, of an Optional of a scalar or tuple
  Tuple,    ///< its fields
  Boxed,    ///< the 16-byte tag and payload: Any, Union, number
};
Form formOf(mlir::Type type);
/// The type under any number of Optionals.
mlir::Type stripOptional(mlir::Type type);
/// True when values of the type may hold counted objects. Enum members are immortal and do not
/// count.
bool isCounted(mlir::Type type);
/// True when a value of type `from` is, bit by bit, also its value under type `to`.
bool sameRepresentation(mlir::Type from, mlir::Type to);
/// True when a value of type `from` becomes a new object when seen as `to` (a tuple or complex
/// number as Any).
bool allocatesWhenCast(mlir::Type from, mlir::Type to);

/// True when a constant has a dict in it: such a constant is made anew where it stands, as dicts
/// hash while running.
bool holdsDict(mlir::Attribute value);

/// True when the value holds counts of its own, which its block must release or hand on: results of
/// calls and operators, arguments of a loop's body. False for constants, functions' arguments, and
/// what only looks into another value.
bool isOwned(mlir::Value value);
/// True when the operation's result is (part of) its operands, without counts of its own.
bool forwardsOperands(mlir::Operation *op);
/// The first operand that the operation takes over, with its count: all of a terminator's, the
/// initial values of a loop. The number of operands when it takes none.
unsigned firstConsumedOperand(mlir::Operation *op);

} // namespace tsc::ts
