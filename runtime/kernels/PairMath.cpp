// SPDX-License-Identifier: Apache-2.0
// Mathematical functions of two numbers: hypot, logaddexp, gcd, lcm, nextafter, heaviside, lerp.
#include "Operands.h"

using namespace tsc::rt;

namespace {
/// log(base^a + base^b), from the larger of the two.
template <class T, class Exp, class Log> T logOfSum(T a, T b, Exp power, Log logOfOnePlus) {
  if (std::isinf(a) && a == b)
    return a;
  T top = a > b ? a : b, distance = -std::fabs(a - b);
  return a != a || b != b ? a + b : top + logOfOnePlus(power(distance));
}
/// The same for complex numbers; the one with the larger real part is the larger.
Complex logOfSum(Complex a, Complex b) {
  if (a.real() < b.real()) {
    Complex swapped = a;
    a = b, b = swapped;
  }
  if (std::isinf(a.real()) && a.real() == b.real() && a.real() < 0)
    return a;
  return a + std::log(1.0 + std::exp(b - a));
}

int64_t greatestDivisor(int64_t a, int64_t b) {
  a = a < 0 ? -a : a, b = b < 0 ? -b : b;
  while (a) {
    int64_t rest = b % a;
    b = a, a = rest;
  }
  return b;
}
int64_t leastMultiple(int64_t a, int64_t b) {
  int64_t divisor = greatestDivisor(a, b);
  if (divisor == 0)
    return 0;
  int64_t multiple = a / divisor * b;
  return multiple < 0 ? -multiple : multiple;
}

/// The number after x towards `to`, where numbers are `Bits` wide floats in sign and magnitude.
template <class Bits> Bits step(Bits x, bool away) {
  return static_cast<Bits>(away ? x + 1 : x - 1);
}
template <class T, class Bits> float nextOf(float from, float to) {
  if (from != from || to != to)
    return from + to;
  if (from == to)
    return to;
  if (from == 0) {
    Bits smallest = static_cast<Bits>(1 | (to < 0 ? 1u << (8 * sizeof(Bits) - 1) : 0));
    return static_cast<float>(__builtin_bit_cast(T, smallest));
  }
  Bits bits = __builtin_bit_cast(Bits, T(from));
  return static_cast<float>(__builtin_bit_cast(T, step(bits, (to > from) == (from > 0))));
}
} // namespace

TSC_OPERANDS(hypotOf, kFloat, Promote::Keep, std::hypot(a, b))
TSC_TENSORS(aten_hypot, hypotOf)

static TensorRef logAddExp(Context &cx, Out out, const Operand &self, const Operand &other) {
  auto f = [](auto a, auto b) {
    using T = decltype(a);
    if constexpr (isComplexType<T>)
      return logOfSum(a, b);
    else
      return logOfSum(a, b, [](T x) { return std::exp(x); }, [](T x) { return std::log1p(x); });
  };
  return elementwise<kFloat | kComplex, Promote::Keep>(cx, "logaddexp", out, f,
                                                       inputs(self, other));
}
static TensorRef logAddExp2(Context &cx, Out out, const Operand &self, const Operand &other) {
  auto f = [](auto a, auto b) {
    using T = decltype(a);
    return logOfSum(
        a, b, [](T x) { return std::exp2(x); },
        [](T x) { return std::log1p(x) * static_cast<T>(1.4426950408889634); });
  };
  return elementwise<kFloat, Promote::Keep>(cx, "logaddexp2", out, f, inputs(self, other));
}
TSC_FUNCTIONAL(aten_logaddexp, onTensors<logAddExp>)
TSC_OUTPUT(aten_logaddexp_out, onTensors<logAddExp>)
TSC_FUNCTIONAL(aten_logaddexp2, onTensors<logAddExp2>)
TSC_OUTPUT(aten_logaddexp2_out, onTensors<logAddExp2>)

TSC_OPERANDS(gcdOf, kInt, Promote::Keep, greatestDivisor(a, b))
TSC_OPERANDS(lcmOf, kInt, Promote::Keep, leastMultiple(a, b))
TSC_TENSORS(aten_gcd, gcdOf)
TSC_TENSORS(aten_lcm, lcmOf)

/// In the result's own dtype: the neighbours of a half are halves.
static TensorRef nextAfter(Context &cx, Out out, const Operand &self, const Operand &other) {
  DType common = commonDType(cx, self, other);
  if (common == DType::BFloat16 || common == DType::Float16) {
    bool half = common == DType::Float16;
    auto f = [half](float a, float b) {
      return half ? nextOf<Half, uint16_t>(a, b) : nextOf<BFloat16, uint16_t>(a, b);
    };
    auto any = [f](auto a, auto b) {
      return static_cast<decltype(a)>(f(static_cast<float>(a), static_cast<float>(b)));
    };
    return elementwise<kFloat, Promote::Keep>(cx, "nextafter", out, any, inputs(self, other));
  }
  return elementwise<kFloat, Promote::Keep>(
      cx, "nextafter", out, [](auto a, auto b) { return std::nextafter(a, b); },
      inputs(self, other));
}
TSC_TENSORS(aten_nextafter, nextAfter)

/// 0 below zero, 1 above, `values` at zero.
static TensorRef heaviside(Context &cx, Out out, const Operand &self, const Operand &values) {
  if (dtypeOf(self) != dtypeOf(values))
    return cx.fail("heaviside is not yet implemented for tensors with different dtypes");
  auto f = [](auto a, auto b) -> decltype(a) {
    using T = decltype(a);
    return a == T(0) ? b : static_cast<T>(a > T(0));
  };
  return elementwise<kReal, Promote::Keep>(cx, "heaviside", out, f, inputs(self, values));
}
TSC_TENSORS(aten_heaviside, heaviside)

// ---- lerp: from the nearer end, so that both ends are met exactly
template <class T> static T between(T a, T b, T weight) {
  bool near;
  if constexpr (isComplexType<T>)
    near = std::abs(weight) < 0.5;
  else
    near = __builtin_elementwise_abs(weight) < T(0.5);
  return near ? a + weight * (b - a) : b - (b - a) * (T(1) - weight);
}
static Status checkLerp(Context &cx, const Tensor &self, const Tensor &other) {
  if (self.dtype == other.dtype)
    return success();
  return cx.fail("expected dtype %s for `end` but got dtype %s", findDType(self.dtype)->graphName,
                 findDType(other.dtype)->graphName);
}
static TensorRef lerpScalar(Context &cx, Out out, const Tensor &self, const Tensor &other,
                            Scalar weight) {
  TSC_TRY(checkLerp(cx, self, other));
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "lerp", out, [](auto a, auto b, auto w) { return between(a, b, w); }, inputs(self, other),
      constants(weight));
}
static TensorRef lerpTensor(Context &cx, Out out, const Tensor &self, const Tensor &other,
                            const Tensor &weight) {
  TSC_TRY(checkLerp(cx, self, other));
  if (weight.dtype != self.dtype)
    return cx.fail("expected dtype %s for `weight` but got dtype %s",
                   findDType(self.dtype)->graphName, findDType(weight.dtype)->graphName);
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "lerp", out, [](auto a, auto b, auto w) { return between(a, b, w); },
      inputs(self, other, weight));
}
TSC_VARIANTS_OF(aten_lerp, Scalar, Scalar_out, lerpScalar)
TSC_VARIANTS_OF(aten_lerp, Tensor, Tensor_out, lerpTensor)
