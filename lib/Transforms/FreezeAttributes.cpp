// SPDX-License-Identifier: Apache-2.0
// Attributes as constants. An attribute stays when any function sets it, or writes in place to what
// it holds, or lets that be reached from outside; two attributes that share a storage stay or go
// together. Objects are known by following attribute reads from the root's `self`; where an object
// is not known, an access counts for every object of its class.
#include "tsc/Analysis/ObjectUses.h"
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FREEZEATTRIBUTES
#include "tsc/Ts/TsPasses.h.inc"

namespace {
struct FreezeAttributes : impl::FreezeAttributesBase<FreezeAttributes> {
  using FreezeAttributesBase::FreezeAttributesBase;
  void runOnOperation() override;

private:
  using Key =
      std::pair<StringAttr, StringAttr>; ///< the symbol of an object or class, and an attribute

  void markRoots(ObjectOp root);
  ObjectOp objectOf(Value value);
  Attribute valueOf(ObjectOp object, StringRef attribute);
  void forEachStorage(Attribute value, llvm::function_ref<void(int64_t)> visit,
                      llvm::function_ref<void(Attribute)> visitShared);
  SharedOp sharedOf(Attribute name);
  void keep(Value object, StringAttr attribute);
  void keepPreserved(ObjectOp root);
  void findKept();
  bool isKept(ObjectOp object, StringAttr attribute, Attribute value);
  void freeze(GetAttrOp op);

  std::shared_ptr<SymbolTableCollection> symbols; ///< passes are copied, a collection cannot be
  llvm::DenseMap<Value, ObjectOp> known;
  llvm::DenseSet<Key> kept;
  llvm::DenseSet<int64_t> keptStorages;
  llvm::DenseSet<Attribute> keptShared; ///< symbols
};
} // namespace

static StringAttr classNameOf(Type type) {
  if (auto classType = dyn_cast<ClassType>(type))
    return classType.getName().getAttr();
  return {};
}

/// Methods of the root's class are called on the root from outside. A method that other code calls
/// too may see any object.
void FreezeAttributes::markRoots(ObjectOp root) {
  llvm::DenseSet<StringAttr> calledElsewhere;
  getOperation().walk([&](CallMethodOp call) { calledElsewhere.insert(call.getMethodAttr()); });
  auto type = symbols->lookupNearestSymbolFrom<ClassOp>(root, root.getClassNameAttr());
  if (!type)
    return;
  for (MethodOp method : type.getBody().getOps<MethodOp>()) {
    auto function =
        symbols->lookupNearestSymbolFrom<FuncOp>(getOperation(), method.getFunctionAttr());
    if (function && !function.isExternal() && function.getNumArguments() &&
        !calledElsewhere.contains(method.getSymNameAttr()))
      known[function.getBody().getArgument(0)] = root;
  }
}

Attribute FreezeAttributes::valueOf(ObjectOp object, StringRef attribute) {
  auto type = symbols->lookupNearestSymbolFrom<ClassOp>(object, object.getClassNameAttr());
  int64_t index = type ? type.getAttributeIndex(attribute) : -1;
  if (index < 0 || index >= static_cast<int64_t>(object.getValues().size()))
    return {};
  return object.getValues()[index];
}

ObjectOp FreezeAttributes::objectOf(Value value) {
  auto [it, isNew] = known.try_emplace(value, ObjectOp());
  if (!isNew)
    return it->second;
  auto get = value.getDefiningOp<GetAttrOp>();
  ObjectOp owner = get ? objectOf(get.getObject()) : ObjectOp();
  auto name = owner ? dyn_cast_or_null<FlatSymbolRefAttr>(valueOf(owner, get.getName()))
                    : FlatSymbolRefAttr();
  ObjectOp found =
      name ? symbols->lookupNearestSymbolFrom<ObjectOp>(getOperation(), name) : ObjectOp();
  return known[value] = found;
}

SharedOp FreezeAttributes::sharedOf(Attribute name) {
  auto symbol = dyn_cast_or_null<FlatSymbolRefAttr>(name);
  return symbol ? symbols->lookupNearestSymbolFrom<SharedOp>(getOperation(), symbol) : SharedOp();
}

/// The storages of the tensors in a value, also inside containers and behind the names of shared
/// ones; and these names.
void FreezeAttributes::forEachStorage(Attribute value, llvm::function_ref<void(int64_t)> visit,
                                      llvm::function_ref<void(Attribute)> visitShared) {
  SmallVector<Attribute> worklist;
  llvm::DenseSet<Attribute> seen;
  if (value)
    worklist.push_back(value);
  while (!worklist.empty())
    worklist.pop_back_val().walk([&](Attribute part) {
      if (auto tensor = dyn_cast<TensorAttr>(part))
        visit(tensor.getStorage());
      SharedOp shared = sharedOf(part);
      if (!shared || !seen.insert(part).second)
        return;
      visitShared(part);
      worklist.push_back(shared.getValueAttr());
    });
}

void FreezeAttributes::keep(Value object, StringAttr attribute) {
  auto keepIn = [&](ObjectOp owner) {
    forEachStorage(
        valueOf(owner, attribute), [&](int64_t storage) { keptStorages.insert(storage); },
        [&](Attribute shared) { keptShared.insert(shared); });
  };
  if (ObjectOp owner = objectOf(object)) {
    kept.insert({owner.getSymNameAttr(), attribute});
    return keepIn(owner);
  }
  StringAttr name = classNameOf(object.getType());
  if (!name)
    return;
  kept.insert({name, attribute});
  for (ObjectOp each : getOperation().getOps<ObjectOp>())
    if (each.getClassNameAttr().getAttr() == name)
      keepIn(each);
}

void FreezeAttributes::keepPreserved(ObjectOp root) {
  for (const std::string &path : preserved) {
    SmallVector<StringRef> parts;
    StringRef(path).split(parts, '.');
    ObjectOp object = root;
    for (StringRef part : ArrayRef<StringRef>(parts).drop_back()) {
      auto name =
          object ? dyn_cast_or_null<FlatSymbolRefAttr>(valueOf(object, part)) : FlatSymbolRefAttr();
      object = name ? symbols->lookupNearestSymbolFrom<ObjectOp>(getOperation(), name) : ObjectOp();
    }
    if (object)
      kept.insert({object.getSymNameAttr(), StringAttr::get(&getContext(), parts.back())});
  }
}

void FreezeAttributes::findKept() {
  getOperation().walk([&](Operation *op) {
    if (auto set = dyn_cast<SetAttrOp>(op))
      return keep(set.getObject(), set.getNameAttr());
    auto get = dyn_cast<GetAttrOp>(op);
    if (!get || isImmutable(get.getResult().getType()) || isa<ClassType>(get.getResult().getType()))
      return;
    ObjectUses uses = findObjectUses(get.getResult());
    if (uses.isWritten || uses.escapes)
      keep(get.getObject(), get.getNameAttr());
  });
}

bool FreezeAttributes::isKept(ObjectOp object, StringAttr attribute, Attribute value) {
  bool sharesKept = false;
  forEachStorage(
      value, [&](int64_t storage) { sharesKept |= keptStorages.contains(storage); },
      [&](Attribute shared) { sharesKept |= keptShared.contains(shared); });
  return sharesKept || kept.contains({object.getSymNameAttr(), attribute}) ||
         kept.contains({object.getClassNameAttr().getAttr(), attribute});
}

/// Values that a constant can stand for: objects, and containers that have shared ones in them, are
/// none.
static bool isFreezable(Attribute value) {
  if (auto list = dyn_cast<ListAttr>(value))
    return llvm::all_of(list.getElements(), isFreezable);
  if (auto tuple = dyn_cast<TupleAttr>(value))
    return llvm::all_of(tuple.getElements(), isFreezable);
  if (auto dict = dyn_cast<DictAttr>(value))
    return llvm::all_of(dict.getValues(), isFreezable);
  if (auto tensor = dyn_cast<TensorAttr>(value))
    return !tensor.getQuantizer();
  return !isa<FlatSymbolRefAttr>(value);
}

void FreezeAttributes::freeze(GetAttrOp op) {
  ObjectOp object = objectOf(op.getObject());
  Attribute value = object ? valueOf(object, op.getName()) : Attribute();
  if (!value || isKept(object, op.getNameAttr(), value))
    return;
  if (SharedOp shared = sharedOf(value)) // nobody writes to it: a copy is as good
    value = shared.getValueAttr();
  if (!isFreezable(value))
    return;
  OpBuilder builder(op);
  auto constant = ConstantOp::create(builder, op.getLoc(), op.getResult().getType(), value);
  op.getResult().replaceAllUsesWith(constant.getResult());
  op.erase();
  ++numFrozen;
}

void FreezeAttributes::runOnOperation() {
  symbols = std::make_shared<SymbolTableCollection>();
  auto name = getOperation()->getAttrOfType<FlatSymbolRefAttr>(kRootAttr);
  ObjectOp root =
      name ? symbols->lookupNearestSymbolFrom<ObjectOp>(getOperation(), name) : ObjectOp();
  if (!root)
    return;
  markRoots(root);
  keepPreserved(root);
  findKept();
  SmallVector<GetAttrOp> reads;
  getOperation().walk([&](GetAttrOp op) { reads.push_back(op); });
  for (GetAttrOp op : reads)
    freeze(op);
}

} // namespace tsc::ts
