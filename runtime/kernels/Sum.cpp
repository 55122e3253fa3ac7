// SPDX-License-Identifier: Apache-2.0
// sum.
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

static TensorRef sumAll(Context &cx, const Tensor &self, Optional<DType> dtype) {
  return sumTensor(cx, self, Optional<IntList>(), false, sumDType(self, dtype));
}
static TensorRef sumDims(Context &cx, const Tensor &self, Optional<IntList> dim, bool keepdim,
                         Optional<DType> dtype) {
  return sumTensor(cx, self, dim, keepdim, sumDType(self, dtype));
}
TSC_KERNEL(aten_sum, sumAll)
TSC_KERNEL(aten_sum_dim_IntList, sumDims)
TSC_OUTPUT_COPY(aten_sum_IntList_out, sumDims)
