// SPDX-License-Identifier: Apache-2.0
// Transforms of whole tensors: every line along a dim is gathered, transformed and put back; lines
// are shared out among threads.
#include "Fourier.h"

#include "FourierPlan.h"
#include "tsc/runtime/Threads.h"

#include <cmath>

using namespace tsc::rt;

namespace {
double factorOf(Scaling scaling, int64_t length) {
  double n = static_cast<double>(length);
  return scaling == Scaling::ByLength ? 1 / n : scaling == Scaling::ByRoot ? 1 / std::sqrt(n) : 1;
}

/// One dim of a contiguous tensor: `outer` blocks of `size` rows of `inner` numbers.
struct Lines {
  int64_t outer = 1, size = 1, inner = 1;
  Lines(const Tensor &t, int64_t dim) : size(t.sizes[dim]) {
    for (int64_t d = 0; d < dim; ++d)
      outer *= t.sizes[d];
    for (int64_t d = dim + 1; d < t.rank; ++d)
      inner *= t.sizes[d];
  }
  int64_t count() const { return outer * inner; }
  int64_t start(int64_t line, int64_t length) const {
    return line / inner * length * inner + line % inner;
  }
};

/// Calls body(line, buffer) for all lines, each thread with a buffer of its own.
template <class F>
Status eachLine(Context &cx, int64_t lines, int64_t size, int64_t room, F &&body) {
  bool short_ = false;
  parallelFor(cx, 0, lines, size > 0 ? 16384 / size + 1 : 1, [&](int64_t from, int64_t to) {
    Complex *buffer =
        static_cast<Complex *>(std::malloc(static_cast<size_t>(room) * sizeof(Complex)));
    if (!buffer) {
      __atomic_store_n(&short_, true, __ATOMIC_RELAXED);
      return;
    }
    for (int64_t line = from; line < to; ++line)
      body(line, buffer);
    std::free(buffer);
  });
  if (short_)
    return cx.outOfMemory();
  return success();
}
} // namespace

Result<DType> tsc::rt::spectrumDType(Context &cx, DType dtype) {
  if (isIntegral(dtype, true))
    dtype = cx.defaultDType;
  if (dtype != DType::Float32 && dtype != DType::Float64 && dtype != DType::Complex64 &&
      dtype != DType::Complex128)
    return cx.fail("Unsupported dtype %s", findDType(dtype)->graphName);
  return toComplex(dtype);
}

TensorRef tsc::rt::spectrumInput(Context &cx, const Tensor &t, IntList dims, IntList sizes) {
  Shape shape(t.shape()), kept(t.shape());
  bool grows = false;
  for (int64_t i = 0; i < dims.size(); ++i) {
    int64_t d = dims[i];
    shape[d] = sizes[i];
    kept[d] = sizes[i] < t.sizes[d] ? sizes[i] : t.sizes[d];
    grows |= kept[d] < shape[d];
  }
  TensorRef out = grows ? zeros(cx, shape, DType::Complex128) : empty(cx, shape, DType::Complex128);
  TSC_TRY(out);
  TensorRef from = asStrided(cx, t, kept, t.stridesList());
  TensorRef to = asStrided(cx, *out, kept, out->stridesList());
  TSC_TRY(from && to);
  TSC_TRY(copyInto(cx, *to, *from));
  return out;
}

Status tsc::rt::transformDims(Context &cx, Tensor &work, IntList dims, bool forward,
                              Scaling scaling) {
  for (int64_t dim : dims) {
    Lines lines(work, dim);
    FourierPlan plan;
    TSC_TRY(plan.prepare(cx, lines.size, forward));
    double scale = factorOf(scaling, lines.size);
    Complex *data = work.ptr<Complex>();
    TSC_TRY(eachLine(cx, lines.count(), lines.size, lines.size + plan.scratchSize(),
                     [&](int64_t line, Complex *buffer) {
                       Complex *at = data + lines.start(line, lines.size);
                       for (int64_t i = 0; i < lines.size; ++i)
                         buffer[i] = at[i * lines.inner];
                       plan.run(buffer, buffer + lines.size);
                       for (int64_t i = 0; i < lines.size; ++i)
                         at[i * lines.inner] = buffer[i] * scale;
                     }));
  }
  return success();
}

void tsc::rt::conjugateInPlace(Context &cx, Tensor &work) {
  Complex *data = work.ptr<Complex>();
  parallelFor(cx, 0, work.numel, 16384, [=](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i)
      data[i] = std::conj(data[i]);
  });
}

TensorRef tsc::rt::realSignal(Context &cx, const Tensor &work, int64_t dim, int64_t length,
                              bool forward, Scaling scaling) {
  Lines lines(work, dim);
  Shape shape(work.shape());
  shape[dim] = length;
  TensorRef out = empty(cx, shape, DType::Float64);
  TSC_TRY(out);
  FourierPlan plan;
  TSC_TRY(plan.prepare(cx, length, forward));
  double scale = factorOf(scaling, length);
  const Complex *data = work.ptr<Complex>();
  double *result = out->ptr<double>();
  TSC_TRY(eachLine(cx, lines.count(), length, length + plan.scratchSize(),
                   [&](int64_t line, Complex *buffer) {
                     const Complex *from = data + lines.start(line, lines.size);
                     double *to = result + lines.start(line, length);
                     buffer[0] = from[0].real();
                     for (int64_t i = 1; 2 * i <= length; ++i) {
                       Complex x = from[i * lines.inner];
                       buffer[i] = 2 * i == length ? Complex(x.real()) : x;
                       buffer[length - i] = std::conj(buffer[i]);
                     }
                     plan.run(buffer, buffer + length);
                     for (int64_t i = 0; i < length; ++i)
                       to[i * lines.inner] = buffer[i].real() * scale;
                   }));
  return out;
}
