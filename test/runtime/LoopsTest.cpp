// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels and reductions over layouts that go wrong easily.
#include "Support.h"
#include "tsc/runtime/Reduce.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_aten_add_Tensor(Context *, const Value *, Value *);
int32_t tsc_rt_aten_add__Tensor(Context *, const Value *, Value *);
int32_t tsc_rt_aten_add_out(Context *, const Value *, Value *);
int32_t tsc_rt_aten_relu(Context *, const Value *, Value *);
}

TEST_CASE("add broadcasts, promotes and walks strides") {
  Context cx;
  TensorRef a = arange(cx, {2, 3}), b = arange(cx, {3}, DType::Int64);
  OwnedValue c = call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*a), makeTensor(*b), makeInt(2)});
  REQUIRE(c);
  CHECK(asTensor(c).dtype == DType::Float32);
  CHECK(asTensor(c).at(5).toDouble() == 9);
  TensorRef t = transpose(cx, *a, 0, 1);
  OwnedValue d = call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*t), makeTensor(*t), makeInt(1)});
  REQUIRE(d);
  CHECK(asTensor(d).strides[0] == 1);
  CHECK(asTensor(d).at(1).toDouble() == 6);
  OwnedValue mixed = call(cx, tsc_rt_aten_add_Tensor,
                          {makeTensor(*t), makeTensor(*arange(cx, {3, 1})), makeInt(1)});
  REQUIRE(mixed);
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 2; ++j)
      CHECK(asTensor(mixed).at(i * 2 + j).toDouble() == j * 3 + i + i);
}

TEST_CASE("0-d, no elements, and channels last") {
  Context cx;
  TensorRef zero = arange(cx, {}), none = arange(cx, {0, 3});
  CHECK(
      asTensor(call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*zero), makeTensor(*zero), makeInt(1)}))
          .rank == 0);
  OwnedValue e =
      call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*none), makeTensor(*zero), makeInt(1)});
  REQUIRE(e);
  CHECK(asTensor(e).numel == 0);
  TensorRef image = clone(cx, *arange(cx, {2, 3, 4, 5}), MemoryFormat::ChannelsLast);
  OwnedValue r = call(cx, tsc_rt_aten_relu, {makeTensor(*image)});
  CHECK(asTensor(r).isChannelsLast());
  CHECK(asTensor(r).at(77).toDouble() == 77);
  // the layout follows the inputs also when none of them has the result's shape
  TensorRef one = clone(cx, *arange(cx, {1, 3, 4, 5}), MemoryFormat::ChannelsLast);
  OwnedValue s = call(cx, tsc_rt_aten_add_Tensor,
                      {makeTensor(*one), makeTensor(*arange(cx, {2, 1, 1, 1})), makeInt(1)});
  CHECK(asTensor(s).isChannelsLast());
}

TEST_CASE("in-place and out= keep identity and check what they may write") {
  Context cx;
  TensorRef a = arange(cx, {4}), whole = arange(cx, {4}, DType::Int64);
  OwnedValue r =
      call(cx, tsc_rt_aten_add__Tensor, {makeTensor(*a), makeTensor(*whole), makeInt(1)});
  CHECK(r.get().payload.p == &a->head);
  CHECK(a->at(3).toDouble() == 6);
  CHECK(!call(cx, tsc_rt_aten_add__Tensor, {makeTensor(*whole), makeTensor(*a), makeInt(1)}));
  CHECK(std::string(cx.error.text) ==
        "result type Float can't be cast to the desired output type Long");
  cx.error.clear();
  TensorRef out = arange(cx, {0});
  REQUIRE(call(cx, tsc_rt_aten_add_out,
               {makeTensor(*a), makeTensor(*a), makeInt(1), makeTensor(*out)}));
  CHECK(out->numel == 4);
  TensorRef expanded = expand(cx, *arange(cx, {1}), Shape::of(3));
  CHECK(!call(cx, tsc_rt_aten_add__Tensor,
              {makeTensor(*expanded), makeTensor(*expanded), makeInt(1)}));
  cx.error.clear();
  // an input that overlaps the output in another order
  TensorRef m = arange(cx, {3, 3}), mt = transpose(cx, *m, 0, 1);
  REQUIRE(call(cx, tsc_rt_aten_add__Tensor, {makeTensor(*m), makeTensor(*mt), makeInt(1)}));
  CHECK(m->at(1).toDouble() == 4);
  CHECK(m->at(3).toDouble() == 4);
}

TEST_CASE("an output that is there takes a whole input and a part of itself") {
  Context cx;
  TensorRef a = arange(cx, {2, 3}), last = select(cx, *select(cx, *a, 0, 1), 0, 2);
  REQUIRE(last->rank == 0);
  REQUIRE(call(cx, tsc_rt_aten_add__Tensor, {makeTensor(*a), makeTensor(*last), makeInt(1)}));
  for (int64_t i = 0; i < 6; ++i)
    CHECK(a->at(i).toDouble() == static_cast<double>(i + 5));
  TensorRef out = arange(cx, {2, 3}, DType::Float64);
  REQUIRE(call(cx, tsc_rt_aten_add_out,
               {makeTensor(*a), makeTensor(*a), makeInt(1), makeTensor(*out)}));
  CHECK(out->at(5).toDouble() == 20);
  TensorRef none = arange(cx, {0, 3});
  REQUIRE(call(cx, tsc_rt_aten_add__Tensor, {makeTensor(*none), makeTensor(*none), makeInt(1)}));
}

TEST_CASE("shapes that do not fit are an error, and the next call works") {
  Context cx;
  TensorRef a = arange(cx, {2}), b = arange(cx, {3});
  CHECK(!call(cx, tsc_rt_aten_add_Tensor, {makeTensor(*a), makeTensor(*b), makeInt(1)}));
  CHECK(
      std::string(cx.error.text) ==
      "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0");
  cx.error.clear();
  CHECK(call(cx, tsc_rt_aten_relu, {makeTensor(*a)}));
}

TEST_CASE("promotion ranks dimensions over 0-d over numbers") {
  Context cx;
  TensorRef half = arange(cx, {2}, DType::Float16), doubles = arange(cx, {}, DType::Float64),
            ints = arange(cx, {2}, DType::Int32);
  Operand a[] = {half, doubles};
  CHECK(computeResultType(cx, a, 2) == DType::Float16);
  Operand b[] = {ints, Scalar(1.5)};
  CHECK(computeResultType(cx, b, 2) == DType::Float32);
  Operand c[] = {ints, Scalar(int64_t(3))};
  CHECK(computeResultType(cx, c, 2) == DType::Int32);
  Operand d[] = {ints, doubles};
  CHECK(computeResultType(cx, d, 2) == DType::Float64);
}

TEST_CASE("copies convert between all dtypes") {
  Context cx;
  for (const DTypeInfo &from : kDTypes)
    for (const DTypeInfo &to : kDTypes) {
      if (from.bytes == 0 || to.dtype == DType::QUInt2x4)
        continue;
      TensorRef a = arange(cx, {2}, from.dtype);
      TensorRef b = toDType(cx, *a, to.dtype);
      REQUIRE(b);
      CHECK(b->at(1).toBool());
      CHECK(!b->at(0).toBool());
    }
}

TEST_CASE("a sum over any dims is the same with any number of threads") {
  TensorRef results[2];
  for (int i = 0; i < 2; ++i) {
    Context cx;
    cx.pool = i ? createPool(3) : nullptr;
    TensorRef t = empty(cx, Shape::of(300, 700), DType::Float32);
    for (int64_t k = 0; k < t->numel; ++k)
      t->ptr<float>()[k] = static_cast<float>((k * 7919) % 1000) * 0.001f - 0.3f;
    int64_t dims[] = {-1, 0};
    results[i] = sumTensor(cx, *t, Optional<IntList>(IntList(dims)), false, DType::Float32);
    REQUIRE(results[i]);
    destroyPool(cx.pool);
  }
  CHECK(std::memcmp(results[0]->data, results[1]->data, 4) == 0);
  Context cx;
  TensorRef t = arange(cx, {2, 3, 4});
  int64_t middle[] = {1};
  TensorRef s = sumTensor(cx, *t, Optional<IntList>(IntList(middle)), true, DType::Float32);
  CHECK(s->sizes[1] == 1);
  CHECK(s->at(0).toDouble() == 0 + 4 + 8);
  CHECK(s->at(7).toDouble() == 15 + 19 + 23);
}

TEST_CASE("parallel loops run every index once, also nested and after fork") {
  Context cx;
  cx.pool = createPool(4);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int64_t> total{0};
    parallelFor(cx, 0, 1000, 10, [&](int64_t begin, int64_t end) {
      parallelFor(cx, begin, end, 1, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i)
          total += i;
      });
    });
    REQUIRE(total == 499500);
  }
  pid_t child = fork();
  if (child == 0) {
    std::atomic<int64_t> total{0};
    parallelFor(cx, 0, 1000, 10, [&](int64_t begin, int64_t end) { total += end - begin; });
    _exit(total == 1000 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  destroyPool(cx.pool);
}

TEST_CASE("random numbers are PyTorch's") {
  Context cx;
  Ref<Generator> g = newGenerator(cx, 0);
  TensorRef t = empty(cx, Shape::of(3), DType::Float32);
  REQUIRE(fillUniform(cx, *g, *t, 0, 1));
  CHECK(t->ptr<float>()[0] == Approx(0.4963).margin(1e-4));
  CHECK(t->ptr<float>()[1] == Approx(0.7682).margin(1e-4));
  g->reseed(0);
  REQUIRE(fillNormal(cx, *g, *t, 0, 1));
  CHECK(t->ptr<float>()[0] == Approx(1.5410).margin(1e-4));
  CHECK(t->ptr<float>()[1] == Approx(-0.2934).margin(1e-4));
  g->reseed(0);
  t = empty(cx, Shape::of(20), DType::Float32);
  REQUIRE(fillNormal(cx, *g, *t, 0, 1));
  CHECK(t->ptr<float>()[0] == Approx(-1.1258).margin(1e-4));
}
