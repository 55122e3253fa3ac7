// SPDX-License-Identifier: Apache-2.0
// Matrix products on tensors of any dtype, for the operators that are one or contain one. float and
// double go to the packed product as they lie; small floats are computed in float and rounded once;
// integers wrap; complex numbers are four real products.
#pragma once

#include "tsc/runtime/Gemm.h"
#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

/// C = alpha * A B + beta * C (+ bias for each column), for A [b, m, k], B [b, k, n] of any strides
/// (0 for a batch that is broadcast) and C contiguous [b, m, n], all of one dtype.
Status multiplyInto(Context &cx, const Tensor &a, const Tensor &b, Tensor &c, const Scalar &alpha,
                    const Scalar &beta, const Tensor *bias = nullptr);
/// aten::matmul.
TensorRef matmulTensors(Context &cx, const Tensor &a, const Tensor &b);
/// input [..., k] times weight [n, k] transposed, plus bias [n] or null.
TensorRef linearTensors(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias);
/// Contracts dims of two tensors: aten::tensordot.
TensorRef contractDims(Context &cx, const Tensor &a, const Tensor &b, IntList dimsA, IntList dimsB);
/// Fails as PyTorch does when two operands differ in dtype.
Status checkSameDType(Context &cx, const char *name, const Tensor &a, const Tensor &b);

} // namespace tsc::rt
