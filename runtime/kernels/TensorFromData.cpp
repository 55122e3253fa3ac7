// SPDX-License-Identifier: Apache-2.0
// tensor() and as_tensor(): tensors from numbers and nested lists. The dtype is that of the
// elements: int64, the default float dtype, bool or the default complex dtype.
#include "tsc/runtime/Kernel.h"

using namespace tsc::rt;

static DType naturalDType(Context &cx, const Scalar &s) {
  return s.isFloat()     ? cx.defaultDType
         : s.isComplex() ? tsc::toComplex(cx.defaultDType)
                         : s.dtype();
}

static TensorRef fromNumber(Context &cx, Scalar s, Optional<DType> dtype) {
  return scalarTensor(cx, s, dtype ? *dtype : naturalDType(cx, s));
}

/// Sizes by the first element of each level.
static Status listShape(Context &cx, const Value &v, Shape &sizes, Optional<Scalar> &first) {
  const Value *at = &v;
  Value item;
  while (at->tag == Tag::List || at->tag == Tag::Tuple) {
    if (sizes.size() == tsc::kMaxRank)
      return cx.fail("a list nested deeper than %d cannot become a tensor",
                     static_cast<int>(tsc::kMaxRank));
    bool isList = at->tag == Tag::List;
    const List *list = reinterpret_cast<const List *>(at->payload.p);
    const Tuple *tuple = reinterpret_cast<const Tuple *>(at->payload.p);
    int64_t n = isList ? list->size : tuple->size;
    sizes.push(n);
    if (n == 0)
      return success();
    item = isList ? list->get(0) : tuple->items[0];
    at = &item;
  }
  if (isNumber(*at))
    first = scalarOf(*at);
  else
    return cx.fail("Input must be of ints, floats, complex numbers, or bools, got %s",
                   typeText(*at).data());
  return success();
}

/// The element type that a list's type tells, for lists without elements.
static DType elementDType(Context &cx, const TypeDescriptor *type) {
  while (type->kind == TypeKind::List && type->parameterCount)
    type = type->parameters[0];
  switch (type->kind) {
  case TypeKind::Int:
    return DType::Int64;
  case TypeKind::Bool:
    return DType::Bool;
  case TypeKind::Complex:
    return tsc::toComplex(cx.defaultDType);
  default:
    return cx.defaultDType;
  }
}

static Status storeElements(Context &cx, const Value &v, const Shape &sizes, int64_t dim,
                            char *&out, DType dtype) {
  if (dim == sizes.size()) {
    if (!isNumber(v))
      return cx.fail("Input must be of ints, floats, complex numbers, or bools, got %s",
                     typeText(v).data());
    storeScalar(out, dtype, scalarOf(v));
    out += tsc::dtypeBytes(dtype);
    return success();
  }
  bool isList = v.tag == Tag::List;
  if (!isList && v.tag != Tag::Tuple)
    return cx.fail("expected a sequence of length %lld at dim %lld, got %s",
                   static_cast<long long>(sizes[dim]), static_cast<long long>(dim),
                   typeText(v).data());
  const List *list = reinterpret_cast<const List *>(v.payload.p);
  const Tuple *tuple = reinterpret_cast<const Tuple *>(v.payload.p);
  int64_t n = isList ? list->size : tuple->size;
  if (n != sizes[dim])
    return cx.raise("ValueError", "Expected sequence of length %lld at dim %lld (got %lld)",
                    static_cast<long long>(sizes[dim]), static_cast<long long>(dim),
                    static_cast<long long>(n));
  for (int64_t i = 0; i < n; ++i)
    TSC_TRY(storeElements(cx, isList ? list->get(i) : tuple->items[i], sizes, dim + 1, out, dtype));
  return success();
}

static TensorRef fromList(Context &cx, const Value &data, Optional<DType> dtype) {
  Shape sizes;
  Optional<Scalar> first;
  TSC_TRY(listShape(cx, data, sizes, first));
  DType type = dtype   ? *dtype
               : first ? naturalDType(cx, *first)
                       : elementDType(cx, typeOfValue(data));
  TensorRef t = empty(cx, sizes, type);
  TSC_TRY(t);
  char *out = t->base();
  TSC_TRY(storeElements(cx, data, sizes, 0, out, type));
  return t;
}

static TensorRef withGrad(TensorRef t, bool requiresGrad) {
  if (t && requiresGrad)
    t->flags |= tsc::kRequiresGrad;
  return t;
}
static TensorRef tensorOfNumber(Context &cx, Scalar s, Optional<DType> dtype, Optional<Device>,
                                bool requiresGrad) {
  return withGrad(fromNumber(cx, s, dtype), requiresGrad);
}
static TensorRef tensorOfList(Context &cx, const Value &data, Optional<DType> dtype,
                              Optional<Device>, bool requiresGrad) {
  return withGrad(fromList(cx, data, dtype), requiresGrad);
}
TSC_KERNEL(aten_tensor_bool, tensorOfNumber)
TSC_KERNEL(aten_tensor_float, tensorOfNumber)
TSC_KERNEL(aten_tensor_int, tensorOfNumber)
TSC_KERNEL(aten_tensor_complex, tensorOfNumber)
TSC_KERNEL(aten_tensor, tensorOfList)

static TensorRef asTensorOfNumber(Context &cx, Scalar s, Optional<DType> dtype, Optional<Device>) {
  return fromNumber(cx, s, dtype);
}
static TensorRef asTensorOfList(Context &cx, const Value &data, Optional<DType> dtype,
                                Optional<Device>) {
  return fromList(cx, data, dtype);
}
static TensorRef asTensor(Context &cx, const Tensor &t, Optional<DType> dtype, Optional<Device>) {
  return dtype ? toDType(cx, t, *dtype) : same(t);
}
TSC_KERNEL(aten_as_tensor_bool, asTensorOfNumber)
TSC_KERNEL(aten_as_tensor_float, asTensorOfNumber)
TSC_KERNEL(aten_as_tensor_int, asTensorOfNumber)
TSC_KERNEL(aten_as_tensor_complex, asTensorOfNumber)
TSC_KERNEL(aten_as_tensor_list, asTensorOfList)
TSC_KERNEL(aten_as_tensor, asTensor)

static TensorRef listToTensor(Context &cx, IntList list) {
  TensorRef t = empty(cx, Shape::of(list.size()), DType::Int64);
  if (t && list.size())
    std::memcpy(t->data, list.data(), static_cast<size_t>(t->bytes()));
  return t;
}
TSC_KERNEL(aten__list_to_tensor, listToTensor)
