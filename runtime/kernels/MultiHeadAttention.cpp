// SPDX-License-Identifier: Apache-2.0
// The fused operators behind nn.MultiheadAttention and nn.TransformerEncoderLayer: one product for
// queries, keys and values, attention on views of it, and the projection.
#include "Attention.h"
#include "Contract.h"
#include "LayerNorm.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

enum { kSourceMask = 0, kPaddingMask = 1, kDefaultMask = 2 };

/// [batch, rows, width] of a product, seen as [batch, heads, rows, width / heads].
TensorRef headsOf(Context &cx, const Tensor &t, int64_t heads, int64_t part, int64_t width) {
  int64_t depth = width / heads;
  return asStrided(cx, t, Shape::of(t.sizes[0], heads, t.sizes[1], depth),
                   Shape::of(t.strides[0], depth * t.strides[2], t.strides[1], t.strides[2]),
                   part * width * t.strides[2]);
}

/// The mask as [batch, heads, queries, keys], broadcast; true excludes.
TensorRef headMask(Context &cx, const Tensor &mask, Optional<int64_t> type, IntList sizes,
                   DType work) {
  TensorRef added = additiveMask(cx, mask, work, true);
  TSC_TRY(added);
  if (type && *type == kPaddingMask) {
    if (mask.rank != 2)
      return cx.fail("Mask shape should match input. mask: %s", ShapeText(mask.shape()).text);
    added = view(cx, *contiguous(cx, *added), Shape::of(mask.sizes[0], 1, 1, mask.sizes[1]));
    TSC_TRY(added);
  }
  return expand(cx, *added, sizes);
}

struct MultiHead {
  TensorRef q, k, v; ///< views [batch, heads, rows, depth]
  TensorRef mask, joined, weights;
};
template <class T> Status attendMulti(Context &cx, const MultiHead &m) {
  AttentionHeads<T> h{m.q->sizes[0], m.q->sizes[1], m.k->sizes[1], m.q->sizes[2], m.k->sizes[2],
                      m.q->sizes[3], m.v->sizes[3], m.q->ptr<T>(), m.k->ptr<T>(), m.v->ptr<T>(),
                      m.q->strides,  m.k->strides,  m.v->strides};
  h.scale = static_cast<T>(1 / std::sqrt(static_cast<double>(h.depth)));
  h.out = m.joined->ptr<T>();
  h.outSteps[0] = m.joined->strides[0], h.outSteps[1] = h.depth,
  h.outSteps[2] = m.joined->strides[1];
  if (m.mask) {
    h.mask = m.mask->ptr<T>();
    for (int d = 0; d < 4; ++d)
      h.maskSteps[d] = m.mask->strides[d];
  }
  h.weights = m.weights ? m.weights->ptr<T>() : nullptr;
  return attend(cx, h);
}

/// The part of the packed input weights and biases for queries, keys or values.
TensorRef projectPart(Context &cx, const Tensor &input, const Tensor &weight, const Tensor &bias,
                      int64_t part, int64_t width) {
  TensorRef w = narrow(cx, weight, 0, part * width, width),
            b = narrow(cx, bias, 0, part * width, width);
  TSC_TRY(w && b);
  return linearTensors(cx, input, *w, *b);
}

/// What is returned beside the result: nothing, the mean over heads, or all weights.
TensorRef returnedWeights(Context &cx, const Tensor *weights, bool average, DType dtype) {
  if (!weights)
    return undefinedTensor(cx);
  if (!average)
    return toDType(cx, *weights, dtype);
  int64_t dims[] = {1};
  TensorRef sum = sumTensor(cx, *weights, Optional<IntList>(IntList(dims)), false, weights->dtype);
  TSC_TRY(sum);
  TensorRef mean = elementwise<kFloat, Promote::Keep>(
      cx, "div", {}, [](auto x, auto n) { return x / n; }, inputs(*sum),
      constants(static_cast<double>(weights->sizes[1])));
  TSC_TRY(mean);
  return toDType(cx, *mean, dtype);
}

struct Projections {
  const Tensor &qkvWeight, &qkvBias, &outWeight, &outBias;
};
Status multiHead(Context &cx, const Tensor &query, const Tensor &key, const Tensor &value,
                 int64_t width, int64_t heads, const Projections &p, OptTensor mask,
                 Optional<int64_t> maskType, bool needWeights, bool average, TensorRef &out,
                 TensorRef &weights) {
  if (query.rank != 3 || key.rank != 3 || value.rank != 3 || query.sizes[2] != width)
    return cx.fail("expected 3-D `query` whose last dim is embed_dim %lld, got %s", wide(width),
                   ShapeText(query.shape()).text);
  if (heads <= 0 || width % heads || p.qkvWeight.rank != 2 || p.qkvWeight.sizes[0] != 3 * width ||
      p.qkvWeight.sizes[1] != width || p.qkvBias.rank != 1 || p.qkvBias.sizes[0] != 3 * width)
    return cx.fail(
        "expected `qkv_weight` and `qkv_bias` of 3 * embed_dim %lld rows and %lld heads to "
        "divide it, got %s",
        wide(width), wide(heads), ShapeText(p.qkvWeight.shape()).text);
  if (!query.isFloating())
    return unsupportedDType(cx, "_native_multi_head_attention", query.dtype);
  DType work = computeDType(query.dtype);
  const Tensor *given[3] = {&query, &key, &value};
  TensorRef *views[3];
  MultiHead m;
  views[0] = &m.q, views[1] = &m.k, views[2] = &m.v;
  bool self = query.data == key.data && key.data == value.data;
  TensorRef packed = self ? linearTensors(cx, query, p.qkvWeight, p.qkvBias) : TensorRef();
  TSC_TRY(!self || packed);
  for (int i = 0; i < 3; ++i) {
    TensorRef source = self ? packed : projectPart(cx, *given[i], p.qkvWeight, p.qkvBias, i, width);
    TSC_TRY(source);
    source = toDType(cx, *source, work);
    TSC_TRY(source);
    *views[i] = headsOf(cx, *source, heads, self ? i : 0, width);
    TSC_TRY(*views[i]);
  }
  int64_t batch = query.sizes[0], rows = query.sizes[1], keys = key.sizes[1];
  Shape scores = Shape::of(batch, heads, rows, keys);
  if (mask) {
    m.mask = headMask(cx, *mask, maskType, scores, work);
    TSC_TRY(m.mask);
  }
  m.joined = empty(cx, Shape::of(batch, rows, width), work);
  if (needWeights)
    m.weights = empty(cx, scores, work);
  TSC_TRY(m.joined && (!needWeights || m.weights));
  TSC_TRY(work == DType::Float64 ? attendMulti<double>(cx, m) : attendMulti<float>(cx, m));
  TensorRef joined = toDType(cx, *m.joined, query.dtype);
  TSC_TRY(joined);
  out = linearTensors(cx, *joined, p.outWeight, p.outBias);
  TSC_TRY(out);
  weights = returnedWeights(cx, m.weights.get(), average, query.dtype);
  TSC_TRY(weights);
  return success();
}

using Two = Results<TensorRef, TensorRef>;
Two nativeMultiHead(Context &cx, const Tensor &query, const Tensor &key, const Tensor &value,
                    int64_t width, int64_t heads, const Tensor &qkvWeight, const Tensor &qkvBias,
                    const Tensor &outWeight, const Tensor &outBias, OptTensor mask,
                    bool needWeights, bool average, Optional<int64_t> maskType) {
  TensorRef out, weights;
  TSC_TRY(multiHead(cx, query, key, value, width, heads, {qkvWeight, qkvBias, outWeight, outBias},
                    mask, maskType, needWeights, average, out, weights));
  return Two{out, weights};
}

TensorRef addTensors(Context &cx, const Tensor &a, const Tensor &b) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "add", {}, [](auto x, auto y) { return x + y; }, inputs(a, b));
}
TensorRef activate(Context &cx, const Tensor &t, bool gelu) {
  if (!gelu)
    return elementwise<kFloat, Promote::Keep>(
        cx, "relu", {}, [](auto x) -> decltype(x) { return x < 0 ? 0 : x; }, inputs(t));
  auto f = [](auto x) {
    using T = decltype(x);
    return x * static_cast<T>(0.5) * (1 + std::erf(x * static_cast<T>(M_SQRT1_2)));
  };
  return elementwise<kFloat, Promote::Keep>(cx, "gelu", {}, f, inputs(t));
}
TensorRef encoderLayer(Context &cx, const Tensor &source, int64_t width, int64_t heads,
                       const Tensor &qkvWeight, const Tensor &qkvBias, const Tensor &outWeight,
                       const Tensor &outBias, bool gelu, bool normFirst, double eps,
                       const Tensor &normWeight1, const Tensor &normBias1,
                       const Tensor &normWeight2, const Tensor &normBias2, const Tensor &weight1,
                       const Tensor &bias1, const Tensor &weight2, const Tensor &bias2,
                       OptTensor mask, Optional<int64_t> maskType) {
  int64_t shape[] = {width};
  auto norm = [&](const Tensor &t, const Tensor &w, const Tensor &b) {
    return layerNormTensors(cx, t, shape, w, b, eps);
  };
  TensorRef x = normFirst ? norm(source, normWeight1, normBias1) : same(source), weights, attended;
  TSC_TRY(x);
  TSC_TRY(multiHead(cx, *x, *x, *x, width, heads, {qkvWeight, qkvBias, outWeight, outBias}, mask,
                    maskType, false, false, attended, weights));
  x = addTensors(cx, *attended, source);
  if (x && !normFirst)
    x = norm(*x, normWeight1, normBias1);
  TSC_TRY(x);
  TensorRef inner = normFirst ? norm(*x, normWeight2, normBias2) : x;
  TSC_TRY(inner);
  inner = linearTensors(cx, *inner, weight1, bias1);
  TSC_TRY(inner);
  inner = activate(cx, *inner, gelu);
  TSC_TRY(inner);
  inner = linearTensors(cx, *inner, weight2, bias2);
  TSC_TRY(inner);
  x = addTensors(cx, *inner, *x);
  TSC_TRY(x);
  return normFirst ? static_cast<TensorRef &&>(x) : norm(*x, normWeight2, normBias2);
}
} // namespace

TSC_KERNEL(aten__native_multi_head_attention, nativeMultiHead)
TSC_KERNEL(aten__transformer_encoder_layer_fwd, encoderLayer)
