// SPDX-License-Identifier: Apache-2.0
// The values of data.pkl and constants.pkl as attributes: objects become ts.object, tensors handles
// into the WeightStore.
#pragma once

#include "Emitter.h"

namespace tsc::importer {

class StateImporter {
public:
  StateImporter(Program &program, std::shared_ptr<const archive::ArchiveModel> archive);
  /// Imports the root object; null after a report. The objects stand at `builder`'s place.
  mlir::FlatSymbolRefAttr importRoot(mlir::OpBuilder &builder);
  /// Fills the program's constant table; false after a report.
  bool importConstants(mlir::OpBuilder &builder);

private:
  mlir::Attribute importValue(archive::NodeId node, mlir::Type type, const std::string &path);
  mlir::Attribute importContainer(archive::NodeId node, mlir::Type type, const std::string &path);
  mlir::Attribute importTensor(archive::NodeId node, const std::string &path);
  mlir::Attribute importEnum(archive::NodeId node, const std::string &path);
  mlir::FlatSymbolRefAttr importObject(archive::NodeId node, const std::string &path);
  mlir::Attribute importState(Definition &definition, archive::NodeId state,
                              const std::string &path);
  mlir::Attribute quantizer(const archive::Quantization &quantization);
  mlir::Attribute doubles(llvm::ArrayRef<double> values, bool asIntegers);
  /// The type of a value that nothing else types: of a constant, or inside Any. Null after a
  /// report.
  mlir::Type typeOf(archive::NodeId node, const std::string &path);
  mlir::Attribute wrong(archive::NodeId node, mlir::Type type, const std::string &path);
  SourceLocation location() const;

  Program &program;
  std::shared_ptr<const archive::ArchiveModel> archive;
  const archive::ValueGraph &graph;
  const Types &types;
  mlir::OpBuilder *builder = nullptr;
  std::vector<uint8_t> uses;     ///< of each node: 0, 1 or more
  std::vector<int64_t> storages; ///< numbers in the WeightStore, -1: not yet there
  llvm::DenseMap<archive::NodeId, mlir::FlatSymbolRefAttr>
      symbols; ///< of objects and shared containers
};

} // namespace tsc::importer
