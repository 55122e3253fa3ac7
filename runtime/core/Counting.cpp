// SPDX-License-Identifier: Apache-2.0
// Reference counts, and what happens when one reaches zero, by the kind of the object's type.
// Objects that hold others are destroyed through a work list, so that a long chain of objects
// cannot exhaust the stack.
#include "tsc/runtime/Instance.h"

#include <cstdlib>

namespace tsc::rt {

namespace {
/// Objects with count zero that wait to be destroyed, linked through their counts.
struct Pending {
  ObjectHead *first = nullptr;
  void add(ObjectHead *o) {
    o->count = static_cast<int64_t>(reinterpret_cast<intptr_t>(first));
    first = o;
  }
  ObjectHead *next() {
    ObjectHead *o = first;
    if (o)
      first = reinterpret_cast<ObjectHead *>(static_cast<intptr_t>(o->count));
    return o;
  }
};
} // namespace

static bool dropCount(ObjectHead *o) {
  if (!o)
    return false;
  int64_t count = __atomic_load_n(&o->count, __ATOMIC_ACQUIRE);
  // Whoever holds the only count needs no atomic subtraction: nobody else can add to it.
  if (count <= 1)
    return count == 1;
  return __atomic_fetch_sub(&o->count, 1, __ATOMIC_ACQ_REL) == 1;
}
static void drop(Pending &pending, ObjectHead *o) {
  if (dropCount(o))
    pending.add(o);
}
static void drop(Pending &pending, const Value &v) {
  if (isObject(v))
    drop(pending, v.payload.p);
}

static void destroyTensor(Pending &pending, TensorObject *t) {
  if (t->storage)
    drop(pending, &t->storage->head);
  if (t->quantizer)
    drop(pending, &t->quantizer->head);
  if (t->sizes != t->inlineShape)
    std::free(t->sizes);
}
static void destroyList(Pending &pending, ListObject *list) {
  if (list->elements == ElementKind::Value)
    for (int64_t i = 0; i < list->size; ++i)
      drop(pending, static_cast<Value *>(list->data)[i]);
  std::free(list->data);
}
static void destroyDict(Pending &pending, Dict *dict) {
  for (int64_t i = 0; i < dict->used; ++i)
    if (dict->entry(i)) {
      drop(pending, dict->entries[i].key);
      drop(pending, dict->entries[i].value);
    }
  std::free(dict->entries);
  std::free(dict->slots);
}
static void destroyInstance(Pending &pending, InstanceObject *o) {
  unlinkObject(o);
  for (uint32_t i = 0; i < o->head.type->parameterCount; ++i)
    drop(pending, o->fields[i]);
}

static void destroyContents(Pending &pending, ObjectHead *o) {
  switch (o->type->kind) {
  case TypeKind::Tensor:
    return destroyTensor(pending, reinterpret_cast<TensorObject *>(o));
  case TypeKind::Storage: {
    StorageObject *s = reinterpret_cast<StorageObject *>(o);
    if (s->release)
      s->release(s);
    return;
  }
  case TypeKind::List:
    return destroyList(pending, reinterpret_cast<ListObject *>(o));
  case TypeKind::Dict:
    return destroyDict(pending, reinterpret_cast<Dict *>(o));
  case TypeKind::Tuple: {
    TupleObject *t = reinterpret_cast<TupleObject *>(o);
    for (int64_t i = 0; i < t->size; ++i)
      drop(pending, t->items[i]);
    return;
  }
  case TypeKind::Class:
    return destroyInstance(pending, reinterpret_cast<InstanceObject *>(o));
  case TypeKind::Future:
    return destroyFuture(o);
  case TypeKind::Capsule: {
    CapsuleObject *c = reinterpret_cast<CapsuleObject *>(o);
    if (o->type == &kQuantizerType) {
      QuantizerObject *q = reinterpret_cast<QuantizerObject *>(o);
      drop(pending, q->scales);
      drop(pending, q->zeroPoints);
    } else if (c->destroy)
      c->destroy(c);
    return;
  }
  default: // strings, complex numbers, generators: nothing inside
    return;
  }
}

static void destroyAll(Pending &pending) {
  while (ObjectHead *o = pending.next()) {
    destroyContents(pending, o);
    std::free(o);
  }
}
} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" {
void tsc_rt_retain(ObjectHead *o) {
  // Immortal objects are negative and are left alone, so that threads do not fight over them.
  if (o && __atomic_load_n(&o->count, __ATOMIC_RELAXED) > 0)
    __atomic_fetch_add(&o->count, 1, __ATOMIC_RELAXED);
}
void tsc_rt_release(ObjectHead *o) {
  if (!dropCount(o))
    return;
  Pending pending;
  pending.add(o);
  destroyAll(pending);
}
void tsc_rt_release_frame(ObjectHead **slots, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    tsc_rt_release(slots[i]);
}
}
