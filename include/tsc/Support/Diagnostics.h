// SPDX-License-Identifier: Apache-2.0
// Diagnostics: what tsc says to its user, and the exit code that follows from it.
//
// A room that finds something wrong calls `engine.report(location, Diag::Code, arguments...)`, adds
// notes if a second place matters, and returns failure. The engine keeps the diagnostics in order;
// the driver prints them (as clang does, or as JSON) and asks `exitCode()`. Texts and kinds stand
// in Diagnostics.def alone.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tsc {

enum class DiagKind : uint8_t {
  Input,
  Usage,
  Unsupported,
  Raised,
  Differs,
  Internal,
  Warning,
  Remark,
  Note
};

enum class Diag : uint16_t {
#define DIAG(NAME, KIND, TEXT) NAME,
#include "tsc/Support/Diagnostics.def"
};

/// A place in the user's input. `file` is a path, or "archive.pt:member" inside an archive. Lines
/// and columns count from 1; 0 means unknown (the whole file). `endColumn` is one past the last
/// column on the same line, or 0.
struct SourceLocation {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  unsigned endColumn = 0;
  std::string lineText; ///< the source line, for the caret; may be empty
};

struct Diagnostic {
  Diag code;
  DiagKind kind;
  SourceLocation location;
  std::string text;
  std::vector<Diagnostic> notes;
};

llvm::StringRef diagName(Diag code);
DiagKind diagKind(Diag code);
const char *diagText(Diag code);
/// The process's exit code for an error of this kind (0 for warnings, remarks and notes).
int exitCodeOf(DiagKind kind);

class DiagnosticEngine;

/// The diagnostic just reported; lets notes be chained. Converts to `false`, so that `return
/// engine.report(...)` ends a function that returns bool success.
class DiagnosticHandle {
public:
  DiagnosticHandle(DiagnosticEngine &engine, size_t index) : engine(engine), index(index) {}
  template <typename... Args>
  DiagnosticHandle &note(SourceLocation location, Diag code, Args &&...args) {
    addNote(std::move(location), code,
            llvm::formatv(false, diagText(code), std::forward<Args>(args)...).str());
    return *this;
  }

private:
  void addNote(SourceLocation location, Diag code, std::string text);
  DiagnosticEngine &engine;
  size_t index;
};

/// Collects diagnostics in the order of their report. Not thread-safe.
class DiagnosticEngine {
public:
  static constexpr size_t kErrorLimit =
      20; ///< errors kept and printed; later ones are only counted

  template <typename... Args>
  DiagnosticHandle report(SourceLocation location, Diag code, Args &&...args) {
    return add(std::move(location), code,
               llvm::formatv(false, diagText(code), std::forward<Args>(args)...).str());
  }

  bool hasErrors() const { return errorCount != 0; }
  bool errorLimitReached() const { return errorCount >= kErrorLimit; }
  /// 0 without errors; else the exit code of the first error (an internal error wins).
  int exitCode() const;
  llvm::ArrayRef<Diagnostic> diagnostics() const { return list; }
  void clear();
  /// Prints `file:line:col: error: text [Code]`, the source line and a caret for each.
  void printText(llvm::raw_ostream &os) const;
  /// Prints one JSON object a line.
  void printJson(llvm::raw_ostream &os) const;

private:
  friend class DiagnosticHandle;
  DiagnosticHandle add(SourceLocation location, Diag code, std::string text);
  std::vector<Diagnostic> list;
  size_t errorCount = 0;
};

} // namespace tsc
