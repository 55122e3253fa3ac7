// SPDX-License-Identifier: Apache-2.0
// The convolution operators: checks, dtypes and layouts around convolveImages.
#include "Convolution.h"

#include "tsc/runtime/Loops.h"

namespace tsc::rt {

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// Element d of a list that may hold one number for all dims.
Status checkList(Context &cx, const char *what, IntList list, int64_t spatial, int64_t smallest) {
  if (list.size() != 1 && list.size() != spatial)
    return cx.fail("expected %s to be a single integer value or a list of %lld values to match the "
                   "convolution dimensions, but got a list of %lld",
                   what, wide(spatial), wide(list.size()));
  for (int64_t n : list)
    if (n < smallest)
      return cx.fail("%s %s is not supported", smallest ? "non-positive" : "negative", what);
  return success();
}
int64_t item(IntList list, int64_t d) { return list.size() == 1 ? list[0] : list[d]; }

Status checkChannels(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                     const ConvArguments &a) {
  int64_t groups = a.groups, channels = input.sizes[1];
  if (groups <= 0)
    return cx.fail("non-positive groups is not supported");
  if (weight.sizes[0] < groups || weight.sizes[0] % groups)
    return cx.fail(
        "Given groups=%lld, expected weight to be %s %lld at dimension 0, but got weight "
        "of size %s instead",
        wide(groups), weight.sizes[0] < groups ? "at least" : "divisible by", wide(groups),
        ShapeText(weight.shape()).text);
  int64_t wanted = a.transposed ? weight.sizes[0] : weight.sizes[1] * groups;
  if (channels != wanted)
    return cx.fail(
        "Given %sgroups=%lld, weight of size %s, expected input%s to have %lld channels, "
        "but got %lld channels instead",
        a.transposed ? "transposed=1, " : "", wide(groups), ShapeText(weight.shape()).text,
        ShapeText(input.shape()).text, wide(wanted), wide(channels));
  int64_t outs = a.transposed ? weight.sizes[1] * groups : weight.sizes[0];
  if (bias && (bias->rank != 1 || bias->sizes[0] != outs))
    return cx.fail(
        "Given %sweight of size %s, expected bias to be 1-dimensional with %lld elements, "
        "but got bias of size %s instead",
        a.transposed ? "transposed=1, " : "", ShapeText(weight.shape()).text, wide(outs),
        ShapeText(bias->shape()).text);
  return success();
}

/// Fails when the padded copy of an image would have more elements than can be counted.
Status checkCopy(Context &cx, const ConvGeometry &g) {
  Shape sizes = Shape::of(g.inChannels + 1, 16);
  for (int d = 0; d < 3; ++d)
    sizes.push(g.in[d] + g.padLow[d] + g.padHigh[d] + g.stride[d]);
  TSC_TRY(checkedNumel(cx, sizes));
  return success();
}

/// Fills in the geometry of a batched input.
Status measure(Context &cx, const Tensor &input, const Tensor &weight, const ConvArguments &a,
               int64_t spatial, ConvGeometry &g) {
  g.batch = input.sizes[0], g.inChannels = input.sizes[1], g.groups = a.groups;
  g.outChannels = a.transposed ? weight.sizes[1] * a.groups : weight.sizes[0];
  for (int64_t d = 0; d < spatial; ++d) {
    int64_t at = 3 - spatial + d;
    g.in[at] = input.sizes[2 + d], g.kernel[at] = weight.sizes[2 + d];
    g.stride[at] = item(a.stride, d), g.dilation[at] = item(a.dilation, d);
    int64_t reach = g.dilation[at] * (g.kernel[at] - 1);
    if (g.stride[at] > INT32_MAX || g.dilation[at] > INT32_MAX || g.kernel[at] > INT32_MAX)
      return cx.fail("convolution: stride, dilation and kernel must be below 2^31");
    if (a.same)
      g.padLow[at] = reach / 2, g.padHigh[at] = reach - reach / 2;
    else
      g.padLow[at] = g.padHigh[at] = item(a.padding, d);
    if (g.padLow[at] > INT32_MAX)
      return cx.fail("convolution: padding must be below 2^31");
    if (a.transposed) {
      int64_t extra = item(a.outputPadding, d);
      g.out[at] = (g.in[at] - 1) * g.stride[at] - 2 * g.padLow[at] + reach + 1 + extra;
      if (extra >= g.stride[at] && extra >= g.dilation[at])
        return cx.fail("output padding must be smaller than either stride or dilation, but got "
                       "output_padding %lld, stride %lld, dilation %lld",
                       wide(extra), wide(g.stride[at]), wide(g.dilation[at]));
      if (g.out[at] < 0 || (g.out[at] == 0 && g.in[at] != 0))
        return cx.fail("Given input size per channel: (%lld). Calculated output size per channel: "
                       "(%lld). Output size is too small",
                       wide(g.in[at]), wide(g.out[at]));
      continue;
    }
    int64_t padded = g.in[at] + g.padLow[at] + g.padHigh[at];
    if (padded < reach + 1 || g.kernel[at] < 1)
      return cx.fail(
          "Calculated padded input size per channel: (%lld). Kernel size: (%lld). Kernel "
          "size can't be greater than actual input size",
          wide(padded), wide(reach + 1));
    g.out[at] = (padded - reach - 1) / g.stride[at] + 1;
  }
  return checkCopy(cx, g);
}

template <class T>
Status convolveTyped(Context &cx, const ConvGeometry &g, bool transposed, const Tensor &input,
                     const Tensor &weight, const Tensor *bias, Tensor &out) {
  const T *b = bias ? bias->ptr<T>() : nullptr;
  return transposed ? convolveTransposed<T>(cx, g, input.ptr<T>(), weight.ptr<T>(), b, out.ptr<T>())
                    : convolveImages<T>(cx, g, input.ptr<T>(), weight.ptr<T>(), b, out.ptr<T>());
}
Status convolveReal(Context &cx, const ConvGeometry &g, bool transposed, const Tensor &input,
                    const Tensor &weight, const Tensor *bias, Tensor &out) {
  if (out.dtype == DType::Float32)
    return convolveTyped<float>(cx, g, transposed, input, weight, bias, out);
  if (out.dtype == DType::Float64)
    return convolveTyped<double>(cx, g, transposed, input, weight, bias, out);
  return convolveTyped<int64_t>(cx, g, transposed, input, weight, bias, out);
}

/// A contiguous copy of the real (0) or imaginary (1) parts.
TensorRef complexPart(Context &cx, const Tensor &t, int part, DType real) {
  DType own = toReal(t.dtype);
  Shape strides(t.stridesList());
  for (int64_t &s : strides)
    s *= 2;
  TensorRef v = viewAs(cx, t, own, t.shape(), strides, part * dtypeBytes(own));
  TSC_TRY(v);
  return contiguousAs(cx, *v, real);
}
template <class T> void joinParts(const Tensor *const *sums, Tensor &out) {
  for (int64_t i = 0; i < out.numel; ++i) {
    out.ptr<T>()[2 * i] = sums[0]->ptr<T>()[i] - sums[3]->ptr<T>()[i];
    out.ptr<T>()[2 * i + 1] = sums[1]->ptr<T>()[i] + sums[2]->ptr<T>()[i];
  }
}
/// Four real convolutions.
Status convolveComplex(Context &cx, const ConvGeometry &g, bool transposed, const Tensor &input,
                       const Tensor &weight, const Tensor *bias, Tensor &out) {
  DType real = toReal(out.dtype);
  TensorRef x[2], w[2], b[2], sums[4];
  const Tensor *raw[4];
  for (int i = 0; i < 2; ++i) {
    x[i] = complexPart(cx, input, i, real), w[i] = complexPart(cx, weight, i, real);
    b[i] = bias ? complexPart(cx, *bias, i, real) : TensorRef();
    TSC_TRY(x[i] && w[i] && (!bias || b[i]));
  }
  for (int i = 0; i < 4; ++i) { // re re, re im, im re, im im
    sums[i] = empty(cx, out.shape(), real);
    TSC_TRY(sums[i]);
    raw[i] = sums[i].get();
    TSC_TRY(convolveReal(cx, g, transposed, *x[i / 2], *w[i % 2], i < 2 ? b[i].get() : nullptr,
                         *sums[i]));
  }
  if (real == DType::Float32)
    joinParts<float>(raw, out);
  else
    joinParts<double>(raw, out);
  return success();
}

/// The dtype that a convolution is computed in.
DType workDType(DType dtype) {
  if (isComplex(dtype))
    return dtype == DType::Complex32 ? DType::Complex64 : dtype;
  return computeDType(dtype);
}
MemoryFormat resultFormat(const Tensor &input, const Tensor &weight) {
  if (input.isContiguous() && weight.isContiguous())
    return MemoryFormat::Contiguous;
  if (input.isChannelsLast() || weight.isChannelsLast())
    return MemoryFormat::ChannelsLast;
  if (input.isChannelsLast3d() || weight.isChannelsLast3d())
    return MemoryFormat::ChannelsLast3d;
  return MemoryFormat::Contiguous;
}
} // namespace

TensorRef convolveTensors(Context &cx, const Tensor &given, const Tensor &weight, OptTensor bias,
                          const ConvArguments &a, int64_t spatial, const char *name) {
  spatial = spatial ? spatial : weight.rank - 2;
  if (weight.rank != spatial + 2 || spatial < 1 || spatial > 3)
    return cx.fail("%s: expected a weight of %lld dims, but got weight of size: %s", name,
                   wide(spatial + 2), ShapeText(weight.shape()).text);
  bool batched = given.rank == spatial + 2;
  if (!batched && given.rank != spatial + 1)
    return cx.fail("Expected %lldD (unbatched) or %lldD (batched) input to %s, but got input of "
                   "size: %s",
                   wide(spatial + 1), wide(spatial + 2), name, ShapeText(given.shape()).text);
  if (given.dtype != weight.dtype || (bias && bias->dtype != given.dtype))
    return cx.fail("Input type (%s) and %s type (%s) should be the same",
                   findDType(given.dtype)->graphName,
                   given.dtype != weight.dtype ? "weight" : "bias",
                   findDType(given.dtype != weight.dtype ? weight.dtype : bias->dtype)->graphName);
  if (given.isBool() || !(given.isIntegral(false) || given.isFloating() || given.isComplex()))
    return unsupportedDType(cx, name, given.dtype);
  TSC_TRY(checkList(cx, "stride", a.stride, spatial, 1));
  TSC_TRY(checkList(cx, "dilation", a.dilation, spatial, 1));
  if (!a.same)
    TSC_TRY(checkList(cx, "padding", a.padding, spatial, 0));
  if (a.transposed)
    TSC_TRY(checkList(cx, "output_padding", a.outputPadding, spatial, 0));
  for (int64_t n : a.stride)
    if (a.same && n != 1)
      return cx.fail("padding='same' is not supported for strided convolutions");
  TensorRef input = batched ? same(given) : unsqueeze(cx, given, 0);
  TSC_TRY(input);
  TSC_TRY(checkChannels(cx, *input, weight, bias, a));
  ConvGeometry g;
  TSC_TRY(measure(cx, *input, weight, a, spatial, g));
  Shape sizes = Shape::of(g.batch, g.outChannels);
  for (int64_t d = 3 - spatial; d < 3; ++d)
    sizes.push(g.out[d]);
  MemoryFormat format = resultFormat(*input, weight);
  DType work = workDType(given.dtype);
  TensorRef x = contiguousAs(cx, *input, work), w = contiguousAs(cx, weight, work);
  TensorRef b = bias ? contiguousAs(cx, *bias, work) : TensorRef();
  TensorRef out = empty(cx, sizes, work);
  TSC_TRY(x && w && out && (!bias || b));
  TSC_TRY(isComplex(work) ? convolveComplex(cx, g, a.transposed, *x, *w, b.get(), *out)
                          : convolveReal(cx, g, a.transposed, *x, *w, b.get(), *out));
  if (work != given.dtype)
    out = toDType(cx, *out, given.dtype);
  if (out && format != MemoryFormat::Contiguous)
    out = contiguous(cx, *out, format);
  return out && !batched ? squeeze(cx, *out, 0) : static_cast<TensorRef &&>(out);
}

namespace {
template <int Spatial>
TensorRef conv(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
               IntList stride, IntList padding, IntList dilation, int64_t groups) {
  ConvArguments a{stride, padding, dilation, {}, false, groups, false};
  constexpr const char *kNames[] = {"conv1d", "conv2d", "conv3d"};
  return convolveTensors(cx, input, weight, bias, a, Spatial, kNames[Spatial - 1]);
}
constexpr int64_t kNoPadding[] = {0};
/// padding as "same" or "valid".
Status paddingOf(Context &cx, StringRef padding, ConvArguments &a) {
  a.padding = IntList(kNoPadding, 1);
  a.same = padding == "same";
  if (a.same || padding == "valid")
    return success();
  return cx.fail("Invalid padding string: '%.*s'", static_cast<int>(padding.size()),
                 padding.data());
}
template <int Spatial>
TensorRef convMode(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                   IntList stride, StringRef padding, IntList dilation, int64_t groups) {
  ConvArguments a{stride, {}, dilation, {}, false, groups, false};
  TSC_TRY(paddingOf(cx, padding, a));
  return convolveTensors(cx, input, weight, bias, a, Spatial, "conv");
}
template <int Spatial>
TensorRef convTranspose(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                        IntList stride, IntList padding, IntList outputPadding, int64_t groups,
                        IntList dilation) {
  ConvArguments a{stride, padding, dilation, outputPadding, true, groups, false};
  constexpr const char *kNames[] = {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"};
  return convolveTensors(cx, input, weight, bias, a, Spatial, kNames[Spatial - 1]);
}
TensorRef convolution(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                      IntList stride, IntList padding, IntList dilation, bool transposed,
                      IntList outputPadding, int64_t groups) {
  ConvArguments a{stride, padding, dilation, outputPadding, transposed, groups, false};
  return convolveTensors(cx, input, weight, bias, a, 0, "convolution");
}
TensorRef convolutionFlags(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                           IntList stride, IntList padding, IntList dilation, bool transposed,
                           IntList outputPadding, int64_t groups, bool benchmark,
                           bool deterministic, bool cudnn) {
  return convolution(cx, input, weight, bias, stride, padding, dilation, transposed, outputPadding,
                     groups);
}
TensorRef convolutionFlagsTf32(Context &cx, const Tensor &input, const Tensor &weight,
                               OptTensor bias, IntList stride, IntList padding, IntList dilation,
                               bool transposed, IntList outputPadding, int64_t groups,
                               bool benchmark, bool deterministic, bool cudnn, bool tf32) {
  return convolution(cx, input, weight, bias, stride, padding, dilation, transposed, outputPadding,
                     groups);
}
/// Time, batch, channels: weight is [taps, in, out].
TensorRef convTimeMajor(Context &cx, const Tensor &input, const Tensor &weight, const Tensor &bias,
                        int64_t pad) {
  if (input.rank != 3 || weight.rank != 3 || bias.rank != 1)
    return cx.fail("conv_tbc: expected input and weight of 3 dims and bias of 1");
  int64_t toChannels[] = {1, 2, 0}, turned[] = {2, 1, 0}, back[] = {2, 0, 1}, one[] = {1};
  TensorRef x = permute(cx, input, toChannels), w = permute(cx, weight, turned);
  TSC_TRY(x && w);
  int64_t padding[] = {pad};
  TensorRef out = conv<1>(cx, *x, *w, bias, one, padding, one, 1);
  TSC_TRY(out);
  TensorRef ordered = permute(cx, *out, back);
  TSC_TRY(ordered);
  return contiguous(cx, *ordered);
}
} // namespace
} // namespace tsc::rt

using namespace tsc::rt;
TSC_KERNEL(aten_conv1d, conv<1>)
TSC_KERNEL(aten_conv2d, conv<2>)
TSC_KERNEL(aten_conv3d, conv<3>)
TSC_KERNEL(aten_conv1d_padding, convMode<1>)
TSC_KERNEL(aten_conv2d_padding, convMode<2>)
TSC_KERNEL(aten_conv3d_padding, convMode<3>)
TSC_KERNEL(aten__convolution_mode, convMode<0>)
TSC_KERNEL(aten_conv_transpose1d, convTranspose<1>)
TSC_KERNEL(aten_conv_transpose2d_input, convTranspose<2>)
TSC_KERNEL(aten_conv_transpose3d_input, convTranspose<3>)
TSC_KERNEL(aten_convolution, convolution)
TSC_OUTPUT_COPY(aten_convolution_out, convolution)
TSC_KERNEL(aten_convolution_overrideable, convolution)
TSC_KERNEL(aten__convolution_deprecated, convolutionFlags)
TSC_KERNEL(aten__convolution, convolutionFlagsTf32)
TSC_OUTPUT_COPY(aten__convolution_out, convolutionFlagsTf32)
TSC_KERNEL(aten_conv_tbc, convTimeMajor)
TSC_OUTPUT_COPY(aten_conv_tbc_out, convTimeMajor)
