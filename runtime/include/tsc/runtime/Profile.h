// SPDX-License-Identifier: Apache-2.0
// Times of kernels. A context whose `profile` is set has its kernels timed by KernelTimer: those of
// regions in tsc_rt_launch, generic ones where they are entered. What runs inside a timed kernel
// counts as part of it.
#pragma once

#include "tsc/runtime/Containers.h"
#include "tsc/runtime/Threads.h"

namespace tsc::rt {

struct KernelTime {
  const KernelDescriptor *kernel; ///< null: a free slot
  int64_t calls, nanoseconds;
};

/// Sums by kernel. May be used by several calls at once.
class Profile {
public:
  Profile() = default;
  Profile(const Profile &) = delete;
  Profile &operator=(const Profile &) = delete;
  ~Profile() { freeBytes(slots); }
  void clear();
  /// What finds no memory is left out.
  void add(const KernelDescriptor &kernel, int64_t nanoseconds);
  /// A copy of all sums, in no order.
  Status read(Context &cx, Vector<KernelTime> &times);

private:
  bool grow();
  KernelTime &slotOf(const KernelDescriptor *kernel) const;

  KernelTime *slots = nullptr; ///< open addressing; a power of two, at most half full
  int64_t slotCount = 0, used = 0;
  int32_t lock = 0;
};

/// Times what happens in its life, when the context is profiled.
class KernelTimer {
public:
  KernelTimer(Context &context, const KernelDescriptor &descriptor)
      : cx(context), kernel(descriptor), profile(context.profile) {
    if (profile) [[unlikely]]
      start();
  }
  ~KernelTimer() {
    if (profile) [[unlikely]]
      stop();
  }
  KernelTimer(const KernelTimer &) = delete;
  KernelTimer &operator=(const KernelTimer &) = delete;

private:
  void start();
  void stop();

  Context &cx;
  const KernelDescriptor &kernel;
  Profile *profile;
  int64_t begin;
};

} // namespace tsc::rt
