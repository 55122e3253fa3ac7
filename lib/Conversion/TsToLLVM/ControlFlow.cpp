// SPDX-License-Identifier: Apache-2.0
// Branches, loops, returns and raised exceptions.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

void FunctionLowering::lowerIf(ts::IfOp op) {
  Block *thenBlock = newBlock(), *elseBlock = newBlock(), *after = newBlock();
  for (Type type : op.getResultTypes())
    after->addArgument(program.machineType(type), op.getLoc());
  LLVM::CondBrOp::create(builder, loc, get(op.getCondition()), thenBlock, elseBlock);
  auto branch = [&](Block *block, Region &region, ts::YieldOp yield) {
    builder.setInsertionPointToEnd(block);
    lowerBlock(region.front());
    handOn(yield);
    SmallVector<Value> results =
        llvm::map_to_vector(yield.getValues(), [&](Value value) { return get(value); });
    LLVM::BrOp::create(builder, op.getLoc(), results, after);
  };
  branch(thenBlock, op.getThenRegion(), op.thenYield());
  branch(elseBlock, op.getElseRegion(), op.elseYield());
  loc = op.getLoc();
  builder.setInsertionPointToEnd(after);
  for (auto [result, machine] : llvm::zip_equal(op.getResults(), after->getArguments()))
    define(result, machine);
}

/// Ends the call when the context's cancel flag is set. Called where everything owned is in slots.
void FunctionLowering::pollCancel() {
  if (!cancelPointer) // the flag's place does not change during a call
    cancelPointer = LLVM::LoadOp::create(entryBuilder, loc, program.pointer, contextPointer);
  auto flag = LLVM::LoadOp::create(builder, loc, program.i32, cancelPointer, /*alignment=*/4,
                                   /*isVolatile=*/false,
                                   /*isNonTemporal=*/false, /*isInvariant=*/false,
                                   /*isInvariantGroup=*/false, LLVM::AtomicOrdering::monotonic);
  Block *cancelled = newBlock(), *next = newBlock();
  auto branch =
      LLVM::CondBrOp::create(builder, loc, compare(LLVM::ICmpPredicate::ne, flag, int32(0)),
                             cancelled, ValueRange(), next, ValueRange());
  branch.setBranchWeights(kUnlikely);
  builder.setInsertionPointToEnd(cancelled);
  callRuntime("tsc_rt_cancelled", {contextPointer});
  fail();
  LLVM::UnreachableOp::create(builder, loc);
  builder.setInsertionPointToEnd(next);
}

void FunctionLowering::lowerLoop(ts::LoopOp op) {
  Block *header = newBlock(), *body = newBlock(), *after = newBlock();
  Value turn = header->addArgument(program.i64, loc),
        condition = header->addArgument(program.i1, loc);
  for (Type type : op.getResultTypes())
    header->addArgument(program.machineType(type), loc);
  handOn(op);
  Value trips = get(op.getTrips());
  SmallVector<Value> entering = {int64(0), get(op.getCondition())};
  for (Value init : op.getInits())
    entering.push_back(get(init));
  LLVM::BrOp::create(builder, loc, entering, header);

  builder.setInsertionPointToEnd(header);
  Value more =
      LLVM::AndOp::create(builder, loc, compare(LLVM::ICmpPredicate::slt, turn, trips), condition);
  LLVM::CondBrOp::create(builder, loc, more, body, after);

  builder.setInsertionPointToEnd(body);
  Block &source = op.getBody().front();
  define(source.getArgument(0), turn);
  for (auto [argument, machine] :
       llvm::zip_equal(source.getArguments().drop_front(), header->getArguments().drop_front(2)))
    define(argument, machine);
  pollCancel();
  lowerBlock(source);
  loc = op.getLoc();
  ts::YieldOp yield = op.bodyYield();
  handOn(yield);
  SmallVector<Value> again = {LLVM::AddOp::create(builder, loc, turn, int64(1))};
  for (Value value : yield.getValues())
    again.push_back(get(value));
  LLVM::BrOp::create(builder, loc, again, header);

  builder.setInsertionPointToEnd(after);
  for (auto [result, machine] :
       llvm::zip_equal(op.getResults(), header->getArguments().drop_front(2)))
    define(result, machine);
}

void FunctionLowering::lowerReturn(ts::ReturnOp op) {
  handOn(op);
  unsigned first = function.getNumArguments() - resultTypes.size();
  for (auto [i, value] : llvm::enumerate(op.getValues()))
    if (i < resultTypes.size())
      store(get(value), function.getArgument(first + i));
  LLVM::ReturnOp::create(builder, loc, int32(0));
}

void FunctionLowering::lowerRaise(ts::RaiseOp op) {
  Type type = op.getClassName().getType();
  Value className =
      isa<ts::StrType>(ts::stripOptional(type)) ? get(op.getClassName()) : zero(program.pointer);
  callRuntime("tsc_rt_raise", {contextPointer, get(op.getMessage()), className});
  fail();
}

} // namespace tsc::lowering
