// SPDX-License-Identifier: Apache-2.0
// Toom and Cook's construction: the product of two polynomials is interpolated from its values at
// points. The points decide the rounding error. Among the simple ones, 0, 1, -1, 1/2, -2 are best:
// on normally distributed data the root mean square error of 4x4 tiles is three times that of
// summing in order, and that of 2x2 tiles is below it; 2 and -2 instead of 1/2 and -2 cost another
// factor of two.
#include "Winograd.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

namespace tsc::lowering {

static constexpr double kPoints[] = {0, 1, -1, 0.5, -2};

/// The coefficients of the product of (x - point) over all points but one (none: -1).
static std::vector<double> productWithout(int64_t points, int64_t skipped) {
  std::vector<double> product = {1};
  for (int64_t j = 0; j < points; ++j) {
    if (j == skipped)
      continue;
    std::vector<double> next(product.size() + 1, 0);
    for (size_t i = 0; i < product.size(); ++i) {
      next[i + 1] += product[i];
      next[i] -= kPoints[j] * product[i];
    }
    product = next;
  }
  return product;
}

WinogradMatrices winogradMatrices(int64_t m, int64_t r) {
  int64_t n = m + r - 1, points = n - 1;
  WinogradMatrices made{Matrix(m, std::vector<double>(n, 0)), Matrix(n, std::vector<double>(r, 0)),
                        Matrix(n, std::vector<double>(n, 0))};
  for (int64_t p = 0; p < points; ++p) {
    double scale = 1;
    for (int64_t j = 0; j < points; ++j)
      if (j != p)
        scale *= kPoints[p] - kPoints[j];
    for (int64_t i = 0; i < m; ++i)
      made.outputs[i][p] = std::pow(kPoints[p], i);
    for (int64_t i = 0; i < r; ++i)
      made.filter[p][i] = std::pow(kPoints[p], i);
    // Scaled here and not in the filter's matrix, whose factors are so few and simple.
    for (auto [i, factor] : llvm::enumerate(productWithout(points, p)))
      made.inputs[p][i] = factor / scale;
  }
  made.outputs[m - 1][points] = 1; // infinity
  made.filter[points][r - 1] = 1;
  std::vector<double> product = productWithout(points, -1);
  std::copy(product.begin(), product.end(), made.inputs[points].begin());
  return made;
}

/// Cycles of a machine of one multiply-add of 16 lanes a cycle that streams 6 bytes of weights a
/// cycle from memory; what a core holds in its cache counts as much as the arithmetic hides.
static double cyclesOf(const WinogradShape &s, int64_t m) {
  auto up = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  double channels = static_cast<double>(s.inputs) * static_cast<double>(up(s.outputs, 16));
  double pixels = static_cast<double>(s.images * s.height * s.width);
  constexpr double kBytesPerCycle = 6, kCachedBytes = 4e6;
  double weightCycles = std::max(9 * channels * 64 - kCachedBytes, 0.0) / kBytesPerCycle;
  if (m == 0)
    return std::max(9 * pixels * channels / 0.9, weightCycles);
  double points = static_cast<double>((m + 2) * (m + 2));
  double tiles = static_cast<double>(s.images * up(s.height, m) * up(s.width, m));
  double transforms =
      tiles * points * 10 * static_cast<double>(up(s.inputs, 16) + up(s.outputs, 16));
  // A task transforms the filters for itself, and then has about 20 tiles for them.
  double filters = channels * points * 2.2 * std::max(tiles / 20, 1.0);
  return points * tiles * channels / 0.8 + weightCycles + filters + transforms;
}

int64_t chooseWinogradTile(const WinogradShape &shape) {
  int64_t best = 0;
  for (int64_t m : {2, 4})
    if (cyclesOf(shape, m) < 0.9 * cyclesOf(shape, best))
      best = m;
  return best;
}

} // namespace tsc::lowering
