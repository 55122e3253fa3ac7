// SPDX-License-Identifier: Apache-2.0
// The parser of operator schemas, as PyTorch prints them:
//   name(TYPE NAME[=DEFAULT], ..., *, KEYWORD ARGUMENTS) -> TYPE | (TYPE [NAME], ...)
//   TYPE: NAME [(PARAMETERS)] or (TYPE, ...), then any of (ALIAS) [] [N] ?
//   ALIAS: a | a! | * | a|b | a -> *
// A schema comes from the table, or from an archive that declares its own; so nothing is taken for
// granted.
#include "tsc/Ts/Operators.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;

namespace tsc::ts {

namespace {

constexpr unsigned kMaxDepth = 64;

class SchemaParser {
public:
  SchemaParser(StringRef text, std::string &error) : text(text), rest(text), error(error) {}
  std::optional<Schema> parse();

private:
  bool fail(const Twine &message);
  void skipSpace() { rest = rest.ltrim(); }
  bool consume(StringRef token);
  StringRef takeName(StringRef extra = "");

  bool parseArguments(Schema &schema);
  bool parseArgument(Schema &schema, bool keywordOnly);
  bool parseReturns(Schema &schema);
  bool parseType(SchemaType &type, SchemaAlias &alias, unsigned depth = 0);
  bool parseBaseType(SchemaType &type, unsigned depth);
  bool parseTypeList(std::vector<SchemaType> &types, unsigned depth);
  bool parseAlias(SchemaAlias &alias);
  bool parseSuffixes(SchemaType &type, SchemaAlias &alias);
  bool parseDefault(SchemaDefault &value, unsigned depth = 0);
  bool parseNumber(SchemaDefault &value);
  bool parseString(SchemaDefault &value);

  StringRef text, rest;
  std::string &error;
};

} // namespace

bool SchemaParser::fail(const Twine &message) {
  error =
      (message + " at column " + Twine(text.size() - rest.size() + 1) + " of schema '" + text + "'")
          .str();
  return false;
}

bool SchemaParser::consume(StringRef token) {
  skipSpace();
  return rest.consume_front(token);
}

StringRef SchemaParser::takeName(StringRef extra) {
  skipSpace();
  StringRef name =
      rest.take_while([&](char c) { return isAlnum(c) || c == '_' || extra.contains(c); });
  rest = rest.drop_front(name.size());
  return name;
}

std::optional<Schema> SchemaParser::parse() {
  Schema schema;
  StringRef name = takeName(".:");
  if (name.empty()) {
    fail("expected an operator's name");
    return std::nullopt;
  }
  if (!parseArguments(schema))
    return std::nullopt;
  if (!consume("->")) {
    fail("expected '->'");
    return std::nullopt;
  }
  if (!parseReturns(schema))
    return std::nullopt;
  skipSpace();
  if (!rest.empty()) {
    fail("expected the end");
    return std::nullopt;
  }
  return schema;
}

bool SchemaParser::parseArguments(Schema &schema) {
  if (!consume("("))
    return fail("expected '('");
  bool keywordOnly = false;
  if (consume(")"))
    return true;
  do {
    if (consume("..."))
      schema.varargs = true;
    else if (consume("*"))
      keywordOnly = true;
    else if (!parseArgument(schema, keywordOnly))
      return false;
  } while (consume(","));
  return consume(")") || fail("expected ',' or ')'");
}

bool SchemaParser::parseArgument(Schema &schema, bool keywordOnly) {
  SchemaArgument argument;
  argument.keywordOnly = keywordOnly;
  if (!parseType(argument.type, argument.alias))
    return false;
  argument.name = takeName().str();
  if (argument.name.empty())
    return fail("expected an argument's name");
  if (consume("=")) {
    SchemaDefault value;
    if (!parseDefault(value))
      return false;
    argument.defaultValue = std::move(value);
  }
  argument.isOut = keywordOnly && argument.alias.isWrite;
  schema.arguments.push_back(std::move(argument));
  return true;
}

bool SchemaParser::parseReturns(Schema &schema) {
  if (consume("...")) {
    schema.varreturns = true;
    return true;
  }
  auto parseOne = [&] {
    SchemaArgument result;
    if (!parseType(result.type, result.alias))
      return false;
    result.name = takeName().str();
    schema.returns.push_back(std::move(result));
    return true;
  };
  if (!consume("("))
    return parseOne();
  if (consume(")"))
    return true;
  do {
    if (consume("..."))
      schema.varreturns = true;
    else if (!parseOne())
      return false;
  } while (consume(","));
  return consume(")") || fail("expected ',' or ')'");
}

bool SchemaParser::parseType(SchemaType &type, SchemaAlias &alias, unsigned depth) {
  if (depth > kMaxDepth)
    return fail("expected a type less deep than " + Twine(kMaxDepth));
  return parseBaseType(type, depth) && parseSuffixes(type, alias);
}

bool SchemaParser::parseTypeList(std::vector<SchemaType> &types, unsigned depth) {
  do {
    SchemaAlias inner;
    types.emplace_back();
    if (!parseType(types.back(), inner, depth + 1))
      return false;
  } while (consume(","));
  return consume(")") || fail("expected ',' or ')'");
}

bool SchemaParser::parseBaseType(SchemaType &type, unsigned depth) {
  if (consume("(")) {
    type.kind = SchemaType::Tuple;
    return consume(")") || parseTypeList(type.parameters, depth);
  }
  StringRef name = takeName(".");
  if (name.empty())
    return fail("expected a type");
  type.isEnumInt = is_contained({"ScalarType", "Layout", "MemoryFormat", "QScheme"}, name);
  std::optional<SchemaType::Kind> kind =
      StringSwitch<std::optional<SchemaType::Kind>>(name)
          .Case("Tensor", SchemaType::Tensor)
          .Cases({"int", "SymInt", "int64_t", "ScalarType", "Layout", "MemoryFormat", "QScheme"},
                 SchemaType::Int)
          .Cases({"float", "SymFloat"}, SchemaType::Float)
          .Cases({"bool", "SymBool"}, SchemaType::Bool)
          .Case("complex", SchemaType::Complex)
          .Cases({"Scalar", "number"}, SchemaType::Scalar)
          .Case("str", SchemaType::Str)
          .Case("Device", SchemaType::Device)
          .Cases({"NoneType", "None"}, SchemaType::None)
          .Case("Any", SchemaType::Any)
          .Case("Generator", SchemaType::Generator)
          .Case("Stream", SchemaType::Stream)
          .Case("Storage", SchemaType::Storage)
          .Case("AnyListType", SchemaType::AnyList)
          .Case("AnyTupleType", SchemaType::AnyTuple)
          .Case("AnyEnumType", SchemaType::AnyEnum)
          .Case("AnyClassType", SchemaType::AnyClass)
          .Case("Dict", SchemaType::Dict)
          .Case("Future", SchemaType::Future)
          .Case("Await", SchemaType::Await)
          .Case("RRef", SchemaType::RRef)
          .Case("Union", SchemaType::Union)
          .Default(std::nullopt);
  if (!kind) {
    // Type variables are t, t1, tVal; classes are qualified.
    type.kind = name.contains('.') ? SchemaType::Class : SchemaType::Variable;
    type.name = name.str();
    return name.contains('.') || name.starts_with("t") ||
           fail("expected a type, found '" + name + "'");
  }
  type.kind = *kind;
  bool hasParameters = is_contained({SchemaType::Dict, SchemaType::Future, SchemaType::Await,
                                     SchemaType::RRef, SchemaType::Union},
                                    *kind);
  if (!hasParameters)
    return true;
  return consume("(") ? parseTypeList(type.parameters, depth)
                      : fail("expected '(' after '" + name + "'");
}

bool SchemaParser::parseAlias(SchemaAlias &alias) {
  do {
    StringRef set = consume("*") ? StringRef("*") : takeName();
    if (set.empty())
      return fail("expected an alias set");
    alias.sets.push_back(set.str());
  } while (consume("|"));
  if (consume("!"))
    alias.isWrite = true;
  if (consume("->")) {
    alias.escapes = true;
    if (!consume("*") && takeName().empty())
      return fail("expected an alias set after '->'");
  }
  return consume(")") || fail("expected ')' after an alias set");
}

/// The marks after a type, from the inside out: `Tensor(a!)[]`, `t[](a!)`, `int[2]?`.
bool SchemaParser::parseSuffixes(SchemaType &type, SchemaAlias &alias) {
  auto wrap = [&](SchemaType::Kind kind) {
    SchemaType outer;
    outer.kind = kind;
    outer.parameters.push_back(std::move(type));
    type = std::move(outer);
  };
  for (unsigned count = 0;; ++count) {
    if (count > kMaxDepth)
      return fail("expected a type less deep than " + Twine(kMaxDepth));
    if (rest.consume_front("(")) {
      if (!parseAlias(alias))
        return false;
    } else if (rest.consume_front("[")) {
      int64_t size = 0;
      if (!rest.starts_with("]") && (rest.consumeInteger(10, size) || size < 0))
        return fail("expected a size or ']'");
      if (!rest.consume_front("]"))
        return fail("expected ']'");
      wrap(SchemaType::List);
      type.fixedSize = size;
    } else if (rest.consume_front("?")) {
      wrap(SchemaType::Optional);
    } else {
      return true;
    }
  }
}

bool SchemaParser::parseDefault(SchemaDefault &value, unsigned depth) {
  if (depth > kMaxDepth)
    return fail("expected a default less deep than " + Twine(kMaxDepth));
  skipSpace();
  if (rest.starts_with("\"") || rest.starts_with("'"))
    return parseString(value);
  if (consume("[")) {
    value.kind = SchemaDefault::List;
    if (consume("]"))
      return true;
    do {
      value.elements.emplace_back();
      if (!parseDefault(value.elements.back(), depth + 1))
        return false;
    } while (consume(","));
    return consume("]") || fail("expected ',' or ']'");
  }
  if (rest.empty() || !isAlpha(rest.front()))
    return parseNumber(value);
  StringRef word = takeName();
  if (word == "None")
    return true;
  if (word == "True" || word == "False") {
    value.kind = SchemaDefault::Bool;
    value.integer = word == "True";
    return true;
  }
  if (word == "inf" || word == "nan") {
    value.kind = SchemaDefault::Float;
    return !word.getAsDouble(value.number) || fail("expected a number");
  }
  return fail("expected a default value, found '" + word + "'");
}

bool SchemaParser::parseNumber(SchemaDefault &value) {
  StringRef number =
      rest.take_while([](char c) { return isAlnum(c) || c == '.' || c == '-' || c == '+'; });
  if (!number.getAsInteger(10, value.integer)) {
    value.kind = SchemaDefault::Int;
  } else if (!number.getAsDouble(value.number)) {
    value.kind = SchemaDefault::Float;
  } else {
    return fail("expected a default value");
  }
  rest = rest.drop_front(number.size());
  return true;
}

bool SchemaParser::parseString(SchemaDefault &value) {
  char quote = rest.front();
  rest = rest.drop_front();
  value.kind = SchemaDefault::Str;
  while (!rest.empty() && rest.front() != quote) {
    char c = rest.front();
    rest = rest.drop_front();
    if (c != '\\' || rest.empty()) {
      value.text += c;
      continue;
    }
    size_t known = StringRef("abfnrtv").find(rest.front());
    value.text += known == StringRef::npos ? rest.front() : "\a\b\f\n\r\t\v"[known];
    rest = rest.drop_front();
  }
  return rest.consume_front(StringRef(&quote, 1)) || fail("expected the end of a string");
}

std::optional<Schema> parseSchema(StringRef text, std::string &error) {
  return SchemaParser(text, error).parse();
}

} // namespace tsc::ts
