// SPDX-License-Identifier: Apache-2.0
// Reference counts and what happens when one reaches zero, by the kind of the object's type.
#include "tsc/runtime/Objects.h"

#include <cstdlib>

namespace tsc::rt {

static void destroyTensor(TensorObject *t) {
  if (t->storage)
    tsc_rt_release(&t->storage->head);
  if (t->quantizer)
    tsc_rt_release(&t->quantizer->head);
  if (t->sizes != t->inlineShape)
    std::free(t->sizes);
  std::free(t);
}
static void destroyStorage(StorageObject *s) {
  if (s->release)
    s->release(s);
  std::free(s);
}
} // namespace tsc::rt
