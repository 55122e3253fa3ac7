// SPDX-License-Identifier: Apache-2.0
// Interpolation between pixels: nearest, linear, cubic and their antialiased forms. Every dim has a
// table of source positions and weights for each output position; dims are resampled one after the
// other. Nearest only copies, so it takes any dtype.
#include "Windows.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

enum class Filter {
  Nearest,
  NearestExact,
  Linear,
  Cubic,
  LinearSmooth,
  CubicSmooth,
  LanczosSmooth
};

/// For output o: sum over j < taps of weights[o * taps + j] * in[places[o * taps + j]].
struct Resample {
  int64_t in = 1, out = 1, taps = 1;
  Vector<int64_t> places;
  Vector<double> weights;
  bool trivial() const { return in == out && taps == 1; }
};

double cubicNear(double x, double a) { return ((a + 2) * x - (a + 3)) * x * x + 1; }
double cubicFar(double x, double a) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }
double smoothWeight(Filter f, double x) {
  x = std::fabs(x);
  if (f == Filter::LinearSmooth)
    return x < 1 ? 1 - x : 0;
  if (f == Filter::LanczosSmooth) {
    auto sinc = [](double v) { return v == 0 ? 1 : std::sin(M_PI * v) / (M_PI * v); };
    return x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return x < 1 ? cubicNear(x, -0.5) : x < 2 ? cubicFar(x, -0.5) : 0;
}

/// The step in the input for one step in the output.
template <class T> T stepOf(int64_t in, int64_t out, bool align, double scale) {
  if (align)
    return out > 1 ? static_cast<T>(in - 1) / static_cast<T>(out - 1) : T(0);
  return scale > 0 ? static_cast<T>(1.0 / scale) : static_cast<T>(in) / static_cast<T>(out);
}

Status nearestTable(Context &cx, Filter f, double scale, Resample &r) {
  float step = stepOf<float>(r.in, r.out, false, scale);
  for (int64_t o = 0; o < r.out; ++o) {
    float at = f == Filter::NearestExact ? (static_cast<float>(o) + 0.5f) * step
                                         : static_cast<float>(o) * step;
    int64_t place = static_cast<int64_t>(std::floor(at));
    TSC_TRY(r.places.push(cx, place < r.in ? place : r.in - 1));
    TSC_TRY(r.weights.push(cx, 1.0));
  }
  return success();
}
template <class T> Status linearTable(Context &cx, bool align, double scale, Resample &r) {
  T step = stepOf<T>(r.in, r.out, align, scale);
  r.taps = 2;
  for (int64_t o = 0; o < r.out; ++o) {
    T at = align ? step * static_cast<T>(o) : step * (static_cast<T>(o) + T(0.5)) - T(0.5);
    at = at < 0 ? T(0) : at;
    int64_t low = static_cast<int64_t>(at);
    low = low < r.in - 1 ? low : r.in - 1;
    T part = at - static_cast<T>(low);
    part = part > 1 ? T(1) : part;
    TSC_TRY(r.places.push(cx, low));
    TSC_TRY(r.places.push(cx, low < r.in - 1 ? low + 1 : low));
    TSC_TRY(r.weights.push(cx, 1 - part));
    TSC_TRY(r.weights.push(cx, part));
  }
  return success();
}
template <class T> Status cubicTable(Context &cx, bool align, double scale, Resample &r) {
  T step = stepOf<T>(r.in, r.out, align, scale);
  r.taps = 4;
  for (int64_t o = 0; o < r.out; ++o) {
    T at = align ? step * static_cast<T>(o) : step * (static_cast<T>(o) + T(0.5)) - T(0.5);
    T low = std::floor(at), part = at - low;
    double t = part, w[4] = {cubicFar(t + 1, -0.75), cubicNear(t, -0.75), cubicNear(1 - t, -0.75),
                             cubicFar(2 - t, -0.75)};
    for (int64_t j = 0; j < 4; ++j) {
      int64_t place = static_cast<int64_t>(low) - 1 + j;
      TSC_TRY(r.places.push(cx, place < 0 ? 0 : place < r.in ? place : r.in - 1));
      TSC_TRY(r.weights.push(cx, w[j]));
    }
  }
  return success();
}
/// Each output is a weighted mean of all inputs that it covers.
Status smoothTable(Context &cx, Filter f, bool align, double scale, Resample &r) {
  double step = stepOf<double>(r.in, r.out, align, scale);
  double reach = f == Filter::LinearSmooth ? 1 : f == Filter::CubicSmooth ? 2 : 3;
  double support = step >= 1 ? reach * step : reach, shrink = step >= 1 ? 1 / step : 1;
  r.taps = static_cast<int64_t>(std::ceil(support)) * 2 + 1;
  for (int64_t o = 0; o < r.out; ++o) {
    double center = step * (static_cast<double>(o) + 0.5);
    int64_t first = static_cast<int64_t>(center - support + 0.5),
            end = static_cast<int64_t>(center + support + 0.5);
    first = first < 0 ? 0 : first, end = end < r.in ? end : r.in;
    double total = 0;
    for (int64_t j = first; j < end; ++j)
      total += smoothWeight(f, (static_cast<double>(j) - center + 0.5) * shrink);
    for (int64_t j = first; j < first + r.taps; ++j) {
      double w = j < end ? smoothWeight(f, (static_cast<double>(j) - center + 0.5) * shrink) : 0;
      TSC_TRY(r.places.push(cx, j < end ? j : first < r.in ? first : r.in - 1));
      TSC_TRY(r.weights.push(cx, total != 0 ? w / total : w));
    }
  }
  return success();
}

Status makeTable(Context &cx, Filter f, bool align, double scale, bool inDouble, Resample &r) {
  switch (f) {
  case Filter::Nearest:
  case Filter::NearestExact:
    return nearestTable(cx, f, scale, r);
  case Filter::Linear:
    return inDouble ? linearTable<double>(cx, align, scale, r)
                    : linearTable<float>(cx, align, scale, r);
  case Filter::Cubic:
    return inDouble ? cubicTable<double>(cx, align, scale, r)
                    : cubicTable<float>(cx, align, scale, r);
  default:
    return smoothTable(cx, f, align, scale, r);
  }
}

/// [outer, in, inner] to [outer, out, inner].
template <class T>
void resampleDim(Context &cx, const Resample &r, const T *from, T *to, int64_t outer,
                 int64_t inner) {
  auto weight = [&](int64_t i) { return static_cast<T>(r.weights[i]); };
  parallelFor(cx, 0, outer, 8192 / (r.out * inner + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const T *source = from + p * r.in * inner;
      T *target = to + p * r.out * inner;
      for (int64_t o = 0; o < r.out; ++o, target += inner) {
        const int64_t *places = r.places.data() + o * r.taps;
        if (inner == 1) {
          T sum = 0;
          for (int64_t j = 0; j < r.taps; ++j)
            sum += weight(o * r.taps + j) * source[places[j]];
          *target = sum;
          continue;
        }
        for (int64_t j = 0; j < r.taps; ++j) {
          const T *row = source + places[j] * inner;
          T w = weight(o * r.taps + j);
          if (j == 0)
            for (int64_t i = 0; i < inner; ++i)
              target[i] = w * row[i];
          else
            for (int64_t i = 0; i < inner; ++i)
              target[i] += w * row[i];
        }
      }
    }
  });
}

/// Copies elements of `bytes` bytes by the tables of all dims.
void copyNearest(Context &cx, const Resample *axes, const char *from, char *to, int64_t planes,
                 int64_t bytes) {
  int64_t inPlane = axes[0].in * axes[1].in * axes[2].in * bytes, rows = axes[0].out * axes[1].out;
  int64_t rowBytes = axes[2].out * bytes;
  parallelFor(cx, 0, planes * rows, 4096 / (axes[2].out + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      int64_t z = axes[0].places[row % rows / axes[1].out], y = axes[1].places[row % axes[1].out];
      const char *source = from + row / rows * inPlane + (z * axes[1].in + y) * axes[2].in * bytes;
      char *target = to + row * rowBytes;
      for (int64_t x = 0; x < axes[2].out; ++x)
        std::memcpy(target + x * bytes, source + axes[2].places[x] * bytes,
                    static_cast<size_t>(bytes));
    }
  });
}

struct Interpolation {
  Filter filter;
  bool align = false;
  int64_t spatial;
  const char *name;
};

template <class T>
TensorRef resampleAll(Context &cx, const Tensor &x, const Resample *axes, IntList sizes,
                      int64_t planes) {
  TensorRef held = same(x);
  int64_t dims[3] = {axes[0].in, axes[1].in, axes[2].in};
  for (int d = 2; d >= 0; --d) {
    if (axes[d].trivial())
      continue;
    int64_t outer = planes, inner = 1;
    for (int i = 0; i < 3; ++i)
      (i < d ? outer : inner) *= i == d ? 1 : dims[i];
    dims[d] = axes[d].out;
    TensorRef next = empty(cx, Shape::of(planes, dims[0], dims[1], dims[2]), x.dtype);
    TSC_TRY(next);
    resampleDim<T>(cx, axes[d], held->ptr<T>(), next->ptr<T>(), outer, inner);
    held = next;
  }
  if (held.get() == &x)
    held = clone(cx, x);
  TSC_TRY(held);
  return view(cx, *held, sizes);
}
/// Rounds and clamps to a byte.
TensorRef toBytes(Context &cx, const Tensor &made) {
  TensorRef out = empty(cx, made.shape(), DType::UInt8);
  TSC_TRY(out);
  for (int64_t i = 0; i < made.numel; ++i) {
    float v = std::floor(made.ptr<float>()[i] + 0.5f);
    out->ptr<uint8_t>()[i] = static_cast<uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
  }
  return out;
}

TensorRef interpolate(Context &cx, const Interpolation &how, const Tensor &input, IntList output,
                      const double *scales) {
  int64_t spatial = how.spatial;
  if (output.size() != spatial)
    return cx.fail("It is expected output_size equals to %lld, but got size %lld", wide(spatial),
                   wide(output.size()));
  if (input.rank != spatial + 2)
    return cx.fail("It is expected input_size equals to %lld, but got size %lld", wide(spatial + 2),
                   wide(input.rank));
  Resample axes[3];
  Shape sizes(input.shape().take(2));
  bool nearest = how.filter == Filter::Nearest || how.filter == Filter::NearestExact;
  for (int64_t d = 0; d < spatial; ++d) {
    Resample &r = axes[3 - spatial + d];
    r.in = input.sizes[2 + d], r.out = output[d];
    if (r.in <= 0 || r.out <= 0 || r.out > INT32_MAX)
      return cx.fail("Input and output sizes should be greater than 0, but got input %s output %s",
                     ShapeText(input.shape().drop(2)).text, ShapeText(output).text);
    sizes.push(r.out);
  }
  for (int64_t d = 0; d < 3; ++d) {
    bool own = d >= 3 - spatial;
    bool same = !own || (axes[d].in == axes[d].out && !nearest && how.filter != Filter::Linear &&
                         how.filter != Filter::Cubic);
    TSC_TRY(makeTable(cx, own && !same ? how.filter : Filter::Nearest, how.align,
                      own && !same ? scales[d - 3 + spatial] : 0, input.dtype == DType::Float64,
                      axes[d]));
  }
  int64_t planes = input.sizes[0] * input.sizes[1];
  MemoryFormat format = pooledFormat(input);
  TensorRef out;
  if (nearest) {
    if (input.isComplex() || input.isBool())
      return unsupportedDType(cx, how.name, input.dtype);
    TensorRef x = contiguous(cx, input);
    out = empty(cx, sizes, input.dtype);
    TSC_TRY(x && out);
    copyNearest(cx, axes, x->base(), out->base(), planes, input.itemsize());
  } else {
    if (!input.isFloating() && input.dtype != DType::UInt8)
      return unsupportedDType(cx, how.name, input.dtype);
    DType work = input.dtype == DType::Float64 ? DType::Float64 : DType::Float32;
    TensorRef x = contiguousAs(cx, input, work);
    TSC_TRY(x);
    out = work == DType::Float64 ? resampleAll<double>(cx, *x, axes, sizes, planes)
                                 : resampleAll<float>(cx, *x, axes, sizes, planes);
    TSC_TRY(out);
    out = input.dtype == DType::UInt8 ? toBytes(cx, *out) : toDType(cx, *out, input.dtype);
  }
  return out && format != MemoryFormat::Contiguous ? contiguous(cx, *out, format)
                                                   : static_cast<TensorRef &&>(out);
}

/// Sizes from scales, where sizes are not given: floor(size * scale).
Result<Shape> outputSizes(Context &cx, const Tensor &input, int64_t spatial,
                          Optional<IntList> sizes, Optional<FloatList> scales, double *used) {
  if (sizes.has == scales.has)
    return cx.fail("Must specify exactly one of output_size and scale_factors");
  for (int64_t d = 0; d < spatial; ++d)
    used[d] = 0;
  if (sizes)
    return Shape(*sizes);
  if (scales->size() != spatial || input.rank != spatial + 2)
    return cx.fail("It is expected %lld scale factors for an input of %lld dims, but got %lld",
                   wide(input.rank - 2), wide(input.rank), wide(scales->size()));
  Shape out;
  for (int64_t d = 0; d < spatial; ++d) {
    used[d] = (*scales)[d];
    out.push(toInt64(static_cast<double>(input.sizes[2 + d]) * used[d]));
  }
  return out;
}

template <Filter F, int Spatial>
TensorRef upsampleVec(Context &cx, const Tensor &input, Optional<IntList> sizes, bool align,
                      Optional<FloatList> factors) {
  double scales[3];
  TSC_ASSIGN(Shape out, outputSizes(cx, input, Spatial, sizes, factors, scales));
  return interpolate(cx, {F, align, Spatial, "upsample"}, input, out, scales);
}
template <Filter F, int Spatial>
TensorRef nearestVec(Context &cx, const Tensor &input, Optional<IntList> sizes,
                     Optional<FloatList> factors) {
  return upsampleVec<F, Spatial>(cx, input, sizes, false, factors);
}
using OptScale = Optional<double>;
template <Filter F>
TensorRef upsample1d(Context &cx, const Tensor &self, IntList size, bool align, OptScale s) {
  double scales[] = {s.valueOr(0)};
  return interpolate(cx, {F, align, 1, "upsample"}, self, size, scales);
}
template <Filter F>
TensorRef upsample2d(Context &cx, const Tensor &self, IntList size, bool align, OptScale h,
                     OptScale w) {
  double scales[] = {h.valueOr(0), w.valueOr(0)};
  return interpolate(cx, {F, align, 2, "upsample"}, self, size, scales);
}
template <Filter F>
TensorRef upsample3d(Context &cx, const Tensor &self, IntList size, bool align, OptScale d,
                     OptScale h, OptScale w) {
  double scales[] = {d.valueOr(0), h.valueOr(0), w.valueOr(0)};
  return interpolate(cx, {F, align, 3, "upsample"}, self, size, scales);
}
template <Filter F> TensorRef nearest1d(Context &cx, const Tensor &self, IntList size, OptScale s) {
  return upsample1d<F>(cx, self, size, false, s);
}
template <Filter F>
TensorRef nearest2d(Context &cx, const Tensor &self, IntList size, OptScale h, OptScale w) {
  return upsample2d<F>(cx, self, size, false, h, w);
}
template <Filter F>
TensorRef nearest3d(Context &cx, const Tensor &self, IntList size, OptScale d, OptScale h,
                    OptScale w) {
  return upsample3d<F>(cx, self, size, false, d, h, w);
}
} // namespace

#define TSC_WITH_OUT(NAME, FN) TSC_KERNEL(NAME, FN) TSC_OUTPUT_COPY(NAME##_out, FN)
TSC_WITH_OUT(aten_upsample_nearest1d, nearest1d<Filter::Nearest>)
TSC_WITH_OUT(aten_upsample_nearest2d, nearest2d<Filter::Nearest>)
TSC_WITH_OUT(aten_upsample_nearest3d, nearest3d<Filter::Nearest>)
TSC_WITH_OUT(aten__upsample_nearest_exact1d, nearest1d<Filter::NearestExact>)
TSC_WITH_OUT(aten__upsample_nearest_exact2d, nearest2d<Filter::NearestExact>)
TSC_WITH_OUT(aten__upsample_nearest_exact3d, nearest3d<Filter::NearestExact>)
TSC_WITH_OUT(aten_upsample_linear1d, upsample1d<Filter::Linear>)
TSC_WITH_OUT(aten_upsample_bilinear2d, upsample2d<Filter::Linear>)
TSC_WITH_OUT(aten_upsample_trilinear3d, upsample3d<Filter::Linear>)
TSC_WITH_OUT(aten_upsample_bicubic2d, upsample2d<Filter::Cubic>)
TSC_WITH_OUT(aten__upsample_bilinear2d_aa, upsample2d<Filter::LinearSmooth>)
TSC_WITH_OUT(aten__upsample_bicubic2d_aa, upsample2d<Filter::CubicSmooth>)
TSC_WITH_OUT(aten__upsample_lanczos2d_aa, upsample2d<Filter::LanczosSmooth>)
#define TSC_VEC(NAME, ...) TSC_KERNEL(NAME##_vec, (__VA_ARGS__))
TSC_VEC(aten_upsample_nearest1d, nearestVec<Filter::Nearest, 1>)
TSC_VEC(aten_upsample_nearest2d, nearestVec<Filter::Nearest, 2>)
TSC_VEC(aten_upsample_nearest3d, nearestVec<Filter::Nearest, 3>)
TSC_VEC(aten__upsample_nearest_exact1d, nearestVec<Filter::NearestExact, 1>)
TSC_VEC(aten__upsample_nearest_exact2d, nearestVec<Filter::NearestExact, 2>)
TSC_VEC(aten__upsample_nearest_exact3d, nearestVec<Filter::NearestExact, 3>)
TSC_VEC(aten_upsample_linear1d, upsampleVec<Filter::Linear, 1>)
TSC_VEC(aten_upsample_bilinear2d, upsampleVec<Filter::Linear, 2>)
TSC_VEC(aten_upsample_trilinear3d, upsampleVec<Filter::Linear, 3>)
TSC_VEC(aten_upsample_bicubic2d, upsampleVec<Filter::Cubic, 2>)
TSC_VEC(aten__upsample_bilinear2d_aa, upsampleVec<Filter::LinearSmooth, 2>)
TSC_VEC(aten__upsample_bicubic2d_aa, upsampleVec<Filter::CubicSmooth, 2>)
TSC_VEC(aten__upsample_lanczos2d_aa, upsampleVec<Filter::LanczosSmooth, 2>)
