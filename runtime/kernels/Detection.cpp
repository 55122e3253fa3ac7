// SPDX-License-Identifier: Apache-2.0
// torchvision's operators on boxes: nms and the overlap of rotated boxes.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

/// Indices in falling order of score; of equal scores the earlier first. NaN counts as the highest.
bool above(double a, double b) { return a > b || (a != a && b == b); }
void sortByScore(const double *scores, int64_t *order, int64_t *room, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    order[i] = i;
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t low = 0; low < n; low += 2 * width) {
      int64_t mid = low + width < n ? low + width : n, end = mid + width < n ? mid + width : n;
      int64_t a = low, b = mid, to = low;
      while (a < mid || b < end) {
        bool second = a >= mid || (b < end && above(scores[order[b]], scores[order[a]]));
        room[to++] = second ? order[b++] : order[a++];
      }
    }
    for (int64_t i = 0; i < n; ++i)
      order[i] = room[i];
  }
}

/// Keeps boxes from the highest score down, dropping those that overlap a kept one too much.
template <class T>
int64_t suppress(const T *boxes, const int64_t *order, int64_t n, double threshold, bool *dropped,
                 T *areas, int64_t *kept) {
  for (int64_t i = 0; i < n; ++i) {
    const T *b = boxes + 4 * i;
    areas[i] = (b[2] - b[0]) * (b[3] - b[1]), dropped[i] = false;
  }
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = order[i];
    if (dropped[at])
      continue;
    kept[count++] = at;
    const T *a = boxes + 4 * at;
    for (int64_t j = i + 1; j < n; ++j) {
      const T *b = boxes + 4 * order[j];
      T left = a[0] > b[0] ? a[0] : b[0], top = a[1] > b[1] ? a[1] : b[1];
      T right = a[2] < b[2] ? a[2] : b[2], bottom = a[3] < b[3] ? a[3] : b[3];
      T w = right - left > 0 ? right - left : T(0), h = bottom - top > 0 ? bottom - top : T(0);
      T both = w * h;
      if (static_cast<double>(both / (areas[at] + areas[order[j]] - both)) > threshold)
        dropped[order[j]] = true;
    }
  }
  return count;
}

TensorRef nms(Context &cx, const Tensor &boxes, const Tensor &scores, double threshold) {
  if (boxes.rank != 2 || boxes.sizes[1] != 4)
    return cx.fail("boxes should be a 2d tensor with 4 elements in dimension 1, got %s",
                   ShapeText(boxes.shape()).text);
  if (scores.rank != 1 || scores.sizes[0] != boxes.sizes[0])
    return cx.fail(
        "boxes and scores should have same number of elements in dimension 0, got %lld and "
        "%lld",
        wide(boxes.sizes[0]), wide(scores.rank ? scores.sizes[0] : 0));
  if (!boxes.isFloating() || boxes.dtype != scores.dtype)
    return cx.fail("dets should have the same type as scores");
  int64_t n = boxes.sizes[0];
  DType work = computeDType(boxes.dtype);
  TensorRef b = contiguousAs(cx, boxes, work), s = contiguousAs(cx, scores, DType::Float64),
            areas = empty(cx, Shape::of(n), work), kept = empty(cx, Shape::of(n), DType::Int64);
  Vector<int64_t> order, room;
  Vector<bool> dropped;
  TSC_TRY(b && s && areas && kept && order.resize(cx, n) && room.resize(cx, n) &&
          dropped.resize(cx, n));
  sortByScore(s->ptr<double>(), order.data(), room.data(), n);
  int64_t count = work == DType::Float64
                      ? suppress(b->ptr<double>(), order.data(), n, threshold, dropped.data(),
                                 areas->ptr<double>(), kept->ptr<int64_t>())
                      : suppress(b->ptr<float>(), order.data(), n, threshold, dropped.data(),
                                 areas->ptr<float>(), kept->ptr<int64_t>());
  TensorRef part = narrow(cx, *kept, 0, 0, count);
  TSC_TRY(part);
  return clone(cx, *part);
}

// ---- Rotated boxes: center, size and angle in degrees
struct Point {
  double x, y;
};
constexpr int kMaxCorners = 16;
struct Polygon {
  int count = 0;
  Point corners[kMaxCorners];
  void add(Point p) {
    if (count < kMaxCorners)
      corners[count++] = p;
  }
};
Polygon boxCorners(const double *box, double x0, double y0) {
  double angle = box[4] * M_PI / 180, c = std::cos(angle) / 2, s = std::sin(angle) / 2;
  Polygon p;
  const double kSigns[4][2] = {{1, 1}, {1, -1}, {-1, -1}, {-1, 1}};
  for (auto &sign : kSigns)
    p.add({box[0] - x0 + sign[0] * c * box[2] + sign[1] * s * box[3],
           box[1] - y0 - sign[0] * s * box[2] + sign[1] * c * box[3]});
  return p;
}
double cross(Point o, Point a, Point b) {
  return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}
double areaOf(const Polygon &p) {
  double sum = 0;
  for (int i = 2; i < p.count; ++i)
    sum += cross(p.corners[0], p.corners[i - 1], p.corners[i]);
  return sum / 2;
}
/// What of `p` lies on the inner side of every edge of `clip`.
Polygon clipped(Polygon p, const Polygon &clip) {
  double side = areaOf(clip) < 0 ? -1 : 1;
  for (int e = 0; e < clip.count; ++e) {
    Point a = clip.corners[e], b = clip.corners[(e + 1) % clip.count];
    Polygon next;
    for (int i = 0; i < p.count; ++i) {
      Point from = p.corners[i], to = p.corners[(i + 1) % p.count];
      double df = side * cross(a, b, from), dt = side * cross(a, b, to);
      if (df >= 0)
        next.add(from);
      if ((df > 0 && dt < 0) || (df < 0 && dt > 0)) {
        double t = df / (df - dt);
        next.add({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
      }
    }
    p = next;
  }
  return p;
}
TensorRef rotatedOverlap(Context &cx, const Tensor &a, const Tensor &b) {
  if (a.rank != 2 || b.rank != 2 || a.sizes[1] != 5 || b.sizes[1] != 5)
    return cx.fail("box_iou_rotated: expected boxes as two tensors of shape [*, 5], got %s and %s",
                   ShapeText(a.shape()).text, ShapeText(b.shape()).text);
  TensorRef x = contiguousAs(cx, a, DType::Float64), y = contiguousAs(cx, b, DType::Float64),
            out = empty(cx, Shape::of(a.sizes[0], b.sizes[0]), DType::Float32);
  TSC_TRY(x && y && out);
  for (int64_t i = 0; i < a.sizes[0]; ++i)
    for (int64_t j = 0; j < b.sizes[0]; ++j) {
      const double *p = x->ptr<double>() + 5 * i, *q = y->ptr<double>() + 5 * j;
      double areaP = p[2] * p[3], areaQ = q[2] * q[3], both = 0;
      if (areaP >= 1e-14 && areaQ >= 1e-14) {
        double x0 = (p[0] + q[0]) / 2, y0 = (p[1] + q[1]) / 2;
        both = std::fabs(areaOf(clipped(boxCorners(p, x0, y0), boxCorners(q, x0, y0))));
        both /= areaP + areaQ - both;
      }
      out->ptr<float>()[i * b.sizes[0] + j] = static_cast<float>(both);
    }
  return out;
}
} // namespace

TSC_KERNEL(torchvision_nms, nms)
TSC_KERNEL(torchvision_box_iou_rotated, rotatedOverlap)
