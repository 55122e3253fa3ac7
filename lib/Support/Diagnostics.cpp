// SPDX-License-Identifier: Apache-2.0
#include "tsc/Support/Diagnostics.h"

#include "llvm/Support/JSON.h"

using namespace llvm;

namespace tsc {

namespace {
struct Row {
  const char *name;
  DiagKind kind;
  const char *text;
};
} // namespace

static const Row kRows[] = {
#define DIAG(NAME, KIND, TEXT) {#NAME, DiagKind::KIND, TEXT},
#include "tsc/Support/Diagnostics.def"
};

static const Row &rowOf(Diag code) { return kRows[static_cast<size_t>(code)]; }

StringRef diagName(Diag code) { return rowOf(code).name; }
DiagKind diagKind(Diag code) { return rowOf(code).kind; }
const char *diagText(Diag code) { return rowOf(code).text; }

int exitCodeOf(DiagKind kind) {
  switch (kind) {
  case DiagKind::Input:
    return 1;
  case DiagKind::Usage:
    return 2;
  case DiagKind::Unsupported:
    return 3;
  case DiagKind::Raised:
    return 4;
  case DiagKind::Differs:
    return 5;
  case DiagKind::Internal:
    return 70;
  case DiagKind::Warning:
  case DiagKind::Remark:
  case DiagKind::Note:
    return 0;
  }
  return 70;
}

static StringRef severityWord(DiagKind kind) {
  switch (kind) {
  case DiagKind::Warning:
    return "warning";
  case DiagKind::Remark:
    return "remark";
  case DiagKind::Note:
    return "note";
  default:
    return "error";
  }
}

void DiagnosticHandle::addNote(SourceLocation location, Diag code, std::string text) {
  if (index < engine.list.size())
    engine.list[index].notes.push_back(
        {code, DiagKind::Note, std::move(location), std::move(text), {}});
}

DiagnosticHandle DiagnosticEngine::add(SourceLocation location, Diag code, std::string text) {
  DiagKind kind = diagKind(code);
  if (exitCodeOf(kind) != 0 && ++errorCount > kErrorLimit)
    return DiagnosticHandle(*this, SIZE_MAX);
  list.push_back({code, kind, std::move(location), std::move(text), {}});
  return DiagnosticHandle(*this, list.size() - 1);
}

int DiagnosticEngine::exitCode() const {
  int code = 0;
  for (const Diagnostic &d : list) {
    int c = exitCodeOf(d.kind);
    if (c == 70)
      return 70;
    if (code == 0)
      code = c;
  }
  return code;
}

void DiagnosticEngine::clear() {
  list.clear();
  errorCount = 0;
}

/// Writes text that may hold anything a hostile file can contain: control characters are shown as
/// escapes.
static void printSafely(raw_ostream &os, StringRef text) {
  for (char c : text) {
    unsigned char u = static_cast<unsigned char>(c);
    if (u < 0x20 && c != '\t')
      os << formatv("\\x{0:x-2}", static_cast<unsigned>(u));
    else
      os << c;
  }
}

static void printOne(raw_ostream &os, const Diagnostic &d) {
  if (!d.location.file.empty()) {
    printSafely(os, d.location.file);
    if (d.location.line) {
      os << ':' << d.location.line;
      if (d.location.column)
        os << ':' << d.location.column;
    }
    os << ": ";
  }
  os << severityWord(d.kind) << ": ";
  printSafely(os, d.text);
  if (d.kind != DiagKind::Note)
    os << " [" << diagName(d.code) << "]";
  os << '\n';
  constexpr size_t kLongestLine = 400;
  if (!d.location.lineText.empty() && d.location.column &&
      d.location.lineText.size() <= kLongestLine) {
    os << "  ";
    printSafely(os, d.location.lineText);
    os << "\n  ";
    for (unsigned i = 1; i < d.location.column && i <= d.location.lineText.size(); ++i)
      os << (d.location.lineText[i - 1] == '\t' ? '\t' : ' ');
    os << '^';
    for (unsigned i = d.location.column + 1; i < d.location.endColumn; ++i)
      os << '~';
    os << '\n';
  }
  for (const Diagnostic &n : d.notes)
    printOne(os, n);
}

void DiagnosticEngine::printText(raw_ostream &os) const {
  for (const Diagnostic &d : list)
    printOne(os, d);
  if (errorCount > kErrorLimit)
    os << "and " << errorCount - kErrorLimit << " more errors\n";
}

static json::Object toJson(const Diagnostic &d) {
  json::Array notes;
  for (const Diagnostic &n : d.notes)
    notes.push_back(toJson(n));
  return json::Object{{"severity", severityWord(d.kind)},
                      {"code", diagName(d.code)},
                      {"file", json::fixUTF8(d.location.file)},
                      {"line", d.location.line},
                      {"column", d.location.column},
                      {"end_column", d.location.endColumn},
                      {"text", json::fixUTF8(d.text)},
                      {"notes", std::move(notes)}};
}

void DiagnosticEngine::printJson(raw_ostream &os) const {
  for (const Diagnostic &d : list)
    os << json::Value(toJson(d)) << '\n';
}

} // namespace tsc
