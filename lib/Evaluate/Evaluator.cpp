// SPDX-License-Identifier: Apache-2.0
#include "tsc/Evaluate/Evaluator.h"

#include "ConstantValues.h"
#include "tsc/runtime/KernelTable.h"

#include <cstring>

using namespace mlir;

namespace tsc::ts {

static const rt::KernelEntry *findKernel(StringRef symbol) {
  rt::KernelTable table = rt::kernelTable();
  const rt::KernelEntry *end = table.entries + table.count;
  const rt::KernelEntry *found = std::lower_bound(
      table.entries, end, symbol,
      [](const rt::KernelEntry &entry, StringRef name) { return StringRef(entry.name) < name; });
  return found != end && symbol == found->name ? found : nullptr;
}

bool hasKernel(StringRef kernelSymbol) { return findKernel(kernelSymbol) != nullptr; }

struct Evaluator::State {
  WeightStore &weights;
  EvaluationBudget budget;
  rt::Context cx;
  MadeStorages made;
};

Evaluator::Evaluator(MLIRContext *context, EvaluationBudget budget)
    : state(new State{getWeightStore(context), budget, {}, {}}) {}
Evaluator::~Evaluator() = default;

FailureOr<SmallVector<Attribute>> Evaluator::evaluate(AtenOp op, ArrayRef<Attribute> operands) {
  const OperatorRow *row = op.getRow();
  if (!row || !row->isFunctional() || row->effects || row->schema().varargs ||
      state->budget.operations-- <= 0 || state->made.bytes > state->budget.resultBytes)
    return failure();
  const rt::KernelEntry *kernel = findKernel(row->kernelSymbol());
  if (!kernel)
    return failure();
  state->cx.error.clear();
  SmallVector<rt::OwnedValue> owned;
  SmallVector<rt::Value> values;
  for (auto [attribute, argument] : llvm::zip_equal(operands, op.getArgs())) {
    FailureOr<rt::OwnedValue> value =
        toRuntimeValue(state->cx, state->weights, attribute, argument.getType());
    if (failed(value))
      return failure();
    values.push_back(value->get());
    owned.push_back(std::move(*value));
  }
  SmallVector<rt::Value> results(op.getNumResults(), rt::makeNone());
  if (kernel->entry(&state->cx, values.data(), results.data()) != 0)
    return failure();
  SmallVector<rt::OwnedValue> made;
  for (const rt::Value &result : results)
    made.push_back(rt::OwnedValue::adopt(result));
  SmallVector<Attribute> constants;
  for (auto [value, result] : llvm::zip_equal(results, op.getResults())) {
    FailureOr<Attribute> constant =
        toConstant(state->weights, value, result.getType(), state->made);
    if (failed(constant))
      return failure();
    constants.push_back(*constant);
  }
  return constants;
}

} // namespace tsc::ts
