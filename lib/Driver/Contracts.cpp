// SPDX-License-Identifier: Apache-2.0
#include "Contracts.h"

#include "Methods.h"
#include "tsc/Archive/ValueFile.h"
#include "tsc/Driver/Signature.h"
#include "tsc/Driver/ValueText.h"
#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tsc {

namespace {
/// Turns signatures of one function into types; a name is one symbol in all of them.
class ContractTypes {
public:
  /// The declared type as the signature narrows it; null when it does not fit.
  Type narrow(Type declared, const SignatureType &signature);
  /// Leaves with a function what its symbols are called, and their bounds.
  void describeSymbols(ts::FuncOp function) const;

  std::map<int64_t, SignatureType> inputs; ///< what was said of arguments, by index

private:
  std::map<int64_t, std::pair<int64_t, int64_t>> bounds;
  Type narrowTensor(ts::TensorType declared, const SignatureType &signature);
  Type narrowTuple(ts::TupleType declared, const SignatureType &signature);
  llvm::StringMap<int64_t> symbols;
};
} // namespace

Type ContractTypes::narrowTensor(ts::TensorType declared, const SignatureType &signature) {
  if (signature.kind != SignatureType::Tensor)
    return {};
  if (signature.anyRank)
    return ts::TensorType::get(declared.getContext(), signature.dtype);
  llvm::SmallVector<int64_t> sizes;
  for (const SignatureDim &dim : signature.dims)
    switch (dim.kind) {
    case SignatureDim::Fixed:
      sizes.push_back(dim.size);
      break;
    case SignatureDim::Any:
      sizes.push_back(ts::TensorType::kUnknownSize);
      break;
    case SignatureDim::Named: {
      int64_t next = static_cast<int64_t>(symbols.size());
      sizes.push_back(-1 - symbols.try_emplace(dim.name, next).first->second);
      if (dim.high >= 0)
        bounds[sizes.back()] = {dim.low, dim.high};
      break;
    }
    }
  return ts::TensorType::get(declared.getContext(), sizes, signature.dtype);
}

void ContractTypes::describeSymbols(ts::FuncOp function) const {
  Builder builder(function.getContext());
  SmallVector<Attribute> names(symbols.size()), ranges;
  for (const auto &symbol : symbols)
    names[static_cast<size_t>(symbol.second)] = builder.getStringAttr(symbol.first());
  for (auto [symbol, range] : bounds)
    ranges.push_back(builder.getDenseI64ArrayAttr({symbol, range.first, range.second}));
  if (!names.empty())
    function->setAttr(kSymbolNamesAttr, builder.getArrayAttr(names));
  if (!ranges.empty())
    function->setAttr(ts::kBoundsAttr, builder.getArrayAttr(ranges));
}

Type ContractTypes::narrowTuple(ts::TupleType declared, const SignatureType &signature) {
  if (signature.kind != SignatureType::Tuple ||
      signature.parameters.size() != declared.getElements().size())
    return {};
  llvm::SmallVector<Type> elements;
  for (auto [element, parameter] : llvm::zip(declared.getElements(), signature.parameters)) {
    elements.push_back(narrow(element, parameter));
    if (!elements.back())
      return {};
  }
  return ts::TupleType::get(declared.getContext(), elements, declared.getName(),
                            declared.getFields());
}

Type ContractTypes::narrow(Type declared, const SignatureType &signature) {
  MLIRContext *context = declared.getContext();
  if (auto type = dyn_cast<ts::OptionalType>(declared)) {
    if (signature.kind == SignatureType::None)
      return declared;
    Type element = narrow(type.getElement(), signature);
    return element ? ts::OptionalType::get(context, element) : Type();
  }
  if (auto type = dyn_cast<ts::TensorType>(declared))
    return narrowTensor(type, signature);
  if (auto type = dyn_cast<ts::TupleType>(declared))
    return narrowTuple(type, signature);
  if (auto type = dyn_cast<ts::ListType>(declared)) {
    Type element = signature.kind == SignatureType::List
                       ? narrow(type.getElement(), signature.parameters[0])
                       : Type();
    return element ? ts::ListType::get(context, element) : Type();
  }
  if (auto type = dyn_cast<ts::DictType>(declared)) {
    Type key = signature.kind == SignatureType::Dict
                   ? narrow(type.getKey(), signature.parameters[0])
                   : Type();
    Type value = key ? narrow(type.getValue(), signature.parameters[1]) : Type();
    return value ? ts::DictType::get(context, key, value) : Type();
  }
  switch (signature.kind) {
  case SignatureType::Int:
    return isa<ts::IntType, ts::FloatType, ts::NumberType, ts::ComplexType, ts::AnyType>(declared)
               ? declared
               : Type();
  case SignatureType::Float:
    return isa<ts::FloatType, ts::NumberType, ts::ComplexType, ts::AnyType>(declared) ? declared
                                                                                      : Type();
  case SignatureType::Bool:
    return isa<ts::BoolType, ts::AnyType>(declared) ? declared : Type();
  case SignatureType::Complex:
    return isa<ts::ComplexType, ts::NumberType, ts::AnyType>(declared) ? declared : Type();
  case SignatureType::Str:
    return isa<ts::StrType, ts::DeviceType, ts::AnyType>(declared) ? declared : Type();
  default:
    return isa<ts::AnyType, ts::UnionType>(declared) ? declared : Type();
  }
}

/// The index among the function's arguments, or -1.
static int64_t findArgument(const ExportedMethod &method, const InputSignature &signature) {
  ts::FuncOp function = method.function;
  int64_t count = static_cast<int64_t>(function.getArgumentTypes().size());
  if (signature.position >= 0)
    return signature.position < count - method.hasSelf ? signature.position + method.hasSelf : -1;
  for (int64_t i = method.hasSelf; i < count; ++i)
    if (function.getArgName(i) == signature.argument)
      return i;
  return -1;
}

/// The method and the index of the argument that a signature is about; null after a report.
static const ExportedMethod *findPlace(const std::vector<ExportedMethod> &methods,
                                       const CompileOptions &options,
                                       const InputSignature &signature, Diag diag,
                                       const std::string &text, int64_t &index,
                                       DiagnosticEngine &engine) {
  std::string name = signature.method;
  if (name.empty() && options.methods.size() == 1)
    name = options.methods.front();
  const ExportedMethod *method = findMethod(methods, name);
  if (!method)
    return engine.report({}, diag, text,
                         "there is no method '" + name + "', only " + methodNames(methods)),
           nullptr;
  index = findArgument(*method, signature);
  if (index < 0)
    return engine.report({}, diag, text, "'" + method->name + "' has no such argument"), nullptr;
  return method;
}

static std::string declaredText(Type declared) {
  return "the argument is declared " + ts::typeText(declared, ts::TypeStyle::Annotation);
}

using MethodTypes = std::map<const ExportedMethod *, ContractTypes>;

static bool applySignatures(const std::vector<ExportedMethod> &methods,
                            const CompileOptions &options, MethodTypes &types,
                            DiagnosticEngine &engine) {
  for (const std::string &text : options.signatures) {
    std::string error;
    std::optional<InputSignature> signature = parseInputSignature(text, error);
    if (!signature)
      return engine.report({}, Diag::BadSignature, text, error), false;
    int64_t index = -1;
    const ExportedMethod *method =
        findPlace(methods, options, *signature, Diag::BadSignature, text, index, engine);
    if (!method)
      return false;
    ts::FuncOp function = method->function;
    Type declared = function.getArgumentTypes()[index];
    Type narrowed = types[method].narrow(declared, signature->type);
    if (!narrowed)
      return engine.report({}, Diag::BadSignature, text, declaredText(declared)), false;
    types[method].inputs[index] = signature->type;
    function.setArgAttr(index, kContractAttr, TypeAttr::get(narrowed));
  }
  for (auto &[method, of] : types)
    of.describeSymbols(method->function);
  return true;
}

/// What a version says of the arguments of each method: where it says nothing, that of the
/// contract.
static bool applyVersion(const std::vector<ExportedMethod> &methods, const CompileOptions &options,
                         const std::string &text, MethodTypes types, DiagnosticEngine &engine) {
  auto fail = [&](const std::string &error) {
    return engine.report({}, Diag::BadVersion, text, error), false;
  };
  std::string error;
  std::optional<VersionSignature> version = parseVersionSignature(text, error);
  if (!version)
    return fail(error);
  llvm::SmallPtrSet<const ExportedMethod *, 4> meant;
  for (const InputSignature &input : version->inputs) {
    int64_t index = -1;
    const ExportedMethod *method =
        findPlace(methods, options, input, Diag::BadVersion, text, index, engine);
    if (!method)
      return false;
    ts::FuncOp function = method->function;
    Type declared = function.getArgumentTypes()[index];
    if (!ContractTypes().narrow(declared, input.type))
      return fail(declaredText(declared));
    types[method].inputs[index] = input.type;
    meant.insert(method);
  }
  for (auto &[method, of] : types) {
    for (auto &[index, type] : of.inputs) {
      std::string was = signatureText(type);
      if (!substituteSizes(type, version->sizes, error))
        return fail(error);
      if (signatureText(type) != was)
        meant.insert(method);
    }
  }
  if (meant.empty())
    return fail("no --input has a size of that name");
  for (const ExportedMethod *method : meant) {
    ts::FuncOp function = method->function;
    ContractTypes &own = types[method]; // whose names keep their symbols
    SmallVector<Attribute> arguments;
    for (auto [i, declared] : llvm::enumerate(function.getArgumentTypes())) {
      auto said = own.inputs.find(static_cast<int64_t>(i));
      auto promise = function.getArgAttrOfType<TypeAttr>(static_cast<unsigned>(i), kContractAttr);
      Type type = said != own.inputs.end() ? own.narrow(declared, said->second)
                  : promise                ? promise.getValue()
                                           : declared;
      arguments.push_back(TypeAttr::get(type));
    }
    own.describeSymbols(function);
    SmallVector<Attribute> all;
    if (auto earlier = function->getAttrOfType<ArrayAttr>(kVersionsAttr))
      llvm::append_range(all, earlier);
    all.push_back(ArrayAttr::get(function.getContext(), arguments));
    function->setAttr(kVersionsAttr, ArrayAttr::get(function.getContext(), all));
  }
  return true;
}

/// A value that the border converts (an int for a float) promises no more than its declared type.
static void promiseValue(ts::FuncOp function, unsigned index, ContractTypes &types,
                         const archive::ValueGraph &graph, archive::NodeId value) {
  std::optional<SignatureType> signature = signatureOf(graph, value);
  if (Type narrowed =
          signature ? types.narrow(function.getArgumentTypes()[index], *signature) : Type())
    function.setArgAttr(index, kContractAttr, TypeAttr::get(narrowed));
}

static bool applyTexts(const ExportedMethod &method, ContractTypes &types,
                       const CompileOptions &options, DiagnosticEngine &engine) {
  for (const auto &[name, text] : options.argTexts) {
    archive::ValueGraph graph;
    archive::NodeId value = parseValue(text, graph, "--arg " + name, engine);
    if (value == archive::kNoNode)
      return false;
    InputSignature place;
    place.argument = name;
    if (StringRef(name).getAsInteger(10, place.position))
      place.position = -1;
    if (int64_t index = findArgument(method, place); index >= 0)
      promiseValue(method.function, static_cast<unsigned>(index), types, graph, value);
  }
  return true;
}

static bool applyArguments(const std::vector<ExportedMethod> &methods,
                           const CompileOptions &options, DiagnosticEngine &engine) {
  if (options.argsFiles.empty() && options.argTexts.empty())
    return true;
  const ExportedMethod *method =
      findMethod(methods, options.methods.size() == 1 ? options.methods.front() : "");
  if (!method)
    return engine.report({options.input}, Diag::NoMethod, "forward", methodNames(methods)), false;
  ts::FuncOp function = method->function;
  ContractTypes types;
  unsigned index = method->hasSelf;
  for (const std::string &path : options.argsFiles) {
    std::unique_ptr<archive::ValueFile> file = archive::readValueFile(path, engine);
    if (!file)
      return false;
    bool isTuple = file->graph.kind(file->root) == archive::NodeKind::Tuple;
    ArrayRef<archive::NodeId> values =
        isTuple ? file->graph.items(file->root) : ArrayRef<archive::NodeId>(file->root);
    for (archive::NodeId value : values) {
      if (index >= function.getArgumentTypes().size())
        return engine.report({path}, Diag::TooManyArguments, method->name, index - method->hasSelf),
               false;
      promiseValue(function, index++, types, file->graph, value);
    }
  }
  return applyTexts(*method, types, options, engine);
}

bool applyContracts(ModuleOp module, const CompileOptions &options, DiagnosticEngine &engine) {
  std::vector<ExportedMethod> methods = exportedMethods(module);
  for (const std::string &name : options.methods)
    if (!findMethod(methods, name))
      return engine.report({options.input}, Diag::NoMethod, name, methodNames(methods)), false;
  MethodTypes types;
  if (!applyArguments(methods, options, engine) ||
      !applySignatures(methods, options, types, engine))
    return false;
  if (options.fallback)
    for (const ExportedMethod &method : methods) {
      ts::FuncOp function = method.function;
      function->setAttr(kFallbackAttr, UnitAttr::get(function.getContext()));
    }
  return llvm::all_of(options.versions, [&](const std::string &text) {
    return applyVersion(methods, options, text, types, engine);
  });
}

} // namespace tsc
