// SPDX-License-Identifier: Apache-2.0
// Scans along a dim: cumsum, cumprod, logcumsumexp, and cummax and cummin with places. Lines are
// walked a band of neighbours at a time, with a running value (in double for floats) for each.
#include "Operands.h"

#include "Pairs.h"

using namespace tsc::rt;

namespace {
constexpr int64_t kBand = 32;

struct Lines {
  int64_t outer = 1, n = 1, inner = 1;
};
Lines linesOf(const Tensor &t, int64_t dim) {
  Lines lines;
  for (int64_t d = 0; d < t.rank; ++d)
    (d < dim ? lines.outer : d > dim ? lines.inner : lines.n) *= t.sizes[d];
  return lines;
}
/// Calls visit(offset of the first element of a band, its width) for all bands of lines.
template <class Visit> void eachBand(Context &cx, const Lines &lines, Visit &&visit) {
  int64_t bands = (lines.inner + kBand - 1) / kBand;
  int64_t work = lines.n * (lines.inner < kBand ? lines.inner : kBand);
  parallelFor(cx, 0, lines.outer * bands, 1 + 16384 / (work + 1), [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      int64_t first = b % bands * kBand, left = lines.inner - first;
      visit(b / bands * lines.n * lines.inner + first, left < kBand ? left : kBand);
    }
  });
}

/// out = the running f(value, next) from `start`, in the running type R.
template <class C, class R, class F>
void scan(Context &cx, const Tensor &in, Tensor &out, const Lines &lines, R start, F f) {
  const C *from = in.ptr<C>();
  C *to = out.ptr<C>();
  eachBand(cx, lines, [&](int64_t at, int64_t width) {
    if (lines.inner == 1) {
      R value = start;
      for (int64_t i = 0; i < lines.n; ++i)
        to[at + i] = static_cast<C>(value = f(value, static_cast<R>(from[at + i])));
      return;
    }
    R running[kBand];
    for (int64_t j = 0; j < width; ++j)
      running[j] = start;
    for (int64_t i = 0; i < lines.n; ++i, at += lines.inner)
      for (int64_t j = 0; j < width; ++j) {
        running[j] = f(running[j], static_cast<R>(from[at + j]));
        to[at + j] = static_cast<C>(running[j]);
      }
  });
}

/// f(cx, in, out, lines) over dense copies in the compute type of `result`.
template <uint32_t Allowed, class G>
TensorRef scanAlong(Context &cx, const char *name, const Tensor &self, int64_t dim, DType result,
                    G &&g) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  DType work = computeDType(result);
  TensorRef typed = toDType(cx, self, result);
  TSC_TRY(typed);
  TensorRef in = contiguousAs(cx, *typed, work);
  TSC_TRY(in);
  TensorRef out = empty(cx, self.shape(), work);
  TSC_TRY(out);
  Lines lines = linesOf(self, dim);
  bool known = dispatchCompute<Allowed>(result, [&]<class C>() {
    if (self.numel > 0)
      g.template operator()<C>(*in, *out, lines);
  });
  if (!known)
    return unsupportedDType(cx, name, result);
  return toDType(cx, *out, result);
}
template <class C> struct Running {
  using Type = std::conditional_t<std::is_same_v<C, float>, double, C>;
};
DType scanDType(const Tensor &self, const Optional<DType> &dtype) {
  return dtype ? *dtype : self.isIntegral(true) ? DType::Int64 : self.dtype;
}
} // namespace

static TensorRef cumsum(Context &cx, const Tensor &self, int64_t dim, Optional<DType> dtype) {
  return scanAlong<kNumbers>(cx, "cumsum", self, dim, scanDType(self, dtype),
                             [&]<class C>(const Tensor &in, Tensor &out, const Lines &lines) {
                               using R = typename Running<C>::Type;
                               scan<C>(cx, in, out, lines, R(0), [](R a, R b) { return a + b; });
                             });
}
static TensorRef cumprod(Context &cx, const Tensor &self, int64_t dim, Optional<DType> dtype) {
  return scanAlong<kNumbers>(cx, "cumprod", self, dim, scanDType(self, dtype),
                             [&]<class C>(const Tensor &in, Tensor &out, const Lines &lines) {
                               using R = typename Running<C>::Type;
                               scan<C>(cx, in, out, lines, R(1), [](R a, R b) { return a * b; });
                             });
}
TSC_KERNEL(aten_cumsum, cumsum)
TSC_INPLACE_COPY(aten_cumsum_, cumsum)
TSC_OUTPUT_COPY(aten_cumsum_out, cumsum)
TSC_KERNEL(aten_cumprod, cumprod)
TSC_INPLACE_COPY(aten_cumprod_, cumprod)
TSC_OUTPUT_COPY(aten_cumprod_out, cumprod)

/// log(e^a + e^b).
static double addLogs(double a, double b) {
  double least = a < b ? a : b, most = a < b ? b : a;
  if (a != a || b != b)
    return a + b;
  return least == most && std::isinf(least) ? least : most + std::log1p(std::exp(least - most));
}
static Complex addLogs(Complex a, Complex b) {
  if (a.real() < b.real()) {
    Complex swapped = a;
    a = b, b = swapped;
  }
  if (std::isinf(b.real()) && b.real() < 0)
    return a;
  return a + std::log(1.0 + std::exp(b - a));
}
static TensorRef logcumsumexp(Context &cx, const Tensor &self, int64_t dim) {
  return scanAlong<kFloat | kComplex>(
      cx, "logcumsumexp", self, dim, self.dtype,
      [&]<class C>(const Tensor &in, Tensor &out, const Lines &lines) {
        using R = typename Running<C>::Type;
        scan<C>(cx, in, out, lines, R(-HUGE_VAL), [](R a, R b) { return addLogs(a, b); });
      });
}
TSC_KERNEL(aten_logcumsumexp, logcumsumexp)
TSC_OUTPUT_COPY(aten_logcumsumexp_out, logcumsumexp)
TSC_KERNEL(aten__logcumsumexp, logcumsumexp)
TSC_OUTPUT_COPY(aten__logcumsumexp_out, logcumsumexp)

// ---- Of equals the last one counts; a NaN stays.
template <bool Max> static Pair cumulativeExtreme(Context &cx, const Tensor &self, int64_t dim) {
  TensorRef places = empty(cx, self.shape(), DType::Int64);
  TSC_TRY(places);
  int64_t *indices = places->ptr<int64_t>();
  TensorRef values =
      scanAlong<kReal>(cx, Max ? "cummax" : "cummin", self, dim, self.dtype,
                       [&]<class C>(const Tensor &in, Tensor &out, const Lines &lines) {
                         const C *from = in.ptr<C>();
                         C *to = out.ptr<C>();
                         eachBand(cx, lines, [&](int64_t at, int64_t width) {
                           for (int64_t j = 0; j < width; ++j) {
                             C best = from[at + j];
                             int64_t index = 0;
                             for (int64_t i = 0, k = at + j; i < lines.n; ++i, k += lines.inner) {
                               C x = from[k];
                               if (x != x || (best == best && (Max ? x >= best : x <= best)))
                                 best = x, index = i;
                               to[k] = best;
                               indices[k] = index;
                             }
                           }
                         });
                       });
  TSC_TRY(values);
  return makePair(static_cast<TensorRef &&>(values), static_cast<TensorRef &&>(places));
}
TSC_KERNEL(aten_cummax, cumulativeExtreme<true>)
TSC_KERNEL(aten_cummax_out, (writePair<cumulativeExtreme<true>, const Tensor &, int64_t>))
TSC_KERNEL(aten_cummin, cumulativeExtreme<false>)
TSC_KERNEL(aten_cummin_out, (writePair<cumulativeExtreme<false>, const Tensor &, int64_t>))
