// SPDX-License-Identifier: Apache-2.0
// From the LLVM dialect to a target's object code, in two steps, so that a caller that wants
// several kinds of output pays for optimization once.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
class raw_pwrite_stream;
} // namespace llvm

namespace tsc {
class DiagnosticEngine;

namespace cpu {
class Target;

enum class CodeKind { Object, Assembly, Text, Bitcode };

/// Translates a module of LLVM dialect operations alone and optimizes it for the target, at its
/// level. Null after a report.
std::unique_ptr<llvm::Module> makeOptimizedModule(mlir::ModuleOp module, const Target &target,
                                                  llvm::LLVMContext &context,
                                                  DiagnosticEngine &engine);
/// Reads LLVM IR text instead, for tests of what follows.
std::unique_ptr<llvm::Module> parseOptimizedModule(llvm::StringRef path, const Target &target,
                                                   llvm::LLVMContext &context,
                                                   DiagnosticEngine &engine);

/// Writes the module. It may be changed by that: Object or Assembly comes last, and each on its own
/// copy.
bool writeCode(llvm::Module &module, const Target &target, CodeKind kind,
               llvm::raw_pwrite_stream &os, DiagnosticEngine &engine);

} // namespace cpu
} // namespace tsc
