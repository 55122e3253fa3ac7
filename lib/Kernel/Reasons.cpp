// SPDX-License-Identifier: Apache-2.0
#include "tsc/Kernel/Reasons.h"

namespace tsc::kernel {

namespace {
struct Row {
  llvm::StringLiteral name;
  const char *text;
};
} // namespace

static constexpr Row kRows[] = {
#define REASON(NAME, TEXT) {#NAME, TEXT},
#include "tsc/Kernel/Reasons.def"
};

llvm::StringRef reasonName(Reason reason) { return kRows[static_cast<size_t>(reason)].name; }
const char *reasonText(Reason reason) { return kRows[static_cast<size_t>(reason)].text; }

} // namespace tsc::kernel
