// SPDX-License-Identifier: Apache-2.0
// The transforms behind FourierPlan.h. A length n = p * m is split in time: p transforms of every
// p-th element, then m butterflies of p elements. Bluestein writes the product j * k of the
// exponent as (j^2 + k^2 - (k - j)^2) / 2, which makes the transform a convolution with a chirp;
// that is done by transforms of a power of two.
#include "FourierPlan.h"

#include <cmath>

using namespace tsc::rt;

namespace {
constexpr int64_t kLargestRadix = 64;

Complex unit(double turns) {
  double angle = 2 * M_PI * turns;
  return {std::cos(angle), std::sin(angle)};
}
int64_t largestPrime(int64_t n) {
  int64_t largest = 1;
  for (int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p)
      largest = p;
  return n > 1 ? n : largest;
}
} // namespace

Status RadixPlan::prepare(Context &cx, int64_t size, bool forward) {
  n = size;
  sign = forward ? -1 : 1;
  factors.clear();
  int64_t rest = n;
  for (int64_t p = 4; rest > 1; p = p == 4 ? 2 : p == 2 ? 3 : p + 2)
    for (; rest % p == 0; rest /= p)
      TSC_TRY(factors.push(cx, p));
  TSC_TRY(twiddles.resize(cx, n));
  for (int64_t k = 0; k < n; ++k)
    twiddles[k] = unit(sign * static_cast<double>(k) / static_cast<double>(n));
  return success();
}

void RadixPlan::butterfly2(Complex *out, int64_t m, int64_t stride) const {
  for (int64_t u = 0; u < m; ++u) {
    Complex a = out[u], b = timesFast(out[u + m], twiddles[u * stride]);
    out[u] = a + b, out[u + m] = a - b;
  }
}

void RadixPlan::butterfly4(Complex *out, int64_t m, int64_t stride) const {
  for (int64_t u = 0; u < m; ++u) {
    Complex a = out[u], b = timesFast(out[u + m], twiddles[u * stride]),
            c = timesFast(out[u + 2 * m], twiddles[2 * u * stride]),
            d = timesFast(out[u + 3 * m], twiddles[3 * u * stride]);
    Complex even = a + c, odd = a - c, sum = b + d, turned = b - d;
    turned = {-sign * turned.imag(), sign * turned.real()};
    out[u] = even + sum, out[u + 2 * m] = even - sum;
    out[u + m] = odd + turned, out[u + 3 * m] = odd - turned;
  }
}

void RadixPlan::butterfly(Complex *out, int64_t radix, int64_t m, int64_t stride) const {
  Complex terms[kLargestRadix];
  int64_t turn = n / radix;
  for (int64_t u = 0; u < m; ++u) {
    for (int64_t q = 0; q < radix; ++q)
      terms[q] = timesFast(out[u + q * m], twiddles[q * u * stride]);
    for (int64_t k = 0; k < radix; ++k) {
      Complex sum = terms[0];
      for (int64_t q = 1, at = k; q < radix; ++q, at = (at + k) % radix)
        sum += timesFast(terms[q], twiddles[at * turn]);
      out[u + k * m] = sum;
    }
  }
}

void RadixPlan::step(const Complex *in, Complex *out, int64_t stride, int64_t level) const {
  if (level == factors.size()) {
    *out = *in;
    return;
  }
  int64_t radix = factors[level], m = n / stride / radix;
  for (int64_t j = 0; j < radix; ++j) {
    if (m == 1)
      out[j] = in[j * stride];
    else
      step(in + j * stride, out + j * m, stride * radix, level + 1);
  }
  if (radix == 2)
    butterfly2(out, m, stride);
  else if (radix == 4)
    butterfly4(out, m, stride);
  else
    butterfly(out, radix, m, stride);
}

Status FourierPlan::prepare(Context &cx, int64_t size, bool forward) {
  length = size;
  chirp.clear(), filter.clear();
  if (largestPrime(size) < kLargestRadix)
    return core.prepare(cx, size, forward);
  int64_t padded = 1;
  while (padded < 2 * size - 1)
    padded *= 2;
  TSC_TRY(core.prepare(cx, padded, true));
  TSC_TRY(chirp.resize(cx, size));
  TSC_TRY(filter.resize(cx, padded));
  double sign = forward ? -0.5 : 0.5;
  for (int64_t k = 0, square = 0; k < size; ++k) {
    chirp[k] = unit(sign * static_cast<double>(square) / static_cast<double>(size));
    square = (square + 2 * k + 1) % (2 * size); // (k + 1)^2, small enough to be exact
  }
  Vector<Complex> wrapped;
  TSC_TRY(wrapped.resize(cx, padded));
  for (int64_t k = 0; k < size; ++k) {
    wrapped[k] = std::conj(chirp[k]);
    if (k)
      wrapped[padded - k] = std::conj(chirp[k]);
  }
  core.run(wrapped.data(), filter.data());
  return success();
}

void FourierPlan::run(Complex *line, Complex *scratch) const {
  if (chirp.empty()) {
    for (int64_t i = 0; i < length; ++i)
      scratch[i] = line[i];
    core.run(scratch, line);
    return;
  }
  int64_t padded = core.length();
  Complex *other = scratch + padded;
  for (int64_t i = 0; i < padded; ++i)
    scratch[i] = i < length ? timesFast(line[i], chirp[i]) : Complex(0);
  core.run(scratch, other);
  // The way back is the conjugate of the transform of the conjugate.
  for (int64_t i = 0; i < padded; ++i)
    other[i] = std::conj(timesFast(other[i], filter[i]));
  core.run(other, scratch);
  double scale = 1 / static_cast<double>(padded);
  for (int64_t i = 0; i < length; ++i)
    line[i] = timesFast(std::conj(scratch[i]) * scale, chirp[i]);
}
