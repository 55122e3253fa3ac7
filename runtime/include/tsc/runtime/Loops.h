// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels in a line. An iterator broadcasts operands, orders and merges dims, makes the
// output in the layout of the inputs and runs an inner loop over all of them, in parallel. Elements
// of any dtype are computed in one of five compute types (bool, int64_t, float, double, Complex):
// runs of a compute type's own dtype are looped over directly, which clang vectorizes, all others
// are converted in chunks.
//
//   TSC_UNARY(aten_sin, kFloat | kComplex, Promote::IntToFloat, std::sin(x))        // sin, sin_,
//   sin.out TSC_BINARY(aten_maximum, kReal, Promote::Keep, a > b ? a : b)                   //
//   maximum, maximum.out static TensorRef add(Context &cx, Out out, const Tensor &a, const Tensor
//   &b, Scalar alpha) {
//     return elementwise<kAll, Promote::Keep>(cx, "add", out, [](auto a, auto b, auto alpha) {
//     return a + alpha * b; },
//                                             inputs(a, b), constants(alpha));
//   }
//   TSC_VARIANTS_OF(aten_add, Tensor, out, add)
#pragma once

#include "tsc/runtime/Kernel.h"
#include "tsc/runtime/Threads.h"

#include <cmath>

namespace tsc::rt {

/// An operand: a tensor, or a number of the program (which takes part in promotion by its kind
/// only).
struct Operand {
  const Tensor *tensor = nullptr;
  Scalar scalar;
  Operand() = default;
  Operand(const Tensor &t) : tensor(&t) {}
  Operand(const TensorRef &t) : tensor(t.get()) {}
  Operand(const Scalar &s) : scalar(s) {}
};

/// The dtype of a result of these operands: dimensioned tensors outrank 0-d ones, which outrank
/// numbers, of the same or a lower class. Undefined for no operands.
DType computeResultType(Context &cx, const Operand *operands, int64_t count);
/// May a result of dtype `from` be written into `to` (float into int may not)?
bool canCast(DType from, DType to);

inline constexpr int kMaxOperands = 8;

/// The inner loop: n elements; ptrs and strides (in bytes) one for each operand, the output(s)
/// first.
using InnerLoop = void (*)(void *user, char *const *ptrs, const int64_t *strides, int64_t n);

/// N operands over one broadcast shape.
class Iterator {
public:
  /// Adds an output: `tensor` may be null, then `take` gives the new one. Outputs come first.
  void addOutput(Out out, DType dtype);
  /// A number is kept in `scalarDType` (its own dtype when Undefined): an integer wraps around as
  /// an element would.
  void addInput(const Operand &operand, DType scalarDType = DType::Undefined);
  /// Broadcasts, checks and allocates. `name` is for messages.
  Status build(Context &cx, const char *name);
  void run(Context &cx, InnerLoop loop, void *user, int64_t grain = 16384) const;
  /// Calls the loop over one part of the flat range [0, numel()), in the iterator's own order; for
  /// parallel callers.
  void runRange(InnerLoop loop, void *user, int64_t begin, int64_t end) const;
  /// Output i after the run: copies back what had to go through a temporary. Null with the error
  /// set if that fails.
  TensorRef take(Context &cx, int i = 0);
  DType dtype(int operand) const { return operands[operand].dtype; }
  int64_t numel() const { return total; }
  IntList shape() const { return sizes; }

private:
  struct Entry {
    TensorRef owned;          ///< the output, or a temporary copy of an input
    Tensor *target = nullptr; ///< of an output that was given
    bool resizable = false;
    const Tensor *tensor = nullptr;
    Scalar scalar;
    DType dtype = DType::Undefined;
    char *data = nullptr;
    int64_t strides[kMaxRank];
    alignas(16) char inlineData[16];
  };
  Status broadcast(Context &cx, const char *name);
  Status prepareOutput(Context &cx, Entry &entry, const char *name);
  Status prepareInput(Context &cx, Entry &entry);
  bool isFlat() const;
  Status buildFlat(Context &cx, const char *name);
  Shape outputStrides() const;
  void order();
  void merge();

  Entry operands[kMaxOperands];
  int count = 0, outputs = 0;
  Shape shapeOf; ///< the broadcast shape in the program's order
  Shape sizes;   ///< after ordering and merging; innermost first
  int64_t total = 0;
};

// ---- Typed loops
enum Classes : uint32_t {
  kBool = 1,
  kInt = 2,
  kFloat = 4,
  kComplex = 8,
  kReal = kBool | kInt | kFloat,
  kNumbers = kInt | kFloat | kComplex,
  kAll = 15,
};
enum class Promote {
  Keep,       ///< result has the common dtype
  IntToFloat, ///< integers and bools are computed and returned in the default float dtype
  ToBool,     ///< computed in the common dtype, returned as bool
  ToReal,     ///< complex operands give the real dtype of their parts (abs, angle)
};

template <class... O> struct Inputs {
  Operand operands[sizeof...(O)];
};
template <class... O> Inputs<O...> inputs(const O &...o) { return {{Operand(o)...}}; }
template <size_t N> struct Constants {
  Scalar scalars[N ? N : 1];
};
template <class... S> Constants<sizeof...(S)> constants(const S &...s) { return {{Scalar(s)...}}; }
inline Constants<0> constants() { return {}; }

namespace detail {

inline constexpr int64_t kChunk = 512;

/// The dtype whose elements are a compute type as they are.
template <class C> constexpr DType nativeDType() {
  return std::is_same_v<C, bool>      ? DType::Bool
         : std::is_same_v<C, int64_t> ? DType::Int64
         : std::is_same_v<C, float>   ? DType::Float32
         : std::is_same_v<C, double>  ? DType::Float64
                                      : DType::Complex128;
}

/// What the inner loop needs beside pointers.
template <class R, class C, class F, size_t N> struct LoopState {
  const F *f;
  LoadFunction<C> load[N];
  StoreFunction<R> store;
  bool native; ///< all operands have their compute type's dtype
};

/// f over arrays. A function object may have a loop of its own: run(out, in..., n).
template <class R, class C, class F, class... In>
void denseLoop(const F &f, R *out, int64_t n, const In *...in) {
  if constexpr (requires { f.run(out, in..., n); }) {
    f.run(out, in..., n);
  } else {
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < n; ++i)
      out[i] = f(in[i]...);
  }
}

/// Dense arrays and operands that stay the same, which are spread over a chunk first.
template <class R, class C, class F, size_t N, size_t... I>
void spreadLoop(const F &f, char *const *ptrs, const int64_t *strides, int64_t n,
                std::index_sequence<I...>) {
  alignas(64) unsigned char bytes[N][kChunk * sizeof(C)];
  int64_t width = n < kChunk ? n : kChunk;
  auto spread = [&](size_t i) {
    C value = *reinterpret_cast<const C *>(ptrs[1 + i]);
    for (int64_t j = 0; j < width && strides[1 + i] == 0; ++j)
      reinterpret_cast<C *>(bytes[i])[j] = value;
  };
  (spread(I), ...);
  for (int64_t done = 0; done < n; done += kChunk) {
    int64_t m = n - done < kChunk ? n - done : kChunk;
    denseLoop<R, C>(f, reinterpret_cast<R *>(ptrs[0]) + done, m,
                    (strides[1 + I] ? reinterpret_cast<const C *>(ptrs[1 + I]) + done
                                    : reinterpret_cast<const C *>(bytes[I]))...);
  }
}

template <class R, class C, class F, size_t N, size_t... I>
void directLoop(const F &f, char *const *ptrs, const int64_t *strides, int64_t n,
                std::index_sequence<I...> all) {
  R *out = reinterpret_cast<R *>(ptrs[0]);
  const C *in[N] = {reinterpret_cast<const C *>(ptrs[1 + I])...};
  bool dense = strides[0] == sizeof(R);
  if (dense && ((strides[1 + I] == sizeof(C)) && ...))
    return denseLoop<R, C>(f, out, n, in[I]...);
  if constexpr (N == 2) {
    if (dense && strides[1] == sizeof(C) && strides[2] == 0) {
      C b = *in[1];
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(in[0][i], b);
      return;
    }
    if (dense && strides[2] == sizeof(C) && strides[1] == 0) {
      C a = *in[0];
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < n; ++i)
        out[i] = f(a, in[1][i]);
      return;
    }
  }
  if constexpr (N > 2)
    if (dense && n >= 16 && ((strides[1 + I] == sizeof(C) || strides[1 + I] == 0) && ...))
      return spreadLoop<R, C, F, N>(f, ptrs, strides, n, all);
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<R *>(ptrs[0] + i * strides[0]) =
        f(*reinterpret_cast<const C *>(ptrs[1 + I] + i * strides[1 + I])...);
}

template <class R, class C, class F, size_t N, size_t... I>
void chunkLoop(const LoopState<R, C, F, N> &s, char *const *ptrs, const int64_t *strides, int64_t n,
               std::index_sequence<I...>) {
  alignas(64) unsigned char inBytes[N][kChunk * sizeof(C)];
  alignas(64) unsigned char outBytes[kChunk * sizeof(R)];
  for (int64_t done = 0; done < n; done += kChunk) {
    int64_t m = n - done < kChunk ? n - done : kChunk;
    (s.load[I](reinterpret_cast<C *>(inBytes[I]), ptrs[1 + I] + done * strides[1 + I],
               strides[1 + I], m),
     ...);
    R *out = reinterpret_cast<R *>(outBytes);
    denseLoop<R, C>(*s.f, out, m, reinterpret_cast<const C *>(inBytes[I])...);
    s.store(ptrs[0] + done * strides[0], strides[0], out, m);
  }
}

template <class R, class C, class F, size_t N>
void innerLoop(void *user, char *const *ptrs, const int64_t *strides, int64_t n) {
  const LoopState<R, C, F, N> &s = *static_cast<const LoopState<R, C, F, N> *>(user);
  if (s.native)
    directLoop<R, C, F, N>(*s.f, ptrs, strides, n, std::make_index_sequence<N>());
  else
    chunkLoop<R, C, F, N>(s, ptrs, strides, n, std::make_index_sequence<N>());
}

/// Runs f over a built iterator with one output and N inputs, all inputs loaded as C.
template <class C, size_t N, class F> void runTyped(Context &cx, const Iterator &it, const F &f) {
  using R = decltype([]<size_t... I>(const F &g, std::index_sequence<I...>) {
    return g(((void)I, C())...);
  }(f, std::make_index_sequence<N>()));
  using Stored = std::conditional_t<std::is_same_v<R, int>, int64_t, R>;
  LoopState<Stored, C, F, N> state{
      &f, {}, storer<Stored>(it.dtype(0)), it.dtype(0) == nativeDType<Stored>()};
  for (size_t i = 0; i < N; ++i) {
    state.load[i] = loader<C>(it.dtype(static_cast<int>(i) + 1));
    state.native &= it.dtype(static_cast<int>(i) + 1) == nativeDType<C>();
  }
  it.run(cx, &innerLoop<Stored, C, F, N>, &state);
}

template <class C, size_t K> struct ConstantValues {
  C items[K];
};
/// Binds the constants, converted to the compute type, behind the elements.
template <class C, class F, size_t K, size_t... J>
auto bindConstants(const F &f, const Constants<K> &k, std::index_sequence<J...>) {
  if constexpr (K == 0)
    return f;
  else
    return [f, values = ConstantValues<C, K>{{k.scalars[J].template to<C>()...}}](auto... x) {
      return f(x..., values.items[J]...);
    };
}
} // namespace detail

Failure unsupportedDType(Context &cx, const char *name, DType dtype);
/// The dtype of the compute type for a dtype: float16 and bfloat16 compute as float32, complex as
/// complex128, ints as int64.
DType computeDType(DType dtype);

/// Calls g with the compute type for a dtype: g.template operator()<C>(). False for a class that is
/// not in `Allowed`.
template <uint32_t Allowed, class G> bool dispatchCompute(DType dtype, G &&g) {
  switch (dtypeClass(dtype)) {
  case DTypeClass::Bool:
    if constexpr (Allowed & kBool)
      return g.template operator()<bool>(), true;
    return false;
  case DTypeClass::Integer:
    if constexpr (Allowed & kInt)
      return g.template operator()<int64_t>(), true;
    return false;
  case DTypeClass::Float:
    if constexpr (Allowed & kFloat) {
      if (dtype == DType::Float64)
        return g.template operator()<double>(), true;
      return g.template operator()<float>(), true;
    }
    return false;
  case DTypeClass::Complex:
    if constexpr (Allowed & kComplex)
      return g.template operator()<Complex>(), true;
    return false;
  default:
    return false;
  }
}

/// f over the inputs, elementwise, into a new tensor or `out`. f takes one value for each input and
/// constant, all of the compute type, and returns that type (or bool with ToBool, the real type
/// with ToReal).
template <uint32_t Allowed, Promote P, class F, class... O, size_t K = 0>
TensorRef elementwise(Context &cx, const char *name, Out out, const F &f, const Inputs<O...> &in,
                      const Constants<K> &k = {}) {
  constexpr size_t N = sizeof...(O);
  DType common = computeResultType(cx, in.operands, N);
  if (P == Promote::IntToFloat && tsc::isIntegral(common, true))
    common = cx.defaultDType;
  DType result = P == Promote::ToBool   ? DType::Bool
                 : P == Promote::ToReal ? toReal(common)
                                        : common;
  Iterator it;
  it.addOutput(out, result);
  for (const Operand &o : in.operands)
    it.addInput(o, tsc::isIntegral(common) ? common : computeDType(common));
  if (!it.build(cx, name))
    return Failed;
  bool known = dispatchCompute<Allowed>(common, [&]<class C>() {
    detail::runTyped<C, N>(cx, it, detail::bindConstants<C>(f, k, std::make_index_sequence<K>()));
  });
  if (!known)
    return unsupportedDType(cx, name, common);
  return it.take(cx);
}

} // namespace tsc::rt

/// NAME, NAME_ and NAME.out of one argument; EXPR computes from `x`.
#define TSC_UNARY(NAME, CLASSES, PROMOTE, ...)                                                     \
  static tsc::rt::TensorRef NAME(tsc::rt::Context &cx, tsc::rt::Out out,                           \
                                 const tsc::rt::Tensor &self) {                                    \
    return tsc::rt::elementwise<(CLASSES), PROMOTE>(                                               \
        cx, #NAME, out, [](auto x) { return __VA_ARGS__; }, tsc::rt::inputs(self));                \
  }                                                                                                \
  TSC_VARIANTS(NAME, NAME)
#define TSC_UNARY_FLOAT(NAME, ...)                                                                 \
  TSC_UNARY(NAME, tsc::rt::kFloat | tsc::rt::kComplex, tsc::rt::Promote::IntToFloat, __VA_ARGS__)
#define TSC_UNARY_REAL(NAME, ...)                                                                  \
  TSC_UNARY(NAME, tsc::rt::kFloat, tsc::rt::Promote::IntToFloat, __VA_ARGS__)
/// NAME and NAME.out of two tensors without in-place form; EXPR computes from `a` and `b`.
#define TSC_BINARY(NAME, CLASSES, PROMOTE, ...)                                                    \
  static tsc::rt::TensorRef NAME(tsc::rt::Context &cx, tsc::rt::Out out,                           \
                                 const tsc::rt::Tensor &self, const tsc::rt::Tensor &other) {      \
    return tsc::rt::elementwise<(CLASSES), PROMOTE>(                                               \
        cx, #NAME, out, [](auto a, auto b) { return __VA_ARGS__; }, tsc::rt::inputs(self, other)); \
  }                                                                                                \
  TSC_FUNCTIONAL(NAME, NAME) TSC_OUTPUT(NAME##_out, NAME)
/// NAME.Tensor, NAME.Scalar, both in place, and both out= (Tensor_out, Scalar_out).
#define TSC_BINARY_TENSOR_SCALAR(NAME, CLASSES, PROMOTE, ...)                                      \
  static tsc::rt::TensorRef NAME(tsc::rt::Context &cx, tsc::rt::Out out,                           \
                                 const tsc::rt::Operand &self, const tsc::rt::Operand &other) {    \
    return tsc::rt::elementwise<(CLASSES), PROMOTE>(                                               \
        cx, #NAME, out, [](auto a, auto b) { return __VA_ARGS__; }, tsc::rt::inputs(self, other)); \
  }                                                                                                \
  static tsc::rt::TensorRef NAME##Tensor(tsc::rt::Context &cx, tsc::rt::Out out,                   \
                                         const tsc::rt::Tensor &self,                              \
                                         const tsc::rt::Tensor &other) {                           \
    return NAME(cx, out, self, other);                                                             \
  }                                                                                                \
  static tsc::rt::TensorRef NAME##Scalar(tsc::rt::Context &cx, tsc::rt::Out out,                   \
                                         const tsc::rt::Tensor &self, tsc::rt::Scalar other) {     \
    return NAME(cx, out, self, other);                                                             \
  }                                                                                                \
  TSC_VARIANTS_OF(NAME, Tensor, Tensor_out, NAME##Tensor)                                          \
  TSC_VARIANTS_OF(NAME, Scalar, Scalar_out, NAME##Scalar)
