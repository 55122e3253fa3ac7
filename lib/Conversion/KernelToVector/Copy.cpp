// SPDX-License-Identifier: Apache-2.0
// Copies of strided elements. Dimensions are first sorted by where they lie in the target and
// merged where both sides agree; what is innermost then decides:
//   rows        stride 1 on both sides: vectors of 64 bytes
//   planes      stride 1 along one dimension in the source and along another in the target: square
//               tiles that are transposed in registers, vectors on both sides
//   interleaved planes of which one dimension has 2 to 4 elements that lie side by side with
//               nothing between (an image's colours): one pass of shuffles, all lanes used
//   strided     stride 1 in the target only: lanes are gathered
//   elements    anything else, one by one
// Elements are moved as integers of their size; those of 16 bytes as two of 8.
#include "Copy.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/APFloat.h"

#include <array>
#include <cstring>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

namespace {
struct Axis {
  int64_t size, from, to; ///< strides in elements
};

/// What is copied: axes in order of their place in the target, outermost first.
struct CopyPlan {
  SmallVector<Axis> axes;
  Buffer from, to;
  int64_t bytes = 1; ///< of an element

  bool isEmpty() const {
    return llvm::any_of(axes, [](const Axis &axis) { return axis.size == 0; });
  }
};

/// Code that copies one item: some inner axes at given offsets of both sides. It covers the part
/// [begin, end) of its main axis, a whole number of `unit` elements except at the axis's end.
struct Item {
  SmallVector<Axis> axes; ///< the others, outermost first
  int64_t mainSize = 1, unit = 1;
  int64_t bytes = 1; ///< of the item for each element of the main axis
};
using ItemBody =
    llvm::function_ref<void(KernelBuilder &, Value from, Value to, Value begin, Value end)>;

/// Pieces of work are about this large; what is handed to a thread is some of them.
constexpr int64_t kPieceBytes = 16 << 10, kGrainBytes = 128 << 10;
} // namespace

static CopyPlan makePlan(const Buffer &from, const Buffer &to) {
  CopyPlan plan;
  plan.from = from, plan.to = to;
  plan.bytes = dtypeBytes(to.dtype);
  int64_t words = plan.bytes == 16 ? 2 : 1;
  SmallVector<Axis> axes;
  for (int64_t d = 0; d < to.rank(); ++d)
    if (to.sizes[d] != 1)
      axes.push_back({to.sizes[d], from.strides[d] * words, to.strides[d] * words});
  if (words == 2) {
    axes.push_back({2, 1, 1});
    plan.bytes = 8;
  }
  llvm::sort(axes, [](const Axis &a, const Axis &b) {
    return a.to != b.to ? a.to > b.to : a.from > b.from;
  });
  for (const Axis &axis : axes) {
    if (!plan.axes.empty()) {
      Axis &outer = plan.axes.back();
      if (outer.from == axis.from * axis.size && outer.to == axis.to * axis.size) {
        outer = {outer.size * axis.size, axis.from, axis.to};
        continue;
      }
    }
    plan.axes.push_back(axis);
  }
  if (plan.axes.empty())
    plan.axes.push_back({1, 1, 1});
  return plan;
}

static Type wordType(KernelBuilder &k, int64_t bytes) {
  return k.builder.getIntegerType(static_cast<unsigned>(bytes * 8));
}

/// body(i, count) for tiles of `tile` elements over [begin, end) of an axis of `size`; the count is
/// known when compiling, and below `tile` only for the axis's last elements.
static void eachTile(KernelBuilder &k, Value begin, Value end, int64_t size, int64_t tile,
                     llvm::function_ref<void(Value, int64_t)> body) {
  int64_t full = size / tile * tile;
  if (full > 0)
    k.loop(begin, k.min(end, k.constant(full)), tile, [&](Value i) { body(i, tile); });
  if (full < size)
    k.ifThen(k.less(k.constant(full), end), [&] { body(k.constant(full), size - full); });
}

/// Nested loops over axes; body gets both offsets.
static void eachOf(KernelBuilder &k, ArrayRef<Axis> axes, Value from, Value to,
                   llvm::function_ref<void(Value, Value)> body) {
  if (axes.empty())
    return body(from, to);
  k.loop(0, axes.front().size, 1, [&](Value i) {
    eachOf(k, axes.drop_front(), k.add(from, k.mul(i, axes.front().from)),
           k.add(to, k.mul(i, axes.front().to)), body);
  });
}

/// Cuts the work into pieces and launches it: outer axes, and parts of the main one.
static void launchItems(RegionWriter &region, const Item &item, ItemBody body) {
  int64_t chunk = std::max<int64_t>(kPieceBytes / std::max<int64_t>(item.bytes, 1), 1);
  chunk = std::min(llvm::alignTo(chunk, item.unit), llvm::alignTo(item.mainSize, item.unit));
  int64_t chunks = llvm::divideCeil(item.mainSize, chunk);
  int64_t pieceBytes = std::min(chunk, item.mainSize) * item.bytes;
  size_t outer = item.axes.size();
  if (chunks == 1)
    while (outer > 0 && pieceBytes * item.axes[outer - 1].size <= kPieceBytes)
      pieceBytes *= item.axes[--outer].size;
  ArrayRef<Axis> split = ArrayRef<Axis>(item.axes).take_front(outer),
                 inner = ArrayRef<Axis>(item.axes).drop_front(outer);
  SmallVector<int64_t> sizes;
  int64_t count = chunks, total = item.mainSize * item.bytes;
  for (const Axis &axis : split) {
    sizes.push_back(axis.size);
    count *= axis.size;
  }
  for (const Axis &axis : item.axes)
    total *= axis.size;
  sizes.push_back(chunks);
  int64_t grain = std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(pieceBytes, 1));
  region.launch(
      count, grain,
      [&](KernelBuilder &k, Value first, Value last) {
        k.loop(first, last, 1, [&](Value piece) {
          SmallVector<Value> at = k.delinearize(piece, sizes);
          Value from = k.constant(0), to = k.constant(0);
          for (auto [axis, i] : llvm::zip(split, at)) {
            from = k.add(from, k.mul(i, axis.from));
            to = k.add(to, k.mul(i, axis.to));
          }
          Value begin = k.mul(at.back(), chunk);
          Value end = k.min(k.add(begin, chunk), k.constant(item.mainSize));
          eachOf(k, inner, from, to, [&](Value f, Value t) { body(k, f, t, begin, end); });
        });
      },
      0, 2.0 * static_cast<double>(total));
}

// ---- Rows
/// `count` elements side by side, in as few vectors as powers of two allow.
static void copyRun(KernelBuilder &k, Type word, Value source, Value from, Value target, Value to,
                    int64_t count) {
  for (int64_t lanes = int64_t(1) << llvm::Log2_64(count); count > 0; lanes /= 2) {
    if (lanes > count)
      continue;
    Type type = lanes == 1 ? word : Type(k.vector(word, lanes));
    k.store(k.load(type, source, from), target, to);
    from = k.add(from, lanes), to = k.add(to, lanes);
    count -= lanes;
  }
}

static void copyRows(RegionWriter &region, CopyPlan &plan) {
  Axis row = plan.axes.pop_back_val();
  int64_t lanes = 64 / plan.bytes;
  Item item{plan.axes, row.size, lanes, plan.bytes};
  launchItems(region, item, [&](KernelBuilder &k, Value from, Value to, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    Type word = wordType(k, plan.bytes);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      copyRun(k, word, source, k.add(from, i), target, k.add(to, i), count);
    });
  });
}

// ---- Vectors that are put together from others
/// Lane l of the result is lane `lane(l)` of vector `vector(l)` of the sources; lanes of sources
/// that do not exist (-1) are any.
static Value gatherLanes(KernelBuilder &k, ArrayRef<Value> sources, ArrayRef<int64_t> vectors,
                         ArrayRef<int64_t> lanes) {
  int64_t width = static_cast<int64_t>(lanes.size());
  Value made;
  for (auto [s, source] : llvm::enumerate(sources)) {
    SmallVector<int64_t> mask(width);
    bool used = false;
    for (int64_t l = 0; l < width; ++l) {
      bool own = vectors[l] == static_cast<int64_t>(s);
      used |= own;
      mask[l] = own ? (made ? width : 0) + lanes[l] : l;
    }
    if (!used)
      continue;
    made = vector::ShuffleOp::create(k.builder, k.loc, made ? made : source, source, mask);
  }
  return made;
}

/// Transposes a square of `rows.size()` vectors: in step d, blocks of d lanes change places.
static void transposeTile(KernelBuilder &k, MutableArrayRef<Value> rows) {
  int64_t width = static_cast<int64_t>(rows.size());
  for (int64_t d = width / 2; d > 0; d /= 2) {
    SmallVector<int64_t> low(width), high(width);
    for (int64_t l = 0; l < width; ++l) {
      low[l] = l & d ? width + l - d : l;
      high[l] = l & d ? width + l : l + d;
    }
    for (int64_t r = 0; r < width; ++r) {
      if (r & d)
        continue;
      Value a = rows[r], b = rows[r + d];
      rows[r] = vector::ShuffleOp::create(k.builder, k.loc, a, b, low);
      rows[r + d] = vector::ShuffleOp::create(k.builder, k.loc, a, b, high);
    }
  }
}

/// Lanes of a tile's vectors: as many as a register has, 16 for elements of 1 or 2 bytes.
static int64_t tileLanes(const RegionWriter &region, int64_t bytes) {
  return bytes <= 2 ? 16 : region.target.vectorBytes / bytes;
}
static Value loadFirst(KernelBuilder &k, VectorType type, Value base, Value offset, int64_t count) {
  return count == type.getNumElements() ? k.load(type, base, offset)
                                        : k.loadMasked(type, base, offset, k.constant(count));
}
static void storeFirst(KernelBuilder &k, Value value, Value base, Value offset, int64_t count) {
  if (count == cast<VectorType>(value.getType()).getNumElements())
    k.store(value, base, offset);
  else
    k.storeMasked(value, base, offset, k.constant(count));
}

// ---- Planes
/// A part of a plane element by element; x has stride 1 in the target.
static void copyBlock(KernelBuilder &k, const CopyPlan &plan, const Axis &y, int64_t countY,
                      const Axis &x, int64_t countX, Value from, Value to) {
  Type word = wordType(k, plan.bytes);
  Value source = k.pointer(plan.from), target = k.pointer(plan.to);
  Axis both[] = {{countY, y.from, y.to}, {countX, x.from, x.to}};
  eachOf(k, both, from, to, [&](Value f, Value t) { k.store(k.load(word, source, f), target, t); });
}

/// A tile with stride 1 along y in the source and along x in the target.
static void copyTile(KernelBuilder &k, const CopyPlan &plan, const Axis &y, int64_t countY,
                     const Axis &x, int64_t countX, int64_t lanes, Value from, Value to) {
  if (plan.bytes <= 2 && (countY < lanes || countX < lanes))
    return copyBlock(k, plan, y, countY, x, countX, from, to);
  Value source = k.pointer(plan.from), target = k.pointer(plan.to);
  VectorType type = k.vector(wordType(k, plan.bytes), lanes);
  SmallVector<Value> rows;
  for (int64_t r = 0; r < lanes; ++r)
    rows.push_back(r < countX ? loadFirst(k, type, source, k.add(from, r * x.from), countY)
                              : rows[0]); // the lanes that it fills are not stored
  transposeTile(k, rows);
  for (int64_t c = 0; c < countY; ++c)
    storeFirst(k, rows[c], target, k.add(to, c * y.to), countX);
}

static void copyPlanes(RegionWriter &region, CopyPlan &plan, size_t sourceAxis) {
  Axis x = plan.axes.pop_back_val(), y = plan.axes[sourceAxis];
  plan.axes.erase(plan.axes.begin() + sourceAxis);
  int64_t lanes = tileLanes(region, plan.bytes);
  bool mainIsX = x.size >= y.size;
  const Axis &main = mainIsX ? x : y, &other = mainIsX ? y : x;
  Item item{plan.axes, main.size, lanes, plan.bytes * other.size};
  launchItems(region, item, [&](KernelBuilder &k, Value from, Value to, Value begin, Value end) {
    eachTile(k, begin, end, main.size, lanes, [&](Value i, int64_t countMain) {
      Value fromMain = k.add(from, k.mul(i, main.from)), toMain = k.add(to, k.mul(i, main.to));
      eachTile(k, k.constant(0), k.constant(other.size), other.size, lanes,
               [&](Value j, int64_t countOther) {
                 copyTile(k, plan, y, mainIsX ? countOther : countMain, x,
                          mainIsX ? countMain : countOther, lanes,
                          k.add(fromMain, k.mul(j, other.from)), k.add(toMain, k.mul(j, other.to)));
               });
    });
  });
}

// ---- Interleaved planes
/// `colours` has 2 to 4 elements, side by side in the target (or, `apart`, in the source), where
/// pixels follow one another without gaps; pixels have stride 1 on the other side.
static void copyInterleaved(RegionWriter &region, CopyPlan &plan, const Axis &pixels,
                            const Axis &colours, bool apart) {
  int64_t lanes = tileLanes(region, plan.bytes), n = colours.size;
  Item item{plan.axes, pixels.size, lanes, plan.bytes * n};
  launchItems(region, item, [&](KernelBuilder &k, Value from, Value to, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    VectorType type = k.vector(wordType(k, plan.bytes), lanes);
    eachTile(k, begin, end, pixels.size, lanes, [&](Value i, int64_t count) {
      Value fromTile = k.add(from, k.mul(i, pixels.from)), toTile = k.add(to, k.mul(i, pixels.to));
      if (plan.bytes <= 2 && count < lanes)
        return copyBlock(k, plan, pixels, count, colours, n, fromTile, toTile);
      SmallVector<Value> sources;
      auto sideBySide = [&](int64_t q) { // elements of vector q of a run of pixels
        return std::min(lanes, std::max<int64_t>(count * n - q * lanes, 0));
      };
      for (int64_t v = 0; v < n; ++v) {
        int64_t valid = apart ? sideBySide(v) : count;
        sources.push_back(
            valid == 0 ? sources[0]
                       : loadFirst(k, type, source,
                                   k.add(fromTile, v * (apart ? lanes : colours.from)), valid));
      }
      for (int64_t v = 0; v < n; ++v) {
        SmallVector<int64_t> vectors(lanes), places(lanes);
        for (int64_t l = 0; l < lanes; ++l) {
          int64_t element = apart ? l * n + v : v * lanes + l;
          vectors[l] = apart ? element / lanes : element % n;
          places[l] = apart ? element % lanes : element / n;
        }
        int64_t valid = apart ? count : sideBySide(v);
        if (valid > 0)
          storeFirst(k, gatherLanes(k, sources, vectors, places), target,
                     k.add(toTile, v * (apart ? colours.to : lanes)), valid);
      }
    });
  });
}

// ---- Strided elements
static Value reversed(KernelBuilder &k, Value value) {
  int64_t lanes = cast<VectorType>(value.getType()).getNumElements();
  SmallVector<int64_t> mask;
  for (int64_t l = lanes - 1; l >= 0; --l)
    mask.push_back(l);
  return vector::ShuffleOp::create(k.builder, k.loc, value, value, mask);
}

static void copyStrided(RegionWriter &region, CopyPlan &plan) {
  Axis row = plan.axes.pop_back_val();
  int64_t lanes = row.to == 1 ? std::min<int64_t>(16, 64 / plan.bytes) : 1;
  Item item{plan.axes, row.size, lanes, plan.bytes};
  launchItems(region, item, [&](KernelBuilder &k, Value from, Value to, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    Type word = wordType(k, plan.bytes);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      Value fromTile = k.add(from, k.mul(i, row.from)), toTile = k.add(to, k.mul(i, row.to));
      if (count < lanes || lanes == 1) {
        Axis rest[] = {{count, row.from, row.to}};
        return eachOf(k, rest, fromTile, toTile,
                      [&](Value f, Value t) { k.store(k.load(word, source, f), target, t); });
      }
      VectorType type = k.vector(word, lanes);
      if (row.from >= 0)
        return k.store(k.loadStrided(type, source, fromTile, row.from), target, toTile);
      Value lowest = k.add(fromTile, row.from * (lanes - 1));
      k.store(reversed(k, k.loadStrided(type, source, lowest, -row.from)), target, toTile);
    });
  });
}

void emitCopy(RegionWriter &region, const Buffer &from, const Buffer &to) {
  CopyPlan plan = makePlan(from, to);
  if (plan.isEmpty())
    return;
  Axis inner = plan.axes.back();
  if (inner.to == 1 && inner.from == 1)
    return copyRows(region, plan);
  auto *found = llvm::find_if(plan.axes, [](const Axis &axis) { return axis.from == 1; });
  if (inner.to != 1 || found == plan.axes.end())
    return copyStrided(region, plan);
  Axis outer = *found;
  auto isFew = [](const Axis &axis) { return axis.size >= 2 && axis.size <= 4; };
  bool together = isFew(inner) && outer.to == inner.size;
  bool apart = isFew(outer) && inner.from == outer.size;
  if (!together && !apart)
    return copyPlanes(region, plan, static_cast<size_t>(found - plan.axes.begin()));
  plan.axes.pop_back();
  plan.axes.erase(found);
  copyInterleaved(region, plan, together ? outer : inner, together ? inner : outer, !together);
}

// ---- Filling
/// The element's bytes as a constant of its word type.
static Value wordOf(KernelBuilder &k, ArrayRef<uint8_t> element) {
  uint64_t word = 0;
  std::memcpy(&word, element.data(), element.size());
  Type type = wordType(k, static_cast<int64_t>(element.size()));
  return arith::ConstantOp::create(
      k.builder, k.loc,
      k.builder.getIntegerAttr(type, APInt(static_cast<unsigned>(element.size() * 8), word)));
}

void emitFill(RegionWriter &region, const Buffer &to, ArrayRef<uint8_t> element) {
  if (element.size() == 16) { // both halves as planes of their own
    Buffer halves = to;
    halves.dtype = DType::Int64;
    halves.offset *= 2;
    for (int64_t &stride : halves.strides)
      stride *= 2;
    emitFill(region, halves, element.take_front(8));
    ++halves.offset;
    return emitFill(region, halves, element.drop_front(8));
  }
  CopyPlan plan = makePlan(to, to);
  if (plan.isEmpty())
    return;
  Axis row = plan.axes.pop_back_val();
  int64_t lanes = row.to == 1 ? 64 / plan.bytes : 1;
  Item item{plan.axes, row.size, lanes, plan.bytes};
  launchItems(region, item, [&](KernelBuilder &k, Value, Value to, Value begin, Value end) {
    Value target = k.pointer(plan.to), word = wordOf(k, element);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      Value at = k.add(to, k.mul(i, row.to));
      for (int64_t width = lanes; width > 0; width /= 2)
        for (; count >= width; count -= width) {
          k.store(width == 1 ? word : k.splat(word, width), target, at);
          at = k.add(at, width);
        }
    });
  });
}

void emitFill(RegionWriter &region, const Buffer &to, double number) {
  auto fill = [&](auto element) {
    uint8_t bytes[sizeof element];
    std::memcpy(bytes, &element, sizeof element);
    emitFill(region, to, ArrayRef<uint8_t>(bytes));
  };
  auto fillSmall = [&](const llvm::fltSemantics &semantics) {
    APFloat small(number);
    bool lost = false;
    small.convert(semantics, APFloat::rmNearestTiesToEven, &lost);
    fill(static_cast<uint16_t>(small.bitcastToAPInt().getZExtValue()));
  };
  switch (to.dtype) {
  case DType::Float32:
    return fill(static_cast<float>(number));
  case DType::Float64:
    return fill(number);
  case DType::Float16:
    return fillSmall(APFloat::IEEEhalf());
  case DType::BFloat16:
    return fillSmall(APFloat::BFloat());
  case DType::Complex64:
    return fill(std::array<float, 2>{static_cast<float>(number), 0});
  case DType::Complex128:
    return fill(std::array<double, 2>{number, 0});
  default:
    break;
  }
  switch (auto whole = static_cast<int64_t>(number); dtypeBytes(to.dtype)) {
  case 1:
    return fill(static_cast<int8_t>(whole));
  case 2:
    return fill(static_cast<int16_t>(whole));
  case 4:
    return fill(static_cast<int32_t>(whole));
  default:
    return fill(whole);
  }
}

} // namespace tsc::lowering
