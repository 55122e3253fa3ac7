// SPDX-License-Identifier: Apache-2.0
// Singular values and vectors: Householder reflections from both sides make the matrix bidiagonal
// (a tall one after a QR), then implicit QR steps, unshifted where a shift would cost accuracy
// (Demmel and Kahan), clear the elements beside the diagonal. The steps, tests and signs are those
// of LAPACK.
#include "Rotations.h"

#include <cfloat>

namespace tsc::rt {
namespace {
constexpr double kEpsilon = DBL_EPSILON / 2;

/// The smaller singular value of [f g; 0 h].
double smallerValue(double f, double g, double h) {
  f = std::fabs(f), g = std::fabs(g), h = std::fabs(h);
  double low = std::fmin(f, h), high = std::fmax(f, h);
  if (low == 0)
    return 0;
  double sum = 1 + low / high, difference = (high - low) / high;
  if (g < high) {
    double square = g / high * (g / high);
    return low * 2 / (std::sqrt(sum * sum + square) + std::sqrt(difference * difference + square));
  }
  double ratio = high / g;
  if (ratio == 0)
    return low * high / g;
  return low * ratio * 2 / (std::hypot(1, sum * ratio) + std::hypot(1, difference * ratio));
}

/// The singular values of [f g; 0 h] with the rotations that give them.
struct TwoByTwo {
  double small = 0, large = 0, leftCos = 1, leftSin = 0, rightCos = 1, rightSin = 0;
  TwoByTwo(double f, double g, double h) {
    bool swapped = std::fabs(h) > std::fabs(f);
    double ft = swapped ? h : f, ht = swapped ? f : h;
    double fa = std::fabs(ft), ha = std::fabs(ht), ga = std::fabs(g);
    int largest = ga > fa ? 2 : swapped ? 3 : 1;
    double cl = 1, sl = 0, cr = 1, sr = 0;
    if (ga == 0) {
      small = ha, large = fa;
    } else if (ga > fa && fa / ga < kEpsilon) {
      large = ga;
      small = ha > 1 ? fa / (ga / ha) : fa / ga * ha;
      sl = ht / g, sr = 1, cr = ft / g;
    } else {
      double l = fa - ha == fa ? 1 : (fa - ha) / fa, m = g / ft, t = 2 - l;
      double s = std::hypot(t, m), r = l == 0 ? std::fabs(m) : std::hypot(l, m), a = (s + r) / 2;
      small = ha / a, large = fa * a;
      if (m * m == 0)
        t = l == 0 ? std::copysign(2.0, ft) * std::copysign(1.0, g)
                   : g / std::copysign(fa - ha, ft) + m / t;
      else
        t = (m / (s + t) + m / (r + l)) * (1 + a);
      l = std::hypot(t, 2);
      cr = 2 / l, sr = t / l;
      cl = (cr + sr * m) / a, sl = ht / ft * sr / a;
    }
    leftCos = swapped ? sr : cl, leftSin = swapped ? cr : sl;
    rightCos = swapped ? sl : cr, rightSin = swapped ? cl : sr;
    double sign =
        largest == 1
            ? std::copysign(1.0, rightCos) * std::copysign(1.0, leftCos) * std::copysign(1.0, f)
        : largest == 2
            ? std::copysign(1.0, rightSin) * std::copysign(1.0, leftCos) * std::copysign(1.0, g)
            : std::copysign(1.0, rightSin) * std::copysign(1.0, leftSin) * std::copysign(1.0, h);
    large = std::copysign(large, sign);
    small = std::copysign(small, sign * std::copysign(1.0, f) * std::copysign(1.0, h));
  }
};

/// The iteration on an upper bidiagonal matrix: d on the diagonal, e above it.
template <class T> class Bidiagonal {
public:
  Bidiagonal(double *diagonal, double *beside, int64_t size, MatrixView<T> left,
             MatrixView<T> right, double rounding)
      : d(diagonal), e(beside), n(size), u(left), v(right), epsilon(rounding) {
    tolerance = std::fmax(10, std::fmin(100, std::pow(epsilon, -0.125))) * epsilon;
  }

  int32_t run() {
    setThreshold();
    int64_t budget = 6 * n * n + 30;
    for (last = n - 1; last > 0 && budget > 0;) {
      int64_t size = step();
      budget -= size;
    }
    int32_t left = 0;
    for (int64_t i = 0; last > 0 && i + 1 < n; ++i)
      left += e[i] != 0;
    makePositive();
    sort();
    return left;
  }

private:
  void setThreshold() {
    double smallest = std::fabs(d[0]), mu = smallest;
    for (int64_t i = 1; i < n && smallest != 0; ++i) {
      mu = std::fabs(d[i]) * (mu / (mu + std::fabs(e[i - 1])));
      smallest = std::fmin(smallest, mu);
    }
    double count = static_cast<double>(n);
    threshold = std::fmax(tolerance * smallest / std::sqrt(count), 6 * count * count * DBL_MIN);
  }

  /// One deflation or sweep; how many rotations it took.
  int64_t step() {
    double largest = std::fabs(d[last]);
    int64_t first = last;
    for (; first > 0; --first) {
      if (!(std::fabs(e[first - 1]) > threshold)) { // NaN ends it too
        e[first - 1] = 0;
        break;
      }
      largest = std::fmax(largest, std::fmax(std::fabs(d[first - 1]), std::fabs(e[first - 1])));
    }
    if (first == last) {
      --last;
      return 0;
    }
    if (first == last - 1) {
      solveTwo(first);
      return 0;
    }
    if (first > oldLast || last < oldFirst)
      down = std::fabs(d[first]) >= std::fabs(d[last]);
    double smallest = 0;
    if (converged(first, smallest))
      return 0;
    oldFirst = first, oldLast = last;
    double shift = shiftFor(first, smallest, largest);
    if (shift == 0)
      down ? sweepDownUnshifted(first) : sweepUpUnshifted(first);
    else
      down ? sweepDown(first, shift) : sweepUp(first, shift);
    return last - first;
  }

  void solveTwo(int64_t first) {
    TwoByTwo two(d[first], e[first], d[last]);
    d[first] = two.large, e[first] = 0, d[last] = two.small;
    rotateColumns(v, first, last, two.rightCos, two.rightSin);
    rotateColumns(u, first, last, two.leftCos, two.leftSin);
    last -= 2;
    if (last < 0)
      last = 0;
  }

  /// Clears an element beside the diagonal that does not count.
  bool converged(int64_t first, double &smallest) {
    int64_t end = down ? last - 1 : first, pivot = down ? last : first;
    if (std::fabs(e[end]) <= tolerance * std::fabs(d[pivot])) {
      e[end] = 0;
      return true;
    }
    double mu = std::fabs(d[down ? first : last]);
    smallest = mu;
    for (int64_t k = 0; k < last - first; ++k) {
      int64_t i = down ? first + k : last - 1 - k;
      if (std::fabs(e[i]) <= tolerance * mu) {
        e[i] = 0;
        return true;
      }
      mu = std::fabs(d[down ? i + 1 : i]) * (mu / (mu + std::fabs(e[i])));
      smallest = std::fmin(smallest, mu);
    }
    return false;
  }

  double shiftFor(int64_t first, double smallest, double largest) const {
    if (static_cast<double>(n) * tolerance * (smallest / largest) <=
        std::fmax(epsilon, 0.01 * tolerance))
      return 0;
    double top = std::fabs(down ? d[first] : d[last]);
    double shift = down ? smallerValue(d[last - 1], e[last - 1], d[last])
                        : smallerValue(d[first], e[first], d[first + 1]);
    return top > 0 && shift / top * (shift / top) < epsilon ? 0 : shift;
  }

  void sweepDownUnshifted(int64_t first) {
    double c = 1, oldC = 1, oldS = 0;
    for (int64_t i = first; i < last; ++i) {
      Rotation right(d[i] * c, e[i]);
      c = right.c;
      if (i > first)
        e[i - 1] = oldS * right.r;
      Rotation left(oldC * right.r, d[i + 1] * right.s);
      oldC = left.c, oldS = left.s, d[i] = left.r;
      rotateColumns(v, i, i + 1, right.c, right.s);
      rotateColumns(u, i, i + 1, left.c, left.s);
    }
    double h = d[last] * c;
    d[last] = h * oldC, e[last - 1] = h * oldS;
    drop(last - 1);
  }
  void sweepUpUnshifted(int64_t first) {
    double c = 1, oldC = 1, oldS = 0;
    for (int64_t i = last; i > first; --i) {
      Rotation left(d[i] * c, e[i - 1]);
      c = left.c;
      if (i < last)
        e[i] = oldS * left.r;
      Rotation right(oldC * left.r, d[i - 1] * left.s);
      oldC = right.c, oldS = right.s, d[i] = right.r;
      rotateColumns(v, i - 1, i, right.c, -right.s);
      rotateColumns(u, i - 1, i, left.c, -left.s);
    }
    double h = d[first] * c;
    d[first] = h * oldC, e[first] = h * oldS;
    drop(first);
  }
  void sweepDown(int64_t first, double shift) {
    double f = (std::fabs(d[first]) - shift) * (std::copysign(1.0, d[first]) + shift / d[first]);
    double g = e[first];
    for (int64_t i = first; i < last; ++i) {
      Rotation right(f, g);
      if (i > first)
        e[i - 1] = right.r;
      f = right.c * d[i] + right.s * e[i];
      e[i] = right.c * e[i] - right.s * d[i];
      g = right.s * d[i + 1];
      d[i + 1] *= right.c;
      Rotation left(f, g);
      d[i] = left.r;
      f = left.c * e[i] + left.s * d[i + 1];
      d[i + 1] = left.c * d[i + 1] - left.s * e[i];
      if (i < last - 1) {
        g = left.s * e[i + 1];
        e[i + 1] *= left.c;
      }
      rotateColumns(v, i, i + 1, right.c, right.s);
      rotateColumns(u, i, i + 1, left.c, left.s);
    }
    e[last - 1] = f;
    drop(last - 1);
  }
  void sweepUp(int64_t first, double shift) {
    double f = (std::fabs(d[last]) - shift) * (std::copysign(1.0, d[last]) + shift / d[last]);
    double g = e[last - 1];
    for (int64_t i = last; i > first; --i) {
      Rotation left(f, g);
      if (i < last)
        e[i] = left.r;
      f = left.c * d[i] + left.s * e[i - 1];
      e[i - 1] = left.c * e[i - 1] - left.s * d[i];
      g = left.s * d[i - 1];
      d[i - 1] *= left.c;
      Rotation right(f, g);
      d[i] = right.r;
      f = right.c * e[i - 1] + right.s * d[i - 1];
      d[i - 1] = right.c * d[i - 1] - right.s * e[i - 1];
      if (i > first + 1) {
        g = right.s * e[i - 2];
        e[i - 2] *= right.c;
      }
      rotateColumns(v, i - 1, i, right.c, -right.s);
      rotateColumns(u, i - 1, i, left.c, -left.s);
    }
    e[first] = f;
    drop(first);
  }
  void drop(int64_t i) {
    if (std::fabs(e[i]) <= threshold)
      e[i] = 0;
  }

  void makePositive() {
    for (int64_t i = 0; i < n; ++i) {
      if (d[i] >= 0 || d[i] != d[i])
        continue;
      d[i] = -d[i];
      for (int64_t k = 0; k < v.rows; ++k)
        v(k, i) = -v(k, i);
    }
  }
  void sort() {
    for (int64_t end = n - 1; end > 0; --end) {
      int64_t least = 0;
      for (int64_t i = 1; i <= end; ++i)
        if (d[i] <= d[least])
          least = i;
      if (least == end)
        continue;
      std::swap(d[least], d[end]);
      swapColumns(v, least, end);
      swapColumns(u, least, end);
    }
  }

  double *d, *e;
  int64_t n;
  MatrixView<T> u, v;
  double epsilon, tolerance = 0, threshold = 0;
  int64_t last = 0, oldFirst = -1, oldLast = -1;
  bool down = true;
};

template <class T> void copyMatrix(MatrixView<T> from, MatrixView<T> to) {
  for (int64_t i = 0; i < from.rows; ++i)
    for (int64_t j = 0; j < from.cols; ++j)
      to(i, j) = from(i, j);
}

/// a = U B V^H with B bidiagonal: d and e, and the vectors of the reflections in u and v.
template <class T>
void makeBidiagonal(MatrixView<T> a, double *d, double *e, T *tauLeft, T *tauRight,
                    MatrixView<T> v) {
  int64_t n = a.cols;
  for (int64_t i = 0; i < n; ++i) {
    tauLeft[i] = makeReflector(a, i);
    d[i] = realPart(a(i, i));
    applyReflector(a, i, conjugate(tauLeft[i]), a.block(0, i + 1, a.rows, n - i - 1));
    if (i + 1 >= n)
      break;
    MatrixView<T> row = a.block(i, i + 1, a.rows - i, n - i - 1).transposed();
    for (int64_t k = 0; k < row.rows; ++k)
      row(k, 0) = conjugate(row(k, 0));
    tauRight[i] = makeReflector(row, 0);
    e[i] = realPart(row(0, 0));
    for (int64_t k = 0; k < row.rows; ++k) {
      v(i + 1 + k, i + 1) = row(k, 0);
      row(k, 0) = conjugate(row(k, 0));
    }
    applyReflector(row, 0, tauRight[i], row.block(0, 1, row.rows, row.cols - 1));
  }
}
} // namespace

namespace {
/// u's first columns times m, row by row; `row` has room for one.
template <class T> void multiplyColumns(MatrixView<T> u, MatrixView<T> m, T *row) {
  for (int64_t i = 0; i < u.rows; ++i) {
    for (int64_t j = 0; j < m.rows; ++j)
      row[j] = u(i, j);
    for (int64_t j = 0; j < m.cols; ++j) {
      T sum = 0;
      for (int64_t k = 0; k < m.rows; ++k)
        sum += times(row[k], m(k, j));
      u(i, j) = sum;
    }
  }
}

/// A tall matrix: the triangle of its QR is decomposed.
template <class T>
int32_t factorTall(MatrixView<T> a, MatrixView<T> u, double *s, MatrixView<T> v, double epsilon,
                   T *scratch) {
  int64_t n = a.cols;
  factorQr(a, scratch);
  copyMatrix(a, u);
  expandQ(u, scratch, n);
  MatrixView<T> triangle{scratch + 3 * n, n, n, n, 1}, inner{scratch + 3 * n + n * n, n, n, n, 1};
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      triangle(i, j) = j < i ? T(0) : a(i, j);
  int32_t info = factorSvd(triangle, inner, s, v, false, epsilon, scratch);
  multiplyColumns(u, inner, scratch);
  return info;
}
} // namespace

template <class T>
int32_t factorSvd(MatrixView<T> a, MatrixView<T> u, double *s, MatrixView<T> v, bool adjoint,
                  double epsilon, T *scratch) {
  int64_t n = a.cols;
  if (n == 0)
    return expandQ(u, scratch, 0), 0;
  if (!adjoint && a.rows > n && a.rows >= 11 * n / 6)
    return factorTall(a, u, s, v, epsilon, scratch);
  T *tauLeft = scratch, *tauRight = scratch + n;
  double *e = reinterpret_cast<double *>(scratch + 2 * n);
  for (int64_t i = 0; i < n; ++i)
    v(i, 0) = v(0, i) = i == 0 ? T(1) : T(0);
  makeBidiagonal(a, s, e, tauLeft, tauRight, v);
  copyMatrix(a, u);
  expandQ(u, tauLeft, n);
  expandQ(v.block(1, 1, n - 1, n - 1), tauRight, n - 1);
  if (!adjoint || a.rows == n)
    return Bidiagonal<T>(s, e, n, u, v, epsilon).run();
  // The adjoint is lower bidiagonal; rotations of its rows make it an upper one.
  for (int64_t i = 0; i + 1 < n; ++i) {
    Rotation turn(s[i], e[i]);
    s[i] = turn.r;
    e[i] = turn.s * s[i + 1];
    s[i + 1] *= turn.c;
    rotateColumns(v, i, i + 1, turn.c, turn.s);
  }
  return Bidiagonal<T>(s, e, n, v, u, epsilon).run();
}
template int32_t factorSvd<double>(MatrixView<double>, MatrixView<double>, double *,
                                   MatrixView<double>, bool, double, double *);
template int32_t factorSvd<Complex>(MatrixView<Complex>, MatrixView<Complex>, double *,
                                    MatrixView<Complex>, bool, double, Complex *);

} // namespace tsc::rt
