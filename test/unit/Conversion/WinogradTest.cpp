// SPDX-License-Identifier: Apache-2.0
// Winograd's matrices compute a correlation exactly, and the choice of tiles.
#include "../../../lib/Conversion/KernelToVector/Winograd.h"

#include <catch2/catch.hpp>

using namespace tsc::lowering;

static std::vector<double> product(const Matrix &matrix, const std::vector<double> &values) {
  std::vector<double> result;
  for (const std::vector<double> &row : matrix) {
    double sum = 0;
    for (size_t i = 0; i < row.size(); ++i)
      sum += row[i] * values[i];
    result.push_back(sum);
  }
  return result;
}

TEST_CASE("Winograd's matrices compute a correlation") {
  for (int64_t m : {2, 4}) {
    WinogradMatrices w = winogradMatrices(m, 3);
    std::vector<double> filter = {0.5, -3, 2}, input;
    for (int64_t i = 0; i < m + 2; ++i)
      input.push_back(static_cast<double>(i * i % 7) - 2);
    std::vector<double> a = product(w.inputs, input), b = product(w.filter, filter);
    for (size_t i = 0; i < a.size(); ++i)
      a[i] *= b[i];
    std::vector<double> output = product(w.outputs, a);
    REQUIRE(output.size() == static_cast<size_t>(m));
    for (int64_t i = 0; i < m; ++i) {
      double expected = filter[0] * input[i] + filter[1] * input[i + 1] + filter[2] * input[i + 2];
      CHECK(output[i] == Approx(expected));
    }
  }
}

TEST_CASE("tiles follow the image and the weights") {
  CHECK(chooseWinogradTile({1, 56, 56, 64, 64}) == 4);
  CHECK(chooseWinogradTile({1, 28, 28, 128, 128}) == 4);
  CHECK(chooseWinogradTile({1, 7, 7, 512, 512}) == 4); // four tiles pay for 36 values a filter
  CHECK(chooseWinogradTile({1, 224, 224, 3, 16}) == 0);
  CHECK(chooseWinogradTile({1, 1, 1, 64, 64}) == 0);
}
