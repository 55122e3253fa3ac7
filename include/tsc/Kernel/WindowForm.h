// SPDX-License-Identifier: Apache-2.0
// What pooling and interpolation operators compute, read from their constant operands: windows over
// each spatial dimension, or source positions with weights. One to three dimensions are treated as
// three.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <array>
#include <optional>
#include <string>

namespace tsc::kernel {

/// Output o covers inputs start(o), start(o) + dilation, .. below end(o).
struct PoolAxis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, pad = 0, dilation = 1;
  /// Windows share out the input evenly; kernel, stride, pad and dilation do not count.
  bool adaptive = false;

  int64_t reach() const { return dilation * (kernel - 1) + 1; }
  /// The outputs whose windows lie inside the input: [first, second).
  std::pair<int64_t, int64_t> interior() const;
};

/// Output o is the sum over j < taps of weights[o * taps + j] * input[places[o * taps + j]].
struct ResampleAxis {
  int64_t in = 1, out = 1, taps = 1;
  llvm::SmallVector<int64_t> places;
  llvm::SmallVector<double> weights;
};

struct WindowForm {
  enum class Kind : uint8_t { Max, Average, Nearest, Weighted } kind = Kind::Max;
  int64_t spatial = 2;
  std::array<PoolAxis, 3> pool;         ///< of Max and Average
  std::array<ResampleAxis, 3> resample; ///< of Nearest and Weighted
  bool countsPadding = true;            ///< Average: the divisor counts padding
  int64_t divisor = 0;                  ///< Average: given; 0: the size of the window

  bool isPool() const { return kind == Kind::Max || kind == Kind::Average; }
};

/// The form of an operator with precise types; nothing, with the reason in `why`, when it has none.
/// Where maxima are is not part of it unless asked for.
std::optional<WindowForm> readWindow(ts::AtenOp op, std::string &why, bool withPlaces = false);

} // namespace tsc::kernel
