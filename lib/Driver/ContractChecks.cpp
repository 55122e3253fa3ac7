// SPDX-License-Identifier: Apache-2.0
// What `--input` and `--args` promise of tensors is checked where a method begins, so that other
// arguments are an error that names the argument. What was checked is said by a cast, which the
// method's code reads in the argument's place, so that later phases may rely on it. Tensors in
// lists, tuples and optionals are checked one by one; of dicts nothing is promised. A named size is
// that of the first place where it stands, which must be reached by every call: an optional or the
// elements of a list cannot give a size its name.
//
// With several versions of a method (`--specialize`) the same checks are tests:
//
//   %fits = dtype(%x) == 6 and dim(%x) == 4 and size(%x) == [8, 3, 224, 224]
//   %y = ts.if %fits { the method's body on ts.unchecked_cast %x {ts.checked} }
//        else { the next version }
//
// and the last one is the body under the contract's own checks, or as it is.
#include "Contracts.h"

#include "Methods.h"
#include "tsc/Ts/TypeRules.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tsc {

/// The class of the exception; the runtime's border reports it as a bad argument and not as the
/// program's own.
static constexpr llvm::StringLiteral kErrorClass = "tsc.ArgumentError";

namespace {
/// Writes the checks of one function where the builder stands.
class CheckWriter {
public:
  enum class Mode : uint8_t {
    Raise, ///< what does not fit raises
    Test   ///< it makes the answer false
  };
  CheckWriter(ts::FuncOp function, unsigned firstArgument, Mode mode, OpBuilder builder)
      : function(function), firstArgument(firstArgument), mode(mode), builder(builder),
        loc(function.getLoc()), names(function->getAttrOfType<ArrayAttr>(kSymbolNamesAttr)) {
    if (auto all = function->getAttrOfType<ArrayAttr>(ts::kBoundsAttr))
      for (auto bounds : all.getAsRange<DenseI64ArrayAttr>())
        symbolBounds[bounds[0]] = {bounds[1], bounds[2]};
  }
  /// The part of the promises that was checked, by argument; in the mode Test `fits` is the answer.
  SmallVector<Type> checkArguments(ArrayRef<Type> promised, Value &fits);
  OpBuilder &getBuilder() { return builder; }

private:
  Value constant(Attribute value, Type type) {
    return ts::ConstantOp::create(builder, loc, type, value);
  }
  Value integer(int64_t value) {
    return constant(builder.getI64IntegerAttr(value), ts::IntType::get(context()));
  }
  Value boolean(bool value) {
    return constant(builder.getBoolAttr(value), ts::BoolType::get(context()));
  }
  Value call(llvm::StringRef name, Type type, ValueRange arguments) {
    return ts::AtenOp::create(builder, loc, TypeRange(type), builder.getStringAttr(name), arguments)
        .getResult(0);
  }
  /// Raises unless the condition holds; or goes on where it does.
  void require(Value condition, const std::string &message);
  /// Writes checks, and returns whether all of them hold, in the mode Test.
  Value conjunction(llvm::function_ref<void()> write);
  /// Each checks a value, named `place` in messages, and returns the part of the promise that was
  /// checked.
  Type check(Value value, Type promised, const std::string &place);
  Type checkTensor(Value tensor, ts::TensorType promised, const std::string &place);
  void checkSize(Value size, int64_t wanted, const std::string &expected, size_t dim);
  Type checkList(Value list, ts::ListType promised, const std::string &place);
  Type checkTuple(Value tuple, ts::TupleType promised, const std::string &place);
  Type checkOptional(Value value, ts::OptionalType promised, const std::string &place);
  MLIRContext *context() { return function.getContext(); }

  ts::FuncOp function;
  unsigned firstArgument;
  Mode mode;
  OpBuilder builder;
  Location loc;
  llvm::DenseMap<int64_t, Value> symbols;
  llvm::DenseMap<int64_t, std::pair<int64_t, int64_t>> symbolBounds;
  ArrayAttr names;               ///< of symbols; may be null
  SmallVector<ts::IfOp> pending; ///< tests in whose branch of success the builder stands
  unsigned depth = 0;            ///< of branches and loops around the check that is written
};
} // namespace

static std::string sizeText(int64_t size, ArrayAttr names) {
  if (size == ts::TensorType::kUnknownSize)
    return "?";
  if (!ts::TensorType::isSymbol(size))
    return std::to_string(size);
  auto symbol = static_cast<size_t>(-1 - size);
  return names && symbol < names.size() ? cast<StringAttr>(names[symbol]).str()
                                        : "s" + std::to_string(symbol);
}

std::string tensorText(ts::TensorType type, ArrayAttr names) {
  const DTypeInfo *info = findDType(type.getDtype());
  std::string text = info ? info->shortName : "?";
  if (!type.getHasRank())
    return text + "[..]";
  text += '[';
  for (auto [i, size] : llvm::enumerate(type.getSizes()))
    text += (i ? "," : "") + sizeText(size, names);
  return text + "]";
}

void CheckWriter::require(Value condition, const std::string &message) {
  bool isTest = mode == Mode::Test;
  Type text = ts::StrType::get(context()), boolType = ts::BoolType::get(context());
  auto branch =
      ts::IfOp::create(builder, loc, isTest ? TypeRange(boolType) : TypeRange(), condition);
  Block &yes = branch.getThenRegion().emplaceBlock(), &no = branch.getElseRegion().emplaceBlock();
  OpBuilder::InsertPoint behind = builder.saveInsertionPoint();
  builder.setInsertionPointToStart(&no);
  if (isTest) {
    ts::YieldOp::create(builder, loc, boolean(false));
    builder.setInsertionPointToStart(&yes);
    pending.push_back(branch);
    return;
  }
  Value words = constant(builder.getStringAttr(message), text);
  Value className = constant(builder.getStringAttr(kErrorClass), text);
  ts::RaiseOp::create(builder, loc, words, className);
  ts::YieldOp::create(builder, loc, ValueRange());
  builder.setInsertionPointToStart(&yes);
  ts::YieldOp::create(builder, loc, ValueRange());
  builder.restoreInsertionPoint(behind);
}

Value CheckWriter::conjunction(llvm::function_ref<void()> write) {
  size_t open = pending.size();
  write();
  if (mode == Mode::Raise)
    return {};
  Value result = boolean(true);
  while (pending.size() > open) {
    ts::IfOp branch = pending.pop_back_val();
    ts::YieldOp::create(builder, loc, result);
    builder.setInsertionPointAfter(branch);
    result = branch.getResult(0);
  }
  return result;
}

Type CheckWriter::checkTensor(Value tensor, ts::TensorType promised, const std::string &place) {
  Type intType = ts::IntType::get(context()), boolType = ts::BoolType::get(context());
  std::string expected = place + ": expected " + tensorText(promised, names) + ", got ";
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
    if (ts::TensorType::isSymbol(wanted) && depth && !symbols.contains(wanted))
      wanted = ts::TensorType::kUnknownSize;
    if (wanted != ts::TensorType::kUnknownSize)
      checkSize(call("aten::size.int", intType, {tensor, integer(static_cast<int64_t>(i))}), wanted,
                expected, i);
  }
  return ts::TensorType::get(context(), checked, promised.getDtype());
}

void CheckWriter::checkSize(Value size, int64_t wanted, const std::string &expected, size_t dim) {
  Type boolType = ts::BoolType::get(context());
  bool isSymbol = ts::TensorType::isSymbol(wanted);
  std::string ofDim = "size of dim " + std::to_string(dim);
  std::string message = expected + "another " + ofDim;
  if (!isSymbol || !symbols.try_emplace(wanted, size).second) {
    Value other = isSymbol ? symbols.lookup(wanted) : integer(wanted);
    return require(call("aten::eq.int", boolType, {size, other}), message);
  }
  auto bounds = symbolBounds.find(wanted);
  if (bounds == symbolBounds.end())
    return;
  auto [low, high] = bounds->second;
  message = expected + "a " + ofDim + " that is not in " + std::to_string(low) + ".." +
            std::to_string(high);
  require(call("aten::ge.int", boolType, {size, integer(low)}), message);
  require(call("aten::le.int", boolType, {size, integer(high)}), message);
}

Type CheckWriter::checkList(Value list, ts::ListType promised, const std::string &place) {
  Type element = cast<ts::ListType>(list.getType()).getElement();
  bool isTest = mode == Mode::Test;
  Value count = call("aten::len.t", ts::IntType::get(context()), list), yes = boolean(true);
  Type boolType = ts::BoolType::get(context());
  auto loop = ts::LoopOp::create(builder, loc, isTest ? TypeRange(boolType) : TypeRange(), count,
                                 yes, isTest ? ValueRange(yes) : ValueRange());
  Block &body = loop.getBody().emplaceBlock();
  OpBuilder::InsertPoint behind = builder.saveInsertionPoint();
  builder.setInsertionPointToStart(&body);
  Value turn = body.addArgument(ts::IntType::get(context()), loc);
  if (isTest)
    body.addArgument(boolType, loc);
  ++depth;
  Type checked;
  Value fits = conjunction([&] {
    checked = check(call("aten::__getitem__.t", element, {list, turn}), promised.getElement(),
                    place + ", an element");
  });
  --depth;
  ts::YieldOp::create(builder, loc, isTest ? ValueRange({fits, fits}) : ValueRange(yes));
  builder.restoreInsertionPoint(behind);
  if (isTest)
    require(loop.getResult(0), "");
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
  bool isTest = mode == Mode::Test;
  Type boolType = ts::BoolType::get(context());
  auto branch = ts::IfOp::create(builder, loc, isTest ? TypeRange(boolType) : TypeRange(), isThere);
  OpBuilder::InsertPoint behind = builder.saveInsertionPoint();
  builder.setInsertionPointToStart(&branch.getElseRegion().emplaceBlock());
  ts::YieldOp::create(builder, loc, isTest ? ValueRange(boolean(true)) : ValueRange());
  builder.setInsertionPointToStart(&branch.getThenRegion().emplaceBlock());
  Value inner = ts::UncheckedCastOp::create(builder, loc, element, value);
  ++depth;
  Type checked;
  Value fits = conjunction([&] { checked = check(inner, promised.getElement(), place); });
  --depth;
  ts::YieldOp::create(builder, loc, isTest ? ValueRange(fits) : ValueRange());
  builder.restoreInsertionPoint(behind);
  if (isTest)
    require(branch.getResult(0), "");
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

SmallVector<Type> CheckWriter::checkArguments(ArrayRef<Type> promised, Value &fits) {
  SmallVector<Type> checked;
  fits = conjunction([&] {
    for (auto [index, argument] : llvm::enumerate(function.getBody().getArguments())) {
      std::string place = "input " + std::to_string(index - firstArgument) + " '" +
                          function.getArgName(index).str() + "'";
      checked.push_back(check(argument, promised[index], place));
    }
  });
  return checked;
}

/// A function's arguments as their checks have shown them to be; those of which nothing is known
/// stay as they are.
static SmallVector<Value> castArguments(OpBuilder &builder, ValueRange arguments,
                                        ArrayRef<Type> checked) {
  SmallVector<Value> known;
  for (auto [argument, type] : llvm::zip(arguments, checked)) {
    known.push_back(argument);
    if (type == argument.getType())
      continue;
    auto cast = ts::UncheckedCastOp::create(builder, argument.getLoc(), type, argument);
    cast->setAttr(ts::kCheckedAttr, builder.getUnitAttr());
    known.back() = cast.getResult();
  }
  return known;
}

/// Checks at the start of a block, which then reads what was checked.
static void insertRaisingChecks(const ExportedMethod &method, ArrayRef<Type> promised,
                                Block &block) {
  ts::FuncOp function = method.function;
  SmallVector<Operation *> operations;
  for (Operation &op : block)
    operations.push_back(&op);
  CheckWriter writer(function, method.hasSelf, CheckWriter::Mode::Raise,
                     OpBuilder::atBlockBegin(&block));
  Value none;
  SmallVector<Type> checked = writer.checkArguments(promised, none);
  ValueRange arguments = function.getBody().getArguments();
  IRMapping known;
  known.map(arguments, castArguments(writer.getBuilder(), arguments, checked));
  for (Operation *op : operations)
    op->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands())
        operand.set(known.lookupOrDefault(operand.get()));
    });
}

/// Puts a copy of a block in front, for calls that a version fits; returns the block for the
/// others.
static Block &insertVersion(const ExportedMethod &method, ArrayRef<Type> promised, Block &block) {
  ts::FuncOp function = method.function;
  Operation *end = block.getTerminator();
  SmallVector<Operation *> operations;
  for (Operation &op : block.without_terminator())
    operations.push_back(&op);
  CheckWriter writer(function, method.hasSelf, CheckWriter::Mode::Test,
                     OpBuilder::atBlockBegin(&block));
  Value fits;
  SmallVector<Type> checked = writer.checkArguments(promised, fits);
  OpBuilder &builder = writer.getBuilder();
  SmallVector<Value> results(end->getOperands());
  auto branch = ts::IfOp::create(builder, function.getLoc(), TypeRange(ValueRange(results)), fits);
  builder.setInsertionPointToStart(&branch.getThenRegion().emplaceBlock());
  ValueRange arguments = function.getBody().getArguments();
  IRMapping mapping;
  mapping.map(arguments, castArguments(builder, arguments, checked));
  for (Operation *op : operations)
    builder.clone(*op, mapping);
  SmallVector<Value> copies;
  for (Value result : results)
    copies.push_back(mapping.lookupOrDefault(result));
  ts::YieldOp::create(builder, function.getLoc(), copies);
  Block &otherwise = branch.getElseRegion().emplaceBlock();
  for (Operation *op : operations)
    op->moveBefore(&otherwise, otherwise.end());
  builder.setInsertionPointToEnd(&otherwise);
  ts::YieldOp::create(builder, function.getLoc(), results);
  end->setOperands(branch.getResults());
  return otherwise;
}

static void insertChecks(const ExportedMethod &method) {
  ts::FuncOp function = method.function;
  Block *block = &function.getBody().front();
  if (auto versions = function->getAttrOfType<ArrayAttr>(kVersionsAttr))
    for (auto version : versions.getAsRange<ArrayAttr>()) {
      SmallVector<Type> promised;
      for (auto type : version.getAsValueRange<TypeAttr>())
        promised.push_back(type);
      block = &insertVersion(method, promised, *block);
    }
  SmallVector<Type> contract(function.getArgumentTypes());
  bool isPromised = false;
  for (auto [i, type] : llvm::enumerate(contract))
    if (auto promise =
            function.getArgAttrOfType<TypeAttr>(static_cast<unsigned>(i), kContractAttr)) {
      type = promise.getValue();
      isPromised = true;
    }
  if (!isPromised)
    return;
  if (function->hasAttr(kFallbackAttr))
    insertVersion(method, contract, *block);
  else
    insertRaisingChecks(method, contract, *block);
}

void insertContractChecks(ModuleOp module) {
  for (const ExportedMethod &method : exportedMethods(module)) {
    ts::FuncOp function = method.function;
    if (!function.isExternal())
      insertChecks(method);
  }
}

} // namespace tsc
