// SPDX-License-Identifier: Apache-2.0
#include "tsc/Analysis/Representation.h"

#include "tsc/Ts/TsDialect.h"

using namespace mlir;

namespace tsc::ts {

Type stripOptional(Type type) {
  while (auto optional = dyn_cast<OptionalType>(type))
    type = optional.getElement();
  return type;
}

Form formOf(Type type) {
  return llvm::TypeSwitch<Type, Form>(type)
      .Case<NoneType, FunctionType>([](Type) { return Form::None; })
      .Case<BoolType>([](Type) { return Form::Bool; })
      .Case<IntType, DeviceType, LayoutType, StreamType>([](Type) { return Form::Int; })
      .Case<FloatType>([](Type) { return Form::Float; })
      .Case<ComplexType>([](Type) { return Form::Complex; })
      .Case<NumberType, AnyType, UnionType, AnyListType, AnyTupleType>(
          [](Type) { return Form::Boxed; })
      .Case<TupleType>([](Type) { return Form::Tuple; })
      .Case<OptionalType>([](OptionalType optional) {
        Form inner = formOf(stripOptional(optional));
        return inner == Form::None || inner == Form::Pointer || inner == Form::Boxed
                   ? inner
                   : Form::Optional;
      })
      .Default([](Type) { return Form::Pointer; });
}

bool isCounted(Type type) {
  type = stripOptional(type);
  switch (formOf(type)) {
  case Form::Pointer:
    return !isa<EnumType>(type);
  case Form::Boxed:
    return true;
  case Form::Tuple:
    return llvm::any_of(cast<TupleType>(type).getElements(), isCounted);
  default:
    return false;
  }
}

bool sameRepresentation(Type from, Type to) {
  if (from == to)
    return true;
  Form form = formOf(from);
  if (form != formOf(to))
    return false;
  if (form == Form::Optional)
    return sameRepresentation(stripOptional(from), stripOptional(to));
  if (form != Form::Tuple)
    return true;
  ArrayRef<Type> a = cast<TupleType>(from).getElements(), b = cast<TupleType>(to).getElements();
  return a.size() == b.size() && llvm::all_of_zip(a, b, sameRepresentation);
}

bool allocatesWhenCast(Type from, Type to) {
  Type inner = stripOptional(from);
  Form form = formOf(inner), target = formOf(to);
  if (target == Form::Boxed)
    return form == Form::Tuple || form == Form::Complex;
  Type innerTo = stripOptional(to);
  if (form != Form::Tuple || formOf(innerTo) != Form::Tuple)
    return false;
  ArrayRef<Type> a = cast<TupleType>(inner).getElements(),
                 b = cast<TupleType>(innerTo).getElements();
  return a.size() == b.size() && llvm::any_of(llvm::zip(a, b), [](auto pair) {
           return allocatesWhenCast(std::get<0>(pair), std::get<1>(pair));
         });
}

bool holdsDict(Attribute value) {
  if (isa<DictAttr>(value))
    return true;
  if (auto list = dyn_cast<ListAttr>(value))
    return llvm::any_of(list.getElements(), holdsDict);
  if (auto tuple = dyn_cast<TupleAttr>(value))
    return llvm::any_of(tuple.getElements(), holdsDict);
  return false;
}

bool forwardsOperands(Operation *op) {
  if (isa<TupleConstructOp, TupleUnpackOp, TupleIndexOp, TupleSliceOp>(op))
    return true;
  if (isa<UncheckedCastOp, UpcastOp>(op))
    return !allocatesWhenCast(op->getOperand(0).getType(), op->getResult(0).getType());
  return false;
}

bool isOwned(Value value) {
  if (!isCounted(value.getType()))
    return false;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<LoopOp>(argument.getOwner()->getParentOp());
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return holdsDict(constant.getValue());
  return !isa<UninitializedOp>(op) && !forwardsOperands(op);
}

unsigned firstConsumedOperand(Operation *op) {
  if (isa<YieldOp, ReturnOp>(op))
    return 0;
  if (isa<LoopOp>(op))
    return 2; // trips and condition are numbers
  return op->getNumOperands();
}

} // namespace tsc::ts
