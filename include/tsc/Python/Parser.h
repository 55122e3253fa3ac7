// SPDX-License-Identifier: Apache-2.0
// The parser: source text to the tree of Ast.h.
//
// Any bytes may be given. An error is reported to the engine and ends the parse: the functions then
// return null. Precedence and chained comparisons are Python's, also where TorchScript's own parser
// of archives differs (archives never hold such expressions).
#pragma once

#include "tsc/Python/Ast.h"

#include <memory>

namespace tsc::python {

/// In an archive an octal escape above \177 is a byte (in source, as in Python, a code point) and
/// keywords may name attributes (`async : T`). Nothing else differs.
enum class Dialect : uint8_t { Archive, Source };

/// Parses a whole file. `name` is what messages call it ("model.pt:code/__torch__.py"); `firstLine`
/// is the line of the user's file that the text starts on.
std::unique_ptr<Module> parseModule(std::string name, llvm::StringRef text,
                                    DiagnosticEngine &engine, Dialect dialect = Dialect::Archive,
                                    unsigned firstLine = 1);

/// Parses one expression, such as a type ("Dict[str, List[Tensor]]").
std::unique_ptr<ParsedExpression> parseExpression(std::string name, llvm::StringRef text,
                                                  DiagnosticEngine &engine,
                                                  Dialect dialect = Dialect::Archive);

} // namespace tsc::python
