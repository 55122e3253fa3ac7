// SPDX-License-Identifier: Apache-2.0
// A method's graph, as PyTorch's `.graph` prints it:
//   graph(%self : __torch__.M,
//         %x.1 : Tensor):
//     %2 : int = prim::Constant[value=1]() # model.py:3:8
//     %y.1 : Tensor = aten::add(%x.1, %x.1, %2) # model.py:3:8
//     return (%y.1)
// Values print under their debug names (made unique), others under numbers in order of appearance.
// The bodies of forks follow as graphs of their own. Constant tensors are shown when they are
// small.
#include "tsc/Ts/Printers.h"

#include "PrintValues.h"
#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsc::ts {

namespace {

/// A constant tensor of more elements prints as `<Tensor>`.
constexpr int64_t kMaxShownElements = 10;

/// One graph: a function, or the body of a fork.
class GraphPrinter {
public:
  GraphPrinter(raw_ostream &os, TensorTextFn tensorText, bool hasOriginalRanges)
      : os(os), tensorText(tensorText), hasOriginalRanges(hasOriginalRanges) {}
  void print(Region &body);

private:
  void printBlock(Block &block, unsigned level);
  void printOperation(Operation *op, unsigned level);
  void printKind(Operation *op);
  void printAttributes(Operation *op);
  void printConstant(ConstantOp op);
  void printLocation(Location loc);
  void printNames(ValueRange values);
  void printTyped(ValueRange values, StringRef separator);
  StringRef nameOf(Value value);

  raw_ostream &os;
  TensorTextFn tensorText;
  const bool hasOriginalRanges; ///< places in the user's source are known; else those in the
                                ///< archive are shown
  DenseMap<Value, std::string> names;
  llvm::StringSet<> usedNames;
  llvm::StringMap<unsigned> lastSuffix; ///< by the base of names that were taken
  unsigned nextNumber = 0;
  SmallVector<Operation *> subgraphs; ///< forks, in order; each prints as KIND_<index>
};

} // namespace

/// A debug name that is taken (inlining repeats them) gets the next number of its base: x.1, x.2,
/// ...
StringRef GraphPrinter::nameOf(Value value) {
  auto [it, isNew] = names.try_emplace(value);
  if (!isNew)
    return it->second;
  StringRef given = getDebugName(value);
  auto [base, suffix] = given.rsplit('.');
  if (suffix.empty() || !llvm::all_of(suffix, llvm::isDigit))
    base = given;
  std::string name = given.empty() ? std::to_string(nextNumber++) : given.str();
  while (!usedNames.insert(name).second)
    name = given.empty() ? std::to_string(nextNumber++)
                         : (base + "." + Twine(++lastSuffix[base])).str();
  return it->second = std::move(name);
}

void GraphPrinter::printNames(ValueRange values) {
  llvm::interleaveComma(values, os, [&](Value value) { os << '%' << nameOf(value); });
}

void GraphPrinter::printTyped(ValueRange values, StringRef separator) {
  auto print = [&](Value value) {
    os << '%' << nameOf(value) << " : ";
    // PyTorch gives the result of __exit__ no type of its own, and Tensor is what a value starts
    // with.
    os << (value.getDefiningOp<ExitOp>() ? "Tensor" : typeText(value.getType(), TypeStyle::Graph));
  };
  llvm::interleave(values, os, print, separator);
}

void GraphPrinter::print(Region &body) {
  Block &block = body.front();
  os << "graph(";
  printTyped(block.getArguments(), ",\n      ");
  os << "):\n";
  for (Operation &op : block.without_terminator())
    printOperation(&op, 1);
  os << "  return (";
  printNames(block.getTerminator()->getOperands());
  os << ")\n";
  for (auto [index, op] : llvm::enumerate(subgraphs)) {
    os << "with ";
    printKind(op);
    os << '_' << index << " = ";
    GraphPrinter(os, tensorText, hasOriginalRanges).print(op->getRegion(0));
  }
}

void GraphPrinter::printBlock(Block &block, unsigned level) {
  for (Operation &op : block.without_terminator())
    printOperation(&op, level);
  os.indent(2 * level) << "-> (";
  printNames(block.getTerminator()->getOperands());
  os << ")\n";
}

void GraphPrinter::printOperation(Operation *op, unsigned level) {
  os.indent(2 * level);
  printTyped(op->getResults(), ", ");
  os << " = ";
  printKind(op);
  bool isSubgraph = isa<ForkOp, AwaitableOp>(op);
  if (isSubgraph) {
    os << '_' << subgraphs.size();
    subgraphs.push_back(op);
  }
  printAttributes(op);
  os << '(';
  printNames(op->getOperands());
  os << ')';
  printLocation(op->getLoc());
  os << '\n';
  if (isSubgraph)
    return;
  for (auto [index, region] : llvm::enumerate(op->getRegions())) {
    if (region.empty())
      continue;
    os.indent(2 * level + 2) << "block" << index << '(';
    printTyped(region.getArguments(), ", ");
    os << "):\n";
    printBlock(region.front(), level + 2);
  }
}

void GraphPrinter::printKind(Operation *op) {
  if (auto aten = dyn_cast<AtenOp>(op)) {
    os << aten.getBaseName();
    return;
  }
  StringRef kind =
      llvm::TypeSwitch<Operation *, StringRef>(op)
          .Case<ConstantOp>([](Operation *) { return "Constant"; })
          .Case<ListConstructOp>([](Operation *) { return "ListConstruct"; })
          .Case<DictConstructOp>([](Operation *) { return "DictConstruct"; })
          .Case<TupleConstructOp>([](Operation *) { return "TupleConstruct"; })
          .Case<TupleUnpackOp>([](Operation *) { return "TupleUnpack"; })
          .Case<TupleIndexOp>([](Operation *) { return "TupleIndex"; })
          .Case<TupleSliceOp>([](Operation *) { return "TupleSlice"; })
          .Case<ListUnpackOp>([](Operation *) { return "ListUnpack"; })
          .Case<UncheckedCastOp>([](Operation *) { return "unchecked_cast"; })
          .Case<IsInstanceOp>([](Operation *) { return "isinstance"; })
          .Case<UninitializedOp>([](Operation *) { return "Uninitialized"; })
          .Case<GetAttrOp>([](Operation *) { return "GetAttr"; })
          .Case<SetAttrOp>([](Operation *) { return "SetAttr"; })
          .Case<CreateObjectOp>([](Operation *) { return "CreateObject"; })
          .Case<ModuleContainerIndexOp>([](Operation *) { return "ModuleContainerIndex"; })
          .Case<CallFunctionOp>([](Operation *) { return "CallFunction"; })
          .Case<CallMethodOp>([](Operation *) { return "CallMethod"; })
          .Case<ForkOp>([](Operation *) { return "fork"; })
          .Case<AwaitableOp>([](Operation *) { return "awaitable"; })
          .Case<IfOp>([](Operation *) { return "If"; })
          .Case<LoopOp>([](Operation *) { return "Loop"; })
          .Case<RaiseOp>([](Operation *) { return "RaiseException"; })
          .Case<EnterOp>([](Operation *) { return "Enter"; })
          .Case<ExitOp>([](Operation *) { return "Exit"; })
          .Default([](Operation *) { return ""; });
  if (!kind.empty()) {
    os << "prim::" << kind;
    return;
  }
  auto [space, name] = op->getName().getStringRef().split('.');
  os << space << "::" << name;
}

void GraphPrinter::printConstant(ConstantOp op) {
  Attribute value = op.getValue();
  if (isa<UnitAttr>(value))
    return;
  if (auto symbol = dyn_cast<FlatSymbolRefAttr>(value);
      symbol && isa<ts::FunctionType>(op.getType())) {
    StringRef name = symbol.getValue();
    os << "[name=" << quotedText(name.substr(name.rfind('.') + 1)) << ']';
    return;
  }
  os << "[value=";
  auto special = [](Attribute element, Type type) -> std::optional<std::string> {
    if (auto list = dyn_cast_if_present<ListType>(type);
        list && isa<ts::TensorType>(list.getElement()))
      return "[<Tensors>]";
    if (isa<TensorAttr>(element))
      return "<Tensor>";
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(element))
      return ("object(@" + symbol.getValue() + ")").str();
    return std::nullopt;
  };
  if (auto tensor = dyn_cast<TensorAttr>(value))
    os << (tensor.getNumElements() > kMaxShownElements ? "<Tensor>" : tensorText(tensor));
  else if (auto flag = dyn_cast<BoolAttr>(value))
    os << (flag.getValue() ? '1' : '0');
  else if (auto device = dyn_cast<DeviceAttr>(value))
    os << quotedText(device.getText().getValue());
  else
    os << valueText(value, op.getType(), special);
  os << ']';
}

void GraphPrinter::printAttributes(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<ConstantOp>([&](ConstantOp constant) { printConstant(constant); })
      .Case<GetAttrOp, SetAttrOp>(
          [&](auto access) { os << "[name=" << quotedText(access.getName()) << ']'; })
      .Case<CallMethodOp>(
          [&](CallMethodOp call) { os << "[name=" << quotedText(call.getMethod()) << ']'; })
      .Case<TupleSliceOp>([&](TupleSliceOp slice) {
        os << "[beg=" << slice.getBegin() << ", end=" << slice.getEnd() << ']';
      })
      .Case<IsInstanceOp>([&](IsInstanceOp check) {
        os << "[types=[";
        llvm::interleaveComma(check.getTypes().getAsRange<TypeAttr>(), os, [&](TypeAttr type) {
          os << typeText(type.getValue(), TypeStyle::Graph);
        });
        os << "]]";
      });
}

void GraphPrinter::printLocation(Location loc) {
  if (FileLineColRange range = hasOriginalRanges ? getOriginalRange(loc) : getSerializedRange(loc))
    os << " # " << range.getFilename().getValue() << ':' << range.getStartLine() << ':'
       << std::max(range.getStartColumn(), 1u) - 1; // counted from 0; traced code has none
}

FuncOp findMethod(ModuleOp module, StringRef name) {
  if (auto root = module->getAttrOfType<FlatSymbolRefAttr>(kRootAttr)) {
    auto object = module.lookupSymbol<ObjectOp>(root.getAttr());
    auto klass =
        object ? module.lookupSymbol<ClassOp>(object.getClassNameAttr().getAttr()) : ClassOp();
    FlatSymbolRefAttr method = klass ? klass.findMethod(name) : FlatSymbolRefAttr();
    return method ? module.lookupSymbol<FuncOp>(method.getAttr()) : FuncOp();
  }
  if (auto function = module.lookupSymbol<FuncOp>(name))
    return function;
  for (FuncOp function : module.getOps<FuncOp>())
    if (function.getShortName() == name)
      return function;
  return {};
}

LogicalResult printGraph(ModuleOp module, StringRef method, raw_ostream &os,
                         TensorTextFn tensorText) {
  FuncOp function = findMethod(module, method);
  if (!function || function.isExternal())
    return failure();
  WalkResult found = function.walk([](Operation *op) {
    return getOriginalRange(op->getLoc()) ? WalkResult::interrupt() : WalkResult::advance();
  });
  GraphPrinter(os, tensorText, found.wasInterrupted()).print(function.getBody());
  return success();
}

} // namespace tsc::ts
