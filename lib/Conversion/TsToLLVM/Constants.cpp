// SPDX-License-Identifier: Apache-2.0
// Constants as static objects, never freed. Objects of the initial state are templates:
// tsc_rt_copy_state makes an instance's own of them, and keeps what is shared among them shared. In
// a template a dict is a ListObject of keys and values in turn (dicts hash while running), and a
// tensor that methods may write carries kTemplate.
#include "Program.h"

#include "tsc/Analysis/ObjectUses.h"
#include "tsc/Common/Tensor.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tsc::lowering {

void Constants::appendHead(Type type, Words &words) {
  words.push_back(Word::i64(kImmortal));
  words.push_back(Word::address(program.types.get(type)));
}

static Word tagWord(Tag tag) { return Word::i64(static_cast<int64_t>(static_cast<uint32_t>(tag))); }

/// "cuda:1" as the payload of a Device value.
static int64_t deviceCode(StringRef text) {
  auto [kind, index] = text.split(':');
  int64_t type = llvm::StringSwitch<int64_t>(kind).Case("cuda", 2).Case("meta", 100).Default(1),
          number = -1;
  if (index.empty() || index.getAsInteger(10, number) || number < 0 || number > 254)
    number = -1;
  return type << 8 | (number + 1);
}

void Constants::appendValue(Attribute value, Type type, Words &words) {
  auto append = [&](Tag tag, Word payload) { words.append({tagWord(tag), payload}); };
  Type inner = ts::stripOptional(type);
  llvm::TypeSwitch<Attribute>(value)
      .Case([&](UnitAttr) { append(Tag::None, Word::i64(0)); })
      .Case([&](BoolAttr boolean) { append(Tag::Bool, Word::i64(boolean.getValue())); })
      .Case([&](IntegerAttr integer) {
        if (isa<ts::FloatType>(inner))
          return append(Tag::Float, Word::f64(static_cast<double>(integer.getInt())));
        append(Tag::Int, Word::i64(integer.getInt()));
      })
      .Case([&](FloatAttr number) { append(Tag::Float, Word::f64(number.getValueAsDouble())); })
      .Case([&](ts::DeviceAttr device) {
        append(Tag::Device, Word::i64(deviceCode(device.getText().getValue())));
      })
      .Case([&](ts::ComplexAttr) { append(Tag::Complex, object(value, type)); })
      .Case([&](StringAttr) { append(Tag::String, object(value, type)); })
      .Case([&](ts::TensorAttr) { append(Tag::Tensor, object(value, type)); })
      .Case([&](ts::ListAttr) { append(Tag::List, object(value, type)); })
      .Case([&](ts::DictAttr) { append(Tag::Dict, object(value, type)); })
      .Case([&](ts::TupleAttr) { append(Tag::Tuple, object(value, type)); })
      .Case([&](ts::EnumValueAttr) { append(Tag::Enum, object(value, type)); })
      .Case([&](FlatSymbolRefAttr name) {
        if (program.lookup<ts::FuncOp>(name))
          return append(Tag::Function, Word::i64(0));
        if (program.lookup<ts::ObjectOp>(name))
          return append(Tag::Object, symbolObject(name));
        auto shared = program.lookup<ts::SharedOp>(name);
        Type sharedType = shared ? ts::stripOptional(shared.getType()) : Type();
        Tag tag = isa_and_nonnull<ts::ListType>(sharedType)    ? Tag::List
                  : isa_and_nonnull<ts::DictType>(sharedType)  ? Tag::Dict
                  : isa_and_nonnull<ts::TupleType>(sharedType) ? Tag::Tuple
                                                               : Tag::Tensor;
        append(tag, symbolObject(name));
      })
      .Default([&](Attribute) {
        program.reportMalformed(UnknownLoc::get(program.context), "a constant of unknown kind");
        append(Tag::None, Word::i64(0));
      });
}

Word Constants::object(Attribute value, Type type) {
  if (auto name = dyn_cast<FlatSymbolRefAttr>(value))
    return symbolObject(name);
  // What can be written is one object for each place that mentions it; only symbols share it.
  bool isState = inState && isa<ts::TensorAttr, ts::ListAttr, ts::DictAttr, ts::TupleAttr>(value);
  StringAttr known = isState ? StringAttr() : objects.lookup(value);
  if (known)
    return Word::address(known);
  StringAttr made = llvm::TypeSwitch<Attribute, StringAttr>(value)
                        .Case([&](StringAttr text) { return stringObject(text.getValue()); })
                        .Case([&](ts::TensorAttr tensor) { return tensorObject(tensor); })
                        .Case([&](ts::ListAttr list) { return listObject(list); })
                        .Case([&](ts::DictAttr dict) { return dictObject(dict); })
                        .Case([&](ts::TupleAttr tuple) { return tupleObject(tuple); })
                        .Case([&](ts::ComplexAttr number) { return complexObject(number); })
                        .Case([&](ts::EnumValueAttr member) { return enumObject(member); })
                        .Default([](Attribute) { return StringAttr(); });
  if (!made) {
    program.reportMalformed(UnknownLoc::get(program.context),
                            "a constant does not fit its type '" + annotationText(type) + "'");
    return Word::null();
  }
  if (!isState)
    objects[value] = made;
  return Word::address(made);
}

StringAttr Constants::stringObject(StringRef text) {
  Words words;
  appendHead(ts::StrType::get(program.context), words);
  words.append(
      {Word::i64(static_cast<int64_t>(text.size())), Word::address(program.data.text(text))});
  return program.data.add("string", words);
}

StringAttr Constants::complexObject(ts::ComplexAttr number) {
  Words words;
  appendHead(ts::ComplexType::get(program.context), words);
  words.append(
      {Word::f64(number.getRe().getValueAsDouble()), Word::f64(number.getIm().getValueAsDouble())});
  return program.data.add("complex", words);
}

StringAttr Constants::enumObject(ts::EnumValueAttr member) {
  auto op = program.lookup<ts::EnumOp>(member.getType());
  int64_t index = 0;
  if (op)
    index = llvm::find(op.getMembers(), Attribute(member.getMember())) - op.getMembers().begin();
  if (!op || index == static_cast<int64_t>(op.getMembers().size())) {
    program.reportMalformed(UnknownLoc::get(program.context), "an enum has no member of this name");
    return {};
  }
  Words words;
  appendHead(ts::EnumType::get(program.context, member.getType()), words);
  words.push_back(Word::i64(index));
  return program.data.add("enum", words);
}

// ---- Tensors
StringAttr Constants::storageObject(int64_t storage) {
  StringAttr &known = storages[storage];
  if (known)
    return known;
  int64_t bytes = static_cast<int64_t>(ts::getWeightStore(program.context).get(storage).size());
  Words words;
  appendHead(ts::StorageType::get(program.context), words);
  words.append({Word::address(program.data.external(weightSymbol(storage))), Word::i64(bytes),
                Word::null(), Word::null()});
  return known = program.data.add("storage", words, /*isConstant=*/false);
}

StringAttr Constants::quantizerObject(ts::QuantizerAttr quantizer) {
  Type tensor = ts::TensorType::get(program.context);
  auto tensorOrNull = [&](Attribute value) { return value ? object(value, tensor) : Word::null(); };
  Words words;
  appendHead(ts::CapsuleType::get(program.context), words);
  words.append({Word::i64(quantizer.getAxis()), Word::f64(quantizer.getScale().getValueAsDouble()),
                Word::i64(quantizer.getZeroPoint()), tensorOrNull(quantizer.getScales()),
                tensorOrNull(quantizer.getZeroPoints())});
  return program.data.add("quantizer", words);
}

/// True when the elements of a tensor lie in its storage, of so many bytes.
static bool fitsStorage(ts::TensorAttr tensor, int64_t bytes) {
  int64_t last = tensor.getOffset(), end;
  if (tensor.getRank() > kMaxRank ||
      tensor.getRank() != static_cast<int64_t>(tensor.getStrides().size()) || last < 0)
    return false;
  for (auto [size, stride] : llvm::zip_equal(tensor.getSizes(), tensor.getStrides())) {
    int64_t reach;
    if (size < 0 || stride < 0 ||
        (size > 0 &&
         (llvm::MulOverflow(size - 1, stride, reach) || llvm::AddOverflow(last, reach, last))))
      return false;
  }
  if (llvm::is_contained(tensor.getSizes(), 0))
    return true;
  return !llvm::AddOverflow(last, int64_t(1), end) &&
         !llvm::MulOverflow(end, static_cast<int64_t>(findDType(tensor.getDtype())->bytes), end) &&
         end <= bytes;
}

StringAttr Constants::tensorObject(ts::TensorAttr tensor) {
  int64_t bytes =
      static_cast<int64_t>(ts::getWeightStore(program.context).get(tensor.getStorage()).size());
  if (!findDType(tensor.getDtype()) || !fitsStorage(tensor, bytes))
    return {};
  int64_t rank = tensor.getRank(),
          offset = tensor.getOffset() * findDType(tensor.getDtype())->bytes;
  int64_t flags = tensor.getRequiresGrad() ? kRequiresGrad : 0;
  if (inState && written.contains(tensor.getStorage()))
    flags |= kTemplate;
  StringAttr symbol = program.data.declare("tensor");
  Words words;
  appendHead(ts::TensorType::get(program.context), words);
  words.push_back(Word::address(storageObject(tensor.getStorage())));
  words.push_back(Word::address(program.data.external(weightSymbol(tensor.getStorage())), offset));
  words.push_back(Word::i8(static_cast<int64_t>(tensor.getDtype())));
  words.push_back(Word::i8(flags));
  words.push_back(Word::i16(deviceCode("cpu")));
  words.push_back(Word::i32(rank));
  words.push_back(Word::i64(tensor.getNumElements()));
  SmallVector<int64_t> sizes(tensor.getSizes()), strides(tensor.getStrides());
  if (rank <= kInlineRank) {
    sizes.resize(kInlineRank), strides.resize(kInlineRank);
    words.push_back(Word::address(symbol, offsetof(TensorObject, inlineShape)));
    words.push_back(Word::address(symbol, offsetof(TensorObject, inlineShape) + 8 * kInlineRank));
  } else {
    words.push_back(Word::address(program.data.integers(sizes)));
    words.push_back(Word::address(program.data.integers(strides)));
    sizes.assign(kInlineRank, 0), strides.assign(kInlineRank, 0);
  }
  for (int64_t number : llvm::concat<int64_t>(sizes, strides))
    words.push_back(Word::i64(number));
  auto quantizer = dyn_cast_or_null<ts::QuantizerAttr>(tensor.getQuantizer());
  words.push_back(quantizer ? Word::address(quantizerObject(quantizer)) : Word::null());
  program.data.define(symbol, words, /*isConstant=*/false); // a program may write to its constants
  return symbol;
}

// ---- Containers
static ElementKind elementKind(Type element) {
  if (isa<ts::IntType>(element))
    return ElementKind::Int;
  if (isa<ts::FloatType>(element))
    return ElementKind::Float;
  return isa<ts::BoolType>(element) ? ElementKind::Bool : ElementKind::Value;
}

Word Constants::listData(ts::ListAttr list) {
  ArrayAttr elements = list.getElements();
  if (elements.empty())
    return Word::null();
  Type element = cast<ts::ListType>(list.getType()).getElement();
  ElementKind kind = elementKind(element);
  Words values;
  for (Attribute item : elements)
    appendValue(item, element, values);
  if (kind == ElementKind::Value)
    return Word::address(program.data.add("values", values));
  SmallVector<int64_t> numbers;
  SmallVector<uint8_t> bytes;
  for (size_t i = 1; i < values.size(); i += 2) {
    numbers.push_back(values[i].number);
    bytes.push_back(values[i].number != 0);
  }
  return Word::address(kind == ElementKind::Bool ? program.data.bytes(bytes)
                                                 : program.data.integers(numbers));
}

StringAttr Constants::listObject(ts::ListAttr list) {
  auto type = dyn_cast<ts::ListType>(list.getType());
  if (!type)
    return {};
  int64_t size = static_cast<int64_t>(list.getElements().size());
  Words words;
  appendHead(type, words);
  words.append({Word::i64(size), Word::i64(size), listData(list),
                Word::i32(static_cast<int64_t>(elementKind(type.getElement()))), Word::i32(0)});
  return program.data.add("list", words);
}

StringAttr Constants::dictObject(ts::DictAttr dict) {
  auto type = dyn_cast<ts::DictType>(dict.getType());
  if (!type || dict.getKeys().size() != dict.getValues().size())
    return {};
  Words values;
  for (auto [key, value] : llvm::zip_equal(dict.getKeys(), dict.getValues())) {
    appendValue(key, type.getKey(), values);
    appendValue(value, type.getValue(), values);
  }
  int64_t size = static_cast<int64_t>(dict.getKeys().size()) * 2;
  Words words;
  appendHead(type, words);
  words.append({Word::i64(size), Word::i64(size),
                values.empty() ? Word::null() : Word::address(program.data.add("values", values)),
                Word::i32(static_cast<int64_t>(ElementKind::Value)), Word::i32(0)});
  return program.data.add("dict", words);
}

StringAttr Constants::setupObject(FlatSymbolRefAttr root, ArrayRef<ts::ObjectOp> stateful) {
  llvm::SaveAndRestore<bool> state(inState, true);
  Words items = {tagWord(Tag::Object), symbolObject(root)};
  for (ts::ObjectOp op : stateful) {
    items.append({tagWord(Tag::Object), symbolObject(FlatSymbolRefAttr::get(op.getSymNameAttr()))});
    ts::FuncOp setState = program.methodOf(
        ts::ClassType::get(program.context, op.getClassNameAttr()), "__setstate__");
    appendValue(op.getStateAttr(), setState.getArgumentTypes()[1], items);
  }
  Words words;
  appendHead(ts::TupleType::get(program.context, {}), words);
  words.push_back(Word::i64(static_cast<int64_t>(items.size() / 2)));
  words.append(items);
  return program.data.add("setup", words);
}

StringAttr Constants::tupleObject(ts::TupleAttr tuple) {
  auto type = dyn_cast<ts::TupleType>(tuple.getType());
  if (!type || type.getElements().size() != tuple.getElements().size())
    return {};
  Words words;
  appendHead(type, words);
  words.push_back(Word::i64(static_cast<int64_t>(tuple.getElements().size())));
  for (auto [item, element] : llvm::zip_equal(tuple.getElements(), type.getElements()))
    appendValue(item, element, words);
  return program.data.add("tuple", words);
}

// ---- State
Word Constants::symbolObject(FlatSymbolRefAttr name) {
  auto [it, isNew] = symbols.try_emplace(name.getAttr());
  if (!isNew)
    return it->second ? Word::address(it->second) : Word::null();
  if (auto op = program.lookup<ts::ObjectOp>(name)) {
    pendingObjects.push_back(op);
    return Word::address(it->second = program.data.declare("object"));
  }
  auto shared = program.lookup<ts::SharedOp>(name);
  if (!shared) {
    program.reportMalformed(UnknownLoc::get(program.context),
                            ("no object '" + name.getValue() + "'").str());
    return Word::null();
  }
  llvm::SaveAndRestore<bool> state(inState, true);
  Word made = object(shared.getValue(), shared.getType());
  symbols[name.getAttr()] = made.symbol;
  return made;
}

void Constants::finish() {
  llvm::SaveAndRestore<bool> state(inState, true);
  while (!pendingObjects.empty()) {
    ts::ObjectOp op = pendingObjects.pop_back_val();
    defineInstance(op, symbols.lookup(op.getSymNameAttr()));
  }
}

void Constants::defineInstance(ts::ObjectOp op, StringAttr symbol) {
  auto type = ts::ClassType::get(program.context, op.getClassNameAttr());
  ts::ClassOp owner = program.classOf(type);
  Words words;
  appendHead(type, words);
  words.append({Word::null(), Word::null()});
  size_t next = 0;
  if (owner)
    for (ts::AttributeOp attribute : owner.getBody().getOps<ts::AttributeOp>()) {
      if (attribute.isConstant())
        continue;
      if (op.getStateAttr()) // __setstate__ will set it
        words.append({tagWord(Tag::Missing), Word::i64(0)});
      else if (next < op.getValues().size())
        appendValue(op.getValues()[next++], attribute.getType(), words);
    }
  if (!owner || next != op.getValues().size())
    program.reportMalformed(op.getLoc(), "an object does not fit its class");
  program.data.define(symbol, words);
}

void Constants::findWrittenStorages() {
  llvm::DenseSet<std::pair<Attribute, Attribute>> writtenAttributes;
  program.source.walk([&](Operation *operation) {
    hasWrites |= isa<ts::SetAttrOp>(operation);
    auto op = dyn_cast<ts::GetAttrOp>(operation);
    if (!op || ts::isImmutable(op.getResult().getType()))
      return;
    auto type = dyn_cast<ts::ClassType>(op.getObject().getType());
    ts::ClassOp attributeOwner = program.classOf(op.getResult().getType());
    if (!type || attributeOwner) // attributes of submodules are looked at where they are read
      return;
    ts::ObjectUses uses = ts::findObjectUses(op.getResult());
    hasWrites |= uses.isWritten || uses.escapes;
    if (uses.isWritten || uses.escapes)
      writtenAttributes.insert({type.getName(), op.getNameAttr()});
  });
  auto mark = [&](Attribute value) {
    value.walk([&](ts::TensorAttr tensor) { written.insert(tensor.getStorage()); });
    value.walk([&](FlatSymbolRefAttr name) {
      if (auto shared = program.lookup<ts::SharedOp>(name))
        shared.getValue().walk([&](ts::TensorAttr tensor) { written.insert(tensor.getStorage()); });
    });
  };
  for (auto op : program.source.getOps<ts::ObjectOp>()) {
    ts::ClassOp owner = program.lookup<ts::ClassOp>(op.getClassNameAttr());
    if (!owner)
      continue;
    size_t next = 0;
    for (ts::AttributeOp attribute : owner.getBody().getOps<ts::AttributeOp>()) {
      // Which attribute a part of the state becomes is not known.
      if (op.getStateAttr() &&
          writtenAttributes.contains({op.getClassNameAttr(), attribute.getSymNameAttr()}))
        mark(op.getStateAttr());
      if (attribute.isConstant() || next >= op.getValues().size())
        continue;
      Attribute value = op.getValues()[next++];
      if (writtenAttributes.contains({op.getClassNameAttr(), attribute.getSymNameAttr()}))
        mark(value);
    }
  }
}

} // namespace tsc::lowering
