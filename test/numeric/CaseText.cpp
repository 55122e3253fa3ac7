// SPDX-License-Identifier: Apache-2.0
#include "CaseText.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <functional>
#include <numeric>

using namespace llvm;

namespace tsc::test {

int64_t TensorCase::numel() const {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
}

/// Splits where the separator stands outside brackets and braces.
static SmallVector<StringRef> splitOutside(StringRef text, char separator) {
  SmallVector<StringRef> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    char c = i < text.size() ? text[i] : separator;
    depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    if (c != separator || (depth != 0 && i < text.size()))
      continue;
    if (StringRef part = text.slice(begin, i).trim(); !part.empty())
      parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

// ---- Alternatives

static std::vector<std::string> expandBraces(StringRef line) {
  SmallVector<StringRef> pieces;
  SmallVector<SmallVector<StringRef>> choices;
  size_t count = 1;
  while (line.contains('{')) {
    auto [before, rest] = line.split('{');
    auto [inside, after] = rest.split('}');
    pieces.push_back(before);
    SmallVector<StringRef> list;
    int depth = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= inside.size(); ++i) {
      char c = i < inside.size() ? inside[i] : ',';
      depth += (c == '[') - (c == ']');
      if (c != ',' || depth != 0)
        continue;
      list.push_back(inside.slice(begin, i));
      begin = i + 1;
    }
    count = std::max(count, list.size());
    choices.push_back(list);
    line = after;
  }
  std::vector<std::string> lines(count);
  for (size_t i = 0; i < count; ++i) {
    for (auto [piece, list] : zip(pieces, choices))
      lines[i] += (piece + list[i % list.size()]).str();
    lines[i] += line;
  }
  return lines;
}

static ArrayRef<StringLiteral> dtypesOf(char letter) {
  static constexpr StringLiteral kFloats[] = {"f32", "f64", "f16", "bf16"},
                                 kWide[] = {"f32", "f64"},
                                 kNumbers[] = {"f32", "f64", "f16", "bf16", "i64", "i32", "u8"},
                                 kIntegers[] = {"i64", "i32", "i16", "i8", "u8"},
                                 kAll[] = {"f32", "f64", "f16", "bf16", "i64", "u8", "bool"};
  switch (letter) {
  case 'f':
    return kFloats;
  case 'w':
    return kWide;
  case 'n':
    return kNumbers;
  case 'i':
    return kIntegers;
  case 'a':
    return kAll;
  default:
    return {};
  }
}

/// Where a letter for several dtypes stands, or npos.
static size_t findLetter(StringRef line, size_t from) {
  for (size_t i = std::max<size_t>(from, 1); i + 1 < line.size(); ++i)
    if (line[i + 1] == '[' && StringRef("=[,!").contains(line[i - 1]) && !dtypesOf(line[i]).empty())
      return i;
  return StringRef::npos;
}

static std::vector<std::string> expandDTypes(StringRef line) {
  size_t first = findLetter(line, 0);
  if (first == StringRef::npos)
    return {line.str()};
  std::vector<std::string> lines;
  for (StringRef dtype : dtypesOf(line[first])) {
    std::string text = line.str();
    for (size_t at; (at = findLetter(text, 0)) != StringRef::npos;)
      text.replace(at, 1, dtype.str());
    lines.push_back(text);
  }
  return lines;
}

// ---- One case

static bool parseTensor(StringRef text, TensorCase &tensor) {
  tensor.isConstant = text.consume_front("!");
  auto [name, rest] = text.split('[');
  auto [sizes, limit] = rest.split(']');
  for (const DTypeInfo &row : kDTypes)
    if (name == row.shortName)
      tensor.dtype = row.dtype;
  if (tensor.dtype == DType::Undefined || !text.contains('['))
    return false;
  for (StringRef size : splitOutside(sizes, ','))
    if (size.getAsInteger(10, tensor.sizes.emplace_back()))
      return false;
  if (limit.consume_back("^"))
    tensor.order = TensorCase::PositiveDefinite;
  else if (limit.consume_back("/"))
    tensor.order = TensorCase::Ascending;
  if (limit.empty())
    return true;
  auto [low, high] = limit.split(':');
  if (!low.consume_front("<") || (!high.empty() && low.getAsInteger(10, tensor.low)))
    return false;
  return !(high.empty() ? low : high).getAsInteger(10, tensor.limit);
}

static ArgumentCase parseArgument(StringRef text) {
  ArgumentCase argument;
  TensorCase tensor;
  if (parseTensor(text, tensor)) {
    argument.kind = ArgumentCase::Tensor;
    argument.tensors = {tensor};
    return argument;
  }
  argument.literal = text.str();
  if (!text.starts_with("["))
    return argument;
  for (StringRef item : splitOutside(text.drop_front().drop_back(), ',')) {
    TensorCase each;
    if (!parseTensor(item, each))
      return argument;
    argument.tensors.push_back(each);
  }
  if (!argument.tensors.empty())
    argument.kind = ArgumentCase::Tensors;
  return argument;
}

static std::string literalOf(const ts::SchemaDefault &value) {
  switch (value.kind) {
  case ts::SchemaDefault::None:
    return "None";
  case ts::SchemaDefault::Bool:
    return value.integer ? "True" : "False";
  case ts::SchemaDefault::Int:
    return std::to_string(value.integer);
  case ts::SchemaDefault::Float: {
    std::string text;
    raw_string_ostream(text) << format("%.17e", value.number);
    return text;
  }
  case ts::SchemaDefault::Str:
    return "'" + value.text + "'";
  case ts::SchemaDefault::List:
    break;
  }
  std::string text = "[";
  for (const ts::SchemaDefault &element : value.elements)
    text += (text.size() > 1 ? "," : "") + literalOf(element);
  return text + "]";
}

static bool parseCase(StringRef line, Case &made, std::string &error) {
  SmallVector<StringRef> words = splitOutside(line, ' ');
  made.text = line.str();
  made.row = words.empty() ? nullptr : ts::findOperator(words.front());
  if (!made.row)
    return error = "no operator: " + line.str(), false;
  size_t used = 1;
  for (const ts::SchemaArgument &argument : made.row->schema().arguments) {
    auto word = find_if(words, [&](StringRef w) { return w.split('=').first == argument.name; });
    if (word != words.end()) {
      made.arguments.push_back(parseArgument(word->split('=').second));
      ++used;
    } else if (argument.defaultValue) {
      made.arguments.push_back(parseArgument(literalOf(*argument.defaultValue)));
    } else {
      return error = "no value of '" + argument.name + "': " + line.str(), false;
    }
  }
  if (words.size() > used && words.back().consume_front("raises="))
    made.raises = words.pop_back_val().str();
  made.results = made.row->schema().returns.size();
  if (words.size() > used && words.back().consume_front("results=")) {
    ++used;
    if (words.back().getAsInteger(10, made.results))
      return error = "no number of results: " + line.str(), false;
  }
  if (used != words.size())
    return error = "an argument that the operator lacks: " + line.str(), false;
  return true;
}

std::vector<Case> expandLine(StringRef line, std::string &error) {
  std::vector<Case> cases;
  for (const std::string &sized : expandBraces(line))
    for (const std::string &text : expandDTypes(sized))
      if (!parseCase(text, cases.emplace_back(), error))
        return {};
  return cases;
}

// ---- Elementwise operators

/// A value for an argument that is no tensor.
static std::string scalarFor(const ts::SchemaArgument &argument) {
  StringRef name = argument.name;
  if (argument.defaultValue)
    return literalOf(*argument.defaultValue);
  switch (argument.type.kind) {
  case ts::SchemaType::Optional:
    return name == "min"             ? "-1"
           : name == "max"           ? "1"
           : name == "rounding_mode" ? "'floor'"
                                     : "None";
  case ts::SchemaType::Float:
    return name == "p" ? "0.0" : "0.5";
  case ts::SchemaType::Bool:
    return "False";
  case ts::SchemaType::Str:
    return "'none'";
  default:
    return name == "min" ? "-1" : "2";
  }
}

static std::string elementwiseLine(const ts::OperatorRow &row, StringRef dtype,
                                   ArrayRef<StringLiteral> shapes) {
  std::string line = row.fullName.str();
  size_t tensors = 0;
  for (const ts::SchemaArgument &argument : row.schema().arguments) {
    bool isTensor = argument.type.kind == ts::SchemaType::Tensor;
    bool isCondition = argument.name == "condition" || argument.name == "mask";
    line += " " + argument.name + "=";
    if (isTensor)
      line += (isCondition ? "bool" : dtype.str()) +
              shapes[std::min(tensors++, shapes.size() - 1)].str();
    else
      line += scalarFor(argument);
  }
  return tensors ? line : "";
}

std::vector<std::string> elementwiseLines() {
  // Of a first, second and third tensor.
  static constexpr StringLiteral kBroadcast[] = {"[5,33]", "[33]", "[5,1]"},
                                 kScalars[] = {"[]", "[]", "[1]"}, kEmpty[] = {"[0,3]", "[3]"},
                                 kSame[] = {"[2,65]"};
  static constexpr ArrayRef<StringLiteral> kOthers[] = {kScalars, kEmpty, kSame};
  std::vector<std::string> lines;
  for (const ts::OperatorRow &row : ts::allOperators()) {
    if (!row.lowering.starts_with("elementwise:"))
      continue;
    lines.push_back(elementwiseLine(row, "a", kBroadcast));
    lines.push_back(elementwiseLine(row, "f32", kOthers[lines.size() / 2 % 3]));
  }
  llvm::erase_if(lines, [](const std::string &line) { return line.empty(); });
  return lines;
}

} // namespace tsc::test
