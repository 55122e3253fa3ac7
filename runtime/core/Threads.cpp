// SPDX-License-Identifier: Apache-2.0
// The thread pool. One loop at a time: a loop that finds the pool busy (nested in another, or from
// a second caller) runs inline, so nothing can deadlock. Part i of a loop goes to thread i, the
// caller being thread 0, so that each core finds in its cache what it wrote in the loop before.
// Only a part whose thread has not begun by the time that the caller has done its own, because it
// sleeps or the system runs something else in its place, is done by the caller.
//
// Hand-over: the caller writes the loop and then `order`, one word of loop number and number of
// parts. Whoever does a part first writes the number to its worker's `taken`; the worker then
// writes it to `done`, which the caller waits for. A worker that has taken nothing reads nothing
// but `order`, so the loop may change under it.
// Neither side locks or calls the system while both are awake. A worker that has waited long enough
// says so in `asleep` and then looks at `order` once more; the caller writes `order` and then looks
// at `asleep`: in the single order of these four one of the two sees the other.
//
// After fork() the child has no workers. The caller notices when it wakes one or has waited for
// one too long (asking for the process at each loop would be a system call), and starts new ones,
// which find the order waiting.
#include "tsc/runtime/Threads.h"

#include <cstdlib>
#include <ctime>
#include <new>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace tsc::rt {

static constexpr int kMaxThreads = 256;
/// For how long a worker spins after its last work, in nanoseconds: between calls, during the call
/// of a region, and where threads have to share CPUs.
static constexpr int64_t kIdleSpin = 50'000, kRegionSpin = 5'000'000, kCrowdedSpin = 2'000;
/// For how long the caller waits for a worker to begin, spins before it yields, and yields before
/// it naps.
static constexpr int64_t kPatience = 4'000, kWaitSpin = 50'000, kWaitYield = 5'000'000;
static constexpr int kPausesPerLook = 64; ///< at the clock

static constexpr uint64_t kStop = 0xffff; ///< in place of a number of parts

int64_t monotonicNanoseconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

static void pauseBriefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

int cpuCount() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  int n = 0;
  for (size_t i = 0; i < sizeof set; ++i)
    for (unsigned char byte = reinterpret_cast<unsigned char *>(&set)[i]; byte;
         byte &= static_cast<unsigned char>(byte - 1))
      ++n;
  return n ? n : 1;
}

namespace {
struct alignas(64) Worker {
  uint64_t taken; ///< number of the last loop whose part is its own, or was left to the caller
  uint64_t done;  ///< number of the last loop whose part it has run
  int32_t asleep;
  int32_t index; ///< of its parts; the caller's is 0
  ThreadPool *pool;
  pthread_t thread;
  pthread_mutex_t mutex; ///< with `wake`, for sleeping only
  pthread_cond_t wake;
};
} // namespace

class ThreadPool {
public:
  // The loop under way, in one cache line.
  alignas(64) uint64_t order = 0; ///< loop number << 16 | parts, or kStop
  RangeFunction fn = nullptr;
  void *user = nullptr;
  int64_t begin = 0, count = 0, parts = 0;

  alignas(64) int32_t busy = 0;
  int32_t inRegion = 0;
  int32_t crowded = 0;
  int threads = 1;   ///< the caller and those that may be started
  int started = 0;   ///< workers
  pid_t process = 0; ///< that the workers belong to; 0: none started
  ExternalLoop external = nullptr;
  void *externalUser = nullptr;
  Worker *workers = nullptr; ///< threads - 1

  uint64_t number() const { return order >> 16; }
  void runPart(int64_t i) {
    int64_t size = count / parts, larger = count % parts; // the first `larger` have one more
    int64_t from = begin + i * size + (i < larger ? i : larger);
    fn(user, from, from + size + (i < larger));
  }
  void start(uint64_t last);
  bool restart();
  void stop();
  void run();
  void wake();
  void finish(int64_t part);
};

/// Takes a worker's part of a loop, for the worker or the caller; the first one gets it. False also
/// when the loop is over.
static bool take(Worker &worker, uint64_t number) {
  uint64_t taken = __atomic_load_n(&worker.taken, __ATOMIC_RELAXED);
  return taken < number && __atomic_compare_exchange_n(&worker.taken, &taken, number, false,
                                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// ---- Workers
/// Waits for an order other than loop number `last`.
static uint64_t nextOrder(const ThreadPool &pool, Worker &worker, uint64_t last) {
  int64_t idle = 0, quiet = 0; // since when there is no work, and no region that may bring some
  for (int i = 1;; ++i) {
    uint64_t order = __atomic_load_n(&pool.order, __ATOMIC_ACQUIRE);
    if (order >> 16 != last)
      return order;
    pauseBriefly();
    if (i % kPausesPerLook)
      continue;
    int64_t now = monotonicNanoseconds();
    if (!idle)
      idle = quiet = now;
    if (pool.crowded ? now - idle > kCrowdedSpin : now - quiet > kIdleSpin)
      break;
    if (__atomic_load_n(&pool.inRegion, __ATOMIC_RELAXED) && now - idle < kRegionSpin)
      quiet = now;
  }
  pthread_mutex_lock(&worker.mutex);
  __atomic_store_n(&worker.asleep, 1, __ATOMIC_SEQ_CST);
  uint64_t order;
  while ((order = __atomic_load_n(&pool.order, __ATOMIC_SEQ_CST)) >> 16 == last)
    pthread_cond_wait(&worker.wake, &worker.mutex);
  __atomic_store_n(&worker.asleep, 0, __ATOMIC_RELAXED);
  pthread_mutex_unlock(&worker.mutex);
  return order;
}

static void *workerMain(void *argument) {
  Worker &worker = *static_cast<Worker *>(argument);
  ThreadPool &pool = *worker.pool;
  uint64_t last = worker.done;
  for (;;) {
    uint64_t order = nextOrder(pool, worker, last);
    last = order >> 16;
    uint64_t parts = order & 0xffff;
    if (parts == kStop)
      return nullptr;
    if (static_cast<uint64_t>(worker.index) >= parts || !take(worker, last))
      continue;
    pool.runPart(worker.index);
    __atomic_store_n(&worker.done, last, __ATOMIC_RELEASE);
  }
}

static void wake(Worker &worker) {
  pthread_mutex_lock(&worker.mutex);
  pthread_cond_signal(&worker.wake);
  pthread_mutex_unlock(&worker.mutex);
}

/// Starts the workers, as if loop number `last` had been their last.
void ThreadPool::start(uint64_t last) {
  process = getpid();
  crowded = threads > cpuCount();
  for (started = 0; started < threads - 1; ++started) {
    Worker &worker = workers[started];
    worker.pool = this, worker.index = started + 1, worker.asleep = 0;
    worker.taken = worker.done = last;
    pthread_mutex_init(&worker.mutex, nullptr);
    pthread_cond_init(&worker.wake, nullptr);
    if (pthread_create(&worker.thread, nullptr, workerMain, &worker) != 0)
      return;
  }
}

void ThreadPool::stop() {
  if (process != getpid())
    return;
  __atomic_store_n(&order, (number() + 1) << 16 | kStop, __ATOMIC_SEQ_CST);
  for (int i = 0; i < started; ++i)
    rt::wake(workers[i]);
  for (int i = 0; i < started; ++i)
    pthread_join(workers[i].thread, nullptr);
  for (int i = 0; i < started; ++i) {
    pthread_mutex_destroy(&workers[i].mutex);
    pthread_cond_destroy(&workers[i].wake);
  }
  process = 0;
}

// ---- The caller
/// Starts workers in a forked child, for the loop that has been ordered. False when there was no
/// need.
bool ThreadPool::restart() {
  if (process == getpid())
    return false;
  start(number() - 1);
  return true;
}

/// Makes sure that all workers with a part see the order.
void ThreadPool::wake() {
  for (int64_t i = 1; i < parts; ++i) {
    Worker &worker = workers[i - 1];
    if (!__atomic_load_n(&worker.asleep, __ATOMIC_SEQ_CST))
      continue;
    if (restart())
      return;
    rt::wake(worker);
  }
}

/// Sees to it that a part is done: by its worker, or here.
void ThreadPool::finish(int64_t part) {
  // A forked child may have failed to start as many workers as its parent had.
  if (part > started)
    return runPart(part);
  Worker &worker = workers[part - 1];
  int64_t since = 0;
  for (int i = 1; __atomic_load_n(&worker.done, __ATOMIC_ACQUIRE) != number(); ++i) {
    pauseBriefly();
    if (i % kPausesPerLook)
      continue;
    int64_t now = monotonicNanoseconds();
    since = since ? since : now;
    bool begun = __atomic_load_n(&worker.taken, __ATOMIC_RELAXED) == number();
    if (!begun && (crowded || now - since > kPatience)) {
      if (restart())
        return finish(part);
      if (take(worker, number()))
        return runPart(part);
    }
    if (now - since > kWaitYield)
      usleep(50);
    else if (crowded || now - since > kWaitSpin)
      sched_yield();
  }
}

/// Runs the loop on the pool's own threads.
void ThreadPool::run() {
  if (process == 0)
    start(number());
  if (parts > started + 1)
    parts = started + 1;
  __atomic_store_n(&order, (number() + 1) << 16 | static_cast<uint64_t>(parts), __ATOMIC_SEQ_CST);
  wake();
  runPart(0);
  for (int64_t i = 1; i < parts; ++i)
    finish(i);
}

// ---- Pools
ThreadPool *createPool(int threads) {
  threads = threads < 1 ? 1 : threads > kMaxThreads ? kMaxThreads : threads;
  size_t bytes = sizeof(ThreadPool) + static_cast<size_t>(threads - 1) * sizeof(Worker);
  void *memory;
  if (posix_memalign(&memory, alignof(ThreadPool), bytes) != 0)
    return nullptr;
  ThreadPool *pool = ::new (memory) ThreadPool();
  pool->threads = threads;
  pool->workers = reinterpret_cast<Worker *>(pool + 1);
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
void setInRegion(ThreadPool &pool, bool inside) {
  __atomic_store_n(&pool.inRegion, inside, __ATOMIC_RELAXED);
}

void parallelRange(Context &cx, int64_t begin, int64_t end, int64_t grain, RangeFunction fn,
                   void *user) {
  if (begin >= end)
    return;
  ThreadPool *pool = cx.pool;
  int64_t n = end - begin;
  grain = grain < 1 ? 1 : grain;
  if (!pool || pool->threads < 2 || n <= grain || __atomic_load_n(&pool->busy, __ATOMIC_RELAXED) ||
      __atomic_exchange_n(&pool->busy, 1, __ATOMIC_ACQUIRE)) {
    fn(user, begin, end);
    return;
  }
  int64_t parts = (n - 1) / grain + 1;
  parts = parts < pool->threads ? parts : pool->threads;
  pool->fn = fn, pool->user = user, pool->begin = begin, pool->count = n, pool->parts = parts;
  if (pool->external)
    pool->external(
        pool->externalUser, parts,
        [](void *argument, int64_t i) { static_cast<ThreadPool *>(argument)->runPart(i); }, pool);
  else
    pool->run();
  __atomic_store_n(&pool->busy, 0, __ATOMIC_RELEASE);
}

} // namespace tsc::rt
