// SPDX-License-Identifier: Apache-2.0
// What `--input` and `--args` promise of tensors is checked where a method begins, so that other
// arguments are an error that names the argument, and later phases may rely on the promise. A named
// size is that of the first place where it stands.
#include "Contracts.h"

#include "Methods.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc {

/// The class of the exception; the runtime's border reports it as a bad argument and not as the
/// program's own.
static constexpr llvm::StringLiteral kErrorClass = "tsc.ArgumentError";

namespace {
/// Writes the checks of one function at its beginning.
class CheckWriter {
public:
  CheckWriter(ts::FuncOp function, unsigned firstArgument)
      : function(function), firstArgument(firstArgument),
        builder(OpBuilder::atBlockBegin(&function.getBody().front())), loc(function.getLoc()) {}
  void checkArgument(unsigned index, ts::TensorType promised);

private:
  Value constant(Attribute value, Type type) {
    return ts::ConstantOp::create(builder, loc, type, value);
  }
  Value integer(int64_t value) {
    return constant(builder.getI64IntegerAttr(value), ts::IntType::get(context()));
  }
  Value call(llvm::StringRef name, Type type, ValueRange arguments) {
    return ts::AtenOp::create(builder, loc, TypeRange(type), builder.getStringAttr(name), arguments)
        .getResult(0);
  }
  /// Raises unless the condition is what it should be.
  void require(Value condition, bool wanted, const std::string &message);
  MLIRContext *context() { return builder.getContext(); }

  ts::FuncOp function;
  unsigned firstArgument;
  OpBuilder builder;
  Location loc;
  llvm::DenseMap<int64_t, Value> symbols;
};
} // namespace

static std::string promiseText(ts::TensorType type) {
  const DTypeInfo *info = findDType(type.getDtype());
  std::string text = info ? info->shortName : "?";
  if (!type.getHasRank())
    return text + "[..]";
  text += '[';
  for (auto [i, size] : llvm::enumerate(type.getSizes())) {
    text += i ? "," : "";
    text += size == ts::TensorType::kUnknownSize ? "?"
            : ts::TensorType::isSymbol(size)     ? "s" + std::to_string(-1 - size)
                                                 : std::to_string(size);
  }
  return text + "]";
}

void CheckWriter::require(Value condition, bool wanted, const std::string &message) {
  auto branch = ts::IfOp::create(builder, loc, TypeRange(), condition);
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&region->emplaceBlock());
    if ((region == &branch.getThenRegion()) != wanted) {
      Type text = ts::StrType::get(context());
      Value words = constant(builder.getStringAttr(message), text);
      Value className = constant(builder.getStringAttr(kErrorClass), text);
      ts::RaiseOp::create(builder, loc, words, className);
    }
    ts::YieldOp::create(builder, loc, ValueRange());
  }
}

void CheckWriter::checkArgument(unsigned index, ts::TensorType promised) {
  Value tensor = function.getBody().getArgument(index);
  Type intType = ts::IntType::get(context()), boolType = ts::BoolType::get(context());
  std::string expected = "input " + std::to_string(index - firstArgument) + " '" +
                         function.getArgName(index).str() + "': expected " + promiseText(promised) +
                         ", got ";
  if (promised.hasDType())
    require(call("aten::eq.int", boolType,
                 {call("prim::dtype", intType, tensor),
                  integer(static_cast<int64_t>(promised.getDtype()))}),
            true, expected + "another dtype");
  if (!promised.getHasRank())
    return;
  require(call("aten::eq.int", boolType,
               {call("aten::dim", intType, tensor), integer(promised.getRank())}),
          true, expected + "another rank");
  for (auto [i, wanted] : llvm::enumerate(promised.getSizes())) {
    if (wanted == ts::TensorType::kUnknownSize)
      continue;
    Value size = call("aten::size.int", intType, {tensor, integer(static_cast<int64_t>(i))});
    auto [symbol, isNew] = symbols.try_emplace(wanted, size);
    if (ts::TensorType::isSymbol(wanted) && isNew)
      continue;
    Value other = ts::TensorType::isSymbol(wanted) ? symbol->second : integer(wanted);
    require(call("aten::eq.int", boolType, {size, other}), true,
            expected + "another size " + std::to_string(i));
  }
}

void insertContractChecks(ModuleOp module) {
  for (const ExportedMethod &method : exportedMethods(module)) {
    ts::FuncOp function = method.function;
    if (function.isExternal())
      continue;
    CheckWriter writer(function, method.hasSelf);
    for (unsigned i = method.hasSelf; i < function.getArgumentTypes().size(); ++i)
      if (auto promise = function.getArgAttrOfType<TypeAttr>(i, kContractAttr))
        if (auto tensor = dyn_cast<ts::TensorType>(promise.getValue()))
          writer.checkArgument(i, tensor);
  }
}

} // namespace tsc
