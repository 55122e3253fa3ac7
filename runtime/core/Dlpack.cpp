// SPDX-License-Identifier: Apache-2.0
// Tensors to and from DLPack, without a copy.
#include "tsc/runtime/Border.h"

#include <cstdlib>

namespace tsc::rt {

namespace {
struct Row {
  DType dtype;
  uint8_t code, bits;
};
} // namespace
static constexpr Row kRows[] = {
    {DType::Bool, 6, 8},         {DType::UInt8, 1, 8},           {DType::Int8, 0, 8},
    {DType::Int16, 0, 16},       {DType::Int32, 0, 32},          {DType::Int64, 0, 64},
    {DType::UInt16, 1, 16},      {DType::UInt32, 1, 32},         {DType::UInt64, 1, 64},
    {DType::Float16, 2, 16},     {DType::Float32, 2, 32},        {DType::Float64, 2, 64},
    {DType::BFloat16, 4, 16},    {DType::Complex32, 5, 32},      {DType::Complex64, 5, 64},
    {DType::Complex128, 5, 128}, {DType::Float8E4M3FN, 10, 8},   {DType::Float8E4M3FNUZ, 11, 8},
    {DType::Float8E5M2, 12, 8},  {DType::Float8E5M2FNUZ, 13, 8},
};

TensorRef importDlpack(Context &cx, const DLTensor &t, void (*release)(StorageObject *),
                       void *owner) {
  const Row *row = nullptr;
  for (const Row &r : kRows)
    if (r.code == t.dtype.code && r.bits == t.dtype.bits && t.dtype.lanes == 1)
      row = &r;
  if (!row)
    return cx.raise("TypeError",
                    "a DLPack tensor of type code %d with %d bits and %d lanes is not supported",
                    t.dtype.code, t.dtype.bits, t.dtype.lanes);
  if (t.device.device_type != kDLCPU)
    return cx.raise("TypeError", "a DLPack tensor on device type %d is not supported",
                    static_cast<int>(t.device.device_type));
  if (t.ndim < 0 || t.ndim > kMaxRank)
    return cx.raise("TypeError", "a DLPack tensor of rank %d is not supported", t.ndim);
  IntList sizes(t.shape, t.ndim);
  Shape dense = contiguousStrides(sizes);
  IntList strides = t.strides ? IntList(t.strides, t.ndim) : IntList(dense);
  for (int64_t s : strides)
    if (s < 0)
      return cx.raise("TypeError", "a DLPack tensor with negative strides is not supported");
  return fromBlob(cx, static_cast<char *>(t.data) + t.byte_offset, sizes, strides, row->dtype,
                  release, owner);
}

Status exportDlpack(Context &cx, const Tensor &t, DLTensor &out) {
  const Row *row = nullptr;
  for (const Row &r : kRows)
    if (r.dtype == t.dtype)
      row = &r;
  if (!row || !t.isDefined())
    return cx.raise("TypeError", "a tensor of dtype %s has no DLPack form",
                    t.isDefined() ? findDType(t.dtype)->torchName : "undefined");
  out.data = t.data;
  out.device = {kDLCPU, 0};
  out.ndim = t.rank;
  out.dtype = {row->code, row->bits, 1};
  out.shape = t.sizes;
  out.strides = t.strides;
  out.byte_offset = 0;
  return success();
}

} // namespace tsc::rt
