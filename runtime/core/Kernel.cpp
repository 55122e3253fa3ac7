// SPDX-License-Identifier: Apache-2.0
// Messages of the kernel frame: arguments of the wrong type, and kernels that fail without a word.
#include "tsc/runtime/Kernel.h"

namespace tsc::rt::detail {

Failure wrongArgument(Context &cx, int index, const char *wanted, const Value &got) {
  StringRef type = typeText(got);
  return cx.raise("RuntimeError", "argument %d: expected %s, got %.*s", index, wanted,
                  static_cast<int>(type.size()), type.data());
}

int32_t finishKernel(Context &cx, bool ok) {
  if (ok) [[likely]]
    return 0;
  if (!cx.error.set)
    (void)cx.raiseText("RuntimeError", "the operator failed");
  return 1;
}

} // namespace tsc::rt::detail
