// SPDX-License-Identifier: Apache-2.0
// Operators whose results broadcast their tensor operands. Rules differ in the dtype alone.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

/// Result dtypes, from the operands that take part in promotion.
using DTypeOf = DType (*)(RuleCall &, ArrayRef<TensorFacts>);

static LogicalResult broadcastAll(RuleCall &call, DTypeOf dtypeOf) {
  std::optional<SmallVector<TensorFacts>> tensors = call.allTensors();
  if (!tensors || tensors->empty())
    return failure();
  return call.result(broadcast(*tensors).withDType(dtypeOf(call, *tensors)));
}
template <DTypeOf dtypeOf> static LogicalResult broadcasting(RuleCall &call) {
  return broadcastAll(call, dtypeOf);
}

/// The Python numbers that count in promotion; factors like `alpha` and `value` do not.
static SmallVector<DType> scalarOperands(RuleCall &call) {
  SmallVector<DType> scalars;
  for (auto [argument, value] : llvm::zip(call.schema().arguments, call.operands())) {
    bool counts = llvm::is_contained({"self", "other", "exponent", "min", "max", "n", "x", "q"},
                                     StringRef(argument.name));
    if (counts && !isa<TensorType>(value.getType()) && !isNoneValue(value))
      scalars.push_back(scalarDType(value));
  }
  return scalars;
}

static DType promoted(RuleCall &call, ArrayRef<TensorFacts> tensors) {
  return resultType(tensors, scalarOperands(call));
}
static DType promotedToFloat(RuleCall &call, ArrayRef<TensorFacts> tensors) {
  return toFloat(promoted(call, tensors));
}
static DType boolean(RuleCall &, ArrayRef<TensorFacts>) { return DType::Bool; }
static DType ofFirst(RuleCall &, ArrayRef<TensorFacts> tensors) { return tensors[0].dtype; }
static DType ofTensors(RuleCall &, ArrayRef<TensorFacts> tensors) { return resultType(tensors); }
static DType real(RuleCall &, ArrayRef<TensorFacts> tensors) { return toReal(tensors[0].dtype); }
static DType angle(RuleCall &, ArrayRef<TensorFacts> tensors) {
  return toFloat(toReal(tensors[0].dtype));
}
/// A power with an int exponent: bool becomes int.
static DType squared(RuleCall &, ArrayRef<TensorFacts> tensors) {
  return tensors[0].dtype == DType::Bool ? DType::Int64 : tensors[0].dtype;
}
/// Division keeps integers only when it rounds.
static DType divided(RuleCall &call, ArrayRef<TensorFacts> tensors) {
  if (!call.has("rounding_mode") || call.isNone("rounding_mode"))
    return promotedToFloat(call, tensors);
  return call.text("rounding_mode") ? promoted(call, tensors) : DType::Undefined;
}

/// Powers in double precision.
static DType wideFloat(RuleCall &call, ArrayRef<TensorFacts> tensors) {
  DType dtype = promoted(call, tensors);
  return dtype == DType::Undefined || isComplex(dtype) ? DType::Undefined : DType::Float64;
}
/// The product of a tensor with a power, which is a float whatever its exponent.
static DType scaledByPower(RuleCall &, ArrayRef<TensorFacts> tensors) {
  DType exponent = toFloat(tensors[1].dtype);
  return exponent == DType::Undefined ? DType::Undefined
                                      : resultType({tensors[0], tensors[1].withDType(exponent)});
}

/// The condition broadcasts and does not promote.
static DType ofBranches(RuleCall &call, ArrayRef<TensorFacts> tensors) {
  return promoted(call, tensors.drop_front());
}

/// Of floating operands only: others are an error or become something else.
static DType floatOnly(RuleCall &, ArrayRef<TensorFacts> tensors) {
  return isFloating(tensors[0].dtype) || isComplex(tensors[0].dtype) ? tensors[0].dtype
                                                                     : DType::Undefined;
}

static DType floatsPromoted(RuleCall &, ArrayRef<TensorFacts> tensors) {
  DType dtype = resultType(tensors);
  return isFloating(dtype) ? dtype : DType::Undefined;
}

ArrayRef<RuleRow> elementwiseRules() {
  static constexpr RuleRow kRows[] = {
      {"add.Tensor add.Scalar sub.Tensor sub.Scalar mul.Tensor mul.Scalar rsub.Tensor rsub.Scalar "
       "subtract.Tensor subtract.Scalar multiply.Tensor multiply.Scalar maximum minimum fmax fmin "
       "max.other min.other remainder.Tensor remainder.Scalar remainder.Scalar_Tensor fmod.Tensor "
       "fmod.Scalar floor_divide floor_divide.Scalar pow.Tensor_Tensor pow.Tensor_Scalar "
       "pow.Scalar bitwise_and.Tensor bitwise_and.Scalar bitwise_and.Scalar_Tensor "
       "bitwise_or.Tensor bitwise_or.Scalar bitwise_or.Scalar_Tensor bitwise_xor.Tensor "
       "bitwise_xor.Scalar bitwise_xor.Scalar_Tensor __and__.Tensor __and__.Scalar __or__.Tensor "
       "__or__.Scalar __xor__.Tensor __xor__.Scalar bitwise_left_shift.Tensor "
       "bitwise_right_shift.Tensor __lshift__.Tensor __rshift__.Tensor clamp clamp.Tensor clip "
       "clip.Tensor clamp_min clamp_min.Tensor clamp_max clamp_max.Tensor hypot nextafter "
       "heaviside gcd lcm bitwise_left_shift.Tensor_Scalar bitwise_left_shift.Scalar_Tensor "
       "bitwise_right_shift.Tensor_Scalar bitwise_right_shift.Scalar_Tensor __lshift__.Scalar "
       "__rshift__.Scalar _add_relu.Tensor",
       broadcasting<promoted>},
      {"float_power.Tensor_Tensor float_power.Tensor_Scalar float_power.Scalar",
       broadcasting<wideFloat>},
      {"ldexp.Tensor", broadcasting<scaledByPower>},
      {"div.Tensor div.Scalar div.Tensor_mode div.Scalar_mode divide.Tensor divide.Scalar "
       "divide.Tensor_mode divide.Scalar_mode true_divide.Tensor true_divide.Scalar",
       broadcasting<divided>},
      {"atan2 arctan2 copysign.Tensor copysign.Scalar xlogy.Tensor xlogy.Scalar_Other "
       "xlogy.Scalar_Self special_xlogy special_xlogy.self_scalar special_xlogy.other_scalar "
       "special_xlog1py special_xlog1py.self_scalar special_xlog1py.other_scalar",
       broadcasting<promotedToFloat>},
      {"exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan arcsin arccos arctan sinh "
       "cosh tanh asinh acosh atanh arcsinh arccosh arctanh sqrt rsqrt reciprocal sigmoid erf erfc "
       "erfinv lgamma digamma logit i0 sinc deg2rad rad2deg special_exp2 special_expm1 "
       "special_log1p special_expit special_erf special_erfc special_erfinv special_gammaln "
       "special_digamma special_psi special_logit special_i0 special_i0e special_i1 special_i1e "
       "special_sinc special_ndtr special_entr special_erfcx",
       broadcasting<promotedToFloat>},
      {"polygamma special_polygamma mvlgamma special_multigammaln special_ndtri "
       "special_log_ndtr special_modified_bessel_i0 special_modified_bessel_i1 "
       "special_modified_bessel_k0 special_modified_bessel_k1 "
       "special_scaled_modified_bessel_k0 special_scaled_modified_bessel_k1 "
       "special_bessel_j0 special_bessel_j1 special_bessel_y0 special_bessel_y1 "
       "special_spherical_bessel_j0 special_airy_ai special_zeta.* "
       "special_chebyshev_polynomial_t.* special_chebyshev_polynomial_u.* "
       "special_chebyshev_polynomial_v.* special_chebyshev_polynomial_w.* "
       "special_shifted_chebyshev_polynomial_t.* "
       "special_shifted_chebyshev_polynomial_u.* "
       "special_shifted_chebyshev_polynomial_v.* "
       "special_shifted_chebyshev_polynomial_w.* special_hermite_polynomial_h.* "
       "special_hermite_polynomial_he.* special_laguerre_polynomial_l.* "
       "special_legendre_polynomial_p.*",
       broadcasting<promotedToFloat>},
      {"igamma igammac special_gammainc special_gammaincc logaddexp logaddexp2",
       broadcasting<floatsPromoted>},
      {"eq.Tensor eq.Scalar ne.Tensor ne.Scalar lt.Tensor lt.Scalar le.Tensor le.Scalar gt.Tensor "
       "gt.Scalar ge.Tensor ge.Scalar greater.Tensor greater.Scalar greater_equal.Tensor "
       "greater_equal.Scalar less.Tensor less.Scalar less_equal.Tensor less_equal.Scalar "
       "not_equal.Tensor not_equal.Scalar logical_and logical_or logical_xor logical_not isnan "
       "isinf isfinite isposinf isneginf isreal signbit isclose",
       broadcasting<boolean>},
      {"relu relu6 neg negative positive floor ceil round round.decimals trunc fix frac sign sgn "
       "hardtanh bitwise_not clone alias detach contiguous nan_to_num fill.Scalar fill.Tensor "
       "threshold conj _conj resolve_conj resolve_neg conj_physical _conj_physical lift_fresh "
       "lift detach_copy alias_copy lift_fresh_copy special_round copy _prelu_kernel",
       broadcasting<ofFirst>},
      {"hardswish hardsigmoid leaky_relu elu celu selu silu gelu mish softplus softshrink "
       "hardshrink log_sigmoid",
       broadcasting<floatOnly>},
      {"abs absolute", broadcasting<real>},
      {"angle", broadcasting<angle>},
      {"square", broadcasting<squared>},
      {"addcmul addcdiv lerp.Scalar lerp.Tensor", broadcasting<ofTensors>},
      {"where.self where.ScalarSelf where.ScalarOther where.Scalar", broadcasting<ofBranches>},
      {"prelu rrelu",
       [](RuleCall &call) -> LogicalResult {
         std::optional<TensorFacts> self = call.tensor("self");
         return self ? call.result(*self) : failure();
       }},
      {"masked_fill.Scalar masked_fill.Tensor",
       [](RuleCall &call) -> LogicalResult {
         std::optional<TensorFacts> self = call.tensor("self"), mask = call.tensor("mask");
         if (!self || !mask)
           return failure();
         return call.result(broadcast({*self, *mask}).withDType(self->dtype));
       }},
  };
  return kRows;
}

} // namespace tsc::ts
