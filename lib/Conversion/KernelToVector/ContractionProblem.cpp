// SPDX-License-Identifier: Apache-2.0
// Operators as problems of Contraction.h: which dimensions of the operands are batch, rows,
// reduction and columns. A convolution reads its input channels-last with zeros around the image,
// so that rows are output pixels and the reduction runs over window and channels.
#include "Contraction.h"

#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/TransposedForm.h"

#include <numeric>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

int64_t Contraction::reductionSize() const {
  int64_t count = 1;
  for (const ReductionDim &dim : reduction)
    count *= dim.size;
  return count;
}
int64_t Contraction::rowCount() const {
  int64_t count = 1;
  for (const RowDim &dim : rows)
    count *= dim.size;
  return count;
}
int64_t Contraction::batchCount() const {
  int64_t count = 1;
  for (const BatchDim &dim : batch)
    count *= dim.size;
  return count;
}

SmallVector<int64_t, 6> denseStrides(ArrayRef<int64_t> sizes) {
  SmallVector<int64_t, 6> strides(sizes.size());
  int64_t step = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    strides[d] = step;
    step *= sizes[d];
  }
  return strides;
}

static ArrayRef<int64_t> sizesOf(Value value) {
  return cast<ts::TensorType>(value.getType()).getSizes();
}

SmallVector<int64_t, 6> readColumns(RegionWriter &region, Value b, Contraction &problem) {
  problem.b = b;
  problem.bBytes = region.constantBytes(b);
  if (problem.bBytes)
    return denseStrides(sizesOf(b));
  problem.bBuffer = region.buffer(b);
  return problem.bBuffer.strides;
}

/// An addend that broadcasts to the result from its last dimensions.
static Addend broadcastAddend(RegionWriter &region, Value value, int64_t resultRank) {
  Addend addend{region.buffer(value), SmallVector<int64_t, 6>(resultRank, 0)};
  int64_t rank = addend.buffer.rank();
  for (int64_t d = 0; d < rank; ++d)
    if (addend.buffer.sizes[d] != 1)
      addend.strides[resultRank - rank + d] = addend.buffer.strides[d];
  return addend;
}

Addend biasAddend(RegionWriter &region, Value value, int64_t resultRank, int64_t dimension) {
  Addend addend{region.buffer(value), SmallVector<int64_t, 6>(resultRank, 0)};
  addend.strides[dimension] = addend.buffer.strides[0];
  return addend;
}

static void makeLinear(RegionWriter &region, ts::AtenOp root, Contraction &problem) {
  problem.a = region.buffer(root.getArg("input"));
  SmallVector<int64_t, 6> weight = readColumns(region, root.getArg("weight"), problem);
  int64_t last = problem.a.rank() - 1;
  for (int64_t d = 0; d < last; ++d)
    problem.rows.push_back({problem.a.sizes[d], problem.a.strides[d], {{d, problem.a.sizes[d]}}});
  problem.reduction.push_back({problem.a.sizes[last], problem.a.strides[last], weight[1]});
  problem.columns = sizesOf(root.getArg("weight"))[0];
  problem.bColumnStride = weight[0];
  problem.columnDim = last;
  if (Value bias = root.getArg("bias"); !kernel::isNone(bias))
    problem.addend = biasAddend(region, bias, last + 1, last);
}

/// The operands' batch dimensions broadcast to the result's; those that B does not have are rows.
static void addBatch(ArrayRef<int64_t> bSizes, ArrayRef<int64_t> bStrides,
                     ArrayRef<int64_t> resultSizes, int64_t batchRank, Contraction &problem) {
  const Buffer &a = problem.a;
  int64_t aBatch = std::max<int64_t>(a.rank() - 2, 0);
  int64_t bBatch = std::max<int64_t>(static_cast<int64_t>(bSizes.size()) - 2, 0);
  bool isBatchOfRows = true;
  for (int64_t d = 0; d < bBatch; ++d)
    isBatchOfRows &= bSizes[d] == 1;
  for (int64_t d = 0; d < batchRank; ++d) {
    int64_t aDim = d - (batchRank - aBatch), bDim = d - (batchRank - bBatch);
    int64_t size = resultSizes[d];
    int64_t aStride = aDim >= 0 && a.sizes[aDim] != 1 ? a.strides[aDim] : 0;
    int64_t bStride = bDim >= 0 && bSizes[bDim] != 1 ? bStrides[bDim] : 0;
    if (isBatchOfRows)
      problem.rows.push_back({size, aStride, {{d, size}}});
    else
      problem.batch.push_back({size, aStride, bStride, {d, size}});
  }
}

static void makeMatmul(RegionWriter &region, Value a, Value b, ArrayRef<int64_t> resultSizes,
                       Contraction &problem) {
  problem.a = region.buffer(a);
  SmallVector<int64_t, 6> bStrides = readColumns(region, b, problem);
  ArrayRef<int64_t> bSizes = sizesOf(b);
  int64_t aRank = problem.a.rank(), bRank = static_cast<int64_t>(bSizes.size());
  int64_t resultRank = static_cast<int64_t>(resultSizes.size());
  bool hasRows = aRank > 1, hasColumns = bRank > 1;
  int64_t batchRank = resultRank - (hasRows ? 1 : 0) - (hasColumns ? 1 : 0);
  addBatch(bSizes, bStrides, resultSizes, batchRank, problem);
  if (hasRows)
    problem.rows.push_back({problem.a.sizes[aRank - 2],
                            problem.a.strides[aRank - 2],
                            {{batchRank, problem.a.sizes[aRank - 2]}}});
  int64_t kDim = hasColumns ? bRank - 2 : 0;
  problem.reduction.push_back(
      {problem.a.sizes[aRank - 1], problem.a.strides[aRank - 1], bStrides[kDim]});
  if (hasColumns) {
    problem.columns = bSizes[bRank - 1];
    problem.bColumnStride = bStrides[bRank - 1];
    problem.columnDim = resultRank - 1;
  }
}

ConvolutionWindow convolutionWindow(ts::AtenOp root) {
  ArrayRef<int64_t> weight = sizesOf(root.getArg("weight"));
  size_t spatial = weight.size() - 2;
  auto numbers = [&](StringRef name) {
    SmallVector<int64_t> given = *kernel::constantInts(root.getArg(name));
    return SmallVector<int64_t, 3>(
        given.size() == spatial ? given : SmallVector<int64_t>(spatial, given[0]));
  };
  ConvolutionWindow window;
  window.stride = numbers("stride");
  window.dilation = numbers("dilation");
  window.groups = *kernel::constantInt(root.getArg("groups"));
  if (!isa<ts::StrType>(root.getArg("padding").getType())) {
    window.padding = numbers("padding");
    return window;
  }
  auto word = cast<StringAttr>(root.getArg("padding").getDefiningOp<ts::ConstantOp>().getValue());
  for (size_t d = 0; d < spatial; ++d)
    window.padding.push_back(word == "same" ? window.dilation[d] * (weight[d + 2] - 1) / 2 : 0);
  return window;
}

SmallVector<int64_t, 3> convolutionHalo(ts::AtenOp root) {
  SmallVector<int64_t, 3> halo;
  if (kernel::isTransposed(root)) {
    for (const kernel::TransposedWindow &window : kernel::transposedWindows(root))
      halo.push_back(kernel::findPhases(window)->halo);
    return halo;
  }
  ConvolutionWindow window = convolutionWindow(root);
  ArrayRef<int64_t> input = sizesOf(root.getArg("input")), weight = sizesOf(root.getArg("weight")),
                    result = sizesOf(root.getResult(0));
  for (size_t d = 0; d < window.stride.size(); ++d) {
    int64_t end = (result[d + 2] - 1) * window.stride[d] +
                  (weight[d + 2] - 1) * window.dilation[d] + 1 - window.padding[d];
    halo.push_back(std::max({window.padding[d], end - input[d + 2], int64_t(0)}));
  }
  return halo;
}

/// Input, rows, window and bias of a convolution; channels are the caller's.
static void addImage(RegionWriter &region, ts::AtenOp root, Contraction &problem) {
  ConvolutionWindow window = convolutionWindow(root);
  ArrayRef<int64_t> weightSizes = sizesOf(root.getArg("weight"));
  ArrayRef<int64_t> result = sizesOf(root.getResult(0));
  SmallVector<int64_t, 6> weight = readColumns(region, root.getArg("weight"), problem);
  problem.a = region.channelsLast(root.getArg("input"), convolutionHalo(root));
  ArrayRef<int64_t> strides = problem.a.strides;
  problem.bColumnStride = weight[0];
  problem.columnDim = 1;
  problem.rows.push_back({result[0], strides[0], {{0, result[0]}}});
  for (size_t d = 0; d < window.stride.size(); ++d) {
    int64_t dim = static_cast<int64_t>(d) + 2;
    problem.aOffset -= window.padding[d] * strides[dim];
    problem.rows.push_back({result[dim], window.stride[d] * strides[dim], {{dim, result[dim]}}});
    problem.reduction.push_back({weightSizes[dim], window.dilation[d] * strides[dim], weight[dim]});
  }
  if (Value bias = root.getArg("bias"); !kernel::isNone(bias))
    problem.addend = biasAddend(region, bias, static_cast<int64_t>(result.size()), 1);
}

static void makeConvolution(RegionWriter &region, ts::AtenOp root, Contraction &problem) {
  addImage(region, root, problem);
  ArrayRef<int64_t> weight = sizesOf(root.getArg("weight"));
  int64_t groups = convolutionWindow(root).groups, channelStride = problem.a.strides[1];
  int64_t inner = 1; // elements of the weight's window
  for (int64_t size : weight.drop_front(2))
    inner *= size;
  int64_t weightStride =
      problem.bBytes ? inner : problem.bBuffer.strides[1]; // from channel to channel
  problem.columns = weight[0] / groups;
  if (groups != 1)
    problem.batch.push_back({groups,
                             weight[1] * channelStride,
                             problem.columns * problem.bColumnStride,
                             {1, groups, problem.columns}});
  problem.reduction.push_back({weight[1], channelStride, weightStride});
}

bool isDepthwise(ts::AtenOp root) {
  if (!root.getArg("weight") || !root.getArg("groups"))
    return false;
  ArrayRef<int64_t> weight = sizesOf(root.getArg("weight"));
  constexpr int64_t kWidestWindow = 16; // whose steps are written out
  ConvolutionWindow window = convolutionWindow(root);
  int64_t width = weight.back(), stride = window.stride.back();
  if (kernel::isTransposed(root)) // of a phase
    width = llvm::divideCeil(width, stride / std::gcd(stride, window.dilation.back()));
  return window.groups == weight[0] && weight[1] == 1 && weight[0] > 1 && width <= kWidestWindow;
}

Contraction makeDepthwise(RegionWriter &region, ts::AtenOp root) {
  Contraction problem;
  auto type = cast<ts::TensorType>(root.getResult(0).getType());
  problem.dtype = type.getDtype();
  problem.origin.assign(type.getRank(), 0);
  addImage(region, root, problem);
  problem.columns = sizesOf(root.getArg("weight"))[0];
  return problem;
}

/// A matrix times a vector is a vector times the transposed matrix: its rows become columns, so
/// that vectors hold several results.
static void exchangeOperands(RegionWriter &region, Value a, Contraction &problem) {
  if (problem.columns != 1 || problem.rows.size() != 1 || !problem.batch.empty())
    return;
  Contraction old = problem;
  problem.bBytes.reset();
  SmallVector<int64_t, 6> strides = readColumns(region, a, problem);
  size_t rank = strides.size();
  problem.a = region.buffer(old.b);
  problem.rows[0] = {1, 0, {}};
  problem.reduction[0] = {old.reduction[0].size, problem.a.strides[0], strides[rank - 1]};
  problem.columns = old.rows[0].size;
  problem.bColumnStride = strides[rank - 2];
  problem.columnDim = old.rows[0].parts[0].dimension;
}

Contraction makeContraction(RegionWriter &region, ts::AtenOp root) {
  Contraction problem;
  auto type = cast<ts::TensorType>(root.getResult(0).getType());
  problem.dtype = type.getDtype();
  problem.origin.assign(type.getRank(), 0);
  StringRef name = root.getName();
  if (name == "aten::linear") {
    makeLinear(region, root, problem);
  } else if (Value weight = root.getArg("weight")) {
    makeConvolution(region, root, problem);
  } else {
    bool isScaled = name == "aten::addmm" || name == "aten::baddbmm";
    Value a = root.getArgs()[isScaled ? 1 : 0], b = root.getArgs()[isScaled ? 2 : 1];
    makeMatmul(region, a, b, type.getSizes(), problem);
    exchangeOperands(region, a, problem);
    if (isScaled) {
      problem.alpha = *kernel::constantNumber(root.getArg("alpha"));
      problem.beta = *kernel::constantNumber(root.getArg("beta"));
      if (problem.beta != 0)
        problem.addend = broadcastAddend(region, root.getArg("self"), type.getRank());
    }
  }
  if (problem.rows.empty())
    problem.rows.push_back({1, 0, {}});
  return problem;
}

} // namespace tsc::lowering
