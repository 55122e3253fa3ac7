// SPDX-License-Identifier: Apache-2.0
// Norms of vectors, for the operators that contain one.
#pragma once

#include "tsc/runtime/Tensor.h"

namespace tsc::rt {

/// The p-norm over dims (none: all), in the real dtype of `dtype` or of the tensor.
TensorRef normOver(Context &cx, const char *name, const Tensor &t, double p,
                   const Optional<IntList> &dims, bool keepdim, Optional<DType> dtype);

} // namespace tsc::rt
