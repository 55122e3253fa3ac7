// SPDX-License-Identifier: Apache-2.0
// A region's loop takes kLanes elements a turn, whatever the target's vectors: LLVM splits or joins
// them. The output is new memory, so that loads may move across stores (the alias scopes say so),
// and the loop is unrolled by LLVM.
#include "Regions.h"

#include "../KernelToVector/VectorMath.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// One 512-bit register of float32, two 256-bit ones.
static constexpr int64_t kLanes = 16;

namespace {
class RegionWriter {
public:
  RegionWriter(Program &program, ts::MapOp op, LLVM::LLVMFuncOp function)
      : program(program), op(op), function(function), builder(program.context), loc(op.getLoc()),
        element(cast<ts::MapYieldOp>(op.getBody().front().getTerminator()).getValue().getType()) {}
  void write();

private:
  Value int64(int64_t number) {
    return LLVM::ConstantOp::create(builder, loc, program.i64, builder.getI64IntegerAttr(number));
  }
  Value loadPointer(Value base, int64_t index) {
    Value at = LLVM::GEPOp::create(builder, loc, program.pointer, program.pointer, base,
                                   ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    return LLVM::LoadOp::create(builder, loc, program.pointer, at);
  }
  /// A loop from `begin` while index + step <= end, over elements of `type`; where it stopped.
  Value loop(Value begin, Value end, int64_t step, Type type);
  Value computeElement(Value index, Type type);

  Program &program;
  ts::MapOp op;
  LLVM::LLVMFuncOp function;
  OpBuilder builder;
  Location loc;
  Type element;
  Value output;
  SmallVector<Value> inputs, numbers;
  LLVM::AliasScopeAttr outputScope;
};
} // namespace

Value RegionWriter::computeElement(Value index, Type type) {
  IRMapping mapping;
  Block &body = op.getBody().front();
  unsigned alignment = element.getIntOrFloatBitWidth() / 8;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    Value at = LLVM::GEPOp::create(builder, loc, program.pointer, element, input,
                                   ArrayRef<LLVM::GEPArg>{index});
    auto load = LLVM::LoadOp::create(builder, loc, type, at, alignment);
    load.setNoaliasScopesAttr(builder.getArrayAttr({outputScope}));
    mapping.map(body.getArgument(i), load);
  }
  for (auto [i, number] : llvm::enumerate(numbers)) {
    Value splat =
        type == element ? number : Value(vector::BroadcastOp::create(builder, loc, type, number));
    mapping.map(body.getArgument(inputs.size() + i), splat);
  }
  for (Operation &each : body.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(each); constant && type != element) {
      auto lanes = VectorType::get({kLanes}, constant.getType());
      auto splat = DenseElementsAttr::get(lanes, constant.getValue());
      mapping.map(constant.getResult(), arith::ConstantOp::create(builder, loc, splat).getResult());
      continue;
    }
    Operation *copy = builder.clone(each, mapping);
    // Float results become vectors of floats, conditions vectors of conditions.
    if (auto lanes = dyn_cast<VectorType>(type))
      for (OpResult result : copy->getResults())
        result.setType(VectorType::get(lanes.getShape(), result.getType()));
  }
  return mapping.lookup(cast<ts::MapYieldOp>(body.getTerminator()).getValue());
}

Value RegionWriter::loop(Value begin, Value end, int64_t step, Type type) {
  Region &body = function.getBody();
  Block *before = builder.getInsertionBlock();
  Block *head = builder.createBlock(&body, body.end(), program.i64, loc);
  Block *turn = builder.createBlock(&body, body.end());
  Block *after = builder.createBlock(&body, body.end());
  builder.setInsertionPointToEnd(before);
  LLVM::BrOp::create(builder, loc, ValueRange(begin), head);
  builder.setInsertionPointToEnd(head);
  Value index = head->getArgument(0);
  Value next = LLVM::AddOp::create(builder, loc, index, int64(step));
  Value goesOn = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::sle, next, end);
  LLVM::CondBrOp::create(builder, loc, goesOn, turn, after);
  builder.setInsertionPointToEnd(turn);
  Value result = computeElement(index, type);
  Value at = LLVM::GEPOp::create(builder, loc, program.pointer, element, output,
                                 ArrayRef<LLVM::GEPArg>{index});
  auto store = LLVM::StoreOp::create(builder, loc, result, at, element.getIntOrFloatBitWidth() / 8);
  store.setAliasScopesAttr(builder.getArrayAttr({outputScope}));
  LLVM::BrOp::create(builder, loc, ValueRange(next), head);
  builder.setInsertionPointToEnd(after);
  return index;
}

void RegionWriter::write() {
  auto domain = LLVM::AliasScopeDomainAttr::get(program.context, builder.getStringAttr("region"));
  outputScope = LLVM::AliasScopeAttr::get(domain, builder.getStringAttr("output"));
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToEnd(entry);
  Value buffers = entry->getArgument(1);
  output = loadPointer(buffers, 0);
  for (unsigned i = 0; i < op.getTensors().size(); ++i)
    inputs.push_back(loadPointer(buffers, 1 + i));
  if (!op.getNumbers().empty()) {
    Value base = loadPointer(buffers, 1 + static_cast<int64_t>(inputs.size()));
    for (unsigned i = 0; i < op.getNumbers().size(); ++i) {
      Value at = LLVM::GEPOp::create(builder, loc, program.pointer, element, base,
                                     ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      numbers.push_back(LLVM::LoadOp::create(builder, loc, element, at));
    }
  }
  Value count = LLVM::LoadOp::create(builder, loc, program.i64, entry->getArgument(2));
  Value rest = loop(int64(0), count, kLanes, VectorType::get({kLanes}, element));
  loop(rest, count, 1, element);
  LLVM::ReturnOp::create(
      builder, loc,
      LLVM::ConstantOp::create(builder, loc, program.i32, builder.getI32IntegerAttr(0))
          .getResult());
}

LLVM::LLVMFuncOp writeRegion(Program &program, ts::MapOp op) {
  program.context->loadDialect<arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  LLVM::LLVMFuncOp function = program.newFunction(
      "region", program.i32, {program.pointer, program.pointer, program.pointer, program.pointer},
      LLVM::Linkage::Internal);
  RegionWriter(program, op, function).write();
  return function;
}

LogicalResult lowerRegions(ModuleOp module) {
  MLIRContext *context = module.getContext();
  if (!context->getLoadedDialect<vector::VectorDialect>())
    return success(); // no region was written
  expandVectorMath(module);
  LowerToLLVMOptions options(context);
  LLVMTypeConverter converter(context, options);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  RewritePatternSet patterns(context);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  populateSCFToControlFlowConversionPatterns(patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  return applyPartialConversion(module, target, std::move(patterns));
}

} // namespace tsc::lowering
