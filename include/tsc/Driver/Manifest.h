// SPDX-License-Identifier: Apache-2.0
// What is known of a program from its module: methods with their parameters, types, defaults and
// results, operators, sizes of constants. It goes into an artifact as JSON, which `tsc inspect` and
// `tsc run` read back, and into the C headers.
#pragma once

#include "tsc/Link/ModelHeader.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace tsc {

struct ManifestArgument {
  std::string name, type;
  std::optional<std::string> defaultText; ///< a Python literal
};
struct ManifestMethod {
  std::string name;
  std::vector<ManifestArgument> arguments; ///< without self
  std::string result;
};
struct Manifest {
  std::string name, target, level;
  std::vector<ManifestMethod> methods;
  std::vector<std::pair<std::string, int64_t>>
      operators;                  ///< name and number of uses, sorted by name
  std::vector<std::string> types; ///< classes, enums and interfaces
  std::vector<std::pair<std::string, int64_t>> extraFiles;
  int64_t constantBytes = 0;
};

/// Reads a module at any phase up to fuse. `methods` narrows those listed; empty: all that are
/// exported.
Manifest describeModule(mlir::ModuleOp module, llvm::ArrayRef<std::string> methods);
std::string manifestText(const Manifest &manifest);
/// Nothing when the text is not such JSON.
std::optional<Manifest> parseManifest(llvm::StringRef text);
/// What the C headers say of the model.
HeaderModel headerOf(const Manifest &manifest, llvm::StringRef prefix);

/// A constant as a Python literal; nothing for those that have none (tensors, objects).
std::optional<std::string> literalText(mlir::Attribute value);

} // namespace tsc
