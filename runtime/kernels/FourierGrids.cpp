// SPDX-License-Identifier: Apache-2.0
// What goes with Fourier transforms: moving the zero frequency to the middle and back, and the
// frequencies themselves.
#include "Creation.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
/// A copy whose element i along `dim` is element i - by, around the end.
TensorRef rolled(Context &cx, const Tensor &t, int64_t dim, int64_t by) {
  int64_t n = t.sizes[dim];
  TensorRef out = empty(cx, t.shape(), t.dtype);
  TSC_TRY(out);
  for (int64_t part = 0; part < 2; ++part) {
    int64_t from = part ? n - by : 0, to = part ? 0 : by, length = part ? by : n - by;
    TensorRef source = narrow(cx, t, dim, from, length);
    TensorRef target = narrow(cx, *out, dim, to, length);
    TSC_TRY(source && target);
    TSC_TRY(copyInto(cx, *target, *source));
  }
  return out;
}

template <bool Inverse> TensorRef shifted(Context &cx, const Tensor &self, Optional<IntList> dims) {
  TensorRef result = same(self);
  int64_t count = dims ? dims->size() : self.rank;
  for (int64_t i = 0; i < count; ++i) {
    TSC_ASSIGN(int64_t d, wrapDim(cx, dims ? (*dims)[i] : i, self.rank));
    if (self.rank == 0)
      continue;
    int64_t n = self.sizes[d];
    result = rolled(cx, *result, d, Inverse ? (n + 1) / 2 : n / 2);
    TSC_TRY(result);
  }
  return result.get() == &self ? clone(cx, self) : result;
}

/// The frequencies of a transform of n points d apart: the first half, or all with negative ones
/// last.
TensorRef frequencies(Context &cx, int64_t n, double d, DType dtype, bool half) {
  if (!isFloating(dtype) && !isComplex(dtype))
    return cx.fail("%s requires a floating point or complex dtype", half ? "rfftfreq" : "fftfreq");
  if (n < 0)
    return cx.fail("expected n to be at least 0, found %lld", static_cast<long long>(n));
  int64_t count = half ? n / 2 + 1 : n;
  TensorRef out = empty(cx, Shape::of(count), dtype);
  TSC_TRY(out);
  StoreFunction<double> store = storer<double>(dtype);
  double step = 1 / (static_cast<double>(n) * d);
  for (int64_t i = 0; i < count; ++i) {
    double value = static_cast<double>(half || i < (n + 1) / 2 ? i : i - n) * step;
    store(out->base() + i * out->itemsize(), 0, &value, 1);
  }
  return out;
}
template <bool Half>
TensorRef makeFrequencies(Context &cx, int64_t n, double d, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return frequencies(cx, n, d, dtype.valueOr(cx.defaultDType), Half);
}
template <bool Half> TensorRef frequenciesInto(Context &cx, int64_t n, double d, Tensor &out) {
  TensorRef made = frequencies(cx, n, d, out.dtype, Half);
  TSC_TRY(made);
  TSC_TRY(writeOut(cx, out, *made));
  return same(out);
}
} // namespace

TSC_KERNEL(aten_fft_fftshift, shifted<false>)
TSC_KERNEL(aten_fft_ifftshift, shifted<true>)
TSC_KERNEL(aten_fft_fftfreq, makeFrequencies<false>)
TSC_KERNEL(aten_fft_fftfreq_out, frequenciesInto<false>)
TSC_KERNEL(aten_fft_rfftfreq, makeFrequencies<true>)
TSC_KERNEL(aten_fft_rfftfreq_out, frequenciesInto<true>)
