// SPDX-License-Identifier: Apache-2.0
// Type descriptors: one static object a type, in the layout of tsc/Common/Value.h. Types refer to
// one another in circles, so a descriptor is named when it is first asked for and written by
// finish().
#include "Program.h"

#include "tsc/Ts/TypeRules.h"
#include "tsc/Ts/TypeText.h"

using namespace mlir;

namespace tsc::lowering {

static bool isNamedTuple(ts::TupleType type) {
  return type.getName() && !type.getName().getValue().empty();
}

std::string annotationText(Type type) { return ts::typeText(type, ts::TypeStyle::Annotation); }

static TypeKind kindOf(Type type) {
  return llvm::TypeSwitch<Type, TypeKind>(type)
      .Case([](ts::TensorType) { return TypeKind::Tensor; })
      .Case<ts::IntType, ts::LayoutType, ts::StreamType>([](Type) { return TypeKind::Int; })
      .Case([](ts::FloatType) { return TypeKind::Float; })
      .Case([](ts::BoolType) { return TypeKind::Bool; })
      .Case([](ts::ComplexType) { return TypeKind::Complex; })
      .Case([](ts::NumberType) { return TypeKind::Number; })
      .Case([](ts::StrType) { return TypeKind::String; })
      .Case([](ts::NoneType) { return TypeKind::None; })
      .Case([](ts::DeviceType) { return TypeKind::Device; })
      .Case([](ts::GeneratorType) { return TypeKind::Generator; })
      .Case([](ts::StorageType) { return TypeKind::Storage; })
      .Case([](ts::CapsuleType) { return TypeKind::Capsule; })
      .Case([](ts::ListType) { return TypeKind::List; })
      .Case([](ts::DictType) { return TypeKind::Dict; })
      .Case([](ts::TupleType) { return TypeKind::Tuple; })
      .Case([](ts::OptionalType) { return TypeKind::Optional; })
      .Case([](ts::UnionType) { return TypeKind::Union; })
      .Case<ts::FutureType, ts::RRefType>([](Type) { return TypeKind::Future; })
      .Case([](ts::AwaitType) { return TypeKind::Await; })
      .Case([](ts::ClassType) { return TypeKind::Class; })
      .Case([](ts::InterfaceType) { return TypeKind::Interface; })
      .Case([](ts::EnumType) { return TypeKind::Enum; })
      .Case([](ts::FunctionType) { return TypeKind::Function; })
      .Default([](Type) { return TypeKind::Any; });
}

/// The types that a type is made of, as descriptors list them; attributes of classes are not among
/// them.
static SmallVector<Type> parametersOf(Type type) {
  return llvm::TypeSwitch<Type, SmallVector<Type>>(type)
      .Case<ts::ListType, ts::OptionalType, ts::FutureType, ts::AwaitType, ts::RRefType>(
          [](auto one) { return SmallVector<Type>{one.getElement()}; })
      .Case([](ts::DictType dict) { return SmallVector<Type>{dict.getKey(), dict.getValue()}; })
      .Case([](ts::TupleType tuple) { return SmallVector<Type>(tuple.getElements()); })
      .Case([](ts::UnionType members) { return SmallVector<Type>(members.getMembers()); })
      .Default([](Type) { return SmallVector<Type>(); });
}

StringAttr Descriptors::get(Type type) {
  type = ts::withoutTensorFacts(type); // run-time types know none
  auto [it, isNew] = symbols.try_emplace(type);
  if (isNew)
    it->second = program.data.declare("type");
  return it->second;
}

Word Descriptors::list(ArrayRef<Type> types) {
  if (types.empty())
    return Word::null();
  Words words;
  for (Type type : types)
    words.push_back(Word::address(get(type)));
  return Word::address(program.data.add("types", words));
}

Word Descriptors::names(ArrayRef<StringRef> texts) {
  if (texts.empty())
    return Word::null();
  Words words;
  for (StringRef text : texts)
    words.push_back(Word::address(program.data.text(text)));
  return Word::address(program.data.add("names", words));
}

Word Descriptors::methods(ArrayRef<std::pair<StringAttr, ts::FuncOp>> functions, bool hasSelf) {
  if (functions.empty())
    return Word::null();
  Words words;
  for (auto [name, function] : functions) {
    unsigned first = hasSelf ? 1 : 0;
    ArrayRef<Type> arguments =
        function.getArgumentTypes().drop_front(std::min<size_t>(first, function.getNumArguments()));
    SmallVector<StringRef> argumentNames;
    for (unsigned i = first; i < function.getNumArguments(); ++i)
      argumentNames.push_back(function.getArgName(i));
    StringAttr entry = program.boxedEntry(program.function(function), function.getArgumentTypes(),
                                          function.getResultTypes());
    Type result = function.getNumResults() == 1 ? function.getResultTypes().front()
                                                : ts::NoneType::get(program.context);
    words.push_back(Word::address(program.data.text(name.getValue())));
    words.push_back(Word::address(entry));
    words.push_back(list(arguments));
    words.push_back(names(argumentNames));
    words.push_back(Word::i32(static_cast<int64_t>(arguments.size())));
    words.push_back(Word::i32(0));
    words.push_back(Word::address(get(result)));
  }
  return Word::address(program.data.add("methods", words));
}

/// True when instances of a class may reach themselves through attributes.
bool Descriptors::mayFormCycles(Type type) {
  auto [it, isNew] = cycles.try_emplace(type, false);
  if (!isNew)
    return it->second;
  llvm::SetVector<Type> reached;
  auto follow = [&](Type from) {
    if (ts::ClassOp owner = program.classOf(from)) {
      for (ts::AttributeOp attribute : owner.getBody().getOps<ts::AttributeOp>())
        reached.insert(attribute.getType());
      return;
    }
    for (Type parameter : parametersOf(from))
      reached.insert(parameter);
  };
  follow(type);
  bool found = false;
  for (size_t i = 0; i < reached.size() && !found; ++i) {
    found = reached[i] == type || isa<ts::AnyType, ts::InterfaceType>(reached[i]);
    follow(reached[i]);
  }
  return cycles[type] = found;
}

void Descriptors::defineClass(ts::ClassOp op, Type type, Words &words) {
  SmallVector<Type> types;
  SmallVector<StringRef> attributes;
  for (ts::AttributeOp attribute : op.getBody().getOps<ts::AttributeOp>()) {
    if (attribute.isConstant())
      continue;
    types.push_back(attribute.getType());
    attributes.push_back(attribute.getSymName());
  }
  SmallVector<std::pair<StringAttr, ts::FuncOp>> functions;
  for (ts::MethodOp method : op.getBody().getOps<ts::MethodOp>())
    if (program.isFoundByName(method.getSymName()))
      if (auto function = program.lookup<ts::FuncOp>(method.getFunctionAttr());
          function && !function.isExternal())
        functions.emplace_back(method.getSymNameAttr(), function);
  words.push_back(Word::i32(static_cast<int64_t>(types.size())));
  words.push_back(Word::address(program.data.text(op.getSymName())));
  words.push_back(list(types));
  words.push_back(names(attributes));
  words.push_back(Word::null());
  words.push_back(methods(functions, /*hasSelf=*/true));
  words.push_back(Word::i32(static_cast<int64_t>(functions.size())));
  words.push_back(Word::i32((op.getIsModule() ? 1 : 0) | (mayFormCycles(type) ? 2 : 0)));
}

void Descriptors::defineInterface(ts::InterfaceOp op, Words &words) {
  Words table;
  int64_t count = 0;
  for (ts::SignatureOp signature : op.getBody().getOps<ts::SignatureOp>()) {
    mlir::FunctionType type = signature.getFunctionType();
    SmallVector<StringRef> argumentNames;
    for (Attribute name : signature.getArgNames())
      argumentNames.push_back(cast<StringAttr>(name).getValue());
    argumentNames.resize(type.getNumInputs());
    table.push_back(Word::address(program.data.text(signature.getSymName())));
    table.push_back(Word::null());
    table.push_back(list(type.getInputs()));
    table.push_back(names(argumentNames));
    table.push_back(Word::i32(type.getNumInputs()));
    table.push_back(Word::i32(0));
    Type result =
        type.getNumResults() == 1 ? type.getResult(0) : ts::NoneType::get(program.context);
    table.push_back(Word::address(get(result)));
    ++count;
  }
  words.push_back(Word::i32(0));
  words.push_back(Word::address(program.data.text(op.getSymName())));
  words.append({Word::null(), Word::null(), Word::null()});
  words.push_back(count ? Word::address(program.data.add("methods", table)) : Word::null());
  words.append({Word::i32(count), Word::i32(op.getIsModule() ? 1 : 0)});
}

void Descriptors::defineEnum(ts::EnumOp op, Words &words) {
  SmallVector<StringRef> members;
  for (Attribute member : op.getMembers())
    members.push_back(cast<StringAttr>(member).getValue());
  Words values;
  for (Attribute value : op.getValues())
    program.constants.appendValue(value, op.getValueType(), values);
  if (members.size() * 2 != values.size())
    program.reportMalformed(op.getLoc(), "an enum has not a value for each member");
  words.push_back(Word::i32(static_cast<int64_t>(members.size())));
  words.push_back(Word::address(program.data.text(op.getSymName())));
  words.push_back(Word::null());
  words.push_back(names(members));
  words.push_back(values.empty() ? Word::null()
                                 : Word::address(program.data.add("values", values)));
  words.append({Word::null(), Word::i32(0), Word::i32(0)});
}

void Descriptors::define(Type type, StringAttr symbol) {
  Words words = {Word::i32(static_cast<int64_t>(kindOf(type)))};
  auto finishWith = [&] { program.data.define(symbol, words); };
  if (ts::ClassOp op = program.classOf(type)) {
    defineClass(op, type, words);
    namedTypes.push_back(symbol);
    return finishWith();
  }
  if (auto named = dyn_cast<ts::InterfaceType>(type))
    if (auto op = program.lookup<ts::InterfaceOp>(named.getName())) {
      defineInterface(op, words);
      return finishWith();
    }
  if (auto named = dyn_cast<ts::EnumType>(type))
    if (auto op = program.lookup<ts::EnumOp>(named.getName())) {
      defineEnum(op, words);
      namedTypes.push_back(symbol);
      return finishWith();
    }
  SmallVector<Type> parameters = parametersOf(type);
  SmallVector<StringRef> fields;
  if (auto tuple = dyn_cast<ts::TupleType>(type); tuple && isNamedTuple(tuple)) {
    for (StringAttr field : tuple.getFields())
      fields.push_back(field.getValue());
    namedTypes.push_back(symbol);
  }
  words.push_back(Word::i32(static_cast<int64_t>(parameters.size())));
  words.push_back(Word::address(program.data.text(annotationText(type))));
  words.push_back(list(parameters));
  words.push_back(names(fields));
  words.append({Word::null(), Word::null(), Word::i32(0), Word::i32(0)});
  finishWith();
}

void Descriptors::finish() {
  for (; defined < symbols.size(); ++defined) {
    auto [type, symbol] = *(symbols.begin() + static_cast<ptrdiff_t>(defined));
    define(type, symbol);
  }
}

} // namespace tsc::lowering
