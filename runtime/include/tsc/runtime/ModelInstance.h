// SPDX-License-Identifier: Apache-2.0
// The parts of the public API of a model, and the instance behind tsc_instance.
#pragma once

#include "tsc/runtime/Border.h"
#include "tsc/runtime/Profile.h"

#include <pthread.h>

namespace tsc::rt {

struct ModelInstance {
  Instance shared;
  OwnedValue root;
  tsc_options options{};
  Allocator allocator{};
  int32_t cancelled = 0;
  int32_t profiling = 0; ///< whether calls that start are timed
  Profile profile;
  pthread_mutex_t mutex; ///< held by calls of models that write state
};

void setUpContext(ModelInstance &m, Context &cx);
/// Fills *error (when not null) from the context; returns `status`.
tsc_status reportError(const Context &cx, tsc_status status, tsc_error *error);

tsc_status createInstance(const ModelData *model, const tsc_options *options, tsc_instance **out,
                          tsc_error *error);
void apiDestroy(tsc_instance *instance);
tsc_status apiClone(tsc_instance *instance, tsc_instance **copy, tsc_error *error);
tsc_status apiReset(tsc_instance *instance, tsc_error *error);
void apiSeed(tsc_instance *instance, uint64_t seed);
void apiCancel(tsc_instance *instance);
tsc_status apiGetAttribute(tsc_instance *instance, const char *path, tsc_value *value,
                           tsc_error *error);
tsc_status apiSetAttribute(tsc_instance *instance, const char *path, tsc_value value,
                           tsc_error *error);
tsc_status apiCall(tsc_instance *instance, uint32_t index, const tsc_value *arguments,
                   uint32_t count, tsc_value *result, tsc_error *error);
void apiErrorClear(tsc_error *error);
tsc_pool *apiPoolCreate(int32_t threads);
void apiProfile(tsc_instance *instance, int32_t on);
tsc_status apiProfileVisit(tsc_instance *instance, tsc_profile_visitor visit, void *user);

/// Fills in the functions on values and tensors.
void setValueFunctions(tsc_model_api &api);
void setTensorFunctions(tsc_model_api &api);

inline Value fromApi(const tsc_value &v) {
  Value r;
  std::memcpy(static_cast<void *>(&r), &v, sizeof r);
  return r;
}
inline tsc_value toApi(const Value &v) {
  tsc_value r;
  std::memcpy(static_cast<void *>(&r), &v, sizeof r);
  return r;
}
/// Hands a value to the caller; failure becomes TSC_MISSING.
inline tsc_value toApi(OwnedValue v) { return toApi(v.take()); }

} // namespace tsc::rt
