// SPDX-License-Identifier: Apache-2.0
// Parts of complex numbers: real, imag, angle, conj, complex, polar. Conjugates are computed at
// once, so that no tensor is ever lazily conjugate or negated.
#include "Operands.h"

using namespace tsc::rt;

/// One part of each number of a complex tensor, as a view.
static TensorRef partOf(Context &cx, const Tensor &self, bool imaginary) {
  DType real = toReal(self.dtype);
  Shape strides(self.stridesList());
  for (int64_t &stride : strides)
    stride *= 2;
  return viewAs(cx, self, real, self.shape(), strides, imaginary ? dtypeBytes(real) : 0);
}
static TensorRef realPart(Context &cx, const Tensor &self) {
  return self.isComplex() ? partOf(cx, self, false) : same(self);
}
static TensorRef imaginaryPart(Context &cx, const Tensor &self) {
  if (!self.isComplex())
    return cx.fail("imag is not implemented for tensors with non-complex dtypes");
  return partOf(cx, self, true);
}
TSC_KERNEL(aten_real, realPart)
TSC_KERNEL(aten_imag, imaginaryPart)

// ---- Conjugates
static TensorRef conjugate(Context &cx, Out out, const Tensor &self) {
  auto f = [](auto x) -> decltype(x) {
    if constexpr (isComplexType<decltype(x)>)
      return std::conj(x);
    else
      return x;
  };
  return elementwise<kAll, Promote::Keep>(cx, "conj_physical", out, f, inputs(self));
}
static TensorRef conjugateOrSelf(Context &cx, const Tensor &self) {
  return self.isComplex() ? conjugate(cx, {}, self) : same(self);
}
TSC_VARIANTS(aten_conj_physical, conjugate)
TSC_FUNCTIONAL(aten__conj_physical, conjugate)
TSC_OUTPUT(aten__conj_physical_out, conjugate)
TSC_FUNCTIONAL(aten__conj_copy, conjugate)
TSC_OUTPUT(aten__conj_copy_out, conjugate)
TSC_KERNEL(aten_conj, conjugateOrSelf)
TSC_KERNEL(aten__conj, conjugateOrSelf)

// ---- Angles
static TensorRef angleOf(Context &cx, Out out, const Tensor &self) {
  if (self.isComplex())
    return elementwise<kComplex, Promote::ToReal>(
        cx, "angle", out, [](Complex x) { return std::arg(x); }, inputs(self));
  auto f = [](auto x) {
    using T = decltype(x);
    return x != x ? x : x < 0 ? static_cast<T>(M_PI) : T(0);
  };
  return elementwise<kFloat, Promote::IntToFloat>(cx, "angle", out, f, inputs(self));
}
TSC_FUNCTIONAL(aten_angle, angleOf)
TSC_OUTPUT(aten_angle_out, angleOf)

// ---- Complex numbers from two real ones
static TensorRef combine(Context &cx, const char *name, Out out, const Tensor &a, const Tensor &b,
                         Complex (*make)(double, double)) {
  bool known = a.dtype == DType::Float16 || a.dtype == DType::Float32 || a.dtype == DType::Float64;
  if (!known || a.dtype != b.dtype)
    return cx.fail("%s expected two tensors of the same dtype out of Half, Float and Double but "
                   "got %s and %s",
                   name, findDType(a.dtype)->graphName, findDType(b.dtype)->graphName);
  DType result = toComplex(a.dtype);
  if (out.tensor && out.tensor->dtype != result)
    return cx.fail("%s expected an out= tensor of dtype %s but got %s", name,
                   findDType(result)->graphName, findDType(out.tensor->dtype)->graphName);
  Iterator it;
  it.addOutput(out, result);
  it.addInput(a);
  it.addInput(b);
  TSC_TRY(it.build(cx, name));
  detail::runTyped<double, 2>(cx, it, [make](double x, double y) { return make(x, y); });
  return it.take(cx);
}
static TensorRef complexOf(Context &cx, Out out, const Tensor &real, const Tensor &imag) {
  return combine(cx, "complex", out, real, imag, [](double x, double y) { return Complex(x, y); });
}
static TensorRef polarOf(Context &cx, Out out, const Tensor &size, const Tensor &angle) {
  return combine(cx, "polar", out, size, angle,
                 [](double r, double a) { return Complex(r * std::cos(a), r * std::sin(a)); });
}
TSC_FUNCTIONAL(aten_complex, complexOf)
TSC_OUTPUT(aten_complex_out, complexOf)
TSC_FUNCTIONAL(aten_polar, polarOf)
TSC_OUTPUT(aten_polar_out, polarOf)
