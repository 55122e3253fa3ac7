// SPDX-License-Identifier: Apache-2.0
// Convolutions of one to three spatial dims, all treated as three. The image is copied once with
// its border of zeros, the columns of a stride apart side by side; each tap of the kernel is then a
// constant offset, and panels for the matrix product are filled by plain copies, without tests.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

struct ConvGeometry {
  int64_t batch = 1, inChannels = 0, outChannels = 0, groups = 1;
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1}, padLow[3] = {}, padHigh[3] = {}, dilation[3] = {1, 1, 1};
  int64_t inPixels() const { return in[0] * in[1] * in[2]; }
  int64_t outPixels() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

/// All operands contiguous, channels before pixels; bias may be null. T: float, double, int64_t.
template <class T>
Status convolveImages(Context &cx, const ConvGeometry &g, const T *input, const T *weight,
                      const T *bias, T *output);
/// The same for a transposed convolution: weight is [inChannels, outChannels / groups, taps].
template <class T>
Status convolveTransposed(Context &cx, const ConvGeometry &g, const T *input, const T *weight,
                          const T *bias, T *output);

/// What aten::convolution is given; lists of one number stand for all dims.
struct ConvArguments {
  IntList stride, padding, dilation, outputPadding;
  bool transposed = false;
  int64_t groups = 1;
  bool same = false; ///< padding="same": as much as keeps the size, the odd one behind
};
/// aten::convolution on tensors of any dtype; `spatial` of 0 takes it from the weight.
TensorRef convolveTensors(Context &cx, const Tensor &input, const Tensor &weight, OptTensor bias,
                          const ConvArguments &arguments, int64_t spatial, const char *name);

} // namespace tsc::rt
