// SPDX-License-Identifier: Apache-2.0
// Operators without a compiled form of their own become the bodies of their functions in the
// library (OperatorLibrary.h). Only when all that decides the body's branches is known: types of
// tensors, and values of everything else; what is inlined then folds to straight-line code in the
// next round of the phase. Loops of the library are unrolled as soon as their number of turns is a
// constant.
//
// Tensors without elements and complex or half floats are left to the generic kernels, so that the
// library's functions need not think of them.
#include "OperatorLibrary.h"

#include "tsc/Kernel/Batchwise.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_DECOMPOSE
#include "tsc/Ts/TsPasses.h.inc"

/// On an operator that its own function in the library calls: it stays as it is.
static constexpr llvm::StringLiteral kWholeAttr = "ts.whole";
/// On a loop of the library.
static constexpr llvm::StringLiteral kUnrollAttr = "ts.unroll";
/// Turns of a loop that is unrolled.
static constexpr int64_t kMostTurns = 64;

namespace {
struct Decompose : impl::DecomposeBase<Decompose> {
  using DecomposeBase::DecomposeBase;
  void runOnOperation() override;

private:
  void decompose(AtenOp op);
  void inlineFunction(AtenOp op, FuncOp function);
  void unroll(LoopOp loop);

  std::shared_ptr<OperatorLibrary> library; ///< passes are copied, modules cannot be
};
} // namespace

// ---- What is known of operands

static Value withoutCasts(Value value) {
  while (auto cast = value.getDefiningOp<UncheckedCastOp>())
    value = cast.getInput();
  return value;
}

static bool isKnownTensor(TensorType type, bool isBatchwise) {
  bool areSizesKnown = type.hasStaticShape() || (isBatchwise && kernel::batchSymbol(type));
  if (!type.hasDType() || !areSizesKnown || llvm::is_contained(type.getSizes(), 0))
    return false;
  DTypeClass category = dtypeClass(type.getDtype());
  bool isHalf = category == DTypeClass::Float && dtypeBytes(type.getDtype()) < 4;
  return !isHalf && (category == DTypeClass::Float || category == DTypeClass::Integer ||
                     category == DTypeClass::Bool);
}

/// isBatchwise: of an operator that is written so that the size of the batch makes no difference.
static bool isKnown(Value operand, bool isBatchwise) {
  Attribute constant;
  Value value = withoutCasts(operand);
  if (auto tensor = dyn_cast<TensorType>(operand.getType()))
    return isKnownTensor(tensor, isBatchwise);
  if (auto tensor = dyn_cast<TensorType>(value.getType()))
    return isKnownTensor(tensor, isBatchwise);
  if (matchPattern(value, m_Constant(&constant)))
    return true;
  auto list = value.getDefiningOp<ListConstructOp>();
  return list && isOnlyRead(value) && llvm::all_of(list.getElements(), [&](Value element) {
           return isKnown(element, isBatchwise);
         });
}

// ---- Lists of views

/// The dim that an operator splits, counted from the front; nothing if it is not such an operator.
static std::optional<int64_t> splitDim(AtenOp op, int64_t rank) {
  StringRef name = op.getBaseName();
  bool isSplit =
      llvm::is_contained({"aten::split", "aten::chunk", "aten::unsafe_split", "aten::unsafe_chunk",
                          "aten::split_with_sizes", "aten::unsafe_split_with_sizes",
                          "aten::tensor_split", "aten::unbind"},
                         name);
  Value operand = isSplit ? op.getArg("dim") : Value();
  std::optional<int64_t> dim = operand ? kernel::constantInt(operand) : std::nullopt;
  if (!dim || rank == 0 || *dim < -rank || *dim >= rank)
    return std::nullopt;
  return *dim < 0 ? *dim + rank : *dim;
}

/// The parts of a tensor one by one instead of as a list that is only read.
static bool replaceBySlices(AtenOp op) {
  auto self = op.getArgs().empty() ? TensorType() : dyn_cast<TensorType>(op.getArgs()[0].getType());
  std::optional<int64_t> dim =
      self && self.getHasRank() ? splitDim(op, self.getRank()) : std::nullopt;
  SmallVector<Type> parts;
  if (!dim || !inferListElements(op.getResult(0), parts))
    return false;
  bool isUnbind = op.getBaseName() == "aten::unbind";
  int64_t total = 0;
  for (Type part : parts) {
    auto type = dyn_cast<TensorType>(part);
    if (!type || !type.hasDType() || !type.getHasRank() || (!isUnbind && type.getSizes()[*dim] < 0))
      return false;
    total += isUnbind ? 1 : type.getSizes()[*dim];
  }
  if (total != self.getSizes()[*dim]) // overlapping parts, or a size that is not known
    return false;
  OpBuilder builder(op);
  Location loc = withDebugNames(op.getLoc(), {});
  auto integer = [&](int64_t value) -> Value {
    return ConstantOp::create(builder, loc, IntType::get(op.getContext()),
                              builder.getI64IntegerAttr(value));
  };
  SmallVector<Value> views;
  for (int64_t start = 0; Type part : parts) {
    int64_t end = start + (isUnbind ? 1 : cast<TensorType>(part).getSizes()[*dim]);
    SmallVector<Value> operands = {op.getArgs()[0], integer(*dim), integer(start)};
    if (!isUnbind)
      operands.append({integer(end), integer(1)});
    StringAttr name = builder.getStringAttr(isUnbind ? "aten::select.int" : "aten::slice.Tensor");
    views.push_back(AtenOp::create(builder, loc, TypeRange(part), name, operands).getResult(0));
    start = end;
  }
  auto list = ListConstructOp::create(builder, op.getLoc(), op.getResult(0).getType(), views);
  op.getResult(0).replaceAllUsesWith(list.getResult());
  op.erase();
  return true;
}

/// Tensors that broadcast to one shape, one by one.
static bool replaceByExpands(AtenOp op) {
  SmallVector<Type> parts;
  auto list = op.getName() == "aten::broadcast_tensors"
                  ? op.getArgs()[0].getDefiningOp<ListConstructOp>()
                  : ListConstructOp();
  if (!list || !isOnlyRead(op.getArgs()[0]) || !inferListElements(op.getResult(0), parts) ||
      parts.size() != list.getElements().size())
    return false;
  OpBuilder builder(op);
  Location loc = withDebugNames(op.getLoc(), {});
  SmallVector<Value> views;
  for (auto [part, tensor] : llvm::zip_equal(parts, list.getElements())) {
    auto type = dyn_cast<TensorType>(part);
    if (!type || !type.hasStaticShape())
      return false;
    views.push_back(tensor);
    if (type == tensor.getType())
      continue;
    SmallVector<Value> sizes;
    for (int64_t size : type.getSizes())
      sizes.push_back(ConstantOp::create(builder, loc, IntType::get(op.getContext()),
                                         builder.getI64IntegerAttr(size)));
    Value shape = ListConstructOp::create(
        builder, loc, ListType::get(op.getContext(), IntType::get(op.getContext())), sizes);
    Value implicit = ConstantOp::create(builder, loc, BoolType::get(op.getContext()),
                                        builder.getBoolAttr(false));
    views.back() =
        AtenOp::create(builder, loc, TypeRange(part), builder.getStringAttr("aten::expand"),
                       ValueRange{tensor, shape, implicit})
            .getResult(0);
  }
  auto made = ListConstructOp::create(builder, op.getLoc(), op.getResult(0).getType(), views);
  op.getResult(0).replaceAllUsesWith(made.getResult());
  op.erase();
  return true;
}

// ---- Inlining

void Decompose::inlineFunction(AtenOp op, FuncOp function) {
  Block &body = function.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), op.getArgs());
  OpBuilder builder(op);
  Location loc = withDebugNames(op.getLoc(), {});
  for (Operation &each : body.without_terminator()) {
    builder.clone(each, mapping)->walk([&](Operation *inner) {
      inner->setLoc(loc);
      if (auto aten = dyn_cast<AtenOp>(inner); aten && aten.getName() == op.getName())
        inner->setAttr(kWholeAttr, builder.getUnitAttr());
      if (isa<LoopOp>(inner))
        inner->setAttr(kUnrollAttr, builder.getUnitAttr());
    });
  }
  SmallVector<Value> values = {
      mapping.lookupOrDefault(cast<ReturnOp>(body.getTerminator()).getValues()[0])};
  if (auto tuple = dyn_cast<TupleType>(values[0].getType()); tuple && op.getNumResults() > 1)
    values = TupleUnpackOp::create(builder, loc, tuple.getElements(), values[0])->getResults();
  for (auto [result, value] : llvm::zip_equal(op.getResults(), values)) {
    Value replacement = value;
    if (value.getType() != result.getType())
      replacement = UncheckedCastOp::create(builder, loc, result.getType(), value);
    result.replaceAllUsesWith(replacement);
  }
  op.erase();
  ++numDecomposed;
}

void Decompose::unroll(LoopOp loop) {
  IntegerAttr trips;
  BoolAttr enters, goesOn;
  if (!matchPattern(loop.getTrips(), m_Constant(&trips)) ||
      !matchPattern(loop.getCondition(), m_Constant(&enters)) ||
      !matchPattern(loop.bodyYield().getValues().front(), m_Constant(&goesOn)) ||
      !enters.getValue() || !goesOn.getValue() || trips.getInt() > kMostTurns)
    return;
  Block &body = loop.getBody().front();
  OpBuilder builder(loop);
  SmallVector<Value> carried(loop.getInits());
  for (int64_t turn = 0; turn < trips.getInt(); ++turn) {
    IRMapping mapping;
    mapping.map(loop.turn(), ConstantOp::create(builder, loop.getLoc(), loop.turn().getType(),
                                                builder.getI64IntegerAttr(turn))
                                 .getResult());
    for (auto [i, value] : llvm::enumerate(carried))
      mapping.map(body.getArgument(i + 1), value);
    for (Operation &each : body.without_terminator())
      builder.clone(each, mapping);
    for (auto [i, value] : llvm::enumerate(loop.bodyYield().getValues().drop_front()))
      carried[i] = mapping.lookupOrDefault(value);
  }
  for (auto [result, value] : llvm::zip_equal(loop.getResults(), carried)) {
    Value replacement = value;
    if (value.getType() != result.getType())
      replacement = UncheckedCastOp::create(builder, loop.getLoc(), result.getType(), value);
    result.replaceAllUsesWith(replacement);
  }
  loop.erase();
}

// ---- The pass

void Decompose::decompose(AtenOp op) {
  std::string why;
  bool isBatchwise = op.getName() == "aten::_native_multi_head_attention" ||
                     op.getName() == "aten::_transformer_encoder_layer_fwd";
  if (op->hasAttr(kWholeAttr) || !library->mayHave(op) ||
      !llvm::all_of(op.getArgs(), [&](Value operand) { return isKnown(operand, isBatchwise); }) ||
      kernel::compiledKind(op, why))
    return;
  if (FuncOp function = library->find(op))
    inlineFunction(op, function);
}

void Decompose::runOnOperation() {
  if (!library)
    library = std::make_shared<OperatorLibrary>(&getContext());
  SmallVector<AtenOp> operators;
  SmallVector<LoopOp> loops; // inner ones first
  getOperation().walk([&](Operation *op) {
    if (auto aten = dyn_cast<AtenOp>(op); aten && aten.getNumResults() != 0)
      operators.push_back(aten);
    if (auto loop = dyn_cast<LoopOp>(op); loop && loop->hasAttr(kUnrollAttr))
      loops.push_back(loop);
  });
  for (AtenOp op : operators)
    if (!replaceBySlices(op) && !replaceByExpands(op))
      decompose(op);
  for (LoopOp loop : loops)
    unroll(loop);
  if (library->error().empty())
    return;
  getOperation().emitError() << library->error();
  signalPassFailure();
}

} // namespace tsc::ts
