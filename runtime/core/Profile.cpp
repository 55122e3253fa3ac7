// SPDX-License-Identifier: Apache-2.0
// The sums of a profile: a hash table from kernel to calls and time.
#include "tsc/runtime/Profile.h"
#include "tsc/runtime/Instance.h"

namespace tsc::rt {

KernelTime &Profile::slotOf(const KernelDescriptor *kernel) const {
  uint64_t mask = static_cast<uint64_t>(slotCount) - 1;
  uint64_t at = (reinterpret_cast<uintptr_t>(kernel) >> 3) * 0x9e3779b97f4a7c15ull >> 20;
  while (slots[at & mask].kernel && slots[at & mask].kernel != kernel)
    ++at;
  return slots[at & mask];
}

bool Profile::grow() {
  KernelTime *old = slots;
  int64_t oldCount = slotCount, wanted = oldCount ? 2 * oldCount : 64;
  auto *grown =
      static_cast<KernelTime *>(std::calloc(static_cast<size_t>(wanted), sizeof(KernelTime)));
  if (!grown)
    return false;
  slots = grown, slotCount = wanted;
  for (int64_t i = 0; i < oldCount; ++i)
    if (old[i].kernel)
      slotOf(old[i].kernel) = old[i];
  std::free(old);
  return true;
}

void Profile::clear() {
  SpinLock guard(lock);
  std::free(slots);
  slots = nullptr, slotCount = used = 0;
}

void Profile::add(const KernelDescriptor &kernel, int64_t nanoseconds) {
  SpinLock guard(lock);
  if (2 * used >= slotCount && !grow())
    return;
  KernelTime &time = slotOf(&kernel);
  used += !time.kernel;
  time.kernel = &kernel, ++time.calls, time.nanoseconds += nanoseconds;
}

Status Profile::read(Context &cx, Vector<KernelTime> &times) {
  SpinLock guard(lock);
  for (int64_t i = 0; i < slotCount; ++i)
    if (slots[i].kernel)
      TSC_TRY(times.push(cx, slots[i]));
  return success();
}

void KernelTimer::start() {
  cx.profile = nullptr;
  begin = monotonicNanoseconds();
}
void KernelTimer::stop() {
  int64_t time = monotonicNanoseconds() - begin;
  cx.profile = profile;
  profile->add(kernel, time);
}

} // namespace tsc::rt
