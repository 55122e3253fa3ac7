// SPDX-License-Identifier: Apache-2.0
// print, str, format, percent formatting and warnings. Operators of any number of arguments get
// their count first.
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Kernel.h"

#include <cstdio>

using namespace tsc::rt;

static StringPtr toText(Context &cx, const Value &v) {
  StringBuilder text;
  addText(cx, text, v);
  return newString(cx, text);
}
TSC_KERNEL(aten_str, toText)

static Status write(Context &cx, const StringBuilder &text) {
  if (!text.ok())
    return cx.outOfMemory();
  if (cx.print)
    cx.print(cx.hookUser, text.data(), text.size());
  else {
    std::fwrite(text.data(), 1, static_cast<size_t>(text.size()), stdout);
    std::fflush(stdout);
  }
  return success();
}

static Status print(Context &cx, Arguments args) {
  StringBuilder text;
  for (int64_t i = 1; i <= args[0].payload.i; ++i) {
    if (i > 1)
      text.add(' ');
    addText(cx, text, args[i]);
  }
  text.add('\n');
  return write(cx, text);
}
TSC_KERNEL(prim_Print, print)

static Status printString(Context &cx, StringRef s) {
  StringBuilder text;
  text.add(s);
  return write(cx, text);
}
TSC_KERNEL(aten__print, printString)

static Status warn(Context &cx, StringRef message, int64_t) {
  if (cx.warn) {
    cx.warn(cx.hookUser, message.data(), message.size());
    return success();
  }
  std::fprintf(stderr, "warning: %.*s\n", static_cast<int>(message.size()), message.data());
  return success();
}
TSC_KERNEL(aten_warn, warn)

/// Every {} is replaced by the next argument; {0} and {:.2f} are left as they are.
static StringPtr format(Context &cx, Arguments args) {
  int64_t count = args[0].payload.i, next = 2;
  StringRef pattern = *reinterpret_cast<const StringObject *>(args[1].payload.p);
  StringBuilder text;
  for (int64_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{' || i + 1 >= pattern.size() || pattern[i + 1] != '}') {
      text.add(pattern[i]);
      continue;
    }
    if (next > count)
      return cx.fail("Too few arguments for format string: %.*s", static_cast<int>(pattern.size()),
                     pattern.data());
    addText(cx, text, args[next++]);
    ++i;
  }
  return newString(cx, text);
}
TSC_KERNEL(aten_format, format)

static Status addFormatted(Context &cx, StringBuilder &text, char kind, const Value &v) {
  switch (kind) {
  case 's':
    addText(cx, text, v);
    return success();
  case 'd':
  case 'i':
    if (!isNumber(v) || v.tag == Tag::Complex)
      return cx.raise("TypeError", "%%%c requires a number for formatting, but got %s", kind,
                      typeText(v).data());
    text.addInt(scalarOf(v).toInt());
    return success();
  case 'e':
  case 'E':
  case 'f':
  case 'F': {
    if (!isNumber(v) || v.tag == Tag::Complex)
      return cx.raise("TypeError", "%%%c requires a number for formatting, but got %s", kind,
                      typeText(v).data());
    double d = static_cast<double>(
        static_cast<float>(scalarOf(v).toDouble())); // as the reference prints it
    if (kind == 'e' || kind == 'E')
      text.addFormat(kind == 'e' ? "%e" : "%E", d);
    else
      text.addFormat("%f", d);
    return success();
  }
  case 'c':
    if (v.tag == Tag::Int)
      text.add(static_cast<char>(v.payload.i));
    else if (v.tag == Tag::String &&
             reinterpret_cast<const StringObject *>(v.payload.p)->length == 1)
      text.add(StringRef(*reinterpret_cast<const StringObject *>(v.payload.p)));
    else
      return cx.raise("TypeError", "%%c requires an int or char for formatting, but got %s",
                      typeText(v).data());
    return success();
  default:
    return cx.fail("The specifier %%%c is not supported in TorchScript format strings", kind);
  }
}

/// pattern % values. A tuple of values comes as one boxed tuple or as values in turn.
static StringPtr percentFormat(Context &cx, Arguments args) {
  int64_t count = args[0].payload.i - 1;
  StringRef pattern = *reinterpret_cast<const StringObject *>(args[1].payload.p);
  const Value *values = &args[2];
  if (count == 1 && values[0].tag == Tag::Tuple) {
    const Tuple &t = *reinterpret_cast<const Tuple *>(values[0].payload.p);
    count = t.size, values = t.items;
  }
  StringBuilder text;
  int64_t used = 0;
  for (int64_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      text.add(pattern[i]);
      continue;
    }
    if (++i >= pattern.size())
      return cx.raise("ValueError", "Incomplete format specifier");
    if (pattern[i] == '%') {
      text.add('%');
      continue;
    }
    if (used >= count)
      return cx.raise("TypeError", "Too few arguments for format string");
    TSC_TRY(addFormatted(cx, text, pattern[i], values[used++]));
  }
  if (used < count)
    return cx.raise("TypeError", "Too many arguments for format string");
  return newString(cx, text);
}
TSC_KERNEL(aten_percentFormat, percentFormat)
