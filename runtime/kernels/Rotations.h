// SPDX-License-Identifier: Apache-2.0
// Plane rotations, as the iterations for singular values and eigenvalues use them.
#pragma once

#include "LinearAlgebra.h"

namespace tsc::rt {

/// c and s with [c s; -s c] (f, g) = (r, 0); c is not negative.
struct Rotation {
  double c = 1, s = 0, r = 0;
  Rotation(double f, double g) {
    if (g == 0) {
      r = f;
      return;
    }
    if (f == 0) {
      c = 0, s = std::copysign(1.0, g), r = std::fabs(g);
      return;
    }
    double size = std::hypot(f, g);
    c = std::fabs(f) / size;
    r = std::copysign(size, f);
    s = g / r;
  }
};

/// Columns i and j become c i + s j and c j - s i.
template <class T> void rotateColumns(MatrixView<T> m, int64_t i, int64_t j, double c, double s) {
  for (int64_t k = 0; k < m.rows; ++k) {
    T x = m(k, i), y = m(k, j);
    m(k, i) = x * c + y * s;
    m(k, j) = y * c - x * s;
  }
}
template <class T> void swapColumns(MatrixView<T> m, int64_t i, int64_t j) {
  for (int64_t k = 0; k < m.rows; ++k)
    std::swap(m(k, i), m(k, j));
}

} // namespace tsc::rt
