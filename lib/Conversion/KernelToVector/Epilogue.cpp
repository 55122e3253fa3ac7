// SPDX-License-Identifier: Apache-2.0
// Elementwise operators on values in registers.
#include "RegionWriter.h"

#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

Type registerType(KernelBuilder &k, DType dtype) {
  return dtype == DType::Bool ? k.builder.getI1Type() : k.elementType(dtype);
}

static Type withElement(Type type, Type element) {
  if (auto lanes = dyn_cast<VectorType>(type))
    return VectorType::get(lanes.getShape(), element);
  return element;
}

Value toMemory(KernelBuilder &k, Value value) {
  if (!getElementTypeOrSelf(value.getType()).isInteger(1))
    return value;
  return arith::ExtUIOp::create(k.builder, k.loc,
                                withElement(value.getType(), k.builder.getI8Type()), value);
}

Value fromMemory(KernelBuilder &k, Value value, DType dtype) {
  if (dtype != DType::Bool)
    return value;
  return arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::ne, value,
                               k.number(value.getType(), 0));
}

Epilogue::Epilogue(kernel::GroupOp group, ts::AtenOp root) : group(group), root(root) {
  for (auto op : group.block().getOps<ts::AtenOp>())
    if (op != root)
      operators.push_back(op);
}

/// Elements of an operand from which on a copy in the result's layout pays.
static constexpr int64_t kCopyFrom = 4096;

void Epilogue::prepare(RegionWriter &region, int64_t laneDim, int64_t rank) {
  for (ts::AtenOp op : operators)
    for (Value operand : op.getArgs()) {
      if (!isa<ts::TensorType>(operand.getType()) || operand.getParentBlock() == &group.block() ||
          operands.contains(operand))
        continue;
      Buffer from = region.buffer(operand);
      int64_t d = laneDim - (rank - from.rank());
      if (d >= 0 && from.sizes[d] > 1 && from.strides[d] != 1 && from.numel() >= kCopyFrom) {
        if (d == 1 && from.rank() >= 3)
          from = region.channelsLast(operand, {});
        else if (d == from.rank() - 1)
          from = region.dense(operand);
      }
      operands[operand] = from;
    }
}

SmallVector<Value> Epilogue::evaluate(KernelBuilder &k, ValueRange rootValues,
                                      function_ref<Value(Value)> load, int64_t lanes) const {
  llvm::DenseMap<Value, Value> values;
  if (root)
    for (auto [result, value] : llvm::zip(ts::AtenOp(root).getResults(), rootValues))
      values[result] = value;
  auto find = [&](Value operand) -> Value {
    auto [it, isNew] = values.try_emplace(operand, Value());
    if (isNew) {
      Value loaded = load(operand);
      values[operand] = loaded;
      return loaded;
    }
    return it->second;
  };
  for (ts::AtenOp op : operators) {
    FailureOr<Value> made = kernel::emitPointwise(k.builder, k.loc, op, find, lanes);
    assert(succeeded(made) && "compiledKind let an operator through that cannot be built");
    values[op.getResult(0)] = *made;
  }
  SmallVector<Value> results;
  for (Value result : kernel::GroupOp(group).yield().getValues())
    results.push_back(find(result));
  return results;
}

SmallVector<Value> Epilogue::apply(KernelBuilder &k, Value rootValue, ArrayRef<Value> coordinates,
                                   int64_t laneDim, int64_t lanes, Value count) const {
  int64_t rank = static_cast<int64_t>(coordinates.size());
  auto load = [&](Value operand) -> Value {
    const Buffer &from = operands.find(operand)->second;
    int64_t added = rank - from.rank(), d = laneDim - added;
    Value offset = k.offsetOf(from, coordinates.drop_front(added));
    int64_t stride = d >= 0 && from.sizes[d] != 1 ? from.strides[d] : 0;
    VectorType type = k.vector(k.elementType(from.dtype), lanes);
    return fromMemory(k, k.loadStrided(type, k.pointer(from), offset, stride, count), from.dtype);
  };
  return evaluate(k, rootValue, load, lanes);
}

} // namespace tsc::lowering
