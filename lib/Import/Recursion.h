// SPDX-License-Identifier: Apache-2.0
// TorchScript has no recursion: a function that calls itself, directly or through others, is an
// error.
#pragma once

#include "tsc/Support/Diagnostics.h"
#include "tsc/Ts/TsDialect.h"

namespace tsc::importer {

/// Reports the first cycle of calls in a module; false when there is one.
bool checkRecursion(mlir::ModuleOp module, DiagnosticEngine &engine);

} // namespace tsc::importer
