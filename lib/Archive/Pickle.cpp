// SPDX-License-Identifier: Apache-2.0
// The stack machine: opcodes and their operands.
#include "Pickle.h"

#include "llvm/Support/Endian.h"

#include <algorithm>

using namespace llvm;
using namespace llvm::support::endian;

namespace tsc::archive {

bool PickleReader::need(uint64_t count) {
  if (bytes.size() - position >= count)
    return true;
  return engine.report(where, Diag::PickleEnd, bytes.size()), false;
}

bool PickleReader::operand(StringRef opcode, StringRef what) {
  return engine.report(where, Diag::PickleOperand, opcode, what, opcodeAt), false;
}

NodeId PickleReader::read() {
  std::fill(std::begin(smallInts), std::end(smallInts), kNoNode);
  if (bytes.size() < 2 || bytes[0] != 0x80) {
    engine.report(where, Diag::PickleProtocol, bytes.empty() ? "an empty record" : "no protocol");
    return kNoNode;
  }
  if (bytes[1] != 2) {
    engine.report(where, Diag::PickleProtocol, static_cast<unsigned>(bytes[1]));
    return kNoNode;
  }
  position = 2;
  size_t firstNode = graph.size(), firstList = graph.lists.size();
  while (true) {
    if (!need(1))
      return kNoNode;
    opcodeAt = position;
    uint8_t opcode = bytes[position++];
    if (opcode == '.')
      break;
    if (!step(opcode))
      return kNoNode;
    // Nodes are 16 bytes and opcodes can be 1; no writer makes values this small throughout.
    if (graph.size() - firstNode > (size_t(1) << 20) + bytes.size() / 2 ||
        graph.lists.size() - firstList > (size_t(1) << 20) + bytes.size() / 5) {
      engine.report(where, Diag::PickleTooMany, graph.size() - firstNode, position);
      return kNoNode;
    }
  }
  if (stack.size() != 1 || !marks.empty()) {
    engine.report(where, Diag::PickleOneValue, stack.size() + marks.size());
    return kNoNode;
  }
  if (position != bytes.size()) {
    engine.report(where, Diag::PickleTrailing, bytes.size() - position);
    return kNoNode;
  }
  return verify(stack[0]) ? stack[0] : kNoNode;
}

bool PickleReader::step(uint8_t opcode) {
  switch (opcode) {
  case 'K':
  case 'M':
  case 'J':
  case 0x8a:
  case 'G':
  case 'X':
  case 'N':
  case 0x88:
  case 0x89:
    return stepNumber(opcode);
  case 'q':
  case 'r':
  case 'h':
  case 'j':
    return stepMemo(opcode);
  case '(':
    // A level of nesting takes a few marks: of an object's state, a call's arguments, a container.
    if (marks.size() >= 8 * kMaxNesting)
      return engine.report(where, Diag::PickleDepth, kMaxNesting), false;
    marks.push_back(stack.size());
    return true;
  case ')':
  case 't':
  case 0x85:
  case 0x86:
  case 0x87:
  case ']':
  case '}':
  case 'l':
  case 'd':
  case 'a':
  case 'e':
  case 's':
  case 'u':
    return stepContainer(opcode);
  case 'c':
  case 0x81:
  case 'b':
  case 'R':
  case 'Q':
    return stepCall(opcode);
  default:
    return engine.report(where, Diag::PickleOpcode, opcode, opcodeAt), false;
  }
}

bool PickleReader::stepNumber(uint8_t opcode) {
  const uint8_t *p = bytes.data() + position;
  switch (opcode) {
  case 'K': {
    if (!need(1))
      return false;
    ++position;
    NodeId &shared = smallInts[*p];
    if (shared == kNoNode)
      shared = graph.makeInt(*p);
    return push(shared);
  }
  case 'M':
    if (!need(2))
      return false;
    position += 2;
    return push(graph.makeInt(read16le(p)));
  case 'J':
    if (!need(4))
      return false;
    position += 4;
    return push(graph.makeInt(static_cast<int32_t>(read32le(p))));
  case 'G':
    if (!need(8))
      return false;
    position += 8;
    return push(graph.makeFloat(llvm::bit_cast<double>(read64be(p))));
  case 'N':
    return push(graph.none());
  case 0x88:
  case 0x89:
    return push(graph.makeBool(opcode == 0x88));
  case 'X':
    return readString();
  default:
    return readLong();
  }
}

bool PickleReader::readLong() {
  if (!need(1))
    return false;
  unsigned size = bytes[position++];
  if (size == 0 || size > 8)
    return engine.report(where, Diag::PickleInteger, size, opcodeAt), false;
  if (!need(size))
    return false;
  uint64_t value = bytes[position + size - 1] & 0x80 ? UINT64_MAX : 0;
  for (unsigned i = size; i-- > 0;)
    value = value << 8 | bytes[position + i];
  position += size;
  return push(graph.makeInt(static_cast<int64_t>(value)));
}

bool PickleReader::readString() {
  if (!need(4))
    return false;
  uint64_t size = read32le(bytes.data() + position);
  position += 4;
  if (size > bytes.size() - position)
    return engine.report(where, Diag::PickleString, size, bytes.size() - position), false;
  position += size;
  return push(graph.makeString(asText(bytes.slice(position - size, size))));
}

bool PickleReader::stepMemo(uint8_t opcode) {
  bool wide = opcode == 'r' || opcode == 'j';
  if (!need(wide ? 4 : 1))
    return false;
  uint64_t index = wide ? read32le(bytes.data() + position) : bytes[position];
  position += wide ? 4 : 1;
  return opcode == 'q' || opcode == 'r' ? putMemo(index) : getMemo(index);
}

bool PickleReader::putMemo(uint64_t index) {
  if (!has(1))
    return operand("BINPUT", "a value");
  // Writers count from 0, one put a byte at the very least.
  if (index >= bytes.size())
    return engine.report(where, Diag::PickleMemoRange, index, opcodeAt), false;
  if (index >= memo.size())
    memo.resize(std::max<uint64_t>(index + 1, std::min<uint64_t>(2 * memo.size(), bytes.size())),
                kNoNode);
  memo[index] = stack.back();
  return true;
}

bool PickleReader::getMemo(uint64_t index) {
  if (index >= memo.size() || memo[index] == kNoNode)
    return engine.report(where, Diag::PickleMemo, index, opcodeAt), false;
  return push(memo[index]);
}

bool PickleReader::makeTuple(size_t count, StringRef opcode) {
  if (!has(count))
    return operand(opcode, count == 1 ? "a value" : "more values");
  ArrayRef<NodeId> items = ArrayRef<NodeId>(stack).take_back(count);
  NodeId id = graph.makeContainer(NodeKind::Tuple, items);
  stack.resize(stack.size() - count);
  return push(id);
}

/// Appends what stands from `first` on to the list below it.
bool PickleReader::appendItems(size_t first, StringRef opcode) {
  if (first < floor() + 1 || graph.kind(stack[first - 1]) != NodeKind::List)
    return operand(opcode, "a list");
  if (first == stack.size())
    return true;
  std::vector<NodeId> &items = graph.itemsForWrite(stack[first - 1]);
  items.insert(items.end(), stack.begin() + first, stack.end());
  stack.resize(first);
  return true;
}

bool PickleReader::setItems(size_t first, StringRef opcode) {
  if (first < floor() + 1 || graph.kind(stack[first - 1]) != NodeKind::Dict)
    return operand(opcode, "a dict");
  if ((stack.size() - first) % 2 != 0)
    return operand(opcode, "pairs of keys and values");
  if (first == stack.size())
    return true;
  std::vector<NodeId> &items = graph.itemsForWrite(stack[first - 1]);
  items.insert(items.end(), stack.begin() + first, stack.end());
  stack.resize(first);
  return true;
}

bool PickleReader::stepContainer(uint8_t opcode) {
  switch (opcode) {
  case ')':
    if (emptyTuple == kNoNode)
      emptyTuple = graph.makeContainer(NodeKind::Tuple);
    return push(emptyTuple);
  case ']':
    return push(graph.makeContainer(NodeKind::List));
  case '}':
    return push(graph.makeContainer(NodeKind::Dict));
  case 0x85:
    return makeTuple(1, "TUPLE1");
  case 0x86:
    return makeTuple(2, "TUPLE2");
  case 0x87:
    return makeTuple(3, "TUPLE3");
  case 'a':
    return has(2) ? appendItems(stack.size() - 1, "APPEND") : operand("APPEND", "a list");
  case 's':
    return has(3) ? setItems(stack.size() - 2, "SETITEM") : operand("SETITEM", "a dict");
  default:
    break;
  }
  StringRef name = opcode == 't'   ? "TUPLE"
                   : opcode == 'l' ? "LIST"
                   : opcode == 'd' ? "DICT"
                   : opcode == 'e' ? "APPENDS"
                                   : "SETITEMS";
  if (marks.empty())
    return operand(name, "a mark");
  size_t first = marks.back();
  marks.pop_back();
  if (opcode == 'e')
    return appendItems(first, name);
  if (opcode == 'u')
    return setItems(first, name);
  if (opcode == 't')
    return makeTuple(stack.size() - first, name);
  NodeId id = graph.makeContainer(opcode == 'l' ? NodeKind::List : NodeKind::Dict);
  stack.insert(stack.begin() + first, id);
  return opcode == 'l' ? appendItems(first + 1, name) : setItems(first + 1, name);
}

bool PickleReader::stepCall(uint8_t opcode) {
  switch (opcode) {
  case 'c':
    return readGlobal();
  case 0x81:
    return newObject();
  case 'b':
    return build();
  case 'R':
    return reduce();
  default:
    return persistentId();
  }
}

bool PickleReader::readGlobal() {
  StringRef rest = asText(bytes).drop_front(position);
  size_t first = rest.find('\n');
  size_t second = first == StringRef::npos ? first : rest.find('\n', first + 1);
  if (second == StringRef::npos)
    return engine.report(where, Diag::PickleEnd, bytes.size()), false;
  position += second + 1;
  return pushGlobal(rest.take_front(first), rest.slice(first + 1, second));
}

bool PickleReader::newObject() {
  if (!has(2) || graph.kind(stack.back()) != NodeKind::Tuple || !graph.items(stack.back()).empty())
    return operand("NEWOBJ", "a class and an empty tuple");
  pop();
  if (!isGlobal(stack.back(), Callable::Class))
    return operand("NEWOBJ", "a class and an empty tuple");
  NodeId type = pop();
  return push(graph.makeObject(graph.text(type), kNoNode));
}

bool PickleReader::build() {
  if (!has(2))
    return operand("BUILD", "an object and its state");
  NodeId state = pop(), object = stack.back();
  // What Python keeps in an OrderedDict's own attributes (_metadata of a state_dict) is no part of
  // the value.
  if (graph.kind(object) == NodeKind::Dict && mode == PickleMode::Value)
    return true;
  if (isGlobal(object, Callable::Class)) {
    pop();
    return push(graph.makeObject(graph.text(object), state));
  }
  if (graph.kind(object) != NodeKind::Object || graph.state(object) != kNoNode)
    return operand("BUILD", "an object without state");
  graph.nodes[object].payload.index = state;
  return true;
}

bool PickleReader::reduce() {
  if (!has(2) || graph.kind(stack[stack.size() - 2]) != NodeKind::Global)
    return operand("REDUCE", "a global and its arguments");
  NodeId arguments = pop(), function = pop();
  NodeId result = apply(function, arguments);
  return result != kNoNode && push(result);
}

bool PickleReader::persistentId() {
  static constexpr const char *kWhat = "a tuple ('storage', type, key, device, count)";
  if (!has(1) || graph.kind(stack.back()) != NodeKind::Tuple)
    return operand("BINPERSID", kWhat);
  ArrayRef<NodeId> id = graph.items(pop());
  if (id.size() != 5 || graph.kind(id[0]) != NodeKind::String || graph.text(id[0]) != "storage" ||
      !isGlobal(id[1], Callable::StorageType) || graph.kind(id[3]) != NodeKind::String ||
      graph.kind(id[4]) != NodeKind::Int)
    return operand("BINPERSID", kWhat);
  if (graph.kind(id[2]) != NodeKind::String)
    return engine.report(where, Diag::StorageKey, kindName(graph.kind(id[2]))), false;
  DType dtype = static_cast<DType>(graph.integer(id[1]) >> 8);
  std::optional<uint32_t> storage = table.storage(graph.text(id[2]), dtype, graph.text(id[3]),
                                                  graph.integer(id[4]), tensorName(), where);
  return storage && push(graph.makeNumberLike(NodeKind::StorageRef, *storage));
}

} // namespace tsc::archive
