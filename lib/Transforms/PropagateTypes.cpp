// SPDX-License-Identifier: Apache-2.0
// Forward over every function: types of results are computed anew from what is proven of operands,
// so that what an earlier phase or the archive wrote there counts for nothing. Branches join what
// both sides yield; loops start from what enters and widen until nothing changes. When types are
// settled, what they decide becomes a constant.
//
// A type holds for a tensor as long as nobody changes its metadata. Who may have a reference to a
// tensor is hard to know, so that one operator like resize_ ends all claims in its function, and
// those in functions that call others.
#include "tsc/Analysis/ObjectUses.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_PROPAGATETYPES
#include "tsc/Ts/TsPasses.h.inc"

namespace {
/// Sets the types of one function's values.
class TypeWalk {
public:
  explicit TypeWalk(bool trusting) : trusting(trusting) {}
  void visit(Block &block) {
    for (Operation &op : block)
      visit(&op);
  }

private:
  void visit(Operation *op);
  void visitAten(AtenOp op);
  void visitIf(IfOp op);
  void visitLoop(LoopOp op);
  void visitTask(Operation *op);
  Type tupleElement(TupleIndexOp op);
  /// Gives a result what is known of a value that it stands for.
  void refine(Value result, Type known);

  bool trusting; ///< nothing changes metadata
};

struct PropagateTypes : impl::PropagateTypesBase<PropagateTypes> {
  using PropagateTypesBase::PropagateTypesBase;
  void runOnOperation() override;

private:
  void fold(Operation *op);
  void foldAten(AtenOp op);
  void foldUnpack(ListUnpackOp op);
  void foldCast(UncheckedCastOp op);
  void bypassCasts(AtenOp op);
  void takePlainOperands(AtenOp op);
  bool marksGradients = false; ///< the program has requires_grad_

  /// The constant that a question about a tensor is answered by; null if there is none.
  Attribute answer(AtenOp op, TensorType type);
  bool mayRequireGrad(Value tensor);
  bool foldList(AtenOp op);
  bool foldSizes(AtenOp op);
  void replace(AtenOp op, Value value) {
    op.getResult(0).replaceAllUsesWith(value);
    ++numFolded;
  }
};
} // namespace

// ---- Types
/// True for a value that no path reads: a branch that raises yields such.
static bool isNeverRead(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto branch = dyn_cast_or_null<IfOp>(op)) {
    unsigned i = cast<OpResult>(value).getResultNumber();
    return isNeverRead(branch.thenYield().getValues()[i]) &&
           isNeverRead(branch.elseYield().getValues()[i]);
  }
  return isa_and_nonnull<UninitializedOp>(op);
}

static bool isNone(Value value) {
  Attribute constant;
  return isa<NoneType>(value.getType()) ||
         (matchPattern(value, m_Constant(&constant)) && isa<UnitAttr>(constant));
}

/// What is known so far (null: nothing came yet), joined with a value of the declared type.
static Type joinValue(Type known, Type declared, Value value) {
  if (isNeverRead(value) || (isa<OptionalType>(declared) && isNone(value)))
    return known;
  Type type = refineType(declared, value.getType());
  return known ? joinTypes(known, type) : type;
}

static bool holdsList(Type type) {
  if (auto tuple = dyn_cast<TupleType>(type))
    return llvm::any_of(tuple.getElements(), holdsList);
  if (auto optional = dyn_cast<OptionalType>(type))
    return holdsList(optional.getElement());
  return isa<ListType, DictType, UnionType, AnyType, FutureType, AwaitType, RRefType>(type);
}

void TypeWalk::refine(Value result, Type known) {
  Type plain = withoutTensorFacts(result.getType());
  Type type = trusting ? refineType(plain, known) : plain;
  // Elements of a list that is written to may be others later.
  auto list = dyn_cast<ListType>(type);
  bool isFlat = list && !holdsList(list.getElement());
  if (type != plain && holdsList(type) && !(isFlat && isOnlyRead(result))) {
    ObjectUses uses = findObjectUses(result);
    if (uses.isWritten || uses.escapes)
      type = plain;
  }
  result.setType(type);
}

void TypeWalk::visitAten(AtenOp op) {
  SmallVector<Type> types;
  if (failed(inferResultTypes(op, types)))
    types.assign(op.getResultTypes().begin(), op.getResultTypes().end());
  bool known = !types.empty() && types.size() == op.getNumResults();
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    refine(result, known ? types[i] : withoutTensorFacts(result.getType()));
}

void TypeWalk::visitIf(IfOp op) {
  visit(op.getThenRegion().front());
  visit(op.getElseRegion().front());
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    Type plain = withoutTensorFacts(result.getType()), known;
    for (YieldOp yield : {op.thenYield(), op.elseYield()})
      known = joinValue(known, plain, yield.getValues()[i]);
    refine(result, known ? known : plain);
  }
}

void TypeWalk::visitLoop(LoopOp op) {
  static constexpr int kMaxTurns = 16;
  Block &body = op.getBody().front();
  size_t count = op.getNumResults();
  SmallVector<Type> plain, known;
  for (auto [result, init] : llvm::zip_equal(op.getResults(), op.getInits())) {
    plain.push_back(withoutTensorFacts(result.getType()));
    known.push_back(joinValue({}, plain.back(), init));
  }
  for (int turn = 0;; ++turn) {
    for (size_t i = 0; i < count; ++i) {
      body.getArgument(i + 1).setType(plain[i]);
      refine(body.getArgument(i + 1), known[i] && turn < kMaxTurns ? known[i] : plain[i]);
    }
    visit(body);
    SmallVector<Type> next;
    for (size_t i = 0; i < count; ++i)
      next.push_back(joinValue(known[i], plain[i], op.bodyYield().getValues()[i + 1]));
    if (next == known || turn >= kMaxTurns)
      break;
    known = std::move(next);
  }
  for (size_t i = 0; i < count; ++i)
    refine(op.getResult(i), op.getBody().getArgument(i + 1).getType());
}

/// A task sees its arguments at a time of its own.
void TypeWalk::visitTask(Operation *op) {
  for (BlockArgument argument : op->getRegion(0).getArguments())
    argument.setType(withoutTensorFacts(argument.getType()));
  visit(op->getRegion(0).front());
}

Type TypeWalk::tupleElement(TupleIndexOp op) {
  ArrayRef<Type> elements = op.getTuple().getType().getElements();
  IntegerAttr index;
  if (matchPattern(op.getIndex(), m_Constant(&index))) {
    int64_t count = static_cast<int64_t>(elements.size()), at = index.getInt();
    at = at < 0 ? at + count : at;
    if (at >= 0 && at < count)
      return elements[at];
  }
  Type joined = elements.empty() ? op.getResult().getType() : elements.front();
  for (Type element : elements)
    joined = joinTypes(joined, element);
  return joined;
}

void TypeWalk::visit(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](AtenOp aten) { visitAten(aten); })
      .Case([&](IfOp branch) { visitIf(branch); })
      .Case([&](LoopOp loop) { visitLoop(loop); })
      .Case<ForkOp, AwaitableOp>([&](auto task) {
        refine(task->getResult(0), withoutTensorFacts(task->getResult(0).getType()));
        visitTask(task);
      })
      .Case([&](ConstantOp constant) {
        if (auto tensor = dyn_cast<TensorAttr>(constant.getValue()))
          refine(constant.getResult(),
                 TensorType::get(op->getContext(), tensor.getSizes(), tensor.getDtype()));
      })
      .Case([&](ListConstructOp list) {
        Type plain = cast<ListType>(withoutTensorFacts(list.getType())).getElement(), known;
        for (Value element : list.getElements())
          known = joinValue(known, plain, element);
        refine(list.getResult(), ListType::get(op->getContext(), known ? known : plain));
      })
      .Case([&](TupleConstructOp tuple) {
        SmallVector<Type> types(tuple.getElements().getTypes());
        refine(tuple.getResult(), TupleType::get(op->getContext(), types));
      })
      .Case([&](TupleUnpackOp unpack) {
        for (auto [result, type] :
             llvm::zip(unpack.getResults(), unpack.getTuple().getType().getElements()))
          refine(result, type);
      })
      .Case([&](TupleIndexOp index) { refine(index.getResult(), tupleElement(index)); })
      .Case([&](ListUnpackOp unpack) {
        SmallVector<Type> elements;
        bool known = inferListElements(unpack.getList(), elements) &&
                     elements.size() == unpack.getNumResults();
        for (auto [i, result] : llvm::enumerate(unpack.getResults()))
          refine(result, known ? elements[i] : unpack.getList().getType().getElement());
      })
      .Case<UncheckedCastOp, UpcastOp>([&](auto same) {
        Type known =
            same->hasAttr(kCheckedAttr) ? same.getResult().getType() : same.getInput().getType();
        refine(same.getResult(), known);
      })
      .Default([&](Operation *other) {
        for (Value result : other->getResults())
          result.setType(withoutTensorFacts(result.getType()));
      });
}

// ---- Folding
static Value makeConstant(OpBuilder &builder, Location loc, Type type, Attribute value) {
  return ConstantOp::create(builder, withDebugNames(loc, {}), type, value);
}

/// Questions whose answer is one for all tensors that the runtime has: they are dense and on the
/// CPU.
static std::optional<bool> answerForAll(StringRef name) {
  if (name == "prim::is_cpu")
    return true;
  if (llvm::is_contained({"prim::is_cuda", "prim::is_xpu", "prim::is_xla", "prim::is_mtia",
                          "prim::is_maia", "prim::is_ipu", "prim::is_mps", "prim::is_mkldnn",
                          "prim::is_vulkan", "prim::is_meta", "prim::is_sparse",
                          "prim::is_sparse_csr", "prim::is_nested"},
                         name))
    return false;
  return std::nullopt;
}

/// Tensors are marked as requiring gradients by request only; an operator's fresh result is not.
bool PropagateTypes::mayRequireGrad(Value tensor) {
  auto op = tensor.getDefiningOp<AtenOp>();
  const OperatorRow *row = op ? op.getRow() : nullptr;
  if (!row || marksGradients || row->schema().returns.size() != op.getNumResults() ||
      op.getArg("requires_grad"))
    return true;
  return !row->schema().returns[cast<OpResult>(tensor).getResultNumber()].alias.sets.empty();
}

Attribute PropagateTypes::answer(AtenOp op, TensorType type) {
  Builder builder(op.getContext());
  StringRef name = op.getName();
  if (std::optional<bool> fact = answerForAll(name))
    return builder.getBoolAttr(*fact);
  if (name == "prim::device")
    return DeviceAttr::get(op.getContext(), builder.getStringAttr("cpu"));
  if (name == "prim::layout")
    return builder.getI64IntegerAttr(0);
  if (name == "prim::requires_grad" && !mayRequireGrad(op.getArgs()[0]))
    return builder.getBoolAttr(false);
  auto integer = [&](int64_t value) {
    return value >= 0 ? builder.getI64IntegerAttr(value) : Attribute();
  };
  if (type.getHasRank()) {
    if (name == "aten::dim")
      return integer(type.getRank());
    if (name == "aten::size.int" || name == "aten::len.Tensor")
      return integer(inferSize(op.getResult(0)));
    if (name == "aten::numel" && type.hasStaticShape()) {
      int64_t count = 1;
      for (int64_t size : type.getSizes())
        count *= size;
      return integer(count);
    }
  }
  const DTypeInfo *info = type.hasDType() ? findDType(type.getDtype()) : nullptr;
  if (!info)
    return {};
  if (name == "prim::dtype")
    return integer(static_cast<int64_t>(info->dtype));
  if (name == "prim::itemsize" || name == "aten::element_size")
    return integer(info->bytes);
  if (name == "aten::is_floating_point")
    return builder.getBoolAttr(isFloating(info->dtype));
  if (name == "aten::is_complex")
    return builder.getBoolAttr(isComplex(info->dtype));
  if (name == "aten::is_signed")
    return builder.getBoolAttr(info->isSigned);
  if (name == "prim::is_quantized")
    return builder.getBoolAttr(isQuantized(info->dtype));
  return {};
}

/// The sizes of a tensor of known rank, one by one.
bool PropagateTypes::foldSizes(AtenOp op) {
  auto type = cast<TensorType>(op.getArgs()[0].getType());
  if (op.getName() != "aten::size" || !type.getHasRank())
    return false;
  OpBuilder builder(op);
  Type intType = IntType::get(op.getContext());
  SmallVector<Value> sizes;
  for (auto [i, size] : llvm::enumerate(type.getSizes())) {
    bool isKnown = size >= 0;
    Value number =
        makeConstant(builder, op.getLoc(), intType,
                     builder.getI64IntegerAttr(isKnown ? size : static_cast<int64_t>(i)));
    if (!isKnown)
      number = AtenOp::create(builder, withDebugNames(op.getLoc(), {}), TypeRange(intType),
                              builder.getStringAttr("aten::size.int"),
                              ValueRange{op.getArgs()[0], number})
                   .getResult(0);
    sizes.push_back(number);
  }
  replace(op, ListConstructOp::create(builder, op.getLoc(), op.getResult(0).getType(), sizes));
  return true;
}

/// Lengths and elements of lists that always hold what they were made of.
bool PropagateTypes::foldList(AtenOp op) {
  Value list = op.getArgs()[0];
  SmallVector<Type> types;
  if (!inferListElements(list, types))
    return false;
  int64_t count = static_cast<int64_t>(types.size());
  if (op.getName() == "aten::len.t") {
    OpBuilder builder(op);
    replace(op, makeConstant(builder, op.getLoc(), op.getResult(0).getType(),
                             builder.getI64IntegerAttr(count)));
    return true;
  }
  auto made = list.getDefiningOp<ListConstructOp>();
  IntegerAttr index;
  if (op.getName() != "aten::__getitem__.t" || !made ||
      !matchPattern(op.getArgs()[1], m_Constant(&index)))
    return false;
  int64_t at = index.getInt() < 0 ? index.getInt() + count : index.getInt();
  if (at < 0 || at >= count ||
      withoutTensorFacts(types[at]) != withoutTensorFacts(op.getResult(0).getType()))
    return false;
  replace(op, made.getElements()[at]);
  return true;
}

/// The int that a 0-d tensor was made of, when the tensor is only read.
static Value numberOf(AtenOp op) {
  if (op.getName() != "aten::Int.Tensor" && op.getName() != "aten::IntImplicit")
    return {};
  auto made = op.getArgs()[0].getDefiningOp<AtenOp>();
  if (!made || made.getName() != "prim::NumToTensor.Scalar" || !isOnlyRead(made.getResult(0)) ||
      !isa<IntType>(made.getArgs()[0].getType()))
    return {};
  return made.getArgs()[0];
}

void PropagateTypes::foldAten(AtenOp op) {
  if (op.getNumResults() != 1 || op.getArgs().empty() || op.getResult(0).use_empty())
    return;
  Value argument = op.getArgs()[0];
  if (isa<ListType>(argument.getType())) {
    foldList(op);
    return;
  }
  auto type = dyn_cast<TensorType>(argument.getType());
  if (!type || foldSizes(op))
    return;
  if (Value number = numberOf(op))
    return replace(op, number);
  Attribute constant = answer(op, type);
  if (!constant)
    return;
  OpBuilder builder(op);
  replace(op, ConstantOp::create(builder, op.getLoc(), op.getResult(0).getType(), constant));
}

void PropagateTypes::foldUnpack(ListUnpackOp op) {
  auto made = op.getList().getDefiningOp<ListConstructOp>();
  if (!made || !isOnlyRead(op.getList()) || made.getElements().size() != op.getNumResults())
    return;
  for (auto [result, element] : llvm::zip_equal(op.getResults(), made.getElements()))
    if (withoutTensorFacts(result.getType()) != withoutTensorFacts(element.getType()))
      return;
  op->replaceAllUsesWith(made.getElements());
  op.erase();
  ++numFolded;
}

/// A cast to the very same type says nothing, and neither do casts there and back.
void PropagateTypes::foldCast(UncheckedCastOp op) {
  Value source = op.getInput();
  for (auto inner = source.getDefiningOp<UncheckedCastOp>(); inner;
       inner = source.getDefiningOp<UncheckedCastOp>()) {
    if (source.getType() == op.getResult().getType() || inner->hasAttr(kCheckedAttr))
      break;
    source = inner.getInput();
  }
  if (source.getType() != op.getResult().getType() || op->hasAttr(kCheckedAttr))
    return;
  op.getResult().replaceAllUsesWith(source);
  op.erase();
  ++numFolded;
}

/// What operators are given as optional, or checked not to be None, goes to them as what it is, so
/// that its value can be read.
void PropagateTypes::bypassCasts(AtenOp op) {
  for (OpOperand &use : op->getOpOperands()) {
    Type wanted = withoutTensorFacts(use.get().getType());
    if (auto optional = dyn_cast<OptionalType>(wanted))
      wanted = optional.getElement();
    Value found = use.get(), value = found;
    while (auto cast = value.getDefiningOp<UncheckedCastOp>()) {
      if (cast->hasAttr(kCheckedAttr) || isa<TensorType>(cast.getInput().getType()))
        break;
      value = cast.getInput();
      if (isa<NoneType>(value.getType()) || withoutTensorFacts(value.getType()) == wanted)
        found = value;
    }
    if (found == use.get())
      continue;
    use.set(found);
    ++numFolded;
  }
}

/// Operators take tensors and None for optional tensors as they are.
void PropagateTypes::takePlainOperands(AtenOp op) {
  for (OpOperand &operand : op->getOpOperands()) {
    auto cast = operand.get().getDefiningOp<UncheckedCastOp>();
    auto optional = dyn_cast<OptionalType>(operand.get().getType());
    if (!cast || !optional || cast->hasAttr(kCheckedAttr) ||
        !isa<TensorType>(optional.getElement()) ||
        !isa<TensorType, NoneType>(cast.getInput().getType()))
      continue;
    operand.set(cast.getInput());
    ++numFolded;
  }
}

void PropagateTypes::fold(Operation *op) {
  if (auto aten = dyn_cast<AtenOp>(op)) {
    bypassCasts(aten);
    takePlainOperands(aten);
    foldAten(aten);
  } else if (auto unpack = dyn_cast<ListUnpackOp>(op))
    foldUnpack(unpack);
  else if (auto cast = dyn_cast<UncheckedCastOp>(op))
    foldCast(cast);
}

void PropagateTypes::runOnOperation() {
  auto changes = [](Operation *root) {
    return root
        ->walk([](AtenOp op) {
          return changesMetadata(op) ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  };
  auto callsOut = [](Operation *root) {
    return root
        ->walk([](Operation *op) {
          bool calls = isa<CallFunctionOp, CallMethodOp, ForkOp, AwaitableOp, EnterOp, ExitOp>(op);
          return calls ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  };
  bool moduleChanges = changes(getOperation());
  marksGradients = false;
  getOperation().walk([&](AtenOp op) { marksGradients |= op.getName() == "aten::requires_grad_"; });
  for (FuncOp function : getOperation().getOps<FuncOp>()) {
    if (function.isExternal())
      continue;
    bool trusting = !moduleChanges || (!changes(function) && !callsOut(function));
    TypeWalk(trusting).visit(function.getBody().front());
    function.walk([&](Operation *op) { fold(op); });
  }
}

} // namespace tsc::ts
