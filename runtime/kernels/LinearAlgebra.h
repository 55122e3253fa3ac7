// SPDX-License-Identifier: Apache-2.0
// What the operators of linear algebra share: matrices in memory, stacks of them in tensors, and
// the factorizations. Everything is computed in double or complex double, whatever the dtype of the
// tensors, and rounded once at the end. A stack is a contiguous tensor [..., rows, columns]; its
// matrices are shared out among threads. Signs and orders follow LAPACK's.
#pragma once

#include "Outputs.h"
#include "tsc/runtime/Loops.h"

namespace tsc::rt {

inline double conjugate(double x) { return x; }
inline Complex conjugate(Complex x) { return {x.real(), -x.imag()}; }
inline double realPart(double x) { return x; }
inline double realPart(Complex x) { return x.real(); }
inline double squareSize(double x) { return x * x; }
inline double squareSize(Complex x) { return x.real() * x.real() + x.imag() * x.imag(); }
inline double sizeOf(double x) { return std::fabs(x); }
inline double sizeOf(Complex x) { return std::hypot(x.real(), x.imag()); }
/// |re| + |im|, by which LAPACK picks pivots.
inline double coarseSize(double x) { return std::fabs(x); }
inline double coarseSize(Complex x) { return std::fabs(x.real()) + std::fabs(x.imag()); }
inline double times(double a, double b) { return a * b; }
inline Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// A matrix in memory, with any steps between its rows and columns.
template <class T> struct MatrixView {
  T *data = nullptr;
  int64_t rows = 0, cols = 0, rowStep = 0, colStep = 1;
  T &operator()(int64_t i, int64_t j) const { return data[i * rowStep + j * colStep]; }
  MatrixView transposed() const { return {data, cols, rows, colStep, rowStep}; }
  MatrixView block(int64_t i, int64_t j, int64_t r, int64_t c) const {
    return {data + i * rowStep + j * colStep, r, c, rowStep, colStep};
  }
};
/// Matrix `index` of a stack; a stack with `stride` 0 would be one matrix for all.
template <class T> MatrixView<T> matrixAt(const Tensor &stack, int64_t index) {
  int64_t rows = stack.size(-2), cols = stack.size(-1);
  return {stack.ptr<T>() + index * rows * cols, rows, cols, cols, 1};
}

// ---- Checks and stacks
/// The dtype that a tensor's matrices are computed in.
inline DType matrixDType(DType dtype) {
  return isComplex(dtype) ? DType::Complex128 : DType::Float64;
}
/// Fails unless the tensor is floating or complex, of full precision.
Status checkMatrixDType(Context &cx, const char *name, const Tensor &t);
/// The same, and at least two dims.
Status checkMatrices(Context &cx, const char *name, const Tensor &t);
/// The same, and square.
Status checkSquare(Context &cx, const char *name, const Tensor &t);
Status checkSameMatrixDType(Context &cx, const char *name, const Tensor &a, const Tensor &b);
/// The dims in front of the last `matrixDims`, which count matrices.
inline IntList batchOf(const Tensor &t, int64_t matrixDims = 2) {
  return t.shape().take(t.rank - matrixDims);
}
inline int64_t countOf(IntList sizes) {
  int64_t n = 1;
  for (int64_t s : sizes)
    n *= s;
  return n;
}
/// Half the distance of 1 and the next number of the dtype's parts.
inline double roundingOf(DType dtype) {
  return toReal(dtype) == DType::Float64 ? 0x1p-53 : 0x1p-24;
}
Shape shapeWith(IntList batch, int64_t rows, int64_t cols);
Shape shapeWith(IntList batch, int64_t size);
/// A contiguous copy of a stack in the dtype that it is computed in, broadcast to `batch`; it
/// shares no memory with `t`.
TensorRef workCopy(Context &cx, const Tensor &t);
TensorRef workCopy(Context &cx, const Tensor &t, IntList batch);
/// The two last dims exchanged, each number conjugated: a new stack.
TensorRef adjointCopy(Context &cx, const Tensor &t);
/// Error of a factorization whose `info` (int32, one a matrix) is not 0.
Status checkInfo(Context &cx, const char *name, const Tensor &info);

/// Calls body.operator()<T>() with double or Complex.
template <class F> void withMatrixType(DType dtype, F &&body) {
  if (isComplex(dtype))
    body.template operator()<Complex>();
  else
    body.template operator()<double>();
}
/// body(i) for all matrices of a stack, `work` being about the operations for one.
template <class F> void eachMatrix(Context &cx, int64_t count, int64_t work, F &&body) {
  parallelFor(cx, 0, count, work > 0 ? 30000 / work + 1 : 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i)
      body(i);
  });
}

// ---- Factorizations of one matrix, in place. T is double or Complex.
/// LU with row exchanges; pivots (min(rows, cols)) are rows counted from 1. Returns the first zero
/// pivot, counted from 1, or 0.
template <class T> int32_t factorLu(MatrixView<T> a, int32_t *pivots);
/// Overwrites b with the solution x of a x = b (adjoint: a^H x = b) for a factored a.
template <class T>
void solveLu(MatrixView<T> lu, const int32_t *pivots, MatrixView<T> b, bool adjoint);
/// Overwrites b with x of t x = b for a triangular t; `conjugated` takes t's elements conjugated.
template <class T>
void solveTriangle(MatrixView<T> t, MatrixView<T> b, bool upper, bool unit, bool conjugated);
/// The lower Cholesky factor in the lower half; returns the order of the first minor that is not
/// positive, or 0.
template <class T> int32_t factorCholesky(MatrixView<T> a);
/// Householder QR: R and the vectors below it, tau of min(rows, cols).
template <class T> void factorQr(MatrixView<T> a, T *tau);
/// Applies I - tau v v^H to c from the left, v being (1, a(at + 1 ..., at)).
template <class T> void applyReflector(MatrixView<T> a, int64_t at, T tau, MatrixView<T> c);
/// Overwrites the first `cols` columns with Q's, from factorQr's vectors (count of them).
template <class T> void expandQ(MatrixView<T> a, const T *tau, int64_t count);
/// The reflection that clears column `at` below its diagonal element; returns its tau.
template <class T> T makeReflector(MatrixView<T> a, int64_t at);
/// Eigenvalues (ascending) of a Hermitian matrix, from its lower half, or its upper one; with
/// `vectors` the matrix becomes the eigenvectors. Returns 0, or how many did not converge.
/// `epsilon` is the rounding of the tensor's dtype: what it cannot hold counts as converged, which
/// makes as many steps as LAPACK and so gives its signs. `scratch`: 3 * rows.
template <class T>
int32_t factorHermitian(MatrixView<T> a, double *values, bool upper, bool vectors, double epsilon,
                        T *scratch);
/// Singular values (descending) of a with rows >= cols: a = U diag(s) V^H. u has a's rows and at
/// least cols columns, v is cols x cols; a is overwritten. `adjoint`: a is the adjoint of the
/// matrix whose decomposition is meant, which decides signs. Returns 0, or how many values did not
/// converge. `scratch`: 3 * cols + 2 * cols^2.
template <class T>
int32_t factorSvd(MatrixView<T> a, MatrixView<T> u, double *s, MatrixView<T> v, bool adjoint,
                  double epsilon, T *scratch);

// ---- Operators that others are built from
TensorRef invertMatrices(Context &cx, const char *name, const Tensor &a);
/// Singular values [..., min(m, n)] of a stack, in the real dtype.
TensorRef singularValues(Context &cx, const char *name, const Tensor &a);
/// U [..., m, k], S, Vh [..., k, n]; with `full` U and Vh are square.
Results<TensorRef, TensorRef, TensorRef> singularFactors(Context &cx, const char *name,
                                                         const Tensor &a, bool full);
/// Eigenvalues and eigenvectors of Hermitian matrices.
Results<TensorRef, TensorRef> hermitianFactors(Context &cx, const char *name, const Tensor &a,
                                               bool upper, bool vectors);

} // namespace tsc::rt
