// SPDX-License-Identifier: Apache-2.0
// Where the values of a region lie. Before a region is written, every value gets a layout: channels
// innermost around convolutions and pooling, and through elementwise operators between them; a halo
// of zeros where a convolution reads its padding; padded rows where they would all fall into one
// set of the L1 cache. What leaves the region is dense; it is written in place where its layout
// allows that.
#include "Contraction.h"
#include "Copy.h"

#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/MoveForm.h"

#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Rows that lie a multiple of this many bytes apart share a set of a typical 8-way L1 cache after
/// a few rows.
static constexpr int64_t kConflictBytes = 2048;
static constexpr int64_t kRowPadding = 64; ///< bytes

static ts::TensorType tensorType(Value value) { return cast<ts::TensorType>(value.getType()); }

static ts::AtenOp rootOf(kernel::GroupOp group) {
  return dyn_cast<ts::AtenOp>(group.block().front());
}

/// Is it a convolution of a batch of images?
static bool isConvolution(kernel::GroupOp group) {
  ts::AtenOp root = rootOf(group);
  return group.getKind() == kernel::Kind::Contraction && root && root.getArg("padding") &&
         tensorType(root.getArg("input")).getRank() == tensorType(root.getArg("weight")).getRank();
}

/// Is the operator one over images, whose form wants channels innermost?
static bool isImageOperator(kernel::GroupOp group) {
  return group.getKind() == kernel::Kind::Window || isConvolution(group);
}

// ---- Layouts

/// The halo that a convolution wants around its input, in place of padding.
void RegionWriter::chooseHalos(kernel::GroupOp each) {
  if (!isConvolution(each))
    return;
  Value input = rootOf(each).getArg("input");
  auto producer = input.getDefiningOp<kernel::GroupOp>();
  if (!producer || producer.getKind() == kernel::Kind::View)
    return;
  Layout &layout = layouts[input];
  SmallVector<int64_t, 3> halo = convolutionHalo(rootOf(each));
  layout.halo.resize(halo.size(), 0);
  for (auto [zeros, wanted] : llvm::zip(layout.halo, halo))
    zeros = std::max(zeros, wanted);
}

void RegionWriter::chooseLayouts() {
  auto groups = region.block().getOps<kernel::GroupOp>();
  for (kernel::GroupOp each : groups) {
    bool image = isImageOperator(each);
    for (Value input : each.inputs())
      if (image && tensorType(input).getRank() >= 3 && input == rootOf(each).getArgs()[0])
        layouts[input].channelsLast = true;
    for (Value result : each.getResults()) {
      auto sameShape = [&](Value input) {
        return tensorType(input).getRank() == tensorType(result).getRank() &&
               layouts.lookup(input).channelsLast;
      };
      bool follows = each.getKind() != kernel::Kind::View && llvm::any_of(each.inputs(), sameShape);
      int64_t rank = tensorType(result).getRank();
      if ((image || follows) && rank >= 3 && rank <= 5)
        layouts[result].channelsLast = true;
    }
    chooseHalos(each);
  }
  // Rows of what contractions read, where nothing else does.
  for (kernel::GroupOp each : groups)
    for (Value result : each.getResults()) {
      auto type = tensorType(result);
      bool onlyContractions = llvm::all_of(result.getUsers(), [&](Operation *user) {
        auto reader = dyn_cast<kernel::GroupOp>(user->getParentOp());
        return reader && reader.getKind() == kernel::Kind::Contraction;
      });
      if (!onlyContractions || type.getRank() < 2)
        continue;
      Layout &layout = layouts[result];
      int64_t row = layout.channelsLast ? type.getSizes()[1] : type.getSizes().back();
      int64_t bytes = dtypeBytes(type.getDtype());
      if (row * bytes % kConflictBytes == 0)
        layout.padding = kRowPadding / bytes;
    }
  findDirectOutputs();
}

/// What the region yields, straight or reshaped, is written where the caller gets it.
void RegionWriter::findDirectOutputs() {
  for (auto [i, value] : llvm::enumerate(region.yield().getValues())) {
    Value source = value;
    auto group = source.getDefiningOp<kernel::GroupOp>();
    while (group && kernel::isReshape(rootOf(group)) && group.inputs().size() == 1) {
      source = group.inputs().front();
      group = source.getDefiningOp<kernel::GroupOp>();
    }
    if (!group || group.getKind() == kernel::Kind::View)
      continue;
    Layout &layout = layouts[source];
    ArrayRef<int64_t> sizes = tensorType(source).getSizes();
    int64_t spatial = 1;
    for (int64_t d = 2; d < static_cast<int64_t>(sizes.size()); ++d)
      spatial *= sizes[d];
    if (layout.channelsLast && sizes[1] != 1 && spatial != 1)
      continue;
    if (llvm::any_of(layout.halo, [](int64_t halo) { return halo != 0; }))
      continue;
    if (directOutputs.try_emplace(source, static_cast<int64_t>(i)).second)
      layout = Layout();
  }
}

Buffer RegionWriter::layOut(Type type, const Layout &layout) {
  auto tensor = cast<ts::TensorType>(type);
  Buffer made;
  made.dtype = tensor.getDtype();
  made.sizes.assign(tensor.getSizes().begin(), tensor.getSizes().end());
  made.strides.assign(made.sizes.size(), 0);
  SmallVector<int64_t> order; // dimensions from the innermost outwards
  int64_t rank = made.rank();
  if (layout.channelsLast && rank >= 3)
    order.push_back(1);
  for (int64_t d = rank - 1; d >= 0; --d)
    if (order.empty() || order.front() != d || !layout.channelsLast)
      order.push_back(d);
  int64_t step = 1;
  for (auto [place, d] : llvm::enumerate(order)) {
    int64_t halo = d >= 2 && layout.channelsLast && d - 2 < static_cast<int64_t>(layout.halo.size())
                       ? layout.halo[d - 2]
                       : 0;
    made.strides[d] = step;
    made.offset += halo * step;
    step *= made.sizes[d] + 2 * halo;
    if (place == 0)
      step += layout.padding;
  }
  made.index = step; // elements in all, until the allocation is made
  return made;
}

/// Gives a place in the workspace to what layOut() made.
Buffer RegionWriter::allocate(Buffer laidOut) {
  Allocation allocation;
  allocation.bytes = llvm::alignTo(laidOut.index * dtypeBytes(laidOut.dtype), 64);
  laidOut.index = static_cast<int64_t>(allocations.size());
  allocations.push_back(allocation);
  return laidOut;
}

Buffer RegionWriter::temporary(DType dtype, ArrayRef<int64_t> sizes) {
  return allocate(layOut(ts::TensorType::get(program.context, sizes, dtype), {}));
}

const Buffer &RegionWriter::define(Value result) {
  defineAs(result, makeResult(result));
  return *buffers[result];
}

Buffer RegionWriter::makeResult(Value result) {
  if (auto found = joinedResults.find(result); found != joinedResults.end())
    return found->second;
  if (std::optional<Buffer> place = placeInJoin(result))
    return *place;
  Layout layout = layouts.lookup(result);
  Buffer made = layOut(result.getType(), layout);
  auto direct = directOutputs.find(result);
  if (direct != directOutputs.end()) {
    made.kind = Buffer::Kind::Output, made.index = direct->second;
    return made;
  }
  made = allocate(made);
  zeroHalo(made, layout);
  return made;
}

/// The group that a value is put together with others in, when it has no other use.
static kernel::GroupOp joinOf(Value part) {
  if (!part.hasOneUse())
    return {};
  auto list = dyn_cast<ts::ListConstructOp>(*part.getUsers().begin());
  if (!list || !list.getResult().hasOneUse())
    return {};
  auto group = dyn_cast<kernel::GroupOp>((*list->getUsers().begin())->getParentOp());
  return group && group.getKind() == kernel::Kind::Move ? group : kernel::GroupOp();
}

std::optional<Buffer> RegionWriter::placeInJoin(Value part) {
  kernel::GroupOp join = joinOf(part);
  std::string why;
  auto form = join ? kernel::readMove(rootOf(join), why) : std::nullopt;
  using Kind = kernel::MoveForm::Kind;
  if (!form || (form->kind != Kind::Join && form->kind != Kind::Stack))
    return std::nullopt;
  Value whole = join.getResult(0);
  if (layouts.lookup(whole).channelsLast != layouts.lookup(part).channelsLast)
    return std::nullopt;
  int64_t before = 0;
  for (Value other : kernel::joinedTensors(rootOf(join))) {
    int64_t size = form->kind == Kind::Stack ? 1 : tensorType(other).getSizes()[form->dim];
    if (other != part) {
      before += size;
      continue;
    }
    Buffer made = makeResult(whole); // which may have a place in a join itself
    joinedResults[whole] = made;
    return form->kind == Kind::Stack ? selected(made, form->dim, before)
                                     : sliced(made, form->dim, before, size);
  }
  return std::nullopt;
}

/// Sets `count` elements from `offset` to zero.
static void writeZeros(KernelBuilder &k, const Buffer &buffer, Value offset, int64_t count) {
  Type element = k.elementType(buffer.dtype);
  int64_t lanes = 64 / dtypeBytes(buffer.dtype), whole = count / lanes * lanes;
  Value zeros = k.number(k.vector(element, lanes), 0), base = k.pointer(buffer);
  k.loop(0, whole, lanes, [&](Value i) { k.store(zeros, base, k.add(offset, i)); });
  if (whole != count)
    k.storeMasked(zeros, base, k.add(offset, whole), k.constant(count - whole));
}

/// Fills the borders around the spatial dimensions. Those of a dimension are two runs of memory at
/// every place of the dimensions in front of it: everything further in lies side by side.
void RegionWriter::zeroHalo(const Buffer &buffer, const Layout &layout) {
  if (!layout.channelsLast || llvm::all_of(layout.halo, [](int64_t halo) { return halo == 0; }))
    return;
  int64_t spatial = buffer.rank() - 2;
  Buffer corner = buffer; // where the halo begins
  for (int64_t d = 0; d < spatial; ++d) {
    corner.offset -= layout.halo[d] * buffer.strides[2 + d];
    corner.sizes[2 + d] += 2 * layout.halo[d];
  }
  auto write = [&](KernelBuilder &k, Value begin, Value end) {
    k.loop(begin, end, 1, [&](Value image) {
      Value start = k.mul(image, corner.strides[0]);
      int64_t places = 1;
      for (int64_t d = 0; d < spatial; ++d) {
        int64_t step = corner.strides[2 + d], run = layout.halo[d] * step;
        ArrayRef<int64_t> outer = ArrayRef<int64_t>(corner.sizes).slice(2, d);
        if (run)
          k.loop(0, places, 1, [&](Value place) {
            Value offset = start;
            for (auto [e, coordinate] : llvm::enumerate(k.delinearize(place, outer)))
              offset = k.add(offset, k.mul(coordinate, corner.strides[2 + e]));
            writeZeros(k, corner, offset, run);
            writeZeros(k, corner, k.add(offset, corner.sizes[2 + d] * step - run), run);
          });
        places *= corner.sizes[2 + d];
      }
    });
  };
  launch(buffer.sizes[0], 4, write);
}

// ---- Finding buffers

const Buffer &RegionWriter::buffer(Value value) {
  auto found = buffers.find(value);
  if (found != buffers.end())
    return *found->second;
  Buffer made;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    made = layOut(value.getType(), {});
    made.kind = Buffer::Kind::Input, made.index = argument.getArgNumber();
  } else if (auto constant = value.getDefiningOp<ts::ConstantOp>()) {
    auto tensor = cast<ts::TensorAttr>(constant.getValue());
    made.kind = Buffer::Kind::Weight, made.index = tensor.getStorage();
    made.offset = tensor.getOffset(), made.dtype = tensor.getDtype();
    made.sizes.assign(tensor.getSizes().begin(), tensor.getSizes().end());
    made.strides.assign(tensor.getStrides().begin(), tensor.getStrides().end());
  } else {
    llvm::report_fatal_error("a group's input has no buffer");
  }
  defineAs(value, made);
  return *buffers[value];
}

Buffer RegionWriter::dense(Value value) {
  Buffer from = buffer(value);
  if (from.isDense())
    return from;
  auto found = denseCopies.find(value);
  if (found != denseCopies.end())
    return found->second;
  Buffer copy = temporary(from.dtype, from.sizes);
  emitCopy(*this, from, copy);
  return denseCopies[value] = copy;
}

/// Does the buffer lie with channels innermost?
static bool liesChannelsLast(const Buffer &buffer) {
  return buffer.sizes[1] == 1 || buffer.strides[1] == 1;
}

Buffer RegionWriter::channelsLast(Value value, ArrayRef<int64_t> halo) {
  Buffer from = buffer(value);
  const Layout &layout = layouts[value];
  auto wide = [](ArrayRef<int64_t> has, ArrayRef<int64_t> wants) {
    for (auto [d, zeros] : llvm::enumerate(wants))
      if (zeros > (d < has.size() ? has[d] : 0))
        return false;
    return true;
  };
  bool isOwn = from.kind == Buffer::Kind::Workspace && value.getDefiningOp<kernel::GroupOp>();
  if (liesChannelsLast(from) &&
      wide(isOwn ? ArrayRef<int64_t>(layout.halo) : ArrayRef<int64_t>(), halo))
    return from;
  auto found = channelsLastCopies.find(value);
  if (found != channelsLastCopies.end() && wide(found->second.second, halo))
    return found->second.first;
  Buffer copy = channelsLastCopy(from, halo);
  channelsLastCopies[value] = {copy, SmallVector<int64_t, 3>(halo)};
  return copy;
}

Buffer RegionWriter::channelsLastCopy(const Buffer &from, ArrayRef<int64_t> halo) {
  Layout wanted;
  wanted.channelsLast = true;
  wanted.halo.assign(halo.begin(), halo.end());
  Buffer copy =
      allocate(layOut(ts::TensorType::get(program.context, from.sizes, from.dtype), wanted));
  zeroHalo(copy, wanted);
  emitCopy(*this, from, copy);
  return copy;
}

// ---- Constants

Buffer RegionWriter::constantBuffer(DType dtype, ArrayRef<int64_t> sizes, ArrayRef<uint8_t> bytes) {
  StringRef key(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  std::string digest = std::to_string(llvm::xxh3_64bits(key)) + "/" + std::to_string(bytes.size());
  auto [it, isNew] = program.packedWeights.try_emplace(digest, 0);
  ts::WeightStore &store = ts::getWeightStore(program.context);
  if (!isNew && store.get(it->second) != bytes)
    isNew = true; // another one of the same digest
  if (isNew)
    it->second = store.addCopy(bytes);
  Buffer made = layOut(ts::TensorType::get(program.context, sizes, dtype), {});
  made.kind = Buffer::Kind::Weight, made.index = it->second;
  return made;
}

std::optional<SmallVector<uint8_t, 0>> RegionWriter::constantBytes(Value value) {
  auto tensor = dyn_cast_or_null<ts::TensorAttr>(kernel::constantOf(value));
  return tensor ? kernel::denseBytes(tensor) : std::nullopt;
}

} // namespace tsc::lowering
