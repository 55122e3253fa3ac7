// SPDX-License-Identifier: Apache-2.0
// Values in their several forms: boxing to tag and payload and back, casts between representations,
// counts, constants.
#include "FunctionLowering.h"

#include "tsc/Common/Tensor.h"

using namespace mlir;

namespace tsc::lowering {

static int64_t tagNumber(Tag tag) { return static_cast<int64_t>(static_cast<uint32_t>(tag)); }

/// The tag of a boxed value that is not None.
static Tag tagOf(Type type) {
  return llvm::TypeSwitch<Type, Tag>(type)
      .Case<ts::NoneType>([](Type) { return Tag::None; })
      .Case<ts::BoolType>([](Type) { return Tag::Bool; })
      .Case<ts::IntType, ts::LayoutType, ts::StreamType>([](Type) { return Tag::Int; })
      .Case<ts::FloatType>([](Type) { return Tag::Float; })
      .Case<ts::DeviceType>([](Type) { return Tag::Device; })
      .Case<ts::FunctionType>([](Type) { return Tag::Function; })
      .Case<ts::ComplexType>([](Type) { return Tag::Complex; })
      .Case<ts::TensorType>([](Type) { return Tag::Tensor; })
      .Case<ts::StrType>([](Type) { return Tag::String; })
      .Case<ts::ListType>([](Type) { return Tag::List; })
      .Case<ts::DictType>([](Type) { return Tag::Dict; })
      .Case<ts::TupleType>([](Type) { return Tag::Tuple; })
      .Case<ts::EnumType>([](Type) { return Tag::Enum; })
      .Case<ts::FutureType, ts::AwaitType, ts::RRefType>([](Type) { return Tag::Future; })
      .Case<ts::GeneratorType>([](Type) { return Tag::Generator; })
      .Case<ts::StorageType>([](Type) { return Tag::Storage; })
      .Case<ts::CapsuleType>([](Type) { return Tag::Capsule; })
      .Default([](Type) { return Tag::Object; });
}

// ---- Pairs
Pair FunctionLowering::loadPair(Value base, int64_t index) {
  return {load(program.i64, base, 16 * index), load(program.i64, base, 16 * index + 8)};
}
void FunctionLowering::storePair(Pair value, Value base, int64_t index) {
  store(value.tag, base, 16 * index);
  store(value.payload, base, 16 * index + 8);
}
Pair FunctionLowering::pairOf(Value boxed) { return {field(boxed, 0), field(boxed, 1)}; }
Value FunctionLowering::boxedOf(Pair value) {
  return withField(withField(zero(program.valueType), value.tag, 0), value.payload, 1);
}

/// The counted object in a boxed value, or null.
Value FunctionLowering::objectIn(Pair value) {
  // Object tags are 16 and up, Missing is all ones: one unsigned comparison covers both.
  Value offset = LLVM::SubOp::create(builder, loc, value.tag, int64(kFirstObjectTag));
  Value isObject = compare(LLVM::ICmpPredicate::ult, offset, int64(1 << 16));
  return toPointer(select(isObject, value.payload, int64(0)));
}

// ---- Counts
void FunctionLowering::forEachObject(Value machine, Type type,
                                     llvm::function_ref<void(Value)> visit) {
  if (!ts::isCounted(type))
    return;
  switch (ts::formOf(type)) {
  case ts::Form::Pointer:
    return visit(machine);
  case ts::Form::Boxed:
    return visit(objectIn(pairOf(machine)));
  case ts::Form::Optional: // without a value its fields are null
    return forEachObject(field(machine, 1), ts::stripOptional(type), visit);
  case ts::Form::Tuple:
    for (auto [i, element] : llvm::enumerate(cast<ts::TupleType>(type).getElements()))
      if (ts::isCounted(element))
        forEachObject(field(machine, i), element, visit);
    return;
  default:
    return;
  }
}
void FunctionLowering::retain(Value machine, Type type) {
  forEachObject(machine, type, [&](Value object) { callRuntime("tsc_rt_retain", {object}); });
}

// ---- Boxing
BoxedPair FunctionLowering::box(Value machine, Type type) {
  Type inner = ts::stripOptional(type);
  Value tag = int64(tagNumber(tagOf(inner)));
  switch (ts::formOf(type)) {
  case ts::Form::None:
    return {{tag, int64(0)}, {}};
  case ts::Form::Bool:
    return {{tag, LLVM::ZExtOp::create(builder, loc, program.i64, machine)}, {}};
  case ts::Form::Int:
    return {{tag, machine}, {}};
  case ts::Form::Float:
    return {{tag, LLVM::BitcastOp::create(builder, loc, program.i64, machine)}, {}};
  case ts::Form::Complex: {
    Value made =
        callRuntime("tsc_rt_complex_new", {contextPointer, field(machine, 0), field(machine, 1)});
    failIf(isNull(made));
    return {{tag, toInteger(made)}, keep(made)};
  }
  case ts::Form::Pointer:
    if (inner != type)
      tag = select(isNull(machine), int64(0), tag);
    return {{tag, toInteger(machine)}, {}};
  case ts::Form::Boxed:
    return {pairOf(machine), {}};
  case ts::Form::Optional:
    return boxOptional(machine, inner);
  case ts::Form::Tuple:
    return boxTuple(machine, cast<ts::TupleType>(type));
  }
  return {{int64(0), int64(0)}, {}};
}

BoxedPair FunctionLowering::boxOptional(Value machine, Type inner) {
  Value has = field(machine, 0), value = field(machine, 1);
  ts::Form form = ts::formOf(inner);
  if (form != ts::Form::Complex && form != ts::Form::Tuple) {
    Pair some = box(value, inner).value;
    return {{select(has, some.tag, int64(0)), select(has, some.payload, int64(0))}, {}};
  }
  Value object = choose(
      has,
      [&] {
        BoxedPair some = box(value, inner);
        giveAway(some.fresh);
        return some.fresh;
      },
      zero(program.pointer));
  return {{select(has, int64(tagNumber(tagOf(inner))), int64(0)), toInteger(object)}, keep(object)};
}

BoxedPair FunctionLowering::boxTuple(Value machine, ts::TupleType type) {
  int64_t count = static_cast<int64_t>(type.getElements().size());
  SmallVector<Pair> items;
  SmallVector<Value> fresh;
  for (auto [i, element] : llvm::enumerate(type.getElements())) {
    BoxedPair item = box(field(machine, i), element);
    items.push_back(item.value);
    if (item.fresh)
      fresh.push_back(item.fresh);
  }
  reserve(argumentSpace, count);
  for (auto [i, item] : llvm::enumerate(items))
    storePair(item, argumentSpace.base, i);
  Value made = callRuntime("tsc_rt_tuple_new", {contextPointer, address(program.types.get(type)),
                                                argumentSpace.base, int64(count)});
  failIf(isNull(made));
  keep(made);
  for (Value object : fresh)
    drop(object);
  return {{int64(tagNumber(Tag::Tuple)), toInteger(made)}, made};
}

Value FunctionLowering::unbox(Pair value, Type type) {
  Type inner = ts::stripOptional(type);
  switch (ts::formOf(type)) {
  case ts::Form::None:
    return boolean(false);
  case ts::Form::Bool:
    return LLVM::TruncOp::create(builder, loc, program.i1, value.payload);
  case ts::Form::Int:
    return value.payload;
  case ts::Form::Float:
    return LLVM::BitcastOp::create(builder, loc, program.f64, value.payload);
  case ts::Form::Complex: {
    Value object = toPointer(value.payload), made = zero(program.machineType(type));
    made = withField(made, load(program.f64, object, offsetof(ComplexObject, re)), 0);
    return withField(made, load(program.f64, object, offsetof(ComplexObject, im)), 1);
  }
  case ts::Form::Pointer:
    if (inner == type)
      return toPointer(value.payload);
    return toPointer(
        select(compare(LLVM::ICmpPredicate::eq, value.tag, int64(0)), int64(0), value.payload));
  case ts::Form::Boxed:
    return boxedOf(value);
  case ts::Form::Optional: {
    Value has = compare(LLVM::ICmpPredicate::ne, value.tag, int64(0));
    Value made = withField(zero(program.machineType(type)), has, 0);
    // What lies behind a pointer may only be read when there is something.
    return choose(has, [&] { return withField(made, unbox(value, inner), 1); }, made);
  }
  case ts::Form::Tuple: {
    Value items = at(toPointer(value.payload), offsetof(TupleObject, items)),
          made = zero(program.machineType(type));
    for (auto [i, element] : llvm::enumerate(cast<ts::TupleType>(type).getElements()))
      made = withField(made, unbox(loadPair(items, i), element), i);
    return made;
  }
  }
  return zero(program.machineType(type));
}

Value FunctionLowering::unboxOwned(Pair value, Type type) {
  Value machine = unbox(value, type);
  ts::Form inner = ts::formOf(ts::stripOptional(type));
  if (inner != ts::Form::Tuple && inner != ts::Form::Complex)
    return machine;
  retain(machine, type);
  callRuntime("tsc_rt_release", {objectIn(value)});
  return machine;
}

// ---- Casts
Value FunctionLowering::isNone(Value machine, Type type) {
  switch (ts::formOf(type)) {
  case ts::Form::None:
    return boolean(isa<ts::NoneType>(ts::stripOptional(type)));
  case ts::Form::Pointer:
    return isa<ts::OptionalType>(type) ? isNull(machine) : boolean(false);
  case ts::Form::Boxed:
    return compare(LLVM::ICmpPredicate::eq, field(machine, 0), int64(0));
  case ts::Form::Optional:
    return compare(LLVM::ICmpPredicate::eq, field(machine, 0), boolean(false));
  default:
    return boolean(false);
  }
}

/// The same value under another type. A new object is owned by the caller, who defines the result
/// with it.
Value FunctionLowering::cast(Value machine, Type from, Type to) {
  if (ts::sameRepresentation(from, to))
    return machine;
  ts::Form source = ts::formOf(from), target = ts::formOf(to);
  Type innerFrom = ts::stripOptional(from), innerTo = ts::stripOptional(to);
  if (source == ts::Form::None || target == ts::Form::None)
    return zero(program.machineType(to));
  if (target == ts::Form::Boxed) {
    BoxedPair boxed = box(machine, from);
    if (boxed.fresh)
      giveAway(boxed.fresh);
    return boxedOf(boxed.value);
  }
  if (source == ts::Form::Boxed)
    return unbox(pairOf(machine), to);
  if (source == ts::Form::Optional) {
    Value inner = cast(field(machine, 1), innerFrom, innerTo);
    if (target != ts::Form::Optional)
      return inner;
    return withField(withField(zero(program.machineType(to)), field(machine, 0), 0), inner, 1);
  }
  if (target == ts::Form::Optional) {
    Value made = withField(zero(program.machineType(to)), boolean(true), 0);
    return withField(made, cast(machine, from, innerTo), 1);
  }
  if (source == ts::Form::Tuple && target == ts::Form::Tuple) {
    ArrayRef<Type> a = mlir::cast<ts::TupleType>(from).getElements(),
                   b = mlir::cast<ts::TupleType>(to).getElements();
    Value made = zero(program.machineType(to));
    if (a.size() == b.size()) {
      for (auto [i, pair] : llvm::enumerate(llvm::zip(a, b)))
        made = withField(made, cast(field(machine, i), std::get<0>(pair), std::get<1>(pair)), i);
      return made;
    }
  }
  if (source == ts::Form::Int && target == ts::Form::Float)
    return LLVM::SIToFPOp::create(builder, loc, program.f64, machine);
  if (source == ts::Form::Bool && target == ts::Form::Int)
    return LLVM::ZExtOp::create(builder, loc, program.i64, machine);
  program.reportMalformed(loc, "a value of type '" + annotationText(from) + "' stands where '" +
                                   annotationText(to) + "' is wanted");
  return zero(program.machineType(to));
}

// ---- Constants
Value FunctionLowering::buildConstant(Attribute value, Type type) {
  Type inner = ts::stripOptional(type);
  switch (ts::formOf(type)) {
  case ts::Form::None:
    return boolean(false);
  case ts::Form::Bool:
  case ts::Form::Int:
  case ts::Form::Float: {
    Words words;
    program.constants.appendValue(value, type, words);
    Value payload = int64(words.back().number);
    return unbox({int64(words.front().number), payload}, type);
  }
  case ts::Form::Complex:
    if (auto number = dyn_cast<ts::ComplexAttr>(value)) {
      Value made =
          withField(zero(program.machineType(type)), float64(number.getRe().getValueAsDouble()), 0);
      return withField(made, float64(number.getIm().getValueAsDouble()), 1);
    }
    break;
  case ts::Form::Pointer: {
    if (isa<UnitAttr>(value))
      return zero(program.pointer);
    Value object = address(program.constants.object(value, inner));
    if (!ts::holdsDict(value))
      return object;
    reserve(argumentSpace, 1);
    reserve(resultSpace, 1);
    storePair({int64(tagNumber(tagOf(inner))), toInteger(object)}, argumentSpace.base, 0);
    failIfStatus(
        callRuntime("tsc_rt_copy_state", {contextPointer, argumentSpace.base, resultSpace.base}));
    return unbox(loadPair(resultSpace.base, 0), type);
  }
  case ts::Form::Optional: {
    Value made = zero(program.machineType(type));
    if (isa<UnitAttr>(value))
      return made;
    return withField(withField(made, boolean(true), 0), buildConstant(value, inner), 1);
  }
  case ts::Form::Tuple:
    if (auto tuple = dyn_cast<ts::TupleAttr>(value)) {
      Value made = zero(program.machineType(type));
      for (auto [i, pair] : llvm::enumerate(
               llvm::zip(tuple.getElements(), mlir::cast<ts::TupleType>(type).getElements())))
        made = withField(made, buildConstant(std::get<0>(pair), std::get<1>(pair)), i);
      return made;
    }
    break;
  case ts::Form::Boxed: {
    Words words;
    program.constants.appendValue(value, type, words);
    const Word &payload = words[1];
    return boxedOf({int64(words[0].number), payload.isAddress ? toInteger(address(payload))
                                                              : Value(int64(payload.number))});
  }
  }
  program.reportMalformed(loc, "a constant does not fit its type '" + annotationText(type) + "'");
  return zero(program.machineType(type));
}

} // namespace tsc::lowering
