// SPDX-License-Identifier: Apache-2.0
// Dead code, by inverse mark and sweep: what the results need, what has side effects, and what
// writes to memory that is needed are live.
#include "Cleanup.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

namespace {
class DeadCode {
public:
  explicit DeadCode(Region &graph) : graph(graph), aliases(graph) {}
  void run() {
    // Marking is monotone; a write can become live by what is found after it.
    while (markBlock(graph.front()))
      ;
    sweep(graph.front());
  }

private:
  bool hasSideEffects(Operation *op);
  bool mark(Operation *op);
  bool markBlock(Block &block);
  bool markYield(Operation *yield);
  void makeLive(Value value);
  bool isLive(Operation *op);
  void sweep(Block &block);
  Operation *dropDeadResults(Operation *op);

  Region &graph;
  AliasSets aliases;
  llvm::DenseSet<Operation *> marked;
  llvm::DenseSet<Value> live;
  llvm::DenseSet<unsigned> liveSets;
  bool changed = false;
};
} // namespace

bool DeadCode::hasSideEffects(Operation *op) {
  if (isa<ts::RaiseOp, ts::SetAttrOp, ts::CallFunctionOp, ts::CallMethodOp, ts::EnterOp, ts::ExitOp,
          ts::ForkOp, ts::AwaitableOp>(op))
    return true;
  if (auto aten = dyn_cast<ts::AtenOp>(op)) {
    const ts::OperatorRow *row = aten.getRow();
    static const char *const kEffects[] = {
        "prim::Print",        "aten::warn",      "aten::save", "aten::manual_seed",
        "prim::AddStatValue", "prim::TimePoint", "aten::wait", "aten::seed"};
    if (!row || llvm::is_contained(kEffects, aten.getBaseName()))
      return true;
    return aliases.writesOutside(op);
  }
  return false;
}

void DeadCode::makeLive(Value value) {
  if (!live.insert(value).second)
    return;
  changed = true;
  if (std::optional<unsigned> set = aliases.setOf(value))
    liveSets.insert(*set);
}

bool DeadCode::mark(Operation *op) {
  if (!marked.insert(op).second)
    return false;
  changed = true;
  for (Value operand : op->getOperands())
    makeLive(operand);
  Operation *parent = op->getParentOp();
  if (parent != graph.getParentOp())
    mark(parent);
  return true;
}

bool DeadCode::isLive(Operation *op) {
  if (llvm::any_of(op->getResults(), [&](Value result) { return live.contains(result); }))
    return true;
  return llvm::any_of(aliases.writtenSets(op),
                      [&](unsigned set) { return liveSets.contains(set); });
}

/// The end of a block uses only the values whose results outside are used.
bool DeadCode::markYield(Operation *yield) {
  Operation *parent = yield->getParentOp();
  if (isa<ts::ReturnOp>(yield))
    return mark(yield);
  bool before = std::exchange(changed, false);
  if (auto loop = dyn_cast<ts::LoopOp>(parent)) {
    makeLive(yield->getOperand(0));
    for (auto [value, argument, result] :
         llvm::zip_equal(yield->getOperands().drop_front(),
                         loop.getBody().getArguments().drop_front(), parent->getResults()))
      if (live.contains(result) || live.contains(argument))
        makeLive(value);
  } else {
    for (auto [value, result] : llvm::zip_equal(yield->getOperands(), parent->getResults()))
      if (live.contains(result))
        makeLive(value);
  }
  bool any = changed;
  changed = before || any;
  return any;
}

bool DeadCode::markBlock(Block &block) {
  bool any = false;
  for (Operation &op : block)
    if (hasSideEffects(&op))
      any |= mark(&op);
  for (Operation &op : llvm::reverse(block)) {
    if (isa<ts::YieldOp, ts::ReturnOp>(op)) {
      any |= markYield(&op);
      continue;
    }
    if (isa<ts::LoopOp, ts::IfOp>(op)) {
      for (Region &region : op.getRegions())
        while (markBlock(region.front())) {
          any = true;
          if (isa<ts::IfOp>(op))
            break;
        }
    }
    if (isLive(&op))
      any |= mark(&op);
  }
  return any;
}

Operation *DeadCode::dropDeadResults(Operation *op) {
  SmallVector<unsigned> kept;
  auto loop = dyn_cast<ts::LoopOp>(op);
  for (OpResult result : op->getResults()) {
    bool isUsed = !result.use_empty();
    if (loop) {
      BlockArgument argument = loop.getBody().getArgument(1 + result.getResultNumber());
      isUsed |= live.contains(argument) && !argument.use_empty();
    }
    if (isUsed)
      kept.push_back(result.getResultNumber());
  }
  if (kept.size() == op->getNumResults())
    return op;
  // The new operation is as live as the old one, and its parts are the same.
  Operation *made;
  if (loop) {
    for (OpResult result : op->getResults())
      if (!llvm::is_contained(kept, result.getResultNumber()))
        loop.getBody()
            .getArgument(1 + result.getResultNumber())
            .replaceAllUsesWith(loop.getInits()[result.getResultNumber()]);
  }
  made = keepResults(op, kept);
  marked.insert(made);
  return made;
}

void DeadCode::sweep(Block &block) {
  for (Operation &at : llvm::make_early_inc_range(llvm::reverse(block))) {
    Operation *op = &at;
    if (isa<ts::YieldOp, ts::ReturnOp>(op))
      continue;
    if (!marked.contains(op)) {
      op->dropAllUses();
      op->erase();
      continue;
    }
    if (isa<ts::IfOp, ts::LoopOp>(op)) {
      op = dropDeadResults(op);
      for (Region &region : op->getRegions())
        sweep(region.front());
    }
  }
}

void eliminateDeadCode(Region &graph) { DeadCode(graph).run(); }

} // namespace tsc::importer
