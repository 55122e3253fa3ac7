// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Signature.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

static constexpr unsigned kDepthLimit = 64;

namespace {
class TypeReader {
public:
  TypeReader(StringRef text, std::string &error) : rest(text), error(error) {}
  std::optional<SignatureType> readWhole() {
    std::optional<SignatureType> type = read(0);
    skipSpace();
    if (type && !rest.empty())
      return fail("found '" + rest + "' after the type");
    return type;
  }

private:
  std::optional<SignatureType> read(unsigned depth);
  std::optional<SignatureType> readTensor(StringRef word, DType dtype);
  std::optional<SignatureType> readParameters(SignatureType type, char close, unsigned depth);
  bool readDim(SignatureDim &dim);
  bool readBounds(SignatureDim &dim);
  std::nullopt_t fail(const Twine &text) {
    error = text.str();
    return std::nullopt;
  }
  void skipSpace() { rest = rest.ltrim(); }
  bool take(StringRef token) {
    skipSpace();
    return rest.consume_front(token);
  }
  StringRef word() {
    skipSpace();
    StringRef w = rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
    rest = rest.drop_front(w.size());
    return w;
  }

  StringRef rest;
  std::string &error;
};
} // namespace

static std::optional<DType> findShortDType(StringRef word) {
  for (const DTypeInfo &row : kDTypes)
    if (word == row.shortName && row.dtype != DType::Bool)
      return row.dtype;
  return std::nullopt;
}

bool TypeReader::readBounds(SignatureDim &dim) {
  if (!take("="))
    return true;
  skipSpace();
  if (rest.consumeInteger(10, dim.low) || !take("..") || rest.consumeInteger(10, dim.high) ||
      dim.low < 0 || dim.high < dim.low)
    return (void)fail("size '" + dim.name + "': expected bounds such as 1..64"), false;
  return true;
}

bool TypeReader::readDim(SignatureDim &dim) {
  skipSpace();
  if (take("?"))
    return true;
  if (!rest.empty() && isDigit(rest.front())) {
    dim.kind = SignatureDim::Fixed;
    StringRef digits = rest.take_while(isDigit);
    if (rest.consumeInteger(10, dim.size) || dim.size < 0)
      return (void)fail("size " + digits + " is too large"), false;
    return true;
  }
  dim.name = word().str();
  dim.kind = SignatureDim::Named;
  if (dim.name.empty())
    return (void)fail("found '" + rest + "', expected a size: a number, ? or a name"), false;
  return readBounds(dim);
}

std::optional<SignatureType> TypeReader::readTensor(StringRef word, DType dtype) {
  SignatureType type;
  type.dtype = dtype;
  if (!take("["))
    return type; // 0-d
  if (take("..")) {
    type.anyRank = true;
    if (!take("]"))
      return fail("found '" + rest + "', expected ']' after '..'");
    return type;
  }
  if (take("]"))
    return type;
  do {
    type.dims.emplace_back();
    if (!readDim(type.dims.back()))
      return std::nullopt;
    if (type.dims.size() > 64)
      return fail("more than 64 sizes");
  } while (take(","));
  if (!take("]"))
    return fail("found '" + rest + "', expected ',' or ']' in the sizes of " + word);
  return type;
}

std::optional<SignatureType> TypeReader::readParameters(SignatureType type, char close,
                                                        unsigned depth) {
  while (!take(StringRef(&close, 1))) {
    if (!type.parameters.empty() && !take(","))
      return fail("found '" + rest + "', expected ',' or '" + Twine(close) + "'");
    if (take(StringRef(&close, 1)))
      return type;
    std::optional<SignatureType> parameter = read(depth + 1);
    if (!parameter)
      return std::nullopt;
    type.parameters.push_back(std::move(*parameter));
  }
  return type;
}

std::optional<SignatureType> TypeReader::read(unsigned depth) {
  if (depth > kDepthLimit)
    return fail("the type is nested too deeply");
  SignatureType type;
  if (take("(")) {
    type.kind = SignatureType::Tuple;
    return readParameters(std::move(type), ')', depth);
  }
  StringRef w = word();
  if (w == "list" || w == "dict") {
    type.kind = w == "list" ? SignatureType::List : SignatureType::Dict;
    size_t wanted = w == "list" ? 1 : 2;
    if (!take("["))
      return fail("found '" + rest + "', expected '[' after " + w);
    std::optional<SignatureType> made = readParameters(std::move(type), ']', depth);
    if (made && made->parameters.size() != wanted)
      return fail(w + " has " + Twine(made->parameters.size()) + " types, expected " +
                  Twine(wanted));
    return made;
  }
  static constexpr std::pair<StringLiteral, SignatureType::Kind> kScalars[] = {
      {"int", SignatureType::Int},   {"float", SignatureType::Float},
      {"bool", SignatureType::Bool}, {"complex", SignatureType::Complex},
      {"str", SignatureType::Str},   {"none", SignatureType::None}};
  // `bool[2]` is a tensor, `bool` a plain value.
  if (w == "bool" && rest.starts_with("["))
    return readTensor(w, DType::Bool);
  for (const auto &[name, kind] : kScalars)
    if (w == name) {
      type.kind = kind;
      return type;
    }
  if (std::optional<DType> dtype = findShortDType(w))
    return readTensor(w, *dtype);
  return fail("found '" + (w.empty() ? rest : w) +
              "', expected a type: a dtype such as f32, list, dict, (, int, float, bool, "
              "complex or str");
}

std::optional<SignatureType> parseSignatureType(StringRef text, std::string &error) {
  return TypeReader(text, error).readWhole();
}

std::optional<InputSignature> parseInputSignature(StringRef text, std::string &error) {
  auto [place, rest] = text.split(':');
  place = place.trim();
  if (rest.empty()) {
    error = "found '" + text.str() + "', expected NAME:TYPE";
    return std::nullopt;
  }
  InputSignature signature;
  if (place.contains('.')) {
    signature.method = place.split('.').first.str();
    place = place.split('.').second;
  }
  if (place.empty() || place.contains('.')) {
    error = "found '" + text.split(':').first.str() + "', expected an argument's name or position";
    return std::nullopt;
  }
  if (place.getAsInteger(10, signature.position)) {
    signature.position = -1;
    signature.argument = place.str();
  }
  // A fixed value comes behind '=' outside of brackets; inside, '=' gives bounds.
  unsigned depth = 0;
  size_t end = 0;
  for (; end < rest.size() && !(rest[end] == '=' && depth == 0); ++end)
    depth +=
        (rest[end] == '[' || rest[end] == '(') - (depth && (rest[end] == ']' || rest[end] == ')'));
  if (end < rest.size())
    signature.value = rest.drop_front(end + 1).str();
  std::optional<SignatureType> type = parseSignatureType(rest.take_front(end), error);
  if (!type)
    return std::nullopt;
  signature.type = std::move(*type);
  return signature;
}

std::optional<VersionSignature> parseVersionSignature(StringRef text, std::string &error) {
  VersionSignature version;
  if (!text.contains(':')) {
    for (StringRef part : split(text, ",")) {
      auto [name, number] = part.split('=');
      int64_t size = 0;
      if (name.trim().empty() || number.trim().getAsInteger(10, size) || size < 0) {
        error = "found '" + part.str() + "', expected NAME:TYPE or a size such as N=8";
        return std::nullopt;
      }
      version.sizes[name.trim().str()] = size;
    }
    return version;
  }
  for (StringRef part : split(text, ";")) {
    std::optional<InputSignature> input = parseInputSignature(part.trim(), error);
    if (!input)
      return std::nullopt;
    version.inputs.push_back(std::move(*input));
  }
  return version;
}

bool substituteSizes(SignatureType &type, const std::map<std::string, int64_t> &sizes,
                     std::string &error) {
  for (SignatureDim &dim : type.dims) {
    auto found = dim.kind == SignatureDim::Named ? sizes.find(dim.name) : sizes.end();
    if (found == sizes.end())
      continue;
    int64_t size = found->second;
    if (dim.high >= 0 && (size < dim.low || size > dim.high)) {
      error = "size " + std::to_string(size) + " is not in " + dim.name + "=" +
              std::to_string(dim.low) + ".." + std::to_string(dim.high);
      return false;
    }
    dim = {SignatureDim::Fixed, size, "", 0, -1};
  }
  return llvm::all_of(type.parameters, [&](SignatureType &parameter) {
    return substituteSizes(parameter, sizes, error);
  });
}

static std::string dimText(const SignatureDim &dim) {
  if (dim.kind == SignatureDim::Fixed)
    return std::to_string(dim.size);
  if (dim.kind == SignatureDim::Any)
    return "?";
  return dim.high < 0 ? dim.name
                      : dim.name + "=" + std::to_string(dim.low) + ".." + std::to_string(dim.high);
}

std::string signatureText(const SignatureType &type) {
  auto join = [&](StringRef open, StringRef close) {
    std::string text = open.str();
    for (size_t i = 0; i < type.parameters.size(); ++i)
      text += (i ? "," : "") + signatureText(type.parameters[i]);
    return text + close.str();
  };
  switch (type.kind) {
  case SignatureType::List:
    return join("list[", "]");
  case SignatureType::Dict:
    return join("dict[", "]");
  case SignatureType::Tuple:
    return join("(", ")");
  case SignatureType::Int:
    return "int";
  case SignatureType::Float:
    return "float";
  case SignatureType::Bool:
    return "bool";
  case SignatureType::Complex:
    return "complex";
  case SignatureType::Str:
    return "str";
  case SignatureType::None:
    return "none";
  case SignatureType::Tensor:
    break;
  }
  const DTypeInfo *info = findDType(type.dtype);
  std::string text = std::string(info ? info->shortName : "?") + "[";
  if (type.anyRank)
    return text + "..]";
  for (size_t i = 0; i < type.dims.size(); ++i)
    text += (i ? "," : "") + dimText(type.dims[i]);
  return text + "]";
}

/// Makes `into` cover `other` too; false when no signature covers both.
static bool merge(SignatureType &into, const SignatureType &other) {
  if (into.kind != other.kind || into.dtype != other.dtype ||
      into.parameters.size() != other.parameters.size() || into.dims.size() != other.dims.size())
    return false;
  for (size_t i = 0; i < into.dims.size(); ++i)
    if (into.dims[i].kind != SignatureDim::Fixed || other.dims[i].kind != SignatureDim::Fixed ||
        into.dims[i].size != other.dims[i].size)
      into.dims[i] = {};
  for (size_t i = 0; i < into.parameters.size(); ++i)
    if (!merge(into.parameters[i], other.parameters[i]))
      return false;
  return true;
}

static std::optional<SignatureType> signatureOf(const archive::ValueGraph &graph, NodeId node,
                                                unsigned depth);

/// One signature for every `step`th item from `first`.
static bool mergeItems(const archive::ValueGraph &graph, NodeId node, size_t first, size_t step,
                       SignatureType &type, unsigned depth) {
  ArrayRef<NodeId> items = graph.items(node);
  std::optional<SignatureType> all;
  for (size_t i = first; i < items.size(); i += step) {
    std::optional<SignatureType> one = signatureOf(graph, items[i], depth + 1);
    if (!one || (all && !merge(*all, *one)))
      return false;
    if (!all)
      all = std::move(one);
  }
  if (all)
    type.parameters.push_back(std::move(*all));
  return all.has_value();
}

static SignatureType tensorSignature(const archive::TensorRecord &tensor) {
  SignatureType type;
  type.dtype = tensor.dtype;
  for (int64_t size : tensor.sizes) {
    SignatureDim dim;
    dim.kind = SignatureDim::Fixed;
    dim.size = size;
    type.dims.push_back(dim);
  }
  return type;
}

static std::optional<SignatureType> signatureOf(const archive::ValueGraph &graph, NodeId node,
                                                unsigned depth) {
  if (depth > kDepthLimit)
    return std::nullopt;
  SignatureType type;
  switch (graph.kind(node)) {
  case NodeKind::Tensor:
    return tensorSignature(graph.tensor(node));
  case NodeKind::Int:
    return type.kind = SignatureType::Int, type;
  case NodeKind::Float:
    return type.kind = SignatureType::Float, type;
  case NodeKind::Bool:
    return type.kind = SignatureType::Bool, type;
  case NodeKind::Complex:
    return type.kind = SignatureType::Complex, type;
  case NodeKind::String:
    return type.kind = SignatureType::Str, type;
  case NodeKind::None:
    return type.kind = SignatureType::None, type;
  case NodeKind::List:
    type.kind = SignatureType::List;
    return mergeItems(graph, node, 0, 1, type, depth) ? std::optional(type) : std::nullopt;
  case NodeKind::Dict:
    type.kind = SignatureType::Dict;
    return mergeItems(graph, node, 0, 2, type, depth) && mergeItems(graph, node, 1, 2, type, depth)
               ? std::optional(type)
               : std::nullopt;
  case NodeKind::Tuple:
    type.kind = SignatureType::Tuple;
    for (NodeId item : graph.items(node)) {
      std::optional<SignatureType> field = signatureOf(graph, item, depth + 1);
      if (!field)
        return std::nullopt;
      type.parameters.push_back(std::move(*field));
    }
    return type;
  default:
    return std::nullopt;
  }
}

std::optional<SignatureType> signatureOf(const archive::ValueGraph &graph, NodeId node) {
  return signatureOf(graph, node, 0);
}

} // namespace tsc
