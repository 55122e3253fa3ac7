// SPDX-License-Identifier: Apache-2.0
#include "CommandLine.h"

#include <string_view>

namespace tsc {

namespace {
struct Rewriting {
  std::string_view from, to;
  bool isPrefix; ///< what follows `from` is kept
};
} // namespace

static constexpr Rewriting kRewritings[] = {
    {"-march=", "--march=", true},
    {"-target=", "--target=", true},
    {"-march", "--march", false},
    {"-target", "--target", false},
    {"-emit-llvm", "--emit-llvm", false},
    {"-fsanitize=", "--sanitize=", true},
    {"-ffast-math", "--fast-math", false},
    {"-save-temps", "--save-temps", false},
    {"-help", "--help", false},
    {"-version", "--version", false},
    {"--dump-graph", "--dump-graph=imported", false},
};

std::vector<std::string> rewriteArguments(const std::vector<std::string> &words) {
  std::vector<std::string> out;
  for (const std::string &word : words) {
    out.push_back(word);
    for (const Rewriting &r : kRewritings) {
      if (r.isPrefix ? word.compare(0, r.from.size(), r.from) != 0 : word != r.from)
        continue;
      out.back() = std::string(r.to) + word.substr(r.isPrefix ? r.from.size() : word.size());
      break;
    }
  }
  return out;
}

} // namespace tsc
