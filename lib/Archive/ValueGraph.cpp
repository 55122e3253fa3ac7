// SPDX-License-Identifier: Apache-2.0
#include "tsc/Archive/ValueGraph.h"

#include <cstring>

using namespace llvm;

namespace tsc::archive {

StringRef kindName(NodeKind kind) {
  switch (kind) {
  case NodeKind::None:
    return "None";
  case NodeKind::Bool:
    return "bool";
  case NodeKind::Int:
    return "int";
  case NodeKind::Float:
    return "float";
  case NodeKind::Complex:
    return "complex";
  case NodeKind::String:
    return "str";
  case NodeKind::Device:
    return "device";
  case NodeKind::DType:
    return "dtype";
  case NodeKind::Layout:
    return "layout";
  case NodeKind::MemoryFormat:
    return "memory format";
  case NodeKind::QScheme:
    return "qscheme";
  case NodeKind::List:
    return "list";
  case NodeKind::Tuple:
    return "tuple";
  case NodeKind::Dict:
    return "dict";
  case NodeKind::Tensor:
    return "Tensor";
  case NodeKind::Object:
    return "object";
  case NodeKind::Enum:
    return "enum";
  case NodeKind::Global:
    return "global";
  case NodeKind::StorageRef:
    return "storage";
  }
  return "value";
}

ValueGraph::ValueGraph() : memory(std::make_unique<BumpPtrAllocator>()) {
  nodes.resize(3);
  nodes[1].kind = nodes[2].kind = NodeKind::Bool;
  nodes[2].payload.i = 1;
}

uint32_t ValueGraph::addText(StringRef text) {
  texts.push_back(text.copy(*memory));
  return texts.size() - 1;
}

NodeId ValueGraph::add(Node node) {
  nodes.push_back(node);
  return nodes.size() - 1;
}

NodeId ValueGraph::lookup(NodeId dict, StringRef key, size_t hint) const {
  ArrayRef<NodeId> list = items(dict);
  auto matches = [&](size_t i) {
    return kind(list[2 * i]) == NodeKind::String && text(list[2 * i]) == key;
  };
  size_t count = list.size() / 2;
  if (hint < count && matches(hint))
    return list[2 * hint + 1];
  for (size_t i = 0; i < count; ++i)
    if (matches(i))
      return list[2 * i + 1];
  return kNoNode;
}

NodeId ValueGraph::attribute(NodeId object, StringRef name, size_t hint) const {
  if (kind(object) != NodeKind::Object)
    return kNoNode;
  NodeId dict = state(object);
  return dict == kNoNode || kind(dict) != NodeKind::Dict ? kNoNode : lookup(dict, name, hint);
}

ArrayRef<uint8_t> ValueGraph::tensorBytes(NodeId id) const {
  const TensorRecord &record = tensor(id);
  if (record.storage == UINT32_MAX || record.elementCount() == 0)
    return {};
  return storage(record.storage).bytes.drop_front(record.offset * dtypeBytes(record.dtype));
}

NodeId ValueGraph::makeNumberLike(NodeKind kind, int64_t value) {
  Node node;
  node.kind = kind;
  node.payload.i = value;
  return add(node);
}

NodeId ValueGraph::makeInt(int64_t value) { return makeNumberLike(NodeKind::Int, value); }

NodeId ValueGraph::makeFloat(double value) {
  Node node;
  node.kind = NodeKind::Float;
  node.payload.d = value;
  return add(node);
}

NodeId ValueGraph::makeComplex(std::complex<double> value) {
  Node node;
  node.kind = NodeKind::Complex;
  node.payload.index = complexes.size();
  complexes.push_back(value);
  return add(node);
}

NodeId ValueGraph::makeString(StringRef value) {
  Node node;
  node.kind = NodeKind::String;
  node.text = addText(value);
  return add(node);
}

NodeId ValueGraph::makeDevice(StringRef name) {
  Node node;
  node.kind = NodeKind::Device;
  node.text = addText(name);
  return add(node);
}

NodeId ValueGraph::makeContainer(NodeKind kind, ArrayRef<NodeId> items, StringRef typeText) {
  Node node;
  node.kind = kind;
  node.payload.index = UINT32_MAX;
  if (!typeText.empty())
    node.text = addText(typeText);
  NodeId id = add(node);
  if (!items.empty())
    itemsForWrite(id).assign(items.begin(), items.end());
  return id;
}

std::vector<NodeId> &ValueGraph::itemsForWrite(NodeId id) {
  uint32_t &index = nodes[id].payload.index;
  if (index == UINT32_MAX) {
    index = lists.size();
    lists.emplace_back();
  }
  return lists[index];
}

NodeId ValueGraph::makeTensor(TensorRecord record) {
  Node node;
  node.kind = NodeKind::Tensor;
  node.payload.index = tensors.size();
  tensors.push_back(std::move(record));
  return add(node);
}

NodeId ValueGraph::makeObject(StringRef type, NodeId state) {
  Node node;
  node.kind = NodeKind::Object;
  node.text = addText(type);
  node.payload.index = state;
  return add(node);
}

NodeId ValueGraph::makeEnum(StringRef type, NodeId value) {
  NodeId id = makeObject(type, value);
  nodes[id].kind = NodeKind::Enum;
  return id;
}

uint32_t ValueGraph::addStorage(Storage storage) {
  storageList.push_back(std::move(storage));
  return storageList.size() - 1;
}

MutableArrayRef<uint8_t> ValueGraph::ownBytes(size_t size) {
  auto *data = static_cast<uint8_t *>(memory->Allocate(size ? size : 1, Align(64)));
  std::memset(data, 0, size);
  return {data, size};
}

NodeId ValueGraph::makeDenseTensor(DType dtype, ArrayRef<int64_t> sizes,
                                   MutableArrayRef<uint8_t> &data) {
  TensorRecord record;
  record.dtype = dtype;
  record.sizes.assign(sizes.begin(), sizes.end());
  record.strides.resize(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    record.strides[i] = stride;
    stride *= sizes[i] > 1 ? sizes[i] : 1;
  }
  data = ownBytes(record.elementCount() * dtypeBytes(dtype));
  Storage storage;
  storage.record = "data/" + std::to_string(storageList.size());
  storage.dtype = dtype;
  storage.device = "cpu";
  storage.bytes = data;
  record.storage = addStorage(std::move(storage));
  return makeTensor(std::move(record));
}

} // namespace tsc::archive
