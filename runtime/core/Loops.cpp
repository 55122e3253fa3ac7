// SPDX-License-Identifier: Apache-2.0
// The iterator of elementwise kernels: promotion, broadcasting, output layout, overlap, and the
// walk over dims.
//
// Dims are kept in the program's order until `order` turns them innermost first: an insertion sort
// by strides, operand by operand, which leaves ties in row-major order. The layout of a new output
// follows that order, so that a channels-last or transposed input gives an output of the same
// layout. `merge` then joins dims that every operand walks evenly.
#include "tsc/runtime/Loops.h"

namespace tsc::rt {

// ---- Promotion
static DType combineCategories(DType higher, DType lower) {
  if (isComplex(higher))
    return higher;
  if (isFloating(higher))
    return isComplex(lower) ? toComplex(higher) : higher;
  if (higher == DType::Bool || isFloating(lower) || isComplex(lower))
    return promoteTypes(higher, lower);
  return higher != DType::Undefined ? higher : lower;
}

DType computeResultType(Context &cx, const Operand *operands, int64_t count) {
  DType dims = DType::Undefined, zeroDims = DType::Undefined, numbers = DType::Undefined;
  for (int64_t i = 0; i < count; ++i) {
    const Operand &o = operands[i];
    if (o.tensor) {
      DType &category = o.tensor->rank > 0 ? dims : zeroDims;
      category = promoteTypes(category, o.tensor->dtype);
      continue;
    }
    DType own = o.scalar.isFloat()     ? cx.defaultDType
                : o.scalar.isComplex() ? toComplex(cx.defaultDType)
                                       : o.scalar.dtype();
    numbers = promoteTypes(numbers, own);
  }
  return combineCategories(dims, combineCategories(zeroDims, numbers));
}

bool canCast(DType from, DType to) {
  if (isComplex(from) && !isComplex(to))
    return false;
  if (isFloating(from) && isIntegral(to, true))
    return false;
  return from == DType::Bool || to != DType::Bool;
}

DType computeDType(DType dtype) {
  switch (dtypeClass(dtype)) {
  case DTypeClass::Bool:
    return DType::Bool;
  case DTypeClass::Float:
    return dtype == DType::Float64 ? DType::Float64 : DType::Float32;
  case DTypeClass::Complex:
    return DType::Complex128;
  case DTypeClass::Integer:
  case DTypeClass::Quantized:
    return DType::Int64;
  case DTypeClass::Other:
    return DType::Float32;
  }
  return DType::Float32;
}

/// "aten_add" as the program names it: "add".
static const char *plainName(const char *name) {
  return std::strncmp(name, "aten_", 5) == 0 ? name + 5 : name;
}

Failure unsupportedDType(Context &cx, const char *name, DType dtype) {
  const DTypeInfo *row = findDType(dtype);
  return cx.fail("\"%s\" is not defined for tensors of dtype %s", plainName(name),
                 row ? row->torchName : "undefined");
}

// ---- Building
void Iterator::addOutput(Out out, DType dtype) {
  Entry &entry = operands[count++];
  entry.target = out.tensor;
  entry.resizable = out.resizable;
  entry.dtype = dtype;
  ++outputs;
}
void Iterator::addInput(const Operand &operand, DType scalarDType) {
  Entry &entry = operands[count++];
  entry.tensor = operand.tensor;
  entry.scalar = operand.scalar;
  if (operand.tensor)
    entry.dtype = operand.tensor->dtype;
  else
    entry.dtype = scalarDType == DType::Undefined ? operand.scalar.dtype() : scalarDType;
}

Status Iterator::broadcast(Context &cx, const char *name) {
  for (int i = outputs; i < count; ++i) {
    const Tensor *t = operands[i].tensor;
    if (!t)
      continue;
    if (!t->isDefined())
      return cx.fail("%s: expected a tensor, got an undefined one", plainName(name));
    if (shapeOf.empty()) {
      shapeOf = t->shape();
      continue;
    }
    if (t->rank == 0 || t->shape() == IntList(shapeOf))
      continue;
    TSC_ASSIGN(shapeOf, broadcastShapes(cx, shapeOf, t->shape()));
  }
  return success();
}

static void setStrides(int64_t *strides, IntList shape, const Tensor &t) {
  int64_t lead = shape.size() - t.rank;
  for (int64_t d = 0; d < shape.size(); ++d) {
    bool absent = d < lead || (t.sizes[d - lead] == 1 && shape[d] != 1);
    strides[d] = absent ? 0 : t.strides[d - lead] * t.itemsize();
  }
}

/// Insertion sort of dims, innermost first, by the strides of operands [from, count).
template <class Strides>
static void sortDims(Shape &permutation, IntList shape, int from, int count, Strides strides) {
  auto compare = [&](int64_t a, int64_t b) {
    for (int i = from; i < count; ++i) {
      const int64_t *s = strides(i);
      if (!s || s[a] == 0 || s[b] == 0)
        continue;
      if (s[a] != s[b])
        return s[a] < s[b] ? -1 : 1;
      if (shape[a] > shape[b])
        return 1;
    }
    return 0;
  };
  int64_t rank = shape.size();
  permutation.count = rank;
  for (int64_t d = 0; d < rank; ++d)
    permutation[d] = rank - 1 - d;
  for (int64_t i = 1; i < rank; ++i) {
    int64_t at = i;
    for (int64_t j = i - 1; j >= 0; --j) {
      int c = compare(permutation[j], permutation[at]);
      if (c < 0)
        break;
      if (c > 0) {
        int64_t swapped = permutation[j];
        permutation[j] = permutation[at], permutation[at] = swapped;
        at = j;
      }
    }
  }
}

Shape Iterator::outputStrides() const {
  bool sameShape = true, allContiguous = true, allLast = true, sameStrides = true;
  const Tensor *first = nullptr;
  for (int i = outputs; i < count; ++i) {
    const Tensor *t = operands[i].tensor;
    if (!t || !(t->shape() == IntList(shapeOf))) {
      sameShape = false;
      continue;
    }
    first = first ? first : t;
    allContiguous &= t->isContiguous();
    allLast &= t->isChannelsLast();
    sameStrides &= t->stridesList() == first->stridesList();
  }
  sameShape &= first != nullptr;
  if (sameShape && allContiguous)
    return contiguousStrides(shapeOf);
  if (sameShape && allLast)
    return formatStrides(shapeOf, MemoryFormat::ChannelsLast);
  if (sameShape && sameStrides && first->isDense())
    return Shape(first->stridesList());
  Shape permutation;
  sortDims(permutation, shapeOf, outputs, count,
           [&](int i) { return operands[i].tensor ? operands[i].strides : nullptr; });
  Shape strides(shapeOf.size(), 0);
  int64_t step = 1;
  for (int64_t d : permutation) {
    strides[d] = step;
    step *= shapeOf[d] > 1 ? shapeOf[d] : 1;
  }
  return strides;
}

Status Iterator::prepareOutput(Context &cx, Entry &entry, const char *name) {
  if (!entry.target) {
    entry.owned = emptyStrided(cx, shapeOf, outputStrides(), entry.dtype);
    TSC_TRY(entry.owned);
    entry.tensor = entry.owned.get();
    return success();
  }
  Tensor &t = *entry.target;
  if (entry.resizable)
    TSC_TRY(resizeOut(cx, t, shapeOf));
  if (!(t.shape() == IntList(shapeOf)))
    return cx.fail("output with shape %s doesn't match the broadcast shape %s",
                   ShapeText(t.shape()).text, ShapeText(shapeOf).text);
  if (!canCast(entry.dtype, t.dtype))
    return cx.fail("result type %s can't be cast to the desired output type %s",
                   findDType(entry.dtype)->graphName, findDType(t.dtype)->graphName);
  if (hasInternalOverlap(t))
    return cx.fail("unsupported operation: more than one element of the written-to tensor refers "
                   "to a single memory "
                   "location. Please clone() the tensor before performing the operation.");
  entry.dtype = t.dtype;
  entry.tensor = &t;
  return success();
}

/// An input that shares memory with an output in another order is copied first.
Status Iterator::prepareInput(Context &cx, Entry &entry) {
  if (!entry.tensor) {
    storeScalar(entry.inlineData, entry.dtype, entry.scalar);
    entry.data = entry.inlineData;
    return success();
  }
  for (int i = 0; i < outputs; ++i) {
    const Tensor *out = operands[i].target;
    const Tensor *in = entry.tensor;
    if (!out || out == in || out->storage != in->storage || !mayOverlap(*out, *in))
      continue;
    if (out->data == in->data && out->dtype == in->dtype && out->shape() == in->shape() &&
        out->stridesList() == in->stridesList())
      continue;
    entry.owned = clone(cx, *in);
    TSC_TRY(entry.owned);
    entry.tensor = entry.owned.get();
    break;
  }
  entry.data = entry.tensor->base();
  return success();
}

/// Do the strides say row-major order, those of dims of size 1 too?
static bool isRowMajor(const Tensor &t) {
  int64_t step = 1;
  for (int64_t d = t.rank - 1; d >= 0; --d) {
    if (t.strides[d] != step)
      return false;
    step *= t.sizes[d] > 1 ? t.sizes[d] : 1;
  }
  return true;
}

/// The common case: one output, and inputs that are numbers or tensors, all tensors row-major and
/// of one shape. There is one run of elements then, and nothing to sort.
bool Iterator::isFlat() const {
  auto fits = [&](const Tensor &t) { return t.shape() == IntList(shapeOf) && isRowMajor(t); };
  if (outputs != 1 || (operands[0].target && !fits(*operands[0].target)))
    return false;
  bool any = false;
  for (int i = 1; i < count; ++i) {
    const Tensor *t = operands[i].tensor;
    if (!t || (t->rank == 0 && shapeOf.size()))
      continue;
    if (!fits(*t))
      return false;
    any = true;
  }
  return any;
}

Status Iterator::buildFlat(Context &cx, const char *name) {
  Entry &out = operands[0];
  if (out.target) {
    TSC_TRY(prepareOutput(cx, out, name));
  } else {
    out.owned = empty(cx, shapeOf, out.dtype);
    TSC_TRY(out.owned);
    out.tensor = out.owned.get();
  }
  out.data = out.tensor->base();
  total = out.tensor->numel;
  sizes.push(total);
  for (int i = 1; i < count; ++i)
    TSC_TRY(prepareInput(cx, operands[i]));
  for (int i = 0; i < count; ++i) {
    Entry &entry = operands[i];
    bool whole = entry.tensor && (entry.tensor->rank || shapeOf.empty());
    entry.strides[0] = whole ? entry.tensor->itemsize() : 0;
  }
  return success();
}

Status Iterator::build(Context &cx, const char *name) {
  TSC_TRY(broadcast(cx, name));
  if (isFlat())
    return buildFlat(cx, name);
  bool anyInput = count > outputs;
  if (!anyInput && outputs && operands[0].target)
    shapeOf = operands[0].target->shape();
  for (int i = outputs; i < count; ++i)
    if (operands[i].tensor)
      setStrides(operands[i].strides, shapeOf, *operands[i].tensor);
  for (int i = 0; i < outputs; ++i)
    TSC_TRY(prepareOutput(cx, operands[i], name));
  for (int i = outputs; i < count; ++i)
    TSC_TRY(prepareInput(cx, operands[i]));
  TSC_ASSIGN(total, checkedNumel(cx, shapeOf));
  for (int i = 0; i < count; ++i) {
    Entry &entry = operands[i];
    if (entry.tensor) {
      entry.data = entry.tensor->base();
      setStrides(entry.strides, shapeOf, *entry.tensor);
      continue;
    }
    for (int64_t d = 0; d < shapeOf.size(); ++d)
      entry.strides[d] = 0;
  }
  order();
  merge();
  return success();
}

void Iterator::order() {
  Shape permutation;
  sortDims(permutation, shapeOf, 0, count, [&](int i) { return operands[i].strides; });
  sizes.count = shapeOf.count;
  for (int64_t d = 0; d < shapeOf.count; ++d)
    sizes[d] = shapeOf[permutation[d]];
  for (int i = 0; i < count; ++i) {
    int64_t moved[kMaxRank];
    for (int64_t d = 0; d < shapeOf.count; ++d)
      moved[d] = operands[i].strides[permutation[d]];
    std::memcpy(operands[i].strides, moved, sizeof(int64_t) * static_cast<size_t>(shapeOf.count));
  }
}

void Iterator::merge() {
  if (sizes.empty()) {
    sizes.push(1);
    for (int i = 0; i < count; ++i)
      operands[i].strides[0] = 0;
    return;
  }
  int64_t last = 0;
  for (int64_t d = 1; d < sizes.count; ++d) {
    bool joins = true;
    for (int i = 0; i < count && joins; ++i)
      joins = sizes[last] == 1 || sizes[d] == 1 ||
              operands[i].strides[d] == operands[i].strides[last] * sizes[last];
    if (joins) {
      if (sizes[last] == 1)
        for (int i = 0; i < count; ++i)
          operands[i].strides[last] = operands[i].strides[d];
      sizes[last] *= sizes[d];
      continue;
    }
    ++last;
    sizes[last] = sizes[d];
    for (int i = 0; i < count; ++i)
      operands[i].strides[last] = operands[i].strides[d];
  }
  sizes.count = last + 1;
}

// ---- Walking
void Iterator::runRange(InnerLoop loop, void *user, int64_t begin, int64_t end) const {
  int64_t rank = sizes.count;
  int64_t index[kMaxRank];
  int64_t rest = begin;
  char *ptrs[kMaxOperands];
  int64_t inner[kMaxOperands];
  for (int i = 0; i < count; ++i) {
    ptrs[i] = operands[i].data;
    inner[i] = operands[i].strides[0];
  }
  for (int64_t d = 0; d < rank; ++d) {
    index[d] = rest % sizes[d];
    rest /= sizes[d];
    for (int i = 0; i < count; ++i)
      ptrs[i] += index[d] * operands[i].strides[d];
  }
  while (begin < end) {
    int64_t n = sizes[0] - index[0] < end - begin ? sizes[0] - index[0] : end - begin;
    loop(user, ptrs, inner, n);
    begin += n;
    if (begin >= end)
      return;
    for (int i = 0; i < count; ++i)
      ptrs[i] -= index[0] * inner[i];
    index[0] = 0;
    for (int64_t d = 1; d < rank; ++d) {
      for (int i = 0; i < count; ++i)
        ptrs[i] += operands[i].strides[d];
      if (++index[d] < sizes[d])
        break;
      for (int i = 0; i < count; ++i)
        ptrs[i] -= sizes[d] * operands[i].strides[d];
      index[d] = 0;
    }
  }
}

void Iterator::run(Context &cx, InnerLoop loop, void *user, int64_t grain) const {
  if (total == 0)
    return;
  parallelFor(cx, 0, total, grain,
              [&](int64_t begin, int64_t end) { runRange(loop, user, begin, end); });
}

TensorRef Iterator::take(Context &, int i) {
  Entry &entry = operands[i];
  return entry.target ? TensorRef::share(entry.target) : static_cast<TensorRef &&>(entry.owned);
}

} // namespace tsc::rt
