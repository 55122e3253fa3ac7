// SPDX-License-Identifier: Apache-2.0
#include "Types.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tsc::importer {

Types::Types(MLIRContext *context)
    : context(context), tensor(ts::TensorType::get(context)), integer(ts::IntType::get(context)),
      floating(ts::FloatType::get(context)), boolean(ts::BoolType::get(context)),
      complex(ts::ComplexType::get(context)), number(ts::NumberType::get(context)),
      str(ts::StrType::get(context)), none(ts::NoneType::get(context)),
      device(ts::DeviceType::get(context)), any(ts::AnyType::get(context)),
      generator(ts::GeneratorType::get(context)), stream(ts::StreamType::get(context)),
      storage(ts::StorageType::get(context)), layout(ts::LayoutType::get(context)),
      capsule(ts::CapsuleType::get(context)), anyList(ts::AnyListType::get(context)),
      anyTuple(ts::AnyTupleType::get(context)) {}

Type Types::optional(Type element) const {
  if (isa<ts::OptionalType, ts::NoneType, ts::AnyType>(element))
    return element;
  return ts::OptionalType::get(context, element);
}

Type Types::tuple(ArrayRef<Type> elements) const { return ts::TupleType::get(context, elements); }

/// PyTorch sorts the members of a union by the kind of type; classes and containers also by their
/// text, which a stable order stands in for.
static int unionRank(Type type) {
  if (isa<ts::EnumType>(type))
    return 1;
  if (isa<ts::TensorType>(type))
    return 2;
  if (isa<ts::TupleType>(type))
    return 3;
  if (isa<ts::ListType>(type))
    return 4;
  if (isa<ts::DictType>(type))
    return 5;
  if (isa<ts::NumberType>(type))
    return 6;
  if (isa<ts::FloatType>(type))
    return 7;
  if (isa<ts::ComplexType>(type))
    return 8;
  if (isa<ts::FutureType>(type))
    return 9;
  if (isa<ts::IntType>(type))
    return 10;
  if (isa<ts::NoneType>(type))
    return 11;
  if (isa<ts::StrType>(type))
    return 12;
  if (isa<ts::BoolType>(type))
    return 13;
  return 14;
}

Type Types::unionOf(ArrayRef<Type> members, TypeHierarchy &hierarchy) const {
  SmallVector<Type> flat;
  for (Type member : members)
    flat.append(alternatives(member));
  SmallVector<Type> kept;
  for (Type member : flat) {
    if (llvm::any_of(kept, [&](Type other) { return isSubtype(member, other, hierarchy); }))
      continue;
    llvm::erase_if(kept, [&](Type other) { return isSubtype(other, member, hierarchy); });
    kept.push_back(member);
  }
  SmallVector<std::pair<int, Type>> ranked;
  for (auto [i, member] : llvm::enumerate(kept))
    ranked.emplace_back(unionRank(member) * 1000 + static_cast<int>(i), member);
  llvm::sort(ranked, llvm::less_first());
  kept = llvm::map_to_vector(ranked, [](const auto &pair) { return pair.second; });
  if (kept.size() == 1)
    return kept.front();
  if (kept.size() == 2 && llvm::is_contained(kept, none))
    return optional(kept[0] == none ? kept[1] : kept[0]);
  return ts::UnionType::get(context, kept);
}

TypeSizes::Size TypeSizes::measure(Type type) {
  if (!isa<ts::ListType, ts::DictType, ts::TupleType, ts::OptionalType, ts::UnionType,
           ts::FutureType, ts::AwaitType, ts::RRefType>(type))
    return {};
  auto it = known.find(type);
  if (it != known.end())
    return it->second;
  Size size;
  type.walkImmediateSubElements([](Attribute) {},
                                [&](Type part) {
                                  Size inner = measure(part);
                                  size.depth = std::max(size.depth, inner.depth + 1);
                                  size.nodes = std::min(size.nodes + inner.nodes, kMaxNodes + 1);
                                });
  return known[type] = size;
}

bool isTensor(Type type) { return isa<ts::TensorType>(type); }

Type withoutOptional(Type type) {
  if (auto optional = dyn_cast<ts::OptionalType>(type))
    return optional.getElement();
  return type;
}

bool isMutable(Type type) {
  if (isa<ts::IntType, ts::FloatType, ts::BoolType, ts::ComplexType, ts::NumberType, ts::StrType,
          ts::NoneType, ts::DeviceType, ts::EnumType, ts::FunctionType, ts::GeneratorType,
          ts::StreamType, ts::StorageType, ts::LayoutType>(type))
    return false;
  if (auto optional = dyn_cast<ts::OptionalType>(type))
    return isMutable(optional.getElement());
  if (auto tuple = dyn_cast<ts::TupleType>(type))
    return llvm::any_of(tuple.getElements(), isMutable);
  if (auto members = dyn_cast<ts::UnionType>(type))
    return llvm::any_of(members.getMembers(), isMutable);
  return true;
}

SmallVector<Type> alternatives(Type type) {
  if (auto optional = dyn_cast<ts::OptionalType>(type)) {
    SmallVector<Type> flat = alternatives(optional.getElement());
    Type none = ts::NoneType::get(type.getContext());
    if (!llvm::is_contained(flat, none))
      flat.push_back(none);
    return flat;
  }
  if (auto members = dyn_cast<ts::UnionType>(type)) {
    SmallVector<Type> flat;
    for (Type member : members.getMembers())
      flat.append(alternatives(member));
    return flat;
  }
  return {type};
}

static bool isTupleSubtype(ts::TupleType a, ts::TupleType b, TypeHierarchy &hierarchy) {
  if (a.getElements().size() != b.getElements().size())
    return false;
  if (b.getName() && !b.getFields().empty() && a.getFields() != b.getFields())
    return false;
  for (auto [x, y] : llvm::zip_equal(a.getElements(), b.getElements()))
    if (!isSubtype(x, y, hierarchy))
      return false;
  return true;
}

bool isSubtype(Type a, Type b, TypeHierarchy &hierarchy) {
  if (a == b || isa<ts::AnyType>(b))
    return true;
  if (isa<ts::OptionalType, ts::UnionType>(a)) {
    for (Type member : alternatives(a))
      if (!isSubtype(member, b, hierarchy))
        return false;
    return true;
  }
  if (isa<ts::OptionalType, ts::UnionType>(b))
    return llvm::any_of(alternatives(b),
                        [&](Type member) { return isSubtype(a, member, hierarchy); });
  if (isa<ts::NumberType>(b))
    return isa<ts::IntType, ts::FloatType, ts::ComplexType>(a);
  if (auto tensor = dyn_cast<ts::TensorType>(b))
    return isTensor(a) && tensor.isPlain();
  if (isa<ts::AnyListType>(b))
    return isa<ts::ListType>(a);
  if (isa<ts::AnyTupleType>(b))
    return isa<ts::TupleType>(a);
  if (auto interface = dyn_cast<ts::InterfaceType>(b))
    return isa<ts::ClassType, ts::InterfaceType>(a) && hierarchy.implements(a, interface);
  if (auto x = dyn_cast<ts::TupleType>(a))
    if (auto y = dyn_cast<ts::TupleType>(b))
      return isTupleSubtype(x, y, hierarchy);
  if (auto x = dyn_cast<ts::FutureType>(a))
    if (auto y = dyn_cast<ts::FutureType>(b))
      return isSubtype(x.getElement(), y.getElement(), hierarchy);
  if (auto x = dyn_cast<ts::AwaitType>(a))
    if (auto y = dyn_cast<ts::AwaitType>(b))
      return isSubtype(x.getElement(), y.getElement(), hierarchy);
  return false;
}

static Type unifyTuples(ts::TupleType a, ts::TupleType b, const Types &types,
                        TypeHierarchy &hierarchy) {
  if (a.getElements().size() != b.getElements().size())
    return {};
  SmallVector<Type> elements;
  for (auto [x, y] : llvm::zip_equal(a.getElements(), b.getElements())) {
    elements.push_back(unify(x, y, types, hierarchy));
    if (!elements.back())
      return {};
  }
  return types.tuple(elements);
}

Type unify(Type a, Type b, const Types &types, TypeHierarchy &hierarchy, bool toUnion) {
  if (isSubtype(a, b, hierarchy))
    return b;
  if (isSubtype(b, a, hierarchy))
    return a;
  if (isTensor(a) && isTensor(b))
    return types.tensor;
  if (a == types.none)
    return types.optional(b);
  if (b == types.none)
    return types.optional(a);
  Type found;
  if (auto optional = dyn_cast<ts::OptionalType>(a))
    found = unify(optional.getElement(), withoutOptional(b), types, hierarchy);
  else if (auto optional = dyn_cast<ts::OptionalType>(b))
    found = unify(a, optional.getElement(), types, hierarchy);
  if (found)
    return types.optional(found);
  if (isa<ts::TupleType>(a) && isa<ts::TupleType>(b))
    found = unifyTuples(cast<ts::TupleType>(a), cast<ts::TupleType>(b), types, hierarchy);
  if (isa<ts::FutureType>(a) && isa<ts::FutureType>(b)) {
    found = unify(cast<ts::FutureType>(a).getElement(), cast<ts::FutureType>(b).getElement(), types,
                  hierarchy);
    if (found)
      found = types.future(found);
  }
  if (!found && toUnion)
    return types.unionOf({a, b}, hierarchy);
  return found;
}

Type unifyAll(ArrayRef<Type> all, const Types &types, TypeHierarchy &hierarchy, bool toUnion) {
  Type type = all.empty() ? Type() : all.front();
  for (Type next : all.drop_front(!all.empty())) {
    type = unify(type, next, types, hierarchy, toUnion);
    if (!type)
      return {};
  }
  return type;
}

bool isConvertibleToList(Type type, Type list, TypeHierarchy &hierarchy) {
  auto target = dyn_cast<ts::ListType>(list);
  if (!target)
    return false;
  if (isSubtype(type, list, hierarchy))
    return true;
  auto tuple = dyn_cast<ts::TupleType>(type);
  return tuple && llvm::all_of(tuple.getElements(), [&](Type element) {
           return isSubtype(element, target.getElement(), hierarchy);
         });
}

// ---- Types of schemas

bool hasVariables(const ts::SchemaType &type) {
  return type.kind == ts::SchemaType::Variable || llvm::any_of(type.parameters, hasVariables);
}

bool bindVariables(const ts::SchemaType &formal, Type actual, TypeVariables &variables,
                   const Types &types, TypeHierarchy &hierarchy) {
  using Kind = ts::SchemaType;
  if (!hasVariables(formal))
    return true;
  auto inner = [&](unsigned i, Type type) {
    return i < formal.parameters.size() &&
           bindVariables(formal.parameters[i], type, variables, types, hierarchy);
  };
  switch (formal.kind) {
  case Kind::Variable: {
    Type &bound = variables[formal.name];
    bound = bound ? unify(bound, actual, types, hierarchy) : actual;
    return static_cast<bool>(bound);
  }
  case Kind::List:
    if (auto list = dyn_cast<ts::ListType>(actual))
      return inner(0, list.getElement());
    if (auto tuple = dyn_cast<ts::TupleType>(actual)) {
      Type element = unifyAll(tuple.getElements(), types, hierarchy);
      return element && inner(0, element);
    }
    return false;
  case Kind::Tuple: {
    auto tuple = dyn_cast<ts::TupleType>(actual);
    if (!tuple || tuple.getElements().size() != formal.parameters.size())
      return false;
    for (auto [i, element] : llvm::enumerate(tuple.getElements()))
      if (!inner(i, element))
        return false;
    return true;
  }
  case Kind::Dict: {
    auto dict = dyn_cast<ts::DictType>(actual);
    return dict && inner(0, dict.getKey()) && inner(1, dict.getValue());
  }
  case Kind::Optional:
    // None says nothing of the variable: another argument has to.
    return actual == types.none || inner(0, withoutOptional(actual));
  case Kind::Future:
    return isa<ts::FutureType>(actual) && inner(0, cast<ts::FutureType>(actual).getElement());
  case Kind::Await:
    return isa<ts::AwaitType>(actual) && inner(0, cast<ts::AwaitType>(actual).getElement());
  case Kind::RRef:
    return isa<ts::RRefType>(actual) && inner(0, cast<ts::RRefType>(actual).getElement());
  default:
    return false;
  }
}

static Type compoundType(const ts::SchemaType &type, const TypeVariables &variables,
                         const Types &types) {
  using Kind = ts::SchemaType;
  SmallVector<Type> inner;
  for (const ts::SchemaType &parameter : type.parameters) {
    inner.push_back(concreteType(parameter, variables, types));
    if (!inner.back())
      return {};
  }
  if (type.kind == Kind::Tuple)
    return types.tuple(inner);
  if (type.kind == Kind::Union)
    return ts::UnionType::get(types.context, inner);
  if (inner.empty() || (type.kind == Kind::Dict && inner.size() != 2))
    return {};
  switch (type.kind) {
  case Kind::List:
    return types.list(inner[0]);
  case Kind::Dict:
    return types.dict(inner[0], inner[1]);
  case Kind::Optional:
    return types.optional(inner[0]);
  case Kind::Future:
    return types.future(inner[0]);
  case Kind::Await:
    return ts::AwaitType::get(types.context, inner[0]);
  case Kind::RRef:
    return ts::RRefType::get(types.context, inner[0]);
  default:
    return {};
  }
}

Type concreteType(const ts::SchemaType &type, const TypeVariables &variables, const Types &types) {
  using Kind = ts::SchemaType;
  switch (type.kind) {
  case Kind::Tensor:
    return types.tensor;
  case Kind::Int:
    return types.integer;
  case Kind::Float:
    return types.floating;
  case Kind::Bool:
    return types.boolean;
  case Kind::Complex:
    return types.complex;
  case Kind::Scalar:
    return types.number;
  case Kind::Str:
    return types.str;
  case Kind::Device:
    return types.device;
  case Kind::None:
    return types.none;
  case Kind::Generator:
    return types.generator;
  case Kind::Stream:
    return types.stream;
  case Kind::Storage:
    return types.storage;
  case Kind::AnyList:
    return types.anyList;
  case Kind::AnyTuple:
    return types.anyTuple;
  case Kind::Any:
  case Kind::AnyEnum:
  case Kind::AnyClass:
    return types.any;
  case Kind::Class:
    return ts::ClassType::get(types.context, FlatSymbolRefAttr::get(types.context, type.name));
  case Kind::Variable:
    return variables.lookup(type.name);
  default:
    return compoundType(type, variables, types);
  }
}

} // namespace tsc::importer
