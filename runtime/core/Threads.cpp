// SPDX-License-Identifier: Apache-2.0
// Parallel loops run inline until a pool is there.
#include "tsc/runtime/Threads.h"
namespace tsc::rt {
void parallelRange(Context &cx, int64_t begin, int64_t end, int64_t grain, RangeFunction fn, void *user) {
  if (begin < end)
    fn(user, begin, end);
}
int threadCount(Context &cx) { return 1; }
} // namespace tsc::rt
