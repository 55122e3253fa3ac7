// SPDX-License-Identifier: Apache-2.0
// Random tensors: rand, randn, randint, randperm, the in-place distributions and sampling. The
// generator draws as PyTorch's CPU generator does, so that a seed gives the same numbers.
#include "Creation.h"
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Random.h"

using namespace tsc::rt;

// ---- By sizes: with the generator first, and without
enum class Draw { Uniform, Normal };
template <Draw D> static TensorRef drawInto(Context &cx, TensorRef t, const Value &generator) {
  TSC_TRY(t);
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  if (D == Draw::Uniform) {
    TSC_TRY(fillUniform(cx, *g, *t, 0, 1));
  } else {
    TSC_TRY(fillNormal(cx, *g, *t, 0, 1));
  }
  return t;
}
template <Draw D>
static TensorRef drawSizesWith(Context &cx, IntList size, const Value &generator,
                               Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return drawInto<D>(cx, empty(cx, size, dtype.valueOr(cx.defaultDType)), generator);
}
template <Draw D>
static TensorRef drawSizes(Context &cx, IntList size, Optional<DType> dtype, const Value &layout,
                           Optional<Device> device, const Value &pin) {
  return drawSizesWith<D>(cx, size, makeNone(), dtype, layout, device, pin);
}
template <Draw D>
static TensorRef drawLikeWith(Context &cx, const Tensor &t, const Value &generator,
                              Optional<DType> dtype, const Value &layout, Optional<Device> device,
                              const Value &, Optional<MemoryFormat> format) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return drawInto<D>(
      cx, emptyLike(cx, t, dtype.valueOr(t.dtype), format.valueOr(MemoryFormat::Preserve)),
      generator);
}
template <Draw D>
static TensorRef drawLike(Context &cx, const Tensor &t, Optional<DType> dtype, const Value &layout,
                          Optional<Device> device, const Value &pin,
                          Optional<MemoryFormat> format) {
  return drawLikeWith<D>(cx, t, makeNone(), dtype, layout, device, pin, format);
}
TSC_KERNEL(aten_rand, drawSizes<Draw::Uniform>)
TSC_KERNEL(aten_rand_generator, drawSizesWith<Draw::Uniform>)
TSC_KERNEL(aten_rand_like, drawLike<Draw::Uniform>)
TSC_KERNEL(aten_rand_like_generator, drawLikeWith<Draw::Uniform>)
TSC_KERNEL(aten_randn, drawSizes<Draw::Normal>)
TSC_KERNEL(aten_randn_generator, drawSizesWith<Draw::Normal>)
TSC_KERNEL(aten_randn_like, drawLike<Draw::Normal>)
TSC_KERNEL(aten_randn_like_generator, drawLikeWith<Draw::Normal>)

// ---- Integers
static TensorRef drawIntegers(Context &cx, TensorRef t, int64_t low, int64_t high,
                              const Value &generator) {
  TSC_TRY(t);
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TSC_TRY(fillRandomRange(cx, *g, *t, low, high));
  return t;
}
static TensorRef randintLowWith(Context &cx, int64_t low, int64_t high, IntList size,
                                const Value &generator, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return drawIntegers(cx, empty(cx, size, dtype.valueOr(DType::Int64)), low, high, generator);
}
static TensorRef randintLow(Context &cx, int64_t low, int64_t high, IntList size,
                            Optional<DType> dtype, const Value &layout, Optional<Device> device,
                            const Value &pin) {
  return randintLowWith(cx, low, high, size, makeNone(), dtype, layout, device, pin);
}
static TensorRef randintWith(Context &cx, int64_t high, IntList size, const Value &generator,
                             Optional<DType> dtype, const Value &layout, Optional<Device> device,
                             const Value &pin) {
  return randintLowWith(cx, 0, high, size, generator, dtype, layout, device, pin);
}
static TensorRef randint(Context &cx, int64_t high, IntList size, Optional<DType> dtype,
                         const Value &layout, Optional<Device> device, const Value &pin) {
  return randintLowWith(cx, 0, high, size, makeNone(), dtype, layout, device, pin);
}
TSC_KERNEL(aten_randint, randint)
TSC_KERNEL(aten_randint_generator, randintWith)
TSC_KERNEL(aten_randint_low, randintLow)
TSC_KERNEL(aten_randint_low_generator, randintLowWith)

static TensorRef randintLikeLow(Context &cx, const Tensor &t, int64_t low, int64_t high,
                                Optional<DType> dtype, TSC_PLACEMENT,
                                Optional<MemoryFormat> format) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return drawIntegers(
      cx, emptyLike(cx, t, dtype.valueOr(t.dtype), format.valueOr(MemoryFormat::Preserve)), low,
      high, makeNone());
}
static TensorRef randintLike(Context &cx, const Tensor &t, int64_t high, Optional<DType> dtype,
                             const Value &layout, Optional<Device> device, const Value &pin,
                             Optional<MemoryFormat> format) {
  return randintLikeLow(cx, t, 0, high, dtype, layout, device, pin, format);
}
static TensorRef randintLikeTensor(Context &cx, const Tensor &t, const Tensor &high,
                                   Optional<DType> dtype, const Value &layout,
                                   Optional<Device> device, const Value &pin,
                                   Optional<MemoryFormat> format) {
  if (high.numel != 1)
    return cx.fail("high must be a scalar tensor and on CPU");
  return randintLikeLow(cx, t, 0, high.item().toInt(), dtype, layout, device, pin, format);
}
TSC_KERNEL(aten_randint_like, randintLike)
TSC_KERNEL(aten_randint_like_low_dtype, randintLikeLow)
TSC_KERNEL(aten_randint_like_Tensor, randintLikeTensor)

static TensorRef randpermWith(Context &cx, int64_t n, const Value &generator, Optional<DType> dtype,
                              TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  if (n < 0)
    return cx.fail("n must be non-negative, got %lld", static_cast<long long>(n));
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TensorRef t = empty(cx, Shape::of(n), DType::Int64);
  TSC_TRY(t);
  randomPermutation(*g, t->ptr<int64_t>(), n);
  return toDType(cx, *t, dtype.valueOr(DType::Int64));
}
static TensorRef randperm(Context &cx, int64_t n, Optional<DType> dtype, const Value &layout,
                          Optional<Device> device, const Value &pin) {
  return randpermWith(cx, n, makeNone(), dtype, layout, device, pin);
}
TSC_KERNEL(aten_randperm, randperm)
TSC_KERNEL(aten_randperm_generator, randpermWith)

// ---- In place, with the functional form that draws into a tensor like its argument
template <auto Fn> struct Random;
template <class... A, Status (*Fn)(Context &, Generator &, Tensor &, A...)> struct Random<Fn> {
  static TensorRef inPlace(Context &cx, Tensor &t, A... a, const Value &generator) {
    Generator *g = generatorOf(cx, generator);
    TSC_TRY(g != nullptr);
    TSC_TRY(Fn(cx, *g, t, a...));
    return same(t);
  }
  static TensorRef fresh(Context &cx, const Tensor &t, A... a, const Value &generator) {
    TensorRef made = emptyLike(cx, t);
    TSC_TRY(made);
    return inPlace(cx, *made, a..., generator);
  }
};

/// The largest integer that a dtype holds together with all below it.
static int64_t largestRandom(DType dtype) {
  switch (dtype) {
  case DType::Bool:
    return 1;
  case DType::Float64:
    return 1ll << 53;
  case DType::Float32:
    return 1ll << 24;
  case DType::Float16:
    return 1ll << 11;
  case DType::BFloat16:
    return 1ll << 8;
  default: {
    int bits = tsc::dtypeBytes(dtype) * 8 - (findDType(dtype)->isSigned ? 1 : 0);
    return bits >= 63 ? INT64_MAX : (1ll << bits) - 1;
  }
  }
}
static Status drawRandom(Context &cx, Generator &g, Tensor &t, int64_t from, Optional<int64_t> to) {
  if (to)
    return fillRandomRange(cx, g, t, from, *to);
  int64_t top = largestRandom(t.dtype);
  if (from > top)
    return cx.fail("random_ expects 'from' to be at most %lld, but got from=%lld",
                   static_cast<long long>(top), static_cast<long long>(from));
  uint64_t range = static_cast<uint64_t>(top) - static_cast<uint64_t>(from) + 1;
  TensorRef wide = empty(cx, t.shape(), DType::Int64);
  TSC_TRY(wide);
  for (int64_t i = 0; i < wide->numel; ++i) {
    uint64_t drawn = range == 0 || range >= 1ull << 32 ? g.random64() : g.random();
    wide->ptr<int64_t>()[i] =
        static_cast<int64_t>((range ? drawn % range : drawn) + static_cast<uint64_t>(from));
  }
  return copyInto(cx, t, *wide);
}
static Status drawRandomTo(Context &cx, Generator &g, Tensor &t, int64_t to) {
  return fillRandomRange(cx, g, t, 0, to);
}
/// Draws each element by `draw`, a function of a uniform number in [0, 1).
template <class F> static Status drawEach(Context &cx, Generator &g, Tensor &t, F draw) {
  if (!t.isFloating())
    return cx.fail("expected a floating point tensor, got %s", findDType(t.dtype)->torchName);
  TensorRef numbers = empty(cx, t.shape(), DType::Float64);
  TSC_TRY(numbers);
  for (int64_t i = 0; i < t.numel; ++i)
    numbers->ptr<double>()[i] = draw();
  return copyInto(cx, t, *numbers);
}
static Status drawCauchy(Context &cx, Generator &g, Tensor &t, double median, double sigma) {
  if (!(sigma > 0))
    return cx.fail("cauchy_ expects sigma > 0.0, but found sigma=%g", sigma);
  return drawEach(cx, g, t,
                  [&] { return median + sigma * std::tan(M_PI * (g.uniformDouble() - 0.5)); });
}
static Status drawLogNormal(Context &cx, Generator &g, Tensor &t, double mean, double deviation) {
  if (!(deviation > 0))
    return cx.fail("log_normal_ expects std > 0.0, but found std=%g", deviation);
  return drawEach(cx, g, t, [&] { return std::exp(g.normalDoubleNext() * deviation + mean); });
}
static Status drawGeometric(Context &cx, Generator &g, Tensor &t, double p) {
  if (!(p > 0 && p < 1))
    return cx.fail("geometric_ expects p to be in (0, 1), but got p=%g", p);
  TensorRef numbers = empty(cx, t.shape(), DType::Float64);
  TSC_TRY(numbers);
  for (int64_t i = 0; i < t.numel; ++i)
    numbers->ptr<double>()[i] = std::ceil(std::log(g.uniformDouble()) / std::log1p(-p));
  return copyInto(cx, t, *numbers);
}
TSC_KERNEL(aten_uniform_, Random<fillUniform>::inPlace)
TSC_KERNEL(aten_uniform, Random<fillUniform>::fresh)
TSC_KERNEL(aten_normal_, Random<fillNormal>::inPlace)
TSC_KERNEL(aten_normal_functional, Random<fillNormal>::fresh)
TSC_KERNEL(aten_exponential_, Random<fillExponential>::inPlace)
TSC_KERNEL(aten_exponential, Random<fillExponential>::fresh)
TSC_KERNEL(aten_cauchy_, Random<drawCauchy>::inPlace)
TSC_KERNEL(aten_cauchy, Random<drawCauchy>::fresh)
TSC_KERNEL(aten_log_normal_, Random<drawLogNormal>::inPlace)
TSC_KERNEL(aten_log_normal, Random<drawLogNormal>::fresh)
TSC_KERNEL(aten_geometric_, Random<drawGeometric>::inPlace)
TSC_KERNEL(aten_geometric, Random<drawGeometric>::fresh)
TSC_KERNEL(aten_random_, Random<fillRandom>::inPlace)
TSC_KERNEL(aten_random, Random<fillRandom>::fresh)
TSC_KERNEL(aten_random__from, Random<drawRandom>::inPlace)
TSC_KERNEL(aten_random_from, Random<drawRandom>::fresh)
TSC_KERNEL(aten_random__to, Random<drawRandomTo>::inPlace)
TSC_KERNEL(aten_random_to, Random<drawRandomTo>::fresh)

// ---- Bernoulli
/// Zeros and ones where each element of `p`, broadcast to t, is the probability.
static Status drawBernoulliEach(Context &cx, Generator &g, Tensor &t, const Tensor &p) {
  if (!p.isFloating())
    return cx.fail("expected probabilities tensor to have floating type, got %s",
                   findDType(p.dtype)->graphName);
  TensorRef wide = expand(cx, p, t.shape());
  TSC_TRY(wide);
  TensorRef chances = contiguousAs(cx, *wide, DType::Float64);
  TSC_TRY(chances);
  TensorRef drawn = empty(cx, t.shape(), DType::Bool);
  TSC_TRY(drawn);
  for (int64_t i = 0; i < t.numel; ++i) {
    double chance = chances->ptr<double>()[i];
    if (!(chance >= 0 && chance <= 1))
      return cx.fail("Expected p_in >= 0 && p_in <= 1 to be true, but got false.");
    double u =
        p.dtype == DType::Float64 ? g.uniformDouble() : static_cast<double>(g.uniformFloat());
    drawn->ptr<bool>()[i] = u < chance;
  }
  return copyInto(cx, t, *drawn);
}
static TensorRef bernoulliOf(Context &cx, const Tensor &p, const Value &generator) {
  TensorRef made = emptyLike(cx, p);
  TSC_TRY(made);
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TSC_TRY(drawBernoulliEach(cx, *g, *made, p));
  return made;
}
TSC_KERNEL(aten_bernoulli, bernoulliOf)
TSC_KERNEL(aten_bernoulli_p, Random<fillBernoulli>::fresh)
TSC_KERNEL(aten_bernoulli__float, Random<fillBernoulli>::inPlace)
TSC_KERNEL(aten_bernoulli_Tensor, Random<drawBernoulliEach>::fresh)
TSC_KERNEL(aten_bernoulli__Tensor, Random<drawBernoulliEach>::inPlace)

// ---- normal with tensors as mean and deviation
static TensorRef normalOf(Context &cx, const Operand &mean, const Operand &deviation,
                          const Tensor &like, const Value &generator) {
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  Shape sizes = like.shape();
  if (mean.tensor && deviation.tensor) {
    TSC_ASSIGN(sizes, broadcastShapes(cx, mean.tensor->shape(), deviation.tensor->shape()));
  }
  DType dtype = computeResultType(cx, mean.tensor ? &mean : &deviation, 1);
  TensorRef drawn = empty(cx, sizes, dtype);
  TSC_TRY(drawn);
  TSC_TRY(fillNormal(cx, *g, *drawn, 0, 1));
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "normal", {}, [](auto x, auto m, auto d) { return x * d + m; },
      inputs(drawn, mean, deviation));
}
static TensorRef normalTensorFloat(Context &cx, const Tensor &mean, double deviation,
                                   const Value &generator) {
  if (deviation < 0)
    return cx.fail("normal expects std >= 0.0, but found std %g", deviation);
  return normalOf(cx, mean, Scalar(deviation), mean, generator);
}
static TensorRef normalFloatTensor(Context &cx, double mean, const Tensor &deviation,
                                   const Value &generator) {
  return normalOf(cx, Scalar(mean), deviation, deviation, generator);
}
static TensorRef normalTensors(Context &cx, const Tensor &mean, const Tensor &deviation,
                               const Value &generator) {
  return normalOf(cx, mean, deviation, mean, generator);
}
static TensorRef normalSizes(Context &cx, double mean, double deviation, IntList size,
                             const Value &generator, Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  TensorRef made = empty(cx, size, dtype.valueOr(cx.defaultDType));
  TSC_TRY(made);
  return Random<fillNormal>::inPlace(cx, *made, mean, deviation, generator);
}
TSC_KERNEL(aten_normal_Tensor_float, normalTensorFloat)
TSC_KERNEL(aten_normal_float_Tensor, normalFloatTensor)
TSC_KERNEL(aten_normal_Tensor_Tensor, normalTensors)
TSC_KERNEL(aten_normal_float_float, normalSizes)

// ---- Sampling
/// One row: indices drawn by their weights, by the largest weight / exponential for draws without
/// replacement and for single draws, else by the cumulated distribution.
static Status sampleRow(Context &cx, Generator &g, const double *weights, int64_t n, bool replace,
                        int64_t *out, int64_t count, Vector<double> &work) {
  double total = 0;
  int64_t positive = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!(weights[i] >= 0) || std::isinf(weights[i]))
      return cx.fail("probability tensor contains either `inf`, `nan` or element < 0");
    total += weights[i];
    positive += weights[i] > 0;
  }
  if (!(total > 0))
    return cx.fail("invalid multinomial distribution (sum of probabilities <= 0)");
  if (!replace && positive < count)
    return cx.fail("invalid multinomial distribution (with replacement=False, not enough "
                   "non-negative category to sample)");
  work.clear();
  TSC_TRY(work.resize(cx, n));
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    work[i] = replace ? (sum += weights[i] / total) : weights[i] / -std::log1p(-g.uniformDouble());
  for (int64_t s = 0; s < count; ++s) {
    int64_t best = 0;
    if (replace) {
      double u = g.uniformDouble();
      while (best + 1 < n && !(work[best] > u && weights[best] > 0))
        ++best;
    } else {
      for (int64_t i = 1; i < n; ++i)
        best = work[i] > work[best] ? i : best;
      work[best] = -1;
    }
    out[s] = best;
  }
  return success();
}
static TensorRef multinomialOf(Context &cx, const Tensor &t, int64_t count, bool replace,
                               const Value &generator) {
  if (t.rank < 1 || t.rank > 2)
    return cx.fail("prob_dist must be 1 or 2 dim");
  if (!t.isFloating())
    return cx.fail("multinomial only supports floating-point dtypes for input, got: %s",
                   findDType(t.dtype)->graphName);
  int64_t n = t.size(-1);
  if (count <= 0)
    return cx.fail("cannot sample n_sample <= 0 samples");
  if (!replace && count > n)
    return cx.fail("cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TensorRef weights = contiguousAs(cx, t, DType::Float64);
  TSC_TRY(weights);
  Shape sizes = t.shape();
  sizes.back() = count;
  TensorRef made = empty(cx, sizes, DType::Int64);
  TSC_TRY(made);
  Vector<double> work;
  for (int64_t row = 0; n && row < t.numel / n; ++row)
    TSC_TRY(sampleRow(cx, *g, weights->ptr<double>() + row * n, n, replace && count > 1,
                      made->ptr<int64_t>() + row * count, count, work));
  return made;
}
TSC_KERNEL(aten_multinomial, multinomialOf)

/// A Poisson number: small means count exponential gaps, others use Hoermann's transformed
/// rejection (PTRS, 1993).
static double drawPoisson(Generator &g, double mean) {
  if (mean < 10) {
    double limit = std::exp(-mean), product = 1, count = 0;
    if (mean == 0)
      return 0;
    while ((product *= g.uniformDouble()) > limit)
      ++count;
    return count;
  }
  double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  double scale = 1.1239 + 1.1328 / (b - 3.4), accept = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double u = g.uniformDouble() - 0.5, v = g.uniformDouble(), edge = 0.5 - std::fabs(u);
    double k = std::floor((2 * a / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= accept)
      return k;
    if (k < 0 || (edge < 0.013 && v > edge))
      continue;
    if (std::log(v) + std::log(scale) - std::log(a / (edge * edge) + b) <=
        -mean + k * std::log(mean) - std::lgamma(k + 1))
      return k;
  }
}
static TensorRef poissonOf(Context &cx, const Tensor &t, const Value &generator) {
  Generator *g = generatorOf(cx, generator);
  TSC_TRY(g != nullptr);
  TensorRef means = contiguousAs(cx, t, DType::Float64);
  TSC_TRY(means);
  TensorRef drawn = empty(cx, t.shape(), DType::Float64);
  TSC_TRY(drawn);
  for (int64_t i = 0; i < t.numel; ++i) {
    double mean = means->ptr<double>()[i];
    if (!(mean >= 0) || mean > 1e8)
      return cx.fail("expected a mean in [0, 1e8] for a Poisson distribution, got %g", mean);
    drawn->ptr<double>()[i] = drawPoisson(*g, mean);
  }
  return toDType(cx, *drawn, t.dtype);
}
TSC_KERNEL(aten_poisson, poissonOf)
