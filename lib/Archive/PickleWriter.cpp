// SPDX-License-Identifier: Apache-2.0
#include "PickleWriter.h"

#include "llvm/ADT/bit.h"

using namespace llvm;

namespace tsc::archive {

/// Dtypes that have a storage class of their own in PyTorch; the others are stored untyped.
static bool hasStorageClass(DType dtype) {
  switch (dtype) {
  case DType::Undefined:
  case DType::Complex32:
  case DType::UInt16:
  case DType::UInt32:
  case DType::UInt64:
  case DType::Float8E5M2:
  case DType::Float8E4M3FN:
  case DType::Float8E5M2FNUZ:
  case DType::Float8E4M3FNUZ:
    return false;
  default:
    return findDType(dtype) != nullptr;
  }
}

bool PickleWriter::write(NodeId root) {
  out = "\x80\x02";
  if (!value(root, 0))
    return false;
  out += '.';
  return true;
}

bool PickleWriter::refuse(StringRef what) {
  return engine.report({path}, Diag::ValueNotWritable, what, "a .pt file"), false;
}

void PickleWriter::little(uint64_t number, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    out += static_cast<char>(number >> (8 * i) & 0xff);
}

void PickleWriter::remember(NodeId id) {
  uint32_t index = memo.size();
  memo[id] = index;
  out += index < 256 ? 'q' : 'r';
  little(index, index < 256 ? 1 : 4);
}

void PickleWriter::integer(int64_t number) {
  if (number >= 0 && number < 256) {
    out += 'K';
    little(number, 1);
  } else if (number >= 0 && number < 65536) {
    out += 'M';
    little(number, 2);
  } else if (number >= INT32_MIN && number <= INT32_MAX) {
    out += 'J';
    little(number, 4);
  } else {
    out += "\x8a\x08";
    little(number, 8);
  }
}

void PickleWriter::real(double number) {
  uint64_t bits = llvm::bit_cast<uint64_t>(number);
  out += 'G';
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>(bits >> shift & 0xff);
}

void PickleWriter::string(StringRef text) {
  out += 'X';
  little(text.size(), 4);
  out += text;
}

void PickleWriter::sizes(ArrayRef<int64_t> numbers) {
  out += '(';
  for (int64_t number : numbers)
    integer(number);
  out += 't';
}

void PickleWriter::global(const char *module, StringRef name) {
  out += 'c';
  out += module;
  out += '\n';
  out += name;
  out += '\n';
}

void PickleWriter::device(StringRef name) {
  auto [type, index] = name.split(':');
  int64_t number;
  global("torch", "device");
  string(type);
  if (!index.empty() && !index.getAsInteger(10, number)) {
    integer(number);
    out += '\x86';
  } else {
    out += '\x85';
  }
  out += 'R';
}

void PickleWriter::layout(int64_t number) {
  static const char *const kNames[] = {"strided",    "sparse_coo", "sparse_csr", "",
                                       "sparse_csc", "sparse_bsr", "sparse_bsc"};
  global("torch.serialization", "_get_layout");
  string(std::string("torch.") + (number >= 0 && number < 7 ? kNames[number] : ""));
  out += "\x85R";
}

/// A global of module torch by its number; refused when the table has none.
bool PickleWriter::named(ArrayRef<const char *> table, int64_t number, StringRef what) {
  if (number < 0 || static_cast<uint64_t>(number) >= table.size())
    return refuse(("an unknown " + what).str());
  global("torch", table[number]);
  return true;
}

bool PickleWriter::scalar(NodeId id) {
  static const char *const kFormats[] = {"contiguous_format", "preserve_format", "channels_last",
                                         "channels_last_3d"};
  static const char *const kSchemes[] = {"per_tensor_affine", "per_channel_affine",
                                         "per_tensor_symmetric", "per_channel_symmetric",
                                         "per_channel_affine_float_qparams"};
  switch (graph.kind(id)) {
  case NodeKind::None:
    out += 'N';
    return true;
  case NodeKind::Bool:
    out += graph.boolean(id) ? '\x88' : '\x89';
    return true;
  case NodeKind::Int:
    integer(graph.integer(id));
    return true;
  case NodeKind::Float:
    real(graph.real(id));
    return true;
  case NodeKind::Complex:
    global("__builtin__", "complex");
    real(graph.complex(id).real());
    real(graph.complex(id).imag());
    out += "\x86R";
    return true;
  case NodeKind::Device:
    device(graph.text(id));
    return true;
  case NodeKind::Layout:
    layout(graph.integer(id));
    return true;
  case NodeKind::MemoryFormat:
    return named(kFormats, graph.integer(id), "memory format");
  case NodeKind::QScheme:
    return named(kSchemes, graph.integer(id), "qscheme");
  case NodeKind::DType:
    if (!findDType(graph.integer(id)))
      return refuse("an unknown dtype");
    global("torch", findDType(graph.integer(id))->torchName);
    return true;
  default:
    return refuse(kindName(graph.kind(id)));
  }
}

bool PickleWriter::value(NodeId id, unsigned depth) {
  if (depth > kMaxNesting)
    return refuse("a value nested deeper than 1000");
  if (auto found = memo.find(id); found != memo.end()) {
    out += found->second < 256 ? 'h' : 'j';
    little(found->second, found->second < 256 ? 1 : 4);
    return true;
  }
  switch (graph.kind(id)) {
  case NodeKind::String:
    if (graph.text(id).size() > UINT32_MAX)
      return refuse("a string of 4 GB");
    string(graph.text(id));
    remember(id);
    return true;
  case NodeKind::List:
  case NodeKind::Tuple:
  case NodeKind::Dict:
    return container(id, depth);
  case NodeKind::Tensor:
    return tensor(id, depth);
  case NodeKind::Object:
  case NodeKind::Enum:
    return value(graph.state(id) == kNoNode ? graph.none() : graph.state(id), depth + 1);
  default:
    return scalar(id);
  }
}

bool PickleWriter::container(NodeId id, unsigned depth) {
  NodeKind kind = graph.kind(id);
  if (kind != NodeKind::Tuple) { // remembered while empty, as Python does
    out += kind == NodeKind::List ? ']' : '}';
    remember(id);
  }
  if (kind == NodeKind::Tuple || !graph.items(id).empty()) {
    out += '(';
    for (NodeId item : graph.items(id))
      if (!value(item, depth + 1))
        return false;
    out += kind == NodeKind::Tuple ? 't' : kind == NodeKind::List ? 'e' : 'u';
  }
  if (kind == NodeKind::Tuple)
    remember(id);
  return true;
}

bool PickleWriter::tensor(NodeId id, unsigned depth) {
  const TensorRecord &record = graph.tensor(id);
  if (record.isParameter)
    global("torch._utils", "_rebuild_parameter");
  bool ok = record.layout == Layout::Strided ? dense(record) : sparse(record, depth);
  if (!ok)
    return false;
  if (record.isParameter) {
    out += record.requiresGrad ? '\x88' : '\x89';
    global("collections", "OrderedDict");
    out += ")R\x87R";
  }
  remember(id);
  return true;
}

bool PickleWriter::storage(const TensorRecord &record, bool &untyped) {
  const Storage &storage = graph.storage(record.storage);
  untyped = !hasStorageClass(storage.dtype);
  if (!untyped && storage.dtype != record.dtype)
    return refuse("tensors of two dtypes over one typed storage");
  auto [found, isNew] = storageKeys.try_emplace(record.storage, storageOrder.size());
  if (isNew)
    storageOrder.push_back(record.storage);
  out += '(';
  string("storage");
  if (untyped)
    global("torch.storage", "UntypedStorage");
  else
    global("torch", std::string(findDType(storage.dtype)->graphName) + "Storage");
  string(std::to_string(found->second));
  string("cpu");
  integer(storage.bytes.size() / (untyped ? 1 : dtypeBytes(storage.dtype)));
  out += "tQ";
  return true;
}

bool PickleWriter::dense(const TensorRecord &record) {
  bool untyped = !hasStorageClass(graph.storage(record.storage).dtype);
  const DTypeInfo *row = findDType(record.dtype);
  if (!row)
    return refuse("a tensor of unknown dtype");
  if (untyped && record.quantization)
    return refuse("a quantized tensor over an untyped storage");
  global("torch._utils", record.quantization ? "_rebuild_qtensor"
                         : untyped           ? "_rebuild_tensor_v3"
                                             : "_rebuild_tensor_v2");
  out += '(';
  if (!storage(record, untyped))
    return false;
  integer(record.offset);
  sizes(record.sizes);
  sizes(record.strides);
  if (record.quantization)
    quantization(*record.quantization);
  out += record.requiresGrad ? '\x88' : '\x89';
  global("collections", "OrderedDict");
  out += ")R";
  if (untyped)
    global("torch", row->torchName);
  if (record.conjugate || record.negative) {
    out += "}(";
    if (record.conjugate) {
      string("conj");
      out += '\x88';
    }
    if (record.negative) {
      string("neg");
      out += '\x88';
    }
    out += 'u';
  }
  out += "tR";
  return true;
}

void PickleWriter::vector(ArrayRef<double> numbers, bool asFloats) {
  // A record of its own, numbered behind those of the graph's storages.
  std::string data;
  for (double number : numbers) {
    uint64_t bits = asFloats ? llvm::bit_cast<uint64_t>(number)
                             : static_cast<uint64_t>(static_cast<int64_t>(number));
    for (unsigned i = 0; i < 8; ++i)
      data += static_cast<char>(bits >> (8 * i) & 0xff);
  }
  extra.push_back(std::move(data));
  global("torch._utils", "_rebuild_tensor_v2");
  out += "((";
  string("storage");
  global("torch", asFloats ? "DoubleStorage" : "LongStorage");
  string("q" + std::to_string(extra.size() - 1));
  string("cpu");
  integer(numbers.size());
  out += "tQK";
  out += '\0';
  sizes(static_cast<int64_t>(numbers.size()));
  sizes(static_cast<int64_t>(1));
  out += '\x89';
  global("collections", "OrderedDict");
  out += ")RtR";
}

void PickleWriter::quantization(const Quantization &q) {
  out += '(';
  if (q.axis < 0) {
    global("torch", "per_tensor_affine");
    real(q.scale);
    integer(q.zeroPoint);
  } else {
    bool floats = q.scheme == QScheme::PerChannelAffineFloatQParams;
    global("torch", floats ? "per_channel_affine_float_qparams" : "per_channel_affine");
    vector(q.scales, true);
    vector(q.zeroPoints, floats);
    integer(q.axis);
  }
  out += 't';
}

bool PickleWriter::sparse(const TensorRecord &record, unsigned depth) {
  global("torch._utils", "_rebuild_sparse_tensor");
  layout(static_cast<int64_t>(record.layout));
  out += '(';
  for (NodeId part : record.parts)
    if (!value(part, depth + 1))
      return false;
  sizes(record.sizes);
  if (record.layout == Layout::SparseCOO)
    out += record.coalesced ? '\x88' : '\x89';
  out += "t\x86R";
  return true;
}

} // namespace tsc::archive
