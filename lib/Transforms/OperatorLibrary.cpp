// SPDX-License-Identifier: Apache-2.0
#include "OperatorLibrary.h"

#include "tsc/Import/Import.h"
#include "tsc/Transforms/Passes.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace tsc::ts {

namespace {
struct Family {
  llvm::StringLiteral name, text;
};
} // namespace

static constexpr Family kFamilies[] = {
#include "LibraryText.inc"
};

OperatorLibrary::OperatorLibrary(MLIRContext *context)
    : context(context), modules(std::size(kFamilies)) {
  for (auto [i, family] : llvm::enumerate(kFamilies)) {
    for (StringRef rest = family.text; !rest.empty();) {
      auto [line, after] = rest.split('\n');
      if (line.consume_front("def "))
        families[line.take_until([](char c) { return c == '('; })] = i;
      rest = after;
    }
  }
}

/// The names that a function may have for an operator, the most precise first.
static SmallVector<std::string, 2> functionNames(AtenOp op) {
  const OperatorRow *row = op.getRow();
  StringRef base = row ? row->baseName() : StringRef();
  if (!base.consume_front("aten::"))
    return {};
  SmallVector<std::string, 2> names;
  if (StringRef overload = row->overload(); !overload.empty())
    names.push_back((base + "__" + overload).str());
  names.push_back(base.str());
  return names;
}

bool OperatorLibrary::mayHave(AtenOp op) const {
  return llvm::any_of(functionNames(op),
                      [&](const std::string &name) { return families.contains(name); });
}

bool OperatorLibrary::importFamily(size_t family) {
  if (modules[family])
    return true;
  DiagnosticEngine engine;
  const Family &source = kFamilies[family];
  OwningOpRef<ModuleOp> module = importer::importSource(source.name, source.text, context, engine);
  PassManager passes(context, ModuleOp::getOperationName());
  passes.addPass(createInlineCalls());
  passes.addPass(createCSEPass());
  if (module && succeeded(passes.run(*module))) {
    modules[family] = std::move(module);
    return true;
  }
  llvm::raw_string_ostream text(problem);
  engine.printText(text);
  return false;
}

FuncOp OperatorLibrary::lookup(StringRef name) {
  auto family = families.find(name);
  if (family == families.end() || !importFamily(family->second))
    return {};
  return SymbolTable::lookupNearestSymbolFrom<FuncOp>(*modules[family->second],
                                                      StringAttr::get(context, name));
}

/// Whether an operand may stand for a parameter as it is.
static bool fitsParameter(Type operand, Type parameter) {
  operand = withoutTensorFacts(operand);
  if (operand == parameter)
    return true;
  if (isa<NumberType>(parameter))
    return isa<IntType, FloatType, BoolType>(operand);
  auto optional = dyn_cast<OptionalType>(parameter);
  if (!optional)
    return false;
  return isa<NoneType>(operand) || fitsParameter(operand, optional.getElement());
}

static bool fits(FuncOp function, AtenOp op) {
  Block &body = function.getBody().front();
  if (body.getNumArguments() != op.getArgs().size() || function.getResultTypes().size() != 1)
    return false;
  for (auto [operand, parameter] :
       llvm::zip_equal(op.getArgs().getTypes(), body.getArgumentTypes()))
    if (!fitsParameter(operand, withoutTensorFacts(parameter)))
      return false;
  SmallVector<Type> results = {function.getResultTypes()[0]};
  if (auto tuple = dyn_cast<TupleType>(results[0]); tuple && op.getNumResults() > 1)
    results.assign(tuple.getElements().begin(), tuple.getElements().end());
  if (results.size() != op.getNumResults())
    return false;
  return llvm::all_of(llvm::zip_equal(results, op.getResultTypes()), [](auto pair) {
    return withoutTensorFacts(std::get<0>(pair)) == withoutTensorFacts(std::get<1>(pair));
  });
}

FuncOp OperatorLibrary::find(AtenOp op) {
  for (const std::string &name : functionNames(op))
    if (FuncOp function = lookup(name); function && fits(function, op))
      return function;
  return {};
}

} // namespace tsc::ts
