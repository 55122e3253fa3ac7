// SPDX-License-Identifier: Apache-2.0
// multiplyInto and matmul: how tensors of all dtypes and ranks become products of matrices.
#include "Contract.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

namespace tsc::rt {

namespace {
/// The product of three-dimensional operands of one machine type.
template <class T>
Status multiplyTyped(Context &cx, const Tensor &a, const Tensor &b, Tensor &c, T alpha, T beta,
                     const T *bias) {
  Gemm<T> g;
  g.m = c.sizes[1], g.n = c.sizes[2], g.k = a.sizes[2];
  g.a = a.ptr<T>(), g.rowA = a.strides[1], g.colA = a.strides[2];
  g.b = b.ptr<T>(), g.rowB = b.strides[1], g.colB = b.strides[2];
  g.c = c.ptr<T>(), g.rowC = g.n;
  g.alpha = alpha, g.beta = beta, g.colBias = bias;
  int64_t count = c.sizes[0];
  bool fold = count > 1 && b.strides[0] == 0 && a.strides[0] == g.m * g.rowA;
  if (fold) // one B for all: the batch is more rows
    g.m *= count, count = 1;
  // A size of 1 says nothing about its stride; the products look for strides of 1.
  if (g.k == 1)
    g.colA = 1, g.rowB = g.colB == 1 ? g.n : 1;
  if (g.n == 1 && g.k > 1)
    g.colB = g.rowB == 1 ? g.k : 1;
  if (g.m == 1 && g.k > 1)
    g.rowA = g.colA == 1 ? g.k : 1;
  return gemmBatch(cx, g, count, a.strides[0], b.strides[0], c.sizes[1] * c.sizes[2]);
}

/// Views the real (0) or imaginary (1) parts of a complex tensor.
TensorRef partsOf(Context &cx, const Tensor &t, int part) {
  DType real = toReal(t.dtype);
  Shape strides(t.stridesList());
  for (int64_t &s : strides)
    s *= 2;
  return viewAs(cx, t, real, t.shape(), strides, part * dtypeBytes(real));
}

template <class T>
Status multiplyComplex(Context &cx, const Tensor &a, const Tensor &b, Tensor &c, Complex alpha,
                       Complex beta) {
  TensorRef parts[4], products[2];
  for (int i = 0; i < 2; ++i) {
    parts[i] = partsOf(cx, a, i), parts[2 + i] = partsOf(cx, b, i);
    products[i] = empty(cx, c.shape(), toReal(c.dtype));
    TSC_TRY(parts[i] && parts[2 + i] && products[i]);
  }
  TSC_TRY(multiplyTyped<T>(cx, *parts[0], *parts[2], *products[0], T(1), T(0), nullptr));
  TSC_TRY(multiplyTyped<T>(cx, *parts[1], *parts[3], *products[0], T(-1), T(1), nullptr));
  TSC_TRY(multiplyTyped<T>(cx, *parts[0], *parts[3], *products[1], T(1), T(0), nullptr));
  TSC_TRY(multiplyTyped<T>(cx, *parts[1], *parts[2], *products[1], T(1), T(1), nullptr));
  using Number = std::complex<T>;
  const T *re = products[0]->ptr<T>(), *im = products[1]->ptr<T>();
  Number *out = c.ptr<Number>(), scale(static_cast<T>(alpha.real()), static_cast<T>(alpha.imag())),
         keep(static_cast<T>(beta.real()), static_cast<T>(beta.imag()));
  bool plain = alpha == Complex(1, 0), fresh = beta == Complex(0, 0);
  for (int64_t i = 0; i < c.numel; ++i) {
    Number v(re[i], im[i]);
    if (!plain)
      v *= scale;
    out[i] = fresh ? v : keep * out[i] + v;
  }
  return success();
}

/// The dtype in which products of a dtype are computed.
DType productDType(DType dtype) {
  if (dtype == DType::Complex32)
    return DType::Complex64;
  return isComplex(dtype) ? dtype : computeDType(dtype);
}
} // namespace

Status checkSameDType(Context &cx, const char *name, const Tensor &a, const Tensor &b) {
  if (a.dtype == b.dtype)
    return success();
  return cx.fail("%s: expected m1 and m2 to have the same dtype, but got: %s != %s", name,
                 findDType(a.dtype)->graphName, findDType(b.dtype)->graphName);
}

Status multiplyInto(Context &cx, const Tensor &a, const Tensor &b, Tensor &c, const Scalar &alpha,
                    const Scalar &beta, const Tensor *bias) {
  if (c.dtype == DType::Bool || !(isIntegral(c.dtype, false) || c.isFloating() || c.isComplex()))
    return unsupportedDType(cx, "addmm_impl_cpu_", c.dtype);
  DType work = productDType(c.dtype);
  if (work != c.dtype) {
    TensorRef wideA = toDType(cx, a, work), wideB = toDType(cx, b, work);
    TensorRef wideC = beta.isZero() ? empty(cx, c.shape(), work) : contiguousAs(cx, c, work);
    TensorRef wideBias = bias ? contiguousAs(cx, *bias, work) : TensorRef();
    TSC_TRY(wideA && wideB && wideC && (!bias || wideBias));
    TSC_TRY(multiplyInto(cx, *wideA, *wideB, *wideC, alpha, beta, wideBias.get()));
    return copyInto(cx, c, *wideC);
  }
  Status done;
  if (work == DType::Float32)
    done = multiplyTyped<float>(cx, a, b, c, alpha.to<float>(), beta.to<float>(),
                                bias ? bias->ptr<float>() : nullptr);
  else if (work == DType::Float64)
    done = multiplyTyped<double>(cx, a, b, c, alpha.to<double>(), beta.to<double>(),
                                 bias ? bias->ptr<double>() : nullptr);
  else if (work == DType::Int64)
    done = multiplyTyped<int64_t>(cx, a, b, c, alpha.to<int64_t>(), beta.to<int64_t>(),
                                  bias ? bias->ptr<int64_t>() : nullptr);
  else if (work == DType::Complex64)
    done = multiplyComplex<float>(cx, a, b, c, alpha.toComplex(), beta.toComplex());
  else
    done = multiplyComplex<double>(cx, a, b, c, alpha.toComplex(), beta.toComplex());
  TSC_TRY(done);
  if (!bias || !c.isComplex())
    return success();
  Iterator add;
  add.addOutput({&c, false}, c.dtype);
  add.addInput(Operand(c)), add.addInput(Operand(*bias));
  TSC_TRY(add.build(cx, "add"));
  TSC_TRY(c.dtype == DType::Complex64 || c.dtype == DType::Complex128);
  detail::runTyped<Complex, 2>(cx, add, [](Complex x, Complex y) { return x + y; });
  return success();
}

// ---- matmul
/// The shape of a without its last `drop` dims, as one dim in front: [prod, rest...].
static TensorRef foldBatch(Context &cx, const Tensor &t, IntList batch) {
  Shape whole(batch), folded;
  int64_t count = 1;
  for (int64_t n : batch)
    count *= n;
  whole.push(t.size(-2)), whole.push(t.size(-1));
  folded.push(count), folded.push(t.size(-2)), folded.push(t.size(-1));
  bool alone = true; // one matrix for the whole batch
  for (int64_t d = 0; d + 2 < t.rank; ++d)
    alone &= t.sizes[d] == 1;
  if (alone)
    return asStrided(cx, t, folded, Shape::of(0, t.stride(-2), t.stride(-1)));
  TensorRef wide = expand(cx, t, whole);
  TSC_TRY(wide);
  return reshape(cx, *wide, folded);
}

static Failure shapesDiffer(Context &cx, int64_t m, int64_t k, int64_t k2, int64_t n) {
  return cx.fail("mat1 and mat2 shapes cannot be multiplied (%lldx%lld and %lldx%lld)",
                 static_cast<long long>(m), static_cast<long long>(k), static_cast<long long>(k2),
                 static_cast<long long>(n));
}

TensorRef matmulTensors(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank == 0 || b.rank == 0)
    return cx.fail("both arguments to matmul need to be at least 1D, but they are %lldD and %lldD",
                   static_cast<long long>(a.rank), static_cast<long long>(b.rank));
  TSC_TRY(checkSameDType(cx, "matmul", a, b));
  TensorRef left = a.rank == 1 ? unsqueeze(cx, a, 0) : same(a);
  TensorRef right = b.rank == 1 ? unsqueeze(cx, b, 1) : same(b);
  TSC_TRY(left && right);
  int64_t m = left->size(-2), k = left->size(-1), n = right->size(-1);
  if (k != right->size(-2)) {
    if (a.rank == 1 && b.rank == 1)
      return cx.fail("inconsistent tensor size, expected tensor [%lld] and src [%lld] to have the "
                     "same number of elements, but got %lld and %lld elements respectively",
                     static_cast<long long>(k), static_cast<long long>(right->size(-2)),
                     static_cast<long long>(k), static_cast<long long>(right->size(-2)));
    return shapesDiffer(cx, m, k, right->size(-2), n);
  }
  TSC_ASSIGN(Shape batch, broadcastShapes(cx, left->shape().take(left->rank - 2),
                                          right->shape().take(right->rank - 2)));
  Shape sizes = batch;
  if (a.rank > 1)
    sizes.push(m);
  if (b.rank > 1)
    sizes.push(n);
  TensorRef foldedA = foldBatch(cx, *left, batch), foldedB = foldBatch(cx, *right, batch);
  TensorRef out = empty(cx, sizes, a.dtype);
  TSC_TRY(foldedA && foldedB && out);
  TensorRef whole = view(cx, *out, Shape::of(foldedA->sizes[0], m, n));
  TSC_TRY(whole);
  TSC_TRY(multiplyInto(cx, *foldedA, *foldedB, *whole, Scalar(1), Scalar(0)));
  return out;
}

TensorRef linearTensors(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias) {
  bool simple = input.rank >= 1 && weight.rank == 2 &&
                (!bias || (bias->rank == 1 && bias->sizes[0] == weight.sizes[0] &&
                           bias->dtype == input.dtype));
  if (!simple) {
    TensorRef turned = weight.rank == 2 ? transpose(cx, weight, 0, 1) : same(weight);
    TSC_TRY(turned);
    if (weight.rank > 2)
      return cx.fail("linear: expected a weight of 1 or 2 dims, got %lld",
                     static_cast<long long>(weight.rank));
    TensorRef out = matmulTensors(cx, input, *turned);
    TSC_TRY(out);
    if (!bias)
      return out;
    auto add = [](auto x, auto y) { return static_cast<decltype(x)>(x + y); };
    return elementwise<kNumbers, Promote::Keep>(cx, "linear", {}, add, inputs(*out, *bias));
  }
  int64_t k = weight.sizes[1], n = weight.sizes[0], rows = 1;
  for (int64_t d = 0; d + 1 < input.rank; ++d)
    rows *= input.sizes[d];
  if (input.size(-1) != k)
    return shapesDiffer(cx, rows, input.size(-1), k, n);
  TSC_TRY(checkSameDType(cx, "linear", input, weight));
  Shape sizes(input.shape());
  sizes.back() = n;
  TensorRef out = empty(cx, sizes, input.dtype);
  TensorRef flat = input.rank == 2 ? same(input) : reshape(cx, input, Shape::of(rows, k));
  TSC_TRY(out && flat);
  TensorRef a = unsqueeze(cx, *flat, 0), c = view(cx, *out, Shape::of(1, rows, n));
  TensorRef b =
      asStrided(cx, weight, Shape::of(1, k, n), Shape::of(0, weight.strides[1], weight.strides[0]));
  TensorRef added = bias ? contiguous(cx, *bias) : TensorRef();
  TSC_TRY(a && b && c && (!bias || added));
  TSC_TRY(multiplyInto(cx, *a, *b, *c, Scalar(1), Scalar(0), added.get()));
  return out;
}

TensorRef contractDims(Context &cx, const Tensor &a, const Tensor &b, IntList dimsA,
                       IntList dimsB) {
  if (dimsA.size() != dimsB.size())
    return cx.fail("both dimension lists should have same length");
  bool usedA[kMaxRank] = {}, usedB[kMaxRank] = {};
  Shape orderA, orderB, tailA, tailB, sizes;
  int64_t k = 1, m = 1, n = 1;
  TensorRef left = same(a), right = same(b);
  for (int64_t i = 0; i < dimsA.size(); ++i) {
    TSC_ASSIGN(int64_t da, wrapDim(cx, dimsA[i], a.rank));
    TSC_ASSIGN(int64_t db, wrapDim(cx, dimsB[i], b.rank));
    if (usedA[da] || usedB[db])
      return cx.fail("dim %lld appears multiple times in the list of dims",
                     static_cast<long long>(usedA[da] ? da : db));
    usedA[da] = usedB[db] = true;
    tailA.push(da), tailB.push(db);
    int64_t sizeA = a.rank ? a.sizes[da] : 1, sizeB = b.rank ? b.sizes[db] : 1;
    if (sizeA != sizeB && (sizeA == 1 || sizeB == 1)) { // as if the one were repeated
      TensorRef &wide = sizeA == 1 ? right : left;
      int64_t dims[] = {sizeA == 1 ? db : da};
      wide = sumTensor(cx, *wide, Optional<IntList>(IntList(dims)), true, wide->dtype);
      TSC_TRY(wide);
      continue;
    }
    if (sizeA != sizeB)
      return cx.fail("contracted dimensions need to match, but first has size %lld in dim %lld and "
                     "second has size %lld in dim %lld",
                     static_cast<long long>(sizeA), static_cast<long long>(dimsA[i]),
                     static_cast<long long>(sizeB), static_cast<long long>(dimsB[i]));
    k *= sizeA;
  }
  for (int64_t d = 0; d < a.rank; ++d)
    if (!usedA[d])
      orderA.push(d), sizes.push(a.sizes[d]), m *= a.sizes[d];
  for (int64_t d : tailA)
    orderA.push(d);
  for (int64_t d : tailB)
    orderB.push(d);
  for (int64_t d = 0; d < b.rank; ++d)
    if (!usedB[d])
      orderB.push(d), sizes.push(b.sizes[d]), n *= b.sizes[d];
  if (a.rank)
    left = permute(cx, *left, orderA);
  if (b.rank)
    right = permute(cx, *right, orderB);
  TSC_TRY(left && right);
  left = reshape(cx, *left, Shape::of(m, k)), right = reshape(cx, *right, Shape::of(k, n));
  TSC_TRY(left && right);
  TensorRef out = matmulTensors(cx, *left, *right);
  TSC_TRY(out);
  return view(cx, *out, sizes);
}

} // namespace tsc::rt
