// SPDX-License-Identifier: Apache-2.0
// Solutions of linear systems by LU: solve, lu_solve, inverses, tensorsolve, tensorinv and powers
// of matrices.
#include "Contract.h"
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
using Solution = Results<TensorRef, TensorRef, TensorRef, TensorRef>;

/// Solves op(A) X = B in place for stacks of the same batch; `left` false: X op(A) = B.
void solveStack(Context &cx, const Tensor &lu, const Tensor &pivots, Tensor &b, bool left,
                bool adjoint) {
  int64_t n = lu.size(-1), count = countOf(batchOf(b));
  int64_t sharedLu = countOf(batchOf(lu)) == 1 && count > 1 ? 0 : 1;
  withMatrixType(lu.dtype, [&]<class T>() {
    eachMatrix(cx, count, n * b.size(-1) * b.size(-2), [&](int64_t i) {
      MatrixView<T> right = matrixAt<T>(b, i);
      // X op(A) = B is op(A)^T X^T = B^T; conjugating both sides makes it op(A)^H.
      if (!left)
        for (int64_t r = 0; r < right.rows; ++r)
          for (int64_t c = 0; c < right.cols; ++c)
            right(r, c) = conjugate(right(r, c));
      solveLu(matrixAt<T>(lu, i * sharedLu), pivots.ptr<int32_t>() + i * sharedLu * n,
              left ? right : right.transposed(), left ? adjoint : !adjoint);
      if (!left)
        for (int64_t r = 0; r < right.rows; ++r)
          for (int64_t c = 0; c < right.cols; ++c)
            right(r, c) = conjugate(right(r, c));
    });
  });
}
Status factorStack(Context &cx, Tensor &lu, Tensor &pivots, Tensor &info) {
  int64_t n = lu.size(-1);
  withMatrixType(lu.dtype, [&]<class T>() {
    eachMatrix(cx, info.numel, n * n * n, [&](int64_t i) {
      info.ptr<int32_t>()[i] = factorLu(matrixAt<T>(lu, i), pivots.ptr<int32_t>() + i * n);
    });
  });
  return success();
}
Status checkRightSide(Context &cx, const char *name, const Tensor &a, const Tensor &b, bool left) {
  if (b.rank < 2)
    return cx.fail("%s: B must have at least 2 dimensions", name);
  if (a.size(-1) != b.size(left ? -2 : -1))
    return cx.fail(
        "%s: Incompatible shapes of A and B for the equation %s (%lldx%lld and %lldx%lld)", name,
        left ? "AX = B" : "XA = B", static_cast<long long>(a.size(-2)),
        static_cast<long long>(a.size(-1)), static_cast<long long>(b.size(-2)),
        static_cast<long long>(b.size(-1)));
  return success();
}
/// Is B a stack of vectors, one for each matrix of A?
bool isVectorSide(const Tensor &a, const Tensor &b) {
  return b.rank == 1 || (a.rank - 1 == b.rank && b.shape() == IntList(a.shape().take(a.rank - 1)));
}

Solution solveSystem(Context &cx, const Tensor &a, const Tensor &b, bool left, bool checkErrors) {
  const char *name = "torch.linalg.solve";
  TSC_TRY(checkSquare(cx, "linalg.solve", a));
  TSC_TRY(checkSameMatrixDType(cx, "linalg.solve", a, b));
  bool vectors = isVectorSide(a, b);
  TensorRef wide = vectors ? unsqueeze(cx, b, b.rank) : same(b);
  TSC_TRY(wide);
  if (vectors && !left)
    return cx.fail("linalg.solve: Vector broadcasting of the left hand side is not supported for "
                   "left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)");
  TSC_TRY(checkRightSide(cx, "linalg.solve", a, *wide, left));
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(a), batchOf(*wide)));
  TensorRef lu = workCopy(cx, a), x = workCopy(cx, *wide, batch),
            pivots = empty(cx, shapeWith(batchOf(a), a.size(-1)), DType::Int32),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(lu && x && pivots && info);
  TSC_TRY(factorStack(cx, *lu, *pivots, *info));
  if (checkErrors)
    TSC_TRY(checkInfo(cx, name, *info));
  if (IntList(batch) == batchOf(a) || countOf(batchOf(a)) == 1) {
    solveStack(cx, *lu, *pivots, *x, left, false);
  } else {
    TensorRef allLu = workCopy(cx, *lu, batch);
    TensorRef allPivots = expand(cx, *pivots, shapeWith(batch, a.size(-1)));
    TSC_TRY(allLu && allPivots);
    allPivots = contiguous(cx, *allPivots);
    TSC_TRY(allPivots);
    solveStack(cx, *allLu, *allPivots, *x, left, false);
  }
  if (vectors)
    x = squeeze(cx, *x, x->rank - 1);
  TSC_TRY(x);
  return Solution(toDType(cx, *x, a.dtype), toDType(cx, *lu, a.dtype), pivots, info);
}
Solution solveHelper(Context &cx, const Tensor &a, const Tensor &b, bool left, bool checkErrors) {
  return solveSystem(cx, a, b, left, checkErrors);
}
Results<TensorRef, TensorRef> solveWithInfo(Context &cx, const Tensor &a, const Tensor &b,
                                            bool left, bool checkErrors) {
  Solution s = solveSystem(cx, a, b, left, checkErrors);
  TSC_TRY(s);
  auto &[x, lu, pivots, info] = s.values;
  return {x, info};
}
TensorRef solvePlain(Context &cx, const Tensor &a, const Tensor &b, bool left) {
  Solution s = solveSystem(cx, a, b, left, true);
  TSC_TRY(s);
  return std::get<0>(s.values);
}

TensorRef solveFactored(Context &cx, const Tensor &lu, const Tensor &pivots, const Tensor &b,
                        bool left, bool adjoint) {
  const char *name = "torch.linalg.lu_solve";
  TSC_TRY(checkSquare(cx, name, lu));
  TSC_TRY(checkSameMatrixDType(cx, name, lu, b));
  if (pivots.dtype != DType::Int32)
    return cx.fail("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32");
  TSC_TRY(checkRightSide(cx, name, lu, b, left));
  if (pivots.rank < 1 || !(pivots.shape() == IntList(lu.shape().take(lu.rank - 1))))
    return cx.fail("linalg.lu_solve: Number of pivots per batch should be same as the dimension of "
                   "the matrix");
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, batchOf(lu), batchOf(b)));
  TensorRef work = workCopy(cx, lu, batch), x = workCopy(cx, b, batch),
            all = expand(cx, pivots, shapeWith(batch, lu.size(-1)));
  TSC_TRY(work && x && all);
  all = contiguous(cx, *all);
  TSC_TRY(all);
  for (int64_t i = 0, n = lu.size(-1); i < all->numel; ++i)
    if (all->ptr<int32_t>()[i] < 1 || all->ptr<int32_t>()[i] > n)
      return cx.fail("linalg.lu_solve: pivots must be between 1 and %lld",
                     static_cast<long long>(n));
  solveStack(cx, *work, *all, *x, left, adjoint);
  return toDType(cx, *x, lu.dtype);
}
TensorRef solveFactoredOld(Context &cx, const Tensor &b, const Tensor &lu, const Tensor &pivots) {
  return solveFactored(cx, lu, pivots, b, true, false);
}

Results<TensorRef, TensorRef> invertWithInfo(Context &cx, const Tensor &a, bool checkErrors) {
  const char *name = "linalg.inv";
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1);
  TensorRef lu = workCopy(cx, a), x = zeros(cx, a.shape(), matrixDType(a.dtype)),
            pivots = empty(cx, shapeWith(batchOf(a), n), DType::Int32),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(lu && x && pivots && info);
  TSC_TRY(factorStack(cx, *lu, *pivots, *info));
  if (checkErrors)
    TSC_TRY(checkInfo(cx, name, *info));
  withMatrixType(a.dtype, [&]<class T>() {
    for (int64_t i = 0; i < info->numel; ++i)
      for (int64_t k = 0; k < n; ++k)
        matrixAt<T>(*x, i)(k, k) = 1;
  });
  solveStack(cx, *lu, *pivots, *x, true, false);
  return {toDType(cx, *x, a.dtype), info};
}
TensorRef invert(Context &cx, const Tensor &a) { return invertMatrices(cx, "linalg.inv", a); }
TensorRef invertOld(Context &cx, const Tensor &a) { return invertMatrices(cx, "linalg.inv", a); }

// ---- Tensors as matrices
TensorRef invertTensor(Context &cx, const Tensor &self, int64_t ind) {
  if (ind <= 0)
    return cx.fail("Expected a strictly positive integer for 'ind'");
  int64_t split = ind < self.rank ? ind : self.rank;
  int64_t front = countOf(self.shape().take(split)), back = countOf(self.shape().drop(split));
  if (front != back)
    return cx.fail("Expected self to satisfy the requirement prod(self.shape[ind:]) == "
                   "prod(self.shape[:ind]), but got %lld != %lld",
                   static_cast<long long>(back), static_cast<long long>(front));
  TensorRef matrix = reshape(cx, self, Shape::of(back, back));
  TSC_TRY(matrix);
  TensorRef inverse = invertMatrices(cx, "linalg.inv", *matrix);
  TSC_TRY(inverse);
  Shape sizes(self.shape().drop(split));
  for (int64_t s : self.shape().take(split))
    sizes.push(s);
  return reshape(cx, *inverse, sizes);
}
TensorRef solveTensor(Context &cx, const Tensor &self, const Tensor &other,
                      Optional<IntList> dims) {
  TensorRef moved = same(self);
  if (dims) {
    bool taken[kMaxRank] = {};
    Shape order, last;
    for (int64_t dim : *dims) {
      TSC_ASSIGN(int64_t d, wrapDim(cx, dim, self.rank));
      if (taken[d])
        return cx.fail("movedim: repeated dim in `source`");
      taken[d] = true;
      last.push(d);
    }
    for (int64_t d = 0; d < self.rank; ++d)
      if (!taken[d])
        order.push(d);
    for (int64_t d : last)
      order.push(d);
    moved = permute(cx, self, order);
    TSC_TRY(moved);
  }
  if (moved->rank < other.rank)
    return cx.fail("linalg.tensorsolve: Expected self to have at least as many dims as other");
  IntList rest = moved->shape().drop(other.rank);
  int64_t n = countOf(rest);
  if (n != other.numel)
    return cx.fail("Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
                   "prod(self.shape[:other.ndim]), but got %lld != %lld",
                   static_cast<long long>(n), static_cast<long long>(other.numel));
  TensorRef matrix = reshape(cx, *moved, Shape::of(n, n)), right = reshape(cx, other, Shape::of(n));
  TSC_TRY(matrix && right);
  TensorRef x = solvePlain(cx, *matrix, *right, true);
  TSC_TRY(x);
  return reshape(cx, *x, rest);
}

/// Powers by squaring; of no power the identity.
TensorRef matrixPower(Context &cx, const Tensor &self, int64_t n) {
  if (self.rank < 2)
    return cx.fail("linalg.matrix_power: The input tensor A must have at least 2 dimensions.");
  if (self.size(-1) != self.size(-2))
    return cx.fail(
        "linalg.matrix_power: A must be batches of square matrices, but they are %lld by "
        "%lld matrices",
        static_cast<long long>(self.size(-2)), static_cast<long long>(self.size(-1)));
  TensorRef base = n < 0 ? invertMatrices(cx, "linalg.inv", self) : same(self);
  TSC_TRY(base);
  uint64_t left = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  if (left == 0) {
    TensorRef out = zeros(cx, self.shape(), self.dtype);
    TSC_TRY(out);
    TensorRef diagonal = asStrided(cx, *out, IntList(out->shape().take(out->rank - 1)), [&] {
      Shape s(out->stridesList().take(out->rank - 1));
      s[s.size() - 1] += 1;
      return s;
    }());
    TSC_TRY(diagonal && fill(cx, *diagonal, Scalar(1)));
    return out;
  }
  TensorRef result;
  for (;; left >>= 1) {
    if (left & 1)
      result = result ? matmulTensors(cx, *result, *base) : base;
    TSC_TRY(result || !(left & 1));
    if (left <= 1)
      break;
    base = matmulTensors(cx, *base, *base);
    TSC_TRY(base);
  }
  return result.get() == &self ? clone(cx, self) : result;
}
} // namespace

TensorRef tsc::rt::invertMatrices(Context &cx, const char *name, const Tensor &a) {
  TSC_TRY(checkSquare(cx, name, a));
  auto r = invertWithInfo(cx, a, true);
  TSC_TRY(r);
  return std::get<0>(r.values);
}

TSC_WITH_OUTPUTS(aten_linalg_solve_ex, aten_linalg_solve_ex_out, solveWithInfo)
TSC_WITH_OUTPUTS(aten__linalg_solve_ex, aten__linalg_solve_ex_result, solveHelper)
TSC_WITH_OUTPUT(aten_linalg_solve, solvePlain)
TSC_WITH_OUTPUT(aten_linalg_lu_solve, solveFactored)
TSC_WITH_OUTPUT(aten_lu_solve, solveFactoredOld)
TSC_WITH_OUTPUTS(aten_linalg_inv_ex, aten_linalg_inv_ex_inverse, invertWithInfo)
TSC_WITH_OUTPUT(aten_linalg_inv, invert)
TSC_WITH_OUTPUT(aten_inverse, invertOld)
TSC_WITH_OUTPUT(aten_linalg_tensorinv, invertTensor)
TSC_WITH_OUTPUT(aten_linalg_tensorsolve, solveTensor)
TSC_WITH_OUTPUT(aten_linalg_matrix_power, matrixPower)
TSC_WITH_OUTPUT(aten_matrix_power, matrixPower)
