// SPDX-License-Identifier: Apache-2.0
// Errors of a context, and growing text.
#include "tsc/runtime/Context.h"
#include "tsc/runtime/Containers.h"

#include <cstdio>
#include <cstdlib>

namespace tsc::rt {

void ErrorState::clear() {
  if (text != inlineText)
    std::free(text);
  text = nullptr, length = 0, siteCount = 0, set = false, className[0] = 0;
}

void StringBuilder::add(StringRef s) {
  if (failed)
    return;
  if (count + s.size() + 1 > room) {
    int64_t wanted = room * 2 > count + s.size() + 64 ? room * 2 : count + s.size() + 64;
    char *grown = static_cast<char *>(std::realloc(text, static_cast<size_t>(wanted)));
    if (!grown) {
      failed = true;
      return;
    }
    text = grown, room = wanted;
  }
  std::memcpy(text + count, s.data(), static_cast<size_t>(s.size()));
  count += s.size();
  text[count] = 0;
}
void StringBuilder::addInt(int64_t n) { addFormat("%lld", static_cast<long long>(n)); }
void StringBuilder::addFormat(const char *format, ...) {
  char buffer[512];
  va_list list;
  va_start(list, format);
  int n = std::vsnprintf(buffer, sizeof buffer, format, list);
  va_end(list);
  if (n < static_cast<int>(sizeof buffer)) {
    add(StringRef(buffer, n < 0 ? 0 : n));
    return;
  }
  char *large = static_cast<char *>(std::malloc(static_cast<size_t>(n) + 1));
  if (!large) {
    failed = true;
    return;
  }
  va_start(list, format);
  std::vsnprintf(large, static_cast<size_t>(n) + 1, format, list);
  va_end(list);
  add(StringRef(large, n));
  std::free(large);
}

ShapeText::ShapeText(IntList sizes) {
  size_t at = 0;
  text[at++] = '[';
  for (int64_t i = 0; i < sizes.size() && at + 32 < sizeof text; ++i)
    at += static_cast<size_t>(std::snprintf(text + at, sizeof text - at, "%s%lld", i ? ", " : "",
                                            static_cast<long long>(sizes[i])));
  text[at++] = ']';
  text[at] = 0;
}

} // namespace tsc::rt

using namespace tsc;
using namespace tsc::rt;

Failure Context::raiseText(StringRef className, StringRef text) {
  if (error.set)
    return Failed; // the first fault is the one to tell
  error.clear();
  error.set = true;
  int64_t n = className.size() < 63 ? className.size() : 63;
  std::memcpy(error.className, className.data(), static_cast<size_t>(n));
  error.className[n] = 0;
  if (text.size() >= static_cast<int64_t>(sizeof error.inlineText))
    error.text = static_cast<char *>(std::malloc(static_cast<size_t>(text.size()) + 1));
  error.length = text.size();
  if (!error.text) {
    error.text = error.inlineText;
    if (error.length >= static_cast<int64_t>(sizeof error.inlineText))
      error.length = sizeof error.inlineText - 1;
  }
  std::memcpy(error.text, text.data(), static_cast<size_t>(error.length));
  error.text[error.length] = 0;
  return Failed;
}

static Failure raiseList(Context &cx, const char *className, const char *format, va_list list) {
  char buffer[1024];
  int n = std::vsnprintf(buffer, sizeof buffer, format, list);
  n = n < 0 ? 0 : n >= static_cast<int>(sizeof buffer) ? static_cast<int>(sizeof buffer) - 1 : n;
  return cx.raiseText(className, StringRef(buffer, n));
}

Failure Context::raise(const char *className, const char *format, ...) {
  va_list list;
  va_start(list, format);
  (void)raiseList(*this, className, format, list);
  va_end(list);
  return Failed;
}
Failure Context::fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  (void)raiseList(*this, "RuntimeError", format, list);
  va_end(list);
  return Failed;
}
Failure Context::outOfMemory() { return raiseText("RuntimeError", "out of memory"); }

extern "C" {
int32_t tsc_rt_raise(Context *cx, const StringObject *message, const StringObject *className) {
  (void)cx->raiseText(className ? StringRef(*className) : StringRef(),
                      message ? StringRef(*message) : StringRef());
  return 1;
}
int32_t tsc_rt_raise_text(Context *cx, const char *className, const char *text) {
  (void)cx->raiseText(className ? className : "", text);
  return 1;
}
void tsc_rt_trace(Context *cx, int32_t site) {
  if (cx->error.siteCount <
      static_cast<int32_t>(sizeof cx->error.sites / sizeof cx->error.sites[0]))
    cx->error.sites[cx->error.siteCount++] = site;
}
int32_t tsc_rt_cancelled(Context *cx) {
  (void)cx->raiseText("RuntimeError", "the call was cancelled");
  return 1;
}
}
