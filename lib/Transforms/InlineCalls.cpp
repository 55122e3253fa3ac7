// SPDX-License-Identifier: Apache-2.0
// Inlining over the call graph, callees first, so that each body is complete when it is copied. A
// function has one block that ends in ts.return: the copy needs no new control flow. Locations
// become CallSiteLoc(callee's, caller's), from which tracebacks name inlined frames.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_INLINECALLS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct InlineCalls : impl::InlineCallsBase<InlineCalls> {
  using InlineCallsBase::InlineCallsBase;
  void runOnOperation() override;

private:
  /// The function that a call runs whatever its arguments, or null.
  FuncOp findCallee(Operation *call);
  void inlineInto(FuncOp function);
  void inlineCall(Operation *call, FuncOp callee);

  std::shared_ptr<SymbolTableCollection> symbols; ///< passes are copied, a collection cannot be
  enum class Mark { Open, Done };
  llvm::DenseMap<Operation *, Mark> marks;
  llvm::DenseMap<Operation *, int64_t> sizes;
};
} // namespace

FuncOp InlineCalls::findCallee(Operation *call) {
  FlatSymbolRefAttr name;
  if (auto function = dyn_cast<CallFunctionOp>(call)) {
    matchPattern(function.getCallee(), m_Constant(&name));
  } else if (auto method = dyn_cast<CallMethodOp>(call)) {
    auto type = dyn_cast<ClassType>(method.getObject().getType());
    auto owner = type ? symbols->lookupNearestSymbolFrom<ClassOp>(call, type.getName()) : ClassOp();
    if (owner)
      name = owner.findMethod(method.getMethod());
  }
  return name ? symbols->lookupNearestSymbolFrom<FuncOp>(getOperation(), name) : FuncOp();
}

static int64_t countOperations(Operation *op) {
  int64_t count = 0;
  op->walk([&](Operation *) { ++count; });
  return count;
}

/// A place in `function` with its name, for tracebacks: the outermost of its frames is the one
/// without a name so far.
static Location nameFunction(Location place, StringAttr function) {
  if (auto site = dyn_cast<CallSiteLoc>(place))
    return CallSiteLoc::get(site.getCallee(), nameFunction(site.getCaller(), function));
  return isa<NameLoc>(place) ? place : NameLoc::get(function, place);
}

/// The location of an operation of `function` copied to `caller`, results' names kept in front.
static Location inlinedLocation(StringAttr function, Location callee, Location caller) {
  SmallVector<StringRef> names = getDebugNames(callee);
  Location place = nameFunction(withDebugNames(callee, {}), function);
  return withDebugNames(CallSiteLoc::get(place, withDebugNames(caller, {})), names);
}

void InlineCalls::inlineCall(Operation *call, FuncOp callee) {
  unsigned skipped = isa<CallFunctionOp>(call) ? 1 : 0; // the callee itself is no argument
  IRMapping mapping;
  mapping.map(callee.getBody().getArguments(), call->getOperands().drop_front(skipped));
  OpBuilder builder(call);
  for (Operation &op : callee.getBody().front().without_terminator()) {
    Operation *copy = builder.clone(op, mapping);
    copy->walk([&](Operation *inner) {
      inner->setLoc(inlinedLocation(callee.getSymNameAttr(), inner->getLoc(), call->getLoc()));
    });
  }
  auto end = cast<ReturnOp>(callee.getBody().front().getTerminator());
  for (auto [result, value] : llvm::zip_equal(call->getResults(), end.getValues())) {
    Value mapped = mapping.lookup(value);
    if (mapped.getType() != result.getType())
      mapped = UncheckedCastOp::create(builder, call->getLoc(), result.getType(), mapped);
    result.replaceAllUsesWith(mapped);
  }
  call->erase();
  ++numInlined;
}

void InlineCalls::inlineInto(FuncOp function) {
  marks[function] = Mark::Open;
  SmallVector<Operation *> calls;
  function.walk([&](Operation *op) {
    if (isa<CallFunctionOp, CallMethodOp>(op))
      calls.push_back(op);
  });
  int64_t size = countOperations(function);
  for (Operation *call : calls) {
    FuncOp callee = findCallee(call);
    if (!callee || callee.isExternal())
      continue;
    auto mark = marks.find(callee);
    if (mark == marks.end())
      inlineInto(callee);
    else if (mark->second == Mark::Open)
      continue; // recursion, which import rejects; not this pass's to say
    unsigned operands = call->getNumOperands() - isa<CallFunctionOp>(call);
    if (size + sizes[callee] > maxOperations || callee.getNumArguments() != operands ||
        callee.getResultTypes().size() != call->getNumResults())
      continue;
    size += sizes[callee];
    inlineCall(call, callee);
  }
  sizes[function] = size;
  marks[function] = Mark::Done;
}

void InlineCalls::runOnOperation() {
  symbols = std::make_shared<SymbolTableCollection>();
  for (FuncOp function : llvm::make_early_inc_range(getOperation().getOps<FuncOp>()))
    if (!function.isExternal() && !marks.count(function))
      inlineInto(function);
}

} // namespace tsc::ts
