// SPDX-License-Identifier: Apache-2.0
// segment_reduce: reductions of runs of a dim whose lengths or offsets are given.
#include "Views.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

enum class SegmentReduction { Sum, Mean, Max, Min, Prod };

static Result<SegmentReduction> reductionNamed(Context &cx, StringRef name) {
  const char *const kNames[] = {"sum", "mean", "max", "min", "prod"};
  for (int i = 0; i < 5; ++i)
    if (name == kNames[i])
      return static_cast<SegmentReduction>(i);
  return cx.fail("segment_reduce(): expected reduce to be sum, mean, max, min or prod, got %.*s",
                 static_cast<int>(name.size()), name.data());
}

namespace {
/// Runs of the segmented dim; the dims before it share nothing, those behind are reduced
/// elementwise.
struct SegmentJob {
  SegmentReduction how;
  const int64_t *starts; ///< outer * (count + 1)
  int64_t outer, count, size, inner;
  bool hasInitial;
  double initial;
};
} // namespace

template <class C> static C reduceRun(const SegmentJob &job, const C *x, int64_t n) {
  using R = SegmentReduction;
  C total = job.how == R::Prod  ? C(1)
            : job.how == R::Max ? C(-INFINITY)
            : job.how == R::Min ? C(INFINITY)
                                : C(0);
  if (job.hasInitial)
    total = static_cast<C>(job.initial);
  for (int64_t i = 0; i < n; ++i) {
    C v = x[i * job.inner];
    if (job.how == R::Sum || job.how == R::Mean)
      total += v;
    else if (job.how == R::Prod)
      total *= v;
    else if (v != v || (job.how == R::Max ? v > total : v < total))
      total = total != total ? total : v;
  }
  if (job.how == R::Mean && n == 0 && !job.hasInitial)
    return C(NAN);
  return job.how == R::Mean && n > 0 && total == total ? total / static_cast<C>(n) : total;
}
template <class C> static void reduceSegments(const SegmentJob &job, const C *x, C *out) {
  for (int64_t o = 0; o < job.outer; ++o)
    for (int64_t s = 0; s < job.count; ++s) {
      const int64_t *at = job.starts + o * (job.count + 1) + s;
      for (int64_t i = 0; i < job.inner; ++i)
        out[(o * job.count + s) * job.inner + i] =
            reduceRun(job, x + (o * job.size + at[0]) * job.inner + i, at[1] - at[0]);
    }
}

/// Offsets of the runs of each outer index from lengths or offsets; the last dim of both is the
/// segmented one.
static Status segmentStarts(Context &cx, OptTensor lengths, OptTensor offsets, int64_t size,
                            Vector<int64_t> &starts, int64_t &count) {
  const Tensor &given = lengths ? *lengths : *offsets;
  TensorRef numbers = contiguousAs(cx, given, DType::Int64);
  TSC_TRY(numbers);
  int64_t n = given.size(-1), rows = n ? given.numel / n : 0;
  const int64_t *x = numbers->ptr<int64_t>();
  if (!lengths && n == 0)
    return cx.fail("segment_reduce(): expected offsets to have at least one element");
  count = lengths ? n : n - 1;
  for (int64_t r = 0; r < rows; ++r) {
    int64_t at = 0;
    for (int64_t i = 0; i <= count; ++i) {
      int64_t start = lengths ? at : x[r * n + i];
      if (start < (i ? starts.back() : 0) || start > size)
        return cx.fail("segment_reduce(): expected segments that lie in a dimension of size %lld, "
                       "one of them ends at %lld",
                       number(size), number(start));
      TSC_TRY(starts.push(cx, start));
      at += lengths && i < count ? x[r * n + i] : 0;
    }
    if (lengths && at != size)
      return cx.fail("segment_reduce(): Expected all rows of lengths along axis to sum to "
                     "data.size(lengths.dim()-1) when !unsafe.");
  }
  return success();
}

static TensorRef segmentReduce(Context &cx, const Tensor &data, StringRef reduce, OptTensor lengths,
                               OptTensor indices, OptTensor offsets, int64_t axis, bool,
                               Optional<Scalar> initial) {
  TSC_ASSIGN(SegmentReduction how, reductionNamed(cx, reduce));
  TSC_ASSIGN(axis, wrapDim(cx, axis, data.rank));
  if (indices)
    return cx.fail("segment_reduce(): indices based reduction is not supported yet.");
  if (!lengths && !offsets)
    return cx.fail("segment_reduce(): Either lengths or offsets must be defined.");
  const Tensor &given = lengths ? *lengths : *offsets;
  if (data.rank == 0 || given.rank != axis + 1)
    return cx.fail("segment_reduce(): Expected axis to be the last dimension of lengths but got "
                   "%lld.",
                   number(axis));
  for (int64_t d = 0; d < axis; ++d)
    if (given.sizes[d] != data.sizes[d])
      return cx.fail("segment_reduce(): expected lengths of the sizes of data before the axis, got "
                     "%s for data of %s",
                     ShapeText(given.shape()).text, ShapeText(data.shape()).text);
  SegmentJob job{
      how, nullptr, 1, 0, data.sizes[axis], 1, initial.has, initial ? initial->toDouble() : 0};
  Vector<int64_t> starts;
  TSC_TRY(segmentStarts(cx, lengths, offsets, job.size, starts, job.count));
  job.starts = starts.data();
  Shape sizes = data.shape();
  sizes[axis] = job.count;
  for (int64_t d = 0; d < axis; ++d)
    job.outer *= data.sizes[d];
  for (int64_t d = axis + 1; d < data.rank; ++d)
    job.inner *= data.sizes[d];
  if (!data.isFloating())
    return unsupportedDType(cx, "segment_reduce", data.dtype);
  DType compute = computeDType(data.dtype);
  TensorRef x = contiguousAs(cx, data, compute), out = empty(cx, sizes, compute);
  TSC_TRY(x && out);
  if (compute == DType::Float64)
    reduceSegments<double>(job, x->ptr<double>(), out->ptr<double>());
  else
    reduceSegments<float>(job, x->ptr<float>(), out->ptr<float>());
  return toDType(cx, *out, data.dtype);
}
TSC_KERNEL(aten_segment_reduce, segmentReduce)
