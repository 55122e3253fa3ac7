// SPDX-License-Identifier: Apache-2.0
// Writes value files: a zip of stored members whose data starts at multiples of 64 bytes, as
// PyTorch writes it, or a .npy.
#include "tsc/Archive/ValueFile.h"

#include "Npy.h"
#include "PickleWriter.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"

using namespace llvm;

namespace tsc::archive {

namespace {
/// A zip of stored members, with ZIP64 records where sizes ask for them.
class ZipWriter {
public:
  explicit ZipWriter(raw_ostream &os) : os(os) {}
  void add(StringRef name, ArrayRef<uint8_t> data);
  void finish();

private:
  void little(std::string &out, uint64_t number, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      out += static_cast<char>(number >> (8 * i) & 0xff);
  }
  void emit(StringRef bytes) {
    os << bytes;
    offset += bytes.size();
  }
  static uint64_t cap(uint64_t number) { return std::min<uint64_t>(number, UINT32_MAX); }

  raw_ostream &os;
  std::string directory;
  uint64_t offset = 0, entries = 0;
};
} // namespace

void ZipWriter::add(StringRef name, ArrayRef<uint8_t> data) {
  uint32_t crc = llvm::crc32(data);
  bool big = data.size() >= UINT32_MAX || offset >= UINT32_MAX;
  std::string fields, wide, header;
  little(fields, 0, 2);            // flags: none
  little(fields, 0, 2);            // stored
  little(fields, 0x0021 << 16, 4); // 1980-01-01
  little(fields, crc, 4);
  little(fields, big ? UINT32_MAX : data.size(), 4);
  little(fields, big ? UINT32_MAX : data.size(), 4);
  little(fields, name.size(), 2);
  if (big) {
    little(wide, 1, 2);
    little(wide, 24, 2);
    little(wide, data.size(), 8);
    little(wide, data.size(), 8);
    little(wide, offset, 8);
  }
  uint64_t before = offset + 30 + name.size() + wide.size() + 4;
  uint64_t padding = (64 - before % 64) % 64;
  little(header, 0x04034b50, 4);
  little(header, big ? 45 : 20, 2);
  header += fields;
  little(header, wide.size() + 4 + padding, 2);
  header += name;
  header += wide;
  header += "FB";
  little(header, padding, 2);
  header.append(padding, 'Z');
  little(directory, 0x02014b50, 4);
  little(directory, big ? 45 : 20, 2);
  little(directory, big ? 45 : 20, 2);
  directory += fields;
  little(directory, wide.size(), 2);
  little(directory, 0, 2); // comment
  little(directory, 0, 2); // disk
  little(directory, 0, 2);
  little(directory, 0, 4);
  little(directory, big ? UINT32_MAX : offset, 4);
  directory += name;
  directory += wide;
  ++entries;
  emit(header);
  emit(asText(data));
}

void ZipWriter::finish() {
  uint64_t start = offset, size = directory.size();
  emit(directory);
  std::string end;
  if (entries >= 0xffff || start >= UINT32_MAX || size >= UINT32_MAX) {
    uint64_t record = offset;
    little(end, 0x06064b50, 4);
    little(end, 44, 8);
    little(end, 45, 2);
    little(end, 45, 2);
    little(end, 0, 8);
    little(end, entries, 8);
    little(end, entries, 8);
    little(end, size, 8);
    little(end, start, 8);
    little(end, 0x07064b50, 4);
    little(end, 0, 4);
    little(end, record, 8);
    little(end, 1, 4);
  }
  little(end, 0x06054b50, 4);
  little(end, 0, 4);
  little(end, std::min<uint64_t>(entries, 0xffff), 2);
  little(end, std::min<uint64_t>(entries, 0xffff), 2);
  little(end, cap(size), 4);
  little(end, cap(start), 4);
  little(end, 0, 2);
  emit(end);
}

static ArrayRef<uint8_t> asBytes(StringRef text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

/// What stands in the file, made before it is opened.
class ValueWriter {
public:
  ValueWriter(StringRef path, const ValueGraph &graph, DiagnosticEngine &engine)
      : path(path.str()), graph(graph), engine(engine) {}
  bool write(NodeId root);

private:
  bool writeFile(llvm::function_ref<void(raw_ostream &)> body);
  bool writeNpy(NodeId root);

  std::string path;
  const ValueGraph &graph;
  DiagnosticEngine &engine;
};

bool ValueWriter::writeFile(function_ref<void(raw_ostream &)> body) {
  std::string temporary = path + ".tmp" + std::to_string(sys::Process::getProcessId());
  std::error_code error;
  {
    raw_fd_ostream os(temporary, error, sys::fs::CD_CreateNew, sys::fs::FA_Write, sys::fs::OF_None);
    if (!error) {
      body(os);
      os.close();
      error = os.error();
      os.clear_error();
    } else {
      return engine.report({path}, Diag::CannotWrite, error.message()), false;
    }
  }
  if (!error && sys::fs::is_directory(path))
    error = std::make_error_code(std::errc::is_a_directory);
  if (!error)
    error = sys::fs::rename(temporary, path);
  if (!error)
    return true;
  sys::fs::remove(temporary);
  return engine.report({path}, Diag::CannotWrite, error.message()), false;
}

bool ValueWriter::writeNpy(NodeId root) {
  auto refuse = [&](StringRef what) {
    return engine.report({path}, Diag::ValueNotWritable, what, "a .npy file"), false;
  };
  if (graph.kind(root) != NodeKind::Tensor)
    return refuse(kindName(graph.kind(root)));
  const TensorRecord &record = graph.tensor(root);
  if (record.layout != Layout::Strided || record.conjugate || record.negative)
    return refuse("a sparse or lazily conjugated tensor");
  std::optional<std::string> header = npyHeader(record.dtype, record.sizes);
  if (!header)
    return refuse("a tensor of this dtype");
  return writeFile([&](raw_ostream &os) {
    os << *header;
    int64_t count = record.elementCount(), width = dtypeBytes(record.dtype), at = record.offset;
    if (count == 0)
      return;
    const char *base = reinterpret_cast<const char *>(graph.storage(record.storage).bytes.data());
    SmallVector<int64_t, 4> position(record.sizes.size(), 0);
    for (int64_t i = 0; i < count; ++i) {
      os.write(base + at * width, width);
      for (size_t d = position.size(); d-- > 0;) {
        at += record.strides[d];
        if (++position[d] < record.sizes[d])
          break;
        at -= record.strides[d] * record.sizes[d];
        position[d] = 0;
      }
    }
  });
}

bool ValueWriter::write(NodeId root) {
  if (StringRef(path).ends_with(".npy"))
    return writeNpy(root);
  PickleWriter pickle(graph, path, engine);
  if (!pickle.write(root))
    return false;
  return writeFile([&](raw_ostream &os) {
    ZipWriter zip(os);
    zip.add("archive/data.pkl", asBytes(pickle.bytes()));
    zip.add("archive/byteorder", asBytes("little"));
    size_t key = 0;
    for (uint32_t index : pickle.storages()) {
      const Storage &storage = graph.storage(index);
      size_t unit = storage.dtype == DType::Undefined ? 1 : dtypeBytes(storage.dtype);
      zip.add("archive/data/" + std::to_string(key++),
              storage.bytes.take_front(storage.bytes.size() / unit * unit));
    }
    for (size_t i = 0; i < pickle.extra.size(); ++i)
      zip.add("archive/data/q" + std::to_string(i), asBytes(pickle.extra[i]));
    zip.add("archive/version", asBytes("3\n"));
    zip.finish();
  });
}

bool writeValueFile(StringRef path, const ValueGraph &graph, NodeId root,
                    DiagnosticEngine &engine) {
  return ValueWriter(path, graph, engine).write(root);
}

} // namespace tsc::archive
