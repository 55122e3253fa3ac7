// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy format, versions 1 to 3: a header that is a Python dict literal, then the elements.
#pragma once

#include "Buffers.h"

namespace tsc::archive {

/// True when `bytes` start as a .npy file does.
bool isNpy(llvm::ArrayRef<uint8_t> bytes);
/// Makes the tensor a view of `bytes` (copied when they are not aligned); kNoNode after reporting
/// an error.
NodeId readNpy(llvm::ArrayRef<uint8_t> bytes, ValueGraph &graph, Buffers &buffers,
               const SourceLocation &where, DiagnosticEngine &engine);
/// The header of a contiguous tensor, padded to 64 bytes; none when .npy has no name for the dtype.
std::optional<std::string> npyHeader(DType dtype, llvm::ArrayRef<int64_t> sizes);

} // namespace tsc::archive
