// SPDX-License-Identifier: Apache-2.0
// The phases of transposed convolutions form each output once, of just the taps that reach it.
#include "tsc/Kernel/TransposedForm.h"

#include <catch2/catch.hpp>

#include <set>
#include <tuple>

namespace tsc::kernel {

/// Input, tap and output of every product whose input is none of the zeros around the image.
using Products = std::multiset<std::tuple<int64_t, int64_t, int64_t>>;

static Products definedProducts(const TransposedWindow &w) {
  Products products;
  for (int64_t input = 0; input < w.input; ++input)
    for (int64_t tap = 0; tap < w.taps; ++tap) {
      int64_t output = input * w.stride - w.padding + tap * w.dilation;
      if (output >= 0 && output < w.output)
        products.insert({input, tap, output});
    }
  return products;
}

static void checkWindow(const TransposedWindow &w) {
  INFO("input " << w.input << " output " << w.output << " taps " << w.taps << " stride " << w.stride
                << " padding " << w.padding << " dilation " << w.dilation);
  std::optional<TransposedPhases> phases = findPhases(w);
  REQUIRE(phases);
  Products products;
  std::multiset<int64_t> outputs;
  bool isInside = true;
  for (const PhaseRun &run : phases->runs)
    for (int64_t p = 0; p < run.phases; ++p)
      for (int64_t q = 0; q < run.outputs; ++q) {
        int64_t output = run.firstOutput + p * run.outputStep + q * phases->stride;
        outputs.insert(output);
        for (int64_t j = 0; j < run.taps; ++j) {
          int64_t input = run.firstInput + p * run.inputStep + q + j * phases->inputStride;
          int64_t tap = run.firstTap + p * run.tapStep - j * phases->tapStride;
          isInside &= input >= -phases->halo && input < w.input + phases->halo;
          isInside &= tap >= 0 && tap < w.taps;
          if (input >= 0 && input < w.input)
            products.insert({input, tap, output});
        }
      }
  CHECK(isInside);
  CHECK(products == definedProducts(w));
  bool isEachOnce = static_cast<int64_t>(outputs.size()) == w.output;
  for (int64_t output = 0; output < w.output; ++output)
    isEachOnce &= outputs.count(output) == 1;
  CHECK(isEachOnce);
}

TEST_CASE("phases of transposed convolutions") {
  for (int64_t input : {1, 2, 7})
    for (int64_t taps : {1, 2, 3, 4, 9})
      for (int64_t stride : {1, 2, 3, 4, 6})
        for (int64_t dilation : {1, 2, 3, 4})
          for (int64_t padding : {0, 1, 4})
            for (int64_t behind : {0, 1, 3}) {
              int64_t output =
                  (input - 1) * stride - 2 * padding + dilation * (taps - 1) + 1 + behind;
              if (output > 0 && behind < std::max(stride, dilation))
                checkWindow({input, output, taps, stride, padding, dilation});
            }
}

TEST_CASE("phases of one kind are one run") {
  // Two taps a phase; the second phase reads from one input further on.
  CHECK(findPhases({32, 64, 4, 2, 1, 1})->runs.size() == 1);
  CHECK(findPhases({32, 64, 4, 2, 1, 1})->halo == 1);
  // Kernels as wide as the stride: one tap a phase.
  CHECK(findPhases({8, 256, 32, 32, 0, 1})->runs.size() == 1);
  CHECK(findPhases({8, 256, 32, 32, 0, 1})->halo == 0);
  // Phases of one and of two taps.
  CHECK(findPhases({56, 112, 3, 2, 1, 1})->runs.size() == 2);
  // One element, which every tap takes to an output of its own.
  CHECK(findPhases({1, 4, 4, 1, 0, 1})->runs.size() == 1);
  CHECK(findPhases({1, 4, 4, 1, 0, 1})->runs[0].taps == 1);
  CHECK(!findPhases({2, 2001, 1, 2000, 0, 1}));
}

} // namespace tsc::kernel
