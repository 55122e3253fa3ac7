// SPDX-License-Identifier: Apache-2.0
// Decodes a code file's .debug_pkl: which piece of the user's source each byte of the serialized
// code came from.
#pragma once

#include "tsc/Archive/ArchiveModel.h"

namespace tsc::archive {

/// Fills `ranges`. Debug info is best effort: what cannot be read is a warning, and `ranges` stays
/// empty.
void readSourceRanges(llvm::ArrayRef<uint8_t> pickle, const SourceLocation &where,
                      SourceRanges &ranges, DiagnosticEngine &engine);

} // namespace tsc::archive
