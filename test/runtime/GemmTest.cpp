// SPDX-License-Identifier: Apache-2.0
// Matrix products against the definition, for all orders of operands and awkward sizes, and the
// promise that threads change no bit.
#include "tsc/runtime/Gemm.h"
#include "Support.h"

#include <cmath>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_aten_matmul(Context *, const Value *, Value *);
int32_t tsc_rt_aten_linear(Context *, const Value *, Value *);
int32_t tsc_rt_aten_addmm(Context *, const Value *, Value *);
int32_t tsc_rt_aten_einsum(Context *, const Value *, Value *);
}

namespace {
uint32_t state = 1;
int64_t random(int64_t n) {
  state = state * 1664525u + 1013904223u;
  return static_cast<int64_t>(state >> 8) % n;
}
template <class T> std::vector<T> numbers(int64_t n) {
  std::vector<T> v(static_cast<size_t>(n));
  for (T &x : v)
    x = static_cast<T>(random(17) - 8);
  return v;
}

template <class T> void checkProduct(Context &cx, int64_t m, int64_t n, int64_t k, int order) {
  std::vector<T> a = numbers<T>(m * k), b = numbers<T>(k * n), c = numbers<T>(m * n), start = c;
  std::vector<T> rowBias = numbers<T>(m), colBias = numbers<T>(n);
  Gemm<T> g;
  g.m = m, g.n = n, g.k = k, g.alpha = 2, g.beta = 3;
  g.a = a.data(), g.rowA = order & 1 ? 1 : k, g.colA = order & 1 ? m : 1;
  g.b = b.data(), g.rowB = order & 2 ? 1 : n, g.colB = order & 2 ? k : 1;
  g.c = c.data(), g.rowC = n, g.rowBias = rowBias.data(), g.colBias = colBias.data();
  REQUIRE(gemm(cx, g));
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      T sum = 0;
      for (int64_t x = 0; x < k; ++x)
        sum += a[i * g.rowA + x * g.colA] * b[x * g.rowB + j * g.colB];
      T want = 2 * sum + 3 * start[i * n + j] + rowBias[i] + colBias[j];
      if (c[i * n + j] != want) {
        CAPTURE(m, n, k, order, i, j);
        REQUIRE(c[i * n + j] == want); // whole numbers: exact in any order
      }
    }
}
} // namespace

TEMPLATE_TEST_CASE("products of all orders and sizes", "", float, double, int64_t) {
  Context cx;
  for (int64_t m : {1, 2, 4, 5, 6, 12, 13, 29})
    for (int64_t n : {1, 3, 8, 31, 32, 65})
      for (int64_t k : {0, 1, 7, 40, 401})
        for (int order = 0; order < 4; ++order)
          checkProduct<TestType>(cx, m, n, k, order);
  checkProduct<TestType>(cx, 150, 530, 390, 0);
}

TEST_CASE("a product has the same bits with any number of threads") {
  std::vector<float> a(300 * 500), b(500 * 700), results[2];
  for (float &x : a)
    x = static_cast<float>(random(1000)) * 0.001f - 0.4f;
  for (float &x : b)
    x = static_cast<float>(random(1000)) * 0.001f - 0.6f;
  for (int i = 0; i < 2; ++i) {
    Context cx;
    cx.pool = i ? createPool(3) : nullptr;
    results[i].resize(300 * 700);
    Gemm<float> g;
    g.m = 300, g.n = 700, g.k = 500;
    g.a = a.data(), g.rowA = 500, g.b = b.data(), g.rowB = 700;
    g.c = results[i].data(), g.rowC = 700;
    REQUIRE(gemm(cx, g));
    destroyPool(cx.pool);
  }
  CHECK(results[0] == results[1]);
}

TEST_CASE("matmul broadcasts batches, and takes vectors and every dtype") {
  Context cx;
  TensorRef a = arange(cx, {2, 1, 2, 3}), b = arange(cx, {3, 3, 2});
  OwnedValue c = call(cx, tsc_rt_aten_matmul, {makeTensor(*a), makeTensor(*b)});
  REQUIRE(c);
  CHECK(asTensor(c).shape() == static_cast<IntList>(Shape::of(2, 3, 2, 2)));
  CHECK(asTensor(c).at(0).toDouble() == 0 * 0 + 1 * 2 + 2 * 4);
  CHECK(asTensor(c).at(23).toDouble() == 9 * 13 + 10 * 15 + 11 * 17);
  for (DType dtype : {DType::Float16, DType::BFloat16, DType::Int8, DType::Int64, DType::Float64,
                      DType::Complex64, DType::Complex128}) {
    TensorRef v = arange(cx, {4}, dtype);
    OwnedValue dot = call(cx, tsc_rt_aten_matmul, {makeTensor(*v), makeTensor(*v)});
    REQUIRE(dot);
    CHECK(asTensor(dot).rank == 0);
    CHECK(asTensor(dot).item().toComplex() == Complex(14, 0));
  }
  TensorRef flags = arange(cx, {2, 2}, DType::Bool);
  CHECK(!call(cx, tsc_rt_aten_matmul, {makeTensor(*flags), makeTensor(*flags)}));
  cx.error.clear();
  CHECK(!call(cx, tsc_rt_aten_matmul,
              {makeTensor(*arange(cx, {2, 3})), makeTensor(*arange(cx, {2, 3}))}));
  CHECK(std::string(cx.error.text) == "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)");
}

TEST_CASE("linear adds its bias to rows of any rank") {
  Context cx;
  TensorRef x = arange(cx, {2, 2, 3}), w = arange(cx, {4, 3}), b = arange(cx, {4});
  OwnedValue y = call(cx, tsc_rt_aten_linear, {makeTensor(*x), makeTensor(*w), makeTensor(*b)});
  REQUIRE(y);
  CHECK(asTensor(y).shape() == static_cast<IntList>(Shape::of(2, 2, 4)));
  CHECK(asTensor(y).at(15).toDouble() == 9 * 9 + 10 * 10 + 11 * 11 + 3);
}

TEST_CASE("addmm with beta 0 does not read what it replaces") {
  Context cx;
  TensorRef nan = full(cx, Shape::of(2, 2), Scalar(NAN), DType::Float32), a = arange(cx, {2, 2});
  OwnedValue c = call(cx, tsc_rt_aten_addmm,
                      {makeTensor(*nan), makeTensor(*a), makeTensor(*a), makeInt(0), makeInt(1)});
  REQUIRE(c);
  CHECK(asTensor(c).at(3).toDouble() == 11);
}

TEST_CASE("einsum multiplies, transposes, takes diagonals and sums") {
  Context cx;
  TensorRef a = arange(cx, {2, 3}), b = arange(cx, {3, 2}), square = arange(cx, {3, 3});
  auto run = [&](const char *equation, std::initializer_list<TensorRef> tensors) {
    StringPtr text = newString(cx, equation);
    ListRef list = newTensorList(cx, {tensors.begin(), static_cast<int64_t>(tensors.size())});
    return call(
        cx, tsc_rt_aten_einsum,
        {makeObject(Tag::String, text.get()), makeObject(Tag::List, list.get()), makeNone()});
  };
  CHECK(asTensor(run("ij,jk->ki", {a, b})).at(3).toDouble() == 3 * 1 + 4 * 3 + 5 * 5);
  CHECK(asTensor(run("ii", {square})).item().toDouble() == 12);
  CHECK(asTensor(run("ij,ji->", {a, b})).item().toDouble() == 0 + 2 + 8 + 3 + 12 + 25);
  CHECK(!run("ij,jk", {a}));
}
