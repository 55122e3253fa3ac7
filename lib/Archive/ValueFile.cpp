// SPDX-License-Identifier: Apache-2.0
#include "tsc/Archive/ValueFile.h"

#include "Detect.h"
#include "Npy.h"
#include "Pickle.h"

using namespace llvm;

namespace tsc::archive {

ValueFile::ValueFile() = default;
ValueFile::~ValueFile() = default;

static bool readNpz(ZipReader &zip, ValueFile &file, DiagnosticEngine &engine) {
  SmallVector<NodeId> items;
  for (const ZipMember &member : zip.members()) {
    StringRef name = member.name;
    std::optional<ArrayRef<uint8_t>> bytes = zip.read(name);
    if (!bytes)
      return false;
    if (!isNpy(*bytes))
      return engine.report(zip.at(name), Diag::NpyInvalid, "not a .npy file"), false;
    NodeId tensor = readNpy(*bytes, file.graph, *file.buffers, zip.at(name), engine);
    if (tensor == kNoNode)
      return false;
    name.consume_back(".npy");
    items.push_back(file.graph.makeString(name));
    items.push_back(tensor);
  }
  file.root = file.graph.makeContainer(NodeKind::Dict, items);
  return true;
}

static bool readZip(ValueFile &file, DiagnosticEngine &engine) {
  static constexpr StringRef kWanted = "a value written by torch.save";
  ZipReader zip(*file.buffers, file.path, engine);
  if (!checkIsZip(file.buffers->file, file.path, kWanted, engine) || !zip.open(0))
    return false;
  if (!zip.members().empty() && otherZipKind(zip).contains(".npz"))
    return readNpz(zip, file, engine);
  if (!zip.requireTopFolder())
    return false;
  ZipKind kind = zipKind(zip);
  if (kind != ZipKind::Checkpoint)
    return engine.report(zip.here(), Diag::WrongFileKind, zipKindText(kind), kWanted), false;
  if (zip.has("byteorder")) {
    std::optional<ArrayRef<uint8_t>> order = zip.read("byteorder");
    if (!order)
      return false;
    StringRef text = asText(*order).rtrim("\r\n ");
    if (text == "big")
      return engine.report(zip.at("byteorder"), Diag::BigEndian, "file"), false;
    if (text != "little")
      return engine.report(zip.at("byteorder"), Diag::UnknownByteOrder, printable(text)), false;
  }
  std::optional<ArrayRef<uint8_t>> pickle = zip.read("data.pkl");
  if (!pickle)
    return false;
  TensorTable table(&zip, "data/", file.graph, engine);
  PickleReader reader(*pickle, PickleMode::Value, file.graph, table, zip.at("data.pkl"), engine);
  file.root = reader.read();
  return file.root != kNoNode;
}

static std::unique_ptr<ValueFile> readLoaded(std::unique_ptr<ValueFile> file,
                                             DiagnosticEngine &engine) {
  if (!isNpy(file->buffers->file))
    return readZip(*file, engine) ? std::move(file) : nullptr;
  file->root = readNpy(file->buffers->file, file->graph, *file->buffers, {file->path}, engine);
  return file->root == kNoNode ? nullptr : std::move(file);
}

std::unique_ptr<ValueFile> readValueFile(StringRef path, DiagnosticEngine &engine) {
  auto file = std::make_unique<ValueFile>();
  file->path = path.str();
  file->buffers = std::make_unique<Buffers>();
  if (!loadFile(path, *file->buffers, engine))
    return nullptr;
  return readLoaded(std::move(file), engine);
}

std::unique_ptr<ValueFile> readValueBytes(ArrayRef<uint8_t> bytes, StringRef path,
                                          DiagnosticEngine &engine) {
  auto file = std::make_unique<ValueFile>();
  file->path = path.str();
  file->buffers = std::make_unique<Buffers>();
  uint8_t *copy = file->buffers->allocate(bytes.size());
  if (!copy)
    return engine.report({path.str()}, Diag::CannotRead, "out of memory"), nullptr;
  std::copy(bytes.begin(), bytes.end(), copy);
  file->buffers->file = ArrayRef<uint8_t>(copy, bytes.size());
  return readLoaded(std::move(file), engine);
}

} // namespace tsc::archive
