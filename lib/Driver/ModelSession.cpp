// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/ModelSession.h"

#include "tsc/Driver/Compilation.h"
#include "tsc/Driver/ValueText.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"

#include <chrono>

using namespace llvm;
using tsc::archive::kNoNode;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

// ---- Arguments
bool BoundArguments::bindFile(const std::string &path, const char *method,
                              DiagnosticEngine &engine) {
  files.push_back(archive::readValueFile(path, engine));
  if (!files.back())
    return false;
  const archive::ValueGraph &graph = files.back()->graph;
  NodeId root = files.back()->root;
  auto set = [&](Argument &argument, NodeId node) {
    argument.graph = &graph;
    argument.node = node;
    argument.file = path;
  };
  if (StringRef(path).ends_with(".npz")) { // by name
    for (size_t i = 0; i < graph.dictSize(root); ++i) {
      StringRef name = graph.text(graph.dictKey(root, i));
      auto at = find_if(list, [&](const Argument &a) { return a.name == name && !a.graph; });
      if (at == list.end())
        return engine.report({path}, Diag::UnknownArgument, name, method), false;
      set(*at, graph.dictValue(root, i));
    }
    return true;
  }
  ArrayRef<NodeId> values =
      graph.kind(root) == NodeKind::Tuple ? graph.items(root) : ArrayRef<NodeId>(root);
  for (NodeId value : values) {
    if (positionalCount >= list.size())
      return engine.report({path}, Diag::TooManyArguments, method, list.size()), false;
    set(list[positionalCount++], value);
  }
  return true;
}

bool BoundArguments::bindText(const std::string &name, const std::string &text, const char *method,
                              DiagnosticEngine &engine) {
  auto at = find_if(list, [&](const Argument &a) { return a.name == name && !a.graph; });
  size_t index;
  if (at == list.end() && !StringRef(name).getAsInteger(10, index) && index < list.size() &&
      !list[index].graph)
    at = list.begin() + static_cast<ptrdiff_t>(index);
  if (at == list.end())
    return engine.report({}, Diag::UnknownArgument, name, method), false;
  graphs.emplace_back();
  at->node = parseValue(text, graphs.back(), "--arg " + name, engine);
  at->graph = &graphs.back();
  return at->node != kNoNode;
}

bool BoundArguments::bind(const tsc_method &method, const Manifest &manifest,
                          const ArgumentSources &sources, DiagnosticEngine &engine) {
  for (uint32_t i = 0; i < method.argument_count; ++i)
    list.push_back({method.argument_names[i], method.argument_types[i]});
  for (const std::string &path : sources.files)
    if (!bindFile(path, method.name, engine))
      return false;
  for (const auto &[name, text] : sources.texts)
    if (!bindText(name, text, method.name, engine))
      return false;
  auto known =
      find_if(manifest.methods, [&](const ManifestMethod &m) { return m.name == method.name; });
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].graph)
      continue;
    bool hasDefault = known != manifest.methods.end() && i < known->arguments.size() &&
                      known->arguments[i].defaultText;
    if (!hasDefault)
      return engine.report({}, Diag::MissingArgument, list[i].name, method.name), false;
    graphs.emplace_back();
    list[i].graph = &graphs.back();
    list[i].node =
        parseValue(*known->arguments[i].defaultText, graphs.back(), list[i].name, engine);
    if (list[i].node == kNoNode)
      return false;
  }
  return true;
}

bool BoundArguments::makeValues(const tsc_model_api &api, tsc_instance *instance,
                                ModelValues &values, DiagnosticEngine &engine) const {
  // Aliases between arguments of one file are kept: one importer for each graph.
  std::map<const archive::ValueGraph *, std::unique_ptr<ValueImporter>> importers;
  for (const Argument &argument : list) {
    std::unique_ptr<ValueImporter> &importer = importers[argument.graph];
    if (!importer)
      importer =
          std::make_unique<ValueImporter>(api, instance, *argument.graph, argument.file, engine);
    std::optional<tsc_value> value = importer->make(argument.node, argument.type);
    if (!value)
      return false;
    values.add(*value);
  }
  return true;
}

// ---- Sessions
bool isLibrary(const std::string &path) {
  file_magic magic;
  return !identify_magic(path, magic) && magic.is_object();
}

ModelSession::~ModelSession() {
  if (handle)
    api().destroy(handle);
}

bool ModelSession::compile(const SessionOptions &options, const ArgumentSources &arguments,
                           DiagnosticEngine &engine) {
  if (!compiled.open("so", engine))
    return false;
  CompileOptions compile = options.compile;
  compile.input = options.model;
  compile.outputs = {compiled.path()};
  compile.symbolPrefix = "model";
  if (!options.method.empty())
    compile.methods = {options.method};
  if (options.specialize) {
    copy_if(arguments.files, std::back_inserter(compile.argsFiles),
            [](StringRef path) { return !path.ends_with(".npz"); }); // those go by name
    compile.argTexts = arguments.texts;
  }
  Compilation compilation(compile, engine);
  bool ok = compilation.compile();
  if (compile.timeReport || compile.verbose)
    compilation.printTimes();
  return ok;
}

bool ModelSession::chooseMethod(const std::string &name, DiagnosticEngine &engine) {
  const tsc_model_api &model = api();
  int32_t index = name.empty() && model.method_count == 1
                      ? 0
                      : model.find_method(name.empty() ? "forward" : name.c_str());
  if (index < 0 && !name.empty()) // a qualified name
    index = model.find_method(StringRef(name).rsplit('.').second.str().c_str());
  if (index >= 0) {
    method = static_cast<uint32_t>(index);
    return true;
  }
  std::string available;
  for (uint32_t i = 0; i < model.method_count; ++i)
    available += (i ? ", " : "") + std::string(model.methods[i].name);
  engine.report({library->path()}, Diag::NoMethod, name.empty() ? "forward" : name,
                available.empty() ? "none" : available);
  return false;
}

bool ModelSession::open(const SessionOptions &options, const ArgumentSources &arguments,
                        DiagnosticEngine &engine) {
  bool isCompiled = isLibrary(options.model);
  if (!isCompiled && !compile(options, arguments, engine))
    return false;
  auto start = std::chrono::steady_clock::now();
  library = ModelLibrary::open(isCompiled ? options.model : compiled.path(), engine);
  if (!isCompiled) // it is mapped by now, and nothing is left should the model end the process
    (void)sys::fs::remove(compiled.path());
  if (!library || !chooseMethod(options.method, engine))
    return false;
  if (api().manifest)
    if (std::optional<Manifest> parsed = parseManifest(api().manifest))
      described = std::move(*parsed);
  tsc_options create = {};
  create.size = sizeof create;
  create.threads = options.threads;
  tsc_error error = {};
  if (api().create(&create, &handle, &error) != TSC_OK) {
    handle = nullptr;
    return reportModelError(api(), error, engine), false;
  }
  loadTime =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return true;
}

} // namespace tsc
