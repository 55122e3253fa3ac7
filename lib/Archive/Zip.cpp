// SPDX-License-Identifier: Apache-2.0
#include "Zip.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

#include <algorithm>
#include <zip.h>

using namespace llvm;
using namespace llvm::support::endian;

namespace tsc::archive {

static constexpr uint32_t kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                          kLocator64Signature = 0x07064b50, kEntrySignature = 0x02014b50,
                          kLocalSignature = 0x04034b50;
static constexpr uint64_t kEndSize = 22, kEnd64Size = 56, kLocator64Size = 20, kEntrySize = 46,
                          kLocalSize = 30, kMaxComment = 65535, kMaxName = 4096;

struct ZipReader::End {
  uint64_t position = 0; ///< of the end record
  uint64_t directoryEnd = 0;
  uint64_t entries = 0, size = 0, offset = 0;
};

ZipReader::~ZipReader() {
  if (inflater)
    zip_discard(inflater);
}

bool ZipReader::open(uint64_t maxExpanded) {
  End end;
  return findEnd(end) && readEntries(end) && checkOverlap() && checkExpansion(maxExpanded);
}

bool ZipReader::findEnd(End &end) {
  if (file.size() < kEndSize)
    return engine.report(here(), Diag::NotAZip, file.size()), false;
  // The record whose comment ends the file; failing that, any record: then bytes follow it.
  uint64_t last = file.size() - kEndSize, found = UINT64_MAX, loose = UINT64_MAX;
  for (uint64_t back = 0; back <= last && found == UINT64_MAX; ++back) {
    const uint8_t *p = file.data() + last - back;
    if (p[0] != 'P' || read32le(p) != kEndSignature)
      continue;
    uint64_t after = last - back + kEndSize + read16le(p + 20);
    if (after == file.size() && back <= kMaxComment)
      found = last - back;
    else if (after < file.size() && loose == UINT64_MAX)
      loose = last - back;
  }
  if (found == UINT64_MAX && loose == UINT64_MAX)
    return engine.report(here(), Diag::ZipTruncated), false;
  if (found == UINT64_MAX) {
    uint64_t after = loose + kEndSize + read16le(file.data() + loose + 20);
    return engine.report(here(), Diag::ZipTrailingBytes, file.size() - after), false;
  }
  const uint8_t *p = file.data() + found;
  if (read16le(p + 4) != read16le(p + 6) || read16le(p + 8) != read16le(p + 10) ||
      (read16le(p + 4) != 0 && read16le(p + 4) != 0xffff))
    return engine.report(here(), Diag::ZipMultiDisk), false;
  end.position = end.directoryEnd = found;
  end.entries = read16le(p + 10);
  end.size = read32le(p + 12);
  end.offset = read32le(p + 16);
  if (found >= kLocator64Size && read32le(p - kLocator64Size) == kLocator64Signature &&
      !readZip64(end, found - kLocator64Size))
    return false;
  uint64_t limit = end.directoryEnd;
  if (end.size > limit || end.offset > limit || end.entries > end.size / kEntrySize ||
      end.offset + end.size > limit)
    return engine.report(here(), Diag::ZipDirectoryBounds, end.offset, end.size, end.entries,
                         file.size()),
           false;
  if (end.offset != limit - end.size)
    return engine.report(here(), Diag::ZipLeadingBytes, end.offset, limit - end.size), false;
  return true;
}

bool ZipReader::readZip64(End &end, uint64_t locator) {
  auto fail = [&](StringRef why) {
    return engine.report(here(), Diag::Zip64Inconsistent, why), false;
  };
  const uint8_t *l = file.data() + locator;
  uint64_t record = read64le(l + 8);
  if (read32le(l + 4) != 0 || read32le(l + 16) > 1)
    return engine.report(here(), Diag::ZipMultiDisk), false;
  // The record stands right before its locator; where it does not stand where that points, bytes
  // precede the archive.
  uint64_t actual = locator >= kEnd64Size ? locator - kEnd64Size : 0;
  if (record != actual && locator >= kEnd64Size &&
      read32le(file.data() + actual) == kEnd64Signature)
    return engine.report(here(), Diag::ZipLeadingBytes, end.offset, end.offset + actual - record),
           false;
  if (record > locator || locator - record < kEnd64Size)
    return fail("end record out of bounds");
  const uint8_t *p = file.data() + record;
  if (read32le(p) != kEnd64Signature || read64le(p + 4) != locator - record - 12)
    return fail("end record not found where its locator points");
  if (read32le(p + 16) != 0 || read32le(p + 20) != 0 || read64le(p + 24) != read64le(p + 32))
    return engine.report(here(), Diag::ZipMultiDisk), false;
  uint64_t entries = read64le(p + 32), size = read64le(p + 40), offset = read64le(p + 48);
  if ((end.size != UINT32_MAX && end.size > record) ||
      (end.offset != UINT32_MAX && end.offset > record))
    return engine.report(here(), Diag::ZipDirectoryBounds, end.offset, end.size, end.entries,
                         file.size()),
           false;
  // A writer that fills in ZIP64 throughout marks all three fields; a lone mark on a small count is
  // damage.
  if (end.entries == 0xffff && entries < 0xffff && end.size != UINT32_MAX &&
      end.offset != UINT32_MAX)
    return engine.report(here(), Diag::ZipDirectoryBounds, end.offset, end.size, end.entries,
                         file.size()),
           false;
  if ((end.entries != 0xffff && end.entries != entries) ||
      (end.size != UINT32_MAX && end.size != size) ||
      (end.offset != UINT32_MAX && end.offset != offset))
    return fail("the two end records disagree");
  end.entries = entries;
  end.size = size;
  end.offset = offset;
  end.directoryEnd = record;
  return true;
}

bool ZipReader::readEntries(const End &end) {
  uint64_t position = end.offset;
  list.resize(end.entries);
  for (uint64_t i = 0; i < end.entries; ++i) {
    ZipMember &member = list[i];
    member.index = i;
    if (!readEntry(position, end.directoryEnd, member) || !checkMember(member, end.offset))
      return false;
    if (!byName.try_emplace(member.name, i).second)
      return engine.report(here(), Diag::ZipDuplicate, printable(member.name)), false;
  }
  if (position != end.directoryEnd)
    return engine.report(here(), Diag::ZipDirectoryBounds, end.offset, end.size, end.entries,
                         file.size()),
           false;
  return true;
}

bool ZipReader::readEntry(uint64_t &position, uint64_t limit, ZipMember &member) {
  auto outOfBounds = [&] {
    return engine.report(here(), Diag::ZipDirectoryBounds, position, limit - position, list.size(),
                         file.size()),
           false;
  };
  if (limit - position < kEntrySize || read32le(file.data() + position) != kEntrySignature)
    return outOfBounds();
  const uint8_t *p = file.data() + position;
  uint64_t nameSize = read16le(p + 28), extraSize = read16le(p + 30);
  uint64_t total = kEntrySize + nameSize + extraSize + read16le(p + 32);
  if (limit - position < total)
    return outOfBounds();
  StringRef name(reinterpret_cast<const char *>(p + kEntrySize), nameSize);
  if (!checkName(name))
    return false;
  member.name = name.str();
  member.isFolder = name.ends_with("/");
  member.flags = read16le(p + 8);
  member.method = read16le(p + 10);
  member.crc = read32le(p + 16);
  member.compressedSize = read32le(p + 20);
  member.size = read32le(p + 24);
  member.localOffset = read32le(p + 42);
  uint16_t disk = read16le(p + 34);
  position += total;
  if (disk != 0 && disk != 0xffff)
    return engine.report(at(name), Diag::ZipMultiDisk), false;
  return readZip64Extra(ArrayRef<uint8_t>(p + kEntrySize + nameSize, extraSize), member,
                        member.size == UINT32_MAX, member.compressedSize == UINT32_MAX,
                        member.localOffset == UINT32_MAX);
}

bool ZipReader::readZip64Extra(ArrayRef<uint8_t> extra, ZipMember &member, bool wantSize,
                               bool wantCompressed, bool wantOffset) {
  if (!wantSize && !wantCompressed && !wantOffset)
    return true;
  while (extra.size() >= 4) {
    uint16_t id = read16le(extra.data()), size = read16le(extra.data() + 2);
    extra = extra.drop_front(4);
    if (size > extra.size())
      break;
    ArrayRef<uint8_t> field = extra.take_front(size);
    extra = extra.drop_front(size);
    if (id != 1)
      continue;
    bool ok = true;
    auto take = [&](bool want, uint64_t &out) {
      if (!want || !(ok &= field.size() >= 8))
        return;
      out = read64le(field.data());
      field = field.drop_front(8);
    };
    take(wantSize, member.size);
    take(wantCompressed, member.compressedSize);
    take(wantOffset, member.localOffset);
    if (!ok)
      break;
    return true;
  }
  return engine.report(at(member.name), Diag::Zip64Inconsistent,
                       "its extra field is missing or short"),
         false;
}

bool ZipReader::checkName(StringRef name) {
  auto fail = [&](StringRef why) {
    return engine.report(here(), Diag::ZipMemberName, printable(name), why), false;
  };
  if (name.empty())
    return fail("it is empty");
  if (name.size() > kMaxName)
    return fail("it is longer than 4096 bytes");
  if (findInvalidUtf8(name) != StringRef::npos)
    return fail("it is not UTF-8");
  if (name.front() == '/')
    return fail("it is absolute");
  for (unsigned char c : name)
    if (c < 0x20 || c == '\\' || c == 0x7f)
      return fail("it holds a backslash or a control character");
  StringRef rest = name;
  rest.consume_back("/");
  while (!rest.empty()) {
    auto [part, tail] = rest.split('/');
    if (part.empty() || part == "." || part == "..")
      return fail("it has an empty, '.' or '..' part");
    rest = tail;
  }
  return true;
}

bool ZipReader::checkMember(ZipMember &member, uint64_t directory) {
  SourceLocation where = at(member.name);
  if (member.flags & 0x2041)
    return engine.report(where, Diag::ZipEncryption), false;
  if (member.method != 0 && member.method != 8)
    return engine.report(where, Diag::ZipCompression, member.method), false;
  if (member.localOffset > directory || directory - member.localOffset < kLocalSize)
    return engine.report(where, Diag::ZipLocalHeader, member.localOffset, file.size()), false;
  return checkLocal(member, directory);
}

bool ZipReader::checkLocal(ZipMember &member, uint64_t directory) {
  SourceLocation where = at(member.name);
  const uint8_t *p = file.data() + member.localOffset;
  if (read32le(p) != kLocalSignature)
    return engine.report(where, Diag::ZipLocalHeader, member.localOffset, file.size()), false;
  uint64_t nameSize = read16le(p + 26);
  member.dataOffset = member.localOffset + kLocalSize + nameSize + read16le(p + 28);
  if (member.dataOffset > directory)
    return engine.report(where, Diag::ZipLocalHeader, member.localOffset, file.size()), false;
  StringRef name(reinterpret_cast<const char *>(p + kLocalSize), nameSize);
  if (name != member.name || read16le(p + 8) != member.method)
    return engine.report(where, Diag::ZipLocalMismatch), false;
  if (member.compressedSize > directory - member.dataOffset)
    return engine.report(where, Diag::ZipMemberBounds, member.compressedSize, member.dataOffset,
                         file.size()),
           false;
  if (member.method == 0 && member.compressedSize != member.size)
    return engine.report(where, Diag::ZipStoredSizes, member.compressedSize, member.size), false;
  if (member.isFolder && member.size != 0)
    return engine.report(here(), Diag::ZipMemberName, printable(member.name),
                         "it names a folder but holds data"),
           false;
  return true;
}

bool ZipReader::checkOverlap() {
  std::vector<const ZipMember *> order;
  for (const ZipMember &member : list)
    order.push_back(&member);
  std::sort(order.begin(), order.end(),
            [](const ZipMember *a, const ZipMember *b) { return a->localOffset < b->localOffset; });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i]->localOffset < order[i - 1]->dataOffset + order[i - 1]->compressedSize)
      return engine.report(at(order[i]->name), Diag::ZipOverlap, printable(order[i - 1]->name)),
             false;
  return true;
}

bool ZipReader::checkExpansion(uint64_t maxExpanded) {
  uint64_t limit = maxExpanded ? maxExpanded : (uint64_t(128) << 20) + 3 * uint64_t(file.size());
  uint64_t total = 0;
  for (const ZipMember &member : list) {
    if (member.method == 0)
      continue;
    if (member.size > limit || limit - member.size < total)
      return engine.report(at(member.name), Diag::ZipBomb, member.size, member.compressedSize,
                           limit),
             false;
    total += member.size;
  }
  return true;
}

bool ZipReader::requireTopFolder() {
  std::string first;
  for (const ZipMember &member : list) {
    StringRef name = member.name;
    size_t slash = name.find('/');
    if (first.empty()) {
      first = name.str();
      top = slash == StringRef::npos ? "" : name.take_front(slash).str();
    }
    if (slash == StringRef::npos || name.take_front(slash) != top)
      return engine.report(here(), Diag::ZipTopFolder, printable(first), printable(name)), false;
  }
  byName.clear();
  for (ZipMember &member : list) {
    member.name.erase(0, top.size() + 1);
    if (!member.isFolder)
      byName.try_emplace(member.name, member.index);
  }
  return true;
}

std::optional<ArrayRef<uint8_t>> ZipReader::read(StringRef name) {
  auto found = byName.find(name);
  if (found == byName.end()) {
    engine.report(here(), Diag::MemberMissing, printable(name));
    return std::nullopt;
  }
  ZipMember &member = list[found->second];
  if (member.isRead)
    return member.bytes;
  if (member.method != 0) {
    if (!inflate(member))
      return std::nullopt;
  } else {
    member.bytes = file.slice(member.dataOffset, member.size);
    if (reinterpret_cast<uintptr_t>(member.bytes.data()) % 16 != 0 && member.size != 0) {
      uint8_t *copy = buffers.allocate(member.size);
      if (!copy)
        return engine.report(at(name), Diag::CannotRead, "out of memory"), std::nullopt;
      std::copy(member.bytes.begin(), member.bytes.end(), copy);
      member.bytes = ArrayRef<uint8_t>(copy, member.size);
    }
  }
  uint32_t crc = llvm::crc32(member.bytes);
  if (crc != member.crc)
    return engine.report(at(name), Diag::ZipCrc, printable(name), member.crc, crc), std::nullopt;
  member.isRead = true;
  return member.bytes;
}

bool ZipReader::inflate(ZipMember &member) {
  SourceLocation where = at(member.name);
  if (!inflater) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(file.data(), file.size(), 0, &error);
    inflater = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
    if (!inflater) {
      engine.report(here(), Diag::CannotRead, zip_error_strerror(&error));
      if (source)
        zip_source_free(source);
      zip_error_fini(&error);
      return false;
    }
    zip_error_fini(&error);
  }
  uint8_t *out = buffers.allocate(member.size);
  if (!out)
    return engine.report(where, Diag::CannotRead, "out of memory"), false;
  zip_file_t *stream = zip_fopen_index(inflater, member.index, 0);
  uint64_t done = 0;
  bool ok = stream != nullptr;
  while (ok && done < member.size) {
    zip_int64_t got = zip_fread(stream, out + done, member.size - done);
    ok = got > 0;
    done += ok ? got : 0;
  }
  if (stream)
    zip_fclose(stream);
  if (!ok)
    return engine.report(where, Diag::ZipExpandedSize, member.size), false;
  member.bytes = ArrayRef<uint8_t>(out, member.size);
  return true;
}

} // namespace tsc::archive
