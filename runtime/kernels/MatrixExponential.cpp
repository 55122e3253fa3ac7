// SPDX-License-Identifier: Apache-2.0
// The exponential of matrices: the matrix is halved until its norm is small, its Taylor polynomial
// taken, and the result squared as often.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
constexpr int kDegree = 18; ///< the remainder at norm 1/2 is below a double's rounding

template <class T> void multiply(MatrixView<T> a, MatrixView<T> b, MatrixView<T> out) {
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.cols; ++j)
      out(i, j) = 0;
    for (int64_t k = 0; k < a.cols; ++k) {
      T factor = a(i, k);
      for (int64_t j = 0; j < b.cols; ++j)
        out(i, j) += times(factor, b(k, j));
    }
  }
}
template <class T> double largestColumn(MatrixView<T> a) {
  double largest = 0;
  for (int64_t j = 0; j < a.cols; ++j) {
    double sum = 0;
    for (int64_t i = 0; i < a.rows; ++i)
      sum += sizeOf(a(i, j));
    largest = sum > largest || sum != sum ? sum : largest;
  }
  return largest;
}

/// a becomes its exponential; `other` has room for one more matrix, `power` for a second.
template <class T> void exponential(MatrixView<T> a, MatrixView<T> other, MatrixView<T> power) {
  int64_t n = a.rows, count = n * n;
  int halvings = 0;
  double norm = largestColumn(a);
  if (std::isfinite(norm))
    for (; norm > 0.5 && halvings < 1100; norm /= 2)
      ++halvings;
  double scale = std::ldexp(1.0, -halvings);
  for (int64_t i = 0; i < count; ++i) {
    a.data[i] *= scale;
    power.data[i] = i % (n + 1) == 0 ? T(1) : T(0);
  }
  for (int k = kDegree; k > 0; --k) { // 1 + a / k (...)
    multiply(a, power, other);
    for (int64_t i = 0; i < count; ++i)
      power.data[i] = other.data[i] / static_cast<double>(k) + (i % (n + 1) == 0 ? T(1) : T(0));
  }
  for (; halvings > 0; --halvings) {
    multiply(power, power, other);
    std::swap(power.data, other.data);
  }
  for (int64_t i = 0; i < count; ++i)
    a.data[i] = power.data[i];
}

TensorRef exponentials(Context &cx, const Tensor &self) {
  TSC_TRY(checkSquare(cx, "linalg.matrix_exp", self));
  int64_t n = self.size(-1), count = countOf(batchOf(self));
  TensorRef work = workCopy(cx, self);
  TensorRef scratch = empty(cx, Shape::of(count, 2, n, n), matrixDType(self.dtype));
  TSC_TRY(work && scratch);
  withMatrixType(self.dtype, [&]<class T>() {
    eachMatrix(cx, count, 20 * n * n * n, [&](int64_t i) {
      exponential(matrixAt<T>(*work, i), matrixAt<T>(*scratch, 2 * i),
                  matrixAt<T>(*scratch, 2 * i + 1));
    });
  });
  return toDType(cx, *work, self.dtype);
}

/// Small floats are computed wide and rounded once.
TensorRef anyExponentials(Context &cx, const Tensor &self) {
  if (self.dtype != DType::Float16 && self.dtype != DType::BFloat16)
    return exponentials(cx, self);
  TensorRef wide = toDType(cx, self, DType::Float64);
  TSC_TRY(wide);
  TensorRef result = exponentials(cx, *wide);
  TSC_TRY(result);
  return toDType(cx, *result, self.dtype);
}

/// The derivative applied to grad: the upper right block of the exponential of [A^H G; 0 A^H].
TensorRef exponentialsBackward(Context &cx, const Tensor &self, const Tensor &grad) {
  TSC_TRY(checkSquare(cx, "matrix_exp_backward", self));
  int64_t n = self.size(-1);
  TensorRef adjoint = adjointCopy(cx, self);
  TensorRef blocks = zeros(cx, shapeWith(batchOf(self), 2 * n, 2 * n), self.dtype);
  TSC_TRY(adjoint && blocks);
  int64_t rank = self.rank;
  for (int64_t part = 0; part < 3; ++part) {
    TensorRef rows = narrow(cx, *blocks, rank - 2, part == 2 ? n : 0, n);
    TSC_TRY(rows);
    TensorRef block = narrow(cx, *rows, rank - 1, part == 0 ? 0 : n, n);
    TSC_TRY(block && copyInto(cx, *block, part == 1 ? grad : *adjoint));
  }
  TensorRef whole = exponentials(cx, *blocks);
  TSC_TRY(whole);
  TensorRef rows = narrow(cx, *whole, rank - 2, 0, n);
  TSC_TRY(rows);
  TensorRef block = narrow(cx, *rows, rank - 1, n, n);
  TSC_TRY(block);
  return contiguous(cx, *block);
}
} // namespace

TSC_WITH_OUTPUT(aten_linalg_matrix_exp, anyExponentials)
TSC_KERNEL(aten_matrix_exp, anyExponentials)
TSC_KERNEL(aten_matrix_exp_backward, exponentialsBackward)
