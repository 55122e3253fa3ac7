// SPDX-License-Identifier: Apache-2.0
// How a compiled region is called: its inputs are checked against what it was compiled for, its
// outputs made, and memory to compute in is taken from what the instance keeps. A small region
// takes well below a microsecond, so nothing here locks, and memory is asked for only for outputs.
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Profile.h"

namespace tsc::rt {

// ---- Workspaces
static constexpr size_t kHugePage = size_t(2) << 20;

/// Large workspaces are whole huge pages.
static Status allocate(Context &cx, Workspace &workspace, size_t bytes) {
  size_t unit = bytes >= kHugePage ? kHugePage : 64;
  if (bytes > SIZE_MAX - unit)
    return cx.outOfMemory();
  bytes = (bytes + unit - 1) & ~(unit - 1);
  workspace.data = cx.allocator->allocate(cx.allocator->user, bytes, unit);
  if (!workspace.data)
    return cx.outOfMemory();
  workspace.bytes = bytes;
  return success();
}

static void destroy(const Allocator &allocator, Workspace *workspace) {
  if (!workspace)
    return;
  if (workspace->data)
    allocator.release(allocator.user, workspace->data, workspace->bytes);
  freeBytes(workspace);
}

/// One that no other call can have any more.
static Workspace *takeKept(Instance &instance) {
  for (Workspace *&slot : instance.workspaces)
    if (__atomic_load_n(&slot, __ATOMIC_RELAXED))
      if (Workspace *kept = __atomic_exchange_n(&slot, nullptr, __ATOMIC_ACQUIRE))
        return kept;
  return nullptr;
}

Workspace *takeWorkspace(Context &cx, size_t bytes) {
  Workspace *workspace = cx.instance ? takeKept(*cx.instance) : nullptr;
  if (workspace && workspace->bytes >= bytes) [[likely]]
    return workspace;
  if (!workspace) {
    workspace = static_cast<Workspace *>(allocateBytes(cx, sizeof(Workspace)));
    if (!workspace)
      return nullptr;
  } else {
    cx.allocator->release(cx.allocator->user, workspace->data, workspace->bytes);
  }
  *workspace = {nullptr, 0};
  if (allocate(cx, *workspace, bytes))
    return workspace;
  destroy(*cx.allocator, workspace);
  return nullptr;
}

void giveWorkspace(Context &cx, Workspace *workspace) {
  if (cx.instance)
    for (Workspace *&slot : cx.instance->workspaces) {
      Workspace *none = nullptr;
      if (!__atomic_load_n(&slot, __ATOMIC_RELAXED) &&
          __atomic_compare_exchange_n(&slot, &none, workspace, false, __ATOMIC_RELEASE,
                                      __ATOMIC_RELAXED))
        return;
    }
  destroy(*cx.allocator, workspace);
}

void freeWorkspaces(Instance &instance) {
  for (Workspace *&slot : instance.workspaces) {
    destroy(*instance.allocator, slot);
    slot = nullptr;
  }
}

// ---- Calls
namespace {
/// What a call holds: copies of inputs, and outputs until they are handed over.
class RegionCall {
public:
  RegionCall(Context &context, const RegionDescriptor &descriptor)
      : cx(context), region(descriptor), count(region.outputCount + region.inputCount) {}
  RegionCall(const RegionCall &) = delete;
  RegionCall &operator=(const RegionCall &) = delete;
  ~RegionCall();
  Status prepare(const TensorObject *const *inputs);
  Status run();
  void finish(TensorObject **outputs);

private:
  static constexpr int64_t kInline = 16;
  Status makeRoom();
  Status addInput(int64_t i, const Tensor &t);
  Failure wrongInput(int64_t i, const Tensor &t);

  Context &cx;
  const RegionDescriptor &region;
  int64_t count, copies = 0;
  Workspace *workspace = nullptr;
  void *inlineBuffers[kInline];
  Tensor *inlineOwned[kInline];
  void **buffers = inlineBuffers;
  Tensor **owned = inlineOwned; ///< outputs, then copies of inputs; null where there is none
};
} // namespace

RegionCall::~RegionCall() {
  if (workspace)
    giveWorkspace(cx, workspace);
  if (!owned) // makeRoom failed
    return;
  for (int64_t i = 0; i < region.outputCount + copies; ++i)
    if (owned[i])
      tsc_rt_release(&owned[i]->head);
  if (buffers != inlineBuffers)
    freeBytes(buffers);
}

Status RegionCall::makeRoom() {
  for (int64_t i = 0; i < kInline; ++i)
    inlineOwned[i] = nullptr;
  if (count <= kInline) [[likely]]
    return success();
  owned = nullptr;
  auto *room = static_cast<void **>(std::calloc(static_cast<size_t>(2 * count), sizeof(void *)));
  if (!room)
    return cx.outOfMemory();
  buffers = room;
  owned = reinterpret_cast<Tensor **>(room + count);
  return success();
}

Failure RegionCall::wrongInput(int64_t i, const Tensor &t) {
  const RegionTensor &wanted = region.inputs[i];
  const DTypeInfo *wantedType = findDType(static_cast<DType>(wanted.dtype));
  const DTypeInfo *type = t.isDefined() ? findDType(t.dtype) : nullptr;
  return cx.fail("region '%s' was called with an input %lld of %s%s, it was compiled for %s%s",
                 region.name, static_cast<long long>(i), type ? type->graphName : "Undefined",
                 ShapeText(t.shape()).text, wantedType ? wantedType->graphName : "Undefined",
                 ShapeText({wanted.sizes, wanted.rank}).text);
}

Status RegionCall::addInput(int64_t i, const Tensor &t) {
  const RegionTensor &wanted = region.inputs[i];
  bool fits = static_cast<int8_t>(t.dtype) == wanted.dtype && t.rank == wanted.rank &&
              !(t.flags & kUndefined);
  bool dense = true;
  int64_t step = 1;
  for (int64_t d = fits ? t.rank - 1 : -1; d >= 0; --d) {
    int64_t size = wanted.sizes[d];
    fits &= t.sizes[d] == size;
    dense &= size == 1 || t.strides[d] == step;
    step *= size;
  }
  if (!fits) [[unlikely]]
    return wrongInput(i, t);
  buffers[region.outputCount + i] = t.data;
  if (dense || step == 0) [[likely]]
    return success();
  TensorRef copy = clone(cx, t, MemoryFormat::Contiguous);
  TSC_TRY(copy);
  buffers[region.outputCount + i] = copy->data;
  owned[region.outputCount + copies++] = copy.take();
  return success();
}

Status RegionCall::prepare(const TensorObject *const *inputs) {
  TSC_TRY(makeRoom());
  for (int64_t i = 0; i < region.inputCount; ++i)
    TSC_TRY(addInput(i, *static_cast<const Tensor *>(inputs[i])));
  for (int64_t i = 0; i < region.outputCount; ++i) {
    const RegionTensor &wanted = region.outputs[i];
    owned[i] = empty(cx, {wanted.sizes, wanted.rank}, static_cast<DType>(wanted.dtype)).take();
    TSC_TRY(owned[i]);
    buffers[i] = owned[i]->data;
  }
  if (region.workspaceBytes > 0) {
    workspace = takeWorkspace(cx, static_cast<size_t>(region.workspaceBytes));
    TSC_TRY(workspace);
  }
  return success();
}

Status RegionCall::run() {
  if (cx.pool)
    setInRegion(*cx.pool, true);
  int32_t failed = region.run(&cx, buffers, nullptr, workspace ? workspace->data : nullptr);
  if (cx.pool)
    setInRegion(*cx.pool, false);
  if (failed == 0)
    return success();
  return cx.error.set ? Failed : cx.fail("region '%s' failed", region.name);
}

void RegionCall::finish(TensorObject **outputs) {
  for (int64_t i = 0; i < region.outputCount; ++i) {
    outputs[i] = owned[i];
    owned[i] = nullptr;
  }
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_region(Context *cx, const RegionDescriptor *region,
                                 const TensorObject *const *inputs, TensorObject **outputs) {
  RegionCall call(*cx, *region);
  if (!call.prepare(inputs) || !call.run())
    return 1;
  call.finish(outputs);
  return 0;
}

extern "C" void tsc_rt_launch(Context *cx, const KernelDescriptor *kernel, KernelTask task,
                              void *frame, int64_t count, int64_t grain) {
  KernelTimer timer(*cx, *kernel);
  parallelRange(*cx, 0, count, grain, task, frame);
}
