// SPDX-License-Identifier: Apache-2.0
// Import: a TorchScript archive, or plain typed functions in TorchScript source, to a module of the
// ts dialect.
//
// The result is what PyTorch holds after torch.jit.load, graph for graph: every class that the root
// object reaches with all its methods, every function they call, and the objects of data.pkl as the
// initial state. Weights go to the context's WeightStore as views of the archive's memory:
// `archive` must be shared so that it lives as long as they do.
#pragma once

#include "tsc/Archive/ArchiveModel.h"
#include "tsc/Support/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace tsc::importer {

/// Null after reporting what is wrong.
mlir::OwningOpRef<mlir::ModuleOp>
importArchive(std::shared_ptr<const archive::ArchiveModel> archive, mlir::MLIRContext *context,
              DiagnosticEngine &engine);

/// Functions of a source text, as ts.func under their own names. `name` is the file's, for
/// messages. Null after a report.
mlir::OwningOpRef<mlir::ModuleOp> importSource(llvm::StringRef name, llvm::StringRef text,
                                               mlir::MLIRContext *context,
                                               DiagnosticEngine &engine);

} // namespace tsc::importer
