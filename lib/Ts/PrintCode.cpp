// SPDX-License-Identifier: Apache-2.0
// A method's Python, as PyTorch's `.code` prints it. An operation whose result is used once becomes
// part of its user's expression where order allows (PrintCodeInline.cpp); an expression of 40
// characters or more becomes a line of its own, and so must everything that is evaluated before it.
// Everything else is a statement: `name = expression`.
#include "PrintCode.h"

#include "PrintCodeInline.h"
#include "PrintValues.h"
#include "tsc/Ts/Printers.h"
#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

#include <limits>
#include <utility>

using namespace mlir;

namespace tsc::ts {

/// An expression is long when its text and its line's indentation have this many characters.
static constexpr size_t kLongLine = 40;

static std::string annotation(Type type) { return typeText(type, TypeStyle::Annotation); }

// ---- Values

StringRef CodePrinter::use(Value value) const {
  // A name takes precedence: the expression has been evaluated there.
  if (auto found = identifiers.find(value); found != identifiers.end())
    return found->second;
  auto found = expressions.find(value);
  return found == expressions.end() ? StringRef() : StringRef(found->second);
}

void CodePrinter::name(ValueRange values) {
  for (Value value : values)
    identifiers[value] = names.makeFor(value);
}

// ---- Functions and blocks

void CodePrinter::printFunction(FuncOp function, bool isMethod) {
  os << "def " << function.getShortName() << '(';
  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    unsigned index = argument.getArgNumber();
    StringRef given = function.getArgName(index);
    std::string text = given.empty() ? names.makeFor(argument) : names.make(given);
    os << (index ? ",\n    " : "") << text;
    if (index || !isMethod)
      os << ": " << annotation(argument.getType());
    if (Attribute value = function.getArgAttr(index, kArgDefaultAttr))
      os << '=' << constantExpression(value, argument.getType());
    identifiers[argument] = std::move(text);
  }
  ArrayRef<Type> results = function.getResultTypes();
  os << ") -> " << (results.empty() ? "NoneType" : annotation(results.front())) << ":\n";
  printBody(body);
}

void CodePrinter::printBody(Block &block) {
  chooseInline(block, inlined);
  llvm::SaveAndRestore deeper(level, level + 1);
  llvm::DenseSet<Operation *> seen;
  printLongConstants(block, seen);
  printBlock(block, block.getTerminator()->getNumOperands() != 0);
  printOperation(block.getTerminator());
}

/// Gives every constant its expression, in the order of use; long ones get a name first.
void CodePrinter::printLongConstants(Block &block, llvm::DenseSet<Operation *> &seen) {
  for (Operation &op : block) {
    for (Value operand : op.getOperands())
      if (auto constant = operand.getDefiningOp<ConstantOp>();
          constant && seen.insert(constant).second)
        printExpressionStatement(constant);
    if (isa<IfOp, LoopOp>(op))
      for (Region &region : op.getRegions())
        printLongConstants(region.front(), seen);
  }
}

void CodePrinter::printBlock(Block &block, bool hasMore) {
  if (!hasMore && llvm::hasSingleElement(block))
    indent() << "pass\n";
  // Whatever `with` blocks do, the level after the block is that before it.
  llvm::SaveAndRestore restored(level);
  for (Operation &op : block.without_terminator())
    printOperation(&op);
}

// ---- Statements

void CodePrinter::printOperation(Operation *op) {
  if (isa<ConstantOp>(op))
    return;
  splitLong(op->getOperands());
  llvm::TypeSwitch<Operation *>(op)
      .Case<ReturnOp>([&](ReturnOp) { printReturn(op); })
      .Case<IfOp>([&](IfOp branch) { printIf(branch); })
      .Case<LoopOp>([&](LoopOp loop) { printLoop(loop); })
      .Case<TupleUnpackOp, ListUnpackOp>([&](Operation *) { printUnpack(op); })
      .Case<SetAttrOp>([&](SetAttrOp set) { printSetAttr(set); })
      .Case<ForkOp>([&](ForkOp) { printTask(op, "fork"); })
      .Case<AwaitableOp>([&](AwaitableOp) { printTask(op, "awaitable"); })
      .Case<EnterOp>([&](EnterOp enter) { printEnter(enter); })
      .Case<ExitOp>([&](ExitOp exit) { printExit(exit); })
      .Case<ModuleContainerIndexOp>(
          [&](ModuleContainerIndexOp index) { printContainerIndex(index); })
      .Default([&](Operation *) { printExpressionStatement(op); });
}

bool CodePrinter::isLong(StringRef text) const { return text.size() + 2 * level >= kLongLine; }

/// Gives lines of their own to all values up to the last that is long: what stays in the expression
/// runs after them. So does what other expressions still wait for.
///   foo(x.add_(b), some + long)        ->   _0 = x.add_(b); _1 = some + long; foo(_0, _1)
///   foo(x.add_(b), bar(some + long))   ->   _0 = x.add_(b); _1 = some + long; foo(_0, bar(_1))
void CodePrinter::splitLong(ValueRange operands) {
  size_t count = 0;
  SmallVector<Operation *> own;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    Operation *op = operand.getDefiningOp();
    if (!op || !inlined.contains(op))
      continue;
    if (isLong(use(operand)))
      count = index + 1;
    if (!isa<ConstantOp>(op))
      own.push_back(op);
  }
  llvm::erase_if(pending, [&](Operation *op) { return llvm::is_contained(own, op); });
  if (count == 0)
    return;
  for (Operation *op : std::exchange(pending, {})) {
    printDefinition(op, use(op->getResult(0)).str());
    inlined.erase(op);
  }
  for (Value operand : operands.take_front(count))
    if (llvm::is_contained(own, operand.getDefiningOp()))
      printDefinition(operand.getDefiningOp(), use(operand).str());
}

void CodePrinter::printDefinition(Operation *op, StringRef expression) {
  name(op->getResults());
  indent();
  if (op->getNumResults())
    os << joined(op->getResults(), "", " = ");
  os << expression << '\n';
}

void CodePrinter::printExpressionStatement(Operation *op) {
  std::string text = expression(op);
  bool isConstant = isa<ConstantOp>(op);
  if (!inlined.contains(op) || (isConstant && isLong(text))) {
    printDefinition(op, text);
    return;
  }
  expressions[op->getResult(0)] = std::move(text);
  if (!isConstant)
    pending.push_back(op);
}

void CodePrinter::printAssignment(ValueRange left, ValueRange right) {
  if (left.empty())
    return;
  splitLong(right);
  indent() << joined(left, "", "");
  // Python has no annotation in an assignment to several names.
  if (left.size() == 1 && isa<UnionType, OptionalType>(left.front().getType()) &&
      !expressions.contains(left.front()) && annotatedUnions.insert(left.front()).second)
    os << " : " << annotation(left.front().getType());
  os << joined(right, " = ", "\n");
}

void CodePrinter::printAnnotatedAssignment(Value left, Value right) {
  indent() << use(left);
  if (left.getType() != right.getType())
    os << ": " << annotation(left.getType());
  os << " = " << use(right) << '\n';
}

void CodePrinter::printReturn(Operation *op) {
  if (op->getNumOperands())
    indent() << joined(op->getOperands(), "return ", "\n");
}

void CodePrinter::printIf(IfOp op) {
  name(op.getResults());
  auto printBranch = [&](const char *header, Block &block) {
    indent() << header << ":\n";
    llvm::SaveAndRestore deeper(level, level + 1);
    printBlock(block, op.getNumResults() != 0);
    printAssignment(op.getResults(), block.getTerminator()->getOperands());
  };
  printBranch(("if " + use(op.getCondition())).str().c_str(), op.getThenRegion().front());
  printBranch("else", op.getElseRegion().front());
}

static bool isTrue(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto flag = constant ? dyn_cast<BoolAttr>(constant.getValue()) : BoolAttr();
  return flag && flag.getValue();
}

/// Whether the number of turns matters: it is limited, or the turn's number is used.
static bool isCounted(LoopOp op) {
  auto constant = op.getTrips().getDefiningOp<ConstantOp>();
  auto trips = constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr();
  return !trips || trips.getInt() != std::numeric_limits<int64_t>::max() || !op.turn().use_empty();
}

/// A loop's results serve as its variables: assigned before it, read in it, and assigned at the end
/// of each turn.
void CodePrinter::printLoop(LoopOp op) {
  OperandRange next = op.bodyYield().getValues();
  bool isFor = isCounted(op) && isTrue(op.getCondition()) && isTrue(next.front());
  ValueRange results = op.getResults(), arguments = op.getBody().getArguments();
  name(results);
  for (auto [argument, result] : llvm::zip_equal(arguments.drop_front(), results))
    expressions[argument] = use(result).str();
  for (auto [result, init] : llvm::zip_equal(results, op.getInits()))
    printAnnotatedAssignment(result, init);
  name(arguments.front());
  if (isFor) {
    indent() << "for " << use(arguments.front()) << " in range(" << use(op.getTrips()) << "):\n";
  } else {
    // A while loop has no use for the turn's number; its value stands for the condition.
    printAssignment(arguments.front(), op.getCondition());
    indent() << "while " << use(arguments.front()) << ":\n";
  }
  llvm::SaveAndRestore deeper(level, level + 1);
  ValueRange assigned = arguments.drop_front(isFor ? 1 : 0);
  printBlock(op.getBody().front(), !assigned.empty());
  printAssignment(assigned, ValueRange(next).drop_front(isFor ? 1 : 0));
}

/// `a, b, = pair`: the last comma makes the reader unpack even a single value.
void CodePrinter::printUnpack(Operation *op) {
  name(op->getResults());
  indent();
  if (op->getNumResults())
    os << joined(op->getResults(), "", ", = ");
  os << use(op->getOperand(0)) << '\n';
}

void CodePrinter::printSetAttr(SetAttrOp op) {
  indent() << use(op.getObject()) << '.' << op.getName() << " = " << use(op.getValue()) << '\n';
}

/// The body becomes a local function that sees its arguments under their outer names.
void CodePrinter::printTask(Operation *op, StringRef kind) {
  std::string function = names.make(kind == "fork" ? "__forked_function" : "__awaitable_function");
  indent() << "def " << function << "():\n";
  Block &body = op->getRegion(0).front();
  for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), op->getOperands()))
    expressions[argument] = use(operand).str();
  printBody(body);
  printDefinition(op, (kind + "(" + function + ")").str());
}

void CodePrinter::printEnter(EnterOp op) {
  indent() << "with " << use(op.getObject());
  if (!op.getResult().use_empty()) {
    name(op.getResult());
    os << " as " << use(op.getResult());
  }
  os << ":\n";
  ++level;
}

void CodePrinter::printExit(ExitOp op) {
  if (isa_and_present<EnterOp>(op->getPrevNode()))
    indent() << "pass\n";
  level -= level ? 1 : 0;
}

void CodePrinter::printContainerIndex(ModuleContainerIndexOp op) {
  name(op.getResult());
  indent() << use(op.getResult()) << " : " << annotation(op.getType()) << " = "
           << use(op.getObject()) << '[' << use(op.getIndex()) << "]\n";
}

LogicalResult printCode(ModuleOp module, StringRef method, raw_ostream &os) {
  FuncOp function = findMethod(module, method);
  if (!function || function.isExternal())
    return failure();
  CodePrinter(os, getWeightStore(module.getContext()))
      .printFunction(function, module->hasAttr(kRootAttr));
  return success();
}

} // namespace tsc::ts
