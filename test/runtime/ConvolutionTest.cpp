// SPDX-License-Identifier: Apache-2.0
// Convolutions against the definition: strides, borders, dilations, groups, transposed, and
// layouts.
#include "Support.h"

#include <vector>

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_aten_convolution(Context *, const Value *, Value *);
int32_t tsc_rt_aten_conv2d_padding(Context *, const Value *, Value *);
int32_t tsc_rt_aten_conv2d(Context *, const Value *, Value *);
}

namespace {
struct Case {
  int64_t batch, in, out, size[2], kernel[2], stride[2], pad[2], dilation[2], groups;
};

TensorRef image(Context &cx, IntList sizes, DType dtype = DType::Float32) {
  TensorRef t = empty(cx, sizes, dtype);
  for (int64_t i = 0; i < t->numel; ++i)
    storeScalar(t->base() + i * t->itemsize(), dtype, Scalar((i * 7919) % 13 - 6));
  return t;
}
OwnedValue convolve(Context &cx, const Case &c, const Tensor &x, const Tensor &w, const Tensor *b,
                    bool transposed) {
  int64_t none[] = {0, 0};
  ListRef stride = newIntList(cx, c.stride), pad = newIntList(cx, c.pad),
          dilation = newIntList(cx, c.dilation), extra = newIntList(cx, none);
  auto list = [](const ListRef &l) { return makeObject(Tag::List, l.get()); };
  return call(cx, tsc_rt_aten_convolution,
              {makeTensor(x), makeTensor(w), b ? makeTensor(*b) : makeNone(), list(stride),
               list(pad), list(dilation), makeBool(transposed), list(extra), makeInt(c.groups)});
}

/// Adds every product of an input pixel and a weight where it belongs.
void check(Context &cx, const Case &c, bool transposed) {
  int64_t per = (transposed ? c.out : c.in) / c.groups;
  TensorRef x = image(cx, Shape::of(c.batch, c.in, c.size[0], c.size[1]));
  TensorRef w = image(cx, Shape::of(transposed ? c.in : c.out, per, c.kernel[0], c.kernel[1]));
  TensorRef b = image(cx, Shape::of(c.out));
  OwnedValue got = convolve(cx, c, *x, *w, b.get(), transposed);
  REQUIRE(got);
  const Tensor &y = asTensor(got);
  int64_t oh = y.sizes[2], ow = y.sizes[3];
  std::vector<float> want(static_cast<size_t>(y.numel));
  for (int64_t i = 0; i < y.numel; ++i)
    want[i] = b->ptr<float>()[i / (oh * ow) % c.out];
  for (int64_t n = 0; n < c.batch; ++n)
    for (int64_t o = 0; o < c.out; ++o)
      for (int64_t i = 0; i < c.in; ++i) {
        if (o / (c.out / c.groups) != i / (c.in / c.groups))
          continue;
        int64_t row = transposed ? i : o, column = transposed ? o % per : i % per;
        for (int64_t ky = 0; ky < c.kernel[0]; ++ky)
          for (int64_t kx = 0; kx < c.kernel[1]; ++kx)
            for (int64_t py = 0; py < (transposed ? c.size[0] : oh); ++py)
              for (int64_t px = 0; px < (transposed ? c.size[1] : ow); ++px) {
                int64_t qy = py * c.stride[0] - c.pad[0] + ky * c.dilation[0],
                        qx = px * c.stride[1] - c.pad[1] + kx * c.dilation[1];
                int64_t iy = transposed ? py : qy, ix = transposed ? px : qx,
                        oy = transposed ? qy : py, ox = transposed ? qx : px;
                if (iy < 0 || iy >= c.size[0] || ix < 0 || ix >= c.size[1] || oy < 0 || oy >= oh ||
                    ox < 0 || ox >= ow)
                  continue;
                want[((n * c.out + o) * oh + oy) * ow + ox] +=
                    x->ptr<float>()[((n * c.in + i) * c.size[0] + iy) * c.size[1] + ix] *
                    w->ptr<float>()[((row * per + column) * c.kernel[0] + ky) * c.kernel[1] + kx];
              }
      }
  for (int64_t i = 0; i < y.numel; ++i)
    if (y.ptr<float>()[i] != want[i]) {
      CAPTURE(c.in, c.out, c.groups, transposed, i);
      REQUIRE(y.ptr<float>()[i] == want[i]); // whole numbers: exact in any order
    }
}

const Case kCases[] = {
    {1, 3, 4, {7, 9}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1},
    {2, 4, 6, {8, 5}, {3, 2}, {2, 1}, {0, 1}, {1, 2}, 2},
    {3, 5, 7, {6, 6}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 1},
    {1, 5, 7, {9, 9}, {1, 1}, {2, 2}, {0, 0}, {1, 1}, 1},
    {2, 8, 8, {11, 13}, {5, 5}, {2, 2}, {2, 2}, {1, 1}, 8},
    {1, 8, 16, {9, 40}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 8},
    {1, 3, 40, {37, 35}, {7, 7}, {2, 2}, {3, 3}, {1, 1}, 1},
    {1, 2, 3, {20, 20}, {3, 3}, {3, 5}, {4, 6}, {2, 3}, 1},
    {1, 2, 3, {33, 6}, {2, 2}, {17, 1}, {1, 0}, {1, 1}, 1},
};
} // namespace

TEST_CASE("convolutions are what their definition says") {
  Context cx;
  for (const Case &c : kCases)
    check(cx, c, false);
  cx.pool = createPool(3);
  for (const Case &c : kCases)
    check(cx, c, false);
  destroyPool(cx.pool);
}

TEST_CASE("transposed convolutions are what their definition says") {
  Context cx;
  for (const Case &c : kCases)
    if (c.kernel[0] > 2 * c.pad[0])
      check(cx, c, true);
}

TEST_CASE("a convolution of other dtypes and layouts gives the same numbers") {
  Context cx;
  Case c = kCases[0];
  TensorRef x = image(cx, Shape::of(1, 3, 7, 9)), w = image(cx, Shape::of(4, 3, 3, 3));
  OwnedValue want = convolve(cx, c, *x, *w, nullptr, false);
  REQUIRE(want);
  for (DType dtype : {DType::Float64, DType::Int64, DType::Complex64, DType::Float16}) {
    TensorRef tx = toDType(cx, *x, dtype), tw = toDType(cx, *w, dtype);
    OwnedValue got = convolve(cx, c, *tx, *tw, nullptr, false);
    REQUIRE(got);
    CHECK(asTensor(got).dtype == dtype);
    for (int64_t i = 0; i < asTensor(want).numel; ++i)
      REQUIRE(asTensor(got).at(i).toComplex() == asTensor(want).at(i).toComplex());
  }
  TensorRef last = clone(cx, *x, MemoryFormat::ChannelsLast);
  OwnedValue got = convolve(cx, c, *last, *w, nullptr, false);
  REQUIRE(got);
  CHECK(asTensor(got).isChannelsLast());
  for (int64_t i = 0; i < asTensor(want).numel; ++i)
    REQUIRE(asTensor(got).at(i).toDouble() == asTensor(want).at(i).toDouble());
}

TEST_CASE("padding 'same' keeps sizes, and what does not fit is an error") {
  Context cx;
  int64_t one[] = {1, 1}, two[] = {2, 2};
  ListRef ones = newIntList(cx, one), twos = newIntList(cx, two);
  StringPtr same = newString(cx, "same");
  TensorRef x = image(cx, Shape::of(1, 2, 6, 6)), w = image(cx, Shape::of(3, 2, 2, 4));
  auto run = [&](const ListRef &stride) {
    return call(cx, tsc_rt_aten_conv2d_padding,
                {makeTensor(*x), makeTensor(*w), makeNone(), makeObject(Tag::List, stride.get()),
                 makeObject(Tag::String, same.get()), makeObject(Tag::List, ones.get()),
                 makeInt(1)});
  };
  OwnedValue y = run(ones);
  REQUIRE(y);
  CHECK(asTensor(y).shape() == static_cast<IntList>(Shape::of(1, 3, 6, 6)));
  CHECK(!run(twos));
  CHECK(std::string(cx.error.text) == "padding='same' is not supported for strided convolutions");
  cx.error.clear();
  TensorRef wrong = image(cx, Shape::of(3, 5, 2, 2));
  CHECK(!call(cx, tsc_rt_aten_conv2d,
              {makeTensor(*x), makeTensor(*wrong), makeNone(), makeObject(Tag::List, ones.get()),
               makeInt(0), makeObject(Tag::List, ones.get()), makeInt(1)}));
  CHECK(std::string(cx.error.text).find("to have 5 channels, but got 2 channels instead") !=
        std::string::npos);
}
