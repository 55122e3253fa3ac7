// SPDX-License-Identifier: Apache-2.0
// Fourier transforms of tensors along dims, for the fft operators, stft and istft. Tensors go in
// and out in their own dtype; between they are complex128.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

/// How a transform is scaled, as the fft operators number it.
enum class Scaling : int64_t { None = 0, ByRoot = 1, ByLength = 2 };

/// A contiguous complex128 copy whose dims have these sizes, cut or filled with zeros at the end.
TensorRef spectrumInput(Context &cx, const Tensor &t, IntList dims, IntList sizes);
/// Transforms a contiguous complex128 tensor in place along wrapped dims, none of size 0.
Status transformDims(Context &cx, Tensor &work, IntList dims, bool forward, Scaling scaling);
/// Replaces every number by its conjugate.
void conjugateInPlace(Context &cx, Tensor &work);
/// The real signal of `length` along `dim` whose half spectrum is in `work` (length / 2 + 1 numbers
/// along `dim`): a contiguous float64 tensor.
TensorRef realSignal(Context &cx, const Tensor &work, int64_t dim, int64_t length, bool forward,
                     Scaling scaling);
/// The dtype of a transform's spectrum: integers count as the default dtype. Fails on dtypes
/// without a transform.
Result<DType> spectrumDType(Context &cx, DType dtype);

} // namespace tsc::rt
