// SPDX-License-Identifier: Apache-2.0
// The methods that a module offers to its callers.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <string>
#include <vector>

namespace tsc {

struct ExportedMethod {
  std::string name;
  ts::FuncOp function;
  bool hasSelf;
};

/// Methods of the root object in the order of its class, or the public functions of a program
/// without one.
std::vector<ExportedMethod> exportedMethods(mlir::ModuleOp module);
/// The names of those that are compiled when none are named: a leading underscore makes a method
/// private, unless something is promised of its arguments.
std::vector<std::string> publicMethods(mlir::ModuleOp module);
/// The one that a short or qualified name means; "" is `forward`, or the only one there is. Null
/// when there is none.
const ExportedMethod *findMethod(const std::vector<ExportedMethod> &methods, llvm::StringRef name);
/// "forward, encode".
std::string methodNames(const std::vector<ExportedMethod> &methods);

} // namespace tsc
