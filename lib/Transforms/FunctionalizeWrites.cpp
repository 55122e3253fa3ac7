// SPDX-License-Identifier: Apache-2.0
// `y = op_(x)` becomes `y = op(x)` where nobody can tell: x is a fresh tensor of this block, what
// was done with it before only read it, and all that comes after reads y. The functional form must
// not change the dtype or the shape, which holds for some whatever their operands are, and for
// elementwise operators where types say so.
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FUNCTIONALIZEWRITES
#include "tsc/Ts/TsPasses.h.inc"

/// "aten::add.Tensor" for "aten::add_.Tensor"; "" when the name has no such form.
static std::string functionalName(StringRef name) {
  auto [base, overload] = name.split('.');
  if (!base.consume_back("_") || base.ends_with("_"))
    return "";
  return overload.empty() ? base.str() : (base + "." + overload).str();
}

/// True for operators that make their one result anew in their inputs' memory format, of no
/// argument's memory.
static bool makesFreshResult(Value value) {
  auto op = value.getDefiningOp<AtenOp>();
  const OperatorRow *row = op ? op.getRow() : nullptr;
  if (!row || !row->isFunctional() || op.getNumResults() != 1)
    return false;
  const Schema &schema = row->schema();
  return schema.returns.size() == 1 && schema.returns[0].alias.sets.empty() &&
         !llvm::is_contained(
             {"aten::dropout", "aten::feature_dropout", "aten::alpha_dropout", "aten::type_as"},
             op.getBaseName()) &&
         !op.getBaseName().starts_with("aten::_cast_");
}

/// A use that reads the tensor and keeps no way to it.
static bool onlyReads(OpOperand &use) {
  auto op = dyn_cast<AtenOp>(use.getOwner());
  const OperatorRow *row = op ? op.getRow() : nullptr;
  return row && use.getOperandNumber() < row->schema().arguments.size() &&
         row->schema().arguments[use.getOperandNumber()].alias.sets.empty();
}

namespace {
struct FunctionalizeWrites : impl::FunctionalizeWritesBase<FunctionalizeWrites> {
  using FunctionalizeWritesBase::FunctionalizeWritesBase;
  void runOnOperation() override {
    SmallVector<AtenOp> writes;
    getOperation().walk([&](AtenOp op) {
      if (!functionalName(op.getName()).empty() && op.getNumResults() == 1 && !op.getArgs().empty())
        writes.push_back(op);
    });
    for (AtenOp op : writes)
      functionalize(op);
  }

private:
  void functionalize(AtenOp op);
};
} // namespace

/// The operators that only change values: their functional forms keep dtype and shape of self when
/// all tensors are of self's dtype, and unary ones always.
static bool keepsSelf(StringRef name) {
  return llvm::is_contained({"aten::relu", "aten::relu6", "aten::hardtanh", "aten::hardswish",
                             "aten::hardsigmoid", "aten::leaky_relu", "aten::elu", "aten::silu",
                             "aten::clamp", "aten::neg", "aten::abs"},
                            name);
}

/// Does the functional form make a tensor of self's very dtype and sizes, by what is known of them?
static bool keepsKnownSelf(AtenOp op, StringRef name) {
  auto self = dyn_cast<TensorType>(op.getArgs()[0].getType());
  bool isKnown = self && self.hasDType() && self.getHasRank() &&
                 !llvm::is_contained(self.getSizes(), TensorType::kUnknownSize);
  if (!isKnown)
    return false;
  StringAttr written = op.getNameAttr();
  op.setName(name);
  SmallVector<Type> types;
  bool keeps =
      kernel::isPointwise(op) && succeeded(inferResultTypes(op, types)) && types.front() == self;
  op.setNameAttr(written);
  return keeps;
}

void FunctionalizeWrites::functionalize(AtenOp op) {
  std::string name = functionalName(op.getName());
  Value self = op.getArgs()[0];
  const OperatorRow *row = findOperator(name);
  if (!row || !(keepsSelf(name) || keepsKnownSelf(op, name)) ||
      row->schema().arguments.size() != op.getArgs().size() || !makesFreshResult(self) ||
      self.getParentBlock() != op->getBlock())
    return;
  SmallVector<OpOperand *> later;
  for (OpOperand &use : self.getUses()) {
    Operation *user = op->getBlock()->findAncestorOpInBlock(*use.getOwner());
    if (user == op)
      continue;
    if (!user)
      return;
    if (user->isBeforeInBlock(op)) {
      if (!onlyReads(use))
        return;
      continue;
    }
    later.push_back(&use);
  }
  for (OpOperand *use : later)
    use->set(op.getResult(0));
  op.setName(name);
  ++numChanged;
}

} // namespace tsc::ts
