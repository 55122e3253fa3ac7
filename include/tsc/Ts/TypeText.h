// SPDX-License-Identifier: Apache-2.0
// The texts of TorchScript's types: as graphs print them, and as annotations in code write them
// (which run-time type descriptors and error messages use as well).
#pragma once

#include "mlir/IR/Types.h"

#include <cstdint>
#include <string>

namespace tsc::ts {

enum class TypeStyle : uint8_t {
  Graph,      ///< `Tensor?`, `int[]`, `Dict(str, int)`, `Float(2, 3, strides=[3, 1], ...)`
  Annotation, ///< `Optional[Tensor]`, `List[int]`, `Dict[str, int]`; tensors are `Tensor` whatever
              ///< is known of them
};

/// The text of a type of the ts dialect. Types nested more than kMaxTypeDepth deep are cut off with
/// `...`.
std::string typeText(mlir::Type type, TypeStyle style);

inline constexpr unsigned kMaxTypeDepth = 256;

} // namespace tsc::ts
