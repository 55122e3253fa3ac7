// SPDX-License-Identifier: Apache-2.0
// Where only the size of a batch is not known, runs of operators that treat its elements one by one
// are done for some elements at a time: their code is compiled for that many and for one.
//
//   %n = size(%x, 0)
//   %y = empty([%n, ..])
//   loop over %n / 8: the operators on narrow(%x, 0, .., 8), copied to narrow(%y, 0, .., 8)
//   loop over %n % 8: the same for one element
//
// A run ends as a region does (OutlineRegions.cpp): where something may write, and where an
// operator needs what another one makes of the run's values.
//
// Views that are seen outside are made there, on the tensors that they look into: what writes
// through one of both is seen by the other.
#include "Runs.h"
#include "tsc/Kernel/Batchwise.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_LOOPOVERBATCH
#include "tsc/Ts/TsPasses.h.inc"

using kernel::Kind;

/// Elements at a time, unless a batch never has as many: enough for the products of single rows to
/// fill the registers.
static constexpr int64_t kElements = 8;

namespace {
/// Operators of one batch on their way into loops.
struct BatchRun {
  int64_t symbol = 0;
  llvm::SetVector<Operation *> operators;
  llvm::DenseSet<Operation *> views; ///< of these
  bool isWorthwhile = false;         ///< there are some of which compiling makes a difference
  llvm::DenseSet<Operation *> after; ///< others that use the run's values
};

struct LoopOverBatch : impl::LoopOverBatchBase<LoopOverBatch> {
  using LoopOverBatchBase::LoopOverBatchBase;
  void runOnOperation() override {
    unwrapOptionalTensors(getOperation());
    for (Block *block : codeBlocks(getOperation()))
      visitBlock(*block);
  }

private:
  void visitBlock(Block &block);
  bool usesAny(Operation *op, const llvm::DenseSet<Operation *> &others) const;
  void close(Operation *before);
  void keepViewsOutside();
  BatchRun run;
};

/// Writes the loops of one run.
class LoopWriter {
public:
  LoopWriter(const BatchRun &run, Operation *before)
      : run(run), builder(before), loc(withDebugNames(run.operators.front()->getLoc(), {})),
        intType(IntType::get(builder.getContext())) {}
  void write();

private:
  void findValues();
  Value integer(int64_t value) {
    return ConstantOp::create(builder, loc, intType, builder.getI64IntegerAttr(value));
  }
  Value none() {
    return ConstantOp::create(builder, loc, NoneType::get(builder.getContext()),
                              builder.getUnitAttr());
  }
  Value call(StringRef name, Type type, ValueRange arguments) {
    return AtenOp::create(builder, loc, TypeRange(type), builder.getStringAttr(name), arguments)
        .getResult(0);
  }
  Value narrow(Value tensor, Value first, int64_t count) {
    return call("aten::narrow", kernel::withBatch(tensor.getType(), count),
                {tensor, integer(0), first, integer(count)});
  }
  Value makeResult(Value output);
  void writeLoop(Value turns, Value first, int64_t count);
  void cloneOperator(Operation *op, IRMapping &mapping, int64_t count);
  Value bring(Value operand, IRMapping &mapping, int64_t count);

  const BatchRun &run;
  OpBuilder builder;
  Location loc;
  Type intType;
  Value batch; ///< the number of elements
  llvm::SetVector<Value> inputs, outputs;
  SmallVector<Value> results; ///< tensors that the loops fill
};
} // namespace

// ---- Runs

/// Can an operand stand in a loop? Numbers must be known, but for the batch's size in a view's.
static bool canBring(Value operand, Kind kind, int64_t symbol) {
  if (isa<TensorType>(operand.getType()) || isScalarConstant(operand))
    return true;
  if (auto list = operand.getDefiningOp<ListConstructOp>())
    return isOnlyRead(operand) && llvm::all_of(list.getElements(), [&](Value element) {
             return !element.getDefiningOp<ListConstructOp>() && canBring(element, kind, symbol);
           });
  return kind == Kind::View && isa<IntType>(operand.getType()) && inferSize(operand) == symbol;
}

/// The size of the batch of a tensor: known without the tensor.
static bool isBatchSize(Operation *op, int64_t symbol) {
  auto aten = dyn_cast<AtenOp>(op);
  return aten && aten.getName() == "aten::size.int" && symbol != 0 &&
         inferSize(aten.getResult(0)) == symbol;
}

/// The number of elements that parts of a batch have.
static int64_t elementsOf(Operation *op, int64_t symbol) {
  auto bounds = op->getParentOfType<FuncOp>()->getAttrOfType<ArrayAttr>(kBoundsAttr);
  int64_t elements = kElements;
  if (bounds)
    for (auto range : bounds.getAsRange<DenseI64ArrayAttr>())
      if (range[0] == symbol)
        elements = std::min(elements, range[2]);
  return elements;
}

/// The symbol of the batch that an operator works on, and its kind; 0 for others.
static int64_t findBatch(Operation *op, Kind &kind) {
  auto aten = dyn_cast<AtenOp>(op);
  if (!aten || aten.getNumResults() == 0)
    return 0;
  int64_t symbol = kernel::batchSymbol(aten.getResult(0).getType());
  std::optional<Kind> found = symbol ? kernel::batchwiseKind(aten, symbol) : std::nullopt;
  if (!found || !llvm::all_of(aten.getArgs(),
                              [&](Value operand) { return canBring(operand, *found, symbol); }))
    return 0;
  kind = *found;
  return symbol;
}

bool LoopOverBatch::usesAny(Operation *op, const llvm::DenseSet<Operation *> &others) const {
  WalkResult result = op->walk([&](Operation *each) {
    if (isBatchSize(each, run.symbol))
      return WalkResult::advance();
    for (Value operand : each->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      bool isList = isa_and_nonnull<ListConstructOp>(producer); // goes where its reader goes
      if (producer && (isList ? usesAny(producer, others) : others.contains(producer)))
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

void LoopOverBatch::visitBlock(Block &block) {
  SmallVector<Operation *> operations;
  for (Operation &op : block)
    operations.push_back(&op);
  for (Operation *op : operations) {
    Kind kind;
    if (int64_t symbol = findBatch(op, kind)) {
      if (run.symbol != symbol || usesAny(op, run.after))
        close(op);
      run.symbol = symbol;
      run.operators.insert(op);
      if (kind == Kind::View)
        run.views.insert(op);
      run.isWorthwhile |= kind != Kind::Map && kind != Kind::View && kind != Kind::Move;
      continue;
    }
    if (op->hasTrait<OpTrait::IsTerminator>() || mayWrite(op)) {
      close(op);
      continue;
    }
    llvm::DenseSet<Operation *> members(run.operators.begin(), run.operators.end());
    if (usesAny(op, members) || usesAny(op, run.after))
      run.after.insert(op);
  }
}

/// Is the value read by anything that is not in the run?
static bool isUsedOutside(Value value, const BatchRun &run) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (isa<ListConstructOp>(user))
      return llvm::any_of(user->getUsers(),
                          [&](Operation *reader) { return !run.operators.contains(reader); });
    return !run.operators.contains(user);
  });
}

void LoopOverBatch::keepViewsOutside() {
  SmallVector<Operation *> members(run.operators.begin(), run.operators.end());
  for (Operation *op : llvm::reverse(members)) {
    if (!run.views.contains(op))
      continue;
    if (isUsedOutside(op->getResult(0), run)) {
      OpBuilder builder(op);
      builder.setInsertionPointAfter(op); // before its readers
      Operation *copy = builder.clone(*op);
      op->getResult(0).replaceUsesWithIf(copy->getResult(0), [&](OpOperand &use) {
        Operation *user = use.getOwner();
        if (isa<ListConstructOp>(user))
          return llvm::none_of(user->getUsers(),
                               [&](Operation *reader) { return run.operators.contains(reader); });
        return !run.operators.contains(user);
      });
      run.after.insert(copy);
    }
    if (op->use_empty()) {
      run.operators.remove(op);
      op->erase();
    }
  }
}

void LoopOverBatch::close(Operation *before) {
  if (run.isWorthwhile)
    keepViewsOutside();
  if (run.isWorthwhile) {
    numOperators += run.operators.size();
    LoopWriter(run, before).write();
    SmallVector<Operation *> later(run.after.begin(), run.after.end());
    llvm::sort(later, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : later)
      op->moveBefore(before);
    for (Operation *op : llvm::reverse(run.operators)) {
      SmallVector<Value> operands(op->getOperands());
      op->erase();
      for (Value operand : operands)
        if (auto list = operand.getDefiningOp<ListConstructOp>(); list && list.use_empty())
          list.erase();
    }
  }
  run = BatchRun();
}

// ---- Loops

void LoopWriter::findValues() {
  auto addInput = [&](Value value) {
    Operation *producer = value.getDefiningOp();
    if (kernel::batchSymbol(value.getType()) == run.symbol &&
        !(producer && run.operators.contains(producer)))
      inputs.insert(value);
  };
  for (Operation *op : run.operators) {
    for (Value operand : op->getOperands()) {
      addInput(operand);
      if (auto list = operand.getDefiningOp<ListConstructOp>())
        llvm::for_each(list.getElements(), addInput);
    }
  }
}

/// An uninitialized tensor of an output's dtype and sizes.
Value LoopWriter::makeResult(Value output) {
  auto type = cast<TensorType>(output.getType());
  SmallVector<Value> sizes = {batch};
  for (int64_t size : type.getSizes().drop_front())
    sizes.push_back(integer(size));
  Value list =
      ListConstructOp::create(builder, loc, ListType::get(builder.getContext(), intType), sizes);
  return call(
      "aten::empty.memory_format", type,
      {list, integer(static_cast<int64_t>(type.getDtype())), none(), none(), none(), none()});
}

/// An operand of an operator in a loop.
Value LoopWriter::bring(Value operand, IRMapping &mapping, int64_t count) {
  if (Value known = mapping.lookupOrNull(operand))
    return known;
  Value made = operand;
  if (auto list = operand.getDefiningOp<ListConstructOp>()) {
    SmallVector<Value> elements;
    for (Value element : list.getElements())
      elements.push_back(bring(element, mapping, count));
    made = ListConstructOp::create(builder, loc, list.getResult().getType(), elements);
  } else if (isa<IntType>(operand.getType()) && !isScalarConstant(operand)) {
    made = integer(count);
  }
  mapping.map(operand, made);
  return made;
}

void LoopWriter::cloneOperator(Operation *op, IRMapping &mapping, int64_t count) {
  for (Value operand : op->getOperands())
    bring(operand, mapping, count);
  Operation *copy = builder.clone(*op, mapping);
  for (auto [result, original] : llvm::zip(copy->getResults(), op->getResults())) {
    result.setType(kernel::withBatch(original.getType(), count));
    mapping.map(original, result);
  }
}

/// `turns` times the operators for `count` elements, from element `first` on.
void LoopWriter::writeLoop(Value turns, Value first, int64_t count) {
  MLIRContext *context = builder.getContext();
  Value yes = ConstantOp::create(builder, loc, BoolType::get(context), builder.getBoolAttr(true));
  auto loop = LoopOp::create(builder, loc, TypeRange(), turns, yes, ValueRange());
  OpBuilder::InsertionGuard guard(builder);
  Block &body = loop.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&body);
  Value turn = body.addArgument(intType, loc);
  Value from = call("aten::add.int", intType,
                    {first, call("aten::mul.int", intType, {turn, integer(count)})});
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, narrow(input, from, count));
  for (Operation *op : run.operators)
    cloneOperator(op, mapping, count);
  for (auto [output, result] : llvm::zip(outputs, results)) {
    Value to = narrow(result, from, count), made = mapping.lookup(output);
    Value blocking =
        ConstantOp::create(builder, loc, BoolType::get(context), builder.getBoolAttr(false));
    call("aten::copy_", to.getType(), {to, made, blocking});
  }
  YieldOp::create(builder, loc, yes);
}

void LoopWriter::write() {
  findValues();
  batch = call("aten::size.int", intType, {inputs.front(), integer(0)});
  // The size of the batch is that of the first input, too, which is there before the run.
  for (Operation *op : run.operators)
    for (Value result : op->getResults())
      for (OpOperand &use : llvm::make_early_inc_range(result.getUses()))
        if (isBatchSize(use.getOwner(), run.symbol))
          use.set(inputs.front());
  for (Operation *op : run.operators)
    for (Value result : op->getResults())
      if (isUsedOutside(result, run))
        outputs.insert(result);
  for (Value output : outputs)
    results.push_back(makeResult(output));
  Value done = integer(0);
  if (int64_t count = elementsOf(run.operators.front(), run.symbol); count > 1) {
    Value parts = call("aten::floordiv.int", intType, {batch, integer(count)});
    writeLoop(parts, done, count);
    done = call("aten::mul.int", intType, {parts, integer(count)});
  }
  writeLoop(call("aten::sub.int", intType, {batch, done}), done, 1);
  for (auto [output, result] : llvm::zip(outputs, results))
    Value(output).replaceUsesWithIf(
        result, [&](OpOperand &use) { return !run.operators.contains(use.getOwner()); });
}

} // namespace tsc::ts
