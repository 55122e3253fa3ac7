// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace tsc {

/// Reads the words, does what they say, prints what went wrong, and returns the exit code.
int runCommandLine(int argc, char **argv);

/// clang's single-dash words and options with an optional value in the form that the parser reads:
/// `-march=x` as
/// `--march=x`, `--dump-graph` as `--dump-graph=imported`.
std::vector<std::string> rewriteArguments(const std::vector<std::string> &words);

} // namespace tsc
