// SPDX-License-Identifier: Apache-2.0
// What elementwise operators compute at one point, for every dtype. The formulas are rows of
// dialects/ts/TsOperatorsElementwise.td; lib/Kernel/Formula.h has their grammar. The semantics are
// PyTorch's: operands are converted to the dtype that they promote to, float16 and bfloat16 compute
// in float32 and are rounded once an operator, integers wrap around in their own width.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <string>

namespace tsc::kernel {

/// Why the operator cannot be built by emitPointwise for its operands, or nothing when it can. It
/// then computes every element of its result from the elements at the same (broadcast) place of
/// tensor operands, and from numbers. `unknown` is the dtype of tensors whose type does not say.
std::optional<std::string> whyNotPointwise(ts::AtenOp op, DType unknown = DType::Undefined);
bool isPointwise(ts::AtenOp op);

/// True when the result's dtype is that of the operands if these are floats of one dtype, and the
/// result is never one of the operands. For elementwise operators only.
bool keepsFloatDType(ts::AtenOp op);

/// Builds the operator at one point. `operand` gives a tensor operand's value there, of its dtype's
/// element type (bool as i1, integers signless iN, f16, bf16, f32, f64), or the value of a number
/// (i64, f64 or i1, scalar) that is no constant; it is asked only for what the formula reads.
/// `lanes` 0: scalars; else vectors of as many lanes, though operands that are the same for all
/// lanes may be scalars. The result has the element type of the result's dtype. Failure only when
/// whyNotPointwise has a reason.
mlir::FailureOr<mlir::Value> emitPointwise(mlir::OpBuilder &builder, mlir::Location loc,
                                           ts::AtenOp op,
                                           llvm::function_ref<mlir::Value(mlir::Value)> operand,
                                           int64_t lanes, DType unknown = DType::Undefined);

/// The element type of a dtype in registers: bool is i1. Null for dtypes that are not computed.
mlir::Type pointwiseType(mlir::MLIRContext *context, DType dtype);

/// Converts a value of dtype `from` (a scalar or a vector of its element type) to dtype `to`, as
/// C++ casts do; floats are rounded to nearest.
mlir::Value convertElements(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                            DType from, DType to);

} // namespace tsc::kernel
