// SPDX-License-Identifier: Apache-2.0
// The closed list of globals that a pickle may name, and what REDUCE makes of each.
#include "Pickle.h"

using namespace llvm;

namespace tsc::archive {

struct PickleReader::GlobalRow {
  const char *module, *name;
  Callable callable;
};

namespace {
struct NamedNumber {
  const char *name;
  int64_t number;
};
} // namespace

static const NamedNumber kLayouts[] = {{"strided", 0},    {"sparse_coo", 1}, {"sparse_csr", 2},
                                       {"sparse_csc", 4}, {"sparse_bsr", 5}, {"sparse_bsc", 6}};
static const NamedNumber kQSchemes[] = {{"per_tensor_affine", 0},
                                        {"per_channel_affine", 1},
                                        {"per_tensor_symmetric", 2},
                                        {"per_channel_symmetric", 3},
                                        {"per_channel_affine_float_qparams", 4}};
static const NamedNumber kMemoryFormats[] = {{"contiguous_format", 0},
                                             {"preserve_format", 1},
                                             {"channels_last", 2},
                                             {"channels_last_3d", 3}};

static std::optional<int64_t> findNumber(ArrayRef<NamedNumber> table, StringRef name) {
  for (const NamedNumber &row : table)
    if (name == row.name)
      return row.number;
  return std::nullopt;
}

static const DTypeInfo *findDTypeByTorchName(StringRef name) {
  for (const DTypeInfo &row : kDTypes)
    if (name == row.torchName)
      return &row;
  return nullptr;
}

/// The dtype of "FloatStorage"; Undefined for UntypedStorage, none for other names.
static std::optional<DType> storageDType(StringRef name) {
  if (!name.consume_back("Storage"))
    return std::nullopt;
  if (name == "Untyped")
    return DType::Undefined;
  for (const DTypeInfo &row : kDTypes)
    if (name == row.graphName)
      return row.dtype;
  return std::nullopt;
}

NodeId PickleReader::globalNode(Callable callable, StringRef text, int64_t extra) {
  NodeId id = graph.makeString(text);
  graph.nodes[id].kind = NodeKind::Global;
  graph.nodes[id].payload.i = extra * 256 + static_cast<int64_t>(callable);
  return id;
}

bool PickleReader::pushGlobal(StringRef module, StringRef name) {
  static const GlobalRow kRows[] = {
      {"torch._utils", "_rebuild_tensor", Callable::Tensor},
      {"torch._utils", "_rebuild_tensor_v2", Callable::TensorV2},
      {"torch._utils", "_rebuild_tensor_v3", Callable::TensorV3},
      {"torch._utils", "_rebuild_qtensor", Callable::QTensor},
      {"torch._utils", "_rebuild_sparse_tensor", Callable::SparseTensor},
      {"torch._utils", "_rebuild_parameter", Callable::Parameter},
      {"torch._utils", "_rebuild_parameter_with_state", Callable::ParameterWithState},
      {"torch._tensor", "_rebuild_from_type_v2", Callable::FromType},
      {"collections", "OrderedDict", Callable::OrderedDict},
      {"torch.jit._pickle", "build_intlist", Callable::IntList},
      {"torch.jit._pickle", "build_doublelist", Callable::FloatList},
      {"torch.jit._pickle", "build_boollist", Callable::BoolList},
      {"torch.jit._pickle", "build_tensorlist", Callable::TensorList},
      {"torch.jit._pickle", "restore_type_tag", Callable::TypeTag},
      {"torch", "device", Callable::Device},
      {"builtins", "complex", Callable::Complex},
      {"__builtin__", "complex", Callable::Complex},
      {"torch", "Size", Callable::Size},
      {"torch.serialization", "_get_layout", Callable::GetLayout},
      {"torch", "Tensor", Callable::TypeName},
      {"torch.nn.parameter", "Parameter", Callable::TypeName},
  };
  std::string full = (module + "." + name).str();
  for (const GlobalRow &row : kRows)
    if (module == row.module && name == row.name)
      return push(globalNode(row.callable, full));
  if (module == "torch" || module == "torch.storage")
    if (std::optional<DType> dtype = storageDType(name))
      return push(globalNode(Callable::StorageType, full, static_cast<int64_t>(*dtype)));
  bool script = mode == PickleMode::Script;
  if (module == "torch") {
    if (const DTypeInfo *row = findDTypeByTorchName(name))
      return push(graph.makeNumberLike(script ? NodeKind::Int : NodeKind::DType,
                                       static_cast<int64_t>(row->dtype)));
    if (std::optional<int64_t> number = findNumber(kQSchemes, name))
      return push(graph.makeNumberLike(script ? NodeKind::Int : NodeKind::QScheme, *number));
    if (std::optional<int64_t> number = findNumber(kMemoryFormats, name))
      return push(graph.makeNumberLike(script ? NodeKind::Int : NodeKind::MemoryFormat, *number));
    if (std::optional<int64_t> number = findNumber(kLayouts, name))
      return push(graph.makeNumberLike(script ? NodeKind::Int : NodeKind::Layout, *number));
  }
  bool own = module == "__torch__" || module.starts_with("__torch__.");
  if (script && own && !name.empty() && findInvalidUtf8(full) == StringRef::npos)
    return push(globalNode(Callable::Class, full));
  return engine.report(where, Diag::PickleGlobal, printable(full), opcodeAt), false;
}

NodeId PickleReader::badCall(StringRef function, StringRef what) {
  operand(("REDUCE of " + function).str(), what);
  return kNoNode;
}

NodeId PickleReader::applyClass(NodeId function, NodeId arguments) {
  // Enum members carry their value itself, not a tuple.
  NodeKind kind = graph.kind(arguments);
  if (kind != NodeKind::Int && kind != NodeKind::Float && kind != NodeKind::String)
    return badCall(printable(graph.text(function)), "an int, float or str");
  return graph.makeEnum(graph.text(function), arguments);
}

NodeId PickleReader::apply(NodeId function, NodeId arguments) {
  Callable callable = static_cast<Callable>(graph.integer(function) & 0xff);
  if (callable == Callable::Class)
    return applyClass(function, arguments);
  std::string name = printable(graph.text(function));
  if (graph.kind(arguments) != NodeKind::Tuple)
    return badCall(name, "a tuple");
  ArrayRef<NodeId> items = graph.items(arguments);
  // A copy: what is built below may move the graph's own.
  SmallVector<NodeId, 8> args(items.take_front(16));
  if (items.size() > 16)
    return badCall(name, "fewer arguments");
  auto isNumber = [&](NodeId id) {
    return graph.kind(id) == NodeKind::Float || graph.kind(id) == NodeKind::Int;
  };
  auto number = [&](NodeId id) {
    return graph.kind(id) == NodeKind::Float ? graph.real(id)
                                             : static_cast<double>(graph.integer(id));
  };
  switch (callable) {
  case Callable::OrderedDict:
    return args.empty() ? graph.makeContainer(NodeKind::Dict) : badCall(name, "no arguments");
  case Callable::IntList:
  case Callable::FloatList:
  case Callable::BoolList:
  case Callable::TensorList:
    return applyList(callable, args);
  case Callable::TypeTag:
    return applyTypeTag(args);
  case Callable::Device:
    return applyDevice(args);
  case Callable::GetLayout:
    return applyLayout(args);
  case Callable::Complex:
    if (args.size() != 2 || !isNumber(args[0]) || !isNumber(args[1]))
      return badCall(name, "two numbers");
    return graph.makeComplex({number(args[0]), number(args[1])});
  case Callable::Size:
    if (args.size() != 1 || graph.kind(args[0]) != NodeKind::Tuple)
      return badCall(name, "a tuple");
    return args[0];
  case Callable::FromType:
    return applyFromType(args);
  case Callable::Parameter:
  case Callable::ParameterWithState:
    return applyParameter(args);
  case Callable::SparseTensor:
    return applySparse(args);
  case Callable::Tensor:
  case Callable::TensorV2:
  case Callable::TensorV3:
  case Callable::QTensor:
    return applyTensor(callable, args);
  default:
    return badCall(name, "a function");
  }
}

NodeId PickleReader::applyList(Callable callable, ArrayRef<NodeId> args) {
  NodeKind element = callable == Callable::IntList     ? NodeKind::Int
                     : callable == Callable::FloatList ? NodeKind::Float
                     : callable == Callable::BoolList  ? NodeKind::Bool
                                                       : NodeKind::Tensor;
  StringRef name = kindName(element);
  std::string type = ("List[" + name + "]").str();
  if (args.size() != 1 || graph.kind(args[0]) != NodeKind::List)
    return badCall("a typed list", "a list");
  if (graph.typeText(args[0]) == type)
    return args[0];
  for (NodeId item : graph.items(args[0]))
    if (graph.kind(item) != element)
      return badCall(type, ("items of type " + name).str());
  graph.nodes[args[0]].text = graph.addText(type);
  return args[0];
}

NodeId PickleReader::applyTypeTag(ArrayRef<NodeId> args) {
  if (args.size() != 2 || graph.kind(args[1]) != NodeKind::String ||
      (graph.kind(args[0]) != NodeKind::List && graph.kind(args[0]) != NodeKind::Dict))
    return badCall("restore_type_tag", "a list or dict and a type");
  graph.nodes[args[0]].text = graph.nodes[args[1]].text;
  return args[0];
}

NodeId PickleReader::applyDevice(ArrayRef<NodeId> args) {
  bool ok = !args.empty() && args.size() <= 2 && graph.kind(args[0]) == NodeKind::String &&
            (args.size() == 1 || graph.kind(args[1]) == NodeKind::Int);
  if (!ok)
    return badCall("torch.device", "a str and perhaps an int");
  std::string text = graph.text(args[0]).str();
  if (args.size() == 2)
    text += ":" + std::to_string(graph.integer(args[1]));
  return graph.makeDevice(text);
}

NodeId PickleReader::applyLayout(ArrayRef<NodeId> args) {
  if (args.size() != 1 || graph.kind(args[0]) != NodeKind::String)
    return badCall("_get_layout", "a str");
  StringRef name = graph.text(args[0]);
  name.consume_front("torch.");
  std::optional<int64_t> number = findNumber(kLayouts, name);
  if (!number)
    return badCall("_get_layout", "a known layout");
  return graph.makeNumberLike(NodeKind::Layout, *number);
}

NodeId PickleReader::applyFromType(ArrayRef<NodeId> args) {
  // (function, type, arguments, state): a tensor with Python attributes, which are no part of its
  // value.
  if (args.size() != 4 || graph.kind(args[0]) != NodeKind::Global ||
      !isGlobal(args[1], Callable::TypeName) || graph.kind(args[2]) != NodeKind::Tuple ||
      isGlobal(args[0], Callable::FromType))
    return badCall("_rebuild_from_type_v2", "a function, a tensor type, its arguments and a state");
  return apply(args[0], args[2]);
}

/// The dotted name of the dict entry that is being read, from the pending keys on the stack.
std::string PickleReader::tensorName() const {
  std::string path;
  // Only so far: a crafted pickle may have millions of marks or keys, and a name is made for each
  // tensor.
  for (size_t m = marks.size() > 64 ? marks.size() - 64 : 0; m < marks.size(); ++m) {
    size_t begin = marks[m], end = m + 1 < marks.size() ? marks[m + 1] : stack.size();
    if (begin == 0 || begin > stack.size() || graph.kind(stack[begin - 1]) != NodeKind::Dict)
      continue;
    // Keys stand at even places; the last one is pending.
    for (size_t i = end; i-- > begin && end - i <= 4;) {
      if ((i - begin) % 2 != 0 || graph.kind(stack[i]) != NodeKind::String)
        continue;
      path += (path.empty() ? "" : ".") + printable(graph.text(stack[i]), 60);
      break;
    }
    if (path.size() > 200)
      break;
  }
  return "tensor " + (path.empty() ? std::to_string(tensorCount) : "'" + path + "'");
}

} // namespace tsc::archive
