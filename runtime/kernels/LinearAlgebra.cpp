// SPDX-License-Identifier: Apache-2.0
// The checks and copies that all operators of linear algebra start with.
#include "LinearAlgebra.h"

using namespace tsc::rt;

Status tsc::rt::checkMatrixDType(Context &cx, const char *name, const Tensor &t) {
  if (!t.isFloating() && !t.isComplex())
    return cx.fail("%s: Expected a floating point or complex tensor as input. Got %s", name,
                   findDType(t.dtype)->graphName);
  if (t.dtype != DType::Float32 && t.dtype != DType::Float64 && t.dtype != DType::Complex64 &&
      t.dtype != DType::Complex128)
    return cx.fail("%s: Low precision dtypes not supported. Got %s", name,
                   findDType(t.dtype)->graphName);
  return success();
}

Status tsc::rt::checkMatrices(Context &cx, const char *name, const Tensor &t) {
  if (t.rank < 2)
    return cx.fail("%s: The input tensor A must have at least 2 dimensions.", name);
  return checkMatrixDType(cx, name, t);
}

Status tsc::rt::checkSquare(Context &cx, const char *name, const Tensor &t) {
  TSC_TRY(checkMatrices(cx, name, t));
  if (t.size(-1) != t.size(-2))
    return cx.fail("%s: A must be batches of square matrices, but they are %lld by %lld matrices",
                   name, static_cast<long long>(t.size(-2)), static_cast<long long>(t.size(-1)));
  return success();
}

Status tsc::rt::checkSameMatrixDType(Context &cx, const char *name, const Tensor &a,
                                     const Tensor &b) {
  if (a.dtype != b.dtype)
    return cx.fail("%s: Expected A and B to have the same dtype, but found A of type %s and B of "
                   "type %s instead",
                   name, findDType(a.dtype)->graphName, findDType(b.dtype)->graphName);
  return success();
}

Shape tsc::rt::shapeWith(IntList batch, int64_t rows, int64_t cols) {
  Shape s(batch);
  s.push(rows), s.push(cols);
  return s;
}
Shape tsc::rt::shapeWith(IntList batch, int64_t size) {
  Shape s(batch);
  s.push(size);
  return s;
}

TensorRef tsc::rt::workCopy(Context &cx, const Tensor &t, IntList batch) {
  TensorRef out = empty(cx, shapeWith(batch, t.size(-2), t.size(-1)), matrixDType(t.dtype));
  TSC_TRY(out);
  TSC_TRY(copyInto(cx, *out, t));
  return out;
}
TensorRef tsc::rt::workCopy(Context &cx, const Tensor &t) { return workCopy(cx, t, batchOf(t)); }

TensorRef tsc::rt::adjointCopy(Context &cx, const Tensor &t) {
  TensorRef turned = transpose(cx, t, t.rank - 2, t.rank - 1);
  TSC_TRY(turned);
  TensorRef out = clone(cx, *turned, MemoryFormat::Contiguous);
  TSC_TRY(out);
  if (!t.isComplex())
    return out;
  return elementwise<kComplex, Promote::Keep>(
      cx, "adjoint", {}, [](auto x) { return std::conj(x); }, inputs(*out));
}

/// What a factorization that did not succeed says of itself.
static const char *explain(const char *name) {
  StringRef n(name);
  if (n == StringRef("linalg.inv"))
    return "The diagonal element %lld is zero, the inversion could not be completed because the "
           "input matrix is singular.";
  if (n == StringRef("linalg.solve") || n == StringRef("torch.linalg.solve"))
    return "The solver failed because the input matrix is singular.";
  if (n == StringRef("linalg.cholesky"))
    return "The factorization could not be completed because the input is not positive-definite "
           "(the leading minor of order %lld is not positive-definite).";
  if (n == StringRef("linalg.lu_factor"))
    return "U[%lld,%lld] is zero and using it on lu_solve would result in a division by zero. If "
           "you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
           "linalg.lu_factor_ex(A, pivot)";
  return "The algorithm failed to converge (error code: %lld).";
}

Status tsc::rt::checkInfo(Context &cx, const char *name, const Tensor &info) {
  const int32_t *codes = info.ptr<int32_t>();
  for (int64_t i = 0; i < info.numel; ++i) {
    if (codes[i] == 0)
      continue;
    char where[64] = "";
    if (info.rank > 0)
      std::snprintf(where, sizeof where, "(Batch element %lld): ", static_cast<long long>(i));
    char why[400];
    long long code = codes[i];
    std::snprintf(why, sizeof why, explain(name), code, code);
    return cx.raise("LinAlgError", "%s: %s%s", name, where, why);
  }
  return success();
}

/// Fails as the operator `name` does when a factorization with this info did not succeed.
static Status checkErrors(Context &cx, const Tensor &info, StringRef name, bool) {
  char text[128];
  std::snprintf(text, sizeof text, "%.*s", static_cast<int>(name.size()), name.data());
  TensorRef codes = contiguousAs(cx, info, DType::Int32);
  TSC_TRY(codes);
  return checkInfo(cx, text, *codes);
}
TSC_KERNEL(aten__linalg_check_errors, checkErrors)
