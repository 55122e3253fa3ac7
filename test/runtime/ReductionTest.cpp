// SPDX-License-Identifier: Apache-2.0
// Reductions, scans and order statistics: NaNs, ties, no elements, dtypes of results, and that
// rows, columns and strided walks agree.
#include "Support.h"

#include <cmath>

using namespace tsc;
using namespace tsc::rt;

#define KERNEL(NAME) int32_t tsc_rt_aten_##NAME(Context *, const Value *, Value *);
extern "C" {
KERNEL(all)
KERNEL(allclose)
KERNEL(amax)
KERNEL(argmax)
KERNEL(bincount)
KERNEL(count_nonzero)
KERNEL(cummax)
KERNEL(cumsum)
KERNEL(kthvalue)
KERNEL(linalg_vector_norm)
KERNEL(logsumexp)
KERNEL(max_dim)
KERNEL(mean)
KERNEL(median)
KERNEL(median_dim)
KERNEL(mode)
KERNEL(prod)
KERNEL(quantile_scalar)
KERNEL(std_correction)
KERNEL(sum)
KERNEL(var_mean_correction)
}

static TensorRef list(Context &cx, std::initializer_list<double> numbers,
                      DType dtype = DType::Float32) {
  return tensorOf(cx, numbers.begin(), {static_cast<int64_t>(numbers.size())}, dtype);
}
static double at(const OwnedValue &v, int64_t i = 0) { return asTensor(v).at(i).toDouble(); }
/// Both results of a kernel that has two.
struct Both {
  OwnedValue first, second;
};
static Both callBoth(Context &cx, BoxedEntry entry, std::initializer_list<Value> args) {
  Value results[2] = {makeNone(), makeNone()};
  REQUIRE(entry(&cx, args.begin(), results) == 0);
  return {OwnedValue::adopt(results[0]), OwnedValue::adopt(results[1])};
}
static Value intList(Context &cx, const ListRef &l) { return makeObject(Tag::List, l.get()); }

TEST_CASE("sums and products choose the dtype of their result") {
  Context cx;
  TensorRef flags = list(cx, {1, 1, 0}, DType::Bool), none = arange(cx, {0});
  OwnedValue s = call(cx, tsc_rt_aten_sum, {makeTensor(*flags), makeNone()});
  CHECK(asTensor(s).dtype == DType::Int64);
  CHECK(at(s) == 2);
  CHECK(at(call(cx, tsc_rt_aten_prod, {makeTensor(*none), makeNone()})) == 1);
  CHECK(std::isnan(at(call(cx, tsc_rt_aten_mean, {makeTensor(*none), makeNone()}))));
  CHECK(!call(cx, tsc_rt_aten_mean, {makeTensor(*flags), makeNone()}));
  cx.error.clear();
  TensorRef halves = full(cx, Shape::of(40000), Scalar(4.0), DType::Float16);
  CHECK(at(call(cx, tsc_rt_aten_mean, {makeTensor(*halves), makeNone()})) == 4);
  CHECK(at(call(cx, tsc_rt_aten_count_nonzero, {makeTensor(*flags), makeNone()})) == 2);
}

TEST_CASE("extremes: NaNs win, the first of equals counts, nothing has no largest") {
  Context cx;
  TensorRef x = list(cx, {1, 5, 5, -2});
  CHECK(at(call(cx, tsc_rt_aten_argmax, {makeTensor(*x), makeNone(), makeBool(false)})) == 1);
  TensorRef nan = list(cx, {1, NAN, 7, NAN});
  Both m = callBoth(cx, tsc_rt_aten_max_dim, {makeTensor(*nan), makeInt(0), makeBool(true)});
  CHECK(std::isnan(at(m.first)));
  CHECK(at(m.second) == 1);
  CHECK(asTensor(m.first).rank == 1);
  TensorRef none = arange(cx, {3, 0});
  CHECK(!call(cx, tsc_rt_aten_argmax, {makeTensor(*none), makeInt(1), makeBool(false)}));
  cx.error.clear();
  CHECK(at(call(cx, tsc_rt_aten_all, {makeTensor(*none)})) == 1);
}

TEST_CASE("rows, columns and strided views agree") {
  Context cx;
  TensorRef x = arange(cx, {70, 90}), t = transpose(cx, *x, 0, 1);
  TensorRef dense = contiguous(cx, *t);
  for (int64_t dim = 0; dim < 2; ++dim) {
    ListRef dims = newIntList(cx, {&dim, 1});
    for (BoxedEntry entry : {tsc_rt_aten_amax, tsc_rt_aten_logsumexp}) {
      OwnedValue a = call(cx, entry, {makeTensor(*t), intList(cx, dims), makeBool(false)});
      OwnedValue b = call(cx, entry, {makeTensor(*dense), intList(cx, dims), makeBool(false)});
      REQUIRE(a);
      for (int64_t i = 0; i < asTensor(a).numel; ++i)
        CHECK(at(a, i) == Approx(at(b, i)));
    }
    Both a = callBoth(cx, tsc_rt_aten_var_mean_correction,
                      {makeTensor(*t), intList(cx, dims), makeInt(0), makeBool(false)});
    CHECK(at(a.first, 3) == Approx(dim == 0 ? (90.0 * 90 - 1) / 12 : 8100 * (70.0 * 70 - 1) / 12));
  }
}

TEST_CASE("a spread is exact far from zero, and undefined for one element") {
  Context cx;
  TensorRef x = list(cx, {1e6, 1e6 + 1, 1e6 + 2, 1e6 + 3}, DType::Float64);
  Value all = makeNone();
  OwnedValue s =
      call(cx, tsc_rt_aten_std_correction, {makeTensor(*x), all, makeInt(1), makeBool(false)});
  CHECK(at(s) == Approx(1.2909944487358056).epsilon(1e-12));
  TensorRef one = list(cx, {3});
  CHECK(std::isnan(
      at(call(cx, tsc_rt_aten_std_correction, {makeTensor(*one), all, all, makeBool(false)}))));
}

TEST_CASE("order statistics and their places among equals") {
  Context cx;
  TensorRef x = list(cx, {3, 1, 0, 3, 3, 3}, DType::Int64);
  CHECK(at(call(cx, tsc_rt_aten_median, {makeTensor(*x)})) == 3);
  Both m = callBoth(cx, tsc_rt_aten_median_dim, {makeTensor(*x), makeInt(0), makeBool(false)});
  CHECK(at(m.second) == 0);
  Both k = callBoth(cx, tsc_rt_aten_kthvalue,
                    {makeTensor(*x), makeInt(2), makeInt(-1), makeBool(false)});
  CHECK(at(k.first) == 1);
  CHECK(at(k.second) == 1);
  Both most = callBoth(cx, tsc_rt_aten_mode, {makeTensor(*x), makeInt(0), makeBool(true)});
  CHECK(at(most.first) == 3);
  StringPtr linear = newString(cx, "linear");
  TensorRef y = list(cx, {4, 1, 3, 2});
  OwnedValue q = call(cx, tsc_rt_aten_quantile_scalar,
                      {makeTensor(*y), makeFloat(0.5), makeNone(), makeBool(false),
                       makeObject(Tag::String, linear.get())});
  CHECK(at(q) == 2.5);
}

TEST_CASE("scans walk any dim and keep places") {
  Context cx;
  TensorRef x = arange(cx, {2, 3}, DType::Int32);
  OwnedValue s = call(cx, tsc_rt_aten_cumsum, {makeTensor(*x), makeInt(0), makeNone()});
  CHECK(asTensor(s).dtype == DType::Int64);
  CHECK(at(s, 5) == 7);
  TensorRef y = list(cx, {1, 1, 0, NAN, 9});
  Both m = callBoth(cx, tsc_rt_aten_cummax, {makeTensor(*y), makeInt(0)});
  CHECK(at(m.second, 2) == 1);
  CHECK(std::isnan(at(m.first, 4)));
  CHECK(at(m.second, 4) == 3);
}

TEST_CASE("norms, closeness, counts") {
  Context cx;
  TensorRef x = list(cx, {3, -4});
  auto norm = [&](double order) {
    return at(call(cx, tsc_rt_aten_linalg_vector_norm,
                   {makeTensor(*x), makeFloat(order), makeNone(), makeBool(false), makeNone()}));
  };
  CHECK(norm(2) == 5);
  CHECK(norm(1) == 7);
  CHECK(norm(0) == 2);
  CHECK(norm(INFINITY) == 4);
  CHECK(norm(-INFINITY) == 3);
  CHECK(norm(3) == Approx(4.497941445275415));
  TensorRef y = list(cx, {3.00001, -4});
  OwnedValue close =
      call(cx, tsc_rt_aten_allclose,
           {makeTensor(*x), makeTensor(*y), makeFloat(1e-5), makeFloat(1e-8), makeBool(false)});
  CHECK(close.get().payload.i == 1);
  TensorRef n = list(cx, {1, 4, 4}, DType::Int64);
  OwnedValue counts = call(cx, tsc_rt_aten_bincount, {makeTensor(*n), makeNone(), makeInt(7)});
  CHECK(asTensor(counts).numel == 7);
  CHECK(at(counts, 4) == 2);
  TensorRef negative = list(cx, {-1}, DType::Int64);
  CHECK(!call(cx, tsc_rt_aten_bincount, {makeTensor(*negative), makeNone(), makeInt(0)}));
}
