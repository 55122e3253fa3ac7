// SPDX-License-Identifier: Apache-2.0
// Operators written in TorchScript: the functions of lib/Transforms/Library, whose text is part of
// tsc. A function has its operator's name and parameters, and computes the same from operators that
// have compiled forms. Of an operator with overloads it is `name__overload`, or `name` for all
// overloads whose operands fit its parameters. Where it has no form for some arguments, it calls
// its own operator.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace tsc::ts {

/// Families are imported when one of their functions is first asked for.
class OperatorLibrary {
public:
  explicit OperatorLibrary(mlir::MLIRContext *context);
  /// Whether some function has the operator's name; imports nothing.
  bool mayHave(AtenOp op) const;
  /// The function that computes the operator, calls inlined; null if there is none.
  FuncOp find(AtenOp op);
  /// What is wrong with the library's text; empty unless tsc itself is broken.
  llvm::StringRef error() const { return problem; }

private:
  FuncOp lookup(llvm::StringRef name);
  bool importFamily(size_t family);

  mlir::MLIRContext *context;
  llvm::StringMap<size_t> families; ///< by function
  llvm::SmallVector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  std::string problem;
};

} // namespace tsc::ts
