// SPDX-License-Identifier: Apache-2.0
// Logical operators on the truth of numbers, and bitwise operators and shifts on integers.
#include "Operands.h"

using namespace tsc::rt;

template <class T> static bool truth(T x) { return x != T(0); }

TSC_OPERANDS(logicalAnd, kAll, Promote::ToBool, truth(a) && truth(b))
TSC_OPERANDS(logicalOr, kAll, Promote::ToBool, truth(a) || truth(b))
TSC_OPERANDS(logicalXor, kAll, Promote::ToBool, truth(a) != truth(b))
TSC_TENSORS(aten_logical_and, logicalAnd)
TSC_TENSORS(aten_logical_or, logicalOr)
TSC_TENSORS(aten_logical_xor, logicalXor)
TSC_UNARY(aten_logical_not, kAll, Promote::ToBool, !truth(x))

// ---- Bitwise
TSC_OPERANDS(bitwiseAnd, kBool | kInt, Promote::Keep, static_cast<decltype(a)>(a &b))
TSC_OPERANDS(bitwiseOr, kBool | kInt, Promote::Keep, static_cast<decltype(a)>(a | b))
TSC_OPERANDS(bitwiseXor, kBool | kInt, Promote::Keep, static_cast<decltype(a)>(a ^ b))
#define TSC_BITWISE(WORD, FN)                                                                      \
  TSC_TENSOR_SCALAR(aten_bitwise_##WORD, FN)                                                       \
  TSC_FUNCTIONAL(aten_bitwise_##WORD##_Scalar_Tensor, onFirstScalar<FN>)                           \
  TSC_OUTPUT(aten_bitwise_##WORD##_Scalar_Tensor_out, onFirstScalar<FN>)                           \
  TSC_FUNCTIONAL(aten___##WORD##___Tensor, onTensors<FN>)                                          \
  TSC_FUNCTIONAL(aten___##WORD##___Scalar, onScalar<FN>)                                           \
  TSC_INPLACE(aten___i##WORD##___Tensor, onTensors<FN>)                                            \
  TSC_INPLACE(aten___i##WORD##___Scalar, onScalar<FN>)
TSC_BITWISE(and, bitwiseAnd)
TSC_BITWISE(or, bitwiseOr)
TSC_BITWISE(xor, bitwiseXor)

static TensorRef bitwiseNot(Context &cx, Out out, const Tensor &self) {
  auto f = [](auto x) -> decltype(x) {
    if constexpr (isBoolType<decltype(x)>)
      return !x;
    else
      return ~x;
  };
  return elementwise<kBool | kInt, Promote::Keep>(cx, "bitwise_not", out, f, inputs(self));
}
TSC_VARIANTS(aten_bitwise_not, bitwiseNot)

// ---- Shifts. Past the width of the dtype nothing, or the sign, is left: the computation is in 64
// bits, sign extended, so that only counts past 64 and negative ones
// need care.
static int64_t shiftLeft(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
}
static int64_t shiftRight(int64_t a, int64_t b) { return a >> (b < 0 || b > 63 ? 63 : b); }

TSC_OPERANDS(leftShift, kInt, Promote::Keep, shiftLeft(a, b))
TSC_OPERANDS(rightShift, kInt, Promote::Keep, shiftRight(a, b))

#define TSC_SHIFT(SIDE, LETTER, FN)                                                                \
  TSC_VARIANTS_OF(aten_bitwise_##SIDE##_shift, Tensor, Tensor_out, onTensors<FN>)                  \
  TSC_VARIANTS_OF(aten_bitwise_##SIDE##_shift, Tensor_Scalar, Tensor_Scalar_out, onScalar<FN>)     \
  TSC_FUNCTIONAL(aten_bitwise_##SIDE##_shift_Scalar_Tensor, onFirstScalar<FN>)                     \
  TSC_OUTPUT(aten_bitwise_##SIDE##_shift_Scalar_Tensor_out, onFirstScalar<FN>)                     \
  TSC_FUNCTIONAL(aten___##LETTER##shift___Tensor, onTensors<FN>)                                   \
  TSC_OUTPUT(aten___##LETTER##shift___Tensor_out, onTensors<FN>)                                   \
  TSC_FUNCTIONAL(aten___##LETTER##shift___Scalar, onScalar<FN>)                                    \
  TSC_OUTPUT(aten___##LETTER##shift___Scalar_out, onScalar<FN>)                                    \
  TSC_INPLACE(aten___i##LETTER##shift___Tensor, onTensors<FN>)                                     \
  TSC_INPLACE(aten___i##LETTER##shift___Scalar, onScalar<FN>)
TSC_SHIFT(left, l, leftShift)
TSC_SHIFT(right, r, rightShift)
