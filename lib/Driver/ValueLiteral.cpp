// SPDX-License-Identifier: Apache-2.0
// Values as Python would write them. Tensors are nested lists with enough digits to get the same
// numbers back; large ones are cut in the middle of each dimension.
#include "tsc/Driver/ValueText.h"

#include "tsc/Driver/ElementReader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace llvm;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

/// Tensors of more elements are cut, to this many at each end of a dimension.
static constexpr int64_t kWholeUpTo = 1000;
static constexpr int64_t kEdge = 3;

namespace {
class LiteralPrinter {
public:
  LiteralPrinter(const archive::ValueGraph &graph, raw_ostream &os) : graph(graph), os(os) {}
  void print(NodeId node, unsigned depth);

private:
  void printItems(NodeId node, char open, char close, unsigned depth);
  void printDict(NodeId node, unsigned depth);
  void printTensor(NodeId node);
  void printDimension(const archive::TensorRecord &tensor, size_t dim, int64_t offset);

  const archive::ValueGraph &graph;
  raw_ostream &os;
};
} // namespace

static void printString(raw_ostream &os, StringRef text) {
  char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  os << quote;
  for (char c : text) {
    if (c == quote || c == '\\')
      os << '\\' << c;
    else if (c == '\n')
      os << "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      os << "\\x" << utohexstr(static_cast<unsigned char>(c), /*LowerCase=*/true, 2);
    else
      os << c;
  }
  os << quote;
}

/// The shortest of the usual lengths that reads back as the same number.
static void printFloat(raw_ostream &os, double x, bool single) {
  if (std::isnan(x) || std::isinf(x)) {
    os << (std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return;
  }
  SmallString<32> text;
  for (int digits = 6; digits <= 17; ++digits) {
    text.clear();
    raw_svector_ostream(text) << format("%.*g", digits, x);
    double back = 0;
    if (!StringRef(text).getAsDouble(back) &&
        (single ? static_cast<float>(back) == static_cast<float>(x) : back == x))
      break;
  }
  os << text;
  if (text.find_first_of(".e") == StringRef::npos)
    os << ".0";
}

static void printComplex(raw_ostream &os, std::complex<double> x, bool single) {
  os << '(';
  printFloat(os, x.real(), single);
  os << (std::signbit(x.imag()) ? "-" : "+");
  printFloat(os, std::fabs(x.imag()), single);
  os << "j)";
}

void LiteralPrinter::printItems(NodeId node, char open, char close, unsigned depth) {
  os << open;
  bool first = true;
  for (NodeId item : graph.items(node)) {
    os << (first ? "" : ", ");
    first = false;
    print(item, depth + 1);
  }
  os << (open == '(' && graph.items(node).size() == 1 ? "," : "") << close;
}

void LiteralPrinter::printDict(NodeId node, unsigned depth) {
  os << '{';
  for (size_t i = 0; i < graph.dictSize(node); ++i) {
    os << (i ? ", " : "");
    print(graph.dictKey(node, i), depth + 1);
    os << ": ";
    print(graph.dictValue(node, i), depth + 1);
  }
  os << '}';
}

void LiteralPrinter::printDimension(const archive::TensorRecord &tensor, size_t dim,
                                    int64_t offset) {
  if (dim == tensor.sizes.size()) {
    ElementReader reader(graph.storage(tensor.storage), tensor, offset);
    bool single = dtypeBytes(toReal(tensor.dtype)) <= 4;
    if (tensor.dtype == DType::Bool)
      os << (reader.integer() ? "True" : "False");
    else if (reader.isInteger())
      os << reader.integer();
    else if (isComplex(tensor.dtype))
      printComplex(os, reader.number(), single);
    else
      printFloat(os, reader.number().real(), single);
    return;
  }
  int64_t size = tensor.sizes[dim];
  bool cut = tensor.elementCount() > kWholeUpTo && size > 2 * kEdge;
  os << '[';
  for (int64_t i = 0; i < size; ++i) {
    if (cut && i == kEdge) {
      os << ", ...";
      i = size - kEdge;
    }
    if (i)
      os << (dim + 1 < tensor.sizes.size() ? ",\n" : ", ")
         << std::string(dim + 1 < tensor.sizes.size() ? 8 + dim : 0, ' ');
    printDimension(tensor, dim + 1, offset + i * tensor.strides[dim]);
  }
  os << ']';
}

void LiteralPrinter::printTensor(NodeId node) {
  const archive::TensorRecord &tensor = graph.tensor(node);
  const DTypeInfo *info = findDType(tensor.dtype);
  if (tensor.layout != archive::Layout::Strided || tensor.storage == UINT32_MAX) {
    os << "tensor(<sparse>)";
    return;
  }
  os << "tensor(";
  if (tensor.elementCount() == 0)
    os << "[]";
  else
    printDimension(tensor, 0, 0);
  if (tensor.elementCount() == 0 && tensor.sizes.size() != 1) {
    os << ", size=(";
    for (int64_t size : tensor.sizes)
      os << size << ", ";
    os << ')';
  }
  os << ", dtype=" << (info ? info->torchName : "?");
  if (tensor.quantization && tensor.quantization->axis < 0)
    os << ", scale=" << tensor.quantization->scale
       << ", zero_point=" << tensor.quantization->zeroPoint;
  os << ')';
}

void LiteralPrinter::print(NodeId node, unsigned depth) {
  if (depth > archive::kMaxNesting) {
    os << "...";
    return;
  }
  switch (graph.kind(node)) {
  case NodeKind::None:
    os << "None";
    return;
  case NodeKind::Bool:
    os << (graph.boolean(node) ? "True" : "False");
    return;
  case NodeKind::Int:
  case NodeKind::DType:
  case NodeKind::Layout:
  case NodeKind::MemoryFormat:
  case NodeKind::QScheme:
    os << graph.integer(node);
    return;
  case NodeKind::Float:
    return printFloat(os, graph.real(node), false);
  case NodeKind::Complex:
    return printComplex(os, graph.complex(node), false);
  case NodeKind::String:
  case NodeKind::Device:
    return printString(os, graph.text(node));
  case NodeKind::List:
    return printItems(node, '[', ']', depth);
  case NodeKind::Tuple:
    return printItems(node, '(', ')', depth);
  case NodeKind::Dict:
    return printDict(node, depth);
  case NodeKind::Tensor:
    return printTensor(node);
  case NodeKind::Object:
  case NodeKind::Enum:
    os << graph.typeText(node) << '(';
    if (graph.state(node) != archive::kNoNode)
      print(graph.state(node), depth + 1);
    os << ')';
    return;
  default:
    os << archive::kindName(graph.kind(node));
  }
}

void printValue(const archive::ValueGraph &graph, NodeId node, raw_ostream &os) {
  LiteralPrinter(graph, os).print(node, 0);
}

} // namespace tsc
