// SPDX-License-Identifier: Apache-2.0
// One compilation: what is read, the module on its way through the phases, and the files that come
// out.
#pragma once

#include "tsc/Driver/CompileOptions.h"
#include "tsc/Support/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <chrono>
#include <memory>

namespace tsc {
struct Output;
namespace cpu {
class Target;
}
namespace archive {
class ArchiveModel;
}

class Compilation {
public:
  Compilation(const CompileOptions &options, DiagnosticEngine &engine);
  /// A second one from where another stands, on a module of that one's context.
  Compilation(const CompileOptions &options, const Compilation &from,
              mlir::OwningOpRef<mlir::ModuleOp> module, DiagnosticEngine &engine);
  ~Compilation();

  /// Parse and import (or the reading of a .mlir).
  bool load();
  /// The phases over ts up to `last`, from where the input stands. All functions return false after
  /// a report.
  bool runTo(Phase last);
  /// Everything that the options ask for.
  bool compile();
  /// Everything up to code, without making any.
  bool check();
  /// Prints the graph (as of a stage: imported, inlined, frozen, optimized) or the code of the
  /// methods asked for.
  bool dumpGraph(llvm::StringRef stage);
  bool dumpCode();

  mlir::ModuleOp module() { return *moduleRef; }
  const archive::ArchiveModel *archive() const { return model.get(); }
  /// JSON text on the program, see Manifest.h. `target` may be "".
  std::string manifest(llvm::StringRef target, llvm::StringRef level);
  /// The time that each phase took, to stderr.
  void printTimes() const;

private:
  bool loadArchive();
  bool loadSource();
  bool loadText();
  bool runPhase(Phase phase);
  /// Runs passes, again and again while they change anything.
  bool runPasses(llvm::StringRef name, int maxRounds,
                 llvm::function_ref<void(mlir::OpPassManager &)> add);
  /// What types cannot be proven are observed, and taken for likely where that wins something.
  bool speculate();
  bool observe();
  bool lower(llvm::StringRef prefix, llvm::StringRef target, llvm::StringRef manifestText);
  /// Lowers for a target, once.
  bool lowerFor(const cpu::Target &target, llvm::StringRef prefix);
  bool compileCode(llvm::ArrayRef<Output> outputs, llvm::StringRef prefix);
  std::string programName();
  bool writeText(llvm::StringRef path, Phase phase);
  llvm::StringRef sourceLine(llvm::StringRef file, unsigned line);
  template <class F> bool timed(Phase phase, F run) {
    auto start = std::chrono::steady_clock::now();
    bool ok = run();
    times.emplace_back(phase, std::chrono::steady_clock::now() - start);
    return ok;
  }

  CompileOptions options; ///< with the methods that are compiled by default
  DiagnosticEngine &engine;
  std::shared_ptr<mlir::MLIRContext> sharedContext;
  mlir::MLIRContext &context = *sharedContext;
  std::shared_ptr<archive::ArchiveModel> model;
  mlir::OwningOpRef<mlir::ModuleOp> moduleRef;
  Phase reached = Phase::Parse;
  std::string loweredPrefix; ///< of the symbols, once it is fixed
  std::vector<std::pair<Phase, std::chrono::duration<double>>> times;
  struct SourceLines;
  std::unique_ptr<SourceLines> sources;
};

} // namespace tsc
