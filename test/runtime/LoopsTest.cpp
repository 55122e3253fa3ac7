// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels over layouts that go wrong easily.
#include "tsc/runtime/Loops.h"

#include <catch2/catch.hpp>

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_aten_add_Tensor(Context *, const Value *, Value *);
extern "C" int32_t tsc_rt_aten_relu(Context *, const Value *, Value *);

static TensorRef arange(Context &cx, IntList sizes, DType dtype = DType::Float32) {
  TensorRef t = empty(cx, sizes, dtype);
  for (int64_t i = 0; i < t->numel; ++i)
    storeScalar(t->base() + i * t->itemsize(), dtype, Scalar(static_cast<double>(i)));
  return t;
}
static TensorRef call(Context &cx, BoxedEntry entry, std::initializer_list<Value> args) {
  Value result = makeNone();
  if (entry(&cx, args.begin(), &result))
    return {};
  return TensorRef::adopt(reinterpret_cast<Tensor *>(result.payload.p));
}

TEST_CASE("add broadcasts, promotes and walks strides") {
  Context cx;
  int64_t s23[] = {2, 3}, s3[] = {3};
  TensorRef a = arange(cx, s23), b = arange(cx, s3, DType::Int64);
  TensorRef c = call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*a), makeTensor(*b), makeInt(2)});
  REQUIRE(c);
  CHECK(c->dtype == DType::Float32);
  CHECK(c->at(5).toDouble() == 9);
  TensorRef t = transpose(cx, *a, 0, 1);
  TensorRef d = call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*t), makeTensor(*t), makeInt(1)});
  REQUIRE(d);
  CHECK(d->strides[0] == 1);
  CHECK(d->at(1).toDouble() == 6);
}

TEST_CASE("shapes that do not fit are an error, and the next call works") {
  Context cx;
  int64_t s2[] = {2}, s3[] = {3};
  TensorRef a = arange(cx, s2), b = arange(cx, s3);
  CHECK(!call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*a), makeTensor(*b), makeInt(1)}));
  CHECK(std::string(cx.error.text) ==
        "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0");
  cx.error.clear();
  CHECK(call(cx, tsc_rt_aten_relu, {makeTensor(*a)}));
}
