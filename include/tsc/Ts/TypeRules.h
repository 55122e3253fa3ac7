// SPDX-License-Identifier: Apache-2.0
// What can be proven of operators' results: dtypes, ranks and sizes, from operand types and
// constant operands alone. A rule is exact or declines, because compiled code takes what types say
// for granted. The rules stand in lib/Ts/TypeRules<Family>.cpp, one row for operators that behave
// alike.
#pragma once

#include "tsc/Ts/TsDialect.h"

namespace tsc::ts {

/// The types of all results of an operator, each the declared one with what its rule proves of
/// tensors in it; failure when there is no rule, or the rule needs more than is known. What types
/// say holds as long as nothing changes a tensor's metadata (changesMetadata) or, for the elements
/// of a list, writes to that list.
mlir::LogicalResult inferResultTypes(AtenOp op, llvm::SmallVectorImpl<mlir::Type> &types);

/// The types of a list's elements, one by one; false when their number is not known. The list is
/// only read, and nothing else refers to it.
bool inferListElements(mlir::Value list, llvm::SmallVectorImpl<mlir::Type> &elements);

/// An int as a size in a type: its constant, the symbol that it is read from, or kUnknownSize. A
/// negative constant is no size and unknown.
int64_t inferSize(mlir::Value integer);

/// True when an operator may change the sizes, the dtype or the storage of a tensor that exists:
/// resize_, set_, squeeze_, out arguments, and operators outside the registry.
bool changesMetadata(AtenOp op);

/// True when all users only read the list, and none of them keeps it or an element of it, so that
/// it always holds what it was made of.
bool isOnlyRead(mlir::Value list);

/// The type with nothing known of the tensors in it.
mlir::Type withoutTensorFacts(mlir::Type type);
/// What holds of values of both types, which are the same but for what is known of tensors. Of two
/// types that differ otherwise, the first without facts.
mlir::Type joinTypes(mlir::Type a, mlir::Type b);
/// A declared type with what the type of a value that stands for it knows of tensors.
mlir::Type refineType(mlir::Type declared, mlir::Type actual);

} // namespace tsc::ts
