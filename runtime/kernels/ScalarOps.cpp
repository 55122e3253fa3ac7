// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparison of numbers, as kernels: what is not compiled to machine instructions,
// or has a number of any kind as an argument. Integers wrap; a zero divisor raises; quotients round
// down.
#include "tsc/runtime/Kernel.h"

#include <cmath>

using namespace tsc::rt;

#define TSC_ALL_KINDS(NAME, FN)                                                                    \
  TSC_KERNEL(NAME##_int, FN)                                                                       \
  TSC_KERNEL(NAME##_float, FN)                                                                     \
  TSC_KERNEL(NAME##_complex, FN)                                                                   \
  TSC_KERNEL(NAME##_int_float, FN)                                                                 \
  TSC_KERNEL(NAME##_float_int, FN)                                                                 \
  TSC_KERNEL(NAME##_int_complex, FN)                                                               \
  TSC_KERNEL(NAME##_complex_int, FN)                                                               \
  TSC_KERNEL(NAME##_float_complex, FN)                                                             \
  TSC_KERNEL(NAME##_complex_float, FN)                                                             \
  TSC_KERNEL(NAME, FN)
#define TSC_REAL_KINDS(NAME, FN)                                                                   \
  TSC_KERNEL(NAME##_int, FN)                                                                       \
  TSC_KERNEL(NAME##_float, FN)                                                                     \
  TSC_KERNEL(NAME##_int_float, FN)                                                                 \
  TSC_KERNEL(NAME##_float_int, FN)                                                                 \
  TSC_KERNEL(NAME, FN)

#define TSC_ARITHMETIC(NAME, OPERATOR)                                                             \
  static Scalar NAME(Context &, Scalar a, Scalar b) {                                              \
    if (a.isComplex() || b.isComplex())                                                            \
      return a.toComplex() OPERATOR b.toComplex();                                                 \
    if (a.isFloat() || b.isFloat())                                                                \
      return a.toDouble() OPERATOR b.toDouble();                                                   \
    return a.i OPERATOR b.i;                                                                       \
  }                                                                                                \
  TSC_ALL_KINDS(aten_##NAME, NAME)
TSC_ARITHMETIC(add, +)
TSC_ARITHMETIC(sub, -)
TSC_ARITHMETIC(mul, *)

/// The quotient of numbers is a float, also of ints; a zero divisor gives an infinity or NaN.
static Scalar divide(Context &, Scalar a, Scalar b) {
  if (a.isComplex() || b.isComplex())
    return a.toComplex() / b.toComplex();
  return a.toDouble() / b.toDouble();
}
TSC_KERNEL(aten_div_int, divide)
TSC_KERNEL(aten_div_float, divide)
TSC_KERNEL(aten_div_complex, divide)
TSC_KERNEL(aten_div, divide)

static Failure zeroDivision(Context &cx) { return cx.raise("ZeroDivisionError", "division by 0"); }

static Result<Scalar> floorDivide(Context &cx, Scalar a, Scalar b) {
  if (a.isFloat() || b.isFloat())
    return Scalar(std::floor(a.toDouble() / b.toDouble()));
  if (b.i == 0)
    return zeroDivision(cx);
  if (b.i == -1)
    return Scalar(-a.i);
  int64_t q = a.i / b.i;
  return Scalar(a.i % b.i != 0 && ((a.i < 0) != (b.i < 0)) ? q - 1 : q);
}
TSC_REAL_KINDS(aten_floordiv, floorDivide)

static double floatRemainder(double a, double b) {
  double r = std::fmod(a, b);
  return r != 0 && ((r < 0) != (b < 0)) ? r + b : r;
}
static Result<Scalar> remainderOf(Context &cx, Scalar a, Scalar b) {
  if (a.isFloat() || b.isFloat())
    return Scalar(floatRemainder(a.toDouble(), b.toDouble()));
  if (b.i == 0)
    return cx.raise("ZeroDivisionError", "integer modulo by zero");
  if (b.i == -1)
    return Scalar(static_cast<int64_t>(0));
  int64_t r = a.i % b.i;
  return Scalar(r != 0 && ((r < 0) != (b.i < 0)) ? r + b.i : r);
}
TSC_REAL_KINDS(aten_remainder, remainderOf)

static Results<Scalar, Scalar> divideWithRemainder(Context &cx, Scalar a, Scalar b) {
  if (b.isZero())
    return cx.raise("ZeroDivisionError", "%s",
                    a.isFloat() || b.isFloat() ? "float divmod()"
                                               : "integer division or modulo by zero");
  Result<Scalar> q = floorDivide(cx, a, b), r = remainderOf(cx, a, b);
  if (!q || !r)
    return Failed;
  return {q.value, r.value};
}
TSC_KERNEL(aten_divmod_int, divideWithRemainder)
TSC_KERNEL(aten_divmod_float, divideWithRemainder)
TSC_KERNEL(aten_divmod_int_float, divideWithRemainder)
TSC_KERNEL(aten_divmod_float_int, divideWithRemainder)

static Result<int64_t> truncatingDivide(Context &cx, int64_t a, int64_t b) {
  if (b == 0)
    return zeroDivision(cx);
  return b == -1 ? -a : a / b;
}
TSC_KERNEL(aten___round_to_zero_floordiv_int, truncatingDivide)

// ---- Bits
static bool andBool(Context &, bool a, bool b) { return a && b; }
static bool orBool(Context &, bool a, bool b) { return a || b; }
static bool xorBool(Context &, bool a, bool b) { return a != b; }
static bool notBool(Context &, bool a) { return !a; }
static int64_t andInt(Context &, int64_t a, int64_t b) { return a & b; }
static int64_t orInt(Context &, int64_t a, int64_t b) { return a | b; }
static int64_t xorInt(Context &, int64_t a, int64_t b) { return a ^ b; }
/// Counts are taken modulo 64, as the machine does.
static int64_t shiftLeft(Context &, int64_t a, int64_t n) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) << (n & 63));
}
static int64_t shiftRight(Context &, int64_t a, int64_t n) { return a >> (n & 63); }
TSC_KERNEL(aten___and___bool, andBool)
TSC_KERNEL(aten___or___bool, orBool)
TSC_KERNEL(aten___xor___bool, xorBool)
TSC_KERNEL(aten___not__, notBool)
TSC_KERNEL(aten___and___int, andInt)
TSC_KERNEL(aten___or___int, orInt)
TSC_KERNEL(aten___xor___int, xorInt)
TSC_KERNEL(aten___lshift___int, shiftLeft)
TSC_KERNEL(aten___rshift___int, shiftRight)

// ---- Comparison
static bool equalNumbers(Context &, Scalar a, Scalar b) {
  if (a.isIntegral(true) && b.isIntegral(true))
    return a.i == b.i;
  return a.toComplex() == b.toComplex();
}
static bool unequalNumbers(Context &cx, Scalar a, Scalar b) { return !equalNumbers(cx, a, b); }
#define TSC_EQUALITY(NAME, FN)                                                                     \
  TSC_REAL_KINDS(aten_##NAME, FN)                                                                  \
  TSC_KERNEL(aten_##NAME##_complex, FN)                                                            \
  TSC_KERNEL(aten_##NAME##_float_complex, FN)                                                      \
  TSC_KERNEL(aten_##NAME##_complex_float, FN)                                                      \
  TSC_KERNEL(aten_##NAME##_bool, FN)
TSC_EQUALITY(eq, equalNumbers)
TSC_EQUALITY(ne, unequalNumbers)

#define TSC_ORDER(NAME, OPERATOR)                                                                  \
  static bool NAME##Numbers(Context &, Scalar a, Scalar b) {                                       \
    if (a.isIntegral(true) && b.isIntegral(true))                                                  \
      return a.i OPERATOR b.i;                                                                     \
    return a.toDouble() OPERATOR b.toDouble();                                                     \
  }                                                                                                \
  static bool NAME##Strings(Context &, StringRef a, StringRef b) {                                 \
    return a.compare(b) OPERATOR 0;                                                                \
  }                                                                                                \
  TSC_REAL_KINDS(aten_##NAME, NAME##Numbers)                                                       \
  TSC_KERNEL(aten_##NAME##_str, NAME##Strings)
TSC_ORDER(lt, <)
TSC_ORDER(le, <=)
TSC_ORDER(gt, >)
TSC_ORDER(ge, >=)

static Result<bool> equalAny(Context &cx, const Value &a, const Value &b) {
  return equalValues(cx, a, b);
}
static Result<bool> unequalAny(Context &cx, const Value &a, const Value &b) {
  TSC_ASSIGN(bool same, equalValues(cx, a, b));
  return !same;
}
TSC_KERNEL(aten_eq_str, equalAny)
TSC_KERNEL(aten_ne_str, unequalAny)
TSC_KERNEL(aten_eq_device, equalAny)
TSC_KERNEL(aten_ne_device, unequalAny)
TSC_KERNEL(aten_eq_enum, equalAny)
TSC_KERNEL(aten_ne_enum, unequalAny)

static bool isSame(Context &, const Value &a, const Value &b) { return identicalValues(a, b); }
static bool isNotSame(Context &, const Value &a, const Value &b) { return !identicalValues(a, b); }
TSC_KERNEL(aten___is__, isSame)
TSC_KERNEL(aten___isnot__, isNotSame)

// ---- min and max
static Scalar lesser(Context &cx, Scalar a, Scalar b) {
  bool asFloat = a.isFloat() || b.isFloat();
  const Scalar &best = ltNumbers(cx, b, a) ? b : a;
  return asFloat ? Scalar(best.toDouble()) : best;
}
static Scalar greater(Context &cx, Scalar a, Scalar b) {
  bool asFloat = a.isFloat() || b.isFloat();
  const Scalar &best = ltNumbers(cx, a, b) ? b : a;
  return asFloat ? Scalar(best.toDouble()) : best;
}
TSC_REAL_KINDS(prim_min, lesser)
TSC_REAL_KINDS(prim_max, greater)

// ---- dtypes
static int64_t promote(Context &, DType a, DType b) {
  return static_cast<int64_t>(tsc::promoteTypes(a, b));
}
TSC_KERNEL(aten_promote_types, promote)
static bool castable(Context &, DType from, DType to) {
  if (tsc::isComplex(from) && !tsc::isComplex(to))
    return false;
  if (tsc::isFloating(from) && tsc::isIntegral(to, true))
    return false;
  return from == DType::Bool || to != DType::Bool;
}
TSC_KERNEL(aten_can_cast, castable)
static int64_t resultTypeOfNumbers(Context &cx, Scalar a, Scalar b) {
  auto own = [&](const Scalar &s) {
    return s.isFloat()     ? cx.defaultDType
           : s.isComplex() ? tsc::toComplex(cx.defaultDType)
                           : s.dtype();
  };
  return static_cast<int64_t>(tsc::promoteTypes(own(a), own(b)));
}
TSC_KERNEL(aten_result_type_Scalar_Scalar, resultTypeOfNumbers)
