// SPDX-License-Identifier: Apache-2.0
// From operators to formulas: dtypes, operands, and the checks of arguments at which kernels raise.
// Whether an operator can be built is found by building it with stand-ins for its operands.
#include "tsc/Kernel/Pointwise.h"

#include "FormulaBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

namespace {
/// A row of dialects/ts: "elementwise:FLAGS:FORMULA".
struct Row {
  StringRef flags, formula;
  bool has(char flag) const { return flags.contains(flag); }
};

class Pointwise {
public:
  Pointwise(ts::AtenOp op, DType unknown) : op(op), unknown(unknown) {}
  /// Finds formula and dtypes; false with `error` set.
  bool prepare();
  FailureOr<Value> build(OpBuilder &builder, Location loc, int64_t lanes,
                         llvm::function_ref<Value(Value)> operand);
  std::string error;

private:
  bool refuse(Reason reason, StringRef argument = "") {
    error = because(reason, argument);
    return false;
  }
  DType dtypeOf(Value tensor) const {
    DType dtype = cast<ts::TensorType>(tensor.getType()).getDtype();
    return dtype == DType::Undefined ? unknown : dtype;
  }
  DType commonDType();
  bool checkDTypes();
  bool checkArguments();
  bool checkScale();
  FailureOr<Term> termOf(StringRef name, llvm::function_ref<Value(Value)> operand);

  ts::AtenOp op;
  DType unknown;
  Row row;
  std::optional<Formula> formula;
  DType compute = DType::Undefined, result = DType::Undefined, rounding = DType::Undefined;
};
} // namespace

static std::optional<Row> findRow(ts::AtenOp op) {
  const ts::OperatorRow *known = op.getRow();
  StringRef lowering = known ? known->lowering : "";
  if (!lowering.consume_front("elementwise:"))
    return std::nullopt;
  auto [flags, formula] = lowering.split(':');
  return Row{flags, formula};
}

static std::optional<Term> constantTerm(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (isa<UnitAttr>(constant))
    return Term();
  if (auto text = dyn_cast<StringAttr>(constant))
    return Term::ofText(text.getValue());
  if (auto number = dyn_cast<FloatAttr>(constant))
    return Term::ofFloat(number.getValueAsDouble());
  auto number = dyn_cast<IntegerAttr>(constant);
  if (!number)
    return std::nullopt;
  return number.getType().isInteger(1) ? Term::ofBool(number.getValue().getBoolValue())
                                       : Term::ofInt(number.getInt());
}

/// What a number of the program is in promotion and as a value.
static DType numberDType(Type type) {
  return isa<ts::IntType>(type)     ? DType::Int64
         : isa<ts::FloatType>(type) ? DType::Float64
         : isa<ts::BoolType>(type)  ? DType::Bool
                                    : DType::Undefined;
}

/// The dtype that operands promote to: tensors with dimensions outrank those without, which outrank
/// numbers, unless the latter are of a higher class.
DType Pointwise::commonDType() {
  DType dims = DType::Undefined, zeroDims = DType::Undefined, numbers = DType::Undefined;
  const ts::Schema &schema = op.getRow()->schema();
  for (auto [argument, value] : llvm::zip(schema.arguments, op.getArgs())) {
    if (auto tensor = dyn_cast<ts::TensorType>(value.getType())) {
      DType &category = tensor.getHasRank() && tensor.getRank() == 0 ? zeroDims : dims;
      category = promoteTypes(category, dtypeOf(value));
      continue;
    }
    if (argument.type.kind != ts::SchemaType::Scalar)
      continue;
    std::optional<Term> constant = constantTerm(value);
    DType own = constant ? (constant->kind == Term::Float  ? DType::Float64
                            : constant->kind == Term::Int  ? DType::Int64
                            : constant->kind == Term::Bool ? DType::Bool
                                                           : DType::Undefined)
                         : numberDType(value.getType());
    numbers = promoteTypes(numbers, own == DType::Float64 ? DType::Float32 : own);
  }
  auto combine = [](DType higher, DType lower) {
    if (higher == DType::Undefined)
      return lower;
    return dtypeClass(lower) > dtypeClass(higher) && lower != DType::Undefined ? lower : higher;
  };
  return combine(dims, combine(zeroDims, numbers));
}

bool Pointwise::checkDTypes() {
  result = dtypeOf(op.getResult(0));
  for (Value value : op.getArgs())
    if (isa<ts::TensorType>(value.getType()) &&
        (dtypeOf(value) == DType::Undefined || !pointwiseType(op.getContext(), dtypeOf(value))))
      return refuse(Reason::UncommonDType);
  if (result == DType::Undefined || !pointwiseType(op.getContext(), result))
    return refuse(Reason::UncommonDType);
  DType common = row.has('t') ? commonDType() : result;
  if (common == DType::Undefined)
    return refuse(Reason::NoForm);
  compute = computeDTypeOf(common);
  rounding = row.has('t') && compute != common ? common : DType::Undefined;
  if (row.has('x') && compute != common)
    return refuse(Reason::DTypeNotCompiled);
  char category = compute == DType::Bool ? 'b' : isFloating(compute) ? 'f' : 'i';
  if (!row.has(category))
    return refuse(Reason::DTypeNotCompiled);
  return true;
}

/// What add and sub allow as alpha.
bool Pointwise::checkScale() {
  Value alpha = op.getArg("alpha");
  if (!alpha || !row.has('a'))
    return true;
  std::optional<Term> constant = constantTerm(alpha);
  bool isWhole = constant ? constant->kind != Term::Float : isa<ts::IntType>(alpha.getType());
  bool isBool = constant ? constant->kind == Term::Bool : isa<ts::BoolType>(alpha.getType());
  if (isBool != (result == DType::Bool) && (isBool || !constant || !constant->is(1)))
    return refuse(Reason::ArgumentDoesNotFit, "alpha");
  return isFloating(result) || isWhole || refuse(Reason::ArgumentDoesNotFit, "alpha");
}

bool Pointwise::checkArguments() {
  if (Value device = op.getArg("device")) {
    Attribute constant;
    if (!matchPattern(device, m_Constant(&constant)))
      return refuse(Reason::NotConstant, "device");
    auto named = dyn_cast<ts::DeviceAttr>(constant);
    if (!isa<UnitAttr>(constant) && !(named && named.getText().getValue().starts_with("cpu")))
      return refuse(Reason::UnknownOption, "device");
  }
  // Some operators do not promote: all of their tensors have the result's dtype.
  if (row.has('s'))
    for (Value value : op.getArgs())
      if (isa<ts::TensorType>(value.getType()) && dtypeOf(value) != result)
        return refuse(Reason::DTypesDiffer);
  // prelu's weight lies along dimension 1, not the last one.
  if (row.has('w')) {
    auto weight = cast<ts::TensorType>(op.getArg("weight").getType());
    auto self = cast<ts::TensorType>(op.getArg("self").getType());
    bool isOne = weight.getHasRank() && self.getHasRank() && weight.getRank() <= self.getRank() &&
                 llvm::all_of(weight.getSizes(), [](int64_t size) { return size == 1; });
    if (!isOne)
      return refuse(Reason::ArgumentDoesNotFit, "weight");
  }
  return checkScale();
}

bool Pointwise::prepare() {
  std::optional<Row> found = findRow(op);
  if (!found || op.getNumResults() != 1 || !isa<ts::TensorType>(op.getResult(0).getType()))
    return refuse(Reason::NoForm);
  row = *found;
  formula = Formula::parse(row.formula);
  if (!formula)
    return refuse(Reason::NoForm);
  return checkDTypes() && checkArguments();
}

FailureOr<Term> Pointwise::termOf(StringRef name, llvm::function_ref<Value(Value)> operand) {
  Value argument = op.getArg(name);
  if (!argument)
    return failure();
  if (isa<ts::TensorType>(argument.getType())) {
    Value value = operand(argument);
    return value ? FailureOr<Term>(Term::ofValue(value, dtypeOf(argument))) : FailureOr<Term>();
  }
  if (std::optional<Term> constant = constantTerm(argument))
    return *constant;
  DType dtype = numberDType(argument.getType());
  Value value = dtype == DType::Undefined ? Value() : operand(argument);
  if (!value)
    return failure();
  // Callers may have converted it already.
  Type type = getElementTypeOrSelf(value.getType());
  return Term::ofValue(value, type.isF32() ? DType::Float32 : dtype);
}

FailureOr<Value> Pointwise::build(OpBuilder &builder, Location loc, int64_t lanes,
                                  llvm::function_ref<Value(Value)> operand) {
  auto find = [&](StringRef name) { return termOf(name, operand); };
  FormulaBuilder formulas(builder, loc, compute, result, lanes, find);
  formulas.rounding = rounding;
  FailureOr<Value> value = formulas.build(*formula);
  error = formulas.error;
  return value;
}

static void loadDialects(MLIRContext *context) {
  context->loadDialect<LLVM::LLVMDialect, arith::ArithDialect, math::MathDialect,
                       vector::VectorDialect>();
}

std::optional<std::string> whyNotPointwise(ts::AtenOp op, DType unknown) {
  Pointwise pointwise(op, unknown);
  if (!pointwise.prepare())
    return pointwise.error;
  loadDialects(op.getContext());
  Block block;
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(&block);
  FailureOr<Value> value = pointwise.build(builder, op.getLoc(), 0, [&](Value operand) -> Value {
    auto tensor = dyn_cast<ts::TensorType>(operand.getType());
    DType dtype = !tensor             ? numberDType(operand.getType())
                  : tensor.hasDType() ? tensor.getDtype()
                                      : unknown;
    Type type = pointwiseType(op.getContext(), dtype);
    return type ? Value(block.addArgument(type, op.getLoc())) : Value();
  });
  if (succeeded(value))
    return std::nullopt;
  return pointwise.error.empty() ? because(Reason::NoForm) : pointwise.error;
}

bool isPointwise(ts::AtenOp op) { return !whyNotPointwise(op); }

bool keepsFloatDType(ts::AtenOp op) {
  std::optional<Row> row = findRow(op);
  return row && row->has('f') && !row->has('t') && !row->has('d');
}

FailureOr<Value> emitPointwise(OpBuilder &builder, Location loc, ts::AtenOp op,
                               llvm::function_ref<Value(Value)> operand, int64_t lanes,
                               DType unknown) {
  Pointwise pointwise(op, unknown);
  if (!pointwise.prepare())
    return failure();
  loadDialects(op.getContext());
  return pointwise.build(builder, loc, lanes, operand);
}

} // namespace tsc::kernel
