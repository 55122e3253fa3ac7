// SPDX-License-Identifier: Apache-2.0
// The forms of an elementwise operator of two operands: a function over Operands becomes the
// overloads that take tensors and numbers.
#pragma once

#include "tsc/runtime/Loops.h"

namespace tsc::rt {

template <auto F>
TensorRef onTensors(Context &cx, Out out, const Tensor &self, const Tensor &other) {
  return F(cx, out, self, other);
}
template <auto F> TensorRef onScalar(Context &cx, Out out, const Tensor &self, Scalar other) {
  return F(cx, out, self, other);
}
template <auto F> TensorRef onFirstScalar(Context &cx, Out out, Scalar self, const Tensor &other) {
  return F(cx, out, self, other);
}
/// The operands the other way round: a.__rop__(b), less from greater.
template <auto F>
TensorRef onSwapped(Context &cx, Out out, const Operand &self, const Operand &other) {
  return F(cx, out, other, self);
}

inline DType dtypeOf(const Operand &o) { return o.tensor ? o.tensor->dtype : o.scalar.dtype(); }
inline DType commonDType(Context &cx, const Operand &a, const Operand &b) {
  Operand both[] = {a, b};
  return computeResultType(cx, both, 2);
}

template <class T> inline constexpr bool isBoolType = std::is_same_v<T, bool>;
template <class T> inline constexpr bool isComplexType = std::is_same_v<T, Complex>;
template <class T> inline constexpr bool isFloatType = std::is_floating_point_v<T>;
template <class T> inline constexpr bool isIntType = std::is_same_v<T, int64_t>;

/// NAME from EXPR over `a` and `b`, for the macros below.
#define TSC_OPERANDS(NAME, CLASSES, PROMOTE, ...)                                                  \
  static tsc::rt::TensorRef NAME(tsc::rt::Context &cx, tsc::rt::Out out,                           \
                                 const tsc::rt::Operand &self, const tsc::rt::Operand &other) {    \
    return tsc::rt::elementwise<(CLASSES), PROMOTE>(                                               \
        cx, #NAME, out, [](auto a, auto b) { return __VA_ARGS__; }, tsc::rt::inputs(self, other)); \
  }
/// OP.Tensor, OP.Scalar, both in place, and both out=, named Tensor_out and Scalar_out.
#define TSC_TENSOR_SCALAR(OP, FN)                                                                  \
  TSC_VARIANTS_OF(OP, Tensor, Tensor_out, tsc::rt::onTensors<FN>)                                  \
  TSC_VARIANTS_OF(OP, Scalar, Scalar_out, tsc::rt::onScalar<FN>)
/// OP, OP_ and OP.out of two tensors.
#define TSC_TENSORS(OP, FN) TSC_VARIANTS(OP, tsc::rt::onTensors<FN>)

} // namespace tsc::rt
