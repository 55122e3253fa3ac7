// SPDX-License-Identifier: Apache-2.0
// Operators on strings, which are byte strings: a character is a byte, and letters are those of
// ASCII.
#include "tsc/runtime/Kernel.h"

using namespace tsc::rt;

static bool isLower(char c) { return c >= 'a' && c <= 'z'; }
static bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isAlpha(char c) { return isLower(c) || isUpper(c); }
static bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static char lowered(char c) { return isUpper(c) ? static_cast<char>(c + 32) : c; }
static char raised(char c) { return isLower(c) ? static_cast<char>(c - 32) : c; }

// ---- Length, index, slice, concatenation
static int64_t length(Context &, StringRef s) { return s.size(); }
TSC_KERNEL(aten_len_str, length)

static StringPtr getItem(Context &cx, StringRef s, int64_t index) {
  int64_t i = index < 0 ? index + s.size() : index;
  if (i < 0 || i >= s.size())
    return cx.raise("IndexError", "string index out of range");
  return newString(cx, s.slice(i, i + 1));
}
TSC_KERNEL(aten___getitem___str, getItem)
TSC_KERNEL(prim_StringIndex, getItem)

static StringPtr sliceString(Context &cx, StringRef s, Optional<int64_t> start,
                             Optional<int64_t> end, int64_t step) {
  if (step == 0)
    return cx.raise("ValueError", "slice step cannot be zero");
  int64_t n = s.size();
  int64_t from = start ? *start : step > 0 ? 0 : n - 1, to = end ? *end : step > 0 ? n : -n - 1;
  from = from < 0 ? from + n : from;
  to = to < 0 ? to + n : to;
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  from = from < low ? low : from > high ? high : from;
  to = to < low ? low : to > high ? high : to;
  if (step == 1)
    return newString(cx, from < to ? s.slice(from, to) : StringRef());
  StringBuilder text;
  for (int64_t i = from; step > 0 ? i < to : i > to;) {
    text.add(s[i]);
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  return newString(cx, text);
}
TSC_KERNEL(aten_slice_str, sliceString)

static StringPtr concatenate(Context &cx, StringRef a, StringRef b) {
  StringBuilder text;
  text.add(a);
  text.add(b);
  return newString(cx, text);
}
TSC_KERNEL(aten_add_str, concatenate)

static ListRef characters(Context &cx, StringRef s) {
  ListRef list = newList(cx, &kStringListType, s.size());
  TSC_TRY(list);
  for (int64_t i = 0; i < s.size(); ++i) {
    StringPtr c = newString(cx, s.slice(i, i + 1));
    TSC_TRY(c);
    TSC_TRY(list->append(cx, makeObject(Tag::String, c.get())));
  }
  return list;
}
TSC_KERNEL(aten_list, characters)

// ---- Predicates: true when every character fits and there is one
#define TSC_EVERY(NAME, CONDITION)                                                                 \
  static bool NAME##Every(Context &, StringRef s) {                                                \
    for (int64_t i = 0; i < s.size(); ++i)                                                         \
      if (char c = s[i]; !(CONDITION))                                                             \
        return false;                                                                              \
    return !s.empty();                                                                             \
  }                                                                                                \
  TSC_KERNEL(aten_##NAME, NAME##Every)
TSC_EVERY(isdigit, isDigit(c))
TSC_EVERY(isdecimal, isDigit(c))
TSC_EVERY(isnumeric, isDigit(c))
TSC_EVERY(isalnum, isDigit(c) || isAlpha(c))
TSC_EVERY(isalpha, isAlpha(c))
TSC_EVERY(isspace, isSpace(c))

static bool isPrintable(Context &, StringRef s) {
  for (int64_t i = 0; i < s.size(); ++i)
    if (s[i] < 32 || s[i] == 127)
      return false;
  return true;
}
TSC_KERNEL(aten_isprintable, isPrintable)

static bool isIdentifier(Context &, StringRef s) {
  for (int64_t i = 0; i < s.size(); ++i)
    if (!isAlpha(s[i]) && s[i] != '_' && (i == 0 || !isDigit(s[i])))
      return false;
  return !s.empty();
}
TSC_KERNEL(aten_isidentifier, isIdentifier)

static bool isOneCase(StringRef s, bool (*wanted)(char), bool (*other)(char)) {
  bool found = false;
  for (int64_t i = 0; i < s.size(); ++i) {
    if (other(s[i]))
      return false;
    found |= wanted(s[i]);
  }
  return found;
}
static bool isLowerCase(Context &, StringRef s) { return isOneCase(s, isLower, isUpper); }
static bool isUpperCase(Context &, StringRef s) { return isOneCase(s, isUpper, isLower); }
TSC_KERNEL(aten_islower, isLowerCase)
TSC_KERNEL(aten_isupper, isUpperCase)

static bool isTitle(Context &, StringRef s) {
  bool inWord = false, found = false;
  for (int64_t i = 0; i < s.size(); ++i) {
    char c = s[i];
    if ((isUpper(c) && inWord) || (isLower(c) && !inWord))
      return false;
    inWord = isAlpha(c);
    found |= inWord;
  }
  return found;
}
TSC_KERNEL(aten_istitle, isTitle)

// ---- Case
template <class F> static StringPtr mapped(Context &cx, StringRef s, F f) {
  StringBuilder text;
  for (int64_t i = 0; i < s.size(); ++i)
    text.add(f(i, s[i]));
  return newString(cx, text);
}
static StringPtr lower(Context &cx, StringRef s) {
  return mapped(cx, s, [](int64_t, char c) { return lowered(c); });
}
static StringPtr upper(Context &cx, StringRef s) {
  return mapped(cx, s, [](int64_t, char c) { return raised(c); });
}
static StringPtr capitalize(Context &cx, StringRef s) {
  return mapped(cx, s, [](int64_t i, char c) { return i ? lowered(c) : raised(c); });
}
static StringPtr swapCase(Context &cx, StringRef s) {
  return mapped(cx, s, [](int64_t, char c) { return isLower(c) ? raised(c) : lowered(c); });
}
static StringPtr title(Context &cx, StringRef s) {
  return mapped(cx, s,
                [&](int64_t i, char c) { return i && isAlpha(s[i - 1]) ? lowered(c) : raised(c); });
}
TSC_KERNEL(aten_lower, lower)
TSC_KERNEL(aten_upper, upper)
TSC_KERNEL(aten_capitalize, capitalize)
TSC_KERNEL(aten_swapcase, swapCase)
TSC_KERNEL(aten_title, title)

// ---- Padding
static Status addPadding(Context &cx, StringBuilder &text, int64_t n, StringRef fill) {
  if (fill.size() != 1)
    return cx.raise("TypeError", "The fill character must be exactly one character long");
  if (n > (1 << 30))
    return cx.outOfMemory();
  for (int64_t i = 0; i < n; ++i)
    text.add(fill);
  return success();
}
static StringPtr padded(Context &cx, StringRef s, int64_t left, int64_t right, StringRef fill) {
  StringBuilder text;
  TSC_TRY(addPadding(cx, text, left, fill));
  text.add(s);
  TSC_TRY(addPadding(cx, text, right, fill));
  return newString(cx, text);
}
static StringPtr center(Context &cx, StringRef s, int64_t width, StringRef fill) {
  int64_t room = width > s.size() ? width - s.size() : 0;
  int64_t left = room / 2 + (room & width & 1);
  return padded(cx, s, left, room - left, fill);
}
static StringPtr leftJustify(Context &cx, StringRef s, int64_t width, StringRef fill) {
  return padded(cx, s, 0, width - s.size(), fill);
}
static StringPtr rightJustify(Context &cx, StringRef s, int64_t width, StringRef fill) {
  return padded(cx, s, width - s.size(), 0, fill);
}
TSC_KERNEL(aten_center, center)
TSC_KERNEL(aten_ljust, leftJustify)
TSC_KERNEL(aten_rjust, rightJustify)

static StringPtr zeroFill(Context &cx, StringRef s, int64_t width) {
  bool sign = !s.empty() && (s[0] == '-' || s[0] == '+');
  StringBuilder text;
  if (sign)
    text.add(s[0]);
  TSC_TRY(addPadding(cx, text, width - s.size(), "0"));
  text.add(s.slice(sign ? 1 : 0, s.size()));
  return newString(cx, text);
}
TSC_KERNEL(aten_zfill, zeroFill)

static StringPtr expandTabs(Context &cx, StringRef s, int64_t tab) {
  StringBuilder text;
  int64_t column = 0;
  for (int64_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\t') {
      text.add(s[i]);
      column = s[i] == '\n' || s[i] == '\r' ? 0 : column + 1;
      continue;
    }
    int64_t n = tab > 0 ? tab - column % tab : 0;
    TSC_TRY(addPadding(cx, text, n, " "));
    column += n;
  }
  return newString(cx, text);
}
TSC_KERNEL(aten_expandtabs, expandTabs)

// ---- Searching. `end` is -1 for the end of the string, as the schemas' default says; other
// negatives count from the back.
namespace {
struct Window {
  int64_t from, to;
};
} // namespace
static Window window(StringRef s, int64_t start, int64_t end) {
  int64_t n = s.size();
  start = start < 0 ? (start + n < 0 ? 0 : start + n) : start;
  end = end < 0 ? end + n + 1 : end;
  return {start, end > n ? n : end < 0 ? 0 : end};
}
static bool matches(StringRef s, int64_t at, StringRef part) {
  return at + part.size() <= s.size() && s.slice(at, at + part.size()) == part;
}
static int64_t findFrom(StringRef s, StringRef part, Window w) {
  for (int64_t i = w.from; i + part.size() <= w.to; ++i)
    if (matches(s, i, part))
      return i;
  return -1;
}
static int64_t findLast(StringRef s, StringRef part, Window w) {
  for (int64_t i = w.to - part.size(); i >= w.from; --i)
    if (matches(s, i, part))
      return i;
  return -1;
}
static int64_t find(Context &, StringRef s, StringRef part, int64_t start, int64_t end) {
  return findFrom(s, part, window(s, start, end));
}
static int64_t findReverse(Context &, StringRef s, StringRef part, int64_t start, int64_t end) {
  return findLast(s, part, window(s, start, end));
}
static Result<int64_t> orNotFound(Context &cx, int64_t at) {
  if (at < 0)
    return cx.raise("ValueError", "substring not found");
  return at;
}
static Result<int64_t> indexOf(Context &cx, StringRef s, StringRef part, int64_t start,
                               int64_t end) {
  return orNotFound(cx, find(cx, s, part, start, end));
}
static Result<int64_t> indexReverse(Context &cx, StringRef s, StringRef part, int64_t start,
                                    int64_t end) {
  return orNotFound(cx, findReverse(cx, s, part, start, end));
}
static int64_t count(Context &, StringRef s, StringRef part, int64_t start, int64_t end) {
  Window w = window(s, start, end);
  if (part.empty())
    return w.to >= w.from ? w.to - w.from + 1 : 0;
  int64_t n = 0;
  for (int64_t i = w.from; i + part.size() <= w.to;) {
    bool hit = matches(s, i, part);
    n += hit;
    i += hit ? part.size() : 1;
  }
  return n;
}
static bool startsWith(Context &, StringRef s, StringRef part, int64_t start, int64_t end) {
  Window w = window(s, start, end);
  return w.from + part.size() <= w.to && matches(s, w.from, part);
}
static bool endsWith(Context &, StringRef s, StringRef part, int64_t start, int64_t end) {
  Window w = window(s, start, end);
  return w.from + part.size() <= w.to && matches(s, w.to - part.size(), part);
}
TSC_KERNEL(aten_find, find)
TSC_KERNEL(aten_rfind, findReverse)
TSC_KERNEL(aten_index_str, indexOf)
TSC_KERNEL(aten_rindex, indexReverse)
TSC_KERNEL(aten_count, count)
TSC_KERNEL(aten_startswith, startsWith)
TSC_KERNEL(aten_endswith, endsWith)

// ---- Stripping
static bool isAmong(char c, StringRef set) {
  for (int64_t i = 0; i < set.size(); ++i)
    if (set[i] == c)
      return true;
  return false;
}
static StringRef stripped(StringRef s, StringRef set, bool left, bool right) {
  int64_t from = 0, to = s.size();
  while (left && from < to && isAmong(s[from], set))
    ++from;
  while (right && to > from && isAmong(s[to - 1], set))
    --to;
  return s.slice(from, to);
}
static StringPtr strip(Context &cx, StringRef s, StringRef set) {
  return newString(cx, stripped(s, set, true, true));
}
static StringPtr stripLeft(Context &cx, StringRef s, StringRef set) {
  return newString(cx, stripped(s, set, true, false));
}
static StringPtr stripRight(Context &cx, StringRef s, StringRef set) {
  return newString(cx, stripped(s, set, false, true));
}
TSC_KERNEL(aten_strip, strip)
TSC_KERNEL(aten_lstrip, stripLeft)
TSC_KERNEL(aten_rstrip, stripRight)

// ---- Splitting and joining
static Status addPart(Context &cx, List &list, StringRef part) {
  StringPtr s = newString(cx, part);
  TSC_TRY(s);
  return list.append(cx, makeObject(Tag::String, s.get()));
}

/// Runs of white space separate.
static ListRef splitAtSpace(Context &cx, StringRef s, int64_t limit) {
  ListRef list = newList(cx, &kStringListType);
  TSC_TRY(list);
  int64_t at = 0;
  while (true) {
    while (at < s.size() && isSpace(s[at]))
      ++at;
    if (at == s.size())
      return list;
    int64_t end = at;
    if (limit >= 0 && list->size == limit)
      end = s.size();
    while (end < s.size() && !isSpace(s[end]))
      ++end;
    TSC_TRY(addPart(cx, *list, s.slice(at, end)));
    at = end;
  }
}
static ListRef split(Context &cx, StringRef s, Optional<StringRef> separator, int64_t limit) {
  if (!separator)
    return splitAtSpace(cx, s, limit);
  if (separator->empty())
    return cx.raise("ValueError", "empty separator");
  ListRef list = newList(cx, &kStringListType);
  TSC_TRY(list);
  int64_t at = 0;
  while (limit < 0 || list->size < limit) {
    int64_t hit = findFrom(s, *separator, {at, s.size()});
    if (hit < 0)
      break;
    TSC_TRY(addPart(cx, *list, s.slice(at, hit)));
    at = hit + separator->size();
  }
  TSC_TRY(addPart(cx, *list, s.slice(at, s.size())));
  return list;
}
TSC_KERNEL(aten_split_str, split)

static ListRef splitFromRight(Context &cx, StringRef s, StringRef separator, int64_t limit) {
  if (separator.empty())
    return cx.raise("ValueError", "empty separator");
  ListRef list = newList(cx, &kStringListType);
  TSC_TRY(list);
  int64_t end = s.size();
  while (limit < 0 || list->size < limit) {
    int64_t hit = findLast(s, separator, {0, end});
    if (hit < 0)
      break;
    TSC_TRY(addPart(cx, *list, s.slice(hit + separator.size(), end)));
    end = hit;
  }
  TSC_TRY(addPart(cx, *list, s.slice(0, end)));
  for (int64_t i = 0, j = list->size - 1; i < j; ++i, --j) {
    Value saved = list->values()[i];
    list->values()[i] = list->values()[j];
    list->values()[j] = saved;
  }
  return list;
}
TSC_KERNEL(aten_rsplit, splitFromRight)

static ListRef splitLines(Context &cx, StringRef s, bool keepEnds) {
  ListRef list = newList(cx, &kStringListType);
  TSC_TRY(list);
  auto ends = [](char c) { return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e); };
  for (int64_t at = 0; at < s.size();) {
    int64_t end = at;
    while (end < s.size() && !ends(s[end]))
      ++end;
    int64_t next = end < s.size() ? end + 1 : end;
    if (end + 1 < s.size() && s[end] == '\r' && s[end + 1] == '\n')
      ++next;
    TSC_TRY(addPart(cx, *list, s.slice(at, keepEnds ? next : end)));
    at = next;
  }
  return list;
}
TSC_KERNEL(aten_splitlines, splitLines)

static Results<StringPtr, StringPtr, StringPtr> threeParts(Context &cx, StringRef a, StringRef b,
                                                           StringRef c) {
  StringPtr x = newString(cx, a), y = newString(cx, b), z = newString(cx, c);
  if (!x || !y || !z)
    return Failed;
  return {x, y, z};
}
static Results<StringPtr, StringPtr, StringPtr> partition(Context &cx, StringRef s,
                                                          StringRef separator) {
  int64_t at = findFrom(s, separator, {0, s.size()});
  if (at < 0)
    return threeParts(cx, s, "", "");
  return threeParts(cx, s.slice(0, at), separator, s.slice(at + separator.size(), s.size()));
}
static Results<StringPtr, StringPtr, StringPtr> partitionFromRight(Context &cx, StringRef s,
                                                                   StringRef separator) {
  int64_t at = findLast(s, separator, {0, s.size()});
  if (at < 0)
    return threeParts(cx, "", "", s);
  return threeParts(cx, s.slice(0, at), separator, s.slice(at + separator.size(), s.size()));
}
TSC_KERNEL(aten_partition, partition)
TSC_KERNEL(aten_rpartition, partitionFromRight)

static StringPtr join(Context &cx, StringRef separator, const List &parts) {
  StringBuilder text;
  for (int64_t i = 0; i < parts.size; ++i) {
    if (i)
      text.add(separator);
    text.add(StringRef(*reinterpret_cast<const StringObject *>(parts.values()[i].payload.p)));
  }
  return newString(cx, text);
}
TSC_KERNEL(aten_join, join)

static StringPtr replace(Context &cx, StringRef s, StringRef old, StringRef with, int64_t limit) {
  StringBuilder text;
  int64_t at = 0, done = 0;
  while (at <= s.size() && (limit < 0 || done < limit)) {
    int64_t hit = findFrom(s, old, {at, s.size()});
    if (hit < 0)
      break;
    text.add(s.slice(at, hit));
    text.add(with);
    ++done;
    at = hit + old.size();
    if (!old.empty())
      continue;
    if (at < s.size()) // nothing is found between all characters
      text.add(s[at]);
    ++at;
  }
  if (at < s.size())
    text.add(s.slice(at, s.size()));
  return newString(cx, text);
}
TSC_KERNEL(aten_replace, replace)
