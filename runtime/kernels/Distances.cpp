// SPDX-License-Identifier: Apache-2.0
// Distances between rows: cdist, pdist, pairwise_distance, cosine_similarity, and the losses made
// of them.
#include "Losses.h"
#include "Routines.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// The p-norm of the difference of two rows.
template <class T> T rowDistance(const T *a, const T *b, int64_t n, double p, T eps) {
  T lanes[8] = {};
  auto each = [&](auto f) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
      for (int64_t j = 0; j < 8; ++j)
        lanes[j] += f(std::abs(a[i + j] - b[i + j] + eps));
    for (; i < n; ++i)
      lanes[0] += f(std::abs(a[i] - b[i] + eps));
    T sum = 0;
    for (T lane : lanes)
      sum += lane;
    return sum;
  };
  if (p == 2)
    return std::sqrt(each([](T d) { return d * d; }));
  if (p == 1)
    return each([](T d) { return d; });
  if (p == 0)
    return each([](T d) { return d != 0 ? T(1) : T(0); });
  if (p == INFINITY) {
    T top = 0;
    for (int64_t i = 0; i < n; ++i) {
      T d = std::abs(a[i] - b[i] + eps);
      top = d > top || d != d ? d : top;
    }
    return top;
  }
  T power = static_cast<T>(p);
  return std::pow(each([power](T d) { return std::pow(d, power); }), 1 / power);
}

/// For compiled kernels: rows of both operands, their length, the power's bits. A piece is a row of
/// the first.
template <class T> int32_t distanceRoutine(const RoutineCall &call) {
  int64_t rows = call[0], columns = call[1], n = call[2];
  double p;
  std::memcpy(&p, call.numbers + 3, sizeof p);
  for (int64_t r = call.range.begin; r < call.range.end; ++r)
    for (int64_t c = 0; c < columns; ++c)
      call.at<T>(0)[r * columns + c] =
          rowDistance(call.at<const T>(1) + r * n,
                      call.at<const T>(2) + (r / rows * columns + c) * n, n, p, T(0));
  return 0;
}
/// Rows, their length, the power's bits: distances of each pair of rows. A piece is a row.
template <class T> int32_t pairRoutine(const RoutineCall &call) {
  int64_t rows = call[0], n = call[1];
  double p;
  std::memcpy(&p, call.numbers + 2, sizeof p);
  const T *x = call.at<const T>(1);
  for (int64_t r = call.range.begin; r < call.range.end; ++r) {
    T *to = call.at<T>(0) + r * rows - r * (r + 1) / 2;
    for (int64_t c = r + 1; c < rows; ++c)
      *to++ = rowDistance(x + r * n, x + c * n, n, p, T(0));
  }
  return 0;
}

template <class T>
void distanceTable(Context &cx, const Tensor &a, const Tensor &b, Tensor &out, double p) {
  int64_t rows = a.sizes[1], columns = b.sizes[1], n = a.sizes[2];
  parallelFor(cx, 0, a.sizes[0] * rows, 16384 / (columns * n + 1) + 1,
              [&](int64_t begin, int64_t end) {
                for (int64_t r = begin; r < end; ++r)
                  for (int64_t c = 0; c < columns; ++c)
                    out.ptr<T>()[r * columns + c] = rowDistance(
                        a.ptr<T>() + r * n, b.ptr<T>() + (r / rows * columns + c) * n, n, p, T(0));
              });
}
TensorRef cdistForward(Context &cx, const Tensor &x1, const Tensor &x2, double p,
                       Optional<int64_t> mode) {
  if (x1.rank < 2 || x2.rank < 2)
    return cx.fail("cdist only supports at least 2D tensors, %s got: %lldD",
                   x1.rank < 2 ? "X1" : "X2", wide(x1.rank < 2 ? x1.rank : x2.rank));
  if (x1.size(-1) != x2.size(-1))
    return cx.fail("X1 and X2 must have the same number of columns. X1: %lld X2: %lld",
                   wide(x1.size(-1)), wide(x2.size(-1)));
  if (!(p >= 0))
    return cx.fail("cdist only supports non-negative p values");
  DType dtype = promoteTypes(x1.dtype, x2.dtype);
  if (!isFloating(dtype))
    return unsupportedDType(cx, "cdist", dtype);
  TSC_ASSIGN(Shape batch,
             broadcastShapes(cx, x1.shape().take(x1.rank - 2), x2.shape().take(x2.rank - 2)));
  int64_t count = 1;
  for (int64_t n : batch)
    count *= n;
  DType work = computeDType(dtype);
  auto prepared = [&](const Tensor &t) -> TensorRef {
    Shape sizes = batch;
    sizes.push(t.size(-2)), sizes.push(t.size(-1));
    TensorRef whole = expand(cx, t, sizes);
    TSC_TRY(whole);
    TensorRef dense = contiguousAs(cx, *whole, work);
    TSC_TRY(dense);
    return view(cx, *dense, Shape::of(count, t.size(-2), t.size(-1)));
  };
  Shape sizes = batch;
  sizes.push(x1.size(-2)), sizes.push(x2.size(-2));
  TensorRef a = prepared(x1), b = prepared(x2), out = empty(cx, sizes, work);
  TSC_TRY(a && b && out);
  if (work == DType::Float64)
    distanceTable<double>(cx, *a, *b, *out, p);
  else
    distanceTable<float>(cx, *a, *b, *out, p);
  return toDType(cx, *out, dtype);
}
TensorRef euclidean(Context &cx, const Tensor &x1, const Tensor &x2) {
  return cdistForward(cx, x1, x2, 2, {});
}
TensorRef pdist(Context &cx, const Tensor &self, double p) {
  if (self.rank != 2)
    return cx.fail("pdist only supports 2D tensors, got: %lldD", wide(self.rank));
  if (!self.isFloating() || !(p >= 0))
    return cx.fail("pdist only supports floating-point dtypes and non-negative p values");
  DType work = computeDType(self.dtype);
  int64_t rows = self.sizes[0], n = self.sizes[1];
  TensorRef x = contiguousAs(cx, self, work),
            out = empty(cx, Shape::of(rows > 1 ? rows * (rows - 1) / 2 : 0), work);
  TSC_TRY(x && out);
  auto run = [&]<class T>(T) {
    T *to = out->ptr<T>();
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = i + 1; j < rows; ++j)
        *to++ = rowDistance(x->ptr<T>() + i * n, x->ptr<T>() + j * n, n, p, T(0));
  };
  if (work == DType::Float64)
    run(0.0);
  else
    run(0.0f);
  return toDType(cx, *out, self.dtype);
}

TensorRef pairwiseDistance(Context &cx, const Tensor &x1, const Tensor &x2, double p, double eps,
                           bool keepdim) {
  TSC_ASSIGN(Shape sizes, broadcastShapes(cx, x1.shape(), x2.shape()));
  DType dtype = promoteTypes(x1.dtype, x2.dtype);
  if (tsc::isComplex(dtype)) { // the norm of the magnitudes of the differences
    TensorRef apart = elementwise<kComplex, Promote::ToReal>(
        cx, "pairwise_distance", {}, [](auto a, auto b, auto e) { return std::abs(a - b + e); },
        inputs(x1, x2), constants(eps));
    TSC_TRY(apart);
    TensorRef zero = zeros(cx, Shape::of(1), apart->dtype);
    TSC_TRY(zero);
    return pairwiseDistance(cx, *apart, *zero, p, 0, keepdim);
  }
  if (tsc::isIntegral(dtype, false)) // eps makes the differences floats
    dtype = cx.defaultDType;
  if (!isFloating(dtype))
    return unsupportedDType(cx, "pairwise_distance", dtype);
  DType work = computeDType(dtype);
  TensorRef a = expand(cx, x1, sizes), b = expand(cx, x2, sizes);
  TSC_TRY(a && b);
  a = contiguousAs(cx, *a, work), b = contiguousAs(cx, *b, work);
  Shape result = sizes;
  int64_t n = sizes.empty() ? 1 : sizes.back();
  if (!sizes.empty()) {
    result.back() = 1;
    if (!keepdim)
      result.erase(result.size() - 1);
  }
  TensorRef out = empty(cx, result, work);
  TSC_TRY(a && b && out);
  for (int64_t r = 0; r < out->numel; ++r)
    if (work == DType::Float64)
      out->ptr<double>()[r] =
          rowDistance(a->ptr<double>() + r * n, b->ptr<double>() + r * n, n, p, eps);
    else
      out->ptr<float>()[r] = rowDistance(a->ptr<float>() + r * n, b->ptr<float>() + r * n, n, p,
                                         static_cast<float>(eps));
  return toDType(cx, *out, dtype);
}

/// The sum over a dim of the products of two tensors, in double.
TensorRef sumOfProducts(Context &cx, const Tensor &a, const Tensor &b, int64_t dim) {
  TensorRef products = elementwise<kFloat, Promote::Keep>(
      cx, "mul", {}, [](auto x, auto y) { return x * y; }, inputs(a, b));
  TSC_TRY(products);
  int64_t dims[] = {dim};
  return sumTensor(cx, *products, Optional<IntList>(IntList(dims)), false, products->dtype);
}
TensorRef cosineSimilarity(Context &cx, const Tensor &x1, const Tensor &x2, int64_t dim,
                           double eps) {
  DType dtype = promoteTypes(x1.dtype, x2.dtype);
  if (!isFloating(dtype))
    return cx.fail("expected common dtype to be floating point, yet common dtype is %s",
                   findDType(dtype)->graphName);
  TSC_ASSIGN(Shape sizes, broadcastShapes(cx, x1.shape(), x2.shape()));
  DType work = computeDType(dtype);
  TensorRef a = expand(cx, x1, sizes), b = expand(cx, x2, sizes);
  TSC_TRY(a && b);
  a = toDType(cx, *a, work), b = toDType(cx, *b, work);
  TSC_TRY(a && b);
  TensorRef both = sumOfProducts(cx, *a, *b, dim), left = sumOfProducts(cx, *a, *a, dim),
            right = sumOfProducts(cx, *b, *b, dim);
  TSC_TRY(both && left && right);
  auto f = [](auto s, auto l, auto r, auto least) {
    l = std::sqrt(l), r = std::sqrt(r);
    return s / ((l < least ? least : l) * (r < least ? least : r));
  };
  TensorRef out = elementwise<kFloat, Promote::Keep>(cx, "cosine_similarity", {}, f,
                                                     inputs(*both, *left, *right), constants(eps));
  TSC_TRY(out);
  return toDType(cx, *out, dtype);
}

TensorRef cosineEmbeddingLoss(Context &cx, const Tensor &x1, const Tensor &x2, const Tensor &target,
                              double margin, int64_t reduction) {
  if (target.rank > 1 || x1.rank != target.rank + 1 || x2.rank != target.rank + 1)
    return cx.fail(
        "cosine_embedding_loss: %lldD target tensor expects %lldD input tensors, but found "
        "inputs with sizes %s and %s",
        wide(target.rank), wide(target.rank + 1), ShapeText(x1.shape()).text,
        ShapeText(x2.shape()).text);
  auto asFloat = [&](const Tensor &t) -> TensorRef {
    return t.isFloating() ? toDType(cx, t, computeDType(t.dtype)) : toDType(cx, t, cx.defaultDType);
  };
  TensorRef a = asFloat(x1), b = asFloat(x2);
  TSC_TRY(a && b);
  TensorRef both = sumOfProducts(cx, *a, *b, -1), left = sumOfProducts(cx, *a, *a, -1),
            right = sumOfProducts(cx, *b, *b, -1);
  TSC_TRY(both && left && right);
  auto f = [](auto s, auto l, auto r, auto t, auto m) -> decltype(s) {
    constexpr double kSmall = 1e-12;
    using T = decltype(s);
    T c = s / std::sqrt((l + static_cast<T>(kSmall)) * (r + static_cast<T>(kSmall)));
    T apart = c - m < 0 ? T(0) : c - m;
    return t == 1 ? 1 - c : t == -1 ? apart : T(0);
  };
  TensorRef y = toDType(cx, target, both->dtype);
  TSC_TRY(y);
  TensorRef losses = elementwise<kFloat, Promote::Keep>(
      cx, "cosine_embedding_loss", {}, f, inputs(*both, *left, *right, *y), constants(margin));
  TSC_TRY(losses);
  if (x1.isFloating())
    losses = toDType(cx, *losses, promoteTypes(x1.dtype, x2.dtype));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}

TensorRef tripletMarginLoss(Context &cx, const Tensor &anchor, const Tensor &positive,
                            const Tensor &negative, double margin, double p, double eps, bool swap,
                            int64_t reduction) {
  if (anchor.rank != positive.rank || positive.rank != negative.rank)
    return cx.fail(
        "The anchor, positive, and negative tensors are expected to have the same number "
        "of dimensions, but got: anchor %lldD, positive %lldD, and negative %lldD inputs",
        wide(anchor.rank), wide(positive.rank), wide(negative.rank));
  if (margin <= 0)
    return cx.fail("triplet_margin_loss: margin must be greater than 0, got %g", margin);
  TensorRef close = pairwiseDistance(cx, anchor, positive, p, eps, false),
            far = pairwiseDistance(cx, anchor, negative, p, eps, false);
  TSC_TRY(close && far);
  if (swap) {
    TensorRef other = pairwiseDistance(cx, positive, negative, p, eps, false);
    TSC_TRY(other);
    far = elementwise<kFloat, Promote::Keep>(
        cx, "minimum", {}, [](auto x, auto y) { return x < y || x != x ? x : y; },
        inputs(*far, *other));
    TSC_TRY(far);
  }
  auto f = [](auto c, auto d, auto m) -> decltype(c) {
    auto v = m + c - d;
    return v < 0 ? 0 : v;
  };
  TensorRef losses = elementwise<kFloat, Promote::Keep>(cx, "triplet_margin_loss", {}, f,
                                                        inputs(*close, *far), constants(margin));
  TSC_TRY(losses);
  return reduceLosses(cx, *losses, reduction);
}
TensorRef cdist(Context &cx, const Tensor &x1, const Tensor &x2, double p, Optional<int64_t> mode) {
  return cdistForward(cx, x1, x2, p, mode);
}
} // namespace

TSC_KERNEL(aten_cdist, cdist)
TSC_KERNEL(aten__cdist_forward, cdistForward)
TSC_KERNEL(aten__euclidean_dist, euclidean)
TSC_KERNEL(aten_pdist, pdist)
TSC_KERNEL(aten__pdist_forward, pdist)
TSC_KERNEL(aten_pairwise_distance, pairwiseDistance)
TSC_KERNEL(aten_cosine_similarity, cosineSimilarity)
TSC_KERNEL(aten_cosine_embedding_loss, cosineEmbeddingLoss)
TSC_KERNEL(aten_triplet_margin_loss, tripletMarginLoss)
TSC_ROUTINE(cdist, distanceRoutine)
TSC_ROUTINE(pdist, pairRoutine)
