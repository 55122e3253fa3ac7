// SPDX-License-Identifier: Apache-2.0
// Which operator becomes which kind of kernel: one table by name, and what all kinds ask for
// (precise types, tensors on the CPU, no writes). To give an operator a compiled form: its name in
// the table below, and what its kind's whyNot and emitter must know of it.
#include "tsc/Kernel/CompiledForms.h"

#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Kernel/Reasons.h"

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

/// The kinds of a name, in the table's order: the first that fits is taken.
static SmallVector<Kind, 2> kindsOf(StringRef name) {
  static constexpr std::pair<StringLiteral, Kind> kRows[] = {
#define KERNEL_FORM(NAME, KIND) {NAME, Kind::KIND},
#include "CompiledForms.def"
#undef KERNEL_FORM
  };
  SmallVector<Kind, 2> kinds;
  for (const auto &[known, kind] : kRows)
    if (known == name)
      kinds.push_back(kind);
  return kinds;
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
  case Kind::Scan:
    return whyNotScan(op);
  case Kind::Scatter:
    return whyNotScatter(op);
  case Kind::Routine:
    return whyNotRoutine(op);
  }
  return because(Reason::NoForm);
}

/// Why no kernel can be written for values of the type. Complex numbers are not computed in
/// registers; functions of the runtime take them.
static std::optional<std::string> whyNotType(Type type, bool mayBeComplex = false) {
  auto tensor = dyn_cast<ts::TensorType>(type);
  if (!tensor)
    return std::nullopt;
  if (!tensor.hasDType() || !tensor.hasStaticShape())
    return because(Reason::NotPrecise);
  DTypeClass category = dtypeClass(tensor.getDtype());
  if (category != DTypeClass::Float && category != DTypeClass::Integer &&
      category != DTypeClass::Bool && !(mayBeComplex && category == DTypeClass::Complex))
    return because(Reason::UncommonDType);
  return std::nullopt;
}

/// A conversion that finds nothing to convert gives the very tensor that it was given.
static bool mayBeItsOperand(ts::AtenOp op) {
  const ts::SchemaArgument &result = op.getRow()->schema().returns[0];
  return (!result.alias.sets.empty() || op.getBaseName() == "aten::type_as" ||
          op.getBaseName().starts_with("aten::_cast_")) &&
         op.getArgs()[0].getType() == op.getResult(0).getType();
}

bool isPrecise(Type type) { return !whyNotType(type); }

/// Does the operator more than to make tensors?
static bool hasEffects(const ts::OperatorRow &row, ArrayRef<Kind> kinds) {
  // These draw random numbers only when there is dropout, which their forms exclude.
  bool mayDrop = llvm::any_of(
      kinds, [](Kind kind) { return kind == Kind::Recurrent || kind == Kind::Attention; });
  uint8_t effects = mayDrop ? row.effects & ~ts::kNondeterministic : row.effects;
  return effects || llvm::any_of(row.schema().arguments,
                                 [](const ts::SchemaArgument &a) { return a.alias.isWrite; });
}

/// The kinds by the operator's name; none, with a reason, for those that are never compiled.
static SmallVector<Kind, 2> kindsByName(ts::AtenOp op, std::string &why) {
  const ts::OperatorRow *row = op.getRow();
  if (!row || op.getNumResults() == 0 ||
      !llvm::all_of(op.getResultTypes(), llvm::IsaPred<ts::TensorType>)) {
    why = because(Reason::NotOnTensors);
    return {};
  }
  SmallVector<Kind, 2> kinds = kindsOf(op.getName());
  if (kinds.empty())
    kinds = kindsOf(op.getBaseName());
  if (hasEffects(*row, kinds)) {
    why = because(Reason::HasEffects);
    return {};
  }
  if (kinds.empty() && row->lowering.starts_with("elementwise:"))
    kinds.push_back(Kind::Map);
  if (kinds.empty())
    why = because(Reason::NoForm);
  return kinds;
}

static std::optional<std::string> whyNotTypes(ts::AtenOp op, bool mayBeComplex) {
  for (Type type : llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                            SmallVector<Type>(op->getResultTypes())))
    if (std::optional<std::string> reason = whyNotType(type, mayBeComplex))
      return reason;
  return std::nullopt;
}

std::optional<Kind> compiledKind(ts::AtenOp op, std::string &why) {
  SmallVector<Kind, 2> kinds = kindsByName(op, why);
  if (kinds.empty())
    return std::nullopt;
  if (!llvm::is_contained(kinds, Kind::Routine))
    kinds.push_back(Kind::Routine); // a pooling of which places are wanted, say
  std::string first;
  for (Kind kind : kinds) {
    if (kind == Kind::Map && mayBeItsOperand(op))
      kind = Kind::View;
    std::optional<std::string> reason = whyNotTypes(op, kind == Kind::Routine);
    if (!reason)
      reason = whyNot(kind, op);
    if (!reason && !operandsFit(op, kind))
      reason = because(Reason::OperandsDoNotFit);
    if (!reason)
      return kind;
    if (first.empty())
      first = *reason;
  }
  why = first;
  return std::nullopt;
}

std::optional<Kind> kindWithoutTypes(ts::AtenOp op) {
  if (llvm::all_of(op->getOperandTypes(), isPrecise) &&
      llvm::all_of(op->getResultTypes(), isPrecise))
    return std::nullopt;
  std::string why;
  for (Kind kind : kindsByName(op, why))
    if (kind != Kind::Map || !whyNotPointwise(op, DType::Float32))
      return kind;
  return std::nullopt;
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
    return because(Reason::NoForm);
  if (from.getDtype() != to.getDtype())
    return because(Reason::ViewOtherDType);
  // These ask a tensor for its sizes or dtype only.
  bool takesType = op.getBaseName().ends_with("_as") || mayBeItsOperand(op);
  for (auto [argument, value] : llvm::zip(op.getRow()->schema().arguments, op.getArgs())) {
    if (constantOf(value) || constantInts(value))
      continue;
    if (isa<ts::TensorType>(value.getType())) {
      if (value != op.getArgs()[0] && !takesType)
        return because(Reason::ViewByTensor, argument.name);
      continue;
    }
    // Reshapes read their sizes from the result's type.
    if (argument.type.kind == ts::SchemaType::List &&
        (op.getBaseName() == "aten::view" || op.getBaseName() == "aten::reshape" ||
         op.getBaseName() == "aten::expand"))
      continue;
    return because(Reason::NotConstant, argument.name);
  }
  return std::nullopt;
}

} // namespace tsc::kernel
