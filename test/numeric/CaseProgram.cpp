// SPDX-License-Identifier: Apache-2.0
// A program of cases as text of dialect ts, as import would leave it.
#include "CaseText.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using tsc::ts::SchemaType;

namespace tsc::test {

namespace {
/// A value of the program and its type.
struct Named {
  std::string name, type;
};

class FunctionText {
public:
  FunctionText(raw_ostream &os, const Case &test, size_t index)
      : os(os), test(test), index(index) {}
  void print();

private:
  Named fresh(const Twine &type) { return {"%v" + std::to_string(count++), type.str()}; }
  Named constant(const Twine &type, const Twine &value);
  Named literal(StringRef text, const SchemaType &type);
  Named list(ArrayRef<Named> elements, const Twine &element);
  Named constantTensor(const TensorCase &tensor);
  Named tensor(const TensorCase &tensor);
  Named argument(const ArgumentCase &argument, const SchemaType &type);
  SmallVector<Named> call(const ts::OperatorRow &row, ArrayRef<Named> arguments,
                          StringRef attributes = "");
  SmallVector<Named> arguments();
  /// A truth value: are results close to those of the operator left whole, or without promises?
  Named compared(ArrayRef<Named> made, ArrayRef<Named> arguments);
  /// A call with literals for what is no tensor.
  Named callOn(StringRef name, const Named &self, ArrayRef<StringRef> rest);
  Named doubled(const Named &value) { return callOn("aten::mul.Scalar", value, {"2"}); }

  raw_ostream &os;
  const Case &test;
  size_t index, count = 0, parameters = 0, constants = 0;
  std::string prefix = "p"; ///< of the parameters that arguments are
};
} // namespace

/// With the outermost size as a symbol where it is `batch`.
static std::string sizesText(const TensorCase &tensor, int64_t batch = -1) {
  std::string text = "[";
  for (int64_t size : tensor.sizes)
    text += (text.size() > 1 ? "," : size == batch ? "s" : "") + std::to_string(size);
  return text + "]";
}

static constexpr StringLiteral kTensor = "!ts.tensor";

Named FunctionText::constant(const Twine &type, const Twine &value) {
  Named made = fresh(type);
  os << "  " << made.name << " = ts.constant " << made.type << ", " << value << '\n';
  return made;
}

Named FunctionText::list(ArrayRef<Named> elements, const Twine &element) {
  Named made = fresh("!ts.list<" + element + ">");
  auto names = map_range(elements, [](const Named &e) { return e.name; });
  auto types = map_range(elements, [](const Named &e) { return e.type; });
  os << "  " << made.name << " = ts.list_construct(" << join(names, ", ") << ") : ("
     << join(types, ", ") << ") -> " << made.type << '\n';
  return made;
}

Named FunctionText::literal(StringRef text, const SchemaType &type) {
  if (text == "None")
    return constant("!ts.none", "unit");
  if (type.kind == SchemaType::Optional)
    return literal(text, type.parameters[0]);
  if (type.kind == SchemaType::List) {
    SmallVector<Named> elements;
    bool isList = text.consume_front("[");
    if (isList)
      text = text.drop_back();
    SmallVector<StringRef> items;
    text.split(items, ',', -1, /*KeepEmpty=*/false);
    for (int64_t i = 0; i < (isList ? 1 : std::max<int64_t>(type.fixedSize, 1)); ++i)
      for (StringRef item : items)
        elements.push_back(literal(item.trim(), type.parameters[0]));
    bool isFloat = type.parameters[0].kind == SchemaType::Float;
    bool isBool = type.parameters[0].kind == SchemaType::Bool;
    return list(elements, isFloat ? "!ts.float" : isBool ? "!ts.bool" : "!ts.int");
  }
  if (type.kind == SchemaType::Device)
    return constant("!ts.device", "#ts.device<\"" + text.trim("'").str() + "\">");
  if (text == "True" || text == "False")
    return constant("!ts.bool", text.lower());
  if (text.starts_with("'"))
    return constant("!ts.str", "\"" + text.drop_front().drop_back() + "\"");
  int64_t whole;
  if (!text.getAsInteger(10, whole) && type.kind != SchemaType::Float)
    return constant("!ts.int", text);
  double number = 0;
  (void)text.getAsDouble(number);
  std::string digits;
  raw_string_ostream(digits) << format("%.17e", number);
  return constant("!ts.float", digits);
}

SmallVector<Named> FunctionText::call(const ts::OperatorRow &row, ArrayRef<Named> arguments,
                                      StringRef attributes) {
  SmallVector<Named> results;
  for (size_t i = 0; i < row.schema().returns.size(); ++i)
    results.push_back(fresh(kTensor));
  auto types = map_range(arguments, [](const Named &a) { return a.type; });
  auto names = map_range(arguments, [](const Named &a) { return a.name; });
  auto resultNames = map_range(results, [](const Named &r) { return r.name; });
  auto resultTypes = map_range(results, [](const Named &r) { return r.type; });
  std::string list = join(resultTypes, ", ");
  os << "  " << join(resultNames, ", ") << " = ts.aten \"" << row.fullName << "\"("
     << join(names, ", ") << ")" << attributes << " : (" << join(types, ", ") << ") -> "
     << (results.size() == 1 ? list : "(" + list + ")") << '\n';
  return results;
}

Named FunctionText::callOn(StringRef name, const Named &self, ArrayRef<StringRef> rest) {
  const ts::OperatorRow &row = *ts::findOperator(name);
  SmallVector<Named> arguments = {self};
  for (auto [text, argument] : zip(rest, ArrayRef(row.schema().arguments).drop_front()))
    arguments.push_back(literal(text, argument.type));
  return call(row, arguments).front();
}

SmallVector<Named> FunctionText::arguments() {
  SmallVector<Named> all;
  parameters = constants = 0;
  for (auto [value, described] : zip(test.arguments, test.row->schema().arguments))
    all.push_back(argument(value, described.type));
  return all;
}

Named FunctionText::compared(ArrayRef<Named> made, ArrayRef<Named> arguments) {
  SmallVector<Named> parts, whole = call(*test.row, arguments, test.isLibrary ? " {ts.whole}" : "");
  for (size_t i = 0; i < test.results; ++i) {
    callOn("aten::stack", list({made[i], whole[i]}, kTensor), {"0"}); // raises for other sizes
    const ts::OperatorRow &close = *ts::findOperator("aten::isclose");
    SmallVector<Named> operands = {made[i], whole[i]};
    for (const char *text : {"1e-4", "1e-4", "True"})
      operands.push_back(literal(text, close.schema().arguments[operands.size()].type));
    parts.push_back(callOn("aten::all", call(close, operands).front(), {}));
  }
  return callOn("aten::all", callOn("aten::stack", list(parts, kTensor), {"0"}), {});
}

Named FunctionText::constantTensor(const TensorCase &tensor) {
  const auto *storage = find(kConstantDTypes, tensor.dtype);
  std::vector<std::string> strides;
  int64_t step = 1;
  for (int64_t size : reverse(tensor.sizes)) {
    strides.insert(strides.begin(), std::to_string(step));
    step *= size;
  }
  return constant(kTensor, "#ts.tensor<" + Twine(storage - std::begin(kConstantDTypes)) + "," +
                               Twine(constants++) + "," + findDType(tensor.dtype)->shortName + "," +
                               sizesText(tensor) + ",[" + join(strides, ",") + "]>");
}

Named FunctionText::tensor(const TensorCase &tensor) {
  if (tensor.isConstant)
    return constantTensor(tensor);
  Named parameter = {"%" + prefix + std::to_string(parameters++), kTensor.str()};
  return test.wrapsBefore ? doubled(parameter) : parameter;
}

Named FunctionText::argument(const ArgumentCase &argument, const SchemaType &type) {
  if (argument.kind == ArgumentCase::Literal)
    return literal(argument.literal, type);
  if (argument.kind == ArgumentCase::Tensor)
    return tensor(argument.tensors.front());
  SmallVector<Named> elements;
  for (const TensorCase &each : argument.tensors)
    elements.push_back(tensor(each));
  bool mayLack = type.parameters[0].kind == SchemaType::Optional;
  return list(elements, mayLack ? "!ts.optional<!ts.tensor>" : kTensor);
}

void FunctionText::print() {
  os << "ts.func @test.f" << index << '(';
  size_t parameter = 0;
  int64_t batch = -1; // the outermost size of the first tensor
  for (const ArgumentCase &each : test.arguments)
    for (const TensorCase &tensor : each.tensors)
      if (!tensor.isConstant) {
        if (test.isBatched && parameter == 0 && !tensor.sizes.empty())
          batch = tensor.sizes.front();
        os << (parameter ? ", " : "") << "%p" << parameter << ": !ts.tensor {ts.name = \"p"
           << parameter << "\", ts.contract = !ts.tensor<" << sizesText(tensor, batch) << ","
           << findDType(tensor.dtype)->shortName << ">}";
        if (test.isBatched)
          os << ", %q" << parameter << ": !ts.tensor {ts.name = \"q" << parameter << "\"}";
        ++parameter;
      }
  size_t results = test.isCompared() ? 1 : test.results;
  SmallVector<std::string> tensors(results, kTensor.str());
  std::string type = results == 1 ? kTensor.str() : "!ts.tuple<[" + join(tensors, ", ") + "]>";
  os << ") -> " << type << " {\n";
  SmallVector<Named> operands = arguments(), made = call(*test.row, operands);
  if (test.wrapsBehind)
    made.front() = doubled(made.front());
  if (test.isBatched) {
    prefix = "q";
    operands = arguments();
  }
  Named result = test.isCompared() ? compared(made, operands) : made.front();
  if (results > 1) {
    result = fresh(type);
    made.truncate(results);
    auto names = map_range(made, [](const Named &m) { return m.name; });
    os << "  " << result.name << " = ts.tuple_construct(" << join(names, ", ") << ") : ("
       << join(tensors, ", ") << ") -> " << type << '\n';
  }
  os << "  ts.return " << result.name << " : " << type << "\n}\n";
}

std::string programText(ArrayRef<Case> cases, StringRef weights) {
  std::string text;
  raw_string_ostream os(text);
  os << "module @test attributes {ts.weights = \"" << sys::path::filename(weights) << "\"} {\n";
  for (size_t i = 0; i < cases.size(); ++i)
    FunctionText(os, cases[i], i).print();
  os << "}\n";
  return text;
}

} // namespace tsc::test
