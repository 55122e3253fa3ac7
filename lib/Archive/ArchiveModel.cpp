// SPDX-License-Identifier: Apache-2.0
// Reads an archive in order: file, zip directory, kind, version, values, code, extra files.
#include "tsc/Archive/ArchiveModel.h"

#include "Detect.h"
#include "Pickle.h"
#include "SourceRanges.h"

using namespace llvm;

namespace tsc::archive {

static constexpr unsigned kOldestVersion = 1, kNewestVersion = 10;

ArchiveModel::ArchiveModel() = default;
ArchiveModel::~ArchiveModel() = default;

const CodeFile *ArchiveModel::codeFileOf(StringRef qualifiedName) const {
  StringRef qualifier = qualifiedName.rsplit('.').first;
  std::string file = qualifier.str();
  std::replace(file.begin(), file.end(), '.', '/');
  auto found = codeFiles.find(file + ".py");
  return found == codeFiles.end() ? nullptr : &found->second;
}

std::optional<SourceRange> ArchiveModel::lookup(StringRef codeFile, uint64_t byteOffset) const {
  auto found = codeFiles.find(codeFile);
  if (found == codeFiles.end())
    return std::nullopt;
  return found->second.ranges.lookup(byteOffset);
}

std::string ArchiveModel::locationName(StringRef codeFile) const {
  auto found = codeFiles.find(codeFile);
  return path + ":" +
         (found == codeFiles.end() ? ("code/" + codeFile).str() : found->second.member);
}

namespace {
class ArchiveReader {
public:
  ArchiveReader(ArchiveModel &model, const ReadOptions &options, DiagnosticEngine &engine)
      : model(model), options(options), engine(engine), zip(*model.buffers, model.path, engine) {}
  bool read();

private:
  bool findLayout();
  bool readVersion();
  bool readByteOrder();
  bool readValues();
  bool readTracedInputs();
  bool readMembers();
  bool readCode(StringRef member);
  NodeId readPickle(StringRef member, StringRef recordPrefix);

  ArchiveModel &model;
  const ReadOptions &options;
  DiagnosticEngine &engine;
  ZipReader zip;
  std::string codePrefix = "code/", picklePrefix;
  bool isPackage = false;
};
} // namespace

bool ArchiveReader::read() {
  static constexpr StringRef kWanted = "a TorchScript archive";
  if (!checkIsZip(model.buffers->file, model.path, kWanted, engine) ||
      !zip.open(options.maxExpanded))
    return false;
  StringRef other = otherZipKind(zip);
  if (!other.empty())
    return engine.report(zip.here(), Diag::WrongFileKind, other, kWanted), false;
  if (!zip.requireTopFolder())
    return false;
  model.topFolder = zip.topFolder().str();
  return findLayout() && readVersion() && readByteOrder() && readValues() && readMembers() &&
         readTracedInputs();
}

/// An archive of its own, or the TorchScript part of a torch.package.
bool ArchiveReader::findLayout() {
  ZipKind kind = zipKind(zip);
  if (kind == ZipKind::TorchScript)
    return true;
  if (kind != ZipKind::Package)
    return engine.report(zip.here(), Diag::WrongFileKind, zipKindText(kind),
                         "a TorchScript archive"),
           false;
  static constexpr StringRef kRoot = ".data/ts_code/";
  isPackage = true;
  codePrefix = (kRoot + "code/").str();
  std::vector<std::string> modules;
  for (const ZipMember &member : zip.members()) {
    StringRef name = member.name;
    if (name.consume_front(kRoot) && name.consume_back("/data.pkl") && !name.contains('/'))
      modules.push_back((kRoot + name + "/").str());
  }
  if (modules.size() != 1)
    return engine.report(zip.here(), Diag::PackageModules, modules.size()), false;
  picklePrefix = modules[0];
  return true;
}

bool ArchiveReader::readVersion() {
  StringRef member = zip.has(".data/version") ? ".data/version" : "version";
  if (!zip.has(member))
    return engine.report(zip.here(), Diag::VersionMissing), false;
  std::optional<ArrayRef<uint8_t>> bytes = zip.read(member);
  if (!bytes)
    return false;
  StringRef text = asText(*bytes).rtrim("\r\n ");
  StringRef digits = text;
  digits.consume_front("-");
  if (digits.empty() || digits.find_first_not_of("0123456789") != StringRef::npos)
    return engine.report(zip.at(member), Diag::VersionNotNumber, printable(text)), false;
  unsigned version = 0;
  bool tooLarge = digits.ltrim('0').size() > 6;
  if (!tooLarge)
    digits.getAsInteger(10, version);
  if (text.starts_with("-") || (!tooLarge && version < kOldestVersion))
    return engine.report(zip.at(member), Diag::VersionTooOld, printable(text), kOldestVersion),
           false;
  if (tooLarge || version > kNewestVersion)
    return engine.report(zip.at(member), Diag::VersionTooNew, printable(text), kNewestVersion),
           false;
  model.version = version;
  return true;
}

static bool checkByteOrder(ZipReader &zip, std::string &out, StringRef what,
                           DiagnosticEngine &engine) {
  if (!zip.has("byteorder"))
    return true;
  std::optional<ArrayRef<uint8_t>> bytes = zip.read("byteorder");
  if (!bytes)
    return false;
  StringRef text = asText(*bytes).rtrim("\r\n ");
  if (text == "big")
    return engine.report(zip.at("byteorder"), Diag::BigEndian, what), false;
  if (text != "little")
    return engine.report(zip.at("byteorder"), Diag::UnknownByteOrder, printable(text)), false;
  out = text.str();
  return true;
}

bool ArchiveReader::readByteOrder() {
  return checkByteOrder(zip, model.byteorder, "archive", engine);
}

NodeId ArchiveReader::readPickle(StringRef member, StringRef recordPrefix) {
  std::optional<ArrayRef<uint8_t>> bytes = zip.read(member);
  if (!bytes)
    return kNoNode;
  TensorTable table(&zip, recordPrefix.str(), model.graph, engine);
  return PickleReader(*bytes, PickleMode::Script, model.graph, table, zip.at(member), engine)
      .read();
}

bool ArchiveReader::readValues() {
  std::string data = picklePrefix + "data.pkl", table = picklePrefix + "constants.pkl";
  model.root = readPickle(data, isPackage ? ".data/" : "data/");
  if (model.root == kNoNode)
    return false;
  NodeKind kind = model.graph.kind(model.root);
  if (kind != NodeKind::Object)
    return engine.report(zip.at(data), Diag::RootNotObject, kindName(kind)), false;
  if (!zip.has(table))
    return true;
  NodeId constants = readPickle(table, isPackage ? ".data/" : "constants/");
  if (constants == kNoNode)
    return false;
  kind = model.graph.kind(constants);
  if (kind != NodeKind::Tuple)
    return engine.report(zip.at(table), Diag::ConstantsNotTuple, kindName(kind)), false;
  ArrayRef<NodeId> items = model.graph.items(constants);
  model.constants.assign(items.begin(), items.end());
  return true;
}

/// Examples only: some writers leave out their bytes; what cannot be read of them is left out.
bool ArchiveReader::readTracedInputs() {
  if (isPackage || !zip.has("traced_inputs.pkl"))
    return true;
  std::optional<ArrayRef<uint8_t>> bytes = zip.read("traced_inputs.pkl");
  if (!bytes)
    return false;
  DiagnosticEngine own;
  TensorTable table(&zip, "traced_inputs/", model.graph, own);
  SourceLocation where = zip.at("traced_inputs.pkl");
  NodeId inputs = PickleReader(*bytes, PickleMode::Script, model.graph, table, where, own).read();
  if (inputs != kNoNode && model.graph.kind(inputs) == NodeKind::Dict)
    model.tracedInputs = inputs;
  return true;
}

bool ArchiveReader::readMembers() {
  for (const ZipMember &member : zip.members()) {
    StringRef name = member.name;
    if (member.isFolder)
      continue;
    if (name.starts_with(codePrefix) && name.ends_with(".py")) {
      if (!readCode(name))
        return false;
    } else if (name.starts_with("extra/")) {
      std::optional<ArrayRef<uint8_t>> bytes = zip.read(name);
      if (!bytes)
        return false;
      model.extraFiles[name.drop_front(6).str()] = asText(*bytes);
    }
  }
  return true;
}

bool ArchiveReader::readCode(StringRef member) {
  std::optional<ArrayRef<uint8_t>> bytes = zip.read(member);
  if (!bytes)
    return false;
  CodeFile &file = model.codeFiles[member.drop_front(codePrefix.size()).str()];
  file.member = member.str();
  file.text = asText(*bytes);
  size_t bad = findInvalidUtf8(file.text);
  if (bad != StringRef::npos)
    return engine.report(zip.at(member), Diag::CodeNotUtf8, bad), false;
  std::string debug = (member + ".debug_pkl").str();
  if (!options.readSourceRanges || !zip.has(debug))
    return true;
  std::optional<ArrayRef<uint8_t>> pickle = zip.read(debug);
  if (!pickle)
    return false;
  readSourceRanges(*pickle, zip.at(debug), file.ranges, engine);
  return true;
}

static std::unique_ptr<ArchiveModel> readLoaded(std::unique_ptr<ArchiveModel> model,
                                                const ReadOptions &options,
                                                DiagnosticEngine &engine) {
  ArchiveReader reader(*model, options, engine);
  if (!reader.read())
    return nullptr;
  return model;
}

std::unique_ptr<ArchiveModel> readArchive(StringRef path, const ReadOptions &options,
                                          DiagnosticEngine &engine) {
  auto model = std::make_unique<ArchiveModel>();
  model->path = path.str();
  model->buffers = std::make_unique<Buffers>();
  if (!loadFile(path, *model->buffers, engine))
    return nullptr;
  return readLoaded(std::move(model), options, engine);
}

std::unique_ptr<ArchiveModel> readArchiveBytes(ArrayRef<uint8_t> bytes, StringRef path,
                                               const ReadOptions &options,
                                               DiagnosticEngine &engine) {
  auto model = std::make_unique<ArchiveModel>();
  model->path = path.str();
  model->buffers = std::make_unique<Buffers>();
  uint8_t *copy = model->buffers->allocate(bytes.size());
  if (!copy)
    return engine.report({path.str()}, Diag::CannotRead, "out of memory"), nullptr;
  std::copy(bytes.begin(), bytes.end(), copy);
  model->buffers->file = ArrayRef<uint8_t>(copy, bytes.size());
  return readLoaded(std::move(model), options, engine);
}

} // namespace tsc::archive
