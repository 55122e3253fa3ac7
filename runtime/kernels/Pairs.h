// SPDX-License-Identifier: Apache-2.0
// Operators with two results: the form that writes into two out= tensors. A... are the parameters
// of F after the context.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

using Pair = Results<TensorRef, TensorRef>;

inline Pair makePair(TensorRef first, TensorRef second) {
  return {static_cast<TensorRef &&>(first), static_cast<TensorRef &&>(second)};
}
inline TensorRef &firstOf(Pair &pair) { return std::get<0>(pair.values); }
inline TensorRef &secondOf(Pair &pair) { return std::get<1>(pair.values); }

template <auto F, class... A> Pair writePair(Context &cx, A... arguments, Tensor &a, Tensor &b) {
  Pair made = F(cx, arguments...);
  TSC_TRY(made.ok && firstOf(made) && secondOf(made));
  TSC_TRY(writeOut(cx, a, *firstOf(made)));
  TSC_TRY(writeOut(cx, b, *secondOf(made)));
  return {same(a), same(b)};
}

} // namespace tsc::rt
