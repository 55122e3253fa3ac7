// SPDX-License-Identifier: Apache-2.0
// Futures as objects: a result, or the error that waiting raises again.
#pragma once

#include "tsc/runtime/Instance.h"

namespace tsc::rt {

struct Future {
  ObjectHead head; ///< type->parameters[0] is the result's type
  Value result;
  bool failed;
  ErrorState error;
};
Ref<Future> newFuture(Context &cx, const TypeDescriptor *type, Value result);
/// The result, shared; or raises what the task raised.
OwnedValue waitFuture(Context &cx, const Future &f);

} // namespace tsc::rt
