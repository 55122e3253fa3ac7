// SPDX-License-Identifier: Apache-2.0
// self[indices] with any mix of whole dims, integer tensors and masks.
#include "Index.h"
#include "Views.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

// ---- From the program's indices to one integer tensor a dim
namespace {
struct DimIndices {
  TensorRef of[tsc::kMaxRank]; ///< null: the whole dim
  int64_t count = 0;           ///< dims that the list speaks of
};
} // namespace

static bool isMask(const Tensor &t) { return t.isBool() || t.dtype == DType::UInt8; }

static Status expandMask(Context &cx, DimIndices &dims, const Tensor &self, const Tensor &mask) {
  for (int64_t d = 0; d < mask.rank; ++d)
    if (dims.count + d >= self.rank || mask.sizes[d] != self.sizes[dims.count + d])
      return cx.raise("IndexError",
                      "The shape of the mask %s at index %lld does not match the shape of the "
                      "indexed tensor %s at index %lld",
                      ShapeText(mask.shape()).text, number(d), ShapeText(self.shape()).text,
                      number(dims.count + d));
  TensorRef found = nonzeroIndices(cx, mask);
  TSC_TRY(found);
  for (int64_t d = 0; d < mask.rank; ++d) {
    TensorRef column = select(cx, *found, 1, d);
    TSC_TRY(column);
    dims.of[dims.count++] = static_cast<TensorRef &&>(column);
  }
  return success();
}

static Status collectIndices(Context &cx, DimIndices &dims, const Tensor &self,
                             TensorList indices) {
  for (int64_t i = 0; i < indices.size(); ++i) {
    OptTensor index = indices.optional(i);
    int64_t takes = index && isMask(*index) ? index->rank : 1;
    if (dims.count + takes > self.rank)
      return cx.raise("IndexError", "too many indices for tensor of dimension %lld (got %lld)",
                      number(self.rank), number(dims.count + takes + indices.size() - 1 - i));
    if (!index) {
      ++dims.count;
      continue;
    }
    if (isMask(*index)) {
      TSC_TRY(expandMask(cx, dims, self, *index));
      continue;
    }
    if (index->dtype != DType::Int64 && index->dtype != DType::Int32)
      return cx.raise("IndexError",
                      "tensors used as indices must be long, int, byte or bool tensors");
    dims.of[dims.count++] = same(*index);
  }
  return success();
}

static Failure cannotBroadcast(Context &cx, const DimIndices &dims) {
  StringBuilder shapes;
  for (int64_t d = 0; d < dims.count; ++d)
    if (dims.of[d]) {
      shapes.add(shapes.size() ? ", " : "");
      shapes.add(ShapeText(dims.of[d]->shape()).text);
    }
  return cx.raise("IndexError",
                  "shape mismatch: indexing tensors could not be broadcast together with shapes "
                  "%.*s",
                  static_cast<int>(shapes.size()), shapes.data());
}

/// Adds index * stride to every offset, wrapping negative indices.
static Status addOffsets(Context &cx, IndexPlan &plan, const Tensor &index, const Tensor &self,
                         int64_t dim, OutOfRange outOfRange) {
  int64_t size = self.sizes[dim], stride = self.strides[dim];
  const int64_t *at = index.ptr<int64_t>();
  int64_t *out = plan.offsets.data();
  if (outOfRange == OutOfRange::Clamp) {
    for (int64_t i = 0; i < plan.indexCount; ++i) {
      int64_t x = at[i] < -size ? -size : at[i] >= size ? size - 1 : at[i];
      out[i] += (x < 0 ? x + size : x) * stride;
    }
    return success();
  }
  for (int64_t i = 0; i < plan.indexCount; ++i) {
    int64_t x = at[i];
    if (x < -size || x >= size)
      return cx.raise("IndexError", "index %lld is out of bounds for dimension %lld with size %lld",
                      number(x), number(dim), number(size));
    out[i] += (x < 0 ? x + size : x) * stride;
  }
  return success();
}

/// Joins the dims behind the indices into one run, or lists their offsets.
static Status planAfter(Context &cx, IndexPlan &plan) {
  for (int64_t s : plan.after)
    plan.afterCount *= s;
  int64_t last = -1;
  bool oneRun = true;
  for (int64_t d = plan.after.size() - 1; d >= 0; --d) {
    if (plan.after[d] == 1)
      continue;
    if (last < 0)
      plan.afterStep = plan.afterStrides[d];
    else
      oneRun &= plan.afterStrides[d] == plan.afterStrides[last] * plan.after[last];
    last = d;
  }
  if (oneRun || plan.afterCount == 0)
    return success();
  TSC_TRY(plan.afterOffsets.resize(cx, plan.afterCount));
  for (int64_t a = 0; a < plan.afterCount; ++a)
    plan.afterOffsets[a] = detail::flatOffset(plan.after, plan.afterStrides, a);
  return success();
}

namespace tsc::rt {
Status planIndex(Context &cx, IndexPlan &plan, const Tensor &self, TensorList indices,
                 OutOfRange outOfRange) {
  DimIndices dims;
  TSC_TRY(collectIndices(cx, dims, self, indices));
  int64_t first = -1, last = -1, indexed = 0;
  Shape shape;
  for (int64_t d = 0; d < dims.count; ++d) {
    if (!dims.of[d])
      continue;
    first = first < 0 ? d : first, last = d, ++indexed;
    Shape wider;
    IntList other = dims.of[d]->shape();
    int64_t rank = shape.size() > other.size() ? shape.size() : other.size();
    for (int64_t i = 0; i < rank; ++i) {
      int64_t p = i - (rank - shape.size()), q = i - (rank - other.size());
      int64_t x = p >= 0 ? shape[p] : 1, y = q >= 0 ? other[q] : 1;
      if (x != y && x != 1 && y != 1)
        return cannotBroadcast(cx, dims);
      wider.push(x == 1 ? y : x);
    }
    shape = wider;
  }
  bool adjacent = indexed == 0 || last - first + 1 == indexed;
  for (int64_t d = 0; d < self.rank; ++d) {
    if (d < dims.count && dims.of[d])
      continue;
    bool inFront = adjacent && d < first;
    (inFront ? plan.before : plan.after).push(self.sizes[d]);
    (inFront ? plan.beforeStrides : plan.afterStrides).push(self.strides[d]);
    plan.beforeCount *= inFront ? self.sizes[d] : 1;
  }
  if (plan.before.size() + shape.size() + plan.after.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  for (IntList part : {IntList(plan.before), IntList(shape), IntList(plan.after)})
    for (int64_t s : part)
      plan.sizes.push(s);
  TSC_TRY(planAfter(cx, plan));
  TSC_ASSIGN(plan.indexCount, checkedNumel(cx, shape));
  TSC_TRY(plan.offsets.resize(cx, plan.indexCount));
  for (int64_t d = 0; d < dims.count && plan.indexCount; ++d) {
    if (!dims.of[d])
      continue;
    TensorRef wide =
        dims.of[d]->shape() == IntList(shape) ? same(*dims.of[d]) : expand(cx, *dims.of[d], shape);
    TSC_TRY(wide);
    TensorRef dense = contiguousAs(cx, *wide, DType::Int64);
    TSC_TRY(dense);
    if (outOfRange == OutOfRange::Clamp && self.sizes[d] == 0)
      continue;
    TSC_TRY(addOffsets(cx, plan, *dense, self, d, outOfRange));
  }
  return success();
}

TensorRef indexNumbers(Context &cx, const char *name, const Tensor &index) {
  if (index.dtype != DType::Int64 && index.dtype != DType::Int32)
    return cx.fail("%s(): Expected dtype int32/int64 for index but got: %s", name,
                   findDType(index.dtype)->graphName);
  return contiguousAs(cx, index, DType::Int64);
}
} // namespace tsc::rt

/// Elements of one size, n for each (before, index).
template <class T>
static void gatherElements(const IndexPlan &plan, const T *base, T *out, int64_t begin,
                           int64_t end) {
  int64_t n = plan.afterCount, step = plan.afterStep;
  const int64_t *after = plan.afterOffsets.empty() ? nullptr : plan.afterOffsets.data();
  int64_t b = -1, offset = 0;
  for (int64_t i = begin; i < end; ++i) {
    int64_t row = i / plan.indexCount;
    if (row != b)
      b = row, offset = plan.beforeOffset(b);
    const T *from = base + offset + plan.offsets[i - row * plan.indexCount];
    T *to = out + i * n;
    if (after)
      for (int64_t a = 0; a < n; ++a)
        to[a] = from[after[a]];
    else if (n == 1)
      *to = *from;
    else if (step == 1)
      std::memcpy(static_cast<void *>(to), from, static_cast<size_t>(n) * sizeof(T));
    else
      for (int64_t a = 0; a < n; ++a)
        to[a] = from[a * step];
  }
}

namespace tsc::rt {
TensorRef gatherPlan(Context &cx, const IndexPlan &plan, const Tensor &self) {
  TensorRef out = empty(cx, plan.sizes, self.dtype);
  TSC_TRY(out);
  if (out->numel == 0)
    return out;
  if (self.numel == 0)
    return cx.raise("IndexError", "index is out of bounds for dimension with size 0");
  struct Pair {
    uint64_t a, b;
  };
  int64_t grain = 1 + 32768 / plan.afterCount;
  parallelFor(cx, 0, plan.beforeCount * plan.indexCount, grain, [&](int64_t begin, int64_t end) {
    switch (self.itemsize()) {
    case 1:
      return gatherElements(plan, self.ptr<uint8_t>(), out->ptr<uint8_t>(), begin, end);
    case 2:
      return gatherElements(plan, self.ptr<uint16_t>(), out->ptr<uint16_t>(), begin, end);
    case 4:
      return gatherElements(plan, self.ptr<uint32_t>(), out->ptr<uint32_t>(), begin, end);
    case 8:
      return gatherElements(plan, self.ptr<uint64_t>(), out->ptr<uint64_t>(), begin, end);
    default:
      return gatherElements(plan, self.ptr<Pair>(), out->ptr<Pair>(), begin, end);
    }
  });
  return out;
}
TensorRef indexTensors(Context &cx, const Tensor &self, TensorList indices, OutOfRange outOfRange) {
  IndexPlan plan;
  TSC_TRY(planIndex(cx, plan, self, indices, outOfRange));
  return gatherPlan(cx, plan, self);
}
TensorRef selectIndices(Context &cx, const Tensor &self, int64_t dim, const Tensor &index) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  if (index.rank > 1)
    return cx.raise("IndexError", "index_select(): Index is supposed to be a vector");
  TensorRef numbers = indexNumbers(cx, "index_select", index);
  TSC_TRY(numbers);
  int64_t size = self.rank ? self.sizes[dim] : 1;
  if (self.rank == 0 && numbers->numel != 1)
    return cx.fail("index_select(): Index to scalar can have only 1 value, got %lld value(s)",
                   number(numbers->numel));
  IndexPlan plan;
  plan.indexCount = numbers->numel;
  for (int64_t d = 0; d < self.rank; ++d) {
    plan.sizes.push(d == dim ? plan.indexCount : self.sizes[d]);
    if (d == dim)
      continue;
    (d < dim ? plan.before : plan.after).push(self.sizes[d]);
    (d < dim ? plan.beforeStrides : plan.afterStrides).push(self.strides[d]);
    plan.beforeCount *= d < dim ? self.sizes[d] : 1;
  }
  TSC_TRY(planAfter(cx, plan));
  TSC_TRY(plan.offsets.resize(cx, plan.indexCount));
  for (int64_t i = 0; i < plan.indexCount; ++i) {
    int64_t at = numbers->ptr<int64_t>()[i];
    if (at < 0 || at >= size)
      return cx.raise("IndexError", "index out of range in self");
    plan.offsets[i] = self.rank ? at * self.strides[dim] : 0;
  }
  return gatherPlan(cx, plan, self);
}
} // namespace tsc::rt

TSC_KERNEL(aten_index_select, selectIndices)
TSC_OUTPUT_COPY(aten_index_select_out, selectIndices)

static TensorRef indexOf(Context &cx, const Tensor &self, TensorList indices) {
  return indexTensors(cx, self, indices);
}
TSC_KERNEL(aten_index_Tensor, indexOf)
TSC_KERNEL(aten_index_Tensor_hacked_twin, indexOf)
TSC_KERNEL(aten__unsafe_index_Tensor, indexOf)
TSC_KERNEL(aten__unsafe_index_Tensor_hacked_twin, indexOf)
TSC_OUTPUT_COPY(aten_index_Tensor_out, indexOf)

/// Indices are clamped; where the mask is false the result is `value`.
static TensorRef maskedIndex(Context &cx, const Tensor &self, const Tensor &mask,
                             TensorList indices, Scalar value) {
  for (int64_t i = 0; i < indices.size(); ++i)
    if (OptTensor index = indices.optional(i); index && index->isBool())
      return cx.fail("_unsafe_masked_index found unexpected index type Bool");
  TensorRef picked;
  if (self.numel == 0) {
    IndexPlan plan;
    TSC_TRY(planIndex(cx, plan, self, indices, OutOfRange::Clamp));
    return full(cx, plan.sizes, value, self.dtype);
  }
  picked = indexTensors(cx, self, indices, OutOfRange::Clamp);
  TSC_TRY(picked);
  TensorRef wide = expand(cx, mask, picked->shape());
  TSC_TRY(wide);
  TensorRef chosen = contiguousAs(cx, *wide, DType::Bool);
  TSC_TRY(chosen);
  alignas(16) char element[16];
  storeScalar(element, self.dtype, value);
  int64_t bytes = self.itemsize();
  for (int64_t i = 0; i < picked->numel; ++i)
    if (!chosen->ptr<bool>()[i])
      std::memcpy(picked->base() + i * bytes, element, static_cast<size_t>(bytes));
  return picked;
}
TSC_KERNEL(aten__unsafe_masked_index, maskedIndex)
