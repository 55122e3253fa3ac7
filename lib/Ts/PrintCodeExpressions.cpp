// SPDX-License-Identifier: Apache-2.0
// Operations as Python expressions. Operators of the registry are calls, `torch.add(x, y)`, without
// the trailing arguments that equal their defaults; some have a syntax of their own, and structural
// operations have theirs.
#include "PrintCode.h"

#include "PrintValues.h"
#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsc::ts {

static std::string annotation(Type type) { return typeText(type, TypeStyle::Annotation); }

static std::string annotated(Type type, const Twine &text, StringRef separator = ", ") {
  return ("annotate(" + annotation(type) + separator + text + ")").str();
}

std::string CodePrinter::joined(ValueRange values, StringRef begin, StringRef end) {
  std::string text = begin.str();
  StringRef separator = "";
  for (Value value : values) {
    text += separator;
    text += use(value);
    separator = ", ";
  }
  text += end;
  return text;
}

// ---- Constants

static bool hasNonAscii(Attribute value, unsigned depth = 0) {
  if (depth > 256)
    return false;
  auto anyOf = [&](ArrayAttr elements) {
    return llvm::any_of(elements,
                        [&](Attribute element) { return hasNonAscii(element, depth + 1); });
  };
  return llvm::TypeSwitch<Attribute, bool>(value)
      .Case<StringAttr>([](StringAttr text) {
        return llvm::any_of(text.getValue(),
                            [](char c) { return static_cast<unsigned char>(c) > 127; });
      })
      .Case<ListAttr>([&](ListAttr list) { return anyOf(list.getElements()); })
      .Case<TupleAttr>([&](TupleAttr tuple) { return anyOf(tuple.getElements()); })
      .Case<DictAttr>(
          [&](DictAttr dict) { return anyOf(dict.getKeys()) || anyOf(dict.getValues()); })
      .Default([](Attribute) { return false; });
}

std::string CodePrinter::constantExpression(Attribute value, Type type) {
  // A function is written by its name.
  if (isa<FlatSymbolRefAttr>(value) && isa<ts::FunctionType>(type))
    return annotation(type);
  return valueText(value, type, [&](Attribute part, Type partType) -> std::optional<std::string> {
    if (isa<TensorAttr, FlatSymbolRefAttr>(part) || hasNonAscii(part))
      return "CONSTANTS.c" + std::to_string(constants.getOrAdd(part));
    auto tuple = dyn_cast_if_present<ts::TupleType>(partType);
    if (!isa<TupleAttr>(part) || !tuple || !tuple.getName() || tuple.getName().getValue().empty())
      return std::nullopt;
    // A named tuple: its constructor, and the elements as of any tuple.
    auto plain = ts::TupleType::get(tuple.getContext(), tuple.getElements());
    return annotation(tuple) + constantExpression(part, plain);
  });
}

// ---- Containers and attributes

std::string CodePrinter::listExpression(ListConstructOp op) {
  std::string list = joined(op.getElements(), "[", "]");
  bool isClear = !op.getElements().empty() && isInferredFromMembers(op.getType().getElement());
  return isClear ? list : annotated(op.getType(), list);
}

std::string CodePrinter::dictExpression(DictConstructOp op) {
  std::string dict = "{";
  for (auto [index, value] : llvm::enumerate(op.getPairs()))
    dict += ((index == 0 ? "" : index % 2 ? ": " : ", ") + use(value)).str();
  dict += '}';
  DictType type = op.getType();
  bool isClear = !op.getPairs().empty() && isInferredFromMembers(type.getKey()) &&
                 isInferredFromMembers(type.getValue());
  return isClear ? dict : annotated(type, dict);
}

std::string CodePrinter::tupleExpression(TupleConstructOp op) {
  StringAttr name = op.getType().getName();
  std::string constructor = name && !name.getValue().empty() ? annotation(op.getType()) : "";
  return joined(op.getElements(), constructor + "(", op.getElements().size() == 1 ? ",)" : ")");
}

std::string CodePrinter::attributeExpression(GetAttrOp op) {
  StringRef object = use(op.getObject());
  if (isIdentifier(op.getName()))
    return (object + "." + op.getName()).str();
  return ("getattr(" + object + ", " + quotedText(op.getName()) + ")").str();
}

std::string CodePrinter::isInstanceExpression(IsInstanceOp op) {
  std::string types =
      llvm::join(llvm::map_range(op.getTypes().getAsRange<TypeAttr>(),
                                 [](TypeAttr type) { return annotation(type.getValue()); }),
                 ", ");
  if (op.getTypes().size() != 1)
    types = "(" + types + ")";
  return ("isinstance(" + use(op.getInput()) + ", " + types + ")").str();
}

// ---- Calls

/// Calls of the program's own functions keep a comma after the last argument.
std::string CodePrinter::userCallExpression(StringRef callee, ValueRange args) {
  return callee.str() + joined(args, "(", args.empty() ? ")" : ", )");
}

static bool isDefault(Attribute value, const SchemaDefault &expected) {
  switch (expected.kind) {
  case SchemaDefault::None:
    return isa<UnitAttr>(value);
  case SchemaDefault::Bool:
    return isa<BoolAttr>(value) && cast<BoolAttr>(value).getValue() == (expected.integer != 0);
  case SchemaDefault::Int:
    return isa<IntegerAttr>(value) && !isa<BoolAttr>(value) &&
           cast<IntegerAttr>(value).getInt() == expected.integer;
  case SchemaDefault::Float:
    return isa<FloatAttr>(value) && cast<FloatAttr>(value).getValueAsDouble() == expected.number;
  case SchemaDefault::Str:
    return isa<StringAttr>(value) && cast<StringAttr>(value).getValue() == expected.text;
  case SchemaDefault::List: {
    auto list = dyn_cast<ListAttr>(value);
    return list && list.getElements().size() == expected.elements.size() &&
           llvm::all_of(llvm::zip(list.getElements(), expected.elements),
                        [](auto pair) { return isDefault(std::get<0>(pair), std::get<1>(pair)); });
  }
  }
  return false;
}

/// How many leading arguments must be written: all up to the last that differs from its default.
static size_t countNecessary(ArrayRef<SchemaArgument> arguments, ValueRange operands) {
  size_t count = arguments.size();
  while (count > 0) {
    const SchemaArgument &argument = arguments[count - 1];
    auto constant = operands[count - 1].getDefiningOp<ConstantOp>();
    if (!argument.defaultValue || !constant ||
        !isDefault(constant.getValue(), *argument.defaultValue))
      break;
    --count;
  }
  return count;
}

std::string CodePrinter::callExpression(StringRef name, const Schema *schema, ValueRange operands) {
  if (!schema || schema->arguments.size() > operands.size())
    return name.str() + joined(operands, "(", ")");
  ArrayRef<SchemaArgument> all = schema->arguments;
  size_t numOut = 0;
  while (numOut < all.size() && all[all.size() - 1 - numOut].isOut)
    ++numOut;
  // Operands beyond the schema's arguments are those of `...`.
  size_t count = operands.size() > all.size() ? operands.size()
                                              : countNecessary(all.drop_back(numOut), operands);
  SmallVector<std::string> parts;
  for (size_t i = 0; i < count; ++i) {
    bool isKeyword = i < all.size() && all[i].keywordOnly;
    parts.push_back(((isKeyword ? all[i].name + "=" : std::string()) + use(operands[i])).str());
  }
  for (size_t i = all.size() - numOut; i < all.size() && operands.size() == all.size(); ++i)
    parts.push_back((all[i].name + "=" + use(operands[i])).str());
  return (name + "(" + llvm::join(parts, ", ") + ")").str();
}

static std::string calledName(StringRef baseName) {
  if (baseName == "aten::backward" || baseName == "aten::grad")
    return ("torch.autograd." + baseName.substr(6)).str();
  auto [space, name] = baseName.split("::");
  return (space == "aten" ? "torch." + name : "ops." + space + "." + name).str();
}

/// An index follows a name directly, and any other expression in parentheses.
static std::string indexed(StringRef container, StringRef index) {
  std::string text = isIdentifier(container) ? container.str() : ("(" + container + ")").str();
  return (text + "[" + index + "]").str();
}

std::string CodePrinter::atenExpression(AtenOp op) {
  ValueRange args = op.getArgs();
  StringRef base = op.getBaseName();
  StringRef function = llvm::StringSwitch<StringRef>(base)
                           .Case("aten::Int", "int")
                           .Case("aten::Float", "float")
                           .Case("aten::Bool", "bool")
                           .Case("aten::str", "str")
                           .Case("aten::sorted", "sorted")
                           .Case("prim::Print", "print")
                           .Default("");
  if (!function.empty())
    return function.str() + joined(args, "(", ")");
  if (base == "aten::__getitem__" && args.size() == 2)
    return indexed(use(args[0]), use(args[1]));
  if (args.size() >= 1 && op->getNumResults() == 1) {
    Type type = op->getResult(0).getType();
    if (llvm::is_contained({"aten::ScalarImplicit", "aten::FloatImplicit", "aten::IntImplicit",
                            "aten::ComplexImplicit"},
                           base))
      return annotated(type, use(args[0]));
    if (base == "prim::unchecked_unwrap_optional" || base == "prim::unchecked_cast")
      return ("unchecked_cast(" + annotation(type) + ", " + use(args[0]) + ")").str();
    if (base == "prim::tolist")
      return annotated(type, use(args[0]) + ".tolist()");
    if (base == "prim::EnumValue" || base == "prim::EnumName")
      return ("(" + use(args[0]) + (base == "prim::EnumValue" ? ").value" : ").name")).str();
    // Of a bare None the reader could not tell the type.
    if (base == "aten::_unwrap_optional" && isa<ts::NoneType>(args[0].getType()))
      return "torch._unwrap_optional(" +
             annotated(OptionalType::get(type.getContext(), type), use(args[0])) + ")";
  }
  const OperatorRow *row = op.getRow();
  return callExpression(calledName(base), row ? &row->schema() : nullptr, args);
}

std::string CodePrinter::expression(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<AtenOp>([&](AtenOp call) { return atenExpression(call); })
      .Case<ConstantOp>([&](ConstantOp constant) {
        return constantExpression(constant.getValue(), constant.getType());
      })
      .Case<UninitializedOp>(
          [&](UninitializedOp none) { return "uninitialized(" + annotation(none.getType()) + ")"; })
      .Case<ListConstructOp>([&](ListConstructOp list) { return listExpression(list); })
      .Case<DictConstructOp>([&](DictConstructOp dict) { return dictExpression(dict); })
      .Case<TupleConstructOp>([&](TupleConstructOp tuple) { return tupleExpression(tuple); })
      .Case<TupleIndexOp>([&](TupleIndexOp index) {
        return ("(" + use(index.getTuple()) + ")[" + use(index.getIndex()) + "]").str();
      })
      .Case<TupleSliceOp>([&](TupleSliceOp slice) {
        return ("(" + use(slice.getTuple()) + ")[" + Twine(slice.getBegin()) + ":" +
                Twine(slice.getEnd()) + "]")
            .str();
      })
      .Case<CreateObjectOp>([&](CreateObjectOp create) {
        std::string type = annotation(create.getType());
        return type + ".__new__(" + type + ")";
      })
      .Case<GetAttrOp>([&](GetAttrOp get) { return attributeExpression(get); })
      .Case<CallFunctionOp>([&](CallFunctionOp call) {
        return userCallExpression(use(call.getCallee()), call.getArgs());
      })
      .Case<CallMethodOp>([&](CallMethodOp call) {
        return userCallExpression(("(" + use(call.getObject()) + ")." + call.getMethod()).str(),
                                  call.getArgs());
      })
      .Case<UncheckedCastOp>([&](UncheckedCastOp cast) {
        return ("unchecked_cast(" + annotation(cast.getType()) + ", " + use(cast.getInput()) + ")")
            .str();
      })
      .Case<IsInstanceOp>([&](IsInstanceOp check) { return isInstanceExpression(check); })
      .Case<RaiseOp>([&](RaiseOp raise) {
        const OperatorRow *row = findOperator("prim::RaiseException");
        return callExpression("ops.prim.RaiseException", row ? &row->schema() : nullptr,
                              raise->getOperands());
      })
      .Default([&](Operation *other) {
        auto [space, name] = other->getName().getStringRef().split('.');
        return callExpression(("ops." + space + "." + name).str(), nullptr, other->getOperands());
      });
}

} // namespace tsc::ts
