// SPDX-License-Identifier: Apache-2.0
// Fourier transforms: complex numbers to complex ones, real numbers to half a spectrum, and back.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

/// The dims that are transformed, wrapped; nullopt when they are not known.
static std::optional<SmallVector<int64_t>> transformedDims(RuleCall &call, int64_t rank,
                                                           std::optional<size_t> count) {
  SmallVector<int64_t> dims;
  if (call.isNone("dim")) {
    int64_t n = count ? static_cast<int64_t>(*count) : rank;
    for (int64_t i = 0; i < n; ++i)
      dims.push_back(rank - n + i);
  } else if (auto given = call.integers("dim")) {
    for (int64_t dim : *given)
      dims.push_back(dim < 0 ? dim + rank : dim);
  } else {
    return std::nullopt;
  }
  for (int64_t dim : dims)
    if (dim < 0 || dim >= rank)
      return std::nullopt;
  return dims;
}

static LogicalResult transform(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  StringRef sizesName = call.has("n") ? "n" : "s";
  if (!self)
    return failure();
  DType dtype = toFloat(self->dtype);
  if (dtype != DType::Float32 && dtype != DType::Float64 && dtype != DType::Complex64 &&
      dtype != DType::Complex128)
    return failure();
  StringRef name = call.baseName();
  name.consume_front("aten::");
  name.consume_front("fft_");
  bool isInverse = name.consume_front("i");
  bool isHalf = isInverse ? name.starts_with("hfft") : name.starts_with("rfft");
  bool isReal = isInverse ? name.starts_with("rfft") : name.starts_with("hfft");
  DType result = isReal ? toReal(dtype) : toComplex(dtype);
  std::optional<SmallVector<int64_t>> sizes;
  if (!call.isNone(sizesName) && !(sizes = call.integers(sizesName)))
    return call.result(TensorFacts(result));
  if (!self->hasRank)
    return call.result(TensorFacts(result));
  auto dims =
      transformedDims(call, self->rank(), sizes ? std::optional(sizes->size()) : std::nullopt);
  if (!dims || (sizes && sizes->size() != dims->size()))
    return call.result(TensorFacts(result));
  Sizes shape = self->sizes;
  for (auto [i, dim] : llvm::enumerate(*dims)) {
    bool isLast = i + 1 == dims->size(), isGiven = sizes && (*sizes)[i] != -1;
    int64_t n = isGiven ? (*sizes)[i] : shape[dim];
    if (n < 0) {
      shape[dim] = kUnknown;
      continue;
    }
    if (isLast && isReal && !isGiven)
      n = 2 * (n - 1);
    if (n < 1)
      return failure();
    shape[dim] = isLast && isHalf ? n / 2 + 1 : n;
  }
  return call.result(TensorFacts(shape, result));
}

ArrayRef<RuleRow> fourierRules() {
  static constexpr RuleRow kRows[] = {
      {"fft_fft fft_ifft fft_rfft fft_ihfft fft_hfft fft_irfft fft_fftn fft_ifftn fft_rfftn "
       "fft_ihfftn fft_hfftn fft_irfftn fft_fft2 fft_ifft2 fft_rfft2 fft_ihfft2 fft_hfft2 "
       "fft_irfft2",
       transform},
  };
  return kRows;
}

} // namespace tsc::ts
