// SPDX-License-Identifier: Apache-2.0
// The headers of a compiled model: plain C that stands alone, and C++ with a typed function for
// each method.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace tsc {

struct HeaderArgument {
  std::string name, type; ///< type as an annotation: "Optional[Tensor]"
};
struct HeaderMethod {
  std::string name;
  std::vector<HeaderArgument> arguments;
  std::string result;
};
struct HeaderModel {
  std::string name;   ///< of the program, for comments
  std::string prefix; ///< of symbols; an identifier
  std::vector<HeaderMethod> methods;
};

/// Declares `<prefix>_model` and everything it takes to use it.
std::string makeCHeader(const HeaderModel &model);
/// A class with one function a method. It includes nothing but the C and C++ libraries.
std::string makeCppHeader(const HeaderModel &model);

/// A C identifier like the text: other characters become '_', and a digit does not come first.
std::string makeIdentifier(llvm::StringRef text);

} // namespace tsc
