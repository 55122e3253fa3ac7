// SPDX-License-Identifier: Apache-2.0
// What operators that write elements to indexed places do, read from their constant operands.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace tsc::kernel {

struct ScatterForm {
  /// Which places an index stands for.
  enum class Kind : uint8_t {
    Elements, ///< one index for each element of the source, along a dimension
    Slices,   ///< one index for each slice of the source along a dimension
    Tensors,  ///< indices of some dimensions, broadcast, as in self[i, :, j]
    Flat,     ///< one index for each element, into self in row-major order
    Planes ///< one index for each element, into its plane of zeros: the last `spatial` dimensions
  } kind = Kind::Elements;
  /// How an element that arrives joins the one in place.
  enum class Combine : uint8_t { Assign, Add, Multiply, Maximum, Minimum };
  Combine combine = Combine::Assign;
  bool includeSelf = true; ///< else what is written to starts from the neutral number
  bool isMean = false;     ///< sums are divided by how many elements they have
  mlir::Value self;        ///< null: zeros
  mlir::Value source;      ///< null: the number `value`
  int64_t spatial = 0;     ///< of Planes
  double value = 0, alpha = 1;
  /// By dimension; of Tensors some are null.
  llvm::SmallVector<mlir::Value, 4> indices;
  bool wraps = false;             ///< indices below 0 count from the end
  std::string className, message; ///< of the exception for an index out of range
};

/// The form of an operator with precise types; nothing, with the reason in `why`, when it has none.
std::optional<ScatterForm> readScatter(ts::AtenOp op, std::string &why);

} // namespace tsc::kernel
