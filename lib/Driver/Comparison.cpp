// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Comparison.h"

#include "tsc/Driver/ElementReader.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;
using tsc::archive::TensorRecord;

namespace tsc {

namespace {
struct Tolerance {
  double relative, absolute;
};

class Comparer {
public:
  Comparer(ComparedValue found, ComparedValue expected, const Tolerances &tolerances)
      : found(found.graph), expected(expected.graph), tolerances(tolerances) {}
  std::string compare(NodeId a, NodeId b, const std::string &name, unsigned depth);

private:
  std::string compareSequences(NodeId a, NodeId b, const std::string &name, unsigned depth);
  std::string compareDicts(NodeId a, NodeId b, const std::string &name, unsigned depth);
  std::string compareStates(NodeId a, NodeId b, const std::string &name, unsigned depth);
  std::string compareTensors(NodeId a, NodeId b, const std::string &name);
  std::string compareElements(NodeId a, NodeId b, const std::string &name);
  std::string compareQuantization(const TensorRecord &a, const TensorRecord &b,
                                  const std::string &name);
  Tolerance toleranceOf(DType dtype) const;

  const archive::ValueGraph &found, &expected;
  const Tolerances &tolerances;
};
} // namespace

Tolerance Comparer::toleranceOf(DType dtype) const {
  Tolerance t = {0, 0};
  switch (toReal(dtype)) {
  case DType::Float64:
    t = {1e-7, 1e-7};
    break;
  case DType::Float32:
    t = {1e-4, 1e-5};
    break;
  case DType::Float16:
    t = {1e-3, 1e-3};
    break;
  case DType::BFloat16:
    t = {1.6e-2, 1e-3};
    break;
  default:
    return t; // exact, whatever was asked for
  }
  return {tolerances.relative.value_or(t.relative), tolerances.absolute.value_or(t.absolute)};
}

static bool isClose(double a, double b, Tolerance t) {
  if (a == b || (std::isnan(a) && std::isnan(b)))
    return true;
  return std::isfinite(a) && std::isfinite(b) &&
         std::fabs(a - b) <= t.absolute + t.relative * std::fabs(b);
}
static bool isClose(std::complex<double> a, std::complex<double> b, Tolerance t) {
  return isClose(a.real(), b.real(), t) && isClose(a.imag(), b.imag(), t);
}

/// Enough digits to tell a number from its neighbours.
static std::string numberText(double x) { return formatv("{0}", format("%.9g", x)).str(); }
static std::string numberText(std::complex<double> x, bool isComplex) {
  if (!isComplex)
    return numberText(x.real());
  return "(" + numberText(x.real()) + (std::signbit(x.imag()) ? "-" : "+") +
         numberText(std::fabs(x.imag())) + "j)";
}

static bool isIntLike(NodeKind kind) {
  return kind == NodeKind::Int || kind == NodeKind::DType || kind == NodeKind::Layout ||
         kind == NodeKind::MemoryFormat || kind == NodeKind::QScheme;
}
static bool isSequence(NodeKind kind) { return kind == NodeKind::List || kind == NodeKind::Tuple; }

std::string Comparer::compare(NodeId a, NodeId b, const std::string &name, unsigned depth) {
  if (depth > archive::kMaxNesting)
    return name + ": nested too deeply to compare";
  NodeKind ka = found.kind(a), kb = expected.kind(b);
  if (isSequence(ka) && isSequence(kb))
    return compareSequences(a, b, name, depth);
  if (isIntLike(ka) && isIntLike(kb))
    return found.integer(a) == expected.integer(b)
               ? ""
               : formatv("{0} is {1}, expected {2}", name, found.integer(a), expected.integer(b))
                     .str();
  if (ka == NodeKind::Enum &&
      kb != NodeKind::Enum) // files written without the program's classes hold the value alone
    return compare(found.state(a), b, name, depth + 1);
  if (ka == NodeKind::Device && kb == NodeKind::String)
    kb = NodeKind::Device;
  if (ka != kb)
    return formatv("{0} is of type {1}, expected {2}", name, archive::kindName(ka),
                   archive::kindName(kb))
        .str();
  Tolerance t = toleranceOf(DType::Float64);
  switch (ka) {
  case NodeKind::Bool:
    return found.boolean(a) == expected.boolean(b)
               ? ""
               : formatv("{0} is {1}, expected {2}", name, found.boolean(a) ? "True" : "False",
                         expected.boolean(b) ? "True" : "False")
                     .str();
  case NodeKind::Float:
    return isClose(found.real(a), expected.real(b), t)
               ? ""
               : formatv("{0} is {1}, expected {2}", name, numberText(found.real(a)),
                         numberText(expected.real(b)))
                     .str();
  case NodeKind::Complex:
    return isClose(found.complex(a), expected.complex(b), t)
               ? ""
               : formatv("{0} is {1}, expected {2}", name, numberText(found.complex(a), true),
                         numberText(expected.complex(b), true))
                     .str();
  case NodeKind::String:
  case NodeKind::Device:
    return found.text(a) == expected.text(b)
               ? ""
               : formatv("{0} is '{1}', expected '{2}'", name, found.text(a), expected.text(b))
                     .str();
  case NodeKind::Dict:
    return compareDicts(a, b, name, depth);
  case NodeKind::Tensor:
    return compareTensors(a, b, name);
  case NodeKind::Object:
  case NodeKind::Enum:
    return compareStates(a, b, name, depth);
  default:
    return "";
  }
}

std::string Comparer::compareSequences(NodeId a, NodeId b, const std::string &name,
                                       unsigned depth) {
  ArrayRef<NodeId> as = found.items(a), bs = expected.items(b);
  if (as.size() != bs.size())
    return formatv("{0} has {1} elements, expected {2}", name, as.size(), bs.size()).str();
  for (size_t i = 0; i < as.size(); ++i)
    if (std::string why = compare(as[i], bs[i], name + "[" + std::to_string(i) + "]", depth + 1);
        !why.empty())
      return why;
  return "";
}

static std::string keyText(const archive::ValueGraph &graph, NodeId key) {
  switch (graph.kind(key)) {
  case NodeKind::String:
    return "'" + graph.text(key).str() + "'";
  case NodeKind::Int:
    return std::to_string(graph.integer(key));
  case NodeKind::Float:
    return numberText(graph.real(key));
  case NodeKind::Bool:
    return graph.boolean(key) ? "True" : "False";
  default:
    return archive::kindName(graph.kind(key)).str();
  }
}

std::string Comparer::compareDicts(NodeId a, NodeId b, const std::string &name, unsigned depth) {
  size_t count = found.dictSize(a);
  if (count != expected.dictSize(b))
    return formatv("{0} has {1} entries, expected {2}", name, count, expected.dictSize(b)).str();
  for (size_t i = 0; i < count; ++i) {
    std::string key = keyText(expected, expected.dictKey(b, i));
    if (std::string why = compare(found.dictKey(a, i), expected.dictKey(b, i),
                                  name + "'s key " + std::to_string(i), depth + 1);
        !why.empty())
      return why;
    if (std::string why = compare(found.dictValue(a, i), expected.dictValue(b, i),
                                  name + "[" + key + "]", depth + 1);
        !why.empty())
      return why;
  }
  return "";
}

std::string Comparer::compareStates(NodeId a, NodeId b, const std::string &name, unsigned depth) {
  if (found.typeText(a) != expected.typeText(b))
    return formatv("{0} is a {1}, expected {2}", name, found.typeText(a), expected.typeText(b))
        .str();
  NodeId sa = found.state(a), sb = expected.state(b);
  if ((sa == archive::kNoNode) != (sb == archive::kNoNode))
    return name + " differs in its state";
  return sa == archive::kNoNode ? "" : compare(sa, sb, name, depth + 1);
}

static std::string shapeText(const TensorRecord &t) {
  const DTypeInfo *info = findDType(t.dtype);
  std::string text = (info ? info->shortName : "?") + std::string("[");
  for (size_t i = 0; i < t.sizes.size(); ++i)
    text += (i ? "," : "") + std::to_string(t.sizes[i]);
  return text + "]";
}

std::string Comparer::compareQuantization(const TensorRecord &a, const TensorRecord &b,
                                          const std::string &name) {
  if (!a.quantization || !b.quantization)
    return !a.quantization == !b.quantization ? "" : name + " differs in being quantized";
  const archive::Quantization &qa = *a.quantization, &qb = *b.quantization;
  Tolerance t = toleranceOf(DType::Float32);
  if (qa.axis != qb.axis)
    return formatv("{0} is quantized along axis {1}, expected {2}", name, qa.axis, qb.axis).str();
  if (qa.axis < 0) {
    if (!isClose(qa.scale, qb.scale, t) || qa.zeroPoint != qb.zeroPoint)
      return formatv("{0} has scale {1} and zero point {2}, expected {3} and {4}", name,
                     numberText(qa.scale), qa.zeroPoint, numberText(qb.scale), qb.zeroPoint)
          .str();
    return "";
  }
  if (qa.scales.size() != qb.scales.size() || qa.zeroPoints != qb.zeroPoints)
    return name + " differs in its scales or zero points";
  for (size_t i = 0; i < qa.scales.size(); ++i)
    if (!isClose(qa.scales[i], qb.scales[i], t))
      return formatv("{0} has scale {1} of channel {2}, expected {3}", name,
                     numberText(qa.scales[i]), i, numberText(qb.scales[i]))
          .str();
  return "";
}

std::string Comparer::compareTensors(NodeId a, NodeId b, const std::string &name) {
  const TensorRecord &ta = found.tensor(a), &tb = expected.tensor(b);
  if (ta.layout != tb.layout)
    return name + " is a tensor of another layout (" +
           (ta.layout == archive::Layout::Strided ? "strided" : "sparse") + "), expected " +
           (tb.layout == archive::Layout::Strided ? "strided" : "sparse");
  if (ta.dtype != tb.dtype || ArrayRef<int64_t>(ta.sizes) != ArrayRef<int64_t>(tb.sizes))
    return formatv("{0} is {1}, expected {2}", name, shapeText(ta), shapeText(tb)).str();
  if (std::string why = compareQuantization(ta, tb, name); !why.empty())
    return why;
  if (ta.layout == archive::Layout::Strided)
    return compareElements(a, b, name);
  for (size_t i = 0; i < std::min(ta.parts.size(), tb.parts.size()); ++i)
    if (std::string why =
            compare(ta.parts[i], tb.parts[i], name + "'s part " + std::to_string(i), 0);
        !why.empty())
      return why;
  return "";
}

static std::string indexText(ArrayRef<int64_t> index) {
  std::string text = "[";
  for (size_t i = 0; i < index.size(); ++i)
    text += (i ? ", " : "") + std::to_string(index[i]);
  return text + "]";
}

std::string Comparer::compareElements(NodeId a, NodeId b, const std::string &name) {
  const TensorRecord &ta = found.tensor(a);
  ElementReader readA(found, a), readB(expected, b);
  Tolerance t = toleranceOf(ta.dtype);
  bool isComplexDType = isComplex(ta.dtype), exact = readA.isInteger();
  int64_t count = ta.elementCount(), bad = 0;
  double largest = 0, largestRelative = 0;
  std::string first;
  for (int64_t i = 0; i < count; ++i, readA.next(), readB.next()) {
    if (exact) {
      int64_t x = readA.integer(), y = readB.integer();
      if (x == y)
        continue;
      if (!bad++)
        first = formatv("element {0} is {1}, expected {2}", indexText(readA.index()), x, y).str();
      largest = std::max(largest, std::fabs(static_cast<double>(x) - static_cast<double>(y)));
      continue;
    }
    std::complex<double> x = readA.number(), y = readB.number();
    if (isClose(x, y, t))
      continue;
    if (!bad++)
      first = formatv("element {0} is {1}, expected {2}", indexText(readA.index()),
                      numberText(x, isComplexDType), numberText(y, isComplexDType))
                  .str();
    largest = std::max(largest, std::abs(x - y));
    if (std::abs(y) > 0)
      largestRelative = std::max(largestRelative, std::abs(x - y) / std::abs(y));
  }
  if (!bad)
    return "";
  std::string text = formatv("{0}: {1}; {2} of {3} elements of {4} differ, at most by {5}", name,
                             first, bad, count, shapeText(ta), numberText(largest))
                         .str();
  if (largestRelative > 0)
    text += " (relative " + numberText(largestRelative) + ")";
  return text;
}

std::string compareValues(ComparedValue found, ComparedValue expected, const Tolerances &tolerances,
                          std::string name) {
  return Comparer(found, expected, tolerances).compare(found.node, expected.node, name, 0);
}

} // namespace tsc
