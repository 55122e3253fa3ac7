// SPDX-License-Identifier: Apache-2.0
#include "Recursion.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::dyn_cast;

namespace tsc::importer {

namespace {
class CallGraph {
public:
  explicit CallGraph(ModuleOp module) : symbols(module) {
    for (ts::FuncOp function : module.getOps<ts::FuncOp>())
      collect(function);
  }
  /// The functions of a cycle, or none.
  SmallVector<ts::FuncOp> findCycle();
  Operation *callTo(ts::FuncOp caller, ts::FuncOp callee) { return sites.lookup({caller, callee}); }

private:
  void collect(ts::FuncOp function);
  ts::FuncOp calleeOf(Operation *op);
  bool search(ts::FuncOp start, SmallVector<ts::FuncOp> &cycle);

  SymbolTable symbols;
  llvm::MapVector<Operation *, SmallVector<ts::FuncOp>> callees;
  llvm::DenseMap<std::pair<Operation *, Operation *>, Operation *> sites;
  llvm::DenseMap<Operation *, bool> isOpen; ///< absent: not yet seen; false: done
};
} // namespace

ts::FuncOp CallGraph::calleeOf(Operation *op) {
  Type self;
  StringRef method;
  if (auto call = dyn_cast<ts::CallFunctionOp>(op)) {
    auto type = dyn_cast<ts::FunctionType>(call.getCallee().getType());
    return type ? symbols.lookup<ts::FuncOp>(type.getName().getAttr()) : ts::FuncOp();
  }
  if (auto call = dyn_cast<ts::CallMethodOp>(op)) {
    self = call.getObject().getType();
    method = call.getMethod();
  } else if (auto enter = dyn_cast<ts::EnterOp>(op)) {
    self = enter.getObject().getType();
    method = "__enter__";
  } else if (auto exit = dyn_cast<ts::ExitOp>(op)) {
    self = exit.getObject().getType();
    method = "__exit__";
  }
  auto type = self ? dyn_cast<ts::ClassType>(self) : ts::ClassType();
  auto owner = type ? symbols.lookup<ts::ClassOp>(type.getName().getAttr()) : ts::ClassOp();
  FlatSymbolRefAttr name = owner ? owner.findMethod(method) : FlatSymbolRefAttr();
  return name ? symbols.lookup<ts::FuncOp>(name.getAttr()) : ts::FuncOp();
}

void CallGraph::collect(ts::FuncOp function) {
  SmallVector<ts::FuncOp> &found = callees[function];
  function.walk([&](Operation *op) {
    ts::FuncOp callee = calleeOf(op);
    if (callee && sites.try_emplace({function, callee}, op).second)
      found.push_back(callee);
  });
}

bool CallGraph::search(ts::FuncOp start, SmallVector<ts::FuncOp> &cycle) {
  // Depth first, without recursion: a path of functions and how far each one's callees are done.
  SmallVector<std::pair<ts::FuncOp, size_t>> path = {{start, 0}};
  isOpen[start] = true;
  while (!path.empty()) {
    auto &[function, next] = path.back();
    SmallVector<ts::FuncOp> &list = callees[function];
    if (next == list.size()) {
      isOpen[function] = false;
      path.pop_back();
      continue;
    }
    ts::FuncOp callee = list[next++];
    auto [mark, isNew] = isOpen.try_emplace(callee, true);
    if (isNew) {
      path.push_back({callee, 0});
      continue;
    }
    if (!mark->second)
      continue;
    bool inside = false;
    for (auto &step : path) {
      inside |= step.first == callee;
      if (inside)
        cycle.push_back(step.first);
    }
    return true;
  }
  return false;
}

SmallVector<ts::FuncOp> CallGraph::findCycle() {
  SmallVector<ts::FuncOp> cycle;
  for (auto &entry : callees)
    if (!isOpen.count(entry.first) && search(cast<ts::FuncOp>(entry.first), cycle))
      break;
  return cycle;
}

bool checkRecursion(ModuleOp module, DiagnosticEngine &engine) {
  CallGraph graph(module);
  SmallVector<ts::FuncOp> cycle = graph.findCycle();
  if (cycle.empty())
    return true;
  std::string names;
  for (ts::FuncOp function : cycle)
    names += ("'" + function.getSymName() + "' calls ").str();
  names += ("'" + cycle.front().getSymName() + "'").str();
  Operation *site = graph.callTo(cycle.back(), cycle.front());
  SourceLocation where;
  FileLineColRange range = site ? ts::getOriginalRange(site->getLoc()) : FileLineColRange();
  if (!range && site)
    range = ts::getSerializedRange(site->getLoc());
  if (range) {
    where.file = range.getFilename().str();
    where.line = range.getStartLine();
    where.column = range.getStartColumn();
  }
  engine.report(std::move(where), Diag::RecursiveCall, names);
  return false;
}

} // namespace tsc::importer
