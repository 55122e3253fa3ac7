// SPDX-License-Identifier: Apache-2.0
// Normalization over the batch: each channel is scaled and shifted by numbers found once, from
// running statistics or from the batch itself. Dense layouts with channels first or last are read
// as they lie.
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// The input as [outer, channels, inner] with equal strides for all.
struct Planes {
  int64_t outer, channels, inner;
  bool last; ///< channels lie innermost: inner is 1
};
Planes planesOf(const Tensor &t) {
  Planes p{t.sizes[0], t.sizes[1], 1, false};
  for (int64_t d = 2; d < t.rank; ++d)
    p.inner *= t.sizes[d];
  p.last = !t.isContiguous();
  if (p.last)
    p.outer *= p.inner, p.inner = 1;
  return p;
}

/// Mean and the sum of squared distances from it, of one channel.
template <class T>
void momentsOf(const T *x, const Planes &p, int64_t channel, double &mean, double &squares) {
  double sum = 0;
  int64_t count = p.outer * p.inner;
  for (int64_t o = 0; o < p.outer; ++o) {
    const T *row = x + (o * p.channels + channel) * p.inner;
    double part = 0;
    for (int64_t i = 0; i < p.inner; ++i)
      part += row[i];
    sum += part;
  }
  mean = sum / static_cast<double>(count);
  squares = 0;
  for (int64_t o = 0; o < p.outer; ++o) {
    const T *row = x + (o * p.channels + channel) * p.inner;
    double part = 0;
    for (int64_t i = 0; i < p.inner; ++i)
      part += (row[i] - mean) * (row[i] - mean);
    squares += part;
  }
}

template <class T>
void scaleChannels(Context &cx, const Planes &p, const T *from, T *to, const T *scale,
                   const T *shift) {
  if (p.last) {
    parallelFor(cx, 0, p.outer, 16384 / (p.channels + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        for (int64_t c = 0; c < p.channels; ++c)
          to[o * p.channels + c] = from[o * p.channels + c] * scale[c] + shift[c];
    });
    return;
  }
  parallelFor(cx, 0, p.outer * p.channels, 16384 / (p.inner + 1) + 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; ++row) {
                  T a = scale[row % p.channels], b = shift[row % p.channels];
                  const T *x = from + row * p.inner;
                  T *y = to + row * p.inner;
#pragma clang loop vectorize(assume_safety)
                  for (int64_t i = 0; i < p.inner; ++i)
                    y[i] = x[i] * a + b;
                }
              });
}

/// The operands of one call. Statistics and parameters may have another float dtype than the input.
struct Call {
  OptTensor weight, bias, mean, variance;
  bool training;
  double momentum, eps;
  DType stats = DType::Undefined; ///< that statistics are saved in
};
struct Normalized {
  TensorRef out, mean, inverse;
};

Status checkCall(Context &cx, const Tensor &input, const Call &c) {
  if (input.rank < 2)
    return cx.fail("batch_norm: expected at least 2 dims, got %lld", wide(input.rank));
  if (!input.isFloating())
    return unsupportedDType(cx, "batch_norm", input.dtype);
  const struct {
    const OptTensor &tensor;
    const char *name;
  } parts[] = {{c.weight, "weight"},
               {c.bias, "bias"},
               {c.mean, "running_mean"},
               {c.variance, "running_var"}};
  for (auto &part : parts)
    if (part.tensor && part.tensor->numel != input.sizes[1])
      return cx.fail("%s should contain %lld elements not %lld", part.name, wide(input.sizes[1]),
                     wide(part.tensor->numel));
  if (!c.training && !(c.mean && c.variance))
    return cx.fail("Expected running_mean and running_var to be defined when training=False");
  return success();
}

/// running = (1 - momentum) * running + momentum * value, for all channels.
Status updateRunning(Context &cx, const Tensor *running, double momentum, const double *values) {
  if (!running)
    return success();
  char *at = running->base();
  int64_t step = running->rank ? running->strides[running->rank - 1] * running->itemsize() : 0;
  for (int64_t c = 0; c < running->numel; ++c) {
    double old = loadScalar(at + c * step, running->dtype).toDouble();
    storeScalar(at + c * step, running->dtype, Scalar((1 - momentum) * old + momentum * values[c]));
  }
  return success();
}

template <class T>
Status normalize(Context &cx, const Tensor &x, Tensor &y, const Call &c, double *means,
                 double *inverses) {
  Planes p = planesOf(x);
  Vector<double> variances;
  TSC_TRY(variances.resize(cx, p.channels));
  int64_t count = p.outer * p.inner;
  if (c.training) {
    parallelFor(cx, 0, p.channels, 16384 / (count + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        momentsOf(x.ptr<T>(), p, i, means[i], variances[i]);
    });
    TSC_TRY(updateRunning(cx, c.mean.tensor, c.momentum, means));
    for (int64_t i = 0; i < p.channels; ++i)
      variances[i] /= static_cast<double>(count - 1);
    TSC_TRY(updateRunning(cx, c.variance.tensor, c.momentum, variances.data()));
    for (int64_t i = 0; i < p.channels; ++i)
      variances[i] *= static_cast<double>(count - 1) / static_cast<double>(count);
    if (count == 1)
      for (double &v : variances)
        v = 0;
  } else {
    for (int64_t i = 0; i < p.channels; ++i)
      means[i] = c.mean->at(i).toDouble(), variances[i] = c.variance->at(i).toDouble();
  }
  // Statistics that are saved in a small float are used as they are saved.
  auto saved = [&](double v) {
    return c.stats == DType::Float16 ? static_cast<double>(static_cast<Half>(static_cast<float>(v)))
           : c.stats == DType::BFloat16 ? static_cast<double>(BFloat16(static_cast<float>(v)))
                                        : v;
  };
  Vector<T> scale, shift;
  TSC_TRY(scale.resize(cx, p.channels));
  TSC_TRY(shift.resize(cx, p.channels));
  for (int64_t i = 0; i < p.channels; ++i) {
    inverses[i] = 1 / std::sqrt(variances[i] + c.eps);
    if (c.training)
      means[i] = saved(means[i]), inverses[i] = saved(inverses[i]);
    double a = inverses[i] * (c.weight ? c.weight->at(i).toDouble() : 1);
    scale[i] = static_cast<T>(a);
    shift[i] = static_cast<T>((c.bias ? c.bias->at(i).toDouble() : 0) - means[i] * a);
  }
  scaleChannels(cx, p, x.ptr<T>(), y.ptr<T>(), scale.data(), shift.data());
  return success();
}

Status batchNormInto(Context &cx, const Tensor &input, Call c, Normalized &n) {
  TSC_TRY(checkCall(cx, input, c));
  DType work = computeDType(input.dtype);
  DType stats = c.mean ? c.mean->dtype : c.weight ? c.weight->dtype : input.dtype;
  c.stats = stats;
  MemoryFormat format = input.isContiguous()       ? MemoryFormat::Contiguous
                        : input.isChannelsLast()   ? MemoryFormat::ChannelsLast
                        : input.isChannelsLast3d() ? MemoryFormat::ChannelsLast3d
                                                   : MemoryFormat::Contiguous;
  TensorRef x = toDType(cx, input, work);
  TSC_TRY(x);
  x = contiguous(cx, *x, format);
  int64_t channels = input.sizes[1];
  n.out = emptyFormat(cx, input.shape(), work, format);
  n.mean = empty(cx, Shape::of(channels), DType::Float64);
  n.inverse = empty(cx, Shape::of(channels), DType::Float64);
  TSC_TRY(x && n.out && n.mean && n.inverse);
  double *means = n.mean->ptr<double>(), *inverses = n.inverse->ptr<double>();
  if (input.numel)
    TSC_TRY(work == DType::Float64 ? normalize<double>(cx, *x, *n.out, c, means, inverses)
                                   : normalize<float>(cx, *x, *n.out, c, means, inverses));
  n.out = toDType(cx, *n.out, input.dtype);
  if (!c.training)
    n.mean = empty(cx, Shape::of(0), stats), n.inverse = empty(cx, Shape::of(0), stats);
  TSC_TRY(n.mean && n.inverse);
  n.mean = toDType(cx, *n.mean, stats), n.inverse = toDType(cx, *n.inverse, stats);
  TSC_TRY(n.out && n.mean && n.inverse);
  return success();
}

using Three = Results<TensorRef, TensorRef, TensorRef>;
Three nativeBatchNorm(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                      OptTensor mean, OptTensor variance, bool training, double momentum,
                      double eps) {
  Normalized n;
  TSC_TRY(batchNormInto(cx, input, {weight, bias, mean, variance, training, momentum, eps}, n));
  return Three{n.out, n.mean, n.inverse};
}
Three nativeBatchNormNoStats(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                             bool training, double momentum, double eps) {
  return nativeBatchNorm(cx, input, weight, bias, {}, {}, training, momentum, eps);
}
Three nativeBatchNormEval(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                          const Tensor &mean, const Tensor &variance, double momentum, double eps) {
  return nativeBatchNorm(cx, input, weight, bias, mean, variance, false, momentum, eps);
}
using Four = Results<TensorRef, TensorRef, TensorRef, TensorRef>;
template <bool Training>
Four batchNormReserve(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                      OptTensor mean, OptTensor variance, double momentum, double eps) {
  Normalized n;
  TSC_TRY(batchNormInto(cx, input, {weight, bias, mean, variance, Training, momentum, eps}, n));
  TensorRef reserve = empty(cx, Shape::of(0), DType::UInt8);
  TSC_TRY(reserve);
  return Four{n.out, n.mean, n.inverse, reserve};
}
using Five = Results<TensorRef, TensorRef, TensorRef, TensorRef, int64_t>;
Five batchNormIndexed(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                      OptTensor mean, OptTensor variance, bool training, double momentum,
                      double eps, bool cudnn) {
  Normalized n;
  TSC_TRY(batchNormInto(cx, input, {weight, bias, mean, variance, training, momentum, eps}, n));
  TensorRef reserve = empty(cx, Shape::of(0), DType::UInt8);
  TSC_TRY(reserve);
  return Five{n.out, n.mean, n.inverse, reserve, 0};
}
TensorRef batchNorm(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                    OptTensor mean, OptTensor variance, bool training, double momentum, double eps,
                    bool cudnn) {
  Normalized n;
  TSC_TRY(batchNormInto(cx, input, {weight, bias, mean, variance, training, momentum, eps}, n));
  return n.out;
}

/// A batch norm of [1, N * C, ...]: every image has its own statistics.
TensorRef instanceNorm(Context &cx, const Tensor &input, OptTensor weight, OptTensor bias,
                       OptTensor mean, OptTensor variance, bool useInput, double momentum,
                       double eps, bool cudnn) {
  if (input.rank < 2)
    return cx.fail("instance_norm: expected at least 2 dims, got %lld", wide(input.rank));
  if (!useInput && !(mean && variance))
    return cx.fail("Expected running_mean and running_var to be defined when use_input_stats is "
                   "false");
  int64_t batch = input.sizes[0], channels = input.sizes[1];
  auto repeated = [&](OptTensor t, DType dtype) -> TensorRef {
    TensorRef flat = expand(cx, *t, Shape::of(batch, t->numel));
    TSC_TRY(flat);
    TensorRef copy = contiguousAs(cx, *flat, dtype);
    TSC_TRY(copy);
    return clone(cx, *copy);
  };
  TensorRef parts[4];
  OptTensor given[4] = {weight, bias, mean, variance}, used[4];
  for (int i = 0; i < 4; ++i)
    if (given[i]) {
      if (given[i]->numel != channels || given[i]->rank != 1)
        return cx.fail("instance_norm: expected parameters of %lld elements, got %lld",
                       wide(channels), wide(given[i]->numel));
      parts[i] = repeated(given[i], given[i]->dtype);
      TSC_TRY(parts[i]);
      parts[i] = view(cx, *parts[i], Shape::of(batch * channels));
      TSC_TRY(parts[i]);
      used[i] = *parts[i];
    }
  Shape sizes(input.shape());
  sizes[0] = 1, sizes[1] = batch * channels;
  TensorRef dense = contiguous(cx, input);
  TSC_TRY(dense);
  TensorRef x = view(cx, *dense, sizes);
  TSC_TRY(x);
  Normalized n;
  TSC_TRY(batchNormInto(cx, *x, {used[0], used[1], used[2], used[3], useInput, momentum, eps}, n));
  for (int i = 2; i < 4 && useInput; ++i)
    if (given[i]) { // the running statistics are the means over the batch
      TensorRef rows = view(cx, *parts[i], Shape::of(batch, channels));
      TSC_TRY(rows);
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (int64_t b = 0; b < batch; ++b)
          sum += rows->at(b * channels + c).toDouble();
        storeScalar(given[i]->base() + c * given[i]->strides[0] * given[i]->itemsize(),
                    given[i]->dtype, Scalar(sum / static_cast<double>(batch)));
      }
    }
  return view(cx, *n.out, input.shape());
}
} // namespace

TSC_KERNEL(aten_batch_norm, batchNorm)
TSC_KERNEL(aten_native_batch_norm, nativeBatchNorm)
TSC_KERNEL(aten__native_batch_norm_legit, nativeBatchNorm)
TSC_KERNEL(aten__native_batch_norm_legit_no_stats, nativeBatchNormNoStats)
TSC_KERNEL(aten__native_batch_norm_legit_no_training, nativeBatchNormEval)
TSC_KERNEL(aten__batch_norm_with_update, batchNormReserve<true>)
TSC_KERNEL(aten__batch_norm_no_update, batchNormReserve<false>)
TSC_KERNEL(aten__batch_norm_impl_index, batchNormIndexed)
TSC_KERNEL(aten_instance_norm, instanceNorm)
