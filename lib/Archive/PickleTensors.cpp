// SPDX-License-Identifier: Apache-2.0
// Tensors as pickles describe them: dense, quantized and sparse, in the forms of both TorchScript
// and torch.save.
#include "Pickle.h"

#include "tsc/Common/Tensor.h"

using namespace llvm;

namespace tsc::archive {

bool PickleReader::readSizes(NodeId tuple, SmallVectorImpl<int64_t> &out) {
  NodeKind kind = graph.kind(tuple);
  if (kind != NodeKind::Tuple && kind != NodeKind::List)
    return operand("a tensor", "a tuple of sizes");
  if (graph.items(tuple).size() > static_cast<size_t>(kMaxRank))
    return engine.report(where, Diag::TensorRank, tensorName(), graph.items(tuple).size(),
                         kMaxRank),
           false;
  for (NodeId item : graph.items(tuple)) {
    if (graph.kind(item) != NodeKind::Int)
      return operand("a tensor", "sizes and strides of type int");
    out.push_back(graph.integer(item));
  }
  return true;
}

/// {"conj": True, "neg": True}: what the bytes still have to go through.
bool PickleReader::readMetadata(NodeId dict, TensorRecord &record) {
  if (graph.isNone(dict))
    return true;
  if (graph.kind(dict) != NodeKind::Dict)
    return operand("a tensor", "a dict of metadata");
  for (size_t i = 0; i < graph.dictSize(dict); ++i) {
    NodeId key = graph.dictKey(dict, i), value = graph.dictValue(dict, i);
    if (graph.kind(key) != NodeKind::String || graph.kind(value) != NodeKind::Bool)
      return operand("a tensor", "metadata of str and bool");
    if (graph.text(key) == "conj")
      record.conjugate = graph.boolean(value);
    else if (graph.text(key) == "neg")
      record.negative = graph.boolean(value);
  }
  return true;
}

bool PickleReader::readQuantization(NodeId tuple, TensorRecord &record) {
  record.quantization = std::make_unique<Quantization>();
  Quantization &q = *record.quantization;
  auto fail = [&](StringRef why) {
    return engine.report(where, Diag::QuantizationInvalid, tensorName(), why), false;
  };
  if (graph.kind(tuple) != NodeKind::Tuple || graph.items(tuple).empty())
    return fail("they are not a tuple");
  ArrayRef<NodeId> items = graph.items(tuple);
  NodeKind first = graph.kind(items[0]);
  if (first != NodeKind::Int && first != NodeKind::QScheme)
    return fail("the first is not a qscheme");
  int64_t scheme = graph.integer(items[0]);
  if (scheme < 0 || scheme > static_cast<int64_t>(QScheme::PerChannelAffineFloatQParams))
    return fail("the first is not a qscheme");
  q.scheme = static_cast<QScheme>(scheme);
  if (q.scheme == QScheme::PerTensorAffine || q.scheme == QScheme::PerTensorSymmetric) {
    if (items.size() != 3 || graph.kind(items[1]) != NodeKind::Float ||
        graph.kind(items[2]) != NodeKind::Int)
      return fail("expected a float scale and an int zero point");
    q.scale = graph.real(items[1]);
    q.zeroPoint = graph.integer(items[2]);
    return true;
  }
  if (items.size() != 4 || graph.kind(items[3]) != NodeKind::Int)
    return fail("expected scales, zero points and an axis");
  int64_t axis = graph.integer(items[3]);
  q.axis = axis < 0 ? INT64_MAX : axis;
  for (int i : {1, 2}) {
    std::vector<double> &out = i == 1 ? q.scales : q.zeroPoints;
    size_t count = graph.kind(items[i]) == NodeKind::List ? graph.items(items[i]).size() : 0;
    if (graph.kind(items[i]) == NodeKind::Tensor)
      count = graph.tensor(items[i]).elementCount();
    if (count > channelBudget)
      return fail("there are too many scales");
    channelBudget -= count;
    if (graph.kind(items[i]) == NodeKind::Tensor) {
      if (!table.numbers(items[i], out))
        return fail("scales and zero points must be tensors of one dimension");
      continue;
    }
    if (graph.kind(items[i]) != NodeKind::List)
      return fail("scales and zero points must be tensors of one dimension");
    for (NodeId item : graph.items(items[i])) { // written so by torch.save before 1.4
      if (graph.kind(item) != NodeKind::Float && graph.kind(item) != NodeKind::Int)
        return fail("scales and zero points must be numbers");
      out.push_back(graph.kind(item) == NodeKind::Float ? graph.real(item)
                                                        : static_cast<double>(graph.integer(item)));
    }
  }
  return true;
}

/// (storage, offset, sizes, strides[, quantization], requires grad, hooks[, dtype][, metadata])
NodeId PickleReader::applyTensor(Callable callable, ArrayRef<NodeId> args) {
  bool quantized = callable == Callable::QTensor, untyped = callable == Callable::TensorV3;
  size_t least = callable == Callable::Tensor ? 4 : quantized || untyped ? 7 : 6;
  bool optional = callable == Callable::TensorV2 || untyped;
  std::string name = tensorName();
  if (args.size() < least || args.size() > least + (optional ? 1 : 0) ||
      graph.kind(args[0]) != NodeKind::StorageRef || graph.kind(args[1]) != NodeKind::Int)
    return badCall(name, "a storage, an offset, sizes and strides");
  TensorRecord record;
  record.storage = graph.integer(args[0]);
  record.offset = graph.integer(args[1]);
  record.dtype = graph.storage(record.storage).dtype;
  if (!readSizes(args[2], record.sizes) || !readSizes(args[3], record.strides))
    return kNoNode;
  if (callable != Callable::Tensor) {
    NodeId grad = args[quantized ? 5 : 4];
    if (graph.kind(grad) != NodeKind::Bool)
      return badCall(name, "a bool requires_grad");
    record.requiresGrad = graph.boolean(grad);
  }
  if (untyped) {
    if (graph.kind(args[6]) != NodeKind::DType && graph.kind(args[6]) != NodeKind::Int)
      return badCall(name, "a dtype");
    DType dtype = static_cast<DType>(graph.integer(args[6]));
    if (record.dtype != DType::Undefined && record.dtype != dtype)
      return badCall(name, "the dtype of its storage");
    record.dtype = findDType(graph.integer(args[6])) ? dtype : DType::Undefined;
  }
  if (!findDType(record.dtype))
    return badCall(name, "a dtype");
  if (args.size() > least && !readMetadata(args.back(), record))
    return kNoNode;
  if (!table.check(record, name, where))
    return kNoNode;
  if (quantized &&
      (!readQuantization(args[4], record) || !table.checkQuantization(record, name, where)))
    return kNoNode;
  ++tensorCount;
  return graph.makeTensor(std::move(record));
}

NodeId PickleReader::applySparse(ArrayRef<NodeId> args) {
  std::string name = tensorName();
  auto isLayout = [&](NodeId id) {
    return graph.kind(id) == NodeKind::Int || graph.kind(id) == NodeKind::Layout;
  };
  if (args.empty() || !isLayout(args[0]))
    return badCall(name, "a layout");
  TensorRecord record;
  int64_t layout = graph.integer(args[0]);
  if (layout < 1 || layout > 6 || layout == 3) {
    engine.report(where, Diag::SparseUnsupported, name, layout);
    return kNoNode;
  }
  record.layout = static_cast<Layout>(layout);
  size_t parts = record.layout == Layout::SparseCOO ? 2 : 3;
  NodeId sizes = kNoNode;
  if (args.size() == 2 && graph.kind(args[1]) == NodeKind::Tuple) {
    // torch.save: (layout, (parts.., size[, is coalesced]))
    ArrayRef<NodeId> data = graph.items(args[1]);
    if (data.size() < parts + 1 || data.size() > parts + 2)
      return badCall(name, "the parts of a sparse tensor");
    record.parts.assign(data.begin(), data.begin() + parts);
    sizes = data[parts];
    record.coalesced = data.size() > parts + 1 && graph.kind(data[parts + 1]) == NodeKind::Bool &&
                       graph.boolean(data[parts + 1]);
  } else {
    // TorchScript: (layout, size, requires grad, parts.., hooks)
    if (args.size() < parts + 3 || args.size() > parts + 4 || graph.kind(args[2]) != NodeKind::Bool)
      return badCall(name, "the parts of a sparse tensor");
    sizes = args[1];
    record.requiresGrad = graph.boolean(args[2]);
    record.parts.assign(args.begin() + 3, args.begin() + 3 + parts);
  }
  SmallVector<int64_t, 8> numbers;
  if (!readSizes(sizes, numbers))
    return kNoNode;
  record.sizes.assign(numbers.begin(), numbers.end());
  if (!table.checkSparse(record, name, where))
    return kNoNode;
  record.dtype = graph.tensor(record.parts.back()).dtype;
  ++tensorCount;
  return graph.makeTensor(std::move(record));
}

NodeId PickleReader::applyParameter(ArrayRef<NodeId> args) {
  if (args.size() < 3 || graph.kind(args[0]) != NodeKind::Tensor ||
      graph.kind(args[1]) != NodeKind::Bool)
    return badCall("_rebuild_parameter", "a tensor and a bool");
  TensorRecord &record = graph.tensors[graph.nodes[args[0]].payload.index];
  record.isParameter = true;
  record.requiresGrad = graph.boolean(args[1]);
  return args[0];
}

} // namespace tsc::archive
