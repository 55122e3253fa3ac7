// SPDX-License-Identifier: Apache-2.0
#include "CommandLine.h"
#include "CrashHandler.h"

int main(int argc, char **argv) {
  tsc::installCrashHandler();
  return tsc::runCommandLine(argc, argv);
}
