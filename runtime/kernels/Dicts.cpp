// SPDX-License-Identifier: Apache-2.0
// Operators on dicts. One kernel serves all key types; the schema has an overload for each.
#include "tsc/runtime/Kernel.h"

using namespace tsc::rt;

#define TSC_KEYS(NAME, FN)                                                                         \
  TSC_KERNEL(NAME##str, FN)                                                                        \
  TSC_KERNEL(NAME##int, FN)                                                                        \
  TSC_KERNEL(NAME##bool, FN)                                                                       \
  TSC_KERNEL(NAME##float, FN)                                                                      \
  TSC_KERNEL(NAME##complex, FN)                                                                    \
  TSC_KERNEL(NAME##Tensor, FN)

static Failure missingKey(Context &cx, const Value &key) {
  StringBuilder text;
  text.add("KeyError: ");
  addText(cx, text, key);
  return cx.raiseText("RuntimeError", text);
}

static int64_t length(Context &, const Dict &dict) { return dict.size; }
TSC_KEYS(aten_len_Dict_, length)

static OwnedValue getItem(Context &cx, const Dict &dict, const Value &key) {
  const Value *found = dict.find(key);
  return found ? OwnedValue::share(*found) : OwnedValue(missingKey(cx, key));
}
TSC_KEYS(aten___getitem___Dict_, getItem)

static Status setItem(Context &cx, Dict &dict, const Value &key, const Value &value) {
  return dict.set(cx, key, value);
}
TSC_KEYS(aten__set_item_, setItem)

static bool contains(Context &, const Dict &dict, const Value &key) {
  return dict.find(key) != nullptr;
}
TSC_KEYS(aten___contains___, contains)

static OwnedValue get(Context &, const Dict &dict, const Value &key) {
  const Value *found = dict.find(key);
  return OwnedValue::share(found ? *found : makeNone());
}
TSC_KEYS(aten_get_, get)

static OwnedValue getDefault(Context &, const Dict &dict, const Value &key, const Value &other) {
  const Value *found = dict.find(key);
  return OwnedValue::share(found ? *found : other);
}
TSC_KEYS(aten_get_default_, getDefault)

static OwnedValue setDefault(Context &cx, Dict &dict, const Value &key, const Value &other) {
  const Value *found = dict.find(key);
  if (found)
    return OwnedValue::share(*found);
  TSC_TRY(dict.set(cx, key, other));
  return OwnedValue::share(other);
}
TSC_KEYS(aten_setdefault_, setDefault)

static OwnedValue pop(Context &cx, Dict &dict, const Value &key) {
  OwnedValue result = getItem(cx, dict, key);
  if (result)
    dict.erase(key);
  return result;
}
TSC_KEYS(aten_pop_Dict_, pop)

static OwnedValue popDefault(Context &cx, Dict &dict, const Value &key, const Value &other) {
  OwnedValue result = getDefault(cx, dict, key, other);
  dict.erase(key);
  return result;
}
TSC_KEYS(aten_pop_Dict_default_, popDefault)

static Status deleteKey(Context &cx, Dict &dict, const Value &key) {
  if (!dict.erase(key))
    return missingKey(cx, key);
  return success();
}
TSC_KEYS(aten_Delete_Dict_, deleteKey)

static Status clear(Context &, Dict &dict) {
  dict.clear();
  return success();
}
TSC_KEYS(aten_clear_, clear)

static Status update(Context &cx, Dict &dict, const Dict &other) {
  int64_t n = other.used;
  for (int64_t i = 0; i < n; ++i) {
    if (!other.entry(i))
      continue;
    OwnedValue key = OwnedValue::share(other.entries[i].key),
               value = OwnedValue::share(other.entries[i].value);
    TSC_TRY(dict.set(cx, key.get(), value.get()));
  }
  return success();
}
TSC_KEYS(aten_update_, update)

static DictRef copyDict(Context &cx, const Dict &dict) {
  DictRef result = newDict(cx, dict.head.type);
  TSC_TRY(result);
  TSC_TRY(update(cx, *result, dict));
  return result;
}
TSC_KEYS(aten_copy_Dict_, copyDict)
TSC_KEYS(aten_dict_Dict_, copyDict)

static ListRef keys(Context &cx, const Dict &dict) {
  ListRef list = newList(cx, listTypeOf(cx, dict.keyType()), dict.size);
  TSC_TRY(list);
  for (int64_t i = 0; i < dict.used; ++i)
    if (dict.entry(i))
      TSC_TRY(list->append(cx, dict.entries[i].key));
  return list;
}
TSC_KEYS(aten_keys_, keys)

static ListRef values(Context &cx, const Dict &dict) {
  ListRef list = newList(cx, listTypeOf(cx, dict.valueType()), dict.size);
  TSC_TRY(list);
  for (int64_t i = 0; i < dict.used; ++i)
    if (dict.entry(i))
      TSC_TRY(list->append(cx, dict.entries[i].value));
  return list;
}
TSC_KEYS(aten_values_, values)

static TupleRef makePair(Context &cx, const Dict &dict, const DictEntry &e) {
  const TypeDescriptor *types[] = {dict.keyType(), dict.valueType()};
  Value both[] = {e.key, e.value};
  return newTuple(cx, tupleTypeOf(cx, types), both);
}

static ListRef items(Context &cx, const Dict &dict) {
  const TypeDescriptor *types[] = {dict.keyType(), dict.valueType()};
  const TypeDescriptor *pair = tupleTypeOf(cx, types);
  TSC_TRY(pair);
  ListRef list = newList(cx, listTypeOf(cx, pair), dict.size);
  TSC_TRY(list);
  for (int64_t i = 0; i < dict.used; ++i) {
    if (!dict.entry(i))
      continue;
    TupleRef item = makePair(cx, dict, dict.entries[i]);
    TSC_TRY(item);
    TSC_TRY(list->append(cx, makeObject(Tag::Tuple, item.get())));
  }
  return list;
}
TSC_KEYS(aten_items_, items)

/// Removes the first pair, as PyTorch does (Python takes the last).
static TupleRef popItem(Context &cx, Dict &dict) {
  for (int64_t i = 0; i < dict.used; ++i) {
    if (!dict.entry(i))
      continue;
    TupleRef pair = makePair(cx, dict, dict.entries[i]);
    TSC_TRY(pair);
    dict.erase(pair->items[0]);
    return pair;
  }
  return cx.raise("KeyError", "popitem(): dictionary is empty");
}
TSC_KEYS(aten_popitem_, popItem)

static DictRef emptyDict(Context &cx) {
  return newDict(cx, dictTypeOf(cx, &kStringType, &kTensorType));
}
TSC_KERNEL(aten_dict, emptyDict)

static DictRef dictOfPairs(Context &cx, const List &pairs) {
  const TypeDescriptor *pair = pairs.elementType();
  if (pair->parameterCount != 2)
    return cx.fail("dict() expects a list of pairs");
  DictRef dict = newDict(cx, dictTypeOf(cx, pair->parameters[0], pair->parameters[1]));
  TSC_TRY(dict);
  for (int64_t i = 0; i < pairs.size; ++i) {
    const Tuple &item = *reinterpret_cast<const Tuple *>(pairs.values()[i].payload.p);
    TSC_TRY(dict->set(cx, item.items[0], item.items[1]));
  }
  return dict;
}
TSC_KEYS(aten_dict_, dictOfPairs)
