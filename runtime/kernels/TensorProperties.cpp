// SPDX-License-Identifier: Apache-2.0
// Questions about a tensor: sizes, dtype, device, layout flags, tolist, and the parts of devices.
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Kernel.h"

using namespace tsc::rt;

static int64_t rankOf(Context &, const Tensor &t) { return t.rank; }
TSC_KERNEL(aten_dim, rankOf)
static ListRef sizesOf(Context &cx, const Tensor &t) { return newIntList(cx, t.shape()); }
TSC_KERNEL(aten_size, sizesOf)
static Result<int64_t> sizeAt(Context &cx, const Tensor &t, int64_t dim) {
  if (t.rank == 0)
    return cx.raise("IndexError", "Dimension specified as %lld but tensor has no dimensions",
                    static_cast<long long>(dim));
  TSC_ASSIGN(int64_t d, wrapDim(cx, dim, t.rank));
  return t.sizes[d];
}
TSC_KERNEL(aten_size_int, sizeAt)
static ListRef stridesOf(Context &cx, const Tensor &t) { return newIntList(cx, t.stridesList()); }
TSC_KERNEL(aten_stride, stridesOf)
static Result<int64_t> strideAt(Context &cx, const Tensor &t, int64_t dim) {
  TSC_ASSIGN(int64_t d, wrapDim(cx, dim, t.rank));
  return t.rank ? t.strides[d] : 1;
}
TSC_KERNEL(aten_stride_int, strideAt)
static int64_t numelOf(Context &, const Tensor &t) { return t.numel; }
TSC_KERNEL(aten_numel, numelOf)
static Result<int64_t> lengthOf(Context &cx, const Tensor &t) {
  if (t.rank == 0)
    return cx.raise("TypeError", "len() of a 0-d tensor");
  return t.sizes[0];
}
TSC_KERNEL(aten_len_Tensor, lengthOf)
static int64_t offsetOf(Context &, const Tensor &t) { return t.offset(); }
TSC_KERNEL(aten_storage_offset, offsetOf)
static int64_t itemSize(Context &, const Tensor &t) { return t.itemsize(); }
TSC_KERNEL(aten_element_size, itemSize)
TSC_KERNEL(prim_itemsize, itemSize)
static int64_t byteCount(Context &, const Tensor &t) { return t.bytes(); }
TSC_KERNEL(prim_nbytes, byteCount)

static int64_t dtypeOf(Context &, const Tensor &t) { return static_cast<int64_t>(t.dtype); }
TSC_KERNEL(prim_dtype, dtypeOf)
static int64_t layoutOf(Context &, const Tensor &) { return 0; }
TSC_KERNEL(prim_layout, layoutOf)
static Device deviceOf(Context &, const Tensor &t) { return Device{t.device}; }
TSC_KERNEL(prim_device, deviceOf)
static int64_t deviceIndexOf(Context &, const Tensor &t) { return (t.device & 0xff) - 1; }
TSC_KERNEL(aten_get_device, deviceIndexOf)

#define TSC_TENSOR_FLAG(NAME, EXPR)                                                                \
  static bool NAME(Context &, const Tensor &t) { return EXPR; }                                    \
  TSC_KERNEL(NAME, NAME)
TSC_TENSOR_FLAG(prim_is_cuda, t.device >> 8 == 2)
TSC_TENSOR_FLAG(prim_is_cpu, t.device >> 8 == 1)
TSC_TENSOR_FLAG(prim_is_xpu, false)
TSC_TENSOR_FLAG(prim_is_xla, false)
TSC_TENSOR_FLAG(prim_is_mtia, false)
TSC_TENSOR_FLAG(prim_is_maia, false)
TSC_TENSOR_FLAG(prim_is_ipu, false)
TSC_TENSOR_FLAG(prim_is_mps, false)
TSC_TENSOR_FLAG(prim_is_mkldnn, false)
TSC_TENSOR_FLAG(prim_is_vulkan, false)
TSC_TENSOR_FLAG(prim_is_meta, t.device >> 8 == 100)
TSC_TENSOR_FLAG(prim_is_sparse, false)
TSC_TENSOR_FLAG(prim_is_sparse_csr, false)
TSC_TENSOR_FLAG(prim_is_nested, false)
TSC_TENSOR_FLAG(prim_is_quantized, tsc::isQuantized(t.dtype))
TSC_TENSOR_FLAG(prim_requires_grad, (t.flags & tsc::kRequiresGrad) != 0)
TSC_TENSOR_FLAG(aten_is_leaf, true)
TSC_TENSOR_FLAG(aten_is_floating_point, t.isFloating())
TSC_TENSOR_FLAG(aten_is_complex, t.isComplex())
TSC_TENSOR_FLAG(aten_is_signed, tsc::findDType(t.dtype)->isSigned)
TSC_TENSOR_FLAG(aten_is_conj, false)
TSC_TENSOR_FLAG(aten_is_neg, false)
TSC_TENSOR_FLAG(aten_is_inference, false)
TSC_TENSOR_FLAG(aten__is_zerotensor, false)

static bool isContiguousTensor(Context &, const Tensor &t) { return t.isContiguous(); }
TSC_KERNEL(aten_is_contiguous, isContiguousTensor)
static bool isContiguousIn(Context &, const Tensor &t, MemoryFormat format) {
  return format == MemoryFormat::ChannelsLast     ? t.isChannelsLast()
         : format == MemoryFormat::ChannelsLast3d ? t.isChannelsLast3d()
                                                  : t.isContiguous();
}
TSC_KERNEL(aten_is_contiguous_memory_format, isContiguousIn)
static bool isSameSize(Context &, const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape();
}
TSC_KERNEL(aten_is_same_size, isSameSize)
static bool isSetTo(Context &, const Tensor &a, const Tensor &b) {
  return a.storage == b.storage && a.data == b.data && a.shape() == b.shape() &&
         a.stridesList() == b.stridesList();
}
TSC_KERNEL(aten_is_set_to, isSetTo)

static TensorRef dataOf(Context &cx, const Tensor &t) {
  TensorRef v = alias(cx, t);
  return v;
}
TSC_KERNEL(prim_data, dataOf)
static OwnedValue nameOf(Context &, const Tensor &) { return OwnedValue(); }
TSC_KERNEL(prim_name, nameOf)
/// There is no autograd: a tensor has no gradient.
static OwnedValue gradOf(Context &cx, const Tensor &) { return OwnedValue(undefinedTensor(cx)); }
TSC_KERNEL(prim_grad, gradOf)
TSC_KERNEL(prim_AutogradZero, undefinedTensor)
static Tensor *asMutable(const Tensor &t) { return const_cast<Tensor *>(&t); }
static TensorRef requireGrad(Context &, Tensor &t, bool on) {
  asMutable(t)->flags =
      static_cast<uint8_t>(on ? t.flags | tsc::kRequiresGrad : t.flags & ~tsc::kRequiresGrad);
  return same(t);
}
TSC_KERNEL(aten_requires_grad_, requireGrad)

// ---- tolist: (tensor, dimensions, element kind 0 int, 1 float, 2 bool, 3 complex), as an Any
// value
static OwnedValue nestedList(Context &cx, const Tensor &t, int64_t dim, int64_t &flat,
                             const TypeDescriptor *element) {
  if (dim == t.rank) {
    Scalar s = t.at(flat++);
    if (element == &kFloatType)
      return OwnedValue::adopt(makeFloat(s.toDouble()));
    return numberValue(cx, s);
  }
  const TypeDescriptor *type = element;
  for (int64_t d = dim; d < t.rank && type; ++d)
    type = listTypeOf(cx, type);
  ListRef list = newList(cx, type, t.sizes[dim]);
  TSC_TRY(list);
  for (int64_t i = 0; i < t.sizes[dim]; ++i) {
    OwnedValue item = nestedList(cx, t, dim + 1, flat, element);
    TSC_TRY(item);
    TSC_TRY(list->append(cx, item.get()));
  }
  return list;
}
static OwnedValue toList(Context &cx, Arguments args) {
  int64_t first =
      args[0].tag == Tag::Int ? 1 : 0; // with the count of a variadic operator in front, or without
  if (args[first].tag != Tag::Tensor)
    return cx.raise("TypeError", "tolist() expects a tensor");
  const Tensor &t = *reinterpret_cast<const Tensor *>(args[first].payload.p);
  int64_t dims = args[first + 1].payload.i, kind = args[first + 2].payload.i;
  const TypeDescriptor *const kKinds[] = {&kIntType, &kFloatType, &kBoolType, &kComplexType};
  if (dims != t.rank)
    return cx.fail(
        "Output annotation list dimension and runtime tensor dimension must match for tolist()");
  bool fits = kind == 0   ? t.isIntegral(false)
              : kind == 1 ? t.isFloating()
              : kind == 2 ? t.isBool()
                          : t.isComplex();
  if (kind < 0 || kind > 3 || !fits)
    return cx.fail(
        "Output annotation element type and runtime tensor element type must match for tolist()");
  int64_t flat = 0;
  return nestedList(cx, t, 0, flat, kKinds[kind]);
}
TSC_KERNEL(prim_tolist, toList)

// ---- Devices
static StringPtr deviceType(Context &cx, Device d) {
  return newString(cx, d.code >> 8 == 2 ? "cuda" : d.code >> 8 == 100 ? "meta" : "cpu");
}
TSC_KERNEL(prim_type, deviceType)
static Optional<int64_t> deviceIndex(Device d) {
  return d.code & 0xff ? Optional<int64_t>((d.code & 0xff) - 1) : Optional<int64_t>();
}
static OwnedValue deviceIndexValue(Context &, Device d) {
  Optional<int64_t> i = deviceIndex(d);
  return OwnedValue::adopt(i ? makeInt(*i) : makeNone());
}
TSC_KERNEL(prim_index, deviceIndexValue)
static Result<Device> parseDevice(Context &cx, StringRef s) {
  int64_t n = 0;
  while (n < s.size() && s[n] != ':')
    ++n;
  StringRef type = s.slice(0, n);
  int64_t code = type == "cpu" ? 1 : type == "cuda" ? 2 : type == "meta" ? 100 : 0, index = -1;
  bool ok = code != 0;
  for (int64_t i = n + 1; i < s.size(); ++i) {
    ok &= s[i] >= '0' && s[i] <= '9' && index < 25;
    index = (index < 0 ? 0 : index) * 10 + (s[i] - '0');
  }
  if (!ok || (n < s.size() && index < 0))
    return cx.fail("Invalid device string: '%.*s'", static_cast<int>(s.size()), s.data());
  return Device{code << 8 | (index + 1)};
}
TSC_KERNEL(aten_device, parseDevice)
static Result<Device> deviceWithIndex(Context &cx, StringRef type, int64_t index) {
  TSC_ASSIGN(Device d, parseDevice(cx, type));
  if (index < 0 || index > 250)
    return cx.fail("a device index of %lld is not supported", static_cast<long long>(index));
  return Device{(d.code & ~static_cast<int64_t>(0xff)) | (index + 1)};
}
TSC_KERNEL(aten_device_with_index, deviceWithIndex)
