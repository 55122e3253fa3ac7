// SPDX-License-Identifier: Apache-2.0
// Normalization of rows: layer_norm, group_norm, rms_norm.
#include "LayerNorm.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

template <class T> T meanOf(const T *x, int64_t n) {
  return n ? SumOf<T>::pairwise(x, n) / static_cast<T>(n) : static_cast<T>(NAN);
}
/// The sum of f(x) in blocks, as pairwise as SumOf.
template <class T, class F> double sumOf(const T *x, int64_t n, F &&f) {
  double total = 0;
  for (int64_t i = 0; i < n; i += 128) {
    int64_t m = n - i < 128 ? n - i : 128;
    T lanes[16] = {};
    int64_t j = 0;
    for (; j + 16 <= m; j += 16)
      for (int64_t l = 0; l < 16; ++l)
        lanes[l] += f(x[i + j + l]);
    for (; j < m; ++j)
      lanes[j % 16] += f(x[i + j]);
    for (T lane : lanes)
      total += lane;
  }
  return total;
}

/// Rows of n numbers. Weights apply by element (layer norm) or by channel of `perWeight` elements.
template <class T> struct Rows {
  const T *in, *weight, *bias;
  T *out, *means, *inverses;
  int64_t rows, n;
  int64_t weights = 0, perWeight = 1; ///< for groups: weights of a row, elements of each
  int64_t groups = 1;                 ///< rows that share out all the weights
  double eps;
  bool centered = true;
};

template <class T> void normalizeRow(const Rows<T> &r, int64_t row) {
  const T *x = r.in + row * r.n;
  T *y = r.out + row * r.n;
  T mean = r.centered ? meanOf(x, r.n) : T(0);
  double squares = sumOf(x, r.n, [mean](T v) { return (v - mean) * (v - mean); });
  T inverse = static_cast<T>(1 / std::sqrt(squares / static_cast<double>(r.n) + r.eps));
  if (r.means)
    r.means[row] = mean;
  if (r.inverses)
    r.inverses[row] = inverse;
  if (r.weights) {
    for (int64_t c = 0; c < r.weights; ++c) {
      int64_t at = row % r.groups * r.weights + c;
      T scale = inverse * (r.weight ? r.weight[at] : T(1));
      T shift = (r.bias ? r.bias[at] : T(0)) - mean * scale;
      const T *from = x + c * r.perWeight;
      T *to = y + c * r.perWeight;
      for (int64_t i = 0; i < r.perWeight; ++i)
        to[i] = from[i] * scale + shift;
    }
    return;
  }
  for (int64_t i = 0; i < r.n; ++i) {
    T v = (x[i] - mean) * inverse;
    v = r.weight ? v * r.weight[i] : v;
    y[i] = r.bias ? v + r.bias[i] : v;
  }
}
template <class T> void normalizeRows(Context &cx, const Rows<T> &r) {
  parallelFor(cx, 0, r.rows, 16384 / (r.n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      normalizeRow(r, row);
  });
}

/// What all of them do around the rows.
struct Prepared {
  TensorRef in, weight, bias, out, means, inverses;
  DType work;
};
Status prepare(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias, int64_t rows,
               Prepared &p) {
  p.work = computeDType(input.dtype);
  p.in = contiguousAs(cx, input, p.work);
  p.out = empty(cx, input.shape(), p.work);
  p.means = empty(cx, Shape::of(rows), p.work);
  p.inverses = empty(cx, Shape::of(rows), p.work);
  if (weight)
    p.weight = contiguousAs(cx, *weight, p.work);
  if (bias)
    p.bias = contiguousAs(cx, *bias, p.work);
  TSC_TRY(p.in && p.out && p.means && p.inverses && (!weight || p.weight) && (!bias || p.bias));
  return success();
}
template <class T> Rows<T> rowsOf(const Prepared &p, int64_t rows, int64_t n, double eps) {
  return {p.in->ptr<T>(),
          p.weight ? p.weight->ptr<T>() : nullptr,
          p.bias ? p.bias->ptr<T>() : nullptr,
          p.out->ptr<T>(),
          p.means->ptr<T>(),
          p.inverses->ptr<T>(),
          rows,
          n,
          0,
          1,
          1,
          eps,
          true};
}

/// Checks that the input ends with normalized_shape; gives the number of elements of a row.
Result<int64_t> rowLength(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                          OptTensor bias) {
  if (shape.empty())
    return cx.fail("Expected normalized_shape to be at least 1-dimensional, i.e., containing at "
                   "least one element, but got normalized_shape = []");
  bool fits = input.rank >= shape.size();
  int64_t n = 1;
  for (int64_t i = 0; fits && i < shape.size(); ++i)
    fits = input.sizes[input.rank - shape.size() + i] == shape[i], n *= shape[i];
  if (!fits)
    return cx.fail("Given normalized_shape=%s, expected input with shape [*, %s], but got input of "
                   "size%s",
                   ShapeText(shape).text, ShapeText(shape).text + 1, ShapeText(input.shape()).text);
  for (OptTensor t : {weight, bias})
    if (t && !(t->shape() == shape))
      return cx.fail("Expected weight and bias to be of same shape as normalized_shape, but got "
                     "size %s and normalized_shape = %s",
                     ShapeText(t->shape()).text, ShapeText(shape).text);
  return n;
}

using Three = Results<TensorRef, TensorRef, TensorRef>;
Three nativeLayerNorm(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                      OptTensor bias, double eps) {
  TSC_ASSIGN(int64_t n, rowLength(cx, input, shape, weight, bias));
  if (!input.isFloating())
    return unsupportedDType(cx, "LayerNormKernelImpl", input.dtype);
  int64_t rows = 1;
  Shape stats(input.shape());
  for (int64_t d = 0; d < input.rank; ++d)
    if (d < input.rank - shape.size())
      rows *= input.sizes[d];
    else
      stats[d] = 1;
  Prepared p;
  TSC_TRY(prepare(cx, input, weight, bias, rows, p));
  if (p.work == DType::Float64)
    normalizeRows(cx, rowsOf<double>(p, rows, n, eps));
  else
    normalizeRows(cx, rowsOf<float>(p, rows, n, eps));
  // Statistics of reduced-precision inputs stay in the parameters' precision.
  DType statsDType = weight ? weight->dtype : input.dtype;
  TensorRef out = toDType(cx, *p.out, input.dtype), means = toDType(cx, *p.means, statsDType),
            inverses = toDType(cx, *p.inverses, statsDType);
  TSC_TRY(out && means && inverses);
  means = view(cx, *means, stats), inverses = view(cx, *inverses, stats);
  TSC_TRY(means && inverses);
  return Three{out, means, inverses};
}
TensorRef layerNorm(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                    OptTensor bias, double eps, bool cudnn) {
  Three all = nativeLayerNorm(cx, input, shape, weight, bias, eps);
  TSC_TRY(all);
  return std::get<0>(all.values);
}

Three nativeGroupNorm(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                      int64_t batch, int64_t channels, int64_t pixels, int64_t groups, double eps) {
  if (groups <= 0 || channels % groups)
    return cx.fail("Expected number of channels in input to be divisible by num_groups, but got "
                   "input of shape %s and num_groups=%lld",
                   ShapeText(input.shape()).text, wide(groups));
  for (OptTensor t : {weight, bias})
    if (t && (t->rank != 1 || t->numel != channels))
      return cx.fail("Expected weight and bias to be vectors of size equal to the number of "
                     "channels in input, but got shape %s and input of shape %s",
                     ShapeText(t->shape()).text, ShapeText(input.shape()).text);
  if (!input.isFloating())
    return unsupportedDType(cx, "GroupNormKernelImpl", input.dtype);
  int64_t rows = batch * groups, per = channels / groups;
  if (batch < 0 || pixels < 0 || batch * channels * pixels != input.numel)
    return cx.fail("native_group_norm: N, C and HxW do not match the input's %lld elements",
                   wide(input.numel));
  Prepared p;
  TSC_TRY(prepare(cx, input, weight, bias, rows, p));
  auto run = [&]<class T>(T) {
    Rows<T> r = rowsOf<T>(p, rows, per * pixels, eps);
    r.weights = per, r.perWeight = pixels, r.groups = groups;
    normalizeRows(cx, r);
  };
  if (p.work == DType::Float64)
    run(0.0);
  else
    run(0.0f);
  DType statsDType = weight ? weight->dtype : input.dtype;
  TensorRef out = toDType(cx, *p.out, input.dtype), means = toDType(cx, *p.means, statsDType),
            inverses = toDType(cx, *p.inverses, statsDType);
  TSC_TRY(out && means && inverses);
  means = view(cx, *means, Shape::of(batch, groups));
  inverses = view(cx, *inverses, Shape::of(batch, groups));
  TSC_TRY(means && inverses);
  return Three{out, means, inverses};
}
TensorRef groupNorm(Context &cx, const Tensor &input, int64_t groups, OptTensor weight,
                    OptTensor bias, double eps, bool cudnn) {
  if (input.rank < 2)
    return cx.fail("Expected at least 2 dimensions for input tensor but received %lld",
                   wide(input.rank));
  int64_t pixels = 1;
  for (int64_t d = 2; d < input.rank; ++d)
    pixels *= input.sizes[d];
  Three all =
      nativeGroupNorm(cx, input, weight, bias, input.sizes[0], input.sizes[1], pixels, groups, eps);
  TSC_TRY(all);
  return std::get<0>(all.values);
}

double smallestStep(DType dtype) {
  return dtype == DType::Float64    ? 0x1p-52
         : dtype == DType::Float16  ? 0x1p-10
         : dtype == DType::BFloat16 ? 0x1p-7
                                    : 0x1p-23;
}
/// x / sqrt(mean(x^2) + eps) of complex rows.
TensorRef complexRmsNorm(Context &cx, const Tensor &input, int64_t n, OptTensor weight,
                         double eps) {
  TensorRef x = contiguousAs(cx, input, DType::Complex128),
            w = weight ? contiguousAs(cx, *weight, DType::Complex128) : TensorRef(),
            out = empty(cx, input.shape(), DType::Complex128);
  TSC_TRY(x && out && (!weight || w));
  for (int64_t row = 0; n && row < input.numel / n; ++row) {
    const Complex *from = x->ptr<Complex>() + row * n;
    Complex *to = out->ptr<Complex>() + row * n, squares = 0;
    for (int64_t i = 0; i < n; ++i)
      squares += from[i] * from[i];
    Complex scale = 1.0 / std::sqrt(squares / static_cast<double>(n) + eps);
    for (int64_t i = 0; i < n; ++i)
      to[i] = from[i] * scale * (w ? w->ptr<Complex>()[i] : Complex(1));
  }
  return toDType(cx, *out, weight ? promoteTypes(input.dtype, weight->dtype) : input.dtype);
}
using Two = Results<TensorRef, TensorRef>;
Two fusedRmsNorm(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                 Optional<double> eps) {
  TSC_ASSIGN(int64_t n, rowLength(cx, input, shape, weight, {}));
  if (!input.isFloating())
    return unsupportedDType(cx, "rms_norm", input.dtype);
  int64_t rows = n ? input.numel / n : 0;
  Shape stats(input.shape());
  for (int64_t d = input.rank - shape.size(); d < input.rank; ++d)
    stats[d] = 1;
  Prepared p;
  TSC_TRY(prepare(cx, input, weight, {}, rows, p));
  auto run = [&]<class T>(T) {
    Rows<T> r = rowsOf<T>(p, rows, n, eps.valueOr(smallestStep(input.dtype)));
    r.centered = false;
    normalizeRows(cx, r);
  };
  if (p.work == DType::Float64)
    run(0.0);
  else
    run(0.0f);
  DType result = weight ? promoteTypes(input.dtype, weight->dtype) : input.dtype;
  TensorRef out = toDType(cx, *p.out, result);
  TSC_TRY(out);
  TensorRef inverses = n ? view(cx, *p.inverses, stats) : empty(cx, stats, p.work);
  TSC_TRY(inverses);
  return Two{out, inverses};
}
TensorRef rmsNorm(Context &cx, const Tensor &input, IntList shape, OptTensor weight,
                  Optional<double> eps) {
  if (input.isComplex()) {
    TSC_ASSIGN(int64_t n, rowLength(cx, input, shape, weight, {}));
    return complexRmsNorm(cx, input, n, weight, eps.valueOr(smallestStep(toReal(input.dtype))));
  }
  Two both = fusedRmsNorm(cx, input, shape, weight, eps);
  TSC_TRY(both);
  return std::get<0>(both.values);
}
} // namespace

TensorRef tsc::rt::layerNormTensors(Context &cx, const Tensor &input, IntList shape,
                                    OptTensor weight, OptTensor bias, double eps) {
  return layerNorm(cx, input, shape, weight, bias, eps, false);
}

TSC_KERNEL(aten_layer_norm, layerNorm)
TSC_KERNEL(aten_native_layer_norm, nativeLayerNorm)
TSC_KERNEL(aten_group_norm, groupNorm)
TSC_KERNEL(aten_native_group_norm, nativeGroupNorm)
TSC_KERNEL(aten_rms_norm, rmsNorm)
TSC_KERNEL(aten__fused_rms_norm, fusedRmsNorm)
