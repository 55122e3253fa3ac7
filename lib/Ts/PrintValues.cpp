// SPDX-License-Identifier: Apache-2.0
// Constants as Python expressions. Floats that are whole numbers below 1e10 end in a point; others
// have 17 digits.
#include "PrintValues.h"

#include "tsc/Ts/TypeText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace tsc::ts {

std::string floatText(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  std::string text;
  llvm::raw_string_ostream os(text);
  if (std::fabs(value) < 1e10 && value == std::trunc(value))
    os << (std::signbit(value) && value == 0 ? "-" : "") << static_cast<int64_t>(value) << '.';
  else
    os << llvm::format("%.17g", value);
  return text;
}

static std::string complexText(double re, double im) {
  return floatText(re) + (im >= 0 || std::isnan(im) ? "+" : "-") + floatText(std::fabs(im)) + "j";
}

std::string quotedText(StringRef text) {
  static constexpr StringLiteral kPlain = "\\'\"\a\b\f\n\r\t\v", kEscaped = "\\'\"abfnrtv";
  std::string out = "\"";
  for (char c : text) {
    // Bytes above 127 count as negative numbers here, as they do in the original's texts.
    int byte = static_cast<signed char>(c);
    size_t known = kPlain.find(c);
    if (known != StringRef::npos)
      out += {'\\', kEscaped[known]};
    else if (llvm::isPrint(c))
      out += c;
    else
      out += {'\\', static_cast<char>('0' + byte / 8 / 8), static_cast<char>('0' + byte / 8 % 8),
              static_cast<char>('0' + byte % 8)};
  }
  return out + '"';
}

bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

bool isInferredFromMembers(Type element) {
  return !isa<UnionType, OptionalType, NumberType, InterfaceType, AnyType>(element);
}

namespace {

constexpr unsigned kMaxDepth = 256;

class ValuePrinter {
public:
  ValuePrinter(raw_ostream &os, SpecialText special) : os(os), special(special) {}
  void print(Attribute value, Type type);

private:
  void printKnown(Attribute value, Type type);
  void printElements(ArrayAttr elements, llvm::function_ref<Type(size_t)> typeOf);
  void printList(ListAttr list, Type type);
  void printDict(DictAttr dict, Type type);
  void printTuple(TupleAttr tuple, Type type);

  raw_ostream &os;
  SpecialText special;
  unsigned depth = 0;
};

} // namespace

void ValuePrinter::printElements(ArrayAttr elements, llvm::function_ref<Type(size_t)> typeOf) {
  llvm::interleaveComma(llvm::enumerate(elements), os,
                        [&](auto element) { print(element.value(), typeOf(element.index())); });
}

void ValuePrinter::printList(ListAttr list, Type type) {
  auto listType = dyn_cast<ListType>(type);
  Type element = listType ? listType.getElement() : Type();
  bool isAnnotated = element && (list.getElements().empty() || !isInferredFromMembers(element));
  if (isAnnotated)
    os << "annotate(" << typeText(type, TypeStyle::Annotation) << ", ";
  os << '[';
  printElements(list.getElements(), [&](size_t) { return element; });
  os << (isAnnotated ? "])" : "]");
}

void ValuePrinter::printDict(DictAttr dict, Type type) {
  auto dictType = dyn_cast<DictType>(type);
  Type key = dictType ? dictType.getKey() : Type(), value = dictType ? dictType.getValue() : Type();
  bool isAnnotated = value && (dict.getKeys().empty() || !isInferredFromMembers(value));
  if (isAnnotated)
    os << "annotate(" << typeText(type, TypeStyle::Annotation) << ",";
  os << '{';
  llvm::interleaveComma(llvm::zip(dict.getKeys(), dict.getValues()), os, [&](auto item) {
    print(std::get<0>(item), key);
    os << ": ";
    print(std::get<1>(item), value);
  });
  os << (isAnnotated ? "})" : "}");
}

void ValuePrinter::printTuple(TupleAttr tuple, Type type) {
  auto tupleType = dyn_cast<ts::TupleType>(type);
  size_t count = tuple.getElements().size();
  os << '(';
  printElements(tuple.getElements(), [&](size_t i) {
    return tupleType && tupleType.getElements().size() == count ? tupleType.getElements()[i]
                                                                : Type();
  });
  os << (count == 1 ? ",)" : ")");
}

void ValuePrinter::printKnown(Attribute value, Type type) {
  llvm::TypeSwitch<Attribute>(value)
      .Case<BoolAttr>([&](BoolAttr flag) { os << (flag.getValue() ? "True" : "False"); })
      .Case<IntegerAttr>([&](IntegerAttr integer) { os << integer.getInt(); })
      .Case<FloatAttr>([&](FloatAttr number) { os << floatText(number.getValueAsDouble()); })
      .Case<StringAttr>([&](StringAttr text) { os << quotedText(text.getValue()); })
      .Case<UnitAttr>([&](UnitAttr) { os << "None"; })
      .Case<ComplexAttr>([&](ComplexAttr number) {
        os << complexText(number.getRe().getValueAsDouble(), number.getIm().getValueAsDouble());
      })
      .Case<DeviceAttr>([&](DeviceAttr device) {
        os << "torch.device(" << quotedText(device.getText().getValue()) << ')';
      })
      .Case<EnumValueAttr>([&](EnumValueAttr member) {
        os << member.getType().getValue() << '.' << member.getMember().getValue();
      })
      .Case<ListAttr>([&](ListAttr list) { printList(list, type ? type : list.getType()); })
      .Case<DictAttr>([&](DictAttr dict) { printDict(dict, type ? type : dict.getType()); })
      .Case<TupleAttr>([&](TupleAttr tuple) { printTuple(tuple, type ? type : tuple.getType()); })
      .Default([&](Attribute other) { os << other; });
}

void ValuePrinter::print(Attribute value, Type type) {
  if (depth == kMaxDepth) {
    os << "...";
    return;
  }
  if (auto optional = dyn_cast_if_present<OptionalType>(type); optional && !isa<UnitAttr>(value))
    type = optional.getElement();
  ++depth;
  if (std::optional<std::string> text = special(value, type))
    os << *text;
  else
    printKnown(value, type);
  --depth;
}

std::string valueText(Attribute value, Type type, SpecialText special) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ValuePrinter(os, special).print(value, type);
  return text;
}

} // namespace tsc::ts
