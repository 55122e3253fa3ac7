// SPDX-License-Identifier: Apache-2.0
// Buffers: the memory that a reader's views point into. The file is read, not mapped: a file that
// shrinks while it is in use then cannot end the process with SIGBUS.
#pragma once

#include "tsc/Archive/ArchiveModel.h"

#include <cstdlib>

namespace tsc::archive {

class Buffers {
public:
  Buffers() = default;
  Buffers(const Buffers &) = delete;
  Buffers &operator=(const Buffers &) = delete;
  ~Buffers() {
    for (void *block : blocks)
      std::free(block);
  }
  /// Memory aligned to 64 bytes, or null when there is none.
  uint8_t *allocate(uint64_t size) {
    void *block =
        size > (uint64_t(1) << 46) ? nullptr : std::aligned_alloc(64, (size + 64) & ~uint64_t(63));
    if (block)
      blocks.push_back(block);
    return static_cast<uint8_t *>(block);
  }
  llvm::ArrayRef<uint8_t> file;

private:
  std::vector<void *> blocks;
};

/// Reads a regular file into `buffers.file`.
bool loadFile(llvm::StringRef path, Buffers &buffers, DiagnosticEngine &engine);

/// A name from a file as it may stand in a message: cut, with control characters escaped.
std::string printable(llvm::StringRef text, size_t limit = 80);

inline llvm::StringRef asText(llvm::ArrayRef<uint8_t> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// The byte where `text` stops being UTF-8, or npos.
size_t findInvalidUtf8(llvm::StringRef text);

} // namespace tsc::archive
