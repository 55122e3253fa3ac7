// SPDX-License-Identifier: Apache-2.0
// The functions of the math dialect on float32, in scalars and vectors alike, as operations that
// every target has. A lane's result does not depend on how many lanes there are.
//
// Errors, in units of the last place (test/unit/Conversion/VectorMathTest.cpp checks them):
//   exp exp2 expm1 log log1p erf  1.5    computed in float32
//   tanh                          2.4    likewise
//   all others                    0.51   computed in float64 and rounded once
// NaN stays NaN, infinities and zeros give what the C library gives, and results may
// be denormal.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace tsc::lowering {

/// Replaces the math functions in `root` that have no instruction of their own: those of float32 by
/// polynomials, those of float64 that LLVM has no intrinsic for by calls of the C library, lane by
/// lane. What it leaves is what the conversion of math to LLVM translates exactly.
void expandVectorMath(mlir::ModuleOp root);

} // namespace tsc::lowering
