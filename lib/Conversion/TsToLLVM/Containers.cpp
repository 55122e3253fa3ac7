// SPDX-License-Identifier: Apache-2.0
// Lists, dicts and tuples: making them and taking them apart.
#include "FunctionLowering.h"

#include "tsc/Ts/TypeRules.h"

using namespace mlir;

namespace tsc::lowering {

/// The machine type that a list stores its elements as; null: as Values.
static Type plainElement(Program &program, Type element) {
  if (isa<ts::IntType>(element))
    return program.i64;
  if (isa<ts::FloatType>(element))
    return program.f64;
  if (isa<ts::BoolType>(element))
    return program.i8;
  return {};
}

void FunctionLowering::lowerListConstruct(ts::ListConstructOp op) {
  Type plain = plainElement(program, op.getType().getElement());
  int64_t count = op.getNumOperands();
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  if (!plain)
    boxArguments(op.getElements(), pairs, fresh);
  reserve(argumentSpace, count);
  for (auto [i, element] : llvm::enumerate(op.getElements())) {
    if (!plain) {
      storePair(pairs[i], argumentSpace.base, i);
      continue;
    }
    Value machine = get(element);
    if (plain == program.i8)
      machine = LLVM::ZExtOp::create(builder, loc, plain, machine);
    store(machine, argumentSpace.base, static_cast<int64_t>(i) * (plain == program.i8 ? 1 : 8));
  }
  Value list =
      callRuntime("tsc_rt_list_new", {contextPointer, address(program.types.get(op.getType())),
                                      argumentSpace.base, int64(count)});
  failIf(isNull(list));
  for (Value object : fresh)
    drop(object);
  define(op.getResult(), list);
}

void FunctionLowering::lowerDictConstruct(ts::DictConstructOp op) {
  int64_t count = op.getNumOperands();
  SmallVector<Pair> pairs;
  SmallVector<Value> fresh;
  boxArguments(op.getPairs(), pairs, fresh);
  reserve(argumentSpace, count);
  for (auto [i, pair] : llvm::enumerate(pairs))
    storePair(pair, argumentSpace.base, i);
  Value dict =
      callRuntime("tsc_rt_dict_new", {contextPointer, address(program.types.get(op.getType())),
                                      argumentSpace.base, int64(count / 2)});
  failIf(isNull(dict));
  for (Value object : fresh)
    drop(object);
  define(op.getResult(), dict);
}

/// Goes on where the condition holds, else raises.
void FunctionLowering::require(Value condition, StringRef className, StringRef text) {
  Block *wrong = newBlock(), *right = newBlock();
  auto branch =
      LLVM::CondBrOp::create(builder, loc, condition, right, ValueRange(), wrong, ValueRange());
  branch.setBranchWeights(kLikely);
  builder.setInsertionPointToEnd(wrong);
  raiseText(className, text);
  LLVM::UnreachableOp::create(builder, loc); // of the block that nothing leads to
  builder.setInsertionPointToEnd(right);
}

/// Element `index` of a list's data, with a count of its own. Elements are `element`s.
Value FunctionLowering::loadElement(Value data, Value index, Type element) {
  Type plain = plainElement(program, element);
  Type stored = plain ? plain : Type(program.valueType);
  Value place = LLVM::GEPOp::create(builder, loc, program.pointer, stored, data,
                                    ArrayRef<LLVM::GEPArg>{index});
  if (!plain) {
    Value machine = unbox(loadPair(place, 0), element);
    retain(machine, element);
    return machine;
  }
  Value machine = load(plain, place);
  return plain == program.i8 ? LLVM::TruncOp::create(builder, loc, program.i1, machine).getResult()
                             : machine;
}

void FunctionLowering::lowerListUnpack(ts::ListUnpackOp op) {
  Type element = op.getList().getType().getElement();
  Value list = get(op.getList());
  int64_t wanted = op.getNumResults();
  Value size = load(program.i64, list, offsetof(ListObject, size));
  require(compare(LLVM::ICmpPredicate::eq, size, int64(wanted)), "RuntimeError",
          "Expected " + std::to_string(wanted) +
              " elements in a list but found a different number");
  Value data = load(program.pointer, list, offsetof(ListObject, data));
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    define(result, cast(loadElement(data, int64(static_cast<int64_t>(i)), element), element,
                        result.getType()));
}

/// list[index]; nothing for other operands.
Value FunctionLowering::lowerListGetItem(ts::AtenOp op) {
  auto type = dyn_cast<ts::ListType>(op.getArgs()[0].getType());
  if (!type || !isa<ts::IntType>(op.getArgs()[1].getType()) ||
      type.getElement() != op.getResult(0).getType())
    return {};
  Value list = get(op.getArgs()[0]), given = get(op.getArgs()[1]);
  Value size = load(program.i64, list, offsetof(ListObject, size));
  Value index = select(compare(LLVM::ICmpPredicate::slt, given, int64(0)),
                       LLVM::AddOp::create(builder, loc, given, size), given);
  require(compare(LLVM::ICmpPredicate::ult, index, size), "IndexError", "list index out of range");
  return loadElement(load(program.pointer, list, offsetof(ListObject, data)), index,
                     type.getElement());
}

void FunctionLowering::lowerTupleConstruct(ts::TupleConstructOp op) {
  Value tuple = zero(program.machineType(op.getType()));
  if (op.getElements().size() != op.getType().getElements().size()) {
    program.reportMalformed(loc, "a tuple has other elements than its type");
    return define(op.getResult(), tuple);
  }
  for (auto [i, element] : llvm::enumerate(op.getElements()))
    tuple = withField(tuple, get(element), i);
  define(op.getResult(), tuple);
}

void FunctionLowering::lowerTupleUnpack(ts::TupleUnpackOp op) {
  ArrayRef<Type> elements = op.getTuple().getType().getElements();
  if (elements.size() != op.getNumResults())
    program.reportMalformed(loc,
                            "a tuple is taken apart into another number of values than it has");
  for (auto [i, result] : llvm::enumerate(op.getResults()))
    define(result, i < elements.size()
                       ? cast(field(get(op.getTuple()), i), elements[i], result.getType())
                       : zero(program.machineType(result.getType())));
}

void FunctionLowering::lowerTupleSlice(ts::TupleSliceOp op) {
  ArrayRef<Type> from = op.getTuple().getType().getElements(), to = op.getType().getElements();
  Value tuple = zero(program.machineType(op.getType()));
  size_t begin = static_cast<size_t>(op.getBegin());
  if (begin > from.size() || to.size() > from.size() - begin) {
    program.reportMalformed(loc, "a slice of a tuple goes beyond its end");
    return define(op.getResult(), tuple);
  }
  for (size_t i = 0; i < to.size(); ++i)
    tuple = withField(tuple, cast(field(get(op.getTuple()), begin + i), from[begin + i], to[i]), i);
  define(op.getResult(), tuple);
}

void FunctionLowering::lowerTupleIndex(ts::TupleIndexOp op) {
  ArrayRef<Type> elements = op.getTuple().getType().getElements();
  int64_t count = static_cast<int64_t>(elements.size());
  Type wanted = op.getResult().getType();
  Value tuple = get(op.getTuple());
  if (auto constantOp = op.getIndex().getDefiningOp<ts::ConstantOp>())
    if (auto number = dyn_cast<IntegerAttr>(constantOp.getValue())) {
      int64_t index = number.getInt() < 0 ? number.getInt() + count : number.getInt();
      if (index >= 0 && index < count)
        return define(op.getResult(), cast(field(tuple, index), elements[index], wanted));
    }
  // All elements have one type: pick by comparing.
  Value given = get(op.getIndex());
  Value index = select(compare(LLVM::ICmpPredicate::slt, given, int64(0)),
                       LLVM::AddOp::create(builder, loc, given, int64(count)), given);
  require(compare(LLVM::ICmpPredicate::ult, index, int64(count)), "IndexError",
          "Tuple index out of range");
  Value result = zero(program.machineType(wanted));
  for (int64_t i = 0; i < count; ++i)
    result = select(compare(LLVM::ICmpPredicate::eq, index, int64(i)),
                    cast(field(tuple, i), elements[i], wanted), result);
  define(op.getResult(), result);
}

/// True or false where the types decide; nullopt where the value must be asked.
static std::optional<bool> decideInstance(Type type, Type wanted) {
  type = ts::withoutTensorFacts(type);
  if (type == wanted || isa<ts::AnyType>(wanted))
    return true;
  bool isOpen = isa<ts::OptionalType, ts::InterfaceType, ts::TupleType>(type) ||
                ts::formOf(type) == ts::Form::Boxed;
  if (isOpen || isa<ts::InterfaceType, ts::OptionalType, ts::UnionType>(wanted))
    return std::nullopt;
  if (isa<ts::NumberType>(wanted))
    return isa<ts::IntType, ts::FloatType, ts::ComplexType>(type);
  if (isa<ts::TensorType>(type) && isa<ts::TensorType>(wanted))
    return true;
  if (isa<ts::AnyListType>(wanted))
    return isa<ts::ListType>(type);
  return false;
}

void FunctionLowering::lowerIsInstance(ts::IsInstanceOp op) {
  Type type = op.getInput().getType();
  SmallVector<Type> open;
  bool always = false;
  for (Attribute attribute : op.getTypes()) {
    Type wanted = mlir::cast<TypeAttr>(attribute).getValue();
    std::optional<bool> known = decideInstance(type, wanted);
    if (isa<ts::AnyTupleType>(wanted) && isa<ts::TupleType>(type))
      known = true;
    always |= known.value_or(false);
    if (!known)
      open.push_back(wanted);
  }
  if (always || open.empty())
    return define(op.getResult(), boolean(always));
  BoxedPair boxed = box(get(op.getInput()), type);
  reserve(argumentSpace, 1);
  storePair(boxed.value, argumentSpace.base, 0);
  Value result = boolean(false);
  for (Type wanted : open) {
    Value is;
    if (isa<ts::AnyListType, ts::AnyTupleType>(wanted))
      is = compare(
          LLVM::ICmpPredicate::eq, boxed.value.tag,
          int64(static_cast<uint32_t>(isa<ts::AnyListType>(wanted) ? Tag::List : Tag::Tuple)));
    else
      is = compare(LLVM::ICmpPredicate::ne,
                   callRuntime("tsc_rt_isinstance",
                               {argumentSpace.base, address(program.types.get(wanted))}),
                   int32(0));
    result = LLVM::OrOp::create(builder, loc, result, is);
  }
  if (boxed.fresh)
    drop(boxed.fresh);
  define(op.getResult(), result);
}

} // namespace tsc::lowering
