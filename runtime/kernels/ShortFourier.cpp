// SPDX-License-Identifier: Apache-2.0
// stft and istft: spectra of windowed frames that overlap, and the signal put together from them
// again, divided by the sum of the squared windows.
#include "Fourier.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// What both directions are asked for.
struct Frames {
  const char *name;
  int64_t size, hop, windowLength;
  OptTensor window;
};
Result<Frames> framesOf(Context &cx, const char *name, int64_t size, Optional<int64_t> hop,
                        Optional<int64_t> windowLength, OptTensor window) {
  Frames f{name, size, hop.valueOr(size / 4), windowLength.valueOr(size), window};
  if (f.hop <= 0)
    return cx.fail("%s: expected hop_length > 0, but got hop_length=%lld", name, wide(f.hop));
  if (f.windowLength <= 0 || f.windowLength > size)
    return cx.fail("%s: expected 0 < win_length <= n_fft, but got win_length=%lld", name,
                   wide(f.windowLength));
  if (window && (window->rank != 1 || window->sizes[0] != f.windowLength))
    return cx.fail("%s: expected a 1D window tensor of size equal to win_length=%lld, but got "
                   "window with size %s",
                   name, wide(f.windowLength), ShapeText(window->shape()).text);
  return f;
}
/// The window as complex numbers, with zeros around it up to the frame's size.
TensorRef paddedWindow(Context &cx, const Frames &f) {
  TensorRef out = zeros(cx, Shape::of(f.size), DType::Complex128);
  TSC_TRY(out);
  TensorRef middle = narrow(cx, *out, 0, (f.size - f.windowLength) / 2, f.windowLength);
  TSC_TRY(middle);
  if (f.window)
    TSC_TRY(copyInto(cx, *middle, *f.window));
  else
    TSC_TRY(fill(cx, *middle, Scalar(1)));
  return out;
}
/// Complex numbers as a last dim of two real ones.
TensorRef asReal(Context &cx, const Tensor &t) {
  TensorRef dense = contiguous(cx, t);
  TSC_TRY(dense);
  Shape sizes(t.shape());
  sizes.push(2);
  return viewAs(cx, *dense, toReal(t.dtype), sizes, contiguousStrides(sizes));
}

// ---- From a signal to frames
enum class Border { Zeros, Reflect, Replicate, Circular };
Result<Border> borderOf(Context &cx, StringRef mode) {
  const char *names[] = {"constant", "reflect", "replicate", "circular"};
  for (int i = 0; i < 4; ++i)
    if (mode == StringRef(names[i]))
      return static_cast<Border>(i);
  return cx.raise("NotImplementedError", "Unrecognised padding mode %.*s",
                  static_cast<int>(mode.size()), mode.data());
}
/// The index in the signal for one that may lie outside; -1: a zero.
int64_t insideIndex(int64_t i, int64_t n, Border border) {
  if (i >= 0 && i < n)
    return i;
  if (border == Border::Reflect)
    return i < 0 ? -i : 2 * (n - 1) - i;
  if (border == Border::Replicate)
    return i < 0 ? 0 : n - 1;
  if (border == Border::Circular)
    return i < 0 ? i + n : i - n;
  return -1;
}
/// How far the signal is extended on both sides, and with what.
struct Extension {
  int64_t pad = 0;
  Border border = Border::Zeros;
};
Status checkExtension(Context &cx, const Extension &e, int64_t n) {
  if (e.border == Border::Reflect && e.pad >= n)
    return cx.fail(
        "Argument #4: Padding size should be less than the corresponding input dimension, "
        "but got: padding (%lld, %lld) at dimension 2 of input of length %lld",
        wide(e.pad), wide(e.pad), wide(n));
  if (e.border == Border::Circular && e.pad > n)
    return cx.fail("Padding value causes wrapping around more than once.");
  return success();
}

/// Frames of a signal [batch, n] times the window: complex128 [batch, frames, size].
TensorRef cutFrames(Context &cx, const Tensor &signal, const Frames &f, const Tensor &window,
                    const Extension &e, int64_t frames) {
  int64_t batch = signal.sizes[0], n = signal.sizes[1];
  TensorRef out = empty(cx, Shape::of(batch, frames, f.size), DType::Complex128);
  TSC_TRY(out);
  const Complex *from = signal.ptr<Complex>(), *weights = window.ptr<Complex>();
  Complex *to = out->ptr<Complex>();
  parallelFor(cx, 0, batch * frames, 16384 / f.size + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Complex *line = from + i / frames * n;
      int64_t start = i % frames * f.hop - e.pad;
      for (int64_t j = 0; j < f.size; ++j) {
        int64_t at = insideIndex(start + j, n, e.border);
        to[i * f.size + j] = at < 0 ? Complex(0) : line[at] * weights[j];
      }
    }
  });
  return out;
}

TensorRef shortTransform(Context &cx, const Tensor &self, int64_t size, Optional<int64_t> hop,
                         Optional<int64_t> windowLength, OptTensor window, bool center,
                         StringRef padMode, bool normalized, Optional<bool> onesidedOrNone,
                         Optional<bool> returnComplex, Optional<bool> alignToWindow) {
  bool complexInput = self.isComplex() || (window && window->isComplex());
  if (!returnComplex && !complexInput)
    return cx.fail("stft requires the return_complex parameter be given for real inputs, and will "
                   "further require that return_complex=True in a future PyTorch release.");
  if (!self.isFloating() && !self.isComplex())
    return cx.fail("stft: expected a tensor of floating point or complex values");
  if (self.rank < 1 || self.rank > 2)
    return cx.fail("stft: expected a 1D or 2D tensor");
  if (center && alignToWindow)
    return cx.fail("stft: align_to_window should only be set when center = false");
  bool align = alignToWindow.valueOr(false);
  Extension e;
  int64_t n = self.size(-1);
  if (center) {
    e.pad = size / 2;
    TSC_ASSIGN(e.border, borderOf(cx, padMode));
    TSC_TRY(checkExtension(cx, e, n));
  }
  if (size <= 0 || size > n + 2 * e.pad)
    return cx.fail("stft: expected 0 < n_fft < %lld, but got n_fft=%lld", wide(n + 2 * e.pad),
                   wide(size));
  TSC_ASSIGN(Frames f, framesOf(cx, "stft", size, hop, windowLength, window));
  if (align) // frames start where their windows do
    e.pad = (size - f.windowLength) / 2;
  TSC_ASSIGN(DType dtype, spectrumDType(cx, self.dtype));
  bool onesided = onesidedOrNone.valueOr(!complexInput);
  if (onesided && complexInput)
    return cx.fail("Cannot have onesided output if window or input is complex");
  int64_t room = align ? n - f.windowLength : n + 2 * e.pad - size, frames = 1 + room / f.hop;

  TensorRef weights = paddedWindow(cx, f), signal = contiguousAs(cx, self, DType::Complex128);
  TSC_TRY(weights && signal);
  signal = view(cx, *signal, Shape::of(self.rank == 2 ? self.sizes[0] : 1, n));
  TSC_TRY(signal);
  TensorRef work = cutFrames(cx, *signal, f, *weights, e, frames);
  TSC_TRY(work);
  int64_t last[] = {2};
  TSC_TRY(transformDims(cx, *work, last, true, normalized ? Scaling::ByRoot : Scaling::None));
  if (onesided)
    work = narrow(cx, *work, 2, 0, size / 2 + 1);
  TSC_TRY(work);
  work = toDType(cx, *work, dtype);
  TSC_TRY(work);
  work = transpose(cx, *work, 1, 2);
  TSC_TRY(work);
  if (self.rank == 1)
    work = squeeze(cx, *work, 0);
  TSC_TRY(work);
  return returnComplex.valueOr(complexInput) ? work : asReal(cx, *work);
}
TensorRef shortTransformPlain(Context &cx, const Tensor &self, int64_t size, Optional<int64_t> hop,
                              Optional<int64_t> windowLength, OptTensor window, bool normalized,
                              Optional<bool> onesided, Optional<bool> returnComplex,
                              Optional<bool> alignToWindow) {
  return shortTransform(cx, self, size, hop, windowLength, window, false, "reflect", normalized,
                        onesided, returnComplex, alignToWindow);
}

// ---- From frames to a signal
/// Adds frames [batch, frames, size], times the window, into a signal [batch, total], and squares
/// of the window into `weight`.
void addFrames(const Tensor &frames, const Frames &f, const Tensor &window, Complex *signal,
               Complex *weight, int64_t total) {
  const Complex *from = frames.ptr<Complex>(), *w = window.ptr<Complex>();
  int64_t count = frames.sizes[1];
  for (int64_t b = 0; b < frames.sizes[0]; ++b)
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < f.size; ++j)
        signal[b * total + i * f.hop + j] += from[(b * count + i) * f.size + j] * w[j];
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < f.size; ++j)
      weight[i * f.hop + j] += w[j] * w[j];
}

/// The frames' values: complex128 [batch, frames, size].
TensorRef frameValues(Context &cx, const Tensor &spectra, int64_t size, bool onesided,
                      bool complexOut, Scaling scaling) {
  TensorRef turned = transpose(cx, spectra, 1, 2);
  TSC_TRY(turned);
  TensorRef work = contiguousAs(cx, *turned, DType::Complex128);
  TSC_TRY(work);
  int64_t last[] = {2};
  if (complexOut) {
    if (work.get() == &spectra || work->data == spectra.data)
      work = clone(cx, *work, MemoryFormat::Contiguous);
    TSC_TRY(work && transformDims(cx, *work, last, false, scaling));
    return work;
  }
  if (!onesided)
    work = narrow(cx, *work, 2, 0, size / 2 + 1);
  TSC_TRY(work);
  work = contiguous(cx, *work);
  TSC_TRY(work);
  work = realSignal(cx, *work, 2, size, false, scaling);
  TSC_TRY(work);
  return toDType(cx, *work, DType::Complex128);
}

/// Checks the spectra; [batch, frequencies, frames] of them.
TensorRef checkedSpectra(Context &cx, const Tensor &self, int64_t size, bool onesided) {
  if (!self.isComplex())
    return cx.fail(
        "istft requires a complex-valued input tensor matching the output from stft with "
        "return_complex=True.");
  if (self.numel == 0)
    return cx.fail("istft: input tensor cannot be empty.");
  if (self.rank != 2 && self.rank != 3)
    return cx.fail("istft: expected a tensor with 2 or 3 dimensions, but got %lld",
                   wide(self.rank));
  int64_t wanted = onesided ? size / 2 + 1 : size;
  if (self.size(-2) != wanted)
    return cx.fail(
        "istft: expected the frequency dimension (3rd to the last) of the input tensor to "
        "match n_fft %sonesided=%s, but got %lld",
        onesided ? "/ 2 + 1 when " : "when ", onesided ? "True" : "False", wide(self.size(-2)));
  return self.rank == 3 ? same(self) : unsqueeze(cx, self, 0);
}

TensorRef inverseShortTransform(Context &cx, const Tensor &self, int64_t size,
                                Optional<int64_t> hop, Optional<int64_t> windowLength,
                                OptTensor window, bool center, bool normalized,
                                Optional<bool> onesidedOrNone, Optional<int64_t> length,
                                bool returnComplex) {
  bool onesided = onesidedOrNone.valueOr(self.rank < 2 || self.size(-2) != size);
  TensorRef spectra = checkedSpectra(cx, self, size, onesided);
  TSC_TRY(spectra);
  if (returnComplex && onesided)
    return cx.fail("Cannot have onesided output if window or input is complex");
  if (!returnComplex && window && window->isComplex())
    return cx.fail("Complex windows are incompatible with return_complex=False");
  TSC_ASSIGN(Frames f, framesOf(cx, "istft", size, hop, windowLength, window));
  TSC_ASSIGN(DType dtype, spectrumDType(cx, self.dtype));
  int64_t batch = spectra->sizes[0], frames = spectra->sizes[2],
          total = size + f.hop * (frames - 1);
  TensorRef weights = paddedWindow(cx, f);
  TensorRef values = frameValues(cx, *spectra, size, onesided, returnComplex,
                                 normalized ? Scaling::ByRoot : Scaling::ByLength);
  TensorRef signal = zeros(cx, Shape::of(batch, total), DType::Complex128);
  TensorRef envelope = zeros(cx, Shape::of(total), DType::Complex128);
  TSC_TRY(weights && values && signal && envelope);
  addFrames(*values, f, *weights, signal->ptr<Complex>(), envelope->ptr<Complex>(), total);

  int64_t start = center ? size / 2 : 0;
  int64_t end = length ? start + *length : center ? total - size / 2 : total;
  int64_t inside = end < total ? end : total;
  TensorRef out = zeros(cx, Shape::of(batch, end > start ? end - start : 0), DType::Complex128);
  TSC_TRY(out);
  const Complex *y = signal->ptr<Complex>(), *w = envelope->ptr<Complex>();
  for (int64_t i = start; i < inside; ++i) {
    if (std::abs(w[i]) <= 1e-11)
      return cx.fail("window overlap add min: 1");
    for (int64_t b = 0; b < batch; ++b)
      out->ptr<Complex>()[b * (end - start) + i - start] = y[b * total + i] / w[i];
  }
  if (self.rank == 2)
    out = squeeze(cx, *out, 0);
  TSC_TRY(out);
  return toDType(cx, *out, returnComplex ? dtype : toReal(dtype));
}
} // namespace

TSC_KERNEL(aten_stft_center, shortTransform)
TSC_KERNEL(aten_stft, shortTransformPlain)
TSC_KERNEL(aten_istft, inverseShortTransform)
