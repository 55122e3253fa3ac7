// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/ElementReader.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;

namespace tsc {

namespace {
/// How a small floating-point dtype divides its bits.
struct SmallFloat {
  int exponentBits, mantissaBits, bias;
  enum { Ieee, NanAllOnes, NanNegativeZero } specials;
};
} // namespace

static SmallFloat formatOf(DType dtype) {
  switch (dtype) {
  case DType::BFloat16:
    return {8, 7, 127, SmallFloat::Ieee};
  case DType::Float8E5M2:
    return {5, 2, 15, SmallFloat::Ieee};
  case DType::Float8E4M3FN:
    return {4, 3, 7, SmallFloat::NanAllOnes};
  case DType::Float8E5M2FNUZ:
    return {5, 2, 16, SmallFloat::NanNegativeZero};
  case DType::Float8E4M3FNUZ:
    return {4, 3, 8, SmallFloat::NanNegativeZero};
  default:
    return {5, 10, 15, SmallFloat::Ieee};
  }
}

double decodeSmallFloat(DType dtype, uint32_t bits) {
  SmallFloat f = formatOf(dtype);
  uint32_t mantissa = bits & ((1u << f.mantissaBits) - 1),
           exponentMask = (1u << f.exponentBits) - 1;
  uint32_t exponent = bits >> f.mantissaBits & exponentMask;
  bool negative = bits >> (f.mantissaBits + f.exponentBits) & 1;
  double sign = negative ? -1 : 1;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (f.specials == SmallFloat::NanNegativeZero && negative && exponent == 0 && mantissa == 0)
    return kNan;
  if (f.specials == SmallFloat::NanAllOnes && exponent == exponentMask &&
      mantissa == (1u << f.mantissaBits) - 1)
    return kNan;
  if (f.specials == SmallFloat::Ieee && exponent == exponentMask)
    return mantissa ? kNan : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0)
    return sign * std::ldexp(mantissa, 1 - f.bias - f.mantissaBits);
  return sign * std::ldexp(mantissa | 1u << f.mantissaBits,
                           static_cast<int>(exponent) - f.bias - f.mantissaBits);
}

ElementReader::ElementReader(const archive::ValueGraph &graph, archive::NodeId tensor)
    : record(graph.tensor(tensor)), bytes(dtypeBytes(record.dtype)), at(record.sizes.size(), 0) {
  if (record.storage != UINT32_MAX)
    element = graph.storage(record.storage).bytes.data() + record.offset * bytes;
}

ElementReader::ElementReader(const archive::Storage &storage, const archive::TensorRecord &record,
                             int64_t offset)
    : record(record), bytes(dtypeBytes(record.dtype)) {
  element = storage.bytes.data() + (record.offset + offset) * bytes;
}

bool ElementReader::isInteger() const {
  DTypeClass category = dtypeClass(record.dtype);
  return category == DTypeClass::Bool || category == DTypeClass::Integer ||
         category == DTypeClass::Quantized;
}

template <class T> static T load(const uint8_t *p) {
  T x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

int64_t ElementReader::integer() const {
  switch (record.dtype) {
  case DType::Bool:
    return *element != 0;
  case DType::Int8:
  case DType::QInt8:
    return load<int8_t>(element);
  case DType::Int16:
    return load<int16_t>(element);
  case DType::UInt16:
    return load<uint16_t>(element);
  case DType::Int32:
  case DType::QInt32:
    return load<int32_t>(element);
  case DType::UInt32:
    return load<uint32_t>(element);
  case DType::Int64:
  case DType::UInt64:
    return load<int64_t>(element);
  default:
    return *element;
  }
}

static double real(DType dtype, const uint8_t *p) {
  switch (dtype) {
  case DType::Float64:
    return load<double>(p);
  case DType::Float32:
    return load<float>(p);
  case DType::Float16:
  case DType::BFloat16:
    return decodeSmallFloat(dtype, load<uint16_t>(p));
  default:
    return decodeSmallFloat(dtype, *p);
  }
}

std::complex<double> ElementReader::number() const {
  if (isInteger())
    return static_cast<double>(integer());
  std::complex<double> x;
  if (isComplex(record.dtype)) {
    DType part = toReal(record.dtype);
    x = {real(part, element), real(part, element + bytes / 2)};
    if (record.conjugate)
      x = std::conj(x);
  } else {
    x = real(record.dtype, element);
  }
  return record.negative ? -x : x;
}

void ElementReader::next() {
  for (size_t i = at.size(); i-- > 0;) {
    element += record.strides[i] * bytes;
    if (++at[i] < record.sizes[i])
      return;
    element -= record.strides[i] * bytes * record.sizes[i];
    at[i] = 0;
  }
}

} // namespace tsc
