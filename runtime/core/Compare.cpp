// SPDX-License-Identifier: Apache-2.0
// What a compiled kernel made against what generic kernels made of the same inputs. Floating-point
// numbers may differ by a tolerance of their dtype, relative to the number and to the largest one
// of the tensor, because sums are taken in another order; the rest is exact. NaN equals NaN.
#include "tsc/runtime/Tensor.h"

#include <cmath>
#include <cstdio>

namespace tsc::rt {
namespace {

struct Tolerance {
  double relative, absolute;
};

/// The element that differs most, in units of what is allowed.
struct Worst {
  int64_t index = -1;
  double excess = 1;
};

Tolerance toleranceOf(DType dtype) {
  switch (dtype) {
  case DType::Float64:
    return {1e-7, 1e-7};
  case DType::Float32:
    return {1e-4, 1e-5};
  case DType::Float16:
    return {1e-3, 1e-3};
  case DType::BFloat16:
    return {1.6e-2, 8e-3}; // 2 units of the last place: generic kernels round in between
  default:
    return {0, 0};
  }
}

double largest(const Tensor &t) {
  double most = 1;
  for (int64_t i = 0; i < t.numel; ++i) {
    double x = std::fabs(t.at(i).toDouble());
    if (std::isfinite(x) && x > most)
      most = x;
  }
  return most;
}

Worst compareFloats(const Tensor &found, const Tensor &expected) {
  Tolerance tolerance = toleranceOf(expected.dtype);
  double floor = tolerance.absolute * largest(expected);
  Worst worst;
  for (int64_t i = 0; i < expected.numel; ++i) {
    double a = found.at(i).toDouble(), b = expected.at(i).toDouble();
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double excess = std::fabs(a - b) / (floor + tolerance.relative * std::fabs(b));
    if (!(std::isfinite(a) && std::isfinite(b)))
      excess = INFINITY;
    if (excess > worst.excess)
      worst = {i, excess};
  }
  return worst;
}

Worst compareIntegers(const Tensor &found, const Tensor &expected) {
  for (int64_t i = 0; i < expected.numel; ++i)
    if (found.at(i).i != expected.at(i).i)
      return {i, INFINITY};
  return {};
}

/// "[0, 3, 2]" for a flat index.
struct IndexText {
  char text[256];
  IndexText(const Tensor &t, int64_t flat) {
    int64_t index[64], rest = flat;
    int64_t rank = t.rank < 64 ? t.rank : 64;
    for (int64_t d = rank - 1; d >= 0; --d) {
      index[d] = rest % t.sizes[d];
      rest /= t.sizes[d];
    }
    int length = std::snprintf(text, sizeof text, "[");
    for (int64_t d = 0; d < rank && length < static_cast<int>(sizeof text) - 32; ++d)
      length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), "%s%lld",
                              d ? ", " : "", static_cast<long long>(index[d]));
    std::snprintf(text + length, sizeof text - static_cast<size_t>(length), "]");
  }
};

struct NumberText {
  char text[40];
  explicit NumberText(const Scalar &number) {
    if (number.isIntegral(true))
      std::snprintf(text, sizeof text, "%lld", static_cast<long long>(number.i));
    else
      std::snprintf(text, sizeof text, "%.9g", number.toDouble());
  }
};

} // namespace

Status compareCompiled(Context &cx, const Tensor &found, const Tensor &expected, const char *what) {
  constexpr const char *kClass = "CodegenDiffers";
  if (found.dtype != expected.dtype || !(found.shape() == expected.shape()))
    return cx.raise(kClass, "%s: result is %s%s compiled and %s%s generic", what,
                    findDType(found.dtype)->graphName, ShapeText(found.shape()).text,
                    findDType(expected.dtype)->graphName, ShapeText(expected.shape()).text);
  Worst worst =
      expected.isFloating() ? compareFloats(found, expected) : compareIntegers(found, expected);
  if (worst.index < 0)
    return success();
  return cx.raise(kClass, "%s: element %s is %s compiled and %s generic", what,
                  IndexText(expected, worst.index).text, NumberText(found.at(worst.index)).text,
                  NumberText(expected.at(worst.index)).text);
}

} // namespace tsc::rt

/// Called by models that were compiled to be compared alone. Raises CodegenDiffers with the text
/// `what` and the worst element when the tensors differ by more than their dtype's tolerance.
extern "C" int32_t tsc_rt_compare(tsc::Context *cx, const tsc::TensorObject *found,
                                  const tsc::TensorObject *expected, const char *what) {
  using tsc::rt::Tensor;
  return tsc::rt::compareCompiled(*cx, *static_cast<const Tensor *>(found),
                                  *static_cast<const Tensor *>(expected), what)
             ? 0
             : 1;
}
