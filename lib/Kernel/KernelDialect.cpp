// SPDX-License-Identifier: Apache-2.0
// Registration of the kernel dialect, and the small methods of its ops.
#include "tsc/Kernel/KernelDialect.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tsc::kernel {

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tsc/Kernel/KernelOps.cpp.inc"
      >();
}

YieldOp RegionOp::yield() { return cast<YieldOp>(block().getTerminator()); }
YieldOp GroupOp::yield() { return cast<YieldOp>(block().getTerminator()); }

SmallVector<Value> GroupOp::inputs() {
  llvm::SetVector<Value> found;
  auto add = [&](Value value) {
    if (isa<ts::TensorType>(value.getType()) && value.getParentBlock() != &block())
      found.insert(value);
  };
  for (Operation &op : block())
    for (Value operand : op.getOperands()) {
      add(operand);
      if (auto list = operand.getDefiningOp<ts::ListConstructOp>())
        llvm::for_each(list.getElements(), add);
    }
  return found.takeVector();
}

} // namespace tsc::kernel

#include "tsc/Kernel/KernelEnums.cpp.inc"

#include "tsc/Kernel/KernelDialect.cpp.inc"
#define GET_OP_CLASSES
#include "tsc/Kernel/KernelOps.cpp.inc"
