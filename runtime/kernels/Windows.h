// SPDX-License-Identifier: Apache-2.0
// The windows of pooling: for each output position along a dim, the range of input positions. One
// to three dims are treated as three.
#pragma once

#include "tsc/runtime/Kernel.h"

namespace tsc::rt {

/// One output position: inputs start, start + step, ... below end; `extent` counts padding too.
struct Window {
  int64_t start, end, extent;
};
struct WindowAxis {
  int64_t in = 1, out = 1, step = 1;
  Vector<Window> windows;
};
/// All dims, and what lies around them.
struct Windows {
  WindowAxis axes[3];
  int64_t spatial = 0, planes = 1;
  Shape outSizes;
  int64_t inPixels() const { return axes[0].in * axes[1].in * axes[2].in; }
  int64_t outPixels() const { return axes[0].out * axes[1].out * axes[2].out; }
};

struct PoolArguments {
  IntList kernel, stride, padding, dilation;
  bool ceil = false;
};
/// Windows of a fixed kernel. Fails as the pooling operators do on bad arguments and sizes.
Status poolWindows(Context &cx, const char *name, const Tensor &input, int64_t spatial,
                   const PoolArguments &a, Windows &w);
/// Windows that share out the input evenly over `output` positions; -1 keeps a size.
Status adaptiveWindows(Context &cx, const char *name, const Tensor &input, int64_t spatial,
                       IntList output, Windows &w);
/// The format that a pooled result takes over from its input.
MemoryFormat pooledFormat(const Tensor &input);

} // namespace tsc::rt
