// SPDX-License-Identifier: Apache-2.0
// Attention on raw memory, for the operators that contain one: a block of queries of one head at a
// time, so that scores never leave the cache.
#pragma once

#include "tsc/runtime/Tensor.h"

namespace tsc::rt {

/// Strides are in elements: of batch, head, row and column.
template <class T> struct AttentionHeads {
  int64_t batch, heads, keyHeads, queries, keys, depth, valueDepth;
  const T *q, *k, *v;
  const int64_t *stepsQ, *stepsK, *stepsV;
  const T *mask = nullptr; ///< added to scores, or null
  int64_t maskSteps[4] = {};
  T *out = nullptr;
  int64_t outSteps[3] = {}; ///< batch, head, row; columns lie side by side
  T scale = 1;
  bool causal = false;
  T *weights = nullptr; ///< [batch, heads, queries, keys] of probabilities, or null
  T *logSums = nullptr; ///< [batch, heads, queries] of log sum exp of scores, or null
};
/// A row without any key that counts gives zeros. T: float or double.
template <class T> Status attend(Context &cx, const AttentionHeads<T> &h);
extern template Status attend<float>(Context &, const AttentionHeads<float> &);
extern template Status attend<double>(Context &, const AttentionHeads<double> &);
/// A mask of numbers to add, in a float dtype; of a bool mask, `excluded` says what true means.
TensorRef additiveMask(Context &cx, const Tensor &mask, DType work, bool excluded);

} // namespace tsc::rt
