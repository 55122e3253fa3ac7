// SPDX-License-Identifier: Apache-2.0
// The operators that are matrix products: mm, bmm, matmul, linear, and the add... forms of them.
#include "Contract.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
bool isZeroScale(const Scalar &s) { return s.isZero(); }

/// A new tensor of these sizes that holds `self` broadcast, unless beta makes it count for nothing.
TensorRef startOf(Context &cx, const char *name, const Tensor &self, IntList sizes, DType dtype,
                  const Scalar &beta) {
  if (self.dtype != dtype)
    return cx.fail("%s: self and mat2 must have the same dtype, but got %s and %s", name,
                   findDType(self.dtype)->graphName, findDType(dtype)->graphName);
  TensorRef wideSelf = expand(cx, self, sizes);
  TSC_TRY(wideSelf);
  TensorRef out = empty(cx, sizes, dtype);
  TSC_TRY(out);
  if (!isZeroScale(beta))
    TSC_TRY(copyInto(cx, *out, *wideSelf));
  return out;
}
TensorRef asBatch(Context &cx, const Tensor &matrix) { return unsqueeze(cx, matrix, 0); }

/// beta * self + alpha * a b.
TensorRef addMatrices(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b,
                      Scalar beta, Scalar alpha) {
  if (a.rank != 2 || b.rank != 2)
    return cx.fail("%s must be a matrix, got %lld-D tensor", a.rank != 2 ? "mat1" : "mat2",
                   wide(a.rank != 2 ? a.rank : b.rank));
  if (a.sizes[1] != b.sizes[0])
    return cx.fail("mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                   wide(a.sizes[0]), wide(a.sizes[1]), wide(b.sizes[0]), wide(b.sizes[1]));
  TSC_TRY(checkSameDType(cx, "addmm", a, b));
  TensorRef left = asBatch(cx, a), right = asBatch(cx, b);
  bool asBias = self.rank == 1 && self.sizes[0] == b.sizes[1] && self.isContiguous() &&
                self.dtype == a.dtype && !a.isBool() && beta.kind != Scalar::ComplexKind &&
                alpha.kind != Scalar::ComplexKind && beta.toDouble() == 1;
  TensorRef out = startOf(cx, "addmm", self, Shape::of(a.sizes[0], b.sizes[1]), a.dtype,
                          asBias ? Scalar(0) : beta);
  TSC_TRY(left && right && out);
  TensorRef whole = asBatch(cx, *out);
  TSC_TRY(whole);
  TSC_TRY(multiplyInto(cx, *left, *right, *whole, alpha, asBias ? Scalar(0) : beta,
                       asBias ? &self : nullptr));
  return out;
}

TensorRef multiplyMatrices(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank != 2 || b.rank != 2)
    return cx.fail("%s must be a matrix", a.rank != 2 ? "self" : "mat2");
  return matmulTensors(cx, a, b);
}

/// Checks two stacks of matrices.
Status checkBatches(Context &cx, const char *name, const Tensor &a, const Tensor &b) {
  if (a.rank != 3 || b.rank != 3)
    return cx.fail("%s must be a 3D tensor", a.rank != 3 ? "batch1" : "batch2");
  if (a.sizes[0] != b.sizes[0] || a.sizes[2] != b.sizes[1])
    return cx.fail("Expected size for first two dimensions of batch2 tensor to be: [%lld, %lld] "
                   "but got: [%lld, %lld].",
                   wide(a.sizes[0]), wide(a.sizes[2]), wide(b.sizes[0]), wide(b.sizes[1]));
  return checkSameDType(cx, name, a, b);
}
TensorRef multiplyBatches(Context &cx, const Tensor &a, const Tensor &b) {
  TSC_TRY(checkBatches(cx, "bmm", a, b));
  TensorRef out = empty(cx, Shape::of(a.sizes[0], a.sizes[1], b.sizes[2]), a.dtype);
  TSC_TRY(out);
  TSC_TRY(multiplyInto(cx, a, b, *out, Scalar(1), Scalar(0)));
  return out;
}
TensorRef addBatches(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b, Scalar beta,
                     Scalar alpha) {
  TSC_TRY(checkBatches(cx, "baddbmm", a, b));
  TensorRef out =
      startOf(cx, "baddbmm", self, Shape::of(a.sizes[0], a.sizes[1], b.sizes[2]), a.dtype, beta);
  TSC_TRY(out);
  TSC_TRY(multiplyInto(cx, a, b, *out, alpha, beta));
  return out;
}
/// beta * out, for a batch of no products.
TensorRef addMatricesOfNothing(Context &cx, const Tensor &a, const Tensor &b, Tensor &out,
                               Tensor &whole, const Scalar &beta) {
  TensorRef left = empty(cx, Shape::of(1, a.sizes[1], 0), a.dtype);
  TensorRef right = empty(cx, Shape::of(1, 0, b.sizes[2]), a.dtype);
  TSC_TRY(left && right);
  TSC_TRY(multiplyInto(cx, *left, *right, whole, Scalar(1), beta));
  return same(out);
}
/// beta * self + alpha * the sum of all products of a batch, one after the other.
TensorRef addBatchSum(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b,
                      Scalar beta, Scalar alpha) {
  TSC_TRY(checkBatches(cx, "addbmm", a, b));
  TensorRef out = startOf(cx, "addbmm", self, Shape::of(a.sizes[1], b.sizes[2]), a.dtype, beta);
  TSC_TRY(out);
  TensorRef whole = asBatch(cx, *out);
  TSC_TRY(whole);
  if (a.sizes[0] == 0) // a product over nothing, for beta * self
    return addMatricesOfNothing(cx, a, b, *out, *whole, beta);
  for (int64_t i = 0; i < a.sizes[0]; ++i) {
    TensorRef left = narrow(cx, a, 0, i, 1), right = narrow(cx, b, 0, i, 1);
    TSC_TRY(left && right);
    TSC_TRY(multiplyInto(cx, *left, *right, *whole, alpha, i ? Scalar(1) : beta));
  }
  return out;
}

TensorRef multiplyVector(Context &cx, const Tensor &a, const Tensor &v) {
  if (a.rank != 2 || v.rank != 1)
    return cx.fail("vector + matrix @ vector expected, got 1, %lld, %lld", wide(a.rank),
                   wide(v.rank));
  if (a.sizes[1] != v.sizes[0])
    return cx.fail("size mismatch, got input (%lld), mat (%lldx%lld), vec (%lld)", wide(a.sizes[0]),
                   wide(a.sizes[0]), wide(a.sizes[1]), wide(v.sizes[0]));
  return matmulTensors(cx, a, v);
}
TensorRef addVector(Context &cx, const Tensor &self, const Tensor &a, const Tensor &v, Scalar beta,
                    Scalar alpha) {
  if (a.rank != 2 || v.rank != 1 || self.rank > 1)
    return cx.fail("vector + matrix @ vector expected, got %lld, %lld, %lld", wide(self.rank),
                   wide(a.rank), wide(v.rank));
  if (a.sizes[1] != v.sizes[0])
    return cx.fail("size mismatch, got input (%lld), mat (%lldx%lld), vec (%lld)", wide(self.numel),
                   wide(a.sizes[0]), wide(a.sizes[1]), wide(v.sizes[0]));
  TSC_TRY(checkSameDType(cx, "addmv", a, v));
  TensorRef out = startOf(cx, "addmv", self, Shape::of(a.sizes[0]), a.dtype, beta);
  TensorRef left = asBatch(cx, a);
  TensorRef right = asStrided(cx, v, Shape::of(1, v.sizes[0], 1), Shape::of(0, v.strides[0], 1));
  TSC_TRY(out && left && right);
  TensorRef whole = view(cx, *out, Shape::of(1, a.sizes[0], 1));
  TSC_TRY(whole);
  TSC_TRY(multiplyInto(cx, *left, *right, *whole, alpha, beta));
  return out;
}

TensorRef dotVectors(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank != 1 || b.rank != 1)
    return cx.fail("1D tensors expected, but got %lldD and %lldD tensors", wide(a.rank),
                   wide(b.rank));
  if (a.dtype != b.dtype)
    return cx.fail("dot : expected both vectors to have same dtype, but found %s and %s",
                   findDType(a.dtype)->graphName, findDType(b.dtype)->graphName);
  return matmulTensors(cx, a, b);
}
TensorRef conjugated(Context &cx, const Tensor &t) {
  if (!t.isComplex())
    return same(t);
  return elementwise<kComplex, Promote::Keep>(
      cx, "conj", {}, [](auto x) { return std::conj(x); }, inputs(t));
}
TensorRef dotConjugated(Context &cx, const Tensor &a, const Tensor &b) {
  TensorRef left = conjugated(cx, a);
  TSC_TRY(left);
  return dotVectors(cx, *left, b);
}
/// The sum of conj(x) * y over a dim, broadcasting.
TensorRef vectorDots(Context &cx, const Tensor &x, const Tensor &y, int64_t dim) {
  TSC_TRY(checkSameDType(cx, "linalg.vecdot", x, y));
  TSC_ASSIGN(int64_t rank, Result<int64_t>(x.rank > y.rank ? x.rank : y.rank));
  TSC_ASSIGN(dim, wrapDim(cx, dim, rank));
  auto f = [](auto a, auto b) {
    if constexpr (std::is_same_v<decltype(a), Complex>)
      return std::conj(a) * b;
    else
      return static_cast<decltype(a)>(a * b);
  };
  TensorRef products =
      elementwise<kNumbers, Promote::Keep>(cx, "linalg_vecdot", {}, f, inputs(x, y));
  TSC_TRY(products);
  int64_t dims[] = {dim};
  return sumTensor(cx, *products, Optional<IntList>(IntList(dims)), false, products->dtype);
}

TensorRef outerProduct(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank != 1 || b.rank != 1)
    return cx.fail("outer: Expected 1-D argument %s, but got %lld-D", a.rank != 1 ? "self" : "vec2",
                   wide(a.rank != 1 ? a.rank : b.rank));
  TensorRef column = unsqueeze(cx, a, 1);
  TSC_TRY(column);
  auto f = [](auto x, auto y) {
    if constexpr (std::is_same_v<decltype(x), bool>)
      return x && y;
    else
      return static_cast<decltype(x)>(x * y);
  };
  return elementwise<kAll, Promote::Keep>(cx, "outer", {}, f, inputs(*column, b));
}
/// beta * self + alpha * outer(a, b), in the common dtype.
TensorRef addOuter(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b, Scalar beta,
                   Scalar alpha) {
  if (a.rank != 1 || b.rank != 1)
    return cx.fail("addr: Expected 1-D argument %s, but got %lld-D", a.rank != 1 ? "vec1" : "vec2",
                   wide(a.rank != 1 ? a.rank : b.rank));
  TensorRef column = unsqueeze(cx, a, 1);
  TensorRef start = expand(cx, self, Shape::of(a.sizes[0], b.sizes[0]));
  TSC_TRY(column && start);
  bool fresh = beta.isZero();
  auto f = [fresh](auto s, auto x, auto y, auto keep, auto scale) -> decltype(s) {
    if constexpr (std::is_same_v<decltype(s), bool>)
      return (keep && s) || (scale && x && y);
    else
      return fresh ? scale * (x * y) : keep * s + scale * (x * y);
  };
  return elementwise<kAll, Promote::Keep>(cx, "addr", {}, f, inputs(*start, *column, b),
                                          constants(beta, alpha));
}
/// Sums of products over the last dims of both.
TensorRef innerProduct(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank == 0 || b.rank == 0) {
    auto f = [](auto x, auto y) { return static_cast<decltype(x)>(x * y); };
    return elementwise<kNumbers, Promote::Keep>(cx, "inner", {}, f, inputs(a, b));
  }
  if (a.size(-1) != b.size(-1))
    return cx.fail("inner() the last dimension must match on both input tensors but got shapes %s "
                   "and %s",
                   ShapeText(a.shape()).text, ShapeText(b.shape()).text);
  int64_t last[] = {-1};
  return contractDims(cx, a, b, last, last);
}

/// The same product in another, wider dtype.
TensorRef multiplyMatricesTo(Context &cx, const Tensor &a, const Tensor &b, DType dtype) {
  TensorRef left = toDType(cx, a, dtype), right = toDType(cx, b, dtype);
  TSC_TRY(left && right);
  return multiplyMatrices(cx, *left, *right);
}
TensorRef multiplyBatchesTo(Context &cx, const Tensor &a, const Tensor &b, DType dtype) {
  TensorRef left = toDType(cx, a, dtype), right = toDType(cx, b, dtype);
  TSC_TRY(left && right);
  return multiplyBatches(cx, *left, *right);
}
TensorRef addMatricesTo(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b,
                        DType dtype, Scalar beta, Scalar alpha) {
  TensorRef start = toDType(cx, self, dtype), left = toDType(cx, a, dtype),
            right = toDType(cx, b, dtype);
  TSC_TRY(start && left && right);
  return addMatrices(cx, *start, *left, *right, beta, alpha);
}
TensorRef addBatchesTo(Context &cx, const Tensor &self, const Tensor &a, const Tensor &b,
                       DType dtype, Scalar beta, Scalar alpha) {
  TensorRef start = toDType(cx, self, dtype), left = toDType(cx, a, dtype),
            right = toDType(cx, b, dtype);
  TSC_TRY(start && left && right);
  return addBatches(cx, *start, *left, *right, beta, alpha);
}
} // namespace

#define TSC_WITH_OUT(NAME, FN) TSC_KERNEL(NAME, FN) TSC_OUTPUT_COPY(NAME##_out, FN)
#define TSC_WITH_ALL(NAME, FN) TSC_WITH_OUT(NAME, FN) TSC_INPLACE_COPY(NAME##_, FN)
TSC_WITH_OUT(aten_mm, multiplyMatrices)
TSC_WITH_OUT(aten_bmm, multiplyBatches)
TSC_WITH_OUT(aten_matmul, matmulTensors)
TSC_WITH_OUT(aten_linalg_matmul, matmulTensors)
TSC_WITH_OUT(aten_linear, linearTensors)
TSC_WITH_OUT(aten_mv, multiplyVector)
TSC_WITH_OUT(aten_dot, dotVectors)
TSC_WITH_OUT(aten_vdot, dotConjugated)
TSC_WITH_OUT(aten_linalg_vecdot, vectorDots)
TSC_WITH_OUT(aten_inner, innerProduct)
TSC_WITH_OUT(aten_outer, outerProduct)
TSC_WITH_OUT(aten_ger, outerProduct)
TSC_WITH_ALL(aten_addmm, addMatrices)
TSC_WITH_ALL(aten_baddbmm, addBatches)
TSC_WITH_ALL(aten_addbmm, addBatchSum)
TSC_WITH_ALL(aten_addmv, addVector)
TSC_WITH_ALL(aten_addr, addOuter)
TSC_WITH_OUT(aten_tensordot, contractDims)
TSC_KERNEL(aten_mm_dtype, multiplyMatricesTo)
TSC_OUTPUT_COPY(aten_mm_dtype_out, multiplyMatricesTo)
TSC_KERNEL(aten_bmm_dtype, multiplyBatchesTo)
TSC_OUTPUT_COPY(aten_bmm_dtype_out, multiplyBatchesTo)
TSC_KERNEL(aten_addmm_dtype, addMatricesTo)
TSC_OUTPUT_COPY(aten_addmm_dtype_out, addMatricesTo)
TSC_KERNEL(aten_baddbmm_dtype, addBatchesTo)
TSC_OUTPUT_COPY(aten_baddbmm_dtype_out, addBatchesTo)
