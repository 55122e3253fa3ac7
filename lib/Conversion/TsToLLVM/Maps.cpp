// SPDX-License-Identifier: Apache-2.0
// ts.has_dtype, ts.map, kernel.region and kernel.compare: arrays of tensors and numbers on the
// stack for the runtime's entries.
#include "../KernelToVector/RegionWriter.h"
#include "FunctionLowering.h"
#include "Regions.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

Value FunctionLowering::tensorArray(ValueRange tensors) {
  Value array = stackSpace(program.pointer, static_cast<int64_t>(tensors.size()));
  for (auto [i, tensor] : llvm::enumerate(tensors))
    store(get(tensor), array, static_cast<int64_t>(i) * 8);
  return array;
}

void FunctionLowering::lowerHasDType(ts::HasDTypeOp op) {
  Value answer =
      callRuntime("tsc_rt_has_dtype", {tensorArray(op.getTensors()),
                                       int64(static_cast<int64_t>(op.getTensors().size())),
                                       int32(static_cast<int64_t>(op.getDtype()))});
  define(op.getResult(), compare(LLVM::ICmpPredicate::ne, answer, int32(0)));
}

void FunctionLowering::lowerMap(ts::MapOp op) {
  Type element = cast<ts::MapYieldOp>(op.getBody().front().getTerminator()).getValue().getType();
  LLVM::LLVMFuncOp region = writeRegion(program, op);
  int64_t size = element.getIntOrFloatBitWidth() / 8;
  Value numbers = zero(program.pointer);
  if (!op.getNumbers().empty())
    numbers = stackSpace(element, static_cast<int64_t>(op.getNumbers().size()));
  for (auto [i, number] : llvm::enumerate(op.getNumbers())) {
    Value machine = get(number);
    bool isInt = isa<ts::IntType>(number.getType());
    Value wide =
        isInt ? Value(LLVM::SIToFPOp::create(builder, loc, program.f64, machine)) : machine;
    store(size == 8 ? wide : Value(LLVM::FPTruncOp::create(builder, loc, element, wide)), numbers,
          static_cast<int64_t>(i) * size);
  }
  int64_t dtype = static_cast<int64_t>(size == 8 ? DType::Float64 : DType::Float32);
  Value result = stackSpace(program.pointer, 1);
  failIfStatus(callRuntime("tsc_rt_map", {contextPointer, address(region.getSymNameAttr()), numbers,
                                          tensorArray(op.getTensors()),
                                          int64(static_cast<int64_t>(op.getTensors().size())),
                                          int32(dtype), result}));
  define(op.getResult(), load(program.pointer, result));
}

void FunctionLowering::lowerRegion(kernel::RegionOp op) {
  StringAttr descriptor = RegionWriter(program, op, displayName).write();
  Value results = stackSpace(program.pointer, static_cast<int64_t>(op.getNumResults()));
  failIfStatus(callRuntime("tsc_rt_region", {contextPointer, address(descriptor),
                                             tensorArray(op.getInputs()), results}));
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    define(result, load(program.pointer, results, static_cast<int64_t>(i) * 8));
}

void FunctionLowering::lowerCompare(kernel::CompareOp op) {
  failIfStatus(
      callRuntime("tsc_rt_compare", {contextPointer, get(op.getFound()), get(op.getExpected()),
                                     address(program.data.text(op.getWhat()))}));
}

} // namespace tsc::lowering
