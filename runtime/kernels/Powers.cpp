// SPDX-License-Identifier: Apache-2.0
// pow and float_power; products with powers of two and logarithms.
#include "Operands.h"

#include "FloatMath.h"

using namespace tsc::rt;

namespace {
/// Of floats, through exp(y * log|x|) in double: no branches, so that it vectorizes.
TSC_INLINE float power(float x, float y) {
  double a = static_cast<double>(__builtin_elementwise_abs(x)), b = static_cast<double>(y);
  float size = static_cast<float>(math::coreExp(b * math::coreLog(a)));
  bool whole = y == __builtin_elementwise_floor(y);
  bool odd = whole & (y * 0.5f != __builtin_elementwise_floor(y * 0.5f));
  float turned = odd ? __builtin_elementwise_copysign(size, x) : size;
  float value = ((x < 0) & (a < HUGE_VAL) & !whole) ? NAN : turned;
  bool one = (y == 0) | (x == 1) | ((x == -1) & (__builtin_elementwise_abs(y) == HUGE_VALF));
  return one ? 1.0f : value;
}
TSC_INLINE double power(double x, double y) { return std::pow(x, y); }
Complex power(Complex x, Complex y) {
  if (y == Complex(0))
    return 1.0;
  if (x == Complex(0))
    return y.real() > 0 ? Complex(0) : Complex(NAN, NAN);
  return std::exp(y * std::log(x));
}
/// By squaring, wrapping around; a negative power of anything but 1 and -1 is 0.
int64_t power(int64_t x, int64_t y) {
  if (y < 0)
    return x == 1 ? 1 : x == -1 ? (y % 2 ? -1 : 1) : 0;
  int64_t result = 1;
  for (; y; y >>= 1, x *= x)
    if (y & 1)
      result *= x;
  return result;
}
} // namespace

static TensorRef powerOf(Context &cx, Out out, const Operand &self, const Operand &other) {
  if (self.tensor && !other.tensor && other.scalar.isIntegral(true) && other.scalar.i < 0 &&
      isIntegral(self.tensor->dtype, true))
    return cx.fail("integers to negative integer powers are not allowed");
  return elementwise<kNumbers, Promote::Keep>(
      cx, "pow", out, [](auto a, auto b) { return power(a, b); }, inputs(self, other));
}
/// The exponents that need no logarithm.
static TensorRef powerScalar(Context &cx, Out out, const Tensor &self, Scalar exponent) {
  double e = exponent.toDouble();
  if (!exponent.isComplex() && (e == 0 || e == 1))
    return elementwise<kAll, Promote::Keep>(
        cx, "pow", out, [e](auto x, auto) { return e == 0 ? decltype(x)(1) : x; },
        inputs(self, exponent));
  if (!(self.isFloating() || self.isComplex()) || exponent.isComplex())
    return powerOf(cx, out, self, exponent);
  Inputs<Operand> in{{Operand(self)}};
  constexpr uint32_t kClasses = kFloat | kComplex;
  if (e == 2)
    return elementwise<kClasses, Promote::Keep>(cx, "pow", out, [](auto x) { return x * x; }, in);
  if (self.isComplex())
    return powerOf(cx, out, self, exponent);
  if (e == 3)
    return elementwise<kFloat, Promote::Keep>(cx, "pow", out, [](auto x) { return x * x * x; }, in);
  if (e == 0.5)
    return elementwise<kFloat, Promote::Keep>(
        cx, "pow", out, [](auto x) { return math::sqrt(x); }, in);
  if (e == -0.5)
    return elementwise<kFloat, Promote::Keep>(
        cx, "pow", out, [](auto x) { return 1 / math::sqrt(x); }, in);
  if (e == -1)
    return elementwise<kFloat, Promote::Keep>(cx, "pow", out, [](auto x) { return 1 / x; }, in);
  if (e == -2)
    return elementwise<kFloat, Promote::Keep>(
        cx, "pow", out, [](auto x) { return 1 / (x * x); }, in);
  return powerOf(cx, out, self, exponent);
}
static TensorRef powerTensors(Context &cx, Out out, const Tensor &self, const Tensor &exponent) {
  return powerOf(cx, out, self, exponent);
}
TSC_FUNCTIONAL(aten_pow_Tensor_Tensor, powerTensors)
TSC_OUTPUT(aten_pow_Tensor_Tensor_out, powerTensors)
TSC_FUNCTIONAL(aten_pow_Tensor_Scalar, powerScalar)
TSC_OUTPUT(aten_pow_Tensor_Scalar_out, powerScalar)
TSC_FUNCTIONAL(aten_pow_Scalar, onFirstScalar<powerOf>)
TSC_OUTPUT(aten_pow_Scalar_out, onFirstScalar<powerOf>)
TSC_INPLACE(aten_pow__Tensor, powerTensors)
TSC_INPLACE(aten_pow__Scalar, powerScalar)

// ---- float_power: in float64, or complex128 when an operand is complex
static bool isComplexOperand(const Operand &o) {
  return o.tensor ? o.tensor->isComplex() : o.scalar.isComplex();
}
static TensorRef floatPower(Context &cx, Out out, const Operand &self, const Operand &exponent) {
  bool complex = isComplexOperand(self) || isComplexOperand(exponent);
  DType work = complex ? DType::Complex128 : DType::Float64;
  if (out.tensor && out.tensor->dtype != work)
    return cx.fail("the output of float_power has dtype %s, not %s",
                   findDType(out.tensor->dtype)->graphName, findDType(work)->graphName);
  TensorRef a = self.tensor ? toDType(cx, *self.tensor, work) : scalarTensor(cx, self.scalar, work);
  TSC_TRY(a);
  TensorRef b = exponent.tensor ? toDType(cx, *exponent.tensor, work)
                                : scalarTensor(cx, exponent.scalar, work);
  TSC_TRY(b);
  return powerOf(cx, out, a, b);
}
TSC_FUNCTIONAL(aten_float_power_Tensor_Tensor, onTensors<floatPower>)
TSC_OUTPUT(aten_float_power_Tensor_Tensor_out, onTensors<floatPower>)
TSC_FUNCTIONAL(aten_float_power_Tensor_Scalar, onScalar<floatPower>)
TSC_OUTPUT(aten_float_power_Tensor_Scalar_out, onScalar<floatPower>)
TSC_FUNCTIONAL(aten_float_power_Scalar, onFirstScalar<floatPower>)
TSC_OUTPUT(aten_float_power_Scalar_out, onFirstScalar<floatPower>)
TSC_INPLACE(aten_float_power__Tensor, onTensors<floatPower>)
TSC_INPLACE(aten_float_power__Scalar, onScalar<floatPower>)

/// self * 2 ^ other. A float keeps its dtype under integer exponents; else the power is of the
/// default float dtype, or of the exponent's own.
static TensorRef ldexpOf(Context &cx, Out out, const Tensor &self, const Tensor &other) {
  if (self.isFloating() && other.isIntegral(true)) {
    if (other.isBool())
      return unsupportedDType(cx, "ldexp", other.dtype);
    return elementwise<kFloat, Promote::Keep>(
        cx, "ldexp", out, [](auto a, auto b) { return std::ldexp(a, static_cast<int>(b)); },
        inputs(self, other));
  }
  TensorRef power = elementwise<kFloat | kComplex, Promote::IntToFloat>(
      cx, "ldexp", {}, [](auto x) { return math::exp2(x); }, inputs(other));
  TSC_TRY(power);
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(
      cx, "ldexp", out, [](auto a, auto b) { return a * b; }, inputs(self, *power));
}
TSC_FUNCTIONAL(aten_ldexp_Tensor, ldexpOf)
TSC_INPLACE(aten_ldexp_, ldexpOf)
TSC_OUTPUT(aten_ldexp_out, ldexpOf)

// ---- a * log(b) with 0 * log(0) = 0
TSC_OPERANDS(xlogy, kFloat, Promote::IntToFloat, b != b ? b : a == 0 ? a * 0 : a * std::log(b))
TSC_OPERANDS(xlog1py, kFloat, Promote::IntToFloat, b != b ? b : a == 0 ? a * 0 : a * std::log1p(b))
TSC_FUNCTIONAL(aten_xlogy_Tensor, onTensors<xlogy>)
TSC_OUTPUT(aten_xlogy_OutTensor, onTensors<xlogy>)
TSC_INPLACE(aten_xlogy__Tensor, onTensors<xlogy>)
TSC_FUNCTIONAL(aten_xlogy_Scalar_Self, onFirstScalar<xlogy>)
TSC_OUTPUT(aten_xlogy_OutScalar_Self, onFirstScalar<xlogy>)
TSC_FUNCTIONAL(aten_xlogy_Scalar_Other, onScalar<xlogy>)
TSC_OUTPUT(aten_xlogy_OutScalar_Other, onScalar<xlogy>)
TSC_INPLACE(aten_xlogy__Scalar_Other, onScalar<xlogy>)
#define TSC_SPECIAL(OP, FN)                                                                        \
  TSC_FUNCTIONAL(OP, onTensors<FN>)                                                                \
  TSC_OUTPUT(OP##_out, onTensors<FN>)                                                              \
  TSC_FUNCTIONAL(OP##_self_scalar, onFirstScalar<FN>)                                              \
  TSC_OUTPUT(OP##_self_scalar_out, onFirstScalar<FN>)                                              \
  TSC_FUNCTIONAL(OP##_other_scalar, onScalar<FN>)                                                  \
  TSC_OUTPUT(OP##_other_scalar_out, onScalar<FN>)
TSC_SPECIAL(aten_special_xlogy, xlogy)
TSC_SPECIAL(aten_special_xlog1py, xlog1py)
