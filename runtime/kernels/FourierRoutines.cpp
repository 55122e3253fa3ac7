// SPDX-License-Identifier: Apache-2.0
// The steps of a Fourier transform for compiled kernels (lib/Kernel/RoutinesFourier.cpp says which
// numbers each takes). Data: the result, the operand, and two halves of complex numbers.
#include "FourierPlan.h"
#include "Routines.h"

#include <bit>

using namespace tsc::rt;

namespace {
enum { kResult, kOperand, kScratch };
enum class Step : int64_t { Load, Lines, RealLines, Store };

/// Rows of the operand, cut or filled with zeros: whether it is complex, the rank, both shapes.
template <class T> void load(const RoutineCall &call) {
  bool fromComplex = call[1] != 0;
  int64_t rank = call[2];
  const int64_t *sizes = call.numbers + 3, *shape = sizes + rank;
  int64_t row = rank ? shape[rank - 1] : 1, kept = rank ? sizes[rank - 1] : 1;
  kept = kept < row ? kept : row;
  const T *from = call.at<const T>(kOperand);
  for (int64_t piece = call.range.begin; piece < call.range.end; ++piece) {
    int64_t rest = piece, place = 0, stride = rank ? sizes[rank - 1] : 1;
    bool inside = true;
    for (int64_t d = rank - 2; d >= 0; --d) {
      int64_t i = rest % shape[d];
      rest /= shape[d];
      inside &= i < sizes[d];
      place += i * stride;
      stride *= sizes[d];
    }
    Complex *to = call.at<Complex>(kScratch) + piece * row;
    for (int64_t i = 0; i < row; ++i) {
      if (!inside || i >= kept)
        to[i] = 0;
      else if (fromComplex)
        to[i] = Complex(static_cast<double>(from[2 * (place + i)]),
                        static_cast<double>(from[2 * (place + i) + 1]));
      else
        to[i] = static_cast<double>(from[place + i]);
    }
  }
}

/// Source and target, size of a line here, its length there, inner, forward, scale.
int32_t lines(const RoutineCall &call) {
  bool isReal = static_cast<Step>(call[0]) == Step::RealLines;
  int64_t size = call[3], length = call[4], inner = call[5], n = isReal ? length : size;
  double scale = std::bit_cast<double>(call[7]);
  const Complex *source = call.at<Complex>(kScratch) + call[1];
  Complex *target = call.at<Complex>(kScratch) + call[2];
  FourierPlan plan;
  if (!plan.prepare(*call.range.cx, n, call[6] != 0))
    return 1;
  size_t room = static_cast<size_t>(n + plan.scratchSize());
  Complex *buffer = static_cast<Complex *>(std::malloc(room * sizeof(Complex)));
  if (!buffer)
    return 1;
  for (int64_t line = call.range.begin; line < call.range.end; ++line) {
    const Complex *from = source + line / inner * size * inner + line % inner;
    int64_t start = line / inner * length * inner + line % inner;
    if (!isReal) {
      for (int64_t i = 0; i < n; ++i)
        buffer[i] = from[i * inner];
      plan.run(buffer, buffer + n);
      for (int64_t i = 0; i < length; ++i)
        target[start + i * inner] = buffer[i] * scale;
      continue;
    }
    buffer[0] = from[0].real();
    for (int64_t i = 1; 2 * i <= n; ++i) {
      Complex x = from[i * inner];
      buffer[i] = 2 * i == n ? Complex(x.real()) : x;
      buffer[n - i] = std::conj(buffer[i]);
    }
    plan.run(buffer, buffer + n);
    for (int64_t i = 0; i < n; ++i)
      reinterpret_cast<double *>(target)[start + i * inner] = buffer[i].real() * scale;
  }
  std::free(buffer);
  return 0;
}

/// Source, count of real numbers, numbers of a piece.
template <class T> void store(const RoutineCall &call) {
  const double *from = reinterpret_cast<const double *>(call.at<Complex>(kScratch) + call[1]);
  int64_t end = call.range.end * call[3];
  end = end < call[2] ? end : call[2];
  for (int64_t i = call.range.begin * call[3]; i < end; ++i)
    call.at<T>(kResult)[i] = static_cast<T>(from[i]);
}

template <class T> int32_t fourier(const RoutineCall &call) {
  switch (static_cast<Step>(call[0])) {
  case Step::Load:
    load<T>(call);
    return 0;
  case Step::Lines:
  case Step::RealLines:
    return lines(call);
  case Step::Store:
    store<T>(call);
    return 0;
  }
  return 1;
}
} // namespace

TSC_ROUTINE(fourier, fourier)
