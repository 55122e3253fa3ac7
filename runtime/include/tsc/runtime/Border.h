// SPDX-License-Identifier: Apache-2.0
// What happens where a caller's values enter a model: conversion to the declared types, as
// PyTorch's border does it, types from their text, deep copies of state, and DLPack.
#pragma once

#include "tsc/runtime/Instance.h"

#include "tsc/model.h"

namespace tsc::rt {

/// The value as a value of `type`: shared when it is one already, else converted (int to float, 0-d
/// tensor to number, tuple to list...). `what` names it in messages: "input 0 'x'".
OwnedValue convertArgument(Context &cx, const Value &v, const TypeDescriptor *type, StringRef what);

/// A descriptor from its text; null with the error set when the text is wrong or names a type the
/// model does not know.
const TypeDescriptor *parseType(Context &cx, StringRef text);

/// A copy of a value and everything it holds, aliases kept. Immortal objects are shared.
OwnedValue deepCopy(Context &cx, const Value &v);

TensorRef importDlpack(Context &cx, const DLTensor &t, void (*release)(StorageObject *),
                       void *owner);
Status exportDlpack(Context &cx, const Tensor &t, DLTensor &out);

} // namespace tsc::rt
