// SPDX-License-Identifier: Apache-2.0
// A matrix product or convolution as one problem: for every point of the batch dimensions,
//   C[row, column] = alpha * sum over k of A[row, k] * B[k, column] + beta * addend[row, column]
// where rows and k are points of several dimensions with strides. A is read where it lies; B is
// packed (Packing.cpp) into panels of one vector of columns each, [k][lanes] side by side, so that
// the packing of a weight depends on nothing but the weight.
#pragma once

#include "RegionWriter.h"

#include <optional>

namespace tsc::lowering {

/// Bytes of the vectors that code is written in, irrespective of the machine's registers.
inline constexpr int64_t kVectorBytes = 64;

/// A step along dimension `dimension` of the result (none: -1), `scale` elements at a time.
struct ResultStep {
  int64_t dimension = -1;
  int64_t size = 1;
  int64_t scale = 1;
};

struct BatchDim {
  int64_t size = 1, aStride = 0, bStride = 0;
  ResultStep step;
};

/// Rows; a merged dimension has several parts, outermost first.
struct RowDim {
  int64_t size = 1, aStride = 0;
  llvm::SmallVector<ResultStep, 3> parts;
};

struct ReductionDim {
  int64_t size = 1, aStride = 0, bStride = 0;
};

/// What is added to the product; strides along the dimensions of the result.
struct Addend {
  Buffer buffer;
  llvm::SmallVector<int64_t, 6> strides;
};

struct Contraction {
  DType dtype = DType::Float32;
  Buffer a;
  int64_t aOffset = 0; ///< of the first row's first element, from element 0
  Value b;
  int64_t bOffset = 0; ///< of the first column's first element, from element 0
  /// Strides of B are those of `bBytes` (dense, row-major) when it is constant, else of `bBuffer`.
  std::optional<llvm::SmallVector<uint8_t, 0>> bBytes;
  Buffer bBuffer;
  llvm::SmallVector<BatchDim, 2> batch;
  llvm::SmallVector<RowDim, 4> rows;            ///< outermost first; at least one
  llvm::SmallVector<ReductionDim, 4> reduction; ///< outermost first; at least one
  int64_t columns = 1, bColumnStride = 1;
  int64_t columnDim = -1;               ///< of the result
  llvm::SmallVector<int64_t, 6> origin; ///< coordinates of the result that all steps start from
  std::optional<Addend> addend;
  double alpha = 1, beta = 1;

  int64_t lanes() const { return kVectorBytes / dtypeBytes(dtype); }
  int64_t columnVectors() const { return (columns + lanes() - 1) / lanes(); }
  int64_t reductionSize() const;
  int64_t rowCount() const;
  int64_t batchCount() const;
};

/// The problem of a group's root, with its operands' buffers.
Contraction makeContraction(RegionWriter &region, ts::AtenOp root);
/// A depthwise convolution (see isDepthwise) as a problem whose columns are the channels: A, too,
/// moves by one element a column. The reduction is over the window alone.
Contraction makeDepthwise(RegionWriter &region, ts::AtenOp root);
/// True for a convolution of one input channel and one output channel a group.
bool isDepthwise(ts::AtenOp root);
/// A transposed convolution as a problem for each combination of runs of phases
/// (tsc/Kernel/TransposedForm.h), depthwise ones as by makeDepthwise.
void visitTransposed(RegionWriter &region, ts::AtenOp root,
                     llvm::function_ref<void(Contraction)> visit);

/// The dimension of the channels in a convolution's input and result: 0 without a batch.
int64_t channelDim(ts::AtenOp root);

/// Notes B and returns the strides that its elements have.
llvm::SmallVector<int64_t, 6> readColumns(RegionWriter &region, Value b, Contraction &problem);
/// A vector along one dimension of the result.
Addend biasAddend(RegionWriter &region, Value value, int64_t resultRank, int64_t dimension);
/// Moves coordinates of the result by `index` steps.
void addStep(KernelBuilder &k, llvm::MutableArrayRef<Value> coordinates, const ResultStep &step,
             Value index);

/// beta * addend for a vector of columns from `coordinates` of the result on.
Value loadAddend(KernelBuilder &k, const Contraction &problem, llvm::ArrayRef<Value> coordinates,
                 Value count);

/// The parameters of a convolution, one number for each spatial dimension.
struct ConvolutionWindow {
  llvm::SmallVector<int64_t, 3> stride, padding, dilation;
  int64_t groups = 1;
};
/// `padding` is what lies before the first element; with "same" there may be one more behind.
ConvolutionWindow convolutionWindow(ts::AtenOp root);
/// Zeros that a convolution reads before and behind the image, the larger of both.
llvm::SmallVector<int64_t, 3> convolutionHalo(ts::AtenOp root);

/// Where B lies for microkernels: strides between its batch points, panels of one vector of
/// columns, and steps of the reduction, in elements.
struct PackedColumns {
  Buffer buffer;
  llvm::SmallVector<int64_t, 2> batchStrides;
  int64_t vectorStride = 0, step = 0;
  bool isPadded = true; ///< whole vectors may be read in the last panel
};
/// B in panels: at compile time when it is constant, else by a task of its own. Few rows do not pay
/// for packing: then B may stay in place.
PackedColumns packColumns(RegionWriter &region, const Contraction &problem);

/// Copies A where its rows would all fall into one set of the L1 cache, if enough columns gain by
/// it.
void spreadRows(RegionWriter &region, Contraction &problem);

/// Strides of dense row-major elements of `sizes`.
llvm::SmallVector<int64_t, 6> denseStrides(llvm::ArrayRef<int64_t> sizes);

/// A 3x3 convolution of constant weights by Winograd's algorithm; false when that does not apply or
/// is not faster.
bool emitWinograd(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root,
                  const Contraction &problem);

/// Stores a group's results for one vector of the root's values, from `coordinates` along
/// `laneDim`; `count`: the lanes that there are.
class ResultWriter {
public:
  ResultWriter(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root, int64_t laneDim);
  void write(KernelBuilder &k, Value value, llvm::ArrayRef<Value> coordinates, int64_t laneDim,
             Value count) const;
  /// True when a vector takes few instructions to finish, each of which reads it once.
  bool isLight() const { return light; }

private:
  bool light = true;
  Epilogue epilogue;
  llvm::SmallVector<Buffer> results;
};

void emitDepthwise(RegionWriter &region, const ResultWriter &writer, Contraction problem);

} // namespace tsc::lowering
