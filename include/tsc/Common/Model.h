// SPDX-License-Identifier: Apache-2.0
// What a compiled model and the runtime know of each other: the static data that codegen writes
// into an artifact, the head of the call context that generated code reads, and the runtime entry
// points that generated code calls besides operators.
//
// Operators: every generic kernel is `int32_t tsc_rt_<namespace>_<name>[_<overload>](Context *,
// const Value *arguments, Value *results)`: one Value per schema argument (borrowed; defaults
// filled in by the compiler), one per schema result (owned by the caller, written only on success).
// 0 is success; otherwise the error is in the context. '.' and '::' become
// '_': aten::add.Tensor is tsc_rt_aten_add_Tensor, aten::relu is tsc_rt_aten_relu. A complex
// argument may be an immortal ComplexObject on the caller's stack.
//
// Compiled functions: `int32_t f(Context *, arguments..., results *...)` with machine types, and
// for methods that are called from outside, through an interface or by fork, a boxed entry with a
// kernel's signature.
#pragma once

#include "tsc/Common/Tensor.h"
#include "tsc/Common/Value.h"

struct tsc_model_api;

namespace tsc {

inline constexpr uint32_t kModelAbiVersion = 1;

/// A place in the user's program, for tracebacks. `caller` is the site that an inlined function was
/// called from, or -1.
struct SiteDescriptor {
  const char *function; ///< qualified name
  const char *file;
  const char *text; ///< the source line, or null
  int32_t line, column, endColumn;
  int32_t caller;
};

struct Context;

/// A compiled region: buffers and dims as its maker and its caller agree.
using RegionFunction = int32_t (*)(Context *, void *const *buffers, const int64_t *dims,
                                   void *workspace);

/// A tensor at a region's border: dense, row-major.
struct RegionTensor {
  int8_t dtype; ///< a DType
  int32_t rank;
  const int64_t *sizes;
};

/// A region whose dtypes and sizes are all known. Its buffers are the data of the outputs, then of
/// the inputs; dims is null.
struct RegionDescriptor {
  RegionFunction run;
  const char *name; ///< for messages
  const RegionTensor *inputs;
  int64_t inputCount;
  const RegionTensor *outputs;
  int64_t outputCount;
  int64_t workspaceBytes; ///< 64-byte aligned, uninitialized, not shared with another call; 0: null
};

/// One kernel of a region, as profiles name it. Operations and bytes are those of one launch.
struct KernelDescriptor {
  const char *name;      ///< what it is: "contraction", "elementwise"
  const char *operators; ///< what it stands for: "aten::conv2d, aten::relu"
  int32_t site;          ///< in the model's table, or -1
  double operations, bytes;
};
using KernelTask = void (*)(void *frame, int64_t begin, int64_t end);

static_assert(sizeof(RegionTensor) == 16 && offsetof(RegionTensor, rank) == 4 &&
              offsetof(RegionTensor, sizes) == 8);
static_assert(sizeof(RegionDescriptor) == 56 && offsetof(RegionDescriptor, inputs) == 16 &&
              offsetof(RegionDescriptor, outputs) == 32 &&
              offsetof(RegionDescriptor, workspaceBytes) == 48);
static_assert(sizeof(KernelDescriptor) == 40 && offsetof(KernelDescriptor, site) == 16 &&
              offsetof(KernelDescriptor, operations) == 24 &&
              offsetof(KernelDescriptor, bytes) == 32);

using BoxedEntry = int32_t (*)(Context *, const Value *arguments, Value *results);

/// The static data of one compiled model; `tsc_model_entry` hands it to tsc_rt_model_api.
struct ModelData {
  uint32_t abiVersion; ///< kModelAbiVersion
  uint32_t flags;      ///< bit 0: methods write state, so calls on an instance are serialized
  const char *name;
  const char
      *target; ///< triple and CPU features the code needs, "x86_64-unknown-linux-gnu:+avx2,+fma"
  const TypeDescriptor *rootType;
  const MethodDescriptor *
      methods; ///< exported methods; entry takes the root object as argument 0 when rootType is set
  uint32_t methodCount;
  uint32_t siteCount;
  const SiteDescriptor *sites;
  BoxedEntry initialize; ///< no arguments, one result: a new root object with its state; null for
                         ///< plain functions
  const TypeDescriptor *const
      *types; ///< every class, enum and named tuple that a border value may have
  uint64_t typeCount;
  const char *manifest; ///< JSON text for `tsc inspect`
  /// tsc_rt_create_instance and tsc_rt_find_exported for this very model: the public interface's
  /// `create` and `find_method` name no model, and one program may hold several.
  int32_t (*create)(const void *options, void **instance, void *error);
  int32_t (*findMethod)(const char *name);
};

/// The part of the context that generated code reads directly.
struct ContextHead {
  const int32_t *cancel; ///< becomes non-zero when the call is to end (loop back-edges poll it)
  const ModelData *model;
};

extern "C" {
// ---- Counting. Null is allowed everywhere.
void tsc_rt_retain(ObjectHead *object);
void tsc_rt_release(ObjectHead *object);
/// Releases every non-null slot: the clean-up of a function that fails.
void tsc_rt_release_frame(ObjectHead **slots, int64_t count);

// ---- New objects, count 1. Null when memory is short, the error is then in the context.
/// Elements are copied as `type`'s element kind says: int64, double, bytes or Values (retained).
ObjectHead *tsc_rt_list_new(Context *, const TypeDescriptor *type, const void *elements,
                            int64_t size);
/// `pairs` keys and values in turn (retained); a key that comes twice keeps its first place and its
/// last value.
ObjectHead *tsc_rt_dict_new(Context *, const TypeDescriptor *type, const Value *keysAndValues,
                            int64_t pairs);
ObjectHead *tsc_rt_tuple_new(Context *, const TypeDescriptor *type, const Value *items,
                             int64_t size);
ObjectHead *tsc_rt_object_new(Context *, const TypeDescriptor *type); ///< every field Missing
ObjectHead *tsc_rt_complex_new(Context *, double re, double im);

// ---- Errors
/// Sets the error: an exception of class `className` (as TorchScript's RaiseException names it,
/// "builtins.ValueError"; may be empty) with the given message. Returns 1.
int32_t tsc_rt_raise(Context *, const StringObject *message, const StringObject *className);
/// The same for a fault found by generated code; `kind` is an ErrorKind of runtime/include, text is
/// static.
int32_t tsc_rt_raise_text(Context *, const char *className, const char *text);
/// Adds a frame to the traceback of the error under way.
void tsc_rt_trace(Context *, int32_t site);
/// What a loop calls when *cancel is set; returns 1 with the error set.
int32_t tsc_rt_cancelled(Context *);

// ---- State
/// An instance's own copy of static data: of objects, lists and dicts, and of tensors whose methods
/// may write (kTemplate), which share a storage where their templates do. The rest stays as it is.
/// What occurs twice is copied once. A static dict is a ListObject of dict type whose elements are
/// keys and values in turn.
int32_t tsc_rt_copy_state(Context *, const Value *state, Value *result);

// ---- Types and casts
/// 1 when the value is of the type (Optional, Union, List[T] and interfaces as TorchScript's
/// isinstance means them).
int32_t tsc_rt_isinstance(const Value *value, const TypeDescriptor *type);
/// The boxed entry of a method that `object`'s class has for an interface, or null.
BoxedEntry tsc_rt_find_method(const ObjectHead *object, const char *name);

// ---- Tasks
/// Runs `entry` on copies of the arguments (retained), maybe on another thread; the future is the
/// result.
int32_t tsc_rt_fork(Context *, BoxedEntry entry, const Value *arguments, int64_t count,
                    const TypeDescriptor *futureType, ObjectHead **future);

// ---- Compiled elementwise regions (ts.has_dtype, ts.map)
/// 1 when all tensors are defined and of the dtype.
int32_t tsc_rt_has_dtype(const TensorObject *const *tensors, int64_t count, int32_t dtype);
/// Broadcasts the tensors, all of `dtype` (float32 or float64), and runs the region over them:
/// buffers are the output's run of elements, the inputs', and `numbers`; dims[0] is the number of
/// elements. *result is a new tensor.
int32_t tsc_rt_map(Context *, RegionFunction region, const void *numbers,
                   const TensorObject *const *tensors, int64_t count, int32_t dtype,
                   TensorObject **result);

// ---- Compiled regions
/// Runs a region. `inputs` has one tensor for each of the descriptor's; what is not dense is copied
/// first. An input of another dtype or other sizes is a RuntimeError that names region and input.
/// outputs[i] are new dense tensors, written only on success.
int32_t tsc_rt_region(Context *, const RegionDescriptor *region, const TensorObject *const *inputs,
                      TensorObject **outputs);
/// Runs task(frame, begin, end) over [0, count) on the context's threads, in as many equal parts as
/// there are threads, part i on thread i (or the caller when that is late); at once when
/// count <= grain. What is written for an index must not depend on the part it is in.
void tsc_rt_launch(Context *, const KernelDescriptor *kernel, KernelTask task, void *frame,
                   int64_t count, int64_t grain);

/// What ModelData's `create` and `findMethod` call; options, instance and error are those of
/// tsc/model.h.
int32_t tsc_rt_create_instance(const ModelData *, const void *options, void **instance,
                               void *error);
int32_t tsc_rt_find_exported(const ModelData *, const char *name);

/// The public API of a model, see tsc/model.h. One for each model; made on the first call.
const ::tsc_model_api *tsc_rt_model_api(const ModelData *);
}

} // namespace tsc
