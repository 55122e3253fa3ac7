// SPDX-License-Identifier: Apache-2.0
// A compilation without outputs: everything up to LLVM's dialect, which is where the last thing
// that cannot be compiled shows.
#include "tsc/Driver/Commands.h"
#include "tsc/Driver/Compilation.h"

namespace tsc {

void runCheck(const CheckCommand &command, DiagnosticEngine &engine) {
  Compilation compilation(command.options, engine);
  (void)compilation.check();
}

} // namespace tsc
