// SPDX-License-Identifier: Apache-2.0
#include "tsc/Link/ModelHeader.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tsc {

/// The text of include/tsc/model.h.
static constexpr char kModelHeader[] =
#include "ModelHeaderText.inc"
    ;

std::string makeIdentifier(StringRef text) {
  std::string name;
  for (char c : text)
    name += isAlnum(c) ? c : '_';
  if (name.empty() || isDigit(name[0]))
    name = "_" + name;
  return name;
}

static std::string upper(StringRef text) { return text.upper(); }

/// A comment that cannot end early.
static std::string commentText(StringRef text) {
  std::string out;
  for (char c : text)
    out += isPrint(c) && c != '*' ? c : '?';
  return out;
}

static std::string signatureLine(const HeaderMethod &method) {
  std::string text = method.name + "(";
  for (size_t i = 0; i < method.arguments.size(); ++i)
    text += (i ? ", " : "") + method.arguments[i].name + ": " + method.arguments[i].type;
  return commentText(text + ") -> " + method.result);
}

std::string makeCHeader(const HeaderModel &model) {
  std::string guard = "TSC_" + upper(model.prefix) + "_H";
  std::string text =
      "/* Interface of the compiled model '" + commentText(model.name) + "'. Methods, by index:\n";
  for (size_t i = 0; i < model.methods.size(); ++i)
    text += " *   " + std::to_string(i) + "  " + signatureLine(model.methods[i]) + "\n";
  text += " */\n#ifndef " + guard + "\n#define " + guard + "\n\n";
  text += kModelHeader;
  text += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  text += "const tsc_model_api *" + model.prefix + "_model(void);\n";
  for (size_t i = 0; i < model.methods.size(); ++i)
    text += "#define " + upper(model.prefix) + "_" + upper(makeIdentifier(model.methods[i].name)) +
            " " + std::to_string(i) + "\n";
  return text + "#ifdef __cplusplus\n}\n#endif\n#endif\n";
}

} // namespace tsc
