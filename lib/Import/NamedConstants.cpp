// SPDX-License-Identifier: Apache-2.0
#include "NamedConstants.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace tsc::importer {

static constexpr std::pair<const char *, DType> kAliases[] = {
    {"float", DType::Float32},    {"double", DType::Float64},     {"half", DType::Float16},
    {"long", DType::Int64},       {"int", DType::Int32},          {"short", DType::Int16},
    {"cfloat", DType::Complex64}, {"cdouble", DType::Complex128}, {"chalf", DType::Complex32}};

Attribute namedConstant(StringRef name, Builder &builder) {
  static constexpr std::pair<const char *, int64_t> kFormats[] = {
      {"contiguous_format", 0}, {"preserve_format", 1}, {"channels_last", 2},
      {"channels_last_3d", 3},  {"strided", 0},         {"sparse_coo", 1}};
  static constexpr std::pair<const char *, double> kNumbers[] = {
      {"inf", std::numeric_limits<double>::infinity()},
      {"nan", std::numeric_limits<double>::quiet_NaN()},
      {"pi", llvm::numbers::pi},
      {"e", llvm::numbers::e}};
  for (auto [alias, dtype] : kAliases)
    if (name == alias)
      return builder.getI64IntegerAttr(static_cast<int64_t>(dtype));
  for (const DTypeInfo &info : kDTypes)
    if (name == info.torchName)
      return builder.getI64IntegerAttr(static_cast<int64_t>(info.dtype));
  for (auto [format, number] : kFormats)
    if (name == format)
      return builder.getI64IntegerAttr(number);
  for (auto [word, number] : kNumbers)
    if (name == word)
      return builder.getF64FloatAttr(number);
  return {};
}

std::optional<DType> conversionMethod(StringRef name) {
  static constexpr std::pair<const char *, DType> kMethods[] = {{"bool", DType::Bool},
                                                                {"byte", DType::UInt8},
                                                                {"char", DType::Int8},
                                                                {"bfloat16", DType::BFloat16}};
  for (auto [method, dtype] : kAliases)
    if (name == method)
      return dtype;
  for (auto [method, dtype] : kMethods)
    if (name == method)
      return dtype;
  return std::nullopt;
}

} // namespace tsc::importer
