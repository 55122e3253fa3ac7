// SPDX-License-Identifier: Apache-2.0
// Reachability over functions. Roots: the exported methods, every method that an interface may call
// by name, __setstate__ (it runs when an instance is made), context managers' methods, and
// functions named by constants.
#include "tsc/Transforms/Passes.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_REMOVEUNUSEDFUNCTIONS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct RemoveUnusedFunctions : impl::RemoveUnusedFunctionsBase<RemoveUnusedFunctions> {
  using RemoveUnusedFunctionsBase::RemoveUnusedFunctionsBase;
  void runOnOperation() override;

private:
  void reach(FlatSymbolRefAttr name);
  void reachMethod(Type object, StringRef method);
  void reachOperators(Type type);
  void visit(FuncOp function);
  std::shared_ptr<SymbolTableCollection> symbols; ///< passes are copied, a collection cannot be
  llvm::DenseSet<Operation *> reached;
  SmallVector<FuncOp> worklist;
};
} // namespace

void RemoveUnusedFunctions::reach(FlatSymbolRefAttr name) {
  auto function = symbols->lookupNearestSymbolFrom<FuncOp>(getOperation(), name);
  if (function && reached.insert(function).second)
    worklist.push_back(function);
}

/// On a class its own method; on anything else (interface, Any, Union) every method of that name.
void RemoveUnusedFunctions::reachMethod(Type object, StringRef method) {
  auto type = dyn_cast<ClassType>(object);
  for (ClassOp owner : getOperation().getOps<ClassOp>()) {
    if (type && owner.getSymNameAttr() != type.getName().getAttr())
      continue;
    if (FlatSymbolRefAttr name = owner.findMethod(method))
      reach(name);
  }
}

/// Operators on objects and on lists of them (sort, ==, str) call the class's own methods.
void RemoveUnusedFunctions::reachOperators(Type type) {
  if (auto list = dyn_cast<ListType>(type))
    type = list.getElement();
  if (auto tuple = dyn_cast<TupleType>(type))
    for (Type element : tuple.getElements())
      reachOperators(element);
  if (isa<ClassType>(type))
    for (StringRef method : {"__lt__", "__eq__", "__str__", "__len__", "__hash__"})
      reachMethod(type, method);
}

void RemoveUnusedFunctions::visit(FuncOp function) {
  function.walk([&](Operation *op) {
    if (auto call = dyn_cast<CallMethodOp>(op))
      reachMethod(call.getObject().getType(), call.getMethod());
    else if (auto enter = dyn_cast<EnterOp>(op))
      reachMethod(enter.getObject().getType(), "__enter__");
    else if (auto exit = dyn_cast<ExitOp>(op))
      reachMethod(exit.getObject().getType(), "__exit__");
    else if (isa<AtenOp>(op))
      for (Type type : op->getOperandTypes())
        reachOperators(type);
    op->getAttrDictionary().walk([&](FlatSymbolRefAttr name) { reach(name); });
  });
}

void RemoveUnusedFunctions::runOnOperation() {
  symbols = std::make_shared<SymbolTableCollection>();
  auto rootName = getOperation()->getAttrOfType<FlatSymbolRefAttr>(kRootAttr);
  auto root =
      rootName ? symbols->lookupNearestSymbolFrom<ObjectOp>(getOperation(), rootName) : ObjectOp();
  if (!root)
    return;
  for (ClassOp type : getOperation().getOps<ClassOp>())
    for (MethodOp method : type.getBody().getOps<MethodOp>()) {
      bool isRoot = type.getSymNameAttr() == root.getClassNameAttr().getAttr();
      bool isExported =
          isRoot && (exported.empty() || llvm::is_contained(exported, method.getSymName().str()));
      if (isExported || method.getSymName() == "__setstate__")
        reach(method.getFunctionAttr());
    }
  while (!worklist.empty())
    visit(worklist.pop_back_val());
  for (ClassOp type : getOperation().getOps<ClassOp>())
    for (MethodOp method : llvm::make_early_inc_range(type.getBody().getOps<MethodOp>())) {
      auto function =
          symbols->lookupNearestSymbolFrom<FuncOp>(getOperation(), method.getFunctionAttr());
      if (!function || !reached.contains(function))
        method.erase();
    }
  for (FuncOp function : llvm::make_early_inc_range(getOperation().getOps<FuncOp>()))
    if (!reached.contains(function)) {
      function.erase();
      ++numRemoved;
    }
}

} // namespace tsc::ts
