// SPDX-License-Identifier: Apache-2.0
// Copies between buffers of one dtype and one shape whose strides may be anything (emitCopy), and
// parts of buffers. Strides of a source may be 0 (broadcast) or negative (reversed); elements of a
// target must not overlap each other or the source's.
#pragma once

#include "RegionWriter.h"

namespace tsc::lowering {

/// Sets every element to the one whose bytes are given.
void emitFill(RegionWriter &region, const Buffer &to, llvm::ArrayRef<uint8_t> element);

// ---- Parts of buffers and other ways to count their elements
/// Elements start, start + step, .. (`count` of them) of a dimension; step may be 0 or negative.
Buffer sliced(Buffer buffer, int64_t dim, int64_t start, int64_t count, int64_t step = 1);
/// One index of a dimension, which goes away.
Buffer selected(Buffer buffer, int64_t dim, int64_t index);
Buffer permuted(const Buffer &buffer, llvm::ArrayRef<int64_t> order);
/// A new dimension of `size` equal parts in front of `dim`.
Buffer expanded(Buffer buffer, int64_t dim, int64_t size);
/// A dimension as several, row-major; the sizes' product is the dimension's size.
Buffer split(Buffer buffer, int64_t dim, llvm::ArrayRef<int64_t> sizes);

} // namespace tsc::lowering
