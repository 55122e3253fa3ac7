// SPDX-License-Identifier: Apache-2.0
// Which operators have a compiled form, of which kind, and under which conditions. An operator that
// has none, or whose operands do not fit, stays on its generic kernel; the text says why.
#pragma once

#include "tsc/Kernel/KernelDialect.h"

#include <optional>
#include <string>

namespace tsc::kernel {

/// The kind of kernel an operator becomes; nothing with a reason in `why` when it stays generic.
/// Needs precise types (ts-propagate-types) and constant operands where the form asks for them.
std::optional<Kind> compiledKind(ts::AtenOp op, std::string &why);

/// The kind that an operator would become, were it not for dtypes and sizes that are not known.
/// Nothing for one whose types are precise, or that has no compiled form whatever they are.
std::optional<Kind> kindWithoutTypes(ts::AtenOp op);
/// True for a type that is no tensor's, or has a dtype that kernels are compiled for and all sizes.
bool isPrecise(mlir::Type type);

/// One for each kind: why the operator is not compiled so, or nothing when it is.
std::optional<std::string> whyNotContraction(ts::AtenOp op);
std::optional<std::string> whyNotRows(ts::AtenOp op);
std::optional<std::string> whyNotAttention(ts::AtenOp op);
std::optional<std::string> whyNotRecurrent(ts::AtenOp op);
std::optional<std::string> whyNotWindow(ts::AtenOp op);
std::optional<std::string> whyNotMove(ts::AtenOp op);
std::optional<std::string> whyNotView(ts::AtenOp op);
std::optional<std::string> whyNotScan(ts::AtenOp op);
std::optional<std::string> whyNotScatter(ts::AtenOp op);
std::optional<std::string> whyNotRoutine(ts::AtenOp op);

/// A view that keeps all elements in their order, under other sizes.
bool isReshape(ts::AtenOp op);

/// False when the operator raises an error for operands of these sizes and dtypes. Needs what
/// whyNot of the kind lets through.
bool operandsFit(ts::AtenOp op, Kind kind);
/// True when a tensor of sizes `from` broadcasts to just `to`.
bool broadcastsTo(llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to);

/// The value of an operand that is a constant int, float, bool, or list of ints.
std::optional<int64_t> constantInt(mlir::Value value);
std::optional<double> constantNumber(mlir::Value value);
std::optional<bool> constantBool(mlir::Value value);
std::optional<llvm::SmallVector<int64_t>> constantInts(mlir::Value value);
bool isNone(mlir::Value value);

} // namespace tsc::kernel
