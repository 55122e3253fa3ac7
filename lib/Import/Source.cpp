// SPDX-License-Identifier: Apache-2.0
// Places in a parsed file: in diagnostics and in IR they are the user's own, with the archive's
// beside them.
#include "Definitions.h"

#include "mlir/IR/Location.h"

using namespace mlir;

namespace tsc::importer {

SourceLocation Source::location(python::Range range) const {
  if (model)
    if (std::optional<archive::SourceRange> original = model->lookup(path, range.begin))
      return original->location();
  return tree->source.location(range);
}

Location Source::irLocation(MLIRContext *context, python::Range range, llvm::StringRef name) const {
  auto fileRange = [&](StringRef file, unsigned line, unsigned column, unsigned endLine,
                       unsigned endColumn) {
    return FileLineColRange::get(StringAttr::get(context, file), line, column, endLine, endColumn);
  };
  SourceLocation here = tree->source.location(range);
  unsigned endColumn = here.endColumn ? here.endColumn : here.column;
  FileLineColRange serialized = fileRange(model ? StringRef("code/" + path) : StringRef(path),
                                          here.line, here.column, here.line, endColumn);
  if (!model)
    return ts::makeLocation(context, name, serialized, {});
  FileLineColRange original;
  if (std::optional<archive::SourceRange> found = model->lookup(path, range.begin))
    if (found->source)
      original =
          fileRange(found->file, found->line, found->column, found->endLine, found->endColumn);
  return ts::makeLocation(context, name, original, serialized);
}

} // namespace tsc::importer
