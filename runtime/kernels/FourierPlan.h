// SPDX-License-Identifier: Apache-2.0
// The discrete Fourier transform of one line of complex numbers, any length: mixed radix (4, 2, 3,
// 5 and other small primes) for lengths without a large prime factor, Bluestein's chirp convolution
// on a power of two for all others. Everything is computed in double, whatever the dtype of the
// tensor.
#pragma once

#include "tsc/runtime/Containers.h"

namespace tsc::rt {

/// Products and quotients by the textbook, without the C library's care for infinities.
inline Complex timesFast(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// A transform whose length has small prime factors only.
class RadixPlan {
public:
  Status prepare(Context &cx, int64_t length, bool forward);
  /// out and in do not overlap.
  void run(const Complex *in, Complex *out) const { step(in, out, 1, 0); }
  int64_t length() const { return n; }

private:
  void step(const Complex *in, Complex *out, int64_t stride, int64_t level) const;
  void butterfly(Complex *out, int64_t radix, int64_t m, int64_t stride) const;
  void butterfly2(Complex *out, int64_t m, int64_t stride) const;
  void butterfly4(Complex *out, int64_t m, int64_t stride) const;

  int64_t n = 1;
  double sign = -1;
  Vector<int64_t> factors;
  Vector<Complex> twiddles; ///< exp(sign * 2 pi i k / n)
};

class FourierPlan {
public:
  Status prepare(Context &cx, int64_t length, bool forward);
  /// Numbers of scratch that run needs.
  int64_t scratchSize() const { return chirp.empty() ? length : 2 * core.length(); }
  /// Transforms `line` in place, unscaled. Any number of threads may run one plan.
  void run(Complex *line, Complex *scratch) const;

private:
  int64_t length = 1;
  RadixPlan core; ///< of the length itself, or of the convolution
  Vector<Complex> chirp, filter;
};

} // namespace tsc::rt
