// SPDX-License-Identifier: Apache-2.0
// One forward walk that computes operators on constants with lib/Evaluate and takes decided
// branches, repeated while a branch was taken. A list literal of constants is a constant operand of
// a reader, though not a constant itself: it is fresh each time it is made. Results that are
// tensors or lists become constants only where nothing writes to them and nothing else can: they
// would be shared by every call.
#include "tsc/Analysis/ObjectUses.h"
#include "tsc/Evaluate/Evaluator.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;
  void runOnOperation() override;

private:
  void visit(Block &block);
  void visitOperation(Operation *op);
  void foldAten(AtenOp op);
  void foldNoneTest(AtenOp op);
  void foldParts(Operation *op, Value whole);
  void takeBranch(IfOp op);
  void forwardElements(TupleUnpackOp op);
  void forwardYields(IfOp op);
  void replace(Value value, Attribute constant);

  std::shared_ptr<Evaluator> evaluator;
  bool changed = false;
};
} // namespace

/// The constant that a value stands for when it is only read; null if there is none.
static Attribute readableConstant(Value value) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant;
  if (auto cast = value.getDefiningOp<UncheckedCastOp>())
    return readableConstant(cast.getInput());
  auto list = value.getDefiningOp<ListConstructOp>();
  if (!list || findObjectUses(value).isWritten)
    return {};
  SmallVector<Attribute> elements;
  for (Value element : list.getElements()) {
    Attribute item = readableConstant(element);
    if (!item)
      return {};
    elements.push_back(item);
  }
  return ListAttr::get(value.getContext(), ArrayAttr::get(value.getContext(), elements),
                       value.getType());
}

void FoldConstants::replace(Value value, Attribute constant) {
  OpBuilder builder(value.getDefiningOp());
  Location loc = withDebugNames(value.getDefiningOp()->getLoc(), {getDebugName(value)});
  value.replaceAllUsesWith(ConstantOp::create(builder, loc, value.getType(), constant).getResult());
  ++numFolded;
}

static Value withoutCasts(Value value) {
  while (auto cast = value.getDefiningOp<UncheckedCastOp>())
    value = cast.getInput();
  return value;
}

/// `x is None` is decided by the type of x alone when that is not optional, `x is x` by itself.
void FoldConstants::foldNoneTest(AtenOp op) {
  bool isNot = op.getName() == "aten::__isnot__";
  if ((!isNot && op.getName() != "aten::__is__") || op.getArgs().size() != 2)
    return;
  Value first = withoutCasts(op.getArgs()[0]), second = withoutCasts(op.getArgs()[1]);
  if (first == second && isa<TensorType>(first.getType()))
    return replace(op.getResult(0), BoolAttr::get(op.getContext(), !isNot));
  auto known = [](Type type) { return !isa<OptionalType, UnionType, AnyType>(type); };
  Type a = first.getType(), b = second.getType();
  bool aNone = isa<NoneType>(a), bNone = isa<NoneType>(b);
  auto isConstantNone = [](Value value) {
    return isa_and_nonnull<UnitAttr>(readableConstant(value));
  };
  aNone |= isConstantNone(op.getArgs()[0]);
  bNone |= isConstantNone(op.getArgs()[1]);
  if (!(aNone || bNone))
    return;
  bool same = aNone && bNone;
  if (!same && !(aNone ? known(b) : known(a)))
    return;
  replace(op.getResult(0), BoolAttr::get(op.getContext(), same != isNot));
}

void FoldConstants::foldAten(AtenOp op) {
  if (op.getNumResults() == 0 ||
      llvm::all_of(op.getResults(), [](Value v) { return v.use_empty(); }))
    return;
  SmallVector<Attribute> operands;
  for (Value argument : op.getArgs()) {
    Attribute constant = readableConstant(argument);
    if (!constant)
      return;
    operands.push_back(constant);
  }
  for (Value result : op.getResults())
    if (!isImmutable(result.getType())) {
      ObjectUses uses = findObjectUses(result);
      if (uses.isWritten || uses.escapes)
        return;
    }
  FailureOr<SmallVector<Attribute>> results = evaluator->evaluate(op, operands);
  if (failed(results))
    return;
  for (auto [result, constant] : llvm::zip_equal(op.getResults(), *results))
    replace(result, constant);
}

/// What is taken out of a tuple or list: parts of a constant, all of them or the one at a constant
/// index, or the values that a tuple was made of.
void FoldConstants::foldParts(Operation *op, Value whole) {
  Attribute constant = readableConstant(whole);
  ArrayAttr parts;
  if (auto tuple = dyn_cast_or_null<TupleAttr>(constant))
    parts = tuple.getElements();
  else if (auto list = dyn_cast_or_null<ListAttr>(constant))
    parts = list.getElements();
  if (!parts)
    return;
  int64_t count = static_cast<int64_t>(parts.size()), first = 0;
  if (auto index = dyn_cast<TupleIndexOp>(op)) {
    IntegerAttr at;
    if (!matchPattern(index.getIndex(), m_Constant(&at)))
      return;
    first = at.getInt() < 0 ? at.getInt() + count : at.getInt();
    if (first < 0 || first >= count)
      return;
  } else if (count != op->getNumResults()) {
    return;
  }
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    if (isImmutable(result.getType()) && !result.use_empty())
      replace(result, parts[static_cast<size_t>(first) + i]);
}

/// Moves the chosen block's operations in front of the branch and erases it.
void FoldConstants::takeBranch(IfOp op) {
  BoolAttr condition;
  if (!matchPattern(op.getCondition(), m_Constant(&condition)))
    return;
  Block &chosen = (condition.getValue() ? op.getThenRegion() : op.getElseRegion()).front();
  Operation *yield = chosen.getTerminator();
  op->getBlock()->getOperations().splice(Block::iterator(op), chosen.getOperations(),
                                         chosen.begin(), Block::iterator(yield));
  OpBuilder builder(op);
  for (auto [result, value] : llvm::zip_equal(op.getResults(), yield->getOperands())) {
    Value replacement = value;
    if (value.getType() != result.getType())
      replacement = UncheckedCastOp::create(builder, op.getLoc(), result.getType(), value);
    result.replaceAllUsesWith(replacement);
  }
  op.erase();
  ++numFolded;
  changed = true;
}

/// A result that both blocks yield alike, from outside, is that value.
void FoldConstants::forwardYields(IfOp op) {
  for (auto [result, yes, no] :
       llvm::zip_equal(op.getResults(), op.thenYield().getValues(), op.elseYield().getValues()))
    if (yes == no && yes.getType() == result.getType() && !result.use_empty()) {
      result.replaceAllUsesWith(yes);
      ++numFolded;
    }
}

/// What a tuple is made of is what it unpacks to.
void FoldConstants::forwardElements(TupleUnpackOp op) {
  auto made = withoutCasts(op.getTuple()).getDefiningOp<TupleConstructOp>();
  if (!made || made.getElements().size() != op.getNumResults())
    return;
  OpBuilder builder(op);
  for (auto [result, element] : llvm::zip_equal(op.getResults(), made.getElements())) {
    if (result.use_empty())
      continue;
    Value value = element;
    if (value.getType() != result.getType())
      value = UncheckedCastOp::create(builder, op.getLoc(), result.getType(), value);
    result.replaceAllUsesWith(value);
    ++numFolded;
  }
}

void FoldConstants::visitOperation(Operation *op) {
  if (auto aten = dyn_cast<AtenOp>(op)) {
    foldNoneTest(aten);
    return foldAten(aten);
  }
  for (Region &region : op->getRegions())
    for (Block &block : region)
      visit(block);
  if (auto unpack = dyn_cast<TupleUnpackOp>(op))
    forwardElements(unpack);
  if (isa<TupleUnpackOp, TupleIndexOp, ListUnpackOp>(op))
    foldParts(op, op->getOperand(0));
  if (auto branch = dyn_cast<IfOp>(op)) {
    forwardYields(branch);
    takeBranch(branch);
  }
}

void FoldConstants::visit(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block))
    visitOperation(&op);
}

void FoldConstants::runOnOperation() {
  evaluator = std::make_shared<Evaluator>(&getContext());
  do {
    changed = false;
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (!function.isExternal())
        visit(function.getBody().front());
  } while (changed);
  evaluator.reset();
}

} // namespace tsc::ts
