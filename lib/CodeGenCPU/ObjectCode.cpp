// SPDX-License-Identifier: Apache-2.0
// Small modules are the common case in tests and glue code, so analyses and passes are set up for
// one module at a time and the verifier runs once, on the module as it was made.
#include "tsc/CodeGenCPU/ObjectCode.h"

#include "tsc/CodeGenCPU/Target.h"
#include "tsc/Support/Diagnostics.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace tsc::cpu {

static OptimizationLevel pipelineLevel(CodeGenOptLevel level) {
  switch (level) {
  case CodeGenOptLevel::None:
    return OptimizationLevel::O0;
  case CodeGenOptLevel::Less:
    return OptimizationLevel::O1;
  case CodeGenOptLevel::Default:
    return OptimizationLevel::O2;
  case CodeGenOptLevel::Aggressive:
    return OptimizationLevel::O3;
  }
  return OptimizationLevel::O2;
}

/// Functions carry the CPU, so that inlining and instruction selection agree on it.
static void nameTarget(Module &module, TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
  module.setUwtable(UWTableKind::None);
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (!function.hasFnAttribute("target-cpu"))
      function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!function.hasFnAttribute("target-features") && !machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr(Attribute::NoUnwind);
  }
}

static void optimize(Module &module, TargetMachine &machine) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  OptimizationLevel level = pipelineLevel(machine.getOptLevel());
  ModulePassManager passes = level == OptimizationLevel::O0
                                 ? builder.buildO0DefaultPipeline(level)
                                 : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, modules);
}

static std::unique_ptr<Module> finish(std::unique_ptr<Module> module, const Target &target,
                                      DiagnosticEngine &engine) {
  std::string text;
  raw_string_ostream os(text);
  if (verifyModule(*module, &os))
    return engine.report({}, Diag::InternalError, StringRef(text).split('\n').first), nullptr;
  nameTarget(*module, target.machine());
  optimize(*module, target.machine());
  return module;
}

std::unique_ptr<Module> makeOptimizedModule(mlir::ModuleOp module, const Target &target,
                                            LLVMContext &context, DiagnosticEngine &engine) {
  mlir::MLIRContext *mlirContext = module.getContext();
  mlir::registerBuiltinDialectTranslation(*mlirContext);
  mlir::registerLLVMDialectTranslation(*mlirContext);
  // Errors of the translation are faults of the lowering before it.
  std::string text;
  mlir::ScopedDiagnosticHandler handler(mlirContext, [&](mlir::Diagnostic &diagnostic) {
    if (text.empty())
      text = diagnostic.str();
    return mlir::success();
  });
  std::unique_ptr<Module> made = mlir::translateModuleToLLVMIR(
      module, context, module.getName().value_or("model"), /*disableVerification=*/true);
  if (!made)
    return engine.report({}, Diag::InternalError, text.empty() ? "no LLVM IR was made" : text),
           nullptr;
  return finish(std::move(made), target, engine);
}

std::unique_ptr<Module> parseOptimizedModule(StringRef path, const Target &target,
                                             LLVMContext &context, DiagnosticEngine &engine) {
  SMDiagnostic error;
  std::unique_ptr<Module> module = parseIRFile(path, error, context);
  if (!module)
    return engine.report({path.str()}, Diag::CannotRead, error.getMessage()), nullptr;
  return finish(std::move(module), target, engine);
}

static bool emit(Module &module, const Target &target, CodeGenFileType type, raw_pwrite_stream &os,
                 DiagnosticEngine &engine) {
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(module.getTargetTriple()));
  if (target.machine().addPassesToEmitFile(passes, os, nullptr, type, /*DisableVerify=*/true)) {
    engine.report({}, Diag::InternalError, "the target cannot write this kind of file");
    return false;
  }
  passes.run(module);
  return true;
}

bool writeCode(Module &module, const Target &target, CodeKind kind, raw_pwrite_stream &os,
               DiagnosticEngine &engine) {
  switch (kind) {
  case CodeKind::Text:
    module.print(os, nullptr);
    return true;
  case CodeKind::Bitcode:
    WriteBitcodeToFile(module, os);
    return true;
  case CodeKind::Assembly: {
    std::unique_ptr<Module> copy = CloneModule(module);
    return emit(*copy, target, CodeGenFileType::AssemblyFile, os, engine);
  }
  case CodeKind::Object:
    return emit(module, target, CodeGenFileType::ObjectFile, os, engine);
  }
  return false;
}

} // namespace tsc::cpu
