// SPDX-License-Identifier: Apache-2.0
// LLVM's signal handler removes unfinished files and calls the handlers that were added; ours ends
// the process. It runs in a signal, on an alternate stack: nothing but write and _exit.
#include "CrashHandler.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"

#include <cstring>
#include <unistd.h>

namespace tsc {

static constexpr int kInternalFault = 70;

static void say(const char *text) { (void)!write(STDERR_FILENO, text, std::strlen(text)); }

static void endProcess(void *) {
  say("tsc: error: internal error: a fault in the compiler or in compiled code; please report it "
      "with the command line "
      "and the model [InternalError]\n");
  _exit(kInternalFault);
}

static void endOnFatalError(void *, const char *reason, bool) {
  say("tsc: error: internal error: ");
  say(reason);
  say(" [InternalError]\n");
  llvm::sys::RunInterruptHandlers(); // removes unfinished files
  _exit(kInternalFault);
}

void installCrashHandler() {
  llvm::sys::AddSignalHandler(endProcess, nullptr);
  llvm::install_fatal_error_handler(endOnFatalError);
  llvm::install_bad_alloc_error_handler(endOnFatalError);
}

} // namespace tsc
