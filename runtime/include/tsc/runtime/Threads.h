// SPDX-License-Identifier: Apache-2.0
// Parallel loops. The range is cut into equal parts, one a thread; part i runs on thread i, or on
// the caller when that thread is late. A nested call, a small range and a context without a pool
// run inline. `fn(begin, end)` must not raise: check before, or collect a flag.
#pragma once

#include "tsc/runtime/Context.h"

namespace tsc::rt {

using RangeFunction = void (*)(void *user, int64_t begin, int64_t end);
void parallelRange(Context &cx, int64_t begin, int64_t end, int64_t grain, RangeFunction fn,
                   void *user);
int threadCount(Context &cx);

/// A pool of `threads` threads, the caller being one of them; null when memory is short. Threads
/// start at the first loop.
ThreadPool *createPool(int threads);
/// A pool that hands parts to a caller's own loop: run(user, n, body, argument) calls
/// body(argument, i) for all i < n.
using ExternalLoop = void (*)(void *user, int64_t n, void (*body)(void *argument, int64_t i),
                              void *argument);
ThreadPool *createExternalPool(int threads, ExternalLoop run, void *user);
void destroyPool(ThreadPool *pool);
/// While a region is being called, workers wait for longer before they sleep.
void setInRegion(ThreadPool &pool, bool inside);

/// How many CPUs the process may run on.
int cpuCount();
int64_t monotonicNanoseconds();

/// Runs fn over [begin, end), in parts of at least `grain`.
template <class F>
void parallelFor(Context &cx, int64_t begin, int64_t end, int64_t grain, F &&fn) {
  parallelRange(
      cx, begin, end, grain,
      [](void *user, int64_t from, int64_t to) {
        (*static_cast<std::remove_reference_t<F> *>(user))(from, to);
      },
      const_cast<void *>(static_cast<const void *>(&fn)));
}

} // namespace tsc::rt
