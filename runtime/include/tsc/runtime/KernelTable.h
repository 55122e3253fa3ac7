// SPDX-License-Identifier: Apache-2.0
// The list of all operator kernels by symbol name, for the compiler (which operators exist, and to
// call them while compiling). Not part of compiled models. Sorted by name (strcmp).
#pragma once

#include "tsc/Common/Model.h"

namespace tsc::rt {

struct KernelEntry {
  const char *name; ///< "tsc_rt_aten_add_Tensor"
  BoxedEntry entry;
};
struct KernelTable {
  const KernelEntry *entries;
  size_t count;
};
KernelTable kernelTable();

} // namespace tsc::rt
