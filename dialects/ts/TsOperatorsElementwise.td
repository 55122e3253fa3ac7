// SPDX-License-Identifier: Apache-2.0
// Operators that compute element by element: flags and a formula over the names of the schema's arguments, whose grammar
// stands in lib/Kernel/Formula.h. To add an operator: one line here; what uses formulas (tsc/Kernel/Pointwise.h) picks it up.
//
// The result has the dtype of the result's type, and is computed in it. Flags: b, i, f: computed in bool, integers, floats.
// t: a test, whose result is bool and which is computed in the dtype that the operands promote to. d: the result's
// dtype or memory is not simply that of float operands (conversions, copies). s: all tensors have the result's dtype. a:
// alpha has to fit the result's dtype. w: one weight for all channels. x: exact dtypes only, no half floats.
#ifndef TSC_TS_OPERATORS_ELEMENTWISE
#define TSC_TS_OPERATORS_ELEMENTWISE

class Elementwise<string name, string flags, string formula> : Ts_Operator<"aten::" # name> {
  let lowering = "elementwise:" # flags # ":" # formula;
}
/// Of floats; integers become floats first.
multiclass Floats<string formula, list<string> names> {
  foreach name = names in def : Elementwise<name, "f", formula>;
}
multiclass Numbers<string formula, list<string> names> {
  foreach name = names in def : Elementwise<name, "if", formula>;
}
multiclass Tests<string flags, string formula, list<string> names> {
  foreach name = names in def : Elementwise<name, flags # "t", formula>;
}

// ---- Arithmetic
foreach name = ["add.Tensor", "add.Scalar"] in
  def : Elementwise<name, "bifa", "self + other * alpha">;
foreach name = ["sub.Tensor", "sub.Scalar", "subtract.Tensor", "subtract.Scalar"] in
  def : Elementwise<name, "ifa", "self - other * alpha">;
foreach name = ["rsub.Tensor", "rsub.Scalar"] in
  def : Elementwise<name, "ifa", "other - self * alpha">;
foreach name = ["mul.Tensor", "mul.Scalar", "multiply.Tensor", "multiply.Scalar"] in
  def : Elementwise<name, "bif", "self * other">;
def : Elementwise<"_add_relu.Tensor", "ifa", "max(self + other * alpha, 0)">;
defm : Floats<"self / other", ["div.Tensor", "div.Scalar", "divide.Tensor", "divide.Scalar", "true_divide.Tensor",
                               "true_divide.Scalar"]>;
foreach name = ["div.Tensor_mode", "div.Scalar_mode", "divide.Tensor_mode", "divide.Scalar_mode"] in
  def : Elementwise<name, "if",
      "rounding_mode == 'floor' ? floordiv(self, other) : rounding_mode == 'trunc' ? truncdiv(self, "
      "other) : self / other">;
defm : Numbers<"floordiv(self, other)", ["floor_divide", "floor_divide.Scalar"]>;
defm : Numbers<"mod(self, other)", ["remainder.Tensor", "remainder.Scalar", "remainder.Scalar_Tensor"]>;
defm : Numbers<"fmod(self, other)", ["fmod.Tensor", "fmod.Scalar"]>;
defm : Numbers<"-self", ["neg", "negative"]>;
defm : Numbers<"abs(self)", ["abs", "absolute"]>;
defm : Numbers<"self * self", ["square"]>;
defm : Numbers<"self + value * tensor1 * tensor2", ["addcmul"]>;
defm : Floats<"self + value * tensor1 / tensor2", ["addcdiv"]>;
foreach name = ["lerp.Scalar", "lerp.Tensor"] in
  def : Elementwise<name, "fs",
      "abs(weight) < 0.5 ? self + weight * (end - self) : end - (end - self) * (1 - weight)">;

// ---- Rounding and signs
defm : Numbers<"ceil(self)", ["ceil"]>;
defm : Numbers<"floor(self)", ["floor"]>;
defm : Numbers<"round(self)", ["round"]>;
defm : Numbers<"trunc(self)", ["trunc", "fix"]>;
defm : Floats<
      "decimals == 0 ? round(self) : decimals > 0 ? round(self * pow(10, decimals)) / pow(10, "
      "decimals) : round(self / pow(10, -decimals)) * pow(10, -decimals)",
              ["round.decimals", "special_round"]>;
defm : Floats<"self - trunc(self)", ["frac"]>;
foreach name = ["sign", "sgn"] in
  def : Elementwise<name, "bif", "self > 0 ? 1 : self < 0 ? -1 : 0">;
defm : Floats<"copysign(self, other)", ["copysign.Tensor", "copysign.Scalar"]>;
defm : Floats<"nextafter(self, other)", ["nextafter"]>;
def : Elementwise<"heaviside", "bifs", "self == 0 ? values : self > 0">;
def : Elementwise<"nan_to_num", "bif",
      "isnan(self) ? default(nan, 0) : isinf(self) ? (self > 0 ? default(posinf, largest()) : "
      "default(neginf, -largest())) : self">;

// ---- Exponentials, logarithms, powers
defm : Floats<"exp(self)", ["exp"]>;
defm : Floats<"exp2(self)", ["exp2", "special_exp2"]>;
defm : Floats<"expm1(self)", ["expm1", "special_expm1"]>;
defm : Floats<"log(self)", ["log"]>;
defm : Floats<"log2(self)", ["log2"]>;
defm : Floats<"log10(self)", ["log10"]>;
defm : Floats<"log1p(self)", ["log1p", "special_log1p"]>;
defm : Floats<"sqrt(self)", ["sqrt"]>;
defm : Floats<"1 / sqrt(self)", ["rsqrt"]>;
defm : Floats<"1 / self", ["reciprocal"]>;
foreach name = ["pow.Tensor_Tensor", "pow.Tensor_Scalar", "pow.Scalar"] in
  def : Elementwise<name, "bif", "pow(self, exponent)">;
foreach name = ["float_power.Tensor_Tensor", "float_power.Tensor_Scalar", "float_power.Scalar"] in
  def : Elementwise<name, "fd", "pow(self, exponent)">;
defm : Floats<"self * exp2(other)", ["ldexp.Tensor"]>;
defm : Floats<
      "self == other ? self + 0.6931471805599453 : max(self, other) + log1p(exp(-abs(self - other)))", ["logaddexp"]>;
defm : Floats<
      "self == other ? self + 1 : max(self, other) + log1p(exp2(-abs(self - other))) * "
      "1.4426950408889634", ["logaddexp2"]>;
defm : Floats<"isnan(other) ? other : self == 0 ? 0 : self * log(other)",
              ["xlogy.Tensor", "xlogy.Scalar_Self", "xlogy.Scalar_Other", "special_xlogy", "special_xlogy.self_scalar",
               "special_xlogy.other_scalar"]>;
defm : Floats<"isnan(other) ? other : self == 0 ? 0 : self * log1p(other)",
              ["special_xlog1py", "special_xlog1py.self_scalar", "special_xlog1py.other_scalar"]>;
defm : Floats<"self > 0 ? -self * log(self) : self == 0 ? 0 : self < 0 ? -inf : self", ["special_entr"]>;
defm : Floats<
      "log((eps == none ? self : min(max(self, eps), 1 - eps)) / (1 - (eps == none ? self : "
      "min(max(self, eps), 1 - eps))))",
              ["logit", "special_logit"]>;

// ---- Trigonometric, hyperbolic and error functions
defm : Floats<"sin(self)", ["sin"]>;
defm : Floats<"cos(self)", ["cos"]>;
defm : Floats<"tan(self)", ["tan"]>;
defm : Floats<"asin(self)", ["asin", "arcsin"]>;
defm : Floats<"acos(self)", ["acos", "arccos"]>;
defm : Floats<"atan(self)", ["atan", "arctan"]>;
defm : Floats<"atan2(self, other)", ["atan2", "arctan2"]>;
defm : Floats<"sinh(self)", ["sinh"]>;
defm : Floats<"cosh(self)", ["cosh"]>;
defm : Floats<"tanh(self)", ["tanh"]>;
defm : Floats<"asinh(self)", ["asinh", "arcsinh"]>;
defm : Floats<"acosh(self)", ["acosh", "arccosh"]>;
defm : Floats<"atanh(self)", ["atanh", "arctanh"]>;
defm : Floats<"self == 0 ? 1 : sin(self * 3.141592653589793) / (self * 3.141592653589793)", ["sinc", "special_sinc"]>;
defm : Floats<"self * 0.017453292519943295", ["deg2rad"]>;
defm : Floats<"self * 57.29577951308232", ["rad2deg"]>;
defm : Floats<"hypot(self, other)", ["hypot"]>;
defm : Floats<"erf(self)", ["erf", "special_erf"]>;
defm : Floats<"erfc(self)", ["erfc", "special_erfc"]>;
defm : Floats<"erfc(self * -0.7071067811865476) * 0.5", ["special_ndtr"]>;

// ---- Special functions, which the runtime has (tsc/Common/MathFunctions.def)
defm : Floats<"digamma(self)", ["digamma", "special_digamma", "special_psi"]>;
defm : Floats<"lgamma(self)", ["lgamma", "special_gammaln"]>;
defm : Floats<"require(n >= 0, polygamma(n, self))", ["polygamma", "special_polygamma"]>;
defm : Floats<"require(p >= 1, mvlgamma(self, p))", ["mvlgamma", "special_multigammaln"]>;
defm : Floats<"igamma(self, other)", ["igamma", "special_gammainc"]>;
defm : Floats<"igammac(self, other)", ["igammac", "special_gammaincc"]>;
defm : Floats<"zeta(self, other)", ["special_zeta", "special_zeta.self_scalar", "special_zeta.other_scalar"]>;
defm : Floats<"erfinv(self)", ["erfinv", "special_erfinv"]>;
defm : Floats<"i0(self)", ["i0", "special_i0", "special_modified_bessel_i0"]>;
defm : Floats<"i1(self)", ["special_i1", "special_modified_bessel_i1"]>;
foreach name = ["erfcx", "ndtri", "log_ndtr", "i0e", "i1e"] in
  def : Elementwise<"special_" # name, "f", name # "(self)">;
foreach name = ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"] in
  def : Elementwise<"special_" # name, "f", name # "(self)">;
foreach name = ["spherical_bessel_j0", "airy_ai"] in
  def : Elementwise<"special_" # name, "f", name # "(x)">;
defm : Floats<"bessel_k0(self)", ["special_modified_bessel_k0"]>;
defm : Floats<"bessel_k1(self)", ["special_modified_bessel_k1"]>;
foreach order = ["0", "1"] in
  def : Elementwise<"special_scaled_modified_bessel_k" # order, "f", "bessel_k" # order # "e(x)">;
foreach name = ["chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
                "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
                "shifted_chebyshev_polynomial_w", "hermite_polynomial_h", "hermite_polynomial_he",
                "laguerre_polynomial_l", "legendre_polynomial_p"] in
  foreach overload = ["", ".x_scalar", ".n_scalar"] in
    def : Elementwise<"special_" # name # overload, "f", name # "(x, n)">;
defm : Floats<"isnan(self) ? self : self < 0 ? 3.141592653589793 : 0", ["angle"]>;

// ---- Activations
def : Elementwise<"relu", "if", "max(self, 0)">;
def : Elementwise<"relu6", "if", "min(max(self, 0), 6)">;
def : Elementwise<"hardtanh", "if", "min(max(self, min_val), max_val)">;
defm : Floats<"self > 0 ? self : self * negative_slope", ["leaky_relu"]>;
def : Elementwise<"threshold", "if", "self <= threshold ? value : self">;
defm : Floats<"min(max(self + 3, 0), 6) * 0.16666666666666666", ["hardsigmoid"]>;
defm : Floats<"self * min(max(self + 3, 0), 6) * 0.16666666666666666", ["hardswish"]>;
defm : Floats<"self >= -lambd && self <= lambd ? 0 : self", ["hardshrink"]>;
defm : Floats<
      "require(lambd >= 0, self > lambd ? self - lambd : self < -lambd ? self + lambd : isnan(self) ? "
      "self : 0)", ["softshrink"]>;
defm : Floats<"self < 0 ? expm1(self * input_scale) * (alpha * scale) : self * scale", ["elu"]>;
defm : Floats<"self < 0 ? expm1(self) * 1.7580993408473766 : self * 1.0507009873554805", ["selu"]>;
defm : Floats<"self < 0 ? expm1(self * (1 / alpha)) * alpha : self", ["celu"]>;
defm : Floats<"sigmoid(self)", ["sigmoid", "special_expit"]>;
defm : Floats<"self / (1 + exp(-self))", ["silu"]>;
defm : Floats<
      "approximate == 'tanh' ? self * 0.5 * (1 + tanh((self + self * self * self * 0.044715) * "
      "0.7978845608028654)) : require(approximate == 'none', self * 0.5 * (1 + erf(self * "
      "0.7071067811865476)))", ["gelu"]>;
defm : Floats<
      "self > 20 ? self : self * (exp(min(self, 20)) * (exp(min(self, 20)) + 2) / (exp(min(self, 20)) * "
      "(exp(min(self, 20)) + 2) + 2))", ["mish"]>;
defm : Floats<"self * beta > threshold ? self : log1p(exp(self * beta)) / beta", ["softplus"]>;
defm : Floats<"min(self, 0) - log1p(exp(-abs(self)))", ["log_sigmoid"]>;
def : Elementwise<"prelu", "fsw", "self > 0 ? self : self * weight">;
def : Elementwise<"_prelu_kernel", "fs", "self > 0 ? self : self * weight">;

// ---- Larger and smaller
foreach name = ["maximum", "max.other"] in
  def : Elementwise<name, "bif", "max(self, other)">;
foreach name = ["minimum", "min.other"] in
  def : Elementwise<name, "bif", "min(self, other)">;
def : Elementwise<"fmax", "bif", "fmax(self, other)">;
def : Elementwise<"fmin", "bif", "fmin(self, other)">;
defm : Numbers<
      "require(min != none || max != none, min(max(self, min), max))", ["clamp", "clamp.Tensor", "clip", "clip.Tensor"]>;
defm : Numbers<"max(self, min)", ["clamp_min", "clamp_min.Tensor"]>;
defm : Numbers<"min(self, max)", ["clamp_max", "clamp_max.Tensor"]>;

// ---- Choices and conversions
foreach name = ["where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar"] in
  def : Elementwise<name, "bifd", "condition ? self : other">;
foreach name = ["masked_fill.Scalar", "masked_fill.Tensor"] in
  def : Elementwise<name, "bifd", "mask ? value : self">;
foreach name = ["to.dtype", "to.device", "to.dtype_layout", "to.other", "to.prim_Device", "to.prim_dtype", "to.prim_other",
                "_to_copy", "type_as", "_cast_Byte", "_cast_Char", "_cast_Double", "_cast_Float", "_cast_Half", "_cast_Int",
                "_cast_Long", "_cast_Short", "clone", "contiguous", "alias", "alias_copy", "detach", "detach_copy",
                "positive", "resolve_conj", "resolve_neg"] in
  def : Elementwise<name, "bifd", "cast(self)">;
def : Elementwise<"copy", "bifd", "cast(src)">;

// ---- Tests
foreach pair = [["eq", "=="], ["ne", "!="], ["not_equal", "!="], ["lt", "<"], ["less", "<"], ["le", "<="],
                ["less_equal", "<="], ["gt", ">"], ["greater", ">"], ["ge", ">="], ["greater_equal", ">="]] in
  foreach overload = [".Tensor", ".Scalar"] in
    def : Elementwise<pair[0] # overload, "bift", "self " # pair[1] # " other">;
defm : Tests<"bif", "self && other", ["logical_and"]>;
defm : Tests<"bif", "self || other", ["logical_or"]>;
defm : Tests<"bif", "!self != !other", ["logical_xor"]>;
defm : Tests<"bif", "!self", ["logical_not"]>;
defm : Tests<"bif", "isnan(self)", ["isnan"]>;
defm : Tests<"bif", "isinf(self)", ["isinf"]>;
defm : Tests<"bif", "!isnan(self) && !isinf(self)", ["isfinite"]>;
defm : Tests<"bif", "isinf(self) && self > 0", ["isposinf"]>;
defm : Tests<"bif", "isinf(self) && self < 0", ["isneginf"]>;
defm : Tests<"bif", "self == self || isnan(self)", ["isreal"]>;
defm : Tests<"bif", "signbit(self)", ["signbit"]>;
defm : Tests<"fx",
      "self == other || (equal_nan && isnan(self) && isnan(other)) || "
      "(abs(self - other) < inf && abs(self - other) <= atol + abs(rtol * other))", ["isclose"]>;

// ---- Bits
foreach word = ["and", "or", "xor"] in {
  foreach overload = [".Tensor", ".Scalar", ".Scalar_Tensor"] in
    def : Elementwise<"bitwise_" # word # overload, "bi", word # "(self, other)">;
  foreach overload = [".Tensor", ".Scalar"] in
    def : Elementwise<"__" # word # "__" # overload, "bi", word # "(self, other)">;
}
def : Elementwise<"bitwise_not", "bi", "not(self)">;
foreach side = [["left", "l", "shl"], ["right", "r", "shr"]] in {
  foreach overload = [".Tensor", ".Tensor_Scalar", ".Scalar_Tensor"] in
    def : Elementwise<"bitwise_" # side[0] # "_shift" # overload, "i", side[2] # "(self, other)">;
  foreach overload = [".Tensor", ".Scalar"] in
    def : Elementwise<"__" # side[1] # "shift__" # overload, "i", side[2] # "(self, other)">;
}

#endif
