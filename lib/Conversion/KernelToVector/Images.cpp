// SPDX-License-Identifier: Apache-2.0
#include "Images.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Vectors of channels whose values are held in registers together.
static constexpr int64_t kBlockVectors = 4;

// ---- Layouts
/// [N, C, Z, Y, X] of an image of 1 to 3 spatial dimensions with or without a batch.
static Buffer asImage(Buffer buffer, int64_t spatial) {
  if (buffer.rank() == spatial + 1)
    buffer = expanded(std::move(buffer), 0, 1);
  while (buffer.rank() < 5)
    buffer = expanded(std::move(buffer), 2, 1);
  if (buffer.sizes[1] == 1)
    buffer.strides[1] = 1;
  return buffer;
}
static Buffer channelsLastImage(RegionWriter &region, const Buffer &image) {
  auto at = [&](int64_t d) { return image.sizes[d]; };
  Buffer made = region.temporary(image.dtype, {at(0), at(2), at(3), at(4), at(1)});
  return permuted(made, {0, 4, 1, 2, 3});
}

ImageKernel::ImageKernel(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root, Value image,
                         int64_t spatial)
    : dtype(cast<ts::TensorType>(image.getType()).getDtype()), region(region), spatial(spatial),
      batched(cast<ts::TensorType>(image.getType()).getRank() == spatial + 2),
      epilogue(group, root) {
  in = asImage(batched ? region.channelsLast(image, {}) : region.buffer(image), spatial);
  if (in.strides[1] != 1) {
    Buffer copied = channelsLastImage(region, in);
    emitCopy(region, in, copied);
    in = copied;
  }
  for (Value result : group.getResults()) {
    finals.push_back(asImage(region.define(result), spatial));
    bool fits = finals.back().strides[1] == 1;
    written.push_back(fits ? finals.back() : channelsLastImage(region, finals.back()));
  }
  out = written.front();
  int64_t bytes = std::max<int64_t>(dtypeBytes(dtype), 4);
  lanes = 64 / (isIntegral(dtype) ? dtypeBytes(dtype) : bytes);
  epilogue.prepare(region, batched ? 1 : 0, batched ? spatial + 2 : spatial + 1);
}

// ---- Values
Type ImageKernel::computeType(KernelBuilder &k) {
  Type memory = k.elementType(dtype);
  return memory.isF16() || memory.isBF16() ? k.builder.getF32Type() : memory;
}

Value ImageKernel::load(KernelBuilder &k, const Pixels &at, int64_t v, Value offset) {
  VectorType type = k.vector(k.elementType(dtype), lanes);
  Value base = k.pointer(in), place = k.add(k.add(offset, at.channel), v * lanes);
  bool whole = at.tail == 0 || v + 1 < at.vectors;
  Value value =
      whole ? k.load(type, base, place) : k.loadMasked(type, base, place, k.constant(at.tail));
  if (computeType(k) == type.getElementType())
    return value;
  return arith::ExtFOp::create(k.builder, k.loc, k.vector(computeType(k), lanes), value);
}

Value ImageKernel::narrowed(KernelBuilder &k, Value value) {
  Type element = k.elementType(dtype);
  if (computeType(k) == element)
    return value;
  return arith::TruncFOp::create(k.builder, k.loc, k.vector(element, lanes), value);
}

// ---- Loops
void ImageKernel::runPixel(KernelBuilder &k, const Pixels &at, Compute compute) {
  SmallVector<Value> values = compute(k, at);
  for (int64_t v = 0; v < at.vectors; ++v) {
    bool whole = at.tail == 0 || v + 1 < at.vectors;
    Value count = whole ? Value() : k.constant(at.tail), channel = k.add(at.channel, v * lanes);
    SmallVector<Value> image = {at.batch, channel, at.z, at.y, at.x}, coordinates;
    if (batched)
      coordinates.push_back(at.batch);
    coordinates.push_back(channel);
    coordinates.append(image.end() - spatial, image.end());
    SmallVector<Value> results = {values[v]};
    if (!epilogue.isEmpty() || written.size() > 1)
      results = epilogue.apply(k, values[v], coordinates, batched ? 1 : 0, lanes, count);
    for (auto [result, buffer] : llvm::zip(results, written))
      k.storeMasked(toMemory(k, result), k.pointer(buffer), k.offsetOf(buffer, image), count);
  }
}

void ImageKernel::runRow(KernelBuilder &k, Pixels row, Value firstBlock, Value endBlock,
                         ArrayRef<Segment> segments, Compute compute) {
  int64_t channels = in.sizes[1], block = kBlockVectors * lanes, full = channels / block;
  int64_t rest = channels % block;
  for (const Segment &segment : segments) {
    if (segment.begin >= segment.end)
      continue;
    k.loop(segment.begin, segment.end, 1, [&](Value x) {
      Pixels at = row;
      at.x = x, at.interior = segment.interior, at.vectors = kBlockVectors;
      if (full > 0)
        k.loop(firstBlock, k.min(endBlock, k.constant(full)), 1, [&](Value i) {
          at.channel = k.mul(i, block);
          runPixel(k, at, compute);
        });
      if (rest == 0)
        return;
      at.channel = k.constant(full * block);
      at.vectors = llvm::divideCeil(rest, lanes), at.tail = rest % lanes;
      auto runRest = [&] { runPixel(k, at, compute); };
      if (full == 0)
        return runRest();
      k.ifThen(k.less(k.constant(full), endBlock), runRest);
    });
  }
}

void ImageKernel::run(ArrayRef<Segment> segments, double cost, Compute compute) {
  int64_t channels = out.sizes[1], blocks = llvm::divideCeil(channels, kBlockVectors * lanes);
  SmallVector<int64_t> sizes = {out.sizes[0], out.sizes[2], out.sizes[3]};
  int64_t rows = sizes[0] * sizes[1] * sizes[2];
  int64_t parts = rows < 16 ? blocks : 1; // few rows: parts of the channels as well
  sizes.push_back(parts);
  double vectors = static_cast<double>(out.sizes[4]) *
                   static_cast<double>(llvm::divideCeil(channels, lanes * parts));
  constexpr double kCycles = 60000; // about 20 microseconds
  auto grain = static_cast<int64_t>(kCycles / (vectors * cost + 1)) + 1;
  auto total = static_cast<double>(out.numel());
  auto body = [&](KernelBuilder &k, Value begin, Value end) {
    k.loop(begin, end, 1, [&](Value piece) {
      SmallVector<Value> at = k.delinearize(piece, sizes);
      Pixels row;
      row.batch = at[0], row.z = at[1], row.y = at[2];
      bool whole = parts == 1;
      runRow(k, row, whole ? k.constant(0) : at[3], whole ? k.constant(blocks) : k.add(at[3], 1),
             segments, compute);
    });
  };
  if (out.numel() > 0)
    region.launch(rows * parts, grain, body, total * cost,
                  (total + static_cast<double>(in.numel())) * dtypeBytes(dtype));
  for (auto [from, to] : llvm::zip(written, finals))
    if (to.strides[1] != 1)
      emitCopy(region, from, to);
}

} // namespace tsc::lowering
