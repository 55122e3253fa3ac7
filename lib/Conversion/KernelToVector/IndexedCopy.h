// SPDX-License-Identifier: Apache-2.0
// Copies of elements whose place along one dimension an index tensor says.
#pragma once

#include "Copy.h"

namespace tsc::lowering {

/// All three have the target's sizes; the source's strides are 0 along dimensions that only the
/// index has, and the index's along those that only the source has.
struct IndexedCopy {
  Buffer source, index, target;
  int64_t size = 1, stride = 0; ///< of the source's dimension that is indexed
  bool wraps = false;           ///< indices below 0 count from the end
};

/// An index for each element of the target.
IndexedCopy gatherCopy(const Buffer &source, const Buffer &index, int64_t dim,
                       const Buffer &target);
/// The index's dimensions stand in the target where `dim` stands in the source.
IndexedCopy selectCopy(const Buffer &source, const Buffer &index, int64_t dim,
                       const Buffer &target);
/// Writes the copy; a task that meets an index out of range calls KernelBuilder::fail() and goes on
/// with another one. False when there is nothing to copy.
bool emitIndexedCopy(RegionWriter &region, const IndexedCopy &copy);

} // namespace tsc::lowering
