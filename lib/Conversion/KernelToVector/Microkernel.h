// SPDX-License-Identifier: Apache-2.0
// The inner loop of products: a block of accumulators in registers over the whole reduction.
#pragma once

#include "KernelBuilder.h"

namespace tsc::lowering {

/// A block of rows x vectors. A's row r, step k lies at a[r * rowStride + offset of k]; B's vector
/// j of step k at b[j * vectorStride + k * step].
struct MicrokernelBlock {
  int64_t rows = 1, vectors = 1;
  mlir::VectorType type;
  Value a, b; ///< pointers
  int64_t rowStride = 0;
  /// (size, stride in A), outermost first; B is walked in the same order, step by step.
  llvm::ArrayRef<std::pair<int64_t, int64_t>> reduction;
  int64_t vectorStride = 0, step = 0;
  Value lastCount; ///< lanes of the last vector that may be read; null: all
};

/// a * b + c, in one rounding where the target has an instruction for it.
Value multiplyAdd(KernelBuilder &k, Value a, Value b, Value c);

/// Adds the products to the accumulators, of row r and vector j at [r * vectors + j].
llvm::SmallVector<Value> writeMicrokernel(KernelBuilder &k, const MicrokernelBlock &block,
                                          llvm::ArrayRef<Value> accumulators);

/// Dimensions of which the outer one steps over whole inner ones become one; those of size 1 go.
llvm::SmallVector<std::pair<int64_t, int64_t>>
mergeSteps(llvm::ArrayRef<std::pair<int64_t, int64_t>> sizesAndStrides);

} // namespace tsc::lowering
