// SPDX-License-Identifier: Apache-2.0
// Views that reorder, add, drop and regroup dims: view, reshape, flatten, squeeze, transpose,
// permute and their kin, with their copying and in-place forms. Nothing here touches elements
// unless a copy is the operator's meaning.
#include "Views.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

// ---- Regrouping
static TensorRef viewSizes(Context &cx, const Tensor &t, IntList sizes) {
  return view(cx, t, sizes);
}
static TensorRef reshapeSizes(Context &cx, const Tensor &t, IntList sizes) {
  return reshape(cx, t, sizes);
}
static TensorRef viewLike(Context &cx, const Tensor &t, const Tensor &other) {
  return view(cx, t, other.shape());
}
static TensorRef reshapeLike(Context &cx, const Tensor &t, const Tensor &other) {
  return reshape(cx, t, other.shape());
}
static TensorRef reshapeAlias(Context &cx, const Tensor &t, IntList sizes, IntList strides) {
  if (sizes.size() != strides.size())
    return cx.fail("_reshape_alias expects as many strides as sizes");
  return asStrided(cx, t, sizes, strides);
}
static TensorRef reshapeCopy(Context &cx, const Tensor &t, IntList sizes) {
  TensorRef copy = clone(cx, t, MemoryFormat::Contiguous);
  TSC_TRY(copy);
  return view(cx, *copy, sizes);
}
TSC_KERNEL(aten_view, viewSizes)
TSC_VIEW_COPY(aten_view_copy, aten_view_copy_out, viewSizes)
TSC_KERNEL(aten__unsafe_view, viewSizes)
TSC_OUTPUT_COPY(aten__unsafe_view_out, viewSizes)
TSC_KERNEL(aten_reshape, reshapeSizes)
TSC_KERNEL(aten__reshape_copy, reshapeCopy)
TSC_KERNEL(aten_view_as, viewLike)
TSC_KERNEL(aten_reshape_as, reshapeLike)
TSC_KERNEL(aten__reshape_alias, reshapeAlias)
TSC_VIEW_COPY(aten__reshape_alias_copy, aten__reshape_alias_copy_out, reshapeAlias)

static TensorRef flattenDims(Context &cx, const Tensor &t, int64_t start, int64_t end) {
  TSC_ASSIGN(start, wrapDim(cx, start, t.rank));
  TSC_ASSIGN(end, wrapDim(cx, end, t.rank));
  if (start > end)
    return cx.fail("flatten() has invalid args: start_dim cannot come after end_dim");
  if (t.rank == 0)
    return reshape(cx, t, Shape::of(1));
  if (start == end)
    return same(t);
  Shape sizes = t.shape().take(start);
  int64_t joined = 1;
  for (int64_t d = start; d <= end; ++d)
    joined *= t.sizes[d];
  sizes.push(joined);
  for (int64_t d = end + 1; d < t.rank; ++d)
    sizes.push(t.sizes[d]);
  return reshape(cx, t, sizes);
}
TSC_KERNEL(aten_flatten_using_ints, flattenDims)
static TensorRef ravelTensor(Context &cx, const Tensor &t) { return reshape(cx, t, Shape::of(-1)); }
TSC_KERNEL(aten_ravel, ravelTensor)

static TensorRef unflattenDim(Context &cx, const Tensor &t, int64_t dim, IntList parts) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (parts.empty())
    return cx.fail("unflatten: sizes must be non-empty");
  int64_t size = t.rank ? t.sizes[dim] : 1, product = 1;
  bool inferred = false;
  for (int64_t p : parts)
    p == -1 ? void(inferred = true) : void(product *= p);
  if (inferred ? product <= 0 || size % product : product != size)
    return cx.fail("unflatten: Provided sizes %s don't multiply up to the size of dim %lld (%lld) "
                   "in the input tensor",
                   ShapeText(parts).text, number(dim), number(size));
  if (t.rank + parts.size() > tsc::kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(tsc::kMaxRank));
  Shape sizes = t.shape().take(t.rank ? dim : 0);
  for (int64_t p : parts)
    sizes.push(p == -1 ? size / product : p);
  for (int64_t d = dim + 1; d < t.rank; ++d)
    sizes.push(t.sizes[d]);
  return view(cx, t, sizes);
}
TSC_KERNEL(aten_unflatten_int, unflattenDim)

// ---- Dims of size 1
static TensorRef squeezeMarked(Context &cx, const Tensor &t, const bool *marked) {
  Shape sizes, strides;
  for (int64_t d = 0; d < t.rank; ++d)
    if (!(marked[d] && t.sizes[d] == 1))
      sizes.push(t.sizes[d]), strides.push(t.strides[d]);
  return asStrided(cx, t, sizes, strides);
}
static TensorRef squeezeAll(Context &cx, const Tensor &t) {
  bool marked[tsc::kMaxRank];
  std::memset(marked, 1, sizeof(marked));
  return squeezeMarked(cx, t, marked);
}
static TensorRef squeezeDim(Context &cx, const Tensor &t, int64_t dim) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  return squeeze(cx, t, dim);
}
static TensorRef squeezeDims(Context &cx, const Tensor &t, IntList dims) {
  TSC_ASSIGN(Shape wrapped, wrapDims(cx, dims, t.rank));
  bool marked[tsc::kMaxRank] = {};
  for (int64_t d : wrapped)
    marked[d] = true;
  return squeezeMarked(cx, t, marked);
}
TSC_KERNEL(aten_squeeze, squeezeAll)
TSC_KERNEL(aten_squeeze_dim, squeezeDim)
TSC_KERNEL(aten_squeeze_dims, squeezeDims)
TSC_KERNEL(aten_squeeze_, InPlace<squeezeAll>::run)
TSC_KERNEL(aten_squeeze__dim, InPlace<squeezeDim>::run)
TSC_KERNEL(aten_squeeze__dims, InPlace<squeezeDims>::run)
TSC_VIEW_COPY(aten_squeeze_copy, aten_squeeze_copy_out, squeezeAll)
TSC_VIEW_COPY(aten_squeeze_copy_dim, aten_squeeze_copy_dim_out, squeezeDim)
TSC_VIEW_COPY(aten_squeeze_copy_dims, aten_squeeze_copy_dims_out, squeezeDims)

namespace tsc::rt {
TensorRef unsqueezeDim(Context &cx, const Tensor &t, int64_t dim) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank + 1));
  return unsqueeze(cx, t, dim);
}
TensorRef atLeast(Context &cx, const Tensor &t, int64_t rank) {
  if (t.rank >= rank)
    return same(t);
  Shape sizes;
  if (t.rank == 0)
    sizes = Shape(rank, 1);
  else if (rank == 2)
    sizes = Shape::of(1, t.sizes[0]);
  else
    sizes = t.rank == 1 ? Shape::of(1, t.sizes[0], 1) : Shape::of(t.sizes[0], t.sizes[1], 1);
  return view(cx, t, sizes);
}
ListRef TensorVector::list(Context &cx) const {
  const TypeDescriptor *type = listTypeOf(cx, &kTensorType);
  TSC_TRY(type != nullptr);
  ListRef made = newList(cx, type, items.size());
  TSC_TRY(made);
  for (int64_t i = 0; i < items.size(); ++i)
    TSC_TRY(made->append(cx, makeTensor(*items[i])));
  return made;
}
Result<Shape> wrapDims(Context &cx, IntList dims, int64_t rank) {
  Shape wrapped;
  bool seen[tsc::kMaxRank + 1] = {};
  for (int64_t d : dims) {
    TSC_ASSIGN(int64_t at, wrapDim(cx, d, rank));
    if (seen[at])
      return cx.fail("dim %lld appears multiple times in the list of dims", number(at));
    seen[at] = true;
    wrapped.push(at);
  }
  return wrapped;
}
} // namespace tsc::rt

TSC_KERNEL(aten_unsqueeze, unsqueezeDim)
TSC_KERNEL(aten_unsqueeze_, InPlace<unsqueezeDim>::run)
TSC_VIEW_COPY(aten_unsqueeze_copy, aten_unsqueeze_copy_out, unsqueezeDim)

template <int64_t Rank> static TensorRef atLeastRank(Context &cx, const Tensor &t) {
  return atLeast(cx, t, Rank);
}
template <int64_t Rank> static ListRef atLeastEach(Context &cx, TensorList tensors) {
  TensorVector made;
  for (int64_t i = 0; i < tensors.size(); ++i)
    TSC_TRY(made.push(cx, atLeast(cx, tensors[i], Rank)));
  return made.list(cx);
}
TSC_KERNEL(aten_atleast_1d, atLeastRank<1>)
TSC_KERNEL(aten_atleast_2d, atLeastRank<2>)
TSC_KERNEL(aten_atleast_3d, atLeastRank<3>)
TSC_KERNEL(aten_atleast_1d_Sequence, atLeastEach<1>)
TSC_KERNEL(aten_atleast_2d_Sequence, atLeastEach<2>)
TSC_KERNEL(aten_atleast_3d_Sequence, atLeastEach<3>)

// ---- Order of dims
namespace tsc::rt {
TensorRef transposeDims(Context &cx, const Tensor &t, int64_t a, int64_t b) {
  TSC_ASSIGN(a, wrapDim(cx, a, t.rank));
  TSC_ASSIGN(b, wrapDim(cx, b, t.rank));
  return transpose(cx, t, a, b);
}
TensorRef permuteDims(Context &cx, const Tensor &t, IntList dims) {
  if (dims.size() != t.rank)
    return cx.fail(
        "permute(sparse_coo): number of dimensions in the tensor input does not match "
        "the length of the desired ordering of dimensions i.e. input.dim() = %lld is not equal to "
        "len(dims) = %lld",
        number(t.rank), number(dims.size()));
  TSC_ASSIGN(Shape wrapped, wrapDims(cx, dims, t.rank));
  return permute(cx, t, wrapped);
}
TensorRef conjugated(Context &cx, const Tensor &t) {
  if (!t.isComplex())
    return same(t);
  return elementwise<kComplex, Promote::Keep>(
      cx, "conj", {}, [](auto x) { return std::conj(x); }, inputs(t));
}
} // namespace tsc::rt

static TensorRef transposeMatrix(Context &cx, const Tensor &t) {
  if (t.rank > 2)
    return cx.fail("t() expects a tensor with <= 2 dimensions, but self is %lldD", number(t.rank));
  return t.rank < 2 ? alias(cx, t) : transpose(cx, t, 0, 1);
}
TSC_KERNEL(aten_transpose_int, transposeDims)
TSC_KERNEL(aten_swapaxes, transposeDims)
TSC_KERNEL(aten_swapdims, transposeDims)
TSC_KERNEL(aten_transpose_, InPlace<transposeDims>::run)
TSC_KERNEL(aten_swapaxes_, InPlace<transposeDims>::run)
TSC_KERNEL(aten_swapdims_, InPlace<transposeDims>::run)
TSC_VIEW_COPY(aten_transpose_copy_int, aten_transpose_copy_int_out, transposeDims)
TSC_KERNEL(aten_t, transposeMatrix)
TSC_KERNEL(aten_t_, InPlace<transposeMatrix>::run)
TSC_VIEW_COPY(aten_t_copy, aten_t_copy_out, transposeMatrix)
TSC_KERNEL(aten_permute, permuteDims)
TSC_VIEW_COPY(aten_permute_copy, aten_permute_copy_out, permuteDims)

static TensorRef reverseDims(Context &cx, const Tensor &t) {
  Shape dims;
  for (int64_t d = t.rank - 1; d >= 0; --d)
    dims.push(d);
  return permute(cx, t, dims);
}
static TensorRef transposeLastDims(Context &cx, const Tensor &t) {
  if (t.rank == 0)
    return alias(cx, t);
  if (t.rank < 2)
    return cx.fail(
        "tensor.mT is only supported on matrices or batches of matrices. Got %lld-D tensor.",
        number(t.rank));
  return transpose(cx, t, t.rank - 2, t.rank - 1);
}
static TensorRef adjointOf(Context &cx, const Tensor &t) {
  if (t.rank < 2)
    return cx.fail("tensor.adjoint() is only supported on matrices or batches of matrices. Got "
                   "%lld-D tensor.",
                   number(t.rank));
  TensorRef turned = transpose(cx, t, t.rank - 2, t.rank - 1);
  TSC_TRY(turned);
  return conjugated(cx, *turned);
}
static TensorRef matrixAdjoint(Context &cx, const Tensor &t) {
  if (t.rank != 2 && t.rank != 0)
    return cx.fail("tensor.H is only supported on matrices (2-D tensors). Got %lld-D tensor.%s",
                   number(t.rank),
                   t.rank > 2 ? " For batches of matrices, consider using tensor.mH" : "");
  return t.rank == 0 ? conjugated(cx, t) : adjointOf(cx, t);
}
TSC_KERNEL(aten_numpy_T, reverseDims)
TSC_KERNEL(aten_numpy_T_a, reverseDims)
TSC_KERNEL(aten_mT, transposeLastDims)
TSC_KERNEL(aten_mT_a, transposeLastDims)
TSC_KERNEL(aten_adjoint, adjointOf)
TSC_KERNEL(aten_mH, adjointOf)
TSC_KERNEL(aten_mH_a, adjointOf)
TSC_KERNEL(aten_matrix_H, matrixAdjoint)
TSC_KERNEL(aten_matrix_H_a, matrixAdjoint)

static TensorRef moveDims(Context &cx, const Tensor &t, IntList source, IntList destination) {
  if (source.size() != destination.size())
    return cx.fail("movedim: Invalid source or destination dims: source (%s dims) should contain "
                   "the same number of dims as destination (%s dims)",
                   ShapeText(source).text, ShapeText(destination).text);
  TSC_ASSIGN(Shape from, wrapDims(cx, source, t.rank));
  TSC_ASSIGN(Shape to, wrapDims(cx, destination, t.rank));
  if (t.rank == 0)
    return alias(cx, t);
  Shape order(t.rank, -1);
  bool moved[tsc::kMaxRank] = {};
  for (int64_t i = 0; i < from.size(); ++i)
    order[to[i]] = from[i], moved[from[i]] = true;
  int64_t next = 0;
  for (int64_t d = 0; d < t.rank; ++d) {
    if (moved[d])
      continue;
    while (order[next] != -1)
      ++next;
    order[next] = d;
  }
  return permute(cx, t, order);
}
TSC_KERNEL(aten_movedim_int, moveDims)
TSC_KERNEL(aten_movedim_intlist, moveDims)
TSC_KERNEL(aten_moveaxis_int, moveDims)
TSC_KERNEL(aten_moveaxis_intlist, moveDims)

// ---- The tensor itself under another name
static TensorRef aliasOf(Context &cx, const Tensor &t) { return alias(cx, t); }
static TensorRef itself(Context &, const Tensor &t) { return same(t); }
TSC_KERNEL(aten_alias, aliasOf)
TSC_VIEW_COPY(aten_alias_copy, aten_alias_copy_out, aliasOf)
TSC_KERNEL(aten_detach, aliasOf)
TSC_VIEW_COPY(aten_detach_copy, aten_detach_copy_out, aliasOf)
TSC_VIEW_COPY(aten_lift_fresh_copy, aten_lift_fresh_copy_out, aliasOf)
TSC_KERNEL(aten__lazy_clone, CopyOf<aliasOf>::run)
TSC_KERNEL(aten_lift, itself)
TSC_KERNEL(aten_lift_fresh, itself)
static TensorRef detachInPlace(Context &, Tensor &t) {
  t.flags = static_cast<uint8_t>(t.flags & ~tsc::kRequiresGrad);
  return same(t);
}
TSC_KERNEL(aten_detach_, detachInPlace)
