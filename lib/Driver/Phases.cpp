// SPDX-License-Identifier: Apache-2.0
// The phases over ts and the passes of each. This is the one place that knows their order.
#include "Phases.h"

#include "tsc/Support/Diagnostics.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tsc {

static constexpr std::pair<Phase, llvm::StringLiteral> kPhases[] = {
    {Phase::Parse, "parse"},       {Phase::Import, "import"},         {Phase::Freeze, "freeze"},
    {Phase::Optimize, "optimize"}, {Phase::Specialize, "specialize"}, {Phase::Fuse, "fuse"},
    {Phase::Lower, "lower"},       {Phase::CodeGen, "codegen"},       {Phase::Link, "link"}};

llvm::StringRef phaseName(Phase phase) { return kPhases[static_cast<size_t>(phase)].second; }

std::optional<Phase> findPhase(llvm::StringRef name) {
  for (const auto &[phase, text] : kPhases)
    if (text == name)
      return phase;
  return std::nullopt;
}

static SmallVector<std::string> strings(const std::vector<std::string> &list) {
  return SmallVector<std::string>(list.begin(), list.end());
}

static void addFreeze(OpPassManager &passes, const CompileOptions &options) {
  ts::RemoveUnusedFunctionsOptions unused;
  unused.exported = strings(options.methods);
  passes.addPass(ts::createRemoveUnusedFunctions(unused));
  if (options.optimization == 0)
    return;
  passes.addPass(ts::createInlineCalls());
  passes.addPass(
      ts::createEliminateDeadCode()); // the callees that calls named, so that they count as unused
  passes.addPass(
      ts::createRemoveUnusedFunctions(unused)); // after inlining, because it leaves callees behind
  if (!options.freeze)
    return;
  ts::FreezeAttributesOptions freeze;
  freeze.preserved = strings(options.preserve);
  passes.addPass(ts::createFreezeAttributes(freeze));
  // A second time after branches on `training` are decided, because code that trains sets
  // attributes and writes statistics.
  passes.addPass(ts::createFoldConstants());
  passes.addPass(ts::createEliminateDeadCode());
  passes.addPass(ts::createFreezeAttributes(freeze));
  ts::DropUnusedAttributesOptions drop;
  drop.preserved = strings(options.preserve);
  passes.addPass(ts::createDropUnusedAttributes(
      drop)); // after freezing, which leaves attributes without a reader
}

static void addOptimize(OpPassManager &passes, const CompileOptions &options) {
  if (options.optimization == 0)
    return;
  passes.addPass(ts::createFoldConstants());
  passes.addPass(
      ts::createRemoveDropout()); // after folding, because `train` is an attribute's value
  passes.addPass(ts::createFoldConvBatchNorm()); // likewise
  passes.addPass(ts::createFoldConstants());     // the new weights
  passes.addPass(createCSEPass()); // of values; what makes or reads objects says so and stays
  passes.addPass(ts::createEliminateDeadCode());
}

static void addSpecialize(OpPassManager &passes, const CompileOptions &options) {
  if (options.optimization == 0)
    return;
  passes.addPass(ts::createPropagateTypes());
  passes.addPass(ts::createFoldConstants());
  passes.addPass(ts::createGatherAppends()); // after folding, which takes branches away
  passes.addPass(ts::createEliminateDeadCode());
  passes.addPass(createCSEPass()); // sizes that are read several times
  if (options.codegen)
    passes.addPass(ts::createDecompose()); // after types, which the next round gives to the parts
}

static void addFuse(OpPassManager &passes, const CompileOptions &options) {
  if (options.optimization == 0)
    return;
  passes.addPass(ts::createFunctionalizeWrites());
  if (!options.codegen)
    return;
  passes.addPass(ts::createPropagateTypes());    // of what became functional
  passes.addPass(ts::createLoopOverBatch());     // once writes are functional
  passes.addPass(ts::createEliminateDeadCode()); // lists that held what a region computes
  passes.addPass(
      ts::createOutlineRegions()); // after writes are functional, because those end a region
  passes.addPass(
      ts::createEliminateDeadCode()); // weights that only regions read, so that none is kept twice
  passes.addPass(ts::createFuseGroups());
  if (options.fuse)
    passes.addPass(ts::createFuseElementwise()); // of what no region took
  if (options.compareCodegen)
    passes.addPass(ts::createCompareRegions()); // last, so that nothing fuses what it compares with
}

static void addLower(OpPassManager &passes) {
  passes.addPass(ts::createInsertUpcasts());
  passes.addPass(ts::createInsertReferenceCounts()); // last: it counts what is there
}

int maxRounds(Phase phase) {
  // Types decide branches, branches decide constants, and constants decide types: a layer whose
  // code asks for its input's shape is settled one round after the layer in front of it.
  return phase == Phase::Specialize ? 64 : 1;
}

void addPhase(OpPassManager &passes, Phase phase, const CompileOptions &options) {
  switch (phase) {
  case Phase::Freeze:
    return addFreeze(passes, options);
  case Phase::Optimize:
    return addOptimize(passes, options);
  case Phase::Specialize:
    return addSpecialize(passes, options);
  case Phase::Fuse:
    return addFuse(passes, options);
  case Phase::Lower:
    return addLower(passes);
  case Phase::Parse:
  case Phase::Import:
  case Phase::CodeGen:
  case Phase::Link:
    return;
  }
}

} // namespace tsc
