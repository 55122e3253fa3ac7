// SPDX-License-Identifier: Apache-2.0
// The ts dialect: types, attributes, ops, and what hangs on its context: the WeightStore and the
// operator table.
#pragma once

#include "tsc/Common/DType.h"
#include "tsc/Ts/Operators.h"
#include "tsc/Ts/WeightStore.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <memory>

namespace tsc::ts {
struct DialectState;
bool isTsType(mlir::Type type);
} // namespace tsc::ts

#include "tsc/Ts/TsDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "tsc/Ts/TsTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "tsc/Ts/TsAttrs.h.inc"
#define GET_OP_CLASSES
#include "tsc/Ts/TsOps.h.inc"

namespace tsc::ts {
/// Module attributes.
inline constexpr llvm::StringLiteral kRootAttr =
    "ts.root"; ///< FlatSymbolRefAttr: the object methods are called on
inline constexpr llvm::StringLiteral kWeightsAttr =
    "ts.weights"; ///< StrAttr: the sidecar file of a written .mlir
/// ts.func argument attributes.
inline constexpr llvm::StringLiteral kArgNameAttr = "ts.name";
inline constexpr llvm::StringLiteral kArgDefaultAttr = "ts.default";
/// ts.unchecked_cast attribute: the program has checked all that the type says of tensors.
inline constexpr llvm::StringLiteral kCheckedAttr = "ts.checked";

WeightStore &getWeightStore(mlir::MLIRContext *context);

/// The debug names of an operation's results (comma-separated in its NameLoc), or of a block
/// argument; "" if none.
llvm::SmallVector<llvm::StringRef> getDebugNames(mlir::Location loc);
llvm::StringRef getDebugName(mlir::Value value);
/// `loc` with the debug names replaced by `names` (joined by commas; may be empty).
mlir::Location withDebugNames(mlir::Location loc, llvm::ArrayRef<llvm::StringRef> names);
/// The original source range in a location (the user's Python), or null; and the range in the
/// archive's code.
mlir::FileLineColRange getOriginalRange(mlir::Location loc);
mlir::FileLineColRange getSerializedRange(mlir::Location loc);
/// A location of both ranges; either may be null.
mlir::Location makeLocation(mlir::MLIRContext *context, llvm::StringRef name,
                            mlir::FileLineColRange original, mlir::FileLineColRange serialized);
} // namespace tsc::ts
