// SPDX-License-Identifier: Apache-2.0
// Operators that read or write by index tensors.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

static std::optional<int64_t> dimOf(RuleCall &call, int64_t rank) {
  std::optional<int64_t> dim = call.integer("dim");
  return dim ? wrapDim(*dim, rank) : std::nullopt;
}

/// Appends what one index tensor stands for: itself, or for a mask of rank r, r indices of unknown
/// length. False when that is not known.
static bool addIndex(const std::optional<TensorFacts> &index,
                     SmallVectorImpl<std::optional<TensorFacts>> &indices) {
  if (!index) {
    indices.push_back(std::nullopt);
    return true;
  }
  bool isMask = index->dtype == DType::Bool || index->dtype == DType::UInt8;
  if (!index->hasRank || !(isMask || isIntegral(index->dtype)))
    return false;
  if (isMask && index->rank() == 0)
    return false;
  if (!isMask)
    indices.push_back(index);
  else
    for (int64_t i = 0; i < index->rank(); ++i)
      indices.push_back(TensorFacts({kUnknown}, DType::Int64));
  return true;
}

static LogicalResult index(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  auto given = call.optionalTensors("indices");
  if (!self)
    return failure();
  TensorFacts unknown(self->dtype);
  SmallVector<std::optional<TensorFacts>> indices;
  if (!given || !self->hasRank)
    return call.result(unknown);
  for (const std::optional<TensorFacts> &one : *given)
    if (!addIndex(one, indices))
      return call.result(unknown);
  if (static_cast<int64_t>(indices.size()) > self->rank())
    return call.result(unknown);
  indices.resize(self->rank());
  SmallVector<TensorFacts> tensors;
  int64_t first = -1, last = -1;
  for (auto [i, one] : llvm::enumerate(indices)) {
    if (!one)
      continue;
    tensors.push_back(*one);
    first = first < 0 ? static_cast<int64_t>(i) : first;
    last = static_cast<int64_t>(i);
  }
  if (tensors.empty())
    return call.result(*self);
  // Indices side by side are replaced in place; others come to the front.
  bool adjacent = last - first + 1 == static_cast<int64_t>(tensors.size());
  Sizes made, shape = broadcast(tensors).sizes;
  if (!adjacent)
    made = shape;
  for (int64_t i = 0; i < self->rank(); ++i) {
    if (adjacent && i == first)
      llvm::append_range(made, shape);
    if (!indices[i])
      made.push_back(self->sizes[i]);
  }
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult indexSelect(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), index = call.tensor("index");
  if (!self)
    return failure();
  std::optional<int64_t> dim = self->hasRank ? dimOf(call, self->rank()) : std::nullopt;
  if (!dim || !index || !index->hasRank || index->rank() > 1)
    return call.result(TensorFacts(self->dtype));
  if (self->rank())
    self->sizes[*dim] = index->rank() ? index->sizes[0] : 1;
  return call.result(*self);
}

/// Of the index's shape.
static LogicalResult gather(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), index = call.tensor("index");
  return self && index ? call.result(index->withDType(self->dtype)) : failure();
}

/// Of the index's size along the dim and the common sizes elsewhere; without a dim of the index's
/// elements.
static LogicalResult takeAlongDim(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), index = call.tensor("indices");
  if (!self || !index || !self->hasRank || !index->hasRank)
    return failure();
  if (call.isNone("dim"))
    return call.result(TensorFacts({productOf(index->sizes)}, self->dtype));
  std::optional<int64_t> dim = dimOf(call, self->rank());
  if (!dim || self->rank() != index->rank())
    return failure();
  if (self->rank())
    self->sizes[*dim] = index->sizes[*dim];
  return call.result(broadcast({*self, *index}).withDType(self->dtype));
}

static LogicalResult maskedSelect(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(TensorFacts({kUnknown}, self->dtype)) : failure();
}

static LogicalResult embedding(RuleCall &call) {
  std::optional<TensorFacts> weight = call.tensor("weight"), indices = call.tensor("indices");
  if (!weight || !indices)
    return failure();
  if (!weight->hasRank || weight->rank() != 2 || !indices->hasRank)
    return call.result(TensorFacts(weight->dtype));
  indices->sizes.push_back(weight->sizes[1]);
  return call.result(indices->withDType(weight->dtype));
}

static LogicalResult oneHot(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<int64_t> classes = call.integer("num_classes");
  if (!self || !self->hasRank || !classes)
    return call.result(TensorFacts(DType::Int64));
  self->sizes.push_back(*classes >= 0 ? *classes : kUnknown);
  return call.result(self->withDType(DType::Int64));
}

/// Functional writes: the result is `self` with other elements.
static LogicalResult sameAsSelf(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(*self) : failure();
}

static LogicalResult search(RuleCall &call) {
  std::optional<bool> narrow = call.boolean("out_int32");
  DType dtype = !narrow ? DType::Undefined : *narrow ? DType::Int32 : DType::Int64;
  std::optional<TensorFacts> self = call.tensor("self");
  return call.result(self ? self->withDType(dtype) : TensorFacts(Sizes(), dtype));
}

static LogicalResult isIn(RuleCall &call) {
  std::optional<TensorFacts> elements = call.tensor("elements");
  return call.result(elements ? elements->withDType(DType::Bool)
                              : TensorFacts(Sizes(), DType::Bool));
}

ArrayRef<RuleRow> indexRules() {
  static constexpr RuleRow kRows[] = {
      {"index.Tensor index.Tensor_hacked_twin", index},
      {"index_select", indexSelect},
      {"gather take", gather},
      {"take_along_dim", takeAlongDim},
      {"masked_select", maskedSelect},
      {"embedding", embedding},
      {"one_hot", oneHot},
      {"scatter.value scatter.src scatter.reduce scatter.value_reduce scatter_add "
       "scatter_reduce.two index_put index_put.hacked_twin _unsafe_index_put "
       "_unsafe_index_put.hacked_twin index_add index_copy index_fill.int_Tensor "
       "index_fill.int_Scalar index_reduce put",
       sameAsSelf},
      {"searchsorted.Tensor searchsorted.Scalar bucketize.Tensor bucketize.Scalar", search},
      {"isin.Tensor_Tensor isin.Tensor_Scalar isin.Scalar_Tensor", isIn},
  };
  return kRows;
}

} // namespace tsc::ts
