// SPDX-License-Identifier: Apache-2.0
// What the suffix of an output's name asks for.
#pragma once

#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace tsc {

enum class OutputKind {
  SharedLibrary,
  StaticLibrary,
  Object,
  Assembly,
  LLVMText,
  LLVMBitcode,
  Mlir,
  CHeader,
  CppHeader
};

struct Output {
  OutputKind kind;
  std::string path;
};

/// False after a report: a suffix that means nothing, or one for what is not supported.
bool classifyOutputs(llvm::ArrayRef<std::string> paths, std::vector<Output> &outputs,
                     DiagnosticEngine &engine);
/// "lib/libresnet.so" is "resnet".
std::string stemOf(llvm::StringRef path);

} // namespace tsc
