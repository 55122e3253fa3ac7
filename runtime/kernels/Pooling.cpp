// SPDX-License-Identifier: Apache-2.0
// Maximum and average pooling with fixed and adaptive windows. Rows of a window are combined first,
// all columns at once, then columns; only maxima with indices are searched element by element.
#include "Routines.h"
#include "Windows.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
template <class T> constexpr T lowest() {
  if constexpr (std::is_integral_v<T>)
    return INT64_MIN;
  else
    return -static_cast<T>(INFINITY);
}
template <class T> bool beats(T x, T best) { return x > best || x != x; }

/// Combines the rows of a window into one: f(line, row, n).
template <class T, class F>
void gatherRows(const Windows &w, const T *image, const Window &z, const Window &y, T *line,
                F &&f) {
  for (int64_t iz = z.start; iz < z.end; iz += w.axes[0].step)
    for (int64_t iy = y.start; iy < y.end; iy += w.axes[1].step) {
      const T *row = image + (iz * w.axes[1].in + iy) * w.axes[2].in;
      f(line, row, w.axes[2].in);
    }
}

template <class T> void maxPlane(const Windows &w, const T *image, T *to, T *line) {
  for (const Window &z : w.axes[0].windows)
    for (const Window &y : w.axes[1].windows) {
      for (int64_t i = 0; i < w.axes[2].in; ++i)
        line[i] = lowest<T>();
      gatherRows(w, image, z, y, line, [](T *best, const T *row, int64_t n) {
#pragma clang loop vectorize(assume_safety)
        for (int64_t i = 0; i < n; ++i) {
          T b = best[i]; // a NaN that is there stays
          best[i] = row[i] > b || row[i] != row[i] ? row[i] : b;
        }
      });
      for (const Window &x : w.axes[2].windows) {
        T best = lowest<T>();
        for (int64_t i = x.start; i < x.end; i += w.axes[2].step)
          best = beats(line[i], best) ? line[i] : best;
        *to++ = best;
      }
    }
}

/// Maxima and where they are in the plane; the first of equal ones.
template <class T> void maxPlaneIndices(const Windows &w, const T *image, T *to, int64_t *indices) {
  for (const Window &z : w.axes[0].windows)
    for (const Window &y : w.axes[1].windows)
      for (const Window &x : w.axes[2].windows) {
        T best = lowest<T>();
        int64_t at = (z.start * w.axes[1].in + y.start) * w.axes[2].in + x.start;
        for (int64_t iz = z.start; iz < z.end; iz += w.axes[0].step)
          for (int64_t iy = y.start; iy < y.end; iy += w.axes[1].step)
            for (int64_t ix = x.start; ix < x.end; ix += w.axes[2].step) {
              int64_t i = (iz * w.axes[1].in + iy) * w.axes[2].in + ix;
              if (beats(image[i], best))
                best = image[i], at = i;
            }
        *to++ = best, *indices++ = at;
      }
}

struct Divisor {
  bool withPadding = true;
  int64_t fixed = 0; ///< 0: by the size of the window
};
template <class T>
void averagePlane(const Windows &w, const Divisor &d, const T *image, T *to, T *line) {
  for (const Window &z : w.axes[0].windows)
    for (const Window &y : w.axes[1].windows) {
      std::memset(static_cast<void *>(line), 0, static_cast<size_t>(w.axes[2].in) * sizeof(T));
      gatherRows(w, image, z, y, line, [](T *sum, const T *row, int64_t n) {
#pragma clang loop vectorize(assume_safety)
        for (int64_t i = 0; i < n; ++i)
          sum[i] += row[i];
      });
      for (const Window &x : w.axes[2].windows) {
        T sum = 0;
        for (int64_t i = x.start; i < x.end; ++i)
          sum += line[i];
        bool none = z.start >= z.end || y.start >= y.end || x.start >= x.end;
        int64_t count = d.fixed         ? d.fixed
                        : d.withPadding ? z.extent * y.extent * x.extent
                                        : (z.end - z.start) * (y.end - y.start) * (x.end - x.start);
        *to++ = none ? T(0) : static_cast<T>(sum / static_cast<T>(count));
      }
    }
}

/// Runs g(plane, scratch line) over all planes, each thread with its own line.
template <class T, class G> Status eachPlane(Context &cx, const Windows &w, G &&g) {
  int64_t parts = threadCount(cx), line = w.axes[2].in + 16;
  parts = parts < w.planes ? parts : w.planes;
  if (parts == 0)
    return success();
  T *lines = static_cast<T *>(allocateBytes(cx, parts * line * static_cast<int64_t>(sizeof(T))));
  TSC_TRY(lines != nullptr);
  int64_t each = (w.planes + parts - 1) / parts;
  bool small = w.planes * w.inPixels() < 32768;
  parallelFor(cx, 0, parts, small ? parts : 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part)
      for (int64_t p = part * each; p < (part + 1) * each && p < w.planes; ++p)
        g(p, lines + part * line);
  });
  freeBytes(lines);
  return success();
}

/// The compute type's dtype: float for small floats, int64 for integers.
template <class G> bool dispatchPool(DType dtype, G &&g) {
  return dispatchCompute<kInt | kFloat>(dtype, g);
}
TensorRef finishPool(Context &cx, const Tensor &made, DType dtype, MemoryFormat format) {
  TensorRef out = toDType(cx, made, dtype);
  return out && format != MemoryFormat::Contiguous ? contiguous(cx, *out, format)
                                                   : static_cast<TensorRef &&>(out);
}

TensorRef maxPool(Context &cx, const char *name, const Tensor &input, const Windows &w,
                  TensorRef *indices) {
  DType work = computeDType(input.dtype);
  Status done = Failed;
  TensorRef x = contiguousAs(cx, input, work), out = empty(cx, w.outSizes, work);
  TSC_TRY(x && out);
  if (indices) {
    *indices = empty(cx, w.outSizes, DType::Int64);
    TSC_TRY(*indices);
  }
  bool known = dispatchPool(input.dtype, [&]<class T>() {
    done = eachPlane<T>(cx, w, [&](int64_t p, T *line) {
      const T *image = x->ptr<T>() + p * w.inPixels();
      T *to = out->ptr<T>() + p * w.outPixels();
      if (indices)
        maxPlaneIndices(w, image, to, (*indices)->ptr<int64_t>() + p * w.outPixels());
      else
        maxPlane(w, image, to, line);
    });
  });
  if (!known)
    return unsupportedDType(cx, name, input.dtype);
  TSC_TRY(done);
  MemoryFormat format = pooledFormat(input);
  if (indices && format != MemoryFormat::Contiguous) {
    *indices = contiguous(cx, **indices, format);
    TSC_TRY(*indices);
  }
  return finishPool(cx, *out, input.dtype, format);
}

TensorRef averagePool(Context &cx, const char *name, const Tensor &input, const Windows &w,
                      const Divisor &divisor, bool integers) {
  if (w.planes == 0)
    return empty(cx, w.outSizes, input.dtype);
  DType work = computeDType(input.dtype);
  if (!input.isFloating() && !(integers && input.dtype == DType::Int64))
    return unsupportedDType(cx, name, input.dtype);
  TensorRef x = contiguousAs(cx, input, work), out = empty(cx, w.outSizes, work);
  TSC_TRY(x && out);
  Status done = Failed;
  (void)dispatchPool(input.dtype, [&]<class T>() {
    done = eachPlane<T>(cx, w, [&](int64_t p, T *line) {
      averagePlane(w, divisor, x->ptr<T>() + p * w.inPixels(), out->ptr<T>() + p * w.outPixels(),
                   line);
    });
  });
  TSC_TRY(done);
  return finishPool(cx, *out, input.dtype, pooledFormat(input));
}

// ---- Operators
constexpr const char *kMaxNames[] = {"max_pool1d", "max_pool2d", "max_pool3d"};
using Two = Results<TensorRef, TensorRef>;

template <int Spatial>
TensorRef maxPoolValues(Context &cx, const Tensor &self, IntList kernel, IntList stride,
                        IntList padding, IntList dilation, bool ceil) {
  Windows w;
  TSC_TRY(poolWindows(cx, kMaxNames[Spatial - 1], self, Spatial,
                      {kernel, stride, padding, dilation, ceil}, w));
  return maxPool(cx, kMaxNames[Spatial - 1], self, w, nullptr);
}
template <int Spatial>
Two maxPoolBoth(Context &cx, const Tensor &self, IntList kernel, IntList stride, IntList padding,
                IntList dilation, bool ceil) {
  Windows w;
  TSC_TRY(poolWindows(cx, kMaxNames[Spatial - 1], self, Spatial,
                      {kernel, stride, padding, dilation, ceil}, w));
  TensorRef indices, out = maxPool(cx, kMaxNames[Spatial - 1], self, w, &indices);
  TSC_TRY(out);
  return Two{out, indices};
}
constexpr int64_t kOne[] = {1};
TensorRef avgPool1d(Context &cx, const Tensor &self, IntList kernel, IntList stride,
                    IntList padding, bool ceil, bool withPadding) {
  Windows w;
  TSC_TRY(poolWindows(cx, "avg_pool1d", self, 1, {kernel, stride, padding, kOne, ceil}, w));
  return averagePool(cx, "avg_pool1d", self, w, {withPadding, 0}, true);
}
template <int Spatial>
TensorRef avgPool(Context &cx, const Tensor &self, IntList kernel, IntList stride, IntList padding,
                  bool ceil, bool withPadding, Optional<int64_t> divisor) {
  constexpr const char *kNames[] = {"avg_pool2d", "avg_pool3d"};
  if (divisor && *divisor == 0)
    return cx.fail("divisor must be not zero");
  Windows w;
  TSC_TRY(poolWindows(cx, kNames[Spatial - 2], self, Spatial, {kernel, stride, padding, kOne, ceil},
                      w));
  return averagePool(cx, kNames[Spatial - 2], self, w, {withPadding, divisor.valueOr(0)}, true);
}
template <int Spatial> TensorRef adaptiveAverage(Context &cx, const Tensor &self, IntList output) {
  constexpr const char *kNames[] = {"adaptive_avg_pool1d", "adaptive_avg_pool2d",
                                    "adaptive_avg_pool3d"};
  Windows w;
  TSC_TRY(adaptiveWindows(cx, kNames[Spatial - 1], self, Spatial, output, w));
  return averagePool(cx, kNames[Spatial - 1], self, w, {false, 0}, false);
}
template <int Spatial> Two adaptiveMaximum(Context &cx, const Tensor &self, IntList output) {
  constexpr const char *kNames[] = {"adaptive_max_pool1d", "adaptive_max_pool2d",
                                    "adaptive_max_pool3d"};
  Windows w;
  TSC_TRY(adaptiveWindows(cx, kNames[Spatial - 1], self, Spatial, output, w));
  if (!self.isFloating())
    return unsupportedDType(cx, kNames[Spatial - 1], self.dtype);
  TensorRef indices, out = maxPool(cx, kNames[Spatial - 1], self, w, &indices);
  TSC_TRY(out);
  return Two{out, indices};
}

// ---- Fractional maximum pooling: windows at random places
template <class T> void randomStarts(T sample, int64_t in, int64_t out, int64_t kernel, Window *w) {
  T alpha = out > 1 ? static_cast<T>(in - kernel) / static_cast<T>(out - 1) : T(0);
  for (int64_t i = 0; i < out; ++i) {
    int64_t start = i + 1 == out ? in - kernel
                                 : static_cast<int64_t>((static_cast<T>(i) + sample) * alpha) -
                                       static_cast<int64_t>(sample * alpha);
    w[i] = {start, start + kernel, kernel};
  }
}
template <int Spatial>
Two fractionalMax(Context &cx, const Tensor &self, IntList kernel, IntList output,
                  const Tensor &samples) {
  if (kernel.size() != Spatial || output.size() != Spatial)
    return cx.fail("fractional_max_pool%dd: kernel_size and output_size must be lists of %d ints",
                   Spatial, Spatial);
  Windows w;
  TSC_TRY(adaptiveWindows(cx, "fractional_max_pool", self, Spatial, output, w));
  int64_t planes = w.planes;
  // There may be more, as for an image without a batch whose samples were drawn for one.
  if (samples.numel < planes * Spatial)
    return cx.fail("fractional_max_pool%dd: expected %lld random samples, got %lld", Spatial,
                   static_cast<long long>(planes * Spatial), static_cast<long long>(samples.numel));
  for (int d = 0; d < Spatial; ++d) {
    int64_t in = w.axes[3 - Spatial + d].in;
    if (kernel[d] < 1 || output[d] < 1 || output[d] + kernel[d] - 1 > in)
      return cx.fail("fractional_max_pool%dd: pool size %lld too large relative to input size %lld",
                     Spatial, static_cast<long long>(kernel[d]), static_cast<long long>(in));
  }
  if (!self.isFloating())
    return unsupportedDType(cx, "fractional_max_pool", self.dtype);
  DType work = computeDType(self.dtype);
  TensorRef x = contiguousAs(cx, self, work), out = empty(cx, w.outSizes, work),
            indices = empty(cx, w.outSizes, DType::Int64), random = contiguousAs(cx, samples, work);
  TSC_TRY(x && out && indices && random);
  (void)dispatchCompute<kFloat>(work, [&]<class T>() {
    for (int64_t p = 0; p < planes; ++p) {
      for (int d = 0; d < Spatial; ++d) {
        WindowAxis &axis = w.axes[3 - Spatial + d];
        int64_t sample = Spatial == 2 ? 1 - d : d; // of two, the first is for the columns
        randomStarts(random->ptr<T>()[p * Spatial + sample], axis.in, axis.out, kernel[d],
                     axis.windows.data());
      }
      maxPlaneIndices(w, x->ptr<T>() + p * w.inPixels(), out->ptr<T>() + p * w.outPixels(),
                      indices->ptr<int64_t>() + p * w.outPixels());
    }
  });
  TensorRef result = toDType(cx, *out, self.dtype);
  TSC_TRY(result);
  return Two{result, indices};
}
} // namespace

TSC_KERNEL(aten_max_pool1d, maxPoolValues<1>)
TSC_KERNEL(aten_max_pool2d, maxPoolValues<2>)
TSC_KERNEL(aten_max_pool3d, maxPoolValues<3>)
TSC_KERNEL(aten_max_pool1d_with_indices, maxPoolBoth<1>)
TSC_KERNEL(aten_max_pool2d_with_indices, maxPoolBoth<2>)
TSC_KERNEL(aten_max_pool3d_with_indices, maxPoolBoth<3>)
TSC_KERNEL(aten_avg_pool1d, avgPool1d)
TSC_OUTPUT_COPY(aten_avg_pool1d_out, avgPool1d)
TSC_KERNEL(aten_avg_pool2d, avgPool<2>)
TSC_OUTPUT_COPY(aten_avg_pool2d_out, avgPool<2>)
TSC_KERNEL(aten_avg_pool3d, avgPool<3>)
TSC_OUTPUT_COPY(aten_avg_pool3d_out, avgPool<3>)
TSC_KERNEL(aten_adaptive_avg_pool1d, adaptiveAverage<1>)
TSC_KERNEL(aten_adaptive_avg_pool2d, adaptiveAverage<2>)
TSC_OUTPUT_COPY(aten_adaptive_avg_pool2d_out, adaptiveAverage<2>)
TSC_KERNEL(aten__adaptive_avg_pool2d, adaptiveAverage<2>)
TSC_KERNEL(aten_adaptive_avg_pool3d, adaptiveAverage<3>)
TSC_OUTPUT_COPY(aten_adaptive_avg_pool3d_out, adaptiveAverage<3>)
TSC_KERNEL(aten__adaptive_avg_pool3d, adaptiveAverage<3>)
TSC_KERNEL(aten_adaptive_max_pool1d, adaptiveMaximum<1>)
TSC_KERNEL(aten_adaptive_max_pool2d, adaptiveMaximum<2>)
TSC_KERNEL(aten_adaptive_max_pool3d, adaptiveMaximum<3>)
TSC_KERNEL(aten_fractional_max_pool2d, fractionalMax<2>)
TSC_KERNEL(aten_fractional_max_pool3d, fractionalMax<3>)

// ---- For compiled kernels, a plane at a time
/// Sizes of the three dimensions, of the operand and the result; steps in windows; then for each
/// dimension the starts and ends of its windows. Values and places of planes [z][y][x].
template <class T> static int32_t maxPlaces(const RoutineCall &call) {
  const int64_t *in = call.numbers, *out = in + 3, *step = in + 6, *starts[3] = {in + 9};
  for (int d = 1; d < 3; ++d)
    starts[d] = starts[d - 1] + 2 * out[d - 1];
  int64_t pixels = in[0] * in[1] * in[2], count = out[0] * out[1] * out[2];
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    const T *image = call.at<const T>(2) + p * pixels;
    for (int64_t o = 0; o < count; ++o) {
      int64_t at[3] = {o / (out[1] * out[2]), o / out[2] % out[1], o % out[2]}, from[3], to[3];
      for (int d = 0; d < 3; ++d)
        from[d] = starts[d][2 * at[d]], to[d] = starts[d][2 * at[d] + 1];
      T best = lowest<T>();
      int64_t place = (from[0] * in[1] + from[1]) * in[2] + from[2];
      for (int64_t z = from[0]; z < to[0]; z += step[0])
        for (int64_t y = from[1]; y < to[1]; y += step[1])
          for (int64_t x = from[2]; x < to[2]; x += step[2]) {
            int64_t i = (z * in[1] + y) * in[2] + x;
            if (beats(image[i], best))
              best = image[i], place = i;
          }
      call.at<T>(0)[p * count + o] = best;
      call.at<int64_t>(1)[p * count + o] = place;
    }
  }
  return 0;
}
TSC_ROUTINE(max_places, maxPlaces)
