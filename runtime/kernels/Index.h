// SPDX-License-Identifier: Apache-2.0
// Indexing by tensors: what index, index_put and their kin share. A plan turns the index tensors
// into one list of element offsets; the result's elements are then (before, index, after): dims in
// front of the indices, the dims that the indices broadcast to, and the dims behind them.
#pragma once

#include "tsc/runtime/Reduce.h"

namespace tsc::rt {

struct IndexPlan {
  Shape sizes;                 ///< of the result
  Shape before, beforeStrides; ///< dims of self in front, strides in elements
  Shape after, afterStrides;   ///< dims of self behind
  int64_t beforeCount = 1, indexCount = 1, afterCount = 1;
  Vector<int64_t> offsets; ///< of each index, in elements
  Vector<int64_t>
      afterOffsets; ///< of each element behind; empty when they are one run of step afterStep
  int64_t afterStep = 1;
  int64_t beforeOffset(int64_t b) const { return detail::flatOffset(before, beforeStrides, b); }
};
/// What to do with an index out of range.
enum class OutOfRange { Fail, Clamp };
/// Plans self[indices]; an absent index stands for a whole dim. Bool and uint8 indices are masks.
Status planIndex(Context &cx, IndexPlan &plan, const Tensor &self, TensorList indices,
                 OutOfRange outOfRange = OutOfRange::Fail);
TensorRef indexTensors(Context &cx, const Tensor &self, TensorList indices,
                       OutOfRange outOfRange = OutOfRange::Fail);
/// The elements that a plan over `self` names.
TensorRef gatherPlan(Context &cx, const IndexPlan &plan, const Tensor &self);
/// aten::index_select.
TensorRef selectIndices(Context &cx, const Tensor &self, int64_t dim, const Tensor &index);
/// Positions of the elements that are not zero: int64 [count, rank].
TensorRef nonzeroIndices(Context &cx, const Tensor &t);
/// A dense int64 form of an index tensor (int32 and int64 allowed); the tensor itself when it is
/// one already.
TensorRef indexNumbers(Context &cx, const char *name, const Tensor &index);

} // namespace tsc::rt
