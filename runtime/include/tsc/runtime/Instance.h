// SPDX-License-Identifier: Apache-2.0
// A model instance: what its calls share (allocator, pool, random numbers, the list of objects that
// may form cycles), and the objects that only the runtime looks into.
#pragma once

#include "tsc/runtime/Objects.h"
#include "tsc/runtime/Random.h"
#include "tsc/runtime/Threads.h"

namespace tsc::rt {

/// An object only its own kernels understand, such as packed parameters.
struct CapsuleObject {
  ObjectHead head; ///< of kind Capsule
  void (*destroy)(CapsuleObject *);
};
extern const TypeDescriptor kQuantizerType;
/// A quantizer for per-tensor (axis -1) or per-channel quantization; scales and zero points are
/// shared.
Ref<QuantizerObject> newQuantizer(Context &cx, double scale, int64_t zeroPoint);
Ref<QuantizerObject> newChannelQuantizer(Context &cx, const Tensor &scales,
                                         const Tensor &zeroPoints, int64_t axis);

/// Memory that regions compute in, kept from call to call.
struct Workspace {
  void *data;
  size_t bytes;
};
inline constexpr int kKeptWorkspaces = 8; ///< as many calls at once find one ready

struct Instance {
  const ModelData *model = nullptr;
  const Allocator *allocator = nullptr;
  ThreadPool *pool = nullptr;
  Generator *generator = nullptr;
  InstanceObject *objects = nullptr;           ///< objects that may form cycles
  Workspace *workspaces[kKeptWorkspaces] = {}; ///< those that no call has taken
};

/// A workspace of at least `bytes`, 64-byte aligned; null with the error set when memory is short.
/// In a context without an instance nothing is kept.
Workspace *takeWorkspace(Context &cx, size_t bytes);
void giveWorkspace(Context &cx, Workspace *workspace);
/// Frees what the instance keeps.
void freeWorkspaces(Instance &instance);

void linkObject(Instance &instance, InstanceObject *o);
void unlinkObject(InstanceObject *o);
/// Ends the objects on the list that nobody outside holds; called when the instance goes.
void freeCycles(Instance &instance);
void destroyFuture(ObjectHead *o);

/// A short lock for small critical sections.
class SpinLock {
public:
  explicit SpinLock(int32_t &word) : held(word) {
    while (__atomic_exchange_n(&held, 1, __ATOMIC_ACQUIRE))
      while (__atomic_load_n(&held, __ATOMIC_RELAXED))
        __builtin_ia32_pause();
  }
  ~SpinLock() { __atomic_store_n(&held, 0, __ATOMIC_RELEASE); }
  SpinLock(const SpinLock &) = delete;
  SpinLock &operator=(const SpinLock &) = delete;

private:
  int32_t &held;
};

} // namespace tsc::rt
