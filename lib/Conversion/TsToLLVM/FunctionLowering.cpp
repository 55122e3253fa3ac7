// SPDX-License-Identifier: Apache-2.0
// The frame of a function, and which member lowers which operation.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

FunctionLowering::FunctionLowering(Program &program, LLVM::LLVMFuncOp function,
                                   StringRef displayName)
    : program(program), function(function), displayName(displayName), builder(program.context),
      entryBuilder(program.context), loc(UnknownLoc::get(program.context)) {}

// ---- Machine code in short
Value FunctionLowering::constant(Type type, int64_t number) {
  return LLVM::ConstantOp::create(builder, loc, type, builder.getIntegerAttr(type, number));
}
Value FunctionLowering::float64(double number) {
  return LLVM::ConstantOp::create(builder, loc, program.f64, builder.getF64FloatAttr(number));
}
Value FunctionLowering::zero(Type type) { return LLVM::ZeroOp::create(builder, loc, type); }
Value FunctionLowering::address(StringAttr symbol) {
  return LLVM::AddressOfOp::create(builder, loc, program.pointer, symbol);
}
Value FunctionLowering::address(const Word &word) {
  return word.symbol ? at(address(word.symbol), word.number) : zero(program.pointer);
}
Value FunctionLowering::at(Value base, int64_t offset) {
  if (offset == 0)
    return base;
  return LLVM::GEPOp::create(builder, loc, program.pointer, program.i8, base,
                             ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(static_cast<int32_t>(offset))});
}
/// Said with each access, because the module gets its data layout only later.
static unsigned alignmentOf(Type type) {
  return type.isInteger() ? (type.getIntOrFloatBitWidth() + 7) / 8 : 8;
}
Value FunctionLowering::load(Type type, Value base, int64_t offset) {
  return LLVM::LoadOp::create(builder, loc, type, at(base, offset), alignmentOf(type));
}
void FunctionLowering::store(Value value, Value base, int64_t offset) {
  LLVM::StoreOp::create(builder, loc, value, at(base, offset), alignmentOf(value.getType()));
}
Value FunctionLowering::field(Value aggregate, int64_t index) {
  return LLVM::ExtractValueOp::create(builder, loc, aggregate, ArrayRef<int64_t>{index});
}
Value FunctionLowering::withField(Value aggregate, Value value, int64_t index) {
  return LLVM::InsertValueOp::create(builder, loc, aggregate, value, ArrayRef<int64_t>{index});
}
Value FunctionLowering::select(Value condition, Value yes, Value no) {
  return LLVM::SelectOp::create(builder, loc, condition, yes, no);
}
Value FunctionLowering::compare(LLVM::ICmpPredicate predicate, Value a, Value b) {
  return LLVM::ICmpOp::create(builder, loc, predicate, a, b);
}
Value FunctionLowering::isNull(Value object) {
  return compare(LLVM::ICmpPredicate::eq, object, zero(program.pointer));
}
Value FunctionLowering::toPointer(Value integer) {
  return LLVM::IntToPtrOp::create(builder, loc, program.pointer, integer);
}
Value FunctionLowering::toInteger(Value object) {
  return LLVM::PtrToIntOp::create(builder, loc, program.i64, object);
}
Value FunctionLowering::callRuntime(StringRef name, ValueRange arguments) {
  LLVM::CallOp call = LLVM::CallOp::create(builder, loc, program.runtime(name), arguments);
  return call->getNumResults() ? call.getResult() : Value();
}
Value FunctionLowering::stackSpace(Type type, int64_t count) {
  Value length =
      LLVM::ConstantOp::create(entryBuilder, loc, program.i64, builder.getI64IntegerAttr(count));
  return LLVM::AllocaOp::create(entryBuilder, loc, program.pointer, type, length, /*alignment=*/8);
}
Block *FunctionLowering::newBlock() {
  OpBuilder::InsertionGuard guard(builder);
  return builder.createBlock(&function.getBody());
}
Value FunctionLowering::choose(Value condition, llvm::function_ref<Value()> yes, Value no) {
  Block *chosen = newBlock(), *after = newBlock();
  Value result = after->addArgument(no.getType(), loc);
  LLVM::CondBrOp::create(builder, loc, condition, chosen, ValueRange(), after, ValueRange{no});
  builder.setInsertionPointToEnd(chosen);
  LLVM::BrOp::create(builder, loc, ValueRange{yes()}, after);
  builder.setInsertionPointToEnd(after);
  return result;
}

// ---- Slots
Value FunctionLowering::slotAddress(int64_t slot) { return at(slots, slot * 8); }

int64_t FunctionLowering::takeSlot(Value object) {
  int64_t slot = freeSlots.empty() ? slotCount++ : freeSlots.pop_back_val();
  store(object, slotAddress(slot));
  return slot;
}
void FunctionLowering::clearSlot(int64_t slot) {
  store(zero(program.pointer), slotAddress(slot));
  freeSlots.push_back(slot);
}

void FunctionLowering::define(Value value, Value machine) {
  values[value] = machine;
  if (!ts::isOwned(value))
    return;
  SmallVector<int64_t, 1> taken;
  forEachObject(machine, value.getType(), [&](Value object) { taken.push_back(takeSlot(object)); });
  slotsOf[value] = std::move(taken);
}

void FunctionLowering::releaseSlots(Value value) {
  forEachObject(get(value), value.getType(),
                [&](Value object) { callRuntime("tsc_rt_release", {object}); });
  auto it = slotsOf.find(value);
  if (it == slotsOf.end())
    return;
  for (int64_t slot : it->second)
    clearSlot(slot);
  slotsOf.erase(it);
}

/// Empties the slots of the owned values that `consumer` takes over: those that are released
/// nowhere.
void FunctionLowering::handOn(Operation *consumer) {
  for (Value value : consumer->getOperands().drop_front(
           std::min(ts::firstConsumedOperand(consumer), consumer->getNumOperands()))) {
    auto it = slotsOf.find(value);
    if (it == slotsOf.end() || value.getParentBlock() != consumer->getBlock() ||
        llvm::any_of(value.getUsers(), llvm::IsaPred<ts::ReleaseOp>))
      continue;
    for (int64_t slot : it->second)
      clearSlot(slot);
    slotsOf.erase(it);
  }
}

Value FunctionLowering::keep(Value object) {
  kept[object] = takeSlot(object);
  return object;
}
void FunctionLowering::giveAway(Value object) {
  auto it = kept.find(object);
  if (it == kept.end())
    return;
  clearSlot(it->second);
  kept.erase(it);
}
void FunctionLowering::drop(Value object) {
  callRuntime("tsc_rt_release", {object});
  giveAway(object);
}

// ---- Failure
Value FunctionLowering::siteValue() { return int32(program.sites.get(displayName, loc)); }

void FunctionLowering::failIf(Value condition) {
  mayFail = true;
  Block *next = newBlock();
  Value site = siteValue();
  auto branch =
      LLVM::CondBrOp::create(builder, loc, condition, unwind, ValueRange{site}, next, ValueRange());
  branch.setBranchWeights(kUnlikely);
  builder.setInsertionPointToEnd(next);
}
void FunctionLowering::failIfStatus(Value status) {
  failIf(compare(LLVM::ICmpPredicate::ne, status, int32(0)));
}

void FunctionLowering::fail() {
  mayFail = true;
  LLVM::BrOp::create(builder, loc, ValueRange{siteValue()}, unwind);
  builder.setInsertionPointToEnd(newBlock());
}
void FunctionLowering::raiseText(StringRef className, StringRef text) {
  callRuntime("tsc_rt_raise_text", {contextPointer, address(program.data.text(className)),
                                    address(program.data.text(text))});
  fail();
}

void FunctionLowering::reserve(ArgumentSpace &space, int64_t count) {
  if (!space.base) {
    space.count =
        LLVM::ConstantOp::create(entryBuilder, loc, program.i64, builder.getI64IntegerAttr(1));
    space.base = LLVM::AllocaOp::create(entryBuilder, loc, program.pointer, program.valueType,
                                        space.count, 8);
  }
  space.used = std::max(space.used, count);
  space.count.setValueAttr(builder.getI64IntegerAttr(std::max<int64_t>(space.used, 1)));
}

// ---- Whole functions
void FunctionLowering::begin() {
  Block *entry = function.addEntryBlock(builder);
  contextPointer = entry->getArgument(0);
  entryBuilder.setInsertionPointToEnd(entry);
  slotCountOp =
      LLVM::ConstantOp::create(entryBuilder, loc, program.i64, builder.getI64IntegerAttr(0));
  slotBytesOp =
      LLVM::ConstantOp::create(entryBuilder, loc, program.i64, builder.getI64IntegerAttr(0));
  slots =
      LLVM::AllocaOp::create(entryBuilder, loc, program.pointer, program.pointer, slotCountOp, 8);
  unwind = newBlock();
  unwind->addArgument(program.i32, loc);
  builder.setInsertionPointToEnd(newBlock());
}

/// Joins the entry block, which by now has all stack space, with the first block of code; writes
/// the clean-up.
void FunctionLowering::finish() {
  loc = UnknownLoc::get(program.context);
  Block *entry = &function.getBody().front(), *first = unwind->getNextNode();
  builder.setInsertionPointToEnd(entry);
  if (slotCount) {
    slotCountOp.setValueAttr(builder.getI64IntegerAttr(slotCount));
    slotBytesOp.setValueAttr(builder.getI64IntegerAttr(slotCount * 8));
    LLVM::MemsetOp::create(builder, loc, slots, constant(program.i8, 0), slotBytesOp,
                           /*isVolatile=*/false);
  }
  LLVM::BrOp::create(builder, loc, ValueRange(), first);
  if (!mayFail) {
    unwind->erase();
  } else {
    unwind->moveBefore(entry->getParent(), entry->getParent()->end());
    builder.setInsertionPointToEnd(unwind);
    if (slotCount)
      callRuntime("tsc_rt_release_frame", {slots, slotCountOp});
    callRuntime("tsc_rt_trace", {contextPointer, unwind->getArgument(0)});
    LLVM::ReturnOp::create(builder, loc, int32(1));
  }
  if (!slotCount) {
    slots.getDefiningOp()->erase();
    slotCountOp.erase();
    slotBytesOp.erase();
  }
}

void FunctionLowering::writeBody(Region &body, TypeRange results) {
  begin();
  resultTypes = llvm::to_vector(results);
  Block &block = body.front();
  for (auto [i, argument] : llvm::enumerate(block.getArguments()))
    values[argument] = function.getArgument(i + 1);
  lowerBlock(block);
  finish();
}

void FunctionLowering::lowerBlock(Block &block) {
  for (Operation &op : block) {
    loc = op.getLoc();
    lowerOperation(&op);
  }
}

void FunctionLowering::lowerOperation(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ts::AtenOp op) { lowerAten(op); })
      .Case([&](ts::ConstantOp op) {
        define(op.getResult(), buildConstant(op.getValue(), op.getResult().getType()));
      })
      .Case([&](ts::RetainOp op) { retain(get(op.getValue()), op.getValue().getType()); })
      .Case([&](ts::ReleaseOp op) { releaseSlots(op.getValue()); })
      .Case([&](ts::IfOp op) { lowerIf(op); })
      .Case([&](ts::LoopOp op) { lowerLoop(op); })
      .Case([&](ts::ReturnOp op) { lowerReturn(op); })
      .Case([&](ts::YieldOp) {}) // by its parent
      .Case([&](ts::RaiseOp op) { lowerRaise(op); })
      .Case([&](ts::ListConstructOp op) { lowerListConstruct(op); })
      .Case([&](ts::DictConstructOp op) { lowerDictConstruct(op); })
      .Case([&](ts::ListUnpackOp op) { lowerListUnpack(op); })
      .Case([&](ts::TupleConstructOp op) { lowerTupleConstruct(op); })
      .Case([&](ts::TupleUnpackOp op) { lowerTupleUnpack(op); })
      .Case([&](ts::TupleIndexOp op) { lowerTupleIndex(op); })
      .Case([&](ts::TupleSliceOp op) { lowerTupleSlice(op); })
      .Case([&](ts::IsInstanceOp op) { lowerIsInstance(op); })
      .Case<ts::UncheckedCastOp, ts::UpcastOp>([&](auto op) {
        define(op.getResult(),
               cast(get(op.getInput()), op.getInput().getType(), op.getResult().getType()));
      })
      .Case([&](ts::UninitializedOp op) {
        define(op.getResult(), zero(program.machineType(op.getResult().getType())));
      })
      .Case([&](ts::GetAttrOp op) { lowerGetAttr(op); })
      .Case([&](ts::SetAttrOp op) { lowerSetAttr(op); })
      .Case([&](ts::CreateObjectOp op) { lowerCreateObject(op); })
      .Case([&](ts::ModuleContainerIndexOp op) { lowerModuleContainerIndex(op); })
      .Case([&](ts::CallFunctionOp op) { lowerCallFunction(op); })
      .Case([&](ts::CallMethodOp op) { lowerCallMethod(op); })
      .Case([&](ts::ForkOp op) {
        auto future = dyn_cast<ts::FutureType>(op.getFuture().getType());
        lowerTask(op, future ? future.getElement() : op.getFuture().getType());
      })
      .Case([&](ts::AwaitableOp op) { lowerTask(op, op.getType().getElement()); })
      .Case([&](ts::EnterOp op) { lowerEnterExit(op, "__enter__"); })
      .Case([&](ts::ExitOp op) { lowerEnterExit(op, "__exit__"); })
      .Case([&](ts::HasDTypeOp op) { lowerHasDType(op); })
      .Case([&](ts::MapOp op) { lowerMap(op); })
      .Case([&](kernel::RegionOp op) { lowerRegion(op); })
      .Case([&](kernel::CompareOp op) { lowerCompare(op); })
      .Default([&](Operation *other) {
        program.reportMalformed(
            loc, ("no way to compile '" + other->getName().getStringRef() + "'").str());
        for (Value result : other->getResults())
          values[result] = zero(program.machineType(result.getType()));
      });
}

} // namespace tsc::lowering
