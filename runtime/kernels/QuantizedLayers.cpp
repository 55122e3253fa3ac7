// SPDX-License-Identifier: Apache-2.0
// quantized::linear and quantized::conv with packed parameters. A packed parameter is an object
// that holds weights minus their zero points, as float64: sums of products of whole numbers are
// exact in it, and it has a fast matrix product. Results are rounded as int32 sums would be.
#include "Contract.h"
#include "Convolution.h"
#include "Quantize.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

const TypeDescriptor kLinearType{TypeKind::Capsule, 0,
                                 "__torch__.torch.classes.quantized.LinearPackedParamsBase"};
const TypeDescriptor kConv2dType{TypeKind::Capsule, 0,
                                 "__torch__.torch.classes.quantized.Conv2dPackedParamsBase"};
const TypeDescriptor kConv3dType{TypeKind::Capsule, 0,
                                 "__torch__.torch.classes.quantized.Conv3dPackedParamsBase"};

struct PackedParameters : CapsuleObject {
  Tensor *weight, *bias; ///< as given; bias may be null
  Tensor *centered;      ///< float64; null for weights that are not quantized
  int64_t spatial, groups;
  int64_t stride[3], padding[3], dilation[3];
  OptTensor biasTensor() const { return bias ? OptTensor(*bias) : OptTensor(); }
  /// The scale of output channel c.
  double scale(int64_t c) const {
    const QuantizerObject &q = *weight->quantizer;
    return q.axis < 0 ? q.scale : reinterpret_cast<const Tensor *>(q.scales)->ptr<double>()[c];
  }
};
void destroyPacked(CapsuleObject *object) {
  PackedParameters *p = static_cast<PackedParameters *>(object);
  for (Tensor *t : {p->weight, p->bias, p->centered})
    tsc_rt_release(reinterpret_cast<ObjectHead *>(t));
}

OwnedValue pack(Context &cx, const TypeDescriptor &type, const Tensor &weight, OptTensor bias,
                const PackedParameters &shape) {
  TensorRef centered, own = clone(cx, weight), ownBias;
  TSC_TRY(own);
  if (weight.quantizer) {
    const QuantizerObject &q = *weight.quantizer;
    if (weight.dtype != DType::QInt8 || q.axis > 0)
      return cx.fail("prepack: expected weights of qint8, quantized per tensor or along dim 0");
    centered = centeredNumbers(cx, weight);
    TSC_TRY(centered);
  }
  if (bias) {
    ownBias = contiguousAs(cx, *bias, DType::Float32);
    TSC_TRY(ownBias);
    if (bias->rank != 1 || bias->numel != weight.sizes[0])
      return cx.fail("prepack: expected a bias of %lld elements, got %s", wide(weight.sizes[0]),
                     ShapeText(bias->shape()).text);
  }
  void *memory = allocateBytes(cx, static_cast<int64_t>(sizeof(PackedParameters)));
  TSC_TRY(memory != nullptr);
  PackedParameters *p = new (memory) PackedParameters(shape);
  p->head = {1, &type};
  p->destroy = destroyPacked;
  p->weight = own.take(), p->bias = ownBias.take(), p->centered = centered.take();
  return OwnedValue::adopt(makeObject(Tag::Capsule, p));
}
/// The packed parameters in a value; null with the error set when it holds none of this type.
const PackedParameters *unpack(Context &cx, const Value &v, const TypeDescriptor &type) {
  if (isObject(v) && v.payload.p->type == &type)
    return static_cast<const PackedParameters *>(
        reinterpret_cast<const CapsuleObject *>(v.payload.p));
  (void)cx.fail("expected packed parameters of type %s", type.text);
  return nullptr;
}

// ---- Results
/// Sums of products [outer, channels, inner] to quantized numbers.
TensorRef requantize(Context &cx, const Tensor &sums, const PackedParameters &p, double inputScale,
                     int64_t inner, double scale, int64_t zeroPoint, bool relu) {
  TensorRef out = emptyQuantized(cx, sums.shape(), DType::QUInt8, scale, zeroPoint);
  TSC_TRY(out);
  int64_t channels = p.weight->sizes[0];
  for (int64_t i = 0; i < sums.numel; ++i) {
    int64_t c = i / inner % channels;
    float unit = static_cast<float>(inputScale) * static_cast<float>(p.scale(c));
    float v = static_cast<float>(sums.ptr<double>()[i]);
    if (p.bias)
      v += p.bias->ptr<float>()[c] / unit;
    float q =
        std::nearbyint(v * (unit / static_cast<float>(scale))) + static_cast<float>(zeroPoint);
    float low = relu ? static_cast<float>(zeroPoint) : 0.0f;
    q = q > low ? q : low;
    out->ptr<uint8_t>()[i] = static_cast<uint8_t>(q < 255 ? q : 255);
  }
  return out;
}
Status checkInput(Context &cx, const char *name, const Tensor &x) {
  TSC_TRY(checkQuantized(cx, name, x));
  if (x.dtype == DType::QUInt8 && x.quantizer->axis < 0)
    return success();
  return cx.fail("%s: expected an input of quint8, quantized per tensor", name);
}

// ---- linear
OwnedValue linearPrepack(Context &cx, const Tensor &weight, OptTensor bias) {
  if (weight.rank != 2)
    return cx.fail("The weight tensor for quantized::linear_prepack should be 2-dimensional.");
  TSC_TRY(checkQuantized(cx, "quantized::linear_prepack", weight));
  return pack(cx, kLinearType, weight, bias, {});
}
/// Weights in float16: they are rounded now and used as floats.
OwnedValue linearPrepackHalf(Context &cx, const Tensor &weight, OptTensor bias) {
  if (weight.rank != 2 || weight.dtype != DType::Float32)
    return cx.fail("quantized::linear_prepack_fp16: expected a weight of 2 dims and float32");
  TensorRef half = toDType(cx, weight, DType::Float16);
  TSC_TRY(half);
  TensorRef rounded = toDType(cx, *half, DType::Float32);
  TSC_TRY(rounded);
  return pack(cx, kLinearType, *rounded, bias, {});
}
template <bool Relu>
TensorRef linear(Context &cx, const Tensor &x, const Value &packed, double scale,
                 int64_t zeroPoint) {
  const PackedParameters *p = unpack(cx, packed, kLinearType);
  TSC_TRY(p != nullptr);
  TSC_TRY(checkInput(cx, "quantized::linear", x));
  if (!p->centered)
    return cx.fail("quantized::linear: expected weights of qint8, got float16");
  TensorRef numbers = centeredNumbers(cx, x);
  TSC_TRY(numbers);
  TensorRef sums = linearTensors(cx, *numbers, *p->centered, {});
  TSC_TRY(sums);
  return requantize(cx, *sums, *p, x.quantizer->scale, 1, scale, zeroPoint, Relu);
}
TensorRef rectified(Context &cx, const Tensor &t) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "relu", {}, [](auto x) -> decltype(x) { return x < 0 ? 0 : x; }, inputs(t));
}
/// Quantizes the input by its own range; the result is float.
template <bool Relu>
TensorRef linearDynamic(Context &cx, const Tensor &x, const Value &packed, bool reduceRange) {
  const PackedParameters *p = unpack(cx, packed, kLinearType);
  TSC_TRY(p != nullptr);
  if (!p->centered || x.dtype != DType::Float32 || x.rank < 1)
    return cx.fail("quantized::linear_dynamic: expected a float32 input and weights of qint8");
  TensorRef dense = contiguous(cx, x);
  TSC_TRY(dense);
  QuantizationParameters q = parametersFor(*dense, reduceRange);
  TensorRef rounded = quantizeTensor(cx, *dense, q.scale, q.zeroPoint, DType::QUInt8);
  TSC_TRY(rounded);
  TensorRef numbers = centeredNumbers(cx, *rounded);
  TSC_TRY(numbers);
  TensorRef sums = linearTensors(cx, *numbers, *p->centered, {});
  TSC_TRY(sums);
  TensorRef out = empty(cx, sums->shape(), DType::Float32);
  TSC_TRY(out);
  int64_t channels = p->weight->sizes[0];
  for (int64_t i = 0; i < out->numel; ++i) {
    int64_t c = i % channels;
    float v = static_cast<float>(sums->ptr<double>()[i]) *
              (static_cast<float>(q.scale) * static_cast<float>(p->scale(c)));
    v += p->bias ? p->bias->ptr<float>()[c] : 0;
    out->ptr<float>()[i] = Relu && v < 0 ? 0 : v;
  }
  return out;
}
template <bool Relu> TensorRef linearHalf(Context &cx, const Tensor &x, const Value &packed) {
  const PackedParameters *p = unpack(cx, packed, kLinearType);
  TSC_TRY(p != nullptr);
  if (p->centered)
    return cx.fail("quantized::linear_dynamic_fp16: expected weights of float16, got qint8");
  TensorRef out = linearTensors(cx, x, *p->weight, p->biasTensor());
  TSC_TRY(out);
  return Relu ? rectified(cx, *out) : static_cast<TensorRef &&>(out);
}

// ---- conv
template <int Spatial> const TypeDescriptor &convType() {
  return Spatial == 3 ? kConv3dType : kConv2dType;
}
template <int Spatial>
OwnedValue convPrepack(Context &cx, const Tensor &weight, OptTensor bias, IntList stride,
                       IntList padding, IntList dilation, int64_t groups) {
  TSC_TRY(checkQuantized(cx, "quantized::conv_prepack", weight));
  for (IntList l : {stride, padding, dilation})
    if (l.size() != Spatial)
      return cx.fail("quantized::conv_prepack: expected lists of %d ints, got %lld", Spatial,
                     wide(l.size()));
  if (weight.rank != Spatial + 2)
    return cx.fail("quantized::conv_prepack: expected a weight of %d dims, got %lld", Spatial + 2,
                   wide(weight.rank));
  PackedParameters shape{};
  shape.spatial = Spatial, shape.groups = groups;
  for (int d = 0; d < Spatial; ++d)
    shape.stride[d] = stride[d], shape.padding[d] = padding[d], shape.dilation[d] = dilation[d];
  return pack(cx, convType<Spatial>(), weight, bias, shape);
}
template <int Spatial, bool Relu>
TensorRef conv(Context &cx, const Tensor &x, const Value &packed, double scale, int64_t zeroPoint) {
  const PackedParameters *p = unpack(cx, packed, convType<Spatial>());
  TSC_TRY(p != nullptr);
  TSC_TRY(checkInput(cx, "quantized::conv", x));
  TensorRef numbers = centeredNumbers(cx, x);
  TSC_TRY(numbers);
  ConvArguments a{IntList(p->stride, p->spatial),
                  IntList(p->padding, p->spatial),
                  IntList(p->dilation, p->spatial),
                  {},
                  false,
                  p->groups,
                  false};
  TensorRef sums = convolveTensors(cx, *numbers, *p->centered, {}, a, Spatial, "quantized::conv");
  TSC_TRY(sums);
  int64_t inner = 1;
  for (int64_t d = sums->rank - Spatial; d < sums->rank; ++d)
    inner *= sums->sizes[d];
  return requantize(cx, *sums, *p, x.quantizer->scale, inner, scale, zeroPoint, Relu);
}

/// An old form that repeats what is packed.
template <int Spatial, bool Relu>
TensorRef convRepeated(Context &cx, const Tensor &x, const Value &packed, IntList stride,
                       IntList padding, IntList dilation, int64_t groups, double scale,
                       int64_t zeroPoint) {
  return conv<Spatial, Relu>(cx, x, packed, scale, zeroPoint);
}

/// The weight and bias that were packed.
template <const TypeDescriptor &Type>
Results<TensorRef, OwnedValue> unpackBoth(Context &cx, const Value &packed) {
  const PackedParameters *p = unpack(cx, packed, Type);
  TSC_TRY(p != nullptr);
  OwnedValue bias = p->bias ? OwnedValue(TensorRef::share(p->bias)) : OwnedValue();
  return Results<TensorRef, OwnedValue>{TensorRef::share(p->weight), bias};
}
} // namespace

TSC_KERNEL(quantized_linear_prepack, linearPrepack)
TSC_KERNEL(_quantized_linear_prepack, linearPrepack)
TSC_KERNEL(quantized_linear_prepack_fp16, linearPrepackHalf)
TSC_KERNEL(_quantized_linear_prepack_fp16, linearPrepackHalf)
TSC_KERNEL(quantized_linear_unpack, unpackBoth<kLinearType>)
TSC_KERNEL(quantized_linear_unpack_fp16, unpackBoth<kLinearType>)
TSC_KERNEL(quantized_linear, linear<false>)
TSC_KERNEL(_quantized_linear, linear<false>)
TSC_KERNEL(quantized_linear_relu, linear<true>)
TSC_KERNEL(quantized_linear_dynamic, linearDynamic<false>)
TSC_KERNEL(_quantized_linear_dynamic, linearDynamic<false>)
TSC_KERNEL(quantized_linear_relu_dynamic, linearDynamic<true>)
TSC_KERNEL(quantized_linear_dynamic_fp16, linearHalf<false>)
TSC_KERNEL(quantized_linear_relu_dynamic_fp16, linearHalf<true>)
TSC_KERNEL(quantized_conv2d_prepack, convPrepack<2>)
TSC_KERNEL(_quantized_conv2d_prepack, convPrepack<2>)
TSC_KERNEL(quantized_conv_prepack, convPrepack<2>)
TSC_KERNEL(quantized_conv3d_prepack, convPrepack<3>)
TSC_KERNEL(_quantized_conv3d_prepack, convPrepack<3>)
TSC_KERNEL(quantized_conv2d_unpack, unpackBoth<kConv2dType>)
TSC_KERNEL(quantized_conv_unpack, unpackBoth<kConv2dType>)
TSC_KERNEL(quantized_conv3d_unpack, unpackBoth<kConv3dType>)
#define TSC_CONV(NAME, ...) TSC_KERNEL(NAME, (__VA_ARGS__))
TSC_CONV(quantized_conv2d_new, conv<2, false>)
TSC_CONV(_quantized_conv2d, conv<2, false>)
TSC_CONV(quantized_conv2d_relu_new, conv<2, true>)
TSC_CONV(_quantized_conv2d_relu, conv<2, true>)
TSC_CONV(quantized_conv3d_new, conv<3, false>)
TSC_CONV(_quantized_conv3d, conv<3, false>)
TSC_CONV(quantized_conv3d_relu_new, conv<3, true>)
TSC_CONV(_quantized_conv3d_relu, conv<3, true>)
TSC_CONV(quantized_conv2d, convRepeated<2, false>)
TSC_CONV(quantized_conv2d_relu, convRepeated<2, true>)
TSC_CONV(quantized_conv3d, convRepeated<3, false>)
TSC_CONV(quantized_conv3d_relu, convRepeated<3, true>)
