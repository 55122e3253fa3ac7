// SPDX-License-Identifier: Apache-2.0
// Differences of neighbours along a dim: diff, gradient, and the trapezoidal rule and its running
// sums.
#include "LinearAlgebra.h"
#include "Views.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

// ---- diff
TensorRef differenceOnce(Context &cx, const Tensor &t, int64_t dim) {
  int64_t n = t.sizes[dim] > 0 ? t.sizes[dim] - 1 : 0;
  TensorRef later = narrow(cx, t, dim, t.sizes[dim] - n, n), earlier = narrow(cx, t, dim, 0, n);
  TSC_TRY(later && earlier);
  auto f = [](auto a, auto b) -> decltype(a) {
    if constexpr (std::is_same_v<decltype(a), bool>)
      return a != b;
    else
      return a - b;
  };
  return elementwise<kAll, Promote::Keep>(cx, "diff", {}, f, inputs(*later, *earlier));
}
TensorRef difference(Context &cx, const Tensor &self, int64_t order, int64_t dim, OptTensor prepend,
                     OptTensor append) {
  if (self.rank == 0)
    return cx.fail("diff expects input to be at least one-dimensional");
  if (order < 0)
    return cx.fail("order must be non-negative but got %lld", wide(order));
  TSC_ASSIGN(dim, wrapDim(cx, dim, self.rank));
  TensorRef t = same(self);
  if (order > 0 && (prepend || append)) {
    Vector<const Tensor *> parts;
    if (prepend)
      TSC_TRY(parts.push(cx, prepend.tensor));
    TSC_TRY(parts.push(cx, &self));
    if (append)
      TSC_TRY(parts.push(cx, append.tensor));
    t = joinTensors(cx, Span<const Tensor *>(parts.data(), parts.size()), dim);
    TSC_TRY(t);
  }
  if (order == 0)
    return clone(cx, self);
  for (int64_t i = 0; i < order && (i == 0 || t->sizes[dim] > 0); ++i) {
    t = differenceOnce(cx, *t, dim);
    TSC_TRY(t);
  }
  return t;
}

// ---- Trapezoids
/// Areas of all trapezoids along dim: (left + right) / 2 * dx.
TensorRef trapezoids(Context &cx, const Tensor &y, const Operand &dx, int64_t dim) {
  int64_t n = y.sizes[dim] - 1;
  TensorRef left = narrow(cx, y, dim, 0, n), right = narrow(cx, y, dim, 1, n);
  TSC_TRY(left && right);
  auto f = [](auto a, auto b, auto width) {
    using T = decltype(a);
    return (a + b) * width * T(0.5);
  };
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(cx, "trapezoid", {}, f,
                                                             inputs(*left, *right, dx));
}
/// The widths between sample points, broadcast against y along its dim.
TensorRef widthsOf(Context &cx, const Tensor &y, const Tensor &x, int64_t dim) {
  TensorRef points;
  if (x.rank == 1) {
    if (x.sizes[0] != y.sizes[dim])
      return cx.fail("trapezoid: There must be one `x` value for each sample point");
    Shape sizes(y.rank - dim, 1);
    sizes[0] = x.sizes[0];
    points = reshape(cx, x, sizes);
    dim = 0;
  } else if (x.rank < y.rank) {
    Shape sizes(x.shape());
    while (sizes.size() < y.rank)
      sizes.insert(0, 1);
    points = reshape(cx, x, sizes);
  } else {
    points = same(x);
  }
  TSC_TRY(points);
  if (points->rank > 0 && dim >= points->rank)
    return cx.fail("trapezoid: There must be one `x` value for each sample point");
  return differenceOnce(cx, *points, dim);
}
/// A result without points: zeros without the dim.
TensorRef noArea(Context &cx, const Tensor &y, int64_t dim) {
  Shape sizes(y.shape());
  sizes.erase(dim);
  return zeros(cx, sizes, y.dtype);
}
TensorRef sumAreas(Context &cx, const Tensor &y, const Operand &dx, int64_t dim) {
  TensorRef parts = trapezoids(cx, y, dx, dim);
  TSC_TRY(parts);
  int64_t dims[] = {dim};
  return sumTensor(cx, *parts, Optional<IntList>(IntList(dims)), false, parts->dtype);
}
/// With equal widths: the sum of all points but half of both ends.
TensorRef sumEvenAreas(Context &cx, const Tensor &y, const Operand &dx, int64_t dim) {
  int64_t dims[] = {dim};
  DType dtype = y.isFloating() || y.isComplex() ? y.dtype : DType::Int64;
  TensorRef total = sumTensor(cx, y, Optional<IntList>(IntList(dims)), false, dtype);
  TensorRef first = select(cx, y, dim, 0), last = select(cx, y, dim, y.sizes[dim] - 1);
  TSC_TRY(total && first && last);
  auto f = [](auto sum, auto a, auto b, auto width) {
    using T = decltype(sum);
    return (sum - (a + b) * T(0.5)) * width;
  };
  return elementwise<kFloat | kComplex, Promote::IntToFloat>(cx, "trapezoid", {}, f,
                                                             inputs(*total, *first, *last, dx));
}
/// Running sums along a dim, in double or complex double.
TensorRef runningAreas(Context &cx, const Tensor &y, const Operand &dx, int64_t dim) {
  TensorRef parts = trapezoids(cx, y, dx, dim);
  TSC_TRY(parts);
  DType dtype = parts->dtype;
  TensorRef work = contiguousAs(cx, *parts, matrixDType(dtype));
  TSC_TRY(work);
  int64_t n = work->sizes[dim], inner = 1;
  for (int64_t d = dim + 1; d < work->rank; ++d)
    inner *= work->sizes[d];
  withMatrixType(dtype, [&]<class T>() {
    T *data = work->ptr<T>();
    for (int64_t i = 0; i < work->numel; ++i)
      if (i / inner % n != 0)
        data[i] += data[i - inner];
  });
  return toDType(cx, *work, dtype);
}

template <bool Running>
TensorRef overPoints(Context &cx, const Tensor &y, const Tensor &x, int64_t dim) {
  const char *name = Running ? "cumulative_trapezoid" : "trapezoid";
  TSC_ASSIGN(dim, wrapDim(cx, dim, y.rank));
  if (y.rank == 0)
    return cx.fail("%s: expected y to have at least one dimension", name);
  if (y.sizes[dim] == 0)
    return Running ? clone(cx, y) : noArea(cx, y, dim);
  if (y.isBool() || x.isBool())
    return cx.fail("%s: received a bool input for `x` or `y`, but bool is not supported", name);
  TensorRef dx = widthsOf(cx, y, x, dim);
  TSC_TRY(dx);
  return Running ? runningAreas(cx, y, *dx, dim) : sumAreas(cx, y, *dx, dim);
}
template <bool Running> TensorRef overSteps(Context &cx, const Tensor &y, Scalar dx, int64_t dim) {
  const char *name = Running ? "cumulative_trapezoid" : "trapezoid";
  TSC_ASSIGN(dim, wrapDim(cx, dim, y.rank));
  if (y.rank == 0)
    return cx.fail("%s: expected y to have at least one dimension", name);
  if (y.sizes[dim] == 0)
    return Running ? clone(cx, y) : noArea(cx, y, dim);
  if (y.isBool())
    return cx.fail("%s: received a bool input for `y`, but bool is not supported", name);
  return Running ? runningAreas(cx, y, dx, dim) : sumEvenAreas(cx, y, dx, dim);
}
TensorRef overWidth(Context &cx, const Tensor &y, double dx, int64_t dim) {
  return overSteps<false>(cx, y, Scalar(dx), dim);
}

// ---- gradient
/// Where the samples along one dim lie: evenly, or at given points.
struct Spacing {
  Scalar step = Scalar(1.0);
  const Tensor *points = nullptr;
};
template <class T> struct Samples {
  const T *values;
  T *result;
  int64_t n, step;
  const T *points; ///< or null: `width` apart
  T width;
  T gap(int64_t i) const { return points ? points[i + 1] - points[i] : width; }
  T value(int64_t i) const { return values[i * step]; }

  /// The slope at the first (or, `back`, the last) point from three points.
  T edge(bool back) const {
    int64_t last = n - 1;
    T near = gap(back ? last - 1 : 0), far = gap(back ? last - 2 : 1), both = near + far;
    T a = value(back ? last : 0), b = value(back ? last - 1 : 1), c = value(back ? last - 2 : 2);
    T slope =
        -(near + both) / (near * both) * a + both / (near * far) * b - near / (far * both) * c;
    return back ? -slope : slope;
  }
  void run(int64_t edgeOrder) const {
    for (int64_t i = 1; i + 1 < n; ++i) {
      T before = gap(i - 1), after = gap(i), both = before + after;
      result[i * step] = points ? -after / (before * both) * value(i - 1) +
                                      (after - before) / (before * after) * value(i) +
                                      before / (after * both) * value(i + 1)
                                : (value(i + 1) - value(i - 1)) / both;
    }
    result[0] = edgeOrder == 2 ? edge(false) : (value(1) - value(0)) / gap(0);
    result[(n - 1) * step] =
        edgeOrder == 2 ? edge(true) : (value(n - 1) - value(n - 2)) / gap(n - 2);
  }
};

TensorRef gradientAlong(Context &cx, const Tensor &self, int64_t dim, const Spacing &spacing,
                        int64_t edgeOrder) {
  Operand operands[] = {Operand(self),
                        spacing.points ? Operand(*spacing.points) : Operand(spacing.step)};
  DType dtype = computeResultType(cx, operands, 2);
  if (tsc::isIntegral(dtype, true))
    dtype = cx.defaultDType;
  DType work = matrixDType(dtype);
  TensorRef values = contiguousAs(cx, self, work), out = empty(cx, self.shape(), work);
  TensorRef points = spacing.points ? contiguousAs(cx, *spacing.points, work) : TensorRef();
  TSC_TRY(values && out && (points || !spacing.points));
  int64_t n = self.sizes[dim], inner = 1;
  for (int64_t d = dim + 1; d < self.rank; ++d)
    inner *= self.sizes[d];
  withMatrixType(dtype, [&]<class T>() {
    for (int64_t line = 0; line < self.numel / n; ++line) {
      int64_t at = line / inner * n * inner + line % inner;
      Samples<T> s{
          values->ptr<T>() + at, out->ptr<T>() + at, n, inner, points ? points->ptr<T>() : nullptr,
          spacing.step.to<T>()};
      s.run(edgeOrder);
    }
  });
  return toDType(cx, *out, dtype);
}

/// `at(i)` gives the spacing of the i-th dim.
template <class F>
ListRef gradients(Context &cx, const Tensor &self, const Optional<IntList> &dims, int64_t edgeOrder,
                  int64_t spacings, F at) {
  int64_t count = dims ? dims->size() : self.rank;
  if (spacings >= 0 && spacings != count)
    return cx.fail(
        "torch.gradient expected spacing to be unspecified, a scalar or a list of length "
        "%lld, but got a list of length %lld",
        wide(count), wide(spacings));
  if (edgeOrder != 1 && edgeOrder != 2)
    return cx.fail("torch.gradient only supports edge_order=1 and edge_order=2.");
  TensorVector parts;
  bool seen[kMaxRank] = {};
  for (int64_t i = 0; i < count; ++i) {
    TSC_ASSIGN(int64_t dim, wrapDim(cx, dims ? (*dims)[i] : i, self.rank));
    if (seen[dim])
      return cx.fail("dim %lld appears multiple times in the list of dims", wide(dim));
    seen[dim] = true;
    if (self.rank == 0 || self.sizes[dim] <= edgeOrder)
      return cx.fail("torch.gradient expected each dimension size to be at least edge_order+1");
    Spacing spacing = at(i);
    if (spacing.points &&
        (spacing.points->rank != 1 || spacing.points->sizes[0] != self.sizes[dim]))
      return cx.fail(
          "torch.gradient expected each element of `spacing` to be a vector of length %lld",
          wide(self.sizes[dim]));
    TSC_TRY(parts.push(cx, gradientAlong(cx, self, dim, spacing, edgeOrder)));
  }
  return parts.list(cx);
}
Optional<IntList> listOf(const Optional<int64_t> &dim) {
  return dim ? Optional<IntList>(IntList(&dim.value, 1)) : Optional<IntList>();
}
ListRef gradientEven(Context &cx, const Tensor &self, Optional<Scalar> spacing,
                     Optional<int64_t> dim, int64_t edgeOrder) {
  return gradients(cx, self, listOf(dim), edgeOrder, -1,
                   [&](int64_t) { return Spacing{spacing.valueOr(Scalar(1.0))}; });
}
ListRef gradientEvenDims(Context &cx, const Tensor &self, Scalar spacing, IntList dims,
                         int64_t edgeOrder) {
  return gradients(cx, self, dims, edgeOrder, -1, [&](int64_t) { return Spacing{spacing}; });
}
ListRef gradientUnit(Context &cx, const Tensor &self, IntList dims, int64_t edgeOrder) {
  return gradients(cx, self, dims, edgeOrder, -1, [](int64_t) { return Spacing{}; });
}
ListRef gradientSteps(Context &cx, const Tensor &self, const List &spacing, Optional<int64_t> dim,
                      int64_t edgeOrder) {
  return gradients(cx, self, listOf(dim), edgeOrder, spacing.size,
                   [&](int64_t i) { return Spacing{scalarOf(spacing.get(i))}; });
}
ListRef gradientStepsDims(Context &cx, const Tensor &self, const List &spacing, IntList dims,
                          int64_t edgeOrder) {
  return gradients(cx, self, dims, edgeOrder, spacing.size,
                   [&](int64_t i) { return Spacing{scalarOf(spacing.get(i))}; });
}
ListRef gradientPoints(Context &cx, const Tensor &self, TensorList spacing, Optional<int64_t> dim,
                       int64_t edgeOrder) {
  return gradients(cx, self, listOf(dim), edgeOrder, spacing.size(),
                   [&](int64_t i) { return Spacing{Scalar(1.0), &spacing[i]}; });
}
ListRef gradientPointsDims(Context &cx, const Tensor &self, TensorList spacing, IntList dims,
                           int64_t edgeOrder) {
  return gradients(cx, self, dims, edgeOrder, spacing.size(),
                   [&](int64_t i) { return Spacing{Scalar(1.0), &spacing[i]}; });
}
} // namespace

TSC_WITH_OUTPUT(aten_diff, difference)
TSC_KERNEL(aten_trapezoid_x, overPoints<false>)
TSC_KERNEL(aten_trapezoid_dx, overSteps<false>)
TSC_KERNEL(aten_trapz_x, overPoints<false>)
TSC_KERNEL(aten_trapz_dx, overWidth)
TSC_KERNEL(aten_cumulative_trapezoid_x, overPoints<true>)
TSC_KERNEL(aten_cumulative_trapezoid_dx, overSteps<true>)
TSC_KERNEL(aten_gradient_scalarint, gradientEven)
TSC_KERNEL(aten_gradient_scalararray, gradientEvenDims)
TSC_KERNEL(aten_gradient_array, gradientUnit)
TSC_KERNEL(aten_gradient_scalarrayint, gradientSteps)
TSC_KERNEL(aten_gradient_scalarrayarray, gradientStepsDims)
TSC_KERNEL(aten_gradient_tensorarrayint, gradientPoints)
TSC_KERNEL(aten_gradient_tensorarray, gradientPointsDims)
