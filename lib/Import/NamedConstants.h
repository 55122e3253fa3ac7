// SPDX-License-Identifier: Apache-2.0
// Names of PyTorch's module that source text uses for numbers; archives hold the numbers.
#pragma once

#include "tsc/Common/DType.h"

#include "mlir/IR/Builders.h"

#include <optional>

namespace tsc::importer {

/// torch.float32, torch.channels_last, torch.inf and the like: an integer or float attribute; null
/// for other names.
mlir::Attribute namedConstant(llvm::StringRef name, mlir::Builder &builder);

/// The dtype that a method of tensors converts to: `x.float()`, `x.long()`.
std::optional<DType> conversionMethod(llvm::StringRef name);

} // namespace tsc::importer
