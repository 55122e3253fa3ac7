// SPDX-License-Identifier: Apache-2.0
// The way from ts to the LLVM dialect as a whole. What the exported methods need is written, and
// nothing else: code, types and objects ask for one another until nothing new comes up.
#include "tsc/Conversion/TsToLLVM.h"

#include "Program.h"
#include "Regions.h"
#include "tsc/Common/Model.h"

using namespace mlir;

namespace tsc {

// What the code that is written takes for granted of the shared layouts.
static_assert(sizeof(Value) == 16 && offsetof(Value, payload) == 8);
static_assert(sizeof(TypeDescriptor) == 56 && offsetof(TypeDescriptor, text) == 8);
static_assert(sizeof(MethodDescriptor) == 48 && offsetof(MethodDescriptor, resultType) == 40);
static_assert(sizeof(StringObject) == 32 && sizeof(ListObject) == 48 &&
              offsetof(TupleObject, items) == 24);
static_assert(offsetof(InstanceObject, fields) == 32 && sizeof(EnumObject) == 24 &&
              sizeof(ComplexObject) == 32);
static_assert(sizeof(StorageObject) == 48 && sizeof(QuantizerObject) == 56);
static_assert(offsetof(TensorObject, dtype) == 32 && offsetof(TensorObject, rank) == 36 &&
              offsetof(TensorObject, numel) == 40 && offsetof(TensorObject, inlineShape) == 64);
static_assert(sizeof(SiteDescriptor) == 40 && sizeof(ModelData) == 104 &&
              offsetof(ModelData, initialize) == 56);
static_assert(offsetof(ContextHead, cancel) == 0);

static constexpr StringLiteral kWeightPrefix = "tsc_weight_";

std::string weightSymbol(int64_t index) { return (kWeightPrefix + std::to_string(index)).str(); }

SmallVector<int64_t> referencedWeights(ModuleOp module) {
  SmallVector<int64_t> found;
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    StringRef name = global.getSymName();
    int64_t index;
    if (name.consume_front(kWeightPrefix) && !name.getAsInteger(10, index))
      found.push_back(index);
  }
  llvm::sort(found);
  return found;
}

LogicalResult convertTsToLLVM(ModuleOp module, const TsToLLVMOptions &options,
                              DiagnosticEngine &diagnostics) {
  module.getContext()->getOrLoadDialect<LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> target = ModuleOp::create(module.getLoc());
  lowering::Program program(module, *target, options, diagnostics);
  program.constants.findWrittenStorages();
  lowering::ModelWriter model(program);
  if (!model.begin()) {
    diagnostics.report({options.name, 0, 0, 0, ""}, Diag::NothingToCompile);
    return failure();
  }
  while (program.hasPendingWork()) {
    program.writeFunctions();
    program.types.finish();
    program.constants.finish();
  }
  if (program.failed)
    return failure();
  model.finish();
  program.types.finish();
  Block *body = module.getBody();
  body->clear();
  body->getOperations().splice(body->end(), target->getBody()->getOperations());
  return lowering::lowerRegions(module);
}

} // namespace tsc
