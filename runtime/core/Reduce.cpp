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

Result<ReducePlan> planReduce(Context &cx, const Tensor &input, IntList dims, bool keepdim, bool emptyMeansAll) {
  bool reduced[kMaxRank] = {};
  for (int64_t dim : dims) {
    TSC_ASSIGN(int64_t d, wrapDim(cx, dim, input.rank));
    if (reduced[d])
      return cx.fail("dim %lld appears multiple times in the list of dims", static_cast<long long>(d));
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

Result<ReducePlan> planReduce(Context &cx, const Tensor &input, const Optional<IntList> &dims, bool keepdim) {
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

TensorRef sumTensor(Context &cx, const Tensor &input, const Optional<IntList> &dims, bool keepdim, DType result) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, input, dims, keepdim));
  TensorRef out = empty(cx, plan.outSizes, result);
  TSC_TRY(out);
  Status done;
  if (isComplex(result))
    done = reduceInto<Complex>(cx, plan, *out, SumOf<Complex>{}, [](const SumOf<Complex> &s) { return s.total; });
  else if (isFloating(result) && dtypeBytes(result) <= 4 && input.isFloating() && input.itemsize() <= 4)
    done = reduceInto<float>(cx, plan, *out, FloatSum{}, [](const FloatSum &s) { return s.total; });
  else if (isFloating(result))
    done = reduceInto<double>(cx, plan, *out, SumOf<double>{}, [](const SumOf<double> &s) { return s.total; });
  else
    done = reduceInto<int64_t>(cx, plan, *out, SumOf<int64_t>{}, [](const SumOf<int64_t> &s) { return s.total; });
  TSC_TRY(done);
  return out;
}

} // namespace tsc::rt
