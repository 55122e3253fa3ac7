// SPDX-License-Identifier: Apache-2.0
// Runs of elements of any dtype into compute types and back; the table has a row for each compute
// type and dtype.
#include "tsc/runtime/Tensor.h"

namespace tsc::rt {

template <class C, class T>
static void loadRun(C *dst, const char *src, int64_t stride, int64_t n) {
  if (stride == sizeof(T)) {
    const T *in = reinterpret_cast<const T *>(src);
    for (int64_t i = 0; i < n; ++i)
      dst[i] = convertTo<C>(in[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    dst[i] = convertTo<C>(*reinterpret_cast<const T *>(src + i * stride));
}

template <class C, class T>
static void storeRun(char *dst, int64_t stride, const C *src, int64_t n) {
  if (stride == sizeof(T)) {
    T *out = reinterpret_cast<T *>(dst);
    for (int64_t i = 0; i < n; ++i)
      out[i] = convertTo<T>(src[i]);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T *>(dst + i * stride) = convertTo<T>(src[i]);
}

template <class C> LoadFunction<C> loader(DType dtype) {
  LoadFunction<C> result = nullptr;
  visitDType(dtype, [&]<class T>(T *) { result = &loadRun<C, T>; });
  return result;
}
template <class C> StoreFunction<C> storer(DType dtype) {
  StoreFunction<C> result = nullptr;
  visitDType(dtype, [&]<class T>(T *) { result = &storeRun<C, T>; });
  return result;
}

#define TSC_COMPUTE(C)                                                                             \
  template LoadFunction<C> loader<C>(DType);                                                       \
  template StoreFunction<C> storer<C>(DType);
TSC_COMPUTE(bool)
TSC_COMPUTE(int64_t)
TSC_COMPUTE(float)
TSC_COMPUTE(double)
TSC_COMPUTE(Complex)
#undef TSC_COMPUTE

Scalar loadScalar(const void *element, DType dtype) {
  Scalar result;
  visitDType(dtype, [&]<class T>(T *) {
    T value;
    std::memcpy(&value, element, sizeof(T));
    switch (dtypeClass(dtype)) {
    case DTypeClass::Bool:
      result = Scalar(convertTo<bool>(value));
      return;
    case DTypeClass::Integer:
    case DTypeClass::Quantized:
      result = Scalar(convertTo<int64_t>(value));
      return;
    case DTypeClass::Complex:
      result = Scalar(convertTo<Complex>(value));
      return;
    default:
      result = Scalar(convertTo<double>(value));
    }
  });
  return result;
}

void storeScalar(void *element, DType dtype, const Scalar &value) {
  visitDType(dtype, [&]<class T>(T *) {
    T converted = value.to<T>();
    std::memcpy(element, &converted, sizeof(T));
  });
}

// ---- Floats of 8 bits: exponent bits, bias, and which patterns are infinite or NaN.
namespace {
struct Format8 {
  int exponentBits, bias;
  bool hasInfinity, unsignedZero; ///< unsignedZero: 0x80 is the only NaN
};
} // namespace

static Format8 formatOf(DType format) {
  switch (format) {
  case DType::Float8E5M2:
    return {5, 15, true, false};
  case DType::Float8E4M3FN:
    return {4, 7, false, false};
  case DType::Float8E5M2FNUZ:
    return {5, 16, false, true};
  default:
    return {4, 8, false, true};
  }
}

float float8ToFloat(DType format, uint8_t bits) {
  Format8 f = formatOf(format);
  int mantissaBits = 7 - f.exponentBits;
  int exponent = (bits & 0x7f) >> mantissaBits, mantissa = bits & ((1 << mantissaBits) - 1);
  float sign = bits & 0x80 ? -1.0f : 1.0f;
  if (f.unsignedZero && bits == 0x80)
    return __builtin_nanf("");
  if (f.hasInfinity && exponent == (1 << f.exponentBits) - 1)
    return mantissa ? __builtin_nanf("") : sign * __builtin_inff();
  if (!f.hasInfinity && !f.unsignedZero && (bits & 0x7f) == 0x7f)
    return __builtin_nanf("");
  if (exponent == 0)
    return sign * __builtin_ldexpf(static_cast<float>(mantissa), 1 - f.bias - mantissaBits);
  return sign * __builtin_ldexpf(static_cast<float>(mantissa + (1 << mantissaBits)),
                                 exponent - f.bias - mantissaBits);
}

/// The nearest finite pattern by search over the 128 magnitudes' order; ties go to the even
/// pattern.
uint8_t floatToFloat8(DType format, float value) {
  Format8 f = formatOf(format);
  int mantissaBits = 7 - f.exponentBits;
  uint8_t nan = f.unsignedZero ? 0x80 : 0x7f;
  uint8_t sign = __builtin_signbitf(value) ? 0x80 : 0;
  if (value != value)
    return static_cast<uint8_t>(f.unsignedZero ? nan : nan | sign);
  int largest = f.hasInfinity    ? ((((1 << f.exponentBits) - 1) << mantissaBits) - 1)
                : f.unsignedZero ? 0x7f
                                 : 0x7e;
  float magnitude = __builtin_fabsf(value);
  float top = float8ToFloat(format, static_cast<uint8_t>(largest));
  float step = top - float8ToFloat(format, static_cast<uint8_t>(largest - 1));
  if (magnitude >= top + step / 2)
    return static_cast<uint8_t>(f.hasInfinity    ? (largest + 1) | sign
                                : f.unsignedZero ? nan
                                                 : nan | sign);
  int low = 0, high = largest;
  while (low < high) {
    int middle = (low + high + 1) / 2;
    if (float8ToFloat(format, static_cast<uint8_t>(middle)) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  if (low < largest) {
    float below = float8ToFloat(format, static_cast<uint8_t>(low));
    float above = float8ToFloat(format, static_cast<uint8_t>(low + 1));
    if (magnitude - below > above - magnitude ||
        (magnitude - below == above - magnitude && (low & 1)))
      ++low;
  }
  if (low == 0 && f.unsignedZero)
    return 0;
  return static_cast<uint8_t>(low | sign);
}

} // namespace tsc::rt
