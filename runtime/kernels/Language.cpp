// SPDX-License-Identifier: Apache-2.0
// Operators of the language itself: optionals, enums, tuples, futures, generators, identity,
// exceptions, and the switches that a compiled model answers with constants.
#include "tsc/runtime/Future.h"
#include "tsc/runtime/Kernel.h"

#include <ctime>

using namespace tsc::rt;

static OwnedValue passThrough(Context &, const Value &v) { return OwnedValue::share(v); }
TSC_KERNEL(prim_unchecked_cast, passThrough)
TSC_KERNEL(prim_unchecked_unwrap_optional, passThrough)

static OwnedValue unwrap(Context &cx, const Value &v) {
  if (v.tag == Tag::None)
    return cx.fail("Unwrapping null optional");
  return OwnedValue::share(v);
}
TSC_KERNEL(aten__unwrap_optional, unwrap)

static Status raiseException(Context &cx, StringRef message, Optional<StringRef> className) {
  return cx.raiseText(className ? *className : StringRef(), message);
}
TSC_KERNEL(prim_RaiseException, raiseException)

// ---- Enums
static const EnumObject *enumIn(const Value &v) {
  return v.tag == Tag::Enum ? reinterpret_cast<const EnumObject *>(v.payload.p) : nullptr;
}
static OwnedValue enumValue(Context &cx, const Value &v) {
  const EnumObject *e = enumIn(v);
  return e ? OwnedValue::share(e->head.type->enumValues[e->index])
           : OwnedValue(cx.fail("expected an enum"));
}
static StringPtr enumName(Context &cx, const Value &v) {
  const EnumObject *e = enumIn(v);
  return e ? newString(cx, e->head.type->fieldNames[e->index])
           : StringPtr(cx.fail("expected an enum"));
}
TSC_KERNEL(prim_EnumValue_int, enumValue)
TSC_KERNEL(prim_EnumValue_float, enumValue)
TSC_KERNEL(prim_EnumValue_str, enumValue)
TSC_KERNEL(prim_EnumName, enumName)

static OwnedValue tupleIndex(Context &cx, const Tuple &t, int64_t index) {
  int64_t i = index < 0 ? index + t.size : index;
  if (i < 0 || i >= t.size)
    return cx.raise("IndexError", "Tuple index out of range");
  return OwnedValue::share(t.items[i]);
}
TSC_KERNEL(prim_TupleIndex, tupleIndex)

static int64_t identity(Context &, const Value &v) {
  return isObject(v) ? static_cast<int64_t>(reinterpret_cast<intptr_t>(v.payload.p)) : 0;
}
TSC_KERNEL(prim_id, identity)

static OwnedValue ifThenElse(Context &, bool condition, const Value &a, const Value &b) {
  return OwnedValue::share(condition ? a : b);
}
TSC_KERNEL(prim_IfThenElse, ifThenElse)

// ---- Futures
static OwnedValue wait(Context &cx, const Value &v) {
  if (v.tag != Tag::Future)
    return OwnedValue::share(v);
  return waitFuture(cx, *reinterpret_cast<const Future *>(v.payload.p));
}
TSC_KERNEL(aten_wait, wait)
TSC_KERNEL(prim_awaitable_wait, wait)
TSC_KERNEL(prim_awaitable_nowait, passThrough)

// ---- Generators
static Status manualSeed(Context &cx, int64_t seed) {
  Generator *g = defaultGenerator(cx);
  TSC_TRY(g != nullptr);
  g->reseed(static_cast<uint64_t>(seed));
  return success();
}
TSC_KERNEL(aten_manual_seed, manualSeed)

static OwnedValue newGeneratorValue(Context &cx, Optional<Device>, Optional<int64_t> seed) {
  Ref<Generator> g = newGenerator(cx, seed ? static_cast<uint64_t>(*seed) : kDefaultSeed);
  return g ? OwnedValue::adopt(makeObject(Tag::Generator, g.take())) : OwnedValue(Failed);
}
TSC_KERNEL(aten_Generator, newGeneratorValue)

static OwnedValue seedGenerator(Context &cx, const Value &v, int64_t seed) {
  Generator *g = generatorOf(cx, v);
  TSC_TRY(g != nullptr);
  g->reseed(static_cast<uint64_t>(seed));
  return OwnedValue::share(v);
}
TSC_KERNEL(aten_manual_seed_generator, seedGenerator)
static Result<int64_t> initialSeed(Context &cx, const Value &v) {
  Generator *g = generatorOf(cx, v);
  TSC_TRY(g != nullptr);
  return static_cast<int64_t>(g->seed);
}
TSC_KERNEL(aten_initial_seed, initialSeed)
static Result<int64_t> reseedGenerator(Context &cx, const Value &v) {
  Generator *g = generatorOf(cx, v);
  TSC_TRY(g != nullptr);
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  g->reseed(static_cast<uint64_t>(now.tv_sec) * 1000000007u ^ static_cast<uint64_t>(now.tv_nsec));
  return static_cast<int64_t>(g->seed);
}
TSC_KERNEL(aten_seed, reseedGenerator)

// ---- Statistics and switches
static int64_t timePoint(Context &) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}
TSC_KERNEL(prim_TimePoint, timePoint)
static void ignoreStatistic(Context &, const Value &, const Value &) {}
TSC_KERNEL(prim_AddStatValue, ignoreStatistic)

static bool always(Context &) { return true; }
static bool never(Context &) { return false; }
TSC_KERNEL(aten_is_scripting, always)
TSC_KERNEL(aten__is_tracing, never)
TSC_KERNEL(aten__get_tracing_state, never)
TSC_KERNEL(aten_is_autocast_enabled, never)
TSC_KERNEL(aten_is_autocast_cpu_enabled, never)
TSC_KERNEL(aten__nnpack_available, never)
TSC_KERNEL(aten_is_vulkan_available, never)
TSC_KERNEL(aten__use_cudnn_rnn_flatten_weight, never)
static bool isGradEnabled(Context &cx) { return cx.gradEnabled; }
TSC_KERNEL(aten_is_grad_enabled, isGradEnabled)
static void setGradEnabled(Context &cx, bool on) { cx.gradEnabled = on; }
TSC_KERNEL(aten_set_grad_enabled, setGradEnabled)
static StringPtr cpuCapability(Context &cx) { return newString(cx, "DEFAULT"); }
TSC_KERNEL(aten__get_cpu_capability, cpuCapability)
static Status assertScalar(Context &cx, Scalar s, StringRef message) {
  if (!s.toBool())
    return cx.raiseText("RuntimeError", message);
  return success();
}
TSC_KERNEL(aten__assert_scalar, assertScalar)
static void constrainRange(Context &, const Value &, const Value &, const Value &) {}
TSC_KERNEL(aten_sym_constrain_range, constrainRange)
TSC_KERNEL(aten_sym_constrain_range_for_size, constrainRange)

static ListRef sizeOf(Context &, List &list) { return ListRef::share(&list); }
TSC_KERNEL(aten_Size, sizeOf)

static ListRef broadcastTwo(Context &cx, IntList a, IntList b) {
  TSC_ASSIGN(Shape s, broadcastShapes(cx, a, b));
  return newIntList(cx, s);
}
TSC_KERNEL(aten_broadcast_shapes, broadcastTwo)
TSC_KERNEL(aten__infer_size, broadcastTwo)
