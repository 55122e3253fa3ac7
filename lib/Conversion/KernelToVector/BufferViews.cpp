// SPDX-License-Identifier: Apache-2.0
// Parts of buffers and other ways to count their elements: offsets and strides only, no code.
#include "Copy.h"

using namespace llvm;

namespace tsc::lowering {

Buffer sliced(Buffer buffer, int64_t dim, int64_t start, int64_t count, int64_t step) {
  buffer.offset += start * buffer.strides[dim];
  buffer.sizes[dim] = count;
  buffer.strides[dim] *= step;
  return buffer;
}

Buffer selected(Buffer buffer, int64_t dim, int64_t index) {
  buffer.offset += index * buffer.strides[dim];
  buffer.sizes.erase(buffer.sizes.begin() + dim);
  buffer.strides.erase(buffer.strides.begin() + dim);
  return buffer;
}

Buffer permuted(const Buffer &buffer, ArrayRef<int64_t> order) {
  Buffer made = buffer;
  for (auto [to, from] : enumerate(order)) {
    made.sizes[to] = buffer.sizes[from];
    made.strides[to] = buffer.strides[from];
  }
  return made;
}

Buffer expanded(Buffer buffer, int64_t dim, int64_t size) {
  buffer.sizes.insert(buffer.sizes.begin() + dim, size);
  buffer.strides.insert(buffer.strides.begin() + dim, 0);
  return buffer;
}

Buffer split(Buffer buffer, int64_t dim, ArrayRef<int64_t> sizes) {
  int64_t stride = buffer.strides[dim];
  buffer.sizes.erase(buffer.sizes.begin() + dim);
  buffer.strides.erase(buffer.strides.begin() + dim);
  for (int64_t size : reverse(sizes)) {
    buffer.sizes.insert(buffer.sizes.begin() + dim, size);
    buffer.strides.insert(buffer.strides.begin() + dim, stride);
    stride *= size;
  }
  return buffer;
}

} // namespace tsc::lowering
