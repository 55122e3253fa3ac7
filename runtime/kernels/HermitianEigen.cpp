// SPDX-License-Identifier: Apache-2.0
// Eigenvalues and eigenvectors of symmetric and Hermitian matrices: Householder reflections to a
// tridiagonal matrix, then implicit QL or QR steps, as LAPACK takes them.
#include "Contract.h"
#include "Rotations.h"

#include <cfloat>

using namespace tsc::rt;

namespace {
/// A rotation with [c s; -s c] (f, g) = (r, 0) whose r is positive unless f is the larger in size.
struct PositiveRotation {
  double c = 1, s = 0, r = 0;
  PositiveRotation(double f, double g) {
    if (g == 0) {
      r = f;
      return;
    }
    if (f == 0) {
      c = 0, s = 1, r = g;
      return;
    }
    r = std::hypot(f, g), c = f / r, s = g / r;
    if (std::fabs(f) > std::fabs(g) && c < 0)
      c = -c, s = -s, r = -r;
  }
};

/// The iteration on a symmetric tridiagonal matrix: d on the diagonal, e beside it.
template <class T> class Tridiagonal {
public:
  Tridiagonal(double *diagonal, double *beside, int64_t size, MatrixView<T> vectors,
              double rounding)
      : d(diagonal), e(beside), n(size), z(vectors), epsilon(rounding) {}

  int32_t run() {
    budget = 30 * n;
    for (int64_t start = 0; start < n && budget > 0;) {
      int64_t end = start;
      for (; end + 1 < n; ++end) {
        if (std::fabs(e[end]) <=
            std::sqrt(std::fabs(d[end])) * std::sqrt(std::fabs(d[end + 1])) * epsilon) {
          e[end] = 0;
          break;
        }
      }
      if (end > start) {
        bool backwards = std::fabs(d[end]) < std::fabs(d[start]);
        backwards ? iterateUp(start, end) : iterateDown(start, end);
        // A block that was split on the way is looked at again.
        bool done = true;
        for (int64_t i = start; i < end; ++i)
          done &= e[i] == 0;
        if (!done)
          continue;
      }
      start = end + 1;
    }
    int32_t left = 0;
    for (int64_t i = 0; i + 1 < n; ++i)
      left += e[i] != 0;
    sort();
    return left;
  }

private:
  bool negligible(int64_t i) const {
    return e[i] * e[i] <= epsilon * epsilon * std::fabs(d[i]) * std::fabs(d[i + 1]) + DBL_MIN;
  }

  /// Eigenvalues of [a b; b c], the larger in size first, with the rotation to them.
  void solveTwo(int64_t i) {
    double a = d[i], b = e[i], c = d[i + 1];
    double sum = a + c, difference = a - c, twice = b + b, root = std::hypot(difference, twice);
    double large = std::fabs(a) > std::fabs(c) ? a : c, small = std::fabs(a) > std::fabs(c) ? c : a;
    double first, second;
    int sign = sum < 0 ? -1 : 1;
    if (sum == 0) {
      first = root / 2, second = -root / 2;
    } else {
      first = (sum + sign * root) / 2;
      second = large / first * small - b / first * b;
    }
    int other = difference >= 0 ? 1 : -1;
    double cs = difference + other * root, cosine = 1, sine = 0;
    if (std::fabs(cs) > std::fabs(twice)) {
      double t = -twice / cs;
      sine = 1 / std::sqrt(1 + t * t), cosine = t * sine;
    } else if (twice != 0) {
      double t = -cs / twice;
      cosine = 1 / std::sqrt(1 + t * t), sine = t * cosine;
    }
    if (sign == other) {
      double t = cosine;
      cosine = -sine, sine = t;
    }
    rotateColumns(z, i, i + 1, cosine, sine);
    d[i] = first, d[i + 1] = second, e[i] = 0;
  }

  /// QL steps: eigenvalues are found from the start on.
  void iterateDown(int64_t l, int64_t end) {
    while (l <= end) {
      int64_t m = l;
      while (m < end && !negligible(m))
        ++m;
      if (m < end)
        e[m] = 0;
      if (m == l) {
        ++l;
        continue;
      }
      if (m == l + 1) {
        solveTwo(l);
        l += 2;
        continue;
      }
      if (budget-- <= 0)
        return;
      double p = d[l], g = (d[l + 1] - p) / (2 * e[l]);
      g = d[m] - p + e[l] / (g + std::copysign(std::hypot(g, 1), g));
      double s = 1, c = 1;
      p = 0;
      for (int64_t i = m - 1; i >= l; --i) {
        double f = s * e[i], b = c * e[i];
        PositiveRotation turn(g, f);
        c = turn.c, s = turn.s;
        if (i != m - 1)
          e[i + 1] = turn.r;
        g = d[i + 1] - p;
        double r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotateColumns(z, i, i + 1, c, -s);
      }
      d[l] -= p;
      e[l] = g;
    }
  }

  /// QR steps: eigenvalues are found from the end on.
  void iterateUp(int64_t end, int64_t l) {
    while (l >= end) {
      int64_t m = l;
      while (m > end && !negligible(m - 1))
        --m;
      if (m > end)
        e[m - 1] = 0;
      if (m == l) {
        --l;
        continue;
      }
      if (m == l - 1) {
        solveTwo(m);
        l -= 2;
        continue;
      }
      if (budget-- <= 0)
        return;
      double p = d[l], g = (d[l - 1] - p) / (2 * e[l - 1]);
      g = d[m] - p + e[l - 1] / (g + std::copysign(std::hypot(g, 1), g));
      double s = 1, c = 1;
      p = 0;
      for (int64_t i = m; i < l; ++i) {
        double f = s * e[i], b = c * e[i];
        PositiveRotation turn(g, f);
        c = turn.c, s = turn.s;
        if (i != m)
          e[i - 1] = turn.r;
        g = d[i] - p;
        double r = (d[i + 1] - g) * s + 2 * c * b;
        p = s * r;
        d[i] = g + p;
        g = c * r - b;
        rotateColumns(z, i, i + 1, c, s);
      }
      d[l] -= p;
      e[l - 1] = g;
    }
  }

  void sort() {
    for (int64_t i = 0; i + 1 < n; ++i) {
      int64_t least = i;
      for (int64_t j = i + 1; j < n; ++j)
        if (d[j] < d[least])
          least = j;
      if (least == i)
        continue;
      std::swap(d[least], d[i]);
      swapColumns(z, least, i);
    }
  }

  double *d, *e;
  int64_t n, budget = 0;
  MatrixView<T> z;
  double epsilon;
};

/// Q T Q^H of the lower half of a: d, e and Q in place of a.
template <class T> void makeTridiagonal(MatrixView<T> a, double *d, double *e, T *tau, T *product) {
  int64_t n = a.rows;
  for (int64_t i = 0; i < n; ++i) {
    d[i] = realPart(a(i, i));
    if (i + 1 >= n)
      break;
    MatrixView<T> below = a.block(i + 1, i, n - i - 1, n - i);
    tau[i] = makeReflector(below, 0);
    e[i] = realPart(below(0, 0));
    // The rest becomes H^H A H = A - v w^H - w v^H, from its lower half.
    int64_t m = n - i - 1;
    MatrixView<T> rest = a.block(i + 1, i + 1, m, m);
    auto v = [&](int64_t k) { return k == 0 ? T(1) : below(k, 0); };
    auto element = [&](int64_t r, int64_t c) {
      return r > c ? rest(r, c) : r == c ? T(realPart(rest(r, r))) : conjugate(rest(c, r));
    };
    T inner = 0;
    for (int64_t r = 0; r < m; ++r) {
      T sum = 0;
      for (int64_t c = 0; c < m; ++c)
        sum += times(element(r, c), v(c));
      product[r] = times(tau[i], sum);
      inner += times(conjugate(product[r]), v(r));
    }
    T half = times(tau[i], inner) * -0.5;
    for (int64_t r = 0; r < m; ++r)
      product[r] += times(half, v(r));
    for (int64_t r = 0; r < m; ++r)
      for (int64_t c = 0; c <= r; ++c)
        rest(r, c) -= times(v(r), conjugate(product[c])) + times(product[r], conjugate(v(c)));
  }
  // The vectors move one column to the right, where Q's own columns will be.
  for (int64_t c = n - 1; c > 0; --c)
    for (int64_t r = 0; r < n; ++r)
      a(r, c) = r > c ? a(r, c - 1) : T(0);
  for (int64_t r = 0; r < n; ++r)
    a(r, 0) = a(0, r) = r == 0 ? T(1) : T(0);
  if (n > 1)
    expandQ(a.block(1, 1, n - 1, n - 1), tau, n - 1);
}

/// Rows and columns in reverse order: an upper half becomes a lower one.
template <class T> void reverse(MatrixView<T> a) {
  for (int64_t i = 0, total = a.rows * a.cols; i < total / 2; ++i) {
    int64_t j = total - 1 - i;
    std::swap(a(i / a.cols, i % a.cols), a(j / a.cols, j % a.cols));
  }
}
} // namespace

namespace tsc::rt {
template <class T>
int32_t factorHermitian(MatrixView<T> a, double *values, bool upper, bool vectors, double epsilon,
                        T *scratch) {
  int64_t n = a.rows;
  double *e = reinterpret_cast<double *>(scratch + 2 * n);
  if (upper)
    reverse(a);
  makeTridiagonal(a, values, e, scratch, scratch + n);
  if (upper) {
    reverse(a);
    for (int64_t i = 0; i < n / 2; ++i)
      std::swap(values[i], values[n - 1 - i]);
    for (int64_t i = 0; i < (n - 1) / 2; ++i)
      std::swap(e[i], e[n - 2 - i]);
  }
  return Tridiagonal<T>(values, e, n, vectors ? a : MatrixView<T>{a.data, 0, n, 0, 1}, epsilon)
      .run();
}
template int32_t factorHermitian<double>(MatrixView<double>, double *, bool, bool, double,
                                         double *);
template int32_t factorHermitian<Complex>(MatrixView<Complex>, double *, bool, bool, double,
                                          Complex *);

Results<TensorRef, TensorRef> hermitianFactors(Context &cx, const char *name, const Tensor &a,
                                               bool upper, bool vectors) {
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1), count = countOf(batchOf(a));
  TensorRef work = workCopy(cx, a), values = empty(cx, shapeWith(batchOf(a), n), DType::Float64),
            scratch = empty(cx, Shape::of(count, 3 * n), matrixDType(a.dtype)),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(work && values && scratch && info);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, count, n * n * n, [&](int64_t i) {
      info->ptr<int32_t>()[i] =
          factorHermitian(matrixAt<T>(*work, i), values->ptr<double>() + i * n, upper, vectors,
                          roundingOf(a.dtype), scratch->ptr<T>() + i * 3 * n);
    });
  });
  TSC_TRY(checkInfo(cx, name, *info));
  return {values, work};
}
} // namespace tsc::rt

namespace {
using Pair = Results<TensorRef, TensorRef>;

Result<bool> isUpper(Context &cx, StringRef uplo) {
  char c = uplo.size() > 0 ? static_cast<char>(uplo[0] & ~32) : '\0';
  if (uplo.size() != 1 || (c != 'U' && c != 'L'))
    return cx.fail("Expected UPLO argument to be 'L' or 'U', but got %.*s",
                   static_cast<int>(uplo.size()), uplo.data());
  return c == 'U';
}
Pair factor(Context &cx, const Tensor &a, StringRef uplo, bool vectors) {
  TSC_ASSIGN(bool upper, isUpper(cx, uplo));
  Pair f = hermitianFactors(cx, "linalg.eigh", a, upper, vectors);
  TSC_TRY(f);
  auto &[values, v] = f.values;
  int64_t nothing[] = {0};
  return {toDType(cx, *values, toReal(a.dtype)),
          vectors ? toDType(cx, *v, a.dtype) : empty(cx, nothing, a.dtype)};
}
Pair factorBoth(Context &cx, const Tensor &a, StringRef uplo) { return factor(cx, a, uplo, true); }
TensorRef valuesOnly(Context &cx, const Tensor &a, StringRef uplo) {
  Pair f = factor(cx, a, uplo, false);
  TSC_TRY(f);
  return std::get<0>(f.values);
}
/// V sqrt(D) V^H
TensorRef squareRoot(Context &cx, const Tensor &a) {
  Pair f = hermitianFactors(cx, "linalg.matrix_sqrth", a, false, true);
  TSC_TRY(f);
  auto &[values, v] = f.values;
  TensorRef row = unsqueeze(cx, *values, values->rank - 1), adjoint = adjointCopy(cx, *v);
  TSC_TRY(row && adjoint);
  TensorRef scaled = elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "matrix_sqrth", {}, [](auto x, auto value) { return x * std::sqrt(realPart(value)); },
      inputs(*v, *row));
  TSC_TRY(scaled);
  TensorRef root = matmulTensors(cx, *scaled, *adjoint);
  TSC_TRY(root);
  return toDType(cx, *root, a.dtype);
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_eigh, aten_linalg_eigh_eigvals, factorBoth)
TSC_WITH_OUTPUTS(aten__linalg_eigh, aten__linalg_eigh_eigenvalues, factor)
TSC_WITH_OUTPUT(aten_linalg_eigvalsh, valuesOnly)
TSC_WITH_OUTPUT(aten_linalg_matrix_sqrth, squareRoot)
