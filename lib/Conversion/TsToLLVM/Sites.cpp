// SPDX-License-Identifier: Apache-2.0
// Places for tracebacks. An inlined operation's location is a CallSiteLoc: its place, called from its caller's.
#include "Program.h"

using namespace mlir;

namespace tsc::lowering {

/// The call site of a location, whatever names are around it; null when it was not inlined.
static CallSiteLoc callSiteOf(Location loc) {
  while (auto name = dyn_cast<NameLoc>(loc))
    loc = name.getChildLoc();
  return dyn_cast<CallSiteLoc>(loc);
}

int32_t Sites::get(StringRef function, Location loc) {
  // Inlined frames from the outside in; calls nested deeper than this are cut short.
  SmallVector<Location> frames;
  for (CallSiteLoc site = callSiteOf(loc); site && frames.size() < 64; site = callSiteOf(loc)) {
    frames.push_back(site.getCallee());
    loc = site.getCaller();
  }
  int32_t site = add(function, loc, -1);
  for (Location frame : llvm::reverse(frames)) {
    auto name = dyn_cast<NameLoc>(frame);
    site = add(name ? name.getName().getValue() : function, frame, site);
  }
  return site;
}

int32_t Sites::add(StringRef function, Location loc, int32_t caller) {
  SourceLocation place = program.sourceLocation(loc);
  Builder builder(program.context);
  auto key = std::make_pair(Attribute(builder.getStringAttr(function + ":" + std::to_string(caller))),
                            Attribute(builder.getStringAttr(llvm::formatv("{0}:{1}:{2}:{3}", place.file, place.line,
                                                                          place.column, place.endColumn))));
  auto [it, isNew] = known.try_emplace(key, count);
  if (!isNew)
    return it->second;
  words.push_back(Word::address(program.data.text(function)));
  words.push_back(Word::address(program.data.text(place.file)));
  words.push_back(place.lineText.empty() ? Word::null() : Word::address(program.data.text(place.lineText)));
  words.push_back(Word::i32(place.line));
  words.push_back(Word::i32(place.column ? place.column - 1 : 0));
  words.push_back(Word::i32(place.endColumn ? place.endColumn - 1 : 0));
  words.push_back(Word::i32(caller));
  return count++;
}

std::pair<Word, int64_t> Sites::finish() {
  if (!count)
    return {Word::null(), 0};
  return {Word::address(program.data.add("sites", words)), count};
}

} // namespace tsc::lowering
