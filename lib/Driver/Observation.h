// SPDX-License-Identifier: Apache-2.0
// The types that tensors have when a program runs: operators of a copy of the program print those
// of their operands, and what was printed is noted on the operators of the program itself.
#pragma once

#include "tsc/Driver/CompileOptions.h"

#include "mlir/IR/BuiltinOps.h"

namespace tsc {

/// Would observing the program win enough to be worth a run of it?
bool isWorthObserving(mlir::ModuleOp module);

/// Makes operators of `copy`, which is a clone of the program that is to be observed, print the
/// types of their operands.
void insertObservers(mlir::ModuleOp copy);

/// Calls a method of a library that was made from such a copy, in a process of its own whose state
/// and prints are lost, and that is ended after some seconds. What its observers printed; less or
/// nothing when it fails.
std::string runObserved(const std::string &library, const std::string &method,
                        const ArgumentSources &arguments);

/// Notes on the operators of the program (ts.observed) what the observers of its copy printed:
/// operands that had one type at all times.
void noteObservations(mlir::ModuleOp module, llvm::StringRef printed);

} // namespace tsc
