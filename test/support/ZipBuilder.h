// SPDX-License-Identifier: Apache-2.0
// Builds zip files for tests in memory, honest ones and, by changing an entry's fields, dishonest
// ones.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/CRC.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tsc::test {

struct ZipEntry {
  std::string name;
  std::string data; ///< as it stands in the file
  uint16_t method = 0, flags = 0;
  std::optional<uint32_t> size; ///< recorded uncompressed size; default: data's
  std::optional<uint32_t> crc;  ///< default: that of data
  std::optional<uint32_t> compressedSize, localOffset;
  std::string localName; ///< when not empty: the local header's
};

struct ZipBuilder {
  std::vector<ZipEntry> entries;
  std::string prefix, suffix, comment;
  std::optional<uint32_t> directoryOffset;
  std::optional<uint16_t> entryCount;

  ZipEntry &add(std::string name, std::string data) {
    entries.push_back({std::move(name), std::move(data)});
    return entries.back();
  }
  /// A member compressed with method 8, as one stored deflate block.
  ZipEntry &addDeflated(std::string name, const std::string &data) {
    std::string block("\x01", 1);
    put(block, data.size(), 2);
    put(block, ~data.size() & 0xffff, 2);
    ZipEntry &entry = add(std::move(name), block + data);
    entry.method = 8;
    entry.size = data.size();
    entry.crc = crcOf(data);
    return entry;
  }

  static uint32_t crcOf(const std::string &data) {
    return llvm::crc32(
        llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(data.data()), data.size()));
  }
  static void put(std::string &out, uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      out += static_cast<char>(number >> (8 * i) & 0xff);
  }

  std::string bytes() const {
    std::string out = prefix, directory;
    for (const ZipEntry &e : entries) {
      uint32_t start = out.size() - prefix.size();
      std::string fields;
      put(fields, e.flags, 2);
      put(fields, e.method, 2);
      put(fields, 0, 4);
      put(fields, e.crc.value_or(crcOf(e.data)), 4);
      put(fields, e.compressedSize.value_or(e.data.size()), 4);
      put(fields, e.size.value_or(e.data.size()), 4);
      const std::string &local = e.localName.empty() ? e.name : e.localName;
      put(out, 0x04034b50, 4);
      put(out, 20, 2);
      out += fields;
      put(out, local.size(), 2);
      put(out, 0, 2);
      out += local + e.data;
      put(directory, 0x02014b50, 4);
      put(directory, 20, 2);
      put(directory, 20, 2);
      directory += fields;
      put(directory, e.name.size(), 2);
      directory.append(12, '\0');
      put(directory, e.localOffset.value_or(start), 4);
      directory += e.name;
    }
    uint32_t at = out.size() - prefix.size();
    out += directory;
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, entryCount.value_or(entries.size()), 2);
    put(out, entryCount.value_or(entries.size()), 2);
    put(out, directory.size(), 4);
    put(out, directoryOffset.value_or(at), 4);
    put(out, comment.size(), 2);
    return out + comment + suffix;
  }
};

} // namespace tsc::test
