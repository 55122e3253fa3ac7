// SPDX-License-Identifier: Apache-2.0
#include "Detect.h"

using namespace llvm;

namespace tsc::archive {

static StringRef rawKind(StringRef text) {
  if (text.starts_with("PYTORCH1"))
    return "a PyTorch 1.0 preview file (PYTORCH1)";
  if (text.starts_with(StringRef("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 15)))
    return "a checkpoint in torch.save's format before 1.6";
  if (text.size() >= 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5)
    return "a bare pickle";
  if (text.size() >= 8 && text.substr(4, 4) == "PTMF")
    return "a flatbuffer file of the lite interpreter";
  if (text.starts_with("\x93NUMPY"))
    return "a NumPy .npy file";
  if (text.starts_with("\x7f"
                       "ELF"))
    return "an ELF file";
  if (text.starts_with("\x1f\x8b"))
    return "a gzip file";
  if (text.starts_with("GGUF"))
    return "a GGUF file";
  return "";
}

static bool looksLikeText(StringRef text) {
  StringRef head = text.take_front(4096);
  if (head.size() < 2)
    return false;
  for (unsigned char c : head)
    if (c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f')
      return false;
  return text.size() > 4096 || findInvalidUtf8(head) == StringRef::npos;
}

bool checkIsZip(ArrayRef<uint8_t> bytes, StringRef path, StringRef wanted,
                DiagnosticEngine &engine) {
  StringRef text = asText(bytes);
  SourceLocation where{path.str()};
  StringRef kind = rawKind(text);
  if (!kind.empty())
    return engine.report(where, Diag::WrongFileKind, kind, wanted), false;
  if (bytes.size() < 22 || looksLikeText(text)) {
    if (looksLikeText(text))
      return engine.report(where, Diag::TextNotZip), false;
    return engine.report(where, Diag::NotAZip, bytes.size()), false;
  }
  // Without any zip signature at either end this was never an archive.
  if (!text.starts_with("PK") && text.find("PK\x05\x06") == StringRef::npos)
    return engine.report(where, Diag::NotAZip, bytes.size()), false;
  return true;
}

StringRef otherZipKind(const ZipReader &zip) {
  bool allArrays = !zip.members().empty();
  for (const ZipMember &member : zip.members())
    allArrays &= StringRef(member.name).ends_with(".npy");
  if (allArrays)
    return "a NumPy .npz file";
  if (zip.has("[Content_Types].xml"))
    return "an office document";
  return "";
}

ZipKind zipKind(const ZipReader &zip) {
  if (zip.has("model.json"))
    return ZipKind::Legacy;
  if (zip.has("archive_format") || zip.has("models/model.json") ||
      zip.has("serialized_exported_program.json"))
    return ZipKind::Exported;
  bool code = false, package = false;
  for (const ZipMember &member : zip.members()) {
    StringRef name = member.name;
    code |= name.starts_with("code/");
    package |= name.starts_with(".data/ts_code/");
  }
  if (zip.has("data.pkl") && (code || zip.has("constants.pkl")))
    return ZipKind::TorchScript;
  if (package)
    return ZipKind::Package;
  if (zip.has("data.pkl"))
    return ZipKind::Checkpoint;
  // Code without values is an archive that lost its data.pkl.
  return code || zip.has("constants.pkl") ? ZipKind::TorchScript : ZipKind::Other;
}

StringRef zipKindText(ZipKind kind) {
  switch (kind) {
  case ZipKind::TorchScript:
    return "a TorchScript archive";
  case ZipKind::Package:
    return "a torch.package archive";
  case ZipKind::Checkpoint:
    return "an eager checkpoint written by torch.save";
  case ZipKind::Exported:
    return "a torch.export program (.pt2)";
  case ZipKind::Legacy:
    return "a TorchScript file in the layout before 1.4 (model.json)";
  case ZipKind::Other:
    return "a zip file without data.pkl";
  }
  return "";
}

} // namespace tsc::archive
