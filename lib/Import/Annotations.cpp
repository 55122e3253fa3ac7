// SPDX-License-Identifier: Apache-2.0
// What annotations mean, and the values of literals in signatures and class bodies.
#include "Definitions.h"

#include "tsc/Python/Parser.h"
#include "tsc/Ts/TypeText.h"

#include <cmath>
#include <limits>

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

static Type builtinType(StringRef name, const Types &types) {
  struct Row {
    const char *name;
    Type type;
  };
  const Row rows[] = {
      {"Tensor", types.tensor},
      {"int", types.integer},
      {"float", types.floating},
      {"bool", types.boolean},
      {"complex", types.complex},
      {"number", types.number},
      {"str", types.str},
      {"None", types.none},
      {"NoneType", types.none},
      {"Any", types.any},
      {"Device", types.device},
      {"torch.device", types.device},
      {"Generator", types.generator},
      {"Stream", types.stream},
      {"Storage", types.storage},
      {"Capsule", types.capsule},
      {"list", types.anyList},
      {"tuple", types.anyTuple},
      {"Layout", types.integer},
      {"QScheme", types.integer},
      {"torch.Tensor", types.tensor},
      {"torch.dtype", types.integer},
      {"torch.layout", types.integer},
      {"torch.Generator", types.generator},
      {"t", types.any},
      {"AnyListType", types.anyList},
      {"AnyTupleType", types.anyTuple},
      {"torch.memory_format", types.integer},
      {"AnyClassType", types.any},
      {"AnyEnumType", types.any},
  };
  for (const Row &row : rows)
    if (name == row.name)
      return row.type;
  return {};
}

Type Definitions::parseNamedType(StringRef name, const python::Expr &expr, const Source &source) {
  if (Type type = builtinType(name, types))
    return type;
  Definition *definition = find(name);
  if (!definition && !source.model && !source.qualifier.empty())
    definition = find(source.qualifier + "." + name.str());
  if (!definition || definition->kind == DefinitionKind::Function) {
    if (!engine.hasErrors() || definition || !source.model)
      engine.report(source.location(expr.range), Diag::UnknownType, name);
    return {};
  }
  // The fields of a named tuple are part of the type; other definitions are only referred to.
  if (definition->kind == DefinitionKind::NamedTuple && !load(*definition))
    return {};
  return definition->type;
}

Type Definitions::parseGenericType(const python::Subscript &expr, const Source &source) {
  Type type = makeGenericType(expr, source);
  return type && checkSize(type, source, expr.range) ? type : Type();
}

Type Definitions::makeGenericType(const python::Subscript &expr, const Source &source) {
  std::string name = qualifiedName(*expr.value);
  StringRef head = name;
  head.consume_front("typing.") || head.consume_front("torch.jit.");
  SmallVector<Type> inner;
  ArrayRef<python::Expr *> items = expr.index;
  if (auto tuple = dyn_cast<python::Tuple>(expr.index))
    items = tuple->items;
  for (const python::Expr *item : items) {
    inner.push_back(parseType(*item, source));
    if (!inner.back())
      return {};
  }
  if (head == "Tuple" || head == "tuple")
    return types.tuple(inner);
  if (head == "Union" && !inner.empty())
    return types.unionOf(inner, *this);
  if ((head == "Dict" || head == "dict") && inner.size() == 2)
    return types.dict(inner[0], inner[1]);
  if (inner.size() == 1) {
    if (head == "List" || head == "list" || head.starts_with("BroadcastingList"))
      return types.list(inner[0]);
    if (head == "Optional")
      return types.optional(inner[0]);
    if (head == "Final")
      return inner[0];
    if (head == "Future")
      return types.future(inner[0]);
    if (head == "Await" || head == "_Await")
      return ts::AwaitType::get(types.context, inner[0]);
    if (head == "RRef")
      return ts::RRefType::get(types.context, inner[0]);
  }
  engine.report(source.location(expr.range), Diag::UnknownType,
                source.tree->source.text(expr.range));
  return {};
}

Type Definitions::parseType(const python::Expr &expr, const Source &source) {
  if (isa<python::NoneLiteral>(expr))
    return types.none;
  if (auto generic = dyn_cast<python::Subscript>(&expr))
    return parseGenericType(*generic, source);
  if (auto binary = dyn_cast<python::Binary>(&expr);
      binary && binary->op == python::BinaryOp::BitOr) {
    Type left = parseType(*binary->left, source);
    Type right = left ? parseType(*binary->right, source) : Type();
    return right ? types.unionOf({left, right}, *this) : Type();
  }
  std::string name = qualifiedName(expr);
  if (!name.empty())
    return parseNamedType(name, expr, source);
  engine.report(source.location(expr.range), Diag::NotAType, python::describe(expr));
  return {};
}

Type Definitions::parseTypeText(StringRef text, const SourceLocation &location) {
  std::unique_ptr<python::ParsedExpression> parsed =
      python::parseExpression(location.file, text, engine);
  if (!parsed)
    return {};
  // A file of one expression: nothing but the expression's own text to show.
  Source source;
  source.tree = std::make_unique<python::Module>(location.file, text, 1);
  source.model = nullptr;
  return parseType(*parsed->expr, source);
}

Attribute Definitions::unknownConstant(const python::Expr &expr, const Source &source) {
  engine.report(source.location(expr.range), Diag::NotAConstant, python::describe(expr));
  return {};
}

static std::optional<double> namedNumber(const python::Expr &expr) {
  auto name = dyn_cast<python::Name>(&expr);
  if (name && name->id == "inf")
    return std::numeric_limits<double>::infinity();
  if (name && name->id == "nan")
    return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

/// The value of a literal number, its minus included.
static std::optional<double> realValue(const python::Expr &expr) {
  if (auto integer = dyn_cast<python::IntLiteral>(&expr))
    return static_cast<double>(integer->value);
  if (auto real = dyn_cast<python::FloatLiteral>(&expr))
    return real->value;
  if (auto unary = dyn_cast<python::Unary>(&expr); unary && unary->op == python::UnaryOp::Neg) {
    std::optional<double> value = realValue(*unary->operand);
    return value ? std::optional<double>(-*value) : std::nullopt;
  }
  return namedNumber(expr);
}

/// `1.+2.j`, `2.j`: real and imaginary part.
static std::optional<std::pair<double, double>> complexValue(const python::Expr &expr) {
  if (std::optional<double> real = realValue(expr))
    return std::make_pair(*real, 0.0);
  if (auto imaginary = dyn_cast<python::ImaginaryLiteral>(&expr))
    return std::make_pair(0.0, imaginary->value);
  if (auto name = dyn_cast<python::Name>(&expr); name && (name->id == "infj" || name->id == "nanj"))
    return std::make_pair(0.0, name->id == "infj" ? std::numeric_limits<double>::infinity()
                                                  : std::numeric_limits<double>::quiet_NaN());
  if (auto unary = dyn_cast<python::Unary>(&expr); unary && unary->op == python::UnaryOp::Neg) {
    auto value = complexValue(*unary->operand);
    return value ? std::optional(std::make_pair(-value->first, -value->second)) : std::nullopt;
  }
  auto binary = dyn_cast<python::Binary>(&expr);
  if (!binary || (binary->op != python::BinaryOp::Add && binary->op != python::BinaryOp::Sub))
    return std::nullopt;
  auto left = complexValue(*binary->left), right = complexValue(*binary->right);
  if (!left || !right)
    return std::nullopt;
  double sign = binary->op == python::BinaryOp::Add ? 1 : -1;
  return std::make_pair(left->first + sign * right->first, left->second + sign * right->second);
}

Attribute Definitions::parseConstant(const python::Expr &expr, Type type, const Source &source) {
  Builder builder(types.context);
  if (isa<python::NoneLiteral>(expr))
    return isSubtype(types.none, type, *this) ? builder.getUnitAttr()
                                              : unknownConstant(expr, source);
  type = withoutOptional(type);
  auto checked = [&](Attribute value, Type own) {
    return isSubtype(own, type, *this) ? value : unknownConstant(expr, source);
  };
  if (auto text = dyn_cast<python::StringLiteral>(&expr))
    return checked(builder.getStringAttr(text->value), types.str);
  if (auto boolean = dyn_cast<python::BoolLiteral>(&expr))
    return checked(builder.getBoolAttr(boolean->value), types.boolean);
  if (type == types.complex) {
    auto value = complexValue(expr);
    return value ? Attribute(ts::ComplexAttr::get(types.context,
                                                  builder.getF64FloatAttr(value->first),
                                                  builder.getF64FloatAttr(value->second)))
                 : unknownConstant(expr, source);
  }
  if (auto integer = dyn_cast<python::IntLiteral>(&expr); integer && type != types.floating) {
    if (auto list = dyn_cast<ts::ListType>(type)) { // BroadcastingList
      Attribute item = parseConstant(expr, list.getElement(), source);
      return item ? ts::ListAttr::get(types.context, builder.getArrayAttr({item}), type)
                  : Attribute();
    }
    return checked(builder.getI64IntegerAttr(integer->value), types.integer);
  }
  if (std::optional<double> value = realValue(expr))
    return checked(builder.getF64FloatAttr(*value), types.floating);
  auto items = [&](python::ExprList list, auto elementType) -> ArrayAttr {
    SmallVector<Attribute> values;
    for (auto [i, item] : llvm::enumerate(list)) {
      Type element = elementType(i);
      values.push_back(element ? parseConstant(*item, element, source)
                               : unknownConstant(*item, source));
      if (!values.back())
        return {};
    }
    return builder.getArrayAttr(values);
  };
  if (auto list = dyn_cast<python::List>(&expr))
    if (auto listType = dyn_cast<ts::ListType>(type)) {
      ArrayAttr values = items(list->items, [&](size_t) { return listType.getElement(); });
      return values ? ts::ListAttr::get(types.context, values, type) : Attribute();
    }
  if (auto tuple = dyn_cast<python::Tuple>(&expr))
    if (auto tupleType = dyn_cast<ts::TupleType>(type);
        tupleType && tupleType.getElements().size() == tuple->items.size()) {
      ArrayAttr values = items(tuple->items, [&](size_t i) { return tupleType.getElements()[i]; });
      return values ? ts::TupleAttr::get(types.context, values, type) : Attribute();
    }
  if (auto call = dyn_cast<python::Call>(&expr);
      call && qualifiedName(*call->callee) == "torch.device" && call->args.size() == 1)
    if (auto text = dyn_cast<python::StringLiteral>(call->args.front()))
      return ts::DeviceAttr::get(types.context, builder.getStringAttr(text->value));
  if (auto member = dyn_cast<python::Attribute>(&expr);
      member && qualifiedName(*member->value) == "CONSTANTS")
    if (const auto *entry = findConstant(member->name.text);
        entry && isSubtype(entry->second, type, *this))
      return entry->first;
  if (auto member = dyn_cast<python::Attribute>(&expr))
    if (Definition *definition = find(qualifiedName(*member->value));
        definition && definition->kind == DefinitionKind::Enum)
      return ts::EnumValueAttr::get(types.context,
                                    FlatSymbolRefAttr::get(types.context, definition->name),
                                    builder.getStringAttr(member->name.text));
  return unknownConstant(expr, source);
}

} // namespace tsc::importer
