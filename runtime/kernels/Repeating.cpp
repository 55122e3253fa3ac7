// SPDX-License-Identifier: Apache-2.0
// Operators that repeat or reorder whole parts of a tensor: repeat, tile, repeat_interleave, flip,
// rot90 and roll.
#include "Views.h"

#include "tsc/runtime/Threads.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

// ---- repeat
static TensorRef repeatTensor(Context &cx, const Tensor &t, IntList repeats) {
  if (repeats.size() < t.rank)
    return cx.fail("Number of dimensions of repeat dims can not be smaller than number of "
                   "dimensions of tensor");
  if (repeats.size() > tsc::kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(tsc::kMaxRank));
  int64_t lead = repeats.size() - t.rank;
  Shape sizes, strides, inner, innerStrides;
  for (int64_t d = 0; d < repeats.size(); ++d) {
    int64_t own = d < lead ? 1 : t.sizes[d - lead], size;
    if (repeats[d] < 0)
      return cx.fail("Trying to create tensor with negative dimension %lld: %s", number(repeats[d]),
                     ShapeText(repeats).text);
    if (__builtin_mul_overflow(own, repeats[d], &size))
      return cx.fail("numel: integer multiplication overflow");
    sizes.push(size);
  }
  TensorRef made = empty(cx, sizes, t.dtype);
  TSC_TRY(made);
  if (made->numel == 0)
    return made;
  // The result seen as (repeat, own size) pairs; pairs of one repeat stay one dim to keep the rank
  // low.
  for (int64_t d = 0; d < sizes.size(); ++d) {
    int64_t own = d < lead ? 1 : t.sizes[d - lead];
    if (repeats[d] != 1)
      inner.push(repeats[d]), innerStrides.push(made->strides[d] * own), strides.push(0);
    if (own == 1)
      continue;
    inner.push(own), innerStrides.push(made->strides[d]);
    strides.push(t.strides[d - lead]);
  }
  if (inner.size() >= tsc::kMaxRank)
    return cx.fail("repeat: tensors of this many dimensions are not supported");
  TensorRef place = asStrided(cx, *made, inner, innerStrides);
  TSC_TRY(place);
  TensorRef source = asStrided(cx, t, inner, strides);
  TSC_TRY(source);
  TSC_TRY(copyInto(cx, *place, *source));
  return made;
}
static TensorRef tileTensor(Context &cx, const Tensor &t, IntList dims) {
  if (dims.size() >= t.rank)
    return repeatTensor(cx, t, dims);
  Shape padded(t.rank - dims.size(), 1);
  for (int64_t d : dims)
    padded.push(d);
  return repeatTensor(cx, t, padded);
}
TSC_KERNEL(aten_repeat, repeatTensor)
TSC_OUTPUT_COPY(aten_repeat_out, repeatTensor)
TSC_KERNEL(aten_tile, tileTensor)

// ---- repeat_interleave: blocks of one index of a dim, each copied as often as its count
static Result<int64_t> countRepeats(Context &cx, const int64_t *repeats, int64_t n) {
  int64_t total = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (repeats[i] < 0)
      return cx.fail("repeats can not be negative");
    if (__builtin_add_overflow(total, repeats[i], &total))
      return cx.fail("numel: integer multiplication overflow");
  }
  return total;
}
static TensorRef interleave(Context &cx, const Tensor &t, const int64_t *repeats, int64_t dim,
                            int64_t total) {
  TensorRef dense = contiguous(cx, t);
  TSC_TRY(dense);
  Shape sizes = t.shape();
  int64_t n = sizes[dim], block = t.itemsize(), outer = 1;
  for (int64_t d = dim + 1; d < t.rank; ++d)
    block *= sizes[d];
  for (int64_t d = 0; d < dim; ++d)
    outer *= sizes[d];
  sizes[dim] = total;
  TensorRef made = empty(cx, sizes, t.dtype);
  TSC_TRY(made);
  if (made->numel == 0)
    return made;
  parallelFor(cx, 0, outer, 1 + 65536 / (total * block), [&](int64_t begin, int64_t end) {
    char *out = made->base() + begin * total * block;
    for (int64_t o = begin; o < end; ++o)
      for (int64_t i = 0; i < n; ++i)
        for (int64_t r = 0; r < repeats[i]; ++r, out += block)
          std::memcpy(out, dense->base() + (o * n + i) * block, static_cast<size_t>(block));
  });
  return made;
}
static TensorRef interleaveDim(Context &cx, const Tensor &self, IntList counts,
                               Optional<int64_t> dim, Optional<int64_t> outputSize) {
  TensorRef t = dim ? same(self) : reshape(cx, self, Shape::of(-1));
  TSC_TRY(t);
  TSC_ASSIGN(int64_t at, wrapDim(cx, dim.valueOr(0), t->rank));
  if (t->rank == 0)
    t = view(cx, *t, Shape::of(1));
  TSC_TRY(t);
  int64_t n = t->sizes[at];
  if (counts.size() != 1 && counts.size() != n)
    return cx.fail("repeats must have the same size as input along dim, but got repeats.size(0) = "
                   "%lld and input.size(%lld) = %lld",
                   number(counts.size()), number(at), number(n));
  Vector<int64_t> each;
  if (counts.size() != n) {
    TSC_TRY(each.resize(cx, n, counts[0]));
    counts = each;
  }
  TSC_ASSIGN(int64_t total, countRepeats(cx, counts.data(), n));
  if (outputSize && *outputSize != total)
    return cx.fail("repeat_interleave: expected output_size %lld to be the sum of repeats, %lld",
                   number(*outputSize), number(total));
  return interleave(cx, *t, counts.data(), at, total);
}
static TensorRef interleaveInt(Context &cx, const Tensor &t, int64_t repeats, Optional<int64_t> dim,
                               Optional<int64_t> outputSize) {
  return interleaveDim(cx, t, IntList(&repeats, 1), dim, outputSize);
}
static Result<TensorRef> repeatCounts(Context &cx, const Tensor &repeats) {
  if (repeats.dtype != DType::Int64 && repeats.dtype != DType::Int32)
    return cx.fail("repeats has to be Long or Int tensor");
  if (repeats.rank > 1)
    return cx.fail("repeats must be 0-dim or 1-dim tensor");
  TensorRef counts = contiguousAs(cx, repeats, DType::Int64);
  TSC_TRY(counts);
  return counts;
}
static TensorRef interleaveTensor(Context &cx, const Tensor &t, const Tensor &repeats,
                                  Optional<int64_t> dim, Optional<int64_t> outputSize) {
  TSC_ASSIGN(TensorRef counts, repeatCounts(cx, repeats));
  return interleaveDim(cx, t, {counts->ptr<int64_t>(), counts->numel}, dim, outputSize);
}
static TensorRef interleaveIndices(Context &cx, const Tensor &repeats,
                                   Optional<int64_t> outputSize) {
  if (repeats.rank != 1)
    return cx.fail("repeat_interleave only accept 1D vector as repeat");
  TSC_ASSIGN(TensorRef counts, repeatCounts(cx, repeats));
  TensorRef indices = empty(cx, counts->shape(), DType::Int64);
  TSC_TRY(indices);
  for (int64_t i = 0; i < indices->numel; ++i)
    indices->ptr<int64_t>()[i] = i;
  TensorRef made = interleaveDim(cx, *indices, {counts->ptr<int64_t>(), counts->numel},
                                 Optional<int64_t>(0), outputSize);
  TSC_TRY(made);
  return toDType(cx, *made, repeats.dtype);
}
TSC_KERNEL(aten_repeat_interleave_self_int, interleaveInt)
TSC_KERNEL(aten_repeat_interleave_self_Tensor, interleaveTensor)
TSC_KERNEL(aten_repeat_interleave_Tensor, interleaveIndices)

// ---- flip
namespace {
/// A walk over a dense result whose source runs backwards along some dims.
struct FlipWalk {
  const Tensor *source;
  Shape steps; ///< in bytes, negative along flipped dims
  const char *start;
};
} // namespace
template <class T> static void copyRow(char *out, const char *in, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    reinterpret_cast<T *>(out)[i] = *reinterpret_cast<const T *>(in + i * step);
}
static void copyStrided(char *out, const char *in, int64_t step, int64_t n, int64_t bytes) {
  if (step == bytes)
    return void(std::memcpy(out, in, static_cast<size_t>(n * bytes)));
  switch (bytes) {
  case 1:
    return copyRow<uint8_t>(out, in, step, n);
  case 2:
    return copyRow<uint16_t>(out, in, step, n);
  case 4:
    return copyRow<uint32_t>(out, in, step, n);
  case 8:
    return copyRow<uint64_t>(out, in, step, n);
  default:
    for (int64_t i = 0; i < n; ++i)
      std::memcpy(out + i * bytes, in + i * step, static_cast<size_t>(bytes));
  }
}
static TensorRef flipDims(Context &cx, const Tensor &t, IntList dims) {
  TSC_ASSIGN(Shape wrapped, wrapDims(cx, dims, t.rank));
  TensorRef made = empty(cx, t.shape(), t.dtype);
  TSC_TRY(made);
  if (t.numel == 0)
    return made;
  int64_t bytes = t.itemsize();
  FlipWalk walk{&t, Shape(t.rank, 0), t.base()};
  for (int64_t d = 0; d < t.rank; ++d)
    walk.steps[d] = t.strides[d] * bytes;
  for (int64_t d : wrapped) {
    if (t.rank == 0)
      break;
    walk.start += (t.sizes[d] - 1) * walk.steps[d];
    walk.steps[d] = -walk.steps[d];
  }
  int64_t last = t.rank - 1, columns = t.rank ? t.sizes[last] : 1,
          step = t.rank ? walk.steps[last] : bytes;
  parallelFor(cx, 0, t.numel / columns, 1 + 16384 / columns, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const char *in = walk.start;
      int64_t rest = r;
      for (int64_t d = last - 1; d >= 0; --d) {
        in += rest % t.sizes[d] * walk.steps[d];
        rest /= t.sizes[d];
      }
      copyStrided(made->base() + r * columns * bytes, in, step, columns, bytes);
    }
  });
  return made;
}
static TensorRef flipLeftRight(Context &cx, const Tensor &t) {
  if (t.rank < 2)
    return cx.fail("Input must be >= 2-d.");
  return flipDims(cx, t, Shape::of(1));
}
static TensorRef flipUpDown(Context &cx, const Tensor &t) {
  if (t.rank < 1)
    return cx.fail("Input must be >= 1-d.");
  return flipDims(cx, t, Shape::of(0));
}
TSC_KERNEL(aten_flip, flipDims)
TSC_OUTPUT_COPY(aten_flip_out, flipDims)
TSC_KERNEL(aten_fliplr, flipLeftRight)
TSC_KERNEL(aten_flipud, flipUpDown)

static TensorRef rotate90(Context &cx, const Tensor &t, int64_t k, IntList dims) {
  if (dims.size() != 2)
    return cx.fail("expected total rotation dims == 2, but got dims = %lld", number(dims.size()));
  if (t.rank < 2)
    return cx.fail("expected total dims >= 2, but got total dims = %lld", number(t.rank));
  if (dims[0] == dims[1] ||
      (dims[0] < 0 ? dims[0] + t.rank : dims[0]) == (dims[1] < 0 ? dims[1] + t.rank : dims[1]))
    return cx.fail("expected rotation dims to be different, but got dim0 = %lld and dim1 = %lld",
                   number(dims[0]), number(dims[1]));
  TSC_ASSIGN(Shape wrapped, wrapDims(cx, dims, t.rank));
  k = (k % 4 + 4) % 4;
  if (k == 0)
    return clone(cx, t, MemoryFormat::Contiguous);
  if (k == 2)
    return flipDims(cx, t, wrapped);
  TensorRef flipped = flipDims(cx, t, Shape::of(wrapped[k == 1 ? 1 : 0]));
  TSC_TRY(flipped);
  return transpose(cx, *flipped, wrapped[0], wrapped[1]);
}
TSC_KERNEL(aten_rot90, rotate90)

// ---- roll: two blocks along each dim
static TensorRef rollDim(Context &cx, const Tensor &t, int64_t shift, int64_t dim) {
  TSC_ASSIGN(dim, wrapDim(cx, dim, t.rank));
  if (t.rank == 0 || t.numel == 0)
    return clone(cx, t, MemoryFormat::Contiguous);
  int64_t n = t.sizes[dim], start = ((-shift) % n + n) % n;
  TensorRef made = empty(cx, t.shape(), t.dtype);
  TSC_TRY(made);
  for (int part = 0; part < 2; ++part) {
    int64_t from = part ? 0 : start, length = part ? start : n - start, to = part ? n - start : 0;
    TensorRef source = narrow(cx, t, dim, from, length);
    TSC_TRY(source);
    TensorRef place = narrow(cx, *made, dim, to, length);
    TSC_TRY(place);
    TSC_TRY(copyInto(cx, *place, *source));
  }
  return made;
}
static TensorRef rollDims(Context &cx, const Tensor &t, IntList shifts, IntList dims) {
  if (dims.empty() && shifts.size() == 1) {
    TensorRef flat = reshape(cx, t, Shape::of(-1));
    TSC_TRY(flat);
    TensorRef rolled = rollDim(cx, *flat, shifts[0], 0);
    TSC_TRY(rolled);
    return view(cx, *rolled, t.shape());
  }
  if (shifts.empty())
    return cx.fail("`shifts` required");
  if (shifts.size() != dims.size())
    return cx.fail("shifts and dimensions must align. shifts: %lld, dims:%lld",
                   number(shifts.size()), number(dims.size()));
  TensorRef made = same(t);
  for (int64_t i = 0; i < dims.size(); ++i) {
    made = rollDim(cx, *made, shifts[i], dims[i]);
    TSC_TRY(made);
  }
  return made;
}
TSC_KERNEL(aten_roll, rollDims)
TSC_OUTPUT_COPY(aten_roll_out, rollDims)
