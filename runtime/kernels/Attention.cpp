// SPDX-License-Identifier: Apache-2.0
// scaled_dot_product_attention: a block of queries at a time, so that scores never leave the cache:
// two matrix products with a softmax of rows between them.
#include "Attention.h"

#include "tsc/runtime/Gemm.h"
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

#include "VectorExp.h"

namespace tsc::rt {

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
constexpr int64_t kBlock = 64; ///< queries

/// Softmax of a row; returns the log of the sum.
template <class T> T attendRow(T *row, int64_t n) {
  T top = -static_cast<T>(INFINITY);
  for (int64_t i = 0; i < n; ++i)
    top = row[i] > top ? row[i] : top;
  if (top == -static_cast<T>(INFINITY)) {
    bool nan = false;
    for (int64_t i = 0; i < n; ++i)
      nan |= row[i] != row[i];
    for (int64_t i = 0; i < n && !nan; ++i)
      row[i] = 0;
    return top;
  }
  eachVector(row, row, n, [top](auto x) { return vectorExp(x - top); });
  T sum = SumOf<T>::pairwise(row, n), scale = 1 / sum;
  for (int64_t i = 0; i < n; ++i)
    row[i] *= scale;
  return top + std::log(sum);
}

/// Queries [first, first + count) of one head.
template <class T>
Status attendBlock(Context &cx, const AttentionHeads<T> &h, int64_t batch, int64_t head,
                   int64_t first, int64_t count, T *scores) {
  int64_t keyHead = head / (h.heads / h.keyHeads);
  int64_t keys = h.causal && first + count < h.keys ? first + count : h.keys;
  Gemm<T> g;
  g.m = count, g.n = keys, g.k = h.depth, g.alpha = h.scale;
  g.a = h.q + batch * h.stepsQ[0] + head * h.stepsQ[1] + first * h.stepsQ[2];
  g.rowA = h.stepsQ[2], g.colA = h.stepsQ[3];
  g.b = h.k + batch * h.stepsK[0] + keyHead * h.stepsK[1];
  g.rowB = h.stepsK[3], g.colB = h.stepsK[2];
  g.c = scores, g.rowC = keys;
  TSC_TRY(gemm(cx, g));
  for (int64_t i = 0; i < count; ++i) {
    T *row = scores + i * keys;
    if (h.mask) {
      const T *m =
          h.mask + batch * h.maskSteps[0] + head * h.maskSteps[1] + (first + i) * h.maskSteps[2];
      for (int64_t j = 0; j < keys; ++j)
        row[j] += m[j * h.maskSteps[3]];
    }
    for (int64_t j = first + i + 1; h.causal && j < keys; ++j)
      row[j] = -static_cast<T>(INFINITY);
    T logSum = attendRow(row, keys);
    int64_t at = (batch * h.heads + head) * h.queries + first + i;
    if (h.logSums)
      h.logSums[at] = logSum;
    if (h.weights) {
      std::memcpy(h.weights + at * h.keys, row, static_cast<size_t>(keys) * sizeof(T));
      std::memset(static_cast<void *>(h.weights + at * h.keys + keys), 0,
                  static_cast<size_t>(h.keys - keys) * sizeof(T));
    }
  }
  Gemm<T> p;
  p.m = count, p.n = h.valueDepth, p.k = keys;
  p.a = scores, p.rowA = keys;
  p.b = h.v + batch * h.stepsV[0] + keyHead * h.stepsV[1];
  p.rowB = h.stepsV[2], p.colB = h.stepsV[3];
  p.c = h.out + batch * h.outSteps[0] + head * h.outSteps[1] + first * h.outSteps[2];
  p.rowC = h.outSteps[2];
  return gemm(cx, p);
}

} // namespace

template <class T> Status attend(Context &cx, const AttentionHeads<T> &h) {
  int64_t blocks = (h.queries + kBlock - 1) / kBlock, jobs = h.batch * h.heads * blocks;
  if (jobs == 0)
    return success();
  int64_t work = kBlock * h.keys * (h.depth + h.valueDepth);
  int64_t parts = threadCount(cx) < jobs ? threadCount(cx) : jobs;
  parts = parts < jobs * work / (1 << 18) + 1 ? parts : jobs * work / (1 << 18) + 1;
  int64_t block = h.queries < kBlock ? h.queries : kBlock;
  T *memory =
      static_cast<T *>(allocateBytes(cx, parts * block * h.keys * static_cast<int64_t>(sizeof(T))));
  TSC_TRY(memory != nullptr);
  int64_t each = (jobs + parts - 1) / parts;
  int32_t failed = 0;
  parallelFor(cx, 0, parts, 1, [&](int64_t begin, int64_t end) {
    Context own; // products inside run on this thread
    for (int64_t part = begin; part < end; ++part)
      for (int64_t j = part * each; j < (part + 1) * each && j < jobs; ++j) {
        int64_t head = j / blocks, first = j % blocks * kBlock;
        int64_t count = h.queries - first < kBlock ? h.queries - first : kBlock;
        if (!attendBlock(own, h, head / h.heads, head % h.heads, first, count,
                         memory + part * block * h.keys))
          __atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
      }
  });
  freeBytes(memory);
  if (failed)
    return cx.outOfMemory();
  return success();
}

template Status attend<float>(Context &, const AttentionHeads<float> &);
template Status attend<double>(Context &, const AttentionHeads<double> &);

TensorRef additiveMask(Context &cx, const Tensor &mask, DType work, bool excluded) {
  if (!mask.isBool())
    return toDType(cx, mask, work);
  TensorRef dense = contiguous(cx, mask), out = empty(cx, mask.shape(), work);
  TSC_TRY(dense && out);
  for (int64_t i = 0; i < mask.numel; ++i) {
    double v = dense->ptr<bool>()[i] != excluded ? 0 : -INFINITY;
    if (work == DType::Float64)
      out->ptr<double>()[i] = v;
    else
      out->ptr<float>()[i] = static_cast<float>(v);
  }
  return out;
}

namespace {
struct Operands {
  TensorRef q, k, v, mask, out, logSums; ///< four dims, compute dtype
};
template <class T> Status attendTyped(Context &cx, const Operands &o, double scale, bool causal) {
  AttentionHeads<T> h{o.q->sizes[0], o.q->sizes[1], o.k->sizes[1], o.q->sizes[2], o.k->sizes[2],
                      o.q->sizes[3], o.v->sizes[3], o.q->ptr<T>(), o.k->ptr<T>(), o.v->ptr<T>(),
                      o.q->strides,  o.k->strides,  o.v->strides};
  h.out = o.out->ptr<T>(), h.scale = static_cast<T>(scale), h.causal = causal;
  h.outSteps[2] = h.valueDepth, h.outSteps[1] = h.queries * h.valueDepth;
  h.outSteps[0] = h.heads * h.outSteps[1];
  h.logSums = o.logSums ? o.logSums->ptr<T>() : nullptr;
  if (o.mask) {
    h.mask = o.mask->ptr<T>();
    for (int d = 0; d < 4; ++d)
      h.maskSteps[d] = o.mask->strides[d];
  }
  return attend(cx, h);
}

/// Broadcast to [batch..., rows, columns], as four dims: the last of the batch are heads, all
/// before are folded into the first.
TensorRef fourDims(Context &cx, const Tensor &t, IntList batch) {
  Shape sizes(batch);
  int64_t outer = 1, heads = batch.empty() ? 1 : batch.back();
  for (int64_t d = 0; d + 1 < batch.size(); ++d)
    outer *= batch[d];
  sizes.push(t.size(-2)), sizes.push(t.size(-1));
  TensorRef whole = expand(cx, t, sizes);
  TSC_TRY(whole);
  return reshape(cx, *whole, Shape::of(outer, heads, t.size(-2), t.size(-1)));
}

Status checkAttention(Context &cx, const Tensor &q, const Tensor &k, const Tensor &v,
                      OptTensor mask, double dropout, bool causal) {
  if (q.rank < 2 || k.rank < 2 || v.rank < 2)
    return cx.fail("scaled_dot_product_attention: Expected query, key, and value to be at least 2 "
                   "dimensional, but got %lld, %lld and %lld dims",
                   wide(q.rank), wide(k.rank), wide(v.rank));
  if (q.dtype != k.dtype || q.dtype != v.dtype)
    return cx.fail("Expected query, key, and value to have the same dtype, but got query.dtype: %s "
                   "key.dtype: %s and value.dtype: %s instead.",
                   findDType(q.dtype)->graphName, findDType(k.dtype)->graphName,
                   findDType(v.dtype)->graphName);
  if (!q.isFloating())
    return unsupportedDType(cx, "scaled_dot_product_attention", q.dtype);
  if (causal && mask)
    return cx.fail("_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                   "is_causal=True");
  if (dropout != 0)
    return cx.fail("scaled_dot_product_attention: dropout_p=%g is not supported, wanted 0",
                   dropout);
  if (q.size(-1) != k.size(-1) || k.size(-2) != v.size(-2))
    return cx.fail("scaled_dot_product_attention: query %s, key %s and value %s do not fit",
                   ShapeText(q.shape()).text, ShapeText(k.shape()).text, ShapeText(v.shape()).text);
  return success();
}

TensorRef attentionOf(Context &cx, const Tensor &q, const Tensor &k, const Tensor &v,
                      OptTensor mask, double dropout, bool causal, Optional<double> scale,
                      bool grouped, TensorRef *logSums) {
  TSC_TRY(checkAttention(cx, q, k, v, mask, dropout, causal));
  Shape batch(q.shape().take(q.rank - 2));
  bool fewer = grouped && q.rank >= 3 && k.rank >= 3 && v.rank >= 3 && k.size(-3) != q.size(-3);
  if (fewer && (k.size(-3) == 0 || q.size(-3) % k.size(-3) || k.size(-3) != v.size(-3)))
    return cx.fail("scaled_dot_product_attention: with enable_gqa the number of heads in key and "
                   "value must divide the number of heads in query");
  if (!fewer) {
    TSC_ASSIGN(batch, broadcastShapes(cx, batch, k.shape().take(k.rank - 2)));
    TSC_ASSIGN(batch, broadcastShapes(cx, batch, v.shape().take(v.rank - 2)));
    if (mask && mask->rank > 2) {
      TSC_ASSIGN(batch, broadcastShapes(cx, batch, mask->shape().take(mask->rank - 2)));
    }
  }
  DType work = computeDType(q.dtype);
  TensorRef parts[3];
  const Tensor *given[3] = {&q, &k, &v};
  for (int i = 0; i < 3; ++i) {
    parts[i] = toDType(cx, *given[i], work);
    TSC_TRY(parts[i]);
    Shape own = batch;
    if (fewer && i)
      own.back() = k.size(-3);
    parts[i] = fourDims(cx, *parts[i], own);
    TSC_TRY(parts[i]);
  }
  Operands o{parts[0], parts[1], parts[2], {}, {}, {}};
  Shape sizes = batch;
  sizes.push(q.size(-2)), sizes.push(v.size(-1));
  o.out = empty(cx, sizes, work);
  TSC_TRY(o.out);
  if (logSums) {
    Shape rows = batch;
    rows.push(q.size(-2));
    o.logSums = *logSums = empty(cx, rows, work);
    TSC_TRY(o.logSums);
  }
  if (mask) {
    TensorRef added = additiveMask(cx, *mask, work, false);
    TSC_TRY(added);
    Shape whole(added->shape().take(added->rank > 2 ? added->rank - 2 : 0));
    whole.push(q.size(-2)), whole.push(k.size(-2));
    added = expand(cx, *added, whole);
    TSC_TRY(added);
    o.mask = fourDims(cx, *added, batch);
    TSC_TRY(o.mask);
  }
  double factor = scale.valueOr(1 / std::sqrt(static_cast<double>(q.size(-1))));
  TSC_TRY(work == DType::Float64 ? attendTyped<double>(cx, o, factor, causal)
                                 : attendTyped<float>(cx, o, factor, causal));
  return toDType(cx, *o.out, q.dtype);
}
TensorRef attention(Context &cx, const Tensor &q, const Tensor &k, const Tensor &v, OptTensor mask,
                    double dropout, bool causal, Optional<double> scale, bool grouped) {
  return attentionOf(cx, q, k, v, mask, dropout, causal, scale, grouped, nullptr);
}
Results<TensorRef, TensorRef> attentionWithSums(Context &cx, const Tensor &q, const Tensor &k,
                                                const Tensor &v, double dropout, bool causal,
                                                OptTensor mask, Optional<double> scale) {
  TensorRef sums;
  TensorRef out = attentionOf(cx, q, k, v, mask, dropout, causal, scale, false, &sums);
  TSC_TRY(out);
  return Results<TensorRef, TensorRef>{out, sums};
}
} // namespace
} // namespace tsc::rt

using namespace tsc::rt;
TSC_KERNEL(aten_scaled_dot_product_attention, attention)
TSC_KERNEL(aten__scaled_dot_product_flash_attention_for_cpu, attentionWithSums)
