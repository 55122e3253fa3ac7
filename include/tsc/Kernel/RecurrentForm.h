// SPDX-License-Identifier: Apache-2.0
// What recurrent networks compute, read from their constant operands.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace tsc::kernel {

struct RecurrentForm {
  enum class Cell : uint8_t { Lstm, Gru, Tanh, Relu } cell = Cell::Lstm;
  DType dtype = DType::Float32;
  int64_t steps = 0, batch = 0, features = 0, size = 0; ///< size: of the state
  int64_t layers = 1, directions = 1;
  bool batchFirst = false, hasBiases = false;
  mlir::Value input, hidden, cellState; ///< the last of Lstm only
  /// Of each layer and, within it, direction: input weight, state weight and, with biases, both.
  llvm::SmallVector<ts::TensorAttr> parameters;

  int64_t gates() const { return cell == Cell::Lstm ? 4 : cell == Cell::Gru ? 3 : 1; }
  /// Weights (0: of the input, 1: of the state, 2 and 3: their biases).
  ts::TensorAttr parameter(int64_t layer, int64_t direction, int64_t which) const {
    return parameters[(layer * directions + direction) * (hasBiases ? 4 : 2) + which];
  }
};

/// The form of an operator with precise types; nothing, with the reason in `why`, when it has none.
std::optional<RecurrentForm> readRecurrent(ts::AtenOp op, std::string &why);

} // namespace tsc::kernel
