// SPDX-License-Identifier: Apache-2.0
// What passes ask that collect runs of operators in value semantics.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace tsc::ts {

/// The blocks of functions, branches and loops.
llvm::SmallVector<mlir::Block *> codeBlocks(mlir::ModuleOp module);

/// May the operation, or one inside it, change what a tensor holds, or do anything else that must
/// stay in order with writes?
bool mayWrite(mlir::Operation *op);

/// A constant that is no tensor.
bool isScalarConstant(mlir::Value value);

/// A constant of an optional type that holds a tensor becomes that tensor.
void unwrapOptionalTensors(mlir::ModuleOp module);

} // namespace tsc::ts
