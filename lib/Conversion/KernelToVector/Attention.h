// SPDX-License-Identifier: Apache-2.0
// Writes the code of attention. A piece of work is a block of queries of one head: its scores stay
// in the L1 or L2 cache, from the product with the keys through the softmax to the product with the
// values. Keys are packed first, one vector of them for each element of their depth; so are values,
// unless the elements of each lie side by side.
#pragma once

#include "RegionWriter.h"
#include "tsc/Kernel/AttentionForm.h"

namespace tsc::lowering {

class AttentionWriter {
public:
  AttentionWriter(RegionWriter &region, kernel::GroupOp group);
  void write();

private:
  /// The register block of a product: rows of the left operand, vectors of the right one.
  struct Block {
    int64_t rows = 1, vectors = 1;
  };
  /// The head and the queries that a piece is about.
  struct Piece {
    llvm::SmallVector<Value> coordinates; ///< of the batch dimensions
    Value firstQuery, keyEnd;             ///< keys from keyEnd on have no weight
    int64_t rows = 1;
    Value query, key, value, result; ///< pointers of the head; query and result of the first row
    int64_t valueStep = 0;
  };

  // ---- Plan
  Block blockOf(int64_t vectors) const;
  int64_t rowsOfPiece() const;
  bool packsKeys() const { return !form.isKeyTransposed || keyBuffer.strides.back() != 1; }

  bool packsValues() const { return valueBuffer.strides.back() != 1; }

  // ---- Packing (AttentionPacking.cpp)
  void pack();
  void packKeys(KernelBuilder &k, Value head, Value block);
  void packValues(KernelBuilder &k, Value head, Value block);
  llvm::SmallVector<Value> loadKeyBlock(KernelBuilder &k, Value base, Value firstKey, Value depth,
                                        int64_t count);

  // ---- Code of a piece
  void writePiece(KernelBuilder &k, Value piece);
  void writeRows(KernelBuilder &k, Value head, Value block, int64_t rows);
  Value headOffset(KernelBuilder &k, const Buffer &buffer, llvm::ArrayRef<Value> coordinates,
                   int64_t ratio);
  void writeScores(KernelBuilder &k, const Piece &piece);
  void writeScorePanel(KernelBuilder &k, const Piece &piece, Value panel, int64_t vectors);
  Value finishScores(KernelBuilder &k, const Piece &piece, Value row, Value column, Value scores,
                     bool isLast);
  Value loadScoreOperand(KernelBuilder &k, Value operand, const Piece &piece, Value row,
                         Value column, Value count);
  void writeSoftmax(KernelBuilder &k, const Piece &piece);
  void writeResult(KernelBuilder &k, const Piece &piece);
  void writeResultBlock(KernelBuilder &k, const Piece &piece, int64_t firstRow, int64_t rows,
                        int64_t firstVector, int64_t vectors);

  RegionWriter &region;
  kernel::GroupOp group;
  kernel::AttentionForm form;
  mlir::Type element;
  mlir::VectorType type;
  int64_t lanes, keyVectors, valueVectors; ///< vectors that cover keys and the values' depth
  int64_t pitch;                           ///< of a row of scores
  Block scoreBlock, resultBlock;
  int64_t pieceRows, blocks; ///< queries of a piece; pieces of a head
  Buffer queryBuffer, keyBuffer, valueBuffer, resultBuffer;
  Buffer packedKeys, packedValues;
  llvm::SmallVector<int64_t> keyHeads; ///< batch sizes of key and value
  llvm::MapVector<Value, Buffer> scoreOperands;
  Value scores, inverses; ///< scratch: [rows, pitch] and, of each row, 1 / sum
};

} // namespace tsc::lowering
