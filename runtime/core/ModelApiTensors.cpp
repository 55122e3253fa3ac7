// SPDX-License-Identifier: Apache-2.0
// The functions of tsc_model_api on tensors, and the struct itself: one for each model, made at the
// first call.
#include "tsc/runtime/ModelInstance.h"

#include <cstdlib>

namespace tsc::rt {

static Tensor *tensorIn(const tsc_value &v) {
  return v.tag == TSC_TENSOR ? static_cast<Tensor *>(v.as.p) : nullptr;
}

namespace {
/// Keeps a tensor alive for as long as a DLPack consumer wants it.
struct Exported {
  DLManagedTensor plain;
  DLManagedTensorVersioned versioned;
  TensorRef tensor;
};
struct Released {
  void (*release)(void *owner);
  void *owner;
};
} // namespace

static Exported *exportTensor(const tsc_value &v) {
  const Tensor *t = tensorIn(v);
  Exported *e = t ? static_cast<Exported *>(std::calloc(1, sizeof(Exported))) : nullptr;
  if (!e)
    return nullptr;
  Context cx;
  if (!exportDlpack(cx, *t, e->plain.dl_tensor)) {
    std::free(e);
    return nullptr;
  }
  e->versioned.dl_tensor = e->plain.dl_tensor;
  e->versioned.version = {1, 0};
  e->tensor = TensorRef::share(t);
  e->plain.manager_ctx = e->versioned.manager_ctx = e;
  e->plain.deleter = [](DLManagedTensor *self) {
    Exported *owned = static_cast<Exported *>(self->manager_ctx);
    owned->tensor = TensorRef();
    std::free(owned);
  };
  e->versioned.deleter = [](DLManagedTensorVersioned *self) {
    Exported *owned = static_cast<Exported *>(self->manager_ctx);
    owned->tensor = TensorRef();
    std::free(owned);
  };
  return e;
}

static tsc_value makeStrided(void *data, int32_t dtype, int32_t rank, const int64_t *sizes,
                             const int64_t *strides, void (*release)(void *), void *owner) {
  Context cx;
  if (!findDType(static_cast<int64_t>(dtype)) || rank < 0 || rank > kMaxRank)
    return toApi(makeMissing());
  IntList shape(sizes, rank);
  Shape dense = contiguousStrides(shape);
  IntList steps = strides ? IntList(strides, rank) : IntList(dense);
  DType type = static_cast<DType>(dtype);
  if (!data)
    return toApi(OwnedValue(emptyStrided(cx, shape, steps, type)));
  if (!release)
    return toApi(OwnedValue(fromBlob(cx, data, shape, steps, type, nullptr, nullptr)));
  Released *r = static_cast<Released *>(allocateBytes(cx, sizeof(Released)));
  if (!r)
    return toApi(makeMissing());
  *r = {release, owner};
  auto end = [](StorageObject *s) {
    Released *given = static_cast<Released *>(s->owner);
    given->release(given->owner);
    freeBytes(given);
  };
  TensorRef t = fromBlob(cx, data, shape, steps, type, end, r);
  if (!t)
    freeBytes(r);
  return toApi(OwnedValue(static_cast<TensorRef &&>(t)));
}

static void setMakers(tsc_model_api &api) {
  api.tensor_wrap = [](void *data, int32_t dtype, int32_t rank, const int64_t *sizes) {
    static char none[64]; // a tensor without elements may come without memory
    return makeStrided(data ? data : none, dtype, rank, sizes, nullptr, nullptr, nullptr);
  };
  api.tensor_new = [](int32_t dtype, int32_t rank, const int64_t *sizes) {
    return makeStrided(nullptr, dtype, rank, sizes, nullptr, nullptr, nullptr);
  };
  api.tensor_strided = makeStrided;
  api.tensor_from_dlpack = [](DLManagedTensor *t) {
    Context cx;
    auto end = [](StorageObject *s) {
      DLManagedTensor *given = static_cast<DLManagedTensor *>(s->owner);
      if (given->deleter)
        given->deleter(given);
    };
    return toApi(OwnedValue(importDlpack(cx, t->dl_tensor, end, t)));
  };
  api.tensor_from_dlpack_versioned = [](DLManagedTensorVersioned *t) {
    Context cx;
    auto end = [](StorageObject *s) {
      DLManagedTensorVersioned *given = static_cast<DLManagedTensorVersioned *>(s->owner);
      if (given->deleter)
        given->deleter(given);
    };
    return toApi(t->version.major == 1 ? OwnedValue(importDlpack(cx, t->dl_tensor, end, t))
                                       : OwnedValue(Failed));
  };
  api.tensor_to_dlpack = [](tsc_value v) -> DLManagedTensor * {
    Exported *e = exportTensor(v);
    return e ? &e->plain : nullptr;
  };
  api.tensor_to_dlpack_versioned = [](tsc_value v) -> DLManagedTensorVersioned * {
    Exported *e = exportTensor(v);
    return e ? &e->versioned : nullptr;
  };
}

static void setAccessors(tsc_model_api &api) {
  api.tensor_data = [](tsc_value v) -> void * { return tensorIn(v) ? tensorIn(v)->data : nullptr; };
  api.tensor_dtype = [](tsc_value v) -> int32_t {
    const Tensor *t = tensorIn(v);
    return t && t->isDefined() ? static_cast<int32_t>(t->dtype) : -1;
  };
  api.tensor_rank = [](tsc_value v) -> int32_t { return tensorIn(v) ? tensorIn(v)->rank : -1; };
  api.tensor_sizes = [](tsc_value v) -> const int64_t * {
    return tensorIn(v) ? tensorIn(v)->sizes : nullptr;
  };
  api.tensor_strides = [](tsc_value v) -> const int64_t * {
    return tensorIn(v) ? tensorIn(v)->strides : nullptr;
  };
  api.tensor_contiguous = [](tsc_value v) {
    Context cx;
    const Tensor *t = tensorIn(v);
    return toApi(t ? OwnedValue(contiguous(cx, *t)) : OwnedValue(Failed));
  };
  api.tensor_shares_memory = [](tsc_value a, tsc_value b) -> int32_t {
    const Tensor *x = tensorIn(a), *y = tensorIn(b);
    return x && y && mayOverlap(*x, *y);
  };
  api.tensor_quantizer = [](tsc_value v, double *scale, int64_t *zeroPoint, tsc_value *scales,
                            tsc_value *zeroPoints, int64_t *axis) -> int32_t {
    const QuantizerObject *q = tensorIn(v) ? tensorIn(v)->quantizer : nullptr;
    if (!q)
      return 0;
    *axis = q->axis, *scale = q->scale, *zeroPoint = q->zeroPoint;
    if (q->axis < 0)
      return 1;
    *scales = toApi(OwnedValue::share(makeObject(Tag::Tensor, q->scales)));
    *zeroPoints = toApi(OwnedValue::share(makeObject(Tag::Tensor, q->zeroPoints)));
    return 2;
  };
  api.tensor_set_quantizer = [](tsc_value v, double scale, int64_t zeroPoint, tsc_value scales,
                                tsc_value zeroPoints, int64_t axis) {
    Tensor *t = tensorIn(v);
    if (!t || !isQuantized(t->dtype) ||
        (axis >= 0 && (!tensorIn(scales) || !tensorIn(zeroPoints) || axis >= t->rank)))
      return TSC_BAD_ARGUMENT;
    Context cx;
    Ref<QuantizerObject> q =
        axis < 0 ? newQuantizer(cx, scale, zeroPoint)
                 : newChannelQuantizer(cx, *tensorIn(scales), *tensorIn(zeroPoints), axis);
    if (!q)
      return TSC_OUT_OF_MEMORY;
    if (t->quantizer)
      tsc_rt_release(&t->quantizer->head);
    t->quantizer = q.take();
    return TSC_OK;
  };
}
void setTensorFunctions(tsc_model_api &api) {
  setMakers(api);
  setAccessors(api);
}

// ---- The structs of models
namespace {
/// A model that has been asked for, and what its callers hold. Kept for the life of the program.
struct KnownModel {
  const ModelData *model;
  KnownModel *next;
  tsc_model_api api;
};
} // namespace
static KnownModel *gModels = nullptr;
static int32_t gModelsLock = 0;

/// Names and types as C strings, from the descriptors; null when memory is short.
static tsc_method *methodTable(const ModelData &model) {
  tsc_method *methods =
      static_cast<tsc_method *>(std::calloc(model.methodCount + 1, sizeof(tsc_method)));
  for (uint32_t i = 0; methods && i < model.methodCount; ++i) {
    const MethodDescriptor &m = model.methods[i];
    const char **types =
        static_cast<const char **>(std::calloc(m.argumentCount + 1, sizeof(char *)));
    for (uint32_t a = 0; types && a < m.argumentCount; ++a)
      types[a] = m.argumentTypes[a]->text;
    methods[i] = {m.name, m.argumentCount, m.argumentNames, types,
                  m.resultType ? m.resultType->text : "NoneType"};
  }
  return methods;
}

static void fillApi(const ModelData *model, tsc_model_api &api) {
  api.size = sizeof api;
  api.abi_version = TSC_MODEL_ABI_VERSION;
  api.flags = model->flags;
  api.method_count = model->methodCount;
  api.name = model->name;
  api.target = model->target;
  api.manifest = model->manifest;
  api.methods = methodTable(*model);
  api.create = reinterpret_cast<decltype(api.create)>(model->create);
  api.destroy = apiDestroy;
  api.clone = apiClone;
  api.reset = apiReset;
  api.seed = apiSeed;
  api.get_attribute = apiGetAttribute;
  api.set_attribute = apiSetAttribute;
  api.call = apiCall;
  api.find_method = model->findMethod;
  api.cancel = apiCancel;
  api.error_clear = apiErrorClear;
  api.pool_create = apiPoolCreate;
  api.profile = apiProfile;
  api.profile_visit = apiProfileVisit;
  setValueFunctions(api);
  setTensorFunctions(api);
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_create_instance(const ModelData *model, const void *options,
                                          void **instance, void *error) {
  return createInstance(model, static_cast<const tsc_options *>(options),
                        reinterpret_cast<tsc_instance **>(instance),
                        static_cast<tsc_error *>(error));
}

extern "C" int32_t tsc_rt_find_exported(const ModelData *model, const char *name) {
  for (uint32_t i = 0; i < model->methodCount; ++i)
    if (std::strcmp(model->methods[i].name, name) == 0)
      return static_cast<int32_t>(i);
  return -1;
}

extern "C" const tsc_model_api *tsc_rt_model_api(const ModelData *model) {
  if (model->abiVersion != kModelAbiVersion)
    return nullptr;
  SpinLock lock(gModelsLock);
  for (KnownModel *known = gModels; known; known = known->next)
    if (known->model == model)
      return &known->api;
  KnownModel *made = static_cast<KnownModel *>(std::calloc(1, sizeof(KnownModel)));
  if (!made)
    return nullptr;
  fillApi(model, made->api);
  if (!made->api.methods) {
    std::free(made);
    return nullptr;
  }
  made->model = model;
  made->next = gModels;
  gModels = made;
  return &made->api;
}
