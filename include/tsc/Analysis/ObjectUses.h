// SPDX-License-Identifier: Apache-2.0
// What becomes of an object (tensor, list, dict, tuple of them) inside one function: followed
// through views, casts, containers, branches and loops. The answers err on the safe side: what is
// not understood counts as escaping.
#pragma once

#include "mlir/IR/Value.h"

namespace tsc::ts {

struct ObjectUses {
  bool isWritten = false; ///< an operator may write to it, or to something that shares its memory
  bool escapes =
      false; ///< it may be reached after the function: returned, stored, or handed to a call
};

/// The uses of the object that `value` refers to, by way of `value`. Values that aliased it before
/// are the caller's concern. Scalars, strings and None have no uses worth the name.
ObjectUses findObjectUses(mlir::Value value);

/// True for types whose values cannot be changed: numbers, strings, None, devices, enums, and
/// tuples of them.
bool isImmutable(mlir::Type type);

} // namespace tsc::ts
