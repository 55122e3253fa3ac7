// SPDX-License-Identifier: Apache-2.0
// Operators on lists. Indices count from the back when negative; positions of insert are clamped as
// Python does.
#include "tsc/runtime/Instance.h"
#include "tsc/runtime/Kernel.h"

using namespace tsc::rt;

static Result<int64_t> listIndex(Context &cx, const List &list, int64_t index) {
  int64_t i = index < 0 ? index + list.size : index;
  if (i < 0 || i >= list.size)
    return cx.raise("IndexError", "list index out of range");
  return i;
}

static OwnedValue getItem(Context &cx, const List &list, int64_t index) {
  TSC_ASSIGN(int64_t i, listIndex(cx, list, index));
  return OwnedValue::share(list.get(i));
}
TSC_KERNEL(aten___getitem___t, getItem)
TSC_KERNEL(aten_select_t, getItem)

static ListRef setItem(Context &cx, List &list, int64_t index, const Value &item) {
  TSC_ASSIGN(int64_t i, listIndex(cx, list, index));
  list.set(i, item);
  return ListRef::share(&list);
}
TSC_KERNEL(aten__set_item_t, setItem)

static ListRef append(Context &cx, List &list, const Value &item) {
  TSC_TRY(list.append(cx, item));
  return ListRef::share(&list);
}
TSC_KERNEL(aten_append_t, append)

static Status extend(Context &cx, List &list, const List &other) {
  int64_t n = other.size; // a list may be extended by itself
  TSC_TRY(list.reserve(cx, list.size + n));
  for (int64_t i = 0; i < n; ++i)
    TSC_TRY(list.append(cx, other.get(i)));
  return success();
}
TSC_KERNEL(aten_extend_t, extend)

static Status insert(Context &cx, List &list, int64_t index, const Value &item) {
  int64_t at = index < 0 ? index + list.size : index;
  at = at < 0 ? 0 : at > list.size ? list.size : at;
  return list.insert(cx, at, item);
}
TSC_KERNEL(aten_insert_t, insert)

static OwnedValue pop(Context &cx, List &list, int64_t index) {
  if (list.size == 0)
    return cx.raise("IndexError", "pop from empty list");
  TSC_ASSIGN(int64_t i, listIndex(cx, list, index));
  return list.remove(i);
}
TSC_KERNEL(aten_pop_t, pop)

static Status deleteItem(Context &cx, List &list, int64_t index) {
  TSC_ASSIGN(int64_t i, listIndex(cx, list, index));
  OwnedValue gone = list.remove(i);
  return success();
}
TSC_KERNEL(aten_Delete_t, deleteItem)

static Status clear(Context &, List &list) {
  list.clear();
  return success();
}
TSC_KERNEL(aten_clear_t, clear)

static Status reverse(Context &, List &list) {
  for (int64_t i = 0, j = list.size - 1; i < j; ++i, --j) {
    OwnedValue low = OwnedValue::share(list.get(i)), high = OwnedValue::share(list.get(j));
    list.set(i, high.get());
    list.set(j, low.get());
  }
  return success();
}
TSC_KERNEL(aten_reverse_t, reverse)

static ListRef copyList(Context &cx, const List &list) {
  return ListRef::adopt(
      reinterpret_cast<List *>(tsc_rt_list_new(&cx, list.head.type, list.data, list.size)));
}
TSC_KERNEL(aten_copy_t, copyList)
TSC_KERNEL(aten_list_t, copyList)

static ListRef addLists(Context &cx, const List &a, const List &b) {
  ListRef list = copyList(cx, a);
  TSC_TRY(list);
  TSC_TRY(extend(cx, *list, b));
  return list;
}
TSC_KERNEL(aten_add_t, addLists)

static ListRef addInPlace(Context &cx, List &a, const List &b) {
  TSC_TRY(extend(cx, a, b));
  return ListRef::share(&a);
}
TSC_KERNEL(aten_add__t, addInPlace)

static ListRef repeat(Context &cx, const List &list, int64_t n) {
  int64_t total = 0;
  n = n < 0 ? 0 : n;
  if (__builtin_mul_overflow(list.size, n, &total))
    return cx.outOfMemory();
  ListRef result = newList(cx, list.head.type, total);
  TSC_TRY(result);
  for (int64_t i = 0; i < n; ++i)
    TSC_TRY(extend(cx, *result, list));
  return result;
}
static ListRef repeatRight(Context &cx, int64_t n, const List &list) { return repeat(cx, list, n); }
static ListRef repeatInPlace(Context &cx, List &list, int64_t n) {
  if (n <= 0)
    list.clear();
  int64_t size = list.size;
  for (int64_t k = 1; k < n; ++k)
    for (int64_t i = 0; i < size; ++i)
      TSC_TRY(list.append(cx, list.get(i)));
  return ListRef::share(&list);
}
TSC_KERNEL(aten_mul_left_t, repeat)
TSC_KERNEL(aten_mul_right_, repeatRight)
TSC_KERNEL(aten_mul__t, repeatInPlace)

static ListRef sliceList(Context &cx, const List &list, Optional<int64_t> start,
                         Optional<int64_t> end, int64_t step) {
  if (step == 0)
    return cx.raise("ValueError", "slice step cannot be zero");
  int64_t n = list.size;
  int64_t from = start ? *start : step > 0 ? 0 : n - 1;
  int64_t to = end ? *end : step > 0 ? n : -n - 1;
  from = from < 0 ? from + n : from;
  to = to < 0 ? to + n : to;
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  from = from < low ? low : from > high ? high : from;
  to = to < low ? low : to > high ? high : to;
  ListRef result = newList(cx, list.head.type);
  TSC_TRY(result);
  for (int64_t i = from; step > 0 ? i < to : i > to;) {
    TSC_TRY(result->append(cx, list.get(i)));
    if (__builtin_add_overflow(i, step, &i))
      break;
  }
  return result;
}
TSC_KERNEL(aten_slice_t, sliceList)

static int64_t length(Context &, const List &list) { return list.size; }
TSC_KERNEL(aten_len_t, length)
TSC_KERNEL(aten_len_any, length)

static Result<int64_t> findItem(Context &cx, const List &list, const Value &item) {
  for (int64_t i = 0; i < list.size; ++i) {
    TSC_ASSIGN(bool same, equalValues(cx, list.get(i), item));
    if (same)
      return i;
  }
  return -1;
}

static Result<bool> contains(Context &cx, const List &list, const Value &item) {
  TSC_ASSIGN(int64_t i, findItem(cx, list, item));
  return i >= 0;
}
TSC_KERNEL(aten___contains___int_list, contains)
TSC_KERNEL(aten___contains___str_list, contains)
TSC_KERNEL(aten___contains___float_list, contains)

static Result<int64_t> countItem(Context &cx, const List &list, const Value &item) {
  int64_t n = 0;
  for (int64_t i = 0; i < list.size; ++i) {
    TSC_ASSIGN(bool same, equalValues(cx, list.get(i), item));
    n += same;
  }
  return n;
}
TSC_KERNEL(aten_count_int, countItem)
TSC_KERNEL(aten_count_float, countItem)
TSC_KERNEL(aten_count_bool, countItem)
TSC_KERNEL(aten_count_Tensor, countItem)
TSC_KERNEL(aten_count_str, countItem)

static Result<int64_t> indexOf(Context &cx, const List &list, const Value &item) {
  TSC_ASSIGN(int64_t i, findItem(cx, list, item));
  if (i >= 0)
    return i;
  StringBuilder text;
  text.add('\'');
  addText(cx, text, item);
  text.add("' is not in list");
  return cx.raiseText("ValueError", text);
}
TSC_KERNEL(aten_index_list_int, indexOf)
TSC_KERNEL(aten_index_list_float, indexOf)
TSC_KERNEL(aten_index_list_bool, indexOf)
TSC_KERNEL(aten_index_list_Tensor, indexOf)
TSC_KERNEL(aten_index_list_str, indexOf)

static Status removeItem(Context &cx, List &list, const Value &item) {
  TSC_ASSIGN(int64_t i, findItem(cx, list, item));
  if (i < 0)
    return cx.raise("ValueError", "list.remove(x): x not in list");
  OwnedValue gone = list.remove(i);
  return success();
}
TSC_KERNEL(aten_remove_int, removeItem)
TSC_KERNEL(aten_remove_float, removeItem)
TSC_KERNEL(aten_remove_bool, removeItem)
TSC_KERNEL(aten_remove_Tensor, removeItem)
TSC_KERNEL(aten_remove_str, removeItem)

static Result<bool> equalLists(Context &cx, const List &a, const List &b) {
  return equalValues(cx, makeObject(Tag::List, &a), makeObject(Tag::List, &b));
}
static Result<bool> unequalLists(Context &cx, const List &a, const List &b) {
  TSC_ASSIGN(bool same, equalLists(cx, a, b));
  return !same;
}
TSC_KERNEL(aten_eq_int_list, equalLists)
TSC_KERNEL(aten_eq_float_list, equalLists)
TSC_KERNEL(aten_eq_bool_list, equalLists)
TSC_KERNEL(aten_eq_str_list, equalLists)
TSC_KERNEL(aten_eq_Tensor_list, equalLists)
TSC_KERNEL(aten_ne_int_list, unequalLists)
TSC_KERNEL(aten_ne_float_list, unequalLists)
TSC_KERNEL(aten_ne_bool_list, unequalLists)
TSC_KERNEL(aten_ne_str_list, unequalLists)
TSC_KERNEL(aten_ne_Tensor_list, unequalLists)

// ---- Sorting: a stable merge sort; classes are ordered by their __lt__
namespace {
struct Order {
  Context &cx;
  bool reverse;
  bool failed = false;
  bool less(const Value &a, const Value &b) {
    if (failed)
      return false;
    BoxedEntry method = a.tag == Tag::Object ? tsc_rt_find_method(a.payload.p, "__lt__") : nullptr;
    if (method) {
      Value both[] = {a, b}, result = makeNone();
      failed = method(&cx, both, &result) != 0;
      return !failed && result.payload.i != 0;
    }
    Result<int> c = compareValues(cx, a, b);
    failed = !c.ok;
    return c.ok && c.value < 0;
  }
  /// Must `b`, which stands behind `a`, go in front of it?
  bool swapped(const Value &a, const Value &b) { return reverse ? less(a, b) : less(b, a); }
};
} // namespace

static void mergeSort(Order &order, Value *items, Value *space, int64_t n) {
  if (n < 2)
    return;
  int64_t half = n / 2;
  mergeSort(order, items, space, half);
  mergeSort(order, items + half, space, n - half);
  int64_t i = 0, j = half, k = 0;
  while (i < half && j < n)
    space[k++] = order.swapped(items[i], items[j]) ? items[j++] : items[i++];
  while (i < half)
    space[k++] = items[i++];
  while (j < n)
    space[k++] = items[j++];
  for (k = 0; k < n; ++k)
    items[k] = space[k];
}

static Status sortList(Context &cx, List &list, bool reverse) {
  Vector<Value> items, space;
  TSC_TRY(items.resize(cx, list.size));
  TSC_TRY(space.resize(cx, list.size));
  for (int64_t i = 0; i < list.size; ++i) {
    items[i] = list.get(i);
    retain(items[i]);
  }
  Order order{cx, reverse};
  mergeSort(order, items.data(), space.data(), items.size());
  for (int64_t i = 0; i < items.size(); ++i) {
    if (!order.failed && i < list.size)
      list.set(i, items[i]);
    release(items[i]);
  }
  return order.failed ? Status(Failed) : success();
}
TSC_KERNEL(aten_sort_int, sortList)
TSC_KERNEL(aten_sort_float, sortList)
TSC_KERNEL(aten_sort_bool, sortList)
TSC_KERNEL(aten_sort_str, sortList)
TSC_KERNEL(aten_sort_Tensor, sortList)
TSC_KERNEL(aten_sort_any, sortList)

static ListRef sortedList(Context &cx, const List &list) {
  ListRef result = copyList(cx, list);
  TSC_TRY(result);
  TSC_TRY(sortList(cx, *result, false));
  return result;
}
TSC_KERNEL(aten_sorted_int, sortedList)
TSC_KERNEL(aten_sorted_float, sortedList)
TSC_KERNEL(aten_sorted_bool, sortedList)
TSC_KERNEL(aten_sorted_str, sortedList)
TSC_KERNEL(aten_sorted_Tensor, sortedList)
TSC_KERNEL(aten_sorted_any, sortedList)

// ---- Reductions of lists
static Result<OwnedValue> extreme(Context &cx, const List &list, int sign, const char *name) {
  if (list.size == 0)
    return cx.raise("ValueError", "%s() arg is an empty sequence", name);
  int64_t best = 0;
  for (int64_t i = 1; i < list.size; ++i) {
    TSC_ASSIGN(int c, compareValues(cx, list.get(i), list.get(best)));
    if (c * sign > 0)
      best = i;
  }
  return OwnedValue::share(list.get(best));
}
static Result<OwnedValue> minList(Context &cx, const List &list) {
  return extreme(cx, list, -1, "min");
}
static Result<OwnedValue> maxList(Context &cx, const List &list) {
  return extreme(cx, list, 1, "max");
}
TSC_KERNEL(prim_min_self_int, minList)
TSC_KERNEL(prim_min_self_float, minList)
TSC_KERNEL(prim_min_self_bool, minList)
TSC_KERNEL(prim_max_self_int, maxList)
TSC_KERNEL(prim_max_self_float, maxList)
TSC_KERNEL(prim_max_self_bool, maxList)

/// min(a, b) of two lists of numbers: the lesser list.
#define TSC_LIST_PAIR(NAME, CONDITION)                                                             \
  static Result<OwnedValue> NAME##Pair(Context &cx, const List &a, const List &b) {                \
    TSC_ASSIGN(int c, compareValues(cx, makeObject(Tag::List, &a), makeObject(Tag::List, &b)));    \
    return OwnedValue::share(makeObject(Tag::List, CONDITION ? &a : &b));                          \
  }                                                                                                \
  TSC_KERNEL(prim_##NAME##_int_list, NAME##Pair)                                                   \
  TSC_KERNEL(prim_##NAME##_float_list, NAME##Pair)                                                 \
  TSC_KERNEL(prim_##NAME##_bool_list, NAME##Pair)
TSC_LIST_PAIR(min, c <= 0)
TSC_LIST_PAIR(max, c >= 0)

static int64_t sumInts(Context &, const List &list) {
  int64_t total = 0;
  for (int64_t i = 0; i < list.size; ++i)
    total += list.get(i).payload.i;
  return total;
}
static double sumFloats(Context &, const List &list) {
  double total = 0;
  for (int64_t i = 0; i < list.size; ++i)
    total += list.floats()[i];
  return total;
}
static Complex sumComplex(Context &, const List &list) {
  Complex total;
  for (int64_t i = 0; i < list.size; ++i)
    total += scalarOf(list.get(i)).toComplex();
  return total;
}
TSC_KERNEL(aten_sum_int, sumInts)
TSC_KERNEL(aten_sum_bool, sumInts)
TSC_KERNEL(aten_sum_float, sumFloats)
TSC_KERNEL(aten_sum_complex, sumComplex)

static Result<bool> anyOf(Context &cx, const List &list, bool wanted) {
  for (int64_t i = 0; i < list.size; ++i) {
    Value v = list.get(i);
    bool truth = v.tag == Tag::String
                     ? reinterpret_cast<const StringObject *>(v.payload.p)->length != 0
                     : scalarOf(v).toBool();
    if (truth == wanted)
      return true;
  }
  return false;
}
static Result<bool> any(Context &cx, const List &list) { return anyOf(cx, list, true); }
static Result<bool> all(Context &cx, const List &list) {
  TSC_ASSIGN(bool oneFalse, anyOf(cx, list, false));
  return !oneFalse;
}
TSC_KERNEL(aten_any_int, any)
TSC_KERNEL(aten_any_float, any)
TSC_KERNEL(aten_any_bool, any)
TSC_KERNEL(aten_any_str, any)
TSC_KERNEL(aten_all_int, all)
TSC_KERNEL(aten_all_float, all)
TSC_KERNEL(aten_all_bool, all)

// ---- range
static Result<int64_t> rangeLength(Context &cx, int64_t low, int64_t high, int64_t step) {
  if (step == 0)
    return cx.raise("ValueError", "range() arg 3 must not be zero");
  if (step > 0 ? low >= high : low <= high)
    return 0;
  uint64_t distance = step > 0 ? static_cast<uint64_t>(high) - static_cast<uint64_t>(low)
                               : static_cast<uint64_t>(low) - static_cast<uint64_t>(high);
  uint64_t width = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  return static_cast<int64_t>((distance - 1) / width + 1);
}
static int64_t deriveIndex(Context &, int64_t index, int64_t start, int64_t step) {
  return start + index * step;
}
static ListRef rangeList(Context &cx, int64_t n) {
  ListRef list = newList(cx, &kIntListType, n > 0 ? n : 0);
  TSC_TRY(list);
  for (int64_t i = 0; i < n; ++i)
    list->ints()[i] = i;
  list->size = n > 0 ? n : 0;
  return list;
}
TSC_KERNEL(aten___range_length, rangeLength)
TSC_KERNEL(aten___derive_index, deriveIndex)
TSC_KERNEL(prim_rangelist, rangeList)
