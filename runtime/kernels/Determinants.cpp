// SPDX-License-Identifier: Apache-2.0
// Determinants and their logarithms, from LU.
#include "LinearAlgebra.h"

using namespace tsc::rt;

namespace {
/// Determinants with what they were made from; `log` splits them into sign and logarithm.
struct Parts {
  TensorRef value, logarithm, lu, pivots;
};
template <class T> struct Factored {
  T product = 1, sign = 1;
  double log = 0;
  void take(T pivot) {
    product = times(product, pivot);
    double size = sizeOf(pivot);
    sign = size == 0 ? T(0) : times(sign, pivot / size);
    log += std::log(size);
  }
};

Result<Parts *> determinants(Context &cx, const char *name, const Tensor &a, bool log, Parts &p) {
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1);
  DType dtype = matrixDType(a.dtype);
  p = {empty(cx, batchOf(a), dtype), empty(cx, batchOf(a), DType::Float64), workCopy(cx, a),
       empty(cx, shapeWith(batchOf(a), n), DType::Int32)};
  TSC_TRY(p.value && p.logarithm && p.lu && p.pivots);
  withMatrixType(a.dtype, [&]<class T>() {
    eachMatrix(cx, p.value->numel, n * n * n, [&](int64_t i) {
      MatrixView<T> lu = matrixAt<T>(*p.lu, i);
      int32_t *pivots = p.pivots->ptr<int32_t>() + i * n;
      (void)factorLu(lu, pivots);
      Factored<T> f;
      for (int64_t k = 0; k < n; ++k) {
        f.take(lu(k, k));
        if (pivots[k] != k + 1)
          f.product = -f.product, f.sign = -f.sign;
      }
      p.value->ptr<T>()[i] = log ? f.sign : f.product;
      p.logarithm->ptr<double>()[i] = f.log;
    });
  });
  p.value = toDType(cx, *p.value, a.dtype);
  p.logarithm = toDType(cx, *p.logarithm, toReal(a.dtype));
  p.lu = toDType(cx, *p.lu, a.dtype);
  TSC_TRY(p.value && p.logarithm && p.lu);
  return &p;
}
TensorRef determinant(Context &cx, const Tensor &a) {
  Parts p;
  TSC_TRY(determinants(cx, "linalg.det", a, false, p));
  return p.value;
}
Results<TensorRef, TensorRef, TensorRef> determinantParts(Context &cx, const Tensor &a) {
  Parts p;
  TSC_TRY(determinants(cx, "linalg.det", a, false, p));
  return {p.value, p.lu, p.pivots};
}
Results<TensorRef, TensorRef> signAndLog(Context &cx, const Tensor &a) {
  Parts p;
  TSC_TRY(determinants(cx, "linalg.slogdet", a, true, p));
  return {p.value, p.logarithm};
}
Results<TensorRef, TensorRef, TensorRef, TensorRef> signAndLogParts(Context &cx, const Tensor &a) {
  Parts p;
  TSC_TRY(determinants(cx, "linalg.slogdet", a, true, p));
  return {p.value, p.logarithm, p.lu, p.pivots};
}
TensorRef logarithm(Context &cx, const Tensor &a) {
  Parts p;
  TSC_TRY(determinants(cx, "logdet", a, true, p));
  if (a.isComplex())
    return elementwise<kComplex, Promote::Keep>(
        cx, "logdet", {}, [](auto sign, auto log) { return std::log(sign) + log; },
        inputs(*p.value, *p.logarithm));
  return elementwise<kFloat, Promote::Keep>(
      cx, "logdet", {},
      [](auto sign, auto log) { return sign < 0 ? static_cast<decltype(log)>(NAN) : log; },
      inputs(*p.value, *p.logarithm));
}
} // namespace

TSC_WITH_OUTPUT(aten_linalg_det, determinant)
TSC_KERNEL(aten_det, determinant)
TSC_WITH_OUTPUTS(aten__linalg_det, aten__linalg_det_result, determinantParts)
TSC_WITH_OUTPUTS(aten_linalg_slogdet, aten_linalg_slogdet_out, signAndLog)
TSC_WITH_OUTPUTS(aten_slogdet, aten_slogdet_out, signAndLog)
TSC_WITH_OUTPUTS(aten__linalg_slogdet, aten__linalg_slogdet_sign, signAndLogParts)
TSC_KERNEL(aten_logdet, logarithm)
