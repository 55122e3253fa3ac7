// SPDX-License-Identifier: Apache-2.0
// Values that are written on a command line: a Python literal, `@file` (.pt or .npy),
// `rand:f32[1,3,224,224]`, `randint:i64[1,128]:0:30000`. Random values are the same in every run.
#pragma once

#include "tsc/Archive/ValueGraph.h"
#include "tsc/Support/Diagnostics.h"

#include <string>

namespace tsc {

/// Adds the value to the graph. `name` is what messages call it. kNoNode after a report.
archive::NodeId parseValue(llvm::StringRef text, archive::ValueGraph &graph,
                           const std::string &name, DiagnosticEngine &engine);

/// Prints a value as a Python literal; tensors as `tensor([1.0, 2.0], dtype=float32)`.
void printValue(const archive::ValueGraph &graph, archive::NodeId node, llvm::raw_ostream &os);

/// Copies a node of one graph, and all it holds, to another. Bytes are copied too.
archive::NodeId copyNode(const archive::ValueGraph &from, archive::NodeId node,
                         archive::ValueGraph &to);

} // namespace tsc
