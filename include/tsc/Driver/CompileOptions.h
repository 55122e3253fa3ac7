// SPDX-License-Identifier: Apache-2.0
// Everything that a user can say about one compilation, and the phases it goes through.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tsc {

/// The phases in their order. Their names are the same on the command line, in files, timings and
/// docs.
enum class Phase : uint8_t {
  Parse,
  Import,
  Freeze,
  Optimize,
  Specialize,
  Fuse,
  Lower,
  CodeGen,
  Link
};

llvm::StringRef phaseName(Phase phase);
std::optional<Phase> findPhase(llvm::StringRef name);

/// Where the arguments of a call come from, as the command line says it.
struct ArgumentSources {
  std::vector<std::string> files;                         ///< --args
  std::vector<std::pair<std::string, std::string>> texts; ///< --arg NAME=VALUE
};

struct CompileOptions {
  std::string input;                ///< a .pt, .py or .mlir
  std::vector<std::string> outputs; ///< their suffixes say what is wanted
  std::optional<Phase> emit;        ///< the phase after which a .mlir is written

  std::vector<std::string> methods;    ///< empty: all that are exported
  std::vector<std::string> signatures; ///< --input
  std::vector<std::string> argsFiles;  ///< --args, as contracts
  std::vector<std::string> versions;   ///< --specialize
  bool fallback = false;               ///< what fits no contract is run all the same
  /// Of arguments by name: values as text, whose types and sizes are contracts too.
  std::vector<std::pair<std::string, std::string>> argTexts;
  /// The program is run once on these, to see the types of its tensors; nothing: it is not.
  std::optional<ArgumentSources> observed;
  std::vector<std::string> preserve;

  unsigned optimization = 2;
  std::string triple; ///< empty: this machine's
  std::string march = "native";
  std::string device = "cpu";
  std::string symbolPrefix; ///< empty: from the first output's name
  bool freeze = true;
  bool fuse = true;
  bool codegen = true;         ///< false: generic kernels everywhere
  bool compareCodegen = false; ///< compare each kernel with generic ones while running
  bool deferUnsupported = false;
  bool keepSymbols = false; ///< -g
  bool timeReport = false;
  bool verbose = false;
  bool noteNativeCode = false; ///< say for which CPU code was made, when none was named
  bool verifyEach = false;
  uint64_t maxExpanded = 0; ///< of an archive's compressed members, in bytes; 0: the default

  std::string installPrefix; ///< the folder whose lib/tsc holds the runtime
};

/// Where the running tsc is installed: the folder above its own.
std::string installPrefixOf(const char *argv0);

} // namespace tsc
