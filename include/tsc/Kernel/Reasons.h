// SPDX-License-Identifier: Apache-2.0
// Why operators stay on their generic kernels: codes and texts stand in Reasons.def alone. What is
// left generic carries its reason as an attribute, which reports and readers of a .mlir find.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstdint>
#include <string>

namespace tsc::kernel {

enum class Reason : uint8_t {
#define REASON(NAME, TEXT) NAME,
#include "tsc/Kernel/Reasons.def"
};

llvm::StringRef reasonName(Reason reason);
const char *reasonText(Reason reason);

/// The text of a reason, its places filled.
template <typename... Args> std::string because(Reason reason, Args &&...args) {
  return llvm::formatv(false, reasonText(reason), std::forward<Args>(args)...).str();
}

/// StrAttr of a ts.aten on tensors that stays generic: the reason.
inline constexpr llvm::StringLiteral kGenericAttr = "kernel.generic";

} // namespace tsc::kernel
