// SPDX-License-Identifier: Apache-2.0
// Pooling and interpolation: reads their operands, makes the tables of interpolation as the generic
// kernels do (runtime/kernels/Upsample.cpp, in the same precision), and checks all sizes against
// the result's type, so that a call that would raise stays on the generic kernel.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/WindowForm.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

std::pair<int64_t, int64_t> PoolAxis::interior() const {
  if (adaptive)
    return {0, 0};
  int64_t first = (pad + stride - 1) / stride, room = in + pad - reach();
  int64_t end = room < 0 ? 0 : room / stride + 1;
  return {std::min(first, out), std::max(std::min(first, out), std::min(end, out))};
}

namespace {
/// What an operator's name says of it.
struct Name {
  enum Family : uint8_t {
    None,
    Max,
    Average,
    AdaptiveMax,
    AdaptiveAverage,
    Nearest,
    NearestExact,
    Linear,
    Cubic
  } family;
  int64_t spatial;
};

class Reader {
public:
  Reader(ts::AtenOp op, std::string &why, bool withPlaces)
      : withPlaces(withPlaces), op(op), why(why) {}
  bool withPlaces; ///< the places of maxima may be wanted
  std::optional<WindowForm> read();

private:
  bool readPool(WindowForm &form, const Name &name);
  bool readAdaptive(WindowForm &form, const Name &name);
  bool readResample(WindowForm &form, const Name &name);
  bool readScales(int64_t spatial, SmallVectorImpl<double> &scales);
  bool checkSizes(int64_t spatial);
  bool checkDTypes(const WindowForm &form);
  /// A list of one or `spatial` numbers; `absent` when the list is empty or there is no argument.
  bool readList(StringRef argument, int64_t spatial, int64_t absent,
                SmallVectorImpl<int64_t> &list);
  template <typename... Args> bool fail(Reason reason, Args &&...args) {
    why = because(reason, std::forward<Args>(args)...);
    return false;
  }

  ts::AtenOp op;
  std::string &why;
  ts::TensorType from, to;
};
} // namespace

static Name nameOf(StringRef base) {
  using Family = Name::Family;
  return llvm::StringSwitch<Name>(base)
      .Case("aten::max_pool1d", {Family::Max, 1})
      .Case("aten::max_pool2d", {Family::Max, 2})
      .Case("aten::max_pool3d", {Family::Max, 3})
      .Case("aten::max_pool1d_with_indices", {Family::Max, 1})
      .Case("aten::max_pool2d_with_indices", {Family::Max, 2})
      .Case("aten::max_pool3d_with_indices", {Family::Max, 3})
      .Case("aten::avg_pool1d", {Family::Average, 1})
      .Case("aten::avg_pool2d", {Family::Average, 2})
      .Case("aten::avg_pool3d", {Family::Average, 3})
      .Case("aten::adaptive_max_pool1d", {Family::AdaptiveMax, 1})
      .Case("aten::adaptive_max_pool2d", {Family::AdaptiveMax, 2})
      .Case("aten::adaptive_max_pool3d", {Family::AdaptiveMax, 3})
      .Case("aten::adaptive_avg_pool1d", {Family::AdaptiveAverage, 1})
      .Case("aten::adaptive_avg_pool2d", {Family::AdaptiveAverage, 2})
      .Case("aten::adaptive_avg_pool3d", {Family::AdaptiveAverage, 3})
      .Case("aten::_adaptive_avg_pool2d", {Family::AdaptiveAverage, 2})
      .Case("aten::_adaptive_avg_pool3d", {Family::AdaptiveAverage, 3})
      .Case("aten::upsample_nearest1d", {Family::Nearest, 1})
      .Case("aten::upsample_nearest2d", {Family::Nearest, 2})
      .Case("aten::upsample_nearest3d", {Family::Nearest, 3})
      .Case("aten::_upsample_nearest_exact1d", {Family::NearestExact, 1})
      .Case("aten::_upsample_nearest_exact2d", {Family::NearestExact, 2})
      .Case("aten::_upsample_nearest_exact3d", {Family::NearestExact, 3})
      .Case("aten::upsample_linear1d", {Family::Linear, 1})
      .Case("aten::upsample_bilinear2d", {Family::Linear, 2})
      .Case("aten::upsample_trilinear3d", {Family::Linear, 3})
      .Case("aten::upsample_bicubic2d", {Family::Cubic, 2})
      .Default({Family::None, 0});
}

// ---- Pooling

bool Reader::readList(StringRef argument, int64_t spatial, int64_t absent,
                      SmallVectorImpl<int64_t> &list) {
  list.assign(spatial, absent);
  Value value = op.getArg(argument);
  if (!value)
    return true;
  std::optional<SmallVector<int64_t>> given = constantInts(value);
  if (!given)
    return fail(Reason::NotConstant, argument);
  if (given->empty())
    return true;
  auto count = static_cast<int64_t>(given->size());
  if (count != 1 && count != spatial)
    return fail(Reason::ArgumentDoesNotFit, argument);
  for (int64_t d = 0; d < spatial; ++d)
    list[d] = count == 1 ? given->front() : (*given)[d];
  return true;
}

bool Reader::checkSizes(int64_t spatial) {
  int64_t rank = from.getRank();
  if (rank != to.getRank() || (rank != spatial + 1 && rank != spatial + 2))
    return fail(Reason::RankNotCompiled);
  for (int64_t d = 0; d < rank - spatial; ++d)
    if (from.getSizes()[d] != to.getSizes()[d])
      return fail(Reason::SizesDoNotFit);
  if (llvm::is_contained(from.getSizes().take_back(spatial), 0))
    return fail(Reason::NoElements);
  return true;
}

/// Outputs along a dimension, as PyTorch counts them.
static int64_t pooledSize(const PoolAxis &axis, bool ceil) {
  int64_t span = axis.in + 2 * axis.pad - axis.reach();
  int64_t out = llvm::divideFloorSigned(span + (ceil ? axis.stride - 1 : 0), axis.stride) + 1;
  return ceil && (out - 1) * axis.stride >= axis.in + axis.pad ? out - 1 : out;
}

bool Reader::readPool(WindowForm &form, const Name &name) {
  SmallVector<int64_t> kernel, stride, pad, dilation;
  if (!readList("kernel_size", name.spatial, 0, kernel) ||
      !readList("stride", name.spatial, 0, stride) || !readList("padding", name.spatial, 0, pad) ||
      !readList("dilation", name.spatial, 1, dilation))
    return false;
  std::optional<bool> ceil = constantBool(op.getArg("ceil_mode"));
  if (!ceil)
    return fail(Reason::NotConstant, "ceil_mode");
  for (int64_t d = 0; d < name.spatial; ++d) {
    PoolAxis &axis = form.pool[3 - name.spatial + d];
    int64_t at = from.getRank() - name.spatial + d;
    axis = {from.getSizes()[at],
            to.getSizes()[at],
            kernel[d],
            stride[d] ? stride[d] : kernel[d],
            pad[d],
            dilation[d]};
    constexpr int64_t kLimit = INT32_MAX;
    bool fits = axis.kernel > 0 && axis.kernel < kLimit && axis.stride > 0 &&
                axis.stride < kLimit && axis.dilation > 0 && axis.dilation < kLimit &&
                axis.pad >= 0 && axis.pad <= axis.reach() / 2;
    if (!fits || axis.out < 1 || pooledSize(axis, *ceil) != axis.out)
      return fail(Reason::ArgumentDoesNotFit, "kernel_size");
  }
  if (name.family != Name::Average)
    return true;
  std::optional<bool> counts = constantBool(op.getArg("count_include_pad"));
  if (!counts)
    return fail(Reason::NotConstant, "count_include_pad");
  form.countsPadding = *counts;
  Value divisor = op.getArg("divisor_override");
  if (!divisor || isNone(divisor))
    return true;
  form.divisor = constantInt(divisor).value_or(0);
  return form.divisor != 0 || fail(Reason::NotConstant, "divisor_override");
}

bool Reader::readAdaptive(WindowForm &form, const Name &name) {
  form.countsPadding = false;
  for (int64_t d = 0; d < name.spatial; ++d) {
    PoolAxis &axis = form.pool[3 - name.spatial + d];
    int64_t at = from.getRank() - name.spatial + d;
    axis.in = from.getSizes()[at], axis.out = to.getSizes()[at];
    axis.adaptive = axis.out == 0 || axis.in % axis.out != 0;
    if (!axis.adaptive)
      axis.kernel = axis.stride = axis.in / axis.out;
  }
  return true;
}

// ---- Interpolation

/// The step in the input for one step in the output.
template <typename T> static T stepOf(const ResampleAxis &axis, bool align, double scale) {
  if (align)
    return axis.out > 1 ? static_cast<T>(axis.in - 1) / static_cast<T>(axis.out - 1) : T(0);
  return scale > 0 ? static_cast<T>(1.0 / scale)
                   : static_cast<T>(axis.in) / static_cast<T>(axis.out);
}

static void makeNearest(ResampleAxis &axis, bool exact, double scale) {
  auto step = stepOf<float>(axis, false, scale);
  for (int64_t o = 0; o < axis.out; ++o) {
    float at = exact ? (static_cast<float>(o) + 0.5f) * step : static_cast<float>(o) * step;
    axis.places.push_back(std::min(static_cast<int64_t>(std::floor(at)), axis.in - 1));
    axis.weights.push_back(1);
  }
}

template <typename T> static void makeLinear(ResampleAxis &axis, bool align, double scale) {
  T step = stepOf<T>(axis, align, scale);
  axis.taps = 2;
  for (int64_t o = 0; o < axis.out; ++o) {
    T at = align ? step * static_cast<T>(o) : step * (static_cast<T>(o) + T(0.5)) - T(0.5);
    at = at < 0 ? T(0) : at;
    int64_t low = std::min(static_cast<int64_t>(at), axis.in - 1);
    T part = std::min(at - static_cast<T>(low), T(1));
    axis.places.append({low, std::min(low + 1, axis.in - 1)});
    axis.weights.append({1 - part, part});
  }
}

static double cubicNear(double x) { return ((-0.75 + 2) * x - (-0.75 + 3)) * x * x + 1; }
static double cubicFar(double x) { return ((-0.75 * x + 5 * 0.75) * x - 8 * 0.75) * x + 4 * 0.75; }

template <typename T> static void makeCubic(ResampleAxis &axis, bool align, double scale) {
  T step = stepOf<T>(axis, align, scale);
  axis.taps = 4;
  for (int64_t o = 0; o < axis.out; ++o) {
    T at = align ? step * static_cast<T>(o) : step * (static_cast<T>(o) + T(0.5)) - T(0.5);
    T low = std::floor(at);
    double t = at - low;
    axis.weights.append({cubicFar(t + 1), cubicNear(t), cubicNear(1 - t), cubicFar(2 - t)});
    for (int64_t j = -1; j < 3; ++j)
      axis.places.push_back(std::clamp<int64_t>(static_cast<int64_t>(low) + j, 0, axis.in - 1));
  }
}

bool Reader::readScales(int64_t spatial, SmallVectorImpl<double> &scales) {
  scales.assign(spatial, 0);
  if (Value factors = op.getArg("scale_factors"); factors && !isNone(factors)) {
    std::optional<SmallVector<double>> given = constantNumbers(factors);
    if (!given || static_cast<int64_t>(given->size()) != spatial)
      return fail(Reason::NotConstant, "scale_factors");
    scales.assign(given->begin(), given->end());
    return true;
  }
  static constexpr StringRef kNames[] = {"scales_d", "scales_h", "scales_w"};
  for (int64_t d = 0; d < spatial; ++d) {
    Value scale = spatial == 1 ? op.getArg("scales") : op.getArg(kNames[3 - spatial + d]);
    if (!scale || isNone(scale))
      continue;
    std::optional<double> given = constantNumber(scale);
    if (!given)
      return fail(Reason::NotConstant, "scales");
    scales[d] = *given;
  }
  return true;
}

bool Reader::readResample(WindowForm &form, const Name &name) {
  if (from.getRank() != name.spatial + 2)
    return fail(Reason::RankNotCompiled);
  SmallVector<double> scales;
  if (!readScales(name.spatial, scales))
    return false;
  bool align = false;
  if (Value argument = op.getArg("align_corners")) {
    std::optional<bool> given = constantBool(argument);
    if (!given)
      return fail(Reason::NotConstant, "align_corners");
    align = *given;
  }
  bool wide = from.getDtype() == DType::Float64;
  for (int64_t d = 0; d < 3; ++d) {
    ResampleAxis &axis = form.resample[d];
    int64_t own = d - 3 + name.spatial;
    if (own >= 0)
      axis.in = from.getSizes()[2 + own], axis.out = to.getSizes()[2 + own];
    if (own < 0 || name.family == Name::Nearest || name.family == Name::NearestExact)
      makeNearest(axis, name.family == Name::NearestExact, own < 0 ? 0 : scales[own]);
    else if (name.family == Name::Linear)
      wide ? makeLinear<double>(axis, align, scales[own])
           : makeLinear<float>(axis, align, scales[own]);
    else
      wide ? makeCubic<double>(axis, align, scales[own])
           : makeCubic<float>(axis, align, scales[own]);
  }
  return true;
}

// ---- The whole

bool Reader::checkDTypes(const WindowForm &form) {
  DType dtype = from.getDtype();
  if (to.getDtype() != dtype)
    return fail(Reason::DTypesDiffer);
  DTypeClass category = dtypeClass(dtype);
  bool isWhole = category == DTypeClass::Integer &&
                 (form.kind == WindowForm::Kind::Max || form.kind == WindowForm::Kind::Nearest);
  return category == DTypeClass::Float || isWhole || fail(Reason::DTypeNotCompiled);
}

std::optional<WindowForm> Reader::read() {
  Name name = nameOf(op.getBaseName());
  from = staticTensor(op.getArgs().front()), to = staticTensor(op.getResult(0));
  if (name.family == Name::None || !from || !to) {
    why = because(Reason::NoForm);
    return std::nullopt;
  }
  if (!withPlaces && op.getNumResults() > 1 && !op.getResult(1).use_empty()) {
    why = because(Reason::PlacesWanted);
    return std::nullopt;
  }
  WindowForm form;
  form.spatial = name.spatial;
  using Kind = WindowForm::Kind;
  bool done = checkSizes(name.spatial);
  switch (name.family) {
  case Name::Max:
  case Name::Average:
    form.kind = name.family == Name::Max ? Kind::Max : Kind::Average;
    done = done && readPool(form, name);
    break;
  case Name::AdaptiveMax:
  case Name::AdaptiveAverage:
    form.kind = name.family == Name::AdaptiveMax ? Kind::Max : Kind::Average;
    done = done && readAdaptive(form, name);
    break;
  default:
    form.kind = name.family == Name::Nearest || name.family == Name::NearestExact ? Kind::Nearest
                                                                                  : Kind::Weighted;
    done = done && readResample(form, name);
  }
  if (!done || !checkDTypes(form))
    return std::nullopt;
  return form;
}

std::optional<WindowForm> readWindow(ts::AtenOp op, std::string &why, bool withPlaces) {
  return Reader(op, why, withPlaces).read();
}

std::optional<std::string> whyNotWindow(ts::AtenOp op) {
  std::string why;
  if (readWindow(op, why))
    return std::nullopt;
  return why;
}

} // namespace tsc::kernel
