// SPDX-License-Identifier: Apache-2.0
// Containers, text and numbers, and what remains after an error.
#include "Support.h"

using namespace tsc;
using namespace tsc::rt;

TEST_CASE("lists of ints, floats and bools are plain arrays, others hold values") {
  Context cx;
  int64_t items[] = {3, 1, 2};
  ListRef list = newIntList(cx, items);
  REQUIRE(list->append(cx, makeInt(9)));
  REQUIRE(list->insert(cx, 0, makeInt(7)));
  CHECK(list->size == 5);
  CHECK(list->ints()[0] == 7);
  CHECK(list->remove(1).get().payload.i == 3);
  CHECK(text(cx, makeObject(Tag::List, list.get())) == "[7, 1, 2, 9]");

  ListRef strings = newList(cx, &kStringListType);
  StringPtr s = newString(cx, "ab");
  REQUIRE(strings->append(cx, makeObject(Tag::String, s.get())));
  CHECK(s->head.count == 2);
  strings = ListRef();
  CHECK(s->head.count == 1);
}

TEST_CASE("dicts keep the order of insertion over deletes and growth") {
  Context cx;
  DictRef d = newDict(cx, dictTypeOf(cx, &kIntType, &kIntType));
  for (int64_t i = 0; i < 1000; ++i)
    REQUIRE(d->set(cx, makeInt(i * 7), makeInt(i)));
  for (int64_t i = 0; i < 1000; i += 2)
    REQUIRE(d->erase(makeInt(i * 7)));
  for (int64_t i = 0; i < 100; ++i)
    REQUIRE(d->set(cx, makeInt(-i - 1), makeInt(i)));
  CHECK(d->size == 600);
  CHECK(!d->find(makeInt(0)));
  REQUIRE(d->find(makeInt(7)));
  CHECK(d->find(makeInt(7))->payload.i == 1);
  int64_t seen = 0, last = -1;
  for (int64_t i = 0; i < d->used && seen < 500; ++i)
    if (d->entry(i)) {
      CHECK(d->entries[i].key.payload.i > last);
      last = d->entries[i].key.payload.i;
      ++seen;
    }
}

TEST_CASE("floats print as the program prints them") {
  Context cx;
  auto shown = [&](double d) { return text(cx, makeFloat(d)); };
  CHECK(shown(1) == "1.");
  CHECK(shown(0.1) == "0.10000000000000001");
  CHECK(shown(1e20) == "1e+20");
  CHECK(shown(1e17) == "100000000000000000.");
  CHECK(shown(-0.0) == "0.");
  CHECK(shown(INFINITY) == "inf");
  CHECK(shown(1.5e-5) == "1.5e-05");
}

TEST_CASE("tensors print in ATen's form") {
  Context cx;
  double numbers[] = {1.5, NAN, INFINITY, 2};
  TensorRef t = tensorOf(cx, numbers, {2, 2}, DType::Float32);
  CHECK(text(cx, makeTensor(*t)) == " 1.5000     nan\n    inf  2.0000\n[ CPUFloatType{2,2} ]");
  double small[] = {1e-5, 1.1e-5, 1.2e-5, 1.3e-5};
  t = tensorOf(cx, small, {2, 2}, DType::Float32);
  CHECK(text(cx, makeTensor(*t)) ==
        "1e-05 *\n 1.0000  1.1000\n  1.2000  1.3000\n[ CPUFloatType{2,2} ]");
  double counted[] = {0, 1, 2, 3, 4, 5, 6, 7};
  t = tensorOf(cx, counted, {2, 2, 2}, DType::Int64);
  CHECK(text(cx, makeTensor(*t)) ==
        "(1,.,.) = \n 0  1\n  2  3\n\n(2,.,.) = \n 4  5\n  6  7\n[ CPULongType{2,2,2} ]");
  double one[] = {1e-8};
  t = tensorOf(cx, one, {}, DType::Float32);
  CHECK(text(cx, makeTensor(*t)) == "9.99999993922529e-09\n[ CPUFloatType{} ]");
  t = tensorOf(cx, nullptr, {0, 3}, DType::Float32);
  CHECK(text(cx, makeTensor(*t)) == "[ CPUFloatType{0,3} ]");
}

TEST_CASE("errors keep the first fault and leave the context usable") {
  Context cx;
  (void)cx.raise("ValueError", "first %d", 1);
  (void)cx.fail("second");
  CHECK(std::string(cx.error.className) == "ValueError");
  CHECK(std::string(cx.error.text) == "first 1");
  cx.error.clear();
  std::string longText(5000, 'x');
  (void)cx.raiseText("RuntimeError", longText.c_str());
  CHECK(cx.error.length == 5000);
  cx.error.clear();
  CHECK(!empty(cx, Shape::of(int64_t(1) << 40, int64_t(1) << 40), DType::Float32));
  CHECK(cx.error.set);
  cx.error.clear();
  CHECK(!empty(cx, Shape::of(int64_t(1) << 50), DType::Float32));
  CHECK(std::string(cx.error.text) == "out of memory");
  cx.error.clear();
  CHECK(empty(cx, Shape::of(2), DType::Float32));
}

TEST_CASE("a chain of a million tuples is freed without recursion") {
  Context cx;
  Value at = makeInt(1);
  const TypeDescriptor *types[] = {&kAnyType};
  const TypeDescriptor *type = tupleTypeOf(cx, types);
  for (int i = 0; i < 1000000; ++i) {
    TupleRef t = newTuple(cx, type, {&at, 1});
    release(at);
    at = makeObject(Tag::Tuple, t.take());
  }
  release(at);
}

TEST_CASE("types from text, and isinstance") {
  Context cx;
  const TypeDescriptor *t = parseType(cx, "Dict[str, List[Optional[Tensor]]]");
  REQUIRE(t);
  CHECK(std::string(t->text) == "Dict[str, List[Optional[Tensor]]]");
  CHECK(t == parseType(cx, "Dict[str,List[Optional[Tensor]]]"));
  CHECK(!parseType(cx, "List[what]"));
  Value none = makeNone(), i = makeInt(1);
  CHECK(tsc_rt_isinstance(&none, parseType(cx, "Optional[int]")));
  CHECK(tsc_rt_isinstance(&i, parseType(cx, "Union[str, int]")));
  CHECK(!tsc_rt_isinstance(&i, parseType(cx, "Union[str, float]")));
}

TEST_CASE("arguments convert at the border as PyTorch's do") {
  Context cx;
  OwnedValue f = convertArgument(cx, makeInt(3), &kFloatType, "x");
  CHECK(f.get().tag == Tag::Float);
  double two[] = {2};
  TensorRef t = tensorOf(cx, two, {}, DType::Int64);
  CHECK(convertArgument(cx, makeTensor(*t), &kIntType, "x").get().payload.i == 2);
  Value items[] = {makeInt(1), makeInt(2)};
  const TypeDescriptor *types[] = {&kIntType, &kIntType};
  TupleRef tuple = newTuple(cx, tupleTypeOf(cx, types), items);
  OwnedValue list = convertArgument(cx, makeObject(Tag::Tuple, tuple.get()), &kFloatListType, "x");
  CHECK(text(cx, list.get()) == "[1., 2.]");
  CHECK(!convertArgument(cx, makeFloat(1.5), &kIntType, "input 0 'n'"));
  CHECK(std::string(cx.error.text) == "input 0 'n': expected int, got float");
}

TEST_CASE("cycles end with their instance, objects that somebody holds do not") {
  static const TypeDescriptor *const kNodeFields[] = {&kAnyType, &kAnyType};
  static const char *const kNodeNames[] = {"next", "list"};
  static const TypeDescriptor kNode = {
      TypeKind::Class, 2, "__torch__.Node", kNodeFields, kNodeNames, nullptr, nullptr, 0, 2};
  Context cx;
  Instance instance;
  cx.instance = &instance;
  auto make = [&] { return reinterpret_cast<InstanceObject *>(tsc_rt_object_new(&cx, &kNode)); };
  // a and b hold each other, and a's tensor tells whether they went
  TensorRef witness = arange(cx, {2}), held = arange(cx, {2});
  InstanceObject *a = make(), *b = make();
  a->fields[0] = makeObject(Tag::Object, b);
  b->fields[0] = makeObject(Tag::Object, a);
  a->fields[1] = OwnedValue(same(*witness)).take();
  // c holds itself through a list, and the list is held from outside
  InstanceObject *c = make();
  ListRef list = newList(cx, &kAnyListType);
  REQUIRE(list->append(cx, makeObject(Tag::Object, c)));
  c->fields[0] = OwnedValue(list).take();
  c->fields[1] = OwnedValue(same(*held)).take();
  tsc_rt_release(&c->head);
  freeCycles(instance);
  CHECK(!instance.objects);
  CHECK(witness->head.count == 1);
  CHECK(held->head.count == 2);
  CHECK(text(cx, list->get(0)).substr(0, 16) == "<__torch__.Node ");
  release(c->fields[0]);
  c->fields[0] = makeNone();
}
