// SPDX-License-Identifier: Apache-2.0
// Containers whose growth returns a status: Vector (of trivially copyable elements), StringBuilder,
// and Shape, a list of sizes or strides with room for the largest rank.
#pragma once

#include "tsc/Common/Tensor.h"
#include "tsc/runtime/Context.h"

#include <cstdlib>

namespace tsc::rt {

template <class T> class Vector {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  Vector() = default;
  Vector(const Vector &) = delete;
  Vector &operator=(const Vector &) = delete;
  Vector(Vector &&o) : items(o.items), count(o.count), room(o.room) {
    o.items = nullptr, o.count = o.room = 0;
  }
  ~Vector() { std::free(items); }

  Status reserve(Context &cx, int64_t n) {
    if (n <= room)
      return success();
    int64_t wanted = room * 2 > n ? room * 2 : n;
    if (wanted > INT64_MAX / 64 / static_cast<int64_t>(sizeof(T)))
      return cx.outOfMemory();
    void *p = std::realloc(static_cast<void *>(items), static_cast<size_t>(wanted) * sizeof(T));
    if (!p)
      return cx.outOfMemory();
    items = static_cast<T *>(p), room = wanted;
    return success();
  }
  Status push(Context &cx, const T &item) {
    T copy = item;
    TSC_TRY(reserve(cx, count + 1));
    items[count++] = copy;
    return success();
  }
  Status resize(Context &cx, int64_t n, const T &fill = T{}) {
    TSC_TRY(reserve(cx, n));
    for (int64_t i = count; i < n; ++i)
      items[i] = fill;
    count = n;
    return success();
  }
  void pop() { --count; }
  void clear() { count = 0; }
  int64_t size() const { return count; }
  bool empty() const { return count == 0; }
  T *data() { return items; }
  const T *data() const { return items; }
  T &operator[](int64_t i) { return items[i]; }
  const T &operator[](int64_t i) const { return items[i]; }
  T &back() { return items[count - 1]; }
  T *begin() { return items; }
  T *end() { return items + count; }
  const T *begin() const { return items; }
  const T *end() const { return items + count; }
  operator Span<T>() const { return {items, count}; }

private:
  T *items = nullptr;
  int64_t count = 0, room = 0;
};

/// Text that grows. A failure to grow is remembered and reported by `finish` and `ok`.
class StringBuilder {
public:
  StringBuilder() = default;
  StringBuilder(const StringBuilder &) = delete;
  StringBuilder &operator=(const StringBuilder &) = delete;
  ~StringBuilder() { std::free(text); }
  void add(StringRef s);
  void add(char c) { add(StringRef(&c, 1)); }
  void addInt(int64_t n);
  void addFormat(const char *format, ...) __attribute__((format(printf, 2, 3)));
  void truncate(int64_t n) { count = n < count ? n : count; }
  bool ok() const { return !failed; }
  int64_t size() const { return count; }
  const char *data() const { return text ? text : ""; }
  operator StringRef() const { return {data(), count}; }
  /// As a string object; null with the error set when memory was short at any time.
  StringObject *finish(Context &cx);

private:
  char *text = nullptr;
  int64_t count = 0, room = 0;
  bool failed = false;
};

/// Sizes, strides or dims: at most kMaxRank numbers, on the stack.
struct Shape {
  int64_t count = 0;
  int64_t items[kMaxRank];
  Shape() = default;
  Shape(IntList list) { copy(list.data(), list.size() < kMaxRank ? list.size() : kMaxRank); }
  // A copy reads what there is: most ranks are small, and the whole is half a kilobyte.
  Shape(const Shape &o) { copy(o.items, o.count); }
  Shape &operator=(const Shape &o) {
    copy(o.items, o.count);
    return *this;
  }
  Shape(int64_t n, int64_t fill) : count(n < kMaxRank ? n : kMaxRank) {
    for (int64_t i = 0; i < count; ++i)
      items[i] = fill;
  }
  template <class... I> static Shape of(I... sizes) {
    Shape s;
    ((s.items[s.count++] = static_cast<int64_t>(sizes)), ...);
    return s;
  }
  /// Ignored when full; callers check ranks first.
  void push(int64_t n) {
    if (count < kMaxRank)
      items[count++] = n;
  }
  void insert(int64_t at, int64_t n) {
    if (count >= kMaxRank)
      return;
    for (int64_t i = count++; i > at; --i)
      items[i] = items[i - 1];
    items[at] = n;
  }
  void erase(int64_t at) {
    for (int64_t i = at; i + 1 < count; ++i)
      items[i] = items[i + 1];
    --count;
  }
  int64_t size() const { return count; }
  bool empty() const { return count == 0; }
  int64_t &operator[](int64_t i) { return items[i]; }
  int64_t operator[](int64_t i) const { return items[i]; }
  int64_t &back() { return items[count - 1]; }
  int64_t *begin() { return items; }
  int64_t *end() { return items + count; }
  const int64_t *begin() const { return items; }
  const int64_t *end() const { return items + count; }
  operator IntList() const { return {items, count}; }

private:
  void copy(const int64_t *from, int64_t n) {
    count = n;
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t i = 0; i < n; ++i)
      items[i] = from[i];
  }
};

/// "[2, 3]", for messages.
struct ShapeText {
  char text[512];
  explicit ShapeText(IntList sizes);
};

} // namespace tsc::rt
