// SPDX-License-Identifier: Apache-2.0
// New tensors, sizes and strides, and views.
#include "tsc/runtime/Objects.h"

#include <cstdlib>

namespace tsc::rt {

// ---- Layout
bool Tensor::isContiguous() const {
  int64_t step = 1;
  for (int64_t d = rank - 1; d >= 0; --d) {
    if (sizes[d] == 0)
      return true;
    if (sizes[d] != 1 && strides[d] != step)
      return numel == 0;
    step *= sizes[d];
  }
  return true;
}

static bool isLastFormat(const Tensor &t, MemoryFormat format, int64_t rank) {
  if (t.rank != rank || t.numel == 0 || t.strides[1] == 0)
    return false;
  Shape wanted = formatStrides(t.shape(), format);
  for (int64_t d = 0; d < rank; ++d)
    if (t.sizes[d] != 1 && t.strides[d] != wanted[d])
      return false;
  return true;
}
bool Tensor::isChannelsLast() const { return isLastFormat(*this, MemoryFormat::ChannelsLast, 4); }
bool Tensor::isChannelsLast3d() const {
  return isLastFormat(*this, MemoryFormat::ChannelsLast3d, 5);
}

bool Tensor::isDense() const {
  if (numel == 0 || isContiguous())
    return true;
  Shape order;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t at = order.count;
    while (at > 0 && strides[order[at - 1]] > strides[d])
      --at;
    if (sizes[d] != 1)
      order.insert(at, d);
  }
  int64_t step = 1;
  for (int64_t d : order) {
    if (strides[d] != step)
      return false;
    step *= sizes[d];
  }
  return true;
}

Scalar Tensor::at(int64_t flatIndex) const {
  const char *p = base();
  for (int64_t d = rank - 1; d >= 0; --d) {
    p += flatIndex % sizes[d] * strides[d] * itemsize();
    flatIndex /= sizes[d];
  }
  return loadScalar(p, dtype);
}

Result<int64_t> wrapDim(Context &cx, int64_t dim, int64_t rank) {
  int64_t n = rank > 0 ? rank : 1;
  if (dim < -n || dim >= n)
    return cx.raise(
        "IndexError",
        "Dimension out of range (expected to be in range of [%lld, %lld], but got %lld)",
        static_cast<long long>(-n), static_cast<long long>(n - 1), static_cast<long long>(dim));
  return dim < 0 ? dim + n : dim;
}

Result<int64_t> checkedNumel(Context &cx, IntList sizes) {
  int64_t total = 1;
  bool zero = false, overflow = false;
  for (int64_t s : sizes) {
    if (s < 0)
      return cx.fail("Trying to create tensor with negative dimension %lld: %s",
                     static_cast<long long>(s), ShapeText(sizes).text);
    zero |= s == 0;
    overflow |= __builtin_mul_overflow(total, s ? s : 1, &total);
  }
  if (overflow && !zero)
    return cx.fail("numel: integer multiplication overflow");
  return zero ? 0 : total;
}

Shape contiguousStrides(IntList sizes) {
  Shape strides(sizes.size(), 1);
  int64_t step = 1;
  for (int64_t d = sizes.size() - 1; d >= 0; --d) {
    strides[d] = step;
    step = static_cast<int64_t>(static_cast<uint64_t>(step) *
                                static_cast<uint64_t>(sizes[d] > 1 ? sizes[d] : 1));
  }
  return strides;
}

Shape formatStrides(IntList sizes, MemoryFormat format) {
  int64_t rank = format == MemoryFormat::ChannelsLast     ? 4
                 : format == MemoryFormat::ChannelsLast3d ? 5
                                                          : 0;
  if (rank == 0 || sizes.size() != rank)
    return contiguousStrides(sizes);
  Shape strides(rank, 1);
  int64_t step = 1;
  auto place = [&](int64_t d) {
    strides[d] = step;
    step = static_cast<int64_t>(static_cast<uint64_t>(step) *
                                static_cast<uint64_t>(sizes[d] > 1 ? sizes[d] : 1));
  };
  place(1);
  for (int64_t d = rank - 1; d >= 2; --d)
    place(d);
  place(0);
  return strides;
}

Result<Shape> broadcastShapes(Context &cx, IntList a, IntList b) {
  Shape result;
  int64_t rank = a.size() > b.size() ? a.size() : b.size();
  for (int64_t d = 0; d < rank; ++d) {
    int64_t i = d - (rank - a.size()), j = d - (rank - b.size());
    int64_t x = i >= 0 ? a[i] : 1, y = j >= 0 ? b[j] : 1;
    if (x != y && x != 1 && y != 1)
      return cx.fail("The size of tensor a (%lld) must match the size of tensor b (%lld) at "
                     "non-singleton dimension %lld",
                     static_cast<long long>(x), static_cast<long long>(y),
                     static_cast<long long>(d));
    result.push(x == 1 ? y : x);
  }
  return result;
}

Result<Shape> inferSize(Context &cx, IntList sizes, int64_t numel) {
  Shape result = sizes;
  int64_t unknown = -1, known = 1;
  for (int64_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == -1) {
      if (unknown >= 0)
        return cx.fail("only one dimension can be inferred");
      unknown = d;
    } else if (sizes[d] < 0)
      return cx.fail("invalid shape dimension %lld at index %lld of shape %s",
                     static_cast<long long>(sizes[d]), static_cast<long long>(d),
                     ShapeText(sizes).text);
    else if (__builtin_mul_overflow(known, sizes[d], &known))
      return cx.fail("shape '%s' is invalid for input of size %lld", ShapeText(sizes).text,
                     static_cast<long long>(numel));
  }
  bool fits = numel == known || (unknown >= 0 && known > 0 && numel % known == 0);
  if (!fits)
    return cx.fail("shape '%s' is invalid for input of size %lld", ShapeText(sizes).text,
                   static_cast<long long>(numel));
  if (unknown < 0)
    return result;
  if (known == 0)
    return cx.fail("cannot reshape tensor of 0 elements into shape %s because the unspecified "
                   "dimension size -1 can be "
                   "any value and is ambiguous",
                   ShapeText(sizes).text);
  result[unknown] = numel / known;
  return result;
}

Optional<Shape> viewStrides(const Tensor &t, IntList sizes) {
  Shape strides(sizes.size(), 0);
  if (t.numel == 0) {
    if (t.shape() == sizes)
      return Shape(t.stridesList());
    return contiguousStrides(sizes);
  }
  if (t.rank == 0)
    return Shape(sizes.size(), 1);
  int64_t viewDim = sizes.size() - 1;
  int64_t chunkStride = t.strides[t.rank - 1], inChunk = 1, viewed = 1;
  for (int64_t d = t.rank - 1; d >= 0; --d) {
    inChunk *= t.sizes[d];
    bool ends = d == 0 || (t.sizes[d - 1] != 1 && t.strides[d - 1] != inChunk * chunkStride);
    if (!ends)
      continue;
    while (viewDim >= 0 && (viewed < inChunk || sizes[viewDim] == 1)) {
      strides[viewDim] = viewed * chunkStride;
      viewed *= sizes[viewDim--];
    }
    if (viewed != inChunk)
      return {};
    if (d > 0) {
      chunkStride = t.strides[d - 1];
      inChunk = viewed = 1;
    }
  }
  if (viewDim != -1)
    return {};
  return strides;
}

// ---- Making
static void releaseAllocated(StorageObject *s) {
  const Allocator *a = static_cast<const Allocator *>(s->owner);
  a->release(a->user, s->data, static_cast<size_t>(s->bytes));
}

/// Small elements stand behind their storage object, in one block, when nobody else is to allocate
/// them.
static constexpr int64_t kSmallStorage = 1 << 16;
static StorageObject *newSmallStorage(Context &cx, int64_t bytes, int64_t room) {
  StorageObject *s = static_cast<StorageObject *>(
      allocateBytes(cx, static_cast<int64_t>(sizeof(StorageObject)) + 63 + room));
  if (!s)
    return nullptr;
  void *data = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(s + 1) + 63) &
                                        ~static_cast<uintptr_t>(63));
  *s = {{1, &kStorageType}, data, bytes, nullptr, nullptr};
  return s;
}

static StorageObject *newStorage(Context &cx, int64_t bytes) {
  // A spare vector's width behind the data keeps whole-vector reads of the last element inside the
  // block.
  size_t room = (static_cast<size_t>(bytes) + 127) & ~static_cast<size_t>(63);
  if (bytes <= kSmallStorage && cx.allocator == defaultAllocator())
    return newSmallStorage(cx, bytes, static_cast<int64_t>(room));
  StorageObject *s = static_cast<StorageObject *>(allocateBytes(cx, sizeof(StorageObject)));
  if (!s)
    return nullptr;
  void *data = cx.allocator->allocate(cx.allocator->user, room, 64);
  if (!data) {
    freeBytes(s);
    (void)cx.outOfMemory();
    return nullptr;
  }
  *s = {{1, &kStorageType}, data, bytes, releaseAllocated, const_cast<Allocator *>(cx.allocator)};
  return s;
}

/// A tensor over a storage (taken over; freed on failure).
static TensorRef makeTensor(Context &cx, StorageObject *storage, void *data, DType dtype,
                            IntList sizes, IntList strides) {
  if (!storage)
    return Failed;
  auto give = [&]() -> TensorRef {
    tsc_rt_release(&storage->head);
    return Failed;
  };
  if (sizes.size() > kMaxRank) {
    (void)cx.fail("tensors of more than %d dimensions are not supported",
                  static_cast<int>(kMaxRank));
    return give();
  }
  Tensor *t = static_cast<Tensor *>(allocateBytes(cx, sizeof(Tensor)));
  if (!t)
    return give();
  *static_cast<TensorObject *>(t) = TensorObject{};
  t->head = {1, &kTensorType};
  t->rank = static_cast<int32_t>(sizes.size());
  t->sizes = t->inlineShape, t->strides = t->inlineShape + kInlineRank;
  if (t->rank > kInlineRank) {
    t->sizes = static_cast<int64_t *>(
        allocateBytes(cx, 2 * t->rank * static_cast<int64_t>(sizeof(int64_t))));
    if (!t->sizes) {
      freeBytes(t);
      return give();
    }
    t->strides = t->sizes + t->rank;
  }
  t->storage = storage, t->data = data, t->dtype = dtype, t->device = 1 << 8;
  t->numel = 1;
  for (int64_t d = 0; d < t->rank; ++d) {
    t->sizes[d] = sizes[d], t->strides[d] = strides[d];
    t->numel *= sizes[d];
  }
  return TensorRef::adopt(t);
}

TensorRef emptyStrided(Context &cx, IntList sizes, IntList strides, DType dtype) {
  if (sizes.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  TSC_ASSIGN(int64_t numel, checkedNumel(cx, sizes));
  int64_t last = 0, bytes = 0;
  bool overflow = false;
  for (int64_t d = 0; d < sizes.size() && numel; ++d) {
    int64_t reach;
    overflow |= strides[d] < 0 || __builtin_mul_overflow(sizes[d] - 1, strides[d], &reach) ||
                __builtin_add_overflow(last, reach, &last);
  }
  overflow |=
      numel && __builtin_mul_overflow(last + 1, static_cast<int64_t>(dtypeBytes(dtype)), &bytes);
  if (overflow || bytes > (INT64_MAX >> 8))
    return cx.fail("Storage size calculation overflowed with sizes=%s and strides=%s",
                   ShapeText(sizes).text, ShapeText(strides).text);
  StorageObject *storage = newStorage(cx, bytes);
  return makeTensor(cx, storage, storage ? storage->data : nullptr, dtype, sizes, strides);
}

TensorRef empty(Context &cx, IntList sizes, DType dtype) {
  if (sizes.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  TSC_ASSIGN(int64_t numel, checkedNumel(cx, sizes));
  Shape strides = contiguousStrides(sizes);
  int64_t itemsize = dtypeBytes(dtype);
  if (numel > (INT64_MAX >> 8) / (itemsize ? itemsize : 1))
    return emptyStrided(cx, sizes, strides, dtype); // says what is wrong
  StorageObject *storage = newStorage(cx, numel * itemsize);
  return makeTensor(cx, storage, storage ? storage->data : nullptr, dtype, sizes, strides);
}
TensorRef emptyFormat(Context &cx, IntList sizes, DType dtype, MemoryFormat format) {
  if (sizes.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  if (format == MemoryFormat::ChannelsLast && sizes.size() != 4)
    return cx.fail("required rank 4 tensor to use channels_last format");
  if (format == MemoryFormat::ChannelsLast3d && sizes.size() != 5)
    return cx.fail("required rank 5 tensor to use channels_last_3d format");
  return emptyStrided(cx, sizes, formatStrides(sizes, format), dtype);
}

/// Row-major strides over the order that the tensor's own strides have.
static Shape denseStridesLike(const Tensor &t) {
  if (t.isDense())
    return Shape(t.stridesList());
  Shape order; // outermost last
  for (int64_t d = t.rank - 1; d >= 0; --d) {
    int64_t at = order.count;
    while (at > 0 && t.strides[d] != 0 && t.strides[order[at - 1]] > t.strides[d])
      --at;
    order.insert(at, d);
  }
  Shape strides(t.rank, 1);
  int64_t step = 1;
  for (int64_t d : order) {
    strides[d] = step;
    step *= t.sizes[d] > 1 ? t.sizes[d] : 1;
  }
  return strides;
}

TensorRef emptyLike(Context &cx, const Tensor &t, DType dtype, MemoryFormat format) {
  if (format != MemoryFormat::Preserve)
    return emptyFormat(cx, t.shape(), dtype, format);
  return emptyStrided(cx, t.shape(), denseStridesLike(t), dtype);
}
TensorRef emptyLike(Context &cx, const Tensor &t) { return emptyLike(cx, t, t.dtype); }

TensorRef zeros(Context &cx, IntList sizes, DType dtype) {
  TensorRef t = empty(cx, sizes, dtype);
  if (t)
    std::memset(t->data, 0, static_cast<size_t>(t->bytes()));
  return t;
}
TensorRef full(Context &cx, IntList sizes, const Scalar &value, DType dtype) {
  TensorRef t = empty(cx, sizes, dtype);
  TSC_TRY(t);
  TSC_TRY(fill(cx, *t, value));
  return t;
}
TensorRef scalarTensor(Context &cx, const Scalar &value, DType dtype) {
  TensorRef t = empty(cx, {}, dtype);
  if (t)
    storeScalar(t->data, dtype, value);
  return t;
}
TensorRef undefinedTensor(Context &cx) {
  int64_t zero[] = {0};
  TensorRef t = empty(cx, zero, cx.defaultDType);
  if (t)
    t->flags |= kUndefined;
  return t;
}

TensorRef fromBlob(Context &cx, void *data, IntList sizes, IntList strides, DType dtype,
                   void (*release)(StorageObject *), void *owner) {
  TSC_ASSIGN(int64_t numel, checkedNumel(cx, sizes));
  int64_t last = 0;
  for (int64_t d = 0; d < sizes.size() && numel; ++d)
    last += (sizes[d] - 1) * strides[d];
  StorageObject *s = static_cast<StorageObject *>(allocateBytes(cx, sizeof(StorageObject)));
  if (!s)
    return Failed;
  *s = {{1, &kStorageType}, data, numel ? (last + 1) * dtypeBytes(dtype) : 0, nullptr, owner};
  TensorRef t = makeTensor(cx, s, data, dtype, sizes, strides);
  if (t)
    s->release = release; // only a tensor that exists owns the memory
  return t;
}

// ---- Views
TensorRef viewAs(Context &cx, const Tensor &t, DType dtype, IntList sizes, IntList strides,
                 int64_t byteOffset) {
  TSC_ASSIGN(int64_t numel, checkedNumel(cx, sizes));
  if (numel) {
    char *begin = static_cast<char *>(t.storage->data);
    int64_t first = t.base() + byteOffset - begin, last = first, itemsize = dtypeBytes(dtype);
    bool bad = false;
    for (int64_t d = 0; d < sizes.size(); ++d) {
      int64_t reach;
      bad |= strides[d] < 0 ||
             __builtin_mul_overflow(sizes[d] - 1, strides[d] * itemsize, &reach) ||
             __builtin_add_overflow(last, reach, &last);
    }
    if (bad || first < 0 || last + itemsize > t.storage->bytes)
      return cx.fail("setStorage: sizes %s, strides %s are out of bounds for storage of size %lld",
                     ShapeText(sizes).text, ShapeText(strides).text,
                     static_cast<long long>(t.storage->bytes));
  }
  tsc_rt_retain(&t.storage->head);
  TensorRef v = makeTensor(cx, t.storage, t.base() + byteOffset, dtype, sizes, strides);
  if (v) {
    v->device = t.device;
    v->quantizer = t.quantizer;
    if (v->quantizer)
      tsc_rt_retain(&v->quantizer->head);
  }
  return v;
}
TensorRef asStrided(Context &cx, const Tensor &t, IntList sizes, IntList strides, int64_t offset) {
  return viewAs(cx, t, t.dtype, sizes, strides, offset * t.itemsize());
}
TensorRef alias(Context &cx, const Tensor &t) {
  return asStrided(cx, t, t.shape(), t.stridesList());
}

TensorRef transpose(Context &cx, const Tensor &t, int64_t a, int64_t b) {
  Shape sizes = t.shape(), strides = t.stridesList();
  if (t.rank) {
    sizes[a] = t.sizes[b], sizes[b] = t.sizes[a];
    strides[a] = t.strides[b], strides[b] = t.strides[a];
  }
  return asStrided(cx, t, sizes, strides);
}
TensorRef permute(Context &cx, const Tensor &t, IntList dims) {
  Shape sizes, strides;
  for (int64_t d : dims)
    sizes.push(t.sizes[d]), strides.push(t.strides[d]);
  return asStrided(cx, t, sizes, strides);
}
TensorRef narrow(Context &cx, const Tensor &t, int64_t dim, int64_t start, int64_t length) {
  if (start < 0 || length < 0 || start > t.sizes[dim] - length)
    return cx.fail("start (%lld) + length (%lld) exceeds dimension size (%lld).",
                   static_cast<long long>(start), static_cast<long long>(length),
                   static_cast<long long>(t.sizes[dim]));
  Shape sizes = t.shape();
  sizes[dim] = length;
  return asStrided(cx, t, sizes, t.stridesList(), length ? start * t.strides[dim] : 0);
}
TensorRef select(Context &cx, const Tensor &t, int64_t dim, int64_t index) {
  if (index < -t.sizes[dim] || index >= t.sizes[dim])
    return cx.raise(
        "IndexError", "select(): index %lld out of range for tensor of size %s at dimension %lld",
        static_cast<long long>(index), ShapeText(t.shape()).text, static_cast<long long>(dim));
  index = index < 0 ? index + t.sizes[dim] : index;
  Shape sizes = t.shape(), strides = t.stridesList();
  sizes.erase(dim), strides.erase(dim);
  return asStrided(cx, t, sizes, strides, index * t.strides[dim]);
}
TensorRef squeeze(Context &cx, const Tensor &t, int64_t dim) {
  Shape sizes = t.shape(), strides = t.stridesList();
  if (t.rank && t.sizes[dim] == 1)
    sizes.erase(dim), strides.erase(dim);
  return asStrided(cx, t, sizes, strides);
}
TensorRef unsqueeze(Context &cx, const Tensor &t, int64_t dim) {
  if (t.rank >= kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  Shape sizes = t.shape(), strides = t.stridesList();
  int64_t step = dim < t.rank ? t.sizes[dim] * t.strides[dim] : 1;
  sizes.insert(dim, 1), strides.insert(dim, step);
  return asStrided(cx, t, sizes, strides);
}
TensorRef expand(Context &cx, const Tensor &t, IntList wanted) {
  int64_t lead = wanted.size() - t.rank;
  if (lead < 0 || wanted.size() > kMaxRank)
    return cx.fail(
        "expand(%s): the number of sizes provided (%lld) must be greater or equal to the number of "
        "dimensions in the tensor (%lld)",
        ShapeText(t.shape()).text, static_cast<long long>(wanted.size()),
        static_cast<long long>(t.rank));
  Shape sizes, strides;
  for (int64_t d = 0; d < wanted.size(); ++d) {
    int64_t own = d < lead ? 1 : t.sizes[d - lead], size = wanted[d];
    if (size == -1 && d >= lead)
      size = own;
    if (size < 0)
      return cx.fail("The expanded size of the tensor (%lld) isn't allowed in a leading, "
                     "non-existing dimension %lld",
                     static_cast<long long>(size), static_cast<long long>(d));
    if (own != size && own != 1)
      return cx.fail("The expanded size of the tensor (%lld) must match the existing size (%lld) "
                     "at non-singleton "
                     "dimension %lld.  Target sizes: %s.  Tensor sizes: %s",
                     static_cast<long long>(size), static_cast<long long>(own),
                     static_cast<long long>(d), ShapeText(wanted).text, ShapeText(t.shape()).text);
    sizes.push(size);
    strides.push(d < lead ? (size == 1 ? 0 : 0) : own == size ? t.strides[d - lead] : 0);
  }
  for (int64_t d = wanted.size() - 1; d >= 0;
       --d) // new dims of size 1 get the stride they would have
    if (d < lead && sizes[d] == 1 && d + 1 < wanted.size())
      strides[d] = sizes[d + 1] * strides[d + 1];
  return asStrided(cx, t, sizes, strides);
}
TensorRef view(Context &cx, const Tensor &t, IntList wanted) {
  if (wanted.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  TSC_ASSIGN(Shape sizes, inferSize(cx, wanted, t.numel));
  Optional<Shape> strides = viewStrides(t, sizes);
  if (!strides)
    return cx.fail("view size is not compatible with input tensor's size and stride (at least one "
                   "dimension spans across "
                   "two contiguous subspaces). Use .reshape(...) instead.");
  return asStrided(cx, t, sizes, *strides);
}
TensorRef reshape(Context &cx, const Tensor &t, IntList wanted) {
  if (wanted.size() > kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(kMaxRank));
  TSC_ASSIGN(Shape sizes, inferSize(cx, wanted, t.numel));
  if (Optional<Shape> strides = viewStrides(t, sizes))
    return asStrided(cx, t, sizes, *strides);
  TensorRef dense = clone(cx, t, MemoryFormat::Contiguous);
  TSC_TRY(dense);
  return asStrided(cx, *dense, sizes, contiguousStrides(sizes));
}

// ---- Overlap
bool mayOverlap(const Tensor &a, const Tensor &b) {
  if (a.storage != b.storage && a.storage->data != b.storage->data) {
    const char *x = static_cast<char *>(a.storage->data), *y = static_cast<char *>(b.storage->data);
    if (x + a.storage->bytes <= y || y + b.storage->bytes <= x)
      return false;
  }
  auto end = [](const Tensor &t) {
    int64_t last = 1;
    for (int64_t d = 0; d < t.rank; ++d)
      last += (t.sizes[d] - 1) * t.strides[d];
    return t.base() + last * t.itemsize();
  };
  return a.numel && b.numel && a.base() < end(b) && b.base() < end(a);
}
bool hasInternalOverlap(const Tensor &t) {
  if (t.isDense())
    return false;
  for (int64_t d = 0; d < t.rank; ++d)
    if (t.sizes[d] > 1 && t.strides[d] == 0)
      return true;
  return false;
}

} // namespace tsc::rt
