// SPDX-License-Identifier: Apache-2.0
// Nodes of a group's operators, and the accesses to what they read and write.
#include "RowsProgram.h"

#include "tsc/Kernel/Pointwise.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

RowsProgram::RowsProgram(RegionWriter &region, kernel::GroupOp group) : region(region) {
  SmallVector<ts::AtenOp> ops(group.block().getOps<ts::AtenOp>());
  dims = *kernel::findRowsDims(ops);
  sizes = dims.space.sizes;
  reduced = dims.space.reduced;
  for (ts::AtenOp op : ops) {
    std::string why;
    std::optional<kernel::RowsForm> form = kernel::findRowsForm(op, why);
    if (!form) {
      addElementwise(op);
      continue;
    }
    SmallVector<int64_t, 2> results = RowsExpansion(*this, op, *form).expand();
    for (auto [value, node] : llvm::zip(op.getResults(), results))
      values[value] = node;
  }
  for (auto [result, value] : llvm::zip(group.getResults(), group.yield().getValues())) {
    Buffer buffer = region.define(result);
    int64_t node = nodeOf(value);
    accesses.push_back({buffer, stridesOf(buffer, dims.dims[value])});
    outputs.push_back({node, static_cast<int64_t>(accesses.size()) - 1});
    passes = std::max(passes, nodes[node].stage + (nodes[node].isRow ? 0 : 1));
  }
}

SmallVector<int64_t, 6> RowsProgram::stridesOf(const Buffer &buffer, ArrayRef<int64_t> along) {
  SmallVector<int64_t, 6> strides(sizes.size(), 0);
  for (auto [dim, size, stride] : llvm::zip(along, buffer.sizes, buffer.strides)) {
    if (size == 1)
      continue;
    strides[dim] = stride;
    if (dims.space.groups && dim == 1) {
      strides[1] = stride * sizes[2];
      strides[2] = stride;
    }
  }
  return strides;
}

bool RowsProgram::isRowAccess(const RowsAccess &access) const {
  for (auto [stride, size, isReduced] : llvm::zip(access.strides, sizes, reduced))
    if (isReduced && size != 1 && stride != 0)
      return false;
  return true;
}

int64_t RowsProgram::add(RowsNode node) {
  if (node.kind == RowsNode::Kind::Map) {
    node.isRow = true;
    for (int64_t operand : node.operands) {
      node.isRow &= nodes[operand].isRow;
      node.stage = std::max(node.stage, nodes[operand].stage);
    }
  } else if (node.kind == RowsNode::Kind::Reduce) {
    node.isRow = true;
    node.stage = nodes[node.operands[0]].stage + 1;
  } else {
    node.isRow = isRowAccess(accesses[node.access]);
  }
  nodes.push_back(std::move(node));
  return static_cast<int64_t>(nodes.size()) - 1;
}

int64_t RowsProgram::map(DType dtype, ArrayRef<int64_t> operands, RowsNode::Compute compute,
                         bool isCheap) {
  RowsNode node;
  node.dtype = dtype;
  node.operands.assign(operands.begin(), operands.end());
  node.compute = std::move(compute);
  node.isCheap = isCheap;
  return add(std::move(node));
}

int64_t RowsProgram::reduce(Reduction reduction, int64_t operand) {
  RowsNode node;
  node.kind = RowsNode::Kind::Reduce;
  node.reduction = reduction;
  node.dtype = nodes[operand].dtype;
  node.operands = {operand};
  return add(std::move(node));
}

/// The index of the greatest or least element, as int64.
int64_t RowsProgram::argument(Reduction reduction, int64_t operand) {
  operand = convert(operand, wideType(nodes[operand].dtype));
  RowsNode index;
  index.kind = RowsNode::Kind::Index;
  index.dtype = DType::Int32;
  RowsAccess access{{}, SmallVector<int64_t, 6>(sizes.size(), 0)};
  int64_t weight = 1;
  for (int64_t d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d)
    if (reduced[d]) {
      access.strides[d] = weight;
      weight *= sizes[d];
    }
  accesses.push_back(access);
  index.access = static_cast<int64_t>(accesses.size()) - 1;
  int64_t indexNode = add(std::move(index));
  RowsNode node;
  node.kind = RowsNode::Kind::Reduce;
  node.reduction = reduction;
  node.dtype = nodes[operand].dtype;
  node.operands = {operand, indexNode};
  int64_t found = add(std::move(node));
  return map(DType::Int64, {found}, [](KernelBuilder &k, ArrayRef<Value> x) {
    return kernel::convertElements(k.builder, k.loc, x[0], DType::Int32, DType::Int64);
  });
}

int64_t RowsProgram::convert(int64_t node, DType dtype) {
  DType from = nodes[node].dtype;
  if (from == dtype)
    return node;
  return map(
      dtype, node,
      [from, dtype](KernelBuilder &k, ArrayRef<Value> x) {
        return kernel::convertElements(k.builder, k.loc, x[0], from, dtype);
      },
      /*isCheap=*/true);
}

int64_t RowsProgram::input(Value tensor, ArrayRef<int64_t> along) {
  Buffer buffer = region.buffer(tensor);
  accesses.push_back({buffer, stridesOf(buffer, along)});
  RowsNode node;
  node.kind = RowsNode::Kind::Input;
  node.dtype = buffer.dtype;
  node.access = static_cast<int64_t>(accesses.size()) - 1;
  return add(std::move(node));
}

int64_t RowsProgram::nodeOf(Value tensor) {
  if (auto known = values.find(tensor); known != values.end())
    return known->second;
  int64_t node = input(tensor, dims.dims[tensor]);
  values[tensor] = node;
  return node;
}

void RowsProgram::addElementwise(ts::AtenOp op) {
  SmallVector<int64_t> operands;
  SmallVector<Value> tensors;
  for (Value operand : op.getArgs())
    if (isa<ts::TensorType>(operand.getType()) && !llvm::is_contained(tensors, operand)) {
      tensors.push_back(operand);
      operands.push_back(nodeOf(operand));
    }
  auto compute = [op, tensors](KernelBuilder &k, ArrayRef<Value> x) -> Value {
    int64_t lanes = 0;
    for (Value value : x)
      if (auto type = dyn_cast<VectorType>(value.getType()))
        lanes = type.getNumElements();
    auto find = [&](Value operand) { return x[llvm::find(tensors, operand) - tensors.begin()]; };
    FailureOr<Value> made = kernel::emitPointwise(k.builder, k.loc, op, find, lanes);
    assert(succeeded(made) && "an operator joined a group that cannot be built");
    return *made;
  };
  DType dtype = cast<ts::TensorType>(op.getResult(0).getType()).getDtype();
  values[op.getResult(0)] = map(dtype, operands, compute);
}

} // namespace tsc::lowering
