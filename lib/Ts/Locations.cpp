// SPDX-License-Identifier: Apache-2.0
// Debug names and source ranges as MLIR locations: NameLoc("a,b", FusedLoc<"ts">[original,
// serialized]).
#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tsc::ts {

SmallVector<StringRef> getDebugNames(Location loc) {
  SmallVector<StringRef> names;
  if (auto name = dyn_cast<NameLoc>(loc))
    name.getName().getValue().split(names, ',');
  return names;
}

StringRef getDebugName(Value value) {
  auto result = dyn_cast<OpResult>(value);
  unsigned index = result ? result.getResultNumber() : 0;
  SmallVector<StringRef> names =
      getDebugNames(result ? result.getOwner()->getLoc() : cast<BlockArgument>(value).getLoc());
  return index < names.size() ? names[index] : StringRef();
}

static Location withoutNames(Location loc) {
  while (auto name = dyn_cast<NameLoc>(loc))
    loc = name.getChildLoc();
  return loc;
}

Location withDebugNames(Location loc, ArrayRef<StringRef> names) {
  Location inner = withoutNames(loc);
  if (llvm::all_of(names, [](StringRef name) { return name.empty(); }))
    return inner;
  return NameLoc::get(StringAttr::get(loc.getContext(), llvm::join(names, ",")), inner);
}

/// The n-th file range of a location made by makeLocation; null when there is none. An inlined
/// operation's is its callee's, a merged one's is that of its first part.
static FileLineColRange getRange(Location loc, unsigned n) {
  Location inner = withoutNames(loc);
  for (;;) {
    auto merged = dyn_cast<FusedLoc>(inner);
    if (auto site = dyn_cast<CallSiteLoc>(inner))
      inner = withoutNames(site.getCallee());
    else if (merged && !merged.getMetadata() && !merged.getLocations().empty())
      inner = withoutNames(merged.getLocations().front());
    else
      break;
  }
  if (auto range = dyn_cast<FileLineColRange>(inner))
    return n == 0 ? range : FileLineColRange();
  auto fused = dyn_cast<FusedLoc>(inner);
  if (!fused || n >= fused.getLocations().size())
    return {};
  return dyn_cast<FileLineColRange>(fused.getLocations()[n]);
}

FileLineColRange getOriginalRange(Location loc) { return getRange(loc, 0); }
FileLineColRange getSerializedRange(Location loc) { return getRange(loc, 1); }

Location makeLocation(MLIRContext *context, StringRef name, FileLineColRange original,
                      FileLineColRange serialized) {
  Location loc = UnknownLoc::get(context);
  if (original && serialized) {
    SmallVector<Location> both = {original, serialized};
    loc = FusedLoc::get(context, both, StringAttr::get(context, "ts"));
  } else if (original) {
    loc = original;
  } else if (serialized) {
    SmallVector<Location> both = {UnknownLoc::get(context), serialized};
    loc = FusedLoc::get(context, both, StringAttr::get(context, "ts"));
  }
  return name.empty() ? loc : Location(NameLoc::get(StringAttr::get(context, name), loc));
}

} // namespace tsc::ts
