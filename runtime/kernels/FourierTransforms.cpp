// SPDX-License-Identifier: Apache-2.0
// The fft operators: which dims and sizes a call means, and what goes in and comes out. A transform
// of real numbers is a complex one whose redundant half is dropped; its inverse fills that half in
// again.
#include "Fourier.h"

using namespace tsc::rt;

namespace {
/// The dims that are transformed and their sizes.
struct Extent {
  Shape dims, sizes;
};

Status checkPoints(Context &cx, int64_t n) {
  if (n < 1)
    return cx.fail("Invalid number of data points (%lld) specified", static_cast<long long>(n));
  return success();
}
Result<int64_t> wrapFourierDim(Context &cx, int64_t dim, int64_t rank) {
  if (rank == 0)
    return cx.raise("IndexError", "Dimension specified as %lld but tensor has no dimensions",
                    static_cast<long long>(dim));
  return wrapDim(cx, dim, rank);
}
Result<Extent> extentOf(Context &cx, const Tensor &t, Optional<IntList> sizes,
                        Optional<IntList> dims) {
  Extent e;
  if (dims) {
    if (sizes && sizes->size() != dims->size())
      return cx.fail("When given, dim and shape arguments must have the same length");
    bool seen[kMaxRank] = {};
    for (int64_t dim : *dims) {
      TSC_ASSIGN(int64_t d, wrapFourierDim(cx, dim, t.rank));
      if (seen[d])
        return cx.fail("FFT dims must be unique");
      seen[d] = true;
      e.dims.push(d);
    }
  } else {
    int64_t count = sizes ? sizes->size() : t.rank;
    if (count > t.rank)
      return cx.fail("Got shape with %lld values but input tensor only has %lld dimensions.",
                     static_cast<long long>(count), static_cast<long long>(t.rank));
    for (int64_t i = 0; i < count; ++i)
      e.dims.push(t.rank - count + i);
  }
  for (int64_t i = 0; i < e.dims.size(); ++i) {
    int64_t n = sizes && (*sizes)[i] != -1 ? (*sizes)[i] : t.sizes[e.dims[i]];
    TSC_TRY(checkPoints(cx, n));
    e.sizes.push(n);
  }
  return e;
}
/// None scales the inverse, "ortho" both, "forward" the forward transform.
Result<Scaling> scalingOf(Context &cx, Optional<StringRef> norm, bool forward) {
  if (!norm || *norm == StringRef("backward"))
    return forward ? Scaling::None : Scaling::ByLength;
  if (*norm == StringRef("forward"))
    return forward ? Scaling::ByLength : Scaling::None;
  if (*norm == StringRef("ortho"))
    return Scaling::ByRoot;
  return cx.fail("Invalid normalization mode: \"%.*s\"", static_cast<int>(norm->size()),
                 norm->data());
}
Status checkReal(Context &cx, const char *name, const Tensor &t) {
  if (t.isComplex())
    return cx.fail("%s expects a real input tensor, but got %s", name,
                   findDType(t.dtype)->graphName);
  return success();
}
/// The first n / 2 + 1 numbers along a dim.
TensorRef firstHalf(Context &cx, const Tensor &work, int64_t dim) {
  TensorRef half = narrow(cx, work, dim, 0, work.sizes[dim] / 2 + 1);
  TSC_TRY(half);
  return contiguous(cx, *half);
}

// ---- Transforms along an extent
TensorRef complexTransform(Context &cx, const Tensor &self, const Extent &e, Scaling scaling,
                           bool forward) {
  TSC_ASSIGN(DType dtype, spectrumDType(cx, self.dtype));
  TensorRef work = spectrumInput(cx, self, e.dims, e.sizes);
  TSC_TRY(work);
  TSC_TRY(transformDims(cx, *work, e.dims, forward, scaling));
  return toDType(cx, *work, dtype);
}
/// Real numbers to half a spectrum along the last dim; `inverse` is ihfft.
TensorRef halfSpectrum(Context &cx, const Tensor &self, const Extent &e, Scaling scaling,
                       bool inverse) {
  TSC_ASSIGN(DType dtype, spectrumDType(cx, self.dtype));
  TensorRef work = spectrumInput(cx, self, e.dims, e.sizes);
  TSC_TRY(work);
  int64_t last = e.dims.size() - 1;
  TSC_TRY(transformDims(cx, *work, IntList(e.dims).drop(last), !inverse, scaling));
  work = firstHalf(cx, *work, e.dims[last]);
  TSC_TRY(work);
  TSC_TRY(transformDims(cx, *work, IntList(e.dims).take(last), !inverse, scaling));
  return toDType(cx, *work, dtype);
}
/// Half a spectrum along the last dim, whose size is that of the signal, to real numbers; `forward`
/// is hfft.
TensorRef realTransform(Context &cx, const Tensor &self, const Extent &e, Scaling scaling,
                        bool forward) {
  TSC_ASSIGN(DType dtype, spectrumDType(cx, self.dtype));
  int64_t last = e.dims.size() - 1;
  Extent half = e;
  half.sizes[last] = e.sizes[last] / 2 + 1;
  TensorRef work = spectrumInput(cx, self, half.dims, half.sizes);
  TSC_TRY(work);
  TSC_TRY(transformDims(cx, *work, IntList(e.dims).take(last), forward, scaling));
  work = realSignal(cx, *work, e.dims[last], e.sizes[last], forward, scaling);
  TSC_TRY(work);
  return toDType(cx, *work, toReal(dtype));
}
/// The extent of a transform to real numbers: by default the last dim grows from half a spectrum.
Result<Extent> realExtent(Context &cx, const Tensor &self, Optional<IntList> s,
                          Optional<IntList> dims) {
  TSC_ASSIGN(Extent e, extentOf(cx, self, s, dims));
  int64_t last = e.dims.size() - 1;
  if (last < 0)
    return e;
  if (!s || s->back() == -1)
    e.sizes[last] = 2 * (self.sizes[e.dims[last]] - 1);
  TSC_TRY(checkPoints(cx, e.sizes[last]));
  return e;
}

// ---- One dim
struct OneDim {
  int64_t dim, size;
  bool given;
  OneDim(Optional<int64_t> n, int64_t d) : dim(d), size(n.valueOr(0)), given(n.has) {}
  Optional<IntList> dims() const { return IntList(&dim, 1); }
  Optional<IntList> sizes() const {
    return given ? Optional<IntList>(IntList(&size, 1)) : Optional<IntList>();
  }
};
#define TSC_FOURIER_ARGUMENTS                                                                      \
  Context &cx, const Tensor &self, Optional<IntList> s, Optional<IntList> dims,                    \
      Optional<StringRef> norm
#define TSC_FOURIER_LINE                                                                           \
  Context &cx, const Tensor &self, Optional<int64_t> n, int64_t dim, Optional<StringRef> norm

template <bool Forward> TensorRef complexDims(TSC_FOURIER_ARGUMENTS) {
  TSC_ASSIGN(Extent e, extentOf(cx, self, s, dims));
  TSC_ASSIGN(Scaling scaling, scalingOf(cx, norm, Forward));
  return complexTransform(cx, self, e, scaling, Forward);
}
template <bool Inverse> TensorRef halfDims(TSC_FOURIER_ARGUMENTS) {
  const char *name = Inverse ? "ihfftn" : "rfftn";
  TSC_TRY(checkReal(cx, name, self));
  TSC_ASSIGN(Extent e, extentOf(cx, self, s, dims));
  if (e.dims.empty())
    return cx.fail("%s must transform at least one axis", name);
  TSC_ASSIGN(Scaling scaling, scalingOf(cx, norm, !Inverse));
  return halfSpectrum(cx, self, e, scaling, Inverse);
}
template <bool Forward> TensorRef realDims(TSC_FOURIER_ARGUMENTS) {
  TSC_ASSIGN(Extent e, realExtent(cx, self, s, dims));
  if (e.dims.empty())
    return cx.fail("%s must transform at least one axis", Forward ? "hfftn" : "irfftn");
  TSC_ASSIGN(Scaling scaling, scalingOf(cx, norm, Forward));
  return realTransform(cx, self, e, scaling, Forward);
}
template <bool Forward> TensorRef complexLine(TSC_FOURIER_LINE) {
  OneDim one(n, dim);
  return complexDims<Forward>(cx, self, one.sizes(), one.dims(), norm);
}
template <bool Inverse> TensorRef halfLine(TSC_FOURIER_LINE) {
  TSC_TRY(checkReal(cx, Inverse ? "ihfft" : "rfft", self));
  OneDim one(n, dim);
  return halfDims<Inverse>(cx, self, one.sizes(), one.dims(), norm);
}
template <bool Forward> TensorRef realLine(TSC_FOURIER_LINE) {
  OneDim one(n, dim);
  return realDims<Forward>(cx, self, one.sizes(), one.dims(), norm);
}
/// The forms for planes take their dims as a list that is always there.
template <TensorRef (*Fn)(TSC_FOURIER_ARGUMENTS)>
TensorRef plane(Context &cx, const Tensor &self, Optional<IntList> s, IntList dims,
                Optional<StringRef> norm) {
  return Fn(cx, self, s, Optional<IntList>(dims), norm);
}

// ---- The transforms by number of scaling
Result<Extent> wholeExtent(Context &cx, const Tensor &self, IntList dims) {
  return extentOf(cx, self, Optional<IntList>(), Optional<IntList>(dims));
}
Result<Scaling> numberedScaling(Context &cx, int64_t number) {
  if (number < 0 || number > 2)
    return cx.fail("expected a normalization from 0 to 2, found %lld",
                   static_cast<long long>(number));
  return static_cast<Scaling>(number);
}
TensorRef complexToComplex(Context &cx, const Tensor &self, IntList dims, int64_t normalization,
                           bool forward) {
  TSC_ASSIGN(Extent e, wholeExtent(cx, self, dims));
  TSC_ASSIGN(Scaling scaling, numberedScaling(cx, normalization));
  return complexTransform(cx, self, e, scaling, forward);
}
TensorRef realToComplex(Context &cx, const Tensor &self, IntList dims, int64_t normalization,
                        bool onesided) {
  TSC_ASSIGN(Extent e, wholeExtent(cx, self, dims));
  TSC_ASSIGN(Scaling scaling, numberedScaling(cx, normalization));
  if (!onesided || e.dims.empty())
    return complexTransform(cx, self, e, scaling, true);
  return halfSpectrum(cx, self, e, scaling, false);
}
TensorRef complexToReal(Context &cx, const Tensor &self, IntList dims, int64_t normalization,
                        int64_t lastSize) {
  TSC_ASSIGN(Extent e, wholeExtent(cx, self, dims));
  TSC_ASSIGN(Scaling scaling, numberedScaling(cx, normalization));
  if (e.dims.empty())
    return cx.fail("expected at least one dim to transform");
  TSC_TRY(checkPoints(cx, lastSize));
  e.sizes[e.sizes.size() - 1] = lastSize;
  return realTransform(cx, self, e, scaling, false);
}
} // namespace

#define TSC_WITH_OUT(NAME, ...)                                                                    \
  TSC_KERNEL(NAME, __VA_ARGS__) TSC_OUTPUT_COPY(NAME##_out, __VA_ARGS__)
TSC_WITH_OUT(aten_fft_fft, complexLine<true>)
TSC_WITH_OUT(aten_fft_ifft, complexLine<false>)
TSC_WITH_OUT(aten_fft_rfft, halfLine<false>)
TSC_WITH_OUT(aten_fft_ihfft, halfLine<true>)
TSC_WITH_OUT(aten_fft_hfft, realLine<true>)
TSC_WITH_OUT(aten_fft_irfft, realLine<false>)
TSC_WITH_OUT(aten_fft_fftn, complexDims<true>)
TSC_WITH_OUT(aten_fft_ifftn, complexDims<false>)
TSC_WITH_OUT(aten_fft_rfftn, halfDims<false>)
TSC_WITH_OUT(aten_fft_ihfftn, halfDims<true>)
TSC_WITH_OUT(aten_fft_hfftn, realDims<true>)
TSC_WITH_OUT(aten_fft_irfftn, realDims<false>)
TSC_WITH_OUT(aten_fft_fft2, plane<complexDims<true>>)
TSC_WITH_OUT(aten_fft_ifft2, plane<complexDims<false>>)
TSC_WITH_OUT(aten_fft_rfft2, plane<halfDims<false>>)
TSC_WITH_OUT(aten_fft_ihfft2, plane<halfDims<true>>)
TSC_WITH_OUT(aten_fft_hfft2, plane<realDims<true>>)
TSC_WITH_OUT(aten_fft_irfft2, plane<realDims<false>>)
TSC_WITH_OUT(aten__fft_c2c, complexToComplex)
TSC_WITH_OUT(aten__fft_r2c, realToComplex)
TSC_WITH_OUT(aten__fft_c2r, complexToReal)
