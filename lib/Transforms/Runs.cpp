// SPDX-License-Identifier: Apache-2.0
#include "Runs.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {

SmallVector<Block *> codeBlocks(ModuleOp module) {
  SmallVector<Block *> blocks;
  module.walk([&](Block *block) {
    if (isa<FuncOp, IfOp, LoopOp>(block->getParentOp()))
      blocks.push_back(block);
  });
  return blocks;
}

bool mayWrite(Operation *op) {
  WalkResult result = op->walk([](Operation *each) {
    if (isa<CallFunctionOp, CallMethodOp, ForkOp, AwaitableOp, EnterOp, ExitOp, SetAttrOp>(each))
      return WalkResult::interrupt();
    auto aten = dyn_cast<AtenOp>(each);
    const OperatorRow *row = aten ? aten.getRow() : nullptr;
    if (aten && (!row || !row->isFunctional()))
      return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool isScalarConstant(Value value) {
  Attribute constant;
  return matchPattern(value, m_Constant(&constant)) && !isa<TensorType>(value.getType());
}

void unwrapOptionalTensors(ModuleOp module) {
  module.walk([](ConstantOp constant) {
    auto tensor = dyn_cast<TensorAttr>(constant.getValue());
    if (tensor && isa<OptionalType>(constant.getType()))
      constant.getResult().setType(
          TensorType::get(constant.getContext(), tensor.getSizes(), tensor.getDtype()));
  });
}

} // namespace tsc::ts
