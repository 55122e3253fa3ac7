// SPDX-License-Identifier: Apache-2.0
// Eigenvalues and singular values for compiled kernels, a matrix at a time, in double as in the
// generic kernels. Numbers: where operands begin in the data, how many matrices there are, then
// what each routine says.
#include "LinearAlgebra.h"
#include "Routines.h"

using namespace tsc::rt;

namespace {
using Matrix = MatrixView<double>;

template <class T> double roundingOfType() { return sizeof(T) == 8 ? 0x1p-53 : 0x1p-24; }

/// n, upper, whether the vectors are wanted: values and vectors, or values alone.
template <class T> int32_t hermitian(const RoutineCall &call) {
  int64_t n = call[2], bytes = (n * n + 4 * n) * 8;
  bool vectors = call[4] != 0;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(call.at<char>(call[0] + 1) + p * bytes);
    const T *from = call.at<const T>(call[0]) + p * n * n;
    for (int64_t i = 0; i < n * n; ++i)
      scratch[i] = static_cast<double>(from[i]);
    double *values = scratch + n * n;
    status |= factorHermitian(Matrix{scratch, n, n, n, 1}, values, call[3] != 0, vectors,
                              roundingOfType<T>(), values + n);
    for (int64_t i = 0; i < n; ++i)
      call.at<T>(0)[p * n + i] = static_cast<T>(values[i]);
    for (int64_t i = 0; vectors && i < n * n; ++i)
      call.at<T>(1)[p * n * n + i] = static_cast<T>(scratch[i]);
  }
  return status;
}

/// What is wanted of a decomposition; as in lib/Kernel/RoutinesSpectral.cpp.
enum class Wanted : int64_t { Values, Factors, OldFactors };

/// rows, columns, what is wanted, whether U and V are square: U, S and V^T (or V), or S alone.
template <class T> int32_t singular(const RoutineCall &call) {
  int64_t m = call[2], n = call[3];
  Wanted wanted = static_cast<Wanted>(call[4]);
  bool wide = m < n, full = call[5] != 0;
  int64_t rows = wide ? n : m, cols = wide ? m : n, uCols = full ? rows : cols;
  int64_t bytes =
      (rows * cols + rows * uCols + cols + cols * cols + 3 * cols + 2 * cols * cols) * 8;
  int32_t status = 0;
  for (int64_t p = call.range.begin; p < call.range.end; ++p) {
    double *scratch = reinterpret_cast<double *>(call.at<char>(call[0] + 1) + p * bytes);
    const T *from = call.at<const T>(call[0]) + p * m * n;
    std::memset(static_cast<void *>(scratch), 0, static_cast<size_t>(bytes));
    Matrix work = {scratch, rows, cols, cols, 1},
           u = {scratch + rows * cols, rows, uCols, uCols, 1};
    double *s = u.data + rows * uCols;
    Matrix v = {s + cols, cols, cols, cols, 1};
    bool finite = true;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double x = static_cast<double>(from[i * n + j]);
        finite &= std::isfinite(x);
        (wide ? work(j, i) : work(i, j)) = x;
      }
    status |=
        finite ? factorSvd(work, u, s, v, wide, roundingOfType<T>(), v.data + cols * cols) : 1;
    bool values = wanted == Wanted::Values;
    T *outS = call.at<T>(values ? 0 : 1) + p * cols;
    for (int64_t i = 0; i < cols; ++i)
      outS[i] = static_cast<T>(s[i]);
    if (values)
      continue;
    Matrix left = wide ? v : u, right = wide ? u : v;
    T *outU = call.at<T>(0) + p * m * left.cols, *outV = call.at<T>(2) + p * n * right.cols;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < left.cols; ++j)
        outU[i * left.cols + j] = static_cast<T>(left(i, j));
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < right.cols; ++j)
        outV[wanted == Wanted::Factors ? j * n + i : i * right.cols + j] =
            static_cast<T>(right(i, j));
  }
  return status;
}
} // namespace

TSC_ROUTINE(eigh, hermitian)
TSC_ROUTINE(svd, singular)
