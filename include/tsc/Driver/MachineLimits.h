// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best, measured: the yardstick of profiles.
#pragma once

namespace tsc {

struct MachineLimits {
  double operations = 0; ///< of float32 a second, a multiply-add being two
  double bytes = 0;      ///< that a copy in memory reads and writes a second
  /// The least time that an amount of work takes, in seconds.
  double leastSeconds(double workOperations, double workBytes) const {
    double compute = workOperations / operations, memory = workBytes / bytes;
    return compute > memory ? compute : memory;
  }
};

/// Takes about 100 ms on that many threads at once.
MachineLimits measureMachineLimits(int threads);

} // namespace tsc
