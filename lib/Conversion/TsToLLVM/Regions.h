// SPDX-License-Identifier: Apache-2.0
// Compiled elementwise regions: the loop functions behind ts.map.
#pragma once

#include "Program.h"

namespace tsc::lowering {

/// Writes the function of a ts.map, `i32 region(context, buffers, dims, workspace)` as tsc_rt_map
/// calls it: a loop over vectors of elements, then one over what is left. Its arith and math
/// operations are lowered by lowerRegions().
mlir::LLVM::LLVMFuncOp writeRegion(Program &program, ts::MapOp op);

/// Replaces math functions by polynomials (so that loops stay vector code, free of libm), and arith
/// and math operations by LLVM's, in the whole module.
mlir::LogicalResult lowerRegions(mlir::ModuleOp module);

} // namespace tsc::lowering
