// SPDX-License-Identifier: Apache-2.0
// One walk over each block collects operators that have a compiled form. A region ends where
// something may write to a tensor or has an effect that depends on the region, and where an
// operator needs what a generic operator makes of the region's values. Everything collected stands
// in the region's place then, which is that end: values do not change when they are computed later.
//
// Views keep their meaning. A view inside a region is a value; where the view itself is seen
// outside, it is made again there, on the tensor that it looks into, so that writes through it
// reach what they should.
#include "Runs.h"
#include "tsc/Analysis/ObjectUses.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_OUTLINEREGIONS
#include "tsc/Ts/TsPasses.h.inc"

using kernel::because;
using kernel::Kind;
using kernel::Reason;

/// A list that is written down, of constants or tensors: goes into the region with its reader.
static ListConstructOp literalList(Value value) { return value.getDefiningOp<ListConstructOp>(); }

namespace {
/// Operators on their way into one region.
struct Draft {
  llvm::SetVector<Operation *> operators;
  llvm::DenseMap<Operation *, Kind> kinds;
  llvm::DenseSet<Operation *> after; ///< generic operators that use the draft's values
  void clear() { *this = Draft(); }
};

struct OutlineRegions : impl::OutlineRegionsBase<OutlineRegions> {
  using OutlineRegionsBase::OutlineRegionsBase;
  void runOnOperation() override {
    unwrapOptionalTensors(getOperation());
    for (Block *block : codeBlocks(getOperation()))
      outlineBlock(*block);
  }

private:
  void outlineBlock(Block &block);
  std::optional<Kind> formOf(AtenOp op);
  bool usesAny(Operation *op, const llvm::DenseSet<Operation *> &others);
  bool usesDraft(Operation *op);
  void close(Operation *before);
  void keepViewsOutside();
  void emit(Operation *before);
  Draft draft;
};
} // namespace

/// Leaves the reason with an operator on tensors; for others nobody asks.
static void stayGeneric(Operation *op, const Twine &why) {
  auto holdsTensors = [](Type type) {
    auto list = dyn_cast<ListType>(type);
    return isa<TensorType>(list ? list.getElement() : type);
  };
  if (llvm::any_of(op->getResultTypes(), holdsTensors))
    op->setAttr(kernel::kGenericAttr, StringAttr::get(op->getContext(), why));
}

/// Why an operand cannot be taken into a region.
static std::optional<std::string> whyNotOperand(StringRef name, Value operand, Kind kind) {
  if (isa<TensorType>(operand.getType()) || isScalarConstant(operand))
    return std::nullopt;
  ListConstructOp list = literalList(operand);
  if (list && findObjectUses(operand).isWritten)
    return because(Reason::ListWritten, name);
  bool readable = list && llvm::all_of(list.getElements(), [](Value element) {
                    return isa<TensorType>(element.getType()) || isScalarConstant(element);
                  });
  // A view takes its sizes from its type.
  if (readable || kind == Kind::View)
    return std::nullopt;
  return because(Reason::NotConstant, name);
}

/// A reshape is a view or a copy as the strides of its operand ask for, and a region's results are
/// dense whatever theirs would be. It makes a difference where one of both is written.
static bool isWrittenThroughReshape(Value value) {
  bool reshapes = false, writes = false;
  SmallVector<Value> worklist = {value};
  while (!worklist.empty()) {
    for (OpOperand &use : worklist.pop_back_val().getUses()) {
      auto op = dyn_cast<AtenOp>(use.getOwner());
      const OperatorRow *row = op ? op.getRow() : nullptr;
      if (!row || use.getOperandNumber() >= row->schema().arguments.size())
        continue;
      const SchemaAlias &alias = row->schema().arguments[use.getOperandNumber()].alias;
      writes |= alias.isWrite;
      reshapes |= llvm::is_contained(
          {"aten::reshape", "aten::reshape_as", "aten::flatten", "aten::contiguous", "aten::ravel"},
          op.getBaseName());
      if (!alias.sets.empty() && !alias.isWrite)
        worklist.append(op.getResults().begin(), op.getResults().end());
    }
  }
  return reshapes && writes;
}

std::optional<Kind> OutlineRegions::formOf(AtenOp op) {
  std::string why;
  std::optional<Kind> kind = kernel::compiledKind(op, why);
  if (!kind) {
    stayGeneric(op, why);
    return std::nullopt;
  }
  for (auto [argument, operand] : llvm::zip(op.getRow()->schema().arguments, op.getArgs()))
    if (std::optional<std::string> reason = whyNotOperand(argument.name, operand, *kind)) {
      stayGeneric(op, *reason);
      return std::nullopt;
    }
  if (*kind != Kind::View && llvm::any_of(op.getResults(), isWrittenThroughReshape)) {
    stayGeneric(op, because(Reason::ReshapeWritten));
    return std::nullopt;
  }
  return kind;
}

bool OutlineRegions::usesAny(Operation *op, const llvm::DenseSet<Operation *> &others) {
  WalkResult result = op->walk([&](Operation *each) {
    for (Value operand : each->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      ListConstructOp list = literalList(operand);
      if (producer && !list && others.contains(producer))
        return WalkResult::interrupt();
      if (list && usesAny(list, others))
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool OutlineRegions::usesDraft(Operation *op) {
  llvm::DenseSet<Operation *> members(draft.operators.begin(), draft.operators.end());
  return usesAny(op, members) || usesAny(op, draft.after);
}

void OutlineRegions::outlineBlock(Block &block) {
  SmallVector<Operation *> operations;
  for (Operation &op : block)
    operations.push_back(&op);
  for (Operation *op : operations) {
    auto aten = dyn_cast<AtenOp>(op);
    std::optional<Kind> kind = aten ? formOf(aten) : std::nullopt;
    if (kind) {
      if (usesAny(op, draft.after))
        close(op);
      draft.operators.insert(op);
      draft.kinds[op] = *kind;
      continue;
    }
    if (op->hasTrait<OpTrait::IsTerminator>() || mayWrite(op)) {
      close(op);
      continue;
    }
    if (!draft.operators.empty() && usesDraft(op))
      draft.after.insert(op);
  }
}

// ---- Views that are seen outside

static bool isUsedOutside(Operation *op, const llvm::SetVector<Operation *> &members) {
  return llvm::any_of(op->getUsers(), [&](Operation *user) {
    if (isa<ListConstructOp>(user))
      return llvm::any_of(user->getUsers(),
                          [&](Operation *reader) { return !members.contains(reader); });
    return !members.contains(user);
  });
}

/// Views that outside users read are made again outside, unless they are the only way that anybody
/// outside sees the tensor, and dense: then the tensor itself leaves the region under that shape.
void OutlineRegions::keepViewsOutside() {
  SmallVector<Operation *> members(draft.operators.begin(), draft.operators.end());
  for (Operation *op : llvm::reverse(members)) {
    if (draft.kinds[op] != Kind::View || !isUsedOutside(op, draft.operators))
      continue;
    Operation *base = op;
    bool onlyReshapes = true;
    while (base && draft.operators.contains(base) && draft.kinds[base] == Kind::View) {
      bool alone = base->hasOneUse() || base == op;
      onlyReshapes &= kernel::isReshape(cast<AtenOp>(base)) && alone;
      base = cast<AtenOp>(base).getArgs()[0].getDefiningOp();
    }
    bool ownBase = base && draft.operators.contains(base);
    if (ownBase && onlyReshapes && base->hasOneUse())
      continue;
    OpBuilder builder(op);
    builder.setInsertionPointAfter(op); // before its readers
    Operation *copy = builder.clone(*op);
    op->getResult(0).replaceUsesWithIf(copy->getResult(0), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      if (auto list = dyn_cast<ListConstructOp>(user))
        return llvm::none_of(list->getUsers(),
                             [&](Operation *reader) { return draft.operators.contains(reader); });
      return user != copy && !draft.operators.contains(user);
    });
    stayGeneric(copy, because(Reason::SeenOutside));
    draft.after.insert(copy);
  }
  // Views that nothing in the region reads any more.
  for (bool changed = true; changed;) {
    changed = false;
    members.assign(draft.operators.begin(), draft.operators.end());
    for (Operation *op : llvm::reverse(members))
      if (op->use_empty()) {
        draft.operators.remove(op);
        op->erase();
        changed = true;
      }
  }
}

// ---- Emission

void OutlineRegions::close(Operation *before) {
  bool hasWork =
      llvm::any_of(draft.operators, [&](Operation *op) { return draft.kinds[op] != Kind::View; });
  if (hasWork)
    keepViewsOutside();
  else
    for (Operation *op : draft.operators)
      stayGeneric(op, because(Reason::OnlyViews));
  if (hasWork && !draft.operators.empty())
    emit(before);
  draft.clear();
}

void OutlineRegions::emit(Operation *before) {
  llvm::SetVector<Value> inputs, outputs;
  auto addInput = [&](Value value) {
    Operation *producer = value.getDefiningOp();
    if (isa<TensorType>(value.getType()) && !(producer && draft.operators.contains(producer)) &&
        !isa_and_nonnull<ConstantOp>(producer))
      inputs.insert(value);
  };
  for (Operation *op : draft.operators) {
    for (Value operand : op->getOperands()) {
      addInput(operand);
      if (ListConstructOp list = literalList(operand))
        llvm::for_each(list.getElements(), addInput);
    }
    if (isUsedOutside(op, draft.operators))
      for (Value result : op->getResults())
        if (!result.use_empty())
          outputs.insert(result);
  }
  // Users that stand before the end move behind the region, in their order.
  OpBuilder builder(before);
  SmallVector<Location> locations;
  for (Operation *op : draft.operators)
    locations.push_back(op->getLoc());
  SmallVector<Type> types = llvm::map_to_vector(outputs, [](Value v) { return v.getType(); });
  auto region = kernel::RegionOp::create(builder, withDebugNames(locations.front(), {}), types,
                                         inputs.getArrayRef());
  Block &body = region.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(&body);
  auto bring = [&](Value operand, auto &&self) -> void {
    Operation *producer = operand.getDefiningOp();
    if (mapping.contains(operand) || !producer)
      return;
    if (ListConstructOp list = literalList(operand)) {
      for (Value element : list.getElements()) {
        if (!isa<TensorType>(element.getType()) && !isScalarConstant(element))
          return; // a view's sizes
        self(element, self);
      }
      builder.clone(*producer, mapping);
    } else if (isa<ConstantOp>(producer)) {
      builder.clone(*producer, mapping);
    }
  };
  for (Operation *op : draft.operators) {
    for (Value operand : op->getOperands()) {
      bring(operand, bring);
      if (mapping.contains(operand))
        continue;
      // What a view would compute its sizes from; its type has them.
      auto none = ConstantOp::create(builder, op->getLoc(), NoneType::get(&getContext()),
                                     UnitAttr::get(&getContext()));
      mapping.map(operand, none.getResult());
    }
    builder.clone(*op, mapping);
    ++numOutlined;
  }
  kernel::YieldOp::create(builder, region.getLoc(),
                          llvm::map_to_vector(outputs, [&](Value v) { return mapping.lookup(v); }));
  for (auto [output, result] : llvm::zip(outputs, region.getResults()))
    Value(output).replaceAllUsesWith(result);
  SmallVector<Operation *> later(draft.after.begin(), draft.after.end());
  llvm::sort(later, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : later)
    op->moveBefore(before);
  for (Operation *op : llvm::reverse(draft.operators)) {
    SmallVector<Operation *> lists;
    for (Value operand : op->getOperands())
      if (ListConstructOp list = literalList(operand))
        lists.push_back(list);
    op->erase();
    for (Operation *list : lists)
      if (list->use_empty())
        list->erase();
  }
}

} // namespace tsc::ts
