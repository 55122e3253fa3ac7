// SPDX-License-Identifier: Apache-2.0
// What must hold of a whole pickled value: no cycles, bounded nesting, no dict key twice, no
// reader-internal node. One walk without recursion; a shared node is entered once and its depth
// remembered.
#include "Pickle.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace tsc::archive {

static StringRef callableText(const ValueGraph &graph, NodeId id) {
  return graph.kind(id) == NodeKind::Global ? graph.text(id) : StringRef("storage");
}

bool PickleReader::verifyKeys(NodeId dict) {
  StringSet<> strings;
  DenseSet<int64_t> integers;
  for (size_t i = 0, count = graph.dictSize(dict); i < count && count > 1; ++i) {
    NodeId key = graph.dictKey(dict, i);
    if (graph.kind(key) == NodeKind::String && !strings.insert(graph.text(key)).second)
      return engine.report(where, Diag::PickleDuplicateKey, "'" + printable(graph.text(key)) + "'"),
             false;
    // The two values that DenseSet keeps for itself cannot be told apart here; they pass.
    if (graph.kind(key) != NodeKind::Int || graph.integer(key) >= INT64_MAX - 1 ||
        graph.integer(key) <= INT64_MIN + 1)
      continue;
    if (!integers.insert(graph.integer(key)).second)
      return engine.report(where, Diag::PickleDuplicateKey, graph.integer(key)), false;
  }
  return true;
}

bool PickleReader::verify(NodeId root) {
  struct Frame {
    NodeId id;
    size_t next;
    uint16_t height;
  };
  static constexpr uint16_t kOpen = UINT16_MAX;
  std::vector<uint16_t> heights(graph.size(), 0); // of finished nodes, at least 1
  std::vector<Frame> frames;
  NodeId single; // the one child of an object or enum
  auto childrenOf = [&](NodeId id) -> ArrayRef<NodeId> {
    NodeKind kind = graph.kind(id);
    if (kind == NodeKind::List || kind == NodeKind::Tuple || kind == NodeKind::Dict)
      return graph.items(id);
    single = kind == NodeKind::Object || kind == NodeKind::Enum ? graph.state(id) : kNoNode;
    return single == kNoNode ? ArrayRef<NodeId>() : ArrayRef<NodeId>(single);
  };
  frames.push_back({root, 0, 1});
  heights[root] = kOpen;
  while (!frames.empty()) {
    Frame &frame = frames.back();
    NodeKind kind = graph.kind(frame.id);
    if (kind == NodeKind::Global || kind == NodeKind::StorageRef)
      return engine.report(where, Diag::PickleGlobalValue, callableText(graph, frame.id)), false;
    if (frame.next == 0 && kind == NodeKind::Dict && !verifyKeys(frame.id))
      return false;
    ArrayRef<NodeId> children = childrenOf(frame.id);
    if (frame.next == children.size()) {
      uint16_t height = frame.height;
      heights[frame.id] = height;
      frames.pop_back();
      if (!frames.empty())
        frames.back().height = std::max<uint16_t>(frames.back().height, height + 1);
      continue;
    }
    NodeId child = children[frame.next++];
    if (heights[child] == kOpen)
      return engine.report(where, Diag::PickleCycle), false;
    if (heights[child] == 0) {
      heights[child] = kOpen;
      frames.push_back({child, 0, 1});
    } else {
      frame.height = std::max<uint16_t>(frame.height, heights[child] + 1);
    }
    size_t below = heights[child] == kOpen ? 0 : heights[child];
    if (frames.size() + below > kMaxNesting)
      return engine.report(where, Diag::PickleDepth, kMaxNesting), false;
  }
  return true;
}

} // namespace tsc::archive
