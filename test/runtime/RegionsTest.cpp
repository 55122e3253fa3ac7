// SPDX-License-Identifier: Apache-2.0
// Calls of compiled regions, written by hand as codegen would write them: what they are given,
// what happens to inputs that do not fit, and what is left when memory is short.
#include "Support.h"
#include "tsc/runtime/Instance.h"

#include <thread>
#include <vector>

using namespace tsc;
using namespace tsc::rt;

static const int64_t kTwoThree[] = {2, 3};
static const RegionTensor kMatrix = {static_cast<int8_t>(DType::Float32), 2, kTwoThree};

/// out = in + 1, through the workspace.
static int32_t addOne(Context *, void *const *buffers, const int64_t *dims, void *workspace) {
  if (dims || reinterpret_cast<uintptr_t>(workspace) % 64)
    return 1;
  float *out = static_cast<float *>(buffers[0]), *room = static_cast<float *>(workspace);
  const float *in = static_cast<const float *>(buffers[1]);
  for (int i = 0; i < 6; ++i)
    room[i] = in[i] + 1;
  for (int i = 0; i < 6; ++i)
    out[i] = room[i];
  return 0;
}
static RegionDescriptor describe(RegionFunction run, int64_t workspace = 0) {
  return {run, "region_0", &kMatrix, 1, &kMatrix, 1, workspace};
}

namespace {
/// Fails allocations from a given number on, and counts what is not given back.
struct Limited {
  int64_t left = 0, live = 0;
  Allocator allocator = {[](void *user, size_t bytes, size_t alignment) -> void * {
                           Limited &self = *static_cast<Limited *>(user);
                           if (self.left-- <= 0 || bytes > size_t(1) << 40)
                             return nullptr;
                           ++self.live;
                           return defaultAllocator()->allocate(nullptr, bytes, alignment);
                         },
                         [](void *user, void *data, size_t bytes) {
                           --static_cast<Limited *>(user)->live;
                           defaultAllocator()->release(nullptr, data, bytes);
                         },
                         this};
};
} // namespace

static TensorRef callRegion(Context &cx, const RegionDescriptor &region, const Tensor &input) {
  const TensorObject *in = &input;
  TensorObject *out = nullptr;
  if (tsc_rt_region(&cx, &region, &in, &out))
    return Failed;
  return TensorRef::adopt(static_cast<Tensor *>(out));
}

TEST_CASE("a region gets dense buffers and makes a new tensor") {
  Context cx;
  RegionDescriptor region = describe(addOne, 64);
  TensorRef a = arange(cx, {2, 3});
  TensorRef b = callRegion(cx, region, *a);
  REQUIRE(b);
  CHECK(b->head.count == 1);
  CHECK(b->isContiguous());
  CHECK(b->at(5).toDouble() == 6);
  // a transposed input is copied first and stays as it is
  TensorRef t = transpose(cx, *arange(cx, {3, 2}), 0, 1);
  TensorRef c = callRegion(cx, region, *t);
  REQUIRE(c);
  CHECK(c->at(1).toDouble() == 3);
  CHECK(t->storage->head.count == 1);
  // strides of dims of size 1 do not matter; expanded inputs are copied
  TensorRef wide = expand(cx, *arange(cx, {1, 3}), Shape::of(2, 3));
  TensorRef d = callRegion(cx, region, *wide);
  REQUIRE(d);
  CHECK(d->at(4).toDouble() == 2);
}

TEST_CASE("an input that a region was not compiled for is an error") {
  Context cx;
  RegionDescriptor region = describe(addOne, 64);
  auto message = [&](const Tensor &input) {
    CHECK(!callRegion(cx, region, input));
    std::string text = cx.error.set ? cx.error.text : "";
    cx.error.clear();
    return text;
  };
  CHECK(message(*arange(cx, {3, 2})) ==
        "region 'region_0' was called with an input 0 of Float[3, 2], it was compiled for Float[2, "
        "3]");
  CHECK(message(*arange(cx, {2, 3}, DType::Int64)) ==
        "region 'region_0' was called with an input 0 of Long[2, 3], it was compiled for Float[2, "
        "3]");
  CHECK(message(*arange(cx, {6})).find("Float[6]") != std::string::npos);
  CHECK(message(*undefinedTensor(cx)).find("Undefined[0]") != std::string::npos);
  RegionDescriptor failing =
      describe([](Context *, void *const *, const int64_t *, void *) { return 1; });
  CHECK(!callRegion(cx, failing, *arange(cx, {2, 3})));
  CHECK(std::string(cx.error.text) == "region 'region_0' failed");
}

TEST_CASE("a region may have no elements, no inputs, and many outputs") {
  Context cx;
  static const int64_t kNone[] = {0, 3};
  static const RegionTensor kEmpty = {static_cast<int8_t>(DType::Float32), 2, kNone};
  RegionDescriptor empty = {[](Context *, void *const *buffers, const int64_t *, void *) {
                              return buffers[0] && buffers[1] ? 0 : 1;
                            },
                            "empty",
                            &kEmpty,
                            1,
                            &kEmpty,
                            1,
                            0};
  TensorRef e = callRegion(cx, empty, *transpose(cx, *arange(cx, {3, 0}), 0, 1));
  REQUIRE(e);
  CHECK(e->numel == 0);
  std::vector<RegionTensor> outputs(40, kMatrix);
  RegionDescriptor many = {[](Context *, void *const *buffers, const int64_t *, void *) {
                             for (int i = 0; i < 40; ++i)
                               static_cast<float *>(buffers[i])[5] = static_cast<float>(i);
                             return 0;
                           },
                           "many",
                           nullptr,
                           0,
                           outputs.data(),
                           40,
                           0};
  TensorObject *made[40];
  REQUIRE(tsc_rt_region(&cx, &many, nullptr, made) == 0);
  CHECK(static_cast<Tensor *>(made[39])->at(5).toDouble() == 39);
  for (TensorObject *t : made)
    tsc_rt_release(&t->head);
}

TEST_CASE("a region without memory is an error, and nothing is lost") {
  Limited limited;
  Instance instance;
  instance.allocator = &limited.allocator;
  Context cx;
  cx.instance = &instance;
  TensorRef dense = arange(cx, {2, 3}), t = transpose(cx, *arange(cx, {3, 2}), 0, 1);
  cx.allocator = &limited.allocator;
  RegionDescriptor region = describe(addOne, 4096);
  int failures = 0;
  for (int64_t left = 0; left < 4; ++left) {
    limited.left = left;
    TensorRef made = callRegion(cx, region, *t);
    if (made)
      continue;
    ++failures;
    CHECK(std::string(cx.error.text) == "out of memory");
    cx.error.clear();
  }
  CHECK(failures == 3); // the copy, the output, the workspace
  freeWorkspaces(instance);
  CHECK(limited.live == 0);
  limited.left = 100;
  region.workspaceBytes = INT64_MAX;
  CHECK(!callRegion(cx, region, *dense));
  CHECK(std::string(cx.error.text) == "out of memory");
  cx.error.clear();
  region.workspaceBytes = 64;
  CHECK(callRegion(cx, region, *dense));
  freeWorkspaces(instance);
  CHECK(limited.live == 0);
}

TEST_CASE("workspaces are kept by the instance, and each call has its own") {
  Instance instance;
  instance.allocator = defaultAllocator();
  Context cx;
  cx.instance = &instance;
  Workspace *a = takeWorkspace(cx, 100), *b = takeWorkspace(cx, 100);
  REQUIRE((a && b));
  CHECK(a != b);
  void *data = a->data;
  giveWorkspace(cx, a);
  Workspace *again = takeWorkspace(cx, 50);
  CHECK(again->data == data);
  giveWorkspace(cx, again);
  Workspace *large = takeWorkspace(cx, 3 << 20);
  REQUIRE(large);
  CHECK(reinterpret_cast<uintptr_t>(large->data) % (2 << 20) == 0);
  giveWorkspace(cx, large);
  giveWorkspace(cx, b);
  std::vector<Workspace *> many;
  for (int i = 0; i < 2 * kKeptWorkspaces; ++i)
    many.push_back(takeWorkspace(cx, 64));
  for (Workspace *w : many)
    giveWorkspace(cx, w);
  freeWorkspaces(instance);
}

namespace {
struct Frame {
  float *out;
  const float *in;
};
} // namespace
static constexpr KernelDescriptor kKernel = {"elementwise", "aten::mul", -1, 0, 0};
static constexpr int64_t kRows = 1000, kColumns = 64;
static void twice(void *frame, int64_t begin, int64_t end) {
  Frame &f = *static_cast<Frame *>(frame);
  for (int64_t i = begin * kColumns; i < end * kColumns; ++i)
    f.out[i] = f.in[i] * 2;
}
static int32_t launchTwice(Context *cx, void *const *buffers, const int64_t *, void *workspace) {
  float *room = static_cast<float *>(workspace);
  Frame first = {room, static_cast<const float *>(buffers[1])},
        second = {static_cast<float *>(buffers[0]), room};
  tsc_rt_launch(cx, &kKernel, twice, &first, kRows, 16);
  tsc_rt_launch(cx, &kKernel, twice, &second, kRows, 16);
  return 0;
}

TEST_CASE("several callers of one instance run regions at once") {
  static const int64_t kSizes[] = {kRows, kColumns};
  static const RegionTensor kTensor = {static_cast<int8_t>(DType::Float32), 2, kSizes};
  RegionDescriptor region = {launchTwice, "twice", &kTensor, 1, &kTensor, 1, 4 * kRows * kColumns};
  Context setUp;
  TensorRef input = arange(setUp, {kRows, kColumns});
  for (int threads : {1, 2, 4}) {
    Instance instance;
    instance.allocator = defaultAllocator();
    instance.pool = createPool(threads);
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (int c = 0; c < 3; ++c)
      callers.emplace_back([&] {
        Context cx;
        cx.instance = &instance, cx.pool = instance.pool;
        for (int round = 0; round < 100; ++round) {
          TensorRef out = callRegion(cx, region, *input);
          for (int64_t i = 0; out && i < out->numel; ++i)
            if (out->ptr<float>()[i] != 4 * input->ptr<float>()[i])
              ++wrong;
          wrong += !out;
        }
      });
    for (std::thread &caller : callers)
      caller.join();
    CHECK(wrong == 0);
    freeWorkspaces(instance);
    destroyPool(instance.pool);
  }
}
