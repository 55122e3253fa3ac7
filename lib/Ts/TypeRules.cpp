// SPDX-License-Identifier: Apache-2.0
// Finds an operator's rule and turns its facts into types. In-place operators need no rule: their
// schemas say that they return an argument.
#include "RuleCall.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tsc::ts {

// ---- Types with and without facts
/// The type with its parameters replaced by what `each` makes of them; null when it makes a null.
static Type rebuild(Type type, llvm::function_ref<Type(unsigned, Type)> each) {
  MLIRContext *context = type.getContext();
  auto wrap = [&](auto made) -> Type {
    Type element = each(0, made.getElement());
    return element ? decltype(made)::get(context, element) : Type();
  };
  auto all = [&](ArrayRef<Type> parts, SmallVectorImpl<Type> &made) {
    for (auto [i, part] : llvm::enumerate(parts))
      made.push_back(each(i, part));
    return llvm::all_of(made, [](Type part) { return static_cast<bool>(part); });
  };
  SmallVector<Type> made;
  return llvm::TypeSwitch<Type, Type>(type)
      .Case<ListType, OptionalType, FutureType, AwaitType, RRefType>(wrap)
      .Case([&](DictType dict) -> Type {
        bool ok = all({dict.getKey(), dict.getValue()}, made);
        return ok ? DictType::get(context, made[0], made[1]) : Type();
      })
      .Case([&](TupleType tuple) -> Type {
        bool ok = all(tuple.getElements(), made);
        return ok ? TupleType::get(context, made, tuple.getName(), tuple.getFields()) : Type();
      })
      .Case([&](UnionType members) -> Type {
        bool ok = all(members.getMembers(), made);
        return ok ? UnionType::get(context, made) : Type();
      })
      .Default(type);
}

Type withoutTensorFacts(Type type) {
  if (isa<TensorType>(type))
    return TensorType::get(type.getContext());
  return rebuild(type, [](unsigned, Type part) { return withoutTensorFacts(part); });
}

/// The parts of a type, in the order of rebuild.
static SmallVector<Type> partsOf(Type type) {
  SmallVector<Type> parts;
  rebuild(type, [&](unsigned, Type part) {
    parts.push_back(part);
    return part;
  });
  return parts;
}

/// Null when the types differ by more than facts.
static Type tryJoin(Type a, Type b) {
  if (a == b)
    return a;
  if (a.getTypeID() != b.getTypeID())
    return {};
  if (auto x = dyn_cast<TensorType>(a))
    return typeOf(a.getContext(), joinFacts(factsOf(x), factsOf(cast<TensorType>(b))));
  SmallVector<Type> parts = partsOf(a), others = partsOf(b);
  if (parts.empty() || parts.size() != others.size() ||
      withoutTensorFacts(a) != withoutTensorFacts(b))
    return {};
  return rebuild(a, [&](unsigned i, Type part) { return tryJoin(part, others[i]); });
}

Type joinTypes(Type a, Type b) {
  Type joined = tryJoin(a, b);
  return joined ? joined : withoutTensorFacts(a);
}

Type refineType(Type declared, Type actual) {
  if (isa<TensorType>(declared)) {
    auto optional = dyn_cast<OptionalType>(actual);
    Type inner = optional ? optional.getElement() : actual;
    return isa<TensorType>(inner) ? inner : withoutTensorFacts(declared);
  }
  if (auto optional = dyn_cast<OptionalType>(declared)) {
    auto from = dyn_cast<OptionalType>(actual);
    return OptionalType::get(declared.getContext(),
                             refineType(optional.getElement(), from ? from.getElement() : actual));
  }
  SmallVector<Type> parts = partsOf(actual);
  if (actual.getTypeID() != declared.getTypeID() || isa<UnionType>(declared) ||
      parts.size() != partsOf(declared).size())
    return withoutTensorFacts(declared);
  return rebuild(declared, [&](unsigned i, Type part) { return refineType(part, parts[i]); });
}

// ---- Reading and changing
bool isOnlyRead(Value list) {
  return llvm::all_of(list.getUses(), [](OpOperand &use) {
    if (isa<ListUnpackOp>(use.getOwner()))
      return true;
    auto op = dyn_cast<AtenOp>(use.getOwner());
    const OperatorRow *row = op ? op.getRow() : nullptr;
    if (!row)
      return false;
    if (use.getOperandNumber() >= row->schema().arguments.size()) // print and format only read
      return row->schema().varargs;
    const SchemaAlias &alias = row->schema().arguments[use.getOperandNumber()].alias;
    return (alias.sets.empty() || row->fullName == "aten::__getitem__.t") && !alias.isWrite;
  });
}

bool changesMetadata(AtenOp op) {
  static const llvm::StringSet<> kNames = [] {
    llvm::StringSet<> names;
    for (StringRef name :
         {"resize_", "resize_as_", "set_", "squeeze_", "unsqueeze_", "transpose_", "t_",
          "swapaxes_", "swapdims_", "as_strided_", "sparse_resize_", "resize_as_sparse_",
          "sparse_resize_and_clear_", "_resize_output_", "set_data", "rename_"})
      names.insert(("aten::" + name).str());
    return names;
  }();
  const OperatorRow *row = op.getRow();
  if (!row) // what torchvision adds makes new tensors
    return !op.getName().starts_with("torchvision::");
  return kNames.contains(row->baseName()) ||
         llvm::any_of(row->schema().arguments, [](const SchemaArgument &a) { return a.isOut; });
}

// ---- Rules
namespace {
/// Rules by what rows name: full names, and base names with ".*".
struct RuleTable {
  RuleTable();
  Rule find(const OperatorRow &row) const;
  llvm::StringMap<Rule> rules;
};
} // namespace

RuleTable::RuleTable() {
  for (ArrayRef<RuleRow> family :
       {elementwiseRules(), reductionRules(), orderRules(), viewRules(), splitRules(), indexRules(),
        creationRules(), productRules(), convolutionRules(), neuralRules(), matrixRules(), fourierRules()})
    for (const RuleRow &row : family) {
      SmallVector<StringRef> names;
      StringRef(row.names).split(names, ' ', -1, /*KeepEmpty=*/false);
      for (StringRef name : names)
        rules[name.contains("::") ? name.str() : ("aten::" + name).str()] = row.rule;
    }
}

Rule RuleTable::find(const OperatorRow &row) const {
  if (Rule exact = rules.lookup(row.fullName))
    return exact;
  return rules.lookup((row.baseName() + ".*").str());
}

/// The result is an argument that the operator writes.
static Value writtenOperand(AtenOp op, const Schema &schema) {
  if (schema.returns.size() != 1 || !schema.returns[0].alias.isWrite)
    return {};
  for (auto [argument, value] : llvm::zip(schema.arguments, op.getArgs()))
    if (argument.alias.isWrite && argument.alias.sets == schema.returns[0].alias.sets)
      return value;
  return {};
}

/// Runs the rule; failure when there is none or it declines.
static LogicalResult applyRule(RuleCall &call) {
  static const RuleTable table;
  Rule rule = table.find(*call.op.getRow());
  return rule ? rule(call) : failure();
}

/// Operators that return an operand or an element of it: what is known of that.
static Type passedThrough(AtenOp op) {
  StringRef name = op.getName();
  if (name == "aten::_unwrap_optional" || name == "prim::unchecked_unwrap_optional")
    return op.getArgs()[0].getType();
  auto list = op.getArgs().empty() ? ListType() : dyn_cast<ListType>(op.getArgs()[0].getType());
  if (!list || name != "aten::__getitem__.t")
    return {};
  SmallVector<Type> elements;
  IntFact index = intFact(op.getArgs()[1]);
  if (!index.isConstant || !inferListElements(op.getArgs()[0], elements))
    return list.getElement();
  int64_t count = static_cast<int64_t>(elements.size());
  int64_t at = index.value < 0 ? index.value + count : index.value;
  return at >= 0 && at < count ? elements[at] : list.getElement();
}

LogicalResult inferResultTypes(AtenOp op, SmallVectorImpl<Type> &types) {
  const OperatorRow *row = op.getRow();
  if (!row && op.getName() == "torchvision::nms" && op.getNumResults() == 1) {
    types.push_back(TensorType::get(op.getContext(), {kUnknown}, DType::Int64));
    return success();
  }
  if (!row || changesMetadata(op))
    return failure();
  for (Type type : op.getResultTypes())
    types.push_back(withoutTensorFacts(type));
  if (Value self = writtenOperand(op, row->schema())) {
    types[0] = refineType(types[0], self.getType());
    return success();
  }
  if (Type passed = passedThrough(op)) {
    types[0] = refineType(types[0], passed);
    return success();
  }
  RuleCall call(op);
  if (failed(applyRule(call)))
    return failure();
  MLIRContext *context = op.getContext();
  if (call.listElements || call.listElement) {
    auto list = types.size() == 1 ? dyn_cast<ListType>(types[0]) : ListType();
    if (!list || !isa<TensorType>(list.getElement()))
      return failure();
    if (!call.listElement && call.listElements->empty())
      return success();
    TensorFacts element = call.listElement ? *call.listElement : call.listElements->front();
    if (!call.listElement)
      for (const TensorFacts &other : *call.listElements)
        element = joinFacts(element, other);
    types[0] = ListType::get(context, typeOf(context, element));
    return success();
  }
  auto facts = call.tensorResults.begin();
  for (Type &type : types)
    if (isa<TensorType>(type) && facts != call.tensorResults.end())
      type = typeOf(context, *facts++);
  return success();
}

bool inferListElements(Value list, SmallVectorImpl<Type> &elements) {
  if (auto made = list.getDefiningOp<ListConstructOp>()) {
    llvm::append_range(elements, made.getElements().getTypes());
    return isOnlyRead(list);
  }
  auto op = list.getDefiningOp<AtenOp>();
  if (!op || op.getNumResults() != 1 || !op.getRow() || !isOnlyRead(list))
    return false;
  RuleCall call(op);
  if (failed(applyRule(call)) || !call.listElements)
    return false;
  for (const TensorFacts &facts : *call.listElements)
    elements.push_back(typeOf(list.getContext(), facts));
  return true;
}

int64_t inferSize(Value integer) { return intFact(integer).size(); }

} // namespace tsc::ts
