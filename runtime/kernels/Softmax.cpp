// SPDX-License-Identifier: Apache-2.0
// softmax and log_softmax: along the last dim a row at a time, along others a band of columns at a
// time, in float (double for float64).
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

#include "Losses.h"
#include "VectorExp.h"

using namespace tsc::rt;

namespace {
enum class Kind { Plain, Log, Safe };
constexpr int64_t kBand = 64;

template <class T> T largest(const T *x, int64_t n) {
  constexpr int kLanes = 16;
  T lanes[kLanes], best = -static_cast<T>(INFINITY);
  bool nan = false;
  for (T &lane : lanes)
    lane = best;
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int j = 0; j < kLanes; ++j) {
      nan |= x[i + j] != x[i + j];
      lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
    }
  for (; i < n; ++i) {
    nan |= x[i] != x[i];
    best = x[i] > best ? x[i] : best;
  }
  for (T lane : lanes)
    best = lane > best ? lane : best;
  return nan ? static_cast<T>(NAN) : best;
}

/// One row of n numbers side by side.
template <class T> void softmaxRow(Kind kind, T *to, const T *from, int64_t n) {
  T top = largest(from, n);
  if (kind == Kind::Safe && top == -static_cast<T>(INFINITY)) {
    for (int64_t i = 0; i < n; ++i)
      to[i] = 0;
    return;
  }
  eachVector(to, from, n, [top](auto v) { return vectorExp(v - top); });
  T sum = SumOf<T>::pairwise(to, n);
  if (kind == Kind::Log) {
    T shift = std::log(sum);
    for (int64_t i = 0; i < n; ++i)
      to[i] = from[i] - top - shift;
    return;
  }
  T scale = 1 / sum;
  for (int64_t i = 0; i < n; ++i)
    to[i] *= scale;
}

/// `width` columns of n numbers each, `step` apart.
template <class T>
void softmaxBand(Kind kind, T *to, const T *from, int64_t n, int64_t step, int64_t width) {
  T top[kBand], sum[kBand];
  for (int64_t j = 0; j < width; ++j)
    top[j] = -static_cast<T>(INFINITY), sum[j] = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < width; ++j) {
      T x = from[i * step + j];
      top[j] = x > top[j] || x != x ? x : top[j];
    }
  for (int64_t i = 0; i < n; ++i) {
    T line[kBand];
    for (int64_t j = 0; j < width; ++j)
      line[j] = from[i * step + j] - top[j];
    eachVector(to + i * step, line, width, [](auto v) { return vectorExp(v); });
    for (int64_t j = 0; j < width; ++j)
      sum[j] += to[i * step + j];
  }
  for (int64_t j = 0; j < width; ++j)
    sum[j] = kind == Kind::Log ? std::log(sum[j]) : 1 / sum[j];
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < width; ++j) {
      T &out = to[i * step + j];
      bool empty = kind == Kind::Safe && top[j] == -static_cast<T>(INFINITY);
      out = kind == Kind::Log ? from[i * step + j] - top[j] - sum[j] : empty ? T(0) : out * sum[j];
    }
}

template <class T>
void softmaxAll(Context &cx, Kind kind, const Tensor &in, Tensor &out, int64_t dim) {
  int64_t n = in.rank ? in.sizes[dim] : 1, inner = 1, outer = 1;
  for (int64_t d = 0; d < in.rank; ++d)
    (d < dim ? outer : d > dim ? inner : n) *= d == dim ? 1 : in.sizes[d];
  const T *from = in.ptr<T>();
  T *to = out.ptr<T>();
  if (inner == 1) {
    parallelFor(cx, 0, outer, 8192 / (n + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        softmaxRow(kind, to + o * n, from + o * n, n);
    });
    return;
  }
  int64_t bands = (inner + kBand - 1) / kBand;
  parallelFor(cx, 0, outer * bands, 8192 / (n * kBand + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      int64_t first = b % bands * kBand, at = b / bands * n * inner + first;
      int64_t width = inner - first < kBand ? inner - first : kBand;
      softmaxBand(kind, to + at, from + at, n, inner, width);
    }
  });
}

TensorRef softmaxOf(Context &cx, Kind kind, const Tensor &self, int64_t dim, DType result) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  if (!isFloating(result))
    return unsupportedDType(
        cx, kind == Kind::Log ? "log_softmax_lastdim_kernel_impl" : "softmax_lastdim_kernel_impl",
        result);
  DType work = computeDType(result);
  TensorRef in = contiguousAs(cx, self, work);
  TSC_TRY(in);
  TensorRef out = empty(cx, self.shape(), work);
  TSC_TRY(out);
  if (self.numel > 0) {
    if (work == DType::Float64)
      softmaxAll<double>(cx, kind, *in, *out, dim);
    else
      softmaxAll<float>(cx, kind, *in, *out, dim);
  }
  return toDType(cx, *out, result);
}
template <Kind K>
TensorRef softmax(Context &cx, const Tensor &self, int64_t dim, Optional<DType> dtype) {
  if (dtype && *dtype != self.dtype) {
    TensorRef converted = toDType(cx, self, *dtype);
    TSC_TRY(converted);
    return softmaxOf(cx, K, *converted, dim, *dtype);
  }
  return softmaxOf(cx, K, self, dim, self.dtype);
}
/// With half_to_float a float16 input gives float32.
template <Kind K>
TensorRef softmaxInner(Context &cx, const Tensor &self, int64_t dim, bool halfToFloat) {
  if (halfToFloat && self.dtype != DType::Float16)
    return cx.fail("conversion is supported for Half type only");
  return softmaxOf(cx, K, self, dim, halfToFloat ? DType::Float32 : self.dtype);
}
} // namespace

TensorRef tsc::rt::logSoftmax(Context &cx, const Tensor &input, int64_t dim) {
  return softmaxOf(cx, Kind::Log, input, dim, input.dtype);
}

TSC_KERNEL(aten_softmax_int, softmax<Kind::Plain>)
TSC_OUTPUT_COPY(aten_softmax_int_out, softmax<Kind::Plain>)
TSC_KERNEL(aten_log_softmax_int, softmax<Kind::Log>)
TSC_OUTPUT_COPY(aten_log_softmax_int_out, softmax<Kind::Log>)
TSC_KERNEL(aten_special_softmax, softmax<Kind::Plain>)
TSC_KERNEL(aten_special_log_softmax, softmax<Kind::Log>)
TSC_KERNEL(aten__safe_softmax, softmax<Kind::Safe>)
TSC_KERNEL(aten__softmax, softmaxInner<Kind::Plain>)
TSC_OUTPUT_COPY(aten__softmax_out, softmaxInner<Kind::Plain>)
TSC_KERNEL(aten__log_softmax, softmaxInner<Kind::Log>)
TSC_OUTPUT_COPY(aten__log_softmax_out, softmaxInner<Kind::Log>)
