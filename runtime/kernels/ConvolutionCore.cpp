// SPDX-License-Identifier: Apache-2.0
// Convolutions as matrix products: weights [out, in * taps] times the image unrolled, which is
// never in memory as a whole: panels are packed from a padded copy. Kernels of one tap use the
// image itself; depthwise ones are computed directly, a row at a time.
#include "Convolution.h"

#include "tsc/runtime/Gemm.h"
#include "tsc/runtime/Threads.h"

namespace tsc::rt {

namespace {
constexpr int64_t kSlack = 64; ///< elements behind the padded copy that vectors may read
constexpr int64_t kLanes = 8;  ///< elements copied at once
constexpr int64_t kMaxRuns = 64;
constexpr int64_t kMaxStride = 16; ///< up to which rows that no tap reads are skipped

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/// The layout of a padded image: [channel][z][y][x % stride][x / stride].
struct Padded {
  int64_t size[3];   ///< with the border, as far as taps reach
  int64_t phaseSize; ///< columns of one phase
  int64_t rowSize, planeSize, channelSize;
  bool used[3][kMaxStride]; ///< is this residue modulo the stride under any tap?

  explicit Padded(const ConvGeometry &g) {
    for (int d = 0; d < 3; ++d)
      size[d] = (g.out[d] - 1) * g.stride[d] + (g.kernel[d] - 1) * g.dilation[d] + 1;
    phaseSize = (size[2] + g.stride[2] - 1) / g.stride[2];
    rowSize = phaseSize * g.stride[2];
    planeSize = rowSize * size[1];
    channelSize = planeSize * size[0];
    for (int d = 0; d < 3; ++d)
      for (int64_t i = 0; i < kMaxStride; ++i)
        used[d][i] = g.stride[d] > kMaxStride;
    for (int d = 0; d < 3; ++d)
      for (int64_t k = 0; k < g.kernel[d] && g.stride[d] <= kMaxStride; ++k)
        used[d][k * g.dilation[d] % g.stride[d]] = true;
  }
  bool isUsed(int dim, int64_t residue) const { return used[dim][least(residue, kMaxStride - 1)]; }
  /// Where the tap (z, y, x) of the kernel lies from the first.
  int64_t tap(const ConvGeometry &g, int64_t z, int64_t y, int64_t x) const {
    int64_t column = x * g.dilation[2];
    return z * g.dilation[0] * planeSize + y * g.dilation[1] * rowSize +
           column % g.stride[2] * phaseSize + column / g.stride[2];
  }
  int64_t row(const ConvGeometry &g, int64_t z, int64_t y) const {
    return z * g.stride[0] * planeSize + y * g.stride[1] * rowSize;
  }
};

/// One row of the image into its phases; the border is there already.
template <class T> void padRow(const ConvGeometry &g, const Padded &p, const T *from, T *to) {
  int64_t step = g.stride[2];
  for (int64_t phase = 0; phase < step; ++phase, to += p.phaseSize) {
    if (!p.isUsed(2, phase))
      continue;
    int64_t shift = g.padLow[2] - phase;
    int64_t first = shift > 0 ? (shift + step - 1) / step : 0;
    int64_t end = least((g.in[2] + shift + step - 1) / step, p.phaseSize);
    const T *source = from - shift;
    if (step == 1)
      for (int64_t q = first; q < end; ++q)
        to[q] = source[q];
    else if (step == 2)
      for (int64_t q = first; q < end; ++q)
        to[q] = source[q * 2];
    else
      for (int64_t q = first; q < end; ++q)
        to[q] = source[q * step];
  }
}

/// One channel of the image into a copy whose border is zero.
template <class T> void padChannel(const ConvGeometry &g, const Padded &p, const T *image, T *to) {
  for (int64_t z = 0; z < g.in[0]; ++z) {
    int64_t pz = z + g.padLow[0];
    if (pz >= p.size[0] || !p.isUsed(0, pz % g.stride[0]))
      continue;
    int64_t residue = g.padLow[1] % g.stride[1];
    int64_t rows = least(g.in[1], p.size[1] - g.padLow[1]);
    for (int64_t y = 0; y < rows; ++y) {
      if (p.isUsed(1, residue))
        padRow(g, p, image + (z * g.in[1] + y) * g.in[2],
               to + pz * p.planeSize + (y + g.padLow[1]) * p.rowSize);
      residue = residue + 1 == g.stride[1] ? 0 : residue + 1;
    }
  }
}
bool hasBorder(const ConvGeometry &g) {
  return g.padLow[0] || g.padLow[1] || g.padLow[2] || g.padHigh[0] || g.padHigh[1] || g.padHigh[2];
}

/// What the packer of panels knows.
template <class T> struct Unrolled {
  const ConvGeometry *g;
  const Padded *padded;
  const T *image;
  const int64_t *taps; ///< offset for each k
};
/// Columns side by side in a panel that are side by side in the padded image.
struct Run {
  int64_t from, at, length;
};

template <class T> int findRuns(const Unrolled<T> &u, int64_t column, int64_t count, Run *runs) {
  const ConvGeometry &g = *u.g;
  int used = 0;
  int64_t x = column % g.out[2], y = column / g.out[2] % g.out[1],
          z = column / (g.out[2] * g.out[1]);
  for (int64_t at = 0; at < count;) {
    int64_t length = least(count - at, g.out[2] - x), from = u.padded->row(g, z, y) + x;
    if (used && runs[used - 1].from + runs[used - 1].length == from)
      runs[used - 1].length += length;
    else
      runs[used++] = {from, at, length};
    at += length, x = 0;
    if (++y == g.out[1])
      y = 0, ++z;
  }
  return used;
}

/// Copies whole vectors: what is written too far is overwritten by the next run, row or panel.
template <class T>
void packUnrolled(const void *user, T *to, int64_t k0, int64_t kc, int64_t n0, int64_t nc,
                  int64_t width) {
  const Unrolled<T> &u = *static_cast<const Unrolled<T> *>(user);
  Run runs[kMaxRuns];
  struct Chunk {
    T items[kLanes];
  };
  for (int64_t n = 0; n < nc; n += width) {
    int64_t valid = least(width, nc - n);
    int count = findRuns(u, n0 + n, valid, runs);
    for (int64_t k = 0; k < kc; ++k, to += width) {
      const T *image = u.image + u.taps[k0 + k];
      for (int r = 0; r < count; ++r) {
        const T *from = image + runs[r].from;
        T *target = to + runs[r].at;
        for (int64_t i = 0; i < runs[r].length; i += kLanes)
          std::memcpy(target + i, from + i, sizeof(Chunk));
      }
    }
  }
}

/// Offsets of all k = (channel, tap) in the padded image.
Status findTaps(Context &cx, const ConvGeometry &g, const Padded &p, int64_t channels,
                Vector<int64_t> &taps) {
  TSC_TRY(taps.reserve(cx, channels * g.taps()));
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t z = 0; z < g.kernel[0]; ++z)
      for (int64_t y = 0; y < g.kernel[1]; ++y)
        for (int64_t x = 0; x < g.kernel[2]; ++x)
          TSC_TRY(taps.push(cx, c * p.channelSize + p.tap(g, z, y, x)));
  return success();
}

/// Is the unrolled image the image itself?
bool isPointwise(const ConvGeometry &g) {
  for (int d = 0; d < 3; ++d)
    if (g.kernel[d] != 1 || g.stride[d] != 1 || g.padLow[d] || g.in[d] != g.out[d])
      return false;
  return true;
}

template <class T> struct Problem {
  const ConvGeometry &g;
  const T *input, *weight, *bias;
  T *output;
};

/// One image, with the threads of cx.
template <class T> Status convolveImage(Context &cx, const Problem<T> &o, int64_t image) {
  const ConvGeometry &g = o.g;
  int64_t channels = g.inChannels / g.groups, outs = g.outChannels / g.groups;
  Padded padded(g);
  const T *input = o.input + image * g.inChannels * g.inPixels();
  Gemm<T> product;
  product.m = outs, product.n = g.outPixels(), product.k = channels * g.taps();
  product.rowA = product.k, product.rowC = product.n;
  Vector<int64_t> taps;
  Unrolled<T> unrolled{&g, &padded, nullptr, nullptr};
  void *memory = nullptr;
  bool direct = isPointwise(g);
  if (!direct) {
    int64_t size = g.inChannels * padded.channelSize + kSlack;
    memory = allocateBytes(cx, size * static_cast<int64_t>(sizeof(T)));
    TSC_TRY(memory != nullptr);
    T *copy = static_cast<T *>(memory);
    int64_t grain = (1 << 15) / (padded.channelSize + 1) + 1;
    parallelFor(cx, 0, g.inChannels, grain, [&](int64_t from, int64_t to) {
      if (hasBorder(g))
        std::memset(static_cast<void *>(copy + from * padded.channelSize), 0,
                    static_cast<size_t>((to - from) * padded.channelSize) * sizeof(T));
      for (int64_t c = from; c < to; ++c)
        padChannel(g, padded, input + c * g.inPixels(), copy + c * padded.channelSize);
    });
    std::memset(static_cast<void *>(copy + size - kSlack), 0, kSlack * sizeof(T));
    unrolled.image = copy;
  }
  Status done = direct ? success() : findTaps(cx, g, padded, channels, taps);
  unrolled.taps = taps.data();
  for (int64_t group = 0; group < g.groups && done; ++group) {
    product.a = o.weight + group * outs * product.k;
    product.c = o.output + (image * g.outChannels + group * outs) * product.n;
    product.rowBias = o.bias ? o.bias + group * outs : nullptr;
    Unrolled<T> part = unrolled;
    if (direct) {
      product.b = input + group * channels * product.n;
      product.rowB = product.n;
    } else {
      part.image += group * channels * padded.channelSize;
      product.source = {&packUnrolled<T>, &part};
    }
    done = gemm(cx, product);
  }
  freeBytes(memory);
  return done;
}

// ---- Depthwise
template <class T> struct DepthwisePlane {
  const T *image; ///< padded, at the first output
  const int64_t *taps;
  const T *weight;
  int64_t tapCount, rowStep; ///< from one row of outputs to the next in the image
  T bias;
  T *to;
  int64_t rows, columns;
};

/// Rows x Vectors outputs at (y, x): bias plus the sum over taps. Columns past the end are computed
/// from what lies there and not stored.
template <int Rows, int Vectors, class T>
void depthwiseBlock(const DepthwisePlane<T> &p, int64_t y, int64_t x) {
  typedef T V __attribute__((ext_vector_type(8)));
  V sums[Rows][Vectors];
  for (auto &row : sums)
    for (V &sum : row)
      sum = p.bias;
  for (int64_t t = 0; t < p.tapCount; ++t) {
    V w = p.weight[t];
    const T *from = p.image + p.taps[t] + y * p.rowStep + x;
#pragma unroll
    for (int i = 0; i < Rows; ++i)
#pragma unroll
      for (int j = 0; j < Vectors; ++j) {
        V v;
        std::memcpy(&v, from + i * p.rowStep + j * kLanes, sizeof(V));
#ifdef __FMA__
        if constexpr (!std::is_integral_v<T>) {
          sums[i][j] = __builtin_elementwise_fma(w, v, sums[i][j]);
          continue;
        }
#endif
        sums[i][j] += w * v;
      }
  }
  int64_t left = least(p.columns - x, Vectors * kLanes);
  for (int i = 0; i < Rows; ++i)
    std::memcpy(p.to + (y + i) * p.columns + x, sums[i], static_cast<size_t>(left) * sizeof(T));
}
template <int Rows, class T> void depthwiseRows(const DepthwisePlane<T> &p, int64_t y) {
  int64_t x = 0;
  for (; p.columns - x > 2 * kLanes; x += 4 * kLanes)
    depthwiseBlock<Rows, 4>(p, y, x);
  if (p.columns - x > kLanes)
    depthwiseBlock<Rows, 2>(p, y, x);
  else if (p.columns > x)
    depthwiseBlock<Rows, 1>(p, y, x);
}
/// Narrow images take several rows at once, so that sums do not wait for each other.
template <class T> void depthwisePlane(const DepthwisePlane<T> &p) {
  int64_t y = 0;
  if (p.columns <= 2 * kLanes)
    for (; y + 4 <= p.rows; y += 4)
      depthwiseRows<4>(p, y);
  for (; y + 2 <= p.rows; y += 2)
    depthwiseRows<2>(p, y);
  for (; y < p.rows; ++y)
    depthwiseRows<1>(p, y);
}

template <class T> Status convolveDepthwise(Context &cx, const Problem<T> &o) {
  const ConvGeometry &g = o.g;
  Padded padded(g);
  Vector<int64_t> taps;
  TSC_TRY(findTaps(cx, g, padded, 1, taps));
  int64_t outs = g.outChannels / g.groups, planes = g.batch * g.groups;
  int64_t work = g.outPixels() * g.taps() * outs;
  int64_t parts = least(threadCount(cx), least(planes, planes * work / (1 << 16) + 1));
  int64_t size = padded.channelSize + kSlack, each = (planes + parts - 1) / parts;
  T *memory = static_cast<T *>(allocateBytes(cx, size * parts * static_cast<int64_t>(sizeof(T))));
  TSC_TRY(memory != nullptr);
  parallelFor(cx, 0, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      T *copy = memory + part * size;
      std::memset(static_cast<void *>(copy), 0, static_cast<size_t>(size) * sizeof(T));
      for (int64_t p = part * each; p < least((part + 1) * each, planes); ++p) {
        padChannel(g, padded, o.input + p * g.inPixels(), copy);
        for (int64_t i = 0; i < outs; ++i) {
          int64_t channel = p % g.groups * outs + i;
          DepthwisePlane<T> plane{copy,
                                  taps.data(),
                                  o.weight + channel * g.taps(),
                                  g.taps(),
                                  padded.row(g, 0, 1),
                                  o.bias ? o.bias[channel] : T(0),
                                  o.output + (p * outs + i) * g.outPixels(),
                                  g.out[1],
                                  g.out[2]};
          for (int64_t z = 0; z < g.out[0]; ++z, plane.to += g.out[1] * g.out[2]) {
            plane.image = copy + padded.row(g, z, 0);
            depthwisePlane(plane);
          }
        }
      }
    }
  });
  freeBytes(memory);
  return success();
}
} // namespace

template <class T>
Status convolveImages(Context &cx, const ConvGeometry &g, const T *input, const T *weight,
                      const T *bias, T *output) {
  Problem<T> o{g, input, weight, bias, output};
  if (g.batch == 0 || g.outPixels() == 0 || g.outChannels == 0)
    return success();
  if (g.groups == g.inChannels && g.groups > 1)
    return convolveDepthwise(cx, o);
  if (g.batch < threadCount(cx) || g.batch == 1) {
    for (int64_t i = 0; i < g.batch; ++i)
      TSC_TRY(convolveImage(cx, o, i));
    return success();
  }
  int32_t failed = 0;
  parallelFor(cx, 0, g.batch, 1, [&](int64_t from, int64_t to) {
    Context own; // one thread for each share of the images
    for (int64_t i = from; i < to; ++i)
      if (!convolveImage(own, o, i))
        __atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
  });
  if (failed)
    return cx.outOfMemory();
  return success();
}

template Status convolveImages<float>(Context &, const ConvGeometry &, const float *, const float *,
                                      const float *, float *);
template Status convolveImages<double>(Context &, const ConvGeometry &, const double *,
                                       const double *, const double *, double *);
template Status convolveImages<int64_t>(Context &, const ConvGeometry &, const int64_t *,
                                        const int64_t *, const int64_t *, int64_t *);

} // namespace tsc::rt
