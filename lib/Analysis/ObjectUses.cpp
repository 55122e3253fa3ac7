// SPDX-License-Identifier: Apache-2.0
// A worklist over the values that may share an object's memory. An operator's schema says what it
// writes and which results alias which arguments; containers alias what is put into them and what
// is taken out.
#include "tsc/Analysis/ObjectUses.h"

#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace tsc::ts {

bool isImmutable(Type type) {
  if (auto tuple = dyn_cast<TupleType>(type))
    return llvm::all_of(tuple.getElements(), isImmutable);
  if (auto optional = dyn_cast<OptionalType>(type))
    return isImmutable(optional.getElement());
  return isa<IntType, FloatType, BoolType, ComplexType, NumberType, StrType, NoneType, DeviceType,
             LayoutType, EnumType, FunctionType>(type);
}

namespace {
class UseWalk {
public:
  ObjectUses run(Value start) {
    push(start);
    while (!worklist.empty() && !uses.escapes) {
      Value value = worklist.pop_back_val();
      for (OpOperand &use : value.getUses())
        visit(use);
    }
    return uses;
  }

private:
  void push(Value value) {
    if (!isImmutable(value.getType()) && seen.insert(value).second)
      worklist.push_back(value);
  }
  void visit(OpOperand &use);
  void visitAten(AtenOp op, unsigned index);
  void visitYield(YieldOp yield, unsigned index);

  ObjectUses uses;
  llvm::DenseSet<Value> seen;
  SmallVector<Value> worklist;
};
} // namespace

/// A container of which something can be taken out that others may change.
static bool holdsObjects(Type type) {
  if (auto list = dyn_cast<ListType>(type))
    return !isImmutable(list.getElement());
  if (auto dict = dyn_cast<DictType>(type))
    return !isImmutable(dict.getValue());
  return isa<TupleType>(type);
}

/// Normalization in training writes its running statistics, which schemas do not say.
static bool writesStatistics(AtenOp op, const SchemaArgument &argument) {
  if (argument.name != "running_mean" && argument.name != "running_var")
    return false;
  for (StringRef name : {"training", "train", "use_input_stats"})
    if (Value training = op.getArg(name)) {
      BoolAttr constant;
      return !matchPattern(training, m_Constant(&constant)) || constant.getValue();
    }
  return false;
}

/// Recurrent networks make their results anew, and keep none of the lists that they are given.
static bool isRecurrent(AtenOp op) {
  return llvm::is_contained({"aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu"},
                            op.getBaseName());
}

void UseWalk::visitAten(AtenOp op, unsigned index) {
  const OperatorRow *row = op.getRow();
  if (!row) {
    uses.escapes = true;
    return;
  }
  if (isRecurrent(op))
    return;
  const Schema &schema = row->schema();
  if (index >= schema.arguments.size()) { // varargs: print and format only read
    uses.escapes |= !schema.varargs;
    return;
  }
  const SchemaAlias &alias = schema.arguments[index].alias;
  uses.isWritten |= alias.isWrite || writesStatistics(op, schema.arguments[index]);
  Type type = op.getArgs()[index].getType();
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    const SchemaAlias *of = i < schema.returns.size() ? &schema.returns[i].alias : nullptr;
    bool shares = !of || llvm::any_of(alias.sets, [&](const std::string &set) {
      return llvm::is_contained(of->sets, set);
    });
    // What a container holds comes out under "*", or under no mark at all in older schemas.
    if (shares || holdsObjects(type) || (of && llvm::is_contained(of->sets, "*")))
      push(result);
  }
  // Put into a container: it can be reached through that container from now on.
  if (llvm::is_contained(alias.sets, "*"))
    for (auto [i, argument] : llvm::enumerate(schema.arguments))
      if (i != index && argument.alias.isWrite && i < op.getArgs().size())
        uses.escapes = true;
  if (!alias.isWrite)
    return;
  // A container that is written may be written with others' elements, and an element of it may be
  // replaced: both are writes to the container alone.
}

void UseWalk::visitYield(YieldOp yield, unsigned index) {
  Operation *parent = yield->getParentOp();
  if (auto branch = dyn_cast<IfOp>(parent)) {
    push(branch.getResult(index));
    return;
  }
  auto loop = cast<LoopOp>(parent);
  if (index == 0)
    return;
  push(loop.getResult(index - 1));
  push(loop.getBody().getArgument(index));
}

void UseWalk::visit(OpOperand &use) {
  Operation *user = use.getOwner();
  unsigned index = use.getOperandNumber();
  if (auto op = dyn_cast<AtenOp>(user))
    return visitAten(op, index);
  if (auto yield = dyn_cast<YieldOp>(user))
    return visitYield(yield, index);
  if (auto loop = dyn_cast<LoopOp>(user)) {
    if (index >= 2) {
      push(loop.getBody().getArgument(index - 1));
      push(loop.getResult(index - 2));
    }
    return;
  }
  if (isa<ListConstructOp, DictConstructOp, TupleConstructOp, TupleUnpackOp, TupleIndexOp,
          TupleSliceOp, ListUnpackOp, UncheckedCastOp, UpcastOp>(user)) {
    for (Value result : user->getResults())
      push(result);
    return;
  }
  if (isa<IsInstanceOp, IfOp, RetainOp, ReleaseOp>(user))
    return;
  // Attributes of an object are its own objects; who follows them asks for each.
  if (isa<GetAttrOp>(user))
    return;
  uses.escapes = true;
}

ObjectUses findObjectUses(Value value) { return UseWalk().run(value); }

} // namespace tsc::ts
