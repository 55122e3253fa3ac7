// SPDX-License-Identifier: Apache-2.0
// The code of a region: one function that launches tasks, a task function each, the plan of the
// workspace, and the descriptors that the runtime reads (RegionDescriptor, KernelDescriptor in
// tsc/Common/Model.h).
#include "RegionWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tsc/Common/Model.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

static_assert(sizeof(RegionTensor) == 16 && sizeof(RegionDescriptor) == 56 &&
              sizeof(KernelDescriptor) == 40);

VectorTarget VectorTarget::of(StringRef description) {
  VectorTarget target;
  if (description.contains("+avx512f"))
    target.vectorBytes = 64, target.registers = 32;
  else if (description.starts_with("aarch64"))
    target.vectorBytes = 16, target.registers = 32;
  else if (!description.contains("+avx2"))
    target.vectorBytes = 16;
  return target;
}

RegionWriter::RegionWriter(Program &program, kernel::RegionOp region, StringRef functionName)
    : program(program), region(region), target(VectorTarget::of(program.options.target)),
      functionName(functionName), builder(program.context), loc(region.getLoc()) {
  program.context->loadDialect<cf::ControlFlowDialect, arith::ArithDialect, math::MathDialect,
                               scf::SCFDialect, vector::VectorDialect>();
}

/// Full vectors even where the CPU's tuning prefers half ones: tiles are made for them.
static void useFullVectors(LLVM::LLVMFuncOp function, int64_t vectorBytes) {
  Builder builder(function.getContext());
  std::string bits = std::to_string(vectorBytes * 8);
  auto pair = [&](StringRef name) {
    return builder.getArrayAttr({builder.getStringAttr(name), builder.getStringAttr(bits)});
  };
  function.setPassthroughAttr(
      builder.getArrayAttr({pair("prefer-vector-width"), pair("min-legal-vector-width")}));
}

// ---- Pointers

void RegionWriter::noteUse(const Buffer &buffer) {
  if (buffer.kind != Buffer::Kind::Workspace)
    return;
  Allocation &allocation = allocations[buffer.index];
  if (allocation.first < 0)
    allocation.first = step;
  allocation.last = step;
}

Value RegionWriter::writePointer(const Buffer &buffer) {
  auto number = [&](int64_t n) {
    return LLVM::ConstantOp::create(builder, loc, program.i64, builder.getI64IntegerAttr(n));
  };
  auto displaced = [&](Value base, Value offset) -> Value {
    return LLVM::GEPOp::create(builder, loc, program.pointer, program.i8, base,
                               ArrayRef<LLVM::GEPArg>{offset});
  };
  Block &entry = function.getBody().front();
  Value base;
  switch (buffer.kind) {
  case Buffer::Kind::Output:
  case Buffer::Kind::Input: {
    int64_t place = buffer.kind == Buffer::Kind::Output
                        ? buffer.index
                        : static_cast<int64_t>(region.getNumResults()) + buffer.index;
    Value address = LLVM::GEPOp::create(builder, loc, program.pointer, program.pointer,
                                        entry.getArgument(1),
                                        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(place)});
    base = LLVM::LoadOp::create(builder, loc, program.pointer, address);
    break;
  }
  case Buffer::Kind::Weight:
    base = LLVM::AddressOfOp::create(builder, loc, program.pointer,
                                     program.data.external(weightSymbol(buffer.index)));
    break;
  case Buffer::Kind::Workspace: {
    LLVM::ConstantOp offset = number(0); // until the plan is made
    allocations[buffer.index].uses.push_back(offset);
    base = displaced(entry.getArgument(3), offset);
    break;
  }
  }
  int64_t bytes = buffer.offset * dtypeBytes(buffer.dtype);
  return bytes ? displaced(base, number(bytes)) : base;
}

// ---- Tasks

/// "aten::conv2d, aten::relu": what a group stands for.
static std::string operatorNames(kernel::GroupOp group) {
  std::string text;
  for (auto op : group.block().getOps<ts::AtenOp>())
    text += (text.empty() ? "" : ", ") + op.getBaseName().str();
  return text;
}

StringAttr RegionWriter::kernelDescriptor(double operations, double bytes) {
  StringRef kind = group ? kernel::stringifyKind(group.getKind()) : "layout";
  std::string names = group ? operatorNames(group) : "";
  int32_t site = group ? program.sites.get(functionName, group.getLoc()) : -1;
  Words words = {Word::address(program.data.text(kind)),
                 Word::address(program.data.text(names)),
                 Word::i32(site),
                 Word::i32(0),
                 Word::f64(operations),
                 Word::f64(bytes)};
  return program.data.add("kernel", words);
}

/// Equal for tasks of equal code.
static llvm::hash_code hashCode(LLVM::LLVMFuncOp task) {
  llvm::hash_code hash = 0;
  task.getBody().walk([&](Operation *op) {
    hash = llvm::hash_combine(
        hash, OperationEquivalence::computeHash(
                  op, OperationEquivalence::ignoreHashValue, OperationEquivalence::ignoreHashValue,
                  OperationEquivalence::IgnoreLocations));
  });
  return hash;
}

/// Layers of one shape have one code: it reads the places of its data from the frame.
LLVM::LLVMFuncOp RegionWriter::shareTask(LLVM::LLVMFuncOp task) {
  SmallVector<LLVM::LLVMFuncOp> &known = program.tasks[hashCode(task)];
  for (LLVM::LLVMFuncOp other : known)
    if (OperationEquivalence::isRegionEquivalentTo(&task.getBody(), &other.getBody(),
                                                   OperationEquivalence::IgnoreLocations)) {
      task.erase();
      return other;
    }
  known.push_back(task);
  return task;
}

LLVM::LLVMFuncOp RegionWriter::writeTask(TaskBody body) {
  LLVM::LLVMFuncOp task =
      program.newFunction("kernel", program.voidType, {program.pointer, program.i64, program.i64},
                          LLVM::Linkage::Internal);
  useFullVectors(task, target.vectorBytes);
  OpBuilder taskBuilder(program.context);
  Block *entry = task.addEntryBlock(taskBuilder);
  KernelBuilder k(*this, group ? group.getLoc() : loc, entry->getArgument(0));
  body(k, entry->getArgument(1), entry->getArgument(2));
  LLVM::ReturnOp::create(k.builder, k.loc, ValueRange());
  ++step;
  for (auto [slot, buffer] : llvm::enumerate(k.buffers)) {
    auto word = static_cast<FrameWord>(kFrameWords + slot);
    LLVM::StoreOp::create(builder, loc, writePointer(buffer), frameWord(builder, loc, frame, word));
  }
  frameWords = std::max<int64_t>(frameWords, kFrameWords + k.buffers.size());
  return shareTask(task);
}

void RegionWriter::callTask(LLVM::LLVMFuncOp task, int64_t count, int64_t grain, double operations,
                            double bytes) {
  Location at = group ? group.getLoc() : loc;
  auto number = [&](int64_t n) -> Value {
    return LLVM::ConstantOp::create(builder, at, program.i64, builder.getI64IntegerAttr(n));
  };
  auto address = [&](StringAttr symbol) -> Value {
    return LLVM::AddressOfOp::create(builder, at, program.pointer, symbol);
  };
  Value context = function.getBody().front().getArgument(0);
  LLVM::CallOp::create(builder, at, program.runtime("tsc_rt_launch"),
                       ValueRange{context, address(kernelDescriptor(operations, bytes)),
                                  address(task.getSymNameAttr()), frame, number(count),
                                  number(std::max<int64_t>(grain, 1))});
}

void RegionWriter::launch(int64_t count, int64_t grain, TaskBody body, double operations,
                          double bytes) {
  if (count > 0)
    callTask(writeTask(body), count, grain, operations, bytes);
}

Value RegionWriter::frameWord(OpBuilder &b, Location at, Value base, FrameWord word) {
  return LLVM::GEPOp::create(b, at, program.pointer, program.i64, base,
                             ArrayRef<LLVM::GEPArg>{word});
}

void RegionWriter::launchSteps(int64_t steps, int64_t count, int64_t grain, StepBody body,
                               double operations, double bytes) {
  if (steps <= 0 || count <= 0)
    return;
  LLVM::LLVMFuncOp task = writeTask([&](KernelBuilder &k, Value begin, Value end) {
    Value address = frameWord(k.builder, k.loc, begin.getParentBlock()->getArgument(0), kStep);
    body(k, LLVM::LoadOp::create(k.builder, k.loc, program.i64, address), begin, end);
  });
  Location at = group ? group.getLoc() : loc;
  auto number = [&](int64_t n) -> Value {
    return LLVM::ConstantOp::create(builder, at, program.i64, builder.getI64IntegerAttr(n));
  };
  Region &code = function.getBody();
  Value first = number(0);
  Block *before = builder.getInsertionBlock();
  Block *turn = builder.createBlock(&code, code.end(), {program.i64}, {at});
  Block *after = builder.createBlock(&code, code.end());
  builder.setInsertionPointToEnd(before);
  LLVM::BrOp::create(builder, at, first, turn);
  builder.setInsertionPointToEnd(turn);
  Value current = turn->getArgument(0);
  LLVM::StoreOp::create(builder, at, current, frameWord(builder, at, frame, kStep));
  callTask(task, count, grain, operations, bytes);
  Value next = LLVM::AddOp::create(builder, at, current, number(1));
  Value goesOn = LLVM::ICmpOp::create(builder, at, LLVM::ICmpPredicate::slt, next, number(steps));
  LLVM::CondBrOp::create(builder, at, goesOn, turn, next, after, ValueRange());
  builder.setInsertionPointToEnd(after);
}

void RegionWriter::raiseIfFailed(StringRef className, StringRef text) {
  Location at = group ? group.getLoc() : loc;
  Value word = LLVM::GEPOp::create(builder, at, program.pointer, program.i64, frame,
                                   ArrayRef<LLVM::GEPArg>{kFailed});
  Value failed = LLVM::LoadOp::create(builder, at, program.i64, word);
  Value zero = LLVM::ConstantOp::create(builder, at, program.i64, builder.getI64IntegerAttr(0));
  Value isSet = LLVM::ICmpOp::create(builder, at, LLVM::ICmpPredicate::ne, failed, zero);
  Region &body = function.getBody();
  Block *raise = builder.createBlock(&body, body.end());
  Value context = body.front().getArgument(0);
  auto call = LLVM::CallOp::create(
      builder, at, program.runtime("tsc_rt_raise_text"),
      ValueRange{
          context,
          LLVM::AddressOfOp::create(builder, at, program.pointer, program.data.text(className)),
          LLVM::AddressOfOp::create(builder, at, program.pointer, program.data.text(text))});
  LLVM::ReturnOp::create(builder, at, call.getResult());
  Block *after = builder.createBlock(&body, body.end());
  builder.setInsertionPointToEnd(isSet.getParentBlock());
  LLVM::CondBrOp::create(builder, at, isSet, raise, after);
  builder.setInsertionPointToEnd(after);
}

// ---- The whole

void RegionWriter::writeGroup(kernel::GroupOp op) {
  group = op;
  switch (op.getKind()) {
  case kernel::Kind::Map:
    return emitMap(*this, op);
  case kernel::Kind::Contraction:
    return emitContraction(*this, op);
  case kernel::Kind::Rows:
    return emitRows(*this, op);
  case kernel::Kind::Attention:
    return emitAttention(*this, op);
  case kernel::Kind::Recurrent:
    return emitRecurrent(*this, op);
  case kernel::Kind::Window:
    return emitWindow(*this, op);
  case kernel::Kind::Move:
    return emitMove(*this, op);
  case kernel::Kind::View:
    return emitView(*this, op);
  }
}

void RegionWriter::writeOutputs() {
  for (auto [i, value] : llvm::enumerate(region.yield().getValues())) {
    Buffer from = buffer(value);
    if (from.kind == Buffer::Kind::Output && from.index == static_cast<int64_t>(i))
      continue;
    Buffer to = layOut(value.getType(), {});
    to.kind = Buffer::Kind::Output, to.index = static_cast<int64_t>(i);
    emitCopy(*this, from, to);
  }
}

void RegionWriter::planWorkspace() {
  SmallVector<Allocation *> order;
  for (Allocation &allocation : allocations)
    if (allocation.first >= 0)
      order.push_back(&allocation);
  llvm::stable_sort(order, [](Allocation *a, Allocation *b) { return a->bytes > b->bytes; });
  SmallVector<Allocation *> placed; // sorted by offset
  for (Allocation *allocation : order) {
    int64_t at = 0;
    for (Allocation *other : placed) {
      bool lives = other->first <= allocation->last && allocation->first <= other->last;
      if (lives && other->offset < at + allocation->bytes && at < other->offset + other->bytes)
        at = other->offset + other->bytes;
    }
    allocation->offset = at;
    workspaceBytes = std::max(workspaceBytes, at + allocation->bytes);
    auto place = llvm::upper_bound(
        placed, at, [](int64_t offset, Allocation *a) { return offset < a->offset; });
    placed.insert(place, allocation);
    for (LLVM::ConstantOp use : allocation->uses)
      use.setValueAttr(builder.getI64IntegerAttr(at));
  }
}

StringAttr RegionWriter::writeDescriptor() {
  auto tensors = [&](TypeRange types) {
    Words words;
    for (Type type : types) {
      auto tensor = cast<ts::TensorType>(type);
      words.append({Word::i8(static_cast<int64_t>(tensor.getDtype())), Word::i8(0), Word::i16(0),
                    Word::i32(tensor.getRank()),
                    Word::address(program.data.integers(tensor.getSizes()))});
    }
    return types.empty() ? Word::null() : Word::address(program.data.add("tensors", words));
  };
  Words words = {Word::address(function.getSymNameAttr()),
                 Word::address(program.data.text(functionName)),
                 tensors(region.getInputs().getTypes()),
                 Word::i64(region.getNumOperands()),
                 tensors(region.getResultTypes()),
                 Word::i64(region.getNumResults()),
                 Word::i64(workspaceBytes)};
  return program.data.add("region", words);
}

StringAttr RegionWriter::write() {
  function = program.newFunction(
      "region", program.i32, {program.pointer, program.pointer, program.pointer, program.pointer},
      LLVM::Linkage::Internal);
  Block *entry = function.addEntryBlock(builder);
  builder.setInsertionPointToEnd(entry);
  auto words = LLVM::ConstantOp::create(builder, loc, program.i64, builder.getI64IntegerAttr(0));
  frame = LLVM::AllocaOp::create(builder, loc, program.pointer, program.pointer, words, 8);
  LLVM::StoreOp::create(builder, loc, LLVM::ZeroOp::create(builder, loc, program.pointer),
                        frameWord(builder, loc, frame, kFailed));
  chooseLayouts();
  for (Operation &op : region.block().without_terminator())
    if (auto each = dyn_cast<kernel::GroupOp>(op))
      writeGroup(each);
  group = nullptr;
  writeOutputs();
  LLVM::ReturnOp::create(
      builder, loc,
      LLVM::ConstantOp::create(builder, loc, program.i32, builder.getI32IntegerAttr(0))
          .getResult());
  words.setValueAttr(builder.getI64IntegerAttr(frameWords));
  planWorkspace();
  return writeDescriptor();
}

} // namespace tsc::lowering
