// SPDX-License-Identifier: Apache-2.0
// A method as TorchScript's own texts: the graph that `.graph` prints, and the Python that `.code`
// prints. Both come out of ts IR alone, of any phase up to lowering; what later phases add prints
// under the namespace `ts`.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace tsc::ts {

/// The text of a small constant tensor in a graph: `{2.5}` for a single element, else as ATen
/// prints it, on one line (tensorText in tsc/Evaluate/TensorText.h).
using TensorTextFn = llvm::function_ref<std::string(TensorAttr)>;

/// The function behind a method of the root object; in a program without a root (ordinary source)
/// the function whose qualified or short name it is. Null when there is none.
FuncOp findMethod(mlir::ModuleOp module, llvm::StringRef name);

/// Prints a method's graph; failure when there is no such method.
mlir::LogicalResult printGraph(mlir::ModuleOp module, llvm::StringRef method, llvm::raw_ostream &os,
                               TensorTextFn tensorText);
/// Prints a method's code; failure when there is no such method.
mlir::LogicalResult printCode(mlir::ModuleOp module, llvm::StringRef method, llvm::raw_ostream &os);

} // namespace tsc::ts
