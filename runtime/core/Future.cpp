// SPDX-License-Identifier: Apache-2.0
// Futures. A forked task runs at once, on the caller's thread: that is legal at every point, cannot
// deadlock, and leaves the threads to the loops inside. An error stays in the future until somebody
// waits for it.
#include "tsc/runtime/Future.h"

#include <cstdlib>

namespace tsc::rt {

void destroyFuture(ObjectHead *o) {
  Future *f = reinterpret_cast<Future *>(o);
  release(f->result);
  f->error.clear();
}

Ref<Future> newFuture(Context &cx, const TypeDescriptor *type, Value result) {
  Future *f = static_cast<Future *>(allocateBytes(cx, sizeof(Future)));
  if (!f)
    return Failed;
  std::memset(static_cast<void *>(f), 0, sizeof(Future));
  f->head = {1, type};
  f->result = result;
  retain(result);
  return Ref<Future>::adopt(f);
}

/// Moves an error; the target's text is freed first.
static void moveError(ErrorState &to, ErrorState &from) {
  to.clear();
  std::memcpy(static_cast<void *>(&to), &from, sizeof(ErrorState));
  if (from.text == from.inlineText)
    to.text = to.inlineText;
  from.text = nullptr;
  from.clear();
}

OwnedValue waitFuture(Context &cx, const Future &f) {
  if (!f.failed)
    return OwnedValue::share(f.result);
  (void)cx.raiseText(f.error.className, StringRef(f.error.text, f.error.length));
  for (int32_t i = 0; i < f.error.siteCount; ++i)
    tsc_rt_trace(&cx, f.error.sites[i]);
  return Failed;
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_fork(Context *cx, BoxedEntry entry, const Value *arguments, int64_t count,
                               const TypeDescriptor *futureType, ObjectHead **future) {
  Ref<Future> f = newFuture(*cx, futureType, makeNone());
  if (!f)
    return 1;
  for (int64_t i = 0; i < count; ++i)
    retain(arguments[i]);
  f->failed = entry(cx, arguments, &f->result) != 0;
  for (int64_t i = 0; i < count; ++i)
    release(arguments[i]);
  if (f->failed) {
    f->result = makeNone();
    moveError(f->error, cx->error);
  }
  *future = &f.take()->head;
  return 0;
}
