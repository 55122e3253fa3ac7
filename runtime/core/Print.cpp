// SPDX-License-Identifier: Apache-2.0
// Values as the program prints them: floats that are whole numbers end in a point, others have 17
// digits; strings are bare everywhere, also inside containers. Nesting is limited.
#include "tsc/runtime/Instance.h"

#include <cmath>

namespace tsc::rt {

void addFloat(StringBuilder &out, double value) {
  if (std::isnan(value))
    return out.add("nan");
  if (std::isinf(value))
    return out.add(value < 0 ? "-inf" : "inf");
  if (std::fabs(value) < 0x1p63 && value == static_cast<double>(static_cast<int64_t>(value)))
    return out.addFormat("%lld.", static_cast<long long>(value));
  out.addFormat("%.17g", value);
}

static void addComplex(StringBuilder &out, Complex c) {
  addFloat(out, c.real());
  if (!(c.imag() < 0))
    out.add('+');
  addFloat(out, c.imag());
  out.add('j');
}

static void addDevice(StringBuilder &out, int64_t code) {
  static const char *const kNames[] = {"unknown", "cpu",    "cuda",   "cpu",   "opencl", "unknown",
                                       "unknown", "vulkan", "metal",  "vpi",   "rocm",   "rocm",
                                       "ext_dev", "cuda",   "oneapi", "webgpu"};
  int64_t type = code >> 8, index = (code & 0xff) - 1;
  if (type == 100)
    out.add("meta");
  else
    out.add(type >= 0 && type < 16 ? kNames[type] : "unknown");
  if (index >= 0)
    out.addFormat(":%lld", static_cast<long long>(index));
}

static void addQuoted(StringBuilder &out, StringRef s) {
  out.add('"');
  for (int64_t i = 0; i < s.size(); ++i) {
    char c = s[i];
    static const char kPlain[] = "\\'\"\a\b\f\n\r\t\v", kEscaped[] = "\\'\"abfnrtv";
    const char *found = c ? std::strchr(kPlain, c) : nullptr;
    if (found) {
      out.add('\\');
      out.add(kEscaped[found - kPlain]);
    } else if (c >= 32 && c < 127)
      out.add(c);
    else
      out.addFormat("\\%03o", static_cast<unsigned char>(c));
  }
  out.add('"');
}

static void addValue(Context &cx, StringBuilder &out, const Value &v, bool quoted, int depth);

template <class Item> static void addItems(StringBuilder &out, int64_t n, Item item) {
  for (int64_t i = 0; i < n; ++i) {
    if (i)
      out.add(", ");
    item(i);
  }
}

static void addDict(Context &cx, StringBuilder &out, const Dict &d, bool quoted, int depth) {
  out.add('{');
  bool first = true;
  for (int64_t i = 0; i < d.used; ++i) {
    const DictEntry *e = d.entry(i);
    if (!e)
      continue;
    if (!first)
      out.add(", ");
    first = false;
    addValue(cx, out, e->key, quoted, depth + 1);
    out.add(": ");
    addValue(cx, out, e->value, quoted, depth + 1);
  }
  out.add('}');
}

static void addEnum(StringBuilder &out, const EnumObject &e) {
  const char *name = e.head.type->text;
  if (const char *dot = std::strrchr(name, '.'))
    name = dot + 1;
  out.add("Enum<");
  out.add(name);
  out.add('.');
  out.add(e.head.type->fieldNames[e.index]);
  out.add('>');
}

static void addObject(Context &cx, StringBuilder &out, const Value &v, bool quoted, int depth) {
  const ObjectHead *o = v.payload.p;
  switch (v.tag) {
  case Tag::Complex:
    return addComplex(out, scalarOf(v).toComplex());
  case Tag::Tensor:
    return addTensorText(cx, out, *reinterpret_cast<const Tensor *>(o));
  case Tag::String: {
    StringRef s = *reinterpret_cast<const StringObject *>(o);
    return quoted ? addQuoted(out, s) : out.add(s);
  }
  case Tag::List: {
    const List &list = *reinterpret_cast<const List *>(o);
    out.add('[');
    addItems(out, list.size, [&](int64_t i) { addValue(cx, out, list.get(i), quoted, depth + 1); });
    return out.add(']');
  }
  case Tag::Dict:
    return addDict(cx, out, *reinterpret_cast<const Dict *>(o), quoted, depth);
  case Tag::Tuple: {
    const Tuple &t = *reinterpret_cast<const Tuple *>(o);
    out.add('(');
    addItems(out, t.size, [&](int64_t i) { addValue(cx, out, t.items[i], quoted, depth + 1); });
    return out.add(t.size == 1 ? ",)" : ")");
  }
  case Tag::Enum:
    return addEnum(out, *reinterpret_cast<const EnumObject *>(o));
  case Tag::Object:
    return out.addFormat("<%s object at 0x%llx>", o->type->text,
                         static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(o)));
  case Tag::Future:
    return out.add("Future");
  case Tag::Generator:
    return out.add("Generator");
  case Tag::Storage:
    return out.add("Storage");
  default:
    return out.add(o->type->text);
  }
}

static void addValue(Context &cx, StringBuilder &out, const Value &v, bool quoted, int depth) {
  if (depth > 200)
    return out.add("...");
  switch (v.tag) {
  case Tag::None:
    return out.add("None");
  case Tag::Bool:
    return out.add(v.payload.i ? "True" : "False");
  case Tag::Int:
    return out.addInt(v.payload.i);
  case Tag::Float:
    return addFloat(out, v.payload.d);
  case Tag::Device:
    return addDevice(out, v.payload.i);
  case Tag::Missing:
    return out.add("Uninitialized");
  case Tag::Function:
    return out.add("Function");
  default:
    return addObject(cx, out, v, quoted, depth);
  }
}

void addText(Context &cx, StringBuilder &out, Value v) { addValue(cx, out, v, false, 0); }
void addRepr(Context &cx, StringBuilder &out, Value v) { addValue(cx, out, v, true, 0); }

} // namespace tsc::rt
