// SPDX-License-Identifier: Apache-2.0
// The thread pool. One loop at a time: a loop that finds the pool busy (nested in another, or from
// a second caller) runs inline, so nothing can deadlock. Workers spin for a while, then sleep. A
// worker claims a part by a compare-and-swap on a word of loop number and next part, so a late one
// can never take a part of another loop. After fork() the child has no workers; it starts its own.
#include "tsc/runtime/Threads.h"

#include <cstdlib>
#include <new>
#include <pthread.h>
#include <unistd.h>

namespace tsc::rt {

static constexpr int kMaxThreads = 256;
static constexpr int kSpins = 4000;

class ThreadPool {
public:
  int threads = 1;
  ExternalLoop external = nullptr;
  void *externalUser = nullptr;

  int32_t busy = 0;
  pid_t process = 0; ///< that the workers belong to; 0: none started
  bool stopping = false;
  int started = 0;
  pthread_t workers[kMaxThreads];
  pthread_mutex_t mutex;
  pthread_cond_t wake;

  // The loop under way. `ticket` is loop number << 16 | next part.
  uint64_t ticket = 0;
  int64_t parts = 0, begin = 0, end = 0, part = 0;
  RangeFunction fn = nullptr;
  void *user = nullptr;
  int64_t done = 0;

  void runParts(uint64_t number);
  void runPart(int64_t i) {
    int64_t from = begin + i * part, to = from + part < end ? from + part : end;
    if (from < to)
      fn(user, from, to);
  }
  void start();
  void stop();
};

void ThreadPool::runParts(uint64_t number) {
  for (;;) {
    uint64_t seen = __atomic_load_n(&ticket, __ATOMIC_ACQUIRE);
    if (seen >> 16 != number ||
        static_cast<int64_t>(seen & 0xffff) >= __atomic_load_n(&parts, __ATOMIC_RELAXED))
      return;
    if (!__atomic_compare_exchange_n(&ticket, &seen, seen + 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
      continue;
    runPart(static_cast<int64_t>(seen & 0xffff));
    __atomic_fetch_add(&done, 1, __ATOMIC_ACQ_REL);
  }
}

static void *workerMain(void *argument) {
  ThreadPool &pool = *static_cast<ThreadPool *>(argument);
  uint64_t last = 0;
  for (;;) {
    uint64_t number = last;
    for (int i = 0; i < kSpins && number == last; ++i) {
      number = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE) >> 16;
      __builtin_ia32_pause();
    }
    if (number == last) {
      pthread_mutex_lock(&pool.mutex);
      while (!pool.stopping &&
             (number = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE) >> 16) == last)
        pthread_cond_wait(&pool.wake, &pool.mutex);
      pthread_mutex_unlock(&pool.mutex);
    }
    if (__atomic_load_n(&pool.stopping, __ATOMIC_ACQUIRE))
      return nullptr;
    last = number;
    pool.runParts(number);
  }
}

void ThreadPool::start() {
  pid_t self = getpid();
  if (process == self)
    return;
  process = self, started = 0, stopping = false;
  pthread_mutex_init(&mutex, nullptr);
  pthread_cond_init(&wake, nullptr);
  while (started < threads - 1 && pthread_create(&workers[started], nullptr, workerMain, this) == 0)
    ++started;
}
void ThreadPool::stop() {
  if (process != getpid())
    return;
  pthread_mutex_lock(&mutex);
  __atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&wake);
  pthread_mutex_unlock(&mutex);
  // A worker that spins sees `stopping` only after its spin ends, within microseconds.
  for (int i = 0; i < started; ++i)
    pthread_join(workers[i], nullptr);
  process = 0;
}

ThreadPool *createPool(int threads) {
  void *memory = std::malloc(sizeof(ThreadPool));
  if (!memory)
    return nullptr;
  ThreadPool *pool = ::new (memory) ThreadPool();
  pool->threads = threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
  return pool;
}
ThreadPool *createExternalPool(int threads, ExternalLoop run, void *user) {
  ThreadPool *pool = createPool(threads);
  if (pool)
    pool->external = run, pool->externalUser = user;
  return pool;
}
void destroyPool(ThreadPool *pool) {
  if (!pool)
    return;
  pool->stop();
  std::free(pool);
}
int threadCount(Context &cx) { return cx.pool ? cx.pool->threads : 1; }

static void runOnPool(ThreadPool &pool) {
  if (pool.external) {
    pool.external(
        pool.externalUser, pool.parts,
        [](void *argument, int64_t i) { static_cast<ThreadPool *>(argument)->runPart(i); }, &pool);
    return;
  }
  pool.start();
  uint64_t number = (pool.ticket >> 16) + 1;
  __atomic_store_n(&pool.done, 0, __ATOMIC_RELAXED);
  pthread_mutex_lock(&pool.mutex);
  __atomic_store_n(&pool.ticket, number << 16, __ATOMIC_RELEASE);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.mutex);
  pool.runParts(number);
  for (int spins = 0; __atomic_load_n(&pool.done, __ATOMIC_ACQUIRE) < pool.parts; ++spins) {
    if (spins < kSpins)
      __builtin_ia32_pause();
    else
      usleep(20);
  }
}

void parallelRange(Context &cx, int64_t begin, int64_t end, int64_t grain, RangeFunction fn,
                   void *user) {
  if (begin >= end)
    return;
  ThreadPool *pool = cx.pool;
  int64_t n = end - begin;
  grain = grain < 1 ? 1 : grain;
  if (!pool || pool->threads < 2 || n <= grain ||
      __atomic_exchange_n(&pool->busy, 1, __ATOMIC_ACQUIRE)) {
    fn(user, begin, end);
    return;
  }
  int64_t parts = (n + grain - 1) / grain;
  parts = parts < pool->threads ? parts : pool->threads;
  pool->begin = begin, pool->end = end, pool->fn = fn, pool->user = user;
  pool->part = (n + parts - 1) / parts;
  __atomic_store_n(&pool->parts, parts, __ATOMIC_RELAXED);
  runOnPool(*pool);
  __atomic_store_n(&pool->busy, 0, __ATOMIC_RELEASE);
}

} // namespace tsc::rt
