// SPDX-License-Identifier: Apache-2.0
// Values that are not tensors: owned values, strings, lists, dicts, tuples. Borrowed Values are
// plain `Value`; what is stored in a container is retained by it.
#pragma once

#include "tsc/runtime/Tensor.h"

namespace tsc::rt {

// ---- Values
inline Value makeNone() { return Value{Tag::None, 0, {0}}; }
inline Value makeMissing() { return Value{Tag::Missing, 0, {0}}; }
inline Value makeBool(bool b) { return Value{Tag::Bool, 0, {b}}; }
inline Value makeInt(int64_t i) { return Value{Tag::Int, 0, {i}}; }
inline Value makeFloat(double d) {
  Value v{Tag::Float, 0, {0}};
  v.payload.d = d;
  return v;
}
inline Value makeDevice(Device d) { return Value{Tag::Device, 0, {d.code}}; }
inline Value makeObject(Tag tag, const void *object) {
  Value v{tag, 0, {0}};
  v.payload.p = static_cast<ObjectHead *>(const_cast<void *>(object));
  return v;
}
inline Value makeTensor(const Tensor &t) { return makeObject(Tag::Tensor, &t); }
inline bool isObject(const Value &v) {
  return static_cast<uint32_t>(v.tag) >= kFirstObjectTag && v.tag != Tag::Missing;
}
inline bool isNone(const Value &v) { return v.tag == Tag::None; }
inline void retain(const Value &v) {
  if (isObject(v))
    tsc_rt_retain(v.payload.p);
}
inline void release(const Value &v) {
  if (isObject(v))
    tsc_rt_release(v.payload.p);
}
/// The number in a Bool, Int, Float or Complex value.
Scalar scalarOf(const Value &v);
bool isNumber(const Value &v);

/// A Value with its own count.
class OwnedValue {
public:
  OwnedValue() : value(makeNone()) {}
  OwnedValue(Failure) : value(makeMissing()) {} ///< what a failing function returns; false
  OwnedValue(const OwnedValue &o) : value(o.value) { retain(value); }
  OwnedValue(OwnedValue &&o) : value(o.value) { o.value = makeNone(); }
  template <class T> OwnedValue(Ref<T> r); ///< a null reference gives the failed value
  OwnedValue &operator=(OwnedValue o) {
    Value old = value;
    value = o.value, o.value = old;
    return *this;
  }
  ~OwnedValue() { release(value); }
  static OwnedValue adopt(Value v) {
    OwnedValue o;
    o.value = v;
    return o;
  }
  static OwnedValue share(Value v) {
    retain(v);
    return adopt(v);
  }
  const Value &get() const { return value; }
  Value take() {
    Value v = value;
    value = makeNone();
    return v;
  }
  explicit operator bool() const { return value.tag != Tag::Missing; }

private:
  Value value;
};

/// A number as a value; complex numbers become objects.
OwnedValue numberValue(Context &cx, const Scalar &s);

// ---- Strings
struct String : StringObject {
  StringRef text() const { return {data, length}; }
};
using StringPtr = Ref<String>;
StringPtr newString(Context &cx, StringRef text);
StringPtr newString(Context &cx, const StringBuilder &text);

// ---- Lists
/// How a list of elements of this type stores them.
ElementKind elementKindOf(const TypeDescriptor *element);

struct List : ListObject {
  const TypeDescriptor *elementType() const { return head.type->parameters[0]; }
  int64_t *ints() const { return static_cast<int64_t *>(data); }
  double *floats() const { return static_cast<double *>(data); }
  bool *bools() const { return static_cast<bool *>(data); }
  Value *values() const { return static_cast<Value *>(data); }
  IntList intList() const { return {ints(), size}; }
  /// Borrowed; the index is in range.
  Value get(int64_t i) const;
  void set(int64_t i, Value v); ///< retains v
  Status append(Context &cx, Value v);
  Status insert(Context &cx, int64_t at, Value v); ///< 0 <= at <= size
  OwnedValue remove(int64_t at);                   ///< the element, owned
  Status reserve(Context &cx, int64_t capacity);
  void resizeTo(int64_t smaller); ///< drops elements from the end
  void clear() { resizeTo(0); }
};
using ListRef = Ref<List>;
ListRef newList(Context &cx, const TypeDescriptor *type, int64_t reserve = 0);
ListRef newIntList(Context &cx, IntList items);
ListRef newFloatList(Context &cx, FloatList items);
ListRef newBoolList(Context &cx, BoolList items);
ListRef newTensorList(Context &cx, Span<TensorRef> items); ///< null references become None

/// A borrowed List[Tensor] or List[Optional[Tensor]].
class TensorList {
public:
  TensorList() = default;
  explicit TensorList(const List &list) : items(list.values()), count(list.size) {}
  int64_t size() const { return count; }
  bool empty() const { return count == 0; }
  const Tensor &operator[](int64_t i) const {
    return *reinterpret_cast<const Tensor *>(items[i].payload.p);
  }
  OptTensor optional(int64_t i) const {
    return items[i].tag == Tag::Tensor ? OptTensor((*this)[i]) : OptTensor();
  }

private:
  const Value *items = nullptr;
  int64_t count = 0;
};

// ---- Dicts: insertion order, open addressing
struct DictEntry {
  Value key, value; ///< key Missing: deleted
  uint64_t hash;
};
struct Dict {
  ObjectHead head;        ///< type->parameters are key and value types
  int64_t size;           ///< live entries
  int64_t used, capacity; ///< of entries, deleted ones included
  int64_t slotCount;      ///< a power of two, or 0
  DictEntry *entries;
  int64_t *slots; ///< index into entries, or -1

  const TypeDescriptor *keyType() const { return head.type->parameters[0]; }
  const TypeDescriptor *valueType() const { return head.type->parameters[1]; }
  const Value *find(Value key) const;              ///< borrowed; null when absent
  Status set(Context &cx, Value key, Value value); ///< retains both; a known key keeps its place
  bool erase(Value key);
  void clear();
  /// Entry i of `used`; null when it was deleted.
  DictEntry *entry(int64_t i) const {
    return entries[i].key.tag == Tag::Missing ? nullptr : &entries[i];
  }
};
using DictRef = Ref<Dict>;
DictRef newDict(Context &cx, const TypeDescriptor *type);

// ---- Tuples and instances
struct Tuple : TupleObject {};
using TupleRef = Ref<Tuple>;
TupleRef newTuple(Context &cx, const TypeDescriptor *type, Span<Value> items); ///< retains

// ---- Types that kernels need. The descriptors of a model are preferred where it has them (same
// text).
extern const TypeDescriptor kNoneType, kBoolType, kIntType, kFloatType, kComplexType, kStringType,
    kAnyType, kNumberType, kDeviceType, kOptionalTensorType, kIntListType, kFloatListType,
    kBoolListType, kTensorListType, kOptionalTensorListType, kStringListType, kStorageType,
    kGeneratorType, kAnyListType, kComplexListType, kCapsuleType;
/// List[element], (K, V) and so on, interned; null when memory is short.
const TypeDescriptor *listTypeOf(Context &cx, const TypeDescriptor *element);
const TypeDescriptor *dictTypeOf(Context &cx, const TypeDescriptor *key,
                                 const TypeDescriptor *value);
const TypeDescriptor *tupleTypeOf(Context &cx, Span<const TypeDescriptor *> fields);
const TypeDescriptor *optionalTypeOf(Context &cx, const TypeDescriptor *inner);
/// From a name (List, Dict, Tuple, Optional, Union, Future) and its parameters.
const TypeDescriptor *parameterizedType(Context &cx, StringRef name,
                                        Span<const TypeDescriptor *> parameters);
/// Same type by text.
bool sameType(const TypeDescriptor *a, const TypeDescriptor *b);
/// The type of a value, as exactly as the value itself knows it.
const TypeDescriptor *typeOfValue(const Value &v);

// ---- Equality, hash, order, text
/// As `==` in the program: containers by content; tensors are equal when all elements are; fails
/// for tensors whose comparison has no single truth value.
Result<bool> equalValues(Context &cx, Value a, Value b);
bool identicalValues(Value a, Value b); ///< `is`
Result<uint64_t> hashValue(Context &cx, Value v);
/// <0, 0, >0 for numbers, strings and tuples of them.
Result<int> compareValues(Context &cx, Value a, Value b);

/// Program text of a float: "1.", "0.10000000000000001", "inf".
void addFloat(StringBuilder &out, double value);
/// As TorchScript prints a value inside a container: strings quoted.
void addRepr(Context &cx, StringBuilder &out, Value v);
/// As print and str do: strings bare.
void addText(Context &cx, StringBuilder &out, Value v);
void addTensorText(Context &cx, StringBuilder &out, const Tensor &t);
/// "int", "Tensor", "List[int]".
StringRef typeText(const Value &v);

template <class T> Tag tagOf() {
  if constexpr (std::is_base_of_v<TensorObject, T>)
    return Tag::Tensor;
  else if constexpr (std::is_base_of_v<StringObject, T>)
    return Tag::String;
  else if constexpr (std::is_base_of_v<ListObject, T>)
    return Tag::List;
  else if constexpr (std::is_base_of_v<TupleObject, T>)
    return Tag::Tuple;
  else if constexpr (std::is_base_of_v<InstanceObject, T>)
    return Tag::Object;
  else if constexpr (std::is_base_of_v<StorageObject, T>)
    return Tag::Storage;
  else if constexpr (std::is_base_of_v<ComplexObject, T>)
    return Tag::Complex;
  else {
    static_assert(std::is_same_v<T, Dict>);
    return Tag::Dict;
  }
}
template <class T> OwnedValue::OwnedValue(Ref<T> r) : value(makeMissing()) {
  if (r)
    value = makeObject(tagOf<T>(), r.take());
}

} // namespace tsc::rt
