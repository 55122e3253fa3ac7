// SPDX-License-Identifier: Apache-2.0
// Losses of classes: negative log likelihood, cross entropy, margins between classes, and CTC.
#include "Losses.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
using Two = Results<TensorRef, TensorRef>;

/// Scores [outer, classes, inner] and one class for each [outer, inner].
struct Classes {
  TensorRef scores, targets, weight; ///< double, int64, double or null
  int64_t outer, classes, inner, ignore;
  double weightOf(int64_t c) const { return weight ? weight->ptr<double>()[c] : 1; }
  double score(int64_t o, int64_t c, int64_t i) const {
    return scores->ptr<double>()[(o * classes + c) * inner + i];
  }
};
Status prepareClasses(Context &cx, const Tensor &scores, const Tensor &targets, OptTensor weight,
                      int64_t ignore, Classes &k) {
  if (scores.rank < 1)
    return cx.fail("input tensor should be at least 1D");
  if (!scores.isFloating())
    return unsupportedDType(cx, "nll_loss_out_frame", scores.dtype);
  if (targets.dtype != DType::Int64 && targets.dtype != DType::UInt8)
    return cx.fail("expected scalar type Long but found %s", findDType(targets.dtype)->graphName);
  int64_t at = scores.rank == 1 ? 0 : 1;
  k.outer = at ? scores.sizes[0] : 1, k.classes = scores.sizes[at], k.inner = 1, k.ignore = ignore;
  Shape wanted;
  for (int64_t d = 0; d < scores.rank; ++d)
    if (d != at)
      wanted.push(scores.sizes[d]);
  for (int64_t d = 2; d < scores.rank; ++d)
    k.inner *= scores.sizes[d];
  bool one = wanted.empty() && targets.numel == 1 && targets.rank <= 1;
  if (!one && !(targets.shape() == static_cast<IntList>(wanted)))
    return cx.fail("size mismatch (got input: %s, target: %s)", ShapeText(scores.shape()).text,
                   ShapeText(targets.shape()).text);
  if (weight && (weight->rank != 1 || weight->numel != k.classes))
    return cx.fail("weight tensor should be defined either for all %lld classes or no classes but "
                   "got weight tensor of shape: %s",
                   wide(k.classes), ShapeText(weight->shape()).text);
  k.scores = contiguousAs(cx, scores, DType::Float64);
  k.targets = contiguousAs(cx, targets, DType::Int64);
  if (weight)
    k.weight = contiguousAs(cx, *weight, DType::Float64);
  TSC_TRY(k.scores && k.targets && (!weight || k.weight));
  for (int64_t i = 0; i < k.targets->numel; ++i) {
    int64_t t = k.targets->ptr<int64_t>()[i];
    if (t != ignore && (t < 0 || t >= k.classes))
      return cx.raise("IndexError", "Target %lld is out of bounds.", wide(t));
  }
  return success();
}

/// Adds up losses of all targets: value(outer, class, inner) for each that is not ignored.
template <class F>
Two sumTargets(Context &cx, const Classes &k, IntList sizes, DType dtype, int64_t reduction,
               F &&value) {
  TensorRef each = empty(cx, sizes, DType::Float64);
  TSC_TRY(each);
  double total = 0, weights = 0;
  for (int64_t o = 0; o < k.outer; ++o)
    for (int64_t i = 0; i < k.inner; ++i) {
      int64_t t = k.targets->ptr<int64_t>()[o * k.inner + i];
      double v = t == k.ignore ? 0 : value(o, t, i);
      each->ptr<double>()[o * k.inner + i] = v;
      total += v, weights += t == k.ignore ? 0 : k.weightOf(t);
    }
  bool none = reduction == static_cast<int64_t>(Reduction::None);
  if (reduction == static_cast<int64_t>(Reduction::Mean))
    total /= weights;
  TensorRef out = none ? toDType(cx, *each, dtype) : scalarTensor(cx, Scalar(total), dtype);
  TensorRef sum = scalarTensor(cx, Scalar(none && !sizes.empty() ? 0.0 : weights), dtype);
  TSC_TRY(out && sum);
  return Two{out, sum};
}

Two nllForward(Context &cx, const Tensor &scores, const Tensor &targets, OptTensor weight,
               int64_t reduction, int64_t ignore) {
  Classes k;
  TSC_TRY(prepareClasses(cx, scores, targets, weight, ignore, k));
  return sumTargets(
      cx, k, targets.shape(), scores.dtype, reduction,
      [&](int64_t o, int64_t c, int64_t i) { return -k.score(o, c, i) * k.weightOf(c); });
}
TensorRef nllLoss(Context &cx, const Tensor &scores, const Tensor &targets, OptTensor weight,
                  int64_t reduction, int64_t ignore) {
  Two both = nllForward(cx, scores, targets, weight, reduction, ignore);
  TSC_TRY(both);
  return std::get<0>(both.values);
}

/// Targets that are probabilities of all classes.
TensorRef crossEntropyOfParts(Context &cx, const Tensor &input, const Tensor &target,
                              OptTensor weight, int64_t reduction, double smoothing) {
  if (!(input.shape() == target.shape()))
    return cx.fail("Expected floating point type for target with class probabilities of shape %s, "
                   "got %s",
                   ShapeText(input.shape()).text, ShapeText(target.shape()).text);
  int64_t at = input.rank == 1 ? 0 : 1, classes = input.sizes[at], inner = 1;
  int64_t outer = at ? input.sizes[0] : 1;
  for (int64_t d = 2; d < input.rank; ++d)
    inner *= input.sizes[d];
  if (weight && (weight->rank != 1 || weight->numel != classes))
    return cx.fail(
        "cross_entropy: weight tensor should be defined either for all %lld classes or no "
        "classes but got weight tensor of shape: %s",
        wide(classes), ShapeText(weight->shape()).text);
  TensorRef scores = logSoftmax(cx, input, at);
  TSC_TRY(scores);
  TensorRef x = contiguousAs(cx, *scores, DType::Float64),
            t = contiguousAs(cx, target, DType::Float64);
  TSC_TRY(x && t);
  Shape sizes(input.shape());
  sizes.erase(at);
  TensorRef each = empty(cx, sizes, DType::Float64);
  TSC_TRY(each);
  double total = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) {
        int64_t e = (o * classes + c) * inner + i;
        double part =
            t->ptr<double>()[e] * (1 - smoothing) + smoothing / static_cast<double>(classes);
        sum -= x->ptr<double>()[e] * part * (weight ? weight->at(c).toDouble() : 1);
      }
      each->ptr<double>()[o * inner + i] = sum;
      total += sum;
    }
  if (reduction == static_cast<int64_t>(Reduction::None))
    return toDType(cx, *each, input.dtype);
  if (reduction == static_cast<int64_t>(Reduction::Mean))
    total /= static_cast<double>(outer * inner);
  return scalarTensor(cx, Scalar(total), input.dtype);
}

TensorRef crossEntropy(Context &cx, const Tensor &input, const Tensor &target, OptTensor weight,
                       int64_t reduction, int64_t ignore, double smoothing) {
  if (input.rank < 1)
    return cx.fail("cross_entropy: expected an input of at least 1 dim");
  if (input.shape() == target.shape() && target.isFloating())
    return crossEntropyOfParts(cx, input, target, weight, reduction, smoothing);
  TensorRef scores = logSoftmax(cx, input, input.rank == 1 ? 0 : 1);
  TSC_TRY(scores);
  Classes k;
  TSC_TRY(prepareClasses(cx, *scores, target, weight, ignore, k));
  double spread = smoothing / static_cast<double>(k.classes);
  Two both = sumTargets(cx, k, target.shape(), input.dtype, reduction,
                        [&](int64_t o, int64_t t, int64_t i) {
                          double v = -k.score(o, t, i) * k.weightOf(t) * (1 - smoothing);
                          for (int64_t c = 0; smoothing > 0 && c < k.classes; ++c)
                            v -= k.score(o, c, i) * k.weightOf(c) * spread;
                          return v;
                        });
  TSC_TRY(both);
  return std::get<0>(both.values);
}

// ---- Margins
TensorRef multiMarginLoss(Context &cx, const Tensor &input, const Tensor &target, Scalar p,
                          Scalar margin, OptTensor weight, int64_t reduction) {
  if (p.toDouble() != 1 && p.toDouble() != 2)
    return cx.fail("only p == 1 and p == 2 supported");
  if (input.rank > 2)
    return cx.fail(
        "multi_margin_loss: Expected non-empty vector or matrix with optional 0-dim batch "
        "size, but got: %s",
        ShapeText(input.shape()).text);
  TensorRef x = input.rank == 0 ? unsqueeze(cx, input, 0) : same(input);
  TSC_TRY(x);
  Classes k;
  TSC_TRY(prepareClasses(cx, *x, target, weight, INT64_MIN, k));
  double space = margin.toDouble();
  bool square = p.toDouble() == 2;
  Classes counted = k;
  counted.weight = TensorRef();
  Two both = sumTargets(cx, counted, target.shape(), input.dtype, reduction,
                        [&](int64_t o, int64_t t, int64_t i) {
                          double sum = 0;
                          for (int64_t c = 0; c < k.classes; ++c) {
                            double z = space - k.score(o, t, i) + k.score(o, c, i);
                            if (c != t && z > 0)
                              sum += (square ? z * z : z) * k.weightOf(t);
                          }
                          return sum / static_cast<double>(k.classes);
                        });
  TSC_TRY(both);
  return std::get<0>(both.values);
}
/// Also says which classes are targets.
Two multilabelMarginForward(Context &cx, const Tensor &input, const Tensor &target,
                            int64_t reduction) {
  if (input.rank > 2 || !(input.shape() == target.shape()) || target.dtype != DType::Int64)
    return cx.fail("multilabel_margin_loss: inconsistent target size: %s for input of size: %s",
                   ShapeText(target.shape()).text, ShapeText(input.shape()).text);
  if (!input.isFloating())
    return unsupportedDType(cx, "multilabel_margin_loss_forward_out_frame", input.dtype);
  int64_t classes = input.rank ? input.size(-1) : 1, rows = input.rank == 2 ? input.sizes[0] : 1;
  TensorRef x = contiguousAs(cx, input, DType::Float64), t = contiguous(cx, target),
            marks = zeros(cx, target.shape(), input.dtype),
            each = empty(cx, input.rank == 2 ? Shape::of(rows) : Shape(), DType::Float64);
  TSC_TRY(x && t && marks && each);
  Vector<bool> isTarget;
  TSC_TRY(isTarget.resize(cx, classes));
  for (int64_t r = 0; r < rows; ++r) {
    const double *row = x->ptr<double>() + r * classes;
    const int64_t *labels = t->ptr<int64_t>() + r * classes;
    for (bool &b : isTarget)
      b = false;
    int64_t count = 0;
    for (; count < classes && labels[count] >= 0; ++count) {
      if (labels[count] >= classes)
        return cx.fail("multilabel_margin_loss: target %lld is out of range", wide(labels[count]));
      isTarget[labels[count]] = true;
    }
    double sum = 0;
    for (int64_t j = 0; j < count; ++j)
      for (int64_t c = 0; c < classes; ++c) {
        double z = 1 - row[labels[j]] + row[c];
        if (!isTarget[c] && z > 0)
          sum += z;
      }
    each->ptr<double>()[r] = sum / static_cast<double>(classes);
    for (int64_t c = 0; c < classes; ++c)
      storeScalar(marks->base() + (r * classes + c) * marks->itemsize(), marks->dtype,
                  Scalar(isTarget[c] ? 1.0 : 0.0));
  }
  TensorRef reduced = reduceLosses(cx, *each, reduction);
  TSC_TRY(reduced);
  TensorRef out = toDType(cx, *reduced, input.dtype);
  TSC_TRY(out);
  return Two{out, marks};
}
TensorRef multilabelMarginLoss(Context &cx, const Tensor &input, const Tensor &target,
                               int64_t reduction) {
  Two both = multilabelMarginForward(cx, input, target, reduction);
  TSC_TRY(both);
  return std::get<0>(both.values);
}

// ---- CTC: the probability of all alignments of a target
double addLogs(double a, double b) {
  double top = a > b ? a : b;
  return top == -INFINITY ? top : top + std::log(std::exp(a - top) + std::exp(b - top));
}
/// -log p(target) of one sequence; `steps` rows of scores, `row` elements apart.
double alignedLoss(const double *scores, int64_t row, int64_t steps, const int64_t *target,
                   int64_t count, int64_t blank, double *now, double *before) {
  int64_t states = 2 * count + 1;
  auto label = [&](int64_t s) { return s % 2 ? target[s / 2] : blank; };
  if (steps == 0)
    return count == 0 ? 0 : INFINITY;
  for (int64_t s = 0; s < states; ++s)
    now[s] = s < 2 ? scores[label(s)] : -INFINITY;
  for (int64_t t = 1; t < steps; ++t) {
    double *last = now;
    now = before, before = last;
    for (int64_t s = 0; s < states; ++s) {
      double sum = last[s];
      if (s > 0)
        sum = addLogs(sum, last[s - 1]);
      if (s > 1 && s % 2 && label(s) != label(s - 2))
        sum = addLogs(sum, last[s - 2]);
      now[s] = sum + scores[t * row + label(s)];
    }
  }
  return -(count ? addLogs(now[states - 1], now[states - 2]) : now[0]);
}
TensorRef ctcLoss(Context &cx, const Tensor &scores, const Tensor &targets, IntList inputLengths,
                  IntList targetLengths, int64_t blank, int64_t reduction, bool zeroInfinity) {
  if ((scores.rank != 2 && scores.rank != 3) || targets.rank > 2 || !targets.isIntegral(false))
    return cx.fail("ctc_loss: expected log_probs of 2 or 3 dims and integer targets of 1 or 2, got "
                   "%lld and %lld",
                   wide(scores.rank), wide(targets.rank));
  if (scores.dtype != DType::Float32 && scores.dtype != DType::Float64)
    return unsupportedDType(cx, "ctc_loss_cpu", scores.dtype);
  int64_t steps = scores.sizes[0], batch = scores.rank == 3 ? scores.sizes[1] : 1,
          classes = scores.size(-1);
  if (inputLengths.size() != batch || targetLengths.size() != batch)
    return cx.fail("input_lengths must be of size batch_size");
  if (blank < 0 || blank >= classes)
    return cx.fail("blank must be in label range");
  TensorRef x = contiguousAs(cx, scores, DType::Float64),
            t = contiguousAs(cx, targets, DType::Int64),
            each = empty(cx, scores.rank == 3 ? Shape::of(batch) : Shape(), DType::Float64);
  TSC_TRY(x && t && each);
  int64_t longest = 0, at = 0;
  for (int64_t b = 0; b < batch; ++b) {
    int64_t n = targetLengths[b], start = targets.rank == 2 ? b * targets.sizes[1] : at;
    if (n < 0 || n > (targets.rank == 2 ? targets.sizes[1] : t->numel - at) ||
        inputLengths[b] < 0 || inputLengths[b] > steps || start + n > t->numel)
      return cx.fail(
          "ctc_loss: lengths of sequence %lld do not fit: input %lld of %lld, target %lld", wide(b),
          wide(inputLengths[b]), wide(steps), wide(n));
    for (int64_t i = 0; i < n; ++i)
      if (t->ptr<int64_t>()[start + i] < 0 || t->ptr<int64_t>()[start + i] >= classes)
        return cx.fail("ctc_loss: target %lld is out of range", wide(t->ptr<int64_t>()[start + i]));
    at += n, longest = n > longest ? n : longest;
  }
  Vector<double> now, before;
  TSC_TRY(now.resize(cx, 2 * longest + 1));
  TSC_TRY(before.resize(cx, 2 * longest + 1));
  at = 0;
  double total = 0;
  for (int64_t b = 0; b < batch; ++b) {
    int64_t n = targetLengths[b], start = targets.rank == 2 ? b * targets.sizes[1] : at;
    double v = alignedLoss(x->ptr<double>() + b * classes, batch * classes, inputLengths[b],
                           t->ptr<int64_t>() + start, n, blank, now.data(), before.data());
    v = zeroInfinity && v == INFINITY ? 0 : v;
    each->ptr<double>()[b] = v, at += n;
    bool mean = reduction == static_cast<int64_t>(Reduction::Mean);
    total += mean ? v / static_cast<double>((n > 1 ? n : 1) * batch) : v;
  }
  if (reduction == static_cast<int64_t>(Reduction::None))
    return toDType(cx, *each, scores.dtype);
  return scalarTensor(cx, Scalar(total), scores.dtype);
}
TensorRef ctcLossTensors(Context &cx, const Tensor &scores, const Tensor &targets,
                         const Tensor &inputLengths, const Tensor &targetLengths, int64_t blank,
                         int64_t reduction, bool zeroInfinity) {
  TensorRef in = contiguousAs(cx, inputLengths, DType::Int64),
            out = contiguousAs(cx, targetLengths, DType::Int64);
  TSC_TRY(in && out);
  return ctcLoss(cx, scores, targets, IntList(in->ptr<int64_t>(), in->numel),
                 IntList(out->ptr<int64_t>(), out->numel), blank, reduction, zeroInfinity);
}
} // namespace

TSC_KERNEL(aten_nll_loss, nllLoss)
TSC_OUTPUT_COPY(aten_nll_loss_out, nllLoss)
TSC_KERNEL(aten_nll_loss2d, nllLoss)
TSC_OUTPUT_COPY(aten_nll_loss2d_out, nllLoss)
TSC_KERNEL(aten_nll_loss_nd, nllLoss)
TSC_KERNEL(aten_nll_loss_forward, nllForward)
TSC_KERNEL(aten_nll_loss2d_forward, nllForward)
TSC_KERNEL(aten_cross_entropy_loss, crossEntropy)
TSC_KERNEL(aten_multi_margin_loss, multiMarginLoss)
TSC_OUTPUT_COPY(aten_multi_margin_loss_out, multiMarginLoss)
TSC_KERNEL(aten_multilabel_margin_loss, multilabelMarginLoss)
TSC_OUTPUT_COPY(aten_multilabel_margin_loss_out, multilabelMarginLoss)
TSC_KERNEL(aten_multilabel_margin_loss_forward, multilabelMarginForward)
TSC_KERNEL(aten_ctc_loss_IntList, ctcLoss)
TSC_KERNEL(aten_ctc_loss_Tensor, ctcLossTensors)
