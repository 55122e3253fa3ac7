// SPDX-License-Identifier: Apache-2.0
// Two loops, each run on all threads at once for a fixed time: independent chains of fused
// multiply-adds in registers, as wide as the processor has them, and copies of memory that no cache
// holds.
#include "tsc/Driver/MachineLimits.h"

#include "llvm/Support/MathExtras.h"

#include <sys/mman.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tsc {

using Clock = std::chrono::steady_clock;

static constexpr std::chrono::milliseconds kTime(45); ///< of each of the two loops
static constexpr int kChains = 12; ///< enough to fill two pipes of latency 4, in 16 registers
static constexpr int64_t kRounds = 20000;

// ---- Multiply-adds: each returns how many operations it did
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static double multiplyAddAvx512() {
  __m512 sums[kChains], factor = _mm512_set1_ps(1.0000001F), term = _mm512_set1_ps(1e-9F);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t k = 0; k < kRounds; ++k)
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i)
      sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
  for (__m512 &sum : sums)
    asm volatile("" ::"x"(sum));
  return 2.0 * 16 * kChains * kRounds;
}
__attribute__((target("avx2,fma"))) static double multiplyAddAvx2() {
  __m256 sums[kChains], factor = _mm256_set1_ps(1.0000001F), term = _mm256_set1_ps(1e-9F);
  for (int i = 0; i < kChains; ++i)
    sums[i] = _mm256_set1_ps(static_cast<float>(i));
  for (int64_t k = 0; k < kRounds; ++k)
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i)
      sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
  for (__m256 &sum : sums)
    asm volatile("" ::"x"(sum));
  return 2.0 * 8 * kChains * kRounds;
}
#endif

/// In vectors of 16 bytes, which every target has.
static double multiplyAddBase() {
  using Vector __attribute__((vector_size(16))) = float;
  Vector sums[kChains], factor = Vector{} + 1.0000001F, term = Vector{} + 1e-9F;
  for (int i = 0; i < kChains; ++i)
    sums[i] = Vector{} + static_cast<float>(i);
  for (int64_t k = 0; k < kRounds; ++k)
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i)
      sums[i] = sums[i] * factor + term;
  volatile float used = 0;
  for (Vector &sum : sums)
    used = used + sum[0];
  return 2.0 * 4 * kChains * kRounds;
}

using Loop = double (*)();
static Loop widestMultiplyAdd() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return multiplyAddAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAddAvx2;
#endif
  return multiplyAddBase;
}

// ---- Rates
/// The best rate of a piece of work that says how much it did.
template <class Work> static double bestRate(Work work) {
  double best = 0;
  Clock::time_point begin = Clock::now(), last = begin;
  while (last - begin < kTime) {
    double amount = work();
    Clock::time_point now = Clock::now();
    double rate = amount / std::chrono::duration<double>(now - last).count();
    best = rate > best ? rate : best;
    last = now;
  }
  return best;
}

namespace {
struct Measurer {
  int threads = 1;
  pthread_t thread{};
  double rate = 0; ///< of this thread
};
} // namespace

static void *measureOperations(void *argument) {
  static_cast<Measurer *>(argument)->rate = bestRate(widestMultiplyAdd());
  return nullptr;
}

/// Past the caches and from two places at a time, as kernels write large results: what memcpy does
/// depends on thresholds of its own.
static void copyLines(char *to, const char *from, size_t bytes) {
#if defined(__has_builtin) && __has_builtin(__builtin_nontemporal_store)
  using Line __attribute__((vector_size(64))) = char;
  auto *lines = reinterpret_cast<Line *>(to);
  const auto *read = reinterpret_cast<const Line *>(from);
  for (size_t i = 0, half = bytes / sizeof(Line) / 2; i < half; ++i) {
    __builtin_nontemporal_store(read[i], lines + i);
    __builtin_nontemporal_store(read[half + i], lines + half + i);
  }
#else
  std::memcpy(to, from, bytes);
#endif
}

static void *measureCopies(void *argument) {
  Measurer &self = *static_cast<Measurer *>(argument);
  constexpr size_t kHugePage = 2 << 20;
  size_t bytes = llvm::alignTo((size_t(128) << 20) / static_cast<size_t>(self.threads), kHugePage);
  auto *memory = static_cast<char *>(std::aligned_alloc(kHugePage, 2 * bytes));
  if (!memory)
    return nullptr;
  (void)madvise(memory, 2 * bytes, MADV_HUGEPAGE); // as the runtime's large tensors lie
  std::memset(memory, 1, 2 * bytes);               // faults it in
  self.rate = bestRate([&] {
    copyLines(memory, memory + bytes, bytes);
    asm volatile("" ::"r"(memory) : "memory");
    return 2.0 * static_cast<double>(bytes);
  });
  std::free(memory);
  return nullptr;
}

/// The sum of the rates of threads that measure at the same time.
static double measureTogether(int threads, void *(*measure)(void *)) {
  std::vector<Measurer> measurers(static_cast<size_t>(threads));
  size_t started = 0;
  for (Measurer &measurer : measurers) {
    measurer.threads = threads;
    if (pthread_create(&measurer.thread, nullptr, measure, &measurer) != 0)
      break;
    ++started;
  }
  double total = 0;
  for (size_t i = 0; i < started; ++i) {
    pthread_join(measurers[i].thread, nullptr);
    total += measurers[i].rate;
  }
  return total;
}

MachineLimits measureMachineLimits(int threads) {
  threads = threads < 1 ? 1 : threads;
  return {measureTogether(threads, measureOperations), measureTogether(threads, measureCopies)};
}

} // namespace tsc
