// SPDX-License-Identifier: Apache-2.0
// What elementwise operators compute, against PyTorch's results in pointwise-cases.txt. Operands
// are constants, so that MLIR's folding is the machine that computes them. A line is
//   NAME | ARGUMENT | ... -> RESULT
// with one argument for each of the schema: DTYPE:ELEMENT,... or a Python literal.
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

namespace {
struct TensorText {
  DType dtype = DType::Undefined;
  SmallVector<std::string> elements;
};

/// One line: the operator, with arguments of a block as its tensors.
struct Case {
  explicit Case(MLIRContext &context) : builder(&context) {
    builder.setInsertionPointToEnd(&block);
  }
  void parse(StringRef line);
  Value addArgument(StringRef text);
  /// Element `index` of the result, as a constant; null when the operator declines.
  Attribute compute(size_t index);

  Block block;
  OpBuilder builder;
  ts::AtenOp op;
  llvm::DenseMap<Value, TensorText> tensors;
  TensorText expected;
};
} // namespace

static std::optional<TensorText> parseTensor(StringRef text) {
  auto [name, elements] = text.split(':');
  for (const DTypeInfo &row : kDTypes)
    if (name == row.shortName) {
      TensorText tensor{row.dtype, {}};
      for (StringRef element : llvm::split(elements, ','))
        tensor.elements.push_back(element.str());
      return tensor;
    }
  return std::nullopt;
}

static Type tensorType(MLIRContext *context, const TensorText &text) {
  return ts::TensorType::get(context, {static_cast<int64_t>(text.elements.size())}, text.dtype);
}

Value Case::addArgument(StringRef text) {
  MLIRContext *context = builder.getContext();
  Location loc = builder.getUnknownLoc();
  if (std::optional<TensorText> tensor = parseTensor(text)) {
    Value value = block.addArgument(tensorType(context, *tensor), loc);
    tensors[value] = *tensor;
    return value;
  }
  auto constant = [&](Type type, Attribute value) -> Value {
    return ts::ConstantOp::create(builder, loc, type, value);
  };
  int64_t integer;
  double number;
  if (text == "none")
    return constant(ts::NoneType::get(context), builder.getUnitAttr());
  if (text == "True" || text == "False")
    return constant(ts::BoolType::get(context), builder.getBoolAttr(text == "True"));
  if (text.starts_with("'"))
    return constant(ts::StrType::get(context), builder.getStringAttr(text.trim('\'')));
  if (!text.getAsInteger(10, integer))
    return constant(ts::IntType::get(context), builder.getI64IntegerAttr(integer));
  REQUIRE_FALSE(text.getAsDouble(number));
  return constant(ts::FloatType::get(context), builder.getF64FloatAttr(number));
}

void Case::parse(StringRef line) {
  auto [call, result] = line.split(" -> ");
  SmallVector<StringRef> parts;
  call.split(parts, " | ");
  SmallVector<Value> operands;
  for (StringRef part : ArrayRef(parts).drop_front())
    operands.push_back(addArgument(part));
  std::optional<TensorText> tensor = parseTensor(result);
  REQUIRE(tensor);
  expected = *tensor;
  Type type = tensorType(builder.getContext(), expected);
  op = ts::AtenOp::create(builder, builder.getUnknownLoc(), type,
                          builder.getStringAttr(parts.front()), operands);
}

static TypedAttr elementAttr(OpBuilder &builder, DType dtype, StringRef text) {
  Type type = pointwiseType(builder.getContext(), dtype);
  if (auto real = dyn_cast<mlir::FloatType>(type)) {
    double number = 0;
    if (text == "nan")
      number = NAN;
    else
      text.getAsDouble(number);
    return builder.getFloatAttr(real, number);
  }
  unsigned bits = type.getIntOrFloatBitWidth();
  return builder.getIntegerAttr(type, APInt(bits, std::stoll(text.str()), /*isSigned=*/true,
                                            /*implicitTrunc=*/true));
}

/// What MLIR does not fold: conversions that round, and functions outside of their domain. Null for
/// all else.
static TypedAttr computeFunction(Operation &op, OpBuilder &builder) {
  FloatAttr x;
  if (op.getNumOperands() != 1 || !matchPattern(op.getOperand(0), m_Constant(&x)))
    return {};
  if (isa<arith::TruncFOp>(op)) {
    auto type = cast<mlir::FloatType>(op.getResult(0).getType());
    APFloat number = x.getValue();
    bool inexact;
    number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return builder.getFloatAttr(type, number);
  }
  using Function = double (*)(double);
  Function function = llvm::StringSwitch<Function>(op.getName().getStringRef())
                          .Case("math.log", std::log)
                          .Case("math.log1p", std::log1p)
                          .Case("math.sqrt", std::sqrt)
                          .Default(nullptr);
  return function ? builder.getFloatAttr(x.getType(), function(x.getValueAsDouble())) : FloatAttr();
}

/// Folds the operations from `first` on, in order; those that do not fold stay.
static void foldAll(Block &block, Block::iterator first, OpBuilder &builder) {
  for (Operation &op : llvm::make_early_inc_range(llvm::make_range(first, block.end()))) {
    SmallVector<Value> results;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(&op);
    if (isa<arith::ConstantOp>(op))
      continue;
    if (TypedAttr constant = computeFunction(op, builder))
      results.push_back(arith::ConstantOp::create(builder, op.getLoc(), constant));
    else if (failed(builder.tryFold(&op, results)))
      continue;
    op.replaceAllUsesWith(results);
    op.erase();
  }
}

/// The operator on vectors: operations that are sound, of the right type.
static void checkVectors(Case &test, int64_t lanes) {
  Operation *last = &test.block.back();
  auto operand = [&](Value value) -> Value {
    Type element = pointwiseType(test.builder.getContext(), test.tensors[value].dtype);
    return test.block.addArgument(VectorType::get({lanes}, element), test.op.getLoc());
  };
  FailureOr<Value> value = emitPointwise(test.builder, test.op.getLoc(), test.op, operand, lanes);
  REQUIRE(succeeded(value));
  Type element = pointwiseType(test.builder.getContext(), test.expected.dtype);
  CHECK(value->getType() == VectorType::get({lanes}, element));
  for (Operation &op : llvm::make_range(std::next(last->getIterator()), test.block.end()))
    CHECK(succeeded(verify(&op)));
}

Attribute Case::compute(size_t index) {
  Operation *last = &block.back();
  auto operand = [&](Value value) -> Value {
    const TensorText &text = tensors[value];
    TypedAttr element = elementAttr(builder, text.dtype, text.elements[index]);
    return arith::ConstantOp::create(builder, op.getLoc(), element);
  };
  FailureOr<Value> value = emitPointwise(builder, op.getLoc(), op, operand, /*lanes=*/0);
  if (failed(value))
    return {};
  // Keeps the value while operations are folded.
  Value held = ts::UncheckedCastOp::create(builder, op.getLoc(), value->getType(), *value);
  Operation *keeper = held.getDefiningOp();
  foldAll(block, std::next(last->getIterator()), builder);
  Attribute constant;
  if (!matchPattern(keeper->getOperand(0), m_Constant(&constant)))
    return {};
  return constant;
}

static bool isClose(Attribute found, TypedAttr wanted) {
  if (auto number = dyn_cast<FloatAttr>(wanted)) {
    auto got = dyn_cast<FloatAttr>(found);
    if (!got || got.getType() != number.getType())
      return false;
    double a = got.getValueAsDouble(), b = number.getValueAsDouble();
    double last = std::exp2(
        1 - static_cast<int>(APFloat::semanticsPrecision(number.getValue().getSemantics())));
    bool isDouble = number.getType().isF64();
    double tolerance = isDouble ? 1e-14 : number.getType().isF32() ? 4 * last : last;
    return a == b || (a != a && b != b) || std::fabs(a - b) <= tolerance * std::fabs(b);
  }
  return found == wanted;
}

static void check(MLIRContext &context, StringRef line) {
  INFO(line.str());
  Case test(context);
  test.parse(line);
  std::optional<std::string> why = whyNotPointwise(test.op);
  INFO(why.value_or(""));
  CHECK_FALSE(why);
  if (why)
    return;
  for (auto [index, text] : llvm::enumerate(test.expected.elements)) {
    TypedAttr wanted = elementAttr(test.builder, test.expected.dtype, text);
    Attribute found = test.compute(index);
    std::string shown;
    llvm::raw_string_ostream stream(shown);
    stream << "element " << index << ": " << found << ", PyTorch has " << wanted;
    INFO(shown);
    CHECK((found && isClose(found, wanted)));
  }
  checkVectors(test, 4);
}

TEST_CASE("operators compute what PyTorch computes") {
  MLIRContext context;
  context.loadDialect<ts::TsDialect>();
  auto file = llvm::MemoryBuffer::getFile(TSC_POINTWISE_CASES);
  REQUIRE(file);
  unsigned count = 0;
  for (StringRef line : llvm::split((*file)->getBuffer(), '\n')) {
    if (line.empty() || line.starts_with("#"))
      continue;
    check(context, line);
    ++count;
  }
  CHECK(count > 500);
}

TEST_CASE("operators whose errors compiled code cannot raise are declined") {
  MLIRContext context;
  context.loadDialect<ts::TsDialect>();
  for (const char *line : {
           "aten::floor_divide | i64:1 | i64:2 -> i64:0",              // by an unknown number
           "aten::remainder.Scalar | i64:1 | 0 -> i64:0",              // by zero
           "aten::pow.Tensor_Scalar | i32:2 | -1 -> i32:0",            // negative power
           "aten::add.Tensor | i32:2 | i32:2 | 0.5 -> i32:0",          // float alpha
           "aten::masked_fill.Scalar | i32:2 | bool:1 | 0.5 -> i32:0", // float into an integer
           "aten::clamp | i8:2 | 300 | none -> i8:0",                  // no such int8
           "aten::softshrink | f32:2 | -0.5 -> f32:0",                 // negative lambda
           "aten::sub.Tensor | bool:1 | bool:1 | 1 -> bool:0",         // not of bools
           "aten::lerp.Scalar | f32:1 | f64:1 | 0.5 -> f32:0",         // dtypes differ
           "aten::mm | f32:1 | f32:1 -> f32:0",                        // not elementwise
       }) {
    INFO(line);
    Case test(context);
    test.parse(line);
    CHECK(whyNotPointwise(test.op));
  }
}

} // namespace tsc::kernel
