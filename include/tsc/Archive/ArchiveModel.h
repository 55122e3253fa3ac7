// SPDX-License-Identifier: Apache-2.0
// ArchiveModel: a TorchScript archive (what torch.jit.save writes) after reading, as plain structs:
// the root module's value graph, the constant table, the code texts with the ranges of the user's
// source they came from, and the extra files.
//
// Everything is checked against the file by then (see Zip.h, Pickle.h, TensorRecord.h); what needs
// types (attributes against classes) is the importer's. The file is read into memory once; texts
// and tensor bytes are views into it.
#pragma once

#include "tsc/Archive/ValueGraph.h"
#include "tsc/Support/Diagnostics.h"

#include <map>

namespace tsc::archive {

/// Memory that a reader filled: the whole file, and members that had to be expanded.
class Buffers;

/// A piece of the user's own source, as the archive remembers it.
struct SourceText {
  std::string text;
  std::string file;       ///< may be empty: unknown
  unsigned firstLine = 0; ///< line number in `file` of the text's first line
  bool isTrace = false; ///< traced code: the text is a Python stack listing, `file` and `firstLine`
                        ///< are its innermost frame
};

/// Where a piece of serialized code came from. Lines and columns count from 1; `endColumn` is one
/// past the last.
struct SourceRange {
  std::string file;
  unsigned line = 0;
  unsigned column = 0; ///< 0 for traced code
  unsigned endLine = 0;
  unsigned endColumn = 0;
  std::string lineText; ///< the first line, without its newline; empty for traced code
  const SourceText *source = nullptr; ///< lives as long as the model
  size_t start = 0, end = 0;          ///< byte range in source->text
  /// For diagnostics; endColumn is kept only when the range ends on its first line.
  SourceLocation location() const;
};

/// The source ranges of one code file.
class SourceRanges {
public:
  struct Record {
    uint64_t offset; ///< in the code file; records are sorted by it
    uint32_t source; ///< index into `sources`, or UINT32_MAX: no original source
    uint64_t start, end;
  };
  std::vector<SourceText> sources;
  std::vector<Record> records;

  /// The range of the last record whose offset is <= `offset`; none where the archive does not
  /// know.
  std::optional<SourceRange> lookup(uint64_t offset) const;
};

struct CodeFile {
  std::string member;   ///< relative to the top folder: "code/__torch__/a/b.py"
  llvm::StringRef text; ///< valid UTF-8
  SourceRanges ranges;  ///< empty when the archive has none
};

class ArchiveModel {
public:
  ArchiveModel();
  ~ArchiveModel();

  std::string path;              ///< of the file, for messages
  std::string topFolder;         ///< the archive's name inside itself
  unsigned version = 0;          ///< 1 to 10
  std::string byteorder;         ///< "little", or "" where the file does not say
  ValueGraph graph;              ///< holds the values of all pickles of this archive
  NodeId root = kNoNode;         ///< an Object
  std::vector<NodeId> constants; ///< CONSTANTS.c0, c1, ...
  NodeId tracedInputs =
      kNoNode; ///< a Dict from method name to a tuple of example inputs, or kNoNode
  /// By path below code/: "__torch__/a/b.py".
  std::map<std::string, CodeFile, std::less<>> codeFiles;
  /// extra/NAME by NAME.
  std::map<std::string, llvm::StringRef, std::less<>> extraFiles;

  /// The file that defines a type or function: "__torch__.a.b.C" lives in "__torch__/a/b.py". Null
  /// when there is none.
  const CodeFile *codeFileOf(llvm::StringRef qualifiedName) const;
  /// The user's source of a byte of a code file ("__torch__/a/b.py").
  std::optional<SourceRange> lookup(llvm::StringRef codeFile, uint64_t byteOffset) const;
  /// "model.pt:code/__torch__/a/b.py", the name of a code file in messages.
  std::string locationName(llvm::StringRef codeFile) const;

  std::unique_ptr<Buffers> buffers; ///< what the views point into
};

struct ReadOptions {
  uint64_t maxExpanded =
      0; ///< limit in bytes for all compressed members together; 0: 128 MiB and 3 times the file
  bool readSourceRanges = true;
};

/// Reads an archive; null after reporting an error.
std::unique_ptr<ArchiveModel> readArchive(llvm::StringRef path, const ReadOptions &options,
                                          DiagnosticEngine &engine);
/// The same from memory (copied); `path` is what messages call it.
std::unique_ptr<ArchiveModel> readArchiveBytes(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef path,
                                               const ReadOptions &options,
                                               DiagnosticEngine &engine);

} // namespace tsc::archive
