// SPDX-License-Identifier: Apache-2.0
// Places for tracebacks. An inlined operation's location is a CallSiteLoc: its place, called from
// its caller's.
#include "Program.h"

using namespace mlir;

namespace tsc::lowering {

/// Inlined calls nested deeper than this are cut short.
static constexpr size_t kMaxFrames = 64;

namespace {
struct Frame {
  StringRef function; ///< empty: the function that is being written
  Location place;
};
} // namespace

/// The frames of a location, outermost first. An inlined function's name is a NameLoc around its
/// place.
static void collectFrames(Location loc, SmallVectorImpl<Frame> &frames) {
  StringRef name;
  Location inner = loc;
  while (auto named = dyn_cast<NameLoc>(inner)) {
    name = named.getName().getValue();
    inner = named.getChildLoc();
  }
  auto site = dyn_cast<CallSiteLoc>(inner);
  if (!site || frames.size() >= kMaxFrames) {
    frames.push_back({name, inner});
    return;
  }
  collectFrames(site.getCaller(), frames);
  collectFrames(site.getCallee(), frames);
}

int32_t Sites::get(StringRef function, Location loc) {
  SmallVector<Frame> frames;
  collectFrames(loc, frames);
  frames.front().function = StringRef(); // its name, if any, is that of a result
  int32_t site = -1;
  for (const Frame &frame : frames)
    site = add(frame.function.empty() ? function : frame.function, frame.place, site);
  return site;
}

int32_t Sites::add(StringRef function, Location loc, int32_t caller) {
  SourceLocation place = program.sourceLocation(loc);
  Builder builder(program.context);
  auto key = std::make_pair(
      Attribute(builder.getStringAttr(function + ":" + std::to_string(caller))),
      Attribute(builder.getStringAttr(llvm::formatv("{0}:{1}:{2}:{3}", place.file, place.line,
                                                    place.column, place.endColumn))));
  auto [it, isNew] = known.try_emplace(key, count);
  if (!isNew)
    return it->second;
  words.push_back(Word::address(program.data.text(function)));
  words.push_back(Word::address(program.data.text(place.file)));
  words.push_back(place.lineText.empty() ? Word::null()
                                         : Word::address(program.data.text(place.lineText)));
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
