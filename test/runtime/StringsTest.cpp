// SPDX-License-Identifier: Apache-2.0
// Operators on strings, lists, dicts and numbers, called as generated code calls them.
#include "Support.h"

using namespace tsc;
using namespace tsc::rt;

#define KERNEL(NAME) extern "C" int32_t tsc_rt_##NAME(Context *, const Value *, Value *);
KERNEL(aten_split_str)
KERNEL(aten_rsplit)
KERNEL(aten_splitlines)
KERNEL(aten_replace)
KERNEL(aten_center)
KERNEL(aten_zfill)
KERNEL(aten_title)
KERNEL(aten_find)
KERNEL(aten_slice_str)
KERNEL(aten_partition)
KERNEL(aten_format)
KERNEL(aten_percentFormat)
KERNEL(aten_Int_str)
KERNEL(aten_Float_str)
KERNEL(aten_hex)
KERNEL(aten_slice_t)
KERNEL(aten_sort_int)
KERNEL(aten_pop_t)
KERNEL(aten_keys_str)
KERNEL(aten___getitem___Dict_str)
KERNEL(aten_floordiv_int)
KERNEL(aten_remainder_int)
KERNEL(aten_pow_int)
KERNEL(aten_tensor)
KERNEL(prim_tolist)
KERNEL(aten___range_length)

struct Text {
  OwnedValue value;
  Text(Context &cx, const char *s) : value(newString(cx, s)) {}
  operator Value() const { return value.get(); }
};
static std::string shown(Context &cx, const OwnedValue &v) {
  if (v)
    return text(cx, v.get());
  std::string message = std::string(cx.error.className) + ": " + cx.error.text;
  cx.error.clear();
  return message;
}

TEST_CASE("strings split, search and pad as Python's do") {
  Context cx;
  auto s = [&](const char *c) { return Text(cx, c); };
  CHECK(shown(cx, call(cx, tsc_rt_aten_split_str, {s("  a b  c "), makeNone(), makeInt(-1)})) ==
        "[a, b, c]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_split_str, {s("  a b  c "), makeNone(), makeInt(1)})) ==
        "[a, b  c ]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_split_str, {s("a,b,,c"), s(","), makeInt(2)})) ==
        "[a, b, ,c]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_rsplit, {s("a,b,,c"), s(","), makeInt(1)})) == "[a,b,, c]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_splitlines, {s("a\r\nb\n\nc"), makeBool(false)})) ==
        "[a, b, , c]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_replace, {s("abc"), s(""), s("-"), makeInt(-1)})) ==
        "-a-b-c-");
  CHECK(shown(cx, call(cx, tsc_rt_aten_replace, {s("aaa"), s("a"), s("b"), makeInt(2)})) == "bba");
  CHECK(shown(cx, call(cx, tsc_rt_aten_center, {s("abc"), makeInt(8), s("*")})) == "**abc***");
  CHECK(shown(cx, call(cx, tsc_rt_aten_zfill, {s("-42"), makeInt(6)})) == "-00042");
  CHECK(shown(cx, call(cx, tsc_rt_aten_title, {s("they're BIG")})) == "They'Re Big");
  CHECK(shown(cx, call(cx, tsc_rt_aten_find, {s("hello"), s("l"), makeInt(3), makeInt(-1)})) ==
        "3");
  CHECK(shown(cx, call(cx, tsc_rt_aten_slice_str,
                       {s("hello"), makeNone(), makeNone(), makeInt(-2)})) == "olh");
}

TEST_CASE("formatting") {
  Context cx;
  auto s = [&](const char *c) { return Text(cx, c); };
  CHECK(shown(cx, call(cx, tsc_rt_aten_format,
                       {makeInt(3), s("{} and {0} {}"), makeFloat(0.5), makeInt(2)})) ==
        "0.5 and {0} 2");
  CHECK(shown(cx, call(cx, tsc_rt_aten_percentFormat,
                       {makeInt(4), s("%s %d %f%%"), s("x"), makeInt(3),
                        makeFloat(123456789.125)})) == "x 3 123456792.000000%");
  CHECK(shown(cx, call(cx, tsc_rt_aten_Int_str, {s(" -12_3 ")})) == "-123");
  CHECK(shown(cx, call(cx, tsc_rt_aten_Int_str, {s("12abc")})) ==
        "ValueError: invalid literal for int() with base 10: '12abc'");
  CHECK(shown(cx, call(cx, tsc_rt_aten_Float_str, {s("1e5")})) == "100000.");
  CHECK(shown(cx, call(cx, tsc_rt_aten_hex, {makeInt(-255)})) == "-0xff");
}

TEST_CASE("lists and dicts") {
  Context cx;
  int64_t items[] = {3, 1, 2};
  ListRef list = newIntList(cx, items);
  Value l = makeObject(Tag::List, list.get());
  CHECK(shown(cx, call(cx, tsc_rt_aten_slice_t, {l, makeNone(), makeNone(), makeInt(-1)})) ==
        "[2, 1, 3]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_slice_t,
                       {l, makeInt(-2), makeInt(INT64_MAX), makeInt(1)})) == "[1, 2]");
  Value none;
  CHECK(tsc_rt_aten_sort_int(&cx, std::initializer_list<Value>{l, makeBool(true)}.begin(), &none) ==
        0);
  CHECK(text(cx, l) == "[3, 2, 1]");
  CHECK(shown(cx, call(cx, tsc_rt_aten_pop_t, {l, makeInt(-1)})) == "1");
  DictRef d = newDict(cx, dictTypeOf(cx, &kStringType, &kIntType));
  REQUIRE(d->set(cx, Text(cx, "b"), makeInt(1)));
  REQUIRE(d->set(cx, Text(cx, "a"), makeInt(2)));
  Value dict = makeObject(Tag::Dict, d.get());
  CHECK(shown(cx, call(cx, tsc_rt_aten_keys_str, {dict})) == "[b, a]");
  CHECK(shown(cx, call(cx, tsc_rt_aten___getitem___Dict_str, {dict, Text(cx, "z")})) ==
        "RuntimeError: KeyError: z");
  CHECK(shown(cx, call(cx, tsc_rt_aten___range_length, {makeInt(10), makeInt(0), makeInt(-3)})) ==
        "4");
}

TEST_CASE("numbers follow Python, and a zero divisor is an error") {
  Context cx;
  CHECK(shown(cx, call(cx, tsc_rt_aten_floordiv_int, {makeInt(7), makeInt(-2)})) == "-4");
  CHECK(shown(cx, call(cx, tsc_rt_aten_remainder_int, {makeInt(-7), makeInt(3)})) == "2");
  CHECK(shown(cx, call(cx, tsc_rt_aten_floordiv_int, {makeInt(INT64_MIN), makeInt(-1)})) ==
        "-9223372036854775808");
  CHECK(shown(cx, call(cx, tsc_rt_aten_floordiv_int, {makeInt(1), makeInt(0)})) ==
        "ZeroDivisionError: division by 0");
  CHECK(shown(cx, call(cx, tsc_rt_aten_pow_int, {makeInt(2), makeInt(3)})) == "8.");
}

TEST_CASE("tensors from lists and back") {
  Context cx;
  double a[] = {1, 2}, b[] = {3, 4};
  ListRef rows = newList(cx, listTypeOf(cx, &kFloatListType));
  REQUIRE(rows->append(cx, makeObject(Tag::List, newFloatList(cx, a).get())));
  REQUIRE(rows->append(cx, makeObject(Tag::List, newFloatList(cx, b).get())));
  OwnedValue t = call(cx, tsc_rt_aten_tensor,
                      {makeObject(Tag::List, rows.get()), makeNone(), makeNone(), makeBool(false)});
  REQUIRE(t);
  CHECK(asTensor(t).dtype == DType::Float32);
  OwnedValue back = call(cx, tsc_rt_prim_tolist, {t.get(), makeInt(2), makeInt(1)});
  CHECK(shown(cx, back) == "[[1., 2.], [3., 4.]]");
  CHECK(typeText(back.get()) == "List[List[float]]");
}
