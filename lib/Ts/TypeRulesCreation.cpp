// SPDX-License-Identifier: Apache-2.0
// Operators that make tensors of numbers, and conversions between dtypes.
#include "RuleCall.h"

#include <cmath>

using namespace mlir;

namespace tsc::ts {

/// The dtype of a number that becomes a tensor; the default for floats is f32.
static DType numberDType(RuleCall &call, StringRef name) {
  Value value = call.operand(name);
  return value ? scalarDType(value) : DType::Undefined;
}

static TensorFacts ofSizes(RuleCall &call, DType dtype) {
  std::optional<SmallVector<IntFact>> sizes = call.ints("size");
  if (!sizes)
    return TensorFacts(dtype);
  Sizes made;
  for (const IntFact &size : *sizes)
    made.push_back(size.size());
  return TensorFacts(made, dtype);
}

static LogicalResult filled(RuleCall &call) {
  return call.result(ofSizes(call, call.dtypeOr("dtype", DType::Float32)));
}
static LogicalResult full(RuleCall &call) {
  return call.result(ofSizes(call, call.dtypeOr("dtype", numberDType(call, "fill_value"))));
}
static LogicalResult filledLikeSelf(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(ofSizes(call, call.dtypeOr("dtype", self->dtype))) : failure();
}

/// Same shape, perhaps of another dtype.
static LogicalResult like(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(self->withDType(call.dtypeOr("dtype", self->dtype))) : failure();
}
static LogicalResult likeOther(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self"), other = call.tensor("other");
  return self && other ? call.result(self->withDType(other->dtype)) : failure();
}
template <DType dtype> static LogicalResult castTo(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(self->withDType(dtype)) : failure();
}
static LogicalResult likeSelf(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  return self ? call.result(*self) : failure();
}

/// Vectors of a length that is an operand.
static LogicalResult vectorOf(RuleCall &call, StringRef length, DType otherwise) {
  int64_t size = intFact(call.operand(length)).size();
  return call.result(TensorFacts({size}, call.dtypeOr("dtype", otherwise)));
}

static LogicalResult range(RuleCall &call) {
  DType step = call.has("step") ? numberDType(call, "step") : DType::Int64;
  DType start = call.has("start") ? numberDType(call, "start") : DType::Int64;
  DType end = numberDType(call, "end");
  bool known = start != DType::Undefined && end != DType::Undefined && step != DType::Undefined;
  bool ints = known && isIntegral(start, true) && isIntegral(end, true) && isIntegral(step, true);
  DType dtype = call.dtypeOr("dtype", ints    ? DType::Int64
                                      : known ? DType::Float32
                                              : DType::Undefined);
  std::optional<double> first = call.has("start") ? call.number("start") : 0.0;
  std::optional<double> last = call.number("end");
  std::optional<double> by = call.has("step") ? call.number("step") : 1.0;
  if (!ints || !first || !last || !by || *by == 0 || std::fabs(*first) > 1e9 ||
      std::fabs(*last) > 1e9) {
    // arange(n) of a size is as long as that.
    bool isCount = !call.has("start") && ints;
    return call.result(
        TensorFacts({isCount ? intFact(call.operand("end")).size() : kUnknown}, dtype));
  }
  double count = std::ceil((*last - *first) / *by);
  return call.result(TensorFacts({count < 0 ? kUnknown : static_cast<int64_t>(count)}, dtype));
}

static LogicalResult identity(RuleCall &call) {
  int64_t rows = intFact(call.operand("n")).size();
  int64_t columns = call.has("m") ? intFact(call.operand("m")).size() : rows;
  return call.result(TensorFacts({rows, columns}, call.dtypeOr("dtype", DType::Float32)));
}

/// A number as a 0-d tensor.
template <const char *name> static LogicalResult ofNumber(RuleCall &call) {
  return call.result(TensorFacts(Sizes(), call.dtypeOr("dtype", numberDType(call, name))));
}
static constexpr char kT[] = "t", kA[] = "a";

static LogicalResult scalarTensor(RuleCall &call) {
  return call.result(TensorFacts(Sizes(), call.dtypeOr("dtype", DType::Float32)));
}

/// A list of numbers as a vector. Nested lists are as deep as their type.
static LogicalResult ofList(RuleCall &call) {
  Value data = call.operand("data");
  int64_t rank = 0;
  Type element = data.getType();
  for (; isa<ListType>(element); element = cast<ListType>(element).getElement())
    ++rank;
  DType dtype = isa<BoolType>(element)      ? DType::Bool
                : isa<IntType>(element)     ? DType::Int64
                : isa<FloatType>(element)   ? DType::Float32
                : isa<ComplexType>(element) ? DType::Complex64
                                            : DType::Undefined;
  if (rank == 0 || dtype == DType::Undefined)
    return failure();
  dtype = call.dtypeOr("dtype", dtype);
  Sizes sizes(rank, kUnknown);
  SmallVector<Value> values;
  if (auto constant = dyn_cast_or_null<ListAttr>(constantOf(data)))
    sizes[0] = static_cast<int64_t>(constant.getElements().size());
  else if (listValues(data, values))
    sizes[0] = static_cast<int64_t>(values.size());
  // An empty list of lists has fewer dims than its type.
  return call.result(rank == 1 ? TensorFacts(sizes, dtype) : TensorFacts(dtype));
}

static LogicalResult complexOf(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> parts = call.allTensors();
  if (!parts || parts->size() != 2)
    return failure();
  DType part = (*parts)[0].dtype;
  return call.result(
      broadcast(*parts).withDType(isFloating(part) ? toComplex(part) : DType::Undefined));
}

ArrayRef<RuleRow> creationRules() {
  static constexpr RuleRow kRows[] = {
      {"zeros ones empty.memory_format rand rand.generator randn randn.generator empty_strided "
       "normal.float_float",
       filled},
      {"randint randint.generator randint.low randint.low_generator",
       [](RuleCall &call) {
         return call.result(ofSizes(call, call.dtypeOr("dtype", DType::Undefined)));
       }},
      {"full", full},
      {"new_zeros new_ones new_empty new_full new_empty_strided", filledLikeSelf},
      {"zeros_like ones_like empty_like full_like rand_like rand_like.generator randn_like "
       "randn_like.generator randint_like randint_like.low_dtype randint_like.Tensor "
       "randint_like.generator to.dtype to.device to.dtype_layout to.prim_Device to.prim_dtype "
       "_to_copy",
       like},
      {"to.other type_as", likeOther},
      {"_cast_Byte", castTo<DType::UInt8>},
      {"_cast_Char", castTo<DType::Int8>},
      {"_cast_Short", castTo<DType::Int16>},
      {"_cast_Int", castTo<DType::Int32>},
      {"_cast_Long", castTo<DType::Int64>},
      {"_cast_Half", castTo<DType::Float16>},
      {"_cast_Float", castTo<DType::Float32>},
      {"_cast_Double", castTo<DType::Float64>},
      {"cpu to.prim_other bernoulli bernoulli.p", likeSelf},
      {"arange arange.start arange.start_step", range},
      {"linspace logspace", [](RuleCall &call) { return vectorOf(call, "steps", DType::Float32); }},
      {"randperm randperm.generator",
       [](RuleCall &call) { return vectorOf(call, "n", DType::Int64); }},
      {"hann_window hann_window.periodic hamming_window hamming_window.periodic "
       "hamming_window.periodic_alpha hamming_window.periodic_alpha_beta bartlett_window "
       "bartlett_window.periodic blackman_window blackman_window.periodic",
       [](RuleCall &call) { return vectorOf(call, "window_length", DType::Float32); }},
      {"eye eye.m", identity},
      {"tensor.bool tensor.float tensor.int tensor.complex as_tensor.bool as_tensor.float "
       "as_tensor.int as_tensor.complex",
       ofNumber<kT>},
      {"prim::NumToTensor.Scalar prim::NumToTensor.bool", ofNumber<kA>},
      {"scalar_tensor", scalarTensor},
      {"tensor as_tensor.list", ofList},
      {"complex polar", complexOf},
  };
  return kRows;
}

} // namespace tsc::ts
