// SPDX-License-Identifier: Apache-2.0
// Operators that rearrange one tensor: views, permutations, repetitions, padding.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

/// `self`, when its rank is known.
static std::optional<TensorFacts> ranked(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self && self->hasRank ? self : std::nullopt;
}

/// When the shape is not known, the dtype still is.
static LogicalResult dtypeOnly(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(TensorFacts(self->dtype)) : failure();
}

static std::optional<int64_t> dimOf(RuleCall &call, StringRef name, int64_t rank) {
  std::optional<int64_t> dim = call.integer(name);
  return dim ? wrapDim(*dim, rank) : std::nullopt;
}

// ---- Views by sizes
/// What -1 stands for among the sizes of a view: the quotient of all elements by the others.
static int64_t inferredSize(const TensorFacts &self, ArrayRef<int64_t> others) {
  if (!self.hasRank)
    return kUnknown;
  // Sizes on both sides cancel; what is left must be numbers, or one size alone.
  Sizes above(self.sizes), below(others);
  for (int64_t *it = below.begin(); it != below.end();) {
    int64_t *same = *it == kUnknown || *it == 0 ? above.end() : llvm::find(above, *it);
    if (same == above.end()) {
      ++it;
      continue;
    }
    above.erase(same);
    it = below.erase(it);
  }
  int64_t divisor = 1;
  for (int64_t size : below) {
    if (size <= 0 || llvm::MulOverflow(divisor, size, divisor))
      return kUnknown;
  }
  int64_t constant = 1, symbol = 0;
  for (int64_t size : above) {
    if (size == kUnknown || (size < 0 && symbol) ||
        (size >= 0 && llvm::MulOverflow(constant, size, constant)))
      return kUnknown;
    symbol = size < 0 ? size : symbol;
  }
  if (constant % divisor != 0)
    return kUnknown;
  constant /= divisor;
  return symbol == 0 ? constant : constant == 1 ? symbol : kUnknown;
}

static LogicalResult viewAs(RuleCall &call, const TensorFacts &self, ArrayRef<IntFact> sizes) {
  Sizes made, others;
  std::optional<size_t> open;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    made.push_back(size.size());
    if (size.is(-1))
      open = i;
    else
      others.push_back(size.size());
  }
  if (open)
    made[*open] = inferredSize(self, others);
  // An unknown size that was read from elsewhere may be -1 itself, which is unknown all the same.
  return call.result(TensorFacts(made, self.dtype));
}

static LogicalResult view(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<SmallVector<IntFact>> sizes = call.ints(call.has("size") ? "size" : "shape");
  return self && sizes ? viewAs(call, *self, *sizes) : dtypeOnly(call);
}

static LogicalResult shapeOfOther(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), other = call.tensor("other");
  return self && other ? call.result(other->withDType(self->dtype)) : failure();
}

/// -1 keeps a size, in front there are new ones.
static LogicalResult expand(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<SmallVector<IntFact>> sizes = call.ints("size");
  if (!self || !sizes || static_cast<int64_t>(sizes->size()) < self->rank())
    return dtypeOnly(call);
  Sizes made;
  int64_t added = static_cast<int64_t>(sizes->size()) - self->rank();
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    int64_t own = static_cast<int64_t>(i) < added ? kUnknown : self->sizes[i - added];
    // What may be -1 is either way the wanted size, or the own one, which it then equals unless
    // that is 1.
    if (size.is(-1))
      made.push_back(own);
    else if (size.isConstant)
      made.push_back(size.size());
    else
      made.push_back(own >= 0 && own != 1 ? own : size.size());
  }
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult flatten(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self)
    return dtypeOnly(call);
  std::optional<int64_t> start = dimOf(call, "start_dim", self->rank()),
                         end = dimOf(call, "end_dim", self->rank());
  if (!start || !end || *start > *end)
    return dtypeOnly(call);
  if (self->sizes.empty())
    return call.result(TensorFacts({1}, self->dtype));
  ArrayRef<int64_t> sizes = self->sizes;
  Sizes made(sizes.take_front(*start));
  made.push_back(productOf(sizes.slice(*start, *end - *start + 1)));
  llvm::append_range(made, sizes.drop_front(*end + 1));
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult ravel(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  int64_t count = self->hasRank ? productOf(self->sizes) : kUnknown;
  return call.result(TensorFacts({count}, self->dtype));
}

static LogicalResult unflatten(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<SmallVector<IntFact>> sizes = call.ints("sizes");
  std::optional<int64_t> dim =
      self && self->rank() ? dimOf(call, "dim", self->rank()) : std::nullopt;
  if (!dim || !sizes)
    return dtypeOnly(call);
  Sizes parts, others, made(ArrayRef<int64_t>(self->sizes).take_front(*dim));
  std::optional<size_t> open;
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    parts.push_back(size.size());
    if (size.is(-1))
      open = i;
    else
      others.push_back(size.size());
  }
  if (open)
    parts[*open] = inferredSize(TensorFacts({self->sizes[*dim]}, self->dtype), others);
  llvm::append_range(made, parts);
  llvm::append_range(made, ArrayRef<int64_t>(self->sizes).drop_front(*dim + 1));
  return call.result(TensorFacts(made, self->dtype));
}

// ---- Dims of size 1
static LogicalResult squeeze(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self)
    return dtypeOnly(call);
  std::optional<SmallVector<int64_t>> dims;
  if (call.has("dim")) {
    dims = call.integers("dim");
    if (!dims)
      return dtypeOnly(call);
    for (int64_t &dim : *dims) {
      std::optional<int64_t> at = wrapDim(dim, self->rank());
      if (!at)
        return dtypeOnly(call);
      dim = *at;
    }
  }
  Sizes made;
  for (auto [i, size] : llvm::enumerate(self->sizes)) {
    bool named = !dims || llvm::is_contained(*dims, static_cast<int64_t>(i));
    if (named && size < 0)
      return dtypeOnly(call); // it may be 1
    if (!named || size != 1)
      made.push_back(size);
  }
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult unsqueeze(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> dim = self ? dimOf(call, "dim", self->rank() + 1) : std::nullopt;
  if (!dim)
    return dtypeOnly(call);
  self->sizes.insert(self->sizes.begin() + *dim, 1);
  return call.result(*self);
}

// ---- Permutations
static LogicalResult swapTwo(RuleCall &call, StringRef first, StringRef second) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self)
    return dtypeOnly(call);
  std::optional<int64_t> a = dimOf(call, first, self->rank()),
                         b = dimOf(call, second, self->rank());
  if (!a || !b)
    return dtypeOnly(call);
  if (self->rank())
    std::swap(self->sizes[*a], self->sizes[*b]);
  return call.result(*self);
}

static LogicalResult swapLastTwo(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self || self->rank() < 2)
    return dtypeOnly(call);
  std::swap(self->sizes[self->rank() - 1], self->sizes[self->rank() - 2]);
  return call.result(*self);
}

static LogicalResult transposeMatrix(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  return self && self->rank() < 2 ? call.result(*self) : swapLastTwo(call);
}

static LogicalResult reverseDims(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self)
    return dtypeOnly(call);
  std::reverse(self->sizes.begin(), self->sizes.end());
  return call.result(*self);
}

static LogicalResult permute(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<SmallVector<int64_t>> dims = call.integers("dims");
  if (!self || !dims || static_cast<int64_t>(dims->size()) != self->rank())
    return dtypeOnly(call);
  Sizes made;
  for (int64_t dim : *dims) {
    std::optional<int64_t> at = wrapDim(dim, self->rank());
    if (!at)
      return dtypeOnly(call);
    made.push_back(self->sizes[*at]);
  }
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult moveDims(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<SmallVector<int64_t>> from = call.integers("source"),
                                      to = call.integers("destination");
  if (!self || !from || !to || from->size() != to->size())
    return dtypeOnly(call);
  int64_t rank = self->rank();
  SmallVector<int64_t> sourceAt(rank, -1);
  SmallVector<bool> taken(rank);
  for (auto [source, target] : llvm::zip_equal(*from, *to)) {
    std::optional<int64_t> a = wrapDim(source, rank), b = wrapDim(target, rank);
    if (!rank || !a || !b || taken[*a] || sourceAt[*b] >= 0)
      return dtypeOnly(call);
    taken[*a] = true;
    sourceAt[*b] = *a;
  }
  int64_t next = 0;
  Sizes made;
  for (int64_t &at : sourceAt) {
    while (at < 0 && taken[next])
      ++next;
    if (at < 0)
      at = next++;
    made.push_back(self->sizes[at]);
  }
  return call.result(TensorFacts(made, self->dtype));
}

// ---- Parts
static LogicalResult select(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> dim =
      self && self->rank() ? dimOf(call, "dim", self->rank()) : std::nullopt;
  if (!dim)
    return dtypeOnly(call);
  self->sizes.erase(self->sizes.begin() + *dim);
  return call.result(*self);
}

/// How many elements `start:end:step` takes of `size`.
static int64_t sliceSize(RuleCall &call, int64_t size) {
  std::optional<int64_t> start = call.isNone("start") ? 0 : call.integer("start");
  std::optional<int64_t> end = call.isNone("end") ? INT64_MAX : call.integer("end");
  std::optional<int64_t> step = call.integer("step");
  if (!start || !end || !step || *step <= 0)
    return kUnknown;
  if (size < 0) // all of it, or unknown
    return *start == 0 && *end == INT64_MAX && *step == 1 ? size : kUnknown;
  auto clamp = [&](int64_t at, int64_t low) {
    return std::clamp<int64_t>(at < 0 ? at + size : at, low, size);
  };
  int64_t first = clamp(*start, 0), last = clamp(*end, 0);
  return last <= first ? 0 : (last - first - 1) / *step + 1;
}

static LogicalResult slice(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> dim =
      self && self->rank() ? dimOf(call, "dim", self->rank()) : std::nullopt;
  if (!self || !self->rank())
    return dtypeOnly(call);
  if (!dim) {
    self->sizes.assign(self->rank(), kUnknown);
    return call.result(*self);
  }
  self->sizes[*dim] = sliceSize(call, self->sizes[*dim]);
  return call.result(*self);
}

static LogicalResult narrow(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> dim =
      self && self->rank() ? dimOf(call, "dim", self->rank()) : std::nullopt;
  if (!dim)
    return dtypeOnly(call);
  self->sizes[*dim] = intFact(call.operand("length")).size();
  return call.result(*self);
}

static LogicalResult diagonal(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> offset = call.integer("offset");
  std::optional<int64_t> a = self ? dimOf(call, "dim1", self->rank()) : std::nullopt;
  std::optional<int64_t> b = self ? dimOf(call, "dim2", self->rank()) : std::nullopt;
  if (!a || !b || *a == *b || self->rank() < 2)
    return dtypeOnly(call);
  int64_t rows = self->sizes[*a], columns = self->sizes[*b], length = kUnknown;
  if (offset && rows >= 0 && columns >= 0)
    length = std::max<int64_t>(0, *offset >= 0 ? std::min(rows, columns - *offset)
                                               : std::min(rows + *offset, columns));
  Sizes made;
  for (auto [i, size] : llvm::enumerate(self->sizes))
    if (static_cast<int64_t>(i) != *a && static_cast<int64_t>(i) != *b)
      made.push_back(size);
  made.push_back(length);
  return call.result(TensorFacts(made, self->dtype));
}

static LogicalResult unfold(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> dim =
      self && self->rank() ? dimOf(call, "dimension", self->rank()) : std::nullopt;
  std::optional<int64_t> size = call.integer("size"), step = call.integer("step");
  if (!dim || !size || !step || *step <= 0 || *size < 0)
    return dtypeOnly(call);
  int64_t &length = self->sizes[*dim];
  length = length >= *size ? (length - *size) / *step + 1 : kUnknown;
  self->sizes.push_back(*size);
  return call.result(*self);
}

// ---- Repetition
static LogicalResult repeat(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  bool isTile = call.has("dims");
  std::optional<SmallVector<IntFact>> counts = call.ints(isTile ? "dims" : "repeats");
  if (!self || !counts)
    return dtypeOnly(call);
  size_t rank = counts->size();
  if (isTile && rank < self->sizes.size())
    counts->insert(counts->begin(), self->sizes.size() - rank, IntFact{true, 1});
  if (counts->size() < self->sizes.size())
    return dtypeOnly(call);
  self->sizes.insert(self->sizes.begin(), counts->size() - self->sizes.size(), 1);
  for (auto [size, count] : llvm::zip_equal(self->sizes, *counts))
    size = productOf({size, count.size()});
  return call.result(*self);
}

static LogicalResult repeatInterleave(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  int64_t count = intFact(call.operand("repeats")).size();
  if (!self)
    return dtypeOnly(call);
  if (call.isNone("dim"))
    return call.result(TensorFacts({productOf({productOf(self->sizes), count})}, self->dtype));
  std::optional<int64_t> dim = self->rank() ? dimOf(call, "dim", self->rank()) : std::nullopt;
  if (!dim)
    return dtypeOnly(call);
  self->sizes[*dim] = productOf({self->sizes[*dim], count});
  return call.result(*self);
}

/// Quarter turns in the plane of two dims: odd ones swap their sizes.
static LogicalResult rotate(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> turns = call.integer("k");
  std::optional<SmallVector<int64_t>> dims = call.integers("dims");
  if (!self || !turns || !dims || dims->size() != 2)
    return dtypeOnly(call);
  int64_t rank = self->rank();
  for (int64_t &dim : *dims)
    dim += dim < 0 ? rank : 0;
  if (!llvm::all_of(*dims, [&](int64_t dim) { return dim >= 0 && dim < rank; }))
    return dtypeOnly(call);
  if (*turns % 2)
    std::swap(self->sizes[(*dims)[0]], self->sizes[(*dims)[1]]);
  return call.result(*self);
}

// ---- Padding: pairs of amounts, the last dim's first.
static LogicalResult pad(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  std::optional<SmallVector<int64_t>> amounts = call.integers(call.has("pad") ? "pad" : "padding");
  if (!self || !amounts || amounts->size() % 2 ||
      static_cast<int64_t>(amounts->size() / 2) > self->rank())
    return dtypeOnly(call);
  for (size_t i = 0; i < amounts->size() / 2; ++i) {
    int64_t &size = self->sizes[self->rank() - 1 - i];
    int64_t total = (*amounts)[2 * i] + (*amounts)[2 * i + 1];
    if (total != 0)
      size = size >= 0 && size + total >= 0 ? size + total : kUnknown;
  }
  return call.result(*self);
}

// ---- Pixels and parts of complex numbers
static LogicalResult shufflePixels(RuleCall &call) {
  bool isInverse = call.has("downscale_factor");
  std::optional<TensorFacts> self = ranked(call);
  std::optional<int64_t> factor = call.integer(isInverse ? "downscale_factor" : "upscale_factor");
  if (!self || !factor || *factor <= 0 || self->rank() < 3)
    return dtypeOnly(call);
  int64_t *last = self->sizes.end();
  auto scale = [](int64_t size, int64_t by, bool up) {
    return size < 0 ? kUnknown : up ? size * by : size / by;
  };
  last[-3] = scale(last[-3], *factor * *factor, isInverse);
  last[-2] = scale(last[-2], *factor, !isInverse);
  last[-1] = scale(last[-1], *factor, !isInverse);
  return call.result(*self);
}

static LogicalResult partOfComplex(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(self->withDType(toReal(self->dtype))) : failure();
}

static LogicalResult viewAsReal(RuleCall &call) {
  std::optional<TensorFacts> self = ranked(call);
  if (!self || !isComplex(self->dtype))
    return failure();
  self->sizes.push_back(2);
  return call.result(self->withDType(toReal(self->dtype)));
}

static LogicalResult sameShape(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(*self) : failure();
}

ArrayRef<RuleRow> viewRules() {
  static constexpr RuleRow kRows[] = {
      {"view reshape _unsafe_view _reshape_alias as_strided", view},
      {"reshape_as view_as expand_as", shapeOfOther},
      {"expand broadcast_to", expand},
      {"flatten.using_ints", flatten},
      {"ravel", ravel},
      {"unflatten.int", unflatten},
      {"squeeze squeeze.dim squeeze.dims", squeeze},
      {"unsqueeze", unsqueeze},
      {"transpose.int swapdims", [](RuleCall &call) { return swapTwo(call, "dim0", "dim1"); }},
      {"swapaxes", [](RuleCall &call) { return swapTwo(call, "axis0", "axis1"); }},
      {"t", transposeMatrix},
      {"mT mT.a mH mH.a adjoint matrix_H matrix_H.a", swapLastTwo},
      {"numpy_T numpy_T.a", reverseDims},
      {"permute", permute},
      {"movedim.int movedim.intlist moveaxis.int moveaxis.intlist", moveDims},
      {"select.int", select},
      {"slice.Tensor", slice},
      {"narrow narrow.Tensor", narrow},
      {"diagonal", diagonal},
      {"unfold", unfold},
      {"repeat tile", repeat},
      {"repeat_interleave.self_int", repeatInterleave},
      {"rot90", rotate},
      {"pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
       "replication_pad2d replication_pad3d _pad_circular",
       pad},
      {"pixel_shuffle pixel_unshuffle", shufflePixels},
      {"real imag", partOfComplex},
      {"view_as_real", viewAsReal},
      {"roll channel_shuffle select_scatter slice_scatter diagonal_scatter", sameShape},
  };
  return kRows;
}

} // namespace tsc::ts
