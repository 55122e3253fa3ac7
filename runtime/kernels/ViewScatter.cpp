// SPDX-License-Identifier: Apache-2.0
// A copy of a tensor with one view of it replaced: select_scatter, slice_scatter, diagonal_scatter,
// as_strided_scatter.
#include "Views.h"

using namespace tsc::rt;

/// `made` is the copy, `place` a view of it that has to have the source's shape.
static TensorRef replace(Context &cx, TensorRef made, TensorRef place, const Tensor &source) {
  TSC_TRY(made && place);
  if (!(place->shape() == source.shape()))
    return cx.fail("expected src to have a size equal to the slice of self. src size = %s, slice "
                   "size = %s",
                   ShapeText(source.shape()).text, ShapeText(place->shape()).text);
  TSC_TRY(copyInto(cx, *place, source));
  return made;
}
static TensorRef copyOf(Context &cx, const Tensor &self) {
  return clone(cx, self, MemoryFormat::Contiguous);
}

static TensorRef selectScatter(Context &cx, const Tensor &self, const Tensor &source, int64_t dim,
                               int64_t index) {
  TensorRef made = copyOf(cx, self);
  TSC_TRY(made);
  TensorRef place = selectDim(cx, *made, dim, index);
  return replace(cx, made, place, source);
}
static TensorRef sliceScatter(Context &cx, const Tensor &self, const Tensor &source, int64_t dim,
                              Optional<int64_t> start, Optional<int64_t> end, int64_t step) {
  TensorRef made = copyOf(cx, self);
  TSC_TRY(made);
  TensorRef place = sliceTensor(cx, *made, dim, start, end, step);
  TSC_TRY(place);
  TensorRef wide = expand(cx, source, place->shape());
  TSC_TRY(wide);
  return replace(cx, made, place, *wide);
}
static TensorRef diagonalScatter(Context &cx, const Tensor &self, const Tensor &source,
                                 int64_t offset, int64_t dim1, int64_t dim2) {
  TensorRef made = copyOf(cx, self);
  TSC_TRY(made);
  TensorRef place = diagonalView(cx, *made, offset, dim1, dim2);
  return replace(cx, made, place, source);
}
/// The copy keeps the whole storage of self, which the strides may reach into.
static TensorRef asStridedScatter(Context &cx, const Tensor &self, const Tensor &source,
                                  IntList sizes, IntList strides, Optional<int64_t> offset) {
  TensorRef made;
  if (self.isContiguous()) {
    int64_t count = self.storage->bytes / self.itemsize();
    TensorRef whole = asStrided(cx, self, Shape::of(count), Shape::of(1), -self.offset());
    TSC_TRY(whole);
    TensorRef copy = copyOf(cx, *whole);
    TSC_TRY(copy);
    made = asStrided(cx, *copy, self.shape(), self.stridesList(), self.offset());
  } else
    made = clone(cx, self);
  TSC_TRY(made);
  TensorRef place = asStridedAt(cx, *made, sizes, strides, offset);
  return replace(cx, made, place, source);
}
TSC_KERNEL(aten_select_scatter, selectScatter)
TSC_OUTPUT_COPY(aten_select_scatter_out, selectScatter)
TSC_KERNEL(aten_slice_scatter, sliceScatter)
TSC_OUTPUT_COPY(aten_slice_scatter_out, sliceScatter)
TSC_KERNEL(aten_diagonal_scatter, diagonalScatter)
TSC_OUTPUT_COPY(aten_diagonal_scatter_out, diagonalScatter)
TSC_KERNEL(aten_as_strided_scatter, asStridedScatter)
TSC_OUTPUT_COPY(aten_as_strided_scatter_out, asStridedScatter)
