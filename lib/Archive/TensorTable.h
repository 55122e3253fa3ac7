// SPDX-License-Identifier: Apache-2.0
// TensorTable: the one place where a tensor's description meets its bytes. A storage is read once
// and shared by every tensor that names it; a tensor is accepted only when each of its elements
// lies inside its storage.
#pragma once

#include "Zip.h"

namespace tsc::archive {

class TensorTable {
public:
  /// Records are members `prefix` + key. `zip` may be null: then no storage exists.
  TensorTable(ZipReader *zip, std::string prefix, ValueGraph &graph, DiagnosticEngine &engine)
      : zip(zip), prefix(std::move(prefix)), graph(graph), engine(engine) {}

  /// The storage of a persistent id; `count` counts elements of `dtype`, bytes when that is
  /// Undefined.
  std::optional<uint32_t> storage(llvm::StringRef key, DType dtype, llvm::StringRef device,
                                  int64_t count, llvm::StringRef tensor,
                                  const SourceLocation &where);
  /// Checks a strided tensor against its storage. `name` as messages call it.
  bool check(const TensorRecord &record, llvm::StringRef name, const SourceLocation &where);
  bool checkQuantization(const TensorRecord &record, llvm::StringRef name,
                         const SourceLocation &where);
  bool checkSparse(const TensorRecord &record, llvm::StringRef name, const SourceLocation &where);
  /// The numbers of a one-dimensional tensor of floats or integers.
  bool numbers(NodeId tensor, std::vector<double> &out) const;

private:
  bool checkDevice(llvm::StringRef device, llvm::StringRef tensor, const SourceLocation &where);
  bool checkCompressed(const TensorRecord &record, llvm::StringRef name,
                       const SourceLocation &where);
  bool indices(NodeId tensor, std::vector<int64_t> &out) const;

  ZipReader *zip;
  std::string prefix;
  ValueGraph &graph;
  DiagnosticEngine &engine;
  llvm::StringMap<std::pair<uint32_t, int64_t>> known; ///< key: storage and its element count
  llvm::StringMap<bool> devicesSaid;
  mutable uint64_t indexBudget = uint64_t(1) << 28; ///< sparse indices that may still be looked at
};

/// "2, 3": for messages.
std::string joinNumbers(llvm::ArrayRef<int64_t> numbers);

} // namespace tsc::archive
