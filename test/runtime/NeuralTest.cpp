// SPDX-License-Identifier: Apache-2.0
// Operators of neural networks: softmax, normalization, pooling, recurrence, attention, losses.
#include "Support.h"

#include <cmath>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_aten_softmax_int(Context *, const Value *, Value *);
int32_t tsc_rt_aten_layer_norm(Context *, const Value *, Value *);
int32_t tsc_rt_aten_batch_norm(Context *, const Value *, Value *);
int32_t tsc_rt_aten_max_pool2d(Context *, const Value *, Value *);
int32_t tsc_rt_aten_adaptive_avg_pool2d(Context *, const Value *, Value *);
int32_t tsc_rt_aten_gru_cell(Context *, const Value *, Value *);
int32_t tsc_rt_aten_scaled_dot_product_attention(Context *, const Value *, Value *);
int32_t tsc_rt_aten_cross_entropy_loss(Context *, const Value *, Value *);
int32_t tsc_rt_aten_embedding(Context *, const Value *, Value *);
int32_t tsc_rt_torchvision_nms(Context *, const Value *, Value *);
int32_t tsc_rt_aten_upsample_bilinear2d(Context *, const Value *, Value *);
}

namespace {
Value list(const ListRef &l) { return makeObject(Tag::List, l.get()); }
ListRef ints(Context &cx, std::initializer_list<int64_t> items) {
  return newIntList(cx, IntList(items.begin(), static_cast<int64_t>(items.size())));
}
} // namespace

TEST_CASE("softmax over each dim, with infinities, to the last bits") {
  Context cx;
  double numbers[] = {0, 1, -INFINITY, 100, 2, 3};
  TensorRef x = tensorOf(cx, numbers, {2, 3}, DType::Float32);
  for (int64_t dim : {0, 1, -1}) {
    OwnedValue y = call(cx, tsc_rt_aten_softmax_int, {makeTensor(*x), makeInt(dim), makeNone()});
    REQUIRE(y);
    for (int64_t i = 0; i < 6; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < 6; ++j)
        if (dim == 0 ? i % 3 == j % 3 : i / 3 == j / 3)
          sum += std::exp(numbers[j] - 100);
      CHECK(asTensor(y).at(i).toDouble() ==
            Approx(std::exp(numbers[i] - 100) / sum).epsilon(1e-6).margin(1e-30));
    }
  }
  TensorRef whole = arange(cx, {2}, DType::Int64);
  CHECK(!call(cx, tsc_rt_aten_softmax_int, {makeTensor(*whole), makeInt(0), makeNone()}));
}

TEST_CASE("layer_norm gives rows of mean 0 and variance 1") {
  Context cx;
  TensorRef x = arange(cx, {3, 37}), w = full(cx, Shape::of(37), Scalar(2.0), DType::Float32);
  ListRef shape = ints(cx, {37});
  OwnedValue y = call(
      cx, tsc_rt_aten_layer_norm,
      {makeTensor(*x), list(shape), makeTensor(*w), makeNone(), makeFloat(1e-5), makeBool(true)});
  REQUIRE(y);
  double sum = 0, squares = 0;
  for (int64_t i = 37; i < 74; ++i) {
    double v = asTensor(y).at(i).toDouble();
    sum += v, squares += v * v;
  }
  CHECK(sum == Approx(0).margin(1e-4));
  CHECK(squares / 37 == Approx(4).epsilon(1e-4));
}

TEST_CASE("batch_norm in training updates the running statistics in place") {
  Context cx;
  TensorRef x = arange(cx, {2, 1, 2}), mean = zeros(cx, Shape::of(1), DType::Float32),
            variance = full(cx, Shape::of(1), Scalar(1.0), DType::Float32);
  OwnedValue y =
      call(cx, tsc_rt_aten_batch_norm,
           {makeTensor(*x), makeNone(), makeNone(), makeTensor(*mean), makeTensor(*variance),
            makeBool(true), makeFloat(0.5), makeFloat(0), makeBool(false)});
  REQUIRE(y);
  CHECK(asTensor(y).at(0).toDouble() == Approx(-1.5 / std::sqrt(1.25)));
  CHECK(mean->at(0).toDouble() == Approx(0.75));
  CHECK(variance->at(0).toDouble() == Approx(0.5 + 0.5 * 5 / 3));
}

TEST_CASE("pooling over windows that leave the image") {
  Context cx;
  TensorRef x = arange(cx, {1, 3, 4});
  ListRef kernel = ints(cx, {3, 3}), stride = ints(cx, {2, 2}), pad = ints(cx, {1, 1}),
          one = ints(cx, {1, 1}), output = ints(cx, {2, 2});
  OwnedValue top =
      call(cx, tsc_rt_aten_max_pool2d,
           {makeTensor(*x), list(kernel), list(stride), list(pad), list(one), makeBool(false)});
  REQUIRE(top);
  CHECK(asTensor(top).shape() == static_cast<IntList>(Shape::of(1, 2, 2)));
  CHECK(asTensor(top).at(0).toDouble() == 5);
  CHECK(asTensor(top).at(3).toDouble() == 11);
  OwnedValue mean = call(cx, tsc_rt_aten_adaptive_avg_pool2d, {makeTensor(*x), list(output)});
  REQUIRE(mean);
  CHECK(asTensor(mean).at(0).toDouble() == Approx((0 + 1 + 4 + 5) / 4.0));
  CHECK(asTensor(mean).at(3).toDouble() == Approx((6 + 7 + 10 + 11) / 4.0));
}

TEST_CASE("a gru cell is its formula") {
  Context cx;
  double in[] = {0.5, -1}, state[] = {0.25};
  TensorRef x = tensorOf(cx, in, {1, 2}, DType::Float32),
            h = tensorOf(cx, state, {1, 1}, DType::Float32);
  double wi[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, wh[] = {0.7, -0.8, 0.9}, bias[] = {0.1, 0.2, 0.3};
  TensorRef wih = tensorOf(cx, wi, {3, 2}, DType::Float32),
            whh = tensorOf(cx, wh, {3, 1}, DType::Float32),
            b = tensorOf(cx, bias, {3}, DType::Float32);
  OwnedValue y = call(cx, tsc_rt_aten_gru_cell,
                      {makeTensor(*x), makeTensor(*h), makeTensor(*wih), makeTensor(*whh),
                       makeTensor(*b), makeTensor(*b)});
  REQUIRE(y);
  auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  auto gx = [&](int g) { return wi[2 * g] * in[0] + wi[2 * g + 1] * in[1] + bias[g]; };
  auto gh = [&](int g) { return wh[g] * state[0] + bias[g]; };
  double r = sigmoid(gx(0) + gh(0)), z = sigmoid(gx(1) + gh(1)), n = std::tanh(gx(2) + r * gh(2));
  CHECK(asTensor(y).at(0).toDouble() == Approx((1 - z) * n + z * state[0]).epsilon(1e-6));
}

TEST_CASE("attention weighs values, and rows that see nothing give zeros") {
  Context cx;
  TensorRef q = arange(cx, {1, 2, 4}), v = arange(cx, {1, 3, 2});
  TensorRef k = zeros(cx, Shape::of(1, 3, 4), DType::Float32);
  TensorRef mask = zeros(cx, Shape::of(2, 3), DType::Bool);
  mask->ptr<bool>()[0] = mask->ptr<bool>()[2] = true; // the second row sees nothing
  OwnedValue y = call(cx, tsc_rt_aten_scaled_dot_product_attention,
                      {makeTensor(*q), makeTensor(*k), makeTensor(*v), makeTensor(*mask),
                       makeFloat(0), makeBool(false), makeNone(), makeBool(false)});
  REQUIRE(y);
  CHECK(asTensor(y).at(0).toDouble() == Approx(2));
  CHECK(asTensor(y).at(1).toDouble() == Approx(3));
  CHECK(asTensor(y).at(2).toDouble() == 0);
}

TEST_CASE("cross entropy ignores what it is told to ignore") {
  Context cx;
  double numbers[] = {1, 2, 3, 1, 1, 1}, classes[] = {2, -100};
  TensorRef x = tensorOf(cx, numbers, {2, 3}, DType::Float32),
            t = tensorOf(cx, classes, {2}, DType::Int64);
  OwnedValue y =
      call(cx, tsc_rt_aten_cross_entropy_loss,
           {makeTensor(*x), makeTensor(*t), makeNone(), makeInt(1), makeInt(-100), makeFloat(0)});
  REQUIRE(y);
  double sum = std::exp(-2) + std::exp(-1) + 1;
  CHECK(asTensor(y).item().toDouble() == Approx(std::log(sum)));
}

TEST_CASE("indices out of a table are an IndexError") {
  Context cx;
  TensorRef table = arange(cx, {3, 2}), at = arange(cx, {4}, DType::Int64);
  CHECK(
      !call(cx, tsc_rt_aten_embedding,
            {makeTensor(*table), makeTensor(*at), makeInt(-1), makeBool(false), makeBool(false)}));
  CHECK(std::string(cx.error.className) == "IndexError");
}

TEST_CASE("nms keeps the best of boxes that overlap") {
  Context cx;
  double boxes[] = {0, 0, 10, 10, 1, 1, 10, 10, 20, 20, 30, 30}, scores[] = {0.5, 0.9, 0.1};
  TensorRef b = tensorOf(cx, boxes, {3, 4}, DType::Float32),
            s = tensorOf(cx, scores, {3}, DType::Float32);
  OwnedValue kept =
      call(cx, tsc_rt_torchvision_nms, {makeTensor(*b), makeTensor(*s), makeFloat(0.5)});
  REQUIRE(kept);
  REQUIRE(asTensor(kept).numel == 2);
  CHECK(asTensor(kept).at(0).toInt() == 1);
  CHECK(asTensor(kept).at(1).toInt() == 2);
}

TEST_CASE("bilinear interpolation meets the corners when they are aligned") {
  Context cx;
  TensorRef x = arange(cx, {1, 1, 2, 2});
  ListRef size = ints(cx, {3, 3});
  OwnedValue y = call(cx, tsc_rt_aten_upsample_bilinear2d,
                      {makeTensor(*x), list(size), makeBool(true), makeNone(), makeNone()});
  REQUIRE(y);
  for (int64_t i = 0; i < 9; ++i)
    CHECK(asTensor(y).at(i).toDouble() ==
          Approx(0.5 * static_cast<double>(i % 3) + static_cast<double>(i / 3)));
}
