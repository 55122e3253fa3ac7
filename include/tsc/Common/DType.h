// SPDX-License-Identifier: Apache-2.0
// Element types of tensors: PyTorch's scalar-type numbers, which archives store and programs see as
// ints, with their sizes, names and promotion. Shared by the compiler and the runtime; no
// dependencies.
#pragma once

#include <cstdint>

namespace tsc {

/// The value is PyTorch's scalar-type number.
enum class DType : int8_t {
  UInt8 = 0,
  Int8 = 1,
  Int16 = 2,
  Int32 = 3,
  Int64 = 4,
  Float16 = 5,
  Float32 = 6,
  Float64 = 7,
  Complex32 = 8,
  Complex64 = 9,
  Complex128 = 10,
  Bool = 11,
  QInt8 = 12,
  QUInt8 = 13,
  QInt32 = 14,
  BFloat16 = 15,
  QUInt4x2 = 16,
  QUInt2x4 = 17,
  Float8E5M2 = 23,
  Float8E4M3FN = 24,
  Float8E5M2FNUZ = 25,
  Float8E4M3FNUZ = 26,
  UInt16 = 27,
  UInt32 = 28,
  UInt64 = 29,
  Undefined = -1,
};

/// What a dtype's elements are; the order is that of promotion.
enum class DTypeClass : uint8_t { Bool, Integer, Float, Complex, Quantized, Other };

struct DTypeInfo {
  DType dtype;
  uint8_t bytes; ///< of one element
  DTypeClass category;
  bool isSigned;
  const char *shortName; ///< as in --input: f32, i64, ...
  const char *torchName; ///< as in torch.float32
  const char *graphName; ///< as in graph text: Float, Long, ...
};

inline constexpr DTypeInfo kDTypes[] = {
    {DType::UInt8, 1, DTypeClass::Integer, false, "u8", "uint8", "Byte"},
    {DType::Int8, 1, DTypeClass::Integer, true, "i8", "int8", "Char"},
    {DType::Int16, 2, DTypeClass::Integer, true, "i16", "int16", "Short"},
    {DType::Int32, 4, DTypeClass::Integer, true, "i32", "int32", "Int"},
    {DType::Int64, 8, DTypeClass::Integer, true, "i64", "int64", "Long"},
    {DType::Float16, 2, DTypeClass::Float, true, "f16", "float16", "Half"},
    {DType::Float32, 4, DTypeClass::Float, true, "f32", "float32", "Float"},
    {DType::Float64, 8, DTypeClass::Float, true, "f64", "float64", "Double"},
    {DType::Complex32, 4, DTypeClass::Complex, true, "c32", "complex32", "ComplexHalf"},
    {DType::Complex64, 8, DTypeClass::Complex, true, "c64", "complex64", "ComplexFloat"},
    {DType::Complex128, 16, DTypeClass::Complex, true, "c128", "complex128", "ComplexDouble"},
    {DType::Bool, 1, DTypeClass::Bool, false, "bool", "bool", "Bool"},
    {DType::QInt8, 1, DTypeClass::Quantized, true, "qi8", "qint8", "QInt8"},
    {DType::QUInt8, 1, DTypeClass::Quantized, false, "qu8", "quint8", "QUInt8"},
    {DType::QInt32, 4, DTypeClass::Quantized, true, "qi32", "qint32", "QInt32"},
    {DType::BFloat16, 2, DTypeClass::Float, true, "bf16", "bfloat16", "BFloat16"},
    {DType::QUInt4x2, 1, DTypeClass::Quantized, false, "qu4x2", "quint4x2", "QUInt4x2"},
    {DType::QUInt2x4, 1, DTypeClass::Quantized, false, "qu2x4", "quint2x4", "QUInt2x4"},
    {DType::Float8E5M2, 1, DTypeClass::Other, true, "f8e5m2", "float8_e5m2", "Float8_e5m2"},
    {DType::Float8E4M3FN, 1, DTypeClass::Other, true, "f8e4m3fn", "float8_e4m3fn", "Float8_e4m3fn"},
    {DType::Float8E5M2FNUZ, 1, DTypeClass::Other, true, "f8e5m2fnuz", "float8_e5m2fnuz",
     "Float8_e5m2fnuz"},
    {DType::Float8E4M3FNUZ, 1, DTypeClass::Other, true, "f8e4m3fnuz", "float8_e4m3fnuz",
     "Float8_e4m3fnuz"},
    {DType::UInt16, 2, DTypeClass::Integer, false, "u16", "uint16", "UInt16"},
    {DType::UInt32, 4, DTypeClass::Integer, false, "u32", "uint32", "UInt32"},
    {DType::UInt64, 8, DTypeClass::Integer, false, "u64", "uint64", "UInt64"},
};

/// Rows of kDTypes by number, so that finding one is a load: kernels ask for every element size.
/// -1: none.
struct DTypeRows {
  int8_t of[32];
};
constexpr DTypeRows makeDTypeRows() {
  DTypeRows rows{};
  for (int8_t &row : rows.of)
    row = -1;
  for (int i = 0; i < static_cast<int>(sizeof kDTypes / sizeof kDTypes[0]); ++i)
    rows.of[static_cast<int>(kDTypes[i].dtype)] = static_cast<int8_t>(i);
  return rows;
}
inline constexpr DTypeRows kDTypeRows = makeDTypeRows();

/// The row of a dtype, or null for a number that names none.
constexpr const DTypeInfo *findDType(DType dtype) {
  auto number = static_cast<uint8_t>(dtype); // Undefined is out of range
  int row = number < sizeof kDTypeRows.of ? kDTypeRows.of[number] : -1;
  return row < 0 ? nullptr : &kDTypes[row];
}
constexpr const DTypeInfo *findDType(int64_t number) {
  return number < 0 || number > 127 ? nullptr : findDType(static_cast<DType>(number));
}

/// Bytes of one element; 0 for Undefined.
constexpr uint8_t dtypeBytes(DType dtype) {
  const DTypeInfo *row = findDType(dtype);
  return row ? row->bytes : 0;
}
constexpr DTypeClass dtypeClass(DType dtype) {
  const DTypeInfo *row = findDType(dtype);
  return row ? row->category : DTypeClass::Other;
}
constexpr bool isIntegral(DType d, bool withBool = false) {
  return dtypeClass(d) == DTypeClass::Integer || (withBool && d == DType::Bool);
}
constexpr bool isFloating(DType d) { return dtypeClass(d) == DTypeClass::Float; }
constexpr bool isComplex(DType d) { return dtypeClass(d) == DTypeClass::Complex; }
constexpr bool isQuantized(DType d) { return dtypeClass(d) == DTypeClass::Quantized; }

/// The complex dtype whose parts have the floating dtype `d`, and the reverse.
constexpr DType toComplex(DType d) {
  return d == DType::Float64   ? DType::Complex128
         : d == DType::Float16 ? DType::Complex32
         : isComplex(d)        ? d
                               : DType::Complex64;
}
constexpr DType toReal(DType d) {
  return d == DType::Complex128  ? DType::Float64
         : d == DType::Complex64 ? DType::Float32
         : d == DType::Complex32 ? DType::Float16
                                 : d;
}

/// The dtype that both promote to (torch.promote_types); Undefined acts as the identity.
constexpr DType promoteTypes(DType a, DType b) {
  if (a == b || b == DType::Undefined)
    return a;
  if (a == DType::Undefined)
    return b;
  DTypeClass ca = dtypeClass(a), cb = dtypeClass(b);
  if (ca < cb)
    return promoteTypes(b, a);
  // From here a's class is at least b's.
  if (ca == DTypeClass::Complex) {
    if (cb == DTypeClass::Integer || cb == DTypeClass::Bool)
      return a;
    DType c = toComplex(b == DType::BFloat16 ? DType::Float32 : b);
    return dtypeBytes(c) > dtypeBytes(a) ? c : a;
  }
  if (ca == DTypeClass::Float) {
    if (cb != DTypeClass::Float)
      return a;
    if (dtypeBytes(a) == dtypeBytes(b)) // float16 with bfloat16
      return DType::Float32;
    return dtypeBytes(a) > dtypeBytes(b) ? a : b;
  }
  if (ca == DTypeClass::Integer) {
    if (cb == DTypeClass::Bool)
      return a;
    bool signedA = findDType(a)->isSigned, signedB = findDType(b)->isSigned;
    if (signedA == signedB)
      return dtypeBytes(a) > dtypeBytes(b) ? a : b;
    DType s = signedA ? a : b, u = signedA ? b : a;
    if (dtypeBytes(s) > dtypeBytes(u))
      return s;
    return dtypeBytes(u) == 1 ? DType::Int16 : dtypeBytes(u) == 2 ? DType::Int32 : DType::Int64;
  }
  return a;
}

} // namespace tsc
