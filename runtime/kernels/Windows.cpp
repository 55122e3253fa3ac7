// SPDX-License-Identifier: Apache-2.0
// Finding the windows of pooling operators and checking their arguments.
#include "Windows.h"

namespace tsc::rt {

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }
int64_t item(IntList list, int64_t d) { return list.size() == 1 ? list[0] : list[d]; }

Status startWindows(Context &cx, const char *name, const Tensor &input, int64_t spatial,
                    Windows &w) {
  bool fits = input.rank == spatial + 1 || input.rank == spatial + 2;
  for (int64_t d = input.rank == spatial + 2 ? 1 : 0; fits && d < input.rank; ++d)
    fits = input.sizes[d] > 0;
  if (!fits)
    return cx.fail(
        "%s(): Expected %lldD or %lldD (batch mode) tensor with optional 0 dim batch size "
        "for input, but got: %s",
        name, wide(spatial + 1), wide(spatial + 2), ShapeText(input.shape()).text);
  w.spatial = spatial;
  for (int64_t d = 0; d < input.rank - spatial; ++d)
    w.outSizes.push(input.sizes[d]), w.planes *= input.sizes[d];
  for (int64_t d = 0; d < spatial; ++d)
    w.axes[3 - spatial + d].in = input.sizes[input.rank - spatial + d];
  for (int64_t d = 0; d < 3 - spatial; ++d)
    TSC_TRY(w.axes[d].windows.push(cx, Window{0, 1, 1}));
  return success();
}
} // namespace

MemoryFormat pooledFormat(const Tensor &input) {
  if (input.isContiguous())
    return MemoryFormat::Contiguous;
  return input.isChannelsLast()     ? MemoryFormat::ChannelsLast
         : input.isChannelsLast3d() ? MemoryFormat::ChannelsLast3d
                                    : MemoryFormat::Contiguous;
}

Status poolWindows(Context &cx, const char *name, const Tensor &input, int64_t spatial,
                   const PoolArguments &a, Windows &w) {
  const struct {
    IntList list;
    const char *what;
    bool mayBeEmpty;
  } lists[] = {{a.kernel, "kernel_size", false},
               {a.stride, "stride", true},
               {a.padding, "padding", false},
               {a.dilation, "dilation", false}};
  for (auto &l : lists)
    if (l.list.size() != 1 && l.list.size() != spatial && !(l.mayBeEmpty && l.list.empty()))
      return cx.fail("%s: %s must either be a single int, or a tuple of %lld ints", name, l.what,
                     wide(spatial));
  TSC_TRY(startWindows(cx, name, input, spatial, w));
  for (int64_t d = 0; d < spatial; ++d) {
    WindowAxis &axis = w.axes[3 - spatial + d];
    int64_t kernel = item(a.kernel, d), stride = a.stride.empty() ? kernel : item(a.stride, d),
            pad = item(a.padding, d), step = item(a.dilation, d);
    if (kernel <= 0 || stride <= 0 || step <= 0)
      return cx.fail("%s: kernel size, stride and dilation should be greater than zero, but got "
                     "kernel %lld, stride %lld, dilation %lld",
                     name, wide(kernel), wide(stride), wide(step));
    if (kernel > INT32_MAX || stride > INT32_MAX || step > INT32_MAX)
      return cx.fail("%s: kernel size, stride and dilation must be below 2^31", name);
    int64_t reach = step * (kernel - 1) + 1;
    if (pad < 0)
      return cx.fail("pad must be non-negative, but got pad: %lld", wide(pad));
    if (pad > reach / 2)
      return cx.fail("pad should be at most half of effective kernel size, but got pad=%lld, "
                     "kernel_size=%lld and dilation=%lld",
                     wide(pad), wide(kernel), wide(step));
    int64_t span = axis.in + 2 * pad - reach;
    int64_t up = a.ceil ? stride - 1 : 0, steps = span + up;
    axis.out = (steps >= 0 ? steps / stride : -((-steps + stride - 1) / stride)) + 1;
    if (a.ceil && (axis.out - 1) * stride >= axis.in + pad)
      --axis.out;
    if (axis.out < 1)
      return cx.fail(
          "Given input size: %s. Calculated output size: (%lld). Output size is too small",
          ShapeText(input.shape()).text, wide(axis.out));
    axis.step = step;
    TSC_TRY(axis.windows.reserve(cx, axis.out));
    for (int64_t o = 0; o < axis.out; ++o) {
      int64_t start = o * stride - pad, end = start + reach;
      int64_t bounded = end < axis.in + pad ? end : axis.in + pad;
      Window window{start, end < axis.in ? end : axis.in, bounded - start};
      if (start < 0)
        window.start = start + (-start + step - 1) / step * step;
      TSC_TRY(axis.windows.push(cx, window));
    }
    w.outSizes.push(axis.out);
  }
  return success();
}

Status adaptiveWindows(Context &cx, const char *name, const Tensor &input, int64_t spatial,
                       IntList output, Windows &w) {
  if (output.size() != spatial)
    return cx.fail("%s: output_size must be %lld", name, wide(spatial));
  TSC_TRY(startWindows(cx, name, input, spatial, w));
  for (int64_t d = 0; d < spatial; ++d) {
    WindowAxis &axis = w.axes[3 - spatial + d];
    axis.out = output[d] == -1 ? axis.in : output[d];
    if (axis.out < 0 || axis.out > INT32_MAX)
      return cx.fail("%s: elements of output_size must be greater than or equal to 0 but received "
                     "%lld",
                     name, wide(axis.out));
    TSC_TRY(axis.windows.reserve(cx, axis.out));
    for (int64_t o = 0; o < axis.out; ++o) {
      int64_t start = o * axis.in / axis.out, end = ((o + 1) * axis.in + axis.out - 1) / axis.out;
      TSC_TRY(axis.windows.push(cx, Window{start, end, end - start}));
    }
    w.outSizes.push(axis.out);
  }
  return success();
}

} // namespace tsc::rt
