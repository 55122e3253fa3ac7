// SPDX-License-Identifier: Apache-2.0
// Cholesky factors and what is solved with them, and systems with triangular matrices.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace tsc::rt {
template <class T> int32_t factorCholesky(MatrixView<T> a) {
  for (int64_t j = 0; j < a.rows; ++j) {
    double pivot = realPart(a(j, j));
    for (int64_t k = 0; k < j; ++k)
      pivot -= squareSize(a(j, k));
    if (!(pivot > 0)) {
      a(j, j) = pivot;
      return static_cast<int32_t>(j + 1);
    }
    double root = std::sqrt(pivot);
    a(j, j) = root;
    for (int64_t i = j + 1; i < a.rows; ++i) {
      T sum = a(i, j);
      for (int64_t k = 0; k < j; ++k)
        sum -= times(a(i, k), conjugate(a(j, k)));
      a(i, j) = sum / root;
    }
  }
  return 0;
}
template int32_t factorCholesky<double>(MatrixView<double>);
template int32_t factorCholesky<Complex>(MatrixView<Complex>);
} // namespace tsc::rt

namespace {
/// The matrix whose lower factor is wanted: of an upper one the conjugate transpose.
TensorRef lowerCopy(Context &cx, const Tensor &a, bool upper, IntList batch) {
  if (!upper)
    return workCopy(cx, a, batch);
  TensorRef turned = adjointCopy(cx, a);
  TSC_TRY(turned);
  return workCopy(cx, *turned, batch);
}

Results<TensorRef, TensorRef> factor(Context &cx, const Tensor &a, bool upper, bool checkErrors) {
  const char *name = "linalg.cholesky";
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1);
  TensorRef l = lowerCopy(cx, a, upper, batchOf(a)), info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(l && info);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, info->numel, n * n * n, [&](int64_t b) {
      MatrixView<T> m = matrixAt<T>(*l, b);
      info->ptr<int32_t>()[b] = factorCholesky(m);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = i + 1; j < n; ++j)
          m(i, j) = 0;
    });
  });
  if (checkErrors)
    TSC_TRY(checkInfo(cx, name, *info));
  if (upper)
    l = adjointCopy(cx, *l);
  TSC_TRY(l);
  return {toDType(cx, *l, a.dtype), info};
}
TensorRef factorChecked(Context &cx, const Tensor &a, bool upper) {
  auto r = factor(cx, a, upper, true);
  TSC_TRY(r);
  return std::get<0>(r.values);
}

/// Solves L L^H X = B in place.
void solveFactors(Context &cx, const Tensor &l, Tensor &b) {
  withMatrixType(l.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batchOf(b)), l.size(-1) * b.size(-1) * b.size(-2), [&](int64_t i) {
      MatrixView<T> factor = matrixAt<T>(l, i), x = matrixAt<T>(b, i);
      solveTriangle(factor, x, false, false, false);
      solveTriangle(factor.transposed(), x, true, false, true);
    });
  });
}
TensorRef solveChecked(Context &cx, const Tensor &b, const Tensor &l, bool upper) {
  const char *name = "cholesky_solve";
  TSC_TRY(checkSquare(cx, name, l));
  if (b.rank < 2)
    return cx.fail("b should have at least 2 dimensions, but has %lld dimensions instead",
                   static_cast<long long>(b.rank));
  TSC_TRY(checkSameMatrixDType(cx, name, l, b));
  if (b.size(-2) != l.size(-1))
    return cx.fail(
        "Incompatible matrix sizes for %s: each A matrix is %lld by %lld but each b matrix "
        "is %lld by %lld",
        name, static_cast<long long>(l.size(-1)), static_cast<long long>(l.size(-1)),
        static_cast<long long>(b.size(-2)), static_cast<long long>(b.size(-1)));
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(l), batchOf(b)));
  TensorRef factor = lowerCopy(cx, l, upper, batch), x = workCopy(cx, b, batch);
  TSC_TRY(factor && x);
  solveFactors(cx, *factor, *x);
  return toDType(cx, *x, b.dtype);
}
TensorRef invertFactored(Context &cx, const Tensor &l, bool upper) {
  TSC_TRY(checkSquare(cx, "cholesky_inverse", l));
  TensorRef factor = lowerCopy(cx, l, upper, batchOf(l)),
            x = zeros(cx, l.shape(), matrixDType(l.dtype));
  TSC_TRY(factor && x);
  withMatrixType(l.dtype, [&]<class T>() {
    for (int64_t b = 0, count = countOf(batchOf(l)); b < count; ++b)
      for (int64_t i = 0; i < l.size(-1); ++i)
        matrixAt<T>(*x, b)(i, i) = 1;
  });
  solveFactors(cx, *factor, *x);
  return toDType(cx, *x, l.dtype);
}

// ---- Triangular systems
/// op(A) X = B, or with `left` false X op(A) = B.
TensorRef solveTriangular(Context &cx, const char *name, const Tensor &a, const Tensor &b,
                          bool upper, bool left, bool unit, bool transposed) {
  TSC_TRY(checkSquare(cx, name, a));
  if (b.rank < 2)
    return cx.fail("%s: The input tensor B must have at least 2 dimensions.", name);
  TSC_TRY(checkSameMatrixDType(cx, name, a, b));
  if (a.size(-1) != b.size(left ? -2 : -1))
    return cx.fail(
        "%s: Incompatible shapes of A and B for the equation %s (%lldx%lld and %lldx%lld)", name,
        left ? "AX = B" : "XA = B", static_cast<long long>(a.size(-2)),
        static_cast<long long>(a.size(-1)), static_cast<long long>(b.size(-2)),
        static_cast<long long>(b.size(-1)));
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(a), batchOf(b)));
  TensorRef t = workCopy(cx, a, batch), x = workCopy(cx, b, batch);
  TSC_TRY(t && x);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batch), a.size(-1) * b.size(-1) * b.size(-2), [&](int64_t i) {
      MatrixView<T> m = matrixAt<T>(*t, i), right = matrixAt<T>(*x, i);
      // X A = B is A^T X^T = B^T.
      bool turn = transposed != !left;
      solveTriangle(turn ? m.transposed() : m, left ? right : right.transposed(), upper != turn,
                    unit, false);
    });
  });
  return toDType(cx, *x, b.dtype);
}
TensorRef solveTriangularNew(Context &cx, const Tensor &a, const Tensor &b, bool upper, bool left,
                             bool unit) {
  return solveTriangular(cx, "linalg.solve_triangular", a, b, upper, left, unit, false);
}
Results<TensorRef, TensorRef> solveTriangularOld(Context &cx, const Tensor &b, const Tensor &a,
                                                 bool upper, bool transposed, bool unit) {
  TensorRef x = solveTriangular(cx, "triangular_solve", a, b, upper, true, unit, transposed);
  TSC_TRY(x);
  TensorRef wide = expand(cx, a, shapeWith(batchOf(*x), a.size(-2), a.size(-1)));
  TSC_TRY(wide);
  return {x, clone(cx, *wide, MemoryFormat::Contiguous)};
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_cholesky_ex, aten_linalg_cholesky_ex_L, factor)
TSC_WITH_OUTPUT(aten_linalg_cholesky, factorChecked)
TSC_WITH_OUTPUT(aten_cholesky_solve, solveChecked)
TSC_WITH_OUTPUT(aten__cholesky_solve_helper, solveChecked)
TSC_WITH_OUTPUT(aten_cholesky_inverse, invertFactored)
TSC_WITH_OUTPUT(aten_linalg_solve_triangular, solveTriangularNew)
TSC_WITH_OUTPUTS(aten_triangular_solve, aten_triangular_solve_X, solveTriangularOld)
