// SPDX-License-Identifier: Apache-2.0
// What the import tests share: archives and sources as texts, graphs and errors as texts.
#pragma once

#include "../Archive/ArchiveTestSupport.h"
#include "tsc/Import/Import.h"
#include "tsc/Ts/Printers.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"

namespace tsc::test {

/// An imported program, and what it lives in.
struct Imported {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  DiagnosticEngine engine;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  /// The graph of a method without locations, or the first error.
  std::string graph(llvm::StringRef method = "forward") {
    if (!module)
      return error();
    std::string text;
    llvm::raw_string_ostream os(text);
    if (failed(
            ts::printGraph(*module, method, os, [](ts::TensorAttr) { return std::string("T"); })))
      return "no method";
    std::string plain;
    for (llvm::StringRef line : llvm::split(llvm::StringRef(text), '\n'))
      plain += (line.split(" # ").first.rtrim() + "\n").str();
    return plain;
  }
  std::string ir() {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (module)
      module->print(os);
    return module ? text : error();
  }
  /// "PLACE:LINE: TEXT (EXIT CODE)"
  std::string error() {
    for (const Diagnostic &d : engine.diagnostics())
      if (exitCodeOf(d.kind) != 0)
        return d.location.file + ":" + std::to_string(d.location.line) + ": " + d.text + " (" +
               std::to_string(exitCodeOf(d.kind)) + ")";
    return "failed in silence";
  }
};

/// An archive of one class M with this code and these pickled attributes.
inline std::unique_ptr<Imported> importCode(const std::string &code,
                                            const std::string &attributes = "",
                                            const std::string &version = "3\n",
                                            const std::string &constants = "\x80\x02).") {
  ZipBuilder zip;
  zip.add("m/data.pkl", module(attributes));
  zip.add("m/data/0", kFloats);
  zip.add("m/code/__torch__.py", code);
  zip.add("m/constants.pkl", constants);
  zip.add("m/version", version);
  auto imported = std::make_unique<Imported>();
  std::string bytes = zip.bytes();
  std::shared_ptr<const archive::ArchiveModel> model =
      archive::readArchiveBytes(raw(bytes), "f.pt", {}, imported->engine);
  if (model)
    imported->module = importer::importArchive(model, &imported->context, imported->engine);
  return imported;
}

/// The same with one method `forward(self, x: Tensor)` that has this body (lines, without indent)
/// and result type.
inline std::unique_ptr<Imported> importBody(const std::string &body,
                                            const std::string &result = "Tensor",
                                            const std::string &version = "3\n") {
  std::string code =
      "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
      "  def forward(self: __torch__.M,\n    x: Tensor) -> " +
      result + ":\n";
  for (llvm::StringRef line : llvm::split(llvm::StringRef(body), '\n'))
    code += ("    " + line + "\n").str();
  return importCode(code, str("training") + "\x89", version);
}

inline std::unique_ptr<Imported> importText(const std::string &source) {
  auto imported = std::make_unique<Imported>();
  imported->module =
      importer::importSource("model.py", source, &imported->context, imported->engine);
  return imported;
}

} // namespace tsc::test
