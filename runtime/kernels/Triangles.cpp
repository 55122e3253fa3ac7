// SPDX-License-Identifier: Apache-2.0
// Diagonals and triangles of matrices: eye, diag, diag_embed, diagflat, tril, triu, their indices
// and fill_diagonal_.
#include "Creation.h"
#include "Views.h"
#include "tsc/runtime/Threads.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

static TensorRef eyeOf(Context &cx, int64_t rows, int64_t columns, Optional<DType> dtype,
                       TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  if (rows < 0 || columns < 0)
    return cx.fail("%c must be greater or equal to 0, got %lld", rows < 0 ? 'n' : 'm',
                   number(rows < 0 ? rows : columns));
  TensorRef t = zeros(cx, Shape::of(rows, columns), dtype.valueOr(cx.defaultDType));
  TSC_TRY(t);
  for (int64_t i = 0; i < rows && i < columns; ++i)
    storeScalar(t->base() + i * (columns + 1) * t->itemsize(), t->dtype, Scalar(1));
  return t;
}
static TensorRef eyeSquare(Context &cx, int64_t n, Optional<DType> dtype, const Value &layout,
                           Optional<Device> device, const Value &pin) {
  return eyeOf(cx, n, n, dtype, layout, device, pin);
}
TSC_KERNEL(aten_eye, eyeSquare)
TSC_KERNEL(aten_eye_m, eyeOf)

// ---- Triangles
/// Zeroes what is outside the triangle, row by row.
static void maskTriangle(Context &cx, Tensor &t, int64_t diagonal, bool upper) {
  int64_t rows = t.size(-2), columns = t.size(-1), bytes = t.itemsize();
  if (t.numel == 0)
    return;
  parallelFor(cx, 0, t.numel / columns, 1 + 16384 / columns, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t edge = r % rows + diagonal + (upper ? 0 : 1);
      edge = edge < 0 ? 0 : edge > columns ? columns : edge;
      char *row = t.base() + r * columns * bytes;
      if (upper)
        std::memset(row, 0, static_cast<size_t>(edge * bytes));
      else
        std::memset(row + edge * bytes, 0, static_cast<size_t>((columns - edge) * bytes));
    }
  });
}
template <bool Upper> static TensorRef triangle(Context &cx, const Tensor &t, int64_t diagonal) {
  if (t.rank < 2)
    return cx.fail("%s: input tensor must have at least 2 dimensions", Upper ? "triu" : "tril");
  TensorRef made = clone(cx, t, MemoryFormat::Contiguous);
  TSC_TRY(made);
  int64_t bound = t.size(-2) + t.size(-1);
  diagonal = diagonal < -bound ? -bound : diagonal > bound ? bound : diagonal;
  maskTriangle(cx, *made, diagonal, Upper);
  return made;
}
TSC_KERNEL(aten_tril, triangle<false>)
TSC_KERNEL(aten_triu, triangle<true>)
TSC_INPLACE_COPY(aten_tril_, triangle<false>)
TSC_INPLACE_COPY(aten_triu_, triangle<true>)
TSC_OUTPUT_COPY(aten_tril_out, triangle<false>)
TSC_OUTPUT_COPY(aten_triu_out, triangle<true>)

template <bool Upper>
static TensorRef triangleIndices(Context &cx, int64_t rows, int64_t columns, int64_t offset,
                                 Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  if (rows < 0 || columns < 0)
    return cx.fail("%s must be non-negative, got %lld", rows < 0 ? "row" : "col",
                   number(rows < 0 ? rows : columns));
  auto first = [&](int64_t r) {
    int64_t c = Upper ? r + offset : 0;
    return c < 0 ? 0 : c > columns ? columns : c;
  };
  auto last = [&](int64_t r) {
    int64_t c = Upper ? columns : r + offset + 1;
    return c < 0 ? 0 : c > columns ? columns : c;
  };
  int64_t count = 0;
  for (int64_t r = 0; r < rows; ++r)
    count += last(r) - first(r);
  TensorRef t = empty(cx, Shape::of(2, count), DType::Int64);
  TSC_TRY(t);
  int64_t *row = t->ptr<int64_t>(), *column = row + count;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = first(r); c < last(r); ++c)
      *row++ = r, *column++ = c;
  return toDType(cx, *t, dtype.valueOr(DType::Int64));
}
TSC_KERNEL(aten_tril_indices, triangleIndices<false>)
TSC_KERNEL(aten_triu_indices, triangleIndices<true>)

// ---- Diagonals
static TensorRef diagEmbed(Context &cx, const Tensor &t, int64_t offset, int64_t dim1,
                           int64_t dim2) {
  if (t.rank == 0)
    return cx.raise("IndexError",
                    "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  int64_t rank = t.rank + 1, given1 = dim1, given2 = dim2;
  TSC_ASSIGN(dim1, wrapDim(cx, dim1, rank));
  TSC_ASSIGN(dim2, wrapDim(cx, dim2, rank));
  if (dim1 == dim2)
    return cx.fail("diagonal dimensions cannot be identical %lld, %lld", number(given1),
                   number(given2));
  int64_t size = t.size(-1) + (offset < 0 ? -offset : offset);
  Shape sizes = t.shape().take(t.rank - 1);
  sizes.insert(dim1 < dim2 ? dim1 : dim2, size);
  sizes.insert(dim1 < dim2 ? dim2 : dim1, size);
  TensorRef made = zeros(cx, sizes, t.dtype);
  TSC_TRY(made);
  TensorRef diagonal = diagonalView(cx, *made, offset, dim1, dim2);
  TSC_TRY(diagonal);
  TSC_TRY(copyInto(cx, *diagonal, t));
  return made;
}
static TensorRef diagOf(Context &cx, const Tensor &t, int64_t offset) {
  if (t.rank != 1 && t.rank != 2)
    return cx.fail("diag(): Supports 1D or 2D tensors. Got %lldD", number(t.rank));
  if (t.rank == 1)
    return diagEmbed(cx, t, offset, 0, 1);
  TensorRef diagonal = diagonalView(cx, t, offset, 0, 1);
  TSC_TRY(diagonal);
  return clone(cx, *diagonal, MemoryFormat::Contiguous);
}
static TensorRef diagFlat(Context &cx, const Tensor &t, int64_t offset) {
  TensorRef flat = reshape(cx, t, Shape::of(-1));
  TSC_TRY(flat);
  return diagEmbed(cx, *flat, offset, 0, 1);
}
TSC_KERNEL(aten_diag_embed, diagEmbed)
TSC_OUTPUT_COPY(aten_diag_embed_out, diagEmbed)
TSC_KERNEL(aten_diag, diagOf)
TSC_OUTPUT_COPY(aten_diag_out, diagOf)
TSC_KERNEL(aten_diagflat, diagFlat)

static TensorRef fillDiagonal(Context &cx, Tensor &t, Scalar value, bool wrap) {
  if (t.rank < 2)
    return cx.fail("dimensions must larger than 1");
  int64_t smallest = t.sizes[0], step = 0;
  for (int64_t d = 0; d < t.rank; ++d) {
    if (t.rank > 2 && t.sizes[d] != t.sizes[0])
      return cx.fail("all dimensions of input must be of equal length");
    smallest = t.sizes[d] < smallest ? t.sizes[d] : smallest;
    step += t.strides[d];
  }
  TensorRef diagonal = asStrided(cx, t, Shape::of(smallest), Shape::of(step));
  TSC_TRY(diagonal);
  TSC_TRY(fill(cx, *diagonal, value));
  int64_t rows = t.sizes[0], columns = t.sizes[1];
  if (!wrap || t.rank != 2 || rows <= columns + 1)
    return same(t);
  // The diagonal starts again one row below where it ended.
  for (int64_t r = columns + 1, c = 0; r < rows; ++r, ++c) {
    if (c == columns) {
      c = -1;
      continue;
    }
    storeScalar(t.base() + (r * t.strides[0] + c * t.strides[1]) * t.itemsize(), t.dtype, value);
  }
  return same(t);
}
TSC_KERNEL(aten_fill_diagonal_, fillDiagonal)
