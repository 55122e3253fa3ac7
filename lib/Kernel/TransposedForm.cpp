// SPDX-License-Identifier: Apache-2.0
#include "tsc/Kernel/TransposedForm.h"

#include "tsc/Kernel/CompiledForms.h"

#include <algorithm>
#include <numeric>
#include <tuple>

using namespace mlir;

namespace tsc::kernel {

/// The largest stride: phases of larger ones have next to no outputs each.
static constexpr int64_t kMostPhases = 1024;

/// The phase of outputs `first`, `first` + stride, ...
static PhaseRun findPhase(const TransposedWindow &w, const TransposedPhases &phases,
                          int64_t first) {
  PhaseRun phase;
  phase.firstOutput = first;
  phase.outputs = (w.output - first + phases.stride - 1) / phases.stride;
  int64_t place = first + w.padding; // = input * stride + tap * dilation
  for (int64_t tap = 0; tap < std::min(w.taps, phases.tapStride); ++tap) {
    if ((place - tap * w.dilation) % phases.stride != 0)
      continue;
    phase.taps = (w.taps - tap + phases.tapStride - 1) / phases.tapStride;
    // The last tap comes first, so that inputs are read upwards.
    phase.firstTap = tap + (phase.taps - 1) * phases.tapStride;
    phase.firstInput =
        (place - tap * w.dilation) / phases.stride - (phase.taps - 1) * phases.inputStride;
  }
  return phase;
}

/// Takes `phase` into the run if it is a further step of it.
static bool extendRun(PhaseRun &run, const PhaseRun &phase) {
  if (run.taps != phase.taps || run.outputs != phase.outputs)
    return false;
  int64_t output = phase.firstOutput - run.firstOutput, tap = phase.firstTap - run.firstTap,
          input = phase.firstInput - run.firstInput;
  if (run.phases == 1)
    run.outputStep = output, run.tapStep = tap, run.inputStep = input;
  if (output != run.phases * run.outputStep || tap != run.phases * run.tapStep ||
      input != run.phases * run.inputStep)
    return false;
  ++run.phases;
  return true;
}

std::optional<TransposedPhases> findPhases(const TransposedWindow &window) {
  TransposedPhases made;
  made.stride = window.stride;
  if (window.input == 1 && window.taps * window.dilation <= kMostPhases)
    made.stride = std::max(made.stride, window.taps * window.dilation);
  if (made.stride > kMostPhases)
    return std::nullopt;
  int64_t common = std::gcd(made.stride, window.dilation);
  made.tapStride = made.stride / common;
  made.inputStride = window.dilation / common;
  SmallVector<PhaseRun, 8> phases;
  for (int64_t first = 0; first < std::min(made.stride, window.output); ++first)
    phases.push_back(findPhase(window, made, first));
  llvm::sort(phases, [](const PhaseRun &a, const PhaseRun &b) {
    return std::tuple(a.taps, a.outputs, a.firstOutput) <
           std::tuple(b.taps, b.outputs, b.firstOutput);
  });
  for (const PhaseRun &phase : phases) {
    if (phase.taps != 0) {
      int64_t end = phase.firstInput + phase.outputs + (phase.taps - 1) * made.inputStride;
      made.halo = std::max({made.halo, -phase.firstInput, end - window.input});
    }
    if (made.runs.empty() || !extendRun(made.runs.back(), phase))
      made.runs.push_back(phase);
  }
  return made;
}

bool isTransposed(ts::AtenOp op) {
  if (Value transposed = op.getArg("transposed"))
    return constantBool(transposed) == true;
  return op.getBaseName().starts_with("aten::conv_transpose");
}

SmallVector<TransposedWindow, 3> transposedWindows(ts::AtenOp op) {
  auto sizes = [](Value value) { return cast<ts::TensorType>(value.getType()).getSizes(); };
  ArrayRef<int64_t> weight = sizes(op.getArg("weight")).drop_front(2);
  size_t spatial = weight.size();
  ArrayRef<int64_t> input = sizes(op.getArg("input")).take_back(spatial);
  ArrayRef<int64_t> output = sizes(op.getResult(0)).take_back(spatial);
  auto numbers = [&](StringRef name) {
    SmallVector<int64_t> given = *constantInts(op.getArg(name));
    return given.size() == spatial ? given : SmallVector<int64_t>(spatial, given[0]);
  };
  SmallVector<int64_t> stride = numbers("stride"), padding = numbers("padding"),
                       dilation = numbers("dilation");
  SmallVector<TransposedWindow, 3> windows;
  for (size_t d = 0; d < spatial; ++d)
    windows.push_back({input[d], output[d], weight[d], stride[d], padding[d], dilation[d]});
  return windows;
}

} // namespace tsc::kernel
