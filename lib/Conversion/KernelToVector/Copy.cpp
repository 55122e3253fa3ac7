// SPDX-License-Identifier: Apache-2.0
// Copies of strided elements. Dimensions are first sorted by where they lie in the target and
// merged where both sides agree; what is innermost then decides:
//   rows        stride 1 on both sides: vectors of 64 bytes
//   planes      stride 1 along one dimension in the source and along another in the target: square
//               tiles that are transposed in registers, vectors on both sides
//   interleaved planes of which one dimension has 2 to 4 elements that lie side by side with
//               nothing between (an image's colours): one pass of shuffles, all lanes used
//   strided     anything else: lanes are gathered where the target has stride 1, else one by one
#include "CopyPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/APFloat.h"

#include <array>
#include <cstring>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

namespace {
/// What is copied.
struct CopyPlan {
  SmallVector<Axis> axes;
  Buffer from, to;
  int64_t bytes = 1; ///< of an element, at most 8
};
} // namespace

static CopyPlan makePlan(const Buffer &from, const Buffer &to) {
  CopyPlan plan;
  plan.from = from, plan.to = to;
  plan.bytes = dtypeBytes(to.dtype);
  int64_t words = plan.bytes == 16 ? 2 : 1;
  SmallVector<Axis> axes;
  for (int64_t d = 0; d < to.rank(); ++d)
    axes.push_back({to.sizes[d], from.strides[d] * words, to.strides[d] * words});
  if (words == 2) {
    axes.push_back({2, 1, 1});
    plan.bytes = 8;
  }
  plan.axes = mergedAxes(axes);
  return plan;
}

// ---- Rows
static void copyRows(RegionWriter &region, CopyPlan &plan) {
  Axis row = plan.axes.pop_back_val();
  int64_t lanes = 64 / plan.bytes;
  Item item{plan.axes, row.size, lanes, plan.bytes};
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    Type word = wordType(k, plan.bytes);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      copyRun(k, word, source, k.add(at.from, i), target, k.add(at.to, i), count);
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
                      const Axis &x, int64_t countX, const Offsets &at) {
  Type word = wordType(k, plan.bytes);
  Value source = k.pointer(plan.from), target = k.pointer(plan.to);
  Axis both[] = {{countY, y.from, y.to}, {countX, x.from, x.to}};
  eachOf(k, both, at,
         [&](const Offsets &here) { k.store(k.load(word, source, here.from), target, here.to); });
}

/// A tile with stride 1 along y in the source and along x in the target.
static void copyTile(KernelBuilder &k, const CopyPlan &plan, const Axis &y, int64_t countY,
                     const Axis &x, int64_t countX, int64_t lanes, const Offsets &at) {
  if (plan.bytes <= 2 && (countY < lanes || countX < lanes))
    return copyBlock(k, plan, y, countY, x, countX, at);
  Value source = k.pointer(plan.from), target = k.pointer(plan.to);
  VectorType type = k.vector(wordType(k, plan.bytes), lanes);
  SmallVector<Value> rows;
  for (int64_t r = 0; r < lanes; ++r)
    rows.push_back(r < countX ? loadFirst(k, type, source, k.add(at.from, r * x.from), countY)
                              : rows[0]); // the lanes that it fills are not stored
  transposeTile(k, rows);
  for (int64_t c = 0; c < countY; ++c)
    storeFirst(k, rows[c], target, k.add(at.to, c * y.to), countX);
}

static void copyPlanes(RegionWriter &region, CopyPlan &plan, size_t sourceAxis) {
  Axis x = plan.axes.pop_back_val(), y = plan.axes[sourceAxis];
  plan.axes.erase(plan.axes.begin() + sourceAxis);
  int64_t lanes = tileLanes(region, plan.bytes);
  bool mainIsX = x.size >= y.size;
  const Axis &main = mainIsX ? x : y, &other = mainIsX ? y : x;
  Item item{plan.axes, main.size, lanes, plan.bytes * other.size};
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    eachTile(k, begin, end, main.size, lanes, [&](Value i, int64_t countMain) {
      Offsets there = at.advanced(k, main, i);
      eachTile(k, k.constant(0), k.constant(other.size), other.size, lanes,
               [&](Value j, int64_t countOther) {
                 copyTile(k, plan, y, mainIsX ? countOther : countMain, x,
                          mainIsX ? countMain : countOther, lanes, there.advanced(k, other, j));
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
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    VectorType type = k.vector(wordType(k, plan.bytes), lanes);
    eachTile(k, begin, end, pixels.size, lanes, [&](Value i, int64_t count) {
      Offsets tile = at.advanced(k, pixels, i);
      if (plan.bytes <= 2 && count < lanes)
        return copyBlock(k, plan, pixels, count, colours, n, tile);
      SmallVector<Value> sources;
      auto sideBySide = [&](int64_t q) { // elements of vector q of a run of pixels
        return std::min(lanes, std::max<int64_t>(count * n - q * lanes, 0));
      };
      for (int64_t v = 0; v < n; ++v) {
        int64_t valid = apart ? sideBySide(v) : count;
        sources.push_back(
            valid == 0 ? sources[0]
                       : loadFirst(k, type, source,
                                   k.add(tile.from, v * (apart ? lanes : colours.from)), valid));
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
                     k.add(tile.to, v * (apart ? colours.to : lanes)), valid);
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
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Value source = k.pointer(plan.from), target = k.pointer(plan.to);
    Type word = wordType(k, plan.bytes);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      Offsets tile = at.advanced(k, row, i);
      if (count < lanes || lanes == 1) {
        Axis rest[] = {{count, row.from, row.to}};
        return eachOf(k, rest, tile, [&](const Offsets &here) {
          k.store(k.load(word, source, here.from), target, here.to);
        });
      }
      VectorType type = k.vector(word, lanes);
      if (row.from >= 0)
        return k.store(k.loadStrided(type, source, tile.from, row.from), target, tile.to);
      Value lowest = k.add(tile.from, row.from * (lanes - 1));
      k.store(reversed(k, k.loadStrided(type, source, lowest, -row.from)), target, tile.to);
    });
  });
}

void emitCopy(RegionWriter &region, const Buffer &from, const Buffer &to) {
  CopyPlan plan = makePlan(from, to);
  if (isEmpty(plan.axes))
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
  if (isEmpty(plan.axes))
    return;
  Axis row = plan.axes.pop_back_val();
  int64_t lanes = row.to == 1 ? 64 / plan.bytes : 1;
  Item item{plan.axes, row.size, lanes, plan.bytes};
  launchItems(region, item, [&](KernelBuilder &k, const Offsets &at, Value begin, Value end) {
    Value target = k.pointer(plan.to), word = wordOf(k, element);
    eachTile(k, begin, end, row.size, lanes, [&](Value i, int64_t count) {
      Value place = k.add(at.to, k.mul(i, row.to));
      for (int64_t width = lanes; width > 0; width /= 2)
        for (; count >= width; count -= width) {
          k.store(width == 1 ? word : k.splat(word, width), target, place);
          place = k.add(place, width);
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
  case DType::Bool:
    return fill(static_cast<uint8_t>(number != 0));
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
