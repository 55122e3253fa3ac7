// SPDX-License-Identifier: Apache-2.0
// Variables, and the debug names that values get from them.
#include "Emitter.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tsc::importer {

FunctionEmitter::Binding *FunctionEmitter::findVariable(StringRef name, bool skipInnermost) {
  for (Frame &frame : llvm::drop_begin(llvm::reverse(frames), skipInnermost)) {
    auto it = frame.variables.find(name.str());
    if (it != frame.variables.end())
      return &it->second;
  }
  return nullptr;
}

/// Names that only number temporaries (`_12`, `$x`) are not kept.
static bool isMeaningful(StringRef name) {
  if (name.empty() || name.front() == '$')
    return false;
  return name.front() != '_' || !llvm::all_of(name.drop_front(), llvm::isDigit);
}

static void setName(Value value, StringRef name) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    argument.setLoc(ts::withDebugNames(argument.getLoc(), {name}));
    return;
  }
  auto result = cast<OpResult>(value);
  Operation *op = result.getOwner();
  SmallVector<StringRef> names = ts::getDebugNames(op->getLoc());
  names.resize(op->getNumResults());
  names[result.getResultNumber()] = name;
  op->setLoc(ts::withDebugNames(op->getLoc(), names));
}

void FunctionEmitter::claimName(StringRef name, Value value) {
  auto owner = owners.find(name);
  if (owner != owners.end()) {
    auto [base, digits] = name.rsplit('.');
    int64_t suffix = 1;
    if (digits.empty() || !llvm::all_of(digits, llvm::isDigit) || digits.getAsInteger(10, suffix)) {
      base = name;
      suffix = 1;
    }
    int64_t &last = suffixes[base.str()];
    suffix = std::max(suffix, last);
    std::string replacement;
    do
      replacement = (base + "." + Twine(suffix++)).str();
    while (owners.count(replacement));
    last = suffix;
    Value old = owner->second;
    owners[replacement] = old;
    if (old)
      setName(old, replacement);
  }
  owners[name.str()] = value;
  if (value)
    setName(value, name);
}

void FunctionEmitter::nameValue(StringRef name, Value value) {
  if (isMeaningful(name))
    claimName(name, value);
}

Sugar FunctionEmitter::load(StringRef name, python::Range range) {
  Binding *binding = findVariable(name);
  if (!binding)
    return {};
  if (binding->sugar.kind != Sugar::Simple)
    return binding->sugar;
  // In PyTorch a read is an operation for a while, which takes the name and keeps it out of use.
  if (isMeaningful(name) && owners.count(name))
    claimName(name, {});
  return Sugar::simple({binding->sugar.value.value, binding->declared});
}

bool FunctionEmitter::assign(StringRef name, Sugar value, python::Range range, Type annotated) {
  if (value.kind == Sugar::Simple) {
    Value simple = value.value.value;
    bool isLocal = simple.getParentBlock() == frames.back().block && !isa<BlockArgument>(simple);
    if (isMeaningful(name) && isLocal && ts::getDebugName(simple).empty())
      nameValue(name, simple);
  }
  if (Binding *outer = findVariable(name, /*skipInnermost=*/true)) {
    bool wasSimple = outer->sugar.kind == Sugar::Simple;
    if (annotated)
      return report(range, Diag::AnnotatedAgain, name);
    if (value.kind != Sugar::Simple || !wasSimple)
      return report(range, Diag::RebindsFunction, name);
    Type wanted = outer->declared;
    TypedValue converted = convert(value.value, wanted, /*conversions=*/true, range);
    if (!converted)
      return false;
    if (!isSub(converted.type, wanted))
      return report(range, Diag::AssignType, name, text(converted.type), text(wanted));
    value = Sugar::simple(converted);
  }
  if (annotated && value.kind == Sugar::Simple && !isSub(value.value.type, annotated))
    return report(range, Diag::AssignType, name, text(value.value.type), text(annotated));
  Type declared = annotated ? annotated : value.value.type;
  frames.back().errors.erase(name.str());
  frames.back().variables[name.str()] = {std::move(value), declared};
  return true;
}

} // namespace tsc::importer
