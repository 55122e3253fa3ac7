// SPDX-License-Identifier: Apache-2.0
#include "tsc/Link/ModelHeader.h"

#include "tsc/Support/TypeTextParser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace tsc {

/// The text of include/tsc/model.hpp.
static constexpr char kModelHeaderCpp[] =
#include "ModelHeaderCppText.inc"
    ;

static constexpr unsigned kDepthLimit = 32;

/// The C++ type of a TorchScript type; what has none is a tsc::Value.
static std::string cppType(StringRef text, unsigned depth = 0) {
  TypeText type = parseTypeText(text);
  static constexpr std::pair<StringLiteral, StringLiteral> kSimple[] = {
      {"Tensor", "tsc::Tensor"},
      {"int", "int64_t"},
      {"float", "double"},
      {"bool", "bool"},
      {"str", "std::string"},
      {"complex", "std::complex<double>"},
      {"NoneType", "std::monostate"},
      {"None", "std::monostate"}};
  static constexpr std::pair<StringLiteral, StringLiteral> kTemplates[] = {
      {"Optional", "std::optional"},
      {"List", "std::vector"},
      {"Dict", "std::map"},
      {"Tuple", "std::tuple"}};
  if (type.parameters.empty())
    for (const auto &[name, cpp] : kSimple)
      if (type.head == name)
        return cpp.str();
  for (const auto &[name, cpp] : kTemplates) {
    if (type.head != name || depth > kDepthLimit)
      continue;
    std::string made = cpp.str() + "<";
    for (size_t i = 0; i < type.parameters.size(); ++i) {
      std::string parameter = cppType(type.parameters[i], depth + 1);
      // Keys are ordered, which values of any type are not.
      if (name == "Dict" && i == 0 && StringRef(parameter).starts_with("tsc::"))
        return "tsc::Value";
      made += (i ? ", " : "") + parameter;
    }
    return type.parameters.empty() && name != "Tuple" ? "tsc::Value" : made + ">";
  }
  return "tsc::Value";
}

/// A name that C++ does not keep for itself.
static std::string cppName(StringRef text) {
  static const StringSet<> kReserved = {
      "new",      "delete",    "class",     "template", "default", "operator", "this",   "int",
      "float",    "double",    "bool",      "char",     "auto",    "register", "union",  "enum",
      "switch",   "case",      "namespace", "using",    "private", "public",   "model",  "short",
      "long",     "signed",    "unsigned",  "const",    "static",  "struct",   "do",     "goto",
      "typename", "virtual",   "volatile",  "explicit", "export",  "extern",   "inline", "friend",
      "mutable",  "protected", "throw",     "catch",    "try",     "void",     "sizeof", "typedef"};
  std::string name = makeIdentifier(text);
  return kReserved.contains(name) ? name + "_" : name;
}

/// "speech_detector" is SpeechDetector.
static std::string className(StringRef prefix) {
  std::string name;
  bool start = true;
  for (char c : prefix) {
    if (c != '_')
      name += start ? toUpper(c) : c;
    start = c == '_';
  }
  return makeIdentifier(name.empty() ? "Model" : name);
}

static void addMethod(std::string &text, const HeaderMethod &method) {
  std::string name = cppName(method.name), result = cppType(method.result);
  std::string parameters, arguments;
  for (const HeaderArgument &argument : method.arguments) {
    std::string parameter = cppName(argument.name);
    parameters +=
        (parameters.empty() ? "const " : ", const ") + cppType(argument.type) + " &" + parameter;
    arguments += ", " + parameter;
  }
  text += "  " + result + " " + name + "(" + parameters + ") {\n    return model.call<" + result +
          ">(method_" + name + arguments + ");\n  }\n";
}

std::string makeCppHeader(const HeaderModel &model) {
  std::string guard = "TSC_" + StringRef(model.prefix).upper() + "_HPP",
              name = className(model.prefix);
  std::string text = makeCHeader(model);
  text += "\n#ifndef " + guard + "\n#define " + guard + "\n\n";
  text += kModelHeaderCpp;
  text += "\n/// The model with its methods. Failure throws tsc::Error.\nclass " + name +
          " {\npublic:\n  explicit " + name + "(const tsc_options *options = nullptr) : model(" +
          model.prefix + "_model(), options) {}\n";
  for (const HeaderMethod &method : model.methods)
    addMethod(text, method);
  text += "  tsc::Model model;\n\nprivate:\n";
  for (const HeaderMethod &method : model.methods)
    text += "  uint32_t method_" + cppName(method.name) + " = model.method(\"" +
            makeIdentifier(method.name) + "\");\n";
  return text + "};\n#endif\n";
}

} // namespace tsc
