// SPDX-License-Identifier: Apache-2.0
// What `tsc bench --profile` prints: where the time of a call goes, kernel by kernel, and how far
// each is from what the machine can do.
#pragma once

#include "tsc/Driver/MachineLimits.h"
#include "tsc/Driver/ModelSession.h"

namespace tsc {

/// The calls of a session that were profiled.
struct ProfiledCalls {
  int64_t calls = 0;
  double seconds = 0; ///< of all calls, in kernels and outside
};

/// Prints the profile of an instance as a table, or as one JSON object with the time of a call and
/// the machine's limits, then one a kernel.
void printProfile(const ModelSession &session, const ProfiledCalls &profiled,
                  const MachineLimits &limits, bool json);

} // namespace tsc
