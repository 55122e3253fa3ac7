// SPDX-License-Identifier: Apache-2.0
// A model that is ready to be called: from a library, or compiled first to a temporary one, with an
// instance of it.
#pragma once

#include "tsc/Archive/ValueFile.h"
#include "tsc/Driver/CompileOptions.h"
#include "tsc/Driver/LoadedModel.h"
#include "tsc/Driver/Manifest.h"
#include "tsc/Link/OutputFile.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace tsc {

/// One value for each parameter of a method.
class BoundArguments {
public:
  struct Argument {
    std::string name, type;
    const archive::ValueGraph *graph = nullptr; ///< null: not given yet
    archive::NodeId node = archive::kNoNode;
    std::string file; ///< for messages
  };
  /// Reads the files and texts and fills in defaults. False after a report.
  bool bind(const tsc_method &method, const Manifest &manifest, const ArgumentSources &sources,
            DiagnosticEngine &engine);
  const std::vector<Argument> &arguments() const { return list; }
  /// How many were given by position.
  size_t positional() const { return positionalCount; }
  /// Fresh values of a model, one for each. False after a report.
  bool makeValues(const tsc_model_api &api, tsc_instance *instance, ModelValues &values,
                  DiagnosticEngine &engine) const;

private:
  bool bindFile(const std::string &path, const char *method, DiagnosticEngine &engine);
  bool bindText(const std::string &name, const std::string &text, const char *method,
                DiagnosticEngine &engine);

  std::vector<Argument> list;
  std::vector<std::unique_ptr<archive::ValueFile>> files;
  std::deque<archive::ValueGraph> graphs;
  size_t positionalCount = 0;
};

struct SessionOptions {
  std::string model;  ///< a library, or what can be compiled
  std::string method; ///< "" is forward, or the only one
  int threads = 0;
  bool specialize = true; ///< compile for the types and sizes of the arguments
  CompileOptions compile;
};

class ModelSession {
public:
  ~ModelSession();
  /// False after a report.
  bool open(const SessionOptions &options, const ArgumentSources &arguments,
            DiagnosticEngine &engine);
  const tsc_model_api &api() const { return library->api(); }
  tsc_instance *instance() const { return handle; }
  uint32_t methodIndex() const { return method; }
  const tsc_method &methodInfo() const { return api().methods[method]; }
  const Manifest &manifest() const { return described; }
  double loadMilliseconds() const { return loadTime; }

private:
  bool compile(const SessionOptions &options, const ArgumentSources &arguments,
               DiagnosticEngine &engine);
  bool chooseMethod(const std::string &name, DiagnosticEngine &engine);

  TemporaryFile compiled;
  std::unique_ptr<ModelLibrary> library;
  tsc_instance *handle = nullptr;
  uint32_t method = 0;
  Manifest described;
  double loadTime = 0;
};

/// True for a file that starts as shared libraries do.
bool isLibrary(const std::string &path);

} // namespace tsc
