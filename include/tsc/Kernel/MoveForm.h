// SPDX-License-Identifier: Apache-2.0
// What operators that take elements elsewhere do, read from their constant operands.
#pragma once

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace tsc::kernel {

/// Elements to, to + 1, .. (`count` of them) of a dimension of the result are elements from,
/// from + step, .. of the source; step is 1, 0 or -1.
struct Segment {
  int64_t to, from, count, step = 1;
};

struct MoveForm {
  enum class Kind : uint8_t {
    Segments,       ///< the result is put together from parts of the source
    Join,           ///< sources one behind another along `dim`
    Stack,          ///< sources along a new dimension `dim`
    Tile,           ///< the source repeated `numbers` times along each dimension
    RepeatElements, ///< each element `count` times in turn along `dim`; without: flattened
    Rotate,         ///< by `count` quarter turns from numbers[0] to numbers[1]
    PixelShuffle,   ///< blocks of `count` squared channels become pixels
    PixelUnshuffle, ///< and back
    ChannelShuffle, ///< `count` groups of channels take turns
    Triangle,       ///< below (or, `upper`, above) diagonal `count`, the rest is 0
    Copy,           ///< all elements
    Fill,           ///< the number `value`
    Select,         ///< elements of `dim` by an index tensor, whose dimensions take its place
    Gather          ///< an index for every element of the result
  } kind = Kind::Copy;
  /// Of Segments: one list for each dimension; elements that none covers are `value`.
  llvm::SmallVector<llvm::SmallVector<Segment, 3>, 4> segments;
  llvm::SmallVector<int64_t, 4> numbers;
  int64_t dim = 0, count = 0;
  bool flattened = false; ///< of RepeatElements, Select and Gather: the source, in one dimension
  bool upper = false;
  double value = 0;
  // Of Select and Gather:
  mlir::Value source, index;
  bool wraps = false;  ///< indices below 0 count from the end
  std::string message; ///< of the IndexError that an index out of range raises
};

/// The form of an operator with precise types; nothing, with the reason in `why`, when it has none.
std::optional<MoveForm> readMove(ts::AtenOp op, std::string &why);
/// The tensors that a Join or Stack puts together.
llvm::SmallVector<mlir::Value> joinedTensors(ts::AtenOp op);

} // namespace tsc::kernel
