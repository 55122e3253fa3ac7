// SPDX-License-Identifier: Apache-2.0
// The quantization operators of aten.
#include "Quantize.h"

#include "tsc/runtime/Loops.h"

namespace tsc::rt {

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// The whole number in an element of a quantized dtype.
int64_t numberAt(const Tensor &dense, int64_t i) {
  switch (dense.dtype) {
  case DType::QInt8:
    return dense.ptr<int8_t>()[i];
  case DType::QUInt8:
    return dense.ptr<uint8_t>()[i];
  default:
    return dense.ptr<int32_t>()[i];
  }
}
void putNumber(Tensor &dense, int64_t i, int64_t n) {
  switch (dense.dtype) {
  case DType::QInt8:
    dense.ptr<int8_t>()[i] = static_cast<int8_t>(n);
    return;
  case DType::QUInt8:
    dense.ptr<uint8_t>()[i] = static_cast<uint8_t>(n);
    return;
  default:
    dense.ptr<int32_t>()[i] = static_cast<int32_t>(n);
  }
}

/// Scale and zero point of each element, by its place.
struct Parameters {
  double scale = 1;
  int64_t zeroPoint = 0, inner = 1, channels = 1;
  const double *scales = nullptr;
  const int64_t *zeroPoints = nullptr;
  double scaleAt(int64_t i) const { return scales ? scales[i / inner % channels] : scale; }
  int64_t zeroAt(int64_t i) const { return scales ? zeroPoints[i / inner % channels] : zeroPoint; }
};
Parameters parametersOf(const Tensor &t) {
  const QuantizerObject &q = *t.quantizer;
  Parameters p;
  p.scale = q.scale, p.zeroPoint = q.zeroPoint;
  if (q.axis < 0)
    return p;
  p.scales = reinterpret_cast<const Tensor *>(q.scales)->ptr<double>();
  p.zeroPoints = reinterpret_cast<const Tensor *>(q.zeroPoints)->ptr<int64_t>();
  p.channels = t.sizes[q.axis];
  for (int64_t d = q.axis + 1; d < t.rank; ++d)
    p.inner *= t.sizes[d];
  return p;
}
Status checkTarget(Context &cx, const Tensor &t, DType dtype) {
  if (t.dtype != DType::Float32)
    return cx.fail("Quantize only works on Float Tensor, got %s", findDType(t.dtype)->graphName);
  if (dtype == DType::QInt8 || dtype == DType::QUInt8 || dtype == DType::QInt32)
    return success();
  return cx.fail("quantize: dtype %s is not supported, wanted qint8, quint8 or qint32",
                 findDType(dtype)->torchName);
}
} // namespace

QuantizedRange rangeOf(DType dtype) {
  if (dtype == DType::QInt8)
    return {-128, 127};
  return dtype == DType::QUInt8 ? QuantizedRange{0, 255} : QuantizedRange{INT32_MIN, INT32_MAX};
}
int64_t quantizeNumber(float x, float scale, int64_t zeroPoint, QuantizedRange range) {
  double v =
      static_cast<double>(zeroPoint) + std::nearbyint(static_cast<double>(x * (1.0f / scale)));
  v = v > static_cast<double>(range.low) ? v : static_cast<double>(range.low); // and NaN
  return v < static_cast<double>(range.high) ? static_cast<int64_t>(v) : range.high;
}
QuantizationParameters chooseParameters(float low, float high, QuantizedRange range) {
  constexpr double kSmallest = 6.1e-5;
  double first = low < 0 ? low : 0, last = high > 0 ? high : 0;
  double steps = static_cast<double>(range.high - range.low), scale = (last - first) / steps;
  if (static_cast<float>(scale) == 0 || std::isinf(1.0f / static_cast<float>(scale)))
    scale = 0.1;
  if (scale < kSmallest) {
    double grow = kSmallest / scale;
    scale = kSmallest;
    if (first == 0)
      last = kSmallest * steps;
    else if (last == 0)
      first = -kSmallest * steps;
    else
      first *= grow, last *= grow;
  }
  double fromLow = static_cast<double>(range.low) - first / scale,
         fromHigh = static_cast<double>(range.high) - last / scale;
  double errorLow = std::fabs(static_cast<double>(range.low)) + std::fabs(first / scale),
         errorHigh = std::fabs(static_cast<double>(range.high)) + std::fabs(last / scale);
  double zero = std::nearbyint(errorLow < errorHigh ? fromLow : fromHigh);
  zero = zero < static_cast<double>(range.low) ? static_cast<double>(range.low) : zero;
  return {scale, zero > static_cast<double>(range.high) ? range.high : static_cast<int64_t>(zero)};
}
QuantizationParameters parametersFor(const Tensor &dense, bool reduceRange) {
  float low = 0, high = 0;
  const float *x = dense.ptr<float>();
  for (int64_t i = 0; i < dense.numel; ++i)
    low = i && low < x[i] ? low : x[i], high = i && high > x[i] ? high : x[i];
  return chooseParameters(low, high, reduceRange ? QuantizedRange{0, 127} : QuantizedRange{0, 255});
}

Status checkQuantized(Context &cx, const char *name, const Tensor &t) {
  bool known = t.dtype == DType::QInt8 || t.dtype == DType::QUInt8 || t.dtype == DType::QInt32;
  if (known && t.quantizer)
    return success();
  return cx.fail("%s: expected a quantized tensor, got one of dtype %s", name,
                 findDType(t.dtype)->torchName);
}
TensorRef emptyQuantized(Context &cx, IntList sizes, DType dtype, double scale, int64_t zeroPoint) {
  TensorRef out = empty(cx, sizes, dtype);
  Ref<QuantizerObject> q = newQuantizer(cx, scale, zeroPoint);
  TSC_TRY(out && q);
  out->quantizer = q.take();
  return out;
}
TensorRef quantizeTensor(Context &cx, const Tensor &t, double scale, int64_t zeroPoint,
                         DType dtype) {
  TSC_TRY(checkTarget(cx, t, dtype));
  QuantizedRange range = rangeOf(dtype);
  if (zeroPoint < range.low || zeroPoint > range.high)
    return cx.fail("quantize_tensor_per_tensor_affine zero_point %lld is out of range of %s",
                   wide(zeroPoint), findDType(dtype)->torchName);
  TensorRef x = contiguous(cx, t), out = emptyQuantized(cx, t.shape(), dtype, scale, zeroPoint);
  TSC_TRY(x && out);
  for (int64_t i = 0; i < t.numel; ++i)
    putNumber(*out, i,
              quantizeNumber(x->ptr<float>()[i], static_cast<float>(scale), zeroPoint, range));
  return out;
}
TensorRef dequantizeTensor(Context &cx, const Tensor &t) {
  if (t.isFloating())
    return toDType(cx, t, DType::Float32);
  TSC_TRY(checkQuantized(cx, "dequantize", t));
  TensorRef x = contiguous(cx, t), out = empty(cx, t.shape(), DType::Float32);
  TSC_TRY(x && out);
  Parameters p = parametersOf(t);
  for (int64_t i = 0; i < t.numel; ++i)
    out->ptr<float>()[i] =
        static_cast<float>(numberAt(*x, i) - p.zeroAt(i)) * static_cast<float>(p.scaleAt(i));
  return out;
}
TensorRef centeredNumbers(Context &cx, const Tensor &t) {
  TSC_TRY(checkQuantized(cx, "quantized", t));
  TensorRef x = contiguous(cx, t), out = empty(cx, t.shape(), DType::Float64);
  TSC_TRY(x && out);
  Parameters p = parametersOf(t);
  for (int64_t i = 0; i < t.numel; ++i)
    out->ptr<double>()[i] = static_cast<double>(numberAt(*x, i) - p.zeroAt(i));
  return out;
}

namespace {
TensorRef quantizeByTensors(Context &cx, const Tensor &t, const Tensor &scale,
                            const Tensor &zeroPoint, DType dtype) {
  if (scale.numel != 1 || zeroPoint.numel != 1)
    return cx.fail("quantize_per_tensor: scale and zero_point must have one element");
  return quantizeTensor(cx, t, scale.item().toDouble(), zeroPoint.item().toInt(), dtype);
}
TensorRef quantizeDynamic(Context &cx, const Tensor &t, DType dtype, bool reduceRange) {
  TSC_TRY(checkTarget(cx, t, dtype));
  TensorRef x = contiguous(cx, t);
  TSC_TRY(x);
  if (dtype == DType::QUInt8) {
    QuantizationParameters p = parametersFor(*x, reduceRange);
    return quantizeTensor(cx, t, p.scale, p.zeroPoint, dtype);
  }
  QuantizationParameters p = parametersFor(*x, reduceRange);
  return quantizeTensor(cx, t, p.scale, p.zeroPoint - (reduceRange ? 64 : 128), dtype);
}
TensorRef quantizeChannels(Context &cx, const Tensor &t, const Tensor &scales,
                           const Tensor &zeroPoints, int64_t axis, DType dtype) {
  TSC_TRY(checkTarget(cx, t, dtype));
  TSC_ASSIGN(axis, wrapDim(cx, axis, t.rank));
  if (t.rank == 0 || scales.numel != t.sizes[axis] || zeroPoints.numel != t.sizes[axis])
    return cx.fail("length of scales must equal to channel, expected %lld got, %lld",
                   wide(t.rank ? t.sizes[axis] : 0), wide(scales.numel));
  TensorRef x = contiguous(cx, t), out = empty(cx, t.shape(), dtype);
  Ref<QuantizerObject> q = newChannelQuantizer(cx, scales, zeroPoints, axis);
  TSC_TRY(x && out && q);
  out->quantizer = q.take();
  Parameters p = parametersOf(*out);
  for (int64_t i = 0; i < t.numel; ++i)
    putNumber(*out, i,
              quantizeNumber(x->ptr<float>()[i], static_cast<float>(p.scaleAt(i)), p.zeroAt(i),
                             rangeOf(dtype)));
  return out;
}
TensorRef wholeNumbers(Context &cx, const Tensor &t) {
  TSC_TRY(checkQuantized(cx, "int_repr", t));
  DType plain = t.dtype == DType::QInt8    ? DType::Int8
                : t.dtype == DType::QUInt8 ? DType::UInt8
                                           : DType::Int32;
  TensorRef x = contiguous(cx, t), out = empty(cx, t.shape(), plain);
  TSC_TRY(x && out);
  std::memcpy(out->data, x->data, static_cast<size_t>(x->bytes()));
  return out;
}
TensorRef asQuantized(Context &cx, const Tensor &t, double scale, int64_t zeroPoint) {
  DType dtype = t.dtype == DType::Int8    ? DType::QInt8
                : t.dtype == DType::UInt8 ? DType::QUInt8
                                          : DType::QInt32;
  if (t.dtype != DType::Int8 && t.dtype != DType::UInt8 && t.dtype != DType::Int32)
    return unsupportedDType(cx, "_make_per_tensor_quantized_tensor", t.dtype);
  TensorRef x = contiguous(cx, t), out = emptyQuantized(cx, t.shape(), dtype, scale, zeroPoint);
  TSC_TRY(x && out);
  std::memcpy(out->data, x->data, static_cast<size_t>(x->bytes()));
  return out;
}

// ---- Parameters
Status checkPerTensor(Context &cx, const char *name, const Tensor &t, bool channels) {
  TSC_TRY(checkQuantized(cx, name, t));
  if ((t.quantizer->axis >= 0) != channels)
    return cx.fail("%s: expected a tensor quantized per %s", name, channels ? "channel" : "tensor");
  return success();
}
Result<double> scaleOf(Context &cx, const Tensor &t) {
  TSC_TRY(checkPerTensor(cx, "q_scale", t, false));
  return t.quantizer->scale;
}
Result<int64_t> zeroPointOf(Context &cx, const Tensor &t) {
  TSC_TRY(checkPerTensor(cx, "q_zero_point", t, false));
  return t.quantizer->zeroPoint;
}
TensorRef scalesOf(Context &cx, const Tensor &t) {
  TSC_TRY(checkPerTensor(cx, "q_per_channel_scales", t, true));
  return TensorRef::share(reinterpret_cast<const Tensor *>(t.quantizer->scales));
}
TensorRef zeroPointsOf(Context &cx, const Tensor &t) {
  TSC_TRY(checkPerTensor(cx, "q_per_channel_zero_points", t, true));
  return TensorRef::share(reinterpret_cast<const Tensor *>(t.quantizer->zeroPoints));
}
Result<int64_t> axisOf(Context &cx, const Tensor &t) {
  TSC_TRY(checkPerTensor(cx, "q_per_channel_axis", t, true));
  return t.quantizer->axis;
}

// ---- Fake quantization: to the nearest quantized number and back
TensorRef fakeQuantize(Context &cx, const Tensor &t, double scale, int64_t zeroPoint, int64_t low,
                       int64_t high) {
  if (!t.isFloating())
    return unsupportedDType(cx, "fake_quantize_per_tensor_affine", t.dtype);
  if (low > high || zeroPoint < low || zeroPoint > high)
    return cx.fail("`zero_point` must be between `quant_min` and `quant_max`.");
  float step = static_cast<float>(scale), inverse = 1.0f / step;
  auto f = [=](auto x) -> decltype(x) {
    float q = std::nearbyint(static_cast<float>(x) * inverse + static_cast<float>(zeroPoint));
    q = q < static_cast<float>(low) ? static_cast<float>(low) : q;
    q = q > static_cast<float>(high) ? static_cast<float>(high) : q;
    return (q - static_cast<float>(zeroPoint)) * step;
  };
  return elementwise<kFloat, Promote::Keep>(cx, "fake_quantize_per_tensor_affine", {}, f,
                                            inputs(t));
}
TensorRef fakeQuantizeTensors(Context &cx, const Tensor &t, const Tensor &scale,
                              const Tensor &zeroPoint, int64_t low, int64_t high) {
  if (scale.numel != 1 || zeroPoint.numel != 1)
    return cx.fail("fake_quantize_per_tensor_affine: scale and zero_point must have one element");
  return fakeQuantize(cx, t, scale.item().toDouble(), zeroPoint.item().toInt(), low, high);
}
TensorRef fakeQuantizeChannels(Context &cx, const Tensor &t, const Tensor &scale,
                               const Tensor &zeroPoint, int64_t axis, int64_t low, int64_t high) {
  TSC_ASSIGN(axis, wrapDim(cx, axis, t.rank));
  if (!t.isFloating() || t.rank == 0 || scale.numel != t.sizes[axis] ||
      zeroPoint.numel != t.sizes[axis])
    return cx.fail("dimensions of scale and zero-point are not consistent with input tensor");
  TensorRef out = emptyLike(cx, t);
  TSC_TRY(out);
  for (int64_t c = 0; c < t.sizes[axis]; ++c) {
    TensorRef from = select(cx, t, axis, c), to = select(cx, *out, axis, c);
    TSC_TRY(from && to);
    TensorRef made = fakeQuantize(cx, *from, scale.at(c).toDouble(),
                                  toInt64(zeroPoint.at(c).toDouble()), low, high);
    TSC_TRY(made);
    TSC_TRY(copyInto(cx, *to, *made));
  }
  return out;
}
Results<double, int64_t> chooseForTensor(Context &cx, const Tensor &t, bool reduceRange) {
  TensorRef x = contiguousAs(cx, t, DType::Float32);
  TSC_TRY(x);
  QuantizationParameters p = parametersFor(*x, reduceRange);
  return Results<double, int64_t>{p.scale, p.zeroPoint};
}
} // namespace
} // namespace tsc::rt

using namespace tsc::rt;
TSC_KERNEL(aten_quantize_per_tensor, quantizeTensor)
TSC_KERNEL(aten_quantize_per_tensor_tensor_qparams, quantizeByTensors)
TSC_KERNEL(aten_quantize_per_tensor_dynamic, quantizeDynamic)
TSC_KERNEL(aten_quantize_per_channel, quantizeChannels)
TSC_KERNEL(aten_dequantize_self, dequantizeTensor)
TSC_KERNEL(aten_dequantize_tensor, dequantizeTensor)
TSC_KERNEL(aten_int_repr, wholeNumbers)
TSC_KERNEL(aten__make_per_tensor_quantized_tensor, asQuantized)
TSC_KERNEL(aten_q_scale, scaleOf)
TSC_KERNEL(aten_q_zero_point, zeroPointOf)
TSC_KERNEL(aten_q_per_channel_scales, scalesOf)
TSC_KERNEL(aten_q_per_channel_zero_points, zeroPointsOf)
TSC_KERNEL(aten_q_per_channel_axis, axisOf)
TSC_KERNEL(aten_fake_quantize_per_tensor_affine, fakeQuantize)
TSC_KERNEL(aten_fake_quantize_per_tensor_affine_tensor_qparams, fakeQuantizeTensors)
TSC_KERNEL(aten_fake_quantize_per_channel_affine, fakeQuantizeChannels)
TSC_KERNEL(aten__choose_qparams_per_tensor, chooseForTensor)
