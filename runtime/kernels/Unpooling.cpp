// SPDX-License-Identifier: Apache-2.0
// Moving elements between images: max_unpool, pixel_shuffle and its inverse, channel_shuffle,
// im2col and col2im.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// Puts every element where its index says, in planes of zeros.
TensorRef unpool(Context &cx, const Tensor &self, const Tensor &indices, IntList output,
                 int64_t spatial) {
  if (indices.dtype != DType::Int64)
    return cx.fail("elements in indices should be type int64 but got: %s",
                   findDType(indices.dtype)->graphName);
  if (self.rank != spatial + 1 && self.rank != spatial + 2)
    return cx.fail(
        "Input to max_unpooling%lldd should be a %lldd or %lldd Tensor, but got a tensor "
        "with %lld dims",
        wide(spatial), wide(spatial + 1), wide(spatial + 2), wide(self.rank));
  if (!(self.shape() == indices.shape()))
    return cx.fail("Expected shape of indices to be same as that of the input tensor (%s) but got "
                   "indices tensor with shape: %s",
                   ShapeText(self.shape()).text, ShapeText(indices.shape()).text);
  if (output.size() != spatial)
    return cx.fail("There should be exactly %lld elements in output_size, but got %lld elements",
                   wide(spatial), wide(output.size()));
  Shape sizes(self.shape());
  int64_t in = 1, out = 1;
  for (int64_t d = 0; d < spatial; ++d) {
    in *= self.sizes[self.rank - spatial + d];
    sizes[self.rank - spatial + d] = output[d];
  }
  TensorRef made = zeros(cx, sizes, self.dtype);
  TensorRef x = contiguous(cx, self), at = contiguous(cx, indices);
  TSC_TRY(made && x && at);
  for (int64_t n : output)
    out *= n;
  int64_t bytes = self.itemsize();
  for (int64_t i = 0; i < self.numel; ++i) {
    int64_t place = at->ptr<int64_t>()[i];
    if (place < 0 || place >= out)
      return cx.fail("Found an invalid max index: %lld (output volumes are of size %s)",
                     wide(place), ShapeText(output).text);
    std::memcpy(made->base() + (i / in * out + place) * bytes, x->base() + i * bytes,
                static_cast<size_t>(bytes));
  }
  return made;
}
TensorRef unpool2d(Context &cx, const Tensor &self, const Tensor &indices, IntList output) {
  return unpool(cx, self, indices, output, 2);
}
TensorRef unpool3d(Context &cx, const Tensor &self, const Tensor &indices, IntList output,
                   IntList stride, IntList padding) {
  for (int64_t s : stride)
    if (s <= 0)
      return cx.fail("strides should be greater than zero, but got stride: %s",
                     ShapeText(stride).text);
  return unpool(cx, self, indices, output, 3);
}

// ---- Shuffles: a view of more dims, permuted and copied
TensorRef rearrange(Context &cx, const Tensor &self, IntList split, IntList order, IntList sizes) {
  TensorRef v = reshape(cx, self, split);
  TSC_TRY(v);
  v = permute(cx, *v, order);
  TSC_TRY(v);
  TensorRef dense = clone(cx, *v, MemoryFormat::Contiguous);
  TSC_TRY(dense);
  return view(cx, *dense, sizes);
}
int64_t leading(const Tensor &t, int64_t tail) {
  int64_t n = 1;
  for (int64_t d = 0; d < t.rank - tail; ++d)
    n *= t.sizes[d];
  return n;
}
TensorRef pixelShuffle(Context &cx, const Tensor &self, int64_t factor) {
  if (self.rank < 3)
    return cx.fail("pixel_shuffle expects input to have at least 3 dimensions, but got input with "
                   "%lld dimension(s)",
                   wide(self.rank));
  if (factor <= 0 || factor > 65536)
    return cx.fail("pixel_shuffle expects a positive upscale_factor, but got %lld", wide(factor));
  int64_t c = self.size(-3), h = self.size(-2), w = self.size(-1);
  if (c % (factor * factor))
    return cx.fail("pixel_shuffle expects its input's 'channel' dimension to be divisible by the "
                   "square of upscale_factor, but input.size(-3)=%lld is not divisible by %lld",
                   wide(c), wide(factor * factor));
  int64_t n = leading(self, 3), oc = c / (factor * factor);
  Shape sizes(self.shape());
  sizes[self.rank - 3] = oc, sizes[self.rank - 2] = h * factor, sizes[self.rank - 1] = w * factor;
  return rearrange(cx, self, Shape::of(n, oc, factor, factor, h, w), Shape::of(0, 1, 4, 2, 5, 3),
                   sizes);
}
TensorRef pixelUnshuffle(Context &cx, const Tensor &self, int64_t factor) {
  if (self.rank < 3)
    return cx.fail(
        "pixel_unshuffle expects input to have at least 3 dimensions, but got input with "
        "%lld dimension(s)",
        wide(self.rank));
  if (factor <= 0 || factor > 65536)
    return cx.fail("pixel_unshuffle expects a positive downscale_factor, but got %lld",
                   wide(factor));
  int64_t c = self.size(-3), h = self.size(-2), w = self.size(-1);
  if (h % factor || w % factor)
    return cx.fail("pixel_unshuffle expects height and width to be divisible by downscale_factor, "
                   "but input.size(-2)=%lld, input.size(-1)=%lld, downscale_factor=%lld",
                   wide(h), wide(w), wide(factor));
  int64_t n = leading(self, 3);
  Shape sizes(self.shape());
  sizes[self.rank - 3] = c * factor * factor;
  sizes[self.rank - 2] = h / factor, sizes[self.rank - 1] = w / factor;
  return rearrange(cx, self, Shape::of(n, c, h / factor, factor, w / factor, factor),
                   Shape::of(0, 1, 3, 5, 2, 4), sizes);
}
TensorRef channelShuffle(Context &cx, const Tensor &self, int64_t groups) {
  if (self.rank < 3)
    return cx.fail("channel_shuffle expects input with > 2 dims, but got input with sizes %s",
                   ShapeText(self.shape()).text);
  if (groups <= 0 || self.sizes[1] % groups)
    return cx.fail("Number of groups to divide channels in must be positive and divide %lld. Value "
                   "of groups:%lld",
                   wide(self.sizes[1]), wide(groups));
  int64_t inner = 1;
  for (int64_t d = 2; d < self.rank; ++d)
    inner *= self.sizes[d];
  return rearrange(cx, self, Shape::of(self.sizes[0], groups, self.sizes[1] / groups, inner),
                   Shape::of(0, 2, 1, 3), self.shape());
}

// ---- im2col and col2im
struct Sliding {
  int64_t kernel[2], dilation[2], padding[2], stride[2], in[2], out[2];
  int64_t batch, channels;
};
Status slide(Context &cx, const char *name, IntList kernel, IntList dilation, IntList padding,
             IntList stride, IntList image, Sliding &s) {
  for (IntList l : {kernel, dilation, padding, stride, image})
    if (l.size() != 2)
      return cx.fail("%s: It is expected that all sizes are lists of 2, but got %lld", name,
                     wide(l.size()));
  for (int d = 0; d < 2; ++d) {
    s.kernel[d] = kernel[d], s.dilation[d] = dilation[d], s.padding[d] = padding[d];
    s.stride[d] = stride[d], s.in[d] = image[d];
    bool fits = kernel[d] > 0 && dilation[d] > 0 && padding[d] >= 0 && stride[d] > 0;
    if (!fits || kernel[d] > INT32_MAX || dilation[d] > INT32_MAX || padding[d] > INT32_MAX)
      return cx.fail("%s: kernel_size, dilation and stride should be greater than zero and padding "
                     "not negative, but got kernel_size %s dilation %s padding %s stride %s",
                     name, ShapeText(kernel).text, ShapeText(dilation).text,
                     ShapeText(padding).text, ShapeText(stride).text);
    int64_t span = image[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1;
    s.out[d] = span < 0 ? 0 : span / stride[d] + 1;
    if (s.out[d] < 1)
      return cx.fail(
          "%s: Given spatial size %s, kernel_size=%s, dilation=%s, padding=%s, stride=%s, "
          "calculated shape of the array of sliding blocks has a component that must be "
          "at least one",
          name, ShapeText(image).text, ShapeText(kernel).text, ShapeText(dilation).text,
          ShapeText(padding).text, ShapeText(stride).text);
  }
  return success();
}
/// Calls f(element of columns, element of images) for every pair that lies inside.
template <class F> void eachTap(const Sliding &s, F &&f) {
  int64_t blocks = s.out[0] * s.out[1], pixels = s.in[0] * s.in[1];
  for (int64_t c = 0; c < s.batch * s.channels; ++c)
    for (int64_t ky = 0; ky < s.kernel[0]; ++ky)
      for (int64_t kx = 0; kx < s.kernel[1]; ++kx) {
        int64_t row = (c * s.kernel[0] + ky) * s.kernel[1] + kx;
        for (int64_t oy = 0; oy < s.out[0]; ++oy)
          for (int64_t ox = 0; ox < s.out[1]; ++ox) {
            int64_t y = oy * s.stride[0] - s.padding[0] + ky * s.dilation[0],
                    x = ox * s.stride[1] - s.padding[1] + kx * s.dilation[1];
            if (y >= 0 && y < s.in[0] && x >= 0 && x < s.in[1])
              f(row * blocks + oy * s.out[1] + ox, c * pixels + y * s.in[1] + x);
          }
      }
}

TensorRef im2col(Context &cx, const Tensor &self, IntList kernel, IntList dilation, IntList padding,
                 IntList stride) {
  if (self.rank != 3 && self.rank != 4)
    return cx.fail("im2col: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and "
                   "other non-zero dimensions for input, but got: %s",
                   ShapeText(self.shape()).text);
  Sliding s;
  TSC_TRY(
      slide(cx, "im2col", kernel, dilation, padding, stride, self.shape().drop(self.rank - 2), s));
  s.batch = self.rank == 4 ? self.sizes[0] : 1, s.channels = self.size(-3);
  Shape sizes;
  if (self.rank == 4)
    sizes.push(s.batch);
  sizes.push(s.channels * s.kernel[0] * s.kernel[1]), sizes.push(s.out[0] * s.out[1]);
  TensorRef x = contiguous(cx, self), out = zeros(cx, sizes, self.dtype);
  TSC_TRY(x && out);
  int64_t bytes = self.itemsize();
  eachTap(s, [&](int64_t column, int64_t pixel) {
    std::memcpy(out->base() + column * bytes, x->base() + pixel * bytes,
                static_cast<size_t>(bytes));
  });
  return out;
}
TensorRef col2im(Context &cx, const Tensor &self, IntList output, IntList kernel, IntList dilation,
                 IntList padding, IntList stride) {
  Sliding s;
  TSC_TRY(slide(cx, "col2im", kernel, dilation, padding, stride, output, s));
  int64_t taps = s.kernel[0] * s.kernel[1];
  if ((self.rank != 2 && self.rank != 3) || self.size(-2) % taps ||
      self.size(-1) != s.out[0] * s.out[1])
    return cx.fail("col2im: Expected 2D or 3D tensor of rows divisible by %lld and %lld sliding "
                   "blocks, but got input of size %s",
                   wide(taps), wide(s.out[0] * s.out[1]), ShapeText(self.shape()).text);
  s.batch = self.rank == 3 ? self.sizes[0] : 1, s.channels = self.size(-2) / taps;
  Shape sizes;
  if (self.rank == 3)
    sizes.push(s.batch);
  sizes.push(s.channels), sizes.push(s.in[0]), sizes.push(s.in[1]);
  DType work = computeDType(self.dtype);
  TensorRef x = contiguousAs(cx, self, work), out = zeros(cx, sizes, work);
  TSC_TRY(x && out);
  bool known = dispatchCompute<kAll>(work, [&]<class T>() {
    eachTap(s, [&](int64_t column, int64_t pixel) {
      T &sum = out->ptr<T>()[pixel];
      sum = static_cast<T>(sum + x->ptr<T>()[column]);
    });
  });
  if (!known)
    return unsupportedDType(cx, "col2im", self.dtype);
  return toDType(cx, *out, self.dtype);
}
} // namespace

TSC_KERNEL(aten_max_unpool2d, unpool2d)
TSC_OUTPUT_COPY(aten_max_unpool2d_out, unpool2d)
TSC_KERNEL(aten_max_unpool3d, unpool3d)
TSC_OUTPUT_COPY(aten_max_unpool3d_out, unpool3d)
TSC_KERNEL(aten_pixel_shuffle, pixelShuffle)
TSC_KERNEL(aten_pixel_unshuffle, pixelUnshuffle)
TSC_KERNEL(aten_channel_shuffle, channelShuffle)
TSC_KERNEL(aten_native_channel_shuffle, channelShuffle)
TSC_KERNEL(aten_im2col, im2col)
TSC_OUTPUT_COPY(aten_im2col_out, im2col)
TSC_KERNEL(aten_col2im, col2im)
TSC_OUTPUT_COPY(aten_col2im_out, col2im)
