// SPDX-License-Identifier: Apache-2.0
// What reductions and normalizations have in common: elements of an iteration space, of which some
// dimensions are reduced. A row is what one result of the reduction is made from; a normalization
// reads its rows again afterwards. Found from an operator's name, types and constant operands, for
// the pass that forms groups and for the emitter alike.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include <optional>
#include <string>

namespace tsc::kernel {

struct RowsForm {
  enum class Operation : uint8_t {
    Sum,
    Mean,
    Prod,
    Max, ///< with two results: the second is the index of the first
    Min,
    ArgMax,
    ArgMin,
    Any,
    All,
    CountNonzero,
    Norm, ///< of order `number`
    Var,  ///< with correction `number`; with two results, the second is the mean
    Std,  ///< likewise
    LogSumExp,
    SquaredError, ///< sum or, by isMean, mean of (operand - second)^2
    AbsoluteError,
    Softmax,
    LogSoftmax,
    Normalize, ///< (x - mean) / sqrt(variance + number) * weight + bias
  };
  Operation operation = Operation::Sum;
  /// The iteration space: sizes of `operand`, where groups > 0 splits dimension 1 into
  /// [groups, size / groups].
  llvm::SmallVector<int64_t, 6> sizes;
  llvm::SmallVector<bool, 6> reduced; ///< by dimension of the iteration space
  int64_t groups = 0;
  bool keepDim = false;
  double number = 0;
  mlir::Value operand, second;
  // ---- Of Normalize; null when absent
  bool centers = true; ///< subtracts the mean (rms_norm does not)
  mlir::Value weight, bias;
  mlir::Value mean, variance; ///< given ones: nothing is reduced
  int64_t parameterDim = 0;   ///< the first dimension of `operand` that the parameters run along
  bool isMean = false;

  /// Results have one element for each row, not the operand's shape.
  bool isReduction() const { return operation < Operation::Softmax; }
  int64_t rowElements() const;
};

/// The form of a reduction or normalization; nothing, with a reason in `why`, for others.
std::optional<RowsForm> findRowsForm(ts::AtenOp op, std::string &why);

/// For each tensor of a rows group, the dimension of the iteration space that its dimensions run
/// along. Operators are in order; those without a RowsForm are elementwise.
struct RowsDims {
  RowsForm space; ///< of the first reduction or normalization
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int64_t, 6>> dims;
};

/// May the operators become one rows group? All are elementwise or have one iteration space and the
/// same reduced dimensions, what is read or written lies along that space, and what is used
/// elsewhere has an element for each of the space or for each row. At least one is a reduction or
/// normalization.
bool isRowsGroup(llvm::ArrayRef<ts::AtenOp> ops);
std::optional<RowsDims> findRowsDims(llvm::ArrayRef<ts::AtenOp> ops);

} // namespace tsc::kernel
