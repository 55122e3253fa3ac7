// SPDX-License-Identifier: Apache-2.0
// layer_norm for kernels that contain one.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

TensorRef layerNormTensors(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                           OptTensor bias, double eps);

} // namespace tsc::rt
