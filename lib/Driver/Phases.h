// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tsc/Driver/CompileOptions.h"

#include "mlir/Pass/PassManager.h"

namespace tsc {
/// Adds the passes of a phase; those that are no pass pipelines add none.
void addPhase(mlir::OpPassManager &passes, Phase phase, const CompileOptions &options);
/// How often a phase's passes run at most; they run again while they change anything.
int maxRounds(Phase phase);
} // namespace tsc
