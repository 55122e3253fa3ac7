// SPDX-License-Identifier: Apache-2.0
// ZipReader: the members of a zip file in memory, checked before anything is believed.
//
// The central directory is walked here, because what a library forgives (bytes before or after,
// duplicate names, sizes that disagree, overlapping members) is how archives lie; libzip only
// inflates. A stored member is a view into the file.
#pragma once

#include "Buffers.h"

#include "llvm/ADT/StringMap.h"

struct zip;

namespace tsc::archive {

struct ZipMember {
  std::string name; ///< relative to the top folder once that is known
  uint64_t localOffset = 0, dataOffset = 0, compressedSize = 0, size = 0, index = 0;
  uint32_t crc = 0;
  uint16_t flags = 0, method = 0;
  bool isFolder = false;
  bool isRead = false;
  llvm::ArrayRef<uint8_t> bytes; ///< once read
};

class ZipReader {
public:
  ZipReader(Buffers &buffers, llvm::StringRef path, DiagnosticEngine &engine)
      : buffers(buffers), file(buffers.file), path(path), engine(engine) {}
  ~ZipReader();

  /// Reads and checks the directory. `maxExpanded` as in ReadOptions.
  bool open(uint64_t maxExpanded);
  /// Demands one top folder and strips it from the names.
  bool requireTopFolder();
  llvm::StringRef topFolder() const { return top; }
  llvm::ArrayRef<ZipMember> members() const { return list; }
  bool has(llvm::StringRef name) const { return byName.contains(name); }
  /// A member's bytes, CRC checked, aligned to 16 bytes at least; none after reporting an error.
  std::optional<llvm::ArrayRef<uint8_t>> read(llvm::StringRef name);
  SourceLocation at(llvm::StringRef member) const {
    return {(path + ":" + printable(member)).str()};
  }
  SourceLocation here() const { return {path.str()}; }

private:
  struct End;
  bool findEnd(End &end);
  bool readZip64(End &end, uint64_t recordEnd);
  bool readEntries(const End &end);
  bool readEntry(uint64_t &position, uint64_t limit, ZipMember &member);
  bool readZip64Extra(llvm::ArrayRef<uint8_t> extra, ZipMember &member, bool wantSize,
                      bool wantCompressed, bool wantOffset);
  bool checkName(llvm::StringRef name);
  bool checkMember(ZipMember &member, uint64_t directory);
  bool checkLocal(ZipMember &member, uint64_t directory);
  bool checkOverlap();
  bool checkExpansion(uint64_t maxExpanded);
  bool inflate(ZipMember &member);

  Buffers &buffers;
  llvm::ArrayRef<uint8_t> file;
  llvm::StringRef path;
  DiagnosticEngine &engine;
  std::string top;
  std::vector<ZipMember> list;
  llvm::StringMap<size_t> byName;
  zip *inflater = nullptr;
};

} // namespace tsc::archive
