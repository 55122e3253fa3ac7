// SPDX-License-Identifier: Apache-2.0
// Operands of operators whose values are known when compiling, beyond the numbers that
// CompiledForms.h reads: strings, lists of numbers, and tensors. Lists are ts.list_construct or
// ts.constant.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tsc::kernel {

/// The value of a ts.constant; null for anything else.
mlir::Attribute constantOf(mlir::Value value);
std::optional<llvm::StringRef> constantString(mlir::Value value);
std::optional<llvm::SmallVector<double>> constantNumbers(mlir::Value value);
/// The elements of a list that a ts.list_construct makes.
std::optional<llvm::SmallVector<mlir::Value>> listElements(mlir::Value list);

/// The type of a tensor of known dtype and sizes; null otherwise.
ts::TensorType staticTensor(mlir::Value value);
/// The bytes of a constant tensor, dense in row-major order; nothing when its storage is missing.
std::optional<llvm::SmallVector<uint8_t, 0>> denseBytes(ts::TensorAttr tensor);
/// The constant tensors of a list, whether it is one constant or made of constants.
std::optional<llvm::SmallVector<ts::TensorAttr>> constantTensors(mlir::Value list);

} // namespace tsc::kernel
