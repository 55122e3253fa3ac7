// SPDX-License-Identifier: Apache-2.0
#include "tsc/Link/Linker.h"
#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace tsc {

static std::string pathOf(StringRef a, StringRef b, StringRef c = "") {
  SmallString<256> path(a);
  sys::path::append(path, b);
  if (!c.empty())
    sys::path::append(path, c);
  return path.str().str();
}

std::optional<RuntimeFiles> findRuntime(StringRef prefix, StringRef triple,
                                        ArrayRef<std::string> levels, DiagnosticEngine &engine) {
  std::string folder = pathOf(pathOf(prefix, "lib", "tsc"), triple);
  for (const std::string &level : levels) {
    std::string archive = pathOf(folder, level, "libtsc_runtime.a");
    if (!sys::fs::exists(archive))
      continue;
    RuntimeFiles files = {level, archive, pathOf(folder, "libtsc_builtins.a"),
                          pathOf(folder, "libc.so"), pathOf(folder, "libm.so")};
    for (const std::string *file : {&files.builtins, &files.libc, &files.libm})
      if (!sys::fs::exists(*file))
        return engine.report({*file}, Diag::RuntimeFileMissing), std::nullopt;
    return files;
  }
  engine.report({}, Diag::NoRuntime, triple, folder, llvm::join(levels, ", "));
  return std::nullopt;
}

} // namespace tsc
