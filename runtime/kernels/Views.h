// SPDX-License-Identifier: Apache-2.0
// Views that several kernel files use, and adapters that make the other forms of a view operator
// from its one function: CopyOf<fn>::run is the *_copy form, InPlace<fn>::run the form that changes
// the tensor's own shape. Dims may be negative and are checked here, unlike those of the functions
// in Tensor.h.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

TensorRef sliceTensor(Context &cx, const Tensor &t, int64_t dim, Optional<int64_t> start,
                      Optional<int64_t> end, int64_t step);
TensorRef selectDim(Context &cx, const Tensor &t, int64_t dim, int64_t index);
TensorRef narrowDim(Context &cx, const Tensor &t, int64_t dim, int64_t start, int64_t length);
TensorRef transposeDims(Context &cx, const Tensor &t, int64_t a, int64_t b);
TensorRef permuteDims(Context &cx, const Tensor &t, IntList dims);
TensorRef unsqueezeDim(Context &cx, const Tensor &t, int64_t dim);
TensorRef diagonalView(Context &cx, const Tensor &t, int64_t offset, int64_t dim1, int64_t dim2);
TensorRef asStridedAt(Context &cx, const Tensor &t, IntList sizes, IntList strides,
                      Optional<int64_t> storageOffset);
/// At least one, two or three dims, as atleast_1d and so on add them.
TensorRef atLeast(Context &cx, const Tensor &t, int64_t rank);
/// The complex conjugate, a new tensor; a tensor of a real dtype itself.
TensorRef conjugated(Context &cx, const Tensor &t);
/// The dims, wrapped; fails on repeated ones.
Result<Shape> wrapDims(Context &cx, IntList dims, int64_t rank);
/// Tensors side by side along a dim, in the dtype that all promote to.
TensorRef joinTensors(Context &cx, Span<const Tensor *> parts, int64_t dim);

/// A list of tensors under construction; the references are dropped with it.
class TensorVector {
public:
  ~TensorVector() {
    for (int64_t i = 0; i < items.size(); ++i)
      (void)TensorRef::adopt(items[i]);
  }
  Status push(Context &cx, TensorRef t) {
    TSC_TRY(t);
    TSC_TRY(items.reserve(cx, items.size() + 1));
    return items.push(cx, t.take());
  }
  int64_t size() const { return items.size(); }
  const Tensor &operator[](int64_t i) const { return *items[i]; }
  Span<const Tensor *> span() const {
    return {const_cast<const Tensor *const *>(items.data()), items.size()};
  }
  /// As a List[Tensor] of the program.
  ListRef list(Context &cx) const;

private:
  Vector<Tensor *> items;
};

template <auto Fn> struct CopyOf;
template <class... A, TensorRef (*Fn)(Context &, A...)> struct CopyOf<Fn> {
  static TensorRef run(Context &cx, A... arguments) {
    TensorRef v = Fn(cx, arguments...);
    TSC_TRY(v);
    return clone(cx, *v, MemoryFormat::Contiguous);
  }
};
template <class... A, ListRef (*Fn)(Context &, A...)> struct CopyOf<Fn> {
  static ListRef run(Context &cx, A... arguments) {
    ListRef views = Fn(cx, arguments...);
    TSC_TRY(views);
    for (int64_t i = 0; i < views->size; ++i) {
      TensorRef copy = clone(cx, TensorList(*views)[i], MemoryFormat::Contiguous);
      TSC_TRY(copy);
      views->set(i, makeTensor(*copy));
    }
    return views;
  }
};

template <auto Fn> struct InPlace;
template <class... A, TensorRef (*Fn)(Context &, const Tensor &, A...)> struct InPlace<Fn> {
  static TensorRef run(Context &cx, Tensor &self, A... arguments) {
    TensorRef v = Fn(cx, self, arguments...);
    TSC_TRY(v);
    uint8_t flags = self.flags;
    TSC_TRY(setTensor(cx, self, *v));
    self.flags = flags;
    return same(self);
  }
};

} // namespace tsc::rt

/// The copy form of a view operator and its out= form: TSC_VIEW_COPY(aten_squeeze_copy_dim,
/// aten_squeeze_copy_dim_out, fn)
#define TSC_VIEW_COPY(NAME, OUT, FN)                                                               \
  TSC_KERNEL(NAME, tsc::rt::CopyOf<FN>::run) TSC_OUTPUT_COPY(OUT, FN)
