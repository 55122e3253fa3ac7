// SPDX-License-Identifier: Apache-2.0
// Behind each region stand, in this order: every kernel of it as a region of its own, the operators
// that it was made of on their generic kernels, and a comparison of both; then a comparison of what
// the region as a whole made. The kernels read what generic kernels made, so that the first
// comparison that fails names the kernel that is wrong; when only the last one fails, kernels are
// right alone and disagree on a layout.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_COMPAREREGIONS
#include "tsc/Ts/TsPasses.h.inc"

using kernel::GroupOp;
using kernel::RegionOp;

namespace {
struct CompareRegions : impl::CompareRegionsBase<CompareRegions> {
  using CompareRegionsBase::CompareRegionsBase;
  void runOnOperation() override {
    SmallVector<RegionOp> regions;
    getOperation().walk([&](RegionOp region) { regions.push_back(region); });
    for (auto [i, region] : llvm::enumerate(regions))
      compare(region, "region " + std::to_string(i + 1));
  }

private:
  void compare(RegionOp region, const std::string &name);
  void compareValues(OpBuilder &builder, Location loc, ValueRange found, ValueRange expected,
                     const std::string &what);
};
} // namespace

// ---- A kernel as a region of its own

/// Brings what the operand is made of into `mapping`: tensors become arguments of the region,
/// constants and lists are cloned.
static void bringOperand(Value operand, OpBuilder &builder, RegionOp alone, IRMapping &mapping) {
  if (mapping.contains(operand))
    return;
  Operation *producer = operand.getDefiningOp();
  if (isa_and_nonnull<ConstantOp, ListConstructOp>(producer)) {
    for (Value element : producer->getOperands())
      bringOperand(element, builder, alone, mapping);
    builder.clone(*producer, mapping);
    return;
  }
  mapping.map(operand, alone.block().addArgument(operand.getType(), operand.getLoc()));
}

/// The tensors that a group reads from the region, without constants.
static SmallVector<Value> inputsOf(GroupOp group) {
  SmallVector<Value> inputs = group.inputs();
  llvm::erase_if(inputs, [](Value value) { return value.getDefiningOp<ConstantOp>(); });
  return inputs;
}

static RegionOp cloneAlone(GroupOp group, OpBuilder &builder, const IRMapping &generic) {
  SmallVector<Value> inputs = inputsOf(group);
  SmallVector<Value> read =
      llvm::map_to_vector(inputs, [&](Value value) { return generic.lookup(value); });
  auto alone = RegionOp::create(builder, group.getLoc(), group.getResultTypes(), read);
  Block &body = alone.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  OpBuilder inner(&body, body.end());
  for (Operation &op : group.block())
    for (Value operand : op.getOperands())
      if (operand.getParentBlock() != &group.block())
        bringOperand(operand, inner, alone, mapping);
  Operation *copy = inner.clone(*group, mapping);
  kernel::YieldOp::create(inner, group.getLoc(), copy->getResults());
  return alone;
}

// ---- Its operators on generic kernels

/// In regions a view takes its sizes from its result's type, and its operand may be None.
static void restoreSizes(AtenOp op, OpBuilder &builder) {
  auto result = dyn_cast<TensorType>(op.getResult(0).getType());
  for (auto [i, argument] : llvm::enumerate(op.getRow()->schema().arguments)) {
    auto none = op.getArgs()[i].getDefiningOp<ConstantOp>();
    if (argument.type.kind != SchemaType::List || !none || !isa<NoneType>(none.getType()))
      continue;
    Type type = IntType::get(op.getContext());
    SmallVector<Value> sizes;
    for (int64_t size : result.getSizes())
      sizes.push_back(
          ConstantOp::create(builder, op.getLoc(), type, builder.getI64IntegerAttr(size)));
    auto list =
        ListConstructOp::create(builder, op.getLoc(), ListType::get(op.getContext(), type), sizes);
    op->setOperand(static_cast<unsigned>(i), list);
  }
}

static void cloneGeneric(Operation &op, OpBuilder &builder, IRMapping &mapping) {
  Operation *copy = builder.clone(op, mapping);
  auto aten = dyn_cast<AtenOp>(copy);
  if (!aten)
    return;
  OpBuilder before(aten);
  restoreSizes(aten, before);
}

// ---- Comparisons

static std::string describe(GroupOp group) {
  std::string text = kernel::stringifyKind(group.getKind()).str() + ": ";
  for (AtenOp op : group.block().getOps<AtenOp>())
    text += (text.back() == ' ' ? "" : ", ") + op.getName().str();
  return text;
}

void CompareRegions::compareValues(OpBuilder &builder, Location loc, ValueRange found,
                                   ValueRange expected, const std::string &what) {
  for (auto [i, pair] : llvm::enumerate(llvm::zip(found, expected))) {
    auto [a, b] = pair;
    std::string name = found.size() == 1 ? what : what + ", result " + std::to_string(i);
    kernel::CompareOp::create(builder, loc, a, b, name);
    ++numComparisons;
  }
}

void CompareRegions::compare(RegionOp region, const std::string &name) {
  OpBuilder builder(region->getNextNode());
  IRMapping generic;
  for (auto [argument, input] : llvm::zip(region.block().getArguments(), region.getInputs()))
    generic.map(argument, input);
  int64_t groups = llvm::range_size(region.block().getOps<GroupOp>()), index = 0;
  for (Operation &op : region.block().without_terminator()) {
    auto group = dyn_cast<GroupOp>(op);
    if (!group) {
      cloneGeneric(op, builder, generic);
      continue;
    }
    RegionOp alone = groups > 1 ? cloneAlone(group, builder, generic) : RegionOp();
    for (Operation &each : group.block().without_terminator())
      cloneGeneric(each, builder, generic);
    for (auto [result, inner] : llvm::zip(group.getResults(), group.yield().getValues()))
      generic.map(result, generic.lookup(inner));
    std::string what = name + ", kernel " + std::to_string(++index) + " (" + describe(group) + ")";
    SmallVector<Value> expected =
        llvm::map_to_vector(group.getResults(), [&](Value value) { return generic.lookup(value); });
    if (alone)
      compareValues(builder, group.getLoc(), alone.getResults(), expected, what);
    else
      compareValues(builder, group.getLoc(), region.getResults(),
                    llvm::map_to_vector(region.yield().getValues(),
                                        [&](Value value) { return generic.lookup(value); }),
                    what);
  }
  if (groups > 1)
    compareValues(builder, region.getLoc(), region.getResults(),
                  llvm::map_to_vector(region.yield().getValues(),
                                      [&](Value value) { return generic.lookup(value); }),
                  name + " as a whole, whose kernels agree alone");
}

} // namespace tsc::ts
