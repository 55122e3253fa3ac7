// SPDX-License-Identifier: Apache-2.0
#include "RuleCall.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {

bool TensorFacts::isStatic() const {
  return hasRank && llvm::all_of(sizes, [](int64_t size) { return size >= 0; });
}

TensorFacts TensorFacts::withDType(DType other) const {
  TensorFacts facts = *this;
  facts.dtype = other;
  return facts;
}

// ---- Values
TensorFacts factsOf(TensorType type) {
  TensorFacts facts(type.getDtype());
  facts.hasRank = type.getHasRank();
  facts.sizes.assign(type.getSizes().begin(), type.getSizes().end());
  return facts;
}

TensorType typeOf(MLIRContext *context, const TensorFacts &facts) {
  return TensorType::get(context, facts.hasRank, facts.hasRank ? facts.sizes : Sizes(),
                         facts.dtype);
}

Attribute constantOf(Value value) {
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant;
  if (auto cast = value.getDefiningOp<UncheckedCastOp>())
    return constantOf(cast.getInput());
  return {};
}

bool isNoneValue(Value value) {
  return isa<NoneType>(value.getType()) || isa_and_nonnull<UnitAttr>(constantOf(value));
}

static std::optional<int64_t> constantInt(Value value) {
  auto constant = dyn_cast_or_null<IntegerAttr>(constantOf(value));
  if (!constant || isa<BoolAttr>(constant))
    return std::nullopt;
  return constant.getInt();
}

/// A size of a tensor as an int.
static IntFact sizeAt(Value tensor, std::optional<int64_t> dim) {
  auto type = dyn_cast<TensorType>(tensor.getType());
  std::optional<int64_t> at = type && type.getHasRank() && type.getRank() && dim
                                  ? wrapDim(*dim, type.getRank())
                                  : std::nullopt;
  if (!at)
    return {};
  int64_t size = type.getSizes()[*at];
  return {size >= 0, size};
}

/// The operand of a call of `name`, or null.
static Value operandOf(Value value, StringRef name, unsigned index = 0) {
  auto op = value.getDefiningOp<AtenOp>();
  return op && op.getName() == name && index < op.getArgs().size() ? op.getArgs()[index] : Value();
}

IntFact intFact(Value value) {
  if (std::optional<int64_t> constant = constantInt(value))
    return {true, *constant};
  if (auto cast = value.getDefiningOp<UncheckedCastOp>())
    return intFact(cast.getInput());
  if (Value tensor = operandOf(value, "aten::size.int"))
    return sizeAt(tensor, constantInt(operandOf(value, "aten::size.int", 1)));
  if (Value tensor = operandOf(value, "aten::len.Tensor"))
    return sizeAt(tensor, 0);
  if (Value list = operandOf(value, "aten::__getitem__.t")) {
    SmallVector<Value> elements;
    std::optional<int64_t> index = constantInt(operandOf(value, "aten::__getitem__.t", 1));
    if (!index)
      return {};
    if (Value tensor = operandOf(list, "aten::size"); tensor && isOnlyRead(list))
      return sizeAt(tensor, index);
    if (!listValues(list, elements))
      return {};
    int64_t count = static_cast<int64_t>(elements.size());
    int64_t at = *index < 0 ? *index + count : *index;
    return at >= 0 && at < count ? intFact(elements[at]) : IntFact();
  }
  return {};
}

bool listValues(Value list, SmallVectorImpl<Value> &values) {
  while (auto cast = list.getDefiningOp<UncheckedCastOp>())
    list = cast.getInput();
  auto made = list.getDefiningOp<ListConstructOp>();
  if (!made || !isOnlyRead(list))
    return false;
  values.assign(made.getElements().begin(), made.getElements().end());
  return true;
}

DType scalarDType(Value number) {
  auto ofConstant = [](Attribute constant) {
    if (isa_and_nonnull<BoolAttr>(constant))
      return DType::Bool;
    if (isa_and_nonnull<IntegerAttr>(constant))
      return DType::Int64;
    if (isa_and_nonnull<FloatAttr>(constant))
      return DType::Float32;
    return isa_and_nonnull<ComplexAttr>(constant) ? DType::Complex64 : DType::Undefined;
  };
  if (Attribute constant = constantOf(number))
    return ofConstant(constant);
  return llvm::TypeSwitch<Type, DType>(number.getType())
      .Case([](BoolType) { return DType::Bool; })
      .Case([](IntType) { return DType::Int64; })
      .Case([](FloatType) { return DType::Float32; })
      .Case([](ComplexType) { return DType::Complex64; })
      .Default(DType::Undefined);
}

// ---- Operands by name
RuleCall::RuleCall(AtenOp op) : op(op), row(op.getRow()) {}

Value RuleCall::operand(StringRef name) const {
  for (auto [argument, value] : llvm::zip(row->schema().arguments, operands()))
    if (argument.name == name)
      return value;
  return {};
}

bool RuleCall::isNone(StringRef name) const {
  Value value = operand(name);
  return !value || isNoneValue(value);
}

std::optional<TensorFacts> RuleCall::tensor(StringRef name) const {
  Value value = operand(name);
  auto type = value ? dyn_cast<TensorType>(value.getType()) : TensorType();
  return type ? std::optional(factsOf(type)) : std::nullopt;
}

std::optional<int64_t> RuleCall::integer(StringRef name) const {
  Value value = operand(name);
  IntFact fact = value ? intFact(value) : IntFact();
  return fact.isConstant ? std::optional(fact.value) : std::nullopt;
}

std::optional<bool> RuleCall::boolean(StringRef name) const {
  Value value = operand(name);
  auto constant = value ? dyn_cast_or_null<BoolAttr>(constantOf(value)) : BoolAttr();
  return constant ? std::optional(constant.getValue()) : std::nullopt;
}

std::optional<double> RuleCall::number(StringRef name) const {
  Value value = operand(name);
  Attribute constant = value ? constantOf(value) : Attribute();
  if (auto real = dyn_cast_or_null<FloatAttr>(constant))
    return real.getValueAsDouble();
  if (std::optional<int64_t> whole = integer(name))
    return static_cast<double>(*whole);
  return std::nullopt;
}

std::optional<StringRef> RuleCall::text(StringRef name) const {
  Value value = operand(name);
  auto constant = value ? dyn_cast_or_null<StringAttr>(constantOf(value)) : StringAttr();
  return constant ? std::optional(constant.getValue()) : std::nullopt;
}

std::optional<SmallVector<IntFact>> RuleCall::ints(StringRef name) const {
  Value list = operand(name);
  if (!list)
    return std::nullopt;
  SmallVector<IntFact> facts;
  if (auto constant = dyn_cast_or_null<ListAttr>(constantOf(list))) {
    for (Attribute element : constant.getElements()) {
      auto integer = dyn_cast<IntegerAttr>(element);
      if (!integer || isa<BoolAttr>(integer))
        return std::nullopt;
      facts.push_back({true, integer.getInt()});
    }
    return facts;
  }
  if (Value tensor = operandOf(list, "aten::size"); tensor && isOnlyRead(list)) {
    auto type = dyn_cast<TensorType>(tensor.getType());
    if (!type || !type.getHasRank())
      return std::nullopt;
    for (int64_t size : type.getSizes())
      facts.push_back({size >= 0, size});
    return facts;
  }
  SmallVector<Value> elements;
  if (listValues(list, elements)) {
    for (Value element : elements)
      facts.push_back(intFact(element));
    return facts;
  }
  if (IntFact single = intFact(list); single.isConstant) { // an int for an int[N]
    facts.push_back(single);
    return facts;
  }
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> RuleCall::integers(StringRef name) const {
  std::optional<SmallVector<IntFact>> facts = ints(name);
  if (!facts)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (const IntFact &fact : *facts) {
    if (!fact.isConstant)
      return std::nullopt;
    values.push_back(fact.value);
  }
  return values;
}

std::optional<SmallVector<int64_t>> RuleCall::integers(StringRef name, size_t count) const {
  std::optional<SmallVector<int64_t>> values = integers(name);
  if (values && values->size() == 1)
    values->assign(count, values->front());
  return values && values->size() == count ? values : std::nullopt;
}

std::optional<SmallVector<std::optional<TensorFacts>>>
RuleCall::optionalTensors(StringRef name) const {
  Value list = operand(name);
  if (!list)
    return std::nullopt;
  SmallVector<std::optional<TensorFacts>> facts;
  if (auto constant = dyn_cast_or_null<ListAttr>(constantOf(list))) {
    for (Attribute element : constant.getElements()) {
      auto tensor = dyn_cast<TensorAttr>(element);
      if (!tensor && !isa<UnitAttr>(element))
        return std::nullopt;
      facts.push_back(tensor ? std::optional(TensorFacts(tensor.getSizes(), tensor.getDtype()))
                             : std::nullopt);
    }
    return facts;
  }
  SmallVector<Value> values;
  if (listValues(list, values)) {
    for (Value value : values) {
      auto type = dyn_cast<TensorType>(value.getType());
      if (!type && !isNoneValue(value))
        return std::nullopt;
      facts.push_back(type ? std::optional(factsOf(type)) : std::nullopt);
    }
    return facts;
  }
  SmallVector<Type> types;
  if (!inferListElements(list, types))
    return std::nullopt;
  for (Type type : types) {
    auto tensor = dyn_cast<TensorType>(type);
    if (!tensor)
      return std::nullopt;
    facts.push_back(factsOf(tensor));
  }
  return facts;
}

std::optional<SmallVector<TensorFacts>> RuleCall::tensors(StringRef name) const {
  std::optional<SmallVector<std::optional<TensorFacts>>> found = optionalTensors(name);
  if (!found)
    return std::nullopt;
  SmallVector<TensorFacts> facts;
  for (const std::optional<TensorFacts> &element : *found) {
    if (!element)
      return std::nullopt;
    facts.push_back(*element);
  }
  return facts;
}

std::optional<SmallVector<TensorFacts>> RuleCall::allTensors() const {
  SmallVector<TensorFacts> facts;
  for (auto [argument, value] : llvm::zip(row->schema().arguments, operands())) {
    const SchemaType *type = &argument.type;
    if (type->kind == SchemaType::Optional)
      type = &type->parameters.front();
    if (type->kind != SchemaType::Tensor || isNoneValue(value))
      continue;
    auto tensor = dyn_cast<TensorType>(value.getType());
    if (!tensor)
      return std::nullopt;
    facts.push_back(factsOf(tensor));
  }
  return facts;
}

DType RuleCall::dtypeOr(StringRef name, DType otherwise) const {
  if (isNone(name))
    return otherwise;
  std::optional<int64_t> code = integer(name);
  const DTypeInfo *info = code ? findDType(*code) : nullptr;
  return info ? info->dtype : DType::Undefined;
}

LogicalResult RuleCall::listResult(SmallVector<TensorFacts> elements) {
  listElements = std::move(elements);
  return success();
}

LogicalResult RuleCall::listOf(TensorFacts element) {
  listElement = std::move(element);
  return success();
}

// ---- Promotion
/// How PyTorch joins what tensors with dims, 0-d tensors and Python numbers promote to.
static DType combine(DType higher, DType lower) {
  if (isComplex(higher))
    return higher;
  if (isFloating(higher))
    return isComplex(lower) ? toComplex(higher) : higher;
  if (higher == DType::Bool || isFloating(lower) || isComplex(lower))
    return promoteTypes(higher, lower);
  return higher != DType::Undefined ? higher : lower;
}

/// The result when the tensors of unknown rank are 0-d where `zeroDim` has their bit.
static DType resultTypeFor(ArrayRef<TensorFacts> tensors, DType scalar, unsigned zeroDim) {
  DType withDims = DType::Undefined, without = DType::Undefined;
  unsigned unknown = 0;
  for (const TensorFacts &tensor : tensors) {
    bool isZero = tensor.hasRank ? tensor.sizes.empty() : (zeroDim >> unknown++) & 1;
    DType &category = isZero ? without : withDims;
    category = promoteTypes(category, tensor.dtype);
  }
  return combine(withDims, combine(without, scalar));
}

DType resultType(ArrayRef<TensorFacts> tensors, ArrayRef<DType> scalars) {
  DType scalar = DType::Undefined;
  for (DType one : scalars) {
    if (one == DType::Undefined)
      return DType::Undefined;
    scalar = promoteTypes(scalar, one);
  }
  unsigned unknown = 0;
  for (const TensorFacts &tensor : tensors) {
    if (tensor.dtype == DType::Undefined || isQuantized(tensor.dtype) ||
        dtypeClass(tensor.dtype) == DTypeClass::Other)
      return DType::Undefined;
    unknown += !tensor.hasRank;
  }
  if (unknown > 4)
    return DType::Undefined;
  DType result = resultTypeFor(tensors, scalar, 0);
  for (unsigned zeroDim = 1; zeroDim < 1u << unknown; ++zeroDim)
    if (resultTypeFor(tensors, scalar, zeroDim) != result)
      return DType::Undefined;
  return result;
}

DType toFloat(DType dtype) { return isIntegral(dtype, true) ? DType::Float32 : dtype; }

// ---- Shapes
int64_t broadcastSize(int64_t a, int64_t b) {
  if (a == b || b == 1)
    return a;
  if (a == 1)
    return b;
  // A size that is not known is 1 or equal to the other one.
  return a >= 0 ? a : b >= 0 ? b : kUnknown;
}

TensorFacts broadcast(ArrayRef<TensorFacts> tensors) {
  Sizes sizes;
  for (const TensorFacts &tensor : tensors) {
    if (!tensor.hasRank)
      return {};
    if (tensor.sizes.size() > sizes.size())
      sizes.insert(sizes.begin(), tensor.sizes.size() - sizes.size(), 1);
    size_t shift = sizes.size() - tensor.sizes.size();
    for (auto [i, size] : llvm::enumerate(tensor.sizes))
      sizes[shift + i] = broadcastSize(sizes[shift + i], size);
  }
  return TensorFacts(sizes, DType::Undefined);
}

int64_t productOf(ArrayRef<int64_t> sizes) {
  int64_t constant = 1, symbol = 0;
  bool unknown = false;
  for (int64_t size : sizes) {
    if (size >= 0) {
      if (llvm::MulOverflow(constant, size, constant))
        return kUnknown;
      continue;
    }
    unknown |= size == kUnknown || symbol != 0;
    symbol = size;
  }
  if (constant == 0)
    return 0;
  if (unknown)
    return kUnknown;
  return symbol == 0 ? constant : constant == 1 ? symbol : kUnknown;
}

int64_t addSizes(int64_t a, int64_t b) {
  if (a == 0 || b == 0)
    return a == 0 ? b : a;
  return a >= 0 && b >= 0 ? a + b : kUnknown;
}

std::optional<int64_t> wrapDim(int64_t dim, int64_t rank) {
  rank = std::max<int64_t>(rank, 1);
  if (dim < -rank || dim >= rank)
    return std::nullopt;
  return dim < 0 ? dim + rank : dim;
}

TensorFacts joinFacts(const TensorFacts &a, const TensorFacts &b) {
  TensorFacts joined(a.dtype == b.dtype ? a.dtype : DType::Undefined);
  if (!a.hasRank || !b.hasRank || a.rank() != b.rank())
    return joined;
  joined.hasRank = true;
  for (auto [x, y] : llvm::zip_equal(a.sizes, b.sizes))
    joined.sizes.push_back(x == y ? x : kUnknown);
  return joined;
}

} // namespace tsc::ts
