// SPDX-License-Identifier: Apache-2.0
// Writing elements to computed places: how a new element joins the one that is there, for every
// dtype, and the loop that scatter, index_add and their kin share.
#pragma once

#include "Index.h"

namespace tsc::rt {

/// How an element that arrives joins the one in place.
enum class Combine { Assign, Add, Multiply, Maximum, Minimum };

/// The compute type of an element type.
template <class T> struct ComputeOf {
  using type = std::conditional_t<
      std::is_same_v<T, bool>, bool,
      std::conditional_t<std::is_integral_v<T>, int64_t,
                         std::conditional_t<std::is_same_v<T, double>, double, float>>>;
};
template <> struct ComputeOf<ComplexF> {
  using type = Complex;
};
template <> struct ComputeOf<Complex> {
  using type = Complex;
};
template <> struct ComputeOf<ComplexHalf> {
  using type = Complex;
};

template <Combine How, class C> C combined(C a, C b) {
  if constexpr (How == Combine::Assign)
    return b;
  else if constexpr (std::is_same_v<C, bool>)
    return How == Combine::Add || How == Combine::Maximum ? a || b : a && b;
  else if constexpr (How == Combine::Add)
    return a + b;
  else if constexpr (How == Combine::Multiply)
    return a * b;
  else if constexpr (std::is_same_v<C, Complex>)
    return b;
  else if constexpr (How == Combine::Maximum)
    return b > a || b != b ? b : a;
  else
    return b < a || b != b ? b : a;
}
template <Combine How, class T> void combineInto(T &to, const T &from) {
  using C = typename ComputeOf<T>::type;
  if constexpr (How == Combine::Assign)
    to = from;
  else
    to = convertTo<T>(combined<How, C>(convertTo<C>(to), convertTo<C>(from)));
}

/// self[..., index[i], ...] along `dim` joined with source[i], for all places i of `index` (int64,
/// any strides; already checked against the sizes). A source of all strides 0 is a number.
struct ScatterJob {
  Tensor *self;
  int64_t dim;
  const Tensor *index;
  const Tensor *source;
  Combine how = Combine::Assign;
  bool wrap = false; ///< negative indices count from the back
};
/// Fails on an index out of range before anything is written.
Status runScatter(Context &cx, const ScatterJob &job);

/// "sum", "prod", "mean", "amax" and "amin" along a dim: scatter_reduce and index_reduce, in place.
Status scatterReduce(Context &cx, Tensor &self, int64_t dim, const Tensor &index,
                     const Tensor &source, StringRef reduce, bool includeSelf);

/// The in-place and functional forms of a function that changes its first argument.
template <auto Fn> struct WriteForms;
template <class... A, Status (*Fn)(Context &, Tensor &, A...)> struct WriteForms<Fn> {
  static TensorRef inPlace(Context &cx, Tensor &self, A... a) {
    TSC_TRY(Fn(cx, self, a...));
    return same(self);
  }
  static TensorRef fresh(Context &cx, const Tensor &self, A... a) {
    TensorRef made = clone(cx, self);
    TSC_TRY(made);
    TSC_TRY(Fn(cx, *made, a...));
    return made;
  }
};

} // namespace tsc::rt
