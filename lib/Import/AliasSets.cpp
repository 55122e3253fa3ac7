// SPDX-License-Identifier: Apache-2.0
// A coarse alias analysis: values that may share memory are in one set, a container in its
// elements' set, and everything that comes from outside or may be kept there in one more.
#include "Cleanup.h"

#include "Types.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

AliasSets::AliasSets(Region &graph) {
  parents.push_back(kOutside);
  for (BlockArgument argument : graph.front().getArguments())
    setOutside(argument);
  for (Operation &op : graph.front())
    visit(&op);
}

unsigned AliasSets::find(unsigned set) {
  while (parents[set] != set)
    set = parents[set] = parents[parents[set]];
  return set;
}

unsigned AliasSets::makeSet(Value value) {
  auto [it, isNew] = sets.try_emplace(value, parents.size());
  if (isNew)
    parents.push_back(parents.size());
  return it->second;
}

std::optional<unsigned> AliasSets::setOf(Value value) {
  auto it = sets.find(value);
  return it == sets.end() ? std::nullopt : std::optional(find(it->second));
}

void AliasSets::mergeValues(Value a, Value b) {
  if (isMutable(a.getType()) && isMutable(b.getType()))
    merge(makeSet(a), makeSet(b));
}

void AliasSets::setOutside(Value value) {
  if (isMutable(value.getType()))
    merge(makeSet(value), kOutside);
}

void AliasSets::visitOperator(ts::AtenOp op) {
  const ts::OperatorRow *row = op.getRow();
  if (!row) {
    for (Value value : op->getOperands())
      setOutside(value);
    for (Value value : op->getResults())
      setOutside(value);
    return;
  }
  const ts::Schema &schema = row->schema();
  auto isWild = [](const ts::SchemaAlias &alias) { return llvm::is_contained(alias.sets, "*"); };
  for (auto [argument, value] : llvm::zip(schema.arguments, op.getArgs())) {
    if (isWild(argument.alias))
      setOutside(value);
    if (argument.alias.isWrite && isMutable(value.getType()))
      writes[op].push_back(makeSet(value));
  }
  for (auto [result, value] : llvm::zip(schema.returns, op.getResults())) {
    if (!isMutable(value.getType()))
      continue;
    makeSet(value);
    if (isWild(result.alias))
      setOutside(value);
    for (auto [argument, given] : llvm::zip(schema.arguments, op.getArgs()))
      if (llvm::any_of(result.alias.sets, [&](const std::string &set) {
            return llvm::is_contained(argument.alias.sets, set);
          }))
        mergeValues(value, given);
  }
}

void AliasSets::visit(Operation *op) {
  for (Value result : op->getResults())
    if (isMutable(result.getType()))
      makeSet(result);
  if (auto aten = dyn_cast<ts::AtenOp>(op))
    return visitOperator(aten);
  if (isa<ts::ListConstructOp, ts::DictConstructOp, ts::TupleConstructOp, ts::UncheckedCastOp>(
          op)) {
    for (Value operand : op->getOperands())
      mergeValues(operand, op->getResult(0));
    return;
  }
  // A tensor of the archive may be a constant, or part of the state, elsewhere as well.
  if (auto constant = dyn_cast<ts::ConstantOp>(op);
      constant && isa<ts::TensorAttr, FlatSymbolRefAttr>(constant.getValue()))
    return setOutside(constant.getResult());
  if (isa<ts::ConstantOp, ts::CreateObjectOp, ts::IsInstanceOp, ts::UninitializedOp>(op))
    return;
  if (auto branch = dyn_cast<ts::IfOp>(op)) {
    for (Region &region : op->getRegions()) {
      for (Operation &inner : region.front())
        visit(&inner);
      for (auto [value, result] :
           llvm::zip(region.front().getTerminator()->getOperands(), op->getResults()))
        mergeValues(value, result);
    }
    return;
  }
  if (auto loop = dyn_cast<ts::LoopOp>(op)) {
    Block &body = loop.getBody().front();
    for (auto [init, argument, result] :
         llvm::zip_equal(loop.getInits(), body.getArguments().drop_front(), op->getResults())) {
      mergeValues(init, argument);
      mergeValues(argument, result);
    }
    for (Operation &inner : body)
      visit(&inner);
    for (auto [value, result] :
         llvm::zip_equal(body.getTerminator()->getOperands().drop_front(), op->getResults()))
      mergeValues(value, result);
    return;
  }
  if (isa<ts::YieldOp, ts::ReturnOp>(op))
    return;
  // Calls, attributes, unpacking, forks: what they see and give may be anything outside.
  for (Value operand : op->getOperands())
    if (!isa<ts::GetAttrOp, ts::TupleIndexOp, ts::TupleUnpackOp, ts::TupleSliceOp,
             ts::ListUnpackOp>(op))
      setOutside(operand);
  for (Value result : op->getResults())
    setOutside(result);
}

SmallVector<unsigned> AliasSets::writtenSets(Operation *op) {
  SmallVector<unsigned> found;
  auto it = writes.find(op);
  if (it != writes.end())
    for (unsigned set : it->second)
      found.push_back(find(set));
  return found;
}

bool AliasSets::writesOutside(Operation *op) {
  return llvm::any_of(writtenSets(op), [&](unsigned set) { return isOutside(set); });
}

bool AliasSets::isWritten(Value value) {
  std::optional<unsigned> set = setOf(value);
  if (!set)
    return false;
  for (auto &[op, written] : writes)
    if (llvm::any_of(written, [&](unsigned other) { return find(other) == *set; }))
      return true;
  return false;
}

} // namespace tsc::importer
