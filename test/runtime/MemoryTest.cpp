// SPDX-License-Identifier: Apache-2.0
// The default allocator: alignment, and large blocks that are kept from call to call.
#include "Support.h"

#include <cstring>
#include <thread>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

static void *take(size_t bytes, size_t alignment = 64) {
  void *data = defaultAllocator()->allocate(nullptr, bytes, alignment);
  REQUIRE(data);
  CHECK(reinterpret_cast<uintptr_t>(data) % alignment == 0);
  return data;
}
static void give(void *data, size_t bytes) { defaultAllocator()->release(nullptr, data, bytes); }

TEST_CASE("large blocks are kept, and used again for what fits them") {
  freeKeptBlocks();
  const size_t kBytes = 3 << 20;
  void *first = take(kBytes);
  std::memset(first, 1, kBytes);
  give(first, kBytes);
  void *second = take(kBytes - 1000);
  CHECK(second == first);
  void *third = take(kBytes); // the first is in use
  CHECK(third != first);
  give(second, kBytes);
  void *small = take(kBytes / 2); // would waste half of it
  CHECK(small != first);
  give(small, kBytes / 2);
  void *aligned = take(kBytes, 2 << 20);
  give(aligned, kBytes);
  give(third, kBytes);
  for (size_t bytes = 1 << 20; bytes < 40 << 20; bytes += 1 << 20) { // more than are kept
    void *data = take(bytes);
    std::memset(data, 1, 4096);
    give(data, bytes);
  }
  freeKeptBlocks();
  CHECK(!defaultAllocator()->allocate(nullptr, SIZE_MAX - 64, 64));
}

TEST_CASE("threads never get the same block at once") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 500; ++round) {
        size_t bytes = (size_t(1) << 20) + static_cast<size_t>(round % 7) * 50000;
        auto *data = static_cast<int *>(defaultAllocator()->allocate(nullptr, bytes, 64));
        data[0] = t, data[bytes / 4 - 1] = round;
        std::this_thread::yield();
        if (data[0] != t || data[bytes / 4 - 1] != round)
          ++wrong;
        defaultAllocator()->release(nullptr, data, bytes);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(wrong == 0);
  freeKeptBlocks();
}
