// SPDX-License-Identifier: Apache-2.0
// Derivatives of activation functions, times the gradient of the result, as traced programs call
// them.
#include "Operands.h"

#include "FloatMath.h"

using namespace tsc::rt;

#define TSC_GRADIENT(NAME, FN)                                                                     \
  TSC_FUNCTIONAL(NAME, FN)                                                                         \
  TSC_OUTPUT(NAME##_grad_input, FN)

/// EXPR from the gradient `g` and the argument or result `x`.
#define TSC_GRADIENT_OF(NAME, CLASSES, ...)                                                        \
  static TensorRef NAME(Context &cx, Out out, const Tensor &grad, const Tensor &self) {            \
    return elementwise<(CLASSES), Promote::Keep>(                                                  \
        cx, #NAME, out, [](auto g, auto x) { return __VA_ARGS__; }, inputs(grad, self));           \
  }
/// The same with one number `k`.
#define TSC_GRADIENT_WITH(NAME, ...)                                                               \
  static TensorRef NAME(Context &cx, Out out, const Tensor &grad, const Tensor &self, Scalar k) {  \
    return elementwise<kInt | kFloat, Promote::Keep>(                                              \
        cx, #NAME, out, [](auto g, auto x, auto k) { return __VA_ARGS__; }, inputs(grad, self),    \
        constants(k));                                                                             \
  }

template <class T> static T conjugateOf(T x) {
  if constexpr (isComplexType<T>)
    return std::conj(x);
  else
    return x;
}
template <class T> static T zero() { return T(0); }

TSC_GRADIENT_OF(sigmoidBackward, kFloat | kComplex, g *conjugateOf((decltype(x)(1) - x) * x))
TSC_GRADIENT_OF(tanhBackward, kFloat | kComplex, g *conjugateOf(decltype(x)(1) - x * x))
TSC_GRADIENT_OF(hardsigmoidBackward, kFloat, x > -3 && x < 3 ? g / 6 : zero<decltype(g)>())
TSC_GRADIENT_OF(hardswishBackward, kFloat,
                x <= -3  ? zero<decltype(g)>()
                : x >= 3 ? g
                         : g * (x / 3 + decltype(x)(0.5)))
TSC_GRADIENT_WITH(thresholdBackward, x <= k ? zero<decltype(g)>() : g)
TSC_GRADIENT_WITH(shrinkBackward, x >= -k && x <= k ? zero<decltype(g)>() : g)
TSC_GRADIENT(aten_sigmoid_backward, sigmoidBackward)
TSC_GRADIENT(aten_tanh_backward, tanhBackward)
TSC_GRADIENT(aten_hardsigmoid_backward, hardsigmoidBackward)
TSC_FUNCTIONAL(aten_hardswish_backward, hardswishBackward)
TSC_OUTPUT(aten_hardswish_backward_out, hardswishBackward)
TSC_GRADIENT(aten_threshold_backward, thresholdBackward)
TSC_GRADIENT(aten_hardshrink_backward, shrinkBackward)
TSC_GRADIENT(aten_softshrink_backward, shrinkBackward)

template <class T> static TSC_INLINE T siluSlope(T x) {
  T s = math::sigmoid(x);
  return s * (1 + x * (1 - s));
}
template <class T> static TSC_INLINE T mishSlope(T x) {
  T e = math::exp(x > 20 ? T(20) : x), n = e * (e + 2), t = n / (n + 2), s = math::sigmoid(x);
  return x > 20 ? T(1) : t + x * s * (1 - t * t);
}
TSC_GRADIENT_OF(siluBackward, kFloat, g *siluSlope(x))
TSC_GRADIENT_OF(mishBackward, kFloat, g *mishSlope(x))
TSC_GRADIENT(aten_silu_backward, siluBackward)
TSC_FUNCTIONAL(aten_mish_backward, mishBackward)

static TensorRef leakyReluBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                                   Scalar slope, bool selfIsResult) {
  if (selfIsResult && slope.toDouble() < 0)
    return cx.fail("leaky_relu_backward of a result needs a slope of at least 0, found %g",
                   slope.toDouble());
  return elementwise<kFloat, Promote::Keep>(
      cx, "leaky_relu_backward", out,
      [](auto g, auto x, auto slope) { return x > 0 ? g : g * slope; }, inputs(grad, self),
      constants(slope));
}
TSC_GRADIENT(aten_leaky_relu_backward, leakyReluBackward)

static TensorRef rreluBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                               const Tensor &noise, Scalar lower, Scalar upper, bool training,
                               bool selfIsResult) {
  double from = lower.toDouble(), to = upper.toDouble();
  if (!training || to - from <= 1e-6)
    return leakyReluBackward(cx, out, grad, self, (from + to) / 2, selfIsResult);
  return elementwise<kFloat, Promote::Keep>(
      cx, "rrelu_with_noise_backward", out, [](auto g, auto noise) { return g * noise; },
      inputs(grad, noise));
}
TSC_FUNCTIONAL(aten_rrelu_with_noise_backward, rreluBackward)
TSC_OUTPUT(aten_rrelu_with_noise_backward_out, rreluBackward)

static TensorRef hardtanhBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                                  Scalar least, Scalar most) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "hardtanh_backward", out,
      [](auto g, auto x, auto least, auto most) {
        return x <= least || x >= most ? decltype(g)(0) : g;
      },
      inputs(grad, self), constants(least, most));
}
TSC_GRADIENT(aten_hardtanh_backward, hardtanhBackward)

static TensorRef softplusBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                                  Scalar beta, Scalar limit) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "softplus_backward", out,
      [](auto g, auto x, auto beta, auto limit) {
        auto slope = math::sigmoid(x * beta);
        return x * beta > limit ? g : g * slope;
      },
      inputs(grad, self), constants(beta, limit));
}
TSC_GRADIENT(aten_softplus_backward, softplusBackward)

static TensorRef eluBackward(Context &cx, Out out, const Tensor &grad, Scalar alpha, Scalar scale,
                             Scalar inputScale, bool isResult, const Tensor &self) {
  if (isResult && alpha.toDouble() < 0)
    return cx.fail("elu_backward of a result needs an alpha of at least 0, found %g",
                   alpha.toDouble());
  Scalar negative = alpha.toDouble() * scale.toDouble();
  auto f = [isResult](auto g, auto x, auto negative, auto scale, auto inputScale) {
    auto steep = isResult ? x + negative : negative * math::exp(x * inputScale);
    return x <= 0 ? g * inputScale * steep : g * scale;
  };
  return elementwise<kFloat, Promote::Keep>(cx, "elu_backward", out, f, inputs(grad, self),
                                            constants(negative, scale, inputScale));
}
TSC_GRADIENT(aten_elu_backward, eluBackward)

template <class T> static TSC_INLINE T geluSlope(T x) {
  T density = math::exp(T(-0.5) * x * x) * T(M_2_SQRTPI * M_SQRT1_2 * 0.5);
  return T(0.5) * (1 + math::erf(x * T(M_SQRT1_2))) + x * density;
}
template <class T> static TSC_INLINE T geluTanhSlope(T x) {
  T k = T(M_2_SQRTPI * M_SQRT1_2), square = x * x;
  T t = math::tanh(k * (x + T(0.044715) * square * x));
  return T(0.5) * (1 + t) + T(0.5) * x * (1 - t * t) * k * (1 + T(3 * 0.044715) * square);
}
static TensorRef geluBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                              StringRef approximate) {
  if (approximate == "tanh")
    return elementwise<kFloat, Promote::Keep>(
        cx, "gelu_backward", out, [](auto g, auto x) { return g * geluTanhSlope(x); },
        inputs(grad, self));
  return elementwise<kFloat, Promote::Keep>(
      cx, "gelu_backward", out, [](auto g, auto x) { return g * geluSlope(x); },
      inputs(grad, self));
}
TSC_GRADIENT(aten_gelu_backward, geluBackward)

static TensorRef logSigmoidBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                                    const Tensor &) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "log_sigmoid_backward", out, [](auto g, auto x) { return g * math::sigmoid(-x); },
      inputs(grad, self));
}
TSC_GRADIENT(aten_log_sigmoid_backward, logSigmoidBackward)

static TensorRef logitBackward(Context &cx, Out out, const Tensor &grad, const Tensor &self,
                               Optional<double> eps) {
  auto f = [given = eps.has](auto g, auto x, auto least, auto most) {
    using T = decltype(x);
    T outside = given ? T(0) : static_cast<T>(NAN);
    return x < least || x > most ? outside : g / (x * (1 - x));
  };
  double least = eps.valueOr(0);
  return elementwise<kFloat, Promote::Keep>(cx, "logit_backward", out, f, inputs(grad, self),
                                            constants(least, 1 - least));
}
TSC_GRADIENT(aten_logit_backward, logitBackward)

static TensorRef gluBackward(Context &cx, const Tensor &grad, const Tensor &self, int64_t dim) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  int64_t half = self.rank ? self.sizes[dim] / 2 : 0;
  if (half * 2 != (self.rank ? self.sizes[dim] : 1))
    return cx.fail("halving dimension must be even, but dimension %lld is size %lld",
                   static_cast<long long>(dim), static_cast<long long>(half * 2 + 1));
  TensorRef result = empty(cx, self.shape(), self.dtype);
  TSC_TRY(result);
  TensorRef a = narrow(cx, self, dim, 0, half), b = narrow(cx, self, dim, half, half);
  TensorRef forA = narrow(cx, *result, dim, 0, half), forB = narrow(cx, *result, dim, half, half);
  TSC_TRY(a && b && forA && forB);
  TSC_TRY(elementwise<kFloat, Promote::Keep>(
      cx, "glu_backward", Out{forA.get()}, [](auto g, auto b) { return g * math::sigmoid(b); },
      inputs(grad, b)));
  TSC_TRY(elementwise<kFloat, Promote::Keep>(
      cx, "glu_backward", Out{forB.get()},
      [](auto g, auto a, auto b) {
        auto s = math::sigmoid(b);
        return g * a * s * (1 - s);
      },
      inputs(grad, a, b)));
  return result;
}
TSC_KERNEL(aten_glu_backward, gluBackward)
TSC_OUTPUT_COPY(aten_glu_backward_grad_input, gluBackward)
