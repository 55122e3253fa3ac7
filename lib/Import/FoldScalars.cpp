// SPDX-License-Identifier: Apache-2.0
#include "FoldScalars.h"

#include "Types.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

namespace tsc::importer {

using Folded = std::optional<SmallVector<FoldedValue>>;

static Folded one(Attribute value, Type type) {
  if (!value)
    return std::nullopt;
  return SmallVector<FoldedValue>{{value, type}};
}

static Folded foldTuple(Operation *op, ArrayRef<Attribute> inputs) {
  if (isa<ts::TupleConstructOp>(op)) {
    // The parts' types are those of the constants.
    SmallVector<Type> elements(op->getOperandTypes());
    auto made = cast<ts::TupleType>(op->getResult(0).getType());
    Type type = ts::TupleType::get(op->getContext(), elements, made.getName(), made.getFields());
    return one(ts::TupleAttr::get(op->getContext(), ArrayAttr::get(op->getContext(), inputs), type),
               type);
  }
  auto tuple = dyn_cast<ts::TupleAttr>(inputs[0]);
  if (!tuple)
    return std::nullopt;
  ArrayRef<Attribute> values = tuple.getElements().getValue();
  if (isa<ts::TupleUnpackOp>(op)) {
    if (values.size() != op->getNumResults())
      return std::nullopt;
    SmallVector<FoldedValue> results;
    for (auto [value, result] : llvm::zip_equal(values, op->getResults()))
      results.push_back({value, result.getType()});
    return results;
  }
  if (isa<ts::TupleIndexOp>(op))
    if (auto index = dyn_cast<IntegerAttr>(inputs[1])) {
      int64_t size = values.size(), at = index.getInt();
      at += at < 0 ? size : 0;
      return at < 0 || at >= size ? std::nullopt : one(values[at], op->getResult(0).getType());
    }
  return std::nullopt;
}

static std::optional<double> realOf(Attribute value) {
  if (auto integer = dyn_cast<IntegerAttr>(value); integer && !isa<BoolAttr>(value))
    return static_cast<double>(integer.getInt());
  if (auto real = dyn_cast<FloatAttr>(value))
    return real.getValueAsDouble();
  return std::nullopt;
}

static std::optional<int64_t> integerOf(Attribute value) {
  if (auto boolean = dyn_cast<BoolAttr>(value))
    return boolean.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return integer.getInt();
  return std::nullopt;
}

template <typename T> static Attribute compare(Builder &b, StringRef name, T x, T y) {
  if (name == "aten::eq")
    return b.getBoolAttr(x == y);
  if (name == "aten::ne")
    return b.getBoolAttr(x != y);
  if (name == "aten::lt")
    return b.getBoolAttr(x < y);
  if (name == "aten::le")
    return b.getBoolAttr(x <= y);
  if (name == "aten::gt")
    return b.getBoolAttr(x > y);
  if (name == "aten::ge")
    return b.getBoolAttr(x >= y);
  return {};
}

static Attribute foldIntegers(Builder &b, StringRef name, int64_t x, int64_t y) {
  uint64_t a = x, c = y; // wraps
  if (name == "aten::add")
    return b.getI64IntegerAttr(static_cast<int64_t>(a + c));
  if (name == "aten::sub")
    return b.getI64IntegerAttr(static_cast<int64_t>(a - c));
  if (name == "aten::mul")
    return b.getI64IntegerAttr(static_cast<int64_t>(a * c));
  bool divides = y != 0 && !(x == INT64_MIN && y == -1);
  if (name == "aten::floordiv" && divides)
    return b.getI64IntegerAttr(x / y - ((x % y != 0) && ((x < 0) != (y < 0))));
  if (name == "aten::remainder" && divides) {
    int64_t r = x % y;
    return b.getI64IntegerAttr(r != 0 && ((r < 0) != (y < 0)) ? r + y : r);
  }
  return compare(b, name, x, y);
}

static Attribute foldReals(Builder &b, StringRef name, double x, double y) {
  if (name == "aten::add")
    return b.getF64FloatAttr(x + y);
  if (name == "aten::sub")
    return b.getF64FloatAttr(x - y);
  if (name == "aten::mul")
    return b.getF64FloatAttr(x * y);
  if (name == "aten::div" && y != 0)
    return b.getF64FloatAttr(x / y);
  if (name == "aten::pow")
    return b.getF64FloatAttr(std::pow(x, y));
  return compare(b, name, x, y);
}

static Attribute foldUnary(Builder &b, StringRef name, Attribute input) {
  std::optional<double> real = realOf(input);
  std::optional<int64_t> integer = integerOf(input);
  if (name == "aten::Bool" && (integer || real))
    return b.getBoolAttr(integer ? *integer != 0 : *real != 0);
  if (name == "aten::Int" && integer)
    return b.getI64IntegerAttr(*integer);
  if (name == "aten::Float" && (integer || real))
    return b.getF64FloatAttr(integer ? static_cast<double>(*integer) : *real);
  if (name == "aten::__not__" && isa<BoolAttr>(input))
    return b.getBoolAttr(!cast<BoolAttr>(input).getValue());
  if (name == "aten::neg" && real)
    return isa<IntegerAttr>(input) ? Attribute(b.getI64IntegerAttr(
                                         static_cast<int64_t>(-static_cast<uint64_t>(*integer))))
                                   : Attribute(b.getF64FloatAttr(-*real));
  if (name == "aten::device" && isa<StringAttr>(input))
    return ts::DeviceAttr::get(b.getContext(), cast<StringAttr>(input));
  if (name == "aten::len" && isa<StringAttr>(input))
    return b.getI64IntegerAttr(cast<StringAttr>(input).getValue().size());
  return {};
}

static Attribute foldBinary(Builder &b, StringRef name, Attribute x, Attribute y) {
  bool someNone = isa<UnitAttr>(x) || isa<UnitAttr>(y);
  if (name == "aten::__is__" && someNone)
    return b.getBoolAttr(isa<UnitAttr>(x) && isa<UnitAttr>(y));
  if (name == "aten::__isnot__" && someNone)
    return b.getBoolAttr(!(isa<UnitAttr>(x) && isa<UnitAttr>(y)));
  if (isa<StringAttr>(x) && isa<StringAttr>(y)) {
    StringRef a = cast<StringAttr>(x).getValue(), c = cast<StringAttr>(y).getValue();
    if (name == "aten::add")
      return b.getStringAttr(a + c);
    return compare(b, name, a, c);
  }
  if (isa<BoolAttr>(x) && isa<BoolAttr>(y)) {
    bool a = cast<BoolAttr>(x).getValue(), c = cast<BoolAttr>(y).getValue();
    if (name == "aten::__and__")
      return b.getBoolAttr(a && c);
    if (name == "aten::__or__")
      return b.getBoolAttr(a || c);
    if (name == "aten::__xor__" || name == "aten::ne")
      return b.getBoolAttr(a != c);
    return name == "aten::eq" ? Attribute(b.getBoolAttr(a == c)) : Attribute();
  }
  bool integers =
      isa<IntegerAttr>(x) && isa<IntegerAttr>(y) && !isa<BoolAttr>(x) && !isa<BoolAttr>(y);
  if (integers && name != "aten::div" && name != "aten::pow")
    return foldIntegers(b, name, cast<IntegerAttr>(x).getInt(), cast<IntegerAttr>(y).getInt());
  std::optional<double> a = realOf(x), c = realOf(y);
  if (a && c)
    return foldReals(b, name, *a, *c);
  auto isNumber = [](Attribute value) {
    return isa<ts::ComplexAttr>(value) || realOf(value).has_value();
  };
  if (isNumber(x) && isNumber(y) && (name == "aten::add" || name == "aten::sub")) {
    auto parts = [](Attribute value) {
      if (auto number = dyn_cast<ts::ComplexAttr>(value))
        return std::make_pair(number.getRe().getValueAsDouble(), number.getIm().getValueAsDouble());
      return std::make_pair(*realOf(value), 0.0);
    };
    auto [re, im] = parts(x);
    auto [re2, im2] = parts(y);
    double sign = name == "aten::add" ? 1 : -1;
    return ts::ComplexAttr::get(b.getContext(), b.getF64FloatAttr(re + sign * re2),
                                b.getF64FloatAttr(im + sign * im2));
  }
  return {};
}

static Type typeOfValue(Attribute value, Type declared, const Types &types) {
  if (isa<BoolAttr>(value))
    return types.boolean;
  if (isa<IntegerAttr>(value))
    return types.integer;
  if (isa<FloatAttr>(value))
    return types.floating;
  return declared;
}

Folded foldOperator(Operation *op, ArrayRef<Attribute> inputs) {
  if (isa<ts::TupleConstructOp, ts::TupleIndexOp, ts::TupleUnpackOp>(op))
    return foldTuple(op, inputs);
  if (isa<ts::UncheckedCastOp>(op))
    return one(inputs[0], op->getOperand(0).getType());
  auto aten = dyn_cast<ts::AtenOp>(op);
  if (!aten || op->getNumResults() != 1)
    return std::nullopt;
  Builder b(op->getContext());
  Attribute value;
  if (inputs.size() == 1)
    value = foldUnary(b, aten.getBaseName(), inputs[0]);
  else if (inputs.size() == 2)
    value = foldBinary(b, aten.getBaseName(), inputs[0], inputs[1]);
  if (!value)
    return std::nullopt;
  return one(value, typeOfValue(value, op->getResult(0).getType(), Types(op->getContext())));
}

} // namespace tsc::importer
