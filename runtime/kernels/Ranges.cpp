// SPDX-License-Identifier: Apache-2.0
// Evenly spaced numbers: arange, range, linspace and logspace. Every element is computed from its
// index, so that results do not depend on how the work is cut.
#include "Creation.h"
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

/// Stores at(i), a value of type C, for all i.
template <class C, class F> static void fillByIndex(Context &cx, Tensor &t, F at) {
  StoreFunction<C> store = storer<C>(t.dtype);
  int64_t bytes = t.itemsize();
  parallelFor(cx, 0, t.numel, 16384, [&](int64_t begin, int64_t end) {
    C run[64];
    for (int64_t i = begin; i < end; i += 64) {
      int64_t n = end - i < 64 ? end - i : 64;
      for (int64_t j = 0; j < n; ++j)
        run[j] = at(i + j);
      store(t.base() + i * bytes, bytes, run, n);
    }
  });
}

// ---- arange
static Status checkRange(Context &cx, double start, double end, double step) {
  if (!(step > 0 || step < 0))
    return cx.fail("step must be nonzero");
  if (!std::isfinite(start) || !std::isfinite(end))
    return cx.fail("unsupported range: %g -> %g", start, end);
  if (step > 0 ? end < start : end > start)
    return cx.fail("upper bound and lower bound inconsistent with step sign");
  return success();
}
static Result<int64_t> rangeCount(Context &cx, const Scalar &start, const Scalar &end,
                                  const Scalar &step, bool integral, bool inclusive) {
  TSC_TRY(checkRange(cx, start.toDouble(), end.toDouble(), step.toDouble()));
  if (integral) {
    int64_t s = step.toInt();
    if (s == 0)
      return cx.fail("step must be nonzero");
    uint64_t width =
        s > 0 ? static_cast<uint64_t>(end.toInt()) - static_cast<uint64_t>(start.toInt())
              : static_cast<uint64_t>(start.toInt()) - static_cast<uint64_t>(end.toInt());
    uint64_t stride = s > 0 ? static_cast<uint64_t>(s) : 0 - static_cast<uint64_t>(s);
    uint64_t count = inclusive ? width / stride + 1 : width / stride + (width % stride != 0);
    if (count > static_cast<uint64_t>(INT64_MAX))
      return cx.fail("invalid size, possible overflow?");
    return static_cast<int64_t>(count);
  }
  double count = (end.toDouble() - start.toDouble()) / step.toDouble();
  count = inclusive ? std::floor(count) + 1 : std::ceil(count);
  if (!(count >= 0 && count < 0x1p62))
    return cx.fail("invalid size, possible overflow?");
  return static_cast<int64_t>(count);
}
static TensorRef makeRange(Context &cx, const Scalar &start, const Scalar &end, const Scalar &step,
                           DType dtype, bool inclusive) {
  if (tsc::isComplex(dtype) || dtype == DType::Bool)
    return unsupportedDType(cx, "arange", dtype);
  bool integral = start.isIntegral(true) && end.isIntegral(true) && step.isIntegral(true);
  TSC_ASSIGN(int64_t count, rangeCount(cx, start, end, step,
                                       inclusive ? tsc::isIntegral(dtype) : integral, inclusive));
  TensorRef t = empty(cx, Shape::of(count), dtype);
  TSC_TRY(t);
  if (tsc::isIntegral(dtype)) {
    int64_t from = start.toInt(), by = step.toInt();
    fillByIndex<int64_t>(cx, *t, [&](int64_t i) { return from + i * by; });
  } else {
    double from = start.toDouble(), by = step.toDouble();
    fillByIndex<double>(cx, *t, [&](int64_t i) { return from + by * static_cast<double>(i); });
  }
  return t;
}
static DType rangeDType(Context &cx, const Scalar &a, const Scalar &b, const Scalar &c,
                        Optional<DType> dtype) {
  bool integral = a.isIntegral(true) && b.isIntegral(true) && c.isIntegral(true);
  return dtype ? *dtype : integral ? DType::Int64 : cx.defaultDType;
}
static TensorRef arangeStep(Context &cx, Scalar start, Scalar end, Scalar step,
                            Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return makeRange(cx, start, end, step, rangeDType(cx, start, end, step, dtype), false);
}
static TensorRef arangeStart(Context &cx, Scalar start, Scalar end, Optional<DType> dtype,
                             const Value &layout, Optional<Device> device, const Value &pin) {
  return arangeStep(cx, start, end, Scalar(1), dtype, layout, device, pin);
}
static TensorRef arangeEnd(Context &cx, Scalar end, Optional<DType> dtype, const Value &layout,
                           Optional<Device> device, const Value &pin) {
  return arangeStep(cx, Scalar(0), end, Scalar(1), dtype, layout, device, pin);
}
static TensorRef writeRange(Context &cx, const Scalar &start, const Scalar &end, const Scalar &step,
                            Tensor &out, bool inclusive) {
  TensorRef made = makeRange(cx, start, end, step, out.dtype, inclusive);
  TSC_TRY(made);
  if (out.numel != made->numel)
    TSC_TRY(resizeOut(cx, out, made->shape()));
  TensorRef flat = out.rank == 1 ? made : view(cx, *made, out.shape());
  TSC_TRY(flat);
  TSC_TRY(copyInto(cx, out, *flat));
  return same(out);
}
static TensorRef arangeEndOut(Context &cx, Scalar end, Tensor &out) {
  return writeRange(cx, Scalar(0), end, Scalar(1), out, false);
}
static TensorRef arangeStepOut(Context &cx, Scalar start, Scalar end, Scalar step, Tensor &out) {
  return writeRange(cx, start, end, step, out, false);
}
TSC_KERNEL(aten_arange, arangeEnd)
TSC_KERNEL(aten_arange_start, arangeStart)
TSC_KERNEL(aten_arange_start_step, arangeStep)
TSC_KERNEL(aten_arange_out, arangeEndOut)
TSC_KERNEL(aten_arange_start_out, arangeStepOut)

static TensorRef rangeStep(Context &cx, Scalar start, Scalar end, Scalar step,
                           Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  return makeRange(cx, start, end, step, dtype.valueOr(cx.defaultDType), true);
}
static TensorRef rangeStart(Context &cx, Scalar start, Scalar end, Optional<DType> dtype,
                            const Value &layout, Optional<Device> device, const Value &pin) {
  return rangeStep(cx, start, end, Scalar(1), dtype, layout, device, pin);
}
static TensorRef rangeStepOut(Context &cx, Scalar start, Scalar end, Scalar step, Tensor &out) {
  return writeRange(cx, start, end, step, out, true);
}
TSC_KERNEL(aten_range, rangeStart)
TSC_KERNEL(aten_range_step, rangeStep)
TSC_KERNEL(aten_range_out, rangeStepOut)

// ---- linspace, logspace
/// The first half counts from the start and the second from the end, so that both ends are exact;
/// products are added without rounding between.
template <class C> struct Spacing {
  C start, end, step;
  int64_t steps;
  C at(int64_t i) const {
    bool fromStart = i < steps / 2;
    double n = static_cast<double>(fromStart ? i : steps - i - 1);
    if constexpr (std::is_same_v<C, Complex>)
      return fromStart ? start + step * n : end - step * n;
    else
      return fromStart ? std::fma(step, static_cast<C>(n), start)
                       : std::fma(-step, static_cast<C>(n), end);
  }
};
template <class C>
static void fillSpaced(Context &cx, Tensor &t, const Scalar &start, const Scalar &end,
                       const double *base) {
  C from = start.to<C>(), to = end.to<C>();
  C step = t.numel > 1 ? (to - from) / C(static_cast<double>(t.numel - 1)) : C(0);
  Spacing<C> spacing{from, to, step, t.numel};
  if (!base)
    return fillByIndex<C>(cx, t, [&](int64_t i) { return t.numel == 1 ? from : spacing.at(i); });
  C power = C(*base);
  fillByIndex<C>(
      cx, t, [&](int64_t i) { return C(std::pow(power, t.numel == 1 ? from : spacing.at(i))); });
}
static TensorRef makeSpaced(Context &cx, const Scalar &start, const Scalar &end, int64_t steps,
                            const double *base, DType dtype) {
  if (steps < 0)
    return cx.fail("number of steps must be non-negative");
  if ((start.isComplex() || end.isComplex()) && !tsc::isComplex(dtype))
    return cx.fail("%s: inferred dtype ComplexFloat can't be safely cast to passed dtype %s",
                   base ? "logspace" : "linspace", findDType(dtype)->graphName);
  TensorRef t = empty(cx, Shape::of(steps), dtype);
  TSC_TRY(t);
  if (tsc::isComplex(dtype))
    fillSpaced<Complex>(cx, *t, start, end, base);
  else if (dtype == DType::Float64)
    fillSpaced<double>(cx, *t, start, end, base);
  else if (!tsc::isIntegral(dtype, true))
    fillSpaced<float>(cx, *t, start, end, base);
  else // integers step from integer to integer
    fillSpaced<double>(cx, *t, Scalar(start.toInt()), Scalar(end.toInt()), base);
  return t;
}
static DType spacedDType(Context &cx, const Scalar &start, const Scalar &end,
                         Optional<DType> dtype) {
  if (dtype)
    return *dtype;
  return start.isComplex() || end.isComplex() ? tsc::toComplex(cx.defaultDType) : cx.defaultDType;
}
static Result<Scalar> spacedEnd(Context &, const Scalar &s) { return s; }
static Result<Scalar> spacedEnd(Context &cx, const Tensor &t) {
  if (t.rank != 0)
    return cx.fail("linspace only supports 0-dimensional start and end tensors, but got a tensor "
                   "with %d dimension(s).",
                   t.rank);
  return t.item();
}
template <class A, class B>
static TensorRef linspaceOf(Context &cx, A start, B end, int64_t steps, Optional<DType> dtype,
                            TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  TSC_ASSIGN(Scalar from, spacedEnd(cx, start));
  TSC_ASSIGN(Scalar to, spacedEnd(cx, end));
  return makeSpaced(cx, from, to, steps, nullptr, spacedDType(cx, from, to, dtype));
}
template <class A, class B>
static TensorRef logspaceOf(Context &cx, A start, B end, int64_t steps, double base,
                            Optional<DType> dtype, TSC_PLACEMENT) {
  TSC_TRY(checkPlacement(cx, layout, device));
  TSC_ASSIGN(Scalar from, spacedEnd(cx, start));
  TSC_ASSIGN(Scalar to, spacedEnd(cx, end));
  return makeSpaced(cx, from, to, steps, &base, spacedDType(cx, from, to, dtype));
}
static TensorRef linspaceInto(Context &cx, Scalar start, Scalar end, int64_t steps, Tensor &out) {
  TensorRef made = makeSpaced(cx, start, end, steps, nullptr, out.dtype);
  TSC_TRY(made);
  TSC_TRY(writeOut(cx, out, *made));
  return same(out);
}
static TensorRef logspaceInto(Context &cx, Scalar start, Scalar end, int64_t steps, double base,
                              Tensor &out) {
  TensorRef made = makeSpaced(cx, start, end, steps, &base, out.dtype);
  TSC_TRY(made);
  TSC_TRY(writeOut(cx, out, *made));
  return same(out);
}
static constexpr auto linspaceScalars = linspaceOf<Scalar, Scalar>;
static constexpr auto linspaceTensors = linspaceOf<const Tensor &, const Tensor &>;
static constexpr auto linspaceToScalar = linspaceOf<const Tensor &, Scalar>;
static constexpr auto linspaceToTensor = linspaceOf<Scalar, const Tensor &>;
static constexpr auto logspaceScalars = logspaceOf<Scalar, Scalar>;
static constexpr auto logspaceTensors = logspaceOf<const Tensor &, const Tensor &>;
static constexpr auto logspaceToScalar = logspaceOf<const Tensor &, Scalar>;
static constexpr auto logspaceToTensor = logspaceOf<Scalar, const Tensor &>;
TSC_KERNEL(aten_linspace, linspaceScalars)
TSC_KERNEL(aten_linspace_Tensor_Tensor, linspaceTensors)
TSC_KERNEL(aten_linspace_Tensor_Scalar, linspaceToScalar)
TSC_KERNEL(aten_linspace_Scalar_Tensor, linspaceToTensor)
TSC_KERNEL(aten_linspace_out, linspaceInto)
TSC_KERNEL(aten_logspace_out, logspaceInto)
TSC_KERNEL(aten_logspace, logspaceScalars)
TSC_KERNEL(aten_logspace_Tensor_Tensor, logspaceTensors)
TSC_KERNEL(aten_logspace_Tensor_Scalar, logspaceToScalar)
TSC_KERNEL(aten_logspace_Scalar_Tensor, logspaceToTensor)
