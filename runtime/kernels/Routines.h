// SPDX-License-Identifier: Apache-2.0
// Functions that compiled kernels call for some pieces of their work, on dense memory alone
// (tsc/Kernel/RoutineForm.h says which, and what their data and numbers are). They share their
// arithmetic with the generic kernels.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

struct RoutineRange {
  int64_t begin, end;
  Context *cx;
};

/// A call: results, operands, scratch; numbers; and the pieces to do.
struct RoutineCall {
  void *const *data;
  const int64_t *numbers;
  const RoutineRange &range;

  template <class T> T *at(int64_t i) const { return static_cast<T *>(data[i]); }
  int64_t operator[](int64_t i) const { return numbers[i]; }
};

} // namespace tsc::rt

/// tsc_rt_routine_NAME_f32 and _f64 from FN<T>(const RoutineCall &) -> int32_t.
#define TSC_ROUTINE(NAME, FN)                                                                      \
  extern "C" int32_t tsc_rt_routine_##NAME##_f32(void *const *data, const int64_t *numbers,        \
                                                 const tsc::rt::RoutineRange *range) {             \
    return FN<float>(tsc::rt::RoutineCall{data, numbers, *range});                                 \
  }                                                                                                \
  extern "C" int32_t tsc_rt_routine_##NAME##_f64(void *const *data, const int64_t *numbers,        \
                                                 const tsc::rt::RoutineRange *range) {             \
    return FN<double>(tsc::rt::RoutineCall{data, numbers, *range});                                \
  }
/// tsc_rt_routine_NAME from FN(const RoutineCall &) -> int32_t, for all dtypes.
#define TSC_ROUTINE_OF_ALL(NAME, FN)                                                               \
  extern "C" int32_t tsc_rt_routine_##NAME(void *const *data, const int64_t *numbers,              \
                                           const tsc::rt::RoutineRange *range) {                   \
    return FN(tsc::rt::RoutineCall{data, numbers, *range});                                        \
  }
