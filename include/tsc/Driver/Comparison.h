// SPDX-License-Identifier: Apache-2.0
// Whether two values are the same: by type, dtype, shape and value. Lists, tuples and named tuples
// are alike, dicts go by key and order, NaN equals NaN, and int, float and bool differ.
// Floating-point numbers may differ by a tolerance of their dtype.
#pragma once

#include "tsc/Archive/ValueGraph.h"

#include <optional>
#include <string>

namespace tsc {

struct Tolerances {
  std::optional<double> relative, absolute; ///< unset: those of the dtype
};

struct ComparedValue {
  const archive::ValueGraph &graph;
  archive::NodeId node;
};

/// "" when they are the same; else where and how they differ: "result[1]: element [0, 2] is 1.5,
/// expected 1.0 ...".
std::string compareValues(ComparedValue found, ComparedValue expected, const Tolerances &tolerances,
                          std::string name);

} // namespace tsc
