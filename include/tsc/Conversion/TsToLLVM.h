// SPDX-License-Identifier: Apache-2.0
// From ts to the LLVM dialect: a whole program becomes functions, static objects and descriptors
// that the runtime's headers (tsc/Common/*.h) define, ready for mlir::translateModuleToLLVMIR.
//
// Needs: ts-insert-reference-counts. Leaves: a module of LLVM dialect operations only.
// The bytes of tensors are not part of it: a storage of the WeightStore that the program refers to
// is an external, hidden global named by weightSymbol(); who writes the object file defines these
// symbols, 64-byte aligned. A program may write to its constants: their memory must be writable
// (private pages, shared until they are written).
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <functional>
#include <string>
#include <vector>

namespace tsc {
class DiagnosticEngine;

struct TsToLLVMOptions {
  std::string name = "model"; ///< of the model, for messages
  /// `<prefix>_model` returns the model's API. Empty: no such function.
  std::string symbolPrefix;
  /// Also define `tsc_model_entry`, which a shared library exports.
  bool defineEntry = true;
  /// Methods of the root (or functions, by short or qualified name) that can be called from
  /// outside. Empty: all.
  std::vector<std::string> methods;
  /// What the code needs: "x86_64-unknown-linux-gnu:+avx2,+fma".
  std::string target;
  std::string manifest; ///< JSON text for `tsc inspect`
  /// An operator without a kernel raises when it is reached, instead of being an error now.
  bool deferUnsupported = false;
  /// True when the runtime has this kernel ("tsc_rt_aten_add_Tensor"). Required.
  std::function<bool(llvm::StringRef)> hasKernel;
  /// The source line of a place in the user's program, for tracebacks and carets; may be null or
  /// return "".
  std::function<llvm::StringRef(llvm::StringRef file, unsigned line)> sourceLine;
};

/// The symbol of storage `index` of the WeightStore.
std::string weightSymbol(int64_t index);

/// The storages that a converted module refers to, in ascending order.
llvm::SmallVector<int64_t> referencedWeights(mlir::ModuleOp module);

/// Converts the module in place. On failure all unsupported operators have been reported and the
/// module is unusable.
mlir::LogicalResult convertTsToLLVM(mlir::ModuleOp module, const TsToLLVMOptions &options,
                                    DiagnosticEngine &diagnostics);

} // namespace tsc
