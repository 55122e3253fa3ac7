// SPDX-License-Identifier: Apache-2.0
// The forms of the command line, after its words have been read. Each reports to the engine, which
// has the exit code.
#pragma once

#include "tsc/Driver/Comparison.h"
#include "tsc/Driver/ModelSession.h"

namespace tsc {

struct CompileCommand {
  CompileOptions options;
  std::optional<std::string> dumpGraph; ///< imported, inlined, frozen or optimized
  bool dumpCode = false;
};
void runCompile(const CompileCommand &command, DiagnosticEngine &engine);

struct RunCommand {
  SessionOptions session;
  ArgumentSources arguments;
  std::string expect, expectArgs, again, save; ///< files; "" for none
  Tolerances tolerances;
};
void runRun(const RunCommand &command, DiagnosticEngine &engine);

struct BenchCommand {
  SessionOptions session;
  ArgumentSources arguments;
  double seconds = 2;
  bool profile = false; ///< print the time of each kernel
  bool json = false;    ///< that too as JSON
};
void runBench(const BenchCommand &command, DiagnosticEngine &engine);

struct InspectCommand {
  CompileOptions options; ///< its input may also be a library
  bool json = false;
};
void runInspect(const InspectCommand &command, DiagnosticEngine &engine);

struct CheckCommand {
  CompileOptions options;
};
void runCheck(const CheckCommand &command, DiagnosticEngine &engine);

} // namespace tsc
