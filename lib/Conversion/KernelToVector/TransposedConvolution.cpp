// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions as problems of Contraction.h: every run of phases of every dimension
// (tsc/Kernel/TransposedForm.h), combined. Rows are the outputs of a phase, `stride` apart in the
// result; the reduction runs over the phase's taps, from the last one down, and channels; phases of
// a run are batch points that read other taps and, shifted, other inputs.
#include "Contraction.h"

#include "Copy.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/TransposedForm.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static ts::TensorType tensorType(Value value) { return cast<ts::TensorType>(value.getType()); }

int64_t channelDim(ts::AtenOp root) {
  bool isBatched =
      tensorType(root.getArg("input")).getRank() == tensorType(root.getArg("weight")).getRank();
  return isBatched ? 1 : 0;
}

namespace {
class TransposedProblems {
public:
  TransposedProblems(RegionWriter &region, ts::AtenOp root);
  void visit(function_ref<void(Contraction)> each);

private:
  void addDimension(Contraction &problem, size_t d, const kernel::PhaseRun &run) const;

  Contraction whole; ///< what all problems share
  ReductionDim channels;
  bool reducesChannels = false;
  int64_t firstDim = 2;                            ///< spatial one of the result
  SmallVector<kernel::TransposedPhases, 3> phases; ///< of each spatial dimension
  SmallVector<int64_t, 6> weight; ///< strides: input channels, output channels, taps
};
} // namespace

TransposedProblems::TransposedProblems(RegionWriter &region, ts::AtenOp root) {
  for (const kernel::TransposedWindow &window : kernel::transposedWindows(root))
    phases.push_back(*kernel::findPhases(window));
  ts::TensorType result = tensorType(root.getResult(0));
  ArrayRef<int64_t> sizes = tensorType(root.getArg("weight")).getSizes();
  Value input = root.getArg("input"), bias = root.getArg("bias");
  SmallVector<int64_t, 3> halo = convolutionHalo(root);
  int64_t channelDim = lowering::channelDim(root), groups = convolutionWindow(root).groups;
  firstDim = channelDim + 1;
  weight = readColumns(region, root.getArg("weight"), whole);
  whole.dtype = result.getDtype();
  whole.a = channelDim == 1 ? region.channelsLast(input, halo)
                            : region.channelsLastCopy(expanded(region.buffer(input), 0, 1), halo);
  whole.origin.assign(result.getRank(), 0);
  whole.columnDim = channelDim;
  whole.rows.push_back(
      {whole.a.sizes[0], whole.a.strides[0], {{channelDim - 1, whole.a.sizes[0]}}});
  if (!kernel::isNone(bias))
    whole.addend = biasAddend(region, bias, result.getRank(), channelDim);
  if (isDepthwise(root)) {
    whole.columns = sizes[0];
    whole.bColumnStride = weight[0];
    return;
  }
  reducesChannels = true;
  channels = {sizes[0] / groups, whole.a.strides[1], weight[0]};
  whole.columns = sizes[1];
  whole.bColumnStride = weight[1];
  if (groups != 1)
    whole.batch.push_back({groups,
                           channels.size * channels.aStride,
                           channels.size * channels.bStride,
                           {channelDim, groups, whole.columns}});
}

void TransposedProblems::addDimension(Contraction &problem, size_t d,
                                      const kernel::PhaseRun &run) const {
  auto dim = static_cast<int64_t>(d) + firstDim;
  int64_t aStride = whole.a.strides[d + 2], bStride = weight[d + 2];
  problem.aOffset += run.firstInput * aStride;
  problem.bOffset += run.firstTap * bStride;
  problem.origin[dim] = run.firstOutput;
  problem.rows.push_back({run.outputs, aStride, {{dim, run.outputs, phases[d].stride}}});
  problem.reduction.push_back(
      {run.taps, phases[d].inputStride * aStride, -phases[d].tapStride * bStride});
  if (run.phases != 1)
    problem.batch.push_back({run.phases,
                             run.inputStep * aStride,
                             run.tapStep * bStride,
                             {dim, run.phases, run.outputStep}});
}

void TransposedProblems::visit(function_ref<void(Contraction)> each) {
  int64_t combinations = 1;
  for (const kernel::TransposedPhases &dim : phases)
    combinations *= static_cast<int64_t>(dim.runs.size());
  for (int64_t i = 0; i < combinations; ++i) {
    Contraction problem = whole;
    int64_t rest = i;
    for (auto [d, dim] : llvm::enumerate(phases)) {
      auto runs = static_cast<int64_t>(dim.runs.size());
      addDimension(problem, d, dim.runs[rest % runs]);
      rest /= runs;
    }
    if (reducesChannels)
      problem.reduction.push_back(channels);
    each(std::move(problem));
  }
}

void visitTransposed(RegionWriter &region, ts::AtenOp root, function_ref<void(Contraction)> visit) {
  TransposedProblems(region, root).visit(visit);
}

} // namespace tsc::lowering
