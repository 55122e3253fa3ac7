// SPDX-License-Identifier: Apache-2.0
// Chains of elementwise operators become one loop over the elements, without the tensors between
// them. The loop is compiled for float32; what the program computes for other dtypes stays beside
// it, chosen at run time by the dtypes of the inputs:
//
//   %fits = ts.has_dtype 6(%a, %b)
//   %r = ts.if %fits { ts.map(%a, %b) {...} } else { the operators as they were }
//
// A group is grown from its last operator upwards: a producer joins when all its uses are in the
// group, and nothing between it and the end may write to a tensor, for its work moves down to the
// end.
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "tsc/Ts/TsPasses.h.inc"

/// What the runtime's iterator takes beside the output.
static constexpr unsigned kMaxTensors = 7;
/// What the loops compute in.
static constexpr DType kDType = DType::Float32;

static bool isNumeric(Type type) { return isa<IntType, FloatType>(type); }

static bool isFusable(Operation *op) {
  auto aten = dyn_cast<AtenOp>(op);
  if (!aten || !kernel::keepsFloatDType(aten) || kernel::whyNotPointwise(aten, kDType))
    return false;
  return llvm::all_of(aten.getArgs(), [](Value argument) {
    Attribute constant;
    if (matchPattern(argument, m_Constant(&constant)) && !isa<TensorAttr>(constant))
      return isa<UnitAttr, IntegerAttr, FloatAttr, StringAttr>(constant);
    if (auto tensor = dyn_cast<TensorType>(argument.getType()))
      return !tensor.hasDType() || tensor.getDtype() == kDType;
    return isNumeric(argument.getType());
  });
}

/// May the operation change what a tensor holds?
static bool mayWriteTensors(Operation &op) {
  if (isa<CallFunctionOp, CallMethodOp, ForkOp, AwaitableOp, EnterOp, ExitOp>(op) ||
      op.getNumRegions())
    return true;
  auto aten = dyn_cast<AtenOp>(op);
  if (!aten)
    return false;
  const OperatorRow *row = aten.getRow();
  return !row || llvm::any_of(row->schema().arguments,
                              [](const SchemaArgument &a) { return a.alias.isWrite; });
}

namespace {
/// One group: its operators in order, and what they read from outside.
struct Group {
  llvm::SetVector<Operation *> operators;
  llvm::SetVector<Value> tensors, numbers;
};

struct FuseElementwise : impl::FuseElementwiseBase<FuseElementwise> {
  using FuseElementwiseBase::FuseElementwiseBase;
  void runOnOperation() override {
    getOperation().walk([&](Block *block) {
      if (!isa<MapOp, ModuleOp, ClassOp, InterfaceOp, kernel::RegionOp, kernel::GroupOp>(
              block->getParentOp()))
        blocks.push_back(block);
    });
    for (Block *block : blocks)
      fuseBlock(*block);
    blocks.clear();
  }

private:
  void fuseBlock(Block &block);
  Group grow(AtenOp last);
  void emit(Group &group, AtenOp last);
  SmallVector<Block *> blocks;
  llvm::DenseMap<Operation *, unsigned>
      epoch; ///< how many writes come before an operation of the block
};
} // namespace

static void findInputs(Group &group) {
  group.tensors.clear();
  group.numbers.clear();
  for (Operation *op : group.operators)
    for (Value argument : cast<AtenOp>(op).getArgs()) {
      if (Operation *producer = argument.getDefiningOp();
          producer && group.operators.contains(producer))
        continue;
      Attribute constant;
      bool isConstant = matchPattern(argument, m_Constant(&constant));
      if (isa<TensorType>(argument.getType()))
        group.tensors.insert(argument);
      else if (!isConstant)
        group.numbers.insert(argument);
    }
}

Group FuseElementwise::grow(AtenOp last) {
  Group group;
  group.operators.insert(last);
  for (bool grown = true; grown;) {
    grown = false;
    for (unsigned i = 0; i < group.operators.size() && !grown; ++i)
      for (Value argument : cast<AtenOp>(group.operators[i]).getArgs()) {
        Operation *producer = argument.getDefiningOp();
        if (!producer || group.operators.contains(producer) ||
            producer->getBlock() != last->getBlock() || !isFusable(producer) ||
            epoch[producer] != epoch[last] ||
            !llvm::all_of(producer->getUsers(),
                          [&](Operation *user) { return group.operators.contains(user); }))
          continue;
        Group wider = group;
        wider.operators.insert(producer);
        findInputs(wider);
        if (wider.tensors.size() > kMaxTensors)
          continue;
        group = std::move(wider);
        grown = true;
        break;
      }
  }
  SmallVector<Operation *> ordered(group.operators.begin(), group.operators.end());
  llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  group.operators.clear();
  group.operators.insert(ordered.begin(), ordered.end());
  findInputs(group);
  return group;
}

/// Fills the body of a ts.map with the group's formulas; false when one of them cannot be built.
static bool buildBody(MapOp map, Group &group) {
  Block &body = map.getBody().emplaceBlock();
  Type element = Float32Type::get(map.getContext());
  IRMapping values;
  for (Value input :
       llvm::concat<const Value>(group.tensors.getArrayRef(), group.numbers.getArrayRef()))
    values.map(input, body.addArgument(element, map.getLoc()));
  OpBuilder builder = OpBuilder::atBlockEnd(&body);
  Value result;
  for (Operation *op : group.operators) {
    auto aten = cast<AtenOp>(op);
    FailureOr<Value> value = kernel::emitPointwise(
        builder, op->getLoc(), aten, [&](Value operand) { return values.lookupOrNull(operand); },
        /*lanes=*/0, kDType);
    if (failed(value))
      return false;
    result = *value;
    values.map(aten.getResult(0), result);
  }
  MapYieldOp::create(builder, map.getLoc(), result);
  return true;
}

void FuseElementwise::emit(Group &group, AtenOp last) {
  OpBuilder builder(last);
  Location loc = last.getLoc();
  Type tensor = last.getResult(0).getType();
  SmallVector<Value> tensors(group.tensors.begin(), group.tensors.end());
  SmallVector<Value> numbers(group.numbers.begin(), group.numbers.end());
  auto fits = HasDTypeOp::create(builder, withDebugNames(loc, {}), BoolType::get(&getContext()),
                                 tensors, static_cast<int64_t>(kDType));
  auto branch = IfOp::create(builder, loc, TypeRange(tensor), fits.getResult());
  Block &fused = branch.getThenRegion().emplaceBlock(),
        &plain = branch.getElseRegion().emplaceBlock();
  builder.setInsertionPointToEnd(&fused);
  auto map = MapOp::create(builder, withDebugNames(loc, {}), tensor, tensors, numbers);
  if (!buildBody(map, group)) {
    branch.erase();
    fits.erase();
    return;
  }
  YieldOp::create(builder, loc, map.getResult());
  builder.setInsertionPointToEnd(&plain);
  IRMapping mapping;
  for (Operation *op : group.operators)
    builder.clone(*op, mapping);
  YieldOp::create(builder, loc, mapping.lookup(last.getResult(0)));
  last.getResult(0).replaceAllUsesWith(branch.getResult(0));
  numFused += group.operators.size();
  for (Operation *op : llvm::reverse(group.operators))
    op->erase();
}

void FuseElementwise::fuseBlock(Block &block) {
  epoch.clear();
  unsigned writes = 0;
  SmallVector<AtenOp> candidates;
  for (Operation &op : block) {
    writes += mayWriteTensors(op);
    epoch[&op] = writes;
    if (isFusable(&op))
      candidates.push_back(cast<AtenOp>(op));
  }
  llvm::DenseSet<Operation *> done;
  for (AtenOp last : llvm::reverse(candidates)) {
    if (done.contains(last))
      continue;
    Group group = grow(last);
    if (group.operators.size() < 2 || group.tensors.empty())
      continue;
    done.insert(group.operators.begin(), group.operators.end());
    emit(group, last);
  }
}

} // namespace tsc::ts
