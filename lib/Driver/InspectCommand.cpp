// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Commands.h"
#include "tsc/Driver/Compilation.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tsc {

static void printText(const Manifest &m, uint64_t fileBytes) {
  raw_ostream &os = outs();
  if (!m.name.empty())
    os << "name: " << m.name << '\n';
  if (!m.target.empty())
    os << "target: " << m.target << '\n';
  if (!m.level.empty())
    os << "runtime level: " << m.level << '\n';
  os << "file: " << fileBytes << " bytes\nconstants: " << m.constantBytes << " bytes\nmethods:\n";
  for (const ManifestMethod &method : m.methods) {
    os << "  " << method.name << '(';
    for (size_t i = 0; i < method.arguments.size(); ++i) {
      const ManifestArgument &argument = method.arguments[i];
      os << (i ? ", " : "") << argument.name << ": " << argument.type;
      if (argument.defaultText)
        os << " = " << *argument.defaultText;
    }
    os << ") -> " << method.result << '\n';
  }
  auto list = [&](StringRef title, const auto &entries, auto print) {
    if (entries.empty())
      return;
    os << title << ":\n";
    for (const auto &entry : entries)
      print(entry);
  };
  list("types", m.types, [&](const std::string &type) { os << "  " << type << '\n'; });
  list("operators", m.operators,
       [&](const auto &entry) { os << formatv("  {0,6}  {1}\n", entry.second, entry.first); });
  list("extra files", m.extraFiles, [&](const auto &entry) {
    os << formatv("  {0,10} bytes  {1}\n", entry.second, entry.first);
  });
}

/// The manifest's JSON, or nothing after a report.
static std::optional<std::string> manifestOf(const InspectCommand &command,
                                             DiagnosticEngine &engine) {
  if (isLibrary(command.options.input)) {
    std::unique_ptr<ModelLibrary> library = ModelLibrary::open(command.options.input, engine);
    if (!library)
      return std::nullopt;
    const char *text = library->api().manifest;
    return text ? text : "{}";
  }
  Compilation compilation(command.options, engine);
  if (!compilation.load())
    return std::nullopt;
  return compilation.manifest("", "");
}

void runInspect(const InspectCommand &command, DiagnosticEngine &engine) {
  std::optional<std::string> text = manifestOf(command, engine);
  if (!text)
    return;
  if (command.json) {
    outs() << *text << '\n';
    return;
  }
  uint64_t bytes = 0;
  (void)sys::fs::file_size(command.options.input, bytes);
  if (std::optional<Manifest> manifest = parseManifest(*text))
    printText(*manifest, bytes);
}

} // namespace tsc
