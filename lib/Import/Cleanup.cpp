// SPDX-License-Identifier: Apache-2.0
#include "Cleanup.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

/// Quantized convolutions took stride, padding, dilation and groups before these became part of the
/// packed weight.
static void shortenOldConvolution(ts::AtenOp op) {
  static const char *const kNames[] = {"quantized::conv2d", "quantized::conv2d_relu",
                                       "quantized::conv3d", "quantized::conv3d_relu"};
  if (op.getArgs().size() != 8 || !llvm::is_contained(kNames, op.getName()))
    return;
  OpBuilder builder(op);
  SmallVector<Value> kept = {op.getArgs()[0], op.getArgs()[1], op.getArgs()[6], op.getArgs()[7]};
  auto made = ts::AtenOp::create(builder, op.getLoc(), op.getResultTypes(),
                                 builder.getStringAttr(op.getName().str() + ".new"), kept);
  op.replaceAllUsesWith(made);
  op.erase();
}

static void cleanUpGraph(Region &graph) {
  lowerTuples(graph.front());
  eliminateDeadCode(graph);
  propagateConstants(graph.front());
  eliminateDeadCode(graph);
  poolConstants(graph);
  canonicalizeOutputs(graph);
}

void cleanUp(ts::FuncOp function) {
  SmallVector<Operation *> forks;
  function.walk<WalkOrder::PostOrder>([&](Operation *op) {
    if (isa<ts::ForkOp, ts::AwaitableOp>(op))
      forks.push_back(op);
  });
  for (Operation *fork : forks) {
    cleanUpGraph(
        fork->getRegion(0)); // PyTorch does it twice, which shows in the order of constants
    cleanUpGraph(fork->getRegion(0));
  }
  cleanUpGraph(function.getBody());
  function.walk([](ts::AtenOp op) { shortenOldConvolution(op); });
}

static SmallVector<StringRef> keptNames(Operation *op, ArrayRef<unsigned> order) {
  SmallVector<StringRef> names = ts::getDebugNames(op->getLoc()), kept;
  names.resize(op->getNumResults());
  for (unsigned i : order)
    kept.push_back(names[i]);
  return kept;
}

static void keepOperands(Operation *yield, unsigned first, ArrayRef<unsigned> order) {
  SmallVector<Value> values(yield->operand_begin(), yield->operand_begin() + first);
  for (unsigned i : order)
    values.push_back(yield->getOperand(first + i));
  yield->setOperands(values);
}

Operation *keepResults(Operation *op, ArrayRef<unsigned> order) {
  OpBuilder builder(op);
  SmallVector<Type> types =
      llvm::map_to_vector(order, [&](unsigned i) { return op->getResult(i).getType(); });
  Location loc = ts::withDebugNames(op->getLoc(), keptNames(op, order));
  Operation *made;
  if (auto branch = dyn_cast<ts::IfOp>(op)) {
    made = ts::IfOp::create(builder, loc, types, branch.getCondition());
    for (Region &region : op->getRegions())
      keepOperands(region.front().getTerminator(), 0, order);
  } else {
    auto loop = cast<ts::LoopOp>(op);
    SmallVector<Value> inits =
        llvm::map_to_vector(order, [&](unsigned i) -> Value { return loop.getInits()[i]; });
    made = ts::LoopOp::create(builder, loc, types, loop.getTrips(), loop.getCondition(), inits);
    Block &body = loop.getBody().front();
    keepOperands(body.getTerminator(), 1, order);
    unsigned carried = loop.getInits().size();
    for (unsigned i : order) {
      BlockArgument old = body.getArgument(1 + i);
      old.replaceAllUsesWith(body.addArgument(old.getType(), old.getLoc()));
    }
    body.eraseArguments(1, carried);
  }
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), made->getRegions()))
    to.takeBody(from);
  for (auto [result, i] : llvm::zip_equal(made->getResults(), order))
    op->getResult(i).replaceAllUsesWith(result);
  op->erase();
  return made;
}

} // namespace tsc::importer
