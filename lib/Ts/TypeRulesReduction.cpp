// SPDX-License-Identifier: Apache-2.0
// Reductions: dims go, or stay as 1. No dims, or an empty list of them, is all dims.
#include "RuleCall.h"

#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace tsc::ts {

/// The dims that the operator's `dim` names, wrapped; nullopt when they are not known.
static std::optional<llvm::BitVector> reducedDims(RuleCall &call, int64_t rank) {
  llvm::BitVector dims(std::max<int64_t>(rank, 1));
  if (!call.has("dim") || call.isNone("dim"))
    return dims.set();
  std::optional<SmallVector<int64_t>> given = call.integers("dim");
  if (!given)
    return std::nullopt;
  for (int64_t dim : *given) {
    std::optional<int64_t> at = wrapDim(dim, rank);
    if (!at)
      return std::nullopt;
    dims.set(*at);
  }
  return given->empty() ? dims.set() : dims;
}

/// The shape without the reduced dims.
static TensorFacts reduce(RuleCall &call, const TensorFacts &self) {
  bool isWhole = !call.has("dim") || call.isNone("dim");
  if (isWhole && !call.has("keepdim"))
    return TensorFacts(Sizes(), DType::Undefined);
  std::optional<bool> keep = call.has("keepdim") ? call.boolean("keepdim") : false;
  if (isWhole && keep && !*keep)
    return TensorFacts(Sizes(), DType::Undefined);
  std::optional<llvm::BitVector> dims =
      self.hasRank ? reducedDims(call, self.rank()) : std::nullopt;
  if (!dims || !keep)
    return {};
  Sizes sizes;
  for (auto [i, size] : llvm::enumerate(self.sizes)) {
    if (!dims->test(i))
      sizes.push_back(size);
    else if (*keep)
      sizes.push_back(1);
  }
  return TensorFacts(sizes, DType::Undefined);
}

using ReducedDType = DType (*)(RuleCall &, DType self);

template <ReducedDType dtypeOf> static LogicalResult reducing(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  return call.result(reduce(call, *self).withDType(dtypeOf(call, self->dtype)));
}

static DType sumDType(RuleCall &call, DType self) {
  return call.dtypeOr("dtype", isIntegral(self, true) ? DType::Int64 : self);
}
static DType meanDType(RuleCall &call, DType self) { return call.dtypeOr("dtype", self); }
static DType sameDType(RuleCall &, DType self) { return self; }
static DType floatDType(RuleCall &, DType self) { return toFloat(self); }
static DType realDType(RuleCall &call, DType self) { return toReal(call.dtypeOr("dtype", self)); }
static DType indexDType(RuleCall &, DType) { return DType::Int64; }
/// all() and any() of uint8 stay uint8.
static DType testDType(RuleCall &, DType self) {
  return self == DType::Undefined || self == DType::UInt8 ? self : DType::Bool;
}

/// An empty list of dims tests nothing away, unlike in other reductions.
static LogicalResult testing(RuleCall &call) {
  if (call.overload() == "dims" && !call.isNone("dim"))
    if (std::optional<SmallVector<int64_t>> dims = call.integers("dim"); !dims || dims->empty())
      return failure();
  return reducing<testDType>(call);
}

/// Values and indices of one dim.
static LogicalResult reducingWithIndices(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts shape = reduce(call, *self);
  return call.results(shape.withDType(self->dtype), shape.withDType(DType::Int64));
}

template <ReducedDType first> static LogicalResult reducingTwice(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts shape = reduce(call, *self);
  return call.results(shape.withDType(first(call, self->dtype)), shape.withDType(self->dtype));
}

/// Scans and normalizations along a dim: the shape stays.
template <ReducedDType dtypeOf> static LogicalResult alongDim(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(self->withDType(dtypeOf(call, self->dtype))) : failure();
}

static LogicalResult scanWithIndices(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.results(*self, self->withDType(DType::Int64)) : failure();
}

/// The k largest along a dim.
static LogicalResult topK(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts shape = *self;
  std::optional<int64_t> dim = call.integer("dim");
  std::optional<int64_t> at = shape.hasRank && dim ? wrapDim(*dim, shape.rank()) : std::nullopt;
  if (!at)
    shape = TensorFacts();
  else if (shape.rank())
    shape.sizes[*at] = intFact(call.operand("k")).size();
  return call.results(shape.withDType(self->dtype), shape.withDType(DType::Int64));
}

static LogicalResult countNonzero(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(reduce(call, *self).withDType(DType::Int64)) : failure();
}

/// As many rows as elements that are not zero.
static LogicalResult nonzero(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self || !self->hasRank)
    return failure();
  return call.result(TensorFacts({kUnknown, self->rank()}, DType::Int64));
}

/// Values, inverse and counts; their sizes hang on the values.
static LogicalResult unique(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self)
    return failure();
  TensorFacts values = TensorFacts({kUnknown}, self->dtype);
  return call.results(call.isNone("dim") ? values : TensorFacts(self->dtype),
                      TensorFacts(DType::Int64), TensorFacts(DType::Int64));
}

static LogicalResult difference(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  std::optional<int64_t> n = call.integer("n"), dim = call.integer("dim");
  if (!self || !call.isNone("prepend") || !call.isNone("append"))
    return failure();
  std::optional<int64_t> at =
      self->hasRank && self->rank() && dim ? wrapDim(*dim, self->rank()) : std::nullopt;
  TensorFacts shape = at && n ? *self : TensorFacts(self->dtype);
  if (at && n && *n != 0) {
    int64_t &size = shape.sizes[*at];
    size = size >= 0 ? std::max<int64_t>(size - *n, 0) : kUnknown;
  }
  return call.result(shape);
}

ArrayRef<RuleRow> reductionRules() {
  static constexpr RuleRow kRows[] = {
      {"sum sum.dim_IntList nansum prod prod.dim_int", reducing<sumDType>},
      {"mean mean.dim nanmean", reducing<meanDType>},
      {"amax amin max min median nanmedian", reducing<sameDType>},
      {"std std.dim std.correction var var.dim var.correction norm.Scalar norm.ScalarOpt_dim "
       "norm.ScalarOpt_dim_dtype norm.ScalarOpt_dtype linalg_vector_norm frobenius_norm.dim",
       reducing<realDType>},
      {"std_mean std_mean.dim std_mean.correction var_mean var_mean.dim var_mean.correction",
       reducingTwice<realDType>},
      {"aminmax", reducingTwice<sameDType>},
      {"logsumexp", reducing<floatDType>},
      {"argmax argmin", reducing<indexDType>},
      {"all all.dim all.dims any any.dim any.dims", testing},
      {"max.dim min.dim median.dim nanmedian.dim mode kthvalue", reducingWithIndices},
      {"count_nonzero count_nonzero.dim_IntList", countNonzero},
      {"trace",
       [](RuleCall &call) {
         std::optional<TensorFacts> self = call.tensor("self");
         return self ? call.result(TensorFacts(Sizes(), sumDType(call, self->dtype))) : failure();
       }},
  };
  return kRows;
}

ArrayRef<RuleRow> orderRules() {
  static constexpr RuleRow kRows[] = {
      {"cumsum cumprod", alongDim<sumDType>},
      {"softmax.int log_softmax.int softmin.int", alongDim<meanDType>},
      {"logcumsumexp _logcumsumexp tril triu flip fliplr flipud renorm msort _softmax _log_softmax",
       alongDim<sameDType>},
      {"argsort argsort.stable", alongDim<indexDType>},
      {"sort sort.stable cummax cummin", scanWithIndices},
      {"topk", topK},
      {"nonzero", nonzero},
      {"_unique2 unique_consecutive unique_dim", unique},
      {"diff", difference},
  };
  return kRows;
}

} // namespace tsc::ts
