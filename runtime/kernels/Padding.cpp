// SPDX-License-Identifier: Apache-2.0
// Padding with a constant, by reflection, by repetition of the border and circularly. A padded
// result is its source copied into the middle; the borders are then copied dim by dim from the
// result itself, or, for the constant, filled.
#include "Views.h"

#include "tsc/runtime/Threads.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

/// Pads come last dim first: (left, right) of the last dim, then of the one before.
static int64_t padBefore(IntList pad, int64_t rank, int64_t d) {
  int64_t at = 2 * (rank - 1 - d);
  return at < pad.size() ? pad[at] : 0;
}
static int64_t padAfter(IntList pad, int64_t rank, int64_t d) {
  int64_t at = 2 * (rank - 1 - d) + 1;
  return at < pad.size() ? pad[at] : 0;
}

/// The channels-last format that a tensor has, else the contiguous one.
static MemoryFormat formatOf(const Tensor &t) {
  return t.isContiguous()       ? MemoryFormat::Contiguous
         : t.isChannelsLast()   ? MemoryFormat::ChannelsLast
         : t.isChannelsLast3d() ? MemoryFormat::ChannelsLast3d
                                : MemoryFormat::Contiguous;
}

// ---- Constant
/// The part of `t` that stays and the place in `out` where it goes; negative pads cut.
static Status copyMiddle(Context &cx, Tensor &out, const Tensor &t, IntList pad) {
  Shape sizes = t.shape();
  int64_t from = 0, to = 0;
  for (int64_t d = 0; d < t.rank; ++d) {
    int64_t before = padBefore(pad, t.rank, d), after = padAfter(pad, t.rank, d);
    sizes[d] += (before < 0 ? before : 0) + (after < 0 ? after : 0);
    if (sizes[d] <= 0)
      return success();
    from += before < 0 ? -before * t.strides[d] : 0;
    to += before > 0 ? before * out.strides[d] : 0;
  }
  TensorRef source = asStrided(cx, t, sizes, t.stridesList(), from);
  TSC_TRY(source);
  TensorRef place = asStrided(cx, out, sizes, out.stridesList(), to);
  TSC_TRY(place);
  return copyInto(cx, *place, *source);
}
static TensorRef padConstant(Context &cx, const Tensor &t, IntList pad, Scalar value) {
  if (pad.size() % 2)
    return cx.fail("Length of pad must be even but instead it equals %lld", number(pad.size()));
  if (pad.size() > 2 * t.rank)
    return cx.fail("Length of pad should be no more than twice the number of dimensions of the "
                   "input. Pad length is %lld while the input has %lld dimensions.",
                   number(pad.size()), number(t.rank));
  Shape sizes = t.shape();
  bool grows = false, changed = false;
  for (int64_t d = 0; d < t.rank; ++d) {
    int64_t before = padBefore(pad, t.rank, d), after = padAfter(pad, t.rank, d);
    sizes[d] += before + after;
    grows |= before > 0 || after > 0, changed |= before != 0 || after != 0;
    if (sizes[d] < 0)
      return cx.fail("The input size %lld, plus negative padding %lld and %lld resulted in a "
                     "negative output size, which is invalid. Check dimension %lld of your input.",
                     number(t.sizes[d]), number(before), number(after), number(d));
  }
  if (!changed)
    return clone(cx, t);
  TensorRef made = emptyFormat(cx, sizes, t.dtype, formatOf(t));
  TSC_TRY(made);
  if (grows)
    TSC_TRY(fill(cx, *made, value));
  TSC_TRY(copyMiddle(cx, *made, t, pad));
  return made;
}
TSC_KERNEL(aten_constant_pad_nd, padConstant)
TSC_OUTPUT_COPY(aten_constant_pad_nd_out, padConstant)

// ---- Borders made of the tensor's own elements
enum class Border { Reflect, Replicate, Circular };
/// The index of the source element that padded index i (counted from the source's start) shows.
static int64_t borderIndex(Border kind, int64_t i, int64_t n) {
  if (kind == Border::Replicate)
    return i < 0 ? 0 : i >= n ? n - 1 : i;
  if (kind == Border::Circular)
    return i < 0 ? i + n : i >= n ? i - n : i;
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}
static Status checkBorder(Context &cx, Border kind, const Tensor &t, IntList pad, int64_t d) {
  int64_t before = padBefore(pad, t.rank, d), after = padAfter(pad, t.rank, d), n = t.sizes[d];
  if (n + before + after < 1)
    return cx.fail("input (size %lld at dimension %lld) is too small for padding %lld and %lld",
                   number(n), number(d), number(before), number(after));
  if (n == 0)
    return cx.fail("expected a non-zero size at dimension %lld for padding, but got input of shape "
                   "%s",
                   number(d), ShapeText(t.shape()).text);
  if (kind == Border::Reflect && (before >= n || after >= n))
    return cx.fail("Padding size should be less than the corresponding input dimension, but got: "
                   "padding (%lld, %lld) at dimension %lld of input %s",
                   number(before), number(after), number(d), ShapeText(t.shape()).text);
  if (kind == Border::Circular && (before > n || after > n))
    return cx.fail("Padding value causes wrapping around more than once.");
  return success();
}
/// Copies by index tables of all padded dims: rows of the last dim in one go where they can be.
static void copyBordered(Context &cx, Tensor &out, const Tensor &t, IntList pad, Border kind) {
  int64_t last = t.rank - 1, bytes = t.itemsize(), columns = out.sizes[last];
  int64_t left = padBefore(pad, t.rank, last), n = t.sizes[last];
  int64_t begin = left > 0 ? left : 0, cut = left < 0 ? -left : 0;
  int64_t whole = n - cut < columns - begin ? n - cut : columns - begin;
  parallelFor(cx, 0, out.numel / columns, 1 + 16384 / columns, [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; ++r) {
      int64_t rest = r, offset = 0;
      for (int64_t d = last - 1; d >= 0; --d) {
        int64_t i = rest % out.sizes[d] - padBefore(pad, t.rank, d);
        offset += borderIndex(kind, i, t.sizes[d]) * t.strides[d];
        rest /= out.sizes[d];
      }
      const char *in = t.base() + offset * bytes;
      char *row = out.base() + r * columns * bytes;
      if (whole > 0)
        std::memcpy(row + begin * bytes, in + cut * bytes, static_cast<size_t>(whole * bytes));
      for (int64_t c = 0; c < columns; ++c) {
        if (c == begin && whole > 0) {
          c += whole - 1;
          continue;
        }
        std::memcpy(row + c * bytes, in + borderIndex(kind, c - left, n) * bytes,
                    static_cast<size_t>(bytes));
      }
    }
  });
}
/// Circular padding with negative pads wraps around what they leave.
static TensorRef cropped(Context &cx, const Tensor &t, Shape &pad) {
  Shape sizes = t.shape();
  int64_t offset = 0;
  for (int64_t d = t.rank - pad.size() / 2; d < t.rank; ++d) {
    int64_t &before = pad[2 * (t.rank - 1 - d)], &after = pad[2 * (t.rank - 1 - d) + 1];
    int64_t front = before < 0 ? -before : 0, back = after < 0 ? -after : 0;
    offset += front * t.strides[d];
    sizes[d] -= front + back;
    before += front, after += back;
  }
  return asStrided(cx, t, sizes, t.stridesList(), offset);
}
static TensorRef padBorder(Context &cx, const Tensor &self, IntList pad, Border kind) {
  Shape sizes = self.shape();
  for (int64_t d = self.rank - pad.size() / 2; d < self.rank; ++d) {
    TSC_TRY(checkBorder(cx, kind, self, pad, d));
    sizes[d] += padBefore(pad, self.rank, d) + padAfter(pad, self.rank, d);
  }
  Shape pads = pad;
  TensorRef inside = kind == Border::Circular ? cropped(cx, self, pads) : same(self);
  TSC_TRY(inside);
  TensorRef t = contiguous(cx, *inside);
  TSC_TRY(t);
  TensorRef made = empty(cx, sizes, self.dtype);
  TSC_TRY(made);
  if (made->numel)
    copyBordered(cx, *made, *t, pads, kind);
  return kind == Border::Circular ? made : contiguous(cx, *made, formatOf(self));
}
template <Border Kind, int64_t Dims>
static TensorRef padDims(Context &cx, const Tensor &t, IntList pad) {
  const char *name = Kind == Border::Reflect ? "reflection" : "replication";
  if (pad.size() != 2 * Dims)
    return cx.fail("%s_pad%lldd: padding size is expected to be %lld, but got: %lld", name,
                   number(Dims), number(2 * Dims), number(pad.size()));
  if (t.rank != Dims + 1 && t.rank != Dims + 2)
    return cx.fail("Expected %lldD or %lldD (batch mode) tensor with possibly 0 batch size and "
                   "other non-zero dimensions for input, but got: %s",
                   number(Dims + 1), number(Dims + 2), ShapeText(t.shape()).text);
  return padBorder(cx, t, pad, Kind);
}
static TensorRef padCircular(Context &cx, const Tensor &t, IntList pad) {
  if (pad.size() % 2 || pad.size() / 2 + 2 < t.rank || pad.size() / 2 > t.rank)
    return cx.fail("Invalid padding size, expected %lld but got %lld", number(2 * (t.rank - 2)),
                   number(pad.size()));
  return padBorder(cx, t, pad, Border::Circular);
}
static constexpr auto reflect1 = padDims<Border::Reflect, 1>;
static constexpr auto reflect2 = padDims<Border::Reflect, 2>;
static constexpr auto reflect3 = padDims<Border::Reflect, 3>;
static constexpr auto replicate1 = padDims<Border::Replicate, 1>;
static constexpr auto replicate2 = padDims<Border::Replicate, 2>;
static constexpr auto replicate3 = padDims<Border::Replicate, 3>;
TSC_KERNEL(aten_reflection_pad1d, reflect1)
TSC_KERNEL(aten_reflection_pad2d, reflect2)
TSC_KERNEL(aten_reflection_pad3d, reflect3)
TSC_KERNEL(aten_replication_pad1d, replicate1)
TSC_KERNEL(aten_replication_pad2d, replicate2)
TSC_KERNEL(aten_replication_pad3d, replicate3)
TSC_OUTPUT_COPY(aten_reflection_pad1d_out, reflect1)
TSC_OUTPUT_COPY(aten_reflection_pad2d_out, reflect2)
TSC_OUTPUT_COPY(aten_reflection_pad3d_out, reflect3)
TSC_OUTPUT_COPY(aten_replication_pad1d_out, replicate1)
TSC_OUTPUT_COPY(aten_replication_pad2d_out, replicate2)
TSC_OUTPUT_COPY(aten_replication_pad3d_out, replicate3)
TSC_KERNEL(aten__pad_circular, padCircular)

static TensorRef padMode(Context &cx, const Tensor &t, IntList pad, StringRef mode,
                         Optional<double> value) {
  if (pad.size() % 2)
    return cx.fail("Padding length must be divisible by 2");
  if (pad.size() > 2 * t.rank)
    return cx.fail("Padding length should be less than or equal to two times the input dimension "
                   "but got padding length %lld and input of dimension %lld",
                   number(pad.size()), number(t.rank));
  if (mode == "constant")
    return padConstant(cx, t, pad, Scalar(value.valueOr(0)));
  if (value && *value != 0)
    return cx.fail("Padding mode \"%.*s\" doesn't take in value argument",
                   static_cast<int>(mode.size()), mode.data());
  Border kind;
  if (mode == "reflect")
    kind = Border::Reflect;
  else if (mode == "replicate")
    kind = Border::Replicate;
  else if (mode == "circular")
    kind = Border::Circular;
  else
    return cx.raise("NotImplementedError", "Unrecognised padding mode %.*s",
                    static_cast<int>(mode.size()), mode.data());
  int64_t dims = pad.size() / 2;
  bool fits = dims >= 1 && dims <= 3 && (t.rank == dims + 1 || t.rank == dims + 2);
  if (!fits)
    return cx.raise("NotImplementedError",
                    "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now");
  return padBorder(cx, t, pad, kind);
}
static TensorRef padEnum(Context &cx, const Tensor &t, IntList pad, int64_t mode,
                         Optional<double> value) {
  const char *const kModes[] = {"reflect", "replicate", "circular", "constant"};
  if (mode < 0 || mode > 3)
    return cx.fail("Unrecognised padding mode %lld", number(mode));
  return padMode(cx, t, pad, kModes[mode], value);
}
TSC_KERNEL(aten_pad, padMode)
TSC_KERNEL(aten__pad_enum, padEnum)
