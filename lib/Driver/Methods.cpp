// SPDX-License-Identifier: Apache-2.0
#include "Methods.h"

#include "Contracts.h"

using namespace mlir;

namespace tsc {

std::vector<ExportedMethod> exportedMethods(ModuleOp module) {
  std::vector<ExportedMethod> methods;
  SymbolTable symbols(module);
  auto root = module->getAttrOfType<FlatSymbolRefAttr>(ts::kRootAttr);
  if (!root) {
    for (ts::FuncOp func : module.getOps<ts::FuncOp>())
      if (func.isPublic())
        methods.push_back({func.getShortName().str(), func, false});
    return methods;
  }
  auto object = symbols.lookup<ts::ObjectOp>(root.getValue());
  auto rootClass = object ? symbols.lookup<ts::ClassOp>(object.getClassName()) : nullptr;
  if (!rootClass)
    return methods;
  for (ts::MethodOp method : rootClass.getBody().getOps<ts::MethodOp>()) {
    auto func = symbols.lookup<ts::FuncOp>(method.getFunction());
    if (func && !func->hasAttr("ts.kind"))
      methods.push_back({method.getSymName().str(), func, true});
  }
  return methods;
}

std::vector<std::string> publicMethods(ModuleOp module) {
  std::vector<std::string> names;
  for (const ExportedMethod &method : exportedMethods(module)) {
    ts::FuncOp function = method.function;
    bool isPromised = false;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      isPromised |= static_cast<bool>(function.getArgAttr(i, kContractAttr));
    llvm::StringRef name = method.name;
    if (isPromised || !name.starts_with("_") || name.starts_with("__"))
      names.push_back(method.name);
  }
  return names;
}

const ExportedMethod *findMethod(const std::vector<ExportedMethod> &methods, llvm::StringRef name) {
  if (name.empty() && methods.size() == 1)
    return &methods.front();
  llvm::StringRef wanted = name.empty() ? "forward" : name;
  for (const ExportedMethod &method : methods) {
    ts::FuncOp function = method.function;
    if (wanted == method.name || wanted == function.getName())
      return &method;
  }
  return nullptr;
}

std::string methodNames(const std::vector<ExportedMethod> &methods) {
  std::string text;
  for (const ExportedMethod &method : methods)
    text += (text.empty() ? "" : ", ") + method.name;
  return text.empty() ? "none" : text;
}

} // namespace tsc
