// SPDX-License-Identifier: Apache-2.0
// The out= forms of operators with several results: OutputsOf<fn>::run takes a tensor for each
// result of fn behind its arguments and copies the results into them.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

template <auto Fn> struct OutputsOf;
template <class... T, class... A, Results<T...> (*Fn)(Context &, A...)> struct OutputsOf<Fn> {
  template <class> using Target = Tensor &;
  static Results<T...> run(Context &cx, A... arguments, Target<T>... outs) {
    Results<T...> made = Fn(cx, arguments...);
    TSC_TRY(made);
    bool ok = std::apply(
        [&](T &...each) { return ((each && static_cast<bool>(writeOut(cx, outs, *each))) && ...); },
        made.values);
    TSC_TRY(ok);
    return Results<T...>(same(outs)...);
  }
};

} // namespace tsc::rt

/// An operator with several results and its out= form: TSC_WITH_OUTPUTS(aten_linalg_lu,
/// aten_linalg_lu_out, fn)
#define TSC_WITH_OUTPUTS(NAME, OUT, ...)                                                           \
  TSC_KERNEL(NAME, __VA_ARGS__) TSC_KERNEL(OUT, tsc::rt::OutputsOf<__VA_ARGS__>::run)
/// An operator with one result and NAME_out.
#define TSC_WITH_OUTPUT(NAME, ...)                                                                 \
  TSC_KERNEL(NAME, __VA_ARGS__) TSC_OUTPUT_COPY(NAME##_out, __VA_ARGS__)
