// SPDX-License-Identifier: Apache-2.0
// The code printer's state: PrintCode.cpp prints functions, blocks and statements,
// PrintCodeExpressions.cpp expressions.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace tsc::ts {

/// The constants that code cannot write down, CONSTANTS.c0 and so on. Equal tensors are one.
class ConstantTable {
public:
  explicit ConstantTable(WeightStore &weights) : weights(weights) {}
  size_t getOrAdd(mlir::Attribute value);

private:
  bool areEqual(TensorAttr a, TensorAttr b) const;

  WeightStore &weights;
  std::vector<mlir::Attribute> constants;
};

/// The names in use in a function.
class NameTable {
public:
  /// `wanted`, or that with a number when it is taken or means something in the language.
  std::string make(llvm::StringRef wanted);
  /// A name for a value: its debug name without the number after the point, or `_` and a number.
  std::string makeFor(mlir::Value value);

private:
  llvm::StringSet<> used;
  llvm::StringMap<unsigned> nextNumber;
};

class CodePrinter {
public:
  CodePrinter(llvm::raw_ostream &os, WeightStore &weights) : os(os), constants(weights) {}
  void printFunction(FuncOp function, bool isMethod);

private:
  // Functions and blocks.
  void printBody(mlir::Block &block);
  void printLongConstants(mlir::Block &block, llvm::DenseSet<mlir::Operation *> &seen);
  void printBlock(mlir::Block &block, bool hasMore);
  llvm::raw_ostream &indent() { return os.indent(2 * level); }

  // Statements.
  void printOperation(mlir::Operation *op);
  void printReturn(mlir::Operation *op);
  void printIf(IfOp op);
  void printLoop(LoopOp op);
  void printUnpack(mlir::Operation *op);
  void printSetAttr(SetAttrOp op);
  void printTask(mlir::Operation *op, llvm::StringRef kind);
  void printEnter(EnterOp op);
  void printExit(ExitOp op);
  void printContainerIndex(ModuleContainerIndexOp op);
  void printExpressionStatement(mlir::Operation *op);

  void printAssignment(mlir::ValueRange left, mlir::ValueRange right);
  void printAnnotatedAssignment(mlir::Value left, mlir::Value right);
  void printDefinition(mlir::Operation *op, llvm::StringRef expression);
  void splitLong(mlir::ValueRange operands);
  bool isLong(llvm::StringRef text) const;

  // Expressions.
  std::string expression(mlir::Operation *op);
  std::string atenExpression(AtenOp op);
  std::string callExpression(llvm::StringRef name, const Schema *schema, mlir::ValueRange operands);
  std::string constantExpression(mlir::Attribute value, mlir::Type type);
  std::string listExpression(ListConstructOp op);
  std::string dictExpression(DictConstructOp op);
  std::string tupleExpression(TupleConstructOp op);
  std::string attributeExpression(GetAttrOp op);
  std::string userCallExpression(llvm::StringRef callee, mlir::ValueRange args);
  std::string isInstanceExpression(IsInstanceOp op);
  std::string joined(mlir::ValueRange values, llvm::StringRef begin, llvm::StringRef end);

  // Values.
  llvm::StringRef use(mlir::Value value) const;
  void name(mlir::ValueRange values);

  llvm::raw_ostream &os;
  ConstantTable constants;
  NameTable names;
  unsigned level = 0;
  llvm::DenseSet<mlir::Operation *> inlined;
  llvm::SmallVector<mlir::Operation *>
      pending; ///< inlined ones that no expression has taken up yet, in order
  llvm::DenseMap<mlir::Value, std::string> identifiers; ///< of values that a statement has assigned
  llvm::DenseMap<mlir::Value, std::string> expressions; ///< of values that stand for other text
  llvm::DenseSet<mlir::Value> annotatedUnions;
};

} // namespace tsc::ts
