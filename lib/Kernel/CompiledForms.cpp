// SPDX-License-Identifier: Apache-2.0
// Which operator becomes which kind of kernel: one table by name, and what all kinds ask for
// (precise types, tensors on the CPU, no writes). To give an operator a compiled form: its name in
// the table below, and what its kind's whyNot and emitter must know of it.
#include "tsc/Kernel/CompiledForms.h"

#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Pointwise.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace tsc::kernel {

// ---- Constant operands

std::optional<int64_t> constantInt(Value value) {
  if (auto number = dyn_cast_or_null<IntegerAttr>(constantOf(value)))
    return number.getInt();
  return std::nullopt;
}
std::optional<bool> constantBool(Value value) {
  if (auto number = dyn_cast_or_null<IntegerAttr>(constantOf(value)))
    return number.getValue() != 0;
  return std::nullopt;
}
std::optional<double> constantNumber(Value value) {
  Attribute constant = constantOf(value);
  if (auto number = dyn_cast_or_null<FloatAttr>(constant))
    return number.getValueAsDouble();
  if (auto number = dyn_cast_or_null<IntegerAttr>(constant))
    return number.getType().isInteger(1) ? static_cast<double>(number.getValue() != 0)
                                         : static_cast<double>(number.getInt());
  return std::nullopt;
}
std::optional<SmallVector<int64_t>> constantInts(Value value) {
  SmallVector<int64_t> numbers;
  if (auto list = value ? value.getDefiningOp<ts::ListConstructOp>() : ts::ListConstructOp()) {
    for (Value element : list.getElements()) {
      std::optional<int64_t> number = constantInt(element);
      if (!number)
        return std::nullopt;
      numbers.push_back(*number);
    }
    return numbers;
  }
  auto list = dyn_cast_or_null<ts::ListAttr>(constantOf(value));
  if (!list) {
    std::optional<int64_t> single = constantInt(value); // int[1] takes an int
    return single ? std::optional(SmallVector<int64_t>{*single}) : std::nullopt;
  }
  for (Attribute element : list.getElements()) {
    auto number = dyn_cast<IntegerAttr>(element);
    if (!number)
      return std::nullopt;
    numbers.push_back(number.getInt());
  }
  return numbers;
}
bool isNone(Value value) { return isa_and_nonnull<UnitAttr>(constantOf(value)); }

// ---- The table

static std::optional<Kind> kindOf(StringRef name) {
  return llvm::StringSwitch<std::optional<Kind>>(name)
#define KERNEL_FORM(NAME, KIND) .Case(NAME, Kind::KIND)
#include "CompiledForms.def"
#undef KERNEL_FORM
      .Default(std::nullopt);
}

static std::optional<std::string> whyNot(Kind kind, ts::AtenOp op) {
  switch (kind) {
  case Kind::Map:
    return whyNotPointwise(op);
  case Kind::Contraction:
    return whyNotContraction(op);
  case Kind::Rows:
    return whyNotRows(op);
  case Kind::Attention:
    return whyNotAttention(op);
  case Kind::Recurrent:
    return whyNotRecurrent(op);
  case Kind::Window:
    return whyNotWindow(op);
  case Kind::Move:
    return whyNotMove(op);
  case Kind::View:
    return whyNotView(op);
  }
  return "unknown kind";
}

static bool isPrecise(Type type) {
  auto tensor = dyn_cast<ts::TensorType>(type);
  if (!tensor)
    return true;
  DTypeClass category = dtypeClass(tensor.getDtype());
  return tensor.hasDType() && tensor.hasStaticShape() &&
         (category == DTypeClass::Float || category == DTypeClass::Integer ||
          category == DTypeClass::Bool);
}

/// A conversion that finds nothing to convert gives the very tensor that it was given.
static bool mayBeItsOperand(ts::AtenOp op) {
  const ts::SchemaArgument &result = op.getRow()->schema().returns[0];
  return (!result.alias.sets.empty() || op.getBaseName() == "aten::type_as" ||
          op.getBaseName().starts_with("aten::_cast_")) &&
         op.getArgs()[0].getType() == op.getResult(0).getType();
}

std::optional<Kind> compiledKind(ts::AtenOp op, std::string &why) {
  const ts::OperatorRow *row = op.getRow();
  if (!row || op.getNumResults() == 0 ||
      !llvm::all_of(op.getResultTypes(), llvm::IsaPred<ts::TensorType>)) {
    why = "not an operator on tensors";
    return std::nullopt;
  }
  std::optional<Kind> kind = kindOf(op.getName());
  if (!kind)
    kind = kindOf(op.getBaseName());
  // These draw random numbers only when there is dropout, which their forms exclude.
  bool mayDrop = kind == Kind::Recurrent || kind == Kind::Attention;
  uint8_t effects = mayDrop ? row->effects & ~ts::kNondeterministic : row->effects;
  if (effects || llvm::any_of(row->schema().arguments,
                              [](const ts::SchemaArgument &a) { return a.alias.isWrite; })) {
    why = "it writes, or has other effects";
    return std::nullopt;
  }
  if (!kind && !whyNotPointwise(op))
    kind = Kind::Map;
  if (!kind) {
    why = "the operator has no compiled form";
    return std::nullopt;
  }
  for (Type type : llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                            SmallVector<Type>(op->getResultTypes())))
    if (!isPrecise(type)) {
      why = "dtype or sizes of a tensor are not known";
      return std::nullopt;
    }
  if (kind == Kind::Map && mayBeItsOperand(op))
    kind = Kind::View;
  if (std::optional<std::string> reason = whyNot(*kind, op)) {
    why = *reason;
    return std::nullopt;
  }
  if (!operandsFit(op, *kind)) {
    why = "its operands do not fit each other";
    return std::nullopt;
  }
  return kind;
}

// ---- Views

bool isReshape(ts::AtenOp op) {
  return llvm::is_contained({"aten::view", "aten::reshape", "aten::flatten", "aten::unsqueeze",
                             "aten::squeeze", "aten::unflatten", "aten::_unsafe_view"},
                            op.getBaseName());
}

std::optional<std::string> whyNotView(ts::AtenOp op) {
  auto from = dyn_cast<ts::TensorType>(op.getArgs()[0].getType());
  auto to = dyn_cast<ts::TensorType>(op.getResult(0).getType());
  if (!from || !to || op.getNumResults() != 1)
    return "not a view of one tensor";
  if (from.getDtype() != to.getDtype())
    return "a view under another dtype";
  for (auto [argument, value] : llvm::zip(op.getRow()->schema().arguments, op.getArgs())) {
    if (isa<ts::TensorType>(value.getType()) || constantOf(value) || constantInts(value))
      continue;
    // Reshapes read their sizes from the result's type.
    if (argument.type.kind == ts::SchemaType::List &&
        (op.getBaseName() == "aten::view" || op.getBaseName() == "aten::reshape" ||
         op.getBaseName() == "aten::expand"))
      continue;
    return "argument '" + argument.name + "' is not constant";
  }
  return std::nullopt;
}

} // namespace tsc::kernel
