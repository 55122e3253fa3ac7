// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Compilation.h"

#include "Contracts.h"
#include "Methods.h"
#include "Phases.h"
#include "RegionReport.h"
#include "tsc/Archive/ArchiveModel.h"
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Driver/Manifest.h"
#include "tsc/Evaluate/Evaluator.h"
#include "tsc/Import/Import.h"
#include "tsc/Link/OutputFile.h"
#include "tsc/Ts/TsDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace tsc {

/// The module attribute that says which phase a written .mlir is after.
static constexpr llvm::StringLiteral kPhaseAttr = "ts.phase";
/// Likewise the prefix of the symbols of a lowered one.
static constexpr llvm::StringLiteral kPrefixAttr = "ts.prefix";

struct Compilation::SourceLines {
  /// Lines by file and number; texts live in the archive.
  std::map<std::pair<std::string, unsigned>, llvm::StringRef> lines;
  bool filled = false;
};

Compilation::Compilation(const CompileOptions &options, DiagnosticEngine &engine)
    : options(options), engine(engine),
      sharedContext(std::make_shared<MLIRContext>(MLIRContext::Threading::DISABLED)),
      sources(std::make_unique<SourceLines>()) {
  context.loadDialect<ts::TsDialect>();
  // What texts of later phases hold, loaded when it is met.
  DialectRegistry registry;
  registry.insert<LLVM::LLVMDialect, arith::ArithDialect, math::MathDialect>();
  context.appendDialectRegistry(registry);
}
Compilation::Compilation(const CompileOptions &options, const Compilation &from,
                         OwningOpRef<ModuleOp> module, DiagnosticEngine &engine)
    : options(options), engine(engine), sharedContext(from.sharedContext), model(from.model),
      moduleRef(std::move(module)), reached(from.reached),
      sources(std::make_unique<SourceLines>()) {}
Compilation::~Compilation() = default;

std::string installPrefixOf(const char *argv0) {
  std::string executable =
      llvm::sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&installPrefixOf));
  return llvm::sys::path::parent_path(llvm::sys::path::parent_path(executable)).str();
}

void Compilation::printTimes() const {
  double total = 0;
  for (const auto &[phase, time] : times) {
    total += time.count();
    llvm::errs() << llvm::format("%10.1f ms  ", time.count() * 1e3) << phaseName(phase) << '\n';
  }
  llvm::errs() << llvm::format("%10.1f ms  ", total * 1e3) << "all\n";
}

// ---- Reading
bool Compilation::load() {
  if (moduleRef)
    return true;
  llvm::StringRef suffix = llvm::sys::path::extension(options.input);
  bool loaded = suffix == ".py"     ? loadSource()
                : suffix == ".mlir" ? timed(Phase::Parse, [&] { return loadText(); })
                                    : loadArchive();
  if (!loaded || !applyContracts(module(), options, engine))
    return false;
  // With a contract for one method, another's private helpers are not compiled on their own: they
  // would keep the weights a second time, unpacked.
  bool hasContract = !options.argsFiles.empty() || !options.signatures.empty() ||
                     !options.versions.empty();
  if (hasContract && options.methods.empty())
    options.methods = publicMethods(module());
  return true;
}

bool Compilation::loadArchive() {
  bool ok = timed(Phase::Parse, [&] {
    archive::ReadOptions read;
    read.maxExpanded = options.maxExpanded;
    model = archive::readArchive(options.input, read, engine);
    return model != nullptr;
  });
  reached = Phase::Import;
  return ok && timed(Phase::Import, [&] {
           moduleRef = importer::importArchive(model, &context, engine);
           return static_cast<bool>(moduleRef);
         });
}

bool Compilation::loadSource() {
  reached = Phase::Import;
  return timed(Phase::Import, [&] {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file =
        llvm::MemoryBuffer::getFile(options.input);
    if (!file)
      return engine.report({options.input}, Diag::CannotRead, file.getError().message()), false;
    moduleRef = importer::importSource(options.input, (*file)->getBuffer(), &context, engine);
    return static_cast<bool>(moduleRef);
  });
}

/// Reports what MLIR finds wrong in a text of the user's.
static bool parseText(const std::string &path, MLIRContext &context, OwningOpRef<ModuleOp> &module,
                      DiagnosticEngine &engine) {
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    SourceLocation location = {path};
    if (auto at = dyn_cast<FileLineColLoc>(diagnostic.getLocation())) {
      location.line = at.getLine();
      location.column = at.getColumn();
    }
    engine.report(location, Diag::BadIrText, diagnostic.str());
    return success();
  });
  module = parseSourceFile<ModuleOp>(path, &context);
  if (!module && !engine.hasErrors())
    engine.report({path}, Diag::BadIrText, "no module was read");
  return static_cast<bool>(module);
}

bool Compilation::loadText() {
  if (!parseText(options.input, context, moduleRef, engine))
    return false;
  ModuleOp module = *moduleRef;
  if (auto weights = module->getAttrOfType<StringAttr>(ts::kWeightsAttr)) {
    llvm::SmallString<256> path(llvm::sys::path::parent_path(options.input));
    llvm::sys::path::append(path, llvm::sys::path::filename(weights.getValue()));
    std::string error;
    if (!ts::getWeightStore(&context).read(path, error))
      return engine.report({path.str().str()}, Diag::CannotRead, error), false;
    module->removeAttr(ts::kWeightsAttr);
  }
  reached = Phase::Import;
  if (auto phase = module->getAttrOfType<StringAttr>(kPhaseAttr)) {
    std::optional<Phase> found = findPhase(phase.getValue());
    if (!found || *found < Phase::Import || *found > Phase::Lower)
      return engine.report({options.input}, Diag::BadPhase, phase.getValue()), false;
    reached = *found;
    module->removeAttr(kPhaseAttr);
    if (auto prefix = module->getAttrOfType<StringAttr>(kPrefixAttr))
      loweredPrefix = prefix.getValue().str();
    module->removeAttr(kPrefixAttr);
    if (reached == Phase::Lower && loweredPrefix.empty())
      return engine.report({options.input}, Diag::BadPhase, phase.getValue()), false;
  }
  return true;
}

// ---- Phases over ts
bool Compilation::runPasses(llvm::StringRef name, int maxRounds,
                            llvm::function_ref<void(OpPassManager &)> add) {
  PassManager passes(&context, ModuleOp::getOperationName(), PassManager::Nesting::Explicit);
  passes.enableVerifier(options.verifyEach);
  add(passes);
  if (passes.empty())
    return true;
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    if (text.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      text = diagnostic.str();
    return success();
  });
  LogicalResult ran = success();
  for (int round = 0; round < maxRounds && succeeded(ran); ++round) {
    OperationFingerPrint before(module());
    ran = passes.run(*moduleRef);
    if (before == OperationFingerPrint(module()))
      break;
  }
  if (succeeded(ran))
    return true;
  if (!engine.hasErrors())
    engine.report({options.input}, Diag::InternalError,
                  "phase " + name.str() + ": " + (text.empty() ? "a pass failed" : text));
  return false;
}

bool Compilation::runPhase(Phase phase) {
  if (phase == Phase::Specialize)
    insertContractChecks(
        module()); // after inlining, so that calls inside the program are not checked
  return runPasses(phaseName(phase), maxRounds(phase),
                   [&](OpPassManager &passes) { addPhase(passes, phase, options); }) &&
         (phase != Phase::Specialize || speculate());
}

bool Compilation::runTo(Phase last) {
  while (reached < last && reached < Phase::Fuse) {
    Phase next = static_cast<Phase>(static_cast<int>(reached) + 1);
    if (!timed(next, [&] { return runPhase(next); }))
      return false;
    reached = next;
  }
  if ((options.verbose || options.timeReport) && last == Phase::Fuse && reached == last)
    printRegionReport(module(), llvm::errs());
  return true;
}

llvm::StringRef Compilation::sourceLine(llvm::StringRef file, unsigned line) {
  if (!model)
    return "";
  if (!sources->filled) {
    sources->filled = true;
    for (const auto &entry : model->codeFiles)
      for (const archive::SourceText &source : entry.second.ranges.sources) {
        unsigned number = source.firstLine;
        if (source.isTrace)
          continue;
        llvm::StringRef rest = source.text;
        for (; !rest.empty(); ++number) {
          auto [text, after] = rest.split('\n');
          sources->lines.try_emplace({source.file, number}, text);
          rest = after;
        }
      }
  }
  auto at = sources->lines.find({file.str(), line});
  return at == sources->lines.end() ? llvm::StringRef() : at->second;
}

bool Compilation::lower(llvm::StringRef prefix, llvm::StringRef target,
                        llvm::StringRef manifestJson) {
  if (!runPhase(Phase::Lower))
    return false;
  TsToLLVMOptions lowering;
  lowering.name = programName();
  lowering.symbolPrefix = prefix.str();
  lowering.defineEntry =
      false; // the linker gives it to shared libraries, so that objects of two models can be linked
  lowering.methods = options.methods;
  lowering.target = target.str();
  lowering.manifest = manifestJson.str();
  lowering.deferUnsupported = options.deferUnsupported;
  lowering.hasKernel = ts::hasKernel;
  lowering.sourceLine = [this](llvm::StringRef file, unsigned line) {
    return sourceLine(file, line);
  };
  return succeeded(convertTsToLLVM(module(), lowering, engine)) && !engine.hasErrors();
}

bool Compilation::check() {
  return load() && runTo(Phase::Fuse) &&
         timed(Phase::Lower, [&] { return lower("model", "", ""); });
}

std::string Compilation::programName() {
  if (std::optional<llvm::StringRef> name = module().getName())
    return name->str();
  return llvm::sys::path::stem(options.input).str();
}

std::string Compilation::manifest(llvm::StringRef target, llvm::StringRef level) {
  Manifest m = describeModule(module(), options.methods);
  m.name = programName();
  m.target = target.str();
  m.level = level.str();
  if (model)
    for (const auto &[name, bytes] : model->extraFiles)
      m.extraFiles.emplace_back(name, static_cast<int64_t>(bytes.size()));
  return manifestText(m);
}

// ---- Text of a phase
bool Compilation::writeText(llvm::StringRef path, Phase phase) {
  ModuleOp m = module();
  ts::WeightStore &store = ts::getWeightStore(&context);
  OutputFile text(path), weights((path + ".weights").str());
  if (!text.open(engine))
    return false;
  bool hasWeights = store.size() != 0;
  if (hasWeights) {
    std::string error;
    if (!weights.open(engine))
      return false;
    if (!store.write(weights.temporaryPath(), error))
      return engine.report({path.str() + ".weights"}, Diag::CannotWrite, error), false;
    m->setAttr(ts::kWeightsAttr,
               StringAttr::get(&context, llvm::sys::path::filename(path) + ".weights"));
  }
  m->setAttr(kPhaseAttr, StringAttr::get(&context, phaseName(phase)));
  if (phase == Phase::Lower)
    m->setAttr(kPrefixAttr, StringAttr::get(&context, loweredPrefix));
  bool ok = text.fill(
      [&](llvm::raw_fd_ostream &os) {
        m.print(os, OpPrintingFlags().enableDebugInfo());
        os << '\n';
        return true;
      },
      engine);
  m->removeAttr(ts::kWeightsAttr);
  m->removeAttr(kPhaseAttr);
  m->removeAttr(kPrefixAttr);
  return ok && (!hasWeights || weights.keep(engine)) && text.keep(engine);
}

} // namespace tsc
