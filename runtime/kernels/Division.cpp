// SPDX-License-Identifier: Apache-2.0
// Quotients and remainders: true, truncated and floored. Integers divided by zero are an error.
#include "Operands.h"

#include <atomic>

using namespace tsc::rt;

namespace {
enum class Rounding { None, Trunc, Floor };

/// Set from any thread when an integer is divided by zero.
struct ZeroFlag {
  std::atomic<bool> seen = false;
  void note() const {
    const_cast<std::atomic<bool> &>(seen).store(true, std::memory_order_relaxed);
  }
};

template <class T> T floorQuotient(T a, T b) {
  if (b == 0)
    return a / b;
  T mod = std::fmod(a, b), quotient = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0))
    quotient -= 1;
  if (quotient == 0)
    return std::copysign(T(0), a / b);
  T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}
inline int64_t truncQuotient(int64_t a, int64_t b, const ZeroFlag &zero) {
  if (b == 0)
    return zero.note(), 0;
  return b == -1 ? -a : a / b;
}
inline int64_t truncRemainder(int64_t a, int64_t b, const ZeroFlag &zero) {
  if (b == 0)
    return zero.note(), 0;
  return b == -1 ? 0 : a % b;
}
inline int64_t floorQuotient(int64_t a, int64_t b, const ZeroFlag &zero) {
  int64_t q = truncQuotient(a, b, zero);
  return b != 0 && (a < 0) != (b < 0) && q * b != a ? q - 1 : q;
}
inline int64_t floorRemainder(int64_t a, int64_t b, const ZeroFlag &zero) {
  int64_t r = truncRemainder(a, b, zero);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// f over integers and floats; f is called with the flag as well.
template <class F>
TensorRef checked(Context &cx, const char *name, Out out, const Operand &self, const Operand &other,
                  F f) {
  ZeroFlag zero;
  TensorRef result = elementwise<kInt | kFloat, Promote::Keep>(
      cx, name, out, [f, &zero](auto a, auto b) { return f(a, b, zero); }, inputs(self, other));
  if (result && zero.seen)
    return cx.fail("ZeroDivisionError");
  return result;
}
} // namespace

// ---- div
static TensorRef divideTrue(Context &cx, Out out, const Operand &self, const Operand &other) {
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(
      cx, "div", out, [](auto a, auto b) { return a / b; }, inputs(self, other));
}
static TensorRef divideTrunc(Context &cx, Out out, const Operand &self, const Operand &other) {
  return checked(cx, "div_trunc", out, self, other, [](auto a, auto b, const ZeroFlag &zero) {
    if constexpr (isFloatType<decltype(a)>)
      return std::trunc(a / b);
    else
      return truncQuotient(a, b, zero);
  });
}
static TensorRef divideFloor(Context &cx, Out out, const Operand &self, const Operand &other) {
  return checked(cx, "div_floor", out, self, other, [](auto a, auto b, const ZeroFlag &zero) {
    if constexpr (isFloatType<decltype(a)>)
      return floorQuotient(a, b);
    else
      return floorQuotient(a, b, zero);
  });
}
static Result<Rounding> roundingOf(Context &cx, const Optional<StringRef> &mode) {
  if (!mode)
    return Rounding::None;
  if (*mode == "trunc")
    return Rounding::Trunc;
  if (*mode == "floor")
    return Rounding::Floor;
  return cx.fail(
      "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '%.*s'",
      static_cast<int>(mode->size()), mode->data());
}
static TensorRef divideMode(Context &cx, Out out, const Operand &self, const Operand &other,
                            const Optional<StringRef> &mode) {
  TSC_ASSIGN(Rounding rounding, roundingOf(cx, mode));
  return rounding == Rounding::None    ? divideTrue(cx, out, self, other)
         : rounding == Rounding::Trunc ? divideTrunc(cx, out, self, other)
                                       : divideFloor(cx, out, self, other);
}
static TensorRef divideTensorMode(Context &cx, Out out, const Tensor &self, const Tensor &other,
                                  Optional<StringRef> mode) {
  return divideMode(cx, out, self, other, mode);
}
static TensorRef divideScalarMode(Context &cx, Out out, const Tensor &self, Scalar other,
                                  Optional<StringRef> mode) {
  return divideMode(cx, out, self, other, mode);
}
TSC_VARIANTS_OF(aten_div, Tensor, out, onTensors<divideTrue>)
TSC_VARIANTS_OF(aten_div, Scalar, Scalar_out, onScalar<divideTrue>)
TSC_VARIANTS_OF(aten_div, Tensor_mode, out_mode, divideTensorMode)
TSC_VARIANTS_OF(aten_div, Scalar_mode, Scalar_mode_out, divideScalarMode)
TSC_VARIANTS_OF(aten_divide, Tensor, out, onTensors<divideTrue>)
TSC_FUNCTIONAL(aten_divide_Scalar, onScalar<divideTrue>)
TSC_INPLACE(aten_divide__Scalar, onScalar<divideTrue>)
TSC_VARIANTS_OF(aten_divide, Tensor_mode, out_mode, divideTensorMode)
TSC_FUNCTIONAL(aten_divide_Scalar_mode, divideScalarMode)
TSC_INPLACE(aten_divide__Scalar_mode, divideScalarMode)
TSC_VARIANTS_OF(aten_true_divide, Tensor, out, onTensors<divideTrue>)
TSC_FUNCTIONAL(aten_true_divide_Scalar, onScalar<divideTrue>)
TSC_INPLACE(aten_true_divide__Scalar, onScalar<divideTrue>)

TSC_FUNCTIONAL(aten_floor_divide, onTensors<divideFloor>)
TSC_INPLACE(aten_floor_divide__Tensor, onTensors<divideFloor>)
TSC_OUTPUT(aten_floor_divide_out, onTensors<divideFloor>)
TSC_FUNCTIONAL(aten_floor_divide_Scalar, onScalar<divideFloor>)
TSC_INPLACE(aten_floor_divide__Scalar, onScalar<divideFloor>)
TSC_OUTPUT(aten_floor_divide_Scalar_out, onScalar<divideFloor>)

// ---- Remainders: remainder has the divisor's sign, fmod the dividend's
static TensorRef remainderOf(Context &cx, Out out, const Operand &self, const Operand &other) {
  return checked(cx, "remainder", out, self, other, [](auto a, auto b, const ZeroFlag &zero) {
    if constexpr (isFloatType<decltype(a)>) {
      auto mod = std::fmod(a, b);
      return mod != 0 && (b < 0) != (mod < 0) ? mod + b : mod;
    } else {
      return floorRemainder(a, b, zero);
    }
  });
}
static TensorRef fmodOf(Context &cx, Out out, const Operand &self, const Operand &other) {
  return checked(cx, "fmod", out, self, other, [](auto a, auto b, const ZeroFlag &zero) {
    if constexpr (isFloatType<decltype(a)>)
      return std::fmod(a, b);
    else
      return truncRemainder(a, b, zero);
  });
}
TSC_TENSOR_SCALAR(aten_remainder, remainderOf)
TSC_FUNCTIONAL(aten_remainder_Scalar_Tensor, onFirstScalar<remainderOf>)
TSC_OUTPUT(aten_remainder_Scalar_Tensor_out, onFirstScalar<remainderOf>)
TSC_TENSOR_SCALAR(aten_fmod, fmodOf)
