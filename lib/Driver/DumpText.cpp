// SPDX-License-Identifier: Apache-2.0
// The program in TorchScript's own texts.
#include "tsc/Driver/Compilation.h"

#include "Methods.h"
#include "tsc/Evaluate/TensorText.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/Printers.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace tsc {

/// The methods to print: those asked for, or all.
static bool forEachMethod(ModuleOp module, const CompileOptions &options, DiagnosticEngine &engine,
                          llvm::function_ref<LogicalResult(llvm::StringRef)> print) {
  std::vector<std::string> names = options.methods;
  std::vector<ExportedMethod> methods = exportedMethods(module);
  if (names.empty())
    for (const ExportedMethod &method : methods)
      names.push_back(method.name);
  for (const std::string &name : names)
    if (failed(print(name)))
      return engine.report({options.input}, Diag::NoMethod, name, methodNames(methods)), false;
  return true;
}

/// Inlining alone, as `.inlined_graph` shows it.
static bool inlineOnly(ModuleOp module, const CompileOptions &options, DiagnosticEngine &engine) {
  PassManager passes(module.getContext(), ModuleOp::getOperationName(),
                     PassManager::Nesting::Explicit);
  passes.enableVerifier(options.verifyEach);
  passes.addPass(ts::createInlineCalls());
  if (succeeded(passes.run(module)))
    return true;
  return engine.report({options.input}, Diag::InternalError, "inlining failed"), false;
}

bool Compilation::dumpGraph(llvm::StringRef stage) {
  if (stage == "inlined" && !inlineOnly(module(), options, engine))
    return false;
  if (stage == "frozen" && !runTo(Phase::Freeze))
    return false;
  if (stage == "optimized" && !runTo(Phase::Optimize))
    return false;
  return forEachMethod(module(), options, engine, [&](llvm::StringRef name) {
    return ts::printGraph(module(), name, llvm::outs(), ts::tensorText);
  });
}

bool Compilation::dumpCode() {
  return forEachMethod(module(), options, engine, [&](llvm::StringRef name) {
    return ts::printCode(module(), name, llvm::outs());
  });
}

} // namespace tsc
