// SPDX-License-Identifier: Apache-2.0
// Declarations of all passes over ts, generated from dialects/ts/TsPasses.td.
#pragma once

#include "tsc/Kernel/KernelDialect.h"
#include "tsc/Ts/TsDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

namespace tsc::ts {
/// ts.aten attribute, for ts-speculate-types: an array with the type that each operand was seen
/// with, or unit.
inline constexpr llvm::StringLiteral kObservedAttr = "ts.observed";
/// ts.if attribute: the types that its first branch takes for granted of tensors.
inline constexpr llvm::StringLiteral kSpeculatedAttr = "ts.speculated";
/// ts.func attribute: bounds of symbols in the types of its values, which were checked where it
/// begins, as arrays of symbol, least and most.
inline constexpr llvm::StringLiteral kBoundsAttr = "ts.bounds";

#define GEN_PASS_DECL
#include "tsc/Ts/TsPasses.h.inc"
#define GEN_PASS_REGISTRATION
#include "tsc/Ts/TsPasses.h.inc"
} // namespace tsc::ts
