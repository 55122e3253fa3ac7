// SPDX-License-Identifier: Apache-2.0
// Memory of tensors. Small blocks come from malloc. Large ones, which malloc would give back to the
// system and fault in again at each call, are kept when they are freed: in a few slots that any
// thread may empty or fill with one exchange, so that no lock is held and no block is seen by two.
// What is kept goes when an instance goes. The largest are made of huge pages where the system has
// them, which are faulted in and looked up in 512 times fewer steps.
#include "tsc/runtime/Context.h"

#include <cstdlib>
#include <sys/mman.h>

namespace tsc::rt {

namespace {
/// Stands in front of the data.
struct BlockHead {
  void *block; ///< what malloc returned
  size_t room; ///< behind the head
};
} // namespace

static constexpr size_t kLarge = size_t(1) << 17, kMostKept = size_t(1) << 29;
static constexpr size_t kHugePage = size_t(2) << 20, kHuge = 2 * kHugePage;
static constexpr int kSlots = 32;
static void *gKept[kSlots]; ///< data of free large blocks
static size_t gKeptBytes = 0;
static uint32_t gNextSlot = 0;

static BlockHead &headOf(void *data) { return static_cast<BlockHead *>(data)[-1]; }

/// Swaps the block in a slot; either may be null.
static void *exchangeSlot(void *&slot, void *data) {
  if (data)
    __atomic_fetch_add(&gKeptBytes, headOf(data).room, __ATOMIC_RELAXED);
  void *old = __atomic_exchange_n(&slot, data, __ATOMIC_ACQ_REL);
  if (old)
    __atomic_fetch_sub(&gKeptBytes, headOf(old).room, __ATOMIC_RELAXED);
  return old;
}

static void freeBlock(void *data) {
  if (data)
    std::free(headOf(data).block);
}

/// Keeps a free block in place of none or of one that has been there for longer.
static void keepBlock(void *data) {
  if (__atomic_load_n(&gKeptBytes, __ATOMIC_RELAXED) + headOf(data).room > kMostKept)
    return freeBlock(data);
  for (void *&slot : gKept)
    if (!__atomic_load_n(&slot, __ATOMIC_RELAXED)) {
      data = exchangeSlot(slot, data);
      if (!data)
        return;
    }
  freeBlock(
      exchangeSlot(gKept[__atomic_fetch_add(&gNextSlot, 1, __ATOMIC_RELAXED) % kSlots], data));
}

/// A kept block that fits without much waste, or null.
static void *takeKeptBlock(size_t bytes, size_t alignment) {
  for (void *&slot : gKept) {
    if (!__atomic_load_n(&slot, __ATOMIC_RELAXED))
      continue;
    void *data = exchangeSlot(slot, nullptr);
    if (!data)
      continue;
    size_t room = headOf(data).room;
    if (room >= bytes && room - bytes <= bytes / 4 &&
        reinterpret_cast<uintptr_t>(data) % alignment == 0)
      return data;
    freeBlock(exchangeSlot(slot, data));
  }
  return nullptr;
}

void freeKeptBlocks() {
  for (void *&slot : gKept)
    freeBlock(exchangeSlot(slot, nullptr));
}

/// malloc with room to align; several times faster than posix_memalign.
static void *alignedAllocate(void *, size_t bytes, size_t alignment) {
  if (bytes >= kLarge)
    if (void *kept = takeKeptBlock(bytes, alignment))
      return kept;
  if (bytes >= kHuge && alignment < kHugePage)
    alignment = kHugePage;
  size_t room = bytes + alignment + sizeof(BlockHead);
  char *block = room > bytes ? static_cast<char *>(std::malloc(room)) : nullptr;
  if (!block)
    return nullptr;
  uintptr_t at =
      (reinterpret_cast<uintptr_t>(block) + sizeof(BlockHead) + alignment - 1) & ~(alignment - 1);
  void *data = reinterpret_cast<void *>(at);
  headOf(data) = {block, bytes};
  if (bytes >= kHuge) // whole pages of the block; only a hint
    (void)madvise(data, bytes & ~(kHugePage - 1), MADV_HUGEPAGE);
  return data;
}
static void alignedRelease(void *, void *data, size_t) {
  if (headOf(data).room >= kLarge)
    keepBlock(data);
  else
    std::free(headOf(data).block);
}
static const Allocator kDefaultAllocator = {alignedAllocate, alignedRelease, nullptr};
const Allocator *defaultAllocator() { return &kDefaultAllocator; }

void *allocateBytes(Context &cx, int64_t bytes) {
  void *p = bytes < 0 ? nullptr : std::malloc(bytes ? static_cast<size_t>(bytes) : 1);
  if (!p)
    (void)cx.outOfMemory();
  return p;
}
void freeBytes(void *data) { std::free(data); }

} // namespace tsc::rt
