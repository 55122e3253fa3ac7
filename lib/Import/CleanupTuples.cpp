// SPDX-License-Identifier: Apache-2.0
#include "Cleanup.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;

namespace tsc::importer {

static void lowerIndex(ts::TupleIndexOp op, ts::TupleConstructOp made) {
  IntegerAttr constant;
  if (!matchPattern(op.getIndex(), m_Constant(&constant)))
    return;
  int64_t size = made.getElements().size(), index = constant.getInt();
  index += index < 0 ? size : 0;
  if (index >= 0 && index < size)
    op.getResult().replaceAllUsesWith(made.getElements()[index]);
}

static void lowerSlice(ts::TupleSliceOp op, ts::TupleConstructOp made) {
  int64_t size = made.getElements().size(), begin = op.getBegin(), end = op.getEnd();
  if (begin < 0 || end < begin || end > size)
    return;
  OpBuilder builder(op);
  Value part = ts::TupleConstructOp::create(builder, op.getLoc(), op.getResult().getType(),
                                            made.getElements().slice(begin, end - begin));
  op.getResult().replaceAllUsesWith(part);
}

void lowerTuples(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto unpack = dyn_cast<ts::TupleUnpackOp>(op)) {
      auto made = unpack.getTuple().getDefiningOp<ts::TupleConstructOp>();
      if (made && made.getElements().size() == unpack.getNumResults())
        op.replaceAllUsesWith(ValueRange(made.getElements()));
    } else if (auto index = dyn_cast<ts::TupleIndexOp>(op)) {
      if (auto made = index.getTuple().getDefiningOp<ts::TupleConstructOp>())
        lowerIndex(index, made);
    } else if (auto slice = dyn_cast<ts::TupleSliceOp>(op)) {
      if (auto made = slice.getTuple().getDefiningOp<ts::TupleConstructOp>())
        lowerSlice(slice, made);
    }
    if (op.hasTrait<OpTrait::IsIsolatedFromAbove>())
      continue;
    for (Region &region : op.getRegions())
      lowerTuples(region.front());
  }
}

} // namespace tsc::importer
