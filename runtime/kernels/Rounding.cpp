// SPDX-License-Identifier: Apache-2.0
// Rounding, signs and classes of numbers. Integers are their own floor, ceil, round and trunc.
#include "Operands.h"

using namespace tsc::rt;

#define TSC_ROUNDING(NAME, ...)                                                                    \
  static TensorRef NAME(Context &cx, Out out, const Tensor &self) {                                \
    auto f = [](auto x) -> decltype(x) {                                                           \
      if constexpr (isFloatType<decltype(x)>)                                                      \
        return __VA_ARGS__;                                                                        \
      else                                                                                         \
        return x;                                                                                  \
    };                                                                                             \
    return elementwise<kInt | kFloat, Promote::Keep>(cx, #NAME, out, f, inputs(self));             \
  }                                                                                                \
  TSC_VARIANTS(NAME, NAME)
TSC_ROUNDING(aten_floor, __builtin_elementwise_floor(x))
TSC_ROUNDING(aten_ceil, __builtin_elementwise_ceil(x))
TSC_ROUNDING(aten_trunc, __builtin_elementwise_trunc(x))
TSC_ROUNDING(aten_round, __builtin_elementwise_roundeven(x))
TSC_VARIANTS(aten_fix, aten_trunc)
TSC_UNARY(aten_frac, kFloat, Promote::Keep, x - __builtin_elementwise_trunc(x))

/// Rounded to a number of decimal digits; negative: to tens, hundreds...
static TensorRef roundDecimals(Context &cx, Out out, const Tensor &self, int64_t decimals) {
  if (decimals == 0 && self.isFloating())
    return aten_round(cx, out, self);
  double scale = std::pow(10.0, static_cast<double>(decimals < 0 ? -decimals : decimals));
  auto f = [less = decimals < 0](auto x, auto scale) {
    return less ? __builtin_elementwise_roundeven(x / scale) * scale
                : __builtin_elementwise_roundeven(x * scale) / scale;
  };
  return elementwise<kFloat, Promote::Keep>(cx, "round", out, f, inputs(self), constants(scale));
}
TSC_VARIANTS_OF(aten_round, decimals, decimals_out, roundDecimals)
TSC_FUNCTIONAL(aten_special_round, roundDecimals)
TSC_OUTPUT(aten_special_round_out, roundDecimals)

// ---- Signs
static TensorRef signOf(Context &cx, Out out, const Tensor &self) {
  auto f = [](auto x) -> decltype(x) {
    using T = decltype(x);
    if constexpr (isBoolType<T>)
      return x;
    else
      return static_cast<T>((x > T(0)) - (x < T(0)));
  };
  return elementwise<kReal, Promote::Keep>(cx, "sign", out, f, inputs(self));
}
TSC_VARIANTS(aten_sign, signOf)
/// sign; for complex numbers the number of the same direction on the unit circle.
static TensorRef signOfComplex(Context &cx, Out out, const Tensor &self) {
  if (!self.isComplex())
    return signOf(cx, out, self);
  auto f = [](Complex x) { return x == Complex(0) ? Complex(0) : x / std::abs(x); };
  return elementwise<kComplex, Promote::Keep>(cx, "sgn", out, f, inputs(self));
}
TSC_VARIANTS(aten_sgn, signOfComplex)

static bool hasSignBit(auto x) {
  if constexpr (isFloatType<decltype(x)>)
    return __builtin_signbit(x);
  else
    return x < decltype(x)(0);
}
/// A test of numbers; an out= argument has to be of bools.
#define TSC_TEST(NAME, CLASSES, ...)                                                               \
  static TensorRef NAME(Context &cx, Out out, const Tensor &self) {                                \
    if (out.tensor && out.tensor->dtype != DType::Bool)                                            \
      return cx.fail(#NAME " needs an out= tensor of dtype bool, found %s",                        \
                     findDType(out.tensor->dtype)->torchName);                                     \
    return elementwise<(CLASSES), Promote::ToBool>(                                                \
        cx, #NAME, out, [](auto x) -> bool { return __VA_ARGS__; }, inputs(self));                 \
  }                                                                                                \
  TSC_FUNCTIONAL(NAME, NAME)                                                                       \
  TSC_OUTPUT(NAME##_out, NAME)
TSC_TEST(aten_signbit, kReal, hasSignBit(x))

/// The magnitude of the first with the sign of the second.
TSC_OPERANDS(copysignOf, kFloat, Promote::IntToFloat, __builtin_elementwise_copysign(a, b))
TSC_VARIANTS_OF(aten_copysign, Tensor, out, onTensors<copysignOf>)
TSC_VARIANTS_OF(aten_copysign, Scalar, Scalar_out, onScalar<copysignOf>)

// ---- Classes of numbers
template <class T> static bool isNan(T x) {
  if constexpr (isComplexType<T>)
    return x.real() != x.real() || x.imag() != x.imag();
  else
    return x != x;
}
template <class T> static bool isInfinite(T x) {
  if constexpr (isComplexType<T>)
    return isInfinite(x.real()) || isInfinite(x.imag());
  else if constexpr (isFloatType<T>)
    return __builtin_elementwise_abs(x) == static_cast<T>(HUGE_VAL);
  else
    return false;
}
template <class T> static bool hasSign(T x, bool negative) {
  return negative ? x < T(0) : x > T(0);
}

TSC_TEST(aten_isnan, kAll, isNan(x))
TSC_TEST(aten_isinf, kAll, isInfinite(x))
TSC_TEST(aten_isposinf, kReal, isInfinite(x) && hasSign(x, false))
TSC_TEST(aten_isneginf, kReal, isInfinite(x) && hasSign(x, true))
static TensorRef isfinite(Context &cx, const Tensor &self) {
  return elementwise<kAll, Promote::ToBool>(
      cx, "isfinite", {}, [](auto x) { return !isNan(x) && !isInfinite(x); }, inputs(self));
}
TSC_KERNEL(aten_isfinite, isfinite)
static TensorRef isreal(Context &cx, const Tensor &self) {
  auto f = [](auto x) {
    if constexpr (isComplexType<decltype(x)>)
      return x.imag() == 0;
    else
      return true;
  };
  return elementwise<kAll, Promote::ToBool>(cx, "isreal", {}, f, inputs(self));
}
TSC_KERNEL(aten_isreal, isreal)

/// Replaces NaN by `nan` (0), infinities by numbers (the largest and lowest of the dtype).
static TensorRef nanToNum(Context &cx, Out out, const Tensor &self, Optional<double> nan,
                          Optional<double> posinf, Optional<double> neginf) {
  if (self.isIntegral(true))
    return elementwise<kInt | kBool, Promote::Keep>(
        cx, "nan_to_num", out, [](auto x) { return x; }, inputs(self));
  DType real = toReal(self.dtype);
  double largest = real == DType::Float16    ? 65504.0
                   : real == DType::BFloat16 ? 0x1.fep127
                   : real == DType::Float32  ? 0x1.fffffep127
                                             : 0x1.fffffffffffffp1023;
  double forNan = nan.valueOr(0), above = posinf.valueOr(largest), below = neginf.valueOr(-largest);
  auto each = [=](auto x) {
    using T = decltype(x);
    return x != x           ? static_cast<T>(forNan)
           : !isInfinite(x) ? x
           : x > 0          ? static_cast<T>(above)
                            : static_cast<T>(below);
  };
  auto f = [each](auto x) -> decltype(x) {
    if constexpr (isComplexType<decltype(x)>)
      return {each(x.real()), each(x.imag())};
    else
      return each(x);
  };
  return elementwise<kFloat | kComplex, Promote::Keep>(cx, "nan_to_num", out, f, inputs(self));
}
TSC_VARIANTS(aten_nan_to_num, nanToNum)
