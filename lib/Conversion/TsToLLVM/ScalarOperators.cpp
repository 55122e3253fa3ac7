// SPDX-License-Identifier: Apache-2.0
// Operators on machine scalars as instructions: ints wrap, floats round as IEEE says, comparisons
// with NaN are false. What can raise (integer division, conversions of floats to ints) stays a
// kernel.
#include "FunctionLowering.h"

using namespace mlir;

namespace tsc::lowering {

namespace {
enum class Arithmetic : uint8_t {
  Add,
  Sub,
  Mul,
  Divide,
  Min,
  Max,
  And,
  Or,
  Xor,
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  Unknown
};
} // namespace

static Arithmetic arithmeticOf(StringRef base) {
  return llvm::StringSwitch<Arithmetic>(base)
      .Case("aten::add", Arithmetic::Add)
      .Case("aten::sub", Arithmetic::Sub)
      .Case("aten::mul", Arithmetic::Mul)
      .Case("aten::div", Arithmetic::Divide)
      .Case("prim::min", Arithmetic::Min)
      .Case("prim::max", Arithmetic::Max)
      .Case("aten::__and__", Arithmetic::And)
      .Case("aten::__or__", Arithmetic::Or)
      .Case("aten::__xor__", Arithmetic::Xor)
      .Case("aten::eq", Arithmetic::Eq)
      .Case("aten::ne", Arithmetic::Ne)
      .Case("aten::lt", Arithmetic::Lt)
      .Case("aten::le", Arithmetic::Le)
      .Case("aten::gt", Arithmetic::Gt)
      .Case("aten::ge", Arithmetic::Ge)
      .Default(Arithmetic::Unknown);
}

/// Access for the code below to the members that write instructions.
struct ScalarCode {
  FunctionLowering &code;
  OpBuilder &builder;
  Location loc;
  Program &program;

  explicit ScalarCode(FunctionLowering &code)
      : code(code), builder(code.builder), loc(code.loc), program(code.program) {}

  Value binary(Arithmetic kind, Value a, Value b, bool isFloat);
  Value integer(Arithmetic kind, Value a, Value b);
  Value floating(Arithmetic kind, Value a, Value b);
  Value toFloat(Value v, ts::Form form);
  Value unary(ts::AtenOp op);
  Value machine(Value value) { return code.get(value); }
  Value noneTest(ts::AtenOp op);
  Value length(ts::AtenOp op);
};

Value ScalarCode::integer(Arithmetic kind, Value a, Value b) {
  using P = LLVM::ICmpPredicate;
  switch (kind) {
  case Arithmetic::Add:
    return LLVM::AddOp::create(builder, loc, a, b);
  case Arithmetic::Sub:
    return LLVM::SubOp::create(builder, loc, a, b);
  case Arithmetic::Mul:
    return LLVM::MulOp::create(builder, loc, a, b);
  case Arithmetic::And:
    return LLVM::AndOp::create(builder, loc, a, b);
  case Arithmetic::Or:
    return LLVM::OrOp::create(builder, loc, a, b);
  case Arithmetic::Xor:
    return LLVM::XOrOp::create(builder, loc, a, b);
  case Arithmetic::Min:
    return code.select(code.compare(P::slt, b, a), b, a);
  case Arithmetic::Max:
    return code.select(code.compare(P::slt, a, b), b, a);
  case Arithmetic::Eq:
    return code.compare(P::eq, a, b);
  case Arithmetic::Ne:
    return code.compare(P::ne, a, b);
  case Arithmetic::Lt:
    return code.compare(P::slt, a, b);
  case Arithmetic::Le:
    return code.compare(P::sle, a, b);
  case Arithmetic::Gt:
    return code.compare(P::sgt, a, b);
  case Arithmetic::Ge:
    return code.compare(P::sge, a, b);
  default:
    return {};
  }
}

Value ScalarCode::floating(Arithmetic kind, Value a, Value b) {
  using P = LLVM::FCmpPredicate;
  auto compare = [&](P predicate, Value x, Value y) -> Value {
    return LLVM::FCmpOp::create(builder, loc, predicate, x, y);
  };
  switch (kind) {
  case Arithmetic::Add:
    return LLVM::FAddOp::create(builder, loc, a, b);
  case Arithmetic::Sub:
    return LLVM::FSubOp::create(builder, loc, a, b);
  case Arithmetic::Mul:
    return LLVM::FMulOp::create(builder, loc, a, b);
  case Arithmetic::Divide:
    return LLVM::FDivOp::create(builder, loc, a, b);
  case Arithmetic::Min:
    return code.select(compare(P::olt, b, a), b, a);
  case Arithmetic::Max:
    return code.select(compare(P::olt, a, b), b, a);
  case Arithmetic::Eq:
    return compare(P::oeq, a, b);
  case Arithmetic::Ne:
    return compare(P::une, a, b);
  case Arithmetic::Lt:
    return compare(P::olt, a, b);
  case Arithmetic::Le:
    return compare(P::ole, a, b);
  case Arithmetic::Gt:
    return compare(P::ogt, a, b);
  case Arithmetic::Ge:
    return compare(P::oge, a, b);
  default:
    return {};
  }
}

Value ScalarCode::toFloat(Value v, ts::Form form) {
  return form == ts::Form::Float ? v
                                 : LLVM::SIToFPOp::create(builder, loc, program.f64, v).getResult();
}

Value ScalarCode::unary(ts::AtenOp op) {
  Type type = op.getArgs()[0].getType();
  Value a = code.get(op.getArgs()[0]);
  StringRef name = op.getName();
  if (isa<ts::BoolType>(type)) {
    if (name == "aten::__not__")
      return LLVM::XOrOp::create(builder, loc, a, code.boolean(true));
    if (name == "aten::Int.bool")
      return LLVM::ZExtOp::create(builder, loc, program.i64, a);
    return {};
  }
  if (isa<ts::IntType>(type)) {
    if (name == "aten::neg.int")
      return LLVM::SubOp::create(builder, loc, code.int64(0), a);
    if (name == "aten::Float.int")
      return toFloat(a, ts::Form::Int);
    if (name == "aten::Bool.int")
      return code.compare(LLVM::ICmpPredicate::ne, a, code.int64(0));
    return {};
  }
  if (isa<ts::FloatType>(type)) {
    if (name == "aten::neg.float")
      return LLVM::FNegOp::create(builder, loc, a);
    if (name == "aten::Bool.float")
      return LLVM::FCmpOp::create(builder, loc, LLVM::FCmpPredicate::une, a, code.float64(0));
  }
  return {};
}

/// `x is None`, decided by representation.
Value ScalarCode::noneTest(ts::AtenOp op) {
  Value a = op.getArgs()[0], b = op.getArgs()[1];
  if (isa<ts::NoneType>(a.getType()))
    std::swap(a, b);
  if (!isa<ts::NoneType>(b.getType()))
    return {};
  Value is =
      isa<ts::NoneType>(a.getType()) ? code.boolean(true) : code.isNone(code.get(a), a.getType());
  if (op.getName() == "aten::__is__")
    return is;
  return LLVM::XOrOp::create(builder, loc, is, code.boolean(true));
}

Value ScalarCode::length(ts::AtenOp op) {
  Type type = op.getArgs()[0].getType();
  if (isa<ts::ListType>(type))
    return code.load(program.i64, code.get(op.getArgs()[0]), offsetof(ListObject, size));
  if (isa<ts::StrType>(type))
    return code.load(program.i64, code.get(op.getArgs()[0]), offsetof(StringObject, length));
  return {};
}

static bool isScalarForm(ts::Form form) {
  return form == ts::Form::Int || form == ts::Form::Float || form == ts::Form::Bool;
}

/// Two scalars of forms that the operator has instructions for.
static Value lowerBinary(ScalarCode &scalar, ts::AtenOp op) {
  Value left = op.getArgs()[0], right = op.getArgs()[1];
  ts::Form a = ts::formOf(left.getType()), b = ts::formOf(right.getType());
  Arithmetic kind = arithmeticOf(op.getBaseName());
  bool isDevice = isa<ts::DeviceType>(left.getType()) || isa<ts::DeviceType>(right.getType());
  if (kind == Arithmetic::Unknown || !isScalarForm(a) || !isScalarForm(b) || isDevice)
    return {};
  StringRef overload = op.getName().split('.').second;
  Value x = scalar.machine(left), y = scalar.machine(right);
  if (a == ts::Form::Bool || b == ts::Form::Bool) {
    bool isLogic = kind >= Arithmetic::And && kind <= Arithmetic::Ne;
    return a == b && isLogic && overload == "bool" ? scalar.integer(kind, x, y) : Value();
  }
  if (kind == Arithmetic::Divide)
    return overload == "int" || overload == "float"
               ? scalar.floating(kind, scalar.toFloat(x, a), scalar.toFloat(y, b))
               : Value();
  if (overload == "int" && a == ts::Form::Int && b == ts::Form::Int)
    return scalar.integer(kind, x, y);
  bool fits = (overload == "float" && a == ts::Form::Float && b == ts::Form::Float) ||
              (overload == "int_float" && a == ts::Form::Int && b == ts::Form::Float) ||
              (overload == "float_int" && a == ts::Form::Float && b == ts::Form::Int);
  return fits ? scalar.floating(kind, scalar.toFloat(x, a), scalar.toFloat(y, b)) : Value();
}

bool FunctionLowering::lowerInline(ts::AtenOp op) {
  if (op.getNumResults() != 1)
    return false;
  ScalarCode scalar(*this);
  StringRef name = op.getName();
  Value result;
  Type type = op.getResult(0).getType();
  if (op.getArgs().size() == 1) {
    if (op.getBaseName() == "aten::len")
      result = scalar.length(op);
    else if (name == "prim::unchecked_unwrap_optional" && !ts::isOwned(op.getResult(0)))
      result = cast(get(op.getArgs()[0]), op.getArgs()[0].getType(), type);
    else
      result = scalar.unary(op);
  } else if (op.getArgs().size() == 2) {
    if (name == "aten::__is__" || name == "aten::__isnot__")
      result = scalar.noneTest(op);
    else if (name == "aten::__getitem__.t")
      result = lowerListGetItem(op);
    else
      result = lowerBinary(scalar, op);
  } else if (name == "aten::__derive_index" && op.getArgs().size() == 3) {
    Value distance = LLVM::MulOp::create(builder, loc, get(op.getArgs()[0]), get(op.getArgs()[2]));
    result = LLVM::AddOp::create(builder, loc, get(op.getArgs()[1]), distance);
  }
  if (!result)
    return false;
  if (result.getType() != program.machineType(type))
    return false;
  define(op.getResult(0), result);
  return true;
}

} // namespace tsc::lowering
