// SPDX-License-Identifier: Apache-2.0
// Norms of matrices, condition numbers, ranks and pseudo-inverses: what singular values tell.
#include "Contract.h"
#include "LinearAlgebra.h"
#include "Norms.h"

using namespace tsc::rt;

namespace {
/// The largest (or smallest) along the last dim, which goes; NaN wins.
TensorRef extremeOfLast(Context &cx, const Tensor &t, bool largest) {
  int64_t n = t.size(-1);
  if (n == 0)
    return cx.fail("linalg.matrix_norm: expected a matrix with elements, which has an extreme");
  TensorRef work = contiguousAs(cx, t, DType::Float64);
  TensorRef out = empty(cx, t.shape().take(t.rank - 1), DType::Float64);
  TSC_TRY(work && out);
  for (int64_t i = 0; i < out->numel; ++i) {
    const double *row = work->ptr<double>() + i * n;
    double best = row[0];
    for (int64_t k = 1; k < n; ++k)
      if (row[k] != row[k] || (largest ? row[k] > best : row[k] < best))
        best = row[k];
    out->ptr<double>()[i] = best;
  }
  return toDType(cx, *out, t.dtype);
}
TensorRef sumOfLast(Context &cx, const Tensor &t) {
  int64_t n = t.size(-1);
  TensorRef work = contiguousAs(cx, t, DType::Float64);
  TensorRef out = zeros(cx, t.shape().take(t.rank - 1), DType::Float64);
  TSC_TRY(work && out);
  for (int64_t i = 0; i < work->numel; ++i)
    out->ptr<double>()[i / n] += work->ptr<double>()[i];
  return toDType(cx, *out, t.dtype);
}

/// The two dims of a matrix norm, wrapped.
struct Plane {
  int64_t rows, cols;
};
Result<Plane> planeOf(Context &cx, const Tensor &a, IntList dims) {
  if (a.rank < 2)
    return cx.fail("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
  if (dims.size() != 2)
    return cx.fail("linalg.matrix_norm: dim must be a 2-tuple. Got %s", ShapeText(dims).text);
  TSC_ASSIGN(int64_t rows, wrapDim(cx, dims[0], a.rank));
  TSC_ASSIGN(int64_t cols, wrapDim(cx, dims[1], a.rank));
  if (rows == cols)
    return cx.fail("linalg.matrix_norm: dims must be different. Got (%lld, %lld)",
                   static_cast<long long>(dims[0]), static_cast<long long>(dims[1]));
  return Plane{rows, cols};
}
/// The tensor with the plane's dims last.
TensorRef planeLast(Context &cx, const Tensor &a, Plane p) {
  Shape order;
  for (int64_t d = 0; d < a.rank; ++d)
    if (d != p.rows && d != p.cols)
      order.push(d);
  order.push(p.rows), order.push(p.cols);
  return permute(cx, a, order);
}
/// Puts dims of size 1 where the plane was.
TensorRef keepPlane(Context &cx, const TensorRef &t, Plane p, bool keepdim) {
  TSC_TRY(t);
  if (!keepdim)
    return t;
  int64_t low = p.rows < p.cols ? p.rows : p.cols, high = p.rows < p.cols ? p.cols : p.rows;
  TensorRef one = unsqueeze(cx, *t, low);
  TSC_TRY(one);
  return unsqueeze(cx, *one, high);
}
TensorRef inDType(Context &cx, const Tensor &a, Optional<DType> dtype) {
  return dtype ? toDType(cx, a, *dtype) : same(a);
}

TensorRef matrixNorm(Context &cx, const Tensor &self, Scalar order, IntList dims, bool keepdim,
                     Optional<DType> dtype) {
  TSC_ASSIGN(Plane p, planeOf(cx, self, dims));
  TensorRef a = inDType(cx, self, dtype);
  TSC_TRY(a);
  double ord = order.toDouble(), size = std::fabs(ord);
  if (size != 1 && size != 2 && size != HUGE_VAL)
    return cx.fail("linalg.matrix_norm: Order %g not supported.", ord);
  TensorRef matrices = planeLast(cx, *a, p);
  TSC_TRY(matrices);
  TensorRef values;
  if (size == 2) {
    values = singularValues(cx, "linalg.svd", *matrices);
  } else {
    int64_t summed[] = {size == 1 ? -2 : -1};
    values = normOver(cx, "linalg.matrix_norm", *matrices, 1, IntList(summed), false, {});
  }
  TSC_TRY(values);
  return keepPlane(cx, extremeOfLast(cx, *values, ord > 0), p, keepdim);
}
TensorRef nuclear(Context &cx, const Tensor &a, IntList dims, bool keepdim) {
  TSC_ASSIGN(Plane p, planeOf(cx, a, dims));
  TensorRef matrices = planeLast(cx, a, p);
  TSC_TRY(matrices);
  TensorRef values = singularValues(cx, "linalg.svd", *matrices);
  TSC_TRY(values);
  return keepPlane(cx, sumOfLast(cx, *values), p, keepdim);
}
TensorRef namedMatrixNorm(Context &cx, const Tensor &self, StringRef order, IntList dims,
                          bool keepdim, Optional<DType> dtype) {
  TSC_ASSIGN(Plane p, planeOf(cx, self, dims));
  TensorRef a = inDType(cx, self, dtype);
  TSC_TRY(a);
  if (order == StringRef("nuc"))
    return nuclear(cx, *a, dims, keepdim);
  if (!(order == StringRef("fro")))
    return cx.fail("linalg.matrix_norm: Order %.*s not supported.", static_cast<int>(order.size()),
                   order.data());
  int64_t both[] = {p.rows, p.cols};
  return normOver(cx, "linalg.matrix_norm", *a, 2, IntList(both), keepdim, {});
}
TensorRef nuclearNorm(Context &cx, const Tensor &self, bool keepdim) {
  int64_t both[] = {0, 1};
  if (self.rank != 2)
    return cx.fail(
        "Expected a tensor with 2 dimensions, but got a tensor with %lld dimensions instead.",
        static_cast<long long>(self.rank));
  return nuclear(cx, self, both, keepdim);
}
TensorRef nuclearNormDims(Context &cx, const Tensor &self, IntList dims, bool keepdim) {
  return nuclear(cx, self, dims, keepdim);
}

constexpr int64_t kFirstTwo[] = {0, 1};
Status checkNormDims(Context &cx, const Tensor &self, const Optional<IntList> &dims) {
  if (dims && dims->size() != 1 && dims->size() != 2)
    return cx.fail("linalg.norm: If dim is specified, it must be of length 1 or 2. Got %s",
                   ShapeText(*dims).text);
  if (!dims && self.rank != 1 && self.rank != 2)
    return cx.fail(
        "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
        "%lldD.",
        static_cast<long long>(self.rank));
  return success();
}
TensorRef anyNorm(Context &cx, const Tensor &self, Optional<Scalar> order, Optional<IntList> dims,
                  bool keepdim, Optional<DType> dtype) {
  if (order) {
    TSC_TRY(checkNormDims(cx, self, dims));
    if (dims ? dims->size() == 2 : self.rank == 2)
      return matrixNorm(cx, self, *order, dims.valueOr(IntList(kFirstTwo)), keepdim, dtype);
  }
  return normOver(cx, "linalg.vector_norm", self, order ? order->toDouble() : 2, dims, keepdim,
                  dtype);
}
TensorRef namedNorm(Context &cx, const Tensor &self, StringRef order, Optional<IntList> dims,
                    bool keepdim, Optional<DType> dtype) {
  TSC_TRY(checkNormDims(cx, self, dims));
  return namedMatrixNorm(cx, self, order, dims.valueOr(IntList(kFirstTwo)), keepdim, dtype);
}
/// The norm over all dims but one, which keeps its place.
TensorRef normExceptDim(Context &cx, const Tensor &v, int64_t power, int64_t dim) {
  Shape others;
  for (int64_t d = 0; d < v.rank; ++d)
    if (d != dim)
      others.push(d);
  return normOver(cx, "norm_except_dim", v, static_cast<double>(power),
                  dim == -1 ? Optional<IntList>() : Optional<IntList>(IntList(others)), dim != -1,
                  {});
}

// ---- Condition numbers
TensorRef quotientOf(Context &cx, const Tensor &a, const Tensor &b, bool product) {
  return elementwise<kFloat, Promote::Keep>(
      cx, "linalg.cond", {}, [product](auto x, auto y) { return product ? x * y : x / y; },
      inputs(a, b));
}
/// The norm of A times that of its inverse; infinite where there is none.
template <class Norm> TensorRef conditionBy(Context &cx, const Tensor &a, Norm norm) {
  TSC_TRY(checkSquare(cx, "linalg.cond", a));
  if (a.numel == 0)
    return zeros(cx, batchOf(a), toReal(a.dtype));
  TensorRef work = workCopy(cx, a);
  TensorRef singular = zeros(cx, batchOf(a), DType::Bool);
  Vector<int32_t> pivots;
  int64_t n = a.size(-1);
  TSC_TRY(work && singular && pivots.resize(cx, n));
  withMatrixType(a.dtype, [&]<class T>() {
    for (int64_t i = 0; i < singular->numel; ++i) {
      MatrixView<T> m = matrixAt<T>(*work, i);
      bool none = factorLu(m, pivots.data()) != 0;
      singular->ptr<bool>()[i] = none;
      for (int64_t k = 0; none && k < n * n; ++k) // something that has an inverse
        m.data[k] = k % (n + 1) == 0 ? T(1) : T(0);
    }
    TensorRef original = workCopy(cx, a);
    for (int64_t i = 0; original && i < singular->numel; ++i)
      if (!singular->ptr<bool>()[i])
        std::memcpy(matrixAt<T>(*work, i).data, matrixAt<T>(*original, i).data,
                    static_cast<size_t>(n * n) * sizeof(T));
  });
  TensorRef inverse = invertMatrices(cx, "linalg.inv", *work);
  TSC_TRY(inverse);
  inverse = toDType(cx, *inverse, a.dtype);
  TSC_TRY(inverse);
  TensorRef own = norm(a), other = norm(*inverse);
  TSC_TRY(own && other);
  TensorRef product = quotientOf(cx, *own, *other, true);
  TSC_TRY(product);
  for (int64_t i = 0; i < singular->numel; ++i)
    if (singular->ptr<bool>()[i])
      storeScalar(product->base() + i * product->itemsize(), product->dtype, Scalar(HUGE_VAL));
  return product;
}
TensorRef condition(Context &cx, const Tensor &a, Optional<Scalar> order) {
  TSC_TRY(checkMatrices(cx, "linalg.cond", a));
  double p = order ? order->toDouble() : 2;
  if (std::fabs(p) == 2) {
    if (a.numel == 0)
      return zeros(cx, batchOf(a), toReal(a.dtype));
    TensorRef s = singularValues(cx, "linalg.svd", a);
    TSC_TRY(s);
    TensorRef most = select(cx, *s, s->rank - 1, 0),
              least = select(cx, *s, s->rank - 1, s->size(-1) - 1);
    TSC_TRY(most && least);
    return p > 0 ? quotientOf(cx, *most, *least, false) : quotientOf(cx, *least, *most, false);
  }
  int64_t last[] = {-2, -1};
  return conditionBy(cx, a,
                     [&](const Tensor &t) { return matrixNorm(cx, t, *order, last, false, {}); });
}
TensorRef conditionNamed(Context &cx, const Tensor &a, StringRef order) {
  int64_t last[] = {-2, -1};
  return conditionBy(
      cx, a, [&](const Tensor &t) { return namedMatrixNorm(cx, t, order, last, false, {}); });
}

// ---- Ranks and pseudo-inverses: what counts as zero
struct Cutoff {
  Optional<double> atol, rtol;
  OptTensor atolTensor, rtolTensor;
};
/// The cutoffs, one a matrix, as double tensors expanded over `batch`; null where none is given.
Status spread(Context &cx, const OptTensor &given, IntList batch, TensorRef &out) {
  if (!given)
    return success();
  if (given->isComplex())
    return cx.fail("expected a tolerance of real dtype, found %s",
                   findDType(given->dtype)->graphName);
  TensorRef wide = expand(cx, *given, batch);
  TSC_TRY(wide);
  out = contiguousAs(cx, *wide, DType::Float64);
  TSC_TRY(out);
  return success();
}
/// max(atol, rtol * largest) for matrix i: without rtol, the rounding times the size, or 0 beside
/// an atol.
struct Cutoffs {
  TensorRef atols, rtols;
  Optional<double> atol, rtol;
  double standard;
  double at(int64_t i, double largest) const {
    double absolute = atols ? atols->ptr<double>()[i] : atol.valueOr(0);
    double relative = rtols ? rtols->ptr<double>()[i] : rtol ? *rtol : absolute > 0 ? 0 : standard;
    return std::fmax(absolute, relative * largest);
  }
};
Result<Cutoffs> cutoffsOf(Context &cx, const Tensor &a, const Cutoff &c, IntList batch) {
  int64_t m = a.size(-2), n = a.size(-1);
  Cutoffs out{{}, {}, c.atol, c.rtol, 2 * roundingOf(a.dtype) * static_cast<double>(m > n ? m : n)};
  TSC_TRY(spread(cx, c.atolTensor, batch, out.atols));
  TSC_TRY(spread(cx, c.rtolTensor, batch, out.rtols));
  return out;
}

TensorRef rankOf(Context &cx, const Tensor &a, const Cutoff &cutoff, bool hermitian) {
  TSC_TRY(checkMatrices(cx, "linalg.matrix_rank", a));
  Shape batch = batchOf(a);
  for (const OptTensor &t : {cutoff.atolTensor, cutoff.rtolTensor})
    if (t) {
      TSC_ASSIGN(batch, broadcastShapes(cx, batch, t->shape()));
    }
  TSC_ASSIGN(Cutoffs cutoffs, cutoffsOf(cx, a, cutoff, batch));
  TensorRef values, out = zeros(cx, batch, DType::Int64);
  TSC_TRY(out);
  if (a.numel == 0)
    return out;
  if (hermitian) {
    auto f = hermitianFactors(cx, "linalg.eigh", a, false, false);
    TSC_TRY(f);
    values = std::get<0>(f.values);
  } else {
    values = singularValues(cx, "linalg.svd", a);
  }
  TSC_TRY(values);
  int64_t n = values->size(-1);
  values = expand(cx, *values, shapeWith(batch, n));
  TSC_TRY(values);
  values = contiguousAs(cx, *values, DType::Float64);
  TSC_TRY(values);
  for (int64_t i = 0; i < out->numel; ++i) {
    const double *s = values->ptr<double>() + i * n;
    double largest = 0;
    for (int64_t k = 0; k < n; ++k)
      largest = std::fmax(largest, std::fabs(s[k]));
    double least = cutoffs.at(i, largest);
    for (int64_t k = 0; k < n; ++k)
      out->ptr<int64_t>()[i] += std::fabs(s[k]) > least;
  }
  return out;
}
TensorRef rankFixed(Context &cx, const Tensor &a, double tol, bool hermitian) {
  return rankOf(cx, a, {tol, 0.0, {}, {}}, hermitian);
}
TensorRef rankFixedTensor(Context &cx, const Tensor &a, const Tensor &tol, bool hermitian) {
  return rankOf(cx, a, {{}, 0.0, tol, {}}, hermitian);
}
TensorRef rankFloats(Context &cx, const Tensor &a, Optional<double> atol, Optional<double> rtol,
                     bool hermitian) {
  return rankOf(cx, a, {atol, rtol, {}, {}}, hermitian);
}
TensorRef rankTensors(Context &cx, const Tensor &a, OptTensor atol, OptTensor rtol,
                      bool hermitian) {
  return rankOf(cx, a, {{}, {}, atol, rtol}, hermitian);
}

/// V S^-1 U^H over the values that count. u, s and vh of hermitian matrices are v, values and v^H.
TensorRef pseudoInverse(Context &cx, const Tensor &a, const Cutoff &cutoff, bool hermitian) {
  const char *name = "linalg.pinv";
  TSC_TRY(checkMatrices(cx, name, a));
  if (hermitian)
    TSC_TRY(checkSquare(cx, name, a));
  IntList batch = batchOf(a);
  if (a.numel == 0)
    return zeros(cx, shapeWith(batch, a.size(-1), a.size(-2)), a.dtype);
  TSC_ASSIGN(Cutoffs cutoffs, cutoffsOf(cx, a, cutoff, batch));
  TensorRef whole = workCopy(cx, a), u, s, v;
  TSC_TRY(whole);
  if (hermitian) {
    auto f = hermitianFactors(cx, "linalg.eigh", *whole, false, true);
    TSC_TRY(f);
    s = std::get<0>(f.values), u = v = std::get<1>(f.values);
  } else {
    auto f = singularFactors(cx, "linalg.svd", *whole, false);
    TSC_TRY(f);
    u = std::get<0>(f.values), s = std::get<1>(f.values),
    v = adjointCopy(cx, *std::get<2>(f.values));
  }
  TSC_TRY(u && s && v);
  int64_t n = s->size(-1);
  TensorRef inverses = empty(cx, s->shape(), DType::Float64);
  TSC_TRY(inverses);
  for (int64_t i = 0; i < countOf(batch); ++i) {
    const double *row = s->ptr<double>() + i * n;
    double largest = 0;
    for (int64_t k = 0; k < n; ++k)
      largest = std::fmax(largest, std::fabs(row[k]));
    double least = cutoffs.at(i, largest);
    for (int64_t k = 0; k < n; ++k)
      inverses->ptr<double>()[i * n + k] = std::fabs(row[k]) > least ? 1 / row[k] : 0;
  }
  TensorRef scale = unsqueeze(cx, *inverses, inverses->rank - 1), uh = adjointCopy(cx, *u);
  TSC_TRY(scale && uh);
  TensorRef scaled = elementwise<kFloat | kComplex, Promote::Keep>(
      cx, name, {}, [](auto x, auto y) { return x * realPart(y); }, inputs(*v, *scale));
  TSC_TRY(scaled);
  TensorRef result = matmulTensors(cx, *scaled, *uh);
  TSC_TRY(result);
  return toDType(cx, *result, a.dtype);
}
TensorRef inverseFixed(Context &cx, const Tensor &a, double rcond, bool hermitian) {
  return pseudoInverse(cx, a, {0.0, rcond, {}, {}}, hermitian);
}
TensorRef inverseFixedTensor(Context &cx, const Tensor &a, const Tensor &rcond, bool hermitian) {
  return pseudoInverse(cx, a, {0.0, {}, {}, rcond}, hermitian);
}
TensorRef inverseFloats(Context &cx, const Tensor &a, Optional<double> atol, Optional<double> rtol,
                        bool hermitian) {
  return pseudoInverse(cx, a, {atol, rtol, {}, {}}, hermitian);
}
TensorRef inverseTensors(Context &cx, const Tensor &a, OptTensor atol, OptTensor rtol,
                         bool hermitian) {
  return pseudoInverse(cx, a, {{}, {}, atol, rtol}, hermitian);
}
TensorRef inverseOld(Context &cx, const Tensor &a, double rcond) {
  return inverseFixed(cx, a, rcond, false);
}
} // namespace

TSC_WITH_OUTPUT(aten_linalg_matrix_norm, matrixNorm)
TSC_KERNEL(aten_linalg_matrix_norm_str_ord, namedMatrixNorm)
TSC_OUTPUT_COPY(aten_linalg_matrix_norm_str_ord_out, namedMatrixNorm)
TSC_WITH_OUTPUT(aten_linalg_norm, anyNorm)
TSC_KERNEL(aten_linalg_norm_ord_str, namedNorm)
TSC_OUTPUT_COPY(aten_linalg_norm_ord_str_out, namedNorm)
TSC_WITH_OUTPUT(aten_nuclear_norm, nuclearNorm)
TSC_KERNEL(aten_nuclear_norm_dim, nuclearNormDims)
TSC_OUTPUT_COPY(aten_nuclear_norm_dim_out, nuclearNormDims)
TSC_KERNEL(aten_norm_except_dim, normExceptDim)
TSC_WITH_OUTPUT(aten_linalg_cond, condition)
TSC_KERNEL(aten_linalg_cond_p_str, conditionNamed)
TSC_OUTPUT_COPY(aten_linalg_cond_p_str_out, conditionNamed)
TSC_WITH_OUTPUT(aten_linalg_matrix_rank, rankFixed)
TSC_KERNEL(aten_linalg_matrix_rank_tol_tensor, rankFixedTensor)
TSC_OUTPUT_COPY(aten_linalg_matrix_rank_out_tol_tensor, rankFixedTensor)
TSC_KERNEL(aten_linalg_matrix_rank_atol_rtol_tensor, rankTensors)
TSC_OUTPUT_COPY(aten_linalg_matrix_rank_atol_rtol_tensor_out, rankTensors)
TSC_KERNEL(aten_linalg_matrix_rank_atol_rtol_float, rankFloats)
TSC_OUTPUT_COPY(aten_linalg_matrix_rank_atol_rtol_float_out, rankFloats)
TSC_WITH_OUTPUT(aten_linalg_pinv, inverseFixed)
TSC_KERNEL(aten_linalg_pinv_rcond_tensor, inverseFixedTensor)
TSC_OUTPUT_COPY(aten_linalg_pinv_out_rcond_tensor, inverseFixedTensor)
TSC_KERNEL(aten_linalg_pinv_atol_rtol_float, inverseFloats)
TSC_OUTPUT_COPY(aten_linalg_pinv_atol_rtol_float_out, inverseFloats)
TSC_KERNEL(aten_linalg_pinv_atol_rtol_tensor, inverseTensors)
TSC_OUTPUT_COPY(aten_linalg_pinv_atol_rtol_tensor_out, inverseTensors)
TSC_KERNEL(aten_pinverse, inverseOld)
