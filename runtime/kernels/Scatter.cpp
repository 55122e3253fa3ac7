// SPDX-License-Identifier: Apache-2.0
// gather, scatter, scatter_add, scatter_reduce and take_along_dim: one index for each element,
// along one dim.
#include "Scatter.h"
#include "Views.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

namespace {
/// One row of an index tensor: its last dim, with where it reads and writes.
struct Row {
  const int64_t *index;
  int64_t n, indexStep;
  char *self;       ///< with index 0 along dim
  int64_t selfStep; ///< bytes along the row, 0 when the row runs along dim
  int64_t dimStep;  ///< bytes for 1 of the index
  char *other;      ///< source or output
  int64_t otherStep;
};
/// The places of an index tensor over self (indexed along dim) and another tensor.
struct Walk {
  const Tensor *index, *self, *other;
  int64_t dim;
  int64_t last() const { return index->rank - 1; }
  int64_t rows() const { return index->numel / (index->numel ? index->sizes[last()] : 1); }
  Row row(int64_t r) const {
    int64_t bytes = self->itemsize(), at = 0, selfAt = 0, otherAt = 0;
    for (int64_t d = last() - 1; d >= 0; --d) {
      int64_t i = r % index->sizes[d];
      r /= index->sizes[d];
      at += i * index->strides[d];
      otherAt += i * other->strides[d];
      selfAt += d == dim ? 0 : i * self->strides[d];
    }
    int64_t l = last();
    return {index->ptr<int64_t>() + at,
            index->sizes[l],
            index->strides[l],
            self->base() + selfAt * bytes,
            l == dim ? 0 : self->strides[l] * bytes,
            self->strides[dim] * bytes,
            other->base() + otherAt * bytes,
            other->strides[l] * bytes};
  }
};
} // namespace

template <class T> static void gatherRow(const Row &r) {
  for (int64_t i = 0; i < r.n; ++i)
    *reinterpret_cast<T *>(r.other + i * r.otherStep) = *reinterpret_cast<const T *>(
        r.self + r.index[i * r.indexStep] * r.dimStep + i * r.selfStep);
}
template <class T, Combine How> static void scatterRow(const Row &r, int64_t wrap) {
  for (int64_t i = 0; i < r.n; ++i) {
    int64_t at = r.index[i * r.indexStep];
    at += at < 0 ? wrap : 0;
    combineInto<How>(*reinterpret_cast<T *>(r.self + at * r.dimStep + i * r.selfStep),
                     *reinterpret_cast<const T *>(r.other + i * r.otherStep));
  }
}

/// All indices are in [-low, size).
static Status checkIndices(Context &cx, const Tensor &index, int64_t dim, int64_t low,
                           int64_t size) {
  Walk walk{&index, &index, &index, dim};
  for (int64_t r = 0; r < walk.rows(); ++r) {
    Row row = walk.row(r);
    for (int64_t i = 0; i < row.n; ++i) {
      int64_t at = row.index[i * row.indexStep];
      if (at < -low || at >= size)
        return cx.raise(low ? "IndexError" : "RuntimeError",
                        "index %lld is out of bounds for dimension %lld with size %lld", number(at),
                        number(dim), number(size));
    }
  }
  return success();
}

template <class T, Combine How>
static void scatterRows(Context &cx, const ScatterJob &job, const Walk &walk) {
  int64_t wrap = job.self->sizes[job.dim], rows = walk.rows();
  auto run = [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      scatterRow<T, How>(walk.row(r), wrap);
  };
  if (job.dim == walk.last() && !hasInternalOverlap(*job.self))
    parallelFor(cx, 0, rows, 1 + 16384 / walk.index->sizes[job.dim], run);
  else
    run(0, rows);
}

namespace tsc::rt {
Status runScatter(Context &cx, const ScatterJob &job) {
  if (job.index->numel == 0)
    return success();
  if (hasInternalOverlap(*job.self))
    return cx.fail("unsupported operation: more than one element of the written-to tensor refers "
                   "to a single memory location. Please clone() the tensor before performing the "
                   "operation.");
  int64_t size = job.self->sizes[job.dim];
  TSC_TRY(checkIndices(cx, *job.index, job.dim, job.wrap ? size : 0, size));
  bool ordered = job.how == Combine::Maximum || job.how == Combine::Minimum;
  if (ordered && job.self->isComplex())
    return cx.fail("a reduction by order is not defined for complex tensors");
  TensorRef copy;
  const Tensor *source = job.source;
  if (mayOverlap(*job.self, *source)) {
    copy = clone(cx, *source, MemoryFormat::Contiguous);
    TSC_TRY(copy);
    source = copy.get();
  }
  Walk walk{job.index, job.self, source, job.dim};
  visitDType(job.self->dtype, [&]<class T>(T *) {
    switch (job.how) {
    case Combine::Assign:
      return scatterRows<T, Combine::Assign>(cx, job, walk);
    case Combine::Add:
      return scatterRows<T, Combine::Add>(cx, job, walk);
    case Combine::Multiply:
      return scatterRows<T, Combine::Multiply>(cx, job, walk);
    case Combine::Maximum:
      return scatterRows<T, Combine::Maximum>(cx, job, walk);
    case Combine::Minimum:
      return scatterRows<T, Combine::Minimum>(cx, job, walk);
    }
  });
  return success();
}
} // namespace tsc::rt

// ---- gather
static Status checkGather(Context &cx, const Tensor &self, const Tensor &index, int64_t dim) {
  if (self.rank != index.rank)
    return cx.fail("Index tensor must have the same number of dimensions as input tensor");
  for (int64_t d = 0; d < self.rank; ++d)
    if (d != dim && index.sizes[d] > self.sizes[d])
      return cx.fail("Size does not match at dimension %lld expected index %s to be no larger than "
                     "self %s apart from dimension %lld",
                     number(d), ShapeText(index.shape()).text, ShapeText(self.shape()).text,
                     number(dim));
  return success();
}
static TensorRef gatherDim(Context &cx, const Tensor &self, int64_t dim, const Tensor &index,
                           bool) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  TensorRef made = empty(cx, index.shape(), self.dtype);
  TSC_TRY(made);
  if (index.numel == 0)
    return made;
  if (index.dtype != DType::Int64 && index.dtype != DType::Int32)
    return cx.fail("gather(): Expected dtype int32/int64 for index");
  TensorRef from = atLeast(cx, self, 1), at = atLeast(cx, index, 1), to = atLeast(cx, *made, 1);
  TSC_TRY(from && at && to);
  at = toDType(cx, *at, DType::Int64);
  TSC_TRY(at);
  TSC_TRY(checkGather(cx, *from, *at, dim));
  TSC_TRY(checkIndices(cx, *at, dim, 0, from->sizes[dim]));
  Walk walk{at.get(), from.get(), to.get(), dim};
  parallelFor(cx, 0, walk.rows(), 1 + 16384 / at->sizes[walk.last()],
              [&](int64_t begin, int64_t end) {
                visitDType(self.dtype, [&]<class T>(T *) {
                  for (int64_t r = begin; r < end; ++r)
                    gatherRow<T>(walk.row(r));
                });
              });
  return made;
}
TSC_KERNEL(aten_gather, gatherDim)
TSC_OUTPUT_COPY(aten_gather_out, gatherDim)

static TensorRef takeAlongDim(Context &cx, const Tensor &self, const Tensor &indices,
                              Optional<int64_t> dim) {
  if (indices.dtype != DType::Int64 && indices.dtype != DType::Int32)
    return cx.fail("torch.take_along_dim(): dtype of indices should be Long but got %s",
                   findDType(indices.dtype)->graphName);
  if (!dim) {
    TensorRef flat = reshape(cx, self, Shape::of(-1));
    TSC_TRY(flat);
    TensorRef at = reshape(cx, indices, Shape::of(-1));
    TSC_TRY(at);
    return gatherDim(cx, *flat, 0, *at, false);
  }
  if (self.rank != indices.rank)
    return cx.fail("torch.take_along_dim(): input and indices should have the same number of "
                   "dimensions, but got %lld dimensions for input, and %lld dimensions for indices",
                   number(self.rank), number(indices.rank));
  TSC_ASSIGN(int64_t d, wrapDim(cx, *dim, self.rank));
  Shape a = self.shape(), b = indices.shape();
  if (self.rank)
    a[d] = b[d] = 1;
  TSC_ASSIGN(Shape common, broadcastShapes(cx, a, b));
  Shape sizes = common;
  if (self.rank)
    common[d] = self.sizes[d], sizes[d] = indices.sizes[d];
  TensorRef from = expand(cx, self, common);
  TSC_TRY(from);
  TensorRef at = expand(cx, indices, sizes);
  TSC_TRY(at);
  return gatherDim(cx, *from, d, *at, false);
}
TSC_KERNEL(aten_take_along_dim, takeAlongDim)
TSC_OUTPUT_COPY(aten_take_along_dim_out, takeAlongDim)

// ---- scatter
/// Checks what a program gives and runs the job on `self`.
static Status scatterInto(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                          const Tensor &source, Combine how) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  if (index.numel == 0)
    return success();
  if (index.dtype != DType::Int64 && index.dtype != DType::Int32)
    return cx.fail("scatter(): Expected dtype int32/int64 for index");
  if (self.dtype != source.dtype)
    return cx.fail("scatter(): Expected self.dtype to be equal to src.dtype");
  TensorRef to = atLeast(cx, self, 1), at = atLeast(cx, index, 1), from = atLeast(cx, source, 1);
  TSC_TRY(to && at && from);
  at = toDType(cx, *at, DType::Int64);
  TSC_TRY(at);
  if (to->rank != at->rank || from->rank != at->rank)
    return cx.fail("Index tensor must have the same number of dimensions as %s tensor",
                   to->rank != at->rank ? "self" : "src");
  for (int64_t d = 0; d < at->rank; ++d)
    if ((d != dim && at->sizes[d] > to->sizes[d]) || at->sizes[d] > from->sizes[d])
      return cx.fail("Expected index %s to be no larger than self %s apart from dimension %lld and "
                     "to be no larger than src %s",
                     ShapeText(index.shape()).text, ShapeText(self.shape()).text, number(dim),
                     ShapeText(source.shape()).text);
  return runScatter(cx, {to.get(), dim, at.get(), from.get(), how});
}
/// The number as a tensor of the index's shape with strides 0.
static TensorRef spreadNumber(Context &cx, const Scalar &value, DType dtype, IntList sizes) {
  TensorRef one = full(cx, IntList(), value, dtype);
  TSC_TRY(one);
  return expand(cx, *one, sizes);
}
static Result<Combine> combineNamed(Context &cx, StringRef reduce) {
  if (reduce == "add")
    return Combine::Add;
  if (reduce == "multiply")
    return Combine::Multiply;
  return cx.fail("reduce argument must be either add or multiply.");
}

static Status scatterSource(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                            const Tensor &source) {
  return scatterInto(cx, self, dim, index, source, Combine::Assign);
}
static Status scatterNumber(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                            Scalar value) {
  TensorRef source = spreadNumber(cx, value, self.dtype, index.shape());
  TSC_TRY(source);
  return scatterInto(cx, self, dim, index, *source, Combine::Assign);
}
static Status scatterReduceSource(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                                  const Tensor &source, StringRef reduce) {
  TSC_ASSIGN(Combine how, combineNamed(cx, reduce));
  return scatterInto(cx, self, dim, index, source, how);
}
static Status scatterReduceNumber(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                                  Scalar value, StringRef reduce) {
  TSC_ASSIGN(Combine how, combineNamed(cx, reduce));
  TensorRef source = spreadNumber(cx, value, self.dtype, index.shape());
  TSC_TRY(source);
  return scatterInto(cx, self, dim, index, *source, how);
}
static Status scatterAdd(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                         const Tensor &source) {
  return scatterInto(cx, self, dim, index, source, Combine::Add);
}

/// The number that leaves every other as it is.
static Scalar identityOf(Combine how, DType dtype) {
  if (how == Combine::Multiply)
    return Scalar(1);
  if (how == Combine::Add)
    return Scalar(0);
  bool lowest = how == Combine::Maximum;
  if (dtype == DType::Bool)
    return Scalar(!lowest);
  if (!tsc::isIntegral(dtype))
    return Scalar(lowest ? -INFINITY : INFINITY);
  int bits = tsc::dtypeBytes(dtype) * 8;
  if (findDType(dtype)->isSigned)
    return Scalar(lowest ? INT64_MIN >> (64 - bits) : INT64_MAX >> (64 - bits));
  return Scalar(lowest ? int64_t(0) : static_cast<int64_t>(~0ull >> (64 - bits)));
}

namespace tsc::rt {
Status scatterReduce(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                     const Tensor &source, StringRef reduce, bool includeSelf) {
  bool mean = reduce == "mean";
  Combine how;
  if (reduce == "sum" || mean)
    how = Combine::Add;
  else if (reduce == "prod")
    how = Combine::Multiply;
  else if (reduce == "amax")
    how = Combine::Maximum;
  else if (reduce == "amin")
    how = Combine::Minimum;
  else
    return cx.fail("reduce argument must be either sum, prod, mean, amax or amin, got %.*s",
                   static_cast<int>(reduce.size()), reduce.data());
  if (!includeSelf) {
    TensorRef start = spreadNumber(cx, identityOf(how, self.dtype), self.dtype, index.shape());
    TSC_TRY(start);
    TSC_TRY(scatterInto(cx, self, dim, index, *start, Combine::Assign));
  }
  TSC_TRY(scatterInto(cx, self, dim, index, source, how));
  if (!mean)
    return success();
  TensorRef counts = full(cx, self.shape(), Scalar(includeSelf ? 1 : 0), DType::Float64);
  TSC_TRY(counts);
  TensorRef ones = spreadNumber(cx, Scalar(1), DType::Float64, index.shape());
  TSC_TRY(ones);
  TSC_TRY(scatterInto(cx, *counts, dim, index, *ones, Combine::Add));
  TensorRef divided = elementwise<kNumbers, Promote::Keep>(
      cx, "scatter_reduce", {},
      [](auto a, auto n) -> decltype(a) {
        if constexpr (std::is_same_v<decltype(a), int64_t>) {
          int64_t m = n > 1 ? n : 1;
          return a / m - (a % m != 0 && a < 0);
        } else if constexpr (std::is_same_v<decltype(a), Complex>)
          return a / (n.real() > 1 ? n.real() : 1.0);
        else
          return a / (n > 1 ? n : 1);
      },
      inputs(self, TensorRef(toDType(cx, *counts, self.dtype))));
  TSC_TRY(divided);
  return copyInto(cx, self, *divided);
}
} // namespace tsc::rt

#define TSC_SCATTER_FORMS(NAME, OVERLOAD, OUT, FN)                                                 \
  TSC_KERNEL(aten_##NAME##_##OVERLOAD, WriteForms<FN>::inPlace)                                    \
  TSC_KERNEL(aten_##NAME##OVERLOAD, WriteForms<FN>::fresh)                                         \
  TSC_OUTPUT_COPY(aten_##NAME##OUT, WriteForms<FN>::fresh)
TSC_SCATTER_FORMS(scatter, _src, _src_out, scatterSource)
TSC_SCATTER_FORMS(scatter, _value, _value_out, scatterNumber)
TSC_SCATTER_FORMS(scatter, _reduce, _reduce_out, scatterReduceSource)
TSC_SCATTER_FORMS(scatter, _value_reduce, _value_reduce_out, scatterReduceNumber)
TSC_SCATTER_FORMS(scatter_add, , _out, scatterAdd)
TSC_SCATTER_FORMS(scatter_reduce, _two, _two_out, scatterReduce)
