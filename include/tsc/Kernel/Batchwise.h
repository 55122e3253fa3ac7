// SPDX-License-Identifier: Apache-2.0
// Operators that treat the elements of a batch one by one: where the outermost size of tensors is
// not known, they may run on a few elements at a time, for which code of known sizes is compiled.
#pragma once

#include "tsc/Kernel/CompiledForms.h"

namespace tsc::kernel {

/// The symbol that is the outermost size of a tensor whose other sizes are known; 0 for others.
int64_t batchSymbol(mlir::Type type);
/// A batched type for `count` elements.
ts::TensorType withBatch(mlir::Type type, int64_t count);

/// The kind of kernel that the operator becomes for a number of elements of the batch `symbol`,
/// when element i of its results depends on element i of its batched operands alone. Nothing for
/// all other operators, and for those without batched results.
std::optional<Kind> batchwiseKind(ts::AtenOp op, int64_t symbol);

} // namespace tsc::kernel
