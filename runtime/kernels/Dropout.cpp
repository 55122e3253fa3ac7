// SPDX-License-Identifier: Apache-2.0
// Dropout: the input itself unless training; then elements, or whole channels, are zeroed at random
// and the others scaled. Alpha dropout keeps mean and variance of selu's results.
#include "Operands.h"
#include "Pairs.h"
#include "tsc/runtime/Random.h"

using namespace tsc::rt;

static Status checkProbability(Context &cx, double p) {
  if (p >= 0 && p <= 1)
    return success();
  return cx.fail("dropout probability has to be between 0 and 1, but got %g", p);
}
/// Ones with probability 1 - p, for each element or each channel.
static TensorRef drawMask(Context &cx, const Tensor &input, double p, bool features) {
  Generator *g = defaultGenerator(cx);
  TSC_TRY(g != nullptr);
  TensorRef mask;
  if (features) {
    if (input.rank < 2)
      return cx.fail("feature dropout requires at least 2 dimensions in the input");
    Shape sizes(input.rank, 1);
    sizes[0] = input.sizes[0], sizes[1] = input.sizes[1];
    mask = empty(cx, sizes, input.dtype);
  } else {
    mask = emptyLike(cx, input);
  }
  TSC_TRY(mask);
  TSC_TRY(fillBernoulli(cx, *g, *mask, 1 - p));
  return mask;
}

template <bool Features>
static TensorRef dropout(Context &cx, Out out, const Tensor &input, double p, bool train) {
  TSC_TRY(checkProbability(cx, p));
  if (!train || p == 0 || input.numel == 0)
    return same(input);
  if (p == 1)
    return elementwise<kNumbers, Promote::Keep>(
        cx, "dropout", out, [](auto x) { return x * decltype(x)(0); }, inputs(input));
  TensorRef mask = drawMask(cx, input, p, Features);
  TSC_TRY(mask);
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "dropout", out, [](auto x, auto kept, auto share) { return x * (kept / share); },
      inputs(input, mask), constants(1 - p));
}
template <bool Features>
static TensorRef alphaDropout(Context &cx, Out out, const Tensor &input, double p, bool train) {
  TSC_TRY(checkProbability(cx, p));
  if (!train || p == 0 || input.numel == 0)
    return same(input);
  if (p == 1)
    return elementwise<kNumbers, Promote::Keep>(
        cx, "dropout", out, [](auto x) { return x * decltype(x)(0); }, inputs(input));
  TensorRef mask = drawMask(cx, input, p, Features);
  TSC_TRY(mask);
  constexpr double kAlpha = 1.7580993408473766;
  double a = 1 / std::sqrt((kAlpha * kAlpha * p + 1) * (1 - p));
  return elementwise<kFloat, Promote::Keep>(
      cx, "alpha_dropout", out,
      [](auto x, auto kept, auto a, auto low, auto shift) {
        return x * (kept * a) + ((kept - 1) * low + shift);
      },
      inputs(input, mask), constants(a, kAlpha * a, kAlpha * a * p));
}
TSC_FUNCTIONAL(aten_dropout, dropout<false>)
TSC_INPLACE(aten_dropout_, dropout<false>)
TSC_FUNCTIONAL(aten_feature_dropout, dropout<true>)
TSC_INPLACE(aten_feature_dropout_, dropout<true>)
TSC_FUNCTIONAL(aten_alpha_dropout, alphaDropout<false>)
TSC_INPLACE(aten_alpha_dropout_, alphaDropout<false>)
TSC_FUNCTIONAL(aten_feature_alpha_dropout, alphaDropout<true>)
TSC_INPLACE(aten_feature_alpha_dropout_, alphaDropout<true>)

/// Result and mask.
static Pair nativeDropout(Context &cx, const Tensor &input, double p, Optional<bool> train) {
  if (input.numel == 0) {
    TensorRef empty = emptyLike(cx, input, DType::Bool);
    TSC_TRY(empty);
    return {same(input), static_cast<TensorRef &&>(empty)};
  }
  TensorRef mask = emptyLike(cx, input, DType::Bool), result;
  TSC_TRY(mask);
  if (train && !*train) {
    TSC_TRY(fill(cx, *mask, Scalar(true)));
    result = clone(cx, input);
  } else {
    Generator *g = defaultGenerator(cx);
    TSC_TRY(g != nullptr);
    TSC_TRY(fillBernoulli(cx, *g, *mask, 1 - p));
    double scale = p == 1 ? 0.0 : 1 / (1 - p);
    result = elementwise<kFloat, Promote::Keep>(
        cx, "native_dropout", {}, [](auto x, auto kept, auto scale) { return x * kept * scale; },
        inputs(input, mask), constants(scale));
  }
  TSC_TRY(result);
  return {static_cast<TensorRef &&>(result), static_cast<TensorRef &&>(mask)};
}
/// The scale takes part in promotion: an integer gradient gives floats.
static TensorRef nativeDropoutBackward(Context &cx, Out out, const Tensor &grad, const Tensor &mask,
                                       double scale) {
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "native_dropout_backward", out,
      [](auto g, auto kept, auto scale) { return g * kept * scale; },
      inputs(grad, mask, Scalar(scale)));
}
TSC_KERNEL(aten_native_dropout, nativeDropout)
TSC_KERNEL(aten_native_dropout_out,
           (writePair<nativeDropout, const Tensor &, double, Optional<bool>>))
TSC_FUNCTIONAL(aten_native_dropout_backward, nativeDropoutBackward)
TSC_OUTPUT(aten_native_dropout_backward_out, nativeDropoutBackward)
