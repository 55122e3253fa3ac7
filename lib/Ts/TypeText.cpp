// SPDX-License-Identifier: Apache-2.0
// Type texts in both styles, by one recursive walk whose depth is limited.
#include "tsc/Ts/TypeText.h"

#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tsc::ts {

namespace {

class TypePrinter {
public:
  TypePrinter(raw_ostream &os, TypeStyle style) : os(os), isGraph(style == TypeStyle::Graph) {}
  void print(Type type);

private:
  void printList(ArrayRef<Type> types) {
    llvm::interleaveComma(types, os, [&](Type type) { print(type); });
  }
  void printGeneric(StringRef name, ArrayRef<Type> parameters, const char *begin = "[",
                    const char *end = "]");
  void printTensor(ts::TensorType type);
  void printTuple(ts::TupleType type);
  bool printPlain(Type type);
  void printNested(Type type);

  raw_ostream &os;
  const bool isGraph;
  unsigned depth = 0;
};

} // namespace

void TypePrinter::printGeneric(StringRef name, ArrayRef<Type> parameters, const char *begin,
                               const char *end) {
  os << name << begin;
  printList(parameters);
  os << end;
}

/// `Tensor`; in graphs with what is known: `FloatTensor`, `Float(2, *)`, `Tensor(*, *)`.
void TypePrinter::printTensor(ts::TensorType type) {
  if (!isGraph || type.isPlain()) {
    os << "Tensor";
    return;
  }
  os << (type.hasDType() ? findDType(type.getDtype())->graphName : "Tensor");
  if (!type.getHasRank()) {
    os << "Tensor";
    return;
  }
  os << '(';
  llvm::interleaveComma(type.getSizes(), os, [&](int64_t size) {
    if (size < 0)
      os << '*';
    else
      os << size;
  });
  os << ')';
}

void TypePrinter::printTuple(ts::TupleType type) {
  bool isNamed = type.getName() && type.getFields().size() == type.getElements().size();
  if (isNamed && isGraph) {
    os << "NamedTuple(";
    llvm::interleaveComma(llvm::zip_equal(type.getFields(), type.getElements()), os,
                          [&](auto field) {
                            os << std::get<0>(field).getValue() << " : ";
                            print(std::get<1>(field));
                          });
    os << ')';
  } else if (isNamed && !type.getName().getValue().empty()) {
    os << type.getName().getValue();
  } else if (isGraph) {
    printGeneric("", type.getElements(), "(", ")");
  } else if (type.getElements().empty()) {
    os << "Tuple[()]";
  } else {
    printGeneric("Tuple", type.getElements());
  }
}

/// Types without parameters, and those that are only a name.
bool TypePrinter::printPlain(Type type) {
  StringRef text = llvm::TypeSwitch<Type, StringRef>(type)
                       .Case<IntType>([](Type) { return "int"; })
                       .Case<FloatType>([](Type) { return "float"; })
                       .Case<BoolType>([](Type) { return "bool"; })
                       .Case<ts::ComplexType>([](Type) { return "complex"; })
                       .Case<StrType>([](Type) { return "str"; })
                       .Case<ts::NoneType>([](Type) { return "NoneType"; })
                       .Case<DeviceType>([](Type) { return "Device"; })
                       .Case<AnyType>([](Type) { return "Any"; })
                       .Case<GeneratorType>([](Type) { return "Generator"; })
                       .Case<StreamType>([](Type) { return "Stream"; })
                       .Case<StorageType>([](Type) { return "Storage"; })
                       .Case<LayoutType>([](Type) { return "Layout"; })
                       .Case<CapsuleType>([](Type) { return "Capsule"; })
                       .Case<AnyListType>([](Type) { return "list"; })
                       .Case<AnyTupleType>([](Type) { return "tuple"; })
                       .Case<NumberType>([&](Type) { return isGraph ? "Scalar" : "number"; })
                       .Case<ClassType>([](ClassType type) { return type.getName().getValue(); })
                       .Case<ts::FunctionType>([&](ts::FunctionType type) {
                         return isGraph ? "Function" : type.getName().getValue();
                       })
                       .Default([](Type) { return ""; });
  os << text;
  return !text.empty();
}

void TypePrinter::printNested(Type type) {
  if (printPlain(type))
    return;
  llvm::TypeSwitch<Type>(type)
      .Case<ts::TensorType>([&](ts::TensorType tensor) { printTensor(tensor); })
      .Case<ts::TupleType>([&](ts::TupleType tuple) { printTuple(tuple); })
      .Case<ListType>([&](ListType list) {
        isGraph ? printGeneric("", list.getElement(), "", "[]")
                : printGeneric("List", list.getElement());
      })
      .Case<OptionalType>([&](OptionalType optional) {
        isGraph ? printGeneric("", optional.getElement(), "", "?")
                : printGeneric("Optional", optional.getElement());
      })
      .Case<DictType>([&](DictType dict) {
        printGeneric("Dict", {dict.getKey(), dict.getValue()}, isGraph ? "(" : "[",
                     isGraph ? ")" : "]");
      })
      .Case<UnionType>([&](UnionType type) {
        printGeneric("Union", type.getMembers(), isGraph ? "(" : "[", isGraph ? ")" : "]");
      })
      .Case<FutureType>([&](FutureType future) { printGeneric("Future", future.getElement()); })
      .Case<AwaitType>([&](AwaitType await) { printGeneric("Await", await.getElement()); })
      .Case<RRefType>([&](RRefType rref) { printGeneric("RRef", rref.getElement()); })
      .Case<InterfaceType>([&](InterfaceType interface) {
        StringRef name = interface.getName().getValue();
        if (isGraph)
          os << "InterfaceType<" << name.substr(name.rfind('.') + 1) << '>';
        else
          os << name;
      })
      .Case<EnumType>([&](EnumType type) {
        StringRef name = type.getName().getValue();
        isGraph ? os << "Enum<" << name << '>' : os << name;
      })
      .Default([&](Type other) { os << other; });
}

void TypePrinter::print(Type type) {
  if (depth == kMaxTypeDepth) {
    os << "...";
    return;
  }
  ++depth;
  printNested(type);
  --depth;
}

std::string typeText(Type type, TypeStyle style) {
  std::string text;
  llvm::raw_string_ostream os(text);
  TypePrinter(os, style).print(type);
  return text;
}

} // namespace tsc::ts
