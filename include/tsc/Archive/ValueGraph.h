// SPDX-License-Identifier: Apache-2.0
// ValueGraph: every value that a pickle of a TorchScript archive or of torch.save can hold, as
// plain data.
//
// Nodes live in one arena and refer to each other by number, so a list, dict, object or tensor that
// was referenced twice is one node: identity is kept (tied tensors, aliased lists), and nothing
// recurses to destroy it. A graph that a reader returned has no cycles and is nested at most
// kMaxNesting deep. None, booleans and small ints may be shared freely. Tensors are views of
// storages; a storage's bytes belong to whoever made the graph (an archive's file buffer) or to the
// graph itself (`ownBytes`).
#pragma once

#include "tsc/Common/DType.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"

#include <complex>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tsc::archive {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = UINT32_MAX;
inline constexpr unsigned kMaxNesting = 1000;

enum class NodeKind : uint8_t {
  None,
  Bool,
  Int,
  Float,
  Complex,
  String,
  Device, ///< text() is "cpu", "cuda:0", ...
  DType, ///< torch.float32 in a torch.save file; integer() is its number. Archives store plain ints
  Layout,       ///< torch.strided, ...: integer(), as above
  MemoryFormat, ///< torch.channels_last, ...: integer(), as above
  QScheme,      ///< torch.per_tensor_affine, ...: integer(), as above
  List,         ///< items(); typeText() such as "List[int]", or empty where the file gave none
  Tuple,        ///< items(); named tuples are stored as plain ones
  Dict,         ///< items() alternates keys and values, in insertion order; typeText() as for lists
  Tensor,       ///< tensor()
  Object,       ///< typeText() "__torch__.a.B"; state(): a Dict of attributes, or what __getstate__
                ///< returned
  Enum,         ///< typeText() "__torch__.a.Color"; state() is the member's value
  Global,       ///< inside the pickle reader only
  StorageRef,   ///< inside the pickle reader only
};

/// Words for messages: "int", "list", ...
llvm::StringRef kindName(NodeKind kind);

struct Storage {
  std::string record;             ///< member that held it, relative to the top folder: "data/0"
  DType dtype = DType::Undefined; ///< Undefined: untyped; its tensors say
  std::string device;             ///< as written: "cpu", "cuda:0"
  llvm::ArrayRef<uint8_t> bytes;  ///< little endian; aligned to 16 bytes at least
};

enum class Layout : uint8_t {
  Strided = 0,
  SparseCOO = 1,
  SparseCSR = 2,
  SparseCSC = 4,
  SparseBSR = 5,
  SparseBSC = 6,
};

enum class QScheme : uint8_t {
  PerTensorAffine = 0,
  PerChannelAffine = 1,
  PerTensorSymmetric = 2,
  PerChannelSymmetric = 3,
  PerChannelAffineFloatQParams = 4,
};

/// How a tensor of a quantized dtype maps numbers to values.
struct Quantization {
  QScheme scheme = QScheme::PerTensorAffine;
  double scale = 1;               ///< per tensor
  int64_t zeroPoint = 0;          ///< per tensor
  int64_t axis = -1;              ///< per channel
  std::vector<double> scales;     ///< per channel, one for each index of `axis`
  std::vector<double> zeroPoints; ///< likewise; integers except for PerChannelAffineFloatQParams
};

/// A tensor; checked: every element lies inside its storage. Offset and strides count elements.
struct TensorRecord {
  DType dtype = DType::Undefined;
  Layout layout = Layout::Strided;
  bool requiresGrad = false;
  bool isParameter = false; ///< written as a Parameter (torch.save files only)
  bool conjugate =
      false; ///< the bytes hold the conjugate (torch.save of a lazily conjugated tensor)
  bool negative = false;         ///< the bytes hold the negative
  uint32_t storage = UINT32_MAX; ///< index into ValueGraph::storages(); none for sparse layouts
  int64_t offset = 0;
  llvm::SmallVector<int64_t, 4> sizes;
  llvm::SmallVector<int64_t, 4> strides;
  std::unique_ptr<Quantization> quantization; ///< of quantized dtypes
  /// Sparse layouts: nodes of the parts. COO: indices, values. CSR, BSR: crow, col, values. CSC,
  /// BSC: ccol, row, values.
  llvm::SmallVector<NodeId, 3> parts;
  bool coalesced = false; ///< COO

  int64_t elementCount() const {
    int64_t count = 1;
    for (int64_t size : sizes)
      if (size == 0)
        return 0; // before the product: 0 x 2^62 x 2^62 is fine
    for (int64_t size : sizes)
      count *= size;
    return count;
  }
};

/// One value: 16 bytes; what does not fit stands in the graph's side tables.
struct Node {
  NodeKind kind = NodeKind::None;
  uint32_t text = UINT32_MAX; ///< type text or string, index into the graph's texts
  union Payload {
    int64_t i;
    double d;
    uint32_t index; ///< of a container's items, a tensor, a complex number, or a state node
  } payload = {0};
};
static_assert(sizeof(Node) == 16);

class ValueGraph {
public:
  ValueGraph();
  ValueGraph(ValueGraph &&) = default;
  ValueGraph &operator=(ValueGraph &&) = default;

  // Reading. Each accessor wants a node of the kind it names.
  size_t size() const { return nodes.size(); }
  NodeKind kind(NodeId id) const { return nodes[id].kind; }
  bool isNone(NodeId id) const { return kind(id) == NodeKind::None; }
  bool boolean(NodeId id) const { return nodes[id].payload.i != 0; }
  /// Of Int, Bool, DType, Layout, MemoryFormat, QScheme.
  int64_t integer(NodeId id) const { return nodes[id].payload.i; }
  double real(NodeId id) const { return nodes[id].payload.d; }
  std::complex<double> complex(NodeId id) const { return complexes[nodes[id].payload.index]; }
  /// The bytes of a String, the name of a Device.
  llvm::StringRef text(NodeId id) const { return textAt(nodes[id].text); }
  /// Of List, Dict ("" when untagged), Object, Enum.
  llvm::StringRef typeText(NodeId id) const { return textAt(nodes[id].text); }
  llvm::ArrayRef<NodeId> items(NodeId id) const {
    uint32_t index = nodes[id].payload.index;
    return index == UINT32_MAX ? llvm::ArrayRef<NodeId>() : llvm::ArrayRef<NodeId>(lists[index]);
  }
  size_t dictSize(NodeId id) const { return items(id).size() / 2; }
  NodeId dictKey(NodeId id, size_t i) const { return items(id)[2 * i]; }
  NodeId dictValue(NodeId id, size_t i) const { return items(id)[2 * i + 1]; }
  /// The value of a string key, or kNoNode. `hint`: the position tried first, so that a walk in
  /// order stays linear.
  NodeId lookup(NodeId dict, llvm::StringRef key, size_t hint = 0) const;
  /// An Object's state (kNoNode: none was written) or an Enum's value.
  NodeId state(NodeId id) const { return nodes[id].payload.index; }
  /// An attribute of an Object whose state is a Dict, or kNoNode.
  NodeId attribute(NodeId object, llvm::StringRef name, size_t hint = 0) const;
  const TensorRecord &tensor(NodeId id) const { return tensors[nodes[id].payload.index]; }
  llvm::ArrayRef<Storage> storages() const { return storageList; }
  const Storage &storage(uint32_t index) const { return storageList[index]; }
  /// The bytes from a strided tensor's first element to its storage's end.
  llvm::ArrayRef<uint8_t> tensorBytes(NodeId id) const;

  // Building. Strings are copied into the graph.
  NodeId none() const { return 0; }
  NodeId makeBool(bool value) const { return value ? 2 : 1; }
  NodeId makeInt(int64_t value);
  NodeId makeNumberLike(NodeKind kind, int64_t value); ///< DType, Layout, MemoryFormat, QScheme
  NodeId makeFloat(double value);
  NodeId makeComplex(std::complex<double> value);
  NodeId makeString(llvm::StringRef value);
  NodeId makeDevice(llvm::StringRef name);
  NodeId makeContainer(NodeKind kind, llvm::ArrayRef<NodeId> items = {},
                       llvm::StringRef typeText = "");
  NodeId makeTensor(TensorRecord record);
  NodeId makeObject(llvm::StringRef type, NodeId state);
  NodeId makeEnum(llvm::StringRef type, NodeId value);
  uint32_t addStorage(Storage storage);
  /// Zeroed memory, aligned to 64 bytes, that lives as long as the graph.
  llvm::MutableArrayRef<uint8_t> ownBytes(size_t size);
  /// A contiguous tensor over fresh memory; `data` receives its bytes.
  NodeId makeDenseTensor(DType dtype, llvm::ArrayRef<int64_t> sizes,
                         llvm::MutableArrayRef<uint8_t> &data);

private:
  friend class PickleReader;
  llvm::StringRef textAt(uint32_t index) const {
    return index == UINT32_MAX ? llvm::StringRef() : texts[index];
  }
  uint32_t addText(llvm::StringRef text);
  NodeId add(Node node);
  std::vector<NodeId> &itemsForWrite(NodeId id);

  std::vector<Node> nodes;
  std::vector<llvm::StringRef> texts;
  std::vector<std::vector<NodeId>> lists;
  std::vector<std::complex<double>> complexes;
  std::vector<TensorRecord> tensors;
  std::vector<Storage> storageList;
  std::unique_ptr<llvm::BumpPtrAllocator> memory;
};

} // namespace tsc::archive
