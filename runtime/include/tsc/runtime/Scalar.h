// SPDX-License-Identifier: Apache-2.0
// Numbers as kernels see them: element types of tensors as C++ types, a number of any kind
// (Scalar), optional values and views of lists of numbers. No ownership anywhere.
#pragma once

#include "tsc/Common/DType.h"
#include "tsc/Common/Value.h"

#include <complex>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tsc::rt {

using Complex = std::complex<double>;
using ComplexF = std::complex<float>;

/// float16; arithmetic is done in float.
using Half = _Float16;

/// bfloat16 with rounding to nearest even.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float value) {
    uint32_t u = __builtin_bit_cast(uint32_t, value);
    bits = value != value ? 0x7fc0 : static_cast<uint16_t>((u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  operator float() const { return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16); }
};

/// A small float of 8 bits; the four formats differ in exponent width, bias and special values.
float float8ToFloat(DType format, uint8_t bits);
uint8_t floatToFloat8(DType format, float value);
template <DType Format> struct Float8 {
  uint8_t bits = 0;
  Float8() = default;
  Float8(float value) : bits(floatToFloat8(Format, value)) {}
  operator float() const { return float8ToFloat(Format, bits); }
};
struct ComplexHalf {
  Half re, im;
};

/// double to int64 as x86 does it: out of range and NaN give the smallest number.
inline int64_t toInt64(double d) {
  return d >= -0x1p63 && d < 0x1p63 ? static_cast<int64_t>(d) : INT64_MIN;
}

/// The same for 32 bits, which smaller integers are cut from.
inline int32_t toInt32(double d) {
  return d > -0x1p31 - 1 && d < 0x1p31 ? static_cast<int32_t>(d) : INT32_MIN;
}

/// Converts between compute types (bool, int64, float, double, Complex) and any element type.
template <class To, class From> inline To convertTo(const From &from) {
  if constexpr (std::is_same_v<To, From>)
    return from;
  else if constexpr (std::is_same_v<From, ComplexHalf>)
    return convertTo<To>(Complex(static_cast<double>(from.re), static_cast<double>(from.im)));
  else if constexpr (std::is_same_v<From, Complex> || std::is_same_v<From, ComplexF>) {
    if constexpr (std::is_same_v<To, Complex> || std::is_same_v<To, ComplexF>)
      return To(static_cast<typename To::value_type>(from.real()),
                static_cast<typename To::value_type>(from.imag()));
    else if constexpr (std::is_same_v<To, ComplexHalf>)
      return ComplexHalf{convertTo<Half>(from.real()), convertTo<Half>(from.imag())};
    else if constexpr (std::is_same_v<To, bool>)
      return from.real() != 0 || from.imag() != 0;
    else
      return convertTo<To>(from.real());
  } else if constexpr (std::is_same_v<To, Complex> || std::is_same_v<To, ComplexF>)
    return To(convertTo<typename To::value_type>(from), 0);
  else if constexpr (std::is_same_v<To, ComplexHalf>)
    return ComplexHalf{convertTo<Half>(from), Half(0)};
  else if constexpr (std::is_same_v<To, bool>)
    return !(static_cast<std::conditional_t<std::is_class_v<From> || std::is_same_v<From, Half>,
                                            float, From>>(from) == 0);
  else if constexpr (std::is_integral_v<To> && !std::is_integral_v<From>) {
    if constexpr (sizeof(To) < 4 || std::is_same_v<To, int32_t>)
      return static_cast<To>(toInt32(static_cast<double>(from)));
    else
      return static_cast<To>(toInt64(static_cast<double>(from)));
  } else if constexpr (std::is_class_v<To> || std::is_same_v<To, Half>)
    return static_cast<To>(static_cast<float>(from));
  else
    return static_cast<To>(from);
}

/// A number as the program has it: bool, int, float or complex.
struct Scalar {
  enum Kind : uint8_t { Bool, Int, Float, ComplexKind };
  Kind kind = Int;
  union {
    int64_t i;
    double d;
  };
  double im = 0;

  Scalar() : i(0) {}
  Scalar(bool b) : kind(Bool), i(b) {}
  Scalar(int n) : kind(Int), i(n) {}
  Scalar(int64_t n) : kind(Int), i(n) {}
  Scalar(double x) : kind(Float), d(x) {}
  Scalar(Complex c) : kind(ComplexKind), d(c.real()), im(c.imag()) {}

  bool isBool() const { return kind == Bool; }
  bool isIntegral(bool withBool) const { return kind == Int || (withBool && kind == Bool); }
  bool isFloat() const { return kind == Float; }
  bool isComplex() const { return kind == ComplexKind; }
  double toDouble() const { return kind >= Float ? d : static_cast<double>(i); }
  int64_t toInt() const { return kind >= Float ? toInt64(d) : i; }
  bool toBool() const { return kind >= Float ? d != 0 || im != 0 : i != 0; }
  Complex toComplex() const { return {toDouble(), im}; }
  /// In a compute type or element type.
  template <class T> T to() const {
    if (kind == ComplexKind)
      return convertTo<T>(toComplex());
    return kind == Float ? convertTo<T>(d) : convertTo<T>(i);
  }
  bool isZero() const { return !toBool(); }
  /// The dtype of a tensor made from the number alone, without regard to the default dtype.
  DType dtype() const {
    return kind == Bool    ? DType::Bool
           : kind == Int   ? DType::Int64
           : kind == Float ? DType::Float64
                           : DType::Complex128;
  }
};

/// A value or nothing.
template <class T> struct Optional {
  bool has = false;
  T value{};
  Optional() = default;
  Optional(T v) : has(true), value(v) {}
  explicit operator bool() const { return has; }
  const T &operator*() const { return value; }
  const T *operator->() const { return &value; }
  T valueOr(T other) const { return has ? value : other; }
};

/// A borrowed run of numbers.
template <class T> struct Span {
  const T *items = nullptr;
  int64_t count = 0;
  Span() = default;
  Span(const T *data, int64_t size) : items(data), count(size) {}
  template <int64_t N> Span(const T (&array)[N]) : items(array), count(N) {}
  int64_t size() const { return count; }
  bool empty() const { return count == 0; }
  const T *data() const { return items; }
  const T &operator[](int64_t i) const { return items[i]; }
  const T *begin() const { return items; }
  const T *end() const { return items + count; }
  const T &back() const { return items[count - 1]; }
  Span drop(int64_t n) const { return {items + n, count - n}; }
  Span take(int64_t n) const { return {items, n}; }
};
template <class T> bool operator==(const Span<T> &a, const Span<T> &b) {
  if (a.count != b.count)
    return false;
  for (int64_t i = 0; i < a.count; ++i)
    if (!(a[i] == b[i]))
      return false;
  return true;
}
using IntList = Span<int64_t>;
using FloatList = Span<double>;
using BoolList = Span<bool>;

/// A borrowed byte string.
struct StringRef {
  const char *text = "";
  int64_t count = 0;
  StringRef() = default;
  StringRef(const char *s) : text(s), count(static_cast<int64_t>(std::strlen(s))) {}
  StringRef(const char *s, int64_t n) : text(s), count(n) {}
  StringRef(const StringObject &s) : text(s.data), count(s.length) {}
  int64_t size() const { return count; }
  bool empty() const { return count == 0; }
  const char *data() const { return text; }
  char operator[](int64_t i) const { return text[i]; }
  StringRef slice(int64_t from, int64_t to) const { return {text + from, to - from}; }
  friend bool operator==(StringRef a, StringRef b) {
    return a.count == b.count && std::memcmp(a.text, b.text, static_cast<size_t>(a.count)) == 0;
  }
  int compare(StringRef o) const {
    int64_t n = count < o.count ? count : o.count;
    int c = n ? std::memcmp(text, o.text, static_cast<size_t>(n)) : 0;
    return c ? c : count < o.count ? -1 : count > o.count;
  }
};

struct Device {
  int64_t code = 0; ///< as Value's Device payload
};

/// Calls f with a null pointer to the element type of `dtype`: visitDType(t, [&]<class T>(T *) {
/// ... }). Returns false for a dtype that has no element type of its own (packed 2 and 4 bit).
template <class F> bool visitDType(DType dtype, F &&f) {
  switch (dtype) {
#define TSC_VISIT(NAME, TYPE)                                                                      \
  case DType::NAME:                                                                                \
    f(static_cast<TYPE *>(nullptr));                                                               \
    return true;
    TSC_VISIT(Bool, bool)
    TSC_VISIT(UInt8, uint8_t)
    TSC_VISIT(Int8, int8_t)
    TSC_VISIT(Int16, int16_t)
    TSC_VISIT(Int32, int32_t)
    TSC_VISIT(Int64, int64_t)
    TSC_VISIT(UInt16, uint16_t)
    TSC_VISIT(UInt32, uint32_t)
    TSC_VISIT(UInt64, uint64_t)
    TSC_VISIT(Float16, Half)
    TSC_VISIT(BFloat16, BFloat16)
    TSC_VISIT(Float32, float)
    TSC_VISIT(Float64, double)
    TSC_VISIT(Complex32, ComplexHalf)
    TSC_VISIT(Complex64, ComplexF)
    TSC_VISIT(Complex128, Complex)
    TSC_VISIT(QInt8, int8_t)
    TSC_VISIT(QUInt8, uint8_t)
    TSC_VISIT(QInt32, int32_t)
    TSC_VISIT(QUInt4x2, uint8_t)
    TSC_VISIT(QUInt2x4, uint8_t)
    TSC_VISIT(Float8E5M2, Float8<DType::Float8E5M2>)
    TSC_VISIT(Float8E4M3FN, Float8<DType::Float8E4M3FN>)
    TSC_VISIT(Float8E5M2FNUZ, Float8<DType::Float8E5M2FNUZ>)
    TSC_VISIT(Float8E4M3FNUZ, Float8<DType::Float8E4M3FNUZ>)
#undef TSC_VISIT
  case DType::Undefined:
    break;
  }
  return false;
}

} // namespace tsc::rt
