// SPDX-License-Identifier: Apache-2.0
// Window functions of signal processing: hann, hamming, blackman, bartlett and kaiser. A periodic
// window is a symmetric one of one more point without its last.
#include "Creation.h"

#include <cmath>

using namespace tsc::rt;

/// Stores at(i, n - 1) of a symmetric window of n points.
template <class F>
static TensorRef makeWindow(Context &cx, const char *name, int64_t length, bool periodic,
                            Optional<DType> dtype, const Value &layout, Optional<Device> device,
                            F at) {
  TSC_TRY(checkPlacement(cx, layout, device));
  DType type = dtype.valueOr(cx.defaultDType);
  if (!tsc::isFloating(type))
    return cx.fail("%s expects floating point dtypes, got: %s", name, findDType(type)->graphName);
  if (length < 0)
    return cx.fail("%s requires non-negative window_length, got window_length=%lld", name,
                   static_cast<long long>(length));
  if (length == 1)
    return full(cx, Shape::of(1), Scalar(1), type);
  TensorRef wide = empty(cx, Shape::of(length), DType::Float64);
  TSC_TRY(wide);
  double last = static_cast<double>(periodic ? length : length - 1);
  for (int64_t i = 0; i < length; ++i)
    wide->ptr<double>()[i] = at(static_cast<double>(i), last);
  return toDType(cx, *wide, type);
}

static TensorRef hamming(Context &cx, int64_t length, bool periodic, double alpha, double beta,
                         Optional<DType> dtype, TSC_PLACEMENT) {
  return makeWindow(
      cx, "hamming_window", length, periodic, dtype, layout, device,
      [=](double i, double last) { return alpha - beta * std::cos(2 * M_PI * i / last); });
}
static TensorRef hammingAlpha(Context &cx, int64_t length, bool periodic, double alpha,
                              Optional<DType> dtype, const Value &layout, Optional<Device> device,
                              const Value &pin) {
  return hamming(cx, length, periodic, alpha, 0.46, dtype, layout, device, pin);
}
static TensorRef hammingPeriodic(Context &cx, int64_t length, bool periodic, Optional<DType> dtype,
                                 const Value &layout, Optional<Device> device, const Value &pin) {
  return hamming(cx, length, periodic, 0.54, 0.46, dtype, layout, device, pin);
}
static TensorRef hannPeriodic(Context &cx, int64_t length, bool periodic, Optional<DType> dtype,
                              TSC_PLACEMENT) {
  return makeWindow(
      cx, "hann_window", length, periodic, dtype, layout, device,
      [](double i, double last) { return 0.5 - 0.5 * std::cos(2 * M_PI * i / last); });
}
static TensorRef blackmanPeriodic(Context &cx, int64_t length, bool periodic, Optional<DType> dtype,
                                  TSC_PLACEMENT) {
  return makeWindow(cx, "blackman_window", length, periodic, dtype, layout, device,
                    [](double i, double last) {
                      double angle = 2 * M_PI * i / last;
                      return 0.42 - 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle);
                    });
}
static TensorRef bartlettPeriodic(Context &cx, int64_t length, bool periodic, Optional<DType> dtype,
                                  TSC_PLACEMENT) {
  return makeWindow(cx, "bartlett_window", length, periodic, dtype, layout, device,
                    [](double i, double last) { return 1 - std::fabs(2 * i / last - 1); });
}
/// The modified Bessel function of order 0, by its power series.
static double bessel0(double x) {
  double term = 1, sum = 1, quarter = x * x / 4;
  for (int k = 1; k < 500 && term > sum * 1e-17; ++k) {
    term *= quarter / (static_cast<double>(k) * k);
    sum += term;
  }
  return sum;
}
static TensorRef kaiserBeta(Context &cx, int64_t length, bool periodic, double beta,
                            Optional<DType> dtype, TSC_PLACEMENT) {
  return makeWindow(cx, "kaiser_window", length, periodic, dtype, layout, device,
                    [beta](double i, double last) {
                      double x = 2 * i / last - 1, inside = 1 - x * x;
                      return bessel0(beta * std::sqrt(inside > 0 ? inside : 0)) / bessel0(beta);
                    });
}
static TensorRef kaiserPeriodic(Context &cx, int64_t length, bool periodic, Optional<DType> dtype,
                                const Value &layout, Optional<Device> device, const Value &pin) {
  return kaiserBeta(cx, length, periodic, 12, dtype, layout, device, pin);
}
/// The form without `periodic`, which is true then.
template <auto Fn>
static TensorRef periodicForm(Context &cx, int64_t length, Optional<DType> dtype,
                              const Value &layout, Optional<Device> device, const Value &pin) {
  return Fn(cx, length, true, dtype, layout, device, pin);
}
TSC_KERNEL(aten_hann_window, periodicForm<hannPeriodic>)
TSC_KERNEL(aten_hann_window_periodic, hannPeriodic)
TSC_KERNEL(aten_hamming_window, periodicForm<hammingPeriodic>)
TSC_KERNEL(aten_hamming_window_periodic, hammingPeriodic)
TSC_KERNEL(aten_hamming_window_periodic_alpha, hammingAlpha)
TSC_KERNEL(aten_hamming_window_periodic_alpha_beta, hamming)
TSC_KERNEL(aten_blackman_window, periodicForm<blackmanPeriodic>)
TSC_KERNEL(aten_blackman_window_periodic, blackmanPeriodic)
TSC_KERNEL(aten_bartlett_window, periodicForm<bartlettPeriodic>)
TSC_KERNEL(aten_bartlett_window_periodic, bartlettPeriodic)
TSC_KERNEL(aten_kaiser_window, periodicForm<kaiserPeriodic>)
TSC_KERNEL(aten_kaiser_window_periodic, kaiserPeriodic)
TSC_KERNEL(aten_kaiser_window_beta, kaiserBeta)
