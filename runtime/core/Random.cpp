// SPDX-License-Identifier: Apache-2.0
// mt19937 and the distributions over it. The order of draws is PyTorch's: row-major over the
// elements, two 32-bit draws for a double (high word first), and for 16 or more contiguous normals
// uniforms first, then Box-Muller on groups of 16.
#include "tsc/runtime/Random.h"
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Loops.h"

#include <cmath>
#include <cstdlib>

namespace tsc::rt {

void Generator::reseed(uint64_t value) {
  seed = value;
  state[0] = static_cast<uint32_t>(value);
  for (uint32_t i = 1; i < 624; ++i)
    state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
  left = 1, next = 0;
  hasNormalFloat = hasNormalDouble = false;
}

static void nextState(Generator &g) {
  auto twist = [](uint32_t u, uint32_t v) {
    return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ (v & 1 ? 0x9908b0dfu : 0u);
  };
  for (int i = 0; i < 624; ++i)
    g.state[i] = g.state[(i + 397) % 624] ^ twist(g.state[i], g.state[(i + 1) % 624]);
  g.left = 624, g.next = 0;
}

uint32_t Generator::random() {
  if (--left == 0)
    nextState(*this);
  uint32_t y = state[next++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

double Generator::normalDoubleNext() {
  if (hasNormalDouble) {
    hasNormalDouble = false;
    return normalDouble;
  }
  double u1 = uniformDouble(), u2 = uniformDouble();
  double radius = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  normalDouble = radius * std::sin(theta);
  hasNormalDouble = true;
  return radius * std::cos(theta);
}

Ref<Generator> newGenerator(Context &cx, uint64_t seed) {
  Generator *g = static_cast<Generator *>(allocateBytes(cx, sizeof(Generator)));
  if (!g)
    return Failed;
  std::memset(static_cast<void *>(g), 0, sizeof(Generator));
  g->head = {1, &kGeneratorType};
  g->reseed(seed);
  return Ref<Generator>::adopt(g);
}

Generator *defaultGenerator(Context &cx) {
  if (!cx.generator)
    (void)cx.fail("the context has no random number generator");
  return cx.generator;
}
Generator *generatorOf(Context &cx, const Value &argument) {
  if (argument.tag == Tag::Generator)
    return reinterpret_cast<Generator *>(argument.payload.p);
  return defaultGenerator(cx);
}

/// The dims as memory has them: the longest stride first.
static Shape memoryOrder(const Tensor &t) {
  Shape order;
  for (int64_t d = 0; d < t.rank; ++d) {
    int64_t at = order.count;
    while (at > 0 && t.strides[order[at - 1]] < t.strides[d])
      --at;
    order.insert(at, d);
  }
  return order;
}

/// Draws an element at a time in the order of memory and stores it converted.
template <class C, class F> static Status fillSerial(Context &cx, Tensor &t, F draw) {
  StoreFunction<C> store = storer<C>(t.dtype);
  int64_t index[kMaxRank] = {};
  Shape order = memoryOrder(t);
  char *p = t.base();
  int64_t bytes = t.itemsize();
  for (int64_t i = 0; i < t.numel; ++i) {
    C value = draw();
    store(p, bytes, &value, 1);
    for (int64_t k = t.rank - 1; k >= 0; --k) {
      int64_t d = order[k];
      p += t.strides[d] * bytes;
      if (++index[d] < t.sizes[d])
        break;
      p -= t.sizes[d] * t.strides[d] * bytes;
      index[d] = 0;
    }
  }
  return success();
}

/// Significant bits of a floating dtype.
static int digitsOf(DType dtype) {
  return dtype == DType::Float64    ? 53
         : dtype == DType::Float16  ? 11
         : dtype == DType::BFloat16 ? 8
                                    : 24;
}

Status fillUniform(Context &cx, Generator &g, Tensor &t, double from, double to) {
  if (!t.isFloating())
    return cx.fail("uniform_ expects a floating point tensor, got %s",
                   findDType(t.dtype)->torchName);
  if (t.dtype == DType::Float64)
    return fillSerial<double>(cx, t, [&] { return g.uniformDouble() * (to - from) + from; });
  float low = static_cast<float>(from), width = static_cast<float>(to) - low;
  return fillSerial<float>(cx, t, [&] { return g.uniformFloat() * width + low; });
}

template <class T> static void boxMuller(T *x, T mean, T deviation) {
  for (int i = 0; i < 8; ++i) {
    T radius = std::sqrt(T(-2) * std::log(T(1) - x[i])), theta = T(2.0 * M_PI) * x[i + 8];
    x[i] = radius * std::cos(theta) * deviation + mean;
    x[i + 8] = radius * std::sin(theta) * deviation + mean;
  }
}
/// Draws uniforms for the first `drawn` elements, transforms groups of 16, and draws the last 16
/// anew when n is no multiple of 16.
template <class T>
static void fillNormalRun(Generator &g, T *x, int64_t n, T mean, T deviation, int64_t drawn) {
  auto draw = [&] {
    return static_cast<T>(sizeof(T) == 8 ? g.uniformDouble()
                                         : static_cast<double>(g.uniformFloat()));
  };
  for (int64_t i = 0; i < drawn; ++i)
    x[i] = draw();
  for (int64_t i = 0; i + 15 < n; i += 16)
    boxMuller(x + i, mean, deviation);
  if (n % 16 == 0)
    return;
  for (int64_t i = n - 16; i < n; ++i)
    x[i] = draw();
  boxMuller(x + n - 16, mean, deviation);
}

Status fillNormal(Context &cx, Generator &g, Tensor &t, double mean, double deviation) {
  if (deviation < 0)
    return cx.fail("normal expects std >= 0.0, but found std %g", deviation);
  if (t.isComplex()) {
    Shape sizes = t.shape(), strides = t.stridesList();
    for (int64_t &s : strides)
      s *= 2;
    if (sizes.size() == kMaxRank)
      return cx.fail("normal_ of complex tensors of %d dimensions is not supported",
                     static_cast<int>(kMaxRank));
    sizes.push(2), strides.push(1);
    TensorRef parts = viewAs(cx, t, toReal(t.dtype), sizes, strides);
    TSC_TRY(parts);
    TSC_TRY(fillNormal(cx, g, *parts, 0, deviation * M_SQRT1_2));
    if (mean == 0)
      return success();
    TensorRef shifted = elementwise<kComplex, Promote::Keep>(
        cx, "normal", {}, [](auto x, auto m) { return x + m; }, inputs(t), constants(mean));
    TSC_TRY(shifted);
    return copyInto(cx, t, *shifted);
  }
  if (!t.isFloating())
    return cx.fail("normal_ expects a floating point tensor, got %s",
                   findDType(t.dtype)->torchName);
  if (t.numel < 16 || !t.isContiguous())
    return fillSerial<double>(cx, t, [&] { return g.normalDoubleNext() * deviation + mean; });
  if (t.dtype == DType::Float64)
    return fillNormalRun<double>(g, t.ptr<double>(), t.numel, mean, deviation, t.numel), success();
  if (t.dtype == DType::Float32)
    return fillNormalRun<float>(g, t.ptr<float>(), t.numel, static_cast<float>(mean),
                                static_cast<float>(deviation), t.numel),
           success();
  TensorRef wide = empty(cx, t.shape(), DType::Float32);
  TSC_TRY(wide);
  fillNormalRun<float>(g, wide->ptr<float>(), t.numel, static_cast<float>(mean),
                       static_cast<float>(deviation), t.numel / 16 * 16);
  return copyInto(cx, t, *wide);
}

Status fillBernoulli(Context &cx, Generator &g, Tensor &t, double p) {
  if (!(p >= 0 && p <= 1))
    return cx.fail("bernoulli_ expects p to be in [0, 1], but got p=%g", p);
  return fillSerial<bool>(cx, t, [&] { return g.uniformDouble() < p; });
}
Status fillExponential(Context &cx, Generator &g, Tensor &t, double lambda) {
  if (!(lambda > 0))
    return cx.fail("exponential_ expects lambda > 0.0, but found lambda=%g", lambda);
  return fillSerial<double>(cx, t, [&] { return -1.0 / lambda * std::log1p(-g.uniformDouble()); });
}

Status fillRandomRange(Context &cx, Generator &g, Tensor &t, int64_t from, int64_t to) {
  if (from >= to)
    return cx.fail("random_ expects 'from' to be less than 'to', but got from=%lld >= to=%lld",
                   static_cast<long long>(from), static_cast<long long>(to));
  uint64_t range = static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
  return fillSerial<int64_t>(cx, t, [&] {
    uint64_t drawn = range >= 1ull << 32 ? g.random64() : g.random();
    return static_cast<int64_t>(drawn % range + static_cast<uint64_t>(from));
  });
}
Status fillRandom(Context &cx, Generator &g, Tensor &t) {
  if (t.isFloating()) {
    uint64_t top = (1ull << digitsOf(t.dtype)) + 1;
    bool wide = t.dtype == DType::Float64;
    return fillSerial<double>(
        cx, t, [&] { return static_cast<double>((wide ? g.random64() : g.random()) % top); });
  }
  if (t.isComplex())
    return cx.fail("random_ is not defined for complex tensors");
  int bits = t.dtype == DType::Bool
                 ? 1
                 : static_cast<int>(t.itemsize()) * 8 - (findDType(t.dtype)->isSigned ? 1 : 0);
  uint64_t mask = bits >= 64 ? ~0ull : (1ull << bits) - 1;
  return fillSerial<int64_t>(
      cx, t, [&] { return static_cast<int64_t>((bits > 32 ? g.random64() : g.random()) & mask); });
}

void randomPermutation(Generator &g, int64_t *out, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    out[i] = i;
  for (int64_t i = 0; i + 1 < n; ++i) {
    int64_t z = static_cast<int64_t>(g.random() % static_cast<uint64_t>(n - i));
    int64_t saved = out[i];
    out[i] = out[z + i], out[z + i] = saved;
  }
}

} // namespace tsc::rt
