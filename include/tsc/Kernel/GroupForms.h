// SPDX-License-Identifier: Apache-2.0
// Which operators of a region become one kernel together, where that is more than an epilogue.
#pragma once

#include "tsc/Kernel/KernelDialect.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace tsc::kernel {

/// The operators of softmax(Q K' * scale + mask) V that end in the product `last`, in order; empty
/// when it ends no such chain.
llvm::SmallVector<ts::AtenOp> matchAttention(ts::AtenOp last);

/// The operators that one rows kernel takes together with the reduction or normalization `root`:
/// elementwise operators and other reductions before, between and behind, among those that are
/// free.
llvm::SmallVector<ts::AtenOp> growRows(ts::AtenOp root,
                                       llvm::function_ref<bool(ts::AtenOp)> isFree);

} // namespace tsc::kernel
