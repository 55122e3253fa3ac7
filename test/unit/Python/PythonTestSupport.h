// SPDX-License-Identifier: Apache-2.0
// What the Python tests share: a tree as one line of text with every grouping shown, and the first
// error of a text as "line:column-endColumn: message".
#pragma once

#include "tsc/Python/Parser.h"

#include <catch2/catch.hpp>

namespace tsc::test {

namespace py = tsc::python;

/// "(+ a (call f 1 k=2))"; absent children are "_".
std::string dump(const py::Expr *expr);
/// "(if a [(return b)] [])"
std::string dump(const py::Stmt *stmt);
std::string dump(py::StmtList body);

/// The dump of a text that must parse.
std::string expression(llvm::StringRef text, py::Dialect dialect = py::Dialect::Source);
std::string module(llvm::StringRef text, py::Dialect dialect = py::Dialect::Source);
/// The first error of a module that must not parse.
std::string moduleError(llvm::StringRef text);

} // namespace tsc::test
