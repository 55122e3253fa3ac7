// SPDX-License-Identifier: Apache-2.0
// tsc_rt_copy_state: an instance's own objects from the static templates that a compiled model
// carries. Templates are immortal and may refer to one another in circles; a table from template to
// copy keeps identities. Objects are made first and filled later from a list, so that long chains
// of objects cannot exhaust the stack.
#include "tsc/runtime/Instance.h"

namespace tsc::rt {

namespace {
struct Made {
  const void *from;
  ObjectHead *to; ///< owned by the table
};
class StateCopier {
public:
  explicit StateCopier(Context &context) : cx(context) {}
  ~StateCopier() {
    for (int64_t i = 0; i < made.size(); ++i)
      tsc_rt_release(made[i].to);
  }
  OwnedValue run(const Value &v) {
    OwnedValue result = copy(v, 0);
    while (result && !unfilled.empty()) {
      const InstanceObject *from = unfilled.back();
      unfilled.pop();
      if (!fill(*from))
        return Failed;
    }
    return result;
  }

private:
  OwnedValue copy(const Value &v, int depth);
  OwnedValue copyNew(const Value &v, int depth);
  OwnedValue copyObject(const Value &v);
  OwnedValue copyDict(const Value &v, int depth);
  OwnedValue copyTensor(const Value &v);
  Status fill(const InstanceObject &from);
  ObjectHead *find(const void *from) const;
  Status remember(const void *from, ObjectHead *to);
  int64_t slotOf(const void *from) const;

  Context &cx;
  Vector<Made> made;
  Vector<int64_t> slots; ///< open addressing over `made`, -1 is free
  Vector<const InstanceObject *> unfilled;
};
} // namespace

int64_t StateCopier::slotOf(const void *from) const {
  uint64_t mask = static_cast<uint64_t>(slots.size()) - 1;
  uint64_t at = (reinterpret_cast<uintptr_t>(from) >> 3) * 0x9e3779b97f4a7c15ull >> 20;
  while (true) {
    int64_t slot = static_cast<int64_t>(at & mask);
    if (slots[slot] < 0 || made[slots[slot]].from == from)
      return slot;
    ++at;
  }
}
ObjectHead *StateCopier::find(const void *from) const {
  if (slots.empty())
    return nullptr;
  int64_t index = slots[slotOf(from)];
  return index < 0 ? nullptr : made[index].to;
}
/// Takes the count of `to` over, also when it fails.
Status StateCopier::remember(const void *from, ObjectHead *to) {
  if (!made.push(cx, {from, to})) {
    tsc_rt_release(to);
    return Failed;
  }
  if (made.size() * 2 <= slots.size()) {
    slots[slotOf(from)] = made.size() - 1;
    return success();
  }
  int64_t room = slots.size() ? slots.size() * 2 : 64;
  slots.clear();
  TSC_TRY(slots.resize(cx, room, -1));
  for (int64_t i = 0; i < made.size(); ++i)
    slots[slotOf(made[i].from)] = i;
  return success();
}

OwnedValue StateCopier::copyTensor(const Value &v) {
  const Tensor &from = *reinterpret_cast<const Tensor *>(v.payload.p);
  if (!(from.flags & kTemplate))
    return OwnedValue::share(v);
  Tensor *base = reinterpret_cast<Tensor *>(find(from.storage));
  if (!base) {
    int64_t bytes = from.storage->bytes;
    TensorRef whole = empty(cx, IntList(&bytes, 1), DType::UInt8);
    TSC_TRY(whole);
    std::memcpy(whole->data, from.storage->data, static_cast<size_t>(bytes));
    base = whole.get();
    TSC_TRY(remember(from.storage, &whole.take()->head));
  }
  int64_t offset = from.base() - static_cast<char *>(from.storage->data);
  TensorRef view = viewAs(cx, *base, from.dtype, IntList(from.sizes, from.rank),
                          IntList(from.strides, from.rank), offset);
  TSC_TRY(view);
  view->flags = from.flags & static_cast<uint8_t>(~kTemplate);
  view->quantizer = from.quantizer;
  if (view->quantizer)
    tsc_rt_retain(&view->quantizer->head);
  tsc_rt_retain(&view->head);
  TSC_TRY(remember(v.payload.p, &view->head));
  return OwnedValue(static_cast<TensorRef &&>(view));
}

OwnedValue StateCopier::copyObject(const Value &v) {
  const InstanceObject *from = reinterpret_cast<const InstanceObject *>(v.payload.p);
  ObjectHead *object = tsc_rt_object_new(&cx, from->head.type);
  if (!object)
    return Failed;
  TSC_TRY(remember(from, object));
  TSC_TRY(unfilled.push(cx, from));
  return OwnedValue::share(makeObject(Tag::Object, object));
}

Status StateCopier::fill(const InstanceObject &from) {
  InstanceObject *to = reinterpret_cast<InstanceObject *>(find(&from));
  for (uint32_t i = 0; i < from.head.type->parameterCount; ++i) {
    if (from.fields[i].tag == Tag::Missing)
      continue; // set later
    OwnedValue field = copy(from.fields[i], 0);
    TSC_TRY(field);
    to->fields[i] = field.take();
  }
  return success();
}

OwnedValue StateCopier::copyDict(const Value &v, int depth) {
  const List &pairs = *reinterpret_cast<const List *>(v.payload.p);
  DictRef dict = newDict(cx, pairs.head.type);
  TSC_TRY(dict);
  tsc_rt_retain(&dict->head);
  TSC_TRY(remember(v.payload.p, &dict->head));
  for (int64_t i = 0; i + 1 < pairs.size; i += 2) {
    OwnedValue key = copy(pairs.values()[i], depth + 1);
    OwnedValue value = copy(pairs.values()[i + 1], depth + 1);
    if (!key || !value)
      return Failed;
    TSC_TRY(dict->set(cx, key.get(), value.get()));
  }
  return OwnedValue(static_cast<DictRef &&>(dict));
}

OwnedValue StateCopier::copyNew(const Value &v, int depth) {
  switch (v.tag) {
  case Tag::Tensor:
    return copyTensor(v);
  case Tag::Object:
    return copyObject(v);
  case Tag::Dict:
    return copyDict(v, depth);
  case Tag::List: {
    const List &from = *reinterpret_cast<const List *>(v.payload.p);
    ListRef list = newList(cx, from.head.type, from.size);
    TSC_TRY(list);
    tsc_rt_retain(&list->head);
    TSC_TRY(remember(v.payload.p, &list->head));
    for (int64_t i = 0; i < from.size; ++i) {
      OwnedValue item = copy(from.get(i), depth + 1);
      TSC_TRY(item);
      TSC_TRY(list->append(cx, item.get()));
    }
    return OwnedValue(static_cast<ListRef &&>(list));
  }
  case Tag::Tuple: {
    const Tuple &from = *reinterpret_cast<const Tuple *>(v.payload.p);
    TupleRef tuple = newTuple(cx, from.head.type, {from.items, from.size});
    TSC_TRY(tuple);
    for (int64_t i = 0; i < from.size; ++i) {
      OwnedValue item = copy(from.items[i], depth + 1);
      TSC_TRY(item);
      release(tuple->items[i]);
      tuple->items[i] = item.take();
    }
    return OwnedValue(static_cast<TupleRef &&>(tuple));
  }
  default: // strings, numbers, enum members: never written
    return OwnedValue::share(v);
  }
}

OwnedValue StateCopier::copy(const Value &v, int depth) {
  if (depth > 1000)
    return cx.fail("values are nested too deeply to copy");
  if (!isObject(v))
    return OwnedValue::share(v);
  if (ObjectHead *known = find(v.payload.p))
    return OwnedValue::share(makeObject(v.tag, known));
  return copyNew(v, depth);
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_copy_state(Context *cx, const Value *state, Value *result) {
  StateCopier copier(*cx);
  OwnedValue copied = copier.run(*state);
  if (!copied)
    return 1;
  *result = copied.take();
  return 0;
}
