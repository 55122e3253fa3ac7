// SPDX-License-Identifier: Apache-2.0
// Elementwise operators: edges of arithmetic, promotion, refused dtypes, and the float functions
// that are written for vectors against the C library.
#include "Support.h"

#include <cmath>

using namespace tsc;
using namespace tsc::rt;

#define KERNEL(NAME) int32_t tsc_rt_aten_##NAME(Context *, const Value *, Value *);
extern "C" {
KERNEL(abs)
KERNEL(acos)
KERNEL(asin)
KERNEL(atan)
KERNEL(bitwise_left_shift_Tensor)
KERNEL(clamp)
KERNEL(cos)
KERNEL(div_Tensor)
KERNEL(div_Tensor_mode)
KERNEL(dropout)
KERNEL(eq_Scalar)
KERNEL(erf)
KERNEL(exp)
KERNEL(expm1)
KERNEL(gelu)
KERNEL(log)
KERNEL(log1p)
KERNEL(log2)
KERNEL(masked_fill_Scalar)
KERNEL(maximum)
KERNEL(nextafter)
KERNEL(pow_Tensor_Scalar)
KERNEL(pow_Tensor_Tensor)
KERNEL(remainder_Tensor)
KERNEL(round_decimals)
KERNEL(sigmoid)
KERNEL(sin)
KERNEL(sinh)
KERNEL(sub_Tensor)
KERNEL(tanh)
KERNEL(where_self)
}

static TensorRef list(Context &cx, std::initializer_list<double> numbers,
                      DType dtype = DType::Float32) {
  return tensorOf(cx, numbers.begin(), {static_cast<int64_t>(numbers.size())}, dtype);
}
static double at(const OwnedValue &v, int64_t i) { return asTensor(v).at(i).toDouble(); }

/// Distance in units of the last place of the exact result.
static double lastPlaces(float got, double exact) {
  float rounded = static_cast<float>(exact);
  if (std::isnan(exact) || std::isinf(rounded))
    return std::isnan(got) == std::isnan(exact) && (std::isnan(exact) || got == rounded) ? 0 : 1e9;
  double unit = static_cast<double>(std::nextafterf(std::fabs(rounded), INFINITY)) -
                static_cast<double>(std::fabs(rounded));
  return std::fabs(static_cast<double>(got) - exact) / unit;
}
static void checkFunction(BoxedEntry entry, double (*exact)(double), double from, double to,
                          double allowed = 2) {
  Context cx;
  constexpr int64_t kCount = 20000;
  int64_t sizes[] = {kCount + 6};
  TensorRef x = empty(cx, sizes, DType::Float32);
  float *numbers = x->ptr<float>();
  for (int64_t i = 0; i < kCount; ++i)
    numbers[i] = static_cast<float>(from + (to - from) * static_cast<double>(i) / kCount);
  const float edges[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-20f};
  std::copy(edges, edges + 6, numbers + kCount);
  OwnedValue y = call(cx, entry, {makeTensor(*x)});
  REQUIRE(y);
  double worst = 0;
  for (int64_t i = 0; i < kCount + 6; ++i) {
    double distance =
        lastPlaces(asTensor(y).ptr<float>()[i], exact(static_cast<double>(numbers[i])));
    worst = distance > worst ? distance : worst;
  }
  CHECK(worst <= allowed);
}

TEST_CASE("functions of floats are right to one or two units in the last place") {
  checkFunction(tsc_rt_aten_exp, std::exp, -90, 90);
  checkFunction(tsc_rt_aten_tanh, std::tanh, -10, 10);
  checkFunction(tsc_rt_aten_sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 80, 2.5);
  checkFunction(tsc_rt_aten_erf, std::erf, -5, 5);
  checkFunction(tsc_rt_aten_log, std::log, 1e-3, 50, 1);
  checkFunction(tsc_rt_aten_log2, std::log2, 1e-3, 50, 1);
  checkFunction(tsc_rt_aten_log1p, std::log1p, -0.999, 3, 1);
  checkFunction(tsc_rt_aten_expm1, std::expm1, -5, 5, 1);
  checkFunction(tsc_rt_aten_sinh, std::sinh, -5, 5, 1);
  checkFunction(tsc_rt_aten_sin, std::sin, -100, 100, 1);
  checkFunction(tsc_rt_aten_cos, std::cos, -1e6, 1e6, 1);
  checkFunction(tsc_rt_aten_atan, std::atan, -20, 20, 1);
  checkFunction(tsc_rt_aten_asin, std::asin, -1.2, 1.2, 1);
  checkFunction(tsc_rt_aten_acos, std::acos, -1, 1, 1);
}

TEST_CASE("powers keep their edges") {
  Context cx;
  TensorRef x = list(cx, {-8, -8, 0, -0.0, 4, -1, 1, NAN, 2});
  TensorRef y = list(cx, {3, 0.5, -1, 3, 0.5, INFINITY, NAN, 0, 10});
  OwnedValue r = call(cx, tsc_rt_aten_pow_Tensor_Tensor, {makeTensor(*x), makeTensor(*y)});
  REQUIRE(r);
  const double wanted[] = {-512, NAN, INFINITY, -0.0, 2, 1, 1, 1, 1024};
  for (int64_t i = 0; i < 9; ++i) {
    CHECK(std::isnan(at(r, i)) == std::isnan(wanted[i]));
    CHECK((std::isnan(wanted[i]) || at(r, i) == wanted[i]));
  }
  TensorRef whole = list(cx, {2, 3}, DType::Int64);
  CHECK(!call(cx, tsc_rt_aten_pow_Tensor_Scalar, {makeTensor(*whole), makeInt(-1)}));
  cx.error.clear();
  OwnedValue square = call(cx, tsc_rt_aten_pow_Tensor_Scalar, {makeTensor(*whole), makeInt(2)});
  CHECK(asTensor(square).dtype == DType::Int64);
  CHECK(at(square, 1) == 9);
}

TEST_CASE("integers are divided with care") {
  Context cx;
  TensorRef a = list(cx, {-7, 7, -7, INT64_MIN}, DType::Int64);
  TensorRef b = list(cx, {2, -2, -2, -1}, DType::Int64);
  StringPtr floor = newString(cx, "floor");
  Value mode = makeObject(Tag::String, floor.get());
  OwnedValue q = call(cx, tsc_rt_aten_div_Tensor_mode, {makeTensor(*a), makeTensor(*b), mode});
  REQUIRE(q);
  CHECK(at(q, 0) == -4);
  CHECK(at(q, 1) == -4);
  CHECK(at(q, 2) == 3);
  CHECK(asTensor(q).at(3).i == INT64_MIN);
  OwnedValue r = call(cx, tsc_rt_aten_remainder_Tensor, {makeTensor(*a), makeTensor(*b)});
  CHECK(at(r, 0) == 1);
  CHECK(at(r, 1) == -1);
  OwnedValue real = call(cx, tsc_rt_aten_div_Tensor, {makeTensor(*a), makeTensor(*b)});
  CHECK(asTensor(real).dtype == DType::Float32);
  CHECK(at(real, 0) == -3.5);
  TensorRef zero = list(cx, {0}, DType::Int64);
  CHECK(!call(cx, tsc_rt_aten_remainder_Tensor, {makeTensor(*a), makeTensor(*zero)}));
  CHECK(std::string(cx.error.text) == "ZeroDivisionError");
  cx.error.clear();
  TensorRef by = list(cx, {1, 63, 64, -1}, DType::Int64);
  OwnedValue s = call(cx, tsc_rt_aten_bitwise_left_shift_Tensor, {makeTensor(*b), makeTensor(*by)});
  CHECK(at(s, 0) == 4);
  CHECK(at(s, 2) == 0);
  CHECK(at(s, 3) == 0);
}

TEST_CASE("bools, wrapped numbers and refused dtypes") {
  Context cx;
  TensorRef flags = list(cx, {1, 0}, DType::Bool), bytes = list(cx, {253, 3}, DType::UInt8);
  CHECK(!call(cx, tsc_rt_aten_sub_Tensor, {makeTensor(*flags), makeTensor(*flags), makeInt(1)}));
  cx.error.clear();
  OwnedValue same = call(cx, tsc_rt_aten_eq_Scalar, {makeTensor(*bytes), makeInt(-3)});
  REQUIRE(same);
  CHECK(asTensor(same).dtype == DType::Bool);
  CHECK(at(same, 0) == 1);
  OwnedValue kept = call(cx, tsc_rt_aten_clamp, {makeTensor(*bytes), makeInt(-5), makeInt(100)});
  CHECK(at(kept, 0) == 100);
  CHECK(at(kept, 1) == 3);
  CHECK(!call(cx, tsc_rt_aten_clamp, {makeTensor(*bytes), makeNone(), makeInt(-5)}));
  cx.error.clear();
  CHECK(!call(cx, tsc_rt_aten_masked_fill_Scalar,
              {makeTensor(*bytes), makeTensor(*flags), makeFloat(1e9)}));
  cx.error.clear();
  OwnedValue filled = call(cx, tsc_rt_aten_masked_fill_Scalar,
                           {makeTensor(*bytes), makeTensor(*flags), makeFloat(7)});
  CHECK(at(filled, 0) == 7);
  CHECK(at(filled, 1) == 3);
}

TEST_CASE("NaN wins in maximum and clamp; where picks by broadcast") {
  Context cx;
  TensorRef x = list(cx, {NAN, 1, 2}), y = list(cx, {1, NAN, 5});
  OwnedValue most = call(cx, tsc_rt_aten_maximum, {makeTensor(*x), makeTensor(*y)});
  CHECK(std::isnan(at(most, 0)));
  CHECK(std::isnan(at(most, 1)));
  CHECK(at(most, 2) == 5);
  OwnedValue kept = call(cx, tsc_rt_aten_clamp, {makeTensor(*x), makeFloat(0), makeFloat(1.5)});
  CHECK(std::isnan(at(kept, 0)));
  CHECK(at(kept, 2) == 1.5);
  TensorRef column = arange(cx, {3, 1}, DType::Bool);
  OwnedValue picked =
      call(cx, tsc_rt_aten_where_self, {makeTensor(*column), makeTensor(*y), makeTensor(*x)});
  CHECK(asTensor(picked).numel == 9);
  CHECK(at(picked, 2) == 2);
  CHECK(at(picked, 5) == 5);
}

TEST_CASE("neighbours of halves, decimals, magnitudes of complex numbers, gelu, dropout") {
  Context cx;
  TensorRef one = list(cx, {1}, DType::BFloat16), two = list(cx, {2}, DType::BFloat16);
  CHECK(at(call(cx, tsc_rt_aten_nextafter, {makeTensor(*one), makeTensor(*two)}), 0) == 1.0078125);
  TensorRef x = list(cx, {1.25, 123.456, -1});
  CHECK(at(call(cx, tsc_rt_aten_round_decimals, {makeTensor(*x), makeInt(-2)}), 1) == 100);
  TensorRef z = empty(cx, Shape::of(1), DType::Complex64);
  *z->ptr<ComplexF>() = {3, 4};
  OwnedValue size = call(cx, tsc_rt_aten_abs, {makeTensor(*z)});
  CHECK(asTensor(size).dtype == DType::Float32);
  CHECK(at(size, 0) == 5);
  StringPtr none = newString(cx, "none");
  OwnedValue bent =
      call(cx, tsc_rt_aten_gelu, {makeTensor(*x), makeObject(Tag::String, none.get())});
  CHECK(at(bent, 2) == Approx(-0.158655254).epsilon(1e-6));
  OwnedValue same =
      call(cx, tsc_rt_aten_dropout, {makeTensor(*x), makeFloat(0.5), makeBool(false)});
  CHECK(same.get().payload.p == &x->head);
}
