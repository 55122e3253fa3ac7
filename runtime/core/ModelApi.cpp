// SPDX-License-Identifier: Apache-2.0
// The functions of tsc_model_api that work on instances: create, call, attributes, errors.
#include "tsc/runtime/ModelInstance.h"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace tsc::rt {

// ---- Errors
static char *copyText(const char *text, int64_t length) {
  char *copy = static_cast<char *>(std::malloc(static_cast<size_t>(length) + 1));
  if (!copy)
    return nullptr;
  std::memcpy(copy, text, static_cast<size_t>(length));
  copy[length] = 0;
  return copy;
}

static void addFrame(StringBuilder &out, const SiteDescriptor &site) {
  out.addFormat("  File \"%s\", line %d, in %s\n", site.file ? site.file : "?", site.line,
                site.function ? site.function : "?");
  if (!site.text)
    return;
  out.addFormat("    %s\n", site.text);
  int32_t width = site.endColumn > site.column ? site.endColumn - site.column : 0;
  if (width == 0 || site.column < 0 || width > 400)
    return;
  out.addFormat("    %*s", site.column, "");
  for (int32_t i = 0; i < width; ++i)
    out.add('~');
  out.add(" <--- HERE\n");
}

/// Frames outermost first: the sites were added innermost first, and each has its chain of inlined
/// callers.
static void addTraceback(StringBuilder &out, const Context &cx) {
  const ModelData *model = cx.head.model;
  const ErrorState &e = cx.error;
  if (!model || !e.siteCount)
    return;
  out.add("Traceback of TorchScript (most recent call last):\n");
  for (int32_t i = e.siteCount - 1; i >= 0; --i) {
    int32_t chain[64];
    int n = 0;
    for (int32_t s = e.sites[i]; s >= 0 && s < static_cast<int32_t>(model->siteCount) && n < 64;
         s = model->sites[s].caller)
      chain[n++] = s;
    while (n)
      addFrame(out, model->sites[chain[--n]]);
  }
  if (e.className[0])
    out.addFormat("%s: ", e.className);
  out.add(StringRef(e.text ? e.text : "", e.length));
  out.add('\n');
}

tsc_status reportError(const Context &cx, tsc_status status, tsc_error *error) {
  const ErrorState &e = cx.error;
  if (!error)
    return status;
  StringBuilder traceback;
  addTraceback(traceback, cx);
  error->status = status;
  error->class_name = copyText(e.className, static_cast<int64_t>(std::strlen(e.className)));
  error->message = copyText(e.text ? e.text : "", e.text ? e.length : 0);
  error->traceback = copyText(traceback.data(), traceback.size());
  return status;
}

void apiErrorClear(tsc_error *error) {
  if (!error)
    return;
  std::free(error->class_name);
  std::free(error->message);
  std::free(error->traceback);
  *error = tsc_error{};
}

// ---- Instances
void setUpContext(ModelInstance &m, Context &cx) {
  cx.head.cancel = &m.cancelled;
  cx.head.model = m.shared.model;
  cx.allocator = m.shared.allocator;
  cx.pool = m.shared.pool;
  cx.generator = m.shared.generator;
  cx.instance = &m.shared;
  cx.print = m.options.print;
  cx.warn = m.options.warn;
  cx.hookUser = m.options.hook_user;
  cx.profile = __atomic_load_n(&m.profiling, __ATOMIC_ACQUIRE) ? &m.profile : nullptr;
}

static void destroyInstance(ModelInstance *m) {
  if (!m)
    return;
  m->root = OwnedValue();
  freeCycles(m->shared);
  if (m->shared.generator)
    tsc_rt_release(&m->shared.generator->head);
  freeWorkspaces(m->shared);
  destroyPool(m->shared.pool);
  pthread_mutex_destroy(&m->mutex);
  m->~ModelInstance();
  std::free(m);
  freeKeptBlocks();
}
void apiDestroy(tsc_instance *instance) {
  destroyInstance(reinterpret_cast<ModelInstance *>(instance));
}

static ModelInstance *makeInstance(const ModelData *model, const tsc_options *options,
                                   Context &cx) {
  void *memory = std::malloc(sizeof(ModelInstance));
  if (!memory)
    return (void)cx.outOfMemory(), nullptr;
  ModelInstance *m = ::new (memory) ModelInstance();
  pthread_mutex_init(&m->mutex, nullptr);
  if (options) // a caller with an older, shorter struct gets defaults for the rest
    std::memcpy(&m->options, options,
                options->size && options->size < sizeof(tsc_options) ? options->size
                                                                     : sizeof(tsc_options));
  m->shared.model = model;
  m->allocator = {m->options.allocate, m->options.deallocate, m->options.allocator_user};
  m->shared.allocator =
      m->options.allocate && m->options.deallocate ? &m->allocator : defaultAllocator();
  const tsc_pool *pool = m->options.pool;
  int threads = pool ? pool->threads : m->options.threads > 0 ? m->options.threads : cpuCount();
  if (pool)
    m->shared.pool = createExternalPool(threads, pool->parallel_for, pool->user);
  else if (threads > 1)
    m->shared.pool = createPool(threads);
  m->shared.generator = newGenerator(cx, m->options.seed ? m->options.seed : kDefaultSeed).take();
  if (!m->shared.generator) {
    destroyInstance(m);
    return nullptr;
  }
  return m;
}

static bool initialize(ModelInstance &m, Context &cx) {
  setUpContext(m, cx);
  if (!m.shared.model->initialize)
    return true;
  Value root = makeNone();
  if (m.shared.model->initialize(&cx, nullptr, &root) != 0)
    return false;
  m.root = OwnedValue::adopt(root);
  return true;
}

tsc_status createInstance(const ModelData *model, const tsc_options *options, tsc_instance **out,
                          tsc_error *error) {
  *out = nullptr;
  Context cx;
  cx.head.model = model;
  ModelInstance *m = makeInstance(model, options, cx);
  if (!m)
    return reportError(cx, TSC_OUT_OF_MEMORY, error);
  if (!initialize(*m, cx)) {
    tsc_status status = reportError(cx, TSC_RAISED, error);
    destroyInstance(m);
    return status;
  }
  *out = reinterpret_cast<tsc_instance *>(m);
  return TSC_OK;
}

tsc_status apiReset(tsc_instance *instance, tsc_error *error) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  Context cx;
  OwnedValue old = m.root;
  if (!initialize(m, cx)) {
    m.root = old;
    return reportError(cx, TSC_RAISED, error);
  }
  m.shared.generator->reseed(m.options.seed ? m.options.seed : kDefaultSeed);
  return TSC_OK;
}

tsc_status apiClone(tsc_instance *instance, tsc_instance **copy, tsc_error *error) {
  ModelInstance &from = *reinterpret_cast<ModelInstance *>(instance);
  *copy = nullptr;
  Context cx;
  ModelInstance *m = makeInstance(from.shared.model, &from.options, cx);
  if (!m)
    return reportError(cx, TSC_OUT_OF_MEMORY, error);
  setUpContext(*m, cx);
  OwnedValue root = deepCopy(cx, from.root.get());
  if (!root) {
    tsc_status status = reportError(cx, TSC_OUT_OF_MEMORY, error);
    destroyInstance(m);
    return status;
  }
  m->root = root;
  ObjectHead head = m->shared.generator->head;
  std::memcpy(static_cast<void *>(m->shared.generator), from.shared.generator, sizeof(Generator));
  m->shared.generator->head = head;
  *copy = reinterpret_cast<tsc_instance *>(m);
  return TSC_OK;
}

void apiSeed(tsc_instance *instance, uint64_t seed) {
  reinterpret_cast<ModelInstance *>(instance)->shared.generator->reseed(seed);
}
void apiCancel(tsc_instance *instance) {
  __atomic_store_n(&reinterpret_cast<ModelInstance *>(instance)->cancelled, 1, __ATOMIC_RELEASE);
}

// ---- Calls
namespace {
/// What a compiled method is called with: the root object, then the arguments. Those that are of
/// their declared type already are the caller's, who holds them for as long as the call lasts.
class CallArguments {
public:
  CallArguments() = default;
  CallArguments(const CallArguments &) = delete;
  CallArguments &operator=(const CallArguments &) = delete;
  ~CallArguments() {
    for (int64_t i = 0; i < converted.size(); ++i)
      release(converted[i]);
    if (values != inlineValues)
      freeBytes(values);
  }
  /// False with the error set: memory is short, or an argument cannot be converted.
  Status add(Context &cx, const Value *root, const MethodDescriptor &method,
             const tsc_value *arguments);
  const Value *data() const { return values; }

private:
  OwnedValue convert(Context &cx, const MethodDescriptor &method, uint32_t i, const Value &in);

  static constexpr uint32_t kInline = 16;
  Value inlineValues[kInline];
  Value *values = inlineValues;
  Vector<Value> converted; ///< owned
};
} // namespace

OwnedValue CallArguments::convert(Context &cx, const MethodDescriptor &method, uint32_t i,
                                  const Value &in) {
  StringBuilder what;
  what.addFormat("input %u '%s'", i, method.argumentNames ? method.argumentNames[i] : "");
  return convertArgument(cx, in, method.argumentTypes[i], what);
}

Status CallArguments::add(Context &cx, const Value *root, const MethodDescriptor &method,
                          const tsc_value *arguments) {
  uint32_t first = root != nullptr, count = first + method.argumentCount;
  if (count > kInline) {
    values = static_cast<Value *>(
        allocateBytes(cx, static_cast<int64_t>(count) * static_cast<int64_t>(sizeof(Value))));
    TSC_TRY(values);
  }
  if (root)
    values[0] = *root;
  for (uint32_t i = 0; i < method.argumentCount; ++i) {
    Value in = fromApi(arguments[i]);
    values[first + i] = in;
    // A tensor of its declared type needs no text for messages.
    if (in.tag == Tag::Tensor && method.argumentTypes[i]->kind == TypeKind::Tensor) [[likely]]
      continue;
    OwnedValue made = convert(cx, method, i, in);
    TSC_TRY(made);
    TSC_TRY(converted.push(cx, made.get()));
    values[first + i] = made.take();
  }
  return success();
}

static tsc_status runMethod(ModelInstance &m, Context &cx, const MethodDescriptor &method,
                            const Value *arguments, Value *result) {
  bool serial = m.shared.model->flags & 1;
  if (serial)
    pthread_mutex_lock(&m.mutex);
  BoxedEntry entry = reinterpret_cast<BoxedEntry>(method.entry);
  tsc_status status = TSC_OK;
  if (entry(&cx, arguments, result) != 0)
    status = __atomic_exchange_n(&m.cancelled, 0, __ATOMIC_ACQ_REL)      ? TSC_CANCELLED
             : std::strcmp(cx.error.className, "tsc.ArgumentError") == 0 ? TSC_BAD_ARGUMENT
                                                                         : TSC_RAISED;
  if (serial)
    pthread_mutex_unlock(&m.mutex);
  return status;
}

tsc_status apiCall(tsc_instance *instance, uint32_t index, const tsc_value *arguments,
                   uint32_t count, tsc_value *result, tsc_error *error) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  const ModelData &model = *m.shared.model;
  Context cx;
  setUpContext(m, cx);
  if (index >= model.methodCount) {
    (void)cx.raise("TypeError", "the model has %u methods, there is none of number %u",
                   model.methodCount, index);
    return reportError(cx, TSC_NOT_FOUND, error);
  }
  const MethodDescriptor &method = model.methods[index];
  if (count != method.argumentCount) {
    (void)cx.raise("TypeError", "%s() expects %u arguments, got %u", method.name,
                   method.argumentCount, count);
    return reportError(cx, TSC_BAD_ARGUMENT, error);
  }
  OwnedValue root = m.root; // `reset` may replace it meanwhile
  CallArguments values;
  if (!values.add(cx, model.rootType ? &root.get() : nullptr, method, arguments))
    return reportError(cx, TSC_BAD_ARGUMENT, error);
  Value made = makeNone();
  tsc_status status = runMethod(m, cx, method, values.data(), &made);
  if (status != TSC_OK)
    return reportError(cx, status, error);
  if (result)
    *result = toApi(made);
  else
    release(made);
  return TSC_OK;
}

// ---- Profiles
void apiProfile(tsc_instance *instance, int32_t on) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  if (on)
    m.profile.clear();
  __atomic_store_n(&m.profiling, on != 0, __ATOMIC_RELEASE);
}

tsc_status apiProfileVisit(tsc_instance *instance, tsc_profile_visitor visit, void *user) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  const ModelData &model = *m.shared.model;
  Context cx;
  Vector<KernelTime> times;
  if (!m.profile.read(cx, times))
    return TSC_OUT_OF_MEMORY;
  for (const KernelTime &time : times) {
    const KernelDescriptor &kernel = *time.kernel;
    tsc_kernel_profile row = {};
    row.kernel = kernel.name;
    row.operators = kernel.operators;
    if (kernel.site >= 0 && kernel.site < static_cast<int32_t>(model.siteCount)) {
      const SiteDescriptor &site = model.sites[kernel.site];
      row.function = site.function, row.file = site.file, row.text = site.text;
      row.line = site.line;
    }
    row.calls = time.calls;
    row.seconds = static_cast<double>(time.nanoseconds) * 1e-9;
    row.operations = kernel.operations;
    row.bytes = kernel.bytes;
    visit(user, &row);
  }
  return TSC_OK;
}

// ---- Attributes
/// The object and field that a dotted path names.
static bool findField(ModelInstance &m, Context &cx, const char *path, InstanceObject **object,
                      uint32_t *field) {
  Value at = m.root.get();
  while (true) {
    const char *dot = std::strchr(path, '.');
    StringRef name = dot ? StringRef(path, dot - path) : StringRef(path);
    bool found = false;
    const TypeDescriptor *type = at.tag == Tag::Object ? at.payload.p->type : nullptr;
    for (uint32_t i = 0; type && i < type->parameterCount && !found; ++i)
      if (name == type->fieldNames[i]) {
        *object = reinterpret_cast<InstanceObject *>(at.payload.p), *field = i;
        found = true;
      }
    if (!found)
      return (void)cx.raise("AttributeError", "there is no attribute '%.*s'",
                            static_cast<int>(name.size()), name.data()),
             false;
    if (!dot)
      return true;
    at = (*object)->fields[*field];
    path = dot + 1;
  }
}

tsc_status apiGetAttribute(tsc_instance *instance, const char *path, tsc_value *value,
                           tsc_error *error) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  Context cx;
  setUpContext(m, cx);
  InstanceObject *object;
  uint32_t field;
  if (!findField(m, cx, path, &object, &field))
    return reportError(cx, TSC_NOT_FOUND, error);
  retain(object->fields[field]);
  std::memcpy(static_cast<void *>(value), &object->fields[field], sizeof(tsc_value));
  return TSC_OK;
}

tsc_status apiSetAttribute(tsc_instance *instance, const char *path, tsc_value value,
                           tsc_error *error) {
  ModelInstance &m = *reinterpret_cast<ModelInstance *>(instance);
  Context cx;
  setUpContext(m, cx);
  InstanceObject *object;
  uint32_t field;
  if (!findField(m, cx, path, &object, &field))
    return reportError(cx, TSC_NOT_FOUND, error);
  Value in;
  std::memcpy(static_cast<void *>(&in), &value, sizeof in);
  OwnedValue converted = convertArgument(cx, in, object->head.type->parameters[field], path);
  if (!converted)
    return reportError(cx, TSC_BAD_ARGUMENT, error);
  OwnedValue old = OwnedValue::adopt(object->fields[field]);
  object->fields[field] = converted.take();
  return TSC_OK;
}

// ---- Pools
namespace {
struct OwnedPool {
  tsc_pool api;
  Context cx;
};
} // namespace

tsc_pool *apiPoolCreate(int32_t threads) {
  void *memory = std::malloc(sizeof(OwnedPool));
  if (!memory)
    return nullptr;
  OwnedPool *pool = ::new (memory) OwnedPool();
  pool->cx.pool = createPool(threads > 0 ? threads : cpuCount());
  if (!pool->cx.pool) {
    std::free(memory);
    return nullptr;
  }
  pool->api.size = sizeof(tsc_pool);
  pool->api.threads = threadCount(pool->cx);
  pool->api.user = pool;
  pool->api.parallel_for = [](void *user, int64_t count, tsc_body body, void *argument) {
    parallelFor(static_cast<OwnedPool *>(user)->cx, 0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        body(argument, i);
    });
  };
  pool->api.destroy = [](tsc_pool *self) {
    OwnedPool *owned = reinterpret_cast<OwnedPool *>(self);
    destroyPool(owned->cx.pool);
    std::free(owned);
  };
  return &pool->api;
}

} // namespace tsc::rt
