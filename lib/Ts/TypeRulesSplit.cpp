// SPDX-License-Identifier: Apache-2.0
// One tensor to many and many to one: split, chunk, unbind, cat, stack, meshgrid.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

// ---- One to many
/// `self` and the wrapped `dim` that is split; nullopt when they are not known.
static std::optional<std::pair<TensorFacts, int64_t>> splitOperand(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<int64_t> dim = call.integer("dim");
  if (!self || !self->hasRank || self->rank() == 0 || !dim)
    return std::nullopt;
  std::optional<int64_t> at = wrapDim(*dim, self->rank());
  return at ? std::optional(std::pair(*self, *at)) : std::nullopt;
}

/// Parts of which nothing is known but what splitting leaves as it was.
static LogicalResult unknownParts(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  if (auto known = splitOperand(call)) {
    known->first.sizes[known->second] = kUnknown;
    return call.listOf(known->first);
  }
  return call.listOf(TensorFacts(self->dtype));
}

static LogicalResult partsOfSizes(RuleCall &call, TensorFacts self, int64_t dim,
                                  ArrayRef<int64_t> sizes) {
  SmallVector<TensorFacts> parts;
  for (int64_t size : sizes) {
    self.sizes[dim] = size;
    parts.push_back(self);
  }
  return call.listResult(std::move(parts));
}

/// More parts than this are not worth a type each.
static constexpr int64_t kMaxParts = 4096;

static LogicalResult partsOfSize(RuleCall &call, const TensorFacts &self, int64_t dim,
                                 int64_t part) {
  int64_t total = self.sizes[dim];
  if (total < 0 || part <= 0 || total / part > kMaxParts)
    return unknownParts(call);
  Sizes sizes;
  for (int64_t at = 0; at < total; at += part)
    sizes.push_back(std::min(part, total - at));
  if (sizes.empty())
    sizes.push_back(0);
  return partsOfSizes(call, self, dim, sizes);
}

static LogicalResult split(RuleCall &call) {
  auto known = splitOperand(call);
  std::optional<int64_t> size = call.integer("split_size");
  return known && size ? partsOfSize(call, known->first, known->second, *size) : unknownParts(call);
}

static LogicalResult chunk(RuleCall &call) {
  auto known = splitOperand(call);
  std::optional<int64_t> chunks = call.integer("chunks");
  if (!known || !chunks || *chunks <= 0)
    return unknownParts(call);
  int64_t total = known->first.sizes[known->second];
  // As many empty parts as asked for, of an empty dim.
  if (total == 0 && *chunks <= kMaxParts)
    return partsOfSizes(call, known->first, known->second, Sizes(*chunks, 0));
  return partsOfSize(call, known->first, known->second, (total + *chunks - 1) / *chunks);
}

static LogicalResult splitWithSizes(RuleCall &call) {
  auto known = splitOperand(call);
  std::optional<SmallVector<IntFact>> sizes =
      call.ints(call.has("split_sizes") ? "split_sizes" : "split_size");
  if (!known || !sizes)
    return unknownParts(call);
  Sizes parts;
  for (const IntFact &size : *sizes)
    parts.push_back(size.size());
  return partsOfSizes(call, known->first, known->second, parts);
}

/// Equal parts, of which the first ones take what is left over.
static LogicalResult tensorSplit(RuleCall &call) {
  auto known = splitOperand(call);
  std::optional<int64_t> sections = call.integer("sections");
  if (!known || !sections || *sections <= 0 || *sections > kMaxParts ||
      known->first.sizes[known->second] < 0)
    return unknownParts(call);
  int64_t total = known->first.sizes[known->second];
  Sizes parts(*sections, total / *sections);
  for (int64_t i = 0; i < total % *sections; ++i)
    ++parts[i];
  return partsOfSizes(call, known->first, known->second, parts);
}

static LogicalResult tensorSplitAt(RuleCall &call) {
  auto known = splitOperand(call);
  std::optional<SmallVector<int64_t>> indices = call.integers("indices");
  if (!known || !indices || known->first.sizes[known->second] < 0)
    return unknownParts(call);
  int64_t total = known->first.sizes[known->second], start = 0;
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + total : at, 0, total); };
  Sizes parts;
  indices->push_back(total);
  for (int64_t index : *indices) {
    int64_t end = clamp(index);
    parts.push_back(std::max<int64_t>(end - start, 0));
    start = end;
  }
  return partsOfSizes(call, known->first, known->second, parts);
}

static LogicalResult unbind(RuleCall &call) {
  auto known = splitOperand(call);
  if (!known) {
    std::optional<TensorFacts> self = call.tensor("self");
    return self ? call.listOf(TensorFacts(self->dtype)) : failure();
  }
  auto [part, dim] = *known;
  int64_t count = part.sizes[dim];
  part.sizes.erase(part.sizes.begin() + dim);
  if (count < 0 || count > kMaxParts)
    return call.listOf(part);
  return call.listResult(SmallVector<TensorFacts>(count, part));
}

// ---- Many to many
static LogicalResult broadcastTensors(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> tensors = call.tensors("tensors");
  if (!tensors)
    return failure();
  TensorFacts shape = broadcast(*tensors);
  for (TensorFacts &tensor : *tensors)
    tensor = shape.withDType(tensor.dtype);
  return call.listResult(std::move(*tensors));
}

static LogicalResult meshGrid(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> tensors = call.tensors("tensors");
  if (!tensors)
    return failure();
  Sizes sizes;
  for (const TensorFacts &tensor : *tensors) {
    if (!tensor.hasRank || tensor.rank() > 1)
      return failure();
    sizes.push_back(tensor.rank() ? tensor.sizes[0] : 1);
  }
  if (call.has("indexing")) {
    std::optional<StringRef> indexing = call.text("indexing");
    if (!indexing)
      return failure();
    if (*indexing == "xy" && sizes.size() >= 2)
      std::swap(sizes[0], sizes[1]);
  }
  for (TensorFacts &tensor : *tensors)
    tensor = TensorFacts(sizes, tensor.dtype);
  return call.listResult(std::move(*tensors));
}

// ---- Many to one
/// The shape without the dim along which tensors of a list of unknown length are joined.
static std::optional<TensorFacts> elementOfList(RuleCall &call) {
  auto list = dyn_cast<ListType>(call.operand("tensors").getType());
  auto element = list ? dyn_cast<TensorType>(list.getElement()) : TensorType();
  return element ? std::optional(factsOf(element)) : std::nullopt;
}

static LogicalResult concatenate(RuleCall &call) {
  std::optional<int64_t> dim = call.integer("dim");
  std::optional<SmallVector<TensorFacts>> tensors = call.tensors("tensors");
  if (!tensors) {
    std::optional<TensorFacts> element = elementOfList(call);
    // A list of 0-d tensors or of legacy empty ones is told apart by elements only.
    return element ? call.result(TensorFacts(element->dtype)) : failure();
  }
  if (tensors->empty())
    return failure();
  DType dtype = resultType(*tensors);
  TensorFacts joined = tensors->front();
  bool sameRank = llvm::all_of(*tensors, [&](const TensorFacts &tensor) {
    return tensor.hasRank && tensor.rank() == joined.rank();
  });
  std::optional<int64_t> at =
      sameRank && joined.rank() && dim ? wrapDim(*dim, joined.rank()) : std::nullopt;
  // Ranks differ only with 1-d empty tensors, which do not count.
  if (!at)
    return call.result(TensorFacts(dtype));
  for (const TensorFacts &tensor : ArrayRef(*tensors).drop_front())
    for (auto [i, size] : llvm::enumerate(tensor.sizes)) {
      if (static_cast<int64_t>(i) == *at)
        joined.sizes[i] = addSizes(joined.sizes[i], size);
      else if (joined.sizes[i] < 0) // all are equal: a number says most, then a symbol
        joined.sizes[i] = size == kUnknown ? joined.sizes[i] : size;
    }
  return call.result(joined.withDType(dtype));
}

static LogicalResult stack(RuleCall &call) {
  std::optional<int64_t> dim = call.integer("dim");
  std::optional<SmallVector<TensorFacts>> tensors = call.tensors("tensors");
  int64_t count = tensors ? static_cast<int64_t>(tensors->size()) : kUnknown;
  if (!tensors)
    if (std::optional<TensorFacts> element = elementOfList(call))
      tensors = SmallVector<TensorFacts>{*element};
  if (!tensors || tensors->empty())
    return failure();
  TensorFacts joined = tensors->front();
  for (const TensorFacts &tensor : *tensors) {
    if (!joined.hasRank)
      joined = tensor;
    if (tensor.hasRank && tensor.rank() == joined.rank())
      for (auto [size, other] : llvm::zip_equal(joined.sizes, tensor.sizes))
        size = size < 0 && other != kUnknown ? other : size;
  }
  DType dtype = resultType(*tensors);
  std::optional<int64_t> at =
      joined.hasRank && dim ? wrapDim(*dim, joined.rank() + 1) : std::nullopt;
  if (!at)
    return call.result(TensorFacts(dtype));
  joined.sizes.insert(joined.sizes.begin() + *at, count);
  return call.result(joined.withDType(dtype));
}

ArrayRef<RuleRow> splitRules() {
  static constexpr RuleRow kRows[] = {
      {"split.Tensor unsafe_split.Tensor", split},
      {"chunk unsafe_chunk", chunk},
      {"split split.sizes split_with_sizes unsafe_split_with_sizes", splitWithSizes},
      {"tensor_split.sections", tensorSplit},
      {"tensor_split.indices", tensorSplitAt},
      {"unbind.int", unbind},
      {"broadcast_tensors", broadcastTensors},
      {"meshgrid meshgrid.indexing", meshGrid},
      {"cat concat concatenate", concatenate},
      {"stack _stack", stack},
  };
  return kRows;
}

} // namespace tsc::ts
