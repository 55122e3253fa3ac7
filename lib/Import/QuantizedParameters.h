// SPDX-License-Identifier: Apache-2.0
// PyTorch's own classes of packed quantized weights, which archives name but do not define.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace tsc::importer {

/// The class of attribute `_packed_params` in a module class of old archives, which declare it a
/// tensor; "" for other classes.
llvm::StringRef packedParametersClass(llvm::StringRef moduleClass);

} // namespace tsc::importer
