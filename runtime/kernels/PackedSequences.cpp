// SPDX-License-Identifier: Apache-2.0
// Packing of padded sequences: rows of all sequences that still run, step after step; and back.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
using Two = Results<TensorRef, TensorRef>;

Two packPadded(Context &cx, const Tensor &input, const Tensor &lengths, bool batchFirst) {
  if (input.rank < 2 || lengths.rank != 1 || lengths.dtype != DType::Int64)
    return cx.fail(
        "pack_padded_sequence: expected an input of at least 2 dims and lengths as a 1-D "
        "int64 tensor");
  TensorRef ordered = batchFirst ? transpose(cx, input, 0, 1) : same(input);
  TSC_TRY(ordered);
  TensorRef x = contiguous(cx, *ordered);
  TSC_TRY(x);
  int64_t steps = x->sizes[0], batch = x->sizes[1], total = 0;
  if (lengths.numel != batch || batch == 0)
    return cx.fail(
        "Expected `len(lengths)` to be equal to batch_size, but got %lld (batch_size=%lld)",
        static_cast<long long>(lengths.numel), static_cast<long long>(batch));
  for (int64_t b = 0; b < batch; ++b) {
    int64_t n = lengths.at(b).toInt();
    if (n <= 0)
      return cx.fail("Length of all samples has to be greater than 0, but found an element in "
                     "'lengths' that is <= 0");
    if (b && n > lengths.at(b - 1).toInt())
      return cx.fail("`lengths` array must be sorted in decreasing order when `enforce_sorted` is "
                     "True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or "
                     "pack_sequence to sidestep this requirement if you do not need ONNX "
                     "exportability.");
    if (n > steps)
      return cx.fail("Expected lengths of at most %lld, got %lld", static_cast<long long>(steps),
                     static_cast<long long>(n));
    total += n;
  }
  Shape sizes(x->shape().drop(1));
  sizes[0] = total;
  int64_t longest = lengths.at(0).toInt(), rowBytes = x->itemsize();
  for (int64_t d = 2; d < x->rank; ++d)
    rowBytes *= x->sizes[d];
  TensorRef data = empty(cx, sizes, input.dtype),
            counts = empty(cx, Shape::of(longest), DType::Int64);
  TSC_TRY(data && counts);
  char *to = data->base();
  for (int64_t t = 0; t < longest; ++t) {
    int64_t rows = 0;
    while (rows < batch && lengths.at(rows).toInt() > t)
      ++rows;
    counts->ptr<int64_t>()[t] = rows;
    std::memcpy(to, x->base() + t * batch * rowBytes, static_cast<size_t>(rows * rowBytes));
    to += rows * rowBytes;
  }
  return Two{data, counts};
}

Two padPacked(Context &cx, const Tensor &data, const Tensor &counts, bool batchFirst,
              Scalar padding, int64_t totalLength) {
  if (data.rank < 1 || counts.rank != 1 || counts.dtype != DType::Int64 || counts.numel == 0)
    return cx.fail("pad_packed_sequence: expected data of at least 1 dim and batch_sizes as a 1-D "
                   "int64 tensor");
  int64_t steps = counts.numel, batch = counts.at(0).toInt(), total = 0;
  for (int64_t t = 0; t < steps; ++t) {
    int64_t rows = counts.at(t).toInt();
    if (rows < 0 || rows > (t ? counts.at(t - 1).toInt() : batch) || rows > data.sizes[0] - total)
      return cx.fail("pad_packed_sequence: batch_sizes must not grow and sum to %lld",
                     static_cast<long long>(data.sizes[0]));
    total += rows;
  }
  if (totalLength > 0 && totalLength < steps)
    return cx.fail(
        "Expected total_length to be at least the length of the longest sequence in input, "
        "but got total_length=%lld and max sequence length being %lld",
        static_cast<long long>(totalLength), static_cast<long long>(steps));
  int64_t length = totalLength > 0 ? totalLength : steps;
  Shape sizes = Shape::of(length, batch);
  int64_t rowBytes = data.itemsize();
  for (int64_t d = 1; d < data.rank; ++d)
    sizes.push(data.sizes[d]), rowBytes *= data.sizes[d];
  TensorRef x = contiguous(cx, data), out = full(cx, sizes, padding, data.dtype),
            lengths = zeros(cx, Shape::of(batch), DType::Int64);
  TSC_TRY(x && out && lengths);
  const char *from = x->base();
  for (int64_t t = 0; t < steps; ++t) {
    int64_t rows = counts.at(t).toInt();
    std::memcpy(out->base() + t * batch * rowBytes, from, static_cast<size_t>(rows * rowBytes));
    from += rows * rowBytes;
    for (int64_t b = 0; b < rows; ++b)
      ++lengths->ptr<int64_t>()[b];
  }
  if (batchFirst)
    out = transpose(cx, *out, 0, 1);
  TSC_TRY(out);
  return Two{out, lengths};
}
/// Sequences of one trailing shape side by side, as long as the longest.
TensorRef padSequence(Context &cx, TensorList sequences, bool batchFirst, double paddingValue,
                      StringRef side) {
  bool left = side == StringRef("left", 4);
  if (!left && !(side == StringRef("right", 5)))
    return cx.fail("Expected padding_side to be one of left or right");
  if (sequences.empty())
    return cx.fail("received an empty list of sequences");
  const Tensor &first = sequences[0];
  int64_t longest = 0, count = sequences.size();
  for (int64_t i = 0; i < count; ++i) {
    const Tensor &each = sequences[i];
    bool fits = each.rank >= 1 && each.rank == first.rank;
    for (int64_t d = 1; fits && d < each.rank; ++d)
      fits = each.sizes[d] == first.sizes[d];
    if (!fits)
      return cx.fail("pad_sequence: all sequences must agree in all dims but the first");
    longest = each.sizes[0] > longest ? each.sizes[0] : longest;
  }
  Shape sizes(first.shape());
  sizes[0] = longest;
  sizes.insert(0, count);
  if (!batchFirst) {
    sizes[0] = longest;
    sizes[1] = count;
  }
  TensorRef out = full(cx, sizes, Scalar(paddingValue), first.dtype);
  TSC_TRY(out);
  for (int64_t i = 0; i < count; ++i) {
    TensorRef row = select(cx, *out, batchFirst ? 0 : 1, i);
    TSC_TRY(row);
    int64_t length = sequences[i].sizes[0];
    TensorRef part = narrow(cx, *row, 0, left ? longest - length : 0, length);
    TSC_TRY(part);
    TSC_TRY(copyInto(cx, *part, sequences[i]));
  }
  return out;
}
} // namespace

TSC_KERNEL(aten__pack_padded_sequence, packPadded)
TSC_KERNEL(aten__pad_packed_sequence, padPacked)
TSC_KERNEL(aten_pad_sequence, padSequence)
