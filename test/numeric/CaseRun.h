// SPDX-License-Identifier: Apache-2.0
// Compiles cases into one library that compares each kernel with generic ones (--compare-codegen),
// and calls them: dense, transposed and stepped inputs, NaN and infinities, 1 and 3 threads.
#pragma once

#include "CaseText.h"

#include <memory>

namespace tsc::test {

struct CaseResult {
  std::string generic;     ///< why the operator stays generic; "" when it does not
  bool isCompiled = false; ///< a compiled kernel ran in a call that succeeded
  std::string differs;     ///< what and where; "" when nothing did
  std::string raised;      ///< what a call raised otherwise; "" for nothing
};

/// One for each case; empty with `error` set when they cannot be compiled.
std::vector<CaseResult> runCases(llvm::ArrayRef<Case> cases, std::string &error);

} // namespace tsc::test
