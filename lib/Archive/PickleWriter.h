// SPDX-License-Identifier: Apache-2.0
// PickleWriter: a value graph as the protocol 2 pickle that torch.load (weights_only=True) reads.
// What occurs twice is written once and fetched from the memo, so identity survives.
#pragma once

#include "tsc/Archive/ValueGraph.h"
#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/DenseMap.h"

namespace tsc::archive {

class PickleWriter {
public:
  PickleWriter(const ValueGraph &graph, std::string path, DiagnosticEngine &engine)
      : graph(graph), path(std::move(path)), engine(engine) {}
  bool write(NodeId root);
  const std::string &bytes() const { return out; }
  /// The storages that the pickle names "0", "1", ...
  llvm::ArrayRef<uint32_t> storages() const { return storageOrder; }

private:
  bool value(NodeId id, unsigned depth);
  bool scalar(NodeId id);
  bool named(llvm::ArrayRef<const char *> table, int64_t number, llvm::StringRef what);
  bool container(NodeId id, unsigned depth);
  bool tensor(NodeId id, unsigned depth);
  bool dense(const TensorRecord &record);
  bool sparse(const TensorRecord &record, unsigned depth);
  bool storage(const TensorRecord &record, bool &untyped);
  void quantization(const Quantization &q);
  void vector(llvm::ArrayRef<double> numbers, bool asFloats);
  void integer(int64_t number);
  void real(double number);
  void string(llvm::StringRef text);
  void sizes(llvm::ArrayRef<int64_t> numbers);
  void global(const char *module, llvm::StringRef name);
  void device(llvm::StringRef name);
  void layout(int64_t number);
  void remember(NodeId id);
  void little(uint64_t number, unsigned bytes);
  bool refuse(llvm::StringRef what);

  const ValueGraph &graph;
  std::string path, out;
  DiagnosticEngine &engine;
  llvm::DenseMap<NodeId, uint32_t> memo;
  llvm::DenseMap<uint32_t, uint32_t> storageKeys;
  std::vector<uint32_t> storageOrder;
  /// Memory for vectors that the graph holds as plain numbers.
  std::vector<std::string> extra;
  friend class ValueWriter;
};

} // namespace tsc::archive
