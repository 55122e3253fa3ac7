// SPDX-License-Identifier: Apache-2.0
// Texts of constants, shared by the graph and the code printer.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <string>

namespace tsc::ts {

/// `1.`, `0.10000000000000001`, `1e+20`, `-0.`, `inf`.
std::string floatText(double value);
/// In double quotes, with escapes.
std::string quotedText(llvm::StringRef text);
/// Whether a name can stand after a dot.
bool isIdentifier(llvm::StringRef name);
/// Whether a reader of a list of such elements knows the list's type from the elements.
bool isInferredFromMembers(mlir::Type element);

/// May give a value's text instead of the usual one.
using SpecialText = llvm::function_ref<std::optional<std::string>(mlir::Attribute, mlir::Type)>;
/// A constant as a Python expression. The type tells the elements' types; nesting is limited.
std::string valueText(mlir::Attribute value, mlir::Type type, SpecialText special);

} // namespace tsc::ts
