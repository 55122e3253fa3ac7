// SPDX-License-Identifier: Apache-2.0
#include "KernelBuilder.h"

#include "RegionWriter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

int64_t Buffer::numel() const {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

bool Buffer::isDense() const {
  int64_t step = 1;
  for (int64_t d = rank() - 1; d >= 0; --d) {
    if (sizes[d] == 0)
      return true;
    if (sizes[d] != 1 && strides[d] != step)
      return false;
    step *= sizes[d];
  }
  return true;
}

KernelBuilder::KernelBuilder(RegionWriter &region, Location loc, Value frame)
    : builder(region.program.context), loc(loc), region(region), frame(frame),
      entry(frame.getParentBlock()) {
  builder.setInsertionPointToEnd(entry);
}

// ---- Integers

static std::optional<int64_t> constantOf(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return number.getSExtValue();
  return std::nullopt;
}

Value KernelBuilder::constant(int64_t number) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(number));
}
Value KernelBuilder::add(Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y)
    return constant(*x + *y);
  if (x == 0)
    return b;
  return y == 0 ? a : Value(arith::AddIOp::create(builder, loc, a, b));
}
Value KernelBuilder::sub(Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y)
    return constant(*x - *y);
  return y == 0 ? a : Value(arith::SubIOp::create(builder, loc, a, b));
}
Value KernelBuilder::mul(Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  if (x && y)
    return constant(*x * *y);
  if (x == 0 || y == 0)
    return constant(0);
  if (x == 1)
    return b;
  return y == 1 ? a : Value(arith::MulIOp::create(builder, loc, a, b));
}
Value KernelBuilder::div(Value a, int64_t b) {
  if (std::optional<int64_t> x = constantOf(a))
    return constant(*x / b);
  return b == 1 ? a : Value(arith::DivUIOp::create(builder, loc, a, constant(b)));
}
Value KernelBuilder::rem(Value a, int64_t b) {
  if (std::optional<int64_t> x = constantOf(a))
    return constant(*x % b);
  return b == 1 ? constant(0) : Value(arith::RemUIOp::create(builder, loc, a, constant(b)));
}
Value KernelBuilder::min(Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  return x && y ? constant(std::min(*x, *y)) : Value(arith::MinSIOp::create(builder, loc, a, b));
}
Value KernelBuilder::max(Value a, Value b) {
  std::optional<int64_t> x = constantOf(a), y = constantOf(b);
  return x && y ? constant(std::max(*x, *y)) : Value(arith::MaxSIOp::create(builder, loc, a, b));
}
Value KernelBuilder::less(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}

SmallVector<Value> KernelBuilder::delinearize(Value index, ArrayRef<int64_t> sizes) {
  SmallVector<Value> coordinates(sizes.size());
  for (size_t d = sizes.size(); d-- > 0;) {
    coordinates[d] = d == 0 ? index : rem(index, sizes[d]);
    if (d != 0)
      index = div(index, sizes[d]);
  }
  return coordinates;
}

// ---- Control

void KernelBuilder::loop(Value from, Value to, int64_t step, function_ref<void(Value)> body) {
  loop(from, to, step, ValueRange(), [&](Value index, ValueRange) {
    body(index);
    return SmallVector<Value>();
  });
}

SmallVector<Value> KernelBuilder::loop(Value from, Value to, int64_t step, ValueRange inits,
                                       CarryingBody body) {
  std::optional<int64_t> first = constantOf(from), end = constantOf(to);
  if (first && end && *first >= *end)
    return SmallVector<Value>(inits);
  if (first && end && *first + step >= *end) // one turn
    return body(from, inits);
  auto op = scf::ForOp::create(builder, loc, from, to, constant(step), inits);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = op.getBody();
  if (inits.empty())
    block->getTerminator()->erase();
  builder.setInsertionPointToEnd(block);
  SmallVector<Value> next = body(op.getInductionVar(), op.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, next);
  return SmallVector<Value>(op.getResults());
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> yes, function_ref<void()> no) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/static_cast<bool>(no));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op.thenBlock()->getTerminator());
  yes();
  if (!no)
    return;
  builder.setInsertionPoint(op.elseBlock()->getTerminator());
  no();
}

// ---- Types

Type KernelBuilder::elementType(DType dtype) {
  switch (dtype) {
  case DType::Float16:
    return builder.getF16Type();
  case DType::BFloat16:
    return builder.getBF16Type();
  case DType::Float32:
    return builder.getF32Type();
  case DType::Float64:
    return builder.getF64Type();
  default:
    return builder.getIntegerType(8 * dtypeBytes(dtype));
  }
}

VectorType KernelBuilder::vector(Type element, int64_t lanes) {
  return VectorType::get({lanes}, element);
}

Value KernelBuilder::number(Type type, double number) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar = isa<mlir::FloatType>(element)
                         ? TypedAttr(builder.getFloatAttr(element, number))
                         : builder.getIntegerAttr(element, static_cast<int64_t>(number));
  if (auto lanes = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(lanes, scalar));
  return arith::ConstantOp::create(builder, loc, scalar);
}

Value KernelBuilder::splat(Value scalar, int64_t lanes) {
  return vector::BroadcastOp::create(builder, loc, vector(scalar.getType(), lanes), scalar);
}

// ---- Memory

Value KernelBuilder::pointer(const Buffer &buffer) {
  auto key = std::make_tuple(static_cast<int>(buffer.kind), buffer.index,
                             buffer.offset * dtypeBytes(buffer.dtype));
  Value &known = pointers[key];
  region.noteUse(buffer);
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(frame);
  auto slot = static_cast<int32_t>(RegionWriter::kFrameWords + buffers.size());
  Type type = frame.getType();
  Value address =
      LLVM::GEPOp::create(builder, loc, type, type, frame, ArrayRef<LLVM::GEPArg>{slot});
  auto load = LLVM::LoadOp::create(builder, loc, type, address, 8);
  load.setInvariant(true);
  buffers.push_back(buffer);
  known = load;
  return known;
}

Value KernelBuilder::at(Value base, Type element, Value offset) {
  if (constantOf(offset) == 0)
    return base;
  return LLVM::GEPOp::create(builder, loc, base.getType(), element, base,
                             ArrayRef<LLVM::GEPArg>{offset});
}

static unsigned alignmentOf(Type type) {
  return getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8;
}

Value KernelBuilder::load(Type type, Value base, Value offset) {
  Value address = at(base, getElementTypeOrSelf(type), offset);
  return LLVM::LoadOp::create(builder, loc, type, address, alignmentOf(type));
}

void KernelBuilder::store(Value value, Value base, Value offset) {
  Value address = at(base, getElementTypeOrSelf(value.getType()), offset);
  LLVM::StoreOp::create(builder, loc, value, address, alignmentOf(value.getType()));
}

void KernelBuilder::prefetch(Value address) {
  constexpr uint32_t kRead = 0, kToL2 = 2, kData = 1;
  LLVM::Prefetch::create(builder, loc, address, kRead, kToL2, kData);
}

void KernelBuilder::storeStreaming(Value value, Value base, Value offset) {
  Value address = at(base, getElementTypeOrSelf(value.getType()), offset);
  LLVM::StoreOp::create(builder, loc, value, address, /*alignment=*/64, /*isVolatile=*/false,
                        /*isNonTemporal=*/true);
}

Value KernelBuilder::laneMask(int64_t lanes, Value count) {
  SmallVector<int64_t> numbers(lanes);
  for (int64_t i = 0; i < lanes; ++i)
    numbers[i] = i;
  auto type = vector(builder.getI64Type(), lanes);
  Value iota = arith::ConstantOp::create(builder, loc,
                                         DenseElementsAttr::get(type, ArrayRef<int64_t>(numbers)));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, iota, splat(count, lanes));
}

Value KernelBuilder::loadMasked(VectorType type, Value base, Value offset, Value count) {
  if (!count || constantOf(count) == type.getNumElements())
    return load(type, base, offset);
  Value address = at(base, type.getElementType(), offset);
  Value zero = number(type, 0);
  return LLVM::MaskedLoadOp::create(
      builder, loc, type, address, laneMask(type.getNumElements(), count), zero, alignmentOf(type));
}

void KernelBuilder::storeMasked(Value value, Value base, Value offset, Value count) {
  auto type = cast<VectorType>(value.getType());
  if (!count || constantOf(count) == type.getNumElements())
    return store(value, base, offset);
  Value address = at(base, type.getElementType(), offset);
  LLVM::MaskedStoreOp::create(builder, loc, value, address, laneMask(type.getNumElements(), count),
                              alignmentOf(type));
}

Value KernelBuilder::loadStrided(VectorType type, Value base, Value offset, int64_t stride,
                                 Value count) {
  if (stride == 1)
    return loadMasked(type, base, offset, count);
  Type element = type.getElementType();
  if (stride == 0)
    return splat(load(element, base, offset), type.getNumElements());
  Value result = number(type, 0);
  for (int64_t lane = 0; lane < type.getNumElements(); ++lane) {
    // Lanes behind the end read the last element that there is.
    Value index = count ? min(constant(lane), sub(count, constant(1))) : constant(lane);
    Value scalar = load(element, base, add(offset, mul(index, stride)));
    result = vector::InsertOp::create(builder, loc, scalar, result, ArrayRef<int64_t>{lane});
  }
  return result;
}

void KernelBuilder::storeStrided(Value value, Value base, Value offset, int64_t stride,
                                 Value count) {
  int64_t lanes = cast<VectorType>(value.getType()).getNumElements();
  if (stride == 1 || lanes == 1)
    return storeMasked(value, base, offset, count);
  std::optional<int64_t> known = count ? constantOf(count) : lanes;
  for (int64_t lane = 0; lane < known.value_or(lanes); ++lane) {
    auto storeLane = [&] {
      Value scalar = vector::ExtractOp::create(builder, loc, value, ArrayRef<int64_t>{lane});
      store(scalar, base, add(offset, lane * stride));
    };
    if (known)
      storeLane();
    else
      ifThen(less(constant(lane), count), storeLane);
  }
}

Value KernelBuilder::offsetOf(const Buffer &buffer, ArrayRef<Value> coordinates) {
  Value offset = constant(0);
  for (auto [coordinate, size, stride] : llvm::zip(coordinates, buffer.sizes, buffer.strides))
    if (size != 1)
      offset = add(offset, mul(coordinate, stride));
  return offset;
}

Value KernelBuilder::scratch(int64_t bytes) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  Type byte = builder.getI8Type();
  Value count = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                         builder.getI64IntegerAttr(bytes));
  return LLVM::AllocaOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
                                byte, count, /*alignment=*/64);
}

Value KernelBuilder::context() {
  Value address = LLVM::GEPOp::create(builder, loc, frame.getType(), frame.getType(), frame,
                                      ArrayRef<LLVM::GEPArg>{RegionWriter::kContext});
  return LLVM::LoadOp::create(builder, loc, frame.getType(), address);
}

void KernelBuilder::fail() {
  Type word = builder.getI64Type();
  Value address = LLVM::GEPOp::create(builder, loc, frame.getType(), word, frame,
                                      ArrayRef<LLVM::GEPArg>{RegionWriter::kFailed});
  // Several threads may write the same number here.
  LLVM::StoreOp::create(builder, loc, constant(1), address, 8, false, false, false,
                        LLVM::AtomicOrdering::monotonic);
}

} // namespace tsc::lowering
