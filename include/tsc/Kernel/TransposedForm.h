// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions as correlations. Tap t adds input i to output i * stride - padding +
// t * dilation, so that the outputs of one phase, those of one remainder modulo the stride, read
// every stride'th tap (or fewer, with dilation) from neighboring inputs: a convolution of stride 1
// whose results lie `stride` apart. No product with an inserted zero is formed.
//
// Along one dimension, phases of equally many taps and outputs whose places advance by constant
// steps form a run, which is one problem with the phases as a batch dimension.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tsc::kernel {

/// Window parameters of a transposed convolution along one dimension.
struct TransposedWindow {
  int64_t input = 1, output = 1, taps = 1;
  int64_t stride = 1, padding = 0, dilation = 1;
};

/// Output q of phase p reads input firstInput + p * inputStep + q + j * inputStride for its tap
/// firstTap + p * tapStep - j * tapStride, j from 0 on (strides as in TransposedPhases), and is
/// output firstOutput + p * outputStep + q * stride of all.
struct PhaseRun {
  int64_t phases = 1;
  int64_t outputs = 0, taps = 0; ///< of each phase; no taps: nothing but the bias reaches it
  int64_t firstOutput = 0, outputStep = 0;
  int64_t firstTap = 0, tapStep = 0;
  int64_t firstInput = 0, inputStep = 0;
};

struct TransposedPhases {
  /// Between outputs of a phase. Not the window's for an input of one element, to which the stride
  /// means nothing: one as wide as the window leaves one tap to each phase.
  int64_t stride = 1;
  int64_t tapStride = 1, inputStride = 1; ///< between taps of a phase
  int64_t halo = 0;                       ///< zeros read before or behind the input, the larger
  llvm::SmallVector<PhaseRun, 4> runs;
};

/// Nothing when there are more phases than are worth looking at.
std::optional<TransposedPhases> findPhases(const TransposedWindow &window);

/// True for the transposed operators, and for aten::convolution with transposed=true.
bool isTransposed(ts::AtenOp op);
/// One window for each spatial dimension; needs constant parameters and static sizes.
llvm::SmallVector<TransposedWindow, 3> transposedWindows(ts::AtenOp op);

} // namespace tsc::kernel
