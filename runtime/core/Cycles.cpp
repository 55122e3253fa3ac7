// SPDX-License-Identifier: Apache-2.0
// The end of objects that form cycles, when their model instance goes. Counts alone cannot tell a
// cycle nobody holds from objects that a caller still has, so the references inside the graph are
// counted: an object whose count is larger is held from outside, and all it reaches lives on; the
// fields of the others are dropped, and their counts do the rest. When memory is too short for the
// graph, the objects are left alone.
#include "tsc/runtime/Future.h"

namespace tsc::rt {

namespace {
struct Node {
  ObjectHead *object;
  int64_t inside; ///< references from other nodes
  bool live;
};
/// The objects that hold others, reachable from the instance's list.
struct Graph {
  Vector<Node> nodes;
  Vector<int64_t> slots; ///< open addressing, -1 is free
  Context cx;
  bool failed = false;

  int64_t *slotOf(const ObjectHead *o) {
    uint64_t mask = static_cast<uint64_t>(slots.size()) - 1;
    uint64_t at = (reinterpret_cast<uintptr_t>(o) >> 4) * 0x9e3779b97f4a7c15ull >> 20;
    while (slots[static_cast<int64_t>(at & mask)] >= 0 &&
           nodes[slots[static_cast<int64_t>(at & mask)]].object != o)
      ++at;
    return &slots[static_cast<int64_t>(at & mask)];
  }
  Node *find(const ObjectHead *o) {
    int64_t index = slots.size() ? *slotOf(o) : -1;
    return index < 0 ? nullptr : &nodes[index];
  }
  void add(ObjectHead *o);
};
} // namespace

void Graph::add(ObjectHead *o) {
  if (failed || find(o))
    return;
  if (!nodes.push(cx, {o, 0, false})) {
    failed = true;
    return;
  }
  if (nodes.size() * 2 <= slots.size()) {
    *slotOf(o) = nodes.size() - 1;
    return;
  }
  int64_t room = slots.size() ? slots.size() * 2 : 64;
  slots.clear();
  failed = !slots.resize(cx, room, -1);
  for (int64_t i = 0; i < nodes.size() && !failed; ++i)
    *slotOf(nodes[i].object) = i;
}

/// Calls f with every counted object that `o` holds and that may hold others.
template <class F> static void forEachChild(ObjectHead *o, F f) {
  auto visit = [&](const Value &v) {
    bool holds = v.tag == Tag::List || v.tag == Tag::Dict || v.tag == Tag::Tuple ||
                 v.tag == Tag::Object || v.tag == Tag::Future;
    if (holds && v.payload.p->count > 0)
      f(v.payload.p);
  };
  switch (o->type->kind) {
  case TypeKind::List: {
    const ListObject *list = reinterpret_cast<ListObject *>(o);
    for (int64_t i = 0; list->elements == ElementKind::Value && i < list->size; ++i)
      visit(static_cast<Value *>(list->data)[i]);
    return;
  }
  case TypeKind::Dict: {
    const Dict *dict = reinterpret_cast<Dict *>(o);
    for (int64_t i = 0; i < dict->used; ++i)
      if (dict->entry(i)) {
        visit(dict->entries[i].key);
        visit(dict->entries[i].value);
      }
    return;
  }
  case TypeKind::Tuple: {
    const TupleObject *tuple = reinterpret_cast<TupleObject *>(o);
    for (int64_t i = 0; i < tuple->size; ++i)
      visit(tuple->items[i]);
    return;
  }
  case TypeKind::Class: {
    const InstanceObject *object = reinterpret_cast<InstanceObject *>(o);
    for (uint32_t i = 0; i < o->type->parameterCount; ++i)
      visit(object->fields[i]);
    return;
  }
  case TypeKind::Future:
    return visit(reinterpret_cast<Future *>(o)->result);
  default:
    return;
  }
}

/// Marks what is held from outside, and all that it reaches.
static bool markLive(Graph &graph) {
  Vector<int64_t> work;
  for (int64_t i = 0; i < graph.nodes.size(); ++i) {
    Node &node = graph.nodes[i];
    node.live = node.object->count > node.inside;
    if (node.live && !work.push(graph.cx, i))
      return false;
  }
  bool ok = true;
  while (!work.empty() && ok) {
    ObjectHead *o = graph.nodes[work.back()].object;
    work.pop();
    forEachChild(o, [&](ObjectHead *child) {
      Node *node = graph.find(child);
      if (!node || node->live)
        return;
      node->live = true;
      ok &= static_cast<bool>(work.push(graph.cx, node - graph.nodes.data()));
    });
  }
  return ok;
}

static void dropFields(InstanceObject *o) {
  for (uint32_t i = 0; i < o->head.type->parameterCount; ++i) {
    Value old = o->fields[i];
    o->fields[i] = makeNone();
    release(old);
  }
}

void freeCycles(Instance &instance) {
  Graph graph;
  for (InstanceObject *o = instance.objects; o; o = o->next)
    graph.add(&o->head);
  int64_t listed = graph.nodes.size();
  for (int64_t i = 0; i < graph.nodes.size(); ++i)
    forEachChild(graph.nodes[i].object, [&](ObjectHead *child) { graph.add(child); });
  for (int64_t i = 0; i < graph.nodes.size() && !graph.failed; ++i)
    forEachChild(graph.nodes[i].object, [&](ObjectHead *child) {
      if (Node *node = graph.find(child))
        ++node->inside;
    });
  bool known = !graph.failed && markLive(graph);
  while (InstanceObject *o = instance.objects)
    unlinkObject(o);
  for (int64_t i = 0; i < listed && known; ++i)
    if (!graph.nodes[i].live)
      tsc_rt_retain(graph.nodes[i].object); // stays until all fields are dropped
  for (int64_t i = 0; i < listed && known; ++i)
    if (!graph.nodes[i].live)
      dropFields(reinterpret_cast<InstanceObject *>(graph.nodes[i].object));
  for (int64_t i = 0; i < listed && known; ++i)
    if (!graph.nodes[i].live)
      tsc_rt_release(graph.nodes[i].object);
}

} // namespace tsc::rt
