// SPDX-License-Identifier: Apache-2.0
// Pooling and interpolation. Windows inside the input have their columns unrolled; at the borders
// all bounds are computed. Positions and weights of interpolation are tables made when compiling.
#include "Images.h"

#include "tsc/Kernel/WindowForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cstring>
#include <limits>

using namespace mlir;

namespace tsc::lowering {

using kernel::PoolAxis;
using kernel::ResampleAxis;
using kernel::WindowForm;
using mlir::Value; // not tsc::Value

// ---- Pooling
namespace {
/// The inputs of a window along one dimension, and how many positions it counts.
struct Span {
  Value start, end, extent;
  int64_t kernel = 0; ///< inputs when that is known: start, start + dilation, ..; else 0
};

class Pool {
public:
  Pool(ImageKernel &image, const WindowForm &form) : image(image), form(form) {}
  SmallVector<Value> compute(KernelBuilder &k, const Pixels &at);

private:
  Span spanOf(KernelBuilder &k, const PoolAxis &axis, Value o, bool interior);
  void eachTap(KernelBuilder &k, const PoolAxis &axis, const Span &span, int64_t stride,
               Value offset, SmallVector<Value> &sums,
               llvm::function_ref<void(Value, SmallVector<Value> &)> body);
  Value combined(KernelBuilder &k, Value sum, Value value);
  Value first(KernelBuilder &k);
  Value divisor(KernelBuilder &k, ArrayRef<Span> spans);

  ImageKernel &image;
  const WindowForm &form;
};
} // namespace

/// Columns of a window that are unrolled.
static constexpr int64_t kUnrolled = 8;

Span Pool::spanOf(KernelBuilder &k, const PoolAxis &axis, Value o, bool interior) {
  Span span;
  if (axis.adaptive) {
    span.start = k.div(k.mul(o, axis.in), axis.out);
    span.end = k.div(k.add(k.mul(k.add(o, 1), axis.in), axis.out - 1), axis.out);
    span.extent = k.sub(span.end, span.start);
    return span;
  }
  Value base = k.add(k.mul(o, axis.stride), -axis.pad);
  span.start = base, span.end = k.add(base, axis.reach());
  if (interior) {
    span.extent = k.constant(axis.reach());
    span.kernel = axis.kernel;
    return span;
  }
  Value reached = k.min(span.end, k.constant(axis.in + axis.pad));
  span.extent = k.sub(reached, base);
  // The first tap that is not before the input.
  Value missing = k.max(k.sub(k.constant(0), base), k.constant(0));
  Value skipped = k.div(k.add(missing, axis.dilation - 1), axis.dilation);
  span.start = k.add(base, k.mul(skipped, axis.dilation));
  span.end = k.min(span.end, k.constant(axis.in));
  return span;
}

void Pool::eachTap(KernelBuilder &k, const PoolAxis &axis, const Span &span, int64_t stride,
                   Value offset, SmallVector<Value> &sums,
                   llvm::function_ref<void(Value, SmallVector<Value> &)> body) {
  if (span.kernel > 0 && span.kernel <= kUnrolled) {
    Value place = k.add(offset, k.mul(span.start, stride));
    for (int64_t i = 0; i < span.kernel; ++i)
      body(k.add(place, i * axis.dilation * stride), sums);
    return;
  }
  sums = k.loop(span.start, span.end, axis.dilation, sums, [&](Value i, ValueRange carried) {
    SmallVector<Value> inner(carried);
    body(k.add(offset, k.mul(i, stride)), inner);
    return inner;
  });
}

Value Pool::first(KernelBuilder &k) {
  VectorType type = k.vector(image.computeType(k), image.lanes);
  if (form.kind == WindowForm::Kind::Average)
    return k.number(type, 0);
  if (isa<FloatType>(type.getElementType()))
    return k.number(type, -std::numeric_limits<double>::infinity());
  unsigned bits = type.getElementTypeBitWidth();
  bool isSigned = findDType(image.dtype)->isSigned;
  APInt lowest = isSigned ? APInt::getSignedMinValue(bits) : APInt::getZero(bits);
  return arith::ConstantOp::create(k.builder, k.loc, DenseElementsAttr::get(type, lowest));
}

Value Pool::combined(KernelBuilder &k, Value sum, Value value) {
  OpBuilder &b = k.builder;
  if (form.kind == WindowForm::Kind::Average)
    return arith::AddFOp::create(b, k.loc, sum, value);
  if (isIntegral(image.dtype)) {
    if (findDType(image.dtype)->isSigned)
      return arith::MaxSIOp::create(b, k.loc, sum, value);
    return arith::MaxUIOp::create(b, k.loc, sum, value);
  }
  // A NaN that is there stays, as no number is greater; one that comes is taken.
  Value more = arith::CmpFOp::create(b, k.loc, arith::CmpFPredicate::OGT, value, sum);
  Value larger = arith::SelectOp::create(b, k.loc, more, value, sum);
  Value isNan = arith::CmpFOp::create(b, k.loc, arith::CmpFPredicate::UNO, value, value);
  return arith::SelectOp::create(b, k.loc, isNan, value, larger);
}

Value Pool::divisor(KernelBuilder &k, ArrayRef<Span> spans) {
  Value count = k.constant(1);
  if (form.divisor)
    count = k.constant(form.divisor);
  else
    for (const Span &span : spans)
      count = k.mul(count, form.countsPadding ? span.extent : k.sub(span.end, span.start));
  Value number = arith::SIToFPOp::create(k.builder, k.loc, image.computeType(k), count);
  return k.splat(number, image.lanes);
}

SmallVector<Value> Pool::compute(KernelBuilder &k, const Pixels &at) {
  const std::array<PoolAxis, 3> &axes = form.pool;
  auto isInside = [](const PoolAxis &axis) {
    return axis.interior() == std::pair<int64_t, int64_t>(0, axis.out) && !axis.adaptive;
  };
  Span spans[3] = {spanOf(k, axes[0], at.z, isInside(axes[0])),
                   spanOf(k, axes[1], at.y, isInside(axes[1])),
                   spanOf(k, axes[2], at.x, at.interior)};
  const Buffer &in = image.in;
  SmallVector<Value> sums(at.vectors, first(k));
  Value base = k.mul(at.batch, in.strides[0]);
  eachTap(k, axes[0], spans[0], in.strides[2], base, sums, [&](Value plane, auto &planeSums) {
    eachTap(k, axes[1], spans[1], in.strides[3], plane, planeSums, [&](Value row, auto &rowSums) {
      eachTap(k, axes[2], spans[2], in.strides[4], row, rowSums, [&](Value place, auto &inner) {
        for (int64_t v = 0; v < at.vectors; ++v)
          inner[v] = combined(k, inner[v], image.load(k, at, v, place));
      });
    });
  });
  if (form.kind == WindowForm::Kind::Average) {
    Value by = divisor(k, spans);
    for (Value &sum : sums)
      sum = arith::DivFOp::create(k.builder, k.loc, sum, by);
  }
  for (Value &sum : sums)
    sum = image.narrowed(k, sum);
  return sums;
}

static void emitPool(ImageKernel &image, const WindowForm &form) {
  const PoolAxis &columns = form.pool[2];
  auto [first, end] = columns.interior();
  ImageKernel::Segment segments[] = {
      {0, first, false}, {first, end, true}, {end, columns.out, false}};
  double taps = 1;
  for (const PoolAxis &axis : form.pool)
    taps *= axis.adaptive ? static_cast<double>(axis.in) / static_cast<double>(axis.out) + 1
                          : static_cast<double>(axis.kernel);
  Pool pool(image, form);
  image.run(segments, 3 * taps + 4,
            [&](KernelBuilder &k, const Pixels &at) { return pool.compute(k, at); });
}

// ---- Interpolation
namespace {
/// The tables of one dimension in memory.
struct Table {
  int64_t taps = 1;
  bool isIdentity = false; ///< output o is input o
  Buffer places, weights;  ///< offsets in elements of the input; weights in the compute type
};
} // namespace

template <typename T> static Buffer tableOf(RegionWriter &region, DType dtype, ArrayRef<T> items) {
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(items.data()),
                          items.size() * sizeof(T));
  return region.constantBuffer(dtype, {static_cast<int64_t>(items.size())}, bytes);
}

static Table makeTable(RegionWriter &region, const ResampleAxis &axis, int64_t stride,
                       bool isWide) {
  Table table;
  table.taps = axis.taps;
  table.isIdentity = axis.taps == 1 && axis.in == axis.out;
  for (auto [o, place] : llvm::enumerate(axis.places))
    table.isIdentity = table.isIdentity && place == static_cast<int64_t>(o);
  if (table.isIdentity)
    return table;
  SmallVector<int64_t> places;
  for (int64_t place : axis.places)
    places.push_back(place * stride);
  table.places = tableOf<int64_t>(region, DType::Int64, places);
  if (isWide) {
    table.weights = tableOf<double>(region, DType::Float64, axis.weights);
    return table;
  }
  SmallVector<float> weights;
  for (double weight : axis.weights)
    weights.push_back(static_cast<float>(weight));
  table.weights = tableOf<float>(region, DType::Float32, weights);
  return table;
}

static SmallVector<Value> interpolated(KernelBuilder &k, ImageKernel &image, const Pixels &at,
                                       ArrayRef<Table> tables, bool isWeighted) {
  Value coordinates[3] = {at.z, at.y, at.x};
  SmallVector<Value> offsets[3], weights[3];
  for (int d = 0; d < 3; ++d) {
    const Table &table = tables[d];
    if (table.isIdentity) {
      offsets[d].push_back(k.mul(coordinates[d], image.in.strides[2 + d]));
      weights[d].push_back({});
      continue;
    }
    for (int64_t j = 0; j < table.taps; ++j) {
      Value entry = k.add(k.mul(coordinates[d], table.taps), j);
      offsets[d].push_back(k.load(k.builder.getI64Type(), k.pointer(table.places), entry));
      weights[d].push_back(
          !isWeighted ? Value()
                      : k.splat(k.load(image.computeType(k), k.pointer(table.weights), entry),
                                image.lanes));
    }
  }
  // Columns first, then rows, then planes, as the generic kernel rounds.
  auto weigh = [&](Value sum, Value weight, Value value) -> Value {
    if (!weight)
      return value;
    if (!sum)
      return arith::MulFOp::create(k.builder, k.loc, weight, value);
    return vector::FMAOp::create(k.builder, k.loc, weight, value, sum);
  };
  SmallVector<Value> results;
  Value base = k.mul(at.batch, image.in.strides[0]);
  for (int64_t v = 0; v < at.vectors; ++v) {
    Value cube;
    for (auto [z, planeWeight] : llvm::zip(offsets[0], weights[0])) {
      Value plane;
      for (auto [y, rowWeight] : llvm::zip(offsets[1], weights[1])) {
        Value row;
        for (auto [x, weight] : llvm::zip(offsets[2], weights[2])) {
          Value place = k.add(base, k.add(z, k.add(y, x)));
          row = weigh(row, weight, image.load(k, at, v, place));
        }
        plane = weigh(plane, rowWeight, row);
      }
      cube = weigh(cube, planeWeight, plane);
    }
    results.push_back(image.narrowed(k, cube));
  }
  return results;
}

static void emitResample(RegionWriter &region, ImageKernel &image, const WindowForm &form) {
  std::array<Table, 3> tables;
  double taps = 1;
  for (int d = 0; d < 3; ++d) {
    tables[d] =
        makeTable(region, form.resample[d], image.in.strides[2 + d], image.dtype == DType::Float64);
    taps *= static_cast<double>(form.resample[d].taps);
  }
  ImageKernel::Segment all[] = {{0, image.out.sizes[4], true}};
  bool isWeighted = form.kind == WindowForm::Kind::Weighted;
  image.run(all, 2 * taps + 4, [&](KernelBuilder &k, const Pixels &at) {
    return interpolated(k, image, at, tables, isWeighted);
  });
}

void emitWindow(RegionWriter &region, kernel::GroupOp group) {
  auto root = *group.block().getOps<ts::AtenOp>().begin();
  std::string why;
  std::optional<WindowForm> form = kernel::readWindow(root, why);
  assert(form && "whyNotWindow lets nothing else through");
  ImageKernel image(region, group, root, root.getArgs().front(), form->spatial);
  if (form->isPool())
    emitPool(image, *form);
  else
    emitResample(region, image, *form);
}

} // namespace tsc::lowering
