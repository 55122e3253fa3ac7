// SPDX-License-Identifier: Apache-2.0
// Conversion of a caller's values to declared types. A container of exactly the declared type goes
// in as it is, so that the caller sees what the program does to it; any other is rebuilt element by
// element.
#include "tsc/runtime/Border.h"

namespace tsc::rt {

static constexpr int kMaxNesting = 200;

static OwnedValue convert(Context &cx, const Value &v, const TypeDescriptor *type, StringRef what,
                          int depth);

static Failure mismatch(Context &cx, const Value &v, const TypeDescriptor *type, StringRef what) {
  return cx.raise("TypeError", "%.*s: expected %s, got %s", static_cast<int>(what.size()),
                  what.data(), type->text, typeOfValue(v)->text);
}

/// The number that a 0-d (or one-element) tensor stands for.
static Optional<Scalar> numberIn(const Value &v) {
  if (isNumber(v))
    return scalarOf(v);
  if (v.tag != Tag::Tensor)
    return {};
  const Tensor &t = *reinterpret_cast<const Tensor *>(v.payload.p);
  if (t.rank != 0 || !t.isDefined())
    return {};
  return t.item();
}

static OwnedValue convertNumber(Context &cx, const Value &v, const TypeDescriptor *type,
                                StringRef what) {
  Optional<Scalar> s = numberIn(v);
  if (!s)
    return mismatch(cx, v, type, what);
  switch (type->kind) {
  case TypeKind::Bool:
    return s->isIntegral(true) ? OwnedValue::adopt(makeBool(s->i != 0))
                               : OwnedValue(mismatch(cx, v, type, what));
  case TypeKind::Int:
    return s->isIntegral(true) ? OwnedValue::adopt(makeInt(s->i))
                               : OwnedValue(mismatch(cx, v, type, what));
  case TypeKind::Float:
    if (s->isComplex())
      return mismatch(cx, v, type, what);
    return OwnedValue::adopt(makeFloat(s->toDouble()));
  case TypeKind::Complex:
    return numberValue(cx, Scalar(s->toComplex()));
  default:
    return numberValue(cx, *s);
  }
}

/// Items of a list or tuple.
static Optional<int64_t> itemCount(const Value &v) {
  if (v.tag == Tag::List)
    return reinterpret_cast<const List *>(v.payload.p)->size;
  if (v.tag == Tag::Tuple)
    return reinterpret_cast<const Tuple *>(v.payload.p)->size;
  return {};
}
static Value itemAt(const Value &v, int64_t i) {
  return v.tag == Tag::List ? reinterpret_cast<const List *>(v.payload.p)->get(i)
                            : reinterpret_cast<const Tuple *>(v.payload.p)->items[i];
}

static OwnedValue convertList(Context &cx, const Value &v, const TypeDescriptor *type,
                              StringRef what, int depth) {
  Optional<int64_t> count = itemCount(v);
  if (!count)
    return mismatch(cx, v, type, what);
  ListRef list = newList(cx, type, *count);
  TSC_TRY(list);
  for (int64_t i = 0; i < *count; ++i) {
    StringBuilder name;
    name.add(what);
    name.addFormat(", element %lld", static_cast<long long>(i));
    OwnedValue item = convert(cx, itemAt(v, i), type->parameters[0], name, depth + 1);
    TSC_TRY(item);
    TSC_TRY(list->append(cx, item.get()));
  }
  return list;
}

static OwnedValue convertTuple(Context &cx, const Value &v, const TypeDescriptor *type,
                               StringRef what, int depth) {
  Optional<int64_t> count = itemCount(v);
  if (!count)
    return mismatch(cx, v, type, what);
  if (*count != type->parameterCount)
    return cx.raise("TypeError", "%.*s: expected %s with %u elements, got %lld",
                    static_cast<int>(what.size()), what.data(), type->text, type->parameterCount,
                    static_cast<long long>(*count));
  TupleRef tuple = newTuple(cx, type, {});
  TSC_TRY(tuple);
  Vector<Value> items;
  TSC_TRY(items.resize(cx, *count, makeNone()));
  bool ok = true;
  for (int64_t i = 0; i < *count && ok; ++i) {
    StringBuilder name;
    name.add(what);
    name.addFormat(", element %lld", static_cast<long long>(i));
    OwnedValue item = convert(cx, itemAt(v, i), type->parameters[i], name, depth + 1);
    ok = static_cast<bool>(item);
    items[i] = ok ? item.take() : makeNone();
  }
  TupleRef made = ok ? newTuple(cx, type, items) : TupleRef();
  for (const Value &item : items)
    release(item);
  return made;
}

static OwnedValue convertDict(Context &cx, const Value &v, const TypeDescriptor *type,
                              StringRef what, int depth) {
  if (v.tag != Tag::Dict)
    return mismatch(cx, v, type, what);
  const Dict &from = *reinterpret_cast<const Dict *>(v.payload.p);
  DictRef dict = newDict(cx, type);
  TSC_TRY(dict);
  for (int64_t i = 0; i < from.used; ++i) {
    const DictEntry *e = from.entry(i);
    if (!e)
      continue;
    StringBuilder name;
    name.add(what);
    name.add(", key ");
    addRepr(cx, name, e->key);
    OwnedValue key = convert(cx, e->key, type->parameters[0], name, depth + 1);
    TSC_TRY(key);
    OwnedValue value = convert(cx, e->value, type->parameters[1], name, depth + 1);
    TSC_TRY(value);
    TSC_TRY(dict->set(cx, key.get(), value.get()));
  }
  return dict;
}

static OwnedValue convertUnion(Context &cx, const Value &v, const TypeDescriptor *type,
                               StringRef what, int depth) {
  for (uint32_t i = 0; i < type->parameterCount; ++i) {
    OwnedValue made = convert(cx, v, type->parameters[i], what, depth + 1);
    if (made)
      return made;
    cx.error.clear();
  }
  return mismatch(cx, v, type, what);
}

/// "cpu", "cuda:1"
static OwnedValue deviceFromText(Context &cx, StringRef s) {
  int64_t colon = 0;
  while (colon < s.size() && s[colon] != ':')
    ++colon;
  StringRef type = s.slice(0, colon);
  int64_t code = type == "cpu" ? 1 : type == "cuda" ? 2 : type == "meta" ? 100 : 0, index = 0;
  bool ok = code != 0;
  for (int64_t i = colon + 1; i < s.size(); ++i) {
    ok &= s[i] >= '0' && s[i] <= '9' && index < 25;
    index = index * 10 + (s[i] - '0');
  }
  if (!ok || (colon < s.size() && colon + 1 == s.size()))
    return cx.fail("Invalid device string: '%.*s'", static_cast<int>(s.size()), s.data());
  return OwnedValue::adopt(makeDevice({code << 8 | (colon < s.size() ? index + 1 : 0)}));
}

static OwnedValue convert(Context &cx, const Value &v, const TypeDescriptor *type, StringRef what,
                          int depth) {
  if (depth > kMaxNesting)
    return cx.raise("TypeError", "%.*s: nested too deeply", static_cast<int>(what.size()),
                    what.data());
  if (v.tag != Tag::Tensor && tsc_rt_isinstance(&v, type))
    return OwnedValue::share(v);
  switch (type->kind) {
  case TypeKind::Tensor:
    return v.tag == Tag::Tensor ? OwnedValue::share(v) : OwnedValue(mismatch(cx, v, type, what));
  case TypeKind::Any:
    return OwnedValue::share(v);
  case TypeKind::Bool:
  case TypeKind::Int:
  case TypeKind::Float:
  case TypeKind::Complex:
  case TypeKind::Number:
    return convertNumber(cx, v, type, what);
  case TypeKind::Optional:
    return convert(cx, v, type->parameters[0], what, depth + 1);
  case TypeKind::Union:
    return convertUnion(cx, v, type, what, depth);
  case TypeKind::List:
    return convertList(cx, v, type, what, depth);
  case TypeKind::Tuple:
    return convertTuple(cx, v, type, what, depth);
  case TypeKind::Dict:
    return convertDict(cx, v, type, what, depth);
  case TypeKind::Device:
    if (v.tag == Tag::String)
      return deviceFromText(cx, *reinterpret_cast<const StringObject *>(v.payload.p));
    return mismatch(cx, v, type, what);
  default:
    return mismatch(cx, v, type, what);
  }
}

OwnedValue convertArgument(Context &cx, const Value &v, const TypeDescriptor *type,
                           StringRef what) {
  return convert(cx, v, type, what, 0);
}

// ---- Types from text
namespace {
struct TypeParser {
  Context &cx;
  StringRef text;
  int64_t at = 0;

  Failure wrong() {
    return cx.raise("TypeError", "unknown type '%.*s'", static_cast<int>(text.size()), text.data());
  }
  void skipSpace() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }
  const TypeDescriptor *parse(int depth);
};
} // namespace

static const TypeDescriptor *simpleType(StringRef name) {
  static const TypeDescriptor *const kTypes[] = {
      &kTensorType, &kNoneType, &kBoolType,   &kIntType,    &kFloatType,   &kComplexType,
      &kStringType, &kAnyType,  &kNumberType, &kDeviceType, &kStorageType, &kGeneratorType};
  for (const TypeDescriptor *t : kTypes)
    if (name == t->text)
      return t;
  return name == "None" ? &kNoneType : nullptr;
}

const TypeDescriptor *TypeParser::parse(int depth) {
  if (depth > 100)
    return (void)wrong(), nullptr;
  skipSpace();
  int64_t start = at;
  while (at < text.size() && text[at] != '[' && text[at] != ',' && text[at] != ']' &&
         text[at] != ' ')
    ++at;
  StringRef name = text.slice(start, at);
  if (at >= text.size() || text[at] != '[') {
    if (const TypeDescriptor *t = simpleType(name))
      return t;
    const ModelData *model = cx.head.model;
    for (uint64_t i = 0; model && i < model->typeCount; ++i)
      if (name == model->types[i]->text)
        return model->types[i];
    return (void)wrong(), nullptr;
  }
  const TypeDescriptor *parameters[32];
  int64_t count = 0;
  ++at;
  while (at < text.size() && text[at] != ']') {
    if (count == 32 || !(parameters[count] = text[at] == '(' ? nullptr : parse(depth + 1)))
      return (void)wrong(), nullptr;
    ++count;
    skipSpace();
    if (at < text.size() && text[at] == ',')
      ++at;
    skipSpace();
  }
  if (at >= text.size())
    return (void)wrong(), nullptr;
  ++at;
  return parameterizedType(cx, name, {parameters, count});
}

const TypeDescriptor *parseType(Context &cx, StringRef text) {
  TypeParser parser{cx, text};
  const TypeDescriptor *t = parser.parse(0);
  parser.skipSpace();
  if (t && parser.at != text.size())
    return (void)parser.wrong(), nullptr;
  return t;
}

// ---- Deep copies
namespace {
struct Copied {
  const ObjectHead *from;
  ObjectHead *to;
};
struct Copier {
  Context &cx;
  Vector<Copied> done;

  OwnedValue copy(const Value &v, int depth);
  OwnedValue copyNew(const Value &v, int depth);
  template <class T> OwnedValue remember(const Value &v, const Ref<T> &r) {
    if (!r || !done.push(cx, {v.payload.p, reinterpret_cast<ObjectHead *>(r.get())}))
      return Failed;
    return OwnedValue::share(makeObject(v.tag, r.get()));
  }
};
} // namespace

OwnedValue Copier::copyNew(const Value &v, int depth) {
  switch (v.tag) {
  case Tag::Tensor: {
    const Tensor &t = *reinterpret_cast<const Tensor *>(v.payload.p);
    return remember(v, clone(cx, t));
  }
  case Tag::List: {
    const List &from = *reinterpret_cast<const List *>(v.payload.p);
    ListRef list = newList(cx, from.head.type, from.size);
    OwnedValue result = remember(v, list);
    TSC_TRY(result);
    for (int64_t i = 0; i < from.size; ++i) {
      OwnedValue item = copy(from.get(i), depth + 1);
      TSC_TRY(item);
      TSC_TRY(list->append(cx, item.get()));
    }
    return result;
  }
  case Tag::Dict: {
    const Dict &from = *reinterpret_cast<const Dict *>(v.payload.p);
    DictRef dict = newDict(cx, from.head.type);
    OwnedValue result = remember(v, dict);
    TSC_TRY(result);
    for (int64_t i = 0; i < from.used; ++i) {
      if (!from.entry(i))
        continue;
      OwnedValue key = copy(from.entries[i].key, depth + 1),
                 value = copy(from.entries[i].value, depth + 1);
      if (!key || !value)
        return Failed;
      TSC_TRY(dict->set(cx, key.get(), value.get()));
    }
    return result;
  }
  case Tag::Tuple: {
    const Tuple &from = *reinterpret_cast<const Tuple *>(v.payload.p);
    TupleRef tuple = newTuple(cx, from.head.type, {from.items, from.size});
    OwnedValue result = remember(v, tuple);
    TSC_TRY(result);
    for (int64_t i = 0; i < from.size; ++i) {
      OwnedValue item = copy(from.items[i], depth + 1);
      TSC_TRY(item);
      release(tuple->items[i]);
      tuple->items[i] = item.take();
    }
    return result;
  }
  case Tag::Object: {
    const InstanceObject &from = *reinterpret_cast<const InstanceObject *>(v.payload.p);
    Ref<InstanceObject> object = Ref<InstanceObject>::adopt(
        reinterpret_cast<InstanceObject *>(tsc_rt_object_new(&cx, from.head.type)));
    OwnedValue result = remember(v, object);
    TSC_TRY(result);
    for (uint32_t i = 0; i < from.head.type->parameterCount; ++i) {
      if (from.fields[i].tag == Tag::Missing)
        continue;
      OwnedValue field = copy(from.fields[i], depth + 1);
      TSC_TRY(field);
      object->fields[i] = field.take();
    }
    return result;
  }
  default: // immutable, or not worth a copy
    return OwnedValue::share(v);
  }
}

OwnedValue Copier::copy(const Value &v, int depth) {
  if (depth > 2000)
    return cx.fail("values are nested too deeply to copy");
  if (!isObject(v) || v.payload.p->count < 0)
    return OwnedValue::share(v);
  for (const Copied &c : done)
    if (c.from == v.payload.p)
      return OwnedValue::share(makeObject(v.tag, c.to));
  return copyNew(v, depth);
}

OwnedValue deepCopy(Context &cx, const Value &v) {
  Copier copier{cx, {}};
  return copier.copy(v, 0);
}

} // namespace tsc::rt
