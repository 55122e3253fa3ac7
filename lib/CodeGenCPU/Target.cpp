// SPDX-License-Identifier: Apache-2.0
#include "tsc/CodeGenCPU/Target.h"

#include "tsc/Support/Diagnostics.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace tsc::cpu {

namespace {
/// A level that a runtime archive is built for, and the extensions that its code may use beyond the
/// level before.
struct Level {
  const char *name;
  std::vector<const char *> features;
};
} // namespace

static const std::vector<Level> &x86Levels() {
  static const std::vector<Level> levels = {
      {"x86-64-v2", {"cx16", "popcnt", "sse3", "ssse3", "sse4.1", "sse4.2"}},
      {"x86-64-v3", {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"}},
      {"x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}}};
  return levels;
}

/// Extensions beyond the levels that generated code can use.
static ArrayRef<const char *> furtherFeatures(const Triple &triple) {
  static const char *const x86[] = {"amx-bf16",   "amx-int8",        "amx-tile",
                                    "avx512bf16", "avx512fp16",      "avx512vbmi",
                                    "avx512vnni", "avx512vpopcntdq", "avxvnni"};
  static const char *const arm[] = {"bf16", "dotprod", "fp-armv8", "fullfp16", "i8mm",
                                    "lse",  "neon",    "sve",      "sve2"};
  return triple.isX86() ? ArrayRef<const char *>(x86) : ArrayRef<const char *>(arm);
}

static bool initialize(const Triple &triple) {
  if (triple.getArch() == Triple::x86_64) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    return true;
  }
  if (triple.getArch() == Triple::aarch64) {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    return true;
  }
  return false;
}

static CodeGenOptLevel codeGenLevel(unsigned optimization) {
  switch (optimization) {
  case 0:
    return CodeGenOptLevel::None;
  case 1:
    return CodeGenOptLevel::Less;
  case 2:
    return CodeGenOptLevel::Default;
  default:
    return CodeGenOptLevel::Aggressive;
  }
}

static std::string nativeFeatures() {
  SubtargetFeatures features;
  StringMap<bool> host = sys::getHostCPUFeatures();
  std::vector<std::pair<std::string, bool>> sorted;
  for (const auto &entry : host)
    sorted.emplace_back(entry.getKey().str(), entry.getValue());
  llvm::sort(sorted);
  for (const auto &[name, on] : sorted)
    features.AddFeature(name, on);
  return features.getString();
}

Target::Target() = default;
Target::~Target() = default;

StringRef Target::cpuName() const { return targetMachine->getTargetCPU(); }

/// Fills in what the machine has: the description, and the levels it can run.
static void describe(const MCSubtargetInfo &info, const Triple &triple, std::string &description,
                     std::vector<std::string> &levels) {
  std::vector<std::string> features;
  auto has = [&](const char *name) { return info.checkFeatures("+" + std::string(name)); };
  if (triple.isX86()) {
    bool whole = true;
    for (const Level &level : x86Levels()) {
      for (const char *name : level.features) {
        bool present = has(name);
        whole &= present;
        if (present)
          features.push_back(name);
      }
      if (whole)
        levels.insert(levels.begin(), level.name);
    }
  } else {
    levels.push_back("armv8-a");
  }
  for (const char *name : furtherFeatures(triple))
    if (has(name))
      features.push_back(name);
  description = triple.str();
  for (size_t i = 0; i < features.size(); ++i)
    description += (i ? ",+" : ":+") + features[i];
}

std::unique_ptr<Target> Target::create(const TargetRequest &request, DiagnosticEngine &engine) {
  Triple host(sys::getDefaultTargetTriple());
  Triple triple(Triple::normalize(request.triple.empty() ? host.str() : request.triple));
  if (triple.getVendor() == Triple::PC)
    triple.setVendor(Triple::UnknownVendor);
  if (!initialize(triple) || !triple.isOSLinux() || !triple.isOSBinFormatELF())
    return engine.report({}, Diag::UnknownTarget, triple.str()), nullptr;
  std::string error;
  const llvm::Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return engine.report({}, Diag::UnknownTarget, triple.str()), nullptr;

  std::unique_ptr<Target> target(new Target());
  std::string cpu = request.march, features;
  if (cpu == "native") {
    if (triple.getArch() != host.getArch())
      cpu = triple.isX86() ? "x86-64-v2" : "generic";
    else {
      target->native = true;
      cpu = sys::getHostCPUName().str();
      features = nativeFeatures();
    }
  } else if (cpu == "armv8-a") {
    cpu = "generic";
  }
  std::unique_ptr<MCSubtargetInfo> probe(found->createMCSubtargetInfo(triple, "", ""));
  if (!probe || !probe->isCPUStringValid(cpu))
    return engine.report({}, Diag::UnknownCpu, request.march, triple.str()), nullptr;
  std::unique_ptr<MCSubtargetInfo> info(found->createMCSubtargetInfo(triple, cpu, features));

  TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  options.UniqueSectionNames = true;
  target->targetMachine.reset(found->createTargetMachine(triple, cpu, features, options,
                                                         Reloc::PIC_, std::nullopt,
                                                         codeGenLevel(request.optimization)));
  if (!target->targetMachine)
    return engine.report({}, Diag::UnknownTarget, triple.str()), nullptr;
  target->tripleText = triple.str();
  describe(*info, triple, target->descriptionText, target->levels);
  return target;
}

std::vector<std::string> missingOnHost(StringRef description) {
  auto [tripleText, list] = description.split(':');
  if (Triple(tripleText).getArch() != Triple(sys::getDefaultTargetTriple()).getArch())
    return {tripleText.str()};
  StringMap<bool> host = sys::getHostCPUFeatures();
  std::vector<std::string> missing;
  SmallVector<StringRef> names;
  list.split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names) {
    name.consume_front("+");
    auto at = host.find(name);
    if (at != host.end() && !at->second)
      missing.push_back(name.str());
  }
  return missing;
}

} // namespace tsc::cpu
