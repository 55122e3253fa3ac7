// SPDX-License-Identifier: Apache-2.0
// The C interface over a small model written by hand as codegen would write it: one attribute, a
// method that adds to it, a method that raises, and one that spins until it is cancelled.
#include "Support.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

extern "C" int32_t tsc_rt_aten_add_Tensor(Context *, const Value *, Value *);
extern "C" int32_t tsc_rt_aten_add__Tensor(Context *, const Value *, Value *);

static int32_t addToState(Context *cx, const Value *args, Value *results) {
  InstanceObject *self = reinterpret_cast<InstanceObject *>(args[0].payload.p);
  Value both[] = {self->fields[0], args[1], makeInt(1)};
  if (tsc_rt_aten_add__Tensor(cx, both, results)) {
    tsc_rt_trace(cx, 1);
    return 1;
  }
  return 0;
}
static int32_t raiseIt(Context *cx, const Value *args, Value *) {
  (void)cx->raise("ValueError", "n is %lld", static_cast<long long>(args[1].payload.i));
  tsc_rt_trace(cx, 1);
  return 1;
}
static int32_t spin(Context *cx, const Value *, Value *) {
  while (!__atomic_load_n(cx->head.cancel, __ATOMIC_ACQUIRE))
    std::this_thread::yield();
  return tsc_rt_cancelled(cx);
}
static constexpr KernelDescriptor kLaunched = {"contraction", "aten::mm", 1, 2e6, 3e3};
static int32_t launch(Context *cx, const Value *, Value *) {
  for (int i = 0; i < 2; ++i)
    tsc_rt_launch(cx, &kLaunched, [](void *, int64_t, int64_t) {}, nullptr, 8, 1);
  return 0;
}

static const TypeDescriptor *const kFields[] = {&kTensorType};
static const char *const kFieldNames[] = {"total"};
static const TypeDescriptor kRoot = {
    TypeKind::Class, 1, "__torch__.M", kFields, kFieldNames, nullptr, nullptr, 0, 3};
static const TypeDescriptor *const kTensorArgument[] = {&kTensorType};
static const TypeDescriptor *const kIntArgument[] = {&kIntType};
static const char *const kX[] = {"x"};
static const char *const kN[] = {"n"};
static const MethodDescriptor kMethods[] = {
    {"forward", reinterpret_cast<void *>(addToState), kTensorArgument, kX, 1, 0, &kTensorType},
    {"fail", reinterpret_cast<void *>(raiseIt), kIntArgument, kN, 1, 0, &kNoneType},
    {"spin", reinterpret_cast<void *>(spin), nullptr, nullptr, 0, 0, &kNoneType},
    {"launch", reinterpret_cast<void *>(launch), nullptr, nullptr, 0, 0, &kNoneType},
};
static int32_t initialize(Context *cx, const Value *, Value *results) {
  InstanceObject *root = reinterpret_cast<InstanceObject *>(tsc_rt_object_new(cx, &kRoot));
  if (!root)
    return 1;
  TensorRef t = zeros(*cx, Shape::of(2), DType::Float32);
  root->fields[0] = makeTensor(*t.take());
  results[0] = makeObject(Tag::Object, root);
  return 0;
}
static const SiteDescriptor kSites[] = {
    {"M.forward", "model.py", "return self.helper(x)", 10, 7, 21, -1},
    {"M.helper", "model.py", "raise ValueError(n)", 4, 0, 19, 0},
};
static const TypeDescriptor *const kTypes[] = {&kRoot};
extern const ModelData kModel;
static int32_t createModel(const void *options, void **instance, void *error) {
  return tsc_rt_create_instance(&kModel, options, instance, error);
}
static int32_t findMethod(const char *name) { return tsc_rt_find_exported(&kModel, name); }
const ModelData kModel = {kModelAbiVersion,
                          1,
                          "m",
                          "x86_64-unknown-linux-gnu",
                          &kRoot,
                          kMethods,
                          4,
                          2,
                          kSites,
                          initialize,
                          kTypes,
                          1,
                          "{}",
                          createModel,
                          findMethod};

static tsc_value floats(const tsc_model_api *api, float *data, int64_t n) {
  return api->tensor_wrap(data, TSC_F32, 1, &n);
}

TEST_CASE("a model is created, called, cloned and reset") {
  const tsc_model_api *api = tsc_rt_model_api(&kModel);
  REQUIRE(api);
  CHECK(api->method_count == 4);
  CHECK(std::string(api->methods[0].argument_types[0]) == "Tensor");
  CHECK(api->find_method("fail") == 1);
  tsc_options options = {};
  options.size = sizeof options;
  options.threads = 2;
  tsc_instance *m, *copy;
  tsc_error e = {};
  REQUIRE(api->create(&options, &m, &e) == TSC_OK);
  float data[] = {1, 2};
  tsc_value x = floats(api, data, 2), y, z;
  REQUIRE(api->call(m, 0, &x, 1, &y, &e) == TSC_OK);
  api->release(y);
  REQUIRE(api->clone(m, &copy, &e) == TSC_OK);
  REQUIRE(api->call(m, 0, &x, 1, &y, &e) == TSC_OK);
  CHECK(static_cast<float *>(api->tensor_data(y))[1] == 4);
  REQUIRE(api->get_attribute(copy, "total", &z, &e) == TSC_OK);
  CHECK(static_cast<float *>(api->tensor_data(z))[1] == 2);
  REQUIRE(api->reset(m, &e) == TSC_OK);
  api->release(z);
  REQUIRE(api->get_attribute(m, "total", &z, &e) == TSC_OK);
  CHECK(static_cast<float *>(api->tensor_data(z))[1] == 0);
  api->release(z);
  CHECK(api->get_attribute(m, "nothing", &z, &e) == TSC_NOT_FOUND);
  api->error_clear(&e);
  api->destroy(m);
  CHECK(static_cast<float *>(api->tensor_data(y))[1] == 4); // results outlive the instance
  api->release(y);
  api->release(x);
  api->destroy(copy);
}

TEST_CASE("errors come with class, message and traceback, and the instance goes on") {
  const tsc_model_api *api = tsc_rt_model_api(&kModel);
  tsc_instance *m;
  tsc_error e = {};
  REQUIRE(api->create(nullptr, &m, &e) == TSC_OK);
  tsc_value n = {TSC_INT, 0, {7}}, result;
  CHECK(api->call(m, 1, &n, 1, &result, &e) == TSC_RAISED);
  CHECK(std::string(e.class_name) == "ValueError");
  CHECK(std::string(e.message) == "n is 7");
  CHECK(std::string(e.traceback) == "Traceback of TorchScript (most recent call last):\n"
                                    "  File \"model.py\", line 10, in M.forward\n"
                                    "    return self.helper(x)\n"
                                    "           ~~~~~~~~~~~~~~ <--- HERE\n"
                                    "  File \"model.py\", line 4, in M.helper\n"
                                    "    raise ValueError(n)\n"
                                    "    ~~~~~~~~~~~~~~~~~~~ <--- HERE\n"
                                    "ValueError: n is 7\n");
  api->error_clear(&e);
  CHECK(api->call(m, 0, &n, 1, &result, &e) == TSC_BAD_ARGUMENT);
  CHECK(std::string(e.message) == "input 0 'x': expected Tensor, got int");
  api->error_clear(&e);
  CHECK(api->call(m, 0, nullptr, 0, &result, &e) == TSC_BAD_ARGUMENT);
  api->error_clear(&e);
  float data[] = {1, 2};
  tsc_value x = floats(api, data, 2);
  CHECK(api->call(m, 0, &x, 1, &result, &e) == TSC_OK);
  api->release(result);
  api->release(x);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    api->cancel(m);
  });
  CHECK(api->call(m, 2, nullptr, 0, &result, &e) == TSC_CANCELLED);
  other.join();
  api->error_clear(&e);
  api->destroy(m);
}

TEST_CASE("values are made and read through the interface") {
  const tsc_model_api *api = tsc_rt_model_api(&kModel);
  tsc_value list = api->list_new(nullptr, "List[float]");
  tsc_value one = {TSC_INT, 0, {1}};
  CHECK(api->list_append(list, one) == TSC_OK);
  tsc_value s = api->to_text(list);
  int64_t length;
  CHECK(std::string(api->string_get(s, &length)) == "[1.]");
  CHECK(length == 4);
  CHECK(api->list_append(list, s) == TSC_BAD_ARGUMENT);
  tsc_value d = api->dict_new(nullptr, "Dict[str, int]"), key, value;
  CHECK(api->dict_set(d, s, one) == TSC_OK);
  CHECK(api->dict_item(d, 0, &key, &value) == TSC_OK);
  CHECK(value.as.i == 1);
  api->release(key);
  tsc_value items[] = {one, s};
  tsc_value t = api->tuple_new(nullptr, nullptr, items, 2);
  CHECK(std::string(api->type_of(t)) == "Tuple[int, str]");
  CHECK(api->list_new(nullptr, "List[").tag == TSC_MISSING);
  for (tsc_value v : {list, s, d, t})
    api->release(v);
}

TEST_CASE("tensors cross as DLPack without a copy") {
  const tsc_model_api *api = tsc_rt_model_api(&kModel);
  float data[] = {1, 2, 3};
  tsc_value x = floats(api, data, 3);
  DLManagedTensorVersioned *out = api->tensor_to_dlpack_versioned(x);
  REQUIRE(out);
  CHECK(out->dl_tensor.data == data);
  api->release(x);
  tsc_value back = api->tensor_from_dlpack_versioned(out); // takes it over
  CHECK(api->tensor_data(back) == data);
  CHECK(api->tensor_sizes(back)[0] == 3);
  api->release(back);
}

TEST_CASE("a profile has the kernels of a call and their source lines") {
  const tsc_model_api *api = tsc_rt_model_api(&kModel);
  tsc_instance *m;
  tsc_error e = {};
  REQUIRE(api->create(nullptr, &m, &e) == TSC_OK);
  float data[] = {1, 2};
  tsc_value x = floats(api, data, 2), result;
  auto callBoth = [&] {
    REQUIRE(api->call(m, 0, &x, 1, &result, &e) == TSC_OK);
    api->release(result);
    REQUIRE(api->call(m, 3, nullptr, 0, &result, &e) == TSC_OK);
  };
  std::vector<std::string> rows;
  auto read = [&] {
    rows.clear();
    auto visit = [](void *user, const tsc_kernel_profile *row) {
      std::string text = row->kernel + std::string(" ") + row->operators + " " +
                         std::to_string(row->calls) + (row->seconds > 0 ? "" : " no time");
      if (row->file)
        text += " " + std::string(row->file) + ":" + std::to_string(row->line) + " " + row->text;
      if (row->operations > 0)
        text += " " + std::to_string(static_cast<int64_t>(row->operations + row->bytes));
      static_cast<std::vector<std::string> *>(user)->push_back(text);
    };
    REQUIRE(api->profile_visit(m, visit, &rows) == TSC_OK);
    std::sort(rows.begin(), rows.end());
  };
  callBoth();
  read();
  CHECK(rows.empty());
  api->profile(m, 1);
  callBoth();
  api->profile(m, 0);
  callBoth();
  read();
  CHECK(rows ==
        std::vector<std::string>{"contraction aten::mm 2 model.py:4 raise ValueError(n) 2003000",
                                 "generic aten_add__Tensor 1"});
  api->profile(m, 1); // starts from nothing
  read();
  CHECK(rows.empty());
  api->release(x);
  api->destroy(m);
}
