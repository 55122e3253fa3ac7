// SPDX-License-Identifier: Apache-2.0
// The value of an operation on immutable constants: numbers, strings, None and tuples of them.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <optional>

namespace tsc::importer {

struct FoldedValue {
  mlir::Attribute value;
  mlir::Type type;
};

/// The results of an operation whose operands are the given constants; none where this is not known
/// how to compute, or would raise.
std::optional<llvm::SmallVector<FoldedValue>> foldOperator(mlir::Operation *op,
                                                           llvm::ArrayRef<mlir::Attribute> inputs);

} // namespace tsc::importer
