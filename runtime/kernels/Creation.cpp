// SPDX-License-Identifier: Apache-2.0
// Tensors of given sizes: empty, zeros, ones and full with their *_like and new_* forms, and
// filling in place.
#include "Creation.h"

using namespace tsc::rt;

namespace tsc::rt {
Status checkPlacement(Context &cx, const Value &layout, Optional<Device> device) {
  if (layout.tag == Tag::Int && layout.payload.i != 0)
    return cx.fail("tensors can have the strided layout only, got layout %lld",
                   static_cast<long long>(layout.payload.i));
  if (device && device->code >> 8 != 1)
    return cx.fail("tensors can be on the cpu only, got device '%s'",
                   device->code >> 8 == 2     ? "cuda"
                   : device->code >> 8 == 100 ? "meta"
                                              : "unknown");
  return success();
}
} // namespace tsc::rt

// ---- By sizes
static TensorRef emptySizes(Context &cx, IntList size, Optional<DType> dtype, TSC_PLACEMENT,
                            Optional<MemoryFormat> format) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return emptyFormat(cx, size, dtype.valueOr(cx.defaultDType),
                     format.valueOr(MemoryFormat::Contiguous));
}
static TensorRef emptyStrides(Context &cx, IntList size, IntList strides, Optional<DType> dtype,
                              TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  if (size.size() != strides.size())
    return cx.fail("dimensionality of sizes (%lld) must match dimensionality of strides (%lld)",
                   static_cast<long long>(size.size()), static_cast<long long>(strides.size()));
  return emptyStrided(cx, size, strides, dtype.valueOr(cx.defaultDType));
}
static TensorRef emptyPermuted(Context &cx, IntList size, IntList order, Optional<DType> dtype,
                               TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  if (size.size() != order.size() || size.size() > tsc::kMaxRank)
    return cx.fail("Number of dimensions in size does not match the length of the physical_layout; "
                   "i.e. len(size) = %lld is not equal to len(physical_layout) = %lld",
                   static_cast<long long>(size.size()), static_cast<long long>(order.size()));
  Shape strides(size.size(), -1);
  int64_t step = 1;
  for (int64_t i = order.size() - 1; i >= 0; --i) {
    if (order[i] < 0 || order[i] >= size.size())
      return cx.fail("Dimension out of range (expected to be between 0 and %lld, but got %lld at "
                     "index %lld)",
                     static_cast<long long>(size.size() - 1), static_cast<long long>(order[i]),
                     static_cast<long long>(i));
    if (strides[order[i]] != -1)
      return cx.fail("Duplicate dim not allowed");
    strides[order[i]] = step;
    step *= size[order[i]] > 1 ? size[order[i]] : 1;
  }
  return emptyStrided(cx, size, strides, dtype.valueOr(cx.defaultDType));
}
TSC_KERNEL(aten_empty_memory_format, emptySizes)
TSC_KERNEL(aten_empty_strided, emptyStrides)
TSC_KERNEL(aten_empty_permuted, emptyPermuted)

static TensorRef zerosOf(Context &cx, IntList size, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return zeros(cx, size, dtype.valueOr(cx.defaultDType));
}
static TensorRef onesOf(Context &cx, IntList size, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return full(cx, size, Scalar(1), dtype.valueOr(cx.defaultDType));
}
/// The dtype of full() is that of the value.
static DType filledDType(Context &cx, const Scalar &value) {
  return value.isFloat()     ? cx.defaultDType
         : value.isComplex() ? tsc::toComplex(cx.defaultDType)
                             : value.dtype();
}
static TensorRef fullOf(Context &cx, IntList size, Scalar value, Optional<DType> dtype,
                        TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return full(cx, size, value, dtype ? *dtype : filledDType(cx, value));
}
static TensorRef scalarTensorOf(Context &cx, Scalar value, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return full(cx, IntList(), value, dtype.valueOr(cx.defaultDType));
}
TSC_KERNEL(aten_zeros, zerosOf)
TSC_KERNEL(aten_ones, onesOf)
TSC_KERNEL(aten_full, fullOf)
TSC_KERNEL(aten_scalar_tensor, scalarTensorOf)

static TensorRef resizedOut(Context &cx, IntList size, Scalar value, Tensor &out) {
  TSC_TRY(resizeOut(cx, out, size));
  TSC_TRY(fill(cx, out, value));
  return same(out);
}
static TensorRef zerosOut(Context &cx, IntList size, Tensor &out) {
  return resizedOut(cx, size, Scalar(0), out);
}
static TensorRef onesOut(Context &cx, IntList size, Tensor &out) {
  return resizedOut(cx, size, Scalar(1), out);
}
static TensorRef emptyOut(Context &cx, IntList size, const Value &, Tensor &out) {
  TSC_TRY(resizeOut(cx, out, size));
  return same(out);
}
TSC_KERNEL(aten_zeros_out, zerosOut)
TSC_KERNEL(aten_ones_out, onesOut)
TSC_KERNEL(aten_full_out, resizedOut)
TSC_KERNEL(aten_empty_out, emptyOut)

// ---- Like another tensor
static TensorRef likeOf(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &layout,
                        Optional<Device> device, Optional<MemoryFormat> format) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return emptyLike(cx, t, dtype.valueOr(t.dtype), format.valueOr(MemoryFormat::Preserve));
}
static TensorRef filledLike(Context &cx, TensorRef made, const Scalar &value) {
  TSC_TRY(made);
  TSC_TRY(fill(cx, *made, value));
  return made;
}
static TensorRef emptyLikeOf(Context &cx, const Tensor &t, Optional<DType> dtype,
                             const Value &layout, Optional<Device> device, const Value &,
                             Optional<MemoryFormat> format) {
  return likeOf(cx, t, dtype, layout, device, format);
}
static TensorRef zerosLike(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &layout,
                           Optional<Device> device, const Value &, Optional<MemoryFormat> format) {
  return filledLike(cx, likeOf(cx, t, dtype, layout, device, format), Scalar(0));
}
static TensorRef onesLike(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &layout,
                          Optional<Device> device, const Value &, Optional<MemoryFormat> format) {
  return filledLike(cx, likeOf(cx, t, dtype, layout, device, format), Scalar(1));
}
static TensorRef fullLike(Context &cx, const Tensor &t, Scalar value, Optional<DType> dtype,
                          const Value &layout, Optional<Device> device, const Value &,
                          Optional<MemoryFormat> format) {
  return filledLike(cx, likeOf(cx, t, dtype, layout, device, format), value);
}
TSC_KERNEL(aten_empty_like, emptyLikeOf)
TSC_KERNEL(aten_zeros_like, zerosLike)
TSC_KERNEL(aten_ones_like, onesLike)
TSC_KERNEL(aten_full_like, fullLike)

static TensorRef newEmpty(Context &cx, const Tensor &t, IntList size, Optional<DType> dtype,
                          TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return empty(cx, size, dtype.valueOr(t.dtype));
}
static TensorRef newEmptyStrided(Context &cx, const Tensor &t, IntList size, IntList strides,
                                 Optional<DType> dtype, const Value &layout,
                                 Optional<Device> device, const Value &pin) {
  return emptyStrides(cx, size, strides, dtype.valueOr(t.dtype), layout, device, pin);
}
static TensorRef newZeros(Context &cx, const Tensor &t, IntList size, Optional<DType> dtype,
                          TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return zeros(cx, size, dtype.valueOr(t.dtype));
}
static TensorRef newOnes(Context &cx, const Tensor &t, IntList size, Optional<DType> dtype,
                         TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return full(cx, size, Scalar(1), dtype.valueOr(t.dtype));
}
static TensorRef newFull(Context &cx, const Tensor &t, IntList size, Scalar value,
                         Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return full(cx, size, value, dtype.valueOr(t.dtype));
}
TSC_KERNEL(aten_new_empty, newEmpty)
TSC_KERNEL(aten_new_empty_strided, newEmptyStrided)
TSC_KERNEL(aten_new_zeros, newZeros)
TSC_KERNEL(aten_new_ones, newOnes)
TSC_KERNEL(aten_new_full, newFull)

// ---- Filling
static TensorRef fillNumber(Context &cx, Tensor &t, Scalar value) {
  TSC_TRY(fill(cx, t, value));
  return same(t);
}
static TensorRef fillTensor(Context &cx, Tensor &t, const Tensor &value) {
  if (value.rank != 0)
    return cx.fail(
        "fill_ only supports 0-dimension value tensor but got tensor with %d dimensions.",
        value.rank);
  TSC_TRY(copyInto(cx, t, value));
  return same(t);
}
static TensorRef zeroInPlace(Context &cx, Tensor &t) { return fillNumber(cx, t, Scalar(0)); }
static TensorRef filledNumber(Context &cx, const Tensor &t, Scalar value) {
  return filledLike(cx, emptyLike(cx, t), value);
}
static TensorRef filledTensor(Context &cx, const Tensor &t, const Tensor &value) {
  TensorRef made = emptyLike(cx, t);
  TSC_TRY(made);
  return fillTensor(cx, *made, value);
}
static TensorRef zeroed(Context &cx, const Tensor &t) { return filledNumber(cx, t, Scalar(0)); }
TSC_KERNEL(aten_fill__Scalar, fillNumber)
TSC_KERNEL(aten_fill__Tensor, fillTensor)
TSC_KERNEL(aten_fill_Scalar, filledNumber)
TSC_KERNEL(aten_fill_Tensor, filledTensor)
TSC_OUTPUT_COPY(aten_fill_Scalar_out, filledNumber)
TSC_OUTPUT_COPY(aten_fill_Tensor_out, filledTensor)
TSC_KERNEL(aten_zero_, zeroInPlace)
TSC_KERNEL(aten_zero, zeroed)
