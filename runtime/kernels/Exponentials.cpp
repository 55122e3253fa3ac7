// SPDX-License-Identifier: Apache-2.0
// Exponentials, logarithms, roots and powers of one argument.
#include "tsc/runtime/Loops.h"

#include "FloatMath.h"

using namespace tsc::rt;

TSC_UNARY_FLOAT(aten_exp, math::exp(x))
TSC_UNARY_FLOAT(aten_exp2, math::exp2(x))
TSC_UNARY_FLOAT(aten_expm1, math::expm1(x))
TSC_UNARY_FLOAT(aten_log, math::log(x))
TSC_UNARY_FLOAT(aten_log2, math::log2(x))
TSC_UNARY_FLOAT(aten_log10, math::log10(x))
TSC_UNARY_FLOAT(aten_log1p, math::log1p(x))
TSC_UNARY_FLOAT(aten_sqrt, math::sqrt(x))
TSC_UNARY_FLOAT(aten_rsqrt, decltype(x)(1) / math::sqrt(x))
TSC_UNARY_FLOAT(aten_reciprocal, decltype(x)(1) / x)
TSC_UNARY_FLOAT(aten_sigmoid, math::sigmoid(x))

TSC_FUNCTIONAL(aten_special_exp2, aten_exp2)
TSC_OUTPUT(aten_special_exp2_out, aten_exp2)
TSC_FUNCTIONAL(aten_special_expm1, aten_expm1)
TSC_OUTPUT(aten_special_expm1_out, aten_expm1)
TSC_FUNCTIONAL(aten_special_log1p, aten_log1p)
TSC_OUTPUT(aten_special_log1p_out, aten_log1p)
TSC_FUNCTIONAL(aten_special_expit, aten_sigmoid)
TSC_OUTPUT(aten_special_expit_out, aten_sigmoid)

/// x * x, as pow(x, 2): a bool is squared as an int64.
static TensorRef square(Context &cx, Out out, const Tensor &self) {
  Scalar two(static_cast<int64_t>(2));
  return elementwise<kNumbers, Promote::Keep>(
      cx, "square", out, [](auto x, auto) { return x * x; }, inputs(self, two));
}
TSC_VARIANTS(aten_square, square)
