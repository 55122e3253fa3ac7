// SPDX-License-Identifier: Apache-2.0
// Vector norms of any order, dist, renorm, and logsumexp.
#include "Norms.h"
#include "Operands.h"
#include "tsc/runtime/Reduce.h"

#include "FloatMath.h"

using namespace tsc::rt;

namespace {
enum class Order { Zero, One, Two, Largest, Smallest, Any };

Order orderOf(double p) {
  return p == 0           ? Order::Zero
         : p == 1         ? Order::One
         : p == 2         ? Order::Two
         : p == HUGE_VAL  ? Order::Largest
         : p == -HUGE_VAL ? Order::Smallest
                          : Order::Any;
}

template <class C> double sizeOf(C x) {
  if constexpr (isComplexType<C>)
    return std::abs(x);
  else
    return std::fabs(static_cast<double>(x));
}

/// Powers of sizes are added up in double.
struct NormSum {
  Order order;
  double p, total;
  NormSum(double p) : order(orderOf(p)), p(p), total(order == Order::Smallest ? HUGE_VAL : 0) {}
  double joined(double a, double b) const {
    if (order == Order::Largest)
      return b > a || b != b ? b : a;
    if (order == Order::Smallest)
      return b < a || b != b ? b : a;
    return a + b;
  }
  void merge(const NormSum &later) { total = joined(total, later.total); }
  /// The sum of f over a run, in lanes.
  template <class C, class F> static double laneSum(const C *run, int64_t n, F f) {
    constexpr int kLanes = 16;
    double lanes[kLanes] = {}, sum = 0;
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; ++j)
        lanes[j] += f(run[i + j]);
    for (; i < n; ++i)
      sum += f(run[i]);
    for (double lane : lanes)
      sum += lane;
    return sum;
  }
  template <class C> void addRun(const C *run, int64_t n, int64_t) {
    switch (order) {
    case Order::Zero:
      total += laneSum(run, n, [](C x) { return x != C(0) ? 1.0 : 0.0; });
      return;
    case Order::One:
      total += laneSum(run, n, [](C x) { return sizeOf(x); });
      return;
    case Order::Two:
      total += laneSum(run, n, [](C x) {
        if constexpr (isComplexType<C>)
          return std::norm(x);
        else
          return static_cast<double>(x) * static_cast<double>(x);
      });
      return;
    case Order::Largest:
    case Order::Smallest:
      for (int64_t i = 0; i < n; ++i)
        total = joined(total, sizeOf(run[i]));
      return;
    case Order::Any:
      total += laneSum(run, n, [this](C x) { return std::pow(sizeOf(x), p); });
    }
  }
  double result() const {
    return order == Order::Two   ? std::sqrt(total)
           : order == Order::Any ? std::pow(total, 1 / p)
                                 : total;
  }
};
} // namespace

/// The sum of |x|^p, or its p-th root.
static TensorRef normOf(Context &cx, const char *name, const Tensor &self, double p,
                        const Optional<IntList> &dims, bool keepdim, Optional<DType> dtype,
                        bool root = true) {
  DType work = dtype ? *dtype : self.dtype;
  if (self.isIntegral(true) || isIntegral(work, true))
    return cx.fail("%s: expected a floating point or complex tensor as input, got %s", name,
                   findDType(self.isIntegral(true) ? self.dtype : work)->graphName);
  if (self.isComplex() && !isComplex(work))
    return cx.fail("%s: expected a complex dtype for a complex input, got %s", name,
                   findDType(work)->graphName);
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  if (plan.inner == 0 && plan.outputs > 0 && (p < 0 || p == HUGE_VAL))
    return cx.fail("%s: cannot compute the %g norm of no elements, which has no identity", name, p);
  TensorRef out = empty(cx, plan.outSizes, toReal(work));
  TSC_TRY(out);
  auto finish = [root](const NormSum &s) { return root ? s.result() : s.total; };
  Status done = self.isComplex() ? reduceInto<Complex>(cx, plan, *out, NormSum(p), finish)
                : computeDType(self.dtype) == DType::Float32
                    ? reduceInto<float>(cx, plan, *out, NormSum(p), finish)
                    : reduceInto<double>(cx, plan, *out, NormSum(p), finish);
  TSC_TRY(done);
  return out;
}

TensorRef tsc::rt::normOver(Context &cx, const char *name, const Tensor &t, double p,
                            const Optional<IntList> &dims, bool keepdim, Optional<DType> dtype) {
  return normOf(cx, name, t, p, dims, keepdim, dtype);
}

static TensorRef vectorNorm(Context &cx, const Tensor &self, Scalar order, Optional<IntList> dims,
                            bool keepdim, Optional<DType> dtype) {
  return normOf(cx, "linalg.vector_norm", self, order.toDouble(), dims, keepdim, dtype);
}
static TensorRef powerSum(Context &cx, const Tensor &self, Scalar order, Optional<IntList> dims,
                          bool keepdim, Optional<DType> dtype) {
  return normOf(cx, "linalg._powsum", self, order.toDouble(), dims, keepdim, dtype, false);
}
TSC_KERNEL(aten_linalg_vector_norm, vectorNorm)
TSC_OUTPUT_COPY(aten_linalg_vector_norm_out, vectorNorm)
TSC_KERNEL(aten_linalg__powsum, powerSum)

static double orderOr2(const Optional<Scalar> &p) { return p ? p->toDouble() : 2; }
static TensorRef normAll(Context &cx, const Tensor &self, Scalar p) {
  return normOf(cx, "norm", self, p.toDouble(), {}, false, {});
}
static TensorRef normAllAs(Context &cx, const Tensor &self, Optional<Scalar> p, DType dtype) {
  return normOf(cx, "norm", self, orderOr2(p), {}, false, dtype);
}
static TensorRef normDims(Context &cx, const Tensor &self, Optional<Scalar> p, IntList dims,
                          bool keepdim) {
  return normOf(cx, "norm", self, orderOr2(p), dims, keepdim, {});
}
static TensorRef normDimsAs(Context &cx, const Tensor &self, Optional<Scalar> p, IntList dims,
                            bool keepdim, Optional<DType> dtype) {
  return normOf(cx, "norm", self, orderOr2(p), dims, keepdim, dtype);
}
static TensorRef frobeniusNorm(Context &cx, const Tensor &self, IntList dims, bool keepdim) {
  return normOf(cx, "frobenius_norm", self, 2, dims, keepdim, {});
}
TSC_KERNEL(aten_norm_Scalar, normAll)
TSC_OUTPUT_COPY(aten_norm_Scalar_out, normAll)
TSC_KERNEL(aten_norm_ScalarOpt_dtype, normAllAs)
TSC_OUTPUT_COPY(aten_norm_ScalarOpt_dtype_out, normAllAs)
TSC_KERNEL(aten_norm_ScalarOpt_dim, normDims)
TSC_OUTPUT_COPY(aten_norm_out, normDims)
TSC_KERNEL(aten_norm_ScalarOpt_dim_dtype, normDimsAs)
TSC_OUTPUT_COPY(aten_norm_dtype_out, normDimsAs)
TSC_KERNEL(aten_native_norm, normAll)
TSC_OUTPUT_COPY(aten_native_norm_out, normAll)
TSC_KERNEL(aten_native_norm_ScalarOpt_dim_dtype, normDimsAs)
TSC_OUTPUT_COPY(aten_native_norm_ScalarOpt_dim_dtype_out, normDimsAs)
TSC_KERNEL(aten_frobenius_norm_dim, frobeniusNorm)
TSC_OUTPUT_COPY(aten_frobenius_norm_out, frobeniusNorm)

static TensorRef dist(Context &cx, const Tensor &self, const Tensor &other, Scalar p) {
  TensorRef difference = elementwise<kNumbers, Promote::Keep>(
      cx, "dist", {}, [](auto a, auto b) { return a - b; }, inputs(self, other));
  TSC_TRY(difference);
  return normOf(cx, "dist", *difference, p.toDouble(), {}, false, {});
}
TSC_KERNEL(aten_dist, dist)
TSC_OUTPUT_COPY(aten_dist_out, dist)

/// Slices along a dim whose norm is above maxnorm are scaled down to it.
static TensorRef renorm(Context &cx, const Tensor &self, Scalar p, int64_t dim, Scalar maxnorm) {
  if (!self.isFloating() && !self.isComplex())
    return unsupportedDType(cx, "renorm", self.dtype);
  double limit = maxnorm.toDouble();
  if (p.toDouble() <= 0 || limit < 0 || self.rank < 2)
    return cx.fail("renorm expected a positive norm degree, maxnorm of at least 0 and at least 2 "
                   "dims, got %g, %g and %d dims",
                   p.toDouble(), limit, self.rank);
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  Shape others;
  for (int64_t d = 0; d < self.rank; ++d)
    if (d != dim)
      others.push(d);
  TensorRef norms = normOf(cx, "renorm", self, p.toDouble(), Optional<IntList>(others), true, {});
  TSC_TRY(norms);
  return elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "renorm", {},
      [limit](auto x, auto norm) {
        using T = decltype(x);
        if constexpr (isComplexType<T>)
          return norm.real() > limit ? x * (limit / (norm.real() + 1e-7)) : x;
        else
          return norm > T(limit) ? x * (T(limit) / (norm + T(1e-7))) : x;
      },
      inputs(self, norms));
}
TSC_KERNEL(aten_renorm, renorm)
TSC_INPLACE_COPY(aten_renorm_, renorm)
TSC_OUTPUT_COPY(aten_renorm_out, renorm)

// ---- logsumexp
namespace {
/// Exponentials relative to the largest number so far.
struct LogSum {
  double top = -HUGE_VAL, total = 0;
  void join(double otherTop, double otherTotal) {
    if (otherTop == -HUGE_VAL && otherTotal == 0)
      return;
    if (otherTop > top || otherTop != otherTop) {
      total = (top == -HUGE_VAL ? 0.0 : total * std::exp(top - otherTop)) + otherTotal;
      top = otherTop;
      return;
    }
    total += otherTotal * (top == otherTop ? 1.0 : std::exp(otherTop - top));
  }
  void merge(const LogSum &later) { join(later.top, later.total); }
  void add(double x, int64_t) { join(x, 1); }
  template <class C> void addRun(const C *run, int64_t n, int64_t) {
    double largest = -HUGE_VAL;
    for (int64_t i = 0; i < n; ++i)
      largest = static_cast<double>(run[i]) > largest || run[i] != run[i]
                    ? static_cast<double>(run[i])
                    : largest;
    double shift = std::fabs(largest) == HUGE_VAL ? 0.0 : largest;
    double sum = NormSum::laneSum(run, n, [shift](C x) {
      if constexpr (std::is_same_v<C, float>)
        return math::coreExp(static_cast<double>(x) - shift);
      else
        return std::exp(x - shift);
    });
    if (largest == -HUGE_VAL)
      return;
    join(largest, largest == HUGE_VAL ? 1.0 : sum);
  }
  double result() const { return total == 0 ? -HUGE_VAL : top + std::log(total); }
};
} // namespace

namespace {
/// The same of complex numbers, relative to the largest real part.
struct ComplexLogSum {
  double top = -HUGE_VAL;
  Complex total = 0;
  void join(double otherTop, Complex otherTotal) {
    if (otherTop > top) {
      total *= top == -HUGE_VAL ? 0.0 : std::exp(top - otherTop);
      top = otherTop;
    }
    total += top == -HUGE_VAL ? otherTotal : otherTotal * std::exp(otherTop - top);
  }
  void add(Complex x, int64_t) {
    double re = std::isfinite(x.real()) ? x.real() : 0;
    if (x.real() != -HUGE_VAL)
      join(re, std::exp(x - re));
  }
  void merge(const ComplexLogSum &later) {
    if (later.top != -HUGE_VAL)
      join(later.top, later.total);
  }
  Complex result() const {
    return top == -HUGE_VAL ? Complex(-HUGE_VAL, 0) : std::log(total) + top;
  }
};
} // namespace

static TensorRef logSumExp(Context &cx, const Tensor &self, IntList dims, bool keepdim) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  DType result = self.isIntegral(true) ? cx.defaultDType : self.dtype;
  TensorRef out = empty(cx, plan.outSizes, result);
  TSC_TRY(out);
  auto finish = [](const LogSum &s) { return s.result(); };
  if (self.isComplex())
    TSC_TRY(reduceInto<Complex>(cx, plan, *out, ComplexLogSum{},
                                [](const ComplexLogSum &s) { return s.result(); }));
  else if (computeDType(self.dtype) == DType::Float32)
    TSC_TRY(reduceInto<float>(cx, plan, *out, LogSum{}, finish));
  else
    TSC_TRY(reduceInto<double>(cx, plan, *out, LogSum{}, finish));
  return out;
}
TSC_KERNEL(aten_logsumexp, logSumExp)
TSC_OUTPUT_COPY(aten_logsumexp_out, logSumExp)
TSC_KERNEL(aten_special_logsumexp, logSumExp)
TSC_OUTPUT_COPY(aten_special_logsumexp_out, logSumExp)
