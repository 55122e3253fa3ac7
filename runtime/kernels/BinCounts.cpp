// SPDX-License-Identifier: Apache-2.0
// histogramdd: counts, weights or densities of points over a grid of bins. A bin
// holds its left edge; the last one its right edge too.
#include "Outputs.h"
#include "Views.h"

#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
constexpr const char *kName = "torch.histogramdd";
long long wide(int64_t n) { return static_cast<long long>(n); }

template <class F> void withFloat(DType dtype, F &&body) {
  if (dtype == DType::Float64)
    body.template operator()<double>();
  else
    body.template operator()<float>();
}

/// Points [count, dims], contiguous.
TensorRef pointsOf(Context &cx, const Tensor &self) {
  if (self.dtype != DType::Float32 && self.dtype != DType::Float64)
    return cx.raise("NotImplementedError", "\"histogramdd\" not implemented for '%s'",
                    findDType(self.dtype)->graphName);
  if (self.rank < 2)
    return cx.fail("%s: input tensor should have at least 2 dimensions, but got %lld", kName,
                   wide(self.rank));
  int64_t dims = self.size(-1), count = 1;
  for (int64_t d = 0; d + 1 < self.rank; ++d)
    count *= self.sizes[d];
  TensorRef flat = reshape(cx, self, Shape::of(count, dims));
  TSC_TRY(flat);
  return contiguous(cx, *flat);
}

/// The ends of the bins of one dim: given, or those of the points; never the same.
template <class T> struct Ends {
  T left = 0, right = 1;
  bool finite = true;
  Ends(const T *points, int64_t count, int64_t dims, int64_t dim,
       const Optional<FloatList> &range) {
    if (range) {
      left = static_cast<T>((*range)[2 * dim]), right = static_cast<T>((*range)[2 * dim + 1]);
    } else if (count > 0) {
      left = right = points[dim];
      for (int64_t i = 1; i < count; ++i) {
        T x = points[i * dims + dim];
        left = x < left || x != x ? x : left;
        right = x > right || x != x ? x : right;
      }
    }
    finite = std::isfinite(left) && std::isfinite(right);
  }
};
template <class T> void spaceEvenly(T left, T right, T *edges, int64_t bins) {
  T step = (right - left) / static_cast<T>(bins);
  for (int64_t i = 0; i <= bins; ++i)
    edges[i] = i < (bins + 1) / 2 ? left + step * static_cast<T>(i)
                                  : right - step * static_cast<T>(bins - i);
}

Status evenEdges(Context &cx, const Tensor &points, IntList bins, const Optional<FloatList> &range,
                 TensorVector &edges) {
  int64_t dims = points.sizes[1];
  if (bins.size() != dims)
    return cx.fail(
        "%s: expected %lld sequences of bin counts for a %lld-dimensional histogram but got "
        "%lld",
        kName, wide(dims), wide(dims), wide(bins.size()));
  if (range && range->size() != 2 * dims)
    return cx.fail(
        "%s: for a %lld-dimensional histogram range should have %lld elements, but got %lld", kName,
        wide(dims), wide(2 * dims), wide(range->size()));
  for (int64_t d = 0; d < dims; ++d) {
    if (bins[d] <= 0)
      return cx.fail("%s: bins must be > 0, but got %lld for dimension %lld", kName, wide(bins[d]),
                     wide(d));
    TensorRef e = empty(cx, Shape::of(bins[d] + 1), points.dtype);
    TSC_TRY(e);
    Status checked;
    withFloat(points.dtype, [&]<class T>() {
      Ends<T> ends(points.ptr<T>(), points.sizes[0], dims, d, range);
      double left = static_cast<double>(ends.left), right = static_cast<double>(ends.right);
      if (!ends.finite) {
        checked = cx.fail("%s: dimension %lld's range [%g, %g] is not finite", kName, wide(d), left,
                          right);
        return;
      }
      if (left > right) {
        checked = cx.fail("%s: min should not exceed max, but got min %g max %g for dimension %lld",
                          kName, left, right, wide(d));
        return;
      }
      if (left == right)
        ends.left -= T(0.5), ends.right += T(0.5);
      spaceEvenly(ends.left, ends.right, e->ptr<T>(), bins[d]);
    });
    TSC_TRY(checked);
    TSC_TRY(edges.push(cx, e));
  }
  return success();
}
Status givenEdges(Context &cx, const Tensor &points, TensorList bins, TensorVector &edges) {
  if (bins.size() != points.sizes[1])
    return cx.fail(
        "%s: expected %lld sequences of bin edges for a %lld-dimensional histogram but got "
        "%lld",
        kName, wide(points.sizes[1]), wide(points.sizes[1]), wide(bins.size()));
  for (int64_t d = 0; d < bins.size(); ++d) {
    if (bins[d].dtype != points.dtype)
      return cx.fail(
          "%s: input tensor and bins tensors should have the same dtype, but got input with "
          "dtype %s and bins with dtype %s",
          kName, findDType(points.dtype)->graphName, findDType(bins[d].dtype)->graphName);
    if (bins[d].rank != 1 || bins[d].numel == 0)
      return cx.fail(
          "%s: bins tensor should have one dimension and at least one element, but got shape "
          "%s",
          kName, ShapeText(bins[d].shape()).text);
    TSC_TRY(edges.push(cx, contiguous(cx, bins[d])));
  }
  return success();
}

/// The bin of x, or -1: the last edge that is not above x.
template <class T> int64_t binOf(const T *edges, int64_t count, T x) {
  if (!(x >= edges[0] && x <= edges[count - 1]))
    return -1;
  int64_t low = 0, high = count;
  while (high - low > 1) {
    int64_t middle = (low + high) / 2;
    (edges[middle] <= x ? low : high) = middle;
  }
  return low == count - 1 ? low - 1 : low;
}

template <class T>
void countPoints(const Tensor &points, const TensorVector &edges, const T *weights,
                 double *counts) {
  int64_t dims = points.sizes[1];
  for (int64_t i = 0; i < points.sizes[0]; ++i) {
    int64_t at = 0;
    for (int64_t d = 0; d < dims && at >= 0; ++d) {
      int64_t bins = edges[d].numel - 1;
      int64_t bin = binOf(edges[d].ptr<T>(), bins + 1, points.ptr<T>()[i * dims + d]);
      at = bin < 0 ? -1 : at * bins + bin;
    }
    if (at >= 0)
      counts[at] += weights ? static_cast<double>(weights[i]) : 1;
  }
}
/// Divides by the sum and by the sizes of the bins.
template <class T> void makeDensity(const TensorVector &edges, double *counts, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += counts[i];
  for (int64_t i = 0; i < n; ++i) {
    double size = sum;
    for (int64_t d = edges.size() - 1, rest = i; d >= 0; --d) {
      int64_t bins = edges[d].numel - 1, bin = rest % bins;
      size *= static_cast<double>(edges[d].ptr<T>()[bin + 1] - edges[d].ptr<T>()[bin]);
      rest /= bins;
    }
    counts[i] /= size;
  }
}

TensorRef countOver(Context &cx, const Tensor &points, const TensorVector &edges, OptTensor weight,
                    bool density) {
  Shape shape;
  for (int64_t d = 0; d < edges.size(); ++d)
    shape.push(edges[d].numel - 1);
  TensorRef weights;
  if (weight) {
    if (weight->dtype != points.dtype)
      return cx.fail(
          "%s: if weight tensor is provided, input tensor and weight tensor should have the "
          "same dtype, but got input(%s), and weight(%s)",
          kName, findDType(points.dtype)->graphName, findDType(weight->dtype)->graphName);
    if (weight->numel != points.sizes[0])
      return cx.fail(
          "%s: if weight tensor is provided it should have the same shape as the input tensor "
          "excluding its innermost dimension, but got weight with shape %s",
          kName, ShapeText(weight->shape()).text);
    weights = contiguous(cx, *weight);
    TSC_TRY(weights);
  }
  TSC_TRY(checkedNumel(cx, shape));
  TensorRef counts = zeros(cx, shape, DType::Float64);
  TSC_TRY(counts);
  withFloat(points.dtype, [&]<class T>() {
    countPoints<T>(points, edges, weights ? weights->ptr<T>() : nullptr, counts->ptr<double>());
    if (density)
      makeDensity<T>(edges, counts->ptr<double>(), counts->numel);
  });
  return toDType(cx, *counts, points.dtype);
}

// ---- Many dims
using Grid = Results<TensorRef, ListRef>;
Grid gridOfCounts(Context &cx, const Tensor &self, IntList bins, Optional<FloatList> range,
                  OptTensor weight, bool density) {
  TensorRef points = pointsOf(cx, self);
  TensorVector edges;
  TSC_TRY(points && evenEdges(cx, *points, bins, range, edges));
  return {countOver(cx, *points, edges, weight, density), edges.list(cx)};
}
Grid gridOfOneCount(Context &cx, const Tensor &self, int64_t bins, Optional<FloatList> range,
                    OptTensor weight, bool density) {
  Shape all(self.rank < 1 ? 0 : self.size(-1), bins);
  if (self.rank > 0 && self.size(-1) > kMaxRank)
    return cx.fail("%s: expected at most %lld dimensions, found %lld", kName, wide(kMaxRank),
                   wide(self.size(-1)));
  return gridOfCounts(cx, self, all, range, weight, density);
}
Grid gridOfEdges(Context &cx, const Tensor &self, TensorList bins, Optional<FloatList>,
                 OptTensor weight, bool density) {
  TensorRef points = pointsOf(cx, self);
  TensorVector edges;
  TSC_TRY(points && givenEdges(cx, *points, bins, edges));
  return {countOver(cx, *points, edges, weight, density), edges.list(cx)};
}
ListRef edgesOnly(Context &cx, const Tensor &self, IntList bins, Optional<FloatList> range,
                  OptTensor, bool) {
  TensorRef points = pointsOf(cx, self);
  TensorVector edges;
  TSC_TRY(points && evenEdges(cx, *points, bins, range, edges));
  return edges.list(cx);
}
TensorRef countsOnly(Context &cx, const Tensor &self, IntList bins, Optional<FloatList> range,
                     OptTensor weight, bool density) {
  Grid g = gridOfCounts(cx, self, bins, range, weight, density);
  TSC_TRY(g);
  return std::get<0>(g.values);
}
TensorRef countsByEdges(Context &cx, const Tensor &self, TensorList bins, OptTensor weight,
                        bool density) {
  Grid g = gridOfEdges(cx, self, bins, {}, weight, density);
  TSC_TRY(g);
  return std::get<0>(g.values);
}
} // namespace

TSC_KERNEL(aten_histogramdd, gridOfCounts)
TSC_KERNEL(aten_histogramdd_int_bins, gridOfOneCount)
TSC_KERNEL(aten_histogramdd_TensorList_bins, gridOfEdges)
TSC_KERNEL(aten__histogramdd_bin_edges, edgesOnly)
TSC_WITH_OUTPUT(aten__histogramdd_from_bin_cts, countsOnly)
TSC_WITH_OUTPUT(aten__histogramdd_from_bin_tensors, countsByEdges)
