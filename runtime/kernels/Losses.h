// SPDX-License-Identifier: Apache-2.0
// What losses share: the reduction of a tensor of losses to a number, and log_softmax.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

/// none, mean or sum, as the operators number them.
enum class Reduction : int64_t { None = 0, Mean = 1, Sum = 2 };
TensorRef reduceLosses(Context &cx, const Tensor &losses, int64_t reduction);
/// log_softmax over a dim (not wrapped), in the input's dtype.
TensorRef logSoftmax(Context &cx, const Tensor &input, int64_t dim);

} // namespace tsc::rt
