// SPDX-License-Identifier: Apache-2.0
// How a kernel is written and registered. A kernel is a typed C++ function whose first parameter is
// Context & and whose other parameters stand for the schema's arguments in order:
//
//   static TensorRef add(Context &cx, const Tensor &self, const Tensor &other, Scalar alpha);
//   TSC_KERNEL(aten_add_Tensor, add)
//
// Parameter types: const Tensor &, Tensor & (Tensor), OptTensor (Tensor?), int64_t, double, bool,
// Scalar, Complex, StringRef, Device, IntList, FloatList, BoolList, TensorList (Tensor[] and
// Tensor?[]), Optional<> of all those but tensors, Optional<DType> and DType (an int), MemoryFormat
// and its Optional, List &, Dict &, const Value & (anything), Arguments (all values raw, alone).
// Result types: void, Status, TensorRef, ListRef, DictRef, StringPtr, TupleRef, int64_t, double,
// bool, Scalar, Complex, OwnedValue, Result<> of them, Results<A, B...> (several schema results).
// An argument that is returned
// (`Tensor(a!) self`) is shared: return Ref<Tensor>::share(&self), or self through `same(self)`.
// The function's name must not be one of this namespace (view, select, expand...): as a template
// argument it would be ambiguous.
#pragma once

#include "tsc/runtime/Objects.h"
#include "tsc/runtime/Profile.h"

#include <tuple>
#include <utility>

namespace tsc::rt {

/// Several results. `Results<TensorRef, TensorRef>{a, b}`; a null reference in it is a failure
/// unless OptRef.
template <class... T> struct [[nodiscard]] Results {
  std::tuple<T...> values;
  bool ok = false;
  Results(Failure) {}
  Results(T... v) : values(static_cast<T &&>(v)...), ok(true) {}
  explicit operator bool() const { return ok; }
};

/// All values of a call as they are.
struct Arguments {
  const Value *values;
  const Value &operator[](int64_t i) const { return values[i]; }
};

inline TensorRef same(const Tensor &t) { return TensorRef::share(&t); }

namespace detail {

Failure wrongArgument(Context &cx, int index, const char *wanted, const Value &got);

template <class T> struct ArgumentOf;
#define TSC_ARGUMENT(TYPE, WANTED, CONDITION, VALUE)                                               \
  template <> struct ArgumentOf<TYPE> {                                                            \
    static constexpr const char *kWanted = WANTED;                                                 \
    static bool fits(const Value &v) { return CONDITION; }                                         \
    static TYPE get(const Value &v) { return VALUE; }                                              \
  };
TSC_ARGUMENT(const Tensor &, "Tensor", v.tag == Tag::Tensor,
             *reinterpret_cast<const Tensor *>(v.payload.p))
TSC_ARGUMENT(Tensor &, "Tensor", v.tag == Tag::Tensor, *reinterpret_cast<Tensor *>(v.payload.p))
TSC_ARGUMENT(OptTensor, "Optional[Tensor]", v.tag == Tag::Tensor || v.tag == Tag::None,
             v.tag == Tag::Tensor ? OptTensor(*reinterpret_cast<const Tensor *>(v.payload.p))
                                  : OptTensor())
TSC_ARGUMENT(int64_t, "int", v.tag == Tag::Int || v.tag == Tag::Bool, v.payload.i)
TSC_ARGUMENT(bool, "bool", v.tag == Tag::Bool || v.tag == Tag::Int, v.payload.i != 0)
TSC_ARGUMENT(double, "float", isNumber(v) && v.tag != Tag::Complex,
             v.tag == Tag::Float ? v.payload.d : static_cast<double>(v.payload.i))
TSC_ARGUMENT(Scalar, "number", isNumber(v), scalarOf(v))
TSC_ARGUMENT(Complex, "complex", isNumber(v), scalarOf(v).toComplex())
TSC_ARGUMENT(DType, "int", v.tag == Tag::Int && findDType(v.payload.i),
             static_cast<DType>(v.payload.i))
TSC_ARGUMENT(MemoryFormat, "int", v.tag == Tag::Int && v.payload.i >= 0 && v.payload.i <= 3,
             static_cast<MemoryFormat>(v.payload.i))
TSC_ARGUMENT(StringRef, "str", v.tag == Tag::String,
             StringRef(*reinterpret_cast<const StringObject *>(v.payload.p)))
TSC_ARGUMENT(Device, "Device", v.tag == Tag::Device, Device{v.payload.i})
TSC_ARGUMENT(List &, "List", v.tag == Tag::List, *reinterpret_cast<List *>(v.payload.p))
TSC_ARGUMENT(const List &, "List", v.tag == Tag::List, *reinterpret_cast<const List *>(v.payload.p))
TSC_ARGUMENT(Dict &, "Dict", v.tag == Tag::Dict, *reinterpret_cast<Dict *>(v.payload.p))
TSC_ARGUMENT(const Dict &, "Dict", v.tag == Tag::Dict, *reinterpret_cast<const Dict *>(v.payload.p))
TSC_ARGUMENT(const Tuple &, "Tuple", v.tag == Tag::Tuple,
             *reinterpret_cast<const Tuple *>(v.payload.p))
TSC_ARGUMENT(const Value &, "value", true, v)
#undef TSC_ARGUMENT

inline bool isListOf(const Value &v, ElementKind kind) {
  if (v.tag != Tag::List)
    return false;
  const ListObject *list = reinterpret_cast<const ListObject *>(v.payload.p);
  return list->elements == kind || list->size == 0;
}
/// A number is taken as a list of one, as `int[1] padding=0` allows.
template <class T, ElementKind Kind, Tag One> struct ListArgument {
  static bool fits(const Value &v) { return v.tag == One || isListOf(v, Kind); }
  static Span<T> get(const Value &v) {
    if (v.tag == One)
      return {reinterpret_cast<const T *>(&v.payload), 1};
    const ListObject *list = reinterpret_cast<const ListObject *>(v.payload.p);
    return {static_cast<const T *>(list->data), list->size};
  }
};
template <> struct ArgumentOf<IntList> : ListArgument<int64_t, ElementKind::Int, Tag::Int> {
  static constexpr const char *kWanted = "List[int]";
};
template <> struct ArgumentOf<FloatList> : ListArgument<double, ElementKind::Float, Tag::Float> {
  static constexpr const char *kWanted = "List[float]";
};
template <> struct ArgumentOf<BoolList> : ListArgument<bool, ElementKind::Bool, Tag::Bool> {
  static constexpr const char *kWanted = "List[bool]";
};
template <> struct ArgumentOf<TensorList> {
  static constexpr const char *kWanted = "List[Tensor]";
  static bool fits(const Value &v) { return isListOf(v, ElementKind::Value); }
  static TensorList get(const Value &v) {
    return TensorList(*reinterpret_cast<const List *>(v.payload.p));
  }
};
template <class T> struct ArgumentOf<Optional<T>> {
  static constexpr const char *kWanted = ArgumentOf<T>::kWanted;
  static bool fits(const Value &v) { return v.tag == Tag::None || ArgumentOf<T>::fits(v); }
  static Optional<T> get(const Value &v) {
    return v.tag == Tag::None ? Optional<T>() : Optional<T>(ArgumentOf<T>::get(v));
  }
};

/// Writes a result into its slot; false when it is a failure.
inline bool putResult(Context &, Value *slot, int64_t v) { return *slot = makeInt(v), true; }
inline bool putResult(Context &, Value *slot, double v) { return *slot = makeFloat(v), true; }
inline bool putResult(Context &, Value *slot, bool v) { return *slot = makeBool(v), true; }
inline bool putResult(Context &, Value *slot, Device v) { return *slot = makeDevice(v), true; }
inline bool putResult(Context &, Value *slot, OwnedValue v) {
  if (!v)
    return false;
  *slot = v.take();
  return true;
}
inline bool putResult(Context &cx, Value *slot, const Scalar &v) {
  return putResult(cx, slot, numberValue(cx, v));
}
inline bool putResult(Context &cx, Value *slot, Complex v) {
  return putResult(cx, slot, Scalar(v));
}
template <class T> bool putResult(Context &cx, Value *slot, Ref<T> v) {
  return putResult(cx, slot, OwnedValue(static_cast<Ref<T> &&>(v)));
}
template <class T> bool putResult(Context &cx, Value *slot, Result<T> v) {
  return v.ok && putResult(cx, slot, static_cast<T &&>(v.value));
}
inline bool putResult(Context &, Value *, Status s) { return static_cast<bool>(s); }
template <class... T> bool putResult(Context &cx, Value *slot, Results<T...> v) {
  if (!v.ok)
    return false;
  return std::apply(
      [&](T &...each) {
        int done = 0;
        bool ok = ((putResult(cx, slot + done, static_cast<T &&>(each)) && ++done) && ...);
        for (int i = 0; !ok && i < done; ++i)
          release(slot[i]);
        return ok;
      },
      v.values);
}

int32_t finishKernel(Context &cx, bool ok);

template <class T> bool checkArgument(Context &cx, int index, const Value &v) {
  if (ArgumentOf<T>::fits(v)) [[likely]]
    return true;
  (void)wrongArgument(cx, index, ArgumentOf<T>::kWanted, v);
  return false;
}

template <auto Fn, class R, class... A, size_t... I>
int32_t invoke(Context &cx, const Value *args, Value *results, R (*)(Context &, A...),
               std::index_sequence<I...>) {
  if (!(checkArgument<A>(cx, static_cast<int>(I), args[I]) && ...))
    return 1;
  if constexpr (std::is_void_v<R>)
    return Fn(cx, ArgumentOf<A>::get(args[I])...), 0;
  else
    return finishKernel(cx, putResult(cx, results, Fn(cx, ArgumentOf<A>::get(args[I])...)));
}
template <auto Fn, class R, class... A>
int32_t run(Context *cx, const Value *args, Value *results, R (*f)(Context &, A...)) {
  return invoke<Fn>(*cx, args, results, f, std::index_sequence_for<A...>{});
}
template <auto Fn, class R>
int32_t run(Context *cx, const Value *args, Value *results, R (*)(Context &, Arguments)) {
  return finishKernel(*cx, putResult(*cx, results, Fn(*cx, Arguments{args})));
}

} // namespace detail

/// Where a kernel with several variants puts its result: a new tensor, or one that is there
/// (in-place, out=).
struct Out {
  Tensor *tensor = nullptr;
  bool resizable = false; ///< an out= argument is resized, self is not
};

namespace detail {
enum class Variant { Functional, InPlace, OutArgument };

template <Variant V, auto Fn, class... A, size_t... I>
int32_t invokeOut(Context &cx, const Value *args, Value *results,
                  TensorRef (*)(Context &, Out, A...), std::index_sequence<I...>) {
  if (!(checkArgument<A>(cx, static_cast<int>(I), args[I]) && ...))
    return 1;
  Out out;
  if constexpr (V != Variant::Functional) {
    constexpr int at = V == Variant::InPlace ? 0 : static_cast<int>(sizeof...(A));
    if (!checkArgument<Tensor &>(cx, at, args[at]))
      return 1;
    out = {&ArgumentOf<Tensor &>::get(args[at]), V == Variant::OutArgument};
  }
  return finishKernel(cx, putResult(cx, results, Fn(cx, out, ArgumentOf<A>::get(args[I])...)));
}
template <Variant V, auto Fn, class... A>
int32_t runOut(Context *cx, const Value *args, Value *results,
               TensorRef (*f)(Context &, Out, A...)) {
  return invokeOut<V, Fn>(*cx, args, results, f, std::index_sequence_for<A...>{});
}
/// The variants of a kernel that knows only how to make a new tensor: the result is copied.
template <Variant V, auto Fn, class... A, size_t... I>
int32_t invokeCopy(Context &cx, const Value *args, Value *results, TensorRef (*)(Context &, A...),
                   std::index_sequence<I...>) {
  if (!(checkArgument<A>(cx, static_cast<int>(I), args[I]) && ...))
    return 1;
  constexpr int at = V == Variant::InPlace ? 0 : static_cast<int>(sizeof...(A));
  if (!checkArgument<Tensor &>(cx, at, args[at]))
    return 1;
  Tensor &target = ArgumentOf<Tensor &>::get(args[at]);
  TensorRef made = Fn(cx, ArgumentOf<A>::get(args[I])...);
  if (!made)
    return finishKernel(cx, false);
  Status done = V == Variant::InPlace ? copyInto(cx, target, *made) : writeOut(cx, target, *made);
  if (!done)
    return 1;
  return finishKernel(cx, putResult(cx, results, same(target)));
}
template <Variant V, auto Fn, class... A>
int32_t runCopy(Context *cx, const Value *args, Value *results, TensorRef (*f)(Context &, A...)) {
  return invokeCopy<V, Fn>(*cx, args, results, f, std::index_sequence_for<A...>{});
}
} // namespace detail

} // namespace tsc::rt

#define TSC_ENTRY(NAME, CALL)                                                                      \
  extern "C" int32_t tsc_rt_##NAME(tsc::Context *cx, const tsc::Value *arguments,                  \
                                   tsc::Value *results) {                                          \
    static constexpr tsc::KernelDescriptor kKernel = {"generic", #NAME, -1, 0, 0};                 \
    tsc::rt::KernelTimer timer(*cx, kKernel);                                                      \
    return CALL;                                                                                   \
  }

/// Defines tsc_rt_NAME from a typed function.
#define TSC_KERNEL(NAME, FN) TSC_ENTRY(NAME, (tsc::rt::detail::run<FN>(cx, arguments, results, FN)))

/// For a function `TensorRef fn(Context &, Out, arguments...)`: one variant each.
#define TSC_FUNCTIONAL(NAME, FN)                                                                   \
  TSC_ENTRY(NAME, (tsc::rt::detail::runOut<tsc::rt::detail::Variant::Functional, FN>(              \
                      cx, arguments, results, FN)))
#define TSC_INPLACE(NAME, FN)                                                                      \
  TSC_ENTRY(NAME, (tsc::rt::detail::runOut<tsc::rt::detail::Variant::InPlace, FN>(cx, arguments,   \
                                                                                  results, FN)))
#define TSC_OUTPUT(NAME, FN)                                                                       \
  TSC_ENTRY(NAME, (tsc::rt::detail::runOut<tsc::rt::detail::Variant::OutArgument, FN>(             \
                      cx, arguments, results, FN)))
/// aten::NAME, aten::NAME_ and aten::NAME.out: TSC_VARIANTS(aten_sin, sin)
#define TSC_VARIANTS(NAME, FN)                                                                     \
  TSC_FUNCTIONAL(NAME, FN) TSC_INPLACE(NAME##_, FN) TSC_OUTPUT(NAME##_out, FN)
/// aten::NAME.OVERLOAD, aten::NAME_.OVERLOAD and aten::NAME.OUT: TSC_VARIANTS_OF(aten_add, Tensor,
/// out, add)
#define TSC_VARIANTS_OF(NAME, OVERLOAD, OUT, FN)                                                   \
  TSC_FUNCTIONAL(NAME##_##OVERLOAD, FN)                                                            \
  TSC_INPLACE(NAME##__##OVERLOAD, FN)                                                              \
  TSC_OUTPUT(NAME##_##OUT, FN)

/// For a kernel without Out: the in-place and out= variants copy its result. TSC_KERNEL registers
/// the kernel itself.
#define TSC_INPLACE_COPY(NAME, FN)                                                                 \
  TSC_ENTRY(NAME, (tsc::rt::detail::runCopy<tsc::rt::detail::Variant::InPlace, FN>(cx, arguments,  \
                                                                                   results, FN)))
#define TSC_OUTPUT_COPY(NAME, FN)                                                                  \
  TSC_ENTRY(NAME, (tsc::rt::detail::runCopy<tsc::rt::detail::Variant::OutArgument, FN>(            \
                      cx, arguments, results, FN)))
