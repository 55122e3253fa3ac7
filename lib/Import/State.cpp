// SPDX-License-Identifier: Apache-2.0
#include "State.h"

#include "tsc/Ts/TypeText.h"

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc::importer {

StateImporter::StateImporter(Program &program, std::shared_ptr<const archive::ArchiveModel> archive)
    : program(program), archive(std::move(archive)), graph(this->archive->graph),
      types(program.definitions.types), uses(graph.size()), storages(graph.storages().size(), -1) {
  auto count = [&](NodeId node) {
    if (node < uses.size() && uses[node] < 2)
      ++uses[node];
  };
  for (NodeId node = 0; node < graph.size(); ++node) {
    NodeKind kind = graph.kind(node);
    if (kind == NodeKind::List || kind == NodeKind::Tuple || kind == NodeKind::Dict)
      llvm::for_each(graph.items(node), count);
    else if (kind == NodeKind::Object)
      count(graph.state(node));
  }
}

SourceLocation StateImporter::location() const {
  SourceLocation location;
  location.file = archive->path + ":data.pkl";
  return location;
}

Attribute StateImporter::wrong(NodeId node, Type type, const std::string &path) {
  program.definitions.engine.report(location(), Diag::StateType, path,
                                    archive::kindName(graph.kind(node)),
                                    ts::typeText(type, ts::TypeStyle::Annotation));
  return {};
}

Type StateImporter::typeOf(NodeId node, const std::string &path) {
  switch (graph.kind(node)) {
  case NodeKind::None:
    return types.none;
  case NodeKind::Bool:
    return types.boolean;
  case NodeKind::Int:
    return types.integer;
  case NodeKind::Float:
    return types.floating;
  case NodeKind::Complex:
    return types.complex;
  case NodeKind::String:
    return types.str;
  case NodeKind::Device:
    return types.device;
  case NodeKind::Tensor:
    return types.tensor;
  case NodeKind::List:
  case NodeKind::Dict:
    if (!graph.typeText(node).empty())
      return program.definitions.parseTypeText(graph.typeText(node), location());
    return graph.kind(node) == NodeKind::List ? types.list(types.any)
                                              : types.dict(types.any, types.any);
  case NodeKind::Tuple: {
    SmallVector<Type> elements;
    for (NodeId item : graph.items(node)) {
      elements.push_back(typeOf(item, path));
      if (!elements.back())
        return {};
    }
    return types.tuple(elements);
  }
  case NodeKind::Object:
  case NodeKind::Enum:
    return program.definitions.parseTypeText(graph.typeText(node), location());
  default:
    break;
  }
  wrong(node, types.any, path);
  return {};
}

Attribute StateImporter::importValue(NodeId node, Type type, const std::string &path) {
  NodeKind kind = graph.kind(node);
  Builder b(types.context);
  auto fits = [&](Type actual) { return isSubtype(actual, type, program.definitions); };
  auto checked = [&](Attribute value, Type actual) {
    return fits(actual) ? value : wrong(node, type, path);
  };
  switch (kind) {
  case NodeKind::None:
    return checked(b.getUnitAttr(), types.none);
  case NodeKind::Bool:
    return checked(b.getBoolAttr(graph.boolean(node)), types.boolean);
  case NodeKind::Int:
    return checked(b.getI64IntegerAttr(graph.integer(node)), types.integer);
  case NodeKind::Float:
    return checked(b.getF64FloatAttr(graph.real(node)), types.floating);
  case NodeKind::Complex: {
    std::complex<double> value = graph.complex(node);
    return checked(ts::ComplexAttr::get(types.context, b.getF64FloatAttr(value.real()),
                                        b.getF64FloatAttr(value.imag())),
                   types.complex);
  }
  case NodeKind::String:
    return checked(b.getStringAttr(graph.text(node)), types.str);
  case NodeKind::Device:
    return checked(ts::DeviceAttr::get(types.context, b.getStringAttr(graph.text(node))),
                   types.device);
  case NodeKind::Tensor:
    return fits(types.tensor) ? importTensor(node, path) : wrong(node, type, path);
  case NodeKind::List:
  case NodeKind::Dict:
  case NodeKind::Tuple:
    return importContainer(node, type, path);
  case NodeKind::Enum:
    return importEnum(node, path);
  case NodeKind::Object: {
    Type actual = typeOf(node, path);
    if (!actual)
      return {};
    return fits(actual) ? Attribute(importObject(node, path)) : wrong(node, type, path);
  }
  default:
    return wrong(node, type, path);
  }
}

/// The member of a type that a container of this kind can have; null if there is none.
template <typename T> static T memberOf(Type type) {
  for (Type member : alternatives(type))
    if (auto found = dyn_cast<T>(member))
      return found;
  return {};
}

Attribute StateImporter::importContainer(NodeId node, Type type, const std::string &path) {
  if (auto known = symbols.find(node); known != symbols.end())
    return known->second;
  Builder b(types.context);
  NodeKind kind = graph.kind(node);
  Type own = kind == NodeKind::List   ? Type(memberOf<ts::ListType>(type))
             : kind == NodeKind::Dict ? Type(memberOf<ts::DictType>(type))
                                      : Type(memberOf<ts::TupleType>(type));
  if (!own) {
    if (!memberOf<ts::AnyType>(type))
      return wrong(node, type, path);
    own = typeOf(node, path);
    if (!own)
      return {};
  }
  SmallVector<Attribute> values[2];
  ArrayRef<NodeId> items = graph.items(node);
  for (auto [i, item] : llvm::enumerate(items)) {
    Type element;
    unsigned part = kind == NodeKind::Dict ? i % 2 : 0;
    if (auto list = dyn_cast<ts::ListType>(own))
      element = list.getElement();
    else if (auto dict = dyn_cast<ts::DictType>(own))
      element = part == 0 ? dict.getKey() : dict.getValue();
    else if (cast<ts::TupleType>(own).getElements().size() == items.size())
      element = cast<ts::TupleType>(own).getElements()[i];
    if (!element)
      return wrong(node, type, path);
    values[part].push_back(importValue(item, element, path + "." + std::to_string(i)));
    if (!values[part].back())
      return {};
  }
  if (kind == NodeKind::Tuple)
    return ts::TupleAttr::get(types.context, b.getArrayAttr(values[0]), own);
  Attribute value =
      kind == NodeKind::List
          ? Attribute(ts::ListAttr::get(types.context, b.getArrayAttr(values[0]), own))
          : Attribute(ts::DictAttr::get(types.context, b.getArrayAttr(values[0]),
                                        b.getArrayAttr(values[1]), own));
  if (uses[node] < 2)
    return value;
  ts::SharedOp::create(*builder, UnknownLoc::get(types.context), path, value, own);
  return symbols[node] = FlatSymbolRefAttr::get(types.context, path);
}

Attribute StateImporter::doubles(ArrayRef<double> values, bool asIntegers) {
  Builder b(types.context);
  SmallVector<int64_t> integers(values.begin(), values.end());
  int64_t size = values.size();
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(values.data()), values.size() * 8);
  if (asIntegers)
    bytes =
        ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(integers.data()), integers.size() * 8);
  int64_t storage = ts::getWeightStore(types.context).addCopy(bytes);
  return ts::TensorAttr::get(types.context, storage, 0, asIntegers ? DType::Int64 : DType::Float64,
                             {size}, {1}, false, {});
}

Attribute StateImporter::quantizer(const archive::Quantization &q) {
  Builder b(types.context);
  if (q.axis < 0)
    return ts::QuantizerAttr::get(types.context, -1, b.getF64FloatAttr(q.scale), q.zeroPoint, {},
                                  {});
  bool integers = q.scheme != archive::QScheme::PerChannelAffineFloatQParams;
  return ts::QuantizerAttr::get(types.context, q.axis, b.getF64FloatAttr(1), 0,
                                doubles(q.scales, false), doubles(q.zeroPoints, integers));
}

Attribute StateImporter::importTensor(NodeId node, const std::string &path) {
  const archive::TensorRecord &record = graph.tensor(node);
  if (record.layout != archive::Layout::Strided || record.storage >= storages.size()) {
    program.definitions.engine.report(location(), Diag::StateSparse, path);
    return {};
  }
  int64_t &storage = storages[record.storage];
  if (storage < 0)
    storage = ts::getWeightStore(types.context).add(graph.storage(record.storage).bytes, archive);
  Attribute q = record.quantization ? quantizer(*record.quantization) : Attribute();
  return ts::TensorAttr::get(types.context, storage, record.offset, record.dtype, record.sizes,
                             record.strides, record.requiresGrad, q);
}

Attribute StateImporter::importEnum(NodeId node, const std::string &path) {
  Type type = typeOf(node, path);
  Definition *definition = type ? program.definitions.ofType(type) : nullptr;
  if (!definition || definition->kind != DefinitionKind::Enum)
    return type ? wrong(node, type, path) : Attribute();
  Attribute value = importValue(graph.state(node), definition->enumValueType, path);
  if (!value)
    return {};
  for (auto &[name, member] : definition->enumMembers)
    if (member == value)
      return ts::EnumValueAttr::get(types.context,
                                    FlatSymbolRefAttr::get(types.context, definition->name),
                                    StringAttr::get(types.context, name));
  program.definitions.engine.report(location(), Diag::StateEnum, path, definition->name);
  return {};
}

/// What __getstate__ returned; the type is that of __setstate__'s parameter.
Attribute StateImporter::importState(Definition &definition, NodeId state,
                                     const std::string &path) {
  Function *setState = definition.findMethod("__setstate__");
  if (!setState && !definition.isOpaque) {
    program.definitions.engine.report(location(), Diag::StateSetState, path, definition.name);
    return {};
  }
  Type type = types.any;
  if (setState) {
    const Signature *signature = program.definitions.signatureOf(*setState);
    if (!signature || signature->parameters.size() < 2)
      return {};
    type = signature->parameters[1].type;
  }
  return importValue(state, type, path);
}

FlatSymbolRefAttr StateImporter::importObject(NodeId node, const std::string &path) {
  if (auto known = symbols.find(node); known != symbols.end())
    return known->second;
  Type type = typeOf(node, path);
  Definition *definition = type ? program.definitions.ofType(type) : nullptr;
  if (!definition || definition->kind != DefinitionKind::Class) {
    if (!program.definitions.engine.hasErrors())
      wrong(node, type ? type : types.any, path);
    return {};
  }
  NodeId state = graph.state(node);
  SmallVector<Attribute> values;
  Attribute written;
  bool hasSetState = definition->isOpaque || (definition->findMethod("__setstate__") &&
                                              definition->findMethod("__getstate__"));
  if (hasSetState && state != archive::kNoNode) {
    written = importState(*definition, state, path);
    if (!written)
      return {};
  } else {
    size_t hint = 0;
    for (const ClassAttribute &attribute : definition->attributes) {
      if (attribute.constant)
        continue;
      bool isDict = state != archive::kNoNode && graph.kind(state) == NodeKind::Dict;
      NodeId value = isDict ? graph.attribute(node, attribute.name, hint++) : archive::kNoNode;
      if (value == archive::kNoNode) {
        // Attributes that may be None need no value.
        if (isSubtype(types.none, attribute.type, program.definitions)) {
          values.push_back(UnitAttr::get(types.context));
          continue;
        }
        program.definitions.engine.report(location(), Diag::RootAttributeMissing, definition->name,
                                          attribute.name,
                                          ts::typeText(attribute.type, ts::TypeStyle::Annotation));
        return {};
      }
      values.push_back(importValue(value, attribute.type, path + "." + attribute.name));
      if (!values.back())
        return {};
    }
  }
  ts::ObjectOp::create(*builder, UnknownLoc::get(types.context), path, definition->name,
                       ArrayAttr::get(types.context, values), written);
  return symbols[node] = FlatSymbolRefAttr::get(types.context, path);
}

FlatSymbolRefAttr StateImporter::importRoot(OpBuilder &at) {
  builder = &at;
  Type type = typeOf(archive->root, "self");
  Definition *definition = type ? program.definitions.ofType(type) : nullptr;
  if (definition && !definition->isModule) {
    program.definitions.engine.report(location(), Diag::RootNotModule, definition->name);
    return {};
  }
  return definition ? importObject(archive->root, "self") : FlatSymbolRefAttr();
}

bool StateImporter::importConstants(OpBuilder &at) {
  builder = &at;
  for (auto [i, node] : llvm::enumerate(archive->constants)) {
    std::string path = "CONSTANTS.c" + std::to_string(i);
    Type type = typeOf(node, path);
    Attribute value = type ? importValue(node, type, path) : Attribute();
    if (!value)
      return false;
    program.definitions.constants.emplace_back(value, type);
  }
  return true;
}

} // namespace tsc::importer
