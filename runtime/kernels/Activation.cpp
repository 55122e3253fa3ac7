// SPDX-License-Identifier: Apache-2.0
// Activation functions. Functions of floats are written without branches that call, so that their
// loops vectorize.
#include "Operands.h"

#include "FloatMath.h"
#include "Pairs.h"
#include "tsc/runtime/Random.h"

using namespace tsc::rt;

TSC_UNARY(aten_relu, kInt | kFloat, Promote::Keep, x < 0 ? decltype(x)(0) : x)
TSC_UNARY(aten_silu, kFloat | kComplex, Promote::Keep, x *math::sigmoid(x))

// ---- Piecewise linear
static TensorRef hardtanh(Context &cx, Out out, const Tensor &self, Scalar least, Scalar most) {
  return elementwise<kInt | kFloat, Promote::Keep>(
      cx, "hardtanh", out,
      [](auto x, auto least, auto most) { return x < least  ? least
                                                 : x > most ? most
                                                            : x; },
      inputs(self), constants(least, most));
}
static TensorRef relu6(Context &cx, Out out, const Tensor &self) {
  return hardtanh(cx, out, self, int64_t(0), int64_t(6));
}
TSC_VARIANTS(aten_hardtanh, hardtanh)
TSC_FUNCTIONAL(aten_relu6, relu6)
TSC_INPLACE(aten_relu6_, relu6)

static TensorRef leakyRelu(Context &cx, Out out, const Tensor &self, Scalar slope) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "leaky_relu", out, [](auto x, auto slope) { return x > 0 ? x : x * slope; }, inputs(self),
      constants(slope));
}
TSC_VARIANTS(aten_leaky_relu, leakyRelu)

static TensorRef threshold(Context &cx, Out out, const Tensor &self, Scalar limit, Scalar value) {
  return elementwise<kInt | kFloat, Promote::Keep>(
      cx, "threshold", out, [](auto x, auto limit, auto value) { return x <= limit ? value : x; },
      inputs(self), constants(limit, value));
}
TSC_VARIANTS(aten_threshold, threshold)

template <class T> static T sixths(T x) {
  T shifted = x + 3;
  return (shifted < 0 ? T(0) : shifted > 6 ? T(6) : shifted) / 6;
}
template <class T> static T hardSwish(T x) {
  T shifted = x + 3;
  return x * (shifted < 0 ? T(0) : shifted > 6 ? T(6) : shifted) / 6;
}
TSC_UNARY(aten_hardsigmoid, kFloat, Promote::Keep, sixths(x))
TSC_UNARY(aten_hardswish, kFloat, Promote::Keep, hardSwish(x))

static TensorRef hardshrink(Context &cx, Out out, const Tensor &self, Scalar limit) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "hardshrink", out,
      [](auto x, auto limit) { return x >= -limit && x <= limit ? decltype(x)(0) : x; },
      inputs(self), constants(limit));
}
static TensorRef softshrink(Context &cx, Out out, const Tensor &self, Scalar limit) {
  if (limit.toDouble() < 0)
    return cx.fail("lambda must be greater or equal to 0, but found to be %g", limit.toDouble());
  return elementwise<kFloat, Promote::Keep>(
      cx, "softshrink", out,
      [](auto x, auto limit) {
        auto inside = x != x ? x : decltype(x)(0);
        return x > limit ? x - limit : x < -limit ? x + limit : inside;
      },
      inputs(self), constants(limit));
}
TSC_FUNCTIONAL(aten_hardshrink, hardshrink)
TSC_OUTPUT(aten_hardshrink_out, hardshrink)
TSC_FUNCTIONAL(aten_softshrink, softshrink)
TSC_OUTPUT(aten_softshrink_out, softshrink)

// ---- Exponential linear units
static TensorRef elu(Context &cx, Out out, const Tensor &self, Scalar alpha, Scalar scale,
                     Scalar inputScale) {
  Scalar negative = alpha.toDouble() * scale.toDouble();
  return elementwise<kFloat, Promote::Keep>(
      cx, "elu", out,
      [](auto x, auto negative, auto scale, auto inputScale) {
        auto below = math::expm1(x * inputScale) * negative;
        return x < 0 ? below : x * scale;
      },
      inputs(self), constants(negative, scale, inputScale));
}
static TensorRef selu(Context &cx, Out out, const Tensor &self) {
  return elu(cx, out, self, 1.6732632423543772, 1.0507009873554805, 1.0);
}
static TensorRef celu(Context &cx, Out out, const Tensor &self, Scalar alpha) {
  if (alpha.toDouble() == 0)
    return cx.raise("ZeroDivisionError", "alpha cannot be 0 for CELU");
  return elu(cx, out, self, alpha, 1.0, 1.0 / alpha.toDouble());
}
TSC_VARIANTS(aten_elu, elu)
TSC_VARIANTS(aten_celu, celu)
TSC_FUNCTIONAL(aten_selu, selu)
TSC_INPLACE(aten_selu_, selu)

// ---- Smooth
template <class T> static TSC_INLINE T geluErf(T x) {
  return x * T(0.5) * (1 + math::erf(x * T(M_SQRT1_2)));
}
template <class T> static TSC_INLINE T geluTanh(T x) {
  T inner = T(M_2_SQRTPI * M_SQRT1_2) * (x + T(0.044715) * x * x * x);
  return T(0.5) * x * (1 + math::tanh(inner));
}
static TensorRef gelu(Context &cx, Out out, const Tensor &self, StringRef approximate) {
  if (approximate == "tanh")
    return elementwise<kFloat, Promote::Keep>(
        cx, "gelu", out, [](auto x) { return geluTanh(x); }, inputs(self));
  if (!(approximate == "none"))
    return cx.fail("approximate argument must be either none or tanh, found %.*s",
                   static_cast<int>(approximate.size()), approximate.data());
  return elementwise<kFloat, Promote::Keep>(
      cx, "gelu", out, [](auto x) { return geluErf(x); }, inputs(self));
}
TSC_VARIANTS(aten_gelu, gelu)

/// tanh(log(1 + e^x)) is n / (n + 2) for n = e^x (e^x + 2).
template <class T> static TSC_INLINE T mishOf(T x) {
  T e = math::exp(x > 20 ? T(20) : x), n = e * (e + 2);
  return x > 20 ? x : x * (n / (n + 2));
}
TSC_UNARY(aten_mish, kFloat, Promote::Keep, mishOf(x))

static TensorRef softplus(Context &cx, Out out, const Tensor &self, Scalar beta, Scalar limit) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "softplus", out,
      [](auto x, auto beta, auto limit) {
        auto bent = math::log1p(math::exp(x * beta)) / beta;
        return x * beta > limit ? x : bent;
      },
      inputs(self), constants(beta, limit));
}
TSC_FUNCTIONAL(aten_softplus, softplus)
TSC_OUTPUT(aten_softplus_out, softplus)

static TensorRef logSigmoid(Context &cx, Out out, const Tensor &self) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "log_sigmoid", out,
      [](auto x) {
        auto most = x < 0 ? x : decltype(x)(0);
        return most - math::log1p(math::exp(-__builtin_elementwise_abs(x)));
      },
      inputs(self));
}
/// The second result is what the backward form of PyTorch keeps: exp(-|x|).
static Pair logSigmoidForward(Context &cx, const Tensor &self) {
  TensorRef result = logSigmoid(cx, {}, self);
  TSC_TRY(result);
  TensorRef buffer = elementwise<kFloat, Promote::Keep>(
      cx, "log_sigmoid", {}, [](auto x) { return math::exp(-__builtin_elementwise_abs(x)); },
      inputs(self));
  TSC_TRY(buffer);
  return {static_cast<TensorRef &&>(result), static_cast<TensorRef &&>(buffer)};
}
TSC_FUNCTIONAL(aten_log_sigmoid, logSigmoid)
TSC_OUTPUT(aten_log_sigmoid_out, logSigmoid)
TSC_KERNEL(aten_log_sigmoid_forward, logSigmoidForward)
TSC_KERNEL(aten_log_sigmoid_forward_output, (writePair<logSigmoidForward, const Tensor &>))

/// log(x / (1 - x)), of x kept within [eps, 1 - eps].
static TensorRef logit(Context &cx, Out out, const Tensor &self, Optional<double> eps) {
  double least = eps ? *eps : -HUGE_VAL, most = eps ? 1 - *eps : HUGE_VAL;
  return elementwise<kFloat, Promote::IntToFloat>(
      cx, "logit", out,
      [](auto x, auto least, auto most) {
        auto kept = x < least ? least : x > most ? most : x;
        return math::log(kept / (1 - kept));
      },
      inputs(self), constants(least, most));
}
TSC_VARIANTS(aten_logit, logit)
TSC_FUNCTIONAL(aten_special_logit, logit)
TSC_OUTPUT(aten_special_logit_out, logit)

// ---- With weights of channels, or two halves
static TensorRef prelu(Context &cx, const Tensor &self, const Tensor &weight) {
  if (self.dtype != weight.dtype)
    return cx.fail("prelu: type promoting not supported, got %s and %s",
                   findDType(self.dtype)->graphName, findDType(weight.dtype)->graphName);
  int64_t channels = self.rank > 1 ? self.sizes[1] : 1;
  if (weight.rank > 1 || (weight.numel != 1 && weight.numel != channels))
    return cx.fail("mismatch of parameter numbers and input channel size; found parameter numbers "
                   "= %lld and channel size = %lld",
                   static_cast<long long>(weight.numel), static_cast<long long>(channels));
  Shape sizes(self.rank, 1);
  if (weight.numel != 1)
    sizes[1] = weight.numel;
  TensorRef slopes = reshape(cx, weight, sizes);
  TSC_TRY(slopes);
  return elementwise<kFloat, Promote::Keep>(
      cx, "prelu", {}, [](auto x, auto slope) { return x > 0 ? x : x * slope; },
      inputs(self, slopes));
}
TSC_OPERANDS(preluKernel, kFloat, Promote::Keep, a > 0 ? a : a * b)
TSC_KERNEL(aten_prelu, prelu)
TSC_FUNCTIONAL(aten__prelu_kernel, onTensors<preluKernel>)

static TensorRef glu(Context &cx, Out out, const Tensor &self, int64_t dim) {
  if (self.rank == 0)
    return cx.fail("glu does not support 0-dimensional tensors");
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  int64_t half = self.sizes[dim] / 2;
  if (half * 2 != self.sizes[dim])
    return cx.fail("halving dimension must be even, but dimension %lld is size %lld",
                   static_cast<long long>(dim), static_cast<long long>(self.sizes[dim]));
  TensorRef a = narrow(cx, self, dim, 0, half), b = narrow(cx, self, dim, half, half);
  TSC_TRY(a);
  TSC_TRY(b);
  return elementwise<kFloat, Promote::Keep>(
      cx, "glu", out, [](auto a, auto b) { return a * math::sigmoid(b); }, inputs(a, b));
}
TSC_FUNCTIONAL(aten_glu, glu)
TSC_OUTPUT(aten_glu_out, glu)

// ---- rrelu: slopes drawn at random in training, else their mean
static TensorRef rreluWithNoise(Context &cx, Out out, const Tensor &self, Tensor &noise,
                                Scalar lower, Scalar upper, bool training, const Value &generator) {
  double from = lower.toDouble(), to = upper.toDouble();
  if (!training)
    return leakyRelu(cx, out, self, (from + to) / 2);
  if (!self.isFloating())
    return unsupportedDType(cx, "rrelu_with_noise", self.dtype);
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TensorRef slopes = empty(cx, self.shape(), self.dtype);
  TSC_TRY(slopes);
  TensorRef dense = contiguous(cx, self);
  TSC_TRY(dense);
  int64_t bytes = self.itemsize();
  for (int64_t i = 0; i < self.numel; ++i) {
    bool negative = loadScalar(dense->base() + i * bytes, self.dtype).toDouble() <= 0;
    double slope = negative ? g->uniformDouble() * (to - from) + from : 1.0;
    storeScalar(slopes->base() + i * bytes, self.dtype, Scalar(slope));
  }
  TSC_TRY(copyInto(cx, noise, *slopes));
  return elementwise<kFloat, Promote::Keep>(
      cx, "rrelu", out, [](auto x, auto slope) { return x * slope; }, inputs(self, slopes));
}
static TensorRef rrelu(Context &cx, Out out, const Tensor &self, Scalar lower, Scalar upper,
                       bool training, const Value &generator) {
  TensorRef noise = emptyLike(cx, self);
  TSC_TRY(noise);
  return rreluWithNoise(cx, out, self, *noise, lower, upper, training, generator);
}
TSC_FUNCTIONAL(aten_rrelu, rrelu)
TSC_INPLACE(aten_rrelu_, rrelu)
TSC_VARIANTS(aten_rrelu_with_noise, rreluWithNoise)
/// The noise is a second result instead of an argument that is written.
static Pair rreluFunctional(Context &cx, const Tensor &self, const Tensor &noise, Scalar lower,
                            Scalar upper, bool training, const Value &generator) {
  TensorRef drawn = clone(cx, noise);
  TSC_TRY(drawn);
  TensorRef result = rreluWithNoise(cx, {}, self, *drawn, lower, upper, training, generator);
  TSC_TRY(result);
  return makePair(static_cast<TensorRef &&>(result), static_cast<TensorRef &&>(drawn));
}
TSC_KERNEL(aten_rrelu_with_noise_functional, rreluFunctional)
