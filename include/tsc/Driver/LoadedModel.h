// SPDX-License-Identifier: Apache-2.0
// A compiled model in this process, called through its C interface alone, as any program would:
// values go in and come out as ValueGraphs. What `tsc run` and `tsc bench` stand on.
#pragma once

#include "tsc/Archive/ValueGraph.h"
#include "tsc/Support/Diagnostics.h"
#include "tsc/model.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tsc {

/// A shared library that is a model. Closed at the end.
class ModelLibrary {
public:
  ~ModelLibrary();
  /// Null after a report: not a library, not a model, of another ABI, or for another CPU.
  static std::unique_ptr<ModelLibrary> open(llvm::StringRef path, DiagnosticEngine &engine);
  const tsc_model_api &api() const { return *model; }
  const std::string &path() const { return file; }

private:
  ModelLibrary() = default;
  void *handle = nullptr;
  const tsc_model_api *model = nullptr;
  std::string file;
};

/// Values of a model, released at the end.
class ModelValues {
public:
  explicit ModelValues(const tsc_model_api &api) : api(api) {}
  ~ModelValues();
  ModelValues(const ModelValues &) = delete;
  ModelValues &operator=(const ModelValues &) = delete;
  void add(tsc_value value) { values.push_back(value); }
  tsc_value *data() { return values.data(); }
  size_t size() const { return values.size(); }
  tsc_value &operator[](size_t i) { return values[i]; }

private:
  const tsc_model_api &api;
  std::vector<tsc_value> values;
};

/// Makes a model's values from those of graphs. What is one list, dict or tensor in a graph is one
/// in the model, and tensors share memory as they do in the graph: a copy of it, so that the graph
/// stays as it is.
class ValueImporter {
public:
  ValueImporter(const tsc_model_api &api, tsc_instance *instance, const archive::ValueGraph &graph,
                std::string file, DiagnosticEngine &engine);
  ~ValueImporter();
  ValueImporter(const ValueImporter &) = delete;

  /// A value for a parameter of a type ("Dict[str, int]"; "" for any), owned by the caller. Nothing
  /// after a report.
  std::optional<tsc_value> make(archive::NodeId node, llvm::StringRef type, unsigned depth = 0);

private:
  std::optional<tsc_value> makeNew(archive::NodeId node, llvm::StringRef type, unsigned depth);
  std::optional<tsc_value> makeList(archive::NodeId node, llvm::StringRef type, unsigned depth);
  std::optional<tsc_value> makeTuple(archive::NodeId node, llvm::StringRef type, unsigned depth);
  std::optional<tsc_value> makeDict(archive::NodeId node, llvm::StringRef type, unsigned depth);
  std::optional<tsc_value> makeTensor(archive::NodeId node);
  bool setQuantizer(tsc_value tensor, const archive::Quantization &quantization);
  uint8_t *storageCopy(uint32_t storage);
  std::optional<tsc_value> fail(const llvm::Twine &text);

  const tsc_model_api &api;
  tsc_instance *instance;
  const archive::ValueGraph &graph;
  std::string file;
  DiagnosticEngine &engine;
  llvm::DenseMap<archive::NodeId, tsc_value> made; ///< each holds a count
  struct StorageCopy;
  llvm::DenseMap<uint32_t, StorageCopy *> storages;
};

/// Makes graph nodes from a model's values.
class ValueExporter {
public:
  ValueExporter(const tsc_model_api &api, tsc_instance *instance, archive::ValueGraph &graph,
                DiagnosticEngine &engine)
      : api(api), instance(instance), graph(graph), engine(engine) {}
  /// The value as a node of the graph; `value` stays the caller's. kNoNode after a report.
  archive::NodeId make(tsc_value value, unsigned depth = 0);

private:
  archive::NodeId makeNew(tsc_value value, unsigned depth);
  archive::NodeId makeTensor(tsc_value value);
  archive::NodeId makeTuple(tsc_value value, unsigned depth);
  archive::NodeId makeList(tsc_value value, unsigned depth);
  archive::NodeId makeDict(tsc_value value, unsigned depth);
  archive::NodeId makeObject(tsc_value value, unsigned depth);
  bool exportQuantizer(tsc_value value, archive::TensorRecord &record);
  archive::NodeId fail(const llvm::Twine &text);

  const tsc_model_api &api;
  tsc_instance *instance;
  archive::ValueGraph &graph;
  DiagnosticEngine &engine;
  llvm::DenseMap<void *, archive::NodeId> made;
};

/// Reports what a call of the model's interface failed with: its traceback when the program raised.
void reportModelError(const tsc_model_api &api, tsc_error &error, DiagnosticEngine &engine);

} // namespace tsc
