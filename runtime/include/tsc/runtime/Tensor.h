// SPDX-License-Identifier: Apache-2.0
// Counted references and tensors: the accessors of a tensor, how new ones and views are made, and
// copies between any dtypes and strides. Every function that makes something returns null with the
// error in the context when it fails.
#pragma once

#include "tsc/runtime/Containers.h"

namespace tsc::rt {

/// An owning reference to a counted object; null is allowed.
template <class T> class Ref {
public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  Ref(Failure) {}
  Ref(const Ref &o) : object(o.object) { tsc_rt_retain(head()); }
  Ref(Ref &&o) : object(o.object) { o.object = nullptr; }
  template <class U, class = std::enable_if_t<std::is_base_of_v<T, U>>>
  Ref(Ref<U> &&o) : object(o.take()) {}
  Ref &operator=(Ref o) {
    T *old = object;
    object = o.object, o.object = old;
    return *this;
  }
  ~Ref() { tsc_rt_release(head()); }
  /// Takes over a count.
  static Ref adopt(T *p) {
    Ref r;
    r.object = p;
    return r;
  }
  /// Adds a count.
  static Ref share(const T *p) {
    Ref r;
    r.object = const_cast<T *>(p);
    tsc_rt_retain(r.head());
    return r;
  }
  T *get() const { return object; }
  T *take() {
    T *p = object;
    object = nullptr;
    return p;
  }
  T &operator*() const { return *object; }
  T *operator->() const { return object; }
  explicit operator bool() const { return object != nullptr; }

private:
  ObjectHead *head() const { return reinterpret_cast<ObjectHead *>(object); }
  T *object = nullptr;
};

/// TensorObject with accessors; sizes and strides are in elements.
struct Tensor : TensorObject {
  IntList shape() const { return {sizes, rank}; }
  IntList stridesList() const { return {strides, rank}; }
  int64_t dim() const { return rank; }
  /// Size or stride of a dim that is in range; negative counts from the back.
  int64_t size(int64_t d) const { return sizes[d < 0 ? d + rank : d]; }
  int64_t stride(int64_t d) const { return strides[d < 0 ? d + rank : d]; }
  int64_t itemsize() const { return dtypeBytes(dtype); }
  int64_t bytes() const { return numel * itemsize(); }
  int64_t offset() const {
    return (static_cast<char *>(data) - static_cast<char *>(storage->data)) / itemsize();
  }
  bool isDefined() const { return !(flags & kUndefined); }
  bool isContiguous() const;
  bool isChannelsLast() const;   ///< rank 4, dense in NHWC order
  bool isChannelsLast3d() const; ///< rank 5, dense in NDHWC order
  bool isDense() const;          ///< non-overlapping and dense in some order of dims
  bool isFloating() const { return tsc::isFloating(dtype); }
  bool isComplex() const { return tsc::isComplex(dtype); }
  bool isIntegral(bool withBool) const { return tsc::isIntegral(dtype, withBool); }
  bool isBool() const { return dtype == DType::Bool; }
  template <class T> T *ptr() const { return static_cast<T *>(data); }
  char *base() const { return static_cast<char *>(data); }
  /// The element at a flat index in row-major order, or of a tensor with one element.
  Scalar at(int64_t flatIndex) const;
  Scalar item() const { return at(0); }
};
static_assert(sizeof(Tensor) == sizeof(TensorObject));
using TensorRef = Ref<Tensor>;

/// An optional tensor argument. The undefined tensor counts as absent.
struct OptTensor {
  const Tensor *tensor = nullptr;
  OptTensor() = default;
  OptTensor(const Tensor &t) : tensor(t.isDefined() ? &t : nullptr) {}
  explicit operator bool() const { return tensor != nullptr; }
  const Tensor &operator*() const { return *tensor; }
  const Tensor *operator->() const { return tensor; }
};

enum class MemoryFormat : int64_t {
  Contiguous = 0,
  Preserve = 1,
  ChannelsLast = 2,
  ChannelsLast3d = 3
};

extern const TypeDescriptor kTensorType;

// ---- Sizes
/// dim in [0, rank) from one in [-rank, rank) (rank 0 acts as rank 1), else IndexError as PyTorch
/// words it.
Result<int64_t> wrapDim(Context &cx, int64_t dim, int64_t rank);
/// Product; fails on overflow and on negative sizes.
Result<int64_t> checkedNumel(Context &cx, IntList sizes);
Shape contiguousStrides(IntList sizes);
/// Strides of a dense layout; ChannelsLast formats need rank 4 or 5.
Shape formatStrides(IntList sizes, MemoryFormat format);
/// The shape that both broadcast to.
Result<Shape> broadcastShapes(Context &cx, IntList a, IntList b);
/// Strides of a view of `t` with another shape, when there is one without a copy.
Optional<Shape> viewStrides(const Tensor &t, IntList sizes);
/// Replaces a -1 by what is left of numel, and checks ("shape '[2, 3]' is invalid for input of size
/// 5").
Result<Shape> inferSize(Context &cx, IntList sizes, int64_t numel);

// ---- New tensors (uninitialized unless said)
TensorRef empty(Context &cx, IntList sizes, DType dtype);
TensorRef emptyFormat(Context &cx, IntList sizes, DType dtype, MemoryFormat format);
TensorRef emptyStrided(Context &cx, IntList sizes, IntList strides, DType dtype);
/// Same sizes; with Preserve the strides of a dense tensor are kept.
TensorRef emptyLike(Context &cx, const Tensor &t);
TensorRef emptyLike(Context &cx, const Tensor &t, DType dtype,
                    MemoryFormat format = MemoryFormat::Preserve);
TensorRef zeros(Context &cx, IntList sizes, DType dtype);
TensorRef full(Context &cx, IntList sizes, const Scalar &value, DType dtype);
/// A 0-d tensor.
TensorRef scalarTensor(Context &cx, const Scalar &value, DType dtype);
TensorRef undefinedTensor(Context &cx);
/// Around memory of somebody else.
TensorRef fromBlob(Context &cx, void *data, IntList sizes, IntList strides, DType dtype,
                   void (*release)(StorageObject *), void *owner);

// ---- Views (share the storage; offset in elements from t.data)
TensorRef asStrided(Context &cx, const Tensor &t, IntList sizes, IntList strides,
                    int64_t offset = 0);
TensorRef alias(Context &cx, const Tensor &t);
TensorRef transpose(Context &cx, const Tensor &t, int64_t a, int64_t b); ///< dims already wrapped
TensorRef permute(Context &cx, const Tensor &t, IntList dims);           ///< dims already wrapped
TensorRef narrow(Context &cx, const Tensor &t, int64_t dim, int64_t start, int64_t length);
TensorRef select(Context &cx, const Tensor &t, int64_t dim, int64_t index);
TensorRef squeeze(Context &cx, const Tensor &t,
                  int64_t dim); ///< drops a dim of size 1, else an alias
TensorRef unsqueeze(Context &cx, const Tensor &t, int64_t dim);
TensorRef expand(Context &cx, const Tensor &t, IntList sizes);  ///< -1 keeps a size
TensorRef view(Context &cx, const Tensor &t, IntList sizes);    ///< fails as aten::view does
TensorRef reshape(Context &cx, const Tensor &t, IntList sizes); ///< a view, or a contiguous copy
/// Views memory as another dtype of the same size (complex as real pairs and so on are the caller's
/// arithmetic).
TensorRef viewAs(Context &cx, const Tensor &t, DType dtype, IntList sizes, IntList strides,
                 int64_t byteOffset = 0);

// ---- Copies
/// dst[...] = src[...] with broadcasting of src and conversion; correct when they overlap.
Status copyInto(Context &cx, Tensor &dst, const Tensor &src);
Status fill(Context &cx, Tensor &dst, const Scalar &value);
TensorRef clone(Context &cx, const Tensor &t, MemoryFormat format = MemoryFormat::Preserve);
/// The tensor itself (retained) when it is contiguous already, else a contiguous copy.
TensorRef contiguous(Context &cx, const Tensor &t, MemoryFormat format = MemoryFormat::Contiguous);
/// The tensor itself (retained) when it has the dtype already, else a converted copy.
TensorRef toDType(Context &cx, const Tensor &t, DType dtype);
/// toDType and contiguous in one go: what a kernel with raw loops starts with.
TensorRef contiguousAs(Context &cx, const Tensor &t, DType dtype);
/// Gives `out` (of an out= variant) these sizes, reallocating when it must; contents are lost then.
Status resizeOut(Context &cx, Tensor &out, IntList sizes);
/// Resizes `out` and copies `result` into it.
Status writeOut(Context &cx, Tensor &out, const Tensor &result);
/// Makes `t` be what `source` is (storage, sizes, strides, dtype): aten::set_, x.data = y.
Status setTensor(Context &cx, Tensor &t, const Tensor &source);
/// True when the elements of the two may share memory.
bool mayOverlap(const Tensor &a, const Tensor &b);
/// True when two elements of the tensor share a place (expanded tensors).
bool hasInternalOverlap(const Tensor &t);

// ---- Converting runs of elements
/// Loads n elements `stride` bytes apart into a compute type: bool, int64_t, float, double,
/// Complex.
template <class C>
using LoadFunction = void (*)(C *dst, const char *src, int64_t stride, int64_t n);
template <class C>
using StoreFunction = void (*)(char *dst, int64_t stride, const C *src, int64_t n);
template <class C> LoadFunction<C> loader(DType dtype);
template <class C> StoreFunction<C> storer(DType dtype);
Scalar loadScalar(const void *element, DType dtype);
void storeScalar(void *element, DType dtype, const Scalar &value);

} // namespace tsc::rt
