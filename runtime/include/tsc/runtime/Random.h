// SPDX-License-Identifier: Apache-2.0
// Random numbers as PyTorch's CPU generator makes them: mt19937, 24 and 53 bit uniforms, Box-Muller
// normals with the second one kept for the next call.
#pragma once

#include "tsc/runtime/Objects.h"

namespace tsc::rt {

struct Generator {
  ObjectHead head; ///< of kind Generator
  uint64_t seed;
  uint32_t state[624];
  int32_t left, next;
  bool hasNormalFloat, hasNormalDouble;
  float normalFloat;
  double normalDouble;

  void reseed(uint64_t value);
  uint32_t random();
  uint64_t random64() {
    uint64_t high = random();
    return high << 32 | random();
  }
  float uniformFloat() { return static_cast<float>(random() & 0xffffff) * 0x1p-24f; }
  double uniformDouble() { return static_cast<double>(random64() & ((1ull << 53) - 1)) * 0x1p-53; }
  double normalDoubleNext(); ///< mean 0, deviation 1
};
inline constexpr uint64_t kDefaultSeed = 67280421310721ull;

/// The generator of a call: the argument when it is one, else the instance's. Null with the error
/// set when there is none.
Generator *generatorOf(Context &cx, const Value &argument);
Generator *defaultGenerator(Context &cx);
Ref<Generator> newGenerator(Context &cx, uint64_t seed);

// ---- Filling; any floating (or integer) dtype and strides, in row-major order, as PyTorch's
// kernels draw.
Status fillUniform(Context &cx, Generator &g, Tensor &t, double from, double to);
Status fillNormal(Context &cx, Generator &g, Tensor &t, double mean, double deviation);
Status fillBernoulli(Context &cx, Generator &g, Tensor &t, double p);
Status fillExponential(Context &cx, Generator &g, Tensor &t, double lambda);
/// Integers in [from, to).
Status fillRandomRange(Context &cx, Generator &g, Tensor &t, int64_t from, int64_t to);
/// The whole range of the dtype, as random_() without bounds.
Status fillRandom(Context &cx, Generator &g, Tensor &t);
/// A random permutation of 0..n-1 in an int64 buffer.
void randomPermutation(Generator &g, int64_t *out, int64_t n);

} // namespace tsc::rt
