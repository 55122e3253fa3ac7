// SPDX-License-Identifier: Apache-2.0
// PickleReader: a checked stack machine for the protocol 2 pickles that TorchScript and torch.save
// write.
//
// It constructs plain nodes of a ValueGraph and calls nothing: a global is an entry of a closed
// list (PickleGlobals.cpp), and every opcode checks its operands. Nothing here recurses; depth and
// cycles are checked once at the end.
#pragma once

#include "TensorTable.h"

namespace tsc::archive {

enum class PickleMode : uint8_t {
  Script, ///< of an archive: classes of __torch__ are allowed, dtypes and qschemes are plain ints
  Value,  ///< of torch.save
};

class PickleReader {
public:
  PickleReader(llvm::ArrayRef<uint8_t> bytes, PickleMode mode, ValueGraph &graph,
               TensorTable &table, SourceLocation where, DiagnosticEngine &engine)
      : bytes(bytes), mode(mode), graph(graph), table(table), where(std::move(where)),
        engine(engine) {}
  /// The pickled value, or kNoNode after reporting an error.
  NodeId read();

private:
  // What a Global node stands for.
  enum class Callable : uint8_t {
    Tensor,
    TensorV2,
    TensorV3,
    QTensor,
    SparseTensor,
    Parameter,
    ParameterWithState,
    FromType,
    OrderedDict,
    IntList,
    FloatList,
    BoolList,
    TensorList,
    TypeTag,
    Device,
    Complex,
    Size,
    GetLayout,
    StorageType,
    TypeName,
    Class,
  };
  struct GlobalRow;

  bool step(uint8_t opcode);
  bool stepNumber(uint8_t opcode);
  bool stepMemo(uint8_t opcode);
  bool stepContainer(uint8_t opcode);
  bool stepCall(uint8_t opcode);
  bool readLong();
  bool readString();
  bool putMemo(uint64_t index);
  bool getMemo(uint64_t index);
  bool makeTuple(size_t count, llvm::StringRef opcode);
  bool appendItems(size_t first, llvm::StringRef opcode);
  bool setItems(size_t first, llvm::StringRef opcode);
  bool readGlobal();
  bool newObject();
  bool build();
  bool reduce();
  bool persistentId();

  // PickleGlobals.cpp
  bool pushGlobal(llvm::StringRef module, llvm::StringRef name);
  NodeId apply(NodeId function, NodeId arguments);
  NodeId applyClass(NodeId function, NodeId arguments);
  NodeId applyList(Callable callable, llvm::ArrayRef<NodeId> args);
  NodeId applyTypeTag(llvm::ArrayRef<NodeId> args);
  NodeId applyDevice(llvm::ArrayRef<NodeId> args);
  NodeId applyLayout(llvm::ArrayRef<NodeId> args);
  NodeId applyFromType(llvm::ArrayRef<NodeId> args);
  NodeId applyTensor(Callable callable, llvm::ArrayRef<NodeId> args);
  bool readMetadata(NodeId dict, TensorRecord &record);
  bool readQuantization(NodeId tuple, TensorRecord &record);
  NodeId applySparse(llvm::ArrayRef<NodeId> args);
  NodeId applyParameter(llvm::ArrayRef<NodeId> args);
  bool readSizes(NodeId tuple, llvm::SmallVectorImpl<int64_t> &out);
  NodeId globalNode(Callable callable, llvm::StringRef text, int64_t extra = 0);
  std::string tensorName() const;

  // PickleVerify.cpp
  bool verify(NodeId root);
  bool verifyKeys(NodeId dict);

  // Operands. All report and return false (or kNoNode) when there are not enough.
  bool need(uint64_t count);
  bool operand(llvm::StringRef opcode, llvm::StringRef what);
  NodeId badCall(llvm::StringRef function, llvm::StringRef what);
  size_t floor() const { return marks.empty() ? 0 : marks.back(); }
  bool has(size_t count) const { return stack.size() >= floor() + count; }
  NodeId pop() {
    NodeId id = stack.back();
    stack.pop_back();
    return id;
  }
  bool push(NodeId id) {
    stack.push_back(id);
    return true;
  }
  bool isGlobal(NodeId id, Callable callable) const {
    return graph.kind(id) == NodeKind::Global &&
           static_cast<Callable>(graph.integer(id) & 0xff) == callable;
  }

  llvm::ArrayRef<uint8_t> bytes;
  PickleMode mode;
  ValueGraph &graph;
  TensorTable &table;
  SourceLocation where;
  DiagnosticEngine &engine;
  uint64_t position = 0, opcodeAt = 0;
  std::vector<NodeId> stack;
  std::vector<size_t> marks;
  std::vector<NodeId> memo;
  NodeId smallInts[256];
  NodeId emptyTuple = kNoNode;
  uint32_t tensorCount = 0;
  size_t channelBudget = size_t(1) << 24; ///< numbers that quantization parameters may still copy
};

} // namespace tsc::archive
