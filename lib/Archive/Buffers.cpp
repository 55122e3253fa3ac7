// SPDX-License-Identifier: Apache-2.0
#include "Buffers.h"

#include "llvm/Support/ConvertUTF.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace tsc::archive {

static bool readAll(int fd, uint8_t *out, uint64_t size, std::string &why) {
  uint64_t done = 0;
  while (done < size) {
    ssize_t got = ::read(fd, out + done, std::min<uint64_t>(size - done, 1u << 30));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      why = got < 0 ? std::strerror(errno) : "file shrank while it was read";
      return false;
    }
    done += got;
  }
  return true;
}

static bool loadDescriptor(int fd, Buffers &buffers, std::string &why) {
  struct stat info;
  if (::fstat(fd, &info) != 0) {
    why = std::strerror(errno);
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    why = S_ISDIR(info.st_mode) ? std::strerror(EISDIR) : "not a regular file";
    return false;
  }
  uint64_t size = info.st_size;
  uint8_t *data = buffers.allocate(size);
  if (!data) {
    why = std::strerror(ENOMEM);
    return false;
  }
  if (!readAll(fd, data, size, why))
    return false;
  buffers.file = ArrayRef<uint8_t>(data, size);
  return true;
}

bool loadFile(StringRef path, Buffers &buffers, DiagnosticEngine &engine) {
  std::string name = path.str(), why;
  int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    engine.report({name}, Diag::CannotRead, std::strerror(errno));
    return false;
  }
  bool ok = loadDescriptor(fd, buffers, why);
  ::close(fd);
  if (!ok)
    engine.report({name}, Diag::CannotRead, why);
  return ok;
}

std::string printable(StringRef text, size_t limit) {
  std::string out;
  bool valid = findInvalidUtf8(text) == StringRef::npos;
  for (unsigned char c : text.take_front(limit)) {
    if (c < 0x20 || c == 0x7f || (c >= 0x80 && (!valid || text.size() > limit))) {
      static const char kHex[] = "0123456789abcdef";
      out += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
    } else {
      out += static_cast<char>(c);
    }
  }
  if (text.size() > limit)
    out += "...";
  return out;
}

size_t findInvalidUtf8(StringRef text) {
  auto *begin = reinterpret_cast<const UTF8 *>(text.data());
  const UTF8 *position = begin;
  if (isLegalUTF8String(&position, begin + text.size()))
    return StringRef::npos;
  return position - begin;
}

} // namespace tsc::archive
