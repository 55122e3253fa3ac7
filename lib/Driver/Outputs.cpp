// SPDX-License-Identifier: Apache-2.0
#include "Outputs.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace tsc {

std::string stemOf(StringRef path) {
  StringRef stem = sys::path::stem(path);
  if (stem.size() > 3)
    stem.consume_front("lib");
  return stem.str();
}

bool classifyOutputs(ArrayRef<std::string> paths, std::vector<Output> &outputs,
                     DiagnosticEngine &engine) {
  for (const std::string &path : paths) {
    StringRef suffix = sys::path::extension(path);
    std::optional<OutputKind> kind = StringSwitch<std::optional<OutputKind>>(suffix)
                                         .Case(".so", OutputKind::SharedLibrary)
                                         .Case(".a", OutputKind::StaticLibrary)
                                         .Case(".o", OutputKind::Object)
                                         .Case(".s", OutputKind::Assembly)
                                         .Case(".ll", OutputKind::LLVMText)
                                         .Case(".bc", OutputKind::LLVMBitcode)
                                         .Case(".mlir", OutputKind::Mlir)
                                         .Case(".h", OutputKind::CHeader)
                                         .Case(".hpp", OutputKind::CppHeader)
                                         .Default(std::nullopt);
    if (suffix == ".ptx" || suffix == ".cubin")
      return engine.report({path}, Diag::DeviceUnsupported, "cuda"), false;
    if (suffix == ".pt")
      return engine.report({path}, Diag::ArchiveOutputUnsupported), false;
    if (!kind)
      return engine.report({}, Diag::UnknownOutput, path), false;
    outputs.push_back({*kind, path});
  }
  return true;
}

} // namespace tsc
