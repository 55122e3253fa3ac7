// SPDX-License-Identifier: Apache-2.0
// Views of a part of a tensor or with repeated elements: select, slice, narrow, diagonal, unfold,
// as_strided, expand, and views of the same bytes as another dtype.
#include "Views.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

namespace tsc::rt {
TensorRef selectDim(Context &cx, const Tensor &t, int64_t dim, int64_t index) {
  if (t.rank == 0)
    return cx.raise("IndexError", "select() cannot be applied to a 0-dim tensor.");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  return select(cx, t, dim, index);
}

TensorRef sliceTensor(Context &cx, const Tensor &t, int64_t dim, Optional<int64_t> start,
                      Optional<int64_t> end, int64_t step) {
  if (t.rank == 0)
    return cx.raise("IndexError", "slice() cannot be applied to a 0-dim tensor.");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (step <= 0)
    return cx.fail("slice step must be positive");
  int64_t size = t.sizes[dim], from = start.valueOr(0), to = end.valueOr(INT64_MAX);
  from = from < 0 ? from + size : from;
  to = to < 0 ? to + size : to;
  from = from < 0 || from == INT64_MAX ? 0 : from > size ? size : from;
  to = to < from ? from : to > size ? size : to;
  Shape sizes = t.shape(), strides = t.stridesList();
  sizes[dim] = (to - from) / step + ((to - from) % step != 0);
  strides[dim] *= step;
  return asStrided(cx, t, sizes, strides, from * t.strides[dim]);
}

TensorRef narrowDim(Context &cx, const Tensor &t, int64_t dim, int64_t start, int64_t length) {
  if (t.rank == 0)
    return cx.fail("narrow() cannot be applied to a 0-dim tensor.");
  if (length < 0)
    return cx.fail("narrow(): length must be non-negative.");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  int64_t size = t.sizes[dim];
  if (start < -size || start > size)
    return cx.raise("IndexError",
                    "start out of range (expected to be in range of [%lld, %lld], but got %lld)",
                    number(-size), number(size), number(start));
  return narrow(cx, t, dim, start < 0 ? start + size : start, length);
}

TensorRef diagonalView(Context &cx, const Tensor &t, int64_t offset, int64_t dim1, int64_t dim2) {
  int64_t given1 = dim1, given2 = dim2;
  TSC_ASSIGN(dim1, wrapDim(cx, dim1, t.rank));
  TSC_ASSIGN(dim2, wrapDim(cx, dim2, t.rank));
  if (dim1 == dim2)
    return cx.fail("diagonal dimensions cannot be identical %lld, %lld", number(given1),
                   number(given2));
  int64_t rows = t.sizes[dim1], columns = t.sizes[dim2];
  int64_t size = offset >= 0 ? (columns - offset < rows ? columns - offset : rows)
                             : (rows + offset < columns ? rows + offset : columns);
  size = size < 0 ? 0 : size;
  int64_t skip = size == 0 ? 0 : offset >= 0 ? offset * t.strides[dim2] : -offset * t.strides[dim1];
  Shape sizes = t.shape(), strides = t.stridesList();
  int64_t step = strides[dim1] + strides[dim2];
  int64_t high = dim1 > dim2 ? dim1 : dim2, low = dim1 > dim2 ? dim2 : dim1;
  sizes.erase(high), sizes.erase(low), strides.erase(high), strides.erase(low);
  sizes.push(size), strides.push(step);
  return asStrided(cx, t, sizes, strides, skip);
}

TensorRef asStridedAt(Context &cx, const Tensor &t, IntList sizes, IntList strides,
                      Optional<int64_t> storageOffset) {
  if (sizes.size() != strides.size())
    return cx.fail("mismatch in length of strides and shape");
  if (sizes.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  for (int64_t s : strides)
    if (s < 0)
      return cx.fail(
          "as_strided: Negative strides are not supported at the moment, got strides: %s",
          ShapeText(strides).text);
  int64_t offset = storageOffset.valueOr(t.offset());
  if (offset < 0)
    return cx.fail("Tensor: invalid storage offset %lld", number(offset));
  return asStrided(cx, t, sizes, strides, offset - t.offset());
}
} // namespace tsc::rt

static Result<int64_t> startIn(Context &cx, const Tensor &start) {
  if (start.rank != 0 || !start.isIntegral(false))
    return cx.fail("start must be an 0-dim integral Tensor.");
  return start.item().toInt();
}
static TensorRef narrowFrom(Context &cx, const Tensor &t, int64_t dim, const Tensor &start,
                            int64_t length) {
  TSC_ASSIGN(int64_t from, startIn(cx, start));
  return narrowDim(cx, t, dim, from, length);
}
TSC_KERNEL(aten_select_int, selectDim)
TSC_VIEW_COPY(aten_select_copy_int, aten_select_copy_int_out, selectDim)
TSC_KERNEL(aten_slice_Tensor, sliceTensor)
TSC_VIEW_COPY(aten_slice_copy_Tensor, aten_slice_copy_Tensor_out, sliceTensor)
TSC_KERNEL(aten_narrow, narrowDim)
TSC_KERNEL(aten_narrow_Tensor, narrowFrom)
TSC_VIEW_COPY(aten_narrow_copy, aten_narrow_copy_out, narrowDim)
TSC_KERNEL(aten_diagonal, diagonalView)
TSC_KERNEL(aten_linalg_diagonal, diagonalView)
TSC_VIEW_COPY(aten_diagonal_copy, aten_diagonal_copy_out, diagonalView)
TSC_KERNEL(aten_as_strided, asStridedAt)
TSC_KERNEL(aten_as_strided_, InPlace<asStridedAt>::run)
TSC_VIEW_COPY(aten_as_strided_copy, aten_as_strided_copy_out, asStridedAt)

static TensorRef unfoldDim(Context &cx, const Tensor &t, int64_t dim, int64_t size, int64_t step) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  int64_t whole = t.rank ? t.sizes[dim] : 1;
  if (size < 0)
    return cx.fail("size is %lld but must be >= 0", number(size));
  if (size > whole)
    return cx.fail("maximum size for tensor at dimension %lld is %lld but size is %lld",
                   number(dim), number(whole), number(size));
  if (step <= 0)
    return cx.fail("step is %lld but must be > 0", number(step));
  Shape sizes = t.shape(), strides = t.stridesList();
  sizes.push(size), strides.push(t.rank ? t.strides[dim] : 1);
  if (t.rank)
    sizes[dim] = (whole - size) / step + 1, strides[dim] *= step;
  return asStrided(cx, t, sizes, strides);
}
TSC_KERNEL(aten_unfold, unfoldDim)
TSC_VIEW_COPY(aten_unfold_copy, aten_unfold_copy_out, unfoldDim)

// ---- Repeated elements
static TensorRef expandSizes(Context &cx, const Tensor &t, IntList sizes, bool) {
  return expand(cx, t, sizes);
}
static TensorRef expandLike(Context &cx, const Tensor &t, const Tensor &other) {
  return expand(cx, t, other.shape());
}
static TensorRef broadcastTo(Context &cx, const Tensor &t, IntList sizes) {
  return expand(cx, t, sizes);
}
static ListRef broadcastAll(Context &cx, TensorList tensors) {
  Shape shape;
  for (int64_t i = 0; i < tensors.size(); ++i) {
    TSC_ASSIGN(shape, broadcastShapes(cx, shape, tensors[i].shape()));
  }
  TensorVector made;
  for (int64_t i = 0; i < tensors.size(); ++i)
    TSC_TRY(made.push(cx, tensors[i].shape() == IntList(shape) ? same(tensors[i])
                                                               : expand(cx, tensors[i], shape)));
  return made.list(cx);
}
TSC_KERNEL(aten_expand, expandSizes)
TSC_VIEW_COPY(aten_expand_copy, aten_expand_copy_out, expandSizes)
TSC_KERNEL(aten_expand_as, expandLike)
TSC_KERNEL(aten_broadcast_to, broadcastTo)
TSC_KERNEL(aten_broadcast_tensors, broadcastAll)

static TensorRef sumToSize(Context &cx, const Tensor &t, IntList sizes) {
  int64_t lead = t.rank - sizes.size();
  bool fits = lead >= 0;
  Shape dims;
  for (int64_t d = 0; fits && d < t.rank; ++d) {
    bool reduced = d < lead || (sizes[d - lead] == 1 && t.sizes[d] != 1);
    fits = reduced || sizes[d - lead] == t.sizes[d];
    if (reduced)
      dims.push(d);
  }
  if (!fits)
    return cx.fail("size {%s} is not expandable to size {%s}.", ShapeText(sizes).text,
                   ShapeText(t.shape()).text);
  if (dims.empty() && !sizes.empty())
    return view(cx, t, sizes);
  TensorRef sum = sumTensor(cx, t, Optional<IntList>(dims), true, sumDType(t, {}));
  TSC_TRY(sum);
  return view(cx, *sum, sizes);
}
static TensorRef gradSumToSize(Context &cx, const Tensor &t, Optional<IntList> sizes) {
  return sizes ? sumToSize(cx, t, *sizes) : same(t);
}
TSC_KERNEL(aten_sum_to_size, sumToSize)
TSC_KERNEL(aten__grad_sum_to_size, gradSumToSize)

// ---- Other dtypes over the same bytes
static TensorRef viewDType(Context &cx, const Tensor &t, DType dtype) {
  int64_t from = t.itemsize(), to = tsc::dtypeBytes(dtype);
  if (tsc::isQuantized(t.dtype) || tsc::isQuantized(dtype))
    return cx.fail("view.dtype is not supported for quantized tensors");
  if (from == to)
    return viewAs(cx, t, dtype, t.shape(), t.stridesList());
  const char *name = findDType(t.dtype)->graphName, *wanted = findDType(dtype)->graphName;
  if (t.rank == 0)
    return cx.fail("self.dim() cannot be 0 to view %s as %s (different element sizes)", name,
                   wanted);
  if (t.strides[t.rank - 1] != 1)
    return cx.fail("self.stride(-1) must be 1 to view %s as %s (different element sizes), but got "
                   "%lld",
                   name, wanted, number(t.strides[t.rank - 1]));
  Shape sizes = t.shape(), strides = t.stridesList();
  for (int64_t d = 0; d < t.rank - 1; ++d) {
    if (from < to && t.strides[d] % (to / from))
      return cx.fail("self.stride(%lld) must be divisible by %lld to view %s as %s (different "
                     "element sizes), but got %lld",
                     number(d), number(to / from), name, wanted, number(t.strides[d]));
    strides[d] = from < to ? t.strides[d] / (to / from) : t.strides[d] * (from / to);
  }
  if (from > to)
    sizes.back() *= from / to;
  else if (sizes.back() % (to / from) || t.offset() % (to / from))
    return cx.fail("self.size(-1) and self.storage_offset() must be divisible by %lld to view %s "
                   "as %s (different element sizes), but got %lld and %lld",
                   number(to / from), name, wanted, number(sizes.back()), number(t.offset()));
  else
    sizes.back() /= to / from;
  return viewAs(cx, t, dtype, sizes, strides);
}
TSC_KERNEL(aten_view_dtype, viewDType)
TSC_VIEW_COPY(aten_view_copy_dtype, aten_view_copy_dtype_out, viewDType)

static TensorRef viewAsReal(Context &cx, const Tensor &t) {
  if (!t.isComplex())
    return cx.raise("TypeError", "view_as_real is only supported for complex tensors");
  Shape sizes = t.shape(), strides = t.stridesList();
  for (int64_t &s : strides)
    s *= 2;
  sizes.push(2), strides.push(1);
  return viewAs(cx, t, tsc::toReal(t.dtype), sizes, strides);
}
static TensorRef viewAsComplex(Context &cx, const Tensor &t) {
  if (t.dtype != DType::Float32 && t.dtype != DType::Float64 && t.dtype != DType::Float16)
    return cx.fail(
        "view_as_complex is only supported for half, float and double tensors, but got a "
        "tensor of scalar type: %s",
        findDType(t.dtype)->graphName);
  if (t.rank == 0)
    return cx.fail("Input tensor must have one or more dimensions");
  if (t.sizes[t.rank - 1] != 2)
    return cx.fail("Tensor must have a last dimension of size 2");
  if (t.strides[t.rank - 1] != 1)
    return cx.fail("Tensor must have a last dimension with stride 1");
  Shape sizes = t.shape().take(t.rank - 1), strides = t.stridesList().take(t.rank - 1);
  for (int64_t &s : strides) {
    if (s % 2)
      return cx.fail("Tensor must have a stride divisible by 2 for all but last dimension");
    s /= 2;
  }
  if (t.offset() % 2)
    return cx.fail("Tensor must have a storage_offset divisible by 2");
  return viewAs(cx, t, tsc::toComplex(t.dtype), sizes, strides);
}
TSC_KERNEL(aten_view_as_real, viewAsReal)
TSC_VIEW_COPY(aten_view_as_real_copy, aten_view_as_real_copy_out, viewAsReal)
TSC_KERNEL(aten_view_as_complex, viewAsComplex)
TSC_VIEW_COPY(aten_view_as_complex_copy, aten_view_as_complex_copy_out, viewAsComplex)
