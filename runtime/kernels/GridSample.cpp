// SPDX-License-Identifier: Apache-2.0
// grid_sampler: pixels read at any positions of an image of two or three dims; and the grids of
// affine transformations.
#include "Contract.h"
#include "Routines.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
enum { kBilinear, kNearest, kBicubic };
enum { kZeros, kBorder, kReflection };

struct Sampler {
  int64_t mode, padding;
  bool align;
  DType dtype; ///< of the grid: positions are rounded to it at every step, as they decide much
  int dims;
};
template <class T> T roundedTo(DType dtype, T v) {
  if (dtype == DType::BFloat16)
    return static_cast<T>(static_cast<float>(BFloat16(static_cast<float>(v))));
  return dtype == DType::Float16 ? static_cast<T>(static_cast<Half>(static_cast<float>(v))) : v;
}

/// From [-1, 1] to pixels.
template <class T> T pixelOf(const Sampler &s, T x, int64_t size) {
  auto r = [&](T v) { return roundedTo(s.dtype, v); };
  T n = static_cast<T>(size), up = r(x + 1);
  if (s.dims == 2)
    return s.align ? r(up * r((n - 1) / 2)) : r(r(up * r(n / 2)) - T(0.5));
  return s.align ? r(r(up / 2) * (n - 1)) : r(r(r(up * n) - 1) / 2);
}
/// Folds back what is outside of [low / 2, high / 2].
template <class T> T reflected(T x, int64_t low, int64_t high) {
  if (low == high)
    return 0;
  T least = static_cast<T>(low) / 2, span = static_cast<T>(high - low) / 2;
  x = std::fabs(x - least);
  T rest = std::fmod(x, span), turns = std::floor(x / span);
  return std::fmod(turns, T(2)) == 0 ? rest + least : span - rest + least;
}
/// A position inside, by the kind of padding; not for zeros.
template <class T> T placed(const Sampler &s, T x, int64_t size) {
  if (s.padding == kReflection)
    x = s.align ? reflected(x, 0, 2 * (size - 1)) : reflected(x, -1, 2 * size - 1);
  if (s.padding != kZeros)
    x = x > 0 ? (x < static_cast<T>(size - 1) ? x : static_cast<T>(size - 1)) : T(0);
  return x;
}
/// To an integer that is safe for indexing; far-off and NaN give something outside.
template <class T> int64_t indexOf(T x) {
  return x > T(-1e9) && x < T(1e9) ? static_cast<int64_t>(x) : -100;
}

/// Up to four source positions of one dim and their weights.
template <class T> struct Reads {
  int count;
  int64_t at[4];
  T weight[4];
};
template <class T> Reads<T> readsOf(const Sampler &s, T x, int64_t size) {
  x = pixelOf(s, x, size);
  if (s.mode == kBicubic) {
    T low = std::floor(x), t = x - low;
    auto near = [](T v) { return ((T(1.25)) * v - T(2.25)) * v * v + 1; };
    auto far = [](T v) { return ((T(-0.75) * v + T(3.75)) * v - 6) * v + 3; };
    Reads<T> r{4, {}, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
    for (int64_t j = 0; j < 4; ++j)
      r.at[j] = indexOf(placed(s, low - 1 + static_cast<T>(j), size));
    return r;
  }
  x = placed(s, x, size);
  if (s.mode == kNearest)
    return {1, {indexOf(std::nearbyint(x))}, {T(1)}};
  T low = std::floor(x);
  int64_t i = indexOf(low);
  return {2, {i, i + 1}, {low + 1 - x, x - low}};
}

template <class T> T readOne(const T *plane, const int64_t *sizes, int dims, const Reads<T> *r) {
  T sum = 0;
  Reads<T> one{1, {0}, {T(1)}};
  const Reads<T> &z = dims == 3 ? r[2] : one, &y = r[1], &x = r[0];
  for (int a = 0; a < z.count; ++a) {
    if (z.at[a] < 0 || z.at[a] >= sizes[0])
      continue;
    for (int b = 0; b < y.count; ++b) {
      if (y.at[b] < 0 || y.at[b] >= sizes[1])
        continue;
      T row = 0;
      for (int c = 0; c < x.count; ++c)
        if (x.at[c] >= 0 && x.at[c] < sizes[2])
          row += plane[(z.at[a] * sizes[1] + y.at[b]) * sizes[2] + x.at[c]] * x.weight[c];
      sum += row * (y.weight[b] * z.weight[a]);
    }
  }
  return sum;
}

/// An image of planes and what is read of it: `points` for each of its channels.
template <class T> struct Image {
  const T *pixels, *grid;
  T *out;
  int64_t sizes[3], channels, points;
};
/// Points [begin, end) of all images.
template <class T>
void samplePoints(const Sampler &s, const Image<T> &image, int64_t begin, int64_t end) {
  int64_t pixels = image.sizes[0] * image.sizes[1] * image.sizes[2];
  for (int64_t i = begin; i < end; ++i) {
    const T *where = image.grid + i * s.dims;
    Reads<T> reads[3];
    for (int d = 0; d < s.dims; ++d)
      reads[d] = readsOf(s, where[d], image.sizes[2 - d]);
    int64_t plane = i / image.points * image.channels;
    for (int64_t c = 0; c < image.channels; ++c)
      image.out[(plane + c) * image.points + i % image.points] =
          readOne(image.pixels + (plane + c) * pixels, image.sizes, s.dims, reads);
  }
}
template <class T>
void sampleAll(Context &cx, const Sampler &s, const Tensor &in, const Tensor &grid, Tensor &out) {
  Image<T> image{
      in.ptr<T>(), grid.ptr<T>(), out.ptr<T>(), {1, in.size(-2), in.size(-1)}, in.sizes[1], 1};
  if (s.dims == 3)
    image.sizes[0] = in.sizes[2];
  for (int64_t d = 2; d < out.rank; ++d)
    image.points *= out.sizes[d];
  parallelFor(cx, 0, in.sizes[0] * image.points, 4096 / (image.channels * 8) + 1,
              [&](int64_t begin, int64_t end) { samplePoints(s, image, begin, end); });
}
/// For compiled kernels: the sampler's mode, padding, alignment and dims; the planes' three sizes,
/// channels, points of an image.
template <class T> int32_t sampleRoutine(const RoutineCall &call) {
  Sampler s{call[0], call[1], call[2] != 0, sizeof(T) == 8 ? DType::Float64 : DType::Float32,
            static_cast<int>(call[3])};
  Image<T> image{call.at<const T>(1),
                 call.at<const T>(2),
                 call.at<T>(0),
                 {call[4], call[5], call[6]},
                 call[7],
                 call[8]};
  samplePoints(s, image, call.range.begin, call.range.end);
  return 0;
}

TensorRef gridSample(Context &cx, const Tensor &input, const Tensor &grid, int64_t mode,
                     int64_t padding, bool align) {
  bool fits = (input.rank == 4 || input.rank == 5) && grid.rank == input.rank &&
              grid.sizes[0] == input.sizes[0] && grid.size(-1) == input.rank - 2;
  for (int64_t d = 2; fits && d < input.rank; ++d)
    fits = input.sizes[d] > 0;
  if (!fits)
    return cx.fail(
        "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, "
        "batch size and coordinates, but got input with sizes %s and grid with sizes %s",
        ShapeText(input.shape()).text, ShapeText(grid.shape()).text);
  if (mode < 0 || mode > 2 || padding < 0 || padding > 2 || (mode == kBicubic && input.rank == 5))
    return cx.fail(
        "grid_sampler(): interpolation mode %lld with padding mode %lld is not supported "
        "for %lldD input",
        wide(mode), wide(padding), wide(input.rank));
  if (input.dtype != grid.dtype)
    return cx.fail(
        "grid_sampler(): expected input and grid to have same dtype, but input has %s and "
        "grid has %s",
        findDType(input.dtype)->graphName, findDType(grid.dtype)->graphName);
  if (!input.isFloating())
    return unsupportedDType(cx, "grid_sampler", input.dtype);
  DType work = computeDType(input.dtype);
  Shape sizes(grid.shape());
  sizes.erase(sizes.size() - 1);
  sizes.insert(1, input.sizes[1]);
  TensorRef x = contiguousAs(cx, input, work), g = contiguousAs(cx, grid, work),
            out = empty(cx, sizes, work);
  TSC_TRY(x && g && out);
  Sampler s{mode, padding, align, input.dtype, static_cast<int>(input.rank) - 2};
  if (work == DType::Float64)
    sampleAll<double>(cx, s, *x, *g, *out);
  else
    sampleAll<float>(cx, s, *x, *g, *out);
  return toDType(cx, *out, input.dtype);
}

/// theta [n, d, d + 1] applied to the pixel centers of an image of `size`.
TensorRef affineGrid(Context &cx, const Tensor &theta, IntList size, bool align) {
  int64_t dims = size.size() - 2;
  if ((dims != 2 && dims != 3) || theta.rank != 3 || theta.sizes[0] != size[0] ||
      theta.sizes[1] != dims || theta.sizes[2] != dims + 1)
    return cx.fail("Expected a batch of %lld transformation matrices for a size of %s, but got %s",
                   wide(size.empty() ? 0 : size[0]), ShapeText(size).text,
                   ShapeText(theta.shape()).text);
  if (!theta.isFloating())
    return unsupportedDType(cx, "affine_grid_generator", theta.dtype);
  Shape sizes = Shape::of(size[0]);
  TSC_ASSIGN(int64_t points, checkedNumel(cx, size.drop(2)));
  for (int64_t d = 0; d < dims; ++d)
    sizes.push(size[2 + d]);
  sizes.push(dims);
  TensorRef base = empty(cx, Shape::of(points, dims + 1), DType::Float64);
  TSC_TRY(base);
  for (int64_t p = 0; p < points; ++p) {
    double *row = base->ptr<double>() + p * (dims + 1);
    int64_t rest = p;
    for (int64_t d = 0; d < dims; ++d) { // x first, then y, then z
      int64_t n = size[size.size() - 1 - d], i = rest % n;
      double at = n > 1 ? -1 + 2 * static_cast<double>(i) / static_cast<double>(n - 1) : 0;
      row[d] = align || n <= 1 ? at : at * static_cast<double>(n - 1) / static_cast<double>(n);
      rest /= n;
    }
    row[dims] = 1;
  }
  TensorRef grid = toDType(cx, *base, theta.dtype), turned = transpose(cx, theta, 1, 2);
  TSC_TRY(grid && turned);
  TensorRef out = matmulTensors(cx, *grid, *turned);
  TSC_TRY(out);
  return view(cx, *out, sizes);
}
} // namespace

TSC_KERNEL(aten_grid_sampler, gridSample)
TSC_KERNEL(aten_grid_sampler_2d, gridSample)
TSC_KERNEL(aten_grid_sampler_3d, gridSample)
TSC_KERNEL(aten_affine_grid_generator, affineGrid)
TSC_ROUTINE(grid_sampler, sampleRoutine)
