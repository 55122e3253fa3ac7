// SPDX-License-Identifier: Apache-2.0
// Factorizations and solutions of linear systems for compiled kernels, a matrix at a time. As in
// the generic kernels everything is computed in double and rounded once at the end.
#include "LinearAlgebra.h"
#include "Routines.h"

using namespace tsc::rt;

namespace {
using Matrix = MatrixView<double>;

/// Numbers that all routines of this file start with.
enum { kOperands, kCount }; // where operands begin in the data, how many pieces there are

/// Matrix `piece` of operand `operand` widened to `to`; an operand of one matrix is shared.
template <class T>
Matrix widened(const RoutineCall &call, int64_t operand, bool isShared, int64_t piece, int64_t rows,
               int64_t cols, double *to) {
  const T *from =
      call.at<const T>(call[kOperands] + operand) + (isShared ? 0 : piece * rows * cols);
  for (int64_t i = 0; i < rows * cols; ++i)
    to[i] = static_cast<double>(from[i]);
  return {to, rows, cols, cols, 1};
}
/// Scratch of a piece, behind the operands.
char *scratchOf(const RoutineCall &call, int64_t operands, int64_t piece, int64_t bytes) {
  return call.at<char>(call[kOperands] + operands) + piece * bytes;
}
template <class T> void narrow(const Matrix &from, T *to) {
  for (int64_t i = 0; i < from.rows; ++i)
    for (int64_t j = 0; j < from.cols; ++j)
      to[i * from.cols + j] = static_cast<T>(from(i, j));
}
void makeIdentity(const Matrix &m) {
  for (int64_t i = 0; i < m.rows; ++i)
    for (int64_t j = 0; j < m.cols; ++j)
      m(i, j) = i == j ? 1 : 0;
}

/// n, then: sign and logarithm as two results, or one result, the logarithm (1) or product (0).
template <class T> int32_t determinant(const RoutineCall &call) {
  int64_t n = call[2], form = call[3], bytes = n * n * 8 + n * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    char *scratch = scratchOf(call, 1, p, bytes);
    Matrix lu = widened<T>(call, 0, false, p, n, n, reinterpret_cast<double *>(scratch));
    int32_t *pivots = reinterpret_cast<int32_t *>(scratch + n * n * 8);
    (void)factorLu(lu, pivots);
    double product = 1, sign = 1, log = 0;
    for (int64_t k = 0; k < n; ++k) {
      double pivot = lu(k, k), size = std::fabs(pivot);
      product *= pivot;
      sign = size == 0 ? 0.0 : sign * (pivot / size);
      log += std::log(size);
      if (pivots[k] != k + 1)
        product = -product, sign = -sign;
    }
    T *first = call.at<T>(0) + p;
    if (form == 0)
      *first = static_cast<T>(product);
    else if (form == 1)
      *first = sign < 0 ? static_cast<T>(NAN) : static_cast<T>(log);
    else
      *first = static_cast<T>(sign), call.at<T>(1)[p] = static_cast<T>(log);
  }
  return 0;
}

/// n, whether a singular matrix raises; a second result is info.
template <class T> int32_t inverse(const RoutineCall &call) {
  int64_t n = call[2], bytes = 2 * n * n * 8 + n * 8;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 1, p, bytes));
    Matrix lu = widened<T>(call, 0, false, p, n, n, scratch), x = {scratch + n * n, n, n, n, 1};
    int32_t *pivots = reinterpret_cast<int32_t *>(scratch + 2 * n * n);
    int32_t info = factorLu(lu, pivots);
    makeIdentity(x);
    solveLu(lu, pivots, x, false);
    narrow(x, call.at<T>(0) + p * n * n);
    if (call[kOperands] > 1)
      call.at<int32_t>(1)[p] = info;
    status |= call[3] ? info : 0;
  }
  return status;
}

/// n, rows and columns of B, left, whether a singular matrix raises, A is one for all, B is.
template <class T> int32_t solve(const RoutineCall &call) {
  int64_t n = call[2], rows = call[3], cols = call[4], bytes = (n * n + rows * cols + n) * 8;
  bool left = call[5] != 0;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 2, p, bytes));
    Matrix lu = widened<T>(call, 0, call[7] != 0, p, n, n, scratch);
    Matrix x = widened<T>(call, 1, call[8] != 0, p, rows, cols, scratch + n * n);
    int32_t *pivots = reinterpret_cast<int32_t *>(scratch + n * n + rows * cols);
    int32_t info = factorLu(lu, pivots);
    solveLu(lu, pivots, left ? x : x.transposed(), !left);
    narrow(x, call.at<T>(0) + p * rows * cols);
    if (call[kOperands] > 1)
      call.at<int32_t>(1)[p] = info;
    status |= call[6] ? info : 0;
  }
  return status;
}

/// n, upper, whether a matrix that is not positive definite raises; a second result is info.
template <class T> int32_t cholesky(const RoutineCall &call) {
  int64_t n = call[2], bytes = n * n * 8;
  bool upper = call[3] != 0;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 1, p, bytes));
    Matrix all = widened<T>(call, 0, false, p, n, n, scratch), m = upper ? all.transposed() : all;
    int32_t info = factorCholesky(m);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i + 1; j < n; ++j)
        m(i, j) = 0;
    narrow(all, call.at<T>(0) + p * n * n);
    if (call[kOperands] > 1)
      call.at<int32_t>(1)[p] = info;
    status |= call[4] ? info : 0;
  }
  return status;
}

/// L L^T X = B, or with no columns X = the inverse: n, columns, upper, L is one for all, B is.
template <class T> int32_t choleskySolve(const RoutineCall &call) {
  int64_t n = call[2], cols = call[3] < 0 ? n : call[3], bytes = (n * n + n * cols) * 8;
  int64_t operands = call[3] < 0 ? 1 : 2;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, operands, p, bytes));
    Matrix l = widened<T>(call, 0, call[5] != 0, p, n, n, scratch);
    Matrix x = {scratch + n * n, n, cols, cols, 1};
    if (operands == 1)
      makeIdentity(x);
    else
      widened<T>(call, 1, call[6] != 0, p, n, cols, x.data);
    Matrix lower = call[4] ? l.transposed() : l;
    solveTriangle(lower, x, false, false, false);
    solveTriangle(lower.transposed(), x, true, false, true);
    narrow(x, call.at<T>(0) + p * n * cols);
  }
  return 0;
}

/// n, rows and columns of B, upper, left, unit, transposed, A is one for all, B is. A second result
/// is a copy of A.
template <class T> int32_t solveTriangular(const RoutineCall &call) {
  int64_t n = call[2], rows = call[3], cols = call[4], bytes = (n * n + rows * cols) * 8;
  bool upper = call[5] != 0, left = call[6] != 0, unit = call[7] != 0;
  bool turn = (call[8] != 0) != !left;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 2, p, bytes));
    Matrix m = widened<T>(call, 0, call[9] != 0, p, n, n, scratch);
    Matrix x = widened<T>(call, 1, call[10] != 0, p, rows, cols, scratch + n * n);
    if (call[kOperands] > 1)
      narrow(m, call.at<T>(1) + p * n * n);
    solveTriangle(turn ? m.transposed() : m, left ? x : x.transposed(), upper != turn, unit, false);
    narrow(x, call.at<T>(0) + p * rows * cols);
  }
  return 0;
}

// ---- LU
/// rows, columns, whether a zero pivot raises; results LU, pivots and maybe info.
template <class T> int32_t factorsOfLu(const RoutineCall &call) {
  int64_t rows = call[2], cols = call[3], steps = rows < cols ? rows : cols,
          bytes = rows * cols * 8;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 1, p, bytes));
    Matrix lu = widened<T>(call, 0, false, p, rows, cols, scratch);
    int32_t info = factorLu(lu, call.at<int32_t>(1) + p * steps);
    narrow(lu, call.at<T>(0) + p * rows * cols);
    if (call[kOperands] > 2)
      call.at<int32_t>(2)[p] = info;
    status |= call[4] ? info : 0;
  }
  return status;
}

/// P, L and U of packed factors.
template <class T>
bool unpack(const RoutineCall &call, int64_t piece, const T *lu, const int32_t *pivots,
            int64_t *order) {
  int64_t rows = call[2], cols = call[3], steps = rows < cols ? rows : cols;
  T *permutation = call.at<T>(0) + piece * rows * rows,
    *lower = call.at<T>(1) + piece * rows * steps, *upper = call.at<T>(2) + piece * steps * cols;
  for (int64_t i = 0; i < rows; ++i)
    order[i] = i;
  for (int64_t k = 0; k < steps; ++k) {
    if (pivots[k] < 1 || pivots[k] > rows)
      return false;
    std::swap(order[k], order[pivots[k] - 1]);
  }
  for (int64_t i = 0; i < rows * rows; ++i)
    permutation[i] = 0;
  for (int64_t i = 0; i < rows; ++i)
    permutation[order[i] * rows + i] = 1;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < steps; ++j)
      lower[i * steps + j] = j < i ? lu[i * cols + j] : i == j ? T(1) : T(0);
  for (int64_t i = 0; i < steps; ++i)
    for (int64_t j = 0; j < cols; ++j)
      upper[i * cols + j] = j < i ? T(0) : lu[i * cols + j];
  return true;
}
/// rows, columns, and whether the operands are factors and pivots already.
template <class T> int32_t unpackLu(const RoutineCall &call) {
  int64_t rows = call[2], cols = call[3], steps = rows < cols ? rows : cols;
  bool isFactored = call[4] != 0;
  int64_t bytes = rows * cols * 16 + (rows + steps) * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    char *scratch = scratchOf(call, isFactored ? 2 : 1, p, bytes);
    int64_t *order = reinterpret_cast<int64_t *>(scratch + rows * cols * 16);
    int32_t *pivots = reinterpret_cast<int32_t *>(order + rows);
    const T *lu = call.at<const T>(call[kOperands]) + p * rows * cols;
    if (isFactored) {
      std::memcpy(pivots, call.at<int32_t>(call[kOperands] + 1) + p * steps,
                  static_cast<size_t>(steps) * sizeof(int32_t));
    } else {
      double *wide = reinterpret_cast<double *>(scratch);
      Matrix m = widened<T>(call, 0, false, p, rows, cols, wide);
      (void)factorLu(m, pivots);
      T *rounded = reinterpret_cast<T *>(wide + rows * cols);
      narrow(m, rounded);
      lu = rounded;
    }
    if (!unpack(call, p, lu, pivots, order))
      return 1;
  }
  return 0;
}

/// n, rows and columns of B, left, adjoint, factors are one for all, B is: op(A) X = B from LU,
/// pivots and B.
template <class T> int32_t solveFactored(const RoutineCall &call) {
  int64_t n = call[2], rows = call[3], cols = call[4], bytes = (n * n + rows * cols) * 8;
  bool left = call[5] != 0, adjoint = call[6] != 0, shared = call[7] != 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 3, p, bytes));
    Matrix lu = widened<T>(call, 0, shared, p, n, n, scratch);
    Matrix x = widened<T>(call, 2, call[8] != 0, p, rows, cols, scratch + n * n);
    const int32_t *pivots = call.at<int32_t>(call[kOperands] + 1) + (shared ? 0 : p * n);
    for (int64_t i = 0; i < n; ++i)
      if (pivots[i] < 1 || pivots[i] > n)
        return 1;
    solveLu(lu, pivots, left ? x : x.transposed(), left ? adjoint : !adjoint);
    narrow(x, call.at<T>(0) + p * rows * cols);
  }
  return 0;
}

// ---- QR
/// rows, columns: packed factors and tau.
template <class T> int32_t packedQr(const RoutineCall &call) {
  int64_t rows = call[2], cols = call[3], steps = rows < cols ? rows : cols;
  int64_t bytes = (rows * cols + steps) * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 1, p, bytes));
    double *tau = scratch + rows * cols;
    Matrix qr = widened<T>(call, 0, false, p, rows, cols, scratch);
    factorQr(qr, tau);
    narrow(qr, call.at<T>(0) + p * rows * cols);
    for (int64_t i = 0; i < steps; ++i)
      call.at<T>(1)[p * steps + i] = static_cast<T>(tau[i]);
  }
  return 0;
}
/// The first `cols` columns of Q to `q`, from packed factors.
void expandColumns(const Matrix &qr, const double *tau, int64_t steps, const Matrix &q) {
  for (int64_t i = 0; i < q.rows; ++i)
    for (int64_t j = 0; j < q.cols; ++j)
      q(i, j) = j < qr.cols ? qr(i, j) : 0;
  expandQ(q, tau, steps);
}
/// rows, columns, columns of Q, whether Q is wanted: Q and R.
template <class T> int32_t factorsOfQr(const RoutineCall &call) {
  int64_t rows = call[2], cols = call[3], inner = call[4], steps = rows < cols ? rows : cols;
  int64_t bytes = (rows * cols + rows * inner + steps) * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 1, p, bytes));
    double *tau = scratch + rows * cols + rows * inner;
    Matrix qr = widened<T>(call, 0, false, p, rows, cols, scratch);
    factorQr(qr, tau);
    if (call[5]) {
      Matrix q = {scratch + rows * cols, rows, inner, inner, 1};
      expandColumns(qr, tau, steps, q);
      narrow(q, call.at<T>(0) + p * rows * inner);
    }
    T *r = call.at<T>(1) + p * inner * cols;
    for (int64_t i = 0; i < inner; ++i)
      for (int64_t j = 0; j < cols; ++j)
        r[i * cols + j] = j < i ? T(0) : static_cast<T>(qr(i, j));
  }
  return 0;
}
/// rows, columns, steps: Q of packed factors and tau.
template <class T> int32_t productOfReflectors(const RoutineCall &call) {
  int64_t rows = call[2], cols = call[3], steps = call[4], bytes = (2 * rows * cols + steps) * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 2, p, bytes));
    Matrix qr = widened<T>(call, 0, false, p, rows, cols, scratch);
    Matrix q = {scratch + rows * cols, rows, cols, cols, 1};
    Matrix tau = widened<T>(call, 1, false, p, 1, steps, scratch + 2 * rows * cols);
    expandColumns(qr, tau.data, steps, q);
    narrow(q, call.at<T>(0) + p * rows * cols);
  }
  return 0;
}
/// order, columns of the vectors, steps, rows and columns of C, left, transposed: Q C or C Q.
template <class T> int32_t multiplyByQ(const RoutineCall &call) {
  int64_t order = call[2], count = call[3], steps = call[4], rows = call[5], cols = call[6];
  bool left = call[7] != 0, backwards = left == !(call[8] != 0);
  int64_t bytes = (order * count + steps + rows * cols) * 8;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(scratchOf(call, 3, p, bytes));
    Matrix vectors = widened<T>(call, 0, false, p, order, count, scratch);
    Matrix tau = widened<T>(call, 1, false, p, 1, steps, scratch + order * count);
    Matrix c = widened<T>(call, 2, false, p, rows, cols, scratch + order * count + steps);
    for (int64_t s = 0; s < steps; ++s) {
      int64_t k = backwards ? steps - 1 - s : s;
      applyReflector(vectors, k, tau.data[k], left ? c : c.transposed());
    }
    narrow(c, call.at<T>(0) + p * rows * cols);
  }
  return 0;
}
} // namespace

TSC_ROUTINE(determinant, determinant)
TSC_ROUTINE(inverse, inverse)
TSC_ROUTINE(solve, solve)
TSC_ROUTINE(cholesky, cholesky)
TSC_ROUTINE(cholesky_solve, choleskySolve)
TSC_ROUTINE(solve_triangular, solveTriangular)
TSC_ROUTINE(lu_factor, factorsOfLu)
TSC_ROUTINE(lu_unpack, unpackLu)
TSC_ROUTINE(lu_solve, solveFactored)
TSC_ROUTINE(geqrf, packedQr)
TSC_ROUTINE(qr, factorsOfQr)
TSC_ROUTINE(householder_product, productOfReflectors)
TSC_ROUTINE(ormqr, multiplyByQ)
