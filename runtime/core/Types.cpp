// SPDX-License-Identifier: Apache-2.0
// Type descriptors that kernels need, those made while running (interned for the life of the
// process: there are few), and isinstance.
#include "tsc/runtime/Instance.h"

#include <cstdlib>

namespace tsc::rt {

#define TSC_SIMPLE_TYPE(NAME, KIND, TEXT)                                                          \
  constinit const TypeDescriptor NAME = {TypeKind::KIND, 0,       TEXT, nullptr, nullptr,          \
                                         nullptr,        nullptr, 0,    0};
TSC_SIMPLE_TYPE(kTensorType, Tensor, "Tensor")
TSC_SIMPLE_TYPE(kNoneType, None, "NoneType")
TSC_SIMPLE_TYPE(kBoolType, Bool, "bool")
TSC_SIMPLE_TYPE(kIntType, Int, "int")
TSC_SIMPLE_TYPE(kFloatType, Float, "float")
TSC_SIMPLE_TYPE(kComplexType, Complex, "complex")
TSC_SIMPLE_TYPE(kStringType, String, "str")
TSC_SIMPLE_TYPE(kAnyType, Any, "Any")
TSC_SIMPLE_TYPE(kNumberType, Number, "number")
TSC_SIMPLE_TYPE(kDeviceType, Device, "Device")
TSC_SIMPLE_TYPE(kStorageType, Storage, "Storage")
TSC_SIMPLE_TYPE(kGeneratorType, Generator, "Generator")
TSC_SIMPLE_TYPE(kCapsuleType, Capsule, "Capsule")
TSC_SIMPLE_TYPE(kQuantizerType, Capsule, "Quantizer")
#undef TSC_SIMPLE_TYPE

#define TSC_TYPE_OF(NAME, KIND, TEXT, PARAMETER)                                                   \
  static constinit const TypeDescriptor *const NAME##Parameter[] = {&PARAMETER};                   \
  constinit const TypeDescriptor NAME = {                                                          \
      TypeKind::KIND, 1, TEXT, NAME##Parameter, nullptr, nullptr, nullptr, 0, 0};
TSC_TYPE_OF(kOptionalTensorType, Optional, "Optional[Tensor]", kTensorType)
TSC_TYPE_OF(kIntListType, List, "List[int]", kIntType)
TSC_TYPE_OF(kFloatListType, List, "List[float]", kFloatType)
TSC_TYPE_OF(kBoolListType, List, "List[bool]", kBoolType)
TSC_TYPE_OF(kTensorListType, List, "List[Tensor]", kTensorType)
TSC_TYPE_OF(kOptionalTensorListType, List, "List[Optional[Tensor]]", kOptionalTensorType)
TSC_TYPE_OF(kStringListType, List, "List[str]", kStringType)
TSC_TYPE_OF(kComplexListType, List, "List[complex]", kComplexType)
TSC_TYPE_OF(kAnyListType, List, "List[Any]", kAnyType)
#undef TSC_TYPE_OF

bool sameType(const TypeDescriptor *a, const TypeDescriptor *b) {
  return a == b || (a->kind == b->kind && std::strcmp(a->text, b->text) == 0);
}

// ---- Types made while running
namespace {
struct Interned {
  TypeDescriptor type;
  Interned *next;
};
} // namespace
static Interned *gInterned = nullptr;
static int32_t gInternLock = 0;

static const TypeDescriptor *known(Context &cx, TypeKind kind, const char *text) {
  static const TypeDescriptor *const kOwn[] = {
      &kIntListType,    &kFloatListType,          &kBoolListType,    &kTensorListType,
      &kStringListType, &kOptionalTensorListType, &kComplexListType, &kAnyListType};
  for (const TypeDescriptor *t : kOwn)
    if (t->kind == kind && std::strcmp(t->text, text) == 0)
      return t;
  const ModelData *model = cx.head.model;
  for (uint64_t i = 0; model && i < model->typeCount; ++i)
    if (model->types[i]->kind == kind && std::strcmp(model->types[i]->text, text) == 0)
      return model->types[i];
  return nullptr;
}

static const TypeDescriptor *intern(Context &cx, TypeKind kind, const StringBuilder &text,
                                    Span<const TypeDescriptor *> parameters) {
  if (!text.ok())
    return (void)cx.outOfMemory(), nullptr;
  if (const TypeDescriptor *t = known(cx, kind, text.data()))
    return t;
  SpinLock lock(gInternLock);
  for (Interned *i = gInterned; i; i = i->next)
    if (i->type.kind == kind && std::strcmp(i->type.text, text.data()) == 0)
      return &i->type;
  size_t parameterBytes = sizeof(void *) * static_cast<size_t>(parameters.size());
  char *block = static_cast<char *>(
      std::malloc(sizeof(Interned) + parameterBytes + static_cast<size_t>(text.size()) + 1));
  if (!block)
    return (void)cx.outOfMemory(), nullptr;
  Interned *made = reinterpret_cast<Interned *>(block);
  const TypeDescriptor **list = reinterpret_cast<const TypeDescriptor **>(block + sizeof(Interned));
  char *name = block + sizeof(Interned) + parameterBytes;
  for (int64_t i = 0; i < parameters.size(); ++i)
    list[i] = parameters[i];
  std::memcpy(name, text.data(), static_cast<size_t>(text.size()) + 1);
  made->type = {
      kind, static_cast<uint32_t>(parameters.size()), name, list, nullptr, nullptr, nullptr, 0, 0};
  made->next = gInterned;
  gInterned = made;
  return &made->type;
}

const TypeDescriptor *listTypeOf(Context &cx, const TypeDescriptor *element) {
  StringBuilder text;
  text.add("List[");
  text.add(element->text);
  text.add(']');
  return intern(cx, TypeKind::List, text, {&element, 1});
}
const TypeDescriptor *tupleTypeOf(Context &cx, Span<const TypeDescriptor *> fields) {
  StringBuilder text;
  text.add("Tuple[");
  for (int64_t i = 0; i < fields.size(); ++i) {
    if (i)
      text.add(", ");
    text.add(fields[i]->text);
  }
  if (fields.empty())
    text.add("()");
  text.add(']');
  return intern(cx, TypeKind::Tuple, text, fields);
}
const TypeDescriptor *dictTypeOf(Context &cx, const TypeDescriptor *key,
                                 const TypeDescriptor *value) {
  StringBuilder text;
  text.add("Dict[");
  text.add(key->text);
  text.add(", ");
  text.add(value->text);
  text.add(']');
  const TypeDescriptor *both[] = {key, value};
  return intern(cx, TypeKind::Dict, text, both);
}

const TypeDescriptor *optionalTypeOf(Context &cx, const TypeDescriptor *inner) {
  StringBuilder text;
  text.add("Optional[");
  text.add(inner->text);
  text.add(']');
  return intern(cx, TypeKind::Optional, text, {&inner, 1});
}

const TypeDescriptor *parameterizedType(Context &cx, StringRef name,
                                        Span<const TypeDescriptor *> parameters) {
  int64_t n = parameters.size();
  if (name == "List" && n == 1)
    return listTypeOf(cx, parameters[0]);
  if (name == "Optional" && n == 1)
    return optionalTypeOf(cx, parameters[0]);
  if (name == "Dict" && n == 2)
    return dictTypeOf(cx, parameters[0], parameters[1]);
  if (name == "Tuple")
    return tupleTypeOf(cx, parameters);
  bool isUnion = name == "Union";
  if (!isUnion && !(name == "Future")) {
    (void)cx.raise("TypeError", "unknown type '%.*s'", static_cast<int>(name.size()), name.data());
    return nullptr;
  }
  StringBuilder text;
  text.add(name);
  text.add('[');
  for (int64_t i = 0; i < n; ++i) {
    if (i)
      text.add(", ");
    text.add(parameters[i]->text);
  }
  text.add(']');
  return intern(cx, isUnion ? TypeKind::Union : TypeKind::Future, text, parameters);
}

const TypeDescriptor *typeOfValue(const Value &v) {
  switch (v.tag) {
  case Tag::Bool:
    return &kBoolType;
  case Tag::Int:
    return &kIntType;
  case Tag::Float:
    return &kFloatType;
  case Tag::Device:
    return &kDeviceType;
  case Tag::Tensor:
    return &kTensorType;
  case Tag::String:
    return &kStringType;
  case Tag::Complex:
    return &kComplexType;
  case Tag::None:
  case Tag::Missing:
  case Tag::Function:
    return &kNoneType;
  default:
    return v.payload.p->type;
  }
}
StringRef typeText(const Value &v) { return typeOfValue(v)->text; }

// ---- isinstance
static bool hasMethods(const TypeDescriptor *type, const TypeDescriptor *interface) {
  for (uint32_t i = 0; i < interface->methodCount; ++i) {
    bool found = false;
    for (uint32_t j = 0; j < type->methodCount && !found; ++j)
      found = std::strcmp(type->methods[j].name, interface->methods[i].name) == 0;
    if (!found)
      return false;
  }
  return true;
}

static bool isInstance(const Value &v, const TypeDescriptor *type, int depth);

static bool isTupleOf(const Value &v, const TypeDescriptor *type, int depth) {
  const TupleObject *t = reinterpret_cast<const TupleObject *>(v.payload.p);
  if (sameType(t->head.type, type))
    return true;
  if (type->fieldNames || t->size != type->parameterCount)
    return false;
  for (int64_t i = 0; i < t->size; ++i)
    if (!isInstance(t->items[i], type->parameters[i], depth + 1))
      return false;
  return true;
}

static bool isInstance(const Value &v, const TypeDescriptor *type, int depth) {
  if (depth > 100)
    return false;
  switch (type->kind) {
  case TypeKind::Any:
    return v.tag != Tag::Missing;
  case TypeKind::None:
    return v.tag == Tag::None;
  case TypeKind::Bool:
    return v.tag == Tag::Bool;
  case TypeKind::Int:
    return v.tag == Tag::Int;
  case TypeKind::Float:
    return v.tag == Tag::Float;
  case TypeKind::Complex:
    return v.tag == Tag::Complex;
  case TypeKind::Number:
    return v.tag == Tag::Int || v.tag == Tag::Float || v.tag == Tag::Complex;
  case TypeKind::String:
    return v.tag == Tag::String;
  case TypeKind::Device:
    return v.tag == Tag::Device;
  case TypeKind::Tensor:
    return v.tag == Tag::Tensor;
  case TypeKind::Function:
    return v.tag == Tag::Function;
  case TypeKind::Generator:
    return v.tag == Tag::Generator;
  case TypeKind::Storage:
    return v.tag == Tag::Storage;
  case TypeKind::Optional:
    return v.tag == Tag::None || isInstance(v, type->parameters[0], depth + 1);
  case TypeKind::Union:
    for (uint32_t i = 0; i < type->parameterCount; ++i)
      if (isInstance(v, type->parameters[i], depth + 1))
        return true;
    return false;
  case TypeKind::Tuple:
    return v.tag == Tag::Tuple && isTupleOf(v, type, depth);
  case TypeKind::Interface:
    return v.tag == Tag::Object &&
           (sameType(v.payload.p->type, type) || hasMethods(v.payload.p->type, type));
  case TypeKind::List:
  case TypeKind::Dict:
  case TypeKind::Class:
  case TypeKind::Enum:
  case TypeKind::Future:
  case TypeKind::Await:
  case TypeKind::Capsule:
    return isObject(v) && sameType(v.payload.p->type, type);
  }
  return false;
}
} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_isinstance(const Value *value, const TypeDescriptor *type) {
  return isInstance(*value, type, 0);
}
BoxedEntry tsc_rt_find_method(const ObjectHead *object, const char *name) {
  const TypeDescriptor *type = object ? object->type : nullptr;
  for (uint32_t i = 0; type && i < type->methodCount; ++i)
    if (std::strcmp(type->methods[i].name, name) == 0)
      return reinterpret_cast<BoxedEntry>(type->methods[i].entry);
  return nullptr;
}
}
