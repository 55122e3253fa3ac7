// SPDX-License-Identifier: Apache-2.0
// LU with row exchanges, and the operators that factor and unpack.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace tsc::rt {
template <class T> int32_t factorLu(MatrixView<T> a, int32_t *pivots) {
  int32_t info = 0;
  int64_t steps = a.rows < a.cols ? a.rows : a.cols;
  for (int64_t k = 0; k < steps; ++k) {
    int64_t best = k;
    for (int64_t i = k + 1; i < a.rows; ++i)
      if (coarseSize(a(i, k)) > coarseSize(a(best, k)))
        best = i;
    pivots[k] = static_cast<int32_t>(best + 1);
    if (best != k)
      for (int64_t j = 0; j < a.cols; ++j)
        std::swap(a(k, j), a(best, j));
    if (a(k, k) == T(0)) {
      info = info ? info : static_cast<int32_t>(k + 1);
      continue;
    }
    T inverse = T(1) / a(k, k);
    for (int64_t i = k + 1; i < a.rows; ++i) {
      T factor = a(i, k) = times(a(i, k), inverse);
      if (factor == T(0))
        continue;
      for (int64_t j = k + 1; j < a.cols; ++j)
        a(i, j) -= times(factor, a(k, j));
    }
  }
  return info;
}

template <class T>
void solveTriangle(MatrixView<T> t, MatrixView<T> b, bool upper, bool unit, bool conjugated) {
  int64_t n = t.rows;
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = upper ? n - 1 - step : step;
    for (int64_t k = upper ? i + 1 : 0, end = upper ? n : i; k < end; ++k) {
      T factor = conjugated ? conjugate(t(i, k)) : t(i, k);
      for (int64_t j = 0; j < b.cols; ++j)
        b(i, j) -= times(factor, b(k, j));
    }
    if (unit)
      continue;
    T pivot = conjugated ? conjugate(t(i, i)) : t(i, i);
    for (int64_t j = 0; j < b.cols; ++j)
      b(i, j) = b(i, j) / pivot;
  }
}

template <class T>
void solveLu(MatrixView<T> lu, const int32_t *pivots, MatrixView<T> b, bool adjoint) {
  auto exchange = [&](int64_t k) {
    int64_t other = pivots[k] - 1;
    if (other != k)
      for (int64_t j = 0; j < b.cols; ++j)
        std::swap(b(k, j), b(other, j));
  };
  if (!adjoint) {
    for (int64_t k = 0; k < lu.rows; ++k)
      exchange(k);
    solveTriangle(lu, b, false, true, false);
    solveTriangle(lu, b, true, false, false);
    return;
  }
  solveTriangle(lu.transposed(), b, false, false, true);
  solveTriangle(lu.transposed(), b, true, true, true);
  for (int64_t k = lu.rows - 1; k >= 0; --k)
    exchange(k);
}

#define TSC_INSTANTIATE(T)                                                                         \
  template int32_t factorLu<T>(MatrixView<T>, int32_t *);                                          \
  template void solveTriangle<T>(MatrixView<T>, MatrixView<T>, bool, bool, bool);                  \
  template void solveLu<T>(MatrixView<T>, const int32_t *, MatrixView<T>, bool);
TSC_INSTANTIATE(double)
TSC_INSTANTIATE(Complex)
#undef TSC_INSTANTIATE
} // namespace tsc::rt

namespace {
using Factors = Results<TensorRef, TensorRef, TensorRef>;

/// LU (in the dtype of computation), pivots and info.
Factors factorStack(Context &cx, const char *name, const Tensor &a, bool pivot) {
  TSC_TRY(checkMatrices(cx, name, a));
  if (!pivot)
    return cx.fail("%s: LU without pivoting is not implemented on the CPU", name);
  int64_t rows = a.size(-2), cols = a.size(-1), steps = rows < cols ? rows : cols;
  TensorRef lu = workCopy(cx, a), pivots = empty(cx, shapeWith(batchOf(a), steps), DType::Int32),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(lu && pivots && info);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, info->numel, rows * cols * steps, [&](int64_t i) {
      info->ptr<int32_t>()[i] = factorLu(matrixAt<T>(*lu, i), pivots->ptr<int32_t>() + i * steps);
    });
  });
  return Factors(lu, pivots, info);
}
Factors factorWithInfo(Context &cx, const Tensor &a, bool pivot, bool checkErrors) {
  Factors f = factorStack(cx, "linalg.lu_factor", a, pivot);
  TSC_TRY(f);
  auto &[lu, pivots, info] = f.values;
  if (checkErrors)
    TSC_TRY(checkInfo(cx, "linalg.lu_factor", *info));
  lu = toDType(cx, *lu, a.dtype);
  return f;
}
Results<TensorRef, TensorRef> factorPair(Context &cx, const Tensor &a, bool pivot) {
  Factors f = factorWithInfo(cx, a, pivot, true);
  TSC_TRY(f);
  auto &[lu, pivots, info] = f.values;
  return {lu, pivots};
}

/// The permutation as a matrix: P with A = P L U.
void unpackPivots(const int32_t *pivots, int64_t steps, int64_t rows, double *p, int64_t *order) {
  for (int64_t i = 0; i < rows; ++i)
    order[i] = i;
  for (int64_t k = 0; k < steps; ++k)
    std::swap(order[k], order[pivots[k] - 1]);
  for (int64_t i = 0; i < rows; ++i)
    p[order[i] * rows + i] = 1;
}
TensorRef permutationOf(Context &cx, const Tensor &pivots, int64_t rows, DType dtype) {
  int64_t steps = pivots.size(-1);
  IntList batch = batchOf(pivots, 1);
  TensorRef dense = contiguousAs(cx, pivots, DType::Int32);
  TensorRef p = zeros(cx, shapeWith(batch, rows, rows), DType::Float64);
  Vector<int64_t> order;
  TSC_TRY(dense && p && order.resize(cx, rows));
  const int32_t *from = dense->ptr<int32_t>();
  for (int64_t i = 0; i < dense->numel; ++i)
    if (from[i] < 1 || from[i] > rows)
      return cx.fail("pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did "
                     "you properly pass the result of lu_factor?");
  for (int64_t i = 0, n = countOf(batch); i < n; ++i)
    unpackPivots(from + i * steps, steps, rows, p->ptr<double>() + i * rows * rows, order.data());
  return toDType(cx, *p, dtype);
}
/// The lower unit factor [rows, k] or the upper factor [k, cols].
TensorRef triangleOf(Context &cx, const Tensor &lu, bool upper) {
  int64_t rows = lu.size(-2), cols = lu.size(-1), k = rows < cols ? rows : cols;
  TensorRef part = narrow(cx, lu, lu.rank - (upper ? 2 : 1), 0, k);
  TSC_TRY(part);
  TensorRef out = workCopy(cx, *part);
  TSC_TRY(out);
  withMatrixType(lu.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batchOf(lu)), rows * cols, [&](int64_t b) {
      MatrixView<T> m = matrixAt<T>(*out, b);
      for (int64_t i = 0; i < m.rows; ++i)
        for (int64_t j = 0; j < m.cols; ++j)
          if (upper ? j < i : j >= i)
            m(i, j) = i == j ? T(1) : T(0);
    });
  });
  return toDType(cx, *out, lu.dtype);
}
Factors unpackFactors(Context &cx, const Tensor &lu, const Tensor &pivots, bool unpackData,
                      bool unpackPivots) {
  if (lu.rank < 2 || pivots.rank < 1)
    return cx.fail(
        "torch.lu_unpack: LU_data must have at least 2 dimensions and LU_pivots at least 1");
  if (unpackPivots && pivots.dtype != DType::Int32)
    return cx.fail(
        "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 "
        "dtype. Note: this function is intended to be used with the output produced by "
        "torch.linalg.lu_factor");
  int64_t rows = lu.size(-2), cols = lu.size(-1);
  if (unpackPivots &&
      !(pivots.shape() == IntList(shapeWith(batchOf(lu), rows < cols ? rows : cols))))
    return cx.fail("torch.lu_unpack: LU_pivots of shape %s do not fit LU_data of shape %s",
                   ShapeText(pivots.shape()).text, ShapeText(lu.shape()).text);
  int64_t nothing[] = {0};
  TensorRef p =
      unpackPivots ? permutationOf(cx, pivots, rows, lu.dtype) : empty(cx, nothing, lu.dtype);
  TensorRef l = unpackData ? triangleOf(cx, lu, false) : empty(cx, nothing, lu.dtype);
  TensorRef u = unpackData ? triangleOf(cx, lu, true) : empty(cx, nothing, lu.dtype);
  return Factors(p, l, u);
}
Factors factorUnpacked(Context &cx, const Tensor &a, bool pivot) {
  Factors f = factorStack(cx, "linalg.lu", a, pivot);
  TSC_TRY(f);
  auto &[lu, pivots, info] = f.values;
  TensorRef rounded = toDType(cx, *lu, a.dtype);
  TSC_TRY(rounded);
  return unpackFactors(cx, *rounded, *pivots, true, true);
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_lu_factor_ex, aten_linalg_lu_factor_ex_out, factorWithInfo)
TSC_WITH_OUTPUTS(aten_linalg_lu_factor, aten_linalg_lu_factor_out, factorPair)
TSC_WITH_OUTPUTS(aten_linalg_lu, aten_linalg_lu_out, factorUnpacked)
TSC_WITH_OUTPUTS(aten_lu_unpack, aten_lu_unpack_out, unpackFactors)
TSC_KERNEL(aten__lu_with_info, factorWithInfo)
