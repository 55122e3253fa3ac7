// SPDX-License-Identifier: Apache-2.0
// Where elements are not zero, and selection by masks: nonzero, argwhere, where(condition),
// masked_select, masked_scatter.
#include "Index.h"
#include "Views.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

namespace tsc::rt {
/// Masks of detections are false nearly everywhere: eight elements at a time.
static bool areFalse(const bool *eight) {
  uint64_t word;
  std::memcpy(&word, eight, sizeof word);
  return word == 0;
}

TensorRef nonzeroIndices(Context &cx, const Tensor &t) {
  TensorRef truth = contiguousAs(cx, t, DType::Bool);
  TSC_TRY(truth);
  const bool *on = truth->ptr<bool>();
  int64_t count = 0;
  for (int64_t i = 0; i < t.numel; ++i)
    count += on[i];
  // The result is the transpose of one row for each dim.
  TensorRef rows = empty(cx, Shape::of(t.rank, count), DType::Int64);
  TSC_TRY(rows);
  if (t.rank && count) {
    int64_t *out = rows->ptr<int64_t>(), columns = t.sizes[t.rank - 1];
    for (int64_t r = 0; r < t.numel / columns; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        const bool *here = on + r * columns + c;
        if (c % 8 == 0 && c + 8 <= columns && areFalse(here)) {
          c += 7;
          continue;
        }
        if (!*here)
          continue;
        out[(t.rank - 1) * count] = c;
        int64_t rest = r;
        for (int64_t d = t.rank - 2; d >= 0; --d) {
          out[d * count] = rest % t.sizes[d];
          rest /= t.sizes[d];
        }
        ++out;
      }
  }
  return transpose(cx, *rows, 0, 1);
}
} // namespace tsc::rt

TSC_KERNEL(aten_nonzero, nonzeroIndices)
TSC_OUTPUT_COPY(aten_nonzero_out, nonzeroIndices)
TSC_KERNEL(aten_argwhere, nonzeroIndices)

static ListRef nonzeroColumns(Context &cx, const Tensor &t) {
  TensorRef wide = atLeast(cx, t, 1);
  TSC_TRY(wide);
  TensorRef found = nonzeroIndices(cx, *wide);
  TSC_TRY(found);
  TensorVector columns;
  for (int64_t d = 0; d < wide->rank; ++d)
    TSC_TRY(columns.push(cx, select(cx, *found, 1, d)));
  return columns.list(cx);
}
TSC_KERNEL(aten_nonzero_numpy, nonzeroColumns)
TSC_KERNEL(aten_where, nonzeroColumns)

static TensorRef nonzeroStatic(Context &cx, const Tensor &t, int64_t size, int64_t value) {
  if (size < 0)
    return cx.fail("nonzero_static: 'size' must be an non-negative integer");
  TensorRef found = nonzeroIndices(cx, t);
  TSC_TRY(found);
  TensorRef made = full(cx, Shape::of(size, t.rank), Scalar(value), DType::Int64);
  TSC_TRY(made);
  int64_t rows = found->sizes[0] < size ? found->sizes[0] : size;
  TensorRef from = narrow(cx, *found, 0, 0, rows), to = narrow(cx, *made, 0, 0, rows);
  TSC_TRY(from && to);
  TSC_TRY(copyInto(cx, *to, *from));
  return made;
}
TSC_KERNEL(aten_nonzero_static, nonzeroStatic)
TSC_OUTPUT_COPY(aten_nonzero_static_out, nonzeroStatic)

// ---- Selection by a mask
static Result<TensorRef> maskOver(Context &cx, const char *name, const Tensor &mask,
                                  IntList sizes) {
  if (!mask.isBool() && mask.dtype != DType::UInt8)
    return cx.fail("%s: expected BoolTensor for mask", name);
  TensorRef wide = expand(cx, mask, sizes);
  TSC_TRY(wide);
  TensorRef dense = contiguousAs(cx, *wide, DType::Bool);
  TSC_TRY(dense);
  return dense;
}
static TensorRef maskedSelect(Context &cx, const Tensor &self, const Tensor &mask) {
  TSC_ASSIGN(Shape sizes, broadcastShapes(cx, self.shape(), mask.shape()));
  TSC_ASSIGN(TensorRef chosen, maskOver(cx, "masked_select", mask, sizes));
  TensorRef wide = expand(cx, self, sizes);
  TSC_TRY(wide);
  TensorRef dense = contiguous(cx, *wide);
  TSC_TRY(dense);
  const bool *on = chosen->ptr<bool>();
  int64_t count = 0, bytes = self.itemsize();
  for (int64_t i = 0; i < chosen->numel; ++i)
    count += on[i];
  TensorRef made = empty(cx, Shape::of(count), self.dtype);
  TSC_TRY(made);
  char *out = made->base();
  for (int64_t i = 0; i < chosen->numel;) {
    int64_t end = i;
    while (end < chosen->numel && on[end])
      ++end;
    std::memcpy(out, dense->base() + i * bytes, static_cast<size_t>((end - i) * bytes));
    out += (end - i) * bytes;
    i = end + 1;
  }
  return made;
}
TSC_KERNEL(aten_masked_select, maskedSelect)
TSC_OUTPUT_COPY(aten_masked_select_out, maskedSelect)

/// Elements of `source`, in order, where the mask is true.
static Status scatterMasked(Context &cx, Tensor &dense, const Tensor &mask, const Tensor &source) {
  if (dense.dtype != source.dtype)
    return cx.fail("masked_scatter: expected self and source to have same dtypes but got %s and %s",
                   findDType(dense.dtype)->graphName, findDType(source.dtype)->graphName);
  TSC_ASSIGN(TensorRef chosen, maskOver(cx, "masked_scatter", mask, dense.shape()));
  TensorRef from = contiguous(cx, source);
  TSC_TRY(from);
  int64_t used = 0, bytes = dense.itemsize();
  for (int64_t i = 0; i < dense.numel; ++i) {
    if (!chosen->ptr<bool>()[i])
      continue;
    if (used == from->numel)
      return cx.fail("masked_scatter: expected number of elements in source (%lld) to be at least "
                     "the number of ones in mask",
                     number(from->numel));
    std::memcpy(dense.base() + i * bytes, from->base() + used++ * bytes,
                static_cast<size_t>(bytes));
  }
  return success();
}
static TensorRef maskedScatter(Context &cx, const Tensor &self, const Tensor &mask,
                               const Tensor &source) {
  TSC_ASSIGN(Shape sizes, broadcastShapes(cx, self.shape(), mask.shape()));
  TensorRef wide = expand(cx, self, sizes);
  TSC_TRY(wide);
  TensorRef made = clone(cx, *wide, MemoryFormat::Contiguous);
  TSC_TRY(made);
  TSC_TRY(scatterMasked(cx, *made, mask, source));
  return made;
}
static TensorRef maskedScatterInPlace(Context &cx, Tensor &self, const Tensor &mask,
                                      const Tensor &source) {
  TensorRef made = clone(cx, self, MemoryFormat::Contiguous);
  TSC_TRY(made);
  TSC_TRY(scatterMasked(cx, *made, mask, source));
  TSC_TRY(copyInto(cx, self, *made));
  return same(self);
}
TSC_KERNEL(aten_masked_scatter, maskedScatter)
TSC_KERNEL(aten_masked_scatter_, maskedScatterInPlace)
TSC_OUTPUT_COPY(aten_masked_scatter_out, maskedScatter)
