// SPDX-License-Identifier: Apache-2.0
// One index for whole slices along a dim: index_add, index_copy, index_fill, index_reduce; and take
// and put, which index the flattened tensor. All of them are scatters whose index is expanded over
// the slices.
#include "Scatter.h"
#include "Views.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

namespace {
/// Self, index and source of one rank, the index expanded to the source's shape.
struct SliceJob {
  TensorRef self, index, source;
  int64_t dim = 0;
};
} // namespace

static Result<SliceJob> planSlices(Context &cx, const char *name, Tensor &self, int64_t dim,
                                   const Tensor &index, const Tensor &source) {
  SliceJob job;
  TSC_ASSIGN(job.dim, wrapDim(cx, dim, self.rank));
  if (index.rank > 1)
    return cx.raise("IndexError", "%s(): Index should have dimension 1 or 0 (got %lld)", name,
                    number(index.rank));
  TensorRef numbers = indexNumbers(cx, name, index);
  TSC_TRY(numbers);
  job.self = atLeast(cx, self, 1), job.source = atLeast(cx, source, 1);
  TSC_TRY(job.self && job.source);
  if (job.self->rank != job.source->rank)
    return cx.raise("IndexError",
                    "%s(): When source and destination are not scalars, their dimensionality must "
                    "match. Source dimensionality (%lld), destination dimensionality (%lld)",
                    name, number(job.source->rank), number(job.self->rank));
  for (int64_t d = 0; d < job.self->rank; ++d) {
    int64_t wanted = d == job.dim ? numbers->numel : job.self->sizes[d];
    if (job.source->sizes[d] != wanted)
      return cx.fail("%s(): source has size %lld at dimension %lld, expected %lld", name,
                     number(job.source->sizes[d]), number(d), number(wanted));
  }
  Shape strides(job.self->rank, 0);
  strides[job.dim] = 1;
  job.index = asStrided(cx, *numbers, job.source->shape(), strides);
  TSC_TRY(job.index);
  return job;
}
static Status runSlices(Context &cx, const SliceJob &job, Combine how, bool wrap = false) {
  return runScatter(cx, {job.self.get(), job.dim, job.index.get(), job.source.get(), how, wrap});
}

static Status addSlices(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                        const Tensor &source, Scalar alpha) {
  if (self.dtype != source.dtype)
    return cx.fail("index_add_(): self (%s) and source (%s) must have the same scalar type",
                   findDType(self.dtype)->graphName, findDType(source.dtype)->graphName);
  TensorRef scaled = same(source);
  if (!(alpha.isIntegral(true) && alpha.toInt() == 1)) {
    scaled = elementwise<kAll, Promote::Keep>(
        cx, "index_add", {},
        [](auto x, auto a) -> decltype(x) {
          if constexpr (std::is_same_v<decltype(x), bool>)
            return x && a;
          else
            return x * a;
        },
        inputs(source), constants(alpha));
    TSC_TRY(scaled);
  }
  TSC_ASSIGN(SliceJob job, planSlices(cx, "index_add", self, dim, index, *scaled));
  return runSlices(cx, job, Combine::Add);
}
static Status copySlices(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                         const Tensor &source) {
  if (self.dtype != source.dtype)
    return cx.fail("index_copy_(): self and source expected to have the same dtype, but got (self) "
                   "%s and (source) %s",
                   findDType(self.dtype)->graphName, findDType(source.dtype)->graphName);
  TSC_ASSIGN(SliceJob job, planSlices(cx, "index_copy_", self, dim, index, source));
  return runSlices(cx, job, Combine::Assign);
}
static Status fillSlices(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                         Scalar value) {
  if (value.isComplex() && !self.isComplex())
    return cx.fail("index_fill_(): Converting complex Scalar to non-complex type is not supported");
  TSC_ASSIGN(int64_t d, wrapDim(cx, dim, self.rank));
  Shape sizes = self.shape();
  if (self.rank)
    sizes[d] = index.numel;
  TensorRef one = full(cx, IntList(), value, self.dtype);
  TSC_TRY(one);
  TensorRef source = expand(cx, *one, sizes);
  TSC_TRY(source);
  TSC_ASSIGN(SliceJob job, planSlices(cx, "index_fill_", self, d, index, *source));
  return runSlices(cx, job, Combine::Assign, true);
}
static Status fillSlicesTensor(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                               const Tensor &value) {
  if (value.rank != 0)
    return cx.fail("Only supports 0-dimensional value tensor, but got tensor with %lld dimensions.",
                   number(value.rank));
  return fillSlices(cx, self, dim, index, value.item());
}
static Status reduceSlices(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                           const Tensor &source, StringRef reduce, bool includeSelf) {
  if (reduce == "sum" ||
      !(reduce == "prod" || reduce == "mean" || reduce == "amax" || reduce == "amin"))
    return cx.fail("index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
                   "%.*s.",
                   static_cast<int>(reduce.size()), reduce.data());
  if (self.dtype != source.dtype)
    return cx.fail("index_reduce(): expected self and source to have the same dtype");
  TSC_ASSIGN(SliceJob job, planSlices(cx, "index_reduce", self, dim, index, source));
  return scatterReduce(cx, *job.self, job.dim, *job.index, *job.source, reduce, includeSelf);
}

TSC_KERNEL(aten_index_add_, WriteForms<addSlices>::inPlace)
TSC_KERNEL(aten_index_add, WriteForms<addSlices>::fresh)
TSC_OUTPUT_COPY(aten_index_add_out, WriteForms<addSlices>::fresh)
TSC_KERNEL(aten_index_copy_, WriteForms<copySlices>::inPlace)
TSC_KERNEL(aten_index_copy, WriteForms<copySlices>::fresh)
TSC_OUTPUT_COPY(aten_index_copy_out, WriteForms<copySlices>::fresh)
TSC_KERNEL(aten_index_fill__int_Scalar, WriteForms<fillSlices>::inPlace)
TSC_KERNEL(aten_index_fill_int_Scalar, WriteForms<fillSlices>::fresh)
TSC_OUTPUT_COPY(aten_index_fill_int_Scalar_out, WriteForms<fillSlices>::fresh)
TSC_KERNEL(aten_index_fill__int_Tensor, WriteForms<fillSlicesTensor>::inPlace)
TSC_KERNEL(aten_index_fill_int_Tensor, WriteForms<fillSlicesTensor>::fresh)
TSC_OUTPUT_COPY(aten_index_fill_int_Tensor_out, WriteForms<fillSlicesTensor>::fresh)
TSC_KERNEL(aten_index_reduce_, WriteForms<reduceSlices>::inPlace)
TSC_KERNEL(aten_index_reduce, WriteForms<reduceSlices>::fresh)
TSC_OUTPUT_COPY(aten_index_reduce_out, WriteForms<reduceSlices>::fresh)

// ---- The flattened tensor
/// Row-major positions, wrapped and checked.
static Result<TensorRef> flatIndices(Context &cx, const char *name, const Tensor &self,
                                     const Tensor &index) {
  if (index.dtype != DType::Int64)
    return cx.fail("%s(): Expected a long tensor for index, but got %s", name,
                   findDType(index.dtype)->graphName);
  TensorRef flat = clone(cx, index, MemoryFormat::Contiguous);
  TSC_TRY(flat);
  if (self.numel == 0 && index.numel != 0)
    return cx.raise("IndexError", "%s(): tried to take from an empty tensor", name);
  for (int64_t i = 0; i < flat->numel; ++i) {
    int64_t &at = flat->ptr<int64_t>()[i];
    if (at < -self.numel || at >= self.numel)
      return cx.raise("IndexError",
                      "out of range: tried to access index %lld on a tensor of %lld elements.",
                      number(at), number(self.numel));
    at += at < 0 ? self.numel : 0;
  }
  return flat;
}
static TensorRef takeFlat(Context &cx, const Tensor &self, const Tensor &index) {
  TSC_ASSIGN(TensorRef flat, flatIndices(cx, "take", self, index));
  TensorRef numbers = view(cx, *flat, Shape::of(-1)), line = reshape(cx, self, Shape::of(-1));
  if (index.numel == 0)
    return empty(cx, index.shape(), self.dtype);
  TSC_TRY(numbers && line);
  TensorRef picked = selectIndices(cx, *line, 0, *numbers);
  TSC_TRY(picked);
  return view(cx, *picked, index.shape());
}
TSC_KERNEL(aten_take, takeFlat)
TSC_OUTPUT_COPY(aten_take_out, takeFlat)

static Status putFlat(Context &cx, Tensor &self, const Tensor &index, const Tensor &source,
                      bool accumulate) {
  if (index.numel != source.numel)
    return cx.fail("put_(): Expected source and index to have the same number of elements, but got "
                   "source.numel() = %lld, index.numel() = %lld",
                   number(source.numel), number(index.numel));
  if (self.dtype != source.dtype)
    return cx.fail("put_(): self and source expected to have the same dtype, but got self.dtype = "
                   "%s and source.dtype = %s",
                   findDType(self.dtype)->graphName, findDType(source.dtype)->graphName);
  TSC_ASSIGN(TensorRef flat, flatIndices(cx, "put_", self, index));
  if (index.numel == 0)
    return success();
  TensorRef line = reshape(cx, self, Shape::of(-1)), numbers = view(cx, *flat, Shape::of(-1)),
            values = reshape(cx, source, Shape::of(-1));
  TSC_TRY(line && numbers && values);
  TSC_TRY(runScatter(cx, {line.get(), 0, numbers.get(), values.get(),
                          accumulate ? Combine::Add : Combine::Assign}));
  if (line->storage == self.storage)
    return success();
  TensorRef shaped = view(cx, *line, self.shape());
  TSC_TRY(shaped);
  return copyInto(cx, self, *shaped);
}
TSC_KERNEL(aten_put_, WriteForms<putFlat>::inPlace)
TSC_KERNEL(aten_put, WriteForms<putFlat>::fresh)
TSC_OUTPUT_COPY(aten_put_out, WriteForms<putFlat>::fresh)
