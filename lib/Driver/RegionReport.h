// SPDX-License-Identifier: Apache-2.0
// What of a program was compiled into regions, and what stays on generic kernels and why: what
// `tsc -v` and `--time-report` say after phase fuse.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace tsc {

/// Needs a module after phase fuse. A summary line, then one line for each kind of generic operator
/// on tensors and reason, the most frequent first.
void printRegionReport(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace tsc
