// SPDX-License-Identifier: Apache-2.0
// Which values have sizes that depend on what tensors hold: results of nonzero, of a selection by
// mask, of non-maximum suppression, and all that is computed from them. Sizes of other values
// follow from those of the arguments, or from numbers that are read from tensors.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/DenseSet.h"

namespace tsc::ts {

/// A guess that errs on the side of dependence: values that merely meet such sizes count as well.
llvm::DenseSet<mlir::Value> findDataDependentSizes(FuncOp function);

} // namespace tsc::ts
