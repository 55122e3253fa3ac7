// SPDX-License-Identifier: Apache-2.0
// Which operator becomes which kind of kernel: one table by name, and what all kinds ask for
// (precise types, tensors on the CPU, no writes). To give an operator a compiled form: its name in
// the table below, and what its kind's whyNot and emitter must know of it.
#include "tsc/Kernel/CompiledForms.h"

#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Kernel/Reasons.h"

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
  return because(Reason::NoForm);
}

/// Why no kernel can be written for values of the type.
static std::optional<std::string> whyNotType(Type type) {
  auto tensor = dyn_cast<ts::TensorType>(type);
  if (!tensor)
    return std::nullopt;
  if (!tensor.hasDType() || !tensor.hasStaticShape())
    return because(Reason::NotPrecise);
  DTypeClass category = dtypeClass(tensor.getDtype());
  if (category != DTypeClass::Float && category != DTypeClass::Integer &&
      category != DTypeClass::Bool)
    return because(Reason::UncommonDType);
  return std::nullopt;
}

bool isPrecise(Type type) { return !whyNotType(type); }

static bool hasPreciseTypes(ts::AtenOp op) {
  return llvm::all_of(op->getOperandTypes(), isPrecise) &&
         llvm::all_of(op->getResultTypes(), isPrecise);
}

/// The kind by the operator's name, for tensors without a known dtype as if it were `unknown`;
/// nothing with a reason for those that can never be compiled.
static std::optional<Kind> kindByName(ts::AtenOp op, DType unknown, std::string &why) {
  const ts::OperatorRow *row = op.getRow();
  if (!row || op.getNumResults() == 0 ||
      !llvm::all_of(op.getResultTypes(), llvm::IsaPred<ts::TensorType>)) {
    why = because(Reason::NotOnTensors);
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
    why = because(Reason::HasEffects);
    return std::nullopt;
  }
  if (!kind && !whyNotPointwise(op, unknown))
    kind = Kind::Map;
  if (!kind)
    why = because(Reason::NoForm);
  return kind;
}

std::optional<Kind> compiledKind(ts::AtenOp op, std::string &why) {
  std::optional<Kind> kind = kindByName(op, DType::Undefined, why);
  if (!kind)
    return std::nullopt;
  for (Type type : llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                            SmallVector<Type>(op->getResultTypes())))
    if (std::optional<std::string> reason = whyNotType(type)) {
      why = *reason;
      return std::nullopt;
    }
  if (std::optional<std::string> reason = whyNot(*kind, op)) {
    why = *reason;
    return std::nullopt;
  }
  return kind;
}

std::optional<Kind> kindWithoutTypes(ts::AtenOp op) {
  std::string why;
  return hasPreciseTypes(op) ? std::nullopt : kindByName(op, DType::Float32, why);
}

// ---- Views

std::optional<std::string> whyNotView(ts::AtenOp op) {
  auto from = dyn_cast<ts::TensorType>(op.getArgs()[0].getType());
  auto to = dyn_cast<ts::TensorType>(op.getResult(0).getType());
  if (!from || !to || op.getNumResults() != 1)
    return because(Reason::NotOneView);
  if (from.getDtype() != to.getDtype())
    return because(Reason::ViewOtherDType);
  for (auto [argument, value] : llvm::zip(op.getRow()->schema().arguments, op.getArgs())) {
    if (isa<ts::TensorType>(value.getType()) || isNone(value) || constantInt(value) ||
        constantInts(value) || constantBool(value))
      continue;
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
