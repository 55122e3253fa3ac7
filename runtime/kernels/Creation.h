// SPDX-License-Identifier: Apache-2.0
// What operators that make tensors share: the dtype, layout and device arguments that their schemas
// end with.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

/// Fails unless the layout is strided (0 or none) and the device is the CPU or none.
Status checkPlacement(Context &cx, const Value &layout, Optional<Device> device);

} // namespace tsc::rt

/// The parameters behind dtype: TensorRef f(Context &cx, IntList size, Optional<DType> dtype,
/// TSC_PLACEMENT), whose body starts with TSC_TRY(checkPlacement(cx, layout, device)).
#define TSC_PLACEMENT                                                                              \
  const tsc::Value &layout, tsc::rt::Optional<tsc::rt::Device> device, const tsc::Value &
