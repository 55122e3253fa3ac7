// SPDX-License-Identifier: Apache-2.0
#include "SourceRanges.h"

#include "Pickle.h"

#include "llvm/ADT/DenseMap.h"

#include <algorithm>

using namespace llvm;

namespace tsc::archive {

namespace {
/// The two forms: ("FORMAT_WITH_STRING_TABLE", texts, records) with sources ((line indices), file
/// index, first line), and a tuple of records with sources (text, file or None, first line). A
/// record is (offset, (source, start, end)[, tag]).
class Decoder {
public:
  Decoder(const ValueGraph &graph, SourceRanges &ranges, uint64_t budget)
      : graph(graph), ranges(ranges), budget(budget) {}
  bool decode(NodeId root);

private:
  bool record(NodeId id);
  bool source(NodeId id, uint32_t &index);
  bool isTuple(NodeId id, size_t least) const {
    return graph.kind(id) == NodeKind::Tuple && graph.items(id).size() >= least;
  }
  bool isIndex(NodeId id) const {
    return graph.kind(id) == NodeKind::Int && graph.integer(id) >= 0;
  }
  bool textOf(NodeId id, StringRef &out) const;

  const ValueGraph &graph;
  SourceRanges &ranges;
  uint64_t budget; ///< bytes of text that may still be joined
  std::optional<ArrayRef<NodeId>> texts;
  DenseMap<NodeId, uint32_t> known;
};
} // namespace

bool Decoder::textOf(NodeId id, StringRef &out) const {
  if (!isIndex(id) || static_cast<uint64_t>(graph.integer(id)) >= texts->size())
    return false;
  NodeId text = (*texts)[graph.integer(id)];
  if (graph.kind(text) != NodeKind::String)
    return false;
  out = graph.text(text);
  return true;
}

bool Decoder::source(NodeId id, uint32_t &index) {
  auto [found, isNew] = known.try_emplace(id, UINT32_MAX);
  index = found->second;
  if (!isNew)
    return true;
  if (!isTuple(id, 3))
    return false;
  ArrayRef<NodeId> parts = graph.items(id);
  SourceText source;
  StringRef piece, file;
  if (!isIndex(parts[2]))
    return false;
  source.firstLine = std::min<int64_t>(graph.integer(parts[2]), INT32_MAX);
  if (texts) {
    if (graph.kind(parts[0]) != NodeKind::List || !textOf(parts[1], file))
      return false;
    for (NodeId line : graph.items(parts[0])) {
      if (!textOf(line, piece) || piece.size() > budget)
        return false;
      budget -= piece.size();
      source.text += piece;
    }
  } else {
    if (graph.kind(parts[0]) != NodeKind::String || graph.text(parts[0]).size() > budget)
      return false;
    source.text = graph.text(parts[0]).str();
    budget -= source.text.size();
    if (graph.kind(parts[1]) == NodeKind::String)
      file = graph.text(parts[1]);
    else if (!graph.isNone(parts[1]))
      return false;
  }
  source.file = file.str();
  if (source.text.empty())
    return true;
  index = ranges.sources.size();
  known[id] = index;
  ranges.sources.push_back(std::move(source));
  return true;
}

bool Decoder::record(NodeId id) {
  if (!isTuple(id, 2))
    return false;
  ArrayRef<NodeId> parts = graph.items(id);
  if (!isIndex(parts[0]) || !isTuple(parts[1], 3))
    return false;
  ArrayRef<NodeId> range = graph.items(parts[1]);
  if (!isIndex(range[1]) || !isIndex(range[2]))
    return false;
  SourceRanges::Record out;
  out.offset = graph.integer(parts[0]);
  if (!source(range[0], out.source))
    return false;
  uint64_t size = out.source == UINT32_MAX ? 0 : ranges.sources[out.source].text.size();
  out.start = std::min<uint64_t>(graph.integer(range[1]), size);
  out.end = std::clamp<uint64_t>(graph.integer(range[2]), out.start, size);
  ranges.records.push_back(out);
  return true;
}

bool Decoder::decode(NodeId root) {
  if (!isTuple(root, 0))
    return false;
  ArrayRef<NodeId> records = graph.items(root);
  if (records.size() == 3 && graph.kind(records[0]) == NodeKind::String) {
    if (graph.text(records[0]) != "FORMAT_WITH_STRING_TABLE" || !isTuple(records[1], 0) ||
        !isTuple(records[2], 0))
      return false;
    texts = graph.items(records[1]);
    records = graph.items(records[2]);
  }
  for (NodeId id : records)
    if (!record(id))
      return false;
  // Writers sort them; ties keep their order then.
  auto earlier = [](const auto &a, const auto &b) { return a.offset < b.offset; };
  if (!std::is_sorted(ranges.records.begin(), ranges.records.end(), earlier))
    std::sort(ranges.records.begin(), ranges.records.end(), earlier);
  return true;
}

/// A Python stack listing, innermost frame first: "file.py(12): forward".
static bool isStackListing(StringRef text) {
  StringRef line = text.take_until([](char c) { return c == '\n'; });
  size_t close = line.rfind("): "), open = line.rfind('(', close);
  unsigned number;
  return close != StringRef::npos && open != StringRef::npos &&
         !line.slice(open + 1, close).getAsInteger(10, number);
}

void readSourceRanges(ArrayRef<uint8_t> pickle, const SourceLocation &where, SourceRanges &ranges,
                      DiagnosticEngine &engine) {
  ValueGraph graph;
  DiagnosticEngine own;
  TensorTable table(nullptr, "", graph, own);
  PickleReader reader(pickle, PickleMode::Script, graph, table, where, own);
  NodeId root = reader.read();
  // Shared lines are joined once a source; 64 times the record bounds what a crafted table can ask
  // for.
  Decoder decoder(graph, ranges,
                  std::min<uint64_t>((1u << 20) + 64 * uint64_t(pickle.size()), 1u << 28));
  if (root != kNoNode && decoder.decode(root)) {
    for (SourceText &source : ranges.sources)
      source.isTrace = isStackListing(source.text);
    return;
  }
  ranges = {};
  engine.report(where, Diag::DebugInfoUnreadable,
                own.diagnostics().empty() ? "its layout is unknown"
                                          : StringRef(own.diagnostics()[0].text));
}

std::optional<SourceRange> SourceRanges::lookup(uint64_t offset) const {
  auto next = std::upper_bound(records.begin(), records.end(), offset,
                               [](uint64_t at, const Record &r) { return at < r.offset; });
  if (next == records.begin() || std::prev(next)->source == UINT32_MAX)
    return std::nullopt;
  const Record &record = *std::prev(next);
  const SourceText &source = sources[record.source];
  SourceRange range;
  range.file = source.file;
  range.source = &source;
  range.start = record.start;
  range.end = record.end;
  if (source.isTrace) {
    range.line = range.endLine = source.firstLine;
    return range;
  }
  StringRef text = source.text;
  // With a file name, the text's first line is line `firstLine` of it; else lines count from the
  // text's own start.
  unsigned base = source.file.empty() || source.firstLine == 0 ? 1 : source.firstLine;
  auto place = [&](size_t at, unsigned &line, unsigned &column) {
    StringRef before = text.take_front(at);
    line = base + before.count('\n');
    size_t lineStart = before.rfind('\n') + 1; // npos + 1 is 0
    column = at - lineStart + 1;
    return lineStart;
  };
  size_t lineStart = place(record.start, range.line, range.column);
  place(record.end, range.endLine, range.endColumn);
  range.lineText = text.drop_front(lineStart).take_until([](char c) { return c == '\n'; }).str();
  return range;
}

SourceLocation SourceRange::location() const {
  SourceLocation out;
  out.file = file;
  out.line = line;
  out.column = column;
  out.endColumn = endLine == line ? endColumn : 0;
  out.lineText = lineText;
  return out;
}

} // namespace tsc::archive
