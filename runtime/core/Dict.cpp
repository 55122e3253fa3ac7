// SPDX-License-Identifier: Apache-2.0
// Insertion-ordered dicts: entries in a row, found through a table of indices with linear probing.
// Deleted entries stay as holes until the table is rebuilt.
#include "tsc/runtime/Instance.h"

#include <cstdlib>

namespace tsc::rt {

/// Keys are compared without a context: strings, numbers, enums by content; tensors and objects by
/// identity.
static bool sameKey(const Value &a, const Value &b) {
  if (a.tag == Tag::Tensor || b.tag == Tag::Tensor)
    return a.tag == b.tag && a.payload.p == b.payload.p;
  if (a.tag == Tag::Int && b.tag == Tag::Int)
    return a.payload.i == b.payload.i;
  if (a.tag == Tag::String && b.tag == Tag::String)
    return StringRef(*reinterpret_cast<const StringObject *>(a.payload.p)) ==
           StringRef(*reinterpret_cast<const StringObject *>(b.payload.p));
  Context none;
  Result<bool> r = equalValues(none, a, b);
  return r.ok && r.value;
}

/// The slot of a key, or of the free place where it belongs.
static int64_t findSlot(const Dict &d, const Value &key, uint64_t hash) {
  uint64_t mask = static_cast<uint64_t>(d.slotCount) - 1;
  for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
    int64_t index = d.slots[at];
    if (index < 0)
      return static_cast<int64_t>(at);
    const DictEntry &e = d.entries[index];
    if (e.hash == hash && e.key.tag != Tag::Missing && sameKey(e.key, key))
      return static_cast<int64_t>(at);
  }
}

static uint64_t spread(uint64_t hash) { return hash * 0x9e3779b97f4a7c15ull >> 7; }
static uint64_t keyHash(const Value &key) {
  if (key.tag == Tag::Int)
    return spread(static_cast<uint64_t>(key.payload.i));
  Context none;
  Result<uint64_t> h = hashValue(none, key);
  return h.ok ? spread(h.value) : 0;
}

const Value *Dict::find(Value key) const {
  if (!slotCount)
    return nullptr;
  int64_t index = slots[findSlot(*this, key, keyHash(key))];
  return index < 0 ? nullptr : &entries[index].value;
}

/// Room for one more entry: holes are squeezed out, tables grown.
static Status makeRoom(Context &cx, Dict &d) {
  if (d.slotCount && d.used < d.capacity)
    return success();
  int64_t room = d.size < d.used / 2 ? d.capacity : d.capacity * 2;
  room = room < 8 ? 8 : room;
  if (room > INT64_MAX / 128)
    return cx.outOfMemory();
  DictEntry *entries =
      static_cast<DictEntry *>(std::malloc(sizeof(DictEntry) * static_cast<size_t>(room)));
  int64_t *slots =
      static_cast<int64_t *>(std::malloc(sizeof(int64_t) * static_cast<size_t>(room * 2)));
  if (!entries || !slots) {
    std::free(entries);
    std::free(slots);
    return cx.outOfMemory();
  }
  int64_t n = 0;
  for (int64_t i = 0; i < d.used; ++i)
    if (d.entry(i))
      entries[n++] = d.entries[i];
  std::free(d.entries);
  std::free(d.slots);
  d.entries = entries, d.slots = slots;
  d.used = d.size = n, d.capacity = room, d.slotCount = room * 2;
  for (int64_t i = 0; i < d.slotCount; ++i)
    slots[i] = -1;
  uint64_t mask = static_cast<uint64_t>(d.slotCount) - 1;
  for (int64_t i = 0; i < n; ++i) {
    uint64_t at = entries[i].hash & mask;
    while (slots[at] >= 0)
      at = (at + 1) & mask;
    slots[at] = i;
  }
  return success();
}

Status Dict::set(Context &cx, Value key, Value value) {
  TSC_ASSIGN(uint64_t plain, hashValue(cx, key));
  TSC_TRY(makeRoom(cx, *this));
  uint64_t hash = spread(plain);
  int64_t slot = findSlot(*this, key, hash);
  retain(value);
  if (slots[slot] >= 0) {
    DictEntry &e = entries[slots[slot]];
    Value old = e.value;
    e.value = value;
    release(old);
    return success();
  }
  retain(key);
  slots[slot] = used;
  entries[used++] = {key, value, hash};
  ++size;
  return success();
}

bool Dict::erase(Value key) {
  if (!slotCount)
    return false;
  int64_t index = slots[findSlot(*this, key, keyHash(key))];
  if (index < 0)
    return false;
  DictEntry &e = entries[index];
  Value oldKey = e.key, oldValue = e.value;
  e.key = makeMissing(),
  e.value = makeNone(); // the slot stays taken, so that probing goes on past it
  --size;
  release(oldKey);
  release(oldValue);
  return true;
}

void Dict::clear() {
  DictEntry *old = entries;
  int64_t n = used;
  std::free(slots);
  entries = nullptr, slots = nullptr;
  size = used = capacity = slotCount = 0;
  for (int64_t i = 0; i < n; ++i)
    if (old[i].key.tag != Tag::Missing) {
      release(old[i].key);
      release(old[i].value);
    }
  std::free(old);
}

DictRef newDict(Context &cx, const TypeDescriptor *type) {
  if (!type)
    return Failed;
  Dict *d = static_cast<Dict *>(allocateBytes(cx, sizeof(Dict)));
  if (!d)
    return Failed;
  *d = {{1, type}, 0, 0, 0, 0, nullptr, nullptr};
  return DictRef::adopt(d);
}

} // namespace tsc::rt
