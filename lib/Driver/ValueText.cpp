// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/ValueText.h"

#include "tsc/Archive/ValueFile.h"
#include "tsc/Driver/Signature.h"
#include "tsc/Python/Parser.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Casting.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;
using tsc::archive::kNoNode;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

// ---- Copies between graphs
namespace {
class Copier {
public:
  Copier(const archive::ValueGraph &from, archive::ValueGraph &to) : from(from), to(to) {}
  /// Nested at most as deep as the reader or writer of `from` let it be.
  NodeId copyOf(NodeId node) {
    if (auto at = nodes.find(node); at != nodes.end())
      return at->second;
    NodeId copy = copyNew(node);
    nodes[node] = copy;
    return copy;
  }

private:
  const archive::ValueGraph &from;
  archive::ValueGraph &to;
  DenseMap<NodeId, NodeId> nodes;
  DenseMap<uint32_t, uint32_t> storages;

  uint32_t copyStorage(uint32_t index) {
    auto [at, isNew] = storages.try_emplace(index, 0);
    if (!isNew)
      return at->second;
    archive::Storage storage = from.storage(index);
    MutableArrayRef<uint8_t> bytes = to.ownBytes(storage.bytes.size());
    if (!storage.bytes.empty())
      std::memcpy(bytes.data(), storage.bytes.data(), bytes.size());
    storage.bytes = bytes;
    uint32_t copy = to.addStorage(std::move(storage));
    storages[index] = copy;
    return copy;
  }

  NodeId copyTensor(NodeId node) {
    const archive::TensorRecord &t = from.tensor(node);
    archive::TensorRecord copy;
    copy.dtype = t.dtype, copy.layout = t.layout, copy.requiresGrad = t.requiresGrad,
    copy.isParameter = t.isParameter;
    copy.conjugate = t.conjugate, copy.negative = t.negative, copy.offset = t.offset,
    copy.coalesced = t.coalesced;
    copy.sizes = t.sizes, copy.strides = t.strides;
    if (t.storage != UINT32_MAX)
      copy.storage = copyStorage(t.storage);
    if (t.quantization)
      copy.quantization = std::make_unique<archive::Quantization>(*t.quantization);
    for (NodeId part : t.parts)
      copy.parts.push_back(copyOf(part));
    return to.makeTensor(std::move(copy));
  }

  NodeId copyNew(NodeId node) {
    switch (from.kind(node)) {
    case NodeKind::Bool:
      return to.makeBool(from.boolean(node));
    case NodeKind::Int:
      return to.makeInt(from.integer(node));
    case NodeKind::DType:
    case NodeKind::Layout:
    case NodeKind::MemoryFormat:
    case NodeKind::QScheme:
      return to.makeNumberLike(from.kind(node), from.integer(node));
    case NodeKind::Float:
      return to.makeFloat(from.real(node));
    case NodeKind::Complex:
      return to.makeComplex(from.complex(node));
    case NodeKind::String:
      return to.makeString(from.text(node));
    case NodeKind::Device:
      return to.makeDevice(from.text(node));
    case NodeKind::List:
    case NodeKind::Tuple:
    case NodeKind::Dict: {
      SmallVector<NodeId> items;
      for (NodeId item : from.items(node))
        items.push_back(copyOf(item));
      StringRef type = from.kind(node) == NodeKind::Tuple ? StringRef() : from.typeText(node);
      return to.makeContainer(from.kind(node), items, type);
    }
    case NodeKind::Tensor:
      return copyTensor(node);
    case NodeKind::Object:
      return to.makeObject(from.typeText(node),
                           from.state(node) == kNoNode ? kNoNode : copyOf(from.state(node)));
    case NodeKind::Enum:
      return to.makeEnum(from.typeText(node), copyOf(from.state(node)));
    default:
      return to.none();
    }
  }
};
} // namespace

NodeId copyNode(const archive::ValueGraph &from, NodeId node, archive::ValueGraph &to) {
  return Copier(from, to).copyOf(node);
}

// ---- Literals
namespace {
class LiteralReader {
public:
  LiteralReader(archive::ValueGraph &graph, const std::string &name, DiagnosticEngine &engine)
      : graph(graph), name(name), engine(engine) {}
  NodeId read(const python::Expr &expr);

private:
  NodeId readCall(const python::Call &call);
  NodeId readItems(NodeKind kind, python::ExprList items);
  NodeId readDict(const python::Dict &dict);
  bool readNumber(const python::Expr &expr, std::complex<double> &number, bool &isComplex);
  NodeId fail(const python::Expr &expr) {
    engine.report({}, Diag::BadValue, name,
                  "found " + python::describe(expr).str() + ", expected a Python literal");
    return kNoNode;
  }

  archive::ValueGraph &graph;
  const std::string &name;
  DiagnosticEngine &engine;
};
} // namespace

bool LiteralReader::readNumber(const python::Expr &expr, std::complex<double> &number,
                               bool &isComplex) {
  if (auto *i = dyn_cast<python::IntLiteral>(&expr))
    return number = static_cast<double>(i->value), true;
  if (auto *f = dyn_cast<python::FloatLiteral>(&expr))
    return number = f->value, true;
  if (auto *j = dyn_cast<python::ImaginaryLiteral>(&expr))
    return number = {0, j->value}, isComplex = true;
  if (auto *n = dyn_cast<python::Name>(&expr)) {
    number = n->id == "nan" ? std::numeric_limits<double>::quiet_NaN()
                            : std::numeric_limits<double>::infinity();
    return n->id == "nan" || n->id == "inf";
  }
  if (auto *u = dyn_cast<python::Unary>(&expr)) {
    if (u->op != python::UnaryOp::Neg || !readNumber(*u->operand, number, isComplex))
      return false;
    number = -number;
    return true;
  }
  auto *b = dyn_cast<python::Binary>(&expr);
  std::complex<double> right;
  if (!b || (b->op != python::BinaryOp::Add && b->op != python::BinaryOp::Sub) ||
      !readNumber(*b->left, number, isComplex) || !readNumber(*b->right, right, isComplex) ||
      !isComplex)
    return false;
  number = b->op == python::BinaryOp::Add ? number + right : number - right;
  return true;
}

NodeId LiteralReader::readItems(NodeKind kind, python::ExprList items) {
  SmallVector<NodeId> nodes;
  for (const python::Expr *item : items) {
    nodes.push_back(read(*item));
    if (nodes.back() == kNoNode)
      return kNoNode;
  }
  return graph.makeContainer(kind, nodes);
}

NodeId LiteralReader::readDict(const python::Dict &dict) {
  SmallVector<NodeId> nodes;
  for (const python::DictItem &item : dict.items) {
    if (!item.key)
      return fail(dict);
    for (const python::Expr *part : {item.key, item.value}) {
      nodes.push_back(read(*part));
      if (nodes.back() == kNoNode)
        return kNoNode;
    }
  }
  return graph.makeContainer(NodeKind::Dict, nodes);
}

/// float("inf"), complex(1.0, 2.0)
NodeId LiteralReader::readCall(const python::Call &call) {
  auto *callee = dyn_cast<python::Name>(call.callee);
  if (!callee || !call.keywords.empty())
    return fail(call);
  if (callee->id == "float" && call.args.size() == 1)
    if (auto *text = dyn_cast<python::StringLiteral>(call.args[0])) {
      StringRef word = text->value;
      bool negative = word.consume_front("-");
      double x = word == "nan" ? std::numeric_limits<double>::quiet_NaN()
                               : std::numeric_limits<double>::infinity();
      if (word == "nan" || word == "inf")
        return graph.makeFloat(negative ? -x : x);
    }
  std::complex<double> re, im;
  bool isComplex = false;
  if (callee->id == "complex" && call.args.size() == 2 &&
      readNumber(*call.args[0], re, isComplex) && readNumber(*call.args[1], im, isComplex) &&
      !isComplex)
    return graph.makeComplex({re.real(), im.real()});
  return fail(call);
}

NodeId LiteralReader::read(const python::Expr &expr) {
  switch (expr.kind) {
  case python::ExprKind::IntLiteral:
    return graph.makeInt(cast<python::IntLiteral>(expr).value);
  case python::ExprKind::BoolLiteral:
    return graph.makeBool(cast<python::BoolLiteral>(expr).value);
  case python::ExprKind::NoneLiteral:
    return graph.none();
  case python::ExprKind::StringLiteral:
    return graph.makeString(cast<python::StringLiteral>(expr).value);
  case python::ExprKind::List:
    return readItems(NodeKind::List, cast<python::List>(expr).items);
  case python::ExprKind::Tuple:
    return readItems(NodeKind::Tuple, cast<python::Tuple>(expr).items);
  case python::ExprKind::Dict:
    return readDict(cast<python::Dict>(expr));
  case python::ExprKind::Call:
    return readCall(cast<python::Call>(expr));
  default: {
    std::complex<double> number;
    bool isComplex = false;
    if (!readNumber(expr, number, isComplex))
      return fail(expr);
    return isComplex ? graph.makeComplex(number) : graph.makeFloat(number.real());
  }
  }
}

static NodeId parseLiteral(StringRef text, archive::ValueGraph &graph, const std::string &name,
                           DiagnosticEngine &engine) {
  DiagnosticEngine own;
  std::unique_ptr<python::ParsedExpression> parsed =
      python::parseExpression(name, text, own, python::Dialect::Source);
  if (!parsed) {
    StringRef why = own.diagnostics().empty() ? StringRef("not a Python literal")
                                              : StringRef(own.diagnostics()[0].text);
    engine.report({}, Diag::BadValue, name, why);
    return kNoNode;
  }
  return LiteralReader(graph, name, engine).read(*parsed->expr);
}

// ---- Random tensors
namespace {
/// SplitMix64: small, and the same everywhere.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
};
} // namespace

/// The 16-bit pattern nearest to a number in [0, 1).
static uint16_t encodeSixteen(DType dtype, double x) {
  if (dtype == DType::BFloat16) {
    float f = static_cast<float>(x);
    uint32_t bits;
    std::memcpy(&bits, &f, 4);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
  if (x < 0x1p-14) // subnormal: multiples of 2^-24
    return static_cast<uint16_t>(std::nearbyint(x * 0x1p24));
  int exponent;
  double mantissa = std::frexp(x, &exponent); // in [0.5, 1)
  return static_cast<uint16_t>(((exponent + 13) << 10) +
                               static_cast<int>(std::nearbyint(mantissa * 2048)));
}

static bool storeNumber(DType dtype, uint8_t *p, double x) {
  auto put = [&](auto value) { std::memcpy(p, &value, sizeof value); };
  switch (dtype) {
  case DType::Float64:
    return put(x), true;
  case DType::Float32:
    return put(static_cast<float>(x)), true;
  case DType::Float16:
  case DType::BFloat16:
    return put(encodeSixteen(dtype, x)), true;
  case DType::Complex128:
    return put(std::complex<double>(x)), true;
  case DType::Complex64:
    return put(std::complex<float>(static_cast<float>(x))), true;
  case DType::Int64:
  case DType::UInt64:
    return put(static_cast<int64_t>(x)), true;
  case DType::Int32:
  case DType::UInt32:
    return put(static_cast<int32_t>(x)), true;
  case DType::Int16:
  case DType::UInt16:
    return put(static_cast<int16_t>(x)), true;
  case DType::Int8:
  case DType::UInt8:
    return put(static_cast<int8_t>(static_cast<int64_t>(x))), true;
  case DType::Bool:
    return put(static_cast<uint8_t>(x >= 0.5)), true;
  default:
    return false;
  }
}

/// `rand:TENSOR` and `randint:TENSOR:LOW:HIGH`.
static NodeId parseRandom(StringRef text, archive::ValueGraph &graph, const std::string &name,
                          DiagnosticEngine &engine) {
  auto bad = [&](const Twine &why) {
    return engine.report({}, Diag::BadValue, name, why.str()), kNoNode;
  };
  bool integers = text.consume_front("randint:");
  if (!integers)
    text.consume_front("rand:");
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  int64_t low = 0, high = 0;
  if (integers && (parts.size() != 3 || parts[1].getAsInteger(10, low) ||
                   parts[2].getAsInteger(10, high) || low >= high))
    return bad("expected randint:TENSOR:LOW:HIGH with LOW < HIGH");
  std::string error;
  std::optional<SignatureType> type = parseSignatureType(parts[0], error);
  if (!type)
    return bad(error);
  SmallVector<int64_t> sizes;
  int64_t count = 1;
  for (const SignatureDim &dim : type->dims) {
    if (dim.kind != SignatureDim::Fixed)
      return bad("every size must be a number");
    sizes.push_back(dim.size);
    if (__builtin_mul_overflow(count, dim.size, &count) || count > int64_t(1) << 32)
      return bad("too many elements, expected at most 2^32");
  }
  if (type->kind != SignatureType::Tensor || type->anyRank || (!integers && parts.size() != 1))
    return bad("expected a tensor such as f32[1,3,224,224]");
  MutableArrayRef<uint8_t> data;
  NodeId node = graph.makeDenseTensor(type->dtype, sizes, data);
  Random random = {static_cast<uint64_t>(count)};
  uint8_t bytes = dtypeBytes(type->dtype);
  for (int64_t i = 0; i < count; ++i) {
    double x =
        integers ? static_cast<double>(low + static_cast<int64_t>(
                                                 random.next() % static_cast<uint64_t>(high - low)))
                 : random.unit();
    if (!storeNumber(type->dtype, data.data() + i * bytes, x))
      return bad("no random numbers of this dtype");
  }
  return node;
}

NodeId parseValue(StringRef text, archive::ValueGraph &graph, const std::string &name,
                  DiagnosticEngine &engine) {
  if (text.consume_front("@")) {
    std::unique_ptr<archive::ValueFile> file = archive::readValueFile(text, engine);
    return file ? copyNode(file->graph, file->root, graph) : kNoNode;
  }
  if (text.starts_with("rand:") || text.starts_with("randint:"))
    return parseRandom(text, graph, name, engine);
  return parseLiteral(text, graph, name, engine);
}

} // namespace tsc
