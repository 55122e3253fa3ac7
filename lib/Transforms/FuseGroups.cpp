// SPDX-License-Identifier: Apache-2.0
// Groups are grown from what is not elementwise: a contraction takes the elementwise operators
// behind it as its epilogue, as long as each value has one reader; so do pooling and rows. What
// elementwise operators are left join upwards into maps. A group stands where its last operator
// stood, which all its operands precede.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/GroupForms.h"
#include "tsc/Transforms/Passes.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FUSEGROUPS
#include "tsc/Ts/TsPasses.h.inc"

using kernel::Kind;

namespace {
struct FuseGroups : impl::FuseGroupsBase<FuseGroups> {
  using FuseGroupsBase::FuseGroupsBase;
  void runOnOperation() override {
    getOperation().walk([&](kernel::RegionOp region) { fuse(region); });
  }

private:
  void fuse(kernel::RegionOp region);
  void growEpilogue(AtenOp root);
  void growMap(AtenOp last);
  bool isFree(Operation *op) { return op && kinds.count(op) && !taken.contains(op); }
  void makeGroup(Kind kind, ArrayRef<AtenOp> members);
  llvm::DenseMap<Operation *, Kind> kinds;
  llvm::DenseSet<Operation *> taken;
};
} // namespace

static ArrayRef<int64_t> sizesOf(Value value) {
  return cast<TensorType>(value.getType()).getSizes();
}

/// The one reader of an operator's one result, or null.
static AtenOp onlyReader(AtenOp op) {
  if (op.getNumResults() != 1 || !op.getResult(0).hasOneUse())
    return {};
  return dyn_cast<AtenOp>(*op.getResult(0).getUsers().begin());
}

void FuseGroups::makeGroup(Kind kind, ArrayRef<AtenOp> members) {
  SmallVector<AtenOp> ordered(members);
  llvm::sort(ordered, [](AtenOp a, AtenOp b) { return a->isBeforeInBlock(b); });
  SmallVector<Value> results;
  SmallVector<Location> locations;
  llvm::SmallPtrSet<Operation *, 8> inside(ordered.begin(), ordered.end());
  for (AtenOp op : ordered) {
    taken.insert(op);
    locations.push_back(op.getLoc());
    for (Value result : op.getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(result);
  }
  OpBuilder builder(ordered.back()->getNextNode());
  SmallVector<Type> types = llvm::map_to_vector(results, [](Value v) { return v.getType(); });
  auto group = kernel::GroupOp::create(builder, withDebugNames(locations.front(), {}), types, kind);
  Block &body = group.getBody().emplaceBlock();
  for (auto [result, outer] : llvm::zip(results, group.getResults()))
    result.replaceUsesWithIf(outer,
                             [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (AtenOp op : ordered)
    op->moveBefore(&body, body.end());
  builder.setInsertionPointToEnd(&body);
  kernel::YieldOp::create(builder, group.getLoc(), results);
  ++numGroups;
}

void FuseGroups::growEpilogue(AtenOp root) {
  SmallVector<AtenOp> members = {root};
  for (AtenOp next = onlyReader(root); next; next = onlyReader(next)) {
    if (!isFree(next) || kinds[next] != Kind::Map ||
        sizesOf(next.getResult(0)) != sizesOf(root.getResult(0)))
      break;
    members.push_back(next);
  }
  makeGroup(kinds[root], members);
}

void FuseGroups::growMap(AtenOp last) {
  llvm::SetVector<AtenOp> members;
  members.insert(last);
  auto joins = [&](AtenOp producer) {
    return isFree(producer) && kinds[producer] == Kind::Map &&
           sizesOf(producer.getResult(0)) == sizesOf(last.getResult(0)) &&
           llvm::all_of(producer->getUsers(), [&](Operation *user) {
             auto op = dyn_cast<AtenOp>(user);
             return op && members.contains(op);
           });
  };
  // Until nothing joins: a producer of two members joins after both.
  for (bool grown = true; grown;) {
    grown = false;
    for (unsigned i = 0; i < members.size(); ++i)
      for (Value operand : AtenOp(members[i]).getArgs())
        if (auto producer = operand.getDefiningOp<AtenOp>();
            producer && !members.contains(producer) && joins(producer))
          grown |= members.insert(producer);
  }
  makeGroup(Kind::Map, members.getArrayRef());
}

void FuseGroups::fuse(kernel::RegionOp region) {
  kinds.clear();
  taken.clear();
  SmallVector<AtenOp> operators(region.block().getOps<AtenOp>());
  for (AtenOp op : operators) {
    std::string why;
    if (std::optional<Kind> kind = kernel::compiledKind(op, why))
      kinds[op] = *kind;
  }
  auto free = [&](AtenOp op) { return isFree(op); };
  for (AtenOp op : operators)
    if (isFree(op))
      if (SmallVector<AtenOp> members = kernel::matchAttention(op);
          !members.empty() && llvm::all_of(members, free))
        makeGroup(Kind::Attention, members);
  for (AtenOp op : operators)
    if (isFree(op) && (kinds[op] == Kind::Contraction || kinds[op] == Kind::Window))
      growEpilogue(op);
  for (AtenOp op : operators)
    if (isFree(op) && kinds[op] == Kind::Rows)
      makeGroup(Kind::Rows, kernel::growRows(op, free));
  for (AtenOp op : llvm::reverse(operators))
    if (isFree(op) && kinds[op] == Kind::Map)
      growMap(op);
  for (AtenOp op : operators)
    if (isFree(op))
      makeGroup(kinds[op], op);
}

} // namespace tsc::ts
