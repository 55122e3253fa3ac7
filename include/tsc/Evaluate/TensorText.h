// SPDX-License-Identifier: Apache-2.0
// Small constant tensors as graphs show them, by the runtime's own printer.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <string>

namespace tsc::ts {

/// `{2.5}` for a single element, else ATen's text on one line: ` 1  2 [ CPULongType{2} ]`.
/// `<Tensor>` for a tensor that the evaluator has no form of.
std::string tensorText(TensorAttr tensor);

} // namespace tsc::ts
