// SPDX-License-Identifier: Apache-2.0
// Dropout outside training returns its input.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_REMOVEDROPOUT
#include "tsc/Ts/TsPasses.h.inc"

static bool isDropout(StringRef name) {
  return llvm::is_contained({"aten::dropout", "aten::dropout_", "aten::feature_dropout",
                             "aten::feature_dropout_", "aten::alpha_dropout",
                             "aten::alpha_dropout_", "aten::feature_alpha_dropout",
                             "aten::feature_alpha_dropout_"},
                            name);
}

namespace {
struct RemoveDropout : impl::RemoveDropoutBase<RemoveDropout> {
  using RemoveDropoutBase::RemoveDropoutBase;
  void runOnOperation() override {
    getOperation().walk([&](AtenOp op) {
      BoolAttr train;
      if (!isDropout(op.getName()) || !matchPattern(op.getArgs()[2], m_Constant(&train)) ||
          train.getValue() || op.getResult(0).getType() != op.getArgs()[0].getType())
        return;
      op.getResult(0).replaceAllUsesWith(op.getArgs()[0]);
      op.erase();
      ++numRemoved;
    });
  }
};
} // namespace
} // namespace tsc::ts
