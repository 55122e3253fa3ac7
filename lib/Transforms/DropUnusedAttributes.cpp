// SPDX-License-Identifier: Apache-2.0
// Attributes that no ts.get_attr or ts.set_attr names leave their class, every object of it, and
// with them objects that nothing refers to any more. What classes promise to interfaces are
// methods, so no attribute is needed for that.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/DenseSet.h"

#include <set>

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_DROPUNUSEDATTRIBUTES
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct DropUnusedAttributes : impl::DropUnusedAttributesBase<DropUnusedAttributes> {
  using DropUnusedAttributesBase::DropUnusedAttributesBase;
  void runOnOperation() override;

private:
  void dropFrom(ClassOp type);
  void dropObjects();
  llvm::DenseSet<std::pair<StringAttr, StringAttr>> used; ///< class, attribute
  std::set<std::string, std::less<>> usedAnywhere; ///< through an object whose class is not known
};
} // namespace

void DropUnusedAttributes::dropFrom(ClassOp type) {
  SmallVector<unsigned> keptIndices;
  SmallVector<AttributeOp> dropped;
  unsigned index = 0;
  for (AttributeOp attribute : type.getBody().getOps<AttributeOp>()) {
    if (attribute.isConstant())
      continue;
    if (used.contains({type.getSymNameAttr(), attribute.getSymNameAttr()}) ||
        usedAnywhere.count(attribute.getSymName().str()))
      keptIndices.push_back(index);
    else
      dropped.push_back(attribute);
    ++index;
  }
  if (dropped.empty())
    return;
  Builder builder(&getContext());
  for (ObjectOp object : getOperation().getOps<ObjectOp>()) {
    if (object.getClassNameAttr().getAttr() != type.getSymNameAttr() ||
        object.getValues().size() != index)
      continue;
    SmallVector<Attribute> values;
    for (unsigned i : keptIndices)
      values.push_back(object.getValues()[i]);
    object.setValuesAttr(builder.getArrayAttr(values));
  }
  numDropped += dropped.size();
  for (AttributeOp attribute : dropped)
    attribute.erase();
}

void DropUnusedAttributes::dropObjects() {
  auto root = getOperation()->getAttrOfType<FlatSymbolRefAttr>(kRootAttr);
  llvm::DenseSet<StringAttr> reached;
  SmallVector<Attribute> worklist = {root};
  SymbolTable symbols(getOperation());
  while (!worklist.empty()) {
    Attribute next = worklist.pop_back_val();
    next.walk([&](FlatSymbolRefAttr name) {
      if (!reached.insert(name.getAttr()).second)
        return;
      if (auto object = symbols.lookup<ObjectOp>(name.getAttr()))
        worklist.push_back(object->getAttrDictionary());
      else if (auto shared = symbols.lookup<SharedOp>(name.getAttr()))
        worklist.push_back(shared.getValueAttr());
    });
  }
  getOperation().walk([&](ConstantOp constant) {
    constant.getValue().walk([&](FlatSymbolRefAttr name) { reached.insert(name.getAttr()); });
  });
  for (Operation &op : llvm::make_early_inc_range(getOperation().getOps()))
    if (isa<ObjectOp, SharedOp>(op) && !reached.contains(SymbolTable::getSymbolName(&op)))
      op.erase();
}

void DropUnusedAttributes::runOnOperation() {
  if (!getOperation()->hasAttr(kRootAttr))
    return;
  auto use = [&](Value object, StringAttr name) {
    if (auto type = dyn_cast<ClassType>(object.getType()))
      used.insert({type.getName().getAttr(), name});
    else
      usedAnywhere.insert(name.str());
  };
  getOperation().walk([&](Operation *op) {
    if (auto get = dyn_cast<GetAttrOp>(op))
      use(get.getObject(), get.getNameAttr());
    else if (auto set = dyn_cast<SetAttrOp>(op))
      use(set.getObject(), set.getNameAttr());
  });
  // A dynamic index may name any submodule.
  llvm::DenseSet<StringAttr> indexed;
  getOperation().walk([&](ModuleContainerIndexOp op) {
    if (auto type = dyn_cast<ClassType>(op.getObject().getType()))
      indexed.insert(type.getName().getAttr());
  });
  for (const std::string &path : preserved)
    for (StringRef rest = path; !rest.empty(); rest = rest.split('.').second)
      usedAnywhere.insert(rest.split('.').first.str());
  for (ClassOp type : getOperation().getOps<ClassOp>())
    if (!indexed.contains(type.getSymNameAttr()))
      dropFrom(type);
  dropObjects();
}

} // namespace tsc::ts
