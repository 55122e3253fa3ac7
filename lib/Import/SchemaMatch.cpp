// SPDX-License-Identifier: Apache-2.0
// Which overload a call means, and what its arguments become. PyTorch's rules: overloads in
// registration order, first without and then with implicit conversions; a failed attempt leaves
// nothing behind.
#include "Emitter.h"

#include "tsc/Ts/TypeText.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

namespace {
/// Takes back what an attempt appended to a block.
class Attempt {
public:
  explicit Attempt(OpBuilder &builder)
      : block(builder.getInsertionBlock()), last(block->empty() ? nullptr : &block->back()) {}
  void undo() {
    while (!block->empty() && &block->back() != last)
      block->back().erase();
  }

private:
  Block *block;
  Operation *last;
};
} // namespace

// ---- Conversions

TypedValue FunctionEmitter::convert(TypedValue value, Type wanted, bool conversions,
                                    python::Range range) {
  if (!value)
    return value;
  if (auto optional = dyn_cast<ts::OptionalType>(wanted))
    if (!isa<ts::OptionalType, ts::NoneType>(value.type))
      return convert(value, optional.getElement(), conversions, range);
  if (auto list = dyn_cast<ts::ListType>(wanted)) {
    if (value.type != wanted && emptyLists.contains(value.value) &&
        ts::getDebugName(value.value).empty())
      return makeList({}, list.getElement(), range);
  }
  if (auto tuple = dyn_cast<ts::TupleType>(value.type)) {
    if (auto list = dyn_cast<ts::ListType>(withoutOptional(wanted));
        list && isConvertibleToList(tuple, list, definitions))
      return makeList(*unpackTuple(value, tuple.getElements().size(), range), list.getElement(),
                      range);
    auto target = dyn_cast<ts::TupleType>(wanted);
    if (target && !isSub(tuple, target) &&
        target.getElements().size() == tuple.getElements().size()) {
      SmallVector<TypedValue> items = *unpackTuple(value, tuple.getElements().size(), range);
      for (auto [item, type] : llvm::zip_equal(items, target.getElements()))
        item = convert(item, type, conversions, range);
      return makeTuple(items, range);
    }
  }
  if (!conversions)
    return value;
  auto unary = [&](StringRef op) { return callBuiltin(op, {{"", value, range}}, {}, range); };
  if (isTensor(value.type)) {
    if (wanted == types.floating)
      return unary("aten::FloatImplicit");
    if (wanted == types.integer)
      return unary("aten::IntImplicit");
    if (wanted == types.complex)
      return unary("aten::ComplexImplicit");
    if (wanted == types.number)
      return unary("aten::ScalarImplicit");
  } else if (value.type == types.number) {
    if (wanted == types.floating)
      return unary("aten::Float");
    if (wanted == types.integer)
      return unary("aten::Int");
    if (wanted == types.complex)
      return unary("aten::Complex");
  } else if (value.type == types.boolean) {
    if (wanted == types.floating)
      return unary("aten::Float");
    if (wanted == types.integer || wanted == types.number)
      return unary("aten::Int");
  }
  if (value.type == types.str && wanted == types.device)
    return unary("aten::device");
  return value;
}

TypedValue FunctionEmitter::convertOrReport(TypedValue value, Type wanted, python::Range range) {
  TypedValue converted = convert(value, wanted, /*conversions=*/true, range);
  if (converted && !isSub(converted.type, wanted)) {
    report(range, Diag::ValueType, text(converted.type), text(wanted));
    return {};
  }
  return converted;
}

// ---- Arguments

static Type listElementOf(const Formal &formal, const Types &types) {
  const ts::SchemaType *type = formal.schemaType;
  if (type && type->kind == ts::SchemaType::Optional && !type->parameters.empty())
    type = &type->parameters.front();
  if (!type || type->kind != ts::SchemaType::List || type->parameters.empty() ||
      hasVariables(*type))
    return {};
  return concreteType(type->parameters.front(), {}, types);
}

static int64_t fixedSizeOf(const Formal &formal) {
  const ts::SchemaType *type = formal.schemaType;
  if (type && type->kind == ts::SchemaType::Optional && !type->parameters.empty())
    type = &type->parameters.front();
  return type ? type->fixedSize : 0;
}

TypedValue FunctionEmitter::matchArgument(const Formal &formal, TypedValue value, bool conversions,
                                          TypeVariables &variables, python::Range range,
                                          std::string &why) {
  Type element = listElementOf(formal, types);
  if (int64_t count = fixedSizeOf(formal); count && element && value.type == element &&
                                           (element == types.integer || element == types.floating))
    value = makeList(SmallVector<TypedValue>(count, value), element, range);
  Type wanted = formal.type;
  if (formal.schemaType) {
    if (!bindVariables(*formal.schemaType, value.type, variables, types, definitions)) {
      why = "'" + formal.name.str() + "' is of type " + text(value.type);
      return {};
    }
    wanted = concreteType(*formal.schemaType, variables, types);
    if (!wanted) {
      why = "the type of '" + formal.name.str() + "' is not known";
      return {};
    }
  }
  TypedValue converted = convert(value, wanted, conversions, range);
  if (!converted || !isSub(converted.type, wanted)) {
    why =
        "'" + formal.name.str() + "' is of type " + text(value.type) + ", expected " + text(wanted);
    return {};
  }
  return converted;
}

TypedValue FunctionEmitter::collectList(const Formal &formal, ArrayRef<Argument> rest,
                                        bool conversions, TypeVariables &variables,
                                        python::Range range, std::string &why) {
  Formal item;
  item.name = formal.name;
  item.type = listElementOf(formal, types);
  SmallVector<TypedValue> items;
  for (const Argument &argument : rest) {
    items.push_back(matchArgument(item, argument.value, conversions, variables, range, why));
    if (!items.back())
      return {};
  }
  return makeList(items, item.type, range);
}

/// Whether the positional arguments left may stand for one list: zeros(2, 3). Only the last
/// positional parameter, and none whose size is fixed.
static bool takesRest(ArrayRef<Formal> formals, size_t i, Type element) {
  bool isLast = i + 1 == formals.size() || formals[i + 1].keywordOnly;
  return isLast && element && !fixedSizeOf(formals[i]) && formals[i].schemaType &&
         formals[i].schemaType->kind == ts::SchemaType::List;
}

std::optional<SmallVector<TypedValue>>
FunctionEmitter::matchArguments(ArrayRef<Formal> formals, bool varargs, ArrayRef<Argument> args,
                                ArrayRef<Argument> keywords, bool conversions,
                                TypeVariables &variables, python::Range range, std::string &why) {
  SmallVector<TypedValue> matched;
  SmallVector<bool> usedKeyword(keywords.size());
  size_t used = 0;
  for (auto [i, formal] : llvm::enumerate(formals)) {
    auto keyword = llvm::find_if(keywords, [&](const Argument &argument) {
      // What PyTorch's functions call `input` is `self` in schemas.
      return argument.name == formal.name ||
             (argument.name == "input" && formal.name == "self" && formal.schemaType);
    });
    TypedValue value;
    if (!formal.keywordOnly && used < args.size()) {
      Type element = listElementOf(formal, types);
      TypedValue given = args[used].value;
      if (conversions && takesRest(formals, i, element) && !isa<ts::ListType>(given.type) &&
          !isConvertibleToList(given.type, types.list(element), definitions)) {
        value = collectList(formal, args.drop_front(used), conversions, variables, range, why);
        used = args.size();
      } else {
        value = matchArgument(formal, given, conversions, variables, args[used].range, why);
        ++used;
      }
    } else if (keyword != keywords.end()) {
      usedKeyword[keyword - keywords.begin()] = true;
      value = matchArgument(formal, keyword->value, conversions, variables, keyword->range, why);
    } else if (formal.schemaDefault || formal.defaultValue) {
      value = emitDefault(formal, variables, range);
      if (!value)
        why = "'" + formal.name.str() + "' has no default";
    } else {
      why = "'" + formal.name.str() + "' is missing";
    }
    if (!value)
      return std::nullopt;
    matched.push_back(value);
  }
  for (; varargs && used < args.size(); ++used)
    matched.push_back(args[used].value);
  if (used < args.size()) {
    why = llvm::formatv("{0} arguments are given, at most {1} expected", args.size(), used).str();
    return std::nullopt;
  }
  for (auto [keyword, isUsed] : llvm::zip_equal(keywords, usedKeyword))
    if (!isUsed) {
      why = "'" + keyword.name + "' is unknown or given twice";
      return std::nullopt;
    }
  return matched;
}

// ---- Defaults

static Attribute defaultAttribute(const ts::SchemaDefault &value, Type type, int64_t fixedSize,
                                  const Types &types) {
  Builder builder(types.context);
  using Kind = ts::SchemaDefault;
  Type inner = withoutOptional(type);
  if (value.kind == Kind::None)
    return builder.getUnitAttr();
  if (auto list = dyn_cast<ts::ListType>(inner)) {
    SmallVector<Attribute> items;
    if (value.kind == Kind::List)
      for (const ts::SchemaDefault &element : value.elements)
        items.push_back(defaultAttribute(element, list.getElement(), 0, types));
    else
      items.assign(std::max<int64_t>(fixedSize, 1),
                   defaultAttribute(value, list.getElement(), 0, types));
    return ts::ListAttr::get(types.context, builder.getArrayAttr(items), inner);
  }
  switch (value.kind) {
  case Kind::Bool:
    return builder.getBoolAttr(value.integer != 0);
  case Kind::Int:
    if (inner == types.floating)
      return builder.getF64FloatAttr(static_cast<double>(value.integer));
    return builder.getI64IntegerAttr(value.integer);
  case Kind::Float:
    return builder.getF64FloatAttr(value.number);
  case Kind::Str:
    if (inner == types.device)
      return ts::DeviceAttr::get(types.context, builder.getStringAttr(value.text));
    return builder.getStringAttr(value.text);
  default:
    return {};
  }
}

/// The type of a constant where a wider one is wanted.
static Type constantType(Attribute value, Type wanted, const Types &types) {
  if (isa<UnitAttr>(value))
    return types.none;
  wanted = withoutOptional(wanted);
  if (wanted != types.number && !isa<ts::AnyType, ts::UnionType>(wanted))
    return wanted;
  if (isa<BoolAttr>(value))
    return types.boolean;
  if (isa<IntegerAttr>(value))
    return types.integer;
  if (isa<FloatAttr>(value))
    return types.floating;
  if (isa<StringAttr>(value))
    return types.str;
  return wanted;
}

TypedValue FunctionEmitter::emitDefault(const Formal &formal, const TypeVariables &variables,
                                        python::Range range) {
  Type type = formal.schemaType ? concreteType(*formal.schemaType, variables, types) : formal.type;
  if (!type) // an unbound variable: only None can stand for it
    type = types.none;
  Attribute value = formal.schemaDefault
                        ? defaultAttribute(*formal.schemaDefault, type, fixedSizeOf(formal), types)
                        : formal.defaultValue;
  if (!value)
    return {};
  return constant(value, constantType(value, type, types), range);
}

// ---- Operators

static SmallVector<Formal> formalsOf(const ts::Schema &schema) {
  SmallVector<Formal> formals;
  for (const ts::SchemaArgument &argument : schema.arguments) {
    Formal formal;
    formal.name = argument.name;
    formal.schemaType = &argument.type;
    formal.keywordOnly = argument.keywordOnly;
    formal.schemaDefault = argument.defaultValue ? &*argument.defaultValue : nullptr;
    formals.push_back(formal);
  }
  return formals;
}

static std::string describeArguments(ArrayRef<Argument> args, ArrayRef<Argument> keywords) {
  std::string text;
  for (const Argument &argument : args)
    text +=
        (text.empty() ? "" : ", ") + ts::typeText(argument.value.type, ts::TypeStyle::Annotation);
  for (const Argument &argument : keywords)
    text += (text.empty() ? "" : ", ") + argument.name + "=" +
            ts::typeText(argument.value.type, ts::TypeStyle::Annotation);
  return text;
}

namespace {
/// One schema that a call may mean.
struct Candidate {
  const ts::Schema *schema;
  const ts::OperatorRow *row;
  const Upgrader *upgrader; ///< null for an operator of today
};
} // namespace

/// Operators of today in registration order, then what they were at the archive's version.
static SmallVector<Candidate> candidatesOf(ArrayRef<const ts::OperatorRow *> overloads,
                                           unsigned version) {
  SmallVector<Candidate> candidates, old;
  for (const ts::OperatorRow *row : overloads) {
    if (const Upgrader *upgrader = findUpgrader(row->fullName, version))
      old.push_back({&oldSchema(*upgrader), row, upgrader});
    else
      candidates.push_back({&row->schema(), row, nullptr});
  }
  candidates.append(old);
  return candidates;
}

TypedValue FunctionEmitter::emitUpgraded(const Upgrader &upgrader, ArrayRef<TypedValue> operands,
                                         python::Range range) {
  ts::FuncOp body = program.upgraders.get(upgrader, types.context, definitions.engine);
  if (!body || body.getNumArguments() != operands.size())
    return {};
  IRMapping mapping;
  for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), operands))
    mapping.map(argument, operand.value);
  for (Operation &inner : body.getBody().front().without_terminator())
    builder.clone(inner, mapping)->walk([&](Operation *copy) { copy->setLoc(loc(range)); });
  Value result = mapping.lookupOrDefault(body.getBody().front().getTerminator()->getOperand(0));
  return {result, types.tensor};
}

/// A dtype is an int to TorchScript, and an int is more likely a size than a dtype: x.view(-1).
static bool takesIntForDType(const ts::OperatorRow &row) {
  return row.fullName == "aten::view.dtype";
}

TypedValue FunctionEmitter::callBuiltin(StringRef name, ArrayRef<Argument> args,
                                        ArrayRef<Argument> keywords, python::Range range) {
  ArrayRef<const ts::OperatorRow *> overloads = ts::findOverloads(name);
  // An operator of an extension: only compiling it needs to know what it does. Such operators
  // return a tensor.
  if (overloads.empty() && !name.starts_with("aten::") && !name.starts_with("prim::")) {
    SmallVector<Value> values;
    for (const Argument &argument : llvm::concat<const Argument>(args, keywords))
      values.push_back(argument.value.value);
    auto call = ts::AtenOp::create(builder, loc(range), TypeRange(types.tensor),
                                   builder.getStringAttr(name), values);
    return {call.getResult(0), types.tensor};
  }
  if (overloads.empty()) {
    std::vector<StringRef> close = ts::similarOperators(name, 3);
    report(range, close.empty() ? Diag::UnknownOperator : Diag::UnknownOperatorHint, name,
           llvm::join(close, ", "));
    return {};
  }
  std::string why;
  SmallVector<Candidate> candidates = candidatesOf(overloads, program.version);
  for (bool conversions : {false, true}) {
    if (!conversions && candidates.size() == 1)
      continue;
    for (const Candidate &candidate : candidates) {
      if (!conversions && takesIntForDType(*candidate.row))
        continue;
      SmallVector<Formal> formals = formalsOf(*candidate.schema);
      TypeVariables variables;
      Attempt attempt(builder);
      why.clear();
      std::optional<SmallVector<TypedValue>> matched = matchArguments(
          formals, candidate.schema->varargs, args, keywords, conversions, variables, range, why);
      if (matched)
        return candidate.upgrader ? emitUpgraded(*candidate.upgrader, *matched, range)
                                  : emitOperatorCall(*candidate.row, *matched, variables, range);
      attempt.undo();
    }
  }
  if (overloads.size() == 1)
    report(range, Diag::ArgumentMismatch, name, describeArguments(args, keywords), why);
  else
    report(range, Diag::NoOverload, name, describeArguments(args, keywords));
  return {};
}

TypedValue FunctionEmitter::emitOperatorCall(const ts::OperatorRow &row,
                                             ArrayRef<TypedValue> operands,
                                             const TypeVariables &variables, python::Range range) {
  SmallVector<Value> values =
      llvm::map_to_vector(operands, [](const TypedValue &operand) { return operand.value; });
  if (row.fullName == "prim::RaiseException" && values.size() == 2) {
    ts::RaiseOp::create(builder, loc(range), values[0], values[1]);
    return none(range);
  }
  if (row.fullName == "prim::unchecked_cast")
    return operands.front();
  const ts::Schema &schema = row.schema();
  if (schema.varreturns) {
    report(range, Diag::OperatorResults, row.fullName);
    return {};
  }
  SmallVector<Type> results;
  SmallVector<StringAttr> fields;
  for (const ts::SchemaArgument &result : schema.returns) {
    results.push_back(concreteType(result.type, variables, types));
    if (!results.back()) {
      report(range, Diag::OperatorResults, row.fullName);
      return {};
    }
    if (!result.name.empty())
      fields.push_back(builder.getStringAttr(result.name));
  }
  auto call =
      ts::AtenOp::create(builder, loc(range), results, builder.getStringAttr(row.fullName), values);
  if (results.size() == 1)
    return {call.getResult(0), results.front()};
  SmallVector<TypedValue> items;
  for (Value result : call.getResults())
    items.push_back({result, result.getType()});
  bool isNamed = !results.empty() && fields.size() == results.size();
  Type tuple =
      isNamed ? Type(ts::TupleType::get(types.context, results, builder.getStringAttr(""), fields))
              : Type();
  return makeTuple(items, range, tuple);
}

} // namespace tsc::importer
