// SPDX-License-Identifier: Apache-2.0
// ts-opt: runs passes over ts on IR text, as mlir-opt does; `--ts-to-llvm` converts to the LLVM
// dialect. For tests and for looking at single passes; whole programs go through tsc.
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Evaluate/Evaluator.h"
#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Support/Diagnostics.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace {
struct ConvertTsToLLVM : PassWrapper<ConvertTsToLLVM, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ConvertTsToLLVM)
  ConvertTsToLLVM() = default;
  ConvertTsToLLVM(const ConvertTsToLLVM &other) : PassWrapper(other) {}
  StringRef getArgument() const override { return "ts-to-llvm"; }
  StringRef getDescription() const override {
    return "convert a whole program to the LLVM dialect";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<LLVM::LLVMDialect, arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    if (auto weights = getOperation()->getAttrOfType<StringAttr>(tsc::ts::kWeightsAttr)) {
      std::string error;
      if (!tsc::ts::getWeightStore(&getContext()).read(weights.getValue(), error)) {
        getOperation().emitError() << "cannot read '" << weights.getValue() << "': " << error;
        return signalPassFailure();
      }
    }
    tsc::TsToLLVMOptions options;
    options.hasKernel = tsc::ts::hasKernel;
    options.deferUnsupported = deferUnsupported;
    options.symbolPrefix = prefix;
    tsc::DiagnosticEngine engine;
    if (succeeded(tsc::convertTsToLLVM(getOperation(), options, engine)))
      return;
    engine.printText(llvm::errs());
    signalPassFailure();
  }
  Option<bool> deferUnsupported{*this, "defer-unsupported", llvm::cl::desc("raise when reached")};
  Option<std::string> prefix{*this, "symbol-prefix", llvm::cl::desc("of the model function")};
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  registry.insert<tsc::ts::TsDialect, tsc::kernel::KernelDialect, LLVM::LLVMDialect,
                  arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  tsc::ts::registerTsPasses();
  PassRegistration<ConvertTsToLLVM>();
  registerCanonicalizerPass();
  registerCSEPass();
  return asMainReturnCode(MlirOptMain(argc, argv, "passes over TorchScript IR\n", registry));
}
