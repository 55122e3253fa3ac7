// SPDX-License-Identifier: Apache-2.0
// What a file is when it is not the file that was wanted, so that the error can name it.
#pragma once

#include "Zip.h"

namespace tsc::archive {

/// Reports what `bytes` are when they are not a zip file; true when they may be one. `wanted`: "a
/// TorchScript archive".
bool checkIsZip(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef path, llvm::StringRef wanted,
                DiagnosticEngine &engine);
/// The same for the members of a zip file, before requireTopFolder: names of other formats' zips.
llvm::StringRef otherZipKind(const ZipReader &zip);
/// After requireTopFolder: what a zip of PyTorch holds.
enum class ZipKind { TorchScript, Package, Checkpoint, Exported, Legacy, Other };
ZipKind zipKind(const ZipReader &zip);
llvm::StringRef zipKindText(ZipKind kind);

} // namespace tsc::archive
