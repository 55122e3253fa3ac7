// SPDX-License-Identifier: Apache-2.0
// From object files to what a user asked for: shared libraries, one object, archives. LLD works
// inside this process; the runtime, stub libraries and builtins it links lie beside tsc itself, so
// nothing else has to be installed.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tsc {
class DiagnosticEngine;

/// The files of one target and level.
struct RuntimeFiles {
  std::string level;   ///< "x86-64-v3"
  std::string archive; ///< libtsc_runtime.a
  std::string builtins, libc, libm;
};

/// The best of `levels` (best first) that is installed under `<prefix>/lib/tsc/<triple>`. Nothing
/// after a report.
std::optional<RuntimeFiles> findRuntime(llvm::StringRef prefix, llvm::StringRef triple,
                                        llvm::ArrayRef<std::string> levels,
                                        DiagnosticEngine &engine);

/// One storage of the model's weights, under the symbol that the code refers to.
struct WeightBytes {
  std::string symbol;
  llvm::ArrayRef<uint8_t> bytes;
};

/// Writes an object with the weights, each aligned to 64 bytes, their symbols hidden. They lie
/// in pages that are shared until they are written: a program may write to its constants, and a
/// caller to what it is returned. The bytes go straight to the file.
bool writeWeightsObject(llvm::StringRef path, llvm::StringRef triple,
                        llvm::ArrayRef<WeightBytes> weights, DiagnosticEngine &engine);

/// Links a shared library that exports `function`, also as `tsc_model_entry`, and needs libc and
/// libm alone.
bool linkSharedLibrary(llvm::ArrayRef<std::string> objects, const RuntimeFiles &runtime,
                       llvm::StringRef function, bool keepSymbols, llvm::StringRef out,
                       DiagnosticEngine &engine);

/// Joins objects into one.
bool linkObject(llvm::ArrayRef<std::string> objects, llvm::StringRef out, DiagnosticEngine &engine);

/// One file of a static library, under the name it has there.
struct ArchiveMember {
  std::string path, name;
};
bool writeStaticLibrary(llvm::ArrayRef<ArchiveMember> members, llvm::StringRef out,
                        DiagnosticEngine &engine);

} // namespace tsc
