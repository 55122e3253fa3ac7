// SPDX-License-Identifier: Apache-2.0
// Copies and conversions of tensors: to() in all its forms, clone, contiguous, copy_, resize_,
// set_. Tensors live on the CPU; a conversion to another device is an error that says so.
#include "Views.h"

using namespace tsc::rt;

static Status checkDevice(Context &cx, Optional<Device> device) {
  if (!device || device->code >> 8 == 1)
    return success();
  return cx.fail("tensors can be on the cpu only, got device '%s'", device->code >> 8 == 2 ? "cuda"
                                                                    : device->code >> 8 == 100
                                                                        ? "meta"
                                                                        : "unknown");
}

/// The tensor itself when nothing changes and no copy is asked for.
static TensorRef convert(Context &cx, const Tensor &t, DType dtype, bool copy,
                         Optional<MemoryFormat> format) {
  MemoryFormat wanted = format.valueOr(MemoryFormat::Preserve);
  bool laidOut = wanted == MemoryFormat::Preserve ||
                 (wanted == MemoryFormat::ChannelsLast     ? t.isChannelsLast()
                  : wanted == MemoryFormat::ChannelsLast3d ? t.isChannelsLast3d()
                                                           : t.isContiguous());
  if (t.dtype == dtype && laidOut && !copy)
    return same(t);
  if (t.dtype == dtype)
    return clone(cx, t, wanted);
  if (tsc::isQuantized(dtype) || tsc::isQuantized(t.dtype))
    return cx.fail("cannot convert %s to %s: use quantize_per_tensor or dequantize",
                   findDType(t.dtype)->torchName, findDType(dtype)->torchName);
  TensorRef made = emptyLike(cx, t, dtype, wanted);
  TSC_TRY(made);
  TSC_TRY(copyInto(cx, *made, t));
  return made;
}

static TensorRef toDTypeOnly(Context &cx, const Tensor &t, DType dtype, bool, bool copy,
                             Optional<MemoryFormat> format) {
  return convert(cx, t, dtype, copy, format);
}
static TensorRef toDevice(Context &cx, const Tensor &t, Optional<Device> device, DType dtype, bool,
                          bool copy, Optional<MemoryFormat> format) {
  TSC_TRY(checkDevice(cx, device));
  return convert(cx, t, dtype, copy, format);
}
static TensorRef toOther(Context &cx, const Tensor &t, const Tensor &other, bool, bool copy,
                         Optional<MemoryFormat> format) {
  return convert(cx, t, other.dtype, copy, format);
}
static TensorRef toLayout(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &,
                          Optional<Device> device, const Value &, bool, bool copy,
                          Optional<MemoryFormat> format) {
  TSC_TRY(checkDevice(cx, device));
  return convert(cx, t, dtype.valueOr(t.dtype), copy, format);
}
static TensorRef toPrimDevice(Context &cx, const Tensor &t, Optional<Device> device,
                              Optional<DType> dtype, bool, bool copy) {
  TSC_TRY(checkDevice(cx, device));
  return convert(cx, t, dtype.valueOr(t.dtype), copy, {});
}
static TensorRef toPrimDType(Context &cx, const Tensor &t, Optional<DType> dtype, bool, bool copy) {
  return convert(cx, t, dtype.valueOr(t.dtype), copy, {});
}
static TensorRef toPrimOther(Context &cx, const Tensor &t, bool, bool copy) {
  return convert(cx, t, t.dtype, copy, {});
}
static TensorRef toCopy(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &,
                        Optional<Device> device, const Value &, bool,
                        Optional<MemoryFormat> format) {
  TSC_TRY(checkDevice(cx, device));
  return convert(cx, t, dtype.valueOr(t.dtype), true, format);
}
static TensorRef typeAs(Context &cx, const Tensor &t, const Tensor &other) {
  return convert(cx, t, other.dtype, false, {});
}
static TensorRef toCpu(Context &, const Tensor &t) { return same(t); }
static TensorRef toCuda(Context &cx, const Tensor &) {
  return cx.fail("tensors can be on the cpu only, got device 'cuda'");
}
TSC_KERNEL(aten_to_dtype, toDTypeOnly)
TSC_KERNEL(aten_to_device, toDevice)
TSC_KERNEL(aten_to_other, toOther)
TSC_KERNEL(aten_to_dtype_layout, toLayout)
TSC_KERNEL(aten_to_prim_Device, toPrimDevice)
TSC_KERNEL(aten_to_prim_dtype, toPrimDType)
TSC_KERNEL(aten_to_prim_other, toPrimOther)
TSC_KERNEL(aten__to_copy, toCopy)
TSC_KERNEL(aten_type_as, typeAs)
TSC_KERNEL(aten_cpu, toCpu)
TSC_KERNEL(aten_cuda, toCuda)
static TensorRef pinMemory(Context &, const Tensor &t, Optional<Device>) { return same(t); }
TSC_KERNEL(aten_pin_memory, pinMemory)

template <DType To> static TensorRef castTo(Context &cx, const Tensor &t, bool) {
  return convert(cx, t, To, false, {});
}
TSC_KERNEL(aten__cast_Byte, castTo<DType::UInt8>)
TSC_KERNEL(aten__cast_Char, castTo<DType::Int8>)
TSC_KERNEL(aten__cast_Short, castTo<DType::Int16>)
TSC_KERNEL(aten__cast_Int, castTo<DType::Int32>)
TSC_KERNEL(aten__cast_Long, castTo<DType::Int64>)
TSC_KERNEL(aten__cast_Half, castTo<DType::Float16>)
TSC_KERNEL(aten__cast_Float, castTo<DType::Float32>)
TSC_KERNEL(aten__cast_Double, castTo<DType::Float64>)
static TensorRef toComplexHalf(Context &cx, const Tensor &t, Optional<MemoryFormat> format) {
  return convert(cx, t, DType::Complex32, false, format);
}
TSC_KERNEL(aten_chalf, toComplexHalf)
/// What autocast inserts: the arguments say whether it is on.
static TensorRef fullPrecision(Context &cx, const Tensor &t, bool, bool cpu) {
  bool reduced = t.dtype == DType::Float16 || t.dtype == DType::BFloat16;
  return cpu && reduced ? convert(cx, t, DType::Float32, false, {}) : same(t);
}
static TensorRef reducedPrecision(Context &cx, const Tensor &t, bool, bool cpu, DType, DType to) {
  return cpu && t.dtype == DType::Float32 ? convert(cx, t, to, false, {}) : same(t);
}
TSC_KERNEL(aten__autocast_to_full_precision, fullPrecision)
TSC_KERNEL(aten__autocast_to_reduced_precision, reducedPrecision)

// ---- Copies
static TensorRef cloneTensor(Context &cx, const Tensor &t, Optional<MemoryFormat> format) {
  return clone(cx, t, format.valueOr(MemoryFormat::Preserve));
}
TSC_KERNEL(aten_clone, cloneTensor)
TSC_OUTPUT_COPY(aten_clone_out, cloneTensor)
static TensorRef contiguousTensor(Context &cx, const Tensor &t, MemoryFormat format) {
  if (format == MemoryFormat::Preserve && t.isContiguous())
    return same(t);
  if (format == MemoryFormat::Preserve)
    return cx.fail("preserve memory format is unsupported by the contiguous operator");
  return contiguous(cx, t, format);
}
TSC_KERNEL(aten_contiguous, contiguousTensor)
static TensorRef resolved(Context &, const Tensor &t) { return same(t); }
TSC_KERNEL(aten_resolve_conj, resolved)
TSC_KERNEL(aten_resolve_neg, resolved)

static TensorRef copyFrom(Context &cx, Tensor &t, const Tensor &source, bool) {
  TSC_TRY(copyInto(cx, t, source));
  return same(t);
}
static TensorRef copyFromTensor(Context &cx, Tensor &t, const Tensor &source) {
  TSC_TRY(copyInto(cx, t, source));
  return same(t);
}
static TensorRef copyFromNumber(Context &cx, Tensor &t, Scalar value) {
  TSC_TRY(fill(cx, t, value));
  return same(t);
}
static TensorRef copied(Context &cx, const Tensor &t, const Tensor &source, bool) {
  TensorRef made = emptyLike(cx, t);
  TSC_TRY(made);
  TSC_TRY(copyInto(cx, *made, source));
  return made;
}
TSC_KERNEL(aten_copy_, copyFrom)
TSC_KERNEL(aten_copy__Tensor, copyFromTensor)
TSC_KERNEL(aten_copy__int, copyFromNumber)
TSC_KERNEL(aten_copy__float, copyFromNumber)
TSC_KERNEL(aten_copy, copied)
TSC_OUTPUT_COPY(aten_copy_out, copied)

// ---- The storage of a tensor
/// Keeps the elements that the old and the new storage share; a larger storage is a new one.
static TensorRef resizeInPlace(Context &cx, Tensor &t, IntList sizes,
                               Optional<MemoryFormat> format) {
  TSC_ASSIGN(int64_t numel, checkedNumel(cx, sizes));
  MemoryFormat wanted = format.valueOr(MemoryFormat::Contiguous);
  if (wanted == MemoryFormat::Preserve)
    return cx.fail("Unsupported memory format Preserve");
  if (t.shape() == sizes && !format)
    return same(t);
  TensorRef made;
  if (t.base() + numel * t.itemsize() <= static_cast<char *>(t.storage->data) + t.storage->bytes) {
    made = asStrided(cx, t, sizes, formatStrides(sizes, wanted));
  } else {
    made = emptyFormat(cx, sizes, t.dtype, wanted);
    TSC_TRY(made);
    int64_t kept = t.storage->bytes - (t.base() - static_cast<char *>(t.storage->data));
    if (kept > 0)
      std::memcpy(made->data, t.data,
                  static_cast<size_t>(kept < made->bytes() ? kept : made->bytes()));
  }
  TSC_TRY(made);
  TSC_TRY(setTensor(cx, t, *made));
  return same(t);
}
static TensorRef resizeLike(Context &cx, Tensor &t, const Tensor &other,
                            Optional<MemoryFormat> format) {
  bool preserve = format && *format == MemoryFormat::Preserve;
  return resizeInPlace(cx, t, other.shape(), preserve ? Optional<MemoryFormat>() : format);
}
TSC_KERNEL(aten_resize_, resizeInPlace)
TSC_KERNEL(aten_resize_as_, resizeLike)

static TensorRef setFromTensor(Context &cx, Tensor &t, const Tensor &source) {
  TSC_TRY(setTensor(cx, t, source));
  return same(t);
}
static TensorRef setEmpty(Context &cx, Tensor &t) {
  TensorRef none = empty(cx, Shape::of(0), t.dtype);
  TSC_TRY(none);
  return setFromTensor(cx, t, *none);
}
static TensorRef setPart(Context &cx, Tensor &t, const Tensor &source, int64_t offset,
                         IntList sizes, IntList strides) {
  Shape dense = contiguousStrides(sizes);
  TensorRef part = asStridedAt(cx, source, sizes, strides.empty() ? IntList(dense) : strides,
                               Optional<int64_t>(offset));
  TSC_TRY(part);
  return setFromTensor(cx, t, *part);
}
TSC_KERNEL(aten_set_, setEmpty)
TSC_KERNEL(aten_set__source_Tensor, setFromTensor)
TSC_KERNEL(aten_set__source_Tensor_storage_offset, setPart)

/// An empty tensor over a storage object; views of it reach the storage's elements.
static TensorRef overStorage(Context &cx, const Value &source, DType dtype) {
  if (source.tag != Tag::Storage)
    return cx.raise("TypeError", "set_(): expected a Storage as source");
  TensorRef t = empty(cx, Shape::of(0), dtype);
  TSC_TRY(t);
  StorageObject *storage = reinterpret_cast<StorageObject *>(source.payload.p);
  tsc_rt_retain(&storage->head);
  tsc_rt_release(&t->storage->head);
  t->storage = storage;
  t->data = storage->data;
  return t;
}
static TensorRef setStoragePart(Context &cx, Tensor &t, const Value &source, int64_t offset,
                                IntList sizes, IntList strides) {
  TensorRef whole = overStorage(cx, source, t.dtype);
  TSC_TRY(whole);
  return setPart(cx, t, *whole, offset, sizes, strides);
}
static TensorRef setStorage(Context &cx, Tensor &t, const Value &source) {
  TensorRef whole = overStorage(cx, source, t.dtype);
  TSC_TRY(whole);
  return setPart(cx, t, *whole, 0, Shape::of(whole->storage->bytes / t.itemsize()), IntList());
}
TSC_KERNEL(aten_set__source_Storage, setStorage)
TSC_KERNEL(aten_set__source_Storage_storage_offset, setStoragePart)
