// SPDX-License-Identifier: Apache-2.0
// What an attention group computes: softmax(f(Q K')) V for each point of the batch dimensions,
// where f is a scale and a mask (aten::scaled_dot_product_attention), or the elementwise operators
// that a model writes between the product and the softmax.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <optional>
#include <string>

namespace tsc::kernel {

struct AttentionForm {
  mlir::Value query, key, value; ///< [batch.., rows, depth]
  bool isKeyTransposed = false;  ///< `key` is [batch.., depth, rows]
  double scale = 1;
  mlir::Value mask; ///< bool (true: keep) or added to the scores; null: none
  bool isCausal = false;
  bool isSafe = false; ///< a query for which all keys are masked has zeros, not NaN
  /// Operators between the product and the softmax; the first reads the product's result.
  llvm::SmallVector<ts::AtenOp> scoreOps;
  mlir::Value product, result;
  llvm::SmallVector<int64_t> batch;
  int64_t queries = 0, keys = 0, depth = 0, valueDepth = 0;
  /// Heads of the query for each of key and value, along the last batch dimension.
  int64_t headRatio = 1;
  DType dtype = DType::Undefined;
};

/// The form of a group's operators, in order; nothing with a reason in `why` when they have none.
std::optional<AttentionForm> findAttentionForm(llvm::ArrayRef<ts::AtenOp> ops, std::string &why);

} // namespace tsc::kernel
