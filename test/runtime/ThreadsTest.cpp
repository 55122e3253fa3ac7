// SPDX-License-Identifier: Apache-2.0
// The thread pool: who does which part, and that nothing is lost when callers nest, race, fork, or
// have more threads than CPUs.
#include "Support.h"
#include "tsc/runtime/Profile.h"

#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

static constexpr KernelDescriptor kKernel = {"test", "aten::none", -1, 0, 0};

namespace {
struct Pool {
  Context cx;
  explicit Pool(int threads) { cx.pool = createPool(threads); }
  ~Pool() { destroyPool(cx.pool); }
};
/// Who ran an index, and how often.
struct Log {
  std::vector<std::thread::id> thread;
  std::vector<int> runs;
  explicit Log(int64_t count) : thread(count), runs(count) {}
  static void run(void *frame, int64_t begin, int64_t end) {
    Log &log = *static_cast<Log *>(frame);
    for (int64_t i = begin; i < end; ++i)
      log.thread[i] = std::this_thread::get_id(), ++log.runs[i];
  }
};
} // namespace

TEST_CASE("part i is done by thread i, or by the caller when that is late") {
  Pool pool(3);
  Log log(10);
  std::set<std::thread::id> others[2];
  auto self = std::this_thread::get_id();
  for (int round = 0; round < 1000; ++round) {
    tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, 10, 1);
    if (round % 100 == 0) // workers sleep
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int i : {1, 2, 3}) // parts of 4, 3 and 3
      REQUIRE(log.thread[i] == self);
    for (int i : {5, 6})
      REQUIRE(log.thread[i] == log.thread[4]);
    for (int i : {8, 9})
      REQUIRE(log.thread[i] == log.thread[7]);
    for (int part : {0, 1})
      if (log.thread[4 + 3 * part] != self)
        others[part].insert(log.thread[4 + 3 * part]);
  }
  CHECK(log.runs == std::vector<int>(10, 1000));
  CHECK(others[0].size() <= 1);
  CHECK(others[1].size() <= 1);
  if (others[0].size() == 1)
    CHECK(others[0] != others[1]);
  // fewer parts: the other workers are left alone, and found again
  tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, 10, 5);
  CHECK(log.thread[4] == self);
  CHECK((log.thread[5] == self || others[0].count(log.thread[5])));
  // too small to share out
  tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, 10, 10);
  CHECK(log.thread[9] == self);
  tsc_rt_launch(&pool.cx, &kKernel, Log::run, nullptr, 0, 1);
}

TEST_CASE("parts with much work run at the same time") {
  Pool pool(2);
  struct Meeting {
    std::atomic<int> here{0};
    std::atomic<int> met{0};
    static void run(void *frame, int64_t, int64_t) {
      Meeting &m = *static_cast<Meeting *>(frame);
      ++m.here;
      for (int i = 0; i < 10000 && m.here < 2; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      m.met += m.here == 2;
    }
  } meeting;
  tsc_rt_launch(&pool.cx, &kKernel, Meeting::run, &meeting, 2, 1);
  CHECK(meeting.met == 2);
}

TEST_CASE("every index runs once with any number of threads and any size") {
  for (int threads : {1, 2, 3, 8, 40})
    for (int64_t count : {1, 2, 7, 39, 1000}) {
      Pool pool(threads);
      Log log(count);
      for (int round = 0; round < 3; ++round)
        tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, count, 1);
      CHECK(log.runs == std::vector<int>(count, 3));
    }
}

TEST_CASE("two callers at once and nested calls run inline") {
  Pool pool(3);
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 3; ++c)
    callers.emplace_back([&] {
      Context cx;
      cx.pool = pool.cx.pool;
      for (int round = 0; round < 300; ++round)
        parallelFor(cx, 0, 30, 1, [&](int64_t begin, int64_t end) {
          parallelFor(cx, begin, end, 1, [&](int64_t b, int64_t e) { total += e - b; });
        });
    });
  for (std::thread &caller : callers)
    caller.join();
  CHECK(total == 3 * 300 * 30);
}

TEST_CASE("a forked child has workers of its own") {
  Pool pool(4);
  Log log(100);
  tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, 100, 1);
  for (bool asleep : {false, true}) {
    if (asleep)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pid_t child = fork();
    if (child == 0) {
      Log own(100);
      for (int round = 0; round < 10; ++round)
        tsc_rt_launch(&pool.cx, &kKernel, Log::run, &own, 100, 1);
      bool ok = own.runs == std::vector<int>(100, 10);
      destroyPool(pool.cx.pool);
      _exit(ok ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    tsc_rt_launch(&pool.cx, &kKernel, Log::run, &log, 100, 1);
  }
  CHECK(log.runs == std::vector<int>(100, 3));
}

TEST_CASE("a caller's own loop gets the parts") {
  int calls = 0;
  Context cx;
  cx.pool = createExternalPool(
      4,
      [](void *user, int64_t n, void (*body)(void *, int64_t), void *argument) {
        ++*static_cast<int *>(user);
        for (int64_t i = n - 1; i >= 0; --i)
          body(argument, i);
      },
      &calls);
  Log log(9);
  tsc_rt_launch(&cx, &kKernel, Log::run, &log, 9, 1);
  CHECK(calls == 1);
  CHECK(log.runs == std::vector<int>(9, 1));
  destroyPool(cx.pool);
}

TEST_CASE("a profile sums time by kernel, outermost only") {
  static constexpr KernelDescriptor kInner = {"inner", "aten::none", -1, 0, 0};
  Pool pool(2);
  Profile profile;
  struct Call {
    Context *cx;
    std::atomic<int> profiled{0}; ///< parts that would be timed once more
    static void run(void *frame, int64_t, int64_t) {
      Call &call = *static_cast<Call *>(frame);
      call.profiled += call.cx->profile != nullptr;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  } call{&pool.cx};
  tsc_rt_launch(&pool.cx, &kKernel, Call::run, &call, 2, 1);
  Vector<KernelTime> times;
  REQUIRE(profile.read(pool.cx, times));
  CHECK(times.empty());
  pool.cx.profile = &profile;
  for (int i = 0; i < 3; ++i)
    tsc_rt_launch(&pool.cx, &kKernel, Call::run, &call, 2, 1);
  tsc_rt_launch(&pool.cx, &kInner, Call::run, &call, 1, 1);
  CHECK(pool.cx.profile == &profile);
  CHECK(call.profiled == 0);
  REQUIRE(profile.read(pool.cx, times));
  REQUIRE(times.size() == 2);
  const KernelTime &outer = times[0].kernel == &kKernel ? times[0] : times[1];
  CHECK(outer.calls == 3);
  CHECK(outer.nanoseconds >= 6'000'000);
  CHECK(outer.nanoseconds < 1'000'000'000);
  // more kernels than the first table holds
  std::vector<KernelDescriptor> many(1000, kInner);
  for (const KernelDescriptor &kernel : many)
    profile.add(kernel, 5);
  times.clear();
  REQUIRE(profile.read(pool.cx, times));
  CHECK(times.size() == 1002);
  profile.clear();
  times.clear();
  REQUIRE(profile.read(pool.cx, times));
  CHECK(times.empty());
}
