// SPDX-License-Identifier: Apache-2.0
// Registration of the ts dialect, its state, and the small methods of types, attributes and ops.
#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <mutex>

using namespace mlir;

namespace tsc::ts {

struct DialectState {
  WeightStore weights;
  std::mutex rowsMutex; ///< functions may be worked on side by side
  llvm::DenseMap<const void *, const OperatorRow *> rows;
};

bool isTsType(Type type) { return llvm::isa<TsDialect>(type.getDialect()); }

void TsDialect::initialize() {
  state = std::make_shared<DialectState>();
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "tsc/Ts/TsOps.cpp.inc"
      >();
}

WeightStore &TsDialect::getWeightStore() { return state->weights; }

const OperatorRow *TsDialect::findRow(StringAttr name) {
  std::lock_guard lock(state->rowsMutex);
  auto [it, isNew] = state->rows.try_emplace(name.getAsOpaquePointer(), nullptr);
  if (isNew)
    it->second = findOperator(name.getValue());
  return it->second;
}

WeightStore &getWeightStore(MLIRContext *context) {
  return context->getOrLoadDialect<TsDialect>()->getWeightStore();
}

// ---- Ops

const OperatorRow *AtenOp::getRow() {
  return static_cast<TsDialect *>(getOperation()->getDialect())->findRow(getNameAttr());
}

StringRef AtenOp::getBaseName() { return getName().split('.').first; }

Value AtenOp::getArg(StringRef name) {
  const OperatorRow *row = getRow();
  if (!row)
    return {};
  for (auto [i, argument] : llvm::enumerate(row->schema().arguments))
    if (argument.name == name && i < getArgs().size())
      return getArgs()[i];
  return {};
}

void AtenOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  const OperatorRow *row = getRow();
  if (!row || (row->effects & kSideEffects)) {
    effects.emplace_back(MemoryEffects::Write::get());
    effects.emplace_back(MemoryEffects::Read::get());
    return;
  }
  const Schema &schema = row->schema();
  for (auto [i, operand] : llvm::enumerate(getOperation()->getOpOperands())) {
    effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (i < schema.arguments.size() && schema.arguments[i].alias.isWrite)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
  if (row->effects & kNondeterministic)
    effects.emplace_back(MemoryEffects::Write::get());
  for (OpResult result : getOperation()->getOpResults())
    effects.emplace_back(MemoryEffects::Allocate::get(), result);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

YieldOp IfOp::thenYield() { return cast<YieldOp>(getThenRegion().front().getTerminator()); }
YieldOp IfOp::elseYield() { return cast<YieldOp>(getElseRegion().front().getTerminator()); }
YieldOp LoopOp::bodyYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

AttributeOp ClassOp::findAttribute(StringRef name) {
  for (AttributeOp op : getBody().getOps<AttributeOp>())
    if (op.getSymName() == name)
      return op;
  return {};
}

int64_t ClassOp::getAttributeIndex(StringRef name) {
  int64_t index = 0;
  for (AttributeOp op : getBody().getOps<AttributeOp>()) {
    if (op.isConstant())
      continue;
    if (op.getSymName() == name)
      return index;
    ++index;
  }
  return -1;
}

FlatSymbolRefAttr ClassOp::findMethod(StringRef name) {
  for (MethodOp op : getBody().getOps<MethodOp>())
    if (op.getSymName() == name)
      return op.getFunctionAttr();
  return {};
}

StringRef FuncOp::getShortName() {
  return getSymName().rsplit('.').second.empty() ? getSymName() : getSymName().rsplit('.').second;
}

StringRef FuncOp::getArgName(unsigned index) {
  if (auto name = getArgAttrOfType<StringAttr>(index, kArgNameAttr))
    return name.getValue();
  return "";
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto build = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
                  function_interface_impl::VariadicFlag,
                  std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), build,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

} // namespace tsc::ts

#include "tsc/Ts/TsDialect.cpp.inc"
#define GET_OP_CLASSES
#include "tsc/Ts/TsOps.cpp.inc"
