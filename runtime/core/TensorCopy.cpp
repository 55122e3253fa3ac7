// SPDX-License-Identifier: Apache-2.0
// Copies of tensors: between any dtypes and strides, fills, contiguous and converted forms, out=
// tensors.
#include "tsc/runtime/Loops.h"

namespace tsc::rt {

namespace {
struct CopyState {
  DType from, to;
  int64_t bytes;
};
} // namespace

template <class T> static void copyElements(char *const *ptrs, const int64_t *strides, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T *>(ptrs[0] + i * strides[0]) =
        *reinterpret_cast<const T *>(ptrs[1] + i * strides[1]);
}

static void copySame(void *user, char *const *ptrs, const int64_t *strides, int64_t n) {
  int64_t bytes = static_cast<CopyState *>(user)->bytes;
  if (strides[0] == bytes && strides[1] == bytes) {
    std::memmove(ptrs[0], ptrs[1], static_cast<size_t>(n * bytes));
    return;
  }
  switch (bytes) {
  case 1:
    return copyElements<uint8_t>(ptrs, strides, n);
  case 2:
    return copyElements<uint16_t>(ptrs, strides, n);
  case 4:
    return copyElements<uint32_t>(ptrs, strides, n);
  case 8:
    return copyElements<uint64_t>(ptrs, strides, n);
  default:
    for (int64_t i = 0; i < n; ++i)
      std::memmove(ptrs[0] + i * strides[0], ptrs[1] + i * strides[1], static_cast<size_t>(bytes));
  }
}

/// Converts through C, which holds every value of one side exactly or the other side cannot.
template <class C>
static void copyThrough(void *user, char *const *ptrs, const int64_t *strides, int64_t n) {
  const CopyState &s = *static_cast<CopyState *>(user);
  LoadFunction<C> load = loader<C>(s.from);
  StoreFunction<C> store = storer<C>(s.to);
  alignas(64) unsigned char buffer[detail::kChunk * sizeof(C)];
  C *run = reinterpret_cast<C *>(buffer);
  for (int64_t done = 0; done < n; done += detail::kChunk) {
    int64_t m = n - done < detail::kChunk ? n - done : detail::kChunk;
    load(run, ptrs[1] + done * strides[1], strides[1], m);
    store(ptrs[0] + done * strides[0], strides[0], run, m);
  }
}

static InnerLoop copyLoop(DType from, DType to) {
  if (from == to ||
      (dtypeClass(from) == DTypeClass::Quantized && dtypeBytes(from) == dtypeBytes(to)))
    return copySame;
  DTypeClass a = dtypeClass(from), b = dtypeClass(to);
  auto integral = [](DTypeClass c) {
    return c == DTypeClass::Bool || c == DTypeClass::Integer || c == DTypeClass::Quantized;
  };
  if (a == DTypeClass::Complex)
    return copyThrough<Complex>;
  if (b == DTypeClass::Bool && integral(a))
    return copyThrough<bool>;
  if (integral(a))
    return copyThrough<int64_t>;
  if (dtypeBytes(from) <= 4 && !integral(b) && to != DType::Complex128)
    return copyThrough<float>;
  return copyThrough<double>;
}

// ---- Transposing copies: both sides are walked in tiles that stay in cache
namespace {
struct Tiles {
  char *out;
  const char *in;
  int64_t rows, columns;                ///< in is contiguous along rows, out along columns
  int64_t outRowStride, inColumnStride; ///< in elements
};
} // namespace

/// A square of 4 by 4 elements of 4 bytes, in registers.
static void copySquare(uint32_t *out, int64_t outStride, const uint32_t *in, int64_t inStride) {
  typedef uint32_t Four __attribute__((vector_size(16)));
  Four rows[4];
  for (int64_t i = 0; i < 4; ++i)
    std::memcpy(&rows[i], in + i * inStride, sizeof(Four));
  Four ab = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5),
       cd = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5),
       abHigh = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7),
       cdHigh = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(abHigh, cdHigh, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(abHigh, cdHigh, 2, 3, 6, 7);
  for (int64_t i = 0; i < 4; ++i)
    std::memcpy(out + i * outStride, &rows[i], sizeof(Four));
}

/// A tile of few enough elements to stay in the first cache.
template <class T>
static void copyTile(const Tiles &t, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
  T *out = reinterpret_cast<T *>(t.out);
  const T *in = reinterpret_cast<const T *>(t.in);
  int64_t r = r0;
  if constexpr (sizeof(T) == 4)
    for (; r + 4 <= r1; r += 4) {
      int64_t c = c0;
      for (; c + 4 <= c1; c += 4)
        copySquare(out + r * t.outRowStride + c, t.outRowStride, in + c * t.inColumnStride + r,
                   t.inColumnStride);
      for (; c < c1; ++c)
        for (int64_t i = r; i < r + 4; ++i)
          out[i * t.outRowStride + c] = in[c * t.inColumnStride + i];
    }
  for (; r < r1; ++r)
    for (int64_t c = c0; c < c1; ++c)
      out[r * t.outRowStride + c] = in[c * t.inColumnStride + r];
}

template <class T> static void copyTiles(const Tiles &t, int64_t fromRow, int64_t toRow) {
  constexpr int64_t kTile = 32;
  for (int64_t r0 = fromRow; r0 < toRow; r0 += kTile)
    for (int64_t c0 = 0; c0 < t.columns; c0 += kTile)
      copyTile<T>(t, r0, r0 + kTile < toRow ? r0 + kTile : toRow, c0,
                  c0 + kTile < t.columns ? c0 + kTile : t.columns);
}

/// The dim of size above 1 that is walked with stride 1, or -1.
static int64_t unitDim(const Tensor &t) {
  for (int64_t d = 0; d < t.rank; ++d)
    if (t.strides[d] == 1 && t.sizes[d] > 1)
      return d;
  return -1;
}

/// Does the copy when the two sides are contiguous along different dims and large enough to gain by
/// tiles.
static bool copyTransposed(Context &cx, const Tensor &dst, const Tensor &src) {
  int64_t bytes = dst.itemsize();
  if (dst.rank < 2 || dst.dtype != src.dtype || !(dst.shape() == src.shape()) ||
      (bytes != 4 && bytes != 8 && bytes != 2))
    return false;
  int64_t column = unitDim(dst), row = unitDim(src);
  if (column < 0 || row < 0 || column == row || dst.sizes[column] < 8 || dst.sizes[row] < 8 ||
      mayOverlap(dst, src))
    return false;
  int64_t outer = dst.numel / (dst.sizes[column] * dst.sizes[row]);
  int64_t rows = dst.sizes[row], bands = (rows + 127) / 128;
  parallelFor(cx, 0, outer * bands, 1 + 65536 / (128 * dst.sizes[column]),
              [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) {
                  int64_t rest = i / bands, fromRow = i % bands * 128;
                  Tiles t{dst.base(),        src.base(),       rows,
                          dst.sizes[column], dst.strides[row], src.strides[column]};
                  for (int64_t d = dst.rank - 1; d >= 0; --d) {
                    if (d == row || d == column)
                      continue;
                    t.out += rest % dst.sizes[d] * dst.strides[d] * bytes;
                    t.in += rest % dst.sizes[d] * src.strides[d] * bytes;
                    rest /= dst.sizes[d];
                  }
                  int64_t toRow = fromRow + 128 < rows ? fromRow + 128 : rows;
                  if (bytes == 4)
                    copyTiles<uint32_t>(t, fromRow, toRow);
                  else if (bytes == 8)
                    copyTiles<uint64_t>(t, fromRow, toRow);
                  else
                    copyTiles<uint16_t>(t, fromRow, toRow);
                }
              });
  return true;
}

Status copyInto(Context &cx, Tensor &dst, const Tensor &src) {
  if (&dst == &src)
    return success();
  Shape lead = dst.shape();
  if (!(src.shape() == dst.shape())) // broadcast; leading dims of size 1 are allowed
  {
    const Tensor *source = &src;
    TensorRef trimmed;
    while (source->rank > dst.rank && source->sizes[0] == 1) {
      trimmed = squeeze(cx, *source, 0);
      TSC_TRY(trimmed);
      source = trimmed.get();
    }
    TSC_TRY(broadcastShapes(cx, dst.shape(), source->shape()));
    TensorRef expanded = expand(cx, *source, lead);
    TSC_TRY(expanded);
    return copyInto(cx, dst, *expanded);
  }
  if (hasInternalOverlap(dst))
    return cx.fail("unsupported operation: more than one element of the written-to tensor refers "
                   "to a single memory "
                   "location. Please clone() the tensor before performing the operation.");
  if (copyTransposed(cx, dst, src))
    return success();
  Iterator it;
  it.addOutput({&dst, false}, DType::Bool); // Bool: every dtype may be written
  it.addInput(src);
  if (dst.numel == 0)
    return success();
  DType to = dst.dtype;
  TSC_TRY(it.build(cx, "copy_"));
  CopyState state{src.dtype, to, dtypeBytes(to)};
  it.run(cx, copyLoop(src.dtype, to), &state, 65536);
  return success();
}

/// The C++ type that messages name.
static const char *nativeName(DType dtype) {
  switch (dtype) {
  case DType::UInt8:
    return "uint8_t";
  case DType::Int8:
    return "int8_t";
  case DType::Int16:
    return "int16_t";
  case DType::Int32:
    return "int";
  case DType::Int64:
    return "int64_t";
  case DType::Float16:
    return "at::Half";
  case DType::BFloat16:
    return "at::BFloat16";
  case DType::Float32:
    return "float";
  case DType::Float64:
    return "double";
  default:
    return findDType(dtype)->torchName;
  }
}

/// Does a number not fit? Negative numbers wrap into unsigned dtypes, infinity and NaN fit floats.
static bool overflows(const Scalar &value, DType dtype) {
  if (value.isComplex() && value.im != 0)
    return !isComplex(dtype);
  double x = value.toDouble();
  if (isIntegral(dtype)) {
    if (value.isIntegral(true) && dtypeBytes(dtype) == 8)
      return false;
    int bits = dtypeBytes(dtype) * 8;
    double top = std::ldexp(1.0, findDType(dtype)->isSigned ? bits - 1 : bits);
    return !(x < top && (findDType(dtype)->isSigned ? x >= -top : x > -top));
  }
  double largest = dtype == DType::Float16    ? 65504.0
                   : dtype == DType::Float32  ? 0x1.fffffep127
                   : dtype == DType::BFloat16 ? 0x1.fep127
                                              : INFINITY;
  return std::isfinite(x) && std::fabs(x) > largest;
}

Status fill(Context &cx, Tensor &dst, const Scalar &value) {
  if (dst.numel == 0)
    return success();
  if (overflows(value, dst.dtype))
    return cx.fail("value cannot be converted to type %s without overflow", nativeName(dst.dtype));
  alignas(16) char element[16];
  storeScalar(element, dst.dtype, value);
  CopyState state{dst.dtype, dst.dtype, dst.itemsize()};
  bool zero = true;
  for (int64_t i = 0; i < state.bytes; ++i)
    zero &= element[i] == 0;
  if (zero && dst.isContiguous()) {
    parallelFor(cx, 0, dst.bytes(), 1 << 18, [&](int64_t begin, int64_t end) {
      std::memset(dst.base() + begin, 0, static_cast<size_t>(end - begin));
    });
    return success();
  }
  struct FillState {
    CopyState copy;
    char *element;
  } full{state, element};
  Iterator it;
  it.addOutput({&dst, false}, DType::Bool);
  TSC_TRY(it.build(cx, "fill_"));
  it.run(
      cx,
      [](void *user, char *const *ptrs, const int64_t *strides, int64_t n) {
        FillState &s = *static_cast<FillState *>(user);
        char *both[2] = {ptrs[0], s.element};
        int64_t steps[2] = {strides[0], 0};
        copySame(&s.copy, both, steps, n);
      },
      &full, 65536);
  return success();
}

TensorRef clone(Context &cx, const Tensor &t, MemoryFormat format) {
  TensorRef result = emptyLike(cx, t, t.dtype, format);
  TSC_TRY(result);
  TSC_TRY(copyInto(cx, *result, t));
  result->quantizer = t.quantizer;
  if (t.quantizer)
    tsc_rt_retain(&t.quantizer->head);
  return result;
}

TensorRef contiguous(Context &cx, const Tensor &t, MemoryFormat format) {
  bool already = format == MemoryFormat::Contiguous       ? t.isContiguous()
                 : format == MemoryFormat::ChannelsLast   ? t.isChannelsLast()
                 : format == MemoryFormat::ChannelsLast3d ? t.isChannelsLast3d()
                                                          : true;
  return already ? same(t) : clone(cx, t, format);
}
TensorRef toDType(Context &cx, const Tensor &t, DType dtype) {
  if (t.dtype == dtype)
    return same(t);
  TensorRef result = emptyLike(cx, t, dtype);
  TSC_TRY(result);
  TSC_TRY(copyInto(cx, *result, t));
  return result;
}
TensorRef contiguousAs(Context &cx, const Tensor &t, DType dtype) {
  if (t.dtype == dtype && t.isContiguous())
    return same(t);
  TensorRef result = empty(cx, t.shape(), dtype);
  TSC_TRY(result);
  TSC_TRY(copyInto(cx, *result, t));
  return result;
}

Status setTensor(Context &cx, Tensor &t, const Tensor &source) {
  TensorRef view = source.isDefined() ? alias(cx, source) : undefinedTensor(cx);
  TSC_TRY(view);
  // Swap what the two structs hold; the old contents go with `view`. Inline shapes move by value.
  auto swap = [](auto &a, auto &b) {
    auto c = a;
    a = b, b = c;
  };
  bool heapA = t.sizes != t.inlineShape, heapB = view->sizes != view->inlineShape;
  swap(t.storage, view->storage);
  swap(t.data, view->data);
  swap(t.dtype, view->dtype);
  swap(t.flags, view->flags);
  swap(t.device, view->device);
  swap(t.rank, view->rank);
  swap(t.numel, view->numel);
  swap(t.sizes, view->sizes);
  swap(t.strides, view->strides);
  swap(t.quantizer, view->quantizer);
  for (int64_t i = 0; i < 2 * kInlineRank; ++i)
    swap(t.inlineShape[i], view->inlineShape[i]);
  if (!heapB)
    t.sizes = t.inlineShape, t.strides = t.inlineShape + kInlineRank;
  if (!heapA)
    view->sizes = view->inlineShape, view->strides = view->inlineShape + kInlineRank;
  return success();
}

Status resizeOut(Context &cx, Tensor &out, IntList sizes) {
  if (out.shape() == sizes)
    return success();
  TensorRef made = empty(cx, sizes, out.dtype);
  TSC_TRY(made);
  return setTensor(cx, out, *made);
}
Status writeOut(Context &cx, Tensor &out, const Tensor &result) {
  if (!canCast(result.dtype, out.dtype))
    return cx.fail("result type %s can't be cast to the desired output type %s",
                   findDType(result.dtype)->graphName, findDType(out.dtype)->graphName);
  TSC_TRY(resizeOut(cx, out, result.shape()));
  return copyInto(cx, out, result);
}

} // namespace tsc::rt
