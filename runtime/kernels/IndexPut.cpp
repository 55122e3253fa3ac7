// SPDX-License-Identifier: Apache-2.0
// self[indices] = values, with or without accumulation.
#include "Scatter.h"

using namespace tsc::rt;

/// One part of the plan's rows: values come dense in the plan's order, or as one element (step 0).
template <class T, Combine How>
static void putElements(const IndexPlan &plan, T *base, const T *values, int64_t valueStep,
                        int64_t begin, int64_t end) {
  int64_t n = plan.afterCount;
  const int64_t *after = plan.afterOffsets.empty() ? nullptr : plan.afterOffsets.data();
  for (int64_t i = begin; i < end; ++i) {
    int64_t row = i / plan.indexCount;
    T *to = base + plan.beforeOffset(row) + plan.offsets[i - row * plan.indexCount];
    const T *from = values + i * n * valueStep;
    for (int64_t a = 0; a < n; ++a)
      combineInto<How>(to[after ? after[a] : a * plan.afterStep], from[a * valueStep]);
  }
}

static Status putPlan(Context &cx, const IndexPlan &plan, Tensor &self, const Tensor &values,
                      bool accumulate) {
  if (self.dtype != values.dtype)
    return cx.fail("Index put requires the source and destination dtypes match, got %s for the "
                   "destination and %s for the source.",
                   findDType(self.dtype)->graphName, findDType(values.dtype)->graphName);
  TensorRef source = same(values);
  bool fits = source->rank <= plan.sizes.size();
  for (int64_t d = 0; fits && d < source->rank; ++d)
    fits = source->sizes[d] == 1 ||
           source->sizes[d] == plan.sizes[plan.sizes.size() - source->rank + d];
  if (!fits)
    return cx.fail(
        "shape mismatch: value tensor of shape %s cannot be broadcast to indexing result "
        "of shape %s",
        ShapeText(values.shape()).text, ShapeText(plan.sizes).text);
  int64_t rows = plan.beforeCount * plan.indexCount;
  if (rows * plan.afterCount == 0)
    return success();
  if (hasInternalOverlap(self))
    return cx.fail("unsupported operation: more than one element of the written-to tensor refers "
                   "to a single memory location. Please clone() the tensor before performing the "
                   "operation.");
  int64_t step = source->numel == 1 ? 0 : 1;
  if (step) {
    source = expand(cx, *source, plan.sizes);
    TSC_TRY(source);
    source = mayOverlap(self, *source) ? clone(cx, *source, MemoryFormat::Contiguous)
                                       : contiguous(cx, *source);
    TSC_TRY(source);
  }
  visitDType(self.dtype, [&]<class T>(T *) {
    T one = *source->ptr<T>(); // may lie in self
    const T *from = step ? source->ptr<T>() : &one;
    if (accumulate)
      putElements<T, Combine::Add>(plan, self.ptr<T>(), from, step, 0, rows);
    else
      putElements<T, Combine::Assign>(plan, self.ptr<T>(), from, step, 0, rows);
  });
  return success();
}

static Status putInto(Context &cx, Tensor &self, TensorList indices, const Tensor &values,
                      bool accumulate) {
  IndexPlan plan;
  TSC_TRY(planIndex(cx, plan, self, indices));
  return putPlan(cx, plan, self, values, accumulate);
}

static TensorRef putInPlace(Context &cx, Tensor &self, TensorList indices, const Tensor &values,
                            bool accumulate) {
  TSC_TRY(putInto(cx, self, indices, values, accumulate));
  return same(self);
}
static TensorRef putNew(Context &cx, const Tensor &self, TensorList indices, const Tensor &values,
                        bool accumulate) {
  TensorRef made = clone(cx, self);
  TSC_TRY(made);
  TSC_TRY(putInto(cx, *made, indices, values, accumulate));
  return made;
}
static TensorRef putImplInPlace(Context &cx, Tensor &self, TensorList indices, const Tensor &values,
                                bool accumulate, bool) {
  return putInPlace(cx, self, indices, values, accumulate);
}
static TensorRef putImplNew(Context &cx, const Tensor &self, TensorList indices,
                            const Tensor &values, bool accumulate, bool) {
  return putNew(cx, self, indices, values, accumulate);
}
TSC_KERNEL(aten_index_put_, putInPlace)
TSC_KERNEL(aten_index_put__hacked_twin, putInPlace)
TSC_KERNEL(aten_index_put, putNew)
TSC_KERNEL(aten_index_put_hacked_twin, putNew)
TSC_OUTPUT_COPY(aten_index_put_out, putNew)
TSC_KERNEL(aten__unsafe_index_put, putNew)
TSC_KERNEL(aten__unsafe_index_put_hacked_twin, putNew)
TSC_KERNEL(aten__index_put_impl_, putImplInPlace)
TSC_KERNEL(aten__index_put_impl__hacked_twin, putImplInPlace)
TSC_KERNEL(aten__index_put_impl, putImplNew)

/// Indices are clamped; values under a false mask are not added.
static TensorRef maskedPut(Context &cx, const Tensor &self, const Tensor &mask, TensorList indices,
                           const Tensor &values) {
  TensorRef made = clone(cx, self);
  TSC_TRY(made);
  if (self.numel == 0)
    return made;
  IndexPlan plan;
  TSC_TRY(planIndex(cx, plan, *made, indices, OutOfRange::Clamp));
  TensorRef wide = expand(cx, values, plan.sizes);
  TSC_TRY(wide);
  TensorRef kept = clone(cx, *wide, MemoryFormat::Contiguous);
  TSC_TRY(kept);
  TensorRef over = expand(cx, mask, plan.sizes);
  TSC_TRY(over);
  TensorRef chosen = contiguousAs(cx, *over, DType::Bool);
  TSC_TRY(chosen);
  int64_t bytes = kept->itemsize();
  for (int64_t i = 0; i < kept->numel; ++i)
    if (!chosen->ptr<bool>()[i])
      std::memset(kept->base() + i * bytes, 0, static_cast<size_t>(bytes));
  TSC_TRY(putPlan(cx, plan, *made, *kept, true));
  return made;
}
TSC_KERNEL(aten__unsafe_masked_index_put_accumulate, maskedPut)
