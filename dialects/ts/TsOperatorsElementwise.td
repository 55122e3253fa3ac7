// SPDX-License-Identifier: Apache-2.0
// Operators that compute element by element: a formula over the names of the schema's arguments, whose grammar stands in
// lib/Transforms/ElementwiseExpression.h. The result has the operands' dtype. To add an operator: one line here;
// ts-fuse-elementwise picks it up.
#ifndef TSC_TS_OPERATORS_ELEMENTWISE
#define TSC_TS_OPERATORS_ELEMENTWISE

class Elementwise<string name, string formula> : Ts_Operator<name> { let lowering = "elementwise:" # formula; }

def : Elementwise<"aten::abs", "abs(self)">;
def : Elementwise<"aten::add.Scalar", "self + other * alpha">;
def : Elementwise<"aten::add.Tensor", "self + other * alpha">;
def : Elementwise<"aten::addcmul", "self + value * tensor1 * tensor2">;
def : Elementwise<"aten::addcdiv", "self + value * tensor1 / tensor2">;
def : Elementwise<"aten::ceil", "ceil(self)">;
def : Elementwise<"aten::clamp", "min(max(self, min), max)">;
def : Elementwise<"aten::clamp_max", "min(self, max)">;
def : Elementwise<"aten::clamp_min", "max(self, min)">;
def : Elementwise<"aten::div.Scalar", "self / other">;
def : Elementwise<"aten::div.Tensor", "self / other">;
def : Elementwise<"aten::elu", "self <= 0 ? expm1(self * input_scale) * alpha * scale : self * scale">;
def : Elementwise<"aten::erf", "erf(self)">;
def : Elementwise<"aten::exp", "exp(self)">;
def : Elementwise<"aten::expm1", "expm1(self)">;
def : Elementwise<"aten::floor", "floor(self)">;
def : Elementwise<"aten::hardsigmoid", "min(max(self + 3, 0), 6) / 6">;
def : Elementwise<"aten::hardswish", "self * min(max(self + 3, 0), 6) / 6">;
def : Elementwise<"aten::hardtanh", "min(max(self, min_val), max_val)">;
def : Elementwise<"aten::leaky_relu", "self > 0 ? self : self * negative_slope">;
def : Elementwise<"aten::log", "log(self)">;
def : Elementwise<"aten::log1p", "log1p(self)">;
def : Elementwise<"aten::maximum", "max(self, other)">;
def : Elementwise<"aten::minimum", "min(self, other)">;
def : Elementwise<"aten::mul.Scalar", "self * other">;
def : Elementwise<"aten::mul.Tensor", "self * other">;
def : Elementwise<"aten::neg", "-self">;
def : Elementwise<"aten::reciprocal", "1 / self">;
def : Elementwise<"aten::relu", "self < 0 ? 0 : self">;
def : Elementwise<"aten::relu6", "min(max(self, 0), 6)">;
def : Elementwise<"aten::rsqrt", "1 / sqrt(self)">;
def : Elementwise<"aten::rsub.Scalar", "other - self * alpha">;
def : Elementwise<"aten::rsub.Tensor", "other - self * alpha">;
def : Elementwise<"aten::sigmoid", "sigmoid(self)">;
def : Elementwise<"aten::silu", "self * sigmoid(self)">;
def : Elementwise<"aten::sqrt", "sqrt(self)">;
def : Elementwise<"aten::square", "self * self">;
def : Elementwise<"aten::sub.Scalar", "self - other * alpha">;
def : Elementwise<"aten::sub.Tensor", "self - other * alpha">;
def : Elementwise<"aten::tanh", "tanh(self)">;

#endif
