// SPDX-License-Identifier: Apache-2.0
// frexp: mantissas in [0.5, 1) and exponents.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

static Results<TensorRef, TensorRef> mantissaAndExponent(Context &cx, const Tensor &self) {
  if (!self.isFloating())
    return cx.fail("torch.frexp() only supports floating-point dtypes, got %s",
                   findDType(self.dtype)->graphName);
  auto part = [](bool wantExponent) {
    return [wantExponent](auto x) {
      int exponent = 0;
      auto mantissa = std::frexp(x, &exponent);
      return wantExponent ? static_cast<decltype(x)>(exponent) : mantissa;
    };
  };
  TensorRef mantissa =
      elementwise<kFloat, Promote::Keep>(cx, "frexp", {}, part(false), inputs(self));
  TSC_TRY(mantissa);
  TensorRef exponent =
      elementwise<kFloat, Promote::Keep>(cx, "frexp", {}, part(true), inputs(self));
  TSC_TRY(exponent);
  exponent = toDType(cx, *exponent, DType::Int32);
  TSC_TRY(exponent);
  return {static_cast<TensorRef &&>(mantissa), static_cast<TensorRef &&>(exponent)};
}
TSC_KERNEL(aten_frexp_Tensor, mantissaAndExponent)
