// SPDX-License-Identifier: Apache-2.0
// hash_tensor: the exclusive or of all elements' bits, floats as float64 and integers as int64.
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
template <class C> struct BitSum {
  uint64_t bits = 0;
  void add(C x, int64_t) {
    if constexpr (std::is_same_v<C, double>)
      bits ^= __builtin_bit_cast(uint64_t, x);
    else
      bits ^= static_cast<uint64_t>(x);
  }
  void merge(const BitSum &later) { bits ^= later.bits; }
};
template <class C> Status hashInto(Context &cx, const ReducePlan &plan, Tensor &out) {
  return reduceInto<C>(cx, plan, out, BitSum<C>{},
                       [](const BitSum<C> &b) { return static_cast<int64_t>(b.bits); });
}
} // namespace

static TensorRef hashTensor(Context &cx, const Tensor &self, IntList dims, bool keepdim,
                            int64_t mode) {
  if (mode != 0)
    return cx.fail("unknown hash_tensor mode: %lld, expected 0", static_cast<long long>(mode));
  if (!self.isFloating() && !self.isIntegral(true))
    return unsupportedDType(cx, "hash_tensor", self.dtype);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  if (plan.inner == 0 && (plan.outputs > 0 || dims.empty()))
    return cx.fail("hash_tensor: expected a reduction dim of non-zero size");
  TensorRef out = empty(cx, plan.outSizes, DType::UInt64);
  TSC_TRY(out);
  if (self.isFloating())
    TSC_TRY(hashInto<double>(cx, plan, *out));
  else
    TSC_TRY(hashInto<int64_t>(cx, plan, *out));
  return out;
}
TSC_KERNEL(aten_hash_tensor, hashTensor)
TSC_OUTPUT_COPY(aten_hash_tensor_out, hashTensor)
