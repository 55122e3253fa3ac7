// SPDX-License-Identifier: Apache-2.0
// Plans of reductions, and the sum that other kernels build on.
#include "tsc/runtime/Reduce.h"

namespace tsc::rt {

/// Joins neighbours that are walked evenly, so that runs get long.
static void mergeDims(Shape &sizes, Shape &strides) {
  Shape outSizes, outStrides;
  for (int64_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == 1)
      continue;
    if (!outSizes.empty() && outStrides.back() == sizes[d] * strides[d]) {
      outSizes.back() *= sizes[d];
      outStrides.back() = strides[d];
      continue;
    }
    outSizes.push(sizes[d]);
    outStrides.push(strides[d]);
  }
  sizes = outSizes, strides = outStrides;
}

Result<ReducePlan> planReduce(Context &cx, const Tensor &input, IntList dims, bool keepdim,
                              bool emptyMeansAll) {
  bool reduced[kMaxRank] = {};
  for (int64_t dim : dims) {
    TSC_ASSIGN(int64_t d, wrapDim(cx, dim, input.rank));
    if (reduced[d])
      return cx.fail("dim %lld appears multiple times in the list of dims",
                     static_cast<long long>(d));
    reduced[d] = true;
  }
  bool all = dims.empty() && emptyMeansAll;
  ReducePlan plan;
  plan.input = &input;
  for (int64_t d = 0; d < input.rank; ++d) {
    bool gone = all || reduced[d];
    int64_t size = input.sizes[d], stride = input.strides[d] * input.itemsize();
    (gone ? plan.reducedSizes : plan.keptSizes).push(size);
    (gone ? plan.reducedStrides : plan.keptStrides).push(stride);
    (gone ? plan.inner : plan.outputs) *= size;
    if (!gone || keepdim)
      plan.outSizes.push(gone ? 1 : size);
  }
  if (plan.inner)
    mergeDims(plan.reducedSizes, plan.reducedStrides);
  if (plan.outputs)
    mergeDims(plan.keptSizes, plan.keptStrides);
  return plan;
}

Result<ReducePlan> planReduce(Context &cx, const Tensor &input, const Optional<IntList> &dims,
                              bool keepdim) {
  return planReduce(cx, input, dims ? *dims : IntList(), keepdim, true);
}

DType sumDType(const Tensor &input, const Optional<DType> &dtype) {
  if (dtype)
    return *dtype;
  return input.isIntegral(true) ? DType::Int64 : input.dtype;
}

/// Floats are summed as doubles: exact to the last bit for ordinary lengths, and as fast as memory.
namespace {
struct FloatSum {
  double total = 0;
  void merge(const FloatSum &later) { total += later.total; }
  void addRun(const float *run, int64_t n, int64_t) {
    double lanes[16] = {};
    int64_t i = 0;
    for (; i + 16 <= n; i += 16)
      for (int j = 0; j < 16; ++j)
        lanes[j] += static_cast<double>(run[i + j]);
    for (; i < n; ++i)
      lanes[i % 16] += static_cast<double>(run[i]);
    for (int width = 8; width; width /= 2)
      for (int j = 0; j < width; ++j)
        lanes[j] += lanes[j + width];
    total += lanes[0];
  }
};
} // namespace

/// Sums whose inner kept dim is contiguous and whose reduced dims are not: rows are added up, a
/// band of columns at a time.
template <class C> static void sumColumns(Context &cx, const ReducePlan &plan, Tensor &out) {
  const Tensor &t = *plan.input;
  constexpr int64_t kBand = 256;
  int64_t columns = plan.keptSizes.size() ? plan.keptSizes[plan.keptSizes.size() - 1] : 1;
  int64_t bands = (columns + kBand - 1) / kBand;
  LoadFunction<C> load = loader<C>(t.dtype);
  StoreFunction<C> store = storer<C>(out.dtype);
  int64_t bytes = t.itemsize();
  int64_t work = plan.inner * kBand;
  parallelFor(
      cx, 0, plan.outputs / columns * bands, 1 + 65536 / work, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t first = i % bands * kBand, n = columns - first < kBand ? columns - first : kBand;
          int64_t o = i / bands * columns + first;
          const char *base = t.base() + detail::flatOffset(plan.keptSizes, plan.keptStrides, o);
          C total[kBand] = {}, row[kBand];
          for (int64_t r = 0; r < plan.inner; ++r) {
            load(row, base + detail::flatOffset(plan.reducedSizes, plan.reducedStrides, r), bytes,
                 n);
            for (int64_t k = 0; k < n; ++k)
              total[k] += row[k];
          }
          store(out.base() + o * out.itemsize(), out.itemsize(), total, n);
        }
      });
}

static bool isColumnSum(const ReducePlan &plan) {
  int64_t kept = plan.keptSizes.size(), reduced = plan.reducedSizes.size();
  return kept && reduced && plan.keptSizes[kept - 1] >= 8 &&
         plan.keptStrides[kept - 1] == plan.input->itemsize() &&
         plan.reducedStrides[reduced - 1] != plan.input->itemsize() && plan.inner > 1 &&
         plan.outputs > 0;
}

TensorRef sumTensor(Context &cx, const Tensor &input, const Optional<IntList> &dims, bool keepdim,
                    DType result) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, input, dims, keepdim));
  TensorRef out = empty(cx, plan.outSizes, result);
  TSC_TRY(out);
  Status done;
  if (isColumnSum(plan) && !isComplex(result)) {
    if (isFloating(result))
      sumColumns<double>(cx, plan, *out);
    else
      sumColumns<int64_t>(cx, plan, *out);
    return out;
  }
  if (isComplex(result))
    done = reduceInto<Complex>(cx, plan, *out, SumOf<Complex>{},
                               [](const SumOf<Complex> &s) { return s.total; });
  else if (isFloating(result) && dtypeBytes(result) <= 4 && input.isFloating() &&
           input.itemsize() <= 4)
    done = reduceInto<float>(cx, plan, *out, FloatSum{}, [](const FloatSum &s) { return s.total; });
  else if (isFloating(result))
    done = reduceInto<double>(cx, plan, *out, SumOf<double>{},
                              [](const SumOf<double> &s) { return s.total; });
  else
    done = reduceInto<int64_t>(cx, plan, *out, SumOf<int64_t>{},
                               [](const SumOf<int64_t> &s) { return s.total; });
  TSC_TRY(done);
  return out;
}

} // namespace tsc::rt
