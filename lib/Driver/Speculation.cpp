// SPDX-License-Identifier: Apache-2.0
// Sizes that types cannot prove, such as that of a batch made from a list of images, are learned by
// running the program once on the arguments that were given (docs/rationale/speculated-types.md).
#include "Contracts.h"
#include "Methods.h"
#include "Observation.h"
#include "Phases.h"
#include "tsc/Driver/Compilation.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Link/OutputFile.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tsc {

/// How deep a copy may stand in a copy.
static constexpr int kMaxDepth = 4;

/// Options for a quick compilation of generic kernels alone, for this machine.
static CompileOptions observerOptions(const CompileOptions &options, const std::string &method,
                                      const std::string &library) {
  CompileOptions quick;
  quick.input = options.input;
  quick.outputs = {library};
  quick.methods = {method};
  quick.optimization = 0;
  quick.fuse = quick.codegen = false;
  quick.deferUnsupported = true;
  quick.symbolPrefix = "model";
  quick.installPrefix = options.installPrefix;
  return quick;
}

bool Compilation::observe() {
  std::vector<ExportedMethod> methods = exportedMethods(module());
  const ExportedMethod *method =
      findMethod(methods, options.methods.size() == 1 ? options.methods.front() : "");
  TemporaryFile library;
  DiagnosticEngine unheard; // a program that cannot be observed is compiled as it is
  if (!method || !library.open("so", unheard))
    return false;
  CompileOptions quick = observerOptions(options, method->name, library.path());
  Compilation observed(quick, *this, OwningOpRef<ModuleOp>(module().clone()), unheard);
  insertObservers(observed.module());
  observed.reached = Phase::Fuse; // which has nothing to do for generic kernels
  bool ok = observed.runPasses("observe", 1, [&](OpPassManager &passes) {
    ts::RemoveUnusedFunctionsOptions unused;
    unused.exported = {method->name};
    passes.addPass(ts::createRemoveUnusedFunctions(unused));
  }) && observed.compile();
  if (ok)
    noteObservations(module(), runObserved(library.path(), method->name, *options.observed));
  return ok;
}

/// Says which types were taken for likely, and for how many operators.
static void printSpeculations(ModuleOp module) {
  llvm::MapVector<Attribute, unsigned> counts;
  module.walk([&](ts::IfOp branch) {
    auto types = branch->getAttrOfType<ArrayAttr>(ts::kSpeculatedAttr);
    if (!types)
      return;
    unsigned &count = counts[types];
    branch.getThenRegion().walk([&](ts::AtenOp op) {
      std::string why;
      count += kernel::compiledKind(op, why).has_value();
    });
  });
  for (auto [types, count] : counts) {
    if (!count)
      continue;
    llvm::errs() << "speculated: " << count << (count == 1 ? " operator is" : " operators are")
                 << " compiled for ";
    llvm::interleaveComma(cast<ArrayAttr>(types), llvm::errs(), [](Attribute type) {
      llvm::errs() << tensorText(cast<ts::TensorType>(cast<TypeAttr>(type).getValue()));
    });
    llvm::errs() << "; other sizes take generic kernels\n";
  }
}

bool Compilation::speculate() {
  if (!options.observed || options.optimization == 0 || !options.codegen ||
      !isWorthObserving(module()) || !observe())
    return true;
  bool ok = true;
  for (int depth = 0; ok && depth < kMaxDepth; ++depth) {
    OperationFingerPrint before(module());
    ok = runPasses("speculate", 1,
                   [](OpPassManager &passes) { passes.addPass(ts::createSpeculateTypes()); });
    if (before == OperationFingerPrint(module()))
      break;
    ok = ok && runPasses("speculate", maxRounds(Phase::Specialize), [&](OpPassManager &passes) {
           addPhase(passes, Phase::Specialize, options);
         });
  }
  module().walk([](ts::AtenOp op) { op->removeAttr(ts::kObservedAttr); });
  if (options.verbose)
    printSpeculations(module());
  return ok;
}

} // namespace tsc
