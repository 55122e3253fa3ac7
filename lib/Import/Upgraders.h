// SPDX-License-Identifier: Apache-2.0
// Operators that changed their meaning: what a call of theirs in an older archive stands for. A
// call is matched with the schema of its time, and the body of the upgrader, written in
// TorchScript, takes its place.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <memory>

namespace tsc {
class DiagnosticEngine;
}

namespace tsc::importer {

class Program;

struct Upgrader {
  const char *operatorName; ///< "aten::div.Tensor"
  unsigned bumpedAt;        ///< archives of earlier versions mean the old operator
  const char *function;     ///< in the upgraders' source
  const char *oldSchema;
};

/// The upgrader of an operator for an archive of some version, or null.
const Upgrader *findUpgrader(llvm::StringRef operatorName, unsigned version);
/// The parsed old schema; kept for the process.
const ts::Schema &oldSchema(const Upgrader &upgrader);

/// The compiled bodies of upgraders, for one context.
class UpgraderLibrary {
public:
  UpgraderLibrary();
  ~UpgraderLibrary();
  /// The function of an upgrader; null after a report.
  ts::FuncOp get(const Upgrader &upgrader, mlir::MLIRContext *context, DiagnosticEngine &engine);

private:
  std::unique_ptr<Program> program;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace tsc::importer
