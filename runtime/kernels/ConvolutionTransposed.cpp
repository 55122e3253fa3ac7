// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions: the product of the transposed weights with the image gives every tap of
// every pixel, which are then added where they belong.
#include "Convolution.h"

#include "tsc/runtime/Gemm.h"
#include "tsc/runtime/Threads.h"

namespace tsc::rt {

namespace {
/// Adds the taps [taps][pixels] of one output channel into its image.
template <class T> void addTaps(const ConvGeometry &g, const T *columns, T bias, T *image) {
  for (int64_t i = 0; i < g.outPixels(); ++i)
    image[i] = bias;
  for (int64_t kz = 0; kz < g.kernel[0]; ++kz)
    for (int64_t ky = 0; ky < g.kernel[1]; ++ky)
      for (int64_t kx = 0; kx < g.kernel[2]; ++kx)
        for (int64_t z = 0; z < g.in[0]; ++z) {
          int64_t oz = z * g.stride[0] - g.padLow[0] + kz * g.dilation[0];
          for (int64_t y = 0; y < g.in[1]; ++y, columns += g.in[2]) {
            int64_t oy = y * g.stride[1] - g.padLow[1] + ky * g.dilation[1];
            if (oz < 0 || oz >= g.out[0] || oy < 0 || oy >= g.out[1])
              continue;
            T *row = image + (oz * g.out[1] + oy) * g.out[2];
            int64_t shift = kx * g.dilation[2] - g.padLow[2], step = g.stride[2];
            int64_t first = shift < 0 ? (-shift + step - 1) / step : 0;
            int64_t end = g.out[2] > shift ? (g.out[2] - shift + step - 1) / step : 0;
            end = end < g.in[2] ? end : g.in[2];
            for (int64_t x = first; x < end; ++x)
              row[x * step + shift] += columns[x];
          }
        }
}
} // namespace

template <class T>
Status convolveTransposed(Context &cx, const ConvGeometry &g, const T *input, const T *weight,
                          const T *bias, T *output) {
  int64_t ins = g.inChannels / g.groups, outs = g.outChannels / g.groups;
  int64_t rows = outs * g.taps(), pixels = g.inPixels();
  if (g.batch == 0 || g.outChannels == 0 || g.outPixels() == 0)
    return success();
  TSC_ASSIGN(int64_t size, checkedNumel(cx, Shape::of(rows, pixels)));
  T *columns = static_cast<T *>(allocateBytes(cx, size * static_cast<int64_t>(sizeof(T))));
  TSC_TRY(columns != nullptr);
  Status done;
  for (int64_t i = 0; i < g.batch * g.groups && done; ++i) {
    int64_t group = i % g.groups;
    Gemm<T> product;
    product.m = rows, product.n = pixels, product.k = ins;
    product.a = weight + group * ins * rows, product.rowA = 1, product.colA = rows;
    product.b = input + i * ins * pixels, product.rowB = pixels;
    product.c = columns, product.rowC = pixels;
    done = gemm(cx, product);
    int64_t grain = (1 << 15) / (g.taps() * pixels + 1) + 1;
    if (done)
      parallelFor(cx, 0, outs, grain, [&](int64_t from, int64_t to) {
        for (int64_t c = from; c < to; ++c)
          addTaps(g, columns + c * g.taps() * pixels, bias ? bias[group * outs + c] : T(0),
                  output + (i * outs + c) * g.outPixels());
      });
  }
  freeBytes(columns);
  return done;
}

template Status convolveTransposed<float>(Context &, const ConvGeometry &, const float *,
                                          const float *, const float *, float *);
template Status convolveTransposed<double>(Context &, const ConvGeometry &, const double *,
                                           const double *, const double *, double *);
template Status convolveTransposed<int64_t>(Context &, const ConvGeometry &, const int64_t *,
                                            const int64_t *, const int64_t *, int64_t *);

} // namespace tsc::rt
