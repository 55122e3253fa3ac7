// SPDX-License-Identifier: Apache-2.0
// Static data of a compiled program: globals written field by field, in the layouts of
// tsc/Common/*.h. A global is a packed struct of words, so that its layout is exactly the order of
// its words; who writes one adds the padding.
#pragma once

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace tsc::lowering {

/// One scalar of static data: a number of 1 to 8 bytes, or an address (of a symbol, plus an
/// offset).
struct Word {
  uint8_t bytes = 8;
  int64_t number = 0;      ///< or the offset from the symbol
  mlir::StringAttr symbol; ///< of addresses
  bool isAddress = false;

  static Word i8(int64_t n) { return {1, n, {}, false}; }
  static Word i16(int64_t n) { return {2, n, {}, false}; }
  static Word i32(int64_t n) { return {4, n, {}, false}; }
  static Word i64(int64_t n) { return {8, n, {}, false}; }
  static Word f64(double d);
  static Word address(mlir::StringAttr symbol, int64_t offset = 0) {
    return {8, offset, symbol, true};
  }
  static Word null() { return {8, 0, {}, true}; }
};
using Words = llvm::SmallVector<Word, 16>;

class StaticData {
public:
  explicit StaticData(mlir::ModuleOp target);

  /// A new private global; its name starts with `stem`. What is no constant may be written while
  /// the program runs.
  mlir::StringAttr add(llvm::StringRef stem, llvm::ArrayRef<Word> words, bool isConstant = true);
  /// A name for a constant that is defined later, for data that refers to itself.
  mlir::StringAttr declare(llvm::StringRef stem);
  void define(mlir::StringAttr symbol, llvm::ArrayRef<Word> words, bool isConstant = true);
  /// Bytes with a zero behind them, each text once.
  mlir::StringAttr text(llvm::StringRef bytes);
  mlir::StringAttr integers(llvm::ArrayRef<int64_t> numbers);
  mlir::StringAttr bytes(llvm::ArrayRef<uint8_t> data);
  /// A hidden symbol that is defined elsewhere.
  mlir::StringAttr external(llvm::StringRef name);

private:
  mlir::LLVM::GlobalOp makeGlobal(mlir::Type type, mlir::StringAttr name, mlir::Attribute value);
  mlir::Type typeOf(const Word &word);
  mlir::Type chunkType(llvm::ArrayRef<Word> words);
  mlir::Value buildWord(const Word &word);
  mlir::Value buildChunk(llvm::ArrayRef<Word> words);

  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Block *body;
  llvm::StringMap<mlir::StringAttr> texts, externals;
  int64_t next = 0;
};

} // namespace tsc::lowering
