// SPDX-License-Identifier: Apache-2.0
// Scans: lines along the dimension are walked with a running value, in float64 for floats as in the
// generic kernels; lines that lie side by side are lanes of vectors.
#include "Copy.h"

#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

namespace {
enum class Scan : uint8_t { Sum, Product, LogSum, Maximum, Minimum };

class ScanWriter {
public:
  ScanWriter(RegionWriter &region, kernel::GroupOp group);
  void write();

private:
  bool isExtreme() const { return kind == Scan::Maximum || kind == Scan::Minimum; }
  void chooseLanes();
  Type compute(KernelBuilder &k, int64_t count) const;
  Value start(KernelBuilder &k, int64_t count) const;
  Value joined(KernelBuilder &k, Value running, Value next) const;
  Value addLogs(KernelBuilder &k, Value a, Value b) const;
  void walkSums(KernelBuilder &k, ArrayRef<Value> at, int64_t count) const;
  void walkExtremes(KernelBuilder &k, ArrayRef<Value> at, int64_t count) const;
  Value load(KernelBuilder &k, Value offset, int64_t count) const;

  RegionWriter &region;
  Scan kind = Scan::Sum;
  Buffer in;
  std::optional<Buffer> values, places; ///< results that are read
  DType dtype, computed;                ///< of the result, and of running values
  int64_t dim = 0, lanes = 1;
  std::optional<int64_t> laneDim;
};
} // namespace

Value groupResult(kernel::GroupOp group, ts::AtenOp op, unsigned index) {
  for (auto [yielded, result] : llvm::zip(group.yield().getValues(), group.getResults()))
    if (yielded == op.getResult(index))
      return result;
  return {};
}

static Buffer atLeastOne(const Buffer &buffer) {
  return buffer.rank() ? buffer : expanded(buffer, 0, 1);
}

ScanWriter::ScanWriter(RegionWriter &region, kernel::GroupOp group) : region(region) {
  auto op = *group.block().getOps<ts::AtenOp>().begin();
  StringRef name = op.getBaseName();
  kind = name == "aten::cumsum"    ? Scan::Sum
         : name == "aten::cumprod" ? Scan::Product
         : name == "aten::cummax"  ? Scan::Maximum
         : name == "aten::cummin"  ? Scan::Minimum
                                   : Scan::LogSum;
  in = atLeastOne(region.buffer(op.getArg("self")));
  if (Value result = groupResult(group, op, 0))
    values = atLeastOne(region.define(result));
  if (Value result = isExtreme() ? groupResult(group, op, 1) : Value())
    places = atLeastOne(region.define(result));
  dtype = cast<ts::TensorType>(op.getResult(0).getType()).getDtype();
  computed = isExtreme() ? dtype : isFloating(dtype) ? DType::Float64 : DType::Int64;
  dim = *kernel::constantInt(op.getArg("dim"));
  dim += dim < 0 ? in.rank() : 0;
}

void ScanWriter::chooseLanes() {
  for (int64_t d = 0; d < in.rank(); ++d) {
    bool fits = d != dim && in.sizes[d] > 1 && in.strides[d] == 1 &&
                (!values || values->strides[d] == 1) && (!places || places->strides[d] == 1);
    if (fits)
      laneDim = d;
  }
  if (laneDim)
    lanes = 64 / dtypeBytes(computed);
}

Type ScanWriter::compute(KernelBuilder &k, int64_t count) const {
  Type element = k.elementType(computed);
  return count == 1 ? element : k.vector(element, count);
}

Value ScanWriter::start(KernelBuilder &k, int64_t count) const {
  double number = kind == Scan::Product ? 1 : kind == Scan::LogSum ? -HUGE_VAL : 0;
  return k.number(compute(k, count), number);
}

/// log(e^a + e^b).
Value ScanWriter::addLogs(KernelBuilder &k, Value a, Value b) const {
  OpBuilder &builder = k.builder;
  using Predicate = arith::CmpFPredicate;
  auto compare = [&](Predicate predicate, Value x, Value y) -> Value {
    return arith::CmpFOp::create(builder, k.loc, predicate, x, y);
  };
  auto select = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(builder, k.loc, condition, yes, no);
  };
  Value isLess = compare(Predicate::OLT, a, b);
  Value least = select(isLess, a, b), most = select(isLess, b, a);
  Value difference = arith::SubFOp::create(builder, k.loc, least, most);
  Value tail = math::Log1pOp::create(builder, k.loc,
                                     math::ExpOp::create(builder, k.loc, difference).getResult());
  Value sum = arith::AddFOp::create(builder, k.loc, most, tail);
  Value size = math::AbsFOp::create(builder, k.loc, least);
  Value isInfinite =
      arith::AndIOp::create(builder, k.loc, compare(Predicate::OEQ, least, most),
                            compare(Predicate::OEQ, size, k.number(size.getType(), HUGE_VAL)));
  Value result = select(isInfinite, least, sum);
  return select(compare(Predicate::UNO, a, b), arith::AddFOp::create(builder, k.loc, a, b), result);
}

Value ScanWriter::joined(KernelBuilder &k, Value running, Value next) const {
  auto make = [&]<class Op>() -> Value { return Op::create(k.builder, k.loc, running, next); };
  bool isFloat = isFloating(computed);
  if (kind == Scan::Sum)
    return isFloat ? make.operator()<arith::AddFOp>() : make.operator()<arith::AddIOp>();
  if (kind == Scan::Product)
    return isFloat ? make.operator()<arith::MulFOp>() : make.operator()<arith::MulIOp>();
  return addLogs(k, running, next);
}

/// An element in the compute dtype, by way of the result's.
Value ScanWriter::load(KernelBuilder &k, Value offset, int64_t count) const {
  Type element = k.elementType(in.dtype);
  Type type = count == 1 ? element : k.vector(element, count);
  Value value = fromMemory(k, k.load(type, k.pointer(in), offset), in.dtype);
  if (in.dtype != dtype)
    value = kernel::convertElements(k.builder, k.loc, value, in.dtype, dtype);
  if (dtype != computed)
    value = kernel::convertElements(k.builder, k.loc, value, dtype, computed);
  return value;
}

void ScanWriter::walkSums(KernelBuilder &k, ArrayRef<Value> at, int64_t count) const {
  Value from = k.offsetOf(in, at), to = k.offsetOf(*values, at);
  bool isHalf = isFloating(dtype) && dtypeBytes(dtype) == 2;
  k.loop(k.constant(0), k.constant(in.sizes[dim]), 1, {start(k, count)},
         [&](Value i, ValueRange carried) -> SmallVector<Value> {
           Value next = load(k, k.add(from, k.mul(i, in.strides[dim])), count);
           Value running = joined(k, carried[0], next), stored = running;
           if (isHalf) // rounded by way of float32, as the generic kernel does
             stored = kernel::convertElements(k.builder, k.loc, stored, computed, DType::Float32);
           if (dtype != computed)
             stored = kernel::convertElements(k.builder, k.loc, stored,
                                              isHalf ? DType::Float32 : computed, dtype);
           k.store(stored, k.pointer(*values), k.add(to, k.mul(i, values->strides[dim])));
           return {running};
         });
}

/// Of equals the last one counts; a NaN stays.
void ScanWriter::walkExtremes(KernelBuilder &k, ArrayRef<Value> at, int64_t count) const {
  OpBuilder &builder = k.builder;
  Value from = k.offsetOf(in, at);
  Type indexType = count == 1 ? Type(builder.getI64Type()) : k.vector(builder.getI64Type(), count);
  bool isMaximum = kind == Scan::Maximum, isFloat = isFloating(dtype);
  auto takes = [&](Value best, Value x) -> Value {
    if (!isFloat) {
      bool isUnsigned = dtype == DType::UInt8;
      auto predicate = isMaximum
                           ? (isUnsigned ? arith::CmpIPredicate::uge : arith::CmpIPredicate::sge)
                           : (isUnsigned ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle);
      return arith::CmpIOp::create(builder, k.loc, predicate, x, best);
    }
    using Predicate = arith::CmpFPredicate;
    Value beats =
        arith::CmpFOp::create(builder, k.loc, isMaximum ? Predicate::OGE : Predicate::OLE, x, best);
    Value isNan = arith::CmpFOp::create(builder, k.loc, Predicate::UNO, x, x);
    return arith::OrIOp::create(builder, k.loc, beats, isNan);
  };
  auto keep = [&](const std::optional<Buffer> &result, Value value, Value i) {
    if (!result)
      return;
    Value offset = k.add(k.offsetOf(*result, at), k.mul(i, result->strides[dim]));
    k.store(value, k.pointer(*result), offset);
  };
  Value none = k.number(indexType, 0);
  k.loop(k.constant(0), k.constant(in.sizes[dim]), 1, {load(k, from, count), none},
         [&](Value i, ValueRange carried) -> SmallVector<Value> {
           Value x = load(k, k.add(from, k.mul(i, in.strides[dim])), count);
           Value isNext = takes(carried[0], x);
           Value here = count == 1 ? i : k.splat(i, count);
           Value best = arith::SelectOp::create(builder, k.loc, isNext, x, carried[0]);
           Value place = arith::SelectOp::create(builder, k.loc, isNext, here, carried[1]);
           keep(values, best, i);
           keep(places, place, i);
           return {best, place};
         });
}

void ScanWriter::write() {
  if (in.numel() == 0)
    return;
  chooseLanes();
  SmallVector<int64_t> sizes(in.sizes);
  sizes[dim] = 1;
  int64_t size = laneDim ? sizes[*laneDim] : 1, full = size / lanes * lanes;
  // Vectors, then the lines that fill none.
  if (laneDim)
    sizes[*laneDim] = size / lanes + size % lanes;
  int64_t pieces = 1;
  for (int64_t n : sizes)
    pieces *= n;
  auto walk = [&](KernelBuilder &k, ArrayRef<Value> at, int64_t count) {
    isExtreme() ? walkExtremes(k, at, count) : walkSums(k, at, count);
  };
  region.launch(
      pieces, std::max<int64_t>(1, 16384 / (in.sizes[dim] * lanes)),
      [&](KernelBuilder &k, Value first, Value last) {
        k.loop(first, last, 1, [&](Value piece) {
          SmallVector<Value> at = k.delinearize(piece, sizes);
          if (!laneDim)
            return walk(k, at, 1);
          Value number = at[*laneDim];
          auto vectors = [&] {
            at[*laneDim] = k.mul(number, lanes);
            walk(k, at, lanes);
          };
          auto rest = [&] {
            at[*laneDim] = k.add(number, full - full / lanes);
            walk(k, at, 1);
          };
          if (full == 0)
            rest();
          else if (full == size)
            vectors();
          else
            k.ifThen(k.less(number, k.constant(full / lanes)), vectors, rest);
        });
      },
      static_cast<double>(in.numel()));
}

void emitScan(RegionWriter &region, kernel::GroupOp group) { ScanWriter(region, group).write(); }

} // namespace tsc::lowering
