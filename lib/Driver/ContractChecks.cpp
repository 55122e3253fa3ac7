// SPDX-License-Identifier: Apache-2.0
// What `--input` and `--args` promise of tensors is checked where a method begins, so that other
// arguments are an error that names the argument. What was checked is said by a cast, which the
// method's code reads in the argument's place, so that later phases may rely on it. Tensors in
// lists, tuples and optionals are checked one by one; of dicts nothing is promised. A named size is
// that of the first place where it stands, which must be reached by every call: an optional or the
// elements of a list cannot give a size its name.
#include "Contracts.h"

#include "Methods.h"
#include "tsc/Ts/TypeRules.h"

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
  void checkArgument(unsigned index, Type promised);

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
  /// Raises unless the condition holds.
  void require(Value condition, const std::string &message);
  /// Each checks a value, named `place` in messages, and returns the part of the promise that was
  /// checked.
  Type check(Value value, Type promised, const std::string &place);
  Type checkTensor(Value tensor, ts::TensorType promised, const std::string &place);
  Type checkList(Value list, ts::ListType promised, const std::string &place);
  Type checkTuple(Value tuple, ts::TupleType promised, const std::string &place);
  Type checkOptional(Value value, ts::OptionalType promised, const std::string &place);
  MLIRContext *context() { return builder.getContext(); }

  ts::FuncOp function;
  unsigned firstArgument;
  OpBuilder builder;
  Location loc;
  llvm::DenseMap<int64_t, Value> symbols;
  unsigned depth = 0; ///< of branches and loops around the check that is written
};
} // namespace

std::string tensorText(ts::TensorType type) {
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

void CheckWriter::require(Value condition, const std::string &message) {
  auto branch = ts::IfOp::create(builder, loc, TypeRange(), condition);
  for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()}) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&region->emplaceBlock());
    if (region == &branch.getElseRegion()) {
      Type text = ts::StrType::get(context());
      Value words = constant(builder.getStringAttr(message), text);
      Value className = constant(builder.getStringAttr(kErrorClass), text);
      ts::RaiseOp::create(builder, loc, words, className);
    }
    ts::YieldOp::create(builder, loc, ValueRange());
  }
}

Type CheckWriter::checkTensor(Value tensor, ts::TensorType promised, const std::string &place) {
  Type intType = ts::IntType::get(context()), boolType = ts::BoolType::get(context());
  std::string expected = place + ": expected " + tensorText(promised) + ", got ";
  if (promised.hasDType())
    require(call("aten::eq.int", boolType,
                 {call("prim::dtype", intType, tensor),
                  integer(static_cast<int64_t>(promised.getDtype()))}),
            expected + "another dtype");
  if (!promised.getHasRank())
    return promised;
  require(call("aten::eq.int", boolType,
               {call("aten::dim", intType, tensor), integer(promised.getRank())}),
          expected + "another rank");
  SmallVector<int64_t> checked(promised.getSizes());
  for (auto [i, wanted] : llvm::enumerate(checked)) {
    if (wanted == ts::TensorType::kUnknownSize)
      continue;
    bool isSymbol = ts::TensorType::isSymbol(wanted);
    if (isSymbol && depth && !symbols.contains(wanted)) {
      wanted = ts::TensorType::kUnknownSize;
      continue;
    }
    Value size = call("aten::size.int", intType, {tensor, integer(static_cast<int64_t>(i))});
    if (isSymbol && symbols.try_emplace(wanted, size).second)
      continue;
    Value other = isSymbol ? symbols.lookup(wanted) : integer(wanted);
    require(call("aten::eq.int", boolType, {size, other}),
            expected + "another size " + std::to_string(i));
  }
  return ts::TensorType::get(context(), checked, promised.getDtype());
}

Type CheckWriter::checkList(Value list, ts::ListType promised, const std::string &place) {
  Type element = cast<ts::ListType>(list.getType()).getElement();
  Value count = call("aten::len.t", ts::IntType::get(context()), list);
  Value yes = constant(builder.getBoolAttr(true), ts::BoolType::get(context()));
  auto loop = ts::LoopOp::create(builder, loc, TypeRange(), count, yes, ValueRange());
  Block &body = loop.getBody().emplaceBlock();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);
  Value turn = body.addArgument(ts::IntType::get(context()), loc);
  ++depth;
  Type checked = check(call("aten::__getitem__.t", element, {list, turn}), promised.getElement(),
                       place + ", an element");
  --depth;
  ts::YieldOp::create(builder, loc, yes);
  return ts::ListType::get(context(), checked);
}

Type CheckWriter::checkTuple(Value tuple, ts::TupleType promised, const std::string &place) {
  SmallVector<Type> checked;
  ArrayRef<Type> declared = cast<ts::TupleType>(tuple.getType()).getElements();
  for (auto [i, type] : llvm::enumerate(promised.getElements())) {
    Value field = ts::TupleIndexOp::create(builder, loc, declared[i], tuple,
                                           integer(static_cast<int64_t>(i)));
    checked.push_back(check(field, type, place + ", field " + std::to_string(i)));
  }
  return ts::TupleType::get(context(), checked, promised.getName(), promised.getFields());
}

Type CheckWriter::checkOptional(Value value, ts::OptionalType promised, const std::string &place) {
  Type element = cast<ts::OptionalType>(value.getType()).getElement();
  Value none = constant(builder.getUnitAttr(), ts::NoneType::get(context()));
  Value isThere = call("aten::__isnot__", ts::BoolType::get(context()), {value, none});
  auto branch = ts::IfOp::create(builder, loc, TypeRange(), isThere);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&branch.getElseRegion().emplaceBlock());
  ts::YieldOp::create(builder, loc, ValueRange());
  builder.setInsertionPointToStart(&branch.getThenRegion().emplaceBlock());
  Value inner = ts::UncheckedCastOp::create(builder, loc, element, value);
  ++depth;
  Type checked = check(inner, promised.getElement(), place);
  --depth;
  ts::YieldOp::create(builder, loc, ValueRange());
  return ts::OptionalType::get(context(), checked);
}

Type CheckWriter::check(Value value, Type promised, const std::string &place) {
  Type plain = ts::withoutTensorFacts(promised);
  // What has no tensors in it promises nothing; what is declared otherwise is left to the border.
  if (promised == plain || value.getType() != plain)
    return value.getType();
  return llvm::TypeSwitch<Type, Type>(promised)
      .Case([&](ts::TensorType type) { return checkTensor(value, type, place); })
      .Case([&](ts::ListType type) { return checkList(value, type, place); })
      .Case([&](ts::TupleType type) { return checkTuple(value, type, place); })
      .Case([&](ts::OptionalType type) { return checkOptional(value, type, place); })
      .Default(plain);
}

void CheckWriter::checkArgument(unsigned index, Type promised) {
  Value argument = function.getBody().getArgument(index);
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : argument.getUses())
    uses.push_back(&use);
  std::string place = "input " + std::to_string(index - firstArgument) + " '" +
                      function.getArgName(index).str() + "'";
  Type checked = check(argument, promised, place);
  if (checked == argument.getType())
    return;
  auto cast = ts::UncheckedCastOp::create(builder, argument.getLoc(), checked, argument);
  cast->setAttr(ts::kCheckedAttr, builder.getUnitAttr());
  for (OpOperand *use : uses)
    use->set(cast.getResult());
}

void insertContractChecks(ModuleOp module) {
  for (const ExportedMethod &method : exportedMethods(module)) {
    ts::FuncOp function = method.function;
    if (function.isExternal())
      continue;
    CheckWriter writer(function, method.hasSelf);
    for (unsigned i = method.hasSelf; i < function.getArgumentTypes().size(); ++i)
      if (auto promise = function.getArgAttrOfType<TypeAttr>(i, kContractAttr))
        writer.checkArgument(i, promise.getValue());
  }
}

} // namespace tsc
