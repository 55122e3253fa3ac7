// SPDX-License-Identifier: Apache-2.0
// Files that appear whole or not at all: written under a temporary name in the output's own folder
// and renamed at the end. A file that was not kept is removed, also when a signal ends the process.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace llvm {
class raw_fd_ostream;
} // namespace llvm

namespace tsc {
class DiagnosticEngine;

class OutputFile {
public:
  /// Where the file is to appear.
  explicit OutputFile(llvm::StringRef path) : path(path.str()) {}
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// Chooses the temporary name; an empty file then has it. False after a report.
  bool open(DiagnosticEngine &engine);
  const std::string &temporaryPath() const { return temporary; }
  /// Gives the temporary file its name. False after a report.
  bool keep(DiagnosticEngine &engine);

  /// Opens the temporary file, lets `write` fill it, and closes it. `write` returns false after a
  /// report of its own.
  bool fill(llvm::function_ref<bool(llvm::raw_fd_ostream &)> write, DiagnosticEngine &engine);

private:
  std::string path, temporary;
  bool kept = false;
};

/// A file for what one step leaves for the next; removed at the end.
class TemporaryFile {
public:
  TemporaryFile() = default;
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  /// Makes an empty file in the system's folder for such files, its name ending in `suffix` ("o").
  bool open(llvm::StringRef suffix, DiagnosticEngine &engine);
  const std::string &path() const { return name; }
  bool fill(llvm::function_ref<bool(llvm::raw_fd_ostream &)> write, DiagnosticEngine &engine);

private:
  std::string name;
};

} // namespace tsc
