// SPDX-License-Identifier: Apache-2.0
// How a compiled elementwise region runs: the iterator broadcasts its inputs, makes the output and
// splits the work over threads; the region itself sees dense runs of elements only. Runs that are
// not dense (expanded or strided inputs) go through buffers on the stack, a chunk at a time.
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Profile.h"

namespace tsc::rt {
namespace {

struct MapCall {
  Context *cx;
  RegionFunction region;
  const void *numbers;
  int64_t count; ///< of inputs
  int64_t itemsize;
};

constexpr int64_t kMapChunk = 512;

template <class T> void gather(char *to, const char *from, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    reinterpret_cast<T *>(to)[i] = *reinterpret_cast<const T *>(from + i * stride);
}
template <class T> void scatter(char *to, int64_t stride, const char *from, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T *>(to + i * stride) = reinterpret_cast<const T *>(from)[i];
}

void runMap(void *user, char *const *ptrs, const int64_t *strides, int64_t n) {
  const MapCall &call = *static_cast<const MapCall *>(user);
  void *buffers[kMaxOperands + 1];
  alignas(64) char room[kMaxOperands][kMapChunk * sizeof(double)];
  bool dense = true;
  for (int64_t i = 0; i <= call.count; ++i) {
    buffers[i] = ptrs[i];
    dense &= strides[i] == call.itemsize;
  }
  buffers[call.count + 1] = const_cast<void *>(call.numbers);
  if (dense) {
    call.region(call.cx, buffers, &n, nullptr);
    return;
  }
  bool wide = call.itemsize == sizeof(double);
  for (int64_t done = 0; done < n; done += kMapChunk) {
    int64_t m = n - done < kMapChunk ? n - done : kMapChunk;
    for (int64_t i = 0; i <= call.count; ++i) {
      char *at = ptrs[i] + done * strides[i];
      buffers[i] = strides[i] == call.itemsize ? at : room[i];
      // An expanded input's buffer is filled once.
      if (i == 0 || buffers[i] == at || (strides[i] == 0 && done != 0))
        continue;
      (wide ? gather<double> : gather<float>)(room[i], at, strides[i], m);
    }
    call.region(call.cx, buffers, &m, nullptr);
    if (buffers[0] == room[0])
      (wide ? scatter<double> : scatter<float>)(ptrs[0] + done * strides[0], strides[0], room[0],
                                                m);
  }
}

} // namespace
} // namespace tsc::rt

using namespace tsc;

extern "C" int32_t tsc_rt_has_dtype(const TensorObject *const *tensors, int64_t count,
                                    int32_t dtype) {
  for (int64_t i = 0; i < count; ++i)
    if (static_cast<int32_t>(tensors[i]->dtype) != dtype || (tensors[i]->flags & kUndefined))
      return 0;
  return 1;
}

extern "C" int32_t tsc_rt_map(Context *cx, RegionFunction region, const void *numbers,
                              const TensorObject *const *tensors, int64_t count, int32_t dtype,
                              TensorObject **result) {
  static constexpr KernelDescriptor kKernel = {"map", "", -1, 0, 0};
  rt::KernelTimer timer(*cx, kKernel);
  rt::Iterator it;
  it.addOutput({}, static_cast<DType>(dtype));
  for (int64_t i = 0; i < count; ++i)
    it.addInput(*static_cast<const rt::Tensor *>(tensors[i]));
  if (!it.build(*cx, "map"))
    return 1;
  rt::MapCall call{cx, region, numbers, count, dtypeBytes(static_cast<DType>(dtype))};
  it.run(*cx, rt::runMap, &call);
  rt::TensorRef made = it.take(*cx);
  if (!made)
    return 1;
  *result = made.take();
  return 0;
}
