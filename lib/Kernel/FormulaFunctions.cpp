// SPDX-License-Identifier: Apache-2.0
// The functions that formulas call. What has no direct operation is made of others here, for each
// kind of compute type.
#include "FormulaBuilder.h"
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

template <class Op> static Value makeUnary(OpBuilder &builder, Location loc, Value x) {
  return Op::create(builder, loc, x);
}
using MakeUnary = Value (*)(OpBuilder &, Location, Value);

/// Functions of floats that are one operation.
static MakeUnary findUnary(StringRef name) {
  return llvm::StringSwitch<MakeUnary>(name)
      .Case("acos", makeUnary<math::AcosOp>)
      .Case("acosh", makeUnary<math::AcoshOp>)
      .Case("asin", makeUnary<math::AsinOp>)
      .Case("asinh", makeUnary<math::AsinhOp>)
      .Case("atan", makeUnary<math::AtanOp>)
      .Case("atanh", makeUnary<math::AtanhOp>)
      .Case("cos", makeUnary<math::CosOp>)
      .Case("cosh", makeUnary<math::CoshOp>)
      .Case("erf", makeUnary<math::ErfOp>)
      .Case("erfc", makeUnary<math::ErfcOp>)
      .Case("exp", makeUnary<math::ExpOp>)
      .Case("exp2", makeUnary<math::Exp2Op>)
      .Case("expm1", makeUnary<math::ExpM1Op>)
      .Case("log", makeUnary<math::LogOp>)
      .Case("log10", makeUnary<math::Log10Op>)
      .Case("log1p", makeUnary<math::Log1pOp>)
      .Case("log2", makeUnary<math::Log2Op>)
      .Case("sin", makeUnary<math::SinOp>)
      .Case("sinh", makeUnary<math::SinhOp>)
      .Case("sqrt", makeUnary<math::SqrtOp>)
      .Case("tan", makeUnary<math::TanOp>)
      .Case("tanh", makeUnary<math::TanhOp>)
      .Default(nullptr);
}
/// Those that leave integers as they are.
static MakeUnary findRounding(StringRef name) {
  return llvm::StringSwitch<MakeUnary>(name)
      .Case("ceil", makeUnary<math::CeilOp>)
      .Case("floor", makeUnary<math::FloorOp>)
      .Case("round", makeUnary<math::RoundEvenOp>)
      .Case("trunc", makeUnary<math::TruncOp>)
      .Default(nullptr);
}

/// The largest number of a float dtype.
static double largestOf(DType dtype) {
  return dtype == DType::Float16    ? 65504.0
         : dtype == DType::BFloat16 ? 0x1.fep127
         : dtype == DType::Float32  ? 0x1.fffffep127
                                    : 0x1.fffffffffffffp1023;
}

static bool isRuntimeFunction(StringRef name, size_t operands) {
#define TSC_MATH_FUNCTION(NAME, OPERANDS) {#NAME, OPERANDS},
  static constexpr std::pair<StringLiteral, size_t> kAll[] = {
#include "tsc/Common/MathFunctions.def"
  };
#undef TSC_MATH_FUNCTION
  return llvm::any_of(kAll,
                      [&](const auto &row) { return row.first == name && row.second == operands; });
}

FormulaBuilder::Result FormulaBuilder::callRuntime(StringRef name, ArrayRef<Term> args) {
  if (!isFloat())
    return fail(Reason::DTypeNotCompiled);
  SmallVector<Value, 2> operands;
  for (const Term &arg : args) {
    FailureOr<Value> value = valueOf(arg);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  // Declared, and of vectors split into lanes, when regions are lowered
  // (lib/Conversion/KernelToVector/VectorMath.cpp).
  std::string symbol =
      ("tsc_rt_math_" + name + (compute == DType::Float64 ? "_f64" : "_f32")).str();
  return computed(
      LLVM::CallOp::create(builder, loc, TypeRange{typeOf(compute)}, symbol, operands).getResult());
}

FormulaBuilder::Result FormulaBuilder::call(StringRef name, ArrayRef<Term> args) {
  if (name == "largest" && args.empty())
    return Term::ofFloat(largestOf(result));
  if (name == "default" || name == "require")
    return fail(Reason::OptionNotConstant);
  if (isRuntimeFunction(name, args.size()))
    return callRuntime(name, args);
  if (args.size() == 1)
    return callOne(name, args[0]);
  return args.size() == 2 ? callTwo(name, args[0], args[1]) : fail(Reason::NoForm);
}

FormulaBuilder::Result FormulaBuilder::callOne(StringRef name, const Term &x) {
  if (x.kind == Term::None)
    return x;
  if (name == "cast")
    return toCompute(x, /*cast=*/true);
  if (name == "abs")
    return absolute(x);
  if (name == "isnan" || name == "isinf")
    return classify(name, x);
  if (name == "signbit")
    return signBit(x);
  if (name == "not") {
    FailureOr<Value> value = valueOf(x);
    if (failed(value) || isFloat())
      return fail(Reason::DTypeNotCompiled);
    return computed(
        make<arith::XOrIOp>(*value, integer(pointwiseType(builder.getContext(), compute), -1)));
  }
  if (name == "sigmoid") {
    Result number = toCompute(x);
    if (failed(number) || !isFloat())
      return fail(Reason::DTypeNotCompiled);
    Result e = callOne("exp", *unary("neg", *number));
    return arithmetic("/", Term::ofInt(1), *arithmetic("+", *e, Term::ofInt(1)));
  }
  MakeUnary rounding = findRounding(name), function = rounding ? rounding : findUnary(name);
  if (!function)
    return fail(Reason::NoForm);
  FailureOr<Value> value = valueOf(x);
  if (failed(value))
    return failure();
  if (!isFloat())
    return rounding ? Result(computed(*value)) : fail(Reason::DTypeNotCompiled);
  return computed(function(builder, loc, *value));
}

FormulaBuilder::Result FormulaBuilder::callTwo(StringRef name, const Term &a, const Term &b) {
  if (name == "max" || name == "min")
    return extreme(name == "max", a, b);
  if (name == "fmax" || name == "fmin")
    return extremeNumber(name == "fmax", a, b);
  if (name == "and" || name == "or" || name == "xor")
    return bitwise(name, a, b);
  if (name == "shl" || name == "shr")
    return shift(name == "shl", a, b);
  if (name == "pow")
    return power(a, b);
  if (name == "floordiv" || name == "truncdiv" || name == "mod" || name == "fmod")
    return isFloat() ? floatQuotient(name, a, b) : integerQuotient(name, a, b);
  if (!isFloat())
    return fail(Reason::DTypeNotCompiled);
  if (name == "nextafter")
    return nextAfter(a, b);
  if (name == "hypot")
    return hypotenuse(a, b);
  FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
  if (failed(y))
    return failure();
  if (name == "atan2")
    return computed(make<math::Atan2Op>(*x, *y));
  if (name == "copysign")
    return computed(make<math::CopySignOp>(*x, *y));
  return fail(Reason::NoForm);
}

FormulaBuilder::Result FormulaBuilder::absolute(const Term &x) {
  if (x.isNumber())
    return x.kind == Term::Float ? Term::ofFloat(std::fabs(x.number))
                                 : Term::ofInt(x.integer < 0 ? -x.integer : x.integer);
  FailureOr<Value> value = valueOf(x);
  if (failed(value))
    return failure();
  if (isFloat())
    return computed(make<math::AbsFOp>(*value));
  if (!isSigned())
    return computed(*value);
  Result negative = unary("neg", computed(*value));
  Result isBelow = compare("<", computed(*value), Term::ofInt(0));
  return select(*isBelow, *negative, computed(*value));
}

FormulaBuilder::Result FormulaBuilder::classify(StringRef name, const Term &x) {
  bool isNan = name == "isnan";
  if (x.isNumber())
    return Term::ofBool(x.kind == Term::Float &&
                        (isNan ? std::isnan(x.number) : std::isinf(x.number)));
  if (!isFloat())
    return Term::ofBool(false);
  Result value = toCompute(x);
  if (failed(value))
    return failure();
  return isNan ? compare("!=", *value, *value)
               : compare("==", *absolute(*value), Term::ofFloat(HUGE_VAL));
}

FormulaBuilder::Result FormulaBuilder::signBit(const Term &x) {
  FailureOr<Value> value = valueOf(x);
  if (failed(value))
    return failure();
  if (!isSigned())
    return Term::ofBool(false);
  Type bits = builder.getIntegerType(dtypeBytes(compute) * 8);
  if (isFloat())
    *value = make<arith::BitcastOp>(vectorOf(bits), *value);
  return condition(make<arith::CmpIOp>(arith::CmpIPredicate::slt, *value, integer(bits, 0)));
}

/// A constant bound of integers beyond what their dtype holds: on the far side it bounds nothing,
/// on the near side PyTorch raises.
FormulaBuilder::Result FormulaBuilder::bound(bool larger, const Term &x, const Term &limit) {
  int bits = dtypeBytes(compute) * 8;
  double lowest = isSigned() ? -std::exp2(bits - 1) : 0;
  double beyond = std::exp2(isSigned() ? bits - 1 : bits);
  double number = limit.toDouble();
  if (larger ? number >= beyond : number < lowest)
    return fail(Reason::ValueNotHeld);
  return toCompute(x);
}

/// A NaN on any side wins; none on a side leaves the other.
FormulaBuilder::Result FormulaBuilder::extreme(bool larger, const Term &a, const Term &b) {
  if (a.kind == Term::None || b.kind == Term::None)
    return a.kind == Term::None ? b : a;
  if (a.isConstant() && b.isConstant()) {
    double x = a.toDouble(), y = b.toDouble();
    return x != x || (y == y && (larger ? x > y : x < y)) ? a : b;
  }
  StringRef beats = larger ? ">" : "<";
  if (!isFloat() && compute != DType::Bool) {
    if (b.kind == Term::Int && dtypeBytes(compute) < 8) {
      int bits = dtypeBytes(compute) * 8;
      double lowest = isSigned() ? -std::exp2(bits - 1) : 0, number = b.toDouble();
      if (number < lowest || number >= std::exp2(isSigned() ? bits - 1 : bits))
        return bound(larger, a, b);
    }
    FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
    if (failed(y))
      return failure();
    if (isSigned())
      return computed(larger ? make<arith::MaxSIOp>(*x, *y) : make<arith::MinSIOp>(*x, *y));
    return computed(larger ? make<arith::MaxUIOp>(*x, *y) : make<arith::MinUIOp>(*x, *y));
  }
  Result x = toCompute(a), y = failed(x) ? x : toCompute(b);
  if (failed(y))
    return failure();
  // `p > q ? p : q` is q when either is NaN, and one instruction.
  if (b.isNumber() && !std::isnan(b.toDouble()))
    return select(*compare(beats, *y, *x), *y, *x);
  Result chosen = select(*compare(beats, *x, *y), *x, *y);
  if (!isFloat() || (a.isNumber() && !std::isnan(a.toDouble())))
    return chosen;
  return select(*compare("!=", *x, *x), *x, *chosen);
}

/// A NaN loses.
FormulaBuilder::Result FormulaBuilder::extremeNumber(bool larger, const Term &a, const Term &b) {
  Result x = toCompute(a), y = failed(x) ? x : toCompute(b);
  if (failed(y) || !isFloat())
    return failed(y) ? y : extreme(larger, a, b);
  Result chosen = select(*compare(larger ? ">" : "<", *x, *y), *x, *y);
  return select(*compare("!=", *y, *y), *x, *chosen);
}

FormulaBuilder::Result FormulaBuilder::bitwise(StringRef name, const Term &a, const Term &b) {
  if (isFloat())
    return fail(Reason::DTypeNotCompiled);
  FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
  if (failed(y))
    return failure();
  return computed(name == "and"  ? make<arith::AndIOp>(*x, *y)
                  : name == "or" ? make<arith::OrIOp>(*x, *y)
                                 : make<arith::XOrIOp>(*x, *y));
}

/// Past the width of the dtype nothing, or the sign, is left; so it is for negative counts.
FormulaBuilder::Result FormulaBuilder::shift(bool left, const Term &a, const Term &b) {
  if (isFloat() || compute == DType::Bool)
    return fail(Reason::DTypeNotCompiled);
  FailureOr<Value> x = valueOf(a), y = failed(x) ? x : valueOf(b);
  if (failed(y))
    return failure();
  Type element = pointwiseType(builder.getContext(), compute);
  int64_t bits = dtypeBytes(compute) * 8;
  Value most = integer(element, bits - 1), zero = integer(element, 0);
  Value isInside = make<arith::CmpIOp>(arith::CmpIPredicate::ule, *y, most); // and not negative
  Value count = make<arith::MinUIOp>(*y, most);
  if (!left && isSigned())
    return computed(make<arith::ShRSIOp>(*x, count));
  Value shifted = left ? make<arith::ShLIOp>(*x, count) : make<arith::ShRUIOp>(*x, count);
  return computed(make<arith::SelectOp>(isInside, shifted, zero));
}

FormulaBuilder::Result FormulaBuilder::integerPower(const Term &base, int64_t exponent) {
  Result result = toCompute(Term::ofInt(1)), square = toCompute(base);
  if (failed(square))
    return failure();
  bool isOne = true;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1)
      result = isOne ? square : arithmetic("*", *result, *square);
    isOne &= !(exponent & 1);
    if (exponent > 1)
      square = arithmetic("*", *square, *square);
  }
  return result;
}

FormulaBuilder::Result FormulaBuilder::power(const Term &base, const Term &exponent) {
  if (base.isNumber() && exponent.isNumber())
    return Term::ofFloat(std::pow(base.toDouble(), exponent.toDouble()));
  if (exponent.is(0))
    return toCompute(Term::ofInt(1));
  if (exponent.is(1))
    return toCompute(base);
  if (!isFloat()) {
    bool isWhole = exponent.kind == Term::Int || exponent.kind == Term::Bool;
    return isWhole && exponent.integer > 0 && compute != DType::Bool
               ? integerPower(base, exponent.integer)
               : fail(Reason::IntegerPower);
  }
  Result x = toCompute(base);
  if (failed(x))
    return failure();
  if (exponent.is(2) || exponent.is(3))
    return integerPower(*x, static_cast<int64_t>(exponent.toDouble()));
  if (exponent.is(0.5))
    return callOne("sqrt", *x);
  if (exponent.is(-0.5))
    return arithmetic("/", Term::ofInt(1), *callOne("sqrt", *x));
  if (exponent.is(-1) || exponent.is(-2))
    return arithmetic("/", Term::ofInt(1), *integerPower(*x, exponent.is(-1) ? 1 : 2));
  FailureOr<Value> y = valueOf(exponent);
  return failed(y) ? Result(failure()) : computed(make<math::PowFOp>(x->value, *y));
}

/// Quotients rounded down or towards zero, and the remainders: `mod` has the divisor's sign, `fmod`
/// the dividend's.
FormulaBuilder::Result FormulaBuilder::floatQuotient(StringRef name, const Term &a, const Term &b) {
  Result x = toCompute(a), y = failed(x) ? x : toCompute(b);
  if (failed(y))
    return failure();
  Term zero = Term::ofInt(0), one = Term::ofInt(1);
  Result plain = arithmetic("/", *x, *y);
  if (name == "truncdiv")
    return callOne("trunc", *plain);
  Term rest = computed(make<arith::RemFOp>(x->value, y->value));
  if (name == "fmod")
    return rest;
  Result isInexact = compare("!=", rest, zero);
  Result differ = compare("!=", *compare("<", *y, zero), *compare("<", rest, zero));
  Result adjust = binary("&&", *isInexact, *differ);
  if (name == "mod")
    return select(*adjust, *arithmetic("+", rest, *y), rest);
  Result quotient = arithmetic("/", *arithmetic("-", *x, rest), *y);
  quotient = select(*adjust, *arithmetic("-", *quotient, one), *quotient);
  Result whole = callOne("floor", *quotient);
  Result isAbove = compare(">", *arithmetic("-", *quotient, *whole), Term::ofFloat(0.5));
  Result rounded = select(*isAbove, *arithmetic("+", *whole, one), *whole);
  Result signedZero = callTwo("copysign", zero, *plain);
  rounded = select(*compare("==", *quotient, zero), *signedZero, *rounded);
  return select(*compare("==", *y, zero), *plain, *rounded);
}

/// A division by zero raises, which compiled code cannot: the divisor has to be known.
FormulaBuilder::Result FormulaBuilder::integerQuotient(StringRef name, const Term &a,
                                                       const Term &divisor) {
  bool isWhole = divisor.kind == Term::Int || divisor.kind == Term::Bool;
  if (!isWhole || divisor.integer == 0 || compute == DType::Bool)
    return fail(Reason::IntegerQuotient);
  Result x = toCompute(a), y = toCompute(divisor);
  if (failed(x) || failed(y))
    return failure();
  if (!isSigned()) {
    bool isQuotient = name == "floordiv" || name == "truncdiv";
    return computed(isQuotient ? make<arith::DivUIOp>(x->value, y->value)
                               : make<arith::RemUIOp>(x->value, y->value));
  }
  // The smallest number has no negative: its quotient by -1 wraps around.
  Term zero = Term::ofInt(0);
  bool isMinusOne = divisor.integer == -1;
  Result quotient =
      isMinusOne ? unary("neg", *x) : computed(make<arith::DivSIOp>(x->value, y->value));
  Result rest = isMinusOne ? toCompute(zero) : computed(make<arith::RemSIOp>(x->value, y->value));
  if (name == "truncdiv" || name == "fmod")
    return name == "fmod" ? rest : quotient;
  Result isOff = compare(divisor.integer < 0 ? ">" : "<", *rest, zero);
  if (name == "mod")
    return select(*isOff, *arithmetic("+", *rest, *y), *rest);
  return select(*isOff, *arithmetic("-", *quotient, Term::ofInt(1)), *quotient);
}

/// Numbers of one sign are ordered as their bits are: the next one is a step of the bits.
FormulaBuilder::Result FormulaBuilder::nextAfter(const Term &a, const Term &b) {
  if (result != compute)
    return fail(Reason::DTypeNotCompiled);
  Result x = toCompute(a), y = failed(x) ? x : toCompute(b);
  if (failed(y))
    return failure();
  Type element = builder.getIntegerType(dtypeBytes(compute) * 8);
  auto toBits = [&](Value v) { return make<arith::BitcastOp>(vectorOf(element), v); };
  auto fromBits = [&](Value v) { return computed(make<arith::BitcastOp>(typeOf(compute), v)); };
  Term zero = Term::ofInt(0);
  Result grows = compare("==", *compare(">", *y, *x), *compare(">", *x, zero));
  Value one = integer(element, 1), bits = toBits(x->value);
  Value step = make<arith::SelectOp>(grows->value, one, integer(element, -1));
  Term next = fromBits(make<arith::AddIOp>(bits, step));
  Result smallest = callTwo("copysign", fromBits(one), *y);
  Result value = select(*compare("==", *x, zero), *smallest, next);
  value = select(*compare("==", *x, *y), *y, *value);
  Result sum = arithmetic("+", *x, *y);
  return select(*compare("!=", *sum, *sum), *sum, *value);
}

/// In float32 through float64, whose squares neither overflow nor vanish; else scaled.
FormulaBuilder::Result FormulaBuilder::hypotenuse(const Term &a, const Term &b) {
  Result x = toCompute(a), y = failed(x) ? x : toCompute(b);
  if (failed(y))
    return failure();
  Term inf = Term::ofFloat(HUGE_VAL), zero = Term::ofInt(0);
  x = absolute(*x), y = absolute(*y);
  Result isInfinite = binary("||", *compare("==", *x, inf), *compare("==", *y, inf));
  Result size = failure();
  if (compute == DType::Float32) {
    auto square = [&](Value v) {
      Value wide = convertElements(builder, loc, v, DType::Float32, DType::Float64);
      return make<arith::MulFOp>(wide, wide);
    };
    Value sum = make<arith::AddFOp>(square(x->value), square(y->value));
    size = computed(
        convertElements(builder, loc, make<math::SqrtOp>(sum), DType::Float64, DType::Float32));
  } else {
    Result large = extreme(true, *x, *y), small = extreme(false, *x, *y);
    Result ratio = arithmetic("/", *small, *large);
    Result root =
        callOne("sqrt", *arithmetic("+", *arithmetic("*", *ratio, *ratio), Term::ofInt(1)));
    size = select(*compare("==", *large, zero), *large, *arithmetic("*", *large, *root));
  }
  return select(*isInfinite, inf, *size);
}

} // namespace tsc::kernel
