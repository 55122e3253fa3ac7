// SPDX-License-Identifier: Apache-2.0
// Elements written to indexed places. All places that an index may name lie along some axes of the
// target; work is split along the others, so that each element of the target belongs to one piece,
// which meets what is written to it in the order of the indices.
#include "Copy.h"
#include "CopyPlan.h"

#include "tsc/Kernel/ScatterForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace mlir;

namespace tsc::lowering {

using kernel::ScatterForm;
using mlir::Value; // not tsc::Value
using Combine = ScatterForm::Combine;

namespace {
/// An index tensor over the space of a scatter, for one dimension of the target.
struct Index {
  Buffer buffer; ///< strides along the space
  int64_t size, stride;
};
/// What is written where: `sizes` are those of the space, and buffers' strides are along it; the
/// target's are 0 along dimensions that only indices have.
struct Space {
  SmallVector<int64_t, 6> sizes;
  Buffer target, source;
  bool hasSource = false;
  SmallVector<Index, 2> indices;
  bool wraps = false;
};
/// One pass over a space.
struct Pass {
  Combine combine;
  bool hasSource;
  double number, alpha;
};
} // namespace

static Buffer atLeastOne(Buffer buffer) { return buffer.rank() ? buffer : expanded(buffer, 0, 1); }

/// The buffer with size-1 and missing dimensions repeated over `sizes`.
static Buffer broadcastTo(Buffer buffer, ArrayRef<int64_t> sizes) {
  while (buffer.rank() < static_cast<int64_t>(sizes.size()))
    buffer = expanded(buffer, 0, 1);
  for (auto [d, size] : llvm::enumerate(sizes)) {
    if (buffer.sizes[d] != size)
      buffer.strides[d] = 0;
    buffer.sizes[d] = size;
  }
  return buffer;
}

// ---- Spaces
static Space elementsSpace(RegionWriter &region, const ScatterForm &form, const Buffer &target) {
  Space space;
  space.target = atLeastOne(target);
  for (auto [d, value] : llvm::enumerate(form.indices)) {
    if (!value)
      continue;
    Buffer index = atLeastOne(region.buffer(value));
    bool isSlices = form.kind == ScatterForm::Kind::Slices;
    space.sizes.assign(isSlices ? space.target.sizes : index.sizes);
    space.sizes[d] = index.sizes[isSlices ? 0 : d];
    if (isSlices) {
      int64_t stride = index.strides[0];
      index.sizes = space.sizes;
      index.strides.assign(space.sizes.size(), 0);
      index.strides[d] = stride;
    }
    space.indices.push_back({index, space.target.sizes[d], space.target.strides[d]});
    space.target.strides[d] = 0;
  }
  if (form.source) {
    Buffer source = region.buffer(form.source);
    space.source = source.rank() == 0 ? broadcastTo(source, space.sizes) : source;
  }
  return space;
}

static Space flatSpace(RegionWriter &region, const ScatterForm &form, const Buffer &target) {
  Space space;
  Buffer index = region.dense(form.indices[0]);
  space.sizes = {index.numel()};
  space.target = *reshapeBuffer(target, {target.numel()});
  space.indices.push_back(
      {*reshapeBuffer(index, space.sizes), target.numel(), space.target.strides[0]});
  space.target.strides[0] = 0;
  space.source = *reshapeBuffer(region.dense(form.source), space.sizes);
  return space;
}

/// Planes as rows of one dimension.
static Space planesSpace(RegionWriter &region, const ScatterForm &form, const Buffer &target) {
  auto rows = [&](const Buffer &buffer) {
    int64_t size = 1;
    for (int64_t n : ArrayRef(buffer.sizes).take_back(form.spatial))
      size *= n;
    int64_t planes = 1;
    for (int64_t n : ArrayRef(buffer.sizes).drop_back(form.spatial))
      planes *= n;
    return *reshapeBuffer(buffer, {planes, size});
  };
  Space space;
  Buffer index = rows(region.dense(form.indices[0]));
  space.target = rows(target);
  space.source = rows(region.dense(form.source));
  space.sizes = space.source.sizes;
  space.indices.push_back({index, space.target.sizes[1], space.target.strides[1]});
  space.target.strides[1] = 0;
  return space;
}

static Space tensorsSpace(RegionWriter &region, const ScatterForm &form, const Buffer &target) {
  Space space;
  SmallVector<int64_t> common, places;
  for (auto [d, value] : llvm::enumerate(form.indices)) {
    if (!value)
      continue;
    places.push_back(static_cast<int64_t>(d));
    const Buffer &index = region.buffer(value);
    if (index.sizes.size() > common.size())
      common.insert(common.begin(), index.sizes.size() - common.size(), 1);
    for (int64_t i = 1; i <= index.rank(); ++i)
      if (int64_t size = index.sizes[index.rank() - i]; size != 1)
        common[common.size() - i] = size;
  }
  bool adjacent = places.back() - places.front() + 1 == static_cast<int64_t>(places.size());
  SmallVector<int64_t, 6> strides;
  int64_t first = 0; // dimension of the space where the indices' begin
  auto addIndices = [&] {
    first = static_cast<int64_t>(space.sizes.size());
    space.sizes.append(common);
    strides.append(common.size(), 0);
  };
  if (!adjacent)
    addIndices();
  for (int64_t d = 0; d < target.rank(); ++d) {
    if (adjacent && d == places.front())
      addIndices();
    if (form.indices[d])
      continue;
    space.sizes.push_back(target.sizes[d]);
    strides.push_back(target.strides[d]);
  }
  for (int64_t d : places) {
    Buffer index = broadcastTo(region.buffer(form.indices[d]), common);
    Buffer over = index;
    over.sizes = space.sizes;
    over.strides.assign(space.sizes.size(), 0);
    llvm::copy(index.strides, over.strides.begin() + first);
    space.indices.push_back({over, target.sizes[d], target.strides[d]});
  }
  space.target = target;
  space.target.sizes = space.sizes;
  space.target.strides = strides;
  space.source = broadcastTo(region.buffer(form.source), space.sizes);
  return space;
}

static Space makeSpace(RegionWriter &region, const ScatterForm &form, const Buffer &target) {
  Space space = form.kind == ScatterForm::Kind::Tensors  ? tensorsSpace(region, form, target)
                : form.kind == ScatterForm::Kind::Flat   ? flatSpace(region, form, target)
                : form.kind == ScatterForm::Kind::Planes ? planesSpace(region, form, target)
                                                         : elementsSpace(region, form, target);
  space.hasSource = static_cast<bool>(form.source);
  space.wraps = form.wraps;
  return space;
}

// ---- Code
static Value combined(KernelBuilder &k, Combine combine, DType dtype, Value a, Value b) {
  OpBuilder &builder = k.builder;
  bool isFloat = isFloating(dtype);
  auto make = [&]<class Op>() -> Value { return Op::create(builder, k.loc, a, b); };
  switch (combine) {
  case Combine::Assign:
    return b;
  case Combine::Add:
    return isFloat ? make.operator()<arith::AddFOp>() : make.operator()<arith::AddIOp>();
  case Combine::Multiply:
    return isFloat ? make.operator()<arith::MulFOp>() : make.operator()<arith::MulIOp>();
  case Combine::Maximum:
  case Combine::Minimum:
    break;
  }
  bool larger = combine == Combine::Maximum;
  if (!isFloat && dtype == DType::UInt8)
    return larger ? make.operator()<arith::MaxUIOp>() : make.operator()<arith::MinUIOp>();
  if (!isFloat)
    return larger ? make.operator()<arith::MaxSIOp>() : make.operator()<arith::MinSIOp>();
  // NaN on either side stays.
  using Predicate = arith::CmpFPredicate;
  Value beats =
      arith::CmpFOp::create(builder, k.loc, larger ? Predicate::OGT : Predicate::OLT, b, a);
  Value isNan = arith::CmpFOp::create(builder, k.loc, Predicate::UNO, b, b);
  Value takes = arith::OrIOp::create(builder, k.loc, beats, isNan);
  return arith::SelectOp::create(builder, k.loc, takes, b, a);
}

/// The neutral number of a combination.
static double neutral(Combine combine, DType dtype) {
  if (combine == Combine::Add || combine == Combine::Multiply)
    return combine == Combine::Add ? 0 : 1;
  bool lowest = combine == Combine::Maximum;
  if (isFloating(dtype))
    return lowest ? -HUGE_VAL : HUGE_VAL;
  int bits = dtypeBytes(dtype) * 8;
  if (dtype == DType::UInt8)
    return lowest ? 0 : 255;
  return lowest ? -std::exp2(bits - 1) : std::exp2(bits - 1) - 1;
}

/// `number` as an element; beyond an int64's largest number, that.
static Value elementNumber(KernelBuilder &k, Type type, double number) {
  Type element = getElementTypeOrSelf(type);
  if (element.isInteger(64) && number >= 0x1p63) {
    Value most = k.constant(INT64_MAX);
    auto lanes = dyn_cast<VectorType>(type);
    return lanes ? k.splat(most, lanes.getNumElements()) : most;
  }
  return k.number(type, number);
}

namespace {
/// Writes a pass: pieces over the axes that indices do not choose, loops over the others.
class ScatterWriter {
public:
  ScatterWriter(RegionWriter &region, const Space &space, const Pass &pass)
      : region(region), space(space), pass(pass) {}
  void write();

private:
  struct Place {
    Value target, source;
    SmallVector<Value, 2> indices;
  };
  void chooseRun();
  Place advanced(KernelBuilder &k, const Place &at, size_t d, Value i) const;
  Value chosenOffset(KernelBuilder &k, const Place &at) const;
  void eachIndexed(KernelBuilder &k, size_t next, const Place &at,
                   llvm::function_ref<void(const Place &)> body) const;
  void writeElements(KernelBuilder &k, const Place &at, int64_t lanes) const;
  void writePiece(KernelBuilder &k, Value piece) const;

  RegionWriter &region;
  const Space &space;
  const Pass &pass;
  SmallVector<size_t> split, indexed; ///< dimensions of the space
  std::optional<size_t> run;          ///< in vectors
  int64_t chunk = 0, chunks = 1, lanes = 1;
};
} // namespace

/// The dimension along which elements lie side by side and have one index.
void ScatterWriter::chooseRun() {
  lanes = 64 / dtypeBytes(space.target.dtype);
  for (auto [d, size] : llvm::enumerate(space.sizes)) {
    bool fits = size > 1 && space.target.strides[d] == 1 &&
                (!pass.hasSource || space.source.strides[d] == 1 || space.source.strides[d] == 0);
    for (const Index &index : space.indices)
      fits = fits && index.buffer.strides[d] == 0;
    if (fits)
      run = d;
  }
  for (auto [d, size] : llvm::enumerate(space.sizes))
    if (size != 1 && run != d)
      (space.target.strides[d] != 0 ? split : indexed).push_back(d);
  if (!run)
    return;
  chunk = std::min<int64_t>(llvm::alignTo(space.sizes[*run], lanes), 16 * lanes);
  chunks = llvm::divideCeil(space.sizes[*run], chunk);
}

ScatterWriter::Place ScatterWriter::advanced(KernelBuilder &k, const Place &at, size_t d,
                                             Value i) const {
  Place to;
  to.target = k.add(at.target, k.mul(i, space.target.strides[d]));
  to.source = pass.hasSource ? k.add(at.source, k.mul(i, space.source.strides[d])) : at.source;
  for (auto [index, offset] : llvm::zip(space.indices, at.indices))
    to.indices.push_back(k.add(offset, k.mul(i, index.buffer.strides[d])));
  return to;
}

/// Where the indices at a place point to; fail() and the first element when one is out of range.
Value ScatterWriter::chosenOffset(KernelBuilder &k, const Place &at) const {
  Value offset = at.target, zero = k.constant(0);
  for (auto [index, place] : llvm::zip(space.indices, at.indices)) {
    Value number = k.load(k.elementType(index.buffer.dtype), k.pointer(index.buffer), place);
    if (index.buffer.dtype != DType::Int64)
      number = arith::ExtSIOp::create(k.builder, k.loc, k.builder.getI64Type(), number);
    Value size = k.constant(index.size);
    if (space.wraps) {
      Value isNegative = k.less(number, zero);
      number = k.add(number, arith::SelectOp::create(k.builder, k.loc, isNegative, size, zero));
    }
    Value isOutside =
        arith::CmpIOp::create(k.builder, k.loc, arith::CmpIPredicate::uge, number, size);
    k.ifThen(isOutside, [&] { k.fail(); });
    number = arith::SelectOp::create(k.builder, k.loc, isOutside, zero, number);
    offset = k.add(offset, k.mul(number, index.stride));
  }
  return offset;
}

void ScatterWriter::eachIndexed(KernelBuilder &k, size_t next, const Place &at,
                                llvm::function_ref<void(const Place &)> body) const {
  if (next == indexed.size())
    return body(at);
  size_t d = indexed[next];
  k.loop(0, space.sizes[d], 1,
         [&](Value i) { eachIndexed(k, next + 1, advanced(k, at, d, i), body); });
}

void ScatterWriter::writeElements(KernelBuilder &k, const Place &at, int64_t count) const {
  DType dtype = space.target.dtype;
  Type element = k.elementType(dtype), type = count == 1 ? element : k.vector(element, count);
  Value arriving;
  if (!pass.hasSource)
    arriving = elementNumber(k, type, pass.number);
  else if (count > 1 && space.source.strides[*run] == 0)
    arriving = k.splat(k.load(element, k.pointer(space.source), at.source), count);
  else
    arriving = k.load(type, k.pointer(space.source), at.source);
  if (pass.alpha != 1)
    arriving = combined(k, Combine::Multiply, dtype, arriving, k.number(type, pass.alpha));
  Value target = k.pointer(space.target);
  if (pass.combine != Combine::Assign)
    arriving = combined(k, pass.combine, dtype, k.load(type, target, at.target), arriving);
  k.store(arriving, target, at.target);
}

void ScatterWriter::writePiece(KernelBuilder &k, Value piece) const {
  SmallVector<int64_t> sizes;
  for (size_t d : split)
    sizes.push_back(space.sizes[d]);
  sizes.push_back(chunks);
  SmallVector<Value> coordinates = k.delinearize(piece, sizes);
  Place at{k.constant(0), k.constant(0),
           SmallVector<Value, 2>(space.indices.size(), k.constant(0))};
  for (auto [d, i] : llvm::zip(split, coordinates))
    at = advanced(k, at, d, i);
  Value begin = k.mul(coordinates.back(), chunk), end;
  if (run)
    end = k.min(k.add(begin, chunk), k.constant(space.sizes[*run]));
  eachIndexed(k, 0, at, [&](const Place &here) {
    Place chosen = here;
    chosen.target = chosenOffset(k, here);
    if (!run)
      return writeElements(k, chosen, 1);
    int64_t full = space.sizes[*run] / lanes * lanes;
    k.loop(begin, k.min(end, k.constant(full)), lanes,
           [&](Value i) { writeElements(k, advanced(k, chosen, *run, i), lanes); });
    if (full < space.sizes[*run])
      k.loop(k.max(begin, k.constant(full)), end, 1,
             [&](Value i) { writeElements(k, advanced(k, chosen, *run, i), 1); });
  });
}

void ScatterWriter::write() {
  if (llvm::is_contained(space.sizes, 0))
    return;
  chooseRun();
  int64_t pieces = chunks, work = run ? chunk / lanes + 1 : 1;
  for (size_t d : split)
    pieces *= space.sizes[d];
  for (size_t d : indexed)
    work *= space.sizes[d];
  region.launch(pieces, std::max<int64_t>(1, 8192 / work),
                [&](KernelBuilder &k, Value first, Value last) {
                  k.loop(first, last, 1, [&](Value piece) { writePiece(k, piece); });
                });
}

/// Sums divided by the number of their elements, which `counts` (float64) holds.
static void divideByCounts(RegionWriter &region, const Buffer &sums, const Buffer &counts) {
  SmallVector<Axis> axes;
  for (int64_t d = 0; d < sums.rank(); ++d)
    axes.push_back({sums.sizes[d], counts.strides[d], sums.strides[d]});
  axes = mergedAxes(axes);
  if (isEmpty(axes))
    return;
  Axis row = axes.pop_back_val();
  Item item{axes, row.size, 1, 16};
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Type type = k.elementType(sums.dtype), wide = k.builder.getF64Type();
    k.loop(begin, end, 1, [&](Value i) {
      Offsets here = at.advanced(k, row, i);
      Value count = k.load(wide, k.pointer(counts), here.from);
      count = arith::MaximumFOp::create(k.builder, k.loc, count, k.number(wide, 1));
      if (type != wide)
        count = arith::TruncFOp::create(k.builder, k.loc, type, count);
      Value sum = k.load(type, k.pointer(sums), here.to);
      k.store(arith::DivFOp::create(k.builder, k.loc, sum, count), k.pointer(sums), here.to);
    });
  });
}

void emitScatter(RegionWriter &region, kernel::GroupOp group) {
  auto op = *group.block().getOps<ts::AtenOp>().begin();
  std::string why;
  std::optional<ScatterForm> form = kernel::readScatter(op, why);
  assert(form && "whyNotScatter lets nothing else through");
  Buffer result = region.define(group.getResult(0)), target = result;
  // Elements counted in row-major order have to lie so.
  bool isCounted = form->kind == ScatterForm::Kind::Flat || form->kind == ScatterForm::Kind::Planes;
  bool inPlace = !isCounted || result.isDense();
  if (!inPlace)
    target = region.temporary(result.dtype, result.sizes);
  if (form->self)
    emitCopy(region, region.buffer(form->self), target);
  else
    emitFill(region, target, 0);
  Space space = makeSpace(region, *form, target);
  auto run = [&](const Space &over, const Pass &pass) {
    ScatterWriter(region, over, pass).write();
  };
  if (!form->includeSelf)
    run(space, {Combine::Assign, false, neutral(form->combine, target.dtype), 1});
  run(space, {form->combine, space.hasSource, form->value, form->alpha});
  if (!llvm::is_contained(space.sizes, 0))
    region.raiseIfFailed(form->className, form->message);
  if (form->isMean) {
    Buffer counts = region.temporary(DType::Float64, target.sizes);
    emitFill(region, counts, form->includeSelf ? 1 : 0);
    run(makeSpace(region, *form, counts), {Combine::Add, false, 1, 1});
    divideByCounts(region, target, counts);
  }
  if (!inPlace)
    emitCopy(region, target, result);
}

} // namespace tsc::lowering
