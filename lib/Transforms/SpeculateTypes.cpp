// SPDX-License-Identifier: Apache-2.0
// Where dtypes and sizes cannot be proven, those that were observed are taken for likely: a run of
// operators is written twice, and the program chooses by what its tensors are.
//
//   %fits = dtype(%x) == 6 and size(%x) == [1, 3, 320, 320]
//   %y = ts.if %fits { %x1 = ts.unchecked_cast %x {ts.checked}, the operators on %x1 }
//             else { the operators as they were }
//
// A run is a piece of a block from an operator that would be compiled, were its types known, to the
// last such one, together with all that stands between: so everything happens in the order that it
// had, whichever branch is taken. Guarded are the values that come into the run; types of those
// made in it follow by propagation. A run ends at nested blocks of some size, which have runs of
// their own.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_SPECULATETYPES
#include "tsc/Ts/TsPasses.h.inc"

/// Nested operations of larger branches and loops are not worth to stand in a program twice.
static constexpr unsigned kMaxNested = 8;
/// With so many elements an operator is worth it alone.
static constexpr int64_t kManyElements = 4096;
/// How many operations may stand between two operators of a run.
static constexpr unsigned kMaxGap = 32;

namespace {
/// A piece of a block, and what there is to win.
struct Run {
  Operation *first = nullptr, *last = nullptr;
  unsigned heavy = 0, light = 0; ///< operators that would be compiled: costly ones, and others
  bool isWorthwhile() const { return heavy > 0 || light > 1; }
};

struct SpeculateTypes : impl::SpeculateTypesBase<SpeculateTypes> {
  using SpeculateTypesBase::SpeculateTypesBase;
  void runOnOperation() override;

private:
  void speculate(const Run &run);
  void drop(IfOp branch);
};
} // namespace

// ---- Runs

/// The type that an operand was seen with, where more can be relied on than is known; null else.
static TensorType observedType(AtenOp op, unsigned operand) {
  auto observed = op->getAttrOfType<ArrayAttr>(kObservedAttr);
  if (!observed || operand >= observed.size() || kernel::isPrecise(op.getArgs()[operand].getType()))
    return {};
  auto type = dyn_cast<TypeAttr>(observed[operand]);
  auto tensor = type ? dyn_cast<TensorType>(type.getValue()) : TensorType();
  return tensor && kernel::isPrecise(tensor) ? tensor : TensorType();
}

/// The kind that the operator would be compiled to under the observed types.
static std::optional<kernel::Kind> speculativeKind(Operation *op) {
  auto aten = dyn_cast<AtenOp>(op);
  if (!aten || !aten->hasAttr(kObservedAttr))
    return std::nullopt;
  for (auto [i, operand] : llvm::enumerate(aten.getArgs()))
    if (!kernel::isPrecise(operand.getType()) && !observedType(aten, static_cast<unsigned>(i)))
      return std::nullopt;
  return kernel::kindWithoutTypes(aten);
}

/// Does the operator do enough to be compiled alone?
static bool isHeavy(Operation *op, kernel::Kind kind) {
  if (kind == kernel::Kind::View)
    return false;
  if (kind != kernel::Kind::Map && kind != kernel::Kind::Rows && kind != kernel::Kind::Move)
    return true;
  for (unsigned i = 0; i < op->getNumOperands(); ++i)
    if (TensorType type = observedType(cast<AtenOp>(op), i)) {
      int64_t count = 1;
      for (int64_t size : type.getSizes())
        count *= size;
      if (count >= kManyElements)
        return true;
    }
  return false;
}

static bool isLarge(Operation *op) {
  unsigned count = 0;
  op->walk([&](Operation *) { ++count; });
  return count > kMaxNested;
}

/// Does the operator compute a tensor from one that the run made?
static bool followsFrom(Operation *op, const Run &run) {
  return isa<AtenOp>(op) && op->getNumResults() &&
         llvm::all_of(op->getResultTypes(), llvm::IsaPred<TensorType>) &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           Operation *producer = operand.getDefiningOp();
           return isa<TensorType>(operand.getType()) && producer &&
                  producer->getBlock() == op->getBlock() && !producer->isBeforeInBlock(run.first);
         });
}

static SmallVector<Run> findRuns(Block &block) {
  SmallVector<Run> runs;
  Run run;
  unsigned gap = 0;
  auto close = [&] {
    if (run.isWorthwhile())
      runs.push_back(run);
    run = Run();
  };
  for (Operation &op : block) {
    if (op.hasTrait<OpTrait::IsTerminator>() || (op.getNumRegions() && isLarge(&op)) ||
        gap > kMaxGap)
      close();
    std::optional<kernel::Kind> kind = speculativeKind(&op);
    if (kind && !run.first)
      run.first = &op;
    if (kind || (run.first && followsFrom(&op, run))) {
      run.last = &op;
      bool heavy = kind && isHeavy(&op, *kind);
      run.heavy += heavy;
      run.light += kind && !heavy && kind != kernel::Kind::View;
      gap = 0;
    } else if (!isa<ConstantOp, ListConstructOp>(op)) {
      ++gap;
    }
  }
  close();
  return runs;
}

// ---- Guards

/// Moves what makes no use of the run in front of it, so that it stands there once.
static void hoistOperands(const Run &run) {
  Operation *end = run.last->getNextNode();
  for (Operation *op = run.first, *next; op != end; op = next) {
    next = op->getNextNode();
    bool isFree = isa<ConstantOp, ListConstructOp, TupleConstructOp, UninitializedOp>(op) &&
                  llvm::all_of(op->getOperands(), [&](Value operand) {
                    Operation *producer = operand.getDefiningOp();
                    return !producer || producer->getBlock() != op->getBlock() ||
                           producer->isBeforeInBlock(run.first);
                  });
    if (isFree && op != run.first && op != run.last)
      op->moveBefore(run.first);
  }
}

/// The values that come into the run without precise types, with those that they were seen with.
static llvm::MapVector<Value, TensorType> findRoots(ArrayRef<Operation *> operations) {
  llvm::DenseSet<Operation *> inside(operations.begin(), operations.end());
  llvm::MapVector<Value, TensorType> roots;
  for (Operation *op : operations) {
    if (!speculativeKind(op))
      continue;
    auto aten = cast<AtenOp>(op);
    for (auto [i, operand] : llvm::enumerate(aten.getArgs())) {
      TensorType type = observedType(aten, static_cast<unsigned>(i));
      if (type && !inside.contains(operand.getDefiningOp()))
        roots.try_emplace(operand, type);
    }
  }
  return roots;
}

/// The question whether a tensor is of a type, in operators that propagation answers once more is
/// known.
static Value makeTest(OpBuilder &builder, Location loc, Value tensor, TensorType type) {
  MLIRContext *context = builder.getContext();
  Type intType = IntType::get(context), boolType = BoolType::get(context),
       listType = ListType::get(context, intType);
  auto integer = [&](int64_t value) -> Value {
    return ConstantOp::create(builder, loc, intType, builder.getI64IntegerAttr(value));
  };
  auto call = [&](StringRef name, Type result, ValueRange arguments) {
    return AtenOp::create(builder, loc, TypeRange(result), builder.getStringAttr(name), arguments)
        .getResult(0);
  };
  SmallVector<Value> sizes = llvm::map_to_vector(type.getSizes(), integer);
  Value wanted = ListConstructOp::create(builder, loc, listType, sizes);
  Value sameSizes =
      call("aten::eq.int_list", boolType, {call("aten::size", listType, tensor), wanted});
  Value sameDType =
      call("aten::eq.int", boolType,
           {call("prim::dtype", intType, tensor), integer(static_cast<int64_t>(type.getDtype()))});
  return call("aten::__and__.bool", boolType, {sameDType, sameSizes});
}

static bool isUsedBehind(Value value, Operation *last) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    Operation *at = last->getBlock()->findAncestorOpInBlock(*user);
    return !at || last->isBeforeInBlock(at);
  });
}

void SpeculateTypes::speculate(const Run &run) {
  hoistOperands(run);
  SmallVector<Operation *> operations;
  for (Operation *op = run.first, *end = run.last->getNextNode(); op != end; op = op->getNextNode())
    operations.push_back(op);
  llvm::MapVector<Value, TensorType> roots = findRoots(operations);
  if (roots.empty())
    return;
  OpBuilder builder(run.first);
  Location loc = withDebugNames(run.first->getLoc(), {});
  Value fits;
  SmallVector<Attribute> types;
  for (auto [root, type] : roots) {
    Value test = makeTest(builder, loc, root, type);
    fits = fits
               ? AtenOp::create(builder, loc, TypeRange(test.getType()),
                                builder.getStringAttr("aten::__and__.bool"), ValueRange{fits, test})
                     .getResult(0)
               : test;
    types.push_back(TypeAttr::get(type));
  }
  SmallVector<Value> results;
  for (Operation *op : operations)
    for (Value result : op->getResults())
      if (isUsedBehind(result, run.last))
        results.push_back(result);
  auto branch = IfOp::create(builder, loc, TypeRange(ValueRange(results)), fits);
  branch->setAttr(kSpeculatedAttr, builder.getArrayAttr(types));
  for (auto [result, replaced] : llvm::zip_equal(branch.getResults(), results))
    Value(replaced).replaceUsesWithIf(result, [&](OpOperand &use) {
      Operation *at = run.last->getBlock()->findAncestorOpInBlock(*use.getOwner());
      return !at || run.last->isBeforeInBlock(at);
    });
  builder.setInsertionPointToEnd(&branch.getThenRegion().emplaceBlock());
  IRMapping mapping;
  for (auto [root, type] : roots) {
    auto known = UncheckedCastOp::create(builder, loc, type, root);
    known->setAttr(kCheckedAttr, builder.getUnitAttr());
    mapping.map(root, known.getResult());
  }
  for (Operation *op : operations)
    builder.clone(*op, mapping);
  YieldOp::create(builder, loc, llvm::map_to_vector(results, [&](Value result) {
                    return mapping.lookup(result);
                  }));
  Block &generic = branch.getElseRegion().emplaceBlock();
  for (Operation *op : operations) {
    op->moveBefore(&generic, generic.end());
    op->walk([&](AtenOp each) {
      each->removeAttr(kObservedAttr);
      ++numSpeculated;
    });
  }
  builder.setInsertionPointToEnd(&generic);
  YieldOp::create(builder, loc, results);
}

/// True when the copy has nothing that is compiled, nor may have on the next turn.
static bool isUseless(IfOp branch) {
  return !branch.getThenRegion()
              .walk([](AtenOp op) {
                std::string why;
                bool isUseful = speculativeKind(op) || kernel::compiledKind(op, why);
                return isUseful ? WalkResult::interrupt() : WalkResult::advance();
              })
              .wasInterrupted();
}

/// Puts the operators as they were back in place of the choice.
void SpeculateTypes::drop(IfOp branch) {
  Block &generic = branch.getElseRegion().front();
  Operation *yield = generic.getTerminator();
  branch->getBlock()->getOperations().splice(Block::iterator(branch), generic.getOperations(),
                                             generic.begin(), Block::iterator(yield));
  branch.getResults().replaceAllUsesWith(yield->getOperands());
  branch.erase();
  ++numDropped;
}

void SpeculateTypes::runOnOperation() {
  SmallVector<IfOp> choices;
  getOperation().walk([&](IfOp op) {
    if (op->hasAttr(kSpeculatedAttr))
      choices.push_back(op);
  });
  for (IfOp choice : choices) // inner ones come first
    if (isUseless(choice))
      drop(choice);
  SmallVector<Run> runs;
  for (FuncOp function : getOperation().getOps<FuncOp>()) {
    // Where metadata may change, types say nothing of a tensor.
    bool changes =
        function
            .walk([](AtenOp op) {
              return changesMetadata(op) ? WalkResult::interrupt() : WalkResult::advance();
            })
            .wasInterrupted();
    if (changes)
      continue;
    // Outer blocks come first: what they take along nested in a run is done with.
    function.walk<WalkOrder::PreOrder>([&](Block *block) {
      if (isa<FuncOp, IfOp, LoopOp>(block->getParentOp()))
        runs.append(findRuns(*block));
    });
  }
  for (const Run &run : runs)
    speculate(run);
}

} // namespace tsc::ts
