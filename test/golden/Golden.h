// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tsc::test {

/// Runs one golden file. Its line `// PASSES: ts-a,ts-b{option=x}` names passes over the module;
/// the IR is verified after each, printed, parsed and printed again, and matched against the file's
/// CHECK lines.
void runGolden(const std::string &path);

} // namespace tsc::test
