// SPDX-License-Identifier: Apache-2.0
// Rows of a table by index: embedding, embedding_bag and renormalization.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

Status checkIndices(Context &cx, const Tensor &indices) {
  if (indices.dtype == DType::Int64 || indices.dtype == DType::Int32)
    return success();
  return cx.fail("Expected tensor for argument #1 'indices' to have one of the following scalar "
                 "types: Long, Int; but got %s instead",
                 findDType(indices.dtype)->graphName);
}
/// Indices as int64, all in [0, rows).
TensorRef checkedIndices(Context &cx, const Tensor &indices, int64_t rows) {
  TSC_TRY(checkIndices(cx, indices));
  TensorRef at = contiguousAs(cx, indices, DType::Int64);
  TSC_TRY(at);
  for (int64_t i = 0; i < at->numel; ++i)
    if (at->ptr<int64_t>()[i] < 0 || at->ptr<int64_t>()[i] >= rows)
      return cx.raise("IndexError", "index out of range in self");
  return at;
}

TensorRef embedding(Context &cx, const Tensor &weight, const Tensor &indices, int64_t padding,
                    bool scale, bool sparse) {
  if (weight.rank != 2)
    return cx.fail("'weight' must be 2-D");
  TensorRef at = checkedIndices(cx, indices, weight.sizes[0]), table = contiguous(cx, weight);
  TSC_TRY(at && table);
  Shape sizes(indices.shape());
  sizes.push(weight.sizes[1]);
  TensorRef out = empty(cx, sizes, weight.dtype);
  TSC_TRY(out);
  int64_t bytes = weight.sizes[1] * weight.itemsize();
  parallelFor(cx, 0, at->numel, 65536 / (bytes + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(out->base() + i * bytes, table->base() + at->ptr<int64_t>()[i] * bytes,
                  static_cast<size_t>(bytes));
  });
  return out;
}

enum { kSum, kMean, kMax };
struct Bags {
  TensorRef at, starts, ofIndex, sizes, best;
  int64_t count = 0;
  int64_t start(int64_t bag) const { return starts->ptr<int64_t>()[bag]; }
  int64_t end(int64_t bag) const { return bag + 1 < starts->numel ? start(bag + 1) : at->numel; }
};

template <class T>
void sumBags(const Bags &b, int64_t mode, int64_t padding, const T *table, const T *weights,
             int64_t width, T *to) {
  for (int64_t bag = 0; bag < b.count; ++bag, to += width) {
    for (int64_t j = 0; j < width; ++j)
      to[j] = 0;
    int64_t used = 0;
    int64_t *best = mode == kMax ? b.best->ptr<int64_t>() + bag * width : nullptr;
    for (int64_t i = b.start(bag); i < b.end(bag); ++i) {
      int64_t row = b.at->ptr<int64_t>()[i];
      if (row == padding)
        continue;
      const T *from = table + row * width;
      T scale = weights ? weights[i] : T(1);
      for (int64_t j = 0; j < width; ++j)
        if (mode != kMax)
          to[j] += from[j] * scale;
        else if (used == 0 || from[j] > to[j])
          to[j] = from[j], best[j] = row;
      ++used;
    }
    b.sizes->ptr<int64_t>()[bag] = used;
    for (int64_t j = 0; mode == kMean && used && j < width; ++j)
      to[j] /= static_cast<T>(used);
  }
}

using Four = Results<TensorRef, TensorRef, TensorRef, TensorRef>;
Four embeddingBag(Context &cx, const Tensor &weight, const Tensor &indices, const Tensor &offsets,
                  bool scale, int64_t mode, bool sparse, OptTensor weights, bool includeLast,
                  int64_t padding) {
  if (weight.rank != 2 || indices.rank != 1 || offsets.rank != 1)
    return cx.fail(
        "embedding_bag: expected weight to be 2-D, indices and offsets 1-D, got %lld, %lld "
        "and %lld dims",
        wide(weight.rank), wide(indices.rank), wide(offsets.rank));
  if (mode < kSum || mode > kMax || (weights && mode != kSum))
    return cx.fail("embedding_bag: per_sample_weights was not None; it is only supported for "
                   "mode='sum', and mode must be 0, 1 or 2, got %lld",
                   wide(mode));
  if (weights && (weights->dtype != weight.dtype || !(weights->shape() == indices.shape())))
    return cx.fail("expected embedding_bag.per_sample_weights to have the dtype of weight and the "
                   "shape of indices");
  TSC_TRY(checkIndices(cx, offsets));
  if (!weight.isFloating())
    return unsupportedDType(cx, "embedding_bag", weight.dtype);
  Bags b;
  int64_t rows = weight.sizes[0], width = weight.sizes[1];
  b.at = checkedIndices(cx, indices, rows), b.starts = contiguousAs(cx, offsets, DType::Int64);
  TSC_TRY(b.at && b.starts);
  b.count = b.starts->numel - (includeLast ? 1 : 0);
  if (b.count < 0)
    return cx.fail("include_last_offset: numBags should be at least 1");
  for (int64_t i = 0; i < b.starts->numel; ++i)
    if (b.start(i) < (i ? b.start(i - 1) : 0) || b.start(i) > b.at->numel || (i == 0 && b.start(i)))
      return cx.fail("offsets[%lld] should start at 0, not decrease and not exceed %lld, got %lld",
                     wide(i), wide(b.at->numel), wide(b.start(i)));
  DType work = computeDType(weight.dtype);
  TensorRef table = contiguousAs(cx, weight, work), factors;
  TensorRef out = empty(cx, Shape::of(b.count, width), work);
  b.ofIndex = empty(cx, Shape::of(b.at->numel), DType::Int64);
  b.sizes = empty(cx, Shape::of(b.count), DType::Int64);
  b.best = mode == kMax ? full(cx, Shape::of(b.count, width), Scalar(-1), DType::Int64)
                        : empty(cx, Shape::of(0), DType::Int64);
  if (weights)
    factors = contiguousAs(cx, *weights, work);
  TSC_TRY(table && out && b.ofIndex && b.sizes && b.best && (!weights || factors));
  for (int64_t bag = 0; bag < b.count; ++bag)
    for (int64_t i = b.start(bag); i < b.end(bag); ++i)
      b.ofIndex->ptr<int64_t>()[i] = bag;
  padding = padding < 0 ? padding + rows : padding;
  if (work == DType::Float64)
    sumBags(b, mode, padding, table->ptr<double>(), factors ? factors->ptr<double>() : nullptr,
            width, out->ptr<double>());
  else
    sumBags(b, mode, padding, table->ptr<float>(), factors ? factors->ptr<float>() : nullptr, width,
            out->ptr<float>());
  TensorRef result = toDType(cx, *out, weight.dtype);
  TSC_TRY(result);
  return Four{result, b.ofIndex, b.sizes, b.best};
}
/// padding_idx of -1 is the absence of one.
Four embeddingBagInner(Context &cx, const Tensor &weight, const Tensor &indices,
                       const Tensor &offsets, bool scale, int64_t mode, bool sparse,
                       OptTensor weights, bool includeLast, int64_t padding) {
  return embeddingBag(cx, weight, indices, offsets, scale, mode, sparse, weights, includeLast,
                      padding < 0 ? INT64_MIN : padding);
}
Four embeddingBagPlain(Context &cx, const Tensor &weight, const Tensor &indices,
                       const Tensor &offsets, bool scale, int64_t mode, bool sparse,
                       OptTensor weights, bool includeLast) {
  return embeddingBag(cx, weight, indices, offsets, scale, mode, sparse, weights, includeLast,
                      INT64_MIN);
}
Four embeddingBagPadded(Context &cx, const Tensor &weight, const Tensor &indices,
                        const Tensor &offsets, bool scale, int64_t mode, bool sparse,
                        OptTensor weights, bool includeLast, Optional<int64_t> padding) {
  int64_t rows = weight.rank ? weight.sizes[0] : 0;
  if (padding && (*padding < -rows || *padding >= rows))
    return cx.fail(
        "padding_idx must be within the number of embeddings, -%lld through %lld, but got "
        "%lld",
        wide(rows), wide(rows - 1), wide(*padding));
  return embeddingBag(cx, weight, indices, offsets, scale, mode, sparse, weights, includeLast,
                      padding.valueOr(INT64_MIN));
}

/// Scales down the rows that are used and whose norm is above max_norm.
TensorRef renormalize(Context &cx, const Tensor &self, const Tensor &indices, double maxNorm,
                      double p) {
  if (self.rank != 2)
    return cx.fail("embedding_renorm_: expected a 2-D tensor, got %lld dims", wide(self.rank));
  TensorRef at = checkedIndices(cx, indices, self.sizes[0]);
  TSC_TRY(at);
  int64_t step = self.strides[1] * self.itemsize();
  for (int64_t i = 0; i < at->numel; ++i) {
    char *row = self.base() + at->ptr<int64_t>()[i] * self.strides[0] * self.itemsize();
    double norm = 0;
    for (int64_t j = 0; j < self.sizes[1]; ++j) {
      double v = std::fabs(loadScalar(row + j * step, self.dtype).toDouble());
      norm = p == INFINITY ? (v > norm ? v : norm) : norm + (p == 2 ? v * v : std::pow(v, p));
    }
    norm = p == INFINITY ? norm : p == 2 ? std::sqrt(norm) : std::pow(norm, 1 / p);
    if (norm <= maxNorm)
      continue;
    double scale = maxNorm / (norm + 1e-7);
    for (int64_t j = 0; j < self.sizes[1]; ++j)
      storeScalar(row + j * step, self.dtype,
                  Scalar(loadScalar(row + j * step, self.dtype).toDouble() * scale));
  }
  return same(self);
}
TensorRef renormalizeCopy(Context &cx, const Tensor &self, const Tensor &indices, double maxNorm,
                          double p) {
  TensorRef copy = clone(cx, self);
  TSC_TRY(copy);
  return renormalize(cx, *copy, indices, maxNorm, p);
}
} // namespace

TSC_KERNEL(aten_embedding, embedding)
TSC_OUTPUT_COPY(aten_embedding_out, embedding)
TSC_KERNEL(aten_embedding_bag, embeddingBagPlain)
TSC_KERNEL(aten_embedding_bag_padding_idx, embeddingBagPadded)
TSC_KERNEL(aten__embedding_bag, embeddingBagInner)
TSC_KERNEL(aten__embedding_bag_forward_only, embeddingBagInner)
TSC_KERNEL(aten_embedding_renorm_, renormalize)
TSC_KERNEL(aten_embedding_renorm, renormalizeCopy)
