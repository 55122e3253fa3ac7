// SPDX-License-Identifier: Apache-2.0
// Operators that cut a tensor into a list of views along a dim: unbind, split, chunk, tensor_split
// and the forms of them with fixed dims.
#include "Views.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

/// A list of views made by part(i).
template <class F> static ListRef viewList(Context &cx, int64_t count, F part) {
  const TypeDescriptor *type = listTypeOf(cx, &kTensorType);
  TSC_TRY(type != nullptr);
  ListRef list = newList(cx, type, count);
  TSC_TRY(list);
  for (int64_t i = 0; i < count; ++i) {
    TensorRef v = part(i);
    TSC_TRY(v);
    TSC_TRY(list->append(cx, makeTensor(*v)));
  }
  return list;
}

static ListRef unbindDim(Context &cx, const Tensor &t, int64_t dim) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (t.rank == 0)
    return cx.raise("IndexError", "Dimension specified as %lld but tensor has no dimensions",
                    number(dim));
  return viewList(cx, t.sizes[dim], [&](int64_t i) { return select(cx, t, dim, i); });
}
TSC_KERNEL(aten_unbind_int, unbindDim)
TSC_KERNEL(aten_unbind_copy_int, CopyOf<unbindDim>::run)

static ListRef splitEvery(Context &cx, const Tensor &t, int64_t size, int64_t dim) {
  if (t.rank == 0)
    return cx.fail("split expects at least a 1-dimensional tensor");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (size < 0)
    return cx.fail("split expects split_size be non-negative, but got split_size=%lld",
                   number(size));
  int64_t whole = t.sizes[dim];
  if (size == 0 && whole != 0)
    return cx.fail("split_size can only be 0 if dimension size is 0, but got dimension size of "
                   "%lld",
                   number(whole));
  int64_t count = size == 0 || whole == 0 ? 1 : whole / size + (whole % size != 0);
  return viewList(cx, count, [&](int64_t i) {
    int64_t length = i + 1 < count ? size : whole - size * (count - 1);
    return narrow(cx, t, dim, i * size, length);
  });
}
static ListRef splitSizes(Context &cx, const Tensor &t, IntList sizes, int64_t dim) {
  if (t.rank == 0)
    return cx.fail("split expects at least a 1-dimensional tensor");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  int64_t sum = 0;
  bool overflow = false;
  for (int64_t s : sizes) {
    if (s < 0)
      return cx.fail("split_with_sizes expects split_sizes have only non-negative entries, but got "
                     "split_sizes=%s",
                     ShapeText(sizes).text);
    overflow |= __builtin_add_overflow(sum, s, &sum);
  }
  if (overflow || sum != t.sizes[dim])
    return cx.fail("split_with_sizes expects split_sizes to sum exactly to %lld (input tensor's "
                   "size at dimension %lld), but got split_sizes=%s",
                   number(t.sizes[dim]), number(dim), ShapeText(sizes).text);
  int64_t start = 0;
  return viewList(cx, sizes.size(), [&](int64_t i) {
    int64_t from = start;
    start += sizes[i];
    return narrow(cx, t, dim, from, sizes[i]);
  });
}
TSC_KERNEL(aten_split_Tensor, splitEvery)
TSC_KERNEL(aten_split_copy_Tensor, CopyOf<splitEvery>::run)
TSC_KERNEL(aten_unsafe_split_Tensor, splitEvery)
TSC_KERNEL(aten_split, splitSizes)
TSC_KERNEL(aten_split_sizes, splitSizes)
TSC_KERNEL(aten_split_with_sizes, splitSizes)
TSC_KERNEL(aten_split_with_sizes_copy, CopyOf<splitSizes>::run)
TSC_KERNEL(aten_unsafe_split_with_sizes, splitSizes)

static ListRef chunks(Context &cx, const Tensor &t, int64_t count, int64_t dim) {
  if (t.rank == 0)
    return cx.fail("chunk expects at least a 1-dimensional tensor");
  if (count <= 0)
    return cx.fail("chunk expects `chunks` to be greater than 0, got: %lld", number(count));
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  int64_t whole = t.sizes[dim], size = whole / count + (whole % count != 0);
  if (size > 0)
    return splitEvery(cx, t, size, dim);
  return viewList(cx, count, [&](int64_t) { return narrow(cx, t, dim, 0, 0); });
}
TSC_KERNEL(aten_chunk, chunks)
TSC_KERNEL(aten_unsafe_chunk, chunks)

// ---- tensor_split: parts need not be equal
static ListRef splitSections(Context &cx, const Tensor &t, int64_t sections, int64_t dim) {
  if (t.rank == 0)
    return cx.fail("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 "
                   "dims");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (sections <= 0)
    return cx.fail("number of sections must be larger than 0, got %lld", number(sections));
  int64_t base = t.sizes[dim] / sections, larger = t.sizes[dim] % sections, start = 0;
  return viewList(cx, sections, [&](int64_t i) {
    int64_t from = start, length = base + (i < larger);
    start += length;
    return narrow(cx, t, dim, from, length);
  });
}
static ListRef splitIndices(Context &cx, const Tensor &t, IntList indices, int64_t dim) {
  if (t.rank == 0)
    return cx.fail("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 "
                   "dims");
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  int64_t start = 0;
  return viewList(cx, indices.size() + 1, [&](int64_t i) {
    int64_t from = start, to = i < indices.size() ? indices[i] : t.sizes[dim];
    start = to;
    return sliceTensor(cx, t, dim, from, to, 1);
  });
}
static ListRef splitByTensor(Context &cx, const Tensor &t, const Tensor &where, int64_t dim) {
  if (where.dtype != DType::Int64)
    return cx.fail("tensor_split expected tensor_indices_or_sections to have dtype of long, but "
                   "got %s",
                   findDType(where.dtype)->graphName);
  if (where.rank > 1)
    return cx.fail("tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
                   "one-dimensional tensor, but got a tensor with %lld dims",
                   number(where.rank));
  if (where.rank == 0)
    return splitSections(cx, t, where.item().toInt(), dim);
  TensorRef dense = contiguous(cx, where);
  TSC_TRY(dense);
  return splitIndices(cx, t, {dense->ptr<int64_t>(), dense->numel}, dim);
}
TSC_KERNEL(aten_tensor_split_sections, splitSections)
TSC_KERNEL(aten_tensor_split_indices, splitIndices)
TSC_KERNEL(aten_tensor_split_tensor_indices_or_sections, splitByTensor)

/// hsplit, vsplit and dsplit: a fixed dim and equal parts.
static Result<int64_t> splitDim(Context &cx, const Tensor &t, char kind) {
  int64_t wanted = kind == 'h' ? 1 : kind == 'v' ? 2 : 3;
  if (t.rank < wanted)
    return cx.fail("torch.%csplit requires a tensor with at least %lld dimension%s, but got a "
                   "tensor with %lld dimensions!",
                   kind, number(wanted), wanted == 2 ? "s" : "", number(t.rank));
  return kind == 'v' ? 0 : kind == 'd' ? 2 : t.rank == 1 ? 0 : 1;
}
template <char Kind> static ListRef splitEqual(Context &cx, const Tensor &t, int64_t sections) {
  TSC_ASSIGN(int64_t dim, splitDim(cx, t, Kind));
  if (sections == 0 || t.sizes[dim] % sections)
    return cx.fail("torch.%csplit attempted to split along dimension %lld, but the size of the "
                   "dimension %lld is not divisible by the split_size %lld!",
                   Kind, number(dim), number(t.sizes[dim]), number(sections));
  return splitSections(cx, t, sections, dim);
}
template <char Kind> static ListRef splitArray(Context &cx, const Tensor &t, IntList indices) {
  TSC_ASSIGN(int64_t dim, splitDim(cx, t, Kind));
  return splitIndices(cx, t, indices, dim);
}
TSC_KERNEL(aten_hsplit_int, splitEqual<'h'>)
TSC_KERNEL(aten_hsplit_array, splitArray<'h'>)
TSC_KERNEL(aten_vsplit_int, splitEqual<'v'>)
TSC_KERNEL(aten_vsplit_array, splitArray<'v'>)
TSC_KERNEL(aten_dsplit_int, splitEqual<'d'>)
TSC_KERNEL(aten_dsplit_array, splitArray<'d'>)
