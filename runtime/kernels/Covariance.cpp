// SPDX-License-Identifier: Apache-2.0
// cov and corrcoef of variables (rows) over observations (columns).
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
/// Weights of the observations in double; null for a tensor that is not given.
Status readWeights(Context &cx, const char *what, OptTensor weights, int64_t count, bool integral,
                   TensorRef &out) {
  if (!weights)
    return success();
  if (weights->rank > 1)
    return cx.fail("cov(): expected %s to have one or fewer dimensions but got %s with %lld "
                   "dimensions",
                   what, what, static_cast<long long>(weights->rank));
  if (integral ? !weights->isIntegral(false) : !weights->isFloating())
    return cx.fail("cov(): expected %s to have %s dtype but got %s with %s dtype", what,
                   integral ? "integral" : "floating point", what,
                   findDType(weights->dtype)->graphName);
  if (weights->numel != count)
    return cx.fail(
        "cov(): expected %s to have the same numel as there are observations in the input "
        "but got %lld != %lld",
        what, static_cast<long long>(weights->numel), static_cast<long long>(count));
  out = contiguousAs(cx, *weights, DType::Float64);
  TSC_TRY(out);
  for (int64_t i = 0; i < count; ++i)
    if (out->ptr<double>()[i] < 0)
      return cx.fail("cov(): %s cannot be negative", what);
  return success();
}

/// Subtracts the weighted means of the rows, and writes the products' sums over `norm`.
template <class T>
void covariances(MatrixView<T> x, const double *w, double total, double norm, MatrixView<T> out) {
  for (int64_t i = 0; i < x.rows; ++i) {
    T mean = 0;
    for (int64_t k = 0; k < x.cols; ++k)
      mean += x(i, k) * w[k];
    mean = mean / total;
    for (int64_t k = 0; k < x.cols; ++k)
      x(i, k) -= mean;
  }
  for (int64_t i = 0; i < x.rows; ++i)
    for (int64_t j = 0; j < x.rows; ++j) {
      T sum = 0;
      for (int64_t k = 0; k < x.cols; ++k)
        sum += times(x(i, k), conjugate(x(j, k))) * w[k];
      out(i, j) = sum / norm;
    }
}

TensorRef covariance(Context &cx, const Tensor &self, int64_t correction, OptTensor fweights,
                     OptTensor aweights) {
  if (self.rank > 2)
    return cx.fail(
        "cov(): expected input to have two or fewer dimensions but got an input with %lld "
        "dimensions",
        static_cast<long long>(self.rank));
  if (self.isBool())
    return cx.fail("cov(): bool dtype is not supported for input");
  int64_t rows = self.rank < 2 ? 1 : self.sizes[0],
          cols = self.rank < 2 ? self.numel : self.sizes[1];
  TensorRef frequencies, importances;
  TSC_TRY(readWeights(cx, "fweights", fweights, cols, true, frequencies));
  TSC_TRY(readWeights(cx, "aweights", aweights, cols, false, importances));
  Vector<double> w;
  TSC_TRY(w.resize(cx, cols, 1));
  double total = 0, squares = 0;
  for (int64_t k = 0; k < cols; ++k) {
    double importance = importances ? importances->ptr<double>()[k] : 1;
    w[k] = (frequencies ? frequencies->ptr<double>()[k] : 1) * importance;
    total += w[k], squares += w[k] * importance;
  }
  if ((frequencies || importances) && cols > 0 && total == 0)
    return cx.fail("cov(): weights sum to zero, can't be normalized");
  double correct = static_cast<double>(correction);
  double norm =
      importances && correction != 0 ? total - correct * squares / total : total - correct;
  norm = norm <= 0 ? 0 : norm;

  DType dtype = tsc::isIntegral(self.dtype, true) ? cx.defaultDType : self.dtype;
  if (importances)
    dtype = promoteTypes(dtype, aweights->dtype);
  TensorRef flat = reshape(cx, self, Shape::of(rows, cols));
  TensorRef out = empty(cx, Shape::of(rows, rows), matrixDType(dtype));
  TSC_TRY(flat && out);
  TensorRef work = empty(cx, flat->shape(), matrixDType(dtype));
  TSC_TRY(work && copyInto(cx, *work, *flat));
  withMatrixType(dtype, [&]<class T>() {
    covariances(matrixAt<T>(*work, 0), w.data(), total, norm, matrixAt<T>(*out, 0));
  });
  if (rows == 1)
    out = reshape(cx, *out, IntList());
  TSC_TRY(out);
  return toDType(cx, *out, dtype);
}

double clipped(double x) { return x < -1 ? -1 : x > 1 ? 1 : x; }
Complex clipped(Complex x) { return {clipped(x.real()), clipped(x.imag())}; }

TensorRef correlation(Context &cx, const Tensor &self) {
  if (self.rank > 2)
    return cx.fail(
        "corrcoef(): expected input to have two or fewer dimensions but got an input with "
        "%lld dimensions",
        static_cast<long long>(self.rank));
  TensorRef c = covariance(cx, self, 1, OptTensor(), OptTensor());
  TSC_TRY(c);
  DType dtype = c->dtype;
  if (c->rank == 0)
    return elementwise<kFloat | kComplex, Promote::Keep>(
        cx, "corrcoef", {}, [](auto x) { return x / x; }, inputs(*c));
  TensorRef work = workCopy(cx, *c);
  TSC_TRY(work);
  withMatrixType(dtype, [&]<class T>() {
    MatrixView<T> m = matrixAt<T>(*work, 0);
    auto at = [&](int64_t i, int64_t j) {
      return clipped(T(m(i, j) / std::sqrt(realPart(m(i, i))) / std::sqrt(realPart(m(j, j)))));
    };
    for (int64_t i = 0; i < m.rows; ++i)
      for (int64_t j = 0; j < m.rows; ++j)
        if (i != j)
          m(i, j) = at(i, j);
    for (int64_t i = 0; i < m.rows; ++i)
      m(i, i) = at(i, i);
  });
  return toDType(cx, *work, dtype);
}
} // namespace

TSC_KERNEL(aten_cov, covariance)
TSC_KERNEL(aten_corrcoef, correlation)
