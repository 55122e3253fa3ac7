// SPDX-License-Identifier: Apache-2.0
// Instances of classes and modules: a field is a Value at a fixed place.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

static constexpr int64_t kFirstField = offsetof(InstanceObject, fields);

void FunctionLowering::lowerGetAttr(ts::GetAttrOp op) {
  ts::ClassOp owner = program.classOf(op.getObject().getType());
  ts::AttributeOp attribute = owner ? owner.findAttribute(op.getName()) : ts::AttributeOp();
  Type wanted = op.getResult().getType();
  if (!attribute) {
    program.reportMalformed(loc, ("no attribute '" + op.getName() + "'").str());
    values[op.getResult()] = zero(program.machineType(wanted));
    return;
  }
  Type type = attribute.getType();
  if (attribute.isConstant())
    return define(op.getResult(),
                  cast(buildConstant(attribute.getValueAttr(), type), type, wanted));
  int64_t offset = kFirstField + 16 * owner.getAttributeIndex(op.getName());
  Pair value = loadPair(at(get(op.getObject()), offset), 0);
  if (program.isCreated(op.getObject().getType())) {
    Value missing = int64(static_cast<int64_t>(static_cast<uint32_t>(Tag::Missing)));
    require(compare(LLVM::ICmpPredicate::ne, value.tag, missing), "AttributeError",
            ("attribute '" + op.getName() + "' is read before it is set").str());
  }
  Value machine = unbox(value, type);
  retain(machine, type);
  define(op.getResult(), cast(machine, type, wanted));
}

void FunctionLowering::lowerSetAttr(ts::SetAttrOp op) {
  ts::ClassOp owner = program.classOf(op.getObject().getType());
  int64_t index = owner ? owner.getAttributeIndex(op.getName()) : -1;
  if (index < 0)
    return program.reportMalformed(loc,
                                   ("no attribute '" + op.getName() + "' that can be set").str());
  Type type = op.getValue().getType();
  BoxedPair made = box(get(op.getValue()), type);
  if (made.fresh)
    giveAway(made.fresh);
  else
    callRuntime("tsc_rt_retain", {objectIn(made.value)});
  Value place = at(get(op.getObject()), kFirstField + 16 * index);
  Pair old = loadPair(place, 0);
  storePair(made.value, place, 0);
  callRuntime("tsc_rt_release", {objectIn(old)});
}

void FunctionLowering::lowerCreateObject(ts::CreateObjectOp op) {
  Value object =
      callRuntime("tsc_rt_object_new", {contextPointer, address(program.types.get(op.getType()))});
  failIf(isNull(object));
  define(op.getResult(), object);
}

/// The submodules of a container, in order, with the places of their fields.
static SmallVector<std::pair<StringRef, int64_t>> submodules(Program &program, ts::ClassOp owner) {
  SmallVector<std::pair<StringRef, int64_t>> found;
  int64_t index = 0;
  for (ts::AttributeOp attribute : owner.getBody().getOps<ts::AttributeOp>()) {
    if (attribute.isConstant())
      continue;
    ts::ClassOp type = program.classOf(attribute.getType());
    if ((type && type.getIsModule()) || isa<ts::InterfaceType>(attribute.getType()))
      found.emplace_back(attribute.getSymName(), kFirstField + 16 * index);
    ++index;
  }
  return found;
}

void FunctionLowering::lowerModuleContainerIndex(ts::ModuleContainerIndexOp op) {
  ts::ClassOp owner = program.classOf(op.getObject().getType());
  if (!owner) {
    program.reportMalformed(loc, "a submodule is taken out of what is no module");
    values[op.getResult()] = zero(program.pointer);
    return;
  }
  auto modules = submodules(program, owner);
  Value container = get(op.getObject()), offset = int64(0);
  bool byKey = isa<ts::StrType>(op.getIndex().getType());
  if (byKey) {
    for (auto [name, place] : modules) {
      Attribute text = builder.getStringAttr(name);
      Pair key = {
          int64(static_cast<int64_t>(Tag::String)),
          toInteger(address(program.constants.object(text, ts::StrType::get(program.context))))};
      Pair given = box(get(op.getIndex()), op.getIndex().getType()).value;
      Type boolType = ts::BoolType::get(program.context);
      StringAttr equal = program.kernel("tsc_rt_aten_eq_str").getSymNameAttr();
      Value isIt = callBoxed(equal, {}, {given, key}, boolType).front();
      offset = select(isIt, int64(place), offset);
    }
  } else {
    Value given = get(op.getIndex()), count = int64(static_cast<int64_t>(modules.size()));
    Value index = select(compare(LLVM::ICmpPredicate::slt, given, int64(0)),
                         LLVM::AddOp::create(builder, loc, given, count), given);
    for (auto [i, module] : llvm::enumerate(modules))
      offset = select(compare(LLVM::ICmpPredicate::eq, index, int64(static_cast<int64_t>(i))),
                      int64(module.second), offset);
  }
  require(compare(LLVM::ICmpPredicate::ne, offset, int64(0)), byKey ? "KeyError" : "IndexError",
          byKey ? "the module has no such entry" : "list index out of range");
  Value place = LLVM::GEPOp::create(builder, loc, program.pointer, program.i8, container,
                                    ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(offset)});
  Value module = toPointer(load(program.i64, place, 8));
  callRuntime("tsc_rt_retain", {module});
  Type wanted = op.getResult().getType();
  if (ts::formOf(wanted) == ts::Form::Boxed)
    module = boxedOf({int64(static_cast<int64_t>(Tag::Object)), toInteger(module)});
  define(op.getResult(), module);
}

} // namespace tsc::lowering
