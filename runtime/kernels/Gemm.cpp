// SPDX-License-Identifier: Apache-2.0
// The blocking of matrix products around the tiles: panels of B (a block of k deep, kBlockN wide)
// are packed, A is copied a block of rows at a time, and both are shared out as a grid of row and
// column ranges, one a thread. Products of few rows skip the packing: with k side by side in B they
// are dot products, with columns side by side they are wide tiles over B as it lies.
#include "tsc/runtime/Gemm.h"

#include "GemmTiles.h"
#include "tsc/runtime/Threads.h"

#include <cpuid.h>

namespace tsc::rt {

bool hasAvx512() {
  static int known = 0;
  int seen = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (seen)
    return seen > 0;
  unsigned a = 0, b = 0, c = 0, d = 0;
  bool has = false;
  if (__get_cpuid_count(1, 0, &a, &b, &c, &d) && (c & bit_OSXSAVE)) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    constexpr unsigned kWanted = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    has =
        (low & 0xe6) == 0xe6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & kWanted) == kWanted;
  }
  __atomic_store_n(&known, has ? 1 : -1, __ATOMIC_RELAXED);
  return has;
}

namespace {
using namespace detail;

constexpr int64_t kBlockM = 144, kBlockN = 512;
constexpr int64_t kSmallWork = 1 << 19; ///< multiply-adds that one thread does alone
constexpr int64_t kStackBytes = 16 << 10;

template <class T> const TileTable<T> &tiles() {
  if constexpr (std::is_same_v<T, float>)
    return hasAvx512() ? avx512TilesFloat() : baseTilesFloat();
  else if constexpr (std::is_same_v<T, double>)
    return hasAvx512() ? avx512TilesDouble() : baseTilesDouble();
  else
    return baseTilesInt();
}

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
/// The size of parts when n is cut into as few parts of at most `most` as possible, equal ones.
int64_t evenPart(int64_t n, int64_t most) { return n <= most ? n : ceilDiv(n, ceilDiv(n, most)); }

// ---- Packing
typedef float F8 __attribute__((vector_size(32)));

/// to[j * step + i] = from[i * row + j] for an 8 x 8 block.
void transpose8(float *to, int64_t step, const float *from, int64_t row) {
  F8 r[8], s[8];
#pragma unroll
  for (int i = 0; i < 8; ++i)
    std::memcpy(&r[i], from + i * row, sizeof(F8));
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    r[i] = __builtin_shufflevector(s[i], s[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 1] = __builtin_shufflevector(s[i], s[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    r[i + 2] = __builtin_shufflevector(s[i + 1], s[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    r[i + 3] = __builtin_shufflevector(s[i + 1], s[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    F8 low = __builtin_shufflevector(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    F8 high = __builtin_shufflevector(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    std::memcpy(to + j * step, &low, sizeof(F8));
    std::memcpy(to + (j + 4) * step, &high, sizeof(F8));
  }
}

/// to[j * step + i] = from[i * row + j], rows x columns.
template <class T>
void transposeBlock(T *to, int64_t step, const T *from, int64_t row, int64_t rows,
                    int64_t columns) {
  int64_t i = 0;
  if constexpr (std::is_same_v<T, float>)
    for (; i + 8 <= rows; i += 8) {
      int64_t j = 0;
      for (; j + 8 <= columns; j += 8)
        transpose8(to + j * step + i, step, from + i * row + j, row);
      for (; j < columns; ++j)
        for (int64_t x = i; x < i + 8; ++x)
          to[j * step + x] = from[x * row + j];
    }
  for (; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      to[j * step + i] = from[i * row + j];
}

/// Panels of a B in memory.
template <class T>
void packPanels(const Gemm<T> &g, T *to, int64_t k0, int64_t kc, int64_t n0, int64_t nc,
                int64_t width) {
  if (g.source.pack)
    return g.source.pack(g.source.user, to, k0, kc, n0, nc, width);
  for (int64_t n = 0; n < nc; n += width, to += kc * width) {
    int64_t valid = least(width, nc - n);
    const T *from = g.b + k0 * g.rowB + (n0 + n) * g.colB;
    if (valid < width)
      std::memset(static_cast<void *>(to), 0, static_cast<size_t>(kc * width) * sizeof(T));
    if (g.colB == 1) {
      if (valid == width)
        for (int64_t k = 0; k < kc; ++k)
          std::memcpy(to + k * width, from + k * g.rowB, static_cast<size_t>(width) * sizeof(T));
      else
        for (int64_t k = 0; k < kc; ++k)
          std::memcpy(to + k * width, from + k * g.rowB, static_cast<size_t>(valid) * sizeof(T));
    } else if (g.rowB == 1) {
      transposeBlock(to, width, from, g.colB, valid, kc);
    } else {
      for (int64_t k = 0; k < kc; ++k)
        for (int64_t j = 0; j < valid; ++j)
          to[k * width + j] = from[k * g.rowB + j * g.colB];
    }
  }
}
/// Rows of A, kRowStep apart.
template <class T>
void packRows(const Gemm<T> &g, T *to, int64_t k0, int64_t kc, int64_t m0, int64_t mc) {
  const T *from = g.a + m0 * g.rowA + k0 * g.colA;
  if (g.colA == 1) {
    for (int64_t i = 0; i < mc; ++i)
      std::memcpy(to + i * kRowStep, from + i * g.rowA, static_cast<size_t>(kc) * sizeof(T));
  } else if (g.rowA == 1) {
    transposeBlock(to, kRowStep, from, g.colA, kc, mc);
  } else {
    for (int64_t i = 0; i < mc; ++i)
      for (int64_t k = 0; k < kc; ++k)
        to[i * kRowStep + k] = from[i * g.rowA + k * g.colA];
  }
}

// ---- Blocks
/// The part of C that one thread computes, and its memory.
template <class T> struct Part {
  int64_t m0, m1, n0, n1;
  T *rows, *panels;
};

template <class T> TileTask<T> tileTask(const Gemm<T> &g, int64_t k0, int64_t kc) {
  TileTask<T> t{};
  t.k = kc, t.rowC = g.rowC, t.alpha = g.alpha;
  t.beta = k0 == 0 ? g.beta : T(1);
  return t;
}
template <class T>
void placeTile(TileTask<T> &t, const Gemm<T> &g, int64_t k0, int64_t i, int64_t j, int64_t n) {
  t.c = g.c + i * g.rowC + j, t.n = n;
  t.rowBias = g.rowBias && k0 == 0 ? g.rowBias + i : nullptr;
  t.colBias = g.colBias && k0 == 0 ? g.colBias + j : nullptr;
}

template <class T>
void multiplyBlock(const TileTable<T> &table, const Gemm<T> &g, const Part<T> &part, int64_t k0,
                   int64_t kc, int64_t m0, int64_t mc, int64_t n0, int64_t nc) {
  TileTask<T> t = tileTask(g, k0, kc);
  t.stepB = table.columns;
  int64_t step = evenPart(mc, table.rows);
  for (int64_t j = 0; j < nc; j += table.columns) {
    t.b = part.panels + j * kc;
    for (int64_t i = 0; i < mc; i += step) {
      t.a = part.rows + i * kRowStep;
      placeTile(t, g, k0, m0 + i, n0 + j, least(table.columns, nc - j));
      (t.n * 2 <= table.columns ? table.half : table.tile)[least(step, mc - i)](t);
    }
  }
}

template <class T>
void multiplyPart(const TileTable<T> &table, const Gemm<T> &g, const Part<T> &part) {
  int64_t stepK = evenPart(g.k, kBlockK), stepM = evenPart(part.m1 - part.m0, kBlockM);
  for (int64_t n0 = part.n0; n0 < part.n1; n0 += kBlockN) {
    int64_t nc = least(kBlockN, part.n1 - n0);
    for (int64_t k0 = 0; k0 < g.k; k0 += stepK) {
      int64_t kc = least(stepK, g.k - k0);
      packPanels<T>(g, part.panels, k0, kc, n0, nc, table.columns);
      for (int64_t m0 = part.m0; m0 < part.m1; m0 += stepM) {
        int64_t mc = least(stepM, part.m1 - m0);
        packRows(g, part.rows, k0, kc, m0, mc);
        multiplyBlock(table, g, part, k0, kc, m0, mc, n0, nc);
      }
    }
  }
}

/// Few rows over B as it lies; a last, partial panel is copied to keep reads inside B.
template <class T>
void multiplyWide(const TileTable<T> &table, const Gemm<T> &g, int64_t n0, int64_t n1, T *rows,
                  T *panel) {
  int64_t stepK = evenPart(g.k, kBlockK), width = table.wideColumns;
  for (int64_t k0 = 0; k0 < g.k; k0 += stepK) {
    int64_t kc = least(stepK, g.k - k0);
    packRows(g, rows, k0, kc, 0, g.m);
    TileTask<T> t = tileTask(g, k0, kc);
    t.a = rows;
    for (int64_t j = n0; j < n1; j += width) {
      placeTile(t, g, k0, 0, j, least(width, n1 - j));
      t.b = g.b + k0 * g.rowB + j, t.stepB = g.rowB;
      if (t.n < width) {
        packPanels<T>(g, panel, k0, kc, j, t.n, width);
        t.b = panel, t.stepB = width;
      }
      table.wide[g.m](t);
    }
  }
}

/// Memory for packed operands, on the stack when it is little; null when there is none.
template <class T> class Scratch {
public:
  T *get(Context &cx, int64_t count) {
    if (count * static_cast<int64_t>(sizeof(T)) <= kStackBytes)
      return reinterpret_cast<T *>(local);
    heap = allocateBytes(cx, count * static_cast<int64_t>(sizeof(T)) + 64);
    return reinterpret_cast<T *>((reinterpret_cast<uintptr_t>(heap) + 63) & ~uintptr_t(63));
  }
  ~Scratch() {
    if (heap)
      freeBytes(heap);
  }

private:
  alignas(64) char local[kStackBytes];
  void *heap = nullptr;
};

template <class T> int threadsFor(Context &cx, const Gemm<T> &g) {
  int64_t work = g.m * g.n * g.k;
  return static_cast<int>(least(threadCount(cx), work / kSmallWork + 1));
}

/// beta * C + biases: what is left of a product over nothing.
template <class T> void scaleOnly(const Gemm<T> &g) {
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      T &c = g.c[i * g.rowC + j];
      T v = g.beta == T(0) ? T(0) : static_cast<T>(g.beta * c);
      c = static_cast<T>(v + (g.rowBias ? g.rowBias[i] : T(0)) + (g.colBias ? g.colBias[j] : T(0)));
    }
}

// ---- The ways to do it
template <class T>
Status runDots(Context &cx, const TileTable<T> &table, const Gemm<T> &g, int64_t colC) {
  Scratch<T> scratch;
  const T *a = g.a;
  int64_t rowA = g.rowA;
  if (g.colA != 1) {
    T *copy = scratch.get(cx, g.m * g.k);
    TSC_TRY(copy != nullptr);
    for (int64_t i = 0; i < g.m; ++i)
      for (int64_t k = 0; k < g.k; ++k)
        copy[i * g.k + k] = g.a[i * g.rowA + k * g.colA];
    a = copy, rowA = g.k;
  }
  int threads = threadsFor(cx, g);
  int64_t grain = (ceilDiv(g.n, threads) + 3) / 4 * 4;
  parallelFor(cx, 0, ceilDiv(g.n, grain), 1, [&](int64_t from, int64_t to) {
    int64_t n0 = from * grain, n1 = least(to * grain, g.n);
    DotTask<T> t{g.k,
                 n1 - n0,
                 a,
                 g.b + n0 * g.colB,
                 rowA,
                 g.colB,
                 g.c + n0 * colC,
                 g.rowC,
                 colC,
                 g.alpha,
                 g.beta,
                 g.rowBias,
                 g.colBias ? g.colBias + n0 : nullptr};
    table.dot[g.m](t);
  });
  return success();
}

template <class T> Status runWide(Context &cx, const TileTable<T> &table, const Gemm<T> &g) {
  int threads = threadsFor(cx, g);
  int64_t panels = ceilDiv(g.n, table.wideColumns), each = ceilDiv(panels, threads);
  int64_t parts = ceilDiv(panels, each), kc = evenPart(g.k, kBlockK);
  int64_t rowsSize = g.m * kRowStep, size = rowsSize + kc * table.wideColumns + kPackSlack;
  Scratch<T> scratch;
  T *memory = scratch.get(cx, size * parts);
  TSC_TRY(memory != nullptr);
  parallelFor(cx, 0, parts, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      T *own = memory + p * size;
      multiplyWide(table, g, p * each * table.wideColumns,
                   least((p + 1) * each * table.wideColumns, g.n), own, own + rowsSize);
    }
  });
  return success();
}

template <class T> Status runBlocked(Context &cx, const TileTable<T> &table, const Gemm<T> &g) {
  int64_t threads = threadsFor(cx, g);
  int64_t panelsM = ceilDiv(g.m, table.rows), panelsN = ceilDiv(g.n, table.columns);
  int64_t gridM = 1, gridN = threads, best = INT64_MAX;
  for (int64_t n = threads; n >= 1; --n) {
    int64_t m = threads / n, cost = ceilDiv(panelsM, m) * ceilDiv(panelsN, n);
    if (cost < best)
      best = cost, gridM = m, gridN = n;
  }
  int64_t eachM = ceilDiv(panelsM, gridM) * table.rows,
          eachN = ceilDiv(panelsN, gridN) * table.columns;
  gridM = ceilDiv(g.m, eachM), gridN = ceilDiv(g.n, eachN);
  int64_t kc = evenPart(g.k, kBlockK);
  int64_t rowsSize = (least(eachM, kBlockM) + 1) * kRowStep;
  int64_t panelsSize =
      ceilDiv(least(eachN, kBlockN), table.columns) * table.columns * kc + kPackSlack;
  int64_t size = (rowsSize + panelsSize + 63) / 64 * 64, parts = gridM * gridN;
  Scratch<T> scratch;
  T *memory = scratch.get(cx, size * parts);
  TSC_TRY(memory != nullptr);
  parallelFor(cx, 0, parts, 1, [&](int64_t from, int64_t to) {
    for (int64_t p = from; p < to; ++p) {
      int64_t m0 = p % gridM * eachM, n0 = p / gridM * eachN;
      T *own = memory + p * size;
      multiplyPart(
          table, g,
          Part<T>{m0, least(m0 + eachM, g.m), n0, least(n0 + eachN, g.n), own, own + rowsSize});
    }
  });
  return success();
}
} // namespace

template <class T> Status gemm(Context &cx, const Gemm<T> &g) {
  if (g.m <= 0 || g.n <= 0)
    return success();
  if (g.k <= 0)
    return scaleOnly(g), success();
  const TileTable<T> &table = tiles<T>();
  bool inMemory = !g.source.pack;
  if (inMemory && g.m <= kMaxDotRows && g.rowB == 1 && (g.k >= 8 || g.m == 1))
    return runDots(cx, table, g, 1);
  if (inMemory && g.n <= kMaxDotRows && g.colA == 1 && (g.k >= 8 || g.n == 1)) {
    Gemm<T> t = g; // C^T = B^T A^T
    t.m = g.n, t.n = g.m;
    t.a = g.b, t.rowA = g.colB, t.colA = g.rowB;
    t.b = g.a, t.rowB = g.colA, t.colB = g.rowA;
    t.rowBias = g.colBias, t.colBias = g.rowBias;
    t.rowC = 1;
    return runDots(cx, table, t, g.rowC);
  }
  if (inMemory && g.n == 1 && g.rowC == 1 && g.rowA == 1) {
    Gemm<T> t = g;
    t.m = 1, t.n = g.m;
    t.a = g.b, t.rowA = g.colB, t.colA = g.rowB;
    t.b = g.a, t.rowB = g.colA, t.colB = g.rowA;
    t.rowBias = g.colBias, t.colBias = g.rowBias;
    return runWide(cx, table, t);
  }
  if (inMemory && g.m <= kMaxWideRows && g.colB == 1)
    return runWide(cx, table, g);
  return runBlocked(cx, table, g);
}

template <class T>
Status gemmBatch(Context &cx, const Gemm<T> &first, int64_t count, int64_t stepA, int64_t stepB,
                 int64_t stepC) {
  auto at = [&](int64_t i) {
    Gemm<T> g = first;
    g.a += i * stepA, g.b += i * stepB, g.c += i * stepC;
    return g;
  };
  int64_t work = first.m * first.n * first.k;
  if (count < 2 * threadCount(cx) && (work >= kSmallWork || count == 1)) {
    for (int64_t i = 0; i < count; ++i)
      TSC_TRY(gemm(cx, at(i)));
    return success();
  }
  int32_t failed = 0;
  parallelFor(cx, 0, count, kSmallWork / (work + 1) + 1, [&](int64_t from, int64_t to) {
    Context own; // a context of its own: no threads inside, errors apart
    own.allocator = cx.allocator;
    for (int64_t i = from; i < to; ++i)
      if (!gemm(own, at(i)))
        __atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
  });
  if (failed)
    return cx.outOfMemory();
  return success();
}

template Status gemm<float>(Context &, const Gemm<float> &);
template Status gemm<double>(Context &, const Gemm<double> &);
template Status gemm<int64_t>(Context &, const Gemm<int64_t> &);
template Status gemmBatch<float>(Context &, const Gemm<float> &, int64_t, int64_t, int64_t,
                                 int64_t);
template Status gemmBatch<double>(Context &, const Gemm<double> &, int64_t, int64_t, int64_t,
                                  int64_t);
template Status gemmBatch<int64_t>(Context &, const Gemm<int64_t> &, int64_t, int64_t, int64_t,
                                   int64_t);

} // namespace tsc::rt
