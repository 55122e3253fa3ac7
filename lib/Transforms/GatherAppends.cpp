// SPDX-License-Identifier: Apache-2.0
// A list comprehension of known length, once its loop is unrolled, is a list that starts empty and
// is appended to. As long as nothing but these appends has seen the list, it may as well be made
// where the last of them stands.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_GATHERAPPENDS
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct GatherAppends : impl::GatherAppendsBase<GatherAppends> {
  using GatherAppendsBase::GatherAppendsBase;
  void runOnOperation() override {
    SmallVector<ListConstructOp> lists;
    getOperation().walk([&](ListConstructOp op) { lists.push_back(op); });
    for (ListConstructOp op : lists)
      gather(op);
  }

private:
  void gather(ListConstructOp op);
};
} // namespace

/// The appends to the list that come before all its other uses, in order. An append's own result is
/// the list again and must not be used.
static SmallVector<AtenOp> leadingAppends(ListConstructOp list) {
  Block *block = list->getBlock();
  SmallVector<std::pair<Operation *, Operation *>> users; // where in the block, the user
  for (Operation *user : list.getResult().getUsers()) {
    Operation *at = block->findAncestorOpInBlock(*user);
    if (!at)
      return {};
    users.emplace_back(at, user);
  }
  llvm::sort(users, [](const auto &a, const auto &b) {
    return a.first != b.first && a.first->isBeforeInBlock(b.first);
  });
  SmallVector<AtenOp> appends;
  for (auto [at, user] : users) {
    auto append = dyn_cast<AtenOp>(user);
    bool isPlain = at == user && append && append.getName() == "aten::append.t" &&
                   append.getArgs()[0] == list.getResult() &&
                   append.getArgs()[1] != list.getResult() && append.getResult(0).use_empty();
    if (!isPlain)
      break;
    appends.push_back(append);
  }
  return appends;
}

void GatherAppends::gather(ListConstructOp op) {
  SmallVector<AtenOp> appends = leadingAppends(op);
  if (appends.empty())
    return;
  SmallVector<Value> elements(op.getElements());
  for (AtenOp append : appends)
    elements.push_back(append.getArgs()[1]);
  OpBuilder builder(appends.back());
  auto made = ListConstructOp::create(builder, op.getLoc(), op.getType(), elements);
  for (AtenOp append : appends)
    append.erase();
  op.getResult().replaceAllUsesWith(made.getResult());
  op.erase();
  numGathered += appends.size();
}

} // namespace tsc::ts
