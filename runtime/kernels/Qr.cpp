// SPDX-License-Identifier: Apache-2.0
// QR by Householder reflections, stored as LAPACK stores it: R in the upper triangle, the vectors
// below it, their factors in tau.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace tsc::rt {
template <class T> T makeReflector(MatrixView<T> a, int64_t at) {
  double below = 0;
  for (int64_t i = at + 1; i < a.rows; ++i)
    below = std::hypot(below, sizeOf(a(i, at)));
  T alpha = a(at, at);
  if (below == 0 && alpha == T(realPart(alpha)))
    return T(0);
  double beta = -std::copysign(std::hypot(sizeOf(alpha), below), realPart(alpha));
  for (int64_t i = at + 1; i < a.rows; ++i)
    a(i, at) = a(i, at) / (alpha - beta);
  a(at, at) = beta;
  return (beta - alpha) / beta;
}

template <class T> void applyReflector(MatrixView<T> a, int64_t at, T tau, MatrixView<T> c) {
  if (tau == T(0))
    return;
  for (int64_t j = 0; j < c.cols; ++j) {
    T sum = c(at, j);
    for (int64_t i = at + 1; i < a.rows; ++i)
      sum += times(conjugate(a(i, at)), c(i, j));
    sum = times(sum, tau);
    c(at, j) -= sum;
    for (int64_t i = at + 1; i < a.rows; ++i)
      c(i, j) -= times(a(i, at), sum);
  }
}

template <class T> void factorQr(MatrixView<T> a, T *tau) {
  int64_t steps = a.rows < a.cols ? a.rows : a.cols;
  for (int64_t k = 0; k < steps; ++k) {
    tau[k] = makeReflector(a, k);
    applyReflector(a, k, conjugate(tau[k]), a.block(0, k + 1, a.rows, a.cols - k - 1));
  }
}

template <class T> void expandQ(MatrixView<T> a, const T *tau, int64_t count) {
  // From the last reflection to the first, each column being overwritten once its vector was used.
  for (int64_t j = count; j < a.cols; ++j)
    for (int64_t i = 0; i < a.rows; ++i)
      a(i, j) = i == j ? T(1) : T(0);
  for (int64_t k = count - 1; k >= 0; --k) {
    applyReflector(a, k, tau[k], a.block(0, k + 1, a.rows, a.cols - k - 1));
    for (int64_t i = 0; i < a.rows; ++i)
      a(i, k) = i < k ? T(0) : i == k ? T(1) - tau[k] : -times(tau[k], a(i, k));
  }
}

#define TSC_INSTANTIATE(T)                                                                         \
  template T makeReflector<T>(MatrixView<T>, int64_t);                                             \
  template void applyReflector<T>(MatrixView<T>, int64_t, T, MatrixView<T>);                       \
  template void factorQr<T>(MatrixView<T>, T *);                                                   \
  template void expandQ<T>(MatrixView<T>, const T *, int64_t);
TSC_INSTANTIATE(double)
TSC_INSTANTIATE(Complex)
#undef TSC_INSTANTIATE
} // namespace tsc::rt

namespace {
using Pair = Results<TensorRef, TensorRef>;

/// The packed factors and tau, in the dtype of computation.
Pair factorStack(Context &cx, const Tensor &a) {
  int64_t rows = a.size(-2), cols = a.size(-1), steps = rows < cols ? rows : cols;
  TensorRef qr = workCopy(cx, a),
            tau = empty(cx, shapeWith(batchOf(a), steps), matrixDType(a.dtype));
  TSC_TRY(qr && tau);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batchOf(a)), rows * cols * steps,
               [&](int64_t i) { factorQr(matrixAt<T>(*qr, i), tau->ptr<T>() + i * steps); });
  });
  return {qr, tau};
}
Pair factorPacked(Context &cx, const Tensor &a) {
  TSC_TRY(checkMatrices(cx, "geqrf", a));
  Pair f = factorStack(cx, a);
  TSC_TRY(f);
  auto &[qr, tau] = f.values;
  return {toDType(cx, *qr, a.dtype), toDType(cx, *tau, a.dtype)};
}

/// The upper triangle of the first `rows` rows.
TensorRef upperPart(Context &cx, const Tensor &qr, int64_t rows) {
  TensorRef top = narrow(cx, qr, qr.rank - 2, 0, rows);
  TSC_TRY(top);
  TensorRef r = workCopy(cx, *top);
  TSC_TRY(r);
  withMatrixType(qr.dtype, [&]<class T>() {
    for (int64_t b = 0, count = countOf(batchOf(qr)); b < count; ++b)
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < i && j < r->size(-1); ++j)
          matrixAt<T>(*r, b)(i, j) = 0;
  });
  return r;
}
/// Q with `cols` columns.
TensorRef orthogonalPart(Context &cx, const Tensor &qr, const Tensor &tau, int64_t cols) {
  int64_t rows = qr.size(-2), steps = tau.size(-1);
  TensorRef q = zeros(cx, shapeWith(batchOf(qr), rows, cols), qr.dtype);
  TSC_TRY(q);
  int64_t shared = cols < qr.size(-1) ? cols : qr.size(-1);
  TensorRef from = narrow(cx, qr, qr.rank - 1, 0, shared);
  TensorRef to = narrow(cx, *q, q->rank - 1, 0, shared);
  TSC_TRY(from && to);
  TSC_TRY(copyInto(cx, *to, *from));
  withMatrixType(qr.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batchOf(qr)), rows * cols * cols,
               [&](int64_t i) { expandQ(matrixAt<T>(*q, i), tau.ptr<T>() + i * steps, steps); });
  });
  return q;
}
Pair factorUnpacked(Context &cx, const Tensor &a, StringRef mode) {
  TSC_TRY(checkMatrices(cx, "linalg.qr", a));
  bool complete = mode == StringRef("complete"), onlyR = mode == StringRef("r");
  if (!complete && !onlyR && !(mode == StringRef("reduced")))
    return cx.fail("qr received unrecognized mode '%.*s' but expected one of 'reduced' (default), "
                   "'r', or 'complete'",
                   static_cast<int>(mode.size()), mode.data());
  int64_t rows = a.size(-2), cols = a.size(-1), steps = rows < cols ? rows : cols;
  Pair f = factorStack(cx, a);
  TSC_TRY(f);
  auto &[qr, tau] = f.values;
  int64_t nothing[] = {0}, inner = complete ? rows : steps;
  TensorRef q = onlyR ? empty(cx, nothing, a.dtype) : orthogonalPart(cx, *qr, *tau, inner);
  TensorRef r = upperPart(cx, *qr, inner);
  TSC_TRY(q && r);
  return {toDType(cx, *q, a.dtype), toDType(cx, *r, a.dtype)};
}

Status checkTau(Context &cx, const char *name, const Tensor &a, const Tensor &tau) {
  TSC_TRY(checkMatrices(cx, name, a));
  if (tau.dtype != a.dtype)
    return cx.fail("%s: tau dtype %s does not match input dtype %s", name,
                   findDType(tau.dtype)->graphName, findDType(a.dtype)->graphName);
  if (tau.rank != a.rank - 1 || !(batchOf(tau, 1) == batchOf(a)))
    return cx.fail(
        "%s: Expected batch dimensions of tau to be equal to input.shape[:-2], but got %s", name,
        ShapeText(tau.shape()).text);
  return success();
}
TensorRef householderProduct(Context &cx, const Tensor &a, const Tensor &tau) {
  const char *name = "torch.linalg.householder_product";
  TSC_TRY(checkTau(cx, name, a, tau));
  if (a.size(-2) < a.size(-1))
    return cx.fail("%s: input.shape[-2] must be greater than or equal to input.shape[-1]", name);
  if (tau.size(-1) > a.size(-1))
    return cx.fail("%s: input.shape[-1] must be greater than or equal to tau.shape[-1]", name);
  TensorRef work = workCopy(cx, a), factors = contiguousAs(cx, tau, matrixDType(a.dtype));
  TSC_TRY(work && factors);
  TensorRef q = orthogonalPart(cx, *work, *factors, a.size(-1));
  TSC_TRY(q);
  return toDType(cx, *q, a.dtype);
}
/// Q C, Q^H C, C Q or C Q^H for Q the product of reflections.
TensorRef multiplyByQ(Context &cx, const Tensor &a, const Tensor &tau, const Tensor &other,
                      bool left, bool adjoint) {
  const char *name = "torch.ormqr";
  TSC_TRY(checkTau(cx, name, a, tau));
  TSC_TRY(checkMatrices(cx, name, other));
  TSC_TRY(checkSameMatrixDType(cx, name, a, other));
  if (!(batchOf(a) == batchOf(other)))
    return cx.fail(
        "%s: Expected batch dimensions of other to be equal to input.shape[:-2], but got %s", name,
        ShapeText(batchOf(other)).text);
  int64_t order = other.size(left ? -2 : -1), steps = tau.size(-1);
  if (a.size(-2) != order || steps > a.size(-1) || steps > order)
    return cx.fail(
        "%s: other.shape[%d] must be equal to input.shape[-2], and greater than or equal to "
        "tau.shape[-1]",
        name, left ? -2 : -1);
  TensorRef vectors = workCopy(cx, a), factors = contiguousAs(cx, tau, matrixDType(a.dtype));
  TensorRef c = left ? workCopy(cx, other) : adjointCopy(cx, other);
  TSC_TRY(vectors && factors && c);
  c = left ? c : workCopy(cx, *c);
  TSC_TRY(c);
  // C Q is (Q^H C^H)^H.
  bool backwards = left == !adjoint;
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, countOf(batchOf(a)), c->size(-1) * order * steps, [&](int64_t i) {
      const T *f = factors->ptr<T>() + i * steps;
      for (int64_t s = 0; s < steps; ++s) {
        int64_t k = backwards ? steps - 1 - s : s;
        applyReflector(matrixAt<T>(*vectors, i), k, backwards ? f[k] : conjugate(f[k]),
                       matrixAt<T>(*c, i));
      }
    });
  });
  if (!left)
    c = adjointCopy(cx, *c);
  TSC_TRY(c);
  return toDType(cx, *c, other.dtype);
}
} // namespace

TSC_WITH_OUTPUTS(aten_geqrf, aten_geqrf_a, factorPacked)
TSC_WITH_OUTPUTS(aten_linalg_qr, aten_linalg_qr_out, factorUnpacked)
TSC_WITH_OUTPUT(aten_linalg_householder_product, householderProduct)
TSC_WITH_OUTPUT(aten_orgqr, householderProduct)
TSC_WITH_OUTPUT(aten_ormqr, multiplyByQ)
