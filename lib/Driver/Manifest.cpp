// SPDX-License-Identifier: Apache-2.0
#include "tsc/Driver/Manifest.h"

#include "Methods.h"
#include "tsc/Ts/TsDialect.h"
#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <map>
#include <set>

using namespace mlir;

namespace tsc {

// ---- Literals
static std::string quoted(StringRef text) {
  std::string out = "'";
  for (unsigned char c : text) {
    if (c == '\'' || c == '\\')
      out += '\\';
    if (c < 0x20 || c >= 0x7f)
      out += llvm::formatv("\\x{0:x-2}", static_cast<unsigned>(c)).str();
    else
      out += static_cast<char>(c);
  }
  return out + "'";
}

static std::string floatText(double x) {
  if (std::isnan(x))
    return "float('nan')";
  if (std::isinf(x))
    return x < 0 ? "float('-inf')" : "float('inf')";
  std::string text = llvm::formatv("{0}", llvm::format("%.17g", x)).str();
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
}

static std::optional<std::string> joined(ArrayAttr elements, StringRef open, StringRef close,
                                         bool isTuple) {
  std::string text = open.str();
  for (auto [i, element] : llvm::enumerate(elements)) {
    std::optional<std::string> one = literalText(element);
    if (!one)
      return std::nullopt;
    text += (i ? ", " : "") + *one;
  }
  if (isTuple && elements.size() == 1)
    text += ",";
  return text + close.str();
}

std::optional<std::string> literalText(Attribute value) {
  if (auto a = dyn_cast<BoolAttr>(value))
    return a.getValue() ? "True" : "False";
  if (auto a = dyn_cast<IntegerAttr>(value))
    return std::to_string(a.getInt());
  if (auto a = dyn_cast<FloatAttr>(value))
    return floatText(a.getValueAsDouble());
  if (auto a = dyn_cast<StringAttr>(value))
    return quoted(a.getValue());
  if (isa<UnitAttr>(value))
    return "None";
  if (auto a = dyn_cast<ts::ComplexAttr>(value))
    return "complex(" + floatText(a.getRe().getValueAsDouble()) + ", " +
           floatText(a.getIm().getValueAsDouble()) + ")";
  if (auto a = dyn_cast<ts::DeviceAttr>(value))
    return quoted(a.getText().getValue());
  if (auto a = dyn_cast<ts::ListAttr>(value))
    return joined(a.getElements(), "[", "]", false);
  if (auto a = dyn_cast<ts::TupleAttr>(value))
    return joined(a.getElements(), "(", ")", true);
  if (auto a = dyn_cast<ts::DictAttr>(value)) {
    std::string text = "{";
    for (auto [i, key, item] : llvm::enumerate(a.getKeys(), a.getValues())) {
      std::optional<std::string> k = literalText(key), v = literalText(item);
      if (!k || !v)
        return std::nullopt;
      text += (i ? ", " : "") + *k + ": " + *v;
    }
    return text + "}";
  }
  return std::nullopt;
}

// ---- From a module
static std::string annotation(Type type) { return ts::typeText(type, ts::TypeStyle::Annotation); }

static ManifestMethod describeMethod(StringRef name, ts::FuncOp func, bool hasSelf) {
  ManifestMethod method;
  method.name = name.str();
  for (unsigned i = hasSelf; i < func.getArgumentTypes().size(); ++i) {
    ManifestArgument argument = {func.getArgName(i).str(), annotation(func.getArgumentTypes()[i]),
                                 std::nullopt};
    if (Attribute value = func.getArgAttr(i, ts::kArgDefaultAttr))
      argument.defaultText = literalText(value);
    method.arguments.push_back(std::move(argument));
  }
  ArrayRef<Type> results = func.getResultTypes();
  method.result = results.empty() ? "NoneType" : annotation(results.front());
  return method;
}

static bool isWanted(ArrayRef<std::string> methods, StringRef shortName, StringRef qualified) {
  return methods.empty() || llvm::is_contained(methods, shortName) ||
         llvm::is_contained(methods, qualified);
}

static void describeMethods(ModuleOp module, ArrayRef<std::string> methods, Manifest &manifest) {
  for (const ExportedMethod &method : exportedMethods(module)) {
    ts::FuncOp function = method.function;
    if (isWanted(methods, method.name, function.getName()))
      manifest.methods.push_back(describeMethod(method.name, function, method.hasSelf));
  }
}

static void describeConstants(ModuleOp module, Manifest &manifest) {
  std::set<int64_t> storages;
  mlir::AttrTypeWalker walker;
  walker.addWalk([&](ts::TensorAttr tensor) { storages.insert(tensor.getStorage()); });
  module.walk([&](Operation *op) {
    for (NamedAttribute attribute : op->getAttrs())
      walker.walk(attribute.getValue());
  });
  ts::WeightStore &store = ts::getWeightStore(module.getContext());
  for (int64_t storage : storages)
    manifest.constantBytes += static_cast<int64_t>(store.get(storage).size());
}

Manifest describeModule(ModuleOp module, ArrayRef<std::string> methods) {
  Manifest manifest;
  if (std::optional<StringRef> name = module.getName())
    manifest.name = name->str();
  describeMethods(module, methods, manifest);
  std::map<std::string, int64_t> operators;
  std::set<std::string> types;
  module.walk([&](Operation *op) {
    if (auto aten = dyn_cast<ts::AtenOp>(op))
      ++operators[aten.getName().str()];
    else if (isa<ts::ClassOp, ts::InterfaceOp, ts::EnumOp>(op))
      types.insert(SymbolTable::getSymbolName(op).str());
  });
  manifest.operators.assign(operators.begin(), operators.end());
  manifest.types.assign(types.begin(), types.end());
  describeConstants(module, manifest);
  return manifest;
}

// ---- JSON
std::string manifestText(const Manifest &m) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  auto pairs = [&](StringRef key, const std::vector<std::pair<std::string, int64_t>> &list) {
    json.attributeObject(key, [&] {
      for (const auto &[name, number] : list)
        json.attribute(llvm::json::fixUTF8(name), number);
    });
  };
  json.object([&] {
    json.attribute("name", llvm::json::fixUTF8(m.name));
    json.attribute("target", m.target);
    json.attribute("level", m.level);
    json.attributeArray("methods", [&] {
      for (const ManifestMethod &method : m.methods)
        json.object([&] {
          json.attribute("name", llvm::json::fixUTF8(method.name));
          json.attributeArray("arguments", [&] {
            for (const ManifestArgument &argument : method.arguments)
              json.object([&] {
                json.attribute("name", llvm::json::fixUTF8(argument.name));
                json.attribute("type", llvm::json::fixUTF8(argument.type));
                if (argument.defaultText)
                  json.attribute("default", *argument.defaultText);
              });
          });
          json.attribute("result", llvm::json::fixUTF8(method.result));
        });
    });
    pairs("operators", m.operators);
    json.attributeArray("types", [&] {
      for (const std::string &type : m.types)
        json.value(llvm::json::fixUTF8(type));
    });
    pairs("extra_files", m.extraFiles);
    json.attribute("constant_bytes", m.constantBytes);
  });
  return text;
}

static std::string stringAt(const llvm::json::Object &object, StringRef key) {
  std::optional<StringRef> text = object.getString(key);
  return text ? text->str() : "";
}

static void readPairs(const llvm::json::Object *object,
                      std::vector<std::pair<std::string, int64_t>> &list) {
  if (!object)
    return;
  for (const auto &entry : *object)
    if (std::optional<int64_t> number = entry.second.getAsInteger())
      list.emplace_back(entry.first.str(), *number);
  llvm::sort(list);
}

static ManifestMethod readMethod(const llvm::json::Object &object) {
  ManifestMethod method;
  method.name = stringAt(object, "name");
  method.result = stringAt(object, "result");
  if (const llvm::json::Array *arguments = object.getArray("arguments"))
    for (const llvm::json::Value &value : *arguments)
      if (const llvm::json::Object *argument = value.getAsObject()) {
        method.arguments.push_back(
            {stringAt(*argument, "name"), stringAt(*argument, "type"), std::nullopt});
        if (argument->get("default"))
          method.arguments.back().defaultText = stringAt(*argument, "default");
      }
  return method;
}

std::optional<Manifest> parseManifest(StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError());
    return std::nullopt;
  }
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return std::nullopt;
  Manifest m;
  m.name = stringAt(*object, "name");
  m.target = stringAt(*object, "target");
  m.level = stringAt(*object, "level");
  if (const llvm::json::Array *methods = object->getArray("methods"))
    for (const llvm::json::Value &method : *methods)
      if (const llvm::json::Object *o = method.getAsObject())
        m.methods.push_back(readMethod(*o));
  if (const llvm::json::Array *types = object->getArray("types"))
    for (const llvm::json::Value &type : *types)
      if (std::optional<StringRef> name = type.getAsString())
        m.types.push_back(name->str());
  readPairs(object->getObject("operators"), m.operators);
  readPairs(object->getObject("extra_files"), m.extraFiles);
  m.constantBytes = object->getInteger("constant_bytes").value_or(0);
  return m;
}

HeaderModel headerOf(const Manifest &manifest, StringRef prefix) {
  HeaderModel model;
  model.name = manifest.name.empty() ? prefix.str() : manifest.name;
  model.prefix = prefix.str();
  for (const ManifestMethod &method : manifest.methods) {
    HeaderMethod header = {method.name, {}, method.result};
    for (const ManifestArgument &argument : method.arguments)
      header.arguments.push_back({argument.name, argument.type});
    model.methods.push_back(std::move(header));
  }
  return model;
}

} // namespace tsc
