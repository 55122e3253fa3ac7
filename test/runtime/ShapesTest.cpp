// SPDX-License-Identifier: Apache-2.0
// Views, copies, joins and indexing: what aliases, what is copied, and the results of small cases.
#include "Support.h"

using namespace tsc::rt;

#define TSC_DECLARE(NAME)                                                                          \
  extern "C" int32_t tsc_rt_##NAME(tsc::Context *, const tsc::Value *, tsc::Value *);
TSC_DECLARE(aten_select_int)
TSC_DECLARE(aten_slice_Tensor)
TSC_DECLARE(aten_view)
TSC_DECLARE(aten_reshape)
TSC_DECLARE(aten_transpose_)
TSC_DECLARE(aten_squeeze_dims)
TSC_DECLARE(aten_unbind_int)
TSC_DECLARE(aten_cat)
TSC_DECLARE(aten_stack)
TSC_DECLARE(aten_pad)
TSC_DECLARE(aten_repeat)
TSC_DECLARE(aten_flip)
TSC_DECLARE(aten_index_Tensor)
TSC_DECLARE(aten_index_put)
TSC_DECLARE(aten_gather)
TSC_DECLARE(aten_scatter_add)
TSC_DECLARE(aten_nonzero)
TSC_DECLARE(aten_sort)
TSC_DECLARE(aten_topk)
TSC_DECLARE(aten__unique2)
TSC_DECLARE(aten_searchsorted_Tensor)

namespace {
struct Fixture {
  Context cx;
  /// The elements as text, "1 2 3".
  static std::string flat(const Tensor &t) {
    std::string s;
    for (int64_t i = 0; i < t.numel; ++i)
      s += (i ? " " : "") + std::to_string(static_cast<int64_t>(t.at(i).toDouble()));
    return s;
  }
  TensorRef longs(std::initializer_list<double> numbers) {
    return tensorOf(cx, numbers.begin(), {static_cast<int64_t>(numbers.size())}, DType::Int64);
  }
  ListRef list(std::initializer_list<const Tensor *> tensors) {
    const TypeDescriptor *optional = optionalTypeOf(cx, &kTensorType);
    ListRef made = newList(cx, listTypeOf(cx, optional));
    for (const Tensor *t : tensors)
      REQUIRE(made->append(cx, t ? makeTensor(*t) : makeNone()));
    return made;
  }
  Value ints(std::initializer_list<int64_t> numbers) {
    kept = newIntList(cx, IntList(numbers.begin(), static_cast<int64_t>(numbers.size())));
    return makeObject(Tag::List, kept.get());
  }
  /// The message of the error that is set, which is cleared.
  std::string message() {
    std::string text = cx.error.text ? cx.error.text : "";
    cx.error.clear();
    return text;
  }
  ListRef kept;
};
} // namespace

TEST_CASE_METHOD(Fixture, "parts of a tensor share its memory") {
  TensorRef x = arange(cx, {2, 3, 4});
  OwnedValue row = call(cx, tsc_rt_aten_select_int, {makeTensor(*x), makeInt(1), makeInt(-1)});
  REQUIRE(row);
  CHECK(flat(asTensor(row)) == "8 9 10 11 20 21 22 23");
  CHECK(asTensor(row).storage == x->storage);
  OwnedValue part = call(cx, tsc_rt_aten_slice_Tensor,
                         {makeTensor(*x), makeInt(2), makeInt(-3), makeNone(), makeInt(2)});
  REQUIRE(part);
  CHECK(flat(asTensor(part)) == "1 3 5 7 9 11 13 15 17 19 21 23");
  CHECK(asTensor(part).storage == x->storage);
  CHECK_FALSE(call(cx, tsc_rt_aten_select_int, {makeTensor(*x), makeInt(1), makeInt(3)}));
  CHECK(std::string(cx.error.className) == "IndexError");
}

TEST_CASE_METHOD(Fixture, "view needs strides that fit, reshape copies") {
  TensorRef x = arange(cx, {2, 3}), turned = transpose(cx, *x, 0, 1);
  CHECK_FALSE(call(cx, tsc_rt_aten_view, {makeTensor(*turned), ints({6})}));
  CHECK(message().find("Use .reshape(...) instead") != std::string::npos);
  OwnedValue copy = call(cx, tsc_rt_aten_reshape, {makeTensor(*turned), ints({-1})});
  REQUIRE(copy);
  CHECK(flat(asTensor(copy)) == "0 3 1 4 2 5");
  CHECK(asTensor(copy).storage != x->storage);
  CHECK_FALSE(call(cx, tsc_rt_aten_view, {makeTensor(*x), ints({4, -1})}));
  CHECK(message() == "shape '[4, -1]' is invalid for input of size 6");
}

TEST_CASE_METHOD(Fixture, "an in-place view changes the tensor itself") {
  TensorRef x = arange(cx, {2, 3});
  x->flags |= tsc::kRequiresGrad;
  OwnedValue same = call(cx, tsc_rt_aten_transpose_, {makeTensor(*x), makeInt(0), makeInt(1)});
  REQUIRE(same);
  CHECK(&asTensor(same) == x.get());
  CHECK(x->sizes[0] == 3);
  CHECK(x->flags == tsc::kRequiresGrad);
  CHECK_FALSE(call(cx, tsc_rt_aten_squeeze_dims, {makeTensor(*x), ints({0, 0})}));
}

TEST_CASE_METHOD(Fixture, "lists of views and joins of them are inverse") {
  TensorRef x = arange(cx, {2, 3, 2});
  for (int64_t dim = 0; dim < 3; ++dim) {
    OwnedValue parts = call(cx, tsc_rt_aten_unbind_int, {makeTensor(*x), makeInt(dim)});
    REQUIRE(parts);
    OwnedValue joined = call(cx, tsc_rt_aten_stack, {parts.get(), makeInt(dim)});
    REQUIRE(joined);
    CHECK(flat(asTensor(joined)) == flat(*x));
    CHECK(asTensor(joined).shape() == x->shape());
  }
}

TEST_CASE_METHOD(Fixture, "cat promotes, skips empty vectors and checks sizes") {
  TensorRef x = arange(cx, {2, 2}), n = arange(cx, {2, 1}, DType::Int64),
            none = empty(cx, Shape::of(0), DType::Float32);
  ListRef parts = list({n.get(), none.get(), x.get()});
  OwnedValue joined = call(cx, tsc_rt_aten_cat, {makeObject(Tag::List, parts.get()), makeInt(1)});
  REQUIRE(joined);
  CHECK(asTensor(joined).dtype == DType::Float32);
  CHECK(flat(asTensor(joined)) == "0 0 1 1 2 3");
  CHECK_FALSE(call(cx, tsc_rt_aten_cat, {makeObject(Tag::List, parts.get()), makeInt(0)}));
  CHECK(message().find("Sizes of tensors must match except in dimension 0") == 0);
}

TEST_CASE_METHOD(Fixture, "pads") {
  TensorRef x = arange(cx, {1, 1, 4});
  auto pad = [&](const char *mode, int64_t left, int64_t right) {
    StringPtr name = newString(cx, mode);
    OwnedValue made = call(
        cx, tsc_rt_aten_pad,
        {makeTensor(*x), ints({left, right}), makeObject(Tag::String, name.get()), makeNone()});
    return made ? flat(asTensor(made)) : message();
  };
  CHECK(pad("constant", 1, 2) == "0 0 1 2 3 0 0");
  CHECK(pad("reflect", 2, 1) == "2 1 0 1 2 3 2");
  CHECK(pad("replicate", 2, 1) == "0 0 0 1 2 3 3");
  CHECK(pad("circular", 2, 1) == "2 3 0 1 2 3 0");
  CHECK(pad("circular", -1, 2) == "1 2 3 1 2");
  CHECK(pad("reflect", 4, 0).find("Padding size should be less") == 0);
}

TEST_CASE_METHOD(Fixture, "repeat and flip keep the dtype and order") {
  TensorRef x = arange(cx, {2, 2}, DType::Int8);
  OwnedValue twice = call(cx, tsc_rt_aten_repeat, {makeTensor(*x), ints({2, 1, 2})});
  REQUIRE(twice);
  CHECK(flat(asTensor(twice)) == "0 1 0 1 2 3 2 3 0 1 0 1 2 3 2 3");
  OwnedValue back = call(cx, tsc_rt_aten_flip, {makeTensor(*x), ints({1})});
  REQUIRE(back);
  CHECK(flat(asTensor(back)) == "1 0 3 2");
  CHECK(asTensor(back).dtype == DType::Int8);
}

TEST_CASE_METHOD(Fixture, "index by tensors, masks and whole dims") {
  TensorRef x = arange(cx, {2, 3, 4}), i = longs({1, 0}), j = longs({-1, 0});
  TensorRef mask = arange(cx, {3}, DType::Bool);
  auto pick = [&](std::initializer_list<const Tensor *> indices) {
    ListRef l = list(indices);
    return call(cx, tsc_rt_aten_index_Tensor, {makeTensor(*x), makeObject(Tag::List, l.get())});
  };
  CHECK(flat(asTensor(pick({i.get(), j.get()}))) == "20 21 22 23 0 1 2 3");
  // Indices apart: their dim comes first.
  OwnedValue apart = pick({i.get(), nullptr, j.get()});
  REQUIRE(apart);
  CHECK(asTensor(apart).shape() == IntList(Shape::of(2, 3)));
  CHECK(flat(asTensor(apart)) == "15 19 23 0 4 8");
  CHECK(flat(asTensor(pick({nullptr, mask.get(), j.get()}))) == "7 8 19 20");
  TensorRef far = longs({5});
  CHECK_FALSE(pick({far.get()}));
  CHECK(message() == "index 5 is out of bounds for dimension 0 with size 2");
  CHECK_FALSE(pick({mask.get()}));
  CHECK(std::string(cx.error.className) == "IndexError");
}

TEST_CASE_METHOD(Fixture, "index_put adds up repeated indices") {
  TensorRef x = zeros(cx, Shape::of(3), DType::Float32), i = longs({1, 1, 2}),
            one = full(cx, {}, Scalar(1), DType::Float32);
  ListRef l = list({i.get()});
  OwnedValue sum =
      call(cx, tsc_rt_aten_index_put,
           {makeTensor(*x), makeObject(Tag::List, l.get()), makeTensor(*one), makeBool(true)});
  REQUIRE(sum);
  CHECK(flat(asTensor(sum)) == "0 2 1");
  CHECK(flat(*x) == "0 0 0");
}

TEST_CASE_METHOD(Fixture, "gather and scatter_add are adjoint") {
  TensorRef x = arange(cx, {2, 3});
  double numbers[] = {2, 0, 1, 1};
  TensorRef index = tensorOf(cx, numbers, {2, 2}, DType::Int64);
  OwnedValue picked = call(cx, tsc_rt_aten_gather,
                           {makeTensor(*x), makeInt(1), makeTensor(*index), makeBool(false)});
  REQUIRE(picked);
  CHECK(flat(asTensor(picked)) == "2 0 4 4");
  TensorRef zero = zeros(cx, Shape::of(2, 3), DType::Float32);
  OwnedValue sum = call(cx, tsc_rt_aten_scatter_add,
                        {makeTensor(*zero), makeInt(1), makeTensor(*index), picked.get()});
  REQUIRE(sum);
  CHECK(flat(asTensor(sum)) == "0 0 2 0 8 0");
}

TEST_CASE_METHOD(Fixture, "nonzero lists positions row by row") {
  double numbers[] = {0, 3, 0, 4};
  TensorRef x = tensorOf(cx, numbers, {2, 2}, DType::Float64);
  OwnedValue found = call(cx, tsc_rt_aten_nonzero, {makeTensor(*x)});
  REQUIRE(found);
  CHECK(flat(asTensor(found)) == "0 1 1 1");
}

TEST_CASE_METHOD(Fixture, "sort is stable and puts NaN last") {
  double numbers[] = {2, NAN, 1, 2, -1};
  TensorRef x = tensorOf(cx, numbers, {5}, DType::Float32);
  Value out[2];
  Value arguments[] = {makeTensor(*x), makeInt(0), makeBool(false)};
  REQUIRE(tsc_rt_aten_sort(&cx, arguments, out) == 0);
  OwnedValue values = OwnedValue::adopt(out[0]), at = OwnedValue::adopt(out[1]);
  CHECK(flat(asTensor(at)) == "4 2 0 3 1");
  CHECK(std::isnan(asTensor(values).at(4).toDouble()));
  Value largest[] = {makeTensor(*x), makeInt(2), makeInt(-1), makeBool(true), makeBool(true)};
  REQUIRE(tsc_rt_aten_topk(&cx, largest, out) == 0);
  OwnedValue best = OwnedValue::adopt(out[0]), where = OwnedValue::adopt(out[1]);
  CHECK(asTensor(where).at(0).toInt() == 1);
}

TEST_CASE_METHOD(Fixture, "unique labels and counts") {
  TensorRef x = longs({3, 1, 3, 2});
  Value out[3];
  Value arguments[] = {makeTensor(*x), makeBool(true), makeBool(true), makeBool(true)};
  REQUIRE(tsc_rt_aten__unique2(&cx, arguments, out) == 0);
  OwnedValue values = OwnedValue::adopt(out[0]), inverse = OwnedValue::adopt(out[1]),
             counts = OwnedValue::adopt(out[2]);
  CHECK(flat(asTensor(values)) == "1 2 3");
  CHECK(flat(asTensor(inverse)) == "2 0 2 1");
  CHECK(flat(asTensor(counts)) == "1 1 2");
}

TEST_CASE_METHOD(Fixture, "searchsorted on both sides") {
  TensorRef sorted = longs({1, 3, 3, 5}), x = longs({0, 3, 6});
  auto places = [&](bool right) {
    OwnedValue made = call(cx, tsc_rt_aten_searchsorted_Tensor,
                           {makeTensor(*sorted), makeTensor(*x), makeBool(false), makeBool(right),
                            makeNone(), makeNone()});
    return made ? flat(asTensor(made)) : message();
  };
  CHECK(places(false) == "0 1 4");
  CHECK(places(true) == "0 3 4");
}
