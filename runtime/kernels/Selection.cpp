// SPDX-License-Identifier: Apache-2.0
// Choosing between values: where, masked_fill, clamp.
#include "Operands.h"

using namespace tsc::rt;

// ---- where. The condition picks whole elements, so that one loop for each element size serves all
// dtypes.
namespace {
template <class T> void chooseLoop(void *, char *const *ptrs, const int64_t *strides, int64_t n) {
  if (strides[0] == sizeof(T) && strides[1] == 1 && strides[2] == sizeof(T) &&
      strides[3] == sizeof(T)) {
    T *out = reinterpret_cast<T *>(ptrs[0]);
    const T *a = reinterpret_cast<const T *>(ptrs[2]), *b = reinterpret_cast<const T *>(ptrs[3]);
    const char *condition = ptrs[1];
    for (int64_t i = 0; i < n; ++i) {
      T x = a[i], y = b[i];
      out[i] = condition[i] ? x : y;
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T *>(ptrs[0] + i * strides[0]) = *reinterpret_cast<const T *>(
        ptrs[1][i * strides[1]] ? ptrs[2] + i * strides[2] : ptrs[3] + i * strides[3]);
}
InnerLoop chooseLoopFor(DType dtype) {
  switch (dtypeBytes(dtype)) {
  case 1:
    return &chooseLoop<uint8_t>;
  case 2:
    return &chooseLoop<uint16_t>;
  case 4:
    return &chooseLoop<uint32_t>;
  case 8:
    return &chooseLoop<uint64_t>;
  default:
    return &chooseLoop<unsigned __int128>;
  }
}
/// An operand in `dtype`: a number becomes a 0-d tensor.
TensorRef inDType(Context &cx, const Operand &o, DType dtype) {
  return o.tensor ? toDType(cx, *o.tensor, dtype) : scalarTensor(cx, o.scalar, dtype);
}
TensorRef choose(Context &cx, const char *name, Out out, const Tensor &condition, const Operand &a,
                 const Operand &b, DType dtype) {
  if (out.tensor && out.tensor->dtype != dtype)
    return cx.fail("expected an out= tensor of dtype %s, found %s", findDType(dtype)->torchName,
                   findDType(out.tensor->dtype)->torchName);
  TensorRef first = inDType(cx, a, dtype);
  TSC_TRY(first);
  TensorRef second = inDType(cx, b, dtype);
  TSC_TRY(second);
  Iterator it;
  it.addOutput(out, dtype);
  it.addInput(condition);
  it.addInput(first);
  it.addInput(second);
  TSC_TRY(it.build(cx, name));
  it.run(cx, chooseLoopFor(dtype), nullptr);
  return it.take(cx);
}
} // namespace

static TensorRef whereOf(Context &cx, Out out, const Tensor &condition, const Operand &self,
                         const Operand &other) {
  if (condition.dtype != DType::Bool && condition.dtype != DType::UInt8)
    return cx.fail(
        "where expected condition to be a boolean tensor, but got a tensor with dtype %s",
        findDType(condition.dtype)->graphName);
  return choose(cx, "where", out, condition, self, other, commonDType(cx, self, other));
}
static TensorRef whereTensors(Context &cx, Out out, const Tensor &condition, const Tensor &self,
                              const Tensor &other) {
  return whereOf(cx, out, condition, self, other);
}
static TensorRef whereScalarSelf(Context &cx, const Tensor &condition, Scalar self,
                                 const Tensor &other) {
  return whereOf(cx, {}, condition, self, other);
}
static TensorRef whereScalarOther(Context &cx, const Tensor &condition, const Tensor &self,
                                  Scalar other) {
  return whereOf(cx, {}, condition, self, other);
}
static TensorRef whereScalars(Context &cx, const Tensor &condition, Scalar self, Scalar other) {
  return whereOf(cx, {}, condition, self, other);
}
TSC_FUNCTIONAL(aten_where_self, whereTensors)
TSC_OUTPUT(aten_where_self_out, whereTensors)
TSC_KERNEL(aten_where_ScalarSelf, whereScalarSelf)
TSC_KERNEL(aten_where_ScalarOther, whereScalarOther)
TSC_KERNEL(aten_where_Scalar, whereScalars)

// ---- masked_fill
static TensorRef maskedFill(Context &cx, Out out, const Tensor &self, const Tensor &mask,
                            const Operand &value) {
  if (mask.dtype != DType::Bool)
    return cx.fail("masked_fill expects a boolean mask, but got dtype %s",
                   findDType(mask.dtype)->graphName);
  if (value.tensor && value.tensor->rank != 0)
    return cx.fail("masked_fill only supports a 0-dimensional value tensor, but got a tensor with "
                   "%d dimensions",
                   value.tensor->rank);
  Scalar number = value.tensor ? value.tensor->item() : value.scalar;
  bool fits = !number.isComplex() || self.isComplex() || self.isBool();
  if (self.isIntegral(false) && number.isFloat())
    fits = std::fabs(number.d) < std::exp2(8.0 * static_cast<double>(self.itemsize()));
  if (!fits)
    return cx.fail("value cannot be converted to type %s without overflow",
                   findDType(self.dtype)->torchName);
  return choose(cx, "masked_fill", out, mask, value, self, self.dtype);
}
static TensorRef maskedFillScalar(Context &cx, Out out, const Tensor &self, const Tensor &mask,
                                  Scalar value) {
  return maskedFill(cx, out, self, mask, value);
}
static TensorRef maskedFillTensor(Context &cx, Out out, const Tensor &self, const Tensor &mask,
                                  const Tensor &value) {
  return maskedFill(cx, out, self, mask, value);
}
TSC_VARIANTS_OF(aten_masked_fill, Scalar, Scalar_out, maskedFillScalar)
TSC_VARIANTS_OF(aten_masked_fill, Tensor, Tensor_out, maskedFillTensor)

// ---- clamp. A NaN anywhere wins; where min is above max, max does.
namespace {
auto raise = [](auto x, auto least) { return x < least || least != least ? least : x; };
auto lower = [](auto x, auto most) { return x > most || most != most ? most : x; };
constexpr uint32_t kOrdered = kInt | kFloat;

template <uint32_t Classes>
TensorRef clampMinOf(Context &cx, Out out, const Operand &self, const Operand &least) {
  return elementwise<Classes, Promote::Keep>(
      cx, "clamp_min", out, [](auto x, auto least) { return x != x ? x : raise(x, least); },
      inputs(self, least));
}
template <uint32_t Classes>
TensorRef clampMaxOf(Context &cx, Out out, const Operand &self, const Operand &most) {
  return elementwise<Classes, Promote::Keep>(
      cx, "clamp_max", out, [](auto x, auto most) { return x != x ? x : lower(x, most); },
      inputs(self, most));
}
TensorRef clampBoth(Context &cx, Out out, const Operand &self, const Operand &least,
                    const Operand &most) {
  auto f = [](auto x, auto least, auto most) { return x != x ? x : lower(raise(x, least), most); };
  return elementwise<kOrdered, Promote::Keep>(cx, "clamp", out, f, inputs(self, least, most));
}
Failure noBound(Context &cx) {
  return cx.fail("clamp: at least one of 'min' or 'max' must not be None");
}
} // namespace
/// A bound of integers beyond what the dtype holds: on the far side it bounds nothing, on the near
/// side there is no result.
static Status fitBound(Context &cx, const Tensor &self, Scalar &bound, bool isMin) {
  if (!self.isIntegral(false) || !bound.isIntegral(false) || self.itemsize() == 8)
    return success();
  int64_t bits = self.itemsize() * 8;
  bool isSigned = findDType(self.dtype)->isSigned;
  int64_t lowest = isSigned ? -(int64_t(1) << (bits - 1)) : 0;
  int64_t highest = (int64_t(1) << (isSigned ? bits - 1 : bits)) - 1;
  if (isMin ? bound.i > highest : bound.i < lowest)
    return cx.fail("clamp %s value %lld is outside the representable range of %s",
                   isMin ? "min" : "max", static_cast<long long>(bound.i),
                   findDType(self.dtype)->graphName);
  bound.i = bound.i < lowest ? lowest : bound.i > highest ? highest : bound.i;
  return success();
}
static TensorRef clampScalars(Context &cx, Out out, const Tensor &self, Optional<Scalar> min,
                              Optional<Scalar> max) {
  if (!min && !max)
    return noBound(cx);
  if (min)
    TSC_TRY(fitBound(cx, self, min.value, true));
  if (max)
    TSC_TRY(fitBound(cx, self, max.value, false));
  if (!max)
    return clampMinOf<kOrdered>(cx, out, self, *min);
  return min ? clampBoth(cx, out, self, *min, *max) : clampMaxOf<kOrdered>(cx, out, self, *max);
}
static TensorRef clampMin(Context &cx, Out out, const Tensor &self, Scalar min) {
  return clampScalars(cx, out, self, min, {});
}
static TensorRef clampMax(Context &cx, Out out, const Tensor &self, Scalar max) {
  return clampScalars(cx, out, self, {}, max);
}
static TensorRef clampTensors(Context &cx, Out out, const Tensor &self, OptTensor min,
                              OptTensor max) {
  if (!min && !max)
    return noBound(cx);
  if (!max)
    return clampMinOf<kOrdered>(cx, out, self, *min);
  return min ? clampBoth(cx, out, self, *min, *max) : clampMaxOf<kOrdered>(cx, out, self, *max);
}
TSC_VARIANTS(aten_clamp, clampScalars)
TSC_VARIANTS_OF(aten_clamp, Tensor, Tensor_out, clampTensors)
TSC_VARIANTS(aten_clip, clampScalars)
TSC_VARIANTS_OF(aten_clip, Tensor, Tensor_out, clampTensors)
TSC_VARIANTS(aten_clamp_min, clampMin)
TSC_VARIANTS_OF(aten_clamp_min, Tensor, Tensor_out, onTensors<clampMinOf<kReal>>)
TSC_VARIANTS(aten_clamp_max, clampMax)
TSC_VARIANTS_OF(aten_clamp_max, Tensor, Tensor_out, onTensors<clampMaxOf<kReal>>)

// ---- addcmul and addcdiv
static TensorRef addcmul(Context &cx, Out out, const Tensor &self, const Tensor &a, const Tensor &b,
                         Scalar value) {
  return elementwise<kNumbers, Promote::Keep>(
      cx, "addcmul", out, [](auto x, auto a, auto b, auto value) { return x + value * a * b; },
      inputs(self, a, b), constants(value));
}
static TensorRef addcdiv(Context &cx, Out out, const Tensor &self, const Tensor &a, const Tensor &b,
                         Scalar value) {
  if (a.isIntegral(true) && b.isIntegral(true))
    return cx.fail("integer division with addcdiv is not supported; divide with true_divide or "
                   "div(rounding_mode='trunc') first");
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "addcdiv", out, [](auto x, auto a, auto b, auto value) { return x + value * (a / b); },
      inputs(self, a, b), constants(value));
}
TSC_VARIANTS(aten_addcmul, addcmul)
TSC_VARIANTS(aten_addcdiv, addcdiv)
