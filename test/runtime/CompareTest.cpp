// SPDX-License-Identifier: Apache-2.0
// Comparisons of compiled with generic results: what passes, and what is named when it does not.
#include "Support.h"

#include <cmath>
#include <string>

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_compare(Context *cx, const TensorObject *found,
                                  const TensorObject *expected, const char *what);

/// The message when [0, 1, ..., 5] of sizes 2 x 3 is compared with itself, element 4 replaced.
static std::string compareWith(DType dtype, double number, double expectedNumber = 4) {
  Context cx;
  TensorRef expected = arange(cx, {2, 3}, dtype), found = arange(cx, {2, 3}, dtype);
  storeScalar(expected->base() + 4 * expected->itemsize(), dtype, Scalar(expectedNumber));
  storeScalar(found->base() + 4 * found->itemsize(), dtype, Scalar(number));
  if (!tsc_rt_compare(&cx, found.get(), expected.get(), "kernel 1"))
    return "";
  CHECK(std::string(cx.error.className) == "CodegenDiffers");
  return std::string(cx.error.text, static_cast<size_t>(cx.error.length));
}

TEST_CASE("results are compared by the tolerance of their dtype") {
  CHECK(compareWith(DType::Float32, 4.0001) == "");
  CHECK(compareWith(DType::Float32, 4.01) ==
        "kernel 1: element [1, 1] is 4.01000023 compiled and 4 generic");
  CHECK(compareWith(DType::Float64, 4.0001) ==
        "kernel 1: element [1, 1] is 4.0001 compiled and 4 generic");
  CHECK(compareWith(DType::BFloat16, 4.03125) == "");
  CHECK(compareWith(DType::Int32, 5) == "kernel 1: element [1, 1] is 5 compiled and 4 generic");
}

TEST_CASE("NaN equals NaN, and an infinity itself alone") {
  CHECK(compareWith(DType::Float32, NAN, NAN) == "");
  CHECK(compareWith(DType::Float32, INFINITY, INFINITY) == "");
  CHECK(compareWith(DType::Float32, NAN) != "");
  CHECK(compareWith(DType::Float32, -INFINITY, INFINITY) != "");
  CHECK(compareWith(DType::Float32, 4, INFINITY) != "");
}
