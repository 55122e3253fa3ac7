// SPDX-License-Identifier: Apache-2.0
// The functions of tsc_model_api on values that are not tensors.
#include "tsc/runtime/Future.h"
#include "tsc/runtime/ModelInstance.h"

namespace tsc::rt {

template <class T> static T *as(const tsc_value &v, Tag tag) {
  return v.tag == static_cast<uint32_t>(tag) ? static_cast<T *>(v.as.p) : nullptr;
}
static void useInstance(Context &cx, tsc_instance *instance) {
  if (instance)
    setUpContext(*reinterpret_cast<ModelInstance *>(instance), cx);
}
static tsc_status statusOf(Status s) { return s ? TSC_OK : TSC_OUT_OF_MEMORY; }

static void setTextFunctions(tsc_model_api &api) {
  api.retain = [](tsc_value v) { retain(fromApi(v)); };
  api.release = [](tsc_value v) { release(fromApi(v)); };
  api.type_of = [](tsc_value v) { return typeOfValue(fromApi(v))->text; };
  api.to_text = [](tsc_value v) {
    Context cx;
    StringBuilder text;
    addText(cx, text, fromApi(v));
    return toApi(OwnedValue(newString(cx, text)));
  };
  api.equal = [](tsc_value a, tsc_value b) -> int32_t {
    Context cx;
    Result<bool> r = equalValues(cx, fromApi(a), fromApi(b));
    return r.ok ? r.value : -1;
  };
  api.string_new = [](const char *bytes, int64_t length) {
    Context cx;
    return toApi(OwnedValue(newString(cx, StringRef(bytes, length))));
  };
  api.string_get = [](tsc_value v, int64_t *length) -> const char * {
    const String *s = as<String>(v, Tag::String);
    if (length)
      *length = s ? s->length : 0;
    return s ? s->data : nullptr;
  };
  api.complex_new = [](double re, double im) {
    Context cx;
    return toApi(numberValue(cx, Scalar(Complex(re, im))));
  };
  api.complex_get = [](tsc_value v, double *re, double *im) -> int32_t {
    const ComplexObject *c = as<ComplexObject>(v, Tag::Complex);
    if (c)
      *re = c->re, *im = c->im;
    return c != nullptr;
  };
}

static void setContainerFunctions(tsc_model_api &api) {
  api.list_new = [](tsc_instance *instance, const char *type) {
    Context cx;
    useInstance(cx, instance);
    const TypeDescriptor *t = type ? parseType(cx, type) : &kAnyListType;
    return toApi(t && t->kind == TypeKind::List ? OwnedValue(newList(cx, t)) : OwnedValue(Failed));
  };
  api.list_size = [](tsc_value v) -> int64_t {
    const List *list = as<List>(v, Tag::List);
    return list ? list->size : -1;
  };
  api.list_get = [](tsc_value v, int64_t i) {
    const List *list = as<List>(v, Tag::List);
    return toApi(list && i >= 0 && i < list->size ? OwnedValue::share(list->get(i))
                                                  : OwnedValue(Failed));
  };
  api.list_append = [](tsc_value v, tsc_value item) {
    List *list = as<List>(v, Tag::List);
    Context cx;
    if (!list)
      return TSC_BAD_ARGUMENT;
    OwnedValue converted = convertArgument(cx, fromApi(item), list->elementType(), "item");
    return converted ? statusOf(list->append(cx, converted.get())) : TSC_BAD_ARGUMENT;
  };
  api.dict_new = [](tsc_instance *instance, const char *type) {
    Context cx;
    useInstance(cx, instance);
    const TypeDescriptor *t = parseType(cx, type ? type : "Dict[Any, Any]");
    return toApi(t && t->kind == TypeKind::Dict ? OwnedValue(newDict(cx, t)) : OwnedValue(Failed));
  };
  api.dict_size = [](tsc_value v) -> int64_t {
    const Dict *d = as<Dict>(v, Tag::Dict);
    return d ? d->size : -1;
  };
  api.dict_item = [](tsc_value v, int64_t position, tsc_value *key, tsc_value *value) {
    const Dict *d = as<Dict>(v, Tag::Dict);
    for (int64_t i = 0; d && i < d->used; ++i) {
      const DictEntry *e = d->entry(i);
      if (!e || position-- > 0)
        continue;
      *key = toApi(OwnedValue::share(e->key));
      *value = toApi(OwnedValue::share(e->value));
      return TSC_OK;
    }
    return TSC_NOT_FOUND;
  };
  api.dict_set = [](tsc_value v, tsc_value key, tsc_value value) {
    Dict *d = as<Dict>(v, Tag::Dict);
    Context cx;
    if (!d)
      return TSC_BAD_ARGUMENT;
    OwnedValue k = convertArgument(cx, fromApi(key), d->keyType(), "key");
    OwnedValue x = convertArgument(cx, fromApi(value), d->valueType(), "value");
    return k && x ? statusOf(d->set(cx, k.get(), x.get())) : TSC_BAD_ARGUMENT;
  };
}

static tsc_value makeTupleValue(tsc_instance *instance, const char *type, const tsc_value *items,
                                int64_t count) {
  Context cx;
  useInstance(cx, instance);
  Vector<Value> values;
  Vector<const TypeDescriptor *> types;
  for (int64_t i = 0; i < count; ++i) {
    Value v = fromApi(items[i]);
    if (!values.push(cx, v) || !types.push(cx, typeOfValue(v)))
      return toApi(makeMissing());
  }
  TupleRef plain = newTuple(cx, tupleTypeOf(cx, types), values);
  if (!plain || !type)
    return toApi(OwnedValue(static_cast<TupleRef &&>(plain)));
  const TypeDescriptor *wanted = parseType(cx, type);
  if (!wanted || wanted->kind != TypeKind::Tuple)
    return toApi(makeMissing());
  return toApi(convertArgument(cx, makeObject(Tag::Tuple, plain.get()), wanted, "tuple"));
}

static int64_t fieldOf(const InstanceObject *o, const char *name) {
  for (uint32_t i = 0; o && i < o->head.type->parameterCount; ++i)
    if (std::strcmp(o->head.type->fieldNames[i], name) == 0)
      return i;
  return -1;
}

static void setObjectFunctions(tsc_model_api &api) {
  api.tuple_new = makeTupleValue;
  api.tuple_size = [](tsc_value v) -> int64_t {
    const Tuple *t = as<Tuple>(v, Tag::Tuple);
    return t ? t->size : -1;
  };
  api.tuple_get = [](tsc_value v, int64_t i) {
    const Tuple *t = as<Tuple>(v, Tag::Tuple);
    return toApi(t && i >= 0 && i < t->size ? OwnedValue::share(t->items[i]) : OwnedValue(Failed));
  };
  api.field_name = [](tsc_value v, int64_t i) -> const char * {
    if (v.tag != TSC_TUPLE && v.tag != TSC_OBJECT)
      return nullptr;
    const TypeDescriptor *type = static_cast<ObjectHead *>(v.as.p)->type;
    return type->fieldNames && i >= 0 && i < type->parameterCount ? type->fieldNames[i] : nullptr;
  };
  api.enum_new = [](tsc_instance *instance, const char *type, const char *member) {
    Context cx;
    useInstance(cx, instance);
    const TypeDescriptor *t = parseType(cx, type);
    if (!t || t->kind != TypeKind::Enum)
      return toApi(makeMissing());
    for (uint32_t i = 0; i < t->parameterCount; ++i)
      if (std::strcmp(t->fieldNames[i], member) == 0) {
        EnumObject *e = static_cast<EnumObject *>(allocateBytes(cx, sizeof(EnumObject)));
        if (!e)
          break;
        *e = {{1, t}, i};
        return toApi(makeObject(Tag::Enum, e));
      }
    return toApi(makeMissing());
  };
  api.enum_name = [](tsc_value v) -> const char * {
    const EnumObject *e = as<EnumObject>(v, Tag::Enum);
    return e ? e->head.type->fieldNames[e->index] : nullptr;
  };
  api.enum_value = [](tsc_value v) {
    const EnumObject *e = as<EnumObject>(v, Tag::Enum);
    return toApi(e ? OwnedValue::share(e->head.type->enumValues[e->index]) : OwnedValue(Failed));
  };
  api.object_get = [](tsc_value v, const char *name) {
    InstanceObject *o = as<InstanceObject>(v, Tag::Object);
    int64_t i = fieldOf(o, name);
    return toApi(i >= 0 ? OwnedValue::share(o->fields[i]) : OwnedValue(Failed));
  };
  api.object_set = [](tsc_value v, const char *name, tsc_value value) {
    InstanceObject *o = as<InstanceObject>(v, Tag::Object);
    int64_t i = fieldOf(o, name);
    if (i < 0)
      return TSC_NOT_FOUND;
    Context cx;
    OwnedValue converted = convertArgument(cx, fromApi(value), o->head.type->parameters[i], name);
    if (!converted)
      return TSC_BAD_ARGUMENT;
    OwnedValue old = OwnedValue::adopt(o->fields[i]);
    o->fields[i] = converted.take();
    return TSC_OK;
  };
  api.future_wait = [](tsc_instance *instance, tsc_value v, tsc_value *result, tsc_error *error) {
    Context cx;
    useInstance(cx, instance);
    const Future *f = as<Future>(v, Tag::Future);
    if (!f)
      return reportError(cx, TSC_BAD_ARGUMENT, error);
    OwnedValue value = waitFuture(cx, *f);
    if (!value)
      return reportError(cx, TSC_RAISED, error);
    *result = toApi(value);
    return TSC_OK;
  };
}

void setValueFunctions(tsc_model_api &api) {
  setTextFunctions(api);
  setContainerFunctions(api);
  setObjectFunctions(api);
}

} // namespace tsc::rt
