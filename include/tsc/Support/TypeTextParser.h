// SPDX-License-Identifier: Apache-2.0
// The outer layer of a type's annotation text, which is all that a walk along a value needs.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace tsc {

/// "Dict[str, List[int]]": head "Dict", parameters "str" and "List[int]". The texts are views of
/// the one parsed.
struct TypeText {
  llvm::StringRef text, head;
  llvm::SmallVector<llvm::StringRef, 2> parameters;
};

TypeText parseTypeText(llvm::StringRef text);

} // namespace tsc
