// SPDX-License-Identifier: Apache-2.0
// Operators whose kernels are calls of a function of the runtime, one for each piece of the work (a
// matrix, a line): what is iterative, or longer than what code written in place is good for.
//
//   int32_t tsc_rt_routine_<name>(void *const *data, const int64_t *numbers,
//                                 const RoutineRange *range)
//
// `data` are the results (all of them), the operands and the scratch memory, dense in row-major
// order; `numbers` are sizes and options as the routine wants them. It does the pieces of `range`
// and returns 0, or another number when the operator is to raise.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace tsc::kernel {

/// One call over all pieces; the next step comes when all of them are done.
struct RoutineStep {
  llvm::SmallVector<int64_t, 8> numbers;
  int64_t pieces = 1;
  double operations = 1; ///< of a piece
};

struct RoutineForm {
  std::string name;
  llvm::SmallVector<mlir::Value, 4> operands;
  llvm::SmallVector<RoutineStep, 1> steps;
  int64_t scratchBytes = 0;
  std::string className, message; ///< of what it raises; no class: it never does
};

/// The form of an operator with precise types; nothing, with the reason in `why`, when it has none.
std::optional<RoutineForm> readRoutine(ts::AtenOp op, std::string &why);

} // namespace tsc::kernel
