// SPDX-License-Identifier: Apache-2.0
// Tables made from a vector: one_hot, vander, combinations.
#include "Index.h"

using namespace tsc::rt;

static long long number(int64_t n) { return static_cast<long long>(n); }

static TensorRef oneHot(Context &cx, const Tensor &t, int64_t classes) {
  if (t.dtype != DType::Int64)
    return cx.fail("one_hot is only applicable to index tensor of type LongTensor.");
  if (t.numel == 0 && classes <= 0)
    return cx.fail("Can not infer total number of classes from empty tensor.");
  TensorRef at = contiguous(cx, t);
  TSC_TRY(at);
  int64_t largest = -1;
  for (int64_t i = 0; i < t.numel; ++i) {
    int64_t c = at->ptr<int64_t>()[i];
    if (c < 0)
      return cx.fail("Class values must be non-negative.");
    largest = c > largest ? c : largest;
  }
  if (classes < -1 || classes == 0)
    return cx.fail("num_classes should be positive");
  if (classes != -1 && largest >= classes)
    return cx.fail("Class values must be smaller than num_classes.");
  classes = classes == -1 ? largest + 1 : classes;
  if (t.rank >= tsc::kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(tsc::kMaxRank));
  Shape sizes = t.shape();
  sizes.push(classes);
  TensorRef made = zeros(cx, sizes, DType::Int64);
  TSC_TRY(made);
  for (int64_t i = 0; i < t.numel; ++i)
    made->ptr<int64_t>()[i * classes + at->ptr<int64_t>()[i]] = 1;
  return made;
}
TSC_KERNEL(aten_one_hot, oneHot)

// ---- Powers of a vector
template <class C> static void fillPowers(const Tensor &x, Tensor &out, bool increasing) {
  int64_t n = out.size(-1);
  LoadFunction<C> load = loader<C>(x.dtype);
  StoreFunction<C> store = storer<C>(out.dtype);
  int64_t bytes = out.itemsize();
  for (int64_t i = 0; i < x.numel; ++i) {
    C base, power = C(1);
    load(&base, x.base() + i * x.itemsize(), x.itemsize(), 1);
    for (int64_t k = 0; k < n; ++k) {
      store(out.base() + (i * n + (increasing ? k : n - 1 - k)) * bytes, bytes, &power, 1);
      power = static_cast<C>(power * base);
    }
  }
}
static TensorRef powersOf(Context &cx, const Tensor &t, int64_t columns, bool increasing) {
  TensorRef x = contiguous(cx, t);
  TSC_TRY(x);
  Shape sizes = t.shape();
  sizes.push(columns);
  TensorRef made = empty(cx, sizes, t.isBool() ? DType::Int64 : t.dtype);
  TSC_TRY(made);
  if (!dispatchCompute<kNumbers>(made->dtype,
                                 [&]<class C>() { fillPowers<C>(*x, *made, increasing); }))
    return unsupportedDType(cx, "vander", t.dtype);
  return made;
}
static TensorRef vander(Context &cx, const Tensor &t, Optional<int64_t> columns, bool increasing) {
  if (t.rank != 1)
    return cx.fail("x must be a one-dimensional tensor.");
  int64_t n = columns.valueOr(t.numel);
  if (n < 0)
    return cx.fail("N must be non-negative.");
  return powersOf(cx, t, n, increasing);
}
static TensorRef linalgVander(Context &cx, const Tensor &t, Optional<int64_t> columns) {
  if (t.rank == 0) { // acts as a vector of one
    TensorRef vector = unsqueeze(cx, t, 0);
    TSC_TRY(vector);
    return linalgVander(cx, *vector, columns);
  }
  int64_t n = columns.valueOr(t.size(-1));
  if (n <= 1)
    return cx.fail("linalg.vander: N must be greater than 1.");
  if (t.rank >= tsc::kMaxRank)
    return cx.fail("tensors of more than %d dimensions are not supported",
                   static_cast<int>(tsc::kMaxRank));
  return powersOf(cx, t, n, true);
}
TSC_KERNEL(aten_vander, vander)
TSC_KERNEL(aten_linalg_vander, linalgVander)

// ---- combinations
/// The next choice of r of n in lexicographic order; false after the last.
static bool nextChoice(int64_t *choice, int64_t r, int64_t n, bool repeat) {
  for (int64_t i = r - 1; i >= 0; --i) {
    int64_t top = repeat ? n - 1 : n - r + i;
    if (choice[i] >= top)
      continue;
    ++choice[i];
    for (int64_t j = i + 1; j < r; ++j)
      choice[j] = repeat ? choice[i] : choice[j - 1] + 1;
    return true;
  }
  return false;
}
static TensorRef combinations(Context &cx, const Tensor &t, int64_t r, bool repeat) {
  if (t.rank != 1)
    return cx.fail("Expect a 1D vector, but got shape %s", ShapeText(t.shape()).text);
  if (r < 0)
    return cx.fail("Expect a non-negative number, but got %lld", number(r));
  if (r == 0)
    return empty(cx, Shape::of(0), t.dtype);
  int64_t n = t.numel;
  Vector<int64_t> chosen, choice;
  if (n > 0 && (repeat || r <= n)) {
    TSC_TRY(choice.resize(cx, r));
    for (int64_t i = 0; i < r; ++i)
      choice[i] = repeat ? 0 : i;
    do {
      for (int64_t c : choice)
        TSC_TRY(chosen.push(cx, c));
    } while (nextChoice(choice.data(), r, n, repeat));
  }
  TensorRef at = empty(cx, Shape::of(chosen.size()), DType::Int64);
  TSC_TRY(at);
  if (chosen.size())
    std::memcpy(at->data, chosen.data(), static_cast<size_t>(at->bytes()));
  TensorRef picked = selectIndices(cx, t, 0, *at);
  TSC_TRY(picked);
  return view(cx, *picked, Shape::of(chosen.size() / r, r));
}
TSC_KERNEL(aten_combinations, combinations)
