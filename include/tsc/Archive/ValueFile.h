// SPDX-License-Identifier: Apache-2.0
// Value files: arguments and results. Reads what torch.save wrote (.pt), NumPy's .npy and .npz;
// writes .pt and .npy.
//
// The same checked pickle and tensor code as for archives, with torch.save's globals instead of
// TorchScript's classes.
#pragma once

#include "tsc/Archive/ArchiveModel.h"

namespace tsc::archive {

struct ValueFile {
  ValueFile();
  ~ValueFile();

  std::string path;
  ValueGraph graph;
  NodeId root = kNoNode;
  std::unique_ptr<Buffers> buffers;
};

/// Reads a value by the file's content, whatever its name: a .pt of torch.save, a .npy (a tensor)
/// or a .npz (a dict from name to tensor). Null after reporting an error.
std::unique_ptr<ValueFile> readValueFile(llvm::StringRef path, DiagnosticEngine &engine);
/// The same from memory (copied); `path` is what messages call it.
std::unique_ptr<ValueFile> readValueBytes(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef path,
                                          DiagnosticEngine &engine);

/// Writes `root`: a .npy when the path ends so (then it is a dense tensor), else a .pt that
/// torch.load reads with weights_only=True. Tensors of one storage share it there too, with all of
/// its bytes. Objects are written as their state, enum members as their value. The file appears
/// whole or not at all.
bool writeValueFile(llvm::StringRef path, const ValueGraph &graph, NodeId root,
                    DiagnosticEngine &engine);

} // namespace tsc::archive
