// SPDX-License-Identifier: Apache-2.0
// One operator as its type rule sees it: operands by the names of its schema, as facts; and what
// the families of rules share: promotion and broadcasting of partly known tensors.
#pragma once

#include "tsc/Ts/TypeRules.h"

#include <optional>

namespace tsc::ts {

inline constexpr int64_t kUnknown = TensorType::kUnknownSize;

using Sizes = llvm::SmallVector<int64_t, 6>;

/// What is known of a tensor.
struct TensorFacts {
  DType dtype = DType::Undefined; ///< Undefined: unknown
  bool hasRank = false;
  Sizes sizes; ///< as in TensorType; empty unless hasRank

  TensorFacts() = default;
  explicit TensorFacts(DType dtype) : dtype(dtype) {}
  TensorFacts(llvm::ArrayRef<int64_t> sizes, DType dtype)
      : dtype(dtype), hasRank(true), sizes(sizes) {}
  int64_t rank() const { return static_cast<int64_t>(sizes.size()); }
  bool isStatic() const;
  TensorFacts withDType(DType other) const;
};

/// An int operand: a constant, else what it is as a size.
struct IntFact {
  bool isConstant = false;
  int64_t value = kUnknown; ///< the constant; else a symbol or kUnknown
  bool is(int64_t constant) const { return isConstant && value == constant; }
  /// As a size in a type.
  int64_t size() const { return isConstant && value < 0 ? kUnknown : value; }
};

class RuleCall {
public:
  explicit RuleCall(AtenOp op);

  llvm::StringRef baseName() const { return row->baseName(); }
  llvm::StringRef overload() const { return row->overload(); }
  const Schema &schema() const { return row->schema(); }
  /// Null when the schema has no such argument.
  mlir::Value operand(llvm::StringRef name) const;
  mlir::ValueRange operands() const { return op->getOperands(); }
  bool has(llvm::StringRef name) const { return operand(name) != nullptr; }
  /// Absent from the schema, or None.
  bool isNone(llvm::StringRef name) const;
  /// nullopt unless the operand is a tensor, and not an optional one.
  std::optional<TensorFacts> tensor(llvm::StringRef name) const;
  std::optional<int64_t> integer(llvm::StringRef name) const;
  std::optional<bool> boolean(llvm::StringRef name) const;
  std::optional<double> number(llvm::StringRef name) const; ///< of an int or float
  std::optional<llvm::StringRef> text(llvm::StringRef name) const;
  /// The elements of a list of ints that is only read.
  std::optional<llvm::SmallVector<IntFact>> ints(llvm::StringRef name) const;
  /// Constants only.
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef name) const;
  /// Likewise, as many as wanted; a single one is repeated.
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef name, size_t count) const;
  /// The elements of a list of tensors; nullopt inside for None.
  std::optional<llvm::SmallVector<std::optional<TensorFacts>>>
  optionalTensors(llvm::StringRef name) const;
  std::optional<llvm::SmallVector<TensorFacts>> tensors(llvm::StringRef name) const;
  /// All operands that are tensors, in order; nullopt when one may be None or not.
  std::optional<llvm::SmallVector<TensorFacts>> allTensors() const;

  /// The dtype that an argument of the schema names; `otherwise` when it is None; Undefined when it
  /// is not known.
  DType dtypeOr(llvm::StringRef name, DType otherwise) const;

  mlir::LogicalResult result(TensorFacts facts) { return results(facts); }
  template <class... Facts> mlir::LogicalResult results(Facts... facts) {
    (tensorResults.push_back(std::move(facts)), ...);
    return mlir::success();
  }
  /// The only result is a list of these.
  mlir::LogicalResult listResult(llvm::SmallVector<TensorFacts> elements);
  /// Likewise, of an unknown number of such tensors.
  mlir::LogicalResult listOf(TensorFacts element);

  AtenOp op;
  llvm::SmallVector<TensorFacts, 2> tensorResults; ///< of results that are tensors, in order
  std::optional<llvm::SmallVector<TensorFacts>> listElements;
  std::optional<TensorFacts> listElement;

private:
  const OperatorRow *row;
};

using Rule = mlir::LogicalResult (*)(RuleCall &);
/// Operators that one rule holds for: names without "aten::", separated by blanks; "add.Tensor" is
/// one operator, "softmax" the one without an overload, "add.*" all of them.
struct RuleRow {
  llvm::StringLiteral names;
  Rule rule;
};
llvm::ArrayRef<RuleRow> elementwiseRules();
llvm::ArrayRef<RuleRow> reductionRules();
llvm::ArrayRef<RuleRow> orderRules();
llvm::ArrayRef<RuleRow> viewRules();
llvm::ArrayRef<RuleRow> splitRules();
llvm::ArrayRef<RuleRow> indexRules();
llvm::ArrayRef<RuleRow> creationRules();
llvm::ArrayRef<RuleRow> productRules();
llvm::ArrayRef<RuleRow> convolutionRules();
llvm::ArrayRef<RuleRow> neuralRules();
llvm::ArrayRef<RuleRow> matrixRules();
llvm::ArrayRef<RuleRow> fourierRules();

// ---- Facts of operands
TensorFacts factsOf(TensorType type);
TensorType typeOf(mlir::MLIRContext *context, const TensorFacts &facts);
/// The constant that a value is, through casts; null if none.
mlir::Attribute constantOf(mlir::Value value);
bool isNoneValue(mlir::Value value);
IntFact intFact(mlir::Value value);
/// The elements of a list that is only read; false when they are not known.
bool listValues(mlir::Value list, llvm::SmallVectorImpl<mlir::Value> &values);
/// The dtype that a Python number counts as in promotion; Undefined when it is not known.
DType scalarDType(mlir::Value number);

// ---- Promotion and shapes
/// torch.result_type; Undefined when it is not known. A scalar of Undefined is unknown.
DType resultType(llvm::ArrayRef<TensorFacts> tensors, llvm::ArrayRef<DType> scalars = {});
/// f32 for integers and bool; else the dtype.
DType toFloat(DType dtype);
int64_t broadcastSize(int64_t a, int64_t b);
/// The shape that tensors broadcast to, without a dtype.
TensorFacts broadcast(llvm::ArrayRef<TensorFacts> tensors);
/// The product of sizes: a constant, a symbol or kUnknown.
int64_t productOf(llvm::ArrayRef<int64_t> sizes);
int64_t addSizes(int64_t a, int64_t b);
/// A dim counted from the front; nullopt out of range. 0-d counts as 1-d.
std::optional<int64_t> wrapDim(int64_t dim, int64_t rank);
/// What holds of either tensor.
TensorFacts joinFacts(const TensorFacts &a, const TensorFacts &b);

} // namespace tsc::ts
