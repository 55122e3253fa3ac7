// SPDX-License-Identifier: Apache-2.0
// Equality, identity, hashes and order of values. Nesting is limited, so that values that contain
// themselves end in an error instead of an exhausted stack.
#include "tsc/runtime/Loops.h"

namespace tsc::rt {

static constexpr int kMaxNesting = 500;

bool identicalValues(Value a, Value b) {
  if (a.tag != b.tag)
    return false;
  if (isObject(a) && a.tag != Tag::String && a.tag != Tag::Complex)
    return a.payload.p == b.payload.p;
  Context none;
  Result<bool> r = equalValues(none, a, b);
  return r.ok && r.value;
}

static Result<bool> equalTensors(Context &cx, const Tensor &a, const Tensor &b) {
  if (&a == &b)
    return true;
  if (!(a.shape() == b.shape()))
    return false;
  TensorRef same = elementwise<kAll, Promote::ToBool>(
      cx, "eq", {}, [](auto x, auto y) { return x == y; }, inputs(a, b));
  TSC_TRY(same);
  if (a.numel != 1)
    return cx.fail("Boolean value of Tensor with %s is ambiguous",
                   a.numel ? "more than one value" : "no values");
  return same->item().toBool();
}

static Result<bool> equal(Context &cx, const Value &a, const Value &b, int depth);

static Result<bool> equalItems(Context &cx, int64_t n, const Value *x, const Value *y, int depth) {
  for (int64_t i = 0; i < n; ++i) {
    TSC_ASSIGN(bool same, equal(cx, x[i], y[i], depth + 1));
    if (!same)
      return false;
  }
  return true;
}

static Result<bool> equalLists(Context &cx, const List &a, const List &b, int depth) {
  if (a.size != b.size)
    return false;
  for (int64_t i = 0; i < a.size; ++i) {
    TSC_ASSIGN(bool same, equal(cx, a.get(i), b.get(i), depth + 1));
    if (!same)
      return false;
  }
  return true;
}

static Result<bool> equalDicts(Context &cx, const Dict &a, const Dict &b, int depth) {
  if (a.size != b.size)
    return false;
  for (int64_t i = 0; i < a.used; ++i) {
    const DictEntry *e = a.entry(i);
    if (!e)
      continue;
    const Value *other = b.find(e->key);
    if (!other)
      return false;
    TSC_ASSIGN(bool same, equal(cx, e->value, *other, depth + 1));
    if (!same)
      return false;
  }
  return true;
}

static Result<bool> equal(Context &cx, const Value &a, const Value &b, int depth) {
  if (depth > kMaxNesting)
    return cx.fail("values are nested too deeply to compare");
  if (isNumber(a) && isNumber(b)) {
    Scalar x = scalarOf(a), y = scalarOf(b);
    if (x.isIntegral(true) && y.isIntegral(true))
      return x.i == y.i;
    return x.toComplex() == y.toComplex();
  }
  if (a.tag != b.tag)
    return false;
  auto as = [](const Value &v, auto *type) -> auto & {
    return *reinterpret_cast<decltype(type)>(v.payload.p);
  };
  switch (a.tag) {
  case Tag::None:
  case Tag::Missing:
    return true;
  case Tag::Device:
  case Tag::Function:
    return a.payload.i == b.payload.i;
  case Tag::String:
    return StringRef(as(a, (StringObject *)nullptr)) == StringRef(as(b, (StringObject *)nullptr));
  case Tag::Tensor:
    return equalTensors(cx, as(a, (Tensor *)nullptr), as(b, (Tensor *)nullptr));
  case Tag::List:
    return equalLists(cx, as(a, (List *)nullptr), as(b, (List *)nullptr), depth);
  case Tag::Dict:
    return equalDicts(cx, as(a, (Dict *)nullptr), as(b, (Dict *)nullptr), depth);
  case Tag::Tuple: {
    const Tuple &x = as(a, (Tuple *)nullptr), &y = as(b, (Tuple *)nullptr);
    return x.size != y.size ? Result<bool>(false) : equalItems(cx, x.size, x.items, y.items, depth);
  }
  case Tag::Enum: {
    const EnumObject &x = as(a, (EnumObject *)nullptr), &y = as(b, (EnumObject *)nullptr);
    return x.index == y.index && sameType(x.head.type, y.head.type);
  }
  default:
    return a.payload.p == b.payload.p;
  }
}

Result<bool> equalValues(Context &cx, Value a, Value b) { return equal(cx, a, b, 0); }

// ---- Hash
static uint64_t mix(uint64_t seed, uint64_t h) {
  return seed ^ (h + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2));
}

static Result<uint64_t> hashOf(Context &cx, const Value &v, int depth) {
  if (depth > kMaxNesting)
    return cx.fail("values are nested too deeply to hash");
  switch (v.tag) {
  case Tag::None:
    return static_cast<uint64_t>(0);
  case Tag::Bool:
  case Tag::Int:
  case Tag::Device:
    return static_cast<uint64_t>(v.payload.i);
  case Tag::Float: { // numbers that are equal hash equally
    double d = v.payload.d;
    if (d >= -0x1p63 && d < 0x1p63 && static_cast<double>(static_cast<int64_t>(d)) == d)
      return static_cast<uint64_t>(static_cast<int64_t>(d));
    return __builtin_bit_cast(uint64_t, d);
  }
  case Tag::Complex: {
    Complex c = scalarOf(v).toComplex();
    TSC_ASSIGN(uint64_t re, hashOf(cx, makeFloat(c.real()), depth));
    TSC_ASSIGN(uint64_t im, hashOf(cx, makeFloat(c.imag()), depth));
    return c.imag() == 0 ? re : mix(re, im);
  }
  case Tag::String: {
    StringRef s = *reinterpret_cast<const StringObject *>(v.payload.p);
    uint64_t h = 0xcbf29ce484222325ull;
    for (int64_t i = 0; i < s.size(); ++i)
      h = (h ^ static_cast<unsigned char>(s[i])) * 0x100000001b3ull;
    return h;
  }
  case Tag::Tuple: {
    const Tuple &t = *reinterpret_cast<const Tuple *>(v.payload.p);
    uint64_t h = static_cast<uint64_t>(t.size);
    for (int64_t i = 0; i < t.size; ++i) {
      TSC_ASSIGN(uint64_t item, hashOf(cx, t.items[i], depth + 1));
      h = mix(h, item);
    }
    return h;
  }
  case Tag::Enum:
    return static_cast<uint64_t>(reinterpret_cast<const EnumObject *>(v.payload.p)->index);
  case Tag::List:
  case Tag::Dict:
    return cx.fail("unhashable type: '%s'", typeOfValue(v)->text);
  default:
    return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(v.payload.p)) >> 4;
  }
}
Result<uint64_t> hashValue(Context &cx, Value v) { return hashOf(cx, v, 0); }

// ---- Order
/// a < b by the class's own method.
static Result<bool> callLess(Context &cx, BoxedEntry method, const Value &a, const Value &b) {
  Value both[] = {a, b}, result = makeNone();
  if (method(&cx, both, &result) != 0)
    return Failed;
  return result.payload.i != 0;
}

static Result<int> compare(Context &cx, const Value &a, const Value &b, int depth) {
  if (isNumber(a) && isNumber(b) && a.tag != Tag::Complex && b.tag != Tag::Complex) {
    if (a.tag != Tag::Float && b.tag != Tag::Float)
      return a.payload.i < b.payload.i ? -1 : a.payload.i > b.payload.i;
    double x = scalarOf(a).toDouble(), y = scalarOf(b).toDouble();
    return x < y ? -1 : x > y;
  }
  if (a.tag == Tag::String && b.tag == Tag::String)
    return StringRef(*reinterpret_cast<const StringObject *>(a.payload.p))
        .compare(*reinterpret_cast<const StringObject *>(b.payload.p));
  if (a.tag == Tag::Tensor && b.tag == Tag::Tensor) {
    const Tensor &x = *reinterpret_cast<const Tensor *>(a.payload.p),
                 &y = *reinterpret_cast<const Tensor *>(b.payload.p);
    if (x.numel != 1 || y.numel != 1)
      return cx.fail("Boolean value of Tensor with more than one value is ambiguous");
    double p = x.item().toDouble(), q = y.item().toDouble();
    return p < q ? -1 : p > q;
  }
  if (a.tag == Tag::Tuple && b.tag == Tag::Tuple && depth < kMaxNesting) {
    const Tuple &x = *reinterpret_cast<const Tuple *>(a.payload.p),
                &y = *reinterpret_cast<const Tuple *>(b.payload.p);
    for (int64_t i = 0; i < x.size && i < y.size; ++i) {
      TSC_ASSIGN(int c, compare(cx, x.items[i], y.items[i], depth + 1));
      if (c)
        return c;
    }
    return x.size < y.size ? -1 : x.size > y.size;
  }
  if (a.tag == Tag::List && b.tag == Tag::List && depth < kMaxNesting) {
    const List &x = *reinterpret_cast<const List *>(a.payload.p),
               &y = *reinterpret_cast<const List *>(b.payload.p);
    for (int64_t i = 0; i < x.size && i < y.size; ++i) {
      TSC_ASSIGN(int c, compare(cx, x.get(i), y.get(i), depth + 1));
      if (c)
        return c;
    }
    return x.size < y.size ? -1 : x.size > y.size;
  }
  if (BoxedEntry less =
          a.tag == Tag::Object ? tsc_rt_find_method(a.payload.p, "__lt__") : nullptr) {
    TSC_ASSIGN(bool before, callLess(cx, less, a, b));
    TSC_ASSIGN(bool behind, callLess(cx, less, b, a));
    return before ? -1 : behind ? 1 : 0;
  }
  return cx.fail("values of type '%s' and '%s' have no order", typeOfValue(a)->text,
                 typeOfValue(b)->text);
}
Result<int> compareValues(Context &cx, Value a, Value b) { return compare(cx, a, b, 0); }

} // namespace tsc::rt
