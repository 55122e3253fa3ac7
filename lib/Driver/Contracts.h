// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsc/Driver/CompileOptions.h"
#include "tsc/Support/Diagnostics.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace tsc {

/// The argument attribute with the type that `--input` or `--args` promise: the declared type with
/// dtypes, ranks and sizes of its tensors. A named size is a symbol of the function.
inline constexpr llvm::StringLiteral kContractAttr = "ts.contract";

/// The function attribute with the versions of `--specialize`: an array of arrays of types, one for
/// each argument. A version is tried before those that follow it.
inline constexpr llvm::StringLiteral kVersionsAttr = "ts.versions";
/// The function attribute of `--fallback`: what does not fit the contract runs without one.
inline constexpr llvm::StringLiteral kFallbackAttr = "ts.fallback";
/// The function attribute with the names of its symbols, as `--input` gives them: an array of
/// strings.
inline constexpr llvm::StringLiteral kSymbolNamesAttr = "ts.symbol_names";

/// "f32[1,3,?]": the dtype and sizes that a tensor is to have. `names`: of symbols; those without
/// one are s0, s1, ..
std::string tensorText(ts::TensorType type, mlir::ArrayAttr names = {});

/// Checks the promises against the methods and notes them on their arguments. False after a report.
bool applyContracts(mlir::ModuleOp module, const CompileOptions &options, DiagnosticEngine &engine);

/// Checks at run time, where a method begins, what was promised of its tensors, and chooses among
/// its versions.
void insertContractChecks(mlir::ModuleOp module);

} // namespace tsc
