// SPDX-License-Identifier: Apache-2.0
// Conversions between numbers, tensors and text: int(), float(), bool(), complex(), item, the
// implicit ones of arguments, hash, ord, chr, bin, hex, oct.
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Kernel.h"

#include <cmath>
#include <cstdlib>

using namespace tsc::rt;

/// The one element of a tensor.
static Result<Scalar> itemOf(Context &cx, const Tensor &t) {
  if (!t.isDefined() || t.numel != 1)
    return cx.fail("a Tensor with %lld elements cannot be converted to Scalar",
                   static_cast<long long>(t.numel));
  return t.item();
}
TSC_KERNEL(aten_item, itemOf)
TSC_KERNEL(aten__local_scalar_dense, itemOf)

// ---- Explicit
static Result<int64_t> numberToInt(Context &cx, Scalar s) {
  if (s.isComplex())
    return cx.fail("a complex number cannot be converted to int");
  if (!s.isFloat())
    return s.i;
  if (!std::isfinite(s.d))
    return cx.raise(std::isnan(s.d) ? "ValueError" : "OverflowError",
                    "cannot convert float %s to integer", std::isnan(s.d) ? "NaN" : "infinity");
  return toInt64(s.d);
}
static Result<int64_t> tensorToInt(Context &cx, const Tensor &t) {
  TSC_ASSIGN(Scalar s, itemOf(cx, t));
  return s.isComplex() ? toInt64(s.d) : s.toInt();
}
static Result<double> numberToFloat(Context &cx, Scalar s) {
  if (s.isComplex())
    return cx.fail("a complex number cannot be converted to float");
  return s.toDouble();
}
static Result<double> tensorToFloat(Context &cx, const Tensor &t) {
  TSC_ASSIGN(Scalar s, itemOf(cx, t));
  return numberToFloat(cx, s);
}
static Result<bool> tensorToBool(Context &cx, const Tensor &t) {
  if (t.numel != 1)
    return cx.fail("Boolean value of Tensor with %s is ambiguous",
                   t.numel ? "more than one value" : "no values");
  return t.item().toBool();
}
static bool numberToBool(Context &, Scalar s) { return s.toBool(); }

static Failure badText(Context &cx, const char *what, StringRef text) {
  return cx.raise("ValueError", "%s'%.*s'", what, static_cast<int>(text.size()), text.data());
}
static Result<int64_t> textToInt(Context &cx, StringRef text) {
  constexpr const char *kWhat = "invalid literal for int() with base 10: ";
  char buffer[128];
  int64_t from = 0, to = text.size();
  auto space = [&](int64_t i) { return text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'); };
  while (from < to && space(from))
    ++from;
  while (to > from && space(to - 1))
    --to;
  int64_t n = 0, digits = 0;
  for (int64_t i = from; i < to; ++i) {
    bool sign = i == from && (text[i] == '-' || text[i] == '+');
    bool digit = text[i] >= '0' && text[i] <= '9';
    bool underscore = text[i] == '_' && digits && i + 1 < to && text[i - 1] != '_';
    if ((!sign && !digit && !underscore) || n + 2 > static_cast<int64_t>(sizeof buffer))
      return badText(cx, kWhat, text);
    if (!underscore)
      buffer[n++] = text[i];
    digits += digit;
  }
  if (!digits)
    return badText(cx, kWhat, text);
  buffer[n] = 0;
  int64_t value = 0;
  bool negative = buffer[0] == '-', overflow = false;
  for (int64_t i = buffer[0] == '-' || buffer[0] == '+' ? 1 : 0; i < n; ++i) {
    overflow |= __builtin_mul_overflow(value, 10, &value);
    overflow |= __builtin_sub_overflow(value, buffer[i] - '0', &value);
  }
  if (overflow || (!negative && value == INT64_MIN))
    return badText(cx, "int() result does not fit 64 bits: ", text);
  return negative ? value : -value;
}
static Result<double> textToFloat(Context &cx, StringRef text) {
  constexpr const char *kWhat = "could not convert string to float: ";
  int64_t from = 0, to = text.size();
  auto space = [&](int64_t i) { return text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r'); };
  while (from < to && space(from))
    ++from;
  while (to > from && space(to - 1))
    --to;
  char buffer[512];
  if (from == to || to - from >= static_cast<int64_t>(sizeof buffer))
    return badText(cx, kWhat, text);
  for (int64_t i = from; i < to; ++i)
    if (text[i] == 'x' || text[i] == 'X' || text[i] == 'p' || text[i] == 'P' || text[i] == '(' ||
        text[i] == 0)
      return badText(cx, kWhat, text);
  std::memcpy(buffer, text.data() + from, static_cast<size_t>(to - from));
  buffer[to - from] = 0;
  char *end = nullptr;
  double value = std::strtod(buffer, &end);
  if (*end)
    return badText(cx, kWhat, text);
  return value;
}

TSC_KERNEL(aten_Int_Tensor, tensorToInt)
TSC_KERNEL(aten_Int_bool, numberToInt)
TSC_KERNEL(aten_Int_float, numberToInt)
TSC_KERNEL(aten_Int_Scalar, numberToInt)
TSC_KERNEL(aten_Int_str, textToInt)
TSC_KERNEL(aten_Float_Tensor, tensorToFloat)
TSC_KERNEL(aten_Float_Scalar, numberToFloat)
TSC_KERNEL(aten_Float_int, numberToFloat)
TSC_KERNEL(aten_Float_bool, numberToFloat)
TSC_KERNEL(aten_Float_str, textToFloat)
TSC_KERNEL(aten_Bool_Tensor, tensorToBool)
TSC_KERNEL(aten_is_nonzero, tensorToBool)
TSC_KERNEL(aten_Bool_int, numberToBool)
TSC_KERNEL(aten_Bool_float, numberToBool)

// ---- complex(x, y): x + y * 1j
static Result<Complex> partOf(Context &cx, const Value &v) {
  if (v.tag != Tag::Tensor)
    return scalarOf(v).toComplex();
  TSC_ASSIGN(Scalar s, itemOf(cx, *reinterpret_cast<const Tensor *>(v.payload.p)));
  return s.toComplex();
}
static Result<Complex> makeComplex(Context &cx, const Value &x, const Value &y) {
  TSC_ASSIGN(Complex re, partOf(cx, x));
  TSC_ASSIGN(Complex im, partOf(cx, y));
  return Complex(re.real() - im.imag(), re.imag() + im.real());
}
static Complex numberToComplex(Context &, Complex c) { return c; }
TSC_KERNEL(aten_Complex_Scalar, numberToComplex)
TSC_KERNEL(aten_Complex_Tensor_Tensor, makeComplex)
TSC_KERNEL(aten_Complex_int_bool, makeComplex)
TSC_KERNEL(aten_Complex_bool_int, makeComplex)
TSC_KERNEL(aten_Complex_float_bool, makeComplex)
TSC_KERNEL(aten_Complex_bool_float, makeComplex)
TSC_KERNEL(aten_Complex_float_int, makeComplex)
TSC_KERNEL(aten_Complex_int_float, makeComplex)
TSC_KERNEL(aten_Complex_int_int, makeComplex)
TSC_KERNEL(aten_Complex_bool_bool, makeComplex)
TSC_KERNEL(aten_Complex_float_float, makeComplex)
TSC_KERNEL(aten_Complex_Tensor_float, makeComplex)
TSC_KERNEL(aten_Complex_float_Tensor, makeComplex)
TSC_KERNEL(aten_Complex_Tensor_int, makeComplex)
TSC_KERNEL(aten_Complex_int_Tensor, makeComplex)
TSC_KERNEL(aten_Complex_Tensor_bool, makeComplex)
TSC_KERNEL(aten_Complex_bool_Tensor, makeComplex)

// ---- Implicit: a tensor given where a number is wanted
static Result<Scalar> implicitScalar(Context &cx, const Tensor &t, const char *wanted) {
  if (t.flags & tsc::kRequiresGrad)
    return cx.fail("Cannot input a tensor that requires grad as a scalar argument");
  if (t.rank != 0)
    return cx.fail("Cannot input a tensor of dimension %d as %s", t.rank, wanted);
  return t.item();
}
static Result<int64_t> implicitInt(Context &cx, const Tensor &t) {
  TSC_ASSIGN(Scalar s, implicitScalar(cx, t, "an integral argument"));
  if (!s.isIntegral(true))
    return cx.fail("Cannot input a tensor of type %s as an integral argument",
                   tsc::findDType(t.dtype)->graphName);
  return s.i;
}
static Result<double> implicitFloat(Context &cx, const Tensor &t) {
  TSC_ASSIGN(Scalar s, implicitScalar(cx, t, "a float argument"));
  if (!s.isFloat())
    return cx.fail("Cannot input a tensor of type %s as a float argument",
                   tsc::findDType(t.dtype)->graphName);
  return s.d;
}
static Result<Complex> implicitComplex(Context &cx, const Tensor &t) {
  TSC_ASSIGN(Scalar s, implicitScalar(cx, t, "a complex argument"));
  return s.toComplex();
}
static Result<Scalar> implicitNumber(Context &cx, const Tensor &t) {
  return implicitScalar(cx, t, "a scalar argument");
}
TSC_KERNEL(aten_IntImplicit, implicitInt)
TSC_KERNEL(aten_FloatImplicit, implicitFloat)
TSC_KERNEL(aten_ComplexImplicit, implicitComplex)
TSC_KERNEL(aten_ScalarImplicit, implicitNumber)

static TensorRef numberToTensor(Context &cx, Scalar s) { return scalarTensor(cx, s, s.dtype()); }
TSC_KERNEL(prim_NumToTensor_Scalar, numberToTensor)
TSC_KERNEL(prim_NumToTensor_bool, numberToTensor)

// ---- Numbers and text
static Result<int64_t> hashOf(Context &cx, const Value &v) {
  TSC_ASSIGN(uint64_t h, hashValue(cx, v));
  return static_cast<int64_t>(h);
}
TSC_KERNEL(aten_hash_generic, hashOf)

static Result<int64_t> ordinal(Context &cx, StringRef s) {
  if (s.size() != 1)
    return cx.raise("TypeError", "String for ord() must be 1 character, found %lld",
                    static_cast<long long>(s.size()));
  return static_cast<int64_t>(static_cast<unsigned char>(s[0]));
}
TSC_KERNEL(aten_ord, ordinal)
static StringPtr character(Context &cx, int64_t code) {
  if (code < 0 || code > 255)
    return cx.raise("ValueError", "chr() arg not in range(256), found %lld",
                    static_cast<long long>(code));
  char c = static_cast<char>(code);
  return newString(cx, StringRef(&c, 1));
}
TSC_KERNEL(aten_chr, character)

static StringPtr inBase(Context &cx, int64_t value, int bits, const char *prefix) {
  char text[80];
  int at = sizeof text;
  uint64_t rest = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  do
    text[--at] = "0123456789abcdef"[rest & ((1u << bits) - 1)];
  while (rest >>= bits);
  text[--at] = prefix[1];
  text[--at] = prefix[0];
  if (value < 0)
    text[--at] = '-';
  return newString(cx, StringRef(text + at, static_cast<int64_t>(sizeof text) - at));
}
static StringPtr binary(Context &cx, int64_t v) { return inBase(cx, v, 1, "0b"); }
static StringPtr octal(Context &cx, int64_t v) { return inBase(cx, v, 3, "0o"); }
static StringPtr hexadecimal(Context &cx, int64_t v) { return inBase(cx, v, 4, "0x"); }
TSC_KERNEL(aten_bin, binary)
TSC_KERNEL(aten_oct, octal)
TSC_KERNEL(aten_hex, hexadecimal)
