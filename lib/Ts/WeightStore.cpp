// SPDX-License-Identifier: Apache-2.0
#include "tsc/Ts/WeightStore.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;

namespace tsc::ts {

static constexpr uint64_t kAlignment = 64;
static constexpr char kMagic[8] = {'T', 'S', 'C', 'W', '0', '0', '0', '1'};

int64_t WeightStore::add(ArrayRef<uint8_t> bytes, std::shared_ptr<const void> owner) {
  storages.push_back({bytes, std::move(owner)});
  return size() - 1;
}

int64_t WeightStore::addCopy(ArrayRef<uint8_t> bytes) {
  // Aligned, so that a kernel may read it as it reads any tensor.
  std::shared_ptr<uint8_t> copy(
      static_cast<uint8_t *>(::operator new(bytes.size() + 1, std::align_val_t(kAlignment))),
      [](uint8_t *p) { ::operator delete(p, std::align_val_t(kAlignment)); });
  if (!bytes.empty())
    std::memcpy(copy.get(), bytes.data(), bytes.size());
  return add(ArrayRef<uint8_t>(copy.get(), bytes.size()), copy);
}

ArrayRef<uint8_t> WeightStore::get(int64_t storage) const {
  if (storage < 0 || storage >= size())
    return {};
  return storages[storage].bytes;
}

bool WeightStore::write(StringRef path, std::string &error) const {
  std::error_code ec;
  raw_fd_ostream os(path, ec, sys::fs::OF_None);
  if (ec) {
    error = ec.message();
    return false;
  }
  os.write(kMagic, sizeof kMagic);
  auto word = [&](uint64_t x) {
    char bytes[8];
    support::endian::write64le(bytes, x);
    os.write(bytes, 8);
  };
  word(storages.size());
  for (const StoredBytes &s : storages)
    word(s.bytes.size());
  for (const StoredBytes &s : storages) {
    os.write_zeros(offsetToAlignment(os.tell(), Align(kAlignment)));
    os.write(reinterpret_cast<const char *>(s.bytes.data()), s.bytes.size());
  }
  os.close();
  if (os.has_error()) {
    error = os.error().message();
    os.clear_error();
    return false;
  }
  return true;
}

bool WeightStore::read(StringRef path, std::string &error) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) {
    error = file.getError().message();
    return false;
  }
  std::shared_ptr<MemoryBuffer> owner = std::move(*file);
  ArrayRef<uint8_t> all(reinterpret_cast<const uint8_t *>(owner->getBufferStart()),
                        owner->getBufferSize());
  if (all.size() < 16 || std::memcmp(all.data(), kMagic, sizeof kMagic) != 0) {
    error = "not a weights file of this version";
    return false;
  }
  uint64_t count = support::endian::read64le(all.data() + 8);
  if (count > (all.size() - 16) / 8) {
    error = "weights file is truncated";
    return false;
  }
  storages.clear();
  uint64_t at = 16 + 8 * count;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t bytes = support::endian::read64le(all.data() + 16 + 8 * i);
    at = alignTo(at, kAlignment);
    if (at > all.size() || bytes > all.size() - at) {
      error = "weights file is truncated";
      return false;
    }
    add(all.slice(at, bytes), owner);
    at += bytes;
  }
  return true;
}

} // namespace tsc::ts
