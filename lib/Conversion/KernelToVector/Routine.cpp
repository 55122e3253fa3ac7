// SPDX-License-Identifier: Apache-2.0
// Tasks that call a function of the runtime for their share of the pieces (RoutineForm.h).
#include "RegionWriter.h"

#include "tsc/Kernel/RoutineForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Operations that are worth another thread.
static constexpr double kGrainOperations = 30000;

static Value pointerArray(KernelBuilder &k, ArrayRef<Buffer> buffers) {
  Value array = k.scratch(static_cast<int64_t>(buffers.size()) * 8);
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    Value place = LLVM::GEPOp::create(k.builder, k.loc, array.getType(), array.getType(), array,
                                      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    LLVM::StoreOp::create(k.builder, k.loc, k.pointer(buffer), place);
  }
  return array;
}

static void launchStep(RegionWriter &region, const kernel::RoutineForm &form,
                       const kernel::RoutineStep &step, ArrayRef<Buffer> buffers) {
  if (step.pieces == 0)
    return;
  StringAttr numbers = region.program.data.integers(step.numbers);
  LLVM::LLVMFuncOp routine = region.program.kernel("tsc_rt_routine_" + form.name);
  bool raises = !form.className.empty();
  region.launch(
      step.pieces, static_cast<int64_t>(kGrainOperations / std::max(step.operations, 1.0)) + 1,
      [&](KernelBuilder &k, Value begin, Value end) {
        Value range = k.scratch(24), array = pointerArray(k, buffers);
        k.store(begin, range, k.constant(0));
        k.store(end, range, k.constant(1));
        Value place = LLVM::GEPOp::create(k.builder, k.loc, range.getType(), range.getType(), range,
                                          ArrayRef<LLVM::GEPArg>{2});
        LLVM::StoreOp::create(k.builder, k.loc, k.context(), place);
        Value address = LLVM::AddressOfOp::create(k.builder, k.loc, range.getType(), numbers);
        auto call =
            LLVM::CallOp::create(k.builder, k.loc, routine, ValueRange{array, address, range});
        if (!raises)
          return;
        Value status = call.getResult(), zero = k.number(status.getType(), 0);
        k.ifThen(arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ne, status, zero),
                 [&] { k.fail(); });
      },
      step.operations * static_cast<double>(step.pieces));
  if (raises)
    region.raiseIfFailed(form.className, form.message);
}

void emitRoutine(RegionWriter &region, kernel::GroupOp group) {
  auto op = *group.block().getOps<ts::AtenOp>().begin();
  std::string why;
  std::optional<kernel::RoutineForm> form = kernel::readRoutine(op, why);
  assert(form && "whyNotRoutine lets nothing else through");
  SmallVector<Buffer, 4> buffers;
  SmallVector<std::pair<Buffer, Buffer>, 1> copies; // from, to
  for (OpResult result : op->getResults()) {
    auto type = cast<ts::TensorType>(result.getType());
    Value outer = groupResult(group, op, result.getResultNumber());
    Buffer target = outer ? region.define(outer) : Buffer();
    bool isDirect = outer && target.isDense();
    Buffer buffer = isDirect ? target : region.temporary(type.getDtype(), type.getSizes());
    buffers.push_back(buffer);
    if (outer && !isDirect)
      copies.push_back({buffer, target});
  }
  for (Value operand : form->operands)
    buffers.push_back(region.dense(operand));
  if (form->scratchBytes)
    buffers.push_back(region.temporary(DType::UInt8, {form->scratchBytes}));
  for (const kernel::RoutineStep &step : form->steps)
    launchStep(region, *form, step, buffers);
  for (auto [from, to] : copies)
    emitCopy(region, from, to);
}

} // namespace tsc::lowering
