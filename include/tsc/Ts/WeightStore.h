// SPDX-License-Identifier: Apache-2.0
// The bytes of a program's tensors. IR refers to them by storage number (#ts.tensor), so that no
// pass copies a weight, and tied or aliased tensors stay one storage.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tsc::ts {

/// Bytes and what keeps them alive. Read-only once added.
struct StoredBytes {
  llvm::ArrayRef<uint8_t> bytes;
  std::shared_ptr<const void>
      owner; ///< an archive, a mapped sidecar, or a buffer made when compiling
};

class WeightStore {
public:
  /// Adds a storage that `owner` keeps alive; returns its number.
  int64_t add(llvm::ArrayRef<uint8_t> bytes, std::shared_ptr<const void> owner);
  /// Adds a storage of its own copy.
  int64_t addCopy(llvm::ArrayRef<uint8_t> bytes);
  /// The bytes of a storage; empty for a number that was never given out.
  llvm::ArrayRef<uint8_t> get(int64_t storage) const;
  int64_t size() const { return static_cast<int64_t>(storages.size()); }
  void clear() { storages.clear(); }

  /// Writes all storages as a sidecar file of a .mlir ("TSCW", version, count, sizes, then each
  /// 64-byte aligned); false with errno's text in `error`.
  bool write(llvm::StringRef path, std::string &error) const;
  /// Replaces the storages by those of a sidecar (mapped, read-only); checks every bound.
  bool read(llvm::StringRef path, std::string &error);

private:
  std::vector<StoredBytes> storages;
};

} // namespace tsc::ts
