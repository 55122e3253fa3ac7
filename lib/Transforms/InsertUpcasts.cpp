// SPDX-License-Identifier: Apache-2.0
// TorchScript passes a subtype's value wherever a supertype is wanted. Where the two are held
// differently, an upcast is put in between, so that what follows finds every operand in the form
// that its place has.
#include "tsc/Analysis/Representation.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_INSERTUPCASTS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
class InsertUpcasts : public impl::InsertUpcastsBase<InsertUpcasts> {
  using InsertUpcastsBase::InsertUpcastsBase;
  void runOnOperation() override;
  void visit(Operation *op);
  void visitCall(Operation *op, mlir::FunctionType type, unsigned firstOperand,
                 unsigned firstInput);
  void visitMethod(CallMethodOp op);
  void visitYield(YieldOp op);
  void cast(OpOperand &operand, Type wanted);
  void castAll(Operation *op, unsigned first, TypeRange wanted);

  std::shared_ptr<SymbolTableCollection> symbols; ///< passes are copied, a collection cannot be
};
} // namespace

void InsertUpcasts::cast(OpOperand &operand, Type wanted) {
  Value value = operand.get();
  if (sameRepresentation(value.getType(), wanted))
    return;
  OpBuilder builder(operand.getOwner());
  operand.set(UpcastOp::create(builder, operand.getOwner()->getLoc(), wanted, value));
  ++numInserted;
}

void InsertUpcasts::castAll(Operation *op, unsigned first, TypeRange wanted) {
  for (auto [i, type] : llvm::enumerate(wanted))
    if (first + i < op->getNumOperands())
      cast(op->getOpOperand(first + i), type);
}

void InsertUpcasts::visitCall(Operation *op, mlir::FunctionType type, unsigned firstOperand,
                              unsigned firstInput) {
  castAll(
      op, firstOperand,
      TypeRange(type.getInputs()).drop_front(std::min<size_t>(firstInput, type.getNumInputs())));
}

void InsertUpcasts::visitMethod(CallMethodOp op) {
  Type object = op.getObject().getType();
  if (auto type = dyn_cast<InterfaceType>(object)) {
    auto owner = symbols->lookupNearestSymbolFrom<InterfaceOp>(op, type.getName());
    auto signature =
        owner ? dyn_cast_or_null<SignatureOp>(owner.lookupSymbol(op.getMethod())) : SignatureOp();
    if (signature)
      visitCall(op, signature.getFunctionType(), 1, 0);
    return;
  }
  auto type = dyn_cast<ClassType>(object);
  auto owner = type ? symbols->lookupNearestSymbolFrom<ClassOp>(op, type.getName()) : ClassOp();
  FlatSymbolRefAttr name = owner ? owner.findMethod(op.getMethod()) : FlatSymbolRefAttr();
  if (auto callee = name ? symbols->lookupNearestSymbolFrom<FuncOp>(op, name) : FuncOp())
    visitCall(op, callee.getFunctionType(), 1, 1);
}

void InsertUpcasts::visitYield(YieldOp op) {
  if (auto loop = dyn_cast<LoopOp>(op->getParentOp()))
    return castAll(op, 1, loop.getResultTypes());
  castAll(op, 0, op->getParentOp()->getResultTypes());
}

void InsertUpcasts::visit(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](YieldOp yield) { visitYield(yield); })
      .Case([&](LoopOp loop) { castAll(loop, 2, loop.getResultTypes()); })
      .Case([&](ReturnOp end) {
        if (auto function = dyn_cast<FuncOp>(end->getParentOp()))
          castAll(end, 0, function.getResultTypes());
        else if (auto future = dyn_cast<FutureType>(end->getParentOp()->getResult(0).getType()))
          castAll(end, 0, future.getElement());
        else if (auto awaited = dyn_cast<AwaitType>(end->getParentOp()->getResult(0).getType()))
          castAll(end, 0, awaited.getElement());
      })
      .Case([&](ListConstructOp list) {
        Type element = list.getType().getElement();
        castAll(list, 0, SmallVector<Type>(list.getNumOperands(), element));
      })
      .Case([&](DictConstructOp dict) {
        for (OpOperand &operand : dict->getOpOperands())
          cast(operand, operand.getOperandNumber() % 2 ? dict.getType().getValue()
                                                       : dict.getType().getKey());
      })
      .Case([&](TupleConstructOp tuple) { castAll(tuple, 0, tuple.getType().getElements()); })
      .Case([&](SetAttrOp set) {
        auto type = dyn_cast<ClassType>(set.getObject().getType());
        auto owner =
            type ? symbols->lookupNearestSymbolFrom<ClassOp>(set, type.getName()) : ClassOp();
        if (AttributeOp attribute = owner ? owner.findAttribute(set.getName()) : AttributeOp())
          cast(set->getOpOperand(1), attribute.getType());
      })
      .Case([&](CallMethodOp call) { visitMethod(call); })
      .Case([&](CallFunctionOp call) {
        if (auto callee = symbols->lookupNearestSymbolFrom<FuncOp>(
                call, call.getCallee().getType().getName()))
          visitCall(call, callee.getFunctionType(), 1, 0);
      })
      .Case<ForkOp, AwaitableOp>(
          [&](auto task) { castAll(task, 0, task.getBody().getArgumentTypes()); });
}

void InsertUpcasts::runOnOperation() {
  symbols = std::make_shared<SymbolTableCollection>();
  getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<kernel::RegionOp>(op)) // its lists are read when compiling and never made
      return WalkResult::skip();
    visit(op);
    return WalkResult::advance();
  });
}

} // namespace tsc::ts
