// SPDX-License-Identifier: Apache-2.0
// Matrix products on raw memory: C = alpha * A * B + beta * C + bias, with any strides of A and B.
// Blocked, packed into panels, computed in register tiles, shared out among the context's threads;
// the instruction set is chosen at run time. Every element of C is one chain of multiply-adds over
// k in fixed blocks, so results do not depend on the number of threads.
//
// A convolution gives B as a packer instead of memory: the panels are then filled straight from
// the image.
#pragma once

#include "tsc/runtime/Tensor.h"

namespace tsc::rt {

/// Fills panels of B: rows [k0, k0 + kc) and columns [n0, n0 + nc) as panels of `width` columns,
/// each row of a panel being `width` elements; what stands in columns past nc is of no account. It
/// may write up to kPackSlack elements behind the last panel.
inline constexpr int64_t kPackSlack = 16;
template <class T> struct PanelSource {
  void (*pack)(const void *user, T *to, int64_t k0, int64_t kc, int64_t n0, int64_t nc,
               int64_t width) = nullptr;
  const void *user = nullptr;
};

/// One product. Strides are in elements: A(i, k) = a[i * rowA + k * colA], and so on. C has
/// columns side by side: C(i, j) = c[i * rowC + j].
template <class T> struct Gemm {
  int64_t m = 0, n = 0, k = 0;
  const T *a = nullptr;
  int64_t rowA = 0, colA = 1;
  const T *b = nullptr;
  int64_t rowB = 0, colB = 1;
  T *c = nullptr;
  int64_t rowC = 0;
  T alpha = 1, beta = 0;
  const T *rowBias = nullptr; ///< one number a row of C, added once
  const T *colBias = nullptr; ///< one number a column of C, added once
  PanelSource<T> source;      ///< instead of b
};

/// T: float, double or int64_t (wrapping). Fails only when memory is short.
template <class T> Status gemm(Context &cx, const Gemm<T> &g);
/// `count` products, the operands of each `stepA`, `stepB`, `stepC` elements behind the last's.
template <class T>
Status gemmBatch(Context &cx, const Gemm<T> &first, int64_t count, int64_t stepA, int64_t stepB,
                 int64_t stepC);
extern template Status gemm<float>(Context &, const Gemm<float> &);
extern template Status gemm<double>(Context &, const Gemm<double> &);
extern template Status gemm<int64_t>(Context &, const Gemm<int64_t> &);
extern template Status gemmBatch<float>(Context &, const Gemm<float> &, int64_t, int64_t, int64_t,
                                        int64_t);
extern template Status gemmBatch<double>(Context &, const Gemm<double> &, int64_t, int64_t, int64_t,
                                         int64_t);
extern template Status gemmBatch<int64_t>(Context &, const Gemm<int64_t> &, int64_t, int64_t,
                                          int64_t, int64_t);

/// Does this processor (and its operating system) have AVX-512 F, BW, DQ and VL?
bool hasAvx512();

} // namespace tsc::rt
