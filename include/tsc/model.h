/* SPDX-License-Identifier: Apache-2.0
 * The C interface of a compiled model. A library exports `const tsc_model_api
 * *tsc_model_entry(void)`; objects and static libraries have `<prefix>_model`. Everything else is
 * reached through the struct it returns.
 *
 *   const tsc_model_api *api = tsc_model_entry();
 *   tsc_instance *m; tsc_error e = {0};
 *   if (api->create(NULL, &m, &e)) { puts(e.message); api->error_clear(&e); return 1; }
 *   int64_t sizes[] = {1, 3};
 *   tsc_value x = api->tensor_wrap(data, TSC_F32, 2, sizes), y;
 *   if (api->call(m, 0, &x, 1, &y, &e)) ...
 *   float *out = api->tensor_data(y);
 *   api->release(y); api->release(x); api->destroy(m);
 *
 * Values: arguments are borrowed, results and what the *_new, *_get functions return are owned:
 * release them. A value whose tag is TSC_MISSING stands for failure. Nothing here throws or aborts.
 * All functions may be called from any thread; calls on one instance run at the same time unless
 * TSC_FLAG_WRITES_STATE is set, then one after the other.
 */
#ifndef TSC_MODEL_H
#define TSC_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* ---- DLPack 1.0, as far as it is not there already (Debian's package has version 0.6) */
#ifndef DLPACK_DLPACK_H_
#define DLPACK_DLPACK_H_
#define DLPACK_MAJOR_VERSION 1
#define DLPACK_MINOR_VERSION 0
#define TSC_DEFINES_DLPACK 1
typedef enum { kDLCPU = 1, kDLCUDA = 2, kDLCUDAHost = 3, kDLCUDAManaged = 13 } DLDeviceType;
typedef struct {
  DLDeviceType device_type;
  int32_t device_id;
} DLDevice;
typedef enum {
  kDLInt = 0U,
  kDLUInt = 1U,
  kDLFloat = 2U,
  kDLOpaqueHandle = 3U,
  kDLBfloat = 4U,
  kDLComplex = 5U,
  kDLBool = 6U
} DLDataTypeCode;
typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; /* in elements; NULL: row-major */
  uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensor *self);
} DLManagedTensor;
#endif
#if defined(TSC_DEFINES_DLPACK) || !defined(DLPACK_MAJOR_VERSION)
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)
typedef struct {
  uint32_t major;
  uint32_t minor;
} DLPackVersion;
typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void *manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define TSC_MODEL_ABI_VERSION 1

/* ---- Values */
typedef enum {
  TSC_NONE = 0,
  TSC_BOOL = 1,   /* as.i: 0 or 1 */
  TSC_INT = 2,    /* as.i */
  TSC_FLOAT = 3,  /* as.d */
  TSC_DEVICE = 4, /* as.i: DLPack device type << 8 | (index + 1) */
  TSC_COMPLEX = 16,
  TSC_TENSOR = 17,
  TSC_STRING = 18,
  TSC_LIST = 19,
  TSC_DICT = 20,
  TSC_TUPLE = 21, /* also named tuples */
  TSC_OBJECT = 22,
  TSC_ENUM = 23,
  TSC_FUTURE = 24,
  TSC_GENERATOR = 25,
  TSC_STORAGE = 26,
  TSC_CAPSULE = 27
} tsc_tag;
#define TSC_MISSING 0xffffffffu

typedef struct {
  uint32_t tag; /* a tsc_tag or TSC_MISSING */
  uint32_t reserved;
  union {
    int64_t i;
    double d;
    void *p;
  } as;
} tsc_value;

/* Element types, PyTorch's numbers. */
typedef enum {
  TSC_U8 = 0,
  TSC_I8 = 1,
  TSC_I16 = 2,
  TSC_I32 = 3,
  TSC_I64 = 4,
  TSC_F16 = 5,
  TSC_F32 = 6,
  TSC_F64 = 7,
  TSC_C32 = 8,
  TSC_C64 = 9,
  TSC_C128 = 10,
  TSC_BOOLEAN = 11,
  TSC_QI8 = 12,
  TSC_QU8 = 13,
  TSC_QI32 = 14,
  TSC_BF16 = 15,
  TSC_F8E5M2 = 23,
  TSC_F8E4M3FN = 24,
  TSC_F8E5M2FNUZ = 25,
  TSC_F8E4M3FNUZ = 26,
  TSC_U16 = 27,
  TSC_U32 = 28,
  TSC_U64 = 29
} tsc_dtype;

/* ---- Errors. Functions that can fail return a tsc_status and fill *error when it is not NULL. */
typedef enum {
  TSC_OK = 0,
  TSC_BAD_ARGUMENT = 1, /* the caller's arguments do not fit */
  TSC_RAISED = 2,       /* the program raised */
  TSC_OUT_OF_MEMORY = 3,
  TSC_CANCELLED = 4,
  TSC_NOT_FOUND = 5
} tsc_status;
typedef struct {
  int32_t status;
  char *class_name; /* "ValueError", "builtins.RuntimeError"... */
  char *message;
  char *traceback; /* frames, outermost first, and the message; "" when there are none */
} tsc_error;

/* ---- Options of create; zero everywhere means the default. */
typedef void (*tsc_body)(void *argument, int64_t index);
typedef void (*tsc_parallel_for)(void *user, int64_t count, tsc_body body, void *argument);
typedef struct tsc_pool {
  uint32_t size; /* of this struct */
  int32_t threads;
  tsc_parallel_for
      parallel_for; /* calls body(argument, i) for all i < count and returns when all are done */
  void *user;
  void (*destroy)(struct tsc_pool *);
} tsc_pool;
typedef struct {
  uint32_t size;        /* sizeof(tsc_options) */
  int32_t threads;      /* 0: one for each CPU that the process may use */
  const tsc_pool *pool; /* shared with others; must outlive the instance */
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*deallocate)(void *user, void *data, size_t bytes);
  void *allocator_user;
  void (*print)(void *user, const char *text,
                int64_t length); /* what the program prints; NULL: stdout */
  void (*warn)(void *user, const char *text, int64_t length); /* NULL: stderr */
  void *hook_user;
  uint64_t seed; /* of the random numbers; 0: PyTorch's default seed */
} tsc_options;

typedef struct {
  const char *name;
  uint32_t argument_count;
  const char *const *argument_names;
  const char *const *argument_types; /* "Tensor", "List[int]", "Optional[float]"... */
  const char *result_type;
} tsc_method;

/* Time spent in one kernel, over all calls that were profiled. */
typedef struct {
  const char *kernel;    /* what it is: "contraction"; "generic" for one that knows any dtype */
  const char *operators; /* what it stands for: "aten::conv2d, aten::relu" */
  const char *function;  /* where in the program, with `file`, `text` and `line`; or NULL */
  const char *file;
  const char *text; /* the source line, or NULL */
  int32_t line;
  int32_t reserved;
  int64_t calls;
  double seconds;    /* of all calls */
  double operations; /* of one call, a multiply-add being two; 0: unknown */
  double bytes;      /* that one call reads and writes; 0: unknown */
} tsc_kernel_profile;
typedef void (*tsc_profile_visitor)(void *user, const tsc_kernel_profile *kernel);

typedef struct tsc_instance tsc_instance;

#define TSC_FLAG_WRITES_STATE 1u

typedef struct tsc_model_api {
  uint32_t size;        /* of this struct */
  uint32_t abi_version; /* TSC_MODEL_ABI_VERSION */
  uint32_t flags;
  uint32_t method_count;
  const char *name;
  const char *target;
  const char *manifest; /* JSON */
  const tsc_method *methods;

  /* Instances. clone copies state and shares constants; reset goes back to the state after create.
   */
  tsc_status (*create)(const tsc_options *options, tsc_instance **instance, tsc_error *error);
  void (*destroy)(tsc_instance *instance);
  tsc_status (*clone)(tsc_instance *instance, tsc_instance **copy, tsc_error *error);
  tsc_status (*reset)(tsc_instance *instance, tsc_error *error);
  void (*seed)(tsc_instance *instance, uint64_t seed);
  tsc_status (*get_attribute)(tsc_instance *instance, const char *path, tsc_value *value,
                              tsc_error *error);
  tsc_status (*set_attribute)(tsc_instance *instance, const char *path, tsc_value value,
                              tsc_error *error);

  /* Calls. *result is owned by the caller and written only on success. cancel ends the calls under
   * way soon. */
  tsc_status (*call)(tsc_instance *instance, uint32_t method, const tsc_value *arguments,
                     uint32_t argument_count, tsc_value *result, tsc_error *error);
  int32_t (*find_method)(const char *name); /* index, or -1 */
  void (*cancel)(tsc_instance *instance);
  void (*error_clear)(tsc_error *error);

  /* Counting and text */
  void (*retain)(tsc_value value);
  void (*release)(tsc_value value);
  const char *(*type_of)(tsc_value value);    /* "int", "List[int]", "__torch__.M"; static */
  tsc_value (*to_text)(tsc_value value);      /* as the program's str() */
  int32_t (*equal)(tsc_value a, tsc_value b); /* 1, 0, or -1 when they cannot be compared */

  /* Strings are bytes and a length; a zero follows. */
  tsc_value (*string_new)(const char *bytes, int64_t length);
  const char *(*string_get)(tsc_value value, int64_t *length);
  tsc_value (*complex_new)(double re, double im);
  int32_t (*complex_get)(tsc_value value, double *re,
                         double *im); /* 1 when it is a complex number */

  /* Containers. `type` as in "List[int]", "Dict[str, Tensor]", "Tuple[int, str]"; NULL for one of
   * any values, which the border converts. Types of a model (classes, named tuples) are known with
   * its instance. */
  tsc_value (*list_new)(tsc_instance *instance, const char *type);
  int64_t (*list_size)(tsc_value list);
  tsc_value (*list_get)(tsc_value list, int64_t index);
  tsc_status (*list_append)(tsc_value list, tsc_value item);
  tsc_value (*dict_new)(tsc_instance *instance, const char *type);
  int64_t (*dict_size)(tsc_value dict);
  tsc_status (*dict_item)(tsc_value dict, int64_t position, tsc_value *key,
                          tsc_value *value); /* in order */
  tsc_status (*dict_set)(tsc_value dict, tsc_value key, tsc_value value);
  tsc_value (*tuple_new)(tsc_instance *instance, const char *type, const tsc_value *items,
                         int64_t count);
  int64_t (*tuple_size)(tsc_value tuple);
  tsc_value (*tuple_get)(tsc_value tuple, int64_t index);
  const char *(*field_name)(tsc_value tuple_or_object,
                            int64_t index); /* NULL past the end or when unnamed */

  /* Enums by member name; objects by attribute. */
  tsc_value (*enum_new)(tsc_instance *instance, const char *type, const char *member);
  const char *(*enum_name)(tsc_value value);
  tsc_value (*enum_value)(tsc_value value);
  tsc_value (*object_get)(tsc_value object, const char *attribute);
  tsc_status (*object_set)(tsc_value object, const char *attribute, tsc_value value);
  tsc_status (*future_wait)(tsc_instance *instance, tsc_value future, tsc_value *result,
                            tsc_error *error);

  /* Tensors. wrap borrows row-major memory for as long as the tensor lives; from_dlpack takes the
   * tensor over (its deleter is called with the last view); to_dlpack shares memory. */
  tsc_value (*tensor_wrap)(void *data, int32_t dtype, int32_t rank, const int64_t *sizes);
  tsc_value (*tensor_new)(int32_t dtype, int32_t rank, const int64_t *sizes); /* uninitialized */
  tsc_value (*tensor_strided)(void *data, int32_t dtype, int32_t rank, const int64_t *sizes,
                              const int64_t *strides, void (*release)(void *owner),
                              void *owner); /* NULL data: allocates */
  tsc_value (*tensor_from_dlpack)(DLManagedTensor *tensor);
  tsc_value (*tensor_from_dlpack_versioned)(DLManagedTensorVersioned *tensor);
  DLManagedTensor *(*tensor_to_dlpack)(tsc_value tensor);
  DLManagedTensorVersioned *(*tensor_to_dlpack_versioned)(tsc_value tensor);
  void *(*tensor_data)(tsc_value tensor);
  int32_t (*tensor_dtype)(tsc_value tensor); /* -1: undefined */
  int32_t (*tensor_rank)(tsc_value tensor);
  const int64_t *(*tensor_sizes)(tsc_value tensor);
  const int64_t *(*tensor_strides)(tsc_value tensor); /* in elements */
  tsc_value (*tensor_contiguous)(tsc_value tensor);   /* itself, or a row-major copy */
  int32_t (*tensor_shares_memory)(tsc_value a, tsc_value b);
  /* Quantization: 0 none, 1 per tensor, 2 per channel (scales and zero points as tensors). */
  int32_t (*tensor_quantizer)(tsc_value tensor, double *scale, int64_t *zero_point,
                              tsc_value *scales, tsc_value *zero_points, int64_t *axis);
  tsc_status (*tensor_set_quantizer)(tsc_value tensor, double scale, int64_t zero_point,
                                     tsc_value scales, tsc_value zero_points,
                                     int64_t axis); /* axis -1: per tensor */

  tsc_pool *(*pool_create)(int32_t threads);

  /* Profiles: calls that start while profiling is on have their kernels timed. Switching it on
   * starts from nothing; profile_visit gives the sums, at any time and in no order. */
  void (*profile)(tsc_instance *instance, int32_t on);
  tsc_status (*profile_visit)(tsc_instance *instance, tsc_profile_visitor visit, void *user);
} tsc_model_api;

/* Exported by every compiled library. */
const tsc_model_api *tsc_model_entry(void);

#ifdef __cplusplus
}
#endif
#endif
