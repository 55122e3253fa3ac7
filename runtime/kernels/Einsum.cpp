// SPDX-License-Identifier: Apache-2.0
// einsum: every operand becomes a view with one dim for each label (size 1 where it has none), and
// operands are multiplied from left to right, each time summing the labels that nobody needs later.
// Also the products of chains of matrices and bilinear, which are contractions of several operands.
#include "Contract.h"

#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Reduce.h"

using namespace tsc::rt;

namespace {
long long wide(int64_t n) { return static_cast<long long>(n); }

constexpr int kLetters = 52;
constexpr int kMaxLabels = kMaxRank;

/// 'A'..'Z' are 0..25, 'a'..'z' are 26..51; -1 for anything else.
int labelOf(char c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

/// The labels of one operand or of the result in order; kEllipsis stands for "...".
constexpr int8_t kEllipsis = kLetters;
struct Subscript {
  int count = 0;
  bool hasEllipsis = false;
  int8_t labels[kMaxLabels];
};

Status parseSubscript(Context &cx, StringRef text, Subscript &s) {
  for (int64_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ' ')
      continue;
    int label = labelOf(c);
    if (c == '.') {
      if (i + 2 >= text.size() || text[i + 1] != '.' || text[i + 2] != '.')
        return cx.fail("einsum(): found '.' that is not part of any ellipsis");
      if (s.hasEllipsis)
        return cx.fail(
            "einsum(): found '.' for an operand for which an ellipsis was already found");
      i += 2, label = kEllipsis, s.hasEllipsis = true;
    }
    if (label < 0)
      return cx.fail("einsum(): invalid subscript given, subscripts must be in [a-zA-Z] but found "
                     "%c",
                     c);
    if (s.count == kMaxLabels)
      return cx.fail("einsum(): more than %d subscripts", kMaxLabels);
    s.labels[s.count++] = static_cast<int8_t>(label);
  }
  return success();
}

/// Where each label's dim is in the views: outputs first, the summed ones behind.
struct Layout {
  int place[kLetters];
  int rank = 0, outputs = 0, ellipsisAt = -1, ellipsisRank = 0;
  int uses[kLetters] = {};
};

/// A view of an operand with a dim for each label. A label given twice is the diagonal.
TensorRef spread(Context &cx, const Tensor &t, const Subscript &s, const Layout &layout) {
  Shape sizes(layout.rank, 1), strides(layout.rank, 0);
  bool seen[kMaxLabels] = {};
  int64_t dim = 0, ellipsis = t.rank - (s.count - (s.hasEllipsis ? 1 : 0));
  if (s.hasEllipsis ? ellipsis < 0 : ellipsis != 0)
    return cx.fail("einsum(): the number of subscripts in the equation (%d) does not match the "
                   "number of dimensions (%lld) for an operand",
                   s.count, wide(t.rank));
  for (int i = 0; i < s.count; ++i) {
    if (s.labels[i] == kEllipsis) {
      for (int64_t e = 0; e < ellipsis; ++e, ++dim) {
        int64_t at = layout.ellipsisAt + layout.ellipsisRank - ellipsis + e;
        sizes[at] = t.sizes[dim], strides[at] = t.strides[dim];
      }
      continue;
    }
    int at = layout.place[s.labels[i]];
    if (seen[at] && sizes[at] != t.sizes[dim])
      return cx.fail("einsum(): subscript %c is repeated for an operand but the sizes don't match, "
                     "%lld != %lld",
                     s.labels[i] < 26 ? 'A' + s.labels[i] : 'a' + s.labels[i] - 26,
                     wide(t.sizes[dim]), wide(sizes[at]));
    seen[at] = true;
    sizes[at] = t.sizes[dim], strides[at] += t.strides[dim];
    ++dim;
  }
  return asStrided(cx, t, sizes, strides);
}

/// Sums the marked dims of t that are not of size 1, keeping them as size 1.
TensorRef sumMarked(Context &cx, const Tensor &t, const bool *marked) {
  Shape dims;
  for (int64_t d = 0; d < t.rank; ++d)
    if (marked[d] && t.sizes[d] != 1)
      dims.push(d);
  if (dims.empty())
    return same(t);
  return sumTensor(cx, t, Optional<IntList>(IntList(dims)), true, t.dtype);
}

/// The product of two views over all labels, summed over the marked ones.
TensorRef multiplyPair(Context &cx, const Tensor &a, const Tensor &b, const bool *marked) {
  bool onlyA[kMaxLabels], onlyB[kMaxLabels];
  for (int64_t d = 0; d < a.rank; ++d) {
    onlyA[d] = marked[d] && b.sizes[d] == 1, onlyB[d] = marked[d] && a.sizes[d] == 1;
    if (a.sizes[d] != b.sizes[d] && a.sizes[d] != 1 && b.sizes[d] != 1)
      return cx.fail("einsum(): operands do not broadcast with remapped shapes: %s, %s",
                     ShapeText(a.shape()).text, ShapeText(b.shape()).text);
  }
  TensorRef left = sumMarked(cx, a, onlyA), right = sumMarked(cx, b, onlyB);
  TSC_TRY(left && right);
  Shape both, rowsOf, columnsOf, summed, sizes(a.rank, 1);
  int64_t batch = 1, m = 1, n = 1, k = 1;
  for (int64_t d = 0; d < a.rank; ++d) {
    int64_t sa = left->sizes[d], sb = right->sizes[d];
    if (marked[d] && sa != 1) {
      summed.push(d), k *= sa;
      continue;
    }
    sizes[d] = sa != 1 ? sa : sb;
    if (sa != 1 && sb != 1)
      both.push(d), batch *= sa;
    else if (sa != 1)
      rowsOf.push(d), m *= sa;
    else
      columnsOf.push(d), n *= sb;
  }
  Shape orderA = both, orderB = both, orderC = both;
  for (const Shape *part : {&rowsOf, &summed, &columnsOf})
    for (int64_t d : *part)
      orderA.push(d);
  for (const Shape *part : {&summed, &columnsOf, &rowsOf})
    for (int64_t d : *part)
      orderB.push(d);
  for (const Shape *part : {&rowsOf, &columnsOf, &summed})
    for (int64_t d : *part)
      orderC.push(d);
  left = permute(cx, *left, orderA), right = permute(cx, *right, orderB);
  TSC_TRY(left && right);
  left = reshape(cx, *left, Shape::of(batch, m, k));
  right = reshape(cx, *right, Shape::of(batch, k, n));
  TensorRef out = empty(cx, Shape::of(batch, m, n), a.dtype);
  TSC_TRY(left && right && out);
  TSC_TRY(multiplyInto(cx, *left, *right, *out, Scalar(1), Scalar(0)));
  Shape ordered, back(a.rank, 0);
  for (int64_t i = 0; i < a.rank; ++i)
    ordered.push(sizes[orderC[i]]), back[orderC[i]] = i;
  out = view(cx, *out, ordered);
  TSC_TRY(out);
  return permute(cx, *out, back);
}

/// Splits "ab,bc->ac".
Status parseEquation(Context &cx, StringRef equation, TensorList tensors, Vector<Subscript> &in,
                     Subscript &out, bool &hasOut) {
  int64_t arrow = 0;
  while (arrow + 1 < equation.size() && !(equation[arrow] == '-' && equation[arrow + 1] == '>'))
    ++arrow;
  hasOut = arrow + 1 < equation.size();
  StringRef left = hasOut ? equation.slice(0, arrow) : equation;
  int64_t start = 0;
  for (int64_t i = 0; i <= left.size(); ++i) {
    if (i < left.size() && left[i] != ',')
      continue;
    Subscript s;
    TSC_TRY(parseSubscript(cx, left.slice(start, i), s));
    TSC_TRY(in.push(cx, s));
    start = i + 1;
  }
  if (in.size() != tensors.size())
    return cx.fail("einsum(): %s operands were provided than specified in the equation",
                   tensors.size() > in.size() ? "more" : "fewer");
  if (hasOut)
    TSC_TRY(parseSubscript(cx, equation.slice(arrow + 2, equation.size()), out));
  return success();
}

/// Decides the places of labels.
Status layOut(Context &cx, const Vector<Subscript> &in, TensorList tensors, const Subscript &out,
              bool hasOut, Layout &layout) {
  for (int &p : layout.place)
    p = -1;
  for (int64_t t = 0; t < in.size(); ++t) {
    const Subscript &s = in[t];
    int64_t ellipsis = tensors[t].rank - (s.count - (s.hasEllipsis ? 1 : 0));
    if (s.hasEllipsis && ellipsis > layout.ellipsisRank)
      layout.ellipsisRank = static_cast<int>(ellipsis);
    for (int i = 0; i < s.count; ++i)
      if (s.labels[i] != kEllipsis)
        ++layout.uses[s.labels[i]];
  }
  bool ellipsisKept = false;
  auto placeEllipsis = [&] { layout.ellipsisAt = layout.rank, layout.rank += layout.ellipsisRank; };
  if (hasOut) {
    for (int i = 0; i < out.count; ++i) {
      int label = out.labels[i];
      if (label == kEllipsis) {
        placeEllipsis(), ellipsisKept = true;
        continue;
      }
      if (layout.place[label] >= 0 || !layout.uses[label])
        return cx.fail(
            "einsum(): output subscript %c %s", label < 26 ? 'A' + label : 'a' + label - 26,
            layout.uses[label] ? "appears more than once in the output"
                               : "does not appear in the equation for any input operand");
      layout.place[label] = layout.rank++;
    }
  } else {
    placeEllipsis(), ellipsisKept = true;
    for (int label = 0; label < kLetters; ++label)
      if (layout.uses[label] == 1)
        layout.place[label] = layout.rank++;
  }
  layout.outputs = layout.rank;
  if (!ellipsisKept)
    placeEllipsis();
  for (int label = 0; label < kLetters; ++label)
    if (layout.uses[label] && layout.place[label] < 0)
      layout.place[label] = layout.rank++;
  if (layout.rank > kMaxRank)
    return cx.fail("einsum(): more than %lld dims", wide(kMaxRank));
  return success();
}

TensorRef einsum(Context &cx, StringRef equation, TensorList tensors, Optional<IntList> path) {
  if (tensors.empty())
    return cx.fail("einsum(): must provide at least one operand");
  Vector<Subscript> in;
  Subscript out;
  bool hasOut = false;
  TSC_TRY(parseEquation(cx, equation, tensors, in, out, hasOut));
  Layout layout;
  TSC_TRY(layOut(cx, in, tensors, out, hasOut, layout));
  // The last operand with a size other than 1 in a dim: from there on the dim can be summed.
  int64_t last[kMaxLabels] = {};
  for (int64_t t = 0; t < tensors.size(); ++t) {
    TensorRef v = spread(cx, tensors[t], in[t], layout);
    TSC_TRY(v);
    TSC_TRY(t == 0 || checkSameDType(cx, "einsum", tensors[0], tensors[t]));
    for (int64_t d = 0; d < v->rank; ++d)
      if (v->sizes[d] != 1)
        last[d] = t;
  }
  TensorRef result = spread(cx, tensors[0], in[0], layout);
  TSC_TRY(result);
  bool marked[kMaxLabels];
  auto mark = [&](int64_t t) {
    for (int64_t d = 0; d < layout.rank; ++d)
      marked[d] = d >= layout.outputs && last[d] <= t;
  };
  if (mark(0); tensors.size() == 1)
    result = sumMarked(cx, *result, marked);
  for (int64_t t = 1; t < tensors.size() && result; ++t) {
    TensorRef next = spread(cx, tensors[t], in[t], layout);
    mark(t);
    result = multiplyPair(cx, *result, *next, marked);
  }
  TSC_TRY(result);
  // What is left behind the outputs has size 1.
  return asStrided(cx, *result, result->shape().take(layout.outputs),
                   result->stridesList().take(layout.outputs));
}

/// x1 [..., i] and x2 [..., j] with weight [o, i, j], plus bias [o].
TensorRef bilinear(Context &cx, const Tensor &a, const Tensor &b, const Tensor &weight,
                   OptTensor bias) {
  bool fits = a.rank == b.rank && a.rank >= 1 && weight.rank == 3 &&
              a.size(-1) == weight.sizes[1] && b.size(-1) == weight.sizes[2];
  for (int64_t d = 0; fits && d + 1 < a.rank; ++d)
    fits = a.sizes[d] == b.sizes[d];
  if (!fits)
    return cx.fail("bilinear(): got shapes %s, %s and weight %s", ShapeText(a.shape()).text,
                   ShapeText(b.shape()).text, ShapeText(weight.shape()).text);
  Shape sizes(a.shape());
  int64_t outputs = weight.sizes[0], rows = 1;
  for (int64_t d = 0; d + 1 < a.rank; ++d)
    rows *= a.sizes[d];
  sizes.back() = outputs;
  TensorRef left = reshape(cx, a, Shape::of(rows, a.size(-1)));
  TensorRef right = reshape(cx, b, Shape::of(rows, b.size(-1), 1));
  TSC_TRY(left && right);
  int64_t one[] = {1};
  TensorRef part = contractDims(cx, *left, weight, one, one); // [rows, o, j]
  TSC_TRY(part);
  TensorRef out = matmulTensors(cx, *part, *right);
  TSC_TRY(out);
  out = view(cx, *out, sizes);
  if (!out || !bias)
    return out;
  auto add = [](auto x, auto y) { return static_cast<decltype(x)>(x + y); };
  return elementwise<kNumbers, Promote::Keep>(cx, "bilinear", {}, add, inputs(*out, *bias));
}

/// Multiplies tensors [from, to) in the cheapest order: split[] holds the best last product.
TensorRef multiplyChain(Context &cx, const Vector<TensorRef *> &matrices,
                        const Vector<int64_t> &split, int64_t from, int64_t to) {
  if (to - from == 1)
    return *matrices[from];
  int64_t at = split[from * (matrices.size() + 1) + to];
  TensorRef left = multiplyChain(cx, matrices, split, from, at);
  TSC_TRY(left);
  TensorRef right = multiplyChain(cx, matrices, split, at, to);
  TSC_TRY(right);
  return matmulTensors(cx, *left, *right);
}
constexpr int64_t kMaxChain = 64;

TensorRef chainProduct(Context &cx, const char *name, TensorList tensors, bool vectors) {
  int64_t n = tensors.size();
  if (n < (vectors ? 2 : 1) || n > kMaxChain)
    return cx.fail("%s(): got %lld tensors, wanted %d to %lld", name, wide(n), vectors ? 2 : 1,
                   wide(kMaxChain));
  TensorRef held[kMaxChain];
  Vector<TensorRef *> matrices;
  bool rowFirst = false, columnLast = false;
  for (int64_t i = 0; i < n; ++i) {
    const Tensor &t = tensors[i];
    bool end = vectors && t.rank == 1 && (i == 0 || i == n - 1);
    if (!end && t.rank != 2)
      return cx.fail("%s(): tensor %lld must be %s but got %lldD", name, wide(i),
                     vectors && (i == 0 || i == n - 1) ? "1D or 2D" : "2D", wide(t.rank));
    rowFirst |= end && i == 0, columnLast |= end && i == n - 1;
    held[i] = end ? unsqueeze(cx, t, i == 0 ? 0 : 1) : same(t);
    TSC_TRY(held[i]);
    TSC_TRY(matrices.push(cx, &held[i]));
    if (i && held[i - 1]->sizes[1] != held[i]->sizes[0])
      return cx.fail("%s(): tensors %lld and %lld with shapes %s and %s cannot be multiplied", name,
                     wide(i - 1), wide(i), ShapeText(held[i - 1]->shape()).text,
                     ShapeText(held[i]->shape()).text);
  }
  Vector<double> cost;
  Vector<int64_t> split;
  TSC_TRY(cost.resize(cx, (n + 1) * (n + 1), 0.0));
  TSC_TRY(split.resize(cx, (n + 1) * (n + 1), 0));
  for (int64_t length = 2; length <= n; ++length)
    for (int64_t from = 0; from + length <= n; ++from) {
      int64_t to = from + length;
      double best = INFINITY;
      for (int64_t at = from + 1; at < to; ++at) {
        double c = cost[from * (n + 1) + at] + cost[at * (n + 1) + to] +
                   static_cast<double>(held[from]->sizes[0]) *
                       static_cast<double>(held[at]->sizes[0]) *
                       static_cast<double>(held[to - 1]->sizes[1]);
        if (c < best)
          best = c, cost[from * (n + 1) + to] = c, split[from * (n + 1) + to] = at;
      }
    }
  TensorRef out = multiplyChain(cx, matrices, split, 0, n);
  TSC_TRY(out);
  Shape sizes;
  if (!rowFirst)
    sizes.push(out->sizes[0]);
  if (!columnLast)
    sizes.push(out->sizes[1]);
  return view(cx, *out, sizes);
}
TensorRef multiDot(Context &cx, TensorList tensors) {
  return chainProduct(cx, "multi_dot", tensors, true);
}
TensorRef chainMatmul(Context &cx, TensorList tensors) {
  return chainProduct(cx, "chain_matmul", tensors, false);
}
} // namespace

TSC_KERNEL(aten_einsum, einsum)
TSC_KERNEL(aten_bilinear, bilinear)
TSC_KERNEL(aten_linalg_multi_dot, multiDot)
TSC_OUTPUT_COPY(aten_linalg_multi_dot_out, multiDot)
TSC_KERNEL(aten_chain_matmul, chainMatmul)
TSC_OUTPUT_COPY(aten_chain_matmul_out, chainMatmul)
