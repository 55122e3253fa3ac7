// SPDX-License-Identifier: Apache-2.0
// The machine that code is generated for: triple, CPU, the features it has, and which level of the
// runtime it can run.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace tsc {
class DiagnosticEngine;

namespace cpu {

struct TargetRequest {
  std::string triple;           ///< empty: this machine's
  std::string march = "native"; ///< a CPU's name, a level such as x86-64-v3, or "native"
  unsigned optimization = 2;    ///< 0 to 3
};

class Target {
public:
  ~Target();
  /// Null after reporting an unknown triple or CPU. Initializes LLVM's back end for the triple
  /// alone.
  static std::unique_ptr<Target> create(const TargetRequest &request, DiagnosticEngine &engine);

  const std::string &triple() const { return tripleText; }
  /// The triple and the extensions that the code needs: "x86_64-unknown-linux-gnu:+avx2,+fma". What
  /// ModelData carries.
  const std::string &description() const { return descriptionText; }
  /// Levels of the runtime that run here, best first: "x86-64-v3", "x86-64-v2".
  llvm::ArrayRef<std::string> runtimeLevels() const { return levels; }
  bool isNative() const { return native; }
  llvm::StringRef cpuName() const;
  llvm::TargetMachine &machine() const { return *targetMachine; }

private:
  Target();
  std::string tripleText, descriptionText;
  std::vector<std::string> levels;
  bool native = false;
  std::unique_ptr<llvm::TargetMachine> targetMachine;
};

/// The extensions in a description that this machine lacks ("avx512f"); the triple's own name when
/// its architecture differs.
std::vector<std::string> missingOnHost(llvm::StringRef description);

} // namespace cpu
} // namespace tsc
