// SPDX-License-Identifier: Apache-2.0
// Runs operators while compiling, on the runtime's generic kernels, so that a folded result is the
// one that the compiled model would have computed. Only operators without effects run; none may see
// anything but its constant operands.
#pragma once

#include "tsc/Ts/TsDialect.h"

namespace tsc::ts {

/// Limits of one compilation's evaluation.
struct EvaluationBudget {
  int64_t resultBytes = int64_t(1) << 32; ///< of all tensors made
  int64_t operations = 1 << 20;
};

class Evaluator {
public:
  explicit Evaluator(mlir::MLIRContext *context, EvaluationBudget budget = {});
  ~Evaluator();
  Evaluator(const Evaluator &) = delete;

  /// The constant results of an operator on constant operands (attributes as ts.constant has them).
  /// Failure when the operator has effects or no kernel, an operand or result has no constant form,
  /// the operator raises, or the budget is spent. Results that alias an operand share its storage;
  /// new tensors become new storages of the WeightStore.
  mlir::FailureOr<llvm::SmallVector<mlir::Attribute>>
  evaluate(AtenOp op, llvm::ArrayRef<mlir::Attribute> operands);

private:
  struct State;
  std::unique_ptr<State> state;
};

/// True when the runtime has a kernel for the operator, by its symbol ("tsc_rt_aten_add_Tensor").
bool hasKernel(llvm::StringRef kernelSymbol);

} // namespace tsc::ts
