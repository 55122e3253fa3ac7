// SPDX-License-Identifier: Apache-2.0
// Largest and smallest values, with and without their places. A NaN is both; of equals the first
// one counts.
#include "tsc/runtime/Reduce.h"

#include "Pairs.h"

#include <limits>

using namespace tsc::rt;

namespace {
template <class C> constexpr C bottom() {
  if constexpr (std::is_floating_point_v<C>)
    return -std::numeric_limits<C>::infinity();
  else
    return std::numeric_limits<C>::lowest();
}
template <class C> constexpr C top() {
  if constexpr (std::is_floating_point_v<C>)
    return std::numeric_limits<C>::infinity();
  else
    return std::numeric_limits<C>::max();
}
template <class C, bool Max> bool beats(C x, C best) { return Max ? x > best : x < best; }

template <class C, bool Max> struct Extreme {
  C best = Max ? bottom<C>() : top<C>();
  void merge(const Extreme &later) {
    if (beats<C, Max>(later.best, best) || later.best != later.best)
      best = later.best;
  }
  void add(C x, int64_t) { best = (beats<C, Max>(x, best) | (x != x)) ? x : best; }
  void addRun(const C *run, int64_t n, int64_t) {
    constexpr int kLanes = 16;
    C lanes[kLanes];
    bool nan = false;
    for (C &lane : lanes)
      lane = best;
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
      for (int j = 0; j < kLanes; ++j) {
        C x = run[i + j];
        nan |= x != x;
        lanes[j] = beats<C, Max>(x, lanes[j]) ? x : lanes[j];
      }
    for (; i < n; ++i) {
      nan |= run[i] != run[i];
      lanes[0] = beats<C, Max>(run[i], lanes[0]) ? run[i] : lanes[0];
    }
    for (C lane : lanes)
      best = beats<C, Max>(lane, best) ? lane : best;
    if constexpr (std::is_floating_point_v<C>)
      best = nan ? static_cast<C>(NAN) : best;
  }
};

template <class C, bool Max> struct Place {
  C best{};
  int64_t index = -1;
  void add(C x, int64_t i) {
    if (index < 0 || beats<C, Max>(x, best) || (x != x && best == best))
      best = x, index = i;
  }
  void merge(const Place &later) {
    if (later.index >= 0)
      add(later.best, later.index);
  }
};

Status checkNotEmpty(Context &cx, const char *name, const Tensor &self, const ReducePlan &plan,
                     IntList dims) {
  if (plan.inner > 0 || (plan.outputs == 0 && !dims.empty()))
    return success();
  if (dims.empty())
    return cx.fail("%s(): expected reduction dim to be specified for input.numel() == 0; specify "
                   "the reduction dim with the 'dim' argument",
                   name);
  return cx.raise("IndexError", "%s(): expected reduction dim %lld to have non-zero size", name,
                  static_cast<long long>(dims[0]));
}

template <bool Max>
TensorRef extremeOf(Context &cx, const char *name, const Tensor &self, IntList dims, bool keepdim) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  TSC_TRY(checkNotEmpty(cx, name, self, plan, dims));
  TensorRef out = empty(cx, plan.outSizes, self.dtype);
  TSC_TRY(out);
  Status done;
  bool known = dispatchCompute<kReal>(self.dtype, [&]<class C>() {
    done = reduceInto<C>(cx, plan, *out, Extreme<C, Max>{},
                         [](const Extreme<C, Max> &e) { return e.best; });
  });
  if (!known)
    return unsupportedDType(cx, name, self.dtype);
  TSC_TRY(done);
  return out;
}

/// Values (when wanted) and places.
template <bool Max>
Pair placeOf(Context &cx, const char *name, const Tensor &self, IntList dims, bool keepdim,
             bool wantValues) {
  TSC_ASSIGN(ReducePlan plan, planReduce(cx, self, dims, keepdim));
  TSC_TRY(checkNotEmpty(cx, name, self, plan, dims));
  TensorRef indices = empty(cx, plan.outSizes, DType::Int64), values;
  TSC_TRY(indices);
  if (wantValues) {
    values = empty(cx, plan.outSizes, self.dtype);
    TSC_TRY(values);
  }
  int64_t *places = indices->ptr<int64_t>();
  Status done;
  bool known = dispatchCompute<kReal>(self.dtype, [&]<class C>() {
    StoreFunction<C> store = storer<C>(self.dtype);
    done = reduceEach<C>(cx, plan, Place<C, Max>{}, [&](int64_t o, const Place<C, Max> &p) {
      places[o] = p.index;
      if (wantValues)
        store(values->base() + o * self.itemsize(), self.itemsize(), &p.best, 1);
    });
  });
  if (!known)
    return unsupportedDType(cx, name, self.dtype);
  TSC_TRY(done);
  return makePair(static_cast<TensorRef &&>(values), static_cast<TensorRef &&>(indices));
}
} // namespace

// ---- Values
template <bool Max>
static TensorRef extremeDims(Context &cx, const Tensor &self, IntList dims, bool keepdim) {
  return extremeOf<Max>(cx, Max ? "amax" : "amin", self, dims, keepdim);
}
template <bool Max> static TensorRef extremeAll(Context &cx, const Tensor &self) {
  return extremeOf<Max>(cx, Max ? "max" : "min", self, {}, false);
}
TSC_KERNEL(aten_amax, extremeDims<true>)
TSC_OUTPUT_COPY(aten_amax_out, extremeDims<true>)
TSC_KERNEL(aten_amin, extremeDims<false>)
TSC_OUTPUT_COPY(aten_amin_out, extremeDims<false>)
TSC_KERNEL(aten_max, extremeAll<true>)
TSC_OUTPUT_COPY(aten_max_unary_out, extremeAll<true>)
TSC_KERNEL(aten_min, extremeAll<false>)
TSC_OUTPUT_COPY(aten_min_unary_out, extremeAll<false>)

static Pair aminmax(Context &cx, const Tensor &self, Optional<int64_t> dim, bool keepdim) {
  IntList dims = dim ? IntList(&dim.value, 1) : IntList();
  TensorRef least = extremeOf<false>(cx, "aminmax", self, dims, keepdim);
  TSC_TRY(least);
  TensorRef most = extremeOf<true>(cx, "aminmax", self, dims, keepdim);
  TSC_TRY(most);
  return makePair(static_cast<TensorRef &&>(least), static_cast<TensorRef &&>(most));
}
static Pair aminmaxAll(Context &cx, const Tensor &self) { return aminmax(cx, self, {}, false); }
static Pair aminmaxDim(Context &cx, const Tensor &self, int64_t dim, bool keepdim) {
  return aminmax(cx, self, dim, keepdim);
}
TSC_KERNEL(aten_aminmax, aminmax)
TSC_KERNEL(aten_aminmax_out, (writePair<aminmax, const Tensor &, Optional<int64_t>, bool>))
TSC_KERNEL(aten__aminmax, aminmaxAll)
TSC_KERNEL(aten__aminmax_out, (writePair<aminmaxAll, const Tensor &>))
TSC_KERNEL(aten__aminmax_dim, aminmaxDim)
TSC_KERNEL(aten__aminmax_dim_out, (writePair<aminmaxDim, const Tensor &, int64_t, bool>))

// ---- Values with places, and places alone
template <bool Max>
static Pair extremeAlong(Context &cx, const Tensor &self, int64_t dim, bool keepdim) {
  return placeOf<Max>(cx, Max ? "max" : "min", self, {&dim, 1}, keepdim, true);
}
TSC_KERNEL(aten_max_dim, extremeAlong<true>)
TSC_KERNEL(aten_max_dim_max, (writePair<extremeAlong<true>, const Tensor &, int64_t, bool>))
TSC_KERNEL(aten_min_dim, extremeAlong<false>)
TSC_KERNEL(aten_min_dim_min, (writePair<extremeAlong<false>, const Tensor &, int64_t, bool>))

template <bool Max>
static TensorRef argExtreme(Context &cx, const Tensor &self, Optional<int64_t> dim, bool keepdim) {
  const char *name = Max ? "argmax" : "argmin";
  if (self.isBool())
    return unsupportedDType(cx, name, self.dtype);
  IntList dims = dim ? IntList(&dim.value, 1) : IntList();
  Pair found = placeOf<Max>(cx, name, self, dims, keepdim, false);
  TSC_TRY(found);
  return static_cast<TensorRef &&>(secondOf(found));
}
TSC_KERNEL(aten_argmax, argExtreme<true>)
TSC_OUTPUT_COPY(aten_argmax_out, argExtreme<true>)
TSC_KERNEL(aten_argmin, argExtreme<false>)
TSC_OUTPUT_COPY(aten_argmin_out, argExtreme<false>)
