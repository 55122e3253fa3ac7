// SPDX-License-Identifier: Apache-2.0
// Losses that are one expression an element, and then a mean or a sum.
#include "Losses.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

namespace tsc::rt {

TensorRef reduceLosses(Context &cx, const Tensor &losses, int64_t reduction) {
  if (reduction == static_cast<int64_t>(Reduction::None))
    return same(losses);
  TensorRef sum = sumTensor(cx, losses, Optional<IntList>(), false, losses.dtype);
  if (!sum || reduction != static_cast<int64_t>(Reduction::Mean))
    return sum;
  double count = static_cast<double>(losses.numel);
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "mean", {}, [](auto x, auto n) { return x / n; }, inputs(*sum), constants(count));
}

namespace {
template <class F, class... O, size_t K = 0>
TensorRef loss(Context &cx, const char *name, int64_t reduction, const F &f, const Inputs<O...> &in,
               const Constants<K> &k = {}) {
  TensorRef losses = elementwise<kFloat, Promote::Keep>(cx, name, {}, f, in, k);
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}

TensorRef mseLoss(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction) {
  return loss(
      cx, "mse_cpu", reduction, [](auto a, auto b) { return (a - b) * (a - b); }, inputs(x, y));
}
TensorRef l1Loss(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction) {
  auto f = [](auto a, auto b) { return std::abs(a - b); };
  TensorRef losses =
      elementwise<kFloat | kComplex, Promote::ToReal>(cx, "l1_loss", {}, f, inputs(x, y));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}
TensorRef smoothL1Loss(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction,
                       double beta) {
  if (beta < 0)
    return cx.fail("smooth_l1_loss does not support negative values for beta.");
  if (beta == 0)
    return l1Loss(cx, x, y, reduction);
  auto f = [](auto a, auto b, auto limit) {
    auto d = std::abs(a - b);
    return d < limit ? decltype(d)(0.5) * d * d / limit : d - decltype(d)(0.5) * limit;
  };
  return loss(cx, "smooth_l1_loss", reduction, f, inputs(x, y), constants(beta));
}
TensorRef huberLoss(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction,
                    double delta) {
  if (delta <= 0)
    return cx.fail("huber_loss does not support non-positive values for delta.");
  auto f = [](auto a, auto b, auto limit) {
    auto d = std::abs(a - b);
    return d < limit ? decltype(d)(0.5) * d * d : limit * (d - decltype(d)(0.5) * limit);
  };
  return loss(cx, "huber_loss", reduction, f, inputs(x, y), constants(delta));
}
TensorRef softMarginLoss(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction) {
  return loss(
      cx, "soft_margin_loss", reduction,
      [](auto a, auto b) { return std::log1p(std::exp(-b * a)); }, inputs(x, y));
}
TensorRef marginRankingLoss(Context &cx, const Tensor &x1, const Tensor &x2, const Tensor &y,
                            double margin, int64_t reduction) {
  if (x1.rank != x2.rank || x1.rank != y.rank)
    return cx.fail("margin_ranking_loss : All input tensors should have same dimension but got "
                   "sizes: input1: %s, input2: %s, target: %s ",
                   ShapeText(x1.shape()).text, ShapeText(x2.shape()).text,
                   ShapeText(y.shape()).text);
  auto f = [](auto a, auto b, auto t, auto m) -> decltype(a) {
    auto v = -t * (a - b) + m;
    return v < 0 ? 0 : v;
  };
  TensorRef losses = elementwise<kFloat, Promote::Keep>(cx, "margin_ranking_loss", {}, f,
                                                        inputs(x1, x2, y, Scalar(margin)));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}
TensorRef hingeEmbeddingLoss(Context &cx, const Tensor &x, const Tensor &y, double margin,
                             int64_t reduction) {
  auto f = [](auto a, auto t, auto m) -> decltype(a) {
    auto room = m - a < 0 ? decltype(a)(0) : m - a;
    return (t != 1 ? room : 0) + (t != -1 ? a : 0);
  };
  return loss(cx, "hinge_embedding_loss", reduction, f, inputs(x, y, Scalar(margin)));
}
TensorRef klDivergence(Context &cx, const Tensor &x, const Tensor &y, int64_t reduction,
                       bool logTarget) {
  auto f = [logTarget](auto a, auto t) -> decltype(a) {
    if (logTarget)
      return std::exp(t) * (t - a);
    return (t == 0 ? t : t * std::log(t)) - t * a;
  };
  return loss(cx, "kl_div", reduction, f, inputs(x, y));
}
TensorRef poissonLoss(Context &cx, const Tensor &x, const Tensor &y, bool logInput, bool whole,
                      double eps, int64_t reduction) {
  auto f = [logInput, whole](auto a, auto t, auto small) -> decltype(a) {
    auto v = logInput ? std::exp(a) - t * a : a - t * std::log(a + small);
    if (whole && t > 1)
      v += t * std::log(t) - t +
           static_cast<decltype(a)>(0.5) * std::log(static_cast<decltype(a)>(2 * M_PI) * t);
    return v;
  };
  TensorRef losses = elementwise<kFloat, Promote::IntToFloat>(cx, "poisson_nll_loss", {}, f,
                                                              inputs(x, y), constants(eps));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}

// ---- Binary cross entropy
TensorRef binaryCrossEntropy(Context &cx, const Tensor &x, const Tensor &y, OptTensor weight,
                             int64_t reduction) {
  TensorRef dense = contiguousAs(cx, x, DType::Float64);
  TSC_TRY(dense);
  for (int64_t i = 0; i < dense->numel; ++i)
    if (!(dense->ptr<double>()[i] >= 0 && dense->ptr<double>()[i] <= 1))
      return cx.fail("all elements of input should be between 0 and 1");
  auto f = [](auto a, auto t) -> decltype(a) {
    auto low = static_cast<decltype(a)>(-100);
    auto p = std::log(a), q = std::log1p(-a);
    p = p < low ? low : p, q = q < low ? low : q;
    return (t - 1) * q - t * p;
  };
  TensorRef losses =
      elementwise<kFloat, Promote::Keep>(cx, "binary_cross_entropy", {}, f, inputs(x, y));
  if (losses && weight)
    losses = elementwise<kFloat, Promote::Keep>(
        cx, "binary_cross_entropy", {}, [](auto a, auto b) { return a * b; },
        inputs(*losses, *weight));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}
TensorRef binaryCrossEntropyLogits(Context &cx, const Tensor &x, const Tensor &y, OptTensor weight,
                                   OptTensor positive, int64_t reduction) {
  auto gain = [](auto a, auto t, auto p) -> decltype(a) {
    auto soft = std::log1p(std::exp(-std::abs(a))) + (a < 0 ? -a : 0);
    return (1 - t) * a + ((p - 1) * t + 1) * soft;
  };
  TensorRef losses =
      positive ? elementwise<kFloat, Promote::Keep>(cx, "binary_cross_entropy_with_logits", {},
                                                    gain, inputs(x, y, *positive))
               : elementwise<kFloat, Promote::Keep>(cx, "binary_cross_entropy_with_logits", {},
                                                    gain, inputs(x, y), constants(1.0));
  if (losses && weight)
    losses = elementwise<kFloat, Promote::Keep>(
        cx, "binary_cross_entropy_with_logits", {}, [](auto a, auto b) { return a * b; },
        inputs(*losses, *weight));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}
} // namespace
} // namespace tsc::rt

using namespace tsc::rt;
#define TSC_WITH_OUT(NAME, FN) TSC_KERNEL(NAME, FN) TSC_OUTPUT_COPY(NAME##_out, FN)
TSC_WITH_OUT(aten_mse_loss, mseLoss)
TSC_KERNEL(aten_l1_loss, l1Loss)
TSC_WITH_OUT(aten_smooth_l1_loss, smoothL1Loss)
TSC_WITH_OUT(aten_huber_loss, huberLoss)
TSC_WITH_OUT(aten_soft_margin_loss, softMarginLoss)
TSC_KERNEL(aten_margin_ranking_loss, marginRankingLoss)
TSC_KERNEL(aten_hinge_embedding_loss, hingeEmbeddingLoss)
TSC_KERNEL(aten_kl_div, klDivergence)
TSC_KERNEL(aten_poisson_nll_loss, poissonLoss)
TSC_WITH_OUT(aten_binary_cross_entropy, binaryCrossEntropy)
TSC_WITH_OUT(aten_binary_cross_entropy_with_logits, binaryCrossEntropyLogits)
