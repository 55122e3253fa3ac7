// SPDX-License-Identifier: Apache-2.0
// Declarations of all passes over ts, generated from dialects/ts/TsPasses.td.
#pragma once

#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Ts/TsDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

namespace tsc::ts {
#define GEN_PASS_DECL
#include "tsc/Ts/TsPasses.h.inc"
#define GEN_PASS_REGISTRATION
#include "tsc/Ts/TsPasses.h.inc"
} // namespace tsc::ts
