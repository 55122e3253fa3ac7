// SPDX-License-Identifier: Apache-2.0
// Which operations the code printer writes inside the expression of their only user, and which get
// a line of their own.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/DenseSet.h"

namespace tsc::ts {

/// Adds the operations of a block, and of the blocks in it, that print inline. Constants always do
/// (the printer itself gives names to long ones). Bodies of forks are functions of their own and
/// are not looked into.
void chooseInline(mlir::Block &block, llvm::DenseSet<mlir::Operation *> &inlined);

} // namespace tsc::ts
