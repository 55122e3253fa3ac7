// SPDX-License-Identifier: Apache-2.0
// Affine quantization: parameters of a tensor, and the way from numbers to quantized ones and back.
#pragma once

#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

struct QuantizedRange {
  int64_t low, high;
};
QuantizedRange rangeOf(DType quantized);
/// The number for x: nearest, ties to even, clamped.
int64_t quantizeNumber(float x, float scale, int64_t zeroPoint, QuantizedRange range);

/// A scale and zero point that cover [low, high].
struct QuantizationParameters {
  double scale;
  int64_t zeroPoint;
};
QuantizationParameters chooseParameters(float low, float high, QuantizedRange range);
QuantizationParameters parametersFor(const Tensor &dense, bool reduceRange);

/// Fails unless the tensor is quantized by qint8, quint8 or qint32.
Status checkQuantized(Context &cx, const char *name, const Tensor &t);
TensorRef quantizeTensor(Context &cx, const Tensor &t, double scale, int64_t zeroPoint,
                         DType dtype);
TensorRef dequantizeTensor(Context &cx, const Tensor &t);
/// The whole numbers minus their zero points, as float64.
TensorRef centeredNumbers(Context &cx, const Tensor &t);
/// An uninitialized contiguous tensor with a quantizer.
TensorRef emptyQuantized(Context &cx, IntList sizes, DType dtype, double scale, int64_t zeroPoint);

} // namespace tsc::rt
