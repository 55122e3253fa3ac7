// SPDX-License-Identifier: Apache-2.0
// The singular value decomposition and what is read off it: pseudo-inverses, ranks, polar factors
// and least squares.
#include "Contract.h"
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
using Factors = Results<TensorRef, TensorRef, TensorRef>;

/// U [..., m, k or m], S and V [..., n, k or n] in the dtype of computation, of any shape of
/// matrices.
Factors decompose(Context &cx, const char *name, const Tensor &a, bool full) {
  TSC_TRY(checkMatrices(cx, name, a));
  bool wide = a.size(-2) < a.size(-1);
  TensorRef work = wide ? adjointCopy(cx, a) : workCopy(cx, a);
  TSC_TRY(work);
  work = wide ? workCopy(cx, *work) : work;
  TSC_TRY(work);
  int64_t rows = work->size(-2), cols = work->size(-1), count = countOf(batchOf(a));
  int64_t room = 3 * cols + 2 * cols * cols;
  DType dtype = matrixDType(a.dtype);
  TensorRef u = zeros(cx, shapeWith(batchOf(a), rows, full ? rows : cols), dtype);
  TensorRef s = empty(cx, shapeWith(batchOf(a), cols), DType::Float64);
  TensorRef v = zeros(cx, shapeWith(batchOf(a), cols, cols), dtype);
  TensorRef scratch = empty(cx, Shape::of(count, room), dtype);
  TensorRef info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(u && s && v && scratch && info);
  withMatrixType(a.dtype, [&]<class T>() {
    for (int64_t i = 0; i < work->numel; ++i)
      if (!std::isfinite(coarseSize(work->ptr<T>()[i])))
        info->ptr<int32_t>()[i / (rows * cols)] = static_cast<int32_t>(cols + 1);
    eachMatrix(cx, count, rows * cols * cols, [&](int64_t i) {
      if (info->ptr<int32_t>()[i] == 0)
        info->ptr<int32_t>()[i] =
            factorSvd(matrixAt<T>(*work, i), matrixAt<T>(*u, i), s->ptr<double>() + i * cols,
                      matrixAt<T>(*v, i), wide, roundingOf(a.dtype), scratch->ptr<T>() + i * room);
    });
  });
  TSC_TRY(checkInfo(cx, name, *info));
  return wide ? Factors(v, s, u) : Factors(u, s, v);
}
} // namespace

Factors tsc::rt::singularFactors(Context &cx, const char *name, const Tensor &a, bool full) {
  Factors f = decompose(cx, name, a, full);
  TSC_TRY(f);
  auto &[u, s, v] = f.values;
  TensorRef vh = adjointCopy(cx, *v);
  TSC_TRY(vh);
  return Factors(toDType(cx, *u, a.dtype), toDType(cx, *s, toReal(a.dtype)),
                 toDType(cx, *vh, a.dtype));
}
TensorRef tsc::rt::singularValues(Context &cx, const char *name, const Tensor &a) {
  Factors f = decompose(cx, name, a, false);
  TSC_TRY(f);
  return toDType(cx, *std::get<1>(f.values), toReal(a.dtype));
}

namespace {
Factors factor(Context &cx, const Tensor &a, bool full, bool vectors) {
  if (vectors)
    return singularFactors(cx, "linalg.svd", a, full);
  TensorRef s = singularValues(cx, "linalg.svd", a);
  int64_t nothing[] = {0};
  return Factors(empty(cx, nothing, a.dtype), s, empty(cx, nothing, a.dtype));
}
Factors factorWithDriver(Context &cx, const Tensor &a, bool full, Optional<StringRef> driver) {
  if (driver)
    return cx.fail("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs");
  return factor(cx, a, full, true);
}
Factors factorHelper(Context &cx, const Tensor &a, bool full, bool vectors,
                     Optional<StringRef> driver) {
  if (driver)
    return cx.fail("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs");
  return factor(cx, a, full, vectors);
}
/// The old form: V instead of its adjoint; without vectors zeros in their place.
Factors factorOld(Context &cx, const Tensor &a, bool some, bool vectors) {
  TSC_TRY(checkMatrices(cx, "svd", a));
  if (!vectors) {
    int64_t m = a.size(-2), n = a.size(-1);
    return Factors(zeros(cx, shapeWith(batchOf(a), m, m), a.dtype),
                   singularValues(cx, "linalg.svd", a),
                   zeros(cx, shapeWith(batchOf(a), n, n), a.dtype));
  }
  Factors f = singularFactors(cx, "linalg.svd", a, !some);
  TSC_TRY(f);
  auto &[u, s, vh] = f.values;
  return Factors(u, s, adjointCopy(cx, *vh));
}
TensorRef valuesOnly(Context &cx, const Tensor &a, Optional<StringRef> driver) {
  if (driver)
    return cx.fail(
        "torch.linalg.svdvals: keyword argument `driver=` is only supported on CUDA inputs");
  return singularValues(cx, "linalg.svdvals", a);
}

/// A = U H: U = W V^H and H = V S V^H of the decomposition W S V^H.
Results<TensorRef, TensorRef> polarFactors(Context &cx, const Tensor &a) {
  TSC_TRY(checkMatrices(cx, "linalg.polar", a));
  if (a.size(-2) < a.size(-1))
    return cx.fail(
        "linalg.polar: expected input with at least as many rows as columns, but got %lld by "
        "%lld matrices",
        static_cast<long long>(a.size(-2)), static_cast<long long>(a.size(-1)));
  Factors f = decompose(cx, "linalg.polar", a, false);
  TSC_TRY(f);
  auto &[w, s, v] = f.values;
  TensorRef vh = adjointCopy(cx, *v);
  TSC_TRY(vh);
  TensorRef u = matmulTensors(cx, *w, *vh);
  TensorRef scale = unsqueeze(cx, *s, s->rank);
  TSC_TRY(u && scale);
  TensorRef scaled = elementwise<kFloat | kComplex, Promote::Keep>(
      cx, "polar", {}, [](auto x, auto y) { return x * y; }, inputs(*vh, *scale));
  TSC_TRY(scaled);
  TensorRef h = matmulTensors(cx, *v, *scaled);
  TSC_TRY(h);
  return {toDType(cx, *u, a.dtype), toDType(cx, *h, a.dtype)};
}

// ---- Least squares
struct Rank {
  double tolerance;
  int64_t of(const double *s, int64_t n) const {
    int64_t rank = 0;
    for (int64_t i = 0; i < n; ++i)
      rank += s[i] > tolerance * s[0];
    return rank;
  }
};
/// x = V S^-1 U^H b over the singular values that count; the squares of what is left of b.
template <class T>
void solveLeast(MatrixView<T> u, const double *s, MatrixView<T> v, int64_t rank, MatrixView<T> b,
                MatrixView<T> x, double *residuals) {
  for (int64_t c = 0; c < b.cols; ++c) {
    for (int64_t i = 0; i < x.rows; ++i)
      x(i, c) = 0;
    for (int64_t k = 0; k < rank; ++k) {
      T along = 0;
      for (int64_t i = 0; i < b.rows; ++i)
        along += times(conjugate(u(i, k)), b(i, c));
      for (int64_t i = 0; i < b.rows; ++i)
        b(i, c) -= times(u(i, k), along);
      for (int64_t i = 0; i < x.rows; ++i)
        x(i, c) += times(v(i, k), along / s[k]);
    }
    residuals[c] = 0;
    for (int64_t i = 0; i < b.rows; ++i)
      residuals[c] += squareSize(b(i, c));
  }
}

Results<TensorRef, TensorRef, TensorRef, TensorRef> leastSquares(Context &cx, const Tensor &a,
                                                                 const Tensor &b,
                                                                 Optional<double> rcond,
                                                                 Optional<StringRef> driverName) {
  const char *name = "torch.linalg.lstsq";
  TSC_TRY(checkMatrices(cx, name, a));
  TSC_TRY(checkMatrixDType(cx, name, b));
  if (a.dtype != b.dtype)
    return cx.fail(
        "%s: Expected input and other to have the same dtype, but got input's dtype %s and "
        "other's dtype %s",
        name, findDType(a.dtype)->graphName, findDType(b.dtype)->graphName);
  StringRef driver = driverName.valueOr(StringRef("gelsy"));
  bool plain = driver == StringRef("gels"), pivoted = driver == StringRef("gelsy");
  if (!plain && !pivoted && !(driver == StringRef("gelsd")) && !(driver == StringRef("gelss")))
    return cx.fail("%s: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)", name);
  bool vectors =
      b.rank == 1 || (a.rank - 1 == b.rank && b.shape() == IntList(a.shape().take(b.rank)));
  TensorRef sides = vectors ? unsqueeze(cx, b, b.rank) : same(b);
  TSC_TRY(sides);
  int64_t m = a.size(-2), n = a.size(-1), least = m < n ? m : n, k = sides->size(-1);
  if (sides->size(-2) != m)
    return cx.fail("%s: input.size(-2) should match other.size(%d)", name, vectors ? -1 : -2);
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(a), batchOf(*sides)));
  TensorRef all = workCopy(cx, a, batch), right = workCopy(cx, *sides, batch);
  TSC_TRY(all && right);
  Factors f = decompose(cx, name, *all, false);
  TSC_TRY(f);
  auto &[u, s, v] = f.values;
  double most = static_cast<double>(m > n ? m : n);
  Rank rule{plain ? 0 : rcond.valueOr(2 * roundingOf(a.dtype) * most)};
  TensorRef x = empty(cx, shapeWith(batch, n, k), all->dtype);
  TensorRef rank = empty(cx, batch, DType::Int64);
  TensorRef residuals = empty(cx, shapeWith(batch, k), DType::Float64);
  TSC_TRY(x && rank && residuals);
  bool fullRank = true;
  withMatrixType(a.dtype, [&]<class T>() {
    for (int64_t i = 0; i < rank->numel; ++i) {
      int64_t r = rule.of(s->ptr<double>() + i * least, least);
      rank->ptr<int64_t>()[i] = r;
      fullRank &= r == n;
      solveLeast(matrixAt<T>(*u, i), s->ptr<double>() + i * least, matrixAt<T>(*v, i), r,
                 matrixAt<T>(*right, i), matrixAt<T>(*x, i), residuals->ptr<double>() + i * k);
    }
  });
  int64_t nothing[] = {0};
  DType real = toReal(a.dtype);
  if (vectors)
    x = squeeze(cx, *x, x->rank - 1);
  TSC_TRY(x);
  bool left = m > n && fullRank && !pivoted;
  return {toDType(cx, *x, a.dtype), left ? toDType(cx, *residuals, real) : empty(cx, nothing, real),
          plain ? empty(cx, nothing, DType::Int64) : rank,
          plain || pivoted ? empty(cx, nothing, real) : toDType(cx, *s, real)};
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_svd, aten_linalg_svd_U, factorWithDriver)
TSC_WITH_OUTPUTS(aten__linalg_svd, aten__linalg_svd_U, factorHelper)
TSC_WITH_OUTPUTS(aten_svd, aten_svd_U, factorOld)
TSC_WITH_OUTPUT(aten_linalg_svdvals, valuesOnly)
TSC_WITH_OUTPUTS(aten_linalg_polar, aten_linalg_polar_out, polarFactors)
TSC_WITH_OUTPUTS(aten_linalg_lstsq, aten_linalg_lstsq_out, leastSquares)
