// SPDX-License-Identifier: Apache-2.0
// From a module to the files that were asked for. Nothing appears under its final name before
// everything has been made.
#include "Outputs.h"
#include "tsc/CodeGenCPU/ObjectCode.h"
#include "tsc/CodeGenCPU/Target.h"
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Driver/Commands.h"
#include "tsc/Driver/Compilation.h"
#include "tsc/Driver/Manifest.h"
#include "tsc/Link/Linker.h"
#include "tsc/Link/OutputFile.h"
#include "tsc/Ts/WeightStore.h"

#include "tsc/Ts/TsDialect.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tsc {

namespace {
/// The back half of a compilation: LLVM IR, objects, and what is linked from them.
class Backend {
public:
  Backend(const CompileOptions &options, const cpu::Target &target, std::string prefix,
          DiagnosticEngine &engine)
      : options(options), target(target), prefix(std::move(prefix)), engine(engine) {}

  bool generate(mlir::ModuleOp module);
  bool write(const Output &output, StringRef path);
  bool writeObjects(mlir::ModuleOp module);

private:
  bool writeObject(StringRef path);
  bool writeLibrary(StringRef path);
  bool writeStatic(const Output &output, StringRef path);
  std::vector<std::string> objects() const;

  const CompileOptions &options;
  const cpu::Target &target;
  std::string prefix;
  DiagnosticEngine &engine;
  LLVMContext context;
  std::unique_ptr<Module> code;
  TemporaryFile modelObject, weightsObject;
  bool hasWeights = false;
};
} // namespace

bool Backend::generate(mlir::ModuleOp module) {
  code = cpu::makeOptimizedModule(module, target, context, engine);
  return code != nullptr;
}

/// The objects that libraries are made of.
bool Backend::writeObjects(mlir::ModuleOp module) {
  ts::WeightStore &store = ts::getWeightStore(module.getContext());
  std::vector<WeightBytes> weights;
  for (int64_t storage : referencedWeights(module))
    weights.push_back({weightSymbol(storage), store.get(storage)});
  hasWeights = !weights.empty();
  if (hasWeights && (!weightsObject.open("o", engine) ||
                     !writeWeightsObject(weightsObject.path(), target.triple(), weights, engine)))
    return false;
  return modelObject.open("o", engine) &&
         modelObject.fill(
             [&](raw_fd_ostream &os) {
               return cpu::writeCode(*code, target, cpu::CodeKind::Object, os, engine);
             },
             engine);
}

std::vector<std::string> Backend::objects() const {
  std::vector<std::string> list = {modelObject.path()};
  if (hasWeights)
    list.push_back(weightsObject.path());
  return list;
}

bool Backend::writeLibrary(StringRef path) {
  std::optional<RuntimeFiles> runtime =
      findRuntime(options.installPrefix, target.triple(), target.runtimeLevels(), engine);
  return runtime && linkSharedLibrary(objects(), *runtime, prefix + "_model", options.keepSymbols,
                                      path, engine);
}

bool Backend::writeStatic(const Output &output, StringRef path) {
  std::string stem = stemOf(output.path);
  std::vector<ArchiveMember> members = {{modelObject.path(), stem + ".o"}};
  if (hasWeights)
    members.push_back({weightsObject.path(), stem + ".weights.o"});
  return writeStaticLibrary(members, path, engine);
}

static bool writeCodeFile(StringRef path, Module &code, const cpu::Target &target,
                          cpu::CodeKind kind, DiagnosticEngine &engine) {
  std::error_code ec;
  raw_fd_ostream os(path, ec);
  if (ec)
    return engine.report({path.str()}, Diag::CannotWrite, ec.message()), false;
  bool ok = cpu::writeCode(code, target, kind, os, engine);
  os.close();
  if (!os.has_error())
    return ok;
  engine.report({path.str()}, Diag::CannotWrite, os.error().message());
  os.clear_error();
  return false;
}

bool Backend::write(const Output &output, StringRef path) {
  switch (output.kind) {
  case OutputKind::SharedLibrary:
    return writeLibrary(path);
  case OutputKind::StaticLibrary:
    return writeStatic(output, path);
  case OutputKind::Object:
    return linkObject(objects(), path, engine);
  case OutputKind::Assembly:
    return writeCodeFile(path, *code, target, cpu::CodeKind::Assembly, engine);
  case OutputKind::LLVMText:
    return writeCodeFile(path, *code, target, cpu::CodeKind::Text, engine);
  case OutputKind::LLVMBitcode:
    return writeCodeFile(path, *code, target, cpu::CodeKind::Bitcode, engine);
  default:
    return true;
  }
}

static bool writeHeader(StringRef path, const Manifest &manifest, StringRef prefix, bool isCpp,
                        DiagnosticEngine &engine) {
  OutputFile file(path);
  return file.open(engine) &&
         file.fill(
             [&](raw_fd_ostream &os) {
               HeaderModel header = headerOf(manifest, prefix);
               os << (isCpp ? makeCppHeader(header) : makeCHeader(header));
               return true;
             },
             engine) &&
         file.keep(engine);
}

static bool isCode(OutputKind kind) {
  return kind != OutputKind::Mlir && kind != OutputKind::CHeader && kind != OutputKind::CppHeader;
}
static bool isMachineCode(OutputKind kind) {
  return kind == OutputKind::SharedLibrary || kind == OutputKind::StaticLibrary ||
         kind == OutputKind::Object;
}

/// Opens all outputs first, so that a place that cannot be written costs no compilation.
static bool openOutputs(ArrayRef<Output> outputs, std::vector<std::unique_ptr<OutputFile>> &files,
                        DiagnosticEngine &engine) {
  for (const Output &output : outputs) {
    files.push_back(std::make_unique<OutputFile>(output.path));
    if (!files.back()->open(engine))
      return false;
  }
  return true;
}

bool Compilation::compileCode(ArrayRef<Output> outputs, StringRef prefix) {
  std::vector<std::unique_ptr<OutputFile>> files;
  std::unique_ptr<cpu::Target> target =
      cpu::Target::create({options.triple, options.march, options.optimization}, engine);
  if (!target || !openOutputs(outputs, files, engine))
    return false;
  if (options.verbose)
    errs() << "target " << target->description() << ", tuned for " << target->cpuName() << '\n';
  if (!lowerFor(*target, prefix))
    return false;
  Backend backend(options, *target, prefix.str(), engine);
  if (!timed(Phase::CodeGen, [&] { return backend.generate(module()); }))
    return false;
  bool wantsObjects = any_of(outputs, [](const Output &o) { return isMachineCode(o.kind); });
  auto writeAll = [&](bool machineCode) {
    for (size_t i = 0; i < outputs.size(); ++i)
      if (isMachineCode(outputs[i].kind) == machineCode &&
          !backend.write(outputs[i], files[i]->temporaryPath()))
        return false;
    return true;
  };
  // Text comes first: making the object changes the module.
  if (!timed(
          Phase::CodeGen,
          [&] { return writeAll(false) && (!wantsObjects || backend.writeObjects(module())); }) ||
      !timed(Phase::Link, [&] { return writeAll(true); }))
    return false;
  for (std::unique_ptr<OutputFile> &file : files)
    if (!file->keep(engine))
      return false;
  if (options.noteNativeCode && wantsObjects && target->isNative())
    engine.report({}, Diag::NativeCode, target->cpuName());
  return true;
}

bool Compilation::lowerFor(const cpu::Target &target, StringRef prefix) {
  if (reached >= Phase::Lower)
    return true;
  DiagnosticEngine unheard; // only linking needs a runtime to be there
  std::optional<RuntimeFiles> runtime =
      findRuntime(options.installPrefix, target.triple(), target.runtimeLevels(), unheard);
  std::string json = manifest(target.description(), runtime ? runtime->level : "");
  reached = Phase::Lower;
  loweredPrefix = prefix.str();
  return timed(Phase::Lower, [&] { return lower(prefix, target.description(), json); });
}

bool Compilation::compile() {
  std::vector<Output> outputs;
  if (!classifyOutputs(options.outputs, outputs, engine) || !load())
    return false;
  Phase textPhase = options.emit.value_or(Phase::Fuse);
  if (!runTo(textPhase))
    return false;
  auto ofKind = [&](auto wanted) {
    return find_if(outputs, [&](const Output &o) { return wanted(o.kind); });
  };
  std::string prefix = loweredPrefix.empty() ? options.symbolPrefix : loweredPrefix;
  if (prefix.empty() && !outputs.empty()) {
    auto first = ofKind(isMachineCode);
    prefix = makeIdentifier(stemOf(first == outputs.end() ? outputs.front().path : first->path));
  }
  Manifest described = describeModule(module(), options.methods);
  if (textPhase == Phase::Lower) {
    std::unique_ptr<cpu::Target> target =
        cpu::Target::create({options.triple, options.march, options.optimization}, engine);
    if (!target || !lowerFor(*target, prefix))
      return false;
  }
  for (const Output &output : outputs)
    if (output.kind == OutputKind::Mlir && !writeText(output.path, std::max(textPhase, reached)))
      return false;
  for (const Output &output : outputs)
    if ((output.kind == OutputKind::CHeader || output.kind == OutputKind::CppHeader) &&
        !writeHeader(output.path, described, prefix, output.kind == OutputKind::CppHeader, engine))
      return false;
  if (ofKind(isCode) == outputs.end())
    return true;
  if (options.emit)
    return engine.report({}, Diag::EmitWithCode, phaseName(*options.emit), ofKind(isCode)->path),
           false;
  std::vector<Output> code;
  copy_if(outputs, std::back_inserter(code), [](const Output &o) { return isCode(o.kind); });
  return compileCode(code, prefix);
}

/// Texts come from a compilation of their own, because a stage's passes change the program.
static bool dump(const CompileCommand &command, DiagnosticEngine &engine) {
  Compilation compilation(command.options, engine);
  return compilation.load() && (!command.dumpCode || compilation.dumpCode()) &&
         (!command.dumpGraph || compilation.dumpGraph(*command.dumpGraph));
}

void runCompile(const CompileCommand &command, DiagnosticEngine &engine) {
  if ((command.dumpGraph || command.dumpCode) && !dump(command, engine))
    return;
  if (command.options.outputs.empty())
    return;
  Compilation compilation(command.options, engine);
  (void)compilation.compile();
  if (command.options.timeReport || command.options.verbose)
    compilation.printTimes();
}

} // namespace tsc
