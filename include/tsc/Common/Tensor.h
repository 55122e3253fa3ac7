// SPDX-License-Identifier: Apache-2.0
// The one tensor struct of compiler and runtime: a view (data, dtype, sizes, strides) of a counted
// storage. Sizes and strides are in elements, inline up to rank kInlineRank, else in one heap block
// of 2 * rank numbers.
#pragma once

#include "tsc/Common/DType.h"
#include "tsc/Common/Value.h"

namespace tsc {

inline constexpr int64_t kInlineRank = 6;
inline constexpr int64_t kMaxRank = 64;

/// Memory that tensors view. `release` frees `data` when the last view goes (null: nothing to
/// free).
struct StorageObject {
  ObjectHead head;
  void *data;
  int64_t bytes;
  void (*release)(StorageObject *);
  void *owner; ///< what release needs: an allocator, a DLPack tensor
};

/// Affine quantization of a tensor of a quantized dtype; a counted object of kind Capsule.
struct QuantizerObject {
  ObjectHead head;
  int64_t axis; ///< -1: per tensor
  double scale;
  int64_t zeroPoint;
  ObjectHead *scales;     ///< per channel: a float64 tensor
  ObjectHead *zeroPoints; ///< per channel: an int64 tensor
};

enum TensorFlags : uint8_t {
  kRequiresGrad = 1,
  kConjugate =
      2, ///< reserved; resolved eagerly by the runtime, never set in storage that kernels see
  kUndefined = 4, ///< the undefined tensor
  kTemplate = 8,  ///< of static state that methods may write: tsc_rt_copy_state copies its storage
                  ///< for each instance
};

struct TensorObject {
  ObjectHead head;
  StorageObject *storage; ///< owned; null only for the undefined tensor
  void *data;             ///< of element 0 (storage->data plus the offset)
  DType dtype;
  uint8_t flags;
  uint16_t device; ///< as Value's Device payload
  int32_t rank;
  int64_t numel;    ///< product of sizes
  int64_t *sizes;   ///< inlineShape, or the heap block
  int64_t *strides; ///< inlineShape + kInlineRank, or behind the sizes
  int64_t inlineShape[2 * kInlineRank];
  QuantizerObject *quantizer; ///< owned; null unless dtype is quantized
};

} // namespace tsc
