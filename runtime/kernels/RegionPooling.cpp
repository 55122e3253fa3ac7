// SPDX-License-Identifier: Apache-2.0
// torchvision's operators that read regions of images: roi_align, roi_pool, their position-
// sensitive forms, and deform_conv2d.
#include "tsc/runtime/Gemm.h"
#include "tsc/runtime/Loops.h"

#include <limits>

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
using Two = Results<TensorRef, TensorRef>;

/// Images and regions [image, x1, y1, x2, y2] in the compute dtype.
struct Regions {
  TensorRef images, boxes;
  int64_t channels, height, width, count, pooledHeight, pooledWidth;
  double scale;
};
Status prepareRegions(Context &cx, const char *name, const Tensor &input, const Tensor &boxes,
                      double scale, int64_t ph, int64_t pw, Regions &r) {
  if (input.rank != 4 || boxes.rank != 2 || boxes.sizes[1] != 5)
    return cx.fail("%s: expected an input of 4 dims and rois of shape [K, 5], got %s and %s", name,
                   ShapeText(input.shape()).text, ShapeText(boxes.shape()).text);
  if (input.dtype != boxes.dtype || !input.isFloating())
    return cx.fail("%s: Expected tensor for input and rois to have the same floating type", name);
  if (ph <= 0 || pw <= 0 || ph > 65536 || pw > 65536)
    return cx.fail("%s: pooled sizes must be positive, got %lld and %lld", name, wide(ph),
                   wide(pw));
  DType work = computeDType(input.dtype);
  r.images = contiguousAs(cx, input, work), r.boxes = contiguousAs(cx, boxes, DType::Float64);
  TSC_TRY(r.images && r.boxes);
  r.channels = input.sizes[1], r.height = input.sizes[2], r.width = input.sizes[3];
  r.count = boxes.sizes[0], r.pooledHeight = ph, r.pooledWidth = pw, r.scale = scale;
  for (int64_t i = 0; i < r.count; ++i) {
    double image = r.boxes->ptr<double>()[5 * i];
    if (!(image >= 0 && image < static_cast<double>(input.sizes[0])))
      return cx.fail("%s: region %lld names image %g of %lld", name, wide(i), image,
                     wide(input.sizes[0]));
  }
  return success();
}

/// The value at (y, x) between pixels; 0 more than a pixel outside.
template <class T> T bilinear(const T *plane, int64_t height, int64_t width, T y, T x) {
  if (!(y >= -1 && y <= static_cast<T>(height) && x >= -1 && x <= static_cast<T>(width)))
    return 0;
  y = y > 0 ? y : T(0), x = x > 0 ? x : T(0);
  int64_t y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x), y1 = y0 + 1, x1 = x0 + 1;
  if (y0 >= height - 1)
    y0 = y1 = height - 1, y = static_cast<T>(y0);
  if (x0 >= width - 1)
    x0 = x1 = width - 1, x = static_cast<T>(x0);
  T ly = y - static_cast<T>(y0), lx = x - static_cast<T>(x0), hy = 1 - ly, hx = 1 - lx;
  return hy * hx * plane[y0 * width + x0] + hy * lx * plane[y0 * width + x1] +
         ly * hx * plane[y1 * width + x0] + ly * lx * plane[y1 * width + x1];
}

/// The mean of samples in each bin; with `sensitive`, bin (i, j) has its own channels.
template <class T>
void alignRegions(Context &cx, const Regions &r, int64_t sampling, bool aligned, bool sensitive,
                  T *out, int32_t *mapping) {
  int64_t bins = r.pooledHeight * r.pooledWidth;
  int64_t outs = sensitive ? r.channels / bins : r.channels;
  parallelFor(cx, 0, r.count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const double *box = r.boxes->ptr<double>() + 5 * k;
      const T *image =
          r.images->ptr<T>() + static_cast<int64_t>(box[0]) * r.channels * r.height * r.width;
      T scale = static_cast<T>(r.scale), shift = aligned || sensitive ? T(0.5) : T(0);
      T x0 = static_cast<T>(box[1]) * scale - shift, y0 = static_cast<T>(box[2]) * scale - shift;
      T w = static_cast<T>(box[3]) * scale - shift - x0,
        h = static_cast<T>(box[4]) * scale - shift - y0;
      if (!aligned && !sensitive)
        w = w > 1 ? w : T(1), h = h > 1 ? h : T(1);
      T binH = h / static_cast<T>(r.pooledHeight), binW = w / static_cast<T>(r.pooledWidth);
      auto samples = [&](T size, int64_t pooled) {
        if (sampling > 0)
          return sampling;
        T n = std::ceil(size / static_cast<T>(pooled));
        return n > 0 && n < T(1 << 20) ? static_cast<int64_t>(n) : int64_t(0);
      };
      int64_t gridH = samples(h, r.pooledHeight), gridW = samples(w, r.pooledWidth);
      int64_t points = gridH * gridW;
      for (int64_t c = 0; c < outs; ++c)
        for (int64_t b = 0; b < bins; ++b) {
          int64_t i = b / r.pooledWidth, j = b % r.pooledWidth;
          int64_t channel = sensitive ? c * bins + b : c;
          const T *plane = image + channel * r.height * r.width;
          T sum = 0;
          for (int64_t sy = 0; sy < gridH; ++sy)
            for (int64_t sx = 0; sx < gridW; ++sx)
              sum += bilinear(plane, r.height, r.width,
                              y0 + static_cast<T>(i) * binH +
                                  (static_cast<T>(sy) + T(0.5)) * binH / static_cast<T>(gridH),
                              x0 + static_cast<T>(j) * binW +
                                  (static_cast<T>(sx) + T(0.5)) * binW / static_cast<T>(gridW));
          int64_t at = (k * outs + c) * bins + b;
          out[at] = sum / static_cast<T>(points > 1 || sensitive ? points : 1);
          if (mapping)
            mapping[at] = static_cast<int32_t>(channel);
        }
    }
  });
}

TensorRef roiAlign(Context &cx, const Tensor &input, const Tensor &rois, double scale, int64_t ph,
                   int64_t pw, int64_t sampling, bool aligned) {
  Regions r;
  TSC_TRY(prepareRegions(cx, "roi_align", input, rois, scale, ph, pw, r));
  TensorRef out = empty(cx, Shape::of(r.count, r.channels, ph, pw), r.images->dtype);
  TSC_TRY(out);
  if (out->dtype == DType::Float64)
    alignRegions(cx, r, sampling, aligned, false, out->ptr<double>(), nullptr);
  else
    alignRegions(cx, r, sampling, aligned, false, out->ptr<float>(), nullptr);
  return toDType(cx, *out, input.dtype);
}
Status checkSensitive(Context &cx, const char *name, const Regions &r) {
  if (r.channels % (r.pooledHeight * r.pooledWidth))
    return cx.fail("%s: input channels must be a multiple of pooling height * pooling width", name);
  return success();
}
Two psRoiAlign(Context &cx, const Tensor &input, const Tensor &rois, double scale, int64_t ph,
               int64_t pw, int64_t sampling) {
  Regions r;
  TSC_TRY(prepareRegions(cx, "ps_roi_align", input, rois, scale, ph, pw, r));
  TSC_TRY(checkSensitive(cx, "ps_roi_align", r));
  Shape sizes = Shape::of(r.count, r.channels / (ph * pw), ph, pw);
  TensorRef out = empty(cx, sizes, r.images->dtype), mapping = empty(cx, sizes, DType::Int32);
  TSC_TRY(out && mapping);
  if (out->dtype == DType::Float64)
    alignRegions(cx, r, sampling, true, true, out->ptr<double>(), mapping->ptr<int32_t>());
  else
    alignRegions(cx, r, sampling, true, true, out->ptr<float>(), mapping->ptr<int32_t>());
  TensorRef result = toDType(cx, *out, input.dtype);
  TSC_TRY(result);
  return Two{result, mapping};
}

/// The whole pixels of bin i of n from `start`, clipped to the image.
template <class T>
void binRange(int64_t i, T size, int64_t start, int64_t limit, int64_t &from, int64_t &to) {
  from = static_cast<int64_t>(std::floor(static_cast<T>(i) * size)) + start;
  to = static_cast<int64_t>(std::ceil(static_cast<T>(i + 1) * size)) + start;
  from = from < 0 ? 0 : from < limit ? from : limit;
  to = to < 0 ? 0 : to < limit ? to : limit;
}
/// A coordinate as a whole number that further sums cannot overflow.
int64_t rounded(double x) { return x > -1e9 && x < 1e9 ? static_cast<int64_t>(std::round(x)) : 0; }

template <class T> void poolRegions(const Regions &r, T *out, int32_t *best) {
  int64_t bins = r.pooledHeight * r.pooledWidth;
  for (int64_t k = 0; k < r.count; ++k) {
    const double *box = r.boxes->ptr<double>() + 5 * k;
    int64_t x0 = rounded(box[1] * r.scale), y0 = rounded(box[2] * r.scale),
            x1 = rounded(box[3] * r.scale), y1 = rounded(box[4] * r.scale);
    T h = static_cast<T>(y1 - y0 + 1 > 1 ? y1 - y0 + 1 : 1),
      w = static_cast<T>(x1 - x0 + 1 > 1 ? x1 - x0 + 1 : 1);
    for (int64_t c = 0; c < r.channels; ++c) {
      const T *plane =
          r.images->ptr<T>() + (static_cast<int64_t>(box[0]) * r.channels + c) * r.height * r.width;
      for (int64_t b = 0; b < bins; ++b) {
        int64_t top, bottom, left, right, at = (k * r.channels + c) * bins + b;
        binRange(b / r.pooledWidth, h / static_cast<T>(r.pooledHeight), y0, r.height, top, bottom);
        binRange(b % r.pooledWidth, w / static_cast<T>(r.pooledWidth), x0, r.width, left, right);
        bool none = bottom <= top || right <= left;
        out[at] = none ? T(0) : -std::numeric_limits<T>::max(), best[at] = -1;
        for (int64_t y = top; y < bottom; ++y)
          for (int64_t x = left; x < right; ++x)
            if (plane[y * r.width + x] > out[at])
              out[at] = plane[y * r.width + x], best[at] = static_cast<int32_t>(y * r.width + x);
      }
    }
  }
}
Two roiPool(Context &cx, const Tensor &input, const Tensor &rois, double scale, int64_t ph,
            int64_t pw) {
  Regions r;
  TSC_TRY(prepareRegions(cx, "roi_pool", input, rois, scale, ph, pw, r));
  Shape sizes = Shape::of(r.count, r.channels, ph, pw);
  TensorRef out = empty(cx, sizes, r.images->dtype), best = empty(cx, sizes, DType::Int32);
  TSC_TRY(out && best);
  if (out->dtype == DType::Float64)
    poolRegions(r, out->ptr<double>(), best->ptr<int32_t>());
  else
    poolRegions(r, out->ptr<float>(), best->ptr<int32_t>());
  TensorRef result = toDType(cx, *out, input.dtype);
  TSC_TRY(result);
  return Two{result, best};
}

template <class T> void averageRegions(const Regions &r, T *out, int32_t *mapping) {
  int64_t bins = r.pooledHeight * r.pooledWidth, outs = r.channels / bins;
  for (int64_t k = 0; k < r.count; ++k) {
    const double *box = r.boxes->ptr<double>() + 5 * k;
    int64_t x0 = rounded(box[1] * r.scale), y0 = rounded(box[2] * r.scale),
            x1 = rounded(box[3] * r.scale), y1 = rounded(box[4] * r.scale);
    T h = static_cast<T>(y1 - y0 > 1 ? y1 - y0 : 1), w = static_cast<T>(x1 - x0 > 1 ? x1 - x0 : 1);
    for (int64_t c = 0; c < outs; ++c)
      for (int64_t b = 0; b < bins; ++b) {
        int64_t top, bottom, left, right, at = (k * outs + c) * bins + b, channel = c * bins + b;
        binRange(b / r.pooledWidth, h / static_cast<T>(r.pooledHeight), y0, r.height - 1, top,
                 bottom);
        binRange(b % r.pooledWidth, w / static_cast<T>(r.pooledWidth), x0, r.width - 1, left,
                 right);
        const T *plane = r.images->ptr<T>() +
                         (static_cast<int64_t>(box[0]) * r.channels + channel) * r.height * r.width;
        T sum = 0;
        for (int64_t y = top; y < bottom; ++y)
          for (int64_t x = left; x < right; ++x)
            sum += plane[y * r.width + x];
        bool none = bottom <= top || right <= left;
        out[at] = none ? T(0) : sum / static_cast<T>((bottom - top) * (right - left));
        mapping[at] = static_cast<int32_t>(channel);
      }
  }
}
Two psRoiPool(Context &cx, const Tensor &input, const Tensor &rois, double scale, int64_t ph,
              int64_t pw) {
  Regions r;
  TSC_TRY(prepareRegions(cx, "ps_roi_pool", input, rois, scale, ph, pw, r));
  TSC_TRY(checkSensitive(cx, "ps_roi_pool", r));
  Shape sizes = Shape::of(r.count, r.channels / (ph * pw), ph, pw);
  TensorRef out = empty(cx, sizes, r.images->dtype), mapping = empty(cx, sizes, DType::Int32);
  TSC_TRY(out && mapping);
  if (out->dtype == DType::Float64)
    averageRegions(r, out->ptr<double>(), mapping->ptr<int32_t>());
  else
    averageRegions(r, out->ptr<float>(), mapping->ptr<int32_t>());
  TensorRef result = toDType(cx, *out, input.dtype);
  TSC_TRY(result);
  return Two{result, mapping};
}

// ---- deform_conv2d: taps are read at positions moved by offsets, then multiplied as usual
struct Deformed {
  int64_t channels, in[2], kernel[2], out[2], stride[2], pad[2], dilation[2], groups, offsetGroups;
};
/// The value at (y, x), 0 outside, as the convolution counts it.
template <class T> T sampled(const T *plane, const int64_t *size, T y, T x) {
  if (!(y > -1 && y < static_cast<T>(size[0]) && x > -1 && x < static_cast<T>(size[1])))
    return 0;
  T fy = std::floor(y), fx = std::floor(x);
  int64_t y0 = static_cast<int64_t>(fy), x0 = static_cast<int64_t>(fx);
  T ly = y - fy, lx = x - fx, sum = 0;
  for (int64_t dy = 0; dy < 2; ++dy)
    for (int64_t dx = 0; dx < 2; ++dx) {
      int64_t py = y0 + dy, px = x0 + dx;
      if (py >= 0 && py < size[0] && px >= 0 && px < size[1])
        sum += (dy ? ly : 1 - ly) * (dx ? lx : 1 - lx) * plane[py * size[1] + px];
    }
  return sum;
}
template <class T>
void deformedColumns(Context &cx, const Deformed &d, const T *image, const T *offset, const T *mask,
                     T *columns) {
  int64_t taps = d.kernel[0] * d.kernel[1], points = d.out[0] * d.out[1];
  int64_t perGroup = d.channels / d.offsetGroups;
  parallelFor(cx, 0, d.channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c)
      for (int64_t t = 0; t < taps; ++t) {
        int64_t group = c / perGroup;
        const T *dy = offset + (group * taps + t) * 2 * points, *dx = dy + points;
        const T *m = mask ? mask + (group * taps + t) * points : nullptr;
        T *to = columns + (c * taps + t) * points;
        for (int64_t p = 0; p < points; ++p) {
          T y = static_cast<T>(p / d.out[1] * d.stride[0] - d.pad[0] +
                               t / d.kernel[1] * d.dilation[0]) +
                dy[p];
          T x = static_cast<T>(p % d.out[1] * d.stride[1] - d.pad[1] +
                               t % d.kernel[1] * d.dilation[1]) +
                dx[p];
          to[p] = sampled(image + c * d.in[0] * d.in[1], d.in, y, x) * (m ? m[p] : T(1));
        }
      }
  });
}
template <class T>
Status deformAll(Context &cx, const Deformed &d, const Tensor &x, const Tensor &w,
                 const Tensor &offset, const Tensor *mask, const Tensor &bias, Tensor &out) {
  int64_t taps = d.kernel[0] * d.kernel[1], points = d.out[0] * d.out[1], outs = w.sizes[0];
  TensorRef columns = empty(cx, Shape::of(d.channels * taps, points), x.dtype);
  TSC_TRY(columns);
  for (int64_t n = 0; n < x.sizes[0]; ++n) {
    deformedColumns(cx, d, x.ptr<T>() + n * d.channels * d.in[0] * d.in[1],
                    offset.ptr<T>() + n * d.offsetGroups * 2 * taps * points,
                    mask ? mask->ptr<T>() + n * d.offsetGroups * taps * points : nullptr,
                    columns->ptr<T>());
    for (int64_t group = 0; group < d.groups; ++group) {
      Gemm<T> g;
      g.m = outs / d.groups, g.n = points, g.k = d.channels / d.groups * taps;
      g.a = w.ptr<T>() + group * g.m * g.k, g.rowA = g.k;
      g.b = columns->ptr<T>() + group * g.k * points, g.rowB = points;
      g.c = out.ptr<T>() + (n * outs + group * g.m) * points, g.rowC = points;
      g.rowBias = bias.ptr<T>() + group * g.m;
      TSC_TRY(gemm(cx, g));
    }
  }
  return success();
}
TensorRef deformConv2d(Context &cx, const Tensor &input, const Tensor &weight, const Tensor &offset,
                       const Tensor &mask, const Tensor &bias, int64_t strideH, int64_t strideW,
                       int64_t padH, int64_t padW, int64_t dilationH, int64_t dilationW,
                       int64_t groups, int64_t offsetGroups, bool useMask) {
  bool fits = input.rank == 4 && weight.rank == 4 && offset.rank == 4 && groups > 0 &&
              offsetGroups > 0 && strideH > 0 && strideW > 0 && dilationH > 0 && dilationW > 0 &&
              padH >= 0 && padW >= 0 && weight.sizes[1] * groups == input.sizes[1] &&
              weight.sizes[0] % groups == 0 && input.sizes[1] % offsetGroups == 0 &&
              bias.numel == weight.sizes[0];
  if (!fits)
    return cx.fail("deform_conv2d: input %s, weight %s, offset %s with %lld groups and %lld offset "
                   "groups do not fit",
                   ShapeText(input.shape()).text, ShapeText(weight.shape()).text,
                   ShapeText(offset.shape()).text, wide(groups), wide(offsetGroups));
  Deformed d{input.sizes[1],
             {input.sizes[2], input.sizes[3]},
             {weight.sizes[2], weight.sizes[3]},
             {},
             {strideH, strideW},
             {padH, padW},
             {dilationH, dilationW},
             groups,
             offsetGroups};
  for (int i = 0; i < 2; ++i) {
    int64_t span = d.in[i] + 2 * d.pad[i] - d.dilation[i] * (d.kernel[i] - 1) - 1;
    d.out[i] = span < 0 ? 0 : span / d.stride[i] + 1;
  }
  int64_t taps = d.kernel[0] * d.kernel[1];
  Shape wanted = Shape::of(input.sizes[0], offsetGroups * 2 * taps, d.out[0], d.out[1]);
  Shape wantedMask = Shape::of(input.sizes[0], offsetGroups * taps, d.out[0], d.out[1]);
  if (!(offset.shape() == static_cast<IntList>(wanted)) ||
      (useMask && !(mask.shape() == static_cast<IntList>(wantedMask))) || d.out[0] * d.out[1] == 0)
    return cx.fail("deform_conv2d: offset has shape %s, wanted %s", ShapeText(offset.shape()).text,
                   ShapeText(wanted).text);
  if (!input.isFloating())
    return unsupportedDType(cx, "deform_conv2d", input.dtype);
  DType work = computeDType(input.dtype);
  TensorRef x = contiguousAs(cx, input, work), w = contiguousAs(cx, weight, work),
            o = contiguousAs(cx, offset, work), b = contiguousAs(cx, bias, work),
            m = useMask ? contiguousAs(cx, mask, work) : TensorRef(),
            out = empty(cx, Shape::of(input.sizes[0], weight.sizes[0], d.out[0], d.out[1]), work);
  TSC_TRY(x && w && o && b && (!useMask || m) && out);
  TSC_TRY(work == DType::Float64 ? deformAll<double>(cx, d, *x, *w, *o, m.get(), *b, *out)
                                 : deformAll<float>(cx, d, *x, *w, *o, m.get(), *b, *out));
  return toDType(cx, *out, input.dtype);
}
} // namespace

TSC_KERNEL(torchvision_roi_align, roiAlign)
TSC_KERNEL(torchvision_roi_pool, roiPool)
TSC_KERNEL(torchvision_ps_roi_align, psRoiAlign)
TSC_KERNEL(torchvision_ps_roi_pool, psRoiPool)
TSC_KERNEL(torchvision_deform_conv2d, deformConv2d)
