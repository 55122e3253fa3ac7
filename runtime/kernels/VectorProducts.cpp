// SPDX-License-Identifier: Apache-2.0
// The cross product and Kronecker's product.
#include "Outputs.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

namespace {
TensorRef crossAlong(Context &cx, const Tensor &a, const Tensor &b, int64_t dim) {
  TSC_ASSIGN(Shape sizes, broadcastShapes(cx, a.shape(), b.shape()));
  Operand both[] = {Operand(a), Operand(b)};
  TensorRef out = empty(cx, sizes, computeResultType(cx, both, 2));
  TSC_TRY(out);
  for (int64_t k = 0; k < 3; ++k) {
    int64_t i = (k + 1) % 3, j = (k + 2) % 3;
    TensorRef target = select(cx, *out, dim, k);
    TensorRef ai = select(cx, a, dim, i), aj = select(cx, a, dim, j);
    TensorRef bi = select(cx, b, dim, i), bj = select(cx, b, dim, j);
    TSC_TRY(target && ai && aj && bi && bj);
    auto f = [](auto p, auto q, auto r, auto s) { return p * q - r * s; };
    TensorRef done = elementwise<kNumbers, Promote::Keep>(cx, "cross", Out{target.get()}, f,
                                                          inputs(*ai, *bj, *aj, *bi));
    TSC_TRY(done);
  }
  return out;
}
TensorRef crossProduct(Context &cx, const Tensor &a, const Tensor &b, int64_t dim) {
  if (a.rank != b.rank)
    return cx.fail("linalg.cross: inputs must have the same number of dimensions.");
  TSC_ASSIGN(dim, wrapDim(cx, dim, a.rank));
  if (a.rank == 0 || a.sizes[dim] != 3 || b.sizes[dim] != 3)
    return cx.fail("linalg.cross: inputs dimension %lld must have length 3. Got %lld and %lld",
                   static_cast<long long>(dim), static_cast<long long>(a.rank ? a.sizes[dim] : 1),
                   static_cast<long long>(b.rank ? b.sizes[dim] : 1));
  return crossAlong(cx, a, b, dim);
}
/// Without a dim, the first one of size 3.
TensorRef crossProductOld(Context &cx, const Tensor &a, const Tensor &b, Optional<int64_t> dim) {
  if (dim)
    return crossProduct(cx, a, b, *dim);
  for (int64_t d = 0; d < a.rank; ++d)
    if (a.sizes[d] == 3)
      return crossProduct(cx, a, b, d);
  return cx.fail("no dimension of size 3 in input");
}

TensorRef kronecker(Context &cx, const Tensor &a, const Tensor &b) {
  int64_t rank = a.rank > b.rank ? a.rank : b.rank;
  if (2 * rank > kMaxRank)
    return cx.fail("kron: expected at most %lld dims, found %lld",
                   static_cast<long long>(kMaxRank / 2), static_cast<long long>(rank));
  Shape left, right, result;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t m = d < rank - a.rank ? 1 : a.sizes[d - rank + a.rank];
    int64_t n = d < rank - b.rank ? 1 : b.sizes[d - rank + b.rank];
    left.push(m), left.push(1), right.push(1), right.push(n);
    result.push(m * n);
  }
  TensorRef x = reshape(cx, a, left), y = reshape(cx, b, right);
  TSC_TRY(x && y);
  TSC_TRY(checkedNumel(cx, result));
  auto f = [](auto p, auto q) { return static_cast<decltype(p)>(p * q); };
  TensorRef product = elementwise<kAll, Promote::Keep>(cx, "kron", {}, f, inputs(*x, *y));
  TSC_TRY(product);
  return reshape(cx, *product, result);
}
} // namespace

TSC_WITH_OUTPUT(aten_linalg_cross, crossProduct)
TSC_WITH_OUTPUT(aten_cross, crossProductOld)
TSC_WITH_OUTPUT(aten_kron, kronecker)
