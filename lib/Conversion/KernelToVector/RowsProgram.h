// SPDX-License-Identifier: Apache-2.0
// A rows group as a program over the elements of its iteration space. Nodes are values at one
// element, or, when they do not change along a row, at one row. Normalizations are taken apart into
// reductions and elementwise nodes.
//
// A reduction's result is there after a pass over the row. Pass p computes what the reductions of
// stage p and the results of stage p need: softmax has three, for the maximum, the sum and the
// result.
#pragma once

#include "RegionWriter.h"
#include "tsc/Kernel/RowsForm.h"

#include <functional>

namespace tsc::lowering {

enum class Reduction : uint8_t {
  Sum,
  Prod,
  Max,
  Min,
  MaxNumber, ///< of floats; may pass over NaN
  ArgMax,
  ArgMin,
  And,
  Or
};

/// Values that one lane of a reduction keeps: ArgMax has the element and its index.
inline int64_t componentsOf(Reduction reduction) {
  return reduction == Reduction::ArgMax || reduction == Reduction::ArgMin ? 2 : 1;
}
inline bool isFloatSum(Reduction reduction, DType dtype) {
  return reduction == Reduction::Sum && isFloating(dtype);
}

/// Where the elements of a tensor lie, by dimension of the iteration space.
struct RowsAccess {
  Buffer buffer;
  llvm::SmallVector<int64_t, 6> strides;
};

struct RowsNode {
  enum class Kind : uint8_t {
    Input,
    Index, ///< the row-major index of an element in its row (i32); strides are in an access
    Map,
    Reduce, ///< of operand 0; of ArgMax, operand 1 is the index
  };
  using Compute = std::function<Value(KernelBuilder &, llvm::ArrayRef<Value>)>;
  Kind kind = Kind::Map;
  DType dtype = DType::Undefined;
  bool isRow = false;
  bool isCheap = false; ///< to be computed again rather than kept from pass to pass
  int64_t stage = 0;    ///< passes that must be over before it can be computed
  int64_t access = -1;
  Reduction reduction = Reduction::Sum;
  llvm::SmallVector<int64_t, 4> operands;
  Compute compute;
};

struct RowsOutput {
  int64_t node, access;
};

class RowsProgram {
public:
  /// Makes the program of a group, and the buffers of its results.
  RowsProgram(RegionWriter &region, kernel::GroupOp group);

  llvm::SmallVector<int64_t, 6> sizes; ///< of the iteration space
  llvm::SmallVector<bool, 6> reduced;
  llvm::SmallVector<RowsAccess, 0> accesses;
  std::vector<RowsNode> nodes;
  llvm::SmallVector<RowsOutput> outputs;
  int64_t passes = 0;

private:
  friend class RowsExpansion;
  int64_t nodeOf(Value tensor);
  int64_t input(Value tensor, llvm::ArrayRef<int64_t> dims);
  int64_t add(RowsNode node);
  int64_t map(DType dtype, llvm::ArrayRef<int64_t> operands, RowsNode::Compute compute,
              bool isCheap = false);
  int64_t reduce(Reduction reduction, int64_t operand);
  int64_t argument(Reduction reduction, int64_t operand);
  int64_t convert(int64_t node, DType dtype);
  llvm::SmallVector<int64_t, 6> stridesOf(const Buffer &buffer, llvm::ArrayRef<int64_t> dims);
  bool isRowAccess(const RowsAccess &access) const;
  void addElementwise(ts::AtenOp op);

  RegionWriter &region;
  kernel::RowsDims dims;
  llvm::DenseMap<Value, int64_t> values;
};

/// Writes a reduction or normalization as nodes; one for each result.
class RowsExpansion {
public:
  RowsExpansion(RowsProgram &program, ts::AtenOp op, const kernel::RowsForm &form);
  llvm::SmallVector<int64_t, 2> expand();

private:
  llvm::SmallVector<int64_t, 2> expandReduction();
  llvm::SmallVector<int64_t, 2> expandVariance();
  int64_t expandSum(int64_t operand, DType result, bool isMean);
  int64_t expandExtreme();
  int64_t expandNorm();
  int64_t expandLogSumExp();
  int64_t expandSoftmax();
  int64_t expandNormalize();
  int64_t parameter(Value value);
  int64_t divideByCount(int64_t node, double count);
  int64_t isNonzero(int64_t node);

  RowsProgram &program;
  ts::AtenOp op;
  const kernel::RowsForm &form;
  DType resultType, computeType;
};

/// Where f16 and bf16 are computed.
inline DType wideType(DType dtype) {
  return dtype == DType::Float16 || dtype == DType::BFloat16 ? DType::Float32 : dtype;
}

// ---- Reductions in vectors (RowsReduction.cpp)
using Accumulator = llvm::SmallVector<Value, 2>; ///< one value for each component
Accumulator identityOf(KernelBuilder &k, Reduction reduction, DType dtype, int64_t lanes);
Accumulator combine(KernelBuilder &k, Reduction reduction, DType dtype, const Accumulator &a,
                    const Accumulator &b);
/// All lanes together, in each of `lanes` lanes; the order is a fixed tree.
Accumulator combineLanes(KernelBuilder &k, Reduction reduction, DType dtype, Accumulator a);

} // namespace tsc::lowering
