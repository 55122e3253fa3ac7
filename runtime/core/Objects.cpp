// SPDX-License-Identifier: Apache-2.0
// Strings, lists, tuples, instances and quantizers.
#include "tsc/runtime/Instance.h"

#include <cstdlib>

namespace tsc::rt {

// ---- Numbers
bool isNumber(const Value &v) {
  return v.tag == Tag::Bool || v.tag == Tag::Int || v.tag == Tag::Float || v.tag == Tag::Complex;
}
Scalar scalarOf(const Value &v) {
  switch (v.tag) {
  case Tag::Bool:
    return Scalar(v.payload.i != 0);
  case Tag::Float:
    return Scalar(v.payload.d);
  case Tag::Complex: {
    const ComplexObject *c = reinterpret_cast<const ComplexObject *>(v.payload.p);
    return Scalar(Complex(c->re, c->im));
  }
  default:
    return Scalar(v.payload.i);
  }
}
OwnedValue numberValue(Context &cx, const Scalar &s) {
  switch (s.kind) {
  case Scalar::Bool:
    return OwnedValue::adopt(makeBool(s.i != 0));
  case Scalar::Int:
    return OwnedValue::adopt(makeInt(s.i));
  case Scalar::Float:
    return OwnedValue::adopt(makeFloat(s.d));
  case Scalar::ComplexKind: {
    ObjectHead *o = tsc_rt_complex_new(&cx, s.d, s.im);
    return o ? OwnedValue::adopt(makeObject(Tag::Complex, o)) : OwnedValue(Failed);
  }
  }
  return Failed;
}

// ---- Strings
StringPtr newString(Context &cx, StringRef text) {
  if (text.size() > (INT64_MAX >> 2))
    return cx.outOfMemory();
  String *s = static_cast<String *>(
      allocateBytes(cx, static_cast<int64_t>(sizeof(String)) + text.size() + 1));
  if (!s)
    return Failed;
  char *bytes = reinterpret_cast<char *>(s + 1);
  std::memcpy(bytes, text.data(), static_cast<size_t>(text.size()));
  bytes[text.size()] = 0;
  *static_cast<StringObject *>(s) = {{1, &kStringType}, text.size(), bytes};
  return StringPtr::adopt(s);
}
StringPtr newString(Context &cx, const StringBuilder &text) {
  if (!text.ok())
    return cx.outOfMemory();
  return newString(cx, StringRef(text));
}
StringObject *StringBuilder::finish(Context &cx) { return newString(cx, *this).take(); }

// ---- Lists
ElementKind elementKindOf(const TypeDescriptor *element) {
  switch (element->kind) {
  case TypeKind::Int:
    return ElementKind::Int;
  case TypeKind::Float:
    return ElementKind::Float;
  case TypeKind::Bool:
    return ElementKind::Bool;
  default:
    return ElementKind::Value;
  }
}
static int64_t elementBytes(ElementKind kind) {
  return kind == ElementKind::Bool ? 1 : kind == ElementKind::Value ? 16 : 8;
}

Value List::get(int64_t i) const {
  switch (elements) {
  case ElementKind::Int:
    return makeInt(ints()[i]);
  case ElementKind::Float:
    return makeFloat(floats()[i]);
  case ElementKind::Bool:
    return makeBool(bools()[i]);
  case ElementKind::Value:
    return values()[i];
  }
  return makeNone();
}

/// Stores without regard to what was there; retains.
static void putElement(List &list, int64_t i, const Value &v) {
  switch (list.elements) {
  case ElementKind::Int:
    list.ints()[i] = v.tag == Tag::Float ? toInt64(v.payload.d) : v.payload.i;
    return;
  case ElementKind::Float:
    list.floats()[i] = v.tag == Tag::Float ? v.payload.d : static_cast<double>(v.payload.i);
    return;
  case ElementKind::Bool:
    list.bools()[i] = v.payload.i != 0;
    return;
  case ElementKind::Value:
    retain(v);
    list.values()[i] = v;
  }
}
void List::set(int64_t i, Value v) {
  Value old = elements == ElementKind::Value ? values()[i] : makeNone();
  putElement(*this, i, v);
  release(old);
}
Status List::reserve(Context &cx, int64_t wanted) {
  if (wanted <= capacity)
    return success();
  int64_t room = capacity + capacity / 2 + 4;
  room = room > wanted ? room : wanted;
  if (room > INT64_MAX / 32)
    return cx.outOfMemory();
  void *grown = std::realloc(data, static_cast<size_t>(room * elementBytes(elements)));
  if (!grown)
    return cx.outOfMemory();
  data = grown, capacity = room;
  return success();
}
Status List::append(Context &cx, Value v) {
  TSC_TRY(reserve(cx, size + 1));
  putElement(*this, size, v);
  ++size;
  return success();
}
Status List::insert(Context &cx, int64_t at, Value v) {
  TSC_TRY(reserve(cx, size + 1));
  int64_t bytes = elementBytes(elements);
  char *p = static_cast<char *>(data) + at * bytes;
  std::memmove(p + bytes, p, static_cast<size_t>((size - at) * bytes));
  ++size;
  putElement(*this, at, v);
  return success();
}
OwnedValue List::remove(int64_t at) {
  OwnedValue taken = OwnedValue::adopt(get(at)); // its count moves to the caller
  int64_t bytes = elementBytes(elements);
  char *p = static_cast<char *>(data) + at * bytes;
  std::memmove(p, p + bytes, static_cast<size_t>((size - at - 1) * bytes));
  --size;
  return taken;
}
void List::resizeTo(int64_t smaller) {
  int64_t old = size;
  size = smaller < size ? smaller : size;
  if (elements != ElementKind::Value)
    return;
  for (int64_t i = size; i < old; ++i)
    release(values()[i]);
}

ListRef newList(Context &cx, const TypeDescriptor *type, int64_t reserve) {
  if (!type)
    return Failed;
  List *list = static_cast<List *>(allocateBytes(cx, sizeof(List)));
  if (!list)
    return Failed;
  ElementKind kind = elementKindOf(type->parameters[0]);
  *static_cast<ListObject *>(list) = {{1, type}, 0, 0, nullptr, kind, 0};
  ListRef result = ListRef::adopt(list);
  TSC_TRY(list->reserve(cx, reserve));
  return result;
}
template <class T>
static ListRef newPlainList(Context &cx, const TypeDescriptor &type, Span<T> items) {
  ListRef list = newList(cx, &type, items.size());
  TSC_TRY(list);
  if (items.size())
    std::memcpy(list->data, items.data(), sizeof(T) * static_cast<size_t>(items.size()));
  list->size = items.size();
  return list;
}
ListRef newIntList(Context &cx, IntList items) { return newPlainList(cx, kIntListType, items); }
ListRef newFloatList(Context &cx, FloatList items) {
  return newPlainList(cx, kFloatListType, items);
}
ListRef newBoolList(Context &cx, BoolList items) { return newPlainList(cx, kBoolListType, items); }
ListRef newTensorList(Context &cx, Span<TensorRef> items) {
  ListRef list = newList(cx, &kTensorListType, items.size());
  TSC_TRY(list);
  for (const TensorRef &t : items)
    TSC_TRY(list->append(cx, t ? makeTensor(*t) : makeNone()));
  return list;
}

// ---- Tuples
TupleRef newTuple(Context &cx, const TypeDescriptor *type, Span<Value> items) {
  if (!type)
    return Failed;
  int64_t bytes = static_cast<int64_t>(sizeof(TupleObject)) +
                  items.size() * static_cast<int64_t>(sizeof(Value));
  Tuple *t = static_cast<Tuple *>(allocateBytes(cx, bytes));
  if (!t)
    return Failed;
  t->head = {1, type};
  t->size = items.size();
  for (int64_t i = 0; i < items.size(); ++i) {
    retain(items[i]);
    t->items[i] = items[i];
  }
  return TupleRef::adopt(t);
}

// ---- Instances and the list of those that may form cycles
static int32_t gListLock =
    0; ///< of all lists: an object that goes does not know its instance without a walk

void linkObject(Instance &instance, InstanceObject *o) {
  // The first object's `previous` is the instance itself, marked by the lowest bit.
  SpinLock lock(gListLock);
  o->next = instance.objects;
  o->previous = reinterpret_cast<InstanceObject *>(reinterpret_cast<uintptr_t>(&instance) | 1);
  if (o->next)
    o->next->previous = o;
  instance.objects = o;
}
static Instance *markedOwner(InstanceObject *previous) {
  uintptr_t word = reinterpret_cast<uintptr_t>(previous);
  return word & 1 ? reinterpret_cast<Instance *>(word & ~static_cast<uintptr_t>(1)) : nullptr;
}
void unlinkObject(InstanceObject *o) {
  if (!o->previous)
    return;
  SpinLock lock(gListLock);
  if (Instance *owner = markedOwner(o->previous))
    owner->objects = o->next;
  else
    o->previous->next = o->next;
  if (o->next)
    o->next->previous = o->previous;
  o->previous = o->next = nullptr;
}
// ---- Quantizers
static Ref<QuantizerObject> makeQuantizer(Context &cx, int64_t axis, double scale,
                                          int64_t zeroPoint, ObjectHead *scales,
                                          ObjectHead *zeroPoints) {
  QuantizerObject *q = static_cast<QuantizerObject *>(allocateBytes(cx, sizeof(QuantizerObject)));
  if (!q)
    return Failed;
  *q = {{1, &kQuantizerType}, axis, scale, zeroPoint, scales, zeroPoints};
  tsc_rt_retain(scales);
  tsc_rt_retain(zeroPoints);
  return Ref<QuantizerObject>::adopt(q);
}
Ref<QuantizerObject> newQuantizer(Context &cx, double scale, int64_t zeroPoint) {
  return makeQuantizer(cx, -1, scale, zeroPoint, nullptr, nullptr);
}
Ref<QuantizerObject> newChannelQuantizer(Context &cx, const Tensor &scales,
                                         const Tensor &zeroPoints, int64_t axis) {
  TensorRef s = contiguousAs(cx, scales, DType::Float64);
  TensorRef z = contiguousAs(cx, zeroPoints, DType::Int64);
  if (!s || !z)
    return Failed;
  return makeQuantizer(cx, axis, 0, 0, &s->head, &z->head);
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" {
ObjectHead *tsc_rt_list_new(Context *cx, const TypeDescriptor *type, const void *elements,
                            int64_t size) {
  ListRef list = newList(*cx, type, size);
  if (!list)
    return nullptr;
  if (size)
    std::memcpy(list->data, elements, static_cast<size_t>(size * elementBytes(list->elements)));
  list->size = size;
  if (list->elements == ElementKind::Value)
    for (int64_t i = 0; i < size; ++i)
      retain(list->values()[i]);
  return &list.take()->head;
}
ObjectHead *tsc_rt_tuple_new(Context *cx, const TypeDescriptor *type, const Value *items,
                             int64_t size) {
  TupleRef t = newTuple(*cx, type, {items, size});
  return t ? &t.take()->head : nullptr;
}
ObjectHead *tsc_rt_complex_new(Context *cx, double re, double im) {
  ComplexObject *c = static_cast<ComplexObject *>(allocateBytes(*cx, sizeof(ComplexObject)));
  if (!c)
    return nullptr;
  *c = {{1, &kComplexType}, re, im};
  return &c->head;
}
ObjectHead *tsc_rt_object_new(Context *cx, const TypeDescriptor *type) {
  int64_t bytes =
      static_cast<int64_t>(sizeof(InstanceObject) + sizeof(Value) * type->parameterCount);
  InstanceObject *o = static_cast<InstanceObject *>(allocateBytes(*cx, bytes));
  if (!o)
    return nullptr;
  o->head = {1, type};
  o->previous = o->next = nullptr;
  for (uint32_t i = 0; i < type->parameterCount; ++i)
    o->fields[i] = makeMissing();
  if ((type->flags & 2) && cx->instance)
    linkObject(*cx->instance, o);
  return &o->head;
}
ObjectHead *tsc_rt_dict_new(Context *cx, const TypeDescriptor *type, const Value *keysAndValues,
                            int64_t pairs) {
  DictRef dict = newDict(*cx, type);
  for (int64_t i = 0; dict && i < pairs; ++i)
    if (!dict->set(*cx, keysAndValues[2 * i], keysAndValues[2 * i + 1]))
      return nullptr;
  return dict ? &dict.take()->head : nullptr;
}
}
