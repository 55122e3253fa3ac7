// SPDX-License-Identifier: Apache-2.0
// A loop over the pixels of an image whose channels lie side by side: what window kernels have in
// common. Lanes are channels; a piece of work is a row of the result, or a part of its channels
// when there are few rows.
#pragma once

#include "Copy.h"

namespace tsc::lowering {

/// A point of the result, and the block of channels that is computed at once: `vectors` vectors of
/// `lanes` from channel `channel`. Only `tail` lanes of the last one exist when `tail` is not 0.
struct Pixels {
  Value batch, z, y, x, channel;
  int64_t vectors = 1, tail = 0;
  bool interior = false; ///< as the segment of x says
};

class ImageKernel {
public:
  /// `spatial`: 1 to 3 dimensions behind an optional batch and the channels.
  ImageKernel(RegionWriter &region, kernel::GroupOp group, ts::AtenOp root, Value image,
              int64_t spatial);

  /// A range of x that one body is written for.
  struct Segment {
    int64_t begin, end;
    bool interior;
  };
  /// The root's values at some pixels, one a vector.
  using Compute = llvm::function_ref<llvm::SmallVector<Value>(KernelBuilder &, const Pixels &)>;
  /// Writes the kernel: `cost` estimates cycles for each vector of the result.
  void run(llvm::ArrayRef<Segment> segments, double cost, Compute compute);

  /// Vector v of the block at an element of the input: `offset` counts from its element 0, channels
  /// not included. In the type that is computed with: f32 for smaller floats.
  Value load(KernelBuilder &k, const Pixels &at, int64_t v, Value offset);
  /// From the type that is computed with to that of the result.
  Value narrowed(KernelBuilder &k, Value value);
  mlir::Type computeType(KernelBuilder &k);

  Buffer in;  ///< [N, C, Z, Y, X], channels of stride 1
  Buffer out; ///< the first result, alike
  int64_t lanes;
  DType dtype;

private:
  void runRow(KernelBuilder &k, Pixels row, Value firstBlock, Value endBlock,
              llvm::ArrayRef<Segment> segments, Compute compute);
  void runPixel(KernelBuilder &k, const Pixels &at, Compute compute);

  RegionWriter &region;
  int64_t spatial;
  bool batched;
  Epilogue epilogue;
  llvm::SmallVector<Buffer> finals, written; ///< of each result; they differ where it is copied
};

} // namespace tsc::lowering
