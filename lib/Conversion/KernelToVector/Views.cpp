// SPDX-License-Identifier: Apache-2.0
// Views inside a region: the same elements under other sizes and strides, without code. Where the
// operand's layout does not allow that, its dense copy does.
#include "RegionWriter.h"

#include "tsc/Kernel/CompiledForms.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

std::optional<Buffer> reshapeBuffer(const Buffer &from, ArrayRef<int64_t> sizes) {
  Buffer to = from;
  to.sizes.assign(sizes.begin(), sizes.end());
  to.strides.assign(sizes.size(), 0);
  if (from.numel() == 0)
    return to;
  // Runs of dimensions that are dense among themselves, innermost first, are cut anew.
  int64_t d = from.rank() - 1, e = to.rank() - 1;
  while (d >= 0) {
    if (from.sizes[d] == 1) {
      --d;
      continue;
    }
    int64_t run = from.sizes[d], step = from.strides[d], next = d - 1;
    while (next >= 0 && (from.sizes[next] == 1 || from.strides[next] == step * run)) {
      run *= from.sizes[next];
      --next;
    }
    // The new dimensions of this run.
    int64_t left = run, stride = step;
    while (e >= 0 && left > 1) {
      if (left % to.sizes[e] != 0)
        return std::nullopt;
      to.strides[e] = stride;
      stride *= to.sizes[e];
      left /= to.sizes[e];
      --e;
    }
    if (left != 1)
      return std::nullopt;
    d = next;
  }
  for (; e >= 0; --e) // ones are left
    to.strides[e] = 0;
  return to;
}

/// Dimensions of the operand in the result's order, for operators that reorder.
static std::optional<SmallVector<int64_t>> permutationOf(ts::AtenOp op, int64_t rank) {
  SmallVector<int64_t> order(rank);
  for (int64_t d = 0; d < rank; ++d)
    order[d] = d;
  auto wrapped = [&](int64_t dim) { return dim < 0 ? dim + rank : dim; };
  StringRef name = op.getBaseName();
  if (name == "aten::permute") {
    std::optional<SmallVector<int64_t>> dims = kernel::constantInts(op.getArg("dims"));
    if (!dims || static_cast<int64_t>(dims->size()) != rank)
      return std::nullopt;
    for (auto [i, dim] : llvm::enumerate(*dims))
      order[i] = wrapped(dim);
    return order;
  }
  if (name == "aten::transpose" || name == "aten::swapaxes" || name == "aten::swapdims") {
    std::optional<int64_t> a = kernel::constantInt(op.getArgs()[1]),
                           b = kernel::constantInt(op.getArgs()[2]);
    if (!a || !b)
      return std::nullopt;
    if (rank > 0)
      std::swap(order[wrapped(*a)], order[wrapped(*b)]);
    return order;
  }
  if (name == "aten::numpy_T" || (name == "aten::t" && rank == 2)) {
    std::reverse(order.begin(), order.end());
    return order;
  }
  if ((name == "aten::mT" || name == "aten::mH") && rank >= 2) {
    std::swap(order[rank - 1], order[rank - 2]);
    return order;
  }
  return name == "aten::t" ? std::optional(order) : std::nullopt;
}

/// `index` counted from the end when it is negative, held within [0, size].
static int64_t clampIndex(int64_t index, int64_t size) {
  return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
}

static std::optional<Buffer> sliceBuffer(ts::AtenOp op, const Buffer &from) {
  std::optional<int64_t> dim = kernel::constantInt(op.getArg("dim"));
  if (!dim || from.rank() == 0)
    return std::nullopt;
  int64_t d = *dim < 0 ? *dim + from.rank() : *dim, size = from.sizes[d];
  Buffer to = from;
  StringRef name = op.getBaseName();
  if (name == "aten::select") {
    std::optional<int64_t> index = kernel::constantInt(op.getArg("index"));
    if (!index)
      return std::nullopt;
    to.offset += (*index < 0 ? *index + size : *index) * from.strides[d];
    to.sizes.erase(to.sizes.begin() + d);
    to.strides.erase(to.strides.begin() + d);
    return to;
  }
  if (name == "aten::narrow") {
    std::optional<int64_t> start = kernel::constantInt(op.getArg("start"));
    std::optional<int64_t> length = kernel::constantInt(op.getArg("length"));
    if (!start || !length)
      return std::nullopt;
    to.offset += (*start < 0 ? *start + size : *start) * from.strides[d];
    to.sizes[d] = *length;
    return to;
  }
  auto bound = [&](StringRef which, int64_t absent) -> std::optional<int64_t> {
    return kernel::isNone(op.getArg(which)) ? absent : kernel::constantInt(op.getArg(which));
  };
  std::optional<int64_t> start = bound("start", 0), end = bound("end", size),
                         by = kernel::constantInt(op.getArg("step"));
  if (!start || !end || !by || *by < 1)
    return std::nullopt;
  int64_t first = clampIndex(*start, size), last = std::max(clampIndex(*end, size), first);
  to.offset += first * from.strides[d];
  to.sizes[d] = (last - first + *by - 1) / *by;
  to.strides[d] = from.strides[d] * *by;
  return to;
}

static std::optional<Buffer> expandBuffer(const Buffer &from, ArrayRef<int64_t> sizes) {
  Buffer to = from;
  to.sizes.assign(sizes.begin(), sizes.end());
  to.strides.assign(sizes.size(), 0);
  int64_t added = to.rank() - from.rank();
  if (added < 0)
    return std::nullopt;
  for (int64_t d = 0; d < from.rank(); ++d)
    if (from.sizes[d] == sizes[d + added])
      to.strides[d + added] = from.sizes[d] == 1 ? 0 : from.strides[d];
    else if (from.sizes[d] != 1)
      return std::nullopt;
  return to;
}

static std::optional<Buffer> diagonalBuffer(ts::AtenOp op, const Buffer &from,
                                            ArrayRef<int64_t> sizes) {
  std::optional<int64_t> offset = kernel::constantInt(op.getArg("offset")),
                         dim1 = kernel::constantInt(op.getArg("dim1")),
                         dim2 = kernel::constantInt(op.getArg("dim2"));
  if (!offset || !dim1 || !dim2)
    return std::nullopt;
  int64_t a = *dim1 < 0 ? *dim1 + from.rank() : *dim1, b = *dim2 < 0 ? *dim2 + from.rank() : *dim2;
  Buffer to = from;
  if (sizes.back() != 0)
    to.offset += *offset >= 0 ? *offset * from.strides[b] : -*offset * from.strides[a];
  to.sizes.clear(), to.strides.clear();
  for (int64_t d = 0; d < from.rank(); ++d)
    if (d != a && d != b)
      to.sizes.push_back(from.sizes[d]), to.strides.push_back(from.strides[d]);
  to.sizes.push_back(sizes.back());
  to.strides.push_back(from.strides[a] + from.strides[b]);
  return to;
}

std::optional<Buffer> viewBuffer(ts::AtenOp op, const Buffer &from, ts::TensorType type) {
  StringRef name = op.getBaseName();
  if (std::optional<SmallVector<int64_t>> order = permutationOf(op, from.rank())) {
    Buffer to = from;
    for (auto [i, d] : llvm::enumerate(*order))
      to.sizes[i] = from.sizes[d], to.strides[i] = from.strides[d];
    return to;
  }
  if (name == "aten::select" || name == "aten::slice" || name == "aten::narrow")
    return sliceBuffer(op, from);
  if (name == "aten::expand" || name == "aten::expand_as" || name == "aten::broadcast_to")
    return expandBuffer(from, type.getSizes());
  if (name == "aten::diagonal" && op.getName() == "aten::diagonal")
    return diagonalBuffer(op, from, type.getSizes());
  return reshapeBuffer(from, type.getSizes());
}

void emitView(RegionWriter &region, kernel::GroupOp group) {
  auto op = cast<ts::AtenOp>(group.block().front());
  Value input = op.getArgs()[0];
  auto type = cast<ts::TensorType>(op.getResult(0).getType());
  std::optional<Buffer> made = viewBuffer(op, region.buffer(input), type);
  if (!made)
    made = viewBuffer(op, region.dense(input), type);
  assert(made && ArrayRef<int64_t>(made->sizes) == type.getSizes());
  region.defineAs(group.getResult(0), *made);
}

} // namespace tsc::lowering
