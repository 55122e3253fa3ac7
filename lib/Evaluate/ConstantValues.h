// SPDX-License-Identifier: Apache-2.0
// Constants of the IR as run-time values and back. Tensors view the bytes of the WeightStore; they
// must not be written.
#pragma once

#include "tsc/Ts/TsDialect.h"
#include "tsc/runtime/Objects.h"

namespace tsc::ts {

/// A value for a constant of the given type; failure for constants without a simple run-time form
/// (objects, dicts, quantized tensors).
mlir::FailureOr<rt::OwnedValue> toRuntimeValue(rt::Context &cx, WeightStore &weights,
                                               mlir::Attribute attribute, mlir::Type type);

/// What evaluation has added to the WeightStore.
struct MadeStorages {
  llvm::SmallVector<int64_t> storages;
  int64_t bytes = 0;
};

/// The attribute of a result. A tensor whose memory lies in a storage of the WeightStore becomes a
/// view of it; any other is copied into a new one, or is that of an equal tensor made before: two
/// methods fold the same weights.
mlir::FailureOr<mlir::Attribute> toConstant(WeightStore &weights, const rt::Value &value,
                                            mlir::Type type, MadeStorages &made);

} // namespace tsc::ts
