// SPDX-License-Identifier: Apache-2.0
#include "tsc/Support/TypeTextParser.h"

using namespace llvm;

namespace tsc {

TypeText parseTypeText(StringRef text) {
  TypeText type;
  type.text = text = text.trim();
  size_t open = text.find('[');
  type.head = text.take_front(open).rtrim();
  if (open == StringRef::npos || !text.ends_with("]"))
    return type;
  StringRef inside = text.drop_front(open + 1).drop_back();
  unsigned depth = 0;
  size_t start = 0;
  for (size_t i = 0; i <= inside.size(); ++i) {
    char c = i < inside.size() ? inside[i] : ',';
    depth += c == '[' || c == '(';
    depth -= depth && (c == ']' || c == ')');
    if (c != ',' || depth)
      continue;
    StringRef parameter = inside.slice(start, i).trim();
    if (!parameter.empty() && parameter != "()")
      type.parameters.push_back(parameter);
    start = i + 1;
  }
  return type;
}

} // namespace tsc
