// SPDX-License-Identifier: Apache-2.0
// L D L^T (or L D L^H) of symmetric and Hermitian matrices that need not be definite: D has blocks
// of one or two rows, chosen as Bunch and Kaufman do, and kept as LAPACK keeps them. A positive
// pivot p at k: rows k and p were exchanged; a negative one at k and k + 1: a block of two, rows k
// + 1 and -p.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
template <class T> class Ldl {
public:
  Ldl(MatrixView<T> matrix, int32_t *pivotRows, bool conjugating)
      : a(matrix), pivots(pivotRows), hermitian(conjugating), n(matrix.rows) {}

  int32_t factor() {
    int32_t info = 0;
    for (int64_t k = 0; k < n;) {
      int64_t width = 1, other = k;
      if (!choose(k, width, other)) {
        info = info ? info : static_cast<int32_t>(k + 1);
        a(k, k) = flipDiagonal(a(k, k));
      } else {
        exchange(k, k + width - 1, other, width);
        if (width == 1)
          eliminateOne(k);
        else if (k + 2 < n)
          eliminateTwo(k);
      }
      int32_t pivot = static_cast<int32_t>(other + 1);
      pivots[k] = width == 1 ? pivot : -pivot;
      if (width == 2)
        pivots[k + 1] = -pivot;
      k += width;
    }
    return info;
  }

  void solve(MatrixView<T> b) const {
    for (int64_t k = 0; k < n;)
      k += pivots[k] > 0 ? forwardOne(k, b) : forwardTwo(k, b);
    for (int64_t k = n - 1; k >= 0;) {
      subtractBelow(k, k + 1, b);
      if (pivots[k] < 0 && k > 0)
        subtractBelow(k - 1, k + 1, b);
      int64_t width = pivots[k] < 0 && k > 0 ? 2 : 1;
      swapRows(b, k, (pivots[k] < 0 ? -pivots[k] : pivots[k]) - 1);
      k -= width;
    }
  }

private:
  T flip(T x) const { return hermitian ? conjugate(x) : x; }
  T flipDiagonal(T x) const { return hermitian ? T(realPart(x)) : x; }
  double diagonalSize(T x) const { return hermitian ? std::fabs(realPart(x)) : coarseSize(x); }

  /// The pivot of step k: false when the column is zero.
  bool choose(int64_t k, int64_t &width, int64_t &other) const {
    const double alpha = (1 + std::sqrt(17.0)) / 8;
    double own = diagonalSize(a(k, k)), most = 0;
    int64_t row = k;
    for (int64_t i = k + 1; i < n; ++i)
      if (coarseSize(a(i, k)) > most)
        most = coarseSize(a(i, k)), row = i;
    if (own == 0 && most == 0)
      return false;
    if (own >= alpha * most)
      return true;
    double rowMost = 0;
    for (int64_t j = k; j < n; ++j)
      if (j != row)
        rowMost = std::fmax(rowMost, coarseSize(j < row ? a(row, j) : a(j, row)));
    if (own >= alpha * most * (most / rowMost))
      return true;
    other = row;
    width = diagonalSize(a(row, row)) >= alpha * rowMost ? 1 : 2;
    return true;
  }

  /// Exchanges rows and columns `at` and `other` of the lower half from column k on.
  void exchange(int64_t k, int64_t at, int64_t other, int64_t width) {
    if (at == other)
      return;
    for (int64_t i = other + 1; i < n; ++i)
      std::swap(a(i, at), a(i, other));
    for (int64_t j = at + 1; j < other; ++j) {
      T t = flip(a(j, at));
      a(j, at) = flip(a(other, j));
      a(other, j) = t;
    }
    a(other, at) = flip(a(other, at));
    T t = flipDiagonal(a(at, at));
    a(at, at) = flipDiagonal(a(other, other));
    a(other, other) = t;
    if (width == 2) {
      a(k, k) = flipDiagonal(a(k, k));
      std::swap(a(k + 1, k), a(other, k));
    }
  }

  void eliminateOne(int64_t k) {
    T inverse = T(1) / flipDiagonal(a(k, k));
    for (int64_t j = k + 1; j < n; ++j) {
      T factor = times(inverse, flip(a(j, k)));
      for (int64_t i = j; i < n; ++i)
        a(i, j) -= times(a(i, k), factor);
      a(j, j) = flipDiagonal(a(j, j));
    }
    for (int64_t i = k + 1; i < n; ++i)
      a(i, k) = times(a(i, k), inverse);
  }

  void eliminateTwo(int64_t k) {
    // Scaled by the off-diagonal element, as D^-1 is then without cancellation.
    T off = a(k + 1, k);
    T second = a(k + 1, k + 1) / off, first = a(k, k) / flip(off);
    T scale = T(1) / (times(second, first) - T(1));
    for (int64_t j = k + 2; j < n; ++j) {
      T x = a(j, k), y = a(j, k + 1);
      T wx = times(scale, times(second, x) - y) / flip(off);
      T wy = times(scale, times(first, y) - x) / off;
      for (int64_t i = j; i < n; ++i)
        a(i, j) -= times(a(i, k), flip(wx)) + times(a(i, k + 1), flip(wy));
      a(j, k) = wx, a(j, k + 1) = wy;
      a(j, j) = flipDiagonal(a(j, j));
    }
  }

  static void swapRows(MatrixView<T> b, int64_t i, int64_t j) {
    if (i != j)
      for (int64_t c = 0; c < b.cols; ++c)
        std::swap(b(i, c), b(j, c));
  }
  int64_t forwardOne(int64_t k, MatrixView<T> b) const {
    swapRows(b, k, pivots[k] - 1);
    T pivot = flipDiagonal(a(k, k));
    for (int64_t c = 0; c < b.cols; ++c) {
      for (int64_t i = k + 1; i < n; ++i)
        b(i, c) -= times(a(i, k), b(k, c));
      b(k, c) = b(k, c) / pivot;
    }
    return 1;
  }
  int64_t forwardTwo(int64_t k, MatrixView<T> b) const {
    if (k + 1 >= n)
      return 1;
    swapRows(b, k + 1, -pivots[k] - 1);
    T off = a(k + 1, k), first = flipDiagonal(a(k, k)) / flip(off),
      second = flipDiagonal(a(k + 1, k + 1)) / off;
    T determinant = times(first, second) - T(1);
    for (int64_t c = 0; c < b.cols; ++c) {
      for (int64_t i = k + 2; i < n; ++i)
        b(i, c) -= times(a(i, k), b(k, c)) + times(a(i, k + 1), b(k + 1, c));
      T x = b(k, c) / flip(off), y = b(k + 1, c) / off;
      b(k, c) = (times(second, x) - y) / determinant;
      b(k + 1, c) = (times(first, y) - x) / determinant;
    }
    return 2;
  }
  void subtractBelow(int64_t k, int64_t from, MatrixView<T> b) const {
    for (int64_t i = from; i < n; ++i)
      for (int64_t c = 0; c < b.cols; ++c)
        b(k, c) -= times(flip(a(i, k)), b(i, c));
  }

  MatrixView<T> a;
  int32_t *pivots;
  bool hermitian;
  int64_t n;
};

using Factors = Results<TensorRef, TensorRef, TensorRef>;
Factors factorWithInfo(Context &cx, const Tensor &a, bool hermitian, bool checkErrors) {
  const char *name = "torch.linalg.ldl_factor_ex";
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1);
  TensorRef ld = workCopy(cx, a), pivots = empty(cx, shapeWith(batchOf(a), n), DType::Int32),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(ld && pivots && info);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, info->numel, n * n * n, [&](int64_t b) {
      MatrixView<T> m = matrixAt<T>(*ld, b);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = i + 1; j < n; ++j)
          m(i, j) = 0;
      info->ptr<int32_t>()[b] = Ldl<T>(m, pivots->ptr<int32_t>() + b * n, hermitian).factor();
    });
  });
  if (checkErrors)
    TSC_TRY(checkInfo(cx, name, *info));
  return Factors(toDType(cx, *ld, a.dtype), pivots, info);
}
Results<TensorRef, TensorRef> factorPair(Context &cx, const Tensor &a, bool hermitian) {
  Factors f = factorWithInfo(cx, a, hermitian, true);
  TSC_TRY(f);
  auto &[ld, pivots, info] = f.values;
  return {ld, pivots};
}

/// Every pivot names a row, and blocks of two are whole.
bool soundPivots(const int32_t *pivots, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    int64_t p = pivots[k] < 0 ? -static_cast<int64_t>(pivots[k]) : pivots[k];
    if (p < k + 1 || p > n)
      return false;
    if (pivots[k] < 0) {
      if (k + 1 >= n || pivots[k + 1] != pivots[k])
        return false;
      ++k;
    }
  }
  return true;
}
TensorRef solveFactored(Context &cx, const Tensor &ld, const Tensor &pivots, const Tensor &b,
                        bool hermitian) {
  const char *name = "torch.linalg.ldl_solve";
  TSC_TRY(checkSquare(cx, name, ld));
  TSC_TRY(checkSameMatrixDType(cx, name, ld, b));
  int64_t n = ld.size(-1);
  if (b.rank < 2 || b.size(-2) != n)
    return cx.fail(
        "%s: Expected B to have at least 2 dimensions and %lld rows, but it has shape %s", name,
        static_cast<long long>(n), ShapeText(b.shape()).text);
  if (!isIntegral(pivots.dtype) || !(pivots.shape() == IntList(ld.shape().take(ld.rank - 1))))
    return cx.fail(
        "%s: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with "
        "shape %s instead",
        name, ShapeText(pivots.shape()).text);
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(ld), batchOf(b)));
  TensorRef rows = expand(cx, pivots, shapeWith(batch, n));
  TSC_TRY(rows);
  rows = contiguousAs(cx, *rows, DType::Int32);
  TensorRef work = workCopy(cx, ld, batch), x = workCopy(cx, b, batch);
  TSC_TRY(rows && work && x);
  for (int64_t i = 0, count = countOf(batch); i < count; ++i)
    if (!soundPivots(rows->ptr<int32_t>() + i * n, n))
      return cx.fail("%s: pivots are not those of a factorization of %lld rows", name,
                     static_cast<long long>(n));
  withMatrixType(ld.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batch), n * n * b.size(-1), [&](int64_t i) {
      Ldl<T>(matrixAt<T>(*work, i), rows->ptr<int32_t>() + i * n, hermitian)
          .solve(matrixAt<T>(*x, i));
    });
  });
  return toDType(cx, *x, ld.dtype);
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_ldl_factor_ex, aten_linalg_ldl_factor_ex_out, factorWithInfo)
TSC_WITH_OUTPUTS(aten_linalg_ldl_factor, aten_linalg_ldl_factor_out, factorPair)
TSC_WITH_OUTPUT(aten_linalg_ldl_solve, solveFactored)
