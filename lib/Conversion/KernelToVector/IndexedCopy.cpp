// SPDX-License-Identifier: Apache-2.0
#include "IndexedCopy.h"
#include "CopyPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

IndexedCopy gatherCopy(const Buffer &source, const Buffer &index, int64_t dim,
                       const Buffer &target) {
  IndexedCopy copy{source, index, target, source.sizes[dim], source.strides[dim]};
  copy.source.sizes = target.sizes;
  copy.source.strides[dim] = 0;
  return copy;
}

IndexedCopy selectCopy(const Buffer &source, const Buffer &index, int64_t dim,
                       const Buffer &target) {
  IndexedCopy copy{source, index, target, source.sizes[dim], source.strides[dim]};
  copy.source = selected(copy.source, dim, 0);
  for (int64_t d = 0; d < index.rank(); ++d)
    copy.source = expanded(copy.source, dim + d, index.sizes[d]);
  for (int64_t d = 0; d < target.rank(); ++d)
    if (d < dim || d >= dim + index.rank())
      copy.index = expanded(copy.index, d, target.sizes[d]);
  return copy;
}

/// The index at an offset as i64 in range; fail() when it is not.
static Value loadIndex(KernelBuilder &k, const IndexedCopy &copy, Value offset) {
  Value index = k.load(k.elementType(copy.index.dtype), k.pointer(copy.index), offset);
  if (copy.index.dtype != DType::Int64)
    index = arith::ExtSIOp::create(k.builder, k.loc, k.builder.getI64Type(), index);
  Value zero = k.constant(0), size = k.constant(copy.size);
  if (copy.wraps)
    index =
        k.add(index, arith::SelectOp::create(k.builder, k.loc, k.less(index, zero), size, zero));
  Value isOutside = arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::uge, index, size);
  k.ifThen(isOutside, [&] { k.fail(); });
  return arith::SelectOp::create(k.builder, k.loc, isOutside, zero, index);
}

bool emitIndexedCopy(RegionWriter &region, const IndexedCopy &copy) {
  int64_t bytes = dtypeBytes(copy.target.dtype);
  SmallVector<Axis> axes;
  for (int64_t d = 0; d < copy.target.rank(); ++d)
    axes.push_back({copy.target.sizes[d], copy.source.strides[d], copy.target.strides[d],
                    copy.index.strides[d]});
  axes = mergedAxes(axes);
  if (isEmpty(axes))
    return false;
  Axis row = axes.pop_back_val();
  bool isRun = row.index == 0 && row.from == 1 && row.to == 1;
  int64_t lanes = isRun ? 64 / bytes : 1;
  Item item{axes, row.size, lanes, bytes};
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Value source = k.pointer(copy.source), target = k.pointer(copy.target);
    Type word = wordType(k, bytes);
    Offsets fixed = at;
    if (row.index == 0)
      fixed.from = k.add(at.from, k.mul(loadIndex(k, copy, at.index), copy.stride));
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      Offsets here = fixed.advanced(k, row, i);
      if (row.index != 0)
        here.from = k.add(here.from, k.mul(loadIndex(k, copy, here.index), copy.stride));
      copyRun(k, word, source, here.from, target, here.to, count);
    });
  });
  return true;
}

} // namespace tsc::lowering
