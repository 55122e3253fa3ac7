// SPDX-License-Identifier: Apache-2.0
// The innermost loops of a matrix product, written once over vector types and compiled once for
// each instruction set: a file defines TSC_TARGET (a target attribute, or nothing) and
// TSC_VECTOR_BYTES before it includes this one, and fills a table with tileTable<T>().
//
// A tile keeps rows x vectors accumulators in registers. A comes row by row with a fixed stride
// (kRowStep), so that all its addresses are one register and constants; B comes as rows of
// `stepB` elements, of a packed panel or of the matrix itself.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace tsc::rt::detail {

inline constexpr int kBlockK = 384;           ///< the most of k that one packed block holds
inline constexpr int kRowStep = kBlockK + 16; ///< elements from row to row of packed A: not 4 KiB
inline constexpr int kMaxRows = 12;
inline constexpr int kMaxDotRows = 4;
inline constexpr int kMaxWideRows = 6;

/// What a tile computes: C = alpha * (A * B) + beta * C + biases, of `n` valid columns.
template <class T> struct TileTask {
  int64_t k;
  const T *a, *b;
  int64_t stepB;
  T *c;
  int64_t rowC, n;
  T alpha, beta;
  const T *rowBias, *colBias;
};
/// Products of up to four rows of A with `n` rows of B, both with k side by side.
template <class T> struct DotTask {
  int64_t k, n;
  const T *a, *b;
  int64_t rowA, rowB;
  T *c;
  int64_t rowC, colC;
  T alpha, beta;
  const T *rowBias, *colBias;
};
template <class T> struct TileTable {
  int rows, columns; ///< of the largest packed tile
  int wideColumns;   ///< of a tile of few rows
  void (*tile[kMaxRows + 1])(const TileTask<T> &);
  void (*half[kMaxRows + 1])(const TileTask<T> &); ///< the first half of the columns
  void (*wide[kMaxWideRows + 1])(const TileTask<T> &);
  void (*dot[kMaxDotRows + 1])(const DotTask<T> &);
};

const TileTable<float> &baseTilesFloat();
const TileTable<double> &baseTilesDouble();
const TileTable<int64_t> &baseTilesInt();
const TileTable<float> &avx512TilesFloat();
const TileTable<double> &avx512TilesDouble();

} // namespace tsc::rt::detail

#ifdef TSC_VECTOR_BYTES
namespace tsc::rt::detail {
namespace {

template <class T> struct Lanes {
  static constexpr int kCount = TSC_VECTOR_BYTES / static_cast<int>(sizeof(T));
  typedef T Vector __attribute__((ext_vector_type(kCount)));
};

#define TSC_INLINE TSC_TARGET static inline __attribute__((always_inline))

template <class V> TSC_INLINE V loadVector(const void *p) {
  V v;
  std::memcpy(&v, p, sizeof(V));
  return v;
}
template <class V> TSC_INLINE void multiplyAdd(V &sum, const V &a, const V &b) {
  if constexpr (std::is_integral_v<std::decay_t<decltype(sum[0])>>)
    sum += a * b;
  else
#ifdef __FMA__
    sum = __builtin_elementwise_fma(a, b, sum);
#else
    sum += a * b;
#endif
}
template <class T> TSC_INLINE T multiplyAddOne(T a, T b, T sum) {
#ifdef __FMA__
  if constexpr (!std::is_integral_v<T>)
    return __builtin_elementwise_fma(a, b, sum);
#endif
  return static_cast<T>(sum + a * b);
}

template <class T, int Rows, int Vectors> TSC_TARGET void runTile(const TileTask<T> &t) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::kCount;
  V sum[Rows][Vectors] = {};
  const T *a = t.a, *b = t.b;
  for (int64_t k = 0; k < t.k; ++k, ++a, b += t.stepB) {
    V columns[Vectors];
#pragma unroll
    for (int j = 0; j < Vectors; ++j)
      columns[j] = loadVector<V>(b + j * W);
#pragma unroll
    for (int i = 0; i < Rows; ++i) {
      V row = a[i * kRowStep]; // in every lane
#pragma unroll
      for (int j = 0; j < Vectors; ++j)
        multiplyAdd(sum[i][j], row, columns[j]);
      if constexpr (Rows * Vectors == 12 && TSC_VECTOR_BYTES <= 32)
        __asm__ volatile(""
                         : "+x"(sum[i][0]),
                           "+x"(sum[i][Vectors - 1])); // all sums stay in registers
    }
  }
  bool whole = t.n == Vectors * W;
#pragma unroll
  for (int i = 0; i < Rows; ++i) {
    T *c = t.c + i * t.rowC;
    T bias = t.rowBias ? t.rowBias[i] : T(0);
    if (whole) {
#pragma unroll
      for (int j = 0; j < Vectors; ++j) {
        V v = sum[i][j] * t.alpha;
        if (t.beta != T(0))
          multiplyAdd(v, V(t.beta), loadVector<V>(c + j * W));
        if (t.rowBias)
          v += bias;
        if (t.colBias)
          v += loadVector<V>(t.colBias + j * W);
        std::memcpy(c + j * W, &v, sizeof(V));
      }
    } else {
      alignas(64) T line[Vectors * W];
#pragma unroll
      for (int j = 0; j < Vectors; ++j)
        *reinterpret_cast<V *>(line + j * W) = sum[i][j] * t.alpha;
      for (int64_t j = 0; j < t.n; ++j) {
        T v = line[j];
        if (t.beta != T(0))
          v = multiplyAddOne(t.beta, c[j], v);
        if (t.rowBias)
          v += bias;
        if (t.colBias)
          v += t.colBias[j];
        c[j] = v;
      }
    }
  }
}

template <class T> TSC_INLINE T addLanes(typename Lanes<T>::Vector v) {
  alignas(64) T lanes[Lanes<T>::kCount];
  *reinterpret_cast<typename Lanes<T>::Vector *>(lanes) = v;
  for (int width = Lanes<T>::kCount / 2; width; width /= 2)
    for (int i = 0; i < width; ++i)
      lanes[i] += lanes[i + width];
  return lanes[0];
}

/// Rows x Columns dot products at once; few rows take several vectors of k to hide latency.
template <class T, int Rows, int Columns> TSC_INLINE void dotBlock(const DotTask<T> &t, int64_t n) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::kCount, Deep = Rows == 1 ? 2 : 1;
  V sum[Deep][Rows][Columns] = {};
  const T *b = t.b + n * t.rowB;
  int64_t k = 0;
  for (; k + Deep * W <= t.k; k += Deep * W)
#pragma unroll
    for (int d = 0; d < Deep; ++d) {
      V rows[Rows];
#pragma unroll
      for (int i = 0; i < Rows; ++i)
        rows[i] = loadVector<V>(t.a + i * t.rowA + k + d * W);
#pragma unroll
      for (int j = 0; j < Columns; ++j) {
        V column = loadVector<V>(b + j * t.rowB + k + d * W);
#pragma unroll
        for (int i = 0; i < Rows; ++i)
          multiplyAdd(sum[d][i][j], rows[i], column);
      }
    }
#pragma unroll
  for (int i = 0; i < Rows; ++i)
#pragma unroll
    for (int j = 0; j < Columns; ++j) {
      V all = sum[0][i][j];
      if constexpr (Deep > 1)
        all += sum[1][i][j];
      T v = addLanes<T>(all);
      for (int64_t rest = k; rest < t.k; ++rest)
        v = multiplyAddOne(t.a[i * t.rowA + rest], b[j * t.rowB + rest], v);
      T *c = t.c + i * t.rowC + (n + j) * t.colC;
      v *= t.alpha;
      if (t.beta != T(0))
        v = multiplyAddOne(t.beta, *c, v);
      if (t.rowBias)
        v += t.rowBias[i];
      if (t.colBias)
        v += t.colBias[n + j];
      *c = v;
    }
}
template <class T, int Rows> TSC_TARGET void runDot(const DotTask<T> &t) {
  int64_t n = 0;
  for (; n + 4 <= t.n; n += 4)
    dotBlock<T, Rows, 4>(t, n);
  for (; n < t.n; ++n)
    dotBlock<T, Rows, 1>(t, n);
}

/// The table of an instruction set whose largest tile has Rows rows of two vectors.
template <class T, int Rows> const TileTable<T> &tileTable() {
  static_assert(Rows == 6 || Rows == 12);
  static constexpr TileTable<T> table = [] {
    constexpr int W = Lanes<T>::kCount, Wide = Rows == 12 ? 4 : 2;
    TileTable<T> t{Rows, 2 * W, Wide * W, {}, {}, {}, {}};
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((t.tile[I + 1] = &runTile<T, I + 1, 2>), ...);
      ((t.half[I + 1] = &runTile<T, I + 1, 1>), ...);
    }(std::make_integer_sequence<int, Rows>());
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((t.wide[I + 1] = &runTile<T, I + 1, Wide>), ...);
    }(std::make_integer_sequence<int, kMaxWideRows>());
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((t.dot[I + 1] = &runDot<T, I + 1>), ...);
    }(std::make_integer_sequence<int, kMaxDotRows>());
    return t;
  }();
  return table;
}

} // namespace
} // namespace tsc::rt::detail
#endif
