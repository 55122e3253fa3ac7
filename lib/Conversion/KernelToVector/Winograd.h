// SPDX-License-Identifier: Apache-2.0
// The matrices of Winograd's minimal filtering: an output tile of m values of a filter of r taps
// costs m + r - 1 multiplications, out = A' [(G filter) * (B' input)].
#pragma once

#include <cstdint>
#include <vector>

namespace tsc::lowering {

using Matrix = std::vector<std::vector<double>>;

struct WinogradMatrices {
  Matrix outputs; ///< A': m x n
  Matrix filter;  ///< G: n x r
  Matrix inputs;  ///< B': n x n
};

/// Interpolation at 0, 1, -1, 1/2, -2 (the first m + r - 2 of them) and infinity; m + r <= 7.
WinogradMatrices winogradMatrices(int64_t m, int64_t r);

/// What a 3x3 convolution of stride 1 is, for the choice of its tiles.
struct WinogradShape {
  int64_t images, height, width; ///< of the result
  int64_t inputs, outputs;       ///< channels
};
/// The size of the tiles that are fastest, 4 or 2; 0: none is faster than the plain form.
int64_t chooseWinogradTile(const WinogradShape &shape);

} // namespace tsc::lowering
